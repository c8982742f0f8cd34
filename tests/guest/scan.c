// SPDX-License-Identifier: MIT
/*
 * More file pages than memory: /dev/vda (quire run --disk), of which each page holds its number. Clean pages go and come back
 * whole; a hot set survives a scan; what many processes map goes, too. Without a disk of that kind: skipped.
 * See tests/suite/54-reclaim.t, which gives it one.
 */
#include "maps.h"

#include "../../include/drivers/mmtest.h"
#include <sys/ioctl.h>
#include <sys/resource.h>

#define MB	      (1L << 20)
#define PER_MB	      256L
#define CHILDREN      50
#define HOT_MB	      8
#define MAP_PAGES     64L
#define BLKGETSIZE64_ 0x80081272UL

static long disk_mb;
static char buf[MB];

/* Does every page of [mb, mb + 1) hold its number? Reads through @fd. */
static bool right(int fd, long mb)
{
	if (pread(fd, buf, MB, mb * MB) != MB)
		return false;
	for (long i = 0; i < PER_MB; i++)
		if (*(long *)(buf + i * PAGE) != mb * PER_MB + i)
			return false;
	return true;
}

static long stalls(void)
{
	return vmstat("allocstall_dma") + vmstat("allocstall_dma32") + vmstat("allocstall_normal") +
	       vmstat("allocstall_movable");
}

static long presence(const char *p, int fd)
{
	uint64_t entry[MAP_PAGES];
	long n = 0;

	must(pread(fd, entry, sizeof(entry), (unsigned long)p / PAGE * 8) == sizeof(entry));
	for (long i = 0; i < MAP_PAGES; i++)
		n += entry[i] >> 63;
	return n;
}

/* A process that maps the first pages, touches them, waits, and tells how many it still maps. */
static void mapper(int disk, int ready, int go, int answer)
{
	char *p = mmap(NULL, MAP_PAGES * PAGE, PROT_READ, MAP_SHARED, disk, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	int refs = open("/proc/self/clear_refs", O_WRONLY);
	long sum = 0, n;
	char c;

	for (long i = 0; i < MAP_PAGES; i++)
		sum += p[i * PAGE];
	n = presence(p, pagemap) == MAP_PAGES && sum >= 0 ? 1 : -1;
	/* Used once, long ago. */
	if (write(refs, "1", 1) != 1)
		n = -1;
	(void)!write(ready, &n, sizeof(n));
	(void)!read(go, &c, 1);
	n = presence(p, pagemap);
	for (long i = 0; i < MAP_PAGES; i++)
		if (*(long *)(p + i * PAGE) != i)
			n = 1000;
	(void)!write(answer, &n, sizeof(n));
	_exit(0);
}

/* While all of them have it, and we do: who maps the first page. */
static void mappers(int disk)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, disk, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY), fd = open("/proc/kpagecount", O_RDONLY);
	uint64_t frame, count = 0;
	char line[256];
	long listed = 0;
	FILE *f;

	must(p[0] == 0 && pread(pagemap, &frame, 8, (unsigned long)p / PAGE * 8) == 8);
	frame &= (1ULL << 55) - 1;
	must(pread(fd, &count, 8, frame * 8) == 8);
	is(count, CHILDREN + 1, "a page that %d processes map", CHILDREN + 1);
	f = fopen("/proc/mm/page", "r+");
	if (f) {
		fprintf(f, "%llu", (unsigned long long)frame);
		rewind(f);
		while (fgets(line, sizeof(line), f))
			listed += !strncmp(line, "mapped: ", 8) && strstr(line, "(scan)");
		fclose(f);
	}
	ok(!f || listed == CHILDREN + 1, "/proc/mm/page lists them: %ld", listed);
	munmap(p, PAGE);
	close(pagemap);
	close(fd);
}

/* Memory of the file that reclaim must leave alone: mlocked, or pinned by a device (Linux has none that we could ask). */
static char *locked, *pinned;
static uint64_t pinned_frames[MAP_PAGES];
static int device;

static void frames_at(const char *p, uint64_t *frames)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	must(pread(pagemap, frames, MAP_PAGES * 8, (unsigned long)p / PAGE * 8) == MAP_PAGES * 8);
	close(pagemap);
}

static void hold(int disk)
{
	struct mmtest_call pin = { .noun = "pin", .verb = "pin", .arg = { 0, MAP_PAGES, 0 } };

	locked = mmap(NULL, MAP_PAGES * PAGE, PROT_READ, MAP_SHARED, disk, MB / 2);
	pinned = mmap(NULL, MAP_PAGES * PAGE, PROT_READ, MAP_SHARED, disk, 3 * MB / 4);
	must(locked != MAP_FAILED && pinned != MAP_FAILED && !mlock(locked, MAP_PAGES * PAGE));
	device = open("/dev/mmtest", O_RDWR | O_CLOEXEC);
	pin.arg[0] = (long)pinned;
	if (device >= 0)
		must(!ioctl(device, MMTEST_CALL, &pin) && pin.result[0] == MAP_PAGES);
	frames_at(pinned, pinned_frames);
}

/* A page that only a device uses (drivers/mmtest/mirror.c): it has no reference, but is asked whether it used the page. */
static char *shown;
static int viewer;

static long long viewer_call(const char *verb, long a, long b, int *err)
{
	struct mmtest_call m = { .noun = "mirror", .arg = { a, b } };

	snprintf(m.verb, sizeof(m.verb), "%s", verb);
	*err = ioctl(viewer, MMTEST_CALL, &m) ? errno : 0;
	return verb[0] == 'y' ? m.result[1] : m.result[0];
}

static void show(int disk)
{
	int err;

	viewer = open("/dev/mmtest", O_RDWR | O_CLOEXEC);
	shown = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, disk, 7 * MB / 8);
	if (viewer >= 0) {
		viewer_call("open", (long)shown, 1, &err);
		must(!err);
	}
}

/* The device looks; is it the right page? */
static bool view(void)
{
	long long low;
	int err;

	if (viewer < 0)
		return true;
	low = viewer_call("read", 0, 0, &err);
	if (err == EFAULT) {
		viewer_call("fault", 0, 0, &err);
		must(!err);
		low = viewer_call("read", 0, 0, &err);
	}
	return !err && (unsigned char)low == (7 * PER_MB / 8 & 255);
}

static void held(void)
{
	int err;

	ok(viewer < 0 || viewer_call("young", 0, 0, &err) > 0,
	   "a device was asked, and had used its page");
	uint64_t now[MAP_PAGES];
	struct rusage before, after;
	long good = 0, there = 0;

	ok(meminfo_kb("Unevictable:") >= MAP_PAGES * 4 && meminfo_kb("Mlocked:") >= MAP_PAGES * 4,
	   "mlocked pages are unevictable");
	frames_at(locked, now);
	getrusage(RUSAGE_SELF, &before);
	for (long i = 0; i < MAP_PAGES; i++) {
		there += now[i] >> 63;
		good += *(long *)(locked + i * PAGE) == PER_MB / 2 + i;
	}
	getrusage(RUSAGE_SELF, &after);
	ok(there == MAP_PAGES && good == MAP_PAGES, "mlocked pages: all are still mapped");
	is(after.ru_majflt - before.ru_majflt, 0, "mlocked pages: none is read again");
	good = 0;
	for (long i = 0; i < MAP_PAGES; i++)
		good += *(long *)(pinned + i * PAGE) == 3 * PER_MB / 4 + i;
	frames_at(pinned, now);
	for (long i = 0; i < MAP_PAGES && device >= 0; i++)
		good += (now[i] ^ pinned_frames[i]) << 9 == 0;
	is(good, device < 0 ? MAP_PAGES : 2 * MAP_PAGES, "pinned pages: still the same frames");
}

/* What was evicted a moment ago is recognised when it comes back. */
static void refaults(int disk)
{
	long before = vmstat("workingset_refault_file"), bad = 0, n;

	for (long mb = disk_mb - 36; mb < disk_mb - 28; mb++)
		bad += !right(disk, mb);
	n = vmstat("workingset_refault_file") - before;
	ok(!bad && n >= 2 * PER_MB, "refaults: %ld of %ld pages", n, 8 * PER_MB);
}

int main(void)
{
	int disk = open("/dev/vda", O_RDONLY), hot = open("/dev/vda", O_RDONLY);
	int ready[2], go[2], answer[2];
	long n, left = 0, bad = 0, in, scanned, stolen, evicted, kswapd, misses = 0;
	uint64_t bytes = 0;

	if (disk < 0 || ioctl(disk, BLKGETSIZE64_, &bytes) || bytes < 64 * MB || !right(disk, 1)) {
		printf("1..0 # SKIP no /dev/vda of numbered pages\n");
		return 0;
	}
	disk_mb = bytes / MB;
	posix_fadvise(hot, 0, 0, POSIX_FADV_RANDOM);
	hold(disk);
	show(disk);
	must(!pipe(ready) && !pipe(go) && !pipe(answer));
	for (int i = 0; i < CHILDREN; i++)
		if (!fork())
			mapper(disk, ready[1], go[0], answer[1]);
	for (int i = 0; i < CHILDREN; i++)
		must(read(ready[0], &n, sizeof(n)) == sizeof(n) && n == 1);
	mappers(disk);
	scanned = vmstat("pgscan_file");
	stolen = vmstat("pgsteal_file");
	kswapd = vmstat("pgsteal_kswapd");

	/* The hot set is read three times, then again and again while the rest goes by. */
	for (int round = 0; round < 3; round++)
		for (long mb = 1; mb <= HOT_MB; mb++)
			bad += !right(hot, mb);
	in = vmstat("pgpgin");
	for (long mb = HOT_MB + 1; mb < disk_mb; mb++) {
		bad += !right(disk, mb);
		bad += !right(hot, 1 + mb % HOT_MB);
		bad += !view();
	}
	misses = (vmstat("pgpgin") - in) / 1024 - (disk_mb - HOT_MB - 1);
	is(bad, 0, "a file larger than memory: every page read holds its number");
	ok(misses <= HOT_MB / 2, "a hot set survives the scan (%ld MB were read again)", misses);
	ok(vmstat("pgsteal_file") > stolen, "pages of the file were evicted");
	evicted = vmstat("pgsteal_file") -
		  stolen; /* before what was scanned: reclaim goes on meanwhile */
	ok(vmstat("pgscan_file") - scanned >= evicted, "no more evicted than scanned");
	ok(vmstat("pgsteal_kswapd") > kswapd, "kswapd did its part");
	ok(vmstat("pageoutrun") > 0 && vmstat("kswapd_low_wmark_hit_quickly") >= 0 && stalls() >= 0,
	   "its runs are counted");
	ok(meminfo_kb("MemFree:") > 0 && vmstat("oom_kill") == 0, "nobody was killed");
	ok(vmstat("pgactivate") >= HOT_MB * PER_MB, "the hot set was activated");

	for (int i = 0; i < CHILDREN; i++)
		(void)!write(go[1], "x", 1);
	for (int i = 0; i < CHILDREN; i++) {
		must(read(answer[0], &n, sizeof(n)) == sizeof(n));
		left += n;
	}
	while (wait(NULL) > 0)
		;
	is(left, 0, "pages that %d processes mapped left all of them, and came back whole",
	   CHILDREN);
	held();
	refaults(disk);
	return tap_end();
}
