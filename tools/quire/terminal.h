/* SPDX-License-Identifier: MIT */
/* The person's terminal: raw while a shell runs, always restored. */
#ifndef QUIRE_TERMINAL_H
#define QUIRE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Switch standard input to raw mode if it is a terminal; restored at exit. True if it is one. */
bool terminal_raw(void);

/* Restore it now; may be called in a signal handler and more than once. */
void terminal_restore(void);

/*
 * Take the escape sequences out of what was typed: Ctrl-A x asks to leave (*leave = true), Ctrl-A
 * Ctrl-A is one Ctrl-A. Works in place, keeps state between calls; the new length.
 */
size_t terminal_filter(char *buf, size_t n, bool *leave);

#endif
