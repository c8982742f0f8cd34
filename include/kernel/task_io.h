/* SPDX-License-Identifier: MIT */
/* What a task has read and written: /proc/PID/io, proc(5). Only the task itself counts. */
#ifndef QUIRE_KERNEL_TASK_IO_H
#define QUIRE_KERNEL_TASK_IO_H

#include <base/types.h>

struct task_io {
	u64 rchar, wchar;	/* bytes through read and write calls, from anything */
	u64 syscr, syscw;	/* such calls */
	u64 read_bytes;		/* asked of block devices */
	u64 write_bytes;	/* of pages made dirty that will go to one */
	u64 cancelled_write_bytes; /* of those truncated before they went */
};

static inline void task_io_add(struct task_io *to, const struct task_io *from)
{
	to->rchar += from->rchar;
	to->wchar += from->wchar;
	to->syscr += from->syscr;
	to->syscw += from->syscw;
	to->read_bytes += from->read_bytes;
	to->write_bytes += from->write_bytes;
	to->cancelled_write_bytes += from->cancelled_write_bytes;
}

/* A call that read or wrote @ret bytes, or failed. */
static inline void task_io_read(struct task_io *io, ssize_t ret)
{
	io->syscr++;
	if (ret > 0)
		io->rchar += (u64)ret;
}

static inline void task_io_write(struct task_io *io, ssize_t ret)
{
	io->syscw++;
	if (ret > 0)
		io->wchar += (u64)ret;
}

#endif
