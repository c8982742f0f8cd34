// SPDX-License-Identifier: MIT
/*
 * Figures in a file, one line each, and their comparison. A record is named by a hash of everything that
 * a figure depends on (bench_run.c), so two records of one name must be equal to the digit.
 *	op NAME TIMES TICKS COUNTED TOTAL BULK
 *	fn FUNCTION COUNT		of the operation before
 *	no NAME REASON
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void record_store(const struct bench *b, const struct figure *figures, const char *file)
{
	char *unfinished = xasprintf("%s.%d", file, (int)getpid());
	FILE *out = fopen(unfinished, "we");

	if (!out)
		fail("%s: %s", unfinished, strerror(errno));
	for (size_t i = 0; i < b->nr_ops; i++) {
		const struct figure *f = &figures[i];

		if (f->measured)
			fprintf(out, "op %s %lld %lld %d %lld %lld\n", b->ops[i].name, f->times,
				f->ticks, f->counted, f->total, f->bulk);
		else if (f->why)
			fprintf(out, "no %s %s\n", b->ops[i].name, f->why);
		for (size_t k = 0; k < f->nr_spent; k++)
			fprintf(out, "fn %s %lld\n", f->spent[k].function, f->spent[k].count);
	}
	if (fclose(out) || rename(unfinished, file))
		fail("%s: %s", file, strerror(errno));
	free(unfinished);
}

static struct figure *by_name(const struct bench *b, struct figure *figures, const char *name)
{
	for (size_t i = 0; i < b->nr_ops; i++)
		if (!strcmp(b->ops[i].name, name))
			return &figures[i];
	return NULL;
}

static struct figure *load_line(const struct bench *b, struct figure *figures, struct figure *f,
				const char *line)
{
	char name[256], text[200];
	struct figure got = { .measured = true };
	int counted;
	long long n;

	if (sscanf(line, "op %63s %lld %lld %d %lld %lld", name, &got.times, &got.ticks, &counted,
		   &got.total, &got.bulk) == 6) {
		got.counted = counted;
		f = by_name(b, figures, name);
		if (f)
			*f = got;
	} else if (sscanf(line, "no %63s %199[^\n]", name, text) == 2) {
		f = by_name(b, figures, name);
		if (f)
			f->why = xstrdup(text);
	} else if (f && sscanf(line, "fn %255s %lld", name, &n) == 2) {
		f->spent = xrealloc(f->spent, (f->nr_spent + 1) * sizeof(*f->spent));
		f->spent[f->nr_spent++] = (struct spent){ xstrdup(name), n };
	}
	return f;
}

bool record_load(const struct bench *b, struct figure *figures, const char *file)
{
	FILE *in = fopen(file, "re");
	struct figure *f = NULL;
	char *line = NULL;
	size_t room = 0;

	if (!in)
		return false;
	while (getline(&line, &room, in) > 0)
		f = load_line(b, figures, f, line);
	free(line);
	fclose(in);
	return true;
}

/*
 * The same figure? A timer interrupt within the measured stretch costs some 30 instructions more or less as it meets
 * user or kernel code, or a stretch without preemption: up to 1/TICK_SHARE is not told.
 */
#define TICK_SHARE 20000

static bool same_count(long long x, long long y)
{
	return llabs(x - y) <= llabs(y) / TICK_SHARE;
}

int record_compare(const struct bench *b, const struct figure *old, const struct figure *new,
		   const char *machine)
{
	int differences = 0;

	for (size_t i = 0; i < b->nr_ops; i++) {
		const struct figure *x = &old[i], *y = &new[i];

		if (!b->ops[i].wanted || !x->measured || !y->measured)
			continue;
		if (same_count(x->ticks, y->ticks) &&
		    (!x->counted || !y->counted ||
		     (same_count(x->total, y->total) && same_count(x->bulk, y->bulk))))
			continue;
		say("%s on %s did not repeat: %lld instructions, before %lld", b->ops[i].name,
		    machine, y->ticks, x->ticks);
		differences++;
	}
	return differences;
}
