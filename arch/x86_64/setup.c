// SPDX-License-Identifier: MIT
/*
 * From the loader's structures to a machine that the rest of the kernel can start on.
 *
 * x86_64_start_kernel() copies what the loader left in memory that nobody has reserved: the command line, the
 * memory map, the place of the initial RAM disk. setup_arch() then goes in this order, each step needing the one
 * before: CPU features; memory map to memblock with everything reserved that is in use; early parameters; tables of
 * the firmware (they say which CPUs there are and which memory lies near them); the final page tables; the memmap.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/panic.h>
#include <kernel/resource.h>
#include <mm/memblock.h>
#include <mm/zone.h>
#include <seam/io.h>
#include <seam/page.h>
#include <seam/processor.h>
#include <seam/setup.h>
#include <seam/smp.h>
#include <seam/topology.h>
#include "acpi.h"
#include "apic.h"
#include "memmap.h"
#include "mapping.h"
#include "boot/early.h"

/* Below this the kernel cannot come up: image, tables, page metadata and a program. */
#define MINIMUM_MEMORY (3UL << 20)

unsigned long initrd_start, initrd_end;
u64 rsdp_from_loader __initdata;

static char command_line[COMMAND_LINE_SIZE]; /* init gets pointers into it */
static u64 initrd_phys __initdata, initrd_size __initdata;
static bool user_map __initdata; /* mem= or memmap= changed the map */

/* Memory below 4 GiB, as the early tables map it. */
static void *__init early_va(u64 phys)
{
	return phys < 1ULL << 32 ? __va(phys) : NULL;
}

static void __init import_cmdline(u64 phys)
{
	const char *s = early_va(phys);
	unsigned int i = 0;

	if (phys && s)
		for (; i < COMMAND_LINE_SIZE - 1 && s[i]; i++)
			boot_command_line[i] = s[i];
	boot_command_line[i] = 0;
}

static void __init import_initrd(const struct hvm_start_info *info)
{
	const struct hvm_modlist_entry *mod = early_va(info->modlist_paddr);

	if (!info->nr_modules || !mod)
		return;
	initrd_phys = mod->paddr;
	initrd_size = mod->size;
}

void __init x86_64_start_kernel(unsigned long start_info)
{
	const struct hvm_start_info *info = early_va(start_info);

	load_percpu_segment(0); /* offset 0: the linked template; and a GDT in the kernel's half */
	early_idt_setup();
	identify_cpu(&boot_cpu_data);
	if (info->magic != HVM_START_MAGIC) {
		early_puts("Quire: the loader did not pass a PVH start structure\n");
		machine_panic_stop();
	}
	import_cmdline(info->cmdline_paddr);
	import_initrd(info);
	rsdp_from_loader = info->rsdp_paddr;
	if (info->version >= 1 && info->memmap_entries && early_va(info->memmap_paddr))
		e820_import(early_va(info->memmap_paddr), info->memmap_entries);
	start_kernel();
}

static int __init setup_mem(char *arg)
{
	char *end;
	u64 limit;

	if (!arg)
		return -EINVAL;
	limit = memparse(arg, &end);
	if (end == arg || !limit)
		return -EINVAL;
	e820_limit(limit);
	user_map = true;
	return 0;
}
early_param("mem", setup_mem);

static int __init setup_memmap(char *arg)
{
	char *next;
	int err = arg && *arg ? 0 : -EINVAL;

	for (; arg && *arg && !err; arg = next) {
		next = strchr(arg, ',');
		if (next)
			*next++ = 0;
		err = e820_parse_memmap(arg);
	}
	user_map = true;
	return err;
}
early_param("memmap", setup_memmap);

static int __init setup_nogbpages(char *arg)
{
	has_direct_gbpages = false;
	return 0;
}
early_param("nogbpages", setup_nogbpages);

/* Everything that is in use already, before the first allocation. */
static void __init reserve_boot_memory(void)
{
	/* Page 0 and the BIOS data area; the trampoline; the BIOS and VGA hole is not RAM. */
	memblock_reserve(0, 0x1000);
	memblock_reserve(0x8000, 0x1000);
	memblock_reserve(0x9f000, 0x1000);
	memblock_reserve(0x100000, __pa_symbol(_end) - 0x100000);
	if (initrd_size && memblock_is_region_memory(initrd_phys, initrd_size))
		memblock_reserve(initrd_phys & PAGE_MASK,
				 PAGE_ALIGN(initrd_phys + initrd_size) - (initrd_phys & PAGE_MASK));
}

static void __init check_enough_memory(void)
{
	u64 total = memblock_phys_mem_size();
	u64 needed = MINIMUM_MEMORY + PAGE_ALIGN(initrd_size);

	if (total >= needed)
		return;
	panic("Quire needs at least %llu MiB of memory with this initial RAM disk; the machine has %llu MiB.",
	      (needed + (1 << 20) - 1) >> 20, total >> 20);
}

/* The RAM disk lies in memory that mem= or memmap= took away, but the early tables still reach it: copy it. */
static bool __init move_initrd(void)
{
	u64 size = PAGE_ALIGN(initrd_size);
	phys_addr_t new;

	if (initrd_phys + initrd_size < initrd_phys || initrd_phys + initrd_size > 1ULL << 32)
		return false;
	new = memblock_phys_alloc_range(size, PAGE_SIZE, 0, 1ULL << 32);
	if (!new)
		return false;
	memcpy(__va(new), early_va(initrd_phys), initrd_size);
	pr_info("Move RAMDISK from [mem 0x%08llx-0x%08llx] to [mem 0x%08llx-0x%08llx]\n",
		initrd_phys, initrd_phys + initrd_size - 1, (u64) new, (u64) new + initrd_size - 1);
	initrd_phys = new;
	return true;
}

static void __init setup_initrd(void)
{
	if (!initrd_size)
		return;
	if (!memblock_is_region_memory(initrd_phys, initrd_size) && !move_initrd()) {
		pr_err("initrd: [0x%llx-0x%llx] is not in usable memory, ignored\n", initrd_phys,
		       initrd_phys + initrd_size - 1);
		return;
	}
	initrd_start = (unsigned long)__va(initrd_phys);
	initrd_end = initrd_start + initrd_size;
	pr_info("RAMDISK: [mem 0x%08llx-0x%08llx]\n", initrd_phys, initrd_phys + initrd_size - 1);
}

static void __init setup_memory_map(void)
{
	if (!e820_nr)
		panic("The loader passed no memory map");
	pr_info("BIOS-provided physical RAM map:\n");
	e820_print("BIOS-e820");
	parse_early_param();
	if (user_map && !e820_all_ram(0x100000, __pa_symbol(_end))) {
		pr_warn("memmap: the kernel's own memory was left out, taken back\n");
		e820_force_ram(0x100000, __pa_symbol(_end));
	}
	if (user_map) {
		pr_info("user-defined physical RAM map:\n");
		e820_print("user");
	}
	e820_to_memblock();
	reserve_boot_memory();
	check_enough_memory();
	setup_initrd();
}

void __init setup_arch(char **cmdline_p)
{
	register_console(&early_con);
	cpu_early_init();
	strscpy(command_line, boot_command_line, COMMAND_LINE_SIZE);
	*cmdline_p = command_line;
	pr_info("Command line: %s\n", boot_command_line);
	print_kernel_offset(KERN_INFO);
	cpu_print_features();
	topology_init();

	setup_memory_map();
	/* Tables and areas for the final mapping come from where the early one reaches. */
	memblock_set_current_limit(min_t(u64, memblock_end_of_DRAM(), 1ULL << 32));
	acpi_boot_init();
	smp_find_cpus();
	paging_init();
	memblock_set_current_limit(MEMBLOCK_ALLOC_ANYWHERE);
	setup_log_buf();
	numa_init();
	sparse_init();
	ist_stacks_init();
	e820_to_resources();
	apic_map();
	print_memory_layout();
}
