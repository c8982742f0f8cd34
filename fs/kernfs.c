/* SPDX-License-Identifier: MIT */
/*
 * kernfs: see include/fs/kernfs.h.
 *
 * One lock, kernfs_lock (a mutex), guards the shape of all trees; it is held for a look-up or one
 * step of a listing and never while a show or write function runs. An inode holds a reference to
 * its node, so a removed node stays readable for those who have it open.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>
#include <sync/ranks.h>

#define KERNFS_WRITE_MAX (64 * 1024)

static DEFINE_MUTEX(kernfs_lock, LOCK_KERNFS);
static u32 kernfs_last_ino = 1; /* kernfs_lock */

static const struct inode_operations kernfs_dir_iops;
static const struct inode_operations kernfs_file_iops;
static const struct inode_operations kernfs_link_iops;
static const struct file_operations kernfs_dir_fops;

/* ---- the tree ---- */

static struct kernfs_node *find_child(struct kernfs_node *dir, const char *name, size_t len)
{
	struct rb_node *n = S_ISDIR(dir->mode) ? dir->children.rb_node : NULL;

	while (n) {
		struct kernfs_node *node = rb_entry(n, struct kernfs_node, by_name);
		int cmp = strncmp(name, node->name, len);

		if (!cmp)
			cmp = node->name[len] ? -1 : 0;
		if (!cmp)
			return node;
		n = cmp < 0 ? n->rb_left : n->rb_right;
	}
	return NULL;
}

static bool insert_child(struct kernfs_node *dir, struct kernfs_node *new)
{
	struct rb_node **link = &dir->children.rb_node, *parent = NULL;

	while (*link) {
		struct kernfs_node *node = rb_entry(*link, struct kernfs_node, by_name);
		int cmp = strcmp(new->name, node->name);

		if (!cmp)
			return false;
		parent = *link;
		link = cmp < 0 ? &parent->rb_left : &parent->rb_right;
	}
	dir->nr_dirs += S_ISDIR(new->mode);
	rb_link_node(&new->by_name, parent, link);
	rb_insert_color(&new->by_name, &dir->children);
	return true;
}

static void free_node(struct kernfs_node *node)
{
	if (S_ISLNK(node->mode))
		kfree(node->target);
	kfree(node->owner);
	kfree(node->name);
	kfree(node);
}

/* With its last reference a node goes, and its reference to its parent. => kernfs_lock held */
static void put_node(struct kernfs_node *node)
{
	while (node && !--node->refs) {
		struct kernfs_node *parent = node->parent;

		if (S_ISDIR(node->mode) && node->ops && node->ops->release)
			node->ops->release(node);
		free_node(node);
		node = parent;
	}
}

/* One that nobody finds yet; NULL when memory is short. */
static struct kernfs_node *new_node(const char *name, umode_t mode)
{
	struct kernfs_node *node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);

	if (!node)
		return NULL;
	node->mode = mode;
	node->refs = 1;
	node->name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	if (node->name)
		return node;
	kfree(node);
	return NULL;
}

/* From now on others find @node, so it has all that it shows. NULL: the name exists, or its parent does not; it is freed. */
static struct kernfs_node *add_node(struct kernfs_node *parent, struct kernfs_node *node)
{
	bool ok = false;

	mutex_lock(&kernfs_lock);
	if (!parent->removed) {
		node->parent = parent;
		node->ino = ++kernfs_last_ino;
		ok = insert_child(parent, node);
		parent->refs += ok;
	}
	mutex_unlock(&kernfs_lock);
	if (ok)
		return node;
	free_node(node);
	return NULL;
}

struct kernfs_node *kernfs_create_ops_dir(struct kernfs_node *parent, const char *name,
					  umode_t mode, const struct kernfs_dir_ops *ops,
					  void *priv)
{
	struct kernfs_node *node = new_node(name, S_IFDIR | mode);

	if (!node)
		return NULL;
	node->priv = priv;
	node->ops = ops;
	return add_node(parent, node);
}

struct kernfs_node *kernfs_create_dir(struct kernfs_node *parent, const char *name, umode_t mode)
{
	return kernfs_create_ops_dir(parent, name, mode, NULL, NULL);
}

struct kernfs_node *kernfs_create_lazy_dir(struct kernfs_node *parent, const char *name,
					   const struct kernfs_dir_ops *ops, void *priv)
{
	return parent ? kernfs_create_ops_dir(parent, name, 0755, ops, priv) : NULL;
}

struct kernfs_node *kernfs_create_file(struct kernfs_node *parent, const char *name, umode_t mode,
				       kernfs_show_t show, kernfs_write_t write, void *priv)
{
	struct kernfs_node *node = new_node(name, S_IFREG | mode);

	if (!node)
		return NULL;
	node->priv = priv;
	node->write = write;
	node->show = show;
	return add_node(parent, node);
}

void kernfs_fill_file(struct kernfs_node *dir, const char *name, umode_t mode, kernfs_show_t show,
		      kernfs_write_t write, void *priv)
{
	if (!kernfs_find(dir, name))
		kernfs_create_file(dir, name, mode, show, write, priv);
}

struct kernfs_node *kernfs_create_fops(struct kernfs_node *parent, const char *name, umode_t mode,
				       const struct file_operations *fops, void *priv)
{
	struct kernfs_node *node = new_node(name, S_IFREG | mode);

	if (!node)
		return NULL;
	node->priv = priv;
	node->fops = fops;
	return add_node(parent, node);
}

struct kernfs_node *kernfs_create_link(struct kernfs_node *parent, const char *name,
				       const char *target)
{
	struct kernfs_node *node = new_node(name, S_IFLNK | 0777);

	if (!node)
		return NULL;
	node->target = kstrdup(target, GFP_KERNEL);
	if (node->target)
		return add_node(parent, node);
	free_node(node);
	return NULL;
}

struct kernfs_node *kernfs_find(struct kernfs_node *parent, const char *name)
{
	struct kernfs_node *node;

	mutex_lock(&kernfs_lock);
	node = find_child(parent, name, strlen(name));
	mutex_unlock(&kernfs_lock);
	return node;
}

struct kernfs_node *kernfs_make_path(struct kernfs_node *parent, const char *path,
				     const char **last)
{
	char part[64];
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		struct kernfs_node *next;
		size_t len = slash - path;

		if (len >= sizeof(part))
			return NULL;
		memcpy(part, path, len);
		part[len] = 0;
		next = kernfs_find(parent, part);
		parent = next ? next : kernfs_create_dir(parent, part, 0555);
		if (!parent)
			return NULL;
		path = slash + 1;
	}
	*last = path;
	return parent;
}

/* => kernfs_lock held */
static void remove_locked(struct kernfs_node *node)
{
	struct rb_node *n;

	while (S_ISDIR(node->mode) && (n = rb_first(&node->children)))
		remove_locked(rb_entry(n, struct kernfs_node, by_name));
	node->removed = true;
	rb_erase(&node->by_name, &node->parent->children);
	node->parent->nr_dirs -= S_ISDIR(node->mode);
	put_node(node);
}

void kernfs_remove(struct kernfs_node *node)
{
	mutex_lock(&kernfs_lock);
	remove_locked(node);
	mutex_unlock(&kernfs_lock);
}

void kernfs_remove_if(struct kernfs_node *dir, bool (*gone)(struct kernfs_node *, void *),
		      void *arg)
{
	struct rb_node *n, *next;

	mutex_lock(&kernfs_lock);
	for (n = rb_first(&dir->children); n; n = next) {
		struct kernfs_node *child = rb_entry(n, struct kernfs_node, by_name);

		next = rb_next(n);
		if (gone(child, arg))
			remove_locked(child);
	}
	mutex_unlock(&kernfs_lock);
}

void kernfs_notify(struct kernfs_node *node)
{
	if (fsnotify_wanted())
		__fsnotify_private(node, node->parent, node->name);
}

struct kernfs_node *kernfs_of(const struct inode *inode)
{
	return inode->i_private;
}

/* ---- inodes ---- */

static void set_operations(struct inode *inode, struct kernfs_node *node)
{
	switch (node->mode & S_IFMT) {
	case S_IFDIR:
		inode->i_op = &kernfs_dir_iops;
		inode->i_fop = &kernfs_dir_fops;
		set_nlink(inode, 2);
		break;
	case S_IFLNK:
		inode->i_op = &kernfs_link_iops;
		inode->i_link = (char *)node->target;
		inode->i_size = strlen(node->target);
		break;
	default:
		inode->i_op = &kernfs_file_iops;
		inode->i_fop = node->fops ? node->fops : &kernfs_file_fops;
		break;
	}
}

struct inode *kernfs_get_inode(struct super_block *sb, struct kernfs_node *node)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = node->ino;
	inode->i_mode = node->mode;
	if (READ_ONCE(node->owner)) {
		inode->i_uid = node->owner->uid;
		inode->i_gid = node->owner->gid;
	}
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
	inode->i_private = node;
	set_operations(inode, node);
	return inode;
}

static int set_owner(struct kernfs_node *node, uid_t uid, gid_t gid)
{
	if (!node->owner) {
		struct kernfs_owner *owner = kmalloc(sizeof(*owner), GFP_KERNEL);

		if (!owner)
			return -ENOMEM;
		*owner = (struct kernfs_owner){ uid, gid };
		WRITE_ONCE(node->owner, owner);
	}
	node->owner->uid = uid;
	node->owner->gid = gid;
	return 0;
}

int kernfs_chown(struct kernfs_node *node, uid_t uid, gid_t gid)
{
	int err;

	mutex_lock(&kernfs_lock);
	err = set_owner(node, uid, gid);
	mutex_unlock(&kernfs_lock);
	return err;
}

/* An inode goes with its last user; what was changed stays in the node. */
static int kernfs_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct kernfs_node *node = kernfs_of(inode);
	int err = simple_setattr(dentry, attr);

	if (err || !node)
		return err;
	mutex_lock(&kernfs_lock);
	node->mode = inode->i_mode;
	if (attr->ia_valid & (ATTR_UID | ATTR_GID))
		err = set_owner(node, inode->i_uid, inode->i_gid);
	mutex_unlock(&kernfs_lock);
	return err;
}

int kernfs_permission(struct super_block *sb, struct kernfs_node *node, int mask)
{
	struct inode *inode = kernfs_get_inode(sb, node);
	int err;

	if (!inode)
		return -ENOMEM;
	mutex_lock(&kernfs_lock);
	node->refs++;
	mutex_unlock(&kernfs_lock);
	err = inode_permission(inode, mask);
	iput(inode);
	return err;
}

/* evict_inode of the file systems that are made of nodes. */
void kernfs_evict_inode(struct inode *inode)
{
	clear_inode(inode);
	if (!inode->i_private)
		return;
	mutex_lock(&kernfs_lock);
	put_node(inode->i_private);
	mutex_unlock(&kernfs_lock);
}

static const struct super_operations kernfs_sops = {
	.statfs = simple_statfs,
	.drop_inode = generic_delete_inode,
	.evict_inode = kernfs_evict_inode,
};

/* A name found once may be removed later, and one not found may appear. */
static int kernfs_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = READ_ONCE(dentry->d_inode);
	struct kernfs_node *node;

	if (!inode)
		return 0;
	node = kernfs_of(inode);
	return !node || !READ_ONCE(node->removed); /* none: a link that procfs makes by itself */
}

static const struct dentry_operations kernfs_dops = {
	.d_revalidate = kernfs_revalidate,
	.d_delete = always_delete_dentry,
};

static void refresh(struct kernfs_node *dir)
{
	if (dir->ops && dir->ops->refresh)
		dir->ops->refresh(dir);
}

struct dentry *kernfs_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct kernfs_node *node;
	struct inode *inode = NULL;

	refresh(kernfs_of(dir));
	mutex_lock(&kernfs_lock);
	node = find_child(kernfs_of(dir), (const char *)dentry->d_name.name, dentry->d_name.len);
	if (node)
		node->refs++;
	mutex_unlock(&kernfs_lock);
	if (node) {
		inode = kernfs_get_inode(dir->i_sb, node);
		if (!inode) {
			mutex_lock(&kernfs_lock);
			put_node(node);
			mutex_unlock(&kernfs_lock);
			return ERR_PTR(-ENOMEM);
		}
	}
	d_set_d_op(dentry, &kernfs_dops);
	return d_splice_alias(inode, dentry);
}

/* ---- directories ---- */

/* The child that follows the one with number @ino in the listing; entries go by number. => locked */
static struct kernfs_node *next_by_ino(struct kernfs_node *dir, u32 ino)
{
	struct kernfs_node *best = NULL;
	struct rb_node *n;

	for (n = rb_first(&dir->children); n; n = rb_next(n)) {
		struct kernfs_node *node = rb_entry(n, struct kernfs_node, by_name);

		if (node->ino > ino && (!best || node->ino < best->ino))
			best = node;
	}
	return best;
}

/*
 * The position of an entry is its number, which never changes: a listing that goes on later
 * neither repeats nor skips an entry that stayed. The cost is quadratic in the directory's size;
 * the largest have a few hundred entries.
 */
bool kernfs_emit(struct file *file, struct dir_context *ctx)
{
	struct kernfs_node *dir = kernfs_of(file_inode(file)), *node;
	char name[NAME_MAX + 1];
	umode_t mode;
	u32 ino;

	refresh(dir);
	for (;;) {
		mutex_lock(&kernfs_lock);
		node = next_by_ino(dir, ctx->pos <= 2 ? 0 : ctx->pos - 2);
		if (node) {
			strscpy(name, node->name, sizeof(name));
			mode = node->mode;
			ino = node->ino;
		}
		mutex_unlock(&kernfs_lock);
		if (!node)
			return true;
		if (!dir_emit(ctx, name, strlen(name), ino, mode >> 12 & 15))
			return false;
		ctx->pos = (loff_t)ino + 2;
	}
}

static int kernfs_readdir(struct file *file, struct dir_context *ctx)
{
	if (dir_emit_dots(file, ctx))
		kernfs_emit(file, ctx);
	return 0;
}

/* A directory has a link from its parent, one from itself and one from each directory in it. */
int kernfs_dir_getattr(const struct path *path, struct kstat *stat, u32 request_mask,
		       unsigned int flags)
{
	struct inode *inode = path->dentry->d_inode;
	struct kernfs_node *node = kernfs_of(inode);

	refresh(node);
	generic_fillattr(inode, stat);
	mutex_lock(&kernfs_lock);
	stat->nlink = 2 + node->nr_dirs;
	mutex_unlock(&kernfs_lock);
	return 0;
}

/* The name is found by the next look-up: a negative dentry is never believed. */
static int kernfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct kernfs_node *parent = kernfs_of(dir);

	if (!parent->ops || !parent->ops->mkdir)
		return -EPERM;
	return parent->ops->mkdir(parent, (const char *)dentry->d_name.name, mode);
}

static int kernfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct kernfs_node *node = kernfs_of(d_inode(dentry));

	return node->ops && node->ops->rmdir ? node->ops->rmdir(node) : -EPERM;
}

static const struct inode_operations kernfs_dir_iops = { .lookup = kernfs_lookup,
							 .mkdir = kernfs_mkdir,
							 .rmdir = kernfs_rmdir,
							 .getattr = kernfs_dir_getattr,
							 .setattr = kernfs_setattr };
static const struct inode_operations kernfs_file_iops = { .setattr = kernfs_setattr };
static const struct inode_operations kernfs_link_iops = { .get_link = simple_get_link,
							  .setattr = kernfs_setattr };

static const struct file_operations kernfs_dir_fops = {
	.read = generic_read_dir,
	.iterate_shared = kernfs_readdir,
	.llseek = generic_file_llseek,
};

/* ---- files ---- */

static int kernfs_open(struct inode *inode, struct file *file)
{
	struct kernfs_node *node = kernfs_of(inode);
	int err;

	if (file->f_mode & FMODE_READ && !node->show)
		return -EACCES;
	if (file->f_mode & FMODE_WRITE && !node->write)
		return -EACCES;
	if (!node->show)
		return 0;
	err = single_open(file, node->show, node->priv);
	/* seq_open() forbids pwrite; here a write does not depend on the position. */
	if (!err && file->f_mode & FMODE_WRITE)
		file->f_mode |= FMODE_PWRITE;
	return err;
}

static ssize_t kernfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct kernfs_node *node = kernfs_of(file_inode(file));
	char *copy;
	ssize_t ret;

	if (count > KERNFS_WRITE_MAX)
		return -E2BIG;
	copy = memdup_user_nul(buf, count);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	ret = node->write(file, copy, count);
	kfree(copy);
	if (ret > 0)
		*pos += ret;
	return ret;
}

static int kernfs_release(struct inode *inode, struct file *file)
{
	return kernfs_of(inode)->show ? single_release(inode, file) : 0;
}

static ssize_t kernfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return kernfs_of(file_inode(file))->show ? seq_read(file, buf, count, pos) : -EINVAL;
}

static loff_t kernfs_llseek(struct file *file, loff_t offset, int whence)
{
	return kernfs_of(file_inode(file))->show ? seq_lseek(file, offset, whence)
						 : generic_file_llseek(file, offset, whence);
}

const struct file_operations kernfs_file_fops = {
	.open = kernfs_open,
	.read = kernfs_read,
	.write = kernfs_write,
	.llseek = kernfs_llseek,
	.release = kernfs_release,
};

int kernfs_fill_super(struct super_block *sb, struct kernfs_node *root, unsigned long magic)
{
	struct inode *inode;

	sb->s_magic = magic;
	sb->s_op = &kernfs_sops;
	sb->s_d_op = &kernfs_dops;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	mutex_lock(&kernfs_lock);
	root->refs++;
	mutex_unlock(&kernfs_lock);
	inode = kernfs_get_inode(sb, root);
	if (!inode) {
		mutex_lock(&kernfs_lock);
		put_node(root);
		mutex_unlock(&kernfs_lock);
		return -ENOMEM;
	}
	sb->s_root = d_make_root(inode); /* without memory it puts the inode, and that the node */
	return sb->s_root ? 0 : -ENOMEM;
}
