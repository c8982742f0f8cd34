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
#define max3(x, y, z)		max((__typeof__(x))max(x, y), z)
#define min_t(type, x, y)	__cmp_once(<, type, x, y)
#define max_t(type, x, y)	__cmp_once(>, type, x, y)
#define clamp(val, lo, hi)	min((__typeof__(val))max(val, lo), hi)
#define clamp_t(type, val, lo, hi) min_t(type, max_t(type, val, lo), hi)
#define clamp_val(val, lo, hi)	clamp_t(__typeof__(val), val, lo, hi)
#define min_not_zero(x, y) ({							\
	__typeof__(x) __mx = (x);						\
	__typeof__(y) __my = (y);						\
	__mx == 0 ? __my : (__my == 0 ? __mx : min(__mx, __my)); })
/* Constant expressions. */
#define MIN(a, b)		((a) < (b) ? (a) : (b))
#define MAX(a, b)		((a) > (b) ? (a) : (b))

#define swap(a, b) do { __typeof__(a) __tmp = (a); (a) = (b); (b) = __tmp; } while (0)
#define abs(x) ({ __typeof__(x) __ax = (x); __ax < 0 ? -__ax : __ax; })
#define abs_diff(a, b) ({ __typeof__(a) __da = (a); __typeof__(b) __db = (b); __da > __db ? __da - __db : __db - __da; })

/* @a is a power of two. */
#define __ALIGN_MASK(x, mask)	(((x) + (mask)) & ~(mask))
#define ALIGN(x, a)		__ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define PTR_ALIGN(p, a)		((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define PTR_ALIGN_DOWN(p, a)	((__typeof__(p))ALIGN_DOWN((unsigned long)(p), (a)))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))

/* Any positive @y. */
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP((u64)(n), (u64)(d))
#define DIV_ROUND_CLOSEST(n, d)	(((n) + (d) / 2) / (d))
#define DIV_ROUND_DOWN_ULL(n, d) ((u64)(n) / (u64)(d))
#define roundup(x, y) ({ __typeof__(y) __ry = (y); (((x) + (__ry - 1)) / __ry) * __ry; })
#define rounddown(x, y) ({ __typeof__(x) __rx = (x); __rx - (__rx % (y)); })
#define mult_frac(x, n, d) ({ __typeof__(x) __q = (x) / (d), __m = (x) % (d); __q * (n) + __m * (n) / (d); })
#define do_div(n, base) ({ u32 __base = (base); u32 __rem = (u64)(n) % __base; (n) = (u64)(n) / __base; __rem; })

static inline u64 div_u64(u64 n, u32 d) { return n / d; }
static inline u64 div64_u64(u64 n, u64 d) { return n / d; }
static inline s64 div_s64(s64 n, s32 d) { return n / d; }
static inline s64 div64_s64(s64 n, s64 d) { return n / d; }
static inline unsigned long div64_ul(u64 n, unsigned long d) { return n / d; }
static inline u64 div_u64_rem(u64 n, u32 d, u32 *rem) { *rem = n % d; return n / d; }
static inline u64 div64_u64_rem(u64 n, u64 d, u64 *rem) { *rem = n % d; return n / d; }
static inline u64 mul_u32_u32(u32 a, u32 b) { return (u64)a * b; }
/* a * mul >> shift, with 128 bits between. */
static inline u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift) { return (u64)((unsigned __int128)a * mul >> shift); }
static inline u64 mul_u64_u64_shr(u64 a, u64 mul, unsigned int shift) { return (u64)((unsigned __int128)a * mul >> shift); }
/* a * b / c with 128 bits between; written without the compiler's run-time library. The quotient must fit. */

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

#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

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
#define array_size(a, b)	size_mul(a, b)
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

#define upper_32_bits(n) ((u32)(((u64)(n)) >> 32))
#define lower_32_bits(n) ((u32)(n))

#define KB(n)	((unsigned long)(n) << 10)
#define MB(n)	((unsigned long)(n) << 20)
#define SZ_1K	0x400UL
#define SZ_4K	0x1000UL
#define SZ_16K	0x4000UL
#define SZ_64K	0x10000UL
#define SZ_128K	0x20000UL
#define SZ_1M	0x100000UL
#define SZ_2M	0x200000UL
#define SZ_16M	0x1000000UL
#define SZ_1G	0x40000000UL
#define SZ_4G	0x100000000UL

#endif
