/* SPDX-License-Identifier: MIT */
/* /dev/mem (devmem.c), null, zero, full, random, urandom, kmsg (null(4), full(4), random(4)). */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/poll.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <base/err.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <mm/mmap.h>
#include <mm/shmem.h>
#include <mm/vma.h>
#include <seam/page.h>
#include <seam/uaccess.h>

#include <linux/major.h>
#include <linux/random.h>

#include "devmem.h"

static ssize_t null_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	return 0;
}

static ssize_t null_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	size_t count = iov_iter_count(from);

	iov_iter_advance(from, count);
	return count;
}

static ssize_t zero_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	size_t done = 0;

	while (iov_iter_count(to)) {
		size_t want = min_t(size_t, iov_iter_count(to), PAGE_SIZE);
		size_t n = iov_iter_zero(want, to);

		done += n;
		if (n < want)
			return done ? (ssize_t)done : -EFAULT;
		if (signal_pending(current))
			return done;
		cond_resched();
	}
	return done;
}

/* Shared: memory of its own, like MAP_ANONYMOUS. Private: anonymous memory. */
static int zero_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SHARED)
		return shmem_zero_setup(vma);
	vma_set_anonymous(vma);
	return 0;
}

static ssize_t full_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	return -ENOSPC;
}

static loff_t null_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos = 0;
}

static ssize_t random_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	u8 piece[256];
	size_t done = 0, n;

	while (done < count) {
		n = min(count - done, sizeof(piece));
		get_random_bytes(piece, n);
		if (copy_to_user(buf + done, piece, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	memset(piece, 0, sizeof(piece));
	barrier();
	return done;
}

static ssize_t random_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	u8 piece[256];
	size_t done = 0, n;

	while (done < count) {
		n = min(count - done, sizeof(piece));
		if (copy_from_user(piece, buf + done, n))
			return done ? (ssize_t)done : -EFAULT;
		add_device_randomness(piece, n);
		done += n;
	}
	return done;
}

static const struct file_operations null_fops = {
	.llseek = null_llseek,
	.read_iter = null_read_iter,
	.write_iter = null_write_iter,
};
static const struct file_operations zero_fops = {
	.llseek = null_llseek,
	.read_iter = zero_read_iter,
	.write_iter = null_write_iter,
	.mmap = zero_mmap,
};
static const struct file_operations full_fops = {
	.llseek = null_llseek,
	.read_iter = zero_read_iter,
	.write_iter = full_write_iter,
};
static const struct file_operations random_fops = {
	.llseek = noop_llseek,
	.read = random_read,
	.write = random_write,
};

/* ---- /dev/kmsg: one record a read, "level,seq,usec,-;text\n" ---- */

#define KMSG_LINE 1024

struct kmsg_file {
	u64 seq;
	char text[KMSG_LINE];
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg_file *kf;

	if ((file->f_flags & O_ACCMODE) == O_WRONLY)
		return 0;
	kf = kzalloc(sizeof(*kf), GFP_KERNEL);
	if (!kf)
		return -ENOMEM;
	kf->seq = log_first_seq();
	file->private_data = kf;
	return 0;
}

static int kmsg_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t kmsg_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct kmsg_file *kf = file->private_data;
	ssize_t n;

	if (!kf)
		return -EBADF;
	while (!(n = log_read_record(&kf->seq, kf->text, sizeof(kf->text)))) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(log_wait, kf->seq != log_next_seq()))
			return -ERESTARTSYS;
	}
	if (n < 0)
		return n; /* -EPIPE: records were overwritten */
	if ((size_t)n > count)
		return -EINVAL;
	return copy_to_user(buf, kf->text, n) ? -EFAULT : n;
}

static ssize_t kmsg_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	int level = 4;
	char *text, *start;
	size_t n = min_t(size_t, count, KMSG_LINE - 1);

	text = memdup_user_nul(buf, n);
	if (IS_ERR(text))
		return PTR_ERR(text);
	start = text;
	if (*start == '<') {
		char *end;
		unsigned long v = simple_strtoul(start + 1, &end, 10);

		if (*end == '>') {
			level = v & 7;
			start = end + 1;
		}
	}
	n = strlen(start);
	if (n && start[n - 1] == '\n')
		start[n - 1] = 0;
	printk(KERN_SOH "%c%s\n", '0' + level, start);
	kfree(text);
	return count;
}

static loff_t kmsg_llseek(struct file *file, loff_t offset, int whence)
{
	struct kmsg_file *kf = file->private_data;

	if (!kf)
		return -EBADF;
	if (offset)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		kf->seq = log_first_seq();
		return 0;
	case SEEK_DATA:
		kf->seq = log_clear_seq();
		return 0;
	case SEEK_END:
		kf->seq = log_next_seq();
		return 0;
	}
	return -EINVAL;
}

static __poll_t kmsg_poll(struct file *file, poll_table *wait)
{
	struct kmsg_file *kf = file->private_data;

	if (!kf)
		return EPOLLOUT | EPOLLWRNORM;
	poll_wait(file, &log_wait, wait);
	return kf->seq != log_next_seq() ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations kmsg_fops = {
	.open = kmsg_open,
	.release = kmsg_release,
	.read = kmsg_read,
	.write = kmsg_write,
	.llseek = kmsg_llseek,
	.poll = kmsg_poll,
};

static const struct mem_device {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
} devices[] = {
	[1] = { "mem", 0600, &dev_mem_fops },	[3] = { "null", 0666, &null_fops },
	[5] = { "zero", 0666, &zero_fops },	[7] = { "full", 0666, &full_fops },
	[8] = { "random", 0666, &random_fops }, [9] = { "urandom", 0666, &random_fops },
	[11] = { "kmsg", 0644, &kmsg_fops },
};

static int mem_open(struct inode *inode, struct file *file)
{
	unsigned int minor = MINOR(inode->i_rdev);

	if (minor >= ARRAY_SIZE(devices) || !devices[minor].fops)
		return -ENXIO;
	replace_fops(file, devices[minor].fops);
	return file->f_op->open ? file->f_op->open(inode, file) : 0;
}

static const struct file_operations mem_fops = { .open = mem_open, .llseek = noop_llseek };

static int __init mem_init_devices(void)
{
	unsigned int i;

	register_chrdev(MEM_MAJOR, "mem", &mem_fops);
	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i].name)
			devtmpfs_create_node(devices[i].name, S_IFCHR | devices[i].mode,
					     MKDEV(MEM_MAJOR, i));
	return 0;
}
fs_initcall(mem_init_devices);
