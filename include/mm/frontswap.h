/* SPDX-License-Identifier: MIT */
/*
 * frontswap: somebody who keeps pages that are on their way to a swap device, so that the device need not. Theory:
 * mm/swap/frontswap.c.
 */
#ifndef QUIRE_MM_FRONTSWAP_H
#define QUIRE_MM_FRONTSWAP_H

#include <base/types.h>
#include <mm/swap.h>

struct folio;

/*
 * One who keeps pages. For a slot there is one call at a time: store and load come with the slot's folio locked, invalidate_page when
 * the slot has neither folio nor holder, or from within frontswap_write_back().
 */
struct frontswap_ops {
	/* Does it take pages now? Any context. */
	bool (*accepts)(void);
	/* Forget what @entry had, and keep the contents of @folio: 0, or an errno: they go to the device. Must not wait for memory. */
	int (*store)(swp_entry_t entry, struct folio *folio);
	/* The contents of @entry to @folio, and keep them: 0, -ENOENT: they are not here, -EIO: they are lost. */
	int (*load)(swp_entry_t entry, struct folio *folio);
	/* Forget what @entry had: false: nothing. Must not sleep. */
	bool (*invalidate_page)(swp_entry_t entry);
};

/* From now on, for good; one at most. */
void frontswap_register(const struct frontswap_ops *ops);

/* What debugfs frontswap/ tells: pages that came back, were kept, refused, forgotten, since boot. X(enumerator, name) */
#define FRONTSWAP_STATS(X)						\
	X(FRONTSWAP_LOADS, "loads") X(FRONTSWAP_SUCC_STORES, "succ_stores") \
	X(FRONTSWAP_FAILED_STORES, "failed_stores") X(FRONTSWAP_INVALIDATES, "invalidates")
enum frontswap_stat {
#define X(item, name) item,
	FRONTSWAP_STATS(X)
#undef X
	NR_FRONTSWAP_STATS
};
extern atomic_long_t frontswap_stats[NR_FRONTSWAP_STATS];

/*
 * The page of @entry goes from whoever keeps it to its device: 0 when that has begun; -ENOENT it is not kept (any more), -EEXIST it is in
 * memory, too, -ENOMEM, -EIO. May sleep.
 */
int frontswap_write_back(swp_entry_t entry);

#endif
