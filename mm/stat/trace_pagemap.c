// SPDX-License-Identifier: MIT
/*
 * A page becomes a member of a class of reclaim, or active. Names, fields and print formats are Linux 6.1's
 * (include/trace/events/pagemap.h). There an insertion is seen when a CPU empties its batch, here at once.
 */
#include <base/printf.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/page_flags.h>
#include <mm/trace_pagemap.h>
#include "trace_internal.h"

static const struct {
	unsigned int flag;
	char set, clear;
} letters[] = {
	{ 0x01, 'M', ' ' }, /* mapped */
	{ 0x02, 'a', 'f' }, /* anonymous, or of a file */
	{ 0x08, 's', ' ' }, /* in the swap cache */
	{ 0x10, 'b', ' ' }, /* swap is its place */
	{ 0x20, 'd', ' ' }, /* blocks of a disk are its place */
	{ 0x40, 'B', ' ' }, /* has buffers */
};

static unsigned long flags_of(const struct folio *folio)
{
	return (folio_mapped(folio) ? 0x01 : 0) | (folio_test_anon(folio) ? 0x02 : 0x04) |
	       (folio_test_swapcache(folio) ? 0x08 : 0) |
	       (folio_test_swapbacked(folio) ? 0x10 : 0) |
	       (!folio_test_anon(folio) && folio_test_mappedtodisk(folio) ? 0x20 : 0) |
	       (folio_test_private(folio) ? 0x40 : 0);
}

#define mm_lru_insertion_FIELDS(F)                                                                 \
	F(mm_lru_insertion, struct folio *, folio)                                                 \
	F(mm_lru_insertion, unsigned long, pfn)                                                    \
	F(mm_lru_insertion, enum lru_list, lru) F(mm_lru_insertion, unsigned long, flags)
DEFINE_TRACE_RECORD(mm_lru_insertion);
PRINTER(mm_lru_insertion)
{
	RECORD(mm_lru_insertion);
	char words[ARRAY_SIZE(letters) + 1] = "";

	for (unsigned int i = 0; i < ARRAY_SIZE(letters); i++)
		words[i] = r->flags & letters[i].flag ? letters[i].set : letters[i].clear;
	return scnprintf(buf, size, "folio=%p pfn=0x%lx lru=%d flags=%s", r->folio, r->pfn, r->lru,
			 words);
}
DEFINE_TRACE_EVENT(
	pagemap, mm_lru_insertion,
	"\"folio=%p pfn=0x%lx lru=%d flags=%s%s%s%s%s%s\", REC->folio, REC->pfn, REC->lru, REC->flags & 0x0001u ? \"M\" : \" \", REC->flags & 0x0002u ? \"a\" : \"f\", REC->flags & 0x0008u ? \"s\" : \" \", REC->flags & 0x0010u ? \"b\" : \" \", REC->flags & 0x0020u ? \"d\" : \" \", REC->flags & 0x0040u ? \"B\" : \" \"");
void __trace_mm_lru_insertion(struct folio *folio)
{
	struct mm_lru_insertion_record r = { .folio = folio,
					     .pfn = folio_pfn(folio),
					     .lru = folio_lru_list(folio),
					     .flags = flags_of(folio) };

	trace_put(&__event_mm_lru_insertion, &r);
}

#define mm_lru_activate_FIELDS(F)                                                                  \
	F(mm_lru_activate, struct folio *, folio) F(mm_lru_activate, unsigned long, pfn)
DEFINE_TRACE_RECORD(mm_lru_activate);
PRINTER(mm_lru_activate)
{
	RECORD(mm_lru_activate);

	return scnprintf(buf, size, "folio=%p pfn=0x%lx", r->folio, r->pfn);
}
DEFINE_TRACE_EVENT(pagemap, mm_lru_activate, "\"folio=%p pfn=0x%lx\", REC->folio, REC->pfn");
void __trace_mm_lru_activate(struct folio *folio)
{
	struct mm_lru_activate_record r = { .folio = folio, .pfn = folio_pfn(folio) };

	trace_put(&__event_mm_lru_activate, &r);
}
