// SPDX-License-Identifier: MIT
/*
 * marked PATH ARGV0 [ARG...]: run a program between two marks of tools/plugin (`quire profile`), and
 * end as it ended. The first mark is passed before its exec, the second when it is dead and waited for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two one-byte instructions; the linker puts them where no other program has code (tools.mk). */
__asm__(".pushsection .marks,\"ax\"\nmarks: ret\n ret\n.popsection");

static inline __attribute__((always_inline)) void mark_begin(void)
{
	__asm__ volatile("call marks" : : : "memory");
}

static inline __attribute__((always_inline)) void mark_end(void)
{
	__asm__ volatile("call marks + 1" : : : "memory");
}

/* Death by a signal is passed on without a core dump. */
static int end_as(int status)
{
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	pid_t child;
	int status;

	if (argc < 3)
		return 125;
	child = fork();
	if (child < 0) {
		fprintf(stderr, "marked: fork: %s\n", strerror(errno));
		return 125;
	}
	if (!child) {
		mark_begin();
		execvp(argv[1], argv + 2);
		fprintf(stderr, "quire: cannot run %s: %s\n", argv[1], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	mark_end();
	return end_as(status);
}
