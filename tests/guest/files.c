// SPDX-License-Identifier: MIT
/* Files and directories of a tmpfs: open flags, rename, links, directories, truncation, times. */
#include "tap.h"

#include <dirent.h>
#include <limits.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

static int file(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static off_t size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -1 : st.st_size;
}

/* Does /proc/self/fd say "DIRECTORY/#INODE (deleted)"? */
static bool is_named_by_inode(int fd)
{
	char path[64], text[128] = "", want[64];
	struct stat st;

	must(!fstat(fd, &st));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readlink(path, text, sizeof(text) - 1);
	snprintf(want, sizeof(want), "/#%lu (deleted)", (unsigned long)st.st_ino);
	return strstr(text, want);
}

static void opening(void)
{
	char buf[10], long_name[300];
	int fd = file("a", "hello"), fd2;

	fails(open("none", O_RDONLY), ENOENT, "open: no such file");
	fails(open("", O_RDONLY), ENOENT, "open: empty name");
	fails(open("a/b", O_RDONLY), ENOTDIR, "open: a file as directory");
	fails(open("a", O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST, "open: exclusive");
	fails(open(".", O_WRONLY), EISDIR, "open: a directory for writing");
	fails(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR, "open: O_DIRECTORY of a file");
	fails(open("a/", O_RDONLY), ENOTDIR, "open: trailing slash");
	fails(open("newdir/", O_RDWR | O_CREAT, 0600), EISDIR, "open: create with trailing slash");
	memset(long_name, 'x', 299);
	long_name[299] = 0;
	fails(open(long_name, O_RDWR | O_CREAT, 0600), ENAMETOOLONG, "open: a name of 299");
	fails(openat(99, "a", O_RDONLY), EBADF, "openat: bad descriptor");
	fails(openat(fd, "a", O_RDONLY), ENOTDIR, "openat: a file as directory");
	fd2 = open("a", O_RDONLY);
	fails(write(fd2, "x", 1), EBADF, "write: opened read-only");
	close(fd2);
	fd2 = open("a", O_WRONLY | O_APPEND);
	lseek(fd2, 0, SEEK_SET);
	is(write(fd2, "!", 1), 1, "append");
	is(size_of("a"), 6, "goes to the end");
	fails(read(fd2, buf, 1), EBADF, "read: opened write-only");
	close(fd2);
	fd2 = open("a", O_WRONLY | O_TRUNC);
	is(size_of("a"), 0, "O_TRUNC empties");
	close(fd2);
	fd2 = open("a", O_PATH);
	ok(fd2 >= 0, "O_PATH");
	fails(read(fd2, buf, 1), EBADF, "O_PATH: no reading");
	close(fd2);
	is(symlink("a", "sl"), 0, "symlink");
	fails(open("sl", O_RDONLY | O_NOFOLLOW), ELOOP, "open: O_NOFOLLOW of a link");
	symlink("l2", "l1");
	symlink("l1", "l2");
	fails(open("l1", O_RDONLY), ELOOP, "open: links in a circle");
	fails(symlink("x", "sl"), EEXIST, "symlink: name taken");
	fails(symlink("", "e"), ENOENT, "symlink: empty target");
	is(readlink("sl", buf, 10), 1, "readlink");
	fails(readlink("a", buf, 10), EINVAL, "readlink: of a file");
	fails(close(99), EBADF, "close: bad descriptor");
	fd2 = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ok(fd2 >= 0 && write(fd2, "t", 1) == 1, "O_TMPFILE");
	ok(is_named_by_inode(fd2), "O_TMPFILE: /proc names it by its inode");
	close(fd2);
	close(fd);
}

static void reading(void)
{
	char buf[100];
	int fd = file("r", "0123456789");
	struct iovec v[2] = { { buf, 2 }, { buf + 50, 3 } };

	is(lseek(fd, 3, SEEK_SET), 3, "lseek: set");
	is(read(fd, buf, 4), 4, "read");
	ok(!memcmp(buf, "3456", 4), "from there");
	is(lseek(fd, -2, SEEK_CUR), 5, "lseek: current");
	is(lseek(fd, -1, SEEK_END), 9, "lseek: end");
	is(read(fd, buf, 5), 1, "read: at the end it is short");
	is(read(fd, buf, 5), 0, "read: then nothing");
	fails(lseek(fd, -1, SEEK_SET), EINVAL, "lseek: negative");
	fails(lseek(fd, 0, 77), EINVAL, "lseek: unknown whence");
	is(pread(fd, buf, 3, 4), 3, "pread");
	ok(!memcmp(buf, "456", 3) && lseek(fd, 0, SEEK_CUR) == 10, "pread leaves the position");
	fails(pread(fd, buf, 1, -1), EINVAL, "pread: negative offset");
	is(preadv(fd, v, 2, 1), 5, "preadv");
	ok(!memcmp(buf, "12", 2) && !memcmp(buf + 50, "345", 3), "scattered");
	is(pwrite(fd, "x", 1, 5000), 1, "pwrite: behind the end");
	is(size_of("r"), 5001, "the file grows");
	is(pread(fd, buf, 2, 3000), 2, "pread in the hole");
	ok(buf[0] == 0 && buf[1] == 0, "zeros");
	is(lseek(fd, 11, SEEK_DATA) >= 11, 1, "SEEK_DATA");
	fails(lseek(fd, 6000, SEEK_DATA), ENXIO, "SEEK_DATA: behind the end");
	is(ftruncate(fd, 5), 0, "ftruncate");
	is(ftruncate(fd, 20), 0, "and grow");
	is(pread(fd, buf, 20, 0), 20, "pread all");
	ok(!memcmp(buf, "01234\0\0\0\0\0\0", 11), "what was cut off is zero");
	fails(ftruncate(fd, -1), EINVAL, "ftruncate: negative");
	fails(truncate("none", 1), ENOENT, "truncate: no such file");
	fails(truncate(".", 1), EISDIR, "truncate: a directory");
	close(fd);
	fd = open("r", O_RDONLY);
	fails(ftruncate(fd, 1), EINVAL, "ftruncate: opened read-only");
	close(fd);
}

static void names(void)
{
	struct stat a, b;
	int fd = file("n1", "one");

	close(fd);
	is(link("n1", "n2"), 0, "link");
	stat("n1", &a);
	stat("n2", &b);
	ok(a.st_ino == b.st_ino && a.st_nlink == 2, "two names of one inode");
	fails(link("n1", "n2"), EEXIST, "link: name taken");
	fails(link("none", "n3"), ENOENT, "link: no such file");
	fails(link(".", "n3"), EPERM, "link: a directory");
	fails(link("n1", "/dev/shm/n3"), EXDEV, "link: another file system");
	is(unlink("n1"), 0, "unlink");
	stat("n2", &a);
	is(a.st_nlink, 1, "one name left");
	fails(unlink("n1"), ENOENT, "unlink: no such file");
	fails(unlink("."), EISDIR, "unlink: a directory");
	is(rename("n2", "n4"), 0, "rename");
	ok(size_of("n2") == -1 && size_of("n4") == 3, "the name moved");
	close(file("n5", "five"));
	is(rename("n4", "n5"), 0, "rename: over another");
	is(size_of("n5"), 3, "it is replaced");
	fails(rename("none", "x"), ENOENT, "rename: no such file");
	mkdir("d1", 0755);
	mkdir("d2", 0755);
	fails(rename("n5", "d1"), EISDIR, "rename: a file over a directory");
	fails(rename("d1", "n5"), ENOTDIR, "rename: a directory over a file");
	fails(rename("d1", "d1/x"), EINVAL, "rename: into itself");
	is(rename("d1", "d2"), 0, "rename: over an empty directory");
	close(file("d2/f", "x"));
	mkdir("d3", 0755);
	fails(rename("d3", "d2"), ENOTEMPTY, "rename: over a full directory");
	fails(syscall(SYS_renameat2, AT_FDCWD, "n5", AT_FDCWD, "d2/f", 1), EEXIST,
	      "renameat2: NOREPLACE");
	is(syscall(SYS_renameat2, AT_FDCWD, "n5", AT_FDCWD, "d2/f", 2), 0, "renameat2: EXCHANGE");
	is(size_of("d2/f"), 3, "exchanged");
	fails(rename("n5", "/dev/shm/x"), EXDEV, "rename: another file system");
	fails(rmdir("d2"), ENOTEMPTY, "rmdir: not empty");
	fails(rmdir("n5"), ENOTDIR, "rmdir: a file");
	fails(rmdir("d3/."), EINVAL, "rmdir: dot");
	fails(rmdir("d3/.."), ENOTEMPTY, "rmdir: dot dot");
	is(rmdir("d3"), 0, "rmdir");
	fails(rmdir("d3"), ENOENT, "rmdir: gone");
	fails(mkdir("d2", 0755), EEXIST, "mkdir: taken");
	fails(mkdir("nn/x", 0755), ENOENT, "mkdir: no parent");
	is(mkdir("slash/", 0755), 0, "mkdir: trailing slash");
	fd = open("n6", O_RDWR | O_CREAT, 0600);
	unlink("n6");
	is(write(fd, "still", 5), 5, "an unlinked file lives while it is open");
	fstat(fd, &a);
	is(a.st_nlink, 0, "without a name");
	close(fd);
}

static void directories(void)
{
	char name[300];
	int seen = 0, dots = 0;
	struct dirent *e;
	struct stat st;
	DIR *d;

	mkdir("big", 0755);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "big/file%03d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	d = opendir("big");
	must(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			dots++, seen += e->d_type != DT_DIR ? 1000 : 0;
		else
			seen += e->d_type == DT_REG;
	}
	is(seen, 500, "getdents: each file once, with its type");
	is(dots, 2, "and . and ..");
	rewinddir(d);
	for (seen = 0; (e = readdir(d)); seen++)
		if (e->d_name[0] != '.') {
			snprintf(name, sizeof(name), "big/%s", e->d_name);
			must(unlink(name) == 0);
		}
	is(seen, 502, "again while they are removed");
	closedir(d);
	is(rmdir("big"), 0, "then it is empty");
	mkdir("p", 0755);
	stat("p", &st);
	is(st.st_nlink, 2, "a directory has two links");
	mkdir("p/q", 0755);
	stat("p", &st);
	is(st.st_nlink, 3, "and one for each child");
	is(chdir("p/q"), 0, "chdir");
	is(stat("../q", &st), 0, "dot dot");
	must(getcwd(name, sizeof(name)));
	ok(!strcmp(name + strlen(name) - 4, "/p/q"), "getcwd");
	fails(syscall(SYS_getcwd, name, 3), ERANGE, "getcwd: too small");
	must(chdir("../..") == 0);
	fails(chdir("r"), ENOTDIR, "chdir: a file");
	fails(syscall(SYS_getdents64, open("r", O_RDONLY), name, 30), ENOTDIR, "getdents: a file");
	fails(syscall(SYS_getdents64, open(".", O_RDONLY), name, 5), EINVAL, "getdents: too small");
}

static void attributes(void)
{
	struct timespec t[2] = { { 1000, 5 }, { 2000, 7 } };
	struct stat st, st2;
	struct statfs sf;
	int fd = file("at", "x");

	is(fchmod(fd, 04751), 0, "fchmod");
	fstat(fd, &st);
	is(st.st_mode, S_IFREG | 04751, "the mode");
	is(chown("at", 12, 34), 0, "chown");
	fstat(fd, &st);
	ok(st.st_uid == 12 && st.st_gid == 34, "the owner");
	is(st.st_mode & 04000, 0, "chown takes the set-user-id bit");
	is(futimens(fd, t), 0, "utimensat");
	fstat(fd, &st);
	ok(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_nsec == 7, "the times");
	sleep_ms(20);
	must(write(fd, "y", 1) == 1);
	fstat(fd, &st2);
	ok(st2.st_mtim.tv_sec > 2000 && st2.st_size == 2, "a write sets the time");
	is(umask(027), 022, "umask: the old one");
	close(open("um", O_CREAT | O_WRONLY, 0666));
	stat("um", &st);
	is(st.st_mode & 0777, 0640, "umask applies");
	umask(022);
	is(access("um", R_OK | W_OK), 0, "access");
	fails(access("none", F_OK), ENOENT, "access: none");
	fails(access("um", 77), EINVAL, "access: nonsense");
	is(statfs("/tmp", &sf), 0, "statfs");
	ok(sf.f_bsize > 0 && sf.f_type == 0x01021994, "a tmpfs");
	is(mknod("null", S_IFCHR | 0666, makedev(1, 3)), 0, "mknod");
	fd = open("null", O_RDWR);
	ok(fd >= 0 && write(fd, "x", 1) == 1 && read(fd, &st, 1) == 0, "it works as a device");
	is(st2.st_blocks, 8, "st_blocks counts 512 byte units");
	fails(syscall(SYS_statx, AT_FDCWD, "at", 0x10000, 0, NULL), EINVAL, "statx: unknown flag");
}

static void descriptors(void)
{
	int fd = file("d", "abc"), d, e;
	char c;

	d = dup(fd);
	lseek(fd, 1, SEEK_SET);
	is(read(d, &c, 1), 1, "dup");
	is(c, 'b', "shares the position");
	is(dup2(fd, 50), 50, "dup2");
	is(dup2(50, 50), 50, "dup2: onto itself");
	fails(dup2(99, 99), EBADF, "dup2: bad, onto itself");
	fails(dup3(fd, fd, 0), EINVAL, "dup3: onto itself");
	fails(syscall(SYS_dup3, fd, 51, 1), EINVAL, "dup3: unknown flag");
	is(dup3(fd, 51, O_CLOEXEC), 51, "dup3");
	is(fcntl(51, F_GETFD), FD_CLOEXEC, "close-on-exec");
	e = fcntl(fd, F_DUPFD, 60);
	is(e, 60, "F_DUPFD");
	is(fcntl(fd, F_DUPFD_CLOEXEC, 60), 61, "F_DUPFD_CLOEXEC: the next");
	fails(fcntl(fd, 7777), EINVAL, "fcntl: unknown");
	fails(fcntl(99, F_GETFD), EBADF, "fcntl: bad descriptor");
	is(fcntl(fd, F_SETFL, O_APPEND), 0, "F_SETFL");
	is(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND, "F_GETFL");
	close(50);
	close(51);
	close(60);
	close(61);
	is(dup(fd), d + 1, "the lowest free number");
	close(d + 1);
	is(syscall(SYS_close_range, 200, 300, 0), 0, "close_range");
	fails(syscall(SYS_close_range, 300, 200, 0), EINVAL, "close_range: backwards");
}

static void special_files(void)
{
	char buf[64] = "";
	bool zero = true;
	int fd = open("/dev/zero", O_RDWR), p[2];

	memset(buf, 1, sizeof(buf));
	is(read(fd, buf, 64), 64, "/dev/zero");
	for (int i = 0; i < 64; i++)
		zero &= !buf[i];
	ok(zero, "gives zeros");
	close(fd);
	fd = open("/dev/full", O_RDWR);
	fails(write(fd, "x", 1), ENOSPC, "/dev/full: ENOSPC");
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	is(read(fd, buf, 64), 64, "/dev/urandom");
	close(fd);
	fd = file("sf", "send this");
	must(pipe(p) == 0);
	lseek(fd, 0, SEEK_SET);
	is(syscall(SYS_sendfile, p[1], fd, NULL, 9), 9, "sendfile");
	is(read(p[0], buf, 64), 9, "arrives");
	ok(!memcmp(buf, "send this", 9), "whole");
	close(fd);
	is(fsync(open("sf", O_RDWR)), 0, "fsync");
	sync();
}

/* Files in memory have no direct I/O; a pipe takes the flag for packets. */
static void directly(void)
{
	int fd = file("direct", "x"), p[2];

	fails(open("direct", O_RDWR | O_DIRECT), EINVAL, "O_DIRECT: a file in memory");
	fails(open("direct2", O_RDWR | O_DIRECT | O_CREAT, 0600), EINVAL,
	      "O_DIRECT: a new file in memory");
	ok(access("direct2", F_OK) == 0, "O_DIRECT: it was made");
	fails(open("/dev/null", O_RDWR | O_DIRECT), EINVAL, "O_DIRECT: /dev/null");
	fails(fcntl(fd, F_SETFL, O_DIRECT), EINVAL, "O_DIRECT: F_SETFL");
	must(pipe(p) == 0);
	is(fcntl(p[1], F_SETFL, O_DIRECT), 0, "O_DIRECT: F_SETFL of a pipe");
	close(fd);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	char dir[] = "/tmp/filesXXXXXX";

	umask(022);
	must(mkdtemp(dir) && chdir(dir) == 0);
	opening();
	reading();
	names();
	directories();
	attributes();
	descriptors();
	special_files();
	directly();
	return tap_end();
}
