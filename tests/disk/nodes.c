// SPDX-License-Identifier: MIT
/*
 * Two nodes of memory and one disk: nodes NAME ("vda", at least 640 MiB; its contents are destroyed), for 512 MiB of RAM.
 * vm.zone_reclaim_mode makes room on the near node before the far one is asked; dirty pages are spread over the nodes.
 */
#include "../guest/textfile.h"
#include <sched.h>

#define MiB (1024 * 1024L)

static char node[64], buf[1 << 18] __attribute__((aligned(4096)));
static int fd;

static void knob(const char *name, long value)
{
	char path[80], word[24];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	snprintf(word, sizeof(word), "%ld", value);
	must(spew(path, word) == 0);
}

/* Microseconds in which somebody waited for memory. */
static long pressure(void)
{
	const char *total = strstr(slurp("/proc/pressure/memory"), "total=");

	return total ? atol(total + 6) : -1;
}

/* Pages that node 0 should have given and another gave. */
static long foreign(void)
{
	return number_in("/sys/devices/system/node/node0/numastat", "numa_foreign ");
}

static long dirty_kib(int nid)
{
	char path[80], label[40];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", nid);
	snprintf(label, sizeof(label), "Node %d Dirty:", nid);
	return number_in(path, label);
}

static void drop(void)
{
	fsync(fd);
	knob("drop_caches", 3);
}

static void read_disk(long from, long bytes)
{
	for (long at = from; at < from + bytes; at += (long)sizeof(buf))
		must(pread(fd, buf, sizeof(buf), at) == (ssize_t)sizeof(buf));
}

static long foreign_of_reading(int mode)
{
	long before;

	drop();
	knob("zone_reclaim_mode", mode);
	before = foreign();
	read_disk(0, 400 * MiB);
	knob("zone_reclaim_mode", 0);
	return foreign() - before;
}

static void test_reclaim(void)
{
	long off = foreign_of_reading(0), on, waited = pressure();
	long stolen = number_in("/proc/vmstat", "pgsteal_direct ");

	stolen += number_in("/proc/vmstat", "pgsteal_kswapd ");
	on = foreign_of_reading(1);
	ok(off > 100 * MiB / 4096, "off: what does not fit on the near node goes to the far one");
	ok(on < off / 2, "zone_reclaim_mode 1: most of it is near");
	printf("# %ld pages, with the mode %ld\n", off, on);
	ok(number_in("/proc/vmstat", "pgsteal_direct ") +
			   number_in("/proc/vmstat", "pgsteal_kswapd ") >
		   stolen,
	   "room was made for it");
	ok(waited >= 0 && pressure() > waited, "the time that took is pressure on memory");
}

static void test_shares(void)
{
	long before, all;

	knob("min_unmapped_ratio", 100);
	knob("min_slab_ratio", 100);
	all = foreign_of_reading(1);
	knob("min_unmapped_ratio", 1);
	knob("min_slab_ratio", 5);
	ok(all > 100 * MiB / 4096, "min_unmapped_ratio 100: pages of files are left alone");
	before = number_in("/proc/vmstat", "zone_reclaim_failed ");
	ok(before >= 0, "zone_reclaim_failed is counted");
}

static void test_dirty(void)
{
	long near, far;

	drop();
	knob("dirty_bytes", 200 * MiB);
	knob("dirty_background_bytes", 199 * MiB);
	for (long at = 0; at < 140 * MiB; at += (long)sizeof(buf))
		must(pwrite(fd, buf, sizeof(buf), at) == (ssize_t)sizeof(buf));
	near = dirty_kib(0), far = dirty_kib(1);
	ok(near < 130 * 1024, "the near node does not take all dirty pages");
	ok(far > 10 * 1024, "the far node has the others");
	printf("# dirty: %ld KiB on node 0, %ld on node 1\n", near, far);
	knob("dirty_background_ratio", 10);
	knob("dirty_ratio", 20);
	fsync(fd);
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;

	must(argc == 2);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	must(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
	snprintf(node, sizeof(node), "/dev/%s", argv[1]);
	must((fd = open(node, O_RDWR)) >= 0);
	test_reclaim();
	test_shares();
	test_dirty();
	return tap_end();
}
