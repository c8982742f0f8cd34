// SPDX-License-Identifier: MIT
/*
 * What can be seen of caches: the numbers behind /proc/slabinfo and /sys/kernel/slab, and the names of
 * caches that were merged into others. Exact while the cache stands still; taken without stopping anybody.
 * Lock: slab_mutex keeps the caches; list_lock of a node while its partial slabs are counted.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/sort.h>
#include <base/string.h>
#include <kernel/printk.h>
#include <mm/percpu_alloc.h>
#include <mm/slab_report.h>
#include "slab_internal.h"

struct slab_alias {
	struct list_head list; /* slab_mutex */
	struct kmem_cache *cache;
	char name[];
};

static LIST_HEAD(slab_aliases);

/* Without memory the name is not shown: nothing else depends on it. */
void slab_note_alias(struct kmem_cache *s, const char *name)
{
	struct slab_alias *alias = kmalloc(sizeof(*alias) + strlen(name) + 1, GFP_KERNEL);

	if (!alias)
		return;
	alias->cache = s;
	memcpy(alias->name, name, strlen(name) + 1);
	list_add_tail(&alias->list, &slab_aliases);
}

void slab_forget_aliases(struct kmem_cache *s)
{
	struct slab_alias *alias, *next;

	list_for_each_entry_safe (alias, next, &slab_aliases, list)
		if (alias->cache == s) {
			list_del(&alias->list);
			kfree(alias);
		}
}

void slab_names(void (*fn)(const char *name, const char *merged_into, void *arg), void *arg)
{
	struct slab_alias *alias;
	struct kmem_cache *s;

	mutex_lock(&slab_mutex);
	list_for_each_entry (s, &slab_caches, list)
		fn(s->name, NULL, arg);
	list_for_each_entry (alias, &slab_aliases, list)
		fn(alias->name, alias->cache->name, arg);
	mutex_unlock(&slab_mutex);
}

void slab_report_unreclaimable(void)
{
	struct kmem_cache *s;
	struct slabinfo info;

	if (!mutex_trylock(&slab_mutex)) {
		pr_warn("excessive unreclaimable slab but cannot dump stats\n");
		return;
	}
	pr_info("Unreclaimable slab info:\n");
	pr_info("Name                      Used          Total\n");
	list_for_each_entry (s, &slab_caches, list) {
		if (s->flags & SLAB_RECLAIM_ACCOUNT)
			continue;
		get_slabinfo(s, &info);
		if (info.num_objs)
			pr_info("%-17s %10luKB %10luKB\n", s->name,
				info.active_objs * s->size / 1024, info.num_objs * s->size / 1024);
	}
	mutex_unlock(&slab_mutex);
}

/* ---- counting ---- */

struct partial_sum {
	unsigned long slabs, objects, in_use;
};

static struct partial_sum sum_partial(struct kmem_cache *s, struct kmem_cache_node *n)
{
	struct partial_sum sum = { 0 };
	unsigned long flags;

	spin_lock_irqsave(&n->list_lock, flags);
	for (u32 pfn = n->first; pfn;) {
		struct page *page = pfn_to_page((unsigned long)pfn);

		sum.slabs++;
		sum.objects += slab_objects(s, page);
		sum.in_use += slab_inuse(READ_ONCE(page->private));
		pfn = page->slab_next;
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	return sum;
}

void get_slabinfo(struct kmem_cache *s, struct slabinfo *info)
{
	unsigned long free = 0;
	int cpu;

	memset(info, 0, sizeof(*info));
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		struct partial_sum sum;

		if (!node_data[nid] || !s->node[nid])
			continue;
		sum = sum_partial(s, s->node[nid]);
		info->num_slabs += atomic_long_read(&s->node[nid]->nr_slabs);
		info->num_objs += atomic_long_read(&s->node[nid]->total_objects);
		free += sum.objects - sum.in_use;
	}
	for_each_possible_cpu (cpu)
		free += READ_ONCE(per_cpu_ptr(s->cpu_slab, cpu)->count);
	info->active_objs = info->num_objs - min(free, info->num_objs);
	info->active_slabs = info->num_slabs;
	info->objects_per_slab = s->objects;
	info->cache_order = s->order;
}

static void count(struct slab_count *c, unsigned int part, unsigned long nr)
{
	c->total += nr;
	c->part[part] = nr;
}

static void report_node(struct slab_report *r, struct kmem_cache *s, int nid)
{
	struct partial_sum sum = sum_partial(s, s->node[nid]);
	unsigned long objects = atomic_long_read(&s->node[nid]->total_objects);

	count(&r->slabs, nid, atomic_long_read(&s->node[nid]->nr_slabs));
	count(&r->partial, nid, sum.slabs);
	count(&r->total_objects, nid, objects);
	count(&r->objects, nid, objects - min(objects, sum.objects - sum.in_use));
	count(&r->objects_partial, nid, sum.in_use);
}

static void report_cache(struct slab_report *r, struct kmem_cache *s)
{
	int cpu;

	r->align = s->align;
	r->object_size = s->object_size;
	r->slab_size = s->size;
	r->objs_per_slab = s->objects;
	r->order = s->order;
	r->aliases = s->refcount - 1;
	r->min_partial = s->min_partial;
	r->flags = s->flags;
	r->ctor = s->ctor;
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node_data[nid] && s->node[nid])
			report_node(r, s, nid);
	for_each_possible_cpu (cpu) {
		struct kmem_cache_cpu *c = per_cpu_ptr(s->cpu_slab, cpu);

		count(&r->cpu_objects, cpu, READ_ONCE(c->count));
		count(&r->alloc_refill, cpu, READ_ONCE(c->refills));
		count(&r->cpuslab_flush, cpu, READ_ONCE(c->flushes));
	}
}

/* ---- by name ---- */

/* => slab_mutex held */
static struct kmem_cache *find_cache(const char *name)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, list)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

bool slab_report(const char *name, struct slab_report *r)
{
	struct kmem_cache *s;

	memset(r, 0, sizeof(*r));
	mutex_lock(&slab_mutex);
	s = find_cache(name);
	if (s)
		report_cache(r, s);
	mutex_unlock(&slab_mutex);
	return s != NULL;
}

int slab_shrink_by_name(const char *name)
{
	struct kmem_cache *s;

	mutex_lock(&slab_mutex);
	s = find_cache(name);
	if (s)
		kmem_cache_shrink(s);
	mutex_unlock(&slab_mutex);
	return s ? 0 : -ENOENT;
}

int slab_validate_by_name(const char *name)
{
	struct kmem_cache *s;

	mutex_lock(&slab_mutex);
	s = find_cache(name);
	if (s)
		kmem_cache_check(s);
	mutex_unlock(&slab_mutex);
	return s ? 0 : -ENOENT;
}

int slab_set_min_partial(const char *name, unsigned int slabs)
{
	struct kmem_cache *s;

	mutex_lock(&slab_mutex);
	s = find_cache(name);
	if (s)
		WRITE_ONCE(s->min_partial, slabs);
	mutex_unlock(&slab_mutex);
	return s ? 0 : -ENOENT;
}

int slab_set_failslab(const char *name, unsigned int on)
{
	struct kmem_cache *s;
	int err = 0;

	mutex_lock(&slab_mutex);
	s = find_cache(name);
	if (!s)
		err = -ENOENT;
	else if (s->refcount > 1)
		err = -EINVAL; /* others use it as well */
	else
		WRITE_ONCE(s->flags, on ? s->flags | SLAB_FAILSLAB : s->flags & ~SLAB_FAILSLAB);
	mutex_unlock(&slab_mutex);
	return err;
}

static int by_number(const void *a, const void *b)
{
	const struct slab_caller *x = a, *y = b;

	return x->nr < y->nr ? 1 : x->nr > y->nr ? -1 : 0;
}

bool slab_callers(const char *name, int which, struct slab_callers *callers)
{
	struct kmem_cache *s;

	callers->nr = 0;
	callers->nr_left_out = 0;
	mutex_lock(&slab_mutex);
	s = find_cache(name);
	if (s && !(s->flags & SLAB_STORE_USER))
		s = NULL;
	if (s)
		slab_sum_callers(s, which, callers);
	mutex_unlock(&slab_mutex);
	sort(callers->caller, callers->nr, sizeof(callers->caller[0]), by_number, NULL);
	return s != NULL;
}
