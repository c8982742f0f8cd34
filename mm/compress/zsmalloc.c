// SPDX-License-Identifier: MIT
/*
 * zsmalloc: a pool for compressed pages.
 *
 * Purpose. Compressed pages are objects of 20 to 4000 bytes. The slab allocator would round them up (the classes above
 * 1 KiB are 2, 4 and 8 KiB) and would want runs of pages, which are not to be had when memory is short, the very time when
 * pages are compressed. Here objects lie back to back in a zspage: one to four single pages that are neighbours only in
 * their order; an object may begin in one and end in the next.
 *
 *	zspage of class 1536       | page 0          | page 1          | page 2          |
 *	3 pages, 8 objects         | 0    | 1    | 2 .  | 3    | 4   . | 5    | 6    | 7 |
 *
 * Classes: a multiple of 16 each, from 32 to 4096 bytes. For each size the number of pages is chosen that wastes least at
 * the end; sizes with the same number of pages and of objects are one class, that of the largest of them. Where nothing
 * but one object in one page comes out (from about 3/4 of a page on), the class is the last one: a page per object.
 *
 * Handles. An object moves when its zspage is emptied, so its owner holds a handle, the address of a word that says where
 * the object is:
 *
 *	*handle    pfn of the zspage's first page << 10 | number of the object << 1 | ZS_PIN
 *
 * and the object begins with a word that leads back, handle | ZS_USED; a free one has there: next free one << 1. (In the
 * last class the object fills its page, so the zspage keeps that word.)
 *
 * Invariants (zs_check_pool): objects of a zspage with ZS_USED = inuse; each handle leads to its object and back;
 * lists by fullness: empty zspages are freed at once, `sparse` <= 3/4 full < `dense` < full; sums of the class.
 *
 * Migration. The pages say how they are moved (PageMovable, zs_movable_ops), each for itself:
 *
 *	isolate		the zspage stays, even when its last object goes, as long as zspage->isolated
 *	migrate		all its objects are pinned, or it is tried again; the copy takes the place of the page in zspage->pages,
 *			and if it is the first page, the words of the handles name it
 *	putback		it did not move
 *
 * Who has an object pinned sees no page move; who has a handle only sees nothing.
 *
 * Locks. ZS_PIN in the handle is a bit lock: who reads or writes an object holds it, and who moves it (trylock only, or the
 * object stays) or frees it. class->lock guards lists, counts and free chains. movable_lock: from a page to its zspage, for who holds
 * neither object nor list. Order: pin, class->lock; movable_lock, class->lock; compaction and migration hold class->lock and only try for pins.
 *
 * Failure: -ENOMEM when a page or a handle is not to be had; nothing is lost. Compaction allocates nothing.
 *
 * Linux 6.1: mm/zsmalloc.c; the same classes, zspages of up to four pages and two words per object, and its limits on
 * fullness. There readers hold a lock of the whole pool (migrate_lock) against movers, and a zspage that becomes empty while its
 * pages are locked is freed by a work.
 *
 * Observe: nr_zspages in /proc/vmstat, "compressed" in /proc/mm/ledger, mm_stat of a zram disk.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/migrate.h>
#include <mm/page.h>
#include <mm/shrinker.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <mm/zsmalloc.h>
#include <sync/bit_spinlock.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>

#define ZS_MAX_PAGES   4
#define ZS_MIN_SIZE    32
#define ZS_SIZE_STEP   16
#define ZS_NR_SIZES    ((PAGE_SIZE - ZS_MIN_SIZE) / ZS_SIZE_STEP + 1)
#define ZS_HEAD_BYTES  sizeof(unsigned long)
#define ZS_USED	       1UL /* in the first word of an object */
#define ZS_PIN	       0   /* bit in *handle */
#define ZS_INDEX_SHIFT 1
#define ZS_INDEX_BITS  9
#define ZS_PFN_SHIFT   (ZS_INDEX_SHIFT + ZS_INDEX_BITS)
#define ZS_NONE	       0xffff
static_assert(ZS_MAX_PAGES * PAGE_SIZE / ZS_MIN_SIZE <= 1 << ZS_INDEX_BITS,
	      "numbers of objects fit");

enum fullness { ZS_SPARSE, ZS_DENSE, ZS_FULL, NR_FULLNESS };

struct zspage {
	struct list_head list; /* class->lock */
	struct size_class *class;
	u16 inuse, fresh; /* class->lock: objects in use; those from fresh on were never in use */
	u16 free;	  /* class->lock: first of the free ones below fresh, or ZS_NONE */
	u8 fullness;	  /* class->lock: which list */
	u8 isolated;	  /* class->lock: pages that are about to move; not freed until then */
	unsigned long whole;  /* class->lock: first word of the object of the last class */
	struct page *pages[]; /* class->nr_pages; change with all objects pinned */
};

struct size_class {
	spinlock_t lock;
	struct zs_pool *pool;
	u16 size;	/* bytes of an object with its first word */
	u16 nr_objects; /* of a zspage */
	u8 nr_pages;
	struct list_head lists[NR_FULLNESS];	     /* lock */
	unsigned long nr_zspages[NR_FULLNESS], used; /* lock */
};

struct zs_pool {
	const char *name;
	struct size_class *classes[ZS_NR_SIZES]; /* by size; several sizes share one */
	size_t huge_size;
	atomic_long_t nr_pages, pages_compacted, nr_isolated;
	struct shrinker shrinker;
};

static struct kmem_cache *handle_cache, *zspage_cache;
static DEFINE_MUTEX(cache_mutex, LOCK_ZS_CACHES);
static DEFINE_SPINLOCK(movable_lock,
		       LOCK_ZS_MOVABLE); /* mapping and index of the pages of all pools */

/* ---- where things are ---- */

static bool class_is_whole(const struct size_class *class)
{
	return class->size == PAGE_SIZE;
}

static struct zspage *handle_to_zspage(unsigned long word)
{
	return (struct zspage *)pfn_to_page(word >> ZS_PFN_SHIFT)->index;
}

static unsigned int handle_to_index(unsigned long word)
{
	return word >> ZS_INDEX_SHIFT & ((1u << ZS_INDEX_BITS) - 1);
}

static unsigned long make_place(const struct zspage *zspage, unsigned int index)
{
	return page_to_pfn(zspage->pages[0]) << ZS_PFN_SHIFT | (unsigned long)index
								       << ZS_INDEX_SHIFT;
}

static void *zspage_byte(const struct zspage *zspage, unsigned int at)
{
	return page_address(zspage->pages[at >> PAGE_SHIFT]) + offset_in_page(at);
}

/* The first word of an object: whose it is, or the next free one. It never crosses pages. */
static unsigned long *object_head(struct zspage *zspage, unsigned int index)
{
	if (class_is_whole(zspage->class))
		return &zspage->whole;
	return zspage_byte(zspage, index * zspage->class->size);
}

static unsigned int object_begin(const struct size_class *class, unsigned int index)
{
	return index * class->size + (class_is_whole(class) ? 0 : ZS_HEAD_BYTES);
}

/* What the handle says, which stays so until it is unpinned. */
static unsigned long pin_handle(unsigned long handle)
{
	bit_spin_lock(ZS_PIN, (unsigned long *)handle);
	return READ_ONCE(*(unsigned long *)handle);
}

static void unpin_handle(unsigned long handle)
{
	bit_spin_unlock(ZS_PIN, (unsigned long *)handle);
}

/* ---- zspages ---- */

/* @page belongs to a zspage, or not any more. */
static void count_page(struct page *page, int by)
{
	mod_zone_page_state(page_zone(page), NR_ZSPAGES, by);
}

static void free_zspage_pages(struct zspage *zspage, unsigned int n)
{
	while (n--) {
		count_page(zspage->pages[n], -1);
		__free_page(zspage->pages[n]);
	}
	kmem_cache_free(zspage_cache, zspage);
}

static const struct movable_operations zs_movable_ops;

/* => movable_lock held, in both */
static void link_page(struct page *page, struct zspage *zspage)
{
	page->index = (unsigned long)zspage;
	__SetPageMovable(page, &zs_movable_ops);
}

static void unlink_page(struct page *page)
{
	__ClearPageMovable(page);
	page->index = 0;
}

static void free_zspage(struct zs_pool *pool, struct zspage *zspage)
{
	unsigned int n = zspage->class->nr_pages;

	spin_lock(&movable_lock);
	for (unsigned int i = 0; i < n; i++)
		unlink_page(zspage->pages[i]);
	spin_unlock(&movable_lock);
	free_zspage_pages(zspage, n);
	atomic_long_sub(n, &pool->nr_pages);
}

static struct zspage *alloc_zspage(struct zs_pool *pool, struct size_class *class, gfp_t gfp)
{
	struct zspage *zspage =
		kmem_cache_alloc(zspage_cache, gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE));

	if (!zspage)
		return NULL;
	for (unsigned int i = 0; i < class->nr_pages; i++) {
		struct page *page = alloc_page(gfp);

		if (!page) {
			free_zspage_pages(zspage, i);
			return NULL;
		}
		page_set_name(page, PAGE_TYPE_ZSMALLOC);
		count_page(page, 1);
		zspage->pages[i] = page;
	}
	zspage->class = class;
	zspage->inuse = zspage->fresh = 0;
	zspage->free = ZS_NONE;
	zspage->isolated = 0;
	spin_lock(&movable_lock);
	for (unsigned int i = 0; i < class->nr_pages; i++)
		link_page(zspage->pages[i], zspage);
	spin_unlock(&movable_lock);
	atomic_long_add(class->nr_pages, &pool->nr_pages);
	return zspage;
}

/* Of a zspage that holds something. */
static enum fullness fullness_of(const struct zspage *zspage)
{
	unsigned int all = zspage->class->nr_objects;

	if (zspage->inuse == all)
		return ZS_FULL;
	return zspage->inuse <= 3 * all / 4 ? ZS_SPARSE : ZS_DENSE;
}

/* => class->lock held, in both */
static void list_zspage(struct zspage *zspage)
{
	struct size_class *class = zspage->class;

	zspage->fullness = fullness_of(zspage);
	list_add(&zspage->list, &class->lists[zspage->fullness]);
	class->nr_zspages[zspage->fullness]++;
}

static void unlist_zspage(struct zspage *zspage)
{
	list_del(&zspage->list);
	zspage->class->nr_zspages[zspage->fullness]--;
}

/* Its number of objects has changed: to the list where it belongs. False: it is empty, in no list, and to be freed. */
static bool relist_zspage(struct zspage *zspage)
{
	if (zspage->inuse && fullness_of(zspage) == zspage->fullness)
		return true;
	unlist_zspage(zspage);
	if (!zspage->inuse)
		return zspage->isolated;
	list_zspage(zspage);
	return true;
}

/* The zspage that is to take the next object: the fullest that have room go first, so that others empty. */
static struct zspage *zspage_with_room(struct size_class *class, const struct zspage *not_this)
{
	struct zspage *zspage;

	for (int f = ZS_DENSE; f >= ZS_SPARSE; f--)
		list_for_each_entry (zspage, &class->lists[f], list)
			if (zspage != not_this)
				return zspage;
	return NULL;
}

/* ---- objects ---- */

/* A free object of @zspage, for @handle. => class->lock held, there is one */
static unsigned int take_object(struct zspage *zspage, unsigned long handle)
{
	unsigned int index = zspage->free;
	unsigned long *head;

	if (index == ZS_NONE)
		index = zspage->fresh++;
	head = object_head(zspage, index);
	if (zspage->free == index)
		zspage->free = *head >> 1;
	*head = handle | ZS_USED;
	zspage->inuse++;
	return index;
}

static void give_object(struct zspage *zspage, unsigned int index)
{
	unsigned long *head = object_head(zspage, index);

	VM_BUG_ON(!(*head & ZS_USED));
	*head = (unsigned long)zspage->free << 1;
	zspage->free = index;
	zspage->inuse--;
}

static void copy_from_zspage(void *to, const struct zspage *zspage, unsigned int at, size_t len)
{
	while (len) {
		size_t part = min_t(size_t, len, PAGE_SIZE - offset_in_page(at));

		memcpy(to, zspage_byte(zspage, at), part);
		to += part, at += part, len -= part;
	}
}

static void copy_to_zspage(struct zspage *zspage, unsigned int at, const void *from, size_t len)
{
	while (len) {
		size_t part = min_t(size_t, len, PAGE_SIZE - offset_in_page(at));

		memcpy(zspage_byte(zspage, at), from, part);
		from += part, at += part, len -= part;
	}
}

static struct size_class *class_of_size(struct zs_pool *pool, size_t size)
{
	size = clamp_t(size_t, size + ZS_HEAD_BYTES, ZS_MIN_SIZE, PAGE_SIZE);
	return pool->classes[DIV_ROUND_UP(size - ZS_MIN_SIZE, ZS_SIZE_STEP)];
}

unsigned long zs_malloc(struct zs_pool *pool, size_t size, gfp_t gfp)
{
	struct size_class *class;
	struct zspage *zspage;
	unsigned long *handle;

	if (!size || size > PAGE_SIZE)
		return (unsigned long)-EINVAL;
	handle = kmem_cache_alloc(handle_cache, gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE));
	if (!handle)
		return (unsigned long)-ENOMEM;
	class = class_of_size(pool, size);
	spin_lock(&class->lock);
	zspage = zspage_with_room(class, NULL);
	if (zspage) {
		*handle = make_place(zspage, take_object(zspage, (unsigned long)handle));
		relist_zspage(zspage);
	} else {
		spin_unlock(&class->lock);
		zspage = alloc_zspage(pool, class, gfp);
		if (!zspage) {
			kmem_cache_free(handle_cache, handle);
			return (unsigned long)-ENOMEM;
		}
		spin_lock(&class->lock);
		*handle = make_place(zspage, take_object(zspage, (unsigned long)handle));
		list_zspage(zspage);
	}
	class->used++;
	spin_unlock(&class->lock);
	return (unsigned long)handle;
}

void zs_free(struct zs_pool *pool, unsigned long handle)
{
	struct zspage *zspage;
	struct size_class *class;
	unsigned long word;
	bool empty;

	if (!handle || IS_ERR_VALUE(handle))
		return;
	word = pin_handle(handle);
	zspage = handle_to_zspage(word);
	class = zspage->class;
	spin_lock(&class->lock);
	give_object(zspage, handle_to_index(word));
	class->used--;
	empty = !relist_zspage(zspage);
	spin_unlock(&class->lock);
	unpin_handle(handle);
	if (empty)
		free_zspage(pool, zspage);
	kmem_cache_free(handle_cache, (void *)handle);
}

const void *zs_obj_read_begin(struct zs_pool *pool, unsigned long handle, size_t len, void *local)
{
	unsigned long word = pin_handle(handle);
	struct zspage *zspage = handle_to_zspage(word);
	unsigned int at = object_begin(zspage->class, handle_to_index(word));

	__acquire(handle);
	if (offset_in_page(at) + len <= PAGE_SIZE)
		return zspage_byte(zspage, at);
	copy_from_zspage(local, zspage, at, len);
	return local;
}

void zs_obj_read_end(struct zs_pool *pool, unsigned long handle)
{
	unpin_handle(handle);
	__release(handle);
}

void zs_obj_write(struct zs_pool *pool, unsigned long handle, const void *mem, size_t len)
{
	unsigned long word = pin_handle(handle);
	struct zspage *zspage = handle_to_zspage(word);

	copy_to_zspage(zspage, object_begin(zspage->class, handle_to_index(word)), mem, len);
	unpin_handle(handle);
}

/* ---- compaction ---- */

/* Move one object, if nobody uses it now. => class->lock held, @dst has room */
static bool move_object(struct zspage *src, unsigned int index, struct zspage *dst)
{
	struct size_class *class = src->class;
	unsigned long handle = *object_head(src, index) & ~ZS_USED;
	unsigned int taken, to, from = index * class->size + ZS_HEAD_BYTES;

	if (!bit_spin_trylock(ZS_PIN, (unsigned long *)handle))
		return false;
	taken = take_object(dst, handle);
	to = taken * class->size + ZS_HEAD_BYTES;
	for (unsigned int left = class->size - ZS_HEAD_BYTES, part; left;
	     left -= part, from += part, to += part) {
		part = min_t(unsigned int, left, PAGE_SIZE - offset_in_page(from));
		copy_to_zspage(dst, to, zspage_byte(src, from), part);
	}
	give_object(src, index);
	WRITE_ONCE(*(unsigned long *)handle, make_place(dst, taken) | BIT(ZS_PIN));
	unpin_handle(handle);
	return true;
}

/* Empty @src into others. True when it is empty, in no list, and to be freed. => class->lock held */
static bool empty_zspage(struct zspage *src)
{
	struct size_class *class = src->class;

	for (unsigned int index = 0; index < src->fresh && src->inuse; index++) {
		struct zspage *dst;

		if (!(*object_head(src, index) & ZS_USED))
			continue;
		dst = zspage_with_room(class, src);
		if (!dst || !move_object(src, index, dst))
			break;
		relist_zspage(dst);
	}
	return !relist_zspage(src);
}

/* Pages that would come free if all objects of the class lay as closely as they can. => class->lock held */
static unsigned long class_spare_pages(const struct size_class *class)
{
	unsigned long all = 0;

	for (int f = 0; f < NR_FULLNESS; f++)
		all += class->nr_zspages[f];
	return (all * class->nr_objects - class->used) / class->nr_objects * class->nr_pages;
}

static unsigned long compact_class(struct zs_pool *pool, struct size_class *class)
{
	unsigned long freed = 0;
	bool emptied = true;

	while (emptied) {
		struct zspage *src = NULL;

		emptied = false;
		spin_lock(&class->lock);
		if (class_spare_pages(class) && !list_empty(&class->lists[ZS_SPARSE])) {
			src = list_last_entry(&class->lists[ZS_SPARSE], struct zspage, list);
			emptied = empty_zspage(src);
		}
		spin_unlock(&class->lock);
		if (emptied) {
			free_zspage(pool, src);
			freed += class->nr_pages;
		}
	}
	return freed;
}

/* Does size @i begin a class of its own, that is, do the sizes below not share it? */
static bool class_begins(const struct zs_pool *pool, unsigned int i)
{
	return !i || pool->classes[i] != pool->classes[i - 1];
}

unsigned long zs_compact(struct zs_pool *pool)
{
	unsigned long freed = 0;

	for (unsigned int i = 0; i < ZS_NR_SIZES; i++)
		if (class_begins(pool, i) && !class_is_whole(pool->classes[i]))
			freed += compact_class(pool, pool->classes[i]);
	atomic_long_add(freed, &pool->pages_compacted);
	return freed;
}

static unsigned long zs_shrinker_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct zs_pool *pool = container_of(shrinker, struct zs_pool, shrinker);
	unsigned long spare = 0;

	for (unsigned int i = 0; i < ZS_NR_SIZES; i++) {
		struct size_class *class = pool->classes[i];

		if (!class_begins(pool, i))
			continue;
		spin_lock(&class->lock);
		spare += class_spare_pages(class);
		spin_unlock(&class->lock);
	}
	return spare;
}

static unsigned long zs_shrinker_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	return zs_compact(container_of(shrinker, struct zs_pool, shrinker)) ?: SHRINK_STOP;
}

/* ---- migration of pages ---- */

/* All objects of @zspage from number @end on downwards are unpinned, and are where it says now. => class->lock held */
static void unpin_objects(struct zspage *zspage, unsigned int end)
{
	while (end--) {
		unsigned long head = *object_head(zspage, end), *handle;

		if (!(head & ZS_USED))
			continue;
		handle = (unsigned long *)(head & ~ZS_USED);
		WRITE_ONCE(*handle, make_place(zspage, end) | BIT(ZS_PIN));
		clear_bit_unlock(ZS_PIN, handle);
	}
}

/* Pin all objects of @zspage, or none. => class->lock held, so that the many bits need not count in preempt_count */
static bool pin_objects(struct zspage *zspage)
{
	for (unsigned int i = 0; i < zspage->fresh; i++) {
		unsigned long head = *object_head(zspage, i);

		if (!(head & ZS_USED) ||
		    !test_and_set_bit_lock(ZS_PIN, (unsigned long *)(head & ~ZS_USED)))
			continue;
		unpin_objects(zspage, i);
		return false;
	}
	return true;
}

/* @dst becomes what @src is. => movable_lock held, all objects pinned */
static void replace_page(struct zspage *zspage, struct page *dst, struct page *src)
{
	unsigned int i = 0;

	while (zspage->pages[i] != src)
		i++;
	memcpy(page_address(dst), page_address(src), PAGE_SIZE);
	zspage->pages[i] = dst;
	unlink_page(src);
	page_clear_name(src);
	count_page(src, -1);
	page_set_name(dst, PAGE_TYPE_ZSMALLOC);
	count_page(dst, 1);
	link_page(dst, zspage);
}

/* A page of @zspage has moved, or will not. */
static void end_isolation(struct zspage *zspage)
{
	struct size_class *class = zspage->class;
	struct zs_pool *pool = class->pool;
	bool empty;

	spin_lock(&class->lock);
	empty = !--zspage->isolated && !zspage->inuse;
	spin_unlock(&class->lock);
	if (empty)
		free_zspage(pool, zspage);
	/* Last: the pool may go then. */
	atomic_long_dec(&pool->nr_isolated);
}

static bool zs_isolate_page(struct page *page)
{
	bool used = false;

	spin_lock(&movable_lock);
	if (__PageMovable(page)) {
		struct zspage *zspage = (struct zspage *)page->index;
		struct size_class *class = zspage->class;

		spin_lock(&class->lock);
		used = zspage->inuse; /* an empty one is about to be freed */
		if (used) {
			zspage->isolated++;
			atomic_long_inc(&class->pool->nr_isolated);
		}
		spin_unlock(&class->lock);
	}
	spin_unlock(&movable_lock);
	return used;
}

static int zs_migrate_page(struct page *dst, struct page *src)
{
	struct zspage *zspage = (struct zspage *)src->index;
	struct size_class *class = zspage->class;
	bool pinned;

	spin_lock(&movable_lock);
	spin_lock(&class->lock);
	pinned = pin_objects(zspage);
	if (pinned) {
		replace_page(zspage, dst, src);
		unpin_objects(zspage, zspage->fresh);
	}
	spin_unlock(&class->lock);
	spin_unlock(&movable_lock);
	if (!pinned)
		return -EAGAIN;
	put_page(src);
	end_isolation(zspage);
	return 0;
}

static void zs_putback_page(struct page *page)
{
	end_isolation((struct zspage *)page->index);
}

static const struct movable_operations zs_movable_ops = {
	.isolate_page = zs_isolate_page,
	.migrate_page = zs_migrate_page,
	.putback_page = zs_putback_page,
};

/* ---- pools ---- */

/* The number of pages, for objects of @size, of which the smallest share is wasted at the end. */
static unsigned int best_nr_pages(unsigned int size)
{
	unsigned int best = 1, best_use = 0;

	for (unsigned int n = 1; n <= ZS_MAX_PAGES; n++) {
		unsigned int bytes = n * PAGE_SIZE, use = (bytes - bytes % size) * 100 / bytes;

		if (use > best_use) {
			best_use = use;
			best = n;
		}
	}
	return best;
}

static struct size_class *create_class(struct zs_pool *pool, unsigned int size,
				       unsigned int nr_pages)
{
	struct size_class *class = kzalloc(sizeof(*class), GFP_KERNEL);

	if (!class)
		return NULL;
	spin_lock_init(&class->lock, LOCK_ZS_CLASS);
	class->pool = pool;
	class->size = size;
	class->nr_pages = nr_pages;
	class->nr_objects = nr_pages * PAGE_SIZE / size;
	for (int f = 0; f < NR_FULLNESS; f++)
		INIT_LIST_HEAD(&class->lists[f]);
	return class;
}

static void free_pool(struct zs_pool *pool)
{
	for (unsigned int i = 0; i < ZS_NR_SIZES; i++)
		if (class_begins(pool, i))
			kfree(pool->classes[i]);
	kfree(pool->name);
	kfree(pool);
}

/* From the largest size down: a size that packs as the class above does is the same class. */
static bool create_classes(struct zs_pool *pool)
{
	struct size_class *above = NULL;

	for (int i = ZS_NR_SIZES - 1; i >= 0; i--) {
		unsigned int size = ZS_MIN_SIZE + i * ZS_SIZE_STEP, nr_pages = best_nr_pages(size);

		if (!above || above->nr_pages != nr_pages ||
		    above->nr_objects != nr_pages * PAGE_SIZE / size) {
			if (above && class_is_whole(above))
				pool->huge_size = size - ZS_HEAD_BYTES + 1;
			above = create_class(pool, size, nr_pages);
			if (!above)
				return false;
		}
		pool->classes[i] = above;
	}
	return true;
}

/* Made for the first pool, for good. */
static bool create_caches(void)
{
	bool made;

	mutex_lock(&cache_mutex);
	if (!handle_cache)
		handle_cache = kmem_cache_create("zs_handle", ZS_HEAD_BYTES, 0, 0, NULL);
	if (!zspage_cache)
		zspage_cache = kmem_cache_create(
			"zspage", sizeof(struct zspage) + ZS_MAX_PAGES * sizeof(struct page *), 0,
			0, NULL);
	made = handle_cache && zspage_cache;
	mutex_unlock(&cache_mutex);
	return made;
}

struct zs_pool *zs_create_pool(const char *name)
{
	struct zs_pool *pool = create_caches() ? kzalloc(sizeof(*pool), GFP_KERNEL) : NULL;

	if (!pool)
		return NULL;
	pool->name = kstrdup(name, GFP_KERNEL);
	pool->shrinker = (struct shrinker){ .count_objects = zs_shrinker_count,
					    .scan_objects = zs_shrinker_scan,
					    .seeks = DEFAULT_SEEKS };
	if (!pool->name || !create_classes(pool) ||
	    register_shrinker(&pool->shrinker, "mm-zspool:%s", name)) {
		free_pool(pool);
		return NULL;
	}
	return pool;
}

void zs_destroy_pool(struct zs_pool *pool)
{
	unregister_shrinker(&pool->shrinker);
	while (atomic_long_read(&pool->nr_isolated))
		schedule_timeout_uninterruptible(1);
	WARN_ON(zs_get_total_pages(pool));
	free_pool(pool);
}

size_t zs_huge_class_size(struct zs_pool *pool)
{
	return pool->huge_size;
}

unsigned long zs_get_total_pages(struct zs_pool *pool)
{
	return atomic_long_read(&pool->nr_pages);
}

void zs_pool_stats(struct zs_pool *pool, struct zs_pool_stats *stats)
{
	stats->pages_compacted = atomic_long_read(&pool->pages_compacted);
}

/* ---- looking ---- */

void zs_print_classes(struct seq_file *m, struct zs_pool *pool)
{
	unsigned long objects = 0, all_used = 0, pages = 0, all_spare = 0;

	seq_printf(m, " %5s %5s %11s %12s %13s %10s %10s %16s %8s\n", "class", "size",
		   "almost_full", "almost_empty", "obj_allocated", "obj_used", "pages_used",
		   "pages_per_zspage", "freeable");
	for (unsigned int i = 0; i < ZS_NR_SIZES; i++) {
		struct size_class *class = pool->classes[i];
		unsigned long dense, sparse, zspages, used, spare;

		if (i + 1 < ZS_NR_SIZES && class == pool->classes[i + 1])
			continue;
		spin_lock(&class->lock);
		dense = class->nr_zspages[ZS_DENSE];
		sparse = class->nr_zspages[ZS_SPARSE];
		zspages = dense + sparse + class->nr_zspages[ZS_FULL];
		used = class->used;
		spare = class_spare_pages(class);
		spin_unlock(&class->lock);
		seq_printf(m, " %5u %5u %11lu %12lu %13lu %10lu %10lu %16u %8lu\n", i, class->size,
			   dense, sparse, zspages * class->nr_objects, used,
			   zspages * class->nr_pages, class->nr_pages, spare);
		objects += zspages * class->nr_objects;
		all_used += used;
		pages += zspages * class->nr_pages;
		all_spare += spare;
	}
	seq_printf(m, "\n %5s %5s %11s %12s %13lu %10lu %10lu %16s %8lu\n", "Total", "", "", "",
		   objects, all_used, pages, "", all_spare);
}

/* ---- checking ---- */

static void check_zspage(struct zspage *zspage, enum fullness f)
{
	struct size_class *class = zspage->class;
	unsigned int used = 0, free = 0;

	BUG_ON(zspage->fullness != f || fullness_of(zspage) != f ||
	       zspage->fresh > class->nr_objects);
	for (unsigned int i = 0; i < zspage->fresh; i++) {
		unsigned long head = *object_head(zspage, i);

		if (!(head & ZS_USED))
			continue;
		BUG_ON(*(unsigned long *)(head & ~ZS_USED) != make_place(zspage, i));
		used++;
	}
	for (unsigned int i = zspage->free; i != ZS_NONE; i = *object_head(zspage, i) >> 1)
		free++;
	BUG_ON(used != zspage->inuse || used + free != zspage->fresh);
}

void zs_check_pool(struct zs_pool *pool)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < ZS_NR_SIZES; i++) {
		struct size_class *class = pool->classes[i];
		unsigned long used = 0;

		if (!class_begins(pool, i))
			continue;
		for (int f = 0; f < NR_FULLNESS; f++) {
			struct zspage *zspage;
			unsigned long n = 0;

			list_for_each_entry (zspage, &class->lists[f], list) {
				check_zspage(zspage, f);
				used += zspage->inuse;
				n++;
			}
			BUG_ON(n != class->nr_zspages[f]);
			pages += n * class->nr_pages;
		}
		BUG_ON(used != class->used);
	}
	BUG_ON(pages != zs_get_total_pages(pool));
}
