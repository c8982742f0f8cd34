// SPDX-License-Identifier: MIT
/*
 * A wild pointer for each pointer argument of each system call: EFAULT, and the kernel lives. The
 * pointers: an address that is not mapped, the last bytes before an unmapped page, a kernel
 * address, a non-canonical one.
 */
#include "tap.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

static int fd_file, fd_pipe[2], fd_dir, fd_epoll, fd_random, fd_tty;
static char *edge; /* one byte, then nothing */
static char *good; /* plenty */
static uintptr_t wild;

#define W (-2000000001l) /* stands for the wild pointer */
#define G (-2000000002l) /* stands for a good buffer */
#define P (-2000000003l) /* a good path */

struct call {
	const char *name;
	long nr;
	long a[6];
	int also; /* another errno that Linux gives here, or 0 */
};

static void attempt(const struct call *c, const char *kind)
{
	long a[6], r;

	for (int i = 0; i < 6; i++)
		a[i] = c->a[i] == W   ? (long)wild
		       : c->a[i] == G ? (long)good
		       : c->a[i] == P ? (long)"/tmp/efault"
				      : c->a[i];
	lseek(fd_file, 0, SEEK_SET);
	lseek(fd_dir, 0, SEEK_SET);
	errno = 0;
	r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (!ok(r == -1 && (errno == EFAULT || (c->also && errno == c->also)), "%s: %s", c->name,
		kind))
		printf("# returned %ld\n", r);
}

int main(void)
{
	static const char *const kinds[] = { "unmapped", "kernel", "non-canonical" };
	static const uintptr_t values[] = { 0xdead000, 0xffffffff81000000, 0x8000000000000000 };
	char *two =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t nr;

	munmap(two + PAGE, PAGE);
	edge = two + PAGE - 1;
	good = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(pipe(fd_pipe) == 0);
	fd_file = open("/tmp/efault", O_RDWR | O_CREAT, 0600);
	must(write(fd_file, good, 8192) == 8192);
	fd_dir = open("/tmp", O_RDONLY);
	fd_epoll = epoll_create1(0);
	fd_random = open("/dev/urandom", O_RDWR);
	fd_tty = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	must(write(fd_pipe[1], good, 100) == 100);
	*(int *)good = EPOLLIN;

	const struct call calls[] = {
		{ "read file", SYS_read, { fd_file, W, 10 } },
		{ "read pipe", SYS_read, { fd_pipe[0], W, 10 } },
		{ "read urandom", SYS_read, { fd_random, W, 10 } },
		{ "write file", SYS_write, { fd_file, W, 10 } },
		{ "write pipe", SYS_write, { fd_pipe[1], W, 10 } },
		{ "pread64", SYS_pread64, { fd_file, W, 10, 0 } },
		{ "pwrite64", SYS_pwrite64, { fd_file, W, 10, 0 } },
		{ "readv", SYS_readv, { fd_file, W, 2 } },
		{ "writev", SYS_writev, { fd_file, W, 2 } },
		{ "preadv", SYS_preadv, { fd_file, W, 2, 0 } },
		{ "open", SYS_open, { W, O_RDONLY } },
		{ "openat", SYS_openat, { AT_FDCWD, W, O_RDONLY } },
		{ "stat path", SYS_stat, { W, G } },
		{ "stat buffer", SYS_stat, { P, W } },
		{ "lstat buffer", SYS_lstat, { P, W } },
		{ "fstat", SYS_fstat, { fd_file, W } },
		{ "newfstatat path", SYS_newfstatat, { AT_FDCWD, W, G, 0 } },
		{ "newfstatat buffer", SYS_newfstatat, { AT_FDCWD, P, W, 0 } },
		{ "statx path", SYS_statx, { AT_FDCWD, W, 0, 0x7ff, G } },
		{ "statx buffer", SYS_statx, { AT_FDCWD, P, 0, 0x7ff, W } },
		{ "statfs", SYS_statfs, { P, W } },
		{ "fstatfs", SYS_fstatfs, { fd_file, W } },
		{ "access", SYS_access, { W, 0 } },
		{ "faccessat", SYS_faccessat, { AT_FDCWD, W, 0 } },
		{ "chdir", SYS_chdir, { W } },
		{ "chroot", SYS_chroot, { W } },
		{ "mkdir", SYS_mkdir, { W, 0700 } },
		{ "rmdir", SYS_rmdir, { W } },
		{ "unlink", SYS_unlink, { W } },
		{ "rename old", SYS_rename, { W, P } },
		{ "rename new", SYS_rename, { P, W } },
		{ "link", SYS_link, { P, W } },
		{ "symlink", SYS_symlink, { P, W } },
		{ "readlink path", SYS_readlink, { W, G, 10 } },
		{ "readlink buffer", SYS_readlink, { (long)"/proc/self/exe", W, 10 } },
		{ "chmod", SYS_chmod, { W, 0600 } },
		{ "chown", SYS_chown, { W, 0, 0 } },
		{ "truncate", SYS_truncate, { W, 0 } },
		{ "mknod", SYS_mknod, { W, S_IFIFO | 0600, 0 } },
		{ "utimensat", SYS_utimensat, { AT_FDCWD, P, W, 0 } },
		{ "getdents64", SYS_getdents64, { fd_dir, W, 1000 } },
		{ "getcwd", SYS_getcwd, { W, 1000 } },
		{ "pipe", SYS_pipe, { W } },
		{ "pipe2", SYS_pipe2, { W, 0 } },
		{ "poll", SYS_poll, { W, 1, 0 } },
		{ "ppoll timeout", SYS_ppoll, { G, 0, W, 0, 8 } },
		{ "ppoll mask", SYS_ppoll, { G, 0, 0, W, 8 } },
		{ "select set", SYS_select, { 10, W, 0, 0, 0 } },
		{ "select timeout", SYS_select, { 0, 0, 0, 0, W } },
		{ "pselect6", SYS_pselect6, { 10, W, 0, 0, 0, 0 } },
		{ "epoll_ctl", SYS_epoll_ctl, { fd_epoll, EPOLL_CTL_ADD, fd_pipe[0], W } },
		{ "ioctl FIONREAD", SYS_ioctl, { fd_pipe[0], FIONREAD, W } },
		{ "ioctl TCGETS", SYS_ioctl, { fd_tty, TCGETS, W } },
		{ "ioctl TIOCSWINSZ", SYS_ioctl, { fd_tty, TIOCSWINSZ, W } },
		{ "fcntl F_GETLK", SYS_fcntl, { fd_file, F_GETLK, W } },
		{ "fcntl F_SETLK", SYS_fcntl, { fd_file, F_SETLK, W } },
		{ "sendfile offset", SYS_sendfile, { fd_pipe[1], fd_file, W, 10 } },
		{ "execve path", SYS_execve, { W, 0, 0 } },
		{ "execve argv", SYS_execve, { P, W, 0 }, EACCES },
		{ "execveat", SYS_execveat, { AT_FDCWD, W, 0, 0, 0 } },
		{ "clone3", SYS_clone3, { W, 88 } },
		{ "set_robust_list", SYS_set_robust_list, { W, 24 }, 1 },
		{ "get_robust_list", SYS_get_robust_list, { 0, W, W } },
		{ "futex wait", SYS_futex, { W, FUTEX_WAIT, 0, 0 } },
		{ "futex timeout", SYS_futex, { G, FUTEX_WAIT, EPOLLIN, W } },
		{ "nanosleep", SYS_nanosleep, { W, 0 } },
		{ "clock_gettime", SYS_clock_gettime, { CLOCK_MONOTONIC, W } },
		{ "clock_getres", SYS_clock_getres, { CLOCK_MONOTONIC, W } },
		{ "clock_nanosleep", SYS_clock_nanosleep, { CLOCK_MONOTONIC, 0, W, 0 } },
		{ "gettimeofday", SYS_gettimeofday, { W, 0 } },
		{ "time", SYS_time, { W } },
		{ "times", SYS_times, { W } },
		{ "getitimer", SYS_getitimer, { 0, W } },
		{ "setitimer", SYS_setitimer, { 0, W, 0 } },
		{ "rt_sigaction new", SYS_rt_sigaction, { SIGUSR1, W, 0, 8 } },
		{ "rt_sigaction old", SYS_rt_sigaction, { SIGUSR1, 0, W, 8 } },
		{ "rt_sigprocmask new", SYS_rt_sigprocmask, { SIG_BLOCK, W, 0, 8 } },
		{ "rt_sigprocmask old", SYS_rt_sigprocmask, { SIG_BLOCK, 0, W, 8 } },
		{ "rt_sigpending", SYS_rt_sigpending, { W, 8 } },
		{ "rt_sigtimedwait", SYS_rt_sigtimedwait, { W, 0, 0, 8 } },
		{ "rt_sigsuspend", SYS_rt_sigsuspend, { W, 8 } },
		{ "rt_sigqueueinfo", SYS_rt_sigqueueinfo, { 0, SIGUSR1, W } },
		{ "sigaltstack new", SYS_sigaltstack, { W, 0 } },
		{ "sigaltstack old", SYS_sigaltstack, { 0, W } },
		{ "wait4 without children", SYS_wait4, { -1, W, 0, 0 }, ECHILD },
		{ "uname", SYS_uname, { W } },
		{ "sysinfo", SYS_sysinfo, { W } },
		{ "getrusage", SYS_getrusage, { 0, W } },
		{ "getrlimit", SYS_getrlimit, { 3, W } },
		{ "setrlimit", SYS_setrlimit, { 3, W } },
		{ "prlimit64", SYS_prlimit64, { 0, 3, W, 0 } },
		{ "getrandom", SYS_getrandom, { W, 10, 0 } },
		{ "prctl name", SYS_prctl, { 15, W } },
		{ "prctl get name", SYS_prctl, { 16, W } },
		{ "arch_prctl get fs", SYS_arch_prctl, { 0x1003, W } },
		{ "sched_setaffinity", SYS_sched_setaffinity, { 0, 8, W } },
		{ "sched_getaffinity", SYS_sched_getaffinity, { 0, 64, W } },
		{ "sethostname", SYS_sethostname, { W, 5 } },
		{ "getgroups", SYS_getgroups, { 10, W }, 1 },
		{ "setgroups", SYS_setgroups, { 3, W } },
		{ "getresuid", SYS_getresuid, { W, W, W } },
		{ "getcpu", SYS_getcpu, { W, 0, 0 } },
		{ "mincore", SYS_mincore, { (long)good, 4096, W } },
		{ "mount", SYS_mount, { P, W, P, 0, 0 } },
		{ "umount2", SYS_umount2, { W, 0 } },
		{ "syslog", SYS_syslog, { 3, W, 4096 } },
	};

	for (size_t k = 0; k < sizeof(values) / sizeof(*values); k++) {
		wild = values[k];
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
			/* These two only remember the pointer, or have nothing to write. */
			if (calls[i].also == 1)
				continue;
			attempt(&calls[i], kinds[k]);
		}
	}
	fails(syscall(SYS_epoll_wait, fd_epoll, 0xffffffff81000000, 1, 0), EFAULT,
	      "epoll_wait: kernel address");
	is(syscall(SYS_read, fd_file, edge, 0), 0, "nothing read to a bad place is nothing");
	lseek(fd_file, 0, SEEK_SET);
	is(read(fd_file, edge - 9, 100), 10, "a read is short where the buffer ends");
	fails(open(edge - 3, O_RDONLY), ENOENT, "a path that ends at the edge");
	memset(edge - 3, 'x', 4);
	fails(open(edge - 3, O_RDONLY), EFAULT, "a path that runs over the edge");
	nr = write(fd_pipe[1], edge - 9, 100);
	ok(nr == 10 || (nr == (size_t)-1 && errno == EFAULT), "a write from the edge");
	return tap_end();
}
