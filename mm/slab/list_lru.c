// SPDX-License-Identifier: MIT
/*
 * Lists of objects in the order of their last use: what a shrinker needs to give back the oldest first.
 *
 *	lru->node[nid]: lock, nr, list	  old end <- next ... prev -> young end
 *
 * An object belongs to the list of the node on which its memory lies, so that pressure on one node frees
 * memory there. Objects that are in use again may stay on the list; the walk meets them and rotates them:
 * taking a reference touches no list.
 *
 * Invariants (list_lru_check): nr = length of the list; an object off all lists has an empty list_head.
 * Locks: one spinlock per node, taken inside the locks of the owner of the objects.
 * Failure: only list_lru_init() allocates. Observe: /proc/sys/fs/dentry-state, the debugfs files of shrinkers.
 * Linux 6.1: mm/list_lru.c, which has lists per control group, too. Here a walk for a group passes the objects of others: an object
 * knows who pays for it (owners.c).
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/nodemask.h>
#include <mm/byte_charge.h>
#include <mm/list_lru.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/zone.h>

struct list_lru_node {
	spinlock_t lock;
	unsigned long nr;      /* lock */
	struct list_head list; /* lock */
} ____cacheline_aligned;

int list_lru_init(struct list_lru *lru)
{
	lru->node = kcalloc(nr_node_ids, sizeof(*lru->node), GFP_KERNEL);
	if (!lru->node)
		return -ENOMEM;
	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		spin_lock_init(&lru->node[nid].lock, LOCK_LIST_LRU);
		INIT_LIST_HEAD(&lru->node[nid].list);
	}
	return 0;
}

void list_lru_destroy(struct list_lru *lru)
{
	if (!lru->node)
		return;
	BUG_ON(list_lru_count(lru));
	kfree(lru->node);
	lru->node = NULL;
}

static struct list_lru_node *node_of(struct list_lru *lru, struct list_head *item)
{
	return &lru->node[page_to_nid(virt_to_page(item))];
}

bool list_lru_add(struct list_lru *lru, struct list_head *item)
{
	struct list_lru_node *n = node_of(lru, item);
	bool added = false;

	spin_lock(&n->lock);
	if (list_empty(item)) {
		list_add_tail(item, &n->list);
		n->nr++;
		added = true;
	}
	spin_unlock(&n->lock);
	return added;
}

bool list_lru_del(struct list_lru *lru, struct list_head *item)
{
	struct list_lru_node *n = node_of(lru, item);
	bool removed = false;

	spin_lock(&n->lock);
	if (!list_empty(item)) {
		list_del_init(item);
		n->nr--;
		removed = true;
	}
	spin_unlock(&n->lock);
	return removed;
}

void list_lru_isolate(struct list_lru *lru, int nid, struct list_head *item)
{
	list_del_init(item);
	lru->node[nid].nr--;
}

void list_lru_isolate_move(struct list_lru *lru, int nid, struct list_head *item,
			   struct list_head *head)
{
	list_move_tail(item, head);
	lru->node[nid].nr--;
}

unsigned long list_lru_count_node(struct list_lru *lru, int nid)
{
	return READ_ONCE(lru->node[nid].nr);
}

unsigned long list_lru_count(struct list_lru *lru)
{
	unsigned long sum = 0;

	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		sum += list_lru_count_node(lru, nid);
	return sum;
}

/* One pass from the old end, until the list or the allowance ends; true: begin again. => n->lock held */
static bool walk_once(struct list_lru *lru, int nid, const struct mem_cgroup *memcg,
		      list_lru_walk_cb isolate, void *arg, unsigned long *nr_to_walk,
		      unsigned long *removed)
{
	struct list_lru_node *n = &lru->node[nid];
	struct list_head *item, *next;

	list_for_each_safe (item, next, &n->list) {
		if (!*nr_to_walk)
			return false;
		if (memcg && !byte_charge_is_below(slab_object_owner(item), memcg))
			continue;
		--*nr_to_walk;
		switch (isolate(item, lru, nid, &n->lock, arg)) {
		case LRU_REMOVED:
			++*removed;
			break;
		case LRU_REMOVED_RETRY:
			++*removed;
			return true;
		case LRU_ROTATE:
			list_move_tail(item, &n->list);
			break;
		case LRU_SKIP:
			break;
		case LRU_RETRY:
			return true;
		}
	}
	return false;
}

unsigned long list_lru_walk_memcg(struct list_lru *lru, int nid, const struct mem_cgroup *memcg,
				  list_lru_walk_cb isolate, void *arg, unsigned long *nr_to_walk)
{
	struct list_lru_node *n = &lru->node[nid];
	unsigned long removed = 0;

	spin_lock(&n->lock);
	while (walk_once(lru, nid, memcg, isolate, arg, nr_to_walk, &removed))
		;
	spin_unlock(&n->lock);
	return removed;
}

unsigned long list_lru_walk_node(struct list_lru *lru, int nid, list_lru_walk_cb isolate, void *arg,
				 unsigned long *nr_to_walk)
{
	return list_lru_walk_memcg(lru, nid, NULL, isolate, arg, nr_to_walk);
}

unsigned long list_lru_walk(struct list_lru *lru, list_lru_walk_cb isolate, void *arg,
			    unsigned long nr_to_walk)
{
	unsigned long removed = 0;

	for (unsigned int nid = 0; nid < nr_node_ids && nr_to_walk; nid++)
		removed += list_lru_walk_node(lru, nid, isolate, arg, &nr_to_walk);
	return removed;
}

void list_lru_check(struct list_lru *lru)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		struct list_lru_node *n = &lru->node[nid];
		struct list_head *item;
		unsigned long nr = 0;

		spin_lock(&n->lock);
		list_for_each (item, &n->list)
			nr++;
		BUG_ON(nr != n->nr);
		spin_unlock(&n->lock);
	}
}
