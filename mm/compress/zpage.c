// SPDX-License-Identifier: MIT
/* Pages into a pool and out of it. The stream of the CPU is used from begin to end: nobody sleeps in between. */
#include <base/errno.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/zcomp.h>
#include <mm/zpage.h>
#include <mm/zsmalloc.h>

unsigned long zpage_store(struct zs_pool *pool, struct zcomp *comp, const void *mem,
			  unsigned int *size)
{
	struct zcomp_strm *strm = zcomp_stream_get(comp);
	unsigned long handle = (unsigned long)-ENOSPC;

	*size = zcomp_compress(comp, strm, mem);
	if (*size && *size < zs_huge_class_size(pool))
		handle = zs_malloc(pool, *size,
				   __GFP_KSWAPD_RECLAIM | __GFP_NOWARN | __GFP_HIGHMEM |
					   __GFP_MOVABLE);
	if (!IS_ERR_VALUE(handle))
		zs_obj_write(pool, handle, strm->buffer, *size);
	zcomp_stream_put(comp);
	return handle;
}

int zpage_load(struct zs_pool *pool, struct zcomp *comp, unsigned long handle, unsigned int size,
	       void *mem)
{
	struct zcomp_strm *strm = zcomp_stream_get(comp);
	const void *src = zs_obj_read_begin(pool, handle, size, strm->buffer);
	int err = 0;

	if (size == PAGE_SIZE)
		memcpy(mem, src, PAGE_SIZE);
	else
		err = zcomp_decompress(comp, src, size, mem);
	zs_obj_read_end(pool, handle);
	zcomp_stream_put(comp);
	return err;
}
