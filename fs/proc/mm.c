/* SPDX-License-Identifier: MIT */
/*
 * /proc/mm: what Quire's memory manager tells beyond Linux's files.
 *
 *	ledger		every page in its account (mm/stat/ledger.c)
 *	globals		limits of frame numbers and sizes found at boot
 *	layout		the kernel's address space
 *	page		one page in words (fs/proc/page.c)
 *	explain		an address in words (fs/proc/explain.c)
 *	node/N		a node and its zones, all fields
 *	oom/last	why the last victim of memory shortage was chosen (mm/oom/verdict.c)
 *	oom/dry_run	who would be chosen now, of the machine or of a group
 *	aops		calls of each address_space_operation
 *	page_alloc	ways that allocations took, the table of fallbacks, fallback order of nodes
 */
#include <base/cpumask.h>
#include <base/printf.h>
#include <base/types.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <mm/aops.h>
#include <mm/fault.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/reclaim.h>
#include <mm/swap.h>
#include <mm/memblock.h>
#include <mm/oom.h>
#include <mm/page.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <seam/pgtable.h>
#include <seam/setup.h>

#include "internal.h"

static unsigned long present_below(enum zone_type highest)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone (zone)
		if (zone_idx(zone) <= highest)
			sum += zone->present_pages;
	return sum;
}

static int globals_show(struct seq_file *m, void *v)
{
	unsigned long memmap = memmap_nr_bytes();

	seq_printf(m, "min_low_pfn      %lu\nmax_low_pfn      %lu\nmax_pfn          %lu\n",
		   min_low_pfn, max_low_pfn, max_pfn);
	seq_printf(m, "max_mapnr        %lu\nhigh_memory      %px\n", max_pfn, high_memory);
	/* As Linux counts them: present frames less those that hold descriptors. */
	seq_printf(m, "nr_kernel_pages  %lu\nnr_all_pages     %lu\n",
		   present_below(ZONE_NORMAL) - PFN_UP(memmap),
		   present_below(ZONE_MOVABLE) - PFN_UP(memmap));
	seq_printf(m, "dma_reserve      %lu\n",
		   first_online_pgdat()->node_zones[ZONE_DMA].present_pages -
			   zone_managed_pages(&first_online_pgdat()->node_zones[ZONE_DMA]));
	seq_printf(m, "totalram_pages   %lu\ntotalreserve     %lu\n", totalram_pages(),
		   totalreserve_pages);
	seq_printf(m, "struct_page      %zu bytes\nmemmap           %px, %lu bytes\n",
		   sizeof(struct page), vmemmap, memmap);
	seq_printf(m, "early_tables     %lu pages\n", early_table_pages());
	seq_printf(m, "page_shift       %d\npgdir_shift      %d\nptrs_per_pgd     %d\n", PAGE_SHIFT,
		   PGDIR_SHIFT, PTRS_PER_PGD);
	seq_printf(m, "max_order        %d\npageblock_order  %d\nnr_zones         %d\n",
		   MAX_ORDER - 1, pageblock_order, MAX_NR_ZONES);
	return 0;
}

static int layout_show(struct seq_file *m, void *v)
{
	show_memory_layout(m);
	return 0;
}

/* ---- one node ---- */

static void zone_show(struct seq_file *m, struct zone *zone)
{
	seq_printf(m, "zone %s\n  start_pfn %lu spanned %lu present %lu managed %lu cma %lu\n",
		   zone->name, zone->zone_start_pfn, zone->spanned_pages, zone->present_pages,
		   zone_managed_pages(zone), zone->cma_pages);
	seq_printf(m, "  watermarks min %lu low %lu high %lu promo %lu boost %lu\n",
		   min_wmark_pages(zone), low_wmark_pages(zone), high_wmark_pages(zone),
		   wmark_pages(zone, WMARK_PROMO), zone->watermark_boost);
	seq_printf(m, "  inactive_ratio %lu\n", inactive_ratio(zone_managed_pages(zone)));
	seq_puts(m, "  lowmem_reserve");
	for (int i = 0; i < MAX_NR_ZONES; i++)
		seq_printf(m, " %ld", zone->lowmem_reserve[i]);
	/* Counters never drift: there is no mark below which they would have to be summed. */
	seq_printf(m, "\n  free %lu isolated %lu highatomic %lu drift_mark 0\n",
		   zone_page_state(zone, NR_FREE_PAGES), zone->nr_isolated_pages,
		   zone->nr_reserved_highatomic);
	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		if (zone->order_map[mt])
			seq_printf(m, "  orders free as %s: %#x\n", migratetype_names[mt],
				   zone->order_map[mt]);
}

static void node_reclaim_show(struct seq_file *m, struct pglist_data *pgdat)
{
	seq_printf(m, "kswapd %d asked %d order %u classzone_idx %d failures %d\n",
		   pgdat->kswapd ? task_pid_nr(pgdat->kswapd) : 0, READ_ONCE(pgdat->kswapd_asked),
		   READ_ONCE(pgdat->kswapd_order), READ_ONCE(pgdat->kswapd_highest_zoneidx),
		   READ_ONCE(pgdat->kswapd_failures));
	seq_printf(m, "all_unreclaimable %d\n", node_unreclaimable(pgdat));
}

static int node_show(struct seq_file *m, void *v)
{
	struct pglist_data *pgdat = m->private;
	const struct zoneref *z;

	seq_printf(m, "node_id %d\nnr_zones %d\nnode_start_pfn %lu\n", pgdat->node_id,
		   pgdat->nr_zones, pgdat->node_start_pfn);
	seq_printf(m, "node_spanned_pages %lu\nnode_present_pages %lu\ntotalreserve_pages %lu\n",
		   pgdat->node_spanned_pages, pgdat->node_present_pages, pgdat->totalreserve_pages);
	seq_printf(m, "states%s%s%s\n", node_online(pgdat->node_id) ? " online" : "",
		   node_state(pgdat->node_id, N_MEMORY) ? " memory" : "",
		   node_state(pgdat->node_id, N_CPU) ? " cpu" : "");
	seq_puts(m, "zonelist");
	for (z = pgdat->node_zonelists[ZONELIST_FALLBACK]._zonerefs; z->zone; z++)
		seq_printf(m, " %d:%s", zone_to_nid(z->zone), z->zone->name);
	seq_puts(m, "\nzonelist_thisnode");
	for (z = pgdat->node_zonelists[ZONELIST_NOFALLBACK]._zonerefs; z->zone; z++)
		seq_printf(m, " %d:%s", zone_to_nid(z->zone), z->zone->name);
	seq_putc(m, '\n');
	node_reclaim_show(m, pgdat);
	for (int i = 0; i < MAX_NR_ZONES; i++)
		zone_show(m, pgdat->node_zones + i);
	return 0;
}

/* ---- ways of allocations ---- */

static int page_alloc_show(struct seq_file *m, void *v)
{
	struct page_alloc_ways w;

	page_alloc_ways(&w);
	seq_printf(m, "pages by the fast path          %lu\n", w.fast_pages);
	seq_printf(m, "pages by per-CPU lists, checked %lu\n", w.list_pages);
	seq_printf(m, "pages from the buddy lists      %lu\n", w.buddy_pages);
	seq_printf(m, "pages in all (pgalloc_*)        %lu\n",
		   w.fast_pages + w.list_pages + w.buddy_pages);
	seq_printf(m, "pages in use, by these ways     %lu\npages in use, by the zones      %lu\n",
		   w.counted_out, w.not_free);
	seq_printf(m, "per-CPU lists filled, times     %lu\nper-CPU lists filled, pages     %lu\n",
		   w.refills, w.filled_pages);
	seq_printf(m, "per-CPU lists emptied, times    %lu\nper-CPU lists emptied, pages    %lu\n",
		   w.drains, w.drained_pages);
	seq_printf(m, "blocks from another type        %lu\npageblocks turned               %lu\n",
		   w.fallbacks, w.steals);
	seq_printf(m, "slow path                       %lu\nallocations that failed         %lu\n",
		   w.slow, w.failed);
	seq_puts(m, "\nwhen a type has nothing:\n");
	for (int mt = 0; mt < MIGRATE_PCPTYPES; mt++)
		seq_printf(m, "%-12s %s, then %s\n", migratetype_names[mt],
			   migratetype_names[migratetype_fallback(mt, 0)],
			   migratetype_names[migratetype_fallback(mt, 1)]);
	return 0;
}

static int faults_show(struct seq_file *m, void *v)
{
	for (int kind = 0; kind < NR_PAGE_FAULT_KINDS; kind++)
		seq_printf(m, "%s %lu\n", fault_kind_names[kind], fault_kind_sum(kind));
	return 0;
}

static int __init proc_mm_init(void)
{
	struct proc_dir_entry *mm = proc_mkdir("mm", NULL), *nodes, *oom;
	struct pglist_data *pgdat;
	char name[12];

	proc_create_single("ledger", 0444, mm, ledger_show);
	proc_create_single("globals", 0400, mm, globals_show); /* addresses of the kernel */
	proc_create_single("layout", 0400, mm, layout_show);
	proc_create_single("page_alloc", 0444, mm, page_alloc_show);
	proc_create_single("aops", 0444, mm, aops_proc_show);
	proc_create_single("faults", 0444, mm, faults_show);
	proc_create_single("reclaim", 0444, mm, reclaim_proc_show);
	oom = proc_mkdir("oom", mm);
	proc_create_single("last", 0444, oom, oom_last_show);
	proc_create_rw("dry_run", 0644, oom, oom_dry_run_show, oom_dry_run_write);
	proc_create_single("swap", 0444, mm, swap_proc_show);
	proc_page_init(mm);
	proc_explain_init(mm);
	nodes = proc_mkdir("node", mm);
	for_each_online_pgdat(pgdat)
	{
		snprintf(name, sizeof(name), "%d", pgdat->node_id);
		kernfs_create_file((struct kernfs_node *)nodes, name, 0444, node_show, NULL, pgdat);
	}
	return 0;
}
fs_initcall(proc_mm_init);
