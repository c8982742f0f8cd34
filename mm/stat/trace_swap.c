// SPDX-License-Identifier: MIT
/*
 * The life of a slot of swap: each change of who holds it. Linux has no such event; all that happens to a slot passes mm/swap/cache.c.
 * A slot is free when it has no holders and no page in memory (pfn 0).
 */
#include <base/printf.h>
#include <mm/trace_swap.h>
#include "trace_internal.h"

#define CHANGE_WORDS(change, words) words,
static const char *const change_words[] = { SWAP_SLOT_CHANGES(CHANGE_WORDS) };

#define swap_slot_FIELDS(F)                                                                        \
	F(swap_slot, unsigned int, type)                                                           \
	F(swap_slot, unsigned int, change)                                                         \
	F(swap_slot, unsigned long, offset)                                                        \
	F(swap_slot, unsigned int, holders) F(swap_slot, unsigned int, pfn)
DEFINE_TRACE_RECORD(swap_slot);
PRINTER(swap_slot)
{
	RECORD(swap_slot);

	return scnprintf(buf, size, "type=%u offset=%lu holders=%u pfn=0x%x %s", r->type, r->offset,
			 r->holders, r->pfn, change_words[r->change]);
}
DEFINE_TRACE_EVENT(
	swap, swap_slot,
	"\"type=%u offset=%lu holders=%u pfn=0x%x change=%u\", REC->type, REC->offset, REC->holders, REC->pfn, REC->change");
void __trace_swap_slot(swp_entry_t entry, enum swap_slot_change change, unsigned int holders,
		       u32 pfn)
{
	struct swap_slot_record r = { .type = swp_type(entry),
				      .offset = swp_offset(entry),
				      .holders = holders,
				      .pfn = pfn,
				      .change = change };

	trace_put(&__event_swap_slot, &r);
}
