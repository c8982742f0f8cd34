/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_BENCH_BOOT_H
#define QUIRE_BENCH_BOOT_H

#include <stdbool.h>

/*
 * `quire bench boot`: the start and the footprint of both kernels, side by side, with the goals. argc and
 * argv after the word boot; plugin: there is one.
 */
int boot_command(int argc, char **argv, bool plugin);

#endif
