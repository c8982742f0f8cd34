/* SPDX-License-Identifier: MIT */
/* The log of trace events, read without malloc or stdio. */
#ifndef TRACING_H
#define TRACING_H

#include "textfile.h"

#define TRACING "/sys/kernel/tracing/"

/* What read_log() read last: lines of " task-pid [cpu] flags time: event: fields". */
static char log[24 << 20];

__attribute__((unused)) static void set(const char *path, const char *value)
{
	must(!spew(path, value));
}

__attribute__((unused)) static void read_log(void)
{
	int fd = open(TRACING "trace", O_RDONLY);
	size_t have = 0;
	ssize_t got;

	while ((got = read(fd, log + have, sizeof(log) - 1 - have)) > 0)
		have += got;
	close(fd);
	log[have] = 0;
}

/* The number behind the first @name at or after @line, or -1. */
__attribute__((unused)) static long value(const char *line, const char *name)
{
	const char *found = strstr(line, name);

	return found ? strtol(found + strlen(name), NULL, 0) : -1;
}

#endif
