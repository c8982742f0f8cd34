// SPDX-License-Identifier: MIT
/*
 * Fair scheduling of SCHED_NORMAL, SCHED_BATCH and SCHED_IDLE tasks.
 *
 * 1 Purpose. Among the runnable tasks of a CPU each gets a share of time in proportion to its weight.
 *   Nice 0 weighs 1024; each nice level is a factor of 1.25.
 * 2 Structure. vruntime is the time that a task has run, divided by its weight (in ns of a nice-0
 *   task). Waiting tasks stand in a red-black tree by vruntime; the leftmost has had least and runs
 *   next. The running task is not in the tree, so that a task that goes on running touches no tree,
 *   and a switch costs one insertion (if the old one is still runnable) and one removal.
 * 3 Invariants (cfs_check()):
 *	load == sum of the weights of the queued tasks and the running one
 *	nr_running == nodes of the tree + (1 if the running task is fair)
 *	min_vruntime <= vruntime of the leftmost, and never decreases
 *   A task that wakes is put no further back than half a latency before min_vruntime: it is served
 *   soon, but cannot use up what it saved while asleep. A task between two queues carries vruntime
 *   relative to min_vruntime (it sleeps with the absolute value and is rebased when it wakes elsewhere).
 * 4 Lock: that of the run queue, for everything here.
 * 5 Nothing allocates, nothing fails.
 * 6 Linux 6.1 keeps the same order (kernel/sched/fair.c), with groups, bandwidth and averages over time
 *   that this has not.
 * 7 See /proc/PID/stat, /proc/schedstat.
 */
#include "internal.h"

/* weight[nice + 20] = 1024 * 1.25^-nice, rounded. */
static const unsigned int nice_to_weight[40] = {
	88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921,
	9537,  7629,  6104,  4883,  3906,  3125,  2500,	 2000,	1600,  1280,
	1024,  819,   655,   524,   419,   336,	  268,	 215,	172,   137,
	110,   88,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

#define se_task(s) container_of(s, struct task_struct, se)

void init_cfs_rq(struct cfs_rq *cfs)
{
	cfs->tasks = RB_ROOT_CACHED;
	cfs->min_vruntime = -(1ULL << 20); /* wraps early, so that a mistake shows early */
}

void set_load_weight(struct task_struct *p)
{
	unsigned long w = idle_policy(p->policy)
				  ? IDLE_POLICY_WEIGHT
				  : nice_to_weight[PRIO_TO_NICE(p->static_prio) - MIN_NICE];

	p->se.weight = w;
	p->se.inv_weight = (1UL << 32) / w;
}

/* @delta ns of real time in the virtual time of @se. */
static inline u64 calc_delta_fair(u64 delta, const struct sched_entity *se)
{
	if (likely(se->weight == NICE_0_WEIGHT))
		return delta;
	return (unsigned __int128)delta * se->inv_weight >> 22;
}

static inline struct sched_entity *leftmost(struct cfs_rq *cfs)
{
	struct rb_node *n = rb_first_cached(&cfs->tasks);

	return n ? rb_entry(n, struct sched_entity, run_node) : NULL;
}

static inline bool is_fair(const struct task_struct *p)
{
	return p->prio >= MAX_RT_PRIO && !(p->flags & PF_IDLE);
}

static void update_min_vruntime(struct rq *rq)
{
	struct cfs_rq *cfs = &rq->cfs;
	struct task_struct *curr = rq->curr;
	struct sched_entity *left = leftmost(cfs);
	u64 v = cfs->min_vruntime;

	if (is_fair(curr) && curr->se.on_rq) {
		v = curr->se.vruntime;
		if (left && (s64)(left->vruntime - v) < 0)
			v = left->vruntime;
	} else if (left) {
		v = left->vruntime;
	}
	if ((s64)(v - cfs->min_vruntime) > 0)
		WRITE_ONCE(cfs->min_vruntime, v);
}

/* Charge the running task for the time since it was last charged. => rq->clock is up to date */
void update_curr(struct rq *rq)
{
	struct sched_entity *se = &rq->curr->se;
	s64 delta = rq->clock - se->exec_start;

	if (delta <= 0)
		return;
	se->exec_start = rq->clock;
	se->sum_exec_runtime += delta;
	if (likely(is_fair(rq->curr))) {
		se->vruntime += calc_delta_fair(delta, se);
		update_min_vruntime(rq);
	}
}

static void tree_insert(struct cfs_rq *cfs, struct sched_entity *se)
{
	struct rb_node **link = &cfs->tasks.rb_root.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if ((s64)(se->vruntime -
			  rb_entry(parent, struct sched_entity, run_node)->vruntime) < 0) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&se->run_node, parent, link);
	rb_insert_color_cached(&se->run_node, &cfs->tasks, first);
}

/* Where a task that was not runnable begins. */
static void place(struct cfs_rq *cfs, struct sched_entity *se, bool initial)
{
	u64 v = cfs->min_vruntime;

	if (initial)
		v += calc_delta_fair(SCHED_MIN_GRAN_NS, se); /* not before those who wait already */
	else
		v -= SCHED_LATENCY_NS / 2;
	/* Never backwards: no gain from short sleeps. A very long sleep may look like the future. */
	if ((s64)(v - se->vruntime) > 0 || (s64)(se->vruntime - v) > (s64)(1LL << 40))
		se->vruntime = v;
}

void enqueue_fair(struct rq *rq, struct task_struct *p, int flags)
{
	struct cfs_rq *cfs = &rq->cfs;
	struct sched_entity *se = &p->se;

	update_curr(rq);
	if (flags & ENQUEUE_MIGRATED)
		se->vruntime += cfs->min_vruntime;
	if (flags & (ENQUEUE_WAKEUP | ENQUEUE_INITIAL))
		place(cfs, se, flags & ENQUEUE_INITIAL);
	cfs->load += se->weight;
	cfs->nr_running++;
	if (idle_policy(p->policy))
		cfs->idle_nr_running++;
	se->on_rq = true;
	if (p != rq->curr)
		tree_insert(cfs, se);
	else
		se->exec_start = rq->clock;
}

void dequeue_fair(struct rq *rq, struct task_struct *p, int flags)
{
	struct cfs_rq *cfs = &rq->cfs;
	struct sched_entity *se = &p->se;

	update_curr(rq);
	if (p != rq->curr)
		rb_erase_cached(&se->run_node, &cfs->tasks);
	se->on_rq = false;
	cfs->load -= se->weight;
	cfs->nr_running--;
	if (idle_policy(p->policy))
		cfs->idle_nr_running--;
	if (flags & DEQUEUE_MIGRATE)
		se->vruntime -= cfs->min_vruntime;
}

/*
 * The fair task to run next: @prev itself if it is fair, still runnable and has had least.
 * Takes the chosen one out of the tree and puts @prev into it. NULL: none is runnable.
 */
struct task_struct *pick_next_fair(struct rq *rq, struct task_struct *prev)
{
	struct cfs_rq *cfs = &rq->cfs;
	struct sched_entity *left = leftmost(cfs), *se = &prev->se;
	bool prev_here = is_fair(prev) && se->on_rq;

	if (!left) {
		if (!prev_here)
			return NULL;
		left = se;
	} else if (prev_here && (s64)(se->vruntime - left->vruntime) <= 0) {
		left = se;
	} else {
		rb_erase_cached(&left->run_node, &cfs->tasks);
		if (prev_here)
			tree_insert(cfs, se);
	}
	left->exec_start = rq->clock;
	left->prev_sum_exec_runtime = left->sum_exec_runtime;
	return se_task(left);
}

/* @prev, fair and runnable, loses the CPU to a task of another class. */
void put_prev_fair(struct rq *rq, struct task_struct *prev)
{
	tree_insert(&rq->cfs, &prev->se);
}

/* ns that @p may run in one go. */
u64 slice_fair(struct rq *rq, struct task_struct *p)
{
	u64 period = SCHED_LATENCY_NS;
	u64 slice;

	if (rq->cfs.nr_running > SCHED_LATENCY_NS / SCHED_MIN_GRAN_NS)
		period = rq->cfs.nr_running * SCHED_MIN_GRAN_NS;
	if (!rq->cfs.load)
		return period;
	slice = period * p->se.weight / rq->cfs.load;
	return slice < SCHED_MIN_GRAN_NS ? SCHED_MIN_GRAN_NS : slice;
}

/* @p has become runnable: shall it have the CPU now? */
void check_preempt_fair(struct rq *rq, struct task_struct *p)
{
	struct task_struct *curr = rq->curr;

	if (idle_policy(curr->policy) && !idle_policy(p->policy)) {
		resched_curr(rq);
		return;
	}
	if (p->policy != SCHED_NORMAL)
		return; /* batch and idle tasks never push */
	if ((s64)(curr->se.vruntime - p->se.vruntime) >
	    (s64)calc_delta_fair(SCHED_WAKEUP_GRAN_NS, &p->se))
		resched_curr(rq);
}

void tick_fair(struct rq *rq, struct task_struct *curr)
{
	struct sched_entity *left;
	u64 ran;

	update_curr(rq);
	if (rq->cfs.nr_running < 2)
		return;
	ran = curr->se.sum_exec_runtime - curr->se.prev_sum_exec_runtime;
	left = leftmost(&rq->cfs);
	if (ran >= slice_fair(rq, curr) ||
	    (ran >= SCHED_MIN_GRAN_NS && left &&
	     (s64)(curr->se.vruntime - left->vruntime) > (s64)slice_fair(rq, curr)))
		resched_curr(rq);
}

/* A new task starts from its parent's place; wake_up_new_task() puts it into a queue. */
void fork_fair(struct task_struct *p)
{
	struct sched_entity *se = &p->se;

	se->on_rq = false;
	se->exec_start = 0;
	se->sum_exec_runtime = 0;
	se->prev_sum_exec_runtime = 0;
	se->nr_migrations = 0;
	se->vruntime = 0; /* relative: ENQUEUE_MIGRATED | ENQUEUE_INITIAL follow */
}

/*
 * sched_yield: the one who has waited longest goes first; then it is a matter of vruntime again, as
 * with Linux's CFS. Going behind everybody would cost a turn of each for every call.
 */
void yield_fair(struct rq *rq)
{
	struct sched_entity *se = &rq->curr->se, *left;

	update_curr(rq);
	left = leftmost(&rq->cfs);
	if (left && (s64)(left->vruntime - se->vruntime) >= 0)
		se->vruntime = left->vruntime + 1;
}

/* Invariants of the queue. => rq lock held */
void cfs_check(struct rq *rq)
{
	struct cfs_rq *cfs = &rq->cfs;
	struct rb_node *n;
	unsigned int nr = 0;
	unsigned long load = 0;
	u64 before = 0;

	for (n = rb_first_cached(&cfs->tasks); n; n = rb_next(n)) {
		struct sched_entity *se = rb_entry(n, struct sched_entity, run_node);

		BUG_ON(!se->on_rq || se_task(se) == rq->curr);
		BUG_ON(nr && (s64)(se->vruntime - before) < 0);
		before = se->vruntime;
		load += se->weight;
		nr++;
	}
	if (is_fair(rq->curr) && rq->curr->se.on_rq) {
		load += rq->curr->se.weight;
		nr++;
	}
	BUG_ON(nr != cfs->nr_running);
	BUG_ON(load != cfs->load);
}
