// SPDX-License-Identifier: MIT
/*
 * A lab: what tmpfs is made of, who else uses it, and what swap does for it. docs/labs.md.
 *	shmem DEVICE		with a swap area
 *	shmem DEVICE leave	leaves a file in /dev/shm behind, all of it in swap, for the host to look at: does it survive?
 *	shmem DEVICE look	after the next start
 */
#include "frames.h"
#include <dirent.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <sys/vfs.h>

#define PAGES 64
#define BYTES (PAGES * PAGE)
#define PLACE "/tmp/lab"
#define TMPFS 0x01021994

static long meminfo(const char *label)
{
	slurp("/proc/sys/vm/stat_refresh");
	return number_in("/proc/meminfo", label);
}

static char *map_file(int fd)
{
	char *p = mmap(NULL, BYTES, RW, MAP_SHARED, fd, 0);

	must(p != MAP_FAILED);
	return p;
}

/* All of @p is on swap, some of it perhaps in the swap cache, too. */
static bool all_out(char *p)
{
	madvise(p, BYTES, MADV_PAGEOUT);
	return smaps_kb(p, "\nSwap:") == (long)(BYTES >> 10);
}

static int new_file(void)
{
	int fd = open(PLACE "/file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0);
	return fd;
}

static long blocks(int fd)
{
	struct stat st;

	must(!fstat(fd, &st));
	return st.st_blocks * 512 / (long)PAGE;
}

/* ---- a file system ---- */

static void built(void)
{
	static char page[PAGE];
	struct statfs s;
	struct stat st;
	int fd, n = 0;

	must(!mount("lab", PLACE, "tmpfs", 0, "size=1m,nr_inodes=20"));
	must(!statfs(PLACE, &s));
	ok(s.f_type == TMPFS && s.f_blocks == 256 && s.f_files == 20,
	   "tmpfs: a mount without a device; its limits are options");
	fd = new_file();
	while (pwrite(fd, page, PAGE, n * (off_t)PAGE) == (ssize_t)PAGE)
		n++;
	ok(errno == ENOSPC && n <= 256 && n >= 250, "tmpfs: full is full, long before memory is");
	must(!ftruncate(fd, 0) && !ftruncate(fd, BYTES));
	ok(pread(fd, page, PAGE, 0) == (ssize_t)PAGE && page[5] == 0 && blocks(fd) == 0,
	   "tmpfs: a hole is read as zeroes and stays a hole: there is nothing to read it from");
	must(pwrite(fd, "x", 1, 3 * PAGE) == 1);
	is(blocks(fd), 1, "tmpfs: a page written is a page");
	must(!link(PLACE "/file", PLACE "/second") && !rename(PLACE "/second", PLACE "/third") &&
	     !symlink("third", PLACE "/soft") && !mkdir(PLACE "/d", 0700) &&
	     !stat(PLACE "/soft", &st));
	ok(st.st_nlink == 2 && st.st_size == (off_t)BYTES && !unlink(PLACE "/file") &&
		   !unlink(PLACE "/third") && !unlink(PLACE "/soft") && !rmdir(PLACE "/d"),
	   "tmpfs: links, renames, symbolic links, directories: all that a file system has");
	close(fd);
	must(!umount(PLACE));
}

/* ---- swap ---- */

static void swapped(void)
{
	long shmem, now;
	int fd;
	char *p, c;

	must(!mount("lab", PLACE, "tmpfs", 0, NULL));
	fd = new_file();
	must(!ftruncate(fd, BYTES));
	p = map_file(fd);
	memset(p, 's', BYTES);
	shmem = meminfo("Shmem:");
	ok(EVENTUALLY(all_out(p)), "tmpfs: its pages go to swap");
	ok(EVENTUALLY(meminfo("Shmem:") <= shmem - (long)(BYTES >> 10)),
	   "tmpfs: which makes room in memory");
	is(blocks(fd), PAGES, "tmpfs: the file has them all the same");
	ok(pread(fd, &c, 1, 7 * PAGE) == 1 && c == 's', "tmpfs: and a read brings them back");
	munmap(p, BYTES), close(fd);
	must(!umount(PLACE));

	must(!mount("lab", PLACE, "ramfs", 0, "size=1m"));
	fd = new_file();
	must(!ftruncate(fd, 2 << 20) && pwrite(fd, "x", 1, (2 << 20) - 1) == 1);
	p = map_file(fd);
	shmem = meminfo("Shmem:");
	memset(p, 'r', BYTES);
	now = meminfo("Shmem:");
	ok(now - shmem < (long)(BYTES >> 10) / 2, "ramfs: its pages are not shmem");
	ok(!all_out(p) && frame(p) && page_is(frame(p), KPF_UNEVICTABLE),
	   "ramfs: and never go: they are unevictable");
	ok(pwrite(fd, "x", 1, 2 << 20) == 1,
	   "ramfs: nor is there a limit, whatever its options say");
	munmap(p, BYTES), close(fd);
	must(!umount(PLACE));
}

/* ---- who else uses it ---- */

static char *sysv(void)
{
	int id = shmget(IPC_PRIVATE, BYTES, 0600);
	char *p = shmat(id, NULL, 0);

	must(id >= 0 && p != (char *)-1 && !shmctl(id, IPC_RMID, NULL));
	return p;
}

static char *posix(void)
{
	int fd = open("/dev/shm/lab", O_RDWR | O_CREAT | O_EXCL, 0600); /* shm_open("/lab") */
	char *p;

	must(fd >= 0 && !ftruncate(fd, BYTES));
	p = map_file(fd);
	close(fd);
	return p;
}

static char *memfd(void)
{
	int fd = memfd_create("lab", 0);
	char *p;

	must(fd >= 0 && !ftruncate(fd, BYTES));
	p = map_file(fd);
	close(fd);
	return p;
}

static char *anonymous(void)
{
	char *p = mmap(NULL, BYTES, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void users(void)
{
	static const struct {
		char *(*make)(void);
		const char *what, *name;
	} way[] = { { sysv, "System V", "/SYSV00000000 (deleted)" },
		    { posix, "POSIX", "/dev/shm/lab" },
		    { memfd, "memfd", "/memfd:lab (deleted)" },
		    { anonymous, "MAP_SHARED | MAP_ANONYMOUS", "/dev/zero (deleted)" } };

	for (int i = 0; i < 4; i++) {
		long before = meminfo("Shmem:");
		char *p = way[i].make(), start[32], *line;

		memset(p, 'u', BYTES);
		snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
		line = strstr(slurp("/proc/self/maps"), start);
		must(line);
		*strchr(line, '\n') = 0;
		ok(strstr(line, way[i].name), "%s: a file of a tmpfs: %s", way[i].what,
		   way[i].name);
		ok(meminfo("Shmem:") - before >= (long)(BYTES >> 10) / 2 &&
			   EVENTUALLY(all_out(p)) && p[BYTES - 1] == 'u',
		   "%s: counted as such, and swapped", way[i].what);
		if (way[i].make == sysv)
			shmdt(p);
		else
			munmap(p, BYTES);
	}
	unlink("/dev/shm/lab");
}

/* ---- the next start ---- */

static void leave(void)
{
	int fd = open("/dev/shm/left", O_RDWR | O_CREAT, 0600);
	char *p;

	must(fd >= 0 && !ftruncate(fd, BYTES));
	p = map_file(fd);
	for (int i = 0; i < PAGES; i++)
		sprintf(p + i * PAGE, "left in tmpfs, page %d", i);
	ok(EVENTUALLY(all_out(p)), "a file of tmpfs, all of it in swap");
	ok(EVENTUALLY(meminfo("Writeback:") == 0), "and written");
}

static void look(void)
{
	DIR *dir = opendir("/dev/shm");
	int n = 0;

	must(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	is(n, 0, "after the next start there is no such file");
	is(meminfo("SwapFree:"), meminfo("SwapTotal:"),
	   "no slot is in use, whatever the device holds");
}

int main(int argc, char **argv)
{
	must(argc >= 2 && !swapon(argv[1], 0));
	stay_on_one_cpu();
	mkdir(PLACE, 0700);
	if (argc > 2) {
		(strcmp(argv[2], "leave") ? look : leave)();
		return tap_end();
	}
	built();
	swapped();
	users();
	must(!swapoff(argv[1]));
	return tap_end();
}
