/* SPDX-License-Identifier: MIT */
/* What the quire command says on standard error, and how it gives up. */
#ifndef QUIRE_SAY_H
#define QUIRE_SAY_H

#include <stddef.h>

/* Exit statuses of the command itself; any other status is the program's own (128+n: signal n). */
enum {
	EXIT_TIMEOUT = 124, /* --timeout expired */
	EXIT_MISTAKE = 125, /* a mistake in the call, or a tool or file that is missing */
	EXIT_PANICKED = 126, /* the kernel panicked, or the machine stopped by itself */
};

/* One line "quire: ..." on standard error. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* say(), then exit with EXIT_MISTAKE. The sentence tells the person what to do. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Allocation that never returns NULL: a host without memory ends the command. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A growing NULL-terminated vector of strings, as execv() takes it. */
struct strv {
	char **v;
	size_t n;
};
void strv_add(struct strv *s, const char *str);
void strv_addf(struct strv *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The project's directory (where ./quire lies) and its build directory. */
const char *home_dir(void);
const char *build_dir(void);

/* mkdir -p. => fails with a sentence */
void make_dirs(const char *path);

/* Run argv to its end with standard output on standard error (progress); the wait status. */
int run_tool(const struct strv *argv);

#endif
