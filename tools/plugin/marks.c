/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "marks.h"

#include "stream.h"

#include <inttypes.h>
#include <stdlib.h>

static FILE *out;
static bool with_functions;
static uint64_t *counts;   /* by place */
static uint64_t *reported; /* by function, at the mark before */

static size_t nr_functions(void)
{
	return FN_SYMBOL + stream.symbols.n;
}

static void write_functions(void)
{
	for (size_t fn = 0; fn < nr_functions(); fn++) {
		uint64_t n = counts[2 * fn] + counts[2 * fn + 1];

		if (n != reported[fn])
			fprintf(out, "fn %s %" PRIu64 "\n", stream_function((uint32_t)fn),
				n - reported[fn]);
		reported[fn] = n;
	}
}

static void write_mark(int mark)
{
	uint64_t bulk = 0, kernel = 0, user = counts[2 * FN_USER] + counts[2 * FN_USER + 1];

	for (size_t fn = 0; fn < nr_functions(); fn++) {
		bulk += counts[2 * fn + 1];
		kernel += counts[2 * fn] + counts[2 * fn + 1];
	}
	fprintf(out, "mark %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", mark, kernel,
		bulk, user, kernel - user);
	if (with_functions)
		write_functions();
	fflush(out);
}

static void count(const struct block *last, uint32_t executed, const struct block *next)
{
	for (uint32_t i = 0; i < last->nr_runs && executed; i++) {
		uint32_t n = last->runs[i].n < executed ? last->runs[i].n : executed;

		counts[last->runs[i].place] += n;
		executed -= n;
	}
	if (next->mark >= 0)
		write_mark(next->mark);
}

void marks_start(FILE *file, bool functions)
{
	out = file;
	with_functions = functions;
	counts = calloc(2 * nr_functions(), sizeof(*counts));
	reported = calloc(nr_functions(), sizeof(*reported));
	stream.block = count;
}
