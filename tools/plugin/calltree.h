/* SPDX-License-Identifier: MIT */
/*
 * A tree of calls with counts: the children of node 0 are roots (what entered the kernel), below them
 * functions by caller. A node is never freed, and a parent's number is below its children's.
 */
#ifndef QUIRE_PLUGIN_CALLTREE_H
#define QUIRE_PLUGIN_CALLTREE_H

#include <stdint.h>
#include <stdio.h>

/* What a node stands for: a function, or the root named after a function. */
#define ROOT_OF 0x80000000u

struct node {
	uint32_t what; /* function, or ROOT_OF | function */
	uint32_t parent, child, sibling; /* 0: none */
	uint64_t self; /* instructions */
	uint64_t calls; /* how often it was called, or entered */
};

struct calltree {
	struct node *v;
	uint32_t n, room;
};

/* An empty tree has node 0 alone. */
void calltree_init(struct calltree *t);

/* The child of a node that stands for what; made when there is none. */
uint32_t calltree_child(struct calltree *t, uint32_t parent, uint32_t what);

/* A root that calltree_child() does not find and calltree_write() writes only when it has counts. */
uint32_t calltree_hidden_root(struct calltree *t, uint32_t what);

/* Add all counts below from to the like-named nodes below to, and clear them. */
void calltree_move(struct calltree *t, uint32_t from, uint32_t to);

/* Lines "node ID PARENT SELF CALLS NAME"; roots are "entry ID 0 SELF CALLS NAME". */
void calltree_write(const struct calltree *t, FILE *out, const char *(*name)(uint32_t function));

#endif
