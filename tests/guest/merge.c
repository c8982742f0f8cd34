// SPDX-License-Identifier: MIT
/*
 * When VMAs split and when they merge: a table of small programs and the lines of /proc/self/maps that result, written
 * down from Linux 6.1. An area of 32 pages, in the middle of a hole:
 *
 *	mA-B PROT	map anonymous memory [A, B) pages	fA-B@O PROT	a private file from page O
 *	nA-B PROT	the same with MAP_NORESERVE		sA-B@O PROT	a shared file
 *	gA-B PROT	the same with another file, private
 *	uA-B		unmap		pA-B PROT	protect		tA-B	write to each page
 *	lA-B, kA-B	mlock, munlock	xA-B, yA-B	DONTFORK, DOFORK
 *	wA-B, zA-B	WIPEONFORK, KEEPONFORK		dA-B, eA-B	DONTDUMP, DODUMP
 *	rA-B, qA-B	MADV_RANDOM, MADV_NORMAL
 *	vA-B>C		mremap to C	+A-B=N		mremap in place to N pages
 *
 * PROT: r, rw, - (none), x (read and execute). A step that fails prints its errno instead: !12.
 */
#include "maps.h"

#define PAGES 32

static const struct {
	const char *what, *steps, *want;
	const char *
		more; /* where Linux does not merge for the sake of its anon_vma: what one may get, too */
} cases[] = {
#include "merge_cases.h"
};

static char *area;
static int fds[2];

static int prot_of(const char **s)
{
	int prot = 0;

	for (; **s && **s != ' '; (*s)++)
		prot |= **s == 'r'   ? PROT_READ
			: **s == 'w' ? PROT_WRITE
			: **s == 'x' ? PROT_READ | PROT_EXEC
				     : 0;
	return prot;
}

static int advice_of(char op)
{
	static const struct {
		char op;
		int advice;
	} all[] = { { 'x', MADV_DONTFORK },   { 'y', MADV_DOFORK },   { 'w', MADV_WIPEONFORK },
		    { 'z', MADV_KEEPONFORK }, { 'd', MADV_DONTDUMP }, { 'e', MADV_DODUMP },
		    { 'r', MADV_RANDOM },     { 'q', MADV_NORMAL } };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].op == op)
			return all[i].advice;
	return -1;
}

/* One step; 0 or an errno. */
static int step(char op, long a, long b, const char **s)
{
	char *p = area + a * PAGE;
	size_t len = (b - a) * PAGE;
	long arg = 0, ret = -1;
	int flags = MAP_FIXED | MAP_PRIVATE, fd = -1;

	if (**s == '@' || **s == '>' || **s == '=')
		arg = strtol(*s + 1, (char **)s, 10);
	if (**s == ' ')
		(*s)++;
	errno = 0;
	switch (op) {
	case 's':
		flags = MAP_FIXED | MAP_SHARED;
		/* fall through */
	case 'f':
	case 'g':
		fd = fds[op == 'g'];
		ret = mmap(p, len, prot_of(s), flags, fd, arg * PAGE) == MAP_FAILED ? -1 : 0;
		break;
	case 'n':
		flags |= MAP_NORESERVE;
		/* fall through */
	case 'm':
		ret = mmap(p, len, prot_of(s), flags | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
		break;
	case 'u':
		ret = munmap(p, len);
		break;
	case 'p':
		ret = mprotect(p, len, prot_of(s));
		break;
	case 't':
		for (ret = 0; a < b; a++)
			area[a * PAGE] = 1;
		break;
	case 'l':
		ret = mlock(p, len);
		break;
	case 'k':
		ret = munlock(p, len);
		break;
	case 'v':
		ret = mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, area + arg * PAGE) ==
				      MAP_FAILED
			      ? -1
			      : 0;
		break;
	case '+':
		ret = mremap(p, len, arg * PAGE, 0) == MAP_FAILED ? -1 : 0;
		break;
	default:
		ret = madvise(p, len, advice_of(op));
	}
	return ret ? errno : 0;
}

static void show(char *out, size_t size)
{
	struct vma_line v[PAGES];
	int n = vma_lines(area, PAGES * PAGE, v, PAGES);
	size_t at = strlen(out);

	for (int i = 0; i < n; i++)
		at += snprintf(out + at, size - at, "%s%ld-%ld%s", at ? " " : "",
			       ((long)v[i].start - (long)area) / (long)PAGE,
			       ((long)v[i].end - (long)area) / (long)PAGE, v[i].perms);
}

static void run(const char *what, const char *s, const char *want, const char *more)
{
	static char got[1024];

	got[0] = 0;
	munmap(area, PAGES * PAGE);
	while (*s) {
		char op = *s++;
		long a = strtol(s, (char **)&s, 10), b = strtol(s + 1, (char **)&s, 10);
		int err = step(op, a, b, &s);

		if (err)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s!%d",
				 got[0] ? " " : "", err);
		while (*s == ' ')
			s++;
	}
	show(got, sizeof(got));
	if (!ok(!strcmp(got, want) || (more && !strcmp(got, more)), "%s", what))
		printf("# got  \"%s\"\n# want \"%s\"\n", got, want);
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		char name[] = "/tmp/mergeXXXXXX";

		fds[i] = mkstemp(name);
		must(fds[i] >= 0 && !ftruncate(fds[i], 64 * PAGE));
		unlink(name);
	}
	area = mmap(NULL, 3 * PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	must(area != MAP_FAILED);
	munmap(area, 3 * PAGES * PAGE);
	area += PAGES * PAGE;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run(cases[i].what, cases[i].steps, cases[i].want, cases[i].more);
	return tap_end();
}
