/* SPDX-License-Identifier: MIT */
/* What the files of fs/ share among themselves. */
#ifndef QUIRE_FS_FS_INTERNAL_H
#define QUIRE_FS_FS_INTERNAL_H

#include <base/types.h>

struct file;
struct kiocb;
struct mount;
struct open_how;
struct path;
struct pipe_inode_info;
struct file_operations;
struct file_system_type;
struct files_struct;
struct super_block;

void dcache_init(void);
void inode_init(void);
void fdtable_init(void);

/* fs/dcache.c: see there. */
int path_to_text(const struct path *path, const struct path *root, char *buf, char *end, char **text);
/* fs/namespace.c */
bool mount_is_rootfs(const struct mount *mnt);
/* fs/super.c: the file system for one mount(2): root dentry with s_active, or ERR_PTR. */
struct dentry *mount_fs(struct file_system_type *type, int flags, const char *name, void *data);
/* fs/open.c */
int do_dentry_open(struct file *f, struct inode *inode, int (*open)(struct inode *, struct file *));
int do_truncate(struct dentry *dentry, loff_t length, unsigned int time_attrs, struct file *filp);
/* fs/splice.c: what sendfile and copy_file_range do, after their checks. Bytes, or an errno when none. May sleep. */
ssize_t splice_file_to_pipe(struct file *in, struct pipe_inode_info *pipe, loff_t *ppos, size_t len, bool nonblock);
/* From file to file, through pages of @in. What was read and not written is given back to @in_pos. */
ssize_t splice_between_files(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos, size_t len);
/* fs/pipe.c; the parts that fcntl reaches. */
long pipe_fcntl(struct file *file, unsigned int cmd, unsigned long arg);

/* fs/sysfs_slab.c: "name\0target\0...", the target empty for a cache that is not merged into another; ended by an
 * empty name. To be freed; NULL: no memory. May sleep. */
char *slab_all_names(void);

/* Block devices do not exist yet: opening one answers -ENXIO. */
extern const struct file_operations def_blk_fops;

#endif
