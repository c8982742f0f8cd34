// SPDX-License-Identifier: MIT
/* /proc/PID/io, children, the lines of status and stat, and what a stranger is not told of them: proc(5). */
#include "tap.h"

#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>

static char text[8192];

/* The whole of a file of /proc in @text; -errno. */
static int read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int err = errno;

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return n < 0 ? -err : (int)n;
}

/* The number behind "@name: " in @text, -1 without. */
static long long field(const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "%s:", name);
	at = !strncmp(text, key, strlen(key)) ? text : strstr(text, key);
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

struct io {
	long long rchar, wchar, syscr, syscw;
};

static struct io io_of(const char *path)
{
	must(read_file(path) > 0);
	return (struct io){ field("rchar"), field("wchar"), field("syscr"), field("syscw") };
}

static void *reader(void *zero)
{
	char buf[3000];

	must(read(*(int *)zero, buf, sizeof(buf)) == sizeof(buf));
	return NULL;
}

static void io(void)
{
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY), n;
	struct iovec {
		void *base;
		size_t len;
	} v[2] = { { text, 100 }, { text + 100, 200 } };
	struct io a, b;
	pthread_t thread;

	a = io_of("/proc/self/io");
	n = (int)strlen(text);
	b = io_of("/proc/self/io");
	is(b.rchar - a.rchar, n, "io: reading it counts what was read before");
	is(b.syscr - a.syscr, 1, "io: and the call");
	is(b.wchar - a.wchar + b.syscw - a.syscw, 0, "io: but no writing");
	ok(strstr(text, "\nread_bytes: ") && strstr(text, "\nwrite_bytes: ") &&
		   strstr(text, "\ncancelled_write_bytes: "),
	   "io: seven lines");

	a = io_of("/proc/self/io");
	n = (int)strlen(text);
	must(read(zero, text, 5000) == 5000);
	must(pread(zero, text, 70, 0) == 70);
	must(syscall(SYS_readv, zero, v, 2) == 300);
	must(write(null, text, 4000) == 4000);
	must(syscall(SYS_writev, null, v, 2) == 300);
	fails(read(-1, text, 1), EBADF, "a read without a file");
	b = io_of("/proc/self/io");
	is(b.rchar - a.rchar, n + 5370, "io: read, pread, readv");
	ok(b.syscr - a.syscr >= 4 && b.syscr - a.syscr <= 5, "io: their calls");
	ok(b.wchar - a.wchar >= 4300 && b.wchar - a.wchar < 4400, "io: write, writev");

	a = io_of("/proc/self/io");
	n = (int)strlen(text);
	must(pthread_create(&thread, NULL, reader, &zero) == 0);
	pthread_join(thread, NULL);
	b = io_of("/proc/self/io");
	is(b.rchar - a.rchar, n + 3000, "io: a thread that is gone still counts for its process");
	a = io_of("/proc/thread-self/io");
	n = (int)strlen(text);
	must(pthread_create(&thread, NULL, reader, &zero) == 0);
	pthread_join(thread, NULL);
	b = io_of("/proc/thread-self/io");
	is(b.rchar - a.rchar, n, "io: but not for another thread");
	close(zero);
	close(null);
}

static void children(void)
{
	char path[64], expected[64];
	pid_t a, b;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	is(read_file(path), 0, "children: none");
	a = fork();
	if (!a)
		for (;;)
			pause();
	b = fork();
	if (!b)
		for (;;)
			pause();
	snprintf(expected, sizeof(expected), "%d %d ", a, b);
	read_file(path);
	ok(!strcmp(text, expected), "children: two, in order of birth");
	kill(a, SIGKILL);
	waitpid(a, NULL, 0);
	snprintf(expected, sizeof(expected), "%d ", b);
	read_file(path);
	ok(!strcmp(text, expected), "children: one is gone");
	kill(b, SIGKILL);
	waitpid(b, NULL, 0);
	is(read_file("/proc/self/children"), -ENOENT, "children: of threads only");
}

static void status(void)
{
	static const char *const names[] = {
		"Name",
		"Umask",
		"State",
		"Tgid",
		"Ngid",
		"Pid",
		"PPid",
		"TracerPid",
		"Uid",
		"Gid",
		"FDSize",
		"Groups",
		"NStgid",
		"NSpid",
		"NSpgid",
		"NSsid",
		"VmPeak",
		"VmSize",
		"VmLck",
		"VmPin",
		"VmHWM",
		"VmRSS",
		"RssAnon",
		"RssFile",
		"RssShmem",
		"VmData",
		"VmStk",
		"VmExe",
		"VmLib",
		"VmPTE",
		"VmSwap",
		"HugetlbPages",
		"CoreDumping",
		"THP_enabled",
		"Threads",
		"SigQ",
		"SigPnd",
		"ShdPnd",
		"SigBlk",
		"SigIgn",
		"SigCgt",
		"CapInh",
		"CapPrm",
		"CapEff",
		"CapBnd",
		"CapAmb",
		"NoNewPrivs",
		"Seccomp",
		"Seccomp_filters",
		"Speculation_Store_Bypass",
		"SpeculationIndirectBranch",
		"Cpus_allowed",
		"Cpus_allowed_list",
		"Mems_allowed",
		"Mems_allowed_list",
		"voluntary_ctxt_switches",
		"nonvoluntary_ctxt_switches",
	};
	const char *at = text;
	size_t lines = 0;

	must(read_file("/proc/self/status") > 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(at, names[i], len) || at[len] != ':') {
			printf("# line %zu is %.40s, not %s\n", i, at, names[i]);
			break;
		}
		lines++;
		at = strchr(at, '\n') + 1;
	}
	is(lines, sizeof(names) / sizeof(*names), "status: the lines of Linux, in their order");
	is(*at, 0, "status: no more");
	is(field("CoreDumping"), 0, "status: no core is written");
	is(field("Seccomp"), 0, "status: no filters");
	is(field("Mems_allowed_list"), 0, "status: node 0");
}

/* Field @n of @text, which is a stat: counted from 1, behind the name in parentheses. */
static unsigned long long stat_field(int n)
{
	const char *at = strrchr(text, ')');

	for (n -= 2; at && n; n--)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* In a child: another user looks at the parent, process 1 and itself. */
static void look(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", getppid());
	must(read_file(path) > 0);
	is(stat_field(26), 1, "stranger: stat: no start of the code");
	is(stat_field(27), 1, "stranger: stat: no end of the code");
	is(stat_field(28), 0, "stranger: stat: no stack");
	is(stat_field(47), 0, "stranger: stat: no heap");
	is(stat_field(48) + stat_field(49) + stat_field(50) + stat_field(51), 0,
	   "stranger: stat: no arguments, no environment");
	ok(stat_field(23) > 4096 && stat_field(24) > 1, "stranger: stat: but sizes");
	snprintf(path, sizeof(path), "/proc/%d/statm", getppid());
	ok(read_file(path) > 0, "stranger: statm");
	for (const char *const *file =
		     (const char *const[]){ "io", "syscall", "personality", "maps", "environ",
					    "auxv", "mem", "pagemap", "stack", NULL };
	     *file; file++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", getppid(), *file);
		int err = read_file(path);

		ok(err == -EACCES || err == -EPERM, "stranger: not %s", *file);
	}
	snprintf(path, sizeof(path), "/proc/%d/wchan", getppid());
	ok(read_file(path) == 1 && text[0] == '0', "stranger: wchan is 0");
}

static void strangers(void)
{
	int status;
	pid_t pid;

	must(read_file("/proc/self/stat") > 0);
	ok(stat_field(26) > 4096 && stat_field(27) > stat_field(26) && stat_field(28) > 4096,
	   "stat: addresses of code and stack");
	is(stat_field(29) + stat_field(30), 0,
	   "stat: stack and instruction pointer of the living are 0");
	pid = fork();
	if (!pid) {
		must(!setgroups(0, NULL) && !setgid(65534) && !setuid(65534));
		look();
		printf("# %d\n", tap_failed);
		fflush(stdout);
		_exit(tap_failed ? 1 : 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	tap_count += 17;
	is(status, 0, "a stranger saw only what it may");
}

/* What is open shows the address space of the time of open(); a program started since then is another one. */
static void at_open(void)
{
	static const char *const names[] = { "maps", "smaps",	"smaps_rollup", "environ",
					     "auxv", "pagemap", "mem" };
	int fd[7], go[2], ready[2];
	char path[64], c;
	pid_t pid;

	must(pipe(go) == 0 && pipe(ready) == 0);
	pid = fork();
	if (!pid) {
		must(read(go[0], &c, 1) == 1);
		dup2(ready[1], 9);
		execle("/proc/self/exe", "proc_pid", "wait", NULL,
		       (char *[]){ "PROGRAM=second", NULL });
		_exit(127);
	}
	for (int i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		fd[i] = open(path, O_RDONLY);
		must(fd[i] >= 0);
	}
	must(write(go[1], "", 1) == 1 && read(ready[0], &c, 1) == 1);
	for (int i = 0; i < 7; i++) {
		/* A rollup without memory has its line of zeroes or fails; auxv was copied when the program began. */
		ssize_t n = i == 5   ? pread(fd[i], text, 8, (off_t)((unsigned long)&c >> 12 << 3))
			    : i == 6 ? pread(fd[i], text, 8, (off_t)(unsigned long)&c)
				     : read(fd[i], text, sizeof(text));

		if (i == 2)
			ok(n < 0 && errno == ESRCH, "open: smaps_rollup: ESRCH after exec");
		else if (i == 4)
			ok(n > 64, "open: auxv: still that of before");
		else
			is(n, 0, "open: %s: empty after exec", names[i]);
		close(fd[i]);
	}
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	read_file(path);
	ok(!strcmp(text, "PROGRAM=second"), "open: opened again: the new program");
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	ok(read_file(path) > 100, "open: its maps");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	fd[0] = open("/proc/self/environ", O_RDONLY);
	is(lseek(fd[0], 3, SEEK_SET), 3, "environ: seek");
	must(read_file("/proc/self/environ") >= 0);
	c = text[3];
	text[0] = c + 1;
	ok(read(fd[0], text, 1) == 1 && text[0] == c, "environ: read in the middle");
	is(pread(fd[0], text, 8, 1 << 20), 0, "environ: nothing behind its end");
	close(fd[0]);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		must(write(9, "", 1) == 1);
		for (;;)
			pause();
	}
	io();
	children();
	status();
	strangers();
	at_open();
	return tap_end();
}
