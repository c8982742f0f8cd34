/* SPDX-License-Identifier: MIT */
/* The ledger: every page of memory in exactly one named account. Theory: mm/stat/ledger.c. */
#ifndef QUIRE_MM_LEDGER_H
#define QUIRE_MM_LEDGER_H

#include <base/types.h>
#include <seam/percpu.h>
#include <mm/page.h>

/* X(account, name) in the order of printing */
#define LEDGER_ACCOUNTS(X)						\
	X(FREE, "free") X(PCP, "per-cpu lists") X(RESERVED, "reserved")	\
	X(SLAB, "slab") X(KMALLOC, "large kmalloc") X(TABLE, "page tables") \
	X(PGD, "page directories") X(SPARE, "kept ready") X(STACK, "kernel stacks") X(VMALLOC, "vmalloc") \
	X(PERCPU, "percpu") X(BOOT, "boot caches") X(ANON, "anonymous") X(UNMAPPED, "anonymous, unmapped") X(FILE, "page cache") \
	X(PIPE, "pipe buffers") X(TRACE, "trace") X(RAMDISK, "RAM disks") X(ZSMALLOC, "compressed") X(SWAP, "swap slots") X(DMA, "device memory") \
	X(OFFLINE, "offline") X(POISON, "poisoned") X(OTHER, "other kernel") \
	X(HOLE, "hole")

enum ledger_account {
#define X(account, name) LEDGER_##account,
	LEDGER_ACCOUNTS(X)
#undef X
	NR_LEDGER_ACCOUNTS
};

struct ledger {
	unsigned long pages[NR_LEDGER_ACCOUNTS];	/* by the descriptors */
	unsigned long counted[NR_LEDGER_ACCOUNTS];	/* by the counters of those who allocate */
	unsigned long total;			/* descriptors looked at: the sum of pages[] */
};

/* Pages of those accounts that no other counter knows: page directories, spare tables, named pages. */
struct ledger_counts {
	long pages[NR_LEDGER_ACCOUNTS];
};
DECLARE_PER_CPU(struct ledger_counts, ledger_counts);
#define ledger_count(account, n)	this_cpu_add(ledger_counts.pages[account], n)

/*
 * Name a page of the kernel with PAGE_TYPE_PGD, PIPE, TRACE, RAMDISK, ZSMALLOC, SWAP, DMA or BOOT: it stands in that account from now on. Freeing
 * the page takes the name back. => the caller owns the page, which is not compound
 */
void page_set_name(struct page *page, u32 type);
/* For the page allocator: @page had such a name and has it no more. */
bool page_clear_name(struct page *page);

/* Walk all descriptors, read all counters. Exact while nobody allocates. Any context that may take long. */
void ledger_take(struct ledger *l);
const char *ledger_account_name(enum ledger_account account);
/* Do walk and counters of @account agree? (slab and large kmalloc have one counter together.) */
bool ledger_account_agrees(const struct ledger *l, enum ledger_account account);
/* The same until all accounts agree, a few times: then the difference is real. Number of those that differ. */
int ledger_compare(struct ledger *l);
/* Compare, and name each account that differs in the log; their number. */
int ledger_check(void);
struct seq_file;
int ledger_show(struct seq_file *m, void *v);

/*
 * Failure injection: lose one page of the account called @name ("other kernel", "page tables", ...), which the
 * next check must find; "none" finds them all again. 0, -EINVAL: no such account or nothing to lose there.
 */
int ledger_lose_page(const char *name);

#endif
