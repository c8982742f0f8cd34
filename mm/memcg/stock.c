// SPDX-License-Identifier: MIT
/*
 * A CPU's stock: up to MEMCG_CHARGE_BATCH pages of one group that are charged already and nobody's yet, so that a page more or less is
 * an addition in memory of the CPU's own, and the counters of the group and of those above are touched once in a batch.
 *
 * A stock is used with preemption off and not by interrupts; who drains that of another CPU sends an interrupt, which touches it
 * exactly when it did not interrupt such a section (mm/page/call_cpu.c). A group that is at a limit has them drained before anything is
 * reclaimed for it. A dead group gets none; one that was left, since its CPU could not be interrupted, goes with the next refill.
 *
 * Linux 6.1: mm/memcontrol.c (consume_stock, refill_stock, drain_all_stock).
 */
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <mm/percpu_alloc.h>
#include "../page/call_cpu.h"
#include "memcg_internal.h"

struct stock {
	struct mem_cgroup *memcg; /* with a reference; or NULL */
	unsigned long nr;
};
static DEFINE_PER_CPU(struct stock, stocks);

/* => preemption off */
static void empty(struct stock *stock)
{
	struct mem_cgroup *memcg = stock->memcg;

	if (!memcg)
		return;
	memcg_sub_usage(memcg, stock->nr);
	stock->nr = 0;
	WRITE_ONCE(stock->memcg, NULL);
	memcg_put(memcg);
}

/* Above a batch half of it goes, so that who takes and returns in turn does not come here again at once. => preemption off */
static void add(struct stock *stock, unsigned long nr)
{
	stock->nr += nr;
	if (stock->nr > MEMCG_CHARGE_BATCH) {
		memcg_sub_usage(stock->memcg, stock->nr - MEMCG_CHARGE_BATCH / 2);
		stock->nr = MEMCG_CHARGE_BATCH / 2;
	}
}

bool stock_take(struct mem_cgroup *memcg, unsigned long nr)
{
	struct stock *stock;
	bool has;

	preempt_disable();
	stock = this_cpu_ptr(&stocks);
	has = stock->memcg == memcg && stock->nr >= nr;
	if (has)
		stock->nr -= nr;
	preempt_enable();
	return has;
}

void stock_refill(struct mem_cgroup *memcg, unsigned long nr)
{
	struct stock *stock;

	preempt_disable();
	stock = this_cpu_ptr(&stocks);
	if (READ_ONCE(memcg->dead)) {
		memcg_sub_usage(memcg, nr);
	} else {
		if (stock->memcg != memcg) {
			empty(stock);
			WRITE_ONCE(stock->memcg, memcg_get(memcg));
		}
		add(stock, nr);
	}
	preempt_enable();
}

void stock_return(struct mem_cgroup *memcg, unsigned long nr)
{
	struct stock *stock;

	preempt_disable();
	stock = this_cpu_ptr(&stocks);
	if (in_interrupt() || stock->memcg != memcg)
		memcg_sub_usage(memcg, nr);
	else
		add(stock, nr);
	preempt_enable();
}

static bool has_stock(int cpu, void *memcg)
{
	struct mem_cgroup *its;
	bool has;

	rcu_read_lock();
	its = READ_ONCE(per_cpu_ptr(&stocks, cpu)->memcg);
	has = its && memcg_is_below(its, memcg);
	rcu_read_unlock();
	return has;
}

static void drain_this_cpu(void *memcg)
{
	struct stock *stock = this_cpu_ptr(&stocks);

	if (stock->memcg && memcg_is_below(stock->memcg, memcg))
		empty(stock);
}

void stock_drain_all(struct mem_cgroup *memcg)
{
	call_cpus_unpinned(drain_this_cpu, has_stock, memcg);
}
