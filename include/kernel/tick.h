/* SPDX-License-Identifier: MIT */
/* The tick: HZ interrupts a second on a CPU that has work, none on an idle one. kernel/time/tick.c */
#ifndef QUIRE_KERNEL_TICK_H
#define QUIRE_KERNEL_TICK_H

#include <base/types.h>

struct pt_regs;

/* Start the tick of this CPU. Its event device is set up. Interrupts off. */
void tick_setup_cpu(void);
/* The event device rang. Interrupts off, inside irq_enter(). Called by the machine. */
void tick_handle(struct pt_regs *regs);
/* Around the idle loop's waiting: no tick meanwhile. enter: => interrupts disabled */
void tick_idle_enter(void);
void tick_idle_exit(void);
/* An interrupt came: bring jiffies up to date if the tick stood still. From irq_enter(). */
void tick_irq_enter(void);
/* ns (CLOCK_MONOTONIC) at which this CPU must be woken next; past: at once. KTIME_MAX: never. Interrupts off. */
u64 tick_next_event(void);
/* Program the event device of this CPU anew, its first timer has changed. Interrupts off. */
void tick_program_event(void);

#endif
