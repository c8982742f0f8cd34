// SPDX-License-Identifier: MIT
/* Trace events that tell of the caller's own doings, with their values: system calls, and pages that are freed in batches. */
#include "maps.h"
#include "tracing.h"
#include <sched.h>

#define PAGES 64

static void record(const char *event, bool on)
{
	char path[100];

	snprintf(path, sizeof(path), TRACING "events/%s/enable", event);
	set(path, on ? "1" : "0");
}

static void clear(void)
{
	close(open(TRACING "trace", O_WRONLY | O_TRUNC));
}

/* The start of the line in which @at lies. */
static const char *line_of(const char *at)
{
	while (at > log && at[-1] != '\n')
		at--;
	return at;
}

/* Is there a line of @pid that ends in ": @what"? At or after @*from, which is moved behind it. */
static bool told(const char **from, pid_t pid, const char *what)
{
	char task[24], end[200];

	snprintf(task, sizeof(task), "-%d ", pid);
	snprintf(end, sizeof(end), ": %s\n", what);
	for (const char *at = *from; (at = strstr(at, end)); at++) {
		for (const char *in = line_of(at); in < at; in++)
			if (!strncmp(in, task, strlen(task))) {
				*from = at + strlen(end);
				return true;
			}
	}
	printf("# no %s of %d\n", what, pid);
	return false;
}

static const char *fields(const char *event)
{
	static char path[100];
	char *found;

	snprintf(path, sizeof(path), TRACING "events/%s/format", event);
	found = strstr(slurp(path), "\n\n");
	return found ? found + 2 : "";
}

static void formats(void)
{
	ok(!strcmp(fields("raw_syscalls/sys_enter"),
		   "\tfield:long id;\toffset:8;\tsize:8;\tsigned:1;\n"
		   "\tfield:unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;\n\n"
		   "print fmt: \"NR %ld (%lx, %lx, %lx, %lx, %lx, %lx)\", REC->id, REC->args[0], REC->args[1], "
		   "REC->args[2], REC->args[3], REC->args[4], REC->args[5]\n"),
	   "sys_enter: its format");
	ok(!strcmp(fields("raw_syscalls/sys_exit"),
		   "\tfield:long id;\toffset:8;\tsize:8;\tsigned:1;\n"
		   "\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;\n\n"
		   "print fmt: \"NR %ld = %ld\", REC->id, REC->ret\n"),
	   "sys_exit: its format");
}

/* Waits for word from @in, makes a call of its own kind and forks one that does. */
static int worker(int in, int out)
{
	char bytes[2];
	pid_t child;

	must(write(out, "r", 1) == 1 && read(in, bytes, 2) == 2);
	syscall(SYS_lseek, 77L, 2L, 3L, 4L, 5L, 6L);
	child = (pid_t)syscall(SYS_fork);
	if (!child) {
		syscall(SYS_lseek, 78L, 0x22L, 0x33L, 0x44L, 0x55L, 0x66L);
		_exit(0);
	}
	must(waitpid(child, NULL, 0) == child &&
	     write(out, &child, sizeof(child)) == sizeof(child));
	must(read(in, bytes, 2) == 2);
	syscall(SYS_lseek, 79L, 2L, 3L, 4L, 5L, 6L);
	return 0;
}

static void system_calls(void)
{
	int to[2], from[2];
	pid_t pid, grandchild, self = getpid();
	const char *at = log, *enabled;
	char byte, line[100];

	must(!pipe(to) && !pipe(from));
	pid = fork();
	if (!pid)
		_exit(worker(to[0], from[1]));
	must(read(from[0], &byte, 1) == 1);
	while (!sleeps_in(pid, SYS_read))
		usleep(1000);
	clear();
	record("raw_syscalls", true);
	syscall(SYS_lseek, -1L, 0x1122334455667788, -2L, 4L, 5L, 6L);
	must(write(to[1], "go", 2) == 2 &&
	     read(from[0], &grandchild, sizeof(grandchild)) == sizeof(grandchild));
	record("raw_syscalls", false);
	must(write(to[1], "go", 2) == 2 && waitpid(pid, NULL, 0) == pid);
	syscall(SYS_lseek, 80L, 2L, 3L, 4L, 5L, 6L);
	read_log();

	snprintf(line, sizeof(line), "sys_exit: NR %d = 1", SYS_write);
	ok(told(&at, self, line), "sys_exit: of the call that switched it on");
	snprintf(line, sizeof(line),
		 "sys_enter: NR %d (ffffffffffffffff, 1122334455667788, fffffffffffffffe, 4, 5, 6)",
		 SYS_lseek);
	ok(told(&at, self, line), "sys_enter: the six arguments");
	snprintf(line, sizeof(line), "sys_exit: NR %d = %d", SYS_lseek, -EBADF);
	ok(told(&at, self, line), "sys_exit: an error");
	enabled = at;
	snprintf(line, sizeof(line), "sys_exit: NR %d = 2", SYS_read);
	ok(told(&at, pid, line), "sys_exit: of a call that slept when it was switched on");
	snprintf(line, sizeof(line), "sys_enter: NR %d (4d, 2, 3, 4, 5, 6)", SYS_lseek);
	ok(told(&at, pid, line), "sys_enter: of a task that slept");
	snprintf(line, sizeof(line), "sys_exit: NR %d = %d", SYS_lseek, -EBADF);
	ok(told(&at, pid, line), "sys_exit: of the same");
	snprintf(line, sizeof(line), "sys_exit: NR %d = 0", SYS_fork);
	at = enabled;
	ok(told(&at, grandchild, line), "sys_exit: a new task comes out of fork");
	snprintf(line, sizeof(line), "sys_enter: NR %d (4e, 22, 33, 44, 55, 66)", SYS_lseek);
	ok(told(&at, grandchild, line), "sys_enter: of a task that was forked meanwhile");
	snprintf(line, sizeof(line), "sys_enter: NR %d (4f,", SYS_lseek);
	ok(!strstr(log, line), "off: not a word of one that had the events");
	snprintf(line, sizeof(line), "sys_enter: NR %d (50,", SYS_lseek);
	ok(!strstr(log, line), "off: nor of who switched them");
}

/* On CPU @cpu, if it is there. */
static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* A task that never sleeps, on another CPU if there is one: it is recorded from the moment on when the switch is on. */
static void running(void)
{
	volatile int *on =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *at = log;
	char line[100];
	cpu_set_t all;
	pid_t pid;

	must(on != MAP_FAILED && !sched_getaffinity(0, sizeof(all), &all));
	stay_on(0);
	pid = fork();
	if (!pid) {
		stay_on(1);
		on[1] = 1;
		while (!on[0])
			;
		syscall(SYS_lseek, 81L, 2L, 3L, 4L, 5L, 6L);
		_exit(0);
	}
	while (!on[1])
		usleep(1000);
	clear();
	record("raw_syscalls", true);
	on[0] = 1;
	must(waitpid(pid, NULL, 0) == pid);
	record("raw_syscalls", false);
	must(!sched_setaffinity(0, sizeof(all), &all));
	munmap((void *)on, 4096);
	read_log();
	snprintf(line, sizeof(line), "sys_enter: NR %d (51, 2, 3, 4, 5, 6)", SYS_lseek);
	ok(told(&at, pid, line), "sys_enter: of a task that was running");
	snprintf(line, sizeof(line), "sys_exit: NR %d = %d", SYS_lseek, -EBADF);
	ok(told(&at, pid, line), "sys_exit: of the same");
}

static void filtered(void)
{
	int n = 0;

	must(!spew(TRACING "events/raw_syscalls/sys_enter/filter", "id == 8"));
	clear();
	record("raw_syscalls/sys_enter", true);
	for (int i = 0; i < 3; i++)
		syscall(SYS_lseek, -1L, 0x51515151L, 0L);
	getppid();
	record("raw_syscalls/sys_enter", false);
	set(TRACING "events/raw_syscalls/sys_enter/filter", "0");
	read_log();
	for (const char *at = log; (at = strstr(at, "(ffffffffffffffff, 51515151, 0, ")); at++)
		n++;
	ok(n == 3 && !strstr(log, "sys_exit:"), "sys_enter: filtered by number, alone (%d)", n);
	ok(!strstr(log, "NR 110 "), "sys_enter: others are left out");
}

/* How many of the frames @pfn @event told of. */
static int told_of(const char *event, const uint64_t *pfn)
{
	char what[80];
	int n = 0;

	for (int i = 0; i < PAGES; i++) {
		const char *at;

		snprintf(what, sizeof(what), " pfn=0x%lx order=0\n", pfn[i]);
		for (at = log; (at = strstr(at, what)); at++) {
			const char *name = strstr(line_of(at), event);

			if (name && name < at)
				break;
		}
		n += at != NULL;
	}
	return n;
}

static void batches(void)
{
	char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t pfn[PAGES];

	must(p != MAP_FAILED && fd >= 0);
	stay_on(0); /* where Linux holds the last of them back, until munmap() there */
	madvise(p, PAGES * 4096, MADV_NOHUGEPAGE);
	memset(p, 1, PAGES * 4096);
	must(pread(fd, pfn, sizeof(pfn), (uintptr_t)p / 4096 * 8) == sizeof(pfn));
	for (int i = 0; i < PAGES; i++)
		pfn[i] &= (1UL << 55) - 1;
	close(fd);
	clear();
	record("kmem/mm_page_free", true);
	record("kmem/mm_page_free_batched", true);
	munmap(p, PAGES * 4096);
	record("kmem/mm_page_free_batched", false);
	record("kmem/mm_page_free", false);
	read_log();
	ok(told_of("mm_page_free_batched: ", pfn) == PAGES,
	   "mm_page_free_batched: each page of a mapping (%d of %d)",
	   told_of("mm_page_free_batched: ", pfn), PAGES);
	ok(told_of("mm_page_free: ", pfn) == PAGES, "mm_page_free: each of them, too (%d)",
	   told_of("mm_page_free: ", pfn));
}

int main(void)
{
	formats();
	system_calls();
	running();
	filtered();
	batches();
	return tap_end();
}
