// SPDX-License-Identifier: MIT
/*
 * Pages of shmem on a swap device, as TAP: swap_shmem DEVICE (a disk of 16 MiB at least, all of it used).
 * MADV_PAGEOUT sends pages out, so that no memory pressure is needed.
 */
#include "../guest/maps.h"
#include "../guest/swapdev.h"
#include "../../include/drivers/mmtest.h"
#include "contents.h"
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/swap.h>

#define PAGES 256UL
#define BYTES (PAGES * PAGE)

static bool good(const char *p, unsigned long pages, unsigned long seed)
{
	return wrong(p, pages, seed) == -1;
}

/* Pages of the region at @p that are on swap, in the swap cache or not. */
static unsigned long swapped_of(const char *p)
{
	char line[256], want[32];
	FILE *f = fopen("/proc/self/smaps", "r");
	bool here = false;
	long kib = -1;

	snprintf(want, sizeof(want), "%lx-", (unsigned long)p);
	while (kib < 0 && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, want, strlen(want)))
			here = true;
		else if (here)
			sscanf(line, "Swap: %ld kB", &kib);
	}
	fclose(f);
	must(kib >= 0);
	return (unsigned long)kib / 4;
}

/* Send all of a mapping out; what is busy for a moment once more. How many are out. */
static unsigned long send_out(char *p, unsigned long pages)
{
	unsigned long out;

	for (int i = 0; i < 5000; i++) {
		out = swapped_of(p);
		if (out == pages || (i >= 50 && out + 16 > pages))
			break;
		must(!madvise(p, pages * PAGE, MADV_PAGEOUT));
		sleep_ms(2);
	}
	return out;
}

/* All but a few, which Linux has in lists of its CPUs. */
static bool gone(char *p, unsigned long pages)
{
	return send_out(p, pages) + 16 > pages;
}

/* Shmem of /proc/meminfo is @pages more than @before KiB, but for what Linux counts later. */
static bool shmem_is(long before, unsigned long pages)
{
	return labs(meminfo_kb("Shmem:") - before - (long)pages * 4) < 512;
}

static int file_of(unsigned long pages, unsigned long seed, char **map)
{
	int fd = memfd_create("pages", 0);

	must(fd >= 0 && !ftruncate(fd, (off_t)(pages * PAGE)));
	*map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(*map != MAP_FAILED);
	fill(*map, pages, seed);
	return fd;
}

static void memory(void)
{
	long shmem = meminfo_kb("Shmem:");
	struct stat before, after;
	char *p, *q = malloc(BYTES);
	int fd = file_of(PAGES, 1, &p);

	ok(shmem_is(shmem, PAGES), "Shmem: a new file");
	fstat(fd, &before);
	ok(gone(p, PAGES), "MADV_PAGEOUT: its pages are on swap, in smaps");
	ok(shmem_is(shmem, 0), "Shmem: they are not counted any more");
	fstat(fd, &after);
	is(after.st_blocks, before.st_blocks, "stat: as many blocks");
	is(lseek(fd, 0, SEEK_HOLE), BYTES, "SEEK_HOLE: it has no hole");
	is(lseek(fd, 5 * PAGE, SEEK_DATA), 5 * PAGE, "SEEK_DATA: it has data");
	ok(good(p, PAGES, 1), "through the mapping: what was written");
	is(swapped_of(p), 0, "smaps: none is on swap any more");
	ok(shmem_is(shmem, PAGES), "Shmem: they are back");
	ok(gone(p, PAGES), "they go again");
	is(pread(fd, q, BYTES, 0), BYTES, "read");
	ok(good(q, PAGES, 1), "read: what was written");
	ok(good(p, PAGES, 1) && gone(p, PAGES), "and again");
	is(pwrite(fd, "x", 1, 10 * PAGE + 7), 1, "write of a byte");
	ok(p[10 * PAGE + 7] == 'x', "it is there");
	fill(q, PAGES, 1);
	q[10 * PAGE + 7] = 'x';
	ok(!memcmp(p, q, BYTES), "and all else of its page, too");
	munmap(p, BYTES);
	close(fd);
	free(q);
}

static void truncation(void)
{
	long free_kb = meminfo_kb("SwapFree:");
	static char zero[PAGE];
	char *p;
	int fd = file_of(PAGES, 2, &p);

	ok(gone(p, PAGES), "truncation: all on swap");
	must(!ftruncate(fd, 3 * PAGE + 100) && !ftruncate(fd, BYTES));
	ok(!memcmp(p + 4 * PAGE, zero, PAGE) && !memcmp(p + (PAGES - 1) * PAGE, zero, PAGE),
	   "truncated and grown: zeroes behind the old end");
	ok(p[3 * PAGE + 99] && !memcmp(p + 3 * PAGE + 100, zero, PAGE - 100),
	   "and in the rest of its last page");
	ok(good(p, 3, 2), "before it, what was written");
	fill(p, PAGES, 3);
	ok(gone(p, PAGES), "hole: all on swap");
	must(!fallocate(fd, 3 /* KEEP_SIZE | PUNCH_HOLE */, 10 * PAGE + 8, 5 * PAGE));
	ok(!memcmp(p + 11 * PAGE, zero, PAGE) && good(p, 10, 3),
	   "hole: zeroes in it, not before it");
	ok(*(uint64_t *)(p + 10 * PAGE) && !*(uint64_t *)(p + 10 * PAGE + 8) &&
		   !*(uint64_t *)(p + 15 * PAGE) && *(uint64_t *)(p + 15 * PAGE + 8),
	   "hole: to the byte");
	fill(p, PAGES, 3);
	ok(gone(p, PAGES), "the end: all on swap");
	munmap(p, BYTES);
	close(fd);
	for (int round = 0; round < 10; round++) {
		fd = file_of(PAGES, 4, &p);
		must(gone(p, PAGES));
		munmap(p, BYTES);
		close(fd);
	}
	/* Linux keeps up to 128 free slots back for each of the four CPUs. */
	ok(EVENTUALLY(meminfo_kb("SwapFree:") + 4096 >= free_kb),
	   "the end: slots of files that come and go are free");
}

/* A parent, a child that writes, and a private copy. */
static void sharing(void)
{
	char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;
	int status, fd;
	pid_t pid;

	fill(p, PAGES, 4);
	ok(gone(p, PAGES), "shared anonymous memory goes to swap");
	pid = fork();
	if (!pid) {
		bool right = good(p, PAGES, 4);

		fill(p, PAGES, 5);
		_exit(!right);
	}
	waitpid(pid, &status, 0);
	ok(!status, "a child finds it");
	ok(good(p, PAGES, 5), "and the parent what the child wrote");
	munmap(p, BYTES);

	fd = file_of(64, 6, &p);
	ok(gone(p, 64), "a file of 64 pages");
	q = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	q[0]++;
	q[0]--;
	ok(good(q, 64, 6), "a private mapping finds its pages on swap");
	fill(q, 64, 7);
	ok(good(p, 64, 6) && good(q, 64, 7), "and copies them");
	munmap(p, 64 * PAGE);
	munmap(q, 64 * PAGE);
	close(fd);
}

static void segments(void)
{
	int id = shmget(IPC_PRIVATE, BYTES, IPC_CREAT | 0600);
	struct shm_info info;
	char *p = shmat(id, NULL, 0);

	fill(p, PAGES, 8);
	ok(gone(p, PAGES), "a segment of System V");
	must(shmctl(0, SHM_INFO, (struct shmid_ds *)&info) >= 0);
	/* Linux: used_ids and pad, then tot, rss, swp. */
	is(((unsigned long *)&info)[3], swapped_of(p), "SHM_INFO: swp");
	must(!shmctl(id, SHM_LOCK, NULL));
	ok(good(p, PAGES, 8), "it comes back");
	must(!madvise(p, BYTES, MADV_PAGEOUT));
	is(swapped_of(p), 0, "locked, it stays");
	shmdt(p);
	shmctl(id, IPC_RMID, NULL);
}

static unsigned long above_4g(char *p, unsigned long pages)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < pages; i++)
		n += PFN(p + i * PAGE) >= 1 << 20;
	return n;
}

/* A driver wants the pages of a file below 4 GiB (shmem_should_replace_folio). */
static void low(void)
{
	struct mmtest_call call = { .noun = "shmem", .verb = "dma32" };
	int device = open("/dev/mmtest", O_RDWR), fd;
	char *p;

	if (device < 0) {
		ok(true, "low # skip oracle: none, no /dev/mmtest");
		return;
	}
	fd = file_of(64, 12, &p);
	ok(above_4g(p, 64) > 0, "low: pages above 4 GiB");
	must(EVENTUALLY(send_out(p, 64) == 64));
	call.arg[0] = fd;
	ok(!ioctl(device, MMTEST_CALL, &call), "low: the mapping demands GFP_DMA32");
	ok(good(p, 64, 12), "low: they come back");
	is(above_4g(p, 64), 0, "low: below 4 GiB");
	call.arg[0] = device;
	fails(ioctl(device, MMTEST_CALL, &call), EINVAL, "low: another file");
	close(fd);
	close(device);
	munmap(p, 64 * PAGE);
}

static void swap_off(const char *device)
{
	char *p, *q;
	int fd = file_of(PAGES, 9, &p), fe = file_of(PAGES, 10, &q);

	ok(gone(p, PAGES) && gone(q, PAGES), "two files on swap");
	munmap(q, BYTES); /* no address space knows it */
	is(swapoff(device), 0, "swapoff");
	is(meminfo_kb("SwapTotal:"), 0, "no swap any more");
	is(swapped_of(p), 0, "the pages are in memory");
	q = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fe, 0);
	ok(good(p, PAGES, 9) && good(q, PAGES, 10), "as they were");
	close(fd);
	close(fe);
}

int main(int argc, char **argv)
{
	must(argc > 1 && last_page_of(argv[1]) >= 4095);
	must(make_swap(argv[1], last_page_of(argv[1]), 0));
	is(swapon(argv[1], 0), 0, "swapon");
	memory();
	truncation();
	sharing();
	segments();
	low();
	swap_off(argv[1]);
	return tap_end();
}
