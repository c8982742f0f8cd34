/* SPDX-License-Identifier: MIT */
/* What the tests of control groups share: cgroup2 mounted, files of groups read and written. Paths are below CG. */
#ifndef CGROUP_H
#define CGROUP_H

#include "tap.h"
#include <dirent.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#define CG "/sys/fs/cgroup/"

static char cg_text[65536];

__attribute__((unused)) static void cg_mount(void)
{
	if (access(CG "cgroup.procs", F_OK))
		must(!mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL));
}

__attribute__((format(printf, 1, 2), unused)) static const char *cg_path(const char *fmt, ...)
{
	static char path[2][8192];
	static int which;
	va_list ap;

	which = !which;
	va_start(ap, fmt);
	vsnprintf(path[which] + snprintf(path[which], sizeof(path[0]), CG), sizeof(path[0]) - 32,
		  fmt, ap);
	va_end(ap);
	return path[which];
}

/* The whole text of a file, or NULL with errno. */
__attribute__((unused)) static char *cg_read(const char *file)
{
	int fd = open(cg_path("%s", file), O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, cg_text, sizeof(cg_text) - 1);
	close(fd);
	if (n < 0)
		return NULL;
	cg_text[n] = 0;
	return cg_text;
}

/* 0 or -1 with errno. */
__attribute__((unused)) static int cg_write(const char *file, const char *text)
{
	int fd = open(cg_path("%s", file), O_WRONLY), saved;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? -1 : 0;
}

__attribute__((unused)) static int cg_write_num(const char *file, long long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", n);
	return cg_write(file, text);
}

/* The number after @key at the start of a line of @text, -1 where there is none. */
__attribute__((unused)) static long long cg_field(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, key, len) && p[len] == ' ')
			return strtoll(p + len, NULL, 10);
	return -1;
}

/* The same of a file's text, with NULL the only one of the file; -1 where there is none. */
__attribute__((unused)) static long long cg_num(const char *file, const char *key)
{
	char *text = cg_read(file);

	if (!text)
		return -1;
	return key ? cg_field(text, key) : strtoll(text, NULL, 10);
}

__attribute__((unused)) static bool cg_is(const char *file, const char *want)
{
	char *text = cg_read(file);

	if (text && !strcmp(text, want))
		return true;
	printf("# %s: %s\n", file, text ? text : strerror(errno));
	return false;
}

/* Is @pid a line of the file? */
__attribute__((unused)) static bool cg_lists(const char *file, pid_t pid)
{
	char *text = cg_read(file), *p = text;

	for (; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strtol(p, NULL, 10) == pid)
			return true;
	return false;
}

__attribute__((unused)) static int cg_mkdir(const char *name)
{
	return mkdir(cg_path("%s", name), 0755);
}

__attribute__((unused)) static int cg_rmdir(const char *name)
{
	return rmdir(cg_path("%s", name));
}

/* A child that sleeps until it is killed. */
__attribute__((unused)) static pid_t cg_sleeper(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	return pid;
}

/* A child in @group, and in a process group of its own, that does not outlive the test. */
__attribute__((unused)) static pid_t cg_member(const char *group)
{
	char procs[64];
	pid_t pid;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		must(!cg_write(procs, "0"));
	}
	return pid;
}

__attribute__((unused)) static int cg_reap(pid_t pid)
{
	int status = -1;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

#define CG_WAIT EVENTUALLY

#endif
