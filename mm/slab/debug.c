// SPDX-License-Identifier: MIT
/*
 * Slab debugging: slub_debug[=flags][,cache[,cache]...] on the command line.
 *	F consistency checks   Z red zone   P poison   U who allocated and freed   T trace
 * without flags: FZPU. Such a cache has no per-CPU arrays: each allocation and free goes through here.
 *
 *	object | padding to 8 | red zone word | link | track (alloc) | track (free)
 *
 * Red zone: 0xbb.. while free, 0xcc.. while in use. Poison: 0x6b in a free object, 0x5a in a fresh one; the
 * link lies outside. A complaint prints the cache, the object, its tracks; a broken object is kept out of use.
 */
#include <base/types.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/percpu.h>
#include <mm/memblock.h>
#include <mm/page_flags.h>
#include <mm/slab_report.h>
#include "slab_internal.h"

#define RED_INACTIVE 0xbbbbbbbbbbbbbbbbULL
#define RED_ACTIVE   0xccccccccccccccccULL
#define POISON_INUSE 0x5a
#define POISON_FREE  0x6b

struct track {
	unsigned long addr;
	u64 when_ns; /* sched_clock() */
	int cpu, pid;
};

static slab_flags_t global_flags;
static char only_names[128]; /* ",name,name," or empty */

static int __init setup_slub_debug(char *str)
{
	static const struct {
		char c;
		slab_flags_t flag;
	} letters[] = {
		{ 'f', SLAB_CONSISTENCY_CHECKS }, { 'z', SLAB_RED_ZONE }, { 'p', SLAB_POISON },
		{ 'u', SLAB_STORE_USER },	  { 't', SLAB_TRACE },
	};
	slab_flags_t flags = 0;

	if (str && *str == '=')
		str++;
	if (str && *str == '-')
		return 0;
	for (; str && *str && *str != ','; str++)
		for (unsigned int i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if ((*str | 0x20) == letters[i].c)
				flags |= letters[i].flag;
	global_flags =
		flags ? flags
		      : SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;
	if (str && *str == ',') {
		strscpy(only_names, str, sizeof(only_names) - 1);
		strlcat(only_names, ",", sizeof(only_names));
	}
	return 0;
}
early_param("slub_debug", setup_slub_debug);

slab_flags_t slab_debug_flags(const char *name, slab_flags_t flags)
{
	size_t len = strlen(name);

	if (!global_flags || (flags & SLAB_NOLEAKTRACE))
		return flags;
	if (!only_names[0])
		return flags | global_flags;
	for (const char *p = only_names; (p = strstr(p, name)); p++)
		if (p[-1] == ',' && p[len] == ',')
			return flags | global_flags;
	return flags;
}

static u64 *red_zone(struct kmem_cache *s, void *object)
{
	return object + s->inuse;
}

static struct track *tracks(struct kmem_cache *s, void *object)
{
	return object + s->offset + 8;
}

void slab_parse_debug_layout(struct kmem_cache *s, u32 *size)
{
	if (s->flags & SLAB_STORE_USER)
		*size += 2 * sizeof(struct track);
}

static bool may_poison(struct kmem_cache *s)
{
	return (s->flags & SLAB_POISON) && !s->ctor && !(s->flags & SLAB_TYPESAFE_BY_RCU);
}

void slab_debug_init_object(struct kmem_cache *s, void *object)
{
	if (s->flags & SLAB_RED_ZONE)
		*red_zone(s, object) = RED_INACTIVE;
	if (may_poison(s))
		memset(object, POISON_FREE, s->object_size);
	if (s->flags & SLAB_STORE_USER)
		memset(tracks(s, object), 0, 2 * sizeof(struct track));
}

static void print_track(const char *what, const struct track *t)
{
	if (t->addr)
		pr_err("%s in %pS cpu=%d pid=%d\n", what, (void *)t->addr, t->cpu, t->pid);
}

static void complain(struct kmem_cache *s, void *object, const char *why, unsigned long caller)
{
	pr_err("BUG %s: %s\n", s->name, why);
	pr_err("Object %p, from %pS\n", object, (void *)caller);
	if (s->flags & SLAB_STORE_USER) {
		print_track("Allocated", tracks(s, object));
		print_track("Freed", tracks(s, object) + 1);
	}
	dump_stack();
	add_taint(TAINT_WARN);
}

static void set_track(struct kmem_cache *s, void *object, int which, unsigned long caller)
{
	struct track *t = tracks(s, object) + which;

	if (s->flags & SLAB_STORE_USER)
		*t = (struct track){ caller, sched_clock(), (int)raw_smp_processor_id(),
				     current ? current->pid : 0 };
}

bool slab_debug_alloc(struct kmem_cache *s, struct page *page, void *object, unsigned long caller)
{
	if ((s->flags & SLAB_RED_ZONE) && *red_zone(s, object) != RED_INACTIVE) {
		complain(s, object, "Redzone overwritten while free", caller);
		return false;
	}
	if (may_poison(s))
		for (u32 i = 0; i < s->object_size; i++)
			if (((u8 *)object)[i] != POISON_FREE) {
				complain(s, object, "Poison overwritten (use after free)", caller);
				return false;
			}
	if (s->flags & SLAB_RED_ZONE)
		*red_zone(s, object) = RED_ACTIVE;
	if (may_poison(s))
		memset(object, POISON_INUSE, s->object_size);
	set_track(s, object, 0, caller);
	if (s->flags & SLAB_TRACE)
		pr_info("TRACE %s alloc %p\n", s->name, object);
	return true;
}

bool slab_object_is_free(struct kmem_cache *s, struct page *page, void *object)
{
	u32 first = slab_first(READ_ONCE(page->private)), n = 0;

	for (; first && n <= s->objects; n++) {
		void *at = page_address(page) + (size_t)(first - 1) * 8;

		if (at == object)
			return true;
		first = get_link(s, at);
	}
	return false;
}

bool slab_debug_free(struct kmem_cache *s, struct page *page, void *object, unsigned long caller)
{
	if (!PageSlab(page) || page->mapping != s) {
		pr_err("BUG %s: object %p freed from %pS belongs to another cache\n", s->name,
		       object, (void *)caller);
		dump_page(page, "wrong cache");
		return false;
	}
	if ((object - page_address(page)) % s->size) {
		complain(s, object, "Free of a pointer inside an object", caller);
		return false;
	}
	if ((s->flags & SLAB_CONSISTENCY_CHECKS) && slab_object_is_free(s, page, object)) {
		complain(s, object, "Object already free", caller);
		return false;
	}
	if ((s->flags & SLAB_RED_ZONE) && *red_zone(s, object) != RED_ACTIVE) {
		complain(s, object,
			 *red_zone(s, object) == RED_INACTIVE ? "Object already free"
							      : "Right Redzone overwritten",
			 caller);
		return false;
	}
	set_track(s, object, 1, caller);
	if (s->flags & SLAB_RED_ZONE)
		*red_zone(s, object) = RED_INACTIVE;
	if (may_poison(s))
		memset(object, POISON_FREE, s->object_size);
	if (s->flags & SLAB_TRACE)
		pr_info("TRACE %s free %p\n", s->name, object);
	return true;
}

/* Call @fn for each object of @s in use until it answers false, by a walk over all pages. */
static void for_each_object(struct kmem_cache *s, bool (*fn)(struct kmem_cache *, void *, void *),
			    void *arg)
{
	for (unsigned long pfn = 0; pfn < max_pfn; pfn++) {
		struct page *page;
		void *object;

		if (!pfn_valid(pfn)) {
			pfn |= MAX_ORDER_NR_PAGES - 1;
			continue;
		}
		page = pfn_to_page(pfn);
		if (!PageSlab(page) || PageTail(page) || page->mapping != s)
			continue;
		object = page_address(page);
		for (u32 i = slab_objects(s, page); i; i--, object += s->size)
			if (!slab_object_is_free(s, page, object) && !fn(s, object, arg))
				return;
	}
}

static bool report_leak(struct kmem_cache *s, void *object, void *left)
{
	pr_err("Object %p @offset=%u\n", object, (u32)((unsigned long)object & ~PAGE_MASK));
	if (s->flags & SLAB_STORE_USER)
		print_track("Allocated", tracks(s, object));
	return --*(unsigned int *)left != 0;
}

/* List up to ten objects of @s that are still in use. */
void slab_report_leaks(struct kmem_cache *s)
{
	unsigned int left = 10;

	for_each_object(s, report_leak, &left);
}

/* ---- who holds objects: sums by caller ---- */

struct sum_arg {
	struct slab_callers *callers;
	int which;
	u64 now_ns;
};

static struct slab_caller *find_caller(struct slab_callers *all, unsigned long addr)
{
	for (unsigned int i = 0; i < all->nr; i++)
		if (all->caller[i].addr == addr)
			return &all->caller[i];
	if (all->nr == SLAB_CALLERS_MAX) {
		all->nr_left_out++;
		return NULL;
	}
	all->caller[all->nr] = (struct slab_caller){ .addr = addr, .pid_min = INT_MAX };
	return &all->caller[all->nr++];
}

static bool sum_object(struct kmem_cache *s, void *object, void *arg)
{
	struct sum_arg *sum = arg;
	const struct track *t = tracks(s, object) + sum->which;
	struct slab_caller *c = find_caller(sum->callers, t->addr);
	u64 age_ns = sum->now_ns > t->when_ns ? sum->now_ns - t->when_ns : 0;

	if (!c)
		return true;
	c->nr++;
	c->age_min_ns = c->nr == 1 ? age_ns : min(c->age_min_ns, age_ns);
	c->age_max_ns = max(c->age_max_ns, age_ns);
	c->age_sum_ns += age_ns;
	c->pid_min = min(c->pid_min, t->pid);
	c->pid_max = max(c->pid_max, t->pid);
	cpumask_set_cpu(t->cpu, &c->cpus);
	return true;
}

/* => slab_mutex held */
void slab_sum_callers(struct kmem_cache *s, int which, struct slab_callers *callers)
{
	struct sum_arg arg = { callers, which, sched_clock() };

	if (s->flags & SLAB_STORE_USER)
		for_each_object(s, sum_object, &arg);
}
