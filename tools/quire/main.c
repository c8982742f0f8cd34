// SPDX-License-Identifier: MIT
/* quire: the face of the project. This file knows the commands, nothing else. */
#define _GNU_SOURCE
#include "accel.h"
#include "bench.h"
#include "explain.h"
#include "kernel.h"
#include "machine.h"
#include "options.h"
#include "oracle.h"
#include "profile.h"
#include "qemu.h"
#include "say.h"
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_machine(const char *command, int argc, char **argv)
{
	struct options o;

	options_read(&o, command, argc, argv);
	qemu_require();
	kernel_file(&o); /* build or download before anything is timed */
	return machine_run(&o, accel_kvm(&o));
}

static int run(int argc, char **argv)
{
	return run_machine("run", argc, argv);
}

static int shell(int argc, char **argv)
{
	return run_machine("shell", argc, argv);
}

static int oracle(int argc, char **argv)
{
	(void)argv;
	if (argc)
		fail("`quire oracle` takes no arguments");
	printf("%s\n", oracle_kernel());
	return 0;
}

static int symbols(int argc, char **argv)
{
	struct options o = { 0 };

	if (argc == 2 && !strcmp(argv[0], "--kernel") && !strcmp(argv[1], "linux"))
		o.kernel = KERNEL_LINUX;
	else if (argc)
		fail("usage: ./quire symbols [--kernel linux]");
	printf("%s\n", symbols_file(&o));
	return 0;
}

static int help(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "run", run, "boot, run a program of this host, exit with its status" },
	{ "shell", shell, "an interactive shell on the console" },
	{ "bench", bench_command, "instructions per operation, beside Linux" },
	{ "explain", explain_command, "what an address of a program is made of, in words" },
	{ "oracle", oracle, "download Debian's Linux kernel, print where it is" },
	{ "profile", profile_command,
	  "where a program's kernel instructions go: tables, flame graph" },
	{ "symbols", symbols, "list the functions of a kernel, print where the list is" },
	{ "help", help, "this text" },
};

static int help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("usage: ./quire COMMAND [options]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	printf("\n`./quire COMMAND --help` lists the options. For example:\n"
	       "  ./quire shell\n"
	       "  ./quire run -- ls -l /\n"
	       "  ./quire run --kernel linux --smp 4 -- grep MemFree /proc/meminfo\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";

	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 2 > 0 ? argc - 2 : 0, argv + 2);
	fail("there is no command %s; `./quire help` lists them", name);
}
