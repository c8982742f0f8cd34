/* SPDX-License-Identifier: MIT */
/*
 * Pages of page tables: allocation (zeroed, from a store kept ready per CPU), their lock and their
 * release after a grace period. The store and the release are in mm/pgtable/pgalloc.c.
 */
#ifndef QUIRE_MM_PGALLOC_H
#define QUIRE_MM_PGALLOC_H

#include <base/types.h>
#include <sync/spinlock.h>
#include <seam/page.h>
#include <seam/pgtable.h>
#include <mm/mm_struct.h>
#include <mm/page.h>

/* Top level with the kernel's half filled in, or NULL. */
pgd_t *pgd_alloc(struct mm_struct *mm);
void pgd_free(struct mm_struct *mm, pgd_t *pgd);
/* A table page that nothing reaches any more and that holds only empty entries: into the store after a
 * grace period. */
void pgtable_page_free_rcu(struct page *page);

/* Make the next level present. 0 or -ENOMEM. A race with another is resolved inside. */
int __pud_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long address);
int __pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address);
int __pte_alloc(struct mm_struct *mm, pmd_t *pmd);

static inline pud_t *pud_alloc(struct mm_struct *mm, pgd_t *pgd, unsigned long address)
{
	return unlikely(pgd_none(pgdp_get(pgd))) && __pud_alloc(mm, pgd, address) ? NULL :
	       pud_offset(pgd, address);
}

static inline pmd_t *pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address)
{
	return unlikely(pud_none(pudp_get(pud))) && __pmd_alloc(mm, pud, address) ? NULL :
	       pmd_offset(pud, address);
}

#define pte_alloc(mm, pmd) (unlikely(pmd_none(pmdp_get(pmd))) && __pte_alloc(mm, pmd))

/* The lock of a table of ptes lies in the descriptor of its page. */
static inline spinlock_t *ptlock_ptr(struct page *page)
{
	return (spinlock_t *)&page->private;
}

/* The table to which @pmd, which does not map a huge page, points. */
static inline struct page *pmd_table(pmd_t pmd)
{
	return pfn_to_page((pmd_val(pmd) & PTE_PFN_MASK) >> PAGE_SHIFT);
}

static inline spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *pmd)
{
	return ptlock_ptr(pmd_table(*pmd));
}

/* The entry for @addr under its lock. => the table is there and the VMA lock or mmap_lock keeps it */
static inline pte_t *pte_lock_kept(pmd_t *pmd, unsigned long addr, spinlock_t **ptlp)
{
	spinlock_t *ptl = ptlock_ptr(pmd_table(*pmd));

	*ptlp = ptl;
	spin_lock(ptl);
	return pte_offset_kernel(pmd, addr);
}

/*
 * pte_offset_map_lock - the entry for @addr under its lock, or NULL when there is no table (any more).
 * The table is looked up under RCU and verified under the lock, so that a concurrent free_pgtables is
 * noticed. => on success preemption is disabled until pte_unmap_unlock().
 */
pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd, unsigned long addr, spinlock_t **ptlp);
#define pte_unmap_unlock(pte, ptl)	do { (void)(pte); spin_unlock(ptl); } while (0)

/* The entry for @addr if all levels exist, else NULL; unlocked. => caller keeps the tables (RCU or mmap_lock) */
pte_t *pte_find(struct mm_struct *mm, unsigned long addr, pmd_t **pmdp);

static inline void mm_inc_nr_ptes(struct mm_struct *mm)
{
	atomic_long_add(PAGE_SIZE, &mm->pgtables_bytes);
}

static inline void mm_dec_nr_ptes(struct mm_struct *mm)
{
	atomic_long_sub(PAGE_SIZE, &mm->pgtables_bytes);
}

static inline unsigned long mm_pgtables_bytes(struct mm_struct *mm)
{
	return atomic_long_read(&mm->pgtables_bytes);
}

/* Give the ready table pages of all CPUs back to the page allocator, not those in their grace period; number of pages. */
unsigned long pgtable_cache_drain(void);
/* Compare the resident counts with the tables, page by page; BUG()s on a difference. => mmap_lock */
void pgtable_check(struct mm_struct *mm);

#endif
