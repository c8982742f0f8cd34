// SPDX-License-Identifier: MIT
/*
 * The start and the footprint, Quire beside Linux under baseline D. What cannot be measured is "-".
 *
 * Instructions: init notes the time stamp counter when it begins (/run/start), under -icount the number
 * of instructions since reset; the plugin has a mark at the kernel's entry, for Quire that of the ELF file,
 * for Linux the set-up code of the bzImage, which QEMU's firmware jumps to at 0x10200.
 * Memory gone: what of 1 GiB init does not find free when it begins, less the files of the initramfs.
 * Smallest memory: whole MiB, by halving; a machine that does not print within its time does not boot.
 */
#define _GNU_SOURCE
#include "bench_boot.h"

#include "apart.h"
#include "bench.h"
#include "kernel.h"
#include "options.h"
#include "oracle.h"
#include "plugin.h"
#include "symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_KIB  (1l << 20)
#define LINUX_ENTRY 0x10200

enum fact {
	FROM_RESET,
	FROM_ENTRY,
	MEMORY_GONE,
	LEAST_MEMORY,
	TEXT,
	PAGE_METADATA,
	MICROVM_WALL,
	NR_FACTS
};

static const struct fact_row {
	const char *name, *text, *goal;
} rows[NR_FACTS] = {
	[FROM_RESET] = { "from_reset", "instructions, reset to first user instruction", "" },
	[FROM_ENTRY] = { "from_entry", "instructions, kernel's entry to first user instruction",
			 "1/50 of Linux" },
	[MEMORY_GONE] = { "memory_gone_kib", "memory gone of 1 GiB before the first program, KiB",
			  "1/8 of Linux" },
	[LEAST_MEMORY] = { "least_memory_mib", "smallest memory that boots a BusyBox shell, MiB",
			   "8" },
	[TEXT] = { "text_bytes", "kernel text, bytes", "" },
	[PAGE_METADATA] = { "page_metadata_bytes", "metadata per page (struct page), bytes", "32" },
	[MICROVM_WALL] = { "microvm_ms", "microvm: start of QEMU to init, ms (best of 3, no KVM)",
			   "" },
};

struct side {
	bool is_linux;
	double fact[NR_FACTS]; /* below 0: not measured */
};

/* --- one machine --- */

/* The options of `quire run` in words; the rest of the vector must end with NULL. */
static void options_of(struct options *o, const struct side *s, const char *const *more)
{
	const struct machine_kind *kind = &machine_kinds[s->is_linux ? BENCH_D : BENCH_QUIRE];
	struct strv *a = xcalloc(1, sizeof(*a));

	strv_add(a, "--kernel");
	strv_add(a, s->is_linux ? "linux" : "quire");
	strv_add(a, "--cpu");
	strv_add(a, kind->cpu);
	strv_add(a, "--append");
	strv_add(a, kind->append);
	strv_add(a, "--append");
	strv_add(a, BENCH_QUIET);
	strv_add(a, "--smp");
	strv_add(a, "1");
	strv_add(a, "--accel");
	strv_add(a, "tcg");
	for (; *more; more++)
		strv_add(a, *more);
	options_read(o, "run", (int)a->n, a->v);
}

/* The number after a word at the beginning of a line, or -1. */
static double number_after(const char *file, const char *word)
{
	FILE *f = fopen(file, "re");
	char line[256];
	double found = -1;

	while (f && found < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)) && line[strlen(word)] == ' ')
			found = strtod(line + strlen(word) + 1, NULL);
	if (f)
		fclose(f);
	return found;
}

static char *scratch(const struct side *s, const char *what)
{
	return xasprintf("%s/bench/boot-%s-%s.%d", build_dir(), s->is_linux ? "linux" : "quire",
			 what, (int)getpid());
}

/* The address of a symbol, or 0. */
static unsigned long long symbol(const char *command, const char *name)
{
	FILE *f = popen(command, "re");
	unsigned long long at, found = 0;
	char line[256], n[200];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %199s", &at, n) == 2 && !strcmp(n, name))
			found = at;
	if (f)
		pclose(f);
	return found;
}

static double text_bytes(const struct side *s, const struct options *o, const char *report)
{
	char *command =
		s->is_linux ? xasprintf("cat '%s'", report) : xasprintf("nm '%s'", kernel_file(o));
	unsigned long long from = symbol(command, "_stext"), to = symbol(command, "_etext");

	free(command);
	return from && to > from ? (double)(to - from) : -1;
}

static unsigned long long entry_of(const struct side *s, const struct options *o)
{
	unsigned long long entry = 0;
	char *command;
	FILE *f;

	if (s->is_linux)
		return LINUX_ENTRY;
	command = xasprintf("readelf -h '%s' | sed -n 's/.*Entry point address: *//p'",
			    kernel_file(o));
	f = popen(command, "re");
	if (!f || fscanf(f, "%llx", &entry) != 1)
		say("%s has no entry", kernel_file(o));
	if (f)
		pclose(f);
	free(command);
	return entry;
}

static const char facts_script[] = "cat /run/start; echo files $(du -skx / | cut -f1);\n"
				   "/bench/bench --page-struct\n"
				   "grep -w -e _stext -e _etext /proc/kallsyms\n";

/* One boot under -icount with 1 GiB; most of the facts. */
static void boot_once(struct side *s, bool plugin)
{
	char *marks = scratch(s, "marks"), *report = scratch(s, "report");
	char *bench = xasprintf("%s/bench/bench:/bench/bench", build_dir());
	const char *const more[] = { "--icount", "--mem", "1G", "--timeout", "200",	   "--add",
				     bench,	 "--",	  "sh", "-c",	     facts_script, NULL };
	double entry, files, memfree;
	struct options o;

	options_of(&o, s, more);
	if (s->is_linux && apart(apart_module, NULL, NULL, NULL) == 0)
		strv_add(&o.module, oracle_mmtest());
	if (plugin) {
		strv_add(&o.qemu_arg, "-plugin");
		strv_addf(&o.qemu_arg, "%s,out=%s,marks=0x%llx:1", plugin_file(), marks,
			  entry_of(s, &o));
	}
	apart(apart_machine, &o, report, NULL);
	s->fact[FROM_RESET] = number_after(report, "tsc");
	entry = number_after(marks, "mark 0");
	if (entry > 0 && s->fact[FROM_RESET] > 0)
		s->fact[FROM_ENTRY] = s->fact[FROM_RESET] - entry;
	memfree = number_after(report, "memfree");
	files = number_after(report, "files");
	if (memfree > 0 && files > 0)
		s->fact[MEMORY_GONE] = MEMORY_KIB - memfree - files;
	s->fact[PAGE_METADATA] = number_after(report, "page-struct");
	s->fact[TEXT] = text_bytes(s, &o, report);
	unlink(marks);
	unlink(report);
}

static bool boots(struct side *s, int mib)
{
	char *size = xasprintf("%dM", mib), *report = scratch(s, "shell");
	const char *const more[] = { "--mem",	size, "--timeout", "40",	   "--",
				     "busybox", "sh", "-c",	   "echo shell 1", NULL };
	struct options o;
	bool yes;

	options_of(&o, s, more);
	apart(apart_machine, &o, report, "/dev/null");
	yes = number_after(report, "shell") == 1;
	unlink(report);
	free(report);
	free(size);
	return yes;
}

static double least_memory(struct side *s)
{
	int works = 256, fails = 1;

	if (!boots(s, works))
		return -1;
	while (works - fails > 1) {
		int mib = (works + fails) / 2;

		if (boots(s, mib))
			works = mib;
		else
			fails = mib;
	}
	return works;
}

/* Linux cannot calibrate its time stamp counter on microvm without KVM, so it is told what TCG's is. */
static double microvm_wall(struct side *s)
{
	const char *const more[] = { "--machine", "microvm",
				     "--timeout", "30",
				     "--append",  s->is_linux ? "tsc_early_khz=1000000" : "",
				     "--",	  "true",
				     NULL };
	char *err = scratch(s, "times");
	double best = -1;

	setenv("QUIRE_TIMES", "1", 1);
	for (int i = 0; i < 3; i++) {
		struct options o;
		double ms;

		options_of(&o, s, more);
		if (apart(apart_machine, &o, NULL, err))
			break;
		ms = number_after(err, "quire: init ran after");
		if (ms > 0 && (best < 0 || ms < best))
			best = ms;
	}
	unsetenv("QUIRE_TIMES");
	unlink(err);
	return best;
}

static void measure(struct side *s, bool plugin)
{
	static const char *const none[] = { "--", "true", NULL };
	struct options o;

	for (int i = 0; i < NR_FACTS; i++)
		s->fact[i] = -1;
	options_of(&o, s, none);
	if (apart(apart_kernel, &o, NULL, NULL)) {
		say("the column of %s stays empty", s->is_linux ? "Linux" : "Quire");
		return;
	}
	say("%s: instructions and memory of the start", s->is_linux ? "Linux" : "Quire");
	boot_once(s, plugin);
	say("%s: smallest memory", s->is_linux ? "Linux" : "Quire");
	s->fact[LEAST_MEMORY] = least_memory(s);
	say("%s: time on microvm", s->is_linux ? "Linux" : "Quire");
	s->fact[MICROVM_WALL] = microvm_wall(s);
}

/* --- the result --- */

static void put(FILE *f, const char *form, const char *nothing, double value)
{
	if (value < 0)
		fputs(nothing, f);
	else
		fprintf(f, form, value);
}

static void text(const struct side *quire, const struct side *debian, FILE *f)
{
	fprintf(f, "%-56s %14s %14s %8s  %s\n", "", "Quire", "Linux 6.1 (D)", "ratio", "goal");
	for (int i = 0; i < NR_FACTS; i++) {
		double q = quire->fact[i], l = debian->fact[i];

		fprintf(f, "%-56s", rows[i].text);
		put(f, " %14.0f", "              -", q);
		put(f, " %14.0f", "              -", l);
		put(f, " %8.4f", "        -", q >= 0 && l > 0 ? q / l : -1);
		fprintf(f, "  %s\n", rows[i].goal);
	}
}

static void csv(const struct side *quire, const struct side *debian, FILE *f)
{
	fputs("fact,quire,linux_D\n", f);
	for (int i = 0; i < NR_FACTS; i++) {
		fprintf(f, "%s,", rows[i].name);
		put(f, "%.0f", "", quire->fact[i]);
		put(f, ",%.0f", ",", debian->fact[i]);
		fputc('\n', f);
	}
}

/* => 0, or EXIT_MISTAKE when the file cannot be written, which is told */
static int write_csv(const struct side *quire, const struct side *debian, const char *file)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "we") : stdout;
	bool written = false;

	if (f) {
		csv(quire, debian, f);
		written = !fflush(f) && !ferror(f);
	}
	if (f && f != stdout)
		written &= !fclose(f);
	if (!written)
		say("%s: %s", file, strerror(errno));
	return written ? 0 : EXIT_MISTAKE;
}

int boot_command(int argc, char **argv, bool plugin)
{
	struct side quire = { 0 }, debian = { .is_linux = true };

	if (argc && (strcmp(argv[0], "--csv") || argc != 2))
		fail("usage: ./quire bench boot [--csv FILE]");
	measure(&quire, plugin);
	measure(&debian, plugin);
	if (!argc || strcmp(argv[1], "-"))
		text(&quire, &debian, stdout);
	return argc ? write_csv(&quire, &debian, argv[1]) : 0;
}
