/* SPDX-License-Identifier: MIT */
/* A ring of io_uring by raw system calls: its memory, entries, completions. */
#ifndef URING_H
#define URING_H

#include "tap.h"
#include <linux/io_uring.h>

struct ring {
	int fd;
	struct io_uring_params p;
	char *mem;
	struct io_uring_sqe *sqes;
	unsigned int *sq_head, *sq_tail, *sq_flags, *sq_dropped, *array;
	unsigned int *cq_head, *cq_tail, *cq_overflow;
	struct io_uring_cqe *cqes;
	size_t size, sqes_size;
};

__attribute__((unused)) static int setup(unsigned int entries, struct io_uring_params *p)
{
	return (int)syscall(SYS_io_uring_setup, entries, p);
}

__attribute__((unused)) static int enter(int fd, unsigned int submit, unsigned int least, unsigned int flags)
{
	return (int)syscall(SYS_io_uring_enter, fd, submit, least, flags, NULL, 8);
}

__attribute__((unused)) static int reg(int fd, unsigned int op, const void *arg, unsigned int nr)
{
	return (int)syscall(SYS_io_uring_register, fd, op, arg, nr);
}

__attribute__((unused)) static unsigned int *field(struct ring *r, unsigned int offset)
{
	return (unsigned int *)(r->mem + offset);
}

__attribute__((unused)) static bool open_ring(struct ring *r, unsigned int entries, unsigned int flags, unsigned int cq)
{
	size_t a, b;

	memset(r, 0, sizeof(*r));
	r->p.flags = flags;
	r->p.cq_entries = cq;
	r->fd = setup(entries, &r->p);
	if (r->fd < 0)
		return false;
	a = r->p.sq_off.array + r->p.sq_entries * 4;
	b = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	r->size = a > b ? a : b;
	r->sqes_size = r->p.sq_entries * sizeof(struct io_uring_sqe);
	r->mem = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		      IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->sqes_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd,
		       IORING_OFF_SQES);
	if (r->mem == MAP_FAILED || r->sqes == MAP_FAILED)
		return false;
	r->sq_head = field(r, r->p.sq_off.head);
	r->sq_tail = field(r, r->p.sq_off.tail);
	r->sq_flags = field(r, r->p.sq_off.flags);
	r->sq_dropped = field(r, r->p.sq_off.dropped);
	r->array = field(r, r->p.sq_off.array);
	r->cq_head = field(r, r->p.cq_off.head);
	r->cq_tail = field(r, r->p.cq_off.tail);
	r->cq_overflow = field(r, r->p.cq_off.overflow);
	r->cqes = (struct io_uring_cqe *)field(r, r->p.cq_off.cqes);
	return true;
}

__attribute__((unused)) static void close_ring(struct ring *r)
{
	munmap(r->mem, r->size);
	munmap(r->sqes, r->sqes_size);
	close(r->fd);
}

/* The next entry, filled in; not yet submitted. */
__attribute__((unused)) static struct io_uring_sqe *sqe(struct ring *r, int op, int fd, const void *addr, unsigned int len,
				unsigned long long off, unsigned long long data)
{
	unsigned int tail = *r->sq_tail, i = tail & (r->p.sq_entries - 1);
	struct io_uring_sqe *s = &r->sqes[i];

	memset(s, 0, sizeof(*s));
	s->opcode = (unsigned char)op;
	s->fd = fd;
	s->addr = (uintptr_t)addr;
	s->len = len;
	s->off = off;
	s->user_data = data;
	r->array[i] = i;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return s;
}

__attribute__((unused)) static unsigned int ready(struct ring *r)
{
	return __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) - *r->cq_head;
}

/* Take a completion, waiting for it; -1 if there is none. */
__attribute__((unused)) static bool take(struct ring *r, struct io_uring_cqe *c)
{
	while (!ready(r))
		if (enter(r->fd, 0, 1, IORING_ENTER_GETEVENTS) < 0 && errno != EINTR)
			return false;
	*c = r->cqes[*r->cq_head & (r->p.cq_entries - 1)];
	__atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Submit all, wait for one, and answer its result. */
__attribute__((unused)) static int run(struct ring *r)
{
	struct io_uring_cqe c;

	if (enter(r->fd, *r->sq_tail - *r->sq_head, 1, IORING_ENTER_GETEVENTS) < 0 || !take(r, &c))
		return -9999;
	return c.res;
}

/* Submit all; *@res of the completions by their user_data, 0 to @n - 1. */
__attribute__((unused)) static void run_all(struct ring *r, int *res, unsigned int n)
{
	struct io_uring_cqe c;
	unsigned int i;

	for (i = 0; i < n; i++)
		res[i] = -9999;
	enter(r->fd, *r->sq_tail - *r->sq_head, 0, 0);
	for (i = 0; i < n && take(r, &c); i++)
		if (c.user_data < n)
			res[c.user_data] = c.res;
}

#endif
