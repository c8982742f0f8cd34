// SPDX-License-Identifier: MIT
/*
 * quire bench scale: the operations of bench/scale.c by 1, 2, 4, 8 CPUs at once, on both kernels.
 *
 * Each number of CPUs takes up to three runs, since each way of looking disturbs the others: by the clock, as the
 * kernel is; for a fixed number of rounds under the plugin, which counts writes to shared cache lines; and, for
 * Quire, for as many rounds on a kernel built with LOCKSTAT=1.
 */
#define _GNU_SOURCE
#include "scale.h"

#include "apart.h"
#include "options.h"
#include "plugin.h"
#include "qemu.h"
#include "say.h"
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NR_OPS = 5, MAX_STEPS = 8, NR_KERNELS = 2, ROUNDS = 20 };

/* In the order of bench/scale.c: its marks are numbered so. */
static const char *const op_names[NR_OPS] = { "disjoint-faults", "shared-faults", "map-unmap",
					      "page-allocation", "shared-file-reads" };
static const char *const kernel_names[NR_KERNELS] = { "quire", "linux" };

/* What was measured of one operation on one kernel with one number of CPUs; counts are of all CPUs. */
struct cell {
	bool timed, locked, lined;
	double operations, ns, res, cal, tlb; /* by the clock */
	double lock_operations, contentions, wait_us, hold_us;
	double line_operations, shared_writes, shared_atomics, taken;
};

struct scale {
	int cpus[MAX_STEPS], nr_steps;
	bool kernels[NR_KERNELS], ops[NR_OPS];
	int ms;
	bool plugin;  /* cache lines can be looked at */
	int mistakes; /* parts of the call or of the machine that are missing; each was told */
	struct cell cell[NR_KERNELS][MAX_STEPS][NR_OPS];
	struct strv names; /* of the operations that were asked for */
};

static void print_help(void)
{
	printf("usage: ./quire bench scale [options] [NAME...]\n\n"
	       "How operations scale with CPUs: by the clock and, since a host with few CPUs cannot show\n"
	       "it by time, by what CPUs do to each other: interrupts, lock contention, shared cache lines.\n\n"
	       "  --cpus 1,2,4,8         numbers of CPUs\n"
	       "  --kernel quire|linux   only one of the two\n"
	       "  --ms N                 milliseconds by the clock for each operation (default 300)\n\n"
	       "Names:");
	for (int i = 0; i < NR_OPS; i++)
		printf(" %s", op_names[i]);
	printf(" (default: all)\ndocs/profiling.md tells what each column means.\n");
	exit(0);
}

/* --- the call --- */

static void read_cpus(struct scale *s, const char *v)
{
	char *end;

	for (s->nr_steps = 0; s->nr_steps < MAX_STEPS; v = end + 1) {
		long n = strtol(v, &end, 10);

		if (end == v || n < 1 || n > 32 || (*end && *end != ','))
			fail("--cpus: numbers from 1 to 32 with commas between them are meant");
		s->cpus[s->nr_steps++] = (int)n;
		if (!*end)
			return;
	}
	fail("--cpus: at most %d numbers", MAX_STEPS);
}

static void read_option(struct scale *s, const char *name, const char *v)
{
	if (!v)
		fail("%s needs a value; `./quire bench scale --help` lists the options", name);
	if (!strcmp(name, "--cpus"))
		read_cpus(s, v);
	else if (!strcmp(name, "--ms") && strspn(v, "0123456789") == strlen(v) && atoi(v) > 0)
		s->ms = atoi(v);
	else if (!strcmp(name, "--kernel") && (!strcmp(v, "quire") || !strcmp(v, "linux")))
		s->kernels[0] = !strcmp(v, "quire"), s->kernels[1] = !s->kernels[0];
	else if (!strcmp(name, "--ms") || !strcmp(name, "--kernel"))
		fail("%s %s: `./quire bench scale --help` tells what is meant", name, v);
	else
		fail("%s is no option of `quire bench scale`; its --help lists them", name);
}

static void read_name(struct scale *s, const char *name)
{
	int i = 0;

	while (i < NR_OPS && strcmp(name, op_names[i]) != 0)
		i++;
	if (i == NR_OPS) {
		say("there is no operation %s; `./quire bench scale --help` lists them", name);
		s->mistakes++;
		return;
	}
	s->ops[i] = true;
	strv_add(&s->names, name);
}

static void read_call(struct scale *s, int argc, char **argv)
{
	s->ms = 300;
	s->kernels[0] = s->kernels[1] = true;
	read_cpus(s, "1,2,4,8");
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			print_help();
		if (argv[i][0] != '-') {
			read_name(s, argv[i]);
		} else if (value) {
			*value++ = '\0';
			read_option(s, argv[i], value);
		} else {
			read_option(s, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		}
	}
	if (!s->names.n && s->mistakes)
		exit(EXIT_MISTAKE);
	for (int i = 0; !s->names.n && i < NR_OPS; i++)
		s->ops[i] = true;
}

/* --- runs --- */

static int op_number(const char *name)
{
	for (int i = 0; i < NR_OPS; i++)
		if (!strcmp(name, op_names[i]))
			return i;
	return -1;
}

/* Which of the three kinds of run a line comes from. */
enum look { BY_CLOCK, LOCKS, LINES };

static void read_line(struct cell *cells, enum look look, const char *line, int *op)
{
	char name[64];
	double v[5];

	if (sscanf(line, "op %63s %lf %lf %lf %lf %lf", name, &v[0], &v[1], &v[2], &v[3], &v[4]) ==
	    6) {
		struct cell *c;

		*op = op_number(name);
		if (*op < 0)
			return;
		c = &cells[*op];
		if (look == BY_CLOCK) {
			c->timed = true;
			c->operations = v[0], c->ns = v[1];
			c->res = v[2], c->cal = v[3], c->tlb = v[4];
		} else if (look == LOCKS) {
			c->locked = true;
			c->lock_operations = v[0];
		} else {
			c->line_operations = v[0];
		}
	} else if (look == LOCKS && *op >= 0 &&
		   sscanf(line, "lock %63s %lf %lf %lf %lf", name, &v[0], &v[1], &v[2], &v[3]) ==
			   5) {
		cells[*op].contentions += v[0];
		cells[*op].wait_us += v[1];
		cells[*op].hold_us += v[3];
	}
}

/* False when the machine did not run to the end; it has said why. */
static bool run_guest(struct scale *s, int kernel, int step, enum look look, const char *extra)
{
	char *rounds = look == BY_CLOCK ? xasprintf("%d", s->ms) : xasprintf("x%d", ROUNDS);
	char *command = xasprintf(
		"exec '%s/tools/quire' run --timeout 300 --smp %d %s%s %s -- '%s/bench/scale' "
		"%d %s",
		build_dir(), s->cpus[step], look == LOCKS ? "" : "--kernel ",
		look == LOCKS ? "" : kernel_names[kernel], extra, build_dir(), s->cpus[step],
		rounds);
	char line[400];
	int op = -1;
	FILE *f;

	for (size_t i = 0; i < s->names.n; i++) {
		char *longer = xasprintf("%s %s", command, s->names.v[i]);

		free(command);
		command = longer;
	}
	fflush(NULL);
	f = popen(command, "re");
	free(command);
	free(rounds);
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		read_line(s->cell[kernel][step], look, line, &op);
	return pclose(f) == 0;
}

static void read_lines(struct cell *cells, const char *file)
{
	FILE *f = fopen(file, "re");
	char line[600];
	double v[5];
	int op;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "lines %d %lf %lf %lf %lf %lf", &op, &v[0], &v[1], &v[2], &v[3],
			   &v[4]) != 6 ||
		    op < 0 || op >= NR_OPS)
			continue;
		cells[op].lined = true;
		cells[op].shared_writes = v[2];
		cells[op].shared_atomics = v[3];
		cells[op].taken = v[4];
	}
	if (f)
		fclose(f);
	unlink(file);
}

static void look_at_lines(struct scale *s, int kernel, int step)
{
	struct options o = { .kernel = kernel ? KERNEL_LINUX : KERNEL_QUIRE };
	char *out = xasprintf("%s/scale.%d", build_dir(), (int)getpid());
	char *extra = xasprintf("--accel tcg --append nokaslr --qemu-arg -plugin --qemu-arg "
				"'%s,lines=1,out=%s,marks=0x70000000:64,symbols=%s'",
				plugin_file(), out, symbols_file(&o));

	if (run_guest(s, kernel, step, LINES, extra))
		read_lines(s->cell[kernel][step], out);
	unlink(out);
	free(out);
	free(extra);
}

/* --- what is needed first --- */

static void make(const char *target, const char *where, const char *what)
{
	struct strv argv = { 0 };

	strv_add(&argv, "make");
	strv_add(&argv, "-s");
	strv_add(&argv, "say="); /* not a line for each file */
	strv_add(&argv, "-C");
	strv_add(&argv, home_dir());
	strv_addf(&argv, "-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	strv_addf(&argv, "O=%s", where);
	if (strstr(target, ".elf"))
		strv_add(&argv, "LOCKSTAT=1");
	else
		strv_add(&argv, "-ftools/tools.mk");
	strv_add(&argv, target);
	if (run_tool(&argv) || access(target, R_OK))
		fail("%s could not be built; its messages are above", what);
}

static char *lock_kernel(void)
{
	char *where = xasprintf("%s/lockstat", build_dir());
	char *kernel = xasprintf("%s/quire.elf", where);

	say("building the kernel with lock statistics (a minute, the first time)");
	make(kernel, where, "the kernel with LOCKSTAT=1");
	free(where);
	return kernel;
}

/* --- tables --- */

static void put(bool known, double value)
{
	if (!known)
		printf(" %9s", "-");
	else
		printf(" %9.*f", value >= 1000 ? 0 : value >= 10 ? 1 : 3, value);
}

static double per(double n, double operations)
{
	return operations > 0 ? n / operations : 0;
}

static void write_op(const struct scale *s, int op)
{
	printf("\n%s\n%-6s %4s %9s %9s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n", op_names[op],
	       "kernel", "cpus", "per ms", "speed-up", "RES", "CAL", "TLB", "contend", "wait us",
	       "hold us", "sh.write", "sh.atomic", "taken");
	for (int k = 0; k < NR_KERNELS; k++) {
		for (int i = 0; i < s->nr_steps && s->kernels[k]; i++) {
			const struct cell *c = &s->cell[k][i][op], *one = &s->cell[k][0][op];
			double rate = per(c->operations, c->ns) * 1e6,
			       first = per(one->operations, one->ns) * 1e6;

			printf("%-6s %4d", kernel_names[k], s->cpus[i]);
			put(c->timed, rate);
			put(c->timed && one->timed, first > 0 ? rate / first : 0);
			put(c->timed, per(c->res, c->operations));
			put(c->timed, per(c->cal, c->operations));
			put(c->timed, per(c->tlb, c->operations));
			put(c->locked, per(c->contentions, c->lock_operations));
			put(c->locked, per(c->wait_us, c->lock_operations));
			put(c->locked, per(c->hold_us, c->lock_operations));
			put(c->lined, per(c->shared_writes, c->line_operations));
			put(c->lined, per(c->shared_atomics, c->line_operations));
			put(c->lined, per(c->taken, c->line_operations));
			putchar('\n');
		}
	}
}

static int need_plugin(void *unused)
{
	(void)unused;
	plugin_file();
	return 0;
}

int scale_command(int argc, char **argv)
{
	static struct scale s;
	char *program = xasprintf("%s/bench/scale", build_dir()), *locks = NULL;

	read_call(&s, argc, argv);
	qemu_require();
	s.plugin = !apart(need_plugin, NULL, NULL, NULL);
	if (!s.plugin)
		say("the columns of shared cache lines stay empty");
	make(program, build_dir(), "bench/scale.c");
	if (s.kernels[0])
		locks = xasprintf("--kernel '%s'", lock_kernel());
	for (int k = 0; k < NR_KERNELS; k++) {
		for (int i = 0; i < s.nr_steps && s.kernels[k]; i++) {
			say("%s with %d CPU%s", kernel_names[k], s.cpus[i],
			    s.cpus[i] > 1 ? "s" : "");
			if (!run_guest(&s, k, i, BY_CLOCK, ""))
				break; /* it has said why; the other kernel's rows still come */
			if (!k)
				run_guest(&s, k, i, LOCKS, locks);
			if (s.plugin)
				look_at_lines(&s, k, i);
		}
	}
	printf("Per operation, unless per ms; speed-up against the first row of the kernel, on a host with %ld CPUs.\n",
	       sysconf(_SC_NPROCESSORS_ONLN));
	for (int op = 0; op < NR_OPS; op++)
		if (s.ops[op])
			write_op(&s, op);
	free(program);
	free(locks);
	return s.mistakes ? EXIT_MISTAKE : 0;
}
