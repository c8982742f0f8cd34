/* SPDX-License-Identifier: MIT */
/*
 * What happened to a file is told to those that watch it, the directory it is in, its mount or its file system: fs/notify/.
 * While nobody watches anything each of these is one load and a branch. All may be called with locks that sleep held,
 * none with a spinlock. Events have the same bits in IN_* and FAN_*.
 */
#ifndef QUIRE_FS_FSNOTIFY_H
#define QUIRE_FS_FSNOTIFY_H

#include <base/types.h>
#include <base/compiler.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <linux/fanotify.h>
#include <linux/inotify.h>

extern unsigned int fsnotify_marks;		/* all there are */
extern unsigned int fsnotify_perm_marks;	/* that allow or deny */

void __fsnotify_inode(struct inode *inode, u32 mask);
void __fsnotify_name(struct inode *dir, struct inode *inode, const char *name, u32 mask);
/* @path: where the file was opened; NULL: the event is of no open file. */
void __fsnotify_dentry(struct dentry *dentry, const struct path *path, u32 mask);
int __fsnotify_open_perm(struct file *file);
int __fsnotify_perm(struct file *file, u32 mask);
/* @inode was moved; @gone (may be NULL) had the new name before. */
void __fsnotify_move(struct inode *old_dir, const char *old_name, struct inode *new_dir, const char *new_name,
		     struct inode *inode, struct inode *gone);
void __fsnotify_inoderemove(struct inode *inode);
void __fsnotify_unmount(struct super_block *sb);
/* IN_MODIFY to who watches an inode with the i_private @file or, with @name, @dir: neither need be in memory. */
void __fsnotify_private(const void *file, const void *dir, const char *name);
void __fsnotify_gone(u16 *watches);

static inline bool fsnotify_wanted(void)
{
	return unlikely(READ_ONCE(fsnotify_marks));
}
static inline bool fsnotify_perm_wanted(void)
{
	return unlikely(READ_ONCE(fsnotify_perm_marks));
}

/* IN_*: to the inode of @dentry and, with its name, to its directory. */
static inline void fsnotify_dentry(struct dentry *dentry, u32 mask)
{
	if (fsnotify_wanted())
		__fsnotify_dentry(dentry, NULL, mask);
}
static inline void fsnotify_file(struct file *file, u32 mask)
{
	if (fsnotify_wanted() && !(file->f_mode & (FMODE_NONOTIFY | FMODE_PATH)))
		__fsnotify_dentry(file->f_path.dentry, &file->f_path, mask);
}
static inline void fsnotify_open(struct file *file)
{
	fsnotify_file(file, FAN_OPEN | (file->f_flags & FMODE_EXEC ? FAN_OPEN_EXEC : 0));
}
/*
 * May @file be opened, or read? Asks those that have a say in it, FAN_OPEN_PERM and FAN_ACCESS_PERM, and waits for what they
 * answer. 0, -EPERM, -ENOMEM, -ERESTARTSYS: current is killed. May sleep, for as long as they like.
 */
static inline int fsnotify_open_perm(struct file *file)
{
	return fsnotify_perm_wanted() ? __fsnotify_open_perm(file) : 0;
}
static inline int fsnotify_read_perm(struct file *file)
{
	return fsnotify_perm_wanted() ? __fsnotify_perm(file, FAN_ACCESS_PERM) : 0;
}
/* To @inode alone: its number of names changed. */
static inline void fsnotify_link_count(struct inode *inode)
{
	if (fsnotify_wanted())
		__fsnotify_inode(inode, IN_ATTRIB);
}
/* IN_CREATE, IN_DELETE of @dentry, a name of @inode, in @dir. */
static inline void fsnotify_name(struct inode *dir, struct inode *inode, const struct dentry *dentry, u32 mask)
{
	if (fsnotify_wanted())
		__fsnotify_name(dir, inode, (const char *)dentry->d_name.name, mask);
}
/* The last name and the last user have gone. */
static inline void fsnotify_inoderemove(struct inode *inode)
{
	if (fsnotify_wanted())
		__fsnotify_inoderemove(inode);
}
/* @inode leaves memory; @mnt has its last user behind it: nobody watches them any more. */
static inline void fsnotify_inode_gone(struct inode *inode)
{
	if (fsnotify_wanted())
		__fsnotify_gone(&inode->i_watches);
}
static inline void fsnotify_mount_gone(struct vfsmount *mnt)
{
	if (fsnotify_wanted())
		__fsnotify_gone(&mnt->mnt_watches);
}
static inline void fsnotify_unmount(struct super_block *sb)
{
	if (fsnotify_wanted())
		__fsnotify_unmount(sb);
}

/* ---- dnotify.c ---- */

/* F_NOTIFY with DN_*: 0, -EINVAL, -ENOTDIR, -ENOMEM. May sleep. */
int fcntl_dirnotify(int fd, struct file *file, unsigned long arg);
void __dnotify_flush(struct file *file, void *owner);
/* @owner, a table of files, closes @file: it hears no more of it. */
static inline void dnotify_flush(struct file *file, void *owner)
{
	if (fsnotify_wanted() && READ_ONCE(file_inode(file)->i_watches))
		__dnotify_flush(file, owner);
}

#endif
