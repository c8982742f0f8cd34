/* SPDX-License-Identifier: MIT */
/* Named ranges of guest addresses, from a file of lines "START END NAME" (hexadecimal, half-open). */
#ifndef QUIRE_PLUGIN_RANGES_H
#define QUIRE_PLUGIN_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start, end;
	char *name;
	uint32_t id; /* index of the first range of this name */
};

struct ranges {
	struct range *v; /* by start; none overlaps the next */
	size_t n;
};

/* Read and sort. => false when the file cannot be read or a line is no range; *line tells which (0: none) */
bool ranges_read(struct ranges *r, const char *file, unsigned int *line);

/* Index of the range that holds an address, or -1. */
long ranges_find(const struct ranges *r, uint64_t addr);

#endif
