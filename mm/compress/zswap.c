// SPDX-License-Identifier: MIT
/*
 * zswap: pages that are swapped out are compressed and kept in memory, and go to the swap device when they are too many.
 *
 * 1 What is kept, by slot:
 *
 *	trees[type] --- offset ---> zswap_entry	length 0	one word over and over: value, no other memory
 *					|	else		handle of an object of the pool
 *					+--- lru: oldest first, of those that have an object
 *
 * 2 Store (from reclaim, through frontswap): a page of one word, or one that gets smaller, while there is room. Everything else is
 *   rejected and goes to the device: an incompressible page, no memory, a full pool.
 *   Each is charged to the group whose slot it is, with its compressed bytes (mm/memcg/zswap.c); a group at its memory.zswap.max is rejected.
 *   Room: the pool may take max_pool_percent of all memory. Once it did, nothing is accepted before it has shrunk to
 *   accept_threshold_percent of that, so that it does not change its mind with each page.
 *
 * 3 Write-back: a pool that is full has a work write its oldest pages to the device, each through the swap cache (frontswap_write_back()),
 *   until it accepts again. Objects that go leave holes: the pool is compacted now and then, or it would not shrink.
 *   A page that is in memory, too, is passed over; after MAX_RECLAIM_RETRIES failures the work gives up until the pool is asked again.
 *
 * 4 Invariants: stored_pages = entries of all trees; an entry has an object and is in lru, or is same-filled. (A swap device that is off
 *   has no entry: swapoff frees each slot.)
 *
 * 5 Locks: the locked folio of the slot, or its freeing, is the lock of its entry (mm/swap/frontswap.c). lru_lock for the list, under which
 *   the work reads which slot is the oldest: an entry leaves the list before it is freed.
 *
 * 6 Failure: any allocation of a store may fail, then the page goes to the device. One that cannot be decompressed is an error of reading
 *   (SIGBUS), as of a device. Without memory for pool and workspaces it cannot be enabled.
 *
 * 7 Cost: nothing until it is enabled; then 12 KiB, 25 KiB for each CPU, and 48 bytes, an object and 9 bytes of tree for a page.
 *
 * 8 Linux 6.1: mm/zswap.c. There the pool (zbud by default) keeps the LRU, the work writes one page back each time it is asked, also by
 *   a group at its limit, and zsmalloc cannot be shrunk; here there are one kind of pool and one algorithm.
 *
 * 9 Observe: /sys/module/zswap/parameters, debugfs zswap/, Zswap and Zswapped of /proc/meminfo, zswpin, zswpout of /proc/vmstat.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <mm/folio.h>
#include <mm/frontswap.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/xarray.h>
#include <mm/zcomp.h>
#include <mm/zone.h>
#include <mm/zpage.h>
#include <mm/zsmalloc.h>
#include <mm/zswap.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include <sync/workqueue.h>

#define STORE_GFP     (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define COMPACT_EVERY 32 /* pages written back */

struct zswap_entry {
	struct list_head lru; /* lru_lock */
	swp_entry_t slot;
	unsigned int length; /* bytes of the object; 0: one word over and over */
	union {
		unsigned long handle;
		unsigned long value;
	};
};

bool zswap_enabled;
bool zswap_same_filled_pages_enabled = true, zswap_non_same_filled_pages_enabled = true;
unsigned int zswap_max_pool_percent = 20, zswap_accept_threshold_percent = 90;
atomic_long_t zswap_stats[NR_ZSWAP_STATS];

/* enable_mutex; constant from the first enabling on. */
static struct zs_pool *pool;
static struct zcomp *comp;
static struct kmem_cache *entry_cache;
static DEFINE_MUTEX(enable_mutex, LOCK_ZSWAP_ENABLE);

static struct xarray trees[MAX_SWAPFILES];
static LIST_HEAD(lru);
static DEFINE_SPINLOCK(lru_lock, LOCK_ZSWAP_LRU);
static bool pool_was_full; /* nothing is accepted before the pool is below the threshold */

static void write_back_work(struct work_struct *work);
static DECLARE_WORK(shrink_work, write_back_work);

static void count(enum zswap_stat item)
{
	atomic_long_inc(&zswap_stats[item]);
}

/* ---- room ---- */

unsigned long zswap_pool_pages(void)
{
	const struct zs_pool *p = READ_ONCE(pool);

	return p ? zs_get_total_pages(pool) : 0;
}

static unsigned long max_pool_pages(void)
{
	return totalram_pages() * READ_ONCE(zswap_max_pool_percent) / 100;
}

static bool is_below_threshold(void)
{
	return zswap_pool_pages() <=
	       max_pool_pages() * READ_ONCE(zswap_accept_threshold_percent) / 100;
}

static bool zswap_accepts(void)
{
	return READ_ONCE(zswap_enabled) && !READ_ONCE(pool_was_full);
}

/* For one page more. False: somebody makes room. */
static bool has_room(void)
{
	if (zswap_pool_pages() > max_pool_pages()) {
		count(ZSWAP_LIMIT_HIT);
		WRITE_ONCE(pool_was_full, true);
	} else if (READ_ONCE(pool_was_full) && is_below_threshold()) {
		WRITE_ONCE(pool_was_full, false);
	}
	if (!READ_ONCE(pool_was_full))
		return true;
	schedule_work(&shrink_work);
	return false;
}

/* ---- entries. => the caller is the only one for the slot ---- */

static struct zswap_entry *find_entry(swp_entry_t slot)
{
	return xa_load(&trees[swp_type(slot)], swp_offset(slot));
}

static bool drop_entry(swp_entry_t slot)
{
	struct zswap_entry *entry = find_entry(slot);

	if (!entry)
		return false;
	xa_erase(&trees[swp_type(slot)], swp_offset(slot));
	swap_owner_charge_zswap(slot, -(long)entry->length, -1);
	if (entry->length) {
		spin_lock(&lru_lock);
		list_del(&entry->lru);
		spin_unlock(&lru_lock);
		zs_free(pool, entry->handle);
	} else {
		atomic_long_dec(&zswap_stats[ZSWAP_SAME_FILLED]);
	}
	atomic_long_dec(&zswap_stats[ZSWAP_STORED]);
	kmem_cache_free(entry_cache, entry);
	return true;
}

/* The page at @mem into @entry: 0, or an errno. */
static int keep_contents(struct zswap_entry *entry, const void *mem)
{
	if (READ_ONCE(zswap_same_filled_pages_enabled) && page_same_filled(mem, &entry->value)) {
		entry->length = 0;
		return 0;
	}
	if (!READ_ONCE(zswap_non_same_filled_pages_enabled))
		return -EINVAL;
	entry->handle = zpage_store(pool, comp, mem, &entry->length);
	if (!IS_ERR_VALUE(entry->handle))
		return 0;
	count((long)entry->handle == -ENOSPC ? ZSWAP_COMPRESS_POOR : ZSWAP_ALLOC_FAIL);
	return (int)(long)entry->handle;
}

/* @entry, with its contents, where it is found. */
static int publish(struct zswap_entry *entry, swp_entry_t slot)
{
	int err;

	entry->slot = slot;
	err = xa_insert(&trees[swp_type(slot)], swp_offset(slot), entry, STORE_GFP);
	if (err) {
		count(ZSWAP_KMEMCACHE_FAIL);
		if (entry->length)
			zs_free(pool, entry->handle);
		return err;
	}
	swap_owner_charge_zswap(slot, entry->length, 1);
	if (entry->length) {
		spin_lock(&lru_lock);
		list_add_tail(&entry->lru, &lru);
		spin_unlock(&lru_lock);
	} else {
		count(ZSWAP_SAME_FILLED);
	}
	count(ZSWAP_STORED);
	return 0;
}

/* ---- for frontswap ---- */

static int zswap_store(swp_entry_t slot, struct folio *folio)
{
	struct zswap_entry *entry;
	int err;

	if (drop_entry(slot))
		count(ZSWAP_DUPLICATE);
	if (!READ_ONCE(zswap_enabled))
		return -ENODEV;
	if (!swap_owner_may_zswap(slot) || !has_room())
		return -ENOMEM;
	entry = kmem_cache_alloc(entry_cache, STORE_GFP);
	if (!entry) {
		count(ZSWAP_KMEMCACHE_FAIL);
		return -ENOMEM;
	}
	err = keep_contents(entry, folio_address(folio));
	if (!err)
		err = publish(entry, slot);
	if (err)
		kmem_cache_free(entry_cache, entry);
	return err;
}

static int zswap_load(swp_entry_t slot, struct folio *folio)
{
	const struct zswap_entry *entry = find_entry(slot);

	if (!entry)
		return -ENOENT;
	if (!entry->length)
		fill_page_with(folio_address(folio), entry->value);
	else if (zpage_load(pool, comp, entry->handle, entry->length, folio_address(folio)))
		return -EIO;
	return 0;
}

static const struct frontswap_ops zswap_frontswap_ops = {
	.accepts = zswap_accepts,
	.store = zswap_store,
	.load = zswap_load,
	.invalidate_page = drop_entry,
};

/* ---- writing back ---- */

/* The slot of the oldest object, which becomes the youngest. False: there is none. */
static bool take_oldest(swp_entry_t *slot)
{
	struct zswap_entry *entry = NULL;

	spin_lock(&lru_lock);
	if (!list_empty(&lru)) {
		entry = list_first_entry(&lru, struct zswap_entry, lru);
		*slot = entry->slot;
		list_move_tail(&entry->lru, &lru);
	}
	spin_unlock(&lru_lock);
	return entry;
}

static void write_back_work(struct work_struct *work)
{
	unsigned int failures = 0, written = 0;
	swp_entry_t slot;

	while (!is_below_threshold() && failures < MAX_RECLAIM_RETRIES && take_oldest(&slot)) {
		if (!frontswap_write_back(slot)) {
			count(ZSWAP_WRITTEN_BACK);
			if (++written % COMPACT_EVERY == 0)
				zs_compact(pool);
		} else {
			count(ZSWAP_RECLAIM_FAIL);
			failures++;
		}
		cond_resched();
	}
	zs_compact(pool);
	if (is_below_threshold())
		WRITE_ONCE(pool_was_full, false);
}

/* ---- on and off ---- */

/* => enable_mutex held */
static int set_up(void)
{
	struct zcomp *new_comp = zcomp_create("lz4");
	struct zs_pool *new_pool = zs_create_pool("zswap");

	if (!entry_cache)
		entry_cache =
			kmem_cache_create("zswap_entry", sizeof(struct zswap_entry), 0, 0, NULL);
	if (IS_ERR(new_comp) || !new_pool || !entry_cache) {
		if (!IS_ERR(new_comp))
			zcomp_destroy(new_comp);
		if (new_pool)
			zs_destroy_pool(new_pool);
		return -ENOMEM;
	}
	for (int i = 0; i < MAX_SWAPFILES; i++)
		xa_init(&trees[i]);
	comp = new_comp;
	WRITE_ONCE(pool, new_pool);
	frontswap_register(&zswap_frontswap_ops);
	return 0;
}

int zswap_enable(bool on)
{
	int err = 0;

	mutex_lock(&enable_mutex);
	if (on && !pool)
		err = set_up();
	if (!err)
		WRITE_ONCE(zswap_enabled, on);
	mutex_unlock(&enable_mutex);
	return err;
}
