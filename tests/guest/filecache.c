// SPDX-License-Identifier: MIT
/*
 * Files in memory and who holds them: a file lives as long as a descriptor or a mapping; what is mapped is in Cached and in
 * the RSS of each process, once in the sum of their Pss; mappings of ramfs through the generic operations;
 * truncation and holes against threads that read the same pages (SIGBUS or zeroes, never what was there).
 */
#include "textfile.h"
#include <pthread.h>
#include <linux/falloc.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define KiB 1024L
#define MiB (1024 * KiB)

static long meminfo(const char *key)
{
	char c;
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY);

	read(fd, &c, 1);
	close(fd);
	return number_in("/proc/meminfo", key);
}

/* ---- how long a file lives ---- */

static void test_last_user(void)
{
	static char block[MiB];
	int fd, p[2];
	long shmem, more;
	char *map, c;

	shmem = meminfo("Shmem:");
	fd = open("/dev/shm/last", O_RDWR | O_CREAT, 0600);
	unlink("/dev/shm/last");
	ftruncate(fd, 4 * MiB);
	map = mmap(NULL, 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(map, 7, 4 * MiB);
	close(fd);
	more = meminfo("Shmem:") - shmem;
	ok(more >= 4000 && more < 4400,
	   "last user: a mapping keeps a file without name and descriptor (%ld KiB)", more);
	is(map[4 * MiB - 1], 7, "last user: whole");
	munmap(map, 4 * MiB);
	more = meminfo("Shmem:") - shmem;
	ok(more < 200, "last user: it goes with the mapping (%ld KiB)", more);
	/* The last close has done its work when it returns. */
	pipe(p);
	close(p[1]);
	is(read(p[0], &c, 1), 0, "last user: a pipe ends when close returns");
	close(p[0]);
	fd = open("/dev/shm/last", O_RDWR | O_CREAT, 0600);
	unlink("/dev/shm/last");
	for (int i = 0; i < 4; i++)
		write(fd, block, MiB);
	ok(meminfo("Shmem:") - shmem >= 4000, "last user: a descriptor keeps it");
	{
		int other = dup(fd), status;

		close(fd);
		ok(meminfo("Shmem:") - shmem >= 4000, "last user: its duplicate, too");
		if (!fork())
			_exit(lseek(other, 0, SEEK_END) == 4 * MiB ? 0 : 1);
		wait(&status);
		is(status, 0, "last user: a child's");
		close(other);
	}
	more = meminfo("Shmem:") - shmem;
	ok(more < 200,
	   "last user: the last close gives the memory back before it returns (%ld KiB)", more);
}

/* ---- sums that are none ---- */

static void test_sums(void)
{
	const long size = 8 * MiB;
	long cached = meminfo("Cached:"), rss = 0, pss = 0;
	int fd = open("/dev/shm/sums", O_RDWR | O_CREAT, 0600), ready[2], go[2];
	pid_t child[4];
	char c;

	ftruncate(fd, size);
	pipe(ready);
	pipe(go);
	for (int i = 0; i < 4; i++) {
		child[i] = fork();
		if (!child[i]) {
			volatile char *map =
				mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

			for (long at = 0; at < size; at += 4096)
				map[at] = 1;
			write(ready[1], "x", 1);
			read(go[0], &c, 1);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		read(ready[0], &c, 1);
	for (int i = 0; i < 4; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", child[i]);
		rss += number_in(path, "Rss:");
		pss += number_in(path, "Pss:");
	}
	cached = meminfo("Cached:") - cached;
	ok(cached >= 8000 && cached < 8500, "sums: 8 MiB are cached once (%ld KiB)", cached);
	ok(rss >= 4 * 8192, "sums: and in the RSS of each of four processes (%ld KiB)", rss);
	ok(pss >= 8192 && pss < 8192 + 4 * 400, "sums: in the sum of Pss once (%ld KiB)", pss);
	ok(rss - pss >= 3 * 8192, "sums: so free + cache + slab + all RSS is more than there is");
	for (int i = 0; i < 4; i++)
		write(go[1], "x", 1);
	while (wait(NULL) > 0)
		;
	unlink("/dev/shm/sums");
	close(fd);
}

/* ---- generic operations ---- */

static void test_generic_mmap(void)
{
	char *map, buf[16];
	int fd;

	mkdir("/tmp/ramfs", 0700);
	is(mount("none", "/tmp/ramfs", "ramfs", 0, NULL), 0, "ramfs: mount");
	fd = open("/tmp/ramfs/file", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 2 * PAGE);
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(map != MAP_FAILED, "ramfs: mmap");
	strcpy(map + 100, "by mapping");
	pread(fd, buf, sizeof(buf), 100);
	ok(!strcmp(buf, "by mapping"),
	   "ramfs: what is written to the mapping is read from the file");
	pwrite(fd, "by file", 8, PAGE + 5);
	ok(!strcmp(map + PAGE + 5, "by file"), "ramfs: and the other way round");
	munmap(map, 2 * PAGE);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	map[100] = 'B';
	pread(fd, buf, sizeof(buf), 100);
	is(buf[0], 'b', "ramfs: a private mapping keeps its own");
	munmap(map, PAGE);
	close(fd);
	umount("/tmp/ramfs");
}

/* ---- truncation against faults ---- */

#define GENERATIONS 300

static _Atomic long generation; /* what is written is at least this */
static _Atomic int stop, stale, buses, seen;
static int race_fd;
static volatile long *race_map;
static __thread sigjmp_buf bus;

static void on_bus(int sig)
{
	(void)sig;
	siglongjmp(bus, 1);
}

static void *reader(void *unused)
{
	(void)unused;
	while (!stop) {
		for (int i = 0; i < 8; i++) {
			long least = generation, got;

			if (sigsetjmp(bus, 1)) {
				buses++;
				continue;
			}
			got = race_map[i * 512];
			if (got && got < least)
				stale++;
			if (got)
				seen++;
		}
	}
	return NULL;
}

static void race(const char *what, bool punch)
{
	pthread_t t[2];
	long word;

	stop = stale = buses = seen = 0;
	generation = 0;
	race_fd = open("/dev/shm/race", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(race_fd, 8 * PAGE);
	race_map = mmap(NULL, 8 * PAGE, PROT_READ, MAP_SHARED, race_fd, 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, reader, NULL);
	for (long g = 1; g <= GENERATIONS; g++) {
		for (int i = 0; i < 8; i++) {
			word = g;
			pwrite(race_fd, &word, sizeof(word), i * PAGE);
		}
		if (g % 8 == 0)
			sched_yield();
		if (punch) {
			fallocate(race_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8 * PAGE);
		} else {
			ftruncate(race_fd, 0);
			ftruncate(race_fd, 8 * PAGE);
		}
		generation = g + 1; /* nobody may read g any more */
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	is(stale, 0, "%s: no reader saw what had been there (%d values, %d SIGBUS)", what, seen,
	   buses);
	munmap((void *)race_map, 8 * PAGE);
	close(race_fd);
	unlink("/dev/shm/race");
}

static void test_races(void)
{
	struct sigaction act = { .sa_handler = on_bus, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &act, NULL);
	race("truncation", false);
	race("hole", true);
	is(buses, 0, "hole: there is no SIGBUS in one");
}

/* ---- without copying through the program ---- */

static void test_moving(void)
{
	static char want[200000], got[200000];
	int in = open("/dev/shm/in", O_RDWR | O_CREAT, 0600),
	    out = open("/dev/shm/out", O_RDWR | O_CREAT, 0600);
	int p[2];
	off_t at = 1000;
	loff_t from = 0, to = 0;
	struct iovec iov = { want, 4 * PAGE };
	long n;

	for (unsigned int i = 0; i < sizeof(want); i++)
		want[i] = i * 11 + i / 251;
	write(in, want, sizeof(want));
	is(sendfile(out, in, &at, 100000), 100000, "moving: sendfile");
	pread(out, got, 100000, 0);
	ok(!memcmp(got, want + 1000, 100000) && at == 101000, "moving: the bytes, and the offset");
	is(copy_file_range(in, &from, out, &to, sizeof(want), 0), sizeof(want),
	   "moving: copy_file_range");
	pread(out, got, sizeof(got), 0);
	ok(!memcmp(got, want, sizeof(want)), "moving: the bytes");
	pipe(p);
	is(vmsplice(p[1], &iov, 1, 0), 4 * PAGE, "moving: vmsplice");
	n = read(p[0], got, sizeof(got));
	ok(n == 4 * PAGE && !memcmp(got, want, 4 * PAGE), "moving: the bytes");
	unlink("/dev/shm/in");
	unlink("/dev/shm/out");
}

int main(void)
{
	test_last_user();
	test_sums();
	test_generic_mmap();
	test_races();
	test_moving();
	return tap_end();
}
