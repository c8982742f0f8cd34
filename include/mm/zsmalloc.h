/* SPDX-License-Identifier: MIT */
/*
 * zsmalloc: memory for objects of any size up to a page, packed over the borders of pages. Theory: mm/compress/zsmalloc.c.
 * An object has no address, since the pool may move it: it is named by a handle, and read and written through it.
 */
#ifndef QUIRE_MM_ZSMALLOC_H
#define QUIRE_MM_ZSMALLOC_H

#include <base/types.h>
#include <base/err.h>

struct seq_file;
struct zs_pool;

struct zs_pool_stats {
	unsigned long pages_compacted;	/* given back by compaction, since the pool was made */
};

/* A pool called @name; NULL without memory. Costs some 12 KiB. May sleep. */
struct zs_pool *zs_create_pool(const char *name);
/* => all objects are freed. May sleep. */
void zs_destroy_pool(struct zs_pool *pool);

/*
 * Room for @size bytes, 1 to PAGE_SIZE: a handle, or -EINVAL, -ENOMEM (look with IS_ERR_VALUE). May sleep if @gfp
 * allows.
 */
unsigned long zs_malloc(struct zs_pool *pool, size_t size, gfp_t gfp);
/* Any context but interrupts. 0 and errors are let pass. */
void zs_free(struct zs_pool *pool, unsigned long handle);

/*
 * The first @len bytes of an object, @len at most the size it was made with. Where they lie in one piece the answer points
 * to them, else to their copy in @local, of @len bytes. Until zs_obj_read_end() the object stays, and nobody may sleep.
 */
const void *zs_obj_read_begin(struct zs_pool *pool, unsigned long handle, size_t len, void *local) __acquires(handle);
void zs_obj_read_end(struct zs_pool *pool, unsigned long handle) __releases(handle);
/* Put @len bytes of @mem at the beginning of the object. */
void zs_obj_write(struct zs_pool *pool, unsigned long handle, const void *mem, size_t len);

/* The smallest size that gets a page of its own, and so gains nothing. */
size_t zs_huge_class_size(struct zs_pool *pool);
unsigned long zs_get_total_pages(struct zs_pool *pool);
/* Pack objects closer until no page comes free any more; the number of pages that did. May sleep. */
unsigned long zs_compact(struct zs_pool *pool);
void zs_pool_stats(struct zs_pool *pool, struct zs_pool_stats *stats);
/* The table of classes, as Linux's debugfs zsmalloc/POOL/classes. */
void zs_print_classes(struct seq_file *m, struct zs_pool *pool);
/* BUG() on a contradiction. => nobody uses the pool */
void zs_check_pool(struct zs_pool *pool);

#endif
