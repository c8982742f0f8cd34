// SPDX-License-Identifier: MIT
/*
 * Path walk: from a name to a mount and a dentry.
 *
 * The walk holds a reference to the place where it is, and goes component by component: permission to
 * search, look-up in the dentry cache (lock-free), or else ->lookup of the directory under its lock; then
 * over mounts, then through a symbolic link. Symbolic links do not recurse: the rest of the name goes on
 * a small stack and the text of the link is walked first; 40 links in all, then ELOOP.
 *
 *	link_path_walk()	all components but the last, which it leaves in nd->last
 *	walk_component()	one; returns the text of a link that is to be walked, NULL when done
 *
 * The text of a link lives as long as its dentry, so these dentries are kept until the end of the walk.
 *
 * Linux 6.1: fs/namei.c, which can also walk without any reference (RCU mode); here each component
 * costs one reference taken and one dropped. Changes of names are in fs/namei_ops.c.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/super.h>
#include <linux/limits.h>
#include <seam/uaccess.h>
#include "namei_internal.h"

/* ---- names from user space ---- */

#define EMBEDDED_NAME_MAX (192 - (int)sizeof(struct filename))
static struct kmem_cache *small_names;

void namei_init(void)
{
	small_names = kmem_cache_create("names_cache", 192, 0, SLAB_PANIC, NULL);
}

static void free_name(struct filename *name)
{
	if (name->name != name->iname)
		kfree(name->name);
	kmem_cache_free(small_names, name);
}

void putname(struct filename *name)
{
	if (IS_ERR_OR_NULL(name))
		return;
	if (atomic_dec_and_test(&name->refcnt))
		free_name(name);
}

/* The name is longer than fits inside: get a whole PATH_MAX. */
static long long_name(struct filename *result, const char __user *user)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!buf)
		return -ENOMEM;
	result->name = buf;
	len = strncpy_from_user(buf, user, PATH_MAX);
	return len == PATH_MAX ? -ENAMETOOLONG : len;
}

struct filename *getname_flags(const char __user *user, int flags, int *empty)
{
	struct filename *result = kmem_cache_alloc(small_names, GFP_KERNEL);
	long len;

	if (!result)
		return ERR_PTR(-ENOMEM);
	result->name = result->iname;
	len = strncpy_from_user(result->iname, user, EMBEDDED_NAME_MAX);
	if (unlikely(len == EMBEDDED_NAME_MAX))
		len = long_name(result, user);
	if (unlikely(len == 0)) {
		if (empty)
			*empty = 1;
		if (!(flags & LOOKUP_EMPTY))
			len = -ENOENT;
	}
	if (unlikely(len < 0)) {
		free_name(result);
		return ERR_PTR(len);
	}
	result->uptr = user;
	result->len = len;
	atomic_set(&result->refcnt, 1);
	return result;
}

struct filename *getname(const char __user *user)
{
	return getname_flags(user, 0, NULL);
}

struct filename *getname_uflags(const char __user *user, int uflags)
{
	return getname_flags(user, uflags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0, NULL);
}

struct filename *getname_kernel(const char *name)
{
	struct filename *result;
	size_t len = strlen(name);

	if (len >= PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	result = kmem_cache_alloc(small_names, GFP_KERNEL);
	if (!result)
		return ERR_PTR(-ENOMEM);
	result->name = result->iname;
	if (len >= (size_t)EMBEDDED_NAME_MAX) {
		char *buf = kmalloc(len + 1, GFP_KERNEL);

		if (!buf) {
			kmem_cache_free(small_names, result);
			return ERR_PTR(-ENOMEM);
		}
		result->name = buf;
	}
	memcpy((char *)result->name, name, len + 1);
	result->uptr = NULL;
	result->len = len;
	atomic_set(&result->refcnt, 1);
	return result;
}

/* ---- places ---- */

void path_get(const struct path *path)
{
	mntget(path->mnt);
	dget(path->dentry);
}

void path_put(const struct path *path)
{
	dput(path->dentry);
	mntput(path->mnt);
}

static int set_root(struct nameidata *nd)
{
	if (nd->has_root)
		return 0;
	if (nd->flags & LOOKUP_IS_SCOPED)
		return -ENOTRECOVERABLE;
	get_fs_root(current->fs, &nd->root);
	nd->has_root = true;
	return 0;
}

/* Go to the root, for an absolute name or link. */
static int jump_to_root(struct nameidata *nd)
{
	int err;

	if (nd->flags & LOOKUP_BENEATH)
		return -EXDEV;
	err = set_root(nd);
	if (err)
		return err;
	if ((nd->flags & LOOKUP_NO_XDEV) && nd->path.mnt != nd->root.mnt)
		return -EXDEV;
	path_put(&nd->path);
	nd->path = nd->root;
	path_get(&nd->path);
	return 0;
}

int nd_jump_link(const struct path *path)
{
	struct nameidata *nd = current->nameidata;
	int err = -ELOOP;

	if (nd->flags & LOOKUP_NO_MAGICLINKS)
		goto refuse;
	err = -EXDEV;
	if ((nd->flags & LOOKUP_NO_XDEV) && nd->path.mnt != path->mnt)
		goto refuse;
	if (nd->flags & LOOKUP_IS_SCOPED)
		goto refuse;
	path_put(&nd->path);
	nd->path = *path;
	nd->jumped = true;
	return 0;
refuse:
	path_put(path);
	return err;
}

/* What is mounted on *@path, to the topmost. 1 if it moved. */
int follow_down(struct path *path)
{
	int moved = 0;

	while (d_mountpoint(path->dentry)) {
		struct vfsmount *mnt = lookup_mnt(path);

		if (!mnt)
			break;
		path_put(path);
		path->mnt = mnt;
		path->dentry = dget(mnt->mnt_root);
		moved = 1;
	}
	return moved;
}

int follow_up(struct path *path)
{
	struct mount *mnt = real_mount(path->mnt), *parent;
	struct dentry *mountpoint;

	read_seqlock_excl(&mount_lock);
	parent = mnt->mnt_parent;
	if (parent == mnt) {
		read_sequnlock_excl(&mount_lock);
		return 0;
	}
	mntget(&parent->mnt);
	mountpoint = dget(mnt->mnt_mountpoint);
	read_sequnlock_excl(&mount_lock);
	path_put(path);
	path->dentry = mountpoint;
	path->mnt = &parent->mnt;
	return 1;
}

/* ".." */
static int follow_dotdot(struct nameidata *nd)
{
	struct dentry *parent;
	int err = set_root(nd);

	if (err)
		return err;
	for (;;) {
		if (path_equal(&nd->path, &nd->root)) {
			if (nd->flags & LOOKUP_BENEATH)
				return -EXDEV;
			break;
		}
		if (nd->path.dentry != nd->path.mnt->mnt_root) {
			parent = dget_parent(nd->path.dentry);
			dput(nd->path.dentry);
			nd->path.dentry = parent;
			break;
		}
		if ((nd->flags & LOOKUP_NO_XDEV) && mnt_has_parent(real_mount(nd->path.mnt)))
			return -EXDEV;
		if (!follow_up(&nd->path))
			break;
	}
	follow_down(&nd->path);
	return 0;
}

/* ---- look-up of one name ---- */

static int revalidate(struct dentry *dentry, unsigned int flags)
{
	if (likely(!(dentry->d_flags & DCACHE_OP_REVALIDATE)))
		return 1;
	return dentry->d_op->d_revalidate(dentry, flags);
}

/* In the cache only: a dentry with a reference, NULL, or ERR_PTR. */
struct dentry *lookup_dcache(const struct qstr *name, struct dentry *dir, unsigned int flags)
{
	struct dentry *dentry = d_lookup(dir, name);
	int ok;

	if (!dentry)
		return NULL;
	ok = revalidate(dentry, flags);
	if (likely(ok > 0))
		return dentry;
	if (!ok)
		d_invalidate(dentry);
	dput(dentry);
	return ok ? ERR_PTR(ok) : NULL;
}

/* Ask the file system. => @dir's inode locked */
static struct dentry *lookup_real(const struct qstr *name, struct dentry *dir, unsigned int flags)
{
	struct inode *inode = dir->d_inode;
	struct dentry *dentry, *old;

	if (IS_DEADDIR(inode))
		return ERR_PTR(-ENOENT);
	dentry = d_alloc(dir, name);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	old = inode->i_op->lookup(inode, dentry, flags);
	if (old) {
		dput(dentry);
		dentry = old;
	}
	return dentry;
}

/* => @dir's inode locked for writing */
struct dentry *lookup_hash(const struct qstr *name, struct dentry *dir, unsigned int flags)
{
	struct dentry *dentry = lookup_dcache(name, dir, flags);

	return dentry ? dentry : lookup_real(name, dir, flags);
}

/*
 * Miss: with the directory locked. For writing, because two look-ups of one name must not both make a
 * dentry; Linux has a second hash of look-ups in progress to allow them in parallel.
 */
static struct dentry *lookup_slow(const struct qstr *name, struct dentry *dir, unsigned int flags)
{
	struct inode *inode = dir->d_inode;
	struct dentry *dentry;

	inode_lock(inode);
	dentry = lookup_hash(name, dir, flags);
	inode_unlock(inode);
	return dentry;
}

/* ---- links ---- */

/* Keep @dentry and what frees its text until the walk ends. */
static struct kept_link *keep_link(struct nameidata *nd, struct dentry *dentry)
{
	struct kept_link *link = &nd->links[nd->nr_links++];

	link->dentry = dentry;
	link->done.fn = NULL;
	return link;
}

/* @dentry, a symbolic link of which we own a reference, is to be followed. */
static const char *pick_link(struct nameidata *nd, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	struct path link_path = { nd->path.mnt, dentry };
	struct kept_link *link;
	const char *text;
	int err;

	if (nd->nr_links >= MAXSYMLINKS || (nd->flags & LOOKUP_NO_SYMLINKS) ||
	    (nd->path.mnt->mnt_flags & MNT_NOSYMFOLLOW)) {
		dput(dentry);
		return ERR_PTR(-ELOOP);
	}
	link = keep_link(nd, dentry);
	touch_atime(&link_path);
	text = inode->i_op->get_link(dentry, inode, &link->done);
	if (IS_ERR_OR_NULL(text))
		return text; /* an error, or the walk has jumped */
	if (*text == '/') {
		err = jump_to_root(nd);
		if (err)
			return ERR_PTR(err);
		while (*text == '/')
			text++;
	}
	return text;
}

/* Go to @dentry (whose reference we own), over mounts, and say if a link has to be walked. */
static const char *step_into(struct nameidata *nd, struct dentry *dentry, bool follow)
{
	struct inode *inode;

	if (unlikely(d_mountpoint(dentry))) {
		struct path path = { mntget(nd->path.mnt), dentry };

		follow_down(&path);
		if ((nd->flags & LOOKUP_NO_XDEV) && path.mnt != nd->path.mnt) {
			path_put(&path);
			return ERR_PTR(-EXDEV);
		}
		path_put(&nd->path);
		nd->path = path;
		dentry = path.dentry;
		if (unlikely(!dentry->d_inode))
			return ERR_PTR(-ENOENT);
		return NULL;
	}
	inode = READ_ONCE(dentry->d_inode);
	if (unlikely(!inode)) {
		dput(dentry);
		return ERR_PTR(-ENOENT);
	}
	if (unlikely(follow && S_ISLNK(inode->i_mode) && inode->i_op->get_link))
		return pick_link(nd, dentry);
	dput(nd->path.dentry);
	nd->path.dentry = dentry;
	return NULL;
}

static const char *handle_dots(struct nameidata *nd)
{
	int err = nd->last_type == LAST_DOTDOT ? follow_dotdot(nd) : 0;

	return err ? ERR_PTR(err) : NULL;
}

/* Where nd->last leads from nd->path. */
static const char *walk_component(struct nameidata *nd, bool follow)
{
	struct dentry *dir = nd->path.dentry, *dentry;

	if (unlikely(nd->last_type != LAST_NORM))
		return handle_dots(nd);
	dentry = lookup_dcache(&nd->last, dir, nd->flags);
	if (unlikely(!dentry)) {
		if (nd->last.len > NAME_MAX)
			return ERR_PTR(-ENAMETOOLONG);
		if (nd->flags & LOOKUP_CACHED)
			return ERR_PTR(-EAGAIN);
		dentry = lookup_slow(&nd->last, dir, nd->flags);
	}
	if (unlikely(IS_ERR(dentry)))
		return ERR_CAST(dentry);
	return step_into(nd, dentry, follow);
}

/* ---- the walk ---- */

static bool can_lookup(const struct dentry *dentry)
{
	return S_ISDIR(dentry->d_inode->i_mode) && dentry->d_inode->i_op->lookup;
}

static int may_lookup(struct inode *inode)
{
	/* searchable by everybody and nobody to ask: no need to know who we are */
	if (likely((inode->i_mode & S_IXUGO) == S_IXUGO && !inode->i_op->permission))
		return 0;
	return inode_permission(inode, MAY_EXEC);
}

/* Take the next component of @name into nd->last; what follows it, without slashes. */
static const char *take_component(struct nameidata *nd, const char *name)
{
	const char *end = name;

	while (*end && *end != '/')
		end++;
	nd->last.name = (const unsigned char *)name;
	nd->last.hash_len = full_name_hash_len(name, end - name);
	nd->last_type = LAST_NORM;
	if (unlikely(name[0] == '.')) {
		if (end - name == 1)
			nd->last_type = LAST_DOT;
		else if (end - name == 2 && name[1] == '.')
			nd->last_type = LAST_DOTDOT;
	}
	while (*end == '/')
		end++;
	return end;
}

int link_path_walk(const char *name, struct nameidata *nd)
{
	nd->last_type = LAST_ROOT;
	while (*name == '/')
		name++;
	if (!*name)
		return 0;
	if (!can_lookup(nd->path.dentry))
		return -ENOTDIR;
	for (;;) {
		const char *link;
		int err = may_lookup(nd->path.dentry->d_inode);

		if (err)
			return err;
		name = take_component(nd, name);
		if (!*name) {
			if (!nd->depth)
				return 0;
			name = nd->stack[--nd->depth];
		}
		link = walk_component(nd, true);
		if (unlikely(link)) {
			if (IS_ERR(link))
				return PTR_ERR(link);
			if (*link) {
				nd->stack[nd->depth++] = name;
				name = link;
			}
		}
		if (unlikely(!can_lookup(nd->path.dentry)))
			return -ENOTDIR;
	}
}

/* Where the walk starts. */
static int path_init(struct nameidata *nd)
{
	const char *s = nd->name->name;

	nd->nr_links = nd->depth = 0;
	nd->jumped = false;
	nd->path = (struct path){ NULL, NULL };
	if (nd->preset_root) { /* file_open_root */
		nd->path = nd->root;
		path_get(&nd->path);
		path_get(&nd->root);
		return 0;
	}
	nd->has_root = false;
	if (*s == '/' && !(nd->flags & LOOKUP_IN_ROOT)) {
		if (nd->flags & LOOKUP_BENEATH)
			return -EXDEV;
		if (nd->flags & LOOKUP_IS_SCOPED)
			return -EXDEV;
		get_fs_root(current->fs, &nd->root);
		nd->has_root = true;
		nd->path = nd->root;
		path_get(&nd->path);
		return 0;
	}
	if (nd->dfd == AT_FDCWD) {
		get_fs_pwd(current->fs, &nd->path);
	} else {
		struct fd f = fdget_raw(nd->dfd);

		if (!f.file)
			return -EBADF;
		nd->path = f.file->f_path;
		path_get(&nd->path);
		fdput(f);
		if (*s && !can_lookup(nd->path.dentry)) {
			path_put(&nd->path);
			nd->path.mnt = NULL;
			nd->path.dentry = NULL;
			return -ENOTDIR;
		}
	}
	if (nd->flags & LOOKUP_IS_SCOPED) {
		nd->root = nd->path;
		path_get(&nd->root);
		nd->has_root = true;
	}
	return 0;
}

void walk_begin(struct nameidata *nd, int dfd, struct filename *name, unsigned int flags)
{
	nd->name = name;
	nd->dfd = dfd;
	nd->flags = flags;
	nd->preset_root = nd->has_root = false;
	nd->saved = current->nameidata;
	current->nameidata = nd;
}

void walk_begin_root(struct nameidata *nd, const struct path *root, struct filename *name,
		     unsigned int flags)
{
	walk_begin(nd, -1, name, flags);
	nd->root = *root;
	nd->preset_root = nd->has_root = true;
}

int walk_start(struct nameidata *nd)
{
	return path_init(nd);
}

/* Drop everything but the result, which is taken out of nd->path before. */
void walk_end(struct nameidata *nd)
{
	while (nd->nr_links) {
		struct kept_link *link = &nd->links[--nd->nr_links];

		do_delayed_call(&link->done);
		dput(link->dentry);
	}
	if (nd->path.dentry)
		path_put(&nd->path);
	nd->path = (struct path){ NULL, NULL };
	if (nd->has_root)
		path_put(&nd->root);
	nd->has_root = nd->preset_root;
}

void walk_leave(struct nameidata *nd)
{
	current->nameidata = nd->saved;
}

const char *lookup_last(struct nameidata *nd)
{
	if (nd->last_type == LAST_ROOT)
		return NULL;
	if (nd->last_type == LAST_NORM && nd->last.name[nd->last.len])
		nd->flags |= LOOKUP_FOLLOW | LOOKUP_DIRECTORY;
	return walk_component(nd, nd->flags & LOOKUP_FOLLOW);
}

const char *step_last(struct nameidata *nd, struct dentry *dentry)
{
	return step_into(nd, dentry, nd->flags & LOOKUP_FOLLOW);
}

/* The end of the walk: is the place still below its root, for a scoped walk? */
int complete_walk(struct nameidata *nd)
{
	struct dentry *dentry = nd->path.dentry;

	if ((nd->flags & LOOKUP_IS_SCOPED) &&
	    !is_path_reachable(real_mount(nd->path.mnt), dentry, &nd->root))
		return -EXDEV;
	if (nd->jumped && (dentry->d_flags & DCACHE_OP_REVALIDATE)) {
		int ok = revalidate(dentry, nd->flags);

		return ok > 0 ? 0 : ok ? ok : -ESTALE;
	}
	return 0;
}

static int path_lookupat(struct nameidata *nd, struct path *path)
{
	const char *s = nd->name->name;
	int err = walk_start(nd);

	while (!err && !(err = link_path_walk(s, nd)) && (s = lookup_last(nd)) != NULL)
		if (IS_ERR(s))
			err = PTR_ERR(s);
	if (!err)
		err = complete_walk(nd);
	if (!err && (nd->flags & LOOKUP_DIRECTORY) && !can_lookup(nd->path.dentry))
		err = -ENOTDIR;
	if (!err) {
		*path = nd->path;
		nd->path = (struct path){ NULL, NULL };
	}
	walk_end(nd);
	return err;
}

int filename_lookup(int dfd, struct filename *name, unsigned flags, struct path *path,
		    struct path *root)
{
	struct nameidata nd;
	int err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	if (unlikely(root))
		walk_begin_root(&nd, root, name, flags);
	else
		walk_begin(&nd, dfd, name, flags);
	err = path_lookupat(&nd, path);
	walk_leave(&nd);
	return err;
}

/* The parent of what @name means; the last component in *@last. */
int filename_parentat(int dfd, struct filename *name, unsigned int flags, struct path *parent,
		      struct qstr *last, int *type)
{
	struct nameidata nd;
	int err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	walk_begin(&nd, dfd, name, flags);
	err = walk_start(&nd);
	if (!err)
		err = link_path_walk(name->name, &nd);
	if (!err)
		err = complete_walk(&nd);
	if (!err) {
		*last = nd.last;
		*type = nd.last_type;
		*parent = nd.path;
		nd.path = (struct path){ NULL, NULL };
	}
	walk_end(&nd);
	walk_leave(&nd);
	return err;
}

int user_path_at_empty(int dfd, const char __user *name, unsigned flags, struct path *path,
		       int *empty)
{
	struct filename *filename = getname_flags(name, flags, empty);
	int err = filename_lookup(dfd, filename, flags, path, NULL);

	putname(filename);
	return err;
}

int user_path_at(int dfd, const char __user *name, unsigned flags, struct path *path)
{
	return user_path_at_empty(dfd, name, flags, path, NULL);
}

int kern_path(const char *name, unsigned flags, struct path *path)
{
	struct filename *filename = getname_kernel(name);
	int err = filename_lookup(AT_FDCWD, filename, flags, path, NULL);

	putname(filename);
	return err;
}

struct dentry *lookup_one_len(const char *name, struct dentry *base, int len)
{
	struct qstr q = { .name = (const unsigned char *)name };
	int err;

	if (!len || memchr(name, '/', len) ||
	    (name[0] == '.' && (len < 2 || (len == 2 && name[1] == '.'))))
		return ERR_PTR(-EACCES);
	if (len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	err = inode_permission(base->d_inode, MAY_EXEC);
	if (err)
		return ERR_PTR(err);
	q.hash_len = full_name_hash_len(name, len);
	return lookup_hash(&q, base, 0);
}
