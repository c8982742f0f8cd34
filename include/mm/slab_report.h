/* SPDX-License-Identifier: MIT */
/* Numbers of one cache, and what can be done to it by name: for /sys/kernel/slab. mm/slab/report.c. */
#ifndef QUIRE_MM_SLAB_REPORT_H
#define QUIRE_MM_SLAB_REPORT_H

#include <base/cpumask.h>
#include <base/nodemask.h>
#include <base/types.h>
#include <mm/slab.h>

/* A number, and its part on each node or CPU. */
struct slab_count {
	unsigned long total;
	u32 part[NR_CPUS > MAX_NUMNODES ? NR_CPUS : MAX_NUMNODES];
};

/* What /sys/kernel/slab tells of a cache: a snapshot. */
struct slab_report {
	unsigned int align, object_size, slab_size, objs_per_slab, order, aliases, min_partial;
	slab_flags_t flags;
	void (*ctor)(void *);
	struct slab_count slabs, partial, total_objects;	/* by node */
	struct slab_count objects, objects_partial;		/* in use, or in the array of a CPU */
	struct slab_count cpu_objects;				/* by CPU: free, in its array */
	struct slab_count alloc_refill, cpuslab_flush;		/* by CPU: times the array was filled, emptied */
};
/* False: no cache of that name. May sleep. */
bool slab_report(const char *name, struct slab_report *r);
/* Call @fn with each cache's name and NULL, and with each name merged into a cache and that cache's. May sleep. */
void slab_names(void (*fn)(const char *name, const char *merged_into, void *arg), void *arg);
/* Into the log: how much each cache has whose objects no shrinker gives back, as Linux shows it. Does not sleep. */
void slab_report_unreclaimable(void);
/* What can be done to a cache by name: 0, -ENOENT. May sleep. */
int slab_shrink_by_name(const char *name);
int slab_validate_by_name(const char *name);
int slab_set_min_partial(const char *name, unsigned int slabs);
/* May the cache fail when failslab/cache-filter is set? -EINVAL: others were merged into it. */
int slab_set_failslab(const char *name, unsigned int on);

/* Objects in use of a cache with user tracking (slub_debug=U), by caller. */
struct slab_caller {
	unsigned long addr;			/* 0: nobody yet */
	unsigned long nr;
	u64 age_min_ns, age_max_ns, age_sum_ns;
	int pid_min, pid_max;
	struct cpumask cpus;
};
#define SLAB_CALLERS_MAX	128
struct slab_callers {
	unsigned int nr;
	unsigned long nr_left_out;		/* objects of further callers */
	struct slab_caller caller[SLAB_CALLERS_MAX];
};
/* By who allocated (@which 0) or last freed (1) them, most objects first. False: no such cache, or it does not
 * track. May sleep. */
bool slab_callers(const char *name, int which, struct slab_callers *callers);

#endif
