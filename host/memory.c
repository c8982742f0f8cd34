// SPDX-License-Identifier: MIT
/*
 * Played memory, for tests that bring mm/: two nodes with holes between and inside, the kernel's own start-up over
 * it, and what the real machine's code would provide. MEM=MiB scales the memory.
 *
 *	node 0   1 MiB ..  64 MiB, 80 MiB .. 128 MiB
 *	node 1   256 MiB .. 320 MiB, 4 GiB .. 4 GiB + 64 MiB
 */
#include <base/nodemask.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/memblock.h>
#include <mm/page.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/zone.h>
#include <mm/percpu_alloc.h>
#include "../mm/percpu/percpu_internal.h"
#include <seam/numa.h>
#include <seam/pgtable.h>
#include <host/os.h>
#include <host/test.h>
#include <host/vfs.h>
#include <mm/filemap.h>
#include <mm/mmap.h>
#include <mm/xarray.h>
#include "mmu_internal.h"

void host_boot_memory(void);
void host_test_ended(void);

/* ---- the image: its statics have places in the first MiB, which is no memory ---- */
#define MAX_SYMBOLS 16
static unsigned long symbols[MAX_SYMBOLS];

unsigned long host_symbol_pa(unsigned long addr)
{
	unsigned long page = addr & PAGE_MASK;

	for (unsigned int i = 0; i < MAX_SYMBOLS; i++) {
		if (!symbols[i])
			symbols[i] = page;
		if (symbols[i] == page)
			return (i << PAGE_SHIFT) + (addr & ~PAGE_MASK);
	}
	os_fatal("the played image has more than %d pages", MAX_SYMBOLS);
}

char _text[1], _etext[1], _sdata[1], _edata[1], __start_rodata[1], __end_rodata[1], __init_begin[1],
	__init_end[1], __bss_start[1], __bss_stop[1];

void kernel_map_pages(void *start, unsigned int nr, bool map) {} /* played memory is always there */
bool kernel_page_present(struct page *page)
{
	return true;
}
int set_direct_map_default_noflush(struct page *page)
{
	return 0;
}

/* By words: who follows a pointer to a new table relies on the order of dependent reads, which TSan does not know. */
void clear_page(void *page)
{
	for (unsigned long *word = page, *end = page + PAGE_SIZE; word < end; word++)
		__atomic_store_n(word, 0, __ATOMIC_RELAXED);
}

void copy_page(void *to, const void *from)
{
	host_copy_racing(to, from, PAGE_SIZE); /* of a page that programs may be writing to */
}

bool __virt_addr_valid(unsigned long kaddr)
{
	return kaddr - PAGE_OFFSET < HOST_RAM_MAX && pfn_valid((kaddr - PAGE_OFFSET) >> PAGE_SHIFT);
}

/* The whole range of the memmap is there from the start, as zeros that cost nothing. */
int vmemmap_populate(unsigned long start, unsigned long end, int node)
{
	return 0;
}

int early_cpu_to_node(int cpu)
{
	return cpu < HOST_NR_CPUS / 2 ? 0 : 1;
}

/* After each test every page is where the books say. */
void host_test_ended(void)
{
	CHECK_EQ(ledger_check(), 0);
}

static void add(u64 start, u64 end, int node)
{
	memblock_add_node(start, end - start, node, MEMBLOCK_NONE);
}

void host_boot_memory(void)
{
	u64 mb = 1 << 20;
	size_t unit = per_cpu_offset(1) - per_cpu_offset(0), used = __per_cpu_end - __per_cpu_start;

	os_ram_make(PAGE_OFFSET, 5UL << 30);
	os_map_at(VMEMMAP_START, ((5UL << 30) >> PAGE_SHIFT) * sizeof(struct page));
	add(1 * mb, 64 * mb, 0);
	add(80 * mb, 128 * mb, 0);
	add(256 * mb, 320 * mb, 1);
	add(4096 * mb, 4160 * mb, 1);
	node_set_online(0);
	node_set_online(1);
	numa_set_distance(0, 1, 20);
	numa_set_distance(1, 0, 20);
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++)
		per_cpu(numa_node, cpu) = early_cpu_to_node(cpu);
	pcpu_setup_first_chunk((char *)__per_cpu_start + per_cpu_offset(0), unit, used,
			       HOST_NR_CPUS, os_alloc(pcpu_map_bytes(unit)));
	sparse_init();
	mm_core_init();
	host_mmu_start();
	xarray_init();
	page_cache_init();
	mm_init_virt();
	workingset_init();
	host_vfs_start();
}

/* ---- what other rooms provide on a machine ---- */
void add_taint(unsigned int flag) {}
unsigned int stack_trace_save(unsigned long *store, unsigned int max, unsigned int skip)
{
	return 0;
}
struct task_struct *find_task_by_vpid(pid_t nr);
struct task_struct *find_task_by_vpid(pid_t nr)
{
	return NULL;
}
u64 sched_clock(void)
{
	return os_now_ns();
}

void selftest_complain(const char *file, int line, const char *what);
void selftest_complain(const char *file, int line, const char *what)
{
	host_note("%s:%d: %s", file, line, what);
}
