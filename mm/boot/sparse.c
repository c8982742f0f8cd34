// SPDX-License-Identifier: MIT
/*
 * The virtual memmap: descriptors of frames, mapped where there is memory.
 *
 * vmemmap is one array over the whole physical address space; what has no memory costs nothing, because
 * that part of the array is not mapped. The unit of mapping is a block of MAX_ORDER_NR_PAGES frames
 * (4 MiB of memory, 32 KiB of descriptors): so the buddy of any block and all frames of any pageblock have
 * a descriptor, even when they are holes. populated[] has a bit for each unit; pfn_valid() reads it.
 *
 * The machine maps (vmemmap_populate), with 2 MiB pages where a whole one is wanted.
 * Initialising a descriptor is four stores of eight bytes; see memmap_init() in zones.c.
 * Linux: sections of 128 MiB, always populated whole: up to 2 MiB of descriptors for nothing.
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/math.h>
#include <base/bug.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/init.h>
#include <seam/pgtable.h>
#include <mm/memblock.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/zone.h>
#include "boot_internal.h"

#define UNIT_SHIFT (MAX_ORDER - 1)

unsigned long max_pfn, min_low_pfn, max_low_pfn, zero_pfn;
static unsigned long *populated; /* bit: unit of frames has descriptors */
static unsigned long nr_units;
static unsigned long memmap_bytes;

bool pfn_valid(unsigned long pfn)
{
	unsigned long unit = pfn >> UNIT_SHIFT;

	return unit < nr_units && test_bit(unit, populated);
}

struct page *pfn_to_online_page(unsigned long pfn)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return NULL;
	page = pfn_to_page(pfn);
	return PageOffline(page) ? NULL : page;
}

bool next_populated_run(unsigned long *start_pfn, unsigned long *end_pfn)
{
	unsigned long unit = *end_pfn >> UNIT_SHIFT;

	while (unit < nr_units && !test_bit(unit, populated))
		unit++;
	if (unit >= nr_units)
		return false;
	*start_pfn = unit << UNIT_SHIFT;
	while (unit < nr_units && test_bit(unit, populated))
		unit++;
	*end_pfn = unit << UNIT_SHIFT;
	return true;
}

unsigned long memmap_nr_bytes(void)
{
	return memmap_bytes;
}

static void __init populate(unsigned long first, unsigned long last, int nid)
{
	unsigned long start = (unsigned long)pfn_to_page(first << UNIT_SHIFT);
	unsigned long end = (unsigned long)pfn_to_page(last << UNIT_SHIFT);

	if (vmemmap_populate(start, end, nid))
		panic("Out of memory: %lu KiB for the descriptors of %lu KiB on node %d",
		      (end - start) >> 10, (last - first) << (UNIT_SHIFT + PAGE_SHIFT - 10), nid);
	for (unsigned long unit = first; unit < last; unit++)
		__set_bit(unit, populated);
	memmap_bytes += end - start;
}

void __init sparse_init(void)
{
	const char *old = memblock_alloc_name("memmap");
	struct memblock_region *r;
	unsigned long done = 0, first, last;

	max_pfn = PHYS_PFN(memblock_end_of_DRAM());
	max_low_pfn = max_pfn;
	min_low_pfn = PFN_UP(memblock_start_of_DRAM());
	nr_units = DIV_ROUND_UP(max_pfn, MAX_ORDER_NR_PAGES);
	populated = memblock_alloc(BITS_TO_LONGS(nr_units) * sizeof(long), sizeof(long));
	/* Two pageblocks a unit, a byte each. */
	pageblock_types = memblock_alloc(nr_units * (MAX_ORDER_NR_PAGES / pageblock_nr_pages), 8);
	if (!populated || !pageblock_types)
		panic("Out of memory: no room for the map of sections");
	/* Ranges may share a unit; neighbours on the same node are populated in one go (larger pages). */
	for_each_mem_region(r)
	{
		first = max(done, (unsigned long)PFN_UP(r->base) >> UNIT_SHIFT);
		last = DIV_ROUND_UP((unsigned long)PFN_DOWN(r->base + r->size), MAX_ORDER_NR_PAGES);
		if (first >= last || PFN_UP(r->base) >= PFN_DOWN(r->base + r->size))
			continue;
		populate(first, last, r->nid);
		done = last;
	}
	zero_pfn = virt_to_pfn(empty_zero_page);
	memblock_alloc_name(old);
}
