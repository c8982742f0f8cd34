// SPDX-License-Identifier: MIT
/*
 * ext2: the second extended file system, read and written.
 *
 * 1 The disk, in blocks of 1, 2 or 4 KiB:
 *
 *	boot | group 0 | group 1 | ...		each group at most 8 blocks' worth of bits long
 *	group: [super block copy | descriptors of all groups]  block bitmap | inode bitmap | inodes | data
 *
 *   Copies lie in each group, or (sparse_super) in groups 0, 1 and powers of 3, 5, 7; those behind the first are
 *   for e2fsck. With meta_bg the descriptors are spread over the groups. An inode names its blocks (inode.c),
 *   a directory is a file of names (dir.c), attributes lie in a block of their own (xattr.c).
 *
 * 2 In memory all metadata are buffers of the device's page cache (fs/buffer.c); the super block and the group
 *   descriptors stay there while mounted. Data of files are folios of their own mapping without buffers.
 *
 * 3 Trust. What comes from the disk is checked before it is used as an index, a length or a block number: the
 *   geometry here, once; block numbers, directory entries, attribute blocks and inodes at each use. A contradiction
 *   is told by ext2_error(), which marks the file system for e2fsck and does what errors= says.
 *
 * 4 Counts. s_free_blocks, s_free_inodes and s_dirs are sums over the descriptors, exact at each moment
 *   (balloc.c, ialloc.c). Those in the super block on the disk are written by sync and umount only.
 *
 * 5 Locks, outermost first:
 *
 *	s_umount -> i_rwsem -> invalidate_lock -> folio lock -> xattr_sem -> truncate_mutex -> BH_Lock
 *	         -> group locks, s_lock (spin)
 *
 * 6 Features. Compatible ones are ignored, as ext2 always did (has_journal included, once it was replayed); an
 *   unknown ro_compat one allows read-only mounts, an unknown incompat one none; the log names them.
 *
 * There is no ordering of writes but one (inode.c, 6): after a crash e2fsck decides. What fsync acknowledged is on the
 * disk, if its name is too (fsync of the directory). Linux 6.1: fs/ext2/. Observed by: statfs, /proc/mounts, the log.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <sync/ranks.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/timekeeping.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/dentry.h>
#include "ext2.h"

static struct kmem_cache *ext2_inode_cachep;

/* ---- telling ---- */

void ext2_msg(struct super_block *sb, const char *prefix, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	printk_ratelimited("%sEXT2-fs (%s): %pV\n", prefix, sb->s_id, &vaf);
	va_end(args);
}

void ext2_error(struct super_block *sb, const char *function, const char *fmt, ...)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	printk_ratelimited(KERN_CRIT "EXT2-fs (%s): error: %s: %pV\n", sb->s_id, function, &vaf);
	va_end(args);
	if (!sb_rdonly(sb)) {
		spin_lock(&sbi->s_lock);
		sbi->s_mount_state |= EXT2_ERROR_FS;
		sbi->s_es->s_state |= cpu_to_le16(EXT2_ERROR_FS);
		spin_unlock(&sbi->s_lock);
		ext2_sync_super(sb, true);
	}
	if (test_opt(sb, ERRORS_PANIC))
		panic("EXT2-fs (%s): panic forced after error\n", sb->s_id);
	if (!sb_rdonly(sb) && test_opt(sb, ERRORS_RO)) {
		ext2_msg(sb, KERN_CRIT, "error: remounting filesystem read-only");
		sb->s_flags |= SB_RDONLY;
	}
}

/* ---- the super block on the disk ---- */

void ext2_update_dynamic_rev(struct super_block *sb)
{
	struct ext2_super_block *es = EXT2_SB(sb)->s_es;

	if (le32_to_cpu(es->s_rev_level) > EXT2_GOOD_OLD_REV)
		return;
	ext2_msg(sb, KERN_WARNING, "warning: updating to rev %d because of new feature flag",
		 EXT2_DYNAMIC_REV);
	es->s_first_ino = cpu_to_le32(EXT2_GOOD_OLD_FIRST_INO);
	es->s_inode_size = cpu_to_le16(EXT2_GOOD_OLD_INODE_SIZE);
	es->s_rev_level = cpu_to_le32(EXT2_DYNAMIC_REV);
}

void ext2_sync_super(struct super_block *sb, bool wait)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct buffer_head *bh = sbi->s_sbh;

	/* A write that failed took the mark of validity, but what is in memory is right. */
	if (buffer_write_io_error(bh)) {
		ext2_msg(sb, KERN_ERR, "error: previous I/O error to superblock detected");
		clear_buffer_write_io_error(bh);
		set_buffer_uptodate(bh);
	}
	lock_buffer(bh);
	spin_lock(&sbi->s_lock);
	sbi->s_es->s_free_blocks_count = cpu_to_le32(atomic64_read(&sbi->s_free_blocks));
	sbi->s_es->s_free_inodes_count = cpu_to_le32(atomic64_read(&sbi->s_free_inodes));
	sbi->s_es->s_wtime = cpu_to_le32(ktime_get_real_seconds());
	spin_unlock(&sbi->s_lock);
	unlock_buffer(bh);
	mark_buffer_dirty(bh);
	if (wait)
		sync_dirty_buffer(bh);
}

static void set_state(struct super_block *sb, u16 state)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	spin_lock(&sbi->s_lock);
	sbi->s_es->s_state = cpu_to_le16(state);
	spin_unlock(&sbi->s_lock);
}

static int ext2_sync_fs(struct super_block *sb, int wait)
{
	if (!sb_rdonly(sb))
		ext2_sync_super(sb, wait);
	return 0;
}

/* It is going to be written: it counts as not unmounted from now on. */
static void setup_super(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_super_block *es = sbi->s_es;
	s16 max = le16_to_cpu(es->s_max_mnt_count);
	u32 interval = le32_to_cpu(es->s_checkinterval);

	if (!(sbi->s_mount_state & EXT2_VALID_FS))
		ext2_msg(sb, KERN_WARNING,
			 "warning: mounting unchecked fs, running e2fsck is recommended");
	else if (sbi->s_mount_state & EXT2_ERROR_FS)
		ext2_msg(sb, KERN_WARNING,
			 "warning: mounting fs with errors, running e2fsck is recommended");
	else if (max >= 0 && le16_to_cpu(es->s_mnt_count) >= (u16)max)
		ext2_msg(sb, KERN_WARNING,
			 "warning: maximal mount count reached, running e2fsck is recommended");
	else if (interval &&
		 le32_to_cpu(es->s_lastcheck) + interval <= (u64)ktime_get_real_seconds())
		ext2_msg(sb, KERN_WARNING,
			 "warning: checktime reached, running e2fsck is recommended");
	if (!es->s_max_mnt_count)
		es->s_max_mnt_count = cpu_to_le16(20);
	es->s_mnt_count = cpu_to_le16(le16_to_cpu(es->s_mnt_count) + 1);
	es->s_mtime = cpu_to_le32(ktime_get_real_seconds());
	set_state(sb, sbi->s_mount_state & ~EXT2_VALID_FS);
	ext2_sync_super(sb, true);
}

/* ---- features by name ---- */

struct feature_name {
	u32 bit;
	const char *name;
};
static const struct feature_name incompat_names[] = {
	{ 0x1, "compression" },	 { 0x4, "needs_recovery" },
	{ 0x8, "journal_dev" },	 { 0x40, "extents" },
	{ 0x80, "64bit" },	 { 0x100, "mmp" },
	{ 0x200, "flex_bg" },	 { 0x400, "ea_inode" },
	{ 0x1000, "dirdata" },	 { 0x2000, "metadata_csum_seed" },
	{ 0x4000, "large_dir" }, { 0x8000, "inline_data" },
	{ 0x10000, "encrypt" },	 { 0x20000, "casefold" },
};
static const struct feature_name ro_compat_names[] = {
	{ 0x8, "huge_file" },
	{ 0x10, "uninit_bg" },
	{ 0x20, "dir_nlink" },
	{ 0x40, "extra_isize" },
	{ 0x100, "quota" },
	{ 0x200, "bigalloc" },
	{ 0x400, "metadata_csum" },
	{ 0x1000, "read-only" },
	{ 0x2000, "project" },
	{ 0x8000, "verity" },
	{ 0x10000, "orphan_present" },
};

static void refuse_features(struct super_block *sb, const char *what, u32 bits,
			    const struct feature_name *names, unsigned int n)
{
	char text[160] = "";
	u32 left = bits;

	for (unsigned int i = 0; i < n; i++)
		if (bits & names[i].bit) {
			strlcat(text, " ", sizeof(text));
			strlcat(text, names[i].name, sizeof(text));
			left &= ~names[i].bit;
		}
	ext2_msg(sb, KERN_ERR,
		 "error: couldn't mount%s because of unsupported optional features (%x):%s%s", what,
		 bits, text, left ? " unknown" : "");
}

/* 0 or -EINVAL. */
static int check_incompat(struct super_block *sb, const struct ext2_super_block *es)
{
	u32 bits = le32_to_cpu(es->s_feature_incompat) & ~(u32)EXT2_FEATURE_INCOMPAT_SUPP;

	if (!bits || le32_to_cpu(es->s_rev_level) == EXT2_GOOD_OLD_REV)
		return 0;
	refuse_features(sb, "", bits, incompat_names, ARRAY_SIZE(incompat_names));
	return -EINVAL;
}

static int check_ro_compat(struct super_block *sb, const struct ext2_super_block *es)
{
	u32 bits = le32_to_cpu(es->s_feature_ro_compat) & ~(u32)EXT2_FEATURE_RO_COMPAT_SUPP;

	if (!bits || le32_to_cpu(es->s_rev_level) == EXT2_GOOD_OLD_REV)
		return 0;
	refuse_features(sb, " RDWR", bits, ro_compat_names, ARRAY_SIZE(ro_compat_names));
	return -EINVAL;
}

/* ---- geometry ---- */

/* The largest file: what the tree can name, and what i_blocks can count with the tree itself. */
static loff_t max_size(unsigned int bits)
{
	u64 per_block = 1ULL << (bits - 2), limit = 0xffffffffULL >> (bits - 9), rest, meta;
	u64 blocks = EXT2_NDIR_BLOCKS + per_block + per_block * per_block +
		     per_block * per_block * per_block;

	if (blocks >= limit) {
		rest = limit - EXT2_NDIR_BLOCKS - per_block;
		meta = 1;
		if (rest < per_block * per_block) {
			meta += 1 + DIV_ROUND_UP(rest, per_block);
		} else {
			meta += 1 + per_block;
			rest -= per_block * per_block;
			meta += 1 + DIV_ROUND_UP(rest, per_block) +
				DIV_ROUND_UP(rest, per_block * per_block);
		}
		blocks = limit - meta;
	}
	return min((u64)MAX_LFS_FILESIZE, blocks << bits);
}

#define BAD(sb, fmt, ...)                                                                          \
	({                                                                                         \
		ext2_msg(sb, KERN_ERR, "error: " fmt, ##__VA_ARGS__);                              \
		-EINVAL;                                                                           \
	})

/* Numbers of the super block that describe inodes and groups, checked, into @sbi. */
static int read_geometry(struct super_block *sb, struct ext2_sb_info *sbi,
			 const struct ext2_super_block *es)
{
	unsigned long size = sb->s_blocksize,
		      device = bdev_nr_bytes(sb->s_bdev) >> sb->s_blocksize_bits;

	if (le32_to_cpu(es->s_rev_level) == EXT2_GOOD_OLD_REV) {
		sbi->s_inode_size = EXT2_GOOD_OLD_INODE_SIZE;
		sbi->s_first_ino = EXT2_GOOD_OLD_FIRST_INO;
	} else {
		sbi->s_inode_size = le16_to_cpu(es->s_inode_size);
		sbi->s_first_ino = le32_to_cpu(es->s_first_ino);
		if (sbi->s_inode_size < EXT2_GOOD_OLD_INODE_SIZE || sbi->s_inode_size > size ||
		    (sbi->s_inode_size & (sbi->s_inode_size - 1)))
			return BAD(sb, "unsupported inode size: %u", sbi->s_inode_size);
		if (sbi->s_first_ino < EXT2_GOOD_OLD_FIRST_INO)
			return BAD(sb, "invalid first inode: %u", sbi->s_first_ino);
	}
	sbi->s_blocks_per_group = le32_to_cpu(es->s_blocks_per_group);
	sbi->s_inodes_per_group = le32_to_cpu(es->s_inodes_per_group);
	sbi->s_inodes_per_block = size / sbi->s_inode_size;
	sbi->s_first_data_block = le32_to_cpu(es->s_first_data_block);
	sbi->s_blocks_count = le32_to_cpu(es->s_blocks_count);
	sbi->s_desc_per_block = size / sizeof(struct ext2_group_desc);
	sbi->s_addr_per_block_bits = sb->s_blocksize_bits - 2;
	if (es->s_log_frag_size != es->s_log_block_size)
		return BAD(sb, "fragment size differs from block size");
	if (sbi->s_inodes_per_group < sbi->s_inodes_per_block || sbi->s_inodes_per_group > size * 8)
		return BAD(sb, "invalid #inodes per group: %lu", sbi->s_inodes_per_group);
	sbi->s_itb_per_group = DIV_ROUND_UP(sbi->s_inodes_per_group, sbi->s_inodes_per_block);
	if (sbi->s_blocks_per_group > size * 8 ||
	    sbi->s_blocks_per_group <= sbi->s_itb_per_group + 3)
		return BAD(sb, "invalid #blocks per group: %lu", sbi->s_blocks_per_group);
	if (sbi->s_first_data_block != (size == 1024) ||
	    sbi->s_blocks_count <= sbi->s_first_data_block)
		return BAD(sb, "invalid first data block: %lu", sbi->s_first_data_block);
	if (sbi->s_blocks_count > device)
		return BAD(sb, "bad geometry: block count %lu exceeds size of device (%lu blocks)",
			   sbi->s_blocks_count, device);
	sbi->s_groups_count = DIV_ROUND_UP(sbi->s_blocks_count - sbi->s_first_data_block,
					   sbi->s_blocks_per_group);
	if ((u64)sbi->s_groups_count * sbi->s_inodes_per_group != le32_to_cpu(es->s_inodes_count))
		return BAD(sb, "invalid #inodes: %u vs computed %llu",
			   le32_to_cpu(es->s_inodes_count),
			   (u64)sbi->s_groups_count * sbi->s_inodes_per_group);
	sbi->s_gdb_count = DIV_ROUND_UP(sbi->s_groups_count, sbi->s_desc_per_block);
	return 0;
}

/* Where block @nr of the descriptors lies. */
static unsigned long descriptor_block(struct super_block *sb, unsigned long sb_block,
				      unsigned long nr)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned long first_meta = le32_to_cpu(sbi->s_es->s_first_meta_bg), group;

	if (!EXT2_HAS_INCOMPAT_FEATURE(sb, EXT2_FEATURE_INCOMPAT_META_BG) || nr < first_meta)
		return sb_block + nr + 1;
	group = sbi->s_desc_per_block * nr;
	return ext2_group_first_block(sb, group) + ext2_bg_has_super(sb, group);
}

static bool in_group(struct super_block *sb, unsigned long group, unsigned long block,
		     unsigned long n)
{
	return block >= ext2_group_first_block(sb, group) &&
	       block + n - 1 <= ext2_group_last_block(sb, group);
}

/* Each group's bitmaps and inodes lie within the group. 0 or -EINVAL. */
static int check_descriptors(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	for (unsigned long g = 0; g < sbi->s_groups_count; g++) {
		struct ext2_group_desc *gdp = ext2_get_group_desc(sb, g, NULL);
		u32 bb = le32_to_cpu(gdp->bg_block_bitmap), ib = le32_to_cpu(gdp->bg_inode_bitmap),
		    it = le32_to_cpu(gdp->bg_inode_table);

		if (!in_group(sb, g, bb, 1))
			return BAD(sb, "block bitmap for group %lu not in group (block %u)", g, bb);
		if (!in_group(sb, g, ib, 1))
			return BAD(sb, "inode bitmap for group %lu not in group (block %u)", g, ib);
		if (!in_group(sb, g, it, sbi->s_itb_per_group))
			return BAD(sb, "inode table for group %lu not in group (block %u)", g, it);
	}
	return 0;
}

static void put_descriptors(struct ext2_sb_info *sbi)
{
	for (unsigned long i = 0; sbi->s_group_desc && i < sbi->s_gdb_count; i++)
		brelse(sbi->s_group_desc[i]);
	kvfree(sbi->s_group_desc);
}

static int read_descriptors(struct super_block *sb, unsigned long sb_block)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	sbi->s_group_desc = kvzalloc(sbi->s_gdb_count * sizeof(*sbi->s_group_desc), GFP_KERNEL);
	sbi->s_debts = kvzalloc(sbi->s_groups_count, GFP_KERNEL);
	if (!sbi->s_group_desc || !sbi->s_debts)
		return -ENOMEM;
	for (unsigned long i = 0; i < sbi->s_gdb_count; i++)
		sb_breadahead(sb, descriptor_block(sb, sb_block, i));
	for (unsigned long i = 0; i < sbi->s_gdb_count; i++) {
		sbi->s_group_desc[i] = sb_bread(sb, descriptor_block(sb, sb_block, i));
		if (!sbi->s_group_desc[i])
			return BAD(sb, "unable to read group descriptors");
	}
	return check_descriptors(sb);
}

static unsigned long count_overhead(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned long n = sbi->s_first_data_block;

	for (unsigned long g = 0; g < sbi->s_groups_count; g++)
		n += ext2_bg_has_super(sb, g) + ext2_bg_num_gdb(sb, g);
	return n + sbi->s_groups_count * (2 + sbi->s_itb_per_group);
}

/* ---- mounting ---- */

static void default_options(struct ext2_sb_info *sbi)
{
	const struct ext2_super_block *es = sbi->s_es;
	u32 defaults = le32_to_cpu(es->s_default_mount_opts);
	struct ext2_mount_options *opts = &sbi->s_opts;

	opts->mount_opt = EXT2_MOUNT_XATTR_USER;
	if (defaults & EXT2_DEFM_DEBUG)
		opts->mount_opt |= EXT2_MOUNT_DEBUG;
	if (defaults & EXT2_DEFM_BSDGROUPS)
		opts->mount_opt |= EXT2_MOUNT_GRPID;
	if (defaults & EXT2_DEFM_UID16)
		opts->mount_opt |= EXT2_MOUNT_NO_UID32;
	switch (le16_to_cpu(es->s_errors)) {
	case EXT2_ERRORS_PANIC:
		opts->mount_opt |= EXT2_MOUNT_ERRORS_PANIC;
		break;
	case EXT2_ERRORS_CONTINUE:
		opts->mount_opt |= EXT2_MOUNT_ERRORS_CONT;
		break;
	default:
		opts->mount_opt |= EXT2_MOUNT_ERRORS_RO;
	}
	opts->resuid = le16_to_cpu(es->s_def_resuid);
	opts->resgid = le16_to_cpu(es->s_def_resgid);
}

/* The super block in unit @sb_block of 1 KiB, with the present block size: 0, -EINVAL, -EIO. */
static int read_super(struct super_block *sb, unsigned long sb_block)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	u64 at = (u64)sb_block * 1024;

	brelse(sbi->s_sbh);
	sbi->s_sbh = sb_bread(sb, at >> sb->s_blocksize_bits);
	if (!sbi->s_sbh)
		return BAD(sb, "unable to read superblock");
	sbi->s_es = (struct ext2_super_block *)(sbi->s_sbh->b_data + (at & (sb->s_blocksize - 1)));
	sb->s_magic = le16_to_cpu(sbi->s_es->s_magic);
	return sb->s_magic == EXT2_SUPER_MAGIC ? 0 : -EINVAL;
}

/* Find the super block and make its block size that of the device. */
static int find_super(struct super_block *sb, unsigned long sb_block, int silent)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	unsigned int log;
	int err;

	if (!sb_min_blocksize(sb, 1024))
		return BAD(sb, "unable to set blocksize");
	err = read_super(sb, sb_block);
	if (err) {
		if (!silent && sbi->s_sbh)
			ext2_msg(sb, KERN_ERR, "error: can't find an ext2 filesystem on dev %s",
				 sb->s_id);
		return err;
	}
	if (le32_to_cpu(sbi->s_es->s_rev_level) > EXT2_DYNAMIC_REV)
		return BAD(sb, "revision level %u too high", le32_to_cpu(sbi->s_es->s_rev_level));
	err = check_incompat(sb, sbi->s_es);
	if (err)
		return err;
	log = le32_to_cpu(sbi->s_es->s_log_block_size);
	if (log > PAGE_SHIFT - EXT2_MIN_BLOCK_LOG_SIZE)
		return BAD(sb, "unsupported block size (log %u)", log);
	if (sb->s_blocksize == 1024UL << log)
		return 0;
	brelse(sbi->s_sbh);
	sbi->s_sbh = NULL;
	if (!sb_set_blocksize(sb, 1024 << log))
		return BAD(sb, "bad blocksize %u", 1024 << log);
	return read_super(sb, sb_block);
}

static void free_sbi(struct ext2_sb_info *sbi)
{
	put_descriptors(sbi);
	kvfree(sbi->s_debts);
	brelse(sbi->s_sbh);
	ext2_xattr_cache_destroy(sbi->s_xattr_cache);
	xa_destroy(&sbi->s_cuts);
	kfree(sbi);
}

static const struct super_operations ext2_sops;

static int make_root(struct super_block *sb)
{
	struct inode *root = ext2_iget(sb, EXT2_ROOT_INO);

	if (IS_ERR(root))
		return PTR_ERR(root);
	if (!S_ISDIR(root->i_mode) || !root->i_blocks || !root->i_size) {
		iput(root);
		return BAD(sb, "corrupt root inode, run e2fsck");
	}
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

/* All of a mount that needs the super block to be found. 0 or an errno. */
static int fill_from_super(struct super_block *sb, unsigned long sb_block)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	int err;

	if (!sb_rdonly(sb) && check_ro_compat(sb, sbi->s_es))
		return -EINVAL;
	err = read_geometry(sb, sbi, sbi->s_es);
	if (!err)
		err = read_descriptors(sb, sbi->s_sbh->b_blocknr);
	if (err)
		return err;
	sbi->s_mount_state = le16_to_cpu(sbi->s_es->s_state);
	sbi->s_overhead = count_overhead(sb);
	atomic64_set(&sbi->s_free_blocks, ext2_count_free_blocks(sb));
	atomic64_set(&sbi->s_free_inodes, ext2_count_free_inodes(sb));
	atomic64_set(&sbi->s_dirs, ext2_count_dirs(sb));
	atomic_set(&sbi->s_next_generation, get_random_u32());
	sb->s_maxbytes = max_size(sb->s_blocksize_bits);
	sb->s_time_gran = NSEC_PER_SEC;
	sb->s_op = &ext2_sops;
	sb->s_export_op = &ext2_export_ops;
	return make_root(sb);
}

static int ext2_fill_super(struct super_block *sb, void *data, int silent)
{
	struct ext2_sb_info *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);
	struct ext2_mount_options first = { 0 };
	unsigned long sb_block = 1;
	char *copy = data ? kstrdup(data, GFP_KERNEL) : NULL;
	int err = -ENOMEM;

	if (!sbi || (data && !copy)) {
		kfree(sbi);
		kfree(copy);
		return err;
	}
	sb->s_fs_info = sbi;
	spin_lock_init(&sbi->s_lock, LOCK_EXT2_SB);
	mutex_init(&sbi->s_cuts_mutex, LOCK_EXT2_CUTS);
	xa_init(&sbi->s_cuts);
	for (unsigned int i = 0; i < EXT2_GROUP_LOCKS; i++)
		spin_lock_init(&sbi->s_group_locks[i], LOCK_EXT2_GROUP);
	sbi->s_xattr_cache = ext2_xattr_cache_create();
	if (!sbi->s_xattr_cache)
		goto failed;
	/* sb= has to be known before the defaults that stand in the super block. */
	err = ext2_parse_options(sb, copy, &first, &sb_block);
	if (!err)
		err = find_super(sb, sb_block, silent);
	if (err)
		goto failed;
	sbi->s_sb_block = sb_block;
	default_options(sbi);
	err = ext2_parse_options(sb, data, &sbi->s_opts, &sb_block);
	if (!err)
		err = fill_from_super(sb, sb_block);
	if (err)
		goto failed;
	kfree(copy);
	if (!sb_rdonly(sb))
		setup_super(sb);
	return 0;
failed:
	kfree(copy);
	sb->s_fs_info = NULL;
	free_sbi(sbi);
	return err;
}

static void ext2_put_super(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (!sb_rdonly(sb)) {
		set_state(sb, sbi->s_mount_state);
		ext2_sync_super(sb, true);
	}
	sb->s_fs_info = NULL;
	free_sbi(sbi);
}

/* => s_umount held for writing; everything dirty was written */
static int ext2_remount(struct super_block *sb, int *flags, char *data)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	struct ext2_mount_options opts = sbi->s_opts;
	int err = ext2_parse_options(sb, data, &opts, NULL);

	if (err)
		return err;
	if (!(*flags & SB_RDONLY) == !sb_rdonly(sb)) {
		sbi->s_opts = opts;
		return 0;
	}
	if (*flags & SB_RDONLY) {
		set_state(sb, sbi->s_mount_state);
		ext2_sync_super(sb, true);
	} else {
		if (check_ro_compat(sb, sbi->s_es))
			return -EROFS;
		/* e2fsck may have run meanwhile. */
		sbi->s_mount_state = le16_to_cpu(sbi->s_es->s_state);
		sb->s_flags &= ~(unsigned long)SB_RDONLY;
		setup_super(sb);
	}
	sbi->s_opts = opts;
	return 0;
}

static int ext2_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct super_block *sb = dentry->d_sb;
	struct ext2_sb_info *sbi = EXT2_SB(sb);
	const struct ext2_super_block *es = sbi->s_es;
	u64 reserved = le32_to_cpu(es->s_r_blocks_count);

	buf->f_type = EXT2_SUPER_MAGIC;
	buf->f_bsize = sb->s_blocksize;
	buf->f_blocks = sbi->s_blocks_count - (test_opt(sb, MINIX_DF) ? 0 : sbi->s_overhead);
	buf->f_bfree = atomic64_read(&sbi->s_free_blocks);
	buf->f_bavail = buf->f_bfree > reserved ? buf->f_bfree - reserved : 0;
	buf->f_files = le32_to_cpu(es->s_inodes_count);
	buf->f_ffree = atomic64_read(&sbi->s_free_inodes);
	buf->f_namelen = EXT2_NAME_LEN;
	buf->f_fsid.val[0] = get_unaligned_le32(es->s_uuid) ^ get_unaligned_le32(es->s_uuid + 8);
	buf->f_fsid.val[1] =
		get_unaligned_le32(es->s_uuid + 4) ^ get_unaligned_le32(es->s_uuid + 12);
	return 0;
}

/* ---- memory of inodes ---- */

static struct inode *ext2_alloc_inode(struct super_block *sb)
{
	struct ext2_inode_info *ei = kmem_cache_zalloc(ext2_inode_cachep, GFP_NOFS);

	if (!ei)
		return NULL;
	init_rwsem(&ei->xattr_sem, LOCK_EXT2_XATTR);
	mutex_init(&ei->truncate_mutex, LOCK_EXT2_TRUNCATE);
	return &ei->vfs_inode;
}

static void ext2_free_in_core_inode(struct inode *inode)
{
	kmem_cache_free(ext2_inode_cachep, EXT2_I(inode));
}

static const struct super_operations ext2_sops = {
	.alloc_inode = ext2_alloc_inode,
	.free_inode = ext2_free_in_core_inode,
	.write_inode = ext2_write_inode,
	.evict_inode = ext2_evict_inode,
	.put_super = ext2_put_super,
	.sync_fs = ext2_sync_fs,
	.statfs = ext2_statfs,
	.remount_fs = ext2_remount,
	.show_options = ext2_show_options,
};

static struct dentry *ext2_mount(struct file_system_type *type, int flags, const char *dev_name,
				 void *data)
{
	return mount_bdev(type, flags, dev_name, data, ext2_fill_super);
}

static struct file_system_type ext2_fs_type = {
	.name = "ext2",
	.fs_flags = FS_REQUIRES_DEV,
	.mount = ext2_mount,
	.kill_sb = kill_block_super,
};

static int __init ext2_init(void)
{
	ext2_inode_cachep =
		kmem_cache_create("ext2_inode_cache", sizeof(struct ext2_inode_info), 64,
				  SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE | SLAB_PANIC | SLAB_ACCOUNT,
				  NULL);
	return register_filesystem(&ext2_fs_type);
}
fs_initcall(ext2_init);
