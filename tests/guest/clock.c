// SPDX-License-Identifier: MIT
/* Clocks, sleeping, interval timers, timerfd-free. */
#include "tap.h"

#include <sys/auxv.h>
#include <sys/time.h>
#include <sys/times.h>

static void clocks(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME,	   CLOCK_MONOTONIC,
					 CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
					 CLOCK_MONOTONIC_RAW,	   CLOCK_REALTIME_COARSE,
					 CLOCK_MONOTONIC_COARSE,   CLOCK_BOOTTIME };
	struct timespec ts, res;
	struct timeval tv;
	bool forward = true;
	time_t seconds;
	int64_t before, a;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		ok(clock_gettime(all[i], &ts) == 0 && ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000,
		   "clock_gettime %d", all[i]);
		ok(clock_getres(all[i], &res) == 0 && res.tv_sec == 0 && res.tv_nsec > 0,
		   "clock_getres %d", all[i]);
	}
	fails(clock_gettime(77, &ts), EINVAL, "clock_gettime: unknown clock");
	fails(syscall(SYS_clock_getres, 77, &ts), EINVAL, "clock_getres: unknown clock");
	before = now_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < 100000; i++) {
		a = now_ns(CLOCK_MONOTONIC);
		forward &= a >= before;
		before = a;
	}
	ok(forward, "the monotonic clock never goes back");
	ok(now_ns(CLOCK_REALTIME) / 1000000000 > 1600000000, "it is after 2020");
	seconds = time(NULL);
	gettimeofday(&tv, NULL);
	ok(tv.tv_sec >= seconds && tv.tv_sec <= time(NULL) + 1, "gettimeofday and time agree");
	ok(now_ns(CLOCK_BOOTTIME) >= now_ns(CLOCK_MONOTONIC) - 1000000, "boot time");
	before = now_ns(CLOCK_MONOTONIC);
	is(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts), 0, "the system call");
	a = ts.tv_sec * 1000000000ll + ts.tv_nsec;
	ok(before <= a && a <= now_ns(CLOCK_MONOTONIC), "and the vDSO agree");
	ok(getauxval(AT_SYSINFO_EHDR) != 0, "there is a vDSO");
}

static void sleeping(void)
{
	struct timespec ts = { 0, 50000000 }, bad = { 0, 1000000000 }, at;
	int64_t t = now_ns(CLOCK_MONOTONIC);

	is(nanosleep(&ts, NULL), 0, "nanosleep");
	ok(now_ns(CLOCK_MONOTONIC) - t >= 50000000, "never too short");
	fails(nanosleep(&bad, NULL), EINVAL, "nanosleep: 10^9 nanoseconds");
	bad = (struct timespec){ -1, 0 };
	fails(nanosleep(&bad, NULL), EINVAL, "nanosleep: negative");
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += 30000000;
	if (at.tv_nsec >= 1000000000)
		at.tv_nsec -= 1000000000, at.tv_sec++;
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL), 0, "clock_nanosleep: until");
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ok(ts.tv_sec > at.tv_sec || (ts.tv_sec == at.tv_sec && ts.tv_nsec >= at.tv_nsec),
	   "not before");
	is(clock_nanosleep(77, 0, &ts, NULL), EINVAL, "clock_nanosleep: unknown clock");
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){ 0, 0 }, NULL), 0,
	   "clock_nanosleep: the past");
}

static volatile int ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static void timers(void)
{
	struct itimerval it = { { 0, 10000 }, { 0, 10000 } }, old;
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec its = { { 0, 10000000 }, { 0, 10000000 } };
	unsigned int rest;
	timer_t id;

	signal(SIGALRM, tick);
	is(setitimer(ITIMER_REAL, &it, NULL), 0, "setitimer");
	while (ticks < 5)
		pause();
	ok(getitimer(ITIMER_REAL, &old) == 0 && old.it_interval.tv_usec == 10000, "getitimer");
	it = (struct itimerval){ .it_value = { 1000, 0 } };
	setitimer(ITIMER_REAL, &it, NULL);
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, &old);
	ok(old.it_value.tv_sec >= 900 && old.it_value.tv_sec <= 1000, "what was left");
	fails(setitimer(77, &it, NULL), EINVAL, "setitimer: unknown timer");
	is(alarm(1000), 0, "alarm");
	rest = alarm(0);
	ok(rest >= 900 && rest <= 1000, "alarm: the rest of the old one");
	ticks = 0;
	signal(SIGPROF, tick);
	it.it_value.tv_usec = 20000;
	setitimer(ITIMER_PROF, &it, NULL);
	for (int64_t t = now_ns(CLOCK_MONOTONIC);
	     !ticks && now_ns(CLOCK_MONOTONIC) - t < 30000000000;)
		;
	is(ticks, 1, "ITIMER_PROF counts processor time");
	ticks = 0;
	signal(SIGUSR1, tick);
	if (ok(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0, "timer_create")) {
		timer_settime(id, 0, &its, NULL);
		while (ticks < 3)
			pause();
		is(timer_delete(id), 0, "timer_delete");
	}
}

static void processor_time(void)
{
	struct tms a, b;
	int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID), start, cost = 50000000;

	times(&a);
	for (start = now_ns(CLOCK_MONOTONIC); now_ns(CLOCK_MONOTONIC) - start < 100000000;)
		;
	times(&b);
	ok(now_ns(CLOCK_PROCESS_CPUTIME_ID) - before > 20000000, "work costs processor time");
	ok(b.tms_utime + b.tms_stime - a.tms_utime - a.tms_stime >= 2, "times() shows it");
	/* On a busy host the time in which the machine stood still counts as work: one of a few sleeps is undisturbed. */
	for (int i = 0; i < 50 && cost >= 50000000; i++) {
		before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		sleep_ms(100);
		cost = now_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
	}
	ok(cost < 50000000, "sleep does not");
}

int main(void)
{
	clocks();
	sleeping();
	timers();
	processor_time();
	return tap_end();
}
