// SPDX-License-Identifier: MIT
/*
 * memory.stat: what the pages of a group are, found by looking at each of them. No fault, no free and no change of a flag counts
 * anything for it; who reads the file pays, a few instructions a frame. Only bytes (bytes.c) are counted as they come and go. Fields that would need counting of events are not there.
 */
#include <base/math.h>
#include <fs/seq_file.h>
#include <sync/rcu.h>
#include <kernel/sched.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/page_flags.h>
#include <mm/zone.h>
#include "memcg_internal.h"

struct sums {
	unsigned long anon, file, shmem, file_mapped, file_dirty, file_writeback;
	unsigned long kernel, kernel_stack, pagetables, vmalloc, slab; /* slab: in whole pages */
	unsigned long bytes[NR_CHARGED_BYTES], byte_pages;
	unsigned long lru[NR_LRU_LISTS];
};

/* @folio may change under our eyes: nothing that it points to is looked at. */
static void add_frame(const struct folio *folio, struct sums *s)
{
	bool anon = folio_test_anon(folio);

	if (anon) {
		s->anon++;
	} else if (READ_ONCE(folio->mapping) && !folio_test_slab(folio) &&
		   !page_has_type(&folio->page)) {
		s->file++;
		s->shmem += folio_test_swapbacked(folio);
		s->file_mapped += folio_mapped(folio);
		s->file_dirty += folio_test_dirty(folio);
		s->file_writeback += folio_test_writeback(folio);
	} else {
		s->kernel++;
		s->kernel_stack += PageStack(&folio->page);
		s->pagetables += PageTable(&folio->page) ||
				 READ_ONCE(folio->page.page_type) == PAGE_TYPE_PGD;
		s->vmalloc += PageVmalloc(&folio->page);
		s->slab += PageLargeKmalloc(&folio->page);
		return;
	}
	if (folio_test_lru(folio))
		s->lru[folio_lru_list(folio)]++;
}

static void add_up(const struct mem_cgroup *memcg, struct sums *s)
{
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++) {
		struct mem_cgroup *owner;
		struct page *page;

		if (memcg)
			pfn = frame_next_owned(pfn, max_pfn);
		if (!(pfn & (pageblock_nr_pages - 1)))
			cond_resched();
		page = pfn < max_pfn ? pfn_to_online_page(pfn) : NULL;
		if (!page || !page_ref_count(compound_head(page)))
			continue;
		rcu_read_lock();
		owner = memcg ? memcg_by_id(frame_id(pfn)) : NULL;
		if (!memcg || (owner && memcg_is_below(owner, memcg)))
			add_frame((const struct folio *)compound_head(page), s);
		rcu_read_unlock();
	}
}

/* What is charged by the byte, and the pages that were charged for it. */
static void add_up_bytes(struct mem_cgroup *root, struct sums *s)
{
	struct mem_cgroup *memcg;

	stock_drain_all(root);
	rcu_read_lock();
	list_for_each_entry_rcu (memcg, &all_memcgs, node) {
		unsigned long sum = 0;

		if (!memcg_is_below(memcg, root))
			continue;
		for (int i = 0; i < NR_CHARGED_BYTES; i++) {
			long n = max(atomic_long_read(&memcg->bytes_owned[i]), 0L);

			s->bytes[i] += n;
			sum += n;
		}
		s->byte_pages += PFN_UP(sum);
	}
	rcu_read_unlock();
}

static void show_bytes(struct seq_file *m, const char *name, unsigned long bytes)
{
	seq_printf(m, "%s %lu\n", name, bytes);
}

static void show(struct seq_file *m, const char *name, unsigned long pages)
{
	show_bytes(m, name, pages << PAGE_SHIFT);
}

/* Local sockets have no memory of sockets: their buffers are objects of slabs, as in Linux. */
static void show_kernel(struct seq_file *m, const struct sums *s)
{
	show(m, "kernel", s->kernel + s->byte_pages);
	show(m, "kernel_stack", s->kernel_stack);
	show(m, "pagetables", s->pagetables);
	show_bytes(m, "percpu", s->bytes[CHARGED_PERCPU]);
	show(m, "sock", 0);
	show(m, "vmalloc", s->vmalloc);
}

static void show_slab(struct seq_file *m, const struct sums *s)
{
	unsigned long reclaimable = s->bytes[CHARGED_SLAB_RECLAIMABLE];
	unsigned long unreclaimable =
		s->bytes[CHARGED_SLAB_UNRECLAIMABLE] + (s->slab << PAGE_SHIFT);

	show_bytes(m, "slab_reclaimable", reclaimable);
	show_bytes(m, "slab_unreclaimable", unreclaimable);
	show_bytes(m, "slab", reclaimable + unreclaimable);
}

int memcg_stat_show(struct seq_file *m, struct mem_cgroup *memcg)
{
	static const char *const lru_names[NR_LRU_LISTS] = { "inactive_anon", "active_anon",
							     "inactive_file", "active_file",
							     "unevictable" };
	unsigned long zswap_bytes, zswap_pages;
	struct sums s = { 0 };

	memcg_zswap_sums(memcg, &zswap_bytes, &zswap_pages);
	/* What the kernel has for the root's tasks is nobody's. */
	add_up(memcg, &s);
	if (!memcg)
		s.kernel = s.kernel_stack = s.pagetables = s.vmalloc = s.slab = 0;
	if (memcg || !list_empty(&all_memcgs))
		add_up_bytes(memcg, &s);
	s.byte_pages += PFN_UP(zswap_bytes);
	show(m, "anon", s.anon);
	show(m, "file", s.file);
	show_kernel(m, &s);
	show(m, "shmem", s.shmem);
	show_bytes(m, "zswap", zswap_bytes);
	show(m, "zswapped", zswap_pages);
	show(m, "file_mapped", s.file_mapped);
	show(m, "file_dirty", s.file_dirty);
	show(m, "file_writeback", s.file_writeback);
	for (int i = 0; i < NR_LRU_LISTS; i++)
		show(m, lru_names[i], s.lru[i]);
	show_slab(m, &s);
	return 0;
}
