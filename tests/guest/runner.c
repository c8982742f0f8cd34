// SPDX-License-Identifier: MIT
/*
 * The guest's side of tests/run-guest: runs test programs one after the other and joins their TAP
 * into one stream, each line with the name of its program. A program that dies, hangs or forgets
 * its plan is a failed test.
 *	runner SECONDS PROGRAM...
 */
#include "tap.h"

#include <poll.h>

static int number, failed;

static void result(bool good, const char *name, const char *what)
{
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++number, name, what);
	failed += !good;
}

/* Each "ok" of the program is one of ours; true when this was its plan. */
static bool line(const char *name, char *s, int *asserted)
{
	bool bad = !strncmp(s, "not ok", 6);
	char *what;
	int n;

	if (bad || !strncmp(s, "ok", 2)) {
		what = strstr(s, " - ");
		result(!bad || strstr(s, "# TODO"), name, what ? what + 3 : s);
		++*asserted;
		return false;
	}
	if (sscanf(s, "1..%d", &n) == 1)
		return n == *asserted;
	printf("%s%s\n", *s == '#' ? "" : "# ", s);
	return false;
}

static pid_t start(const char *path, int *fd)
{
	int p[2];
	pid_t pid;

	must(pipe(p) == 0);
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		setsid();
		dup2(p[1], 1);
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		execl(path, path, NULL);
		_exit(127);
	}
	close(p[1]);
	*fd = p[0];
	return pid;
}

static void run(const char *path, int seconds)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	int64_t end = now_ns(CLOCK_MONOTONIC) + seconds * 1000000000ll;
	static char buf[65536];
	size_t len = 0;
	int fd, status = 0, asserted = 0;
	bool planned = false, in_time = true;
	char why[80];
	pid_t pid = start(path, &fd);

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = (end - now_ns(CLOCK_MONOTONIC)) / 1000000;
		ssize_t n = 0;
		char *nl;

		in_time = left > 0 && poll(&p, 1, (int)left) > 0;
		if (in_time)
			n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			break;
		len += n;
		buf[len] = '\0';
		while ((nl = strchr(buf, '\n'))) {
			*nl = '\0';
			planned |= line(name, buf, &asserted);
			len -= nl + 1 - buf;
			memmove(buf, nl + 1, len + 1);
		}
		if (len == sizeof(buf) - 1)
			len = 0;
	}
	if (!in_time)
		kill(-pid, SIGKILL);
	close(fd);
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL); /* what it left behind */
	if (!in_time) {
		snprintf(why, sizeof(why), "ends within %d seconds", seconds);
		result(false, name, why);
	} else if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "is not killed (signal %d)", WTERMSIG(status));
		result(false, name, why);
	} else if (!planned) {
		snprintf(why, sizeof(why), "goes to its end (status %d)", WEXITSTATUS(status));
		result(false, name, why);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		run(argv[i], atoi(argv[1]));
	printf("1..%d\n", number);
	return failed ? 1 : 0;
}
