/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/reclaim. */
#ifndef QUIRE_MM_RECLAIM_INTERNAL_H
#define QUIRE_MM_RECLAIM_INTERNAL_H

#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/trace_vmscan.h>

/* Hook direct reclaim into the page allocator. */
void reclaim_register(void);

/* ---- policy.c ---- */

/* The policy of reclaim=NAME, when all have registered. May sleep. */
void reclaim_choose_wanted(void);

/* ---- throttle.c ---- */

/* A task is about to reclaim: wait while the reserve is short. True: it was killed meanwhile and need not reclaim. */
bool throttle_direct_reclaim(gfp_t gfp, const struct alloc_context *ac);
/* kswapd has freed something; with @all it is about to rest: let those go on who wait, if they may, or ask it again. */
void reclaim_unthrottle(struct pglist_data *pgdat, bool all);

/* ---- shadow.c: what is remembered of evicted pages, by an owner and an index. None but the first two sleep ---- */

#define SHADOW_SWAP (1ULL << 63) /* of an owner: it is a device of swap; no file has this bit */

/* Once at start-up; then, at the first reclaim, memory for the table: without it (false) nothing is remembered. */
void shadow_init(void);
bool shadow_start(void);
/* Remember @entry (not 0) of pages [index, index + nr). @warm: others of the 64 pages of the file there are in the cache. */
void shadow_store(u64 owner, unsigned long index, unsigned int nr, u64 entry, bool warm);
/* Forget them: of how many something was remembered, and if there were any the @entry of one of them. */
unsigned int shadow_take(u64 owner, unsigned long index, unsigned int nr, u64 *entry);
/* Forget [start, end], however many. */
void shadow_forget(u64 owner, unsigned long start, unsigned long end);

#endif
