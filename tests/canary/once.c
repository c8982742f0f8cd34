// SPDX-License-Identifier: MIT
/* What tools/once.py must object to: a line for each rule. */
#include <mm/page.h>
#include <mm/vma.h>

int canary(pte_t *pte, struct page *page, struct vm_area_struct *vma);

int canary(pte_t *pte, struct page *page, struct vm_area_struct *vma)
{
	int seen = pte_none(*pte);

	*pte = __pte(0);
	seen += page->flags & 1;
	vma->vm_flags = 0;
	return seen;
}
