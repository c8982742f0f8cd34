/* SPDX-License-Identifier: MIT */
/* Which terminal /dev/console is: the last console= of the command line, else the first port there is. */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

#include <base/types.h>

/* Number of the terminal behind /dev/console; 0 if there is none. */
dev_t console_tty_dev(void);

#endif
