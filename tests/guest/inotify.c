// SPDX-License-Identifier: MIT
/* inotify(7): what happens to files and directories is told to who watches them. */
#include "textfile.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#define DIR   "/tmp/watched"
#define FILE_ DIR "/file"

static int in, wd;
static char words[8192];

/* All events so far as words: "open file, close_nowrite file". */
static const char *events(void)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = { { IN_ACCESS, "access" },
		      { IN_MODIFY, "modify" },
		      { IN_ATTRIB, "attrib" },
		      { IN_CLOSE_WRITE, "close_write" },
		      { IN_CLOSE_NOWRITE, "close_nowrite" },
		      { IN_OPEN, "open" },
		      { IN_MOVED_FROM, "moved_from" },
		      { IN_MOVED_TO, "moved_to" },
		      { IN_CREATE, "create" },
		      { IN_DELETE, "delete" },
		      { IN_DELETE_SELF, "delete_self" },
		      { IN_MOVE_SELF, "move_self" },
		      { IN_UNMOUNT, "unmount" },
		      { IN_Q_OVERFLOW, "overflow" },
		      { IN_IGNORED, "ignored" },
		      { IN_ISDIR, "dir" } };
	static char raw[65536] __attribute__((aligned(8)));
	char *to = words;
	ssize_t n;

	*to = 0;
	while ((n = read(in, raw, sizeof(raw))) > 0)
		for (char *p = raw; p < raw + n;) {
			struct inotify_event *e = (struct inotify_event *)p;

			if (to > words)
				to += sprintf(to, ", ");
			for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
				if (e->mask & names[i].bit)
					to += sprintf(to, "%s%s",
						      to[-1] == ' ' || to == words ? "" : "+",
						      names[i].name);
			if (e->len)
				to += sprintf(to, " %s", e->name);
			if (to > words + sizeof(words) - 300)
				return words;
			p += sizeof(*e) + e->len;
		}
	return words;
}

#define told(want, what)                                                                           \
	do {                                                                                       \
		const char *got_ = events();                                                       \
		if (!ok(!strcmp(got_, want), "%s", what))                                          \
			printf("# got    %s\n# wanted %s\n", got_, want);                          \
	} while (0)

static void touch(const char *name, const char *data)
{
	int fd = open(name, O_CREAT | O_RDWR, 0644);

	must(fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data));
	close(fd);
}

static void errors(void)
{
	int p[2], other;

	fails(inotify_init1(0x10), EINVAL, "inotify_init1: an unknown flag");
	in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ok(in >= 0 && fcntl(in, F_GETFD) == FD_CLOEXEC && fcntl(in, F_GETFL) & O_NONBLOCK,
	   "its flags");
	snprintf(words, sizeof(words), "/proc/self/fd/%d", in);
	p[0] = readlink(words, words + 4096, 100);
	words[4096 + p[0]] = 0;
	ok(!strcmp(words + 4096, "anon_inode:inotify"), "its name in /proc/self/fd");
	fails(inotify_add_watch(in, "/tmp", 0), EINVAL, "no event: EINVAL");
	fails(inotify_add_watch(in, "/nowhere", IN_OPEN), ENOENT, "no file: ENOENT");
	fails(inotify_add_watch(in, (char *)1, IN_OPEN), EFAULT, "no name: EFAULT");
	fails(inotify_add_watch(99, "/tmp", IN_OPEN), EBADF, "no instance: EBADF");
	fails(inotify_add_watch(in, "/tmp", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL,
	      "IN_MASK_ADD with IN_MASK_CREATE");
	must(pipe(p) == 0);
	fails(inotify_add_watch(p[0], "/tmp", IN_OPEN), EINVAL, "another file: EINVAL");
	fails(inotify_rm_watch(p[0], 1), EINVAL, "another file: EINVAL");
	fails(inotify_rm_watch(in, 1), EINVAL, "no watch: EINVAL");
	fails(inotify_rm_watch(99, 1), EBADF, "no instance: EBADF");
	close(p[0]);
	close(p[1]);
	touch("/tmp/plain", "x");
	fails(inotify_add_watch(in, "/tmp/plain", IN_OPEN | IN_ONLYDIR), ENOTDIR,
	      "IN_ONLYDIR: ENOTDIR");
	is(inotify_add_watch(in, "/tmp/plain", IN_OPEN), 1, "the first watch is 1");
	is(inotify_add_watch(in, "/tmp/plain", IN_OPEN), 1, "again: the same");
	fails(inotify_add_watch(in, "/tmp/plain", IN_OPEN | IN_MASK_CREATE), EEXIST,
	      "IN_MASK_CREATE: EEXIST");
	fails(read(in, words, sizeof(words)), EAGAIN, "nothing has happened: EAGAIN");
	fails(write(in, words, 1), EBADF, "it cannot be written");
	is(inotify_rm_watch(in, 1), 0, "inotify_rm_watch");
	told("ignored", "IN_IGNORED");
	other = inotify_add_watch(in, "/tmp/plain", IN_OPEN);
	is(other, 2, "the next has a number of its own");
	unlink("/tmp/plain");
	close(in);
}

static void unreadable(void)
{
	must(setuid(65534) == 0);
	fails(inotify_add_watch(in, FILE_, IN_OPEN), EACCES, "a file that may not be read: EACCES");
	_exit(tap_failed);
}

/* A directory, and what happens in it. */
static void in_directory(void)
{
	int fd;
	char c;

	mkdir(DIR, 0755);
	in = inotify_init1(IN_NONBLOCK);
	wd = inotify_add_watch(in, DIR, IN_ALL_EVENTS);
	must(wd > 0);
	touch(FILE_, "abc");
	told("create file, open file, modify file, close_write file", "a new file");
	fd = open(FILE_, O_RDONLY);
	must(read(fd, &c, 1) == 1 && pread(fd, &c, 1, 0) == 1);
	told("open file, access file", "reads, two at once are one");
	must(read(fd, &c, 1) == 1);
	close(fd);
	told("access file, close_nowrite file", "and the end");
	must(chmod(FILE_, 0600) == 0);
	told("attrib file", "chmod");
	must(truncate(FILE_, 1) == 0);
	told("modify file", "truncate");
	must(utimensat(AT_FDCWD, FILE_, NULL, 0) == 0);
	told("attrib file", "utimensat");
	must(setxattr(FILE_, "user.a", "b", 1, 0) == 0 || errno == EOPNOTSUPP);
	events();
	must(rename(FILE_, DIR "/new") == 0);
	told("moved_from file, moved_to new", "rename");
	must(link(DIR "/new", FILE_) == 0);
	told("create file", "link");
	must(unlink(DIR "/new") == 0);
	told("attrib file, delete new" + 13, "unlink");
	must(symlink("x", DIR "/link") == 0 && unlink(DIR "/link") == 0);
	told("create link, delete link", "a symbolic link");
	must(mkdir(DIR "/sub", 0755) == 0 && rmdir(DIR "/sub") == 0);
	told("create+dir sub, delete+dir sub", "a directory");
	must(mknod(DIR "/fifo", S_IFIFO | 0600, 0) == 0 && unlink(DIR "/fifo") == 0);
	told("create fifo, delete fifo", "a FIFO");
	touch(DIR "/a", "x");
	touch(DIR "/b", "x");
	events();
	must(rename(DIR "/a", DIR "/b") == 0);
	told("moved_from a, moved_to b", "rename over another");
	must(rename(DIR "/b", "/tmp/outside") == 0);
	told("moved_from b", "out of the directory");
	must(rename("/tmp/outside", DIR "/b") == 0);
	told("moved_to b", "into it");
	fd = open(DIR, O_RDONLY | O_DIRECTORY);
	(void)!syscall(SYS_getdents64, fd, words, sizeof(words));
	close(fd);
	told("open+dir, access+dir, close_nowrite+dir", "the directory itself is read");
	fd = open(FILE_, O_PATH);
	close(fd);
	told("", "O_PATH opens nothing");
	fd = open(FILE_, O_RDWR);
	events();
	must(unlink(FILE_) == 0 && write(fd, "x", 1) == 1);
	close(fd);
	told("delete file, modify file, close_write file", "a file that has no name any more");
	is(inotify_add_watch(in, DIR, IN_ALL_EVENTS | IN_EXCL_UNLINK), wd, "IN_EXCL_UNLINK");
	touch(FILE_, "x");
	fd = open(FILE_, O_RDWR);
	events();
	must(unlink(FILE_) == 0 && write(fd, "x", 1) == 1);
	close(fd);
	told("delete file", "then it is not told of");
	unlink(DIR "/b");
	close(in);
}

/* A file by itself. */
static void fdinfo(void)
{
	struct stat st;
	char name[64], want[128];
	int of_dir;

	touch(FILE_, "x");
	in = inotify_init1(IN_NONBLOCK);
	wd = inotify_add_watch(in, FILE_, IN_OPEN | IN_CLOSE | IN_EXCL_UNLINK);
	of_dir = inotify_add_watch(in, DIR, IN_CREATE | IN_ONESHOT);
	must(wd > 0 && of_dir > 0 && stat(FILE_, &st) == 0);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", in);
	snprintf(want, sizeof(want), "inotify wd:%x ino:%lx sdev:%lx mask:4000038 ignored_mask:0 ",
		 wd, (unsigned long)st.st_ino, (unsigned long)st.st_dev);
	ok(strstr(slurp(name), want), "fdinfo: a file, its events and IN_EXCL_UNLINK");
	must(stat(DIR, &st) == 0);
	snprintf(want, sizeof(want), "inotify wd:%x ino:%lx sdev:%lx mask:80000100 ignored_mask:0 ",
		 of_dir, (unsigned long)st.st_ino, (unsigned long)st.st_dev);
	ok(strstr(text, want), "fdinfo: a directory, once");
	ok(strstr(text, "wd:2 ") < strstr(text, "wd:1 "), "fdinfo: the newest first");
	must(inotify_rm_watch(in, wd) == 0 && inotify_rm_watch(in, of_dir) == 0);
	ok(!strstr(slurp(name), "inotify"), "fdinfo: no watch");
	close(in);
	unlink(FILE_);
}

static void of_file(void)
{
	struct inotify_event *e = (struct inotify_event *)words;
	int fd, status;

	touch(FILE_, "abc");
	in = inotify_init1(IN_NONBLOCK);
	wd = inotify_add_watch(in, FILE_, IN_ALL_EVENTS);
	touch(FILE_, "x");
	told("open, modify, close_write", "a file: without names");
	must(link(FILE_, DIR "/link") == 0 && unlink(DIR "/link") == 0);
	told("attrib", "its links, two at once are one");
	must(rename(FILE_, DIR "/b") == 0 && rename(DIR "/b", FILE_) == 0);
	told("move_self", "it is moved");
	is(inotify_add_watch(in, FILE_, IN_OPEN), wd, "fewer events");
	touch(FILE_, "x");
	told("open", "only those");
	is(inotify_add_watch(in, FILE_, IN_MODIFY | IN_MASK_ADD), wd, "IN_MASK_ADD");
	touch(FILE_, "x");
	told("open, modify", "more of them");
	is(inotify_add_watch(in, FILE_, IN_OPEN | IN_ONESHOT), wd, "IN_ONESHOT");
	touch(FILE_, "x");
	touch(FILE_, "x");
	told("open, ignored", "once");
	must(chmod(FILE_, 0600) == 0);
	status = in_child(unreadable);
	tap_count++;
	is(status, 0, "EACCES");
	wd = inotify_add_watch(in, FILE_, IN_ALL_EVENTS);
	fd = open(FILE_, O_RDONLY);
	events();
	must(unlink(FILE_) == 0);
	told("attrib", "its last name goes");
	close(fd);
	told("close_nowrite, delete_self, ignored", "its last user goes");
	fails(inotify_rm_watch(in, wd), EINVAL, "the watch has gone");
	touch(FILE_, "x");
	wd = inotify_add_watch(in, FILE_, IN_ALL_EVENTS);
	must(unlink(FILE_) == 0);
	told("attrib, delete_self, ignored", "a file without users");
	wd = inotify_add_watch(in, DIR, IN_CREATE);
	touch(DIR "/a-name-of-twenty-byte", "x");
	is(ioctl(in, FIONREAD, &fd), 0, "FIONREAD");
	is(fd, sizeof(*e) + 32, "head and name, padded");
	fails(read(in, words, sizeof(*e) + 31), EINVAL, "a buffer that is too small: EINVAL");
	is(read(in, words, sizeof(*e) + 32), sizeof(*e) + 32, "one of the right size");
	ok(e->wd == wd && e->mask == IN_CREATE && e->len == 32 && !e->cookie &&
		   !strcmp(e->name, "a-name-of-twenty-byte"),
	   "the event");
	unlink(DIR "/a-name-of-twenty-byte");
	close(in);
}

static void moving(void)
{
	char raw[4096] __attribute__((aligned(8)));
	struct inotify_event *a = (struct inotify_event *)raw, *b;
	int from, to;

	must(mkdir(DIR "/x", 0755) == 0 && mkdir(DIR "/y", 0755) == 0 &&
	     mkdir(DIR "/x/d", 0755) == 0);
	in = inotify_init1(IN_NONBLOCK);
	from = inotify_add_watch(in, DIR "/x", IN_MOVE);
	to = inotify_add_watch(in, DIR "/y", IN_MOVE);
	must(rename(DIR "/x/d", DIR "/y/e") == 0 && read(in, raw, sizeof(raw)) > 0);
	b = (struct inotify_event *)(raw + sizeof(*a) + a->len);
	ok(a->wd == from && a->mask == (IN_MOVED_FROM | IN_ISDIR) && !strcmp(a->name, "d"),
	   "moved: from");
	ok(b->wd == to && b->mask == (IN_MOVED_TO | IN_ISDIR) && !strcmp(b->name, "e"), "to");
	ok(a->cookie && a->cookie == b->cookie, "with one cookie");
	must(rmdir(DIR "/y/e") == 0);
	events();
	must(rmdir(DIR "/x") == 0 && rmdir(DIR "/y") == 0);
	told("ignored, ignored", "directories that go");
	close(in);
}

static void waiting(void)
{
	struct pollfd p;
	int64_t t;

	in = inotify_init();
	must(inotify_add_watch(in, DIR, IN_CREATE) == 1);
	p = (struct pollfd){ in, POLLIN | POLLOUT, 0 };
	is(poll(&p, 1, 0), 0, "poll: nothing");
	t = now_ns(CLOCK_MONOTONIC);
	if (fork() == 0) {
		sleep_ms(30);
		touch(FILE_, "x");
		_exit(0);
	}
	is(read(in, words, sizeof(words)), sizeof(struct inotify_event) + 16, "a read waits");
	ok(now_ns(CLOCK_MONOTONIC) - t > 10000000, "until something happens");
	wait(NULL);
	unlink(FILE_);
	touch(FILE_, "x");
	is(poll(&p, 1, 100), 1, "poll: something");
	is(p.revents, POLLIN, "to read");
	unlink(FILE_);
	close(in);
}

static void overflow(void)
{
	long most = 0, n = 0;
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	char raw[65536] __attribute__((aligned(8)));
	struct inotify_event *e = NULL;
	ssize_t got;

	must(f && fscanf(f, "%ld", &most) == 1);
	fclose(f);
	is(most, 16384, "max_queued_events");
	in = inotify_init1(IN_NONBLOCK);
	must(inotify_add_watch(in, DIR, IN_CREATE | IN_DELETE) == 1);
	for (long i = 0; i < most / 2 + 5; i++) {
		must(symlink("x", FILE_) == 0);
		unlink(FILE_);
	}
	while ((got = read(in, raw, sizeof(raw))) > 0)
		for (char *p = raw; p < raw + got; p += sizeof(*e) + e->len, n++)
			e = (struct inotify_event *)p;
	is(n, most + 1, "more than max_queued_events");
	ok(e && e->wd == -1 && e->mask == IN_Q_OVERFLOW && e->len == 0, "end in IN_Q_OVERFLOW");
	close(in);
}

static void unmounted(void)
{
	must(mkdir(DIR "/mnt", 0755) == 0 && mount("none", DIR "/mnt", "tmpfs", 0, NULL) == 0);
	in = inotify_init1(IN_NONBLOCK);
	touch(DIR "/mnt/f", "x");
	must(inotify_add_watch(in, DIR "/mnt/f", IN_ALL_EVENTS) == 1);
	is(umount(DIR "/mnt"), 0, "a watch does not keep a file system");
	told("unmount, ignored", "IN_UNMOUNT");
	rmdir(DIR "/mnt");
	close(in);
}

static void limited(void)
{
	int n = 0, err = 0;

	for (; n < 500; n++)
		if (inotify_init() < 0) {
			err = errno;
			break;
		}
	_exit(n == 128 && err == EMFILE ? 0 : 1);
}

int main(void)
{
	errors();
	in_directory();
	of_file();
	fdinfo();
	moving();
	waiting();
	overflow();
	unmounted();
	is(in_child(limited), 0, "128 instances of a user: EMFILE");
	rmdir(DIR);
	return tap_end();
}
