// SPDX-License-Identifier: MIT
/*
 * Damaged images: mangle SOURCE TARGET DIRECTORY SEED COUNT. COUNT times the ext2 image on the device SOURCE, with some
 * bytes of its metadata changed, is put on the device TARGET, mounted, walked, written to and unmounted. Any errno is
 * right; what must not happen is an oops, a hang, or a call that does not return. The host looks at the log.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/fs.h>

static uint64_t state;
static unsigned char *good, *bad;
static size_t size;
static unsigned int block;

static unsigned int rnd(unsigned int below)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (state >> 33) % below;
}

static uint32_t get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* A value that is often just wrong. */
static uint32_t value(uint32_t old)
{
	static const uint32_t odd[] = { 0,	 1,	     2,		 7,	    8,	    11,
					12,	 0x7f,	     0xff,	 0x7fff,    0x8000, 0xffff,
					0x10000, 0x7fffffff, 0x80000000, 0xffffffff };

	switch (rnd(6)) {
	case 0:
		return odd[rnd(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return old + rnd(9) - 4;
	case 2:
		return old ^ 1u << rnd(32);
	case 3:
		return rnd(size / block + 2);
	case 4:
		return size / block + rnd(3) - 1;
	default:
		return rnd(0x7fffffff) * 2u;
	}
}

/* A place in the metadata: super block, descriptors, bitmaps, inodes in use, directories, indirect blocks, attributes. */
static size_t place(void)
{
	const unsigned char *desc = good + (block == 1024 ? 2048 : block);
	unsigned int inode_size = good[1024 + 88] | good[1024 + 89] << 8;
	size_t table = (size_t)get32(desc + 8) * block;

	switch (rnd(8)) {
	case 0:
		return 1024 + rnd(104) / 4 * 4;
	case 1:
		return desc - good + rnd(64);
	case 2:
		return (size_t)get32(desc + rnd(2) * 4) * block + rnd(block);
	case 3:
	case 4:
		return table + rnd(40) * inode_size + rnd(128) / 4 * 4;
	default: /* what inodes 1 to 40 name: directories, indirect blocks, attributes, data */
		for (int tries = 0; tries < 100; tries++) {
			const unsigned char *inode = good + table + rnd(40) * inode_size;
			uint32_t b = get32(rnd(4) ? inode + 40 + rnd(15) * 4 : inode + 104);

			if (b && b < size / block)
				return (size_t)b * block + rnd(rnd(3) ? 64 : block);
		}
		return table;
	}
}

static void damage(void)
{
	unsigned int n = 1 + rnd(rnd(2) ? 3 : 12);

	memcpy(bad, good, size);
	while (n--) {
		size_t at = place();
		uint32_t v;

		if (at + 4 > size)
			continue;
		v = value(get32(bad + at));
		memcpy(bad + at, &v, rnd(3) ? 4 : 1 + rnd(2));
	}
}

/* ---- use of it: results do not matter ---- */

static unsigned int budget;
static char data[20000];

static void touch_file(const char *name)
{
	int fd = open(name, O_RDWR | O_NONBLOCK);
	struct stat st;
	char *p;

	if (fd < 0)
		fd = open(name, O_RDONLY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return;
	}
	read(fd, data, sizeof(data));
	pread(fd, data, sizeof(data), st.st_size - 5000);
	pread(fd, data, 4096, (off_t)rnd(300000) * 512);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		madvise(p, 4096, MADV_WILLNEED);
		munmap(p, 4096);
	}
	pwrite(fd, data, 1 + rnd(sizeof(data)), rnd(3) ? rnd(30000) : (off_t)rnd(1000000) * 1024);
	if (!rnd(3))
		ftruncate(fd, rnd(2) ? rnd(100000) : 0);
	if (!rnd(4))
		fsync(fd);
	close(fd);
}

static void touch_any(const char *name)
{
	struct stat st;
	char other[300];

	if (lstat(name, &st))
		return;
	listxattr(name, data, sizeof(data));
	lgetxattr(name, "user.a", data, sizeof(data));
	if (!rnd(4))
		lsetxattr(name, "user.b", data, rnd(300), 0);
	readlink(name, data, sizeof(data));
	touch_file(name);
	switch (rnd(8)) {
	case 0:
		unlink(name);
		break;
	case 1:
		snprintf(other, sizeof(other), "r%u", rnd(100));
		rename(name, other);
		break;
	case 2:
		snprintf(other, sizeof(other), "l%u", rnd(100));
		link(name, other);
		break;
	case 3:
		rmdir(name);
		break;
	case 4:
		chmod(name, 0644);
	}
}

static void walk(int depth)
{
	DIR *d = opendir(".");
	struct dirent *e;
	int fd;

	while (d && budget && (e = readdir(d)) != NULL) {
		budget--;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (depth < 4 && (fd = open(e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) >= 0) {
			int here = open(".", O_RDONLY);

			fchdir(fd);
			walk(depth + 1);
			fchdir(here);
			close(here);
			close(fd);
		}
		touch_any(e->d_name);
	}
	if (d)
		closedir(d);
}

static void use(void)
{
	struct statfs st;
	char name[240];

	statfs(".", &st);
	budget = 120;
	walk(0);
	for (int i = 0; i < 4; i++) {
		int fd;

		snprintf(name, sizeof(name), "new%u", i);
		mkdir(name, 0755);
		snprintf(name, sizeof(name), "new%u/%0200u", i, i);
		fd = open(name, O_CREAT | O_RDWR, 0644);
		write(fd, data, sizeof(data));
		close(fd);
		snprintf(name, sizeof(name), "s%u", i);
		symlink(name, name);
	}
	if (rnd(2))
		sync();
}

static int put_image(int target)
{
	return pwrite(target, bad, size, 0) == (ssize_t)size && !fsync(target) &&
	       !ioctl(target, BLKFLSBUF, 0);
}

int main(int argc, char **argv)
{
	int source = open(argv[1], O_RDONLY), target = open(argv[2], O_RDWR), mounted = 0;
	unsigned long seed = strtoul(argv[4], NULL, 0), count = strtoul(argv[5], NULL, 0);
	uint64_t bytes = 0;

	ioctl(source, BLKGETSIZE64, &bytes);
	size = bytes;
	good = malloc(size), bad = malloc(size);
	if (target < 0 || pread(source, good, size, 0) != (ssize_t)size)
		return 2;
	block = 1024u << good[1024 + 24];
	mkdir(argv[3], 0755);
	for (unsigned long i = 0; i < count; i++) {
		state = seed * 1000003 + i;
		damage();
		if (!put_image(target)) {
			printf("image %lu cannot be written: %s\n", i, strerror(errno));
			return 3;
		}
		/* never errors=panic, whatever the image says */
		if (mount(argv[2], argv[3], "ext2", 0,
			  rnd(2) ? "errors=continue" : "errors=remount-ro"))
			continue;
		mounted++;
		if (!chdir(argv[3]))
			use();
		if (chdir("/") || umount(argv[3])) {
			printf("image %lu: umount: %s\n", i, strerror(errno));
			return 4;
		}
	}
	printf("%lu images, %d of them could be mounted\n", count, mounted);
	return 0;
}
