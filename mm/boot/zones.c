// SPDX-License-Identifier: MIT
/*
 * From memblock to nodes, zones and free lists; the order of start-up of memory management.
 *
 * Frames are split by number: DMA below 16 MiB, DMA32 below 4 GiB, Normal above. Each node cuts its share
 * out of each. kernelcore= or movablecore= puts the upper part of each node into Movable, where only pages
 * that can move are allowed; only the highest zone that there is loses frames by that.
 *	spanned = end - start, present = memory in it, managed = given to the page allocator (<= present)
 *
 * A node's zonelist holds the zones of all nodes with memory, nearest node first, in a node the highest zone first.
 * A node of CPUs alone has empty zones and such a list; its CPUs count the nearest node with memory as theirs.
 *
 * memmap_init() writes all descriptors in one pass, four stores each, knowing already which frames are
 * free: no second pass clears PG_reserved, as Linux's does. Then the free ranges go to the buddy
 * allocator in the largest aligned blocks.
 * Observe: boot log, /proc/zoneinfo, memblock=debug.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <seam/page.h>
#include <mm/lru.h>
#include <mm/memblock.h>
#include <mm/page_debug.h>
#include <mm/page_flags.h>
#include <mm/zone.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/percpu_alloc.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include "../page/page_internal.h"
#include "boot_internal.h"

static const unsigned long zone_limit_pfn[ZONE_MOVABLE] = {
	[ZONE_DMA] = 16UL << (20 - PAGE_SHIFT),
	[ZONE_DMA32] = 1UL << (32 - PAGE_SHIFT),
	[ZONE_NORMAL] = ~0UL,
};

/* ---- parameters ---- */

static unsigned long required_kernelcore, required_movablecore; /* frames */
static unsigned int kernelcore_percent, movablecore_percent;
static unsigned long zone_movable_pfn[MAX_NUMNODES]; /* first movable frame, 0: none */

static int __init parse_core(char *p, unsigned long *frames, unsigned int *percent)
{
	char *rest;
	u64 n;

	if (!p || *p < '0' || *p > '9')
		return -EINVAL;
	n = memparse(p, &rest);
	if (*rest == '%' && n <= 100)
		*percent = n;
	else
		*frames = PFN_UP(n);
	return 0;
}

static int __init early_kernelcore(char *p)
{
	return parse_core(p, &required_kernelcore, &kernelcore_percent);
}
early_param("kernelcore", early_kernelcore);

static int __init early_movablecore(char *p)
{
	return parse_core(p, &required_movablecore, &movablecore_percent);
}
early_param("movablecore", early_movablecore);

static bool __init movable_wanted(void)
{
	return required_kernelcore || required_movablecore || kernelcore_percent ||
	       movablecore_percent;
}

/* ---- sizes ---- */

/* Memory of node @nid (NUMA_NO_NODE: all) inside [start, end). */
static unsigned long __init present_in(int nid, unsigned long start, unsigned long end)
{
	struct memblock_region *r;
	unsigned long sum = 0;

	for_each_mem_region(r)
	{
		unsigned long lo = clamp((unsigned long)PFN_UP(r->base), start, end);
		unsigned long hi = clamp((unsigned long)PFN_DOWN(r->base + r->size), start, end);

		if ((nid == NUMA_NO_NODE || r->nid == nid) && hi > lo)
			sum += hi - lo;
	}
	return sum;
}

static void __init node_span(int nid, unsigned long *start, unsigned long *end)
{
	struct memblock_region *r;

	*start = ~0UL;
	*end = 0;
	for_each_mem_region(r)
	{
		if (r->nid != nid)
			continue;
		*start = min(*start, (unsigned long)PFN_UP(r->base));
		*end = max(*end, (unsigned long)PFN_DOWN(r->base + r->size));
	}
	if (*start > *end)
		*start = *end = 0;
}

/* First frame of the highest zone that has memory. Only it may be cut: the zones below serve who cannot use others. */
static unsigned long __init highest_zone_start(void)
{
	int idx = ZONE_NORMAL;

	while (idx > 0 && !present_in(NUMA_NO_NODE, zone_limit_pfn[idx - 1], zone_limit_pfn[idx]))
		idx--;
	return idx > 0 ? zone_limit_pfn[idx - 1] : 0;
}

/*
 * Node @nid keeps @share more frames for the kernel, from its first on, but in any case what lies below @usable. *@core is
 * what the nodes are still to keep.
 */
static void __init keep_core(int nid, unsigned long usable, unsigned long share,
			     unsigned long *core)
{
	struct memblock_region *r;

	for_each_mem_region(r)
	{
		unsigned long lo = max((unsigned long)PFN_UP(r->base), zone_movable_pfn[nid]);
		unsigned long hi = PFN_DOWN(r->base + r->size), below, take;

		if (r->nid != nid || lo >= hi)
			continue;
		below = lo < usable ? min(hi, usable) - lo : 0;
		take = below + min(hi - lo - below, share - min(below, share));
		zone_movable_pfn[nid] = lo + take;
		*core -= min(take, *core);
		share -= min(take, share);
		if (!share && hi > usable)
			break;
	}
}

/* As Linux's find_zone_movable_pfns_for_nodes(): equal shares; what a small node cannot keep goes to the others. */
static void __init find_movable(void)
{
	unsigned long total = present_in(NUMA_NO_NODE, 0, ~0UL), core, share, start, end;
	unsigned long usable = highest_zone_start(), nodes = nr_mem_nodes;
	int nid;

	if (kernelcore_percent)
		required_kernelcore = total * kernelcore_percent / 100;
	if (movablecore_percent)
		required_movablecore = total * movablecore_percent / 100;
	core = required_kernelcore;
	if (required_movablecore)
		core = max(core,
			   total - min(total, round_up(required_movablecore, MAX_ORDER_NR_PAGES)));
	if (!core || core >= total)
		return;
	do {
		share = core / nodes;
		for_each_node_state(nid, N_MEMORY)
		{
			share = core < share ? core / nodes : share;
			keep_core(nid, usable, share, &core);
		}
	} while (--nodes && core > nodes);
	for_each_node_state(nid, N_MEMORY)
	{
		node_span(nid, &start, &end);
		start = round_up(zone_movable_pfn[nid], MAX_ORDER_NR_PAGES);
		zone_movable_pfn[nid] = start < end ? start : 0;
	}
}

/* Zones without memory: nobody allocates there, so one set of lists and counters serves them all. */
static struct per_cpu_pages __percpu *empty_pageset;
static struct per_cpu_zonestat __percpu *empty_zonestats;

static void __init init_zone_percpu(struct zone *zone)
{
	bool empty = !zone->present_pages;

	if (!empty || !empty_pageset) {
		zone->per_cpu_zonestats = alloc_percpu(struct per_cpu_zonestat);
		zone->per_cpu_pageset = alloc_percpu(struct per_cpu_pages);
		if (!zone->per_cpu_zonestats || !zone->per_cpu_pageset)
			panic("Out of memory: per-CPU lists of zone %s", zone->name);
	}
	if (empty && !empty_pageset) {
		empty_zonestats = zone->per_cpu_zonestats;
		empty_pageset = zone->per_cpu_pageset;
	} else if (empty) {
		zone->per_cpu_zonestats = empty_zonestats;
		zone->per_cpu_pageset = empty_pageset;
	}
	pcp_setup_zone(zone);
}

/* Bytes that init_zone_percpu() and alloc_node() take at most, on each CPU. */
size_t __init zones_percpu_bytes(void)
{
	const size_t lists = sizeof(struct per_cpu_pages) + sizeof(struct per_cpu_zonestat);
	size_t bytes = lists + __alignof__(struct per_cpu_pages);
	int nid;

	for_each_online_node (nid) {
		unsigned long from = 0;

		bytes += sizeof(struct per_cpu_nodestat);
		for (int idx = 0; idx < ZONE_MOVABLE; from = zone_limit_pfn[idx++])
			if (present_in(nid, from, zone_limit_pfn[idx]))
				bytes += lists;
		if (movable_wanted() && present_in(nid, 0, ~0UL))
			bytes += lists;
	}
	return bytes;
}

static void __init init_zone(struct pglist_data *pgdat, int idx, unsigned long start,
			     unsigned long end)
{
	struct zone *zone = pgdat->node_zones + idx;

	zone->zone_pgdat = pgdat;
	zone->name = zone_names[idx];
	zone->zone_id = pgdat->node_id << ZONES_WIDTH | idx;
	spin_lock_init(&zone->lock, LOCK_ZONE);
	zone_init_free_lists(zone);
	page_zones[zone->zone_id] = zone;
	zone->present_pages = start < end ? present_in(pgdat->node_id, start, end) : 0;
	init_zone_percpu(zone);
	zone->initialized = true;
	if (!zone->present_pages)
		return;
	zone->zone_start_pfn = start;
	zone->spanned_pages = end - start;
	pgdat->nr_zones = idx + 1;
	pr_info("  %-8s [mem %#018lx-%#018lx] node %d\n", zone->name, start << PAGE_SHIFT,
		(end << PAGE_SHIFT) - 1, pgdat->node_id);
}

static void __init init_node_zones(struct pglist_data *pgdat)
{
	unsigned long start = pgdat->node_start_pfn, end = start + pgdat->node_spanned_pages;
	unsigned long movable = zone_movable_pfn[pgdat->node_id], limit = movable ? movable : end;
	unsigned long from = start;

	for (int idx = 0; idx < ZONE_MOVABLE; idx++) {
		unsigned long to = clamp(zone_limit_pfn[idx], from, limit < from ? from : limit);

		init_zone(pgdat, idx, from, to);
		from = to;
	}
	init_zone(pgdat, ZONE_MOVABLE, limit, end);
}

/* ---- zonelists ---- */

static int __init append_node(struct zonelist *zl, int n, struct pglist_data *pgdat)
{
	for (int idx = MAX_NR_ZONES - 1; idx >= 0; idx--)
		if (pgdat->node_zones[idx].present_pages)
			zl->_zonerefs[n++] = (struct zoneref){ pgdat->node_zones + idx, idx };
	return n;
}

/* The nodes of the zonelist, each once, as Linux words it. */
static void __init print_fallback_order(const struct pglist_data *pgdat)
{
	char text[4 * MAX_NUMNODES + 1] = "";
	int last = NUMA_NO_NODE, len = 0;

	for (struct zoneref *z = pgdat->node_zonelists->_zonerefs; z->zone; z++) {
		int nid = zone_to_nid(z->zone);

		if (nid != last)
			len += scnprintf(text + len, sizeof(text) - len, "%d ", nid);
		last = nid;
	}
	pr_info("Fallback order for Node %d: %s\n", pgdat->node_id, text);
}

static void __init build_zonelists(struct pglist_data *pgdat)
{
	struct zonelist *zl = pgdat->node_zonelists;
	bool used[MAX_NUMNODES] = { false };
	int n = 0;

	append_node(zl + ZONELIST_NOFALLBACK, 0, pgdat);
	for (;;) {
		int best = -1;

		/* On equal distance nodes behind this one first, so that not all fall on node 0. */
		for (int i = 0; i < MAX_NUMNODES; i++) {
			int nid = (pgdat->node_id + i) % MAX_NUMNODES;

			if (node_state(nid, N_MEMORY) && !used[nid] &&
			    (best < 0 || node_distance(pgdat->node_id, nid) <
						 node_distance(pgdat->node_id, best)))
				best = nid;
		}
		if (best < 0)
			break;
		used[best] = true;
		n = append_node(zl + ZONELIST_FALLBACK, n, node_data[best]);
	}
	print_fallback_order(pgdat);
}

static void __init alloc_node(int nid)
{
	struct pglist_data *pgdat = memblock_alloc_node(sizeof(*pgdat), SMP_CACHE_BYTES, nid);
	struct zonelist *zl;

	/* Room for the nodes that there can be. */
	zl = memblock_alloc_node(sizeof(*zl) * MAX_ZONELISTS, SMP_CACHE_BYTES, nid);
	if (!pgdat || !zl)
		panic("Out of memory: node %d", nid);
	pgdat->node_id = nid;
	pgdat->node_zonelists = zl;
	lruvec_init(&pgdat->__lruvec, pgdat);
	pgdat->per_cpu_nodestats = alloc_percpu(struct per_cpu_nodestat);
	if (!pgdat->per_cpu_nodestats)
		panic("Out of memory: counters of node %d", nid);
	node_data[nid] = pgdat;
	node_set_online(nid);
	if (!present_in(nid, 0, ~0UL))
		return;
	node_set_state(nid, N_NORMAL_MEMORY);
	node_set_state(nid, N_MEMORY);
	nr_mem_nodes++;
}

/* A CPU on a node without memory works with the nearest node that has some. */
static void __init home_cpus(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		int nid = per_cpu(numa_node, cpu), best = -1;

		if (nid >= 0 && nid < MAX_NUMNODES)
			node_set_state(nid, N_CPU);
		if (nid >= 0 && nid < MAX_NUMNODES && node_state(nid, N_MEMORY))
			continue;
		for (int other = 0; other < MAX_NUMNODES; other++)
			if (node_state(other, N_MEMORY) &&
			    (best < 0 ||
			     (nid >= 0 && node_distance(nid, other) < node_distance(nid, best))))
				best = other;
		per_cpu(numa_node, cpu) = best;
	}
}

void __init free_area_init(void)
{
	const char *old = memblock_alloc_name("nodes");
	struct pglist_data *pgdat;
	struct memblock_region *r;
	int nid;

	for_each_mem_region(r) if (!node_data[r->nid]) alloc_node(r->nid);
	/* Nodes of CPUs or initiators alone: empty zones, and zonelists that lead to the others. */
	for_each_online_node (nid)
		if (!node_data[nid])
			alloc_node(nid);
	if (!nr_mem_nodes)
		panic("No memory: the firmware reported none");
	find_movable();
	pr_info("Zone ranges:\n");
	for_each_online_pgdat(pgdat)
	{
		unsigned long end;

		node_span(pgdat->node_id, &pgdat->node_start_pfn, &end);
		pgdat->node_spanned_pages = end - pgdat->node_start_pfn;
		pgdat->node_present_pages = present_in(pgdat->node_id, 0, ~0UL);
		init_node_zones(pgdat);
	}
	for_each_online_pgdat(pgdat) build_zonelists(pgdat);
	home_cpus();
	memblock_alloc_name(old);
}

/* ---- descriptors ---- */

/* Flags (zone and node) of frame @pfn; valid up to *@limit. Holes belong to the memory before or behind. */
static u32 __init frame_zone_flags(unsigned long pfn, unsigned long *limit)
{
	struct pglist_data *pgdat, *home = NULL;

	for_each_online_pgdat(pgdat)
	{
		unsigned long start = pgdat->node_start_pfn,
			      end = start + pgdat->node_spanned_pages;

		if (!pgdat->node_present_pages)
			continue;
		if (pfn >= start && pfn < end) {
			home = pgdat;
			*limit = min(*limit, end);
			break;
		}
		if (start > pfn)
			*limit = min(*limit, start);
		if (!home || start <= pfn)
			home = pgdat;
	}
	for (int idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = home->node_zones + idx;

		if (!zone->present_pages)
			continue;
		if (zone_spans_pfn(zone, pfn)) {
			*limit = min(*limit, zone_end_pfn(zone));
			return zone->zone_id << ZONES_PGSHIFT;
		}
		if (zone->zone_start_pfn > pfn)
			*limit = min(*limit, zone->zone_start_pfn);
	}
	/* Outside all zones of its node: the frame is a hole; any zone of the node will do. */
	return home->node_zones[home->nr_zones - 1].zone_id << ZONES_PGSHIFT;
}

/* Nodes whose memory interleaves: the node is that of the range, not of the span. */
static u32 __init free_zone_flags(unsigned long pfn, int nid, unsigned long *limit)
{
	for (int idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = node_data[nid]->node_zones + idx;

		if (zone->present_pages && zone_spans_pfn(zone, pfn)) {
			*limit = min(*limit, zone_end_pfn(zone));
			return zone->zone_id << ZONES_PGSHIFT;
		}
	}
	BUG();
}

/* The one loop over all descriptors: 4 stores a frame. */
static void __init init_frames(struct page *page, struct page *end, u32 flags, int refcount)
{
	u64 first = (u64)(u32)refcount << 32 | flags;

	for (; page < end; page++) {
		u64 *word = (u64 *)page;

		word[0] = first;
		word[1] = PAGE_WORD_NONE;
		word[2] = 0;
		word[3] = 0;
	}
}

static void __init init_reserved(unsigned long start, unsigned long end)
{
	while (start < end) {
		unsigned long limit = end;
		u32 flags = frame_zone_flags(start, &limit);

		init_frames(pfn_to_page(start), pfn_to_page(limit), flags | 1u << PG_reserved, 1);
		start = limit;
	}
}

static void __init init_free(unsigned long start, unsigned long end, int nid)
{
	while (start < end) {
		unsigned long limit = end;
		u32 flags = free_zone_flags(start, nid, &limit);

		init_frames(pfn_to_page(start), pfn_to_page(limit), flags, 0);
		start = limit;
	}
}

/* Free blocks of [start, end), the largest that alignment and length allow. */
static void release_range(unsigned long start, unsigned long end)
{
	while (start < end) {
		unsigned int order =
			min(start ? __builtin_ctzl(start) : MAX_ORDER - 1, MAX_ORDER - 1);

		while (start + (1UL << order) > end)
			order--;
		free_boot_block(pfn_to_page(start), order);
		start += 1UL << order;
	}
}

/* Every pageblock starts as movable, as in Linux. */
static void __init init_pageblocks(void)
{
	unsigned long blocks = round_up(max_pfn, MAX_ORDER_NR_PAGES) / pageblock_nr_pages;

	memset(pageblock_types, MIGRATE_MOVABLE, blocks);
	pageblock_types_by_page = pageblock_types - ((unsigned long)vmemmap >> PAGE_BLOCK_SHIFT);
}

static void __init memmap_init(void)
{
	unsigned long run_start, run_end = 0;
	phys_addr_t lo, hi;
	int nid;
	u64 i;

	while (next_populated_run(&run_start, &run_end)) {
		unsigned long at = run_start;

		for_each_free_mem_range(i, NUMA_NO_NODE, &lo, &hi, &nid)
		{
			unsigned long start = clamp((unsigned long)PFN_UP(lo), at, run_end);
			unsigned long end = clamp((unsigned long)PFN_DOWN(hi), at, run_end);

			if (start >= end)
				continue;
			init_reserved(at, start);
			init_free(start, end, nid);
			at = end;
		}
		init_reserved(at, run_end);
	}
}

void __init memblock_free_all(void)
{
	phys_addr_t lo, hi;
	u64 i;

	init_pageblocks();
	memmap_init();
	for_each_free_mem_range(i, NUMA_NO_NODE, &lo, &hi, NULL)
	{
		unsigned long start = PFN_UP(lo), end = PFN_DOWN(hi);

		/* Blocks must not straddle zones: cut at their borders. */
		while (start < end) {
			struct zone *zone = page_zone(pfn_to_page(start));
			unsigned long stop = min(end, zone_end_pfn(zone));

			release_range(start, stop);
			start = stop;
		}
	}
	memblock_pages_released();
}

/* ---- after boot ---- */

/* From @pfn on, up to @last: the frames of one zone that are reserved, which they are no more. */
static unsigned long unreserve_run(unsigned long pfn, unsigned long last, int poison)
{
	struct zone *zone = page_zone(pfn_to_page(pfn));
	struct page *page;

	for (; pfn < last; pfn++) {
		page = pfn_to_page(pfn);
		if (page_zone(page) != zone || WARN_ON_ONCE(!PageReserved(page)))
			break;
		if ((unsigned int)poison <= 0xff)
			memset(page_address(page), poison, PAGE_SIZE);
		__ClearPageReserved(page);
		set_page_count(page, 0);
	}
	return pfn;
}

/* In large blocks and past the per-CPU lists, where a thousand single pages would stay for nobody. */
unsigned long free_reserved_area(void *start, void *end, int poison, const char *s)
{
	unsigned long pfn = PFN_UP(__pa(start)), last = PFN_DOWN(__pa(end)), freed = 0, flags;

	while (pfn < last) {
		struct zone *zone = page_zone(pfn_to_page(pfn));
		unsigned long stop = unreserve_run(pfn, last, poison);

		spin_lock_irqsave(&zone->lock, flags);
		release_range(pfn, stop);
		spin_unlock_irqrestore(&zone->lock, flags);
		freed += stop - pfn;
		pfn = stop > pfn ? stop : pfn + 1;
	}
	if (freed && s)
		pr_info("Freeing %s memory: %luK\n", s, freed * (PAGE_SIZE >> 10));
	return freed;
}

extern char __init_begin[], __init_end[], _text[], _etext[], __start_rodata[], __end_rodata[],
	_sdata[], _edata[];
extern char __bss_start[], __bss_stop[], __per_cpu_load[];

static void __init mem_init_print_info(void)
{
	unsigned long physpages = present_in(NUMA_NO_NODE, 0, ~0UL),
		      reserved = physpages - totalram_pages();

	pr_info("Memory: %luK/%luK available (%luK kernel code, %luK rodata, %luK rwdata, %luK init, %luK bss, %luK memmap, %luK reserved)\n",
		nr_free_pages() << (PAGE_SHIFT - 10), physpages << (PAGE_SHIFT - 10),
		(unsigned long)(_etext - _text) >> 10,
		(unsigned long)(__end_rodata - __start_rodata) >> 10,
		(unsigned long)(_edata - _sdata) >> 10,
		(unsigned long)(__init_end - __init_begin) >> 10,
		(unsigned long)(__bss_stop - __bss_start) >> 10, memmap_nr_bytes() >> 10,
		reserved << (PAGE_SHIFT - 10));
}

void __init mm_core_init(void)
{
	free_area_init();
	page_debug_init();
	memblock_dump_all();
	memblock_free_all();
	init_per_zone_wmark_min();
	pcp_setup_cpus();
	kmem_cache_init();
	vmalloc_init();
	lru_init();
	mem_init_print_info();
}
