/* SPDX-License-Identifier: MIT */
/*
 * Quire's plugin for QEMU's code translator: counts guest instructions without touching the guest.
 *
 *	-plugin quire-plugin.so,out=FILE[,marks=START:COUNT][,symbols=FILE][,ranges=FILE]
 *	-plugin quire-plugin.so,stacks=EVENTS,out=FILE,marks=START:2,symbols=FILE
 *	-plugin quire-plugin.so,lines=1,out=FILE,marks=START:COUNT,symbols=FILE	(any number of CPUs)
 *	-plugin quire-plugin.so,totals=1,out=FILE,marks=START:COUNT
 *
 * See marks.h, stacks.h, lines.h and totals.h for what they write; docs/profiling.md tells what it is for.
 */
#define _GNU_SOURCE
#include "lines.h"
#include "marks.h"
#include "stacks.h"
#include "stream.h"
#include "totals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = QUIRE_PLUGIN_INTERFACE;

static FILE *out;
static bool stacks; /* the call tree instead of counts between marks */
static uint64_t events;
static bool lines;  /* writes to shared cache lines */
static bool totals; /* sums alone */

static int mistake(const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "quire-plugin: %s\n", text);
	return -1;
}

static int read_ranges(struct ranges *r, const char *file)
{
	unsigned int line;

	if (ranges_read(r, file, &line))
		return 0;
	return line ? mistake("%s: line %u: START END NAME is meant", file, line)
		    : mistake("%s: %s", file, strerror(errno));
}

static int read_marks(const char *value)
{
	char rest;

	if (sscanf(value, "%" SCNi64 ":%" SCNi64 "%c", (int64_t *)&stream.mark_start,
		   (int64_t *)&stream.nr_marks, &rest) == 2)
		return 0;
	return mistake("marks=%s: START:COUNT is meant", value);
}

static int read_events(const char *value)
{
	char *end;

	stacks = true;
	events = strtoull(value, &end, 10);
	return *end || end == value ? mistake("stacks=%s: a number of events is meant", value) : 0;
}

static int argument(char *arg)
{
	char *value = strchr(arg, '=');

	if (!value)
		return mistake("%s: NAME=VALUE is meant", arg);
	*value++ = '\0';
	if (!strcmp(arg, "marks"))
		return read_marks(value);
	if (!strcmp(arg, "ranges"))
		return read_ranges(&stream.bulk, value);
	if (!strcmp(arg, "symbols"))
		return read_ranges(&stream.symbols, value);
	if (!strcmp(arg, "lines"))
		return lines = true, 0;
	if (!strcmp(arg, "totals"))
		return totals = true, 0;
	if (!strcmp(arg, "stacks"))
		return read_events(value);
	if (strcmp(arg, "out"))
		return mistake("%s: no such argument", arg);
	out = fopen(value, "we");
	return out ? 0 : mistake("%s: %s", value, strerror(errno));
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	if (totals)
		totals_translate(tb);
	else if (lines)
		lines_translate(tb);
	else
		stream_translate(tb);
}

static void finish(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	if (stacks)
		stacks_finish();
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (argument(argv[i]))
			return -1;
	if (!out)
		return mistake("out=FILE is missing");
	if (!info->system_emulation || strcmp(info->target_name, "x86_64"))
		return mistake("only for qemu-system-x86_64");
	if (!lines && info->system.smp_vcpus != 1)
		return mistake("counts the instructions of one CPU: use -smp 1");
	if (stacks && !stream.symbols.n)
		return mistake("stacks= needs symbols=FILE");
	if (totals)
		totals_start(out);
	else if (lines)
		lines_start(out);
	else if (stacks)
		stacks_start(out, events);
	else
		marks_start(out, stream.symbols.n > 0);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
