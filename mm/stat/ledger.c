// SPDX-License-Identifier: MIT
/*
 * The ledger: every descriptor belongs to exactly one account, found by looking at the descriptor alone.
 *
 * The order of questions makes the answer unique: a free block covers 2^order pages at once; then hole or
 * reserved, poisoned, slab, a page type (page tables, stacks, vmalloc ...), mapping (anonymous, page cache),
 * refcount 0 (in a per-CPU list). What is left is kernel memory of an owner who gave it no name: "other".
 * ledger_check() compares the accounts with counters that were kept independently, by those who allocate:
 *
 *	FREE      = NR_FREE_PAGES + isolated            PCP     = sum of pcp->count
 *	SLAB + KMALLOC = NR_SLAB_*                      TABLE   = NR_PAGETABLE
 *	STACK     = NR_KERNEL_STACK_KB / 4 + stored     VMALLOC + STACK = vmalloc_nr_pages()
 *	FILE      = NR_FILE_PAGES                       RESERVED + HOLE + managed = all descriptors
 *
 * Exact while nobody allocates meanwhile; a walk costs some ten instructions a page.
 * Observe: debugfs ledger; boot self test.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <fs/seq_file.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/folio.h>
#include <mm/ledger.h>
#include <mm/page_flags.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static const char *const account_names[NR_LEDGER_ACCOUNTS] = {
#define X(account, name) name,
	LEDGER_ACCOUNTS(X)
#undef X
};

static enum ledger_account account_of_type(u32 type)
{
	switch (type) {
	case PAGE_TYPE_TABLE:
		return LEDGER_TABLE;
	case PAGE_TYPE_SPARE:
		return LEDGER_SPARE;
	case PAGE_TYPE_STACK:
		return LEDGER_STACK;
	case PAGE_TYPE_VMALLOC:
		return LEDGER_VMALLOC;
	case PAGE_TYPE_PERCPU:
		return LEDGER_PERCPU;
	case PAGE_TYPE_KMALLOC:
		return LEDGER_KMALLOC;
	case PAGE_TYPE_TRACE:
		return LEDGER_TRACE;
	case PAGE_TYPE_OFFLINE:
		return LEDGER_OFFLINE;
	default:
		return LEDGER_OTHER;
	}
}

/* The account of a page that is not free in the buddy lists. @head: of its compound page, or itself. */
static enum ledger_account account_of(const struct page *page, const struct page *head)
{
	if (PageReserved(page))
		return zone_spans_pfn(page_zone(page), page_to_pfn(page)) ? LEDGER_RESERVED
									  : LEDGER_HOLE;
	if (PageHWPoison(page))
		return LEDGER_POISON;
	if (PageSlab(head))
		return LEDGER_SLAB;
	if (page_has_type(head))
		return account_of_type(head->page_type);
	if (!page_ref_count(head))
		return LEDGER_PCP;
	if (!head->mapping)
		return LEDGER_OTHER;
	return PageAnon(head) ? LEDGER_ANON : LEDGER_FILE;
}

void ledger_take(struct ledger *l)
{
	*l = (struct ledger){ .total = 0 };
	for (unsigned long pfn = 0; pfn < max_pfn;) {
		const struct page *page = pfn_to_page(pfn), *head;
		unsigned int order;

		if (!pfn_valid(pfn)) {
			pfn = (pfn | (MAX_ORDER_NR_PAGES - 1)) + 1;
			continue;
		}
		order = PageBuddy(page) ? page->private : 0;
		if (PageBuddy(page) && order < MAX_ORDER) {
			l->pages[LEDGER_FREE] += 1UL << order;
		} else {
			order = 0;
			head = compound_head(page);
			l->pages[account_of(page, head)]++;
		}
		l->total += 1UL << order;
		pfn += 1UL << order;
	}
	/* Blocks of higher order in the per-CPU lists: only their first page tells; the rest looks alike. */
}

static int differ(bool say, const char *what, unsigned long walked, unsigned long counted)
{
	if (walked == counted)
		return 0;
	if (!say)
		return 1;
	pr_err("ledger: %s: %lu pages by the descriptors, %lu by the counters\n", what, walked,
	       counted);
	return 1;
}

static unsigned long pcp_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;
	int cpu;

	for_each_zone (zone)
		for_each_possible_cpu (cpu)
			sum += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count);
	return sum;
}

static unsigned long isolated_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone (zone)
		sum += zone->nr_isolated_pages;
	return sum;
}

static int compare(bool say)
{
	struct ledger l;
	int wrong = 0;

	ledger_take(&l);
	wrong += differ(say, "free", l.pages[LEDGER_FREE], nr_free_pages() + isolated_pages());
	wrong += differ(say, "per-cpu lists", l.pages[LEDGER_PCP], pcp_pages());
	wrong += differ(say, "slab", l.pages[LEDGER_SLAB] + l.pages[LEDGER_KMALLOC],
			global_node_page_state(NR_SLAB_RECLAIMABLE) +
				global_node_page_state(NR_SLAB_UNRECLAIMABLE));
	wrong += differ(say, "page tables", l.pages[LEDGER_TABLE],
			global_node_page_state(NR_PAGETABLE));
	wrong += differ(say, "kernel stacks", l.pages[LEDGER_STACK],
			(global_node_page_state(NR_KERNEL_STACK_KB) >> (PAGE_SHIFT - 10)) +
				thread_stack_stored_pages());
	wrong += differ(say, "vmalloc", l.pages[LEDGER_VMALLOC] + l.pages[LEDGER_STACK],
			vmalloc_nr_pages());
	wrong += differ(say, "page cache", l.pages[LEDGER_FILE],
			global_node_page_state(NR_FILE_PAGES));
	wrong += differ(say, "managed", l.total - l.pages[LEDGER_RESERVED] - l.pages[LEDGER_HOLE],
			totalram_pages());
	return wrong;
}

/*
 * Somebody may allocate during a walk, or have been interrupted with a page in his hands: what is wrong is wrong
 * each time, also after others have run.
 */
int ledger_check(void)
{
	for (int tries = 0; tries < 10; tries++) {
		if (!compare(false))
			return 0;
		schedule_timeout_uninterruptible(1);
	}
	return compare(true);
}

int ledger_show(struct seq_file *m, void *v)
{
	struct ledger l;

	ledger_take(&l);
	for (int i = 0; i < NR_LEDGER_ACCOUNTS; i++)
		seq_printf(m, "%-16s %10lu pages %10lu kB\n", account_names[i], l.pages[i],
			   l.pages[i] << (PAGE_SHIFT - 10));
	seq_printf(m, "%-16s %10lu pages %10lu kB\n", "total", l.total,
		   l.total << (PAGE_SHIFT - 10));
	return 0;
}
