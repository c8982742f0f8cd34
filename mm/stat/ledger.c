// SPDX-License-Identifier: MIT
/*
 * The ledger: every descriptor belongs to exactly one account, found by looking at the descriptor alone.
 *
 * The order of questions makes the answer unique: a free block covers 2^order pages at once; then hole or
 * reserved, poisoned, slab, a page type (page tables, stacks, vmalloc ...), mapping (anonymous, page cache),
 * refcount 0 (in a per-CPU list). What is left is kernel memory of an owner who gave it no name: "other kernel";
 * nobody keeps such pages longer than a call, and so that account is expected to be empty.
 * Each account is compared with a counter that those who allocate keep independently:
 *
 *	FREE      = NR_FREE_PAGES + isolated            PCP     = sum of pcp->count
 *	RESERVED  = present - managed, over the zones   HOLE    = all descriptors - present
 *	SLAB + KMALLOC = NR_SLAB_*                      TABLE   = NR_PAGETABLE
 *	STACK     = NR_KERNEL_STACK_KB / 4 + unused     VMALLOC = vmalloc_nr_pages() - STACK
 *	ANON      = NR_ANON_MAPPED less those of the swap cache   FILE = NR_FILE_PAGES (the swap cache is part of it)
 *	PGD, SPARE, PIPE, TRACE, PERCPU, ZSMALLOC, SWAP, DMA, BOOT = ledger_counts
 *	POISON = num_poisoned_pages                     OFFLINE = ledger_counts, which nobody keeps yet: 0
 *	UNMAPPED, OTHER = 0
 *
 * A page that left the lists and reached no owner, that an owner forgot after uncounting it, or that is counted
 * twice shows as a difference of the account where it lies. The walk (some ten instructions a page) takes no lock:
 * who allocates meanwhile makes accounts differ for that moment, therefore ledger_compare() repeats it.
 * Observe: /proc/mm/ledger; boot self tests, after each of which it must agree; debugfs ledger_lose.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <sync/mutex.h>
#include <sync/preempt.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/memblock.h>
#include <mm/migrate.h>
#include <mm/page_flags.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static const char *const account_names[NR_LEDGER_ACCOUNTS] = {
#define X(account, name) name,
	LEDGER_ACCOUNTS(X)
#undef X
};

DEFINE_PER_CPU(struct ledger_counts, ledger_counts);

const char *ledger_account_name(enum ledger_account account)
{
	return account_names[account];
}

static enum ledger_account account_of_type(u32 type)
{
	switch (type) {
	case PAGE_TYPE_PGD:
		return LEDGER_PGD;
	case PAGE_TYPE_PIPE:
		return LEDGER_PIPE;
	case PAGE_TYPE_BOOT:
		return LEDGER_BOOT;
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
	case PAGE_TYPE_RAMDISK:
		return LEDGER_RAMDISK;
	case PAGE_TYPE_ZSMALLOC:
		return LEDGER_ZSMALLOC;
	case PAGE_TYPE_SWAP:
		return LEDGER_SWAP;
	case PAGE_TYPE_DMA:
		return LEDGER_DMA;
	case PAGE_TYPE_OFFLINE:
		return LEDGER_OFFLINE;
	default:
		return LEDGER_OTHER;
	}
}

/* ---- names ---- */

void page_set_name(struct page *page, u32 type)
{
	VM_BUG_ON_PAGE(page->page_type != PAGE_TYPE_NONE, page);
	WRITE_ONCE(page->page_type, type);
	ledger_count(account_of_type(type), 1);
}

bool page_clear_name(struct page *page)
{
	u32 type = page->page_type;

	if (type != PAGE_TYPE_PGD && type != PAGE_TYPE_PIPE && type != PAGE_TYPE_TRACE &&
	    type != PAGE_TYPE_RAMDISK && type != PAGE_TYPE_ZSMALLOC && type != PAGE_TYPE_SWAP &&
	    type != PAGE_TYPE_DMA && type != PAGE_TYPE_BOOT)
		return false;
	ledger_count(account_of_type(type), -1);
	WRITE_ONCE(page->page_type, PAGE_TYPE_NONE);
	return true;
}

/* ---- the walk ---- */

/* The account of a page that is not free in the buddy lists; of any state, while others work on it. */
static enum ledger_account account_of(const struct page *page)
{
	const struct page *head = compound_head(page);
	const struct folio *folio = (const struct folio *)head;

	if (PageReserved(page))
		return memblock_is_memory(page_to_phys(page)) ? LEDGER_RESERVED : LEDGER_HOLE;
	if (PageHWPoison(page))
		return LEDGER_POISON;
	if (PageSlab(head))
		return LEDGER_SLAB;
	if (page_has_type(head))
		return account_of_type(head->page_type);
	if (!page_ref_count(head))
		return LEDGER_PCP;
	if (folio_test_swapcache(folio))
		return LEDGER_FILE;
	if (!head->mapping)
		return LEDGER_OTHER;
	if (!folio_test_anon(folio))
		return LEDGER_FILE;
	return folio_mapped(folio) ? LEDGER_ANON : LEDGER_UNMAPPED;
}

static void take_counters(struct ledger *l);

void ledger_take(struct ledger *l)
{
	*l = (struct ledger){ .total = 0 };
	for (unsigned long pfn = 0; pfn < max_pfn;) {
		const struct page *page = pfn_to_page(pfn);
		int order;

		if (!pfn_valid(pfn)) {
			pfn = (pfn | (MAX_ORDER_NR_PAGES - 1)) + 1;
			continue;
		}
		order = page_buddy_order(page);
		if (order >= 0) {
			l->pages[LEDGER_FREE] += 1UL << order;
		} else {
			order = 0;
			l->pages[data_race(account_of(page))]++;
		}
		l->total += 1UL << order;
		pfn += 1UL << order;
	}
	take_counters(l);
}

/* ---- the counters ---- */

static unsigned long pcp_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;
	int cpu;

	for_each_zone (zone)
		for_each_possible_cpu (cpu)
			sum += data_race(READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count));
	return sum;
}

static unsigned long isolated_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_zone (zone)
		sum += data_race(READ_ONCE(zone->nr_isolated_pages));
	return sum;
}

static unsigned long present_pages(void)
{
	struct pglist_data *pgdat;
	unsigned long sum = 0;

	for_each_online_pgdat(pgdat) sum += pgdat->node_present_pages;
	return sum;
}

static unsigned long counted_pages(enum ledger_account account)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu(ledger_counts, cpu).pages[account]);
	return sum;
}

/* Pages of the swap cache that nobody maps: among the members of the anonymous classes that are not mapped the ones not of shmem. */
static unsigned long swap_only_pages(void)
{
	return global_zone_page_state(NR_ZONE_LRU_ANON) - global_node_page_state(NR_SHMEM);
}

static void take_counters(struct ledger *l)
{
	unsigned long *c = l->counted;

	for (int i = 0; i < NR_LEDGER_ACCOUNTS; i++)
		c[i] = counted_pages(i);
	c[LEDGER_FREE] = nr_free_pages() + isolated_pages();
	c[LEDGER_PCP] = pcp_pages();
	c[LEDGER_RESERVED] = present_pages() - totalram_pages();
	c[LEDGER_HOLE] = l->total - present_pages();
	c[LEDGER_SLAB] = global_node_page_state(NR_SLAB_RECLAIMABLE) +
			 global_node_page_state(NR_SLAB_UNRECLAIMABLE);
	c[LEDGER_TABLE] = global_node_page_state(NR_PAGETABLE);
	c[LEDGER_STACK] = (global_node_page_state(NR_KERNEL_STACK_KB) >> (PAGE_SHIFT - 10)) +
			  thread_stack_unused_pages();
	c[LEDGER_VMALLOC] = vmalloc_nr_pages() - c[LEDGER_STACK];
	/* Of the swap cache: what is mapped is counted as both. */
	c[LEDGER_ANON] = global_node_page_state(NR_ANON_MAPPED) -
			 (global_node_page_state(NR_SWAPCACHE) - swap_only_pages());
	c[LEDGER_FILE] = global_node_page_state(NR_FILE_PAGES);
	c[LEDGER_POISON] = atomic_long_read(&num_poisoned_pages);
}

/* ---- comparing ---- */

bool ledger_account_agrees(const struct ledger *l, enum ledger_account account)
{
	if (account == LEDGER_SLAB || account == LEDGER_KMALLOC)
		return l->pages[LEDGER_SLAB] + l->pages[LEDGER_KMALLOC] == l->counted[LEDGER_SLAB];
	return l->pages[account] == l->counted[account];
}

static int nr_differ(const struct ledger *l)
{
	int nr = 0;

	for (int i = 0; i < NR_LEDGER_ACCOUNTS; i++)
		nr += i != LEDGER_KMALLOC && !ledger_account_agrees(l, i);
	return nr;
}

int ledger_compare(struct ledger *l)
{
	int nr = 0;

	for (int tries = 0; tries < 20; tries++) {
		ledger_take(l);
		nr = nr_differ(l);
		if (!nr)
			break;
		if (tries > 1 && !in_atomic())
			schedule_timeout_uninterruptible(1);
	}
	return nr;
}

int ledger_check(void)
{
	struct ledger l;
	int wrong = ledger_compare(&l);

	for (int i = 0; wrong && i < NR_LEDGER_ACCOUNTS; i++)
		if (i != LEDGER_KMALLOC && !ledger_account_agrees(&l, i))
			pr_err("ledger: %s: %lu pages by the descriptors, %lu by the counters\n",
			       account_names[i],
			       l.pages[i] + (i == LEDGER_SLAB ? l.pages[LEDGER_KMALLOC] : 0),
			       l.counted[i]);
	return wrong;
}

int ledger_show(struct seq_file *m, void *v)
{
	struct ledger l;
	int wrong = ledger_compare(&l);

	for (int i = 0; i < NR_LEDGER_ACCOUNTS; i++) {
		seq_printf(m, "%-20s %10lu pages %10lu kB", account_names[i], l.pages[i],
			   l.pages[i] << (PAGE_SHIFT - 10));
		if (!ledger_account_agrees(&l, i) && i != LEDGER_KMALLOC)
			seq_printf(m, "  counted %lu", l.counted[i]);
		seq_putc(m, '\n');
	}
	seq_printf(m, "%-20s %10lu pages %10lu kB\n", "total", l.total,
		   l.total << (PAGE_SHIFT - 10));
	if (wrong)
		seq_printf(m, "%d accounts differ from the counters\n", wrong);
	else
		seq_puts(m, "all accounts agree with the counters\n");
	return 0;
}

/* ---- injected losses ---- */

#define MAX_LOST 8
static struct page *lost[MAX_LOST];
static unsigned int nr_lost;
static DEFINE_MUTEX(lost_mutex, LOCK_LEDGER);

/* Make @page look to the walk like one of account @name; false: that cannot be played. */
static bool disguise(struct page *page, const char *name)
{
	static const u32 types[] = { PAGE_TYPE_NONE,   PAGE_TYPE_TABLE,	  PAGE_TYPE_PGD,
				     PAGE_TYPE_SPARE,  PAGE_TYPE_STACK,	  PAGE_TYPE_VMALLOC,
				     PAGE_TYPE_PERCPU, PAGE_TYPE_KMALLOC, PAGE_TYPE_PIPE,
				     PAGE_TYPE_TRACE,  PAGE_TYPE_OFFLINE };

	if (!strcmp(name, account_names[LEDGER_POISON])) {
		SetPageHWPoison(page);
		return true;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(name, account_names[account_of_type(types[i])])) {
			page->page_type = types[i];
			return true;
		}
	return false;
}

static void find_lost(void)
{
	while (nr_lost) {
		struct page *page = lost[--nr_lost];

		page->page_type = PAGE_TYPE_NONE;
		ClearPageHWPoison(page);
		__free_page(page);
	}
}

int ledger_lose_page(const char *name)
{
	struct page *page;
	int err = -EINVAL;

	mutex_lock(&lost_mutex);
	if (!strcmp(name, "none")) {
		find_lost();
		err = 0;
	} else if (nr_lost < MAX_LOST) {
		page = alloc_page(GFP_KERNEL);
		err = !page ? -ENOMEM : disguise(page, name) ? 0 : -EINVAL;
		if (!err)
			lost[nr_lost++] = page;
		else if (page)
			__free_page(page);
	}
	mutex_unlock(&lost_mutex);
	return err;
}
