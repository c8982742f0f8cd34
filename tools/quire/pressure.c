// SPDX-License-Identifier: MIT
/*
 * quire bench pressure: the scenarios of bench/pressure/ in the Debian root, on Linux and on Quire with the same memory and swap.
 *
 * A scenario is a bash script of three functions: prepare fills the working directory, once, in a large machine; work is what is
 * measured; check looks at what it left. Lines at its top say what it is about and what it needs:
 *
 *	# about: TEXT	# mem: 96M	# disk: 64M	# swap: 256M	# seconds: 600
 *
 * The working directory is an ext2 image that is kept in BUILD/bench/pressure until the script or the programs change; each run begins
 * with it as it was prepared (QEMU's -snapshot). What Linux did is kept beside it as long, as it depends on nothing else in the tree. One CPU, QEMU's code translator: the plugin counts the instructions between two
 * marks, bench/pressure/measure.c reads the kernel's counters. Instructions and counters depend a little on how fast the disk of
 * the host answers; they do not repeat to the digit.
 */
#define _GNU_SOURCE
#include "pressure.h"

#include "apart.h"
#include "plugin.h"
#include "qemu.h"
#include "say.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ROWS = 8 };

/* What is known of a run: the names that measure.c prints, and the plugin's. */
enum value {
	STATUS,
	SECONDS,
	MEMORY,
	FREE,
	SCANNED,
	STOLEN,
	REFAULT_ANON,
	REFAULT_FILE,
	SWAPIN,
	SWAPOUT,
	MAJOR,
	STALLS,
	KILLS,
	READ,
	WRITTEN,
	USER,
	KERNEL,
	NR_VALUES
};

static const char *const value_names[NR_VALUES] = {
	"status",
	"seconds",
	"memory-kib",
	"free-kib",
	"scanned",
	"stolen",
	"refaulted-anon",
	"refaulted-file",
	"swapped-in",
	"swapped-out",
	"major-faults",
	"stalls",
	"kills",
	"read-kib",
	"written-kib",
	"user-instructions",
	"kernel-instructions",
};

/* One kernel with one policy; of: `quire run` arguments besides the scenario's. */
struct row {
	char *name, *arguments;
	bool oracle;
};

struct run {
	bool taken, known[NR_VALUES];
	double value[NR_VALUES];
	int exit;     /* of `quire run` */
	char *result; /* what the scenario printed */
};

struct scenario {
	char name[32], about[200], mem[16], disk[16], swap[16];
	int seconds;
	bool wanted;
	struct run runs[MAX_ROWS];
};

struct pressure {
	struct scenario *scenarios;
	size_t nr_scenarios;
	struct row rows[MAX_ROWS];
	int nr_rows;
	char *root;
	const char *csv, *mem;
	enum {
		SAME_MACHINE,
		SAME_TOTAL,
		SAME_FREE
	} equal; /* what Linux and Quire have the same of */
	bool record, fresh;
	int mistakes;
};

/* --- the scenarios --- */

static char *pressure_dir(void)
{
	return xasprintf("%s/bench/pressure", home_dir());
}

static void read_heading(struct scenario *s, const char *file)
{
	FILE *f = fopen(file, "re");
	char line[300];

	strcpy(s->mem, "96M");
	strcpy(s->disk, "64M");
	strcpy(s->swap, "256M");
	s->seconds = 600;
	while (f && fgets(line, sizeof(line), f) && *line == '#') {
		sscanf(line, "# about: %199[^\n]", s->about);
		sscanf(line, "# mem: %15s", s->mem);
		sscanf(line, "# disk: %15s", s->disk);
		sscanf(line, "# swap: %15s", s->swap);
		sscanf(line, "# seconds: %d", &s->seconds);
	}
	if (!f)
		fail("%s: %s", file, strerror(errno));
	fclose(f);
}

static void read_scenarios(struct pressure *p)
{
	char *pattern = xasprintf("%s/*.sh", pressure_dir());
	glob_t g;

	if (glob(pattern, 0, NULL, &g))
		fail("%s: there is no scenario", pattern);
	p->scenarios = xcalloc(g.gl_pathc, sizeof(*p->scenarios));
	for (; p->nr_scenarios < g.gl_pathc; p->nr_scenarios++) {
		const char *file = g.gl_pathv[p->nr_scenarios];
		struct scenario *s = &p->scenarios[p->nr_scenarios];

		snprintf(s->name, sizeof(s->name), "%.*s", (int)(strlen(basename(file)) - 3),
			 basename(file));
		read_heading(s, file);
	}
	globfree(&g);
	free(pattern);
}

/* --- the call --- */

static _Noreturn void print_help(const struct pressure *p)
{
	puts("usage: ./quire bench pressure [options] [NAME...]\n\n"
	     "Programs of a Debian root that need more memory than there is, on Linux and on Quire with the same\n"
	     "memory and swap: done or not, instructions, pages scanned, stolen, refaulted and swapped, I/O, time.\n\n"
	     "  --kernel quire|linux   only one of the two\n"
	     "  --policy A,B           Quire's policies of reclaim, a row each (default: classic,generational)\n"
	     "  --mem SIZE             memory of the machines (default: the scenario's, mostly 96M)\n"
	     "  --even                 Quire gets a machine with as much MemTotal as Linux's\n"
	     "  --even-free            ... with as much MemFree when the work begins\n"
	     "  --root IMAGE           the Debian root (default BUILD/root/debian.img; `make root` builds it)\n"
	     "  --csv FILE             the table as CSV, too\n"
	     "  --fresh                measure Linux although its figures are kept\n"
	     "  --record               write bench/results/pressure.csv (-even, -even-free); of the scenarios that\n"
	     "                         are not named their rows stay\n\n"
	     "Of the rows of Quire the one with a star is the better one: the fewest pages that came back (refaults)\n"
	     "or were read and written.\n\n"
	     "Scenarios:");
	for (size_t i = 0; i < p->nr_scenarios; i++)
		printf("  %-8s %s\n", p->scenarios[i].name, p->scenarios[i].about);
	exit(0);
}

static void add_row(struct pressure *p, const char *name, bool oracle, const char *policy)
{
	struct row *r = &p->rows[p->nr_rows++];

	if (p->nr_rows > MAX_ROWS)
		fail("--policy: %d of them are too many", MAX_ROWS);
	r->oracle = oracle;
	r->name = policy ? xasprintf("%s/%s", name, policy) : xstrdup(name);
	r->arguments = policy ? xasprintf("--kernel %s --append reclaim=%s", name, policy)
			      : xasprintf("--kernel %s", name);
}

static void choose_rows(struct pressure *p, const char *kernel, char *policies)
{
	char *save = NULL;

	if (!kernel || !strcmp(kernel, "linux"))
		add_row(p, "linux", true, NULL);
	if (kernel && !strcmp(kernel, "linux"))
		return;
	if (kernel && strcmp(kernel, "quire") != 0)
		fail("--kernel %s: quire or linux is meant", kernel);
	for (char *s = strtok_r(policies, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		if (strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(s))
			fail("--policy: names with commas between them are meant");
		add_row(p, "quire", false, s);
	}
}

static void choose_scenario(struct pressure *p, const char *name)
{
	for (size_t i = 0; i < p->nr_scenarios; i++)
		if (!strcmp(name, p->scenarios[i].name)) {
			p->scenarios[i].wanted = true;
			return;
		}
	say("there is no scenario %s; `./quire bench pressure --help` lists them", name);
	p->mistakes++;
}

static const char *value_of(char **argv, int *i, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], name, len) || (argv[*i][len] && argv[*i][len] != '='))
		return NULL;
	if (argv[*i][len])
		return argv[*i] + len + 1;
	if (!argv[*i + 1])
		fail("%s needs a value", name);
	return argv[++*i];
}

static void read_call(struct pressure *p, int argc, char **argv)
{
	const char *kernel = NULL, *policies = NULL, *v;
	int names = 0;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] != '-')
			names++, choose_scenario(p, argv[i]);
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			print_help(p);
		else if (!strcmp(argv[i], "--even"))
			p->equal = SAME_TOTAL;
		else if (!strcmp(argv[i], "--even-free"))
			p->equal = SAME_FREE;
		else if (!strcmp(argv[i], "--record"))
			p->record = true;
		else if (!strcmp(argv[i], "--fresh"))
			p->fresh = true;
		else if ((v = value_of(argv, &i, "--kernel")))
			kernel = v;
		else if ((v = value_of(argv, &i, "--policy")))
			policies = v;
		else if ((v = value_of(argv, &i, "--mem")))
			p->mem = v;
		else if ((v = value_of(argv, &i, "--root")))
			p->root = xstrdup(v);
		else if ((v = value_of(argv, &i, "--csv")))
			p->csv = v;
		else
			fail("%s is no option of `quire bench pressure`; its --help lists them",
			     argv[i]);
	}
	if (names && names == p->mistakes)
		exit(EXIT_MISTAKE);
	for (size_t i = 0; !names && i < p->nr_scenarios; i++)
		p->scenarios[i].wanted = true;
	choose_rows(p, kernel, xstrdup(policies ? policies : "classic,generational"));
	if (p->record && (kernel || policies || p->mem))
		fail("--record records all rows; leave out --kernel, --policy and --mem");
	if (p->equal != SAME_MACHINE && kernel)
		fail("--even compares with Linux's memory; leave out --kernel");
}

/* --- the disks --- */

static void run_make(const char *file, const char *target)
{
	struct strv argv = { 0 };

	strv_add(&argv, "make");
	strv_add(&argv, "-s");
	strv_add(&argv, "-C");
	strv_add(&argv, home_dir());
	strv_addf(&argv, "-f%s", file);
	strv_addf(&argv, "O=%s", build_dir());
	strv_add(&argv, target);
	if (run_tool(&argv))
		fail("`make %s` failed; its messages are above", target);
}

static bool newer(const char *file, const char *than)
{
	struct stat a, b;

	return stat(file, &a) || stat(than, &b) || a.st_mtim.tv_sec > b.st_mtim.tv_sec;
}

static int shell(char *command)
{
	int status;

	fflush(NULL);
	status = system(command);
	free(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The image with the programs, the script and what its prepare() made; kept until one of them changes. */
static char *prepare(struct pressure *p, const struct scenario *s)
{
	char *dir = xasprintf("%s/bench/pressure", build_dir());
	char *image = xasprintf("%s/%s.img", dir, s->name);
	char *script = xasprintf("%s/%s.sh", pressure_dir(), s->name);
	char *measure = xasprintf("%s/bench/measure", build_dir()),
	     *load = xasprintf("%s/bench/load", build_dir());

	make_dirs(dir);
	if (!newer(script, image) && !newer(measure, image) && !newer(load, image))
		return image;
	say("%s: preparing its disk", s->name);
	if (shell(xasprintf(
		    "rm -rf '%s/tree' '%s/new.img' && mkdir '%s/tree' && cp '%s' '%s' '%s' '%s/tree' && "
		    "mke2fs -q -F -t ext2 -b 4096 -m 0 -d '%s/tree' '%s/new.img' %s >&2",
		    dir, dir, dir, script, measure, load, dir, dir, dir, s->disk)) ||
	    shell(xasprintf(
		    "'%s/tools/quire' run --accel tcg --smp 1 --mem 1G --timeout 600 --qemu-arg -snapshot "
		    "--root '%s' --qemu-arg -drive --qemu-arg file='%s/new.img',format=raw,if=none,id=work,snapshot=off "
		    "--qemu-arg -device --qemu-arg virtio-blk-pci,drive=work -- bash -c "
		    "'mount /dev/vdb /mnt && cd /mnt && . ./%s.sh && prepare && sync && cd / && umount /mnt' </dev/null",
		    build_dir(), p->root, dir, s->name)) ||
	    shell(xasprintf("mv '%s/new.img' '%s'", dir, image))) {
		say("%s: its disk could not be prepared", s->name);
		p->mistakes++;
		return NULL;
	}
	return image;
}

/* --- one run --- */

static void set_value(struct run *r, enum value v, double value)
{
	r->known[v] = true;
	r->value[v] = value;
}

/* Nothing comes before the end; so that it is seen to go on: */
static void wait_for_output(const char *what, FILE *f)
{
	struct pollfd fd = { .fd = fileno(f), .events = POLLIN };

	for (int minutes = 1; !poll(&fd, 1, 60000); minutes++)
		say("%s: %d min", what, minutes);
}

static void read_output(struct run *r, FILE *f)
{
	char line[1000], name[64];
	size_t len;
	FILE *out = open_memstream(&r->result, &len);
	double value;

	while (out && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "measured %63s %lf", name, &value) != 2) {
			if (*line != '\n')
				fputs(line, out);
			continue;
		}
		for (int v = 0; v < NR_VALUES; v++)
			if (!strcmp(name, value_names[v]))
				set_value(r, v, value);
	}
	if (out)
		fclose(out);
}

static void read_totals(struct run *r, const char *file)
{
	FILE *f = fopen(file, "re");
	double user[2] = { 0 }, kernel[2] = { 0 };
	int i = 0;

	while (f && fscanf(f, "total %d", &i) == 1)
		if (i < 0 || i > 1 || fscanf(f, "%lf %lf\n", &user[i], &kernel[i]) != 2)
			break;
	if (f && i == 1) {
		set_value(r, USER, user[1] - user[0]);
		set_value(r, KERNEL, kernel[1] - kernel[0]);
	}
	if (f)
		fclose(f);
	unlink(file);
}

/* --- what Linux did --- */

static char *kept_file(const struct scenario *s, const char *mem)
{
	return xasprintf("%s/bench/pressure/%s-%s.linux", build_dir(), s->name, mem);
}

static bool read_kept(struct run *r, const char *file)
{
	FILE *f = fopen(file, "re");

	if (!f)
		return false;
	r->taken = true;
	read_output(r, f);
	fclose(f);
	return true;
}

/* In the form in which a run tells it. */
static void keep(const struct run *r, const char *file)
{
	FILE *f = r->exit ? NULL : fopen(file, "we");

	if (!f)
		return;
	fputs(r->result, f);
	for (int v = 0; v < NR_VALUES; v++)
		if (r->known[v])
			fprintf(f, "measured %s %.2f\n", value_names[v], r->value[v]);
	fclose(f);
}

/* What Linux has, and what Quire keeps for itself of a machine of about that size; the table tells what became of it. */
static char *memory_of(const struct pressure *p, const struct scenario *s, const struct row *row)
{
	enum value v = p->equal == SAME_FREE ? FREE : MEMORY;
	int kept_kib = p->equal == SAME_FREE ? 5 << 10 : 3 << 10;

	if (p->equal != SAME_MACHINE && !row->oracle && s->runs[0].known[v])
		return xasprintf("%dK", ((int)s->runs[0].value[v] + kept_kib) / 1024 * 1024);
	return xstrdup(p->mem ? p->mem : s->mem);
}

static void measure(struct pressure *p, struct scenario *s, int row, const char *image,
		    const char *mem, bool plugin)
{
	struct run *r = &s->runs[row];
	char *dir = xasprintf("%s/bench/pressure", build_dir());
	char *totals = xasprintf("%s/totals.%d", dir, (int)getpid());
	char *swap = xasprintf("%s/swap.%d", dir, (int)getpid());
	char *counter =
		plugin ? xasprintf(
				 "--qemu-arg -plugin --qemu-arg '%s,totals=1,out=%s,marks=0x70000000:2'",
				 plugin_file(), totals)
		       : xstrdup("");
	char *command = xasprintf(
		"truncate -s %s '%s'; exec '%s/tools/quire' run %s --accel tcg --smp 1 --mem %s --timeout %d --qemu-arg -snapshot "
		"--console-log '%s/%s.%d.log' --root '%s' --disk '%s' --disk '%s' %s -- bash -c 'mount /dev/vdb /mnt && cd /mnt && "
		"mkswap /dev/vdc >/dev/null && swapon /dev/vdc && exec ./measure ./%s.sh' </dev/null",
		s->swap, swap, build_dir(), p->rows[row].arguments, mem, s->seconds, dir, s->name,
		row, p->root, image, swap, counter, s->name);
	FILE *f;

	say("%s on %s, %s of memory", s->name, p->rows[row].name, mem);
	fflush(NULL);
	f = popen(command, "re");
	if (f) {
		int status;

		r->taken = true;
		wait_for_output(s->name, f);
		read_output(r, f);
		status = pclose(f);
		r->exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		read_totals(r, totals);
	}
	unlink(swap);
	free(command), free(counter), free(swap), free(totals), free(dir);
}

static void run_one(struct pressure *p, struct scenario *s, int row, const char *image, bool plugin)
{
	struct run *r = &s->runs[row];
	char *mem = memory_of(p, s, &p->rows[row]), *kept = kept_file(s, mem);
	bool oracle = p->rows[row].oracle;

	if (oracle && !p->fresh && newer(kept, image) && newer(kept, p->root) &&
	    read_kept(r, kept)) {
		say("%s on %s, %s of memory: as kept", s->name, p->rows[row].name, mem);
	} else {
		measure(p, s, row, image, mem, plugin);
		if (oracle)
			keep(r, kept);
	}
	free(mem), free(kept);
}

/* --- the table --- */

/* In a word: did it end, and with the result of the first row? */
static const char *outcome(const struct scenario *s, const struct run *r)
{
	if (!r->taken)
		return "-";
	if (r->exit == EXIT_TIMEOUT)
		return "time-out";
	if (r->exit == EXIT_PANICKED)
		return "panicked";
	if (r->exit || !r->known[STATUS])
		return "broken";
	if (r->value[STATUS])
		return r->value[KILLS] ? "killed" : "failed";
	if (s->runs[0].known[STATUS] && !s->runs[0].value[STATUS] && s->runs[0].result &&
	    r->result && strcmp(s->runs[0].result, r->result) != 0)
		return "differs";
	return "yes";
}

static void put(const struct run *r, enum value v, double unit, int width)
{
	if (r->known[v])
		printf(" %*.*f", width, unit > 1 ? 1 : 0, r->value[v] / unit);
	else
		printf(" %*s", width, "-");
}

/* What a policy is judged by, in pages: mistakes, and what they cost. */
static double cost(const struct run *r)
{
	return r->value[REFAULT_ANON] + r->value[REFAULT_FILE] +
	       (r->value[READ] + r->value[WRITTEN]) / 4;
}

/* The best of several rows of Quire; -1: there are not several. */
static int best_row(const struct pressure *p, const struct scenario *s)
{
	int best = -1, nr = 0;

	for (int k = 0; k < p->nr_rows; k++) {
		if (p->rows[k].oracle || strcmp(outcome(s, &s->runs[k]), "yes") != 0)
			continue;
		nr++;
		if (best < 0 || cost(&s->runs[k]) < cost(&s->runs[best]))
			best = k;
	}
	return nr > 1 ? best : -1;
}

static void write_table(const struct pressure *p)
{
	printf("%-8s %-20s %-8s %6s %6s %8s %8s %9s %9s %9s %9s %9s %9s %8s %8s %7s\n", "scenario",
	       "kernel", "done", "MiB", "free", "G user", "G kernel", "scanned", "stolen",
	       "refault a", "refault f", "swap in", "swap out", "MiB in", "MiB out", "seconds");
	for (size_t i = 0; i < p->nr_scenarios; i++) {
		const struct scenario *s = &p->scenarios[i];

		for (int k = 0; s->wanted && k < p->nr_rows; k++) {
			const struct run *r = &s->runs[k];

			printf("%-8s %-20s %-8s", s->name, p->rows[k].name, outcome(s, r));
			put(r, MEMORY, 1024, 6);
			put(r, FREE, 1024, 6);
			put(r, USER, 1e9, 8);
			put(r, KERNEL, 1e9, 8);
			for (enum value v = SCANNED; v <= SWAPOUT; v++)
				put(r, v, 1, 9);
			put(r, READ, 1024, 8);
			put(r, WRITTEN, 1024, 8);
			put(r, SECONDS, 1.0001, 7);
			puts(k == best_row(p, s) ? " *" : "");
		}
	}
}

/* Rows of the scenarios that were not run, from what is recorded. */
static void keep_rows(const struct pressure *p, const char *file, FILE *to)
{
	FILE *f = fopen(file, "re");
	char line[1000];

	if (f && !fgets(line, sizeof(line), f))
		*line = 0; /* the heading */
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < p->nr_scenarios; i++) {
			const char *name = p->scenarios[i].name;

			if (!p->scenarios[i].wanted && !strncmp(line, name, strlen(name)) &&
			    line[strlen(name)] == ',')
				fputs(line, to);
		}
	if (f)
		fclose(f);
}

static void write_rows(const struct pressure *p, const struct scenario *s, FILE *f)
{
	for (int k = 0; k < p->nr_rows; k++) {
		const struct run *r = &s->runs[k];

		fprintf(f, "%s,%s,%s,%s", s->name, p->rows[k].name, outcome(s, r),
			k == best_row(p, s) ? "*" : "");
		for (int v = 0; v < NR_VALUES; v++)
			r->known[v] ? fprintf(f, ",%.*f", v == SECONDS ? 2 : 0, r->value[v])
				    : fprintf(f, ",");
		fputc('\n', f);
	}
}

/* The table; with @keep beside what the file has of other scenarios. */
static void write_csv(struct pressure *p, const char *file, bool keep)
{
	char *new = xasprintf("%s.new", file);
	FILE *f = fopen(new, "we");

	if (f) {
		fputs("scenario,kernel,done,better", f);
		for (int v = 0; v < NR_VALUES; v++)
			fprintf(f, ",%s", value_names[v]);
		fputc('\n', f);
		if (keep)
			keep_rows(p, file, f);
		for (size_t i = 0; i < p->nr_scenarios; i++)
			if (p->scenarios[i].wanted)
				write_rows(p, &p->scenarios[i], f);
	}
	if (!f || fclose(f) || rename(new, file)) {
		say("%s: %s", file, strerror(errno));
		p->mistakes++;
	}
	free(new);
}

static int need_plugin(void *unused)
{
	(void)unused;
	plugin_file();
	return 0;
}

int pressure_command(int argc, char **argv)
{
	static const char *const suffix[] = { "", "-even", "-even-free" };
	static struct pressure p;
	int wanted = 0, nr = 0;
	bool plugin;

	read_scenarios(&p);
	read_call(&p, argc, argv);
	qemu_require();
	run_make("tools/tools.mk", "pressure-programs");
	if (!p.root) {
		p.root = xasprintf("%s/root/debian.img", build_dir());
		run_make("tests/tests.mk", "root");
	}
	plugin = !apart(need_plugin, NULL, NULL, NULL);
	if (!plugin)
		say("instructions are not counted");
	for (size_t i = 0; i < p.nr_scenarios; i++)
		wanted += p.scenarios[i].wanted;
	for (size_t i = 0; i < p.nr_scenarios; i++) {
		struct scenario *s = &p.scenarios[i];
		char *image = s->wanted ? prepare(&p, s) : NULL;

		for (int k = 0; image && k < p.nr_rows; k++) {
			say("run %d of %d", ++nr, wanted * p.nr_rows);
			run_one(&p, s, k, image, plugin);
			say("%s on %s: done: %s, %.1f seconds", s->name, p.rows[k].name,
			    outcome(s, &s->runs[k]), s->runs[k].value[SECONDS]);
		}
		free(image);
	}
	write_table(&p);
	if (p.csv)
		write_csv(&p, p.csv, false);
	if (p.record)
		write_csv(&p,
			  xasprintf("%s/bench/results/pressure%s.csv", home_dir(), suffix[p.equal]),
			  true);
	return p.mistakes ? EXIT_MISTAKE : 0;
}
