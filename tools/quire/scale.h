/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_SCALE_H
#define QUIRE_SCALE_H

/* `quire bench scale [options] [NAME...]`: the arguments after the word scale; the command's exit status. */
int scale_command(int argc, char **argv);

#endif
