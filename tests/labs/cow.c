// SPDX-License-Identifier: MIT
/*
 * A lab: copy on write, step by step, by the frames that pagemap shows and their map counts in kpagecount. docs/labs.md.
 * On Quire /proc/mm/explain tells of the entries, too. cow [DEVICE]: with a swap area of its own also for pages that are out.
 */
#include "frames.h"
#include <sys/resource.h>
#include <sys/swap.h>

static long faults(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return r.ru_minflt + r.ru_majflt;
}

/* Does the line of the entry at @p say @what? True where nobody explains. */
static bool entry_says(const void *p, const char *what)
{
	static char text[8192];
	int fd = open("/proc/mm/explain", O_RDWR), n;
	char *line;

	if (fd < 0)
		return true;
	n = snprintf(text, sizeof(text), "self %lx", (unsigned long)p);
	must(write(fd, text, n) == n);
	n = (int)pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	line = strstr(text, "\npte[");
	if (!line)
		return false;
	*strchrnul(line + 1, '\n') = 0;
	return strstr(line, what) != NULL;
}

static char *map(int flags, int fd)
{
	char *p = mmap(NULL, PAGE, RW, flags, fd, 0);

	must(p != MAP_FAILED);
	return p;
}

static int go[2], done[2];

/* A child that does @step when told, and ends with what it returns. */
static pid_t child(int (*step)(void))
{
	pid_t pid;
	char c;

	must(!pipe(go) && !pipe(done));
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	must(read(go[0], &c, 1) == 1);
	_exit(step());
}

static int let(pid_t pid)
{
	int status = -1;

	must(write(go[1], "", 1) == 1);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *own, *shared, *file;
static unsigned long own_frame;

/* The last owner writes: nothing is copied. And of a shared mapping fork copied no entry. */
static int last_owner(void)
{
	bool same = frame(own) == own_frame, untouched = !frame(shared), kept = *own == 'a';

	*own = 'c';
	return same && untouched && kept && frame(own) == own_frame && *shared == 's' &&
			       frame(shared)
		       ? 0
		       : 1;
}

static void fork_step_by_step(void)
{
	long before;
	pid_t pid;

	own = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	shared = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	*own = 'a';
	*shared = 's';
	own_frame = frame(own);
	is(mapped(own_frame), 1, "fork: before it, the page is mapped once");
	ok(entry_says(own, ", writable"), "fork: and its entry is writable");
	pid = child(last_owner);
	is(mapped(own_frame), 2, "fork: then twice: the child has entries of its own");
	ok(entry_says(own, "read-only") && entry_says(shared, ", writable"),
	   "fork: private entries are write-protected, in the parent, too; shared ones are not");
	is(mapped(frame(shared)), 1,
	   "fork: entries of a shared mapping are not copied: they can be found again");
	faults(); /* its own stack was write-protected, too */
	before = faults();
	*shared = 's';
	is(faults() - before, 0, "fork: a write to shared memory faults not");
	*own = 'p';
	is(faults() - before, 1, "write: to private memory once");
	ok(frame(own) != own_frame && mapped(own_frame) == 1 && mapped(frame(own)) == 1,
	   "write: the writer has a copy, the child the old page for itself");
	is(let(pid), 0, "write: the child, last owner, writes to the page itself");
	ok(*own == 'p', "write: and the parent sees nothing of it");
	munmap(own, PAGE);
	munmap(shared, PAGE);
}

static void of_a_file(int fd)
{
	char *at_once, *later, *constant;
	unsigned long cached;

	file = map(MAP_SHARED, fd);
	at_once = map(MAP_PRIVATE, fd);
	later = map(MAP_PRIVATE, fd);
	constant = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(*file == 'f');
	cached = frame(file);
	*file = 'F';
	is(frame(file), cached, "file: a write to a shared mapping is a write to the cached page");
	is(mapped(cached), 1, "file: mapped once so far");
	*at_once = 'o';
	ok(frame(at_once) != cached && mapped(cached) == 1,
	   "file: the first access to a private mapping is a write: a copy at once, the cached page is never mapped");
	must(*later == 'F');
	ok(frame(later) == cached && mapped(cached) == 2,
	   "file: it is a read: the cached page itself");
	*later = 'l';
	ok(frame(later) != cached && mapped(cached) == 1,
	   "file: then a write: copied now, although nobody else maps it privately");
	ok(*file == 'F' && at_once[1] == 'i' && *at_once == 'o' && *later == 'l',
	   "file: each has its own, the file what was written to it");
	must(*constant == 'F');
	ok(FAULTS(*(volatile char *)constant = 1) && tap_info.si_code == SEGV_ACCERR &&
		   frame(constant) == cached,
	   "file: a write without the right to is SIGSEGV, whatever the page");
	munmap(constant, PAGE);
	munmap(later, PAGE);
	munmap(at_once, PAGE);
	munmap(file, PAGE);
}

static void zero_page(void)
{
	char *p = map(MAP_PRIVATE | MAP_ANONYMOUS, -1), *q = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned long zero;

	must(*p == 0 && *q == 0);
	zero = frame(p);
	is(frame(q), zero, "zero: what was only read is one page for all");
	*p = 1;
	ok(frame(p) != zero && frame(q) == zero && *q == 0,
	   "zero: it is no anonymous page, so a write never reuses it");
	munmap(p, PAGE);
	munmap(q, PAGE);
}

static bool swapped(const void *p)
{
	return pagemap(p) >> 62 & 1;
}

/* It reads what was swapped out, in a page that is not the writer's. */
static int swapped_reader(void)
{
	return *own == 'a' && frame(own) && frame(own) != *(unsigned long *)shared ? 0 : 1;
}

static void swapped_out(const char *device)
{
	long before, taken;
	pid_t pid;

	must(!swapon(device, 0));
	own = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	shared = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	*own = 'a';
	ok(EVENTUALLY(!madvise(own, PAGE, MADV_PAGEOUT) && swapped(own)),
	   "swap: the entry tells where the page is, there is no frame");
	pid = child(swapped_reader);
	ok(swapped(own), "swap: fork copies that entry and brings nothing in");
	faults();
	before = faults();
	*own = 'p';
	taken = faults() - before;
	is(taken, 1, "swap: a write brings the page in and copies it in the same fault");
	ok(entry_says(own, ", writable") && mapped(frame(own)) == 1,
	   "swap: the writer's page is its own, and writable at once");
	*(unsigned long *)shared = frame(own);
	is(let(pid), 0, "swap: the child finds the page as it was swapped out");
	ok(*own == 'p', "swap: and the writer what it wrote");
	munmap(own, PAGE);
	munmap(shared, PAGE);
	must(!swapoff(device));
}

int main(int argc, char **argv)
{
	int fd = memfd_create("cow", 0);

	must(fd >= 0 && write(fd, "file", 4) == 4);
	stay_on_one_cpu();
	catch_signal(SIGSEGV);
	fork_step_by_step();
	of_a_file(fd);
	zero_page();
	if (argc > 1)
		swapped_out(argv[1]);
	return tap_end();
}
