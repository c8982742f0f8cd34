/* SPDX-License-Identifier: MIT */
/* A page that is kept compressed in a pool: zcomp over zsmalloc, for zram and zswap. */
#ifndef QUIRE_MM_ZPAGE_H
#define QUIRE_MM_ZPAGE_H

#include <base/types.h>

struct zcomp;
struct zs_pool;

/*
 * The page at @mem into a new object: its handle, and its size in *@size; -ENOSPC: it would not get smaller, -ENOMEM (look with
 * IS_ERR_VALUE). Does not sleep.
 */
unsigned long zpage_store(struct zs_pool *pool, struct zcomp *comp, const void *mem, unsigned int *size);
/* The object of @size bytes, PAGE_SIZE: as it is, back to the page at @mem. 0, -EINVAL: it is no compressed page. Does not sleep. */
int zpage_load(struct zs_pool *pool, struct zcomp *comp, unsigned long handle, unsigned int size, void *mem);

#endif
