/* SPDX-License-Identifier: MIT */
/*
 * ext2: what lies on the disk, and what stands for it in memory. Theory: fs/ext2/super.c.
 * The layout is that of Linux 6.1 (fs/ext2/ext2.h, Documentation/filesystems/ext2.rst) and e2fsprogs 1.47.
 *
 * Legend of the structures in memory: s  s_lock;  g  lock of the group (sb_bgl_lock);  a  atomic;
 * c  constant while mounted;  x  xattr_sem;  t  truncate_mutex;  R  i_rwsem
 */
#ifndef QUIRE_FS_EXT2_H
#define QUIRE_FS_EXT2_H

#include <base/types.h>
#include <base/atomic.h>
#include <mm/xarray.h>
#include <sync/mutex.h>
#include <sync/rwsem.h>
#include <sync/spinlock.h>
#include <fs/buffer_head.h>
#include <fs/inode.h>
#include <fs/super.h>

struct dentry;
struct dir_context;
struct ext2_xattr_cache;
struct file;
struct kstat;

/* ---- on the disk: little-endian ---- */

#define EXT2_BAD_INO		1
#define EXT2_ROOT_INO		2
#define EXT2_GOOD_OLD_FIRST_INO	11
#define EXT2_GOOD_OLD_REV	0
#define EXT2_DYNAMIC_REV	1
#define EXT2_GOOD_OLD_INODE_SIZE 128
#define EXT2_MIN_BLOCK_LOG_SIZE	10
#define EXT2_LINK_MAX		32000
#define EXT2_NAME_LEN		255

struct ext2_super_block {
	__le32 s_inodes_count;
	__le32 s_blocks_count;
	__le32 s_r_blocks_count;
	__le32 s_free_blocks_count;
	__le32 s_free_inodes_count;
	__le32 s_first_data_block;
	__le32 s_log_block_size;
	__le32 s_log_frag_size;
	__le32 s_blocks_per_group;
	__le32 s_frags_per_group;
	__le32 s_inodes_per_group;
	__le32 s_mtime;
	__le32 s_wtime;
	__le16 s_mnt_count;
	__le16 s_max_mnt_count;
	__le16 s_magic;
	__le16 s_state;
	__le16 s_errors;
	__le16 s_minor_rev_level;
	__le32 s_lastcheck;
	__le32 s_checkinterval;
	__le32 s_creator_os;
	__le32 s_rev_level;
	__le16 s_def_resuid;
	__le16 s_def_resgid;
	__le32 s_first_ino;		/* from here on: EXT2_DYNAMIC_REV */
	__le16 s_inode_size;
	__le16 s_block_group_nr;
	__le32 s_feature_compat;
	__le32 s_feature_incompat;
	__le32 s_feature_ro_compat;
	u8 s_uuid[16];
	char s_volume_name[16];
	char s_last_mounted[64];
	__le32 s_algorithm_usage_bitmap;
	u8 s_prealloc_blocks;
	u8 s_prealloc_dir_blocks;
	__le16 s_padding1;
	u8 s_journal_uuid[16];
	__le32 s_journal_inum;
	__le32 s_journal_dev;
	__le32 s_last_orphan;
	__le32 s_hash_seed[4];
	u8 s_def_hash_version;
	u8 s_reserved_char_pad;
	__le16 s_reserved_word_pad;
	__le32 s_default_mount_opts;
	__le32 s_first_meta_bg;
	__le32 s_reserved[190];
};
static_assert(sizeof(struct ext2_super_block) == 1024, "super block on the disk");

/* s_state */
#define EXT2_VALID_FS		0x0001	/* unmounted in order */
#define EXT2_ERROR_FS		0x0002
/* s_errors */
#define EXT2_ERRORS_CONTINUE	1
#define EXT2_ERRORS_RO		2
#define EXT2_ERRORS_PANIC	3
/* s_default_mount_opts */
#define EXT2_DEFM_DEBUG		0x0001
#define EXT2_DEFM_BSDGROUPS	0x0002
#define EXT2_DEFM_XATTR_USER	0x0004
#define EXT2_DEFM_UID16		0x0010

#define EXT2_FEATURE_INCOMPAT_FILETYPE		0x0002
#define EXT2_FEATURE_INCOMPAT_META_BG		0x0010
#define EXT2_FEATURE_INCOMPAT_SUPP	(EXT2_FEATURE_INCOMPAT_FILETYPE | EXT2_FEATURE_INCOMPAT_META_BG)
#define EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER	0x0001
#define EXT2_FEATURE_RO_COMPAT_LARGE_FILE	0x0002
#define EXT2_FEATURE_RO_COMPAT_BTREE_DIR	0x0004
#define EXT2_FEATURE_RO_COMPAT_SUPP	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | \
					 EXT2_FEATURE_RO_COMPAT_LARGE_FILE | EXT2_FEATURE_RO_COMPAT_BTREE_DIR)
#define EXT2_FEATURE_COMPAT_EXT_ATTR		0x0008

struct ext2_group_desc {
	__le32 bg_block_bitmap;
	__le32 bg_inode_bitmap;
	__le32 bg_inode_table;
	__le16 bg_free_blocks_count;
	__le16 bg_free_inodes_count;
	__le16 bg_used_dirs_count;
	__le16 bg_pad;
	__le32 bg_reserved[3];
};
static_assert(sizeof(struct ext2_group_desc) == 32, "group descriptor on the disk");

#define EXT2_NDIR_BLOCKS	12
#define EXT2_IND_BLOCK		12
#define EXT2_DIND_BLOCK		13
#define EXT2_TIND_BLOCK		14
#define EXT2_N_BLOCKS		15

struct ext2_inode {
	__le16 i_mode;
	__le16 i_uid;			/* low 16 bits, as i_gid */
	__le32 i_size;
	__le32 i_atime, i_ctime, i_mtime, i_dtime;	/* seconds, signed */
	__le16 i_gid;
	__le16 i_links_count;
	__le32 i_blocks;		/* of 512 bytes, with indirect and attribute blocks */
	__le32 i_flags;
	__le32 i_reserved1;
	__le32 i_block[EXT2_N_BLOCKS];
	__le32 i_generation;
	__le32 i_file_acl;		/* block of extended attributes */
	__le32 i_size_high;		/* of regular files */
	__le32 i_faddr;
	u8 i_frag, i_fsize;
	__le16 i_pad1;
	__le16 i_uid_high;
	__le16 i_gid_high;
	__le32 i_reserved2;
};
static_assert(sizeof(struct ext2_inode) == 128, "inode on the disk");

/* i_flags: those of FS_IOC_GETFLAGS */
#define EXT2_SYNC_FL		0x00000008
#define EXT2_IMMUTABLE_FL	0x00000010
#define EXT2_APPEND_FL		0x00000020
#define EXT2_NODUMP_FL		0x00000040
#define EXT2_NOATIME_FL		0x00000080
#define EXT2_COMPR_FL		0x00000004
#define EXT2_BTREE_FL		0x00001000	/* a directory with an index */
#define EXT2_DIRSYNC_FL		0x00010000
#define EXT2_TOPDIR_FL		0x00020000
#define EXT2_FL_USER_VISIBLE	0x0003DFFFu
#define EXT2_FL_USER_MODIFIABLE	0x000380FFu
#define EXT2_FL_INHERITED	0x000180CFu	/* sync, compression, nodump, noatime, journal_data, notail, dirsync */

struct ext2_dir_entry_2 {
	__le32 inode;			/* 0: free */
	__le16 rec_len;			/* to the next; of the last one of a block: to its end */
	u8 name_len;
	u8 file_type;			/* EXT2_FT_*, or 0 without FILETYPE */
	char name[];
};
#define EXT2_DIR_REC_LEN(name_len)	(((name_len) + 8 + 3) & ~3u)

/* ---- in memory ---- */

/* s_mount_opt */
#define EXT2_MOUNT_OLDALLOC	0x000002
#define EXT2_MOUNT_GRPID	0x000004
#define EXT2_MOUNT_DEBUG	0x000008
#define EXT2_MOUNT_ERRORS_CONT	0x000010
#define EXT2_MOUNT_ERRORS_RO	0x000020
#define EXT2_MOUNT_ERRORS_PANIC	0x000040
#define EXT2_MOUNT_ERRORS	0x000070
#define EXT2_MOUNT_MINIX_DF	0x000080
#define EXT2_MOUNT_NO_UID32	0x000200
#define EXT2_MOUNT_XATTR_USER	0x004000
#define test_opt(sb, opt)	(EXT2_SB(sb)->s_opts.mount_opt & EXT2_MOUNT_##opt)

/* What mount options say; changed by remount as a whole. */
struct ext2_mount_options {
	unsigned long mount_opt;
	uid_t resuid;
	gid_t resgid;
};

#define EXT2_GROUP_LOCKS	16

struct ext2_sb_info {
	struct ext2_mount_options s_opts;	/* s_umount */
	unsigned long s_inodes_per_block;	/* c, as all up to s_group_desc */
	unsigned long s_blocks_per_group;
	unsigned long s_inodes_per_group;
	unsigned long s_itb_per_group;		/* blocks of inodes */
	unsigned long s_gdb_count;		/* blocks of group descriptors */
	unsigned long s_desc_per_block;
	unsigned long s_groups_count;
	unsigned long s_first_data_block;
	unsigned long s_blocks_count;
	unsigned int s_addr_per_block_bits;
	unsigned int s_inode_size;
	unsigned int s_first_ino;
	unsigned long s_sb_block;		/* from which block it was mounted: sb= */
	unsigned long s_overhead;		/* blocks that can never hold data */
	struct buffer_head *s_sbh;
	struct ext2_super_block *s_es;		/* in s_sbh; s */
	struct buffer_head **s_group_desc;
	u16 s_mount_state;			/* s: s_state to be written at umount */
	spinlock_t s_lock;
	atomic64_t s_free_blocks, s_free_inodes, s_dirs;	/* a: sums over the groups */
	atomic_t s_next_generation;
	u8 *s_debts;				/* g: directories that came to a group, less files */
	spinlock_t s_group_locks[EXT2_GROUP_LOCKS];
	struct ext2_xattr_cache *s_xattr_cache;	/* c */
	struct xarray s_cuts;			/* its own lock: numbers of blocks, see inode.c, 6 */
	struct mutex s_cuts_mutex;		/* one fsync writes them */
};

struct ext2_inode_info {
	__le32 i_data[EXT2_N_BLOCKS];		/* t; a look-up reads each word once */
	u32 i_flags;				/* R */
	u32 i_file_acl;				/* x */
	u32 i_dtime;
	u32 i_block_group;			/* c */
	u32 i_dir_start_lookup;			/* hint: block where the last name was found */
	u32 i_last_alloc_logical;		/* t: the block that was allocated last, and where */
	u32 i_last_alloc_physical;		/* t */
	bool i_new;				/* never written to the disk: what lies there is not ours */
	struct rw_semaphore xattr_sem;
	struct mutex truncate_mutex;		/* the tree of blocks changes */
	atomic64_t dir_version;			/* a: how often a directory was changed */
	struct inode vfs_inode;
};

static inline struct ext2_inode_info *EXT2_I(const struct inode *inode)
{
	return container_of(inode, struct ext2_inode_info, vfs_inode);
}
static inline struct ext2_sb_info *EXT2_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}
#define EXT2_HAS_INCOMPAT_FEATURE(sb, mask)	(EXT2_SB(sb)->s_es->s_feature_incompat & cpu_to_le32(mask))
#define EXT2_HAS_RO_COMPAT_FEATURE(sb, mask)	(EXT2_SB(sb)->s_es->s_feature_ro_compat & cpu_to_le32(mask))
#define EXT2_HAS_COMPAT_FEATURE(sb, mask)	(EXT2_SB(sb)->s_es->s_feature_compat & cpu_to_le32(mask))

static inline spinlock_t *sb_bgl_lock(struct ext2_sb_info *sbi, unsigned long group)
{
	return &sbi->s_group_locks[group % EXT2_GROUP_LOCKS];
}
static inline unsigned long ext2_group_first_block(const struct super_block *sb, unsigned long group)
{
	return group * EXT2_SB(sb)->s_blocks_per_group + EXT2_SB(sb)->s_first_data_block;
}
static inline unsigned long ext2_group_last_block(const struct super_block *sb, unsigned long group)
{
	const struct ext2_sb_info *sbi = EXT2_SB(sb);

	return group == sbi->s_groups_count - 1 ? sbi->s_blocks_count - 1
						: ext2_group_first_block(sb, group) + sbi->s_blocks_per_group - 1;
}
/* Changes of names have to be on the disk before the call returns. */
static inline bool ext2_dirsync(const struct inode *dir)
{
	return (dir->i_sb->s_flags & (SB_SYNCHRONOUS | SB_DIRSYNC)) || (dir->i_flags & S_SYNC) ||
	       (EXT2_I(dir)->i_flags & EXT2_DIRSYNC_FL);
}
static inline bool ext2_sync_inode_wanted(const struct inode *inode)
{
	return (inode->i_sb->s_flags & SB_SYNCHRONOUS) || (inode->i_flags & S_SYNC);
}

/* ---- super.c ---- */

/*
 * The file system is damaged: a line in the log, the mark for e2fsck, and what errors= says: go on, read-only, or
 * panic. May sleep; no spinlocks held.
 */
void ext2_error(struct super_block *sb, const char *function, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
void ext2_msg(struct super_block *sb, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
/* A feature comes into use: noted on the disk. */
void ext2_update_dynamic_rev(struct super_block *sb);
/* Write the super block's changes; @wait. */
void ext2_sync_super(struct super_block *sb, bool wait);

/* ---- options.c ---- */

/* Change *@opts by the option string @data (NULL: nothing). 0, or -EINVAL with a line in the log. */
int ext2_parse_options(struct super_block *sb, char *data, struct ext2_mount_options *opts,
		       unsigned long *sb_block);
int ext2_show_options(struct seq_file *m, struct dentry *root);

/* ---- balloc.c ---- */

/* Descriptor of @group, and the buffer that holds it; NULL (after ext2_error) if there is none. */
struct ext2_group_desc *ext2_get_group_desc(struct super_block *sb, unsigned long group,
					    struct buffer_head **bh);
bool ext2_bg_has_super(struct super_block *sb, unsigned long group);
unsigned long ext2_bg_num_gdb(struct super_block *sb, unsigned long group);
/*
 * *@count blocks in a row, or fewer (*@count is set), near @goal (0: anywhere). The first one, or 0 with *@err
 * -ENOSPC, -EIO, -EUCLEAN. Accounts them to @inode. May sleep.
 */
unsigned long ext2_new_blocks(struct inode *inode, unsigned long goal, unsigned long *count, int *err);
/* Give blocks back, also to the accounts of @inode. May sleep. */
void ext2_free_blocks(struct inode *inode, unsigned long block, unsigned long count);
/* May [block, block + count) hold data: within the file system, and no group's own block? */
bool ext2_data_block_valid(struct ext2_sb_info *sbi, unsigned long block, unsigned long count);
unsigned long ext2_count_free_blocks(struct super_block *sb);

/* ---- ialloc.c ---- */

/* A new inode in @dir, I_NEW, with one link; or ERR_PTR(-ENOSPC, -EIO, -ENOMEM). */
struct inode *ext2_new_inode(struct inode *dir, umode_t mode);
void ext2_free_inode(struct inode *inode);
unsigned long ext2_count_free_inodes(struct super_block *sb);
unsigned long ext2_count_dirs(struct super_block *sb);

/* ---- inode.c ---- */

/* With a reference, or ERR_PTR: -EINVAL a number that cannot be, -ESTALE it is free, -EUCLEAN, -EIO, -ENOMEM. */
struct inode *ext2_iget(struct super_block *sb, unsigned long ino);
int ext2_write_inode(struct inode *inode, struct writeback_control *wbc);
void ext2_evict_inode(struct inode *inode);
/* How many blocks from @iblock on, @max at most, lie in a row from *@bno on, or are a hole (0); or an errno. */
long ext2_run(struct inode *inode, sector_t iblock, unsigned long max, u32 *bno);
int ext2_fiemap(struct inode *inode, struct fiemap_extent_info *info, u64 start, u64 len);
loff_t ext2_file_llseek(struct file *file, loff_t offset, int whence);
int ext2_get_block(struct inode *inode, sector_t iblock, struct buffer_head *bh_result, int create);
/* Block @iblock of @inode's own metadata (directory, link); NULL with *@err, 0 for a hole. */
struct buffer_head *ext2_bread(struct inode *inode, sector_t iblock, bool create, int *err);
void ext2_truncate_blocks(struct inode *inode, loff_t offset);
/* Have blocks that were freed so far named no more on the disk, either. 0 or -EIO. May sleep. */
int ext2_sync_cuts(struct super_block *sb);
int ext2_setattr(struct dentry *dentry, struct iattr *attr);
int ext2_getattr(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags);
void ext2_set_inode_flags(struct inode *inode);
/* Operations by what kind of file it is. */
void ext2_set_ops(struct inode *inode);
void ext2_set_file_ops(struct inode *inode);
bool ext2_inode_is_fast_symlink(const struct inode *inode);

/* ---- dir.c: all => i_rwsem of the directory held (shared for find) ---- */

/* A place in a directory, with a reference to @bh; bh NULL: none. */
struct ext2_dirent_ref {
	struct buffer_head *bh;
	struct ext2_dir_entry_2 *de;
};
/* 0, -ENOENT, -EIO, -EUCLEAN. */
int ext2_find_entry(struct inode *dir, const struct qstr *name, struct ext2_dirent_ref *ref);
int ext2_dotdot(struct inode *dir, struct ext2_dirent_ref *ref);
int ext2_add_link(struct dentry *dentry, struct inode *inode);	/* -EEXIST, -ENOSPC ... */
int ext2_delete_entry(struct inode *dir, struct ext2_dirent_ref *ref);
void ext2_set_link(struct inode *dir, struct ext2_dirent_ref *ref, struct inode *inode, bool update_times);
int ext2_make_empty(struct inode *inode, struct inode *parent);
int ext2_empty_dir(struct inode *inode);	/* 0, -ENOTEMPTY, -EIO */

/* ---- export.c ---- */

extern const struct export_operations ext2_export_ops;

/* ---- xattr.c ---- */

ssize_t ext2_listxattr(struct dentry *dentry, char *buffer, size_t size);
ssize_t ext2_getxattr(struct dentry *dentry, const char *name, void *buffer, size_t size);
int ext2_setxattr(struct dentry *dentry, const char *name, const void *value, size_t size, int flags);
int ext2_removexattr(struct dentry *dentry, const char *name);
/* @inode is going: let go of its attribute block. */
void ext2_xattr_delete_inode(struct inode *inode);
struct ext2_xattr_cache *ext2_xattr_cache_create(void);	/* NULL without memory */
void ext2_xattr_cache_destroy(struct ext2_xattr_cache *cache);

#define EXT2_XATTR_OPS								\
	.listxattr = ext2_listxattr, .getxattr = ext2_getxattr,			\
	.setxattr = ext2_setxattr, .removexattr = ext2_removexattr

/* ---- ioctl.c, file.c, namei.c, symlink.c ---- */
long ext2_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
int ext2_fsync(struct file *file, loff_t start, loff_t end, int datasync);
extern const struct inode_operations ext2_file_inode_operations;
extern const struct file_operations ext2_file_operations;
extern const struct address_space_operations ext2_aops;
extern const struct inode_operations ext2_dir_inode_operations;
extern const struct inode_operations ext2_special_inode_operations;
extern const struct inode_operations ext2_symlink_inode_operations;
extern const struct inode_operations ext2_fast_symlink_inode_operations;
extern const struct file_operations ext2_dir_operations;
/* The target of a link whose text is in a block. 0, -ENOSPC, -EIO. */
int ext2_write_symlink(struct inode *inode, const char *target, size_t len);

#endif
