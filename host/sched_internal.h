/* SPDX-License-Identifier: MIT */
/* Inside host/: played CPUs and the threads that run on them. */
#ifndef HOST_SCHED_INTERNAL_H
#define HOST_SCHED_INTERNAL_H

#include <kernel/task.h>
#include <host/os.h>
#include <host/test.h>

/* A task is a real thread. It runs while it has its CPU. */
struct host_task {
	struct task_struct task;
	int (*fn)(void *);
	void (*vfn)(void *);
	void *arg;
	unsigned long thread;
	struct os_lock *lock;		/* state changes; and its turn */
	bool done, go, in_schedule;
	bool det;			/* of a deterministic run */
	unsigned int spins;		/* turns given away by cpu_relax() in a row */
	unsigned long wake_at;		/* deterministic: jiffy, 0 none */
};

struct host_call {
	struct host_call *next;
	void (*fn)(void *);
	void *info;
	bool done, waited;
};

struct host_cpu {
	struct os_lock *own;		/* held by the thread that is this CPU now */
	struct task_struct *idle;
	struct host_call *calls;	/* interrupts that wait: a stack, pushed by anybody */
	bool timers;			/* the timer interrupt waits */
};

extern struct host_cpu host_cpus[];
extern bool host_det_running;	/* a deterministic run is going on: time stands still */
extern __thread struct host_task *host_self;
struct host_task *host_task_of(struct task_struct *t);
void host_run_timers(void);
void host_time_start(void);
void host_kick(unsigned int cpu);
struct host_task *host_task_new(const char *name, unsigned int cpu);
void host_sched_start(void);
long host_det_timeout(long timeout);

#endif
