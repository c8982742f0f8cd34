/* SPDX-License-Identifier: MIT */
/*
 * A guest test is an ordinary static Linux program that prints TAP. It must pass on Linux first.
 * Helpers here: assertions, children, and a catcher of signals with their siginfo.
 */
#ifndef TAP_H
#define TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 3, 4), unused)) static bool tap_ok(bool good, int line,
								  const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# line %d, errno %d (%s)\n", line, saved, strerror(saved));
	}
	fflush(stdout);
	errno = saved;
	return good;
}

/* The condition holds. */
#define ok(cond, ...) tap_ok(cond, __LINE__, __VA_ARGS__)

/* The call returns -1 with this errno. */
#define fails(call, err, ...)                                                                      \
	do {                                                                                       \
		long tap_r;                                                                        \
		errno = 0;                                                                         \
		tap_r = (long)(call);                                                              \
		if (!tap_ok(tap_r == -1 && errno == (err), __LINE__, __VA_ARGS__))                 \
			printf("# returned %ld, wanted %s\n", tap_r, #err);                        \
	} while (0)

/* Two numbers are equal; both are printed when not. */
#define is(got, want, ...)                                                                         \
	do {                                                                                       \
		long long tap_g = (long long)(got), tap_w = (long long)(want);                     \
		if (!tap_ok(tap_g == tap_w, __LINE__, __VA_ARGS__))                                \
			printf("# got %lld, wanted %lld\n", tap_g, tap_w);                         \
	} while (0)

__attribute__((unused)) static int tap_end(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failed ? 1 : 0;
}

/* Without these the test cannot go on. */
#define must(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("not ok %d - needs %s\n# line %d, errno %d (%s)\n", ++tap_count,    \
			       #cond, __LINE__, errno, strerror(errno));                           \
			fflush(stdout);                                                            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* Run fn in a child; its wait status. */
__attribute__((unused)) static int in_child(void (*fn)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fn();
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

#define EXITED(n) ((n) << 8)

__attribute__((unused)) static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/*
 * Wait until @cond holds, half a minute at most, and tell whether it does: for all that happens by itself, sooner or later
 * (another task gets so far, memory comes back, a kernel thread does its work). No time but this is ever long enough.
 */
#define EVENTUALLY(cond)                                                                           \
	({                                                                                         \
		bool ev_holds;                                                                     \
		for (int ev_i = 0; !(ev_holds = (cond)) && ev_i < 6000; ev_i++)                    \
			sleep_ms(5);                                                               \
		ev_holds;                                                                          \
	})

__attribute__((unused)) static int64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* --- catching a fault --- */

static sigjmp_buf tap_jump;
static siginfo_t tap_info;

__attribute__((unused)) static void tap_catch(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	tap_info = *si;
	siglongjmp(tap_jump, 1);
}

__attribute__((unused)) static void catch_signal(int sig)
{
	struct sigaction sa = { .sa_sigaction = tap_catch, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(sig, &sa, NULL);
}

/* True when the statement raised a signal that is caught; tap_info tells which. */
#define FAULTS(stmt)                                                                               \
	({                                                                                         \
		volatile bool tap_f = true;                                                        \
		memset(&tap_info, 0, sizeof(tap_info));                                            \
		if (!sigsetjmp(tap_jump, 1)) {                                                     \
			stmt;                                                                      \
			tap_f = false;                                                             \
		}                                                                                  \
		tap_f;                                                                             \
	})

#define PAGE 4096ul

#endif
