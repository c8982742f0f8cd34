/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/memcg. */
#ifndef MEMCG_INTERNAL_H
#define MEMCG_INTERNAL_H

#include <mm/memcontrol.h>
#include <mm/vmstat.h>

#define NR_MEMCG_IDS	   65536u
#define MEMCG_CHARGE_BATCH 64ul /* pages */

/* ---- ids.c: a u16 for each frame ---- */
int frame_ids_init(void);			/* 0 or -ENOMEM; more than once does no harm. May sleep */
u16 frame_id(unsigned long pfn);		/* 0: nobody's */
void frame_id_set(unsigned long pfn, u16 id);
u16 frame_id_clear(unsigned long pfn);		/* what it was */
bool frame_id_clear_if(unsigned long pfn, u16 id);	/* was it @id? Else nothing is done */
/* The frames of @from become @to's. Their number. May sleep. */
unsigned long frame_ids_move(u16 from, u16 to);
/* The first frame from @pfn on, below @end, that is somebody's; or @end. */
unsigned long frame_next_owned(unsigned long pfn, unsigned long end);

/* ---- memcg.c ---- */
struct mem_cgroup *memcg_by_id(u16 id);		/* => RCU, or a frame of it cannot go away */
bool memcg_is_below(const struct mem_cgroup *memcg, const struct mem_cgroup *root);	/* or the same; NULL root: all */
/* @task's group, or NULL for the root. => RCU */
struct mem_cgroup *memcg_of_task(struct task_struct *task);

/* Of number *@id, which may change: the group itself if it was not removed, or the first above it; with a reference, or NULL for the root. */
struct mem_cgroup *memcg_get_living(const u16 *id);
/* The group of current with a reference, or NULL for the root. */
struct mem_cgroup *memcg_get_current(void);
/* @nr pages more, less if negative, in @memcg alone, whatever its limits say. Any context. */
void memcg_change_usage(struct mem_cgroup *memcg, long nr);
/* @nr pages less in @memcg and all above. Any context. */
void memcg_sub_usage(struct mem_cgroup *memcg, unsigned long nr);
/*
 * @nr pages for @memcg and all above: reclaim, or kill, until they fit. False: they do not, and the caller can do without, or comes back
 * when it may wait. May sleep as @gfp says.
 */
bool memcg_charge(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp);
void memcg_put_many(struct mem_cgroup *memcg, long nr);

extern struct list_head all_memcgs;		/* RCU; parents before children */
void memcg_enlist(struct mem_cgroup *memcg);	/* into all_memcgs, until its last reference is put */

/* ---- policy.c ---- */
/* Are @memcg's pages aged with @root's (NULL: the node's)? => RCU */
bool memcg_is_aged_with(const struct mem_cgroup *memcg, const struct mem_cgroup *root);
bool memcg_any_apart(void);
void memcg_machine_policy_changed(void);	/* => reclaim_policy_mutex */
/* A new group has its parent's policy and joins all_memcgs; leaves; has no user any more. 0 or -ENOMEM. May sleep. */
int memcg_policy_inherit(struct mem_cgroup *memcg);
void memcg_policy_leave(struct mem_cgroup *memcg);
void memcg_policy_free(struct mem_cgroup *memcg);

/* ---- stock.c ---- */
/* @nr pages of @memcg from the stock of this CPU. False: it has not got them. */
bool stock_take(struct mem_cgroup *memcg, unsigned long nr);
/* @nr pages of @memcg, charged, become the stock of this CPU. */
void stock_refill(struct mem_cgroup *memcg, unsigned long nr);
/* @nr pages of @memcg are free: for the stock of this CPU if that is @memcg's, or uncharged. Any context. => RCU */
void stock_return(struct mem_cgroup *memcg, unsigned long nr);
/* @bytes from the stock of this CPU if it is of current's group: its number. 0: it has not got them, or current is in the root. */
u16 stock_take_bytes(size_t bytes, enum charged_bytes what, int nid);
/* Of @memcg, @bytes that somebody has now and @rest that goes into the stock were charged; each is a reference. */
void stock_refill_bytes(struct mem_cgroup *memcg, size_t rest, size_t bytes, enum charged_bytes what, int nid);
/* @bytes that somebody had are free: as stock_return(). Any context. */
void stock_return_bytes(struct mem_cgroup *memcg, size_t bytes, enum charged_bytes what, int nid);
/* Uncharge what CPUs have in stock of @memcg and those below; best effort. May sleep. */
void stock_drain_all(struct mem_cgroup *memcg);

/* ---- bytes.c ---- */
void memcg_bytes_start(void);
/* @bytes of charged pages of @memcg are nobody's: whole pages are uncharged. The references stay the caller's. Any context. */
void memcg_return_bytes(struct mem_cgroup *memcg, unsigned long bytes);
/* Objects that only @memcg and those below pay for and nobody uses go. Pages that come back by that, about. May sleep as @gfp says. */
unsigned long memcg_shrink_slab(struct mem_cgroup *memcg, gfp_t gfp, int priority);

/* ---- high.c ---- */
/* current has just been charged @nr pages for @memcg: it pays if there is too much. May sleep as @gfp says. */
void memcg_check_high(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp);

/* ---- protection.c ---- */
/*
 * Before a pass over @root (NULL: the machine) and what is below, @evictable pages; @last of its reclaim. True: what memory.low
 * protects may go, and events tell so.
 */
bool memcg_calculate_protection(struct mem_cgroup *root, unsigned long evictable, bool last);
/* Are @memcg's frames passed over? => RCU */
bool memcg_is_protected(const struct mem_cgroup *memcg, bool desperate);

/* ---- swap.c ---- */
void memcg_swap_start(void);
unsigned long memcg_swap_room(const struct mem_cgroup *memcg);	/* slots that it could still get */

/* ---- zswap.c, for swap_owner_ops ---- */
bool memcg_may_zswap(u16 id);
void memcg_charge_zswap(u16 id, long bytes, int pages);

/* ---- reclaim.c ---- */
/*
 * As memcg_reclaim(), added up in @tried, which may be NULL. *@found false: there was nothing that could be reclaimed; that holds for MEMCG_NOTHING_TICKS, in which nobody looks
 * again, since many tasks at the limit of a group would do nothing else.
 */
#define MEMCG_NOTHING_TICKS (HZ / 50)
unsigned long memcg_try_reclaim(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp, bool *found,
				struct reclaim_tries *tried);
/* Evict about @nr pages, of whomever; counted as what a group reclaims from itself. Pages reclaimed. May sleep. */
unsigned long memcg_reclaim_machine(unsigned long nr);
void memcg_lruvec_init(struct mem_cgroup *memcg);
void memcg_watch_nodes(bool on);

/* ---- events.c, for lruvec_ops ---- */
void memcg_count_event(unsigned long pfn, unsigned int item, unsigned long nr);
void memcg_count_workingset(unsigned long pfn, unsigned int item, unsigned long nr);
/* Looked at by groups that reclaimed from themselves, of active classes. */
extern atomic_long_t memcg_refilled;
/* Of @memcg (NULL: the machine), the groups below included. */
unsigned long memcg_event_sum(const struct mem_cgroup *memcg, enum vm_event_item item);
unsigned long memcg_workingset(const struct mem_cgroup *memcg, unsigned int nid, enum node_stat_item item);
/* => RCU: the group that a page in frame @pfn is charged to, none that was removed; or NULL */
struct mem_cgroup *memcg_of_frame(unsigned long pfn);

/* ---- oom.c ---- */
/* Kill somebody below @memcg, which has no @nr pages of room though reclaim @tried. True: try again. May sleep. */
bool memcg_out_of_memory(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp,
			 const struct reclaim_tries *tried);

#endif
