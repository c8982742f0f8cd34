// SPDX-License-Identifier: MIT
/*
 * The kernel's page tables, read back: for people (/sys/kernel/debug/page_tables/kernel, in the format of
 * Linux's arch/x86/mm/dump_pagetables.c) and for the check at the end of boot that nothing is both writable
 * and executable.
 *
 * One walk visits every entry in the order of addresses and hands over runs: neighbours of one level with the
 * same rights are one run. Entries may change meanwhile where vmalloc works: a run is what was seen. Tables do not: while
 * kernel_tables_lock() is held none is given back.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <mm/vmalloc.h>
#include <sync/rcu.h>
#include <seam/fixmap.h>
#include <seam/pgtable.h>
#include <seam/ptdump.h>
#include "mapping.h"

#define PGDIR_KERNEL_START (~0UL << 47) /* the upper half of 48-bit addresses */
#define RIGHTS                                                                                     \
	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_PWT | _PAGE_PCD | _PAGE_GLOBAL | _PAGE_NX)
#define DUMP_PAT _PAGE_PAT_LARGE /* in the rights of a run, at whatever level */

struct run {
	unsigned long start;
	pteval_t rights; /* 0: nothing mapped */
	enum ptdump_level level;
};

struct walk {
	ptdump_fn *fn;
	void *arg;
	struct run run;
	bool begun;
};

/* [addr, next entry) is of @level and has @rights. */
static void note(struct walk *w, unsigned long addr, pteval_t rights, enum ptdump_level level)
{
	if (w->begun && w->run.rights == rights && (w->run.level == level || !rights))
		return;
	if (w->begun)
		w->fn(w->run.start, addr, w->run.rights, w->run.level, w->arg);
	w->run = (struct run){ addr, rights, level };
	w->begun = true;
}

static pteval_t rights_of(pteval_t val, enum ptdump_level level)
{
	pteval_t pat = level == PTDUMP_PTE ? _PAGE_PAT : _PAGE_PAT_LARGE;

	if (!(val & _PAGE_PRESENT))
		return 0;
	return (val & RIGHTS) | (val & pat ? DUMP_PAT : 0);
}

static void walk_ptes(struct walk *w, pmd_t pmd, unsigned long addr)
{
	pte_t *pte = (pte_t *)pmd_page_vaddr(pmd);

	for (int i = 0; i < PTRS_PER_PTE; i++, addr += PAGE_SIZE)
		note(w, addr, rights_of(pte_val(pte[i]), PTDUMP_PTE), PTDUMP_PTE);
}

static void walk_pmds(struct walk *w, pud_t pud, unsigned long addr)
{
	pmd_t *pmd = pud_pgtable(pud);

	for (int i = 0; i < PTRS_PER_PMD; i++, addr += PMD_SIZE) {
		if (pmd_none(pmd[i]) || pmd_leaf(pmd[i]))
			note(w, addr, rights_of(pmd_val(pmd[i]), PTDUMP_PMD), PTDUMP_PMD);
		else
			walk_ptes(w, pmd[i], addr);
	}
}

static void walk_puds(struct walk *w, pgd_t pgd, unsigned long addr)
{
	pud_t *pud = pgd_pgtable(pgd);

	for (int i = 0; i < PTRS_PER_PUD; i++, addr += PUD_SIZE) {
		if (pud_none(pud[i]) || pud_leaf(pud[i]))
			note(w, addr, rights_of(pud_val(pud[i]), PTDUMP_PUD), PTDUMP_PUD);
		else
			walk_pmds(w, pud[i], addr);
	}
}

void ptdump_walk_kernel(ptdump_fn *fn, void *arg)
{
	struct walk w = { .fn = fn, .arg = arg };
	unsigned long addr = PGDIR_KERNEL_START;

	kernel_tables_lock();
	for (int i = KERNEL_PGD_BOUNDARY; i < PTRS_PER_PGD; i++, addr += PGDIR_SIZE) {
		if (pgd_none(swapper_pg_dir[i]))
			note(&w, addr, 0, PTDUMP_PGD);
		else
			walk_puds(&w, swapper_pg_dir[i], addr);
	}
	kernel_tables_unlock();
	fn(w.run.start, 0, w.run.rights, w.run.level, arg); /* up to the end of addresses */
}

/* ---- W+X ---- */

static void count_wx(unsigned long start, unsigned long end, pteval_t rights,
		     enum ptdump_level level, void *count)
{
	if ((rights & (_PAGE_RW | _PAGE_NX)) == _PAGE_RW)
		*(unsigned long *)count += (end - start) >> PAGE_SHIFT;
}

unsigned long ptdump_count_wx(void)
{
	unsigned long pages = 0;

	if (__supported_pte_mask & _PAGE_NX)
		ptdump_walk_kernel(count_wx, &pages);
	return pages;
}

/* ---- copies of the master ---- */

unsigned int ptdump_count_strays(void)
{
	const size_t bytes = (PTRS_PER_PGD - KERNEL_PGD_BOUNDARY) * sizeof(pgd_t);
	struct task_struct *p;
	unsigned int strays = 0;

	rcu_read_lock();
	for_each_process (p) {
		task_lock(p);
		if (p->mm && memcmp(p->mm->pgd + KERNEL_PGD_BOUNDARY,
				    swapper_pg_dir + KERNEL_PGD_BOUNDARY, bytes))
			strays++;
		task_unlock(p);
	}
	rcu_read_unlock();
	return strays;
}

/* ---- for people ---- */

struct marker {
	unsigned long start;
	const char *name;
};

struct printer {
	void (*line)(void *arg, const char *text);
	void *arg;
	const struct marker *next_marker, *end_marker;
};

static void print_size(char *buf, size_t size, unsigned long bytes)
{
	static const char units[] = "KMGTP";
	const char *unit = units;

	bytes >>= 10;
	while (!(bytes & 1023) && unit[1] && bytes) {
		bytes >>= 10;
		unit++;
	}
	snprintf(buf, size, "%9lu%c", bytes, *unit);
}

static void print_part(struct printer *p, unsigned long start, unsigned long end, pteval_t rights,
		       enum ptdump_level level)
{
	static const char *const names[] = { "pgd", "pud", "pmd", "pte" };
	char text[128], bytes[16];
	const char *write = !rights ? "   " : rights & _PAGE_RW ? "RW " : "ro ";
	const char *exec = !rights ? "   " : rights & _PAGE_NX ? "NX " : "x  ";
	bool large = rights && (level == PTDUMP_PUD || level == PTDUMP_PMD);

	print_size(bytes, sizeof(bytes), end - start);
	snprintf(text, sizeof(text), "0x%016lx-0x%016lx %s %s%s%s%s%s%s%s%s %s\n", start, end,
		 bytes, rights & _PAGE_USER ? "USR " : "    ", write,
		 rights & _PAGE_PWT ? "PWT " : "    ", rights & _PAGE_PCD ? "PCD " : "    ",
		 large ? "PSE " : "    ", rights & DUMP_PAT ? "PAT " : "    ",
		 rights & _PAGE_GLOBAL ? "GLB " : "    ", exec, names[level]);
	p->line(p->arg, text);
}

/* Print a run, cut where an area of the layout begins. */
static void print_run(unsigned long start, unsigned long end, pteval_t rights,
		      enum ptdump_level level, void *arg)
{
	struct printer *p = arg;

	while (p->next_marker < p->end_marker && end - 1 >= p->next_marker->start) {
		unsigned long at = p->next_marker->start;
		char text[64];

		if (start < at)
			print_part(p, start, at, rights, level);
		snprintf(text, sizeof(text), "---[ %s ]---\n", p->next_marker->name);
		p->line(p->arg, text);
		start = max(start, at);
		p->next_marker++;
	}
	if (start != end)
		print_part(p, start, end, rights, level);
}

void ptdump_print_kernel(void (*line)(void *arg, const char *text), void *arg)
{
	const struct marker markers[] = {
		{ PGDIR_KERNEL_START, "Kernel Space Start" },
		{ PAGE_OFFSET, "Low Kernel Mapping" },
		{ VMALLOC_START, "vmalloc() Area" },
		{ VMEMMAP_START, "Vmemmap" },
		{ CPU_ENTRY_AREA_BASE, "CPU entry Area" },
		{ __START_KERNEL_map, "High Kernel Mapping" },
		{ FIXADDR_START, "Fixmap Area" },
	};
	struct printer p = { line, arg, markers, markers + ARRAY_SIZE(markers) };

	ptdump_walk_kernel(print_run, &p);
}
