// SPDX-License-Identifier: MIT
/*
 * Failure injection set from user space under Linux's names. oracle: none (CONFIG_FAULT_INJECTION)
 * Which operations survive a failure is tests/inject; here: each knob has its meaning.
 */
#include "textfile.h"

#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define DEBUG "/sys/kernel/debug/"

/* debugfs file @file of the kind @dir. */
static int set(const char *dir, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUG "%s/%s", dir, file);
	return spew(path, value);
}

static bool exists(const char *dir, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUG "%s/%s", dir, file);
	return !access(path, F_OK);
}

/* Quiet, only this task, without end. */
static void arm(const char *dir, const char *probability)
{
	set(dir, "verbose", "0");
	set(dir, "task-filter", "Y");
	set(dir, "times", "-1");
	set(dir, "probability", probability);
}

static void disarm(const char *dir)
{
	set(dir, "probability", "0");
	set(dir, "times", "1");
	set(dir, "task-filter", "N");
}

static void knobs(void)
{
	static const char *const dirs[] = { "fail_page_alloc", "failslab", "fail_usercopy",
					    "fail_futex", "fail_make_request" };
	static const char *const all[] = { "probability",
					   "interval",
					   "times",
					   "space",
					   "verbose",
					   "verbose_ratelimit_interval_ms",
					   "verbose_ratelimit_burst",
					   "task-filter",
					   "require-start",
					   "require-end",
					   "reject-start",
					   "reject-end",
					   "stacktrace-depth" };
	int missing = 0;

	for (size_t d = 0; d < sizeof(dirs) / sizeof(*dirs); d++)
		for (size_t f = 0; f < sizeof(all) / sizeof(*all); f++)
			missing += !exists(dirs[d], all[f]);
	is(missing, 0, "knobs: each kind has the common ones");
	ok(exists("failslab", "cache-filter") && exists("failslab", "ignore-gfp-wait") &&
		   exists("fail_page_alloc", "min-order") &&
		   exists("fail_page_alloc", "ignore-gfp-highmem") &&
		   exists("fail_futex", "ignore-private"),
	   "knobs: and its own");
	ok(!exists("failslab", "min-order") && !exists("fail_futex", "cache-filter") &&
		   !exists("fail_page_alloc", "ignore-private"),
	   "knobs: not those of others");
	is(set("failslab", "probability", "101"), EINVAL, "knobs: probability is a percentage");
	is(set("failslab", "probability", "x"), EINVAL, "knobs: a number");
	is(set("failslab", "task-filter", "maybe"), EINVAL, "knobs: Y or N");
	ok(!strcmp(slurp(DEBUG "fail_page_alloc/min-order"), "1\n"),
	   "knobs: min-order is 1 at first");
}

static long futex(uint32_t *word, int op)
{
	return syscall(SYS_futex, word, op, 1, NULL, NULL, 0);
}

static void futexes(void)
{
	static uint32_t word;

	spew("/proc/self/make-it-fail", "1");
	arm("fail_futex", "100");
	fails(futex(&word, FUTEX_WAKE_PRIVATE), EFAULT, "fail_futex: a private word");
	fails(futex(&word, FUTEX_WAKE), EFAULT, "fail_futex: a shared word");
	set("fail_futex", "ignore-private", "Y");
	is(futex(&word, FUTEX_WAKE_PRIVATE), 0, "fail_futex: ignore-private spares private ones");
	fails(futex(&word, FUTEX_WAKE), EFAULT, "fail_futex: and no others");
	set("fail_futex", "ignore-private", "N");
	set("fail_futex", "times", "1");
	fails(futex(&word, FUTEX_WAKE), EFAULT, "times: once");
	is(futex(&word, FUTEX_WAKE), 0, "times: and never again");
	set("fail_futex", "times", "-1");
	spew("/proc/self/make-it-fail", "0");
	is(futex(&word, FUTEX_WAKE), 0, "task-filter: only tasks with make-it-fail");
	spew("/proc/self/make-it-fail", "1");
	set("fail_futex", "interval", "3");
	set("fail_futex", "ignore-private", "N");
	int failed = 0;
	for (int i = 0; i < 30; i++)
		failed += futex(&word, FUTEX_WAKE_PRIVATE) < 0;
	is(failed, 10, "interval: each third");
	set("fail_futex", "interval", "1");
	set("fail_futex", "probability", "30");
	failed = 0;
	for (int i = 0; i < 1000; i++)
		failed += futex(&word, FUTEX_WAKE_PRIVATE) < 0;
	ok(failed > 200 && failed < 400, "probability: about as often");
	disarm("fail_futex");
	is(futex(&word, FUTEX_WAKE), 0, "fail_futex: off");
}

/* Who asks: the call trace of a futex call against ranges of addresses. Everything is required and nothing rejected at first. */
static void callers(void)
{
	static uint32_t word;

	spew("/proc/self/make-it-fail", "1");
	arm("fail_futex", "100");
	set("fail_futex", "require-end", "0x1000");
	is(futex(&word, FUTEX_WAKE), 0, "callers: none lies below require-end");
	set("fail_futex", "require-end", "0xffffffffffffffff");
	fails(futex(&word, FUTEX_WAKE), EFAULT, "callers: anybody");
	set("fail_futex", "require-start", "0xffffffff80000000");
	fails(futex(&word, FUTEX_WAKE), EFAULT, "callers: the text of the kernel is required");
	set("fail_futex", "stacktrace-depth", "0");
	is(futex(&word, FUTEX_WAKE), 0, "callers: and not found where no trace is taken");
	set("fail_futex", "stacktrace-depth", "1000");
	ok(!strcmp(slurp(DEBUG "fail_futex/stacktrace-depth"), "32\n"),
	   "callers: a trace has 32 entries at most");
	set("fail_futex", "reject-start", "0xffffffff80000000");
	set("fail_futex", "reject-end", "0xffffffffffffffff");
	is(futex(&word, FUTEX_WAKE), 0, "callers: the text of the kernel is rejected");
	set("fail_futex", "reject-start", "0");
	set("fail_futex", "reject-end", "0");
	set("fail_futex", "require-start", "0");
	disarm("fail_futex");
	spew("/proc/self/make-it-fail", "0");
}

/* Lines of the log about a failure that was forced, the last of which is @fd's. */
static int reports(int fd)
{
	char line[2048];
	ssize_t n;
	int found = 0;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		found += strstr(line, "name fail_futex") != NULL;
	}
	return found;
}

static void ratelimit(void)
{
	static uint32_t word;
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	ok(!strcmp(slurp(DEBUG "fail_futex/verbose_ratelimit_interval_ms"), "0\n") &&
		   !strcmp(slurp(DEBUG "fail_futex/verbose_ratelimit_burst"), "10\n"),
	   "ratelimit: off at first");
	lseek(log, 0, SEEK_END);
	spew("/proc/self/make-it-fail", "1");
	arm("fail_futex", "100");
	set("fail_futex", "verbose", "1");
	for (int i = 0; i < 12; i++)
		futex(&word, FUTEX_WAKE);
	is(reports(log), 12, "ratelimit: each failure is reported");
	set("fail_futex", "verbose_ratelimit_interval_ms", "3600000");
	set("fail_futex", "verbose_ratelimit_burst", "2");
	for (int i = 0; i < 12; i++)
		futex(&word, FUTEX_WAKE);
	is(reports(log), 2, "ratelimit: two an hour");
	set("fail_futex", "verbose_ratelimit_interval_ms", "0");
	set("fail_futex", "verbose_ratelimit_burst", "10");
	disarm("fail_futex");
	set("fail_futex", "verbose", "2");
	spew("/proc/self/make-it-fail", "0");
	close(log);
}

/* The n-th question of this task, whatever kind; so nothing is printed in between. */
static void nth(void)
{
	int fd = open("/proc/self/fail-nth", O_RDWR), fresh;
	bool armed = write(fd, "1", 1) == 1;
	char left[8] = "";
	ssize_t n;

	fresh = open("/dev/null", O_RDONLY);
	n = pread(fd, left, 7, 0);
	if (pwrite(fd, "0", 1, 0) != 1)
		n = -1;
	ok(armed && fresh < 0, "fail-nth: the first allocation of open() fails");
	ok(n == 2 && left[0] == '0', "fail-nth: what is left is read");
	close(fd);
}

/* Only caches whose file failslab says 1: open files, whose cache is merged with no other (SLAB_TYPESAFE_BY_RCU). */
static void caches(void)
{
#define CACHE "/sys/kernel/slab/filp/failslab"
	int choice = open(CACHE, O_WRONLY), fd;

	spew("/proc/self/make-it-fail", "1");
	ok(!strcmp(slurp(CACHE), "0\n"), "cache-filter: no cache is chosen at first");
	set("failslab", "cache-filter", "Y");
	set("failslab", "ignore-gfp-wait", "N");
	arm("failslab", "100");
	fd = open("/dev/null", O_RDONLY);
	ok(fd >= 0, "cache-filter: none fails");
	close(fd);
	is(write(choice, "1", 1), 1, "cache-filter: one is chosen");
	fd = open("/dev/null", O_RDONLY);
	ok(fd < 0 && errno == ENOMEM, "cache-filter: and fails");
	is(pwrite(choice, "0", 1, 0), 1, "cache-filter: chosen no longer");
	fd = open("/dev/null", O_RDONLY);
	ok(fd >= 0, "cache-filter: it works again");
	close(fd);
	close(choice);
	disarm("failslab");
	set("failslab", "cache-filter", "N");
	set("failslab", "ignore-gfp-wait", "Y");
	spew("/proc/self/make-it-fail", "0");
}

/* Without ignore-gfp-* = N and min-order = 0 the pages of a fault are spared. */
static void pages(void)
{
	int status, chosen = open("/proc/self/make-it-fail", O_WRONLY);
	pid_t child;
	char *p;

	pwrite(chosen, "1", 1, 0);
	arm("fail_page_alloc", "100");
	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 64; i++)
		p[i * PAGE] = 1;
	ok(true, "fail_page_alloc: single pages, and those who may wait, are spared at first");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
	child = fork();
	pwrite(chosen, "0", 1, 0); /* what follows opens files, which needs pages */
	set("fail_page_alloc", "min-order", "1");
	set("fail_page_alloc", "ignore-gfp-wait", "Y");
	set("fail_page_alloc", "ignore-gfp-highmem", "Y");
	if (!child)
		_exit(0);
	if (child > 0)
		waitpid(child, &status, 0);
	ok(child < 0, "fail_page_alloc: and not when that is switched off");
	disarm("fail_page_alloc");
	close(chosen);
	munmap(p, 64 * PAGE);
}

int main(void)
{
	if (access("/sys/kernel/debug/failslab", F_OK)) {
		printf("1..0 # SKIP this kernel has no fault injection\n"); /* Debian's has none */
		return 0;
	}
	knobs();
	futexes();
	callers();
	ratelimit();
	caches();
	pages();
	nth();
	return tap_end();
}
