/* SPDX-License-Identifier: MIT */
/*
 * The alarm clock of each CPU: one-shot. When it rings, tick_handle() of the timer code runs with
 * interrupts disabled, inside irq_enter()/irq_exit(), and programs the next event.
 */
#ifndef KERNEL_CLOCKCHIPS_H
#define KERNEL_CLOCKCHIPS_H

#include <base/types.h>

struct pt_regs;

/* Ring this CPU in @delta_ns nanoseconds (clamped to what the device can); replaces the earlier setting. */
void clockevents_program(u64 delta_ns);
/* Do not ring at all. */
void clockevents_stop(void);
/* Bring up the device of this CPU; it does not ring yet. */
void setup_boot_APIC_clock(void);
void setup_secondary_APIC_clock(void);
/* Register the paravirtual clock of this CPU, if that is in use; each started CPU calls it. */
void kvmclock_init_cpu(void);

/* Supplied by the timer code. */
void tick_handle(struct pt_regs *regs);

/* Choose the clock source, read the wall clock, start the tick device of the boot CPU. */
void time_init(void);

/* Nanoseconds since boot, monotonic per CPU, cheap; for the scheduler, printk and trace. Any context. */
u64 sched_clock(void);
#define local_clock()	sched_clock()

/* Busy-wait; works from the first line of C (coarsely before the TSC is calibrated). */
void udelay(unsigned long usecs);
void mdelay(unsigned long msecs);

/* Seconds since 1970 from the battery clock. */
s64 read_persistent_clock(void);

#endif
