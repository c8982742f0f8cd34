// SPDX-License-Identifier: MIT
/*
 * Settling: what is free but not in the free lists goes there, so that two moments can be compared page by
 * page and object by object.
 *
 * In the order in which one feeds the next:
 *	work queues		files and address spaces whose last user could not sleep
 *	RCU			whatever waits for a grace period
 *	shrinkers		objects that are kept only because they may be wanted again
 *	stores of page tables, of kernel stacks, of vmalloc ranges
 *	slab arrays, then empty slabs
 *	RCU			slabs of SLAB_TYPESAFE_BY_RCU caches, in two grace periods when some waited already
 *	per-CPU page lists
 * Freeing may put off more freeing (a table, a stack), therefore all above the slabs twice.
 * What remains different afterwards is a leak, or memory that a living object holds.
 *
 * Not reached: the address space that an idle CPU has borrowed from a dead process; it is held until that CPU
 * runs a program again. Who needs exact numbers runs on one CPU, or goes round the CPUs (sched_setaffinity).
 * Use: write to debugfs mm_settle. Linux 6.1 has parts of it: drop_caches, slab/NAME/shrink, stat_refresh.
 */
#include <sync/rcu.h>
#include <sync/workqueue.h>
#include <mm/pgalloc.h>
#include <mm/settle.h>
#include <mm/shrinker.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/zone.h>

void mm_settle(void)
{
	for (int round = 0; round < 2; round++) {
		flush_workqueue(system_wq);
		flush_workqueue(system_unbound_wq);
		rcu_barrier();
		drop_slab();
		pgtable_cache_drain();
		thread_stack_cache_drain();
		vm_unmap_aliases();
	}
	slab_flush_all();
	rcu_barrier();
	rcu_barrier();
	drain_all_pages(NULL);
}
