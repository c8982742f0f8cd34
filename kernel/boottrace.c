// SPDX-License-Identifier: MIT
/*
 * boottrace=1: a line for each step of start-up when it ends, indented by depth: time spent (one ns is one
 * instruction under -icount shift=0) and pages taken meanwhile, before there are free lists from memblock. The parameter
 * is read in the first step, so that steps are always noted, and told when it asked for them.
 */
#include <base/errno.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <mm/memblock.h>
#include <mm/vmstat.h>
#include <seam/timex.h>

#define MAX_DEPTH 8

static bool enabled;
static unsigned int depth;
static struct boot_step {
	const char *what;
	u64 cycles;
	long taken;
} steps[MAX_DEPTH];

static long pages_taken(void)
{
	if (!totalram_pages())
		return memblock_reserved_size() >> PAGE_SHIFT;
	return (memblock_phys_mem_size() >> PAGE_SHIFT) - global_zone_page_state(NR_FREE_PAGES);
}

void boottrace_enter(const char *what)
{
	if (depth < MAX_DEPTH)
		steps[depth] = (struct boot_step){ what, get_cycles(), pages_taken() };
	depth++;
}

void boottrace_leave(void)
{
	struct boot_step *s;
	u64 cycles;

	if (!depth || --depth >= MAX_DEPTH || !enabled)
		return;
	s = &steps[depth];
	cycles = get_cycles() - s->cycles;
	pr_info("boottrace: %*s%s: %llu cycles, %llu us, %ld pages\n", (int)depth * 2, "", s->what,
		cycles, tsc_khz ? cycles * 1000 / tsc_khz : 0, pages_taken() - s->taken);
}

static int __init setup_boottrace(char *str)
{
	return kstrtobool(str ?: "1", &enabled);
}
early_param("boottrace", setup_boottrace);
