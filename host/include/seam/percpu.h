/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables of the played machine: a thread that is a CPU keeps the distance from the template to its
 * copy in a variable of its own. The accesses are relaxed atomics, since other CPUs may look.
 */
#ifndef SEAM_PERCPU_H
#define SEAM_PERCPU_H

#include <base/types.h>
#include <base/compiler.h>

#define __percpu
#define HOST_PCPU	__attribute__((section("host_percpu")))

#define DECLARE_PER_CPU(type, name)			extern HOST_PCPU __typeof__(type) name
#define DEFINE_PER_CPU(type, name)			HOST_PCPU __typeof__(type) name
#define DECLARE_PER_CPU_ALIGNED(type, name)		extern HOST_PCPU __attribute__((aligned(64))) __typeof__(type) name
#define DEFINE_PER_CPU_ALIGNED(type, name)		HOST_PCPU __attribute__((aligned(64))) __typeof__(type) name
#define DECLARE_PER_CPU_FIRST(type, name)		DECLARE_PER_CPU(type, name)
#define DEFINE_PER_CPU_FIRST(type, name)		DEFINE_PER_CPU(type, name)

#ifndef NR_CPUS
#define NR_CPUS 64
#endif

extern char __start_host_percpu[], __stop_host_percpu[];
#define __per_cpu_start	__start_host_percpu
#define __per_cpu_end	__stop_host_percpu
#define __per_cpu_load	__start_host_percpu
extern unsigned long __per_cpu_offset[NR_CPUS];
extern __thread unsigned long host_cpu_off;	/* of the CPU that this thread is */
extern __thread unsigned int host_cpu;

#define per_cpu_offset(cpu)	(__per_cpu_offset[cpu])
#define __pcpu_shift(ptr, off)	((__typeof__(ptr))((unsigned long)(ptr) + (off)))
#define per_cpu_ptr(ptr, cpu)	__pcpu_shift(ptr, per_cpu_offset(cpu))
#define per_cpu(var, cpu)	(*per_cpu_ptr(&(var), cpu))
#define this_cpu_ptr(ptr)	__pcpu_shift(ptr, host_cpu_off)

#define __tp(pcp)		this_cpu_ptr(&(pcp))
#define this_cpu_read(pcp)	({ __typeof__(((void)0, (pcp))) __tr; __atomic_load(__tp(pcp), &__tr, __ATOMIC_RELAXED); __tr; })
#define this_cpu_write(pcp, v)	do { __typeof__(((void)0, (pcp))) __tw = (v); __atomic_store(__tp(pcp), &__tw, __ATOMIC_RELAXED); } while (0)
#define this_cpu_add(pcp, v)	((void)__atomic_fetch_add(__tp(pcp), (v), __ATOMIC_RELAXED))
#define this_cpu_sub(pcp, v)	((void)__atomic_fetch_sub(__tp(pcp), (v), __ATOMIC_RELAXED))
#define this_cpu_inc(pcp)	this_cpu_add(pcp, 1)
#define this_cpu_and(pcp, v)	((void)__atomic_fetch_and(__tp(pcp), (v), __ATOMIC_RELAXED))
#define this_cpu_or(pcp, v)	((void)__atomic_fetch_or(__tp(pcp), (v), __ATOMIC_RELAXED))
#define this_cpu_add_return(pcp, v)	__atomic_add_fetch(__tp(pcp), (v), __ATOMIC_RELAXED)
#define this_cpu_sub_return(pcp, v)	__atomic_sub_fetch(__tp(pcp), (v), __ATOMIC_RELAXED)
#define this_cpu_read_stable(pcp)	this_cpu_read(pcp)

#define raw_smp_processor_id()	host_cpu
#define smp_processor_id()	host_cpu

void load_percpu_segment(unsigned int cpu);

#endif
