/* SPDX-License-Identifier: MIT */
/* Files that have no name: one inode shared by all of them. fs/anon_inodes.c. */
#ifndef QUIRE_FS_ANON_INODES_H
#define QUIRE_FS_ANON_INODES_H

struct file;
struct file_operations;

/* @name as /proc/PID/fd shows it behind "anon_inode:". ERR_PTR / errno on failure; may sleep. */
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv, int flags);
int anon_inode_getfd(const char *name, const struct file_operations *fops, void *priv, int flags);

#endif
