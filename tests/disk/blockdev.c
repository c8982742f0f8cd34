// SPDX-License-Identifier: MIT
/*
 * A disk as a file, as TAP: blockdev NAME ("vda"; its contents are destroyed; at least 32 MiB, with flush and discard).
 * Sizes, limits and errors of reading and writing, ioctl(2), partition tables, holders, statistics, trace events.
 */
#include "../guest/tap.h"
#include <linux/blkpg.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#define MiB    (1 << 20)
#define SECTOR 512

static const char *disk;
static char node[40];
static uint64_t bytes;
static unsigned char *buf, *got; /* 1 MiB each, page-aligned */

static int open_it(int flags)
{
	return open(node, flags | O_CLOEXEC);
}

/* Between the name of a disk and the number of a partition. */
static const char *infix(void)
{
	char last = disk[strlen(disk) - 1];

	return last >= '0' && last <= '9' ? "p" : "";
}

/* Of partition @nr. */
static const char *part(int nr)
{
	static char name[48];

	snprintf(name, sizeof(name), "/dev/%s%s%d", disk, infix(), nr);
	return name;
}

static void fill(unsigned int seed, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (seed = seed * 1103515245 + 12345) >> 16;
}

static long number(const char *fmt, ...)
{
	char path[128], text[64] = "";
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		strcpy(text, "-1");
	close(fd);
	return strtol(text, NULL, 10);
}

/* The line of @name in a table of /proc; the column is counted from 1. */
static unsigned long long column(const char *table, const char *name, int name_column, int want)
{
	char line[512];
	FILE *f = fopen(table, "r");
	unsigned long long value = ~0ULL;

	while (f && fgets(line, sizeof(line), f)) {
		char *word[32], *save = NULL;
		int n = 0;

		for (char *w = strtok_r(line, " \n", &save); w && n < 32;
		     w = strtok_r(NULL, " \n", &save))
			word[n++] = w;
		if (n >= want && n >= name_column && !strcmp(word[name_column - 1], name))
			value = strtoull(word[want - 1], NULL, 10);
	}
	if (f)
		fclose(f);
	return value;
}
#define stat_of(name, field) column("/proc/diskstats", name, 3, 3 + (field))
enum {
	READS = 1,
	READ_MERGES,
	READ_SECTORS,
	READ_MS,
	WRITES,
	WRITE_MERGES,
	WRITE_SECTORS,
	WRITE_MS,
	IN_FLIGHT,
	TICKS,
	QUEUE_MS,
	DISCARDS,
	DISCARD_MERGES,
	DISCARD_SECTORS,
	DISCARD_MS,
	FLUSHES
};

static void sizes(void)
{
	int fd = open_it(O_RDWR), value;
	unsigned long sectors = 0;
	unsigned int uvalue = 0;
	struct stat st;

	ok(fd >= 0 && fstat(fd, &st) == 0 && S_ISBLK(st.st_mode), "sizes: a block device");
	ok(ioctl(fd, BLKGETSIZE64, &bytes) == 0 && bytes >= 32 * MiB, "sizes: BLKGETSIZE64");
	ok(ioctl(fd, BLKGETSIZE, &sectors) == 0 && sectors * SECTOR == bytes, "sizes: BLKGETSIZE");
	ok(number("/sys/block/%s/size", disk) == (long)sectors, "sizes: /sys/block");
	ok(number("/sys/class/block/%s/size", disk) == (long)sectors, "sizes: /sys/class/block");
	ok(number("/sys/dev/block/%u:%u/size", major(st.st_rdev), minor(st.st_rdev)) ==
		   (long)sectors,
	   "sizes: /sys/dev/block");
	ok(column("/proc/partitions", disk, 4, 3) == bytes / 1024, "sizes: /proc/partitions");
	ok(column("/proc/partitions", disk, 4, 1) == major(st.st_rdev), "sizes: its major number");
	ok(lseek(fd, 0, SEEK_END) == (off_t)bytes, "sizes: SEEK_END");
	fails(lseek(fd, bytes + 1, SEEK_SET), EINVAL, "sizes: a seek behind the end");
	ok(ioctl(fd, BLKSSZGET, &value) == 0 && value == 512, "sizes: BLKSSZGET");
	ok(ioctl(fd, BLKPBSZGET, &uvalue) == 0 && uvalue == 512, "sizes: BLKPBSZGET");
	ok(ioctl(fd, BLKIOMIN, &uvalue) == 0 && uvalue == 512, "sizes: BLKIOMIN");
	ok(ioctl(fd, BLKBSZGET, &value) == 0 && value == 4096, "sizes: BLKBSZGET");
	ok(number("/sys/block/%s/queue/logical_block_size", disk) == 512,
	   "sizes: queue/logical_block_size");
	ok(number("/sys/block/%s/ro", disk) == 0 && ioctl(fd, BLKROGET, &value) == 0 && value == 0,
	   "sizes: not read-only");
	fails(ioctl(fd, 0x12ff, &value), ENOTTY, "sizes: an unknown ioctl");
	close(fd);
}

static void edges(void)
{
	int fd = open_it(O_RDWR);

	fill(1, 8192);
	ok(pwrite(fd, buf, 8192, bytes - 4096) == 4096, "edges: a write is cut at the end");
	fails(pwrite(fd, buf, 1, bytes), ENOSPC, "edges: a write at the end");
	ok(pread(fd, got, 8192, bytes - 4096) == 4096 && !memcmp(buf, got, 4096),
	   "edges: a read is cut");
	ok(pread(fd, got, 1, bytes) == 0 && pread(fd, got, 1, bytes + 12345) == 0,
	   "edges: a read at the end");
	ok(pwrite(fd, buf, 3, 4095) == 3 && pread(fd, got, 3, 4095) == 3 && !memcmp(buf, got, 3),
	   "edges: across two pages");
	fails(ftruncate(fd, 0), EINVAL, "edges: no truncation");
	ok(fsync(fd) == 0, "edges: fsync");
	close(fd);
	fd = open_it(O_RDONLY);
	fails(pwrite(fd, buf, 1, 0), EBADF, "edges: a descriptor for reading");
	close(fd);
}

static void direct(void)
{
	int fd = open_it(O_RDWR), dio = open_it(O_RDWR | O_DIRECT);
	struct iovec iov[2] = { { got, 1024 }, { got + 8192, 3072 } };

	ok(dio >= 0, "direct: opened");
	fill(2, MiB);
	ok(pwrite(dio, buf, MiB, 0) == MiB, "direct: a write");
	ok(pread(fd, got, MiB, 0) == MiB && !memcmp(buf, got, MiB),
	   "direct: seen through the cache");
	fill(3, MiB);
	ok(pwrite(dio, buf, MiB, 0) == MiB && pread(fd, got, MiB, 0) == MiB &&
		   !memcmp(buf, got, MiB),
	   "direct: a write drops what is cached");
	fill(4, MiB);
	ok(pwrite(fd, buf, MiB, 0) == MiB && pread(dio, got, MiB, 0) == MiB &&
		   !memcmp(buf, got, MiB),
	   "direct: a read sees what is dirty in the cache");
	ok(preadv(dio, iov, 2, 0) == 4096 && !memcmp(got, buf, 1024) &&
		   !memcmp(got + 8192, buf + 1024, 3072),
	   "direct: two pieces of memory");
	fails(pread(dio, got + 1, 512, 0), EINVAL, "direct: memory that is not aligned");
	fails(pread(dio, got, 512, 100), EINVAL, "direct: a position that is not aligned");
	fails(pread(dio, got, 100, 0), EINVAL, "direct: a length that is not aligned");
	fails(pwrite(dio, buf, 512, bytes), ENOSPC, "direct: at the end");
	ok(pread(dio, got, 8192, bytes - 4096) == 4096, "direct: cut at the end");
	close(fd);
	close(dio);
}

static void mapped(void)
{
	int fd = open_it(O_RDWR), dio = open_it(O_RDWR | O_DIRECT);
	unsigned char *p = mmap(NULL, MiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * MiB);

	ok(p != MAP_FAILED, "mapped: mmap");
	fill(5, MiB);
	memcpy(p, buf, MiB);
	ok(pread(fd, got, MiB, 2 * MiB) == MiB && !memcmp(buf, got, MiB), "mapped: read sees it");
	ok(msync(p, MiB, MS_SYNC) == 0 && pread(dio, got, MiB, 2 * MiB) == MiB &&
		   !memcmp(buf, got, MiB),
	   "mapped: on the device after msync");
	fill(6, 4096);
	ok(pwrite(fd, buf, 4096, 2 * MiB + 4096) == 4096 && !memcmp(p + 4096, buf, 4096),
	   "mapped: a write is seen");
	munmap(p, MiB);
	close(fd);
	close(dio);
}

static bool zero(const unsigned char *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

static void discards(void)
{
	int fd = open_it(O_RDWR), ro = open_it(O_RDONLY);
	uint64_t range[2] = { 4 * MiB, MiB }, odd[2] = { 100, 512 }, beyond[2] = { bytes, 4096 },
		 none[2] = { 0, 0 };

	fill(7, MiB);
	ok(pwrite(fd, buf, MiB, 4 * MiB) == MiB, "discards: data, dirty");
	ok(ioctl(fd, BLKZEROOUT, range) == 0 && pread(fd, got, MiB, 4 * MiB) == MiB &&
		   zero(got, MiB),
	   "discards: BLKZEROOUT");
	pwrite(fd, buf, MiB, 4 * MiB);
	ok(ioctl(fd, BLKDISCARD, range) == 0, "discards: BLKDISCARD");
	fails(ioctl(fd, BLKDISCARD, odd), EINVAL, "discards: not in sectors");
	fails(ioctl(fd, BLKDISCARD, beyond), EINVAL, "discards: beyond the end");
	fails(ioctl(fd, BLKZEROOUT, odd), EINVAL, "discards: zeroes, not in sectors");
	fails(ioctl(fd, BLKZEROOUT, none), EINVAL, "discards: zeroes, nothing");
	fails(ioctl(ro, BLKDISCARD, range), EBADF, "discards: a descriptor for reading");
	pwrite(fd, buf, MiB, 4 * MiB);
	ok(fallocate(fd, FALLOC_FL_ZERO_RANGE, 4 * MiB, 8192) == 0 &&
		   pread(fd, got, 12288, 4 * MiB) == 12288 && zero(got, 8192) &&
		   !memcmp(got + 8192, buf + 8192, 4096),
	   "discards: FALLOC_FL_ZERO_RANGE");
	ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * MiB + 8192, 4096) == 0 &&
		   pread(fd, got, 4096, 4 * MiB + 8192) == 4096 && zero(got, 4096),
	   "discards: FALLOC_FL_PUNCH_HOLE");
	fails(fallocate(fd, 0, 0, 4096), EOPNOTSUPP, "discards: plain fallocate");
	fails(fallocate(fd, FALLOC_FL_ZERO_RANGE, 100, 4096), EINVAL,
	      "discards: fallocate, not in sectors");
	close(fd);
	close(ro);
}

static void read_only(void)
{
	int fd = open_it(O_RDWR), on = 1, off = 0, value = 0;

	ok(ioctl(fd, BLKROSET, &on) == 0 && ioctl(fd, BLKROGET, &value) == 0 && value == 1,
	   "read-only: BLKROSET");
	ok(number("/sys/block/%s/ro", disk) == 1, "read-only: /sys/block/.../ro");
	fails(pwrite(fd, buf, 1, 0), EPERM, "read-only: a write");
	ok(ioctl(fd, BLKROSET, &off) == 0 && pwrite(fd, buf, 1, 0) == 1, "read-only: and back");
	ok(ioctl(fd, BLKFLSBUF, 0) == 0, "read-only: BLKFLSBUF");
	close(fd);
}

static void holders(void)
{
	int first = open_it(O_RDWR | O_EXCL), plain;

	ok(first >= 0, "holders: O_EXCL");
	fails(open_it(O_RDWR | O_EXCL), EBUSY, "holders: a second one");
	plain = open_it(O_RDWR);
	ok(plain >= 0, "holders: without O_EXCL");
	close(plain);
	close(first);
	first = open_it(O_RDWR | O_EXCL);
	ok(first >= 0, "holders: free again");
	close(first);
}

/* ---- statistics ---- */

static void statistics(void)
{
	int dio = open_it(O_RDWR | O_DIRECT), fd = open_it(O_RDWR);
	unsigned long long before[FLUSHES + 1], after[FLUSHES + 1];
	uint64_t range[2] = { 8 * MiB, MiB };
	char text[256] = "", *p = text;
	bool same = true;
	int s;

	for (int i = 1; i <= FLUSHES; i++)
		before[i] = stat_of(disk, i);
	pwrite(dio, buf, 65536, 0);
	pwrite(dio, buf, 4096, MiB);
	pread(dio, got, 65536, 0);
	/* A request is counted after its waiter was woken. */
	EVENTUALLY(stat_of(disk, READS) > before[READS] &&
		   stat_of(disk, WRITES) > before[WRITES] + 1 && !stat_of(disk, IN_FLIGHT));
	for (int i = 1; i <= FLUSHES; i++)
		after[i] = stat_of(disk, i);
	ok(after[READS] - before[READS] == 1 && after[READ_SECTORS] - before[READ_SECTORS] == 128,
	   "statistics: a read");
	ok(after[WRITES] - before[WRITES] == 2 &&
		   after[WRITE_SECTORS] - before[WRITE_SECTORS] == 136,
	   "statistics: two writes");
	ok(after[IN_FLIGHT] == 0, "statistics: nothing in flight");
	ioctl(fd, BLKDISCARD, range);
	ok(EVENTUALLY(stat_of(disk, DISCARDS) - after[DISCARDS] >= 1 &&
		      stat_of(disk, DISCARD_SECTORS) - after[DISCARD_SECTORS] == 2048),
	   "statistics: a discard");
	ok(fsync(fd) == 0 && EVENTUALLY(stat_of(disk, FLUSHES) - after[FLUSHES] >= 1),
	   "statistics: a flush");
	snprintf(text, sizeof(text), "/sys/block/%s/stat", disk);
	s = open(text, O_RDONLY);
	memset(text, 0, sizeof(text));
	read(s, text, sizeof(text) - 1);
	close(s);
	for (int i = 1; i <= FLUSHES; i++) {
		unsigned long long value = strtoull(p, &p, 10);

		if (i != TICKS && i != QUEUE_MS && value != stat_of(disk, i))
			same = false;
	}
	ok(same, "statistics: /sys/block/.../stat");
	/* Sixteen neighbouring pages, written back together: fewer requests than pages. */
	before[WRITES] = stat_of(disk, WRITES);
	for (int i = 0; i < 256; i++)
		pwrite(fd, buf, 4096, 3 * MiB + i * 4096);
	fsync(fd);
	ok(stat_of(disk, WRITES) - before[WRITES] <= 16,
	   "statistics: 256 dirty pages go in at most 16 requests");
	close(dio);
	close(fd);
}

/* ---- partitions ---- */

struct entry {
	uint8_t active, chs1[3], type, chs2[3];
	uint32_t start, size;
} __attribute__((packed));

static void put_entry(int slot, int type, uint32_t start, uint32_t size)
{
	struct entry e = { .type = type, .start = start, .size = size };

	memcpy(buf + 0x1be + 16 * slot, &e, sizeof(e));
	buf[510] = 0x55;
	buf[511] = 0xaa;
}

static int write_sector(uint64_t lba)
{
	int fd = open_it(O_RDWR), good = pwrite(fd, buf, 512, lba * 512) == 512 && fsync(fd) == 0;

	close(fd);
	memset(buf, 0, 512);
	return good;
}

static int reread(void)
{
	int fd = open_it(O_RDWR), err = ioctl(fd, BLKRRPART) ? -errno : 0;

	close(fd);
	return err;
}

/* Start and size in sectors as /sys tells them. */
static bool placed(int nr, long start, long size)
{
	return number("/sys/block/%s/%s/start", disk, part(nr) + 5) == start &&
	       number("/sys/block/%s/%s/size", disk, part(nr) + 5) == size &&
	       column("/proc/partitions", part(nr) + 5, 4, 3) == (unsigned long long)size / 2;
}

static void mbr(void)
{
	int fd, p, big = bytes / 512;

	memset(buf, 0, 512);
	put_entry(0, 0x83, 2048, 4096);
	put_entry(1, 0x82, 6144, 2048);
	put_entry(2, 0x05, 8192, 16384);
	put_entry(3, 0x83, 32768, big); /* reaches beyond the disk */
	ok(write_sector(0), "mbr: a table");
	put_entry(0, 0x83, 2048, 4096);
	put_entry(1, 0x05, 6144, 8192);
	write_sector(8192);
	put_entry(0, 0x83, 2048, 4096);
	write_sector(8192 + 6144);
	ok(reread() == 0, "mbr: BLKRRPART");
	ok(placed(1, 2048, 4096) && placed(2, 6144, 2048), "mbr: primary partitions");
	ok(placed(3, 8192, 2), "mbr: an extended one is shown with two sectors");
	ok(placed(4, 32768, big - 32768), "mbr: one that is too long is cut");
	ok(placed(5, 10240, 4096) && placed(6, 16384, 4096), "mbr: logical partitions");
	ok(access(part(1), F_OK) == 0 && access(part(6), F_OK) == 0, "mbr: nodes in /dev");
	ok(number("/sys/block/%s/%s/partition", disk, part(1) + 5) == 1,
	   "mbr: the number of a partition");

	p = open(part(2), O_RDWR);
	fill(8, 4096);
	ok(pwrite(p, buf, 4096, 512) == 4096 && fsync(p) == 0, "mbr: a write to a partition");
	fd = open_it(O_RDONLY | O_DIRECT);
	ok(pread(fd, got, 4096, 6144 * 512 + 512) == 4096 && !memcmp(buf, got, 4096),
	   "mbr: is there on the disk");
	fails(pwrite(p, buf, 512, 2048 * 512), ENOSPC, "mbr: not beyond the partition");
	ok(EVENTUALLY(stat_of(part(2) + 5, WRITES) >= 1) && stat_of(part(1) + 5, WRITES) == 0,
	   "mbr: statistics of a partition");
	ok(reread() == -EBUSY, "mbr: not re-read while a partition is open");
	close(p);
	close(fd);
	p = open(part(1), O_RDONLY | O_EXCL);
	fails(open_it(O_RDONLY | O_EXCL), EBUSY, "mbr: a held partition holds the disk");
	close(p);
}

static int blkpg(int op, int nr, long long start, long long length)
{
	struct blkpg_partition p = { .start = start, .length = length, .pno = nr };
	struct blkpg_ioctl_arg arg = { .op = op, .datalen = sizeof(p), .data = &p };
	int fd = open_it(O_RDWR), err = ioctl(fd, BLKPG, &arg) ? -errno : 0;

	close(fd);
	return err;
}

static void by_hand(void)
{
	int p;

	ok(blkpg(BLKPG_DEL_PARTITION, 6, 0, 0) == 0 && access(part(6), F_OK) < 0,
	   "blkpg: one is deleted");
	ok(blkpg(BLKPG_DEL_PARTITION, 6, 0, 0) == -ENXIO, "blkpg: no such partition");
	ok(blkpg(BLKPG_ADD_PARTITION, 6, 16384 * 512, 1024 * 512) == 0 && placed(6, 16384, 1024),
	   "blkpg: one is added");
	ok(blkpg(BLKPG_ADD_PARTITION, 7, 16384 * 512, 1024 * 512) == -EBUSY, "blkpg: no overlap");
	ok(blkpg(BLKPG_RESIZE_PARTITION, 6, 16384 * 512, 2048 * 512) == 0 && placed(6, 16384, 2048),
	   "blkpg: one grows");
	ok(blkpg(BLKPG_ADD_PARTITION, 0, 0, 512) == -EINVAL, "blkpg: number 0");
	p = open(part(6), O_RDONLY);
	ok(blkpg(BLKPG_DEL_PARTITION, 6, 0, 0) == -EBUSY, "blkpg: not while it is open");
	close(p);
}

static uint32_t crc32(const unsigned char *p, size_t n)
{
	uint32_t crc = ~0u;

	for (; n--; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void put32(size_t at, uint32_t v)
{
	memcpy(buf + at, &v, 4);
}

static void put64(size_t at, uint64_t v)
{
	memcpy(buf + at, &v, 8);
}

/* A table with two partitions; the checksum of the header is @good or off by one. */
static void write_gpt(bool good)
{
	uint64_t last = bytes / 512 - 1;
	int fd = open_it(O_RDWR);

	memset(buf, 0, 34 * 512);
	put_entry(0, 0xee, 1, last);
	for (int i = 0; i < 2; i++) {
		size_t e = 1024 + 128 * (i ? 4 : 0); /* numbers 1 and 5 */

		memcpy(buf + e, "\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4",
		       16);
		memset(buf + e + 16, 0x11 + i, 16);
		put64(e + 32, i ? 8192 : 2048);
		put64(e + 40, i ? 10239 : 4095);
		buf[e + 56] = 'a' + i;
	}
	memcpy(buf + 512, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
	put64(512 + 24, 1);
	put64(512 + 32, last);
	put64(512 + 40, 34);
	put64(512 + 48, last - 33);
	memset(buf + 512 + 56, 0x77, 16);
	put64(512 + 72, 2);
	put32(512 + 80, 128);
	put32(512 + 84, 128);
	put32(512 + 88, crc32(buf + 1024, 128 * 128));
	put32(512 + 16, crc32(buf + 512, 92) + !good);
	pwrite(fd, buf, 34 * 512, 0);
	fsync(fd);
	close(fd);
}

static void gpt(void)
{
	char text[512] = "";
	int fd;

	write_gpt(true);
	ok(reread() == 0 && placed(1, 2048, 2048) && placed(5, 8192, 2048), "gpt: two partitions");
	ok(access(part(2), F_OK) < 0, "gpt: no others");
	snprintf(text, sizeof(text), "/sys/block/%s/%s/uevent", disk, part(5) + 5);
	fd = open(text, O_RDONLY);
	memset(text, 0, sizeof(text));
	read(fd, text, sizeof(text) - 1);
	close(fd);
	ok(strstr(text, "PARTN=5") && strstr(text, "PARTNAME=b"), "gpt: the name");
	write_gpt(false);
	ok(reread() == 0 && access(part(5), F_OK) < 0, "gpt: a wrong checksum");
	memset(buf, 0, 4096);
	fd = open_it(O_RDWR);
	pwrite(fd, buf, 4096, 0);
	close(fd);
	ok(reread() == 0 && access(part(1), F_OK) < 0, "gpt: no table");
}

/* ---- trace events ---- */

static bool put(const char *file, const char *text)
{
	char path[128];
	int fd, good;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return good;
}

static bool traced(const char *event, const char *rest)
{
	FILE *f = fopen("/sys/kernel/tracing/trace", "r");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, event);

		found = at && strstr(at, rest);
	}
	if (f)
		fclose(f);
	return found;
}

static void events(void)
{
	int dio = open_it(O_RDWR | O_DIRECT);
	char what[80];
	struct stat st;

	fstat(dio, &st);
	put("trace", "");
	ok(put("events/block/enable", "1"), "events: enabled");
	pwrite(dio, buf, 8192, MiB);
	pread(dio, got, 4096, 2 * MiB);
	put("events/block/enable", "0");
	snprintf(what, sizeof(what), "%u,%u WS 2048 + 16 [blockdev]", major(st.st_rdev),
		 minor(st.st_rdev));
	ok(traced("block_bio_queue: ", what), "events: block_bio_queue");
	ok(traced("block_getrq: ", what), "events: block_getrq");
	snprintf(what, sizeof(what), "%u,%u WS 8192 () 2048 + 16 [", major(st.st_rdev),
		 minor(st.st_rdev));
	ok(traced("block_rq_issue: ", what), "events: block_rq_issue");
	snprintf(what, sizeof(what), "%u,%u WS () 2048 + 16 [0]", major(st.st_rdev),
		 minor(st.st_rdev));
	ok(traced("block_rq_complete: ", what), "events: block_rq_complete");
	snprintf(what, sizeof(what), "%u,%u RS () 4096 + 8 [0]", major(st.st_rdev),
		 minor(st.st_rdev));
	ok(traced("block_rq_complete: ", what), "events: of a read");
	put("trace", "");
	close(dio);
}

int main(int argc, char **argv)
{
	must(argc == 2);
	disk = argv[1];
	snprintf(node, sizeof(node), "/dev/%s", disk);
	buf = mmap(NULL, 2 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(buf != MAP_FAILED);
	got = buf + MiB;
	sizes();
	edges();
	direct();
	mapped();
	discards();
	read_only();
	holders();
	statistics();
	mbr();
	by_hand();
	gpt();
	events();
	return tap_end();
}
