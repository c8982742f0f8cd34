// SPDX-License-Identifier: MIT
/*
 * A disk, /dev/vda, with ext2: mapped reads from the cache, and what the cache does not have yet. What a wait for the
 * device costs depends on when the host answers: these figures repeat to a few per cent only.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define COLD (8 * MIB)

static char buffer[64 << 10] __attribute__((aligned(4096)));

/* Per fault that may map 16 pages, as file-read-fault-16. */
BENCH("ext2-read-fault-16")
{
	char *p = mmap(NULL, 4 * MIB, PROT_READ, MAP_SHARED, ext2_file(4 * MIB), 0);

	if (p == MAP_FAILED)
		broken("mmap");
	start();
	for (size_t at = 0; at < 4 * MIB; at += 16 * PAGE)
		look(p + at, PAGE);
	stop();
	times(4 * MIB / (16 * PAGE));
}

/* Per page that is in the cache, clean: ->page_mkwrite is asked. */
BENCH("ext2-shared-write-fault")
{
	int fd = ext2_file(4 * MIB);
	char *p = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED || fsync(fd))
		broken("mmap, fsync");
	start();
	touch(p, 4 * MIB);
	stop();
	times(4 * MIB / PAGE);
}

/* Per MiB read from the disk, in calls of 64 KiB. */
BENCH("ext2-read-cold-mib")
{
	int fd = ext2_file(COLD);

	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		broken("fsync, posix_fadvise");
	touch(buffer, sizeof(buffer));
	lseek(fd, 0, SEEK_SET);
	start();
	for (size_t at = 0; at < COLD; at += sizeof(buffer))
		if (read(fd, buffer, sizeof(buffer)) != sizeof(buffer))
			broken("read");
	stop();
	times(COLD / MIB);
}

/* Per MiB written in calls of 64 KiB over what the file has, to the disk. */
BENCH("ext2-write-fsync-mib")
{
	int fd = ext2_file(COLD);

	if (fsync(fd))
		broken("fsync");
	touch(buffer, sizeof(buffer));
	start();
	for (size_t at = 0; at < COLD; at += sizeof(buffer))
		if (pwrite(fd, buffer, sizeof(buffer), at) != sizeof(buffer))
			broken("pwrite");
	if (fsync(fd))
		broken("fsync");
	stop();
	times(COLD / MIB);
}
