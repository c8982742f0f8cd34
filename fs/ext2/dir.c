// SPDX-License-Identifier: MIT
/*
 * Directories: blocks full of entries, each of which says how far the next one is; the last ends with its block.
 *
 *	inode rec_len name_len type name | ... | inode 0 = free, or the end of the block
 *
 * The blocks are metadata: they live in the buffer cache of the device, and fsync of the directory writes them.
 * An entry is removed by making its predecessor longer. A directory with an index (dir_index) is read as the list
 * that it is as well; the first change clears the flag of the index, and e2fsck -D can build it again.
 *
 * Each step along a block is checked (entry_is_sane), so that nothing on the disk leads outside of it.
 *
 * Reading a directory continues at an offset that may lie within an entry after changes: then (dir_version has
 * moved on) the walk starts at the beginning of the block and goes to the first entry at or behind the offset.
 *
 * Linux 6.1: fs/ext2/dir.c, which has the blocks in the page cache of the directory.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/writeback.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include "ext2.h"

static const u8 type_to_dt[] = { DT_UNKNOWN, DT_REG,  DT_DIR,  DT_CHR,
				 DT_BLK,     DT_FIFO, DT_SOCK, DT_LNK };

static u8 entry_type(const struct inode *dir, const struct inode *inode)
{
	static const u8 by_dt[16] = { [DT_REG] = 1,  [DT_DIR] = 2,  [DT_CHR] = 3, [DT_BLK] = 4,
				      [DT_FIFO] = 5, [DT_SOCK] = 6, [DT_LNK] = 7 };

	if (!EXT2_HAS_INCOMPAT_FEATURE(dir->i_sb, EXT2_FEATURE_INCOMPAT_FILETYPE))
		return 0;
	return by_dt[inode->i_mode >> 12 & 15];
}

static unsigned int rec_len(const struct ext2_dir_entry_2 *de)
{
	return le16_to_cpu(de->rec_len);
}

static struct ext2_dir_entry_2 *next_entry(struct ext2_dir_entry_2 *de)
{
	return (struct ext2_dir_entry_2 *)((char *)de + rec_len(de));
}

/* Does @de at @offset of its block lie in it, with its name? */
static bool entry_is_sane(struct inode *dir, const struct ext2_dir_entry_2 *de, unsigned int offset)
{
	struct super_block *sb = dir->i_sb;
	const char *what;

	if (offset + EXT2_DIR_REC_LEN(1) > sb->s_blocksize)
		what = "entry behind the end of the block";
	else if (rec_len(de) < EXT2_DIR_REC_LEN(1))
		what = "rec_len is smaller than minimal";
	else if (rec_len(de) & 3)
		what = "unaligned directory entry";
	else if (rec_len(de) < EXT2_DIR_REC_LEN(de->name_len))
		what = "rec_len is too small for name_len";
	else if (offset + rec_len(de) > sb->s_blocksize)
		what = "directory entry across blocks";
	else if (le32_to_cpu(de->inode) > le32_to_cpu(EXT2_SB(sb)->s_es->s_inodes_count))
		what = "inode out of bounds";
	else
		return true;
	ext2_error(sb, __func__, "bad entry in directory #%lu: %s", dir->i_ino, what);
	return false;
}

static unsigned long dir_blocks(const struct inode *dir)
{
	return dir->i_size >> dir->i_blkbits;
}

/* Block @n of @dir, or ERR_PTR: a directory has no holes. */
static struct buffer_head *dir_block(struct inode *dir, unsigned long n)
{
	int err;
	struct buffer_head *bh = ext2_bread(dir, n, false, &err);

	if (bh)
		return bh;
	if (!err) {
		ext2_error(dir->i_sb, __func__, "directory #%lu contains a hole at block %lu",
			   dir->i_ino, n);
		err = -EUCLEAN;
	}
	return ERR_PTR(err);
}

/* The block was changed, which shows in the directory. 0 or the error of writing it at once. */
static int commit_block(struct inode *dir, struct buffer_head *bh)
{
	int err = 0;

	mark_buffer_dirty_inode(bh, dir);
	atomic64_inc(&EXT2_I(dir)->dir_version);
	EXT2_I(dir)->i_flags &= ~(u32)EXT2_BTREE_FL;
	mark_inode_dirty(dir);
	if (ext2_dirsync(dir)) {
		err = sync_mapping_buffers(dir->i_mapping);
		if (!err)
			err = sync_inode_metadata(dir, 1);
	}
	return err;
}

/* ---- readdir ---- */

/* The first entry of @block at or behind @offset. */
static unsigned int entry_offset_from(struct inode *dir, const char *block, unsigned int offset)
{
	unsigned int at = 0;

	while (at < offset) {
		const struct ext2_dir_entry_2 *de = (const struct ext2_dir_entry_2 *)(block + at);

		if (!entry_is_sane(dir, de, at))
			break;
		at += rec_len(de);
	}
	return at;
}

static int emit_block(struct inode *dir, char *block, unsigned int offset, struct dir_context *ctx,
		      bool *full)
{
	bool types = EXT2_HAS_INCOMPAT_FEATURE(dir->i_sb, EXT2_FEATURE_INCOMPAT_FILETYPE);

	while (offset < dir->i_sb->s_blocksize) {
		struct ext2_dir_entry_2 *de = (struct ext2_dir_entry_2 *)(block + offset);
		u8 type = DT_UNKNOWN;

		if (!entry_is_sane(dir, de, offset))
			return -EIO;
		if (types && de->file_type < sizeof(type_to_dt))
			type = type_to_dt[de->file_type];
		if (de->inode &&
		    !dir_emit(ctx, de->name, de->name_len, le32_to_cpu(de->inode), type)) {
			*full = true;
			return 0;
		}
		ctx->pos += rec_len(de);
		offset += rec_len(de);
	}
	return 0;
}

static int ext2_readdir(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file_inode(file);
	unsigned int mask = dir->i_sb->s_blocksize - 1;
	u64 version = atomic64_read(&EXT2_I(dir)->dir_version);
	bool full = false;
	int err = 0;

	while (!full && !err && ctx->pos >= 0 && ctx->pos < dir->i_size) {
		struct buffer_head *bh = dir_block(dir, ctx->pos >> dir->i_blkbits);
		unsigned int offset = ctx->pos & mask;

		if (IS_ERR(bh)) {
			ctx->pos = (ctx->pos | mask) + 1;
			return PTR_ERR(bh);
		}
		if (offset && file->f_version != version) {
			offset = entry_offset_from(dir, bh->b_data, offset);
			ctx->pos = (ctx->pos & ~(loff_t)mask) + offset;
		}
		file->f_version = version;
		err = emit_block(dir, bh->b_data, offset, ctx, &full);
		brelse(bh);
	}
	return err;
}

/* ---- finding ---- */

static bool name_is(const struct ext2_dir_entry_2 *de, const struct qstr *name)
{
	return de->inode && de->name_len == name->len && !memcmp(de->name, name->name, name->len);
}

/* In block @n: 0, -ENOENT, or an error. */
static int find_in_block(struct inode *dir, unsigned long n, const struct qstr *name,
			 struct ext2_dirent_ref *ref)
{
	struct buffer_head *bh = dir_block(dir, n);
	int err = -ENOENT;

	if (IS_ERR(bh))
		return PTR_ERR(bh);
	for (unsigned int at = 0; at < bh->b_size;) {
		struct ext2_dir_entry_2 *de = (struct ext2_dir_entry_2 *)(bh->b_data + at);

		if (!entry_is_sane(dir, de, at)) {
			err = -EIO;
			break;
		}
		if (name_is(de, name)) {
			*ref = (struct ext2_dirent_ref){ bh, de };
			return 0;
		}
		at += rec_len(de);
	}
	brelse(bh);
	return err;
}

int ext2_find_entry(struct inode *dir, const struct qstr *name, struct ext2_dirent_ref *ref)
{
	unsigned long n = dir_blocks(dir), start = READ_ONCE(EXT2_I(dir)->i_dir_start_lookup);

	ref->bh = NULL;
	if (start >= n)
		start = 0;
	for (unsigned long i = 0, block = start; i < n; i++) {
		int err = find_in_block(dir, block, name, ref);

		if (err != -ENOENT) {
			if (!err)
				WRITE_ONCE(EXT2_I(dir)->i_dir_start_lookup, block);
			return err;
		}
		if (++block >= n)
			block = 0;
	}
	return -ENOENT;
}

int ext2_dotdot(struct inode *dir, struct ext2_dirent_ref *ref)
{
	static const struct qstr dotdot = QSTR_INIT("..", 2);
	int err = find_in_block(dir, 0, &dotdot, ref);

	if (err)
		ref->bh = NULL;
	return err == -ENOENT ? -EIO : err;
}

/* ---- changing ---- */

static void fill_entry(struct inode *dir, struct ext2_dir_entry_2 *de, const struct qstr *name,
		       const struct inode *inode)
{
	de->name_len = name->len;
	memcpy(de->name, name->name, name->len);
	de->inode = cpu_to_le32(inode->i_ino);
	de->file_type = entry_type(dir, inode);
}

/* Room for an entry of @need bytes in @bh: the entry, cut off from what was there; NULL; ERR_PTR(-EEXIST, -EIO). */
static struct ext2_dir_entry_2 *make_room(struct inode *dir, struct buffer_head *bh,
					  const struct qstr *name, unsigned int need)
{
	struct ext2_dir_entry_2 *room = NULL, *de;
	unsigned int used, rest;

	for (unsigned int at = 0; at < bh->b_size; at += rec_len(de)) {
		de = (struct ext2_dir_entry_2 *)(bh->b_data + at);
		if (!entry_is_sane(dir, de, at))
			return ERR_PTR(-EIO);
		if (name_is(de, name))
			return ERR_PTR(-EEXIST);
		used = de->inode ? EXT2_DIR_REC_LEN(de->name_len) : 0;
		if (!room && rec_len(de) >= used + need)
			room = de;
	}
	if (!room || !room->inode)
		return room;
	used = EXT2_DIR_REC_LEN(room->name_len);
	rest = rec_len(room) - used;
	room->rec_len = cpu_to_le16(used);
	room = next_entry(room);
	room->rec_len = cpu_to_le16(rest);
	return room;
}

/* One block more, one free entry. NULL with *@err. */
static struct buffer_head *append_block(struct inode *dir, int *err)
{
	struct buffer_head *bh = ext2_bread(dir, dir_blocks(dir), true, err);
	struct ext2_dir_entry_2 *de;

	if (!bh)
		return NULL;
	lock_buffer(bh);
	memset(bh->b_data, 0,
	       bh->b_size); /* also of a block that was allocated for a write that failed */
	de = (struct ext2_dir_entry_2 *)bh->b_data;
	de->rec_len = cpu_to_le16(bh->b_size);
	unlock_buffer(bh);
	i_size_write(dir, dir->i_size + bh->b_size);
	return bh;
}

int ext2_add_link(struct dentry *dentry, struct inode *inode)
{
	struct inode *dir = dentry->d_parent->d_inode;
	const struct qstr *name = &dentry->d_name;
	struct ext2_dir_entry_2 *de = NULL;
	struct buffer_head *bh = NULL;
	int err;

	if (name->len > EXT2_NAME_LEN)
		return -ENAMETOOLONG;
	for (unsigned long n = 0; n < dir_blocks(dir) && !de; n++) {
		brelse(bh);
		bh = dir_block(dir, n);
		if (IS_ERR(bh))
			return PTR_ERR(bh);
		de = make_room(dir, bh, name, EXT2_DIR_REC_LEN(name->len));
	}
	if (IS_ERR(de)) {
		brelse(bh);
		return PTR_ERR(de);
	}
	if (!de) {
		brelse(bh);
		bh = append_block(dir, &err);
		if (!bh)
			return err;
		de = (struct ext2_dir_entry_2 *)bh->b_data;
	}
	fill_entry(dir, de, name, inode);
	dir->i_mtime = dir->i_ctime = current_time(dir);
	err = commit_block(dir, bh);
	brelse(bh);
	return err;
}

int ext2_delete_entry(struct inode *dir, struct ext2_dirent_ref *ref)
{
	char *block = ref->bh->b_data;
	struct ext2_dir_entry_2 *prev = NULL, *de = (struct ext2_dir_entry_2 *)block;

	while (de < ref->de) {
		if (!entry_is_sane(dir, de, (char *)de - block))
			return -EIO;
		prev = de;
		de = next_entry(de);
	}
	if (de != ref->de)
		return -EIO;
	if (prev)
		prev->rec_len = cpu_to_le16(rec_len(prev) + rec_len(de));
	de->inode = 0;
	dir->i_mtime = dir->i_ctime = current_time(dir);
	return commit_block(dir, ref->bh);
}

void ext2_set_link(struct inode *dir, struct ext2_dirent_ref *ref, struct inode *inode,
		   bool update_times)
{
	ref->de->inode = cpu_to_le32(inode->i_ino);
	ref->de->file_type = entry_type(dir, inode);
	if (update_times)
		dir->i_mtime = dir->i_ctime = current_time(dir);
	commit_block(dir, ref->bh);
}

int ext2_make_empty(struct inode *inode, struct inode *parent)
{
	static const struct qstr dot = QSTR_INIT(".", 1), dotdot = QSTR_INIT("..", 2);
	struct ext2_dir_entry_2 *de;
	struct buffer_head *bh;
	int err;

	bh = append_block(inode, &err);
	if (!bh)
		return err;
	de = (struct ext2_dir_entry_2 *)bh->b_data;
	de->rec_len = cpu_to_le16(EXT2_DIR_REC_LEN(1));
	fill_entry(inode, de, &dot, inode);
	de = next_entry(de);
	de->rec_len = cpu_to_le16(bh->b_size - EXT2_DIR_REC_LEN(1));
	fill_entry(inode, de, &dotdot, parent);
	err = commit_block(inode, bh);
	brelse(bh);
	return err;
}

/* Only "." (this directory) and ".."? */
static int block_is_empty(struct inode *dir, struct buffer_head *bh)
{
	struct ext2_dir_entry_2 *de;

	for (unsigned int at = 0; at < bh->b_size; at += rec_len(de)) {
		de = (struct ext2_dir_entry_2 *)(bh->b_data + at);
		if (!entry_is_sane(dir, de, at))
			return -EIO;
		if (!de->inode)
			continue;
		if (de->name_len == 1 && de->name[0] == '.' && le32_to_cpu(de->inode) == dir->i_ino)
			continue;
		if (de->name_len == 2 && de->name[0] == '.' && de->name[1] == '.')
			continue;
		return -ENOTEMPTY;
	}
	return 0;
}

int ext2_empty_dir(struct inode *inode)
{
	for (unsigned long n = 0; n < dir_blocks(inode); n++) {
		struct buffer_head *bh = dir_block(inode, n);
		int err;

		if (IS_ERR(bh))
			return PTR_ERR(bh);
		err = block_is_empty(inode, bh);
		brelse(bh);
		if (err)
			return err;
	}
	return 0;
}

const struct file_operations ext2_dir_operations = {
	.llseek = generic_file_llseek,
	.read = generic_read_dir,
	.iterate_shared = ext2_readdir,
	.unlocked_ioctl = ext2_ioctl,
	.fsync = ext2_fsync,
};
