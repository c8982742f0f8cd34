// SPDX-License-Identifier: MIT
#include <fs/file.h>
#include <mm/lru.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/rcu.h>
#include <sync/workqueue.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/test.h>
#include "../mm/slab/slab_internal.h"

/* Each CPU keeps some tables ready, which only it can give back. */
static void drain_cpu(void *unused)
{
	pgtable_cache_drain();
}

static void settle(void)
{
	struct kmem_cache *s;

	host_return_to_user();
	flush_scheduled_work();
	rcu_barrier();
	for (unsigned int cpu = 1; cpu < HOST_NR_CPUS; cpu++)
		host_join(host_start(drain_cpu, NULL, cpu, "drain"));
	pgtable_cache_drain();
	thread_stack_cache_drain();
	vm_unmap_aliases();
	list_for_each_entry (s, &slab_caches, list)
		kmem_cache_shrink(s);
	/*
	 * The slabs of a SLAB_TYPESAFE_BY_RCU cache go after a grace period, or after a second one when others of
	 * their cache waited already. Until then they are slabs; freed behind the drain they would count as frames in use.
	 */
	rcu_barrier();
	rcu_barrier();
	drain_all_pages(NULL);
}

struct host_balance host_balance(void)
{
	struct host_balance b = { 0 };
	struct kmem_cache *s;

	settle();
	list_for_each_entry (s, &slab_caches, list) {
		struct slabinfo info;

		get_slabinfo(s, &info);
		b.objects += info.active_objs;
	}
	CHECK(lru_check());
	b.frames = totalram_pages() - nr_free_pages() -
		   global_node_page_state(NR_SLAB_RECLAIMABLE_B) -
		   global_node_page_state(NR_SLAB_UNRECLAIMABLE_B);
	b.mapped = global_node_page_state(NR_ANON_MAPPED) + global_node_page_state(NR_FILE_MAPPED);
	b.tables = global_node_page_state(NR_PAGETABLE);
	b.cached = global_node_page_state(NR_FILE_PAGES);
	b.committed = vm_memory_committed();
	return b;
}

void host_balance_check(const struct host_balance *before)
{
	struct host_balance now = host_balance();

	CHECK_EQ(now.mapped, before->mapped);
	CHECK_EQ(now.tables, before->tables);
	CHECK_EQ(now.cached, before->cached);
	CHECK_EQ(now.committed, before->committed);
	CHECK_EQ(now.objects, before->objects);
	CHECK_EQ(now.frames, before->frames);
}
