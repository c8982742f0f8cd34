// SPDX-License-Identifier: MIT
/* The command `quire bench`: its options, the order of the work, where the result goes. */
#define _GNU_SOURCE
#include "bench.h"

#include "apart.h"
#include "bench_boot.h"
#include "options.h"
#include "plugin.h"
#include "pressure.h"
#include "qemu.h"
#include "scale.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct call {
	bool machines[NR_BENCH_MACHINES];
	bool baselines; /* --baseline was given */
	const char *csv, *json;
	bool record, guard;
	char **names;
	int nr_names;
};

static _Noreturn void print_help(void)
{
	puts("usage: ./quire bench [options] [NAME...]\n\n"
	     "Guest instructions per operation on Quire and on Linux, the same program on both, counted\n"
	     "by QEMU: they repeat on any machine. docs/performance.md tells the method.\n"
	     "NAME may be a pattern ('mmap-*'); without one all operations are measured.\n\n"
	     "  --baseline A,C,D   which forms of Linux (default all three; - for none)\n"
	     "  --csv FILE         the table as CSV too (- for standard output instead of the text)\n"
	     "  --json FILE        likewise as JSON\n"
	     "  --fresh            boot Linux although its figures are recorded\n"
	     "  --twice            measure twice; a figure that does not repeat (within 1/20000) is told, status 1\n"
	     "  --no-plugin        count by the time stamp counter alone, without the data column\n"
	     "  --record           write bench/results/ for this version of QEMU; takes the whole table\n"
	     "  --guard            compare a handful of operations with what is recorded there\n"
	     "  --list             the names of the operations\n\n"
	     "`./quire bench boot` measures the start and the footprint, `./quire bench scale` locks\n"
	     "and several CPUs, `./quire bench pressure` programs that need more memory than there is.");
	exit(0);
}

/* What is none of A, C, D is told; the rest of the table still comes. */
static void choose_baselines(struct bench *b, struct call *c, const char *list)
{
	bool strange = !*list;

	c->baselines = true;
	for (int m = BENCH_A; m <= BENCH_D; m++)
		c->machines[m] = false;
	if (!strcmp(list, "-"))
		return;
	for (const char *s = list; *s; s += strcspn(s, ","), s += *s == ',') {
		int m = BENCH_A;

		while (m <= BENCH_D && (strcspn(s, ",") != 1 || *s != *machine_kinds[m].name))
			m++;
		if (m <= BENCH_D)
			c->machines[m] = true;
		else
			strange = true;
	}
	if (strange) {
		say("--baseline %s: some of A,C,D are meant, or - for none", list);
		b->mistakes++;
	}
}

static void print_names(void)
{
	struct bench b = { 0 };

	operations_read(&b);
	for (size_t i = 0; i < b.nr_ops; i++)
		puts(b.ops[i].name);
	exit(0);
}

static bool read_switch(struct bench *b, struct call *c, const char *arg)
{
	if (!strcmp(arg, "--fresh"))
		b->fresh = true;
	else if (!strcmp(arg, "--twice"))
		b->twice = true;
	else if (!strcmp(arg, "--no-plugin"))
		b->plugin = false;
	else if (!strcmp(arg, "--record"))
		c->record = true;
	else if (!strcmp(arg, "--guard"))
		c->guard = true;
	else if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
		print_help();
	else if (!strcmp(arg, "--list"))
		print_names();
	else
		return false;
	return true;
}

/* argv[*i] is the option @name: its value, with *i on it; else NULL. */
static const char *value_of(char **argv, int *i, const char *name)
{
	size_t len = strlen(name);
	const char *arg = argv[*i];

	if (strncmp(arg, name, len) || (arg[len] && arg[len] != '='))
		return NULL;
	if (arg[len])
		return arg + len + 1;
	if (!argv[*i + 1])
		fail("%s needs a value", name);
	return argv[++*i];
}

/* Only one document can have standard output; a record of part of the table would pass for the whole. */
static void check_call(const struct bench *b, const struct call *c)
{
	if (c->csv && c->json && !strcmp(c->csv, "-") && !strcmp(c->json, "-"))
		fail("--csv - and --json - cannot both have standard output; give one a file");
	if (c->record && (c->nr_names || c->baselines || !b->plugin))
		fail("--record records the whole table; leave out names, --baseline and --no-plugin");
}

/* Options may stand before and after names, which never begin with '-'. */
static void read_call(struct bench *b, struct call *c, int argc, char **argv)
{
	c->names = xcalloc(argc + 1, sizeof(*c->names));
	for (int i = 0; i < argc; i++) {
		const char *v;

		if (argv[i][0] != '-') {
			c->names[c->nr_names++] = argv[i];
			continue;
		}
		if (read_switch(b, c, argv[i]))
			continue;
		if ((v = value_of(argv, &i, "--csv")))
			c->csv = v;
		else if ((v = value_of(argv, &i, "--json")))
			c->json = v;
		else if ((v = value_of(argv, &i, "--baseline")))
			choose_baselines(b, c, v);
		else
			fail("%s is no option of `quire bench`; `./quire bench --help` lists them",
			     argv[i]);
	}
	check_call(b, c);
}

/* A file that cannot be written is told; the others still come. */
static void put_file(struct bench *b, const char *file, void (*put)(const struct bench *b, FILE *f))
{
	bool written = false;
	FILE *f;

	if (!file)
		return;
	f = strcmp(file, "-") ? fopen(file, "we") : stdout;
	if (f) {
		put(b, f);
		written = !fflush(f) && !ferror(f);
	}
	if (f && f != stdout)
		written &= !fclose(f);
	if (written)
		return;
	say("%s: %s", strcmp(file, "-") ? file : "standard output", strerror(errno));
	b->mistakes++;
}

/* The guest's programs; the tool and init are built with them. */
static void build_programs(void)
{
	struct strv argv = { 0 };

	make_dirs(xasprintf("%s/bench", build_dir()));
	strv_add(&argv, "make");
	strv_add(&argv, "-s");
	strv_add(&argv, "-C");
	strv_add(&argv, home_dir());
	strv_add(&argv, "-f");
	strv_add(&argv, "tools/tools.mk");
	strv_addf(&argv, "O=%s", build_dir());
	strv_add(&argv, "bench-programs");
	if (run_tool(&argv))
		fail("the benchmark's programs could not be built; `make bench-programs` in %s shows why",
		     home_dir());
}

static int need_plugin(void *unused)
{
	(void)unused;
	plugin_file();
	return 0;
}

static bool have_plugin(void)
{
	if (!apart(need_plugin, NULL, NULL, NULL))
		return true;
	say("instructions are counted by the time stamp counter alone");
	return false;
}

static void record_results(struct bench *b)
{
	char *dir = xasprintf("%s/bench/results", home_dir());
	char *file = xasprintf("%s/qemu-%s.csv", dir, qemu_version());

	for (int m = 0; m < NR_BENCH_MACHINES; m++)
		if (!b->plugin || !b->figures[m] || !bench_complete(b, b->figures[m]))
			fail("not recorded: the table of %s is not whole", machine_kinds[m].text);
	make_dirs(dir);
	put_file(b, file, bench_csv);
	guard_record(b);
	say("wrote %s", file);
}

int bench_command(int argc, char **argv)
{
	struct bench b = { .plugin = true };
	struct call c = { .machines = { true, true, true, true } };

	if (argc && !strcmp(argv[0], "boot")) {
		qemu_require();
		build_programs();
		return boot_command(argc - 1, argv + 1, have_plugin());
	}
	if (argc && !strcmp(argv[0], "scale"))
		return scale_command(argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "pressure"))
		return pressure_command(argc - 1, argv + 1);
	read_call(&b, &c, argc, argv);
	operations_read(&b);
	operations_choose(&b, c.names, c.nr_names);
	qemu_require();
	build_programs();
	b.plugin = b.plugin && have_plugin();
	if (c.guard)
		return bench_guard(&b);
	for (int m = 0; m < NR_BENCH_MACHINES; m++)
		if (c.machines[m])
			bench_run(&b, m);
	if ((!c.csv || strcmp(c.csv, "-")) && (!c.json || strcmp(c.json, "-")))
		put_file(&b, "-", bench_text);
	put_file(&b, c.csv, bench_csv);
	put_file(&b, c.json, bench_json);
	if (c.record)
		record_results(&b);
	return b.mistakes ? EXIT_MISTAKE : b.differences ? 1 : 0;
}
