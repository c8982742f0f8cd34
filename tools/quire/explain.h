/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_EXPLAIN_H
#define QUIRE_EXPLAIN_H

/* quire explain: run a program, and ask the kernel what addresses of it are. */
int explain_command(int argc, char **argv);

#endif
