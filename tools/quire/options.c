// SPDX-License-Identifier: MIT
/* The options of `quire run` and `quire shell`: one table for parsing and for --help. */
#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t read_number(const char *option, const char *s, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(s, &end, 0);
	if (errno || end == s || *end || *s == '-' || n > max)
		fail("%s %s: a whole number up to %llu is meant", option, s,
		     (unsigned long long)max);
	return n;
}

/* "512M", "1G", "65536K", or a plain number of MiB as QEMU has it. */
static uint64_t read_size(const char *s)
{
	char *end;
	double n = strtod(s, &end);
	uint64_t unit = 1 << 20;

	if (*end == 'K' || *end == 'k')
		unit = 1 << 10, end++;
	else if (*end == 'M' || *end == 'm')
		end++;
	else if (*end == 'G' || *end == 'g')
		unit = 1 << 30, end++;
	else if (*end == 'T' || *end == 't')
		unit = 1ull << 40, end++;
	if (end == s || *end || !(n > 0) || n * unit > 1e15)
		fail("--mem %s: a size such as 512M or 2G is meant", s);
	return (uint64_t)(n * unit);
}

static void set_kernel(struct options *o, const char *v)
{
	if (!strcmp(v, "linux"))
		o->kernel = KERNEL_LINUX;
	else if (!strcmp(v, "quire"))
		o->kernel = KERNEL_QUIRE;
	else if (strchr(v, '/'))
		o->kernel_file = v;
	else
		fail("--kernel %s: quire, linux or the path of a kernel file is meant", v);
}

static void set_machine(struct options *o, const char *v)
{
	if (strcmp(v, "q35") && strcmp(v, "microvm"))
		fail("--machine %s: q35 or microvm is meant", v);
	o->machine = v;
}

static void set_cpu(struct options *o, const char *v)
{
	o->cpu = v;
}

static void set_mem(struct options *o, const char *v)
{
	o->mem = read_size(v);
}

static void set_smp(struct options *o, const char *v)
{
	o->smp = (int)read_number("--smp", v, 255);
	o->smp_given = true;
	if (!o->smp)
		fail("--smp 0: a machine needs at least one CPU");
}

static void set_numa(struct options *o, const char *v)
{
	o->numa = v;
}

static void set_append(struct options *o, const char *v)
{
	strv_add(&o->append, v);
}

static void set_root(struct options *o, const char *v)
{
	o->root = v;
}

static void set_add(struct options *o, const char *v)
{
	strv_add(&o->add, v);
}

static void set_disk(struct options *o, const char *v)
{
	strv_add(&o->disk, v);
}

static void set_env(struct options *o, const char *v)
{
	if (!strchr(v, '='))
		fail("--env %s: NAME=VALUE is meant", v);
	strv_add(&o->env, v);
}

static void set_timeout(struct options *o, const char *v)
{
	char *end;

	o->timeout = strtod(v, &end);
	if (end == v || *end || !(o->timeout > 0))
		fail("--timeout %s: a number of seconds is meant", v);
}

static void set_icount(struct options *o, const char *v)
{
	(void)v;
	o->icount = true;
}

static void set_seed(struct options *o, const char *v)
{
	o->seed = read_number("--seed", v, UINT32_MAX);
	o->seed_given = true;
}

static void set_accel(struct options *o, const char *v)
{
	if (!strcmp(v, "auto"))
		o->accel = ACCEL_AUTO;
	else if (!strcmp(v, "kvm"))
		o->accel = ACCEL_KVM;
	else if (!strcmp(v, "tcg") || !strcmp(v, "tcg,thread=single"))
		o->accel = ACCEL_TCG;
	else
		fail("--accel %s: auto, kvm, tcg or tcg,thread=single is meant", v);
	o->one_thread = strchr(v, ',');
}

static void set_console_log(struct options *o, const char *v)
{
	o->console_log = v;
}

static void set_gdb(struct options *o, const char *v)
{
	(void)v;
	o->gdb = true;
}

static void set_tty(struct options *o, const char *v)
{
	(void)v;
	o->tty = true;
}

static void set_module(struct options *o, const char *v)
{
	strv_add(&o->module_name, v);
}

static void set_qemu_arg(struct options *o, const char *v)
{
	strv_add(&o->qemu_arg, v);
}

static const struct option_row {
	const char *name;
	const char *value; /* NULL: a switch */
	void (*set)(struct options *o, const char *value);
	const char *help;
} rows[] = {
	{ "--kernel", "quire|linux", set_kernel,
	  "which kernel (default quire); linux is Debian's 6.1,\n"
	  "downloaded once; a path with a / boots that ELF file" },
	{ "--machine", "q35|microvm", set_machine, "default q35" },
	{ "--cpu", "MODEL", set_cpu, "QEMU's -cpu (default max,-la57)" },
	{ "--mem", "SIZE", set_mem, "memory of the machine (default 512M)" },
	{ "--smp", "N", set_smp, "number of CPUs (default 2; with --icount 1)" },
	{ "--numa", "SPEC", set_numa,
	  "nodes: a count (2), or the size of each (256M+256M);\nCPUs are dealt out evenly" },
	{ "--append", "PARAMETERS", set_append, "kernel parameters; may be repeated" },
	{ "--root", "DIR|IMAGE", set_root,
	  "a root file system: a directory, packed whole, or an\n"
	  "ext2 image; PROGRAM is then a path inside it" },
	{ "--add", "PATH[:GUESTPATH]", set_add, "put a file or directory into the initramfs" },
	{ "--disk", "FILE[,swap|,nvme]", set_disk,
	  "a further disk (raw): /dev/vda (or vdb behind a root\n"
	  "image) and so on, the program's to use; swap: swapped\n"
	  "on; nvme: on an NVMe controller, /dev/nvme0n1" },
	{ "--env", "NAME=VALUE", set_env, "a variable of the program's environment" },
	{ "--tty", NULL, set_tty, "run PROGRAM on a terminal instead of pipes" },
	{ "--timeout", "SECONDS", set_timeout, "stop the machine then, and exit with 124" },
	{ "--icount", NULL, set_icount,
	  "one guest nanosecond is one guest instruction; repeats\n"
	  "to the digit; one CPU, no KVM" },
	{ "--seed", "N", set_seed, "seed of the machine's random numbers" },
	{ "--accel", "auto|kvm|tcg", set_accel,
	  "auto: KVM if a trial shows that it runs this guest;\n"
	  "tcg,thread=single: the CPUs take turns in one thread" },
	{ "--console-log", "FILE", set_console_log, "where kernel messages go (default nowhere)" },
	{ "--gdb", NULL, set_gdb, "wait for gdb on localhost:1234 before the first instruction" },
	{ "--module", "NAME", set_module,
	  "with --kernel linux: a module of its package to load; may be repeated" },
	{ "--qemu-arg", "ARG", set_qemu_arg, "a further argument of QEMU; may be repeated" },
};

void options_print(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *h = rows[i].help;
		int n = printf("  %s %s", rows[i].name, rows[i].value ? rows[i].value : "");

		printf("%*s", n < 30 ? 30 - n : 1, "");
		for (; *h; h++)
			*h == '\n' ? printf("\n%*s", 30, "") : putchar(*h);
		putchar('\n');
	}
}

static void print_help(const char *command)
{
	bool run = !strcmp(command, "run");

	printf("usage: ./quire %s [options]%s\n\n", command,
	       run ? " -- PROGRAM [ARG...]" : " [-- PROGRAM [ARG...]]");
	printf(run ? "Boot a machine, run PROGRAM of this host in it, pass its input and output through,\n"
		     "and exit with its status.\n\n"
		   : "An interactive shell (BusyBox sh, or PROGRAM) on the machine's console.\n"
		     "Ctrl-C goes to the program; Ctrl-A x leaves the machine; Ctrl-A Ctrl-A is Ctrl-A.\n\n");
	options_print();
	printf("\nExit status: the program's own; 128+n when signal n ended it; 124 time-out;\n"
	       "125 a mistake in the call, a missing tool, or QEMU died; 126 the kernel panicked.\n");
	exit(0);
}

static const struct option_row *find_row(const char *arg, size_t len)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strlen(rows[i].name) == len && !strncmp(rows[i].name, arg, len))
			return &rows[i];
	return NULL;
}

bool options_value_follows(const char *arg)
{
	const struct option_row *row = find_row(arg, strlen(arg));

	return row && row->value;
}

static void check_together(struct options *o)
{
	if (o->icount && o->smp_given && o->smp > 1)
		fail("--icount counts the instructions of one CPU: leave --smp %d out", o->smp);
	if (o->icount && o->accel == ACCEL_KVM)
		fail("--icount works with --accel tcg only");
	if (o->icount) {
		o->smp = 1;
		o->accel = ACCEL_TCG;
	}
	if (o->numa && !strcmp(o->machine, "microvm"))
		fail("--numa needs --machine q35: microvm has no table that tells of nodes");
}

void options_read(struct options *o, const char *command, int argc, char **argv)
{
	bool shell = !strcmp(command, "shell");
	int i;

	memset(o, 0, sizeof(*o));
	o->machine = "q35";
	o->mem = 512ull << 20;
	o->smp = 2;
	o->tty = shell;
	for (i = 0; i < argc && argv[i][0] == '-'; i++) {
		size_t len = strcspn(argv[i], "=");
		const struct option_row *row = find_row(argv[i], len);
		const char *value = argv[i][len] ? argv[i] + len + 1 : NULL;

		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			print_help(command);
		if (!row)
			fail("%s is no option of `quire %s`; `./quire %s --help` lists them",
			     argv[i], command, command);
		if (!row->value && value)
			fail("%s takes no value", row->name);
		if (row->value && !value) {
			if (i + 1 == argc)
				fail("%s needs a value: %s", row->name, row->value);
			value = argv[++i];
		}
		row->set(o, value);
	}
	o->argv = i < argc ? argv + i : NULL;
	if (!o->argv && !shell)
		fail("no program given; try `./quire %s -- ls -l /`", command);
	check_together(o);
}
