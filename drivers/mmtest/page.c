/* SPDX-License-Identifier: MIT */
/*
 * /dev/mmtest, noun page: the page allocator without anything above it.
 *	reserve N		room to hold N blocks (before alloc and bulk; not measured)
 *	hot ORDER N		N times allocate one block and free it
 *	alloc ORDER N		allocate N blocks and hold them; result[0]: how many were got
 *	bulk N			N pages of order 0 by alloc_pages_bulk_array(), held
 *	free			give back all that is held
 *	drain			empty the per-CPU lists
 *	struct			result[0]: bytes of struct page
 */
#include <base/errno.h>
#include <base/types.h>
#include <kernel/init.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/vmalloc.h>
#include <mm/zone.h>

#include "mmtest_internal.h"

struct held_pages {
	struct page **page;
	unsigned long nr, room;
	unsigned int order;
};

static int page_free(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;

	for (unsigned long i = 0; i < held->nr; i++)
		__free_pages(held->page[i], held->order);
	held->nr = 0;
	return 0;
}

static void page_release(void *state)
{
	struct held_pages *held = state;

	page_free(held, NULL);
	vfree(held->page);
}

static int page_reserve(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;

	if (call->arg[0] < 1 || call->arg[0] > MMTEST_MAX || held->nr)
		return -EINVAL;
	vfree(held->page);
	held->room = 0;
	held->page = vzalloc(call->arg[0] * sizeof(*held->page));
	if (!held->page)
		return -ENOMEM;
	held->room = call->arg[0];
	return 0;
}

static int page_hot(void *state, struct mmtest_call *call)
{
	unsigned int order = call->arg[0];

	if (call->arg[0] < 0 || call->arg[0] >= MAX_ORDER || call->arg[1] > MMTEST_MAX)
		return -EINVAL;
	for (__s64 i = 0; i < call->arg[1]; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		if (!page)
			return -ENOMEM;
		__free_pages(page, order);
	}
	return 0;
}

static int page_alloc(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;

	if (call->arg[0] < 0 || call->arg[0] >= MAX_ORDER || call->arg[1] < 0 || held->nr ||
	    call->arg[1] > (__s64)held->room)
		return -EINVAL;
	held->order = call->arg[0];
	while (held->nr < (unsigned long)call->arg[1]) {
		struct page *page = alloc_pages(GFP_KERNEL, held->order);

		if (!page)
			return -ENOMEM;
		held->page[held->nr++] = page;
	}
	call->result[0] = held->nr;
	return 0;
}

static int page_bulk(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;

	if (call->arg[0] < 0 || held->nr || call->arg[0] > (__s64)held->room)
		return -EINVAL;
	held->order = 0;
	for (unsigned long i = 0; i < held->room; i++)
		held->page[i] = NULL;
	held->nr = alloc_pages_bulk_array(GFP_KERNEL, call->arg[0], held->page);
	call->result[0] = held->nr;
	return 0;
}

static int page_drain(void *state, struct mmtest_call *call)
{
	drain_all_pages(NULL);
	return 0;
}

static int page_struct(void *state, struct mmtest_call *call)
{
	call->result[0] = sizeof(struct page);
	return 0;
}

static const struct mmtest_verb verbs[] = {
	{ "reserve", page_reserve }, { "hot", page_hot },   { "alloc", page_alloc },
	{ "bulk", page_bulk },	     { "free", page_free }, { "drain", page_drain },
	{ "struct", page_struct },   { NULL, NULL },
};

static struct mmtest_noun page_noun = {
	.name = "page",
	.verbs = verbs,
	.state_bytes = sizeof(struct held_pages),
	.release = page_release,
};

static int __init mmtest_page_init(void)
{
	mmtest_register(&page_noun);
	return 0;
}
device_initcall(mmtest_page_init);
