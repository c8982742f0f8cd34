// SPDX-License-Identifier: MIT
/* Signals: dispositions, masks, queues, siginfo, alternate stack, restart, stop and continue. */
#include "tap.h"

#include <poll.h>
#include <sys/time.h>

static volatile int count, order[16], nr_order;
static volatile int last_code, last_value;
static volatile pid_t last_pid;

static void counts(int sig)
{
	count++;
	if (nr_order < 16)
		order[nr_order++] = sig;
}

static void records(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	counts(sig);
	last_code = si->si_code;
	last_value = si->si_value.sival_int;
	last_pid = si->si_pid;
}

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_flags = flags };

	if (flags & SA_SIGINFO)
		sa.sa_sigaction = records;
	else
		sa.sa_handler = counts;
	must(sigaction(sig, &sa, NULL) == 0);
}

static sigset_t set_of(int sig)
{
	sigset_t s;

	sigemptyset(&s);
	if (sig)
		sigaddset(&s, sig);
	return s;
}

static void reset(void)
{
	count = nr_order = last_code = last_value = 0;
	last_pid = 0;
}

static void errors(void)
{
	struct sigaction sa = { .sa_handler = counts };

	fails(sigaction(SIGKILL, &sa, NULL), EINVAL, "sigaction: SIGKILL cannot be caught");
	fails(sigaction(SIGSTOP, &sa, NULL), EINVAL, "sigaction: SIGSTOP cannot be caught");
	fails(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), EINVAL, "sigaction: number 65");
	fails(syscall(SYS_rt_sigaction, 0, NULL, NULL, 8), EINVAL, "sigaction: number 0");
	fails(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4), EINVAL, "sigaction: set size");
	fails(syscall(SYS_rt_sigprocmask, 99, &sa, NULL, 8), EINVAL, "sigprocmask: how");
	fails(kill(getpid(), 65), EINVAL, "kill: number 65");
	fails(kill(0x7ffffffe, 0), ESRCH, "kill: no such process");
	is(kill(getpid(), 0), 0, "kill: 0 asks only");
	fails(kill(-0x7ffffffe, 0), ESRCH, "kill: no such group");
	fails(syscall(SYS_tgkill, getpid(), 0x7ffffffe, 0), ESRCH, "tgkill: no such thread");
	fails(syscall(SYS_tgkill, 0, getpid(), 0), EINVAL, "tgkill: group 0");
	fails(syscall(SYS_tgkill, 1, getpid(), 0), ESRCH, "tgkill: thread of another group");
}

static void masks(void)
{
	sigset_t s = set_of(SIGUSR1), old, pending;

	handle(SIGUSR1, 0);
	reset();
	raise(SIGUSR1);
	is(count, 1, "raise runs the handler");
	sigprocmask(SIG_BLOCK, &s, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	is(count, 1, "blocked: it waits");
	sigpending(&pending);
	ok(sigismember(&pending, SIGUSR1) == 1, "sigpending tells");
	sigprocmask(SIG_UNBLOCK, &s, &old);
	is(count, 2, "unblocked: delivered once (standard signals do not queue)");
	ok(sigismember(&old, SIGUSR1) == 1, "the old mask is returned");
	s = set_of(SIGKILL);
	sigprocmask(SIG_SETMASK, &s, NULL);
	sigprocmask(SIG_SETMASK, NULL, &old);
	is(sigismember(&old, SIGKILL), 0, "SIGKILL is never blocked");
	s = set_of(0);
	sigprocmask(SIG_SETMASK, &s, NULL);
}

static void queues(void)
{
	int rt = SIGRTMIN + 2;
	sigset_t s = set_of(rt);
	union sigval v;

	sigaddset(&s, rt + 1);
	sigaddset(&s, SIGUSR2);
	handle(rt, SA_SIGINFO);
	handle(rt + 1, SA_SIGINFO);
	handle(SIGUSR2, SA_SIGINFO);
	reset();
	sigprocmask(SIG_BLOCK, &s, NULL);
	v.sival_int = 11;
	sigqueue(getpid(), rt + 1, v);
	v.sival_int = 22;
	sigqueue(getpid(), rt, v);
	v.sival_int = 33;
	sigqueue(getpid(), rt, v);
	kill(getpid(), SIGUSR2);
	sigprocmask(SIG_UNBLOCK, &s, NULL);
	is(count, 4, "real-time signals queue");
	/* Handlers nest: the last prepared runs first, the lowest number is prepared first. */
	ok(order[3] == SIGUSR2 && order[0] == rt + 1, "delivered lowest number first");
	reset();
	v.sival_int = 44;
	sigqueue(getpid(), rt, v);
	ok(last_code == SI_QUEUE && last_value == 44 && last_pid == getpid(),
	   "sigqueue: SI_QUEUE, the value, the sender");
	kill(getpid(), SIGUSR2);
	ok(last_code == SI_USER && last_pid == getpid(), "kill: SI_USER");
	raise(SIGUSR2);
	is(last_code, SI_TKILL, "tkill: SI_TKILL");
}

static void waiting(void)
{
	sigset_t s = set_of(SIGUSR1);
	struct timespec short_time = { 0, 20000000 };
	union sigval v = { .sival_int = 5 };
	siginfo_t si;
	int64_t t;

	sigprocmask(SIG_BLOCK, &s, NULL);
	t = now_ns(CLOCK_MONOTONIC);
	fails(sigtimedwait(&s, &si, &short_time), EAGAIN, "sigtimedwait: nothing comes");
	ok(now_ns(CLOCK_MONOTONIC) - t >= 20000000, "it waited that long");
	sigqueue(getpid(), SIGUSR1, v);
	is(sigtimedwait(&s, &si, &short_time), SIGUSR1, "sigtimedwait: takes a pending one");
	ok(si.si_value.sival_int == 5 && si.si_code == SI_QUEUE, "with its siginfo");
	sigprocmask(SIG_UNBLOCK, &s, NULL);
}

/* In @us, and again and again until it is 0: the first may come before the call that it shall end has begun. */
static void fires_each(long us)
{
	struct itimerval it = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void fires_once(long us)
{
	struct itimerval it = { .it_value = { 0, us } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void restart(void)
{
	struct timespec ts = { 20, 0 }, left;
	struct pollfd pfd = { .events = POLLIN };
	sigset_t none = set_of(0);
	long got, ms = 300;
	int p[2];
	char c;

	must(pipe(p) == 0);
	pfd.fd = p[0];
	handle(SIGALRM, 0);
	fires_each(150000);
	fails(read(p[0], &c, 1), EINTR, "read: EINTR without SA_RESTART");
	fires_each(0);
	handle(SIGALRM, SA_RESTART);
	do { /* until the byte comes behind the signal */
		ms *= 2;
		reset();
		if (fork() == 0) {
			sleep_ms(ms);
			_exit(write(p[1], "x", 1) != 1);
		}
		fires_once(150000);
		got = read(p[0], &c, 1);
		fires_once(0);
		wait(NULL);
	} while (got == 1 && !count && ms < 20000);
	is(got, 1, "read: restarted with SA_RESTART");
	is(count, 1, "the handler did run");
	fires_each(150000);
	fails(poll(&pfd, 1, 20000), EINTR, "poll: EINTR even with SA_RESTART");
	fails(nanosleep(&ts, &left), EINTR, "nanosleep: EINTR");
	ok(left.tv_sec > 0 || left.tv_nsec > 0, "nanosleep: tells what is left");
	ok(left.tv_sec < 20, "nanosleep: which is less");
	fails(sigsuspend(&none), EINTR, "sigsuspend");
	fails(pause(), EINTR, "pause");
	fires_each(0);
}

static char alt[32768] __attribute__((aligned(16)));
static volatile char *handler_frame;
static volatile int on_stack_flag;

static void on_alt(int sig)
{
	char here;
	stack_t ss;

	(void)sig;
	handler_frame = &here;
	sigaltstack(NULL, &ss);
	on_stack_flag = ss.ss_flags;
	ss.ss_flags = SS_DISABLE;
	if (sigaltstack(&ss, NULL) == 0 || errno != EPERM)
		on_stack_flag = -1;
}

static void alternate_stack(void)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) }, old;
	struct sigaction sa = { .sa_handler = on_alt, .sa_flags = SA_ONSTACK };

	is(sigaltstack(&ss, NULL), 0, "sigaltstack");
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	ok(handler_frame >= alt && handler_frame < alt + sizeof(alt), "the handler runs on it");
	is(on_stack_flag, SS_ONSTACK, "SS_ONSTACK within; changing it there is EPERM");
	sigaltstack(NULL, &old);
	ok(old.ss_sp == alt && old.ss_flags == 0, "asked outside: its address, no flag");
	ss.ss_flags = 0x40;
	fails(syscall(SYS_sigaltstack, &ss, NULL), EINVAL, "sigaltstack: unknown flag");
	ss.ss_flags = 0;
	ss.ss_size = 100;
	fails(syscall(SYS_sigaltstack, &ss, NULL), ENOMEM, "sigaltstack: too small");
	ss.ss_flags = SS_DISABLE;
	is(sigaltstack(&ss, NULL), 0, "sigaltstack: off");
	sa.sa_handler = counts;
	sa.sa_flags = SA_RESETHAND;
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &sa);
	ok(sa.sa_handler == SIG_DFL, "SA_RESETHAND: default after the first");
}

static volatile int depth, max_depth, raised;

static void nests(int sig)
{
	depth++;
	if (depth > max_depth)
		max_depth = depth;
	if (raised++ < 2)
		raise(sig);
	depth--;
}

static void nesting(void)
{
	struct sigaction sa = { .sa_handler = nests };

	sigaction(SIGUSR1, &sa, NULL);
	max_depth = raised = 0;
	raise(SIGUSR1);
	is(max_depth, 1, "a signal is blocked in its own handler");
	sa.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &sa, NULL);
	max_depth = raised = 0;
	raise(SIGUSR1);
	is(max_depth, 3, "but not with SA_NODEFER");
}

static void sleeps(void)
{
	for (;;)
		pause();
}

static void stop_continue(void)
{
	int status;
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0)
		sleeps();
	kill(pid, SIGSTOP);
	is(waitpid(pid, &status, WUNTRACED), pid, "waitpid: WUNTRACED reports a stop");
	ok(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "stopped by SIGSTOP");
	is(waitpid(pid, &status, WUNTRACED | WNOHANG), 0, "once");
	kill(pid, SIGUSR1);
	sleep_ms(20);
	is(waitpid(pid, &status, WNOHANG), 0, "a stopped process does not die of SIGUSR1 yet");
	kill(pid, SIGCONT);
	is(waitpid(pid, &status, 0), pid, "continued: it does");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1, "of SIGUSR1");
	signal(SIGUSR1, SIG_DFL);
	pid = fork();
	if (pid == 0)
		sleeps();
	kill(pid, SIGSTOP);
	waitid(P_PID, pid, &si, WSTOPPED);
	ok(si.si_code == CLD_STOPPED && si.si_status == SIGSTOP, "waitid: CLD_STOPPED");
	kill(pid, SIGCONT);
	waitid(P_PID, pid, &si, WCONTINUED);
	ok(si.si_code == CLD_CONTINUED && si.si_status == SIGCONT, "waitid: CLD_CONTINUED");
	kill(pid, SIGKILL);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	ok(si.si_code == CLD_KILLED && si.si_status == SIGKILL && si.si_pid == pid,
	   "waitid: CLD_KILLED, WNOWAIT");
	is(waitpid(pid, &status, 0), pid, "it can still be reaped");
}

static int default_of(int sig)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 1; i < 32; i++)
			signal(i, SIG_DFL);
		raise(sig);
		_exit(0);
	}
	waitpid(pid, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return status;
}

static void defaults(void)
{
	static const int kills[] = { SIGHUP,  SIGINT,	 SIGQUIT, SIGILL,  SIGTRAP,
				     SIGABRT, SIGBUS,	 SIGFPE,  SIGKILL, SIGUSR1,
				     SIGSEGV, SIGPIPE,	 SIGALRM, SIGTERM, SIGXCPU,
				     SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGSYS };
	static const int ignored[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };

	for (size_t i = 0; i < sizeof(kills) / sizeof(*kills); i++)
		is(default_of(kills[i]) & 0x7f, kills[i], "default of %d: death", kills[i]);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		is(default_of(ignored[i]), 0, "default of %d: nothing", ignored[i]);
	ok(WIFSTOPPED(default_of(SIGSTOP)), "default of SIGSTOP: stop");
	ok(WIFSTOPPED(default_of(SIGTSTP)) || default_of(SIGTSTP) == 0,
	   "default of SIGTSTP: stop, unless the group is orphaned");
}

static void child_signal(void)
{
	pid_t pid;

	handle(SIGCHLD, SA_SIGINFO);
	reset();
	pid = fork();
	if (pid == 0)
		_exit(3);
	while (!count)
		sleep_ms(1);
	ok(last_code == CLD_EXITED && last_pid == pid, "SIGCHLD: CLD_EXITED and who");
	waitpid(pid, NULL, 0);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (pid == 0)
		_exit(0);
	fails(waitpid(pid, NULL, 0), ECHILD, "SIGCHLD ignored: no zombie, ECHILD");
	signal(SIGCHLD, SIG_DFL);
}

static void preserved(void)
{
	register uint64_t rbx asm("rbx") = 0x1122334455667788;
	double d = 1.25, e;
	long nr = SYS_kill;

	handle(SIGUSR1, 0);
	asm volatile("movsd %1, %%xmm9\n"
		     "syscall\n"
		     "movsd %%xmm9, %0"
		     : "=m"(e), "+m"(d), "+r"(rbx), "+a"(nr)
		     : "D"(getpid()), "S"(SIGUSR1)
		     : "rcx", "r11", "memory", "xmm9");
	ok(e == 1.25, "a handler does not disturb SSE registers");
	is(rbx, 0x1122334455667788, "nor general registers");
}

int main(void)
{
	errors();
	masks();
	queues();
	waiting();
	restart();
	alternate_stack();
	nesting();
	preserved();
	signal(SIGUSR1, SIG_DFL);
	stop_continue();
	defaults();
	child_signal();
	return tap_end();
}
