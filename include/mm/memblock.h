/* SPDX-License-Identifier: MIT */
/*
 * memblock: memory before the page allocator. Two sorted lists of ranges, "memory" and "reserved";
 * free is what lies in the first and not in the second. All addresses are physical, sizes are bytes.
 * Boot CPU only, interrupts off; nothing here after memblock_free_all() but the listings.
 */
#ifndef QUIRE_MM_MEMBLOCK_H
#define QUIRE_MM_MEMBLOCK_H

#include <base/types.h>

#define MEMBLOCK_ALLOC_ANYWHERE		(~(phys_addr_t)0)
#define MEMBLOCK_ALLOC_ACCESSIBLE	0
#define SMP_CACHE_BYTES			64

enum memblock_flags {
	MEMBLOCK_NONE = 0,
};

struct memblock_region {
	phys_addr_t base, size;
	enum memblock_flags flags;
	int nid;
	const char *name;	/* of a reservation; NULL: unnamed */
};

struct memblock_type {
	unsigned long cnt, max;
	phys_addr_t total_size;
	struct memblock_region *regions;
	const char *name;
};

struct memblock {
	bool bottom_up;
	bool pages_released;		/* memblock_free_all() is over: nothing is handed out any more */
	phys_addr_t current_limit;	/* allocations lie below */
	struct memblock_type memory, reserved;
};
extern struct memblock memblock;
extern bool memblock_debug;

/* 0, or -ENOMEM when the list of ranges is full and cannot grow. */
int memblock_add(phys_addr_t base, phys_addr_t size);
int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid, enum memblock_flags flags);
int memblock_remove(phys_addr_t base, phys_addr_t size);
int memblock_reserve(phys_addr_t base, phys_addr_t size);
/* @name must stay; it shows in debugfs memblock/reserved. */
int memblock_reserve_named(phys_addr_t base, phys_addr_t size, const char *name);
int memblock_phys_free(phys_addr_t base, phys_addr_t size);
int memblock_set_node(phys_addr_t base, phys_addr_t size, struct memblock_type *type, int nid);

/* Physical address of @size free bytes, or 0. Top down below the current limit. Not zeroed. */
phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align);
phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t start, phys_addr_t end);
/* Direct-map address of zeroed memory, or NULL. _raw: not zeroed. */
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
void *memblock_alloc_raw(phys_addr_t size, phys_addr_t align);
void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid);
void *memblock_alloc_try_nid_raw(phys_addr_t size, phys_addr_t align, phys_addr_t min, phys_addr_t max, int nid);
/* Call the next allocations this in debugfs and in the log; NULL: unnamed. Answers the old name. */
const char *memblock_alloc_name(const char *name);

void memblock_set_current_limit(phys_addr_t limit);
phys_addr_t memblock_phys_mem_size(void);
phys_addr_t memblock_reserved_size(void);
phys_addr_t memblock_start_of_DRAM(void);
phys_addr_t memblock_end_of_DRAM(void);
bool memblock_is_memory(phys_addr_t addr);
bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size);
/* Does any range of @type have a byte of [base, base + size)? */
bool memblock_overlaps_region(const struct memblock_type *type, phys_addr_t base, phys_addr_t size);
bool memblock_is_reserved(phys_addr_t addr);
void memblock_dump_all(void);
/* BUG() unless the lists are sorted, disjoint, merged and their totals are right. */
void memblock_check(void);

/* Next range of @type_a not in @type_b with node @nid (NUMA_NO_NODE: any), in ascending order. @idx: start 0. */
void __next_mem_range(u64 *idx, int nid, struct memblock_type *type_a, struct memblock_type *type_b,
		      phys_addr_t *start, phys_addr_t *end, int *out_nid);
#define for_each_free_mem_range(i, nid, p_start, p_end, p_nid)				\
	for (i = 0, __next_mem_range(&i, nid, &memblock.memory, &memblock.reserved, p_start, p_end, p_nid); \
	     i != ~0ULL;									\
	     __next_mem_range(&i, nid, &memblock.memory, &memblock.reserved, p_start, p_end, p_nid))
#define for_each_mem_range(i, p_start, p_end)						\
	for (i = 0; (unsigned long)(i) < memblock.memory.cnt &&				\
	     (*(p_start) = memblock.memory.regions[i].base,				\
	      *(p_end) = *(p_start) + memblock.memory.regions[i].size, true); (i)++)
#define for_each_mem_region(region)							\
	for (region = memblock.memory.regions;						\
	     region < memblock.memory.regions + memblock.memory.cnt; region++)

/* Map descriptors for all memory (virtual memmap) with vmemmap_populate(). From setup_arch, once the
 * direct map stands. Panics when memory does not suffice. */
void sparse_init(void);
/* Bytes of descriptors (struct page). */
unsigned long memmap_nr_bytes(void);
/* Give all free memory to the page allocator. */
void memblock_free_all(void);
/* Give [start, end) (direct-map or kernel addresses) of reserved memory to the page allocator, named in
 * the log when @s; number of pages. @poison: byte to fill with, or -1. */
unsigned long free_reserved_area(void *start, void *end, int poison, const char *s);
/* Give the kernel's __init sections away (but not the first CPU's per-CPU template copy). */
void free_initmem(void);
/* Bytes that nodes and zones take of the area of each CPU, at most; once memory and nodes are known. */
size_t zones_percpu_bytes(void);
/* Zones, nodes, page allocator, slab, vmalloc: start_kernel calls it once. */
void mm_core_init(void);

#endif
