/* SPDX-License-Identifier: MIT */
/* Small arithmetic: minima, alignment, powers of two. */
#ifndef QUIRE_BASE_MATH_H
#define QUIRE_BASE_MATH_H

#include <base/compiler.h>
#include <base/bitops.h>

#define __cmp_once(op, type, x, y) ({ type __cx = (x); type __cy = (y); __cx op __cy ? __cx : __cy; })
#define __cmp_auto(op, x, y) ({							\
	__typeof__(x) __cx = (x);						\
	__typeof__(y) __cy = (y);						\
	(void)(&__cx == &__cy);		/* warns when the types differ */	\
	__cx op __cy ? __cx : __cy; })
#define min(x, y)		__cmp_auto(<, x, y)
#define max(x, y)		__cmp_auto(>, x, y)
#define min3(x, y, z)		min((__typeof__(x))min(x, y), z)
#define min_t(type, x, y)	__cmp_once(<, type, x, y)
#define max_t(type, x, y)	__cmp_once(>, type, x, y)
#define clamp(val, lo, hi)	min((__typeof__(val))max(val, lo), hi)
#define clamp_t(type, val, lo, hi) min_t(type, max_t(type, val, lo), hi)
/* A constant expression. */
#define MAX(a, b)		((a) > (b) ? (a) : (b))

#define swap(a, b) do { __typeof__(a) __tmp = (a); (a) = (b); (b) = __tmp; } while (0)
#define abs(x) ({ __typeof__(x) __ax = (x); __ax < 0 ? -__ax : __ax; })

/* @a is a power of two. */
#define __ALIGN_MASK(x, mask)	(((x) + (mask)) & ~(mask))
#define ALIGN(x, a)		__ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))

/* Any positive @y. */
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP((u64)(n), (u64)(d))

static inline __const_fn bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* Floor of the binary logarithm; @n > 0. A constant for a constant. */
#define ilog2(n)	(__builtin_constant_p(n) ? 63 - __builtin_clzll((n) | !(n)) : __ilog2_u64(n))
static inline __const_fn int __ilog2_u64(u64 n)
{
	return fls64(n) - 1;
}
/* Ceiling of the binary logarithm; 0 for 0 and 1. */
#define order_base_2(n)	((n) > 1 ? ilog2((u64)(n) - 1) + 1 : 0)

static inline __const_fn unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << fls64(n - 1);
}

static inline __const_fn unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (fls64(n) - 1);
}

/* Largest integer whose square is at most @x. */
unsigned long int_sqrt(unsigned long x);

/* Saturating: SIZE_MAX when it does not fit, so that the allocation fails. */
#ifndef SIZE_MAX
#define SIZE_MAX	(~(size_t)0)
#endif
static inline __const_fn size_t size_mul(size_t a, size_t b)
{
	size_t r;

	return __builtin_mul_overflow(a, b, &r) ? SIZE_MAX : r;
}
static inline __const_fn size_t size_add(size_t a, size_t b)
{
	size_t r;

	return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}
#define struct_size(p, member, n) size_add(sizeof(*(p)), size_mul(n, sizeof(*(p)->member)))

#define U8_MAX		((u8)~0U)
#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define S32_MAX		((s32)(U32_MAX >> 1))
#define S64_MAX		((s64)(U64_MAX >> 1))
#define SHRT_MAX	((short)0x7fff)
#define USHRT_MAX	((unsigned short)~0U)
#define INT_MAX		((int)(~0U >> 1))
#define INT_MIN		(-INT_MAX - 1)
#define UINT_MAX	(~0U)
#define LONG_MAX	((long)(~0UL >> 1))
#define LONG_MIN	(-LONG_MAX - 1)
#define ULONG_MAX	(~0UL)
#define LLONG_MAX	((long long)(~0ULL >> 1))
#define LLONG_MIN	(-LLONG_MAX - 1)
#define ULLONG_MAX	(~0ULL)

#define KB(n)	((unsigned long)(n) << 10)
#define MB(n)	((unsigned long)(n) << 20)

#endif
