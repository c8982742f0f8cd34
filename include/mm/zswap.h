/* SPDX-License-Identifier: MIT */
/* zswap: a compressed cache in front of the swap devices. Theory: mm/compress/zswap.c. */
#ifndef QUIRE_MM_ZSWAP_H
#define QUIRE_MM_ZSWAP_H

#include <base/atomic.h>
#include <base/types.h>

/* Settings; each may change at any time. */
extern bool zswap_enabled;		/* read only: zswap_enable() */
extern bool zswap_same_filled_pages_enabled, zswap_non_same_filled_pages_enabled;
extern unsigned int zswap_max_pool_percent;	/* of all memory */
extern unsigned int zswap_accept_threshold_percent;	/* of that: the mark under which a full pool takes pages again */

/* Take pages, or take no more; those that are kept stay. 0, -ENOMEM. May sleep. */
int zswap_enable(bool on);

/* Pages of one word, pages in all; then events since boot. X(enumerator, name in debugfs zswap/) */
#define ZSWAP_STATS(X)							\
	X(ZSWAP_SAME_FILLED, "same_filled_pages") X(ZSWAP_STORED, "stored_pages") \
	X(ZSWAP_LIMIT_HIT, "pool_limit_hit") X(ZSWAP_WRITTEN_BACK, "written_back_pages") \
	X(ZSWAP_RECLAIM_FAIL, "reject_reclaim_fail") X(ZSWAP_ALLOC_FAIL, "reject_alloc_fail") \
	X(ZSWAP_KMEMCACHE_FAIL, "reject_kmemcache_fail") X(ZSWAP_COMPRESS_POOR, "reject_compress_poor") \
	X(ZSWAP_DUPLICATE, "duplicate_entry")
enum zswap_stat {
#define X(item, name) item,
	ZSWAP_STATS(X)
#undef X
	NR_ZSWAP_STATS
};
extern atomic_long_t zswap_stats[NR_ZSWAP_STATS];
/* Pages of memory that the pool takes. */
unsigned long zswap_pool_pages(void);

#endif
