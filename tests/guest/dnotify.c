// SPDX-License-Identifier: MIT
/* dnotify: F_NOTIFY (fcntl(2)), a signal for what happens in a directory. */
#include "textfile.h"

#define DIR "/tmp/noted"
#define SIG (SIGRTMIN + 2)

static sigset_t signals;

/* The signal that is pending, if any: what happens is told before the call that does it returns. */
static int told(siginfo_t *si)
{
	struct timespec none = { 0, 0 };

	return sigtimedwait(&signals, si, &none);
}

static void touch(const char *name, const char *data)
{
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0644);

	must(fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data));
	close(fd);
}

static void forget(void)
{
	siginfo_t si;

	while (told(&si) > 0)
		;
}

static int watch(int flags)
{
	int fd = open(DIR, O_RDONLY);

	must(fd >= 0 && fcntl(fd, F_SETSIG, SIG) == 0 && fcntl(fd, F_NOTIFY, flags) == 0);
	forget();
	return fd;
}

/* One signal with the descriptor, and it is the only one of a request that is used up. */
static void once(int fd, const char *what)
{
	siginfo_t si;

	ok(told(&si) == SIG && si.si_fd == fd && si.si_code == 3, "%s: si_fd, POLL_MSG", what);
	is(told(&si), -1, "%s: once", what);
	close(fd);
}

static void nothing(int fd, const char *what)
{
	siginfo_t si;

	is(told(&si), -1, "%s: nothing", what);
	close(fd);
}

static void errors(void)
{
	int fd = open(DIR "/file", O_RDONLY);

	fails(fcntl(99, F_NOTIFY, DN_CREATE), EBADF, "no file: EBADF");
	fails(fcntl(fd, F_NOTIFY, DN_CREATE), ENOTDIR, "no directory: ENOTDIR");
	is(fcntl(fd, F_NOTIFY, 0), 0, "to end what is not there is no mistake");
	close(fd);
	fd = open(DIR, O_PATH);
	fails(fcntl(fd, F_NOTIFY, DN_CREATE), EBADF, "O_PATH: EBADF");
	close(fd);
	fd = open(DIR, O_RDONLY);
	must(spew("/proc/sys/fs/dir-notify-enable", "0\n") == 0);
	fails(fcntl(fd, F_NOTIFY, DN_CREATE), EINVAL, "dir-notify-enable is 0: EINVAL");
	must(spew("/proc/sys/fs/dir-notify-enable", "1\n") == 0);
	is(fcntl(fd, F_NOTIFY, DN_CREATE), 0, "F_NOTIFY");
	is(fcntl(fd, F_GETOWN), getpid(), "who asks gets the signal");
	close(fd);
}

static void kinds(void)
{
	char c;
	int fd, file;

	fd = watch(DN_CREATE);
	touch(DIR "/new", "");
	touch(DIR "/newer", "");
	once(fd, "DN_CREATE");
	fd = watch(DN_CREATE);
	must(mkdir(DIR "/sub", 0755) == 0);
	once(fd, "DN_CREATE of a directory");
	fd = watch(DN_CREATE);
	touch(DIR "/new", "");
	touch(DIR "/sub/below", "");
	nothing(fd, "DN_CREATE, what was there, and what is deeper");
	fd = watch(DN_MODIFY);
	touch(DIR "/new", "text");
	once(fd, "DN_MODIFY");
	fd = watch(DN_MODIFY);
	must(truncate(DIR "/new", 1) == 0);
	once(fd, "DN_MODIFY of truncate");
	fd = watch(DN_ACCESS);
	file = open(DIR "/new", O_RDONLY);
	must(read(file, &c, 1) == 1);
	once(fd, "DN_ACCESS");
	close(file);
	fd = watch(DN_ATTRIB);
	must(chmod(DIR "/new", 0600) == 0);
	once(fd, "DN_ATTRIB");
	fd = watch(DN_ATTRIB);
	must(chmod(DIR, 0700) == 0);
	once(fd, "DN_ATTRIB of the directory itself");
	fd = watch(DN_RENAME);
	must(rename(DIR "/new", DIR "/old") == 0);
	once(fd, "DN_RENAME");
	fd = watch(DN_RENAME);
	must(rename(DIR "/old", DIR "/sub/old") == 0);
	nothing(fd, "DN_RENAME to another directory");
	fd = watch(DN_CREATE);
	must(rename(DIR "/sub/old", DIR "/old") == 0);
	once(fd, "DN_CREATE of a file that comes by rename");
	fd = watch(DN_DELETE);
	must(rename(DIR "/old", DIR "/sub/old") == 0);
	once(fd, "DN_DELETE of one that leaves by it");
	fd = watch(DN_DELETE);
	must(unlink(DIR "/newer") == 0);
	once(fd, "DN_DELETE");
}

static void requests(void)
{
	siginfo_t si;
	int fd, other, n = 0;

	fd = watch(DN_CREATE | DN_MULTISHOT);
	touch(DIR "/1", "");
	touch(DIR "/2", "");
	while (told(&si) == SIG && si.si_fd == fd)
		n++;
	is(n, 2, "DN_MULTISHOT: again and again");
	is(fcntl(fd, F_NOTIFY, DN_DELETE), 0, "a second request adds to the first");
	touch(DIR "/3", "");
	unlink(DIR "/3");
	ok(told(&si) == SIG && told(&si) == SIG, "both are told");
	forget();
	is(fcntl(fd, F_NOTIFY, 0), 0, "no event: it ends");
	unlink(DIR "/1");
	nothing(fd, "after the end");
	fd = watch(DN_DELETE | DN_MULTISHOT);
	other = watch(DN_DELETE);
	unlink(DIR "/2");
	n = 0;
	while (told(&si) == SIG)
		n += si.si_fd == fd ? 1 : si.si_fd == other ? 10 : 100;
	is(n, 11, "two open files, two signals");
	close(other);
	other = dup(fd);
	close(other);
	touch(DIR "/4", "");
	unlink(DIR "/4");
	nothing(fd, "close of any descriptor of the file");
	fd = watch(DN_CREATE | DN_MULTISHOT);
	close(fd);
	touch(DIR "/5", "");
	is(told(&si), -1, "a closed file: nothing");
	fd = open(DIR, O_RDONLY);
	must(fcntl(fd, F_NOTIFY, DN_DELETE) == 0);
	unlink(DIR "/5");
	is(told(&si), SIGIO, "without F_SETSIG: SIGIO");
	must(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0);
	must(unlink(DIR "/file") == 0 && unlink(DIR "/sub/old") == 0 &&
	     unlink(DIR "/sub/below") == 0);
	must(rmdir(DIR "/sub") == 0 && rmdir(DIR) == 0);
	nothing(fd, "a directory that is removed");
}

int main(void)
{
	must(mkdir(DIR, 0755) == 0);
	touch(DIR "/file", "text");
	sigemptyset(&signals);
	sigaddset(&signals, SIG);
	sigaddset(&signals, SIGIO);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	errors();
	kinds();
	requests();
	return tap_end();
}
