// SPDX-License-Identifier: MIT
/*
 * /dev/mem: physical addresses as a file, for those with CAP_SYS_RAWIO (mem(4)). A page of it is seen through a mapping
 * made for the access, so that protections of the kernel's own mappings do not matter; what is not memory is mapped without
 * caching. Unlike Debian's Linux (CONFIG_STRICT_DEVMEM) memory can be reached, too: this kernel is made to be looked into.
 * Linux 6.1: drivers/char/mem.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/cred.h>
#include <kernel/resource.h>
#include <kernel/sched.h>
#include <mm/fault.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <mm/vmalloc.h>
#include <seam/io.h>
#include <seam/page.h>
#include <seam/pgtable.h>
#include <seam/uaccess.h>

#include <linux/capability.h>

#include "devmem.h"

#define PHYS_LIMIT (1ULL << 52)

static bool is_memory(unsigned long pfn)
{
	u64 at = (u64)pfn << PAGE_SHIFT;
	struct resource *r;
	bool found = false;
	int depth;

	resource_lock_read();
	for (r = resource_next(&iomem_resource, NULL, &depth); r && !found;
	     r = resource_next(&iomem_resource, r, &depth))
		found = (r->flags & IORESOURCE_SYSTEM_RAM) == IORESOURCE_SYSTEM_RAM &&
			r->start <= at && at + PAGE_SIZE - 1 <= r->end;
	resource_unlock_read();
	return found && pfn_valid(pfn);
}

/* A mapping of frame @pfn, NULL without memory; undone by unmap_frame(). May sleep. */
static void *map_frame(unsigned long pfn, bool memory)
{
	struct page *page = pfn_to_page(pfn);

	if (memory)
		return vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	return (__force void *)ioremap((phys_addr_t)pfn << PAGE_SHIFT, PAGE_SIZE);
}

static void unmap_frame(void *at, bool memory)
{
	if (memory)
		vunmap(at);
	else
		iounmap((__force void __iomem *)at);
}

/* Bytes within one page. 0 or an errno. */
static int move_bytes(char __user *buf, size_t count, phys_addr_t phys, bool write)
{
	bool memory = is_memory(phys >> PAGE_SHIFT);
	char *at = map_frame(phys >> PAGE_SHIFT, memory), *from = at + offset_in_page(phys);
	unsigned long left;

	if (!at)
		return -ENOMEM;
	left = write ? copy_from_user(from, buf, count) : copy_to_user(buf, from, count);
	unmap_frame(at, memory);
	return left ? -EFAULT : 0;
}

static ssize_t mem_rw(char __user *buf, size_t count, loff_t *pos, bool write)
{
	phys_addr_t phys = *pos;
	size_t done = 0;
	int err = 0;

	if (phys >= PHYS_LIMIT || count > PHYS_LIMIT - phys)
		return -EFAULT;
	while (done < count && !err) {
		size_t n = min(count - done, PAGE_SIZE - offset_in_page(phys));

		err = move_bytes(buf + done, n, phys, write);
		if (err)
			break;
		done += n;
		phys += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	*pos += done;
	return done ? (ssize_t)done : err;
}

static ssize_t mem_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return mem_rw(buf, count, pos, false);
}

static ssize_t mem_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return mem_rw((char __user *)buf, count, pos, true);
}

static loff_t mem_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if ((u64)offset >= PHYS_LIMIT)
		return -EOVERFLOW;
	return file->f_pos = offset;
}

/* Memory is cached as the kernel has it, so that both see the same; the rest is not cached at all. */
static int mem_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start, pfn = vma->vm_pgoff;

	if (pfn >= PHYS_LIMIT >> PAGE_SHIFT ||
	    size >> PAGE_SHIFT > (PHYS_LIMIT >> PAGE_SHIFT) - pfn)
		return -EINVAL;
	if (!is_memory(pfn))
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, pfn, size, vma->vm_page_prot);
}

static int mem_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
}

const struct file_operations dev_mem_fops = {
	.open = mem_open,
	.llseek = mem_llseek,
	.read = mem_read,
	.write = mem_write,
	.mmap = mem_mmap,
};
