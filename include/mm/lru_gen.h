/* SPDX-License-Identifier: MIT */
/*
 * Generations of pages: what the generational policy knows of a node, or of a control group there, and its switches. Theory: mm/reclaim/generations.c (numbers,
 * aging), mm/reclaim/generational.c (eviction).
 */
#ifndef QUIRE_MM_LRU_GEN_H
#define QUIRE_MM_LRU_GEN_H

#include <base/types.h>
#include <mm/lruvec.h>

struct folio;
struct pglist_data;
struct scan_control;

#define MAX_NR_GENS 4
#define MIN_NR_GENS 2	/* so many cannot be evicted from: what was used since the last look, and before it */
#define MAX_NR_TIERS 3	/* by calls of read and write: up to one, two, more */

enum lru_gen_type { LRU_GEN_ANON, LRU_GEN_FILE };

/* Bits of /sys/kernel/mm/lru_gen/enabled, as in Linux. */
#define LRU_GEN_CORE	1u	/* the policy is the nodes' */
#define LRU_GEN_MM_WALK	2u	/* aging walks page tables */
extern unsigned int lru_gen_caps;
extern unsigned int lru_gen_min_ttl_ms;	/* no generation younger than this is evicted without a kill; 0: off */

/*
 * Of an lruvec. Legend: l  its lru_lock, read without;  g  whoever has set aging;  a  atomic
 */
struct lru_gen {
	unsigned long max_seq;				/* l: number of the youngest generation */
	unsigned long min_seq[ANON_AND_FILE];		/* l: of the oldest of either kind; anon <= file */
	unsigned long born[MAX_NR_GENS];		/* g: jiffies, by seq % MAX_NR_GENS */
	atomic_long_t size[MAX_NR_GENS][ANON_AND_FILE];	/* a: pages, when they were last counted, and what reclaim has moved since */
	/* Since the oldest generation became that, and before, halved each time: */
	atomic_long_t evicted[ANON_AND_FILE][MAX_NR_TIERS], refaulted[ANON_AND_FILE][MAX_NR_TIERS];
	atomic_long_t spared[ANON_AND_FILE][MAX_NR_TIERS];
	unsigned long avg_total[ANON_AND_FILE][MAX_NR_TIERS], avg_refaulted[ANON_AND_FILE][MAX_NR_TIERS];
	int aging;					/* a: one at a time */
};

static inline unsigned int lru_gen_slot(unsigned long seq)
{
	return seq % MAX_NR_GENS;
}

static inline unsigned int lru_gen_count(const struct lru_gen *gen, int type)
{
	return READ_ONCE(gen->max_seq) - READ_ONCE(gen->min_seq[type]) + 1;
}

/* Memory for the stamps; every page of @lruvec gets one by its class. 0 or -ENOMEM. May sleep. => reclaim_policy_mutex */
int lru_gen_start(struct lruvec *lruvec);
/* All below: the policy is or was @lruvec's, lruvec->gen is there. */
/* A new youngest generation of @lruvec, when all others have been looked through. False: somebody else is at it. May sleep. */
bool lru_gen_age(struct lruvec *lruvec);
/* Count the pages of each generation of @lruvec into size[][]. May sleep, as long as somebody ages. */
void lru_gen_recount(struct lruvec *lruvec);
/* Nothing is left in the oldest generation of @type: the next one is the oldest. False: there are too few. */
bool lru_gen_retire(struct lruvec *lruvec, int type);

/* Number of the generation of the page at @pfn, which has @flags. Any context. */
unsigned long lru_gen_seq(const struct lru_gen *gen, unsigned long pfn, u32 flags);
/* @folio, of @gen's lruvec, belongs to generation @seq from now on; it is evicted. Sizes follow. Any context. */
void lru_gen_move(struct lru_gen *gen, struct folio *folio, unsigned long seq);
void lru_gen_remove(struct lru_gen *gen, struct folio *folio);
/* The frame at @pfn is another lruvec's: its page is as if it were new. Any context. */
void lru_gen_unstamp(unsigned long pfn);

/*
 * Commands of /sys/kernel/debug/lru_gen. @seq: the number that is meant, so that a command is not done twice. 0, -EINVAL, -EINTR; age:
 * -ERANGE when there are MAX_NR_GENS and @force is false. May sleep.
 */
int lru_gen_run_aging(struct lruvec *lruvec, unsigned long seq, bool can_swap, bool force);
int lru_gen_run_eviction(struct lruvec *lruvec, unsigned long seq, int swappiness, unsigned long nr_to_reclaim);

#endif
