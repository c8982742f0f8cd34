// SPDX-License-Identifier: MIT
/*
 * File handles: name_to_handle_at(2) and open_by_handle_at(2).
 *
 * 1 A handle is what a file system knows an inode by for ever: its number, and its generation, which differs when the
 *   number is given to another file. Only a file system with s_export_op has handles: ext2 and tmpfs.
 * 2 From a handle to a dentry: the file system finds the inode. Any dentry that it has will do. A file without one gets a
 *   dentry without a name, that nobody else finds and that goes with its last user. A directory may have one dentry only,
 *   so its names are looked up for good from the nearest directory above it that is in memory: ".." of each gives the way
 *   up, the listing of the one above the name for the way down.
 * 3 Failure: whatever is not found is -ESTALE, as if it were gone.
 * 4 Linux 6.1: fs/fhandle.c, fs/exportfs/expfs.c. Simpler here: no dentries of directories that are not connected yet, and
 *   no handles that name a parent, which only a server of files asks for.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/exportfs.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include <linux/limits.h>

/* Directories above each other that are looked at: a damaged disk may lead in a circle. */
#define DEPTH_MAX 65536

/* --- from an inode to a handle ----------------------------------------------------------------------- */

int exportfs_encode_fh(struct inode *inode, u32 *fh, int *words)
{
	const struct export_operations *op = inode->i_sb->s_export_op;
	int room = *words;

	if (op->encode_fh)
		return op->encode_fh(inode, fh, words);
	*words = 2;
	if (room < 2)
		return FILEID_INVALID;
	fh[0] = inode->i_ino;
	fh[1] = inode->i_generation;
	return FILEID_INO32_GEN;
}

static long name_to_handle(const struct path *path, struct file_handle __user *user,
			   int __user *mnt_id)
{
	struct inode *inode = d_inode(path->dentry);
	struct {
		struct file_handle head;
		u32 words[MAX_HANDLE_SZ / sizeof(u32)];
	} handle;
	size_t size = sizeof(handle.head);
	u32 room;
	int words;
	long err = 0;

	if (!exportfs_can_decode(inode->i_sb->s_export_op))
		return -EOPNOTSUPP;
	if (copy_from_user(&handle.head, user, sizeof(handle.head)))
		return -EFAULT;
	room = handle.head.handle_bytes;
	if (room > MAX_HANDLE_SZ)
		return -EINVAL;
	words = room / sizeof(u32);
	handle.head.handle_type = exportfs_encode_fh(inode, handle.words, &words);
	handle.head.handle_bytes = words * sizeof(u32);
	if (handle.head.handle_type == FILEID_INVALID || handle.head.handle_bytes > room)
		err = -EOVERFLOW; /* and the room it takes is told */
	else
		size += handle.head.handle_bytes;
	if (put_user(real_mount(path->mnt)->mnt_id, mnt_id) || copy_to_user(user, &handle, size))
		return -EFAULT;
	return err;
}

SYSCALL_DEFINE5(name_to_handle_at, int, dfd, const char __user *, name, struct file_handle __user *,
		handle, int __user *, mnt_id, int, flag)
{
	unsigned int lookup = (flag & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
			      (flag & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct path path;
	long err;

	if (flag & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_at(dfd, name, lookup, &path);
	if (err)
		return err;
	err = name_to_handle(&path, handle, mnt_id);
	path_put(&path);
	return err;
}

/* --- from an inode to a dentry ----------------------------------------------------------------------- */

struct search {
	struct dir_context ctx;
	u64 ino;
	int len; /* of name; 0: not found yet */
	char name[NAME_MAX + 1];
};

static bool compare_entry(struct dir_context *ctx, const char *name, int len, loff_t offset,
			  u64 ino, unsigned type)
{
	struct search *s = container_of(ctx, struct search, ctx);
	bool dots = name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));

	if (ino != s->ino || dots || len > NAME_MAX)
		return true;
	memcpy(s->name, name, len);
	s->len = len;
	return false;
}

/* The name of inode @s->ino in directory @path, into @s. 0 or an errno. */
static int find_name(const struct path *path, struct search *s)
{
	struct file *file =
		dentry_open(path, O_RDONLY | O_DIRECTORY | FMODE_NONOTIFY, current_cred());
	loff_t before;
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	do {
		before = s->ctx.pos;
		err = iterate_dir(file, &s->ctx);
	} while (!err && !s->len && s->ctx.pos != before);
	__fput_sync(file);
	if (!err && !s->len)
		err = -ESTALE;
	return err;
}

/* Directory @inode is one of those in @parent: its dentry, or ERR_PTR. */
static struct dentry *lookup_child(struct vfsmount *mnt, struct dentry *parent, struct inode *inode)
{
	struct path path = { .mnt = mnt, .dentry = parent };
	struct dentry *dentry;
	struct search *s;
	int err;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->ctx.actor = compare_entry;
	s->ino = inode->i_ino;
	err = find_name(&path, s);
	if (!err) {
		inode_lock(d_inode(parent));
		dentry = lookup_one_len(s->name, parent, s->len);
		inode_unlock(d_inode(parent));
		err = PTR_ERR_OR_ZERO(dentry);
	}
	kfree(s);
	if (err)
		return ERR_PTR(err);
	if (d_inode(dentry) == inode)
		return dentry;
	dput(dentry); /* it was moved meanwhile */
	return ERR_PTR(-ESTALE);
}

/* The highest directory over @inode, or @inode itself, that has no dentry gets one: that, or ERR_PTR. */
static struct dentry *connect_one(struct vfsmount *mnt, struct inode *inode)
{
	const struct export_operations *op = inode->i_sb->s_export_op;
	struct dentry *dentry = NULL;
	struct inode *parent;

	if (!op->get_parent)
		return ERR_PTR(-ESTALE);
	ihold(inode);
	for (int depth = 0; !dentry && depth < DEPTH_MAX; depth++) {
		struct dentry *above;

		parent = op->get_parent(inode);
		if (IS_ERR(parent)) {
			dentry = ERR_CAST(parent);
			break;
		}
		above = d_find_any_alias(parent);
		if (above) {
			dentry = lookup_child(mnt, above, inode);
			dput(above);
			iput(parent);
		} else {
			iput(inode);
			inode = parent;
		}
	}
	iput(inode);
	return dentry ? dentry : ERR_PTR(-ESTALE);
}

static struct dentry *obtain_directory(struct vfsmount *mnt, struct inode *inode)
{
	struct dentry *dentry;

	while (!(dentry = d_find_any_alias(inode))) {
		dentry = connect_one(mnt, inode);
		if (IS_ERR(dentry) || d_inode(dentry) == inode)
			return dentry;
		dput(dentry); /* kept in memory: one step nearer */
	}
	return dentry;
}

struct dentry *exportfs_decode_fh(struct vfsmount *mnt, const u32 *fh, int words, int type)
{
	struct super_block *sb = mnt->mnt_sb;
	struct dentry *dentry;
	struct inode *inode;

	if (!exportfs_can_decode(sb->s_export_op))
		return ERR_PTR(-ESTALE);
	inode = sb->s_export_op->fh_to_inode(sb, fh, words, type);
	if (IS_ERR_OR_NULL(inode))
		return ERR_PTR(inode == ERR_PTR(-ENOMEM) ? -ENOMEM : -ESTALE);
	dentry = S_ISDIR(inode->i_mode) ? obtain_directory(mnt, inode) : d_obtain_alias(inode);
	iput(inode);
	if (IS_ERR(dentry) && dentry != ERR_PTR(-ENOMEM))
		return ERR_PTR(-ESTALE);
	return dentry;
}

/* --- opening ----------------------------------------------------------------------------------------- */

/* The mount that @fd is on, with a reference, or ERR_PTR(-EBADF). */
static struct vfsmount *mount_of(int fd)
{
	struct vfsmount *mnt;
	struct path pwd;
	struct fd f;

	if (fd == AT_FDCWD) {
		get_fs_pwd(current->fs, &pwd);
		mnt = mntget(pwd.mnt);
		path_put(&pwd);
		return mnt;
	}
	f = fdget(fd);
	if (!f.file)
		return ERR_PTR(-EBADF);
	mnt = mntget(f.file->f_path.mnt);
	fdput(f);
	return mnt;
}

/* Where @user leads on the mount of @fd, with references. 0 or an errno. */
static int handle_to_path(int fd, struct file_handle __user *user, struct path *path)
{
	u32 words[MAX_HANDLE_SZ / sizeof(u32)];
	struct file_handle head;

	if (!capable(CAP_DAC_READ_SEARCH))
		return -EPERM;
	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (!head.handle_bytes || head.handle_bytes > MAX_HANDLE_SZ)
		return -EINVAL;
	if (copy_from_user(words, user + 1, head.handle_bytes))
		return -EFAULT;
	path->mnt = mount_of(fd);
	if (IS_ERR(path->mnt))
		return PTR_ERR(path->mnt);
	path->dentry = exportfs_decode_fh(path->mnt, words, head.handle_bytes / sizeof(u32),
					  head.handle_type);
	if (!IS_ERR(path->dentry))
		return 0;
	mntput(path->mnt);
	return PTR_ERR(path->dentry);
}

SYSCALL_DEFINE3(open_by_handle_at, int, mount_fd, struct file_handle __user *, handle, int, flags)
{
	struct file *file;
	struct path path;
	int fd = handle_to_path(mount_fd, handle, &path);

	if (fd)
		return fd;
	fd = get_unused_fd_flags(flags);
	if (fd >= 0) {
		file = file_open_root(&path, "", flags | O_LARGEFILE, 0);
		if (IS_ERR(file)) {
			put_unused_fd(fd);
			fd = PTR_ERR(file);
		} else {
			fsnotify_open(file);
			fd_install(fd, file);
		}
	}
	path_put(&path);
	return fd;
}
