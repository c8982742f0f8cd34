/* SPDX-License-Identifier: MIT */
/*
 * /sys/kernel/debug/page_owner: one record per allocated block, in Linux 6.1's format, so that its page_owner_sort
 * reads it; the file position is the frame to go on with. page_owner_stacks/show_stacks: each call trace and the
 * pages that are allocated from there, in Linux 6.8's format: what grows from reading to reading leaks.
 * Both exist with page_owner=on only.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <mm/gfp.h>
#include <mm/page_debug.h>
#include <mm/page_flags.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include <seam/uaccess.h>

/* Flags and place of @page as %pGp has them. */
static int print_flags(char *buf, size_t size, const struct page *page)
{
	int n = scnprintf(buf, size, "%#x(", READ_ONCE(page->flags)), start = n;

	for (unsigned int bit = 0; bit < __NR_PAGEFLAGS; bit++)
		if (READ_ONCE(page->flags) >> bit & 1)
			n += scnprintf(buf + n, size - n, "%s%s", n > start ? "|" : "",
				       pageflag_names[bit]);
	n += scnprintf(buf + n, size - n, "%snode=%d|zone=%u)", n > start ? "|" : "",
		       page_to_nid(page), page_zonenum(page));
	return n;
}

static int print_record(char *buf, size_t size, const struct page *page,
			const struct page_owner_record *r)
{
	unsigned long pfn = page_to_pfn(page);
	char flags[160];
	int n;

	gfp_to_string(flags, sizeof(flags), r->gfp);
	n = scnprintf(
		buf, size,
		"Page allocated via order %u, mask %#x(%s), pid %d, tgid %d (%s), ts %llu ns, free_ts %llu ns\n",
		r->order, r->gfp, flags, r->pid, r->tgid, r->comm, r->ts_ns, r->free_ts_ns);
	n += scnprintf(buf + n, size - n, "PFN %lu type %s Block %lu type %s Flags ", pfn,
		       migratetype_names[gfp_migratetype(r->gfp)], pfn >> pageblock_order,
		       migratetype_names[get_pfnblock_migratetype(pfn)]);
	n += print_flags(buf + n, size - n, page);
	n += scnprintf(buf + n, size - n, "\n");
	for (unsigned int i = 0; i < r->nr_frames; i++)
		n += scnprintf(buf + n, size - n, " %pS\n", (void *)r->trace[i]);
	return n + scnprintf(buf + n, size - n, "\n");
}

/* The next allocated block at or behind frame *@pfn. */
static struct page *next_owned(unsigned long *pfn, struct page_owner_record *r)
{
	while (*pfn < max_pfn) {
		struct page *page;
		int order;

		if (!pfn_valid(*pfn)) {
			*pfn = (*pfn | (MAX_ORDER_NR_PAGES - 1)) + 1;
			continue;
		}
		page = pfn_to_page(*pfn);
		order = page_buddy_order(page);
		if (order >= 0) {
			*pfn += 1UL << order;
			continue;
		}
		if (page_owner_read(page, r))
			return page;
		++*pfn;
	}
	return NULL;
}

static ssize_t page_owner_file_read(struct file *file, char __user *ubuf, size_t count,
				    loff_t *ppos)
{
	size_t size = min(count, PAGE_SIZE);
	unsigned long pfn = max((unsigned long)*ppos, min_low_pfn);
	struct page_owner_record r;
	struct page *page = next_owned(&pfn, &r);
	ssize_t n;
	char *buf;

	if (!page)
		return 0;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	n = print_record(buf, PAGE_SIZE, page, &r);
	if ((size_t)n > size)
		n = -ENOMEM; /* as Linux: a record is read whole */
	else if (copy_to_user(ubuf, buf, n))
		n = -EFAULT;
	else
		*ppos = pfn + 1;
	kfree(buf);
	return n;
}

static const struct file_operations page_owner_fops = {
	.read = page_owner_file_read,
	.llseek = generic_file_llseek,
};

static int show_stacks(struct seq_file *m, void *v)
{
	const unsigned long *frames;
	unsigned int i = 0, nr;
	unsigned long pages;

	while (page_owner_stack(&i, &frames, &nr, &pages)) {
		for (unsigned int k = 0; k < nr; k++)
			seq_printf(m, " %pS\n", (void *)frames[k]);
		seq_printf(m, "nr_base_pages: %lu\n\n", pages);
	}
	return 0;
}

static int __init debugfs_page_owner_init(void)
{
	struct kernfs_node *dir;

	if (!(page_debug & PAGE_DEBUG_OWNER))
		return 0;
	kernfs_create_fops(&debugfs_root, "page_owner", 0400, &page_owner_fops, NULL);
	dir = kernfs_create_dir(&debugfs_root, "page_owner_stacks", 0755);
	if (dir)
		kernfs_create_file(dir, "show_stacks", 0400, show_stacks, NULL, NULL);
	return 0;
}
fs_initcall(debugfs_page_owner_init);
