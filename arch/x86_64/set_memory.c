// SPDX-License-Identifier: MIT
/*
 * Changing what mapped kernel pages may be used for.
 *
 * 1 A range is walked page by page. Where a large page covers more than the range it is split first: a table is
 *   filled with smaller pages of the same rights and replaces the entry, so that nobody sees a gap. Pages are
 *   not joined again.
 *
 *	1 GiB leaf -> table of 2 MiB leaves -> table of 4 KiB leaves
 *
 * 2 Tables are allocated before the lock is taken; one that turns out not to be needed is given back.
 * 3 All splits of a range come before the first change of a right: without memory nothing has changed.
 * 4 Lock: set_memory_lock, for splits and changes here. Creators of mappings (vmalloc, boot) own their ranges.
 * 5 TLB: a split leaves a larger translation behind that is as good as the new one until rights change; then
 *   the range is flushed on all CPUs, a larger translation with it.
 * 6 Linux 6.1: arch/x86/mm/pat/set_memory.c, which also changes the other addresses of a frame.
 * 7 Observe: DirectMap4k/2M/1G in /proc/meminfo, /sys/kernel/debug/page_tables/kernel.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/bug.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/vmstat.h>
#include <seam/pgtable.h>
#include <seam/set_memory.h>
#include <seam/tlbflush.h>
#include <sync/spinlock.h>
#include "mapping.h"

static DEFINE_SPINLOCK(set_memory_lock, LOCK_SET_MEMORY);

static bool in_direct_map(unsigned long addr)
{
	return addr >= PAGE_OFFSET && addr < VMALLOC_START;
}

/* The level of the leaf that maps @addr; LEVEL_NONE: no table leads there. An entry of a pte table always counts. */
enum leaf_level { LEVEL_NONE, LEVEL_PTE, LEVEL_PMD, LEVEL_PUD };

static enum leaf_level find_leaf(unsigned long addr, void **entry)
{
	pgd_t *pgd = pgd_offset_k(addr);
	pud_t *pud;
	pmd_t *pmd;

	if (addr < PAGE_OFFSET || pgd_none(*pgd))
		return LEVEL_NONE;
	pud = pud_offset(pgd, addr);
	*entry = pud;
	if (pud_none(*pud) || pud_leaf(*pud))
		return pud_none(*pud) ? LEVEL_NONE : LEVEL_PUD;
	pmd = pmd_offset(pud, addr);
	*entry = pmd;
	if (pmd_none(*pmd) || pmd_leaf(*pmd))
		return pmd_none(*pmd) ? LEVEL_NONE : LEVEL_PMD;
	*entry = pte_offset_kernel(pmd, addr);
	return pte_none(*(pte_t *)*entry) ? LEVEL_NONE : LEVEL_PTE;
}

/* Fill @table with what the large page in @entry maps. => set_memory_lock held */
static void split_pud(pud_t *entry, pmd_t *table)
{
	pudval_t val = pud_val(*entry);

	for (int i = 0; i < PTRS_PER_PMD; i++)
		set_pmd(table + i, __pmd(val + i * PMD_SIZE));
	set_pud(entry, __pud(_KERNPG_TABLE | __pa(table)));
}

static void split_pmd(pmd_t *entry, pte_t *table)
{
	pmdval_t val = pmd_val(*entry), pat = val & _PAGE_PAT_LARGE ? _PAGE_PAT : 0;

	val &= ~(_PAGE_PSE | _PAGE_PAT_LARGE);
	for (int i = 0; i < PTRS_PER_PTE; i++)
		set_pte(table + i, __pte((val | pat) + i * PAGE_SIZE));
	set_pmd(entry, __pmd(_KERNPG_TABLE | __pa(table)));
}

/* Split the leaf at @addr once if it is still of @level. True: @table is in use now. => set_memory_lock held */
static bool split_locked(unsigned long addr, enum leaf_level level, void *table)
{
	void *entry;

	if (find_leaf(addr, &entry) != level)
		return false;
	if (level == LEVEL_PUD)
		split_pud(entry, table);
	else
		split_pmd(entry, table);
	if (in_direct_map(addr)) {
		direct_pages_count[level == LEVEL_PUD ? 2 : 1]--;
		direct_pages_count[level == LEVEL_PUD ? 1 : 0] += 512;
	}
	return true;
}

static void free_table(struct page *table)
{
	__ClearPageTable(table);
	__free_page(table);
}

/* Make sure that a 4 KiB entry maps @addr. */
static int split_to_pte(unsigned long addr)
{
	enum leaf_level level;
	struct page *table;
	void *entry;
	bool used;

	while ((level = find_leaf(addr, &entry)) > LEVEL_PTE) {
		table = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!table)
			return -ENOMEM;
		__SetPageTable(table);
		spin_lock(&set_memory_lock);
		used = split_locked(addr, level, page_address(table));
		spin_unlock(&set_memory_lock);
		if (used)
			mod_node_page_state(page_pgdat(table), NR_PAGETABLE, 1);
		else
			free_table(table);
	}
	return level == LEVEL_NONE ? -EINVAL : 0;
}

/* => the page has a pte */
static void change_pte(unsigned long addr, pteval_t set, pteval_t clear)
{
	void *entry;

	spin_lock(&set_memory_lock);
	if (find_leaf(addr, &entry) == LEVEL_PTE)
		set_pte(entry, __pte((pte_val(*(pte_t *)entry) & ~clear) | set));
	spin_unlock(&set_memory_lock);
}

static int change_range(unsigned long addr, int nr_pages, pteval_t set, pteval_t clear)
{
	unsigned long end = addr + ((unsigned long)nr_pages << PAGE_SHIFT);

	if ((addr & ~PAGE_MASK) || nr_pages < 0 || end < addr)
		return -EINVAL;
	for (unsigned long at = addr; at != end; at += PAGE_SIZE) {
		int err = split_to_pte(at);

		if (err)
			return err;
	}
	for (unsigned long at = addr; at != end; at += PAGE_SIZE)
		change_pte(at, set & __supported_pte_mask, clear);
	if (nr_pages)
		flush_tlb_kernel_range(addr, end);
	return 0;
}

#define CACHE_BITS (_PAGE_PCD | _PAGE_PWT | _PAGE_PAT)
/* Without PRESENT the GLOBAL bit would mean PROT_NONE. */
#define ABSENT_BITS (_PAGE_PRESENT | _PAGE_GLOBAL)

int set_memory_ro(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, 0, _PAGE_RW | _PAGE_DIRTY);
}

int set_memory_rw(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, _PAGE_RW | _PAGE_DIRTY, 0);
}

int set_memory_nx(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, _PAGE_NX, 0);
}

int set_memory_x(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, 0, _PAGE_NX);
}

int set_memory_np(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, 0, ABSENT_BITS);
}

int set_memory_p(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, ABSENT_BITS, 0);
}

int set_memory_wc(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, _PAGE_PWT, CACHE_BITS);
}

int set_memory_wb(unsigned long addr, int nr_pages)
{
	return change_range(addr, nr_pages, 0, CACHE_BITS);
}

/* ---- pages of the direct map ---- */

int set_direct_map_invalid_noflush(struct page *page)
{
	unsigned long addr = (unsigned long)page_address(page);
	int err = split_to_pte(addr);

	if (!err)
		change_pte(addr, 0, ABSENT_BITS | _PAGE_RW);
	return err;
}

int set_direct_map_default_noflush(struct page *page)
{
	unsigned long addr = (unsigned long)page_address(page);
	int err = split_to_pte(addr);

	if (!err)
		change_pte(addr, ABSENT_BITS | _PAGE_RW, 0);
	return err;
}

bool kernel_page_present(struct page *page)
{
	enum leaf_level level;
	void *entry;

	level = find_leaf((unsigned long)page_address(page), &entry);
	return level != LEVEL_NONE && (*(unsigned long *)entry & _PAGE_PRESENT);
}
