// SPDX-License-Identifier: MIT
/*
 * Character devices: from a device number to the operations of its driver.
 * The table is short, a list in the order of numbers. The first open of an inode finds the device and
 * remembers it in inode->i_cdev; the file's operations become the driver's.
 */
#include <base/errno.h>
#include <base/string.h>
#include <sync/spinlock.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <mm/slab.h>

static LIST_HEAD(chrdevs);
static DEFINE_SPINLOCK(chrdevs_lock, LOCK_CHRDEV);

/* A range of numbers that somebody has claimed, with operations or without yet. */
static struct cdev *find_overlap(dev_t dev, unsigned int count)
{
	struct cdev *c;

	list_for_each_entry (c, &chrdevs, list)
		if (dev < c->dev + c->count && c->dev < dev + count)
			return c;
	return NULL;
}

static void insert_sorted(struct cdev *cdev)
{
	struct cdev *c;

	list_for_each_entry (c, &chrdevs, list)
		if (c->dev > cdev->dev)
			break;
	list_add_tail(&cdev->list, &c->list);
}

static void cdev_init(struct cdev *cdev, const struct file_operations *fops)
{
	memset(cdev, 0, sizeof(*cdev));
	INIT_LIST_HEAD(&cdev->list);
	cdev->ops = fops;
}

/* The device that serves @dev: those with operations go before bare reservations. */
static struct cdev *lookup_cdev(dev_t dev)
{
	struct cdev *c, *found = NULL;

	spin_lock(&chrdevs_lock);
	list_for_each_entry (c, &chrdevs, list)
		if (c->ops && dev >= c->dev && dev < c->dev + c->count)
			found = c;
	spin_unlock(&chrdevs_lock);
	return found;
}

static int add_region(dev_t dev, unsigned int count, const char *name,
		      const struct file_operations *fops)
{
	struct cdev *cdev = kzalloc(sizeof(*cdev), GFP_KERNEL);
	int err = 0;

	if (!cdev)
		return -ENOMEM;
	cdev_init(cdev, fops);
	cdev->name = name;
	cdev->dev = dev;
	cdev->count = count;
	spin_lock(&chrdevs_lock);
	if (find_overlap(dev, count))
		err = -EBUSY;
	else
		insert_sorted(cdev);
	spin_unlock(&chrdevs_lock);
	if (err)
		kfree(cdev);
	return err;
}

/* A major number that nobody uses, from 254 down; 0: none. */
static unsigned int free_major(void)
{
	for (unsigned int m = 254; m >= 234; m--) {
		struct cdev *c;

		spin_lock(&chrdevs_lock);
		c = find_overlap(MKDEV(m, 0), 1U << MINORBITS);
		spin_unlock(&chrdevs_lock);
		if (!c)
			return m;
	}
	return 0;
}

int __register_chrdev(unsigned int major, unsigned int baseminor, unsigned int count,
		      const char *name, const struct file_operations *fops)
{
	bool dynamic = !major;
	int err;

	if (dynamic) {
		major = free_major();
		if (!major)
			return -EBUSY;
	}
	err = add_region(MKDEV(major, baseminor), count, name, fops);
	return err ? err : dynamic ? (int)major : 0;
}

int register_chrdev(unsigned int major, const char *name, const struct file_operations *fops)
{
	return __register_chrdev(major, 0, 256, name, fops);
}

/* The first open of a device node: hand the file over to the driver. */
static int chrdev_open(struct inode *inode, struct file *filp)
{
	struct cdev *cdev = inode->i_cdev;

	if (!cdev) {
		cdev = lookup_cdev(inode->i_rdev);
		if (!cdev)
			return -ENXIO;
		inode->i_cdev = cdev;
	}
	replace_fops(filp, cdev->ops);
	return filp->f_op->open ? filp->f_op->open(inode, filp) : 0;
}

const struct file_operations def_chr_fops = {
	.open = chrdev_open,
	.llseek = noop_llseek,
};

void chrdev_show(struct seq_file *m)
{
	struct cdev *c;
	unsigned int last = ~0U;
	const char *last_name = "";

	spin_lock(&chrdevs_lock);
	list_for_each_entry (c, &chrdevs, list) {
		const char *name = c->name ?: "?";

		if (MAJOR(c->dev) == last && !strcmp(name, last_name))
			continue;
		seq_printf(m, "%3u %s\n", MAJOR(c->dev), name);
		last = MAJOR(c->dev);
		last_name = name;
	}
	spin_unlock(&chrdevs_lock);
}
