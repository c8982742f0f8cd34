// SPDX-License-Identifier: MIT
/*
 * Errors of a disk, as TAP: ioerror NAME. QEMU's blkdebug fails each read of the sector at 1 MiB, each write of the one at
 * 4 MiB, and the first flush (tests/suite/52-disk.t). An error reaches who asked for that sector, and each open file once.
 */
#include "../guest/tap.h"
#include <sys/ioctl.h>
#include <linux/fs.h>

#define READ_BAD  (1 << 20)
#define WRITE_BAD (4 << 20)

static char node[40];
static unsigned char *buf, *got;

static int open_it(int flags)
{
	return open(node, flags | O_CLOEXEC);
}

static void reads(void)
{
	int dio = open_it(O_RDWR | O_DIRECT), fd = open_it(O_RDONLY);
	unsigned char *p;

	fails(pread(dio, got, PAGE, READ_BAD), EIO, "read: direct");
	ok(pread(dio, got, PAGE, READ_BAD - PAGE) == (ssize_t)PAGE &&
		   pread(dio, got, PAGE, READ_BAD + PAGE) == (ssize_t)PAGE,
	   "read: direct, its neighbours");
	fails(pread(dio, got, 1 << 20, READ_BAD - (1 << 19)), EIO,
	      "read: direct, a large one over it");
	ok(pread(fd, got, PAGE, READ_BAD - PAGE) == (ssize_t)PAGE,
	   "read: the page before it, with read-ahead");
	fails(pread(fd, got, PAGE, READ_BAD), EIO, "read: it");
	fails(pread(fd, got, PAGE, READ_BAD), EIO, "read: it again");
	ok(pread(fd, got, PAGE, READ_BAD + PAGE) == (ssize_t)PAGE, "read: the page behind it");
	ok(pread(fd, got, 4 * PAGE, READ_BAD - 2 * PAGE) == 2 * PAGE, "read: up to it");
	p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, READ_BAD - PAGE);
	ok(FAULTS((void)*(volatile unsigned char *)(p + PAGE)) && tap_info.si_signo == SIGBUS &&
		   tap_info.si_addr == p + PAGE,
	   "read: mapped, SIGBUS");
	ok(p[0] == got[PAGE] && p[2 * PAGE] == p[2 * PAGE + 1], "read: mapped, its neighbours");
	munmap(p, 3 * PAGE);
	close(fd);
	close(dio);
}

static void writes(void)
{
	int dio = open_it(O_RDWR | O_DIRECT), one = open_it(O_RDWR), two = open_it(O_RDWR), three;
	unsigned char *p;

	memset(buf, 'x', PAGE);
	fails(pwrite(dio, buf, PAGE, WRITE_BAD), EIO, "write: direct");
	ok(pwrite(dio, buf, PAGE, WRITE_BAD + PAGE) == (ssize_t)PAGE &&
		   pread(dio, got, PAGE, WRITE_BAD + PAGE) == (ssize_t)PAGE &&
		   !memcmp(buf, got, PAGE),
	   "write: direct, its neighbour");
	ok(pwrite(one, buf, PAGE, WRITE_BAD) == (ssize_t)PAGE, "write: into the cache");
	ok(pwrite(one, buf, PAGE, WRITE_BAD - 8 * PAGE) == (ssize_t)PAGE, "write: elsewhere");
	fails(fsync(one), EIO, "write: fsync");
	ok(fsync(one) == 0, "write: fsync again");
	fails(fdatasync(two), EIO, "write: the other descriptor");
	ok(fdatasync(two) == 0, "write: the other descriptor again");
	three = open_it(O_RDWR);
	ok(fsync(three) == 0, "write: a descriptor that was opened later");
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, one, WRITE_BAD);
	p[0] = 'm';
	fails(msync(p, PAGE, MS_SYNC), EIO, "write: mapped, msync");
	ok(msync(p, PAGE, MS_SYNC) == 0, "write: mapped, msync again");
	munmap(p, PAGE);
	close(one);
	close(two);
	close(three);
	ok(pread(dio, got, PAGE, WRITE_BAD - 8 * PAGE) == (ssize_t)PAGE && !memcmp(buf, got, PAGE),
	   "write: elsewhere, on the disk");
	one = open_it(O_RDWR | O_SYNC);
	fails(pwrite(one, buf, PAGE, WRITE_BAD), EIO, "write: O_SYNC");
	ok(pwrite(one, buf, PAGE, WRITE_BAD + 2 * PAGE) == (ssize_t)PAGE,
	   "write: O_SYNC, elsewhere");
	close(one);
	close(dio);
}

int main(int argc, char **argv)
{
	int fd;

	must(argc == 2);
	snprintf(node, sizeof(node), "/dev/%s", argv[1]);
	buf = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(buf != MAP_FAILED);
	got = buf + (1 << 20);
	catch_signal(SIGBUS);
	fd = open_it(O_RDWR);
	pwrite(fd, buf, 512, 8 << 20);
	fails(fsync(fd), EIO, "flush: fsync");
	ok(fsync(fd) == 0, "flush: fsync again");
	close(fd);
	reads();
	writes();
	return tap_end();
}
