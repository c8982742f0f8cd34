// SPDX-License-Identifier: MIT
/*
 * Work queues.
 *
 * 1 Terms. A work is a function to call soon in a thread. A pool is a list of works and the threads
 *   (workers) that execute them: one pool per CPU, whose workers stay there, and one unbound pool. A work
 *   queue is a name, flags and counts; its works lie in pools.
 * 2 A work is idle, pending (WORK_PENDING: in a pool's list, in the queue's list of inactive works, or with
 *   its timer running) or executing; it may be pending and executing. Two workers never execute the same work:
 *   if it is found executing, it goes to the `scheduled` list of that worker.
 * 3 A worker sleeps when the list is empty. If a pool has works, no idle worker, and has begun none for a
 *   jiffy (all its workers sleep inside works), the manager thread makes one more, up to MAX_WORKERS.
 *   max_active holds for unbound queues (an ordered queue has 1); works above it wait in wq->inactive.
 * 4 Locks. pool->lock (WORKER_POOL, interrupts off) guards lists, workers, starts, and of unbound queues
 *   nr_active and inactive. flush_workqueue() colours works: in_flight[colour] counts those that are queued
 *   or executing; it turns the colour and waits for the old count, one flusher at a time (flush_mutex).
 * 5 Out of memory for a further worker: works wait for the existing ones; nothing is lost.
 * 6 Linux 6.1 (kernel/workqueue.c) counts running workers by hooks in the scheduler, so that it adds one
 *   when another sleeps, and has rescuers; the jiffy of delay here replaces both.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <seam/percpu.h>
#include <sync/kthread.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <sync/wait.h>
#include <sync/workqueue.h>

#define MAX_WORKERS    16 /* per pool */
#define UNBOUND_ACTIVE 16 /* max_active of an unbound queue that names none */

struct worker_pool {
	spinlock_t lock;
	int cpu;		  /* -1: unbound */
	struct list_head pending; /* of work_struct.entry */
	struct list_head idle;	  /* of worker.idle_entry */
	struct list_head workers; /* of worker.node: all */
	int nr_workers, nr_idle;
	unsigned long begun;	    /* works begun, for the manager */
	unsigned long begun_seen;   /* manager only */
	wait_queue_head_t finished; /* somebody waits for a work to begin or end */
};

struct worker {
	struct list_head node, idle_entry;
	struct list_head scheduled; /* works that must follow the current one */
	struct worker_pool *pool;
	struct task_struct *task;
	struct work_struct *current_work;
	unsigned long current_start; /* its starts */
};

struct workqueue_struct {
	struct list_head node;
	char name[24];
	unsigned int flags;
	int max_active;		   /* 0: no limit */
	int nr_active;		   /* unbound pool's lock */
	struct list_head inactive; /* unbound pool's lock */
	unsigned int color;	   /* flush_mutex to change */
	atomic_t in_flight[2];
	wait_queue_head_t drained; /* an in_flight count became 0 */
	struct mutex flush_mutex;
};

static DEFINE_PER_CPU(struct worker_pool, cpu_pool);
static struct worker_pool unbound_pool;
static DEFINE_MUTEX(wq_mutex, LOCK_WORKQUEUE);
static LIST_HEAD(workqueues);
static struct task_struct *manager;
static atomic_t manager_wanted;

static struct workqueue_struct early_wq[6];
struct workqueue_struct *system_wq = &early_wq[0], *system_highpri_wq = &early_wq[1],
			*system_long_wq = &early_wq[2], *system_unbound_wq = &early_wq[3],
			*system_freezable_wq = &early_wq[4],
			*system_power_efficient_wq = &early_wq[5];

/* ---- queueing ---- */

static struct worker_pool *pick_pool(struct workqueue_struct *wq, int cpu)
{
	if (wq->flags & WQ_UNBOUND)
		return &unbound_pool;
	if (cpu < 0)
		cpu = raw_smp_processor_id();
	else if (!cpu_online(cpu))
		return &unbound_pool;
	return per_cpu_ptr(&cpu_pool, cpu);
}

static void call_manager(void)
{
	atomic_set(&manager_wanted, 1);
	if (manager)
		wake_up_process(manager);
}

/* Have somebody look at pool->pending. => pool->lock held */
static void wake_worker(struct worker_pool *pool)
{
	if (!list_empty(&pool->idle))
		wake_up_process(list_first_entry(&pool->idle, struct worker, idle_entry)->task);
	else
		call_manager();
}

/* => pool->lock held, the work is pending and in no list */
static void insert_work(struct worker_pool *pool, struct workqueue_struct *wq,
			struct work_struct *work)
{
	unsigned int color = READ_ONCE(wq->color);

	work->wq = wq;
	work->pool = pool;
	assign_bit(WORK_COLOR, &work->flags, color);
	atomic_inc(&wq->in_flight[color]);
	if (wq->max_active && (wq->flags & WQ_UNBOUND)) {
		if (wq->nr_active >= wq->max_active) {
			list_add_tail(&work->entry, &wq->inactive);
			return;
		}
		wq->nr_active++;
	}
	list_add_tail(&work->entry, &pool->pending);
	wake_worker(pool);
}

/* The work has WORK_PENDING, set by us. */
static void enqueue(int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	struct worker_pool *pool = pick_pool(wq, cpu), *last = READ_ONCE(work->pool);
	unsigned long flags;

	/* If it executes somewhere it must follow there. */
	if (last && last != pool) {
		struct worker *w;

		spin_lock_irqsave(&last->lock, flags);
		list_for_each_entry (w, &last->workers, node)
			if (w->current_work == work)
				pool = last;
		if (pool == last) {
			insert_work(pool, wq, work);
			spin_unlock_irqrestore(&last->lock, flags);
			return;
		}
		spin_unlock_irqrestore(&last->lock, flags);
	}
	spin_lock_irqsave(&pool->lock, flags);
	insert_work(pool, wq, work);
	spin_unlock_irqrestore(&pool->lock, flags);
}

bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	if (test_and_set_bit(WORK_PENDING, &work->flags))
		return false;
	enqueue(cpu, wq, work);
	return true;
}

void delayed_work_timer_fn(struct timer_list *t)
{
	struct delayed_work *dw = container_of(t, struct delayed_work, timer);

	enqueue(dw->cpu, dw->wq, &dw->work);
}

static void start_delay(int cpu, struct workqueue_struct *wq, struct delayed_work *dw,
			unsigned long delay)
{
	if (!delay) {
		enqueue(cpu, wq, &dw->work);
		return;
	}
	dw->wq = wq;
	dw->cpu = cpu;
	mod_timer(&dw->timer, jiffies + delay);
}

bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dw,
			   unsigned long delay)
{
	if (test_and_set_bit(WORK_PENDING, &dw->work.flags))
		return false;
	start_delay(cpu, wq, dw, delay);
	return true;
}

/* ---- executing ---- */

/* A work of @wq has ended or was taken back. => pool->lock held; true: somebody may wait for the count */
static bool work_gone(struct worker_pool *pool, struct workqueue_struct *wq, unsigned int color,
		      bool active)
{
	if (active && wq->max_active && (wq->flags & WQ_UNBOUND)) {
		wq->nr_active--;
		if (!list_empty(&wq->inactive)) {
			struct work_struct *next =
				list_first_entry(&wq->inactive, struct work_struct, entry);

			list_move_tail(&next->entry, &pool->pending);
			wq->nr_active++;
			wake_worker(pool);
		}
	}
	return atomic_dec_and_test(&wq->in_flight[color]);
}

static struct worker *executing_worker(struct worker_pool *pool, struct work_struct *work)
{
	struct worker *w;

	list_for_each_entry (w, &pool->workers, node)
		if (w->current_work == work)
			return w;
	return NULL;
}

/* => pool->lock held, interrupts off; released around the function */
static void execute(struct worker *worker, struct work_struct *work)
{
	struct worker_pool *pool = worker->pool;
	struct workqueue_struct *wq = work->wq;
	unsigned int color = test_bit(WORK_COLOR, &work->flags);
	work_func_t fn = work->func;
	bool drained;

	list_del_init(&work->entry);
	worker->current_work = work;
	worker->current_start = ++work->starts;
	pool->begun++;
	clear_bit_unlock(WORK_PENDING, &work->flags);
	spin_unlock_irq(&pool->lock);

	fn(work); /* the work may be freed from here on */

	if (WARN_ONCE(in_atomic(), "workqueue: %ps returned with preempt_count %u\n", fn,
		      preempt_count()))
		preempt_count_set(0);
	cond_resched();
	spin_lock_irq(&pool->lock);
	worker->current_work = NULL;
	drained = work_gone(pool, wq, color, true);
	if (waitqueue_active(&pool->finished) || drained) {
		spin_unlock_irq(&pool->lock);
		wake_up_all(&pool->finished);
		if (drained)
			wake_up_all(&wq->drained);
		spin_lock_irq(&pool->lock);
	}
}

static void run_pending(struct worker *worker)
{
	struct worker_pool *pool = worker->pool;

	while (!list_empty(&pool->pending)) {
		struct work_struct *work =
			list_first_entry(&pool->pending, struct work_struct, entry);
		struct worker *other = executing_worker(pool, work);

		if (other) {
			list_move_tail(&work->entry, &other->scheduled);
			continue;
		}
		if (!list_is_singular(&pool->pending))
			wake_worker(pool);
		execute(worker, work);
		while (!list_empty(&worker->scheduled))
			execute(worker,
				list_first_entry(&worker->scheduled, struct work_struct, entry));
	}
}

static int worker_fn(void *arg)
{
	struct worker *worker = arg;
	struct worker_pool *pool = worker->pool;

	current->flags |= PF_WQ_WORKER;
	spin_lock_irq(&pool->lock);
	for (;;) {
		run_pending(worker);
		list_add(&worker->idle_entry, &pool->idle);
		pool->nr_idle++;
		__set_current_state(TASK_IDLE);
		spin_unlock_irq(&pool->lock);
		schedule();
		spin_lock_irq(&pool->lock);
		__set_current_state(TASK_RUNNING);
		list_del(&worker->idle_entry);
		pool->nr_idle--;
	}
	return 0;
}

static int create_worker(struct worker_pool *pool)
{
	struct worker *w = kzalloc(sizeof(*w), GFP_KERNEL);
	struct task_struct *t;

	if (!w)
		return -ENOMEM;
	w->pool = pool;
	INIT_LIST_HEAD(&w->scheduled);
	if (pool->cpu >= 0)
		t = kthread_create(worker_fn, w, "kworker/%d:%d", pool->cpu, pool->nr_workers);
	else
		t = kthread_create(worker_fn, w, "kworker/u:%d", pool->nr_workers);
	if (IS_ERR(t)) {
		kfree(w);
		return PTR_ERR(t);
	}
	if (pool->cpu >= 0)
		kthread_bind(t, pool->cpu);
	w->task = t;
	spin_lock_irq(&pool->lock);
	list_add_tail(&w->node, &pool->workers);
	pool->nr_workers++;
	spin_unlock_irq(&pool->lock);
	wake_up_process(t);
	return 0;
}

/* Is @pool stuck, with works and nobody who begins one? Then a further worker. True: look again soon. */
static bool manage_pool(struct worker_pool *pool)
{
	bool backlog, stuck;

	spin_lock_irq(&pool->lock);
	backlog = !list_empty(&pool->pending) && list_empty(&pool->idle) &&
		  pool->nr_workers < MAX_WORKERS;
	stuck = backlog && (pool->begun == pool->begun_seen || !pool->nr_workers);
	pool->begun_seen = pool->begun;
	spin_unlock_irq(&pool->lock);
	if (stuck && create_worker(pool))
		printk_once(KERN_WARNING "workqueue: no memory for a worker\n");
	return backlog;
}

static int manager_fn(void *unused)
{
	for (;;) {
		bool again;
		int cpu;

		set_current_state(TASK_IDLE);
		if (!atomic_xchg(&manager_wanted, 0)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		do {
			again = manage_pool(&unbound_pool);
			for_each_online_cpu (cpu)
				again |= manage_pool(per_cpu_ptr(&cpu_pool, cpu));
			if (again)
				schedule_timeout_uninterruptible(1);
		} while (again);
	}
	return 0;
}

/* ---- waiting and taking back ---- */

static bool has_begun(struct worker_pool *pool, struct work_struct *work, unsigned long start)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&pool->lock, flags);
	/* Taken back meanwhile: it never will. */
	ret = (long)(work->starts - start) >= 0 || !test_bit(WORK_PENDING, &work->flags);
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

static bool has_ended(struct worker_pool *pool, struct work_struct *work, unsigned long start)
{
	unsigned long flags;
	struct worker *w;
	bool ret;

	spin_lock_irqsave(&pool->lock, flags);
	w = executing_worker(pool, work);
	ret = !w || w->current_start != start;
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

bool flush_work(struct work_struct *work)
{
	struct worker_pool *pool = READ_ONCE(work->pool);
	unsigned long start, flags;
	bool pending;

	might_sleep();
	if (!pool)
		return false;
	spin_lock_irqsave(&pool->lock, flags);
	pending = test_bit(WORK_PENDING, &work->flags) && !list_empty(&work->entry);
	start = work->starts + pending;
	if (!pending && !executing_worker(pool, work)) {
		spin_unlock_irqrestore(&pool->lock, flags);
		return false;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	/* Its beginning tells nobody; the end of any work of the pool does, and a jiffy at the latest. */
	while (!has_begun(pool, work, start))
		wait_event_timeout(pool->finished, has_begun(pool, work, start), 1);
	wait_event(pool->finished, has_ended(pool, work, start));
	return true;
}

bool flush_delayed_work(struct delayed_work *dw)
{
	if (del_timer_sync(&dw->timer))
		enqueue(dw->cpu, dw->wq, &dw->work);
	return flush_work(&dw->work);
}

void flush_workqueue(struct workqueue_struct *wq)
{
	unsigned int old;

	might_sleep();
	mutex_lock(&wq->flush_mutex);
	old = wq->color;
	WRITE_ONCE(wq->color, !old);
	/* A queueing that has read the old colour counts in its pool's lock: pass each lock once. */
	for (int cpu = -1; cpu < (int)nr_cpu_ids; cpu++) {
		struct worker_pool *pool = cpu < 0 ? &unbound_pool : per_cpu_ptr(&cpu_pool, cpu);

		if (cpu >= 0 && !cpu_possible(cpu))
			continue;
		spin_lock_irq(&pool->lock);
		spin_unlock_irq(&pool->lock);
	}
	wait_event(wq->drained, !atomic_read(&wq->in_flight[old]));
	mutex_unlock(&wq->flush_mutex);
}

static void drain_workqueue(struct workqueue_struct *wq)
{
	do {
		flush_workqueue(wq);
	} while (atomic_read(&wq->in_flight[0]) || atomic_read(&wq->in_flight[1]));
}

/* 1: it was in a list and is out; 0: it is not pending; -EAGAIN: on its way into or out of a list. */
static int try_take_back(struct work_struct *work)
{
	struct worker_pool *pool = READ_ONCE(work->pool);
	unsigned long flags;
	int ret = -EAGAIN;

	if (!test_bit(WORK_PENDING, &work->flags))
		return 0;
	if (!pool)
		return ret;
	spin_lock_irqsave(&pool->lock, flags);
	if (work->pool == pool && !list_empty(&work->entry)) {
		struct workqueue_struct *wq = work->wq;
		unsigned int color = test_bit(WORK_COLOR, &work->flags);
		bool inactive = false;
		struct work_struct *i;
		bool drained;

		if (wq->max_active && (wq->flags & WQ_UNBOUND))
			list_for_each_entry (i, &wq->inactive, entry)
				inactive |= i == work;
		list_del_init(&work->entry);
		clear_bit_unlock(WORK_PENDING, &work->flags);
		drained = work_gone(pool, wq, color, !inactive);
		spin_unlock_irqrestore(&pool->lock, flags);
		if (drained)
			wake_up_all(&wq->drained);
		return 1;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

bool cancel_work(struct work_struct *work)
{
	int ret;

	while ((ret = try_take_back(work)) == -EAGAIN)
		cpu_relax();
	return ret;
}

bool cancel_work_sync(struct work_struct *work)
{
	bool was_pending = false;

	might_sleep();
	do {
		was_pending |= cancel_work(work);
		flush_work(work);
	} while (test_bit(WORK_PENDING, &work->flags));
	return was_pending;
}

bool cancel_delayed_work(struct delayed_work *dw)
{
	for (;;) {
		int ret;

		if (del_timer(&dw->timer)) {
			clear_bit_unlock(WORK_PENDING, &dw->work.flags);
			return true;
		}
		ret = try_take_back(&dw->work);
		if (ret != -EAGAIN)
			return ret;
		cpu_relax(); /* its timer function runs */
	}
}

bool cancel_delayed_work_sync(struct delayed_work *dw)
{
	bool was_pending = false;

	might_sleep();
	do {
		was_pending |= cancel_delayed_work(dw);
		flush_work(&dw->work);
	} while (test_bit(WORK_PENDING, &dw->work.flags));
	return was_pending;
}

bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dw,
			 unsigned long delay)
{
	bool was_pending = cancel_delayed_work(dw);

	if (!test_and_set_bit(WORK_PENDING, &dw->work.flags))
		start_delay(cpu, wq, dw, delay);
	return was_pending;
}

int schedule_on_each_cpu(work_func_t func)
{
	struct work_struct *works = kcalloc(nr_cpu_ids, sizeof(*works), GFP_KERNEL);
	unsigned int cpu;

	if (!works)
		return -ENOMEM;
	for_each_online_cpu (cpu) {
		INIT_WORK(&works[cpu], func);
		schedule_work_on(cpu, &works[cpu]);
	}
	for_each_online_cpu (cpu)
		flush_work(&works[cpu]);
	kfree(works);
	return 0;
}

/* ---- queues ---- */

static void init_workqueue(struct workqueue_struct *wq, unsigned int flags, int max_active)
{
	wq->flags = flags;
	wq->max_active = flags & __WQ_ORDERED ? 1 : max_active;
	if ((flags & WQ_UNBOUND) && !wq->max_active)
		wq->max_active = UNBOUND_ACTIVE;
	INIT_LIST_HEAD(&wq->inactive);
	init_waitqueue_head(&wq->drained);
	mutex_init(&wq->flush_mutex, LOCK_SLEEP_LEAF);
}

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);
	va_list args;

	if (!wq)
		return NULL;
	va_start(args, max_active);
	vsnprintf(wq->name, sizeof(wq->name), fmt, args);
	va_end(args);
	init_workqueue(wq, flags, max_active);
	mutex_lock(&wq_mutex);
	list_add_tail(&wq->node, &workqueues);
	mutex_unlock(&wq_mutex);
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	drain_workqueue(wq);
	mutex_lock(&wq_mutex);
	list_del(&wq->node);
	mutex_unlock(&wq_mutex);
	kfree(wq);
}

/* ---- start-up ---- */

static void init_pool(struct worker_pool *pool, int cpu)
{
	spin_lock_init(&pool->lock, LOCK_WORKER_POOL);
	pool->cpu = cpu;
	INIT_LIST_HEAD(&pool->pending);
	INIT_LIST_HEAD(&pool->idle);
	INIT_LIST_HEAD(&pool->workers);
	init_waitqueue_head(&pool->finished);
}

void workqueue_init_early(void)
{
	static const char *const names[] = { "events",	       "events_highpri",   "events_long",
					     "events_unbound", "events_freezable", "events_power" };
	static const unsigned int flags[] = { 0,	  WQ_HIGHPRI,	0,
					      WQ_UNBOUND, WQ_FREEZABLE, WQ_POWER_EFFICIENT };
	unsigned int cpu;

	for_each_possible_cpu (cpu)
		init_pool(per_cpu_ptr(&cpu_pool, cpu), cpu);
	init_pool(&unbound_pool, -1);
	for (size_t i = 0; i < ARRAY_SIZE(early_wq); i++) {
		strscpy(early_wq[i].name, names[i], sizeof(early_wq[i].name));
		init_workqueue(&early_wq[i], flags[i], 0);
		list_add_tail(&early_wq[i].node, &workqueues);
	}
}

/* Workers of the unbound pool and of this CPU; the others when they are up. */
int workqueue_init(void)
{
	int err = create_worker(&unbound_pool);

	if (!err)
		err = create_worker(per_cpu_ptr(&cpu_pool, raw_smp_processor_id()));
	if (err)
		return err;
	manager = kthread_run(manager_fn, NULL, "kworker/manager");
	if (IS_ERR(manager)) {
		err = PTR_ERR(manager);
		manager = NULL;
	}
	return err;
}

static int workqueue_init_others(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		struct worker_pool *pool = per_cpu_ptr(&cpu_pool, cpu);
		int err = pool->nr_workers ? 0 : create_worker(pool);

		if (err)
			return err;
	}
	return 0;
}
early_initcall(workqueue_init_others);
