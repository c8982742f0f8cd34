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
#define DECLARE_PER_CPU_SHARED_ALIGNED(type, name)	DECLARE_PER_CPU_ALIGNED(type, name)
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name)	DEFINE_PER_CPU_ALIGNED(type, name)
#define DECLARE_PER_CPU_PAGE_ALIGNED(type, name) \
	extern __attribute__((section(PER_CPU_BASE_SECTION "..page_aligned"), aligned(4096))) __typeof__(type) name
#define DEFINE_PER_CPU_PAGE_ALIGNED(type, name) \
	__attribute__((section(PER_CPU_BASE_SECTION "..page_aligned"), aligned(4096))) __typeof__(type) name
/* What every system call and interrupt touches: first in the area, one or two cache lines. */
#define DEFINE_PER_CPU_FIRST(type, name) \
	__attribute__((section(PER_CPU_BASE_SECTION "..first"))) __typeof__(type) name
#define DECLARE_PER_CPU_FIRST(type, name) \
	extern __attribute__((section(PER_CPU_BASE_SECTION "..first"))) __typeof__(type) name
#define DECLARE_PER_CPU_READ_MOSTLY(type, name)	DECLARE_PER_CPU(type, name)
#define DEFINE_PER_CPU_READ_MOSTLY(type, name)	DEFINE_PER_CPU(type, name)

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
#define raw_cpu_ptr(ptr)	this_cpu_ptr(ptr)

extern void __bad_percpu_size(void);

#define __pcpu_by_size(pcp, op)						\
do {									\
	switch (sizeof(pcp)) {						\
	case 1: op(b, "q", u8); break;					\
	case 2: op(w, "r", u16); break;					\
	case 4: op(l, "r", u32); break;					\
	case 8: op(q, "r", u64); break;					\
	default: __bad_percpu_size();					\
	}								\
} while (0)

/* Any scalar type (pointers, bool, small structs excluded) as an integer of its size, and back. */
#define __pcpu_int(val)	((u64)(unsigned long)(val))

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

#define __pcpu_cmpxchg(pcp, old, new) ({				\
	__typeof__(pcp) __o = (old), __n = (new);			\
	switch (sizeof(pcp)) {						\
	case 1: __asm__ volatile("cmpxchgb %2, %%gs:%1" : "+a"(__o), "+m"(pcp) : "q"(__n) : "memory"); break;	\
	case 2: __asm__ volatile("cmpxchgw %2, %%gs:%1" : "+a"(__o), "+m"(pcp) : "r"(__n) : "memory"); break;	\
	case 4: __asm__ volatile("cmpxchgl %2, %%gs:%1" : "+a"(__o), "+m"(pcp) : "r"(__n) : "memory"); break;	\
	case 8: __asm__ volatile("cmpxchgq %2, %%gs:%1" : "+a"(__o), "+m"(pcp) : "r"(__n) : "memory"); break;	\
	default: __bad_percpu_size();					\
	}								\
	__o; })

/* Exchange: a loop of cmpxchg, because xchg would lock the bus. */
#define __pcpu_xchg(pcp, val) ({					\
	__typeof__(pcp) __old = this_cpu_read(pcp), __seen;		\
	while ((__seen = __pcpu_cmpxchg(pcp, __old, val)) != __old)	\
		__old = __seen;						\
	__old; })

#define this_cpu_read(pcp)		__pcpu_read(volatile, pcp)
#define this_cpu_write(pcp, val)	__pcpu_op2("mov", pcp, val)
#define this_cpu_add(pcp, val)		__pcpu_op2("add", pcp, val)
#define this_cpu_sub(pcp, val)		__pcpu_op2("sub", pcp, val)
#define this_cpu_inc(pcp)		__pcpu_op2("add", pcp, 1)
#define this_cpu_dec(pcp)		__pcpu_op2("sub", pcp, 1)
#define this_cpu_and(pcp, val)		__pcpu_op2("and", pcp, val)
#define this_cpu_or(pcp, val)		__pcpu_op2("or", pcp, val)
#define this_cpu_add_return(pcp, val)	__pcpu_xadd(pcp, val)
#define this_cpu_sub_return(pcp, val)	__pcpu_xadd(pcp, -(__typeof__(pcp))(val))
#define this_cpu_inc_return(pcp)	__pcpu_xadd(pcp, 1)
#define this_cpu_dec_return(pcp)	__pcpu_xadd(pcp, -1)
#define this_cpu_xchg(pcp, val)		__pcpu_xchg(pcp, val)
#define this_cpu_cmpxchg(pcp, old, new)	__pcpu_cmpxchg(pcp, old, new)

/* A value that cannot change under the reader (current, cpu_number of a pinned task): cacheable. */
#define this_cpu_read_stable(pcp) ({					\
	__typeof__(pcp) __r;						\
	switch (sizeof(pcp)) {						\
	case 4: __asm__("movl %%gs:%P1, %0" : "=r"(__r) : "p"(&(pcp))); break;	\
	case 8: __asm__("movq %%gs:%P1, %0" : "=r"(__r) : "p"(&(pcp))); break;	\
	default: __bad_percpu_size();					\
	}								\
	__r; })

/*
 * Compare and exchange two adjacent 8-byte words of this CPU (16-byte aligned pair).
 * True when both matched and were replaced. The slab allocator's fast path.
 */
#define this_cpu_cmpxchg_double(pcp1, pcp2, o1, o2, n1, n2) ({		\
	bool __ok;							\
	__typeof__(pcp1) __o1 = (o1);					\
	__typeof__(pcp2) __o2 = (o2);					\
	__asm__ volatile("cmpxchg16b %%gs:%1"				\
		: "=@ccz"(__ok), "+m"(pcp1), "+m"(pcp2), "+a"(__o1), "+d"(__o2)	\
		: "b"(n1), "c"(n2) : "memory");				\
	__ok; })

#define __this_cpu_read(pcp)		this_cpu_read(pcp)
#define __this_cpu_write(pcp, val)	this_cpu_write(pcp, val)
#define __this_cpu_add(pcp, val)	this_cpu_add(pcp, val)
#define __this_cpu_sub(pcp, val)	this_cpu_sub(pcp, val)
#define __this_cpu_inc(pcp)		this_cpu_inc(pcp)
#define __this_cpu_dec(pcp)		this_cpu_dec(pcp)
#define __this_cpu_or(pcp, val)		this_cpu_or(pcp, val)
#define __this_cpu_and(pcp, val)	this_cpu_and(pcp, val)
#define __this_cpu_add_return(pcp, val)	this_cpu_add_return(pcp, val)
#define __this_cpu_inc_return(pcp)	this_cpu_inc_return(pcp)
#define __this_cpu_dec_return(pcp)	this_cpu_dec_return(pcp)
#define __this_cpu_xchg(pcp, val)	this_cpu_xchg(pcp, val)
#define raw_cpu_read(pcp)		this_cpu_read(pcp)
#define raw_cpu_write(pcp, val)		this_cpu_write(pcp, val)
#define raw_cpu_add(pcp, val)		this_cpu_add(pcp, val)
#define raw_cpu_inc(pcp)		this_cpu_inc(pcp)
#define raw_cpu_dec(pcp)		this_cpu_dec(pcp)

/* Use a per-CPU variable with preemption off (preempt_disable comes from sync/preempt.h). */
#define get_cpu_var(var)	(*({ preempt_disable(); this_cpu_ptr(&(var)); }))
#define put_cpu_var(var)	do { (void)&(var); preempt_enable(); } while (0)
#define get_cpu_ptr(ptr)	({ preempt_disable(); this_cpu_ptr(ptr); })
#define put_cpu_ptr(ptr)	do { (void)(ptr); preempt_enable(); } while (0)

#define raw_smp_processor_id()	this_cpu_read(cpu_number)
#define smp_processor_id()	raw_smp_processor_id()
#define __smp_processor_id()	raw_smp_processor_id()

/* Switch this CPU to its area: load GS base with __per_cpu_offset[cpu]. Interrupts off. */
void load_percpu_segment(unsigned int cpu);

#endif
