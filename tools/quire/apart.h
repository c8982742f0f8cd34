/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_APART_H
#define QUIRE_APART_H

/*
 * Call fn(arg) in a process of its own, so that what ends this command there ends only that; without
 * standard input. out and err: files for its standard output and error, NULL to leave them.
 * Its exit status; 128 when a signal ended it.
 */
int apart(int (*fn)(void *), void *arg, const char *out, const char *err);

/* machine_run() on the options, as fn above. */
int apart_machine(void *options);
/* kernel_file() on the options: 0 when there is one. */
int apart_kernel(void *options);
/* oracle_mmtest(): 0 when it could be built. */
int apart_module(void *unused);

#endif
