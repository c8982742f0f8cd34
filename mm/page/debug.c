// SPDX-License-Identifier: MIT
/*
 * What can be done with the contents of free pages, to find errors or to leave no secrets behind.
 *
 *	init_on_alloc=1		cleared when handed out
 *	init_on_free=1		cleared when freed; __GFP_ZERO and init_on_alloc then have nothing to do
 *	page_poison=1		0xaa when freed, compared when handed out: a write after free is reported, with the
 *				bytes; takes precedence over both init_on_*, as in Linux
 *	debug_pagealloc=on	free pages leave the direct map: a use after free faults where it happens. The direct
 *				map then has no large pages, and each page costs a TLB flush on its way in and out
 *	page_owner=on		mm/page/page_owner.c
 *
 * None of them costs anything while it is off: page_debug is set before the first page is free, and sets
 * alloc_watched, which sends all allocations and frees through the long way, where the hooks are.
 *
 * Pages of the per-CPU lists are free pages for all of this. Descriptors are not touched, so lists and merging
 * work on pages that are not mapped.
 * Linux 6.1: mm/page_poison.c, mm/debug_pagealloc.c, mm/page_alloc.c; other CPUs may keep a stale entry of the
 * direct map for a while, as there. Observe: boot log; the reports; DirectMap4k in /proc/meminfo.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/math.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <seam/pgtable.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/page_debug.h>
#include <mm/page_flags.h>
#include "page_internal.h"

#define POISON_BYTE 0xaa
#define POISON_WORD 0xaaaaaaaaaaaaaaaaULL

u32 page_debug;

/* ---- parameters ---- */

static int __init debug_param(char *p, u32 bit)
{
	bool on;
	int err = kstrtobool(p && *p ? p : "1", &on);

	if (!err)
		page_debug = on ? page_debug | bit : page_debug & ~bit;
	return err;
}

#define PARAM(name, bit)                                                                           \
	static int __init early_##name(char *p)                                                    \
	{                                                                                          \
		return debug_param(p, bit);                                                        \
	}                                                                                          \
	early_param(#name, early_##name)
PARAM(init_on_alloc, PAGE_DEBUG_INIT_ALLOC);
PARAM(init_on_free, PAGE_DEBUG_INIT_FREE);
PARAM(page_poison, PAGE_DEBUG_POISON);
PARAM(debug_pagealloc, PAGE_DEBUG_UNMAP);
PARAM(page_owner, PAGE_DEBUG_OWNER);

void __init page_debug_init(void)
{
	const u32 init = PAGE_DEBUG_INIT_ALLOC | PAGE_DEBUG_INIT_FREE;

	if ((page_debug & PAGE_DEBUG_POISON) && (page_debug & init)) {
		pr_info("mem auto-init: page_poison is on, will take precedence over init_on_alloc and init_on_free\n");
		page_debug &= ~init;
	}
	pr_info("mem auto-init: stack:off, heap alloc:%s, heap free:%s\n",
		page_debug & PAGE_DEBUG_INIT_ALLOC ? "on" : "off",
		page_debug & PAGE_DEBUG_INIT_FREE ? "on" : "off");
	if (page_debug & PAGE_DEBUG_OWNER)
		page_owner_init();
	alloc_watched_set(ALLOC_WATCHED_PAGE_DEBUG, page_debug != 0);
}

/* ---- contents ---- */

static void poison(struct page *page)
{
	memset(page_address(page), POISON_BYTE, PAGE_SIZE);
}

static bool single_bit(u8 found)
{
	u8 error = found ^ POISON_BYTE;

	return error && !(error & (error - 1));
}

/* Somebody wrote into a free page: tell which bytes hold what. */
static noinline void report_poison(struct page *page, const u8 *first)
{
	const u8 *bytes = page_address(page), *last = bytes + PAGE_SIZE - 1;
	char hex[3 * 16 + 1];

	while (*last == POISON_BYTE)
		last--;
	pr_err("pagealloc: %s\n",
	       first == last && single_bit(*first) ? "single bit error" : "memory corruption");
	for (const u8 *line = (const u8 *)((unsigned long)first & ~15UL); line <= last;
	     line += 16) {
		for (unsigned int i = 0; i < 16; i++)
			snprintf(hex + 3 * i, 4, "%02x ", line[i]);
		pr_err("%016lx: %s\n", (unsigned long)line, hex);
		if (line - first > 256) {
			pr_err("... up to offset %#lx\n", (unsigned long)(last - bytes));
			break;
		}
	}
	dump_stack();
	dump_page(page, "pagealloc: corrupted page details");
}

static void check_poison(struct page *page)
{
	const u8 *bytes = page_address(page);
	const u64 *word = (const u64 *)bytes, *end = word + PAGE_SIZE / 8;

	while (word < end && *word == POISON_WORD)
		word++;
	if (likely(word == end))
		return;
	for (bytes = (const u8 *)word; *bytes == POISON_BYTE;)
		bytes++;
	report_poison(page, bytes);
}

static void each_page(struct page *page, unsigned int order, void (*fn)(struct page *))
{
	for (unsigned int i = 0; i < 1u << order; i++)
		fn(page + i);
}

static void clear_one(struct page *page)
{
	clear_page(page_address(page));
}

/* ---- hooks ---- */

bool page_debug_alloc(struct page *page, unsigned int order, gfp_t gfp)
{
	if (page_debug & PAGE_DEBUG_UNMAP)
		kernel_map_pages(page_address(page), 1u << order, true);
	if (page_debug & PAGE_DEBUG_POISON)
		each_page(page, order, check_poison);
	if (page_debug & PAGE_DEBUG_OWNER)
		page_owner_alloc(page, order, gfp);
	if (page_debug & PAGE_DEBUG_INIT_FREE)
		return true;
	if ((page_debug & PAGE_DEBUG_INIT_ALLOC) && !(gfp & __GFP_ZERO))
		each_page(page, order, clear_one);
	return false;
}

void page_debug_free_boot(struct page *page, unsigned int order)
{
	if (page_debug & PAGE_DEBUG_INIT_FREE)
		each_page(page, order, clear_one);
	if (page_debug & PAGE_DEBUG_POISON)
		each_page(page, order, poison);
	if (page_debug & PAGE_DEBUG_UNMAP)
		kernel_map_pages(page_address(page), 1u << order, false);
}

void page_debug_free(struct page *page, unsigned int order)
{
	if (page_debug & PAGE_DEBUG_OWNER)
		page_owner_free(page, order);
	page_debug_free_boot(page, order);
}
