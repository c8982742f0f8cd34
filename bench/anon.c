// SPDX-License-Identifier: MIT
/* Faults on private anonymous memory, per page. */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define AREA (PAGES * PAGE)

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		broken(path);
	close(fd);
}

/* Pages that were used before come from the free lists as they do in a running system. */
static char *warm_area(void)
{
	char *p = map(AREA);

	touch(p, AREA);
	munmap(p, AREA);
	return map(AREA);
}

BENCH("anon-write-fault")
{
	char *p = warm_area();

	start();
	touch(p, AREA);
	stop();
	times(PAGES);
}

BENCH("anon-read-fault")
{
	char *p = warm_area();

	start();
	look(p, AREA);
	stop();
	times(PAGES);
}

/* The zero page is there; a write replaces it. */
BENCH("anon-write-after-read")
{
	char *p = warm_area();

	look(p, AREA);
	start();
	touch(p, AREA);
	stop();
	times(PAGES);
}

/* As anon-write-fault, in an address space of 2000 VMAs. */
BENCH("anon-write-fault-2000-vmas")
{
	char *p;

	many_vmas(2000);
	p = warm_area();
	start();
	touch(p, AREA);
	stop();
	times(PAGES);
}

/* The machine has a control group with the memory controller, which this process joins, until leave_group(). */
static void join_group(void)
{
	mkdir("/dev/shm/cgroup", 0755);
	/* The operation before left it mounted. */
	if (mount("none", "/dev/shm/cgroup", "cgroup2", 0, NULL) && errno != EBUSY)
		broken("mount");
	write_file("/dev/shm/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir("/dev/shm/cgroup/bench", 0755))
		broken("mkdir");
	write_file("/dev/shm/cgroup/bench/cgroup.procs", "0");
}

static void leave_group(void)
{
	write_file("/dev/shm/cgroup/cgroup.procs", "0");
	if (rmdir("/dev/shm/cgroup/bench"))
		broken("rmdir");
	write_file("/dev/shm/cgroup/cgroup.subtree_control", "-memory");
}

BENCH("anon-write-fault-in-group")
{
	char *p;

	join_group();
	p = warm_area();
	start();
	touch(p, AREA);
	stop();
	leave_group();
	times(PAGES);
}

/* Per page of a mapping of 8 MiB that is populated at once. */
BENCH("populate")
{
	char *p = warm_area();

	munmap(p, AREA);
	start();
	p = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
		 0);
	stop();
	if (p == MAP_FAILED)
		broken("mmap");
	times(PAGES);
}

/* The child writes to what it shares with its parent: the page is copied. */
BENCH("cow-copy")
{
	char *p = warm_area();
	pid_t pid;

	touch(p, AREA);
	pid = child();
	if (pid == 0) {
		ready();
		start();
		touch(p, AREA);
		stop();
		_exit(0);
	}
	wait_for(pid);
	times(PAGES);
}

/* The child is gone: the page is write-protected but the parent's alone. */
BENCH("cow-reuse")
{
	char *p = warm_area();
	pid_t pid;

	touch(p, AREA);
	pid = child();
	if (pid == 0)
		_exit(0);
	wait_for(pid);
	start();
	touch(p, AREA);
	stop();
	times(PAGES);
}
