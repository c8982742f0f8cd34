// SPDX-License-Identifier: MIT
/* Sentences, allocation that cannot fail, and the few paths every part needs. */
#define _GNU_SOURCE
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void vsay(const char *fmt, va_list ap)
{
	char line[2048];
	int n = snprintf(line, sizeof(line), "quire: ");

	vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	strcat(line, "\n");
	fputs(line, stderr);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	exit(EXIT_MISTAKE);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		fail("this host has no memory left");
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		fail("this host has no memory left");
	return p;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		fail("this host has no memory left");
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		fail("this host has no memory left");
	va_end(ap);
	return p;
}

void strv_add(struct strv *s, const char *str)
{
	s->v = xrealloc(s->v, (s->n + 2) * sizeof(*s->v));
	s->v[s->n++] = xstrdup(str);
	s->v[s->n] = NULL;
}

void strv_addf(struct strv *s, const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		fail("this host has no memory left");
	va_end(ap);
	strv_add(s, p);
	free(p);
}

const char *home_dir(void)
{
	static char *home;
	const char *env = getenv("QUIRE_HOME");

	if (!home)
		home = env ? xstrdup(env) : realpath(".", NULL);
	return home ? home : ".";
}

const char *build_dir(void)
{
	static char *dir;
	const char *env = getenv("QUIRE_BUILD");

	if (!dir)
		dir = env && *env ? xstrdup(env) : xasprintf("%s/build", home_dir());
	return dir;
}

void make_dirs(const char *path)
{
	char *copy = xstrdup(path);

	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			fail("cannot create %s: %s", copy, strerror(errno));
		*p = c;
		if (!c)
			break;
	}
	free(copy);
}

int run_tool(const struct strv *argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		fail("cannot start %s: %s", argv->v[0], strerror(errno));
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv->v[0], argv->v);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
