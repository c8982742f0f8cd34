// SPDX-License-Identifier: MIT
/*
 * Who would be killed for want of memory: /proc/PID/oom_score to the number, oom_score_adj and oom_adj, processes that share
 * memory, vfork, rights, knobs; and what /proc/mm/oom tells of a kill, and the reaper (oracle: none, /proc/mm and
 * /dev/mmtest are Quire's).
 */
#include "tap.h"

#include "../../include/drivers/mmtest.h"
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

static long number_in(const char *path, const char *name)
{
	char line[256];
	long n = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name))) {
			n = atol(line + strlen(name));
			break;
		}
	fclose(f);
	return n;
}

static const char *path_of(pid_t pid, const char *file)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return path;
}

static long value_of(pid_t pid, const char *file)
{
	return number_in(path_of(pid, file), "");
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0)
		return -1;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -1;
	close(fd);
	return ret;
}

/* A child that holds @mb, ready. */
static pid_t holder(long mb)
{
	int fds[2];
	pid_t pid;
	char c;

	must(!pipe(fds));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		char *p = malloc(mb << 20);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(p, 1, mb << 20);
		(void)!write(fds[1], p, 1);
		for (;;)
			pause();
	}
	must(read(fds[0], &c, 1) == 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static long expected(pid_t pid, long adj)
{
	long total = (number_in("/proc/meminfo", "MemTotal:") +
		      number_in("/proc/meminfo", "SwapTotal:")) /
		     4;
	const char *status = path_of(pid, "status");
	long points = (number_in(status, "VmRSS:") + number_in(status, "VmSwap:") +
		       number_in(status, "VmPTE:")) /
		      4;

	points += adj * (total / 1000);
	return (1000 + points * 1000 / total) * 2 / 3;
}

static void check_score(pid_t pid, const char *adj)
{
	long got, want = expected(pid, atol(adj));

	must(!put(path_of(pid, "oom_score_adj"), adj));
	got = value_of(pid, "oom_score");
	if (!ok(labs(got - want) <= 1, "oom_score with oom_score_adj %s", adj))
		printf("# %ld, wanted %ld\n", got, want);
}

static void scores(void)
{
	pid_t pid = holder(24);

	check_score(pid, "0");
	check_score(pid, "300");
	check_score(pid, "1000");
	check_score(pid, "-200");
	must(!put(path_of(pid, "oom_score_adj"), "-1000"));
	is(value_of(pid, "oom_score"), 0, "-1000: 0");
	fails(put(path_of(pid, "oom_score_adj"), "1001"), EINVAL, "1001");
	fails(put(path_of(pid, "oom_score_adj"), "x"), EINVAL, "not a number");
	must(!put(path_of(pid, "oom_adj"), "15"));
	is(value_of(pid, "oom_score_adj"), 1000, "oom_adj 15 is 1000");
	must(!put(path_of(pid, "oom_adj"), "8"));
	is(value_of(pid, "oom_score_adj"), 470, "oom_adj 8 is 470");
	is(value_of(pid, "oom_adj"), 7, "and reads as 7");
	fails(put(path_of(pid, "oom_adj"), "16"), EINVAL, "oom_adj 16");
	must(!put(path_of(pid, "oom_adj"), "-17"));
	is(value_of(pid, "oom_score_adj"), -1000, "oom_adj -17 is -1000");
	end(pid);
}

static void rights(void)
{
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		must(!put("/proc/self/oom_score_adj", "100"));
		must(!setuid(65534));
		prctl(PR_SET_DUMPABLE, 1);
		if (put("/proc/self/oom_score_adj", "200"))
			_exit(1);
		if (put("/proc/self/oom_score_adj", "100"))
			_exit(2);
		if (!put("/proc/self/oom_score_adj", "99") || errno != EACCES)
			_exit(3);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	is(status, 0, "without rights: not below what root set (EACCES)");
}

static char stack[16384] __attribute__((aligned(16)));

static int wait_here(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static void sharers(void)
{
	pid_t pid = clone(wait_here, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL), child;
	int fds[2];

	must(pid > 0);
	must(!put("/proc/self/oom_score_adj", "321"));
	is(value_of(pid, "oom_score_adj"), 321,
	   "a process that shares the memory gets the same oom_score_adj");
	must(!put("/proc/self/oom_score_adj", "0"));
	end(pid);

	must(!pipe(fds));
	pid = fork();
	must(pid >= 0);
	if (!pid && !vfork()) {
		child = getpid();
		(void)!write(fds[1], &child, sizeof(child));
		for (;;)
			pause();
	}
	must(read(fds[0], &child, sizeof(child)) == sizeof(child));
	is(value_of(child, "oom_score"), 0,
	   "between vfork and exec: 0, the memory is the parent's");
	kill(child, SIGKILL);
	end(pid);
	close(fds[0]);
	close(fds[1]);
}

static void knob(const char *name, const char *good, const char *bad)
{
	char path[64], old[16];
	long was;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	was = number_in(path, "");
	ok(!put(path, good) && number_in(path, "") == atol(good), "%s takes %s", name, good);
	if (bad)
		fails(put(path, bad), EINVAL, "%s: %s", name, bad);
	snprintf(old, sizeof(old), "%ld", was);
	put(path, old);
}

/* SysRq-f takes the one with the highest points. */
static void manual(void)
{
	pid_t pid = holder(8);
	int status;

	must(!put(path_of(pid, "oom_score_adj"), "1000"));
	ok(!put("/proc/sysrq-trigger", "f"), "SysRq-f");
	must(waitpid(pid, &status, 0) == pid);
	is(status, SIGKILL, "kills the one with the most points");
}

static char state_of(pid_t pid)
{
	char text[256] = "", *at;
	int fd = open(path_of(pid, "stat"), O_RDONLY);

	if (fd >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	at = strrchr(text, ')');
	return at ? at[2] : '?';
}

/* A child with 16 MiB that sleeps in the kernel for @ms, mmap_lock held for reading, and that no signal wakes. */
static pid_t stuck(int fd, long ms, bool holds_lock)
{
	struct mmtest_call call = { .noun = "stall", .verb = "sleep", .arg = { ms, holds_lock } };
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		char *p = malloc(16 << 20);

		memset(p, 1, 16 << 20);
		put("/proc/self/oom_score_adj", "1000");
		ioctl(fd, MMTEST_CALL, &call);
		_exit(9);
	}
	while (state_of(pid) != 'D' && state_of(pid) != 'Z')
		usleep(1000);
	return pid;
}

/* Is its memory free while it sleeps still? */
static bool reaped_meanwhile(int fd, long ms, bool holds_lock, int *status)
{
	pid_t pid = stuck(fd, ms, holds_lock);
	long rss = 0;
	bool good;

	if (state_of(pid) == 'D') /* else another would die of it */
		must(!put("/proc/sysrq-trigger", "f"));
	while (state_of(pid) == 'D' && (rss = number_in(path_of(pid, "status"), "RssAnon:")) > 0)
		usleep(1000);
	good = state_of(pid) == 'D' && rss == 0;
	must(waitpid(pid, status, 0) == pid);
	return good;
}

/* On a busy host a short sleep may be over first. */
static void reaped(int fd, bool holds_lock)
{
	bool good = false;
	int status;

	for (long ms = 1500; !good && ms <= 24000; ms *= 4)
		good = reaped_meanwhile(fd, ms, holds_lock, &status);
	ok(good, "a victim stuck in the kernel%s: its memory is free before it can die",
	   holds_lock ? ", holding mmap_lock" : "");
	is(status, SIGKILL, "then it dies");
}

static bool says(const char *path, const char *what)
{
	char text[8192] = "";
	size_t n = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY);

	must(fd >= 0);
	while ((got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	close(fd);
	return strstr(text, what);
}

static void quires_own(void)
{
	int fd = open("/dev/mmtest", O_RDWR);

	if (fd < 0) {
		ok(errno == ENOENT, "verdict and reaper # skip oracle: none, no /dev/mmtest");
		return;
	}
	ok(says("/proc/mm/oom/last", "SysRq-f") && says("/proc/mm/oom/last", "<- this one"),
	   "/proc/mm/oom/last tells what was asked, and marks the chosen");
	ok(says("/proc/mm/oom/dry_run", "would die") && says("/proc/mm/oom/dry_run", "init: init"),
	   "/proc/mm/oom/dry_run tells who would die, and who cannot");
	reaped(fd, false);
	reaped(fd, true);
	close(fd);
}

int main(void)
{
	scores();
	rights();
	sharers();
	knob("panic_on_oom", "1", "3");
	knob("oom_kill_allocating_task", "2", "x");
	knob("oom_dump_tasks", "0", "x");
	manual();
	quires_own();
	return tap_end();
}
