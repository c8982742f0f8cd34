// SPDX-License-Identifier: MIT
/*
 * Reading the counters. Each is the sum over all CPUs of what that CPU added; a page may be counted up on
 * one CPU and down on another, so that single parts are negative and only the sum means something. A sum
 * taken while others write can be off by what they do meanwhile, and is never shown below 0.
 *
 * Two mechanisms (see include/mm/vmstat.h): items are states, events only grow.
 * pgalloc_*, pgfree, numa_hit and numa_local are counted by the page allocator in the per-CPU lists,
 * one instruction for several of them, and taken apart here (pages freed follow from the others).
 * Linux 6.1: mm/vmstat.c (thresholds, periodic folding).
 */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/aops.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

DEFINE_PER_CPU(struct vm_event_state, vm_event_states);
DEFINE_PER_CPU(struct aop_calls, aop_calls);

const char *const zone_stat_names[NR_VM_ZONE_STAT_ITEMS] = {
#define X(item, name) [item] = name,
	ZONE_STAT_ITEMS(X)
};
const char *const node_stat_names[NR_VM_NODE_STAT_ITEMS] = { NODE_STAT_ITEMS(X) };
const char *const numa_stat_names[NR_VM_NUMA_EVENT_ITEMS] = { NUMA_STAT_ITEMS(X) };
const char *const vm_event_names[NR_VM_EVENT_ITEMS] = { VM_EVENTS(X)
#undef X
};

static unsigned long not_negative(long sum)
{
	return sum < 0 ? 0 : sum;
}

static long zone_counted(struct zone *zone, int item)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu_ptr(zone->per_cpu_zonestats, cpu)->stat[item]);
	return sum;
}

/* Members of a kind that are in no other class: mm/reclaim/lru.c. */
static long zone_inactive_anon(struct zone *zone)
{
	return zone_counted(zone, NR_ZONE_ANON_MAPPED) + zone_counted(zone, NR_ZONE_LRU_ANON) -
	       zone_counted(zone, NR_ZONE_ACTIVE_ANON) -
	       zone_counted(zone, NR_ZONE_UNEVICTABLE_ANON) -
	       zone_counted(zone, NR_ZONE_ISOLATED_ANON);
}

static long zone_inactive_file(struct zone *zone)
{
	return zone_counted(zone, NR_ZONE_LRU_FILE) - zone_counted(zone, NR_ZONE_ACTIVE_FILE) -
	       (zone_counted(zone, NR_ZONE_UNEVICTABLE) -
		zone_counted(zone, NR_ZONE_UNEVICTABLE_ANON)) -
	       zone_counted(zone, NR_ZONE_ISOLATED_FILE);
}

static long zone_sum(struct zone *zone, int item)
{
	if (item == NR_FREE_PAGES)
		return atomic_long_read(&zone->nr_free);
	if (item == NR_ZONE_INACTIVE_ANON)
		return zone_inactive_anon(zone);
	if (item == NR_ZONE_INACTIVE_FILE)
		return zone_inactive_file(zone);
	return zone_counted(zone, item);
}

unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item)
{
	return not_negative(zone_sum(zone, item));
}

/* The items of a node that are counted by zone, or -1. */
static int zone_item_of(enum node_stat_item item)
{
	if (item >= NR_LRU_BASE && item <= NR_UNEVICTABLE)
		return NR_ZONE_LRU_BASE + (item - NR_LRU_BASE);
	if (item == NR_ANON_MAPPED)
		return NR_ZONE_ANON_MAPPED;
	if (item == NR_ISOLATED_ANON)
		return NR_ZONE_ISOLATED_ANON;
	return item == NR_ISOLATED_FILE ? NR_ZONE_ISOLATED_FILE : -1;
}

static long node_sum(struct pglist_data *pgdat, enum node_stat_item item)
{
	int by_zone = zone_item_of(item), cpu;
	long sum = 0;

	if (by_zone >= 0) {
		for (int i = 0; i < MAX_NR_ZONES; i++)
			sum += zone_sum(pgdat->node_zones + i, by_zone);
		return sum;
	}
	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu_ptr(pgdat->per_cpu_nodestats, cpu)->stat[item]);
	return sum;
}

unsigned long node_page_state(struct pglist_data *pgdat, enum node_stat_item item)
{
	return not_negative(node_sum(pgdat, item));
}

unsigned long global_zone_page_state(enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone (zone)
		sum += zone_page_state(zone, item);
	return sum;
}

unsigned long global_node_page_state(enum node_stat_item item)
{
	struct pglist_data *pgdat;
	long sum = 0;

	for_each_online_pgdat(pgdat) sum += node_sum(pgdat, item);
	return not_negative(sum);
}

unsigned long zone_numa_event_state(struct zone *zone, enum numa_stat_item item)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu) {
		struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);

		sum += READ_ONCE(pcp->numa[item]);
		if (item == NUMA_HIT || item == NUMA_LOCAL)
			sum += READ_ONCE(pcp->hits) + READ_ONCE(pcp->singles);
	}
	return sum;
}

unsigned long global_numa_event_state(enum numa_stat_item item)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone (zone)
		sum += zone_numa_event_state(zone, item);
	return sum;
}

/* What the page allocator counted in the per-CPU lists of @zone. */
static void zone_list_events(struct zone *zone, unsigned long *allocated, unsigned long *freed)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);

		unsigned long out = READ_ONCE(pcp->pgalloc) + READ_ONCE(pcp->singles);

		*allocated += out;
		*freed += READ_ONCE(pcp->count) + out + READ_ONCE(pcp->drained) -
			  READ_ONCE(pcp->filled);
	}
}

unsigned long vm_event_sum(enum vm_event_item item)
{
	unsigned long sum = 0;
	struct zone *zone;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu(vm_event_states, cpu).event[item]);
	for_each_zone (zone) {
		unsigned long allocated = 0, freed = 0;

		zone_list_events(zone, &allocated, &freed);
		if (item == PGFREE)
			sum += freed;
		else if (item == PGALLOC_DMA + zone_idx(zone))
			sum += allocated;
	}
	return sum;
}

void all_vm_events(unsigned long *ret)
{
	struct zone *zone;
	int cpu;

	memset(ret, 0, NR_VM_EVENT_ITEMS * sizeof(*ret));
	for_each_possible_cpu (cpu)
		for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
			ret[i] += READ_ONCE(per_cpu(vm_event_states, cpu).event[i]);
	for_each_zone (zone)
		zone_list_events(zone, &ret[PGALLOC_DMA + zone_idx(zone)], &ret[PGFREE]);
	ret[PGPGIN] /= 2; /* counted in sectors, shown in KiB */
	ret[PGPGOUT] /= 2;
}

void page_alloc_ways(struct page_alloc_ways *w)
{
	struct zone *zone;
	int cpu;

	memset(w, 0, sizeof(*w));
	for_each_zone (zone) {
		for_each_possible_cpu (cpu) {
			struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);

			w->fast_pages += READ_ONCE(pcp->singles);
			w->list_pages += READ_ONCE(pcp->pgalloc);
			w->refills += READ_ONCE(pcp->refills);
			w->filled_pages += READ_ONCE(pcp->filled);
			w->drains += READ_ONCE(pcp->drains);
			w->drained_pages += READ_ONCE(pcp->drained);
			w->not_free -= READ_ONCE(pcp->count);
		}
		w->not_free += zone_managed_pages(zone) - zone_page_state(zone, NR_FREE_PAGES) -
			       zone->nr_isolated_pages;
		w->fallbacks += READ_ONCE(zone->nr_fallbacks);
		w->steals += READ_ONCE(zone->nr_steals);
	}
	for (int idx = 0; idx < MAX_NR_ZONES; idx++)
		for_each_possible_cpu (cpu)
			w->buddy_pages +=
				READ_ONCE(per_cpu(vm_event_states, cpu).event[PGALLOC_DMA + idx]);
	w->counted_out = w->fast_pages + w->list_pages + w->buddy_pages - vm_event_sum(PGFREE);
	w->slow = atomic_long_read(&page_alloc_slow_count);
	w->failed = atomic_long_read(&page_alloc_fail_count);
}

unsigned long nr_free_pages(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

long si_mem_available(void)
{
	unsigned long low = 0, pagecache, reclaimable;
	struct zone *zone;
	long available;

	for_each_zone (zone)
		low += low_wmark_pages(zone);
	available = nr_free_pages() - totalreserve_pages;
	/* At least half of the page cache, or the low watermark worth of it, should stay. */
	pagecache =
		global_node_page_state(NR_ACTIVE_FILE) + global_node_page_state(NR_INACTIVE_FILE);
	available += pagecache - min(pagecache / 2, low);
	reclaimable = global_node_page_state(NR_SLAB_RECLAIMABLE) +
		      global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE);
	available += reclaimable - min(reclaimable / 2, low);
	return max(available, 0L);
}

static unsigned long above_high_wmark(int highest)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone (zone) {
		unsigned long size = zone_managed_pages(zone), high = high_wmark_pages(zone);

		if (zone_idx(zone) <= highest && size > high)
			sum += size - high;
	}
	return sum;
}

unsigned long nr_free_buffer_pages(void)
{
	return above_high_wmark(ZONE_NORMAL);
}
