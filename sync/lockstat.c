// SPDX-License-Identifier: MIT
/*
 * Lock statistics of builds with LOCKSTAT=1. No code otherwise.
 *
 * 1 Each task keeps a stack of the locks it holds (task->lockstat_held), as the lock checks of a debug build do, and
 *   uses their hooks. An entry notes when the lock was asked for; a path that waits says so (lock_contended,
 *   lock_acquired); at the release the time since then is the hold time.
 * 2 Counts are per CPU and rank, added at the release with interrupts off, and folded when read.
 * 3 A bounce is a holder on another CPU than the holder before it. Who was that is kept in last_holder[], found
 *   by the lock's address, written by the holder alone; two locks of one place take turns and miss bounces.
 * 4 The cost is some hundred cycles a lock: hold times are those of this build, not of the other. Contentions,
 *   bounces and acquisitions per operation hold for both.
 * 5 Linux: lock_stat, Documentation/locking/lockstat.rst; classes there, ranks here.
 */
#include <base/compiler.h>
#include <sync/lockstat.h>
#if QUIRE_LOCKSTAT

#include <base/cpumask.h>
#include <base/string.h>
#include <kernel/task.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/timex.h>
#include <sync/ranks.h>

struct lock_stats {
	struct lock_stat v[NR_LOCK_RANKS];
};
static DEFINE_PER_CPU(struct lock_stats, lock_stats);

#define HOLDERS 4096
static struct last_holder {
	u32 lock; /* low half of its address */
	u32 cpu;
} last_holder[HOLDERS];

static const char *const rank_name[NR_LOCK_RANKS] = { [LOCK_UNRANKED] = "UNRANKED",
#define RANK_NAME(name, kind, what) [LOCK_##name] = #name,
						      LOCK_RANKS(RANK_NAME)
#undef RANK_NAME
};

static struct lockstat_held *find_held(const void *lock)
{
	struct task_struct *me = current;

	for (int i = me->lockstat_depth - 1; i >= 0; i--)
		if (i < MAX_LOCKSTAT_DEPTH && me->lockstat_held[i].lock == lock)
			return &me->lockstat_held[i];
	return NULL;
}

void lockstat_acquire(const void *lock, unsigned int rank)
{
	struct task_struct *me = current;
	int depth = me->lockstat_depth++;

	barrier(); /* an interrupt uses the place above */
	if (depth < MAX_LOCKSTAT_DEPTH)
		me->lockstat_held[depth] =
			(struct lockstat_held){ .lock = lock, .since = rdtsc(), .rank = rank };
}

void lock_contended(const void *lock)
{
	struct lockstat_held *h = find_held(lock);

	if (h)
		h->contended = true;
}

void lock_acquired(const void *lock)
{
	struct lockstat_held *h = find_held(lock);
	u64 now = rdtsc();

	if (!h)
		return;
	h->waited = now - h->since;
	h->since = now;
}

static void drop(struct lockstat_held *h)
{
	struct task_struct *me = current;
	struct lockstat_held *top = &me->lockstat_held[me->lockstat_depth - 1];

	for (; h < top; h++)
		*h = h[1];
	me->lockstat_depth--;
}

/* => its holder, interrupts off */
static bool bounced(const void *lock)
{
	unsigned long address = (unsigned long)lock;
	struct last_holder *last = &last_holder[(address >> 2 ^ address >> 14) % HOLDERS];
	bool other = last->lock == (u32)address && last->cpu != smp_processor_id();

	*last = (struct last_holder){ (u32)address, smp_processor_id() };
	return other;
}

static void note_time(u64 time, u64 *min, u64 *max, u64 *total)
{
	if (!*total || time < *min)
		*min = time;
	if (time > *max)
		*max = time;
	*total += time;
}

static void account(const struct lockstat_held *h)
{
	struct lock_stat *s = &this_cpu_ptr(&lock_stats)->v[h->rank];
	bool bounce = bounced(h->lock);

	s->acquisitions++;
	s->acq_bounces += bounce;
	note_time(rdtsc() - h->since, &s->hold_min, &s->hold_max, &s->hold_total);
	if (!h->contended)
		return;
	s->contentions++;
	s->con_bounces += bounce;
	note_time(h->waited, &s->wait_min, &s->wait_max, &s->wait_total);
}

void lockstat_release(const void *lock)
{
	struct lockstat_held *h;
	unsigned long flags;

	local_irq_save(flags);
	h = find_held(lock);
	if (h) {
		account(h);
		drop(h);
	} else if (current->lockstat_depth > MAX_LOCKSTAT_DEPTH) {
		current->lockstat_depth--;
	}
	local_irq_restore(flags);
}

void lockstat_abandon(const void *lock)
{
	struct lockstat_held *h = find_held(lock);

	if (h)
		drop(h);
}

static void fold_time(u64 min, u64 max, u64 total, u64 *to_min, u64 *to_max, u64 *to_total)
{
	if (total && (!*to_total || min < *to_min))
		*to_min = min;
	if (max > *to_max)
		*to_max = max;
	*to_total += total;
}

const char *lockstat_read(unsigned int rank, struct lock_stat *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu (cpu) {
		const struct lock_stat *s = &per_cpu(lock_stats, cpu).v[rank];

		sum->con_bounces += s->con_bounces;
		sum->contentions += s->contentions;
		sum->acq_bounces += s->acq_bounces;
		sum->acquisitions += s->acquisitions;
		fold_time(s->wait_min, s->wait_max, s->wait_total, &sum->wait_min, &sum->wait_max,
			  &sum->wait_total);
		fold_time(s->hold_min, s->hold_max, s->hold_total, &sum->hold_min, &sum->hold_max,
			  &sum->hold_total);
	}
	return rank_name[rank];
}

/* What other CPUs add meanwhile may be lost. */
void lockstat_clear(void)
{
	int cpu;

	for_each_possible_cpu (cpu)
		memset(&per_cpu(lock_stats, cpu), 0, sizeof(struct lock_stats));
}

#endif
