/* SPDX-License-Identifier: MIT */
/*
 * Counters of memory management, with Linux 6.1's names and order.
 *
 * Items (zone, node) say how many pages are in a state now; events only grow. Both are kept per CPU, one
 * instruction to change and safe in any context, and are summed when read: the sum is exact once the
 * writers stand still. NR_FREE_PAGES alone is one number per zone, changed under zone->lock, because each
 * watermark check reads it. In contrast to Linux there is no threshold and no drift.
 */
#ifndef QUIRE_MM_VMSTAT_H
#define QUIRE_MM_VMSTAT_H

#include <base/types.h>
#include <seam/percpu.h>
#include <mm/page.h>
#include <mm/zone.h>

/* X(enumerator, name in /proc/vmstat) */
#define VM_EVENTS(X)							\
	X(PGPGIN, "pgpgin") X(PGPGOUT, "pgpgout")			\
	X(PSWPIN, "pswpin") X(PSWPOUT, "pswpout")			\
	X(PGALLOC_DMA, "pgalloc_dma") X(PGALLOC_DMA32, "pgalloc_dma32")	\
	X(PGALLOC_NORMAL, "pgalloc_normal") X(PGALLOC_MOVABLE, "pgalloc_movable") \
	X(ALLOCSTALL_DMA, "allocstall_dma") X(ALLOCSTALL_DMA32, "allocstall_dma32") \
	X(ALLOCSTALL_NORMAL, "allocstall_normal") X(ALLOCSTALL_MOVABLE, "allocstall_movable") \
	X(PGSCAN_SKIP_DMA, "pgskip_dma") X(PGSCAN_SKIP_DMA32, "pgskip_dma32") \
	X(PGSCAN_SKIP_NORMAL, "pgskip_normal") X(PGSCAN_SKIP_MOVABLE, "pgskip_movable") \
	X(PGFREE, "pgfree") X(PGACTIVATE, "pgactivate")			\
	X(PGDEACTIVATE, "pgdeactivate") X(PGLAZYFREE, "pglazyfree")	\
	X(PGFAULT, "pgfault") X(PGMAJFAULT, "pgmajfault")		\
	X(PGLAZYFREED, "pglazyfreed") X(PGREFILL, "pgrefill") X(PGREUSE, "pgreuse") \
	X(PGSTEAL_KSWAPD, "pgsteal_kswapd") X(PGSTEAL_DIRECT, "pgsteal_direct") \
	X(PGDEMOTE_KSWAPD, "pgdemote_kswapd") X(PGDEMOTE_DIRECT, "pgdemote_direct") \
	X(PGSCAN_KSWAPD, "pgscan_kswapd") X(PGSCAN_DIRECT, "pgscan_direct") \
	X(PGSCAN_DIRECT_THROTTLE, "pgscan_direct_throttle")		\
	X(PGSCAN_ANON, "pgscan_anon") X(PGSCAN_FILE, "pgscan_file")	\
	X(PGSTEAL_ANON, "pgsteal_anon") X(PGSTEAL_FILE, "pgsteal_file")	\
	X(PGSCAN_ZONE_RECLAIM_FAILED, "zone_reclaim_failed")		\
	X(PGINODESTEAL, "pginodesteal") X(SLABS_SCANNED, "slabs_scanned") \
	X(KSWAPD_INODESTEAL, "kswapd_inodesteal")			\
	X(KSWAPD_LOW_WMARK_HIT_QUICKLY, "kswapd_low_wmark_hit_quickly")	\
	X(KSWAPD_HIGH_WMARK_HIT_QUICKLY, "kswapd_high_wmark_hit_quickly") \
	X(PAGEOUTRUN, "pageoutrun") X(PGROTATED, "pgrotated")		\
	X(DROP_PAGECACHE, "drop_pagecache") X(DROP_SLAB, "drop_slab")	\
	X(OOM_KILL, "oom_kill")						\
	X(NUMA_PTE_UPDATES, "numa_pte_updates") X(NUMA_HUGE_PTE_UPDATES, "numa_huge_pte_updates") \
	X(NUMA_HINT_FAULTS, "numa_hint_faults") X(NUMA_HINT_FAULTS_LOCAL, "numa_hint_faults_local") \
	X(NUMA_PAGE_MIGRATE, "numa_pages_migrated")			\
	X(PGMIGRATE_SUCCESS, "pgmigrate_success") X(PGMIGRATE_FAIL, "pgmigrate_fail") \
	X(THP_MIGRATION_SUCCESS, "thp_migration_success") X(THP_MIGRATION_FAIL, "thp_migration_fail") \
	X(THP_MIGRATION_SPLIT, "thp_migration_split")			\
	X(COMPACTMIGRATE_SCANNED, "compact_migrate_scanned")		\
	X(COMPACTFREE_SCANNED, "compact_free_scanned")			\
	X(COMPACTISOLATED, "compact_isolated") X(COMPACTSTALL, "compact_stall") \
	X(COMPACTFAIL, "compact_fail") X(COMPACTSUCCESS, "compact_success") \
	X(KCOMPACTD_WAKE, "compact_daemon_wake")			\
	X(KCOMPACTD_MIGRATE_SCANNED, "compact_daemon_migrate_scanned")	\
	X(KCOMPACTD_FREE_SCANNED, "compact_daemon_free_scanned")	\
	X(HTLB_BUDDY_PGALLOC, "htlb_buddy_alloc_success")		\
	X(HTLB_BUDDY_PGALLOC_FAIL, "htlb_buddy_alloc_fail")		\
	X(CMA_ALLOC_SUCCESS, "cma_alloc_success") X(CMA_ALLOC_FAIL, "cma_alloc_fail") \
	X(UNEVICTABLE_PGCULLED, "unevictable_pgs_culled")		\
	X(UNEVICTABLE_PGSCANNED, "unevictable_pgs_scanned")		\
	X(UNEVICTABLE_PGRESCUED, "unevictable_pgs_rescued")		\
	X(UNEVICTABLE_PGMLOCKED, "unevictable_pgs_mlocked")		\
	X(UNEVICTABLE_PGMUNLOCKED, "unevictable_pgs_munlocked")		\
	X(UNEVICTABLE_PGCLEARED, "unevictable_pgs_cleared")		\
	X(UNEVICTABLE_PGSTRANDED, "unevictable_pgs_stranded")		\
	X(THP_FAULT_ALLOC, "thp_fault_alloc") X(THP_FAULT_FALLBACK, "thp_fault_fallback") \
	X(THP_FAULT_FALLBACK_CHARGE, "thp_fault_fallback_charge")	\
	X(THP_COLLAPSE_ALLOC, "thp_collapse_alloc")			\
	X(THP_COLLAPSE_ALLOC_FAILED, "thp_collapse_alloc_failed")	\
	X(THP_FILE_ALLOC, "thp_file_alloc") X(THP_FILE_FALLBACK, "thp_file_fallback") \
	X(THP_FILE_FALLBACK_CHARGE, "thp_file_fallback_charge")		\
	X(THP_FILE_MAPPED, "thp_file_mapped")				\
	X(THP_SPLIT_PAGE, "thp_split_page") X(THP_SPLIT_PAGE_FAILED, "thp_split_page_failed") \
	X(THP_DEFERRED_SPLIT_PAGE, "thp_deferred_split_page")		\
	X(THP_SPLIT_PMD, "thp_split_pmd")				\
	X(THP_SCAN_EXCEED_NONE_PTE, "thp_scan_exceed_none_pte")		\
	X(THP_SCAN_EXCEED_SWAP_PTE, "thp_scan_exceed_swap_pte")		\
	X(THP_SCAN_EXCEED_SHARED_PTE, "thp_scan_exceed_share_pte")	\
	X(THP_SPLIT_PUD, "thp_split_pud")				\
	X(THP_ZERO_PAGE_ALLOC, "thp_zero_page_alloc")			\
	X(THP_ZERO_PAGE_ALLOC_FAILED, "thp_zero_page_alloc_failed")	\
	X(THP_SWPOUT, "thp_swpout") X(THP_SWPOUT_FALLBACK, "thp_swpout_fallback") \
	X(BALLOON_INFLATE, "balloon_inflate") X(BALLOON_DEFLATE, "balloon_deflate") \
	X(BALLOON_MIGRATE, "balloon_migrate")				\
	X(NR_TLB_REMOTE_FLUSH, "nr_tlb_remote_flush")			\
	X(NR_TLB_REMOTE_FLUSH_RECEIVED, "nr_tlb_remote_flush_received")	\
	X(NR_TLB_LOCAL_FLUSH_ALL, "nr_tlb_local_flush_all")		\
	X(NR_TLB_LOCAL_FLUSH_ONE, "nr_tlb_local_flush_one")		\
	X(SWAP_RA, "swap_ra") X(SWAP_RA_HIT, "swap_ra_hit")		\
	X(KSM_SWPIN_COPY, "ksm_swpin_copy") X(COW_KSM, "cow_ksm")	\
	X(ZSWPIN, "zswpin") X(ZSWPOUT, "zswpout")			\
	X(DIRECT_MAP_LEVEL2_SPLIT, "direct_map_level2_splits")		\
	X(DIRECT_MAP_LEVEL3_SPLIT, "direct_map_level3_splits")

enum vm_event_item {
#define X(item, name) item,
	VM_EVENTS(X)
#undef X
	NR_VM_EVENT_ITEMS
};

struct vm_event_state {
	unsigned long event[NR_VM_EVENT_ITEMS];
};
DECLARE_PER_CPU(struct vm_event_state, vm_event_states);

#define count_vm_event(item)		this_cpu_inc(vm_event_states.event[item])
#define count_vm_events(item, n)	this_cpu_add(vm_event_states.event[item], n)

/* Sum over all CPUs of one event; of all events into @ret[NR_VM_EVENT_ITEMS]. */
unsigned long vm_event_sum(enum vm_event_item item);
void all_vm_events(unsigned long *ret);

/* The ways that pages went from the page allocator to callers, since boot; the first three sum up to pgalloc_*. */
struct page_alloc_ways {
	unsigned long fast_pages, list_pages, buddy_pages;
	unsigned long refills, filled_pages, drains, drained_pages;	/* traffic of the per-CPU lists */
	unsigned long fallbacks, steals;		/* of a block, of a pageblock */
	unsigned long slow, failed;			/* allocations */
	/* Two counts of the pages in use, which agree: pgalloc_* less pgfree, and managed pages less those free or in lists. */
	unsigned long counted_out, not_free;
};
/* Exact while nobody allocates. */
void page_alloc_ways(struct page_alloc_ways *w);
/* Allocations that went the slow path, and those that failed. Counted in mm/page/alloc.c. */
extern atomic_long_t page_alloc_slow_count, page_alloc_fail_count;

/* ---- changing items. Any context. @nr may be negative. ---- */
static inline void mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long nr)
{
	this_cpu_add(zone->per_cpu_zonestats->stat[item], nr);
}

static inline void mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item, long nr)
{
	this_cpu_add(pgdat->per_cpu_nodestats->stat[item], nr);
}

#define zone_stat_add_folio(f, i)	mod_zone_page_state(folio_zone(f), i, folio_nr_pages(f))
#define zone_stat_sub_folio(f, i)	mod_zone_page_state(folio_zone(f), i, -folio_nr_pages(f))
#define node_stat_mod_folio(f, i, n)	mod_node_page_state(folio_pgdat(f), i, n)
#define node_stat_add_folio(f, i)	mod_node_page_state(folio_pgdat(f), i, folio_nr_pages(f))
#define node_stat_sub_folio(f, i)	mod_node_page_state(folio_pgdat(f), i, -folio_nr_pages(f))

/* ---- reading. A sum below 0, seen while others write, reads as 0. ---- */
unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item);
unsigned long node_page_state(struct pglist_data *pgdat, enum node_stat_item item);
unsigned long global_zone_page_state(enum zone_stat_item item);
unsigned long global_node_page_state(enum node_stat_item item);
unsigned long zone_numa_event_state(struct zone *zone, enum numa_stat_item item);
unsigned long global_numa_event_state(enum numa_stat_item item);
unsigned long nr_free_pages(void);
/* Pages given to the page allocator: the sum of the zones' managed_pages, kept by free_boot_block(). */
extern atomic_long_t _totalram_pages;
static inline unsigned long totalram_pages(void)
{
	return atomic_long_read(&_totalram_pages);
}
/* Pages that a new program could get without swapping: meminfo's MemAvailable. */
long si_mem_available(void);
/* Sum over zones of present less high watermark, kernel or user: as Linux. */
unsigned long nr_free_buffer_pages(void);

extern const char *const zone_stat_names[NR_VM_ZONE_STAT_ITEMS];
extern const char *const node_stat_names[NR_VM_NODE_STAT_ITEMS];
extern const char *const numa_stat_names[NR_VM_NUMA_EVENT_ITEMS];
extern const char *const vm_event_names[NR_VM_EVENT_ITEMS];

/* ---- /proc files; @m as the seq_file of a single_open() ---- */
struct seq_file;
int meminfo_proc_show(struct seq_file *m, void *v);
int vmstat_proc_show(struct seq_file *m, void *v);
int zoneinfo_proc_show(struct seq_file *m, void *v);
int buddyinfo_proc_show(struct seq_file *m, void *v);
int pagetypeinfo_proc_show(struct seq_file *m, void *v);
int slabinfo_proc_show(struct seq_file *m, void *v);
int vmallocinfo_proc_show(struct seq_file *m, void *v);
/* debugfs extfrag/{unusable_index,extfrag_index} */
int unusable_index_show(struct seq_file *m, void *v);
int extfrag_index_show(struct seq_file *m, void *v);
/* Pages of swap: mm/swap. */
unsigned long total_swap_page_count(void);
unsigned long free_swap_page_count(void);
/* From rooms above, weak here: pages of block devices, the direct map's lines. */
unsigned long nr_blockdev_pages(void);
void arch_report_meminfo(struct seq_file *m);
/* The same for /sys/devices/system/node/nodeN/{meminfo,vmstat,numastat}. */
int node_meminfo_show(struct seq_file *m, int nid);
int node_vmstat_show(struct seq_file *m, int nid);
int node_numastat_show(struct seq_file *m, int nid);

#endif
