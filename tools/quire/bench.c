// SPDX-License-Identifier: MIT
/* The command `quire bench`: its options, the order of the work, where the result goes. */
#define _GNU_SOURCE
#include "bench.h"

#include "apart.h"
#include "bench_boot.h"
#include "options.h"
#include "plugin.h"
#include "qemu.h"
#include "scale.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct call {
	bool machines[NR_BENCH_MACHINES];
	const char *csv, *json;
	bool record, guard;
	char **names;
	int nr_names;
};

static _Noreturn void print_help(void)
{
	puts("usage: ./quire bench [options] [NAME...]\n\n"
	     "Guest instructions per operation on Quire and on Linux, the same program on both, counted\n"
	     "by QEMU: they repeat to the digit on any machine. docs/performance.md tells the method.\n"
	     "NAME may be a pattern ('mmap-*'); without one all operations are measured.\n\n"
	     "  --baseline A,C,D   which forms of Linux (default all three; - for none)\n"
	     "  --csv FILE         the table as CSV too (- for standard output instead of the text)\n"
	     "  --json FILE        likewise as JSON\n"
	     "  --fresh            boot Linux although its figures are recorded\n"
	     "  --twice            measure twice; a figure that does not repeat is told, exit status 1\n"
	     "  --no-plugin        count by the time stamp counter alone, without the data column\n"
	     "  --record           write bench/results/ for this version of QEMU\n"
	     "  --guard            compare a handful of operations with what is recorded there\n"
	     "  --list             the names of the operations\n\n"
	     "`./quire bench boot` measures the start and the footprint, `./quire bench scale` locks\n"
	     "and several CPUs.");
	exit(0);
}

static void choose_baselines(struct call *c, const char *list)
{
	for (int m = BENCH_A; m <= BENCH_D; m++)
		c->machines[m] = false;
	if (!strcmp(list, "-"))
		return;
	for (const char *s = list; *s; s += strcspn(s, ","), s += *s == ',') {
		int m = BENCH_A;

		while (m <= BENCH_D && (strcspn(s, ",") != 1 || *s != *machine_kinds[m].name))
			m++;
		if (m > BENCH_D)
			fail("--baseline %s: some of A,C,D are meant, or - for none", list);
		c->machines[m] = true;
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

static void read_call(struct bench *b, struct call *c, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && argv[i][0] == '-'; i++) {
		size_t len = strcspn(argv[i], "=");
		const char *value = argv[i][len] ? argv[i] + len + 1 : argv[i + 1];

		if (read_switch(b, c, argv[i]))
			continue;
		if (strncmp(argv[i], "--csv", len) && strncmp(argv[i], "--json", len) &&
		    strncmp(argv[i], "--baseline", len))
			fail("%s is no option of `quire bench`; `./quire bench --help` lists them",
			     argv[i]);
		if (!value)
			fail("%s needs a value", argv[i]);
		if (argv[i][2] == 'c')
			c->csv = value;
		else if (argv[i][2] == 'j')
			c->json = value;
		else
			choose_baselines(c, value);
		i += !argv[i][len];
	}
	c->names = argv + i;
	c->nr_names = argc - i;
}

static void put_file(const struct bench *b, const char *file,
		     void (*put)(const struct bench *b, FILE *f))
{
	FILE *f;

	if (!file)
		return;
	f = strcmp(file, "-") ? fopen(file, "we") : stdout;
	if (!f)
		fail("%s: %s", file, strerror(errno));
	put(b, f);
	if (f != stdout && fclose(f))
		fail("%s: %s", file, strerror(errno));
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

static void record_results(const struct bench *b)
{
	char *dir = xasprintf("%s/bench/results", home_dir());
	char *file = xasprintf("%s/qemu-%s.csv", dir, qemu_version());

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
		bench_text(&b, stdout);
	put_file(&b, c.csv, bench_csv);
	put_file(&b, c.json, bench_json);
	if (c.record)
		record_results(&b);
	return b.differences ? 1 : 0;
}
