// SPDX-License-Identifier: MIT
/*
 * Allocation policy: which zone, how far below the watermarks, what to do when nothing is left.
 *
 *	alloc_pages (pcp.c) -- chain empty, or something armed --> alloc_pages_slow
 *	    get_page_from_freelist(low watermark)      zones of the zonelist in order of distance
 *	    slowpath: wake kswapd, min watermark, reserves as the flags allow,
 *	              reclaim / compact / OOM through page_alloc_ops, NULL
 *
 * Watermarks: a zone serves a request when more than mark + lowmem_reserve pages would stay free. The mark is
 *	(each raised by the zone's boost for a while after a pageblock was spoiled, see zone_boost() in buddy.c)
 *	low	the first attempt
 *	min	afterwards; halved for __GFP_HIGH, and less a quarter for __GFP_ATOMIC (the reserve for those
 *		who cannot wait)
 *	none	for PF_MEMALLOC tasks and __GFP_MEMALLOC: they free memory
 *
 * Far and near: a zone that is short is skipped; with vm.zone_reclaim_mode the near ones are first asked for pages of files
 * (mm/reclaim/node_reclaim.c). A page that will be dirty (__GFP_WRITE) goes to the next node while this one has its share of them, so
 * that no node is full of what cannot be dropped; the slow path does not care.
 *
 * Failure: NULL, with one line and the state of memory in the log unless __GFP_NOWARN, once in ten seconds. Until reclaim
 * registers itself, "direct reclaim" means emptying the kernel's own stores (per-CPU lists, slab arrays,
 * spare stacks and page tables, shrinkers); what is then still missing fails.
 * Linux 6.1: mm/page_alloc.c, the same ladder. Observe: allocstall_*, trace kmem:mm_page_alloc.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/bug.h>
#include <base/string.h>
#include <base/printf.h>
#include <sync/preempt.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/psi.h>
#include <kernel/ratelimit.h>
#include <kernel/task.h>
#include <kernel/sched.h>
#include <mm/zone.h>
#include <mm/byte_charge.h>
#include <mm/page_charge.h>
#include <mm/page_debug.h>
#include <mm/vmstat.h>
#include <mm/trace.h>
#include <mm/fault_inject.h>
#include <mm/slab.h>
#include <mm/pgalloc.h>
#include <mm/vmalloc.h>
#include <mm/shrinker.h>
#include "page_internal.h"

struct page_alloc_ops page_alloc_ops;
struct byte_charge_ops byte_charge_ops;
atomic_long_t page_alloc_slow_count, page_alloc_fail_count;

/* ---- zones for flags ---- */

/*
 * Highest zone by the four zone bits of gfp: bit 0 DMA, 1 HIGHMEM, 2 DMA32, 3 MOVABLE. MOVABLE names a zone
 * only together with HIGHMEM; contradictory combinations ask for the lower one.
 */
static const u8 gfp_zone_table[16] = {
	ZONE_NORMAL, ZONE_DMA, ZONE_NORMAL,  ZONE_DMA, ZONE_DMA32, ZONE_DMA, ZONE_DMA32, ZONE_DMA,
	ZONE_NORMAL, ZONE_DMA, ZONE_MOVABLE, ZONE_DMA, ZONE_DMA32, ZONE_DMA, ZONE_DMA32, ZONE_DMA,
};

enum zone_type gfp_zone(gfp_t gfp)
{
	return gfp_zone_table[gfp & GFP_ZONEMASK];
}

struct zonelist *node_zonelist(int nid, gfp_t gfp)
{
	return NODE_DATA(nid)->node_zonelists +
	       (gfp & __GFP_THISNODE ? ZONELIST_NOFALLBACK : ZONELIST_FALLBACK);
}

/* ---- watermarks ---- */

bool zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark, int highest_zoneidx,
		       unsigned int alloc_flags)
{
	long free = atomic_long_read(&z->nr_free) - ((1L << order) - 1), min = mark;
	const bool harder = alloc_flags & (ALLOC_HARDER | ALLOC_OOM);
	u32 orders;

	if (alloc_flags & ALLOC_HIGH)
		min -= min / 2;
	if (harder)
		min -= alloc_flags & ALLOC_OOM ? min / 2 : min / 4;
	else
		free -= READ_ONCE(z->nr_reserved_highatomic);
	if (free <= min + z->lowmem_reserve[highest_zoneidx])
		return false;
	if (!order)
		return true;
	orders = READ_ONCE(z->order_map[MIGRATE_UNMOVABLE]) |
		 READ_ONCE(z->order_map[MIGRATE_MOVABLE]) |
		 READ_ONCE(z->order_map[MIGRATE_RECLAIMABLE]);
	if (alloc_flags & ALLOC_CMA)
		orders |= READ_ONCE(z->order_map[MIGRATE_CMA]);
	if (harder)
		orders |= READ_ONCE(z->order_map[MIGRATE_HIGHATOMIC]);
	return orders >> order != 0;
}

/* A boost asks kswapd for more; it must not make those fail who may not wait. */
static bool watermark_without_boost(struct zone *z, unsigned int order, gfp_t gfp,
				    int highest_zoneidx, unsigned int alloc_flags)
{
	return z->watermark_boost && !order && (gfp & __GFP_HIGH) &&
	       (alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN &&
	       zone_watermark_ok(z, 0, z->_watermark[WMARK_MIN], highest_zoneidx, alloc_flags);
}

/* ---- the free lists ---- */

/* @preferred: the best zone that the request allows. */
static void count_numa(struct zone *zone, struct zone *preferred)
{
	struct per_cpu_pages __percpu *pcp = zone->per_cpu_pageset;
	int nid = zone_to_nid(zone);

	if (nid == numa_node_id())
		this_cpu_inc(pcp->numa[NUMA_LOCAL]);
	else
		this_cpu_inc(pcp->numa[NUMA_OTHER]);
	if (nid == zone_to_nid(preferred)) {
		this_cpu_inc(pcp->numa[NUMA_HIT]);
		return;
	}
	this_cpu_inc(pcp->numa[NUMA_MISS]);
	this_cpu_inc(preferred->per_cpu_pageset->numa[NUMA_FOREIGN]);
}

/* A block of @zone, whose watermark has been looked at. */
static struct page *rmqueue(struct zone *zone, unsigned int order, unsigned int alloc_flags,
			    int migratetype)
{
	int pindex = order_to_pindex(order);
	struct page *page = NULL;
	unsigned long flags;

	if (pindex >= 0)
		page = rmqueue_pcplist(zone, order, pindex, migratetype, alloc_flags);
	if (page)
		return page;
	/* In an interrupt, of an order without list, or a chain that could not be filled. */
	spin_lock_irqsave(&zone->lock, flags);
	page = __rmqueue(zone, order, migratetype, alloc_flags);
	spin_unlock_irqrestore(&zone->lock, flags);
	if (page)
		count_vm_events(PGALLOC_DMA + zone_idx(zone), 1UL << order);
	return page;
}

/* kswapd shall reach the boosted mark, whoever needs it. */
static noinline void answer_boost(struct zone *zone, const struct alloc_context *ac)
{
	WRITE_ONCE(zone->boosted, false);
	if (page_alloc_ops.wake_kswapd)
		page_alloc_ops.wake_kswapd(0, 0, ac);
}

/* The near node @zone is short: make room there before a farther one is asked. True: its watermark is met now. */
static noinline bool made_room(struct zone *zone, gfp_t gfp, unsigned int order,
			       unsigned int alloc_flags, const struct alloc_context *ac)
{
	bool (*reclaim)(struct pglist_data *, gfp_t, unsigned int) =
		READ_ONCE(page_alloc_ops.node_reclaim);

	return reclaim && node_distance(ac->preferred_nid, zone_to_nid(zone)) <= RECLAIM_DISTANCE &&
	       reclaim(zone->zone_pgdat, gfp, order) &&
	       zone_watermark_ok(zone, order, wmark_pages(zone, alloc_flags & ALLOC_WMARK_MASK),
				 ac->highest_zoneidx, alloc_flags);
}

/* The node of @zone has its share of dirty pages, and the next page will be dirty. */
static bool too_dirty(struct zone *zone, const struct alloc_context *ac)
{
	return ac->spread_dirty && page_alloc_ops.node_dirty_ok &&
	       !page_alloc_ops.node_dirty_ok(zone->zone_pgdat);
}

static bool is_node_wanted(const struct zone *zone, const struct alloc_context *ac)
{
	return !ac->nodemask || node_isset(zone_to_nid(zone), *(const nodemask_t *)ac->nodemask);
}

struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				    const struct alloc_context *ac)
{
	struct zone *preferred = NULL;

	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++) {
		struct zone *zone = z->zone;
		struct page *page;
		unsigned long flags;

		if (z->zone_idx > ac->highest_zoneidx)
			continue;
		if (!is_node_wanted(zone, ac))
			continue;
		if (!preferred)
			preferred = zone;
		if (unlikely(too_dirty(zone, ac)))
			continue;
		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, order,
				       wmark_pages(zone, alloc_flags & ALLOC_WMARK_MASK),
				       ac->highest_zoneidx, alloc_flags) &&
		    !watermark_without_boost(zone, order, gfp, ac->highest_zoneidx, alloc_flags) &&
		    !made_room(zone, gfp, order, alloc_flags, ac))
			continue;
		page = rmqueue(zone, order, alloc_flags, ac->migratetype);
		if (!page)
			continue;
		count_numa(zone, preferred);
		prep_new_page(page, order, gfp);
		if (unlikely(READ_ONCE(zone->boosted)))
			answer_boost(zone, ac);
		if (unlikely(order && (alloc_flags & ALLOC_HARDER))) {
			spin_lock_irqsave(&zone->lock, flags);
			reserve_highatomic_pageblock(page, zone);
			spin_unlock_irqrestore(&zone->lock, flags);
		}
		return page;
	}
	return NULL;
}

/* ---- when they are empty ---- */

static unsigned int gfp_to_alloc_flags(gfp_t gfp)
{
	unsigned int flags = ALLOC_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_HIGH;
	flags |= gfp & ALLOC_KSWAPD;
	if (gfp & __GFP_ATOMIC && !(gfp & __GFP_NOMEMALLOC))
		flags |= ALLOC_HARDER;
	return flags;
}

/* May this request use the last pages? */
static unsigned int reserve_flags(gfp_t gfp)
{
	if (gfp & __GFP_NOMEMALLOC)
		return 0;
	if (gfp & __GFP_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	if (!in_interrupt() && (current->flags & PF_MEMALLOC))
		return ALLOC_NO_WATERMARKS;
	if (!in_interrupt() && test_thread_flag(TIF_MEMDIE))
		return ALLOC_OOM;
	return 0;
}

/*
 * Empty the kernel's own stores; number of pages by which free memory grew. Each CPU is asked by interrupts: one task at a time does that,
 * and the others, who would find nothing, go on as if it had helped.
 */
static unsigned long reclaim_stores(gfp_t gfp, const struct alloc_context *ac, int priority)
{
	static atomic_t busy;
	unsigned long before = nr_free_pages(), after, freed;

	if (atomic_read(&busy) || atomic_xchg(&busy, 1))
		return 1;
	freed = shrink_slab(gfp, ac->preferred_nid, priority);
	slab_flush_all();
	pgtable_cache_drain();
	thread_stack_cache_drain();
	vm_unmap_aliases();
	drain_all_pages(NULL);
	after = nr_free_pages();
	atomic_set_release(&busy, 0);
	return after > before ? after - before : freed ? 1 : 0;
}

static unsigned long direct_reclaim(gfp_t gfp, unsigned int order, const struct alloc_context *ac,
				    int round)
{
	unsigned int noreclaim = memalloc_noreclaim_save();
	unsigned long progress = 0, memstall;

	psi_memstall_enter(&memstall);
	count_vm_event(ALLOCSTALL_DMA + ac->highest_zoneidx);
	if (page_alloc_ops.direct_reclaim)
		progress = page_alloc_ops.direct_reclaim(gfp, order, ac);
	/* The stores are worth an interrupt of all CPUs when nothing else is left, and once when that does not help. */
	if (!progress || round == 1)
		progress += reclaim_stores(gfp, ac, max(12 - 3 * round, 0));
	ac->tries->rounds++;
	ac->tries->nr_reclaimed += progress;
	memalloc_noreclaim_restore(noreclaim);
	psi_memstall_leave(&memstall);
	return progress;
}

static bool direct_compact(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	unsigned long memstall;
	bool moved;

	if (!order || !page_alloc_ops.direct_compact)
		return false;
	psi_memstall_enter(&memstall);
	moved = page_alloc_ops.direct_compact(gfp, order, ac);
	psi_memstall_leave(&memstall);
	return moved;
}

/* What evicting all that can be evicted would free in @zone. */
static unsigned long zone_reclaimable_pages(struct zone *zone)
{
	unsigned long nr = zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
			   zone_page_state(zone, NR_ZONE_ACTIVE_FILE);

	if (free_swap_page_count())
		nr += zone_page_state(zone, NR_ZONE_INACTIVE_ANON) +
		      zone_page_state(zone, NR_ZONE_ACTIVE_ANON);
	return nr;
}

/*
 * Would a zone have its minimum if all that can be reclaimed were? If not, what seems to be progress are pages that come and
 * go with other tasks; living on them would take for ever. Linux: should_reclaim_retry().
 */
static bool can_reclaim_enough(const struct alloc_context *ac)
{
	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++) {
		struct zone *zone = z->zone;

		if (z->zone_idx <= ac->highest_zoneidx && is_node_wanted(zone, ac) &&
		    zone_page_state(zone, NR_FREE_PAGES) + zone_reclaimable_pages(zone) >
			    min_wmark_pages(zone) + zone->lowmem_reserve[ac->highest_zoneidx])
			return true;
	}
	return false;
}

static bool should_stop(gfp_t gfp, unsigned int order, const struct alloc_context *ac,
			unsigned long progress, int round)
{
	if (gfp & __GFP_NORETRY)
		return true;
	if (order > PAGE_ALLOC_COSTLY_ORDER && !(gfp & __GFP_RETRY_MAYFAIL))
		return true;
	if (round && !can_reclaim_enough(ac))
		return true;
	return progress ? round >= 2 * MAX_RECLAIM_RETRIES : round >= 4;
}

/* What was to be kept free for kswapd's sake is worth no process. True: there was something. */
static bool take_back_boosts(const struct alloc_context *ac)
{
	bool any = false;

	for (struct zoneref *z = ac->zonelist->_zonerefs; z->zone; z++) {
		unsigned long boost = READ_ONCE(z->zone->watermark_boost);

		if (!boost || z->zone_idx > ac->highest_zoneidx)
			continue;
		zone_unboost(z->zone, boost);
		any = true;
	}
	return any;
}

/* Ask for a victim; true when trying again makes sense. mm/oom/oom_kill.c */
static bool try_oom(gfp_t gfp, unsigned int order, const struct alloc_context *ac)
{
	if (!page_alloc_ops.out_of_memory || !(gfp & __GFP_FS) ||
	    (gfp & (__GFP_RETRY_MAYFAIL | __GFP_THISNODE)) || order > PAGE_ALLOC_COSTLY_ORDER ||
	    ac->highest_zoneidx < ZONE_NORMAL)
		return false;
	return page_alloc_ops.out_of_memory(gfp, order, ac);
}

static struct page *alloc_with_reclaim(gfp_t gfp, unsigned int order, unsigned int alloc_flags,
				       const struct alloc_context *request)
{
	struct reclaim_tries tries = { 0 };
	struct alloc_context own = *request, *ac = &own;
	bool unboosted = false;
	struct page *page;

	own.tries = &tries;
	/* There may be enough free, but in pieces. */
	if (direct_compact(gfp, order, ac)) {
		page = get_page_from_freelist(gfp, order, alloc_flags, ac);
		if (page)
			return page;
	}
	for (int round = 0;; round++) {
		unsigned long progress = direct_reclaim(gfp, order, ac, round);

		if (direct_compact(gfp, order, ac))
			progress++;
		page = get_page_from_freelist(gfp, order, alloc_flags, ac);
		if (page)
			return page;
		if (!progress && unreserve_highatomic_pageblock(ac, round > 1))
			continue;
		if (should_stop(gfp, order, ac, progress, round)) {
			/* Once: others may go on spoiling pageblocks, which boosts again. */
			if (!unboosted && take_back_boosts(ac)) {
				unboosted = true;
				continue;
			}
			if (!(gfp & __GFP_NORETRY) && try_oom(gfp, order, ac)) {
				alloc_flags |=
					reserve_flags(gfp); /* it may be this task that dies */
				round = 0;
				continue;
			}
			if (!(gfp & __GFP_NOFAIL))
				return NULL;
			alloc_flags |= ALLOC_HARDER;
		}
		cond_resched();
	}
}

static struct page *alloc_pages_slowpath(gfp_t gfp, unsigned int order,
					 const struct alloc_context *ac)
{
	unsigned int alloc_flags = gfp_to_alloc_flags(gfp), reserve;
	struct page *page;

	atomic_long_inc(&page_alloc_slow_count);
	if ((alloc_flags & ALLOC_KSWAPD) && page_alloc_ops.wake_kswapd)
		page_alloc_ops.wake_kswapd(gfp, order, ac);
	page = get_page_from_freelist(gfp, order, alloc_flags, ac);
	if (page)
		return page;
	reserve = reserve_flags(gfp);
	if (reserve) {
		alloc_flags = reserve | (alloc_flags & ALLOC_KSWAPD);
		page = get_page_from_freelist(gfp, order, alloc_flags, ac);
		/* What was freed by the way may lie in the lists of other CPUs. */
		if (!page && (gfp & __GFP_DIRECT_RECLAIM)) {
			drain_all_pages(NULL);
			page = get_page_from_freelist(gfp, order, alloc_flags, ac);
		}
		if (page)
			return page;
	}
	/* A task that is itself freeing memory must not start over with it. */
	if ((gfp & __GFP_DIRECT_RECLAIM) && !(current->flags & PF_MEMALLOC))
		page = alloc_with_reclaim(gfp, order, alloc_flags, ac);
	if (page)
		return page;
	atomic_long_inc(&page_alloc_fail_count);
	warn_alloc(gfp, ac->nodemask, "page allocation failure: order:%u", order);
	return NULL;
}

struct page *alloc_charge(struct page *page, unsigned int order, gfp_t gfp)
{
	if (page_charge(page, order, gfp))
		return page;
	__free_pages(page, order);
	return NULL;
}

/* The nodes of the cpuset of current, for whoever can wait until there is room on them; NULL: all. */
static const void *cpuset_nodes(gfp_t gfp)
{
	if (in_interrupt() || !(gfp & __GFP_DIRECT_RECLAIM) ||
	    (current->flags & (PF_MEMALLOC | PF_EXITING | PF_KTHREAD)) ||
	    test_thread_flag(TIF_MEMDIE))
		return NULL;
	return &current->mems_allowed;
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int preferred_nid, const void *nodemask)
{
	struct alloc_context ac = {
		.zonelist = node_zonelist(preferred_nid, gfp),
		.nodemask = nodemask,
		.migratetype = gfp_migratetype(gfp),
		.preferred_nid = preferred_nid,
		.spread_dirty = gfp & __GFP_WRITE,
	};
	struct page *page;

	if (WARN_ON_ONCE(order >= MAX_ORDER && !(gfp & __GFP_NOWARN)) || order >= MAX_ORDER)
		return NULL;
	if (WARN_ON_ONCE(ac.migratetype >= MIGRATE_PCPTYPES))
		ac.migratetype = MIGRATE_MOVABLE;
	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (should_fail_alloc_page(gfp, order))
		return NULL;
	gfp = current_gfp_context(gfp);
	ac.highest_zoneidx = gfp_zone(gfp);
	if (unlikely(READ_ONCE(alloc_watched) & ALLOC_WATCHED_CPUSET) && !nodemask)
		ac.nodemask = cpuset_nodes(gfp);
	page = get_page_from_freelist(gfp, order, ALLOC_WMARK_LOW | (gfp & ALLOC_KSWAPD), &ac);
	if (unlikely(!page)) {
		ac.spread_dirty = false;
		page = alloc_pages_slowpath(gfp, order, &ac);
	}
	trace_mm_page_alloc(page, order, gfp, ac.migratetype);
	return page ? alloc_charge(page, order, gfp) : NULL;
}

struct page *alloc_pages_slow(gfp_t gfp, unsigned int order, int nid, const void *nodemask)
{
	return __alloc_pages(gfp, order, nid == NUMA_NO_NODE ? numa_node_id() : nid, nodemask);
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	if (nid == NUMA_NO_NODE || nid == numa_node_id())
		if (!(gfp & (__GFP_THISNODE | __GFP_WRITE)))
			return alloc_pages(gfp, order);
	return alloc_pages_slow(gfp, order, nid, NULL);
}

/* ---- other forms ---- */

struct folio *folio_alloc(gfp_t gfp, unsigned int order)
{
	return (struct folio *)alloc_pages(gfp | __GFP_COMP, order);
}

struct folio *__folio_alloc_node(gfp_t gfp, unsigned int order, int nid)
{
	return (struct folio *)alloc_pages_node(nid, gfp | __GFP_COMP, order);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp & ~__GFP_HIGHMEM, order);

	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page(addr), order);
}

unsigned long alloc_pages_bulk_array(gfp_t gfp, unsigned long nr_pages, struct page **page_array)
{
	unsigned long i = 0;

	while (i < nr_pages) {
		if (page_array[i]) {
			i++;
			continue;
		}
		/* One page the long way fills the chain; the next ones come off it. */
		page_array[i] = alloc_pages(gfp, 0);
		if (!page_array[i])
			break;
		i++;
		i += pcp_take_many(gfp, nr_pages - i, page_array + i);
	}
	return i;
}

void split_page(struct page *page, unsigned int order)
{
	VM_BUG_ON_PAGE(PageCompound(page) || !page_ref_count(page), page);
	for (unsigned int i = 1; i < 1u << order; i++)
		set_page_count(page + i, 1);
	if (unlikely(page_debug & PAGE_DEBUG_OWNER))
		page_owner_split(page, order);
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned int order = size <= PAGE_SIZE ? 0 : order_base_2(PFN_UP(size));
	struct page *page;

	if (!size || order >= MAX_ORDER)
		return NULL;
	page = alloc_pages(gfp & ~(__GFP_COMP | __GFP_HIGHMEM), order);
	if (!page)
		return NULL;
	split_page(page, order);
	for (unsigned long i = PFN_UP(size); i < 1UL << order; i++)
		__free_page(page + i);
	return page_address(page);
}

void free_pages_exact(void *virt, size_t size)
{
	for (size_t at = 0; virt && at < size; at += PAGE_SIZE)
		free_page((unsigned long)virt + at);
}

/* ---- what reclaim may do for this task ---- */

gfp_t current_gfp_context(gfp_t gfp)
{
	unsigned int flags;

	if (in_interrupt())
		return gfp;
	flags = current->flags;
	if (likely(!(flags & (PF_MEMALLOC_NOIO | PF_MEMALLOC_NOFS))))
		return gfp;
	if (flags & PF_MEMALLOC_NOIO)
		return gfp & ~(__GFP_IO | __GFP_FS);
	return gfp & ~__GFP_FS;
}

unsigned int memalloc_noreclaim_save(void)
{
	unsigned int old = current->flags & PF_MEMALLOC;

	current->flags |= PF_MEMALLOC;
	return old;
}

void memalloc_noreclaim_restore(unsigned int old)
{
	current->flags = (current->flags & ~PF_MEMALLOC) | old;
}

/* ---- names of flags ---- */

static const struct {
	gfp_t mask;
	const char *name;
} gfp_names[] = {
	{ GFP_TRANSHUGE, "GFP_TRANSHUGE" },
	{ GFP_TRANSHUGE_LIGHT, "GFP_TRANSHUGE_LIGHT" },
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" },
	{ GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" },
	{ GFP_KERNEL_ACCOUNT, "GFP_KERNEL_ACCOUNT" },
	{ GFP_KERNEL, "GFP_KERNEL" },
	{ GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" },
	{ GFP_NOWAIT, "GFP_NOWAIT" },
	{ GFP_DMA, "GFP_DMA" },
	{ __GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ GFP_DMA32, "GFP_DMA32" },
	{ __GFP_HIGH, "__GFP_HIGH" },
	{ __GFP_ATOMIC, "__GFP_ATOMIC" },
	{ __GFP_IO, "__GFP_IO" },
	{ __GFP_FS, "__GFP_FS" },
	{ __GFP_NOWARN, "__GFP_NOWARN" },
	{ __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" },
	{ __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_COMP, "__GFP_COMP" },
	{ __GFP_ZERO, "__GFP_ZERO" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" },
	{ __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ __GFP_THISNODE, "__GFP_THISNODE" },
	{ __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ __GFP_MOVABLE, "__GFP_MOVABLE" },
	{ __GFP_ACCOUNT, "__GFP_ACCOUNT" },
	{ __GFP_WRITE, "__GFP_WRITE" },
	{ __GFP_RECLAIM, "__GFP_RECLAIM" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ __GFP_KSWAPD_RECLAIM, "__GFP_KSWAPD_RECLAIM" },
};

int gfp_to_string(char *buf, size_t size, gfp_t gfp)
{
	int len = 0;

	if (!gfp)
		return scnprintf(buf, size, "none");
	for (unsigned int i = 0; i < sizeof(gfp_names) / sizeof(gfp_names[0]) && gfp; i++) {
		if ((gfp & gfp_names[i].mask) != gfp_names[i].mask)
			continue;
		len += scnprintf(buf + len, size - len, "%s%s", len ? "|" : "", gfp_names[i].name);
		gfp &= ~gfp_names[i].mask;
	}
	if (gfp)
		len += scnprintf(buf + len, size - len, "%s%#x", len ? "|" : "", gfp);
	return len;
}

/* ---- complaints ---- */

/* Each is a page long. Linux: the same figures. */
DEFINE_RATELIMIT_STATE(nopage_rs, 10000, 1);

void warn_alloc(gfp_t gfp, const void *nodemask, const char *fmt, ...)
{
	char what[64], flags[160];
	__builtin_va_list args;

	if ((gfp & __GFP_NOWARN) || !__ratelimit(&nopage_rs, __func__))
		return;
	__builtin_va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	__builtin_va_end(args);
	gfp_to_string(flags, sizeof(flags), gfp);
	pr_warn("%s: %s, mode:%#x(%s), nodemask=%s\n", current->comm, what, gfp, flags,
		nodemask ? "set" : "(null)");
	dump_stack();
	show_mem();
}
