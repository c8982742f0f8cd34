/* SPDX-License-Identifier: MIT */
/* Which CPUs share what, and the caches. Theory: arch/x86_64/topology.c. */
#ifndef SEAM_TOPOLOGY_H
#define SEAM_TOPOLOGY_H

#include <base/types.h>
#include <base/cpumask.h>

/* CPUs that agree in their APIC identifiers from bit @shift on share something. */
extern unsigned int topology_core_shift, topology_package_shift;

/* One cache, as each CPU has it: all are alike. */
struct cpu_cache {
	u8 level;
	char type;			/* D data, I instructions, U both */
	u8 share_shift;			/* as the shifts above */
	u16 line_bytes, partitions, ways;
	u32 sets, kib;
};
#define MAX_CPU_CACHES 8
extern struct cpu_cache cpu_caches[MAX_CPU_CACHES];
extern unsigned int nr_cpu_caches;

/* Find all of it out, and log a line about the caches. Boot CPU, once. */
void topology_init(void);

/* The size that /proc/cpuinfo tells: the outermost cache, of AMD's that of level 2. */
unsigned int topology_cache_kib(void);

unsigned int topology_physical_package_id(int cpu);
unsigned int topology_core_id(int cpu);
/* The online CPUs that share with @cpu what lies at @shift. */
void topology_sharers(int cpu, unsigned int shift, struct cpumask *mask);
/* Cores among the online CPUs of the package of @cpu. */
unsigned int topology_nr_cores(int cpu);

#endif
