// SPDX-License-Identifier: MIT
/*
 * Readahead on demand: what is read next from a file is fetched before it is asked for.
 *
 * 1 Each open file has a window (include/mm/readahead.h). A miss opens one; the folio async_size before its end has
 *   PG_readahead, and who reads that folio has the next window fetched while there is still something to read.
 *   A window is 4 times, later twice the last one, up to ra_pages of the device.
 *
 *	sequential:	[....r........][................r...............][................................]
 *			 ^ miss	 ^ marked: next, twice as large
 *
 * 2 What a miss at @index means:
 *	index 0, or right behind the last read, or more than a window at once	a sequential reader begins
 *	index at the expected place of the window (or at its end)		it goes on
 *	a marked folio that the window does not know				two readers of one file: go on from the
 *										next page that is missing
 *	enough pages before @index are cached (as many as are asked for)	a reader whose window was lost
 *	none of these								random: what is asked for, no more
 *
 * 3 Large folios (AS_LARGE_FOLIO_SUPPORT): the order grows by two with each window that is reached through its
 *   mark, up to MAX_PAGECACHE_ORDER; alignment and the end of the window make pieces smaller.
 *
 * 4 Order of locks: invalidate_lock, shared, is held while folios are added and their reading is started, so that
 *   truncation cannot free blocks that are being read in. Folios are locked until they have been read.
 *
 * 5 Failure: without memory the window just ends; an error leaves a folio that is not up to date, and the reader that
 *   needs it reads it again and gets the error.
 *
 * Linux 6.1: mm/readahead.c. Observed by: mincore(2), PG_readahead in kpageflags, events
 * filemap:mm_filemap_add_to_page_cache (order), pgpgin; the device's limit in /sys/class/bdi/M:N/read_ahead_kb.
 */
#include <base/types.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aops.h>
#include <mm/backing_dev.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>

void file_ra_state_init(struct file_ra_state *ra, struct address_space *mapping)
{
	*ra = (struct file_ra_state){ .ra_pages = READ_ONCE(inode_to_bdi(mapping->host)->ra_pages),
				      .prev_pos = -1 };
}

struct folio *readahead_folio(struct readahead_control *rac)
{
	struct folio *folio;

	rac->_index += rac->_batch_count;
	rac->_nr_pages -= rac->_batch_count;
	rac->_batch_count = 0;
	if (!rac->_nr_pages)
		return NULL;
	folio = xa_load(&rac->mapping->i_pages, rac->_index);
	rac->_batch_count = folio_nr_pages(folio);
	return folio;
}

static gfp_t readahead_gfp(struct address_space *mapping)
{
	return mapping_gfp_mask(mapping) | __GFP_NORETRY | __GFP_NOWARN;
}

/* Take back what the file system left: whoever needs it reads it himself. */
static void drop_unread(struct readahead_control *rac)
{
	struct folio *folio;

	while ((folio = readahead_folio(rac))) {
		folio_get(folio);
		filemap_remove_folio(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/* Have the folios that were gathered read; the request is empty then and goes on behind them. */
static void read_pages(struct readahead_control *rac)
{
	const struct address_space_operations *aops = rac->mapping->a_ops;
	struct folio *folio;

	if (!rac->_nr_pages)
		return;
	if (aops->readahead)
		call_aop(aops, readahead, rac);
	else
		while ((folio = readahead_folio(rac)))
			call_aop(aops, read_folio, rac->file, folio);
	drop_unread(rac);
}

/* A new folio at the end of the request: 0, -EEXIST, -ENOMEM. */
static int add_folio(struct readahead_control *rac, unsigned int order, pgoff_t mark)
{
	pgoff_t index = rac->_index + rac->_nr_pages;
	gfp_t gfp = readahead_gfp(rac->mapping);
	struct folio *folio = filemap_alloc_folio(gfp, order);
	int err;

	if (!folio)
		return -ENOMEM;
	__folio_set_locked(folio);
	if (mark - index < 1UL << order)
		folio_set_readahead(folio);
	err = filemap_add_folio(rac->mapping, folio, index, gfp);
	if (err) {
		folio_clear_readahead(folio);
		__folio_clear_locked(folio);
	} else {
		rac->_nr_pages += 1U << order;
	}
	folio_put(folio); /* the cache, or nobody, keeps it */
	return err;
}

void page_cache_ra_unbounded(struct readahead_control *rac, unsigned long nr_to_read,
			     unsigned long lookahead_size)
{
	struct address_space *mapping = rac->mapping;
	pgoff_t end = rac->_index + nr_to_read, mark = end - lookahead_size, next;

	if (!lookahead_size)
		mark = ~0UL;
	filemap_invalidate_lock_shared(mapping);
	while ((next = rac->_index + rac->_nr_pages) < end) {
		int err = xa_load(&mapping->i_pages, next) ? -EEXIST : add_folio(rac, 0, mark);

		if (!err)
			continue;
		read_pages(rac);
		if (err != -EEXIST)
			break;
		rac->_index = next + 1;
	}
	read_pages(rac);
	filemap_invalidate_unlock_shared(mapping);
}

/* The same, but not beyond the end of the file. */
static void do_page_cache_ra(struct readahead_control *rac, unsigned long nr_to_read,
			     unsigned long lookahead_size)
{
	loff_t isize = i_size_read(rac->mapping->host);
	pgoff_t last;

	if (!isize)
		return;
	last = (isize - 1) >> PAGE_SHIFT;
	if (rac->_index > last)
		return;
	page_cache_ra_unbounded(rac, min(nr_to_read, last - rac->_index + 1), lookahead_size);
}

void force_page_cache_ra(struct readahead_control *rac, unsigned long nr_to_read)
{
	struct backing_dev_info *bdi = inode_to_bdi(rac->mapping->host);
	unsigned long most = max(bdi->io_pages, (unsigned long)rac->ra->ra_pages);
	pgoff_t index = rac->_index;

	if (!rac->mapping->a_ops->read_folio && !rac->mapping->a_ops->readahead)
		return;
	nr_to_read = min(nr_to_read, most);
	while (nr_to_read) {
		unsigned long piece = min(nr_to_read, (2UL << 20) / PAGE_SIZE);

		rac->_index = index;
		do_page_cache_ra(rac, piece, 0);
		index += piece;
		nr_to_read -= piece;
	}
}

/* The order of a folio at @index that does not reach beyond @last. */
static unsigned int order_at(pgoff_t index, pgoff_t last, unsigned int order)
{
	if (index & ((1UL << order) - 1))
		order = __builtin_ctzl(index);
	while (order && index + (1UL << order) - 1 > last)
		order--;
	return order;
}

void page_cache_ra_order(struct readahead_control *rac, struct file_ra_state *ra,
			 unsigned int new_order)
{
	struct address_space *mapping = rac->mapping;
	pgoff_t index = rac->_index, mark = index + ra->size - ra->async_size;
	pgoff_t limit = (i_size_read(mapping->host) - 1) >> PAGE_SHIFT;
	int err = 0;

	if (!mapping_large_folio_support(mapping) || ra->size < 4) {
		do_page_cache_ra(rac, ra->size, ra->async_size);
		return;
	}
	limit = min(limit, index + ra->size - 1);
	if (new_order < MAX_PAGECACHE_ORDER)
		new_order += 2;
	new_order = min3(new_order, MAX_PAGECACHE_ORDER, (unsigned int)ilog2(ra->size));
	filemap_invalidate_lock_shared(mapping);
	while (!err && index <= limit) {
		unsigned int order = order_at(index, limit, new_order);

		err = add_folio(rac, order, mark);
		if (err == -ENOMEM && order) {
			new_order = order - 1; /* memory is in small pieces */
			err = 0;
			continue;
		}
		index += 1UL << order;
	}
	if (index > limit)
		ra->size += index - limit - 1;
	read_pages(rac);
	filemap_invalidate_unlock_shared(mapping);
	/* Something is cached already: page by page around it. */
	if (err == -EEXIST) {
		index = rac->_index;
		do_page_cache_ra(rac, ra->start + ra->size - index, ra->async_size);
	}
}

/* ---- windows ---- */

static unsigned long first_size(unsigned long want, unsigned long most)
{
	unsigned long size = roundup_pow_of_two(want);

	if (size <= most / 32)
		size *= 4;
	else if (size <= most / 4)
		size *= 2;
	else
		size = most;
	return size;
}

static unsigned long next_size(const struct file_ra_state *ra, unsigned long most)
{
	unsigned long size = ra->size;

	if (size < most / 16)
		return size * 4;
	return size <= most / 2 ? size * 2 : most;
}

/* The first page from @index on, within @most, that is not cached; @index + @most if there is none. */
static pgoff_t next_miss(struct address_space *mapping, pgoff_t index, unsigned long most)
{
	pgoff_t i;

	for (i = index; i < index + most; i++)
		if (!xa_load(&mapping->i_pages, i))
			break;
	return i;
}

/* How many pages right before @index are cached, at most @most. */
static unsigned long cached_before(struct address_space *mapping, pgoff_t index, unsigned long most)
{
	unsigned long n = 0;

	while (n < most && n < index && xa_load(&mapping->i_pages, index - 1 - n))
		n++;
	return n;
}

static void open_window(struct file_ra_state *ra, pgoff_t index, unsigned long want,
			unsigned long most)
{
	ra->start = index;
	ra->size = first_size(want, most);
	ra->async_size = ra->size > want ? ra->size - want : ra->size;
}

/* Choose a window for a read of @want pages at rac->_index (@folio: marked). False: random, no window. */
static bool choose_window(struct readahead_control *rac, struct folio *folio, unsigned long want,
			  unsigned long most)
{
	struct file_ra_state *ra = rac->ra;
	pgoff_t index = rac->_index, expected, start;
	unsigned long before;

	expected = round_up(ra->start + ra->size - ra->async_size,
			    folio ? 1UL << folio_order(folio) : 1UL);
	if (index && (index == expected || index == ra->start + ra->size)) {
		ra->start += ra->size;
		ra->size = next_size(ra, most);
		ra->async_size = ra->size;
	} else if (index && folio) {
		start = next_miss(rac->mapping, index + 1, most);
		if (start - index > most)
			return false;
		ra->start = start;
		ra->size = start - index + want; /* what the other reader's window was */
		ra->size = next_size(ra, most);
		ra->async_size = ra->size;
	} else if (!index || want > most ||
		   (ra->prev_pos >= 0 && index - ((pgoff_t)ra->prev_pos >> PAGE_SHIFT) <= 1)) {
		open_window(ra, index, want, most);
	} else {
		before = cached_before(rac->mapping, index, most);
		if (before <= want)
			return false;
		if (before >= index) /* from the beginning of the file */
			before *= 2;
		ra->start = index;
		ra->size = min(before + want, most);
		ra->async_size = 1;
	}
	return true;
}

static void ondemand_readahead(struct readahead_control *rac, struct folio *folio,
			       unsigned long want)
{
	struct backing_dev_info *bdi = inode_to_bdi(rac->mapping->host);
	struct file_ra_state *ra = rac->ra;
	unsigned long most = ra->ra_pages, add;
	pgoff_t index = rac->_index;

	if (want > most && bdi->io_pages > most)
		most = min(want, bdi->io_pages);
	if (!choose_window(rac, folio, want, most)) {
		if (!folio)
			do_page_cache_ra(rac, want, 0);
		return;
	}
	/* A window that begins here and is marked at its first page: this reader would start the next at once. */
	if (index == ra->start && ra->size == ra->async_size) {
		add = next_size(ra, most);
		if (ra->size + add <= most) {
			ra->async_size = add;
			ra->size += add;
		} else {
			ra->size = most;
			ra->async_size = most / 2;
		}
	}
	rac->_index = ra->start;
	page_cache_ra_order(rac, ra, folio ? folio_order(folio) : 0);
}

void page_cache_sync_ra(struct readahead_control *rac, unsigned long req_count)
{
	bool random = rac->file && (rac->file->f_mode & FMODE_RANDOM);

	if (!rac->ra->ra_pages) { /* switched off: just what is needed */
		if (!rac->file)
			return;
		req_count = 1;
		random = true;
	}
	if (random)
		force_page_cache_ra(rac, req_count);
	else
		ondemand_readahead(rac, NULL, req_count);
}

static void page_cache_async_ra(struct readahead_control *rac, struct folio *folio,
				unsigned long req_count)
{
	/* The same flag has another meaning while the folio is written. */
	if (!rac->ra->ra_pages || folio_test_writeback(folio))
		return;
	folio_clear_readahead(folio);
	ondemand_readahead(rac, folio, req_count);
}

void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra,
			       struct file *file, pgoff_t index, unsigned long req_count)
{
	DEFINE_READAHEAD(rac, file, ra, mapping, index);

	page_cache_sync_ra(&rac, req_count);
}

void page_cache_async_readahead(struct address_space *mapping, struct file_ra_state *ra,
				struct file *file, struct folio *folio, pgoff_t index,
				unsigned long req_count)
{
	DEFINE_READAHEAD(rac, file, ra, mapping, index);

	page_cache_async_ra(&rac, folio, req_count);
}
