/* SPDX-License-Identifier: MIT */
/* Nodes of the VMA tree and the search in them, inline for the page fault. Theory: vma_tree.c. */
#ifndef QUIRE_MM_VMA_TREE_INTERNAL_H
#define QUIRE_MM_VMA_TREE_INTERNAL_H

#include <mm/vma_tree.h>
#include <sync/rcu_types.h>

#define SLOTS		15
#define NO_END		(~0UL)
#define HEIGHT_MASK	15UL
/* A split leaves at least this many entries on either side. */
#define SPLIT_MIN	4

/* Both kinds begin alike: search and shifting of end[] serve both. */
struct vt_node {
	unsigned long end[SLOTS];
	void *ptr[SLOTS];
	unsigned long nr;
};

struct vt_inner {
	struct vt_node n;
	unsigned long gap[SLOTS];
	struct rcu_head rcu;
};

/* First slot whose end lies above @addr; SLOTS if none. */
static __always_inline unsigned int node_search(const struct vt_node *n, unsigned long addr)
{
	const unsigned long *p = n->end;

	p = READ_ONCE(p[7]) <= addr ? p + 8 : p;
	p = READ_ONCE(p[3]) <= addr ? p + 4 : p;
	p = READ_ONCE(p[1]) <= addr ? p + 2 : p;
	p = READ_ONCE(p[0]) <= addr ? p + 1 : p;
	return p - n->end;
}

static __always_inline struct vt_node *root_node(unsigned long root)
{
	return (struct vt_node *)(root & ~HEIGHT_MASK);
}

/*
 * First VMA that ends above @addr, or NULL. Under mmap_lock the answer is exact; under RCU it is a candidate.
 */
static __always_inline struct vm_area_struct *tree_lookup(struct mm_struct *mm, unsigned long addr)
{
	unsigned long root = rcu_load_pointer(mm->vmas.root);
	struct vt_node *n = root_node(root);
	unsigned int slot;

	if (unlikely(!n))
		return NULL;
	for (root &= HEIGHT_MASK; ; root--) {
		slot = node_search(n, addr);
		if (unlikely(slot == SLOTS))
			return NULL;
		n = rcu_load_pointer(n->ptr[slot]);
		if (!root || unlikely(!n))
			return (void *)n;
	}
}

#endif
