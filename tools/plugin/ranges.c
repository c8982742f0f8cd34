/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* What two ranges share belongs to the later one: symbols without a size run into the next. */
static void settle(struct ranges *r)
{
	qsort(r->v, r->n, sizeof(*r->v), by_start);
	for (size_t i = 0; i + 1 < r->n; i++)
		if (r->v[i].end > r->v[i + 1].start)
			r->v[i].end = r->v[i + 1].start;
}

static int by_name(const void *a, const void *b)
{
	const struct range *x = *(struct range *const *)a, *y = *(struct range *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : by_start(x, y);
}

static void number(struct ranges *r)
{
	struct range **sorted = malloc((r->n + 1) * sizeof(*sorted));
	uint32_t id = 0;

	for (size_t i = 0; i < r->n; i++)
		sorted[i] = &r->v[i];
	qsort(sorted, r->n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < r->n; i++) {
		if (!i || strcmp(sorted[i]->name, sorted[i - 1]->name) != 0)
			id = (uint32_t)(sorted[i] - r->v);
		sorted[i]->id = id;
	}
	free(sorted);
}

bool ranges_read(struct ranges *r, const char *file, unsigned int *line)
{
	FILE *f = fopen(file, "re");
	char text[512], name[400];
	struct range one;
	size_t room = 0;

	*line = 0;
	if (!f)
		return false;
	while (fgets(text, sizeof(text), f)) {
		++*line;
		if (text[0] == '\n' || text[0] == '#')
			continue;
		if (sscanf(text, "%" SCNx64 " %" SCNx64 " %399s", &one.start, &one.end, name) !=
			    3 ||
		    one.end < one.start) {
			fclose(f);
			return false;
		}
		if (r->n == room) {
			room = room ? 2 * room : 64;
			r->v = realloc(r->v, room * sizeof(*r->v));
		}
		one.name = strdup(name);
		r->v[r->n++] = one;
	}
	fclose(f);
	*line = 0;
	settle(r);
	number(r);
	return true;
}

long ranges_find(const struct ranges *r, uint64_t addr)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r->v[mid].start <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low && addr < r->v[low - 1].end ? (long)low - 1 : -1;
}
