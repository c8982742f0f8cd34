/* SPDX-License-Identifier: MIT */
/* A profile as a person or a viewer reads it. Each writes one document to f. */
#ifndef QUIRE_PROFILE_WRITE_H
#define QUIRE_PROFILE_WRITE_H

#include "profile_tree.h"

/* Tables: entries, then functions, the top of each (0: all). With two profiles the entries stand side by side. */
void write_tables(FILE *f, const struct profile *p, size_t nr, size_t top);

/* Which ways lead to @function, and the tree of what it calls; what has less than half a percent of it only if @whole. */
void write_calls(FILE *f, const struct profile *p, const char *function, bool whole);

/* Flame graph: a self-contained SVG; a click zooms, Ctrl-F or / searches, titles hold the counts. */
void write_svg(FILE *f, const struct profile *p, const char *title);

/* "root;function;function COUNT" lines, as flamegraph.pl and speedscope read them. */
void write_collapsed(FILE *f, const struct profile *p);

/*
 * The calls as they happened, in Chrome's trace event format (Perfetto, speedscope, about:tracing): a
 * microsecond is a thousand instructions. Returns false when the plugin's limit of events cut the end off.
 */
bool write_chrome(FILE *f, const struct profile *p);

#endif
