// SPDX-License-Identifier: MIT
/*
 * Which policy decides: of the nodes one, chosen at boot (reclaim=NAME) or in /sys/kernel/mm/lru_gen; of a control group its own
 * (memory.reclaim_policy, mm/memcg/policy.c).
 *
 *	lruvec->policy		read at the beginning of each pass, and whenever a page is judged
 *
 * A change needs no page to be moved: the classes are in the flags of the pages (lru.c), for all policies, and what a policy keeps
 * besides it makes in ->start(), from the classes, while the one before still works.
 */
#include <base/string.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <mm/reclaim.h>
#include <mm/zone.h>
#include <sync/mutex.h>
#include "reclaim_internal.h"

const struct reclaim_ops *reclaim_policies[MAX_RECLAIM_POLICIES + 1] = { &classic_reclaim_ops };
const struct reclaim_ops *reclaim_ops = &classic_reclaim_ops;
DEFINE_MUTEX(reclaim_policy_mutex, LOCK_RECLAIM_POLICY);

static char wanted[16]; /* reclaim=NAME */

static int __init setup_reclaim(char *name)
{
	strscpy(wanted, name, sizeof(wanted));
	return 0;
}
early_param("reclaim", setup_reclaim);

void reclaim_policy_register(const struct reclaim_ops *ops)
{
	int i = 0;

	while (reclaim_policies[i])
		i++;
	if (i < MAX_RECLAIM_POLICIES)
		reclaim_policies[i] = ops;
	else
		pr_err("reclaim: no room for policy \"%s\"\n", ops->name);
}

const struct reclaim_ops *reclaim_policy_find(const char *name)
{
	int i = 0;

	while (reclaim_policies[i] && strcmp(reclaim_policies[i]->name, name))
		i++;
	return reclaim_policies[i];
}

int reclaim_policy_start(const struct reclaim_ops *ops, struct lruvec *lruvec)
{
	return ops->start ? ops->start(lruvec) : 0;
}

void reclaim_policy_set(const struct reclaim_ops *ops, struct lruvec *lruvec)
{
	smp_store_release(&lruvec->policy, ops); /* after what start() made */
}

/* => reclaim_policy_mutex */
static void set_nodes(const struct reclaim_ops *ops)
{
	const struct lruvec_ops *groups = NULL;
	struct pglist_data *pgdat;

	WRITE_ONCE(reclaim_ops, ops);
	for_each_online_pgdat(pgdat)
	{
		reclaim_policy_set(ops, &pgdat->__lruvec);
		groups = READ_ONCE(pgdat->__lruvec.ops);
	}
	if (groups)
		groups->policy_changed();
}

int reclaim_choose(const struct reclaim_ops *ops)
{
	struct pglist_data *pgdat;
	int err = 0;

	mutex_lock(&reclaim_policy_mutex);
	for_each_online_pgdat(pgdat)
	{
		if (!err)
			err = reclaim_policy_start(ops, &pgdat->__lruvec);
	}
	if (!err)
		set_nodes(ops);
	mutex_unlock(&reclaim_policy_mutex);
	return err;
}

void reclaim_choose_wanted(void)
{
	const struct reclaim_ops *ops = *wanted ? reclaim_policy_find(wanted) : NULL;

	if (*wanted && !ops)
		pr_warn("reclaim: no policy \"%s\"\n", wanted);
	if (ops && reclaim_choose(ops))
		pr_err("reclaim: no memory for policy \"%s\"\n", ops->name);
}
