// SPDX-License-Identifier: MIT
/* System calls that do next to nothing: entry, exit, a look-up. */
#define _GNU_SOURCE
#include "harness.h"

#include <linux/membarrier.h>
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

/* One thread: no CPU has to be told. */
BENCH("membarrier-private")
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	start();
	for (int i = 0; i < TIMES; i++)
		if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
			broken("membarrier");
	stop();
	times(TIMES);
}
