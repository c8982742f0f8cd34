/* SPDX-License-Identifier: MIT */
/*
 * Cache lines that CPUs take from each other.
 *
 * 1 Purpose. Time cannot show how a kernel scales on a host with few CPUs; which of its lines are
 * written by several CPUs can, for each such write makes a line travel on a real machine.
 *
 * 2 What is counted, for the lines (64 bytes of the kernel's addresses) that the kernel writes between
 * mark 2i and mark 2i+1:
 *	writes	all of them; atomics: those of them by a locked instruction or xchg
 *	shared	writes (and atomics) to lines that more than one CPU wrote in that time. This depends on
 *		what the kernel does, hardly on when the host let which CPU run
 *	taken	writes to a line that another CPU wrote last: what did travel. It depends on the host
 * and for each function its writes to shared lines.
 *
 * 3 How. A table of lines, found by hashing, each with a set of CPUs and counts by CPU; entries are
 * claimed by compare-and-swap, since each CPU has a thread. What a function writes is kept per (function,
 * line), in a second table of the same kind.
 *
 * 4 Limits. 32 CPUs. A line that the kernel maps at two addresses counts as two. Lines that are read by one
 * CPU and written by another are not seen. Writes of tables by the MMU and of pushed exception frames are not seen.
 */
#ifndef QUIRE_PLUGIN_LINES_H
#define QUIRE_PLUGIN_LINES_H

#include "qemu_plugin.h"

#include <stdio.h>

/*
 * Results are written at each odd mark:
 *	lines I WRITES ATOMICS SHARED_WRITES SHARED_ATOMICS TAKEN NR_LINES NR_SHARED_LINES
 *	by NAME SHARED_WRITES SHARED_ATOMICS	for each function, most first
 * => called once, symbols are read
 */
void lines_start(FILE *out);

/* Attach to a block that QEMU translates. */
void lines_translate(struct qemu_plugin_tb *tb);

#endif
