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
 *	storm SEED STEPS	blocks of all orders and kinds come and go, each marked with its frame number; result:
 *				allocated, refused, found damaged
 *	exhaust ORDER KIND	take blocks until none is left for that kind (0: may sleep, but kills nobody; 1: GFP_NOWAIT,
 *				2: GFP_ATOMIC), hold them; result[0]: blocks
 *	return			give back what exhaust took
 *	play FLAGS TAG PRIVATE	a page of this file gets these flags (bits of mm/page_flags.h), this tag of mapping (1 anonymous,
 *				2 movable, 3 KSM; 0 none) and this private, for those who tell what a page is; result[0]: its frame
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/zone.h>

#include "mmtest_internal.h"

struct held_pages {
	struct page **page;
	unsigned long nr, room;
	unsigned int order;
	struct page *taken; /* by exhaust: a chain through index */
	unsigned int taken_order;
	struct page *played;
};

/* Kinds of page whose mapping or place in the books is more than a tag. */
#define NOT_PLAYED (1u << PG_slab | 1u << PG_reserved | 1u << PG_head | 1u << PG_tail)

static int page_free(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;

	for (unsigned long i = 0; i < held->nr; i++)
		__free_pages(held->page[i], held->order);
	held->nr = 0;
	return 0;
}

static int page_return(void *state, struct mmtest_call *call);

static int page_play(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;
	struct page *page = held->played;

	if (call->arg[0] & (~(__s64)PAGEFLAGS_MASK | NOT_PLAYED) ||
	    call->arg[1] & ~(__s64)PAGE_MAPPING_FLAGS)
		return -EINVAL;
	if (!page)
		page = held->played = alloc_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	WRITE_ONCE(page->flags, (READ_ONCE(page->flags) & ~PAGEFLAGS_MASK) | (u32)call->arg[0]);
	page->mapping = call->arg[1] ? page_address(page) + call->arg[1] : NULL;
	set_page_private(page, call->arg[2]);
	call->result[0] = page_to_pfn(page);
	return 0;
}

static void page_release(void *state)
{
	struct mmtest_call plain = { .arg = { 0 } };
	struct held_pages *held = state;

	page_free(held, NULL);
	page_return(held, NULL);
	vfree(held->page);
	if (held->played) {
		page_play(held, &plain);
		__free_page(held->played);
	}
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

/* ---- all orders at once ---- */

#define NR_STORM 48
struct storm {
	u64 random;
	struct page *page[NR_STORM];
	unsigned int order[NR_STORM];
	unsigned long allocated, refused, damaged;
};

static u32 storm_random(struct storm *s, u32 below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (u32)(s->random >> 33) % below;
}

static unsigned long *mark_of(struct page *page)
{
	return page_address(page);
}

static void storm_put(struct storm *s, unsigned int slot)
{
	struct page *page = s->page[slot];

	for (unsigned long i = 0; i < 1UL << s->order[slot]; i++)
		s->damaged += *mark_of(page + i) != page_to_pfn(page + i);
	__free_pages(page, s->order[slot]);
	s->page[slot] = NULL;
}

static void storm_get(struct storm *s, unsigned int slot)
{
	static const gfp_t kinds[] = { GFP_KERNEL | __GFP_NORETRY,
				       GFP_HIGHUSER_MOVABLE | __GFP_NORETRY,
				       GFP_NOWAIT,
				       GFP_ATOMIC,
				       GFP_NOWAIT | __GFP_RECLAIMABLE,
				       GFP_NOWAIT | __GFP_ZERO,
				       GFP_NOWAIT | __GFP_DMA,
				       GFP_NOWAIT | __GFP_DMA32 };
	unsigned int order = storm_random(s, 4) ? storm_random(s, 4) : storm_random(s, MAX_ORDER);
	gfp_t gfp = kinds[storm_random(s, ARRAY_SIZE(kinds))] | __GFP_NOWARN;
	struct page *page = alloc_pages(gfp | (storm_random(s, 2) ? __GFP_COMP : 0), order);

	if (!page) {
		s->refused++;
		return;
	}
	s->allocated++;
	s->page[slot] = page;
	s->order[slot] = order;
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (gfp & __GFP_ZERO)
			s->damaged += *mark_of(page + i) != 0;
		*mark_of(page + i) = page_to_pfn(page + i);
	}
}

static int page_storm(void *state, struct mmtest_call *call)
{
	struct storm *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return -ENOMEM;
	s->random = (u64)call->arg[0] * 0x9e3779b97f4a7c15ULL | 1;
	for (__s64 step = 0; step < call->arg[1]; step++) {
		unsigned int slot = storm_random(s, NR_STORM);

		if (s->page[slot])
			storm_put(s, slot);
		else
			storm_get(s, slot);
		cond_resched();
	}
	for (unsigned int slot = 0; slot < NR_STORM; slot++)
		if (s->page[slot])
			storm_put(s, slot);
	call->result[0] = s->allocated;
	call->result[1] = s->refused;
	call->result[2] = s->damaged;
	kfree(s);
	return 0;
}

/* ---- to the last page ---- */

static int page_return(void *state, struct mmtest_call *call)
{
	struct held_pages *held = state;
	struct page *page;

	while ((page = held->taken)) {
		held->taken = (struct page *)page->index;
		page->index = 0;
		__free_pages(page, held->taken_order);
		cond_resched();
	}
	return 0;
}

static int page_exhaust(void *state, struct mmtest_call *call)
{
	static const gfp_t kinds[] = { GFP_KERNEL | __GFP_NORETRY | __GFP_NOMEMALLOC, GFP_NOWAIT,
				       GFP_ATOMIC };
	struct held_pages *held = state;
	struct page *page;

	if (call->arg[0] < 0 || call->arg[0] >= MAX_ORDER || call->arg[1] < 0 ||
	    call->arg[1] >= (__s64)ARRAY_SIZE(kinds) || held->taken)
		return -EINVAL;
	held->taken_order = call->arg[0];
	while ((page = alloc_pages(kinds[call->arg[1]], held->taken_order))) {
		page->index = (unsigned long)held->taken;
		held->taken = page;
		call->result[0]++;
		cond_resched();
	}
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
	{ "reserve", page_reserve }, { "hot", page_hot },     { "alloc", page_alloc },
	{ "bulk", page_bulk },	     { "free", page_free },   { "drain", page_drain },
	{ "struct", page_struct },   { "storm", page_storm }, { "exhaust", page_exhaust },
	{ "return", page_return },   { "play", page_play },   { NULL, NULL },
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
