/* SPDX-License-Identifier: MIT */
/* Caches outside the page cache that can give memory back: called by reclaim and drop_caches. */
#ifndef QUIRE_MM_SHRINKER_H
#define QUIRE_MM_SHRINKER_H

#include <base/atomic.h>
#include <base/types.h>
#include <base/list.h>

struct mem_cgroup;

struct shrink_control {
	gfp_t gfp_mask;
	int nid;
	const struct mem_cgroup *memcg;	/* only objects that it, or a group below it, pays for; NULL: all */
	unsigned long nr_to_scan;	/* objects to look at */
	unsigned long nr_scanned;	/* objects looked at */
};

#define SHRINK_STOP	(~0UL)
#define SHRINK_EMPTY	(~0UL - 1)
#define DEFAULT_SEEKS	2
/* flags */
#define SHRINKER_MEMCG_AWARE	1u	/* scan_objects looks at shrink_control's memcg */

struct shrinker {
	/* Objects that could be freed; SHRINK_EMPTY: none. */
	unsigned long (*count_objects)(struct shrinker *, struct shrink_control *sc);
	/* Objects freed, or SHRINK_STOP. */
	unsigned long (*scan_objects)(struct shrinker *, struct shrink_control *sc);
	long batch;
	int seeks;
	unsigned int flags;
	struct list_head list;
	const char *name;
	atomic_long_t nr_called, nr_scanned, nr_freed;	/* objects */
};

struct seq_file;

int register_shrinker(struct shrinker *shrinker, const char *fmt, ...);
void unregister_shrinker(struct shrinker *shrinker);
/* Ask all shrinkers for 1/2^priority of their objects; number freed. May sleep. */
unsigned long shrink_slab(gfp_t gfp, int nid, int priority);
/* Ask those that can tell for up to @nr objects each that @memcg, or a group below it, pays for; number freed. May sleep. */
unsigned long shrink_slab_memcg(gfp_t gfp, int nid, const struct mem_cgroup *memcg, unsigned long nr);
/* A line for each: name, objects now, calls, objects looked at, objects freed. 0. May sleep. */
int shrinkers_show(struct seq_file *m, void *v);
/* As drop_caches 2: until little comes any more. */
void drop_slab(void);

#endif
