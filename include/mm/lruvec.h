/* SPDX-License-Identifier: MIT */
/* struct lruvec: what reclaim keeps of a set of pages that it ages together. Theory: mm/reclaim/lru.c. */
#ifndef QUIRE_MM_LRUVEC_H
#define QUIRE_MM_LRUVEC_H

#include <base/types.h>
#include <base/atomic.h>
#include <sync/spinlock.h>

struct lru_gen;
struct lruvec;
struct mm_struct;
struct pglist_data;
struct reclaim_ops;

/* The classes of pages. Values are Linux's; a page is in one of them while it has PG_lru. */
#define LRU_BASE	0
#define LRU_ACTIVE	1
#define LRU_FILE	2
enum lru_list {
	LRU_INACTIVE_ANON = LRU_BASE,
	LRU_ACTIVE_ANON = LRU_BASE + LRU_ACTIVE,
	LRU_INACTIVE_FILE = LRU_BASE + LRU_FILE,
	LRU_ACTIVE_FILE = LRU_BASE + LRU_FILE + LRU_ACTIVE,
	LRU_UNEVICTABLE,
	NR_LRU_LISTS,
	NR_EVICTABLE_LISTS = LRU_UNEVICTABLE,
};
#define ANON_AND_FILE	2
#define for_each_evictable_lru(lru) for (lru = 0; lru < NR_EVICTABLE_LISTS; lru++)

/* Whose frames are aged: of a control group its own; of a node, while there are groups, not those of a protected one. */
struct lruvec_ops {
	/* A pass begins; @last: of its reclaim. True: it may take what is protected in part (memory.low). */
	bool (*begin)(struct lruvec *lruvec, bool last);
	/* The first frame from @pfn on, below @end, that a search may take; or @end. => lru_lock held */
	unsigned long (*next)(const struct lruvec *lruvec, unsigned long pfn, unsigned long end, bool desperate);
	/* Of a node: with whom the page in frame @pfn is aged. => RCU */
	struct lruvec *(*of_frame)(struct lruvec *node, unsigned long pfn);
	/*
	 * The groups below whose pages are aged by themselves, by another policy or by one that keeps a state of each: the one after @prev
	 * (NULL: the first), ready for a pass (@last: of its reclaim), with a reference that the next call drops. NULL: that was all.
	 */
	struct lruvec *(*apart)(struct lruvec *root, struct lruvec *prev, bool last);
	/* Of a group: the next address space of its tasks, with a reference. *@cursor begins with 0. NULL: that was all. */
	struct mm_struct *(*next_mm)(struct lruvec *lruvec, int *cursor);
	/* Of a node: @nr of @item, an event of memory.stat or WORKINGSET_*, happened to the page in frame @pfn. Any context. */
	void (*count_event)(unsigned long pfn, unsigned int item, unsigned long nr);
	void (*count_workingset)(unsigned long pfn, unsigned int item, unsigned long nr);
	/* Of a node: the policy of the machine has changed. */
	void (*policy_changed)(void);
};

/*
 * Legend: l  lru_lock;  c  constant once the node is online;  a  atomic
 */
struct lruvec {
	struct pglist_data *pgdat;		/* c */
	spinlock_t lru_lock;
	const struct lruvec_ops *ops;		/* NULL: all frames of the node are its */
	const struct reclaim_ops *policy;	/* reclaim_policy_mutex: who decides which go; read without */
	struct lru_gen *gen;			/* what the generational policy knows; NULL until it is first chosen here */
	unsigned long desperate_until;		/* jiffies: a pass found everything protected, no use in trying again before */
	unsigned long hand[NR_EVICTABLE_LISTS];	/* l: frame where the next search of the class begins */
	unsigned long anon_cost, file_cost;	/* l: I/O that reclaim of either kind has caused of late */
	atomic_long_t nonresident_age;		/* a: evictions and activations, the clock of refaults */
	atomic_long_t refaults[ANON_AND_FILE];	/* a: those that came too soon */
	unsigned long refaults_seen[ANON_AND_FILE];	/* at the end of the last reclaim */
	/*
	 * Pages of each class, about: of a group, which nothing counts for, and when they are to be counted again (0: never were); of a node
	 * those that groups age by themselves.
	 */
	long size[NR_EVICTABLE_LISTS];
	unsigned long recount_age;		/* nonresident_age */
};

static inline bool is_file_lru(enum lru_list lru)
{
	return lru == LRU_INACTIVE_FILE || lru == LRU_ACTIVE_FILE;
}
static inline bool is_active_lru(enum lru_list lru)
{
	return lru == LRU_ACTIVE_ANON || lru == LRU_ACTIVE_FILE;
}

#endif
