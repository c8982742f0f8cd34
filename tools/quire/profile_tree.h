/* SPDX-License-Identifier: MIT */
/* A profile: the tree of calls that tools/plugin/stacks.h writes, and sums over it. */
#ifndef QUIRE_PROFILE_TREE_H
#define QUIRE_PROFILE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Counts are instructions. Node 0 is above the roots; a parent comes before its children. */
struct pnode {
	uint32_t parent;
	bool root; /* what entered the kernel, or user space */
	uint64_t self, inclusive, calls;
	const char *name; /* function; a root's is the entry's in words, see entry_words() */
};

struct profile {
	const char *kernel; /* "quire" or "linux" */
	const char *file; /* the plugin's output, for the events */
	struct pnode *v;
	size_t n;
	uint64_t total, user;
};

/* One line of a table: a function, or an entry. */
struct prow {
	const char *name;
	uint64_t self, inclusive, calls;
};

struct prows {
	struct prow *v;
	size_t n;
};

/* => fails with a sentence when the file is no finished profile */
void profile_read(struct profile *p, const char *kernel, const char *file);

/* "__x64_sys_read" and "sys_read" are "read()", "asm_exc_page_fault" is "page fault". malloc()ed. */
char *entry_words(const char *function);

/* Entries, most instructions first; functions of the kernel, most of their own first. */
struct prows profile_entries(const struct profile *p);
struct prows profile_functions(const struct profile *p);

#endif
