// SPDX-License-Identifier: MIT
/* Exceptions and their signals, registers over system calls, signal frames, FPU state, vsyscall. */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <sys/user.h>
#include <ucontext.h>

#ifndef FPE_INTDIV
#define FPE_INTDIV 1
#endif
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

static volatile int fault_trapno, fault_err;
static volatile unsigned long fault_ip, fault_cr2;

static void on_fault(int sig, siginfo_t *si, void *ucv)
{
	ucontext_t *uc = ucv;

	(void)sig;
	tap_info = *si;
	fault_trapno = (int)uc->uc_mcontext.gregs[REG_TRAPNO];
	fault_err = (int)uc->uc_mcontext.gregs[REG_ERR];
	fault_ip = (unsigned long)uc->uc_mcontext.gregs[REG_RIP];
	fault_cr2 = (unsigned long)uc->uc_mcontext.gregs[REG_CR2];
	siglongjmp(tap_jump, 1);
}

static void catch_all(void)
{
	static const int sigs[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	for (size_t i = 0; i < sizeof(sigs) / sizeof(*sigs); i++)
		must(sigaction(sigs[i], &sa, NULL) == 0);
}

#define EXPECT(what, sig, code, address, trap)                                                     \
	do {                                                                                       \
		is(tap_info.si_signo, sig, what ": signal");                                       \
		is(tap_info.si_code, code, what ": si_code");                                      \
		is((unsigned long)tap_info.si_addr, (unsigned long)(address), what ": si_addr");   \
		is(fault_trapno, trap, what ": trap number");                                      \
	} while (0)

static void exceptions(void)
{
	volatile char *ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int zero = 0, sink;

	ok(FAULTS(sink = 7 / zero), "division by zero faults");
	EXPECT("#DE", SIGFPE, FPE_INTDIV, fault_ip, 0);
	ok(FAULTS(__asm__ volatile("ud2")), "ud2 faults");
	EXPECT("#UD", SIGILL, ILL_ILLOPN, fault_ip, 6);
	ok(FAULTS(__asm__ volatile("int3")), "int3 traps");
	EXPECT("#BP", SIGTRAP, SI_KERNEL, 0, 3);
	ok(FAULTS(__asm__ volatile("hlt")), "hlt faults");
	EXPECT("#GP", SIGSEGV, SI_KERNEL, 0, 13);
	ok(FAULTS(sink = *(volatile int *)0x8000000000000000ul), "a non-canonical address faults");
	EXPECT("#GP", SIGSEGV, SI_KERNEL, 0, 13);
	ok(FAULTS(sink = *(volatile int *)16), "an unmapped address faults");
	EXPECT("#PF", SIGSEGV, SEGV_MAPERR, 16, 14);
	is(fault_err, 4, "error code: user, read");
	is(fault_cr2, 16, "cr2");
	ok(FAULTS(ro[5] = 1), "writing a read-only page faults");
	EXPECT("#PF", SIGSEGV, SEGV_ACCERR, &ro[5], 14);
	ok(FAULTS(sink = none[7]), "reading a PROT_NONE page faults");
	EXPECT("#PF", SIGSEGV, SEGV_ACCERR, &none[7], 14);
	ok(FAULTS(((void (*)(void))ro)()), "executing a page without PROT_EXEC faults");
	EXPECT("#PF", SIGSEGV, SEGV_ACCERR, ro, 14);
	ok(FAULTS(sink = *(volatile int *)0xffffffff81000000ul), "a kernel address faults");
	EXPECT("#PF", SIGSEGV, SEGV_MAPERR, 0xffffffff81000000ul, 14);
	is(fault_err & 5, 5, "error code: kernel addresses always look protected");
	ok(FAULTS(__asm__ volatile("int $0x42")), "int 0x42 faults");
	EXPECT("#GP", SIGSEGV, SI_KERNEL, 0, 13);
	(void)sink;
}

static void fpu_exceptions(void)
{
	volatile double one = 1, zero = 0;
	unsigned int mxcsr = 0x1f80 & ~0x200u, old;
	unsigned short cw = 0x37f & ~4, oldcw;

	__asm__ volatile("stmxcsr %0" : "=m"(old));
	/* QEMU's emulation does not raise it. */
	if (FAULTS({
		    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
		    one = one / zero;
	    }))
		EXPECT("#XF", SIGFPE, FPE_FLTDIV, fault_ip, 19);
	__asm__ volatile("ldmxcsr %0" : : "m"(old));
	__asm__ volatile("fnstcw %0" : "=m"(oldcw));
	ok(FAULTS({
		   __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(cw));
	   }),
	   "an unmasked x87 exception");
	is(tap_info.si_signo, SIGFPE, "#MF: signal");
	is(tap_info.si_code, FPE_FLTDIV, "#MF: si_code");
	is(fault_trapno, 16, "#MF: trap number");
	__asm__ volatile("fninit; fldcw %0" : : "m"(oldcw));
}

static void alignment(void)
{
	char buf[16] __attribute__((aligned(16)));
	bool hit;

	hit = FAULTS({
		__asm__ volatile("pushf; orl $0x40000, (%%rsp); popf; movl 1(%0), %%eax; "
				 "pushf; andl $~0x40000, (%%rsp); popf"
				 :
				 : "r"(buf)
				 : "eax", "cc", "memory");
	});
	__asm__ volatile("pushf; andl $~0x40000, (%%rsp); popf" : : : "cc", "memory");
	/* QEMU's emulation does not check alignment: the kernel is not to blame. */
	if (hit)
		EXPECT("#AC", SIGBUS, BUS_ADRALN, 0, 17);
	ok(true, "alignment check%s", hit ? "" : " # SKIP not emulated");
}

static void stack_and_bus(void)
{
	char name[] = "/tmp/trapXXXXXX";
	int fd = mkstemp(name);
	volatile char *p, sink;

	must(fd >= 0 && ftruncate(fd, 100) == 0);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	ok(!FAULTS(sink = p[50]), "inside the file");
	ok(FAULTS(sink = p[PAGE + 9]), "beyond the end of the file");
	EXPECT("SIGBUS", SIGBUS, BUS_ADRERR, &p[PAGE + 9], 14);
	(void)sink;
	unlink(name);
	close(fd);
}

/* --- registers --- */

struct regs {
	unsigned long rbx, rbp, r12, r13, r14, r15, rdi, rsi, rdx, r10, r8, r9;
};

/* One system call with every register set; what they are afterwards. */
static long call_with_registers(long nr, struct regs *in, struct regs *out)
{
	long ret;
	static struct regs *o;
	static unsigned long save_bp;

	o = out;
	__asm__ volatile("movq %%rbp, %[bp]\n"
			 "movq %%rcx, %%r11\n"
			 "movq 0(%%r11), %%rbx\n movq 16(%%r11), %%r12\n movq 24(%%r11), %%r13\n"
			 "movq 32(%%r11), %%r14\n movq 40(%%r11), %%r15\n movq 48(%%r11), %%rdi\n"
			 "movq 56(%%r11), %%rsi\n movq 64(%%r11), %%rdx\n movq 72(%%r11), %%r10\n"
			 "movq 80(%%r11), %%r8\n movq 88(%%r11), %%r9\n movq 8(%%r11), %%rbp\n"
			 "syscall\n"
			 "movq %[o], %%r11\n"
			 "movq %%rbx, 0(%%r11)\n movq %%rbp, 8(%%r11)\n movq %%r12, 16(%%r11)\n"
			 "movq %%r13, 24(%%r11)\n movq %%r14, 32(%%r11)\n movq %%r15, 40(%%r11)\n"
			 "movq %%rdi, 48(%%r11)\n movq %%rsi, 56(%%r11)\n movq %%rdx, 64(%%r11)\n"
			 "movq %%r10, 72(%%r11)\n movq %%r8, 80(%%r11)\n movq %%r9, 88(%%r11)\n"
			 "movq %[bp], %%rbp\n"
			 : "=a"(ret), [bp] "+m"(save_bp)
			 : "0"(nr), "c"(in), [o] "m"(o)
			 : "rbx", "r12", "r13", "r14", "r15", "rdi", "rsi", "rdx", "r10", "r8",
			   "r9", "r11", "memory");
	return ret;
}

static void registers(void)
{
	struct regs in, out;
	unsigned long *p = (unsigned long *)&in;

	for (int i = 0; i < 12; i++)
		p[i] = 0x1111111111111111ul * (unsigned long)(i + 1);
	is(call_with_registers(SYS_getpid, &in, &out), getpid(), "getpid with odd arguments");
	ok(!memcmp(&in, &out, sizeof(in)), "getpid leaves all registers");
	is(call_with_registers(SYS_sched_yield, &in, &out), 0, "sched_yield");
	ok(!memcmp(&in, &out, sizeof(in)), "sched_yield leaves all registers");
	is(call_with_registers(499, &in, &out), -ENOSYS, "a system call that does not exist");
	ok(!memcmp(&in, &out, sizeof(in)), "it leaves all registers");
	is(call_with_registers(100000, &in, &out), -ENOSYS, "a number far outside");
	ok(!memcmp(&in, &out, sizeof(in)), "it leaves all registers");
	is(call_with_registers(-1, &in, &out), -ENOSYS, "number -1");
	is(call_with_registers(0x100000000l | SYS_getpid, &in, &out), getpid(),
	   "only the low half of rax counts");
	ok(!memcmp(&in, &out, sizeof(in)), "it leaves all registers");
}

static volatile int handled;
static void handler_spoils(int sig)
{
	(void)sig;
	handled++;
	__asm__ volatile(
		"pxor %%xmm0, %%xmm0; pxor %%xmm8, %%xmm8; pxor %%xmm15, %%xmm15; fninit; std; cld"
		:
		:
		: "xmm0", "xmm8", "xmm15");
}

/* A signal during a loop of pure user code must leave no trace. */
static void interrupted_registers(void)
{
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } }, off = { 0 };
	unsigned long bad = 0;
	int64_t end = now_ns(CLOCK_MONOTONIC) + 200000000;

	signal(SIGALRM, handler_spoils);
	must(setitimer(ITIMER_REAL, &it, NULL) == 0);
	do {
		unsigned long n = 20000, b = 0;

		__asm__ volatile(
			"movq $0x1234567812345678, %%rbx\n movq %%rbx, %%r12\n notq %%r12\n movq %%rbx, %%r15\n"
			"movq %%rbx, %%xmm0\n movq %%r12, %%xmm8\n movq %%rbx, %%xmm15\n stc\n"
			"movq %%rbx, -64(%%rsp)\n"
			"1: movq %%rbx, %%rax\n xorq %%r15, %%rax\n orq %%rax, %[b]\n"
			"movq %%xmm0, %%rax\n xorq %%rbx, %%rax\n orq %%rax, %[b]\n"
			"movq %%xmm8, %%rax\n xorq %%r12, %%rax\n orq %%rax, %[b]\n"
			"movq %%xmm15, %%rax\n xorq %%rbx, %%rax\n orq %%rax, %[b]\n"
			"movq -64(%%rsp), %%rax\n xorq %%rbx, %%rax\n orq %%rax, %[b]\n"
			"decq %[n]\n jnz 1b\n"
			: [n] "+r"(n), [b] "+r"(b)
			:
			: "rax", "rbx", "r12", "r15", "xmm0", "xmm8", "xmm15", "cc", "memory");
		bad |= b;
	} while (now_ns(CLOCK_MONOTONIC) < end || handled <= 3);
	setitimer(ITIMER_REAL, &off, NULL);
	ok(handled > 3, "the handler ran %d times", handled);
	is(bad, 0, "registers, SSE and the red zone survive signals");
}

/* --- FPU over switches --- */

static volatile bool fpu_stop;
static void *fpu_thread(void *arg)
{
	unsigned long mine = (unsigned long)arg * 0x0101010101010101ul, bad = 0;

	while (!fpu_stop) {
		unsigned long a, b;

		__asm__ volatile("movq %2, %%xmm1\n movq %2, %%xmm14\n"
				 "movl $24, %%eax\n syscall\n" /* sched_yield */
				 "movq %%xmm1, %0\n movq %%xmm14, %1\n"
				 : "=&r"(a), "=&r"(b)
				 : "r"(mine)
				 : "rax", "rcx", "r11", "xmm1", "xmm14", "memory");
		bad |= (a ^ mine) | (b ^ mine);
	}
	return (void *)bad;
}

static void fpu_switches(void)
{
	pthread_t t[4];
	unsigned long bad = 0;
	void *r;

	for (unsigned long i = 0; i < 4; i++)
		must(!pthread_create(&t[i], NULL, fpu_thread, (void *)(i + 1)));
	sleep_ms(200);
	fpu_stop = true;
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		bad |= (unsigned long)r;
	}
	is(bad, 0, "SSE registers survive context switches");
}

static void fpu_fork(void)
{
	unsigned long mine = 0x77, seen;
	int status;
	pid_t pid;

	__asm__ volatile("movq %0, %%xmm9" : : "r"(mine) : "xmm9");
	pid = (pid_t)syscall(SYS_fork);
	__asm__ volatile("movq %%xmm9, %0" : "=r"(seen));
	if (!pid)
		_exit(seen == mine ? 0 : 1);
	waitpid(pid, &status, 0);
	is(status, 0, "a child inherits the FPU");
	is(seen, mine, "the parent keeps it");
}

/* --- frames --- */

static volatile unsigned int frame_magic1, frame_size, frame_magic2;
static volatile bool frame_aligned;

static void looks_at_frame(int sig, siginfo_t *si, void *ucv)
{
	ucontext_t *uc = ucv;
	unsigned int *sw = (unsigned int *)((char *)uc->uc_mcontext.fpregs + 464);

	(void)sig;
	(void)si;
	frame_magic1 = sw[0];
	frame_size = sw[1];
	frame_magic2 = *(unsigned int *)((char *)uc->uc_mcontext.fpregs + sw[1] - 4);
	frame_aligned = ((unsigned long)uc->uc_mcontext.fpregs & 63) == 0 &&
			((unsigned long)__builtin_frame_address(0) & 15) == 0;
	uc->uc_mcontext.gregs[REG_R12] = 4242;
}

static void corrupts_ip(int sig, siginfo_t *si, void *ucv)
{
	(void)sig;
	(void)si;
	((ucontext_t *)ucv)->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000000000ul;
}

static void corrupts_cs(int sig, siginfo_t *si, void *ucv)
{
	(void)sig;
	(void)si;
	((ucontext_t *)ucv)->uc_mcontext.gregs[REG_CSGSFS] = 0x10;
}

static void corrupts_fpu(int sig, siginfo_t *si, void *ucv)
{
	ucontext_t *uc = ucv;

	(void)sig;
	(void)si;
	memset((char *)uc->uc_mcontext.fpregs + 512, 0xff, 64);
	((unsigned int *)uc->uc_mcontext.fpregs)[6] = 0x1f80;
}

static void catch_with(int sig, void (*fn)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO };

	must(sigaction(sig, &sa, NULL) == 0);
}

static void default_actions(void)
{
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
}

static void child_bad_ip(void)
{
	default_actions();
	catch_with(SIGUSR1, corrupts_ip);
	raise(SIGUSR1);
}

static void child_bad_cs(void)
{
	default_actions();
	catch_with(SIGUSR1, corrupts_cs);
	raise(SIGUSR1);
}

static void child_bad_fpu(void)
{
	default_actions();
	catch_with(SIGUSR1, corrupts_fpu);
	raise(SIGUSR1);
	_exit(7);
}

static void child_bad_frame(void)
{
	default_actions();
	__asm__ volatile("xorl %%esp, %%esp; movl $15, %%eax; syscall" : : : "memory");
}

static void child_no_stack(void)
{
	default_actions();
	signal(SIGUSR1, handler_spoils);
	/* A stack pointer that nothing is mapped at: the frame cannot be written. */
	__asm__ volatile("movl $39, %%eax; syscall; movl %%eax, %%edi; movl $0x10000, %%esp;"
			 "movl $10, %%esi; movl $62, %%eax; syscall; ud2"
			 :
			 :
			 : "memory");
}

static void frames(void)
{
	register unsigned long r12 __asm__("r12") = 1;
	unsigned int a, b, c, d;
	unsigned long got;

	catch_with(SIGUSR1, looks_at_frame);
	__asm__ volatile("movl $39, %%eax; syscall; movl %%eax, %%edi; movl $10, %%esi;"
			 "movl $62, %%eax; syscall"
			 : "+r"(r12)
			 :
			 : "rax", "rdi", "rsi", "rcx", "r11", "memory");
	got = r12;
	is(got, 4242, "a handler can change the registers of its frame");
	ok(frame_aligned, "the frame is aligned");
	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(1), "2"(0));
	if (c & 1 << 27) { /* OSXSAVE */
		is(frame_magic1, 0x46505853, "magic number of the extended state");
		is(frame_magic2, 0x46505845, "magic number behind it");
		is(in_child(child_bad_fpu), SIGSEGV,
		   "rt_sigreturn with rubbish in the XSAVE header: SIGSEGV");
	}
	ok(getauxval(51) >= frame_size, "AT_MINSIGSTKSZ has room for it");
	is(in_child(child_bad_ip), SIGSEGV, "rt_sigreturn to a non-canonical address: SIGSEGV");
	is(in_child(child_bad_cs) & 0x7f ? 1 : 0, 1, "rt_sigreturn with a kernel selector: killed");
	is(in_child(child_bad_frame), SIGSEGV, "rt_sigreturn without a frame: SIGSEGV");
	is(in_child(child_no_stack), SIGSEGV, "no stack for the frame: SIGSEGV");
	ok(true, "the kernel lives");
}

/* --- segments, vsyscall, steps --- */

static void bases(void)
{
	unsigned long fs = 1, gs = 1, got;

	is(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs), 0, "ARCH_GET_FS");
	ok(fs != 0, "there is a thread pointer");
	is(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x12345000), 0, "ARCH_SET_GS");
	sched_yield();
	is(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs), 0, "ARCH_GET_GS");
	is(gs, 0x12345000, "the base of GS is kept");
	fails(syscall(SYS_arch_prctl, ARCH_SET_GS, 0xffff800000000000ul), EPERM,
	      "not a kernel address");
	fails(syscall(SYS_arch_prctl, ARCH_GET_GS, 8), EFAULT, "a bad pointer");
	fails(syscall(SYS_arch_prctl, 0x7777, 0), EINVAL, "an unknown option");
	if (getauxval(AT_HWCAP2) & 2) {
		__asm__ volatile("wrgsbase %0" : : "r"(0xffff888000000000ul));
		for (int i = 0; i < 50; i++)
			sched_yield();
		sleep_ms(20);
		__asm__ volatile("rdgsbase %0" : "=r"(got));
		is(got, 0xffff888000000000ul,
		   "a kernel address in GS base is the program's own business");
	}
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
}

static void vsyscall(void)
{
	long (*vtime)(long *) = (long (*)(long *))0xffffffffff600400ul;
	int (*vgtod)(struct timeval *, void *) =
		(int (*)(struct timeval *, void *))0xffffffffff600000ul;
	volatile unsigned char sink;
	struct timeval tv = { 0, 0 };
	char line[256];
	bool there = false;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps))
		there |= strstr(line, "[vsyscall]") != NULL;
	if (maps)
		fclose(maps);
	if (!there) {
		ok(true, "vsyscall # SKIP this kernel has none");
		return;
	}
	ok(!FAULTS(is(labs(vtime(NULL) - time(NULL)) <= 1, 1, "time in the vsyscall page")),
	   "may be called");
	ok(!FAULTS(is(vgtod(&tv, NULL), 0, "gettimeofday there")), "may be called");
	ok(labs(tv.tv_sec - time(NULL)) <= 1, "and tells the time");
	ok(FAULTS(sink = *(volatile unsigned char *)0xffffffffff600000ul),
	   "the page cannot be read");
	is(tap_info.si_signo, SIGSEGV, "SIGSEGV");
	ok(FAULTS(((void (*)(void))0xffffffffff600123ul)()), "or entered elsewhere");
	is(tap_info.si_signo, SIGSEGV, "SIGSEGV");
	(void)sink;
}

static volatile int steps;
static void on_step(int sig, siginfo_t *si, void *ucv)
{
	(void)sig;
	(void)ucv;
	if (si->si_code == TRAP_TRACE)
		steps++;
}

static void single_step(void)
{
	catch_with(SIGTRAP, on_step);
	__asm__ volatile(
		"pushf; orl $0x100, (%%rsp); popf; nop; nop; movl $39, %%eax; syscall; nop;"
		"pushf; andl $~0x100, (%%rsp); popf"
		:
		:
		: "rax", "rcx", "r11", "cc", "memory");
	ok(steps >= 6 && steps <= 12, "single steps: %d, through a system call", steps);
}

int main(void)
{
	catch_all();
	exceptions();
	fpu_exceptions();
	alignment();
	stack_and_bus();
	registers();
	interrupted_registers();
	fpu_switches();
	fpu_fork();
	frames();
	catch_all();
	bases();
	vsyscall();
	single_step();
	return tap_end();
}
