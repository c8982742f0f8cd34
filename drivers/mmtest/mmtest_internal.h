/* SPDX-License-Identifier: MIT */
/* What a noun of /dev/mmtest is: a file of this directory that registers one struct mmtest_noun. */
#ifndef MMTEST_INTERNAL_H
#define MMTEST_INTERNAL_H

#include <base/types.h>
#include <base/list.h>
#include <drivers/mmtest.h>

/*
 * @state is what open() of the noun returned for this open file; calls on one file are serialized.
 * May sleep. 0 or -errno; @call->result goes back to the program when 0.
 */
typedef int (*mmtest_fn)(void *state, struct mmtest_call *call);

struct vm_area_struct;

struct mmtest_verb {
	const char *name;
	mmtest_fn fn;
};

struct mmtest_noun {
	const char *name;
	const struct mmtest_verb *verbs; /* ends with a NULL name */
	size_t state_bytes;		 /* zeroed state of each open file; 0: none */
	void (*release)(void *state);	 /* at the last close, if the noun was called; may be NULL */
	/* mmap(2) of an open file on which this noun was the first to be called that has it; mmap_lock is held. */
	int (*mmap)(void *state, struct vm_area_struct *vma);
	struct list_head list;
};

/* At boot, from an initcall of the noun's file. */
void mmtest_register(struct mmtest_noun *noun);

#endif
