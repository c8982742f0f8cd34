// SPDX-License-Identifier: MIT
/*
 * Pressure stall information.
 *
 * 1 States of a CPU, of which several can hold at once, from three numbers of its run queue: runnable tasks, tasks that sleep
 *   in I/O, tasks in a memory stall (psi_memstall_enter; asleep or runnable).
 *
 *	io some		somebody sleeps in I/O			full: and nobody is runnable
 *	memory some	somebody is in a memory stall		full: and who is runnable is so, too, or who runs
 *	cpu some	two are runnable			full: never, of the whole machine; of control groups: psi_group.c
 *	nonidle		any of the numbers
 *
 * 2 Time. psi_rq_changed() stands where the numbers change, with the queue locked. A state that begins subtracts the clock from
 *   its time, one that ends adds it, so that states which do not change cost nothing, and one that does an addition.
 * 3 Over CPUs: the times of each are weighted with its nonidle time since the last sum (collect), so that an idle CPU
 *   does not halve a stall. Sums are made every two seconds by the tick (averages), at a reading, and while there are triggers a
 *   tenth of the shortest window apart.
 * 4 Averages decay over 10, 60 and 300 s in steps of 2 s; periods that the machine slept through count as free of stalls.
 * 5 A trigger compares the growth of a total in a sliding window with its threshold, at most one event per window.
 * 6 Locks: the run queue's for psi_group_cpu, with a seqcount for readers; group->lock for the rest, with interrupts off.
 * Linux 6.1: kernel/sched/psi.c (task flags instead of the queue's numbers; a real-time thread instead of the tick).
 * Observe: /proc/pressure. Off with psi=0: there are no files. With a 0 in cgroup.pressure of the root no state of the machine holds: its
 * totals stand still; groups go on.
 */
#include "internal.h"
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/psi.h>
#include <mm/slab.h>
#include <seam/timex.h>

#define PSI_PERIOD_NS	(2 * NSEC_PER_SEC)
#define WINDOW_MIN_US	500000U
#define WINDOW_MAX_US	10000000U
#define UPDATES_PER_WIN 10
/* exp(-2 s / 10, 60, 300 s) in fixed point */
static const unsigned long avg_decay[3] = { 1677, 1981, 2034 };

static DEFINE_PER_CPU(struct psi_group_cpu, system_cpu);
struct psi_group psi_system = {
	.pcpu = &system_cpu,
	.lock = __SPIN_LOCK_UNLOCKED(psi_system.lock, LOCK_PSI),
	.triggers = LIST_HEAD_INIT(psi_system.triggers),
};
bool psi_enabled = true;

static int __init setup_psi(char *text)
{
	return kstrtobool(text, &psi_enabled) ? -EINVAL : 0;
}
early_param("psi", setup_psi);

struct psi_trigger {
	struct list_head node;
	struct psi_group *group;
	enum psi_states state;
	u64 threshold, size; /* ns */
	u64 start, value,
		growth; /* of the window: its begin, the total then; what the one before saw */
	u64 last_event;
	bool pending;
	int event; /* atomic: not taken yet */
	wait_queue_head_t wait;
};

/* ---- states ---- */

void psi_set_states(struct psi_group_cpu *pcpu, u32 mask, u64 now)
{
	write_seqcount_begin(&pcpu->seq);
	for (u32 changed = mask ^ pcpu->state_mask; changed; changed &= changed - 1) {
		int s = __builtin_ctz(changed);

		pcpu->times[s] += (mask >> s & 1) ? -now : now;
	}
	pcpu->state_mask = mask;
	write_seqcount_end(&pcpu->seq);
}

static u32 states_of(const struct rq *rq)
{
	unsigned int running = rq->nr_running, stalled = rq->nr_memstall_running;
	u32 mask = running || psi_rq_stalls(rq) ? 1U << PSI_NONIDLE : 0;

	if (running > 1)
		mask |= 1U << PSI_CPU_SOME;
	if (atomic_read(&rq->nr_iowait))
		mask |= 1U << PSI_IO_SOME | (!running ? 1U << PSI_IO_FULL : 0);
	if (stalled || atomic_read(&rq->nr_memstall_sleeping)) {
		mask |= 1U << PSI_MEM_SOME;
		if (running == stalled || rq->curr->in_memstall)
			mask |= 1U << PSI_MEM_FULL;
	}
	return mask;
}

void psi_rq_toggle(struct rq *rq, enum psi_states state)
{
	struct psi_group_cpu *pcpu = per_cpu_ptr(&system_cpu, rq->cpu);
	u32 mask = rq->psi_mask ^ (1U << state);

	rq->psi_mask = mask;
	write_seqcount_begin(&pcpu->seq);
	pcpu->times[state] += (mask >> state & 1) ? -rq->clock : rq->clock;
	pcpu->state_mask = mask;
	write_seqcount_end(&pcpu->seq);
}

void psi_rq_update(struct rq *rq)
{
	u32 mask = likely(!rq->psi_off) ? states_of(rq) : 0;

	if (mask == rq->psi_mask)
		return;
	rq->psi_mask = mask;
	psi_set_states(per_cpu_ptr(&system_cpu, rq->cpu), mask, rq->clock);
}

/* A sleeper that waited for I/O or memory here wakes elsewhere: what holds here may have ended. */
void psi_sleeper_left(struct rq *rq, struct task_struct *p)
{
	spin_lock(&rq->lock);
	update_rq_clock(rq);
	psi_rq_update(rq);
	if (unlikely(p->psi))
		psi_task_dequeued(rq, p, false);
	spin_unlock(&rq->lock);
}

static void memstall(bool on)
{
	struct rq *rq;

	local_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	current->in_memstall = on;
	rq->nr_memstall_running += on ? 1 : -1;
	update_rq_clock(rq);
	psi_rq_update(rq);
	if (unlikely(current->psi))
		psi_task_queued(rq, current);
	spin_unlock(&rq->lock);
	local_irq_enable();
}

void psi_memstall_enter(unsigned long *flags)
{
	*flags = !psi_enabled || current->in_memstall;
	if (!*flags)
		memstall(true);
}

void psi_memstall_leave(unsigned long *flags)
{
	if (!*flags)
		memstall(false);
}

/* ---- sums ---- */

/* ns that were added to the states of one CPU since the last time. => group->lock held */
static void recent_times(struct psi_group_cpu *pcpu, u64 now, u64 *times)
{
	u64 all[NR_PSI_STATES];
	unsigned int seq;
	u32 mask;

	do {
		seq = read_seqcount_begin(&pcpu->seq);
		memcpy(all, pcpu->times, sizeof(all));
		mask = pcpu->state_mask;
	} while (read_seqcount_retry(&pcpu->seq, seq));
	for (int s = 0; s < NR_PSI_STATES; s++) {
		if (mask >> s & 1)
			all[s] += now;
		/* The clock of the CPU may be a little ahead of ours. */
		times[s] = (s64)(all[s] - pcpu->seen[s]) > 0 ? all[s] - pcpu->seen[s] : 0;
		pcpu->seen[s] += times[s];
	}
}

/* Bring group->total up to @now. => group->lock held */
static void collect(struct psi_group *group, u64 now)
{
	u64 times[NR_PSI_STATES], sum[NR_PSI_STATES - 1] = { 0 }, weights = 0;
	int cpu;

	for_each_online_cpu (cpu) {
		u64 weight;

		recent_times(per_cpu_ptr(group->pcpu, cpu), now, times);
		weight = times[PSI_NONIDLE] / 1024; /* us suffice, and do not overflow */
		weights += weight;
		for (int s = 0; s < NR_PSI_STATES - 1; s++)
			sum[s] += times[s] * weight;
	}
	for (int s = 0; weights && s < NR_PSI_STATES - 1; s++)
		group->total[s] += sum[s] / weights;
}

static unsigned long decayed(unsigned long load, unsigned long exp, unsigned long active)
{
	unsigned long next = load * exp + active * (FIXED_1 - exp);

	return (next + (active >= load ? FIXED_1 - 1 : 0)) / FIXED_1;
}

static void average(unsigned long avg[3], u64 missed, u64 stalled, u64 period)
{
	unsigned long percent = stalled * 100 / period * FIXED_1;

	for (int i = 0; i < 3; i++) {
		for (u64 n = min(missed, (u64)2000); n && avg[i]; n--)
			avg[i] = decayed(avg[i], avg_decay[i], 0);
		avg[i] = decayed(avg[i], avg_decay[i], percent);
	}
}

/* => group->lock held, totals up to date */
static void update_averages(struct psi_group *group, u64 now)
{
	u64 missed, period;

	if (now < group->avg_next_update)
		return;
	missed = (now - group->avg_next_update) / PSI_PERIOD_NS;
	group->avg_next_update += (1 + missed) * PSI_PERIOD_NS;
	period = now - (group->avg_last_update + missed * PSI_PERIOD_NS);
	group->avg_last_update = now;
	for (int s = 0; s < NR_PSI_STATES - 1; s++) {
		u64 sample = min(group->total[s] - group->avg_total[s], period);

		group->avg_total[s] += sample;
		average(group->avg[s], missed, sample, period);
	}
}

static unsigned long spin_psi(struct psi_group *group)
{
	unsigned long flags;

	spin_lock_irqsave(&group->lock, flags);
	return flags;
}

/* ---- triggers ---- */

/* What the window that slides with @now saw grow; the part of the window before counts by its share. */
static u64 window_growth(struct psi_trigger *t, u64 now, u64 value)
{
	u64 elapsed = now - t->start, growth = value - t->value;

	if (elapsed > t->size) {
		t->start = now;
		t->value = value;
		t->growth = growth;
		return growth;
	}
	return growth + t->growth * (t->size - elapsed) / t->size;
}

/* => group->lock held, totals up to date */
static void poll_triggers(struct psi_group *group, u64 now)
{
	struct psi_trigger *t;

	list_for_each_entry (t, &group->triggers, node) {
		if (window_growth(t, now, group->total[t->state]) >= t->threshold)
			t->pending = true;
		if (!t->pending || now < t->last_event + t->size)
			continue;
		t->pending = false;
		t->last_event = now;
		WRITE_ONCE(t->event, 1);
		wake_up_interruptible_poll(&t->wait, EPOLLPRI);
	}
	group->next_poll = now + group->poll_interval;
}

static void tick_group(struct psi_group *group, u64 now)
{
	unsigned long flags;

	if (now < group->avg_next_update && (!group->poll_interval || now < group->next_poll))
		return;
	flags = spin_psi(group);
	collect(group, now);
	update_averages(group, now);
	if (group->poll_interval && now >= group->next_poll)
		poll_triggers(group, now);
	spin_unlock_irqrestore(&group->lock, flags);
}

static LIST_HEAD(groups); /* psi_system.lock, RCU */
static u64 next_tick;	  /* sched_clock(): no group is due before */

static u64 next_of(const struct psi_group *group)
{
	u64 next = READ_ONCE(group->avg_next_update);

	return READ_ONCE(group->poll_interval) ? min(next, READ_ONCE(group->next_poll)) : next;
}

/* Averages of all groups are due at the same times, so that the others of the ticks are a look at the clock. */
void psi_tick(void)
{
	struct psi_group *group;
	u64 now, next;

	if (!psi_enabled)
		return;
	now = sched_clock();
	if (now < READ_ONCE(next_tick))
		return;
	WRITE_ONCE(next_tick, ~0ULL); /* who comes now with a trigger makes it less */
	tick_group(&psi_system, now);
	next = next_of(&psi_system);
	list_for_each_entry_rcu (group, &groups, node) {
		tick_group(group, now);
		next = min(next, next_of(group));
	}
	if (next < READ_ONCE(next_tick))
		WRITE_ONCE(next_tick, next);
}

void psi_group_add(struct psi_group *group)
{
	unsigned long flags = spin_psi(&psi_system);

	group->avg_last_update = sched_clock();
	group->avg_next_update = psi_system.avg_next_update + PSI_PERIOD_NS;
	list_add_rcu(&group->node, &groups);
	spin_unlock_irqrestore(&psi_system.lock, flags);
}

void psi_group_remove(struct psi_group *group)
{
	unsigned long flags = spin_psi(&psi_system);

	list_del_rcu(&group->node);
	spin_unlock_irqrestore(&psi_system.lock, flags);
}

/* => group->lock held */
static void set_poll_interval(struct psi_group *group)
{
	u64 shortest = 0;
	struct psi_trigger *t;

	list_for_each_entry (t, &group->triggers, node)
		if (!shortest || t->size < shortest)
			shortest = t->size;
	group->poll_interval = shortest / UPDATES_PER_WIN;
	WRITE_ONCE(next_tick, 0);
}

/* "some 150000 1000000" */
static int parse_trigger(const char *text, bool *full, unsigned int *threshold,
			 unsigned int *window)
{
	char buf[32], *at = buf, *word;

	strscpy(buf, text, sizeof(buf));
	word = strsep(&at, " ");
	if (strcmp(word, "some") && strcmp(word, "full"))
		return -EINVAL;
	*full = word[0] == 'f';
	word = strsep(&at, " ");
	if (!word || kstrtouint(word, 10, threshold) || !at || kstrtouint(strim(at), 10, window))
		return -EINVAL;
	if (*window < WINDOW_MIN_US || *window > WINDOW_MAX_US || !*threshold ||
	    *threshold > *window)
		return -EINVAL;
	return 0;
}

struct psi_trigger *psi_trigger_create(struct psi_group *group, const char *text, enum psi_res res,
				       bool privileged)
{
	unsigned int threshold, window;
	struct psi_trigger *t;
	unsigned long flags;
	bool full;

	if (!psi_enabled)
		return ERR_PTR(-EOPNOTSUPP);
	if (parse_trigger(text, &full, &threshold, &window) ||
	    (!privileged && window % (PSI_PERIOD_NS / 1000)))
		return ERR_PTR(-EINVAL);
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->group = group;
	t->state = res * 2 + full;
	t->threshold = threshold * 1000ULL;
	t->size = window * 1000ULL;
	init_waitqueue_head(&t->wait);
	flags = spin_psi(group);
	t->start = sched_clock();
	collect(group, t->start);
	t->value = group->total[t->state];
	list_add(&t->node, &group->triggers);
	set_poll_interval(group);
	spin_unlock_irqrestore(&group->lock, flags);
	return t;
}

void psi_trigger_destroy(struct psi_trigger *t)
{
	struct psi_group *group = t->group;
	unsigned long flags = spin_psi(group);

	list_del(&t->node);
	set_poll_interval(group);
	spin_unlock_irqrestore(&group->lock, flags);
	kfree(t);
}

wait_queue_head_t *psi_trigger_wait(struct psi_trigger *t)
{
	return &t->wait;
}

bool psi_trigger_take(struct psi_trigger *t)
{
	return xchg(&t->event, 0);
}

/* ---- files ---- */

int psi_show(struct seq_file *m, struct psi_group *group, enum psi_res res)
{
	unsigned long flags, avg[2][3];
	u64 now, total[2];

	if (!psi_enabled)
		return -EOPNOTSUPP;
	flags = spin_psi(group);
	now = sched_clock();
	collect(group, now);
	update_averages(group, now);
	memcpy(avg, group->avg[res * 2], sizeof(avg));
	memcpy(total, group->total + res * 2, sizeof(total));
	spin_unlock_irqrestore(&group->lock, flags);
	for (int full = 0; full < 2; full++)
		seq_printf(m, "%s avg10=%lu.%02lu avg60=%lu.%02lu avg300=%lu.%02lu total=%llu\n",
			   full ? "full" : "some", LOAD_INT(avg[full][0]), LOAD_FRAC(avg[full][0]),
			   LOAD_INT(avg[full][1]), LOAD_FRAC(avg[full][1]), LOAD_INT(avg[full][2]),
			   LOAD_FRAC(avg[full][2]), total[full] / 1000);
	return 0;
}
