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

#define NR_AREAS 32

static int test_vmalloc(void)
{
	static struct {
		u32 *p;
		size_t size;
	} area[NR_AREAS];
	unsigned long pages = vmalloc_nr_pages();

	memset(area, 0, sizeof(area));
	for (unsigned int step = 0; step < 600; step++) {
		u32 i = random_below(NR_AREAS);

		if (area[i].p) {
			for (size_t at = 0; at < area[i].size; at += PAGE_SIZE)
				SELFTEST_EXPECT(area[i].p[at / 4] == i + at);
			vfree(area[i].p);
			area[i].p = NULL;
		} else {
			area[i].size = (1 + random_below(20)) * PAGE_SIZE;
			area[i].p = random_below(2) ? vmalloc(area[i].size) : vzalloc(area[i].size);
			SELFTEST_EXPECT(area[i].p && is_vmalloc_addr(area[i].p));
			SELFTEST_EXPECT(vmalloc_to_page(area[i].p) &&
					!vmalloc_to_page((void *)area[i].p + area[i].size));
			for (size_t at = 0; at < area[i].size; at += PAGE_SIZE)
				area[i].p[at / 4] = i + at;
		}
		if (step % 32 == 0)
			vmalloc_check();
	}
	for (u32 i = 0; i < NR_AREAS; i++)
		vfree(area[i].p);
	vm_unmap_aliases();
	vmalloc_check();
	/* Less: stacks that another test gave back went meanwhile. */
	SELFTEST_EXPECT(vmalloc_nr_pages() <= pages);
	SELFTEST_EXPECT(!__vmalloc(0, GFP_KERNEL | __GFP_NOWARN));
	SELFTEST_EXPECT(!__vmalloc(~0UL, GFP_KERNEL | __GFP_NOWARN));
	SELFTEST_EXPECT(!__vmalloc(1UL << 46, GFP_KERNEL | __GFP_NOWARN));
	return 0;
}
SELFTEST("kmap/vmalloc", test_vmalloc);

/* Each n-th page of a vmalloc fails: nothing stays allocated. */
static int test_injected_failure(void)
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
	/* Slabs of the descriptors and tables for new addresses may stay. */
	SELFTEST_EXPECT(nr_free_pages() + 4 + global_node_page_state(NR_PAGETABLE) - tables >=
			free);
	return 0;
}
SELFTEST("kmap/injected-failure", test_injected_failure);

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

static int test_stacks(void)
{
	unsigned long kb = global_node_page_state(NR_KERNEL_STACK_KB);
	void *stacks[8];

	for (int i = 0; i < 8; i++) {
		stacks[i] = alloc_thread_stack_node(NUMA_NO_NODE);
		SELFTEST_EXPECT(stacks[i] && !((unsigned long)stacks[i] & (2 * THREAD_SIZE - 1)));
		memset(stacks[i], i, THREAD_SIZE);
		SELFTEST_EXPECT(in_stack_guard((unsigned long)stacks[i] - 8));
		SELFTEST_EXPECT(!in_stack_guard((unsigned long)stacks[i]));
	}
	SELFTEST_EXPECT(global_node_page_state(NR_KERNEL_STACK_KB) == kb + 8 * (THREAD_SIZE >> 10));
	for (int i = 0; i < 8; i++)
		free_thread_stack(stacks[i]);
	SELFTEST_EXPECT(global_node_page_state(NR_KERNEL_STACK_KB) == kb);
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
