// SPDX-License-Identifier: MIT
/*
 * A played machine with 96 MiB of memory in two ranges with a hole, over which mm/{stat,boot,page,slab,percpu,
 * kmap} run unmodified; and the few functions of rooms above that they call.
 */
#include <base/types.h>
#include <base/string.h>
#include <host/test.h>
#include <kernel/panic.h>
#include <kernel/pid.h>
#include <kernel/selftest.h>
#include <kernel/clockchips.h>
#include <kernel/timekeeping.h>
#include <mm/ledger.h>
#include <mm/memblock.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/percpu_alloc.h>
#include <mm/zone.h>
#include <seam/pgtable.h>
#include <seam/tlbflush.h>
#include "../../../mm/percpu/percpu_internal.h"

#define RAM_BYTES  (96UL << 20)
#define HOLE_START (40UL << 20)
#define HOLE_END   ((43UL << 20) + 0x3000)

void phys_make_ram(unsigned long at, unsigned long bytes);
void host_boot_memory(void);
void host_test_ended(void);

struct mm_struct init_mm;
pgd_t swapper_pg_dir[PTRS_PER_PGD] __aligned(4096);
pteval_t __supported_pte_mask = ~0UL;
/* The linker places some of these itself: a red zone behind them would lie in other variables. */
__attribute__((no_sanitize("address"))) char _text[1], _etext[1], __start_rodata[1],
	__end_rodata[1], _sdata[1], _edata[1], __bss_start[1], __bss_stop[1], __init_begin[1],
	__init_end[1];

unsigned long host_symbol_pa(unsigned long addr)
{
	return 0x1000 + (addr & 0xfff);
}

bool __virt_addr_valid(unsigned long kaddr)
{
	return kaddr - PAGE_OFFSET < RAM_BYTES && pfn_valid((kaddr - PAGE_OFFSET) >> PAGE_SHIFT);
}

int vmemmap_populate(unsigned long start, unsigned long end, int node)
{
	return 0; /* mapped whole */
}

void kernel_map_pages(void *start, unsigned int nr, bool map) {} /* played memory is always there */

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}
void copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}
void flush_tlb_kernel_range(unsigned long start, unsigned long end) {}
u64 sched_clock(void)
{
	return ktime_get();
}
unsigned long pgtable_cache_drain(void)
{
	return 0; /* there are no processes and no tables of theirs */
}
struct seq_file;
void seq_printf(struct seq_file *m, const char *fmt, ...);
void seq_putc(struct seq_file *m, char c);
void seq_puts(struct seq_file *m, const char *s);
void seq_printf(struct seq_file *m, const char *fmt, ...) {}
void seq_putc(struct seq_file *m, char c) {}
void seq_puts(struct seq_file *m, const char *s) {}
void add_taint(unsigned int flag) {}
struct task_struct *find_task_by_vpid(pid_t nr)
{
	return NULL;
}
unsigned int stack_trace_save(unsigned long *store, unsigned int max, unsigned int skip)
{
	return 0;
}

void selftest_complain(const char *file, int line, const char *what)
{
	host_note("%s:%d: %s", file, line, what);
}

/* After each test every page is where the books say. */
void host_test_ended(void)
{
	CHECK_EQ(ledger_check(), 0);
}

void host_boot_memory(void)
{
	size_t unit = per_cpu_offset(1) - per_cpu_offset(0), used = __per_cpu_end - __per_cpu_start;
	void *area = (void *)((unsigned long)__per_cpu_start + per_cpu_offset(0));

	phys_make_ram(PAGE_OFFSET, RAM_BYTES);
	os_map_at(VMEMMAP_START, (RAM_BYTES >> PAGE_SHIFT) * sizeof(struct page));
	memblock_add(0, HOLE_START);
	memblock_add(HOLE_END, RAM_BYTES - HOLE_END);
	memblock_reserve_named(0, 0x10000, "low memory");
	for (int cpu = 0; cpu < HOST_NR_CPUS; cpu++)
		per_cpu(numa_node, cpu) = 0;
	pcpu_setup_first_chunk(area, unit, used, HOST_NR_CPUS, os_alloc(pcpu_map_bytes(unit)));
	sparse_init();
	mm_core_init();
}
