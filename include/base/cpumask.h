/* SPDX-License-Identifier: MIT */
/* Sets of CPUs. CPU numbers run from 0 to nr_cpu_ids - 1; a search that finds none answers >= nr_cpu_ids. */
#ifndef QUIRE_BASE_CPUMASK_H
#define QUIRE_BASE_CPUMASK_H

#include <base/bitmap.h>

#ifndef NR_CPUS
#define NR_CPUS 64
#endif

struct cpumask {
	DECLARE_BITMAP(bits, NR_CPUS);
};
typedef struct cpumask cpumask_var_t[1];

/* possible: numbered at boot; present: there; online: running. */
extern struct cpumask __cpu_possible_mask, __cpu_present_mask, __cpu_online_mask;
#define cpu_possible_mask	((const struct cpumask *)&__cpu_possible_mask)
#define cpu_present_mask	((const struct cpumask *)&__cpu_present_mask)
#define cpu_online_mask		((const struct cpumask *)&__cpu_online_mask)

extern unsigned int nr_cpu_ids;		/* one past the highest possible CPU; at least 1 */
void set_nr_cpu_ids(unsigned int nr);
#define cpumask_bits(m)		((m)->bits)
#define cpumask_pr_args(m)	(int)nr_cpu_ids, cpumask_bits(m)

#define CPU_MASK_NONE		{ { 0 } }
#define CPU_MASK_ALL		{ { [0 ... BITS_TO_LONGS(NR_CPUS) - 1] = ~0UL } }
const struct cpumask *cpumask_of(unsigned int cpu);

static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *m) { set_bit(cpu, m->bits); }
static inline void __cpumask_set_cpu(unsigned int cpu, struct cpumask *m) { __set_bit(cpu, m->bits); }
static inline void cpumask_clear_cpu(unsigned int cpu, struct cpumask *m) { clear_bit(cpu, m->bits); }
static inline void __cpumask_clear_cpu(unsigned int cpu, struct cpumask *m) { __clear_bit(cpu, m->bits); }
static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *m) { return test_bit(cpu, m->bits); }
static inline void cpumask_clear(struct cpumask *m) { bitmap_zero(m->bits, NR_CPUS); }
static inline void cpumask_copy(struct cpumask *d, const struct cpumask *s) { bitmap_copy(d->bits, s->bits, NR_CPUS); }
static inline bool cpumask_and(struct cpumask *d, const struct cpumask *a, const struct cpumask *b) { return bitmap_and(d->bits, a->bits, b->bits, NR_CPUS); }
static inline bool cpumask_andnot(struct cpumask *d, const struct cpumask *a, const struct cpumask *b) { return bitmap_andnot(d->bits, a->bits, b->bits, NR_CPUS); }
static inline void cpumask_or(struct cpumask *d, const struct cpumask *a, const struct cpumask *b) { bitmap_or(d->bits, a->bits, b->bits, NR_CPUS); }
static inline bool cpumask_equal(const struct cpumask *a, const struct cpumask *b) { return bitmap_equal(a->bits, b->bits, NR_CPUS); }
static inline bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b) { return bitmap_intersects(a->bits, b->bits, NR_CPUS); }
static inline bool cpumask_subset(const struct cpumask *a, const struct cpumask *b) { return bitmap_subset(a->bits, b->bits, NR_CPUS); }
static inline bool cpumask_empty(const struct cpumask *m) { return bitmap_empty(m->bits, NR_CPUS); }
static inline unsigned int cpumask_weight(const struct cpumask *m) { return bitmap_weight(m->bits, NR_CPUS); }
static inline unsigned int cpumask_first(const struct cpumask *m) { return find_next_bit(m->bits, NR_CPUS, 0); }
/* After @n; @n may be -1. */
static inline unsigned int cpumask_next(int n, const struct cpumask *m) { return find_next_bit(m->bits, NR_CPUS, n + 1); }
static inline unsigned int cpumask_next_and(int n, const struct cpumask *a, const struct cpumask *b) { return find_next_and_bit(a->bits, b->bits, NR_CPUS, n + 1); }
static inline unsigned int cpumask_first_and(const struct cpumask *a, const struct cpumask *b) { return cpumask_next_and(-1, a, b); }
static inline unsigned int cpumask_any_but(const struct cpumask *m, unsigned int cpu)
{
	unsigned int i = cpumask_first(m);

	return i == cpu ? cpumask_next(i, m) : i;
}

#define for_each_cpu(cpu, mask) \
	for ((cpu) = cpumask_first(mask); (cpu) < NR_CPUS; (cpu) = cpumask_next((cpu), (mask)))
#define for_each_cpu_and(cpu, a, b) \
	for ((cpu) = cpumask_first_and(a, b); (cpu) < NR_CPUS; (cpu) = cpumask_next_and((cpu), (a), (b)))
#define for_each_possible_cpu(cpu)	for_each_cpu((cpu), cpu_possible_mask)
#define for_each_present_cpu(cpu)	for_each_cpu((cpu), cpu_present_mask)
#define for_each_online_cpu(cpu)	for_each_cpu((cpu), cpu_online_mask)

static inline unsigned int num_possible_cpus(void) { return cpumask_weight(cpu_possible_mask); }
static inline unsigned int num_online_cpus(void) { return cpumask_weight(cpu_online_mask); }
static inline bool cpu_online(unsigned int cpu) { return cpumask_test_cpu(cpu, cpu_online_mask); }
static inline bool cpu_possible(unsigned int cpu) { return cpumask_test_cpu(cpu, cpu_possible_mask); }
void set_cpu_possible(unsigned int cpu, bool yes);
void set_cpu_present(unsigned int cpu, bool yes);
void set_cpu_online(unsigned int cpu, bool yes);

#endif
