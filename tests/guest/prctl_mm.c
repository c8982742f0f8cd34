// SPDX-License-Identifier: MIT
/* prctl(2) about memory: PR_SET_MM with all its borders, PR_SET_THP_DISABLE, PR_SET_VMA. */
#include "maps.h"

#include <linux/prctl.h>
#include <pthread.h>
#include <sys/resource.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

int prctl(int, ...);

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

static char *area;

/* Field @n (from 1) of /proc/self/stat; the command has no blanks here. */
static unsigned long stat_field(int n)
{
	char *s = slurp("/proc/self/stat");

	while (--n && s)
		s = strchr(s + 1, ' ');
	return s ? strtoul(s, NULL, 10) : 0;
}

enum {
	STAT_START_CODE = 26,
	STAT_END_CODE,
	STAT_START_STACK,
	STAT_START_DATA = 45,
	STAT_END_DATA,
	STAT_START_BRK,
	STAT_ARG_START,
	STAT_ARG_END,
	STAT_ENV_START,
	STAT_ENV_END
};

static long set(int opt, void *addr)
{
	return prctl(PR_SET_MM, opt, addr, 0, 0);
}

static void borders(void)
{
	static char args[] = "new\0args";
	char cmdline[32] = "";
	unsigned long end_code = stat_field(STAT_END_CODE);
	int fd;

	is(set(PR_SET_MM_END_CODE, (void *)(end_code + PAGE)), 0, "PR_SET_MM_END_CODE");
	is(stat_field(STAT_END_CODE), end_code + PAGE, "and stat shows it");
	is(set(PR_SET_MM_END_CODE, (void *)end_code), 0, "and back");
	fails(set(PR_SET_MM_START_CODE, (void *)end_code), EINVAL, "a part may not be empty: code");
	fails(set(PR_SET_MM_START_CODE, (void *)(end_code + PAGE)), EINVAL,
	      "nor end before it starts");
	memcpy(area, args, sizeof(args));
	/* End first: at each moment start <= end must hold. */
	if (stat_field(STAT_ARG_START) > (unsigned long)area) {
		is(set(PR_SET_MM_ARG_START, area), 0, "PR_SET_MM_ARG_START");
		is(set(PR_SET_MM_ARG_END, area + sizeof(args)), 0, "PR_SET_MM_ARG_END");
	} else {
		is(set(PR_SET_MM_ARG_END, area + sizeof(args)), 0, "PR_SET_MM_ARG_END");
		is(set(PR_SET_MM_ARG_START, area), 0, "PR_SET_MM_ARG_START");
	}
	fd = open("/proc/self/cmdline", O_RDONLY);
	ok(read(fd, cmdline, sizeof(cmdline)) == sizeof(args) &&
		   !memcmp(cmdline, args, sizeof(args)),
	   "/proc/self/cmdline reads from there");
	close(fd);
	is(set(PR_SET_MM_START_STACK, area), 0, "PR_SET_MM_START_STACK");
	is(stat_field(STAT_START_STACK), (unsigned long)area, "and stat shows it");
	fails(set(PR_SET_MM_START_STACK, (void *)0x7fffffffe000), EFAULT,
	      "START_STACK: no mapping there or above");
	fails(set(PR_SET_MM_START_STACK, (void *)0x1000), EINVAL, "below mmap_min_addr");
	fails(set(PR_SET_MM_START_STACK, (void *)0x7ffffffff000), EINVAL, "not in user space");
	fails(set(99, area), EINVAL, "unknown border");
	fails(prctl(PR_SET_MM, PR_SET_MM_BRK, area, 1, 0), EINVAL, "argument 4 must be 0");
	fails(prctl(PR_SET_MM, PR_SET_MM_BRK, area, 0, 1), EINVAL, "argument 5 must be 0");
}

static void heap(void)
{
	unsigned long brk = syscall(SYS_brk, 0ul);

	is(syscall(SYS_brk, brk + 2 * PAGE), (long)(brk + 2 * PAGE), "brk grows");
	is(set(PR_SET_MM_BRK, (void *)brk), 0, "PR_SET_MM_BRK");
	is(syscall(SYS_brk, 0ul), (long)brk, "brk answers it");
	ok(is_mapped((void *)((brk + PAGE - 1) & -PAGE)), "no memory moved");
	is(set(PR_SET_MM_BRK, (void *)(brk + 2 * PAGE)), 0, "and back");
	syscall(SYS_brk, brk);
	fails(set(PR_SET_MM_START_BRK, (void *)(brk + 64 * PAGE)), EINVAL, "START_BRK behind brk");
}

static void whole(void)
{
	unsigned int size = 0;
	struct prctl_mm_map map;
	uint64_t auxv[64];

	is(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0), 0, "PR_SET_MM_MAP_SIZE");
	is(size, sizeof(map), "the size of struct prctl_mm_map");
	memset(&map, 0, sizeof(map));
	map.start_code = stat_field(STAT_START_CODE);
	map.end_code = stat_field(STAT_END_CODE);
	map.start_data = stat_field(STAT_START_DATA);
	map.end_data = stat_field(STAT_END_DATA);
	map.start_brk = stat_field(STAT_START_BRK);
	map.brk = syscall(SYS_brk, 0ul);
	map.start_stack = (unsigned long)area + 64;
	map.arg_start = stat_field(STAT_ARG_START);
	map.arg_end = stat_field(STAT_ARG_END);
	map.env_start = stat_field(STAT_ENV_START);
	map.env_end = stat_field(STAT_ENV_END);
	map.exe_fd = -1;
	is(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0), 0, "PR_SET_MM_MAP");
	is(stat_field(STAT_START_STACK), (unsigned long)area + 64, "and stat shows it");
	fails(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map) - 8, 0), EINVAL,
	      "MAP: another size");
	fails(prctl(PR_SET_MM, PR_SET_MM_MAP, 8, sizeof(map), 0), EFAULT, "MAP: bad pointer");
	map.end_code = map.start_code;
	fails(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0), EINVAL,
	      "MAP: a part without length");
	memset(auxv, 0, sizeof(auxv));
	auxv[0] = 6;
	auxv[1] = 4096;
	is(prctl(PR_SET_MM, PR_SET_MM_AUXV, auxv, 32, 0), 0, "PR_SET_MM_AUXV");
	ok(!memcmp(slurp("/proc/self/auxv"), auxv, 32), "/proc/self/auxv shows it");
	fails(prctl(PR_SET_MM, PR_SET_MM_AUXV, auxv, 4096, 0), EINVAL, "AUXV: too long");
	fails(prctl(PR_SET_MM, PR_SET_MM_AUXV, 8, 32, 0), EFAULT, "AUXV: bad pointer");
}

static void exe(void)
{
	int fd = open("/tmp/exe", O_RDWR | O_CREAT, 0600);

	fails(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0), EACCES, "EXE_FILE: not executable");
	fchmod(fd, 0700);
	close(fd);
	fd = open("/tmp/exe", O_RDONLY);
	fails(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0), EBUSY,
	      "EXE_FILE: the old one is mapped");
	fails(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 999, 0, 0), EBADF, "EXE_FILE: bad descriptor");
	unlink("/tmp/exe");
	close(fd);
	fd = open("/tmp", O_RDONLY);
	fails(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0), EACCES, "EXE_FILE: a directory");
	close(fd);
}

/* Nothing of the program's file stays mapped: an equal anonymous page takes the place of each, in one call. */
static void leave_exe(void)
{
	struct vma_line v[16];
	int n = vma_lines(NULL, ~0ul, v, 16);
	unsigned long inode = vma_at((void *)(uintptr_t)leave_exe).inode;

	must(inode && n <= 16);
	for (int i = 0; i < n; i++) {
		size_t len = v[i].end - v[i].start;
		char *at = (char *)v[i].start, *copy;

		if (v[i].inode != inode)
			continue;
		copy = mmap(NULL, len, RW, ANON, -1, 0);
		memcpy(copy, at, len);
		mprotect(copy, len,
			 PROT_READ | (v[i].perms[1] == 'w' ? PROT_WRITE : 0) |
				 (v[i].perms[2] == 'x' ? PROT_EXEC : 0));
		must(mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
	}
}

enum { EXCHANGES = 200 };

/* A program of its own for each of several threads, held by nobody but the address space. */
static void *exchange(void *path)
{
	long bad = 0;

	for (int i = 0; i < EXCHANGES; i++) {
		int fd = open(path, O_RDONLY);

		bad += prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0) != 0;
		close(fd);
	}
	return (void *)bad;
}

static void new_exe(void)
{
	static char paths[3][16];
	char link[32] = "";
	pthread_t threads[3];
	void *bad;
	int status = 0, fd;

	leave_exe();
	for (int i = 0; i < 3; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/tmp/exe%d", i);
		close(open(paths[i], O_RDWR | O_CREAT, 0700));
	}
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, exchange, paths[i]);
	for (int i = 0; i < EXCHANGES / 4; i++) {
		status += readlink("/proc/self/exe", link, sizeof(link)) <= 0;
		if (!fork())
			_exit(0);
		wait(NULL);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &bad);
		status += bad != NULL;
	}
	memset(link, 0, sizeof(link));
	readlink("/proc/self/exe", link, sizeof(link) - 1);
	for (int i = 0; i < 3; i++) {
		bool mine = !strcmp(link, paths[i]);

		fd = open(paths[i], O_RDWR);
		status += mine ? fd >= 0 || errno != ETXTBSY : fd < 0;
		close(fd);
		unlink(paths[i]);
	}
	_exit(status);
}

static void as_user(void)
{
	if (setuid(65534))
		_exit(1);
	if (set(PR_SET_MM_START_STACK, area) != -1 || errno != EPERM)
		_exit(2);
}

static void thp(void)
{
	is(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0, "PR_GET_THP_DISABLE: off");
	is(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0, "PR_SET_THP_DISABLE");
	is(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1, "PR_GET_THP_DISABLE: on");
	fails(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0), EINVAL, "PR_SET_THP_DISABLE: argument 3");
	fails(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL, "PR_GET_THP_DISABLE: argument 2");
}

static void thp_inherited(void)
{
	_exit(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1 ? 0 : 1);
}

static long name_it(void *p, size_t len, const char *name)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, len, name);
}

/* oracle: none (CONFIG_ANON_VMA_NAME) */
static void names(void)
{
	char *p = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0), longest[81];
	int fd = open("/proc/self/exe", O_RDONLY);

	if (name_it(p, PAGE, "x") && errno == EINVAL) {
		ok(true, "PR_SET_VMA_ANON_NAME # skip not configured");
		return;
	}
	is(name_it(p, 8 * PAGE, "whole"), 0, "PR_SET_VMA_ANON_NAME");
	ok(!strcmp(vma_at(p).name, "[anon:whole]") && vmas(p, 8 * PAGE) == 1, "maps shows it");
	is(name_it(p + 2 * PAGE, PAGE, "part of it"), 0, "a part");
	is(vmas(p, 8 * PAGE), 3, "splits");
	ok(!strcmp(vma_at(p + 2 * PAGE).name, "[anon:part of it]"), "with its own name");
	is(mprotect(p + 5 * PAGE, PAGE, PROT_READ), 0, "mprotect splits");
	ok(!strcmp(vma_at(p + 5 * PAGE).name, "[anon:whole]"), "and the name is inherited");
	mprotect(p + 5 * PAGE, PAGE, RW);
	is(vmas(p, 8 * PAGE), 3, "merged back");
	is(name_it(p + 2 * PAGE, PAGE, "whole"), 0, "an equal name");
	is(vmas(p, 8 * PAGE), 1, "merges");
	is(name_it(p + 6 * PAGE, 2 * PAGE, NULL), 0, "no name");
	ok(!vma_at(p + 6 * PAGE).name[0], "is shown as none");
	memset(longest, 'y', 80);
	longest[80] = 0;
	fails(name_it(p, PAGE, longest), EINVAL, "80 characters are too many");
	is(name_it(p, PAGE, longest + 1), 0, "79 are not");
	for (const char *bad = "\\`$[]\n\x7f"; *bad; bad++) {
		char name[2] = { *bad, 0 };

		fails(name_it(p, PAGE, name), EINVAL, "character %02x is refused", *bad);
	}
	fails(name_it(p + 1, PAGE, "x"), EINVAL, "an odd address");
	fails(name_it(p, PAGE, (char *)8), EFAULT, "a bad pointer");
	munmap(p + 4 * PAGE, PAGE);
	fails(name_it(p, 8 * PAGE, "holes"), ENOMEM, "over a hole");
	ok(!strcmp(vma_at(p + 5 * PAGE).name, "[anon:holes]"), "but what is behind it is named");
	char *f = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	fails(name_it(f, PAGE, "x"), EBADF, "a file");
	munmap(f, PAGE);
	munmap(p, 8 * PAGE);
	close(fd);
}

int main(void)
{
	area = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	must(area != MAP_FAILED);
	names();
	thp();
	is(in_child(thp_inherited), 0, "a child inherits it");
	heap();
	exe();
	is(in_child(new_exe), 0, "EXE_FILE: three threads exchange it: the last one alone is busy");
	is(in_child(as_user), 0, "PR_SET_MM without CAP_SYS_RESOURCE: EPERM");
	fails(prctl(PR_SET_VMA, 77, area, PAGE, "x"), EINVAL, "PR_SET_VMA: unknown attribute");
	borders();
	whole();
	return tap_end();
}
