/* SPDX-License-Identifier: MIT */
/* Object caches and kmalloc. Theory: mm/slab/slub.c. */
#ifndef QUIRE_MM_SLAB_H
#define QUIRE_MM_SLAB_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/math.h>
#include <mm/gfp.h>

typedef unsigned int slab_flags_t;

#define SLAB_CONSISTENCY_CHECKS	0x00000100u
#define SLAB_RED_ZONE		0x00000400u
#define SLAB_POISON		0x00000800u
#define SLAB_HWCACHE_ALIGN	0x00002000u
#define SLAB_CACHE_DMA		0x00004000u
#define SLAB_CACHE_DMA32	0x00008000u
#define SLAB_STORE_USER		0x00010000u
#define SLAB_RECLAIM_ACCOUNT	0x00020000u
#define SLAB_PANIC		0x00040000u
/* Pages of the cache are given back only after an RCU grace period: an object found under RCU stays an
 * object of this type, though it may be freed and used again; its constructor's work is never undone. */
#define SLAB_TYPESAFE_BY_RCU	0x00080000u
#define SLAB_TRACE		0x00200000u
#define SLAB_NOLEAKTRACE	0x00800000u
#define SLAB_NO_MERGE		0x01000000u
#define SLAB_FAILSLAB		0x02000000u	/* may fail when failslab/cache-filter is set */
#define SLAB_ACCOUNT		0x04000000u

/* What kmalloc(0) answers: not NULL, faults when touched, may be given to kfree. */
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(x)	((unsigned long)(x) <= (unsigned long)ZERO_SIZE_PTR)

#define ARCH_KMALLOC_MINALIGN	8
#define KMALLOC_MAX_CACHE_SIZE	8192UL
#define KMALLOC_MAX_ORDER	10
#define KMALLOC_MAX_SIZE	(PAGE_SIZE << KMALLOC_MAX_ORDER)

struct kmem_cache;

/*
 * A cache of objects of @size bytes. @align: 0 or a power of two; @ctor runs once per object when its
 * slab is made, not per allocation. Like caches are merged unless they have a constructor, debugging or
 * SLAB_TYPESAFE_BY_RCU. NULL when out of memory, or panic with SLAB_PANIC. May sleep.
 */
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *));
#define KMEM_CACHE(__struct, __flags) \
	kmem_cache_create(#__struct, sizeof(struct __struct), __alignof__(struct __struct), (__flags), NULL)
/* All objects must have been freed; what was not is listed in the log, and the cache stays. May sleep. */
void kmem_cache_destroy(struct kmem_cache *s);
/* Give free slabs back; 0 when none is left. May sleep. */
int kmem_cache_shrink(struct kmem_cache *s);
unsigned int kmem_cache_size(struct kmem_cache *s);
const char *kmem_cache_name(struct kmem_cache *s);

/* An object, or NULL. Context as @gfp says; free in any context but NMI. __GFP_ZERO not with a ctor. */
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *s, void *x);
#define kmem_cache_zalloc(s, gfp)	kmem_cache_alloc(s, (gfp) | __GFP_ZERO)
/* @size objects, all or none: @size, or 0. */
int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t size, void **p);
void kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p);

/* Classes 8 16 32 64 96 128 192 256 512 1k 2k 4k 8k; whole pages above. */
#define KMALLOC_SHIFT_HIGH	13
enum kmalloc_cache_type { KMALLOC_NORMAL, KMALLOC_RECLAIM, KMALLOC_DMA, NR_KMALLOC_TYPES };
extern struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][KMALLOC_SHIFT_HIGH + 1];

/* Class of a constant size, at compile time. 1 is 96 bytes, 2 is 192. */
static __always_inline unsigned int __kmalloc_index(size_t size)
{
	if (size <= 8) return 3;
	if (size <= 16) return 4;
	if (size <= 32) return 5;
	if (size <= 64) return 6;
	if (size <= 96) return 1;
	if (size <= 128) return 7;
	if (size <= 192) return 2;
	if (size <= 256) return 8;
	if (size <= 512) return 9;
	if (size <= 1024) return 10;
	if (size <= 2048) return 11;
	if (size <= 4096) return 12;
	return 13;
}

void *__kmalloc(size_t size, gfp_t gfp);
void *__kmalloc_node(size_t size, gfp_t gfp, int node);
void *kmalloc_trace(struct kmem_cache *s, gfp_t gfp, size_t size);

/* @size bytes aligned to 8 (a power-of-two size: to itself), NULL or ZERO_SIZE_PTR. Context as @gfp says. */
static __always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	if (__builtin_constant_p(size) && size && size <= KMALLOC_MAX_CACHE_SIZE &&
	    !(gfp & (__GFP_DMA | __GFP_RECLAIMABLE)))
		return kmalloc_trace(kmalloc_caches[KMALLOC_NORMAL][__kmalloc_index(size)], gfp, size);
	return __kmalloc(size, gfp);
}
#define kmalloc_node(size, gfp, node)	__kmalloc_node(size, gfp, node)
#define kzalloc_node(size, gfp, node)	__kmalloc_node(size, (gfp) | __GFP_ZERO, node)

static __always_inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return __kmalloc(bytes, gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

/* NULL and ZERO_SIZE_PTR are let pass. Any context but NMI. */
void kfree(const void *x);
/* Usable bytes of an allocation. */
size_t ksize(const void *x);
size_t __ksize(const void *x);
/* The same contents in @new_size bytes; NULL leaves @p as it was; @new_size 0 frees. */
void *krealloc(const void *p, size_t new_size, gfp_t gfp);
void *krealloc_array(void *p, size_t n, size_t size, gfp_t gfp);
size_t kmalloc_size_roundup(size_t size);
char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void *kmemdup(const void *src, size_t len, gfp_t gfp);
char *kasprintf(gfp_t gfp, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *kvasprintf(gfp_t gfp, const char *fmt, __builtin_va_list ap);

/* kmalloc, or vmalloc when that fails for size. kvfree may sleep for the second kind. */
void *kvmalloc_node(size_t size, gfp_t gfp, int node);
#define kvmalloc(size, gfp)	kvmalloc_node(size, gfp, NUMA_NO_NODE)
#define kvzalloc(size, gfp)	kvmalloc_node(size, (gfp) | __GFP_ZERO, NUMA_NO_NODE)
void *kvmalloc_array(size_t n, size_t size, gfp_t gfp);
#define kvcalloc(n, size, gfp)	kvmalloc_array(n, size, (gfp) | __GFP_ZERO)
void *kvrealloc(const void *p, size_t oldsize, size_t newsize, gfp_t gfp);
void kvfree(const void *addr);

/* Fixed stock of objects that are there even when memory is not. */
typedef void *(mempool_alloc_t)(gfp_t gfp, void *pool_data);
typedef void (mempool_free_t)(void *element, void *pool_data);
typedef struct mempool mempool_t;
mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc, mempool_free_t *free, void *pool_data);
void mempool_destroy(mempool_t *pool);
/* Never NULL when @gfp may sleep. */
void *mempool_alloc(mempool_t *pool, gfp_t gfp);
void mempool_free(void *element, mempool_t *pool);
void *mempool_alloc_slab(gfp_t gfp, void *pool_data);
void mempool_free_slab(void *element, void *pool_data);
void *mempool_kmalloc(gfp_t gfp, void *pool_data);
void mempool_kfree(void *element, void *pool_data);
#define mempool_create_slab_pool(n, cache) \
	mempool_create(n, mempool_alloc_slab, mempool_free_slab, (void *)(cache))
#define mempool_create_kmalloc_pool(n, size) \
	mempool_create(n, mempool_kmalloc, mempool_kfree, (void *)(unsigned long)(size))

/* One row of /proc/slabinfo; all numbers exact while the cache stands still. */
struct slabinfo {
	unsigned long active_objs, num_objs, active_slabs, num_slabs, shared_avail;
	unsigned int limit, batchcount, shared, objects_per_slab, cache_order;
};
void get_slabinfo(struct kmem_cache *s, struct slabinfo *sinfo);

/* Number of the control group that pays for @object, 0: none. => it is not freed meanwhile */
u16 slab_object_owner(const void *object);
void kmem_cache_init(void);
bool slab_is_available(void);
/* Give the objects in all per-CPU arrays back to their slabs. May sleep. */
void slab_flush_all(void);
/* BUG() on a contradiction in @s; of all caches. */
void kmem_cache_check(struct kmem_cache *s);
void slab_check_all(void);

#endif
