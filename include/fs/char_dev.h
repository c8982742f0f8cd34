/* SPDX-License-Identifier: MIT */
/* Character devices by number. fs/char_dev.c. */
#ifndef QUIRE_FS_CHAR_DEV_H
#define QUIRE_FS_CHAR_DEV_H

#include <base/types.h>
#include <base/list.h>

struct file_operations;
struct inode;
struct seq_file;

#ifndef MINORBITS
#define MINORBITS	20
#define MINORMASK	((1U << MINORBITS) - 1)
#define MAJOR(dev)	((unsigned int)((dev) >> MINORBITS))
#define MINOR(dev)	((unsigned int)((dev) & MINORMASK))
#define MKDEV(ma, mi)	(((dev_t)(ma) << MINORBITS) | (mi))
#endif
/* The form that stat(2) and mknod(2) use. */
static inline u64 new_encode_dev(dev_t dev)
{
	unsigned int major = MAJOR(dev), minor = MINOR(dev);

	return (minor & 0xff) | (major << 8) | ((u64)(minor & ~0xffU) << 12);
}
static inline dev_t new_decode_dev(u32 dev)
{
	return MKDEV((dev & 0xfff00) >> 8, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

struct cdev {
	const struct file_operations *ops;
	const char *name;
	dev_t dev;		/* first number */
	unsigned int count;
	struct list_head list;
	void *private;		/* of the driver; found at inode->i_cdev */
};

/* A whole major number (0: choose one, which is returned), 256 minors. 0, the major, or an errno. */
int register_chrdev(unsigned int major, const char *name, const struct file_operations *fops);
int __register_chrdev(unsigned int major, unsigned int baseminor, unsigned int count, const char *name,
		      const struct file_operations *fops);
extern const struct file_operations def_chr_fops;
/* The "Character devices:" lines of /proc/devices. */
void chrdev_show(struct seq_file *m);

#endif
