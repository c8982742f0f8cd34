/* SPDX-License-Identifier: MIT */
/* io_uring as the rest of the kernel sees it. Theory: io_uring/ring.c, io_uring/worker.c. */
#ifndef QUIRE_IO_URING_IO_URING_H
#define QUIRE_IO_URING_IO_URING_H

struct io_wq;

/* Drop a reference to the workers' queue of a process that is no more. Any context. */
void io_wq_put(struct io_wq *wq);

#endif
