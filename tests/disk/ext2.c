// SPDX-License-Identifier: MIT
/*
 * ext2 on a disk, as TAP: ext2 DEVICE DIRECTORY [SEED]. Mounts and unmounts DEVICE itself; the host runs e2fsck
 * afterwards (tests/suite/70-ext2.t). Everything here holds on Linux too, whose ext4 driver serves ext2.
 */
#include "../guest/tap.h"
#include <dirent.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const char *device, *dir;
static unsigned int block;

static int mount_it(unsigned long flags, const char *options)
{
	return mount(device, dir, "ext2", flags, options);
}

static void again(const char *what)
{
	ok(chdir("/") == 0 && umount(dir) == 0 && mount_it(0, NULL) == 0 && chdir(dir) == 0,
	   "%s: mounted again", what);
}

static int put(const char *name, const void *data, size_t len)
{
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0644), good;

	if (fd < 0)
		return 0;
	good = write(fd, data, len) == (ssize_t)len;
	close(fd);
	return good;
}

static int holds(const char *name, const void *data, size_t len)
{
	char *got = malloc(len + 1);
	int fd = open(name, O_RDONLY), good;

	good = fd >= 0 && read(fd, got, len + 1) == (ssize_t)len && !memcmp(got, data, len);
	close(fd);
	free(got);
	return good;
}

static unsigned int links(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_nlink;
}

/* ---- a file against a model of it in memory ---- */

#define MODEL (1 << 20)
static unsigned char model[MODEL], got[MODEL];
static size_t model_size;
static unsigned long seed = 1;

static unsigned int rnd(unsigned int below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (seed >> 33) % below;
}

static void model_set_size(size_t size)
{
	if (size < model_size)
		memset(model + size, 0, model_size - size);
	model_size = size;
}

static void step_write(int fd)
{
	size_t at = rnd(MODEL - 20000), len = rnd(3) ? rnd(5000) + 1 : rnd(20000) + 1;

	for (size_t i = 0; i < len; i++)
		model[at + i] = rnd(256);
	if (pwrite(fd, model + at, len, at) != (ssize_t)len)
		ok(0, "pwrite of %zu at %zu", len, at);
	if (at + len > model_size)
		model_size = at + len;
}

static void step_map(int fd)
{
	size_t size = model_size, at, len;
	unsigned char *p;

	if (size < 10)
		return;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	at = rnd(size);
	len = rnd(4000) + 1;
	if (at + len > size)
		len = size - at;
	for (size_t i = at; i < at + len; i++)
		p[i] = model[i] = rnd(256);
	munmap(p, size);
}

static int same_as_model(int fd)
{
	return pread(fd, got, MODEL, 0) == (ssize_t)model_size && !memcmp(got, model, model_size);
}

static void file_model(void)
{
	int fd = open("model", O_CREAT | O_RDWR, 0644), good = 1;

	for (int i = 0; i < 400; i++) {
		if (getenv("DBG") && !same_as_model(fd)) {
			size_t k = 0;
			long r = pread(fd, got, MODEL, 0);
			while (k < model_size && got[k] == model[k])
				k++;
			printf("# step %d: size %ld model %zu differs at %zu\n", i, r, model_size,
			       k);
			break;
		}
		switch (rnd(8)) {
		case 0:
			model_set_size(rnd(MODEL));
			good &= ftruncate(fd, model_size) == 0;
			break;
		case 1:
			step_map(fd);
			break;
		case 2:
			good &= fsync(fd) == 0;
			if (!rnd(4))
				posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
			break;
		case 3:
			good &= same_as_model(fd);
			break;
		default:
			step_write(fd);
		}
	}
	ok(good && same_as_model(fd), "400 random steps leave what the model says");
	close(fd);
	again("model");
	fd = open("model", O_RDONLY);
	ok(same_as_model(fd), "and so it is after mounting again");
	close(fd);
}

/* ---- holes at every level of the tree of blocks ---- */

static void file_levels(void)
{
	unsigned long per = block / 4, nr[] = { 0,
						11,
						12,
						12 + per - 1,
						12 + per,
						12 + per + per * per - 1,
						12 + per + per * per,
						12 + per + per * per + 3 * per + 1 };
	int fd = open("levels", O_CREAT | O_RDWR, 0644), good = 1;
	struct stat st;
	char text[32], back[32];

	for (unsigned int i = 0; i < sizeof(nr) / sizeof(nr[0]); i++) {
		snprintf(text, sizeof(text), "block %lu", nr[i]);
		good &= pwrite(fd, text, sizeof(text), (off_t)nr[i] * block) == sizeof(text);
	}
	ok(good, "blocks at the edges of direct, single, double and triple");
	good = fsync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0;
	for (unsigned int i = 0; i < sizeof(nr) / sizeof(nr[0]); i++) {
		snprintf(text, sizeof(text), "block %lu", nr[i]);
		good &= pread(fd, back, sizeof(back), (off_t)nr[i] * block) == sizeof(back) &&
			!strcmp(text, back);
	}
	ok(good, "are read back");
	fstat(fd, &st);
	is(st.st_blocks, (8 + 8) * (long)block / 512,
	   "8 blocks and 8 of names, the rest are holes");
	memset(back, 1, sizeof(back));
	ok(pread(fd, back, 32, (off_t)5000 * block + 3) == 32 && !back[0] &&
		   !memcmp(back, back + 1, 31),
	   "a hole reads as zeroes");
	for (int i = 7; i >= 0; i--)
		good &= ftruncate(fd, (off_t)nr[i] * block) == 0;
	fsync(fd);
	fstat(fd, &st);
	ok(good && st.st_blocks == 0, "shorter step by step: nothing is left");
	fails(pwrite(fd, "x", 1, (off_t)1 << 43), EFBIG, "beyond the largest file");
	close(fd);
	unlink("levels");
}

static void file_large(void)
{
	int fd = open("large", O_CREAT | O_RDWR, 0644);
	char c = 0;

	ok(pwrite(fd, "x", 1, (off_t)3 << 30) == 1 && fsync(fd) == 0, "a byte behind 3 GiB");
	close(fd);
	again("large file");
	fd = open("large", O_RDONLY);
	ok(lseek(fd, 0, SEEK_END) == ((off_t)3 << 30) + 1 &&
		   pread(fd, &c, 1, (off_t)3 << 30) == 1 && c == 'x',
	   "is there");
	close(fd);
}

/* ---- directories ---- */

static int count_names(const char *name)
{
	DIR *d = opendir(name);
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

static void dir_many(void)
{
	char name[300];
	int good = 1;
	struct dirent *e;
	DIR *d;

	mkdir("many", 0755);
	for (int i = 0; i < 400; i++) {
		snprintf(
			name, sizeof(name), "many/%d-%.*s", i, i % 200,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		good &= put(name, name, 10);
	}
	is(count_names("many"), 402, "400 names in a directory");
	ok(good, "each could be made");
	d = opendir("many");
	for (int i = 0; (e = readdir(d)) != NULL; i++)
		if (e->d_name[0] != '.' && i % 3) {
			snprintf(name, sizeof(name), "many/%s", e->d_name);
			good &= unlink(name) == 0;
		}
	closedir(d);
	ok(good, "names are removed while the directory is read");
	good = count_names("many");
	again("many");
	is(count_names("many"), good, "the same names after mounting again");
	snprintf(name, sizeof(name), "many/%0255d", 7);
	ok(put(name, "x", 1) && holds(name, "x", 1), "a name of 255 bytes");
	snprintf(name, sizeof(name), "many/%0256d", 7);
	fails(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG, "256 bytes");
	fails(rmdir("many"), ENOTEMPTY, "rmdir of a full directory");
}

static void dir_links(void)
{
	mkdir("p", 0755);
	is(links("p"), 2, "a new directory has two links");
	mkdir("p/c1", 0755), mkdir("p/c2", 0755);
	is(links("p"), 4, "and one for each below");
	mkdir("q", 0755);
	ok(rename("p/c1", "q/c1") == 0 && links("p") == 3 && links("q") == 3,
	   "a directory moves: \"..\" and the counts with it");
	ok(rename("p/c2", "q/c1") == 0 && links("p") == 2 && links("q") == 3, "onto an empty one");
	put("q/c1/f", "f", 1);
	mkdir("e", 0755);
	fails(rename("e", "q/c1"), ENOTEMPTY, "onto a full one");
	fails(rename("q", "q/c1/x"), EINVAL, "into itself");
	fails(rename("q/c1/f", "e"), EISDIR, "a file onto a directory");
	fails(rename("e", "q/c1/f"), ENOTDIR, "a directory onto a file");
	ok(rmdir("e") == 0 && unlink("q/c1/f") == 0 && rmdir("q/c1") == 0 && links("q") == 2,
	   "and all go");
	rmdir("p"), rmdir("q");
}

static void names(void)
{
	char text[200], back[300];
	struct stat st;

	put("a", "A", 1), put("b", "B", 1);
	ok(link("a", "a2") == 0 && links("a") == 2, "a hard link");
	ok(rename("a", "b") == 0 && holds("b", "A", 1) && links("b") == 2, "rename over a file");
	ok(rename("b", "a2") == 0 && links("a2") == 2 && links("b") == 2,
	   "rename to a link of the same file does nothing");
	fails(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "a2", 1), EEXIST, "RENAME_NOREPLACE");
	ok(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "n", 1) == 0 && holds("n", "A", 1),
	   "RENAME_NOREPLACE to a free name");
	unlink("n"), unlink("a2");
	memset(text, 's', sizeof(text));
	text[59] = 0;
	ok(symlink(text, "fast") == 0 && readlink("fast", back, sizeof(back)) == 59,
	   "a link of 59 bytes lies in the inode");
	lstat("fast", &st);
	is(st.st_blocks, 0, "without a block");
	text[59] = 's', text[199] = 0;
	ok(symlink(text, "slow") == 0 && readlink("slow", back, sizeof(back)) == 199 &&
		   !memcmp(text, back, 199),
	   "one of 199 has a block");
	lstat("slow", &st);
	is(st.st_blocks, (long)block / 512, "of its own");
	put("target", "T", 1);
	symlink("target", "to");
	again("links");
	ok(holds("to", "T", 1) && readlink("slow", back, sizeof(back)) == 199 &&
		   !memcmp(text, back, 199),
	   "links are there after mounting again");
	ok(mknod("dev", S_IFBLK | 0600, makedev(300, 70000)) == 0 &&
		   mknod("null", S_IFCHR | 0600, makedev(1, 3)) == 0 && mkfifo("fifo", 0600) == 0,
	   "special files");
	again("special");
	ok(stat("dev", &st) == 0 && st.st_rdev == makedev(300, 70000) && stat("null", &st) == 0 &&
		   st.st_rdev == makedev(1, 3) && stat("fifo", &st) == 0 && S_ISFIFO(st.st_mode),
	   "keep their numbers");
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	ok(fd >= 0 && write(fd, "tmp", 3) == 3, "O_TMPFILE");
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	ok(linkat(AT_FDCWD, text, AT_FDCWD, "was-tmp", AT_SYMLINK_FOLLOW) == 0 &&
		   holds("was-tmp", "tmp", 3),
	   "gets a name");
	close(fd);
	close(open(".", O_TMPFILE | O_RDWR, 0600));
}

static void attributes(void)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1234567890, 0 } };
	int fd = open("attr", O_CREAT | O_RDWR, 0640);

	ok(fchown(fd, 100000, 70000) == 0 && fchmod(fd, 04711) == 0 && futimens(fd, times) == 0,
	   "owner, mode, times");
	close(fd);
	again("attributes");
}

static void attributes_after(void)
{
	struct stat st;
	unsigned int flags = 0;
	int fd = open("attr", O_RDWR);

	stat("attr", &st);
	ok(st.st_uid == 100000 && st.st_gid == 70000 && (st.st_mode & 07777) == 04711,
	   "owner and mode stay");
	ok(st.st_atime == 1000000000 && st.st_mtime == 1234567890, "times stay");
	ok(ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0, "flags are read");
	flags |= FS_NODUMP_FL | FS_APPEND_FL;
	ok(ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0, "and set");
	close(fd);
	fails(open("attr", O_WRONLY), EPERM, "an append-only file is not overwritten");
	fd = open("attr", O_WRONLY | O_APPEND);
	ok(fd >= 0 && write(fd, "x", 1) == 1, "but extended");
	fails(unlink("attr"), EPERM, "nor removed");
	flags &= ~FS_APPEND_FL;
	ok(ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0 && unlink("attr") == 0, "until the flag goes");
	fails(fallocate(fd, 0, 0, 4096), EOPNOTSUPP, "fallocate");
	close(fd);
}

static void xattrs(void)
{
	char value[5000], list[300];
	int fd;

	memset(value, 'v', sizeof(value));
	put("x1", "1", 1), put("x2", "2", 1);
	ok(setxattr("x1", "user.one", "1", 1, 0) == 0 &&
		   getxattr("x1", "user.one", value, 10) == 1 && value[0] == '1',
	   "an attribute");
	fails(setxattr("x1", "user.one", "2", 1, XATTR_CREATE), EEXIST, "XATTR_CREATE");
	fails(setxattr("x1", "user.two", "2", 1, XATTR_REPLACE), ENODATA, "XATTR_REPLACE");
	ok(setxattr("x1", "user.one", "changed value", 13, XATTR_REPLACE) == 0 &&
		   getxattr("x1", "user.one", value, 20) == 13 &&
		   !memcmp(value, "changed value", 13),
	   "replaced by a longer one");
	ok(setxattr("x1", "trusted.t", "T", 1, 0) == 0 &&
		   setxattr("x1", "security.s", "S", 1, 0) == 0,
	   "trusted and security");
	is(listxattr("x1", list, sizeof(list)),
	   (int)(sizeof("user.one") + sizeof("trusted.t") + sizeof("security.s")),
	   "all are listed");
	is(listxattr("x1", NULL, 0),
	   (int)(sizeof("user.one") + sizeof("trusted.t") + sizeof("security.s")), "their size");
	fails(listxattr("x1", list, 5), ERANGE, "a list that is too short");
	fails(getxattr("x1", "user.one", value, 3), ERANGE, "a value that is too long");
	fails(getxattr("x1", "user.none", value, 3), ENODATA, "none of this name");
	fails(getxattr("x1", "bad.name", value, 3), EOPNOTSUPP, "no such kind");
	setxattr("x2", "user.one", "changed value", 13, 0), setxattr("x2", "trusted.t", "T", 1, 0),
		setxattr("x2", "security.s", "S", 1, 0);
	ok(removexattr("x2", "user.one") == 0 && getxattr("x1", "user.one", value, 20) == 13,
	   "files with the same attributes part when one changes");
	fails(removexattr("x2", "user.one"), ENODATA, "removed once");
	fails(setxattr("x1", "user.huge", value, 4500, 0), ENOSPC, "more than a block holds");
	ok(setxattr(".", "user.dir", "D", 1, 0) == 0 &&
		   setxattr("x1", "user.empty", "", 0, 0) == 0 &&
		   getxattr("x1", "user.empty", value, 5) == 0,
	   "of a directory; an empty one");
	symlink("x1", "xl");
	fails(lsetxattr("xl", "user.l", "L", 1, 0), EPERM, "no user. on a symbolic link");
	ok(lsetxattr("xl", "trusted.l", "L", 1, 0) == 0, "but trusted.");
	again("attributes");
	ok(getxattr("x1", "user.one", value, 20) == 13 &&
		   getxattr("x2", "trusted.t", value, 20) == 1 &&
		   getxattr(".", "user.dir", value, 3) == 1,
	   "attributes are there after mounting again");
	fd = open("x1", O_RDWR);
	unlink("x1");
	ok(fgetxattr(fd, "user.one", value, 20) == 13, "and of an open file without a name");
	close(fd);
}

/* ---- a full disk ---- */

static void full(void)
{
	static char chunk[65536];
	struct statfs before, st;
	long total = 0, n;
	int fd;

	memset(chunk, 'f', sizeof(chunk));
	sync();
	statfs(".", &before);
	fd = open("full", O_CREAT | O_RDWR, 0644);
	while ((n = write(fd, chunk, sizeof(chunk))) > 0)
		total += n;
	ok(n == -1 && errno == ENOSPC, "a full disk answers ENOSPC");
	statfs(".", &st);
	ok(st.f_bfree * st.f_bsize < 300000, "it is full");
	ok(fsync(fd) == 0 && lseek(fd, 0, SEEK_END) == total,
	   "what was written counts, and can be synced");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	ok(pread(fd, got, 1000, total - 1000) == 1000 && !memcmp(got, chunk, 1000) &&
		   pread(fd, got, 1000, total / 2) == 1000 && !memcmp(got, chunk, 1000),
	   "and is there");
	for (int i = 0; i < 300; i++) {
		snprintf((char *)got, 30, "fill%d", i);
		int f = open((char *)got, O_CREAT | O_RDWR, 0644);

		if (f >= 0 && write(f, chunk, block) < (ssize_t)block)
			i = 300;
		close(f);
	}
	fails(mkdir("no-room", 0755), ENOSPC, "mkdir without a block");
	ok(pwrite(fd, "g", 1, 5) == 1, "overwriting needs none");
	close(fd);
	unlink("full");
	for (int i = 0; i < 300; i++)
		snprintf((char *)got, 30, "fill%d", i), unlink((char *)got);
	sync();
	statfs(".", &st);
	ok(st.f_bfree + 16 >= before.f_bfree, "removed, the blocks are free again");
}

/* ---- unlinked but open; memory mapped; read-only ---- */

static void open_unlinked(void)
{
	struct statfs a, b;
	static char data[300000];
	int fd = open("ghost", O_CREAT | O_RDWR, 0600);

	sync(), statfs(".", &a);
	memset(data, 'g', sizeof(data));
	write(fd, data, sizeof(data));
	unlink("ghost");
	ok(pread(fd, got, sizeof(data), 0) == sizeof(data) && !memcmp(got, data, sizeof(data)),
	   "an unlinked file lives while it is open");
	close(fd);
	sync(), statfs(".", &b);
	ok(b.f_bfree >= a.f_bfree, "then its blocks are free");
}

static void read_only(void)
{
	int fd = open("model", O_RDWR);

	fails(mount(device, dir, "ext2", MS_REMOUNT | MS_RDONLY, NULL), EBUSY,
	      "read-only while a file is open for writing: EBUSY");
	close(fd);
	ok(mount(device, dir, "ext2", MS_REMOUNT | MS_RDONLY, NULL) == 0, "read-only");
	fails(open("new", O_CREAT | O_RDWR, 0600), EROFS, "nothing new");
	fails(unlink("model"), EROFS, "nothing removed");
	ok(open("model", O_RDONLY) >= 0, "all can be read");
	ok(mount(device, dir, "ext2", MS_REMOUNT, NULL) == 0 && put("rw", "x", 1),
	   "writable again");
	chdir("/");
	for (int i = 3; i < 20; i++)
		close(i);
	ok(umount(dir) == 0, "umount");
	fails(mount_it(0, "nonsense"), EINVAL, "an unknown option");
	fails(mount_it(0, "errors=perhaps"), EINVAL, "an unknown value");
	ok(mount_it(MS_RDONLY, "errors=remount-ro,resuid=7,nouid32") == 0, "options");
	fd = open("/proc/mounts", O_RDONLY);
	ssize_t n = read(fd, got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = 0;
	close(fd);
	ok(strstr((char *)got, dir) && strstr(strstr((char *)got, dir), "resuid=7"),
	   "/proc/mounts shows them");
	fails(mount(device, "/mnt", "ext2", 0, NULL), EBUSY, "the same device, writable: EBUSY");
	ok(umount(dir) == 0, "umount of a read-only one");
	fails(mount("/dev/null", dir, "ext2", 0, NULL), ENOTBLK, "no block device");
	fails(mount("/no/device", dir, "ext2", 0, NULL), ENOENT, "no device");
}

/* Where the data of @fd lie, as FS_IOC_FIEMAP tells it from @start on: extents, or -1. */
static int fiemap(int fd, uint64_t start, uint32_t flags, uint32_t room,
		  struct fiemap_extent *extents)
{
	static union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + 8 * sizeof(struct fiemap_extent)];
	} u;

	u.map = (struct fiemap){ .fm_start = start,
				 .fm_length = FIEMAP_MAX_OFFSET,
				 .fm_flags = flags,
				 .fm_extent_count = room };
	if (ioctl(fd, FS_IOC_FIEMAP, &u.map))
		return -1;
	memcpy(extents, u.map.fm_extents, room * sizeof(*extents));
	return u.map.fm_mapped_extents;
}

/* Data in blocks 0, 1, 10, one far behind a hole below a missing block of names, and one written through a mapping. */
static void holes(void)
{
	int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t far = (off_t)300000 * block, end = far + 5 * block;
	struct fiemap_extent e[8] = { { 0 } };
	static char data[8192];
	uint64_t bytes = 0;
	bool good = true;
	char *map;
	int n;

	memset(data, 'h', 2 * block);
	ok(pwrite(fd, data, 2 * block, 0) == 2 * (ssize_t)block &&
		   pwrite(fd, data, block, 10 * block) == (ssize_t)block &&
		   pwrite(fd, data, block, far) == (ssize_t)block && !ftruncate(fd, end) &&
		   !fsync(fd),
	   "holes: a file");
	is(lseek(fd, 5, SEEK_DATA), 5, "SEEK_DATA: in data");
	is(lseek(fd, 5, SEEK_HOLE), 2 * block, "SEEK_HOLE");
	is(lseek(fd, 2 * block, SEEK_DATA), 10 * block, "SEEK_DATA: behind a hole");
	is(lseek(fd, 11 * block + 7, SEEK_HOLE), 11 * block + 7, "SEEK_HOLE: in a hole");
	is(lseek(fd, 11 * block, SEEK_DATA), far, "SEEK_DATA: behind a great hole");
	is(lseek(fd, far, SEEK_HOLE), far + block, "SEEK_HOLE: behind the last data");
	fails(lseek(fd, far + block, SEEK_DATA), ENXIO, "SEEK_DATA: no more");
	fails(lseek(fd, end, SEEK_HOLE), ENXIO, "SEEK_HOLE: at the end");
	fails(lseek(fd, -1, SEEK_DATA), ENXIO, "SEEK_DATA: before the beginning");
	n = fiemap(fd, 0, FIEMAP_FLAG_SYNC, 0, e);
	ok(n == 3 || n == 4, "FIEMAP: three extents; four if the first two blocks do not touch");
	is(fiemap(fd, 0, 0, 8, e), n, "FIEMAP: what they are");
	for (int i = 0; i < n; i++) {
		bytes += e[i].fe_length;
		good &= e[i].fe_physical &&
			e[i].fe_flags ==
				(FIEMAP_EXTENT_MERGED | (i == n - 1 ? FIEMAP_EXTENT_LAST : 0));
	}
	is(bytes, 4 * block, "FIEMAP: four blocks");
	ok(good && e[0].fe_logical == 0 && e[n - 2].fe_logical == 10 * block &&
		   (off_t)e[n - 1].fe_logical == far,
	   "FIEMAP: places, flags");
	is(fiemap(fd, 5 * block, 0, 1, e), 1, "FIEMAP: room for one");
	is(e[0].fe_logical, 10 * block, "FIEMAP: the first from there on");
	fails(fiemap(fd, 0, 0x100, 0, e), EBADR, "FIEMAP: unknown flag");
	map = mmap(NULL, block, PROT_WRITE, MAP_SHARED, fd, far + 4 * (off_t)block);
	ok(map != MAP_FAILED, "a page of the last hole");
	if (block == 4096) {
		map[3] = 'm';
		is(lseek(fd, far + block, SEEK_DATA), far + 4 * (off_t)block,
		   "SEEK_DATA: what was written through a mapping");
	}
	munmap(map, block);
	close(fd);
	unlink("holes");
}

/* ---- handles ---- */

struct handle {
	unsigned int bytes;
	int type;
	unsigned char f[128];
};

static struct handle handle_of(const char *name)
{
	struct handle h = { .bytes = sizeof(h.f) };
	int mnt;

	ok(syscall(SYS_name_to_handle_at, AT_FDCWD, name, &h, &mnt, 0) == 0, "handle of %s", name);
	return h;
}

static int by_handle(struct handle *h, int flags)
{
	return syscall(SYS_open_by_handle_at, AT_FDCWD, h, flags);
}

/* Where the descriptor is, below the mount; it is closed. */
static const char *place_of(int fd)
{
	static char text[256];
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	close(fd);
	return n < (ssize_t)strlen(dir) ? "nowhere" : text + strlen(dir);
}

/* With nothing in memory, the way to a directory is found from below. */
static void handles(void)
{
	struct handle deep, file, gone;
	char got[8] = "";
	int fd;

	mkdir("h", 0755), mkdir("h/i", 0755), mkdir("h/i/j", 0755);
	put("h/i/j/file", "data", 4), put("h/gone", "", 0);
	deep = handle_of("h/i/j"), file = handle_of("h/i/j/file"), gone = handle_of("h/gone");
	unlink("h/gone");
	again("handles");
	fd = by_handle(&file, O_RDONLY);
	ok(fd >= 0 && read(fd, got, sizeof(got)) == 4 && !memcmp(got, "data", 4),
	   "a file by its handle");
	close(fd);
	again("handles");
	fd = by_handle(&deep, O_RDONLY | O_DIRECTORY);
	ok(fd >= 0 && !strcmp(place_of(fd), "/h/i/j"), "a directory, and the names above it");
	fails(by_handle(&gone, O_RDONLY), ESTALE, "a deleted file: ESTALE");
	put("h/another", "", 0), put("h/third", "", 0);
	fails(by_handle(&gone, O_RDONLY), ESTALE, "nor is it one that came after it");
	unlink("h/another"), unlink("h/third");
	unlink("h/i/j/file"), rmdir("h/i/j"), rmdir("h/i"), rmdir("h");
	fails(by_handle(&deep, O_RDONLY), ESTALE, "a removed directory: ESTALE");
}

int main(int argc, char **argv)
{
	struct statfs st;

	device = argv[1], dir = argv[2];
	if (argc > 3)
		seed = strtoul(argv[3], NULL, 0);
	setbuf(stdout, NULL);
	mkdir(dir, 0755), mkdir("/mnt", 0755);
	if (!ok(mount_it(0, NULL) == 0 && chdir(dir) == 0, "mount"))
		return 1;
	ok(statfs(".", &st) == 0 && st.f_type == 0xEF53 && st.f_namelen == 255, "statfs");
	block = st.f_bsize;
	file_levels();
	file_large();
	file_model();
	holes();
	handles();
	dir_many();
	dir_links();
	names();
	attributes();
	attributes_after();
	xattrs();
	full();
	open_unlinked();
	read_only();
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
