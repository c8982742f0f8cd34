/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_KERNEL_H
#define QUIRE_KERNEL_H

struct options;

/* The kernel to boot; the oracle is downloaded, Quire is built when it is not there yet. */
const char *kernel_file(const struct options *o);

#endif
