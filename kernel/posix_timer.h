/* SPDX-License-Identifier: MIT */
/* The tick's part of timers on CPU clocks, see posix_timer.c. */
#ifndef QUIRE_POSIX_TIMER_H
#define QUIRE_POSIX_TIMER_H

#include <base/list.h>

struct signal_struct;

/* Move what has expired of the running task's process to @firing. => siglock held, interrupts off */
void posix_cpu_timers_collect(struct signal_struct *sig, struct list_head *firing);
/* Send their signals and arm them again. => siglock not held, interrupts off */
void posix_cpu_timers_fire(struct list_head *firing);

#endif
