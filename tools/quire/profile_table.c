// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "profile_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static const struct prow *find(const struct prows *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].name, name))
			return &r->v[i];
	return NULL;
}

static void entry_cells(FILE *f, const struct prow *r)
{
	if (!r)
		fprintf(f, " %12s %8s %9s", "-", "-", "-");
	else if (!r->calls)
		fprintf(f, " %12" PRIu64 " %8s %9s", r->inclusive, "-", "-");
	else
		fprintf(f, " %12" PRIu64 " %8" PRIu64 " %9" PRIu64, r->inclusive, r->calls,
			r->inclusive / r->calls);
}

/* Name and cells of each kernel; the first kernel's instructions over the second's. */
static void entry_row(FILE *f, const char *name, const struct prow *a, const struct prow *b,
		      size_t nr)
{
	fprintf(f, "%-30s", name);
	entry_cells(f, a);
	if (nr == 2) {
		entry_cells(f, b);
		if (a && b && b->inclusive)
			fprintf(f, " %7.3f", (double)a->inclusive / (double)b->inclusive);
		else
			fprintf(f, " %7s", "-");
	}
	fputc('\n', f);
}

static void write_entries(FILE *f, const struct profile *p, size_t nr, size_t top)
{
	struct prows a = profile_entries(&p[0]), b = { 0 };

	if (nr == 2)
		b = profile_entries(&p[1]);
	fprintf(f, "%-30s %12s %8s %9s", "entry (everything below it)", p[0].kernel, "times",
		"each");
	if (nr == 2)
		fprintf(f, " %12s %8s %9s %7s", p[1].kernel, "times", "each", "ratio");
	fputc('\n', f);
	for (size_t i = 0; i < a.n && (!top || i < top); i++)
		entry_row(f, a.v[i].name, &a.v[i], find(&b, a.v[i].name), nr);
	for (size_t i = 0; i < b.n && (!top || i < top); i++)
		if (!find(&a, b.v[i].name))
			entry_row(f, b.v[i].name, NULL, &b.v[i], nr);
	fprintf(f, "%-30s %12" PRIu64 " %18s", "all", p[0].total, "");
	if (nr == 2)
		fprintf(f, " %12" PRIu64 " %18s %7.3f", p[1].total, "",
			(double)p[0].total / (double)p[1].total);
	fputc('\n', f);
	free(a.v);
	free(b.v);
}

static void write_functions(FILE *f, const struct profile *p, size_t top)
{
	struct prows r = profile_functions(p);
	uint64_t kernel = p->total - p->user;

	fprintf(f, "\n%s: %" PRIu64 " instructions in the kernel, %" PRIu64 " in user space\n",
		p->kernel, kernel, p->user);
	fprintf(f, "%12s %6s %12s %6s %9s %8s  function\n", "self", "%", "inclusive", "%", "calls",
		"self/call");
	for (size_t i = 0; i < r.n && (!top || i < top); i++) {
		const struct prow *x = &r.v[i];

		fprintf(f,
			"%12" PRIu64 " %5.1f%% %12" PRIu64 " %5.1f%% %9" PRIu64 " %8" PRIu64
			"  %s\n",
			x->self, percent(x->self, kernel), x->inclusive,
			percent(x->inclusive, kernel), x->calls, x->calls ? x->self / x->calls : 0,
			x->name);
	}
	if (top && r.n > top)
		fprintf(f, "(%zu further functions; --top 0 shows all)\n", r.n - top);
	free(r.v);
}

void write_tables(FILE *f, const struct profile *p, size_t nr, size_t top)
{
	write_entries(f, p, nr, top);
	for (size_t i = 0; i < nr; i++)
		write_functions(f, &p[i], top);
}
