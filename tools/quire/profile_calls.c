// SPDX-License-Identifier: MIT
/* One function in a profile: on which ways it was reached, and what it called, merged over all its calls. */
#define _GNU_SOURCE
#include "profile_write.h"

#include "say.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A function at one place below the one that was asked for. */
struct callee {
	const char *name;
	uint64_t calls, inclusive;
	uint32_t child, next; /* 0: none */
};

struct callees {
	struct callee *v;
	uint32_t n;
};

static uint32_t add_callee(struct callees *c, const char *name)
{
	c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n] = (struct callee){ .name = name };
	return c->n++;
}

/* The child @name of @parent, in the order in which they were first called. */
static uint32_t child_of(struct callees *c, uint32_t parent, const char *name)
{
	uint32_t last = 0, i, new;

	for (i = c->v[parent].child; i; last = i, i = c->v[i].next)
		if (!strcmp(c->v[i].name, name))
			return i;
	new = add_callee(c, name);
	*(last ? &c->v[last].next : &c->v[parent].child) = new;
	return new;
}

static void put_way(FILE *f, const struct profile *p, uint32_t i)
{
	if (p->v[i].parent) {
		put_way(f, p, p->v[i].parent);
		fputs(" > ", f);
	}
	fputs(p->v[i].name, f);
}

static void put_callee(FILE *f, const struct callees *c, uint32_t i, int depth, uint64_t least)
{
	if (c->v[i].inclusive < least)
		return;
	fprintf(f, "%9" PRIu64 " %12" PRIu64 "  %*s%s\n", c->v[i].calls, c->v[i].inclusive,
		2 * depth, "", c->v[i].name);
	for (uint32_t child = c->v[i].child; child; child = c->v[child].next)
		put_callee(f, c, child, depth + 1, least);
}

void write_calls(FILE *f, const struct profile *p, const char *function, bool whole)
{
	uint32_t *at = xrealloc(
		NULL, (p->n + 1) * sizeof(*at)); /* of each node, plus one; 0: not below it */
	struct callees c = { 0 };

	fprintf(f, "%s: %s is reached\n", p->kernel, function);
	add_callee(&c, function);
	for (uint32_t i = 0; i < p->n; i++) {
		uint32_t above = i ? at[p->v[i].parent] : 0;
		bool top = !above && i && !strcmp(p->v[i].name, function);

		at[i] = above ? child_of(&c, above - 1, p->v[i].name) + 1 : top;
		if (!at[i])
			continue;
		c.v[at[i] - 1].calls += p->v[i].calls;
		c.v[at[i] - 1].inclusive += p->v[i].inclusive;
		if (top) {
			fprintf(f, "%9" PRIu64 " times by ", p->v[i].calls);
			put_way(f, p, i);
			fputc('\n', f);
		}
	}
	if (c.v[0].inclusive) {
		fprintf(f, "%9s %12s  and calls\n", "times", "instructions");
		put_callee(f, &c, 0, 0, whole ? 0 : c.v[0].inclusive / 200);
	} else {
		fprintf(f, "%9s\n", "never");
	}
	fputc('\n', f);
	free(c.v);
	free(at);
}
