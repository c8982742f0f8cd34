/* SPDX-License-Identifier: MIT */
/*
 * What happened to a file is told to those that watch it, or the directory it is in: fs/notify/.
 * While nobody watches anything each of these is one load and a branch. All may be called with locks that sleep held,
 * none with a spinlock.
 */
#ifndef QUIRE_FS_FSNOTIFY_H
#define QUIRE_FS_FSNOTIFY_H

#include <base/types.h>
#include <base/compiler.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <linux/inotify.h>

extern unsigned int fsnotify_marks;	/* all there are */

void __fsnotify(struct inode *inode, u32 mask, const char *name, u32 cookie);
void __fsnotify_dentry(struct dentry *dentry, u32 mask);
/* @inode was moved; @gone (may be NULL) had the new name before. */
void __fsnotify_move(struct inode *old_dir, const char *old_name, struct inode *new_dir, const char *new_name,
		     struct inode *inode, struct inode *gone);
void __fsnotify_inoderemove(struct inode *inode);
void __fsnotify_unmount(struct super_block *sb);

static inline bool fsnotify_wanted(void)
{
	return unlikely(READ_ONCE(fsnotify_marks));
}

/* IN_*: to the inode of @dentry and, with its name, to its directory. */
static inline void fsnotify_dentry(struct dentry *dentry, u32 mask)
{
	if (fsnotify_wanted())
		__fsnotify_dentry(dentry, mask);
}
static inline void fsnotify_file(struct file *file, u32 mask)
{
	if (fsnotify_wanted() && !(file->f_mode & (FMODE_NONOTIFY | FMODE_PATH)))
		__fsnotify_dentry(file->f_path.dentry, mask);
}
/* To @inode alone: its number of names changed. */
static inline void fsnotify_link_count(struct inode *inode)
{
	if (fsnotify_wanted())
		__fsnotify(inode, IN_ATTRIB | (S_ISDIR(inode->i_mode) ? IN_ISDIR : 0), NULL, 0);
}
/* IN_CREATE, IN_DELETE of @dentry in @dir. */
static inline void fsnotify_name(struct inode *dir, const struct dentry *dentry, bool is_dir, u32 mask)
{
	if (fsnotify_wanted())
		__fsnotify(dir, mask | (is_dir ? IN_ISDIR : 0), (const char *)dentry->d_name.name, 0);
}
/* The last name and the last user have gone. */
static inline void fsnotify_inoderemove(struct inode *inode)
{
	if (fsnotify_wanted())
		__fsnotify_inoderemove(inode);
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
	if (fsnotify_wanted())
		__dnotify_flush(file, owner);
}

#endif
