// SPDX-License-Identifier: MIT
/*
 * memory.stat and memory.numa_stat: what the pages of a group are, found by looking at each of them. No fault, no free and no change of
 * a flag counts anything for it; who reads the file pays, a few instructions a frame. Only bytes (bytes.c) and events (events.c) are
 * counted as they come.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <sync/rcu.h>
#include <kernel/cgroup.h>
#include <kernel/sched.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/page_flags.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include "memcg_internal.h"

/* X(field, shown by node, too), in the order of both files. Bytes; from refaults on events. */
#define FIELDS(X)                                                                                  \
	X(anon, true)                                                                              \
	X(file, true)                                                                              \
	X(kernel, false)                                                                           \
	X(kernel_stack, true)                                                                      \
	X(pagetables, true)                                                                        \
	X(sec_pagetables, true)                                                                    \
	X(percpu, false)                                                                           \
	X(sock, false)                                                                             \
	X(vmalloc, false)                                                                          \
	X(shmem, true)                                                                             \
	X(zswap, false)                                                                            \
	X(zswapped, false)                                                                         \
	X(file_mapped, true)                                                                       \
	X(file_dirty, true)                                                                        \
	X(file_writeback, true)                                                                    \
	X(swapcached, true)                                                                        \
	X(inactive_anon, true)                                                                     \
	X(active_anon, true)                                                                       \
	X(inactive_file, true)                                                                     \
	X(active_file, true)                                                                       \
	X(unevictable, true)                                                                       \
	X(slab_reclaimable, true)                                                                  \
	X(slab_unreclaimable, true)                                                                \
	X(slab, false)                                                                             \
	X(workingset_refault_anon, true)                                                           \
	X(workingset_refault_file, true)                                                           \
	X(workingset_activate_anon, true)                                                          \
	X(workingset_activate_file, true)                                                          \
	X(workingset_restore_anon, true)                                                           \
	X(workingset_restore_file, true)                                                           \
	X(workingset_nodereclaim, true)

#define FIELD_ENUM(name, by_node)  F_##name,
#define FIELD_NAME(name, by_node)  [F_##name] = #name,
#define FIELD_NODE(name, by_node_) [F_##name] = by_node_,
enum field { FIELDS(FIELD_ENUM) NR_FIELDS };
static const char *const names[NR_FIELDS] = { FIELDS(FIELD_NAME) };
static const bool by_node[NR_FIELDS] = { FIELDS(FIELD_NODE) };

/* Of a node; what is not of one is node 0's. */
struct sums {
	unsigned long value[NR_FIELDS];
};

static void add_cached(const struct folio *folio, struct sums *s)
{
	s->value[F_file] += PAGE_SIZE;
	if (folio_test_swapcache(folio)) {
		s->value[F_swapcached] += PAGE_SIZE;
		return;
	}
	s->value[F_file_mapped] += folio_mapped(folio) ? PAGE_SIZE : 0;
	if (folio_test_swapbacked(folio)) /* no disk is behind it that would make it clean */
		s->value[F_shmem] += PAGE_SIZE;
	else if (folio_test_dirty(folio))
		s->value[F_file_dirty] += PAGE_SIZE;
}

static void add_kernel(const struct page *page, struct sums *s)
{
	s->value[F_kernel] += PAGE_SIZE;
	if (PageStack(page))
		s->value[F_kernel_stack] += PAGE_SIZE;
	else if (PageTable(page) || READ_ONCE(page->page_type) == PAGE_TYPE_PGD)
		s->value[F_pagetables] += PAGE_SIZE;
	else if (PageVmalloc(page))
		s->value[F_vmalloc] += PAGE_SIZE;
	else if (PageLargeKmalloc(page))
		s->value[F_slab_unreclaimable] += PAGE_SIZE;
}

/* @folio may change under our eyes: nothing that it points to is looked at. */
static void add_frame(const struct folio *folio, struct sums *s)
{
	bool anon = folio_test_anon(folio);

	if (!anon && (folio_test_slab(folio) || page_has_type(&folio->page) ||
		      !(READ_ONCE(folio->mapping) || folio_test_swapcache(folio)))) {
		add_kernel(&folio->page, s);
		return;
	}
	if (anon && folio_mapped(folio))
		s->value[F_anon] += PAGE_SIZE;
	if (!anon || folio_test_swapcache(folio))
		add_cached(folio, s);
	if (folio_test_writeback(folio))
		s->value[F_file_writeback] += PAGE_SIZE;
	if (folio_test_lru(folio))
		s->value[F_inactive_anon + folio_lru_list(folio)] += PAGE_SIZE;
}

static void add_up(const struct mem_cgroup *memcg, struct sums *node)
{
	for (unsigned long pfn = 0, rested = 0; pfn < max_pfn; pfn++) {
		struct mem_cgroup *owner;
		struct page *page;

		if (memcg)
			pfn = frame_next_owned(pfn, max_pfn);
		if (pfn - rested >= pageblock_nr_pages) { /* its first frame may be passed */
			rested = pfn;
			cond_resched();
		}
		page = pfn < max_pfn ? pfn_to_online_page(pfn) : NULL;
		if (!page || !page_ref_count(compound_head(page)))
			continue;
		rcu_read_lock();
		owner = memcg ? memcg_by_id(frame_id(pfn)) : NULL;
		if (!memcg || (owner && memcg_is_below(owner, memcg)))
			add_frame((const struct folio *)compound_head(page),
				  node + page_to_nid(page));
		rcu_read_unlock();
	}
}

/* What @memcg alone has of @what on node @nid. */
static unsigned long bytes_of(const struct mem_cgroup *memcg, unsigned int nid,
			      enum charged_bytes what)
{
	return max(atomic_long_read(&memcg->nodeinfo[nid].bytes_owned[what]), 0L);
}

/* What is charged by the byte, and the pages that were charged for it. */
static void add_up_bytes(struct mem_cgroup *root, struct sums *node)
{
	struct mem_cgroup *memcg;

	stock_drain_all(root);
	rcu_read_lock();
	list_for_each_entry_rcu (memcg, &all_memcgs, node) {
		unsigned long sum = 0;

		if (!memcg_is_below(memcg, root))
			continue;
		for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
			static const u8 field[NR_CHARGED_BYTES] = {
				[CHARGED_PERCPU] = F_percpu,
				[CHARGED_SLAB_RECLAIMABLE] = F_slab_reclaimable,
				[CHARGED_SLAB_UNRECLAIMABLE] = F_slab_unreclaimable,
			};

			for (int i = 0; i < NR_CHARGED_BYTES; i++) {
				unsigned long n = bytes_of(memcg, nid, i);

				node[nid].value[field[i]] += n;
				sum += n;
			}
		}
		node->value[F_kernel] += PAGE_ALIGN(sum);
	}
	rcu_read_unlock();
}

/* All fields, by node, to be freed; NULL: no memory. Local sockets have no memory of sockets: their buffers are objects of slabs. */
static struct sums *count_all(struct mem_cgroup *memcg)
{
	struct sums *node = kcalloc(nr_node_ids, sizeof(*node), GFP_KERNEL);
	unsigned long zswapped;

	if (!node)
		return NULL;
	add_up(memcg, node);
	for (unsigned int nid = 0; nid < nr_node_ids; nid++) {
		unsigned long *value = node[nid].value;

		/* What the kernel has for the root's tasks is nobody's. */
		if (!memcg)
			value[F_kernel] = value[F_kernel_stack] = value[F_pagetables] =
				value[F_vmalloc] = value[F_slab_unreclaimable] = 0;
		for (int i = 0; i < NR_WORKINGSET_EVENTS; i++)
			value[F_workingset_refault_anon + i] =
				memcg_workingset(memcg, nid, WORKINGSET_REFAULT_ANON + i);
	}
	if (memcg || !list_empty(&all_memcgs))
		add_up_bytes(memcg, node);
	memcg_zswap_sums(memcg, &node->value[F_zswap], &zswapped);
	node->value[F_zswapped] = zswapped << PAGE_SHIFT;
	node->value[F_kernel] += PAGE_ALIGN(node->value[F_zswap]);
	for (unsigned int nid = 0; nid < nr_node_ids; nid++)
		node[nid].value[F_slab] =
			node[nid].value[F_slab_reclaimable] + node[nid].value[F_slab_unreclaimable];
	return node;
}

static void show(struct seq_file *m, const char *name, unsigned long value)
{
	seq_printf(m, "%s %lu\n", name, value);
}

static void show_events(struct seq_file *m, const struct mem_cgroup *memcg,
			struct fault_counts faults)
{
	static const enum vm_event_item scan[] = { PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSTEAL_KSWAPD,
						   PGSTEAL_DIRECT };
	static const enum vm_event_item others[] = { PGREFILL,	 PGACTIVATE,  PGDEACTIVATE,
						     PGLAZYFREE, PGLAZYFREED, ZSWPIN,
						     ZSWPOUT };
	unsigned long n[ARRAY_SIZE(scan)];

	for (unsigned int i = 0; i < ARRAY_SIZE(scan); i++)
		n[i] = memcg_event_sum(memcg, scan[i]);
	show(m, "pgscan", n[0] + n[1]);
	show(m, "pgsteal", n[2] + n[3]);
	for (unsigned int i = 0; i < ARRAY_SIZE(scan); i++)
		show(m, vm_event_names[scan[i]], n[i]);
	show(m, "pgfault", faults.minor + faults.major);
	show(m, "pgmajfault", faults.major);
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		show(m, vm_event_names[others[i]], memcg_event_sum(memcg, others[i]));
}

static struct fault_counts faults_of(const struct mem_cgroup *memcg)
{
	unsigned long major;

	if (memcg)
		return cgroup_faults(memcg);
	major = vm_event_sum(PGMAJFAULT);
	return (struct fault_counts){ .minor = vm_event_sum(PGFAULT) - major, .major = major };
}

int memcg_stat_show(struct seq_file *m, struct mem_cgroup *memcg)
{
	struct sums *node = count_all(memcg);

	if (!node)
		return -ENOMEM;
	for (enum field f = 0; f < NR_FIELDS; f++) {
		unsigned long sum = 0;

		for (unsigned int nid = 0; nid < nr_node_ids; nid++)
			sum += node[nid].value[f];
		show(m, names[f], sum);
	}
	kfree(node);
	show_events(m, memcg, faults_of(memcg));
	return 0;
}

int memcg_numa_stat_show(struct seq_file *m, struct mem_cgroup *memcg)
{
	struct sums *node = count_all(memcg);

	if (!node)
		return -ENOMEM;
	for (enum field f = 0; f < NR_FIELDS; f++) {
		struct pglist_data *pgdat;

		if (!by_node[f])
			continue;
		seq_puts(m, names[f]);
		for_each_online_pgdat(pgdat)
			seq_printf(m, " N%d=%lu", pgdat->node_id, node[pgdat->node_id].value[f]);
		seq_putc(m, '\n');
	}
	kfree(node);
	return 0;
}
