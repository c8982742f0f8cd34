// SPDX-License-Identifier: MIT
/*
 * Copy on write against the holes that are known: a race of a forced write with MADV_DONTNEED ("Dirty COW",
 * CVE-2016-5195), a child that reads on through a reference while the parent writes (CVE-2020-29374), pinned pages that
 * fork or a later fault would part from their owner, pages reused though somebody else still has them.
 * The parts with pins need /dev/mmtest (drivers/mmtest/pin.c). oracle: none for these.
 */
#include "maps.h"

#include "../../include/drivers/mmtest.h"
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
enum { FOR_WRITE = 1, LONG_TERM = 2, REFERENCE = 4, SLOW = 8, FORCE = 16 };

static int dev = -1;

static int pin_call(const char *verb, long a, long b, long c, struct mmtest_call *m)
{
	*m = (struct mmtest_call){ .noun = "pin", .arg = { a, b, c } };
	snprintf(m->verb, sizeof(m->verb), "%s", verb);
	return ioctl(dev, MMTEST_CALL, m);
}

static int pin(void *p, int nr, int flags)
{
	struct mmtest_call m;

	return pin_call("pin", (long)p, nr, flags, &m) ? -errno : (int)m.result[0];
}

static void unpin(void)
{
	struct mmtest_call m;

	must(!pin_call("unpin", 1, 0, 0, &m));
}

static int dev_read(int page)
{
	struct mmtest_call m;

	must(!pin_call("read", page, 0, 0, &m));
	return (char)m.result[0];
}

static void dev_write(int page, char c)
{
	struct mmtest_call m;

	must(!pin_call("write", page, 0, c, &m));
}

static struct mmtest_call dev_page(int page)
{
	struct mmtest_call m;

	must(!pin_call("page", page, 0, 0, &m));
	return m;
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, RW, ANON, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* --- Dirty COW: a private, read-only mapping of a file that one may only read ------------------- */

static char *victim;
static volatile int stop;

static void *discarder(void *arg)
{
	(void)arg;
	while (!stop)
		madvise(victim, PAGE, MADV_DONTNEED);
	return NULL;
}

/* A write that ignores page protection, as ptrace would: by /proc/self/mem or the device. */
static int forced_write(int mem, const char *text)
{
	if (mem >= 0)
		return pwrite(mem, text, 1, (off_t)(unsigned long)victim) == 1;
	if (pin(victim, 1, FOR_WRITE | REFERENCE | FORCE) != 1)
		return 0;
	dev_write(0, *text);
	unpin();
	return 1;
}

/* @tries to write to the file, fewer when it was written. */
static void dirty_cow(int tries)
{
	char name[] = "/tmp/dcowXXXXXX", c = 'o';
	int fd = mkstemp(name), ro, mem, wrote = 0;
	pthread_t t;

	must(fd >= 0 && write(fd, "original", 8) == 8);
	ro = open(name, O_RDONLY);
	victim = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
	must(victim != MAP_FAILED);
	mem = dev < 0 ? open("/proc/self/mem", O_RDWR) : -1;
	must(mem >= 0 || dev >= 0);
	stop = 0;
	must(!pthread_create(&t, NULL, discarder, NULL));
	for (int i = 0; i < tries && c == 'o'; i++) {
		wrote += forced_write(mem, "HACKED");
		must(pread(fd, &c, 1, 0) == 1);
	}
	stop = 1;
	pthread_join(t, NULL);
	ok(wrote > 0, "Dirty COW: the forced write is allowed, into a private copy");
	is(c, 'o', "Dirty COW: the file is not written");
	unlink(name);
}

/* --- fork and who sees what ----------------------------------------------------------------------- */

/* The parent writes after fork; a child that got its bytes by a pipe of references must not see them. */
static void child_reads_on(void)
{
	char *p = map(1), got[2] = "";
	int to_child[2], back[2], status;
	char c;

	memcpy(p, "secret before", 14);
	must(!pipe(to_child) && !pipe(back));
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		struct iovec v = { p, 1 };
		int pages[2];

		must(!pipe(pages));
		if (vmsplice(pages[1], &v, 1, 0) != 1)
			_exit(2);
		munmap(p, PAGE); /* now the parent's entry is the only one */
		write(back[1], "x", 1);
		read(to_child[0], &c, 1);
		read(pages[0], got, 1);
		_exit(got[0] == 's' ? 0 : 1);
	}
	close(back[1]);
	read(back[0], &c, 1);
	p[0] = 'N';
	write(to_child[1], "x", 1);
	waitpid(pid, &status, 0);
	is(status, 0,
	   "a reference that a child took sees what was there, not what the parent writes later");
	munmap(p, PAGE);
}

/* Content after fork in each order of writing, three generations deep. */
static void generations(void)
{
	char *p = map(8);
	int bad = 0, status;

	memset(p, 'a', 8 * PAGE);
	fflush(stdout);
	if (!fork()) {
		p[0] = 'b';
		if (!fork()) {
			p[PAGE] = 'c';
			if (!fork()) {
				p[0] = p[2 * PAGE] = 'd';
				_exit(!(p[0] == 'd' && p[PAGE] == 'c' && p[2 * PAGE] == 'd' &&
					p[3 * PAGE] == 'a'));
			}
			wait(&status);
			bad |= status;
			_exit(bad || !(p[0] == 'b' && p[PAGE] == 'c' && p[2 * PAGE] == 'a'));
		}
		wait(&status);
		bad |= status;
		_exit(bad || !(p[0] == 'b' && p[PAGE] == 'a' && p[2 * PAGE] == 'a'));
	}
	wait(&status);
	ok(!status && p[0] == 'a' && p[PAGE] == 'a' && p[2 * PAGE] == 'a',
	   "three generations write, each sees its own");
	munmap(p, 8 * PAGE);
}

/* The last owner keeps its page: no copy, hence the frame stays (told by the fault count: reuse is counted). */
static void reuse(void)
{
	cpu_set_t all, one;
	char *p = map(4);
	long before;

	/* Linux copies a page that waits in another CPU's batch for the LRU. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_getaffinity(0, sizeof(all), &all) == 0 &&
	     sched_setaffinity(0, sizeof(one), &one) == 0);
	memset(p, 1, 4 * PAGE);
	fflush(stdout);
	if (!fork())
		_exit(0);
	wait(NULL);
	before = vmstat("pgreuse");
	for (int i = 0; i < 4; i++)
		p[i * PAGE] = 2;
	ok(vmstat("pgreuse") - before >= 4,
	   "the child is gone: the parent's pages are reused, not copied");
	sched_setaffinity(0, sizeof(all), &all);
	munmap(p, 4 * PAGE);
}

/* --- pins ------------------------------------------------------------------------------------------- */

static void pin_and_fork(int flags, const char *how)
{
	char *p = map(2);
	int status;

	p[0] = 'a';
	is(pin(p, 1, FOR_WRITE | flags), 1, "%s: pinned for writing", how);
	ok((dev_page(0).result[3] & 3) == 3, "%s: exclusive and perhaps pinned", how);
	fflush(stdout);
	pid_t pid = fork();
	if (!pid)
		_exit(p[0] == 'a' ? (p[0] = 'c', 0) : 1);
	p[0] = 'b'; /* must go to the pinned page, though a child was forked */
	is(dev_read(0), 'b', "%s: after fork the device sees what the owner writes", how);
	dev_write(0, 'd');
	is(p[0], 'd', "%s: and the owner what the device writes", how);
	waitpid(pid, &status, 0);
	is(status, 0, "%s: the child has its own copy", how);
	is(p[0], 'd', "%s: and cannot disturb", how);
	unpin();
	munmap(p, 2 * PAGE);
}

/* A pin for reading on a page that is shared after fork: it must become the owner's own first. */
static void pin_shared(int flags, const char *how)
{
	char *p = map(1), c;
	int go[2];

	must(!pipe(go));
	p[0] = 'a';
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		read(go[0], &c, 1);
		_exit(0);
	}
	is(pin(p, 1, flags), 1, "%s: pinned for reading, while a child shares it", how);
	ok(dev_page(0).result[3] & 1, "%s: it was made exclusive", how);
	p[0] = 'b';
	is(dev_read(0), 'b', "%s: the device sees what the owner writes", how);
	unpin();
	write(go[1], "x", 1);
	waitpid(pid, NULL, 0);
	munmap(p, PAGE);
	close(go[0]);
	close(go[1]);
}

static void pin_errors(void)
{
	char *p = map(4);
	struct mmtest_call m;

	munmap(p + 2 * PAGE, PAGE);
	is(pin(p, 4, FOR_WRITE), 2, "pin: up to a hole");
	unpin();
	is(pin(p + 2 * PAGE, 1, 0), -EFAULT, "pin: a hole");
	mprotect(p, PAGE, PROT_READ);
	is(pin(p, 1, FOR_WRITE), -EFAULT, "pin for writing: read-only memory");
	is(pin(p, 1, 0), 1, "pin for reading: it");
	unpin();
	mprotect(p, PAGE, PROT_NONE);
	is(pin(p, 1, 0), -EFAULT, "pin: PROT_NONE");
	is(pin((void *)0xffff800000000000, 1, 0), -EFAULT, "pin: the kernel");
	munmap(p, 4 * PAGE);
	p = map(1);
	is(pin(p, 1, 0), 1, "pin for reading: untouched memory");
	must(!pin_call("page", 0, 0, 0, &m));
	unpin();
	munmap(p, PAGE);
}

static void pin_counts(void)
{
	long acquired = vmstat("nr_foll_pin_acquired"), released = vmstat("nr_foll_pin_released");
	char *p = map(8);

	memset(p, 1, 8 * PAGE);
	is(pin(p, 8, FOR_WRITE | LONG_TERM), 8, "eight long-term pins");
	is(vmstat("nr_foll_pin_acquired") - acquired, 8, "nr_foll_pin_acquired");
	is(vmstat("nr_foll_pin_released") - released, 0, "nr_foll_pin_released: not yet");
	is(status_kb("VmPin:"), 32, "VmPin");
	munmap(p, 8 * PAGE);
	is(dev_read(7), 1, "the pages outlive their mapping");
	unpin();
	is(vmstat("nr_foll_pin_released") - released, 8, "nr_foll_pin_released");
	is(status_kb("VmPin:"), 0, "VmPin: none");
}

/* A plain reference (not a pin) does not keep fork from sharing; then a write parts them, and no bytes leak. */
static void plain_reference(void)
{
	char *p = map(1);

	p[0] = 'a';
	is(pin(p, 1, REFERENCE), 1, "a plain reference");
	fflush(stdout);
	if (!fork())
		_exit(p[0] == 'a' ? 0 : 1);
	wait(NULL);
	p[0] = 'b';
	is(dev_read(0), 'a', "a page with a further reference is not reused after fork");
	unpin();
	munmap(p, PAGE);
}

/* Pins while another thread forks all the time: pin and owner must never be parted. */
static void *forker(void *arg)
{
	(void)arg;
	while (!stop) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void pin_against_fork(void)
{
	char *p = map(1);
	int parted = 0;
	pthread_t t;

	stop = 0;
	must(!pthread_create(&t, NULL, forker, NULL));
	for (int i = 0; i < 400; i++) {
		p[0] = (char)i;
		if (pin(p, 1, i % 2 ? FOR_WRITE : 0) != 1) {
			parted = -1;
			break;
		}
		p[0] = (char)(i + 1);
		parted += dev_read(0) != (char)(i + 1);
		dev_write(0, (char)(i + 2));
		parted += p[0] != (char)(i + 2);
		unpin();
	}
	stop = 1;
	pthread_join(t, NULL);
	is(parted, 0, "pins against forks: pin and owner are never parted");
	munmap(p, PAGE);
}

/* cow [TRIES]: all, or so many tries of the first hole alone. */
int main(int argc, char **argv)
{
	dev = open("/dev/mmtest", O_RDWR);
	if (argc > 1) {
		dirty_cow(atoi(argv[1]));
		return tap_end();
	}
	generations();
	reuse();
	dirty_cow(3000);
	child_reads_on();
	if (dev < 0) {
		ok(errno == ENOENT, "pins # skip oracle: none, no /dev/mmtest");
		return tap_end();
	}
	pin_and_fork(0, "fast");
	pin_and_fork(SLOW, "slow");
	pin_shared(0, "fast");
	pin_shared(SLOW, "slow");
	pin_errors();
	pin_counts();
	plain_reference();
	pin_against_fork();
	return tap_end();
}
