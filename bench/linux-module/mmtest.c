// SPDX-License-Identifier: MIT
/*
 * /dev/mmtest on Linux: the nouns page, slab, vmalloc and, of vma, kind 1, as drivers/mmtest/ has them, over the same interface
 * (mmtest.h is include/drivers/mmtest.h, copied beside this file when it is built). One user at a time.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "mmtest.h"

#define SET 64 /* objects per bulk call */

/* What the open file holds: pages or objects. */
static struct held {
	void **v;
	unsigned long nr, room;
	unsigned int order;
	bool from_cache;
	struct kmem_cache *cache;
} pages, objects;

static DEFINE_MUTEX(lock);
static bool in_use;

static int reserve(struct held *held, long nr)
{
	if (nr < 1 || nr > MMTEST_MAX || held->nr)
		return -EINVAL;
	vfree(held->v);
	held->v = vzalloc(nr * sizeof(*held->v));
	held->room = held->v ? nr : 0;
	return held->v ? 0 : -ENOMEM;
}

static bool too_many(const struct held *held, long nr)
{
	return nr < 0 || held->nr || nr > held->room;
}

/* --- page --- */

static void free_pages_held(void)
{
	for (unsigned long i = 0; i < pages.nr; i++)
		__free_pages(pages.v[i], pages.order);
	pages.nr = 0;
}

static int page_hot(unsigned int order, long n)
{
	if (order >= MAX_ORDER || n > MMTEST_MAX)
		return -EINVAL;
	for (long i = 0; i < n; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			return -ENOMEM;
		__free_pages(page, order);
	}
	return 0;
}

static int page_alloc(unsigned int order, long n, __s64 *got)
{
	if (order >= MAX_ORDER || too_many(&pages, n))
		return -EINVAL;
	pages.order = order;
	while (pages.nr < n) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			return -ENOMEM;
		pages.v[pages.nr++] = page;
	}
	*got = pages.nr;
	return 0;
}

static int page_bulk(long n, __s64 *got)
{
	if (too_many(&pages, n))
		return -EINVAL;
	pages.order = 0;
	memset(pages.v, 0, pages.room * sizeof(*pages.v));
	/* Linux may stop early when its per-CPU list ran dry; its callers ask again. */
	while (pages.nr < n) {
		unsigned long now = alloc_pages_bulk_array(GFP_KERNEL, n, (struct page **)pages.v);

		if (now == pages.nr)
			return -ENOMEM;
		pages.nr = now;
	}
	*got = pages.nr;
	return 0;
}

static int page_call(struct mmtest_call *c)
{
	if (!strcmp(c->verb, "reserve"))
		return reserve(&pages, c->arg[0]);
	if (!strcmp(c->verb, "hot"))
		return page_hot(c->arg[0], c->arg[1]);
	if (!strcmp(c->verb, "alloc"))
		return page_alloc(c->arg[0], c->arg[1], &c->result[0]);
	if (!strcmp(c->verb, "bulk"))
		return page_bulk(c->arg[0], &c->result[0]);
	if (!strcmp(c->verb, "struct"))
		c->result[0] = sizeof(struct page);
	else if (!strcmp(c->verb, "free"))
		free_pages_held();
	else
		return -ENOENT;
	return 0;
}

/* --- slab --- */

static void free_objects(void)
{
	for (unsigned long i = 0; i < objects.nr; i++)
		kfree(objects.v[i]);
	objects.nr = 0;
}

static void free_sets(void)
{
	for (; objects.nr; objects.nr -= SET)
		kmem_cache_free_bulk(objects.cache, SET, objects.v + objects.nr - SET);
}

static int slab_reserve(long n, long bytes)
{
	int err = objects.cache ? -EINVAL : reserve(&objects, n);

	if (err || bytes < 8 || bytes > 8192)
		return err ? err : -EINVAL;
	objects.cache = kmem_cache_create("mmtest", bytes, 8, SLAB_NO_USER_FLAGS, NULL);
	return objects.cache ? 0 : -ENOMEM;
}

static int slab_hot(size_t bytes, long n)
{
	if (n > MMTEST_MAX)
		return -EINVAL;
	for (long i = 0; i < n; i++) {
		void *p = kmalloc(bytes, GFP_KERNEL);

		if (!p)
			return -ENOMEM;
		kfree(p);
	}
	return 0;
}

static int slab_alloc(size_t bytes, long n)
{
	if (too_many(&objects, n))
		return -EINVAL;
	objects.from_cache = false;
	while (objects.nr < n) {
		void *p = kmalloc(bytes, GFP_KERNEL);

		if (!p)
			return -ENOMEM;
		objects.v[objects.nr++] = p;
	}
	return 0;
}

static int slab_bulk(long n)
{
	if (n % SET || too_many(&objects, n))
		return -EINVAL;
	objects.from_cache = true;
	for (; objects.nr < n; objects.nr += SET)
		if (!kmem_cache_alloc_bulk(objects.cache, GFP_KERNEL, SET, objects.v + objects.nr))
			return -ENOMEM;
	return 0;
}

static int slab_call(struct mmtest_call *c)
{
	if (!strcmp(c->verb, "reserve"))
		return slab_reserve(c->arg[0], c->arg[1]);
	if (!strcmp(c->verb, "hot"))
		return slab_hot(c->arg[0], c->arg[1]);
	if (!strcmp(c->verb, "alloc"))
		return slab_alloc(c->arg[0], c->arg[1]);
	if (!strcmp(c->verb, "bulk"))
		return slab_bulk(c->arg[0]);
	if (!strcmp(c->verb, "free") && !objects.from_cache)
		free_objects();
	else if (!strcmp(c->verb, "bulkfree") && objects.from_cache)
		free_sets();
	else
		return -ENOENT;
	return 0;
}

/* --- vmalloc --- */

static int vmalloc_call(struct mmtest_call *c)
{
	if (strcmp(c->verb, "hot"))
		return -ENOENT;
	if (c->arg[0] < 1 || c->arg[0] > MMTEST_MAX || c->arg[1] > MMTEST_MAX)
		return -EINVAL;
	for (__s64 i = 0; i < c->arg[1]; i++) {
		void *p = vmalloc(c->arg[0]);

		if (!p)
			return -ENOMEM;
		vfree(p);
	}
	return 0;
}

/* --- vma: a mapping of frames that a fault inserts --- */

static struct page *frames[16];

static vm_fault_t frame_fault(struct vm_fault *vmf)
{
	if (vmf->pgoff >= ARRAY_SIZE(frames))
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(frames[vmf->pgoff]));
}

static const struct vm_operations_struct frame_ops = { .fault = frame_fault };

static int mmtest_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!frames[ARRAY_SIZE(frames) - 1])
		return -ENODEV;
	vma->vm_ops = &frame_ops;
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	return 0;
}

static void free_frames(void)
{
	for (int i = 0; i < ARRAY_SIZE(frames); i++)
		if (frames[i])
			__free_page(frames[i]);
	memset(frames, 0, sizeof(frames));
}

static int vma_call(struct mmtest_call *c)
{
	if (strcmp(c->verb, "kind") || c->arg[0] != 1)
		return -ENOENT;
	for (int i = 0; i < ARRAY_SIZE(frames); i++) {
		if (!frames[i])
			frames[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!frames[i])
			return -ENOMEM;
	}
	return 0;
}

/* --- the device --- */

static long mmtest_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct mmtest_call c;
	int err;

	if (cmd != MMTEST_CALL)
		return -ENOTTY;
	if (copy_from_user(&c, (void __user *)arg, sizeof(c)))
		return -EFAULT;
	c.noun[sizeof(c.noun) - 1] = c.verb[sizeof(c.verb) - 1] = '\0';
	mutex_lock(&lock);
	err = !strcmp(c.noun, "page")	   ? page_call(&c)
	      : !strcmp(c.noun, "slab")	   ? slab_call(&c)
	      : !strcmp(c.noun, "vmalloc") ? vmalloc_call(&c)
	      : !strcmp(c.noun, "vma")	   ? vma_call(&c)
					   : -ENOENT;
	mutex_unlock(&lock);
	if (!err && copy_to_user((void __user *)arg, &c, sizeof(c)))
		err = -EFAULT;
	return err;
}

static int mmtest_open(struct inode *inode, struct file *file)
{
	int err = -EBUSY;

	mutex_lock(&lock);
	if (!in_use) {
		in_use = true;
		err = 0;
	}
	mutex_unlock(&lock);
	return err;
}

static int mmtest_release(struct inode *inode, struct file *file)
{
	free_pages_held();
	vfree(pages.v);
	if (objects.from_cache)
		free_sets();
	else
		free_objects();
	kmem_cache_destroy(objects.cache);
	vfree(objects.v);
	free_frames();
	memset(&pages, 0, sizeof(pages));
	memset(&objects, 0, sizeof(objects));
	in_use = false;
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = mmtest_open,
	.release = mmtest_release,
	.unlocked_ioctl = mmtest_ioctl,
	.mmap = mmtest_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mmtest",
	.fops = &fops,
	.mode = 0600,
};

module_misc_device(device);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION(
	"page, slab and vmalloc allocation, and faults of frames, for Quire's benchmark");
