// SPDX-License-Identifier: MIT
/* System calls that do next to nothing: entry, exit, a look-up. */
#define _GNU_SOURCE
#include "harness.h"

#include <sys/syscall.h>
#include <unistd.h>

#define TIMES 1000

BENCH("syscall-null")
{
	syscall(SYS_getppid);
	start();
	for (int i = 0; i < TIMES; i++)
		syscall(SYS_getppid);
	stop();
	times(TIMES);
}
