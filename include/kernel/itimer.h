/* SPDX-License-Identifier: MIT */
/* Interval timers and CPU-time clocks, between the files that make them. */
#ifndef QUIRE_KERNEL_ITIMER_H
#define QUIRE_KERNEL_ITIMER_H

#include <kernel/hrtimer.h>
#include <kernel/time.h>

struct task_struct;

enum hrtimer_restart it_real_fn(struct hrtimer *timer);

/*
 * CPU clocks (clock ids below 0, and CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID).
 * A clock names a thread or a process and one of three counts.
 */
enum cpu_clock_kind { CPU_CLOCK_PROF, CPU_CLOCK_VIRT, CPU_CLOCK_SCHED };

/* Now, in ns, of the CPU clock of @p: of the thread, or of its process. */
u64 cpu_clock_sample(struct task_struct *p, enum cpu_clock_kind kind, bool thread);
/* The task behind CPU clock @id with a reference; NULL: no such clock. @for_gettime: reading allows more. */
struct task_struct *cpu_clock_task(clockid_t id, bool for_gettime, enum cpu_clock_kind *kind, bool *thread);

#endif
