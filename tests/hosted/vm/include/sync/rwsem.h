/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: sync/rwsem.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <sync/spinlock.h>
struct rw_semaphore {
	int c;
};
#define __RWSEM_INITIALIZER(n, r)                                                                  \
	{                                                                                          \
		0                                                                                  \
	}
#define init_rwsem(s, r) ((s)->c = 0)
static inline void down_write(struct rw_semaphore *s)
{
	if (s->c)
		abort();
	s->c = -1;
}
#define down_write_nested(s, n) down_write(s)
static inline int down_write_killable(struct rw_semaphore *s)
{
	down_write(s);
	return 0;
}
static inline int down_write_trylock(struct rw_semaphore *s)
{
	if (s->c)
		return 0;
	s->c = -1;
	return 1;
}
static inline void up_write(struct rw_semaphore *s)
{
	if (s->c != -1)
		abort();
	s->c = 0;
}
static inline void downgrade_write(struct rw_semaphore *s)
{
	if (s->c != -1)
		abort();
	s->c = 1;
}
static inline void down_read(struct rw_semaphore *s)
{
	if (s->c < 0)
		abort();
	s->c++;
}
static inline int down_read_killable(struct rw_semaphore *s)
{
	down_read(s);
	return 0;
}
static inline int down_read_trylock(struct rw_semaphore *s)
{
	if (s->c < 0)
		return 0;
	s->c++;
	return 1;
}
static inline void up_read(struct rw_semaphore *s)
{
	if (s->c <= 0)
		abort();
	s->c--;
}
