// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "profile_tree.h"

#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *after(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) ? NULL : name + n;
}

static char *spaced(const char *s)
{
	char *words = xstrdup(s);

	for (char *c = words; *c; c++)
		if (*c == '_')
			*c = ' ';
	return words;
}

char *entry_words(const char *function)
{
	const char *rest;

	/* Linux names these after the structure that they take. */
	if (!strcmp(function, "__x64_sys_newuname"))
		return xstrdup("uname()");
	if (!strcmp(function, "__x64_sys_sendfile64"))
		return xstrdup("sendfile()");
	if ((rest = after(function, "__x64_sys_")) || (rest = after(function, "sys_")))
		return xasprintf("%s()", rest);
	if ((rest = after(function, "asm_exc_")))
		return spaced(rest);
	if (!strcmp(function, "asm_sysvec_apic_timer_interrupt"))
		return xstrdup("timer interrupt");
	if ((rest = after(function, "asm_sysvec_")))
		return spaced(rest);
	if (!strcmp(function, "irq_entries_start"))
		return xstrdup("interrupt");
	if (!strcmp(function, "entry_SYSCALL_64"))
		return xstrdup("(no such system call)");
	if (after(function, "ret_from_fork"))
		return xstrdup("(kernel threads, new tasks)");
	if (function[0] == '(')
		return xstrdup(function);
	return xasprintf("(idle, since %s)", function);
}

/* The plugin's numbers have holes: numbers in the file to positions here. */
struct numbers {
	uint32_t *position;
	size_t room;
};

static uint32_t *position(struct numbers *m, uint32_t id)
{
	if (id >= m->room) {
		size_t room = 2 * (size_t)id + 1024;

		m->position = xrealloc(m->position, room * sizeof(*m->position));
		memset(m->position + m->room, 0, (room - m->room) * sizeof(*m->position));
		m->room = room;
	}
	return &m->position[id];
}

static void add_node(struct profile *p, struct numbers *m, const char *line)
{
	static size_t room;
	struct pnode n = { 0 };
	uint32_t id, parent;
	char kind[8], name[400];

	if (sscanf(line, "%7s %" SCNu32 " %" SCNu32 " %" SCNu64 " %" SCNu64 " %399s", kind, &id,
		   &parent, &n.self, &n.calls, name) != 6)
		fail("%s: a line is cut off: %s", p->file, line);
	n.root = !strcmp(kind, "entry");
	n.parent = *position(m, parent);
	n.name = n.root ? entry_words(name) : xstrdup(name);
	if (p->n == 1)
		room = 0;
	if (p->n >= room) {
		room = 2 * p->n + 64;
		p->v = xrealloc(p->v, room * sizeof(*p->v));
		p->v[0] = (struct pnode){ 0 };
	}
	*position(m, id) = (uint32_t)p->n;
	p->v[p->n++] = n;
}

static void sum_up(struct profile *p)
{
	for (size_t i = p->n - 1; i; i--) {
		p->v[i].inclusive += p->v[i].self;
		p->v[p->v[i].parent].inclusive += p->v[i].inclusive;
		if (p->v[i].root && !strcmp(p->v[i].name, "(user)"))
			p->user = p->v[i].self;
	}
}

void profile_read(struct profile *p, const char *kernel, const char *file)
{
	FILE *f = fopen(file, "re");
	struct numbers m = { 0 };
	char line[600];
	bool finished = false;

	if (!f)
		fail("%s: %s", file, strerror(errno));
	*p = (struct profile){ .kernel = kernel, .file = file, .n = 1 };
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == 'n' || line[0] == 'e')
			add_node(p, &m, line);
		else if (sscanf(line, "total %" SCNu64, &p->total) == 1)
			finished = true;
	}
	fclose(f);
	free(m.position);
	if (!finished || p->n == 1)
		fail("the machine ended before the plugin could write its counts");
	sum_up(p);
}

/* --- rows --- */

static int by_inclusive(const void *a, const void *b)
{
	const struct prow *x = a, *y = b;

	return x->inclusive != y->inclusive ? (x->inclusive < y->inclusive ? 1 : -1)
					    : strcmp(x->name, y->name);
}

static int by_self(const void *a, const void *b)
{
	const struct prow *x = a, *y = b;

	return x->self != y->self ? (x->self < y->self ? 1 : -1) : strcmp(x->name, y->name);
}

struct prows profile_entries(const struct profile *p)
{
	struct prows r = { xcalloc(p->n, sizeof(*r.v)), 0 };

	for (size_t i = 1; i < p->n; i++) {
		const struct pnode *n = &p->v[i];
		size_t k = 0;

		if (!n->root)
			continue;
		while (k < r.n && strcmp(r.v[k].name, n->name) != 0)
			k++;
		if (k == r.n)
			r.v[r.n++].name = n->name;
		r.v[k].self += n->self;
		r.v[k].inclusive += n->inclusive;
		r.v[k].calls += n->calls;
	}
	qsort(r.v, r.n, sizeof(*r.v), by_inclusive);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct pnode *x = *(struct pnode *const *)a, *y = *(struct pnode *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x > y) - (x < y);
}

/* Is the function further up on the way to the root? Then its caller's inclusive count holds this one. */
static bool recursive(const struct profile *p, const struct pnode *n)
{
	for (const struct pnode *up = &p->v[n->parent]; up != p->v && !up->root;
	     up = &p->v[up->parent])
		if (!strcmp(up->name, n->name))
			return true;
	return false;
}

struct prows profile_functions(const struct profile *p)
{
	struct prows r = { xcalloc(p->n, sizeof(*r.v)), 0 };
	const struct pnode **sorted = xcalloc(p->n, sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 1; i < p->n; i++)
		if (!p->v[i].root)
			sorted[n++] = &p->v[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		if (!r.n || strcmp(r.v[r.n - 1].name, sorted[i]->name) != 0)
			r.v[r.n++].name = sorted[i]->name;
		r.v[r.n - 1].self += sorted[i]->self;
		r.v[r.n - 1].calls += sorted[i]->calls;
		if (!recursive(p, sorted[i]))
			r.v[r.n - 1].inclusive += sorted[i]->inclusive;
	}
	free(sorted);
	qsort(r.v, r.n, sizeof(*r.v), by_self);
	return r;
}
