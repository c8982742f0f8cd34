// SPDX-License-Identifier: MIT
/*
 * zram disks: the files that set them up and tell about them, contents of every kind there and back, discard, limits,
 * several writers at once, pages written to a backing device, which is another zram disk, and all memory back after a reset. Frames of the pool that are taken out of use: their pages move
 * (oracle: none, CONFIG_MEMORY_FAILURE).
 *
 * modules of the oracle: lz4 zram
 */
#include "swapdev.h"

#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>

#define BLOCK 4096
#define MIB   (1 << 20)

static char dir[64], node[32], backing_node[32];
static int id, backing_id;

/* ---- files ---- */

static char *slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static char *attr(const char *name)
{
	static char text[4096];
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return slurp(path, text, sizeof(text));
}

/* 0, or -1 with errno. */
static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int set(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return put(path, text);
}

/* The nth number of mm_stat, io_stat. */
static long long stat_nr(const char *name, int nth)
{
	char *p = attr(name), *end;
	long long v = -1;

	for (int i = 0; i <= nth; i++, p = end)
		v = strtoll(p, &end, 10);
	return v;
}
enum { ORIG, COMPR, USED, LIMIT, MAX, SAME, COMPACTED, HUGE, HUGE_SINCE };
#define mm_stat(nth) stat_nr("mm_stat", nth)
enum { BD_COUNT, BD_READS, BD_WRITES };
#define bd_stat(nth) stat_nr("bd_stat", nth)

static long meminfo(const char *key)
{
	static char text[8192];
	const char *p = strstr(slurp("/proc/meminfo", text, sizeof(text)), key);

	return p ? atol(p + strlen(key) + 1) : -1;
}

static long vmstat(const char *key)
{
	static char text[16384];
	const char *p = strstr(slurp("/proc/vmstat", text, sizeof(text)), key);

	return p ? atol(p + strlen(key)) : -1;
}

/* KiB, when what CPUs and caches keep for themselves is back where there is a way to ask for it. */
static long free_memory(void)
{
	put("/sys/kernel/debug/mm_settle", "1");
	return meminfo("MemFree");
}

/* ---- contents ---- */

static uint64_t seed = 88172645463325252ULL;
static uint64_t random64(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

enum kind { ZERO, WORD, TEXT, THIRD, RANDOM, NR_KINDS };

static void fill(uint64_t *page, enum kind kind, uint64_t s)
{
	for (int i = 0; i < BLOCK / 8; i++) {
		switch (kind) {
		case ZERO:
			page[i] = 0;
			break;
		case WORD:
			page[i] = s * 0x0101010101010101ULL;
			break;
		case TEXT:
			memcpy(&page[i], "the quick brown fox jumps over it all again " + i % 5 * 8,
			       8);
			break;
		case THIRD:
			page[i] = i % 3 ? s : random64(&s);
			break;
		default:
			page[i] = random64(&s);
		}
	}
	if (kind == TEXT)
		page[17] = s;
}

static int open_direct(void)
{
	int fd = open(node, O_RDWR | O_DIRECT);

	must(fd >= 0);
	return fd;
}

/* ---- tests ---- */

static void files(void)
{
	char node_dir[64];
	struct stat st;

	snprintf(node_dir, sizeof(node_dir), "/sys/block/zram%d", id);
	ok(!stat(node, &st) && S_ISBLK(st.st_mode), "hot_add: the disk is there");
	ok(!strcmp(attr("disksize"), "0\n") && !strcmp(attr("initstate"), "0\n"), "it has no size");
	ok(!strcmp(attr("mm_stat"),
		   "       0        0        0        0        0        0        0        0        0\n"),
	   "mm_stat: nine numbers");
	ok(!strcmp(attr("io_stat"), "       0        0        0        0\n"),
	   "io_stat: four numbers");
	ok(!strcmp(attr("debug_stat"), "version: 1\n       0        0\n"), "debug_stat");
	is(atoi(attr("max_comp_streams")), sysconf(_SC_NPROCESSORS_ONLN),
	   "max_comp_streams: the CPUs");
	fails(set("comp_algorithm", "no-such-thing"), EINVAL, "comp_algorithm: unknown");
	ok(!set("comp_algorithm", "lz4\n") && strstr(attr("comp_algorithm"), "[lz4]"),
	   "comp_algorithm: lz4");
	fails(set("disksize", "0"), EINVAL, "disksize: nothing");
	fails(set("compact", "1"), EINVAL, "compact: not set up yet");
	fails(set("mem_limit", "xyz"), EINVAL, "mem_limit: no number");
	fails(set("mem_used_max", "1"), EINVAL, "mem_used_max: only 0");
	fails(set("reset", "0"), EINVAL, "reset: 0");
	fails(set("mm_stat", "0"), EACCES, "mm_stat is not written");
	fails(open(attr("x"), O_RDONLY), ENOENT, "no such file");
	fails(set("idle", "all"), EINVAL, "idle: not set up yet");
	fails(set("writeback", "idle"), EINVAL, "writeback: not set up yet");
	ok(!strcmp(attr("backing_dev"), "none\n"), "no backing device");
	fails(set("backing_dev", "/nonesuch"), ENOENT, "backing_dev: nothing");
	fails(set("backing_dev", "/dev/null"), ENOTBLK, "backing_dev: no disk");
	ok(!set("backing_dev", backing_node), "backing_dev");
	ok(!strncmp(attr("backing_dev"), backing_node, strlen(backing_node)), "its name");
	ok(!set("disksize", "16777000\n"), "disksize: a number of bytes");
	ok(!strcmp(attr("disksize"), "16777216\n"), "disksize: rounded up to pages");
	ok(!strcmp(attr("initstate"), "1\n") && atoi(attr("size")) == 32768, "it has sectors");
	fails(set("disksize", "8M"), EBUSY, "disksize: only once");
	fails(set("comp_algorithm", "lz4"), EBUSY, "comp_algorithm: before the size only");
	ok(atoi(attr("queue/logical_block_size")) == BLOCK && atoi(attr("queue/rotational")) == 0 &&
		   atoll(attr("queue/discard_max_bytes")) > 0,
	   "blocks of a page, discard");
}

static void contents(void)
{
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK))),
		back[BLOCK / 8] __attribute__((aligned(BLOCK)));
	int fd = open_direct();
	bool same = true;

	for (int i = 0; i < 100; i++) {
		fill(page, i % NR_KINDS, i + 1);
		must(pwrite(fd, page, BLOCK, i * BLOCK) == BLOCK);
	}
	for (int i = 0; i < 100; i++) {
		fill(page, i % NR_KINDS, i + 1);
		must(pread(fd, back, BLOCK, i * BLOCK) == BLOCK);
		same = same && !memcmp(page, back, BLOCK);
	}
	ok(same, "pages of every kind come back as they were");
	is(mm_stat(ORIG), 100 * BLOCK, "mm_stat: what was written");
	is(mm_stat(SAME), 40, "mm_stat: pages of one word");
	is(mm_stat(HUGE), 20, "mm_stat: pages that cannot be compressed");
	ok(mm_stat(COMPR) > 20 * BLOCK && mm_stat(COMPR) < 50 * BLOCK, "mm_stat: compressed size");
	ok(mm_stat(USED) >= mm_stat(COMPR) && mm_stat(USED) < mm_stat(COMPR) + 120 * 1024 &&
		   mm_stat(USED) % BLOCK == 0,
	   "mm_stat: memory used");
	is(mm_stat(MAX), mm_stat(USED), "mm_stat: and at most");
	must(pread(fd, back, BLOCK, 4095 * BLOCK) == BLOCK);
	fill(page, ZERO, 0);
	ok(!memcmp(page, back, BLOCK), "what was never written is zeroes");
	/* Over something else, of every kind. */
	for (int i = 0; i < 100; i++) {
		fill(page, (i + 1) % NR_KINDS, i + 2);
		must(pwrite(fd, page, BLOCK, i * BLOCK) == BLOCK);
	}
	is(mm_stat(ORIG), 100 * BLOCK, "written over: as many pages");
	is(mm_stat(HUGE), 20, "written over: as many huge ones");
	is(mm_stat(HUGE_SINCE), 40, "huge pages ever");
	fails(pwrite(fd, page, 512, 0), EINVAL, "direct I/O of less than a block");
	is(pread(fd, back, BLOCK, 16 * MIB), 0, "end of the disk");
	fails(set("reset", "1"), EBUSY, "reset: it is open");
	close(fd);
}

/* Through the page cache, at odd places. */
static void bytes(void)
{
	static uint8_t text[3 * BLOCK], back[3 * BLOCK];
	int fd = open(node, O_RDWR);

	must(fd >= 0);
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	must(pwrite(fd, text, sizeof(text), 5 * MIB + 123) == (ssize_t)sizeof(text));
	ok(!fsync(fd), "fsync");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	must(pread(fd, back, sizeof(back), 5 * MIB + 123) == (ssize_t)sizeof(back));
	ok(!memcmp(text, back, sizeof(text)), "bytes at odd places come back");
	close(fd);
}

static void discard(void)
{
	uint64_t range[2] = { 0, 100 * BLOCK };
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK)));
	long long notify = stat_nr("io_stat", 3), orig = mm_stat(ORIG);
	int fd = open_direct();

	ok(!ioctl(fd, BLKDISCARD, range), "BLKDISCARD");
	is(stat_nr("io_stat", 3) - notify, 100, "io_stat: pages that were freed");
	is(mm_stat(ORIG), orig - 100 * BLOCK, "mm_stat: they are gone");
	is(mm_stat(HUGE), 0, "no huge page any more");
	must(pread(fd, page, BLOCK, 4 * BLOCK) == BLOCK);
	ok(!page[0] && !memcmp(page, page + 1, BLOCK - 8), "zeroes are there now");
	close(fd);
}

/* ---- frames of the pool ---- */

#define SOFT_OFFLINE "/sys/devices/system/memory/soft_offline_page"
#define HARD_OFFLINE "/sys/devices/system/memory/hard_offline_page"

static unsigned long offline[64];
static unsigned nr_offline;

static bool is_of_pool(unsigned long pfn)
{
	char number[32], words[4096];

	snprintf(number, sizeof(number), "%#lx", pfn);
	return !put("/proc/mm/page", number) &&
	       strstr(slurp("/proc/mm/page", words, sizeof(words)), "kind: compressed pages");
}

/* The first frame of the pool behind @pfn, 0: there is none; and its address as text. */
static unsigned long next_of_pool(unsigned long pfn, char address[32])
{
	int flags = open("/proc/kpageflags", O_RDONLY);
	uint64_t word;

	while (pread(flags, &word, 8, (off_t)++pfn * 8) == 8) {
		if (word || !is_of_pool(pfn))
			continue;
		snprintf(address, 32, "%#lx", pfn * 4096);
		close(flags);
		return pfn;
	}
	close(flags);
	return 0;
}

/* Take frames of the pool out of use, @nr at most, until bring_back(). How many were tried. */
static unsigned take_out(unsigned nr)
{
	unsigned long pfn = 0;
	unsigned tried = 0;
	char address[32];

	for (; tried < nr && (pfn = next_of_pool(pfn, address)); tried++)
		if (!put(SOFT_OFFLINE, address))
			offline[nr_offline++] = pfn;
	return tried;
}

static bool bring_back(void)
{
	bool good = true;

	while (nr_offline) {
		char number[32];

		snprintf(number, sizeof(number), "%lu", offline[--nr_offline]);
		good &= !put("/sys/kernel/debug/hwpoison/unpoison-pfn", number);
	}
	return good;
}

static void migration(void)
{
	long moved = vmstat("pgmigrate_success");
	char address[32];
	unsigned tried;

	if (access(SOFT_OFFLINE, F_OK)) {
		ok(true, "migration # skip oracle: none (CONFIG_MEMORY_FAILURE)");
		return;
	}
	must(next_of_pool(0, address));
	fails(put(HARD_OFFLINE, address), EBUSY,
	      "one that has failed stays: what it holds is nowhere else");
	tried = take_out(64);
	is(nr_offline, tried, "frames of the pool are taken out of use");
	ok(tried >= 32 && vmstat("pgmigrate_success") - moved >= tried, "%u pages moved", tried);
	ok(!is_of_pool(offline[0]), "they are not the pool's any more");
}

/* Nine of ten compressed pages go: the pool shrinks only when it is compacted. */
static void compaction(void)
{
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK))),
		back[BLOCK / 8] __attribute__((aligned(BLOCK)));
	int fd = open_direct();
	long long before;
	bool same = true;

	for (int i = 0; i < 1000; i++) {
		fill(page, THIRD, i + 1);
		must(pwrite(fd, page, BLOCK, (1000 + i) * BLOCK) == BLOCK);
	}
	for (int i = 0; i < 1000; i++) {
		uint64_t range[2] = { (uint64_t)(1000 + i) * BLOCK, BLOCK };

		if (i % 10)
			must(!ioctl(fd, BLKDISCARD, range));
	}
	before = mm_stat(USED);
	ok(!set("compact", "1"), "compact");
	ok(mm_stat(USED) < before * 3 / 4, "compaction gives pages back (%lld of %lld left)",
	   mm_stat(USED), before);
	ok(mm_stat(COMPACTED) > 0, "mm_stat: pages compacted");
	migration();
	for (int i = 0; i < 1000; i += 10) {
		fill(page, THIRD, i + 1);
		must(pread(fd, back, BLOCK, (1000 + i) * BLOCK) == BLOCK);
		same = same && !memcmp(page, back, BLOCK);
	}
	ok(same, "what was moved is what it was");
	ok(bring_back(), "and frames that were out of use can be used again");
	ok(!set("mem_used_max", "0") && mm_stat(MAX) == mm_stat(USED), "mem_used_max: forgotten");
	close(fd);
}

/* Linux has it when it is built with CONFIG_ZSMALLOC_STAT. */
static void classes(void)
{
	static char text[16384];
	long long used = 0, pages;
	char path[64], *line;

	snprintf(path, sizeof(path), "/sys/kernel/debug/zsmalloc/zram%d/classes", id);
	if (access(path, F_OK))
		return;
	slurp(path, text, sizeof(text));
	ok(strstr(text, "pages_per_zspage"), "debugfs: the classes of the pool");
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%*d %*d %*d %*d %*d %*d %lld", &pages) == 1)
			used += pages;
	is(used * BLOCK, mm_stat(USED), "debugfs: their pages are the memory used");
}

static void limit(void)
{
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK)));
	int fd = open_direct(), i;
	char text[32];

	snprintf(text, sizeof(text), "%lld", mm_stat(USED) + 40 * BLOCK);
	ok(!set("mem_limit", text), "mem_limit");
	is(mm_stat(LIMIT), atoll(text), "mm_stat: the limit");
	for (i = 0; i < 60; i++) {
		fill(page, RANDOM, i + 1);
		if (pwrite(fd, page, BLOCK, (2000 + i) * BLOCK) != BLOCK)
			break;
	}
	ok(errno == EIO && i >= 35 && i <= 41, "a write over the limit: EIO (after %d)", i);
	is(stat_nr("io_stat", 1), 1, "io_stat: a failed write");
	fill(page, ZERO, 0);
	is(pwrite(fd, page, BLOCK, 3000 * BLOCK), BLOCK, "a page of zeroes needs no memory");
	ok(!set("mem_limit", "0"), "no limit");
	fill(page, RANDOM, 7);
	is(pwrite(fd, page, BLOCK, 3001 * BLOCK), BLOCK, "writing goes on");
	close(fd);
}

/* ---- several threads, each with every fourth page ---- */

static bool thread_good[4];

static void *writer(void *arg)
{
	long self = (long)arg;
	uint64_t *page = aligned_alloc(BLOCK, 2 * BLOCK), *back = page + BLOCK / 8,
		 state = seed + self * 77;
	uint8_t version[256] = { 0 };
	int fd = open(node, O_RDWR | O_DIRECT);

	thread_good[self] = fd >= 0;
	for (int step = 0; step < 1500 && thread_good[self]; step++) {
		unsigned i = random64(&state) % 256;
		off_t at = ((off_t)i * 4 + self) * BLOCK;

		if (version[i]) {
			fill(page, version[i] % NR_KINDS, version[i] * 1000 + i);
			thread_good[self] =
				pread(fd, back, BLOCK, at) == BLOCK && !memcmp(page, back, BLOCK);
		}
		if (++version[i]) {
			fill(page, version[i] % NR_KINDS, version[i] * 1000 + i);
			thread_good[self] =
				thread_good[self] && pwrite(fd, page, BLOCK, at) == BLOCK;
		}
	}
	close(fd);
	free(page);
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];

	for (long i = 0; i < 4; i++)
		must(!pthread_create(&t[i], NULL, writer, (void *)i));
	for (int i = 0; i < 20; i++) {
		set("compact", "1");
		set("idle", "all");
		set("writeback", i % 2 ? "idle" : "huge");
	}
	if (!access(SOFT_OFFLINE, F_OK))
		take_out(64);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ok(thread_good[0] && thread_good[1] && thread_good[2] && thread_good[3],
	   "four writers, a compaction and a migration: every page is its own");
	must(bring_back());
}

static void discard_all(void)
{
	uint64_t range[2] = { 0, 16 * MIB };
	int fd = open_direct();

	must(!ioctl(fd, BLKDISCARD, range));
	close(fd);
	is(mm_stat(ORIG), 0, "a discard of all: nothing is stored");
}

/* Page @i of the disk is of a kind of its own. */
static void write_pages(int fd, int nr, enum kind kind)
{
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK)));

	for (int i = 0; i < nr; i++) {
		fill(page, kind == NR_KINDS ? (enum kind)(i % NR_KINDS) : kind, i + 1);
		must(pwrite(fd, page, BLOCK, i * BLOCK) == BLOCK);
	}
}

static bool pages_are_right(int fd, int nr)
{
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK))),
		back[BLOCK / 8] __attribute__((aligned(BLOCK)));
	bool same = true;

	for (int i = 0; i < nr; i++) {
		fill(page, i % NR_KINDS, i + 1);
		must(pread(fd, back, BLOCK, i * BLOCK) == BLOCK);
		same &= !memcmp(page, back, BLOCK);
	}
	return same;
}

/* 60 pages, 12 of each kind, to the backing device of 255. */
static void writeback(void)
{
	static uint64_t page[BLOCK / 8] __attribute__((aligned(BLOCK)));
	long long reads = bd_stat(BD_READS), writes = bd_stat(BD_WRITES), compressed;
	int fd = open_direct();

	fails(set("backing_dev", backing_node), EBUSY, "backing_dev: before the size only");
	fails(set("writeback", "nonsense"), EINVAL, "writeback: of what?");
	fails(set("writeback", "page_index=4096"), EINVAL, "writeback: beyond the end");
	fails(set("idle", "nonsense"), EINVAL, "idle: neither all nor seconds");
	is(bd_stat(BD_COUNT), 0, "bd_stat: nothing is there");
	write_pages(fd, 60, NR_KINDS);
	compressed = mm_stat(COMPR);
	ok(!set("writeback", "huge\n"), "writeback: pages that did not get smaller");
	is(bd_stat(BD_COUNT), 12, "bd_stat: they are there");
	is(bd_stat(BD_WRITES) - writes, 12, "bd_stat: written");
	is(mm_stat(COMPR), compressed - 12 * BLOCK, "mm_stat: their memory is free");
	ok(!mm_stat(HUGE) && mm_stat(ORIG) == 60 * BLOCK, "mm_stat: they are stored");
	ok(pages_are_right(fd, 60), "all come back");
	is(bd_stat(BD_READS) - reads, 12, "bd_stat: read");
	ok(!set("writeback", "huge") && bd_stat(BD_COUNT) == 12, "no more of them");
	ok(!set("idle", "1000000") && !set("writeback", "idle") && bd_stat(BD_COUNT) == 12,
	   "idle for longer than the machine runs: none");
	must(!set("idle", "all"));
	must(pread(fd, page, BLOCK, 2 * BLOCK) == BLOCK);
	ok(!set("writeback", "huge_idle") && bd_stat(BD_COUNT) == 12,
	   "writeback: huge and idle: none");
	ok(!set("writeback", "idle"), "writeback: idle ones");
	is(bd_stat(BD_COUNT), 12 + 23, "all but the one that was read, and those of one word");
	ok(!set("writeback", "page_index=2") && bd_stat(BD_COUNT) == 36, "writeback: that page");
	ok(pages_are_right(fd, 60), "all come back again");
	fill(page, 4 % NR_KINDS, 5);
	must(pwrite(fd, page, BLOCK, 4 * BLOCK) == BLOCK);
	is(bd_stat(BD_COUNT), 35, "one that is written is there no more");
	ok(pages_are_right(fd, 60), "and is what was written");
	must(!set("writeback_limit", "3") && !set("writeback_limit_enable", "1"));
	discard_all();
	is(bd_stat(BD_COUNT), 0, "bd_stat: those that are discarded neither");
	write_pages(fd, 6, RANDOM);
	fails(set("writeback", "huge"), EIO, "writeback_limit");
	ok(bd_stat(BD_COUNT) == 3 && !strcmp(attr("writeback_limit"), "0\n"), "it is used up");
	ok(!set("writeback_limit_enable", "0") && !set("writeback", "huge") &&
		   bd_stat(BD_COUNT) == 6,
	   "no limit");
	write_pages(fd, 300, RANDOM);
	fails(set("writeback", "huge"), ENOSPC, "a backing device that is full");
	is(bd_stat(BD_COUNT), 255, "all its pages but the first");
	close(fd);
	discard_all();
}

/* As a swap device: pages are stored when they go out, and forgotten when their memory is. */
static void swap(void)
{
	const unsigned pages = 512;
	uint64_t *p = mmap(NULL, pages * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	long long before;
	bool same = true;

	must(make_swap(node, 16 * MIB / BLOCK - 1, 0));
	if (!ok(!swapon(node, 0), "swapon"))
		return;
	before = mm_stat(ORIG) / BLOCK;
	for (unsigned i = 0; i < pages; i++)
		fill(p + i * BLOCK / 8, THIRD, i + 1);
	for (int i = 0; i < 5000 && mm_stat(ORIG) / BLOCK < before + pages - 16; i++) {
		must(!madvise(p, pages * BLOCK, MADV_PAGEOUT));
		sleep_ms(2);
	}
	ok(mm_stat(ORIG) / BLOCK >= before + pages - 16, "pages that are swapped out are stored");
	must(!set("idle", "all") && (!set("writeback", "idle") || errno == ENOSPC));
	is(bd_stat(BD_COUNT), 255, "and written to the backing device");
	for (unsigned i = 0; i < pages; i++) {
		uint64_t page[BLOCK / 8];

		fill(page, THIRD, i + 1);
		same = same && !memcmp(page, p + i * BLOCK / 8, BLOCK);
	}
	ok(same, "and come back");
	munmap(p, pages * BLOCK);
	ok(EVENTUALLY(mm_stat(ORIG) / BLOCK <= before + 300), "their memory is gone: so are they");
	ok(!swapoff(node), "swapoff");
}

static void reset(long free_before)
{
	char text[16];
	long gone;

	ok(!set("reset", "1"), "reset");
	ok(!strcmp(attr("disksize"), "0\n") && !strcmp(attr("initstate"), "0\n"),
	   "no size any more");
	is(mm_stat(ORIG) + mm_stat(USED) + mm_stat(MAX) + mm_stat(HUGE_SINCE), 0, "nothing stored");
	ok(!strcmp(attr("backing_dev"), "none\n"), "no backing device any more");
	snprintf(text, sizeof(text), "%d", backing_id);
	ok(!put("/sys/class/zram-control/hot_remove", text), "that can be removed");
	(void)EVENTUALLY((gone = free_before - free_memory()) < 1024);
	ok(gone < 1024, "its memory is free again (%ld KiB are not)", gone);
	snprintf(text, sizeof(text), "%d", id);
	ok(!put("/sys/class/zram-control/hot_remove", text), "hot_remove");
	ok(access(dir, F_OK) && access(node, F_OK), "it is gone");
	fails(put("/sys/class/zram-control/hot_remove", text), ENODEV, "hot_remove: no such");
	fails(put("/sys/class/zram-control/hot_remove", "-1"), EINVAL,
	      "hot_remove: no number of a disk");
}

/* A new disk: its number, its directory and its node. */
static int hot_add(void)
{
	char text[16];
	int new;

	new = atoi(slurp("/sys/class/zram-control/hot_add", text, sizeof(text)));
	must(text[0]);
	snprintf(dir, sizeof(dir), "/sys/block/zram%d", new);
	snprintf(node, sizeof(node), "/dev/zram%d", new);
	return new;
}

int main(void)
{
	long free_before = free_memory();

	backing_id = hot_add();
	must(!set("comp_algorithm", "lz4") && !set("disksize", "1M"));
	strcpy(backing_node, node);
	id = hot_add();
	files();
	contents();
	bytes();
	discard();
	compaction();
	classes();
	limit();
	threads();
	discard_all();
	writeback();
	swap();
	reset(free_before);
	return tap_end();
}
