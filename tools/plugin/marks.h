/* SPDX-License-Identifier: MIT */
/*
 * Counts between marks. The guest executes one-byte `ret`s at START+i; before it does, one line
 *
 *	mark I TOTAL BULK USER KERNEL
 *
 * is written: instructions executed so far, those inside a range of ranges=, those below and those in
 * the upper half of the address space. With symbols=, lines "fn NAME COUNT" follow: what each function
 * executed since the mark before (counts of one name are added up; those of user space are "(user)").
 */
#ifndef QUIRE_PLUGIN_MARKS_H
#define QUIRE_PLUGIN_MARKS_H

#include <stdbool.h>
#include <stdio.h>

/* Attach to the stream and write to out. functions: the fn lines too. => called once, symbols are read */
void marks_start(FILE *out, bool functions);

#endif
