/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_PROFILE_H
#define QUIRE_PROFILE_H

/* `quire profile [options] -- PROGRAM`: the arguments after the command word; the command's exit status. */
int profile_command(int argc, char **argv);

#endif
