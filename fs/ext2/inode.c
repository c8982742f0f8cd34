// SPDX-License-Identifier: MIT
/*
 * Inodes of ext2: where the blocks of a file are, reading and writing inodes, truncation.
 *
 * 1 The tree. i_data[0..11] name the first blocks; i_data[12], [13], [14] a block of names, of blocks of names,
 *   and so on. 0 is a hole at any level. A block number has a path of one to four offsets:
 *
 *	i_data[path[0]] -> block[path[1]] -> block[path[2]] -> block[path[3]] = data
 *
 * 2 Growth under truncate_mutex. New blocks are filled and linked among themselves first; the word that links
 *   them to the tree is written last. So a look-up needs no lock: it sees the new branch whole or not at all.
 *
 * 3 Shrinking. Nobody may look up what goes: i_size is smaller already, the pages are gone, invalidate_lock keeps
 *   faults and reads from bringing new ones, and i_rwsem keeps other changes away. First the words are cleared,
 *   bottom up, then the blocks are given back.
 *
 * 4 What fsync needs is on i_data.private_list (mark_buffer_dirty_inode): indirect blocks, and of a directory its
 *   blocks. The inode itself goes to its block of the inode table by ->write_inode.
 *
 * 5 Every block number read from the disk is checked before it is used (ext2_data_block_valid): -EUCLEAN.
 *
 * 6 What is freed may be allocated and written by another file at once, while the disk still names it in its old place.
 *   For data that is harmless: e2fsck gives each of two files a copy. But if the old place says that it is a block of
 *   names, e2fsck clears in it what is no block number before it looks for double use, and so damages the new file.
 *   Therefore s_cuts has the blocks (of inodes or names) in which a pointer to a block of names was cleared, entered
 *   before that one is freed, and fsync writes them before it acknowledges anything: ext2_sync_cuts(). Linux lacks this.
 *
 * Linux 6.1: fs/ext2/inode.c, whose chains are verified after the walk instead of linked last.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/filemap.h>
#include <mm/migrate.h>
#include <mm/writeback.h>
#include <block/bio.h>
#include <sync/ranks.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <fs/mpage.h>
#include <fs/namei.h>
#include <seam/barrier.h>
#include "ext2.h"

#define MAX_DEPTH 4

static struct ext2_inode *get_raw_inode(struct super_block *sb, unsigned long ino,
					struct buffer_head **bhp);

/* ---- the path to a block ---- */

/*
 * Offsets of @block at each level into @path; their number, 0: beyond the largest file. *@boundary: how many more
 * words the last level has behind it.
 */
static int block_to_path(struct inode *inode, u64 block, unsigned int path[MAX_DEPTH],
			 unsigned long *boundary)
{
	unsigned int bits = EXT2_SB(inode->i_sb)->s_addr_per_block_bits;
	u64 ptrs = 1UL << bits, mask = ptrs - 1;
	int n = 0;

	if (block < EXT2_NDIR_BLOCKS) {
		path[n++] = block;
		*boundary = EXT2_NDIR_BLOCKS - 1 - block;
		return n;
	}
	block -= EXT2_NDIR_BLOCKS;
	*boundary = mask - (block & mask);
	if (block < ptrs) {
		path[n++] = EXT2_IND_BLOCK;
		path[n++] = block;
		return n;
	}
	block -= ptrs;
	if (block < ptrs << bits) {
		path[n++] = EXT2_DIND_BLOCK;
		path[n++] = block >> bits;
		path[n++] = block & mask;
		return n;
	}
	block -= ptrs << bits;
	if (block >> bits >> bits < ptrs) {
		path[n++] = EXT2_TIND_BLOCK;
		path[n++] = block >> bits >> bits;
		path[n++] = (block >> bits) & mask;
		path[n++] = block & mask;
	}
	return n;
}

/* A walk down the tree: the word at each level, and the block that it lies in. */
struct chain {
	unsigned int path[MAX_DEPTH];
	int depth; /* words of the whole path */
	int found; /* words that were read; the last one is 0 if found < depth or no data */
	unsigned long boundary;
	__le32 *word[MAX_DEPTH];
	struct buffer_head *bh[MAX_DEPTH]; /* [0] is NULL: the inode */
	u32 key[MAX_DEPTH];
};

static void chain_release(struct chain *c)
{
	for (int i = 1; i < MAX_DEPTH; i++)
		brelse(c->bh[i]);
}

/* Is @block a number that may be followed? */
static bool valid_pointer(struct inode *inode, u32 block)
{
	if (likely(ext2_data_block_valid(EXT2_SB(inode->i_sb), block, 1)))
		return true;
	ext2_error(inode->i_sb, __func__, "inode %lu: invalid block %u", inode->i_ino, block);
	return false;
}

/* Follow @c->path as far as there are blocks. 0, -EIO, -EUCLEAN; then nothing is held. */
static int chain_walk(struct inode *inode, struct chain *c)
{
	int err = -EIO;

	memset(c->bh, 0, sizeof(c->bh));
	c->found = 0;
	c->word[0] = &EXT2_I(inode)->i_data[c->path[0]];
	for (;;) {
		u32 key = le32_to_cpu(READ_ONCE(*c->word[c->found]));

		c->key[c->found++] = key;
		if (!key)
			return 0;
		err = -EUCLEAN;
		if (!valid_pointer(inode, key))
			break;
		if (c->found == c->depth)
			return 0;
		err = -EIO;
		c->bh[c->found] = sb_bread(inode->i_sb, key);
		if (!c->bh[c->found])
			break;
		c->word[c->found] = (__le32 *)c->bh[c->found]->b_data + c->path[c->found];
	}
	chain_release(c);
	return err;
}

static bool chain_complete(const struct chain *c)
{
	return c->found == c->depth && c->key[c->found - 1];
}

/* ---- looking up and growing ---- */

/* How many blocks from the end of the chain on lie in a row on the disk, at most @max. */
static unsigned long count_mapped(const struct chain *c, unsigned long max)
{
	const __le32 *word = c->word[c->depth - 1];
	u32 first = c->key[c->depth - 1];
	unsigned long n = 1;

	max = min(max, c->boundary + 1);
	while (n < max && le32_to_cpu(READ_ONCE(word[n])) == first + n)
		n++;
	return n;
}

/* How many words from the end of the chain on are holes, at most @max. */
static unsigned long count_holes(const struct chain *c, unsigned long max)
{
	const __le32 *word = c->word[c->depth - 1];
	unsigned long n = 1;

	max = min(max, c->boundary + 1);
	if (c->found < c->depth) /* a new block of names: all are */
		return max;
	while (n < max && !word[n])
		n++;
	return n;
}

/* Where the block behind what @c found should lie: behind its predecessor, or near its kin. */
static unsigned long find_goal(struct inode *inode, const struct chain *c, sector_t block)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	int level = c->found - 1;
	const __le32 *first = level ? (__le32 *)c->bh[level]->b_data : ei->i_data;
	unsigned long group_start;

	if (ei->i_last_alloc_physical && block == (sector_t)ei->i_last_alloc_logical + 1)
		return ei->i_last_alloc_physical + 1;
	for (const __le32 *p = c->word[level] - 1; p >= first; p--)
		if (*p)
			return le32_to_cpu(*p) + 1;
	if (level)
		return c->bh[level]->b_blocknr + 1;
	group_start = ext2_group_first_block(inode->i_sb, ei->i_block_group);
	return group_start + inode->i_ino % 16 * (EXT2_SB(inode->i_sb)->s_blocks_per_group / 16);
}

/* A block of names, all holes but @offset, which names @target. NULL without memory. */
static int init_indirect(struct inode *inode, u32 block, unsigned int offset, u32 target,
			 unsigned long nr)
{
	struct buffer_head *bh = sb_getblk(inode->i_sb, block);

	if (!bh)
		return -ENOMEM;
	lock_buffer(bh);
	memset(bh->b_data, 0, bh->b_size);
	for (unsigned long i = 0; i < nr; i++)
		((__le32 *)bh->b_data)[offset + i] = cpu_to_le32(target + i);
	set_buffer_uptodate(bh);
	unlock_buffer(bh);
	mark_buffer_dirty_inode(bh, inode);
	brelse(bh);
	return 0;
}

/*
 * Allocate what is missing at the end of @c: blocks of names, and *@count data blocks. The first data block is left
 * in c->key[depth - 1]. On failure nothing is. => truncate_mutex held
 */
static int grow_branch(struct inode *inode, struct chain *c, sector_t block, unsigned long *count)
{
	unsigned long goal = find_goal(inode, c, block), one, data;
	int nr_indirect = c->depth - c->found, err = 0, done;
	u32 indirect[MAX_DEPTH];

	for (done = 0; done < nr_indirect; done++) {
		one = 1;
		indirect[done] = ext2_new_blocks(inode, goal, &one, &err);
		if (err)
			goto undo;
		goal = indirect[done] + 1;
	}
	data = ext2_new_blocks(inode, goal, count, &err);
	if (err)
		goto undo;
	/* From the lowest up; the word in the tree that leads here is still 0. */
	for (int i = nr_indirect - 1, below = c->depth - 1; i >= 0 && !err; i--, below--) {
		bool lowest = i == nr_indirect - 1;

		err = init_indirect(inode, indirect[i], c->path[below],
				    lowest ? data : indirect[i + 1], lowest ? *count : 1);
	}
	if (err) {
		ext2_free_blocks(inode, data, *count);
		goto undo;
	}
	smp_wmb();
	c->key[c->found - 1] = nr_indirect ? indirect[0] : data;
	if (!nr_indirect) {
		for (unsigned long i = *count; i-- > 0;)
			WRITE_ONCE(c->word[c->found - 1][i], cpu_to_le32(data + i));
	} else {
		WRITE_ONCE(*c->word[c->found - 1], cpu_to_le32(indirect[0]));
	}
	if (c->bh[c->found - 1])
		mark_buffer_dirty_inode(c->bh[c->found - 1], inode);
	c->key[c->depth - 1] = data;
	EXT2_I(inode)->i_last_alloc_logical = block + *count - 1;
	EXT2_I(inode)->i_last_alloc_physical = data + *count - 1;
	inode->i_ctime = current_time(inode);
	mark_inode_dirty(inode);
	return 0;
undo:
	while (done-- > 0) {
		struct buffer_head *bh = sb_find_get_block(inode->i_sb, indirect[done]);

		bforget(bh);
		ext2_free_blocks(inode, indirect[done], 1);
	}
	return err;
}

/*
 * Up to @max blocks from @iblock on: how many (0: a hole), *@bno the first, *@new: allocated now; or an errno.
 */
static long ext2_get_blocks(struct inode *inode, sector_t iblock, unsigned long max, u32 *bno,
			    bool *new, bool *boundary, bool create)
{
	struct chain c;
	unsigned long count;
	long ret;

	*new = *boundary = false;
	c.depth = block_to_path(inode, iblock, c.path, &c.boundary);
	if (!c.depth)
		return create ? -EFBIG : 0;
	ret = chain_walk(inode, &c);
	if (ret)
		return ret;
	if (!chain_complete(&c)) {
		if (!create) {
			chain_release(&c);
			return 0;
		}
		chain_release(&c);
		mutex_lock(&EXT2_I(inode)->truncate_mutex);
		ret = chain_walk(inode, &c); /* another may have been faster */
		if (!ret && !chain_complete(&c)) {
			count = count_holes(&c, max);
			ret = grow_branch(inode, &c, iblock, &count);
			*new = !ret;
			if (ret)
				chain_release(&c);
			else
				ret = count;
		}
		mutex_unlock(&EXT2_I(inode)->truncate_mutex);
		if (ret < 0)
			return ret;
	}
	*bno = c.key[c.depth - 1];
	if (!*new)
		ret = count_mapped(&c, max);
	*boundary = (unsigned long)ret > c.boundary;
	chain_release(&c);
	return ret;
}

/* How many blocks the hole goes on, at the end of @c: below a missing block of names, all that it would name. */
static unsigned long hole_length(struct inode *inode, const struct chain *c, unsigned long max)
{
	unsigned int bits = EXT2_SB(inode->i_sb)->s_addr_per_block_bits;
	unsigned long span = 1, offset = 0;

	if (c->found == c->depth)
		return count_holes(c, max);
	for (int level = c->depth - 1; level >= c->found; level--) {
		offset += c->path[level] * span;
		span <<= bits;
	}
	return min(span - offset, max);
}

long ext2_run(struct inode *inode, sector_t iblock, unsigned long max, u32 *bno)
{
	struct chain c;
	long n;

	*bno = 0;
	c.depth = block_to_path(inode, iblock, c.path, &c.boundary);
	if (!c.depth)
		return max;
	n = chain_walk(inode, &c);
	if (n)
		return n;
	if (chain_complete(&c)) {
		*bno = c.key[c.depth - 1];
		n = count_mapped(&c, max);
	} else {
		n = hole_length(inode, &c, max);
	}
	chain_release(&c);
	return n;
}

int ext2_get_block(struct inode *inode, sector_t iblock, struct buffer_head *bh_result, int create)
{
	unsigned long max = bh_result->b_size >> inode->i_blkbits;
	bool new, boundary;
	u32 bno = 0;
	long ret = ext2_get_blocks(inode, iblock, max ? max : 1, &bno, &new, &boundary, create);

	if (ret <= 0)
		return ret;
	/* A run of valid numbers may still run out of the file system. */
	if (unlikely(!ext2_data_block_valid(EXT2_SB(inode->i_sb), bno, ret))) {
		ext2_error(inode->i_sb, __func__, "inode %lu: invalid blocks %u + %ld",
			   inode->i_ino, bno, ret);
		return -EUCLEAN;
	}
	map_bh(bh_result, inode->i_sb, bno);
	bh_result->b_size = (size_t)ret << inode->i_blkbits;
	if (new)
		set_buffer_new(bh_result);
	if (boundary)
		set_buffer_boundary(bh_result);
	return 0;
}

struct buffer_head *ext2_bread(struct inode *inode, sector_t iblock, bool create, int *err)
{
	struct buffer_head map = { .b_size = 1UL << inode->i_blkbits }, *bh;

	*err = ext2_get_block(inode, iblock, &map, create);
	if (*err || !buffer_mapped(&map))
		return NULL;
	if (!buffer_new(&map)) {
		bh = sb_bread(inode->i_sb, map.b_blocknr);
		if (!bh)
			*err = -EIO;
		return bh;
	}
	bh = sb_getblk(inode->i_sb, map.b_blocknr);
	if (!bh) {
		*err = -ENOMEM;
		return NULL;
	}
	lock_buffer(bh);
	memset(bh->b_data, 0, bh->b_size);
	set_buffer_uptodate(bh);
	unlock_buffer(bh);
	mark_buffer_dirty_inode(bh, inode);
	return bh;
}

/* ---- file data: folios without buffers ---- */

static int ext2_read_folio(struct file *file, struct folio *folio)
{
	return mpage_read_folio(folio, ext2_get_block);
}

static void ext2_readahead(struct readahead_control *rac)
{
	mpage_readahead(rac, ext2_get_block);
}

static int ext2_writepages(struct address_space *mapping, struct writeback_control *wbc)
{
	return mpage_writepages(mapping, wbc, ext2_get_block);
}

/* A write went wrong: blocks behind the end of the file that it had got are given back. => i_rwsem held */
static void write_failed(struct address_space *mapping, loff_t to)
{
	struct inode *inode = mapping->host;

	if (to <= inode->i_size)
		return;
	truncate_pagecache(inode, inode->i_size);
	filemap_invalidate_lock(mapping);
	ext2_truncate_blocks(inode, inode->i_size);
	filemap_invalidate_unlock(mapping);
}

static int ext2_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
			    unsigned len, struct page **pagep, void **fsdata)
{
	int err = nobh_write_begin(mapping, pos, len, pagep, fsdata, ext2_get_block);

	if (unlikely(err))
		write_failed(mapping, pos + len);
	return err;
}

static int ext2_write_end(struct file *file, struct address_space *mapping, loff_t pos,
			  unsigned len, unsigned copied, struct page *page, void *fsdata)
{
	int ret = nobh_write_end(file, mapping, pos, len, copied, page, fsdata);

	if (unlikely(ret < (int)len))
		write_failed(mapping, pos + len);
	return ret;
}

static ssize_t ext2_direct_IO(struct kiocb *iocb, struct iov_iter *iter)
{
	struct address_space *mapping = iocb->ki_filp->f_mapping;
	loff_t end = iocb->ki_pos + iov_iter_count(iter);
	bool write = iov_iter_rw(iter) == WRITE;
	ssize_t ret = blockdev_direct_IO(iocb, mapping->host, iter, ext2_get_block);

	if (ret < 0 && write)
		write_failed(mapping, end);
	return ret;
}

static u64 ext2_bmap(struct address_space *mapping, u64 block)
{
	struct inode *inode = mapping->host;
	struct buffer_head map = { .b_size = 1UL << inode->i_blkbits };

	return ext2_get_block(inode, block, &map, 0) || !buffer_mapped(&map) ? 0 : map.b_blocknr;
}

const struct address_space_operations ext2_aops = {
	.dirty_folio = filemap_dirty_folio,
	.read_folio = ext2_read_folio,
	.readahead = ext2_readahead,
	.writepages = ext2_writepages,
	.write_begin = ext2_write_begin,
	.write_end = ext2_write_end,
	.direct_IO = ext2_direct_IO,
	.bmap = ext2_bmap,
	.migrate_folio = filemap_migrate_folio,
	.error_remove_page = generic_error_remove_page,
};

/* ---- truncation. => truncate_mutex, and nobody looks up what goes ---- */

/* Blocks to be freed that lie in a row. */
struct free_run {
	unsigned long start, count;
};

static void free_run_flush(struct inode *inode, struct free_run *run)
{
	if (run->count)
		ext2_free_blocks(inode, run->start, run->count);
	run->count = 0;
}

static void free_run_add(struct inode *inode, struct free_run *run, u32 block)
{
	if (run->count && run->start + run->count == block) {
		run->count++;
		return;
	}
	free_run_flush(inode, run);
	run->start = block;
	run->count = 1;
}

/* Free the data blocks named by @n words. */
static void free_data(struct inode *inode, __le32 *word, unsigned long n)
{
	struct free_run run = { 0 };

	for (; n--; word++) {
		u32 block = le32_to_cpu(*word);

		if (!block)
			continue;
		*word = 0;
		free_run_add(inode, &run, block);
	}
	free_run_flush(inode, &run);
}

static bool word_in_inode(const struct inode *inode, const __le32 *word)
{
	const __le32 *data = EXT2_I(inode)->i_data;

	return word >= data && word < data + EXT2_N_BLOCKS;
}

/* A pointer to a block of names was cleared in @bh (6 above). */
static void note_cut(struct super_block *sb, struct buffer_head *bh)
{
	mark_buffer_dirty(bh);
	if (xa_err(xa_store(&EXT2_SB(sb)->s_cuts, bh->b_blocknr, xa_mk_value(1), GFP_NOFS)))
		sync_dirty_buffer(bh); /* no memory to wait for fsync */
}

/* The same in i_data: the block of @inode itself learns it now. */
static void note_cut_inode(struct inode *inode)
{
	struct buffer_head *bh;

	ext2_write_inode(inode, NULL);
	if (!IS_ERR(get_raw_inode(inode->i_sb, inode->i_ino, &bh))) {
		note_cut(inode->i_sb, bh);
		brelse(bh);
	}
}

int ext2_sync_cuts(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *bh;
	unsigned long nr;
	int err = 0;
	void *entry;

	if (xa_empty(&sbi->s_cuts)) {
		smp_rmb(); /* who empties it holds the mutex until all are written */
		if (!mutex_is_locked(&sbi->s_cuts_mutex))
			return 0;
	}
	mutex_lock(&sbi->s_cuts_mutex);
	xa_for_each(&sbi->s_cuts, nr, entry)
	{
		bh = sb_find_get_block(sb, nr);
		if (bh)
			write_dirty_buffer(bh, REQ_SYNC);
		brelse(bh);
	}
	xa_for_each(&sbi->s_cuts, nr, entry)
	{
		xa_erase(&sbi->s_cuts, nr); /* what is cut from now on enters it again */
		bh = sb_find_get_block(sb, nr);
		if (bh && sync_dirty_buffer(bh))
			err = -EIO;
		brelse(bh);
	}
	mutex_unlock(&sbi->s_cuts_mutex);
	return err;
}

/*
 * Free the trees named by @n words, each @level blocks of names deep; level 0 are data. The words lie in @bh, NULL: in
 * i_data or in what can be reached no more.
 */
static void free_branches(struct inode *inode, __le32 *word, unsigned long n, int level,
			  struct buffer_head *bh_words)
{
	unsigned long per_block = 1UL << EXT2_SB(inode->i_sb)->s_addr_per_block_bits;

	if (!level) {
		free_data(inode, word, n);
		return;
	}
	for (; n--; word++) {
		u32 block = le32_to_cpu(*word);
		struct buffer_head *bh;

		if (!block)
			continue;
		*word = 0;
		if (!valid_pointer(inode, block))
			continue;
		if (bh_words)
			note_cut(inode->i_sb, bh_words);
		else if (word_in_inode(inode, word) && !EXT2_I(inode)->i_dtime)
			note_cut_inode(inode);
		bh = sb_bread(inode->i_sb, block);
		if (!bh) {
			ext2_error(inode->i_sb, __func__, "inode %lu: cannot read block %u",
				   inode->i_ino, block);
			continue; /* e2fsck finds what it names */
		}
		free_branches(inode, (__le32 *)bh->b_data, per_block, level - 1, NULL);
		bforget(bh);
		ext2_free_blocks(inode, block, 1);
	}
}

/*
 * Free what the tree of @level below @word names from the @skip-th data block on. The tree itself goes when
 * nothing is left in it.
 */
static void free_tail(struct inode *inode, __le32 *word, int level, u64 skip,
		      struct buffer_head *bh_word)
{
	unsigned int bits = EXT2_SB(inode->i_sb)->s_addr_per_block_bits;
	unsigned long per_block = 1UL << bits, keep;
	struct buffer_head *bh;
	u32 block = le32_to_cpu(*word);

	if (!block)
		return;
	if (!skip) {
		free_branches(inode, word, 1, level, bh_word);
		return;
	}
	if (!valid_pointer(inode, block))
		return;
	bh = sb_bread(inode->i_sb, block);
	if (!bh) {
		ext2_error(inode->i_sb, __func__, "inode %lu: cannot read block %u", inode->i_ino,
			   block);
		return;
	}
	keep = skip >> (bits * (level - 1));	   /* words that stay whole */
	skip -= (u64)keep << (bits * (level - 1)); /* blocks that stay of the next one */
	if (keep < per_block) {
		__le32 *words = (__le32 *)bh->b_data;

		if (skip) {
			free_tail(inode, words + keep, level - 1, skip, bh);
			keep++;
		}
		free_branches(inode, words + keep, per_block - keep, level - 1, bh);
		mark_buffer_dirty_inode(bh, inode);
	}
	brelse(bh);
}

static void truncate_tree(struct inode *inode, u64 blocks)
{
	__le32 *data = EXT2_I(inode)->i_data;
	unsigned int bits = EXT2_SB(inode->i_sb)->s_addr_per_block_bits;
	u64 start = EXT2_NDIR_BLOCKS;

	if (blocks < EXT2_NDIR_BLOCKS)
		free_data(inode, data + blocks, EXT2_NDIR_BLOCKS - blocks);
	for (int level = 1; level <= 3; level++) {
		u64 span = 1ULL << (bits * level);

		if (blocks < start + span)
			free_tail(inode, data + EXT2_NDIR_BLOCKS + level - 1, level,
				  blocks > start ? blocks - start : 0, NULL);
		start += span;
	}
}

void ext2_truncate_blocks(struct inode *inode, loff_t offset)
{
	struct ext2_inode_info *ei = EXT2_I(inode);

	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode) && !S_ISLNK(inode->i_mode))
		return;
	if (ext2_inode_is_fast_symlink(inode))
		return;
	mutex_lock(&ei->truncate_mutex);
	truncate_tree(inode, DIV_ROUND_UP((u64)offset, 1UL << inode->i_blkbits));
	ei->i_last_alloc_physical = 0;
	mutex_unlock(&ei->truncate_mutex);
}

/* => i_rwsem held */
static int ext2_setsize(struct inode *inode, loff_t newsize)
{
	int err;

	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode) && !S_ISLNK(inode->i_mode))
		return -EINVAL;
	if (ext2_inode_is_fast_symlink(inode))
		return -EINVAL;
	if (IS_APPEND(inode) || IS_IMMUTABLE(inode))
		return -EPERM;
	err = nobh_truncate_page(inode->i_mapping, newsize, ext2_get_block);
	if (err)
		return err;
	filemap_invalidate_lock(inode->i_mapping);
	truncate_setsize(inode, newsize);
	ext2_truncate_blocks(inode, newsize);
	filemap_invalidate_unlock(inode->i_mapping);
	inode->i_mtime = inode->i_ctime = current_time(inode);
	if (ext2_sync_inode_wanted(inode)) {
		sync_mapping_buffers(inode->i_mapping);
		sync_inode_metadata(inode, 1);
	} else {
		mark_inode_dirty(inode);
	}
	return 0;
}

/* ---- the inode on the disk ---- */

bool ext2_inode_is_fast_symlink(const struct inode *inode)
{
	unsigned long ea_blocks = EXT2_I(inode)->i_file_acl ? inode->i_sb->s_blocksize >> 9 : 0;

	return S_ISLNK(inode->i_mode) && inode->i_blocks == ea_blocks;
}

/* The inode @ino in its block, *@bhp, referenced; or ERR_PTR(-EINVAL, -EIO). */
static struct ext2_inode *get_raw_inode(struct super_block *sb, unsigned long ino,
					struct buffer_head **bhp)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_group_desc *gdp;
	unsigned long offset, block;

	if ((ino != EXT2_ROOT_INO && ino < sbi->s_first_ino) ||
	    ino > le32_to_cpu(sbi->s_es->s_inodes_count)) {
		ext2_error(sb, __func__, "bad inode number: %lu", ino);
		return ERR_PTR(-EINVAL);
	}
	gdp = ext2_get_group_desc(sb, (ino - 1) / sbi->s_inodes_per_group, NULL);
	if (!gdp)
		return ERR_PTR(-EIO);
	offset = (ino - 1) % sbi->s_inodes_per_group * sbi->s_inode_size;
	block = le32_to_cpu(gdp->bg_inode_table) + (offset >> sb->s_blocksize_bits);
	*bhp = sb_bread(sb, block);
	if (!*bhp) {
		ext2_error(sb, __func__, "unable to read inode block - inode=%lu, block=%lu", ino,
			   block);
		return ERR_PTR(-EIO);
	}
	return (struct ext2_inode *)((*bhp)->b_data + (offset & (sb->s_blocksize - 1)));
}

void ext2_set_inode_flags(struct inode *inode)
{
	u32 flags = EXT2_I(inode)->i_flags;
	unsigned int i_flags = inode->i_flags & ~(S_SYNC | S_APPEND | S_IMMUTABLE | S_NOATIME);

	if (flags & EXT2_SYNC_FL)
		i_flags |= S_SYNC;
	if (flags & EXT2_APPEND_FL)
		i_flags |= S_APPEND;
	if (flags & EXT2_IMMUTABLE_FL)
		i_flags |= S_IMMUTABLE;
	if (flags & EXT2_NOATIME_FL)
		i_flags |= S_NOATIME;
	inode->i_flags = i_flags;
}

void ext2_set_file_ops(struct inode *inode)
{
	inode->i_op = &ext2_file_inode_operations;
	inode->i_fop = &ext2_file_operations;
	inode->i_mapping->a_ops = &ext2_aops;
	mapping_set_large_folios(inode->i_mapping);
}

void ext2_set_ops(struct inode *inode)
{
	if (S_ISREG(inode->i_mode)) {
		ext2_set_file_ops(inode);
	} else if (S_ISDIR(inode->i_mode)) {
		inode->i_op = &ext2_dir_inode_operations;
		inode->i_fop = &ext2_dir_operations;
	} else if (S_ISLNK(inode->i_mode)) {
		if (ext2_inode_is_fast_symlink(inode)) {
			inode->i_link = (char *)EXT2_I(inode)->i_data;
			inode->i_op = &ext2_fast_symlink_inode_operations;
		} else {
			inode->i_op = &ext2_symlink_inode_operations;
		}
	} else {
		const __le32 *dev = EXT2_I(inode)->i_data;

		inode->i_op = &ext2_special_inode_operations;
		init_special_inode(inode, inode->i_mode,
				   dev[0] ? MKDEV(le32_to_cpu(dev[0]) >> 8 & 255,
						  le32_to_cpu(dev[0]) & 255)
					  : new_decode_dev(le32_to_cpu(dev[1])));
	}
}

/* The size of the file as the disk has it, checked. 0 or -EUCLEAN. */
static int read_size(struct inode *inode, const struct ext2_inode *raw)
{
	u64 size = le32_to_cpu(raw->i_size);

	if (S_ISREG(inode->i_mode))
		size |= (u64)le32_to_cpu(raw->i_size_high) << 32;
	if (size > (u64)inode->i_sb->s_maxbytes)
		return -EUCLEAN;
	if (S_ISLNK(inode->i_mode)) {
		u64 max = ext2_inode_is_fast_symlink(inode) ? sizeof(raw->i_block) - 1
							    : inode->i_sb->s_blocksize - 1;

		if (!size || size > max)
			return -EUCLEAN;
	}
	if (S_ISDIR(inode->i_mode) && (!size || size & (inode->i_sb->s_blocksize - 1)))
		return -EUCLEAN;
	inode->i_size = size;
	return 0;
}

static bool mode_is_known(umode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) ||
	       S_ISFIFO(mode) || S_ISSOCK(mode);
}

/* Fill @inode, which is I_NEW, from @raw. */
static int read_inode(struct inode *inode, const struct ext2_inode *raw)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode_info *ei = EXT2_I(inode);

	inode->i_mode = le16_to_cpu(raw->i_mode);
	inode->i_uid = le16_to_cpu(raw->i_uid);
	inode->i_gid = le16_to_cpu(raw->i_gid);
	if (!test_opt(sb, NO_UID32)) {
		inode->i_uid |= (u32)le16_to_cpu(raw->i_uid_high) << 16;
		inode->i_gid |= (u32)le16_to_cpu(raw->i_gid_high) << 16;
	}
	set_nlink(inode, le16_to_cpu(raw->i_links_count));
	inode->i_atime = (struct timespec64){ (s32)le32_to_cpu(raw->i_atime), 0 };
	inode->i_ctime = (struct timespec64){ (s32)le32_to_cpu(raw->i_ctime), 0 };
	inode->i_mtime = (struct timespec64){ (s32)le32_to_cpu(raw->i_mtime), 0 };
	ei->i_dtime = le32_to_cpu(raw->i_dtime);
	/* What a name leads to although it was deleted. */
	if (!inode->i_nlink && (!inode->i_mode || ei->i_dtime))
		return -ESTALE;
	inode->i_blocks = le32_to_cpu(raw->i_blocks);
	ei->i_flags = le32_to_cpu(raw->i_flags);
	ei->i_file_acl = le32_to_cpu(raw->i_file_acl);
	if (!mode_is_known(inode->i_mode))
		return -EUCLEAN;
	if (ei->i_file_acl && !ext2_data_block_valid(EXT2_SB(sb), ei->i_file_acl, 1)) {
		ext2_error(sb, __func__, "inode %lu: bad extended attribute block %u", inode->i_ino,
			   ei->i_file_acl);
		return -EUCLEAN;
	}
	inode->i_generation = le32_to_cpu(raw->i_generation);
	ei->i_block_group = (inode->i_ino - 1) / EXT2_SB(sb)->s_inodes_per_group;
	memcpy(ei->i_data, raw->i_block, sizeof(ei->i_data));
	ext2_set_inode_flags(inode);
	return read_size(inode, raw);
}

struct inode *ext2_iget(struct super_block *sb, unsigned long ino)
{
	struct inode *inode = iget_locked(sb, ino);
	struct ext2_inode *raw;
	struct buffer_head *bh;
	int err;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(inode->i_state & I_NEW)) {
		if (inode->i_nlink || !S_ISDIR(inode->i_mode))
			return inode;
		iput(inode); /* a damaged directory names one that is just going */
		return ERR_PTR(-ESTALE);
	}
	raw = get_raw_inode(sb, ino, &bh);
	err = PTR_ERR(raw);
	if (IS_ERR(raw))
		goto failed;
	err = read_inode(inode, raw);
	brelse(bh);
	if (err == -EUCLEAN)
		ext2_error(sb, __func__, "inode %lu is damaged (mode %o, size %lld)", ino,
			   inode->i_mode, inode->i_size);
	if (err)
		goto failed;
	ext2_set_ops(inode);
	if (ext2_inode_is_fast_symlink(inode))
		((char *)EXT2_I(inode)->i_data)[inode->i_size] = 0;
	unlock_new_inode(inode);
	return inode;
failed:
	EXT2_I(inode)->i_dtime = 1; /* nothing of it is ours to free */
	inode->i_size = 0;
	clear_nlink(inode);
	EXT2_I(inode)->i_flags = 0;
	inode->i_mode = 0;
	iget_failed(inode);
	return ERR_PTR(err);
}

/* The first file of 2 GiB: older kernels must know, and the super block has to be dynamic. */
static void note_large_file(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (EXT2_HAS_RO_COMPAT_FEATURE(sb, EXT2_FEATURE_RO_COMPAT_LARGE_FILE))
		return;
	spin_lock(&sbi->s_lock);
	ext2_update_dynamic_rev(sb);
	sbi->s_es->s_feature_ro_compat |= cpu_to_le32(EXT2_FEATURE_RO_COMPAT_LARGE_FILE);
	spin_unlock(&sbi->s_lock);
	ext2_sync_super(sb, true);
}

static void write_raw_owner(struct inode *inode, struct ext2_inode *raw)
{
	if (test_opt(inode->i_sb, NO_UID32)) { /* what does not fit is nobody */
		raw->i_uid = cpu_to_le16(inode->i_uid > 65535 ? 65534 : inode->i_uid);
		raw->i_gid = cpu_to_le16(inode->i_gid > 65535 ? 65534 : inode->i_gid);
		raw->i_uid_high = raw->i_gid_high = 0;
		return;
	}
	raw->i_uid = cpu_to_le16(inode->i_uid & 0xffff);
	raw->i_gid = cpu_to_le16(inode->i_gid & 0xffff);
	/* A deleted inode keeps only the old halves, as e2fsck expects. */
	raw->i_uid_high = EXT2_I(inode)->i_dtime ? 0 : cpu_to_le16(inode->i_uid >> 16);
	raw->i_gid_high = EXT2_I(inode)->i_dtime ? 0 : cpu_to_le16(inode->i_gid >> 16);
}

static void write_raw_blocks(struct inode *inode, struct ext2_inode *raw)
{
	struct ext2_inode_info *ei = EXT2_I(inode);

	if (!S_ISCHR(inode->i_mode) && !S_ISBLK(inode->i_mode)) {
		memcpy(raw->i_block, ei->i_data, sizeof(ei->i_data));
		return;
	}
	memset(raw->i_block, 0, sizeof(raw->i_block));
	if (MAJOR(inode->i_rdev) < 256 && MINOR(inode->i_rdev) < 256)
		raw->i_block[0] = cpu_to_le32(MAJOR(inode->i_rdev) << 8 | MINOR(inode->i_rdev));
	else
		raw->i_block[1] = cpu_to_le32(new_encode_dev(inode->i_rdev));
}

int ext2_write_inode(struct inode *inode, struct writeback_control *wbc)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct ext2_inode *raw;
	struct buffer_head *bh;
	int err = 0;

	if (!inode->i_ino)
		return 0;
	raw = get_raw_inode(sb, inode->i_ino, &bh);
	if (IS_ERR(raw))
		return PTR_ERR(raw) == -EINVAL ? -EIO : PTR_ERR(raw);
	if (S_ISREG(inode->i_mode) && inode->i_size > 0x7fffffffLL)
		note_large_file(sb);
	lock_buffer(bh);
	if (ei->i_new) {
		memset(raw, 0, EXT2_SB(sb)->s_inode_size);
		ei->i_new = false;
	}
	raw->i_mode = cpu_to_le16(inode->i_mode);
	write_raw_owner(inode, raw);
	raw->i_links_count = cpu_to_le16(inode->i_nlink);
	raw->i_size = cpu_to_le32(inode->i_size);
	if (S_ISREG(inode->i_mode))
		raw->i_size_high = cpu_to_le32(inode->i_size >> 32);
	raw->i_atime = cpu_to_le32(inode->i_atime.tv_sec);
	raw->i_ctime = cpu_to_le32(inode->i_ctime.tv_sec);
	raw->i_mtime = cpu_to_le32(inode->i_mtime.tv_sec);
	raw->i_dtime = cpu_to_le32(ei->i_dtime);
	raw->i_blocks = cpu_to_le32(inode->i_blocks);
	raw->i_flags = cpu_to_le32(ei->i_flags);
	raw->i_file_acl = cpu_to_le32(ei->i_file_acl);
	raw->i_generation = cpu_to_le32(inode->i_generation);
	write_raw_blocks(inode, raw);
	unlock_buffer(bh);
	mark_buffer_dirty(bh);
	if (wbc && wbc->sync_mode == WB_SYNC_ALL && sync_dirty_buffer(bh)) {
		ext2_error(sb, __func__, "IO error syncing inode %lu", inode->i_ino);
		err = -EIO;
	}
	brelse(bh);
	return err;
}

/* The last link and the last user are gone. */
static void delete_inode(struct inode *inode)
{
	struct writeback_control wbc = { .sync_mode = ext2_sync_inode_wanted(inode)
							      ? WB_SYNC_ALL
							      : WB_SYNC_NONE };

	/* First the disk learns that it is deleted, then its blocks are given to others. */
	EXT2_I(inode)->i_dtime = current_time(inode).tv_sec;
	ext2_write_inode(inode, &wbc);
	if (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode))
		note_cut_inode(inode);
	inode->i_size = 0;
	if (inode->i_blocks)
		ext2_truncate_blocks(inode, 0);
	ext2_xattr_delete_inode(inode);
}

void ext2_evict_inode(struct inode *inode)
{
	/* i_ino 0: never came to life; mode 0: could not be read. */
	bool delete = !inode->i_nlink && inode->i_ino && inode->i_mode;

	truncate_inode_pages_final(&inode->i_data);
	if (delete)
		delete_inode(inode);
	invalidate_inode_buffers(inode);
	clear_inode(inode);
	if (delete)
		ext2_free_inode(inode);
}

/* ---- attributes ---- */

int ext2_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = setattr_prepare(dentry, attr);

	if (err)
		return err;
	if ((attr->ia_valid & ATTR_SIZE) && attr->ia_size != inode->i_size) {
		err = ext2_setsize(inode, attr->ia_size);
		if (err)
			return err;
	}
	setattr_copy(inode, attr);
	mark_inode_dirty(inode);
	return 0;
}

int ext2_getattr(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags)
{
	static const struct {
		u32 flag;
		u64 attribute;
	} map[] = {
		{ EXT2_APPEND_FL, STATX_ATTR_APPEND },
		{ EXT2_COMPR_FL, STATX_ATTR_COMPRESSED },
		{ EXT2_IMMUTABLE_FL, STATX_ATTR_IMMUTABLE },
		{ EXT2_NODUMP_FL, STATX_ATTR_NODUMP },
	};
	struct inode *inode = path->dentry->d_inode;

	for (unsigned int i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (EXT2_I(inode)->i_flags & map[i].flag)
			stat->attributes |= map[i].attribute;
		stat->attributes_mask |= map[i].attribute;
	}
	generic_fillattr(inode, stat);
	return 0;
}
