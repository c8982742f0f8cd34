/* SPDX-License-Identifier: MIT */
/*
 * /dev/mmtest: functions of the memory manager that no system call reaches, called from a program.
 *
 * One ioctl, MMTEST_CALL, names a noun ("page") and a verb ("hot"), with up to four numbers in and out.
 * Nouns are files of drivers/mmtest/; bench/linux-module/ offers some of them on Linux in the same form.
 * Only root opens it. Errors: ENOENT no such noun or verb; EINVAL a number out of range; ENOMEM.
 */
#ifndef QUIRE_DRIVERS_MMTEST_H
#define QUIRE_DRIVERS_MMTEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

struct mmtest_call {
	char noun[16], verb[16]; /* ended by NUL */
	__s64 arg[4];
	__s64 result[4];
};

#define MMTEST_CALL _IOWR('m', 0x74, struct mmtest_call)

/* No verb takes more objects than this at once. */
#define MMTEST_MAX 65536

#endif
