/* SPDX-License-Identifier: MIT */
/* Pages that move to other frames, and frames that are not used any more. Theory: mm/cache/migrate.c, mm/cache/memory_failure.c. */
#ifndef QUIRE_MM_MIGRATE_H
#define QUIRE_MM_MIGRATE_H

#include <mm/folio.h>
#include <mm/page_flags.h>

struct address_space;

#define NR_MAX_MIGRATE_PASSES	10

enum migrate_mode {
	MIGRATE_SYNC = 2,	/* for locks and write-outs */
};

/*
 * Move @src, of a file, to a folio elsewhere. Nobody else refers to @src afterwards: it is the caller's, without mapping.
 * 0; -EBUSY: it is not of a file, mlocked, or somebody used it in every pass; -ENOMEM; -EIO: it is dirty and cannot be
 * written. => the caller has a reference. May sleep.
 */
int migrate_folio(struct folio *src);
/* ->migrate_folio of files whose folios have nothing attached. -EAGAIN: somebody uses @src. => both locked, @src not mapped */
int filemap_migrate_folio(struct address_space *mapping, struct folio *dst, struct folio *src, int mode);

/*
 * How the owner of pages that are of no file moves them. A page that is isolated stays the owner's, with these operations, until it has
 * moved or is put back.
 */
struct movable_operations {
	/* False: it is not to be moved now, or is being freed. => a reference held. Does not sleep */
	bool (*isolate_page)(struct page *page);
	/*
	 * The contents of @src, isolated, go to @dst, which nobody else knows: 0: the owner has the reference of @dst and gave up that of
	 * @src; -EAGAIN: somebody uses it.
	 */
	int (*migrate_page)(struct page *dst, struct page *src);
	void (*putback_page)(struct page *page);
};
/* @page may move from now on, or not any more. => its owner keeps it from being isolated meanwhile */
static inline void __SetPageMovable(struct page *page, const struct movable_operations *ops)
{
	WRITE_ONCE(page->mapping, (void *)((unsigned long)ops | PAGE_MAPPING_MOVABLE));
}
static inline void __ClearPageMovable(struct page *page)
{
	WRITE_ONCE(page->mapping, NULL);
}
/* Of a page with __PageMovable(), or NULL. The word may have been another owner's a moment ago. */
static inline const struct movable_operations *page_movable_ops(const struct page *page)
{
	unsigned long mapping = (unsigned long)data_race(READ_ONCE(page->mapping));

	if ((mapping & PAGE_MAPPING_FLAGS) != PAGE_MAPPING_MOVABLE)
		return NULL;
	return (const struct movable_operations *)(mapping - PAGE_MAPPING_MOVABLE);
}
/* Move @src elsewhere, of an owner who can. Errors as above. */
int migrate_movable_page(struct page *src);

/*
 * Take the frame out of use before it fails: its page moves elsewhere, or is dropped. 0, -ENXIO: no such frame, -EBUSY: it is
 * neither a page of a file nor movable, or in use; -EHWPOISON: it is out of use. May sleep.
 */
int soft_offline_page(unsigned long pfn);
/* The frame has failed: what it held is gone, its users find what is on the disk, or EIO at fsync. Errors as above. */
int memory_failure(unsigned long pfn);
/* It works again. 0, -ENXIO, -EINVAL: it was not out of use. */
int unpoison_memory(unsigned long pfn);
/* ->error_remove_page of files that can be read again. => locked, with a reference */
int generic_error_remove_page(struct address_space *mapping, struct page *page);
extern atomic_long_t num_poisoned_pages;

#endif
