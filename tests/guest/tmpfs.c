// SPDX-License-Identifier: MIT
/*
 * tmpfs and ramfs as file systems for memory: mount options, limits, fallocate and holes, what mappings see of
 * them, SEEK_HOLE, statfs, O_TMPFILE, shm_open, shared anonymous memory.
 */
#include "maps.h"
#include <linux/falloc.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>

#define RW    (PROT_READ | PROT_WRITE)
#define MIB   (1ul << 20)
#define TMPFS 0x01021994
#define RAMFS 0x858458f6
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static const char *const at = "/tmp/mounted";

static int file(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", at, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	must(fd >= 0);
	return fd;
}

/* Options of the mount as /proc/mounts shows them; "inode64" aside, which says what inode numbers are. */
static const char *shown(void)
{
	static char options[256];
	char *line = NULL, *text = slurp("/proc/mounts"), *end;

	for (char *p = text; (p = strstr(p, at)); p++)
		line = p;
	must(line);
	line = strchr(strchr(line, ' ') + 1, ' ') + 1;
	snprintf(options, sizeof(options), "%.*s", (int)strcspn(line, " "), line);
	end = strstr(options, ",inode64");
	if (end)
		*end = 0;
	return options;
}

static int mounted(const char *type, const char *options)
{
	return mount("none", at, type, 0, options);
}

static struct statfs statfs_of(void)
{
	struct statfs s;

	must(statfs(at, &s) == 0);
	return s;
}

static void options(void)
{
	struct statfs s;
	struct stat st;

	is(mounted("tmpfs", "size=1m,nr_inodes=10,mode=1750,uid=5,gid=6"), 0,
	   "options: all of them");
	is(strcmp(shown(), "rw,relatime,size=1024k,nr_inodes=10,mode=1750,uid=5,gid=6"), 0,
	   "options: in /proc/mounts");
	must(stat(at, &st) == 0);
	ok((st.st_mode & 07777) == 01750 && st.st_uid == 5 && st.st_gid == 6,
	   "options: the root has them");
	s = statfs_of();
	ok(s.f_type == TMPFS && s.f_bsize == PAGE && s.f_blocks == 256 && s.f_bfree == 256 &&
		   s.f_bavail == 256 && s.f_files == 10 && s.f_ffree == 9 && s.f_namelen == 255,
	   "statfs: sizes and counts");
	is(mount("none", at, "tmpfs", MS_REMOUNT, "size=2m"), 0, "remount: larger");
	is(statfs_of().f_blocks, 512, "remount: statfs");
	is(mount("none", at, "tmpfs", MS_REMOUNT, "mode=700"), 0, "remount: a mode");
	must(stat(at, &st) == 0);
	is(st.st_mode & 07777, 01750, "remount: the root keeps its own");
	umount(at);
	is(mounted("tmpfs", "nr_blocks=10"), 0, "options: nr_blocks");
	is(statfs_of().f_blocks, 10, "options: are pages");
	umount(at);
	is(mounted("tmpfs", "size=5000"), 0, "options: 5000 bytes");
	is(statfs_of().f_blocks, 2, "options: are two pages");
	umount(at);
	is(mounted("tmpfs", "size=0,nr_inodes=0"), 0, "options: no limits");
	s = statfs_of();
	ok(s.f_blocks == 0 && s.f_files == 0, "statfs: no limits");
	fails(mount("none", at, "tmpfs", MS_REMOUNT, "size=1m"), EINVAL,
	      "remount: EINVAL: no way back");
	umount(at);
	is(mounted("tmpfs", "size=10%"), 0, "options: percent");
	s = statfs_of();
	ok(s.f_blocks > 1000 && s.f_blocks < 100000, "options: of memory");
	umount(at);
	fails(mounted("tmpfs", "size=x"), EINVAL, "options: EINVAL: no number");
	fails(mounted("tmpfs", "bogus"), EINVAL, "options: EINVAL: unknown");
	fails(mounted("tmpfs", "mode=9"), EINVAL, "options: EINVAL: mode");
	fails(mounted("tmpfs", "uid=x"), EINVAL, "options: EINVAL: uid");
	fails(mounted("tmpfs", "size"), EINVAL, "options: EINVAL: no value");
}

static void limits(void)
{
	static char buf[17 * 4096];
	int fd, fd2;
	char *p;

	must(mounted("tmpfs", "size=64k,nr_inodes=4") == 0);
	fd = file("a");
	is(write(fd, buf, sizeof(buf)), 64 << 10, "ENOSPC: a write stops at the limit");
	fails(write(fd, buf, 1), ENOSPC, "ENOSPC: and then fails");
	is(statfs_of().f_bfree, 0, "ENOSPC: no block is free");
	fails(mount("none", at, "tmpfs", MS_REMOUNT, "size=32k"), EINVAL,
	      "remount: EINVAL: below what is used");
	must(ftruncate(fd, 0) == 0);
	is(statfs_of().f_bfree, 16, "truncate: all are free");
	must(ftruncate(fd, 20 * PAGE) == 0);
	p = mmap(NULL, 20 * PAGE, RW, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	for (int i = 0; i < 16; i++)
		p[i * PAGE] = 1;
	ok(FAULTS(p[16 * PAGE] = 1) && tap_info.si_signo == SIGBUS &&
		   tap_info.si_code == BUS_ADRERR,
	   "ENOSPC: a store to a mapping: SIGBUS");
	is(mount("none", at, "tmpfs", MS_REMOUNT, "size=68k"), 0, "remount: a page more");
	p[16 * PAGE] = 1;
	is(p[16 * PAGE], 1, "remount: now it can be stored");
	munmap(p, 20 * PAGE);
	must(ftruncate(fd, 0) == 0);
	fails(fallocate(fd, 0, 0, 18 * PAGE), ENOSPC, "fallocate: ENOSPC: more than there is");
	fd2 = file("b");
	must(write(fd2, buf, 4 * PAGE) == 4 * PAGE);
	must(pwrite(fd, "x", 1, 3 * PAGE) == 1);
	fails(fallocate(fd, 0, 0, 16 * PAGE), ENOSPC, "fallocate: ENOSPC: on the way");
	is(statfs_of().f_bfree, 17 - 5, "fallocate: what it got it gives back");
	ok(pread(fd, buf, 1, 3 * PAGE) == 1 && buf[0] == 'x', "fallocate: but not what was there");
	close(fd2);
	close(fd);
	close(file("c"));
	fails(open("/tmp/mounted/d", O_RDWR | O_CREAT, 0600), ENOSPC, "ENOSPC: inodes");
	fails(mkdir("/tmp/mounted/d", 0700), ENOSPC, "ENOSPC: mkdir");
	fails(symlink("x", "/tmp/mounted/d"), ENOSPC, "ENOSPC: symlink");
	fails(link("/tmp/mounted/a", "/tmp/mounted/d"), ENOSPC, "ENOSPC: a further name");
	fails(open(at, O_RDWR | O_TMPFILE, 0600), ENOSPC, "ENOSPC: a file without a name");
	unlink("/tmp/mounted/c");
	fd = open(at, O_RDWR | O_TMPFILE, 0600);
	ok(fd >= 0 && write(fd, "t", 1) == 1, "O_TMPFILE: an inode came free");
	{
		char self[64];

		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		is(statfs_of().f_ffree, 0, "O_TMPFILE: counts");
		is(linkat(AT_FDCWD, self, AT_FDCWD, "/tmp/mounted/t", AT_SYMLINK_FOLLOW), 0,
		   "O_TMPFILE: gets a name");
	}
	close(fd);
	fd = open("/tmp/mounted/t", O_RDONLY);
	ok(read(fd, buf, 2) == 1 && buf[0] == 't', "O_TMPFILE: with its content");
	close(fd);
	umount(at);
}

static long blocks_of(int fd)
{
	struct stat st;

	must(fstat(fd, &st) == 0);
	return st.st_blocks / 8;
}

static long size_of(int fd)
{
	struct stat st;

	must(fstat(fd, &st) == 0);
	return st.st_size;
}

static void allocation(void)
{
	static char buf[PAGE];
	int fd, ro, pipes[2];
	char *p;
	bool zero = true;

	must(mounted("tmpfs", "size=16m") == 0);
	fd = file("f");
	is(fallocate(fd, 0, PAGE, 3 * PAGE), 0, "fallocate");
	ok(size_of(fd) == 4 * PAGE && blocks_of(fd) == 3, "fallocate: size and blocks");
	is(fallocate(fd, FALLOC_FL_KEEP_SIZE, 6 * PAGE, 100), 0, "fallocate: KEEP_SIZE");
	ok(size_of(fd) == 4 * PAGE && blocks_of(fd) == 4, "fallocate: a block behind the end");
	memset(buf, 1, PAGE);
	is(pread(fd, buf, PAGE, PAGE), PAGE, "fallocate: is read");
	for (size_t i = 0; i < PAGE; i++)
		zero &= !buf[i];
	ok(zero, "fallocate: as zeros");
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	zero = true;
	for (size_t i = 0; i < 4 * PAGE; i++)
		zero &= !p[i];
	ok(zero, "fallocate: and mapped as zeros");
	munmap(p, 4 * PAGE);
	must(pwrite(fd, "abc", 3, 2 * PAGE + 10) == 3);
	must(pread(fd, buf, PAGE, 2 * PAGE) == PAGE);
	ok(!memcmp(buf + 10, "abc", 3) && !buf[9] && !buf[13], "fallocate: written in part");
	fails(fallocate(fd, 0, -1, 1), EINVAL, "fallocate: EINVAL: offset");
	fails(fallocate(fd, 0, 0, 0), EINVAL, "fallocate: EINVAL: length 0");
	fails(fallocate(fd, 0, 0, -1), EINVAL, "fallocate: EINVAL: length");
	fails(fallocate(fd, 0, INT64_MAX, 1), EFBIG, "fallocate: EFBIG");
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1), EOPNOTSUPP, "fallocate: PUNCH_HOLE alone");
	fails(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, PAGE), EOPNOTSUPP, "fallocate: ZERO_RANGE");
	fails(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE), EOPNOTSUPP,
	      "fallocate: COLLAPSE_RANGE");
	fails(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, PAGE), EOPNOTSUPP,
	      "fallocate: INSERT_RANGE");
	fails(fallocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, PAGE), EOPNOTSUPP,
	      "fallocate: UNSHARE_RANGE");
	fails(fallocate(fd, 0x1000, 0, PAGE), EOPNOTSUPP, "fallocate: an unknown mode");
	fails(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EINVAL,
	      "fallocate: EINVAL: COLLAPSE_RANGE with another");
	fails(fallocate(fd, FALLOC_FL_INSERT_RANGE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EINVAL,
	      "fallocate: EINVAL: INSERT_RANGE with another");
	fails(fallocate(fd, FALLOC_FL_UNSHARE_RANGE | PUNCH, 0, PAGE), EINVAL,
	      "fallocate: EINVAL: UNSHARE_RANGE with a hole");
	fails(fallocate(fd, PUNCH | FALLOC_FL_ZERO_RANGE, 0, PAGE), EOPNOTSUPP,
	      "fallocate: zeros and a hole");
	fails(fallocate(99, 0, 0, 1), EBADF, "fallocate: EBADF");
	ro = open("/tmp/mounted/f", O_RDONLY);
	fails(fallocate(ro, 0, 0, 1), EBADF, "fallocate: EBADF: opened read-only");
	close(ro);
	must(pipe(pipes) == 0);
	fails(fallocate(pipes[1], 0, 0, 1), ESPIPE, "fallocate: ESPIPE");
	close(pipes[0]);
	close(pipes[1]);
	ro = open("/dev/null", O_WRONLY);
	fails(fallocate(ro, 0, 0, 1), ENODEV, "fallocate: ENODEV");
	close(ro);
	close(fd);
	umount(at);
}

/* A hole in a mapped file: the memory comes back, readers see zeros, private copies stay. */
static void holes(void)
{
	static char buf[3 * PAGE];
	int fd;
	char *p, *q;
	long before, after;
	unsigned char vec[64];
	bool gone = true;

	must(mounted("tmpfs", "size=32m") == 0);
	fd = file("h");
	must(ftruncate(fd, 16 * MIB) == 0);
	p = mmap(NULL, 16 * MIB, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, 16 * MIB, RW, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED && q != MAP_FAILED);
	memset(p, 'x', 16 * MIB);
	q[5 * MIB] = 'q';
	must(q[6 * MIB] == 'x');
	before = meminfo_kb("Shmem:");
	is(fallocate(fd, PUNCH, 4 * MIB, 8 * MIB), 0, "hole: 8 of 16 MiB");
	after = meminfo_kb("Shmem:");
	ok(before - after > 7 << 10 && before - after < 9 << 10, "hole: Shmem falls by them");
	is(blocks_of(fd), 8 * MIB / PAGE, "hole: and the blocks of the file");
	is(statfs_of().f_bfree, 24 * MIB / PAGE, "hole: and those of the file system");
	must(mincore(p + 4 * MIB, 64 * PAGE, vec) == 0);
	for (int i = 0; i < 64; i++)
		gone &= !(vec[i] & 1);
	ok(gone, "hole: mincore finds none of them");
	ok(p[4 * MIB] == 0 && p[12 * MIB - 1] == 0 && p[4 * MIB - 1] == 'x' && p[12 * MIB] == 'x',
	   "hole: its edges as a mapping sees them");
	ok(q[5 * MIB] == 'q' && q[6 * MIB] == 0, "hole: a private copy stays, the rest is zero");
	must(pread(fd, buf, 2 * PAGE, 4 * MIB - PAGE) == 2 * PAGE);
	ok(buf[PAGE - 1] == 'x' && buf[PAGE] == 0, "hole: its edge as read sees it");
	p[5 * MIB + 1] = 'n';
	ok(pread(fd, buf, 2, 5 * MIB) == 2 && buf[0] == 0 && buf[1] == 'n',
	   "hole: filled by a store");
	is(fallocate(fd, PUNCH, 100, 50), 0, "hole: within a page");
	ok(p[99] == 'x' && p[100] == 0 && p[149] == 0 && p[150] == 'x', "hole: only zeroes it");
	is(fallocate(fd, PUNCH, PAGE + 10, 2 * PAGE), 0, "hole: over parts of two pages");
	ok(p[PAGE + 9] == 'x' && p[PAGE + 10] == 0 && p[2 * PAGE] == 0 && p[3 * PAGE + 9] == 0 &&
		   p[3 * PAGE + 10] == 'x',
	   "hole: zeroes them and takes what is between");
	is(fallocate(fd, PUNCH, 20 * MIB, MIB), 0, "hole: behind the end");
	is(size_of(fd), 16 * MIB, "hole: the size stays");
	is(madvise(p + 13 * MIB, MIB, MADV_REMOVE), 0, "hole: by MADV_REMOVE");
	ok(p[13 * MIB] == 0 && p[14 * MIB] == 'x', "hole: the same");
	munmap(p, 16 * MIB);
	munmap(q, 16 * MIB);
	close(fd);
	umount(at);
}

/* Holes while another process stores to the same pages: what it stored last is there or a zero. */
static void hole_race(void)
{
	int fd = memfd_create("race", 0), status;
	volatile char *p;
	bool good = true;
	pid_t pid;

	must(ftruncate(fd, 16 * PAGE) == 0);
	p = mmap(NULL, 16 * PAGE, RW, MAP_SHARED, fd, 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 3000; i++)
			p[i % 16 * PAGE] = 'a' + i % 16;
		_exit(0);
	}
	for (int i = 0; i < 300; i++) {
		must(fallocate(fd, PUNCH, i % 12 * PAGE, 4 * PAGE) == 0);
		for (int k = 0; k < 16; k++) {
			char c = p[k * PAGE];

			good &= !c || c == 'a' + k;
		}
	}
	waitpid(pid, &status, 0);
	ok(good && status == 0, "hole: against stores of another process");
	must(fallocate(fd, PUNCH, 0, 16 * PAGE) == 0);
	is(blocks_of(fd), 0, "hole: nothing is left behind");
	munmap((void *)p, 16 * PAGE);
	close(fd);
}

static void seeking(void)
{
	int fd = memfd_create("seek", 0);

	fails(lseek(fd, 0, SEEK_DATA), ENXIO, "seek: ENXIO: an empty file");
	must(ftruncate(fd, 20 * PAGE + 5) == 0);
	fails(lseek(fd, 0, SEEK_DATA), ENXIO, "seek: ENXIO: no data");
	is(lseek(fd, 0, SEEK_HOLE), 0, "seek: all a hole");
	must(pwrite(fd, "x", 1, 3 * PAGE + 7) == 1 && pwrite(fd, "x", 1, 4 * PAGE) == 1 &&
	     pwrite(fd, "x", 1, 9 * PAGE) == 1);
	is(lseek(fd, 0, SEEK_DATA), 3 * PAGE, "seek: data");
	is(lseek(fd, 3 * PAGE + 9, SEEK_DATA), 3 * PAGE + 9, "seek: within data");
	is(lseek(fd, 3 * PAGE + 9, SEEK_HOLE), 5 * PAGE, "seek: the hole behind");
	is(lseek(fd, 5 * PAGE + 1, SEEK_HOLE), 5 * PAGE + 1, "seek: within a hole");
	is(lseek(fd, 5 * PAGE + 1, SEEK_DATA), 9 * PAGE, "seek: the data behind it");
	fails(lseek(fd, 10 * PAGE, SEEK_DATA), ENXIO, "seek: ENXIO: none behind");
	must(pwrite(fd, "x", 1, 20 * PAGE) == 1);
	is(lseek(fd, 20 * PAGE, SEEK_HOLE), 20 * PAGE + 5, "seek: the end is a hole");
	fails(lseek(fd, 20 * PAGE + 5, SEEK_HOLE), ENXIO, "seek: ENXIO: at the end");
	fails(lseek(fd, -1, SEEK_DATA), ENXIO, "seek: ENXIO: before the start");
	must(fallocate(fd, PUNCH, 3 * PAGE, 2 * PAGE) == 0);
	is(lseek(fd, 0, SEEK_DATA), 9 * PAGE, "seek: a hole was punched");
	is(lseek(fd, 0, SEEK_CUR), 9 * PAGE, "seek: moves the position");
	close(fd);
}

static void copying(void)
{
	int from = memfd_create("from", 0), to = memfd_create("to", 0);
	static char buf[5 * PAGE];
	off_t pos = PAGE;

	memset(buf, 'c', sizeof(buf));
	must(write(from, buf, sizeof(buf)) == sizeof(buf));
	is(sendfile(to, from, &pos, 2 * PAGE), 2 * PAGE, "sendfile: between files");
	ok(pos == 3 * PAGE && size_of(to) == 2 * PAGE, "sendfile: positions");
	is(copy_file_range(from, &(off_t){ 0 }, to, &(off_t){ 10 }, 5 * PAGE, 0), 5 * PAGE,
	   "copy_file_range");
	memset(buf, 0, PAGE);
	ok(pread(to, buf, PAGE, 5 * PAGE) == 10 && buf[9] == 'c' && size_of(to) == 5 * PAGE + 10,
	   "copy_file_range: content");
	is(fsync(to), 0, "fsync");
	is(fdatasync(to), 0, "fdatasync");
	close(from);
	close(to);
}

/* ---- memory that is shared without a name ---- */

static char *shared;

static void child_stores(void)
{
	shared[0] = 'c';
	shared[100 * PAGE] = 'd';
}

static void *shm_opened(const char *name)
{
	int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
	void *p;

	must(fd >= 0 && ftruncate(fd, PAGE) == 0);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	close(fd);
	return p;
}

static void child_opens(void)
{
	unsigned long *p = shm_opened("/quire-test");

	_exit(p[0] == 77 && p[1] == PFN(p) ? 0 : 1);
}

static void nameless(const char *what, int fd, int flags)
{
	struct vma_line v;
	long before = meminfo_kb("Shmem:"), rise;

	shared = mmap(NULL, 8 * MIB, RW, MAP_SHARED | flags, fd, 0);
	must(shared != MAP_FAILED && vma_lines(shared, PAGE, &v, 1) == 1);
	ok(!strcmp(v.name, "/dev/zero (deleted)") && !strcmp(v.perms, "rw-s"), "%s: in maps", what);
	in_child(child_stores);
	ok(shared[0] == 'c' && shared[100 * PAGE] == 'd' && shared[1] == 0, "%s: a child's stores",
	   what);
	memset(shared, 1, 8 * MIB);
	rise = meminfo_kb("Shmem:") - before;
	ok(rise > 7 << 10 && rise < 9 << 10, "%s: Shmem rises", what);
	munmap(shared, 8 * MIB);
	ok(meminfo_kb("Shmem:") - before < 1 << 10, "%s: and falls", what);
}

static void sharing(void)
{
	int fd = open("/dev/zero", O_RDWR);
	unsigned long *p = shm_opened("/quire-test");
	char *q;

	p[0] = 77;
	p[1] = PFN(p);
	is(in_child(child_opens), EXITED(0), "shm_open: two processes share a frame");
	is(shm_unlink("/quire-test"), 0, "shm_unlink");
	fails(shm_unlink("/quire-test"), ENOENT, "shm_unlink: twice");
	fails(shm_open("/quire-test", O_RDWR, 0), ENOENT, "shm_open: it is gone");
	munmap(p, PAGE);
	nameless("shared anonymous", -1, MAP_ANONYMOUS);
	nameless("shared /dev/zero", fd, 0);
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	ok(q != MAP_FAILED && q[0] == 0, "private /dev/zero: zeros");
	munmap(q, PAGE);
	close(fd);
}

/* ---- ramfs ---- */

static void ramfs(void)
{
	static char buf[64 << 10];
	struct statfs s;
	struct stat st;
	int fd;
	char *p;
	long before;

	is(mounted("ramfs", "mode=1711,bogus=1"), 0, "ramfs: what it does not know it ignores");
	is(strcmp(shown(), "rw,relatime,mode=1711"), 0, "ramfs: in /proc/mounts");
	must(stat(at, &st) == 0);
	is(st.st_mode & 07777, 01711, "ramfs: mode of the root");
	s = statfs_of();
	ok(s.f_type == RAMFS && s.f_blocks == 0 && s.f_files == 0, "ramfs: has no limits");
	umount(at);
	fails(mounted("ramfs", "mode=x"), EINVAL, "ramfs: EINVAL: mode");
	must(mounted("ramfs", NULL) == 0);
	fd = file("f");
	memset(buf, 'r', sizeof(buf));
	before = meminfo_kb("Shmem:");
	for (int i = 0; i < 128; i++)
		must(write(fd, buf, sizeof(buf)) == sizeof(buf));
	ok(meminfo_kb("Shmem:") - before < 1 << 10, "ramfs: its pages are not Shmem");
	is(blocks_of(fd), 8 * MIB / PAGE, "ramfs: blocks");
	p = mmap(NULL, 8 * MIB, RW, MAP_SHARED, fd, 0);
	ok(p != MAP_FAILED && p[5 * MIB] == 'r', "ramfs: mapped");
	p[5 * MIB] = 'm';
	ok(pread(fd, buf, 1, 5 * MIB) == 1 && buf[0] == 'm', "ramfs: stores are read");
	{
		int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

		must(write(drop, "3", 1) == 1);
		close(drop);
	}
	ok(p[5 * MIB] == 'm' && pread(fd, buf, 1, 6 * MIB) == 1 && buf[0] == 'r',
	   "ramfs: drop_caches leaves it alone");
	is(ftruncate(fd, PAGE + 10), 0, "ramfs: truncated");
	ok(FAULTS(*(volatile char *)(p + 2 * PAGE)) && tap_info.si_signo == SIGBUS,
	   "ramfs: SIGBUS behind the end");
	is(blocks_of(fd), 2, "ramfs: and the pages go");
	must(ftruncate(fd, 2 * PAGE) == 0);
	ok(p[PAGE + 9] == 'r' && p[PAGE + 10] == 0, "ramfs: zeros where it was cut");
	fails(fallocate(fd, 0, 0, PAGE), EOPNOTSUPP, "ramfs: no fallocate");
	munmap(p, 8 * MIB);
	close(fd);
	is(mkdir("/tmp/mounted/d", 0755), 0, "ramfs: mkdir");
	is(rename("/tmp/mounted/f", "/tmp/mounted/d/g"), 0, "ramfs: rename");
	fails(rmdir("/tmp/mounted/d"), ENOTEMPTY, "ramfs: ENOTEMPTY");
	is(symlink("d/g", "/tmp/mounted/l"), 0, "ramfs: symlink");
	fd = open("/tmp/mounted/l", O_RDONLY);
	ok(fd >= 0 && read(fd, buf, 1) == 1 && buf[0] == 'r', "ramfs: through it");
	close(fd);
	is(link("/tmp/mounted/d/g", "/tmp/mounted/h"), 0, "ramfs: link");
	fd = open(at, O_RDWR | O_TMPFILE, 0600);
	ok(fd >= 0, "ramfs: O_TMPFILE");
	close(fd);
	is(umount(at), 0, "ramfs: umount");
}

int main(void)
{
	mkdir(at, 0755);
	catch_signal(SIGBUS);
	options();
	limits();
	allocation();
	holes();
	hole_race();
	seeking();
	copying();
	sharing();
	ramfs();
	rmdir(at);
	return tap_end();
}
