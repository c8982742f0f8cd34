/* SPDX-License-Identifier: MIT */
/* Lists of objects in the order of their last use, one per memory node. Theory: mm/slab/list_lru.c. */
#ifndef QUIRE_MM_LIST_LRU_H
#define QUIRE_MM_LIST_LRU_H

#include <base/types.h>
#include <base/list.h>
#include <sync/spinlock.h>
#include <mm/shrinker.h>

struct list_lru_node;

struct list_lru {
	struct list_lru_node *node;	/* [nr_node_ids] */
};

/* What the callback of a walk did with the object it was shown. */
enum lru_status {
	LRU_REMOVED,		/* took it off by list_lru_isolate() or ..._move() */
	LRU_REMOVED_RETRY,	/* so, and dropped and retook the lock meanwhile */
	LRU_ROTATE,		/* used lately: to the young end */
	LRU_SKIP,		/* leave it where it is */
	LRU_RETRY,		/* left it, but dropped and retook the lock: start again from the old end */
};

/* => the lock of the list held, which is @lock. */
typedef enum lru_status (*list_lru_walk_cb)(struct list_head *item, struct list_lru *lru, int nid,
					    spinlock_t *lock, void *arg);

/* 0 or -ENOMEM. May sleep. */
int list_lru_init(struct list_lru *lru);
/* => all lists empty. */
void list_lru_destroy(struct list_lru *lru);

/* Put @item, from slab memory, at the young end of the list of its node. False: it is on a list already.
 * Any context that may take a spinlock. */
bool list_lru_add(struct list_lru *lru, struct list_head *item);
/* Take it off; false: it was on none. */
bool list_lru_del(struct list_lru *lru, struct list_head *item);

/* For callbacks only: off the list, or over to @head. The caller's count is kept right. */
void list_lru_isolate(struct list_lru *lru, int nid, struct list_head *item);
void list_lru_isolate_move(struct list_lru *lru, int nid, struct list_head *item, struct list_head *head);

/* Objects on the lists: of one node, of all. */
unsigned long list_lru_count_node(struct list_lru *lru, int nid);
unsigned long list_lru_count(struct list_lru *lru);
/* Show @isolate up to *@nr_to_walk objects, oldest first; the number removed. *@nr_to_walk is used up. */
unsigned long list_lru_walk_node(struct list_lru *lru, int nid, list_lru_walk_cb isolate, void *arg,
				 unsigned long *nr_to_walk);
/* The same of those objects that @memcg, or a group below it, pays for (NULL: all); *@nr_to_walk counts only them. */
unsigned long list_lru_walk_memcg(struct list_lru *lru, int nid, const struct mem_cgroup *memcg, list_lru_walk_cb isolate,
				  void *arg, unsigned long *nr_to_walk);
/* The same over all nodes in turn. */
unsigned long list_lru_walk(struct list_lru *lru, list_lru_walk_cb isolate, void *arg,
			    unsigned long nr_to_walk);

/* The two calls of a shrinker. */
static inline unsigned long list_lru_shrink_count(struct list_lru *lru, struct shrink_control *sc)
{
	return list_lru_count_node(lru, sc->nid);
}
static inline unsigned long list_lru_shrink_walk(struct list_lru *lru, struct shrink_control *sc,
						 list_lru_walk_cb isolate, void *arg)
{
	return list_lru_walk_memcg(lru, sc->nid, sc->memcg, isolate, arg, &sc->nr_to_scan);
}

/* BUG() when a count differs from the length of its list. */
void list_lru_check(struct list_lru *lru);

#endif
