// SPDX-License-Identifier: MIT
/*
 * Both sources, nm and /proc/kallsyms, are lines "ADDRESS TYPE NAME [MODULE]" without sizes: a function
 * ends where the next symbol of any type begins. Of several names for one address one is taken; parts that
 * the compiler moved away (NAME.cold) keep the name of their function.
 */
#define _GNU_SOURCE
#include "symbols.h"

#include "kernel.h"
#include "options.h"
#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct symbol {
	uint64_t address;
	char *name;
	int worth; /* 0: data; else the better name of an address has more */
};

struct table {
	struct symbol *v;
	size_t n, room;
};

static int name_worth(char type, const char *name)
{
	if (!strchr("tTwW", type))
		return 0;
	/* Labels within the entry, not functions. */
	if (!strncmp(name, "entry_SYSCALL_64_", 17))
		return 0;
	if (!strncmp(name, "__x64_sys_", 10) || !strncmp(name, "sys_", 4))
		return 3;
	/* _stext, __entry_text_start: where a part of the kernel begins. */
	return type == 'T' && !(name[0] == '_' && strstr(name, "text")) ? 2 : 1;
}

static void add_line(struct table *t, const char *line)
{
	struct symbol s;
	char type, name[400];
	char *cold;

	if (sscanf(line, "%" SCNx64 " %c %399s", &s.address, &type, name) != 3 ||
	    !(s.address >> 63))
		return;
	s.worth = name_worth(type, name);
	if (!s.worth && !strncmp(name, "entry_SYSCALL_64_", 17))
		return;
	cold = strstr(name, ".cold");
	if (cold)
		*cold = '\0';
	s.name = xstrdup(name);
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->v = xrealloc(t->v, t->room * sizeof(*t->v));
	}
	t->v[t->n++] = s;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->worth != y->worth)
		return y->worth - x->worth;
	return strcmp(x->name, y->name);
}

static void write_table(struct table *t, const char *file)
{
	char *unfinished = xasprintf("%s.%d", file, (int)getpid());
	FILE *f = fopen(unfinished, "we");

	if (!f)
		fail("%s: %s", unfinished, strerror(errno));
	qsort(t->v, t->n, sizeof(*t->v), by_address);
	for (size_t i = 0; i < t->n;) {
		size_t next = i + 1;

		while (next < t->n && t->v[next].address == t->v[i].address)
			next++;
		if (t->v[i].worth && next < t->n)
			fprintf(f, "%" PRIx64 " %" PRIx64 " %s\n", t->v[i].address,
				t->v[next].address, t->v[i].name);
		i = next;
	}
	if (fclose(f) || rename(unfinished, file))
		fail("%s: %s", file, strerror(errno));
	free(unfinished);
}

/* => the command printed symbols, or a sentence */
static void read_command(struct table *t, const char *command, const char *what)
{
	char line[600];
	FILE *f = popen(command, "re");

	if (!f)
		fail("cannot start a shell: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		add_line(t, line);
	if (pclose(f) || t->n < 100)
		fail("the symbols of %s could not be read; the command was: %s", what, command);
}

static char *linux_symbols(const struct options *o)
{
	const char *kernel = kernel_file(o);
	const char *base = strrchr(kernel, '/') + 1;
	char *file = xasprintf("%s/oracle/symbols-%s", build_dir(), base);
	char *command;
	struct table t = { 0 };

	if (!access(file, R_OK))
		return file;
	say("reading the symbols of Linux (once)");
	command = xasprintf("exec '%s/tools/quire' run --kernel linux --icount --timeout 300 -- "
			    "cat /proc/kallsyms",
			    build_dir());
	read_command(&t, command, "Linux");
	write_table(&t, file);
	return file;
}

static char *quire_symbols(const struct options *o)
{
	char *file = xasprintf("%s/symbols-quire", build_dir());
	char *command = xasprintf("exec nm -n --defined-only '%s'", kernel_file(o));
	struct table t = { 0 };

	read_command(&t, command, "Quire");
	write_table(&t, file);
	return file;
}

const char *symbols_file(const struct options *o)
{
	return o->kernel == KERNEL_LINUX && !o->kernel_file ? linux_symbols(o) : quire_symbols(o);
}
