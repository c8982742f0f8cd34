/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/reclaim. */
#ifndef QUIRE_MM_RECLAIM_INTERNAL_H
#define QUIRE_MM_RECLAIM_INTERNAL_H

#include <mm/reclaim.h>
#include <mm/trace_vmscan.h>

/* Hook direct reclaim into the page allocator. */
void reclaim_register(void);
/* A reclaim of the node is over: note the refaults so far. */
void reclaim_snapshot(struct pglist_data *pgdat);

#endif
