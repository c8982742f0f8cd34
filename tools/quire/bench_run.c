// SPDX-License-Identifier: MIT
/*
 * One machine of the benchmark: boot it with fixed layout, clock and seed, run the guest's program, read
 * what came out. Linux's figures depend on nothing that changes from day to day, so they are kept in
 * BUILD/bench under a hash of all they depend on: the binaries, QEMU's version, the options, the names of
 * the operations. Quire is always measured, and compared with the record of the same kernel if there is one.
 */
#define _GNU_SOURCE
#include "bench.h"

#include "apart.h"
#include "kernel.h"
#include "options.h"
#include "oracle.h"
#include "plugin.h"
#include "symbols.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINUX_D "init_on_alloc=0 mitigations=off randomize_kstack_offset=off cgroup_disable=memory"

const struct machine_kind machine_kinds[NR_BENCH_MACHINES] = {
	[BENCH_QUIRE] = { "quire", "Quire", "max,-erms,-fsrm,-la57", "" },
	[BENCH_A] = { "A", "Linux as it comes, -cpu max", "max", "" },
	[BENCH_C] = { "C", "Linux, -cpu max,-erms,-fsrm", "max,-erms,-fsrm", "" },
	[BENCH_D] = { "D", "Linux, as C with four levels of tables, " LINUX_D,
		      "max,-erms,-fsrm,-la57", LINUX_D },
};

static int need_symbols(void *o)
{
	symbols_file(o);
	return 0;
}

/* --- what a figure depends on --- */

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * 0x100000001b3ull;
	return h;
}

static uint64_t hash_file(uint64_t h, const char *path)
{
	char buf[1 << 16];
	FILE *f = fopen(path, "re");
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		h = hash_bytes(h, buf, n);
	if (f)
		fclose(f);
	return h;
}

const char *qemu_version(void)
{
	static char version[32];
	FILE *f = *version ? NULL : popen("exec qemu-system-x86_64 --version", "re");

	if (f && fscanf(f, "QEMU emulator version %31[0-9.]", version) != 1)
		strcpy(version, "unknown");
	if (f)
		pclose(f);
	return version;
}

static char *record_name(const struct bench *b, enum bench_machine m, const struct options *o)
{
	static const char *const files[] = { "bench/bench", "bench/true-static",
					     "bench/true-dynamic", "user/init",
					     "tools/quire-plugin.so" };
	uint64_t h = 0xcbf29ce484222325ull;

	h = hash_file(h, kernel_file(o));
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *path = xasprintf("%s/%s", build_dir(), files[i]);

		h = hash_file(h, path);
		free(path);
	}
	for (size_t i = 0; i < o->module.n; i++)
		h = hash_file(h, o->module.v[i]);
	h = hash_file(h, xasprintf("%s/bench/bulk", home_dir()));
	h = hash_bytes(h, qemu_version(), strlen(qemu_version()));
	h = hash_bytes(h, machine_kinds[m].cpu, strlen(machine_kinds[m].cpu));
	h = hash_bytes(h, machine_kinds[m].append, strlen(machine_kinds[m].append));
	h = hash_bytes(h, &b->plugin, sizeof(b->plugin));
	for (char **a = o->argv; *a; a++)
		h = hash_bytes(h, *a, strlen(*a) + 1);
	return xasprintf("%s/bench/%s-%016llx", build_dir(), machine_kinds[m].name,
			 (unsigned long long)h);
}

/* --- the machine --- */

/* Lines of the symbol file whose name bench/bulk lists for this kernel, to a file of this call's own. */
static char *bulk_ranges(const char *symbols, enum bench_machine m)
{
	const char *kernel = m == BENCH_QUIRE ? "quire" : "linux";
	char *path = xasprintf("%s/bench/ranges-%s.%d", build_dir(), kernel, (int)getpid());
	char *list = xasprintf("%s/bench/bulk", home_dir());
	FILE *in = fopen(symbols, "re"), *bulk = fopen(list, "re"), *out = fopen(path, "we");
	char line[600], name[400], pattern[200], of[16];

	if (!in || !bulk || !out)
		fail("%s, %s or %s: %s", symbols, list, path, strerror(errno));
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%*s %*s %399s", name) != 1)
			continue;
		rewind(bulk);
		while (fscanf(bulk, "%15s %199[^\n]", of, pattern) == 2)
			if (!strcmp(of, kernel) && !fnmatch(pattern, name, 0)) {
				fputs(line, out);
				break;
			}
	}
	fclose(in);
	fclose(bulk);
	fclose(out);
	free(list);
	return path;
}

static void add(struct strv *a, const char *option, const char *value)
{
	strv_add(a, option);
	strv_add(a, value);
}

/* A fresh disk with ext2 of 64 MiB; NULL without mke2fs. */
static char *make_disk(void)
{
	char *path = xasprintf("%s/bench/disk.%d", build_dir(), (int)getpid());
	char *command = xasprintf("exec mke2fs -q -F -t ext2 -b 4096 '%s' 64M >/dev/null", path);
	FILE *f = popen(command, "re");

	free(command);
	if (f && pclose(f) == 0)
		return path;
	say("mke2fs failed: operations on a disk are left out");
	free(path);
	return NULL;
}

static void compose(struct bench *b, enum bench_machine m, struct options *o, const char *disk)
{
	const struct machine_kind *kind = &machine_kinds[m];
	struct strv *a = xcalloc(1, sizeof(*a));

	add(a, "--kernel", m == BENCH_QUIRE ? "quire" : "linux");
	add(a, "--cpu", kind->cpu);
	add(a, "--append", kind->append);
	add(a, "--append", BENCH_QUIET);
	add(a, "--mem", "1G");
	add(a, "--timeout", "3600"); /* instructions are the same on a busy host, minutes are not */
	if (disk)
		add(a, "--disk", disk);
	if (disk && m != BENCH_QUIRE) { /* swap on zram is measured there, too */
		add(a, "--module", "lz4");
		add(a, "--module", "zram");
	}
	strv_add(a, "--icount");
	strv_add(a, "--add");
	strv_addf(a, "%s/bench/true-static:/bench/true-static", build_dir());
	strv_add(a, "--add");
	strv_addf(a, "%s/bench/true-dynamic:/bench/true-dynamic", build_dir());
	strv_add(a, "--");
	strv_addf(a, "%s/bench/bench", build_dir());
	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].wanted)
			strv_add(a, b->ops[i].name);
	options_read(o, "run", (int)a->n, a->v);
	o->no_input = true; /* it would interrupt when the host pleases */
}

/* => a kernel there is; the arguments of the plugin in o, its files of marks and of ranges */
static char *add_plugin(struct bench *b, enum bench_machine m, struct options *o, char **ranges)
{
	char *marks;

	if (!b->plugin)
		return NULL;
	if (apart(need_symbols, o, NULL, NULL)) {
		say("without the kernel's symbols the plugin cannot count");
		return NULL;
	}
	*ranges = bulk_ranges(symbols_file(o), m);
	marks = xasprintf("%s/bench/marks-%s.%d", build_dir(), machine_kinds[m].name,
			  (int)getpid());
	strv_add(&o->qemu_arg, "-plugin");
	strv_addf(&o->qemu_arg, "%s,out=%s,marks=0x70000000:4096,symbols=%s,ranges=%s",
		  plugin_file(), marks, symbols_file(o), *ranges);
	return marks;
}

/* The same machine with the program told to report at once. */
static struct options eager(const struct options *o)
{
	struct options again = *o;
	struct strv argv = { 0 };

	strv_add(&argv, o->argv[0]);
	strv_add(&argv, "--eager");
	for (char **a = o->argv + 1; *a; a++)
		strv_add(&argv, *a);
	again.argv = argv.v;
	return again;
}

static bool empty_file(const char *path)
{
	struct stat st;

	return stat(path, &st) || !st.st_size;
}

/* Boot once. A machine that died before it reported is booted once more, to see how far it comes. */
static struct figure *measure(struct bench *b, enum bench_machine m, struct options *o,
			      const char *marks)
{
	char *report = xasprintf("%s/bench/report-%s.%d", build_dir(), machine_kinds[m].name,
				 (int)getpid());
	struct figure *figures = xcalloc(b->nr_ops, sizeof(*figures));
	int status = apart(apart_machine, o, report, NULL);
	FILE *in, *counts;

	if (status && empty_file(report)) {
		struct options again = eager(o);

		say("%s ended with status %d; once more, reporting at once", machine_kinds[m].text,
		    status);
		status = apart(apart_machine, &again, report, NULL);
	}
	in = fopen(report, "re");
	counts = marks ? fopen(marks, "re") : NULL;
	if (status)
		say("%s ended with status %d; what it did not measure is missing below",
		    machine_kinds[m].text, status);
	if (in)
		figures_parse(b, figures, in, counts);
	if (in)
		fclose(in);
	if (counts)
		fclose(counts);
	unlink(report);
	if (marks)
		unlink(marks);
	free(report);
	return figures;
}

bool bench_complete(const struct bench *b, const struct figure *figures)
{
	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].wanted && !figures[i].measured && !figures[i].why)
			return false;
	return true;
}

static void tell_unmeasured(const struct bench *b, enum bench_machine m)
{
	const struct figure *last = NULL;

	for (size_t i = 0; i < b->nr_ops; i++) {
		const struct figure *f = &b->figures[m][i];

		if (!b->ops[i].wanted || !f->why)
			continue;
		if (!last || strcmp(last->why, f->why))
			say("%s: %s is not measured: %s", machine_kinds[m].name, b->ops[i].name,
			    f->why);
		last = f;
	}
}

static void take_over(struct bench *b, enum bench_machine m, const struct figure *figures)
{
	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].wanted)
			b->figures[m][i] = figures[i];
}

/* The operations that are wanted, in one machine, into b->figures[m]. */
static void run_group(struct bench *b, enum bench_machine m, const char *disk)
{
	struct options o;
	char *record, *marks, *ranges = NULL;
	struct figure *old = xcalloc(b->nr_ops, sizeof(*old)), *new;
	bool known;

	compose(b, m, &o, disk);
	if (apart(apart_kernel, &o, NULL, NULL)) {
		say("%s is left out of the table", machine_kinds[m].text);
		return;
	}
	if (m != BENCH_QUIRE && apart(apart_module, NULL, NULL, NULL) == 0)
		strv_add(&o.module, oracle_mmtest());
	record = record_name(b, m, &o);
	known = record_load(b, old, record);
	if (known && m != BENCH_QUIRE && !b->fresh) {
		say("%s: recorded figures (--fresh takes them anew)", machine_kinds[m].text);
		take_over(b, m, old);
		return;
	}
	say("%s: measuring", machine_kinds[m].text);
	marks = add_plugin(b, m, &o, &ranges);
	new = measure(b, m, &o, marks);
	if (b->twice) {
		struct figure *again = measure(b, m, &o, marks);

		b->differences += record_compare(b, new, again, machine_kinds[m].name);
	}
	if (ranges)
		unlink(ranges);
	free(ranges);
	if (known && !disk)
		b->differences += record_compare(b, old, new, machine_kinds[m].name);
	else if (bench_complete(b, new))
		record_store(b, new, record);
	take_over(b, m, new);
	tell_unmeasured(b, m);
}

void bench_run(struct bench *b, enum bench_machine m)
{
	bool *wanted = xcalloc(b->nr_ops, sizeof(*wanted));

	b->figures[m] = xcalloc(b->nr_ops, sizeof(struct figure));
	for (size_t i = 0; i < b->nr_ops; i++)
		wanted[i] = b->ops[i].wanted;
	for (int with_disk = 0; with_disk < 2; with_disk++) {
		char *disk = NULL;
		bool any = false;

		for (size_t i = 0; i < b->nr_ops; i++)
			any |= b->ops[i].wanted = wanted[i] && b->ops[i].disk == with_disk;
		if (!any || (with_disk && !(disk = make_disk())))
			continue;
		run_group(b, m, disk);
		if (disk)
			unlink(disk);
		free(disk);
	}
	for (size_t i = 0; i < b->nr_ops; i++)
		b->ops[i].wanted = wanted[i];
	free(wanted);
}
