// SPDX-License-Identifier: MIT
/*
 * A lab: why a program changes the rights of its own memory. A page without rights behind a buffer catches the first byte
 * too many; code that is made at run time is writable first and executable then, never both. docs/labs.md.
 */
#include "../guest/tap.h"

static char *pages(size_t n)
{
	char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void guard(void)
{
	char *p = pages(3), *volatile buffer = p + 2 * PAGE - 100;
	volatile int wrote = 0;

	must(mprotect(p + 2 * PAGE, PAGE, PROT_NONE) == 0);
	ok(FAULTS(for (int i = 0; i < 200; i++) {
		   buffer[i] = 1;
		   wrote = wrote + 1;
	   }),
	   "guard: a loop that runs too far is stopped");
	ok(wrote == 100 && tap_info.si_addr == p + 2 * PAGE && tap_info.si_code == SEGV_ACCERR,
	   "guard: at the first byte behind the buffer, SEGV_ACCERR");
	munmap(p, 3 * PAGE);
}

/* mov eax, VALUE; ret */
static void put_code(unsigned char *at, int value)
{
	at[0] = 0xb8;
	memcpy(at + 1, &value, 4);
	at[5] = 0xc3;
}

static void jit(void)
{
	unsigned char *code = (unsigned char *)pages(1);
	int (*fn)(void) = (int (*)(void))code;

	put_code(code, 42);
	ok(FAULTS(fn()) && tap_info.si_code == SEGV_ACCERR, "jit: what is writable does not run");
	must(mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0);
	is(fn(), 42, "jit: made executable, it does");
	ok(FAULTS(put_code(code, 43)) && tap_info.si_code == SEGV_ACCERR,
	   "jit: and cannot be written");
	must(mprotect(code, PAGE, PROT_READ | PROT_WRITE) == 0);
	put_code(code, 43);
	must(mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0);
	is(fn(), 43, "jit: flipped back and forth, the new code runs");
	munmap(code, PAGE);
}

static void heap(void)
{
	char *before = sbrk(0), *p;

	ok(sbrk(PAGE) == before && sbrk(0) == before + PAGE,
	   "heap: sbrk is brk by a difference, and tells the old end");
	before[0] = 1;
	ok(brk(before) == 0 && sbrk(0) == before, "heap: brk back");
	ok(FAULTS(*(volatile char *)((((unsigned long)before + PAGE - 1) & -PAGE) + PAGE)),
	   "heap: behind the end there is nothing");
	p = pages(1);
	ok(p > before + (1l << 30) || p < before,
	   "heap: mmap gives memory elsewhere, which can be given back in any order");
	munmap(p, PAGE);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 4096);
	catch_signal(SIGSEGV);
	guard();
	jit();
	heap();
	return tap_end();
}
