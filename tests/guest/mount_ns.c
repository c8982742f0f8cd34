// SPDX-License-Identifier: MIT
/* Namespaces of mounts: CLONE_NEWNS of unshare and clone. */
#include "tap.h"

#include <dirent.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>

#define DIR_ "/tmp/mount_ns"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool mounts_tell(const char *file, const char *what)
{
	static char text[65536];
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return strstr(text, what);
}

static void tmpfs_with(const char *name)
{
	char path[64];
	int fd;

	must(!mount("here", DIR_, "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), DIR_ "/%s", name);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	must(fd >= 0);
	close(fd);
}

/* Runs with a pipe each way: the parent looks while this waits. */
static int to_parent[2], to_child[2];

static void meet(void)
{
	char c;

	write(to_parent[1], "x", 1);
	read(to_child[0], &c, 1);
}

static void child_unshares(void)
{
	if (unshare(CLONE_NEWNS))
		_exit(1);
	if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL))
		_exit(2);
	if (!exists(DIR_ "/before")) /* what was mounted is mounted */
		_exit(3);
	if (umount(DIR_) != -1 || errno != EBUSY) /* the working directory is in the copy */
		_exit(4);
	if (chdir("/") || umount(DIR_) || exists(DIR_ "/before"))
		_exit(5);
	tmpfs_with("inside");
	meet();
	_exit(exists(DIR_ "/inside") && !exists(DIR_ "/later") ? 0 : 6);
}

static void test_unshare(void)
{
	char path[64], c;
	int status;
	pid_t pid;

	tmpfs_with("before");
	must(!chdir(DIR_) && !pipe(to_parent) && !pipe(to_child));
	pid = fork();
	if (!pid)
		child_unshares();
	must(!chdir("/"));
	close(to_parent[1]);
	read(to_parent[0], &c, 1);
	ok(exists(DIR_ "/before") && !exists(DIR_ "/inside"),
	   "the parent does not see what is mounted and unmounted in the child");
	snprintf(path, sizeof(path), "/proc/%d/root" DIR_ "/inside", pid);
	ok(exists(path), "but through /proc/PID/root");
	is(umount(DIR_), 0, "the copies of its mounts do not keep the parent's busy");
	snprintf(path, sizeof(path), "/proc/%d/mounts", pid);
	ok(mounts_tell(path, DIR_) && !mounts_tell("/proc/self/mounts", DIR_),
	   "/proc/PID/mounts tells that of the process");
	tmpfs_with("later");
	write(to_child[1], "x", 1);
	waitpid(pid, &status, 0);
	is(status, EXITED(0), "the child sees the mounts of before, and its own");
	is(umount(DIR_), 0, "the parent's are as they were");
}

static void test_clone(void)
{
	int status;
	pid_t pid;

	pid = syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, 0);
	if (!pid) {
		tmpfs_with("clone");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(status == EXITED(0) && !exists(DIR_ "/clone"), "clone(CLONE_NEWNS)");
	fails(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, NULL, NULL, NULL, 0), EINVAL,
	      "not together with CLONE_FS");
}

static void child_without_rights(void)
{
	must(!setuid(1000));
	if (unshare(CLONE_NEWNS) != -1 || errno != EPERM)
		_exit(1);
	if (syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, 0) != -1 || errno != EPERM)
		_exit(2);
	_exit(0);
}

static void test_subset(void)
{
	fails(mount("none", DIR_, "proc", 0, "nonsense=1"), EINVAL,
	      "proc: an unknown option is EINVAL");
	must(!mount("none", DIR_, "proc", 0, "subset=pid"));
	ok(exists(DIR_ "/self/maps") && exists(DIR_ "/1") && !exists(DIR_ "/meminfo") &&
		   !exists(DIR_ "/sys"),
	   "proc with subset=pid shows processes only");
	ok(mounts_tell("/proc/self/mounts", DIR_ " proc rw,relatime,subset=pid"), "and says so");
	umount(DIR_);
}

/* What a stranger finds of process 1: errno of entering its directory, and whether it is listed. */
static void child_looks(void)
{
	bool listed = false;
	struct dirent *e;
	DIR *d;

	must(!setgroups(0, NULL) && (getgid() || !setgid(1000)) && !setuid(1000));
	d = opendir(DIR_);
	while ((e = readdir(d)))
		listed |= !strcmp(e->d_name, "1");
	_exit((access(DIR_ "/1/stat", F_OK) ? errno : 0) | listed << 7);
}

static int stranger_sees(const char *options)
{
	int status = 0;
	pid_t pid;

	must(!mount("none", DIR_, "proc", 0, options));
	pid = fork();
	if (!pid)
		child_looks();
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void test_hidepid(void)
{
	static const struct {
		const char *options, *told;
		int sees;
	} cases[] = {
		{ "hidepid=0", " proc rw,relatime 0 0", 0x80 },
		{ "hidepid=1", ",hidepid=noaccess", 0x80 | EPERM },
		{ "hidepid=2", ",hidepid=invisible", ENOENT },
		{ "hidepid=invisible,gid=1234", ",gid=1234,hidepid=invisible", ENOENT },
		{ "hidepid=ptraceable", ",hidepid=ptraceable", ENOENT },
	};
	char text[128];

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is(stranger_sees(cases[i].options), cases[i].sees, "proc with %s",
		   cases[i].options);
		snprintf(text, sizeof(text), DIR_ "%s%s", i ? " proc rw,relatime" : "",
			 cases[i].told);
		ok(mounts_tell("/proc/self/mounts", text), "and says so");
		ok(exists(DIR_ "/1/stat"), "nothing is hidden from root");
		umount(DIR_);
	}
	must(!setgid(1234));
	is(stranger_sees("hidepid=2,gid=1234"), 0x80, "nor from the group");
	umount(DIR_);
	must(!setgid(0));
	fails(mount("none", DIR_, "proc", 0, "hidepid=3"), EINVAL, "hidepid=3 is EINVAL");
}

int main(void)
{
	int status;
	pid_t pid;

	mkdir("/tmp", 01777);
	must(!mkdir(DIR_, 0755));
	test_unshare();
	test_clone();
	test_subset();
	test_hidepid();
	pid = fork();
	if (!pid)
		child_without_rights();
	waitpid(pid, &status, 0);
	is(status, EXITED(0), "without CAP_SYS_ADMIN: EPERM");
	rmdir(DIR_);
	return tap_end();
}
