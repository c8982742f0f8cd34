// SPDX-License-Identifier: MIT
/*
 * What is only cached goes when memory is short, as TAP: lru DEVICE DIRECTORY. Inodes and dentries of ext2 on DEVICE are
 * given back (SReclaimable), and found again on the disk; pages of ramfs, which have no other place, stay. And what each
 * value of drop_caches drops.
 */
#include "../guest/textfile.h"
#include <sys/mount.h>
#include <sys/wait.h>

#define FILES	4000
#define TRACING "/sys/kernel/tracing/"

static long meminfo(const char *name)
{
	char line[200];
	FILE *f = fopen("/proc/meminfo", "r");
	long kb = -1;

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kb = atol(line + strlen(name) + 1);
	fclose(f);
	return kb;
}

static int stat_all(void)
{
	struct stat st;
	char name[20];
	int found = 0;

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d/%d", i / 200, i);
		found += stat(name, &st) == 0 && st.st_mode == (S_IFREG | 0640) && st.st_size == 0;
	}
	return found;
}

static void make_all(void)
{
	char name[20];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d", i / 200);
		if (i % 200 == 0)
			mkdir(name, 0755);
		snprintf(name, sizeof(name), "%d/%d", i / 200, i);
		close(open(name, O_CREAT | O_RDWR, 0640));
	}
}

/* Takes memory until @name is at most @goal KiB, or there is none (then it is killed, or gives up). */
static void pressure(const char *name, long goal)
{
	pid_t pid = fork();

	if (!pid) {
		for (int i = 0; i < 4096 && meminfo(name) > goal; i++) {
			char *p = mmap(NULL, 256 << 10, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED)
				break;
			memset(p, 1, 256 << 10);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void set_vfs_pressure(const char *text)
{
	int fd = open("/proc/sys/vm/vfs_cache_pressure", O_WRONLY);

	ok(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "vfs_cache_pressure %s", text);
	close(fd);
}

/* ---- drop_caches ---- */

#define CLEAN_PAGES 4096
#define DIRTY_PAGES 256

/* An open file of @pages pages in the page cache. */
static int cached_file(const char *name, int pages)
{
	static char page[4096];
	int fd = open(name, O_CREAT | O_RDWR, 0600);

	must(fd >= 0);
	for (int i = 0; i < pages; i++)
		must(write(fd, page, sizeof(page)) == (ssize_t)sizeof(page));
	return fd;
}

static int nr_cached(int fd, int pages)
{
	static unsigned char vec[CLEAN_PAGES];
	void *p = mmap(NULL, pages * 4096L, PROT_READ, MAP_SHARED, fd, 0);
	int nr = 0;

	must(p != MAP_FAILED && !mincore(p, pages * 4096L, vec));
	munmap(p, pages * 4096L);
	for (int i = 0; i < pages; i++)
		nr += vec[i] & 1;
	return nr;
}

/* The column buff/cache of free(1), in MiB. */
static long free_says(void)
{
	FILE *f = popen("free -m | awk '/^Mem:/ { print $6 }'", "r");
	long mb = -1;

	must(f && fscanf(f, "%ld", &mb) == 1);
	pclose(f);
	return mb;
}

static void write_knob(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Write @what until @cond: a CPU may still hold what it has just used, and objects go after a grace period of RCU. */
#define DROP(what, cond) EVENTUALLY((write_knob("/proc/sys/vm/drop_caches", what), (cond)))

/* Dentries on the LRU: the second number of dentry-state. */
static long unused_dentries(void)
{
	long nr = -1;

	must(sscanf(slurp("/proc/sys/fs/dentry-state"), "%*d %ld", &nr) == 1);
	return nr;
}

/* What a shrinker is asked and what it answers, as trace events. */
static void traced(void)
{
	long asked = 0, freed = 0;

	if (access(TRACING "trace", F_OK))
		must(!mount("tracefs", TRACING, "tracefs", 0, NULL));
	write_knob(TRACING "events/vmscan/mm_shrink_slab_start/enable", "1");
	write_knob(TRACING "events/vmscan/mm_shrink_slab_end/enable", "1");
	write_knob("/proc/sys/vm/drop_caches", "2");
	write_knob(TRACING "events/vmscan/mm_shrink_slab_start/enable", "0");
	write_knob(TRACING "events/vmscan/mm_shrink_slab_end/enable", "0");
	for (char *at = slurp(TRACING "trace"); (at = strstr(at, " cache items ")); at++)
		asked += strtol(at + 13, NULL, 10);
	for (char *at = text; (at = strstr(at, " return val ")); at++)
		freed += strtol(at + 12, NULL, 10);
	ok(freed > FILES / 2 && freed <= 2 * asked,
	   "drop_caches 2: traced: %ld objects, %ld gone, with those that are asked twice", asked,
	   freed);
}

/* What is clean, of files; what is dirty; inodes and dentries: each goes by its value, or stays. These are @slab KiB above @without. */
static void drop_kinds(long without, long slab)
{
	static char page[4096];
	int clean, dirty;
	long mb;

	write_knob("/proc/sys/vm/dirty_writeback_centisecs", "0");
	clean = cached_file("clean", CLEAN_PAGES);
	must(!fsync(clean));
	dirty = cached_file("dirty", DIRTY_PAGES);
	mb = free_says();

	ok(DROP("1", !nr_cached(clean, CLEAN_PAGES)), "drop_caches 1: clean pages of files go");
	is(nr_cached(dirty, DIRTY_PAGES), DIRTY_PAGES, "drop_caches 1: dirty ones stay");
	mb -= free_says();
	ok(mb >= CLEAN_PAGES / 256 - 1, "drop_caches 1: free -m shows it: %ld MiB", mb);
	ok(meminfo("SReclaimable:") - without > slab / 2,
	   "drop_caches 1: %ld KiB of inodes and dentries stay", slab);

	for (int i = 0; i < CLEAN_PAGES; i++)
		must(pread(clean, page, sizeof(page), i * 4096L) == (ssize_t)sizeof(page));
	ok(DROP("2", meminfo("SReclaimable:") - without < slab / 2),
	   "drop_caches 2: inodes and dentries go");
	is(nr_cached(clean, CLEAN_PAGES), CLEAN_PAGES, "drop_caches 2: pages stay");

	stat_all();
	ok(meminfo("SReclaimable:") - without > slab / 2, "inodes and dentries are back");
	traced();
	stat_all();
	ok(unused_dentries() >= FILES, "dentry-state: %ld that nobody uses", unused_dentries());
	ok(DROP("3",
		meminfo("SReclaimable:") - without < slab / 2 && !nr_cached(clean, CLEAN_PAGES)),
	   "drop_caches 3: both go");
	ok(unused_dentries() < FILES / 2, "dentry-state: %ld are left", unused_dentries());
	is(nr_cached(dirty, DIRTY_PAGES), DIRTY_PAGES, "drop_caches 3: dirty ones stay");
	must(!fsync(dirty));
	ok(DROP("1", !nr_cached(dirty, DIRTY_PAGES)), "drop_caches 1: until they are written");
	close(clean), close(dirty);
	write_knob("/proc/sys/vm/dirty_writeback_centisecs", "500");
}

int main(int argc, char **argv)
{
	static char data[1 << 20], back[1 << 20];
	long before, full;
	int ram, drop, same = 1;

	mkdir(argv[2], 0755), mkdir("/tmp/ram", 0755);
	ok(mount("ramfs", "/tmp/ram", "ramfs", 0, NULL) == 0, "ramfs");
	ram = open("/tmp/ram/data", O_CREAT | O_RDWR, 0600);
	for (int i = 0; i < 8; i++) {
		memset(data, i + 1, sizeof(data));
		same &= write(ram, data, sizeof(data)) == sizeof(data);
	}
	ok(same, "8 MiB of it");
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	ok(mount(argv[1], argv[2], "ext2", 0, NULL) == 0 && chdir(argv[2]) == 0, "ext2");
	sync(), write(drop, "3", 1);
	before = meminfo("SReclaimable:");
	make_all();
	is(stat_all(), FILES, "4000 files");
	sync();
	full = meminfo("SReclaimable:");
	ok(full - before > 2500, "inodes and dentries are SReclaimable: %ld KiB more",
	   full - before);
	set_vfs_pressure("0");
	write(drop, "2", 1);
	usleep(300000);
	ok(meminfo("SReclaimable:") - before > (full - before) * 3 / 4,
	   "vfs_cache_pressure 0: nobody takes them");
	set_vfs_pressure("100");
	write(drop, "2", 1);
	/* They are freed after a grace period of RCU. */
	ok(EVENTUALLY((write(drop, "2", 1), meminfo("SReclaimable:")) - before <
		      (full - before) / 2),
	   "drop_caches gives them back");
	is(stat_all(), FILES, "and they are read again");
	full = meminfo("SReclaimable:");
	pressure("SReclaimable:", before + (full - before) / 2);
	ok(EVENTUALLY(meminfo("SReclaimable:") - before < (full - before) * 3 / 4),
	   "a shortage of memory gives them back: %ld of %ld KiB are left",
	   meminfo("SReclaimable:") - before, full - before);
	is(stat_all(), FILES, "and they are read again");
	lseek(ram, 0, SEEK_SET);
	for (int i = 0; i < 8; i++) {
		memset(data, i + 1, sizeof(data));
		same &= read(ram, back, sizeof(back)) == sizeof(back) &&
			!memcmp(data, back, sizeof(data));
	}
	ok(same, "pages of ramfs have stayed");
	drop_kinds(before, full - before);
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
