/* SPDX-License-Identifier: MIT */
/* Readahead: the window of an open file, and the request that a file system serves. mm/cache/readahead.c */
#ifndef QUIRE_MM_READAHEAD_H
#define QUIRE_MM_READAHEAD_H

#include <base/types.h>
#include <base/compiler.h>

struct address_space;
struct file;
struct folio;

/*
 *	   |<---------- size ---------->|
 *	 start ............. |<- async_size ->|
 *			     ^ the folio that has PG_readahead: who reads it begins the next window
 */
struct file_ra_state {
	pgoff_t start;			/* window, in pages */
	unsigned int size;
	unsigned int async_size;	/* pages left when the next window is begun */
	unsigned int ra_pages;		/* greatest window; 0: none */
	unsigned int mmap_miss;		/* faults that found nothing, less those that did */
	loff_t prev_pos;		/* last byte read; -1: nothing yet */
};

/* Folios from _index on, locked and in the cache, that ->readahead shall fill. */
struct readahead_control {
	struct file *file;
	struct address_space *mapping;
	struct file_ra_state *ra;
	pgoff_t _index;
	unsigned int _nr_pages;		/* left, with the batch */
	unsigned int _batch_count;	/* pages of the folio that was handed out last */
};
#define DEFINE_READAHEAD(ractl, f, r, m, i) \
	struct readahead_control ractl = { .file = f, .mapping = m, .ra = r, ._index = i }

#define VM_READAHEAD_PAGES	(128 * 1024 / 4096)

void file_ra_state_init(struct file_ra_state *ra, struct address_space *mapping);
/*
 * A page at _index is missing (sync) or @folio with PG_readahead was reached (async); @req_count pages are
 * wanted. Decide on a window and read it. May sleep.
 */
void page_cache_sync_ra(struct readahead_control *ractl, unsigned long req_count);
void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra,
			       struct file *file, pgoff_t index, unsigned long req_count);
void page_cache_async_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
				struct folio *folio, pgoff_t index, unsigned long req_count);
/* @nr_to_read pages whatever the window; the folio @lookahead_size pages before the end gets PG_readahead. */
void page_cache_ra_unbounded(struct readahead_control *ractl, unsigned long nr_to_read,
			     unsigned long lookahead_size);
/* The window in ractl->ra, with folios up to @new_order if the file can have them. */
void page_cache_ra_order(struct readahead_control *ractl, struct file_ra_state *ra, unsigned int new_order);
/* As much as is asked for, in pieces: WILLNEED, random access. */
void force_page_cache_ra(struct readahead_control *ractl, unsigned long nr_to_read);

/* ---- for ->readahead ---- */
static inline pgoff_t readahead_index(const struct readahead_control *rac)
{
	return rac->_index;
}
/* Pages that have not been handed out. */
static inline unsigned int readahead_count(const struct readahead_control *rac)
{
	return rac->_nr_pages - rac->_batch_count;
}
/* The next locked folio (already in the cache, which keeps it), or NULL. What is not taken is dropped. */
struct folio *readahead_folio(struct readahead_control *rac);

#endif
