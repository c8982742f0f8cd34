/* SPDX-License-Identifier: MIT */
/* Readahead: the window of an open file, and the request that a file system serves. */
#ifndef QUIRE_MM_READAHEAD_H
#define QUIRE_MM_READAHEAD_H

#include <base/types.h>

struct address_space;
struct file;
struct folio;

struct file_ra_state {
	pgoff_t start;			/* window, in pages */
	unsigned int size;
	unsigned int async_size;	/* pages left when the next window is begun */
	unsigned int ra_pages;		/* greatest window */
	unsigned int mmap_miss;
	loff_t prev_pos;
};

struct readahead_control {
	struct file *file;
	struct address_space *mapping;
	struct file_ra_state *ra;
	pgoff_t _index;
	unsigned int _nr_pages;
	unsigned int _batch_count;
};

#define VM_READAHEAD_PAGES	(128 * 1024 / 4096)

void file_ra_state_init(struct file_ra_state *ra, struct address_space *mapping);
/* Bring pages [index, index + nr) in, as far as the file system can; nothing for tmpfs. May sleep. */
void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra,
			       struct file *file, pgoff_t index, unsigned long req_count);
/* Next locked folio of the request (already in the cache), or NULL. */
struct folio *readahead_folio(struct readahead_control *rac);

#endif
