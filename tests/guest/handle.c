// SPDX-License-Identifier: MIT
/* name_to_handle_at(2), open_by_handle_at(2): on tmpfs here, and on the file system given as an argument. */
#include "tap.h"

#include <sys/mount.h>
#include <sys/prctl.h>
#include <linux/capability.h>

#define DIR "/tmp/handles"

struct handle {
	unsigned int bytes;
	int type;
	unsigned char f[128];
};

static int get(int dfd, const char *name, struct handle *h, int *mnt, int flags)
{
	return syscall(SYS_name_to_handle_at, dfd, name, h, mnt, flags);
}

static int by_handle(int fd, struct handle *h, int flags)
{
	return syscall(SYS_open_by_handle_at, fd, h, flags);
}

static struct handle of(const char *name, int flags)
{
	struct handle h = { .bytes = 128 };
	int mnt;

	must(get(AT_FDCWD, name, &h, &mnt, flags) == 0);
	return h;
}

static bool same(const struct handle *a, const struct handle *b)
{
	return a->bytes == b->bytes && a->type == b->type && !memcmp(a->f, b->f, a->bytes);
}

static void touch(const char *name, const char *data)
{
	int fd = open(name, O_CREAT | O_RDWR, 0644);

	must(fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data));
	close(fd);
}

/* The file that @h leads to has @data. */
static bool holds(int fd, struct handle *h, const char *data)
{
	int file = by_handle(fd, h, O_RDONLY);
	char got[32] = "";

	if (file < 0)
		return false;
	must(read(file, got, sizeof(got) - 1) >= 0);
	close(file);
	return !strcmp(got, data);
}

static bool opens(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY);

	return fd >= 0 && close(fd) == 0;
}

static void errors(int top)
{
	struct handle h = { .bytes = 128 }, good;
	int mnt, fd, file;

	touch("file", "text");
	fails(get(AT_FDCWD, "file", &h, &mnt, 1), EINVAL, "name_to_handle_at: an unknown flag");
	fails(get(AT_FDCWD, "missing", &h, &mnt, 0), ENOENT, "no file: ENOENT");
	fails(get(AT_FDCWD, "", &h, &mnt, 0), ENOENT, "an empty name: ENOENT");
	fails(get(99, "file", &h, &mnt, 0), EBADF, "no directory: EBADF");
	fails(get(AT_FDCWD, "file", (void *)1, &mnt, 0), EFAULT, "no handle: EFAULT");
	fails(get(AT_FDCWD, "file", &h, (void *)1, 0), EFAULT, "no mount id: EFAULT");
	h.bytes = 129;
	fails(get(AT_FDCWD, "file", &h, &mnt, 0), EINVAL,
	      "more room than any handle takes: EINVAL");
	h.bytes = 0;
	fails(get(AT_FDCWD, "file", &h, &mnt, 0), EOVERFLOW, "no room: EOVERFLOW");
	ok(h.bytes >= 8 && h.bytes <= 128 && h.bytes % 4 == 0, "and the room it takes");
	good = of("file", 0);
	is(good.bytes, h.bytes, "which is what it then has");
	h.bytes--;
	fails(get(AT_FDCWD, "file", &h, &mnt, 0), EOVERFLOW, "a byte less: EOVERFLOW");
	h.bytes = 128;
	fails(get(AT_FDCWD, "/proc/self/stat", &h, &mnt, 0), EOPNOTSUPP,
	      "files of /proc have none");
	fails(by_handle(top, (void *)1, O_RDONLY), EFAULT, "open_by_handle_at: no handle: EFAULT");
	h = good;
	h.bytes = 0;
	fails(by_handle(top, &h, O_RDONLY), EINVAL, "an empty handle: EINVAL");
	h.bytes = 129;
	fails(by_handle(top, &h, O_RDONLY), EINVAL, "one that is too long: EINVAL");
	fails(by_handle(99, &good, O_RDONLY), EBADF, "no mount: EBADF");
	fd = open(".", O_PATH);
	fails(by_handle(fd, &good, O_RDONLY), EBADF, "O_PATH does for no mount: EBADF");
	close(fd);
	h = good;
	h.bytes = 4;
	fails(by_handle(top, &h, O_RDONLY), ESTALE, "a handle cut short: ESTALE");
	h = good;
	memset(h.f, 0x5a, h.bytes);
	fails(by_handle(top, &h, O_RDONLY), ESTALE, "a handle of nothing: ESTALE");
	fd = open("/proc/self", O_RDONLY);
	fails(by_handle(fd, &good, O_RDONLY), ESTALE, "on a file system without handles: ESTALE");
	close(fd);
	file = by_handle(top, &good, O_RDONLY | O_DIRECTORY);
	ok(file == -1 && errno == ENOTDIR, "O_DIRECTORY of a file: ENOTDIR");
}

static void names(int top)
{
	struct handle h, other;
	char buf[64] = "";
	struct stat a, b;
	int fd, mnt, mnt2;

	h = of("file", 0);
	touch("second", "2");
	other = of("second", 0);
	ok(!same(&h, &other), "two files, two handles");
	must(link("file", "linked") == 0);
	other = of("linked", 0);
	ok(same(&h, &other), "two names, one handle");
	must(symlink("file", "soft") == 0);
	other = of("soft", 0);
	ok(!same(&h, &other), "a symbolic link has its own");
	fails(by_handle(top, &other, O_RDONLY), ELOOP, "which cannot be opened: ELOOP");
	fd = by_handle(top, &other, O_PATH);
	ok(fd >= 0 && readlinkat(fd, "", buf, sizeof(buf)) == 4 && !strcmp(buf, "file"),
	   "but for O_PATH");
	close(fd);
	other = of("soft", AT_SYMLINK_FOLLOW);
	ok(same(&h, &other), "AT_SYMLINK_FOLLOW");
	fd = open("file", O_RDONLY);
	other.bytes = 128;
	ok(get(fd, "", &other, &mnt, AT_EMPTY_PATH) == 0 && same(&h, &other), "AT_EMPTY_PATH");
	other.bytes = 128;
	ok(get(AT_FDCWD, ".", &other, &mnt2, 0) == 0 && mnt == mnt2, "one mount, one id");
	close(fd);
	ok(holds(top, &h, "text") && holds(AT_FDCWD, &h, "text"), "the handle opens the file");
	must(rename("file", "moved") == 0 && unlink("linked") == 0);
	ok(holds(top, &h, "text"), "also under another name");
	fd = by_handle(top, &h, O_RDWR | O_CLOEXEC | O_APPEND);
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFL) & O_APPEND,
	   "O_CLOEXEC, O_APPEND");
	must(fstat(fd, &a) == 0 && stat("moved", &b) == 0);
	ok(a.st_ino == b.st_ino && a.st_dev == b.st_dev, "it is that file");
	is(write(fd, "more", 4), 4, "and can be written");
	close(fd);
	ok(holds(top, &h, "textmore"), "what was written is there");
	fd = by_handle(top, &h, O_RDWR | O_TRUNC);
	ok(fd >= 0 && fstat(fd, &a) == 0 && a.st_size == 0, "O_TRUNC");
	must(unlink("moved") == 0);
	ok(holds(top, &h, ""), "a file without a name that is open");
	close(fd);
	fails(by_handle(top, &h, O_RDONLY), ESTALE, "which is gone when it is closed: ESTALE");
	touch("new", "new");
	fails(by_handle(top, &h, O_RDONLY), ESTALE, "and does not come back as another file");
	unlink("new");
	unlink("soft");
	unlink("second");
}

static void directories(int top)
{
	struct handle h, f;
	char link[64], buf[256], want[256];
	int fd, n;

	must(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0 && mkdir("a/b/c", 0755) == 0);
	touch("a/b/c/deep", "deep");
	h = of("a/b/c", 0);
	f = of("a/b/c/deep", 0);
	fails(by_handle(top, &h, O_RDWR), EISDIR, "a directory for writing: EISDIR");
	fd = by_handle(top, &h, O_RDONLY | O_DIRECTORY);
	ok(fd >= 0 && opens(fd, "deep"), "a directory, and a file in it");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, sizeof(buf) - 1);
	must(n > 0);
	buf[n] = 0;
	must(getcwd(want, sizeof(want) - 10));
	strcat(want, "/a/b/c");
	ok(!strcmp(buf, want), "/proc knows its name");
	close(fd);
	must(rename("a/b", "d") == 0);
	fd = by_handle(top, &h, O_RDONLY);
	ok(fd >= 0 && opens(fd, "../../d/c/deep"), "moved with the one above");
	close(fd);
	ok(holds(top, &f, "deep"), "the file in it, too");
	unlink("d/c/deep");
	rmdir("d/c");
	fails(by_handle(top, &h, O_RDONLY), ESTALE, "removed: ESTALE");
	rmdir("d");
	rmdir("a");
}

/* A new tmpfs at @dir with a file, whose handle is returned. */
static struct handle mounted(const char *dir)
{
	char name[16];

	must(mkdir(dir, 0755) == 0 && mount("none", dir, "tmpfs", 0, NULL) == 0);
	snprintf(name, sizeof(name), "%s/file", dir);
	touch(name, dir);
	return of(name, 0);
}

/* The same number on another mount is another file. */
static void mounts(void)
{
	struct handle h[2] = { mounted("one"), mounted("two") };
	int one = open("one", O_RDONLY), two = open("two", O_RDONLY);

	ok(holds(one, &h[0], "one") && holds(two, &h[1], "two"), "a handle is of its mount");
	fails(by_handle(two, &h[0], O_RDONLY), ESTALE, "on another one: ESTALE");
	close(one);
	close(two);
	must(umount("one") == 0 && umount("two") == 0 && rmdir("one") == 0 && rmdir("two") == 0);
}

static void unprivileged(void)
{
	struct handle h = of(".", 0);
	int fd = open(".", O_RDONLY);

	must(setuid(65534) == 0);
	h.bytes = 128;
	if (get(AT_FDCWD, "/tmp", &h, &fd, 0))
		_exit(1);
	_exit(by_handle(AT_FDCWD, &h, O_RDONLY) == -1 && errno == EPERM ? 0 : 2);
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : DIR;
	int top;

	must(argc > 1 || mkdir(DIR, 0755) == 0);
	must(argc > 1 || mount("none", DIR, "tmpfs", 0, NULL) == 0);
	must(chdir(dir) == 0);
	top = open(".", O_RDONLY | O_DIRECTORY);
	must(top >= 0);
	errors(top);
	names(top);
	directories(top);
	if (argc == 1)
		mounts();
	is(in_child(unprivileged), 0, "without CAP_DAC_READ_SEARCH: EPERM; the handle is for all");
	return tap_end();
}
