// SPDX-License-Identifier: MIT
/*
 * The generational policy: reclaim=generational, or a 1 in /sys/kernel/mm/lru_gen/enabled; of a control group: memory.reclaim_policy.
 *
 * 1 Pages of the oldest generation go (mm/reclaim/generations.c). When too few generations are left, or the oldest is small or the
 *   youngest large, a look at everything makes a new one. Who is used stays not because he was seen twice by a
 *   hand, but because he was used in the time of a younger generation.
 *
 * 2 Which kind. If the oldest anonymous generation is older than that of files: anonymous. Else the kind whose evictions were
 *   less often mistakes, weighted with swappiness; at 200 anonymous. What is written once is born into the youngest generation, and new
 *   file pages into the oldest, which so need never become empty: when files go again and again for want of old anonymous pages,
 *   there is a look, too.
 *
 * 3 Files that are read and not mapped have no accessed bits. Their tier is how often they were read or written: at most once, twice,
 *   more (PG_referenced and PG_active, as folio_mark_accessed() counts). All tiers of the oldest generation go, until refaults show that
 *   those of a tier come back more often than those of the first: then they are spared, that is moved to the next
 *   generation with their count forgotten. A file that is read from end to end has but pages of the first tier.
 *
 *	evicted[kind][tier], spared, refaulted: since this generation is the oldest; avg_*: before, halved with each generation
 *
 * 4 A page that is found used when it is about to go becomes one of the youngest. One that is dirty, locked or pinned joins the next
 *   generation, as all do that are looked at and stay: so the oldest one becomes empty, and no page is looked at in it twice.
 *
 * 5 Thrashing (min_ttl_ms): when the oldest generation is younger than that, whatever is evicted is needed at once: kswapd asks
 *   for a victim instead.
 *
 * Linux 6.1: mm/vmscan.c (evict_folios, get_type_to_scan, get_tier_idx). Observe: /sys/kernel/debug/lru_gen{,_full}, /proc/mm/reclaim.
 */
#include <base/errno.h>
#include <base/math.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/lru.h>
#include <mm/lru_gen.h>
#include <mm/page_flags.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "reclaim_internal.h"

#define MIN_REFAULTS 64 /* fewer prove nothing */

static enum lru_list inactive_of(int type)
{
	return type == LRU_GEN_FILE ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
}

static unsigned long pages_of(struct lruvec *lruvec, int type, int zone_idx)
{
	return lruvec_lru_size(lruvec, inactive_of(type), zone_idx) +
	       lruvec_lru_size(lruvec, inactive_of(type) + LRU_ACTIVE, zone_idx);
}

static int type_of(const struct folio *folio)
{
	return folio_is_file_lru(folio) ? LRU_GEN_FILE : LRU_GEN_ANON;
}

static int tier_of(u32 flags)
{
	if (!(flags & 1u << PG_active))
		return 0;
	return flags & 1u << PG_referenced ? 2 : 1;
}

/* ---- which kind, and up to which tier ---- */

struct rate {
	unsigned long refaulted, total;
	unsigned int gain;
};

static struct rate rate_of(const struct lru_gen *gen, int type, int tier, unsigned int gain)
{
	return (struct rate){
		.refaulted = READ_ONCE(gen->avg_refaulted[type][tier]) +
			     atomic_long_read(&gen->refaulted[type][tier]),
		.total = READ_ONCE(gen->avg_total[type][tier]) +
			 atomic_long_read(&gen->evicted[type][tier]) +
			 atomic_long_read(&gen->spared[type][tier]),
		.gain = gain,
	};
}

/* Are evictions of @b no more often mistakes than those of @a? */
static bool no_worse(struct rate a, struct rate b)
{
	return b.refaulted < MIN_REFAULTS || b.refaulted * (a.total + SWAP_CLUSTER_MAX) * a.gain <=
						     (a.refaulted + 1) * b.total * b.gain;
}

static int type_to_evict(const struct lru_gen *gen, int swappiness)
{
	if (!swappiness)
		return LRU_GEN_FILE;
	if (READ_ONCE(gen->min_seq[LRU_GEN_ANON]) < READ_ONCE(gen->min_seq[LRU_GEN_FILE]))
		return LRU_GEN_ANON;
	if (swappiness == 1 || swappiness == 200)
		return swappiness == 1 ? LRU_GEN_FILE : LRU_GEN_ANON;
	return no_worse(rate_of(gen, LRU_GEN_ANON, 0, swappiness),
			rate_of(gen, LRU_GEN_FILE, 0, 200 - swappiness))
		       ? LRU_GEN_FILE
		       : LRU_GEN_ANON;
}

/* The last tier that goes. */
static int last_tier(const struct lru_gen *gen, int type)
{
	struct rate first = rate_of(gen, type, 0, 1);
	int tier;

	for (tier = 1; tier < MAX_NR_TIERS; tier++)
		if (!no_worse(first, rate_of(gen, type, tier, 2)))
			break;
	return tier - 1;
}

/* ---- eviction ---- */

/* Is it of the oldest generation? => lru_lock held */
static bool is_oldest(const struct lru_isolation *iso, unsigned long pfn, u32 flags)
{
	const struct lru_gen *gen = iso->arg;

	return lru_gen_seq(gen, pfn, flags) ==
	       gen->min_seq[is_file_lru(iso->lru) ? LRU_GEN_FILE : LRU_GEN_ANON];
}

/* None stays in the oldest generation. Put back those of a tier above @last; how many are left. */
static unsigned int promote(struct lru_gen *gen, struct folio **folios, unsigned int n, int type,
			    int last)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct folio *folio = folios[i];
		int tier = tier_of(READ_ONCE(folio->flags));

		lru_gen_move(gen, folio, READ_ONCE(gen->min_seq[type]) + 1);
		if (tier <= last) {
			folios[left++] = folio;
			continue;
		}
		atomic_long_add(folio_nr_pages(folio), &gen->spared[type][tier]);
		folio_clear_active(folio);
		folio_clear_referenced(folio);
		folio_putback_lru(folio);
	}
	return left;
}

/* A batch of the oldest generation of @type. Pages looked at; 0: it is empty, or there are too few generations. */
static unsigned long evict_batch(struct lruvec *lruvec, struct scan_control *sc,
				 struct lru_gen *gen, int type)
{
	struct lru_isolation iso = { .lru = inactive_of(type),
				     .reclaim_idx = sc->reclaim_idx,
				     .max_scan = SWAP_CLUSTER_MAX,
				     .desperate = sc->desperate,
				     .any_age = true,
				     .wanted = is_oldest,
				     .arg = gen };
	struct folio *folios[SWAP_CLUSTER_MAX];
	unsigned int n;

	if (lru_gen_count(gen, type) <= MIN_NR_GENS)
		return 0;
	throttle_isolated(lruvec, sc, iso.lru);
	n = lru_isolate(lruvec, &iso, folios, SWAP_CLUSTER_MAX);
	n = promote(gen, folios, n, type, last_tier(gen, type));
	sc->nr_reclaimed += shrink_isolated(lruvec, sc, &iso, folios, n);
	return iso.nr_scanned;
}

/* Pages looked at; 0: there must be a new generation first. */
static unsigned long evict(struct lruvec *lruvec, struct scan_control *sc, struct lru_gen *gen,
			   int swappiness)
{
	unsigned long scanned = 0;
	bool again = true;

	while (!scanned && again) {
		int type = type_to_evict(gen, swappiness);

		again = false;
		scanned = evict_batch(lruvec, sc, gen, type);
		if (!scanned)
			again = lru_gen_retire(lruvec, type);
		if (!scanned && !again && swappiness) {
			scanned = evict_batch(lruvec, sc, gen, !type);
			if (!scanned)
				again = lru_gen_retire(lruvec, !type);
		}
	}
	return scanned;
}

/* ---- when to look at everything ---- */

/* Pages of @type in generation @seq now: one kind of each is not known but as the rest of all. */
static unsigned long pages_in(struct lruvec *lruvec, const struct lru_gen *gen, int type,
			      unsigned long seq)
{
	unsigned long open =
		type == LRU_GEN_ANON ? READ_ONCE(gen->max_seq) : READ_ONCE(gen->min_seq[type]);
	long pages = pages_of(lruvec, type, MAX_NR_ZONES - 1);

	if (seq != open)
		return max(atomic_long_read(&gen->size[lru_gen_slot(seq)][type]), 0L);
	for (unsigned long s = READ_ONCE(gen->min_seq[type]); s <= READ_ONCE(gen->max_seq); s++)
		if (s != open)
			pages -= atomic_long_read(&gen->size[lru_gen_slot(s)][type]);
	return max(pages, 0L);
}

/* Files went instead of anonymous memory, as none is of the oldest generation; the more swappiness, the fewer are borne. */
static bool is_anon_late(struct lruvec *lruvec, const struct lru_gen *gen, int swappiness)
{
	unsigned long total = pages_of(lruvec, LRU_GEN_ANON, MAX_NR_ZONES - 1) +
			      pages_of(lruvec, LRU_GEN_FILE, MAX_NR_ZONES - 1);
	unsigned long instead = 0;

	if (!swappiness || type_to_evict(gen, swappiness) != LRU_GEN_ANON)
		return false;
	for (int tier = 0; tier < MAX_NR_TIERS; tier++)
		instead += atomic_long_read(&gen->evicted[LRU_GEN_FILE][tier]);
	return instead > max(total * (200 - swappiness) / 800, total / 64);
}

static bool is_aging_due(struct lruvec *lruvec, const struct scan_control *sc,
			 const struct lru_gen *gen, int swappiness)
{
	int oldest = swappiness ? LRU_GEN_ANON : LRU_GEN_FILE;
	unsigned long total = 0, young = 0, old = 0;

	if (lru_gen_count(gen, oldest) <= MIN_NR_GENS || is_anon_late(lruvec, gen, swappiness))
		return true;
	if (lru_gen_count(gen, oldest) > MIN_NR_GENS + 1)
		return false;
	if (sc->priority == DEF_PRIORITY && !sc->kswapd)
		return false;
	for (int type = oldest; type < ANON_AND_FILE; type++) {
		total += pages_of(lruvec, type, MAX_NR_ZONES - 1);
		young += pages_in(lruvec, gen, type, READ_ONCE(gen->max_seq));
		old += pages_in(lruvec, gen, type, READ_ONCE(gen->min_seq[type]));
	}
	return young * MIN_NR_GENS > total || old * (MIN_NR_GENS + 2) < total;
}

static void generational_shrink(struct lruvec *lruvec, struct scan_control *sc)
{
	struct lru_gen *gen = lruvec->gen;
	int swappiness = can_reclaim_anon_pages(sc) ? vm_swappiness : 0;
	unsigned long before = sc->nr_reclaimed, scanned = 0, nr = 0;
	int looks = 0;

	for (int type = swappiness ? LRU_GEN_ANON : LRU_GEN_FILE; type < ANON_AND_FILE; type++)
		nr += pages_of(lruvec, type, sc->reclaim_idx);
	nr = max(nr >> sc->priority, (unsigned long)SWAP_CLUSTER_MAX);
	while (scanned < nr && sc->nr_reclaimed - before < sc->nr_to_reclaim) {
		unsigned long n;

		if (looks <= MIN_NR_GENS && is_aging_due(lruvec, sc, gen, swappiness)) {
			looks++;
			if (!lru_gen_age(lruvec))
				schedule_timeout_killable(1); /* somebody else does */
		}
		n = evict(lruvec, sc, gen, swappiness);
		if (!n && (looks > MIN_NR_GENS || !is_aging_due(lruvec, sc, gen, swappiness))) {
			sc->exhausted |= 1u << LRU_INACTIVE_FILE;
			break;
		}
		scanned += n;
		cond_resched();
	}
}

/* Everything was used within min_ttl_ms: better that one ends than that all wait for disks. */
static void generational_age(struct lruvec *lruvec, struct scan_control *sc)
{
	struct pglist_data *pgdat = lruvec->pgdat;
	struct lru_gen *gen = lruvec->gen;
	unsigned int ttl = READ_ONCE(lru_gen_min_ttl_ms);
	int oldest = can_reclaim_anon_pages(sc) ? LRU_GEN_ANON : LRU_GEN_FILE;
	const struct alloc_context ac = { .zonelist = node_zonelist(pgdat->node_id, GFP_KERNEL),
					  .highest_zoneidx = MAX_NR_ZONES - 1 };
	unsigned long born = gen->born[lru_gen_slot(READ_ONCE(gen->min_seq[oldest]))];

	if (!ttl || sc->order || !lruvec_is_node(lruvec) || !page_alloc_ops.out_of_memory)
		return;
	if (time_before(jiffies, born + msecs_to_jiffies(ttl)))
		page_alloc_ops.out_of_memory(GFP_KERNEL, 0, &ac);
}

/* ---- what happens to single pages ---- */

static void generational_used(struct lruvec *lruvec, struct folio *folio)
{
	lru_gen_move(lruvec->gen, folio, READ_ONCE(lruvec->gen->max_seq));
}

static void generational_cold(struct lruvec *lruvec, struct folio *folio)
{
	lru_gen_move(lruvec->gen, folio, READ_ONCE(lruvec->gen->min_seq[type_of(folio)]));
}

static unsigned int generational_evicted(struct lruvec *lruvec, struct folio *folio)
{
	struct lru_gen *gen = lruvec->gen;
	int tier = tier_of(READ_ONCE(folio->flags));

	atomic_long_add(folio_nr_pages(folio), &gen->evicted[type_of(folio)][tier]);
	lru_gen_remove(gen, folio);
	return tier;
}

/* Was there room for it, had it not gone? Then its tier suffers. */
static void generational_refault(struct lruvec *lruvec, struct folio *folio, unsigned int tier,
				 unsigned long distance)
{
	struct lru_gen *gen = lruvec->gen;
	long nr = folio_nr_pages(folio);
	int type = type_of(folio);

	if (distance > pages_of(lruvec, LRU_GEN_ANON, MAX_NR_ZONES - 1) +
			       pages_of(lruvec, LRU_GEN_FILE, MAX_NR_ZONES - 1))
		return;
	atomic_long_add(nr, &gen->refaulted[type][min(tier, (unsigned int)MAX_NR_TIERS - 1)]);
	if (tier) {
		folio_set_workingset(folio);
		count_workingset(folio, WORKINGSET_RESTORE_ANON + type, nr);
	}
}

const struct reclaim_ops generational_reclaim_ops = {
	.name = "generational",
	.shrink = generational_shrink,
	.age = generational_age,
	.start = lru_gen_start,
	.used = generational_used,
	.cold = generational_cold,
	.evicted = generational_evicted,
	.refault = generational_refault,
};

static int __init generational_init(void)
{
	reclaim_policy_register(&generational_reclaim_ops);
	return 0;
}
core_initcall(generational_init);

/* ---- commands ---- */

int lru_gen_run_aging(struct lruvec *lruvec, unsigned long seq, bool can_swap, bool force)
{
	struct lru_gen *gen = lruvec->gen;
	int oldest = can_swap ? LRU_GEN_ANON : LRU_GEN_FILE;

	if (seq > READ_ONCE(gen->max_seq))
		return -EINVAL;
	if (seq < READ_ONCE(gen->max_seq))
		return 0;
	if (!force && lru_gen_count(gen, oldest) >= MAX_NR_GENS)
		return -ERANGE;
	lru_gen_age(lruvec); /* or another one is at it */
	return 0;
}

int lru_gen_run_eviction(struct lruvec *lruvec, unsigned long seq, int swappiness,
			 unsigned long nr_to_reclaim)
{
	struct lru_gen *gen = lruvec->gen;
	struct scan_control sc = { .lruvec = lruvec,
				   .gfp_mask = GFP_KERNEL,
				   .reclaim_idx = MAX_NR_ZONES - 1,
				   .priority = DEF_PRIORITY,
				   .may_unmap = true,
				   .may_swap = true };
	unsigned int noreclaim;
	int err = 0;

	if (seq + MIN_NR_GENS > READ_ONCE(gen->max_seq))
		return -EINVAL;
	workingset_start();
	noreclaim = memalloc_noreclaim_save();
	swappiness = can_reclaim_anon_pages(&sc) ? swappiness : 0;
	while (READ_ONCE(gen->min_seq[swappiness ? LRU_GEN_ANON : LRU_GEN_FILE]) <= seq &&
	       sc.nr_reclaimed < nr_to_reclaim && !err) {
		if (!evict(lruvec, &sc, gen, swappiness))
			break;
		cond_resched();
		if (signal_pending(current))
			err = -EINTR;
	}
	memalloc_noreclaim_restore(noreclaim);
	return err;
}
