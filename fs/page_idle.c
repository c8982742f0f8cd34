// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/mm/page_idle/bitmap: a bit for each frame, in words of 64 bits. A word that is written marks the pages of its ones as idle; a
 * word that is read has ones for those that still are. Position and length are multiples of 8 (else EINVAL); at most a page of words at
 * once; behind the last frame: end of file, ENXIO.
 * Linux 6.1: Documentation/admin-guide/mm/idle_page_tracking.rst, mm/page_idle.c. What it means: mm/reclaim/page_idle.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <mm/page.h>
#include <mm/page_idle.h>
#include <seam/uaccess.h>

/* Words from *@ppos on that a call for @count bytes is about; 0: it is behind the end, or -EINVAL. */
static ssize_t words_at(loff_t pos, size_t count)
{
	u64 end = DIV_ROUND_UP(max_pfn, PAGE_IDLE_CHUNK), first = (u64)pos / sizeof(u64);

	count = min(count, (size_t)PAGE_SIZE);
	if (((u64)pos | count) % sizeof(u64))
		return -EINVAL;
	return first < end ? (ssize_t)min(count / sizeof(u64), (size_t)(end - first)) : 0;
}

static ssize_t bitmap_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	ssize_t nr = words_at(*ppos, count), done;

	for (done = 0; done < nr; done++) {
		u64 idle = page_idle_read(*ppos / sizeof(u64) * PAGE_IDLE_CHUNK);

		if (put_user(idle, (u64 __user *)buf + done))
			return done ? done * (ssize_t)sizeof(u64) : -EFAULT;
		*ppos += sizeof(u64);
		cond_resched();
	}
	return nr < 0 ? nr : done * (ssize_t)sizeof(u64);
}

static ssize_t bitmap_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	ssize_t nr = words_at(*ppos, count), done;

	if (!nr && count)
		return -ENXIO;
	for (done = 0; done < nr; done++) {
		u64 which;
		int err = get_user(which, (const u64 __user *)buf + done);

		if (!err)
			err = page_idle_mark(*ppos / sizeof(u64) * PAGE_IDLE_CHUNK, which);
		if (err)
			return done ? done * (ssize_t)sizeof(u64) : err;
		*ppos += sizeof(u64);
		cond_resched();
	}
	return nr < 0 ? nr : done * (ssize_t)sizeof(u64);
}

static const struct file_operations bitmap_fops = {
	.read = bitmap_read,
	.write = bitmap_write,
	.llseek = generic_file_llseek,
};

static int __init page_idle_init(void)
{
	const char *last;
	struct kernfs_node *dir =
		kernfs_make_path(&sysfs_root, "kernel/mm/page_idle/bitmap", &last);

	if (dir)
		kernfs_create_fops(dir, last, 0600, &bitmap_fops, NULL);
	return 0;
}
fs_initcall(page_idle_init);
