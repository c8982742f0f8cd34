// SPDX-License-Identifier: MIT
/*
 * A lab: how the kernel touches the memory of a program. It asks no VMA first: it touches, and what a fault cannot mend ends
 * the copy through the table of exceptions, with EFAULT or with less than was asked for. docs/labs.md.
 */
#include "../guest/tap.h"
#include <sys/resource.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static long faults(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return r.ru_minflt;
}

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, ANON, -1, 0);
	int zero = open("/dev/zero", O_RDONLY), file = memfd_create("copy", 0);
	long before, got;

	must(p != MAP_FAILED && zero >= 0 && file >= 0);
	must(read(zero, (char *)&before, sizeof(before)) == sizeof(before) && faults() >= 0);
	before = faults();
	got = read(zero, p, 2 * PAGE);
	before = faults() - before;
	is(got, 2 * PAGE, "copy: into memory that was never touched");
	is(before, 2, "copy: the kernel's own touch faults it in, a page at a time");
	must(munmap(p + PAGE, PAGE) == 0);
	memset(p, 'x', PAGE);
	is(write(file, p + PAGE - 100, 200), 100, "copy: up to the first byte that is not there");
	fails(write(file, p + PAGE, 100), EFAULT, "copy: EFAULT when that is the first");
	fails(read(zero, p + PAGE, 1), EFAULT, "copy: EFAULT, to the user");
	must(mprotect(p + 2 * PAGE, PAGE, PROT_READ) == 0);
	fails(read(zero, p + 2 * PAGE, 1), EFAULT, "copy: EFAULT: read-only");
	fails(write(file, (char *)0xffff888000000000, 1), EFAULT,
	      "copy: EFAULT: an address of the kernel");
	is(write(file, p, 0), 0, "copy: nothing is touched for nothing");
	is(write(file, p + 2 * PAGE, 1), 1, "copy: and the program goes on");
	return tap_end();
}
