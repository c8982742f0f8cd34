/* SPDX-License-Identifier: MIT */
/* Nodes as the firmware describes them. */
#ifndef SEAM_NUMA_H
#define SEAM_NUMA_H

#define LOCAL_DISTANCE	10

/* Node of @cpu, from boot on. */
int early_cpu_to_node(int cpu);

#endif
