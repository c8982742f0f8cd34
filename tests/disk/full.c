// SPDX-License-Identifier: MIT
/*
 * A file system that becomes full, as TAP: full DEVICE DIRECTORY. What was free held letters S before: nobody may read one.
 * A write that does not fit is short, as far as there are blocks, also when the file's pages lie in large folios, are in
 * the cache already as a hole, or come from a mapping; what was acknowledged before stays.
 */
#include "../guest/tap.h"
#include <sys/mount.h>
#include <sys/statfs.h>

#define SPARE (200 << 10) /* what is free before each write */
#define LARGE (512 << 10) /* what is written */

static char *buf, *got;
static const char *dir;
static int drop, old;

static int open_in(const char *name, int flags)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags | O_RDWR | O_CLOEXEC, 0644);
}

static long left(void)
{
	struct statfs s;

	must(statfs(dir, &s) == 0);
	return (long)s.f_bfree * s.f_bsize;
}

static void forget(void)
{
	sync();
	must(pwrite(drop, "3", 1, 0) == 1);
}

/* Make @bytes of blocks free that hold letters S, on the disk too. */
static void make_room(long bytes)
{
	struct stat st;

	must(fstat(old, &st) == 0 && st.st_size > bytes);
	memset(buf, 'S', LARGE);
	while (pwrite(old, buf, 1024, st.st_size) == 1024) /* nothing else is left */
		st.st_size += 1024;
	must(fsync(old) == 0 && ftruncate(old, (st.st_size - bytes) & -65536L) == 0 &&
	     fsync(old) == 0);
}

static bool all(const char *p, int c, size_t len)
{
	return !len || (*p == c && !memcmp(p, p + 1, len - 1));
}

/* A write of LARGE bytes W at @at of @fd, a file of @size zeroes before. */
static void does_not_fit(int fd, off_t at, size_t size, const char *what)
{
	long room = left(), lost;
	ssize_t n, more;

	memset(buf, 'W', LARGE);
	n = pwrite(fd, buf, LARGE, at);
	more = pwrite(fd, buf, LARGE, at + n);
	ok(n > 0 && n <= room && n % 4096 == 0 && more == -1 && errno == ENOSPC,
	   "%s: a short count, then ENOSPC", what);
	lost = left();
	ok(room - n <= 65536 && lost <= 16384, "%s: as much as there was room for", what);
	printf("# %ld bytes free, %zd written, %ld left\n", room, n, lost);
	ok(fsync(fd) == 0, "%s: fsync", what);
	forget();
	if (size < (size_t)at + n)
		size = at + n;
	ok(lseek(fd, 0, SEEK_END) == (off_t)size, "%s: the size", what);
	must(pread(fd, got, size, 0) == (ssize_t)size);
	ok(all(got, 0, at) && all(got + at, 'W', n) && all(got + at + n, 0, size - at - n),
	   "%s: what was written, and zeroes", what);
	close(fd);
}

static int hole(const char *name, size_t size, bool cached)
{
	int fd = open_in(name, O_CREAT | O_TRUNC);

	make_room(SPARE);
	must(fd >= 0 && ftruncate(fd, size) == 0);
	for (size_t at = 0; cached && at < size; at += 65536)
		must(pread(fd, got, 65536, at) == 65536);
	return fd;
}

static void mapped(void)
{
	int fd = hole("mapped", 2 * LARGE, true), other = open_in("mapped", 0);
	char *p = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	bool early;

	must(p != MAP_FAILED && other >= 0);
	/* Linux's ext4, which mounts an ext2 in Debian, looks for a block at the store; its ext2 when the page is written. */
	early = FAULTS(memset(p, 'M', LARGE)) && tap_info.si_signo == SIGBUS;
	ok(early || (msync(p, LARGE, MS_SYNC) == -1 && errno == ENOSPC),
	   "mapped: SIGBUS or msync tells that there is no room");
	ok(msync(p, LARGE, MS_SYNC) == 0, "mapped: msync tells it once");
	munmap(p, LARGE);
	ok(early || (fsync(other) == -1 && errno == ENOSPC),
	   "mapped: so does fsync of another open file");
	ok(fsync(other) == 0 && fsync(fd) == 0, "mapped: once");
	close(other);
	forget();
	must(pread(fd, got, 2 * LARGE, 0) == 2 * LARGE);
	ok(!memchr(got, 'S', 2 * LARGE), "mapped: nobody reads what was there before");
	close(fd);
}

int main(int argc, char **argv)
{
	int keep;

	must(argc == 3);
	dir = argv[2];
	mkdir(dir, 0755);
	must(mount(argv[1], dir, "ext2", 0, NULL) == 0);
	catch_signal(SIGBUS);
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	buf = mmap(NULL, 4 * LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	got = buf + LARGE;
	must(drop >= 0 && buf != MAP_FAILED);
	keep = open_in("keep", O_CREAT);
	memset(buf, 'K', LARGE);
	must(pwrite(keep, buf, LARGE, 0) == LARGE && fsync(keep) == 0);
	old = open_in("old", O_CREAT);
	memset(buf, 'S', LARGE);
	for (ssize_t n; (n = write(old, buf, LARGE)) > 0;)
		;
	is(errno, ENOSPC, "the disk is full");
	make_room(SPARE);
	does_not_fit(open_in("grows", O_CREAT), 0, 0, "a new file");
	make_room(SPARE);
	does_not_fit(open_in("grows", O_TRUNC), 5 * 4096, 5 * 4096, "behind the end of a file");
	does_not_fit(hole("hole", 2 * LARGE, false), 3 * 4096, 2 * LARGE, "a hole");
	does_not_fit(hole("cached", 2 * LARGE, true), 0, 2 * LARGE, "a hole that is in the cache");
	mapped();
	must(pread(keep, got, LARGE, 0) == LARGE);
	ok(all(got, 'K', LARGE), "what was acknowledged before is there");
	close(keep);
	close(old);
	ok(umount(dir) == 0, "umount");
	return tap_end();
}
