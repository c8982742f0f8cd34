// SPDX-License-Identifier: MIT
/* Formats of other people's viewers. Brendan Gregg's collapsed stacks; Google's Trace Event Format. */
#define _GNU_SOURCE
#include "profile_write.h"

#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_path(FILE *f, const struct profile *p, uint32_t i)
{
	if (p->v[i].parent) {
		put_path(f, p, p->v[i].parent);
		fputc(';', f);
	}
	fputs(p->v[i].name, f);
}

void write_collapsed(FILE *f, const struct profile *p)
{
	for (uint32_t i = 1; i < p->n; i++) {
		if (!p->v[i].self)
			continue;
		put_path(f, p, i);
		fprintf(f, " %" PRIu64 "\n", p->v[i].self);
	}
}

/* How deep each task is, so that returns of calls from before the beginning are left out. */
struct depths {
	uint32_t *v;
	size_t n;
};

static uint32_t *depth_of(struct depths *d, uint32_t task)
{
	if (task >= d->n) {
		d->v = xrealloc(d->v, (task + 1) * sizeof(*d->v));
		memset(d->v + d->n, 0, (task + 1 - d->n) * sizeof(*d->v));
		d->n = task + 1;
	}
	return &d->v[task];
}

static void put_event(FILE *f, bool *first, char phase, uint64_t time, uint32_t task,
		      const char *name)
{
	fprintf(f, "%s\n{\"ph\":\"%c\",\"ts\":%" PRIu64 ".%03u,\"pid\":1,\"tid\":%" PRIu32,
		*first ? "" : ",", phase, time / 1000, (unsigned int)(time % 1000), task);
	if (name)
		fprintf(f, ",\"name\":\"%s\"", name); /* names of C functions need no quoting */
	fputc('}', f);
	*first = false;
}

/* False at a line that tells of the cut. */
static bool copy_event(FILE *f, const char *line, struct depths *d, uint64_t *time, bool *first)
{
	char phase, name[400] = "";
	uint32_t task;
	int n = sscanf(line, "%c %" SCNu64 " %" SCNu32 " %399s", &phase, time, &task, name);

	if (sscanf(line, "cut %" SCNu64, time) == 1)
		return false;
	if (n == 4 && phase == 'B') {
		++*depth_of(d, task);
		put_event(f, first, 'B', *time, task, name);
	} else if (n == 3 && phase == 'E' && *depth_of(d, task)) {
		--*depth_of(d, task);
		put_event(f, first, 'E', *time, task, NULL);
	}
	return true;
}

bool write_chrome(FILE *f, const struct profile *p)
{
	FILE *from = fopen(p->file, "re");
	struct depths d = { 0 };
	bool first = true, whole = true;
	uint64_t time = 0;
	char line[600];

	if (!from)
		fail("%s: %s", p->file, strerror(errno));
	fprintf(f,
		"{\"displayTimeUnit\":\"ns\",\"otherData\":{\"kernel\":\"%s\",\"unit\":"
		"\"1 ns is one guest instruction\"},\"traceEvents\":[",
		p->kernel);
	while (fgets(line, sizeof(line), from))
		whole &= copy_event(f, line, &d, &time, &first);
	for (uint32_t task = 0; task < d.n; task++)
		while (d.v[task]--)
			put_event(f, &first, 'E', time, task, NULL);
	fputs("\n]}\n", f);
	fclose(from);
	free(d.v);
	return whole;
}
