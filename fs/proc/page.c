/* SPDX-License-Identifier: MIT */
/*
 * Single pages seen from user space, by frame number.
 *
 *	/proc/kpagecount	8 bytes a frame: how often it is mapped
 *	/proc/kpageflags	8 bytes a frame: KPF_* bits, Linux's numbers (uapi linux/kernel-page-flags.h)
 *	/proc/mm/page		write a frame number, read what is known of that page, in words: kind, owner, what private
 *				means, who holds its references, and where it is mapped
 *
 * Nothing is locked: a page may change hands while it is looked at. Only the look at a file's name takes a reference
 * and the page's lock, and says "busy" when it does not get it; and those who map it are found by the reverse map, under that lock.
 * Linux 6.1: fs/proc/page.c. The words have no counterpart there but dump_page().
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/init.h>
#include <mm/swap.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/page_debug.h>
#include <mm/page_flags.h>
#include <mm/page_idle.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include <seam/uaccess.h>

#include "internal.h"

/* ---- flags ---- */

enum {
	KPF_LOCKED,
	KPF_ERROR,
	KPF_REFERENCED,
	KPF_UPTODATE,
	KPF_DIRTY,
	KPF_LRU,
	KPF_ACTIVE,
	KPF_SLAB,
	KPF_WRITEBACK,
	KPF_RECLAIM,
	KPF_BUDDY,
	KPF_MMAP,
	KPF_ANON,
	KPF_SWAPCACHE,
	KPF_SWAPBACKED,
	KPF_COMPOUND_HEAD,
	KPF_COMPOUND_TAIL,
	KPF_HUGE,
	KPF_UNEVICTABLE,
	KPF_HWPOISON,
	KPF_NOPAGE,
	KPF_KSM,
	KPF_THP,
	KPF_OFFLINE,
	KPF_ZERO_PAGE,
	KPF_IDLE,
	KPF_PGTABLE,
	KPF_RESERVED = 32,
	KPF_MLOCKED,
	KPF_MAPPEDTODISK,
	KPF_PRIVATE,
	KPF_PRIVATE_2,
	KPF_OWNER_PRIVATE,
	KPF_ARCH,
	KPF_UNCACHED,
	KPF_SOFTDIRTY,
};

static const struct {
	u8 flag, kpf;
} plain_flags[] = {
	{ PG_locked, KPF_LOCKED },
	{ PG_error, KPF_ERROR },
	{ PG_referenced, KPF_REFERENCED },
	{ PG_uptodate, KPF_UPTODATE },
	{ PG_dirty, KPF_DIRTY },
	{ PG_lru, KPF_LRU },
	{ PG_active, KPF_ACTIVE },
	{ PG_writeback, KPF_WRITEBACK },
	{ PG_reclaim, KPF_RECLAIM },
	{ PG_swapbacked, KPF_SWAPBACKED },
	{ PG_unevictable, KPF_UNEVICTABLE },
	{ PG_hwpoison, KPF_HWPOISON },
	{ PG_reserved, KPF_RESERVED },
	{ PG_mlocked, KPF_MLOCKED },
	{ PG_mappedtodisk, KPF_MAPPEDTODISK },
	{ PG_private, KPF_PRIVATE },
	{ PG_private_2, KPF_PRIVATE_2 },
	{ PG_owner_priv_1, KPF_OWNER_PRIVATE },
};

/* The head of the free block that holds frame @pfn, or NULL. */
static struct page *free_block_of(unsigned long pfn, unsigned int *order)
{
	for (unsigned int o = 0; o < MAX_ORDER; o++) {
		struct page *head = pfn_to_page(pfn & ~((1UL << o) - 1));
		int whole = page_buddy_order(head);

		if (whole < (int)o)
			continue;
		*order = whole;
		return head;
	}
	return NULL;
}

static u64 bit(unsigned int nr)
{
	return 1ULL << nr;
}

/* What follows from the kind of page rather than from a flag. */
static u64 kind_flags(const struct page *page, const struct page *head)
{
	unsigned int order;
	u64 u = 0;

	if (!PageSlab(head) && page_mapped(head))
		u |= bit(KPF_MMAP);
	if (!PageSlab(head) && !page_has_type(head) && PageAnon(head))
		u |= bit(KPF_ANON) | (PageKsm(head) ? bit(KPF_KSM) : 0);
	if (PageHead(page) && page_ref_count(head)) /* free ones may keep the shape */
		u |= bit(KPF_COMPOUND_HEAD);
	if (PageTail(page) && page_ref_count(head))
		u |= bit(KPF_COMPOUND_TAIL);
	if (PageCompound(page) && !PageSlab(head) && !page_has_type(head) && head->mapping)
		u |= bit(KPF_THP);
	if (is_zero_page(page))
		u |= bit(KPF_ZERO_PAGE);
	if (!page_ref_count(head) && free_block_of(page_to_pfn(page), &order))
		u |= bit(KPF_BUDDY);
	if (PageOffline(page))
		u |= bit(KPF_OFFLINE);
	if (PageTable(page))
		u |= bit(KPF_PGTABLE);
	if (PageSlab(head))
		u |= bit(KPF_SLAB);
	if (folio_test_idle((const struct folio *)head))
		u |= bit(KPF_IDLE);
	if (PageSwapCache(head))
		u = (u & ~bit(KPF_PRIVATE)) | bit(KPF_SWAPCACHE); /* it is PG_swap_only here */
	return u;
}

static u64 stable_page_flags(const struct page *page)
{
	const struct page *head;
	u64 u;

	if (!page)
		return bit(KPF_NOPAGE);
	head = compound_head(page);
	u = kind_flags(page, head);
	if (u & bit(KPF_BUDDY))
		return u;
	for (unsigned int i = 0; i < ARRAY_SIZE(plain_flags); i++)
		if (page_test_flag(head, plain_flags[i].flag))
			u |= bit(plain_flags[i].kpf);
	return u;
}

static u64 map_count(const struct page *page)
{
	if (!page || PageSlab(compound_head(page)) || page_has_type(page))
		return 0;
	return page_mapcount(page);
}

static ssize_t kpage_read(char __user *ubuf, size_t count, loff_t *ppos,
			  u64 (*value)(const struct page *page))
{
	u64 __user *out = (u64 __user *)ubuf;
	unsigned long pfn = *ppos / sizeof(u64), nr = count / sizeof(u64), i;

	if ((*ppos | count) % sizeof(u64))
		return -EINVAL;
	if (pfn >= max_pfn)
		return 0;
	nr = min(nr, max_pfn - pfn);
	for (i = 0; i < nr; i++)
		if (put_user(value(pfn_to_online_page(pfn + i)), out + i))
			break;
	*ppos += i * sizeof(u64);
	return i || !nr ? (ssize_t)(i * sizeof(u64)) : -EFAULT;
}

static ssize_t kpageflags_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	return kpage_read(buf, count, ppos, stable_page_flags);
}

static ssize_t kpagecount_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	return kpage_read(buf, count, ppos, map_count);
}

static const struct file_operations kpageflags_fops = {
	.read = kpageflags_read,
	.llseek = generic_file_llseek,
};
static const struct file_operations kpagecount_fops = {
	.read = kpagecount_read,
	.llseek = generic_file_llseek,
};

/* ---- in words ---- */

/* References that are explained: each line names a holder. */
struct holders {
	struct seq_file *m;
	int explained;
};

static void holder(struct holders *h, int refs, const char *who)
{
	if (refs <= 0)
		return;
	seq_printf(h->m, "held: %d by %s\n", refs, who);
	h->explained += refs;
}

static const char *const type_words[] = {
	[PAGE_TYPE_OFFLINE & 0xff] = "offline",
	[PAGE_TYPE_GUARD & 0xff] = "guard page",
	[PAGE_TYPE_TABLE & 0xff] = "page table",
	[PAGE_TYPE_STACK & 0xff] = "kernel stack",
	[PAGE_TYPE_VMALLOC & 0xff] = "vmalloc",
	[PAGE_TYPE_PERCPU & 0xff] = "percpu chunk",
	[PAGE_TYPE_KMALLOC & 0xff] = "large kmalloc",
	[PAGE_TYPE_SPARE & 0xff] = "page table kept ready",
	[PAGE_TYPE_TRACE & 0xff] = "trace buffer",
	[PAGE_TYPE_BOOT & 0xff] = "slab cache of start-up",
	[PAGE_TYPE_PGD & 0xff] = "page directory",
	[PAGE_TYPE_PIPE & 0xff] = "pipe buffer",
	[PAGE_TYPE_RAMDISK & 0xff] = "RAM disk",
	[PAGE_TYPE_ZSMALLOC & 0xff] = "compressed pages",
	[PAGE_TYPE_SWAP & 0xff] = "words of swap slots",
	[PAGE_TYPE_DMA & 0xff] = "device memory",
};

/* A page that nobody maps: its type is its kind. */
static void describe_type(struct holders *h, const struct page *head)
{
	unsigned int nr = head->page_type & 0xff;
	const char *what = nr < ARRAY_SIZE(type_words) ? type_words[nr] : NULL;

	seq_printf(h->m, "kind: %s\n", what ?: "kernel");
	if (head->page_type == PAGE_TYPE_KMALLOC)
		seq_printf(h->m, "private: order %u of the allocation\n", head->private);
	holder(h, 1, "its kernel owner");
}

static void describe_anon(struct holders *h, struct folio *folio)
{
	seq_printf(h->m, "kind: %s, anon_vma %px, index %#lx\n",
		   folio_test_ksm(folio)	 ? "KSM"
		   : folio_test_swapcache(folio) ? "anonymous, in the swap cache"
						 : "anonymous",
		   folio_raw_mapping(folio), folio->index);
	if (folio_test_swapcache(folio)) {
		swp_entry_t entry = folio_swap_entry(folio);

		seq_printf(h->m, "private: swap entry %#x\n", folio->private);
		seq_printf(h->m, "slot: %lu of swap device %u, %u entries name it\n",
			   swp_offset(entry), swp_type(entry), swap_count_unkept(entry));
		holder(h, folio_nr_pages(folio), "the swap cache");
	}
}

/* => a reference and the lock of the folio held */
static void describe_file_locked(struct seq_file *m, struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);
	struct inode *host = mapping ? mapping->host : NULL;

	if (!mapping)
		seq_puts(m, "kind: page cache, truncated\n");
	else if (!host)
		seq_printf(m, "kind: page cache, index %#lx\n", folio->index);
	else
		seq_printf(m, "kind: page cache of %s inode %lu, index %#lx\n",
			   host->i_sb && host->i_sb->s_type ? host->i_sb->s_type->name : "some",
			   (unsigned long)host->i_ino, folio->index);
}

static void describe_file(struct holders *h, struct folio *folio)
{
	if (!folio_try_get(folio)) {
		seq_puts(h->m, "kind: page cache, just going\n");
		return;
	}
	if (folio_trylock(folio)) {
		describe_file_locked(h->m, folio);
		folio_unlock(folio);
	} else {
		seq_puts(h->m, "kind: page cache, busy\n");
	}
	folio_put(folio);
	holder(h, folio_nr_pages(folio), "the page cache");
	if (folio_has_private(folio)) {
		seq_puts(h->m, "private: buffers of the file system\n");
		holder(h, 1, "buffers of the file system");
	}
}

/* Pins are worth that many references each that nothing else comes near. */
static void describe_pins(struct holders *h, const struct folio *folio)
{
	int pins = (folio_ref_count(folio) - h->explained) / (int)GUP_PIN_COUNTING_BIAS;
	char who[40];

	snprintf(who, sizeof(who), "%d pin%s of %u", pins, pins == 1 ? "" : "s",
		 GUP_PIN_COUNTING_BIAS);
	holder(h, pins * (int)GUP_PIN_COUNTING_BIAS, who);
}

/* Who has it, when it is not free. */
static void describe_used(struct seq_file *m, struct page *page, int own)
{
	struct folio *folio = page_folio(page);
	struct page *head = &folio->page;
	struct holders h = { .m = m };

	if (page != head)
		seq_printf(m,
			   "part: page %ld of the folio at frame %#lx; private: none of its own\n",
			   (long)(page - head), page_to_pfn(head));
	if (PageReserved(page)) {
		seq_printf(m, "kind: %s\n",
			   is_zero_page(page) ? "reserved, the zero page" : "reserved");
		return;
	}
	if (PageSlab(head)) {
		seq_printf(m, "kind: slab of cache %s, order %u\n", kmem_cache_name(head->mapping),
			   folio_order(folio));
		holder(&h, 1, "its slab cache");
	} else if (page_has_type(head)) {
		describe_type(&h, head);
	} else if (__PageMovable(head)) {
		seq_puts(m, "kind: movable page of a driver\n");
		holder(&h, 1, "its driver");
	} else if (folio_test_anon(folio) || folio_test_swapcache(folio)) {
		describe_anon(&h, folio);
	} else if (folio->mapping) {
		describe_file(&h, folio);
	} else {
		seq_puts(m, "kind: kernel, unnamed\n");
		holder(&h, 1, "its kernel owner");
	}
	holder(&h, folio_mapcount(folio), "page tables");
	holder(&h, own, "who looks");
	describe_pins(&h, folio);
	seq_printf(m, "references: expected %d, actual %d", h.explained, folio_ref_count(folio));
	if (folio_ref_count(folio) > h.explained)
		seq_printf(m, ", so %d in use", folio_ref_count(folio) - h.explained);
	seq_putc(m, '\n');
}

static bool is_part_of_mapped(const struct page *page, const struct folio *folio)
{
	return page_folio(page) == folio && !PageReserved(page) && !PageSlab(&folio->page) &&
	       !page_has_type(&folio->page) && folio_mapped(folio);
}

/* Each entry that maps it. With the reference it is looked at again: it may have become another's meanwhile. */
static void describe_mappers(struct seq_file *m, struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!is_part_of_mapped(page, folio) || !folio_try_get(folio))
		return;
	if (is_part_of_mapped(page, folio))
		proc_describe_mappers(m, folio);
	folio_put(folio);
}

static void print_line(void *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	seq_vprintf(m, fmt, args);
	va_end(args);
}

static void describe_owner(struct seq_file *m, const struct page *page)
{
	struct page_owner_record r;

	if (!page_owner_read(page, &r))
		return;
	seq_printf(m, "allocated: order %u, pid %d (%s)\n", r.order, r.pid, r.comm);
	for (unsigned int i = 0; i < r.nr_frames; i++)
		seq_printf(m, " %pS\n", (void *)r.trace[i]);
}

void proc_describe_page(struct seq_file *m, unsigned long pfn, int own)
{
	struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL, *free;
	unsigned int order;

	if (!page) {
		seq_printf(m, "frame %#lx: no descriptor\n", pfn);
		return;
	}
	page_print(print_line, m, page);
	seq_printf(m, "pageblock: %s\n", migratetype_names[get_pfnblock_migratetype(pfn)]);
	free = free_block_of(pfn, &order);
	if (free)
		seq_printf(
			m,
			"kind: free, in the block of order %u at frame %#lx\nprivate: order %u\n",
			order, page_to_pfn(free), order);
	else if (!page_ref_count(compound_head(page)))
		seq_puts(m, "kind: free, in a per-CPU list\n");
	else
		describe_used(m, page, own);
	describe_mappers(m, page);
	describe_owner(m, page);
}

static unsigned long chosen_pfn;

static int page_show(struct seq_file *m, void *v)
{
	proc_describe_page(m, READ_ONCE(chosen_pfn), 0);
	return 0;
}

static ssize_t page_write(struct file *file, char *buf, size_t count)
{
	unsigned long pfn;
	int err = kstrtoul(strim(buf), 0, &pfn);

	if (err)
		return err;
	WRITE_ONCE(chosen_pfn, pfn);
	return count;
}

void __init proc_page_init(struct proc_dir_entry *mm)
{
	proc_create("kpageflags", 0400, NULL, &kpageflags_fops);
	proc_create("kpagecount", 0400, NULL, &kpagecount_fops);
	proc_create_rw("page", 0600, mm, page_show, page_write);
}
