// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include "coroutine.h"

#define STACK_BYTES	(1 << 18)
#define DENSE_LIMIT	600	/* points up to which each pair of preemptions is tried, above: every third */

static ucontext_t back, thread[2];
static char stack[2][STACK_BYTES];
static void (*body[2])(void);
static int running = -1, ended[2];
static long points, switch_at[2];
static int nr_switches, done_switches;

static void entry(int me)
{
	body[me]();
	ended[me] = 1;
	if (!ended[1 - me]) {
		running = 1 - me;
		swapcontext(&thread[me], &thread[1 - me]);
	}
	running = -1;
	swapcontext(&thread[me], &back);
}

int yield_to_other(void)
{
	int me = running;

	if (me < 0 || ended[1 - me])
		return 0;
	running = 1 - me;
	swapcontext(&thread[me], &thread[1 - me]);
	return 1;
}

void yield_point(void)
{
	if (running < 0)
		return;
	points++;
	if (done_switches < nr_switches && points == switch_at[done_switches]) {
		done_switches++;
		yield_to_other();
	}
}

static long run(const struct scenario *s, int first)
{
	s->setup();
	points = done_switches = ended[0] = ended[1] = 0;
	for (int i = 0; i < 2; i++) {
		getcontext(&thread[i]);
		thread[i].uc_stack.ss_sp = stack[i];
		thread[i].uc_stack.ss_size = STACK_BYTES;
		thread[i].uc_link = NULL;
		makecontext(&thread[i], (void (*)(void))entry, 1, i);
	}
	running = first;
	swapcontext(&back, &thread[first]);
	running = -1;
	s->teardown();
	return points;
}

long explore(const struct scenario *s)
{
	long nr = 0;

	body[0] = s->first;
	body[1] = s->second;
	for (int first = 0; first < 2; first++) {
		long length;

		nr_switches = 0;
		length = run(s, first);
		nr++;
		for (long i = 1; i <= length; i++) {
			long longer;

			nr_switches = 1;
			switch_at[0] = i;
			longer = run(s, first);
			nr++;
			nr_switches = 2;
			for (long j = i + 1; j <= longer; j += longer > DENSE_LIMIT ? 3 : 1, nr++) {
				switch_at[1] = j;
				run(s, first);
			}
		}
	}
	return nr;
}

/* --- what the compiler calls at each access (ABI of -fsanitize=thread) ------------------------------- */

#define PLAIN(n)							\
void __tsan_read##n(void *p);						\
void __tsan_read##n(void *p) { yield_point(); }				\
void __tsan_write##n(void *p);						\
void __tsan_write##n(void *p) { yield_point(); }
PLAIN(1) PLAIN(2) PLAIN(4) PLAIN(8) PLAIN(16)

void __tsan_init(void);
void __tsan_init(void) { }
void __tsan_read_range(void *p, long n);
void __tsan_read_range(void *p, long n) { yield_point(); }
void __tsan_write_range(void *p, long n);
void __tsan_write_range(void *p, long n) { yield_point(); }
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) { }

#define ATOMIC(b, T)							\
T __tsan_atomic##b##_load(T *p, int o);					\
T __tsan_atomic##b##_load(T *p, int o) { yield_point(); return *p; }	\
void __tsan_atomic##b##_store(T *p, T v, int o);			\
void __tsan_atomic##b##_store(T *p, T v, int o) { yield_point(); *p = v; } \
T __tsan_atomic##b##_exchange(T *p, T v, int o);			\
T __tsan_atomic##b##_exchange(T *p, T v, int o) { yield_point(); T x = *p; *p = v; return x; } \
T __tsan_atomic##b##_fetch_add(T *p, T v, int o);			\
T __tsan_atomic##b##_fetch_add(T *p, T v, int o) { yield_point(); T x = *p; *p = x + v; return x; } \
T __tsan_atomic##b##_fetch_sub(T *p, T v, int o);			\
T __tsan_atomic##b##_fetch_sub(T *p, T v, int o) { yield_point(); T x = *p; *p = x - v; return x; } \
T __tsan_atomic##b##_fetch_and(T *p, T v, int o);			\
T __tsan_atomic##b##_fetch_and(T *p, T v, int o) { yield_point(); T x = *p; *p = x & v; return x; } \
T __tsan_atomic##b##_fetch_or(T *p, T v, int o);			\
T __tsan_atomic##b##_fetch_or(T *p, T v, int o) { yield_point(); T x = *p; *p = x | v; return x; } \
int __tsan_atomic##b##_compare_exchange_strong(T *p, T *e, T v, int o, int f); \
int __tsan_atomic##b##_compare_exchange_strong(T *p, T *e, T v, int o, int f) \
{ yield_point(); if (*p == *e) { *p = v; return 1; } *e = *p; return 0; } \
int __tsan_atomic##b##_compare_exchange_weak(T *p, T *e, T v, int o, int f); \
int __tsan_atomic##b##_compare_exchange_weak(T *p, T *e, T v, int o, int f) \
{ return __tsan_atomic##b##_compare_exchange_strong(p, e, v, o, f); }
ATOMIC(8, unsigned char) ATOMIC(16, unsigned short) ATOMIC(32, unsigned int) ATOMIC(64, unsigned long)
