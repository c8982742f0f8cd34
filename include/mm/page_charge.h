/* SPDX-License-Identifier: MIT */
/*
 * Charging frames to the control group of the task that asks for them (mm/memcg/memcg.c): done by the page allocator for pages of
 * programs and with __GFP_ACCOUNT, and by those who keep frames for reuse. Nothing but a test while there are no groups.
 */
#ifndef QUIRE_MM_PAGE_CHARGE_H
#define QUIRE_MM_PAGE_CHARGE_H

#include <base/compiler.h>
#include <mm/fault_inject.h>
#include <mm/zone.h>

static __always_inline bool page_charge_on(void)
{
	return unlikely(READ_ONCE(alloc_watched) & ALLOC_WATCHED_MEMCG);
}

/* False: the group of current has no room for @page of @order, which is not charged. May sleep as @gfp says. */
static __always_inline bool page_charge(struct page *page, unsigned int order, gfp_t gfp)
{
	return !page_charge_on() || page_alloc_ops.charge(page, order, gfp);
}

/* Any context. */
static __always_inline void page_uncharge(struct page *page, unsigned int order)
{
	if (page_charge_on())
		page_alloc_ops.uncharge(page, order);
}

/* @to takes the place of @from, as large: its group has @to instead. Any context. */
static __always_inline void page_move_charge(struct page *from, struct page *to, unsigned int order)
{
	if (page_charge_on())
		page_alloc_ops.move_charge(from, to, order);
}

#endif
