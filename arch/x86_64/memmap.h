/* SPDX-License-Identifier: MIT */
/* The firmware's memory map, and the loader's structure that carries it. This room only. */
#ifndef MEMMAP_H
#define MEMMAP_H

#include <base/types.h>

enum e820_type { E820_RAM = 1, E820_RESERVED, E820_ACPI, E820_NVS, E820_UNUSABLE, E820_PMEM = 7 };

struct e820_entry {
	u64 start, size;
	u32 type;
};

#define E820_MAX 128
extern struct e820_entry e820_table[E820_MAX];
extern unsigned int e820_nr;

/* PVH: what EBX points to. */
#define HVM_START_MAGIC 0x336ec578
struct hvm_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modlist_paddr, cmdline_paddr, rsdp_paddr, memmap_paddr;
	u32 memmap_entries, reserved;
};
struct hvm_modlist_entry {
	u64 paddr, size, cmdline_paddr, reserved;
};
struct hvm_memmap_entry {
	u64 addr, size;
	u32 type, reserved;
};

/* Take over the loader's map, sorted and without overlaps (the more restrictive type wins). */
void e820_import(const struct hvm_memmap_entry *map, unsigned int nr);
/* Cut RAM above @limit bytes away (mem=). */
void e820_limit(u64 limit);
/* Say that [start, end) is of @type; where it overlaps what is there, the more restrictive type wins. */
void e820_add(u64 start, u64 end, u32 type);
/* Carry out one memmap= instruction. 0, or -EINVAL for one that is not understood. */
int e820_parse_memmap(const char *p);
/* RAM it is, whatever else has been said about it. */
void e820_force_ram(u64 start, u64 end);
/* Is all of [start, end) RAM? */
bool e820_all_ram(u64 start, u64 end);
void e820_print(const char *who);
/* RAM to memblock; everything to /proc/iomem. */
void e820_to_memblock(void);
void e820_to_resources(void);
/* Type of the byte at @addr, 0 when nothing is said about it. */
u32 e820_type_at(u64 addr);

extern u64 rsdp_from_loader;

#endif
