// SPDX-License-Identifier: MIT
/*
 * Major faults, as TAP: major NAME ("vda", at least 16 MiB; it is only read). A fault that waits for the disk is counted
 * once, as major, wherever faults are counted: thread, process, children, /proc/PID/stat, vmstat; all others are minor.
 */
#include "../guest/maps.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define PG  4096L
#define LEN (4L << 20)

static char node[40], stat_path[64];
static int fd;

struct faults {
	long minor, major;
};

static struct faults count(int who)
{
	struct rusage r;

	must(!getrusage(who, &r));
	return (struct faults){ r.ru_minflt, r.ru_majflt };
}

/* Fields 10 to 13 of a stat file: minor, minor of children, major, major of children. */
static struct faults stat_file(const char *path, bool children)
{
	char text[512] = "", *p;
	long v[4];
	int f = open(path, O_RDONLY);

	must(f >= 0 && read(f, text, sizeof(text) - 1) > 0);
	close(f);
	p = strrchr(text, ')') + 2;
	for (int i = 0; i < 7; i++)
		p = strchr(p, ' ') + 1;
	for (int i = 0; i < 4; i++)
		v[i] = strtol(p, &p, 10);
	return children ? (struct faults){ v[1], v[3] } : (struct faults){ v[0], v[2] };
}

/* Until nothing of the disk is read any more, ahead or around: such a page stays, and who comes to it waits. */
static void settle(void)
{
	char text[128] = "";
	int f = open(stat_path, O_RDONLY);

	must(f >= 0);
	must(EVENTUALLY(pread(f, text, sizeof(text) - 1, 0) > 0 &&
			strspn(text, " 0\n") == strlen(text)));
	close(f);
}

/* The device, mapped; nothing of it is in memory. @advice: whether neighbours are read along. */
static volatile char *fresh(int advice)
{
	char *p;

	settle();
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	p = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED && !madvise(p, LEN, advice));
	return p;
}

static void touch(volatile char *p, long nr, long stride)
{
	for (long i = 0; i < nr; i++)
		(void)p[i * stride * PG];
}

static void let_go(volatile char *p)
{
	munmap((void *)p, LEN);
}

static void process(void)
{
	volatile char *p = fresh(MADV_RANDOM);
	struct faults before, after;
	long events = vmstat("pgmajfault");

	count(RUSAGE_SELF); /* whatever the call needs is mapped */
	before = count(RUSAGE_SELF);
	touch(p, 8, 32);
	after = count(RUSAGE_SELF);
	is(after.major - before.major, 8, "read from the disk: 8 major faults");
	is(after.minor - before.minor, 0, "read from the disk: none is minor, too");
	is(vmstat("pgmajfault") - events, 8, "read from the disk: pgmajfault");
	let_go(p);

	p = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE, fd, 0);
	before = count(RUSAGE_SELF);
	touch(p, 8, 32);
	after = count(RUSAGE_SELF);
	is(after.major - before.major, 0, "in memory: no major fault");
	is(after.minor - before.minor, 8, "in memory: 8 minor faults");
	let_go(p);

	p = fresh(MADV_NORMAL);
	before = count(RUSAGE_SELF);
	(void)p[64 * PG];
	after = count(RUSAGE_SELF);
	is(after.major - before.major, 1, "read around: the page itself is a major fault");
	must(EVENTUALLY(resident((char *)p + 65 * PG)));
	settle(); /* what is read along has arrived */
	before = count(RUSAGE_SELF);
	(void)p[65 * PG];
	after = count(RUSAGE_SELF);
	is(after.major - before.major, 0, "read around: its neighbour is not");
	let_go(p);
}

static void kernel_access(void)
{
	volatile char *p = fresh(MADV_RANDOM);
	struct faults before, after;
	char byte;
	struct iovec here = { &byte, 1 }, there = { (char *)p + 128 * PG, 1 };
	int to[2];

	must(!pipe(to));
	must(write(to[1], "x", 1) == 1);
	before = count(RUSAGE_SELF);
	is(write(to[1], (const void *)p, 1), 1, "the kernel reads it for a call");
	after = count(RUSAGE_SELF);
	is(after.major - before.major, 1, "the kernel reads it for a call: a major fault");
	close(to[0]);
	close(to[1]);
	before = count(RUSAGE_SELF);
	must(!mlock((const void *)(p + 64 * PG), 4 * PG));
	after = count(RUSAGE_SELF);
	is(after.major + after.minor - before.major - before.minor, 4, "mlock: 4 faults");
	before = count(RUSAGE_SELF);
	is(process_vm_readv(getpid(), &here, 1, &there, 1, 0), 1, "process_vm_readv");
	after = count(RUSAGE_SELF);
	is(after.major - before.major, 1, "process_vm_readv: a major fault, of the reader");
	let_go(p);

	p = mmap(NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	before = count(RUSAGE_SELF);
	must(!mlock((const void *)p, 8 * PG));
	after = count(RUSAGE_SELF);
	is(after.minor - before.minor, 8, "mlock of anonymous memory: 8 minor faults");
	is(after.major - before.major, 0, "mlock of anonymous memory: no major one");
	munmap((void *)p, 8 * PG);
}

static struct faults by_thread, by_stat;

static void *thread(void *arg)
{
	struct faults before = count(RUSAGE_THREAD), stat_before, now;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", syscall(SYS_gettid));
	stat_before = stat_file(path, false);
	touch(arg, 5, 32);
	now = count(RUSAGE_THREAD);
	by_thread.major = now.major - before.major;
	by_stat.major = stat_file(path, false).major - stat_before.major;
	return NULL;
}

static void threads(void)
{
	volatile char *p = fresh(MADV_RANDOM);
	struct faults mine = count(RUSAGE_THREAD), all = count(RUSAGE_SELF),
		      stat = stat_file("/proc/self/stat", false);
	pthread_t t;

	must(!pthread_create(&t, NULL, thread, (void *)p));
	pthread_join(t, NULL);
	is(by_thread.major, 5, "a thread: its own");
	is(by_stat.major, 5, "a thread: /proc/PID/task/TID/stat");
	is(count(RUSAGE_THREAD).major - mine.major, 0, "a thread: not those of another");
	is(count(RUSAGE_SELF).major - all.major, 5,
	   "a thread: the process has them, also after its end");
	is(stat_file("/proc/self/stat", false).major - stat.major, 5, "a thread: /proc/PID/stat");
	let_go(p);
}

static void children(void)
{
	volatile char *p = fresh(MADV_RANDOM);
	struct faults before = count(RUSAGE_CHILDREN), stat = stat_file("/proc/self/stat", true);
	struct rusage r;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		touch(p, 6, 32);
		_exit(count(RUSAGE_SELF).major == 6 ? 0 : 1);
	}
	must(wait4(pid, &status, 0, &r) == pid);
	is(status, 0, "a child: begins at 0, and counts 6");
	is(r.ru_majflt, 6, "a child: wait4 tells");
	is(count(RUSAGE_CHILDREN).major - before.major, 6, "a child: RUSAGE_CHILDREN");
	is(stat_file("/proc/self/stat", true).major - stat.major, 6, "a child: /proc/PID/stat");
	let_go(p);
}

int main(int argc, char **argv)
{
	must(argc == 2);
	snprintf(node, sizeof(node), "/dev/%s", argv[1]);
	snprintf(stat_path, sizeof(stat_path), "/sys/block/%s/inflight", argv[1]);
	fd = open(node, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	process();
	kernel_access();
	threads();
	children();
	return tap_end();
}
