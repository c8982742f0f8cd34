// SPDX-License-Identifier: MIT
/* One address through all levels, for those who show tables (/proc/mm/explain). Nothing is changed, no lock is taken. */
#include <base/compiler.h>
#include <mm/pgtable_path.h>
#include <seam/page.h>

static void note(struct pgtable_step *s, const char *level, unsigned int index, const void *entry,
		 u64 val, u64 span, bool leaf)
{
	*s = (struct pgtable_step){ level, index, entry, val, span, leaf };
}

unsigned int pgtable_path(pgd_t *top, unsigned long addr, struct pgtable_step steps[PGTABLE_LEVELS])
{
	pgd_t *pgdp = pgd_offset_pgd(top, addr), pgd = *pgdp;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;
	pte_t *ptep, pte;

	note(&steps[0], "pgd", pgd_index(addr), pgdp, pgd_val(pgd), PGDIR_SIZE, false);
	if (pgd_none(pgd))
		return 1;
	pudp = pgd_pgtable(pgd) + pud_index(addr);
	pud = pudp_get(pudp);
	note(&steps[1], "pud", pud_index(addr), pudp, pud_val(pud), PUD_SIZE, pud_leaf(pud));
	if (pud_none(pud) || pud_leaf(pud))
		return 2;
	pmdp = pud_pgtable(pud) + pmd_index(addr);
	pmd = pmdp_get(pmdp);
	note(&steps[2], "pmd", pmd_index(addr), pmdp, pmd_val(pmd), PMD_SIZE, pmd_leaf(pmd));
	if (pmd_none(pmd) || pmd_leaf(pmd))
		return 3;
	ptep = (pte_t *)pmd_page_vaddr(pmd) + pte_index(addr);
	pte = ptep_get(ptep);
	note(&steps[3], "pte", pte_index(addr), ptep, pte_val(pte), PAGE_SIZE, pte_present(pte));
	return 4;
}

bool pgtable_path_pfn(const struct pgtable_step *steps, unsigned int nr, unsigned long addr,
		      unsigned long *pfn)
{
	const struct pgtable_step *last = &steps[nr - 1];
	u64 frame = last->val & PTE_PFN_MASK & ~(last->span - 1);

	if (!last->leaf)
		return false;
	*pfn = (frame + (addr & (last->span - 1))) >> PAGE_SHIFT;
	return true;
}
