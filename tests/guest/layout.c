// SPDX-License-Identifier: MIT
/*
 * Where a program's parts land: how many bits are random (measured over many programs), personality(2), and
 * /proc/sys/kernel/randomize_va_space and vm/legacy_va_layout.
 */
#include "maps.h"

#include <elf.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/personality.h>

#define SAMPLES 48

struct sample {
	unsigned long mmap, stack, brk, vdso, second;
};

/* Run as a new program: tell where things are. */
static int tell(void)
{
	struct sample s;
	char local;

	s.mmap = (unsigned long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s.second = (unsigned long)mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s.stack = (unsigned long)&local;
	s.brk = syscall(SYS_brk, 0ul);
	s.vdso = getauxval(AT_SYSINFO_EHDR);
	return write(1, &s, sizeof(s)) == sizeof(s) ? 0 : 1;
}

static struct sample take(unsigned long persona)
{
	struct sample s = { 0 };
	int out[2];

	must(!pipe(out));
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		if (persona)
			personality(persona);
		execl("/proc/self/exe", "layout", "tell", NULL);
		_exit(1);
	}
	close(out[1]);
	must(read(out[0], &s, sizeof(s)) == sizeof(s));
	close(out[0]);
	waitpid(pid, NULL, 0);
	return s;
}

/* Bits that differ among the samples of field @f (an offset). */
static unsigned long varying(const struct sample *s, int n, size_t f)
{
	unsigned long first = *(unsigned long *)((char *)s + f), bits = 0;

	for (int i = 1; i < n; i++)
		bits |= first ^ *(unsigned long *)((char *)(s + i) + f);
	return bits;
}

#define BITS(lo, nr) (((1ul << (nr)) - 1) << (lo))

static void entropy(void)
{
	static struct sample s[SAMPLES];
	unsigned long mm, st, br, vd;

	for (int i = 0; i < SAMPLES; i++)
		s[i] = take(0);
	mm = varying(s, SAMPLES, offsetof(struct sample, mmap));
	st = varying(s, SAMPLES, offsetof(struct sample, stack));
	br = varying(s, SAMPLES, offsetof(struct sample, brk));
	vd = varying(s, SAMPLES, offsetof(struct sample, vdso));
	printf("# bits that vary: mmap %lx, stack %lx, brk %lx, vdso %lx\n", mm, st, br, vd);
	ok((mm & BITS(12, 28)) == BITS(12, 28), "mmap: 28 bits are random");
	ok(!(mm & ~BITS(12, 31)), "mmap: and no more");
	ok((st & BITS(4, 30)) == BITS(4, 30),
	   "stack: 22 bits of pages and 8 within them are random");
	ok(!(st & ~BITS(4, 33)), "stack: and no more");
	ok((br & BITS(12, 18)) == BITS(12, 18), "brk: 18 bits are random");
	ok(!(br & ~BITS(12, 20)), "brk: and no more");
	ok(__builtin_popcountl(vd & BITS(12, 9)) >= 8,
	   "vdso: its place within the table above the stack, too");
	is(s[0].second + PAGE, s[0].mmap, "mmap: top-down");
}

static bool same(struct sample a, struct sample b)
{
	return a.mmap == b.mmap && a.stack == b.stack && a.brk == b.brk && a.vdso == b.vdso;
}

static void personas(void)
{
	struct sample a = take(ADDR_NO_RANDOMIZE), b = take(ADDR_NO_RANDOMIZE);

	ok(same(a, b), "ADDR_NO_RANDOMIZE: twice the same");
	ok(a.stack > 0x7ffffff00000 && a.mmap > 0x7ffff0000000, "at the top");
	a = take(ADDR_COMPAT_LAYOUT);
	ok(a.second == a.mmap + PAGE, "ADDR_COMPAT_LAYOUT: bottom-up");
	ok(a.mmap >= 0x2aaaaaaaa000 && a.mmap < 0x2baaaaaab000 + 64 * PAGE,
	   "from a third of the space");
	a = take(ADDR_COMPAT_LAYOUT | ADDR_NO_RANDOMIZE);
	ok(a.mmap >= 0x2aaaaaaaa000 && a.mmap < 0x2aaaaaaab000 + 64 * PAGE,
	   "exactly, when nothing is random");
	is(personality(0xffffffff), 0, "personality: asked for");
	is(personality(ADDR_NO_RANDOMIZE), 0, "personality: the old one is returned");
	is(personality(0), ADDR_NO_RANDOMIZE, "and the new one then");
	personality(READ_IMPLIES_EXEC);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(!strncmp(vma_at(p).perms, "r-xp", 4), "READ_IMPLIES_EXEC: mmap");
	mprotect(p, PAGE, PROT_NONE);
	mprotect(p, PAGE, PROT_READ);
	ok(!strncmp(vma_at(p).perms, "r-xp", 4), "READ_IMPLIES_EXEC: mprotect");
	personality(0);
	munmap(p, PAGE);
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, value, strlen(value)) > 0);
	close(fd);
}

static void switches(void)
{
	struct sample a, b;

	set("/proc/sys/kernel/randomize_va_space", "0");
	a = take(0), b = take(0);
	ok(same(a, b), "randomize_va_space 0: twice the same");
	set("/proc/sys/kernel/randomize_va_space", "1");
	a = take(0), b = take(0);
	ok(a.mmap != b.mmap && a.stack != b.stack, "1: mmap and stack are random");
	is(a.brk, (long)b.brk, "1: brk is not");
	set("/proc/sys/kernel/randomize_va_space", "2");
	set("/proc/sys/vm/legacy_va_layout", "1");
	a = take(0);
	ok(a.second == a.mmap + PAGE, "legacy_va_layout: bottom-up");
	set("/proc/sys/vm/legacy_va_layout", "0");
	a = take(0);
	ok(a.second + PAGE == a.mmap, "and top-down again");
	is(number_in("/proc/sys/vm/mmap_rnd_bits", ""), 28, "mmap_rnd_bits");
	is(number_in("/proc/sys/vm/mmap_min_addr", ""), 65536, "mmap_min_addr");
}

static void special(void)
{
	struct vma_line v = vma_at((void *)getauxval(AT_SYSINFO_EHDR));
	char *at = (char *)v.start;

	ok(!strcmp(v.name, "[vdso]") && !strncmp(v.perms, "r-xp", 4), "[vdso]: r-xp");
	ok(!memcmp(at, "\177ELF", 4), "it is an ELF image");
	ok(!strcmp(vma_at(at - 1).name, "[vvar]") && !strncmp(vma_at(at - 1).perms, "r--p", 4),
	   "[vvar] before it: r--p");
	fails(mprotect(at - PAGE, PAGE, PROT_READ | PROT_WRITE), EACCES,
	      "[vvar] cannot become writable");
	fails((long)mremap(at, v.end - v.start, 16 * PAGE, MREMAP_MAYMOVE), EFAULT,
	      "[vdso] cannot grow");
	fails(munmap(at, PAGE), EINVAL, "nor be cut");
}

/* A wall of VMAs with a small hole near its top: it is found again after a larger search has passed it by. */
static void small_hole(void)
{
	const size_t nr = 400;
	char *wall = mmap(NULL, nr * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *hole = wall + (nr - 20) * PAGE, *large, *small;

	must(wall != MAP_FAILED);
	for (size_t i = 0; i < nr; i += 2)
		must(mprotect(wall + i * PAGE, PAGE, PROT_READ) == 0);
	must(munmap(hole, 3 * PAGE) == 0);
	large = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(large != MAP_FAILED && (large < wall || large > wall + nr * PAGE),
	   "a small hole is passed by");
	small = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(small == hole, "and filled by what fits");
	munmap(large, 4 * PAGE);
	munmap(wall, nr * PAGE);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return tell();
	entropy();
	personas();
	switches();
	special();
	small_hole();
	return tap_end();
}
