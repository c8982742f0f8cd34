/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/slab, the ledger and the tests. */
#ifndef QUIRE_MM_SLAB_INTERNAL_H
#define QUIRE_MM_SLAB_INTERNAL_H

#include <base/types.h>
#include <base/list.h>
#include <base/atomic.h>
#include <sync/rcu_types.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <seam/percpu.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/zone.h>

#define SLAB_DEBUG_FLAGS	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE)
#define SLAB_NEVER_MERGE	(SLAB_DEBUG_FLAGS | SLAB_TYPESAFE_BY_RCU | SLAB_NO_MERGE | SLAB_NOLEAKTRACE | \
			 SLAB_FAILSLAB)
#define SLAB_MERGE_SAME		(SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_ACCOUNT)
#define SLAB_MAX_ORDER		3

/* The objects that one CPU has at hand; the last one in is the first one out. */
struct kmem_cache_cpu {
	u32 count;
	u32 refills, flushes;
	u32 unused;
	void *objs[];			/* [cap] */
};

/* The slabs of one node that have free objects. Full slabs are on no list. */
struct kmem_cache_node {
	spinlock_t list_lock;
	u32 first;			/* frame number of the first slab, 0: none; chained by slab_next */
	unsigned long nr_partial;
	atomic_long_t nr_slabs;		/* all, full ones too */
	atomic_long_t total_objects;
};

struct kmem_cache {
	struct kmem_cache_cpu __percpu *cpu_slab;
	u32 cap;			/* room of an array; 0: no arrays */
	u32 batch;			/* moved at once */
	slab_flags_t flags;
	u32 object_size;		/* as asked for, or the largest of those merged */
	u32 size;			/* from object to object */
	u32 offset;			/* of the link in a free object */
	u16 secret;			/* mixed into links */
	u8 begun;			/* steps that slabs have grown from min_order */
	u32 inuse;			/* offset of what follows the object: red zone, link */
	u32 align;
	u32 objects;			/* per slab */
	u32 order, min_order;
	u32 min_partial;		/* empty slabs are kept up to here */
	gfp_t allocflags;
	int refcount;			/* slab_mutex: caches merged into this one */
	void (*ctor)(void *);
	const char *name;
	struct list_head list;		/* slab_mutex */
	/* Slabs waiting for a grace period (SLAB_TYPESAFE_BY_RCU). */
	spinlock_t rcu_lock;
	u32 rcu_next, rcu_waiting;	/* chains of frame numbers */
	bool rcu_armed;
	struct rcu_head rcu;
	struct kmem_cache_node *node[];	/* by node number */
};

/*
 * State of a slab, page->private of its first page: number of objects in use (in the hands of callers or in
 * an array) in the upper half; in the lower half 1 + (offset of the first free object / 8), 0: none.
 */
#define SLAB_STATE(inuse, free)	((u32)(inuse) << 16 | (free))
#define slab_inuse(state)	((state) >> 16)
#define slab_first(state)	((state) & 0xffff)

/*
 * The link of a free object, u16: position of the next one (offset / 8 + 1, 0: none) mixed with the secret of
 * the cache and the object's own position, so that what a stray write leaves there does not lead anywhere.
 */
static inline u16 link_secret(struct kmem_cache *s, const void *object)
{
	return s->secret ^ (u16)((unsigned long)object >> 3);
}

static inline void set_link(struct kmem_cache *s, void *object, u32 next)
{
	*(u16 *)(object + s->offset) = next ^ link_secret(s, object);
}

static inline u32 get_link(struct kmem_cache *s, const void *object)
{
	return *(const u16 *)(object + s->offset) ^ link_secret(s, object);
}

static inline u32 order_objects(u32 order, u32 size)
{
	return (PAGE_SIZE << order) / size;
}

static inline u32 slab_objects(struct kmem_cache *s, struct page *page)
{
	return order_objects(compound_order(page), s->size);
}

extern struct list_head slab_caches;	/* slab_mutex */
extern struct mutex slab_mutex;
#define BOOT_NAME_BYTES 24	/* behind each struct kmem_cache: the name of a kmalloc class */

/* ---- slub.c and kmalloc.c ---- */
struct kmem_cache *slab_boot_create(const char *name, u32 size, u32 align, slab_flags_t flags);
/* kfree() of an object of a slab that leaves alone this CPU's array, which may be on its way to slabs. Any context. */
void kfree_past_array(void *x);
void *kmalloc_unusual(size_t size, gfp_t gfp, int node, unsigned long caller);

/* Class by (size - 1) / 8 for sizes up to 192; a power of two above. */
extern const u8 kmalloc_small_index[24];
static inline unsigned int kmalloc_size_index(size_t size)
{
	return size <= 192 ? kmalloc_small_index[(size - 1) / 8] : (unsigned int)(64 - __builtin_clzl(size - 1));
}

/* The cache for @size, 1 to 8192. */
static inline struct kmem_cache *kmalloc_slab(size_t size, gfp_t gfp)
{
	unsigned int index = kmalloc_size_index(size);

	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE))))
		return kmalloc_caches[KMALLOC_NORMAL][index];
	return kmalloc_caches[gfp & __GFP_DMA ? KMALLOC_DMA : KMALLOC_RECLAIM][index];
}

void create_kmalloc_caches(void);
/* Call @fn for each cache; may sleep. */
void slab_for_each(void (*fn)(struct kmem_cache *s, void *arg), void *arg);

/* ---- report.c: names of merged caches. => slab_mutex held ---- */
void slab_note_alias(struct kmem_cache *s, const char *name);
void slab_forget_aliases(struct kmem_cache *s);

/* ---- owners.c ---- */
/* @object has just been allocated: current's group pays. False: it has no room. May sleep as @gfp says. => page_charge_on() */
bool slab_charge(struct kmem_cache *s, void *object, gfp_t gfp);
/* @object of slab @page is being freed. Any context. */
void slab_uncharge(struct kmem_cache *s, struct page *page, const void *object);
/* The slab is being given back. */
void slab_owners_free(struct page *page);

/* ---- debug.c: caches with SLAB_DEBUG_FLAGS ---- */
void slab_parse_debug_layout(struct kmem_cache *s, u32 *size);
void slab_debug_init_object(struct kmem_cache *s, void *object);
bool slab_debug_alloc(struct kmem_cache *s, struct page *page, void *object, unsigned long caller);
bool slab_debug_free(struct kmem_cache *s, struct page *page, void *object, unsigned long caller);
slab_flags_t slab_debug_flags(const char *name, slab_flags_t flags);
void slab_report_leaks(struct kmem_cache *s);
struct slab_callers;
/* Add up the objects of @s in use by who allocated (@which 0) or last freed (1) them. => slab_mutex held */
void slab_sum_callers(struct kmem_cache *s, int which, struct slab_callers *callers);
bool slab_object_is_free(struct kmem_cache *s, struct page *page, void *object);

#endif
