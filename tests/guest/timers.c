// SPDX-License-Identifier: MIT
/* POSIX timers on all clocks, timerfd, signalfd, signals to a pidfd, CPU-time limits. */
#include "textfile.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <sys/signalfd.h>
#include <sys/timerfd.h>

#ifndef TFD_TIMER_ABSTIME
#define TFD_TIMER_ABSTIME 1
#endif

struct ktimerspec {
	struct timespec it_interval, it_value;
};

static volatile int rang, last_value, last_code, last_overrun, last_tid;

static void on_timer(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	rang++;
	last_value = si->si_value.sival_int;
	last_code = si->si_code;
	last_overrun = si->si_overrun;
	last_tid = si->si_timerid;
}

static void catch_timer(int sig)
{
	struct sigaction sa = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO };

	must(sigaction(sig, &sa, NULL) == 0);
}

static struct itimerspec ms(long value, long interval)
{
	return (struct itimerspec){ { interval / 1000, interval % 1000 * 1000000 },
				    { value / 1000, value % 1000 * 1000000 } };
}

static void busy(long millis)
{
	int64_t end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + millis * 1000000ll;

	/* In user mode, mostly. */
	while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		for (volatile int i = 0; i < 100000; i++)
			;
}

static void errors(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99 };
	struct itimerspec its = ms(10, 0), bad = { { 0, 0 }, { 0, 1000000000 } };
	int id;

	fails(syscall(SYS_timer_create, 77, NULL, &id), EINVAL, "timer_create: unknown clock");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC_COARSE, NULL, &id), EOPNOTSUPP,
	      "a coarse clock has no timers");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), EINVAL, "unknown signal");
	ev.sigev_signo = SIGUSR1;
	ev.sigev_notify = 17;
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), EINVAL,
	      "unknown kind of notification");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, (void *)8, &id), EFAULT, "bad event");
	fails(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, (void *)8), EFAULT,
	      "bad id pointer");
	fails(syscall(SYS_timer_settime, 12345, 0, &its, NULL), EINVAL,
	      "timer_settime: no such timer");
	fails(syscall(SYS_timer_gettime, 12345, &its), EINVAL, "timer_gettime: no such timer");
	fails(syscall(SYS_timer_delete, 12345), EINVAL, "timer_delete: no such timer");
	fails(syscall(SYS_timer_getoverrun, 12345), EINVAL, "timer_getoverrun: no such timer");
	must(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id) == 0);
	fails(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL, "too many nanoseconds");
	fails(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL, "no setting");
	is(syscall(SYS_timer_delete, id), 0, "timer_delete");
	fails(syscall(SYS_timer_delete, id), EINVAL, "once only");
}

static void one_clock(int clock, const char *name)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec its = ms(20, 10), got;
	int id;

	rang = 0;
	ev.sigev_value.sival_int = 4711;
	catch_timer(SIGRTMIN + 1);
	must(syscall(SYS_timer_create, clock, &ev, &id) == 0);
	is(syscall(SYS_timer_gettime, id, &got), 0, "%s: timer_gettime", name);
	is(got.it_value.tv_nsec + got.it_value.tv_sec, 0, "%s: not armed", name);
	is(syscall(SYS_timer_settime, id, 0, &its, NULL), 0, "%s: timer_settime", name);
	is(syscall(SYS_timer_gettime, id, &got), 0, "%s: timer_gettime", name);
	ok(got.it_value.tv_sec == 0 && got.it_value.tv_nsec > 0 && got.it_value.tv_nsec <= 30000000,
	   "%s: time left", name);
	is(got.it_interval.tv_nsec, 10000000, "%s: interval", name);
	if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
		for (int i = 0; i < 100 && rang < 3; i++)
			busy(50);
	else
		(void)EVENTUALLY(rang >= 3);
	ok(rang >= 3, "%s: rang %d times", name, rang);
	is(last_value, 4711, "%s: its value", name);
	is(last_code, SI_TIMER, "%s: SI_TIMER", name);
	is(last_tid, id, "%s: its id", name);
	its = ms(0, 0);
	is(syscall(SYS_timer_settime, id, 0, &its, &got), 0, "%s: disarm", name);
	rang = 0;
	sleep_ms(30);
	is(rang, 0, "%s: silence", name);
	is(syscall(SYS_timer_delete, id), 0, "%s: timer_delete", name);
}

static void overrun(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec its = ms(5, 5);
	sigset_t set, old;
	int id;

	catch_timer(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	must(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id) == 0);
	rang = 0;
	must(syscall(SYS_timer_settime, id, 0, &its, NULL) == 0);
	sleep_ms(60);
	sigprocmask(SIG_SETMASK, &old, NULL);
	ok(rang >= 1, "the signal came when it was unblocked");
	ok(syscall(SYS_timer_getoverrun, id) >= 0, "timer_getoverrun");
	syscall(SYS_timer_delete, id);
	/* Ignored, then wanted. */
	signal(SIGUSR1, SIG_IGN);
	must(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id) == 0);
	must(syscall(SYS_timer_settime, id, 0, &its, NULL) == 0);
	sleep_ms(30);
	rang = 0;
	catch_timer(SIGUSR1);
	ok(EVENTUALLY(rang >= 1), "a timer whose signal was ignored goes on");
	syscall(SYS_timer_delete, id);
}

static void timer_fd(void)
{
	struct itimerspec its = ms(20, 10), got;
	struct pollfd p;
	uint64_t n = 0;
	int fd;

	fails(syscall(SYS_timerfd_create, 77, 0), EINVAL, "timerfd_create: unknown clock");
	fails(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 1), EINVAL, "unknown flag");
	fd = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK);
	must(fd >= 0);
	fails(read(fd, &n, 8), EAGAIN, "nothing to read");
	fails(read(fd, &n, 4), EINVAL, "too small a buffer");
	fails(syscall(SYS_timerfd_settime, fd, 99, &its, NULL), EINVAL, "unknown flag");
	fails(syscall(SYS_timerfd_settime, 0, 0, &its, NULL), EINVAL, "not a timerfd");
	fails(syscall(SYS_timerfd_settime, 999, 0, &its, NULL), EBADF, "not open");
	is(syscall(SYS_timerfd_settime, fd, 0, &its, NULL), 0, "timerfd_settime");
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	is(poll(&p, 1, 20000), 1, "poll");
	is(read(fd, &n, 8), 8, "read");
	ok(n >= 1, "expirations: %d", (int)n);
	sleep_ms(55);
	is(read(fd, &n, 8), 8, "read");
	ok(n >= 3, "expirations: %d", (int)n);
	is(syscall(SYS_timerfd_gettime, fd, &got), 0, "timerfd_gettime");
	is(got.it_interval.tv_nsec, 10000000, "interval");
	its = ms(0, 0);
	is(syscall(SYS_timerfd_settime, fd, 0, &its, NULL), 0, "disarm");
	sleep_ms(20);
	fails(read(fd, &n, 8), EAGAIN, "silence");
	close(fd);
}

static void signal_fd(void)
{
	struct signalfd_siginfo si[2];
	struct pollfd p;
	uint64_t mask = 1ull << (SIGUSR2 - 1) | 1ull << (SIGRTMIN + 3 - 1);
	union sigval v = { .sival_int = 99 };
	sigset_t set, old;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, &old);
	fails(syscall(SYS_signalfd4, -1, &mask, 4, 0), EINVAL, "signalfd4: size of the mask");
	fails(syscall(SYS_signalfd4, -1, &mask, 8, 1), EINVAL, "unknown flag");
	fails(syscall(SYS_signalfd4, 0, &mask, 8, 0), EINVAL, "not a signalfd");
	fd = (int)syscall(SYS_signalfd4, -1, &mask, 8, SFD_NONBLOCK);
	must(fd >= 0);
	fails(read(fd, si, sizeof(si)), EAGAIN, "nothing there");
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	is(poll(&p, 1, 0), 0, "poll: nothing");
	kill(getpid(), SIGUSR2);
	sigqueue(getpid(), SIGRTMIN + 3, v);
	is(poll(&p, 1, 0), 1, "poll: something");
	is(read(fd, si, sizeof(si)), 2 * (int)sizeof(si[0]), "two signals in one read");
	is(si[0].ssi_signo, SIGUSR2, "the first");
	is(si[0].ssi_code, SI_USER, "from kill");
	is(si[0].ssi_pid, getpid(), "from here");
	is(si[1].ssi_signo, SIGRTMIN + 3, "the second");
	is(si[1].ssi_int, 99, "with its value");
	close(fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void pid_fd(void)
{
	pid_t pid = fork();
	int fd, status;
	struct pollfd p;

	if (!pid) {
		for (;;)
			pause();
	}
	fd = (int)syscall(434, pid, 0);
	ok(fd >= 0, "pidfd_open");
	is(syscall(424, fd, 0, NULL, 0), 0, "pidfd_send_signal: is it there");
	fails(syscall(424, fd, 99, NULL, 0), EINVAL, "unknown signal");
	fails(syscall(424, fd, SIGTERM, NULL, 1), EINVAL, "unknown flag");
	fails(syscall(424, 999, SIGTERM, NULL, 0), EBADF, "not open");
	fails(syscall(424, 0, SIGTERM, NULL, 0), EBADF, "not a pidfd");
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	is(poll(&p, 1, 0), 0, "it lives");
	is(syscall(424, fd, SIGTERM, NULL, 0), 0, "pidfd_send_signal");
	is(poll(&p, 1, 20000), 1, "poll tells of its end");
	is(waitpid(pid, &status, 0), pid, "waitpid");
	is(status, SIGTERM, "died of it");
	fails(syscall(424, fd, SIGTERM, NULL, 0), ESRCH, "and is gone");
	close(fd);
}

static volatile int xcpu;
static void on_xcpu(int sig)
{
	(void)sig;
	xcpu++;
}

static void cpu_hog(void)
{
	struct rlimit r = { 1, 2 };

	signal(SIGXCPU, on_xcpu);
	setrlimit(RLIMIT_CPU, &r);
	for (;;)
		if (xcpu > 50)
			_exit(1);
}

static void cpu_limits(void)
{
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } }, off = { 0 }, got;

	is(in_child(cpu_hog), SIGKILL, "RLIMIT_CPU: SIGKILL at the hard limit");
	catch_timer(SIGVTALRM);
	catch_timer(SIGPROF);
	rang = 0;
	must(setitimer(ITIMER_VIRTUAL, &it, NULL) == 0);
	for (int i = 0; i < 100 && rang < 1; i++)
		busy(150);
	setitimer(ITIMER_VIRTUAL, &off, &got);
	ok(rang >= 1, "ITIMER_VIRTUAL rang %d times", rang);
	rang = 0;
	must(setitimer(ITIMER_PROF, &it, NULL) == 0);
	for (int i = 0; i < 100 && rang < 2; i++)
		busy(150);
	setitimer(ITIMER_PROF, &off, &got);
	ok(rang >= 2, "ITIMER_PROF rang %d times", rang);
	fails(setitimer(7, &it, NULL), EINVAL, "setitimer: unknown timer");
	fails(getitimer(7, &got), EINVAL, "getitimer: unknown timer");
	it.it_value.tv_usec = 1000000;
	fails(setitimer(ITIMER_REAL, &it, NULL), EINVAL, "setitimer: too many microseconds");
}

static void sleeps(void)
{
	struct timespec t = { 0, 20000000 }, bad = { 0, -1 }, abs;
	int64_t before;

	is(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &bad, NULL), -1,
	   "clock_nanosleep: negative");
	fails(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL), EOPNOTSUPP,
	      "on one's own CPU time");
	fails(syscall(SYS_clock_nanosleep, 77, 0, &t, NULL), EINVAL, "unknown clock");
	fails(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_COARSE, 0, &t, NULL), EOPNOTSUPP,
	      "coarse clock");
	fails(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (void *)8, NULL), EFAULT,
	      "bad pointer");
	before = now_ns(CLOCK_MONOTONIC); /* first: time may pass between the two */
	clock_gettime(CLOCK_REALTIME, &abs);
	abs.tv_nsec += 30000000;
	if (abs.tv_nsec >= 1000000000) {
		abs.tv_sec++;
		abs.tv_nsec -= 1000000000;
	}
	is(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 1, &abs, NULL), 0, "until a time of day");
	ok(now_ns(CLOCK_MONOTONIC) - before > 29000000, "not too short");
}

/* A child that sleeps @ms of @clock is stopped and continued meanwhile. False: it was over too soon for that. */
static bool stopped_once(int clock, long ms, int *status)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 }, left;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(syscall(SYS_clock_nanosleep, clock, 0, &t, &left) != 0);
	while (!sleeps_in(pid, SYS_clock_nanosleep) && waitpid(pid, status, WNOHANG) == 0)
		sleep_ms(1);
	kill(pid, SIGSTOP);
	if (waitpid(pid, status, WUNTRACED) != pid || !WIFSTOPPED(*status))
		return false;
	kill(pid, SIGCONT);
	must(waitpid(pid, status, 0) == pid);
	return true;
}

/* It sleeps on, to the same end. */
static void stopped_sleep(int clock, const char *name)
{
	int64_t before, took;
	int status;
	long ms = 100;

	do {
		ms *= 2;
		before = now_ns(CLOCK_MONOTONIC);
	} while (!stopped_once(clock, ms, &status) && ms < 20000);
	took = now_ns(CLOCK_MONOTONIC) - before;
	ok(status == 0 && took >= ms * 1000000, "%s: a sleep goes on after a stop", name);
}

int main(void)
{
	errors();
	one_clock(CLOCK_MONOTONIC, "monotonic");
	one_clock(CLOCK_REALTIME, "realtime");
	one_clock(CLOCK_BOOTTIME, "boottime");
	one_clock(CLOCK_PROCESS_CPUTIME_ID, "process time");
	one_clock(CLOCK_THREAD_CPUTIME_ID, "thread time");
	overrun();
	timer_fd();
	signal_fd();
	pid_fd();
	cpu_limits();
	sleeps();
	stopped_sleep(CLOCK_MONOTONIC, "monotonic");
	stopped_sleep(CLOCK_REALTIME, "realtime");
	stopped_sleep(CLOCK_BOOTTIME, "boottime");
	return tap_end();
}
