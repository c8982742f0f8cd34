/* SPDX-License-Identifier: MIT */
/* Firmware tables, as the start-up of this room uses them. */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include <seam/acpi.h>

#define MAX_SRAT_MEM 64
struct srat_mem {
	u64 start, size;
	u32 domain;
	bool hotplug;
};
struct srat_cpu {
	u32 apicid, domain;
};
extern struct srat_mem srat_mem[MAX_SRAT_MEM];
extern unsigned int srat_mem_nr;
extern struct srat_cpu srat_cpu[256];
extern unsigned int srat_cpu_nr;
/* SLIT: distances between domains 0..slit_nr-1, row by row. */
#define MAX_SLIT 32
extern u8 slit[MAX_SLIT * MAX_SLIT];
extern unsigned int slit_nr;

/* Find and read all tables. => the early mapping of the first 4 GiB is live */
void acpi_boot_init(void);
/* MP configuration table: CPUs and I/O APICs; false when there is none. */
bool mptable_init(void);

#endif
