/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_KERNEL_UTS_H
#define QUIRE_KERNEL_UTS_H

#include <linux/utsname.h>
#include <sync/rwsem.h>

#define UTS_SYSNAME	"Linux"		/* programs look at it */
#define UTS_RELEASE	"6.1.0-quire"
#define UTS_MACHINE	"x86_64"

extern struct new_utsname init_uts;	/* uts_sem */
extern struct rw_semaphore uts_sem;
extern const char linux_banner[];	/* one line, for the log and /proc/version */
static inline struct new_utsname *utsname(void)
{
	return &init_uts;
}

#endif
