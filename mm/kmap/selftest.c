// SPDX-License-Identifier: MIT
/* Self tests of vmalloc, vmap, stacks and per-CPU memory, at boot with `selftest` and hosted. */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/selftest.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/percpu_alloc.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static u64 random_state = 521288629546311ULL;

static u32 random_below(u32 n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % n;
}

/* The counters are the machine's: a kernel thread that starts meanwhile moves them, so a round may be repeated. */
#define QUIET_TRIES 20

#define NR_AREAS 32

static struct random_area {
	u32 *p;
	size_t size;
} area[NR_AREAS];

static int random_step(u32 i)
{
	struct random_area *a = &area[i];

	if (a->p) {
		for (size_t at = 0; at < a->size; at += PAGE_SIZE)
			SELFTEST_EXPECT(a->p[at / 4] == i + at);
		vfree(a->p);
		a->p = NULL;
		return 0;
	}
	a->size = (1 + random_below(20)) * PAGE_SIZE;
	a->p = random_below(2) ? vmalloc(a->size) : vzalloc(a->size);
	SELFTEST_EXPECT(a->p && is_vmalloc_addr(a->p));
	SELFTEST_EXPECT(vmalloc_to_page(a->p) && !vmalloc_to_page((void *)a->p + a->size));
	for (size_t at = 0; at < a->size; at += PAGE_SIZE)
		a->p[at / 4] = i + at;
	return 0;
}

static int random_steps(unsigned int steps)
{
	for (unsigned int step = 0; step < steps; step++) {
		SELFTEST_EXPECT(!random_step(random_below(NR_AREAS)));
		if (step % 32 == 0)
			vmalloc_check();
	}
	for (u32 i = 0; i < NR_AREAS; i++) {
		vfree(area[i].p);
		area[i].p = NULL;
	}
	vm_unmap_aliases();
	vmalloc_check();
	return 0;
}

static int test_vmalloc(void)
{
	unsigned long pages;
	int tries = 0;

	do {
		pages = vmalloc_nr_pages();
		SELFTEST_EXPECT(!random_steps(tries ? 50 : 600));
	} while (vmalloc_nr_pages() > pages && ++tries < QUIET_TRIES);
	SELFTEST_EXPECT(tries < QUIET_TRIES);
	SELFTEST_EXPECT(!__vmalloc(0, GFP_KERNEL | __GFP_NOWARN));
	SELFTEST_EXPECT(!__vmalloc(~0UL, GFP_KERNEL | __GFP_NOWARN));
	SELFTEST_EXPECT(!__vmalloc(1UL << 46, GFP_KERNEL | __GFP_NOWARN));
	return 0;
}
SELFTEST("kmap/vmalloc", test_vmalloc);

/* Each n-th page of a vmalloc fails: nothing stays allocated. Pages that are free less than before. */
static long lost_by_failures(void)
{
	unsigned long free, tables;

	vfree(vmalloc(8 * PAGE_SIZE));
	vm_unmap_aliases();
	drain_all_pages(NULL);
	free = nr_free_pages();
	tables = global_node_page_state(NR_PAGETABLE);
	fault_attrs[FAULT_PAGE].verbose = 0;
	for (unsigned int n = 1; n <= 8; n++) {
		fault_attrs[FAULT_PAGE].nth = n;
		fault_update();
		vfree(__vmalloc(8 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN));
		fault_attrs[FAULT_PAGE].nth = 0;
		fault_update();
		vm_unmap_aliases();
		vmalloc_check();
	}
	drain_all_pages(NULL);
	return (long)(free - nr_free_pages() - (global_node_page_state(NR_PAGETABLE) - tables));
}

static int test_injected_failure(void)
{
	int tries = 0;

	/* Slabs of the descriptors and tables for new addresses may stay. */
	while (lost_by_failures() > 4 && ++tries < QUIET_TRIES)
		;
	SELFTEST_EXPECT(tries < QUIET_TRIES);
	return 0;
}
SELFTEST("kmap/injected-failure", test_injected_failure);

static int fill_and_check(u8 *p, size_t size, u8 salt)
{
	for (size_t at = 0; at < size; at += PAGE_SIZE)
		*(u64 *)(p + at) = at + salt;
	for (size_t at = 0; at < size; at += PAGE_SIZE) {
		SELFTEST_EXPECT(*(u64 *)(p + at) == at + salt);
		SELFTEST_EXPECT(*(u64 *)page_address(vmalloc_to_page(p + at)) == at + salt);
	}
	return 0;
}

/* Large, then small at the same addresses, then large again: the table between goes away. */
#define HUGE_BYTES (2 * PMD_SIZE + 3 * PAGE_SIZE)

static int test_vmalloc_huge(void)
{
	unsigned long tables = 0;
	u8 *small[8], *p;

	for (int round = 0; round < 8; round++) {
		p = vmalloc_huge(HUGE_BYTES, GFP_KERNEL | __GFP_ZERO);
		SELFTEST_EXPECT(p && !((unsigned long)p & ~PMD_MASK));
		SELFTEST_EXPECT(vmalloc_is_huge(p) && vmalloc_is_huge(p + 2 * PMD_SIZE - 1));
		SELFTEST_EXPECT(!vmalloc_is_huge(p + 2 * PMD_SIZE));
		SELFTEST_EXPECT(!*p && !p[HUGE_BYTES - 1]);
		SELFTEST_EXPECT(!fill_and_check(p, HUGE_BYTES, round));
		SELFTEST_EXPECT(!vmalloc_to_page(p + HUGE_BYTES));
		vfree(p);
		SELFTEST_EXPECT(!vmalloc_to_page(p));
		vm_unmap_aliases();
		for (int i = 0; i < 8; i++) {
			small[i] = vmalloc(PMD_SIZE / 2);
			SELFTEST_EXPECT(small[i] && !vmalloc_is_huge(small[i]));
			SELFTEST_EXPECT(!fill_and_check(small[i], PMD_SIZE / 2, i));
		}
		for (int i = 0; i < 8; i++)
			vfree(small[i]);
		vm_unmap_aliases();
		vmalloc_check();
		tables = tables ?: global_node_page_state(NR_PAGETABLE);
	}
	SELFTEST_EXPECT(global_node_page_state(NR_PAGETABLE) <
			tables + 8); /* two a round if none went back */
	return 0;
}
SELFTEST("kmap/vmalloc-huge", test_vmalloc_huge);

static int test_vmap(void)
{
	struct page *pages[3];
	u8 *p;

	for (int i = 0; i < 3; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		SELFTEST_EXPECT(pages[i]);
		memset(page_address(pages[i]), i + 1, PAGE_SIZE);
	}
	p = vmap(pages, 3, VM_MAP, PAGE_KERNEL);
	SELFTEST_EXPECT(p && p[0] == 1 && p[PAGE_SIZE] == 2 && p[3 * PAGE_SIZE - 1] == 3);
	p[PAGE_SIZE] = 99;
	SELFTEST_EXPECT(*(u8 *)page_address(pages[1]) == 99);
	vunmap(p);
	for (int i = 0; i < 3; i++)
		__free_page(pages[i]);
	vmalloc_check();
	return 0;
}
SELFTEST("kmap/vmap", test_vmap);

#define NR_STACKS 8

static unsigned long stacks_kb(void)
{
	return global_node_page_state(NR_KERNEL_STACK_KB);
}

/* 0: as it must be, and counted so; 1: somebody else's stacks came or went; else an error. */
static int try_stacks(void)
{
	unsigned long kb = stacks_kb();
	void *stacks[NR_STACKS];
	bool counted;

	for (int i = 0; i < NR_STACKS; i++) {
		stacks[i] = alloc_thread_stack_node(NUMA_NO_NODE);
		SELFTEST_EXPECT(stacks[i] && !((unsigned long)stacks[i] & (2 * THREAD_SIZE - 1)));
		memset(stacks[i], i, THREAD_SIZE);
		SELFTEST_EXPECT(in_stack_guard((unsigned long)stacks[i] - 8));
		SELFTEST_EXPECT(!in_stack_guard((unsigned long)stacks[i]));
	}
	counted = stacks_kb() == kb + NR_STACKS * (THREAD_SIZE >> 10);
	for (int i = 0; i < NR_STACKS; i++)
		free_thread_stack(stacks[i]);
	return !(counted && stacks_kb() == kb);
}

static int test_stacks(void)
{
	int tries = 0, err;

	do
		err = try_stacks();
	while (err == 1 && ++tries < QUIET_TRIES);
	SELFTEST_EXPECT(!err);
	thread_stack_cache_drain();
	vmalloc_check();
	return 0;
}
SELFTEST("kmap/stacks", test_stacks);

static int test_percpu(void)
{
	static u64 __percpu *held[64];
	static u32 count[64];

	memset(held, 0, sizeof(held));
	for (unsigned int step = 0; step < 3000; step++) {
		u32 i = random_below(64);
		int cpu;

		if (held[i]) {
			for_each_possible_cpu (cpu)
				for (u32 n = 0; n < count[i]; n++)
					SELFTEST_EXPECT(per_cpu_ptr(held[i], cpu)[n] ==
							i * 1000 + cpu);
			free_percpu(held[i]);
			held[i] = NULL;
		} else {
			count[i] = 1 + random_below(32);
			held[i] = __alloc_percpu(count[i] * 8, 8u << random_below(4));
			SELFTEST_EXPECT(held[i]);
			for_each_possible_cpu (cpu)
				for (u32 n = 0; n < count[i]; n++) {
					SELFTEST_EXPECT(per_cpu_ptr(held[i], cpu)[n] == 0);
					per_cpu_ptr(held[i], cpu)[n] = i * 1000 + cpu;
				}
		}
		if (step % 128 == 0)
			pcpu_check();
	}
	for (u32 i = 0; i < 64; i++)
		free_percpu(held[i]);
	pcpu_check();
	return 0;
}
SELFTEST("percpu/random", test_percpu);
