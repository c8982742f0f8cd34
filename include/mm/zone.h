/* SPDX-License-Identifier: MIT */
/*
 * Nodes, zones and their free lists. Theory: mm/page/buddy.c.
 *
 * Locks of the fields:
 *	z  zone->lock (interrupts off)
 *	p  this CPU only, preemption off, not from interrupts
 *	b  written at boot, constant afterwards
 *	w  written by setup_per_zone_wmarks and _lowmem_reserve under wmark_lock, read without a lock
 *	w and z  written under both, read under either or, where an old value does no harm, without
 */
#ifndef QUIRE_MM_ZONE_H
#define QUIRE_MM_ZONE_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/list.h>
#include <base/nodemask.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <seam/percpu.h>
#include <mm/lruvec.h>
#include <mm/page.h>

/* One past the largest order (Linux 6.1's meaning): blocks have 1 to 1024 pages. */
#define MAX_ORDER		11
#define MAX_ORDER_NR_PAGES	(1UL << (MAX_ORDER - 1))
#define PAGE_ALLOC_COSTLY_ORDER	3

/* A pageblock is the unit that has one migrate type: 2 MiB. */
#define pageblock_order		9
#define pageblock_nr_pages	(1UL << pageblock_order)

#define SECTION_SIZE_BITS	27

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,
	MIGRATE_CMA,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};
extern const char *const migratetype_names[MIGRATE_TYPES];

/* X(enumerator, name in /proc/vmstat) */
#define ZONE_STAT_ITEMS(X)						\
	X(NR_FREE_PAGES, "nr_free_pages")				\
	X(NR_ZONE_INACTIVE_ANON, "nr_zone_inactive_anon")		\
	X(NR_ZONE_ACTIVE_ANON, "nr_zone_active_anon")			\
	X(NR_ZONE_INACTIVE_FILE, "nr_zone_inactive_file")		\
	X(NR_ZONE_ACTIVE_FILE, "nr_zone_active_file")			\
	X(NR_ZONE_UNEVICTABLE, "nr_zone_unevictable")			\
	X(NR_ZONE_WRITE_PENDING, "nr_zone_write_pending")		\
	X(NR_MLOCK, "nr_mlock")						\
	X(NR_BOUNCE, "nr_bounce")					\
	X(NR_ZSPAGES, "nr_zspages")					\
	X(NR_FREE_CMA_PAGES, "nr_free_cma")

enum zone_stat_item {
#define X(item, name) item,
	ZONE_STAT_ITEMS(X)
#undef X
	NR_VM_ZONE_STAT_ITEMS,
	NR_ZONE_LRU_BASE = NR_ZONE_INACTIVE_ANON,

	/* Not shown: what the sizes of the LRU classes follow from (mm/reclaim/lru.c). In pages. */
	NR_ZONE_ANON_MAPPED = NR_VM_ZONE_STAT_ITEMS,	/* anonymous, mapped: summed up as NR_ANON_MAPPED */
	NR_ZONE_LRU_ANON,		/* other members of the anonymous classes: shmem, swap cache */
	NR_ZONE_LRU_FILE,		/* members of the file classes */
	NR_ZONE_UNEVICTABLE_ANON,	/* of NR_ZONE_UNEVICTABLE */
	NR_ZONE_ISOLATED_ANON,
	NR_ZONE_ISOLATED_FILE,
	NR_ZONE_STAT_COUNTED
};

#define NUMA_STAT_ITEMS(X)						\
	X(NUMA_HIT, "numa_hit") X(NUMA_MISS, "numa_miss")		\
	X(NUMA_FOREIGN, "numa_foreign") X(NUMA_INTERLEAVE_HIT, "numa_interleave") \
	X(NUMA_LOCAL, "numa_local") X(NUMA_OTHER, "numa_other")

enum numa_stat_item {
#define X(item, name) item,
	NUMA_STAT_ITEMS(X)
#undef X
	NR_VM_NUMA_EVENT_ITEMS
};

/* Kernel stacks are in KiB, all else in pages; slab items in pages. */
#define NODE_STAT_ITEMS(X)						\
	X(NR_INACTIVE_ANON, "nr_inactive_anon") X(NR_ACTIVE_ANON, "nr_active_anon") \
	X(NR_INACTIVE_FILE, "nr_inactive_file") X(NR_ACTIVE_FILE, "nr_active_file") \
	X(NR_UNEVICTABLE, "nr_unevictable")				\
	X(NR_SLAB_RECLAIMABLE_B, "nr_slab_reclaimable")			\
	X(NR_SLAB_UNRECLAIMABLE_B, "nr_slab_unreclaimable")		\
	X(NR_ISOLATED_ANON, "nr_isolated_anon") X(NR_ISOLATED_FILE, "nr_isolated_file") \
	X(WORKINGSET_NODES, "workingset_nodes")				\
	X(WORKINGSET_REFAULT_ANON, "workingset_refault_anon")		\
	X(WORKINGSET_REFAULT_FILE, "workingset_refault_file")		\
	X(WORKINGSET_ACTIVATE_ANON, "workingset_activate_anon")		\
	X(WORKINGSET_ACTIVATE_FILE, "workingset_activate_file")		\
	X(WORKINGSET_RESTORE_ANON, "workingset_restore_anon")		\
	X(WORKINGSET_RESTORE_FILE, "workingset_restore_file")		\
	X(WORKINGSET_NODERECLAIM, "workingset_nodereclaim")		\
	X(NR_ANON_MAPPED, "nr_anon_pages") X(NR_FILE_MAPPED, "nr_mapped") \
	X(NR_FILE_PAGES, "nr_file_pages") X(NR_FILE_DIRTY, "nr_dirty")	\
	X(NR_WRITEBACK, "nr_writeback") X(NR_WRITEBACK_TEMP, "nr_writeback_temp") \
	X(NR_SHMEM, "nr_shmem") X(NR_SHMEM_THPS, "nr_shmem_hugepages")	\
	X(NR_SHMEM_PMDMAPPED, "nr_shmem_pmdmapped")			\
	X(NR_FILE_THPS, "nr_file_hugepages") X(NR_FILE_PMDMAPPED, "nr_file_pmdmapped") \
	X(NR_ANON_THPS, "nr_anon_transparent_hugepages")		\
	X(NR_VMSCAN_WRITE, "nr_vmscan_write")				\
	X(NR_VMSCAN_IMMEDIATE, "nr_vmscan_immediate_reclaim")		\
	X(NR_DIRTIED, "nr_dirtied") X(NR_WRITTEN, "nr_written")		\
	X(NR_THROTTLED_WRITTEN, "nr_throttled_written")			\
	X(NR_KERNEL_MISC_RECLAIMABLE, "nr_kernel_misc_reclaimable")	\
	X(NR_FOLL_PIN_ACQUIRED, "nr_foll_pin_acquired")			\
	X(NR_FOLL_PIN_RELEASED, "nr_foll_pin_released")			\
	X(NR_KERNEL_STACK_KB, "nr_kernel_stack")			\
	X(NR_PAGETABLE, "nr_page_table_pages")				\
	X(NR_SECONDARY_PAGETABLE, "nr_sec_page_table_pages")		\
	X(NR_SWAPCACHE, "nr_swapcached")				\
	X(PGPROMOTE_SUCCESS, "pgpromote_success")			\
	X(PGPROMOTE_CANDIDATE, "pgpromote_candidate")

enum node_stat_item {
#define X(item, name) item,
	NODE_STAT_ITEMS(X)
#undef X
	NR_VM_NODE_STAT_ITEMS,
	NR_LRU_BASE = NR_INACTIVE_ANON,
	NR_SLAB_RECLAIMABLE = NR_SLAB_RECLAIMABLE_B,
	NR_SLAB_UNRECLAIMABLE = NR_SLAB_UNRECLAIMABLE_B
};

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, WMARK_PROMO, NR_WMARK };
enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_MOVABLE, __MAX_NR_ZONES };
#define MAX_NR_ZONES	4
extern const char *const zone_names[MAX_NR_ZONES];

/* Free blocks of one order, by migrate type. */
struct free_area {
	struct list_head free_list[MIGRATE_TYPES];	/* z */
	unsigned long nr_free;				/* z: blocks */
};

/* Orders that have per-CPU lists: 0, 1, 2, 3 and pageblock_order. */
#define NR_PCP_ORDERS		5
#define PCP_HUGE_INDEX		4
#define PCP_WARM		3	/* refills after which a list takes whole batches */
#define PCP_TYPES		4	/* MIGRATE_PCPTYPES, rounded up: the index is a shift */

/* The per-CPU lists of a zone, and what they count. */
struct per_cpu_pages {
	struct page *lists[NR_PCP_ORDERS][PCP_TYPES];	/* p: LIFO through page->pcp_next */
	long count;			/* p: pages in the lists */
	long high;			/* w: above it a batch goes back */
	long batch;			/* w: pages moved at once */
	struct zone *zone;		/* b */
	unsigned long singles;		/* p: single pages that the fast path gave: each a NUMA hit and local */
	unsigned long pgalloc;		/* p: pages that other paths took out of the lists for a caller */
	unsigned long hits;		/* p: allocations of the fast path of more than one page */
	unsigned long filled, drained;	/* p: pages moved from and to the buddy lists; the pages freed into the
					 *    lists follow: count + singles + pgalloc + drained - filled */
	unsigned long refills, drains;	/* p: takes of zone->lock */
	long numa[NR_VM_NUMA_EVENT_ITEMS];	/* any context: this_cpu_add */
	u8 warmth[NR_PCP_ORDERS][PCP_TYPES];	/* p: refills since the lists were emptied, up to PCP_WARM */
} __aligned(64);

struct per_cpu_zonestat {
	long stat[NR_ZONE_STAT_COUNTED];
};

struct per_cpu_nodestat {
	long stat[NR_VM_NODE_STAT_ITEMS];
};

struct zone {
	/* Read by each check of a watermark. */
	unsigned long _watermark[NR_WMARK];		/* w and z: pages */
	unsigned long watermark_boost;			/* z: on top of each mark; mm/page/buddy.c */
	unsigned long nr_reserved_highatomic;		/* z: pages in HIGHATOMIC blocks */
	long lowmem_reserve[MAX_NR_ZONES];		/* w: pages kept from requests for a higher zone */
	struct pglist_data *zone_pgdat;			/* b */
	struct per_cpu_pages __percpu *per_cpu_pageset;	/* b */
	struct per_cpu_zonestat __percpu *per_cpu_zonestats;	/* b */
	unsigned long zone_start_pfn;			/* b */
	unsigned long spanned_pages;			/* b: end less start */
	unsigned long present_pages;			/* b: of them memory */
	atomic_long_t managed_pages;			/* of them given to the allocator */
	unsigned long cma_pages;
	const char *name;				/* b */
	unsigned int zone_id;				/* b: node << 3 | zone, as in page->flags */
	bool initialized;
	bool boosted;					/* kswapd is to be told of watermark_boost */

	spinlock_t lock __aligned(64);
	u32 order_map[MIGRATE_TYPES];			/* z: bit o: free_list[o] is not empty */
	struct free_area free_area[MAX_ORDER];		/* z */
	struct page *pack_next[MIGRATE_PCPTYPES];	/* z: where the next refill looks; NULL: at the lists */
	atomic_long_t nr_free;				/* written z, read anywhere: NR_FREE_PAGES */
	unsigned long nr_fallbacks, nr_steals;		/* z: blocks taken from another type, pageblocks turned for it */
	unsigned long nr_isolated_pages;		/* z: pages free in ISOLATE blocks, not in nr_free */
};

#define zone_idx(zone)			((enum zone_type)((zone)->zone_id & 7))
#define zone_to_nid(zone)		((int)((zone)->zone_id >> 3))
#define wmark_pages(z, i)		((z)->_watermark[i] + (z)->watermark_boost)
#define min_wmark_pages(z)		wmark_pages(z, WMARK_MIN)
#define low_wmark_pages(z)		wmark_pages(z, WMARK_LOW)
#define high_wmark_pages(z)		wmark_pages(z, WMARK_HIGH)
#define zone_end_pfn(z)			((z)->zone_start_pfn + (z)->spanned_pages)
#define zone_managed_pages(z)		((unsigned long)atomic_long_read(&(z)->managed_pages))
#define managed_zone(z)			(zone_managed_pages(z) != 0)
#define populated_zone(z)		((z)->present_pages != 0)
#define zone_spans_pfn(z, pfn)		((pfn) - (z)->zone_start_pfn < (z)->spanned_pages)

/* All zones that a request may use, nearest node first and in it the highest zone first. */
struct zoneref {
	struct zone *zone;
	int zone_idx;
};
struct zonelist {
	struct zoneref _zonerefs[MAX_NUMNODES * MAX_NR_ZONES + 1];	/* ends with zone NULL */
};
enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, MAX_ZONELISTS };

typedef struct pglist_data {
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist *node_zonelists;	/* b: [MAX_ZONELISTS] */
	int nr_zones;				/* b: highest populated, plus one */
	int node_id;				/* b */
	unsigned long node_start_pfn, node_spanned_pages, node_present_pages;	/* b */
	unsigned long totalreserve_pages;	/* w */
	struct per_cpu_nodestat __percpu *per_cpu_nodestats;	/* b */
	struct task_struct *kswapd;		/* b: NULL: none */
	wait_queue_head_t kswapd_wait;
	wait_queue_head_t pfmemalloc_wait;	/* for the reserve: mm/reclaim/throttle.c */
	bool kswapd_asked;			/* hints of its wakers: mm/reclaim/kswapd.c */
	unsigned int kswapd_order;
	int kswapd_highest_zoneidx;
	int kswapd_failures;			/* kswapd: passes in a row without a page */
	bool reclaiming;			/* xchg: somebody reclaims for zone_reclaim_mode */
	struct lruvec __lruvec;			/* of all pages of the node: use folio_lruvec() */
} pg_data_t;

/* Passes of reclaim without a page after which a node, or a request, is given up. */
#define MAX_RECLAIM_RETRIES	16
#define node_unreclaimable(pgdat)	(READ_ONCE((pgdat)->kswapd_failures) >= MAX_RECLAIM_RETRIES)

extern struct pglist_data *node_data[MAX_NUMNODES];
#define NODE_DATA(nid)		(node_data[nid])
#define node_start_pfn(nid)	(NODE_DATA(nid)->node_start_pfn)
#define zone_pgdat(z)		((z)->zone_pgdat)

struct pglist_data *first_online_pgdat(void);
struct pglist_data *next_online_pgdat(struct pglist_data *pgdat);
struct zone *next_zone(struct zone *zone);
#define for_each_online_pgdat(pgdat) \
	for (pgdat = first_online_pgdat(); pgdat; pgdat = next_online_pgdat(pgdat))
#define for_each_zone(zone) \
	for (zone = first_online_pgdat()->node_zones; zone; zone = next_zone(zone))
#define for_each_populated_zone(zone) for_each_zone(zone) if (populated_zone(zone))

/* Node of this CPU, of a CPU. */
DECLARE_PER_CPU(int, numa_node);
#define numa_node_id()		this_cpu_read(numa_node)
#define cpu_to_node(cpu)	per_cpu(numa_node, cpu)
extern unsigned int nr_mem_nodes;	/* nodes with memory (N_MEMORY); the others have a pglist_data of empty zones */
/* SLIT distance, 10 on the diagonal; set before mm_core_init. */
int node_distance(int from, int to);
#define RECLAIM_DISTANCE	30	/* a node farther than this has no near memory to make room in */
void numa_set_distance(int from, int to, int distance);

/* Zone that flags ask for. */
enum zone_type gfp_zone(gfp_t gfp);
struct zonelist *node_zonelist(int nid, gfp_t gfp);

/* Migrate type of the pageblock of a frame. */
extern u8 *pageblock_types;		/* by frame >> pageblock_order */
static inline int get_pfnblock_migratetype(unsigned long pfn)
{
	return READ_ONCE(pageblock_types[pfn >> pageblock_order]);
}
#define get_pageblock_migratetype(page)	get_pfnblock_migratetype(page_to_pfn(page))
/* The type that serves a request for @mt when its own has nothing: first (@n 0) and then (@n 1). */
int migratetype_fallback(int mt, unsigned int n);
/* => zone->lock held once the system runs */
void set_pageblock_migratetype(struct page *page, int migratetype);

/* Would an order-@order allocation leave @mark pages (plus the reserve for @highest_zoneidx) free? */
bool zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark, int highest_zoneidx,
		       unsigned int alloc_flags);

/* /proc/sys/vm: the handlers set the value and call the function. */
extern int min_free_kbytes, user_min_free_kbytes, watermark_scale_factor;
extern int watermark_boost_factor;	/* in ten-thousandths of the high mark; 0: no boost */
extern int extra_free_kbytes;	/* between min and low, as in Android's Linux: room for bursts */
extern int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES];
extern int percpu_pagelist_high_fraction;
void setup_per_zone_wmarks(void);
void setup_per_zone_lowmem_reserve(void);
void init_per_zone_wmark_min(void);
void zone_pcp_update_all(void);
/* kswapd reached the mark that was boosted by @boost pages: take them back. */
void zone_unboost(struct zone *zone, unsigned long boost);
extern unsigned long totalreserve_pages;

/*
 * What an allocation that the free lists cannot serve asks of the rooms above. Each may be NULL.
 * Registered once each by reclaim, compaction and OOM.
 */
struct alloc_context {
	struct zonelist *zonelist;
	const void *nodemask;
	int highest_zoneidx;
	int migratetype;
	int preferred_nid;
	bool spread_dirty;		/* the page is going to be dirty: not on a node that has its share of such */
	struct reclaim_tries *tries;	/* of a request that went the slow way, or NULL */
};
/* What reclaim did for one request. */
struct reclaim_tries {
	unsigned int rounds, passes;	/* direct reclaims; looks at the lists in them, of rising intensity */
	unsigned long nr_scanned, nr_reclaimed;	/* pages */
};
struct page_alloc_ops {
	/*
	 * Control groups, while alloc_watched has ALLOC_WATCHED_MEMCG. @page was allocated for current: false when its group has no
	 * room for it (only with __GFP_NORETRY); may sleep as @gfp says. @page is being freed; any context.
	 */
	bool (*charge)(struct page *page, unsigned int order, gfp_t gfp);
	void (*uncharge)(struct page *page, unsigned int order);
	/* @to is charged instead of @from, to the same group; what it was charged before is given back. Any context. */
	void (*move_charge)(struct page *from, struct page *to, unsigned int order);
	/* kswapd has work: memory begins to get short. May sleep. */
	void (*pressure_begins)(void);
	/* Wake background reclaim of the nodes in the list. Any context. */
	void (*wake_kswapd)(gfp_t gfp, unsigned int order, const struct alloc_context *ac);
	/* Reclaim; number of pages freed. May sleep. */
	unsigned long (*direct_reclaim)(gfp_t gfp, unsigned int order, const struct alloc_context *ac);
	/* Make room on a near node before a far one is asked (vm.zone_reclaim_mode; NULL: off). True: look again. May sleep as @gfp says. */
	bool (*node_reclaim)(struct pglist_data *pgdat, gfp_t gfp, unsigned int order);
	/* May a page that will be dirty lie on this node? */
	bool (*node_dirty_ok)(struct pglist_data *pgdat);
	/* Make a block of @order; true when something moved. May sleep. */
	bool (*direct_compact)(gfp_t gfp, unsigned int order, const struct alloc_context *ac);
	/* Kill somebody; true when it is worth trying again. May sleep. */
	bool (*out_of_memory)(gfp_t gfp, unsigned int order, const struct alloc_context *ac);
};
extern struct page_alloc_ops page_alloc_ops;

/* Page isolation: the pageblocks of [start_pfn, end_pfn) give no page until undone. 0, -EBUSY. */
int start_isolate_page_range(unsigned long start_pfn, unsigned long end_pfn, int migratetype, int flags, gfp_t gfp);
void undo_isolate_page_range(unsigned long start_pfn, unsigned long end_pfn, int migratetype);
/* Free area check functions: BUG() on a contradiction. Slow; zone->lock is taken inside. */
void zone_check(struct zone *zone);
void buddy_check(void);
/* The state of memory to the log, in Linux's lines: mm/page/show_mem.c. Any context. */
void show_mem(void);

#endif
