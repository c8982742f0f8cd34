/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_PRESSURE_H
#define QUIRE_PRESSURE_H

/* `quire bench pressure`: programs that need more memory than there is, on both kernels. argc, argv: after that word. */
int pressure_command(int argc, char **argv);

#endif
