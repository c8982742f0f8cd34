// SPDX-License-Identifier: MIT
/*
 * Exceptions from user mode: the signal, its si_code and si_addr, exactly. What QEMU's emulation
 * does not raise (SSE exceptions, alignment checks) cannot be tested here.
 */
#include "tap.h"

#include <ucontext.h>

static char *ro, *none;

static void divide_by(int divisor)
{
	asm volatile("mov $1, %%eax; cltd; idivl %0" : : "r"(divisor) : "rax", "rdx", "cc");
}

static void wild_addresses(void)
{
	char *wild = (char *)0xdead000;

	ok(FAULTS(*(volatile char *)wild), "read of nothing faults");
	ok(tap_info.si_signo == SIGSEGV && tap_info.si_code == SEGV_MAPERR &&
		   tap_info.si_addr == wild,
	   "SIGSEGV, SEGV_MAPERR, its address");
	ok(FAULTS(*(volatile char *)(wild + 5) = 1) && tap_info.si_addr == wild + 5,
	   "write of nothing: the very byte");
	ok(FAULTS(*(volatile char *)0) && tap_info.si_code == SEGV_MAPERR && !tap_info.si_addr,
	   "NULL: SEGV_MAPERR at 0");
	ok(FAULTS(*(volatile char *)ro = 1) && tap_info.si_code == SEGV_ACCERR &&
		   tap_info.si_addr == ro,
	   "write of read-only: SEGV_ACCERR");
	ok(FAULTS(*(volatile char *)none) && tap_info.si_code == SEGV_ACCERR, "PROT_NONE: ACCERR");
	ok(FAULTS(((void (*)(void))ro)()) && tap_info.si_code == SEGV_ACCERR &&
		   tap_info.si_addr == ro,
	   "execute of not executable: SEGV_ACCERR");
	ok(FAULTS(((void (*)(void))0xdead000)()) && tap_info.si_code == SEGV_MAPERR &&
		   tap_info.si_addr == (void *)0xdead000,
	   "jump to nothing: SEGV_MAPERR");
	ok(FAULTS(*(volatile char *)0xffff888000000000) && tap_info.si_signo == SIGSEGV,
	   "a kernel address: SIGSEGV");
	ok(FAULTS(*(volatile char *)0x8000000000000000) && tap_info.si_code == SI_KERNEL &&
		   !tap_info.si_addr,
	   "a non-canonical address: SI_KERNEL, address 0");
}

static void arithmetic(void)
{
	ok(FAULTS(divide_by(0)) && tap_info.si_signo == SIGFPE && tap_info.si_code == FPE_INTDIV,
	   "division by zero: SIGFPE, FPE_INTDIV");
	ok(tap_info.si_addr != NULL, "si_addr is the instruction");
	ok(FAULTS(({
		   unsigned short cw = 0x37f & ~4;

		   asm volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(cw));
	   })) && tap_info.si_signo == SIGFPE &&
		   tap_info.si_code == FPE_FLTDIV,
	   "x87 division by zero: FPE_FLTDIV");
	asm volatile("fninit");
}

static void instructions(void)
{
	ok(FAULTS(asm volatile("ud2")) && tap_info.si_signo == SIGILL &&
		   tap_info.si_code == ILL_ILLOPN && tap_info.si_addr,
	   "ud2: SIGILL, ILL_ILLOPN");
	ok(FAULTS(asm volatile("hlt")) && tap_info.si_signo == SIGSEGV &&
		   tap_info.si_code == SI_KERNEL,
	   "hlt: SIGSEGV, SI_KERNEL");
	ok(FAULTS(asm volatile("mov %%cr0, %%rax"
			       :
			       :
			       : "rax")) &&
		   tap_info.si_signo == SIGSEGV,
	   "reading CR0: SIGSEGV");
	ok(FAULTS(asm volatile("int3")) && tap_info.si_signo == SIGTRAP &&
		   tap_info.si_code == SI_KERNEL,
	   "int3: SIGTRAP, SI_KERNEL");
	ok(FAULTS(asm volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop"
			       :
			       :
			       : "memory", "cc")) &&
		   tap_info.si_signo == SIGTRAP && tap_info.si_code == TRAP_TRACE,
	   "single step: SIGTRAP, TRAP_TRACE");
	ok(FAULTS(asm volatile("int $0x30")) && tap_info.si_signo == SIGSEGV, "int 0x30: SIGSEGV");
	ok(FAULTS(asm volatile("in $0x60, %%al"
			       :
			       :
			       : "rax")) &&
		   tap_info.si_signo == SIGSEGV,
	   "port access: SIGSEGV");
}

static void dies_of_segv(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)0 = 1;
}

static void blocked_segv(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*(volatile char *)0 = 1;
}

static void ignored_segv(void)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile char *)0 = 1;
}

static volatile uint64_t seen_rip, seen_rax, seen_err, seen_trapno;

static void inspect(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)si;
	seen_rip = uc->uc_mcontext.gregs[REG_RIP];
	seen_rax = uc->uc_mcontext.gregs[REG_RAX];
	seen_err = uc->uc_mcontext.gregs[REG_ERR];
	seen_trapno = uc->uc_mcontext.gregs[REG_TRAPNO];
	uc->uc_mcontext.gregs[REG_RAX] = 77;
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* over "mov (%rcx), %eax"-sized instruction */
}

static void context(void)
{
	struct sigaction sa = { .sa_sigaction = inspect, .sa_flags = SA_SIGINFO };
	uint64_t rax = 0x1234, at;

	sigaction(SIGSEGV, &sa, NULL);
	asm volatile("lea 1f(%%rip), %1\n1: movb %%al, (%%rcx)"
		     : "+a"(rax), "=&r"(at)
		     : "c"(0)
		     : "memory");
	is(seen_rip, at, "the context has the instruction's address");
	is(seen_rax, 0x1234, "and the registers");
	is(seen_trapno, 14, "trap number 14");
	is(seen_err, 6, "error code: a user write of nothing");
	is(rax, 77, "what the handler puts there is restored");
}

int main(void)
{
	ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	catch_signal(SIGSEGV);
	catch_signal(SIGBUS);
	catch_signal(SIGFPE);
	catch_signal(SIGILL);
	catch_signal(SIGTRAP);
	wild_addresses();
	arithmetic();
	instructions();
	is(in_child(dies_of_segv) & 0x7f, SIGSEGV, "default action: death by SIGSEGV");
	is(in_child(blocked_segv) & 0x7f, SIGSEGV, "blocked: death all the same");
	is(in_child(ignored_segv) & 0x7f, SIGSEGV, "ignored: death all the same");
	context();
	return tap_end();
}
