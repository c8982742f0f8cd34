/* SPDX-License-Identifier: MIT */
/*
 * Bits of words and of arrays of unsigned long.
 *
 * set_bit and clear_bit are atomic and order nothing; test_and_* are atomic and full
 * barriers, test_and_set_bit_lock acquires, clear_bit_unlock releases; __ forms are not atomic.
 * ffs, fls, fls64 number bits from 1 (0: none is set); __ffs, __fls from 0 (one must be).
 */
#ifndef QUIRE_BASE_BITOPS_H
#define QUIRE_BASE_BITOPS_H

#include <base/compiler.h>
#include <base/atomic_point.h>

#define BITS_PER_LONG		64
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define BIT_MASK(n)		(1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)		((n) / BITS_PER_LONG)
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))

static __always_inline __const_fn int ffs(int x) { return __builtin_ffs(x); }
static __always_inline __const_fn int fls(unsigned int x) { return x ? 32 - __builtin_clz(x) : 0; }
static __always_inline __const_fn int fls64(u64 x) { return x ? 64 - __builtin_clzll(x) : 0; }
static __always_inline __const_fn unsigned long __ffs(unsigned long x) { return __builtin_ctzl(x); }
static __always_inline __const_fn unsigned long __fls(unsigned long x) { return 63 - __builtin_clzl(x); }

static __always_inline __const_fn unsigned int hweight64(u64 w)
{
	w -= (w >> 1) & 0x5555555555555555ULL;
	w = (w & 0x3333333333333333ULL) + ((w >> 2) & 0x3333333333333333ULL);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (w * 0x0101010101010101ULL) >> 56;
}

static __always_inline __const_fn u32 rol32(u32 w, unsigned int s) { return (w << (s & 31)) | (w >> (-s & 31)); }

#define swab32(x)	__builtin_bswap32(x)
#define cpu_to_le16(x)	((__le16)(u16)(x))
#define cpu_to_le32(x)	((__le32)(u32)(x))
#define le16_to_cpu(x)	((u16)(x))
#define le32_to_cpu(x)	((u32)(x))

/* ---- atomic ---- */
#define __bit_addr(nr, addr)	((unsigned long *)(addr) + BIT_WORD((unsigned long)(nr)))

static __always_inline void set_bit(long nr, volatile void *addr)
{
	atomic_point();
	(void)__atomic_fetch_or(__bit_addr(nr, addr), BIT_MASK(nr), ATOMIC_UNORDERED);
}

static __always_inline void clear_bit(long nr, volatile void *addr)
{
	atomic_point();
	(void)__atomic_fetch_and(__bit_addr(nr, addr), ~BIT_MASK(nr), ATOMIC_UNORDERED);
}

static __always_inline void clear_bit_unlock(long nr, volatile void *addr)
{
	atomic_point();
	(void)__atomic_fetch_and(__bit_addr(nr, addr), ~BIT_MASK(nr), __ATOMIC_RELEASE);
}

static __always_inline bool test_and_set_bit(long nr, volatile void *addr)
{
	atomic_point();
	return __atomic_fetch_or(__bit_addr(nr, addr), BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static __always_inline bool test_and_set_bit_lock(long nr, volatile void *addr)
{
	atomic_point();
	return __atomic_fetch_or(__bit_addr(nr, addr), BIT_MASK(nr), __ATOMIC_ACQUIRE) & BIT_MASK(nr);
}

static __always_inline bool test_and_clear_bit(long nr, volatile void *addr)
{
	atomic_point();
	return __atomic_fetch_and(__bit_addr(nr, addr), ~BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static __always_inline bool test_bit(long nr, const volatile void *addr)
{
	return READ_ONCE(((const unsigned long *)addr)[BIT_WORD((unsigned long)nr)]) & BIT_MASK(nr);
}

static __always_inline bool test_bit_acquire(long nr, const volatile void *addr)
{
	atomic_point();
	return __atomic_load_n(__bit_addr(nr, addr), __ATOMIC_ACQUIRE) & BIT_MASK(nr);
}

/* ---- not atomic ---- */
static __always_inline void __set_bit(long nr, volatile void *addr)
{
	*__bit_addr(nr, addr) |= BIT_MASK(nr);
}

static __always_inline void __clear_bit(long nr, volatile void *addr)
{
	*__bit_addr(nr, addr) &= ~BIT_MASK(nr);
}

static __always_inline bool __test_and_set_bit(long nr, volatile void *addr)
{
	bool old = *__bit_addr(nr, addr) & BIT_MASK(nr);

	__set_bit(nr, addr);
	return old;
}

static __always_inline bool __test_and_clear_bit(long nr, volatile void *addr)
{
	bool old = *__bit_addr(nr, addr) & BIT_MASK(nr);

	__clear_bit(nr, addr);
	return old;
}

static __always_inline void assign_bit(long nr, volatile void *addr, bool value)
{
	if (value)
		set_bit(nr, addr);
	else
		clear_bit(nr, addr);
}

/* ---- search: all answer @size when there is none ---- */
unsigned long _find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset);
unsigned long _find_next_zero_bit(const unsigned long *addr, unsigned long size, unsigned long offset);
unsigned long find_next_and_bit(const unsigned long *a, const unsigned long *b, unsigned long size,
				unsigned long offset);
unsigned long find_next_andnot_bit(const unsigned long *a, const unsigned long *b, unsigned long size,
				   unsigned long offset);
unsigned long find_last_bit(const unsigned long *addr, unsigned long size);

static __always_inline unsigned long find_next_bit(const unsigned long *addr, unsigned long size,
						   unsigned long offset)
{
	if (__builtin_constant_p(size) && size > 0 && size <= BITS_PER_LONG) {
		unsigned long w;

		if (offset >= size)
			return size;
		w = *addr & GENMASK(size - 1, offset);
		return w ? __ffs(w) : size;
	}
	return _find_next_bit(addr, size, offset);
}

static __always_inline unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
							unsigned long offset)
{
	return _find_next_zero_bit(addr, size, offset);
}

static __always_inline unsigned long find_first_bit(const unsigned long *addr, unsigned long size)
{
	return find_next_bit(addr, size, 0);
}

static __always_inline unsigned long find_first_zero_bit(const unsigned long *addr, unsigned long size)
{
	return find_next_zero_bit(addr, size, 0);
}

#define for_each_set_bit(bit, addr, size)					\
	for ((bit) = find_first_bit((addr), (size)); (bit) < (size);		\
	     (bit) = find_next_bit((addr), (size), (bit) + 1))
#define for_each_clear_bit(bit, addr, size)					\
	for ((bit) = find_first_zero_bit((addr), (size)); (bit) < (size);	\
	     (bit) = find_next_zero_bit((addr), (size), (bit) + 1))

#endif
