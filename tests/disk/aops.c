// SPDX-License-Identifier: MIT
/*
 * Operations of address_space_operations that reading and writing alone do not reach, as TAP: aops DEVICE DIRECTORY. DEVICE
 * holds an ext2 with blocks of 1 KiB. A part of a page that is valid needs no reading; pages of files move to other frames and
 * are dropped from frames that fail (Quire; the oracle is built without CONFIG_MEMORY_FAILURE).
 */
#include "../guest/maps.h"
#include "../guest/textfile.h"
#include <pthread.h>
#include <sys/mount.h>

#define SOFT	   "/sys/devices/system/memory/soft_offline_page"
#define HARD	   "/sys/devices/system/memory/hard_offline_page"
#define UNPOISON   "/sys/kernel/debug/hwpoison/unpoison-pfn"
#define RW	   (PROT_READ | PROT_WRITE)
#define KPF_POISON (1ull << 19)
#define PASSES	   10
#define MADV_OUT   21

static const char *device, *dir;
static bool quire;
static uint64_t poisoned[200];
static int nr_poisoned;

static long calls(const char *op)
{
	char label[40];

	snprintf(label, sizeof(label), "%s ", op);
	return number_in("/proc/mm/aops", label);
}

static long corrupted(void)
{
	return number_in("/proc/meminfo", "HardwareCorrupted:");
}

static long sectors_read(void)
{
	char path[80], *at;
	long value = -1;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", strrchr(device, '/') + 1);
	at = slurp(path);
	for (int i = 0; i <= 2; i++)
		value = strtol(at, &at, 10);
	return value;
}

static int file(const char *name)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	must(fd >= 0);
	return fd;
}

/* A page of @fd, full of @c, shared. */
static char *page_of(int fd, char c)
{
	char block[PAGE], *p;

	memset(block, c, PAGE);
	must(pwrite(fd, block, PAGE, 0) == (ssize_t)PAGE);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED && p[0] == c);
	return p;
}

static bool holds(const char *p, char c)
{
	for (size_t i = 0; i < PAGE; i++)
		if (p[i] != c)
			return false;
	return true;
}

/* What @door does with the frame of @p: 0 or an errno. */
static int offline(const char *door, volatile char *p)
{
	char text[32];
	uint64_t pfn;
	int err;

	(void)*p;
	pfn = PFN((void *)p);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)pfn * PAGE);
	err = spew(door, text);
	if (!err) {
		must(nr_poisoned < 200);
		poisoned[nr_poisoned++] = pfn;
	}
	return err;
}

static void parts(void)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	char block[PAGE], *p;
	long before, asked = calls("is_partially_uptodate"), needed;

	must(fd >= 0);
	before = sectors_read();
	must(pread(fd, block, 1024, 1024) == 1024);
	needed = sectors_read() - before;
	ok(block[56] == 0x53 && block[57] == (char)0xef, "part: the super block is read");
	must(pread(fd, block, PAGE, 0) == (long)PAGE);
	if (quire) { /* Linux has the operation for files of ext2, and reads all of the page of a device */
		is(needed, 0, "part: the mount has it, no other block of its page is needed");
		ok(calls("is_partially_uptodate") > asked, "part: ->is_partially_uptodate");
		ok(sectors_read() - before > 0, "part: all of the page needs the disk");
	}

	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED && p[1080] == 0x53);
	asked = calls("is_dirty_writeback");
	is(madvise(p, PAGE, MADV_OUT), 0, "buffers: reclaim looks at their page");
	if (quire)
		ok(calls("is_dirty_writeback") > asked, "buffers: ->is_dirty_writeback");
	ok(p[1080] == 0x53, "buffers: it stays or comes again");
	munmap(p, PAGE);
	close(fd);
}

static void moves(int fd, const char *what)
{
	char *p = page_of(fd, 'm'), block[PAGE];
	uint64_t old = PFN(p), flags = 0;
	int look = open("/proc/kpageflags", O_RDONLY);
	long asked = calls("migrate_folio"), done = number_in("/proc/vmstat", "pgmigrate_success ");

	p[0] = 'w';
	is(offline(SOFT, p), 0, "%s: a mapped, dirty page moves", what);
	ok(p[0] == 'w' && p[1] == 'm' && p[PAGE - 1] == 'm', "%s: with its bytes", what);
	ok(PFN(p) != old, "%s: to another frame", what);
	must(pread(look, &flags, 8, (off_t)old * 8) == 8);
	ok(flags & KPF_POISON, "%s: the old one is out of use", what);
	p[1] = 'x';
	is(pread(fd, block, PAGE, 0), (long)PAGE, "%s: read", what);
	ok(block[0] == 'w' && block[1] == 'x' && block[2] == 'm', "%s: one copy", what);
	is(number_in("/proc/vmstat", "pgmigrate_success ") - done, 1, "%s: pgmigrate_success",
	   what);
	printf("# %ld calls of migrate_folio\n", calls("migrate_folio") - asked);
	munmap(p, PAGE);
	close(look);
}

static void refuses(void)
{
	int fd = file("busy"), pipes[2];
	char *p = page_of(fd, 'b'), *anon;
	long asked = calls("migrate_folio"), failed = number_in("/proc/vmstat", "pgmigrate_fail ");
	off_t zero = 0;

	must(pipe(pipes) == 0 && splice(fd, &zero, pipes[1], NULL, PAGE, 0) == (ssize_t)PAGE);
	is(offline(SOFT, p), EBUSY, "in use: a page that a pipe holds stays");
	is(calls("migrate_folio") - asked, PASSES, "in use: after %d passes", PASSES);
	is(number_in("/proc/vmstat", "pgmigrate_fail ") - failed, 1, "in use: pgmigrate_fail");
	ok(holds(p, 'b'), "in use: it is as it was");
	close(pipes[0]);
	close(pipes[1]);
	is(offline(SOFT, p), 0, "in use: not any more");
	must(mlock(p, PAGE) == 0);
	is(offline(SOFT, p), EBUSY, "mlocked: stays");
	munlock(p, PAGE);
	munmap(p, PAGE);
	anon = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*anon = 'a';
	is(offline(SOFT, anon), EBUSY, "anonymous: stays");
	is(offline(HARD, anon), EBUSY, "anonymous: likewise");
	munmap(anon, PAGE);
	is(spew(SOFT, "nonsense"), EINVAL, "a number is wanted");
	is(spew(HARD, "0xfffffffff000"), ENXIO, "of a frame that there is");
	is(spew(UNPOISON, "1"), EINVAL, "unpoison: one that is out of use");
	close(fd);
}

/* Twice the same frame; then a page that moves while it is written to. */
static volatile bool stop;
static void *count_up(void *p)
{
	unsigned long n = 0;

	for (; !stop; n++)
		__atomic_fetch_add((unsigned long *)p, 1, __ATOMIC_RELAXED);
	return (void *)n;
}

static void races(void)
{
	int fd = file("race"), moved = 0;
	int64_t end = now_ns(CLOCK_MONOTONIC) + 60000000000;
	unsigned long sum = 0;
	pthread_t thread[2];
	char *p = page_of(fd, 0);
	void *n;

	for (int i = 0; i < 2; i++)
		must(!pthread_create(thread + i, NULL, count_up, p));
	while (moved < 40 && now_ns(CLOCK_MONOTONIC) < end) {
		int err = offline(SOFT, p); /* the frame that it has at this moment */

		must(err == 0 || err == EBUSY || err == EHWPOISON || err == ENXIO);
		moved += !err;
	}
	stop = true;
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], &n);
		sum += (unsigned long)n;
	}
	is(moved, 40, "race: it moved 40 times");
	is((long)*(unsigned long *)p, (long)sum,
	   "race: while two threads wrote, and nothing was lost");
	munmap(p, PAGE);
	close(fd);
}

static void fails_hard(void)
{
	int fd = file("hard");
	char *p = page_of(fd, 'h');
	uint64_t old;
	long asked = calls("error_remove_page");

	is(offline(HARD, p), EBUSY,
	   "hard: a dirty page that is mapped: who maps it would see old bytes");
	must(fsync(fd) == 0);
	old = PFN(p);
	is(offline(HARD, p), 0, "hard: a clean page is dropped");
	ok(calls("error_remove_page") - asked == 1, "hard: by ->error_remove_page");
	ok(holds(p, 'h'), "hard: and read again");
	ok(PFN(p) != old, "hard: into another frame");
	munmap(p, PAGE);
	close(fd);
}

/* Frames go and come back at the same time: none comes back before it is gone. */
static volatile uint64_t wanted;
static void *take_back(void *unused)
{
	char number[32];

	while (!stop) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)wanted);
		if (wanted && spew(UNPOISON, number) == 0)
			wanted = 0;
	}
	return NULL;
}

static void both_ways(long before)
{
	int fd = file("both"), gone = 0, was = nr_poisoned;
	char *p = page_of(fd, 'b');
	pthread_t thread;

	stop = false;
	must(!pthread_create(&thread, NULL, take_back, NULL));
	for (int i = 0; i < 100; i++) {
		int err;

		(void)*(volatile char *)p;
		wanted = PFN(p);
		err = offline(SOFT, p);
		gone += !err;
		if (err || !EVENTUALLY(!wanted))
			break;
	}
	stop = true;
	pthread_join(thread, NULL);
	nr_poisoned = was;
	is(gone, 100, "both ways: a frame goes while somebody asks for it back");
	is(corrupted(), before, "both ways: all are back");
	ok(strstr(slurp("/proc/mm/ledger"), "all accounts agree") != NULL, "both ways: ledger");
	ok(holds(p, 'b'), "both ways: the page is as it was");
	munmap(p, PAGE);
	close(fd);
}

/* All frames are good again. */
static void unpoison(long before)
{
	char number[32];
	int good = 0;

	is(corrupted() - before, 4 * nr_poisoned, "meminfo: HardwareCorrupted");
	ok(strstr(slurp("/proc/mm/ledger"), "all accounts agree") != NULL,
	   "ledger: what is out of use is counted");
	for (int i = 0; i < nr_poisoned; i++) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)poisoned[i]);
		good += spew(UNPOISON, number) == 0;
	}
	is(good, nr_poisoned, "unpoison: each");
	is(corrupted(), before, "unpoison: none is out of use");
}

static void frames(void)
{
	long before = corrupted();
	int fd;

	both_ways(before);
	fd = file("moves");
	moves(fd, "ext2");
	close(fd);
	fd = memfd_create("moves", 0);
	moves(fd, "tmpfs");
	close(fd);
	mkdir("/tmp/ramfs", 0755);
	must(mount("none", "/tmp/ramfs", "ramfs", 0, NULL) == 0);
	fd = open("/tmp/ramfs/moves", O_CREAT | O_RDWR, 0600);
	moves(fd, "ramfs");
	close(fd);
	umount("/tmp/ramfs");
	refuses();
	fails_hard();
	races();
	unpoison(before);
}

int main(int argc, char **argv)
{
	must(argc == 3);
	device = argv[1], dir = argv[2];
	quire = access("/proc/mm/aops", F_OK) == 0;
	mkdir(dir, 0755);
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	must(mount(device, dir, "ext2", 0, NULL) == 0);
	parts();
	if (quire)
		frames();
	must(umount(dir) == 0);
	return tap_end();
}
