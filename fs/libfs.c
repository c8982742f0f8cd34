/* SPDX-License-Identifier: MIT */
/* Pieces for file systems that live in memory: directories in the dentry cache, plain attributes. */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/stat.h>
#include <fs/super.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <seam/page.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>

#include <linux/limits.h>

int simple_getattr(const struct path *path, struct kstat *stat, u32 request_mask,
		   unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);

	generic_fillattr(inode, stat);
	stat->blocks = inode->i_mapping->nrpages << (PAGE_SHIFT - 9);
	return 0;
}

int simple_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len,
		     unsigned int copied, struct page *page, void *fsdata)
{
	struct folio *folio = page_folio(page);

	if (pos + copied > mapping->host->i_size)
		i_size_write(mapping->host, pos + copied);
	folio_mark_dirty(folio);
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

int simple_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int err = setattr_prepare(dentry, attr);

	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE)
		truncate_setsize(inode, attr->ia_size);
	setattr_copy(inode, attr);
	mark_inode_dirty(inode);
	return 0;
}

int always_delete_dentry(const struct dentry *dentry)
{
	return 1;
}

const struct dentry_operations simple_dentry_operations = {
	.d_delete = always_delete_dentry,
};

/* What is not in the cache does not exist: a negative dentry that goes with its last user. */
struct dentry *simple_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	if (!dentry->d_sb->s_d_op)
		d_set_d_op(dentry, &simple_dentry_operations);
	d_add(dentry, NULL);
	return NULL;
}

/* ---- names ---- */

struct inode *simple_new_inode(struct super_block *sb, const struct inode *dir, umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	inode_init_owner(inode, dir, mode);
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
	return inode;
}

void simple_add_name(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	dir->i_ctime = dir->i_mtime = current_time(dir);
	dget(dentry);
	d_instantiate(dentry, inode);
}

int simple_link(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(old_dentry);

	inode->i_ctime = current_time(inode);
	inc_nlink(inode);
	ihold(inode);
	simple_add_name(dir, dentry, inode);
	return 0;
}

int simple_empty(struct dentry *dentry)
{
	struct dentry *child;
	int empty = 1;

	spin_lock(&dentry->d_lock);
	list_for_each_entry (child, &dentry->d_subdirs, d_child)
		if (d_is_positive(child) && !d_unhashed(child)) {
			empty = 0;
			break;
		}
	spin_unlock(&dentry->d_lock);
	return empty;
}

int simple_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);

	inode->i_ctime = dir->i_ctime = dir->i_mtime = current_time(inode);
	drop_nlink(inode);
	dput(dentry);
	return 0;
}

int simple_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (!simple_empty(dentry))
		return -ENOTEMPTY;
	drop_nlink(d_inode(dentry));
	simple_unlink(dir, dentry);
	drop_nlink(dir);
	return 0;
}

int simple_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
		  struct dentry *new_dentry, unsigned int flags)
{
	struct inode *inode = d_inode(old_dentry);
	bool is_dir = d_is_dir(old_dentry);

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	if (!simple_empty(new_dentry))
		return -ENOTEMPTY;
	if (d_really_is_positive(new_dentry)) {
		simple_unlink(new_dir, new_dentry);
		if (is_dir) {
			drop_nlink(d_inode(new_dentry));
			drop_nlink(old_dir);
		}
	} else if (is_dir) {
		drop_nlink(old_dir);
		inc_nlink(new_dir);
	}
	old_dir->i_ctime = old_dir->i_mtime = new_dir->i_ctime = new_dir->i_mtime = inode->i_ctime =
		current_time(old_dir);
	return 0;
}

const char *simple_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	return inode->i_link;
}

const struct inode_operations simple_symlink_inode_operations = { .get_link = simple_get_link };
const struct inode_operations simple_dir_inode_operations = { .lookup = simple_lookup };

/* ---- listing a directory that lives in the dentry cache ---- */

/*
 * A cursor, a dentry without a name, is linked among the children of the directory and marks where
 * the listing goes on. New names are added at the end of the list, so a listing meets each name
 * that existed all the time exactly once. f_pos counts entries, for seeks.
 */
bool dir_emit_dot(struct file *file, struct dir_context *ctx)
{
	return ctx->actor(ctx, ".", 1, ctx->pos, file_inode(file)->i_ino, DT_DIR);
}

bool dir_emit_dotdot(struct file *file, struct dir_context *ctx)
{
	struct dentry *parent = dget_parent(file->f_path.dentry);
	u64 ino = d_inode(parent)->i_ino;

	dput(parent);
	return ctx->actor(ctx, "..", 2, ctx->pos, ino, DT_DIR);
}

/* "." and "..", at positions 0 and 1. False when the buffer is full. */
bool dir_emit_dots(struct file *file, struct dir_context *ctx)
{
	if (ctx->pos == 0) {
		if (!dir_emit_dot(file, ctx))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!dir_emit_dotdot(file, ctx))
			return false;
		ctx->pos = 2;
	}
	return true;
}

int dcache_dir_open(struct inode *inode, struct file *file)
{
	file->private_data = d_alloc_cursor(file->f_path.dentry);
	return file->private_data ? 0 : -ENOMEM;
}

int dcache_dir_close(struct inode *inode, struct file *file)
{
	dput(file->private_data);
	return 0;
}

static bool is_listed(struct dentry *d)
{
	return !(d->d_flags & DCACHE_CURSOR) && !d_unhashed(d) && d_is_positive(d);
}

/* The @skip-th listed child behind @from, with a reference, or NULL. */
static struct dentry *next_listed(struct dentry *dir, struct list_head *from, loff_t skip)
{
	struct dentry *found = NULL;
	struct list_head *p;

	spin_lock(&dir->d_lock);
	for (p = from->next; p != &dir->d_subdirs; p = p->next) {
		struct dentry *d = list_entry(p, struct dentry, d_child);

		if (is_listed(d) && !skip--) {
			found = dget(d);
			break;
		}
	}
	spin_unlock(&dir->d_lock);
	return found;
}

static void move_cursor(struct dentry *dir, struct dentry *cursor, struct dentry *behind)
{
	spin_lock(&dir->d_lock);
	if (behind && behind->d_parent == dir && !list_empty(&behind->d_child))
		list_move(&cursor->d_child, &behind->d_child);
	else
		list_move_tail(&cursor->d_child, &dir->d_subdirs);
	spin_unlock(&dir->d_lock);
}

int dcache_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_path.dentry, *cursor = file->private_data, *next;
	struct list_head *from;

	if (!dir_emit_dots(file, ctx))
		return 0;
	from = ctx->pos == 2 ? &dir->d_subdirs : &cursor->d_child;
	while ((next = next_listed(dir, from, 0))) {
		struct inode *inode = d_inode(next);
		bool room =
			!inode || dir_emit(ctx, (const char *)next->d_name.name, next->d_name.len,
					   inode->i_ino, inode->i_mode >> 12 & 15);

		if (room) {
			move_cursor(dir, cursor, next);
			ctx->pos++;
		} else if (ctx->pos == 2) {
			spin_lock(&dir->d_lock);
			list_move(&cursor->d_child, &dir->d_subdirs);
			spin_unlock(&dir->d_lock);
		}
		dput(next);
		if (!room)
			break;
		from = &cursor->d_child;
	}
	return 0;
}

loff_t dcache_dir_lseek(struct file *file, loff_t offset, int whence)
{
	struct dentry *dir = file->f_path.dentry, *at = NULL;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	if (offset == file->f_pos)
		return offset;
	inode_lock_shared(dir->d_inode);
	if (offset > 2) {
		at = next_listed(dir, &dir->d_subdirs, offset - 3);
		move_cursor(dir, file->private_data, at);
		dput(at);
	}
	file->f_pos = offset;
	inode_unlock_shared(dir->d_inode);
	return offset;
}

ssize_t generic_read_dir(struct file *file, char __user *buf, size_t size, loff_t *ppos)
{
	return -EISDIR;
}

int noop_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	return 0;
}

const struct file_operations simple_dir_operations = {
	.open = dcache_dir_open,
	.release = dcache_dir_close,
	.llseek = dcache_dir_lseek,
	.read = generic_read_dir,
	.iterate_shared = dcache_readdir,
	.fsync = noop_fsync,
};

/* ---- buffers as files ---- */

ssize_t simple_read_from_buffer(void __user *to, size_t count, loff_t *ppos, const void *from,
				size_t available)
{
	loff_t pos = *ppos;
	size_t left;

	if (pos < 0)
		return -EINVAL;
	if (pos >= (loff_t)available || !count)
		return 0;
	count = min_t(size_t, count, available - pos);
	left = copy_to_user(to, from + pos, count);
	if (left == count)
		return -EFAULT;
	*ppos = pos + count - left;
	return count - left;
}

/* ---- super blocks of kernel-internal file systems (pipes, anonymous inodes) ---- */

static const struct super_operations pseudo_sops = { .statfs = simple_statfs };

int init_pseudo_super(struct super_block *sb, unsigned long magic,
		      const struct dentry_operations *dops)
{
	struct inode *root;

	sb->s_maxbytes = S64_MAX;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = magic;
	sb->s_op = &pseudo_sops;
	sb->s_flags |= SB_NOUSER | SB_KERNMOUNT;
	sb->s_time_gran = 1;
	root = new_inode(sb);
	if (!root)
		return -ENOMEM;
	root->i_ino = 1;
	root->i_mode = S_IFDIR | S_IRUSR | S_IWUSR;
	root->i_atime = root->i_mtime = root->i_ctime = current_time(root);
	sb->s_root = d_make_root(root);
	if (!sb->s_root)
		return -ENOMEM;
	sb->s_d_op = dops;
	return 0;
}
