// SPDX-License-Identifier: MIT
/* fork, vfork, clone3, exec, exit and the waits. */
#include "tap.h"

#include <linux/sched.h> /* struct clone_args */
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void exits_3(void)
{
	_exit(3);
}

static void statuses(void)
{
	struct rusage ru;
	int status, go[2];
	siginfo_t si;
	pid_t pid;
	char c;

	is(in_child(exits_3), EXITED(3), "exit status");
	fails(waitpid(-1, &status, 0), ECHILD, "no children: ECHILD");
	fails(waitpid(getpid(), &status, 0), ECHILD, "not a child: ECHILD");
	fails(waitpid(-1, &status, 0x100), EINVAL, "wait4: unknown option");
	fails(waitid(P_ALL, 0, &si, 0), EINVAL, "waitid: no state asked for");
	fails(waitid((idtype_t)77, 0, &si, WEXITED), EINVAL, "waitid: unknown kind");
	must(pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		(void)!read(go[0], &c, 1);
		_exit(0x1ff);
	}
	is(waitpid(pid, &status, WNOHANG), 0, "WNOHANG: not yet");
	must(write(go[1], "x", 1) == 1);
	close(go[0]);
	close(go[1]);
	is(wait4(pid, &status, 0, &ru), pid, "wait4 with usage");
	is(status, EXITED(0xff), "only the low byte counts");
	pid = fork();
	if (pid == 0)
		_exit(9);
	memset(&si, 0, sizeof(si));
	is(waitid(P_PID, pid, &si, WEXITED), 0, "waitid");
	ok(si.si_signo == SIGCHLD && si.si_code == CLD_EXITED && si.si_status == 9 &&
		   si.si_pid == pid && si.si_uid == getuid(),
	   "waitid: its siginfo");
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		_exit(4);
	}
	setpgid(pid, pid);
	is(waitpid(-pid, &status, 0), pid, "wait for a process group");
	is(in_child(abort) & 0x7f, SIGABRT, "abort");
}

static int *counter;

static void many(void)
{
	int good = 0, status;

	counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (pid == 0) {
			__atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
			_exit(i);
		}
	}
	for (int i = 0; i < 50; i++)
		good += wait(&status) > 0 && WIFEXITED(status);
	is(good, 50, "fifty children at once");
	is(*counter, 50, "each ran");
}

static char *cow;
#define COW_PAGES 256

static void touches_half(void)
{
	for (int i = 0; i < COW_PAGES; i += 2)
		cow[i * PAGE] = 'c';
	for (int i = 1; i < COW_PAGES; i += 2)
		if (cow[i * PAGE] != 'p')
			_exit(1);
}

static void copy_on_write(void)
{
	bool good = true;

	cow = mmap(NULL, COW_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	for (int i = 0; i < COW_PAGES; i++)
		cow[i * PAGE] = 'p';
	is(in_child(touches_half), 0, "the child sees the parent's pages");
	for (int i = 0; i < COW_PAGES; i++)
		good &= cow[i * PAGE] == 'p';
	ok(good, "and does not change them");
	munmap(cow, COW_PAGES * PAGE);
}

static volatile int vforked;

static void vfork_shares(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		vforked = 42;
		_exit(0);
	}
	is(vforked, 42, "vfork: memory is shared, the parent waits");
	waitpid(pid, NULL, 0);
}

static void clones(void)
{
	struct clone_args a = { .exit_signal = SIGCHLD };
	int pidfd = -1, status;
	long pid;

	pid = syscall(SYS_clone3, &a, sizeof(a));
	if (pid == 0)
		_exit(6);
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && status == EXITED(6), "clone3");
	fails(syscall(SYS_clone3, &a, 8ul), EINVAL, "clone3: structure too small");
	fails(syscall(SYS_clone3, &a, 8192ul), E2BIG, "clone3: structure too large");
	a.flags = CLONE_THREAD;
	fails(syscall(SYS_clone3, &a, sizeof(a)), EINVAL, "clone3: thread without sighand");
	a.flags = CLONE_SIGHAND;
	fails(syscall(SYS_clone3, &a, sizeof(a)), EINVAL, "clone3: sighand without vm");
	a.flags = CLONE_FS | CLONE_NEWNS;
	fails(syscall(SYS_clone3, &a, sizeof(a)), EINVAL, "clone3: fs with a new namespace");
	a.flags = 0;
	a.stack = (uintptr_t)&a;
	fails(syscall(SYS_clone3, &a, sizeof(a)), EINVAL, "clone3: stack without size");
	a = (struct clone_args){ .exit_signal = 100 };
	fails(syscall(SYS_clone3, &a, sizeof(a)), EINVAL, "clone3: exit signal 100");
	a = (struct clone_args){ .flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
				 .exit_signal = SIGCHLD,
				 .pidfd = (uintptr_t)&pidfd,
				 .parent_tid = (uintptr_t)&status };
	pid = syscall(SYS_clone3, &a, sizeof(a));
	if (pid == 0)
		_exit(0);
	is(status, pid, "clone3: parent_tid");
	ok(pidfd >= 0, "clone3: pidfd");
	waitpid(pid, NULL, 0);
	close(pidfd);
}

static void orphan_reports(void)
{
	int p[2];
	pid_t reaper = 0, me = getpid();

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	must(pipe(p) == 0);
	if (fork() == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			while ((reaper = getppid()) == parent)
				sleep_ms(1);
			(void)!write(p[1], &reaper, sizeof(reaper));
			_exit(5);
		}
		_exit(0);
	}
	wait(NULL);
	is(read(p[0], &reaper, sizeof(reaper)), sizeof(reaper), "an orphan lives on");
	is(reaper, me, "and belongs to the subreaper");
	is(wait(NULL) > 0, 1, "who reaps it");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* --- exec --- */

static void make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static int exec_errno(const char *path)
{
	char *argv[] = { (char *)"x", NULL };

	execve(path, argv, argv + 1);
	return errno;
}

static char self[256];

static int run_self(const char *arg, const char *path)
{
	char *argv[] = { (char *)"name", (char *)arg, NULL };
	char *env[] = { (char *)"ONE=1", NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, argv, env);
		_exit(120);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void exec_errors(void)
{
	char big[200], *argv[3] = { (char *)"x", NULL, NULL };
	char *huge = malloc(4 << 20);

	is(exec_errno("/tmp/none"), ENOENT, "exec: no such file");
	is(exec_errno("/tmp"), EACCES, "exec: a directory");
	is(exec_errno("/etc/passwd/x"), ENOTDIR, "exec: a file as directory");
	make_file("/tmp/noexec", "x", 0600);
	is(exec_errno("/tmp/noexec"), EACCES, "exec: no permission");
	make_file("/tmp/garbage", "garbage", 0700);
	is(exec_errno("/tmp/garbage"), ENOEXEC, "exec: garbage");
	make_file("/tmp/empty", "", 0700);
	is(exec_errno("/tmp/empty"), ENOEXEC, "exec: empty");
	make_file("/tmp/script", "#!/none/such\n", 0700);
	is(exec_errno("/tmp/script"), ENOENT, "exec: script without interpreter");
	make_file("/tmp/blank", "#!\n", 0700);
	is(exec_errno("/tmp/blank"), ENOEXEC, "exec: empty interpreter");
	symlink("/tmp/loop", "/tmp/loop");
	is(exec_errno("/tmp/loop"), ELOOP, "exec: a loop of links");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	make_file("/tmp/s1", "#!/tmp/s1\n", 0700);
	is(exec_errno("/tmp/s1"), ELOOP, "exec: a script that interprets itself");
	memset(huge, 'a', (4 << 20) - 1);
	huge[(4 << 20) - 1] = 0;
	argv[1] = huge;
	fails(execve(self, argv, argv + 2), E2BIG, "exec: an argument of 4 MiB");
	free(huge);
	fails(execve(self, (char **)8, NULL), EFAULT, "exec: wild argv");
	is(syscall(SYS_execveat, -1, "", NULL, NULL, AT_EMPTY_PATH), -1,
	   "execveat: bad descriptor");
	unlink("/tmp/loop");
}

static void exec_works(void)
{
	char script[300];
	int fd, status;
	pid_t pid;

	is(run_self("seven", self), 7, "exec: arguments arrive");
	is(run_self("env", self), 1, "exec: the environment arrives");
	is(run_self("aux", self), 0, "exec: auxiliary vector (page size, random, phdr, vdso)");
	snprintf(script, sizeof(script), "#!%s seven\n", self);
	make_file("/tmp/seven", script, 0700);
	is(run_self("ignored", "/tmp/seven"), 7, "exec: a script, with the interpreter's argument");
	fd = open("/etc/passwd", O_RDONLY);
	must(fd >= 0 && dup2(fd, 33) == 33 && fcntl(33, F_SETFD, FD_CLOEXEC) == 0);
	must(dup2(fd, 34) == 34);
	is(run_self("fds", self), 0, "exec: closes what is close-on-exec, keeps the rest");
	close(fd);
	close(33);
	close(34);
	signal(SIGUSR1, exit);
	signal(SIGUSR2, SIG_IGN);
	is(run_self("signals", self), 0, "exec: handlers reset, ignored stays");
	fd = open(self, O_RDONLY);
	pid = fork();
	if (pid == 0) {
		char *argv[] = { (char *)"x", (char *)"seven", NULL };

		syscall(SYS_execveat, fd, "", argv, argv + 2, AT_EMPTY_PATH);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	is(status, EXITED(7), "execveat: by descriptor");
	close(fd);
	fd = open(self, O_WRONLY);
	ok(fd < 0 && errno == ETXTBSY, "a running program cannot be written: ETXTBSY");
	if (fd >= 0)
		close(fd);
}

/* What the executed copy of this program does. */
static int executed(char **argv)
{
	const char *what = argv[1];
	struct sigaction a, b;

	if (!strcmp(what, "seven"))
		return 7;
	if (!strcmp(what, "env"))
		return getenv("ONE") && !strcmp(getenv("ONE"), "1") && !environ[1];
	if (!strcmp(what, "aux"))
		return !(getauxval(AT_PAGESZ) == PAGE && getauxval(AT_RANDOM) &&
			 getauxval(AT_PHDR) && getauxval(AT_PHNUM) && getauxval(AT_ENTRY) &&
			 getauxval(AT_SYSINFO_EHDR) && getauxval(AT_CLKTCK) == 100 &&
			 getauxval(AT_UID) == getuid() && !getauxval(AT_SECURE) &&
			 getauxval(AT_EXECFN));
	if (!strcmp(what, "fds"))
		return fcntl(33, F_GETFD) != -1 || fcntl(34, F_GETFD) == -1;
	if (!strcmp(what, "signals")) {
		sigaction(SIGUSR1, NULL, &a);
		sigaction(SIGUSR2, NULL, &b);
		return a.sa_handler != SIG_DFL || b.sa_handler != SIG_IGN;
	}
	return 98;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return executed(argv);
	must(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	statuses();
	many();
	copy_on_write();
	vfork_shares();
	clones();
	orphan_reports();
	exec_errors();
	exec_works();
	return tap_end();
}
