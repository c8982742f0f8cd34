/* SPDX-License-Identifier: MIT */
/*
 * /dev/mmtest, noun slab: kmalloc and object caches without anything above them.
 *	reserve N SIZE		room to hold N objects, and a cache of SIZE bytes for bulk
 *	hot SIZE N		N times kmalloc(SIZE) and kfree
 *	alloc SIZE N		N objects by kmalloc(SIZE), held
 *	free			kfree all that is held
 *	bulk N			N objects by kmem_cache_alloc_bulk(), in sets of 64, held
 *	bulkfree		give these back by kmem_cache_free_bulk(), in sets of 64
 */
#include <base/errno.h>
#include <base/types.h>
#include <kernel/init.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#include "mmtest_internal.h"

#define SET 64 /* objects per bulk call */

struct held_objects {
	void **object;
	unsigned long nr, room;
	bool from_cache;
	struct kmem_cache *cache;
};

static void free_one_by_one(struct held_objects *held)
{
	for (unsigned long i = 0; i < held->nr; i++)
		kfree(held->object[i]);
	held->nr = 0;
}

static void free_in_sets(struct held_objects *held)
{
	for (; held->nr; held->nr -= SET)
		kmem_cache_free_bulk(held->cache, SET, held->object + held->nr - SET);
}

static void slab_release(void *state)
{
	struct held_objects *held = state;

	held->from_cache ? free_in_sets(held) : free_one_by_one(held);
	if (held->cache)
		kmem_cache_destroy(held->cache);
	vfree(held->object);
}

static int slab_reserve(void *state, struct mmtest_call *call)
{
	struct held_objects *held = state;

	if (call->arg[0] < 1 || call->arg[0] > MMTEST_MAX || call->arg[1] < 8 ||
	    call->arg[1] > 8192 || held->cache)
		return -EINVAL;
	held->cache = kmem_cache_create("mmtest", call->arg[1], 8, SLAB_NO_MERGE, NULL);
	held->object = vzalloc(call->arg[0] * sizeof(*held->object));
	if (!held->cache || !held->object)
		return -ENOMEM;
	held->room = call->arg[0];
	return 0;
}

static int slab_hot(void *state, struct mmtest_call *call)
{
	if (call->arg[0] < 1 || call->arg[0] > KMALLOC_MAX_SIZE || call->arg[1] > MMTEST_MAX)
		return -EINVAL;
	for (__s64 i = 0; i < call->arg[1]; i++) {
		void *p = kmalloc(call->arg[0], GFP_KERNEL);

		if (!p)
			return -ENOMEM;
		kfree(p);
	}
	return 0;
}

static int slab_alloc(void *state, struct mmtest_call *call)
{
	struct held_objects *held = state;

	if (call->arg[0] < 1 || call->arg[0] > KMALLOC_MAX_SIZE || call->arg[1] < 0 || held->nr ||
	    call->arg[1] > (__s64)held->room)
		return -EINVAL;
	held->from_cache = false;
	while (held->nr < (unsigned long)call->arg[1]) {
		void *p = kmalloc(call->arg[0], GFP_KERNEL);

		if (!p)
			return -ENOMEM;
		held->object[held->nr++] = p;
	}
	return 0;
}

static int slab_free(void *state, struct mmtest_call *call)
{
	struct held_objects *held = state;

	if (held->from_cache)
		return -EINVAL;
	free_one_by_one(held);
	return 0;
}

static int slab_bulk(void *state, struct mmtest_call *call)
{
	struct held_objects *held = state;

	if (call->arg[0] < 0 || call->arg[0] % SET || held->nr || call->arg[0] > (__s64)held->room)
		return -EINVAL;
	held->from_cache = true;
	for (; held->nr < (unsigned long)call->arg[0]; held->nr += SET)
		if (!kmem_cache_alloc_bulk(held->cache, GFP_KERNEL, SET, held->object + held->nr))
			return -ENOMEM;
	return 0;
}

static int slab_bulkfree(void *state, struct mmtest_call *call)
{
	struct held_objects *held = state;

	if (!held->from_cache)
		return -EINVAL;
	free_in_sets(held);
	return 0;
}

static const struct mmtest_verb verbs[] = {
	{ "reserve", slab_reserve },
	{ "hot", slab_hot },
	{ "alloc", slab_alloc },
	{ "free", slab_free },
	{ "bulk", slab_bulk },
	{ "bulkfree", slab_bulkfree },
	{ NULL, NULL },
};

static struct mmtest_noun slab_noun = {
	.name = "slab",
	.verbs = verbs,
	.state_bytes = sizeof(struct held_objects),
	.release = slab_release,
};

static int __init mmtest_slab_init(void)
{
	mmtest_register(&slab_noun);
	return 0;
}
device_initcall(mmtest_slab_init);
