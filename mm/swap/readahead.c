// SPDX-License-Identifier: MIT
/*
 * Reading a swapped page, and its neighbours with it.
 *
 * Which neighbours, is a question of the device:
 *	by slot		what was evicted together lies together: the aligned window of slots around the one that is needed. For disks
 *			that have to move a head (one such device decides it for all), and without a VMA
 *	by address	what is used together lies together in the VMA: the window of addresses, before, behind or around the fault, as
 *			the last one of this VMA lies
 *
 * How many: 1, unless the pages read ahead last time were used (hits), or the faults go one by one in a direction; then 4,
 * 8, ... up to 2^page_cluster (by address: at most 8), and never less than half of the last window at once.
 * All of a window is one request where its slots are neighbours. The page asked for is in the first one.
 *
 * Pages read ahead are inactive, unmapped members of the swap cache: reclaim takes those first that nobody wanted.
 * Linux 6.1: mm/swap_state.c. Observe: swap_ra, swap_ra_hit of /proc/vmstat. Switches: /proc/sys/vm/page-cluster,
 * /sys/kernel/mm/swap/vma_ra_enabled.
 */
#include <base/bug.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <mm/fault.h>
#include <mm/filemap.h>
#include <mm/pgalloc.h>
#include <mm/reclaim.h>
#include <mm/vma.h>
#include <mm/vmstat.h>
#include "swap_internal.h"

int page_cluster = 3;
bool enable_vma_readahead = true;

#define VMA_WINDOW_MAX 8
static atomic_t slot_hits;
static unsigned long last_slot;
static unsigned int last_window;

/* vma->swap_ra: page of the last fault, 20 bits | window, 6 bits | hits, 6 bits. A lost update is a worse guess. */
#define RA_HITS(v)   ((v)&63)
#define RA_WINDOW(v) ((v) >> 6 & 63)
#define RA_PAGE(v)   ((v) >> 12)
#define RA_PAGE_MASK 0xfffffu

static u32 ra_value(unsigned long addr, u32 window, u32 hits)
{
	return (u32)(addr >> PAGE_SHIFT) << 12 | window << 6 | min(hits, 63u);
}

/* Is @addr @pages behind the last fault? */
static bool is_behind(unsigned long addr, u32 v, u32 pages)
{
	return (((u32)(addr >> PAGE_SHIFT) - RA_PAGE(v)) & RA_PAGE_MASK) == (pages & RA_PAGE_MASK);
}

/* Pages that may be read at once: 2^page-cluster. */
static unsigned int max_window(void)
{
	return 1u << clamp(READ_ONCE(page_cluster), 0, 5);
}

static bool use_vma(struct vm_fault *vmf)
{
	return vmf && READ_ONCE(enable_vma_readahead) && !atomic_read(&nr_rotational_swap);
}

/* Pages of the next window. @near: the last one was next to this. */
static unsigned int window_size(bool near, unsigned int hits, unsigned int max, unsigned int last)
{
	unsigned int pages = hits ? 4 : near ? 2 : 1;

	while (pages < hits + 2 && hits)
		pages *= 2;
	return max(min(pages, max), min(last / 2, max));
}

void swap_readahead_hit(struct folio *folio, struct vm_fault *vmf)
{
	bool hit = !folio_test_writeback(folio) && folio_test_readahead(folio) &&
		   folio_test_clear_readahead(folio);

	if (hit)
		count_vm_event(SWAP_RA_HIT);
	if (use_vma(vmf)) {
		u32 v = READ_ONCE(vmf->vma->swap_ra);

		WRITE_ONCE(vmf->vma->swap_ra,
			   ra_value(vmf->address, RA_WINDOW(v), RA_HITS(v) + hit));
	} else if (hit) {
		atomic_inc(&slot_hits);
	}
}

/* ---- a request in the making ---- */

struct swap_ra {
	struct folio *run[SWAP_CLUSTER_MAX]; /* to be read, of slots one after the other */
	swp_entry_t first;
	unsigned int nr;
};

static void send(struct swap_ra *ra)
{
	if (ra->nr)
		swap_read_folios(swp_device(ra->first), swp_offset(ra->first), ra->run, ra->nr);
	ra->nr = 0;
}

/* The folio of @entry with a reference; when it is new it joins the request. */
static struct folio *want(struct swap_ra *ra, swp_entry_t entry, gfp_t gfp, bool ahead)
{
	bool fresh;
	struct folio *folio = swap_cache_new_folio(entry, gfp, &fresh);

	if (!fresh)
		return folio;
	if (ahead) {
		folio_set_readahead(folio);
		count_vm_event(SWAP_RA);
	}
	if (ra->nr && (ra->nr == SWAP_CLUSTER_MAX || swp_type(entry) != swp_type(ra->first) ||
		       swp_offset(entry) != swp_offset(ra->first) + ra->nr))
		send(ra);
	if (!ra->nr)
		ra->first = entry;
	ra->run[ra->nr++] = folio;
	return folio;
}

/* The page that somebody waits for. What is in the request waits for nobody's memory. */
static struct folio *want_now(struct swap_ra *ra, swp_entry_t entry, gfp_t gfp)
{
	struct folio *folio = want(ra, entry, (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN, false);

	if (folio)
		return folio;
	send(ra);
	return want(ra, entry, gfp, false);
}

static void want_ahead(struct swap_ra *ra, swp_entry_t entry)
{
	struct folio *folio;

	if (!swap_count(entry)) /* free, or of the cache alone */
		return;
	folio = want(ra, entry, (GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_NOWARN, true);
	if (folio)
		folio_put(folio);
}

struct folio *read_swap_cache(swp_entry_t entry, gfp_t gfp)
{
	struct swap_ra ra = { .nr = 0 };
	struct folio *folio = want(&ra, entry, gfp, false);

	send(&ra);
	return folio;
}

/* ---- by slot ---- */

static struct folio *read_around_slot(swp_entry_t entry, gfp_t gfp)
{
	unsigned long offset = swp_offset(entry), last = READ_ONCE(last_slot), start, end;
	unsigned int max = max_window();
	unsigned int window = 1;
	struct swap_ra ra = { .nr = 0 };
	struct folio *folio;

	if (max > 1) {
		window = window_size(offset + 1 == last || offset == last + 1,
				     atomic_xchg(&slot_hits, 0), max, READ_ONCE(last_window));
		WRITE_ONCE(last_slot, offset);
		WRITE_ONCE(last_window, window);
	}
	window = 1u << ilog2(window);
	start = offset & ~(unsigned long)(window - 1);
	end = min(start + window, swp_device(entry)->max);
	for (unsigned long o = max(start, 1UL); o < offset; o++)
		want_ahead(&ra, swp_entry(swp_type(entry), o));
	folio = want_now(&ra, entry, gfp);
	for (unsigned long o = offset + 1; o < end && folio; o++)
		want_ahead(&ra, swp_entry(swp_type(entry), o));
	send(&ra);
	return folio;
}

/* ---- by address ---- */

/* First address of a window of @pages for a fault at @addr, after what @v tells. */
static unsigned long window_start(unsigned long addr, u32 v, unsigned int pages)
{
	unsigned long back = is_behind(addr, v, 1)     ? 0
			     : is_behind(addr, v, -1U) ? pages - 1
						       : (pages - 1) / 2;

	return addr - min(back << PAGE_SHIFT, addr);
}

static struct folio *read_around_address(swp_entry_t entry, gfp_t gfp, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	u32 v = READ_ONCE(vma->swap_ra);
	unsigned int max = min(max_window(), (u32)VMA_WINDOW_MAX);
	unsigned int window =
		window_size(is_behind(vmf->address, v, 1) || is_behind(vmf->address, v, -1U),
			    v ? RA_HITS(v) : 4, max, RA_WINDOW(v));
	unsigned long start, end;
	struct swap_ra ra = { .nr = 0 };
	struct folio *folio = NULL;
	const pte_t *pte;

	WRITE_ONCE(vma->swap_ra, ra_value(vmf->address, window, 0));
	/* Within the VMA and its table, which the lock of the fault keeps. */
	start = max(window_start(vmf->address, v, window),
		    max(vma->vm_start, vmf->address & PMD_MASK));
	end = min(start + ((unsigned long)window << PAGE_SHIFT),
		  min(vma->vm_end, (vmf->address & PMD_MASK) + PMD_SIZE));
	pte = pte_offset_kernel(vmf->pmd, start);
	for (unsigned long a = start; a < end; a += PAGE_SIZE, pte++) {
		pte_t val = ptep_get((pte_t *)pte);
		struct swap_info_struct *si;

		if (a == vmf->address) {
			folio = want_now(&ra, entry, gfp);
			continue;
		}
		if (!is_swap_pte(val))
			continue;
		si = get_swap_device(pte_to_swp_entry(val));
		if (!si)
			continue;
		want_ahead(&ra, pte_to_swp_entry(val));
		if (si != swp_device(entry)) /* ours alone is kept until the end */
			send(&ra);
		put_swap_device(si);
	}
	send(&ra);
	return folio;
}

struct folio *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_fault *vmf)
{
	if (swap_slot_is_memory(entry))
		return read_swap_cache(entry, gfp);
	if (use_vma(vmf))
		return read_around_address(entry, gfp, vmf);
	return read_around_slot(entry, gfp);
}
