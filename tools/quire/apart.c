// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "apart.h"

#include "kernel.h"
#include "machine.h"
#include "oracle.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void redirect(const char *file, int to)
{
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644) : to;

	if (fd < 0 || dup2(fd, to) < 0)
		fail("%s: %s", file, strerror(errno));
}

int apart(int (*fn)(void *), void *arg, const char *out, const char *err)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fail("cannot fork: %s", strerror(errno));
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, STDIN_FILENO);
		redirect(out, STDOUT_FILENO);
		redirect(err, STDERR_FILENO);
		exit(fn(arg));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int apart_machine(void *options)
{
	return machine_run(options, false);
}

int apart_kernel(void *options)
{
	kernel_file(options);
	return 0;
}

int apart_module(void *unused)
{
	(void)unused;
	oracle_mmtest();
	return 0;
}
