// SPDX-License-Identifier: MIT
/*
 * The page allocator and the slab allocator on played memory with two nodes and holes: random operations against a
 * model that owns each page, contents that must stay, counts that must come back. rooms: mm mode: tsan
 */
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <host/test.h>

#define SLOTS 400

static struct slot {
	struct page *page;
	unsigned int order;
	u64 tag;
} slots[SLOTS];

static void mark(struct slot *s)
{
	s->tag = host_random();
	for (unsigned int i = 0; i < 1u << s->order; i++)
		*(u64 *)page_address(s->page + i) = s->tag + i;
}

static void check_mark(struct slot *s)
{
	for (unsigned int i = 0; i < 1u << s->order; i++)
		CHECK(*(u64 *)page_address(s->page + i) == s->tag + i);
}

TEST(buddy_random_operations)
{
	unsigned long before, held = 0;

	drain_all_pages(NULL);
	before = nr_free_pages();
	host_note("%lu pages free at the start", before);
	CHECK(before > 40000);
	buddy_check();
	for (int step = 0; step < 20000; step++) {
		struct slot *s = &slots[host_random_below(SLOTS)];

		if (s->page) {
			check_mark(s);
			__free_pages(s->page, s->order);
			held -= 1UL << s->order;
			s->page = NULL;
		} else {
			gfp_t gfp = host_random_below(4) ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE;

			s->order =
				host_random_below(10) ? host_random_below(4) : host_random_below(9);
			s->page = alloc_pages(gfp, s->order);
			if (s->page) {
				CHECK_EQ((unsigned long)page_to_pfn(s->page) &
						 ((1UL << s->order) - 1),
					 0);
				CHECK(pfn_valid(page_to_pfn(s->page)));
				mark(s);
				held += 1UL << s->order;
			}
		}
		if (step % 1000 == 0)
			buddy_check();
	}
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i].page) {
			check_mark(&slots[i]);
			__free_pages(slots[i].page, slots[i].order);
			held -= 1UL << slots[i].order;
			slots[i].page = NULL;
		}
	}
	buddy_check();
	drain_all_pages(NULL);
	buddy_check();
	CHECK_EQ(held, 0);
	CHECK_EQ(nr_free_pages(), before);
}

TEST(zeroed_pages_are_zero)
{
	for (int i = 0; i < 2000; i++) {
		struct page *p = alloc_pages(GFP_KERNEL | __GFP_ZERO, 0);
		u64 *v;

		CHECK(p);
		v = page_address(p);
		for (unsigned int k = 0; k < PAGE_SIZE / 8; k += 37)
			CHECK_EQ(v[k], 0);
		memset(v, 0xff, PAGE_SIZE);
		__free_pages(p, 0);
	}
}

TEST(nodes_are_honoured)
{
	for (int node = 0; node < 2; node++) {
		struct page *p = alloc_pages_node(node, GFP_KERNEL | __GFP_THISNODE, 0);

		CHECK(p);
		CHECK_EQ(page_to_nid(p), node);
		__free_pages(p, 0);
	}
}

/* ---- slab ---- */
static struct object {
	u8 *p;
	size_t size;
	u8 tag;
} objects[3000];

static void check_object(struct object *o)
{
	for (size_t i = 0; i<o->size; i += o->size> 64 ? 17 : 1)
		CHECK_EQ(o->p[i], o->tag);
}

TEST(kmalloc_random_operations)
{
	for (int step = 0; step < 60000; step++) {
		struct object *o = &objects[host_random_below(ARRAY_SIZE(objects))];

		if (o->p) {
			check_object(o);
			kfree(o->p);
			o->p = NULL;
			continue;
		}
		o->size = host_random_below(8) ? host_random_below(512) + 1
					       : host_random_below(9000) + 1;
		o->tag = host_random();
		o->p = kmalloc(o->size, GFP_KERNEL);
		CHECK(o->p);
		memset(o->p, o->tag, o->size);
		if (step % 4000 == 0)
			slab_check_all();
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		if (objects[i].p) {
			check_object(&objects[i]);
			kfree(objects[i].p);
			objects[i].p = NULL;
		}
	}
	slab_check_all();
	buddy_check();
}

static void construct(void *p)
{
	*(u64 *)p = 0x1234;
}

TEST(cache_with_constructor)
{
	struct kmem_cache *s = kmem_cache_create("test", 104, 8, 0, construct);
	static void *p[500];

	CHECK(s);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 500; i++) {
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			CHECK(p[i] && *(u64 *)p[i] == 0x1234);
			memset((char *)p[i] + 8, i, 96);
		}
		kmem_cache_check(s);
		for (int i = 0; i < 500; i++)
			kmem_cache_free(s, p[i]);
		kmem_cache_check(s);
	}
	kmem_cache_destroy(s);
}

/* ---- on several CPUs ---- */
static void pounder(void *arg)
{
	void *mine[64] = { NULL };
	struct page *pages[16] = { NULL };

	for (int i = 0; i < 5000; i++) {
		unsigned int k = host_random_below(64);

		if (mine[k]) {
			CHECK(*(void **)mine[k] == &mine[k]);
			kfree(mine[k]);
			mine[k] = NULL;
		} else {
			mine[k] = kmalloc(8 << host_random_below(8), GFP_KERNEL);
			CHECK(mine[k]);
			*(void **)mine[k] = &mine[k];
		}
		k %= 16;
		if (pages[k]) {
			CHECK(*(void **)page_address(pages[k]) == &pages[k]);
			__free_pages(pages[k], 0);
			pages[k] = NULL;
		} else {
			pages[k] = alloc_pages(GFP_KERNEL, 0);
			CHECK(pages[k]);
			*(void **)page_address(pages[k]) = &pages[k];
		}
	}
	for (int k = 0; k < 64; k++)
		kfree(mine[k]);
	for (int k = 0; k < 16; k++)
		if (pages[k])
			__free_pages(pages[k], 0);
}

TEST(allocators_on_several_cpus)
{
	struct task_struct *t[4];

	for (int i = 0; i < 4; i++)
		t[i] = host_start(pounder, NULL, 1 + i, "pounder");
	for (int i = 0; i < 4; i++)
		host_join(t[i]);
	slab_check_all();
	drain_all_pages(NULL);
	buddy_check();
}
