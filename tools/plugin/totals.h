/* SPDX-License-Identifier: MIT */
/*
 * Instructions between marks, counted cheaply: a block adds its length to one of two numbers, user's or the kernel's, when it
 * begins. A block that faults in its middle counts whole, so the sums are a few in ten thousand too large; a REP instruction counts
 * once however often it repeats. At a mark START+i a line
 *
 *	total I USER KERNEL
 *
 * is written. One CPU only (additions are not atomic).
 */
#ifndef QUIRE_PLUGIN_TOTALS_H
#define QUIRE_PLUGIN_TOTALS_H

#include "qemu_plugin.h"

#include <stdio.h>

void totals_start(FILE *out);

/* Attach to a block that QEMU translates. */
void totals_translate(struct qemu_plugin_tb *tb);

#endif
