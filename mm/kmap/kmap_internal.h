/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/kmap and by the listings. */
#ifndef QUIRE_MM_KMAP_INTERNAL_H
#define QUIRE_MM_KMAP_INTERNAL_H

#include <base/list.h>
#include <base/rbtree.h>
#include <mm/mm_struct.h>
#include <mm/vmalloc.h>

/* A run of kernel addresses: busy (in the tree of areas), lazy (unmapped, waiting for its flush) or free. */
struct vmap_area {
	unsigned long start, end;
	struct rb_node node;		/* busy or free tree */
	struct list_head list;		/* lazy or spares */
	unsigned long subtree_max;	/* free tree: largest size in this subtree */
	struct vm_struct vm;		/* busy */
};

extern struct list_head vmap_spares;
void *__vmalloc_area(unsigned long size, unsigned long align, unsigned long flags, gfp_t gfp, int node,
		     const void *caller);
bool vmap_area_copy(unsigned long addr, struct vm_struct *vm, unsigned long *end);
void thread_stack_init(void);
/* vfree() has given back the area of a stack. */
void thread_stack_freed(void);

#endif
