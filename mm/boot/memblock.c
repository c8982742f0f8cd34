// SPDX-License-Identifier: MIT
/*
 * memblock: memory before there is a page allocator.
 *
 * Two sorted arrays of ranges [base, base + size): "memory" (what the firmware reported) and "reserved"
 * (kernel image, initramfs, everything handed out so far). Free is memory less reserved. An allocation
 * takes the highest fitting free range below current_limit (bottom up when asked) and reserves it.
 *
 * Invariants, checked by memblock_check(): ranges of one array are sorted, do not overlap, are not empty;
 * neighbours that touch differ in node, flags or name; total_size is the sum of the sizes.
 *
 * Locks: none; boot CPU alone. Failure: an array that is full is replaced by one of twice the size, which
 * comes from memblock itself; when that is impossible -ENOMEM.
 * Linux: mm/memblock.c. Here reservations carry a name, so that debugfs memblock/reserved and the boot
 * log say whose each range is; there is no separate list of physical memory.
 * Observe: memblock=debug on the command line logs each operation; debugfs memblock/{memory,reserved}.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/string.h>
#include <base/math.h>
#include <base/bug.h>
#include <kernel/printk.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <seam/page.h>
#include <mm/memblock.h>
#include <mm/gfp.h>
#include "boot_internal.h"

#define INIT_REGIONS 128

static struct memblock_region memory_init_regions[INIT_REGIONS];
static struct memblock_region reserved_init_regions[INIT_REGIONS];

struct memblock memblock = {
	.current_limit = MEMBLOCK_ALLOC_ANYWHERE,
	.memory = { .max = INIT_REGIONS, .regions = memory_init_regions, .name = "memory" },
	.reserved = { .max = INIT_REGIONS, .regions = reserved_init_regions, .name = "reserved" },
};

bool memblock_debug;
static const char *alloc_name;

#define memblock_dbg(fmt, ...)                                                                     \
	do {                                                                                       \
		if (memblock_debug)                                                                \
			pr_info("memblock: " fmt, ##__VA_ARGS__);                                  \
	} while (0)

static int __init early_memblock(char *p)
{
	if (p && strstr(p, "debug"))
		memblock_debug = true;
	return 0;
}
early_param("memblock", early_memblock);

static phys_addr_t region_end(const struct memblock_region *r)
{
	return r->base + r->size;
}

static phys_addr_t cap_size(phys_addr_t base, phys_addr_t size)
{
	return min(size, ~(phys_addr_t)0 - base);
}

static int find_in_area(phys_addr_t start, phys_addr_t end, phys_addr_t size, phys_addr_t align,
			int nid, phys_addr_t *found);

/* Twice the room for ranges of @type, outside [base, end), which is about to change. => nothing of @type is being changed */
static int double_array(struct memblock_type *type, phys_addr_t base, phys_addr_t end)
{
	phys_addr_t bytes = 2 * type->max * sizeof(struct memblock_region), at;
	phys_addr_t limit = memblock.current_limit;
	struct memblock_region *regions;

	if (memblock.pages_released ||
	    (find_in_area(max(end, (phys_addr_t)PAGE_SIZE), max(end, limit), bytes, PAGE_SIZE,
			  NUMA_NO_NODE, &at) &&
	     find_in_area(PAGE_SIZE, min(base, limit), bytes, PAGE_SIZE, NUMA_NO_NODE, &at)))
		return -ENOMEM;
	regions = __va(at);
	memcpy(regions, type->regions, type->cnt * sizeof(*regions));
	type->regions = regions;
	type->max *= 2;
	return memblock_reserve_named(at, bytes, "memblock ranges");
}

static void insert_region(struct memblock_type *type, unsigned long idx, phys_addr_t base,
			  phys_addr_t size, int nid, enum memblock_flags flags, const char *name)
{
	struct memblock_region *r = &type->regions[idx];

	BUG_ON(type->cnt >= type->max);
	memmove(r + 1, r, (type->cnt - idx) * sizeof(*r));
	*r = (struct memblock_region){ base, size, flags, nid, name };
	type->cnt++;
	type->total_size += size;
}

static void remove_region(struct memblock_type *type, unsigned long idx)
{
	struct memblock_region *r = &type->regions[idx];

	type->total_size -= r->size;
	memmove(r, r + 1, (type->cnt - idx - 1) * sizeof(*r));
	type->cnt--;
}

static void merge_regions(struct memblock_type *type)
{
	for (unsigned long i = 0; i + 1 < type->cnt;) {
		struct memblock_region *this = &type->regions[i], *next = this + 1;

		if (region_end(this) != next->base || this->nid != next->nid ||
		    this->flags != next->flags || this->name != next->name) {
			i++;
			continue;
		}
		this->size += next->size;
		type->total_size += next->size; /* remove_region takes it off again */
		remove_region(type, i + 1);
	}
}

/* Make @base and @base + @size borders of ranges; [*start, *end) are then the ranges inside. */
static int isolate_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size,
			 unsigned long *start, unsigned long *end)
{
	phys_addr_t limit = base + cap_size(base, size);

	*start = *end = 0;
	while (type->cnt + 2 > type->max)
		if (double_array(type, base, limit))
			return -ENOMEM;
	for (unsigned long i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i], old = *r;
		phys_addr_t cut = 0;

		if (old.base >= limit)
			break;
		if (region_end(&old) <= base)
			continue;
		if (old.base < base)
			cut = base;
		else if (region_end(&old) > limit)
			cut = limit;
		if (cut) {
			r->size = cut - old.base;
			type->total_size -= region_end(&old) - cut;
			insert_region(type, i + 1, cut, region_end(&old) - cut, old.nid, old.flags,
				      old.name);
			if (cut == base)
				continue;
		}
		if (!*end)
			*start = i;
		*end = i + 1;
	}
	return 0;
}

/* The first part of [base, end) that @type does not have, which goes before range *@idx; false: it has all of it. */
static bool next_gap(const struct memblock_type *type, phys_addr_t base, phys_addr_t end,
		     unsigned long *idx, phys_addr_t *start, phys_addr_t *stop)
{
	unsigned long i;

	for (i = *idx; i < type->cnt && type->regions[i].base <= base; i++)
		base = max(base, region_end(&type->regions[i]));
	*idx = i;
	*start = base;
	*stop = i < type->cnt ? min(end, type->regions[i].base) : end;
	return base < end;
}

static unsigned long nr_gaps(const struct memblock_type *type, phys_addr_t base, phys_addr_t end)
{
	unsigned long i = 0, nr = 0;
	phys_addr_t stop;

	for (; next_gap(type, base, end, &i, &base, &stop); base = stop)
		nr++;
	return nr;
}

/* Add the parts of [base, base + size) that @type does not have yet. */
static int add_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size, int nid,
		     enum memblock_flags flags, const char *name)
{
	phys_addr_t end = base + cap_size(base, size), stop;
	unsigned long i = 0;

	/* Room first: a new array may be a new range itself. */
	while (type->cnt + nr_gaps(type, base, end) > type->max)
		if (double_array(type, base, end))
			return -ENOMEM;
	for (; next_gap(type, base, end, &i, &base, &stop); base = stop)
		insert_region(type, i, base, stop - base, nid, flags, name);
	merge_regions(type);
	return 0;
}

static int remove_range(struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	unsigned long start, end;
	int err;

	if (!size)
		return 0;
	err = isolate_range(type, base, size, &start, &end);
	if (err)
		return err;
	while (end > start)
		remove_region(type, --end);
	return 0;
}

int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid, enum memblock_flags flags)
{
	memblock_dbg("add [%#018llx-%#018llx] node %d\n", (u64)base, (u64)(base + size - 1), nid);
	return add_range(&memblock.memory, base, size, nid, flags, NULL);
}

int memblock_add(phys_addr_t base, phys_addr_t size)
{
	return memblock_add_node(base, size, 0, MEMBLOCK_NONE);
}

int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	memblock_dbg("remove [%#018llx-%#018llx]\n", (u64)base, (u64)(base + size - 1));
	return remove_range(&memblock.memory, base, size);
}

int memblock_reserve_named(phys_addr_t base, phys_addr_t size, const char *name)
{
	memblock_dbg("reserve [%#018llx-%#018llx] %s\n", (u64)base, (u64)(base + size - 1),
		     name ? name : "");
	return add_range(&memblock.reserved, base, size, 0, MEMBLOCK_NONE, name);
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	return memblock_reserve_named(base, size, NULL);
}

int memblock_phys_free(phys_addr_t base, phys_addr_t size)
{
	memblock_dbg("free [%#018llx-%#018llx]\n", (u64)base, (u64)(base + size - 1));
	return remove_range(&memblock.reserved, base, size);
}

int memblock_set_node(phys_addr_t base, phys_addr_t size, struct memblock_type *type, int nid)
{
	unsigned long start, end;
	int err = isolate_range(type, base, size, &start, &end);

	if (err)
		return err;
	for (unsigned long i = start; i < end; i++)
		type->regions[i].nid = nid;
	merge_regions(type);
	memblock_dbg("node %d is [%#018llx-%#018llx]\n", nid, (u64)base, (u64)(base + size - 1));
	return 0;
}

/*
 * Position of a walk: the range of a in the high half of idx, the gap of b (before range n of b) in the low.
 */
void __next_mem_range(u64 *idx, int nid, struct memblock_type *type_a, struct memblock_type *type_b,
		      phys_addr_t *start, phys_addr_t *end, int *out_nid)
{
	unsigned long a = *idx >> 32, b = (u32)*idx;

	for (; a < type_a->cnt; a++) {
		struct memblock_region *m = &type_a->regions[a];

		if (nid != NUMA_NO_NODE && nid != m->nid)
			continue;
		for (; b <= type_b->cnt; b++) {
			phys_addr_t gap_start = b ? region_end(&type_b->regions[b - 1]) : 0;
			phys_addr_t gap_end =
				b < type_b->cnt ? type_b->regions[b].base : ~(phys_addr_t)0;
			phys_addr_t lo = max(gap_start, m->base), hi = min(gap_end, region_end(m));

			if (gap_start >= region_end(m))
				break;
			if (lo >= hi)
				continue;
			if (start)
				*start = lo;
			if (end)
				*end = hi;
			if (out_nid)
				*out_nid = m->nid;
			if (region_end(m) <= gap_end)
				a++;
			else
				b++;
			*idx = (u64)a << 32 | b;
			return;
		}
	}
	*idx = ~0ULL;
}

static int find_in_area(phys_addr_t start, phys_addr_t end, phys_addr_t size, phys_addr_t align,
			int nid, phys_addr_t *found)
{
	phys_addr_t lo, hi, at;
	bool have = false;
	u64 i;

	for_each_free_mem_range(i, nid, &lo, &hi, NULL)
	{
		lo = clamp(lo, start, end);
		hi = clamp(hi, start, end);
		if (memblock.bottom_up) {
			at = round_up(lo, align);
			if (at >= lo && at < hi && hi - at >= size) {
				*found = at;
				return 0;
			}
		} else if (hi >= size) {
			at = round_down(hi - size, align);
			if (at >= lo && at < hi) {
				*found = at; /* ranges ascend: the last fit is the highest */
				have = true;
			}
		}
	}
	return have ? 0 : -ENOMEM;
}

static phys_addr_t alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
			       phys_addr_t end, int nid)
{
	phys_addr_t at;

	if (WARN_ON_ONCE(memblock.pages_released))
		return 0;
	if (!align)
		align = SMP_CACHE_BYTES;
	if (end == MEMBLOCK_ALLOC_ACCESSIBLE || end > memblock.current_limit)
		end = memblock.current_limit;
	start = max(start, (phys_addr_t)PAGE_SIZE); /* address 0 means failure */
	size = round_up(size, align < SMP_CACHE_BYTES ? align : SMP_CACHE_BYTES);
	if (find_in_area(start, end, size, align, nid, &at) &&
	    (nid == NUMA_NO_NODE || find_in_area(start, end, size, align, NUMA_NO_NODE, &at)))
		return 0;
	if (memblock_reserve_named(at, size, alloc_name))
		return 0;
	return at;
}

phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				      phys_addr_t end)
{
	return alloc_range(size, align, start, end, NUMA_NO_NODE);
}

phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align)
{
	return alloc_range(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE, NUMA_NO_NODE);
}

void *memblock_alloc_try_nid_raw(phys_addr_t size, phys_addr_t align, phys_addr_t min,
				 phys_addr_t max, int nid)
{
	phys_addr_t at = alloc_range(size, align, min, max, nid);

	return at ? __va(at) : NULL;
}

void *memblock_alloc_raw(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_try_nid_raw(size, align, 0, 0, NUMA_NO_NODE);
}

void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid)
{
	void *p = memblock_alloc_try_nid_raw(size, align, 0, 0, nid);

	return p ? memset(p, 0, size) : NULL;
}

void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_node(size, align, NUMA_NO_NODE);
}

const char *memblock_alloc_name(const char *name)
{
	const char *old = alloc_name;

	alloc_name = name;
	return old;
}

void memblock_set_current_limit(phys_addr_t limit)
{
	memblock.current_limit = limit;
}

phys_addr_t memblock_phys_mem_size(void)
{
	return memblock.memory.total_size;
}

phys_addr_t memblock_reserved_size(void)
{
	return memblock.reserved.total_size;
}

phys_addr_t memblock_start_of_DRAM(void)
{
	return memblock.memory.cnt ? memblock.memory.regions[0].base : 0;
}

phys_addr_t memblock_end_of_DRAM(void)
{
	return memblock.memory.cnt ? region_end(&memblock.memory.regions[memblock.memory.cnt - 1])
				   : 0;
}

/* The range of @type that holds @addr, or NULL. */
static struct memblock_region *search(struct memblock_type *type, phys_addr_t addr)
{
	unsigned long lo = 0, hi = type->cnt;

	while (lo < hi) {
		unsigned long mid = (lo + hi) / 2;
		struct memblock_region *r = &type->regions[mid];

		if (addr < r->base)
			hi = mid;
		else if (addr >= region_end(r))
			lo = mid + 1;
		else
			return r;
	}
	return NULL;
}

bool memblock_is_memory(phys_addr_t addr)
{
	return search(&memblock.memory, addr) != NULL;
}

bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size)
{
	struct memblock_region *r = search(&memblock.memory, base);

	return r && region_end(r) >= base + cap_size(base, size);
}

bool memblock_is_reserved(phys_addr_t addr)
{
	return search(&memblock.reserved, addr) != NULL;
}

bool memblock_overlaps_region(const struct memblock_type *type, phys_addr_t base, phys_addr_t size)
{
	phys_addr_t end = base + cap_size(base, size);

	for (unsigned long i = 0; i < type->cnt; i++)
		if (type->regions[i].base < end && base < region_end(&type->regions[i]))
			return true;
	return false;
}

static void dump_type(struct memblock_type *type)
{
	pr_info(" %s.cnt  = %#lx\n", type->name, type->cnt);
	for (unsigned long i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i];

		pr_info(" %s[%#lx]\t[%#018llx-%#018llx], %#llx bytes on node %d flags: %#x%s%s\n",
			type->name, i, (u64)r->base, (u64)region_end(r) - 1, (u64)r->size, r->nid,
			(unsigned int)r->flags, r->name ? " " : "", r->name ? r->name : "");
	}
}

void memblock_dump_all(void)
{
	if (!memblock_debug)
		return;
	pr_info("MEMBLOCK configuration:\n");
	pr_info(" memory size = %#llx reserved size = %#llx\n", (u64)memblock.memory.total_size,
		(u64)memblock.reserved.total_size);
	dump_type(&memblock.memory);
	dump_type(&memblock.reserved);
}

static void check_type(struct memblock_type *type)
{
	phys_addr_t sum = 0;

	for (unsigned long i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i];

		BUG_ON(!r->size || region_end(r) < r->base);
		sum += r->size;
		if (!i)
			continue;
		BUG_ON(region_end(r - 1) > r->base);
		BUG_ON(region_end(r - 1) == r->base && r[-1].nid == r->nid &&
		       r[-1].flags == r->flags && r[-1].name == r->name);
	}
	BUG_ON(sum != type->total_size);
	BUG_ON(type->cnt > type->max);
}

void memblock_check(void)
{
	check_type(&memblock.memory);
	check_type(&memblock.reserved);
}

/* Called by memblock_free_all(): from here on only the listings serve. */
void memblock_pages_released(void)
{
	memblock.pages_released = true;
}
