/* SPDX-License-Identifier: MIT */
/*
 * Reclaim: giving pages back that are not needed soon. Theory: mm/reclaim/vmscan.c (what to take), kswapd.c (when),
 * workingset.c (what was taken by mistake).
 */
#ifndef QUIRE_MM_RECLAIM_H
#define QUIRE_MM_RECLAIM_H

#include <base/types.h>
#include <mm/lru.h>
#include <mm/swap.h>
#include <seam/pgtable.h>

struct address_space;
struct mutex;
struct pglist_data;
struct seq_file;

#define DEF_PRIORITY	 12	/* the first look at 1/4096 of a class, then twice as much each time */
#define SWAP_CLUSTER_MAX 32	/* pages that are isolated at once, and a direct reclaim wants */

/*
 * What becomes of a page that reclaim looks at, and why: X(verdict, words). Those from FOLIO_ACTIVATE_USED on go to the active class.
 */
#define FOLIO_VERDICTS(X)									\
	X(FOLIO_FREED, "freed")									\
	X(FOLIO_WRITTEN, "on its way to swap")							\
	X(FOLIO_KEEP_BUSY, "kept: locked by somebody")						\
	X(FOLIO_KEEP_UNEVICTABLE, "kept: unevictable")						\
	X(FOLIO_KEEP_MAPPED, "kept: mapped, and this reclaim does not unmap")			\
	X(FOLIO_KEEP_USED, "kept: used once, a second chance")					\
	X(FOLIO_KEEP_DIRTY, "kept: dirty, for the flusher")					\
	X(FOLIO_KEEP_WRITEBACK, "kept: being written")						\
	X(FOLIO_KEEP_IMMEDIATE, "kept: being written since the last look")			\
	X(FOLIO_KEEP_NOIO, "kept: the request allows no I/O")					\
	X(FOLIO_KEEP_HELD, "kept: somebody holds a reference")					\
	X(FOLIO_ACTIVATE_USED, "activated: used")						\
	X(FOLIO_ACTIVATE_LOCKED, "activated: of locked memory")					\
	X(FOLIO_ACTIVATE_NO_SLOT, "activated: no slot of swap")					\
	X(FOLIO_ACTIVATE_MAPPED, "activated: an entry could not be taken")			\
	X(FOLIO_ACTIVATE_BUFFERS, "activated: its buffers cannot go")

#define FOLIO_VERDICT_ENUM(verdict, words) verdict,
enum folio_verdict {
	FOLIO_VERDICTS(FOLIO_VERDICT_ENUM)
	NR_FOLIO_VERDICTS,
};

/* What one reclaim wants, may do, and has done. */
struct scan_control {
	struct lruvec *lruvec;		/* whose pages are looked at */
	unsigned long nr_to_reclaim;	/* pages */
	gfp_t gfp_mask;
	unsigned int order;		/* of the request */
	enum zone_type reclaim_idx;	/* highest zone whose pages help */
	int priority;			/* DEF_PRIORITY down to 0 */
	bool kswapd;
	bool of_group;			/* a control group's own: /proc/vmstat tells of it by kind only (pgscan_anon, ...) */
	bool may_unmap, may_swap;
	bool may_deactivate_anon, may_deactivate_file;
	bool skipped_deactivate;	/* an active class was spared */
	bool desperate;			/* this pass takes what is protected in part, too */
	u8 exhausted;			/* 1 << class: a search of this pass went round and found no member */
	unsigned long nr_scanned, nr_reclaimed;
	unsigned long nr_refilled;	/* of active classes, looked at */
	/* Of the pages looked at: */
	unsigned long nr_dirty, nr_writeback, nr_taken;
	unsigned long nr_swapped;	/* written to swap */
	unsigned long nr_writing;	/* of these, not done at once */
	unsigned int batch[NR_FOLIO_VERDICTS];	/* pages of the last batch */
	/* When this pass began: */
	unsigned long reclaimed_before;
	struct swap_written written_before;
};

/*
 * A policy: which pages of a node, or of a control group there, go. Chosen at boot by reclaim=NAME, the generational one also in /sys;
 * of a group in memory.reclaim_policy. docs/policy.md walks through writing one. All may sleep, and are called with PF_MEMALLOC set.
 */
struct reclaim_ops {
	const char *name;
	/* Take sc->nr_to_reclaim pages of @lruvec if 1/2^priority of its members yield them. */
	void (*shrink)(struct lruvec *lruvec, struct scan_control *sc);
	/* kswapd is about to balance the node: see who of @lruvec was used. May be NULL. */
	void (*age)(struct lruvec *lruvec, struct scan_control *sc);
	/*
	 * All below may be NULL. It becomes the policy of @lruvec: 0, or -ENOMEM. A policy that has it keeps a state of each lruvec, so that
	 * pages of groups are aged by themselves.
	 */
	int (*start)(struct lruvec *lruvec);
	/* @folio of @lruvec, isolated, was about to go when an accessed bit was found: it stays, and is not activated. */
	void (*used)(struct lruvec *lruvec, struct folio *folio);
	/* @folio is not needed soon (MADV_COLD). => a reference held; RCU */
	void (*cold)(struct lruvec *lruvec, struct folio *folio);
	/* @folio, locked, is evicted: what shall be remembered with it, 0 .. 3. => RCU */
	unsigned int (*evicted)(struct lruvec *lruvec, struct folio *folio);
	/* It came back, @distance evictions later; @memory is what was remembered. => RCU */
	void (*refault)(struct lruvec *lruvec, struct folio *folio, unsigned int memory, unsigned long distance);
};

/* ---- which policy: mm/reclaim/policy.c ---- */

#define MAX_RECLAIM_POLICIES 8
extern const struct reclaim_ops classic_reclaim_ops, generational_reclaim_ops;
extern const struct reclaim_ops *reclaim_policies[MAX_RECLAIM_POLICIES + 1];	/* ends with NULL */
extern const struct reclaim_ops *reclaim_ops;	/* the machine's */
extern struct mutex reclaim_policy_mutex;
/* @ops may be chosen by its name. => in an initcall before late_initcall */
void reclaim_policy_register(const struct reclaim_ops *ops);
/* NULL: there is none of that name. */
const struct reclaim_ops *reclaim_policy_find(const char *name);
/* Use @ops for the nodes from now on. 0, or what ->start() says; then it stays as it was. May sleep. */
int reclaim_choose(const struct reclaim_ops *ops);
/* What reclaim_choose() and control groups do it with: @ops is ready for @lruvec, and is its policy. => reclaim_policy_mutex */
int reclaim_policy_start(const struct reclaim_ops *ops, struct lruvec *lruvec);
void reclaim_policy_set(const struct reclaim_ops *ops, struct lruvec *lruvec);

/* ---- for policies: mm/reclaim/vmscan.c ---- */

/* Isolate up to @nr (<= SWAP_CLUSTER_MAX) members of @lru and evict those that may go. Pages reclaimed. */
unsigned long shrink_inactive_list(unsigned long nr, struct lruvec *lruvec, struct scan_control *sc, enum lru_list lru);
/* The same of @n folios that lru_isolate() gave to @iso, with all that is counted and traced. */
unsigned long shrink_isolated(struct lruvec *lruvec, struct scan_control *sc, const struct lru_isolation *iso,
			      struct folio **folios, unsigned int n);
/* Others have isolated more of the class than is left: wait a little. Before each isolation; kswapd does not wait. */
void throttle_isolated(struct lruvec *lruvec, struct scan_control *sc, enum lru_list lru);
/* Turn up to @nr members of the active class @lru inactive unless they were used. */
bool shrink_active_list(unsigned long nr, struct lruvec *lruvec, struct scan_control *sc, enum lru_list lru);
/* Evict what may go of @nr (<= SWAP_CLUSTER_MAX) isolated folios; all others are put back. Pages reclaimed. */
unsigned long shrink_folio_list(struct folio **folios, unsigned int nr, struct scan_control *sc);
/* The same for pages that somebody else named (MADV_PAGEOUT): also what was used lately. */
unsigned long reclaim_pages(struct folio **folios, unsigned int nr);
/* Can anonymous pages be evicted at all? */
bool can_reclaim_anon_pages(const struct scan_control *sc);

/* ---- triggers ---- */

/*
 * Around a pass over the classes of @lruvec. The end counts what swap has freed for it, and waits a little when all that it saw is on
 * its way to a disk: has it reclaimed anything? May sleep.
 */
void reclaim_pass_begin(struct lruvec *lruvec, struct scan_control *sc);
bool reclaim_pass_end(struct lruvec *lruvec, struct scan_control *sc);
/* A reclaim of @lruvec is over: note the refaults so far, to see at the next one whether there were more. */
void reclaim_snapshot(struct lruvec *lruvec);
/* Pages of @lruvec and of groups below by priority, of each by its policy. Between the two. */
void shrink_lruvec(struct lruvec *lruvec, struct scan_control *sc);
/* kswapd is about to balance the node of @lruvec. */
void age_lruvec(struct lruvec *lruvec, struct scan_control *sc);
/* Pages of @pgdat by priority, and what shrinkers give. */
void shrink_node(struct pglist_data *pgdat, struct scan_control *sc);
/* How many active pages there may be for each inactive one, of @pages in all. */
unsigned long inactive_ratio(unsigned long pages);

/* vm.zone_reclaim_mode and its shares, percent of a node: mm/reclaim/node_reclaim.c. Call _changed after a change of the mode. */
extern int node_reclaim_mode, sysctl_min_unmapped_ratio, sysctl_min_slab_ratio;
void node_reclaim_mode_changed(void);

/* A thread per node; see kswapd.c. False: it has given the node up, or has nothing to do there, and stays asleep. Any context. */
bool wakeup_kswapd(struct pglist_data *pgdat, gfp_t gfp, unsigned int order, enum zone_type highest_zoneidx);
extern int vm_swappiness;	/* 0 .. 200: what I/O for anonymous pages costs compared with that for files */

/* ---- refaults: mm/reclaim/workingset.c. None sleeps ---- */

/* @folio, locked, is being evicted from @mapping. => xa_lock held, it is still there */
void workingset_eviction(struct folio *folio, struct address_space *mapping);
/* @folio, locked, has come (back) into @mapping, not yet a member of a class: active when it is too soon. @gfp: __GFP_WRITE is no refault */
void workingset_refault(struct folio *folio, struct address_space *mapping, gfp_t gfp);
/* The same for a page with a slot of swap, which leaves or joins the swap cache. */
void workingset_eviction_swap(struct folio *folio, swp_entry_t entry);
void workingset_refault_swap(struct folio *folio, swp_entry_t entry);
/* Pages [start, end] of the file are no more what was evicted: see AS_SHADOWS. */
void workingset_forget(struct address_space *mapping, pgoff_t start, pgoff_t end);
/* A device of swap goes. */
void workingset_forget_swap(unsigned int type);
/* @folio was activated. */
void workingset_activation(struct folio *folio);
/* I/O of @nr pages for @folio's kind: the other kind is preferred for a while. */
void lru_note_cost(struct lruvec *lruvec, bool file, unsigned long nr);
/* At start-up: what workingset_start() cannot make within a reclaim. */
void workingset_init(void);
/* Make room to remember evictions: at the first reclaim. May sleep. */
void workingset_start(void);

/* /proc/mm/reclaim: policy, hands, costs, history. */
int reclaim_proc_show(struct seq_file *m, void *v);

#endif
