// SPDX-License-Identifier: MIT
/*
 * One copy of a block, as TAP: alias DEVICE DIRECTORY. What a file system on DEVICE (ext2) changes in memory is seen by
 * who reads DEVICE, before it is written; and what is written to DEVICE is seen by the file system. At the end a file is
 * written, and the machine may stop without umount.
 */
#include "../guest/tap.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static char *disk;
static size_t size;

static char *find(const char *what)
{
	return memmem(disk, size, what, strlen(what));
}

/* Value of @name in /proc/meminfo, KiB. */
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

static int read_disk(int fd)
{
	return pread(fd, disk, size, 0) == (ssize_t)size;
}

/* Quire says of a frame in words what its private field holds. */
static void says_buffers(int fd)
{
	volatile char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	int look = open("/proc/mm/page", O_RDWR), pagemap = open("/proc/self/pagemap", O_RDONLY);
	static char words[2000];
	char number[32];
	uint64_t w = 0;

	must(look >= 0 && map[1080] == 0x53); /* the super block, which is in use */
	must(pread(pagemap, &w, 8, (uintptr_t)map / 4096 * 8) == 8);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)(w & ((1ULL << 55) - 1)));
	must(write(look, number, strlen(number)) > 0);
	close(look);
	look = open("/proc/mm/page", O_RDONLY);
	must(read(look, words, sizeof(words) - 1) > 0);
	if (!ok(strstr(words, "\nprivate: buffers of the file system\n") &&
			strstr(words, "held: 1 by buffers of the file system\n"),
		"private of the super block's page are its buffers, in words"))
		printf("# %s", words);
	close(look);
	close(pagemap);
	munmap((void *)map, 4096);
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR), f, block = 0;
	char back[4096], *p = NULL;
	uint64_t bytes = 0;
	long before;

	mkdir(argv[2], 0755);
	ok(fd >= 0 && mount(argv[1], argv[2], "ext2", 0, NULL) == 0 && chdir(argv[2]) == 0,
	   "mounted while the device is open");
	ioctl(fd, BLKGETSIZE64, &bytes);
	size = bytes;
	disk = malloc(size);
	ok(read_disk(fd) && !find("needle-in-the-hay"), "the name is not on the device");
	f = open("needle-in-the-hay", O_CREAT | O_RDWR, 0644);
	ok(read_disk(fd) && (p = find("needle-in-the-hay")) != NULL,
	   "a new name is seen in the device at once");
	ok(p && pwrite(fd, "thread-in-the-hay", 17, p - disk) == 17, "written over in the device");
	close(f);
	sync();
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	write(drop, "2", 1);
	ok(access("thread-in-the-hay", F_OK) == 0 && access("needle-in-the-hay", F_OK) < 0,
	   "the file system sees it");
	f = open("thread-in-the-hay", O_RDWR);
	memset(back, 'q', sizeof(back));
	ok(write(f, back, 4096) == 4096 && fsync(f) == 0 && ioctl(f, FIBMAP, &block) == 0 && block,
	   "a block of data");
	ioctl(fd, BLKFLSBUF, 0);
	int bs = 0;
	ioctl(f, FIGETBSZ, &bs);
	memset(back, 0, sizeof(back));
	ok(pread(fd, back, bs, (off_t)block * bs) == bs && back[0] == 'q' &&
		   !memcmp(back, back + 1, bs - 1),
	   "after fsync it is in the device");
	before = meminfo("Buffers:");
	ok(read_disk(fd) && before > 0 && meminfo("Buffers:") >= before,
	   "pages of the device are Buffers");
	if (!access("/proc/mm/page", F_OK))
		says_buffers(fd);
	close(f);
	f = open("late", O_CREAT | O_RDWR, 0644);
	ok(write(f, "written before the end", 22) == 22, "a last file");
	sync();
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
