// SPDX-License-Identifier: MIT
/*
 * Files in large folios, as TAP: largefolio DEVICE DIRECTORY. Random writes, truncations, stores to a mapping, write-out and
 * evictions on ext2, against a copy in memory; the same after a new mount. How much of a large folio is written
 * when one page of it is dirty. On Quire, what /proc/kpageflags says of a file that was read.
 */
#include "../guest/maps.h"
#include <sys/mount.h>

#define SIZE (1 << 20)
#define OPS  600

static char want[SIZE], got[SIZE];
static size_t size;
static char *source; /* a shared file, mapped anew so that its pages have to be faulted in */
static int source_fd, drop;
static unsigned int state = 20261121;

static unsigned int number(unsigned int below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static bool same(int fd, size_t at, size_t len)
{
	if (at >= size)
		return pread(fd, got, len, at) == 0;
	if (len > size - at)
		len = size - at;
	return pread(fd, got, SIZE - at < len ? SIZE - at : len, at) == (ssize_t)len &&
	       !memcmp(got, want + at, len);
}

static void grow_to(size_t end)
{
	if (end > size) {
		memset(want + size, 0, end - size);
		size = end;
	}
}

static bool op_write(int fd, size_t at, size_t len)
{
	unsigned int from = number(SIZE - len + 1);
	ssize_t n;

	grow_to(at);
	if (number(4) == 0) { /* the kernel faults in the middle of its copy */
		munmap(source, SIZE);
		source = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, source_fd, 0);
	}
	n = pwrite(fd, source + from, len, at);

	if (at + len > size)
		size = at + len;
	memcpy(want + at, source + from, len);
	return n == (ssize_t)len;
}

static bool op_truncate(int fd, size_t at)
{
	if (at < size)
		size = at;
	grow_to(at);
	return ftruncate(fd, at) == 0;
}

static bool op_store(int fd, size_t at, size_t len)
{
	char *p;

	if (at >= size)
		return true;
	if (len > size - at)
		len = size - at;
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(p + at, at % 250 + 1, len);
	memset(want + at, at % 250 + 1, len);
	return munmap(p, SIZE) == 0;
}

static bool one(int fd)
{
	static const unsigned int scale[] = { 100, 5000, 70000, 200000 };
	size_t len = 1 + number(scale[number(4)]), at = number(SIZE - len);

	if (number(3) == 0)
		at = at / 4096 * 4096;
	switch (number(12)) {
	case 0 ... 4:
		return op_write(fd, at, len);
	case 5 ... 6:
		return same(fd, at, len);
	case 7:
		return op_truncate(fd, at);
	case 8:
		return op_store(fd, at, len);
	case 9:
		return fsync(fd) == 0;
	case 10:
		return posix_fadvise(fd, at, len, POSIX_FADV_DONTNEED) == 0;
	default:
		fsync(fd);
		return pwrite(drop, "1", 1, 0) == 1;
	}
}

/* The flag of /proc/kpageflags of a page of this process. */
static bool page_flag(void *p, unsigned int bit)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	uint64_t flags = 0;

	pread(fd, &flags, 8, PFN(p) * 8);
	close(fd);
	return flags >> bit & 1;
}

static long written_kib(const char *device)
{
	char path[80], line[200];
	long sectors = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", strrchr(device, '/') + 1);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f))
		sscanf(line, "%*d %*d %*d %*d %*d %*d %ld", &sectors);
	if (f)
		fclose(f);
	return sectors / 2;
}

static void read_anew(int fd)
{
	fsync(fd);
	sync();
	pwrite(drop, "1", 1, 0);
	for (size_t at = 0; at < SIZE; at += 65536)
		pread(fd, got, 65536, at);
}

/* Far less than a large folio: the page, its inode, and what the flusher may happen to write. */
#define LITTLE 48

static bool little(const char *device, long before)
{
	long kib = written_kib(device) - before;

	if (kib > LITTLE)
		printf("# %ld KiB\n", kib);
	return kib <= LITTLE;
}

static void one_dirty_page(const char *device, int fd)
{
	volatile char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	size_t at = 3 * SIZE / 4;
	long before;

	read_anew(fd);
	before = written_kib(device);
	pwrite(fd, "x", 1, at + 5000);
	fdatasync(fd);
	ok(little(device, before),
	   "one dirty page of a large folio is written, not its neighbours");
	before = written_kib(device);
	p[at + 9000] = 'y';
	msync((void *)p, SIZE, MS_SYNC);
	ok(little(device, before), "so is one that was dirty in a mapping");
	before = written_kib(device);
	p[at + 13000] = 'z';
	munmap((void *)p, SIZE);
	fdatasync(fd);
	ok(little(device, before), "and one in a mapping that is gone");
	read_anew(fd);
	ok(pread(fd, got, 65536, at) == 65536 && got[5000] == 'x' && got[9000] == 'y' &&
		   got[13000] == 'z',
	   "all three are on the disk");
}

static void quire_only(int fd)
{
	int heads = 0, tails = 0;
	char *p;

	read_anew(fd);
	p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	for (size_t at = 0; at < SIZE; at += 4096) {
		*(volatile char *)(p + at);
		heads += page_flag(p + at, 15);
		tails += page_flag(p + at, 16);
	}
	ok(heads >= SIZE / 131072 && tails > 7 * SIZE / 4096 / 8,
	   "a file that was read lies in large folios: heads and tails in kpageflags");
	printf("# %d heads, %d tails of %d pages\n", heads, tails, SIZE / 4096);
	munmap(p, SIZE);
}

int main(int argc, char **argv)
{
	char path[200];
	int fd, bad = -1;

	must(argc == 3);
	mkdir(argv[2], 0755);
	snprintf(path, sizeof(path), "%s/data", argv[2]);
	must(mount(argv[1], argv[2], "ext2", 0, NULL) == 0);
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	source_fd = memfd_create("source", 0);
	ftruncate(source_fd, SIZE);
	source = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, source_fd, 0);
	for (int i = 0; i < SIZE; i++)
		source[i] = number(256);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
	for (int i = 0; i < OPS && bad < 0; i++)
		if (!one(fd))
			bad = i;
	is(bad, -1, "random writes, truncations, stores and evictions");
	ok(same(fd, 0, SIZE) && lseek(fd, 0, SEEK_END) == (off_t)size,
	   "the file is what it should be");
	close(fd);
	ok(umount(argv[2]) == 0 && mount(argv[1], argv[2], "ext2", 0, NULL) == 0, "mounted again");
	fd = open(path, O_RDWR);
	ok(same(fd, 0, SIZE), "and so is the disk");
	ok(op_truncate(fd, 0) && op_write(fd, 0, SIZE), "a whole file at once");
	if (!access("/proc/mm", F_OK))
		quire_only(fd);
	one_dirty_page(argv[1], fd);
	ok(same(fd, 0, 3 * SIZE / 4), "nothing else changed");
	close(fd);
	ok(umount(argv[2]) == 0, "umount");
	return tap_end();
}
