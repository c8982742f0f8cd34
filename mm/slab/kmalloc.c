// SPDX-License-Identifier: MIT
/*
 * kmalloc: caches of the sizes 8 16 32 64 96 128 192 256 512 1k 2k 4k 8k, whole pages above.
 * kmalloc_index[] gives the class of a size up to 192 in one load, above it is the power of two.
 * Three families: normal, reclaimable (__GFP_RECLAIMABLE: freed by a shrinker), DMA.
 * kvmalloc goes on to vmalloc when the request is larger than a page and the buddy lists have no block.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/bug.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/panic.h>
#include <mm/slab.h>
#include <mm/page_flags.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/trace.h>
#include "slab_internal.h"

struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][KMALLOC_SHIFT_HIGH + 1];

const u8 kmalloc_small_index[24] = {
	3, 4, 5, 5, 6, 6, 6, 6, 1, 1, 1, 1, 7, 7, 7, 7, 2, 2, 2, 2, 2, 2, 2, 2,
};
static const u16 class_size[KMALLOC_SHIFT_HIGH + 1] = {
	0, 96, 192, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192,
};
static const char *const class_name[KMALLOC_SHIFT_HIGH + 1] = {
	"", "96", "192", "8", "16", "32", "64", "128", "256", "512", "1k", "2k", "4k", "8k",
};
static const struct {
	const char *prefix;
	slab_flags_t flags;
} family[NR_KMALLOC_TYPES] = {
	[KMALLOC_NORMAL] = { "kmalloc", 0 },
	[KMALLOC_RECLAIM] = { "kmalloc-rcl", SLAB_RECLAIM_ACCOUNT },
	[KMALLOC_DMA] = { "dma-kmalloc", SLAB_CACHE_DMA },
};

void create_kmalloc_caches(void)
{
	/* In ascending order of size, so that the first that fits is the best for merging. */
	static const u8 order[] = { 3, 4, 5, 6, 1, 7, 2, 8, 9, 10, 11, 12, 13 };

	for (int type = 0; type < NR_KMALLOC_TYPES; type++) {
		for (unsigned int i = 0; i < sizeof(order); i++) {
			unsigned int index = order[i], size = class_size[index];
			char name[24];

			snprintf(name, sizeof(name), "%s-%s", family[type].prefix,
				 class_name[index]);
			kmalloc_caches[type][index] = slab_boot_create(
				name, size, is_power_of_2(size) ? size : 0, family[type].flags);
		}
	}
}

static void *kmalloc_large(size_t size, gfp_t gfp, int node)
{
	unsigned int order = order_base_2(PFN_UP(size));
	struct page *page;

	if (order >= MAX_ORDER) {
		WARN_ON_ONCE(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	page = alloc_pages_node(node, gfp | __GFP_COMP, order);
	if (!page)
		return NULL;
	__SetPageLargeKmalloc(page);
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, 1L << order);
	return page_address(page);
}

/* No bytes at all, or more than a slab holds. */
void *kmalloc_unusual(size_t size, gfp_t gfp, int node, unsigned long caller)
{
	void *object;

	if (!size)
		return ZERO_SIZE_PTR;
	object = kmalloc_large(size, gfp, node);
	trace_kmalloc(caller, object, size, PAGE_SIZE << order_base_2(PFN_UP(size)), gfp, node);
	return object;
}

size_t __ksize(const void *x)
{
	struct page *page;

	if (unlikely(ZERO_OR_NULL_PTR(x)))
		return 0;
	page = compound_head(virt_to_page(x));
	if (!PageSlab(page))
		return page_size(page);
	/* A debug cache watches what lies behind the object. */
	return ((struct kmem_cache *)page->mapping)->flags & SLAB_DEBUG_FLAGS
		       ? ((struct kmem_cache *)page->mapping)->object_size
		       : ((struct kmem_cache *)page->mapping)->inuse;
}

size_t ksize(const void *x)
{
	return __ksize(x);
}

size_t kmalloc_size_roundup(size_t size)
{
	if (!size)
		return 0;
	if (size <= KMALLOC_MAX_CACHE_SIZE)
		return class_size[kmalloc_size_index(size)];
	return size <= KMALLOC_MAX_SIZE ? PAGE_SIZE << order_base_2(PFN_UP(size)) : size;
}

void *krealloc(const void *p, size_t new_size, gfp_t gfp)
{
	size_t old = __ksize(p);
	void *new;

	if (!new_size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (old >= new_size && old)
		return (void *)p;
	new = __kmalloc(new_size, gfp);
	if (!new)
		return NULL;
	if (old)
		memcpy(new, p, old);
	kfree(p);
	return new;
}

void *krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : krealloc(p, bytes, gfp);
}

/* ---- kvmalloc ---- */

void *kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	gfp_t first = gfp;
	void *p;

	if (size > PAGE_SIZE) {
		first |= __GFP_NOWARN;
		if (!(gfp & __GFP_RETRY_MAYFAIL))
			first |= __GFP_NORETRY;
		first &= ~__GFP_NOFAIL;
	}
	p = size <= KMALLOC_MAX_SIZE ? __kmalloc_node(size, first, node) : NULL;
	if (p || size <= PAGE_SIZE || !gfpflags_allow_blocking(gfp))
		return p;
	if (size > INT_MAX) {
		WARN_ON_ONCE(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	return __vmalloc_huge_node(size, gfp, node, __builtin_return_address(0));
}

void *kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kvmalloc(bytes, gfp);
}

void *kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp)
{
	void *new;

	if (oldsize >= newsize)
		return (void *)p;
	new = kvmalloc(newsize, gfp);
	if (!new)
		return NULL;
	if (p)
		memcpy(new, p, oldsize);
	kvfree(p);
	return new;
}

void kvfree(const void *addr)
{
	if (is_vmalloc_addr(addr))
		vfree(addr);
	else
		kfree(addr);
}
