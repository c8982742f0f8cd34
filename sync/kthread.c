// SPDX-License-Identifier: MIT
/*
 * Kernel threads.
 *
 * A thread is made by kthreadd (PID 2), so that it inherits nothing of who asked. The request waits in a
 * list until kthreadd has forked; the new thread then reports itself and sleeps until it is woken the first
 * time. What belongs to a thread for its life is in struct kthread, found by task->worker_private and freed
 * with the task, so kthread_stop() may read the result of a thread that is gone but still referenced.
 */
#include <base/bitops.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/list.h>
#include <base/printf.h>
#include <kernel/exit.h>
#include <kernel/fork.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <sync/spinlock.h>
#include <linux/sched.h>

struct kthread {
	int (*fn)(void *data);
	void *data;
	unsigned long flags; /* KTHREAD_* bits */
	long result;
	struct completion exited;
};
#define KTHREAD_SHOULD_STOP 0

/* One request to kthreadd; on the stack of who waits for it. */
struct create_request {
	struct list_head list;
	struct kthread *kthread;
	char name[TASK_COMM_LEN];
	struct task_struct *result; /* or ERR_PTR */
	struct completion done;
};

static DEFINE_SPINLOCK(create_lock, LOCK_KTHREAD_CREATE);
static LIST_HEAD(create_list);
struct task_struct *kthreadd_task;

static struct kthread *to_kthread(struct task_struct *k)
{
	WARN_ON_ONCE(!(k->flags & PF_KTHREAD));
	return k->worker_private;
}

void kthread_exit(long result)
{
	struct kthread *k = to_kthread(current);

	k->result = result;
	complete_all(&k->exited);
	do_exit(0);
}

/* First function of a new thread. */
static int kthread_main(void *arg)
{
	struct create_request *req = arg;
	struct kthread *k = req->kthread;
	long ret = -EINTR;

	current->worker_private = k;
	set_task_comm(current, req->name);
	req->result = current;
	__set_current_state(TASK_UNINTERRUPTIBLE);
	/* Not preempted between the report and the sleep: kthread_bind() expects a sleeper. */
	preempt_disable();
	complete(&req->done); /* @req is gone after this */
	schedule_preempt_disabled();
	preempt_enable();
	if (!test_bit(KTHREAD_SHOULD_STOP, &k->flags))
		ret = k->fn(k->data);
	kthread_exit(ret);
}

static void create_kthread(struct create_request *req)
{
	pid_t pid = kernel_thread(kthread_main, req, req->name,
				  CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD);

	if (pid < 0) {
		req->result = ERR_PTR(pid);
		complete(&req->done);
	}
}

int kthreadd(void *unused)
{
	set_task_comm(current, "kthreadd");
	ignore_signals(current);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (list_empty(&create_list))
			schedule();
		__set_current_state(TASK_RUNNING);
		spin_lock(&create_lock);
		while (!list_empty(&create_list)) {
			struct create_request *req =
				list_first_entry(&create_list, struct create_request, list);

			list_del_init(&req->list);
			spin_unlock(&create_lock);
			create_kthread(req);
			spin_lock(&create_lock);
		}
		spin_unlock(&create_lock);
	}
	return 0;
}

struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data, int node,
					   const char *namefmt, ...)
{
	struct create_request req = { 0 };
	struct kthread *k;
	va_list args;

	might_sleep();
	k = kzalloc(sizeof(*k), GFP_KERNEL);
	if (!k)
		return ERR_PTR(-ENOMEM);
	k->fn = threadfn;
	k->data = data;
	init_completion(&k->exited);
	req.kthread = k;
	init_completion(&req.done);
	va_start(args, namefmt);
	vsnprintf(req.name, sizeof(req.name), namefmt, args);
	va_end(args);

	spin_lock(&create_lock);
	list_add_tail(&req.list, &create_list);
	spin_unlock(&create_lock);
	wake_up_process(kthreadd_task);
	/* Not killable: @req is on our stack, and kthreadd answers in bounded time. */
	wait_for_completion(&req.done);
	if (IS_ERR(req.result))
		kfree(k);
	return req.result;
}

static void kthread_bind_mask(struct task_struct *k, const struct cpumask *mask)
{
	WARN_ON(set_cpus_allowed_ptr(k, mask));
	k->flags |= PF_NO_SETAFFINITY;
}

void kthread_bind(struct task_struct *k, unsigned int cpu)
{
	kthread_bind_mask(k, cpumask_of(cpu));
}

struct task_struct *kthread_create_on_cpu(int (*threadfn)(void *data), void *data, unsigned int cpu,
					  const char *namefmt)
{
	char name[TASK_COMM_LEN];
	struct task_struct *k;

	/* The format is the caller's, with one %u. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(name, sizeof(name), namefmt, cpu);
#pragma GCC diagnostic pop
	k = kthread_create_on_node(threadfn, data, -1, "%s", name);
	if (!IS_ERR(k))
		kthread_bind(k, cpu);
	return k;
}

bool kthread_should_stop(void)
{
	return test_bit(KTHREAD_SHOULD_STOP, &to_kthread(current)->flags);
}

int kthread_stop(struct task_struct *task)
{
	struct kthread *k = to_kthread(task);
	int ret;

	get_task_struct(task);
	set_bit(KTHREAD_SHOULD_STOP, &k->flags);
	smp_mb(); /* the flag before the look at its state */
	wake_up_process(task);
	wait_for_completion(&k->exited);
	ret = (int)k->result;
	put_task_struct(task);
	return ret;
}

void free_kthread_struct(struct task_struct *task)
{
	kfree(task->worker_private);
	task->worker_private = NULL;
}
