/* SPDX-License-Identifier: MIT */
/* The options of `quire run` and `quire shell`. */
#ifndef QUIRE_OPTIONS_H
#define QUIRE_OPTIONS_H

#include "say.h"

#include <stdbool.h>
#include <stdint.h>

enum kernel { KERNEL_QUIRE, KERNEL_LINUX };
enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };

struct options {
	enum kernel kernel;
	const char *kernel_file; /* --kernel PATH: an ELF to boot as Quire, else NULL */
	const char *machine; /* "q35" or "microvm" */
	const char *cpu; /* NULL: the best the accelerator offers */
	uint64_t mem; /* bytes */
	int smp;
	bool smp_given;
	const char *numa; /* "2", or sizes "256M+256M" */
	const char *root; /* directory or file system image */
	double timeout; /* seconds; 0: none */
	bool icount;
	bool seed_given;
	uint64_t seed;
	enum accel accel;
	bool one_thread; /* of the host, for all CPUs */
	const char *console_log;
	bool gdb;
	bool no_input; /* the program's standard input is at its end, and nothing is sent; bench */
	bool tty; /* the program runs on a terminal (hvc0), not on pipes */
	struct strv append, add, disk, qemu_arg, env;
	const char *wrapper; /* a static program of this host that gets PROGRAM's path and argv, or NULL */
	struct strv module; /* further modules of the oracle, host paths; bench */
	struct strv module_name; /* ... by name, from its own package */
	char **argv; /* PROGRAM and its arguments, NULL-terminated; NULL when there is none */
};

/*
 * Read the arguments after the command word. => fails with a sentence on a mistake; prints the
 * help of the command and exits 0 when asked to.
 */
void options_read(struct options *o, const char *command, int argc, char **argv);

/* True when this option of `quire run` takes a value that the next argument holds. */
bool options_value_follows(const char *arg);

/* What --help prints of the options of `quire run`. */
void options_print(void);

#endif
