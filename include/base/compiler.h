/* SPDX-License-Identifier: MIT */
/*
 * What the compiler can be asked for, under the names that kernel code uses.
 *
 * A hosted build may define READ_ONCE, WRITE_ONCE and atomic_point() before this header is read, so
 * that sanitizers and the deterministic scheduler see each access that is meant to race.
 */
#ifndef QUIRE_BASE_COMPILER_H
#define QUIRE_BASE_COMPILER_H

#include <base/types.h>

#ifndef QUIRE_DEBUG
#define QUIRE_DEBUG 0
#endif

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ volatile("" : : : "memory")
#define fallthrough	__attribute__((fallthrough))

#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define noinline	__attribute__((noinline))
#define __noreturn	__attribute__((noreturn))
#define __cold		__attribute__((cold))
#define __const_fn	__attribute__((const))
#define __used		__attribute__((used))
#define __weak		__attribute__((weak))
#define __aligned(n)	__attribute__((aligned(n)))
#define __section(s)	__attribute__((section(s)))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __scanf(f, a)	__attribute__((format(scanf, f, a)))
#define __no_sanitize_race __attribute__((no_sanitize("thread")))

#define SMP_CACHE_BYTES	64
#define ____cacheline_aligned		__aligned(SMP_CACHE_BYTES)
#define __read_mostly	__section(".data.read_mostly")

/* Sparse: which function takes and which gives back a lock. */
#if defined(__CHECKER__)
#define __acquires(x)	__attribute__((context(x, 0, 1)))
#define __releases(x)	__attribute__((context(x, 1, 0)))
#define __acquire(x)	__context__(x, 1)
#define __release(x)	__context__(x, -1)
#else
#define __acquires(x)
#define __releases(x)
#define __acquire(x)	((void)0)
#define __release(x)	((void)0)
#endif

#ifndef offsetof
#define offsetof(type, member)	__builtin_offsetof(type, member)
#endif
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define __same_type(a, b)	__builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#ifndef static_assert
#define static_assert		_Static_assert
#endif

/* The struct of @type whose @member is at @ptr. */
#define container_of(ptr, type, member) ({					\
	const void *__mptr = (ptr);						\
	static_assert(__same_type(*(ptr), ((type *)0)->member) ||		\
		      __same_type(*(ptr), void), "container_of: wrong pointer type"); \
	(type *)((unsigned long)__mptr - offsetof(type, member)); })

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]) +				\
	0 * sizeof(struct { int not_an_array : 1 - 2 * !!__same_type((a), &(a)[0]); }))

/* The type of @x without const and volatile. */
#define __unqual_typeof(x)	__typeof__(((void)0, (x)))

/* One access that the compiler neither repeats, drops, merges nor tears (up to 8 bytes). */
#ifndef READ_ONCE
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)	do { *(volatile __typeof__(x) *)&(x) = (val); } while (0)
#endif
#ifndef data_race
#define data_race(expr)		(expr)
#endif

#define _RET_IP_	((unsigned long)__builtin_return_address(0))

#endif
