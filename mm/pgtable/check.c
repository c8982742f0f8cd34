// SPDX-License-Identifier: MIT
/* pgtable_check: are the resident counts and table bytes of an mm what its tables say? */
#include <base/bug.h>
#include <kernel/printk.h>
#include <mm/swap.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/vma_tree.h>
#include "pgtable_internal.h"

struct table_census {
	struct mm_struct *mm;
	unsigned long rss[NR_MM_COUNTERS];
	unsigned long tables;
};

static void census_ptes(struct table_census *c, pmd_t *pmd, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(c->mm, pmd, addr, &ptl), *first = pte;

	if (!pte)
		return;
	for (; pte < first + PTRS_PER_PTE; pte++, addr += PAGE_SIZE) {
		pte_t val = ptep_get(pte);
		struct vm_area_struct *vma;
		struct page *page;

		if (pte_none(val))
			continue;
		vma = vma_lookup(c->mm, addr);
		BUG_ON(!vma); /* mapped where nothing may be */
		if (is_swap_pte(val)) {
			BUG_ON(!vma->anon_vma);
			c->rss[MM_SWAPENTS]++;
			continue;
		}
		if (!pte_present(val))
			continue;
		BUG_ON(pte_write(val) && !(vma->vm_flags & VM_WRITE));
		page = vm_normal_page(vma, addr, val);
		if (!page)
			continue;
		BUG_ON(page_mapcount(page) < 1 || page_ref_count(page) < 1);
		if (PageAnon(page)) {
			BUG_ON(!vma->anon_vma);
			BUG_ON(PageAnonExclusive(page) && page_mapcount(page) != 1);
			BUG_ON(pte_write(val) && !PageAnonExclusive(page));
			c->rss[MM_ANONPAGES]++;
		} else {
			c->rss[PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES]++;
		}
	}
	spin_unlock(ptl);
}

static void census_walk(struct table_census *c)
{
	for (unsigned long i = 0; i < USER_PTRS_PER_PGD; i++) {
		pgd_t *pgd = c->mm->pgd + i;

		if (pgd_none(pgdp_get(pgd)))
			continue;
		c->tables++;
		for (unsigned long j = 0; j < PTRS_PER_PUD; j++) {
			pud_t *pud = pgd_pgtable(pgdp_get(pgd)) + j;

			if (pud_none(pudp_get(pud)))
				continue;
			c->tables++;
			for (unsigned long k = 0; k < PTRS_PER_PMD; k++) {
				pmd_t *pmd = pud_pgtable(pudp_get(pud)) + k;

				if (pmd_none(pmdp_get(pmd)))
					continue;
				c->tables++;
				census_ptes(c, pmd,
					    (i << PGDIR_SHIFT) + (j << PUD_SHIFT) +
						    (k << PMD_SHIFT));
			}
		}
	}
}

void pgtable_check(struct mm_struct *mm)
{
	struct table_census c = { .mm = mm };

	census_walk(&c);
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (c.rss[i] != get_mm_counter(mm, i)) {
			pr_err("mm %p: counter %d is %lu, the tables hold %lu\n", mm, i,
			       get_mm_counter(mm, i), c.rss[i]);
			BUG();
		}
	BUG_ON(c.tables * PAGE_SIZE != mm_pgtables_bytes(mm));
}
