// SPDX-License-Identifier: MIT
/*
 * The per-CPU areas at boot: nr_cpu_ids units in one block of memory, each a copy of the linked template
 * followed by room for dynamic allocations. The boot CPU has worked on the template itself until then, and
 * its values are copied with it. From here on `%gs:var` means the unit of the CPU.
 *
 * The room must hold the counters and page lists of all zones and nodes, which are needed before there is a slab allocator
 * (zones_percpu_bytes()), and normally everything that the kernel asks for later: slab arrays make up most of it.
 */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <seam/page.h>
#include <seam/percpu.h>
#include <seam/smp.h>
#include <mm/memblock.h>
#include <mm/percpu_alloc.h>
#include <mm/zone.h>
#include "percpu_internal.h"

#define DYNAMIC_RESERVE (18UL << 10) /* start-up takes 12 KiB of it */

void __init setup_per_cpu_areas(void)
{
	const char *old = memblock_alloc_name("percpu");
	size_t size = __per_cpu_end - __per_cpu_start;
	size_t unit = PAGE_ALIGN(size + zones_percpu_bytes() + DYNAMIC_RESERVE);
	unsigned long *map = memblock_alloc(pcpu_map_bytes(unit), sizeof(long));
	void *base = memblock_alloc_raw(unit * nr_cpu_ids, PAGE_SIZE);

	if (!base || !map)
		panic("Out of memory: per-CPU areas of %u CPUs need %zu KiB", nr_cpu_ids,
		      unit * nr_cpu_ids >> 10);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		void *area = base + cpu * unit;

		memcpy(area, __per_cpu_start, size);
		memset(area + size, 0, unit - size);
		__per_cpu_offset[cpu] = (unsigned long)area - (unsigned long)__per_cpu_start;
		per_cpu(this_cpu_off, cpu) = __per_cpu_offset[cpu];
		per_cpu(cpu_number, cpu) = cpu;
		per_cpu(numa_node, cpu) = early_cpu_to_node(cpu);
	}
	load_percpu_segment(0);
	pcpu_setup_first_chunk(base, unit, size, nr_cpu_ids, map);
	memblock_alloc_name(old);
	pr_info("percpu: %zu KiB per CPU for %u CPUs, %zu bytes linked\n", unit >> 10, nr_cpu_ids,
		size);
}
