// SPDX-License-Identifier: MIT
/*
 * Shrinkers: caches of other rooms (dentries, inodes) that can give memory back when asked.
 * shrink_slab(priority) has each look at 4 / ->seeks times count >> priority objects, in portions of ->batch (128): at
 * priority 0 at each one twice (seeks is 2 as a rule), so that what was only passed over for having been used goes, too.
 * Lock: shrinker_rwsem, taken for reading by trylock, so that reclaim never waits for registration.
 * Observe: slabs_scanned in /proc/vmstat; /sys/kernel/debug/shrinkers. Linux 6.1: mm/vmscan.c, mm/shrinker_debug.c (a
 * directory each, with commands).
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <fs/seq_file.h>
#include <sync/rwsem.h>
#include <kernel/sched.h>
#include <mm/shrinker.h>
#include <mm/slab.h>
#include <mm/trace_vmscan.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static LIST_HEAD(shrinker_list);
static DECLARE_RWSEM(shrinker_rwsem, LOCK_SHRINKER);

int register_shrinker(struct shrinker *shrinker, const char *fmt, ...)
{
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	shrinker->name = kvasprintf(GFP_KERNEL, fmt, ap);
	__builtin_va_end(ap);
	if (!shrinker->name)
		return -ENOMEM;
	down_write(&shrinker_rwsem);
	list_add_tail(&shrinker->list, &shrinker_list);
	up_write(&shrinker_rwsem);
	return 0;
}

void unregister_shrinker(struct shrinker *shrinker)
{
	down_write(&shrinker_rwsem);
	list_del(&shrinker->list);
	up_write(&shrinker_rwsem);
	kfree(shrinker->name);
	shrinker->name = NULL;
}

/* SHRINK_STOP: it cannot at the moment. */
static unsigned long scan(struct shrinker *shrinker, struct shrink_control *sc, unsigned long nr)
{
	unsigned long freed;

	sc->nr_to_scan = sc->nr_scanned = nr;
	freed = shrinker->scan_objects(shrinker, sc);
	if (freed == SHRINK_STOP)
		return freed;
	atomic_long_add(sc->nr_scanned, &shrinker->nr_scanned);
	atomic_long_add(freed, &shrinker->nr_freed);
	count_vm_events(SLABS_SCANNED, sc->nr_scanned);
	return freed;
}

static unsigned long do_shrink_slab(struct shrinker *shrinker, gfp_t gfp, int nid, int priority)
{
	struct shrink_control sc = { .gfp_mask = gfp, .nid = nid };
	unsigned long count = shrinker->count_objects(shrinker, &sc);
	unsigned long batch = shrinker->batch ? shrinker->batch : 128;
	struct trace_shrink t = {
		.shrinker = shrinker, .nid = nid, .priority = priority, .gfp = gfp, .count = count
	};

	if (!count || count == SHRINK_EMPTY || count == SHRINK_STOP)
		return 0;
	t.todo = (count >> priority) * 4 / (shrinker->seeks ? shrinker->seeks : 1);
	if (!shrinker->seeks)
		t.todo = count;
	t.todo = min(t.todo, count * 2);
	trace_mm_shrink_slab_start(&t);
	while (t.todo) {
		unsigned long got = scan(shrinker, &sc, min(t.todo, batch));

		if (got == SHRINK_STOP)
			break;
		t.freed += got;
		t.todo -= min(t.todo, max(sc.nr_scanned, 1UL));
		cond_resched();
	}
	atomic_long_inc(&shrinker->nr_called);
	trace_mm_shrink_slab_end(&t);
	return t.freed;
}

unsigned long shrink_slab(gfp_t gfp, int nid, int priority)
{
	struct shrinker *shrinker;
	unsigned long freed = 0;

	if (!down_read_trylock(&shrinker_rwsem))
		return 0;
	list_for_each_entry (shrinker, &shrinker_list, list)
		freed += do_shrink_slab(shrinker, gfp, nid, priority);
	up_read(&shrinker_rwsem);
	return freed;
}

/* At once, not in portions: each begins at the old end, and passes the objects of others anew. */
unsigned long shrink_slab_memcg(gfp_t gfp, int nid, const struct mem_cgroup *memcg,
				unsigned long nr)
{
	struct shrinker *shrinker;
	unsigned long freed = 0;

	if (!down_read_trylock(&shrinker_rwsem))
		return 0;
	list_for_each_entry (shrinker, &shrinker_list, list) {
		struct shrink_control sc = { .gfp_mask = gfp, .nid = nid, .memcg = memcg };
		unsigned long got;

		if (!(shrinker->flags & SHRINKER_MEMCG_AWARE))
			continue;
		got = scan(shrinker, &sc, nr);
		if (got != SHRINK_STOP)
			freed += got;
		atomic_long_inc(&shrinker->nr_called);
		cond_resched();
	}
	up_read(&shrinker_rwsem);
	return freed;
}

void drop_slab(void)
{
	struct pglist_data *pgdat;
	unsigned long freed;
	int shift = 0;

	do {
		freed = 0;
		for_each_online_pgdat(pgdat) freed += shrink_slab(GFP_KERNEL, pgdat->node_id, 0);
	} while ((freed >> shift++) > 1);
	slab_flush_all();
}

int shrinkers_show(struct seq_file *m, void *v)
{
	struct shrinker *s;

	seq_puts(m, "# name objects calls scanned freed\n");
	down_read(&shrinker_rwsem);
	list_for_each_entry (s, &shrinker_list, list) {
		struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
		unsigned long count = 0, n;
		struct pglist_data *pgdat;

		for_each_online_pgdat(pgdat)
		{
			sc.nid = pgdat->node_id;
			n = s->count_objects(s, &sc);
			count += n < SHRINK_EMPTY ? n : 0;
		}
		seq_printf(m, "%s %lu %ld %ld %ld\n", s->name, count,
			   atomic_long_read(&s->nr_called), atomic_long_read(&s->nr_scanned),
			   atomic_long_read(&s->nr_freed));
	}
	up_read(&shrinker_rwsem);
	return 0;
}
