// SPDX-License-Identifier: MIT
/*
 * Per-CPU counters. Invariant: value = count + sum of counters[cpu]; |counters[cpu]| < batch of its last
 * addition. An addition is on its own CPU with interrupts off, so interrupts may count too.
 */
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/errno.h>
#include <mm/percpu_alloc.h>
#include <seam/irqflags.h>
#include <sync/percpu_counter.h>

int percpu_counter_batch = 32;

int percpu_counter_init(struct percpu_counter *fbc, s64 amount, gfp_t gfp)
{
	spin_lock_init(&fbc->lock, LOCK_PERCPU_COUNTER);
	fbc->count = amount;
	fbc->counters = alloc_percpu_gfp(s32, gfp);
	return fbc->counters ? 0 : -ENOMEM;
}

void percpu_counter_destroy(struct percpu_counter *fbc)
{
	if (!fbc->counters)
		return;
	free_percpu(fbc->counters);
	fbc->counters = NULL;
}

void percpu_counter_add_batch(struct percpu_counter *fbc, s64 amount, s32 batch)
{
	unsigned long flags;
	s64 sum = amount;
	s32 *mine = NULL;

	local_irq_save(flags);
	if (likely(fbc->counters)) {
		mine = this_cpu_ptr(fbc->counters);
		sum += READ_ONCE(*mine);
		if (likely(sum > -batch && sum < batch)) {
			WRITE_ONCE(*mine, (s32)sum);
			local_irq_restore(flags);
			return;
		}
	}
	spin_lock(&fbc->lock);
	WRITE_ONCE(fbc->count, fbc->count + sum);
	if (mine)
		WRITE_ONCE(*mine, 0);
	spin_unlock(&fbc->lock);
	local_irq_restore(flags);
}

s64 __percpu_counter_sum(struct percpu_counter *fbc)
{
	unsigned long flags;
	unsigned int cpu;
	s64 sum;

	spin_lock_irqsave(&fbc->lock, flags);
	sum = fbc->count;
	if (fbc->counters)
		for_each_possible_cpu (cpu)
			sum += READ_ONCE(*per_cpu_ptr(fbc->counters, cpu));
	spin_unlock_irqrestore(&fbc->lock, flags);
	return sum;
}

int __percpu_counter_compare(struct percpu_counter *fbc, s64 rhs, s32 batch)
{
	s64 count = percpu_counter_read(fbc), slack = (s64)batch * num_online_cpus();

	if (count - rhs > slack)
		return 1;
	if (rhs - count > slack)
		return -1;
	count = __percpu_counter_sum(fbc);
	return count > rhs ? 1 : count < rhs ? -1 : 0;
}
