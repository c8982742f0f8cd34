/* SPDX-License-Identifier: MIT */
/* Pages that move to other frames, and frames that are not used any more. Theory: mm/cache/migrate.c, mm/cache/memory_failure.c. */
#ifndef QUIRE_MM_MIGRATE_H
#define QUIRE_MM_MIGRATE_H

#include <mm/folio.h>

struct address_space;

#define NR_MAX_MIGRATE_PASSES	10

enum migrate_mode {
	MIGRATE_ASYNC,		/* does not wait */
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
 * Take the frame out of use before it fails: its page moves elsewhere, or is dropped. 0, -ENXIO: no such frame, -EBUSY: it is
 * not a page of a file, or in use; -EHWPOISON: it is out of use. May sleep.
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
