/* SPDX-License-Identifier: MIT */
/*
 * Atomic integers, exchange, ordered loads and stores, reference counts.
 *
 * Semantics are Linux's: operations that return nothing order nothing; those that return a value are
 * full barriers, unless their name ends in _relaxed, _acquire or _release. A failed cmpxchg orders
 * nothing. They are the compiler's built-ins; see atomic_point.h for the hook of hosted builds.
 */
#ifndef QUIRE_BASE_ATOMIC_H
#define QUIRE_BASE_ATOMIC_H

#include <base/compiler.h>
#include <base/atomic_point.h>

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} __attribute__((aligned(8))) atomic64_t;

typedef struct {
	long counter;
} atomic_long_t;

#define ATOMIC_INIT(i)		{ (i) }
#define ATOMIC64_INIT(i)	{ (i) }
#define ATOMIC_LONG_INIT(i)	{ (i) }

/* ---- plain objects ---- */
#define smp_load_acquire(p) ({							\
	__unqual_typeof(*(p)) __la;						\
	atomic_point();								\
	__atomic_load((p), &__la, __ATOMIC_ACQUIRE);				\
	__la; })
#define smp_store_release(p, v)	do {						\
	__typeof__(*(p)) __sr = (v);						\
	atomic_point();								\
	__atomic_store((p), &__sr, __ATOMIC_RELEASE);				\
} while (0)

#define __xchg_order(p, v, order) ({						\
	__typeof__(*(p)) __xv = (v), __xo;					\
	atomic_point();								\
	__atomic_exchange((p), &__xv, &__xo, order);				\
	__xo; })
#define xchg(p, v)		__xchg_order(p, v, __ATOMIC_SEQ_CST)

/* The value found; the exchange was made if it equals @old. */
#define __cmpxchg_order(p, old, new, order) ({					\
	__typeof__(*(p)) __co = (old), __cn = (new);				\
	atomic_point();								\
	(void)__atomic_compare_exchange((p), &__co, &__cn, false, order, __ATOMIC_RELAXED); \
	__co; })
#define cmpxchg(p, old, new)		__cmpxchg_order(p, old, new, __ATOMIC_SEQ_CST)

/* True when exchanged; otherwise *@oldp becomes the value found. */
#define __try_cmpxchg_order(p, oldp, new, order) ({				\
	__typeof__(*(p)) __tn = (new);						\
	atomic_point();								\
	__atomic_compare_exchange((p), (oldp), &__tn, false, order, __ATOMIC_RELAXED); })
#define try_cmpxchg(p, oldp, new)		__try_cmpxchg_order(p, oldp, new, __ATOMIC_SEQ_CST)
#define try_cmpxchg_relaxed(p, oldp, new)	__try_cmpxchg_order(p, oldp, new, ATOMIC_UNORDERED)

/* ---- atomic_t, atomic64_t, atomic_long_t: one text for the three ---- */
#define __ATOMIC_FETCH(pfx, T, I, op, suffix, order)				\
static __always_inline I pfx##_fetch_##op##suffix(I i, T *v)			\
{										\
	atomic_point();								\
	return __atomic_fetch_##op(&v->counter, i, order);			\
}
#define __ATOMIC_RETURN(pfx, T, I, op, suffix, order)				\
static __always_inline I pfx##_##op##_return##suffix(I i, T *v)			\
{										\
	atomic_point();								\
	return __atomic_##op##_fetch(&v->counter, i, order);			\
}
#define __ATOMIC_ORDERS(gen, pfx, T, I, op)					\
	gen(pfx, T, I, op, , __ATOMIC_SEQ_CST)					\
	gen(pfx, T, I, op, _relaxed, ATOMIC_UNORDERED)				\
	gen(pfx, T, I, op, _acquire, __ATOMIC_ACQUIRE)				\
	gen(pfx, T, I, op, _release, __ATOMIC_RELEASE)
#define __ATOMIC_VOID(pfx, T, I, op)						\
static __always_inline void pfx##_##op(I i, T *v)				\
{										\
	atomic_point();								\
	(void)__atomic_fetch_##op(&v->counter, i, ATOMIC_UNORDERED);		\
}
#define __ATOMIC_XCHG(pfx, T, I, suffix, order)					\
static __always_inline I pfx##_xchg##suffix(T *v, I new)			\
{										\
	atomic_point();								\
	return __atomic_exchange_n(&v->counter, new, order);			\
}										\
static __always_inline I pfx##_cmpxchg##suffix(T *v, I old, I new)		\
{										\
	atomic_point();								\
	(void)__atomic_compare_exchange_n(&v->counter, &old, new, false, order, __ATOMIC_RELAXED); \
	return old;								\
}										\
static __always_inline bool pfx##_try_cmpxchg##suffix(T *v, I *old, I new)	\
{										\
	atomic_point();								\
	return __atomic_compare_exchange_n(&v->counter, old, new, false, order, __ATOMIC_RELAXED); \
}										\
static __always_inline I pfx##_inc_return##suffix(T *v) { return pfx##_add_return##suffix(1, v); }	\
static __always_inline I pfx##_dec_return##suffix(T *v) { return pfx##_sub_return##suffix(1, v); }	\
static __always_inline I pfx##_fetch_inc##suffix(T *v) { return pfx##_fetch_add##suffix(1, v); }	\
static __always_inline I pfx##_fetch_dec##suffix(T *v) { return pfx##_fetch_sub##suffix(1, v); }

#define __ATOMIC_TYPE(pfx, T, I)						\
static __always_inline I pfx##_read(const T *v) { return READ_ONCE(v->counter); }	\
static __always_inline void pfx##_set(T *v, I i) { WRITE_ONCE(v->counter, i); }	\
static __always_inline I pfx##_read_acquire(const T *v)				\
{										\
	atomic_point();								\
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);			\
}										\
static __always_inline void pfx##_set_release(T *v, I i)			\
{										\
	atomic_point();								\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);			\
}										\
__ATOMIC_VOID(pfx, T, I, add)							\
__ATOMIC_VOID(pfx, T, I, sub)							\
__ATOMIC_VOID(pfx, T, I, and)							\
__ATOMIC_VOID(pfx, T, I, or)							\
__ATOMIC_VOID(pfx, T, I, xor)							\
__ATOMIC_ORDERS(__ATOMIC_RETURN, pfx, T, I, add)				\
__ATOMIC_ORDERS(__ATOMIC_RETURN, pfx, T, I, sub)				\
__ATOMIC_ORDERS(__ATOMIC_FETCH, pfx, T, I, add)					\
__ATOMIC_ORDERS(__ATOMIC_FETCH, pfx, T, I, sub)					\
__ATOMIC_ORDERS(__ATOMIC_FETCH, pfx, T, I, and)					\
__ATOMIC_ORDERS(__ATOMIC_FETCH, pfx, T, I, or)					\
__ATOMIC_ORDERS(__ATOMIC_FETCH, pfx, T, I, xor)					\
__ATOMIC_XCHG(pfx, T, I, , __ATOMIC_SEQ_CST)					\
__ATOMIC_XCHG(pfx, T, I, _relaxed, ATOMIC_UNORDERED)				\
__ATOMIC_XCHG(pfx, T, I, _acquire, __ATOMIC_ACQUIRE)				\
__ATOMIC_XCHG(pfx, T, I, _release, __ATOMIC_RELEASE)				\
static __always_inline void pfx##_inc(T *v) { pfx##_add(1, v); }		\
static __always_inline void pfx##_dec(T *v) { pfx##_sub(1, v); }		\
static __always_inline void pfx##_andnot(I i, T *v) { pfx##_and(~i, v); }	\
static __always_inline I pfx##_fetch_andnot(I i, T *v) { return pfx##_fetch_and(~i, v); }	\
static __always_inline I pfx##_fetch_andnot_release(I i, T *v) { return pfx##_fetch_and_release(~i, v); } \
static __always_inline bool pfx##_inc_and_test(T *v) { return pfx##_inc_return(v) == 0; }	\
static __always_inline bool pfx##_dec_and_test(T *v) { return pfx##_dec_return(v) == 0; }	\
static __always_inline bool pfx##_sub_and_test(I i, T *v) { return pfx##_sub_return(i, v) == 0; }	\
static __always_inline bool pfx##_add_negative(I i, T *v) { return pfx##_add_return(i, v) < 0; }	\
/* Add @a unless the value is @u; the value found. */				\
static __always_inline I pfx##_fetch_add_unless(T *v, I a, I u)			\
{										\
	I c = pfx##_read(v);							\
										\
	do {									\
		if (unlikely(c == u))						\
			break;							\
	} while (!pfx##_try_cmpxchg(v, &c, c + a));				\
	return c;								\
}										\
static __always_inline bool pfx##_add_unless(T *v, I a, I u)			\
{										\
	return pfx##_fetch_add_unless(v, a, u) != u;				\
}										\
static __always_inline bool pfx##_inc_not_zero(T *v) { return pfx##_add_unless(v, 1, 0); }	\
static __always_inline bool pfx##_inc_unless_negative(T *v)			\
{										\
	I c = pfx##_read(v);							\
										\
	do {									\
		if (unlikely(c < 0))						\
			return false;						\
	} while (!pfx##_try_cmpxchg(v, &c, c + 1));				\
	return true;								\
}										\
static __always_inline bool pfx##_dec_unless_positive(T *v)			\
{										\
	I c = pfx##_read(v);							\
										\
	do {									\
		if (unlikely(c > 0))						\
			return false;						\
	} while (!pfx##_try_cmpxchg(v, &c, c - 1));				\
	return true;								\
}										\
/* Decrement unless that makes it negative; the result, or a negative number if nothing was done. */	\
static __always_inline I pfx##_dec_if_positive(T *v)				\
{										\
	I c = pfx##_read(v);							\
										\
	do {									\
		if (unlikely(c - 1 < 0))					\
			return c - 1;						\
	} while (!pfx##_try_cmpxchg(v, &c, c - 1));				\
	return c - 1;								\
}

__ATOMIC_TYPE(atomic, atomic_t, int)
__ATOMIC_TYPE(atomic64, atomic64_t, s64)
__ATOMIC_TYPE(atomic_long, atomic_long_t, long)

/* ---- reference counts: never up from 0, stick when they would overflow ---- */
typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n)	{ .refs = ATOMIC_INIT(n) }
#define REFCOUNT_SATURATED	((int)0xc0000000)

void refcount_warn_saturate(refcount_t *r, const char *what) __attribute__((cold));

static __always_inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static __always_inline unsigned int refcount_read(const refcount_t *r)
{
	return atomic_read(&r->refs);
}

static __always_inline void refcount_add(int i, refcount_t *r)
{
	int old = atomic_fetch_add_relaxed(i, &r->refs);

	if (unlikely(old <= 0))
		refcount_warn_saturate(r, old ? "overflow" : "addition on 0; use after free");
}

static __always_inline void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

static __always_inline bool __must_check refcount_add_not_zero(int i, refcount_t *r)
{
	int old = atomic_read(&r->refs);

	do {
		if (!old)
			return false;
	} while (!atomic_try_cmpxchg_relaxed(&r->refs, &old, old + i));
	if (unlikely(old < 0))
		refcount_warn_saturate(r, "overflow");
	return true;
}

static __always_inline bool __must_check refcount_inc_not_zero(refcount_t *r)
{
	return refcount_add_not_zero(1, r);
}

/* True when it became 0: everything done under other references is visible to the caller. */
static __always_inline bool __must_check refcount_sub_and_test(int i, refcount_t *r)
{
	int old;

	atomic_point();
	old = __atomic_fetch_sub(&r->refs.counter, i, __ATOMIC_ACQ_REL);
	if (unlikely(old < i))
		refcount_warn_saturate(r, "underflow; use after free");
	return old == i;
}

static __always_inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

#endif
