// SPDX-License-Identifier: MIT
/*
 * The page cache over a disk, as TAP: pagecache NAME ("vda"; its contents are destroyed; at least 64 MiB).
 * What is read from the disk and when (readahead, fadvise), what is written to it and when (fsync, expiry, limits,
 * laptop mode), the life of one dirty page, direct I/O beside the cache. The last test leaves a pattern in the
 * first MiB for the host to look at.
 */
#include "../guest/tap.h"

#define KiB 1024L
#define MiB (1024 * KiB)
#define PG  4096L

static const char *disk;
static char node[40];
static int fd;
static unsigned char *buf, *got; /* 1 MiB each, page-aligned */

/* ---- numbers of the kernel ---- */

static long text_number(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "r");
	size_t len = strlen(key);

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && (line[len] == ' ' || line[len] == ':'))
			value = atol(line + len + 1 + strspn(line + len + 1, " "));
	if (f)
		fclose(f);
	return value;
}

/* The CPUs keep parts of the counters back. */
static void refresh(void)
{
	char c;
	int f = open("/proc/sys/vm/stat_refresh", O_RDONLY);

	read(f, &c, 1);
	close(f);
}

static long vmstat(const char *key)
{
	refresh();
	return text_number("/proc/vmstat", key);
}

/*
 * Pages that are dirty or under way: of one reading, for they go from the one to the other. Linux copies the two one after
 * the other; some that went meanwhile are in both.
 */
static long unwritten_once(void)
{
	static char text[1 << 14];
	long sum = 0;
	int f;

	refresh();
	f = open("/proc/vmstat", O_RDONLY);
	text[read(f, text, sizeof(text) - 1)] = 0;
	close(f);
	sum += atol(strstr(text, "\nnr_dirty ") + 10);
	sum += atol(strstr(text, "\nnr_writeback ") + 14);
	return sum;
}

static long unwritten(void)
{
	long a = unwritten_once(), b = unwritten_once();

	return a < b ? a : b;
}

static long meminfo(const char *key)
{
	refresh();
	return text_number("/proc/meminfo", key);
}

/* Column @n of the disk's statistics: 0 reads, 1 merged, 2 sectors read, 4 writes, 6 sectors written,
 * 8 requests in flight. */
static long stat_of(int n)
{
	char path[64], text[256] = "", *p = text;
	int f;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", disk);
	f = open(path, O_RDONLY);
	if (read(f, text, sizeof(text) - 1) <= 0)
		return -1;
	close(f);
	while (n-- > 0)
		strtol(p, &p, 10);
	return strtol(p, NULL, 10);
}

static long knob(const char *name)
{
	char path[64], text[32] = "";
	int f;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	f = open(path, O_RDONLY);
	if (f < 0 || read(f, text, sizeof(text) - 1) <= 0)
		return -1;
	close(f);
	return atol(text);
}

static int set_knob(const char *name, long value)
{
	char path[64], text[32];
	int f, n, ret;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	f = open(path, O_WRONLY);
	n = snprintf(text, sizeof(text), "%ld\n", value);
	ret = write(f, text, n) == n ? 0 : -1;
	close(f);
	return ret;
}

static void ms(long n)
{
	usleep(n * 1000);
}

/* ---- the disk ---- */

/* Until what was asked of the disk, read ahead among it, has been done: nothing in flight, no sector more for a while. */
static void settle(void)
{
	long sectors = -1, now;
	int still = 0;

	for (int i = 0; i < 3000 && still < 4; i++) {
		now = stat_of(2) + stat_of(6);
		still = now == sectors && stat_of(8) == 0 ? still + 1 : 0;
		sectors = now;
		ms(10);
	}
}

static void drop(void)
{
	fsync(fd);
	settle(); /* a page that is being read stays */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* Which of @pages from @offset on are cached: how many. @last: the number behind the last cached one. */
static long cached(off_t offset, long pages, long *last)
{
	static unsigned char vec[16384];
	void *map = mmap(NULL, pages * PG, PROT_READ, MAP_SHARED, fd, offset);
	long n = 0;

	mincore(map, pages * PG, vec);
	munmap(map, pages * PG);
	for (long i = 0; i < pages; i++)
		if (vec[i] & 1) {
			n++;
			if (last)
				*last = i + 1;
		}
	return n;
}

static void fill(unsigned int seed, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (seed = seed * 1103515245 + 12345) >> 16;
}

/* ---- reading ---- */

static void test_second_read(void)
{
	long sectors, in;

	drop();
	in = vmstat("pgpgin");
	sectors = stat_of(2);
	pread(fd, buf, MiB, 0);
	ok(stat_of(2) - sectors >= MiB / 512, "find: the first read comes from the disk");
	ok(vmstat("pgpgin") - in >= MiB / 1024, "find: and counts in pgpgin, in KiB");
	settle(); /* readahead behind it */
	sectors = stat_of(2);
	pread(fd, got, MiB, 0);
	is(stat_of(2) - sectors, 0, "find: the second one does not");
	ok(!memcmp(buf, got, MiB), "find: and has the same data");
}

static void test_partial_write(void)
{
	long before, dirty;

	fill(1, 64 * KiB);
	pwrite(fd, buf, 64 * KiB, 0);
	drop();
	is(cached(0, 16, NULL), 0, "write path: nothing is cached");
	before = stat_of(2);
	dirty = meminfo("Dirty");
	pwrite(fd, "middle", 6, 5 * PG + 1000);
	ok(stat_of(2) > before, "write path: a write of a part of a page reads the page");
	ok(meminfo("Dirty") >= dirty + 4, "write path: it is dirty then");
	memcpy(buf + 5 * PG + 1000, "middle", 6);
	fsync(fd);
	drop();
	pread(fd, got, 64 * KiB, 0);
	ok(!memcmp(buf, got, 64 * KiB), "write path: the disk has the old and the new bytes");
	drop();
	before = stat_of(2);
	pwrite(fd, buf, PG, 8 * PG);
	is(stat_of(2) - before, 0, "write path: a whole page is written without reading");
	fsync(fd);
}

static void test_merging(void)
{
	long reads, sectors;

	drop();
	reads = stat_of(0);
	sectors = stat_of(2);
	for (off_t at = 0; at < 16 * MiB; at += 64 * KiB)
		pread(fd, buf, 64 * KiB, at);
	reads = stat_of(0) - reads;
	sectors = stat_of(2) - sectors;
	ok(reads > 0 && sectors / reads >= 128,
	   "large requests: a sequential read takes 64 KiB at once (%ld sectors in %ld)", sectors,
	   reads);
}

static void test_readahead(void)
{
	long last = 0, n, sectors;
	char name[64], text[16] = "";
	int f;

	snprintf(name, sizeof(name), "/sys/block/%s/queue/read_ahead_kb", disk);
	f = open(name, O_RDONLY);
	read(f, text, sizeof(text) - 1);
	close(f);
	is(atol(text), 128, "readahead: the window of a disk is 128 KiB");
	drop();
	close(fd);
	fd = open(node, O_RDWR);
	pread(fd, buf, PG, 0);
	settle();
	n = cached(0, 1024, &last);
	ok(n > 1 && n <= 32 && last == n,
	   "readahead: a read at the beginning brings a window (%ld pages)", n);
	for (off_t at = PG; at < 8 * PG; at += PG)
		pread(fd, buf, PG, at);
	settle();
	ok(cached(0, 1024, &last) > n,
	   "readahead: reading on brings the next before it is needed (%ld pages)", last);
	for (off_t at = 8 * PG; at < 64 * PG; at += PG)
		pread(fd, buf, PG, at);
	settle();
	cached(0, 1024, &last);
	ok(last >= 64 + 16 && last <= 64 + 64,
	   "readahead: the window has grown, and not without end (%ld pages)", last);
	/* random */
	drop();
	n = 0;
	for (int i = 0; i < 16; i++)
		pread(fd, buf, PG, (1000 + i * 337 % 2000) * PG);
	settle();
	n = cached(1000 * PG, 4000, NULL);
	is(n, 16, "readahead: random reads bring one page each");
	drop();
	sectors = stat_of(2);
	is(readahead(fd, 3 * MiB, 512 * KiB), 0, "readahead(2)");
	settle();
	is(cached(3 * MiB, 128, NULL), 128, "readahead(2): fills the cache");
	ok(stat_of(2) - sectors <= MiB / 512, "readahead(2): and reads no more than that");
	fails(readahead(-1, 0, 1), EBADF, "readahead(2): EBADF");
	f = open(node, O_WRONLY);
	fails(readahead(f, 0, 1), EBADF, "readahead(2): EBADF, not open for reading");
	close(f);
	{
		int p[2];

		pipe(p);
		fails(readahead(p[0], 0, 1), EINVAL, "readahead(2): EINVAL, a pipe");
		close(p[0]);
		close(p[1]);
	}
}

static long window_of(int advice)
{
	long last = 0;

	drop();
	close(fd);
	fd = open(node, O_RDWR);
	posix_fadvise(fd, 0, 0, advice);
	for (off_t at = 0; at < 128 * PG; at += PG)
		pread(fd, buf, PG, at);
	settle();
	cached(0, 2048, &last);
	return last;
}

static void test_fadvise(void)
{
	long normal, sequential, random, p[2];
	int pp[2];

	normal = window_of(POSIX_FADV_NORMAL);
	sequential = window_of(POSIX_FADV_SEQUENTIAL);
	random = window_of(POSIX_FADV_RANDOM);
	is(random, 128, "fadvise: RANDOM, nothing is read ahead");
	ok(sequential - 128 > normal - 128 && sequential - 128 <= 2 * 64 + 32,
	   "fadvise: SEQUENTIAL reads further ahead (%ld, else %ld)", sequential - 128,
	   normal - 128);
	is(posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL), 0, "fadvise: NORMAL");
	drop();
	is(posix_fadvise(fd, MiB, 256 * KiB, POSIX_FADV_WILLNEED), 0, "fadvise: WILLNEED");
	ok(EVENTUALLY(cached(MiB, 64, NULL) == 64), "fadvise: WILLNEED reads the range");
	settle();
	is(posix_fadvise(fd, MiB + 64 * KiB, 64 * KiB, POSIX_FADV_DONTNEED), 0,
	   "fadvise: DONTNEED");
	is(cached(MiB, 64, NULL), 48, "fadvise: DONTNEED drops the range");
	p[0] = cached(MiB, 16, NULL);
	posix_fadvise(fd, MiB + 100, PG, POSIX_FADV_DONTNEED);
	is(cached(MiB, 16, NULL), p[0], "fadvise: DONTNEED drops no page that is covered in part");
	pwrite(fd, buf, PG, MiB);
	ok(EVENTUALLY((posix_fadvise(fd, MiB, PG, POSIX_FADV_DONTNEED), !cached(MiB, 1, NULL))),
	   "fadvise: DONTNEED has a dirty page written, and drops it then");
	is(posix_fadvise(fd, 0, 0, POSIX_FADV_NOREUSE), 0, "fadvise: NOREUSE");
	is(posix_fadvise(fd, 0, 0, 99), EINVAL, "fadvise: EINVAL");
	is(posix_fadvise(fd, 0, -1, POSIX_FADV_NORMAL), EINVAL,
	   "fadvise: EINVAL, a negative length");
	is(posix_fadvise(-1, 0, 0, POSIX_FADV_NORMAL), EBADF, "fadvise: EBADF");
	pipe(pp);
	is(posix_fadvise(pp[0], 0, 0, POSIX_FADV_NORMAL), ESPIPE, "fadvise: ESPIPE");
	close(pp[0]);
	close(pp[1]);
}

static void test_mmap_read(void)
{
	unsigned char *map;
	long majors = vmstat("pgmajfault"), faults, now;

	drop();
	map = mmap(NULL, 4 * MiB, PROT_READ, MAP_SHARED, fd, 8 * MiB);
	pread(fd, got, 0, 0);
	now = map[100 * PG];
	ok(vmstat("pgmajfault") > majors, "fault: a page that is not cached is a major fault");
	settle();
	ok(cached(8 * MiB, 256, NULL) >= 16, "fault: and reads around itself");
	pread(fd, got, MiB, 8 * MiB);
	is(got[100 * PG], now, "fault: the same byte as read(2)");
	munmap(map, 4 * MiB);
	/* fault-around: what is cached is mapped sixteen pages at once */
	readahead(fd, 8 * MiB, 256 * KiB);
	pread(fd, got, 256 * KiB, 8 * MiB);
	map = mmap(NULL, 256 * KiB, PROT_READ, MAP_SHARED, fd, 8 * MiB);
	faults = vmstat("pgfault");
	for (long i = 0; i < 64; i++)
		now += ((volatile unsigned char *)map)[i * PG];
	faults = vmstat("pgfault") - faults;
	ok(faults < 40, "fault: what is cached is mapped around a fault (%ld faults for 64 pages)",
	   faults);
	munmap(map, 256 * KiB);
}

/* ---- one page's life ---- */

static unsigned long flags_of(volatile unsigned char *page)
{
	unsigned long entry = 0, flags = 0;
	int f = open("/proc/self/pagemap", O_RDONLY);

	pread(f, &entry, 8, (unsigned long)page / PG * 8);
	close(f);
	f = open("/proc/kpageflags", O_RDONLY);
	pread(f, &flags, 8, (entry & ((1UL << 55) - 1)) * 8);
	close(f);
	return flags;
}

#define KPF_LOCKED    0
#define KPF_UPTODATE  3
#define KPF_DIRTY     4
#define KPF_WRITEBACK 8

static void test_one_page(void)
{
	volatile unsigned char *map =
		mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 20 * MiB);
	long dirtied, written, dirty;

	/* Not sync(2): the flusher, woken by it, would still write what gets dirty after its return. */
	fsync(fd);
	set_knob("dirty_writeback_centisecs", 0);
	(void)map[0];
	ok((flags_of(map) >> KPF_UPTODATE & 1) && !(flags_of(map) >> KPF_DIRTY & 1),
	   "one page: read, it is uptodate and clean");
	dirtied = vmstat("nr_dirtied");
	written = vmstat("nr_written");
	dirty = vmstat("nr_dirty");
	map[7] = 77;
	ok(flags_of(map) >> KPF_DIRTY & 1, "one page: written to through a mapping, it is dirty");
	ok(vmstat("nr_dirty") == dirty + 1 && vmstat("nr_dirtied") == dirtied + 1,
	   "one page: nr_dirty and nr_dirtied count it");
	map[8] = 78;
	is(vmstat("nr_dirtied"), dirtied + 1, "one page: once");
	is(msync((void *)map, PG, MS_SYNC), 0, "one page: msync");
	ok(!(flags_of(map) >> KPF_DIRTY & 1) && !(flags_of(map) >> KPF_WRITEBACK & 1),
	   "one page: it is clean");
	ok(vmstat("nr_written") == written + 1 && vmstat("nr_dirty") == dirty,
	   "one page: nr_written counts it");
	map[7] = 79;
	ok(flags_of(map) >> KPF_DIRTY & 1, "one page: the next write to it makes it dirty again");
	is(vmstat("nr_dirtied"), dirtied + 2, "one page: and counts again");
	is(msync((void *)map, PG, MS_ASYNC), 0, "one page: msync(MS_ASYNC)");
	ok(flags_of(map) >> KPF_DIRTY & 1, "one page: which writes nothing");
	fdatasync(fd);
	ok(!(flags_of(map) >> KPF_DIRTY & 1), "one page: fdatasync does");
	pwrite(fd, "x", 1, 20 * MiB + 9);
	ok((flags_of(map) >> KPF_DIRTY & 1) && map[9] == 'x',
	   "one page: write(2) makes the same page dirty");
	is(sync_file_range(fd, 20 * MiB, PG, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER), 0,
	   "one page: sync_file_range");
	ok(!(flags_of(map) >> KPF_DIRTY & 1), "one page: writes it");
	munmap((void *)map, PG);
	set_knob("dirty_writeback_centisecs", 500);
}

/* ---- references ---- */

#define KPF_LRU	   5
#define KPF_ACTIVE 6
#define KPF_MMAP   11

/* A page of a file gets each flag of reclaim by being used. */
static void test_flags(void)
{
	off_t at = 44 * MiB;
	volatile unsigned char *map = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, at);
	unsigned long flags;

	drop();
	(void)map[0];
	set_knob("drop_caches",
		 1); /* not what is mapped; Linux empties the batches of the CPUs, too */
	flags = flags_of(map);
	ok(flags >> KPF_LRU & 1 && flags >> KPF_MMAP & 1 && !(flags >> KPF_ACTIVE & 1),
	   "flags: a mapped page of a file is on the LRU, not active");
	for (int i = 0; i < 3; i++) {
		pread(fd, got, PG, at);
		pread(fd, got, PG, at + MiB);
	}
	set_knob("drop_caches", 1);
	ok(flags_of(map) >> KPF_ACTIVE & 1, "flags: read again and again, it is active");
	munmap((void *)map, PG);
}

/* A reference that is no mapping and not the cache's: nobody evicts the page under its holder. */
static void test_pinned(void)
{
	off_t at = 44 * MiB;
	volatile unsigned char *map = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, at);
	struct iovec one = { (void *)map, PG };
	unsigned char before;
	int p[2];

	must(pipe(p) == 0);
	before = map[5];
	must(vmsplice(p[1], &one, 1, 0) == PG);
	munmap((void *)map, PG);
	drop();
	must(set_knob("drop_caches", 1) == 0);
	is(cached(at, 1, NULL), 1, "pinned: a page in a pipe is not dropped");
	must(read(p[0], got, PG) == PG);
	is(got[5], before, "pinned: it is what it was");
	close(p[0]);
	close(p[1]);
	drop();
	is(cached(at, 1, NULL), 0, "pinned: without its holder it is dropped");
}

/* ---- writing ---- */

static void test_sync_calls(void)
{
	int (*calls[])(int) = { fsync, fdatasync, syncfs };
	static const char *const names[] = { "fsync", "fdatasync", "syncfs" };
	int p[2], f;
	long sectors;

	for (int i = 0; i < 3; i++) {
		fill(i + 5, PG);
		pwrite(fd, buf, PG, 30 * MiB);
		sectors = stat_of(6);
		f = i == 2 ? open("/dev/null", O_RDONLY) : -1;
		is(calls[i](fd), 0, "sync calls: %s", names[i]);
		close(f);
		if (i < 2)
			ok(stat_of(6) - sectors >= 8, "sync calls: %s writes", names[i]);
	}
	pwrite(fd, buf, PG, 31 * MiB);
	sectors = stat_of(6);
	sync();
	ok(stat_of(6) - sectors >= 8, "sync calls: sync writes");
	is(vmstat("nr_dirty") < 32, 1, "sync calls: and leaves nothing dirty (%ld pages)",
	   vmstat("nr_dirty"));
	f = open(node, O_WRONLY | O_DSYNC);
	sectors = stat_of(6);
	pwrite(f, buf, PG, 32 * MiB);
	ok(stat_of(6) - sectors >= 8,
	   "sync calls: a write with O_DSYNC has written when it returns");
	close(f);
	pipe(p);
	fails(fsync(p[0]), EINVAL, "sync calls: fsync of a pipe: EINVAL");
	fails(sync_file_range(p[0], 0, 1, SYNC_FILE_RANGE_WRITE), ESPIPE,
	      "sync calls: sync_file_range of a pipe: ESPIPE");
	fails(sync_file_range(fd, 0, 1, 64), EINVAL,
	      "sync calls: sync_file_range, wrong flags: EINVAL");
	fails(sync_file_range(fd, -1, 1, SYNC_FILE_RANGE_WRITE), EINVAL,
	      "sync calls: sync_file_range before the file: EINVAL");
	fails(syncfs(-1), EBADF, "sync calls: syncfs: EBADF");
	close(p[0]);
	close(p[1]);
}

static void test_expiry(void)
{
	long sectors = 0, expire = knob("dirty_expire_centisecs"),
	     every = knob("dirty_writeback_centisecs");

	is(expire, 3000, "expiry: after 30 s");
	is(every, 500, "expiry: looked for each 5 s");
	fsync(fd);
	set_knob("dirty_expire_centisecs", 60000);
	set_knob("dirty_writeback_centisecs", 20);
	ms(50);
	sectors = stat_of(6);
	pwrite(fd, buf, PG, 33 * MiB);
	ms(600);
	is(stat_of(6) - sectors, 0, "expiry: what is young stays");
	set_knob("dirty_expire_centisecs", 30);
	(void)EVENTUALLY(stat_of(6) != sectors);
	is(stat_of(6) - sectors, 8, "expiry: what is old is written without being asked for");
	set_knob("dirty_expire_centisecs", expire);
	set_knob("dirty_writeback_centisecs", every);
}

static void test_limits(void)
{
	const long limit = 8 * MiB, background = 4 * MiB;
	volatile long *seen =
		mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long most = 0, dirty;
	int status;
	pid_t child;

	fsync(fd);
	is(set_knob("dirty_bytes", limit), 0, "limits: dirty_bytes");
	is(knob("dirty_ratio"), 0, "limits: the ratio is 0 then");
	set_knob("dirty_background_bytes", background);
	is(vmstat("nr_dirty_threshold"), limit / PG, "limits: nr_dirty_threshold");
	is(vmstat("nr_dirty_background_threshold"), background / PG,
	   "limits: nr_dirty_background_threshold");
	child = fork();
	if (!child) {
		for (off_t at = 0; at < 48 * MiB; at += 256 * KiB) {
			if (pwrite(fd, buf, 256 * KiB, at) != 256 * KiB)
				_exit(1);
			dirty = unwritten();
			if (dirty > *seen)
				*seen = dirty;
		}
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		dirty = unwritten();
		if (dirty > most)
			most = dirty;
		ms(1);
	}
	if (*seen > most)
		most = *seen;
	is(status, 0, "limits: a writer of more than the limit ends");
	ok(most <= limit / PG + 256, "limits: never more dirty than that (%ld pages of %ld)", most,
	   limit / PG);
	ok(*seen > background / PG / 4, "limits: nor throttled at once (%ld pages)", *seen);
	ok(EVENTUALLY(vmstat("nr_dirty") <= background / PG),
	   "limits: the flusher goes down to the background limit by itself");
	set_knob("dirty_ratio", 20);
	is(knob("dirty_bytes"), 0, "limits: dirty_ratio sets dirty_bytes to 0");
	set_knob("dirty_background_ratio", 10);
	is(knob("dirty_background_bytes"), 0, "limits: and so for the background");
	fails(set_knob("dirty_ratio", 101), EINVAL, "limits: a ratio of 101: EINVAL");
	fails(set_knob("dirty_bytes", 100), EINVAL, "limits: less than two pages: EINVAL");
	is(knob("dirty_ratio"), 20, "limits: nothing has changed");
	is(set_knob("dirtytime_expire_seconds", 43200), 0, "limits: dirtytime_expire_seconds");
	fsync(fd);
}

static void test_laptop_mode(void)
{
	long sectors, begin;

	is(knob("laptop_mode"), 0, "laptop mode: off");
	set_knob("dirty_writeback_centisecs", 60000);
	drop(); /* before it is on: what the disk does then would have the flusher come a second later */
	set_knob("laptop_mode", 1);
	sectors = stat_of(6);
	pwrite(fd, buf, PG, 34 * MiB);
	ms(1500);
	begin = stat_of(6);
	is(begin - sectors, 0, "laptop mode: a dirty page waits");
	for (int i = 0; i < 2800 && stat_of(6) == begin; i++) {
		if (i % 200 == 0)
			pread(fd, buf, PG, 50 * MiB + i / 200 * MiB); /* the disk turns */
		ms(10);
	}
	ok(stat_of(6) > begin, "laptop mode: it is written soon after the disk was read");
	set_knob("laptop_mode", 0);
	set_knob("dirty_writeback_centisecs", 500);
	fsync(fd);
}

/* ---- around the cache ---- */

static void test_direct(void)
{
	int d = open(node, O_RDWR | O_DIRECT);
	long before, buffers;

	drop();
	before = meminfo("Cached") + meminfo("Buffers");
	for (off_t at = 0; at < 16 * MiB; at += MiB)
		pread(d, got, MiB, at);
	buffers = meminfo("Cached") + meminfo("Buffers") - before;
	ok(buffers < 1024, "direct: reading 16 MiB caches nothing (%ld KiB)", buffers);
	is(cached(0, 4096, NULL), 0, "direct: no page of it");
	fill(21, PG);
	pwrite(fd, buf, PG, 40 * MiB);
	pread(d, got, PG, 40 * MiB);
	ok(!memcmp(buf, got, PG), "direct: a read sees what is dirty in the cache");
	fill(22, PG);
	is(pwrite(d, buf, PG, 40 * MiB), PG, "direct: a write");
	pread(fd, got, PG, 40 * MiB);
	ok(!memcmp(buf, got, PG), "direct: is seen through the cache");
	fails(pread(d, got, 100, 0), EINVAL, "direct: a length of 100: EINVAL");
	fails(pread(d, got, 512, 100), EINVAL, "direct: a position of 100: EINVAL");
	fails(pread(d, got + 1, 512, 0), EINVAL, "direct: memory at an odd place: EINVAL");
	is(pwrite(d, buf, 512, 40 * MiB + 512), 512, "direct: a sector of a page");
	pread(d, got, PG, 40 * MiB);
	ok(!memcmp(got + 512, buf, 512) && !memcmp(got + 1024, buf + 1024, 1024),
	   "direct: changes only that");
	fails(pread(d, (void *)PG, 512, 0), EFAULT, "direct: no memory there: EFAULT");
	close(d);
}

/* ---- who writes ---- */

static bool a_worker_wrote(void)
{
	char line[512];
	FILE *t = fopen("/sys/kernel/tracing/trace", "r");
	bool seen = false;

	while (t && fgets(line, sizeof(line), t))
		if (strstr(line, "writeback_written") && strstr(line, "kworker"))
			seen = true;
	if (t)
		fclose(t);
	return seen;
}

/* Not by sync(2): who calls it may write all before the flusher, which it wakes, finds anything. */
static void test_flusher(void)
{
	int f = open("/sys/kernel/tracing/events/writeback/writeback_written/enable", O_WRONLY);

	write(f, "1", 1);
	set_knob("dirty_expire_centisecs", 1);
	set_knob("dirty_writeback_centisecs", 10);
	pwrite(fd, buf, PG, 35 * MiB);
	ok(EVENTUALLY(a_worker_wrote()), "flusher: it is a worker of a work queue");
	set_knob("dirty_expire_centisecs", 3000);
	set_knob("dirty_writeback_centisecs", 500);
	pwrite(f, "0", 1, 0);
	close(f);
	close(open("/sys/kernel/tracing/trace", O_WRONLY | O_TRUNC));
}

static void test_left_for_host(void)
{
	for (long i = 0; i < MiB; i++)
		buf[i] = "quire page cache\n"[i % 17];
	is(pwrite(fd, buf, MiB, 0), MiB, "host: a pattern");
	is(fsync(fd), 0, "host: fsync");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	disk = argv[1];
	snprintf(node, sizeof(node), "/dev/%s", disk);
	fd = open(node, O_RDWR);
	buf = mmap(NULL, 2 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	got = buf + MiB;
	if (fd < 0)
		return 2;
	mkdir("/sys/kernel/tracing", 0);
	test_second_read();
	test_partial_write();
	test_merging();
	test_readahead();
	test_fadvise();
	test_mmap_read();
	test_one_page();
	test_flags();
	test_pinned();
	test_expiry();
	test_limits();
	test_laptop_mode();
	test_direct();
	/* The flusher that sync(2) wakes goes on after its return: nobody behind these counts what is written. */
	test_sync_calls();
	test_flusher();
	test_left_for_host();
	return tap_end();
}
