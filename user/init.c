// SPDX-License-Identifier: MIT
/*
 * init: PID 1 of every machine that `quire` boots, the same on Quire and on Linux.
 *
 * It mounts what a program expects, loads the modules of the oracle, starts the program in a
 * session of its own, carries its three streams over virtio-serial ports, reports how it ended and
 * switches the machine off. The orders are lines of /.quire/orders:
 *	module PATH		load it (Linux only)
 *	root DEVICE		mount this ext2 as the program's root
 *	swap DEVICE		swap there
 *	input none		standard input is at its end
 *	tty NAME ROWS COLS	run the program on that terminal instead of pipes
 * The protocol of the control port is told in tools/quire/machine.c.
 *
 * Ports are found by name in /sys/class/virtio-ports; where that is not mounted, as
 * /dev/vport<0..7>p<nr> in the fixed order of tools/quire/qemu.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PORT_WAIT_MS 20000

enum port { CONTROL = 1, STDIN, STDOUT, STDERR, NR_PORTS };

static const char *const port_names[NR_PORTS] = {
	[CONTROL] = "org.quire.control",
	[STDIN] = "org.quire.stdin",
	[STDOUT] = "org.quire.stdout",
	[STDERR] = "org.quire.stderr",
};

static int port[NR_PORTS]; /* descriptors, non-blocking */
static int child_event[2]; /* a pipe that the SIGCHLD handler writes */

/* The orders. */
static char *tty_name;
static struct winsize tty_size;
static const char *new_root;
static uint64_t stdin_end = UINT64_MAX; /* bytes after which standard input ends */

/* --- the ends of the machine --- */

static void log_line(const char *fmt, ...)
{
	static int kmsg = -1;
	char line[256] = "init: ";
	va_list ap;
	int n;

	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0)
		kmsg = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	va_start(ap, fmt);
	n = 6 + vsnprintf(line + 6, sizeof(line) - 8, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	(void)!write(kmsg, line, n);
}

_Noreturn static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	log_line("power off: %s", strerror(errno));
	reboot(RB_AUTOBOOT); /* QEMU is run with -no-reboot */
	for (;;)
		pause();
}

/* Write everything to a non-blocking descriptor. */
static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w > 0) {
			p += w;
			n -= w;
		} else if (w < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			poll(&pfd, 1, 1000);
		} else if (w < 0 && errno != EINTR) {
			return false;
		}
	}
	return true;
}

static void report(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	if (!write_all(port[CONTROL], line, n))
		log_line("cannot report: %s: %s", strerror(errno), line);
}

static void order_failed(const char *what, const char *arg)
{
	log_line("%s %s: %s", what, arg, strerror(errno));
	report("fail %s %s: %s\n", what, arg, strerror(errno));
	power_off();
}

/* --- what every program finds --- */

static void mount_one(const char *type, const char *dir, unsigned long flags, const char *data)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, flags, data))
		log_line("mount %s on %s: %s", type, dir, strerror(errno));
}

static void mount_all(void)
{
	mount_one("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
	mount_one("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_one("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_one("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666");
	mount_one("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_one("debugfs", "/sys/kernel/debug", 0, NULL);
	mount_one("tracefs", "/sys/kernel/tracing", 0, NULL);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("/proc/self/fd/0", "/dev/stdin");
	(void)!symlink("/proc/self/fd/1", "/dev/stdout");
	(void)!symlink("/proc/self/fd/2", "/dev/stderr");
}

/* The whole file with a NUL behind it; NULL if there is none. */
static char *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0, cap = 4096;
	char *p = malloc(cap + 1);
	ssize_t r = 0;

	while (fd >= 0 && p && (r = read(fd, p + n, cap - n)) > 0) {
		n += r;
		if (n == cap) {
			char *larger = realloc(p, (cap *= 2) + 1);

			if (!larger)
				break;
			p = larger;
		}
	}
	if (fd < 0 || !p || r < 0)
		return NULL;
	close(fd);
	p[n] = '\0';
	if (size)
		*size = n;
	return p;
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		log_line("module %s: %s", path, strerror(errno));
	close(fd);
	unlink(path);
}

/* --- ports --- */

static int open_port_named(enum port nr)
{
	static const int modes[NR_PORTS] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY, O_WRONLY };

	for (int device = 0; device < 8; device++) {
		char path[80], *name;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/vport%dp%d/name", device, nr);
		name = read_file(path, NULL);
		if (name)
			name[strcspn(name, "\n")] = '\0';
		snprintf(path, sizeof(path), "/dev/vport%dp%d", device, nr);
		if (!name && !access("/sys/class/virtio-ports", F_OK))
			continue;
		if (!name || !strcmp(name, port_names[nr])) {
			int fd = open(path, modes[nr] | O_CLOEXEC | O_NONBLOCK);

			free(name);
			if (fd >= 0)
				return fd;
			continue;
		}
		free(name);
	}
	return -1;
}

/* The device announces its ports by messages, so they may appear a little after the driver. */
static void open_ports(void)
{
	struct timespec ms = { 0, 5000000 };
	int waited = 0;

	for (int nr = CONTROL; nr < NR_PORTS; nr++) {
		while ((port[nr] = open_port_named(nr)) < 0) {
			if (waited >= PORT_WAIT_MS) {
				log_line("there is no virtio port %s", port_names[nr]);
				power_off();
			}
			nanosleep(&ms, NULL);
			waited += 5;
		}
	}
}

/* --- orders --- */

static void mount_root(const char *device)
{
	static const char *const types[] = { "ext2", "ext4" };
	static const char *const move[] = { "/dev", "/proc", "/sys" };

	new_root = "/.quire/root";
	mkdir(new_root, 0755);
	for (size_t i = 0; i < 2; i++)
		if (!mount(device, new_root, types[i], 0, NULL))
			goto mounted;
	order_failed("mount", device);
mounted:
	for (size_t i = 0; i < sizeof(move) / sizeof(*move); i++) {
		char to[64];

		snprintf(to, sizeof(to), "%s%s", new_root, move[i]);
		if (mount(move[i], to, NULL, MS_BIND | MS_REC, NULL))
			order_failed("bind", move[i]);
	}
}

static char *swap_devices[8];
static int nr_swap;
static char *root_device;

static void read_orders(void)
{
	char *text = read_file("/.quire/orders", NULL), *save = NULL, *inner;

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		char *word = strtok_r(l, " ", &inner), *arg = strtok_r(NULL, " ", &inner);

		if (!word || !arg)
			continue;
		if (!strcmp(word, "module")) {
			load_module(arg);
		} else if (!strcmp(word, "root")) {
			root_device = arg;
		} else if (!strcmp(word, "swap") && nr_swap < 8) {
			swap_devices[nr_swap++] = arg;
		} else if (!strcmp(word, "input")) {
			stdin_end = 0;
		} else if (!strcmp(word, "tty")) {
			tty_name = arg;
			arg = strtok_r(NULL, " ", &inner);
			tty_size.ws_row = arg ? atoi(arg) : 24;
			arg = strtok_r(NULL, " ", &inner);
			tty_size.ws_col = arg ? atoi(arg) : 80;
		}
	}
	unlink("/.quire/orders");
}

static void carry_out_orders(void)
{
	for (int i = 0; i < nr_swap; i++)
		if (swapon(swap_devices[i], 0))
			order_failed("swapon", swap_devices[i]);
	if (root_device)
		mount_root(root_device);
}

/* A vector over NUL-separated strings. */
static char **strings(const char *path)
{
	size_t size = 0, n = 0;
	char *text = read_file(path, &size);
	char **v = calloc(size + 1, sizeof(*v));

	for (size_t i = 0; v && text && i < size; i += strlen(text + i) + 1)
		v[n++] = text + i;
	unlink(path);
	return v;
}

/* --- the program --- */

static void on_child(int sig)
{
	int saved = errno;

	(void)sig;
	(void)!write(child_event[1], "", 1);
	errno = saved;
}

static int open_tty(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", tty_name);
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		order_failed("open", path);
	ioctl(fd, TIOCSWINSZ, &tty_size);
	return fd;
}

/* Like execvp(), with the program's own environment for the look-up. */
static void execute(char **argv, char **env)
{
	const char *name = argv[0], *path = "";

	environ = env;
	for (char **e = env; *e; e++)
		if (!strncmp(*e, "PATH=", 5))
			path = *e + 5;
	if (strchr(name, '/')) {
		execve(name, argv + 1, env);
		return;
	}
	errno = ENOENT;
	while (*path) {
		size_t n = strcspn(path, ":");
		char try[512];

		snprintf(try, sizeof(try), "%.*s/%s", (int)n, path, name);
		execve(try, argv + 1, env);
		if (errno != ENOENT && errno != ENOTDIR)
			return;
		path += n + (path[n] == ':');
	}
}

static void program(const int fds[3], int tty, int failure, char **argv, char **env)
{
	sigset_t none;
	int err;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	if (tty >= 0)
		ioctl(tty, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(tty >= 0 ? tty : fds[i], i);
	if (new_root && (chroot(new_root) || chdir("/")))
		goto failed;
	execute(argv, env);
failed:
	err = errno;
	(void)!write(failure, &err, sizeof(err));
	_exit(127);
}

/*
 * Start it; its ends of the pipes go to it, ours come back in ours[]. With a terminal there are no
 * pipes. A failed exec is reported at once.
 */
static pid_t start(int ours[3], int *tty)
{
	char **argv = strings("/.quire/argv"), **env = strings("/.quire/env");
	int theirs[3] = { -1, -1, -1 }, failure[2], err;
	pid_t pid;

	*tty = tty_name ? open_tty() : -1;
	for (int i = 0; i < 3; i++) {
		int p[2];

		ours[i] = -1;
		if (*tty >= 0)
			continue;
		if (pipe2(p, O_CLOEXEC))
			order_failed("create", "a pipe");
		theirs[i] = p[i ? 1 : 0];
		ours[i] = p[i ? 0 : 1];
		fcntl(ours[i], F_SETFL, O_NONBLOCK);
	}
	if (!argv || !env || !argv[0] || pipe2(failure, O_CLOEXEC))
		order_failed("read", "/.quire/argv");
	if (!new_root)
		rmdir("/.quire");
	pid = fork();
	if (pid < 0)
		order_failed("fork", argv[0]);
	if (pid == 0)
		program(theirs, *tty, failure[1], argv, env);
	for (int i = 0; i < 3; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	close(failure[1]);
	if (read(failure[0], &err, sizeof(err)) == sizeof(err)) {
		report("exec %d\n", err);
		power_off();
	}
	close(failure[0]);
	return pid;
}

/* --- the streams --- */

struct stream {
	int from, to;	/* -1: that end is closed */
	uint64_t total; /* bytes passed on */
	size_t off, len;
	char buf[32768];
};

static struct stream in, out, err;
static pid_t child;
static int tty_fd;

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Pass on what is there without waiting. Returns true if anything moved. */
static bool pass(struct stream *s)
{
	ssize_t n;

	if (!s->len && s->from >= 0) {
		n = read(s->from, s->buf, sizeof(s->buf));
		if (n > 0) {
			s->off = 0;
			s->len = n;
		} else if (n == 0 && s != &in) {
			shut(&s->from); /* every writer has closed it */
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			shut(&s->from);
		}
	}
	if (!s->len)
		return false;
	n = s->to >= 0 ? write(s->to, s->buf + s->off, s->len) : (ssize_t)s->len;
	if (n < 0 && errno == EPIPE) {
		shut(&s->to); /* nobody reads: drop */
		return true;
	}
	if (n <= 0)
		return false;
	s->off += n;
	s->len -= n;
	s->total += n;
	return true;
}

static void end_of_stdin(void)
{
	if (in.total >= stdin_end)
		shut(&in.to);
}

static void control_line(const char *line)
{
	unsigned long long n;
	int a, b;

	if (sscanf(line, "stdin-end %llu", &n) == 1) {
		stdin_end = n;
	} else if (!strcmp(line, "closed 1")) {
		shut(&out.from);
	} else if (!strcmp(line, "closed 2")) {
		shut(&err.from);
	} else if (sscanf(line, "signal %d", &a) == 1) {
		kill(-child, a);
	} else if (sscanf(line, "winsize %d %d", &a, &b) == 2 && tty_fd >= 0) {
		tty_size.ws_row = a;
		tty_size.ws_col = b;
		ioctl(tty_fd, TIOCSWINSZ, &tty_size);
	}
}

static void control_input(void)
{
	static char line[128];
	static size_t len;
	char buf[128];
	ssize_t n = read(port[CONTROL], buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != '\n') {
			if (len < sizeof(line) - 1)
				line[len++] = buf[i];
			continue;
		}
		line[len] = '\0';
		len = 0;
		control_line(line);
	}
}

/* Reap everybody; true when the program itself was among them. */
static bool reap(int *status)
{
	char drop[64];
	bool mine = false;
	int st;
	pid_t pid;

	while (read(child_event[0], drop, sizeof(drop)) > 0)
		;
	while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
		if (pid == child) {
			*status = st;
			mine = true;
		}
	}
	return mine;
}

static void wants(struct pollfd p[2], const struct stream *s)
{
	p[0] = (struct pollfd){ .fd = s->len ? -1 : s->from, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = s->len ? s->to : -1, .events = POLLOUT };
}

/* Carry the streams until the program has ended; its wait status. */
static int carry(void)
{
	int status = 0;

	for (;;) {
		struct pollfd p[8] = { { .fd = port[CONTROL], .events = POLLIN },
				       { .fd = child_event[0], .events = POLLIN } };

		end_of_stdin();
		wants(p + 2, &in);
		wants(p + 4, &out);
		wants(p + 6, &err);
		/* Once the program's end is closed there is no use in reading for it. */
		if (in.to < 0)
			p[2].fd = -1;
		if (poll(p, 8, -1) < 0 && errno != EINTR)
			log_line("poll: %s", strerror(errno));
		if (p[0].revents & POLLIN)
			control_input();
		if (in.to >= 0)
			pass(&in);
		pass(&out);
		pass(&err);
		if ((p[1].revents & POLLIN) && reap(&status))
			return status;
	}
}

/* What the program left in its pipes, however long the host takes. */
static void flush_stream(struct stream *s)
{
	for (;;) {
		struct pollfd p = { .fd = s->to, .events = POLLOUT };

		while (pass(s))
			;
		if (!s->len)
			return;
		poll(&p, 1, 100);
		if (port[CONTROL] >= 0)
			control_input(); /* perhaps it says that nobody reads any more */
		if (s->from < 0)
			return;
	}
}

static void finish(int status)
{
	kill(-1, SIGKILL);
	if (tty_fd >= 0)
		tcdrain(tty_fd);
	flush_stream(&out);
	flush_stream(&err);
	sync();
	report("%s %d %llu %llu\n", WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	       (unsigned long long)out.total, (unsigned long long)err.total);
}

/*
 * For `quire bench boot`: the time stamp counter when this program began, and the free memory before
 * anything else ran, in /run/start.
 */
static void note_start(unsigned long long tsc)
{
	char *meminfo = read_file("/proc/meminfo", NULL);
	char *free_line = meminfo ? strstr(meminfo, "MemFree:") : NULL;
	char line[96];
	int fd = open("/run/start", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int n = snprintf(line, sizeof(line), "tsc %llu\nmemfree %ld\n", tsc,
			 free_line ? strtol(free_line + 8, NULL, 10) : -1);

	(void)!write(fd, line, n);
	close(fd);
	free(meminfo);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_child, .sa_flags = SA_RESTART };
	unsigned long long tsc = __builtin_ia32_rdtsc();
	int ours[3];

	signal(SIGPIPE, SIG_IGN);
	umask(0);
	mount_all();
	umask(022);
	note_start(tsc);
	read_orders();
	open_ports();
	carry_out_orders();
	report("ready\n");
	if (pipe2(child_event, O_CLOEXEC | O_NONBLOCK) || sigaction(SIGCHLD, &sa, NULL))
		order_failed("create", "a pipe");
	child = start(ours, &tty_fd);
	in = (struct stream){ .from = tty_fd >= 0 ? -1 : port[STDIN], .to = ours[0] };
	out = (struct stream){ .from = ours[1], .to = port[STDOUT] };
	err = (struct stream){ .from = ours[2], .to = port[STDERR] };
	finish(carry());
	power_off();
}
