/* SPDX-License-Identifier: MIT */
#include "calltree.h"

#include <inttypes.h>
#include <stdlib.h>

static uint32_t new_node(struct calltree *t, uint32_t parent, uint32_t what)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->v = realloc(t->v, t->room * sizeof(*t->v));
	}
	t->v[t->n] = (struct node){ .what = what, .parent = parent };
	return t->n++;
}

void calltree_init(struct calltree *t)
{
	new_node(t, 0, 0);
}

uint32_t calltree_child(struct calltree *t, uint32_t parent, uint32_t what)
{
	uint32_t i = t->v[parent].child;

	for (; i; i = t->v[i].sibling)
		if (t->v[i].what == what)
			return i;
	i = new_node(t, parent, what);
	t->v[i].sibling = t->v[parent].child;
	t->v[parent].child = i;
	return i;
}

uint32_t calltree_hidden_root(struct calltree *t, uint32_t what)
{
	return new_node(t, 0, what | ROOT_OF);
}

void calltree_move(struct calltree *t, uint32_t from, uint32_t to)
{
	t->v[to].self += t->v[from].self;
	t->v[to].calls += t->v[from].calls;
	t->v[from].self = t->v[from].calls = 0;
	for (uint32_t i = t->v[from].child; i; i = t->v[i].sibling)
		calltree_move(t, i, calltree_child(t, to, t->v[i].what));
}

/* Instructions and calls below each node, itself included. => malloc()ed */
static uint64_t *inclusive(const struct calltree *t)
{
	uint64_t *sum = calloc(t->n, sizeof(*sum));

	for (uint32_t i = t->n - 1; i; i--) {
		sum[i] += t->v[i].self + t->v[i].calls;
		sum[t->v[i].parent] += sum[i];
	}
	return sum;
}

void calltree_write(const struct calltree *t, FILE *out, const char *(*name)(uint32_t function))
{
	uint64_t *sum = inclusive(t);

	for (uint32_t i = 1; i < t->n; i++) {
		const struct node *n = &t->v[i];

		if (sum[i])
			fprintf(out, "%s %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %s\n",
				n->what & ROOT_OF ? "entry" : "node", i, n->parent, n->self,
				n->calls, name(n->what & ~ROOT_OF));
	}
	free(sum);
}
