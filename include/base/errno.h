/* SPDX-License-Identifier: MIT */
/* Error numbers: those that programs see, and those that stay inside the kernel. */
#ifndef QUIRE_BASE_ERRNO_H
#define QUIRE_BASE_ERRNO_H

#include <linux/errno.h>

/* A system call that a signal interrupted; the signal code makes it EINTR or starts it again. */
#define ERESTARTSYS		512	/* again, if the handler has SA_RESTART */
#define ERESTARTNOINTR		513	/* again, always */
#define ERESTARTNOHAND		514	/* again, if no handler ran */
#define ENOIOCTLCMD		515	/* no such ioctl here: ENOTTY outside */
#define ERESTART_RESTARTBLOCK	516	/* again through restart_syscall */
#define EIOCBQUEUED		529

#endif
