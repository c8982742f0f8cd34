// SPDX-License-Identifier: MIT
/*
 * Mem-Info: the state of memory in the log, after a failed allocation, at an OOM kill, by SysRq-m.
 *
 *	sums; a line per node; two lines per zone, and its free blocks by size with the types that have them
 *
 * The lines are those of Linux 6.1 (mm/page_alloc.c: show_free_areas, lib/show_mem.c), where scripts look for them. What does
 * not exist here (bounce buffers, temporary writeback, huge pages) is 0 in them, or the line is left out.
 */
#include <base/cpumask.h>
#include <base/printf.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#define NODE(item)    global_node_page_state(item)
#define NODE_KB(item) (node_page_state(pgdat, item) * 4)
#define ZONE_KB(item) (zone_page_state(zone, item) * 4)

/* kswapd has given up after so many runs without a page. */

static unsigned long zone_pcp_pages(struct zone *zone)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count);
	return sum;
}

static void show_sums(void)
{
	unsigned long pcp = 0;
	struct zone *zone;

	for_each_populated_zone (zone)
		pcp += zone_pcp_pages(zone);
	pr_warn("active_anon:%lu inactive_anon:%lu isolated_anon:%lu\n"
		" active_file:%lu inactive_file:%lu isolated_file:%lu\n"
		" unevictable:%lu dirty:%lu writeback:%lu\n"
		" slab_reclaimable:%lu slab_unreclaimable:%lu\n"
		" mapped:%lu shmem:%lu pagetables:%lu\n"
		" sec_pagetables:%lu bounce:%lu\n"
		" kernel_misc_reclaimable:%lu\n"
		" free:%lu free_pcp:%lu free_cma:%lu\n",
		NODE(NR_ACTIVE_ANON), NODE(NR_INACTIVE_ANON), NODE(NR_ISOLATED_ANON),
		NODE(NR_ACTIVE_FILE), NODE(NR_INACTIVE_FILE), NODE(NR_ISOLATED_FILE),
		NODE(NR_UNEVICTABLE), NODE(NR_FILE_DIRTY), NODE(NR_WRITEBACK),
		NODE(NR_SLAB_RECLAIMABLE), NODE(NR_SLAB_UNRECLAIMABLE), NODE(NR_FILE_MAPPED),
		NODE(NR_SHMEM), NODE(NR_PAGETABLE), NODE(NR_SECONDARY_PAGETABLE),
		global_zone_page_state(NR_BOUNCE), NODE(NR_KERNEL_MISC_RECLAIMABLE),
		nr_free_pages(), pcp, global_zone_page_state(NR_FREE_CMA_PAGES));
}

static void show_node(struct pglist_data *pgdat)
{
	pr_warn("Node %d active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB unevictable:%lukB "
		"isolated(anon):%lukB isolated(file):%lukB mapped:%lukB dirty:%lukB writeback:%lukB shmem:%lukB "
		"shmem_thp: %lukB shmem_pmdmapped: %lukB anon_thp: %lukB writeback_tmp:%lukB kernel_stack:%lukB "
		"pagetables:%lukB sec_pagetables:%lukB all_unreclaimable? %s\n",
		pgdat->node_id, NODE_KB(NR_ACTIVE_ANON), NODE_KB(NR_INACTIVE_ANON),
		NODE_KB(NR_ACTIVE_FILE), NODE_KB(NR_INACTIVE_FILE), NODE_KB(NR_UNEVICTABLE),
		NODE_KB(NR_ISOLATED_ANON), NODE_KB(NR_ISOLATED_FILE), NODE_KB(NR_FILE_MAPPED),
		NODE_KB(NR_FILE_DIRTY), NODE_KB(NR_WRITEBACK), NODE_KB(NR_SHMEM),
		NODE_KB(NR_SHMEM_THPS), NODE_KB(NR_SHMEM_PMDMAPPED), NODE_KB(NR_ANON_THPS),
		NODE_KB(NR_WRITEBACK_TEMP), node_page_state(pgdat, NR_KERNEL_STACK_KB),
		NODE_KB(NR_PAGETABLE), NODE_KB(NR_SECONDARY_PAGETABLE),
		node_unreclaimable(pgdat) ? "yes" : "no");
}

static void show_zone(struct zone *zone)
{
	pr_warn("Node %d %s free:%lukB boost:%lukB min:%lukB low:%lukB high:%lukB reserved_highatomic:%luKB "
		"active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB unevictable:%lukB "
		"writepending:%lukB present:%lukB managed:%lukB mlocked:%lukB bounce:%lukB free_pcp:%lukB "
		"local_pcp:%lukB free_cma:%lukB\n",
		zone_to_nid(zone), zone->name, ZONE_KB(NR_FREE_PAGES), zone->watermark_boost * 4,
		min_wmark_pages(zone) * 4, low_wmark_pages(zone) * 4, high_wmark_pages(zone) * 4,
		zone->nr_reserved_highatomic * 4, ZONE_KB(NR_ZONE_ACTIVE_ANON),
		ZONE_KB(NR_ZONE_INACTIVE_ANON), ZONE_KB(NR_ZONE_ACTIVE_FILE),
		ZONE_KB(NR_ZONE_INACTIVE_FILE), ZONE_KB(NR_ZONE_UNEVICTABLE),
		ZONE_KB(NR_ZONE_WRITE_PENDING), zone->present_pages * 4,
		zone_managed_pages(zone) * 4, ZONE_KB(NR_MLOCK), ZONE_KB(NR_BOUNCE),
		zone_pcp_pages(zone) * 4,
		(unsigned long)this_cpu_read(zone->per_cpu_pageset->count) * 4,
		ZONE_KB(NR_FREE_CMA_PAGES));
	pr_warn("lowmem_reserve[]:");
	for (int i = 0; i < MAX_NR_ZONES; i++)
		pr_cont(" %ld", zone->lowmem_reserve[i]);
	pr_cont("\n");
}

/* Types with a free block of @order, as letters in brackets: (UM). */
static void show_types(struct zone *zone, unsigned int order)
{
	static const char letters[MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = 'U',  [MIGRATE_MOVABLE] = 'M', [MIGRATE_RECLAIMABLE] = 'E',
		[MIGRATE_HIGHATOMIC] = 'H', [MIGRATE_CMA] = 'C',     [MIGRATE_ISOLATE] = 'I'
	};
	char text[MIGRATE_TYPES + 1];
	unsigned int n = 0;

	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		if (READ_ONCE(zone->order_map[mt]) >> order & 1)
			text[n++] = letters[mt];
	text[n] = 0;
	pr_cont(" (%s)", text);
}

static void show_blocks(struct zone *zone)
{
	unsigned long total = 0;

	pr_warn("Node %d %s:", zone_to_nid(zone), zone->name);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long nr = READ_ONCE(zone->free_area[order].nr_free);

		pr_cont(" %lu*%lukB", nr, (PAGE_SIZE << order) >> 10);
		if (nr)
			show_types(zone, order);
		total += nr << order;
	}
	pr_cont(" = %lukB\n", total * 4);
}

static void show_totals(void)
{
	unsigned long present = 0, movable = 0;
	struct zone *zone;

	for_each_zone (zone) {
		present += zone->present_pages;
		if (zone_idx(zone) == ZONE_MOVABLE)
			movable += zone->present_pages;
	}
	pr_warn("%lu total pagecache pages\n", NODE(NR_FILE_PAGES));
	pr_warn("%lu pages in swap cache\n", NODE(NR_SWAPCACHE));
	pr_warn("Free swap  = %lukB\nTotal swap = %lukB\n", free_swap_page_count() * 4,
		total_swap_page_count() * 4);
	pr_warn("%lu pages RAM\n%lu pages HighMem/MovableOnly\n%lu pages reserved\n", present,
		movable, present - totalram_pages());
}

void show_mem(void)
{
	struct pglist_data *pgdat;
	struct zone *zone;

	pr_warn("Mem-Info:\n");
	show_sums();
	for_each_online_pgdat(pgdat) show_node(pgdat);
	for_each_populated_zone (zone)
		show_zone(zone);
	for_each_populated_zone (zone)
		show_blocks(zone);
	show_totals();
}
