// SPDX-License-Identifier: MIT
/*
 * Pages of page tables.
 *
 * A table that is freed holds only empty entries: whoever unmaps, clears. So tables are not cleared again;
 * each CPU keeps a few of them ready (and top levels with the kernel's half still filled in), and what
 * comes back after its grace period goes into this store first.
 *
 * Descriptor of a table page (struct page):
 *	private		the lock of the table's entries
 *	mapping, index	rcu_head on the way out; index is meant for the count of sharers, when fork
 *			shares tables: until then a table belongs to one mm
 *
 * Tables are freed after a grace period: lock-free walkers (gup_fast, the reverse map) may still look at
 * them. pte_offset_map_lock() verifies under the lock that the table is still linked.
 *
 * Failure: NULL or -ENOMEM; a fault reports VM_FAULT_OOM, fork unwinds.
 * Observe: nr_page_table_pages of /proc/vmstat, VmPTE of /proc/PID/status.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/string.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <seam/barrier.h>
#include <mm/page.h>
#include <mm/page_charge.h>
#include <mm/page_flags.h>
#include <mm/vmstat.h>
#include <mm/ledger.h>
#include <mm/pgalloc.h>
#include "../page/call_cpu.h"

#define GFP_PGTABLE  (GFP_KERNEL_ACCOUNT | __GFP_ZERO)
#define STORE_TABLES 16
#define STORE_PGDS   4

struct table_store {
	unsigned int nr_tables, nr_pgds;
	struct page *tables[STORE_TABLES];
	pgd_t *pgds[STORE_PGDS];
};

static DEFINE_PER_CPU(struct table_store, table_stores);

static struct page *store_take(void)
{
	struct table_store *s;
	struct page *page = NULL;

	preempt_disable();
	s = this_cpu_ptr(&table_stores);
	if (likely(s->nr_tables)) {
		page = s->tables[--s->nr_tables];
		ledger_count(LEDGER_SPARE, -1);
	}
	preempt_enable();
	return page;
}

static bool store_put(struct page *page)
{
	struct table_store *s;
	bool kept = false;

	preempt_disable();
	s = this_cpu_ptr(&table_stores);
	if (s->nr_tables < STORE_TABLES) {
		s->tables[s->nr_tables++] = page;
		kept = true;
	}
	preempt_enable();
	return kept;
}

static void spare_free(struct page *page)
{
	ledger_count(LEDGER_SPARE, -1);
	__ClearPageSpare(page);
	__free_page(page);
}

static void table_free_now(struct page *page)
{
	if (QUIRE_DEBUG)
		BUG_ON(memchr_inv(page_address(page), 0, PAGE_SIZE));
	if (!store_put(page))
		spare_free(page);
}

/* A zeroed page, accounted as table. */
static struct page *table_alloc(struct mm_struct *mm)
{
	struct page *page;

	/* The store must not hide that a table can be missing. */
	if (should_fail_alloc_page(GFP_PGTABLE, 0))
		return NULL;
	page = store_take();
	if (unlikely(!page)) {
		page = alloc_page(GFP_PGTABLE);
		if (!page)
			return NULL;
	} else if (!page_charge(page, 0, GFP_PGTABLE)) {
		ledger_count(LEDGER_SPARE, 1);
		table_free_now(page);
		return NULL;
	}
	__SetPageTable(page);
	mod_node_page_state(page_pgdat(page), NR_PAGETABLE, 1);
	return page;
}

/* No table any more, but not free yet: the ledger shows it as kept ready. */
static void table_retire(struct page *page)
{
	page_uncharge(page, 0);
	__SetPageSpare(page);
	ledger_count(LEDGER_SPARE, 1);
	mod_node_page_state(page_pgdat(page), NR_PAGETABLE, -1);
}

static_assert(sizeof(struct rcu_head) <= 16 &&
		      offsetof(struct page, index) == offsetof(struct page, mapping) + 8,
	      "an rcu_head overlays mapping and index");

static void table_free_rcu(struct rcu_head *head)
{
	struct page *page = container_of((void *)head, struct page, mapping);

	page->mapping = NULL;
	page->index = 0;
	table_free_now(page);
}

void pgtable_page_free_rcu(struct page *page)
{
	table_retire(page);
	call_rcu((struct rcu_head *)&page->mapping, table_free_rcu);
}

/* Zeroed table page for @mm with its ptl ready, or NULL. May sleep. */
static pgtable_t pte_alloc_one(struct mm_struct *mm)
{
	struct page *page = table_alloc(mm);

	if (likely(page))
		spin_lock_init(ptlock_ptr(page), LOCK_PTL);
	return page;
}

static void pte_free(struct mm_struct *mm, pgtable_t pte)
{
	table_retire(pte);
	table_free_now(pte);
}

/* Upper levels: zeroed, or NULL. */
static pmd_t *pmd_alloc_one(struct mm_struct *mm, unsigned long addr)
{
	struct page *page = table_alloc(mm);

	return page ? page_address(page) : NULL;
}

static void pmd_free(struct mm_struct *mm, pmd_t *pmd)
{
	pte_free(mm, virt_to_page(pmd));
}

static pud_t *pud_alloc_one(struct mm_struct *mm, unsigned long addr)
{
	struct page *page = table_alloc(mm);

	return page ? page_address(page) : NULL;
}

static void pud_free(struct mm_struct *mm, pud_t *pud)
{
	pte_free(mm, virt_to_page(pud));
}

pgd_t *pgd_alloc(struct mm_struct *mm)
{
	struct table_store *s;
	pgd_t *pgd = NULL;

	if (should_fail_alloc_page(GFP_PGTABLE, 0))
		return NULL;
	preempt_disable();
	s = this_cpu_ptr(&table_stores);
	if (s->nr_pgds)
		pgd = s->pgds[--s->nr_pgds];
	preempt_enable();
	if (pgd) {
		if (page_charge(virt_to_page(pgd), 0, GFP_PGTABLE))
			return pgd;
		pgd_free(mm, pgd);
		return NULL;
	}
	pgd = (pgd_t *)get_zeroed_page(GFP_PGTABLE);
	if (!pgd)
		return NULL;
	page_set_name(virt_to_page(pgd), PAGE_TYPE_PGD);
	memcpy(pgd + KERNEL_PGD_BOUNDARY, swapper_pg_dir + KERNEL_PGD_BOUNDARY,
	       (PTRS_PER_PGD - KERNEL_PGD_BOUNDARY) * sizeof(pgd_t));
	return pgd;
}

void pgd_free(struct mm_struct *mm, pgd_t *pgd)
{
	struct table_store *s;

	if (QUIRE_DEBUG)
		BUG_ON(memchr_inv(pgd, 0, USER_PTRS_PER_PGD * sizeof(pgd_t)));
	page_uncharge(virt_to_page(pgd), 0);
	preempt_disable();
	s = this_cpu_ptr(&table_stores);
	if (s->nr_pgds < STORE_PGDS) {
		s->pgds[s->nr_pgds++] = pgd;
		pgd = NULL;
	}
	preempt_enable();
	if (pgd)
		free_page((unsigned long)pgd);
}

static atomic_long_t drained;

static void drain_store(void *info)
{
	struct table_store *s = this_cpu_ptr(&table_stores);

	for (; s->nr_tables; atomic_long_inc(&drained))
		spare_free(s->tables[--s->nr_tables]);
	for (; s->nr_pgds; atomic_long_inc(&drained))
		free_page((unsigned long)s->pgds[--s->nr_pgds]);
}

static bool store_filled(int cpu, void *info)
{
	const struct table_store *s = per_cpu_ptr(&table_stores, cpu);

	return READ_ONCE(s->nr_tables) || READ_ONCE(s->nr_pgds);
}

unsigned long pgtable_cache_drain(void)
{
	long before = atomic_long_read(&drained);

	call_cpus_unpinned(drain_store, store_filled, NULL);
	return (unsigned long)(atomic_long_read(&drained) - before);
}

/*
 * Linking a level. The new table is filled in before it is linked; who loses the race frees his own.
 * page_table_lock decides.
 */
int __pud_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long address)
{
	pud_t *new = pud_alloc_one(mm, address);

	if (!new)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (!pgd_present(pgdp_get(pgd))) {
		mm_inc_nr_ptes(mm);
		smp_wmb();
		pgd_populate(mm, pgd, new);
		new = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (new)
		pud_free(mm, new);
	return 0;
}

int __pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address)
{
	pmd_t *new = pmd_alloc_one(mm, address);

	if (!new)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (!pud_present(pudp_get(pud))) {
		mm_inc_nr_ptes(mm);
		smp_wmb();
		pud_populate(mm, pud, new);
		new = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (new)
		pmd_free(mm, new);
	return 0;
}

int __pte_alloc(struct mm_struct *mm, pmd_t *pmd)
{
	pgtable_t new = pte_alloc_one(mm);

	if (!new)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (likely(pmd_none(pmdp_get(pmd)))) {
		mm_inc_nr_ptes(mm);
		smp_wmb();
		pmd_populate(mm, pmd, new);
		new = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (new)
		pte_free(mm, new);
	return 0;
}

pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr, spinlock_t **ptlp)
{
	pmd_t pmdval;
	spinlock_t *ptl;

	rcu_read_lock();
	pmdval = pmdp_get(pmd);
	if (unlikely(!pmd_present(pmdval) || pmd_leaf(pmdval))) {
		rcu_read_unlock();
		return NULL;
	}
	ptl = ptlock_ptr(pmd_page(pmdval));
	spin_lock(ptl);
	rcu_read_unlock();
	if (unlikely(!pmd_same(pmdval, pmdp_get(pmd)))) {
		spin_unlock(ptl);
		return NULL;
	}
	*ptlp = ptl;
	return (pte_t *)pmd_page_vaddr(pmdval) + pte_index(addr);
}

/* The pmd of @addr if the levels above exist; the entry itself may be empty. */
static pmd_t *pmd_find(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;

	if (!pgd_present(pgdp_get(pgd)))
		return NULL;
	pud = pud_offset(pgd, addr);
	if (!pud_present(pudp_get(pud)) || pud_leaf(pudp_get(pud)))
		return NULL;
	return pmd_offset(pud, addr);
}

pte_t *pte_find(struct mm_struct *mm, unsigned long addr, pmd_t **pmdp)
{
	pmd_t *pmd = pmd_find(mm, addr), val;

	if (!pmd)
		return NULL;
	val = pmdp_get(pmd);
	if (!pmd_present(val) || pmd_leaf(val))
		return NULL;
	if (pmdp)
		*pmdp = pmd;
	return (pte_t *)pmd_page_vaddr(val) + pte_index(addr);
}
