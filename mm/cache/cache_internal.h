/* SPDX-License-Identifier: MIT */
/* What the files of mm/cache share. */
#ifndef QUIRE_MM_CACHE_INTERNAL_H
#define QUIRE_MM_CACHE_INTERNAL_H

#include <mm/folio.h>
#include <mm/xarray.h>

struct address_space;
struct bdi_writeback;

/* A reference on @folio, which @xas found; false: it is being freed, or not in the slot any more. => rcu_read_lock */
static inline bool xas_try_get_folio(struct xa_state *xas, struct folio *folio)
{
	if (!folio_try_get(folio))
		return false;
	if (likely(folio == xas_reload(xas)))
		return true;
	folio_put(folio);
	return false;
}

/* Clear @bit and wake who waits for the folio. */
void folio_clear_and_wake(struct folio *folio, unsigned int bit);
/* @new is as dirty as @old was, which is clean now. => it takes its place */
void move_dirty(struct address_space *mapping, struct folio *old, struct folio *new);
/* @nr pages of the device were written. */
void wb_writeout_add(struct bdi_writeback *wb, long nr);
/* The numbers of dirty_limits.c for a device that has just been made. */
void wb_limits_init(struct bdi_writeback *wb);

#endif
