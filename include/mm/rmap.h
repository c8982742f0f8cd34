/* SPDX-License-Identifier: MIT */
/*
 * Reverse map: from a page to the page-table entries that map it. Theory: mm/rmap/anon_vma.c (anonymous
 * pages) and mm/rmap/interval_tree.c (files).
 */
#ifndef QUIRE_MM_RMAP_H
#define QUIRE_MM_RMAP_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/list.h>
#include <base/rbtree.h>
#include <sync/rwsem.h>
#include <mm/mmu_notifier.h>
#include <mm/vma.h>
#include <seam/tlbflush.h>

struct address_space;
struct folio;
struct page;

/*
 * A node of the fork tree. Pages born in an mm point to the node of that mm; fork copies pages only
 * from a node to its descendants, so that the mms below a node are all that can map its pages.
 */
struct anon_vma {
	struct anon_vma *root;		/* c: the node without parent; its rwsem guards the whole tree */
	struct anon_vma *parent;	/* c */
	struct rw_semaphore rwsem;	/* of the root only */
	struct list_head mms;		/* root: mms of this node (more than one at the greatest depth) */
	struct list_head children;	/* root */
	struct list_head sibling;	/* root */
	unsigned int nr;		/* root: mms + children; freed at 0 */
	unsigned int depth;		/* c: 0 for a root */
};

#define ANON_VMA_MAX_DEPTH	16

int __must_check anon_vma_new(struct mm_struct *mm);		/* exec: a family of its own */
int __must_check anon_vma_fork(struct mm_struct *mm, struct mm_struct *oldmm);
void anon_vma_exit(struct mm_struct *mm);			/* before the tables are freed */
void anon_vma_add_moved(struct vm_area_struct *vma);		/* anon_shift became non-zero */
void anon_vma_del_moved(struct vm_area_struct *vma);

/* First anonymous page of @vma is coming: remember it. Idempotent; any lock that keeps @vma. */
static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	if (unlikely(!READ_ONCE(vma->anon_vma)))
		WRITE_ONCE(vma->anon_vma, vma->vm_mm->anon_vma);
	return 0;
}

/* Interval tree of the VMAs of a file, by page offset. => i_mmap_rwsem held */
void vma_interval_tree_insert(struct vm_area_struct *node, struct rb_root_cached *root);
void vma_interval_tree_insert_after(struct vm_area_struct *node, struct vm_area_struct *prev,
				    struct rb_root_cached *root);
void vma_interval_tree_remove(struct vm_area_struct *node, struct rb_root_cached *root);
struct vm_area_struct *vma_interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
						    unsigned long last);
struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *node, unsigned long start,
						   unsigned long last);
#define vma_interval_tree_foreach(vma, root, start, last) \
	for (vma = vma_interval_tree_iter_first(root, start, last); vma; \
	     vma = vma_interval_tree_iter_next(vma, start, last))

/*
 * Mapping and unmapping @nr pages of @folio, the first of them @page. The caller holds the ptl of the
 * entries and changes the entries itself. Each keeps the map count of each page exact and counts
 * NR_ANON_MAPPED or NR_FILE_MAPPED. They do not touch references.
 */
void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma, unsigned long address);
void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page, int nr,
			      struct vm_area_struct *vma, unsigned long address, bool exclusive);
void folio_add_file_rmap_ptes(struct folio *folio, struct page *page, int nr,
			      struct vm_area_struct *vma);
void folio_remove_rmap_ptes(struct folio *folio, struct page *page, int nr,
			    struct vm_area_struct *vma);

/*
 * PG_mlocked, see mm/rmap/mlock.c. mlock_page: @page was mapped in, or found in, a locked VMA; any context.
 * munlock_page_alone: the locked VMA that maps it lets go; false if others map it, too: then munlock_page() has to be
 * called for it, with a reference and without spinlocks (it sleeps). @leaver does not count as locked any more.
 */
void mlock_page(struct page *page);
bool munlock_page_alone(struct page *page);
void munlock_page(struct page *page, const struct vm_area_struct *leaver);

/* One step of a walk over the entries that map a folio. */
struct page_vma_mapped_walk {
	unsigned long pfn;		/* first frame of the folio */
	unsigned long nr_pages;
	struct mm_struct *mm;
	unsigned long address;		/* of the entry looked at */
	unsigned long end;
	pte_t *pte;			/* non-NULL with ptl held after a hit */
	spinlock_t *ptl;
	unsigned int flags;		/* PVMW_* */
};
/* Next entry that maps a page of the folio, with its ptl held; false at the end, unlocked. */
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);
void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);

/*
 * rmap_walk - call rmap_one for each VMA that may map @folio (locked).
 * rmap_one: @vma is read-locked; return false to stop.
 * done: return true when nothing is left to find.
 * Return: true when every candidate was seen; false when a VMA was busy (being changed) or the walk
 * was stopped: the caller tries again later. Context: may sleep, except with @try_lock.
 */
struct rmap_walk_control {
	void *arg;
	bool try_lock;
	bool contended;			/* out */
	enum mmu_notifier_event event;	/* what rmap_one does to entries, told to notifiers before and after */
	bool (*rmap_one)(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg);
	bool (*done)(struct folio *folio);
};
bool rmap_walk(struct folio *folio, struct rmap_walk_control *rwc);

/* What clearing the accessed bits of a folio's entries has found. */
struct folio_references {
	bool wait;			/* in: for VMAs of its file that are being changed */
	int entries;			/* of those that were set; more is added */
	unsigned long vm_flags;		/* of their VMAs; VM_LOCKED of any */
};
/* True when every entry was seen: rmap_walk(). => locked */
bool folio_take_accessed(struct folio *folio, struct folio_references *refs);
/* The same for reclaim, without waiting: number of accessed bits, with that which idle page tracking took before. => locked */
int folio_referenced(struct folio *folio, unsigned long *vm_flags);
/* Write-protect and clean all shared entries (before writeback); the page of one that was dirty is marked so. */
void folio_mkclean(struct folio *folio);
/*
 * Flushes of TLBs that are yet to be done: entries are gone, but CPUs may still read through them, and write where they were
 * dirty. So nothing that was unmapped with a batch may be written out, freed or given up before unmap_batch_flush(). Others who
 * rely on it that an entry which is gone is not used any more call flush_tlb_batched_pending() under its lock.
 */
struct unmap_batch {
	struct arch_tlbflush_unmap_batch arch;
	bool pending;
};
void unmap_batch_flush(struct unmap_batch *batch);
void flush_tlb_batched_pending(struct mm_struct *mm);

/* Remove all entries of a file folio but mlocked ones (dirty bits go to the folio). True if none is left. Locks are only tried. */
bool try_to_unmap_file(struct folio *folio, struct unmap_batch *batch);
/*
 * The same of an anonymous folio that has a slot of swap, which takes its place in each entry. Not of one that is pinned, or mlocked:
 * false. => locked, in the swap cache
 */
bool try_to_unmap_swap(struct folio *folio, struct unmap_batch *batch);
/*
 * The same of an anonymous folio that MADV_FREE gave up. One that was written since, or that somebody else holds, is
 * wanted again: it becomes what it was, and false. => isolated and locked
 */
bool try_to_unmap_lazyfree(struct folio *folio, struct unmap_batch *batch);

void anon_vma_check(struct mm_struct *mm);
void anon_vma_init(void);

#endif
