// SPDX-License-Identifier: MIT
/*
 * Control groups, version 2: the core. Directories, membership, kinds, limits, events, delegation, freezing
 * and killing, each errno as cgroups(7) and Linux's cgroup-v2.rst have it.
 */
#include "cgroup.h"
#include "textfile.h"
#include <linux/sched.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

static void test_tree(void)
{
	char name[300];
	struct statfs sfs;
	struct stat st;
	int fd;

	ok(!statfs(CG, &sfs) && sfs.f_type == 0x63677270, "the root is of cgroup2");
	ok(access(CG "cgroup.type", F_OK) && access(CG "cgroup.events", F_OK) &&
		   !access(CG "cgroup.stat", F_OK),
	   "the root has the files of a root");
	ok(!cg_mkdir("a"), "mkdir makes a group");
	fails(cg_mkdir("a"), EEXIST, "not twice");
	ok(!access(CG "a/cgroup.type", F_OK) && !access(CG "a/cgroup.freeze", F_OK) &&
		   !access(CG "a/cgroup.kill", F_OK) && !access(CG "a/cgroup.events", F_OK),
	   "it has its files");
	ok(!stat(CG "a", &st) && (st.st_mode & 07777) == 0755, "and the mode that was asked for");
	ok(!stat(CG "a/cgroup.procs", &st) && (st.st_mode & 07777) == 0644 &&
		   !stat(CG "a/cgroup.kill", &st) && (st.st_mode & 07777) == 0200 &&
		   !stat(CG "a/cgroup.events", &st) && (st.st_mode & 07777) == 0444,
	   "modes of files");
	fails(cg_mkdir("new\nline"), EINVAL, "no line end in a name");
	memset(name, 'x', 255);
	name[255] = 0;
	ok(!cg_mkdir(name) && !cg_rmdir(name), "a name may have 255 letters");
	fails(open(CG "a/file", O_CREAT | O_WRONLY, 0644), EACCES, "no files of one's own");
	fails(unlink(CG "a/cgroup.procs"), EPERM, "nor can those be removed");
	fails(rename(CG "a", CG "b"), EPERM, "groups keep their names");
	fails(symlink("x", CG "a/link"), EPERM, "no links");
	ok(!cg_mkdir("a/b") && !stat(CG "a", &st) && st.st_nlink == 3, "a group within a group");
	fails(cg_rmdir("a"), EBUSY, "with children it stays");
	is(cg_num("a/cgroup.stat", "nr_descendants"), 1, "nr_descendants");
	fd = open(CG "a/b/cgroup.procs", O_RDWR);
	ok(!cg_rmdir("a/b"), "rmdir, though a file is open");
	fails(read(fd, name, 10), ENODEV, "which reads ENODEV");
	fails(write(fd, "0", 1), ENODEV, "and writes ENODEV");
	close(fd);
	fails(cg_rmdir("a/b"), ENOENT, "gone");
	ok(!cg_rmdir("a"), "the parent goes too");
}

static void test_limits(void)
{
	cg_mkdir("l");
	ok(cg_is("l/cgroup.max.depth", "max\n") && cg_is("l/cgroup.max.descendants", "max\n"),
	   "no limits at first");
	ok(!cg_write("l/cgroup.max.depth", "1\n"), "depth 1");
	ok(!cg_mkdir("l/1"), "one level fits");
	fails(cg_mkdir("l/1/2"), EAGAIN, "two do not");
	ok(!cg_write("l/cgroup.max.depth", "max") && !cg_write("l/cgroup.max.descendants", "1"),
	   "one descendant");
	fails(cg_mkdir("l/2"), EAGAIN, "a second does not fit");
	fails(cg_mkdir("l/1/2"), EAGAIN, "nor deeper");
	fails(cg_write("l/cgroup.max.depth", "-1"), ERANGE, "below zero");
	fails(cg_write("l/cgroup.max.depth", "two"), EINVAL, "no number");
	fails(cg_write("l/cgroup.max.descendants", "1 2"), EINVAL, "two numbers");
	cg_rmdir("l/1");
	cg_rmdir("l");
}

static int event_of(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	return poll(&p, 1, ms) == 1 ? p.revents : 0;
}

/* Does the inotify descriptor @fd tell, in half a minute, of a changed file (@name in a watched directory; NULL: itself watched)? */
static bool told(int fd, int wd, const char *name)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buf;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, 30000) == 1) {
		ssize_t n = read(fd, &buf, sizeof(buf));

		for (char *at = buf.bytes; at < buf.bytes + n;) {
			struct inotify_event *e = (void *)at;

			if (e->wd == wd && e->mask == IN_MODIFY &&
			    (e->len ? name && !strcmp(e->name, name) : !name))
				return true;
			at += sizeof(*e) + e->len;
		}
	}
	return false;
}

/* Changes of the event files are told to who watches them, or the directory. */
static void test_watch(void)
{
	int file = inotify_init(), dir = inotify_init(), max = inotify_init(), wd, dir_wd, max_wd;
	pid_t pid;

	cg_mkdir("w");
	wd = inotify_add_watch(file, cg_path("w/cgroup.events"), IN_MODIFY);
	dir_wd = inotify_add_watch(dir, cg_path("w"), IN_MODIFY);
	pid = cg_sleeper();
	must(!cg_write_num("w/cgroup.procs", pid));
	ok(told(file, wd, NULL), "inotify: cgroup.events has changed with the first member");
	ok(told(dir, dir_wd, "cgroup.events"), "inotify: so hears who watches the directory");
	cg_reap(pid);
	ok(told(file, wd, NULL), "inotify: and with the end of the last one");
	must(!cg_write("cgroup.subtree_control", "+pids") && !cg_write("w/pids.max", "1"));
	max_wd = inotify_add_watch(max, cg_path("w/pids.events"), IN_MODIFY);
	pid = cg_member("w");
	if (!pid)
		_exit(fork() < 0);
	ok(told(max, max_wd, NULL), "inotify: a controller's event: pids.events");
	cg_reap(pid);
	CG_WAIT(!cg_rmdir("w"));
	must(!cg_write("cgroup.subtree_control", "-pids"));

	/* What comes soon after another event Linux tells later, and not of a group that was removed by then. */
	cg_mkdir("w");
	pid = cg_sleeper();
	must(!cg_write_num("w/cgroup.procs", pid));
	sleep_ms(100);
	wd = inotify_add_watch(file, cg_path("w/cgroup.events"), IN_MODIFY);
	kill(pid, SIGKILL);
	while (cg_rmdir("w") && errno == EBUSY)
		;
	ok(told(file, wd, NULL), "inotify: of a group that is removed at once, too");
	waitpid(pid, NULL, 0);
	close(file), close(dir), close(max);
}

static void test_members(void)
{
	char text[4096], line[64];
	pid_t pid = cg_sleeper(), child;
	int fd, status;

	cg_mkdir("m");
	cg_mkdir("m/n");
	ok(cg_is("m/cgroup.events", "populated 0\nfrozen 0\n"), "empty");
	fd = open(CG "m/cgroup.events", O_RDONLY);
	is(event_of(fd, 0) & POLLPRI, POLLPRI,
	   "an event file that was never read tells of a change");
	must(read(fd, text, sizeof(text)) > 0);
	is(event_of(fd, 0), 0, "then of none");
	ok(!cg_write_num("m/n/cgroup.procs", pid), "a process moves in");
	is(event_of(fd, 20000) & (POLLPRI | POLLERR), POLLPRI | POLLERR,
	   "its ancestor's events tell");
	lseek(fd, 0, SEEK_SET);
	must(read(fd, text, sizeof(text) - 1) > 0);
	ok(!strncmp(text, "populated 1\n", 12), "populated through the child");
	ok(cg_lists("m/n/cgroup.procs", pid) && cg_lists("m/n/cgroup.threads", pid), "listed");
	ok(!cg_lists("m/cgroup.procs", pid) && !cg_lists("cgroup.procs", pid), "there only");
	snprintf(line, sizeof(line), "/proc/%d/cgroup", pid);
	int p = open(line, O_RDONLY);
	text[read(p, text, sizeof(text) - 1)] = 0;
	close(p);
	ok(!strcmp(text, "0::/m/n\n"), "/proc/PID/cgroup");
	fails(cg_rmdir("m/n"), EBUSY, "a group with members stays");
	cg_reap(pid);
	is(event_of(fd, 20000) & POLLPRI, POLLPRI, "its end is an event");
	close(fd);
	ok(cg_is("m/n/cgroup.procs", ""), "and it has left");

	/* A child is born where its parent is; a zombie is no member. */
	ok(!cg_write("m/n/cgroup.procs", "0"), "0 is the writer");
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(!cg_lists("m/n/cgroup.procs", getpid()));
	waitpid(child, &status, 0);
	is(status, 0, "a child is where its parent is");
	child = fork();
	if (!child)
		_exit(0);
	siginfo_t si;
	waitid(P_PID, child, &si, WEXITED | WNOWAIT);
	ok(!cg_lists("m/n/cgroup.procs", child), "a zombie is no member");
	ok(!cg_write_num("cgroup.procs", getpid()) && !cg_rmdir("m/n"), "rmdir beside a zombie");
	snprintf(line, sizeof(line), "/proc/%d/cgroup", child);
	p = open(line, O_RDONLY);
	text[read(p, text, sizeof(text) - 1)] = 0;
	close(p);
	ok(!strcmp(text, "0::/m/n (deleted)\n"), "which knows where it was");
	ok(!cg_write_num("m/cgroup.procs", child) && cg_is("m/cgroup.procs", ""),
	   "to move a zombie does nothing");
	waitpid(child, &status, 0);
	fails(cg_write_num("m/cgroup.procs", child), ESRCH, "no such process");
	fails(cg_write("m/cgroup.procs", "-1"), EINVAL, "a negative number");
	fails(cg_write("m/cgroup.procs", "init"), EINVAL, "no number");
	fails(cg_write("m/cgroup.procs", "2"), EINVAL, "kthreadd");
	cg_rmdir("m");
}

static void *thread_of_test(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

#include <pthread.h>

static void test_threaded(void)
{
	pthread_t thread;
	pid_t pid, tid = 0;
	DIR *dir;
	struct dirent *de;

	cg_mkdir("t");
	cg_mkdir("t/1");
	cg_mkdir("t/2");
	cg_mkdir("t/1/x");
	ok(cg_is("t/1/cgroup.type", "domain\n"), "domain");
	fails(cg_write("t/1/cgroup.type", "domain"), EINVAL, "there is no way back");
	ok(!cg_write("t/1/cgroup.type", "threaded\n"), "threaded");
	ok(cg_is("t/1/cgroup.type", "threaded\n") && cg_is("t/cgroup.type", "domain threaded\n") &&
		   cg_is("t/2/cgroup.type", "domain invalid\n") &&
		   cg_is("t/1/x/cgroup.type", "domain invalid\n"),
	   "what that makes of the others");
	fails(cg_write_num("t/2/cgroup.procs", getpid()), EOPNOTSUPP,
	      "an invalid domain takes nobody");
	ok(!cg_read("t/1/cgroup.procs") && errno == EOPNOTSUPP,
	   "processes are listed at the domain");
	ok(!cg_write("t/2/cgroup.type", "threaded"), "the sibling too");

	fflush(stdout);
	pid = fork();
	if (!pid) {
		pthread_create(&thread, NULL, thread_of_test, NULL);
		thread_of_test(NULL);
	}
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	for (int i = 0; i < 3000 && !tid; i++, sleep_ms(10)) {
		dir = opendir(path);
		while ((de = readdir(dir)))
			if (atoi(de->d_name) > 0 && atoi(de->d_name) != pid)
				tid = atoi(de->d_name);
		closedir(dir);
	}
	fails(cg_write_num("t/1/cgroup.threads", tid), EOPNOTSUPP,
	      "no thread alone leaves its domain");
	ok(!cg_write_num("t/cgroup.procs", pid), "the process into the domain");
	ok(!cg_write_num("t/1/cgroup.threads", tid), "then a thread into a threaded group");
	ok(cg_lists("t/1/cgroup.threads", tid) && !cg_lists("t/1/cgroup.threads", pid) &&
		   cg_lists("t/cgroup.threads", pid) && !cg_lists("t/cgroup.threads", tid),
	   "threads are in groups of their own");
	ok(cg_lists("t/cgroup.procs", pid), "the process is in the domain");
	ok(!cg_write_num("t/2/cgroup.procs", tid), "by one of its threads a whole process moves");
	ok(cg_lists("t/2/cgroup.threads", tid) && cg_lists("t/2/cgroup.threads", pid),
	   "all threads");
	fails(cg_write("t/2/cgroup.kill", "1"), EOPNOTSUPP, "a threaded group cannot be killed");
	cg_reap(pid);
	ok(CG_WAIT(!cg_rmdir("t/2")) && !cg_rmdir("t/1/x") && !cg_rmdir("t/1"), "all removed");
	ok(cg_is("t/cgroup.type", "domain\n"), "without threaded children a domain again");
	cg_rmdir("t");

	cg_mkdir("u");
	cg_mkdir("u/1");
	pid = cg_sleeper();
	cg_write_num("u/1/cgroup.procs", pid);
	fails(cg_write("u/1/cgroup.type", "threaded"), EOPNOTSUPP, "not with members");
	cg_mkdir("u/2");
	fails(cg_write("u/2/cgroup.type", "threaded"), EOPNOTSUPP,
	      "nor beside a domain with members");
	cg_reap(pid);
	CG_WAIT(!cg_rmdir("u/1"));
	cg_rmdir("u/2");
	cg_rmdir("u");
}

static volatile int *counter;

static void on_signal(int sig)
{
	(void)sig;
	*counter += 1000000;
}

static void count_for_ever(void)
{
	signal(SIGUSR1, on_signal);
	for (;; sleep_ms(1))
		++*counter;
}

static void test_freeze(void)
{
	pid_t pid;
	int fd, before;

	counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cg_mkdir("f");
	cg_mkdir("f/1");
	fflush(stdout);
	pid = fork();
	if (!pid)
		count_for_ever();
	CG_WAIT(*counter);
	cg_write_num("f/1/cgroup.procs", pid);
	fd = open(CG "f/cgroup.events", O_RDONLY);
	must(read(fd, cg_text, 100) > 0);
	ok(!cg_write("f/cgroup.freeze", "1") && cg_is("f/cgroup.freeze", "1\n") &&
		   cg_is("f/1/cgroup.freeze", "0\n"),
	   "freeze");
	ok(CG_WAIT(cg_num("f/cgroup.events", "frozen") == 1), "the group is frozen");
	is(cg_num("f/1/cgroup.events", "frozen"), 1, "so is the child");
	ok(event_of(fd, 20000) & POLLPRI, "which is an event");
	before = *counter;
	kill(pid, SIGUSR1);
	sleep_ms(50);
	is(*counter, before, "nobody runs, a signal waits");
	ok(!cg_write("f/cgroup.freeze", "0") && CG_WAIT(*counter >= 1000000), "until the thaw");
	cg_reap(pid);
	fails(cg_write("f/cgroup.freeze", "2"), ERANGE, "neither 0 nor 1");
	fails(cg_write("f/cgroup.freeze", "x"), EINVAL, "no number");

	pid = fork();
	if (!pid)
		count_for_ever();
	cg_write("f/cgroup.freeze", "1");
	is(cg_num("f/cgroup.events", "frozen"), 1, "an empty group freezes at once");
	ok(!cg_write_num("f/1/cgroup.procs", pid) &&
		   CG_WAIT(cg_num("f/cgroup.events", "frozen") == 1),
	   "who moves in freezes");
	ok(!cg_write_num("cgroup.procs", pid), "who moves out");
	before = *counter;
	ok(CG_WAIT(*counter != before), "goes on");
	cg_write_num("f/1/cgroup.procs", pid);
	ok(CG_WAIT(cg_num("f/cgroup.events", "frozen") == 1) && cg_reap(pid) == SIGKILL,
	   "SIGKILL ends the frozen");
	close(fd);
	CG_WAIT(!cg_rmdir("f/1"));
	ok(CG_WAIT(!cg_rmdir("f")), "removed though frozen");
}

static void test_kill(void)
{
	int status, n = 0;
	pid_t pid[3];

	cg_mkdir("k");
	cg_mkdir("k/1");
	for (int i = 0; i < 3; i++) {
		pid[i] = cg_sleeper();
		cg_write_num(i ? "k/1/cgroup.procs" : "k/cgroup.procs", pid[i]);
	}
	fails(cg_write("k/cgroup.kill", "2"), ERANGE, "only 1 can be written to cgroup.kill");
	fails(cg_write("k/cgroup.kill", "x"), EINVAL, "no number");
	ok(!cg_write("k/cgroup.kill", "1"), "kill");
	for (int i = 0; i < 3; i++)
		n += waitpid(pid[i], &status, 0) == pid[i] && status == SIGKILL;
	is(n, 3, "all of the subtree");
	cg_rmdir("k/1");
	ok(!cg_rmdir("k"), "and the group is empty");
}

static pid_t clone_into(int fd, unsigned long flags)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP | flags,
				   .exit_signal = SIGCHLD,
				   .cgroup = fd };

	fflush(stdout);
	return syscall(SYS_clone3, &args, sizeof(args));
}

static void test_clone(void)
{
	int fd, status;
	pid_t pid;

	cg_mkdir("i");
	fd = open(CG "i", O_RDONLY | O_DIRECTORY);
	pid = clone_into(fd, 0);
	if (!pid)
		_exit(!cg_lists("i/cgroup.procs", getpid()));
	ok(pid > 0 && waitpid(pid, &status, 0) == pid && !status, "CLONE_INTO_CGROUP");
	cg_rmdir("i");
	fails(clone_into(fd, 0), ENOENT, "not into one that has gone");
	close(fd);
	fails(clone_into(999, 0), EBADF, "no descriptor");
	fd = open("/", O_RDONLY);
	fails(clone_into(fd, 0), EBADF, "another file system");
	close(fd);
	fd = open(CG "cgroup.procs", O_RDONLY);
	fails(clone_into(fd, 0), EBADF, "not a directory");
	close(fd);
}

static void as_user(void)
{
	pid_t pid;

	must(!setgid(65534) && !setuid(65534));
	pid = cg_sleeper();
	fails(cg_mkdir("x"), EACCES, "a user cannot make groups in the root");
	ok(!cg_mkdir("d/1") && !cg_mkdir("d/2"), "but where he was given the directory");
	struct stat st;
	ok(!stat(CG "d/1/cgroup.procs", &st) && st.st_uid == 65534, "what he makes is his");
	fails(cg_write_num("d/1/cgroup.procs", pid), EACCES, "he cannot bring in who is outside");
	ok(!cg_write_num("d/1/cgroup.procs", getppid()) || errno == EACCES,
	   "his parent is in the delegated group");
	kill(pid, SIGKILL);
	_exit(tap_count << 1 | !!tap_failed);
}

static void test_delegation(void)
{
	pid_t pid;
	int status;

	cg_mkdir("d");
	must(!chown(CG "d", 65534, 65534) && !chown(CG "d/cgroup.procs", 65534, 65534));
	struct stat st;
	ok(!stat(CG "d/cgroup.procs", &st) && st.st_uid == 65534, "an owner stays");
	fflush(stdout);
	pid = fork();
	if (!pid)
		as_user();
	waitpid(pid, &status, 0);
	tap_count = WEXITSTATUS(status) >> 1;
	tap_failed += WEXITSTATUS(status) & 1;

	/* Inside the delegated group he moves his processes as he likes. */
	pid = fork();
	if (!pid) {
		cg_write("d/1/cgroup.procs", "0");
		must(!setgid(65534) && !setuid(65534));
		if (cg_write("d/2/cgroup.procs", "0") || !cg_lists("d/2/cgroup.procs", getpid()))
			_exit(1);
		if (!cg_write("cgroup.procs", "0") || errno != EACCES)
			_exit(2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 0, "he moves himself within what is his, and not out of it");

	/* The credentials of the opener count. */
	pid = fork();
	if (!pid) {
		int fd = open(CG "d/2/cgroup.procs", O_WRONLY);

		must(!setgid(65534) && !setuid(65534));
		_exit(write(fd, "0", 1) != 1);
	}
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 0, "a file that root opened writes as root");
	CG_WAIT(!cg_rmdir("d/1"));
	CG_WAIT(!cg_rmdir("d/2"));
	ok(CG_WAIT(!cg_rmdir("d")), "removed");
	ok(strstr(slurp("/sys/kernel/cgroup/delegate"),
		  "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n") &&
		   strstr(text, "\nmemory.oom.group\nmemory.reclaim\n"),
	   "/sys/kernel/cgroup/delegate: the files that go with a directory");
	ok(!strcmp(slurp("/sys/kernel/cgroup/features"),
		   "nsdelegate\nfavordynmods\nmemory_localevents\nmemory_recursiveprot\n"),
	   "/sys/kernel/cgroup/features: the options of a mount");
}

static void test_mount(void)
{
	FILE *f = fopen("/proc/filesystems", "r");
	bool found = false;
	char line[256];

	while (fgets(line, sizeof(line), f))
		found |= !strcmp(line, "nodev\tcgroup2\n");
	fclose(f);
	ok(found, "cgroup2 is a file system");
	mkdir("/tmp/cg", 0755);
	fails(mount("none", "/tmp/cg", "cgroup2", 0, "nonsense"), EINVAL, "no such option");
	ok(!mount("none", "/tmp/cg", "cgroup2", 0, "nsdelegate"), "a second mount");
	cg_mkdir("s");
	ok(!access("/tmp/cg/s/cgroup.procs", F_OK), "shows the same tree");
	ok(!rmdir("/tmp/cg/s") && access(CG "s", F_OK), "either way");
	umount("/tmp/cg");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	cg_mount();
	test_tree();
	test_limits();
	test_members();
	test_watch();
	test_threaded();
	test_freeze();
	test_kill();
	test_clone();
	test_delegation();
	test_mount();
	return tap_end();
}
