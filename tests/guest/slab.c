// SPDX-License-Identifier: MIT
/* Object caches as user space sees them: /proc/slabinfo, /sys/kernel/slab, drop_caches, dentry-state. */
#include "textfile.h"

#include <cpuid.h>
#include <dirent.h>
#include <sys/stat.h>

#define PATH "/sys/kernel/slab/"

/* Column 1 to 6 of a cache's row in slabinfo; -1: no such row. */
static long column(const char *cache, int nr)
{
	char *line = strtok(slurp("/proc/slabinfo"), "\n");
	long c[6];

	for (; line; line = strtok(NULL, "\n"))
		if (!strncmp(line, cache, strlen(cache)) && line[strlen(cache)] == ' ' &&
		    sscanf(line + strlen(cache), "%ld %ld %ld %ld %ld", &c[1], &c[2], &c[3], &c[4],
			   &c[5]) == 5)
			return c[nr];
	return -1;
}

static void rows(void)
{
	char *s = slurp("/proc/slabinfo"), *line;
	int bad = 0, nr = 0;

	ok(!strncmp(s, "slabinfo - version: 2.1\n# name", 30), "slabinfo: head");
	for (line = strchr(strchr(s, '\n') + 1, '\n') + 1; line && *line; nr++) {
		char name[64];
		long active, num, size, per, pages, limit, batch, shared, as, ns, av;

		if (sscanf(line,
			   "%63s %ld %ld %ld %ld %ld : tunables %ld %ld %ld : slabdata %ld %ld %ld",
			   name, &active, &num, &size, &per, &pages, &limit, &batch, &shared, &as,
			   &ns, &av) != 12 ||
		    active > num || num > ns * per || per * size > pages * 4096)
			bad++;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	ok(nr > 30 && !bad, "slabinfo: %d rows, %d of them wrong", nr, bad);
	for (int i = 3; i <= 13; i++) {
		char name[32];

		snprintf(name, sizeof(name), i < 10 ? "kmalloc-%d" : "kmalloc-%dk",
			 i < 10 ? 1 << i : 1 << (i - 10));
		ok(column(name, 4) > 0, "slabinfo: %s", name);
	}
}

/* A file each pins a dentry and an inode. */
static void objects_follow(void)
{
	long before, during, after;
	char name[64];

	before = column("dentry", 1);
	mkdir("/tmp/slab", 0755);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "/tmp/slab/file%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	during = column("dentry", 1);
	ok(during - before >= 1000, "slabinfo: 2000 names are 2000 dentries (%ld more)",
	   during - before);
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "/tmp/slab/file%d", i);
		unlink(name);
	}
	rmdir("/tmp/slab");
	(void)EVENTUALLY((spew("/proc/sys/vm/drop_caches", "2"), after = column("dentry", 1)) -
				 before <
			 700);
	ok(after - before < 700, "slabinfo: they go with their names (%ld left)", after - before);
}

static long attr(const char *cache, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), PATH "%s/%s", cache, name);
	return access(path, F_OK) ? -1 : atol(slurp(path));
}

static void sysfs(void)
{
	long objects;
	static const char *const names[] = { "align",	       "object_size",	  "slab_size",
					     "objs_per_slab",  "order",		  "min_partial",
					     "aliases",	       "reclaim_account", "poison",
					     "red_zone",       "store_user",	  "sanity_checks",
					     "trace",	       "hwcache_align",	  "cache_dma",
					     "destroy_by_rcu", "slabs",		  "partial",
					     "objects",	       "objects_partial", "total_objects" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		ok(attr("dentry", names[i]) >= 0, "sysfs: dentry/%s", names[i]);
	ok(attr("dentry", "reclaim_account") == 1 && attr("kmalloc-64", "reclaim_account") == 0,
	   "sysfs: dentries are accounted as reclaimable, kmalloc not");
	ok(attr("dentry", "object_size") == column("dentry", 3) ||
		   attr("dentry", "slab_size") == column("dentry", 3),
	   "sysfs: the size is the one of slabinfo");
	ok(attr("dentry", "objs_per_slab") == column("dentry", 4),
	   "sysfs: so are objects per slab");
	objects = attr("dentry", "objects"); /* before the total: looking makes dentries */
	ok(attr("dentry", "total_objects") >= objects, "sysfs: objects fit");
	if (attr("sighand_cache", "hwcache_align") == 1) {
		unsigned int a, b = 0, c, d;

		__get_cpuid(1, &a, &b, &c, &d);
		is(attr("sighand_cache", "align"), (b >> 8 & 0xff) * 8,
		   "sysfs: what has lines of its own is aligned to CPUID's line");
	}
	is(spew(PATH "dentry/shrink", "1"), 0, "sysfs: shrink takes 1");
	is(spew(PATH "dentry/shrink", "2"), EINVAL, "sysfs: shrink refuses 2");
	is(spew(PATH "dentry/validate", "2"), EINVAL, "sysfs: validate refuses 2");
	is(spew(PATH "dentry/order", "1"), EACCES, "sysfs: order cannot be written");
	is(spew(PATH "nosuchcache/shrink", "1"), ENOENT, "sysfs: no such cache");
}

static void drop(void)
{
	ok(open("/proc/sys/vm/drop_caches", O_RDONLY) == -1 && errno == EACCES,
	   "drop_caches: not to be read");
	is(spew("/proc/sys/vm/drop_caches", "0"), EINVAL, "drop_caches: 0");
	is(spew("/proc/sys/vm/drop_caches", "5"), EINVAL, "drop_caches: 5");
	is(spew("/proc/sys/vm/drop_caches", "x"), EINVAL, "drop_caches: not a number");
	is(spew("/proc/sys/vm/drop_caches", "1"), 0, "drop_caches: 1");
	is(spew("/proc/sys/vm/drop_caches", "3\n"), 0, "drop_caches: 3");
	ok(strstr(slurp("/proc/vmstat"), "\ndrop_slab ") && !strstr(text, "\ndrop_slab 0\n"),
	   "drop_caches: counted");
}

int main(void)
{
	rows();
	objects_follow();
	sysfs();
	drop();
	return tap_end();
}
