/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: fs/file.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
#include <base/atomic.h>
#include <mm/address_space.h>
struct vm_area_struct;
struct inode;
struct file;
struct path {
	int x;
};
struct file_operations {
	int (*mmap)(struct file *, struct vm_area_struct *);
	unsigned long (*get_unmapped_area)(struct file *, unsigned long, unsigned long,
					   unsigned long, unsigned long);
};
struct file {
	atomic_t cnt;
	atomic_long_t f_count;
	struct address_space *f_mapping;
	const struct file_operations *f_op;
	unsigned f_mode;
	struct path f_path;
	struct inode *f_inode;
};
#define FMODE_READ  1
#define FMODE_WRITE 2
static inline struct file *get_file(struct file *f)
{
	atomic_inc(&f->cnt);
	return f;
}
static inline bool get_file_rcu(struct file *f)
{
	atomic_inc(&f->cnt);
	return true;
}
static inline void fput(struct file *f)
{
	atomic_dec(&f->cnt);
}
struct file *fget_file(void);
static inline struct file *fget(unsigned fd)
{
	struct file *f = fget_file();
	return get_file(f);
}
#define file_inode(f)	      ((f)->f_inode)
#define deny_write_access(f)  0
#define allow_write_access(f) ((void)0)
static inline int vfs_fsync_range(struct file *f, loff_t a, loff_t b, int c)
{
	return 0;
}
static inline int vfs_fallocate(struct file *f, int m, loff_t a, loff_t b)
{
	return -95;
}
static inline int file_permission(struct file *f, int m)
{
	return 0;
}
#define MAY_WRITE 2
static inline int file_update_time(struct file *f)
{
	return 0;
}
