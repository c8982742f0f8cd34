/* SPDX-License-Identifier: MIT */
/* The operations, for the table in opcodes.c. prep and issue as in struct io_op. */
#ifndef QUIRE_IO_URING_OPS_H
#define QUIRE_IO_URING_OPS_H

#include "io_uring_internal.h"



#define IO_OPERATION(name)								\
	int io_prep_##name(struct io_kiocb *req, const struct io_uring_sqe *sqe);	\
	int io_issue_##name(struct io_kiocb *req, unsigned int how)

/* file.c */
IO_OPERATION(nop);
IO_OPERATION(fsync);
IO_OPERATION(sync_file_range);
IO_OPERATION(fallocate);
IO_OPERATION(fadvise);
IO_OPERATION(madvise);
IO_OPERATION(splice);
IO_OPERATION(tee);
void io_cleanup_splice(struct io_kiocb *req);
IO_OPERATION(close);

/* path.c */
IO_OPERATION(openat);
IO_OPERATION(statx);
IO_OPERATION(mkdirat);
IO_OPERATION(unlinkat);
IO_OPERATION(renameat);
IO_OPERATION(symlinkat);
IO_OPERATION(linkat);
int io_prep_openat2(struct io_kiocb *req, const struct io_uring_sqe *sqe);
void io_cleanup_paths(struct io_kiocb *req);

/* net.c */
IO_OPERATION(msg);
IO_OPERATION(bytes);
IO_OPERATION(accept);
IO_OPERATION(connect);
IO_OPERATION(shutdown);
IO_OPERATION(socket);

/* register.c */
IO_OPERATION(files_update);

/* kbuf.c */
IO_OPERATION(provide_buffers);
IO_OPERATION(remove_buffers);

#undef IO_OPERATION
#endif
