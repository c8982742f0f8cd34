// SPDX-License-Identifier: MIT
/*
 * Blocks: which are free, and which to take.
 *
 * 1 A group has a bitmap of its blocks (1 = used) and a count of the free ones in its descriptor. Both change
 *   together under the group's lock, so that at each moment
 *
 *	bg_free_blocks_count == zeroes in the bitmap;  s_free_blocks == sum of bg_free_blocks_count
 *
 * 2 Choice. A goal near the neighbours of the block (inode.c) is tried first: the goal itself, then the next
 *   free one behind it in its group, then the other groups in turn. From the first free block on as many as are
 *   wanted and free are taken in one step. There are no reservations: file data get their blocks at the
 *   write, in order and under the inode's truncate_mutex, so that files interleave only when their writers do.
 *
 * 3 What the disk says is not believed: a bitmap that does not mark its own group's metadata as used, a block
 *   outside the file system or within a group's metadata, a bit that is clear already: ext2_error().
 *
 * Linux 6.1: fs/ext2/balloc.c. Observed by: statfs; e2fsck.
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/math.h>
#include <kernel/cred.h>
#include "ext2.h"

struct ext2_group_desc *ext2_get_group_desc(struct super_block *sb, unsigned long group,
					    struct buffer_head **bh)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *gbh;

	if (group >= sbi->s_groups_count) {
		ext2_error(sb, __func__, "group %lu of %lu", group, sbi->s_groups_count);
		return NULL;
	}
	gbh = sbi->s_group_desc[group / sbi->s_desc_per_block];
	if (bh)
		*bh = gbh;
	return (struct ext2_group_desc *)gbh->b_data + group % sbi->s_desc_per_block;
}

static bool is_power_of(unsigned long n, unsigned long base)
{
	while (n > base && n % base == 0)
		n /= base;
	return n == base;
}

bool ext2_bg_has_super(struct super_block *sb, unsigned long group)
{
	if (!EXT2_HAS_RO_COMPAT_FEATURE(sb, EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER) || group <= 1)
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

unsigned long ext2_bg_num_gdb(struct super_block *sb, unsigned long group)
{
	return ext2_bg_has_super(sb, group) ? EXT2_SB(sb)->s_gdb_count : 0;
}

static bool overlaps(unsigned long block, unsigned long count, unsigned long start,
		     unsigned long len)
{
	return block < start + len && start < block + count;
}

/* Does [block, block + count) touch the bitmaps or the inodes of the group of @gdp? */
static bool touches_group_metadata(struct ext2_sb_info *sbi, const struct ext2_group_desc *gdp,
				   unsigned long block, unsigned long count)
{
	return overlaps(block, count, le32_to_cpu(gdp->bg_block_bitmap), 1) ||
	       overlaps(block, count, le32_to_cpu(gdp->bg_inode_bitmap), 1) ||
	       overlaps(block, count, le32_to_cpu(gdp->bg_inode_table), sbi->s_itb_per_group);
}

bool ext2_data_block_valid(struct ext2_sb_info *sbi, unsigned long block, unsigned long count)
{
	unsigned long first = sbi->s_first_data_block;

	if (block <= first || block + count < block || block + count > sbi->s_blocks_count)
		return false;
	/* the super block that is in use */
	return !overlaps(block, count, sbi->s_sbh->b_blocknr, 1);
}

/* Does the bitmap of @group mark the group's own metadata that lie in it as used? */
static bool bitmap_is_sane(struct super_block *sb, const struct ext2_group_desc *gdp,
			   unsigned long group, const struct buffer_head *bh)
{
	unsigned long first = ext2_group_first_block(sb, group), n = EXT2_SB(sb)->s_itb_per_group;
	unsigned long bits = EXT2_SB(sb)->s_blocks_per_group;
	const unsigned long *map = (const unsigned long *)bh->b_data;
	unsigned long bit;

	bit = le32_to_cpu(gdp->bg_block_bitmap) - first;
	if (bit < bits && !test_bit(bit, map))
		return false;
	bit = le32_to_cpu(gdp->bg_inode_bitmap) - first;
	if (bit < bits && !test_bit(bit, map))
		return false;
	bit = le32_to_cpu(gdp->bg_inode_table) - first;
	return bit >= bits || bit + n > bits || find_next_zero_bit(map, bit + n, bit) >= bit + n;
}

/* The bitmap of @group, referenced, or NULL after ext2_error(). */
static struct buffer_head *read_block_bitmap(struct super_block *sb, unsigned long group)
{
	struct ext2_group_desc *gdp = ext2_get_group_desc(sb, group, NULL);
	struct buffer_head *bh;

	if (!gdp)
		return NULL;
	bh = sb_bread(sb, le32_to_cpu(gdp->bg_block_bitmap));
	if (!bh) {
		ext2_error(sb, __func__, "cannot read block bitmap of group %lu, block %u", group,
			   le32_to_cpu(gdp->bg_block_bitmap));
		return NULL;
	}
	if (unlikely(!bitmap_is_sane(sb, gdp, group, bh))) {
		ext2_error(sb, __func__, "invalid block bitmap of group %lu, block %llu", group,
			   bh->b_blocknr);
		brelse(bh);
		return NULL;
	}
	return bh;
}

/* => group's lock held */
static void add_free_blocks(struct ext2_sb_info *sbi, struct ext2_group_desc *gdp, long n)
{
	gdp->bg_free_blocks_count = cpu_to_le16(le16_to_cpu(gdp->bg_free_blocks_count) + n);
	atomic64_add(n, &sbi->s_free_blocks);
}

static void mark_bitmap_dirty(struct super_block *sb, struct buffer_head *bitmap,
			      struct buffer_head *desc)
{
	mark_buffer_dirty(bitmap);
	mark_buffer_dirty(desc);
	if (sb->s_flags & SB_SYNCHRONOUS)
		sync_dirty_buffer(bitmap);
}

/* Bits [bit, bit + count) of @group; returns how many were set. */
static unsigned long free_in_group(struct super_block *sb, unsigned long group, unsigned long bit,
				   unsigned long count)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *bitmap = read_block_bitmap(sb, group), *desc;
	struct ext2_group_desc *gdp;
	unsigned long freed = 0;

	if (!bitmap)
		return 0;
	gdp = ext2_get_group_desc(sb, group, &desc);
	if (touches_group_metadata(sbi, gdp, ext2_group_first_block(sb, group) + bit, count)) {
		ext2_error(sb, __func__, "freeing metadata of group %lu, block %lu + %lu", group,
			   ext2_group_first_block(sb, group) + bit, count);
		brelse(bitmap);
		return 0;
	}
	spin_lock(sb_bgl_lock(sbi, group));
	for (unsigned long i = bit; i < bit + count; i++)
		freed += __test_and_clear_bit(i, bitmap->b_data);
	add_free_blocks(sbi, gdp, freed);
	spin_unlock(sb_bgl_lock(sbi, group));
	mark_bitmap_dirty(sb, bitmap, desc);
	brelse(bitmap);
	if (freed != count)
		ext2_error(sb, __func__, "%lu of %lu blocks from bit %lu of group %lu were free",
			   count - freed, count, bit, group);
	return freed;
}

void ext2_free_blocks(struct inode *inode, unsigned long block, unsigned long count)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (!ext2_data_block_valid(sbi, block, count)) {
		ext2_error(sb, __func__, "inode %lu: freeing blocks not in data zone, %lu + %lu",
			   inode->i_ino, block, count);
		return;
	}
	while (count) {
		unsigned long rel = block - sbi->s_first_data_block;
		unsigned long group = rel / sbi->s_blocks_per_group;
		unsigned long bit = rel % sbi->s_blocks_per_group;
		unsigned long n = min(count, sbi->s_blocks_per_group - bit);
		unsigned long freed = free_in_group(sb, group, bit, n);

		inode_add_bytes(inode, -((loff_t)freed << sb->s_blocksize_bits));
		block += n;
		count -= n;
	}
	mark_inode_dirty(inode);
}

/*
 * Take up to @count free bits of @group from the first free one at or behind @goal on. The first bit and
 * *@count, or -1: none.
 */
static long take_in_group(struct super_block *sb, unsigned long group, unsigned long goal,
			  unsigned long *count, int *err)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned long end =
		ext2_group_last_block(sb, group) - ext2_group_first_block(sb, group) + 1;
	struct buffer_head *bitmap, *desc;
	struct ext2_group_desc *gdp;
	unsigned long *map, first, n = 0;

	bitmap = read_block_bitmap(sb, group);
	if (!bitmap) {
		*err = -EIO;
		return -1;
	}
	gdp = ext2_get_group_desc(sb, group, &desc);
	map = (unsigned long *)bitmap->b_data;
	spin_lock(sb_bgl_lock(sbi, group));
	first = find_next_zero_bit(map, end, goal);
	while (first < end && n < *count && first + n < end &&
	       n < le16_to_cpu(gdp->bg_free_blocks_count) && !__test_and_set_bit(first + n, map))
		n++;
	add_free_blocks(sbi, gdp, -(long)n);
	spin_unlock(sb_bgl_lock(sbi, group));
	if (n)
		mark_bitmap_dirty(sb, bitmap, desc);
	brelse(bitmap);
	*count = n;
	return n ? (long)first : -1;
}

/* Some are kept for root, or for whom the mount options or the super block name. */
static bool has_free_blocks(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	s64 free = atomic64_read(&sbi->s_free_blocks);
	const struct ext2_mount_options *opts = &sbi->s_opts;

	if (free > le32_to_cpu(sbi->s_es->s_r_blocks_count))
		return true;
	return free > 0 &&
	       (opts->resuid == current_fsuid() || (opts->resgid && in_group_p(opts->resgid)) ||
		capable(CAP_SYS_RESOURCE));
}

/* The blocks that were taken are no metadata? If so the bitmap lies: they stay marked, and are not used. */
static bool taken_is_sane(struct super_block *sb, unsigned long group, unsigned long block,
			  unsigned long count)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (ext2_data_block_valid(sbi, block, count) &&
	    !touches_group_metadata(sbi, ext2_get_group_desc(sb, group, NULL), block, count))
		return true;
	ext2_error(sb, __func__, "block %lu + %lu of group %lu is free but holds metadata", block,
		   count, group);
	return false;
}

unsigned long ext2_new_blocks(struct inode *inode, unsigned long goal, unsigned long *count,
			      int *err)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned long wanted = *count, group, rel;

	*err = -ENOSPC;
	if (!has_free_blocks(sb))
		return 0;
	if (goal <= sbi->s_first_data_block || goal >= sbi->s_blocks_count)
		goal = sbi->s_first_data_block + 1;
	group = (goal - sbi->s_first_data_block) / sbi->s_blocks_per_group;
	rel = (goal - sbi->s_first_data_block) % sbi->s_blocks_per_group;
	/* The goal's group behind the goal, the other groups, the goal's group from its start. */
	for (unsigned long i = 0; i <= sbi->s_groups_count; i++) {
		struct ext2_group_desc *gdp = ext2_get_group_desc(sb, group, NULL);
		long bit = -1;

		*count = wanted;
		if (READ_ONCE(gdp->bg_free_blocks_count))
			bit = take_in_group(sb, group, rel, count, err);
		if (bit >= 0) {
			unsigned long block = ext2_group_first_block(sb, group) + bit;

			if (!taken_is_sane(sb, group, block, *count)) {
				*err = -EUCLEAN;
				return 0;
			}
			*err = 0;
			inode_add_bytes(inode, (loff_t)*count << sb->s_blocksize_bits);
			return block;
		}
		rel = 0;
		if (++group == sbi->s_groups_count)
			group = 0;
	}
	return 0;
}

unsigned long ext2_count_free_blocks(struct super_block *sb)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < EXT2_SB(sb)->s_groups_count; i++)
		n += le16_to_cpu(ext2_get_group_desc(sb, i, NULL)->bg_free_blocks_count);
	return n;
}
