// SPDX-License-Identifier: MIT
/*
 * The kernel moves to another place in each boot.
 *
 * 1 What moves. The image, within [__START_KERNEL_map, + 1 GiB), by a multiple of 2 MiB; and the bases of the direct
 *   map, vmalloc and the memmap, in this order, by multiples of 1 GiB, in what lies between their documented first
 *   place and the entry areas. The spare addresses are shared as in Linux: each base gets a random part of an equal
 *   share of what is left. Physical memory does not change: the loader puts the image at 1 MiB, as its file says,
 *   and moving it would mean to know the memory map before there is one.
 *
 *	__PAGE_OFFSET_BASE                                                         CPU_ENTRY_AREA_BASE
 *	|..gap..[direct map: RAM + 10 TiB]..gap..[vmalloc 512 GiB]..gap..[memmap 512 GiB].......|
 *
 * 2 How. The kernel is linked to its documented places. tools/relocs.c has listed each place in it that holds an
 *   absolute address of the image or one of the bases (relocs.h); the difference is added to each. The bases thus
 *   stay immediate operands: a variable would cost a load in every page_address().
 *
 * 3 When. Called by head.S on the early tables, before anything else. First the tables get the new places beside
 *   the old ones, so that an instruction that is rewritten while it runs is right either way; memory is written
 *   through the identity mapping. Nothing here may use PAGE_OFFSET, __pa_symbol() or what they stand in.
 *
 * 4 Entropy: RDRAND if there is one, and the time-stamp counter; `seed=N` replaces both, so that a run repeats.
 *
 * 5 `nokaslr`: everything stays at its documented place (seam/page.h).
 *
 * 6 Linux 6.1: arch/x86/boot/compressed/kaslr.c (which moves the physical address too), arch/x86/mm/kaslr.c.
 *
 * 7 Observe: "Kernel Offset:" in the log and in a panic, /proc/mm/layout, debugfs page_tables/kernel.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/math.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <seam/page.h>
#include <seam/pgtable.h>
#include <seam/processor.h>
#include <seam/setup.h>
#include <seam/timex.h>
#include "../mapping.h"
#include "../memmap.h"
#include "early.h"
#include "relocs.h"

/* The image's own place in the window begins at least so far up: the old place must not be overwritten. */
#define IMAGE_MIN_OFFSET (16UL << 20)
/* Addresses kept for memory that is added later, as CONFIG_RANDOMIZE_MEMORY_PHYSICAL_PADDING. */
#define DIRECT_PADDING (10UL << 40)

/* Of a symbol, as long as it is where it was linked to. */
#define linked_phys(symbol) ((unsigned long)(symbol)-__START_KERNEL_map)

extern const u32 kaslr_relocs[];
extern u64 early_pgd[], early_direct_pud[], early_kernel_pud[], early_kernel_pmd[], early_pmds[];

enum { DIRECT, VMALLOC, VMEMMAP, NR_REGIONS };

struct places {
	unsigned long image; /* offset */
	unsigned long base[NR_REGIONS];
};

/* What follows @word in the command line, when it begins a parameter there; else NULL. */
static const char *__init find_param(const char *cmdline, const char *word)
{
	for (const char *at = cmdline; at && *at; at++) {
		const char *p = at, *w = word;

		if (at != cmdline && at[-1] != ' ')
			continue;
		while (*w && *p == *w)
			p++, w++;
		if (!*w)
			return p;
	}
	return NULL;
}

static bool __init is_nokaslr(const char *cmdline)
{
	const char *end = find_param(cmdline, "nokaslr");

	return end && (!*end || *end == ' ');
}

/* ---- random numbers ---- */

static u64 __init first_entropy(const char *cmdline)
{
	const char *seed = find_param(cmdline, "seed=");
	u64 entropy = 0xcbf29ce484222325UL; /* FNV-1a over the digits */
	u64 drawn = 0;
	u32 a, b, features, d;
	bool ok = false;

	if (seed) {
		for (; *seed && *seed != ' '; seed++)
			entropy = (entropy ^ (u8)*seed) * 0x100000001b3UL;
		return entropy;
	}
	cpuid(1, &a, &b, &features, &d);
	if (features >> 30 & 1)
		for (int i = 0; i < 10 && !ok; i++)
			__asm__ volatile("rdrand %0" : "=r"(drawn), "=@ccc"(ok));
	return entropy ^ drawn ^ get_cycles();
}

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static u64 __init next_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15UL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
	return z ^ z >> 31;
}

/* ---- choosing ---- */

static u64 __init end_of_ram(const struct hvm_start_info *info)
{
	const struct hvm_memmap_entry *map = (const void *)info->memmap_paddr;
	u64 end = 1UL << 32;

	for (u32 i = 0; info->version >= 1 && map && i < info->memmap_entries; i++)
		if (map[i].type == E820_RAM)
			end = max(end, map[i].addr + map[i].size);
	return end;
}

static void __init choose(struct places *p, unsigned long ram_end, u64 *state)
{
	unsigned long room = KERNEL_IMAGE_SIZE - round_up(linked_phys(_end), PMD_SIZE);
	unsigned long size[NR_REGIONS] = {
		[DIRECT] =
			min(round_up(ram_end, PUD_SIZE) + DIRECT_PADDING, 1UL << MAX_PHYSMEM_BITS),
		[VMALLOC] = VMALLOC_SIZE,
		[VMEMMAP] = VMEMMAP_SIZE,
	};
	unsigned long at = __PAGE_OFFSET_BASE, spare = CPU_ENTRY_AREA_BASE - at;

	p->image = IMAGE_MIN_OFFSET +
		   (next_random(state) % (room - IMAGE_MIN_OFFSET + PMD_SIZE) & PMD_MASK);
	for (int i = 0; i < NR_REGIONS; i++)
		spare -= size[i] + PUD_SIZE; /* an unmapped GiB between two */
	for (int i = 0; i < NR_REGIONS; i++) {
		unsigned long share = spare / (NR_REGIONS - i);
		unsigned long gap = next_random(state) % (share + 1) & PUD_MASK;

		p->base[i] = at + gap;
		at = p->base[i] + size[i] + PUD_SIZE;
		spare -= gap;
	}
}

/* ---- moving ---- */

/* The new places beside the old ones: the image's first 16 MiB and 4 GiB of the direct map. */
static void __init map_new_places(const struct places *p)
{
	unsigned int slot = p->image >> PMD_SHIFT, first = pud_index(p->base[DIRECT]);
	unsigned int pgd = pgd_index(p->base[DIRECT]);
	u64 table = early_pgd[0] & ~PAGE_MASK;

	for (unsigned int i = 0; i < IMAGE_MIN_OFFSET >> PMD_SHIFT; i++) {
		early_kernel_pmd[i] = early_pmds[i];
		if (slot + i < PTRS_PER_PMD) /* the image is smaller */
			early_kernel_pmd[slot + i] = early_pmds[i];
	}
	early_kernel_pud[pud_index(__START_KERNEL_map)] = linked_phys(early_kernel_pmd) | table;
	/* One table serves both entries when the 4 GiB lie across their border. */
	for (unsigned int i = 0; i < 4; i++)
		early_direct_pud[(first + i) & 511] =
			(linked_phys(early_pmds) + i * PAGE_SIZE) | table;
	early_pgd[pgd] = linked_phys(early_direct_pud) | table;
	if (first + 3 > 511)
		early_pgd[pgd + 1] = linked_phys(early_direct_pud) | table;
	write_cr3(linked_phys(early_pgd));
}

#define CLASS_BYTES(class, bytes, symbol) [class] = bytes,

/* => the table and this function can be reached at the old and the new place */
static noinline void __init apply_relocs(const unsigned long delta[NR_RELOC_CLASSES])
{
	static const u8 bytes[] __initconst = { RELOC_CLASSES(CLASS_BYTES) };
	const u32 *next = kaslr_relocs;

	for (int class = 0; class < NR_RELOC_CLASSES; class ++) {
		u32 n = *next++;

		for (; n--; next++) {
			void *place = (void *)(unsigned long)*next;

			if (bytes[class] == 4)
				*(u32 *)place += delta[class];
			else
				*(u64 *)place += delta[class];
		}
	}
}

void __init kaslr_move(const struct hvm_start_info *info)
{
	const char *cmdline = (const char *)info->cmdline_paddr;
	unsigned long delta[NR_RELOC_CLASSES];
	struct places p;
	u64 state;

	if (info->magic != HVM_START_MAGIC || is_nokaslr(cmdline) || !*kaslr_relocs)
		return;
	state = first_entropy(cmdline);
	choose(&p, end_of_ram(info), &state);
	delta[RELOC_IMAGE_32] = delta[RELOC_IMAGE_64] = p.image;
	delta[RELOC_PAGE_OFFSET] = p.base[DIRECT] - __PAGE_OFFSET_BASE;
	delta[RELOC_VMALLOC] = p.base[VMALLOC] - __VMALLOC_BASE;
	delta[RELOC_VMEMMAP] = p.base[VMEMMAP] - __VMEMMAP_BASE;
	delta[RELOC_PAGE_TO_VIRT] = delta[RELOC_PAGE_OFFSET] -
				    (delta[RELOC_VMEMMAP] << (PAGE_SHIFT - PAGE_STRUCT_SHIFT));
	delta[RELOC_VIRT_TO_PAGE] = delta[RELOC_VMEMMAP] -
				    (delta[RELOC_PAGE_OFFSET] >> (PAGE_SHIFT - PAGE_STRUCT_SHIFT));
	map_new_places(&p);
	apply_relocs(delta);
	/* Serialises: instructions were written through other addresses than they run at. linked_phys() is true no more. */
	write_cr3(read_cr3());
}

/* ---- afterwards ---- */

static int __init setup_nokaslr(char *arg)
{
	return 0; /* done long ago; known, so not for init */
}
early_param("nokaslr", setup_nokaslr);

void print_kernel_offset(const char *level)
{
	if (kaslr_offset())
		printk("%sKernel Offset: 0x%lx from 0x%lx (relocation range: 0x%lx-0x%lx)\n", level,
		       kaslr_offset(), (unsigned long)_text - kaslr_offset(), __START_KERNEL_map,
		       __START_KERNEL_map + KERNEL_IMAGE_SIZE - 1);
	else
		printk("%sKernel Offset: disabled\n", level);
}
