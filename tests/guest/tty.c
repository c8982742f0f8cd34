// SPDX-License-Identifier: MIT
/* Terminals: line discipline on a pseudo terminal, sessions, job control. */
#include "tap.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;

static void open_pair(void)
{
	char name[64];
	int n, zero = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	must(master >= 0);
	must(ioctl(master, TIOCSPTLCK, &zero) == 0);
	must(ioctl(master, TIOCGPTN, &n) == 0);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	slave = open(name, O_RDWR | O_NOCTTY);
	must(slave >= 0);
}

/* What the master gets up to and with @mark, which is to come; what follows it is left there. */
static const char *heard_to(const char *mark)
{
	static char buf[512];
	struct pollfd p = { .fd = master, .events = POLLIN };
	size_t n = 0;

	do {
		buf[n] = 0;
		if (strstr(buf, mark))
			break;
	} while (n < sizeof(buf) - 1 && poll(&p, 1, 30000) > 0 && read(master, buf + n, 1) == 1 &&
		 ++n);
	return buf;
}

/* What it got up to now: what is written here and at once comes last. The echo of a line precedes the line. */
static const char *heard(void)
{
	char *all;

	must(write(slave, "~", 1) == 1);
	all = (char *)heard_to("~");
	all[strlen(all) - 1] = 0;
	return all;
}

static void type(const char *s)
{
	must(write(master, s, strlen(s)) == (ssize_t)strlen(s));
}

static struct termios tio;

static void line_discipline(void)
{
	char buf[100];
	struct pollfd p = { .fd = slave, .events = POLLIN };
	int n;

	is(isatty(slave), 1, "isatty");
	must(tcgetattr(slave, &tio) == 0);
	ok((tio.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG), "cooked by default");
	is(tio.c_cc[VINTR], 3, "Ctrl-C interrupts");
	type("ab");
	is(poll(&p, 1, 50), 0, "no line yet");
	ok(!strcmp(heard_to("ab"), "ab"), "echo");
	type("c\x7f"
	     "d\r");
	is(read(slave, buf, 100), 4, "a line");
	ok(!memcmp(buf, "abd\n", 4), "erased, CR became NL");
	ok(!strcmp(heard(), "c\b \bd\r\n"), "echo of erasing");
	type("junk\x15kept\n");
	is(read(slave, buf, 100), 5, "Ctrl-U kills the line");
	heard();
	type("two\nlines\n");
	is(read(slave, buf, 100), 4, "a read gives one line");
	is(read(slave, buf, 100), 6, "then the other");
	heard();
	type("part\x04");
	is(read(slave, buf, 100), 4, "Ctrl-D ends a line without NL");
	type("\x04");
	is(read(slave, buf, 100), 0, "alone it is the end of file");
	heard();
	must(write(slave, "x\ny", 3) == 3);
	ok(!strcmp(heard(), "x\r\ny"), "output: NL becomes CR NL");
	type("12345\n");
	must(poll(&p, 1, 30000) == 1);
	must(ioctl(slave, FIONREAD, &n) == 0);
	is(n, 6, "FIONREAD");
	tcflush(slave, TCIFLUSH);
	is(poll(&p, 1, 0), 0, "tcflush");
	heard();
}

static void raw_mode(void)
{
	struct termios raw = tio;
	char buf[100];
	int64_t t;

	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	must(tcsetattr(slave, TCSANOW, &raw) == 0);
	type("\x03q");
	is(read(slave, buf, 100), 2, "raw: Ctrl-C is a byte");
	ok(!strcmp(heard(), ""), "raw: no echo");
	must(write(slave, "x\n", 2) == 2);
	ok(!strcmp(heard(), "x\n"), "raw: output as it is");
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &raw);
	t = now_ns(CLOCK_MONOTONIC);
	is(read(slave, buf, 100), 0, "VMIN 0, VTIME 1: nothing");
	ok(now_ns(CLOCK_MONOTONIC) - t >= 90000000, "after a tenth of a second");
	raw.c_cc[VMIN] = 3;
	raw.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &raw);
	type("abc");
	is(read(slave, buf, 100), 3, "VMIN 3: three");
	tcsetattr(slave, TCSANOW, &tio);
}

static void window(void)
{
	struct winsize ws = { 33, 101, 0, 0 }, got = { 0 };

	is(ioctl(master, TIOCSWINSZ, &ws), 0, "TIOCSWINSZ");
	ioctl(slave, TIOCGWINSZ, &got);
	ok(got.ws_row == 33 && got.ws_col == 101, "TIOCGWINSZ on the other side");
	fails(ioctl(slave, 0x54ff, &got), ENOTTY, "unknown ioctl: ENOTTY");
	fails(ioctl(open("/dev/null", O_RDWR), TIOCGWINSZ, &got), ENOTTY, "not a terminal: ENOTTY");
	fails(ioctl(slave, TIOCGPGRP, &got), ENOTTY, "not the controlling terminal: ENOTTY");
}

/* Run fn as leader of a session whose terminal is the slave. */
static pid_t session(void (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(master);
		setsid();
		if (ioctl(slave, TIOCSCTTY, 0))
			_exit(90);
		fn();
		_exit(0);
	}
	return pid;
}

static void waits_for_signal(void)
{
	(void)!write(slave, "R", 1);
	for (;;)
		pause();
}

static void killed_by(const char *key, int sig, const char *name)
{
	int status = 0;
	pid_t pid = session(waits_for_signal);

	heard_to("R");
	type(key);
	waitpid(pid, &status, 0);
	is(status & 0x7f, sig, "%s", name);
	heard();
}

static volatile sig_atomic_t got_signal;

static void note(int sig)
{
	got_signal = sig;
}

static void leader(void)
{
	int status, ok_count = 0;
	char c;
	pid_t pid;

	if (tcgetsid(slave) != getpid() || tcgetpgrp(slave) != getpgrp())
		_exit(1);
	/* A job in the background that reads is stopped. */
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		_exit(read(slave, &c, 1) == 1 ? 7 : 8);
	}
	setpgid(pid, pid);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTIN)
		_exit(2);
	/* Brought to the foreground it reads. */
	if (tcsetpgrp(slave, pid))
		_exit(3);
	kill(-pid, SIGCONT);
	(void)!write(1, "", 0);
	signal(SIGTTOU, SIG_IGN);
	(void)!write(slave, "F", 1);
	if (waitpid(pid, &status, 0) != pid || status != EXITED(7))
		_exit(4);
	if (tcsetpgrp(slave, getpgrp()))
		_exit(5);
	/* With TOSTOP a job in the background that writes is stopped too. */
	tio.c_lflag |= TOSTOP;
	tcsetattr(slave, TCSANOW, &tio);
	signal(SIGTTOU, SIG_DFL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		(void)!write(slave, "w", 1);
		_exit(9);
	}
	setpgid(pid, pid);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTOU)
		_exit(6);
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	_exit(ok_count);
}

static void resized(void)
{
	signal(SIGWINCH, note);
	(void)!write(slave, "R", 1);
	while (!got_signal)
		sleep_ms(1);
	_exit(got_signal == SIGWINCH ? 0 : 1);
}

static void job_control(void)
{
	struct winsize ws = { 10, 20, 0, 0 };
	int status;
	pid_t pid;

	killed_by("\x03", SIGINT, "Ctrl-C: SIGINT to the foreground");
	killed_by("\x1c", SIGQUIT, "Ctrl-\\: SIGQUIT");
	pid = session(resized);
	heard_to("R");
	ioctl(master, TIOCSWINSZ, &ws);
	waitpid(pid, &status, 0);
	is(status, 0, "a new size: SIGWINCH");
	pid = session(leader);
	heard_to("F");
	type("x\n");
	waitpid(pid, &status, 0);
	is(status, 0, "background read stops (SIGTTIN), foreground reads, TOSTOP stops (SIGTTOU)");
	heard();
	tio.c_lflag &= ~TOSTOP;
	tcsetattr(slave, TCSANOW, &tio);
	pid = session(waits_for_signal);
	heard_to("R");
	close(slave);
	close(master);
	waitpid(pid, &status, 0);
	is(status & 0x7f, SIGHUP, "the terminal goes away: SIGHUP");
}

static void sessions(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setsid() != getpid() || getsid(0) != getpid() || getpgid(0) != getpid())
			_exit(1);
		if (setsid() != -1 || errno != EPERM)
			_exit(2);
		if (setpgid(0, 0) != -1 || errno != EPERM)
			_exit(3);
		if (open("/dev/tty", O_RDWR) != -1 || errno != ENXIO)
			_exit(4);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is(status, 0, "setsid; a leader may not again; no terminal: ENXIO");
	fails(setpgid(0, -1), EINVAL, "setpgid: negative");
	fails(setpgid(0x7ffffff, 0), ESRCH, "setpgid: nobody");
	fails(getpgid(0x7ffffff), ESRCH, "getpgid: nobody");
	fails(getsid(0x7ffffff), ESRCH, "getsid: nobody");
}

int main(void)
{
	open_pair();
	line_discipline();
	raw_mode();
	window();
	sessions();
	job_control();
	return tap_end();
}
