// SPDX-License-Identifier: MIT
/*
 * Kernel stacks: THREAD_SIZE bytes in the vmalloc range, aligned to twice that, so that the page below is
 * never mapped: an overflow faults at once (double fault, with its own stack) instead of corrupting.
 *
 *	... guard (THREAD_SIZE, unmapped) | stack, 16 KiB | guard page ...
 *
 * A stack that is given back stays mapped in a store of the CPU (up to STACK_STORE of them): fork and exit
 * follow each other, and making one costs some 2,000 instructions and a TLB flush later. Rule of the
 * store: preemption off, not from interrupts.
 * Counted: NR_KERNEL_STACK_KB for stacks in use. The pages of those in the stores stay marked as stacks, and those of
 * stacks on their way out until the worker that frees them has run, however late: thread_stack_unused_pages().
 *
 * The lowest word holds STACK_END_MAGIC; the scheduler stops the kernel when a task arrives there without it
 * (something wrote through the stack without touching the guard). With `stackdepth` on the command line
 * stacks are cleared before use, and stack_depth() tells how deep they have been.
 * Observe: meminfo KernelStack, /proc/vmallocinfo, /sys/kernel/debug/stack_depth.
 */
#include <base/types.h>
#include <base/atomic.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <sync/preempt.h>
#include <seam/percpu.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/page_charge.h>
#include <mm/page_flags.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "../page/call_cpu.h"
#include "kmap_internal.h"

#define STACK_STORE 4

struct stack_store {
	unsigned int count;
	void *stacks[STACK_STORE];
};
static DEFINE_PER_CPU(struct stack_store, stack_store);
static atomic_t nr_leaving; /* stacks that vfree()'s worker has yet to free */
bool stack_depth_known __ro_after_init;

static int __init setup_stackdepth(char *arg)
{
	stack_depth_known = true;
	return 0;
}
early_param("stackdepth", setup_stackdepth);

/* Ready a stack for its next task. */
static void begin_stack(void *stack)
{
	if (unlikely(stack_depth_known))
		memset(stack, 0, THREAD_SIZE);
	*stack_end(stack) = STACK_END_MAGIC;
}

unsigned long stack_depth(const void *stack)
{
	const unsigned long *word = stack, *top = stack + THREAD_SIZE;

	for (word++; word < top && !READ_ONCE(*word);)
		word++;
	return (top - word) * sizeof(*word);
}

/* The node to which a stack is counted: that of its first page. */
static struct pglist_data *stack_pgdat(void *stack)
{
	if (likely(nr_mem_nodes == 1))
		return first_online_pgdat();
	return page_pgdat(vmalloc_to_page(stack));
}

static void count_stack(void *stack, long kb)
{
	mod_node_page_state(stack_pgdat(stack), NR_KERNEL_STACK_KB, kb);
}

static void *make_stack(int node)
{
	void *stack = __vmalloc_area(THREAD_SIZE, 2 * THREAD_SIZE, VM_ALLOC | VM_STACK_AREA,
				     GFP_KERNEL, node, __builtin_return_address(0));

	for (unsigned long at = 0; stack && at < THREAD_SIZE; at += PAGE_SIZE)
		__SetPageStack(vmalloc_to_page(stack + at));
	return stack;
}

static void uncharge_stack(void *stack, unsigned long end)
{
	for (unsigned long at = 0; at < end && page_charge_on(); at += PAGE_SIZE)
		page_uncharge(vmalloc_to_page(stack + at), 0);
}

/* To the group of who forks. False: there is no room, nothing is charged. */
static bool charge_stack(void *stack)
{
	for (unsigned long at = 0; at < THREAD_SIZE && page_charge_on(); at += PAGE_SIZE) {
		if (page_charge(vmalloc_to_page(stack + at), 0, GFP_KERNEL_ACCOUNT))
			continue;
		uncharge_stack(stack, at);
		return false;
	}
	return true;
}

static bool store_usable(void)
{
	return !(preempt_count() & (HARDIRQ_MASK | SOFTIRQ_MASK | NMI_MASK));
}

static void give_up_stack(void *stack)
{
	atomic_inc(&nr_leaving);
	vfree_atomic(stack);
}

void thread_stack_freed(void)
{
	atomic_dec(&nr_leaving);
}

/* For the next one, or gone. */
static void store_stack(void *stack)
{
	struct stack_store *store;
	bool stored = false;

	preempt_disable();
	store = this_cpu_ptr(&stack_store);
	if (store_usable() && store->count < STACK_STORE) {
		store->stacks[store->count++] = stack;
		stored = true;
	}
	preempt_enable();
	if (!stored)
		give_up_stack(stack);
}

void *alloc_thread_stack_node(int node)
{
	struct stack_store *store;
	void *stack = NULL;

	/* The store must not hide that a stack can be missing. */
	if (should_fail(FAULT_PAGE, THREAD_SIZE, GFP_KERNEL))
		return NULL;
	preempt_disable();
	store = this_cpu_ptr(&stack_store);
	if (store->count)
		stack = store->stacks[--store->count];
	preempt_enable();
	if (!stack)
		stack = make_stack(node);
	if (stack && !charge_stack(stack)) {
		store_stack(stack);
		return NULL;
	}
	if (stack) {
		begin_stack(stack);
		count_stack(stack, THREAD_SIZE >> 10);
	}
	return stack;
}

void free_thread_stack(void *stack)
{
	count_stack(stack, -(long)(THREAD_SIZE >> 10));
	uncharge_stack(stack, THREAD_SIZE);
	store_stack(stack);
}

unsigned long thread_stack_unused_pages(void)
{
	unsigned long stacks = atomic_read(&nr_leaving);
	int cpu;

	for_each_possible_cpu (cpu)
		stacks += READ_ONCE(per_cpu(stack_store, cpu).count);
	return stacks * (THREAD_SIZE >> PAGE_SHIFT);
}

static unsigned int drained;

static void drain_store(void *info)
{
	struct stack_store *store = this_cpu_ptr(&stack_store);

	while (store->count) {
		give_up_stack(store->stacks[--store->count]);
		drained++;
	}
}

static bool store_filled(int cpu, void *info)
{
	return READ_ONCE(per_cpu(stack_store, cpu).count) != 0;
}

unsigned int thread_stack_cache_drain(void)
{
	unsigned int before = READ_ONCE(drained);

	call_cpus_unpinned(drain_store, store_filled, NULL);
	return READ_ONCE(drained) - before;
}

bool in_stack_guard(unsigned long addr)
{
	/* The stack that overflowed lies just above. */
	void *above = (void *)ALIGN(addr + 1, 2 * THREAD_SIZE);
	struct vm_struct *vm = is_vmalloc_addr(above) ? find_vm_area(above) : NULL;

	return vm && (vm->flags & VM_STACK_AREA) && addr < (unsigned long)vm->addr &&
	       addr >= (unsigned long)vm->addr - THREAD_SIZE;
}

void thread_stack_init(void)
{
	BUILD_BUG_ON(THREAD_SIZE & (THREAD_SIZE - 1));
}
