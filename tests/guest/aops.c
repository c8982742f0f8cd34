// SPDX-License-Identifier: MIT
/*
 * Operations of address_space_operations that only a file system without a device of its own has, by one whose files are kept apart
 * from the page cache (fs/mmtestfs.c): pages are written one by one, a changed page is stored before the cache is dropped, a swap
 * file moves its pages itself. tests/disk/aops.c is about the others. oracle: none (Linux has no mmtestfs)
 */
#include "maps.h"
#include <sys/mount.h>
#include <sys/swap.h>

#define DIR	   "/tmp/apart"
#define RW	   (PROT_READ | PROT_WRITE)
#define SLOTS	   512
#define MADV_OUT   21
#define ANON_PAGES 64

static char block[PAGE];

static long calls(const char *op)
{
	char label[40];

	snprintf(label, sizeof(label), "%s ", op);
	return number_in("/proc/mm/aops", label);
}

static int open_it(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	must(fd >= 0);
	return fd;
}

static void writing(void)
{
	int fd = open_it(DIR "/a"), again;
	long written = calls("writepage"), read;
	unsigned char in[4];
	char *p;

	for (int i = 0; i < 4; i++) {
		memset(block, 'a' + i, PAGE);
		must(pwrite(fd, block, PAGE, i * PAGE) == (ssize_t)PAGE);
	}
	is(fsync(fd), 0, "writepage: fsync");
	ok(calls("writepage") - written >= 4, "writepage: a call for each page");
	read = calls("read_folio");
	again = open_it(DIR "/a");
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, again, 0);
	must(p != MAP_FAILED && !mincore(p, 4 * PAGE, in));
	ok(!(in[0] & 1) && !(in[3] & 1), "open: the cache is dropped");
	ok(p[0] == 'a' && p[PAGE] == 'b' && p[4 * PAGE - 1] == 'd', "open: the store has it all");
	ok(calls("read_folio") - read >= 3, "open: read from there");
	munmap(p, 4 * PAGE);
	close(again);
	close(fd);
}

static void laundering(void)
{
	int fd = open_it(DIR "/a"), again;
	long laundered = calls("launder_folio");
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), c = 0;
	bool kept = true;

	must(p != MAP_FAILED);
	/* The flusher may be faster. */
	for (int i = 0; i < 100 && calls("launder_folio") == laundered; i++) {
		c = (char)('A' + i % 26);
		*p = c;
		again = open_it(DIR "/a");
		kept &= pread(again, block, 1, 0) == 1 && block[0] == c && *p == c;
		close(again);
	}
	ok(calls("launder_folio") > laundered,
	   "launder: what is dirty is stored when the cache is dropped");
	ok(kept, "launder: and found again by who opens, and by who maps it");
	munmap(p, PAGE);
	close(fd);
}

static void moving(void)
{
	int fd = open_it(DIR "/a");
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), text[32];
	long written = calls("writepage");
	uint64_t old;

	must(p != MAP_FAILED);
	p[0] = 'M';
	old = PFN(p);
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)old * PAGE);
	is(spew("/sys/devices/system/memory/soft_offline_page", text), 0,
	   "migration without ->migrate_folio: a dirty page moves");
	ok(calls("writepage") > written, "migration: it is written before");
	ok(p[0] == 'M' && PFN(p) != old, "migration: it is elsewhere, and as it was");
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)old);
	is(spew("/sys/kernel/debug/hwpoison/unpoison-pfn", text), 0,
	   "migration: the frame is used again");
	munmap(p, PAGE);
	close(fd);
}

static void make_swap(const char *path, int slots)
{
	struct {
		uint32_t version, last_page, nr_bad;
	} head = { 1, SLOTS - 1, 0 };
	int fd = open_it(path);

	memset(block, 0, PAGE);
	for (int i = 0; i < slots; i++)
		must(pwrite(fd, block, PAGE, i * PAGE) == (ssize_t)PAGE);
	must(pwrite(fd, block, 1, SLOTS * PAGE - 1) == 1);
	must(pwrite(fd, &head, sizeof(head), 1024) == sizeof(head) &&
	     pwrite(fd, "SWAPSPACE2", 10, PAGE - 10) == 10 && fsync(fd) == 0);
	close(fd);
}

static void swapping(void)
{
	long on = calls("swap_activate"), off = calls("swap_deactivate"), moved = calls("swap_rw");
	long blocks = calls("bmap");
	char *p = mmap(NULL, ANON_PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool same = true;

	must(p != MAP_FAILED);
	make_swap(DIR "/holes", SLOTS / 2);
	fails(swapon(DIR "/holes", 0), EINVAL, "swap: not on a file with holes");
	make_swap(DIR "/swap", SLOTS);
	is(swapon(DIR "/swap", SWAP_FLAG_PREFER | 5), 0, "swap: on a file without blocks");
	is(calls("swap_activate") - on, 2, "swap: ->swap_activate");
	is(calls("bmap") - blocks, 0, "swap: ->bmap is not asked");
	fails(swapon(DIR "/swap", 0), EBUSY, "swap: only once");
	for (size_t i = 0; i < ANON_PAGES * PAGE; i++)
		p[i] = (char)(i / PAGE * 7 + i);
	EVENTUALLY((madvise(p, ANON_PAGES * PAGE, MADV_OUT), calls("swap_rw") - moved >= 2));
	ok(calls("swap_rw") - moved >= 2, "swap: pages go out by ->swap_rw");
	for (size_t i = 0; i < ANON_PAGES * PAGE; i++)
		same &= p[i] == (char)(i / PAGE * 7 + i);
	ok(same, "swap: and come back as they were");
	EVENTUALLY((madvise(p, ANON_PAGES * PAGE, MADV_OUT), !resident(p)));
	is(swapoff(DIR "/swap"), 0, "swap: off");
	is(calls("swap_deactivate") - off, 1, "swap: ->swap_deactivate");
	same = true;
	for (size_t i = 0; i < ANON_PAGES * PAGE; i++)
		same &= p[i] == (char)(i / PAGE * 7 + i);
	ok(same, "swap: swapoff brought all back");
	munmap(p, ANON_PAGES * PAGE);
}

/* The operations that there are, each with its count. */
static void all_there(void)
{
	static const char *const ops[] = {
		"writepage",
		"read_folio",
		"writepages",
		"dirty_folio",
		"readahead",
		"write_begin",
		"write_end",
		"bmap",
		"invalidate_folio",
		"release_folio",
		"free_folio",
		"direct_IO",
		"migrate_folio",
		"launder_folio",
		"is_partially_uptodate",
		"is_dirty_writeback",
		"error_remove_page",
		"swap_activate",
		"swap_deactivate",
		"swap_rw",
	};
	unsigned int n = 0;

	for (unsigned int i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		n += calls(ops[i]) >= 0;
	is(n, 20, "/proc/mm/aops: the 20 operations of Linux 6.1");
}

int main(void)
{
	mkdir(DIR, 0755);
	if (mount("none", DIR, "mmtest", 0, NULL) < 0) {
		ok(errno == ENODEV, "aops # skip oracle: none, no mmtestfs");
		return tap_end();
	}
	writing();
	laundering();
	moving();
	swapping();
	all_there();
	is(umount(DIR), 0, "umount");
	return tap_end();
}
