// SPDX-License-Identifier: MIT
/*
 * The guest's side of tests/compat/run: runs foreign programs one after the other and tells how each ended.
 *	guest LIST
 * LIST has a line for each program: name, seconds, command for sh, separated by tabs. For each this prints
 *	begin NAME
 *	... what the program says, on both streams
 *	end NAME exit N | signal N | timeout [; what is wrong with the memory afterwards]
 * Names go to the kernel's log too, so that a complaint there can be laid to a program. All that a program leaves
 * running is killed: the runner is the reaper of its descendants and ends them until none is left.
 */
#include "../guest/tap.h"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>

#define DEBUGFS "/sys/kernel/debug/"

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0) {
		write(fd, text, strlen(text));
		close(fd);
	}
}

/* Quire only: empty all stores, then ask whether all memory adds up. */
static void check_memory(char *said, size_t size)
{
	ssize_t n;
	int fd;

	said[0] = '\0';
	if (access(DEBUGFS "mm_check", R_OK))
		return;
	put(DEBUGFS "mm_settle", "1");
	fd = open(DEBUGFS "mm_check", O_RDONLY);
	n = fd < 0 ? -1 : read(fd, said, size - 1);
	said[n < 0 ? 0 : n] = '\0';
	said[strcspn(said, "\n")] = '\0';
	close(fd);
	if (!strcmp(said, "ok"))
		said[0] = '\0';
}

/* Kill every child of this process; false when there was none. */
static bool kill_children(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool any = false;
	char path[64], line[512];
	int ppid;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/stat", e->d_name);
		FILE *f = fopen(path, "r");
		char *tail = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;

		if (tail && sscanf(tail, ") %*c %d", &ppid) == 1 && ppid == getpid()) {
			kill(atoi(e->d_name), SIGKILL);
			any = true;
		}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return any;
}

/* The descendants of a killed program become children of this one and are killed in turn. */
static void end_all(void)
{
	for (int i = 0; i < 500; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (!kill_children())
			return;
		usleep(10000);
	}
}

static void copy_output(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[8192];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return;
	n = read(fd, buf, sizeof(buf));
	if (n > 0)
		fwrite(buf, 1, n, stdout);
	else
		usleep(ms * 1000);
}

static pid_t start(const char *command, int *fd)
{
	int p[2];
	pid_t pid;

	must(pipe(p) == 0);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		setsid();
		dup2(p[1], 1);
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(p[1]);
	*fd = p[0];
	return pid;
}

static void run(const char *name, int seconds, const char *command)
{
	int64_t end = now_ns(CLOCK_MONOTONIC) + seconds * 1000000000ll;
	char memory[256], mark[128];
	bool ended = false;
	int status = 0, fd;
	pid_t pid;

	snprintf(mark, sizeof(mark), "compat: %s\n", name);
	put("/dev/kmsg", mark);
	printf("begin %s\n", name);
	pid = start(command, &fd);
	while (!ended && now_ns(CLOCK_MONOTONIC) < end) {
		copy_output(fd, 50);
		ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	kill(-pid, SIGKILL);
	end_all();
	for (int i = 0; i < 64; i++)
		copy_output(fd, 0);
	close(fd);
	check_memory(memory, sizeof(memory));
	if (!ended)
		printf("\nend %s timeout", name);
	else if (WIFSIGNALED(status))
		printf("\nend %s signal %d", name, WTERMSIG(status));
	else
		printf("\nend %s exit %d", name, WEXITSTATUS(status));
	printf("%s%s\n", memory[0] ? "; " : "", memory);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char line[4096];
	FILE *list = fopen(argv[1], "r");

	must(argc == 2 && list);
	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	/* Debian's shell, as the programs know it. */
	if (!access("/usr/bin/dash", X_OK) && !unlink("/bin/sh"))
		must(symlink("/usr/bin/dash", "/bin/sh") == 0);
	if (access(DEBUGFS "mm_check", R_OK))
		system("mount -t debugfs none " DEBUGFS " 2>/dev/null");
	while (fgets(line, sizeof(line), list)) {
		char *name = strtok(line, "\t"), *seconds = strtok(NULL, "\t"),
		     *command = strtok(NULL, "\n");

		if (name && seconds && command)
			run(name, atoi(seconds), command);
	}
	return 0;
}
