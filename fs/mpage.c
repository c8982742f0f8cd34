// SPDX-License-Identifier: MIT
/*
 * mpage: file data to and from a device in large bios, for files whose folios have no buffers.
 *
 * 1 get_block() tells extents; a read asks once per extent, a write once per folio. Folios that adjoin
 *   on the disk go into one bio, until that is full, the next block lies elsewhere, or the extent says that an
 *   indirect block lies behind it (BH_Boundary).
 *
 *	file	[ 0 ][ 1 ][ 2    3    4    5 ][ 6 ][ 7 ]	folios
 *	disk	 100  101  102  103  104   900  901  902	blocks
 *	bios	<--------- 1 ----------> <----- 2 ----->
 *
 * 2 A folio in several pieces (5 above, in a large folio, or blocks smaller than pages). Its last piece lies in the bio
 *   that goes on with its successors; each earlier one is a bio of its own, chained to that one (bio_chain). So the
 *   end of that bio is the end of all, and it alone unlocks folios or ends their write-out. If there is no memory
 *   for such a bio right now, its piece is done here, waiting.
 *
 * 3 Invariant: a folio is locked (read) or under write-out from before its first piece is submitted until the end of
 *   the bio with its last piece. Holes read as zeroes; blocks behind the end of the file are holes. A page has no states for its
 *   blocks: a hole in a dirty page gets a block only if it holds something else than zeroes by now.
 *
 * 4 Failure. A read that fails leaves all folios of the bio not uptodate and unlocked; who needs one reads it alone,
 *   and has the error then if it is that one's. A write-out that fails is noted at the mapping (page_writeback.c, 5); when there
 *   is no room for a hole of a folio, what got blocks before it is written all the same.
 *
 * Linux 6.1: fs/mpage.c, which hands folios in pieces to fs/buffer.c. Observed by: reads, writes and merges in
 * /proc/diskstats, pgpgin and pgpgout.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <block/bio.h>
#include <block/blkdev.h>
#include <fs/buffer_head.h>
#include <fs/inode.h>
#include <fs/mpage.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/readahead.h>
#include <mm/writeback.h>

/* A walk over folios of one file, in ascending order. */
struct mpage {
	struct inode *inode;
	get_block_t *get_block;
	bio_end_io_t *end_io;
	blk_opf_t opf;
	bool create;		/* writing: holes that are not all zeroes any more get blocks */
	u32 pages;		/* of the folio: what is to be done with it is done with these */
	sector_t end_block;	/* of the file: behind it there is nothing */
	sector_t ahead;		/* first block that nobody asked for: extents need not be longer */
	struct buffer_head map; /* last answer of get_block */
	sector_t map_block;	/* the file's block where it begins */
	struct bio *bio;	/* collects; not submitted yet */
};

/* A run of a folio, from @offset, @len bytes: at @block (of the device, in units of the file system) or a hole. */
struct piece {
	size_t offset, len;
	struct block_device *bdev; /* NULL: a hole */
	sector_t block;
	bool boundary;
};

static void mpage_submit(struct mpage *m)
{
	struct bio *bio = m->bio;

	m->bio = NULL;
	if (bio)
		submit_bio(bio);
}

/*
 * Ask where @block of the file, @wanted blocks up to the end of its folio, lies; *@skip blocks into the answer. Its
 * contents are @data. 0 or an errno. When reading the answer is kept: the folios of the whole request are locked, so nobody truncates them.
 * When writing the next folio may have been truncated and made anew meanwhile, with other blocks.
 */
static int mpage_map(struct mpage *m, sector_t block, sector_t wanted, const char *data,
		     unsigned int *skip)
{
	unsigned int blkbits = m->inode->i_blkbits;
	int err;

	*skip = block - m->map_block;
	if (!m->create && buffer_mapped(&m->map) && block >= m->map_block &&
	    block < m->map_block + (m->map.b_size >> blkbits))
		return 0;
	if (!m->create)
		wanted = max(min(m->ahead, m->end_block), block + 1) - block;
	m->map = (struct buffer_head){ .b_size = min_t(u64, wanted << blkbits, 1UL << 30) };
	m->map_block = block;
	*skip = 0;
	err = m->get_block(m->inode, block, &m->map, 0);
	if (!err && m->create && !buffer_mapped(&m->map) && memchr_inv(data, 0, 1UL << blkbits)) {
		m->map.b_size = 1UL << blkbits;
		err = m->get_block(m->inode, block, &m->map, 1);
	}
	if (err)
		return err;
	if (buffer_new(&m->map))
		clean_bdev_aliases(m->map.b_bdev, m->map.b_blocknr, m->map.b_size >> blkbits);
	return 0;
}

/* The piece of @folio that begins at @offset and ends before @end. */
static int next_piece(struct mpage *m, struct folio *folio, size_t offset, size_t end,
		      struct piece *p)
{
	unsigned int blkbits = m->inode->i_blkbits, skip;
	sector_t block = (folio_pos(folio) + offset) >> blkbits;
	size_t len;
	int err = mpage_map(m, block, (end - offset) >> blkbits,
			    (char *)folio_address(folio) + offset, &skip);

	if (err)
		return err;
	*p = (struct piece){ .offset = offset };
	if (!buffer_mapped(&m->map)) { /* the length of holes is not told */
		p->len = 1UL << blkbits;
		return 0;
	}
	len = m->map.b_size - ((size_t)skip << blkbits);
	p->len = min(len, end - offset);
	p->bdev = m->map.b_bdev;
	p->block = m->map.b_blocknr + skip;
	p->boundary = buffer_boundary(&m->map) && p->len == len;
	return 0;
}

static sector_t sector_of(const struct mpage *m, const struct piece *p)
{
	return p->block << (m->inode->i_blkbits - SECTOR_SHIFT);
}

static void new_bio(struct mpage *m, const struct piece *p, unsigned long vecs)
{
	m->bio =
		bio_alloc(p->bdev, clamp(vecs, 1UL, (unsigned long)BIO_MAX_VECS), m->opf, GFP_NOFS);
	m->bio->bi_end_io = m->end_io;
}

/* A piece behind which more of its folio follows: m->bio is empty and will end after it. */
static void start_earlier(struct mpage *m, struct folio *folio, const struct piece *p)
{
	struct bio *bio = bio_alloc(p->bdev, 1, m->opf, GFP_NOWAIT | __GFP_NOWARN);
	struct bio_vec vec;
	struct bio own;

	if (!bio)
		bio_init(&own, p->bdev, &vec, 1, m->opf);
	else
		bio_chain(bio, m->bio);
	__bio_add_page(bio ? bio : &own, &folio->page, p->len, p->offset);
	(bio ? bio : &own)->bi_iter.bi_sector = sector_of(m, p);
	if (bio)
		submit_bio(bio);
	else if (submit_bio_wait(&own))
		m->bio->bi_status = own.bi_status;
}

static bool fits(const struct bio *bio, const struct piece *p, sector_t sector)
{
	return bio->bi_bdev == p->bdev && bio_end_sector(bio) == sector;
}

/* The piece with which a folio ends: to the bio that collects, if it adjoins. @vecs: how many may follow, with it. */
static void add_last(struct mpage *m, struct folio *folio, const struct piece *p,
		     unsigned long vecs)
{
	sector_t sector = sector_of(m, p);
	bool added = false;

	if (m->bio && m->bio->bi_iter.bi_size) {
		added = fits(m->bio, p, sector) && bio_add_folio(m->bio, folio, p->len, p->offset);
		if (!added)
			mpage_submit(m);
	}
	if (!added) {
		if (!m->bio)
			new_bio(m, p, vecs);
		m->bio->bi_iter.bi_sector = sector;
		bio_add_folio(m->bio, folio, p->len, p->offset);
	}
	if (p->boundary)
		mpage_submit(m);
}

/* get_block failed behind pieces of which the reading was started: m->bio, which they end before, ends without the rest. */
static void give_up(struct mpage *m, struct folio *folio)
{
	struct bio *bio = m->bio;

	m->bio = NULL;
	bio_add_folio(bio, folio, 1, 0); /* so that end_io finds it */
	bio->bi_status = BLK_STS_IOERR;
	bio_endio(bio);
}

/* The next run of pages that are asked for: *@offset moves to it, up to @end; where it ends. */
static size_t next_run(const struct mpage *m, size_t *offset, size_t end)
{
	size_t stop;

	while (*offset < end && !(m->pages >> (*offset >> PAGE_SHIFT) & 1))
		*offset = (*offset | (PAGE_SIZE - 1)) + 1;
	for (stop = *offset; stop < end && (m->pages >> (stop >> PAGE_SHIFT) & 1);)
		stop = (stop | (PAGE_SIZE - 1)) + 1;
	return min(stop, end);
}

/*
 * Start reading or writing @folio up to @end (bytes in it). 1: m->end_io tells the end of it, or has. 0: it has
 * only holes, which are zero now. An errno of get_block: nothing was started.
 */
static int mpage_folio(struct mpage *m, struct folio *folio, size_t end, unsigned long vecs)
{
	struct piece p, last = { .bdev = NULL };
	bool split = false, holes = end < folio_size(folio);
	size_t stop = 0;
	int err;

	for (size_t offset = 0;; offset += p.len) {
		if (offset >= stop)
			stop = next_run(m, &offset, end);
		if (offset >= end)
			break;
		err = next_piece(m, folio, offset, stop, &p);
		if (err && last.bdev &&
		    m->create) { /* new blocks are written, lest they show what they held before */
			mapping_set_error(folio->mapping, err);
			break;
		}
		if (err && split) {
			give_up(m, folio);
			return 1;
		}
		if (err)
			return err;
		if (!p.bdev) {
			memset((char *)folio_address(folio) + p.offset, 0, p.len);
			holes = true;
			continue;
		}
		if (last.bdev) {
			if (!split) {
				mpage_submit(m);
				new_bio(m, &p, vecs);
				split = true;
			}
			start_earlier(m, folio, &last);
		}
		last = p;
	}
	if (!last.bdev)
		return 0;
	if (!m->create && !holes) /* a write need not ask for its blocks */
		folio_set_mappedtodisk(folio);
	add_last(m, folio, &last, vecs);
	return 1;
}

static sector_t blocks_of(const struct inode *inode)
{
	return (i_size_read(inode) + (1L << inode->i_blkbits) - 1) >> inode->i_blkbits;
}

/* Bytes of @folio that have blocks: up to the last block of the file. */
static size_t end_in(const struct mpage *m, const struct folio *folio)
{
	loff_t end = ((loff_t)m->end_block << m->inode->i_blkbits) - folio_pos(folio);

	return clamp(end, 0LL, (loff_t)folio_size(folio));
}

/* ---- reading ---- */

static void read_end_io(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
	{
		if (bio->bi_status)
			folio_set_error(fi.folio);
		else
			folio_mark_uptodate(fi.folio);
		folio_unlock(fi.folio);
	}
	bio_put(bio);
}

/* @nr pages from @folio on will be read. */
static void read_one(struct mpage *m, struct folio *folio, unsigned long nr)
{
	size_t end = end_in(m, folio);
	int ret;

	if (end < folio_size(folio))
		memset((char *)folio_address(folio) + end, 0, folio_size(folio) - end);
	ret = mpage_folio(m, folio, end, nr);
	if (ret == 1)
		return;
	if (ret < 0)
		folio_set_error(folio);
	else
		folio_mark_uptodate(folio);
	folio_unlock(folio);
}

static struct mpage reader(struct inode *inode, get_block_t *get_block, pgoff_t end,
			   blk_opf_t flags)
{
	return (struct mpage){
		.inode = inode,
		.get_block = get_block,
		.end_io = read_end_io,
		.opf = REQ_OP_READ | flags,
		.pages = ~0u,
		.end_block = blocks_of(inode),
		.ahead = (sector_t)end << (PAGE_SHIFT - inode->i_blkbits),
	};
}

void mpage_readahead(struct readahead_control *rac, get_block_t *get_block)
{
	struct mpage m = reader(rac->mapping->host, get_block,
				readahead_index(rac) + readahead_count(rac), REQ_RAHEAD);
	struct blk_plug plug;
	struct folio *folio;

	blk_start_plug(&plug);
	while ((folio = readahead_folio(rac)))
		read_one(&m, folio, rac->_nr_pages);
	mpage_submit(&m);
	blk_finish_plug(&plug);
}

int mpage_read_folio(struct folio *folio, get_block_t *get_block)
{
	struct mpage m = reader(folio->mapping->host, get_block, folio_next_index(folio), 0);

	read_one(&m, folio, 1);
	mpage_submit(&m);
	return 0;
}

/* ---- writing ---- */

static void write_end_io(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
	{
		if (bio->bi_status) {
			folio_set_error(fi.folio);
			mapping_set_error(fi.folio->mapping, blk_status_to_errno(bio->bi_status));
		}
		folio_end_writeback(fi.folio);
	}
	bio_put(bio);
}

static int write_one(struct folio *folio, struct writeback_control *wbc, void *data)
{
	struct mpage *m = data;
	size_t size = folio_size(folio), end;
	loff_t isize = i_size_read(m->inode), pos = folio_pos(folio);
	loff_t last = wbc->range_cyclic ? isize : min(isize, wbc->range_end);
	int ret;

	m->end_block = blocks_of(m->inode);
	end = end_in(m, folio);
	/* What lies behind the end of the file is what a program wrote to its mapping: the disk shall have zeroes. */
	if (isize < pos + (loff_t)size) {
		size_t valid = max(isize - pos, 0LL);

		memset((char *)folio_address(folio) + valid, 0, size - valid);
	}
	m->pages = folio_take_dirty(folio);
	folio_start_writeback(folio);
	ret = mpage_folio(m, folio, end, max(last - pos, 0LL) / PAGE_SIZE + 1);
	if (ret < 0)
		mapping_set_error(folio->mapping, ret);
	folio_unlock(folio);
	if (ret != 1)
		folio_end_writeback(folio);
	return ret < 0 ? ret : 0;
}

/* Somebody waits for it, or nobody does. */
static blk_opf_t write_flags(const struct writeback_control *wbc)
{
	if (wbc->sync_mode == WB_SYNC_ALL)
		return REQ_SYNC;
	return wbc->for_kupdate || wbc->for_background ? REQ_BACKGROUND : 0;
}

int mpage_writepages(struct address_space *mapping, struct writeback_control *wbc,
		     get_block_t *get_block)
{
	struct mpage m = {
		.inode = mapping->host,
		.get_block = get_block,
		.end_io = write_end_io,
		.opf = REQ_OP_WRITE | write_flags(wbc),
		.create = true,
	};
	struct blk_plug plug;
	int err;

	blk_start_plug(&plug);
	err = write_cache_pages(mapping, wbc, write_one, &m);
	mpage_submit(&m);
	blk_finish_plug(&plug);
	return err;
}
