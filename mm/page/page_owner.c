// SPDX-License-Identifier: MIT
/*
 * page_owner=on: for each allocated page who took it, when, with which flags and from where.
 *
 * Each frame has a page_ext, kept apart from struct page: an array for each unit of 4 MiB that has descriptors, so
 * that holes cost nothing. The first frame of a block tells for the block; the others only that they belong to it.
 * Call traces are kept once each (a depot: hash table over a fixed store, never freed), so that a page_ext holds a
 * number, and the pages that are allocated from one place can be counted: that is how a leak shows.
 *
 *	page_ext.trace   0: not allocated, else 1 + index in the depot; NO_TRACE when the depot was full
 *	depot[i].nr_pages = sum over the blocks whose trace is i of 2^order      (exact, atomic)
 *
 * Locks: depot_lock for a new trace; look-ups do not lock (entries are published whole). A page_ext belongs to whom
 * the page belongs to; readers may see a torn record of a page that is just changing hands.
 * Failure: no memory for the store at boot: panic, since it was asked for. A full depot is counted and told.
 * Linux 6.1: mm/page_owner.c, lib/stackdepot.c. Observe: debugfs page_owner (Linux's format),
 * page_owner_stacks/show_stacks (Linux 6.8's).
 */
#include <base/types.h>
#include <base/atomic.h>
#include <base/math.h>
#include <base/string.h>
#include <sync/spinlock.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/page_debug.h>
#include <mm/zone.h>
#include "page_internal.h"
#include "../boot/boot_internal.h"

#define NR_TRACES  4096
#define NR_BUCKETS 4096
#define NO_TRACE   0xffffu
#define UNIT_SHIFT (MAX_ORDER - 1)
#define TAIL_ORDER 0xffu

struct page_ext {
	u64 ts_ns, free_ts_ns;
	gfp_t gfp;
	pid_t pid, tgid;
	u16 trace; /* 0: not allocated */
	u8 order;  /* TAIL_ORDER: not the first of its block */
	char comm[16];
};

struct trace {
	unsigned long frames[PAGE_OWNER_FRAMES];
	atomic_long_t nr_pages;
	u32 hash;
	u16 next; /* in the bucket: 1 + index */
	u16 nr_frames;
};

static struct page_ext **exts; /* by unit */
static struct trace *depot;
static u16 *buckets;
static unsigned int nr_traces;
static unsigned long traces_lost;
static size_t bytes_used;
static DEFINE_SPINLOCK(depot_lock, LOCK_PAGE_OWNER);

static struct page_ext *page_ext(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	struct page_ext *unit = exts ? exts[pfn >> UNIT_SHIFT] : NULL;

	return unit ? unit + (pfn & (MAX_ORDER_NR_PAGES - 1)) : NULL;
}

static void *__init owner_alloc(size_t bytes)
{
	void *p = memblock_alloc(bytes, 64);

	if (!p)
		panic("Out of memory: %zu bytes for page_owner", bytes);
	bytes_used += bytes;
	return p;
}

void __init page_owner_init(void)
{
	const char *old = memblock_alloc_name("page_owner");
	unsigned long start = 0, end = 0, nr = DIV_ROUND_UP(max_pfn, MAX_ORDER_NR_PAGES);

	exts = owner_alloc(nr * sizeof(*exts));
	while (next_populated_run(&start, &end)) {
		struct page_ext *run = owner_alloc((end - start) * sizeof(*run));

		for (unsigned long pfn = start; pfn < end; pfn += MAX_ORDER_NR_PAGES)
			exts[pfn >> UNIT_SHIFT] = run + (pfn - start);
	}
	depot = owner_alloc(NR_TRACES * sizeof(*depot));
	buckets = owner_alloc(NR_BUCKETS * sizeof(*buckets));
	memblock_alloc_name(old);
	pr_info("page_owner: allocated %zu bytes of page_ext and call traces\n", bytes_used);
}

/* ---- the depot ---- */

static u32 hash_trace(const unsigned long *frames, unsigned int nr)
{
	u64 h = nr;

	for (unsigned int i = 0; i < nr; i++)
		h = (h ^ frames[i]) * 0x9e3779b97f4a7c15ULL;
	return h >> 32;
}

static unsigned int find_trace(u32 hash, const unsigned long *frames, unsigned int nr)
{
	unsigned int i = smp_load_acquire(&buckets[hash % NR_BUCKETS]);

	for (; i; i = depot[i - 1].next)
		if (depot[i - 1].hash == hash && depot[i - 1].nr_frames == nr &&
		    !memcmp(depot[i - 1].frames, frames, nr * sizeof(*frames)))
			break;
	return i;
}

/* Number of the trace, stored anew if need be. */
static unsigned int save_trace(const unsigned long *frames, unsigned int nr)
{
	u32 hash = hash_trace(frames, nr);
	unsigned int i = find_trace(hash, frames, nr);
	unsigned long flags;

	if (likely(i))
		return i;
	spin_lock_irqsave(&depot_lock, flags);
	i = find_trace(hash, frames, nr);
	if (!i && nr_traces < NR_TRACES) {
		struct trace *t = &depot[nr_traces];

		memcpy(t->frames, frames, nr * sizeof(*frames));
		t->nr_frames = nr;
		t->hash = hash;
		t->next = buckets[hash % NR_BUCKETS];
		i = ++nr_traces;
		smp_store_release(&buckets[hash % NR_BUCKETS], (u16)i);
	} else if (!i) {
		i = NO_TRACE;
		if (!traces_lost++)
			pr_warn("page_owner: more than %u call traces, the others are not kept\n",
				NR_TRACES);
	}
	spin_unlock_irqrestore(&depot_lock, flags);
	return i;
}

static void count_trace(unsigned int trace, long nr_pages)
{
	if (trace && trace != NO_TRACE)
		atomic_long_add(nr_pages, &depot[trace - 1].nr_pages);
}

bool page_owner_stack(unsigned int *index, const unsigned long **frames, unsigned int *nr_frames,
		      unsigned long *nr_pages)
{
	for (; *index < READ_ONCE(nr_traces); ++*index) {
		long pages = atomic_long_read(&depot[*index].nr_pages);

		if (pages <= 0)
			continue;
		*frames = depot[*index].frames;
		*nr_frames = depot[*index].nr_frames;
		*nr_pages = pages;
		++*index;
		return true;
	}
	return false;
}

/* ---- pages change hands ---- */

/* The allocator's own frames on top of each trace: this function, the hook, the list. */
#define OWN_FRAMES 3

void page_owner_alloc(struct page *page, unsigned int order, gfp_t gfp)
{
	unsigned long frames[PAGE_OWNER_FRAMES];
	struct page_ext *ext = page_ext(page);
	unsigned int nr;

	if (!ext)
		return;
	nr = stack_trace_save(frames, PAGE_OWNER_FRAMES, OWN_FRAMES);
	ext->gfp = gfp;
	ext->ts_ns = local_clock();
	ext->pid = current->pid;
	ext->tgid = current->tgid;
	strscpy(ext->comm, current->comm, sizeof(ext->comm));
	ext->order = order;
	ext->trace = save_trace(frames, nr);
	count_trace(ext->trace, 1L << order);
	for (unsigned long i = 1; i < 1UL << order; i++) {
		page_ext(page + i)->order = TAIL_ORDER;
		page_ext(page + i)->trace = ext->trace;
	}
}

void page_owner_free(struct page *page, unsigned int order)
{
	u64 now = local_clock();

	for (unsigned long i = 0; i < 1UL << order; i++) {
		struct page_ext *ext = page_ext(page + i);

		if (!ext)
			return;
		count_trace(ext->trace, -1);
		ext->trace = 0;
		ext->free_ts_ns = now;
	}
}

void page_owner_split(struct page *page, unsigned int order)
{
	struct page_ext *head = page_ext(page);

	if (!head)
		return;
	for (unsigned long i = 1; i < 1UL << order; i++) {
		struct page_ext *ext = page_ext(page + i);
		u64 freed = ext->free_ts_ns;

		*ext = *head;
		ext->free_ts_ns = freed;
		ext->order = 0;
	}
	head->order = 0;
}

bool page_owner_read(const struct page *page, struct page_owner_record *r)
{
	const struct page_ext *ext = page_ext(page);
	unsigned int trace = ext ? READ_ONCE(ext->trace) : 0;

	if (!trace || ext->order == TAIL_ORDER)
		return false;
	r->order = ext->order;
	r->gfp = ext->gfp;
	r->pid = ext->pid;
	r->tgid = ext->tgid;
	memcpy(r->comm, ext->comm, sizeof(r->comm));
	r->comm[sizeof(r->comm) - 1] = 0;
	r->ts_ns = ext->ts_ns;
	r->free_ts_ns = ext->free_ts_ns;
	r->trace = trace == NO_TRACE ? NULL : depot[trace - 1].frames;
	r->nr_frames = trace == NO_TRACE ? 0 : depot[trace - 1].nr_frames;
	return true;
}
