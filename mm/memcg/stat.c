// SPDX-License-Identifier: MIT
/*
 * memory.stat: what the pages of a group are, found by looking at each of them. No fault, no free and no change of a flag counts
 * anything for it; who reads the file pays, a few instructions a frame. Fields that would need counting of events are not there.
 */
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
	unsigned long kernel, kernel_stack, pagetables;
	unsigned long lru[NR_LRU_LISTS];
};

/* @folio may change under our eyes: nothing that it points to is looked at. */
static void add_frame(const struct folio *folio, struct sums *s)
{
	bool anon = folio_test_anon(folio);

	if (anon) {
		s->anon++;
	} else if (READ_ONCE(folio->mapping) && !folio_test_slab(folio)) {
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

int memcg_stat_show(struct seq_file *m, struct mem_cgroup *memcg)
{
	static const char *const lru_names[NR_LRU_LISTS] = { "inactive_anon", "active_anon",
							     "inactive_file", "active_file",
							     "unevictable" };
	struct sums s = { 0 };

	add_up(memcg, &s);
	/* What the kernel has for the root's tasks is nobody's. */
	if (!memcg)
		s.kernel = s.kernel_stack = s.pagetables = 0;
	seq_printf(m, "anon %lu\nfile %lu\n", s.anon << PAGE_SHIFT, s.file << PAGE_SHIFT);
	seq_printf(m, "kernel %lu\nkernel_stack %lu\npagetables %lu\nshmem %lu\n",
		   s.kernel << PAGE_SHIFT, s.kernel_stack << PAGE_SHIFT, s.pagetables << PAGE_SHIFT,
		   s.shmem << PAGE_SHIFT);
	seq_printf(m, "file_mapped %lu\nfile_dirty %lu\nfile_writeback %lu\n",
		   s.file_mapped << PAGE_SHIFT, s.file_dirty << PAGE_SHIFT,
		   s.file_writeback << PAGE_SHIFT);
	for (int i = 0; i < NR_LRU_LISTS; i++)
		seq_printf(m, "%s %lu\n", lru_names[i], s.lru[i] << PAGE_SHIFT);
	return 0;
}
