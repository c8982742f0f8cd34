// SPDX-License-Identifier: MIT
/*
 * quire explain: boot, start a program beside user/explained.c, and print what /proc/mm/explain says of the places
 * asked for. Without a program a sample is looked at, which has memory of each kind.
 */
#define _GNU_SOURCE
#include "explain.h"

#include "accel.h"
#include "kernel.h"
#include "machine.h"
#include "options.h"
#include "qemu.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is explained when nothing is named. */
#define OF_PROGRAM "text data heap stack vdso hole"
#define OF_SAMPLE                                                                                  \
	"anon cow zero file untouched none stack hole 800000000000 ffff888000200000 "              \
	"ffffea0000000000 ffffffffff400000 phys:1000000"

static void print_help(void)
{
	printf("usage: ./quire explain [options] [PLACE...] [-- PROGRAM [ARG...]]\n\n"
	       "Run PROGRAM on Quire until it sleeps (2 seconds at most), and tell of each PLACE: its kind of\n"
	       "address, its VMA, each level of the page tables, the page with the holders of its references,\n"
	       "and every entry that maps it. PROGRAM's output goes to standard error; then it is killed.\n\n"
	       "A PLACE is text, data, heap, stack, vdso, hole (below the first region), an address in\n"
	       "hexadecimal, or phys:ADDRESS. Without PROGRAM a sample runs, which also has: anon, cow\n"
	       "(shared since a fork), zero (the zero page), file, untouched, none (PROT_NONE).\n\n");
	options_print();
	exit(0);
}

/* Options of `quire run` and what follows PLACEs into @rest, the places into one string (to be freed). */
static char *read_places(int argc, char **argv, struct strv *rest)
{
	char *places = xstrdup("");
	int i = 0;

	for (; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			print_help();
		strv_add(rest, argv[i]);
		if (options_value_follows(argv[i]) && i + 1 < argc)
			strv_add(rest, argv[++i]);
	}
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char *more = xasprintf("%s%s%s", places, *places ? " " : "", argv[i]);

		free(places);
		places = more;
	}
	for (; i < argc; i++)
		strv_add(rest, argv[i]);
	return places;
}

int explain_command(int argc, char **argv)
{
	char *helper = xasprintf("%s/user/explained", build_dir()), *places;
	struct strv rest = { 0 };
	struct options o;
	bool sample = true;

	places = read_places(argc, argv, &rest);
	for (int i = 0; i < argc; i++)
		sample &= strcmp(argv[i], "--") != 0;
	if (sample) {
		strv_add(&rest, "--");
		strv_add(&rest, helper);
		strv_add(&rest, "--sample");
	}
	options_read(&o, "explain", (int)rest.n, rest.v);
	if (o.kernel == KERNEL_LINUX)
		fail("Linux has no /proc/mm/explain: `quire explain` is for Quire only");
	if (o.tty || o.gdb)
		fail("%s does not go with `quire explain`", o.tty ? "--tty" : "--gdb");
	o.wrapper = helper;
	strv_add(&o.append,
		 "nokaslr"); /* addresses of the kernel are asked for where they are documented */
	strv_addf(&o.env, "QUIRE_EXPLAIN=%s", *places ? places : sample ? OF_SAMPLE : OF_PROGRAM);
	qemu_require();
	kernel_file(&o);
	return machine_run(&o, accel_kvm(&o));
}
