// SPDX-License-Identifier: MIT
/*
 * Which memory and which CPU belong to which node: SRAT's proximity domains become nodes 0, 1, ... in the order of
 * their numbers. Without SRAT, with numa=off, or when SRAT is not believable (it leaves RAM out or overlaps itself)
 * everything is node 0. SLIT gives the distances: 10 to itself, 20 to others when there is none.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/nodemask.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <mm/memblock.h>
#include <mm/zone.h>
#include <seam/numa.h>
#include <seam/smp.h>
#include "acpi.h"
#include "apic.h"

static bool numa_off __initdata;
static u32 domain_of_node[MAX_NUMNODES];
static int nr_nodes __initdata = 1;
static s8 cpu_node[NR_CPUS];

static int __init setup_numa(char *arg)
{
	if (!arg || strcmp(arg, "off"))
		return -EINVAL;
	numa_off = true;
	return 0;
}
early_param("numa", setup_numa);

int early_cpu_to_node(int cpu)
{
	return cpu_node[cpu];
}

static int __init node_of_domain(u32 domain)
{
	for (int n = 0; n < nr_nodes; n++)
		if (domain_of_node[n] == domain)
			return n;
	return -1;
}

static bool __init add_domain(u32 domain)
{
	int n;

	if (node_of_domain(domain) >= 0)
		return true;
	if (nr_nodes == MAX_NUMNODES)
		return false;
	for (n = nr_nodes++; n && domain_of_node[n - 1] > domain; n--)
		domain_of_node[n] = domain_of_node[n - 1];
	domain_of_node[n] = domain;
	return true;
}

static bool __init collect_domains(void)
{
	nr_nodes = 0;
	for (unsigned int i = 0; i < srat_mem_nr; i++) {
		if (!add_domain(srat_mem[i].domain))
			return false;
		for (unsigned int k = 0; k < i; k++)
			if (srat_mem[i].start < srat_mem[k].start + srat_mem[k].size &&
			    srat_mem[k].start < srat_mem[i].start + srat_mem[i].size)
				return false;
	}
	for (unsigned int i = 0; i < srat_cpu_nr; i++)
		if (!add_domain(srat_cpu[i].domain))
			return false;
	return nr_nodes > 0;
}

/* Does SRAT cover all RAM, but for less than a MiB at the edges that firmware keeps? */
static bool __init covers_memory(void)
{
	phys_addr_t start, end;
	u64 i, ram = 0, covered = 0;

	for_each_mem_range(i, &start, &end)
	{
		ram += end - start;
		for (unsigned int k = 0; k < srat_mem_nr; k++) {
			u64 s = max(start, (phys_addr_t)srat_mem[k].start);
			u64 e = min(end, (phys_addr_t)(srat_mem[k].start + srat_mem[k].size));

			if (s < e)
				covered += e - s;
		}
	}
	return ram - covered < (1 << 20);
}

static void __init set_distances(void)
{
	for (int a = 0; a < nr_nodes; a++)
		for (int b = 0; b < nr_nodes; b++) {
			u32 da = domain_of_node[a], db = domain_of_node[b];

			if (da < slit_nr && db < slit_nr &&
			    slit[da * slit_nr + db] >= LOCAL_DISTANCE)
				numa_set_distance(a, b, slit[da * slit_nr + db]);
		}
}

void __init numa_init(void)
{
	bool usable = !numa_off && srat_mem_nr && collect_domains() && covers_memory();

	if (!usable) {
		if (srat_mem_nr && !numa_off)
			pr_warn("SRAT: does not describe the memory that is there, not used\n");
		nr_nodes = 1;
		memblock_set_node(0, ~0ULL, &memblock.memory, 0);
		node_set_online(0);
		return;
	}
	for (unsigned int i = 0; i < srat_mem_nr; i++) {
		int node = node_of_domain(srat_mem[i].domain);

		memblock_set_node(srat_mem[i].start, srat_mem[i].size, &memblock.memory, node);
		pr_info("SRAT: node %d domain %u [mem 0x%llx-0x%llx]%s\n", node, srat_mem[i].domain,
			srat_mem[i].start, srat_mem[i].start + srat_mem[i].size - 1,
			srat_mem[i].hotplug ? " hotplug" : "");
	}
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (unsigned int i = 0; i < srat_cpu_nr; i++)
			if (srat_cpu[i].apicid == cpu_apicid[cpu])
				cpu_node[cpu] = node_of_domain(srat_cpu[i].domain);
	for (int n = 0; n < nr_nodes; n++)
		node_set_online(n);
	set_distances();
}
