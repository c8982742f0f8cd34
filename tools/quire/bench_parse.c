// SPDX-License-Identifier: MIT
/*
 * From the guest's report (bench/harness.c tells its lines) and the plugin's file of marks to figures.
 *
 * A part is what lies between two marks. An enclosed nothing costs a few instructions, the same each
 * time; they are subtracted once per part. The plugin's counts and the time stamp counter's must agree:
 * where they do not, that is told.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define NR_MARKS 4096

struct mark {
	bool seen;
	long long total, bulk;
	struct spent *spent; /* since the mark before */
	size_t nr_spent;
};

static void add_spent(struct spent **v, size_t *n, const char *function, long long count)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*v)[i].function, function)) {
			(*v)[i].count += count;
			return;
		}
	*v = xrealloc(*v, (*n + 1) * sizeof(**v));
	(*v)[(*n)++] = (struct spent){ xstrdup(function), count };
}

/* Of a mark that was executed more than once the last time counts. */
static struct mark *read_marks(FILE *f)
{
	struct mark *marks = xcalloc(NR_MARKS, sizeof(*marks)), *now = NULL;
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		long long total, bulk, count;
		char name[256];
		int nr;

		if (sscanf(line, "mark %d %lld %lld", &nr, &total, &bulk) == 3 && nr >= 0 &&
		    nr < NR_MARKS) {
			now = &marks[nr];
			now->seen = true;
			now->total = total;
			now->bulk = bulk;
			now->nr_spent = 0;
		} else if (now && sscanf(line, "fn %255s %lld", name, &count) == 2) {
			now->spent =
				xrealloc(now->spent, (now->nr_spent + 1) * sizeof(*now->spent));
			now->spent[now->nr_spent++] = (struct spent){ xstrdup(name), count };
		}
	}
	free(line);
	return marks;
}

static const struct mark *find_mark(const struct mark *marks, int nr)
{
	return nr >= 0 && nr < NR_MARKS && marks[nr].seen ? &marks[nr] : NULL;
}

static void add_part(struct figure *f, const struct mark *marks, int sign, int first, int last,
		     long long ticks)
{
	const struct mark *from = find_mark(marks, first), *to = find_mark(marks, last);

	f->ticks += sign * ticks;
	if (!from || !to) {
		f->counted = false;
		return;
	}
	f->total += sign * (to->total - from->total);
	f->bulk += sign * (to->bulk - from->bulk);
	for (size_t i = 0; i < to->nr_spent; i++)
		add_spent(&f->spent, &f->nr_spent, to->spent[i].function,
			  sign * to->spent[i].count);
}

static struct figure *find_figure(struct bench *b, struct figure *figures, const char *name)
{
	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].wanted && !strcmp(b->ops[i].name, name))
			return &figures[i];
	return NULL;
}

static void check(const struct bench *b, const struct figure *figures)
{
	for (size_t i = 0; i < b->nr_ops; i++) {
		const struct figure *f = &figures[i];

		if (f->measured && f->counted && f->total != f->ticks)
			say("%s: the plugin counted %lld instructions, the time stamp counter %lld",
			    b->ops[i].name, f->total, f->ticks);
	}
}

void figures_parse(struct bench *b, struct figure *figures, FILE *report, FILE *marks_file)
{
	struct mark *marks = read_marks(marks_file);
	struct figure *f = NULL;
	char *line = NULL;
	size_t room = 0;
	int parts = 0;

	while (getline(&line, &room, report) > 0) {
		char name[64], text[200];
		long long n;
		int sign, first, last;

		if (sscanf(line, "op %63s %lld", name, &n) == 2) {
			f = find_figure(b, figures, name);
			parts = 0;
			if (f) {
				f->measured = f->counted = true;
				f->times = n;
			}
		} else if (sscanf(line, "skip %63s %199[^\n]", name, text) == 2 ||
			   sscanf(line, "broken %63s %199[^\n]", name, text) == 2) {
			f = find_figure(b, figures, name);
			if (f)
				f->why = xstrdup(text);
			f = NULL;
		} else if (f && sscanf(line, "took %lld", &n) == 1) {
			f->ticks = n;
			f->counted = false;
		} else if (f && sscanf(line, "part %d %d %d %lld", &sign, &first, &last, &n) == 4) {
			add_part(f, marks, sign, first, last, n);
			parts += sign;
		} else if (f && sscanf(line, "empty %d %d %lld", &first, &last, &n) == 3) {
			for (; parts > 0; parts--)
				add_part(f, marks, -1, first, last, n);
		}
	}
	free(line);
	check(b, figures);
}
