/* SPDX-License-Identifier: MIT */
/* The functions of a kernel and where they lie when it is booted with --icount (without KASLR). */
#ifndef QUIRE_SYMBOLS_H
#define QUIRE_SYMBOLS_H

struct options;

/*
 * A file of lines "START END NAME" (hexadecimal, half-open, by address) for the kernel that these options
 * boot, as the plugin's symbols= wants it. Quire's come from its ELF file each time; Linux's from
 * /proc/kallsyms of one boot, kept beside the oracle. => fails with a sentence
 */
const char *symbols_file(const struct options *o);

#endif
