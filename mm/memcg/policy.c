// SPDX-License-Identifier: MIT
/*
 * Which policy of reclaim a group has (memory.reclaim_policy), and whose pages are aged together.
 *
 *	policy(g)	its own; that of its parent, or of the machine, when it was made
 *	apart(g)	policy(g) keeps a state of each lruvec, or is not that of the parent
 *
 * A page is aged with the nearest group above it that is apart, else with its node. Whoever reclaims (a node, or a group at its limit) goes
 * over his own pages and those of the groups below that are not apart with his hands and his policy, and then asks each group below
 * that is apart (shrink_lruvec). So a page has the state of one policy at a time, and where all are classical, which has no state, nothing
 * is done twice.
 *
 * A change moves nothing: see mm/reclaim/policy.c. Pages that become another's, of rmdir, are new to him.
 * Linux 6.1 has one policy for all (lru_gen/enabled), and a state of each group always. Observe: memory.reclaim_policy, debugfs lru_gen.
 */
#include <base/string.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include "memcg_internal.h"

static unsigned int nr_apart; /* reclaim_policy_mutex; read without */

const struct reclaim_ops *memcg_policy(const struct mem_cgroup *memcg)
{
	return memcg ? READ_ONCE(memcg->nodeinfo[0].lruvec.policy) : READ_ONCE(reclaim_ops);
}

bool memcg_is_aged_with(const struct mem_cgroup *memcg, const struct mem_cgroup *root)
{
	while (memcg != root && memcg && !READ_ONCE(memcg->apart))
		memcg = memcg->parent;
	return memcg == root;
}

bool memcg_any_apart(void)
{
	return READ_ONCE(nr_apart);
}

/* => reclaim_policy_mutex */
static void set_apart(struct mem_cgroup *memcg, bool apart)
{
	nr_apart += apart - memcg->apart;
	WRITE_ONCE(memcg->apart, apart);
}

static void update_apart(struct mem_cgroup *memcg)
{
	const struct reclaim_ops *policy = memcg_policy(memcg);

	set_apart(memcg, policy->start || policy != memcg_policy(memcg->parent));
}

/* @parent (NULL: the machine) has another policy. => reclaim_policy_mutex */
static void update_children(const struct mem_cgroup *parent)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	list_for_each_entry_rcu (memcg, &all_memcgs, node)
		if (memcg->parent == parent && !READ_ONCE(memcg->dead))
			update_apart(memcg);
	rcu_read_unlock();
}

void memcg_machine_policy_changed(void)
{
	update_children(NULL);
}

/* => reclaim_policy_mutex */
static int change(struct mem_cgroup *memcg, const struct reclaim_ops *policy)
{
	int err = 0;

	for (unsigned int nid = 0; nid < nr_node_ids && !err; nid++)
		err = reclaim_policy_start(policy, &memcg->nodeinfo[nid].lruvec);
	for (unsigned int nid = 0; nid < nr_node_ids && !err; nid++)
		reclaim_policy_set(policy, &memcg->nodeinfo[nid].lruvec);
	if (!err)
		update_apart(memcg);
	return err;
}

int memcg_choose_policy(struct mem_cgroup *memcg, const struct reclaim_ops *policy)
{
	int err = 0;

	mutex_lock(&reclaim_policy_mutex);
	if (policy != memcg_policy(memcg))
		err = change(memcg, policy);
	if (!err)
		update_children(memcg);
	mutex_unlock(&reclaim_policy_mutex);
	return err;
}

int memcg_policy_inherit(struct mem_cgroup *memcg)
{
	int err;

	mutex_lock(&reclaim_policy_mutex);
	err = change(memcg, memcg_policy(memcg->parent));
	if (!err)
		memcg_enlist(memcg);
	mutex_unlock(&reclaim_policy_mutex);
	return err;
}

void memcg_policy_leave(struct mem_cgroup *memcg)
{
	mutex_lock(&reclaim_policy_mutex);
	set_apart(memcg, false);
	mutex_unlock(&reclaim_policy_mutex);
}

void memcg_policy_free(struct mem_cgroup *memcg)
{
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		kfree(memcg->nodeinfo[nid].lruvec.gen);
}
