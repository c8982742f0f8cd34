/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables.
 *
 * A per-CPU variable is linked at an ordinary kernel address inside [__per_cpu_start,
 * __per_cpu_end), the template. Each CPU has its own copy of that range; the base of segment GS
 * holds (address of the copy - __per_cpu_start), so `%gs:var` is this CPU's variable and one
 * instruction reads or changes it, safe against interrupts and migration without any lock.
 * Memory from alloc_percpu() is addressed in the same way: its "address" is an offset that
 * becomes real when per_cpu_offset(cpu) is added.
 */
#ifndef SEAM_PERCPU_H
#define SEAM_PERCPU_H

#include <base/types.h>
#include <base/compiler.h>

#define PER_CPU_BASE_SECTION	".data..percpu"
#define __percpu

#define DECLARE_PER_CPU(type, name) \
	extern __attribute__((section(PER_CPU_BASE_SECTION))) __typeof__(type) name
#define DEFINE_PER_CPU(type, name) \
	__attribute__((section(PER_CPU_BASE_SECTION))) __typeof__(type) name
#define DECLARE_PER_CPU_ALIGNED(type, name) \
	extern __attribute__((section(PER_CPU_BASE_SECTION "..shared_aligned"), aligned(64))) __typeof__(type) name
#define DEFINE_PER_CPU_ALIGNED(type, name) \
	__attribute__((section(PER_CPU_BASE_SECTION "..shared_aligned"), aligned(64))) __typeof__(type) name
/* What every system call and interrupt touches: first in the area, one or two cache lines. */
#define DEFINE_PER_CPU_FIRST(type, name) \
	__attribute__((section(PER_CPU_BASE_SECTION "..first"))) __typeof__(type) name
#define DECLARE_PER_CPU_FIRST(type, name) \
	extern __attribute__((section(PER_CPU_BASE_SECTION "..first"))) __typeof__(type) name

#ifndef NR_CPUS
#define NR_CPUS 64
#endif

extern char __per_cpu_start[], __per_cpu_end[], __per_cpu_load[];
extern unsigned long __per_cpu_offset[NR_CPUS];

DECLARE_PER_CPU_FIRST(unsigned long, this_cpu_off);
DECLARE_PER_CPU_FIRST(unsigned int, cpu_number);

#define per_cpu_offset(cpu)	(__per_cpu_offset[cpu])

#define __pcpu_shift(ptr, off) ({				\
	unsigned long __pp;					\
	__asm__("" : "=r"(__pp) : "0"(ptr));			\
	(__typeof__(ptr))(__pp + (off)); })

#define per_cpu_ptr(ptr, cpu)	__pcpu_shift(ptr, per_cpu_offset(cpu))
#define per_cpu(var, cpu)	(*per_cpu_ptr(&(var), cpu))

#define this_cpu_ptr(ptr) ({						\
	unsigned long __tp;						\
	__asm__ volatile("add %%gs:%1, %0"				\
			 : "=r"(__tp) : "m"(this_cpu_off), "0"(ptr));	\
	(__typeof__(*(ptr)) *)__tp; })

extern void __bad_percpu_size(void);

#define __pcpu_read(vol, pcp) ({					\
	__typeof__(pcp) __r;						\
	switch (sizeof(pcp)) {						\
	case 1: __asm__ vol("movb %%gs:%1, %0" : "=q"(__r) : "m"(pcp)); break;	\
	case 2: __asm__ vol("movw %%gs:%1, %0" : "=r"(__r) : "m"(pcp)); break;	\
	case 4: __asm__ vol("movl %%gs:%1, %0" : "=r"(__r) : "m"(pcp)); break;	\
	case 8: __asm__ vol("movq %%gs:%1, %0" : "=r"(__r) : "m"(pcp)); break;	\
	default: __bad_percpu_size();					\
	}								\
	__r; })

#define __pcpu_op2(insn, pcp, val)					\
do {									\
	switch (sizeof(pcp)) {						\
	case 1: __asm__ volatile(insn "b %1, %%gs:%0" : "+m"(pcp) : "qi"((u8)((unsigned long)(val) & 0xff)));  break;	\
	case 2: __asm__ volatile(insn "w %1, %%gs:%0" : "+m"(pcp) : "ri"((u16)((unsigned long)(val) & 0xffff))); break;	\
	case 4: __asm__ volatile(insn "l %1, %%gs:%0" : "+m"(pcp) : "ri"((u32)(unsigned long)(val))); break;	\
	case 8: __asm__ volatile(insn "q %1, %%gs:%0" : "+m"(pcp) : "re"((u64)(unsigned long)(val))); break;	\
	default: __bad_percpu_size();					\
	}								\
} while (0)

#define __pcpu_xadd(pcp, val) ({					\
	__typeof__(pcp) __x = (__typeof__(pcp))(val);			\
	switch (sizeof(pcp)) {						\
	case 1: __asm__ volatile("xaddb %0, %%gs:%1" : "+q"(__x), "+m"(pcp) : : "memory"); break;	\
	case 2: __asm__ volatile("xaddw %0, %%gs:%1" : "+r"(__x), "+m"(pcp) : : "memory"); break;	\
	case 4: __asm__ volatile("xaddl %0, %%gs:%1" : "+r"(__x), "+m"(pcp) : : "memory"); break;	\
	case 8: __asm__ volatile("xaddq %0, %%gs:%1" : "+r"(__x), "+m"(pcp) : : "memory"); break;	\
	default: __bad_percpu_size();					\
	}								\
	(__typeof__(pcp))(__x + (val)); })

#define this_cpu_read(pcp)		__pcpu_read(volatile, pcp)
#define this_cpu_write(pcp, val)	__pcpu_op2("mov", pcp, val)
#define this_cpu_add(pcp, val)		__pcpu_op2("add", pcp, val)
#define this_cpu_sub(pcp, val)		__pcpu_op2("sub", pcp, val)
#define this_cpu_inc(pcp)		__pcpu_op2("add", pcp, 1)
#define this_cpu_and(pcp, val)		__pcpu_op2("and", pcp, val)
#define this_cpu_or(pcp, val)		__pcpu_op2("or", pcp, val)
#define this_cpu_add_return(pcp, val)	__pcpu_xadd(pcp, val)
#define this_cpu_sub_return(pcp, val)	__pcpu_xadd(pcp, -(__typeof__(pcp))(val))

/* A value that cannot change under the reader (current, cpu_number of a pinned task): cacheable. */
#define this_cpu_read_stable(pcp) ({					\
	__typeof__(pcp) __r;						\
	switch (sizeof(pcp)) {						\
	case 4: __asm__("movl %%gs:%P1, %0" : "=r"(__r) : "p"(&(pcp))); break;	\
	case 8: __asm__("movq %%gs:%P1, %0" : "=r"(__r) : "p"(&(pcp))); break;	\
	default: __bad_percpu_size();					\
	}								\
	__r; })

#define raw_smp_processor_id()	this_cpu_read(cpu_number)
#define smp_processor_id()	raw_smp_processor_id()

/* Switch this CPU to its area: load GS base with __per_cpu_offset[cpu]. Interrupts off. */
void load_percpu_segment(unsigned int cpu);

#endif
