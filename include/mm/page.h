/* SPDX-License-Identifier: MIT */
/*
 * struct page: the descriptor of one 4 KiB frame of memory, 32 bytes.
 *
 *	 0  flags	24 flags (page_flags.h) | zone, 3 bits | node, 5 bits
 *	 4  _refcount	0 while free; a page is freed by the one who drops it to 0
 *	 8  _mapcount	number of page-table entries that map it, less one; or a page type (negative, below)
 *	12  private	by owner: order of a free block, swap entry, state of a slab, lock of a table
 *	16  mapping	by owner: address_space or anon_vma (tagged), kmem_cache, mm of a table
 *	24  index	by owner: offset in the mapping, list links of a slab, share count of a table
 *
 * While a page lies in the buddy allocator, mapping and index are its two list links; in a per-CPU list,
 * index is the only link and mapping is 0. A tail page of a compound page has PG_tail and mapping points
 * at the head. There is no LRU link: lists of folios hold frame numbers.
 *
 * The descriptors form one array by frame number, vmemmap, mapped only where there is memory.
 */
#ifndef QUIRE_MM_PAGE_H
#define QUIRE_MM_PAGE_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/bug.h>
#include <base/list.h>
#include <seam/page.h>
#include <mm/page_ref_trace.h>

struct folio;
struct zone;
struct pglist_data;
struct kmem_cache;
struct address_space;

struct page {
	u32 flags;
	atomic_t _refcount;
	union {
		struct {
			union {
				atomic_t _mapcount;
				u32 page_type;
			};
			u32 private;
		};
		u64 type_and_private;		/* both, for one load or store */
	};
	union {
		struct {
			union {
				void *mapping;
				struct page *head;	/* of a tail page */
			};
			union {
				unsigned long index;
				struct page *pcp_next;	/* in a per-CPU list */
				struct {		/* of a slab: frame numbers */
					u32 slab_next, slab_prev;
				};
				struct {		/* of the first tail page */
					atomic_t large_mapcount;
					atomic_t pincount;
				};
			};
		};
		struct list_head buddy_list;
	};
};
static_assert(sizeof(struct page) == 32, "struct page is 32 bytes");

/* ---- where a page belongs ---- */
#define NR_PAGEFLAG_BITS	24
#define ZONES_PGSHIFT		24
#define ZONES_WIDTH		3
#define NODES_PGSHIFT		27
#define NODES_WIDTH		5
#define PAGEFLAGS_MASK		((1u << NR_PAGEFLAG_BITS) - 1)

/* Node and zone in one number: index into page_zones[] and zone_pcp[]. */
static inline unsigned int page_zone_id(const struct page *page)
{
	return READ_ONCE(page->flags) >> ZONES_PGSHIFT;
}

static inline int page_to_nid(const struct page *page)
{
	return READ_ONCE(page->flags) >> NODES_PGSHIFT;
}

static inline unsigned int page_zonenum(const struct page *page)
{
	return READ_ONCE(page->flags) >> ZONES_PGSHIFT & ((1u << ZONES_WIDTH) - 1);
}

extern struct zone *page_zones[1 << (ZONES_WIDTH + NODES_WIDTH)];

static inline struct zone *page_zone(const struct page *page)
{
	return page_zones[page_zone_id(page)];
}

struct pglist_data *page_pgdat(const struct page *page);

/* ---- frame number, descriptor, address ---- */
#define vmemmap			((struct page *)VMEMMAP_START)
#define pfn_to_page(pfn)	(vmemmap + (pfn))
#define page_to_pfn(p)		((unsigned long)((const struct page *)(p) - vmemmap))
#define page_to_phys(page)	((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(phys)	pfn_to_page((unsigned long)((phys) >> PAGE_SHIFT))
/*
 * One shift and one addition from descriptor to address, and two shifts back: both bases are in one constant, since
 * (p - VMEMMAP_START) << s, + PAGE_OFFSET is (p << s) + (PAGE_OFFSET - (VMEMMAP_START << s)). A machine may know it.
 */
#define __PAGE_VIRT_SHIFT	(PAGE_SHIFT - PAGE_STRUCT_SHIFT)
#ifndef PAGE_TO_VIRT_BASE
#define PAGE_TO_VIRT_BASE	(PAGE_OFFSET - (VMEMMAP_START << __PAGE_VIRT_SHIFT))
#define VIRT_TO_PAGE_BASE	(VMEMMAP_START - (PAGE_OFFSET >> __PAGE_VIRT_SHIFT))
#endif
#define page_to_virt(p)	((void *)(((unsigned long)(p) << __PAGE_VIRT_SHIFT) + PAGE_TO_VIRT_BASE))
#define page_address(page)	page_to_virt(page)
/* Of an address in the direct map or in the kernel image. */
#define virt_to_page(kaddr)	pfn_to_page(__pa(kaddr) >> PAGE_SHIFT)
#define virt_to_pfn(kaddr)	(__pa(kaddr) >> PAGE_SHIFT)
/* Of an address in the direct map. */
#define virt_to_page_direct(x)	\
	((struct page *)(((unsigned long)(x) >> PAGE_SHIFT << PAGE_STRUCT_SHIFT) + VIRT_TO_PAGE_BASE))

/* True when frame @pfn has a descriptor (memory, or a hole in a populated section). Any context. */
bool pfn_valid(unsigned long pfn);
/* The descriptor of an online, that is usable, frame or NULL. */
struct page *pfn_to_online_page(unsigned long pfn);

/* One past the highest frame of memory, and the same below 4 GiB. Set by free_area_sizes. */
extern unsigned long max_pfn, min_low_pfn, max_low_pfn;
#define high_memory	((void *)__va(max_pfn << PAGE_SHIFT))
/* 1-page source of zeros, mapped read-only by read faults. */
extern u8 empty_zero_page[];
#define ZERO_PAGE(vaddr)	virt_to_page(empty_zero_page)
extern unsigned long zero_pfn;
static inline bool is_zero_pfn(unsigned long pfn)
{
	return pfn == zero_pfn;
}
#define is_zero_page(page)	is_zero_pfn(page_to_pfn(page))

/* ---- references ---- */
static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

/* Is ours the only reference? Then what others did with the contents before they let go of theirs is over. */
static inline bool page_ref_is_last(const struct page *page)
{
	return atomic_read_acquire(&page->_refcount) == 1;
}

static inline void set_page_count(struct page *page, int v)
{
	atomic_set(&page->_refcount, v);
	TRACE_PAGE_REF(set, page, v);
}

static inline void page_ref_add(struct page *page, int nr)
{
	atomic_add(nr, &page->_refcount);
	TRACE_PAGE_REF(mod, page, nr);
}

static inline void page_ref_sub(struct page *page, int nr)
{
	atomic_sub(nr, &page->_refcount);
	TRACE_PAGE_REF(mod, page, -nr);
}

static inline void page_ref_inc(struct page *page)
{
	atomic_inc(&page->_refcount);
	TRACE_PAGE_REF(mod, page, 1);
}

static inline bool page_ref_dec_and_test(struct page *page)
{
	bool last = atomic_dec_and_test(&page->_refcount);

	TRACE_PAGE_REF(mod_and_test, page, -1, last);
	return last;
}

static inline bool page_ref_sub_and_test(struct page *page, int nr)
{
	bool last = atomic_sub_and_test(nr, &page->_refcount);

	TRACE_PAGE_REF(mod_and_test, page, -nr, last);
	return last;
}

/* Take @nr references unless the page is free or frozen; for look-ups under RCU. */
static inline bool page_ref_add_unless_zero(struct page *page, int nr)
{
	bool taken = atomic_add_unless(&page->_refcount, nr, 0);

	TRACE_PAGE_REF(mod_unless, page, nr, taken);
	return taken;
}

/* From exactly @count references to none, or do nothing and answer false. */
static inline bool page_ref_freeze(struct page *page, int count)
{
	bool frozen = atomic_cmpxchg(&page->_refcount, count, 0) == count;

	TRACE_PAGE_REF(freeze, page, count, frozen);
	return frozen;
}

static inline void page_ref_unfreeze(struct page *page, int count)
{
	atomic_set_release(&page->_refcount, count);
	TRACE_PAGE_REF(unfreeze, page, count);
}

#define put_page_testzero(page)	page_ref_dec_and_test(page)

/* ---- fields by owner ---- */
/* => @private fits 32 bits */
static inline void set_page_private(struct page *page, unsigned long private)
{
	WRITE_ONCE(page->private, (u32)private);
}

/*
 * Page types: what a page that no process maps is used for. They stand in _mapcount, as negative
 * numbers, and must be taken back (-1) before the page is freed.
 */
#define PAGE_TYPE_NONE		0xffffffffu
#define PAGE_TYPE_BUDDY		0x80000001u	/* head of a free block; private = order */
#define PAGE_TYPE_PCP		0x80000002u	/* unused: pages of per-CPU lists look allocated but have refcount 0 */
#define PAGE_TYPE_OFFLINE	0x80000003u
#define PAGE_TYPE_GUARD		0x80000004u
#define PAGE_TYPE_TABLE		0x80000005u	/* of page-table entries */
#define PAGE_TYPE_STACK		0x80000006u	/* kernel stack */
#define PAGE_TYPE_VMALLOC	0x80000007u
#define PAGE_TYPE_PERCPU	0x80000008u
#define PAGE_TYPE_KMALLOC	0x80000009u	/* large kmalloc; private = order */
#define PAGE_TYPE_SPARE		0x8000000au	/* kept ready by its owner, or on the way there */
#define PAGE_TYPE_TRACE		0x8000000bu
#define PAGE_TYPE_BOOT		0x8000000cu	/* the first slab caches: taken for good */
#define PAGE_TYPE_PGD		0x8000000du	/* top-level page table of a process */
#define PAGE_TYPE_PIPE		0x8000000eu	/* buffer of a pipe */
#define PAGE_TYPE_RAMDISK	0x8000000fu	/* contents of a RAM disk */
#define PAGE_TYPE_ZSMALLOC	0x80000010u	/* of a zspage; index: which */
#define PAGE_TYPE_SWAP		0x80000011u	/* words of the slots of a swap device */
#define PAGE_TYPE_DMA		0x80000012u	/* shared with a device: rings, dma_pool */

#define PAGE_TYPE_OPS(Name, TYPE)						\
static inline bool Page##Name(const struct page *page)				\
{										\
	return READ_ONCE(page->page_type) == PAGE_TYPE_##TYPE;			\
}										\
static inline void __SetPage##Name(struct page *page)				\
{										\
	WRITE_ONCE(page->page_type, PAGE_TYPE_##TYPE);				\
}										\
static inline void __ClearPage##Name(struct page *page)				\
{										\
	WRITE_ONCE(page->page_type, PAGE_TYPE_NONE);				\
}
PAGE_TYPE_OPS(Buddy, BUDDY)
PAGE_TYPE_OPS(Offline, OFFLINE)
PAGE_TYPE_OPS(Guard, GUARD)
PAGE_TYPE_OPS(Table, TABLE)
PAGE_TYPE_OPS(Stack, STACK)
PAGE_TYPE_OPS(Vmalloc, VMALLOC)
PAGE_TYPE_OPS(Percpu, PERCPU)
PAGE_TYPE_OPS(LargeKmalloc, KMALLOC)
PAGE_TYPE_OPS(Spare, SPARE)
PAGE_TYPE_OPS(Trace, TRACE)

static inline bool page_has_type(const struct page *page)
{
	u32 type = READ_ONCE(page->page_type);

	return type >= PAGE_TYPE_BUDDY && type < 0x80000100u;
}

/*
 * The order of the free block that begins with @page, or -1 if none does. One load: without zone->lock, too, both parts
 * are of one moment, though it may be over.
 */
static inline int page_buddy_order(const struct page *page)
{
	u64 word = data_race(READ_ONCE(page->type_and_private));

	return (u32)word == PAGE_TYPE_BUDDY ? (int)(word >> 32) : -1;
}

static inline void page_mapcount_reset(struct page *page)
{
	atomic_set(&page->_mapcount, -1);
}

/* Number of page-table entries that map this very page (not its folio). */
static inline int page_mapcount(const struct page *page)
{
	int n = atomic_read(&page->_mapcount) + 1;

	return n < 0 ? 0 : n;
}

/* One line about @page, in words, through @pr. Any context. */
typedef void (*page_printer_t)(void *arg, const char *fmt, ...);
void page_print(page_printer_t pr, void *arg, const struct page *page);
/* The same to the log, with @reason. */
void dump_page(const struct page *page, const char *reason);

#if QUIRE_DEBUG
#define VM_BUG_ON_PAGE(cond, page)					\
do {									\
	if (unlikely(cond)) {						\
		dump_page(page, "VM_BUG_ON_PAGE(" #cond ")");		\
		BUG();							\
	}								\
} while (0)
#else
#define VM_BUG_ON_PAGE(cond, page)	((void)sizeof((long)(cond)))
#endif

#endif
