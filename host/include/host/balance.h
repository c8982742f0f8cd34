/* SPDX-License-Identifier: MIT */
/* What is in use, before and after a test: nothing may be lost. host/balance.c */
#ifndef HOST_BALANCE_H
#define HOST_BALANCE_H

struct host_balance {
	unsigned long frames;	/* neither free nor slab */
	unsigned long objects;	/* of all caches, kmalloc too */
	unsigned long mapped, tables, cached, committed;
};

/* Waits for what is deferred (RCU, work queues), empties what is kept ready, and counts. May sleep. */
struct host_balance host_balance(void);
/* Fails the test where a number differs from @before. */
void host_balance_check(const struct host_balance *before);

#endif
