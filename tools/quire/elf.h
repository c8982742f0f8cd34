/* SPDX-License-Identifier: MIT */
/* What an ELF file or a script needs in order to run, found without running it. */
#ifndef QUIRE_ELF_H
#define QUIRE_ELF_H

#include "say.h"

#include <stdbool.h>

struct elf_needs {
	char *interp; /* PT_INTERP, or NULL */
	struct strv needed; /* DT_NEEDED names */
	struct strv search; /* DT_RUNPATH or else DT_RPATH directories, $ORIGIN replaced */
};

/* True when the file is an x86-64 ELF of either type; fills needs. Never trusts the file. */
bool elf_read(const char *path, struct elf_needs *needs);

/*
 * The host path of a shared library: in the search directories of the one who needs it (and of the
 * program), those of /etc/ld.so.conf, and the standard ones. malloc()ed, or NULL.
 */
char *elf_find_library(const char *name, const struct strv *search);

#endif
