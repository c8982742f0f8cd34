// SPDX-License-Identifier: MIT
/* ptrace(2): the tie, stops and events, requests and their errors, registers, memory, steps, breakpoints. */
#include "tap.h"
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifndef PTRACE_GET_RSEQ_CONFIGURATION
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
#endif
#define SYSEMU	    31
#define SINGLEBLOCK 33
#define EVENT_STOP  128

static long pt(long req, pid_t pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, req, (long)pid, addr, data);
}

/* The next status of pid, -1 for none. */
static int next(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

#define STOPPED(sig)   ((sig) << 8 | 0x7f)
#define EVENT(sig, ev) ((ev) << 16 | (sig) << 8 | 0x7f)
#define HEX(got, want, ...)                                                                        \
	do {                                                                                       \
		unsigned long h_g = (unsigned int)(got), h_w = (unsigned int)(want);               \
		if (!tap_ok(h_g == h_w, __LINE__, __VA_ARGS__))                                    \
			printf("# got %#lx, wanted %#lx\n", h_g, h_w);                             \
	} while (0)

/* A child that traces itself and stops; it runs fn when it is continued. */
static pid_t traced(void (*fn)(void), unsigned long options)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		if (pt(PTRACE_TRACEME, 0, 0, 0))
			_exit(99);
		raise(SIGSTOP);
		fn();
		_exit(0);
	}
	must(next(pid) == STOPPED(SIGSTOP));
	must(!pt(PTRACE_SETOPTIONS, pid, 0, options | PTRACE_O_EXITKILL));
	return pid;
}

/* An untraced child that runs fn. */
static pid_t plain(void (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		fn();
		_exit(0);
	}
	return pid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	while (next(pid) >= 0)
		;
}

static void nothing(void) {}

static void sleeper(void)
{
	for (;;)
		pause();
}

static int tracer_of(pid_t pid)
{
	char path[64], line[128];
	int tracer = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "TracerPid: %d", &tracer);
	if (f)
		fclose(f);
	return tracer;
}

static char state_of(pid_t pid)
{
	char path[64], c = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &c) != 1)
		c = '?';
	if (f)
		fclose(f);
	return c;
}

static void wait_state(pid_t pid, char c)
{
	(void)EVENTUALLY(state_of(pid) == c);
}

/* ---- errors ---- */

static void test_errors(void)
{
	pid_t pid = plain(sleeper);
	unsigned long v = 0;

	fails(pt(PTRACE_ATTACH, 999999, 0, 0), ESRCH, "attach: nobody there");
	fails(pt(PTRACE_ATTACH, getpid(), 0, 0), EPERM, "attach: oneself");
	fails(pt(PTRACE_ATTACH, 2, 0, 0), EPERM, "attach: a kernel thread");
	fails(pt(PTRACE_CONT, pid, 0, 0), ESRCH, "request: not a tracee");
	fails(pt(PTRACE_PEEKDATA, pid, 0, (unsigned long)&v), ESRCH, "peek: not a tracee");
	fails(pt(PTRACE_SEIZE, pid, 1, 0), EIO, "seize: an address");
	fails(pt(PTRACE_SEIZE, pid, 0, 0x100000000ul), EIO, "seize: unknown options");
	must(!pt(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD));
	is(tracer_of(pid), getpid(), "TracerPid");
	fails(pt(PTRACE_ATTACH, pid, 0, 0), EPERM, "attach: traced already");
	fails(pt(PTRACE_CONT, pid, 0, 0), ESRCH, "request: a tracee that runs");
	fails(pt(PTRACE_LISTEN, pid, 0, 0), ESRCH, "listen: a tracee that runs");
	must(!pt(PTRACE_INTERRUPT, pid, 0, 0));
	HEX(next(pid), EVENT(SIGTRAP, EVENT_STOP), "interrupt: stops with PTRACE_EVENT_STOP");
	is(state_of(pid), 't', "state t in /proc");
	fails(pt(PTRACE_CONT, pid, 0, 65), EIO, "continue: a signal that does not exist");
	fails(pt(PTRACE_DETACH, pid, 0, 65), EIO, "detach: a signal that does not exist");
	fails(pt(0x9999, pid, 0, 0), EIO, "an unknown request");
	fails(pt(PTRACE_SETOPTIONS, pid, 0, 0x100), EINVAL, "setoptions: unknown ones");
	fails(pt(PTRACE_GETREGSET, pid, 0x7777, (unsigned long)&(struct iovec){ 0 }), EINVAL,
	      "getregset: an unknown set");
	fails(pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, 8), EFAULT, "getregset: bad iovec");
	fails(pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&(struct iovec){ &v, 7 }),
	      EINVAL, "getregset: not a multiple of the unit");
	fails(pt(PTRACE_PEEKUSER, pid, 3, (unsigned long)&v), EIO, "peekuser: not aligned");
	fails(pt(PTRACE_PEEKUSER, pid, 928, (unsigned long)&v), EIO, "peekuser: behind the end");
	fails(pt(PTRACE_GETSIGMASK, pid, 4, (unsigned long)&v), EINVAL, "getsigmask: wrong size");
	fails(pt(PTRACE_GETREGS, pid, 0, 8), EFAULT, "getregs: bad address");
	is(pt(PTRACE_DETACH, pid, 0, 0), 0, "detach");
	is(tracer_of(pid), 0, "TracerPid after it");
	fails(pt(PTRACE_CONT, pid, 0, 0), ESRCH, "request: detached");
	finish(pid);
	pid = plain(nothing);
	wait_state(pid, 'Z');
	fails(pt(PTRACE_ATTACH, pid, 0, 0), EPERM, "attach: a zombie");
	finish(pid);
}

static void as_nobody(void)
{
	pid_t pid = getppid();

	if (setgid(65534) || setuid(65534))
		_exit(9);
	if (pt(PTRACE_ATTACH, pid, 0, 0) != -1 || errno != EPERM)
		_exit(1);
	if (pt(PTRACE_ATTACH, 1, 0, 0) != -1 || errno != EPERM)
		_exit(2);
	char b;
	struct iovec l = { &b, 1 }, r = { &pid, 1 };
	if (process_vm_readv(pid, &l, 1, &r, 1, 0) != -1 || errno != EPERM)
		_exit(3);
	/* One of our own, which is not dumpable. */
	pid = fork();
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0);
		sleeper();
	}
	wait_state(pid, 'S');
	if (pt(PTRACE_SEIZE, pid, 0, 0) != -1 || errno != EPERM)
		_exit(4);
	finish(pid);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 1);
		sleeper();
	}
	wait_state(pid, 'S');
	sleep_ms(5);
	if (pt(PTRACE_SEIZE, pid, 0, 0))
		_exit(5);
	finish(pid);
}

static void test_permission(void)
{
	is(in_child(as_nobody), 0,
	   "permission: other ids, PID 1, undumpable: EPERM; one's own child");
}

/* ---- signals ---- */

static volatile int got_signal;

static void note_signal(int sig)
{
	got_signal = sig;
}

static void signals_body(void)
{
	signal(SIGUSR1, note_signal);
	signal(SIGUSR2, note_signal);
	raise(SIGUSR1);
	_exit(got_signal);
}

static int signal_exit(unsigned long give)
{
	pid_t pid = traced(signals_body, 0);
	int status;

	must(!pt(PTRACE_CONT, pid, 0, 0));
	if (next(pid) != STOPPED(SIGUSR1))
		return -1;
	must(!pt(PTRACE_CONT, pid, 0, give));
	status = next(pid);
	finish(pid);
	return status;
}

static void test_signals(void)
{
	siginfo_t si, set;
	uint64_t mask = 0;
	pid_t pid;

	HEX(signal_exit(SIGUSR1), EXITED(SIGUSR1), "signal: passed on");
	HEX(signal_exit(0), EXITED(0), "signal: suppressed");
	HEX(signal_exit(SIGUSR2), EXITED(SIGUSR2), "signal: replaced");
	HEX(signal_exit(SIGKILL), SIGKILL, "signal: replaced by SIGKILL");

	pid = traced(signals_body, 0);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(next(pid) == STOPPED(SIGUSR1));
	is(pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si), 0, "getsiginfo");
	is(si.si_signo, SIGUSR1, "getsiginfo: the signal");
	is(si.si_pid, pid, "getsiginfo: the sender");
	set = si;
	set.si_code = SI_QUEUE;
	set.si_value.sival_int = 1234;
	is(pt(PTRACE_SETSIGINFO, pid, 0, (unsigned long)&set), 0, "setsiginfo");
	must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	is(si.si_value.sival_int, 1234, "setsiginfo: taken over");
	kill(pid, SIGRTMIN + 1);
	sigqueue(pid, SIGRTMIN + 1, (union sigval){ .sival_int = 77 });
	struct {
		uint64_t off;
		uint32_t flags;
		int32_t nr;
	} args = { 1, 1, 4 };
	siginfo_t many[4];
	is(pt(PTRACE_PEEKSIGINFO, pid, (unsigned long)&args, (unsigned long)many), 1,
	   "peeksiginfo: one from the second on");
	is(many[0].si_value.sival_int, 77, "peeksiginfo: its value");
	args.flags = 0, args.off = 0;
	is(pt(PTRACE_PEEKSIGINFO, pid, (unsigned long)&args, (unsigned long)many), 0,
	   "peeksiginfo: none of the thread's own");
	args.flags = 2;
	fails(pt(PTRACE_PEEKSIGINFO, pid, (unsigned long)&args, (unsigned long)many), EINVAL,
	      "peeksiginfo: unknown flags");
	mask = 1ul << (SIGUSR1 - 1) | 1ul << (SIGKILL - 1);
	is(pt(PTRACE_SETSIGMASK, pid, 8, (unsigned long)&mask), 0, "setsigmask");
	must(!pt(PTRACE_GETSIGMASK, pid, 8, (unsigned long)&mask));
	ok(mask == 1ul << (SIGUSR1 - 1), "getsigmask: SIGKILL cannot be blocked");
	finish(pid);

	pid = traced(sleeper, 0);
	is(pt(PTRACE_KILL, pid, 0, 0), 0, "PTRACE_KILL");
	HEX(next(pid), SIGKILL, "PTRACE_KILL: dead");
	pid = traced(sleeper, 0);
	must(!pt(PTRACE_DETACH, pid, 0, SIGTERM));
	HEX(next(pid), SIGTERM, "detach with a signal");
}

static void ignored_body(void)
{
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	raise(SIGCHLD);
	_exit(7);
}

static void test_ignored(void)
{
	pid_t pid = traced(ignored_body, 0);

	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGUSR1), "an ignored signal is shown");
	must(!pt(PTRACE_CONT, pid, 0, SIGUSR1));
	HEX(next(pid), STOPPED(SIGCHLD), "one that is ignored by default is, too");
	must(!pt(PTRACE_CONT, pid, 0, SIGCHLD));
	HEX(next(pid), EXITED(7), "neither has an effect");
}

/* ---- system calls ---- */

static void getpid_body(void)
{
	long r = syscall(SYS_getppid);

	_exit(r == 42 ? 1 : r == -1 && errno == ENOSYS ? 2 : 3);
}

struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t ip, sp;
	union {
		struct {
			uint64_t nr, args[6];
		} entry;
		struct {
			int64_t rval;
			uint8_t is_error;
		} exit;
	};
};

static void test_syscalls(void)
{
	pid_t pid = traced(getpid_body, PTRACE_O_TRACESYSGOOD);
	struct user_regs_struct regs;
	struct call_info info;
	siginfo_t si;
	unsigned long msg = 9;

	must(!pt(PTRACE_SYSCALL, pid, 0, 0));
	/* The way out of tgkill() inside of raise() and its signal masks may come first. */
	do {
		HEX(next(pid), STOPPED(SIGTRAP | 0x80), "syscall stop");
		must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
		if (regs.orig_rax == SYS_getppid)
			break;
		must(!pt(PTRACE_SYSCALL, pid, 0, 0));
	} while (tap_count < 200);
	is((long)regs.rax, -ENOSYS, "entry: rax is -ENOSYS");
	is(pt(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (unsigned long)&info), 80,
	   "syscall info: size at entry");
	is(info.op, 1, "syscall info: entry");
	is(info.entry.nr, SYS_getppid, "syscall info: number");
	is(info.arch, 0xc000003e, "syscall info: arch");
	is(info.ip, regs.rip, "syscall info: ip");
	is(info.sp, regs.rsp, "syscall info: sp");
	must(!pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg));
	is(msg, 1, "event message at entry");
	must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	is(si.si_code, SIGTRAP | 0x80, "siginfo of a syscall stop");
	must(!pt(PTRACE_SYSCALL, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP | 0x80), "exit stop");
	is(pt(PTRACE_GET_SYSCALL_INFO, pid, 24, (unsigned long)&info), 33,
	   "syscall info: size at exit, whatever fits");
	must(pt(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (unsigned long)&info) == 33);
	is(info.op, 2, "syscall info: exit");
	is(info.exit.rval, getpid(), "syscall info: result");
	is(info.exit.is_error, 0, "syscall info: no error");
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	regs.rax = 42;
	must(!pt(PTRACE_SETREGS, pid, 0, (unsigned long)&regs));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(1), "a changed result arrives");

	/* Without TRACESYSGOOD, and with a call that is not to be. */
	pid = traced(getpid_body, 0);
	for (;;) {
		must(!pt(PTRACE_SYSCALL, pid, 0, 0));
		if (next(pid) != STOPPED(SIGTRAP))
			break;
		must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
		if (regs.orig_rax == SYS_getppid)
			break;
	}
	is(regs.orig_rax, SYS_getppid, "plain SIGTRAP without TRACESYSGOOD");
	regs.orig_rax = -1;
	must(!pt(PTRACE_SETREGS, pid, 0, (unsigned long)&regs));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(2), "a call that the tracer takes away: ENOSYS");

	pid = traced(getpid_body, PTRACE_O_TRACESYSGOOD);
	for (;;) {
		must(!pt(SYSEMU, pid, 0, 0));
		if (next(pid) != STOPPED(SIGTRAP | 0x80))
			break;
		must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
		if (regs.orig_rax == SYS_getppid)
			break;
		regs.rax = 0;
		must(!pt(PTRACE_SETREGS, pid, 0, (unsigned long)&regs));
	}
	regs.rax = 42;
	must(!pt(PTRACE_SETREGS, pid, 0, (unsigned long)&regs));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(1), "SYSEMU: the tracer's result, the call is not executed");
}

/* ---- events ---- */

static int thread_fn(void *arg)
{
	(void)arg;
	syscall(SYS_exit, 0);
	return 0;
}

static char clone_stack[16384] __attribute__((aligned(16)));

static void fork_body(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(5);
	waitpid(pid, &status, 0);
	_exit(status >> 8);
}

static void vfork_body(void)
{
	if (!vfork())
		_exit(6);
	_exit(8);
}

static void clone_body(void)
{
	clone(thread_fn, clone_stack + sizeof(clone_stack),
	      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL);
	_exit(9);
}

static void event_of(void (*body)(void), unsigned long option, int event, const char *name)
{
	pid_t pid = traced(body, option | PTRACE_O_TRACEVFORKDONE), child;
	unsigned long msg = 0;
	int status;

	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EVENT(SIGTRAP, event), "%s: event", name);
	must(!pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg));
	child = (pid_t)msg;
	ok(child > 0 && child != pid, "%s: message is the new task", name);
	HEX(next(child), STOPPED(SIGSTOP), "%s: the new task stops", name);
	is(tracer_of(child), getpid(), "%s: the new task is ours", name);
	must(!pt(PTRACE_CONT, child, 0, 0));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	status = next(child);
	ok(WIFEXITED(status), "%s: the new task ends and reports", name);
	status = next(pid);
	if (event == PTRACE_EVENT_VFORK) {
		HEX(status, EVENT(SIGTRAP, PTRACE_EVENT_VFORK_DONE), "%s: done event", name);
		must(!pt(PTRACE_CONT, pid, 0, 0));
		status = next(pid);
	}
	if (status == STOPPED(SIGCHLD)) {
		must(!pt(PTRACE_CONT, pid, 0, SIGCHLD));
		status = next(pid);
	}
	ok(WIFEXITED(status), "%s: the old one, too", name);
	finish(pid);
}

static void exec_body(void)
{
	execl("/proc/self/exe", "ptrace", "exit-3", (char *)NULL);
}

static void *exec_thread(void *arg)
{
	execl("/proc/self/exe", "ptrace", "exit-3", (char *)NULL);
	return arg;
}

static void exec_thread_body(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_thread, NULL);
	sleeper();
}

static void exit_body(void)
{
	_exit(11);
}

static void test_events(void)
{
	unsigned long msg = 0;
	pid_t pid, tid;

	event_of(fork_body, PTRACE_O_TRACEFORK, PTRACE_EVENT_FORK, "fork");
	event_of(vfork_body, PTRACE_O_TRACEVFORK, PTRACE_EVENT_VFORK, "vfork");
	event_of(clone_body, PTRACE_O_TRACECLONE, PTRACE_EVENT_CLONE, "clone");

	pid = traced(exec_body, PTRACE_O_TRACEEXEC);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EVENT(SIGTRAP, PTRACE_EVENT_EXEC), "exec: event");
	must(!pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg));
	is(msg, pid, "exec: message is the old number");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(3), "exec: the new program runs");

	pid = traced(exec_body, 0);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "exec without the option: SIGTRAP");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(3), "exec: suppressed");

	pid = traced(exec_thread_body, PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(next(pid) == EVENT(SIGTRAP, PTRACE_EVENT_CLONE));
	must(!pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg));
	tid = (pid_t)msg;
	must(next(tid) == STOPPED(SIGSTOP));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(!pt(PTRACE_CONT, tid, 0, 0));
	HEX(next(pid), EVENT(SIGTRAP, PTRACE_EVENT_EXEC),
	    "exec of a thread: it has the leader's number");
	must(!pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg));
	is(msg, tid, "exec of a thread: its old number");
	fails(pt(PTRACE_CONT, tid, 0, 0), ESRCH, "exec of a thread: that is gone");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(3), "exec of a thread: the new program runs");

	pid = traced(exit_body, PTRACE_O_TRACEEXIT);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EVENT(SIGTRAP, PTRACE_EVENT_EXIT), "exit: event");
	must(!pt(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg));
	HEX(msg, EXITED(11), "exit: message is the status");
	struct user_regs_struct regs;
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	is(regs.orig_rax, SYS_exit_group, "exit: registers can be read");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(11), "exit: then the end");
}

/* ---- seize: interrupt, group stops ---- */

static void test_seize(void)
{
	pid_t pid = plain(sleeper);
	siginfo_t si;

	wait_state(pid, 'S');
	must(!pt(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD));
	is(state_of(pid), 'S', "seize does not stop");
	kill(pid, SIGSTOP);
	HEX(next(pid), STOPPED(SIGSTOP), "stop signal: shown");
	must(!pt(PTRACE_CONT, pid, 0, SIGSTOP));
	HEX(next(pid), EVENT(SIGSTOP, EVENT_STOP), "group stop of a seized task");
	must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	is(si.si_code >> 8, EVENT_STOP, "group stop: siginfo tells");
	is(pt(PTRACE_LISTEN, pid, 0, 0), 0, "listen");
	fails(pt(PTRACE_CONT, pid, 0, 0), ESRCH, "listening: no requests");
	fails(pt(PTRACE_LISTEN, pid, 0, 0), ESRCH, "listening: not again");
	kill(pid, SIGCONT);
	HEX(next(pid), EVENT(SIGTRAP, EVENT_STOP), "SIGCONT ends the group stop: a trap");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGCONT), "then SIGCONT itself");
	must(!pt(PTRACE_CONT, pid, 0, SIGCONT));
	must(!pt(PTRACE_INTERRUPT, pid, 0, 0));
	HEX(next(pid), EVENT(SIGTRAP, EVENT_STOP), "interrupt");
	fails(pt(PTRACE_PEEKDATA, pid, 8, (unsigned long)&si), EIO, "peek: no memory there");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	wait_state(pid, 'S');
	is(state_of(pid), 'S', "goes on sleeping: the call was restarted");
	finish(pid);

	/* Attached while it stands. */
	pid = plain(sleeper);
	wait_state(pid, 'S');
	kill(pid, SIGSTOP);
	int status;
	waitpid(pid, &status, WUNTRACED);
	must(!pt(PTRACE_ATTACH, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGSTOP), "attach to a stopped task: it traps at once");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGSTOP), "and its own SIGSTOP follows");
	fails(pt(PTRACE_INTERRUPT, pid, 0, 0), EIO, "interrupt: only of a seized task");
	fails(pt(PTRACE_LISTEN, pid, 0, 0), EIO, "listen: only of a seized task");
	must(!pt(PTRACE_DETACH, pid, 0, 0));
	wait_state(pid, 'T');
	is(state_of(pid), 'T', "detached in a group stop: stopped");
	kill(pid, SIGCONT);
	wait_state(pid, 'S');
	is(state_of(pid), 'S', "and continued");
	finish(pid);
}

/* ---- registers and memory ---- */

static volatile long words[4] = { 11, 22, 33, 44 };
static const volatile char constant[4096] __attribute__((aligned(4096))) = "read only";

static void memory_body(void)
{
	/* 1: words changed by the tracer; 2: constants; 4: the parent's copy is untouched (in the parent) */
	_exit((words[1] == 222) | (constant[0] == 'R') << 1);
}

static void test_memory(void)
{
	pid_t pid = traced(memory_body, 0);
	unsigned long v = 0;
	char path[64], *shared, *io;
	int fd;

	is(pt(PTRACE_PEEKDATA, pid, (unsigned long)&words[1], (unsigned long)&v), 0, "peek");
	is(v, 22, "peek: the word");
	is(pt(PTRACE_POKEDATA, pid, (unsigned long)&words[1], 222), 0, "poke");
	fails(pt(PTRACE_PEEKTEXT, pid, (unsigned long)constant + 4092 + (8ul << 30),
		 (unsigned long)&v),
	      EIO, "peek: a hole");
	is(pt(PTRACE_POKETEXT, pid, (unsigned long)constant, *(long *)"Read it"), 0,
	   "poke: read-only private memory is copied");
	ok(constant[0] == 'r', "poke: our own is untouched");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	is(pwrite(fd, "R", 1, (off_t)(unsigned long)constant), 1, "/proc/PID/mem: the same");
	close(fd);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(3), "the tracee sees both");

	fd = memfd_create("x", 0);
	must(fd >= 0 && !ftruncate(fd, 4096));
	shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	io = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED && io != MAP_FAILED);
	pid = traced(nothing, 0);
	is(pt(PTRACE_PEEKDATA, pid, (unsigned long)io, (unsigned long)&v), 0, "peek: PROT_NONE");
	is(pt(PTRACE_POKEDATA, pid, (unsigned long)io, 1), 0, "poke: PROT_NONE");
	/* The file could be written: a copy is not what a shared mapping means. */
	fails(pt(PTRACE_POKEDATA, pid, (unsigned long)shared, 1), EIO,
	      "poke: a read-only shared mapping");
	must(!pread(fd, &v, 0, 0));
	finish(pid);
	munmap(shared, 4096);
	close(fd);
}

static void regs_body(void)
{
	long result;

	/* The tracer sets rbx to 5 and r15 to 6 at the breakpoint. */
	asm volatile("int3\n\tmov %%rbx, %0\n\tadd %%r15, %0" : "=a"(result) : : "rbx", "r15");
	_exit((int)result);
}

static void fp_body(void)
{
	double d[2] = { 1.5, 2.5 };

	asm volatile("movupd %0, %%xmm3\n\tint3\n\tmovupd %%xmm3, %0" : "+m"(d) : : "xmm3");
	_exit((int)d[0] * 10 + (int)d[1]);
}

static void test_registers(void)
{
	struct user_regs_struct regs, set;
	struct user_fpregs_struct fp;
	static unsigned char xs[16384] __attribute__((aligned(64)));
	struct iovec iov = { &set, sizeof(set) };
	unsigned long v = 0;
	pid_t pid = traced(regs_body, 0);
	siginfo_t si;

	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "int3 stops with SIGTRAP");
	must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	is(si.si_code, SI_KERNEL, "int3: SI_KERNEL");
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	is(pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov), 0, "getregset");
	is(iov.iov_len, sizeof(regs), "getregset: its length");
	ok(!memcmp(&regs, &set, sizeof(regs)), "getregset: the same as getregs");
	must(!pt(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.rip), (unsigned long)&v));
	is(v, regs.rip, "peekuser: the same rip");
	ok(regs.cs == 0x33 && regs.ss == 0x2b, "selectors");
	ok(regs.fs_base != 0, "fs base");
	is((long)regs.orig_rax, -1, "orig_rax outside of a call");
	is(pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rbx), 5), 0, "pokeuser");
	iov.iov_len = 8; /* r15 alone, the first */
	set.r15 = 6;
	is(pt(PTRACE_SETREGSET, pid, NT_PRSTATUS, (unsigned long)&iov), 0,
	   "setregset: the first only");
	fails(pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.cs), 0), EIO, "pokeuser: cs 0");
	fails(pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.cs), 0x10), EIO,
	      "pokeuser: cs of the kernel");
	fails(pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.fs_base), 1ul << 63), EIO,
	      "pokeuser: fs base of the kernel");
	must(!pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.eflags), ~0ul));
	must(!pt(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.eflags), (unsigned long)&v));
	ok(!(v & 0x3000) && (v & 0x200), "pokeuser: no I/O privilege, interrupts stay on");
	must(!pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.eflags), regs.eflags));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(11), "the tracee goes on with them");

	pid = traced(fp_body, 0);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(next(pid) == STOPPED(SIGTRAP));
	is(pt(PTRACE_GETFPREGS, pid, 0, (unsigned long)&fp), 0, "getfpregs");
	double *xmm = (double *)fp.xmm_space + 2 * 3;
	ok(xmm[0] == 1.5 && xmm[1] == 2.5, "getfpregs: xmm3");
	is(fp.mxcsr, 0x1f80, "getfpregs: mxcsr");
	is(fp.cwd, 0x37f, "getfpregs: control word, never used");
	xmm[0] = 4;
	is(pt(PTRACE_SETFPREGS, pid, 0, (unsigned long)&fp), 0, "setfpregs");
	fp.mxcsr = ~0u;
	fails(pt(PTRACE_SETFPREGS, pid, 0, (unsigned long)&fp), EINVAL, "setfpregs: bad mxcsr");
	iov = (struct iovec){ xs, sizeof(xs) };
	is(pt(PTRACE_GETREGSET, pid, NT_X86_XSTATE, (unsigned long)&iov), 0, "xstate");
	ok(iov.iov_len >= 576 && iov.iov_len < sizeof(xs), "xstate: its length");
	ok(*(uint64_t *)(xs + 464) & 3, "xstate: the mask of features");
	ok(*(double *)(xs + 160 + 16 * 3) == 4, "xstate: xmm3 as set");
	*(double *)(xs + 160 + 16 * 3 + 8) = 7;
	is(pt(PTRACE_SETREGSET, pid, NT_X86_XSTATE, (unsigned long)&iov), 0, "set xstate");
	*(uint64_t *)(xs + 520) = 1;
	fails(pt(PTRACE_SETREGSET, pid, NT_X86_XSTATE, (unsigned long)&iov), EINVAL,
	      "set xstate: reserved words");
	*(uint64_t *)(xs + 520) = 0;
	iov.iov_len = 576;
	if (iov.iov_len != 576)
		abort();
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(47), "the tracee goes on with both");
}

/* ---- steps and breakpoints ---- */

extern char step_begin[], step_end[], step_call[];

static void step_body(void)
{
	asm volatile("int3\n"
		     "step_begin: nop\n\tnop\n\tnop\n"
		     "	mov $39, %%eax\n"
		     "step_call: syscall\n"
		     "	pushfq\n\tpop %%rbx\n"
		     "step_end: int3"
		     :
		     :
		     : "rax", "rbx", "rcx", "r11", "memory");
	_exit(0);
}

static void test_steps(void)
{
	pid_t pid = traced(step_body, 0);
	struct user_regs_struct regs;
	int steps = 0, status = 0;
	siginfo_t si;

	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(next(pid) == STOPPED(SIGTRAP));
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	ok(regs.rip == (unsigned long)step_begin, "behind the breakpoint");
	must(!pt(PTRACE_SINGLESTEP, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "a step");
	must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	is(si.si_code, TRAP_TRACE, "a step: TRAP_TRACE");
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	ok(regs.rip == (unsigned long)step_begin + 1, "a step: one instruction");
	ok(!(regs.eflags & 0x100), "a step: the trap flag is not shown");
	for (steps = 1; regs.rip != (unsigned long)step_end && steps < 20; steps++) {
		must(!pt(PTRACE_SINGLESTEP, pid, 0, 0));
		status = next(pid);
		if (status != STOPPED(SIGTRAP))
			break;
		must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
		if (regs.rip == (unsigned long)step_call + 2) {
			must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
			is(si.si_code, TRAP_BRKPT, "a step over a system call: TRAP_BRKPT");
			is(regs.rax, pid, "a step over a system call: executed");
		}
	}
	is(steps, 7, "seven instructions");
	ok(regs.rbx & 0x100, "pushf shows the flag that is set for the step");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "the next breakpoint");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(0), "no trap flag is left");
}

static void handler_step_body(void)
{
	signal(SIGUSR1, note_signal);
	raise(SIGUSR1);
	_exit(got_signal);
}

static void test_step_handler(void)
{
	pid_t pid = traced(handler_step_body, 0);
	struct user_regs_struct regs;

	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(next(pid) == STOPPED(SIGUSR1));
	must(!pt(PTRACE_SINGLESTEP, pid, 0, SIGUSR1));
	HEX(next(pid), STOPPED(SIGTRAP), "a step with a signal stops at its handler");
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	ok(regs.rip == (unsigned long)note_signal, "at its first instruction");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(SIGUSR1), "and it runs");
}

static void test_block_step(void)
{
	pid_t pid = traced(step_body, 0);

	must(!pt(PTRACE_CONT, pid, 0, 0));
	must(next(pid) == STOPPED(SIGTRAP));
	is(pt(SINGLEBLOCK, pid, 0, 0), 0, "a step to the next branch");
	HEX(next(pid), STOPPED(SIGTRAP), "stops there, or (a CPU without) at the next instruction");
	finish(pid);
}

static volatile long watched;

static void __attribute__((noinline)) target(void)
{
	asm volatile("");
}

static void watch_body(void)
{
	watched = 1;
	target();
	if (watched == 1)
		watched = 5;
	_exit((int)watched);
}

#define DR(n) offsetof(struct user, u_debugreg[n])

static void test_breakpoints(void)
{
	pid_t pid = traced(watch_body, 0);
	struct user_regs_struct regs;
	unsigned long v = 0;
	siginfo_t si;

	must(!pt(PTRACE_PEEKUSER, pid, DR(7), (unsigned long)&v));
	is(v, 0, "debug registers: none armed");
	must(!pt(PTRACE_PEEKUSER, pid, DR(6), (unsigned long)&v));
	is(v, 0xffff0ff0, "debug registers: DR6");
	fails(pt(PTRACE_POKEUSER, pid, DR(0), 1ul << 63), EINVAL, "DR0: an address of the kernel");
	fails(pt(PTRACE_POKEUSER, pid, DR(4), 0), EIO, "DR4: there is none");
	is(pt(PTRACE_POKEUSER, pid, DR(0), (unsigned long)&watched), 0, "DR0");
	is(pt(PTRACE_POKEUSER, pid, DR(1), (unsigned long)target), 0, "DR1");
	fails(pt(PTRACE_POKEUSER, pid, DR(7), 1 | 0x2 << 16), EINVAL,
	      "DR7: a kind that is not there");
	/* 0: 8 bytes, write; 1: execute */
	is(pt(PTRACE_POKEUSER, pid, DR(7), 1 | 4 | 0x9 << 16), 0, "DR7");
	must(!pt(PTRACE_PEEKUSER, pid, DR(7), (unsigned long)&v));
	HEX(v, 1 | 4 | 0x9 << 16, "DR7: read back");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "watchpoint: a write");
	must(!pt(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	is(si.si_code, TRAP_HWBKPT, "watchpoint: TRAP_HWBKPT");
	must(!pt(PTRACE_PEEKUSER, pid, DR(6), (unsigned long)&v));
	is(v & 15, 1, "watchpoint: DR6 tells which");
	must(!pt(PTRACE_PEEKDATA, pid, (unsigned long)&watched, (unsigned long)&v));
	is(v, 1, "watchpoint: after the write");
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "breakpoint: an instruction");
	must(!pt(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	ok(regs.rip == (unsigned long)target, "breakpoint: before it");
	must(!pt(PTRACE_POKEUSER, pid, DR(7), 1 | 0x9 << 16));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), STOPPED(SIGTRAP), "watchpoint: the second write");
	must(!pt(PTRACE_POKEUSER, pid, DR(7), 0));
	must(!pt(PTRACE_CONT, pid, 0, 0));
	HEX(next(pid), EXITED(5), "disarmed: runs to its end");
}

/* ---- the end of tracer and tracee ---- */

static void tracer_body(void)
{
	/* fork: one tracee with EXITKILL, one without; their numbers go to the shared page. */
	extern volatile pid_t *numbers;
	pid_t a = plain(sleeper), b = plain(sleeper);

	if (pt(PTRACE_SEIZE, a, 0, PTRACE_O_EXITKILL) || pt(PTRACE_SEIZE, b, 0, 0))
		_exit(1);
	numbers[0] = a;
	numbers[1] = b;
}

volatile pid_t *numbers;

static void test_ends(void)
{
	pid_t pid;
	int status;

	numbers = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(numbers != MAP_FAILED);
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	is(in_child(tracer_body), 0, "a tracer ends");
	is(waitpid(numbers[0], &status, 0), numbers[0], "EXITKILL: its tracee ends");
	HEX(status, SIGKILL, "EXITKILL: by SIGKILL");
	is(kill(numbers[1], 0), 0, "without: it lives");
	is(tracer_of(numbers[1]), 0, "without: and is traced no more");
	kill(numbers[1], SIGKILL);
	waitpid(numbers[1], &status, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);

	/* SIGKILL of a tracee that stands. */
	pid = traced(sleeper, 0);
	kill(pid, SIGKILL);
	HEX(next(pid), SIGKILL, "SIGKILL ends a stop");
	fails(waitpid(pid, &status, 0), ECHILD, "and is reported once");
}

/* Traced by another process than its parent: both hear of the end. */
static void other_tracer(void)
{
	pid_t pid = numbers[2];

	if (pt(PTRACE_SEIZE, pid, 0, 0))
		_exit(1);
	numbers[3] = 1;
	if (next(pid) != STOPPED(SIGTERM) || pt(PTRACE_CONT, pid, 0, SIGTERM))
		_exit(2);
	if (next(pid) != SIGTERM)
		_exit(3);
}

static void test_two_parents(void)
{
	pid_t pid = plain(sleeper), tracer;
	int status;

	numbers[2] = pid;
	numbers[3] = 0;
	tracer = plain(other_tracer);
	while (!numbers[3])
		sleep_ms(1);
	is(waitpid(pid, &status, WNOHANG), 0, "traced by another: nothing to report");
	kill(pid, SIGTERM);
	is(waitpid(tracer, &status, 0), tracer, "the tracer hears of it");
	HEX(status, 0, "the tracer: first");
	is(waitpid(pid, &status, 0), pid, "then the parent");
	HEX(status, SIGTERM, "the parent: of the end");
}

static int siginfo_code;

static void note_info(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	siginfo_code = si->si_code;
}

static void test_sigchld(void)
{
	struct sigaction sa = { .sa_sigaction = note_info, .sa_flags = SA_SIGINFO | SA_RESTART },
			 old;
	pid_t pid;
	siginfo_t si;

	sigaction(SIGCHLD, &sa, &old);
	pid = traced(sleeper, 0);
	is(siginfo_code, CLD_TRAPPED, "SIGCHLD of a stop: CLD_TRAPPED");
	sigaction(SIGCHLD, &old, NULL);
	must(!pt(PTRACE_CONT, pid, 0, 0));
	kill(pid, SIGUSR1);
	memset(&si, 0, sizeof(si));
	is(waitid(P_PID, (id_t)pid, &si, WSTOPPED), 0, "waitid of a tracee");
	ok(si.si_code == CLD_TRAPPED && si.si_status == SIGUSR1,
	   "waitid: trapped, by which signal");
	finish(pid);
}

/* ---- what is not there ---- */

static void test_others(void)
{
	pid_t pid = traced(nothing, 0);
	struct {
		uint64_t ptr;
		uint32_t size, sig, flags, pad;
	} conf = { .size = 77 };

	is(pt(PTRACE_GET_RSEQ_CONFIGURATION, pid, sizeof(conf), (unsigned long)&conf), 24,
	   "rseq configuration");
	is(conf.size, 32, "rseq configuration: size of the structure");
	finish(pid);
	fails(prctl(PR_SET_PTRACER, 999999, 0, 0, 0), EINVAL, "PR_SET_PTRACER: nobody");
	is(prctl(PR_SET_PTRACER, getppid(), 0, 0, 0), 0, "PR_SET_PTRACER");
	is(prctl(PR_SET_PTRACER, -1, 0, 0, 0), 0, "PR_SET_PTRACER: anybody");
	is(prctl(PR_SET_PTRACER, 0, 0, 0, 0), 0, "PR_SET_PTRACER: nobody again");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "exit-3"))
		_exit(3);
	test_errors();
	test_permission();
	test_signals();
	test_ignored();
	test_syscalls();
	test_events();
	test_seize();
	test_memory();
	test_registers();
	test_steps();
	test_step_handler();
	test_block_step();
	test_breakpoints();
	test_ends();
	test_two_parents();
	test_sigchld();
	test_others();
	return tap_end();
}
