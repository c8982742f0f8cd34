// SPDX-License-Identifier: MIT
/*
 * provoke=WHAT on the command line makes the kernel break on purpose when start-up is done, so that
 * tests can look at what it says: null, wild, write-text, exec-data, user, divide, opcode, bug, warn,
 * overflow (of the kernel stack), stack-end (its last word overwritten), nested (in an interrupt-like state), panic,
 * page-read and page-write (of a page that is free), slab-overflow, slab-uaf, slab-twice (with slub_debug).
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/string.h>
#include <sync/preempt.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

static char provoke_what[24];

static int __init setup_provoke(char *arg)
{
	strscpy(provoke_what, arg ? arg : "", sizeof(provoke_what));
	return 0;
}
early_param("provoke", setup_provoke);

static volatile int zero, sink;

static noinline int provoke_overflow(volatile char *below)
{
	volatile char frame[256];

	frame[0] = below ? below[0] : 1;
	if (!zero)
		sink = provoke_overflow(frame) + frame[0];
	return sink;
}

static noinline void provoke_null(void)
{
	*(volatile int *)(long)zero = 1;
}

static noinline void provoke_wild(void)
{
	sink = *(volatile int *)(0xffff800000000123UL + (unsigned long)zero);
}

static noinline void provoke_write_text(void)
{
	*(volatile u8 *)provoke_wild = 0x90;
}

static u8 __aligned(16) ret_instruction[16] = { 0xc3 };

static noinline void provoke_exec_data(void)
{
	((void (*)(void))(void *)ret_instruction)();
}

/* Memory that is used after it was freed: seen at once with debug_pagealloc=on ... */
static noinline void provoke_page_read(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	free_page(page);
	sink = *(volatile int *)page;
}

/* ... and when it is handed out again with page_poison=1. */
static noinline void provoke_page_write(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	free_page(page);
	*(volatile u8 *)(page + 0x123) = 0xab;
	page = __get_free_page(GFP_KERNEL);
	free_page(page);
}

static noinline void provoke_vmalloc_guard(void)
{
	volatile u8 *p = vmalloc(2 * PAGE_SIZE), *next = vmalloc(2 * PAGE_SIZE);

	/* One with another right behind it: without a guard the store would hit that. */
	while (next < p || next > p + 3 * PAGE_SIZE) {
		p = next;
		next = vmalloc(2 * PAGE_SIZE);
	}
	p[2 * PAGE_SIZE - 1] = 1;
	p[2 * PAGE_SIZE] = 1;
}

static noinline void provoke_user(void)
{
	sink = *(volatile int *)(0x400000UL + (unsigned long)zero);
}

static noinline void provoke_divide(void)
{
	sink = 7 / zero;
}

static noinline void provoke_opcode(void)
{
	__asm__ volatile("ud2");
}

static noinline void provoke_stack_end(void)
{
	*stack_end(current->stack) = 0;
	schedule();
}

/* Mistakes with objects, for slub_debug to find; the second allocation looks at what the first left. */
static noinline void provoke_slab_overflow(void)
{
	volatile u8 *p = kmalloc(60, GFP_KERNEL);

	p[64 + (unsigned int)zero] = 1;
	kfree((void *)p);
}

static noinline void provoke_slab_uaf(void)
{
	volatile u8 *p = kmalloc(60, GFP_KERNEL);

	kfree((void *)p);
	p[10 + (unsigned int)zero] = 1;
	kfree(kmalloc(60, GFP_KERNEL));
}

static noinline void provoke_slab_twice(void)
{
	void *volatile p = kmalloc(60, GFP_KERNEL);

	kfree(p);
	kfree(p);
}

static noinline void provoke_nested(void)
{
	__preempt_count_add(HARDIRQ_OFFSET);
	provoke_null();
}

static int provoke_late(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} table[] = {
		{ "null", provoke_null },
		{ "wild", provoke_wild },
		{ "write-text", provoke_write_text },
		{ "exec-data", provoke_exec_data },
		{ "vmalloc-guard", provoke_vmalloc_guard },
		{ "user", provoke_user },
		{ "divide", provoke_divide },
		{ "opcode", provoke_opcode },
		{ "stack-end", provoke_stack_end },
		{ "slab-overflow", provoke_slab_overflow },
		{ "slab-uaf", provoke_slab_uaf },
		{ "slab-twice", provoke_slab_twice },
		{ "nested", provoke_nested },
		{ "page-read", provoke_page_read },
		{ "page-write", provoke_page_write },
	};

	if (!provoke_what[0])
		return 0;
	pr_info("provoke: %s\n", provoke_what);
	for (unsigned int i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(provoke_what, table[i].name))
			table[i].fn();
	if (!strcmp(provoke_what, "overflow"))
		provoke_overflow(NULL);
	else if (!strcmp(provoke_what, "bug"))
		BUG();
	else if (!strcmp(provoke_what, "warn"))
		WARN(1, "provoked %d\n", 42);
	else if (!strcmp(provoke_what, "panic"))
		panic("provoked");
	return 0;
}
late_initcall(provoke_late);
