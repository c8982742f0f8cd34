// SPDX-License-Identifier: MIT
/*
 * The kernel's own address space.
 *
 * 1 Purpose. The tables of head.S map 4 GiB three times, all of it writable and executable. Here the final ones
 * are built, each range with the least rights that it needs:
 *
 *	direct map	RAM, page by page of the largest size that fits: 1 GiB, 2 MiB, 4 KiB at edges     RW NX
 *			... but the frames of text and rodata                                              R  NX
 *	vmemmap		struct page of the RAM that is there                                               RW NX
 *	kernel image	text, init text   R X	rodata   R NX	  data, bss   RW NX	4 KiB pages
 *			the page under init_stack   not mapped: its guard
 *	fixmap		device registers wanted before ioremap()                                           RW NX
 *	entry area	IST stacks, an unmapped page under each                                            RW NX
 *
 * 2 Shared upper half. All entries 256..511 of swapper_pg_dir that will ever be used are made here: the direct
 * map's, one or two each for vmalloc and vmemmap, one for entry area and image. A new pgd copies them once and never again.
 *
 * 3 Invariants. No leaf is both writable and executable: ptdump_count_wx() counts them at the end of boot.
 * Nothing is mapped that is not RAM, apart from fixmap and ioremap.
 *
 * 4 Locks. Before other CPUs run there is one writer. Later changes: vmalloc has its own lock and its own
 * range; the fixmap is changed by the boot CPU; free_initmem() runs when nobody executes init text.
 *
 * 5 Failure. Out of memory here means that the machine is far too small; setup_arch() has checked before.
 *
 * 6 Linux: arch/x86/mm/init.c and init_64.c. It maps by ranges of equal page size, splits and restores with CPA;
 * here the tables are built right the first time, because the layout of the image is known.
 *
 * 7 Observe: the boot log's "Virtual kernel memory layout", DirectMap4k/2M/1G in /proc/meminfo.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/errno.h>
#include <base/bug.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/panic.h>
#include <fs/seq_file.h>
#include <mm/memblock.h>
#include <mm/page.h>
#include <mm/page_debug.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <seam/pgtable.h>
#include <seam/ptdump.h>
#include <seam/tlbflush.h>
#include <seam/processor.h>
#include <seam/fixmap.h>
#include <seam/setup.h>
#include "mapping.h"

pgd_t swapper_pg_dir[PTRS_PER_PGD] __attribute__((section(".bss..page_aligned"), aligned(4096)));
static pud_t kernel_pud[512] __attribute__((section(".bss..page_aligned"), aligned(4096)));
static pmd_t fixmap_pmd[512] __attribute__((section(".bss..page_aligned"), aligned(4096)));
static pte_t fixmap_pte[512] __attribute__((section(".bss..page_aligned"), aligned(4096)));
static pgd_t trampoline_pgd[512] __attribute__((section(".bss..page_aligned"), aligned(4096)));

pteval_t __supported_pte_mask __ro_after_init = ~_PAGE_NX;
bool has_direct_gbpages __ro_after_init = true; /* until nogbpages or the CPU says no */

/* Bytes of the direct map by page size, for /proc/meminfo. Index 0: 4 KiB, 1: 2 MiB, 2: 1 GiB. */
unsigned long direct_pages_count[3];

#define P_(x)                                                                                      \
	{                                                                                          \
		(x)                                                                                \
	}
#define U_ (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
pgprot_t protection_map[16] __ro_after_init = {
	/* private: a write goes to a copy, so the page starts read-only */
	P_(_PAGE_PROTNONE | _PAGE_ACCESSED),
	P_(U_ | _PAGE_NX),
	P_(U_ | _PAGE_NX),
	P_(U_ | _PAGE_NX),
	P_(U_),
	P_(U_),
	P_(U_),
	P_(U_),
	/* shared */
	P_(_PAGE_PROTNONE | _PAGE_ACCESSED),
	P_(U_ | _PAGE_NX),
	P_(U_ | _PAGE_RW | _PAGE_NX),
	P_(U_ | _PAGE_RW | _PAGE_NX),
	P_(U_),
	P_(U_),
	P_(U_ | _PAGE_RW),
	P_(U_ | _PAGE_RW),
};

static unsigned long nr_early_tables;

unsigned long early_table_pages(void)
{
	return nr_early_tables;
}

/* A zeroed page for a table. Early ones must lie below 4 GiB, where the tables of head.S reach. */
static void *table_page(int node)
{
	if (slab_is_available()) {
		struct page *page = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);

		if (!page)
			return NULL;
		__SetPageTable(page);
		mod_node_page_state(page_pgdat(page), NR_PAGETABLE, 1);
		return page_address(page);
	} else {
		phys_addr_t pa = memblock_phys_alloc_range(PAGE_SIZE, PAGE_SIZE, 0, 1ULL << 32);

		nr_early_tables++;
		if (!pa)
			panic("Out of memory while building the kernel's page tables");
		clear_page(__va(pa));
		return __va(pa);
	}
}

static pud_t *kernel_pud_alloc(unsigned long vaddr, int node)
{
	pgd_t *pgd = pgd_offset_k(vaddr);

	if (pgd_none(*pgd)) {
		void *table = table_page(node);

		if (!table)
			return NULL;
		set_pgd(pgd, __pgd(_KERNPG_TABLE | __pa(table)));
	}
	return pud_offset(pgd, vaddr);
}

static pmd_t *kernel_pmd_alloc(unsigned long vaddr, int node)
{
	pud_t *pud = kernel_pud_alloc(vaddr, node);

	if (!pud)
		return NULL;
	if (pud_none(*pud)) {
		void *table = table_page(node);

		if (!table)
			return NULL;
		set_pud(pud, __pud(_KERNPG_TABLE | __pa(table)));
	}
	return pmd_offset(pud, vaddr);
}

static pte_t *kernel_pte_alloc(unsigned long vaddr, int node)
{
	pmd_t *pmd = kernel_pmd_alloc(vaddr, node);

	if (!pmd)
		return NULL;
	if (pmd_none(*pmd)) {
		void *table = table_page(node);

		if (!table)
			return NULL;
		set_pmd(pmd, __pmd(_KERNPG_TABLE | __pa(table)));
	}
	return pte_offset_kernel(pmd, vaddr);
}

/* ---- direct map ---- */

/* The frames of text and rodata, read-only in the direct map too. */
static inline bool is_image_ro(u64 phys)
{
	return phys >= __pa_symbol(_text) && phys < __pa_symbol(__end_rodata);
}

static inline bool overlaps_image_ro(u64 start, u64 end)
{
	return start < __pa_symbol(__end_rodata) && end > __pa_symbol(_text);
}

/* Can a page of @size begin at @phys and end not behind @end? */
static inline bool large_fits(u64 phys, u64 end, unsigned long size)
{
	return !(page_debug & PAGE_DEBUG_UNMAP) && !(phys & (size - 1)) && end - phys >= size &&
	       !overlaps_image_ro(phys, phys + size);
}

void init_memory_mapping(u64 start, u64 end)
{
	pgprotval_t rw = pgprot_val(PAGE_KERNEL), ro = pgprot_val(PAGE_KERNEL_RO);
	u64 pa = start;

	while (pa < end) {
		unsigned long va = (unsigned long)__va(pa);
		pte_t *pte;

		if (has_direct_gbpages && large_fits(pa, end, PUD_SIZE)) {
			set_pud(kernel_pud_alloc(va, 0), __pud(pa | rw | _PAGE_PSE));
			direct_pages_count[2]++;
			pa += PUD_SIZE;
			continue;
		}
		if (large_fits(pa, end, PMD_SIZE)) {
			set_pmd(kernel_pmd_alloc(va, 0), __pmd(pa | rw | _PAGE_PSE));
			direct_pages_count[1]++;
			pa += PMD_SIZE;
			continue;
		}
		pte = kernel_pte_alloc(va, 0);
		do {
			set_pte(pte++, __pte(pa | (is_image_ro(pa) ? ro : rw)));
			direct_pages_count[0]++;
			pa += PAGE_SIZE;
		} while (pa < end && (pa & ~PMD_MASK));
	}
}

void kernel_map_pages(void *start, unsigned int nr, bool map)
{
	unsigned long va = (unsigned long)start;

	for (; nr--; va += PAGE_SIZE) {
		pte_t *pte =
			pte_offset_kernel(pmd_offset(pud_offset(pgd_offset_k(va), va), va), va);
		pteval_t val = pte_val(*pte);

		set_pte(pte, __pte(map ? val | _PAGE_PRESENT : val & ~(pteval_t)_PAGE_PRESENT));
		if (!map)
			flush_tlb_one_kernel(va);
	}
}

void arch_report_meminfo(struct seq_file *m)
{
	seq_printf(m, "DirectMap4k:    %8lu kB\nDirectMap2M:    %8lu kB\n",
		   direct_pages_count[0] << 2, direct_pages_count[1] << 11);
	if (has_direct_gbpages)
		seq_printf(m, "DirectMap1G:    %8lu kB\n", direct_pages_count[2] << 20);
}

bool __virt_addr_valid(unsigned long kaddr)
{
	unsigned long pa = __pa(kaddr);

	if (kaddr < PAGE_OFFSET || (kaddr >= VMALLOC_START && kaddr < KERNEL_MAP_BASE) ||
	    kaddr >= (unsigned long)_end)
		return false;
	return pfn_valid(pa >> PAGE_SHIFT);
}

/* ---- image, fixmap, single pages ---- */

void __init map_kernel_page(unsigned long vaddr, phys_addr_t phys, pgprot_t prot)
{
	set_pte(kernel_pte_alloc(vaddr, 0), __pte(phys | pgprot_val(prot)));
}

static void __init map_image(const char *start, const char *end, pgprot_t prot)
{
	for (unsigned long va = (unsigned long)start; va < (unsigned long)end; va += PAGE_SIZE)
		map_kernel_page(va, __pa_symbol(va), prot);
}

/* Change what a mapped part of the image may do; the caller flushes. */
static void protect_image(const char *start, const char *end, pgprotval_t prot)
{
	for (unsigned long va = (unsigned long)start; va < (unsigned long)end; va += PAGE_SIZE) {
		pte_t *pte =
			pte_offset_kernel(pmd_offset(pud_offset(pgd_offset_k(va), va), va), va);

		set_pte(pte, __pte(prot ? __pa_symbol(va) | prot : 0));
	}
}

void __set_fixmap(unsigned int idx, phys_addr_t phys, pgprot_t prot)
{
	unsigned long va = fix_to_virt(idx);

	BUG_ON(idx >= __end_of_fixed_addresses);
	set_pte(&fixmap_pte[pte_index(va)], __pte((phys & PAGE_MASK) | pgprot_val(prot)));
	flush_tlb_one_kernel(va);
}

void clear_fixmap(unsigned int idx)
{
	unsigned long va = fix_to_virt(idx);

	set_pte(&fixmap_pte[pte_index(va)], __pte(0));
	flush_tlb_one_kernel(va);
}

static void __init map_kernel_image(void)
{
	unsigned long fix = FIXADDR_START;

	set_pgd(pgd_offset_k(__START_KERNEL_map), __pgd(_KERNPG_TABLE | __pa_symbol(kernel_pud)));
	set_pud(pud_offset(pgd_offset_k(fix), fix), __pud(_KERNPG_TABLE | __pa_symbol(fixmap_pmd)));
	set_pmd(&fixmap_pmd[pmd_index(fix)], __pmd(_KERNPG_TABLE | __pa_symbol(fixmap_pte)));

	map_image(_text, _etext, PAGE_KERNEL_ROX);
	map_image(__start_rodata, __end_rodata, PAGE_KERNEL_RO);
	map_image(_sdata, _sinittext, PAGE_KERNEL);
	map_image(_sinittext, __init_end, PAGE_KERNEL_ROX);
	map_image(__bss_start, _end, PAGE_KERNEL);
	/* The guard of the first stack. */
	protect_image(init_stack_guard, init_stack_guard + PAGE_SIZE, 0);
}

/* A started CPU needs its trampoline page at virtual == physical, and from there the kernel's half. */
static void __init make_trampoline_tables(void)
{
	pud_t *pud = table_page(0);
	pmd_t *pmd = table_page(0);
	pte_t *pte = table_page(0);

	set_pgd(&trampoline_pgd[0], __pgd(_KERNPG_TABLE | __pa(pud)));
	set_pud(&pud[0], __pud(_KERNPG_TABLE | __pa(pmd)));
	set_pmd(&pmd[0], __pmd(_KERNPG_TABLE | __pa(pte)));
	set_pte(&pte[8], __pte(0x8000 | _PAGE_PRESENT | _PAGE_ACCESSED));
	for (int i = KERNEL_PGD_BOUNDARY; i < PTRS_PER_PGD; i++)
		trampoline_pgd[i] = swapper_pg_dir[i];
}

unsigned long trampoline_tables(void)
{
	return __pa_symbol(trampoline_pgd);
}

void __init paging_init(void)
{
	phys_addr_t start, end;
	u64 i;

	if (boot_cpu_has(X86_FEATURE_NX))
		__supported_pte_mask = ~0UL;
	else
		for (int p = 0; p < 16; p++)
			pgprot_val(protection_map[p]) &= __supported_pte_mask;
	has_direct_gbpages = boot_cpu_has(X86_FEATURE_GBPAGES) && has_direct_gbpages;

	for_each_mem_range(i, &start, &end)
		init_memory_mapping(round_up(start, PAGE_SIZE), round_down(end, PAGE_SIZE));
	map_kernel_image();
	/* The entries that later mappings hang under; a moved area lies across the border of two. */
	kernel_pud_alloc(VMALLOC_START, 0);
	kernel_pud_alloc(VMALLOC_END, 0);
	kernel_pud_alloc(VMEMMAP_START, 0);
	kernel_pud_alloc(VMEMMAP_END, 0);
	kernel_pud_alloc(CPU_ENTRY_AREA_BASE, 0);
	make_trampoline_tables();

	write_cr3(__pa_symbol(swapper_pg_dir));
	__flush_tlb_all();
}

/* ---- memmap ---- */

static void *__meminit memmap_block(unsigned long size, int node)
{
	if (slab_is_available()) {
		struct page *page = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
						     size == PAGE_SIZE ? 0 : HPAGE_PMD_ORDER);

		return page ? page_address(page) : NULL;
	}
	return memblock_alloc_node(size, size, node);
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node)
{
	pgprotval_t prot = pgprot_val(PAGE_KERNEL);
	unsigned long va = start & PAGE_MASK;

	while (va < end) {
		pmd_t *pmd = kernel_pmd_alloc(va, node);
		pte_t *pte;
		void *block;

		if (!pmd)
			return -ENOMEM;
		if (pmd_leaf(*pmd)) {
			va = (va + PMD_SIZE) & PMD_MASK;
			continue;
		}
		if (pmd_none(*pmd) && !(va & ~PMD_MASK) && end - va >= PMD_SIZE) {
			block = memmap_block(PMD_SIZE, node);
			if (block) {
				set_pmd(pmd, __pmd(__pa(block) | prot | _PAGE_PSE));
				va += PMD_SIZE;
				continue;
			}
		}
		pte = kernel_pte_alloc(va, node);
		if (!pte)
			return -ENOMEM;
		if (pte_none(*pte)) {
			block = memmap_block(PAGE_SIZE, node);
			if (!block)
				return -ENOMEM;
			set_pte(pte, __pte(__pa(block) | prot));
		}
		va += PAGE_SIZE;
	}
	return 0;
}

/* ---- the end of boot ---- */

void mark_rodata_ro(void)
{
	unsigned long wx;

	protect_image(__start_ro_after_init, __end_ro_after_init, pgprot_val(PAGE_KERNEL_RO));
	flush_tlb_kernel_range((unsigned long)__start_ro_after_init,
			       (unsigned long)__end_ro_after_init);
	wx = ptdump_count_wx();
	if (wx)
		pr_err("x86/mm: Checked W+X mappings: FAILED, %lu W+X pages found.\n", wx);
	else
		pr_info("x86/mm: Checked W+X mappings: passed, no W+X pages found.\n");
}

void free_initmem(void)
{
	unsigned long begin = (unsigned long)__init_begin, end = (unsigned long)__init_end;

	/* Nobody may run or read there any more: a stale pointer faults instead of finding other data. */
	protect_image(__init_begin, __init_end, 0);
	flush_tlb_kernel_range(begin, end);
	free_reserved_area(__va(__pa_symbol(begin)), __va(__pa_symbol(end)), -1,
			   "unused kernel image (initmem)");
}

/* ---- the layout, for the log and /proc/mm/layout ---- */

#define LAYOUT(name, from, to)                                                                     \
	{                                                                                          \
		name, (unsigned long)(from), (unsigned long)(to)                                   \
	}

/* One line; kB are rounded up, as for the sections of a kernel that end anywhere. */
static int layout_line(char *buf, size_t size, const char *what, unsigned long start,
		       unsigned long end)
{
	unsigned long kib = DIV_ROUND_UP(end - start, 1024);
	unsigned int unit = kib >= 10UL << 20 ? 2 : kib >= 10UL << 10 ? 1 : 0;

	return scnprintf(buf, size, "    %-8s: 0x%016lx - 0x%016lx   (%5lu %cB)\n", what, start,
			 end, kib >> 10 * unit, "kMG"[unit]);
}

static void each_layout_line(void (*print)(void *arg, const char *line), void *arg)
{
	const struct {
		const char *what;
		unsigned long start, end;
	} ranges[] = {
		LAYOUT("fixmap", FIXADDR_START, fix_to_virt(__end_of_fixed_addresses)),
		LAYOUT("cpuentry", CPU_ENTRY_AREA_BASE, CPU_ENTRY_AREA_BASE + PGDIR_SIZE),
		LAYOUT("vmemmap", VMEMMAP_START, VMEMMAP_END + 1),
		LAYOUT("vmalloc", VMALLOC_START, VMALLOC_END + 1),
		LAYOUT("lowmem", PAGE_OFFSET, __va(memblock_end_of_DRAM())),
		LAYOUT(".init", __init_begin, __init_end),
		LAYOUT(".percpu", __per_cpu_start, __per_cpu_end),
		LAYOUT(".bss", __bss_start, __bss_stop),
		LAYOUT(".data", _sdata, _edata),
		LAYOUT(".rodata", __start_rodata, __end_rodata),
		LAYOUT(".text", _text, _etext),
	};
	char line[96];

	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
		layout_line(line, sizeof(line), ranges[i].what, ranges[i].start, ranges[i].end);
		print(arg, line);
	}
}

static void line_to_log(void *arg, const char *line)
{
	pr_info("%s", line);
}

static void line_to_seq(void *m, const char *line)
{
	seq_puts(m, line);
}

void __init print_memory_layout(void)
{
	pr_info("Virtual kernel memory layout:\n");
	each_layout_line(line_to_log, NULL);
}

void show_memory_layout(struct seq_file *m)
{
	each_layout_line(line_to_seq, m);
}
