// SPDX-License-Identifier: MIT
/*
 * The virtual file system and tmpfs in depth: mounts, path resolution, permissions, seals, holes, accounts, attributes,
 * transfers between files, shared mappings against truncation. Runs as root, in an empty directory of a tmpfs.
 */
#include "tap.h"

#include <dirent.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE	 2
#define RENAME_WHITEOUT	 4
#endif
#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_GET_SEALS   1034
#define F_SEAL_SEAL   1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW   4
#define F_SEAL_WRITE  8
#endif

static int make(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static int wait_child(void)
{
	int status = -1;

	wait(&status);
	return status;
}

static ino_t ino_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_ino;
}

static void mounts(void)
{
	char cwd[PATH_MAX];
	struct statfs sf;
	int fd;

	must(mkdir("m", 0755) == 0 && mkdir("n", 0755) == 0);
	close(make("m/under", "u"));
	is(mount("tmp", "m", "tmpfs", 0, "size=64k,nr_inodes=8,mode=700"), 0, "mount tmpfs");
	fails(access("m/under", F_OK), ENOENT, "what is under a mount is hidden");
	is(statfs("m", &sf), 0, "statfs");
	is(sf.f_blocks, 16, "size=64k is 16 blocks");
	is(sf.f_bfree, 16, "all free");
	is(sf.f_files, 8, "nr_inodes=8");
	is(sf.f_ffree, 7, "the root is one");
	fails(mount("tmp", "m", "nosuchfs", 0, NULL), ENODEV, "mount: unknown type");
	fails(mount("tmp", "m", "tmpfs", 0, "size=x"), EINVAL, "mount: bad option");
	fails(mount("tmp", "nowhere", "tmpfs", 0, NULL), ENOENT, "mount: no such place");
	fd = make("m/f", "data");
	is(fallocate(fd, 0, 0, 65536), 0, "fallocate all");
	statfs("m", &sf);
	is(sf.f_bfree, 0, "nothing free");
	is(lseek(fd, 65536, SEEK_SET), 65536, "seek");
	fails(write(fd, "x", 1), ENOSPC, "write: no space");
	is(ftruncate(fd, 4096), 0, "truncate");
	statfs("m", &sf);
	is(sf.f_bfree, 15, "15 free again");
	fails(fallocate(fd, 0, 0, 1 << 20), ENOSPC, "fallocate: too much");
	fails(umount("m"), EBUSY, "umount: busy");
	is(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), -1,
	   "remount ro while open for writing");
	is(errno, EBUSY, "EBUSY");
	close(fd);
	is(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0, "remount ro");
	fails(open("m/new", O_CREAT | O_RDWR, 0600), EROFS, "create on ro");
	fails(open("m/f", O_RDWR), EROFS, "open for writing on ro");
	fails(unlink("m/f"), EROFS, "unlink on ro");
	fails(mkdir("m/d", 0700), EROFS, "mkdir on ro");
	fails(mkdir("m/f", 0700), EEXIST, "mkdir on ro: existing name");
	fails(chmod("m/f", 0600), EROFS, "chmod on ro");
	fails(access("m/f", W_OK), EROFS, "access W_OK on ro");
	is(mount(NULL, "m", NULL, MS_REMOUNT, NULL), 0, "remount rw");
	is(mount("m", "n", NULL, MS_BIND, NULL), 0, "bind");
	is(ino_of("n/f"), ino_of("m/f"), "the same file");
	is(mount(NULL, "n", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOEXEC, NULL), 0,
	   "bind remount ro,noexec");
	fails(unlink("n/f"), EROFS, "ro there");
	is(chmod("m/f", 0755), 0, "rw here");
	fails(rename("m/f", "n/g"), EXDEV, "rename across mounts of one file system");
	fails(execl("n/f", "f", NULL), EACCES, "noexec");
	is(umount("n"), 0, "umount the bind");
	is(umount2("m", MNT_DETACH), 0, "lazy umount");
	is(access("m/under", F_OK), 0, "uncovered");
	fails(umount("m"), EINVAL, "umount: no mount");
	/* move, and a mount on a mount */
	must(mount("a", "m", "tmpfs", 0, NULL) == 0 && mkdir("m/sub", 0755) == 0);
	must(mount("b", "m/sub", "tmpfs", 0, NULL) == 0);
	close(make("m/sub/deep", "d"));
	is(mount("m", "n", NULL, MS_MOVE, NULL), 0, "move");
	is(access("n/sub/deep", F_OK), 0, "with what is below");
	is(access("m/under", F_OK), 0, "gone from there");
	fails(umount("n"), EBUSY, "umount: mounts below");
	fails(rmdir("n/sub"), EBUSY, "rmdir of a mountpoint");
	must(chdir("n/sub") == 0);
	ok(getcwd(cwd, sizeof(cwd)) && strstr(cwd, "/n/sub"), "getcwd across mounts");
	must(chdir("../..") == 0);
	is(access("under", F_OK), -1, "dot-dot leads out of mounts");
	is(mount("n", "m", NULL, MS_BIND | MS_REC, NULL), 0, "rbind");
	is(access("m/sub/deep", F_OK), 0, "rbind copies mounts below");
	must(umount("m/sub") == 0 && umount("m") == 0 && umount("n/sub") == 0 && umount("n") == 0);
	fails(mount("m/under", "n", NULL, MS_BIND, NULL), ENOTDIR, "bind: file on directory");
	close(make("target", ""));
	is(mount("m/under", "target", NULL, MS_BIND, NULL), 0, "bind: file on file");
	is(ino_of("target"), ino_of("m/under"), "shows it");
	is(umount("target"), 0, "umount");
	unlink("m/under");
	unlink("target");
	rmdir("m");
	rmdir("n");
}

static int openat2_(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };

	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static void resolving(void)
{
	char name[32], prev[32] = "f", buf[64];
	struct open_how how = { .flags = O_RDONLY };
	int dir, fd;

	close(make("f", "1"));
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		must(symlink(prev, name) == 0);
		strcpy(prev, name);
	}
	fd = open("l39", O_RDONLY);
	ok(fd >= 0, "40 links");
	close(fd);
	fails(open("l40", O_RDONLY), ELOOP, "41 links");
	must(symlink("self", "self") == 0);
	fails(open("self", O_RDONLY), ELOOP, "a link to itself");
	fails(open("l0", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW");
	fails(open("l0/x", O_RDONLY), ENOTDIR, "through a link to a file");
	is(readlink("l0", buf, 1), 1, "readlink is cut");
	fails(readlink("f", buf, 9), EINVAL, "readlink of a file");
	must(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
	must(symlink("e", "d/rel") == 0 && symlink("/", "d/abs") == 0 &&
	     symlink("../f", "d/up") == 0);
	close(make("d/e/g", "2"));
	dir = open("d", O_RDONLY | O_DIRECTORY);
	fd = openat2_(dir, "rel/g", O_RDONLY, RESOLVE_BENEATH);
	ok(fd >= 0, "beneath: relative link");
	close(fd);
	fails(openat2_(dir, "up", O_RDONLY, RESOLVE_BENEATH), EXDEV, "beneath: dot-dot out");
	fails(openat2_(dir, "abs", O_RDONLY, RESOLVE_BENEATH), EXDEV, "beneath: absolute link");
	fails(openat2_(dir, "/etc", O_RDONLY, RESOLVE_BENEATH), EXDEV, "beneath: absolute name");
	fails(openat2_(dir, "rel/g", O_RDONLY, RESOLVE_NO_SYMLINKS), ELOOP, "no symlinks");
	fd = openat2_(dir, "/e/g", O_RDONLY, RESOLVE_IN_ROOT);
	ok(fd >= 0, "in root: absolute name");
	close(fd);
	fd = openat2_(dir, "../../e/g", O_RDONLY, RESOLVE_IN_ROOT);
	ok(fd >= 0, "in root: dot-dot stays");
	close(fd);
	fd = openat2_(dir, "abs/e", O_RDONLY, RESOLVE_IN_ROOT);
	ok(fd >= 0, "in root: absolute link");
	close(fd);
	fails(openat2_(dir, "e", O_RDONLY, 1ull << 40), EINVAL, "unknown resolve flag");
	fails(openat2_(dir, "e", O_RDONLY, RESOLVE_BENEATH | RESOLVE_IN_ROOT), EINVAL,
	      "beneath and in root");
	fails(syscall(SYS_openat2, dir, "e", &how, 8), EINVAL, "openat2: short struct");
	close(dir);
	fails(chdir("f"), ENOTDIR, "chdir to a file");
	fails(rmdir("d/."), EINVAL, "rmdir dot");
	fails(rmdir("d/e/.."), ENOTEMPTY, "rmdir dot-dot");
	fails(rmdir("d"), ENOTEMPTY, "rmdir with contents");
	fails(unlink("d"), EISDIR, "unlink of a directory");
	fails(mkdir("f/x", 0755), ENOTDIR, "mkdir in a file");
	fails(rename("d", "d/e/x"), EINVAL, "rename into itself");
	fails(rename("d/e", "d"), ENOTEMPTY, "rename onto the parent");
	fails(rename("d", "f"), ENOTDIR, "rename directory onto file");
	fails(rename("f", "d"), EISDIR, "rename file onto directory");
	fails(link("d", "d2"), EPERM, "link of a directory");
}

static int rename2(const char *a, const char *b, unsigned int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

static void renames(void)
{
	char path[64];
	ino_t a, b;
	struct stat st;
	int fd;

	close(make("ra", "a"));
	close(make("rb", "bb"));
	must(mkdir("rd", 0755) == 0 && mkdir("rd/s", 0755) == 0);
	a = ino_of("ra");
	b = ino_of("rd");
	fails(rename2("ra", "rb", RENAME_NOREPLACE), EEXIST, "NOREPLACE");
	is(rename2("ra", "rd", RENAME_EXCHANGE), 0, "EXCHANGE of file and directory");
	is(ino_of("rd"), a, "the file there");
	is(ino_of("ra"), b, "the directory here");
	is(access("ra/s", F_OK), 0, "with its contents");
	fails(rename2("ra", "none", RENAME_EXCHANGE), ENOENT, "EXCHANGE with nothing");
	fails(rename2("ra", "rb", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL, "both flags");
	fails(rename2("ra", "rb", 64), EINVAL, "unknown flag");
	is(rename("ra/s", "s2"), 0, "a directory to another parent");
	stat("ra", &st);
	is(st.st_nlink, 2, "its old parent has a link less");
	is(rename("rb", "rd"), 0, "replace");
	stat("rd", &st);
	is(st.st_size, 2, "by the other");
	is(rename("rd", "rd"), 0, "onto itself");
	is(link("rd", "re"), 0, "link");
	is(rename("rd", "re"), 0, "onto another name of the same file");
	is(access("rd", F_OK), 0, "does nothing");
	/* a temporary file gets a name */
	fails(open("/proc/self/stat", O_PATH | O_DIRECTORY), ENOTDIR,
	      "O_PATH | O_DIRECTORY of a file");
	fails(open("/no/such/file", O_PATH), ENOENT, "O_PATH of nothing");
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	ok(fd >= 0, "O_TMPFILE");
	fstat(fd, &st);
	is(st.st_nlink, 0, "has no link");
	must(write(fd, "t", 1) == 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	is(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0, "linkat gives it one");
	fstat(fd, &st);
	is(st.st_nlink, 1, "one link");
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fails(linkat(AT_FDCWD, path, AT_FDCWD, "named2", AT_SYMLINK_FOLLOW), ENOENT,
	      "not with O_EXCL");
	close(fd);
}

/* Prints only what is wrong: the numbering is the parent's. */
#define refused(call, err)                                                                         \
	do {                                                                                       \
		errno = 0;                                                                         \
		if ((call) != -1 || errno != (err)) {                                              \
			printf("# nobody: %s: %s\n", #call, strerror(errno));                      \
			tap_failed++;                                                              \
		}                                                                                  \
	} while (0)

static void nobody(void)
{
	refused(unlink("sticky/roots"), EPERM);
	refused(open("closed/x", O_RDONLY), EACCES);
	refused(open("plain", O_RDONLY), EACCES);
	refused(chmod("plain", 0777), EPERM);
	refused(chown("plain", 65534, 65534), EPERM);
	refused(access("closed", X_OK), EACCES);
	refused(mknod("node", S_IFCHR | 0600, makedev(1, 3)), EPERM);
	refused(mount("x", "sticky", "tmpfs", 0, NULL), EPERM);
	refused(chroot("sticky"), EPERM);
	refused(utimensat(AT_FDCWD, "plain", NULL, 0), EACCES);
	refused(rename("sticky/roots", "sticky/mine"), EPERM);
	must(mkdir("sticky/mine", 0755) == 0 && rmdir("sticky/mine") == 0);
	must(truncate("suid", 0) == 0 && close(open("suid", O_WRONLY)) == 0);
}

static void as_nobody(void)
{
	struct stat st;

	must(mkdir("sticky", 0777) == 0 && chmod("sticky", 01777) == 0 &&
	     mkdir("closed", 0700) == 0);
	close(make("sticky/roots", ""));
	close(make("plain", ""));
	must(chmod("plain", 0640) == 0 && chmod(".", 0777) == 0);
	close(make("suid", ""));
	must(chown("suid", 65534, 65534) == 0 && chmod("suid", 06755) == 0);
	fflush(stdout);
	if (fork() == 0) {
		tap_failed = 0;
		must(setgid(65534) == 0 && setuid(65534) == 0);
		nobody();
		fflush(stdout);
		_exit(tap_failed ? 1 : 0);
	}
	is(wait_child(), 0, "what nobody may not do");
	is(chown("suid", 0, 0), 0, "chown");
	stat("suid", &st);
	is(st.st_mode & 07777, 0755, "takes the set-id bits away");
	is(access("closed", R_OK | W_OK | X_OK), 0, "root may");
	chmod("plain", 0600);
	fails(access("plain", X_OK), EACCES, "but not execute without an x bit");
	is(umask(027), 022, "umask");
	close(open("masked", O_CREAT | O_RDWR, 0666));
	umask(022);
	stat("masked", &st);
	is(st.st_mode & 0777, 0640, "in force");
}

static void holes(void)
{
	char page[4096];
	struct stat st;
	int fd = make("h", "");

	memset(page, 'p', sizeof(page));
	is(pwrite(fd, page, 4096, 8 * 4096), 4096, "write far out");
	fstat(fd, &st);
	is(st.st_size, 9 * 4096, "size");
	is(st.st_blocks, 8, "one page is there");
	is(lseek(fd, 0, SEEK_DATA), 8 * 4096, "SEEK_DATA");
	is(lseek(fd, 8 * 4096, SEEK_HOLE), 9 * 4096, "SEEK_HOLE: the end");
	is(lseek(fd, 5, SEEK_HOLE), 5, "SEEK_HOLE within a hole");
	fails(lseek(fd, 9 * 4096, SEEK_DATA), ENXIO, "SEEK_DATA at the end");
	is(pread(fd, page, 10, 4096), 10, "read of a hole");
	is(page[0] | page[9], 0, "zeroes");
	fstat(fd, &st);
	is(st.st_blocks, 8, "allocates nothing");
	is(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20 * 4096), 0, "fallocate KEEP_SIZE");
	fstat(fd, &st);
	is(st.st_size, 9 * 4096, "keeps it");
	is(st.st_blocks, 160, "20 pages");
	is(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8 * 4096 + 100, 100), 0,
	   "punch within a page");
	is(pread(fd, page, 4096, 8 * 4096), 4096, "read");
	ok(page[99] == 'p' && page[100] == 0 && page[199] == 0 && page[200] == 'p',
	   "exactly these bytes");
	is(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8 * 4096), 0,
	   "punch pages");
	fstat(fd, &st);
	is(st.st_blocks, 96, "they are given back");
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096), EOPNOTSUPP, "punch without KEEP_SIZE");
	fails(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096), EOPNOTSUPP, "collapse");
	fails(fallocate(fd, 0, -1, 5), EINVAL, "negative offset");
	fails(fallocate(fd, 0, 0, 0), EINVAL, "no length");
	is(ftruncate(fd, 100), 0, "shrink");
	is(ftruncate(fd, 4096), 0, "grow");
	pread(fd, page, 200, 0);
	is(page[150], 0, "what was cut off is zero");
	fails(ftruncate(fd, -1), EINVAL, "negative size");
	close(fd);
	fd = open("h", O_RDONLY);
	fails(ftruncate(fd, 0), EINVAL, "read-only");
	fails(fallocate(fd, 0, 0, 10), EBADF, "fallocate: read-only");
	close(fd);
}

static sigjmp_buf escape;
static void on_bus(int sig)
{
	siglongjmp(escape, sig);
}

static void mapped(void)
{
	int fd = make("map", ""), pfd[2];
	volatile char *p, *q;
	char c = 0;

	signal(SIGBUS, on_bus);
	must(ftruncate(fd, 3 * 4096) == 0);
	p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED && q != MAP_FAILED);
	p[5000] = 'm';
	is(pread(fd, &c, 1, 5000), 1, "read");
	is(c, 'm', "sees a store through the mapping");
	is(pwrite(fd, "w", 1, 5001), 1, "write");
	is(p[5001], 'w', "is seen through the mapping");
	is(q[5001], 'w', "and through a private one");
	q[5001] = 'q';
	is(p[5001], 'w', "whose stores are its own");
	must(ftruncate(fd, 4096) == 0);
	is(sigsetjmp(escape, 1) ? 1 : (p[5001], 0), 1, "SIGBUS behind the end");
	is(sigsetjmp(escape, 1) ? 1 : (q[5001], 0), 1, "private copies go, too");
	is(sigsetjmp(escape, 1) ? 1 : (p[0] = 1, 0), 0, "not before it");
	must(ftruncate(fd, 3 * 4096) == 0);
	is(p[5001], 0, "back, and empty");
	p[4096] = 7;
	must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096) == 0);
	is(p[4096], 0, "a hole reads as zero through the mapping");
	unlink("map");
	close(fd);
	p[4096] = 9;
	is(p[4096], 9, "works without name and descriptor");
	munmap((void *)p, 3 * 4096);
	munmap((void *)q, 3 * 4096);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED && pipe(pfd) == 0);
	if (fork() == 0) {
		p[4096] = 42;
		_exit(0);
	}
	wait_child();
	is(p[4096], 42, "shared anonymous memory after fork");
	munmap((void *)p, 8192);
	signal(SIGBUS, SIG_DFL);
}

static int seals(int fd)
{
	return fcntl(fd, F_GET_SEALS);
}

static void memfds(void)
{
	int fd = syscall(SYS_memfd_create, "test", MFD_ALLOW_SEALING), fd2;
	char link[64], text[64];
	void *p;

	ok(fd >= 0, "memfd_create");
	is(seals(fd), 0, "no seals");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	text[readlink(link, text, 63)] = 0;
	ok(!strcmp(text, "/memfd:test (deleted)"), "its name is %s", text);
	must(write(fd, "12345678", 8) == 8);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0, "seal SHRINK");
	fails(ftruncate(fd, 4), EPERM, "shrink");
	is(ftruncate(fd, 4096), 0, "grow");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0, "seal GROW");
	fails(ftruncate(fd, 8192), EPERM, "grow");
	fails(pwrite(fd, "x", 1, 4096), EPERM, "write behind the end");
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "seal WRITE while mapped");
	munmap(p, 4096);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "seal WRITE");
	fails(pwrite(fd, "x", 1, 0), EPERM, "write");
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), EPERM, "punch");
	fails(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM,
	      "map shared and writable");
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ok(p != MAP_FAILED, "map shared, read-only");
	fails(mprotect(p, 4096, PROT_READ | PROT_WRITE), EACCES, "and never writable");
	munmap(p, 4096);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0, "seal SEAL");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM, "no more");
	fd2 = syscall(SYS_memfd_create, "plain", 0);
	is(seals(fd2), F_SEAL_SEAL, "without ALLOW_SEALING");
	fails(fcntl(fd2, F_ADD_SEALS, F_SEAL_GROW), EPERM, "no sealing");
	fails(syscall(SYS_memfd_create, "x", 0x80), EINVAL, "unknown flag");
	close(fd);
	close(fd2);
}

static void transfers(void)
{
	int a = make("ta", "0123456789"), b = make("tb", "");
	off_t off = 2, off2 = 1;
	struct iovec v[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	char buf[16] = "", buf2[8];

	is(sendfile(b, a, &off, 4), 4, "sendfile");
	is(off, 6, "moves the offset");
	is(pread(b, buf, 16, 0), 4, "read");
	ok(!memcmp(buf, "2345", 4), "the right bytes");
	is(syscall(SYS_copy_file_range, a, &off2, b, NULL, 3, 0), 3, "copy_file_range");
	is(pread(b, buf, 16, 0), 7, "read");
	ok(!memcmp(buf, "2345123", 7), "appended at the file's position");
	fails(syscall(SYS_copy_file_range, a, NULL, b, NULL, 3, 1), EINVAL, "flags");
	is(pwritev(b, v, 3, 0), 5, "pwritev");
	v[0] = (struct iovec){ buf, 3 };
	v[1] = (struct iovec){ buf2, 4 };
	is(preadv(b, v, 2, 0), 7, "preadv");
	ok(!memcmp(buf, "abc", 3) && !memcmp(buf2, "de23", 4), "scattered");
	fails(readv(b, v, -1), EINVAL, "readv: negative count");
	fails(readv(b, v, 1025), EINVAL, "readv: too many");
	fails(pread(b, buf, 1, -1), EINVAL, "pread: negative offset");
	fails(pread(b, (void *)1, 1, 0), EFAULT, "read: wild pointer");
	lseek(b, 0, SEEK_SET);
	fails(write(a, (void *)1, 5), EFAULT, "write: wild pointer");
	fails(lseek(b, -1, SEEK_SET), EINVAL, "lseek: negative");
	fails(lseek(b, 0, 77), EINVAL, "lseek: whence");
	is(posix_fadvise(b, 0, 0, POSIX_FADV_DONTNEED), 0, "fadvise");
	is(pread(b, buf, 1, 0), 1, "takes nothing away from tmpfs");
	is(posix_fadvise(b, 0, 0, 99), EINVAL, "fadvise: unknown");
	is(fsync(b) | fdatasync(b) | syncfs(b), 0, "fsync, fdatasync, syncfs");
	close(a);
	close(b);
}

static void attributes(void)
{
	char buf[32];
	int fd = make("xa", "");

	is(setxattr("xa", "trusted.one", "value", 5, 0), 0, "setxattr");
	is(getxattr("xa", "trusted.one", buf, 32), 5, "getxattr");
	is(getxattr("xa", "trusted.one", NULL, 0), 5, "its size");
	fails(getxattr("xa", "trusted.one", buf, 3), ERANGE, "too small");
	fails(setxattr("xa", "trusted.one", "v", 1, XATTR_CREATE), EEXIST, "CREATE");
	fails(setxattr("xa", "trusted.two", "v", 1, XATTR_REPLACE), ENODATA, "REPLACE");
	is(fsetxattr(fd, "security.x", "", 0, 0), 0, "empty value");
	is(listxattr("xa", NULL, 0), 23, "listxattr");
	fails(setxattr("xa", "user.x", "v", 1, 0), EOPNOTSUPP, "user.*");
	is(removexattr("xa", "trusted.one"), 0, "removexattr");
	fails(getxattr("xa", "trusted.one", buf, 32), ENODATA, "gone");
	close(fd);
}

static void listing(void)
{
	int seen = 0, twice = 0;
	static char mark[500];
	struct dirent *e;
	char name[32];
	DIR *d;

	must(mkdir("big", 0755) == 0);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "big/%d", i);
		close(open(name, O_CREAT | O_RDWR, 0600));
	}
	d = opendir("big");
	while ((e = readdir(d)) != NULL) {
		int i = atoi(e->d_name);

		if (e->d_name[0] == '.')
			continue;
		twice += mark[i]++;
		seen++;
		snprintf(name, sizeof(name), "big/%d", i);
		unlink(name);
	}
	closedir(d);
	is(seen, 500, "each name is listed while they are unlinked");
	is(twice, 0, "none twice");
	is(rmdir("big"), 0, "the directory is empty");
}

static void running(void)
{
	int fd;

	fd = open("/proc/self/exe", O_RDONLY);
	ok(fd >= 0, "open the running program");
	close(fd);
	fails(open("/proc/self/exe", O_WRONLY), ETXTBSY, "not for writing");
}

static void chroots(void)
{
	char buf[PATH_MAX];

	must(mkdir("jail", 0755) == 0 && mkdir("jail/in", 0755) == 0);
	if (fork() == 0) {
		int ok = chroot("jail") == 0 && chdir("/") == 0 && access("/in", F_OK) == 0 &&
			 access("/../../in", F_OK) == 0 && access("/bin", F_OK) == -1 &&
			 getcwd(buf, sizeof(buf)) && !strcmp(buf, "/");

		_exit(!ok);
	}
	is(wait_child(), 0, "chroot: dot-dot does not lead out");
	if (fork() == 0) {
		must(mkdir("gone", 0755) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
		_exit(!(getcwd(buf, sizeof(buf)) == NULL && errno == ENOENT &&
			open("new", O_CREAT | O_RDWR, 0600) == -1 && errno == ENOENT &&
			access(".", F_OK) == 0));
	}
	is(wait_child(), 0, "a directory that was removed");
}

int main(void)
{
	char dir[] = "/tmp/vfs.XXXXXX";

	must(mkdtemp(dir) && chdir(dir) == 0);
	mounts();
	resolving();
	renames();
	as_nobody();
	holes();
	mapped();
	memfds();
	transfers();
	attributes();
	listing();
	running();
	chroots();
	return tap_end();
}
