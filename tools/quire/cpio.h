/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_CPIO_H
#define QUIRE_CPIO_H

struct tree;

/*
 * Write the tree as a "newc" cpio archive, uncompressed, to fd (which must be empty). Everything
 * belongs to root; modification times are those of the host's files, 0 for what the tool made.
 * => fails with a sentence when a file cannot be read
 */
void cpio_write(int fd, const struct tree *t);

#endif
