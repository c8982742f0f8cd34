/* SPDX-License-Identifier: MIT */
/* Compression of single pages, by name of the algorithm. Theory: mm/compress/zcomp.c. */
#ifndef QUIRE_MM_ZCOMP_H
#define QUIRE_MM_ZCOMP_H

#include <base/types.h>

struct zcomp;

/* What a CPU compresses with. */
struct zcomp_strm {
	void *workspace;	/* the algorithm's */
	u8 *buffer;		/* for a compressed page: two pages, in which anything fits */
};

/* Is there an algorithm of that name? Any context. */
bool zcomp_available_algorithm(const char *name);
/* "[lz4] ...": all names, @chosen in brackets. Bytes, without newline. */
size_t zcomp_available_show(const char *chosen, char *buf, size_t size);

/* Workspaces for @name on each CPU, some 25 KiB each. -EINVAL: there is no such algorithm; -ENOMEM. May sleep. */
struct zcomp *zcomp_create(const char *name);
void zcomp_destroy(struct zcomp *comp);

/* This CPU's stream, with preemption off until zcomp_stream_put(). */
struct zcomp_strm *zcomp_stream_get(struct zcomp *comp);
void zcomp_stream_put(struct zcomp *comp);
/* A page into strm->buffer: its compressed length, at most 2 pages. */
unsigned int zcomp_compress(struct zcomp *comp, struct zcomp_strm *strm, const void *page);
/* @len bytes at @src to the page at @dst. 0, -EINVAL when they are not a compressed page. Does not sleep. */
int zcomp_decompress(struct zcomp *comp, const void *src, unsigned int len, void *dst);

/* Does the page at @mem hold one word over and over? Which one, in *@element. */
bool page_same_filled(const void *mem, unsigned long *element);
void fill_page_with(void *mem, unsigned long element);

#endif
