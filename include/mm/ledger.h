/* SPDX-License-Identifier: MIT */
/* The ledger: every page of memory in exactly one named account. Theory: mm/stat/ledger.c. */
#ifndef QUIRE_MM_LEDGER_H
#define QUIRE_MM_LEDGER_H

#include <base/types.h>

/* X(account, name) in the order of printing */
#define LEDGER_ACCOUNTS(X)						\
	X(FREE, "free") X(PCP, "per-cpu lists") X(RESERVED, "reserved")	\
	X(SLAB, "slab") X(KMALLOC, "large kmalloc") X(TABLE, "page tables") \
	X(SPARE, "kept ready") X(STACK, "kernel stacks") X(VMALLOC, "vmalloc") X(PERCPU, "percpu") \
	X(ANON, "anonymous") X(FILE, "page cache") X(TRACE, "trace")	\
	X(OFFLINE, "offline") X(POISON, "poisoned") X(OTHER, "other kernel") \
	X(HOLE, "hole")

enum ledger_account {
#define X(account, name) LEDGER_##account,
	LEDGER_ACCOUNTS(X)
#undef X
	NR_LEDGER_ACCOUNTS
};

struct ledger {
	unsigned long pages[NR_LEDGER_ACCOUNTS];
	unsigned long total;			/* descriptors looked at: the sum of pages[] */
};

/* Walk all descriptors. Exact while nobody allocates. Any context that may take long. */
void ledger_take(struct ledger *l);
/* Compare with the counters of the rooms; number of accounts that differ, each named in the log. */
int ledger_check(void);
struct seq_file;
int ledger_show(struct seq_file *m, void *v);

#endif
