// SPDX-License-Identifier: MIT
/*
 * A machine that runs: QEMU as a child, its channels as socket pairs, one poll loop.
 *
 * Why sockets and an own protocol on the control port, rather than closing ports: whether the
 * other side has closed a virtio port reaches the guest by another queue than its data, so an end
 * of file could overtake the last bytes. Here each end is announced together with the number of
 * bytes that precede it, in both directions, and nothing depends on order between queues.
 *
 *	us -> init				init -> us
 *	stdin-end N	N bytes, then EOF	ready		init runs
 *	closed 1|2	nobody reads it		exit S OUT ERR	the program's status and the bytes
 *	signal N	to the program		signal S OUT ERR	likewise, ended by a signal
 *	winsize R C	terminal's size		exec ERRNO	the program could not be started
 *						fail TEXT	another order failed
 */
#define _GNU_SOURCE
#include "machine.h"

#include "flow.h"
#include "image.h"
#include "klog.h"
#include "options.h"
#include "qemu.h"
#include "say.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUIRE_MIN_MEMORY                                                                           \
	(3ull << 20)	/* besides the initial RAM disk; as MINIMUM_MEMORY in arch/x86_64/setup.c */
#define GRACE	    5.0 /* seconds for a machine to end by itself after it reported or panicked */
#define EOF_SECONDS 0.5 /* from one Ctrl-D to the next */

enum verdict { NONE, PROGRAM_EXITED, PROGRAM_KILLED, NOT_EXECUTED, ORDER_FAILED };

struct machine {
	const struct options *o;
	pid_t qemu;
	int qemu_status; /* wait status, once dead */
	bool dead;
	int messages;	     /* what QEMU itself says */
	int ch[NR_CHANNELS]; /* our ends */
	int signals;	     /* signalfd */
	struct klog klog;
	struct flow in, out, err;	  /* pipes; with a terminal in and out are the console's */
	bool in_told, out_told, err_told; /* the end of the stream was announced */
	double next_eof;		  /* when Ctrl-D is typed (again); 0: not yet */
	char line[512];			  /* control: the line being received */
	size_t line_len;
	bool ready;
	double started; /* when QEMU was started */
	enum verdict verdict;
	int status; /* exit status, signal or errno, by verdict */
	char text[512];
	uint64_t out_total, err_total;
	double deadline, grace; /* 0: none */
	int interrupts;		/* Ctrl-C so far */
	int stopped_by;		/* a signal that ends this command, or 0 */
	bool leave, timed_out;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void tell(struct machine *m, const char *fmt, ...)
{
	char line[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* A few short lines in a socket's buffer; if it were full the machine hangs anyway. */
	if (send(m->ch[CH_CONTROL], line, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && !m->dead &&
	    errno != EPIPE && errno != ECONNRESET)
		say("the machine does not take orders: %s", strerror(errno));
}

/* --- starting --- */

static void qemu_child(const struct strv *argv, int messages)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0); /* Ctrl-C on the terminal is not meant for QEMU */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(messages, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
	execvp(argv->v[0], argv->v);
	_exit(127);
}

/*
 * QEMU puts the initial RAM disk at the end of memory, over the kernel if there is too little: then the kernel
 * cannot say so any more.
 */
static void check_memory(const struct options *o, int initrd)
{
	struct stat st;
	unsigned long long needed;

	if (o->kernel != KERNEL_QUIRE || fstat(initrd, &st))
		return;
	needed = QUIRE_MIN_MEMORY + (unsigned long long)st.st_size;
	if (o->mem < needed)
		fail("Quire needs at least %llu MiB of memory with this program: --mem %lluM",
		     (needed + (1 << 20) - 1) >> 20, (needed + (1 << 20) - 1) >> 20);
}

static void start(struct machine *m, bool kvm)
{
	struct strv argv = { 0 };
	int theirs[NR_CHANNELS], initrd = image_build(m->o);

	check_memory(m->o, initrd);
	for (int c = 0; c < NR_CHANNELS; c++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			fail("cannot create a socket pair: %s", strerror(errno));
		fcntl(pair[0], F_SETFD, FD_CLOEXEC);
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
		m->ch[c] = pair[0];
		theirs[c] = pair[1];
	}
	qemu_argv(&argv, m->o, kvm, theirs, initrd);
	if (getenv("QUIRE_SHOW_QEMU")) {
		for (size_t i = 0; i < argv.n; i++)
			fprintf(stderr, "%s%s", i ? " " : "", argv.v[i]);
		fputc('\n', stderr);
	}
	m->messages = memfd_create("messages", MFD_CLOEXEC);
	fflush(NULL);
	m->started = now();
	m->qemu = fork();
	if (m->qemu < 0)
		fail("cannot start QEMU: %s", strerror(errno));
	if (m->qemu == 0)
		qemu_child(&argv, m->messages);
	for (int c = 0; c < NR_CHANNELS; c++)
		close(theirs[c]);
	close(initrd);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* --- what comes in --- */

static void control_line(struct machine *m, const char *line)
{
	unsigned long long out = 0, err = 0;
	int n = 0;

	if (!strcmp(line, "ready")) {
		m->ready = true;
		if (getenv("QUIRE_TIMES"))
			say("init ran after %.0f ms", (now() - m->started) * 1e3);
		return;
	}
	if (sscanf(line, "exit %d %llu %llu", &n, &out, &err) == 3)
		m->verdict = PROGRAM_EXITED;
	else if (sscanf(line, "signal %d %llu %llu", &n, &out, &err) == 3)
		m->verdict = PROGRAM_KILLED;
	else if (sscanf(line, "exec %d", &n) == 1)
		m->verdict = NOT_EXECUTED;
	else if (!strncmp(line, "fail ", 5))
		m->verdict = ORDER_FAILED;
	else
		return;
	snprintf(m->text, sizeof(m->text), "%s", line + (m->verdict == ORDER_FAILED ? 5 : 0));
	m->status = n;
	m->out_total = out;
	m->err_total = err;
	m->grace = now() + GRACE;
}

static void control_input(struct machine *m)
{
	char buf[512];
	ssize_t n = read(m->ch[CH_CONTROL], buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != '\n') {
			if (m->line_len < sizeof(m->line) - 1)
				m->line[m->line_len++] = buf[i];
			continue;
		}
		m->line[m->line_len] = '\0';
		m->line_len = 0;
		control_line(m, m->line);
	}
}

/* False at the end of the channel. */
static bool serial_input(struct machine *m)
{
	char buf[1 << 14];
	ssize_t n = read(m->ch[CH_SERIAL], buf, sizeof(buf));

	if (n > 0)
		klog_put(&m->klog, buf, n);
	if (m->klog.panicked && !m->grace)
		m->grace = now() + GRACE;
	return n > 0;
}

static void window_size(struct machine *m)
{
	struct winsize ws;

	if (m->o->tty && !ioctl(STDIN_FILENO, TIOCGWINSZ, &ws))
		tell(m, "winsize %d %d\n", ws.ws_row, ws.ws_col);
}

static void signal_input(struct machine *m)
{
	struct signalfd_siginfo si;

	while (read(m->signals, &si, sizeof(si)) == sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGCHLD:
			if (waitpid(m->qemu, &m->qemu_status, WNOHANG) == m->qemu)
				m->dead = true;
			break;
		case SIGWINCH:
			window_size(m);
			break;
		case SIGINT:
			/* The first is for the program; a second means the machine. */
			if (m->ready && !m->interrupts++)
				tell(m, "signal %d\n", SIGINT);
			else
				m->stopped_by = SIGINT;
			break;
		default:
			m->stopped_by = (int)si.ssi_signo;
		}
	}
}

/* --- the streams --- */

static bool leave_asked;

static size_t typed(char *buf, size_t n)
{
	return terminal_filter(buf, n, &leave_asked);
}

static void announce_ends(struct machine *m)
{
	if (m->o->tty && !m->in_told && m->ready && flow_done(&m->in) && now() >= m->next_eof) {
		/*
		 * Ctrl-D is the end of file only for who reads at that moment, but an input that
		 * has ended stays ended: so it is typed again as long as the machine runs.
		 */
		(void)!write(m->ch[CH_CONSOLE], "\004", 1);
		m->next_eof = now() + EOF_SECONDS;
	}
	if (!m->o->tty && !m->in_told && flow_done(&m->in)) {
		m->in_told = true;
		tell(m, "stdin-end %llu\n", (unsigned long long)m->in.total);
	}
	if (!m->out_told && m->out.broken) {
		m->out_told = true;
		tell(m, "closed 1\n");
	}
	if (!m->err_told && m->err.broken) {
		m->err_told = true;
		tell(m, "closed 2\n");
	}
}

static void open_streams(struct machine *m, bool with_input)
{
	bool tty = m->o->tty;

	flow_init(&m->in, with_input ? STDIN_FILENO : -1, m->ch[tty ? CH_CONSOLE : CH_STDIN]);
	flow_init(&m->out, m->ch[tty ? CH_CONSOLE : CH_STDOUT], STDOUT_FILENO);
	flow_init(&m->err, m->ch[CH_STDERR], STDERR_FILENO);
}

static bool streams_complete(const struct machine *m)
{
	return m->o->tty || (m->out.total >= m->out_total && m->err.total >= m->err_total);
}

static int poll_timeout(const struct machine *m)
{
	double at = m->deadline;

	if (m->grace && (!at || m->grace < at))
		at = m->grace;
	if (m->next_eof && (!at || m->next_eof < at))
		at = m->next_eof;
	if (!at)
		return -1;
	at -= now();
	return at <= 0 ? 0 : at > 3600 ? 3600000 : (int)(at * 1000) + 1;
}

enum {
	P_SIGNALS,
	P_SERIAL,
	P_CONTROL,
	P_IN,
	P_OUT = P_IN + 2,
	P_ERR = P_OUT + 2,
	P_NR = P_ERR + 2
};

/* One turn of the loop; returns false when the machine is over. */
static bool turn(struct machine *m)
{
	struct pollfd p[P_NR];
	bool raw = m->o->tty && isatty(STDIN_FILENO);

	p[P_SIGNALS] = (struct pollfd){ .fd = m->signals, .events = POLLIN };
	p[P_SERIAL] = (struct pollfd){ .fd = m->ch[CH_SERIAL], .events = POLLIN };
	p[P_CONTROL] = (struct pollfd){ .fd = m->ch[CH_CONTROL], .events = POLLIN };
	flow_poll(&m->in, &p[P_IN]);
	flow_poll(&m->out, &p[P_OUT]);
	flow_poll(&m->err, &p[P_ERR]);
	announce_ends(m);
	if (poll(p, P_NR, poll_timeout(m)) < 0 && errno != EINTR)
		fail("poll: %s", strerror(errno));
	if (p[P_SIGNALS].revents)
		signal_input(m);
	if (p[P_SERIAL].revents)
		serial_input(m);
	if (p[P_CONTROL].revents)
		control_input(m);
	flow_move(&m->in, &p[P_IN], raw ? typed : NULL);
	flow_move(&m->out, &p[P_OUT], NULL);
	flow_move(&m->err, &p[P_ERR], NULL);
	m->leave = leave_asked;
	if (m->deadline && now() >= m->deadline && m->verdict == NONE)
		m->timed_out = true;
	if (m->dead || m->leave || m->stopped_by || m->timed_out)
		return false;
	return !(m->grace && now() >= m->grace);
}

/* QEMU is gone: what it had put into the sockets is still there. */
static void drain(struct machine *m)
{
	struct pollfd none[2] = { { .fd = -1 }, { .fd = -1 } };
	struct flow *flows[] = { &m->out, &m->err };

	while (serial_input(m))
		;
	control_input(m);
	for (int i = 0; i < 2; i++) {
		struct flow *f = flows[i];

		while (!flow_done(f)) {
			struct pollfd ready[2] = { { .fd = f->from, .revents = POLLIN },
						   { .fd = f->to, .revents = POLLOUT } };

			flow_move(f, f->eof && !f->len ? none : ready, NULL);
		}
	}
}

static void stop(struct machine *m)
{
	if (!m->dead) {
		kill(m->qemu, SIGKILL);
		while (waitpid(m->qemu, &m->qemu_status, 0) < 0 && errno == EINTR)
			;
	}
	drain(m);
	for (int c = 0; c < NR_CHANNELS; c++)
		close(m->ch[c]);
}

/* --- the verdict --- */

static void print_messages(struct machine *m)
{
	char buf[4096];
	ssize_t n;

	lseek(m->messages, 0, SEEK_SET);
	while ((n = read(m->messages, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stderr);
}

static int machine_stopped(struct machine *m)
{
	bool qemu_failed = WIFEXITED(m->qemu_status) && WEXITSTATUS(m->qemu_status) == 1 &&
			   !m->klog.len && m->dead;

	if (qemu_failed) {
		print_messages(m);
		say("QEMU could not start this machine; its message is above");
		return EXIT_MISTAKE;
	}
	print_messages(m);
	klog_print_tail(&m->klog, 25);
	if (m->dead && WIFSIGNALED(m->qemu_status)) {
		say("QEMU itself died (%s), not the kernel; the last messages of the machine are above",
		    strsignal(WTERMSIG(m->qemu_status)));
		return EXIT_MISTAKE;
	}
	say("the machine stopped before the program ended; its last messages are above");
	return EXIT_PANICKED;
}

static int conclude(struct machine *m)
{
	bool panic_code = m->dead && WIFEXITED(m->qemu_status) &&
			  WEXITSTATUS(m->qemu_status) == QEMU_STATUS(DEBUG_EXIT_PANIC);

	if (m->leave)
		return 0;
	if (panic_code || (m->klog.panicked && m->verdict == NONE)) {
		say("kernel panicked");
		klog_print_panic(&m->klog);
		return EXIT_PANICKED;
	}
	if (m->timed_out) {
		if (!m->ready) {
			klog_print_tail(&m->klog, 25);
			say("init has not run; the kernel %s",
			    m->klog.len ? "got as far as is shown above" : "said nothing");
		}
		say("time-out after %g seconds", m->o->timeout);
		return EXIT_TIMEOUT;
	}
	if (m->stopped_by)
		return 128 + m->stopped_by;
	switch (m->verdict) {
	case NONE:
		return machine_stopped(m);
	case NOT_EXECUTED:
		say("cannot run %s: %s", m->o->argv ? m->o->argv[0] : "sh", strerror(m->status));
		return EXIT_MISTAKE;
	case ORDER_FAILED:
		say("%s", m->text);
		return EXIT_MISTAKE;
	case PROGRAM_EXITED:
	case PROGRAM_KILLED:
		break;
	}
	if (!streams_complete(m) && !m->out.broken) {
		unsigned long long got = m->out.total, all = m->out_total;

		got += m->err.total;
		all += m->err_total;
		say("the machine delivered %llu of %llu bytes of output", got, all);
		return EXIT_PANICKED;
	}
	return m->verdict == PROGRAM_KILLED ? 128 + m->status : m->status;
}

int machine_run(const struct options *o, bool kvm)
{
	static struct machine m;

	m.o = o;
	m.deadline = o->timeout ? now() + o->timeout : 0;
	klog_open(&m.klog, o->console_log);
	m.signals = open_signals();
	start(&m, kvm);
	if (o->gdb)
		say("waiting for gdb: gdb -ex 'target remote :1234' %s/quire.elf", build_dir());
	if (o->tty && terminal_raw())
		say("Ctrl-A x leaves the machine");
	open_streams(&m, !o->no_input);
	m.in_told = o->no_input;
	while (turn(&m))
		;
	stop(&m);
	terminal_restore();
	return conclude(&m);
}

bool machine_trial(const struct options *asked, double seconds)
{
	char *argv[] = { (char *)"true", NULL };
	struct options o = *asked;
	static struct machine m;

	o.argv = argv;
	o.tty = o.gdb = false;
	o.root = NULL;
	memset(&o.add, 0, sizeof(o.add));
	memset(&o.disk, 0, sizeof(o.disk));
	m.o = &o;
	m.deadline = now() + seconds;
	klog_open(&m.klog, NULL);
	m.signals = open_signals();
	start(&m, true);
	open_streams(&m, false);
	while (turn(&m))
		;
	stop(&m);
	close(m.signals);
	return m.verdict == PROGRAM_EXITED && m.status == 0;
}
