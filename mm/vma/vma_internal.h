/* SPDX-License-Identifier: MIT */
/* What the files of mm/vma share with each other and with their tests. */
#ifndef QUIRE_MM_VMA_INTERNAL_H
#define QUIRE_MM_VMA_INTERNAL_H

#include <mm/mmap.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>

void vma_cache_init(void);

/*
 * A change of the layout: [start, end) shall get these properties. vma_merge_new() answers whether a
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
	struct anon_vma_name *anon_name;	/* no reference */
	struct userfaultfd_ctx *uffd;		/* no reference */
	void *private_data;
};

/* Let prev, next or both take the free range [start, end). The VMA, or NULL when none can. */
struct vm_area_struct *vma_merge_new(struct vma_merge_req *req);
/* [start, end) of @vma is about to get @newflags: merge or split so that one VMA is exactly that range (or
 * swallowed it already having the flags). ERR_PTR on failure. */
struct vm_area_struct *vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					unsigned long end, unsigned long newflags);
/* The same for a new name. The caller sets it, unless the VMA was merged with one that has it. */
struct vm_area_struct *vma_modify_name(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, struct anon_vma_name *name);
/* The same for a userfaultfd and the flags that go with it. */
struct vm_area_struct *vma_modify_uffd(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, unsigned long newflags,
				       struct userfaultfd_ctx *uffd);
void anon_name_put(struct anon_vma_name *name);
bool anon_names_equal(const struct anon_vma_name *a, const struct anon_vma_name *b);
static inline struct anon_vma_name *anon_name_get(struct anon_vma_name *name)
{
	if (name)
		atomic_inc(&name->refs);
	return name;
}
/* Split @vma at @addr; @new_below: the new VMA is the lower part. 0, -ENOMEM, or of ->may_split.
 * split_vma() also refuses beyond max_map_count. */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);
/* Change the borders of a linked VMA; vm_pgoff moves with the start. */
void vma_adjust(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* A VMA at @addr for the pages that mremap moves away from @vma; its anonymous pages keep their index. */
struct vm_area_struct *copy_vma(struct vm_area_struct *vma, unsigned long addr, unsigned long len,
				pgoff_t pgoff, bool *need_rmap_locks);
/* Close, drop the file and free a VMA that is out of everything. */
void remove_vma(struct vm_area_struct *vma);
/* Into and out of the interval tree of the file. */
void vma_link_file(struct vm_area_struct *vma);
void vma_unlink_file(struct vm_area_struct *vma);

bool mlock_future_ok(struct mm_struct *mm, unsigned long flags, unsigned long bytes);
/* Protection keys. => mmap_lock held for writing */
bool mm_pkey_is_allocated(struct mm_struct *mm, int pkey);
/* The key that makes memory executable but not readable, with current's rights set so; or -1. */
int execute_only_pkey(struct mm_struct *mm);
/* The key of @vma after mprotect to @prot: @pkey unless -1. */
int override_pkey(struct vm_area_struct *vma, unsigned long prot, int pkey);
bool can_do_mlock(void);
/* Mark the pages of a range of @vma as mlocked, or take the mark away. May sleep. */
void mlock_vma_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool lock);
int check_brk_limits(unsigned long addr, unsigned long len);
unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, unsigned long pgoff, struct list_head *uf);
int mprotect_fixup(struct vm_area_struct *vma, struct vm_area_struct **pprev, unsigned long start,
		   unsigned long end, unsigned long newflags);

#endif
