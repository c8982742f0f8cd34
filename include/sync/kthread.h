/* SPDX-License-Identifier: MIT */
/* Kernel threads, made by kthreadd (PID 2) on request. See sync/kthread.c. */
#ifndef QUIRE_SYNC_KTHREAD_H
#define QUIRE_SYNC_KTHREAD_H

#include <base/types.h>
#include <base/err.h>
#include <base/cpumask.h>

struct task_struct;
struct completion;
int wake_up_process(struct task_struct *p);

/*
 * A thread that will run @threadfn(@data) once it is woken: ERR_PTR(-ENOMEM), or -EINTR if the caller is
 * killed. It ends by returning; or, after kthread_stop(), when it sees kthread_should_stop(). May sleep.
 */
struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data, int node,
					   const char *namefmt, ...) __printf(4, 5);
#define kthread_create(fn, data, fmt, arg...)	kthread_create_on_node(fn, data, -1, fmt, ##arg)
/* On CPU @cpu only; @namefmt has one %u for it. */
struct task_struct *kthread_create_on_cpu(int (*threadfn)(void *data), void *data, unsigned int cpu,
					  const char *namefmt);
#define kthread_run(fn, data, fmt, arg...) ({					\
	struct task_struct *__k = kthread_create(fn, data, fmt, ##arg);		\
	if (!IS_ERR(__k))							\
		wake_up_process(__k);						\
	__k; })

/* Before the first wake-up: on this CPU only. */
void kthread_bind(struct task_struct *k, unsigned int cpu);
/* Ask it to end, wait, and answer what it returned; -EINTR if it was never woken. May sleep. */
int kthread_stop(struct task_struct *k);
bool kthread_should_stop(void);
/* From the thread itself: end now, like returning @result. */
void kthread_exit(long result) __attribute__((noreturn));

/* Called when the task of a kernel thread is freed. */
void free_kthread_struct(struct task_struct *k);
/* The thread with PID 2; start-up makes it. */
int kthreadd(void *unused);
extern struct task_struct *kthreadd_task;

#endif
