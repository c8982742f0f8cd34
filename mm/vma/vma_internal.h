/* SPDX-License-Identifier: MIT */
/* What the files of mm/vma share with each other and with their tests. */
#ifndef QUIRE_MM_VMA_INTERNAL_H
#define QUIRE_MM_VMA_INTERNAL_H

#include <mm/mmap.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>

void vma_cache_init(void);
void mm_cache_init(void);

/*
 * A change of the layout: [start, end) shall get these properties. vma_merge() answers whether a
 * neighbour can take it, and does it.
 */
struct vma_merge_req {
	struct mm_struct *mm;
	struct vm_area_struct *prev, *next;	/* neighbours of [start, end), or NULL */
	unsigned long start, end;
	unsigned long flags;
	struct file *file;
	pgoff_t pgoff;
	const struct vm_operations_struct *vm_ops;
	struct anon_vma *anon_vma;
	long anon_shift;
	void *private_data;
};

/* Let prev, next or both take the free range [start, end). The VMA, or NULL when none can. */
struct vm_area_struct *vma_merge_new(struct vma_merge_req *req);
/* [start, end) of @vma is about to get @newflags: merge or split so that one VMA is exactly that range (or
 * swallowed it already having the flags). ERR_PTR on failure. */
struct vm_area_struct *vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					unsigned long end, unsigned long newflags);
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);
struct vm_area_struct *copy_vma(struct vm_area_struct *vma, unsigned long addr, unsigned long len,
				pgoff_t pgoff, bool *need_rmap_locks);
int do_vmi_munmap(struct mm_struct *mm, unsigned long start, size_t len, bool unlock);
/* Take @vma out of file and tree, drop its references and free it; pages are gone already. */
void remove_vma(struct vm_area_struct *vma);
/* Put a new VMA into file tree and VMA tree. */
int vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
void vma_link_file(struct vm_area_struct *vma);
void vma_unlink_file(struct vm_area_struct *vma);
/* Change the borders of a linked VMA; vm_pgoff moves with the start. */
void vma_adjust_borders(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			pgoff_t pgoff);

bool mlock_future_ok(struct mm_struct *mm, unsigned long flags, unsigned long bytes);
bool can_do_mlock(void);
int check_brk_limits(unsigned long addr, unsigned long len);
unsigned long count_vma_pages_range(struct mm_struct *mm, unsigned long start, unsigned long end);
unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, unsigned long pgoff);
int mprotect_fixup(struct vm_area_struct *vma, struct vm_area_struct **pprev, unsigned long start,
		   unsigned long end, unsigned long newflags);

#endif
