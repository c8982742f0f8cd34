/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/reclaim. */
#ifndef QUIRE_MM_RECLAIM_INTERNAL_H
#define QUIRE_MM_RECLAIM_INTERNAL_H

#include <mm/gfp.h>
#include <mm/reclaim.h>
#include <mm/trace_vmscan.h>

/* Hook direct reclaim into the page allocator. */
void reclaim_register(void);

/* ---- throttle.c ---- */

/* A task is about to reclaim: wait while the reserve is short. True: it was killed meanwhile and need not reclaim. */
bool throttle_direct_reclaim(gfp_t gfp, unsigned int order, const struct alloc_context *ac);
/* kswapd has freed something; with @all it is about to rest: let those go on who wait, if they may. */
void reclaim_unthrottle(struct pglist_data *pgdat, bool all);

#endif
