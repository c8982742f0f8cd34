// SPDX-License-Identifier: MIT
/*
 * Inodes: which are free, and in which group a new one goes.
 *
 * A file goes to the group of its directory, or to one that is found by hashing and then by looking at all. A
 * directory at the top, or below one with EXT2_TOPDIR_FL, goes to a group of its own as far as possible (start
 * at random, not more used than the average, the fewest directories); another one stays near its parent as
 * long as that group has inodes and blocks left and has not taken many directories in a row (its "debt"). That is
 * G. Orlov's allocator; option oldalloc: the group with most free blocks among those with free inodes.
 *
 * Bitmap, bg_free_inodes_count, bg_used_dirs_count and the debt change together under the group's lock.
 * Linux 6.1: fs/ext2/ialloc.c. Observed by: statfs; e2fsck.
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/err.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/cred.h>
#include <kernel/random.h>
#include "ext2.h"

/* The bitmap of @group, referenced, or NULL after ext2_error(). */
static struct buffer_head *read_inode_bitmap(struct super_block *sb, unsigned long group)
{
	struct ext2_group_desc *gdp = ext2_get_group_desc(sb, group, NULL);
	struct buffer_head *bh;

	if (!gdp)
		return NULL;
	bh = sb_bread(sb, le32_to_cpu(gdp->bg_inode_bitmap));
	if (!bh)
		ext2_error(sb, __func__, "cannot read inode bitmap of group %lu, block %u", group,
			   le32_to_cpu(gdp->bg_inode_bitmap));
	return bh;
}

/* An inode of @group was taken (-1) or given back (1). => group's lock held */
static void account_inode(struct ext2_sb_info *sbi, struct ext2_group_desc *gdp,
			  unsigned long group, int n, bool dir)
{
	gdp->bg_free_inodes_count = cpu_to_le16(le16_to_cpu(gdp->bg_free_inodes_count) + n);
	atomic64_add(n, &sbi->s_free_inodes);
	if (dir) {
		gdp->bg_used_dirs_count = cpu_to_le16(le16_to_cpu(gdp->bg_used_dirs_count) - n);
		atomic64_add(-n, &sbi->s_dirs);
	}
	if (n > 0 && dir) {
		if (sbi->s_debts[group])
			sbi->s_debts[group]--;
	} else if (n < 0 && dir) {
		if (sbi->s_debts[group] < 255)
			sbi->s_debts[group]++;
	} else if (n < 0 && sbi->s_debts[group]) {
		sbi->s_debts[group]--;
	}
}

static void mark_group_dirty(struct super_block *sb, struct buffer_head *bitmap,
			     struct buffer_head *desc)
{
	mark_buffer_dirty(bitmap);
	mark_buffer_dirty(desc);
	if (sb->s_flags & SB_SYNCHRONOUS)
		sync_dirty_buffer(bitmap);
}

void ext2_free_inode(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned long group = (inode->i_ino - 1) / sbi->s_inodes_per_group;
	unsigned long bit = (inode->i_ino - 1) % sbi->s_inodes_per_group;
	struct buffer_head *bitmap, *desc;
	struct ext2_group_desc *gdp;
	bool was;

	if (inode->i_ino < sbi->s_first_ino ||
	    inode->i_ino > le32_to_cpu(sbi->s_es->s_inodes_count)) {
		ext2_error(sb, __func__, "reserved or nonexistent inode %lu", inode->i_ino);
		return;
	}
	bitmap = read_inode_bitmap(sb, group);
	if (!bitmap)
		return;
	gdp = ext2_get_group_desc(sb, group, &desc);
	spin_lock(sb_bgl_lock(sbi, group));
	was = __test_and_clear_bit(bit, bitmap->b_data);
	if (was)
		account_inode(sbi, gdp, group, 1, S_ISDIR(inode->i_mode));
	spin_unlock(sb_bgl_lock(sbi, group));
	if (!was)
		ext2_error(sb, __func__, "bit of inode %lu was clear already", inode->i_ino);
	mark_group_dirty(sb, bitmap, desc);
	brelse(bitmap);
}

/* ---- the group for a new one: its number, or -1 ---- */

static unsigned int free_inodes(struct super_block *sb, unsigned long group)
{
	return le16_to_cpu(ext2_get_group_desc(sb, group, NULL)->bg_free_inodes_count);
}
static unsigned int free_blocks(struct super_block *sb, unsigned long group)
{
	return le16_to_cpu(ext2_get_group_desc(sb, group, NULL)->bg_free_blocks_count);
}
static unsigned int used_dirs(struct super_block *sb, unsigned long group)
{
	return le16_to_cpu(ext2_get_group_desc(sb, group, NULL)->bg_used_dirs_count);
}

static long find_group_dir_old(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u64 average = (u64)atomic64_read(&sbi->s_free_inodes) / sbi->s_groups_count;
	long best = -1;

	for (unsigned long g = 0; g < sbi->s_groups_count; g++)
		if (free_inodes(sb, g) && free_inodes(sb, g) >= average &&
		    (best < 0 || free_blocks(sb, g) > free_blocks(sb, best)))
			best = g;
	return best;
}

/* The least used directory group from @start on that is no worse than the average. */
static long find_group_top(struct super_block *sb, u64 avefreei, u64 avefreeb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned long start = get_random_u32() % sbi->s_groups_count;
	unsigned int fewest = ~0u;
	long best = -1;

	for (unsigned long i = 0; i < sbi->s_groups_count; i++) {
		unsigned long g = (start + i) % sbi->s_groups_count;

		if (!free_inodes(sb, g) || free_inodes(sb, g) < avefreei ||
		    free_blocks(sb, g) < avefreeb || used_dirs(sb, g) >= fewest)
			continue;
		fewest = used_dirs(sb, g);
		best = g;
	}
	return best;
}

/* A group from the parent's on that is not too full of anything. */
static long find_group_near(struct super_block *sb, unsigned long parent, u64 avefreei,
			    u64 avefreeb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u64 ndirs = atomic64_read(&sbi->s_dirs), debt;
	u64 blocks_per_dir = (sbi->s_blocks_count - (u64)atomic64_read(&sbi->s_free_blocks)) /
			     (ndirs ? ndirs : 1);
	s64 min_inodes = (s64)avefreei - (s64)(sbi->s_inodes_per_group / 4);
	s64 min_blocks = (s64)avefreeb - (s64)(sbi->s_blocks_per_group / 4);
	u64 max_dirs = ndirs / sbi->s_groups_count + sbi->s_inodes_per_group / 16;

	debt = sbi->s_blocks_per_group / max(blocks_per_dir, (u64)256);
	debt = min(debt, (u64)(sbi->s_inodes_per_group / 64 ? sbi->s_inodes_per_group / 64 : 1));
	debt = clamp(debt, (u64)1, (u64)255);
	for (unsigned long i = 0; i < sbi->s_groups_count; i++) {
		unsigned long g = (parent + i) % sbi->s_groups_count;

		if (free_inodes(sb, g) && sbi->s_debts[g] < debt && used_dirs(sb, g) < max_dirs &&
		    free_inodes(sb, g) >= min_inodes && free_blocks(sb, g) >= min_blocks)
			return g;
	}
	return -1;
}

static long find_group_dir(struct super_block *sb, struct inode *parent)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u64 avefreei = (u64)atomic64_read(&sbi->s_free_inodes) / sbi->s_groups_count;
	u64 avefreeb = (u64)atomic64_read(&sbi->s_free_blocks) / sbi->s_groups_count;
	unsigned long start = EXT2_I(parent)->i_block_group;
	long group;

	if (test_opt(sb, OLDALLOC))
		return find_group_dir_old(sb);
	if (parent->i_ino == EXT2_ROOT_INO || (EXT2_I(parent)->i_flags & EXT2_TOPDIR_FL)) {
		group = find_group_top(sb, avefreei, avefreeb);
		if (group >= 0)
			return group;
	} else {
		group = find_group_near(sb, start, avefreei, avefreeb);
		if (group >= 0)
			return group;
	}
	for (unsigned long i = 0; i < sbi->s_groups_count; i++) {
		unsigned long g = (start + i) % sbi->s_groups_count;

		if (free_inodes(sb, g) && free_inodes(sb, g) >= avefreei)
			return g;
	}
	for (unsigned long g = 0; g < sbi->s_groups_count; g++)
		if (free_inodes(sb, g))
			return g;
	return -1;
}

static long find_group_file(struct super_block *sb, struct inode *parent)
{
	unsigned long n = EXT2_SB(sb)->s_groups_count, start = EXT2_I(parent)->i_block_group, g;

	if (free_inodes(sb, start) && free_blocks(sb, start))
		return start;
	/* Files of different directories leave a full group for different ones. */
	g = (start + parent->i_ino) % n;
	for (unsigned long step = 1; step < n; step <<= 1) {
		g = (g + step) % n;
		if (free_inodes(sb, g) && free_blocks(sb, g))
			return g;
	}
	for (unsigned long i = 0; i < n; i++) {
		g = (start + i) % n;
		if (free_inodes(sb, g))
			return g;
	}
	return -1;
}

/* Take a free bit of @group: its number from 0, -ENOSPC, -EIO. */
static long take_inode(struct super_block *sb, unsigned long group, bool dir)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *bitmap = read_inode_bitmap(sb, group), *desc;
	struct ext2_group_desc *gdp;
	unsigned long bit;

	if (!bitmap)
		return -EIO;
	gdp = ext2_get_group_desc(sb, group, &desc);
	spin_lock(sb_bgl_lock(sbi, group));
	bit = find_next_zero_bit((unsigned long *)bitmap->b_data, sbi->s_inodes_per_group, 0);
	if (bit < sbi->s_inodes_per_group && gdp->bg_free_inodes_count) {
		__set_bit(bit, bitmap->b_data);
		account_inode(sbi, gdp, group, -1, dir);
	} else {
		bit = sbi->s_inodes_per_group;
	}
	spin_unlock(sb_bgl_lock(sbi, group));
	if (bit < sbi->s_inodes_per_group)
		mark_group_dirty(sb, bitmap, desc);
	brelse(bitmap);
	return bit < sbi->s_inodes_per_group ? (long)bit : -ENOSPC;
}

/* A free inode's number, or a negative errno. */
static long ext2_take_number(struct inode *dir, umode_t mode)
{
	struct super_block *sb = dir->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	long group = S_ISDIR(mode) ? find_group_dir(sb, dir) : find_group_file(sb, dir), bit;

	if (group < 0)
		return -ENOSPC;
	for (unsigned long i = 0; i < sbi->s_groups_count; i++) {
		if (free_inodes(sb, group)) {
			bit = take_inode(sb, group, S_ISDIR(mode));
			if (bit >= 0)
				return group * sbi->s_inodes_per_group + bit + 1;
			if (bit != -ENOSPC)
				return bit;
		}
		if (++group == sbi->s_groups_count)
			group = 0;
	}
	return -ENOSPC;
}

static u32 inherited_flags(umode_t mode, u32 flags)
{
	flags &= EXT2_FL_INHERITED;
	if (S_ISDIR(mode))
		return flags;
	if (S_ISREG(mode))
		return flags & ~(u32)(EXT2_DIRSYNC_FL | EXT2_TOPDIR_FL);
	return flags & (EXT2_NODUMP_FL | EXT2_NOATIME_FL);
}

struct inode *ext2_new_inode(struct inode *dir, umode_t mode)
{
	struct super_block *sb = dir->i_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct inode *inode = new_inode(sb);
	struct ext2_inode_info *ei;
	long ino;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	ino = ext2_take_number(dir, mode);
	if (ino >= 0 &&
	    (ino < (long)sbi->s_first_ino || ino > le32_to_cpu(sbi->s_es->s_inodes_count))) {
		ext2_error(sb, __func__, "reserved inode %ld is marked free", ino);
		ino = -EIO; /* the bit stays set */
	}
	if (ino < 0) {
		iput(inode); /* i_ino 0: there is nothing to free */
		return ERR_PTR(ino);
	}
	ei = EXT2_I(inode);
	if (test_opt(sb, GRPID)) {
		inode->i_mode = mode;
		inode->i_uid = current_fsuid();
		inode->i_gid = dir->i_gid;
	} else {
		inode_init_owner(inode, dir, mode);
	}
	inode->i_ino = ino;
	inode->i_blocks = 0;
	inode->i_mtime = inode->i_atime = inode->i_ctime = current_time(inode);
	memset(ei->i_data, 0, sizeof(ei->i_data));
	ei->i_flags = inherited_flags(mode, EXT2_I(dir)->i_flags);
	ei->i_block_group = (ino - 1) / sbi->s_inodes_per_group;
	ei->i_new = true;
	ext2_set_inode_flags(inode);
	inode->i_generation = atomic_inc_return(&sbi->s_next_generation);
	if (insert_inode_locked(inode) < 0) {
		ext2_error(sb, __func__, "inode %ld is in use although marked free", ino);
		inode->i_ino = 0;
		iput(inode);
		return ERR_PTR(-EIO);
	}
	mark_inode_dirty(inode);
	return inode;
}

unsigned long ext2_count_free_inodes(struct super_block *sb)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < EXT2_SB(sb)->s_groups_count; i++)
		n += free_inodes(sb, i);
	return n;
}

unsigned long ext2_count_dirs(struct super_block *sb)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < EXT2_SB(sb)->s_groups_count; i++)
		n += used_dirs(sb, i);
	return n;
}
