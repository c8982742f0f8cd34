/* SPDX-License-Identifier: MIT */
/* The sets of CPUs and of nodes that the machine has. */
#include <base/cpumask.h>
#include <base/nodemask.h>

struct cpumask __cpu_possible_mask, __cpu_present_mask, __cpu_online_mask;
unsigned int nr_cpu_ids = 1;

static const struct cpumask one_cpu[NR_CPUS] = {
#define ONE(n)	   [n] = { { [(n) / 64] = 1UL << ((n) % 64) } }
#define FOUR(n)	   ONE(n), ONE((n) + 1), ONE((n) + 2), ONE((n) + 3)
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)
	SIXTEEN(0),
	SIXTEEN(16),
	SIXTEEN(32),
	SIXTEEN(48),
};

const struct cpumask *cpumask_of(unsigned int cpu)
{
	return &one_cpu[cpu];
}

void set_nr_cpu_ids(unsigned int nr)
{
	nr_cpu_ids = nr;
}

static void set_in(struct cpumask *mask, unsigned int cpu, bool yes)
{
	if (yes)
		cpumask_set_cpu(cpu, mask);
	else
		cpumask_clear_cpu(cpu, mask);
}

void set_cpu_possible(unsigned int cpu, bool yes)
{
	set_in(&__cpu_possible_mask, cpu, yes);
}

void set_cpu_present(unsigned int cpu, bool yes)
{
	set_in(&__cpu_present_mask, cpu, yes);
}

void set_cpu_online(unsigned int cpu, bool yes)
{
	set_in(&__cpu_online_mask, cpu, yes);
}
