// SPDX-License-Identifier: MIT
/* Leases: F_SETLEASE, F_GETLEASE (fcntl(2)), how opening and truncating break them, /proc/locks. */
#include "textfile.h"

#include <sys/time.h>

#define NAME "/tmp/leased"

static int *released; /* shared with children */

static int lease(int fd, int type)
{
	return fcntl(fd, F_SETLEASE, type);
}

static int opened(int flags)
{
	int fd = open(NAME, flags);

	must(fd >= 0);
	return fd;
}

/* The next @sig within ten seconds; false: none came. */
static bool told(int sig, siginfo_t *si)
{
	struct timespec ten = { 10, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigtimedwait(&set, si, &ten) == sig;
}

static bool quiet(int sig)
{
	sigset_t set;

	sigpending(&set);
	return !sigismember(&set, sig);
}

/* The line of /proc/locks for the lease of this process, from its kind to the pid. */
static const char *shown(void)
{
	static char line[128];
	char pid[32];

	snprintf(pid, sizeof(pid), " %d ", getpid());
	for (char *l = slurp("/proc/locks"); l && *l; l = strchr(l, '\n')) {
		l += *l == '\n';
		if (sscanf(l, "%*d: LEASE %127[^\n]", line) == 1 && strstr(line, pid)) {
			*strstr(line, pid) = 0;
			return line;
		}
	}
	return "none";
}

static void shows(const char *want, const char *what)
{
	const char *got = shown();

	if (!ok(!strcmp(got, want), "%s", what))
		printf("# got \"%s\"\n", got);
}

static void of_nobody(void)
{
	int fd;

	must(setuid(65534) == 0);
	fd = open(NAME, O_RDONLY);
	fails(lease(fd, F_RDLCK), EACCES, "the file of another user: EACCES");
	fails(lease(fd, F_UNLCK), EACCES, "F_UNLCK, too");
	is(fcntl(fd, F_GETLEASE), F_UNLCK, "but one may ask");
	_exit(tap_failed);
}

static void errors(void)
{
	int fd = opened(O_RDONLY), other;

	fails(fcntl(99, F_SETLEASE, F_RDLCK), EBADF, "no file: EBADF");
	fails(lease(fd, 7), EINVAL, "an unknown type: EINVAL");
	fails(lease(fd, F_UNLCK), EAGAIN, "no lease to end: EAGAIN");
	is(fcntl(fd, F_GETLEASE), F_UNLCK, "F_GETLEASE: none");
	other = open("/tmp", O_RDONLY);
	fails(lease(other, F_RDLCK), EINVAL, "a directory: EINVAL");
	close(other);
	other = opened(O_PATH);
	fails(lease(other, F_RDLCK), EBADF, "O_PATH: EBADF");
	close(other);
	other = opened(O_RDONLY);
	fails(lease(fd, F_WRLCK), EAGAIN, "a write lease while it is open twice: EAGAIN");
	close(other);
	other = opened(O_RDWR);
	fails(lease(fd, F_RDLCK), EAGAIN, "a read lease while it is open for writing: EAGAIN");
	close(fd);
	fails(lease(other, F_RDLCK), EAGAIN, "also by oneself: EAGAIN");
	is(lease(other, F_WRLCK), 0, "a write lease of who alone has it open");
	is(fcntl(other, F_GETLEASE), F_WRLCK, "F_GETLEASE: F_WRLCK");
	is(lease(other, F_UNLCK), 0, "it ends");
	close(other);
	must(spew("/proc/sys/fs/leases-enable", "0\n") == 0);
	fd = opened(O_RDONLY);
	fails(lease(fd, F_RDLCK), EINVAL, "leases-enable is 0: EINVAL");
	must(spew("/proc/sys/fs/leases-enable", "1\n") == 0);
	close(fd);
	tap_count += 3 * (in_child(of_nobody) == 0);
	is(number_in("/proc/sys/fs/lease-break-time", ""), 45, "lease-break-time is 45");
}

static void sharing(void)
{
	int a = opened(O_RDONLY), b = opened(O_RDONLY), c;

	ok(lease(a, F_RDLCK) == 0 && lease(b, F_RDLCK) == 0, "two read leases");
	is(fcntl(a, F_GETOWN), getpid(), "the holder gets the signal");
	c = opened(O_RDONLY | O_NONBLOCK);
	ok(c >= 0 && quiet(SIGIO), "opening for reading does not break them");
	close(c);
	c = dup(a);
	is(fcntl(c, F_GETLEASE), F_RDLCK, "a lease is the open file's, not the descriptor's");
	close(a);
	is(fcntl(c, F_GETLEASE), F_RDLCK, "one descriptor is left");
	is(lease(c, F_UNLCK), 0, "it ends");
	is(fcntl(b, F_GETLEASE), F_RDLCK, "the other does not");
	close(c);
	close(b);
	a = opened(O_RDWR);
	is(lease(a, F_WRLCK), 0, "with the last close the rest do");
	close(a);
}

static void nonblocking(void)
{
	int fd = opened(O_RDONLY), w;
	siginfo_t si;

	must(lease(fd, F_RDLCK) == 0);
	shows("ACTIVE    READ", "/proc/locks: active, read");
	fails(open(NAME, O_WRONLY | O_NONBLOCK), EWOULDBLOCK, "for writing: EWOULDBLOCK");
	ok(told(SIGIO, &si), "SIGIO");
	is(fcntl(fd, F_GETLEASE), F_UNLCK, "F_GETLEASE: it shall end");
	shows("BREAKING  UNLCK", "/proc/locks: breaking");
	fails(open(NAME, O_WRONLY | O_NONBLOCK), EWOULDBLOCK, "again");
	ok(quiet(SIGIO), "the holder is told once");
	is(open(NAME, O_RDONLY | O_NONBLOCK) >= 0, 1, "a reader passes");
	is(lease(fd, F_UNLCK), 0, "the holder lets go");
	w = open(NAME, O_WRONLY | O_NONBLOCK);
	ok(w >= 0, "then it opens");
	shows("none", "/proc/locks: nothing");
	close(w);
	close(fd);
	close(fd + 1);
}

static void downgrade(void)
{
	int fd = opened(O_RDONLY), sig = SIGRTMIN + 1, r;
	siginfo_t si;

	must(fcntl(fd, F_SETSIG, sig) == 0);
	is(lease(fd, F_WRLCK), 0, "a write lease of a reader");
	fails(open(NAME, O_RDONLY | O_NONBLOCK), EWOULDBLOCK, "for reading: EWOULDBLOCK");
	ok(told(sig, &si) && si.si_fd == fd && si.si_code == 3, "F_SETSIG: si_fd, POLL_MSG");
	is(fcntl(fd, F_GETLEASE), F_RDLCK, "F_GETLEASE: it shall be one for reading");
	is(lease(fd, F_RDLCK), 0, "the holder lowers it");
	r = open(NAME, O_RDONLY | O_NONBLOCK);
	ok(r >= 0 && fcntl(fd, F_GETLEASE) == F_RDLCK, "then both have it");
	close(r);
	is(lease(fd, F_WRLCK), 0, "and raises it again");
	is(lease(fd, F_UNLCK), 0, "it ends");
	ok(fcntl(fd, F_GETSIG) == 0 && fcntl(fd, F_GETOWN) == 0, "and with it signal and owner");
	close(fd);
}

static void open_for_writing(void)
{
	int fd = open(NAME, O_WRONLY);

	_exit(fd >= 0 && *released ? 0 : 1);
}

static void cut(void)
{
	_exit(truncate(NAME, 1) == 0 && *released ? 0 : 1);
}

static void nothing(int sig)
{
	(void)sig;
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	_exit(open(NAME, O_WRONLY) == -1 && errno == EINTR ? 0 : 1);
}

/* @fn breaks the lease in a child and finishes once it is released. */
static void waiting(void (*fn)(void), const char *what)
{
	int fd = opened(O_RDONLY), status;
	siginfo_t si;
	pid_t pid;

	*released = 0;
	must(lease(fd, F_RDLCK) == 0);
	fflush(stdout);
	pid = fork();
	if (!pid)
		fn();
	ok(told(SIGIO, &si), "%s: the holder hears", what);
	*released = 1;
	is(lease(fd, F_UNLCK), 0, "%s: and lets go", what);
	must(waitpid(pid, &status, 0) == pid);
	is(status, 0, "%s waits for it", what);
	close(fd);
}

static void waiters(void)
{
	int fd = opened(O_RDONLY);
	siginfo_t si;

	waiting(open_for_writing, "open");
	waiting(cut, "truncate");
	must(lease(fd, F_RDLCK) == 0);
	is(in_child(interrupted), 0, "a signal ends the wait: EINTR");
	told(SIGIO, &si);
	close(fd);
	fd = opened(O_RDONLY);
	must(spew("/proc/sys/fs/lease-break-time", "1\n") == 0);
	must(lease(fd, F_RDLCK) == 0);
	*released = 1;
	is(in_child(open_for_writing), 0, "a holder that does not answer loses it in time");
	is(fcntl(fd, F_GETLEASE), F_UNLCK, "F_GETLEASE: none");
	told(SIGIO, &si);
	fails(lease(fd, F_UNLCK), EAGAIN, "there is none to end");
	must(spew("/proc/sys/fs/lease-break-time", "45\n") == 0);
	close(fd);
}

int main(void)
{
	sigset_t set;
	int fd;

	released = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(released != MAP_FAILED);
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = open(NAME, O_CREAT | O_RDWR, 0644);
	must(fd >= 0 && write(fd, "leased", 6) == 6);
	close(fd);
	errors();
	sharing();
	nonblocking();
	downgrade();
	waiters();
	return tap_end();
}
