// SPDX-License-Identifier: MIT
/*
 * A disk, /dev/vda, with ext2: mapped reads from the cache, and what the cache does not have yet. What a wait for the
 * device costs depends on when the host answers: these figures repeat to a few per cent only.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/* A file of COLD bytes that is on the disk. */
static int file_on_disk(void)
{
	int fd = ext2_file(COLD);

	if (fsync(fd))
		broken("fsync");
	touch(buffer, sizeof(buffer));
	return fd;
}

/* The same, of which the cache has nothing. */
static int cold_file(void)
{
	int fd = file_on_disk();

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		broken("posix_fadvise");
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void read_all(int fd)
{
	for (size_t at = 0; at < COLD; at += sizeof(buffer))
		if (read(fd, buffer, sizeof(buffer)) != sizeof(buffer))
			broken("read");
}

static void write_all(int fd)
{
	for (size_t at = 0; at < COLD; at += sizeof(buffer))
		if (pwrite(fd, buffer, sizeof(buffer), at) != sizeof(buffer))
			broken("pwrite");
	if (fsync(fd))
		broken("fsync");
}

/* Per MiB read from the disk, in calls of 64 KiB. */
BENCH("ext2-read-cold-mib")
{
	int fd = cold_file();

	start();
	read_all(fd);
	stop();
	times(COLD / MIB);
}

/* Per MiB written in calls of 64 KiB over what the file has, to the disk. */
BENCH("ext2-write-fsync-mib")
{
	int fd = file_on_disk();

	start();
	write_all(fd);
	stop();
	times(COLD / MIB);
}

/* --- how many bios these two are, per MiB: not instructions --- */

struct bios {
	unsigned long long reads, writes;
};

/* That the disk was given since the start: its requests and what was merged into them. */
static struct bios bios(void)
{
	FILE *f = fopen("/proc/diskstats", "r");
	unsigned long long reads, reads_merged, writes, writes_merged;
	char line[256];

	if (!f)
		broken("/proc/diskstats");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " %*u %*u vda %llu %llu %*u %*u %llu %llu", &reads, &reads_merged,
			   &writes, &writes_merged) == 4) {
			fclose(f);
			return (struct bios){ reads + reads_merged, writes + writes_merged };
		}
	errno = ENOENT;
	broken("vda in /proc/diskstats");
}

BENCH("ext2-read-cold-mib-bios")
{
	int fd = cold_file();
	unsigned long long before = bios().reads;

	read_all(fd);
	took(bios().reads - before);
	times(COLD / MIB);
}

BENCH("ext2-write-fsync-mib-bios")
{
	int fd = file_on_disk();
	unsigned long long before = bios().writes;

	write_all(fd);
	took(bios().writes - before);
	times(COLD / MIB);
}
