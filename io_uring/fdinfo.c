// SPDX-License-Identifier: MIT
/* /proc/PID/fdinfo/N of a ring, in Linux's words. The numbers are those of one moment each, not all of the same. */
#include <fs/seq_file.h>
#include "io_uring_internal.h"

static void show_requests(struct seq_file *m, struct io_ring_ctx *ctx)
{
	const struct io_kiocb *req;

	seq_puts(m, "PollList:\n");
	spin_lock(&ctx->lock);
	list_for_each_entry (req, &ctx->requests, list)
		if (req->where == IO_POLLING)
			seq_printf(m, "  op=%d, task_works=0\n", req->opcode);
	spin_unlock(&ctx->lock);
}

void io_uring_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct io_ring_ctx *ctx = file->private_data;
	const struct io_rings *r = ctx->rings;

	seq_printf(m, "SqMask:\t0x%x\n", ctx->sq_entries - 1);
	seq_printf(m, "SqHead:\t%u\n", READ_ONCE(r->sq.head));
	seq_printf(m, "SqTail:\t%u\n", READ_ONCE(r->sq.tail));
	seq_printf(m, "CachedSqHead:\t%u\n", READ_ONCE(ctx->sq_head));
	seq_printf(m, "CqMask:\t0x%x\n", ctx->cq_entries - 1);
	seq_printf(m, "CqHead:\t%u\n", READ_ONCE(r->cq.head));
	seq_printf(m, "CqTail:\t%u\n", READ_ONCE(r->cq.tail));
	seq_printf(m, "CachedCqTail:\t%u\n", READ_ONCE(ctx->cq_tail));
	seq_puts(m, "SqThread:\t-1\n");
	seq_puts(m, "SqThreadCpu:\t-1\n");
	seq_printf(m, "UserFiles:\t%u\n", READ_ONCE(ctx->nr_files));
	seq_printf(m, "UserBufs:\t%u\n", READ_ONCE(ctx->nr_bufs));
	show_requests(m, ctx);
}
