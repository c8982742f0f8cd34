// SPDX-License-Identifier: MIT
/*
 * quire profile: run a program between two marks (user/marked.c) under the plugin, then show where the
 * kernel's instructions went. Each kernel runs in a child of this process, one after the other.
 */
#define _GNU_SOURCE
#include "profile.h"

#include "apart.h"
#include "kernel.h"
#include "machine.h"
#include "options.h"
#include "plugin.h"
#include "profile_write.h"
#include "qemu.h"
#include "say.h"
#include "symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARKS	   "0x70000000:2" /* where tools.mk links user/marked.c's */
#define MAX_EVENTS 1000000ull
#define CPU	   "max,-erms,-fsrm,-la57"
#define BASELINE_D                                                                                 \
	"init_on_alloc=0 mitigations=off randomize_kstack_offset=off cgroup_disable=memory"

struct request {
	bool both;     /* Quire, then Linux */
	bool as_it_is; /* Linux as Debian starts it */
	size_t top;
	const char *svg, *collapsed, *json;
	const char *calls; /* of this function, instead of the tables */
	struct strv rest;  /* what options_read() gets */
};

static void print_help(void)
{
	printf("usage: ./quire profile [options] -- PROGRAM [ARG...]\n\n"
	       "Run PROGRAM and tell where the kernel's instructions went: by system call, exception and\n"
	       "interrupt, and by function. PROGRAM's output goes to standard error, the tables to\n"
	       "standard output. Counts are exact and repeat to the digit (docs/profiling.md).\n\n"
	       "  --kernel quire|linux|both   both: the two side by side\n"
	       "  --top N                     rows of each table (default 30; 0: all)\n"
	       "  --calls FUNCTION            on which ways it is reached, and the tree of what it calls,\n"
	       "                              instead of the tables (--top 0: also what is less\n"
	       "                              than half a percent of it)\n"
	       "  --svg FILE                  a flame graph to open in a browser\n"
	       "  --collapsed FILE            collapsed stacks, for flamegraph.pl or speedscope\n"
	       "  --json FILE                 the calls in time, as Chrome trace events\n"
	       "                              (Perfetto, speedscope; the first million)\n"
	       "  --as-it-is                  Linux with Debian's own parameters instead of its fastest\n"
	       "                              (" BASELINE_D ")\n\n"
	       "With --kernel both, FILE becomes FILE-linux (before its ending) for Linux.\n\n"
	       "Options of `quire run` that work here, too:\n");
	options_print();
	exit(0);
}

static const char *value_of(int argc, char **argv, int *i, const char *option)
{
	size_t n = strlen(option);

	if (strncmp(argv[*i], option, n) != 0 || (argv[*i][n] && argv[*i][n] != '='))
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (*i + 1 >= argc)
		fail("%s needs a value", option);
	return argv[++*i];
}

static size_t read_top(const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (end == s || *end || *s == '-')
		fail("--top %s: a number of rows is meant", s);
	return n;
}

/* One option of our own; false when it is one of `quire run`. */
static bool own_option(struct request *r, int argc, char **argv, int *i)
{
	const char *v;

	if ((v = value_of(argc, argv, i, "--top")))
		r->top = read_top(v);
	else if ((v = value_of(argc, argv, i, "--calls")))
		r->calls = v;
	else if ((v = value_of(argc, argv, i, "--svg")))
		r->svg = v;
	else if ((v = value_of(argc, argv, i, "--collapsed")))
		r->collapsed = v;
	else if ((v = value_of(argc, argv, i, "--json")))
		r->json = v;
	else if (!strcmp(argv[*i], "--as-it-is"))
		r->as_it_is = true;
	else if (!strcmp(argv[*i], "--help") || !strcmp(argv[*i], "-h"))
		print_help();
	else if (!strcmp(argv[*i], "--tty") || !strcmp(argv[*i], "--gdb"))
		fail("%s does not go with `quire profile`", argv[*i]);
	else
		return false;
	return true;
}

static void read_request(struct request *r, int argc, char **argv)
{
	int i;

	*r = (struct request){ .top = 30 };
	for (i = 0; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0; i++) {
		const char *kernel;

		if (own_option(r, argc, argv, &i))
			continue;
		kernel = value_of(argc, argv, &i, "--kernel");
		if (kernel && !strcmp(kernel, "both")) {
			r->both = true;
		} else if (kernel) {
			strv_addf(&r->rest, "--kernel=%s", kernel);
		} else {
			strv_add(&r->rest, argv[i]);
			if (options_value_follows(argv[i]) && i + 1 < argc)
				strv_add(&r->rest, argv[++i]);
		}
	}
	strv_add(&r->rest, "--icount");
	for (; i < argc; i++)
		strv_add(&r->rest, argv[i]);
}

/* --- one run --- */

static bool is_linux(const struct options *o)
{
	return o->kernel == KERNEL_LINUX && !o->kernel_file;
}

static const char *kernel_name(const struct options *o)
{
	return is_linux(o) ? "linux" : "quire";
}

static void prepare(struct options *o, const struct request *r, const char *out)
{
	const char *symbols = symbols_file(o);

	if (strchr(out, ',') || strchr(symbols, ','))
		fail("the build directory %s has a comma in its name, which QEMU cannot take",
		     build_dir());
	if (!o->cpu)
		o->cpu = CPU;
	if (is_linux(o) && !r->as_it_is)
		strv_add(&o->append, BASELINE_D);
	o->wrapper = xasprintf("%s/user/marked", build_dir());
	strv_add(&o->qemu_arg, "-plugin");
	strv_addf(&o->qemu_arg, "%s,stacks=%llu,out=%s,marks=" MARKS ",symbols=%s", plugin_file(),
		  r->json ? MAX_EVENTS : 0, out, symbols);
}

/* The machine in a child, since a process runs one machine; PROGRAM's output on standard error. */
static int run_machine(const struct options *o)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child < 0)
		fail("cannot start a process: %s", strerror(errno));
	if (!child) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		exit(machine_run(o, false));
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int need_symbols(void *o)
{
	symbols_file(o);
	return 0;
}

/* => 0, or the status to exit with: there is nothing to tell of this kernel, and why was said. */
static int profile_one(struct options *o, const struct request *r, struct profile *p)
{
	char *out = xasprintf("%s/profile-%s.%d", build_dir(), kernel_name(o), (int)getpid());
	int status = apart(apart_kernel, o, NULL, NULL);

	if (!status)
		status = apart(need_symbols, o, NULL, NULL);
	if (status)
		return status;
	prepare(o, r, out);
	say("running %s on %s", o->argv[0],
	    is_linux(o) ? "Linux (half a minute at most)" : "Quire");
	status = run_machine(o);
	if (status == EXIT_TIMEOUT || status == EXIT_MISTAKE || status == EXIT_PANICKED) {
		unlink(out);
		return status;
	}
	if (status)
		say("%s ended with status %d", o->argv[0], status);
	profile_read(p, kernel_name(o), out);
	return 0;
}

/* --- documents --- */

/* FILE, or for the second kernel FILE with -linux before its ending. */
static char *document_name(const char *file, size_t which)
{
	const char *slash = strrchr(file, '/'), *dot = strrchr(file, '.');

	if (!which)
		return xstrdup(file);
	if (!dot || (slash && dot < slash))
		return xasprintf("%s-linux", file);
	return xasprintf("%.*s-linux%s", (int)(dot - file), file, dot);
}

static void put_svg(FILE *f, const struct profile *p, const char *program)
{
	char *title = xasprintf("%s on %s: %llu instructions", program, p->kernel,
				(unsigned long long)p->total);

	write_svg(f, p, title);
	free(title);
}

static void put_collapsed(FILE *f, const struct profile *p, const char *program)
{
	(void)program;
	write_collapsed(f, p);
}

static void put_chrome(FILE *f, const struct profile *p, const char *program)
{
	(void)program;
	if (!write_chrome(f, p))
		say("the trace holds the first %llu calls only", MAX_EVENTS);
}

/* One document, if it was asked for. A file that cannot be written is told, and the others still come. */
static bool write_document(const char *file, size_t which, const struct profile *p,
			   const char *program,
			   void (*put)(FILE *f, const struct profile *p, const char *program))
{
	char *name;
	bool written = false;
	FILE *f;

	if (!file)
		return true;
	name = document_name(file, which);
	f = fopen(name, "we");
	if (f) {
		put(f, p, program);
		written = !ferror(f);
		written &= !fclose(f);
	}
	if (!written)
		say("%s: %s", name, strerror(errno));
	free(name);
	return written;
}

/* => each of them was written */
static bool write_documents(const struct request *r, const struct profile *p, size_t which,
			    const char *program)
{
	bool svg = write_document(r->svg, which, p, program, put_svg),
	     collapsed = write_document(r->collapsed, which, p, program, put_collapsed),
	     json = write_document(r->json, which, p, program, put_chrome);

	return svg && collapsed && json;
}

int profile_command(int argc, char **argv)
{
	struct profile p[2];
	struct request r;
	size_t nr = 0; /* of kernels in p */
	int status = 0;

	read_request(&r, argc, argv);
	qemu_require();
	plugin_file();
	for (size_t i = 0; i < (r.both ? 2 : 1); i++) {
		struct options o;
		int why;

		options_read(&o, "profile", (int)r.rest.n, r.rest.v);
		if (i)
			o.kernel = KERNEL_LINUX;
		why = profile_one(&o, &r, &p[nr]);
		if (why) {
			say("%s is left out", is_linux(&o) ? "Linux" : "Quire");
			status = why;
			continue;
		}
		if (!write_documents(&r, &p[nr], i, o.argv[0]))
			status = EXIT_MISTAKE;
		unlink(p[nr++].file);
	}
	if (r.calls)
		for (size_t i = 0; i < nr; i++)
			write_calls(stdout, &p[i], r.calls, !r.top);
	else if (nr)
		write_tables(stdout, p, nr, r.top);
	return status;
}
