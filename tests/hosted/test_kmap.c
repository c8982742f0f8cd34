// SPDX-License-Identifier: MIT
/* vmalloc, stacks and per-CPU memory in a process. rooms: mm mode: tsan */
#include <host/test.h>
#include "../../mm/kmap/selftest.c"

TEST(kmap_vmalloc)
{
	CHECK_EQ(test_vmalloc(), 0);
}
TEST(kmap_injected_failure)
{
	CHECK_EQ(test_injected_failure(), 0);
}
TEST(kmap_vmalloc_huge)
{
	CHECK_EQ(test_vmalloc_huge(), 0);
}
TEST(kmap_vmap)
{
	CHECK_EQ(test_vmap(), 0);
}
TEST(kmap_stacks)
{
	CHECK_EQ(test_stacks(), 0);
}
TEST(percpu_random)
{
	CHECK_EQ(test_percpu(), 0);
}

static void vmalloc_worker(void *arg)
{
	unsigned long n = (unsigned long)arg;

	for (int step = 0; step < 60; step++) {
		u32 *p = vmalloc((1 + (n + step) % 7) * PAGE_SIZE);
		void *stack = alloc_thread_stack_node(NUMA_NO_NODE);

		CHECK(p && stack);
		*p = n;
		*(unsigned long *)stack = n;
		CHECK(*p == n && *(unsigned long *)stack == n);
		free_thread_stack(stack);
		vfree(p);
	}
}

TEST(kmap_smp)
{
	struct task_struct *threads[4];

	for (unsigned long i = 0; i < 4; i++)
		threads[i] = host_start(vmalloc_worker, (void *)(i + 1), i + 1, "vmalloc_worker");
	for (int i = 0; i < 4; i++)
		host_join(threads[i]);
	vm_unmap_aliases();
	vmalloc_check();
}
