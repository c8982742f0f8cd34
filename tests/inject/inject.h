/* SPDX-License-Identifier: MIT */
/*
 * The frame of the failure tests: an operation is run in a process of its own again and again, and each time
 * the n-th question that this process asks the failure gate is answered "fail". See frame.c.
 */
#ifndef INJECT_H
#define INJECT_H

#include "../guest/tap.h"

enum kind { PAGE_ALLOC, SLAB_ALLOC, USER_COPY, IO_REQUEST, NR_KINDS };

struct op {
	const char *name;
	void (*setup)(void); /* in the worker, nothing fails yet; may be NULL */
	int (*run)(void);    /* 0 or the errno; the gate is armed */
	/* After the run, nothing fails any more: NULL, or what is wrong with the state. */
	const char *(*verify)(int err);
	int alloc_err;	/* besides ENOMEM: what a missing page or object may also give */
	int copy_err;	/* besides EFAULT: what a failed copy may also give */
	int may_die;	/* bits: signals by which the worker may die (1 << SIGSEGV) */
	int exec_status; /* not 0: the worker becomes a program that exits with it */
};

#define DIES_OF(sig) (1 << (sig))

void touch_data(void); /* the writable data of ops.c: nothing of it is to fault later */
extern const struct op ops[];
extern const int nr_ops;

/* swap.c: -s DEVICE -z DEVICE; the device is one that mkswap has been at. */
extern const struct op swap_ops[];
extern const int nr_swap_ops;
extern const char *swap_device, *zram_device;
extern enum kind kind_now; /* that fails */
void prepare_swap(void);
extern const char *self_path;

#endif
