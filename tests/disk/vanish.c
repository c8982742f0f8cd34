// SPDX-License-Identifier: MIT
/*
 * A disk that vanishes while it is in use, as TAP: vanish NAME OTHER [unplug]. Its driver lets go of the device (unbind): what
 * was not written is lost and said to be, the other disk and the rest of the system go on; then the disk comes back.
 * Or it asks (on standard error) for the disk to be pulled out, which happens from outside; it stays away.
 */
#include "unplug.h"

static char node[40], other[40], device[32];

static volatile long *written; /* by both writers */

/* Writes until it cannot; 0 when the first error is one that a program may see then. */
static pid_t writer(int flags)
{
	pid_t pid = fork();

	if (pid == 0) {
		char *buf = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);
		int fd = open(node, O_WRONLY | flags);

		for (off_t at = 0; at >= 0; at = (at + 65536) % (32 << 20))
			if (pwrite(fd, buf, 65536, at) == 65536)
				written[flags != 0]++;
			else
				_exit(errno == EIO || errno == ENOSPC ? 0 : errno);
		_exit(99);
	}
	return pid;
}

static bool ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	static char buf[65536], got[65536];
	bool pulled = argc == 4;
	int fd, two;
	pid_t cached, direct;
	unsigned char *p;

	must(argc == 3 || pulled);
	snprintf(node, sizeof(node), "/dev/%s", argv[1]);
	snprintf(other, sizeof(other), "/dev/%s", argv[2]);
	catch_signal(SIGBUS);
	written = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	device_of(argv[1], device);
	ok(device[0], "a disk has a device: %s", device);
	fd = open(node, O_RDWR);
	two = open(other, O_RDWR);
	p = mmap(NULL, 2 << 20, PROT_READ, MAP_SHARED, fd, 32 << 20);
	memset(buf, 'v', sizeof(buf));
	pwrite(fd, buf, 65536, 48 << 20);
	fsync(fd);
	pwrite(two, buf, 65536, 0);
	cached = writer(0);
	direct = writer(O_DIRECT);
	must(EVENTUALLY(written[0] > 4 && written[1] > 4));
	pwrite(fd, buf, 65536, 40 << 20);
	ok(pulled ? pulled_out(argv[1]) : driver("unbind", device), "the driver lets go");
	ok(ended_well(cached), "who writes through the cache is told");
	ok(ended_well(direct), "who writes past the cache is told");
	ok(pread(fd, got, 65536, 56 << 20) <= 0, "no read");
	ok(pwrite(fd, buf, 65536, 56 << 20) < 0 && (errno == ENOSPC || errno == EIO), "no write");
	ok(FAULTS((void)*(volatile unsigned char *)(p + (1 << 20))) && tap_info.si_signo == SIGBUS,
	   "a mapping: SIGBUS");
	fails(fsync(fd), EIO, "what was dirty is lost: fsync");
	ok(open(node, O_RDONLY) < 0 && (errno == ENOENT || errno == ENXIO), "no node");
	ok(munmap(p, 2 << 20) == 0 && close(fd) == 0, "closed");
	ok(fsync(two) == 0 && pread(two, got, 65536, 0) == 65536 && !memcmp(buf, got, 65536),
	   "the other disk works");
	sync();
	if (pulled)
		return tap_end();
	ok(driver("bind", device), "the driver takes it again");
	(void)EVENTUALLY((fd = open(node, O_RDWR)) >= 0);
	ok(fd >= 0 && pread(fd, got, 65536, 48 << 20) == 65536 && !memcmp(buf, got, 65536),
	   "what was written is there");
	ok(pwrite(fd, buf, 65536, 0) == 65536 && fsync(fd) == 0, "and it can be written");
	return tap_end();
}
