/* SPDX-License-Identifier: MIT */
/* Copying programs and files of the host into the initramfs, with everything they need to run. */
#ifndef QUIRE_PACK_H
#define QUIRE_PACK_H

struct tree;

/*
 * The program a person named: a path, or a name looked up in PATH. malloc()ed absolute path, or
 * NULL when there is none (errno tells).
 */
char *pack_lookup(const char *program);

/* Pack the program at its own path, the symbolic links on the way, and what it needs. */
void pack_program(struct tree *t, const char *path);

/* --add HOSTPATH[:GUESTPATH]: a file or a whole directory, ELF files with their libraries. */
void pack_add(struct tree *t, const char *spec);

/* --root DIR: the directory's contents become the root of the tree. */
void pack_root(struct tree *t, const char *dir);

#endif
