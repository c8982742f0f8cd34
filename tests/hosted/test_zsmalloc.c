// SPDX-License-Identifier: MIT
/* zsmalloc and the compression over it in a process, against a model; several CPUs with movers of objects and of pages. rooms: mm mode: tsan */
#include <base/bug.h>
#include <base/math.h>
#include <base/string.h>
#include <host/test.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/migrate.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zcomp.h>
#include <mm/zone.h>
#include <mm/zsmalloc.h>
#include <seam/page.h>

#define NR_OBJECTS 2000

struct object {
	unsigned long handle;
	unsigned int size;
	u8 seed;
};

static u8 local[PAGE_SIZE], image[PAGE_SIZE];

static void fill(u8 *mem, unsigned int size, u8 seed)
{
	for (unsigned int i = 0; i < size; i++)
		mem[i] = (u8)(seed + i * 7);
}

static void make(struct zs_pool *pool, struct object *o, unsigned int size)
{
	o->size = size;
	o->seed = (u8)host_random();
	o->handle = zs_malloc(pool, size, GFP_KERNEL);
	CHECK(o->handle && !IS_ERR_VALUE(o->handle));
	fill(image, size, o->seed);
	zs_obj_write(pool, o->handle, image, size);
}

static void look(struct zs_pool *pool, const struct object *o)
{
	const void *mem;

	fill(image, o->size, o->seed);
	mem = zs_obj_read_begin(pool, o->handle, o->size, local);
	CHECK(!memcmp(mem, image, o->size));
	zs_obj_read_end(pool, o->handle);
}

static void drop(struct zs_pool *pool, struct object *o)
{
	zs_free(pool, o->handle);
	o->handle = 0;
}

/* Every page of every pool to another frame. How many did. */
static unsigned long migrate_pages(void)
{
	unsigned long moved = 0;

	for (unsigned long pfn = min_low_pfn; pfn < max_pfn; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || !get_page_unless_zero(page))
			continue;
		if (data_race(__PageMovable(page))) /* of others it is any word */
			moved += !migrate_movable_page(page);
		put_page(page);
	}
	return moved;
}

TEST(every_size)
{
	struct zs_pool *pool = zs_create_pool("sizes");
	static struct object o[PAGE_SIZE + 1];
	unsigned long bytes = 0;

	CHECK_EQ(zs_malloc(pool, 0, GFP_KERNEL), -EINVAL);
	CHECK_EQ(zs_malloc(pool, PAGE_SIZE + 1, GFP_KERNEL), -EINVAL);
	for (unsigned int size = 1; size <= PAGE_SIZE; size++, bytes += size)
		make(pool, &o[size], size);
	for (unsigned int size = 1; size <= PAGE_SIZE; size++)
		look(pool, &o[size]);
	zs_check_pool(pool);
	CHECK_EQ(zs_get_total_pages(pool), global_zone_page_state(NR_ZSPAGES));
	/* A fifth of them are too large to share pages; still no more than a quarter is lost in all. */
	CHECK(zs_get_total_pages(pool) * PAGE_SIZE < bytes / 4 * 5);
	/* Frames beyond the hand may be those of pages that have moved. */
	CHECK(migrate_pages() >= zs_get_total_pages(pool));
	for (unsigned int size = 1; size <= PAGE_SIZE; size++)
		look(pool, &o[size]);
	zs_check_pool(pool);
	CHECK_EQ(zs_get_total_pages(pool), global_zone_page_state(NR_ZSPAGES));
	CHECK_EQ(ledger_check(), 0);
	for (unsigned int size = 1; size <= PAGE_SIZE; size++)
		drop(pool, &o[size]);
	CHECK_EQ(zs_get_total_pages(pool), 0);
	CHECK_EQ(ledger_check(), 0);
	zs_destroy_pool(pool);
}

/* Objects of 2 to 3 KiB: the slab takes 4 KiB for each. */
TEST(denser_than_slab)
{
	struct zs_pool *pool = zs_create_pool("dense");
	static struct object o[NR_OBJECTS];
	unsigned long slab = 0;

	for (int i = 0; i < NR_OBJECTS; i++) {
		make(pool, &o[i], 2049 + host_random_below(1024));
		slab += kmalloc_size_roundup(o[i].size);
	}
	host_note("%lu pages, slab classes %lu", zs_get_total_pages(pool), slab / PAGE_SIZE);
	CHECK(zs_get_total_pages(pool) * 4 < slab / PAGE_SIZE * 3);
	for (int i = 0; i < NR_OBJECTS; i++)
		drop(pool, &o[i]);
	zs_destroy_pool(pool);
}

TEST(random_and_compact)
{
	struct zs_pool *pool = zs_create_pool("random");
	static struct object o[NR_OBJECTS];
	struct zs_pool_stats stats;
	unsigned long before, freed;

	for (int step = 0; step < 20 * NR_OBJECTS; step++) {
		struct object *one = &o[host_random_below(NR_OBJECTS)];

		if (!one->handle)
			make(pool, one, 1 + host_random_below(host_random_below(2) ? 200 : 3200));
		else if (host_random_below(3))
			look(pool, one);
		else
			drop(pool, one);
		if (step % 5000 == 0) {
			zs_compact(pool);
			zs_check_pool(pool);
		}
	}
	/* Nine of ten go: what is left lies scattered, until it is compacted. */
	for (int i = 0; i < NR_OBJECTS; i++)
		if (o[i].handle && i % 10)
			drop(pool, &o[i]);
	before = zs_get_total_pages(pool);
	freed = zs_compact(pool);
	zs_check_pool(pool);
	CHECK(freed > before / 4);
	CHECK_EQ(zs_get_total_pages(pool), before - freed);
	CHECK_EQ(zs_compact(pool), 0);
	zs_pool_stats(pool, &stats);
	CHECK(stats.pages_compacted >= freed);
	for (int i = 0; i < NR_OBJECTS; i++)
		if (o[i].handle) {
			look(pool, &o[i]);
			drop(pool, &o[i]);
		}
	CHECK_EQ(zs_get_total_pages(pool), 0);
	zs_destroy_pool(pool);
}

/* A page that is to move while an object of it is read stays; a zspage that becomes empty meanwhile goes afterwards. */
TEST(a_page_in_use_stays)
{
	struct zs_pool *pool = zs_create_pool("busy");
	struct page *page, *elsewhere = alloc_page(GFP_KERNEL);
	const struct movable_operations *ops;
	struct object o[2];

	make(pool, &o[0], 1500);
	make(pool, &o[1], 1500);
	for (unsigned long pfn = min_low_pfn;; pfn++) {
		page = pfn_to_online_page(pfn);
		if (page && __PageMovable(page))
			break;
	}
	get_page(page);
	ops = page_movable_ops(page);
	CHECK(ops->isolate_page(page));
	zs_obj_read_begin(pool, o[1].handle, o[1].size, local);
	CHECK_EQ(ops->migrate_page(elsewhere, page), -EAGAIN);
	zs_obj_read_end(pool, o[1].handle);
	__free_page(elsewhere);
	look(pool, &o[0]);
	zs_check_pool(pool);

	drop(pool, &o[0]);
	drop(pool, &o[1]);
	CHECK(!ops->isolate_page(page));
	CHECK(zs_get_total_pages(pool));
	ops->putback_page(page);
	CHECK_EQ(zs_get_total_pages(pool), 0);
	CHECK_EQ(migrate_movable_page(page), -EBUSY);
	put_page(page);
	zs_destroy_pool(pool);
}

/* ---- several CPUs: each has objects of its own in shared zspages; one moves them all the time, one their pages ---- */

#define NR_WORKERS 3
static struct zs_pool *shared;
static int workers_left;

static void worker(void *arg)
{
	static struct object all[NR_WORKERS][64];
	static u8 mine[NR_WORKERS][PAGE_SIZE];
	unsigned long self = (unsigned long)arg;
	u64 state = self * 2654435761u + 12345;

	for (int step = 0; step < 4000; step++) {
		struct object *o;

		state = state * 6364136223846793005u + 1442695040888963407u;
		o = &all[self][state >> 58];
		if (o->handle) {
			const u8 *mem = zs_obj_read_begin(shared, o->handle, o->size, mine[self]);

			CHECK(mem[0] == o->seed && mem[o->size - 1] == o->seed);
			zs_obj_read_end(shared, o->handle);
			drop(shared, o);
		} else {
			o->size = 1500 + (state >> 40 & 15);
			o->seed = (u8)(state >> 32);
			o->handle = zs_malloc(shared, o->size, GFP_KERNEL);
			CHECK(!IS_ERR_VALUE(o->handle));
			memset(mine[self], o->seed, o->size);
			zs_obj_write(shared, o->handle, mine[self], o->size);
		}
	}
	for (int i = 0; i < 64; i++)
		zs_free(shared, all[self][i].handle);
	__atomic_fetch_sub(&workers_left, 1, __ATOMIC_SEQ_CST);
}

static void mover(void *arg)
{
	while (__atomic_load_n(&workers_left, __ATOMIC_SEQ_CST))
		zs_compact(shared);
}

static void migrator(void *arg)
{
	unsigned long moved = 0;

	while (__atomic_load_n(&workers_left, __ATOMIC_SEQ_CST))
		moved += migrate_pages();
	host_note("%lu pages moved", moved);
}

TEST(objects_and_pages_move_under_users)
{
	struct task_struct *t[NR_WORKERS + 2];

	shared = zs_create_pool("shared");
	workers_left = NR_WORKERS;
	for (unsigned long i = 0; i < NR_WORKERS; i++)
		t[i] = host_start(worker, (void *)i, (unsigned int)i + 1, "worker");
	t[NR_WORKERS] = host_start(mover, NULL, NR_WORKERS + 1, "mover");
	t[NR_WORKERS + 1] = host_start(migrator, NULL, NR_WORKERS + 2, "migrator");
	for (int i = 0; i < NR_WORKERS + 2; i++)
		host_join(t[i]);
	zs_check_pool(shared);
	CHECK_EQ(zs_get_total_pages(shared), 0);
	zs_destroy_pool(shared);
}

/* ---- compression ---- */

TEST(lz4_there_and_back)
{
	struct zcomp *comp = zcomp_create("lz4");
	static u8 page[PAGE_SIZE], out[PAGE_SIZE];

	CHECK_EQ(PTR_ERR(zcomp_create("none of that name")), -EINVAL);
	for (unsigned int kind = 0; kind < 4; kind++) {
		struct zcomp_strm *strm;
		unsigned int len;

		/* the same byte, text, a random third, random */
		for (unsigned int i = 0; i < PAGE_SIZE; i++)
			page[i] = !kind			    ? 7
				  : kind == 1		    ? "compressed "[i % 11]
				  : kind == 3 || i % 12 < 4 ? (u8)host_random()
							    : 0;
		strm = zcomp_stream_get(comp);
		len = zcomp_compress(comp, strm, page);
		CHECK(len && len < (kind == 0	? 100
				    : kind == 1 ? 200
				    : kind == 2 ? 3500
						: 2 * PAGE_SIZE));
		CHECK_EQ(zcomp_decompress(comp, strm->buffer, len, out), 0);
		CHECK(!memcmp(page, out, PAGE_SIZE));
		CHECK_EQ(zcomp_decompress(comp, strm->buffer, len - 1, out), -EINVAL);
		zcomp_stream_put(comp);
	}
	zcomp_destroy(comp);
}

TEST(same_filled)
{
	static unsigned long page[PAGE_SIZE / sizeof(long)];
	unsigned long element = 0;

	fill_page_with(page, 0x1234567890abcdefUL);
	CHECK(page_same_filled(page, &element) && element == 0x1234567890abcdefUL);
	page[100]++;
	CHECK(!page_same_filled(page, &element));
	page[100]--;
	page[511]++;
	CHECK(!page_same_filled(page, &element));
}
