// SPDX-License-Identifier: MIT
/* Limits, identities, names, randomness, prctl and other small calls. */
#include "tap.h"

#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static void limits(void)
{
	struct rlimit rl, old;
	int fds[64], n = 0;

	for (int r = 0; r < RLIM_NLIMITS; r++)
		ok(getrlimit(r, &rl) == 0 && rl.rlim_cur <= rl.rlim_max, "getrlimit %d", r);
	fails(getrlimit(99, &rl), EINVAL, "getrlimit: unknown");
	getrlimit(RLIMIT_NOFILE, &old);
	rl = (struct rlimit){ 20, old.rlim_max };
	is(setrlimit(RLIMIT_NOFILE, &rl), 0, "setrlimit");
	while (n < 64 && (fds[n] = dup(1)) >= 0)
		n++;
	ok(n > 0 && n < 20 && errno == EMFILE, "RLIMIT_NOFILE: EMFILE");
	while (n)
		close(fds[--n]);
	setrlimit(RLIMIT_NOFILE, &old);
	rl = (struct rlimit){ 30, 20 };
	fails(setrlimit(RLIMIT_NOFILE, &rl), EINVAL, "setrlimit: soft above hard");
	is(syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &rl), 0, "prlimit of oneself");
	fails(syscall(SYS_prlimit64, 0x7ffffff, RLIMIT_STACK, NULL, &rl), ESRCH, "prlimit: nobody");
}

static void file_size(void)
{
	struct rlimit rl = { 1000, 1000 };
	int fd = open("/tmp/fsize", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char buf[2000] = "";

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &rl);
	if (write(fd, buf, 2000) != 1000)
		_exit(1);
	if (write(fd, buf, 1) != -1 || errno != EFBIG)
		_exit(2);
	signal(SIGXFSZ, SIG_DFL);
	write(fd, buf, 1);
	_exit(3);
}

static void many_processes(void)
{
	struct rlimit rl = { 10, 10 };
	int n = 0, refused;

	if (setresuid(65534, 65534, 65534))
		_exit(1);
	setrlimit(RLIMIT_NPROC, &rl);
	for (; n < 30; n++) {
		pid_t pid = fork();

		if (pid == 0) {
			signal(SIGTERM, SIG_DFL);
			pause();
			_exit(0);
		}
		if (pid < 0)
			break;
	}
	refused = errno;
	/* One that has not run yet still ignores the signal: again until all are gone. */
	while (kill(0, SIGTERM) == 0 && waitpid(-1, NULL, WNOHANG) >= 0)
		sleep_ms(2);
	_exit(n == 9 && refused == EAGAIN ? 0 : 2);
}

static void counts_processes(void)
{
	setpgid(0, 0);
	signal(SIGTERM, SIG_IGN);
	many_processes();
}

static void cpu_seconds(void)
{
	struct rlimit rl = { 1, 2 };

	setrlimit(RLIMIT_CPU, &rl);
	for (;;)
		;
}

static void identities(void)
{
	gid_t groups[4] = { 5, 7 };
	uid_t r, e, s;
	int status;
	pid_t pid;

	ok(getuid() == 0 && geteuid() == 0 && getgid() == 0, "we are root");
	pid = fork();
	if (pid == 0) {
		int fd = open("/tmp/secret", O_WRONLY | O_CREAT, 0600);

		close(fd);
		if (setgroups(2, groups) || getgroups(4, groups) != 2 || groups[1] != 7)
			_exit(1);
		if (setresgid(100, 100, 100) || setresuid(1000, 1001, 1002))
			_exit(2);
		if (getresuid(&r, &e, &s) || r != 1000 || e != 1001 || s != 1002)
			_exit(3);
		if (setuid(0) != -1 || errno != EPERM)
			_exit(4);
		if (seteuid(1002) || geteuid() != 1002)
			_exit(5);
		if (open("/tmp/secret", O_RDONLY) != -1 || errno != EACCES)
			_exit(6);
		if (setgroups(0, NULL) != -1 || errno != EPERM)
			_exit(7);
		if (kill(1, SIGTERM) != -1 || errno != EPERM)
			_exit(8);
		if (chown("/tmp/secret", 1000, 1000) != -1 || errno != EPERM)
			_exit(9);
		if (nice(-5) != -1 || (errno != EPERM && errno != EACCES))
			_exit(10);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is(status, 0, "dropping root: what is refused then");
	unlink("/tmp/secret");
}

static void system_facts(void)
{
	struct utsname u;
	struct sysinfo si;
	unsigned char a[64] = { 0 }, b[64] = { 0 };
	cpu_set_t set;
	char name[16];

	ok(uname(&u) == 0 && !strcmp(u.sysname, "Linux") && !strcmp(u.machine, "x86_64"), "uname");
	ok(atoi(u.release) >= 5, "a release that programs accept");
	ok(sethostname("abc", 3) == 0 && uname(&u) == 0 && !strcmp(u.nodename, "abc"),
	   "sethostname");
	fails(sethostname("x", -1), EINVAL, "sethostname: negative length");
	is(sysinfo(&si), 0, "sysinfo");
	ok(si.totalram > si.freeram && si.freeram > 0 && si.procs >= 2 && si.mem_unit == 1,
	   "sysinfo: plausible numbers");
	is(getrandom(a, 64, 0), 64, "getrandom");
	getrandom(b, 64, GRND_NONBLOCK);
	ok(memcmp(a, b, 64), "twice not the same");
	fails(getrandom(a, 64, 0x80), EINVAL, "getrandom: unknown flag");
	fails(getrandom(a, 64, GRND_RANDOM | 4), EINVAL, "getrandom: contrary flags");
	is(prctl(PR_SET_NAME, "a-long-name-for-this"), 0, "PR_SET_NAME");
	ok(prctl(PR_GET_NAME, name) == 0 && !strcmp(name, "a-long-name-for"), "PR_GET_NAME: cut");
	fails(prctl(9999, 0, 0, 0, 0), EINVAL, "prctl: unknown");
	is(prctl(PR_SET_PDEATHSIG, SIGTERM), 0, "PR_SET_PDEATHSIG");
	prctl(PR_SET_PDEATHSIG, 0);
	CPU_ZERO(&set);
	ok(syscall(SYS_sched_getaffinity, 0, sizeof(set), &set) > 0 && CPU_COUNT(&set) >= 1,
	   "sched_getaffinity");
	is(CPU_COUNT(&set), sysconf(_SC_NPROCESSORS_ONLN), "as many as there are");
	CPU_ZERO(&set);
	fails(sched_setaffinity(0, sizeof(set), &set), EINVAL, "sched_setaffinity: no CPU");
	CPU_SET(0, &set);
	is(sched_setaffinity(0, sizeof(set), &set), 0, "sched_setaffinity: CPU 0");
	is(sched_getcpu(), 0, "getcpu: there we are");
	is(sched_yield(), 0, "sched_yield");
	is(getpriority(PRIO_PROCESS, 0), 0, "getpriority");
	is(setpriority(PRIO_PROCESS, 0, 5), 0, "setpriority");
	is(getpriority(PRIO_PROCESS, 0), 5, "getpriority: five");
	fails(syscall(9999), ENOSYS, "a system call that does not exist: ENOSYS");
	fails(syscall(-1), ENOSYS, "a negative one too");
	ok(getppid() > 0 && syscall(SYS_gettid) == getpid(), "the ids of process and thread");
}

int main(void)
{
	limits();
	is(in_child(file_size) & 0x7f, SIGXFSZ, "RLIMIT_FSIZE: short, EFBIG, SIGXFSZ");
	unlink("/tmp/fsize");
	is(in_child(counts_processes), 0, "RLIMIT_NPROC: EAGAIN after ten");
	is(in_child(cpu_seconds) & 0x7f, SIGXCPU, "RLIMIT_CPU: SIGXCPU");
	identities();
	system_facts();
	return tap_end();
}
