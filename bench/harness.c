// SPDX-License-Identifier: MIT
/*
 * bench: one static program, the same on both kernels.
 *	bench [--eager] NAME...	run these operations, each in a process of its own; what they report is
 *				printed at the end, with --eager at once (should the machine not live so long)
 *	bench --list		their names
 *	bench --page-struct	the size of the kernel's struct page
 * For each operation it prints
 *	op NAME TIMES
 *	took N				instead of parts: the operation counts something else than instructions
 *	part SIGN FIRST LAST TICKS	for each enclosed part: marks, difference of the counter
 *	empty FIRST LAST TICKS		an enclosed nothing, to be subtracted once per part
 * or one of
 *	skip NAME TEXT			it cannot be measured here
 *	broken NAME TEXT		it failed
 * Marks are numbered through the whole run; the tool takes their counts from the plugin's file.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../include/drivers/mmtest.h"

#define NR_MARKS     4096
#define OP_MARKS     32 /* of one operation */
#define NR_PARTS     (OP_MARKS / 2)
#define OP_ALIGN_NS  20000000l
#define RUN_ALIGN_NS 5000000000l
#define STRING_(x)   #x
#define STRING(x)    STRING_(x)

/* The marks: one-byte instructions in a row, linked where no other program has code. */
__asm__(".pushsection .marks,\"ax\"\n.globl bench_marks\nbench_marks: .rept " STRING(
	NR_MARKS) "\n ret\n .endr\n.popsection");
extern const char bench_marks[];

extern const struct operation __start_operations[], __stop_operations[];

struct part {
	int sign, first, last;
	uint64_t ticks;
};

/* Shared with children, so that they may measure too. */
static struct record {
	int mark;      /* the next one */
	int open;      /* the mark of the start() under way */
	uint64_t from; /* its time */
	uint64_t times;
	uint64_t took;
	bool counts; /* took() was said */
	int nr;
	struct part part[NR_PARTS];
} * record;

static const char *op_name;

/* The mark and the reading at a fixed distance. */
static inline __attribute__((always_inline)) uint64_t mark(int nr)
{
	uint32_t low, high;

	__asm__ volatile("call *%2\n\trdtsc"
			 : "=a"(low), "=d"(high)
			 : "r"(bench_marks + nr)
			 : "memory", "rcx");
	return (uint64_t)high << 32 | low;
}

void start(void)
{
	record->open = record->mark++;
	record->from = mark(record->open);
}

static inline __attribute__((always_inline)) void stop_part(int sign)
{
	int nr = record->mark;
	uint64_t now = mark(nr);

	record->mark = nr + 1;
	if (record->nr == NR_PARTS)
		skip("too many parts");
	record->part[record->nr++] = (struct part){ sign, record->open, nr, now - record->from };
}

void stop(void)
{
	stop_part(1);
}

void stop_minus(void)
{
	stop_part(-1);
}

void times(uint64_t n)
{
	record->times = n;
}

void took(uint64_t n)
{
	record->took = n;
	record->counts = true;
}

void ready(void)
{
	*(volatile int *)&record->nr = record->nr;
	__asm__ volatile("call *%0" : : "r"(bench_marks + NR_MARKS - 1) : "memory");
}

static _Noreturn void give_up(const char *word, const char *text)
{
	printf("%s %s %s\n", word, op_name, text);
	fflush(stdout);
	_exit(3);
}

void skip(const char *why)
{
	give_up("skip", why);
}

void broken(const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	give_up("broken", text);
}

char *map(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		broken("mmap");
	return p;
}

void touch(char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)p)[i] = 1;
}

void look(const char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		(void)((const volatile char *)p)[i];
}

static int file_of(const char *path, size_t bytes)
{
	static char piece[16 * PAGE];
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || unlink(path))
		broken(path);
	memset(piece, 1, sizeof(piece));
	for (size_t i = 0; i < bytes; i += sizeof(piece)) {
		size_t n = bytes - i < sizeof(piece) ? bytes - i : sizeof(piece);

		if (pwrite(fd, piece, n, i) != (ssize_t)n)
			broken("pwrite");
	}
	return fd;
}

int tmpfs_file(size_t bytes)
{
	return file_of("/dev/shm/bench", bytes);
}

const char *ext2(void)
{
	if (access("/dev/vda", F_OK))
		skip("there is no disk");
	mkdir("/dev/shm/ext2", 0755);
	/* The operation before left it mounted. */
	if (mount("/dev/vda", "/dev/shm/ext2", "ext2", 0, NULL) && errno != EBUSY)
		broken("mount");
	return "/dev/shm/ext2";
}

int ext2_file(size_t bytes)
{
	ext2();
	return file_of("/dev/shm/ext2/bench", bytes);
}

pid_t child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		broken("fork");
	return pid;
}

void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		broken("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		skip("the child failed");
}

void many_vmas(unsigned int nr)
{
	char *p = mmap(NULL, nr * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		broken("mmap");
	for (unsigned int i = 0; i < nr; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ))
			broken("mprotect");
}

int mmtest_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/mmtest", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		skip("there is no /dev/mmtest");
	return fd;
}

int64_t mmtest(const char *noun, const char *verb, int64_t arg0, int64_t arg1)
{
	struct mmtest_call call = { .arg = { arg0, arg1 } };

	strcpy(call.noun, noun);
	strcpy(call.verb, verb);
	if (ioctl(mmtest_fd(), MMTEST_CALL, &call))
		broken(verb);
	return call.result[0];
}

/* --- the process of one operation --- */

static void print_record(void)
{
	const struct part *empty = &record->part[0];

	printf("op %s %llu\n", op_name, (unsigned long long)record->times);
	if (record->counts)
		printf("took %llu\n", (unsigned long long)record->took);
	for (int i = 1; i < record->nr; i++)
		printf("part %d %d %d %llu\n", record->part[i].sign, record->part[i].first,
		       record->part[i].last, (unsigned long long)record->part[i].ticks);
	printf("empty %d %d %llu\n", empty->first, empty->last, (unsigned long long)empty->ticks);
	fflush(stdout);
}

/*
 * Begin at a round time, so that the timer interrupts fall at the same places however long the machine took
 * to come here. (When the host answers a virtio device is not counted in instructions.)
 */
static void align(long unit_ns)
{
	struct timespec now;
	long long ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = now.tv_sec * 1000000000ll + now.tv_nsec;
	ns = ns / unit_ns * unit_ns + 2 * unit_ns;
	now.tv_sec = ns / 1000000000;
	now.tv_nsec = ns % 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL);
}

static int run_operation(const char *name, int first_mark)
{
	const struct operation *op = __start_operations;

	op_name = name;
	while (op < __stop_operations && strcmp(op->name, name))
		op++;
	if (op == __stop_operations)
		skip("the program has no such operation");
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (record == MAP_FAILED)
		broken("mmap");
	record->mark = first_mark;
	record->times = 1;
	ready();
	/* Once for the instruction cache of the emulator and the page tables, once to count. */
	start();
	stop();
	record->mark = first_mark;
	record->nr = 0;
	start();
	stop();
	align(OP_ALIGN_NS);
	op->run();
	print_record();
	return 0;
}

/* --- the program --- */

static void run_apart(const char *self, const char *name, int first_mark, int report)
{
	char number[16];
	char *argv[] = { (char *)self, (char *)"--op", (char *)name, number, NULL };
	char *none[] = { NULL };
	int status;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", first_mark);
	pid = vfork();
	if (pid == 0) {
		dup2(report, STDOUT_FILENO);
		execve(self, argv, none);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = 127 << 8;
	if (WIFSIGNALED(status))
		dprintf(report, "broken %s ended by signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) && WEXITSTATUS(status) != 3)
		dprintf(report, "broken %s exit status %d\n", name, WEXITSTATUS(status));
}

/* Nothing leaves the machine while it measures: a device would interrupt when the host pleases. */
static int open_report(int eager)
{
	int fd = eager ? STDOUT_FILENO
		       : open("/dev/shm/report", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0) {
		perror("/dev/shm/report");
		exit(1);
	}
	dprintf(fd, "marks %llx %d\n", (unsigned long long)(uintptr_t)bench_marks, NR_MARKS);
	return fd;
}

static void pass_on(int report)
{
	char buf[4096];
	ssize_t n;

	if (report == STDOUT_FILENO)
		return;
	lseek(report, 0, SEEK_SET);
	while ((n = read(report, buf, sizeof(buf))) > 0)
		if (write(STDOUT_FILENO, buf, n) != n)
			exit(1);
}

int main(int argc, char **argv)
{
	static char self[512];
	int nr = 0, report, eager = argc > 1 && !strcmp(argv[1], "--eager");

	if (argc == 4 && !strcmp(argv[1], "--op"))
		return run_operation(argv[2], atoi(argv[3]));
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (const struct operation *op = __start_operations; op < __stop_operations; op++)
			puts(op->name);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--page-struct")) {
		op_name = "page-struct";
		printf("page-struct %lld\n", (long long)mmtest("page", "struct", 0, 0));
		return 0;
	}
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) {
		perror("/proc/self/exe");
		return 1;
	}
	/* 4 KiB pages on both kernels. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	/* Behind whatever still goes on after the start. */
	align(RUN_ALIGN_NS);
	report = open_report(eager);
	for (int i = 1 + eager; i < argc; i++)
		run_apart(self, argv[i], nr++ * OP_MARKS % (NR_MARKS - OP_MARKS), report);
	pass_on(report);
	return 0;
}
