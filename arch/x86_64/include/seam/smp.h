/* SPDX-License-Identifier: MIT */
/* Other CPUs: function calls, reschedule requests, start and stop. */
#ifndef SEAM_SMP_H
#define SEAM_SMP_H

#include <base/types.h>
#include <base/cpumask.h>
#include <seam/percpu.h>

typedef void (*smp_call_func_t)(void *info);

/*
 * Run @func(@info) with interrupts disabled on CPU @cpu; @wait: until it has returned.
 * => interrupts enabled (unless oopsing), any preemption state. 0, or -ENXIO when @cpu is offline.
 */
int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait);
/* ... on all CPUs of @mask but this one. => preemption disabled, interrupts enabled */
void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait);
/* ... on all online CPUs, this one too. */
void on_each_cpu(smp_call_func_t func, void *info, int wait);

/* Make CPU @cpu look at its need_resched. Any context. */
void smp_send_reschedule(int cpu);
/* Stop all other CPUs for good (panic, power-off): by NMI, so interrupts may be disabled there. */
void smp_send_stop(void);
/* Called by the NMI handler first: true when the NMI was a request to stop (does not return then). */
bool smp_nmi_stop_requested(void);

/* Start the other CPUs; called once by the first kernel thread. Honours maxcpus= and nosmp. */
void smp_init(void);
/* APIC id of @cpu, and its NUMA node. */
u32 cpu_physical_id(int cpu);
int early_cpu_to_node(int cpu);

/* First and last C function of a started CPU: the scheduler's idle loop follows. */
void start_secondary(void);

#define get_cpu()	({ preempt_disable(); smp_processor_id(); })
#define put_cpu()	preempt_enable()

#endif
