/* SPDX-License-Identifier: MIT */
/* What the last close of a file tells epoll(7). */
#ifndef FS_EVENTPOLL_H
#define FS_EVENTPOLL_H

#include <fs/file.h>

void eventpoll_release_file(struct file *file);

/* By __fput(): no epoll instance watches @file afterwards. May sleep. */
static inline void eventpoll_release(struct file *file)
{
	if (unlikely(READ_ONCE(file->f_ep)))
		eventpoll_release_file(file);
}

#endif
