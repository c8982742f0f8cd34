// SPDX-License-Identifier: MIT
/* The table of operations. What is not in it completes with EINVAL, and IORING_REGISTER_PROBE says so. */
#include "ops.h"

#define OP(op, pname, iname, ...)                                                                  \
	[IORING_OP_##op] = { .prep = io_prep_##pname, .issue = io_issue_##iname, ##__VA_ARGS__ }
#define FILE_OP	 .needs_file = true
#define PATHS	 .blocks = true, .cleanup = io_cleanup_paths
#define TRANSFER .needs_file = true, .cleanup = io_cleanup_rw, .ioprio = true

const struct io_op io_ops[IORING_OP_LAST] = {
	OP(NOP, nop, nop),
	OP(READV, rw, rw, TRANSFER, .selects = true, .poll = EPOLLIN | EPOLLRDNORM),
	OP(WRITEV, rw, rw, TRANSFER, .poll = EPOLLOUT | EPOLLWRNORM),
	OP(READ, rw, rw, TRANSFER, .selects = true, .poll = EPOLLIN | EPOLLRDNORM),
	OP(WRITE, rw, rw, TRANSFER, .poll = EPOLLOUT | EPOLLWRNORM),
	OP(READ_FIXED, rw, rw, TRANSFER, .poll = EPOLLIN | EPOLLRDNORM),
	OP(WRITE_FIXED, rw, rw, TRANSFER, .poll = EPOLLOUT | EPOLLWRNORM),
	OP(FSYNC, fsync, fsync, FILE_OP, .blocks = true),
	OP(SYNC_FILE_RANGE, sync_file_range, sync_file_range, FILE_OP, .blocks = true),
	OP(FALLOCATE, fallocate, fallocate, FILE_OP, .blocks = true),
	OP(FADVISE, fadvise, fadvise, FILE_OP, .blocks = true),
	OP(MADVISE, madvise, madvise, .blocks = true),
	OP(SPLICE, splice, splice, FILE_OP, .blocks = true, .cleanup = io_cleanup_splice),
	OP(TEE, tee, tee, FILE_OP, .blocks = true, .cleanup = io_cleanup_splice),
	OP(CLOSE, close, close),
	OP(OPENAT, openat, openat, PATHS),
	OP(OPENAT2, openat2, openat, PATHS),
	OP(STATX, statx, statx, PATHS),
	OP(MKDIRAT, mkdirat, mkdirat, PATHS),
	OP(UNLINKAT, unlinkat, unlinkat, PATHS),
	OP(RENAMEAT, renameat, renameat, PATHS),
	OP(SYMLINKAT, symlinkat, symlinkat, PATHS),
	OP(LINKAT, linkat, linkat, PATHS),
	OP(POLL_ADD, poll_add, poll_add, FILE_OP),
	OP(POLL_REMOVE, poll_remove, poll_remove),
	OP(TIMEOUT, timeout, timeout),
	OP(LINK_TIMEOUT, link_timeout, timeout),
	OP(TIMEOUT_REMOVE, timeout_remove, timeout_remove),
	OP(ASYNC_CANCEL, cancel, cancel),
	OP(SENDMSG, msg, msg, FILE_OP, .ioprio = true, .poll = EPOLLOUT | EPOLLWRNORM),
	OP(RECVMSG, msg, msg, FILE_OP, .ioprio = true, .poll = EPOLLIN | EPOLLRDNORM),
	OP(SEND, bytes, bytes, FILE_OP, .ioprio = true, .poll = EPOLLOUT | EPOLLWRNORM),
	OP(RECV, bytes, bytes, FILE_OP, .selects = true, .ioprio = true,
	   .poll = EPOLLIN | EPOLLRDNORM),
	OP(ACCEPT, accept, accept, FILE_OP, .ioprio = true, .poll = EPOLLIN | EPOLLRDNORM),
	OP(CONNECT, connect, connect, FILE_OP, .poll = EPOLLOUT | EPOLLWRNORM),
	OP(SHUTDOWN, shutdown, shutdown, FILE_OP),
	OP(SOCKET, socket, socket),
	OP(FILES_UPDATE, files_update, files_update),
	OP(PROVIDE_BUFFERS, provide_buffers, provide_buffers),
	OP(REMOVE_BUFFERS, remove_buffers, remove_buffers),
};
