// SPDX-License-Identifier: MIT
/*
 * zcomp: compression of pages, for zram and zswap.
 *
 * The algorithms are libraries' (seam/library.h tells how they are called). There is one for now: LZ4 of liblz4, in its
 * block format, cut out at build time: 7 KiB. What Linux has besides: lzo and lzo-rle (liblzo2 is under the GPL), lz4hc (48
 * KiB of code), zstd (400 KiB of code and more).
 *
 * Each CPU has a stream: a workspace (LZ4: a hash table of 16 KiB) and a buffer of two pages, since a page may grow when
 * it is compressed. A stream is used with preemption off, for some ten microseconds. Decompression needs none.
 *
 * Linux 6.1: drivers/block/zram/zcomp.c over the crypto layer, with the same names.
 */
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/percpu_alloc.h>
#include <mm/slab.h>
#include <mm/zcomp.h>
#include <seam/library.h>
#include <sync/preempt.h>

/* <lz4.h> of liblz4 1.9. LZ4_sizeofState() is this number (LZ4_STREAMSIZE). */
#define LZ4_STATE_BYTES 16416
int LZ4_compress_fast_extState(void *state, const char *src, char *dst, int srcSize,
			       int dstCapacity, int acceleration);
int LZ4_decompress_safe(const char *src, char *dst, int compressedSize, int dstCapacity);

struct zcomp_algorithm {
	const char *name;
	size_t workspace_bytes;
	/* The page at @src into two pages at @dst: bytes. */
	int (*compress)(void *workspace, const void *src, void *dst);
	/* Bytes, or negative. */
	int (*decompress)(const void *src, int len, void *dst);
};

struct zcomp {
	const struct zcomp_algorithm *algorithm;
	struct zcomp_strm __percpu *streams;
};

static int lz4_compress(void *workspace, const void *src, void *dst)
{
	return LZ4_compress_fast_extState(workspace, src, dst, PAGE_SIZE, 2 * PAGE_SIZE, 1);
}

static int lz4_decompress(const void *src, int len, void *dst)
{
	return LZ4_decompress_safe(src, dst, len, PAGE_SIZE);
}

static const struct zcomp_algorithm algorithms[] = {
	{ "lz4", LZ4_STATE_BYTES, lz4_compress, lz4_decompress },
};

static const struct zcomp_algorithm *find_algorithm(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

bool zcomp_available_algorithm(const char *name)
{
	return find_algorithm(name);
}

size_t zcomp_available_show(const char *chosen, char *buf, size_t size)
{
	size_t n = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(algorithms); i++)
		n += scnprintf(buf + n, size - n,
			       strcmp(algorithms[i].name, chosen) ? "%s " : "[%s] ",
			       algorithms[i].name);
	return n;
}

void zcomp_destroy(struct zcomp *comp)
{
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		struct zcomp_strm *strm = per_cpu_ptr(comp->streams, cpu);

		kvfree(strm->workspace);
		kfree(strm->buffer);
	}
	free_percpu(comp->streams);
	kfree(comp);
}

struct zcomp *zcomp_create(const char *name)
{
	const struct zcomp_algorithm *algorithm = find_algorithm(name);
	struct zcomp *comp;
	unsigned int cpu;

	if (!algorithm)
		return ERR_PTR(-EINVAL);
	comp = kzalloc(sizeof(*comp), GFP_KERNEL);
	if (!comp)
		return ERR_PTR(-ENOMEM);
	comp->algorithm = algorithm;
	comp->streams = alloc_percpu(struct zcomp_strm);
	if (!comp->streams) {
		kfree(comp);
		return ERR_PTR(-ENOMEM);
	}
	for_each_possible_cpu (cpu) {
		struct zcomp_strm *strm = per_cpu_ptr(comp->streams, cpu);

		strm->workspace = kvmalloc(algorithm->workspace_bytes, GFP_KERNEL);
		strm->buffer = kmalloc(2 * PAGE_SIZE, GFP_KERNEL);
		if (!strm->workspace || !strm->buffer) {
			zcomp_destroy(comp);
			return ERR_PTR(-ENOMEM);
		}
	}
	return comp;
}

struct zcomp_strm *zcomp_stream_get(struct zcomp *comp)
{
	preempt_disable();
	return this_cpu_ptr(comp->streams);
}

void zcomp_stream_put(struct zcomp *comp)
{
	preempt_enable();
}

unsigned int zcomp_compress(struct zcomp *comp, struct zcomp_strm *strm, const void *page)
{
	unsigned long fs = library_begin();
	int len = comp->algorithm->compress(strm->workspace, page, strm->buffer);

	library_end(fs);
	return (unsigned int)len;
}

int zcomp_decompress(struct zcomp *comp, const void *src, unsigned int len, void *dst)
{
	unsigned long fs = library_begin();
	int got = comp->algorithm->decompress(src, (int)len, dst);

	library_end(fs);
	return got == (int)PAGE_SIZE ? 0 : -EINVAL;
}

/* ---- pages of one word ---- */

bool page_same_filled(const void *mem, unsigned long *element)
{
	const unsigned long *word = mem, first = word[0];

	/* The last word first: most pages that begin with zeroes do not end with them. */
	if (word[PAGE_SIZE / sizeof(*word) - 1] != first)
		return false;
	for (unsigned int i = 1; i < PAGE_SIZE / sizeof(*word) - 1; i++)
		if (word[i] != first)
			return false;
	*element = first;
	return true;
}

void fill_page_with(void *mem, unsigned long element)
{
	unsigned long *word = mem, *end = mem + PAGE_SIZE;

	for (; word < end; word += 8) {
		word[0] = word[1] = word[2] = word[3] = element;
		word[4] = word[5] = word[6] = word[7] = element;
	}
}
