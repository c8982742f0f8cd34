/* SPDX-License-Identifier: MIT */
/*
 * The VMAs of an address space by address. Theory: mm/tree/vma_tree.c.
 *
 * Look-ups need mmap_lock (read or write); lock_vma_under_rcu() does without.
 */
#ifndef QUIRE_MM_VMA_TREE_H
#define QUIRE_MM_VMA_TREE_H

#include <base/types.h>
#include <base/compiler.h>
#include <mm/mm_struct.h>
#include <mm/vma.h>

/* First VMA that ends above @addr, or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/* First VMA that overlaps [@start, @end), or NULL. */
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start,
					     unsigned long end);

/* The VMA that contains @addr, or NULL. */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

/*
 * A place in the tree: between @prev and @next (either may be NULL). Found once by vma_tree_find(), it
 * serves the reservation and the insertion; any other change of the tree invalidates it.
 */
#define VMA_TREE_MAX_HEIGHT 16

struct vma_pos {
	struct vm_area_struct *prev, *next;
	unsigned int height;			/* levels in use; 0: the tree is empty */
	struct {
		void *node;
		unsigned int slot;
	} level[VMA_TREE_MAX_HEIGHT];		/* level[0] is the leaf */
};

/* Place of @addr: pos->next is the first VMA that ends above it, and returned. */
struct vm_area_struct *vma_tree_find(struct mm_struct *mm, unsigned long addr, struct vma_pos *pos);

/*
 * Changes. => called with mmap_lock held for writing.
 * An insertion can need nodes: vma_tree_prealloc() reserves what @nr insertions at @pos need at most,
 * so that the change itself cannot fail. 0 or -ENOMEM; may sleep.
 */
int __must_check vma_tree_prealloc(struct mm_struct *mm, struct vma_pos *pos, unsigned int nr);
/* Insert and attach @vma, whose borders are set, at @pos. Afterwards @pos is behind it. */
void vma_tree_insert_at(struct mm_struct *mm, struct vma_pos *pos, struct vm_area_struct *vma);
/* Take @vma (write-locked) out and detach it. */
void vma_tree_remove(struct mm_struct *mm, struct vm_area_struct *vma);
/* Move the borders of @vma, which stays between its neighbours. */
void vma_tree_resize(struct mm_struct *mm, struct vm_area_struct *vma,
		     unsigned long start, unsigned long end);
/* Forget all VMAs (which the caller walks by vm_next) and free the nodes. */
void vma_tree_destroy(struct mm_struct *mm);

/*
 * Holes: lowest or highest address at which @len bytes (a multiple of the page size) are free within
 * [@low, @high); each VMA keeps its guard gap below. (addr & @align_mask) == @align_offset holds for
 * the result. Return: the address, or -ENOMEM.
 */
struct vm_unmapped_area_info {
	unsigned long flags;		/* VM_UNMAPPED_AREA_TOPDOWN */
	unsigned long length;
	unsigned long low_limit;
	unsigned long high_limit;
	unsigned long align_mask;
	unsigned long align_offset;
};
#define VM_UNMAPPED_AREA_TOPDOWN 1
unsigned long vm_unmapped_area(struct mm_struct *mm, struct vm_unmapped_area_info *info);

/* Iteration in address order, for code that follows Linux's spelling. */
struct vma_iterator {
	struct mm_struct *mm;
	struct vm_area_struct *next;
	unsigned long addr;
	bool started;
};
#define VMA_ITERATOR(name, __mm, __addr) \
	struct vma_iterator name = { .mm = __mm, .addr = __addr }

static inline struct vm_area_struct *vma_next(struct vma_iterator *vmi)
{
	struct vm_area_struct *vma = vmi->next;

	if (!vmi->started) {
		vma = find_vma(vmi->mm, vmi->addr);
		vmi->started = true;
	}
	vmi->next = vma ? vma->vm_next : NULL;
	return vma;
}

#define for_each_vma(vmi, vma)	while (((vma) = vma_next(&(vmi))) != NULL)
#define for_each_vma_range(vmi, vma, end_) \
	while (((vma) = vma_next(&(vmi))) != NULL && (vma)->vm_start < (end_))

/* Start of @vma with the gap that a stack keeps free below itself. */
unsigned long vm_start_gap(const struct vm_area_struct *vma);

/* Verify every invariant of the tree, the list and the hole bounds; BUG()s on a violation. */
void vma_tree_check(struct mm_struct *mm);

void vma_tree_init(void);

#endif
