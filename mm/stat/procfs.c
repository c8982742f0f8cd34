// SPDX-License-Identifier: MIT
/*
 * The listings of physical memory: /proc/{meminfo,vmstat,zoneinfo,buddyinfo,pagetypeinfo,slabinfo,
 * vmallocinfo} and their per-node forms. Formats are Linux 6.1's, byte for byte; each number is counted
 * where the thing happens. A line whose mechanism does not exist here is 0 because nothing of the kind
 * has happened, and is absent when even that would not be true.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <fs/seq_file.h>
#include <kernel/sched.h>
#include <mm/aops.h>
#include <mm/migrate.h>
#include <mm/mmap.h>
#include <mm/page_flags.h>
#include <mm/percpu_alloc.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <mm/zone.h>
#include <mm/zswap.h>
#include "../kmap/kmap_internal.h"
#include "../slab/slab_internal.h"

/* From rooms above, when they exist: pages of block devices, direct map. */
unsigned long __weak nr_blockdev_pages(void)
{
	return 0;
}
void __weak arch_report_meminfo(struct seq_file *m) {}

static void kb(struct seq_file *m, const char *name, unsigned long pages)
{
	seq_printf(m, "%-16s%8lu kB\n", name, pages << (PAGE_SHIFT - 10));
}

static void item_kb(struct seq_file *m, const char *name, enum node_stat_item item)
{
	kb(m, name, global_node_page_state(item));
}

/* ---- meminfo ---- */

static void meminfo_cache(struct seq_file *m)
{
	unsigned long file = global_node_page_state(NR_FILE_PAGES), buffers = nr_blockdev_pages();
	unsigned long swapcache = global_node_page_state(NR_SWAPCACHE),
		      cached = file - min(file, buffers + swapcache);

	kb(m, "Buffers:", buffers);
	kb(m, "Cached:", cached);
	kb(m, "SwapCached:", swapcache);
	kb(m, "Active:",
	   global_node_page_state(NR_ACTIVE_ANON) + global_node_page_state(NR_ACTIVE_FILE));
	kb(m, "Inactive:",
	   global_node_page_state(NR_INACTIVE_ANON) + global_node_page_state(NR_INACTIVE_FILE));
	item_kb(m, "Active(anon):", NR_ACTIVE_ANON);
	item_kb(m, "Inactive(anon):", NR_INACTIVE_ANON);
	item_kb(m, "Active(file):", NR_ACTIVE_FILE);
	item_kb(m, "Inactive(file):", NR_INACTIVE_FILE);
	item_kb(m, "Unevictable:", NR_UNEVICTABLE);
	kb(m, "Mlocked:", global_zone_page_state(NR_MLOCK));
}

static void meminfo_kernel(struct seq_file *m)
{
	unsigned long reclaimable = global_node_page_state(NR_SLAB_RECLAIMABLE);
	unsigned long unreclaim = global_node_page_state(NR_SLAB_UNRECLAIMABLE);

	kb(m, "KReclaimable:", reclaimable + global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE));
	kb(m, "Slab:", reclaimable + unreclaim);
	kb(m, "SReclaimable:", reclaimable);
	kb(m, "SUnreclaim:", unreclaim);
	seq_printf(m, "%-16s%8lu kB\n", "KernelStack:", global_node_page_state(NR_KERNEL_STACK_KB));
	item_kb(m, "PageTables:", NR_PAGETABLE);
	item_kb(m, "SecPageTables:", NR_SECONDARY_PAGETABLE);
	kb(m, "NFS_Unstable:", 0);
	kb(m, "Bounce:", global_zone_page_state(NR_BOUNCE));
	item_kb(m, "WritebackTmp:", NR_WRITEBACK_TEMP);
}

static void meminfo_huge(struct seq_file *m)
{
	item_kb(m, "AnonHugePages: ", NR_ANON_THPS);
	item_kb(m, "ShmemHugePages: ", NR_SHMEM_THPS);
	item_kb(m, "ShmemPmdMapped: ", NR_SHMEM_PMDMAPPED);
	item_kb(m, "FileHugePages:  ", NR_FILE_THPS);
	item_kb(m, "FilePmdMapped:  ", NR_FILE_PMDMAPPED);
	seq_printf(m,
		   "HugePages_Total:   %5d\nHugePages_Free:    %5d\nHugePages_Rsvd:    %5d\n"
		   "HugePages_Surp:    %5d\nHugepagesize:   %8lu kB\nHugetlb:        %8d kB\n",
		   0, 0, 0, 0, HPAGE_SIZE >> 10, 0);
}

int meminfo_proc_show(struct seq_file *m, void *v)
{
	unsigned long swap = total_swap_page_count(), used, largest;

	kb(m, "MemTotal:", totalram_pages());
	kb(m, "MemFree:", nr_free_pages());
	kb(m, "MemAvailable:", si_mem_available());
	meminfo_cache(m);
	kb(m, "SwapTotal:", swap);
	kb(m, "SwapFree:", free_swap_page_count());
	kb(m, "Zswap:", zswap_pool_pages());
	kb(m, "Zswapped:", atomic_long_read(&zswap_stats[ZSWAP_STORED]));
	item_kb(m, "Dirty:", NR_FILE_DIRTY);
	item_kb(m, "Writeback:", NR_WRITEBACK);
	item_kb(m, "AnonPages:", NR_ANON_MAPPED);
	item_kb(m, "Mapped:", NR_FILE_MAPPED);
	item_kb(m, "Shmem:", NR_SHMEM);
	meminfo_kernel(m);
	kb(m, "CommitLimit:", vm_commit_limit());
	kb(m, "Committed_AS:", vm_memory_committed());
	vmalloc_usage(&used, &largest);
	seq_printf(m, "%-16s%8lu kB\n", "VmallocTotal:", VMALLOC_TOTAL >> 10);
	kb(m, "VmallocUsed:", vmalloc_nr_pages());
	kb(m, "VmallocChunk:", 0);
	kb(m, "Percpu:", pcpu_nr_pages());
	seq_printf(m, "HardwareCorrupted: %5lu kB\n",
		   (unsigned long)atomic_long_read(&num_poisoned_pages) << (PAGE_SHIFT - 10));
	meminfo_huge(m);
	arch_report_meminfo(m);
	return 0;
}

/* ---- reclaim ---- */

static void node_reclaim_show(struct seq_file *m, struct pglist_data *pgdat)
{
	static const char *const names[NR_EVICTABLE_LISTS] = { "inactive_anon", "active_anon",
							       "inactive_file", "active_file" };
	struct lruvec *lruvec = &pgdat->__lruvec;
	int lru;

	seq_printf(m, "node %d\n  anon_cost %lu\n  file_cost %lu\n  nonresident_age %ld\n",
		   pgdat->node_id, READ_ONCE(lruvec->anon_cost), READ_ONCE(lruvec->file_cost),
		   atomic_long_read(&lruvec->nonresident_age));
	seq_printf(m, "  kswapd_failures %d\n", READ_ONCE(pgdat->kswapd_failures));
	for_each_evictable_lru(lru)
		seq_printf(m, "  %-14s %8lu pages, hand at pfn %lu\n", names[lru],
			   lruvec_lru_size(lruvec, lru, MAX_NR_ZONES - 1),
			   READ_ONCE(lruvec->hand[lru]));
}

int reclaim_proc_show(struct seq_file *m, void *v)
{
	struct pglist_data *pgdat;

	seq_printf(m, "policy %s\nswappiness %d\n", READ_ONCE(reclaim_ops)->name,
		   READ_ONCE(vm_swappiness));
	for_each_online_pgdat(pgdat) if (pgdat->node_present_pages) node_reclaim_show(m, pgdat);
	return 0;
}

/* ---- calls of file systems ---- */

int aops_proc_show(struct seq_file *m, void *v)
{
	static const char *const names[NR_AOPS] = {
#define X(name) #name,
		ADDRESS_SPACE_OPS(X)
#undef X
	};
	unsigned int cpu;

	for (int op = 0; op < NR_AOPS; op++) {
		unsigned long nr = 0;

		for_each_possible_cpu (cpu)
			nr += READ_ONCE(per_cpu_ptr(&aop_calls, cpu)->nr[op]);
		seq_printf(m, "%s %lu\n", names[op], nr);
	}
	return 0;
}

/* ---- vmstat ---- */

int vmstat_proc_show(struct seq_file *m, void *v)
{
	unsigned long events[NR_VM_EVENT_ITEMS], background, dirty;

	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", zone_stat_names[i], global_zone_page_state(i));
	for (int i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", numa_stat_names[i], global_numa_event_state(i));
	for (int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", node_stat_names[i], global_node_page_state(i));
	global_dirty_limits(&background, &dirty);
	seq_printf(m, "nr_dirty_threshold %lu\nnr_dirty_background_threshold %lu\n", dirty,
		   background);
	all_vm_events(events);
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", vm_event_names[i], events[i]);
	seq_puts(m, "nr_unstable 0\n");
	return 0;
}

/* ---- zoneinfo ---- */

static void zone_protection(struct seq_file *m, struct zone *zone)
{
	seq_printf(m, "\n        protection: (%ld", zone->lowmem_reserve[0]);
	for (int i = 1; i < MAX_NR_ZONES; i++)
		seq_printf(m, ", %ld", zone->lowmem_reserve[i]);
	seq_putc(m, ')');
}

static void zone_pagesets(struct seq_file *m, struct zone *zone)
{
	int cpu;

	seq_puts(m, "\n  pagesets");
	for_each_online_cpu (cpu) {
		struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);

		/* No drift: counters are not folded at a threshold. */
		seq_printf(
			m,
			"\n    cpu: %i\n              count: %li\n              high:  %li\n              batch: %li"
			"\n  vm stats threshold: %d",
			cpu, READ_ONCE(pcp->count), READ_ONCE(pcp->high), READ_ONCE(pcp->batch), 0);
	}
}

static bool first_populated(struct zone *zone)
{
	for (struct zone *z = zone->zone_pgdat->node_zones; z < zone; z++)
		if (populated_zone(z))
			return false;
	return populated_zone(zone);
}

static void zoneinfo_one(struct seq_file *m, struct zone *zone)
{
	seq_printf(m, "Node %d, zone %8s", zone_to_nid(zone), zone->name);
	if (first_populated(zone)) {
		seq_puts(m, "\n  per-node stats");
		for (int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
			seq_printf(m, "\n      %-12s %lu", node_stat_names[i],
				   node_page_state(zone->zone_pgdat, i));
	}
	seq_printf(
		m,
		"\n  pages free     %lu\n        boost    %lu\n        min      %lu\n        low      %lu"
		"\n        high     %lu\n        spanned  %lu\n        present  %lu\n        managed  %lu"
		"\n        cma      %lu",
		zone_page_state(zone, NR_FREE_PAGES), zone->watermark_boost, min_wmark_pages(zone),
		low_wmark_pages(zone), high_wmark_pages(zone), zone->spanned_pages,
		zone->present_pages, zone_managed_pages(zone), zone->cma_pages);
	zone_protection(m, zone);
	if (!populated_zone(zone)) {
		seq_putc(m, '\n');
		return;
	}
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		seq_printf(m, "\n      %-12s %lu", zone_stat_names[i], zone_page_state(zone, i));
	for (int i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "\n      %-12s %lu", numa_stat_names[i],
			   zone_numa_event_state(zone, i));
	zone_pagesets(m, zone);
	seq_printf(m, "\n  node_unreclaimable:  %u\n  start_pfn:           %lu\n",
		   node_unreclaimable(zone->zone_pgdat), zone->zone_start_pfn);
}

int zoneinfo_proc_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	for_each_zone (zone)
		zoneinfo_one(m, zone);
	return 0;
}

/* ---- free lists ---- */

int buddyinfo_proc_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	for_each_populated_zone (zone) {
		seq_printf(m, "Node %d, zone %8s ", zone_to_nid(zone), zone->name);
		for (int order = 0; order < MAX_ORDER; order++)
			seq_printf(m, "%6lu ", READ_ONCE(zone->free_area[order].nr_free));
		seq_putc(m, '\n');
	}
	return 0;
}

static unsigned long list_length(struct zone *zone, int order, int mt)
{
	struct list_head *head = &zone->free_area[order].free_list[mt], *p;
	unsigned long flags, n = 0;

	spin_lock_irqsave(&zone->lock, flags);
	list_for_each (p, head)
		n++;
	spin_unlock_irqrestore(&zone->lock, flags);
	return n;
}

static void pagetype_free(struct seq_file *m, struct zone *zone)
{
	for (int mt = 0; mt < MIGRATE_TYPES; mt++) {
		seq_printf(m, "Node %4d, zone %8s, type %12s ", zone_to_nid(zone), zone->name,
			   migratetype_names[mt]);
		for (int order = 0; order < MAX_ORDER; order++)
			seq_printf(m, "%6lu ", list_length(zone, order, mt));
		seq_putc(m, '\n');
	}
}

static void pagetype_blocks(struct seq_file *m, struct zone *zone)
{
	unsigned long count[MIGRATE_TYPES] = { 0 }, pfn = zone->zone_start_pfn,
		      end = zone_end_pfn(zone);

	for (; pfn < end; pfn = (pfn | (pageblock_nr_pages - 1)) + 1)
		if (pfn_valid(pfn) && page_zone(pfn_to_page(pfn)) == zone)
			count[get_pfnblock_migratetype(pfn)]++;
	seq_printf(m, "Node %d, zone %8s ", zone_to_nid(zone), zone->name);
	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		seq_printf(m, "%12lu ", count[mt]);
	seq_putc(m, '\n');
}

int pagetypeinfo_proc_show(struct seq_file *m, void *v)
{
	struct zone *zone;

	seq_printf(m, "Page block order: %d\nPages per block:  %lu\n\n", pageblock_order,
		   pageblock_nr_pages);
	seq_printf(m, "%-43s ", "Free pages count per migrate type at order");
	for (int order = 0; order < MAX_ORDER; order++)
		seq_printf(m, "%6d ", order);
	seq_putc(m, '\n');
	for_each_populated_zone (zone)
		pagetype_free(m, zone);
	seq_printf(m, "\n%-23s", "Number of blocks type ");
	for (int mt = 0; mt < MIGRATE_TYPES; mt++)
		seq_printf(m, "%12s ", migratetype_names[mt]);
	seq_putc(m, '\n');
	for_each_populated_zone (zone)
		pagetype_blocks(m, zone);
	return 0;
}

/* ---- fragmentation ---- */

/* Free blocks of a zone, and those of them (in blocks of @order) that are at least that large. */
static void count_blocks(struct zone *zone, unsigned int order, unsigned long *blocks,
			 unsigned long *suitable)
{
	*blocks = *suitable = 0;
	for (unsigned int o = 0; o < MAX_ORDER; o++) {
		unsigned long nr = READ_ONCE(zone->free_area[o].nr_free);

		*blocks += nr;
		if (o >= order)
			*suitable += nr << (o - order);
	}
}

/*
 * In thousandths. Unusable: the part of free memory that a request of @order cannot use. Fragmentation: -1000 when
 * the request would be served; else near 0 it fails for lack of memory, near 1000 because of fragmentation
 * (Gorman and Whitcroft, The what, the why and the where to of anti-fragmentation, 2006).
 */
static int unusable_index(struct zone *zone, unsigned int order)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES), blocks, suitable;

	count_blocks(zone, order, &blocks, &suitable);
	if (!free)
		return 1000;
	return (int)((free - min(free, suitable << order)) * 1000 / free);
}

static int fragmentation_index(struct zone *zone, unsigned int order)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES), blocks, suitable;

	count_blocks(zone, order, &blocks, &suitable);
	if (!blocks)
		return 0;
	if (suitable)
		return -1000;
	return 1000 - (int)((1000 + free * 1000 / (1UL << order)) / blocks);
}

static void index_lines(struct seq_file *m, int (*index)(struct zone *zone, unsigned int order))
{
	struct zone *zone;

	for_each_populated_zone (zone) {
		seq_printf(m, "Node %d, zone %8s ", zone_to_nid(zone), zone->name);
		for (unsigned int order = 0; order < MAX_ORDER; order++) {
			int i = index(zone, order), whole = i < 0 ? -i : i;

			seq_printf(m, "%s%d.%03d ", i < 0 ? "-" : "", whole / 1000, whole % 1000);
		}
		seq_putc(m, '\n');
	}
}

int unusable_index_show(struct seq_file *m, void *v)
{
	index_lines(m, unusable_index);
	return 0;
}

int extfrag_index_show(struct seq_file *m, void *v)
{
	index_lines(m, fragmentation_index);
	return 0;
}

/* ---- slab ---- */

static void slabinfo_one(struct kmem_cache *s, void *arg)
{
	struct slabinfo i;

	get_slabinfo(s, &i);
	seq_printf(arg,
		   "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
		   s->name, i.active_objs, i.num_objs, s->size, i.objects_per_slab,
		   1 << i.cache_order, i.limit, i.batchcount, i.shared, i.active_slabs, i.num_slabs,
		   i.shared_avail);
}

int slabinfo_proc_show(struct seq_file *m, void *v)
{
	seq_puts(m,
		 "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		 " : tunables <limit> <batchcount> <sharedfactor>"
		 " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	slab_for_each(slabinfo_one, m);
	return 0;
}

/* ---- vmalloc ---- */

static void vmallocinfo_one(struct seq_file *m, const struct vm_struct *vm)
{
	seq_printf(m, "0x%pK-0x%pK %7lu", vm->addr, vm->addr + vm->size, vm->size);
	if (vm->caller)
		seq_printf(m, " %pS", vm->caller);
	if (vm->nr_pages)
		seq_printf(m, " pages=%u", vm->nr_pages);
	if (vm->phys_addr)
		seq_printf(m, " phys=0x%016llx", (unsigned long long)vm->phys_addr);
	if (vm->flags & VM_IOREMAP)
		seq_puts(m, " ioremap");
	if (vm->flags & VM_ALLOC)
		seq_puts(m, " vmalloc");
	if (vm->flags & VM_MAP)
		seq_puts(m, " vmap");
	if (vm->flags & VM_USERMAP)
		seq_puts(m, " user");
	if (vm->nr_pages && nr_mem_nodes == 1)
		seq_printf(m, " N%d=%u", first_online_pgdat()->node_id, vm->nr_pages);
	seq_putc(m, '\n');
}

int vmallocinfo_proc_show(struct seq_file *m, void *v)
{
	unsigned long at = VMALLOC_START;
	struct vm_struct vm;

	while (vmap_area_copy(at, &vm, &at))
		vmallocinfo_one(m, &vm);
	return 0;
}

/* ---- nodes ---- */

static void node_kb(struct seq_file *m, int nid, const char *name, unsigned long pages)
{
	seq_printf(m, "Node %d %-15s %8lu kB\n", nid, name, pages << (PAGE_SHIFT - 10));
}

/* One line of items[]: a name and what it counts; the sum when there are two. */
struct node_line {
	const char *name;
	enum node_stat_item item, also;
};
#define NO_ITEM NR_VM_NODE_STAT_ITEMS

static void node_items(struct seq_file *m, struct pglist_data *pgdat, const struct node_line *line,
		       unsigned int nr)
{
	for (; nr--; line++)
		node_kb(m, pgdat->node_id, line->name,
			node_page_state(pgdat, line->item) +
				(line->also == NO_ITEM ? 0 : node_page_state(pgdat, line->also)));
}

static unsigned long node_zone_sum(struct pglist_data *pgdat, enum zone_stat_item item)
{
	unsigned long sum = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		sum += zone_page_state(pgdat->node_zones + i, item);
	return sum;
}

int node_meminfo_show(struct seq_file *m, int nid)
{
	static const struct node_line lru[] = {
		{ "SwapCached:", NR_SWAPCACHE, NO_ITEM },
		{ "Active:", NR_ACTIVE_ANON, NR_ACTIVE_FILE },
		{ "Inactive:", NR_INACTIVE_ANON, NR_INACTIVE_FILE },
		{ "Active(anon):", NR_ACTIVE_ANON, NO_ITEM },
		{ "Inactive(anon):", NR_INACTIVE_ANON, NO_ITEM },
		{ "Active(file):", NR_ACTIVE_FILE, NO_ITEM },
		{ "Inactive(file):", NR_INACTIVE_FILE, NO_ITEM },
		{ "Unevictable:", NR_UNEVICTABLE, NO_ITEM },
	}, pages[] = {
		{ "Dirty:", NR_FILE_DIRTY, NO_ITEM },
		{ "Writeback:", NR_WRITEBACK, NO_ITEM },
		{ "FilePages:", NR_FILE_PAGES, NO_ITEM },
		{ "Mapped:", NR_FILE_MAPPED, NO_ITEM },
		{ "AnonPages:", NR_ANON_MAPPED, NO_ITEM },
		{ "Shmem:", NR_SHMEM, NO_ITEM },
	}, kernel[] = {
		{ "PageTables:", NR_PAGETABLE, NO_ITEM },
		{ "SecPageTables:", NR_SECONDARY_PAGETABLE, NO_ITEM },
	}, slab[] = {
		{ "WritebackTmp:", NR_WRITEBACK_TEMP, NO_ITEM },
		{ "KReclaimable:", NR_SLAB_RECLAIMABLE, NR_KERNEL_MISC_RECLAIMABLE },
		{ "Slab:", NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE },
		{ "SReclaimable:", NR_SLAB_RECLAIMABLE, NO_ITEM },
		{ "SUnreclaim:", NR_SLAB_UNRECLAIMABLE, NO_ITEM },
		{ "AnonHugePages:", NR_ANON_THPS, NO_ITEM },
		{ "ShmemHugePages:", NR_SHMEM_THPS, NO_ITEM },
		{ "ShmemPmdMapped:", NR_SHMEM_PMDMAPPED, NO_ITEM },
		{ "FileHugePages:", NR_FILE_THPS, NO_ITEM },
		{ "FilePmdMapped:", NR_FILE_PMDMAPPED, NO_ITEM },
	};
	struct pglist_data *pgdat = NODE_DATA(nid);
	unsigned long total = 0, free = node_zone_sum(pgdat, NR_FREE_PAGES);

	for (int i = 0; i < MAX_NR_ZONES; i++)
		total += zone_managed_pages(pgdat->node_zones + i);
	node_kb(m, nid, "MemTotal:", total);
	node_kb(m, nid, "MemFree:", free);
	node_kb(m, nid, "MemUsed:", total - free);
	node_items(m, pgdat, lru, ARRAY_SIZE(lru));
	node_kb(m, nid, "Mlocked:", node_zone_sum(pgdat, NR_MLOCK));
	node_items(m, pgdat, pages, ARRAY_SIZE(pages));
	seq_printf(m, "Node %d %-15s %8lu kB\n", nid,
		   "KernelStack:", node_page_state(pgdat, NR_KERNEL_STACK_KB));
	node_items(m, pgdat, kernel, ARRAY_SIZE(kernel));
	node_kb(m, nid, "NFS_Unstable:", 0);
	node_kb(m, nid, "Bounce:", node_zone_sum(pgdat, NR_BOUNCE));
	node_items(m, pgdat, slab, ARRAY_SIZE(slab));
	seq_printf(
		m,
		"Node %d HugePages_Total: %5d\nNode %d HugePages_Free:  %5d\nNode %d HugePages_Surp:  %5d\n",
		nid, 0, nid, 0, nid, 0);
	return 0;
}

static unsigned long node_numa_sum(int nid, enum numa_stat_item item)
{
	unsigned long sum = 0;

	for (int z = 0; z < MAX_NR_ZONES; z++)
		sum += zone_numa_event_state(NODE_DATA(nid)->node_zones + z, item);
	return sum;
}

int node_vmstat_show(struct seq_file *m, int nid)
{
	struct pglist_data *pgdat = NODE_DATA(nid);

	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
		unsigned long sum = 0;

		for (int z = 0; z < MAX_NR_ZONES; z++)
			sum += zone_page_state(pgdat->node_zones + z, i);
		seq_printf(m, "%s %lu\n", zone_stat_names[i], sum);
	}
	for (int i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", numa_stat_names[i], node_numa_sum(nid, i));
	for (int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", node_stat_names[i], node_page_state(pgdat, i));
	return 0;
}

/* The same events as in vmstat, three of them under older names. */
int node_numastat_show(struct seq_file *m, int nid)
{
	static const char *const names[NR_VM_NUMA_EVENT_ITEMS] = {
		[NUMA_HIT] = "numa_hit",	 [NUMA_MISS] = "numa_miss",
		[NUMA_FOREIGN] = "numa_foreign", [NUMA_INTERLEAVE_HIT] = "interleave_hit",
		[NUMA_LOCAL] = "local_node",	 [NUMA_OTHER] = "other_node",
	};

	for (int i = 0; i < NR_VM_NUMA_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", names[i], node_numa_sum(nid, i));
	return 0;
}
