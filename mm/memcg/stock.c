// SPDX-License-Identifier: MIT
/*
 * A CPU's stock: up to MEMCG_CHARGE_BATCH pages of one group that are charged already and nobody's yet, so that a page more or less is
 * an addition in memory of the CPU's own, and the counters of the group and of those above are touched once in a batch. Beside them up
 * to a page of bytes for what is smaller (bytes.c), and how far the group's sums of bytes are behind.
 *
 * A stock is used with preemption off and not by interrupts; who drains that of another CPU sends an interrupt, which touches it
 * exactly when it did not interrupt such a section (mm/page/call_cpu.c). A group that is at a limit has them drained before anything is
 * reclaimed for it. A dead group gets none; one that was left, since its CPU could not be interrupted, goes with the next refill.
 *
 * Linux 6.1: mm/memcontrol.c (consume_stock, refill_stock, drain_all_stock, consume_obj_stock).
 */
#include <base/string.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <kernel/task.h>
#include <mm/percpu_alloc.h>
#include "../page/call_cpu.h"
#include "memcg_internal.h"

struct stock {
	struct mem_cgroup *memcg; /* with a reference; or NULL */
	unsigned long nr;
	unsigned long bytes; /* as many references to memcg, too */
	int nid;
	long owned[NR_CHARGED_BYTES]; /* to be added to bytes_owned of memcg and nid */
};
static DEFINE_PER_CPU(struct stock, stocks);

/* => preemption off; the stock is somebody's */
static void flush_owned(struct stock *stock)
{
	struct mem_cgroup_per_node *info = stock->memcg->nodeinfo + stock->nid;

	for (int i = 0; i < NR_CHARGED_BYTES; i++)
		atomic_long_add(stock->owned[i], &info->bytes_owned[i]);
	memset(stock->owned, 0, sizeof(stock->owned));
}

/* => as above */
static void add_owned(struct stock *stock, long bytes, enum charged_bytes what, int nid)
{
	if (unlikely(stock->nid != nid)) {
		flush_owned(stock);
		stock->nid = nid;
	}
	stock->owned[what] += bytes;
}

/* => preemption off */
static void empty(struct stock *stock)
{
	struct mem_cgroup *memcg = stock->memcg;

	if (!memcg)
		return;
	memcg_sub_usage(memcg, stock->nr);
	memcg_return_bytes(memcg, stock->bytes);
	flush_owned(stock);
	WRITE_ONCE(stock->memcg, NULL);
	memcg_put_many(memcg, (long)stock->bytes + 1);
	stock->nr = stock->bytes = 0;
}

/* => preemption off */
static struct stock *stock_of(struct mem_cgroup *memcg)
{
	struct stock *stock = this_cpu_ptr(&stocks);

	if (stock->memcg != memcg) {
		empty(stock);
		WRITE_ONCE(stock->memcg, memcg_get(memcg));
	}
	return stock;
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
	preempt_disable();
	if (READ_ONCE(memcg->dead))
		memcg_sub_usage(memcg, nr);
	else
		add(stock_of(memcg), nr);
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

/* ---- bytes ---- */

/* Whole pages of them are pages again. => preemption off */
static void add_bytes(struct stock *stock, unsigned long bytes)
{
	unsigned long whole;

	stock->bytes += bytes;
	if (stock->bytes <= PAGE_SIZE)
		return;
	whole = stock->bytes & PAGE_MASK;
	stock->bytes -= whole;
	add(stock, whole >> PAGE_SHIFT);
	memcg_put_many(stock->memcg, (long)whole);
}

u16 stock_take_bytes(size_t bytes, enum charged_bytes what, int nid)
{
	struct stock *stock;
	u16 id = 0;

	preempt_disable();
	stock = this_cpu_ptr(&stocks);
	if (stock->bytes >= bytes && stock->memcg == READ_ONCE(current->memcg)) {
		stock->bytes -= bytes;
		add_owned(stock, (long)bytes, what, nid);
		id = stock->memcg->id;
	}
	preempt_enable();
	return id;
}

void stock_refill_bytes(struct mem_cgroup *memcg, size_t rest, size_t bytes,
			enum charged_bytes what, int nid)
{
	struct stock *stock;

	preempt_disable();
	if (READ_ONCE(memcg->dead)) {
		atomic_long_add((long)bytes, &memcg->nodeinfo[nid].bytes_owned[what]);
		memcg_return_bytes(memcg, rest);
		memcg_put_many(memcg, (long)rest);
	} else {
		stock = stock_of(memcg);
		add_owned(stock, (long)bytes, what, nid);
		add_bytes(stock, rest);
	}
	preempt_enable();
}

void stock_return_bytes(struct mem_cgroup *memcg, size_t bytes, enum charged_bytes what, int nid)
{
	struct stock *stock;

	preempt_disable();
	stock = this_cpu_ptr(&stocks);
	if (in_interrupt() || stock->memcg != memcg) {
		atomic_long_sub((long)bytes, &memcg->nodeinfo[nid].bytes_owned[what]);
		memcg_return_bytes(memcg, bytes);
		memcg_put_many(memcg, (long)bytes);
	} else {
		add_owned(stock, -(long)bytes, what, nid);
		add_bytes(stock, bytes);
	}
	preempt_enable();
}

/* ---- other CPUs ---- */

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
