/* SPDX-License-Identifier: MIT */
/* The trace event of slots of swap. mm/stat/trace_swap.c */
#ifndef QUIRE_MM_TRACE_SWAP_H
#define QUIRE_MM_TRACE_SWAP_H

#include <mm/swap.h>
#include <mm/trace.h>

/* What happens to a slot: X(change, words) */
#define SWAP_SLOT_CHANGES(X)							\
	X(SWAP_SLOT_TAKEN, "taken for a page")					\
	X(SWAP_SLOT_DUP, "one entry more")					\
	X(SWAP_SLOT_PUT, "one entry less")					\
	X(SWAP_SLOT_CACHED, "read into the cache")				\
	X(SWAP_SLOT_UNCACHED, "out of the cache")

#define SWAP_SLOT_CHANGE_ENUM(change, words) change,
enum swap_slot_change {
	SWAP_SLOT_CHANGES(SWAP_SLOT_CHANGE_ENUM)
};

#define SWAP_EVENTS(X)								\
	X(swap_slot, (swp_entry_t entry, enum swap_slot_change change, unsigned int holders, u32 pfn),	\
		(entry, change, holders, pfn))

SWAP_EVENTS(DECLARE_TRACE_CALL)

#endif
