// SPDX-License-Identifier: MIT
/*
 * The guest's side of tests/run-guest: runs test programs one after the other and joins their TAP
 * into one stream, each line with the name of its program. A program that dies, hangs or forgets
 * its plan is a failed test.
 *	runner SECONDS PROGRAM...
 */
#include "tap.h"

#include <dirent.h>
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

struct reader {
	const char *name;
	int fd, asserted;
	bool planned;
	size_t len;
	char buf[65536];
};

/* Read what is there within ms; false when nothing came or the pipe has ended. */
static bool some_lines(struct reader *r, int ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	ssize_t n;
	char *nl;

	if (poll(&p, 1, ms) <= 0)
		return false;
	n = read(r->fd, r->buf + r->len, sizeof(r->buf) - 1 - r->len);
	if (n <= 0)
		return false;
	r->len += n;
	r->buf[r->len] = '\0';
	while ((nl = strchr(r->buf, '\n'))) {
		*nl = '\0';
		r->planned |= line(r->name, r->buf, &r->asserted);
		r->len -= nl + 1 - r->buf;
		memmove(r->buf, nl + 1, r->len + 1);
	}
	if (r->len == sizeof(r->buf) - 1)
		r->len = 0;
	return true;
}

/* Kill whoever is left of the session @sid; how many there are, with those that are not buried yet. */
static int kill_session(pid_t sid)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int left = 0;

	while (dir && (entry = readdir(dir))) {
		char path[300], stat[512] = "", *name_end;
		pid_t pid = atoi(entry->d_name);
		int session, fd;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		if (pid <= 0 || (fd = open(path, O_RDONLY)) < 0)
			continue;
		(void)!read(fd, stat, sizeof(stat) - 1);
		close(fd);
		name_end = strrchr(stat, ')');
		if (name_end && sscanf(name_end + 1, " %*c %*d %*d %d", &session) == 1 &&
		    session == sid) {
			kill(pid, SIGKILL);
			left++;
		}
	}
	if (dir)
		closedir(dir);
	return left;
}

static void run(const char *path, int seconds)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + seconds * 1000000000ll;
	static struct reader r;
	int status = 0;
	bool ended = false;
	char why[80];
	pid_t pid;

	r.name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	r.asserted = 0;
	r.planned = false;
	r.len = 0;
	pid = start(path, &r.fd);
	while (!ended && now_ns(CLOCK_MONOTONIC) < end) {
		some_lines(&r, 100);
		ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	kill(-pid, SIGKILL); /* itself, or what it left behind */
	if (!ended)
		waitpid(pid, &status, 0);
	/* Until init has buried them: the next test counts what is free, mapped or committed. */
	for (int i = 0; i < 3000 && kill_session(pid); i++)
		sleep_ms(10);
	while (some_lines(&r, 0))
		;
	close(r.fd);
	if (!ended) {
		snprintf(why, sizeof(why), "ends within %d seconds", seconds);
		result(false, r.name, why);
	} else if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "is not killed (signal %d)", WTERMSIG(status));
		result(false, r.name, why);
	} else if (!r.planned) {
		snprintf(why, sizeof(why), "goes to its end (status %d)", WEXITSTATUS(status));
		result(false, r.name, why);
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
