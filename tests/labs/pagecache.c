// SPDX-License-Identifier: MIT
/*
 * A lab: what the page cache does for whom, and readahead of files beside readahead of swap: pagecache DEVICE DIRECTORY, where
 * DEVICE holds an ext2. Seen by what the disk reads and writes and by mincore; on Quire also by the calls that the file
 * system gets, /proc/mm/aops. docs/labs.md.
 */
#include "../guest/swapdev.h"
#include "../guest/textfile.h"
#include <sys/mount.h>
#include <sys/swap.h>

#define PAGES 256
#define SIZE  (PAGES * PAGE)

static const char *device, *dir;
static char *buf;
static bool quire;

/* ---- what can be seen ---- */

enum { READS = 0, SECTORS_READ = 2, SECTORS_WRITTEN = 6 };

static long disk(int field)
{
	char path[80], *at;
	long value = -1;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", strrchr(device, '/') + 1);
	at = slurp(path);
	for (int i = 0; i <= field; i++)
		value = strtol(at, &at, 10);
	return value;
}

static long calls(const char *op)
{
	char label[40];

	snprintf(label, sizeof(label), "%s ", op);
	return number_in("/proc/mm/aops", label);
}

/* What only Quire counts. */
#define counted(...)                                                                               \
	do {                                                                                       \
		if (quire)                                                                         \
			ok(__VA_ARGS__);                                                           \
	} while (0)

static long vmstat(const char *name)
{
	char label[40];

	snprintf(label, sizeof(label), "%s ", name);
	return number_in("/proc/vmstat", label);
}

/* Pages of the file that are in the cache; looking brings none. */
static int resident(int fd)
{
	char *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char vec[PAGES];
	int n = 0;

	must(p != MAP_FAILED && mincore(p, SIZE, vec) == 0);
	for (int i = 0; i < PAGES; i++)
		n += vec[i] & 1;
	munmap(p, SIZE);
	return n;
}

static int open_in(const char *name, int flags)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	must(fd >= 0);
	return fd;
}

static void mount_it(void)
{
	must(mount(device, dir, "ext2", 0, NULL) == 0);
}

static void forget(int fd)
{
	must(fsync(fd) == 0);
	for (int i = 0; i < 200 && resident(fd); i++) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (i >= 10) /* a page that is being read ahead stays until it has been */
			usleep(10000);
	}
}

/* ---- the questions ---- */

static void survives_close(void)
{
	int fd = open_in("a", O_CREAT | O_RDWR);
	long before, asked;

	must(pwrite(fd, buf, SIZE, 0) == SIZE && fsync(fd) == 0 && close(fd) == 0);
	fd = open_in("a", O_RDONLY);
	is(resident(fd), PAGES, "close: the pages stay");
	before = disk(SECTORS_READ);
	asked = calls("read_folio") + calls("readahead");
	must(pread(fd, buf, SIZE, 0) == SIZE);
	is(disk(SECTORS_READ) - before, 0, "close: the next reader needs no disk");
	counted(calls("read_folio") + calls("readahead") == asked,
		"close: nor the file system (quire)");
	close(fd);
}

static void umount_writes(void)
{
	long written = disk(SECTORS_WRITTEN), asked = calls("writepages"), before;
	int fd = open_in("b", O_CREAT | O_RDWR);

	must(pwrite(fd, buf, SIZE, 0) == SIZE && close(fd) == 0);
	must(umount(dir) == 0);
	ok(disk(SECTORS_WRITTEN) - written >= SIZE / 512, "umount: what was dirty is on the disk");
	counted(calls("writepages") > asked, "umount: by ->writepages (quire)");
	mount_it();
	fd = open_in("b", O_RDONLY);
	is(resident(fd), 0, "umount: the pages are gone");
	before = disk(SECTORS_READ);
	asked = calls("readahead");
	must(pread(fd, buf, SIZE, 0) == SIZE);
	ok(disk(SECTORS_READ) - before >= SIZE / 512, "umount: the next reader needs the disk");
	counted(calls("readahead") > asked, "umount: by ->readahead (quire)");
	close(fd);
}

static void begin_and_writepages(void)
{
	int fd = open_in("b", O_RDWR);
	long begun = calls("write_begin"), ended = calls("write_end"), out, before;
	char byte;

	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	forget(fd);
	is(resident(fd), 0, "find: mincore looks for pages and makes none");
	must(pread(fd, &byte, 1, 100 * PAGE) == 1);
	is(resident(fd), 1, "find: a read that misses makes one (FGP_CREAT)");
	before = disk(SECTORS_READ);
	must(pwrite(fd, buf, 100, 10 * PAGE + 50) == 100);
	is(disk(SECTORS_READ) - before, (long)PAGE / 512,
	   "write_begin: a part of a page: the rest is read first");
	before = disk(SECTORS_READ);
	must(pwrite(fd, buf, PAGE, 101 * PAGE) == (ssize_t)PAGE);
	is(disk(SECTORS_READ) - before, 0, "write_begin: a whole page: nothing is read");
	counted(calls("write_begin") - begun == 2 && calls("write_end") - ended == 2,
		"write_begin: once for each call, before the copy; write_end behind it (quire)");
	out = calls("writepages");
	before = disk(SECTORS_WRITTEN);
	must(pwrite(fd, buf, PAGE, 101 * PAGE) == (ssize_t)PAGE && fsync(fd) == 0);
	ok(disk(SECTORS_WRITTEN) - before >= (long)PAGE / 512,
	   "writepages: when somebody wants it on the disk, here fsync");
	counted(calls("writepages") > out && calls("writepage") == 0,
		"writepages: for many pages at once; no file system has writepage any more (quire)");
	close(fd);
}

static void bypass(void)
{
	int fd = open_in("b", O_RDONLY), direct = open_in("b", O_RDONLY | O_DIRECT);
	long before, asked = calls("direct_IO");

	forget(fd);
	for (int i = 0; i < 2; i++) {
		before = disk(SECTORS_READ);
		must(pread(direct, buf, 65536, 0) == 65536);
		is(disk(SECTORS_READ) - before, 128, "O_DIRECT: from the disk, the %s time",
		   i ? "second" : "first");
	}
	is(resident(fd), 0,
	   "O_DIRECT: no page is cached; a database keeps its own and needs no second copy");
	counted(calls("direct_IO") - asked == 2, "O_DIRECT: ->direct_IO (quire)");
	close(direct);
	close(fd);
}

static void release_and_free(void)
{
	long released = calls("release_folio"), freed = calls("free_folio");
	int fd = memfd_create("free", 0);

	must(ftruncate(fd, 16 * PAGE) == 0 &&
	     pwrite(fd, buf, 16 * PAGE, 0) == (ssize_t)(16 * PAGE));
	close(fd);
	counted(calls("free_folio") - freed >= 16,
		"free_folio: a page has left the cache, for good; cannot be refused (quire)");
	for (int i = 0; quire && i < 200 && calls("release_folio") == released; i++) {
		sync();
		spew("/proc/sys/vm/drop_caches", "1");
		usleep(10000);
	}
	counted(calls("release_folio") > released,
		"release_folio: may it go? asked for pages that have buffers (quire)");
}

/* ---- swap ---- */

static void swap_on(const char *name)
{
	char path[200];
	int fd = open_in(name, O_CREAT | O_RDWR);
	long asked = calls("bmap");

	for (int i = 0; i < 8; i++)
		must(pwrite(fd, buf, SIZE, (off_t)i * SIZE) == SIZE);
	close(fd);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/rotational", strrchr(device, '/') + 1);
	spew(path, "0"); /* so that Linux reads ahead by address as well */
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	must(make_swap(path, 8 * PAGES - 1, 0));
	ok(swapon(path, 0) == 0, "swap: a file on the disk");
	counted(calls("bmap") - asked == 8 * PAGES,
		"swap: ->bmap was asked for each block (quire)");
}

/* Send @p out; wait until the cache of swap has let go, as far as it does. How many pages are still in it. */
static long send_out(char *p)
{
	for (int i = 0; i < (quire ? 3000 : 100); i++) { /* Linux keeps them there */
		madvise(p, SIZE, MADV_PAGEOUT);
		if (i > 2 && number_in("/proc/meminfo", "SwapCached:") == 0)
			break;
		usleep(10000);
	}
	return number_in("/proc/meminfo", "SwapCached:") / 4;
}

static void two_caches(void)
{
	int fd = memfd_create("shared", 0);
	long asked = calls("swapin_folio"), out = vmstat("pswpout");
	bool same = true;
	char *p;

	must(ftruncate(fd, SIZE) == 0);
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	memset(p, 's', SIZE);
	send_out(p);
	ok(vmstat("pswpout") - out >= PAGES / 2, "two caches: pages of a tmpfs went to swap");
	munmap(p, SIZE);
	must(pread(fd, buf, SIZE, 0) == SIZE);
	for (int i = 0; i < SIZE; i++)
		same &= buf[i] == 's';
	ok(same, "two caches: a read that finds none in the page cache finds it by the swap cache");
	counted(calls("swapin_folio") > asked, "two caches: ->swapin_folio (quire)");
	close(fd);
}

static void swap_readahead(bool vma, int cluster)
{
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     text[8];
	long left, ahead, hits, in;
	bool same = true;

	must(p != MAP_FAILED);
	spew("/sys/kernel/mm/swap/vma_ra_enabled", vma ? "true" : "false");
	snprintf(text, sizeof(text), "%d", cluster);
	must(spew("/proc/sys/vm/page-cluster", text) == 0);
	for (int i = 0; i < SIZE; i++)
		p[i] = (char)(i / PAGE);
	left = send_out(p);
	ahead = vmstat("swap_ra"), hits = vmstat("swap_ra_hit"), in = vmstat("pswpin");
	for (int i = 0; i < SIZE; i += PAGE)
		same &= p[i] == (char)(i / PAGE);
	ahead = vmstat("swap_ra") - ahead, hits = vmstat("swap_ra_hit") - hits;
	in = vmstat("pswpin") - in;
	printf("# %ld pages were still in the swap cache, %ld read, %ld ahead, %ld of these used\n",
	       left, in, ahead, hits);
	if (!cluster)
		ok(same && ahead == 0, "swap readahead: page-cluster 0: none");
	else if (left > PAGES / 2 && !quire)
		ok(same, "swap readahead: nothing to read, the swap cache has most");
	else
		ok(same && ahead > in / 2 && hits > ahead / 2,
		   "swap readahead: %s: most come ahead, and are used",
		   vma ? "neighbours by address (vma_ra_enabled)"
		       : "neighbours on the device (cluster)");
	munmap(p, SIZE);
}

static void file_readahead(int advice, const char *what)
{
	int fd = open_in("b", O_RDONLY);
	long reads;

	forget(fd);
	posix_fadvise(fd, 0, 0, advice);
	reads = disk(READS);
	for (int i = 0; i < PAGES; i++)
		must(pread(fd, buf, PAGE, i * PAGE) == (ssize_t)PAGE);
	reads = disk(READS) - reads;
	printf("# %ld requests for %d pages\n", reads, PAGES);
	ok(advice == POSIX_FADV_RANDOM ? reads >= PAGES : reads > 0 && reads <= PAGES / 8,
	   "file readahead: %s", what);
	close(fd);
}

int main(int argc, char **argv)
{
	must(argc == 3);
	device = argv[1], dir = argv[2];
	quire = access("/proc/mm/aops", F_OK) == 0;
	buf = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(buf != MAP_FAILED);
	memset(buf, 'p', SIZE);
	mkdir(dir, 0755);
	mount_it();
	survives_close();
	umount_writes();
	begin_and_writepages();
	bypass();
	release_and_free();
	file_readahead(POSIX_FADV_NORMAL,
		       "the place in the file tells what comes next: few, large requests");
	file_readahead(POSIX_FADV_RANDOM, "switched off: a request for each page");
	swap_on("swap");
	two_caches();
	swap_readahead(false, 3);
	swap_readahead(true, 3);
	swap_readahead(true, 0);
	return tap_end();
}
