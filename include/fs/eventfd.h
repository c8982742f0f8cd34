/* SPDX-License-Identifier: MIT */
/* eventfd(2) as the kernel signals it. fs/eventfd.c */
#ifndef QUIRE_FS_EVENTFD_H
#define QUIRE_FS_EVENTFD_H

#include <base/types.h>

struct file;

/* The file of @fd with a reference; ERR_PTR: -EBADF, or -EINVAL when it is no eventfd. */
struct file *eventfd_fget(int fd);
/* Add @n, as far as the counter goes, and wake who waits. Does not sleep. */
void eventfd_signal(struct file *eventfd, u64 n);

#endif
