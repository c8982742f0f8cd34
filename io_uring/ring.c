// SPDX-License-Identifier: MIT
/*
 * io_uring: a program asks for many operations with one system call, or hears of their ends with none.
 *
 * 1 Two rings in memory that program and kernel share. io_uring_setup(2) makes them, mmap(2) of its descriptor shows them.
 *
 *	struct io_rings  sq head, tail  cq head, tail  ...	IORING_OFF_SQ_RING, IORING_OFF_CQ_RING: one mapping
 *	  cqes[cq_entries]	what has ended			kernel writes at cq.tail, program reads from cq.head
 *	  sq_array[sq_entries]	indices into the sqes		program writes at sq.tail, kernel reads from sq.head
 *	sqes[sq_entries]	what is asked for		IORING_OFF_SQES
 *
 *   Each index is moved by one side only: stored with release after the entry, loaded with acquire before it. The kernel
 *   copies an entry once and checks the copy; its own indices it keeps to itself.
 *
 * 2 A read of a file, and of an empty pipe, through the files of this room:
 *
 *	io_uring_enter  ring.c		io_submit_sqes		request.c	entry copied, io_kiocb made, prep (rw.c) takes iovecs
 *	  page cached	io_issue_rw	without sleeping: n		cq.c	completion, before the call returns
 *	  not cached	-EAGAIN		io_wq_queue			worker.c	a thread of the process reads, and completes
 *	  empty pipe	-EAGAIN		io_poll_again			poll.c	in the pipe's wait queue; a write wakes it, and a
 *										worker tries again
 *
 * 3 Life: the context is held by its file and by each request. The last close (and the last mapping) cancels what waits;
 *   what runs ends into a ring that nobody reads, and frees it. A process that goes cancels what it asked for (flush).
 *
 * 4 Locks: uring_lock for submission and registration, ctx->lock for completions and lists; see io_uring_internal.h.
 *
 * 5 What is not there answers EINVAL: IORING_SETUP_IOPOLL, SQPOLL and what belongs to them, DEFER_TASKRUN; restrictions;
 *   provided buffers. IORING_REGISTER_PROBE tells which operations there are.
 *
 * Linux 6.1: io_uring/io_uring.c. io_uring_setup(2), io_uring_enter(2). Observed by: /proc/PID/fdinfo, threads iou-wrk-PID.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/anon_inodes.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/fault.h>
#include <mm/mmap.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vmalloc.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>
#include <linux/fcntl.h>
#include "io_uring_internal.h"

#define IORING_MAX_ENTRIES    32768
#define IORING_MAX_CQ_ENTRIES (2 * IORING_MAX_ENTRIES)

#define SETUP_KNOWN                                                                                \
	(IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_ATTACH_WQ |                       \
	 IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |           \
	 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SQE128 | IORING_SETUP_CQE32 |                    \
	 IORING_SETUP_SINGLE_ISSUER)
#define FEATURES                                                                                   \
	(IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |                \
	 IORING_FEAT_RW_CUR_POS | IORING_FEAT_CUR_PERSONALITY | IORING_FEAT_FAST_POLL |            \
	 IORING_FEAT_POLL_32BITS | IORING_FEAT_EXT_ARG | IORING_FEAT_NATIVE_WORKERS |              \
	 IORING_FEAT_CQE_SKIP | IORING_FEAT_LINKED_FILE)

/* ---- life ---- */

void io_ctx_put(struct io_ring_ctx *ctx)
{
	if (!atomic_dec_and_test(&ctx->refs))
		return;
	io_drop_overflow(ctx);
	if (ctx->submitter)
		put_task_struct(ctx->submitter);
	vfree(ctx->rings);
	vfree(ctx->sqes);
	kfree(ctx);
}

static size_t cqe_size(const struct io_ring_ctx *ctx)
{
	return ctx->flags & IORING_SETUP_CQE32 ? 32 : 16;
}

static size_t sqe_size(const struct io_ring_ctx *ctx)
{
	return ctx->flags & IORING_SETUP_SQE128 ? 128 : 64;
}

static int alloc_rings(struct io_ring_ctx *ctx)
{
	size_t array = ALIGN(sizeof(struct io_rings) + ctx->cq_entries * cqe_size(ctx), 64);

	ctx->rings_size = array + ctx->sq_entries * sizeof(u32);
	ctx->sqes_size = ctx->sq_entries * sqe_size(ctx);
	ctx->rings = vmalloc_user(ctx->rings_size);
	ctx->sqes = vmalloc_user(ctx->sqes_size);
	if (!ctx->rings || !ctx->sqes)
		return -ENOMEM;
	ctx->sq_array = (void *)ctx->rings + array;
	ctx->rings->sq_entries = ctx->sq_entries;
	ctx->rings->sq_mask = ctx->sq_entries - 1;
	ctx->rings->cq_entries = ctx->cq_entries;
	ctx->rings->cq_mask = ctx->cq_entries - 1;
	return 0;
}

/* The sizes of @p as they will be: 0 or -EINVAL. */
static int size_rings(u32 entries, struct io_uring_params *p)
{
	if (!entries)
		return -EINVAL;
	if (entries > IORING_MAX_ENTRIES) {
		if (!(p->flags & IORING_SETUP_CLAMP))
			return -EINVAL;
		entries = IORING_MAX_ENTRIES;
	}
	p->sq_entries = roundup_pow_of_two(entries);
	if (!(p->flags & IORING_SETUP_CQSIZE)) {
		p->cq_entries = 2 * p->sq_entries;
		return 0;
	}
	if (!p->cq_entries)
		return -EINVAL;
	if (p->cq_entries > IORING_MAX_CQ_ENTRIES) {
		if (!(p->flags & IORING_SETUP_CLAMP))
			return -EINVAL;
		p->cq_entries = IORING_MAX_CQ_ENTRIES;
	}
	p->cq_entries = roundup_pow_of_two(p->cq_entries);
	return p->cq_entries < p->sq_entries ? -EINVAL : 0;
}

/* NULL: no memory. */
static struct io_ring_ctx *new_ctx(const struct io_uring_params *p)
{
	struct io_ring_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	atomic_set(&ctx->refs, 1);
	ctx->flags = p->flags;
	ctx->disabled = p->flags & IORING_SETUP_R_DISABLED;
	ctx->sq_entries = p->sq_entries;
	ctx->cq_entries = p->cq_entries;
	mutex_init(&ctx->uring_lock, LOCK_URING);
	spin_lock_init(&ctx->lock, LOCK_URING_CTX);
	INIT_LIST_HEAD(&ctx->overflow);
	INIT_LIST_HEAD(&ctx->requests);
	INIT_LIST_HEAD(&ctx->deferred);
	init_waitqueue_head(&ctx->wait);
	xa_init_flags(&ctx->personalities, XA_FLAGS_ALLOC1);
	xa_init(&ctx->buf_groups);
	if (alloc_rings(ctx)) {
		io_ctx_put(ctx);
		return NULL;
	}
	if ((p->flags & (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_R_DISABLED)) ==
	    IORING_SETUP_SINGLE_ISSUER)
		ctx->submitter = get_task_struct(current);
	return ctx;
}

/* ---- the file ---- */

static int io_uring_release(struct inode *inode, struct file *file)
{
	struct io_ring_ctx *ctx = file->private_data;

	spin_lock(&ctx->lock);
	ctx->dying = true;
	spin_unlock(&ctx->lock);
	io_cancel_all(ctx, NULL);
	mutex_lock(&ctx->uring_lock);
	io_unregister_all(ctx);
	mutex_unlock(&ctx->uring_lock);
	io_ctx_put(ctx);
	return 0;
}

/* A process that ends, or becomes another program, waits for nothing any more. */
static int io_uring_flush(struct file *file, fl_owner_t id)
{
	struct io_wq *wq = io_wq_current();

	if (wq && (current->flags & PF_EXITING || current->in_execve))
		io_cancel_all(file->private_data, wq);
	return 0;
}

__poll_t io_ctx_poll(struct io_ring_ctx *ctx, struct file *file, poll_table *pt)
{
	__poll_t mask = 0;

	poll_wait(file, &ctx->wait, pt);
	smp_rmb(); /* in the queue, or on none: then look */
	if (READ_ONCE(ctx->rings->sq.tail) - READ_ONCE(ctx->sq_head) < ctx->sq_entries)
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (io_cq_ready(ctx) || !list_empty(&ctx->overflow))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static __poll_t io_uring_poll(struct file *file, poll_table *pt)
{
	return io_ctx_poll(file->private_data, file, pt);
}

/* What lies at @offset of the file, and how long it is; NULL. */
static void *area_at(struct io_ring_ctx *ctx, u64 offset, size_t *size)
{
	switch (offset) {
	case IORING_OFF_SQ_RING:
	case IORING_OFF_CQ_RING:
		*size = PAGE_ALIGN(ctx->rings_size);
		return ctx->rings;
	case IORING_OFF_SQES:
		*size = PAGE_ALIGN(ctx->sqes_size);
		return ctx->sqes;
	default:
		return NULL;
	}
}

static vm_fault_t io_uring_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 start = (u64)vma->vm_pgoff << PAGE_SHIFT, at = (u64)vmf->pgoff << PAGE_SHIFT;
	u64 offset = at & IORING_OFF_MMAP_MASK;
	size_t size;
	void *area = area_at(vma->vm_file->private_data, offset, &size);

	if (!area || at < start || at - offset >= size)
		return VM_FAULT_SIGBUS;
	vmf->page = vmalloc_to_page(area + (at - offset));
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct io_uring_vm_ops = {
	.fault = io_uring_fault,
};

static int io_uring_mmap(struct file *file, struct vm_area_struct *vma)
{
	size_t size;

	if (!area_at(file->private_data, (u64)vma->vm_pgoff << PAGE_SHIFT, &size))
		return -ENOMEM; /* as Linux, which finds no address for what is not there */
	vm_flags_init(vma, vma->vm_flags | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &io_uring_vm_ops;
	return 0;
}

static const struct file_operations io_uring_fops = {
	.release = io_uring_release,
	.flush = io_uring_flush,
	.mmap = io_uring_mmap,
	.poll = io_uring_poll,
	.show_fdinfo = io_uring_show_fdinfo,
};

struct io_ring_ctx *io_ctx_of(struct file *file)
{
	return file->f_op == &io_uring_fops ? file->private_data : NULL;
}

/* ---- io_uring_setup ---- */

static int check_params(const struct io_uring_params *p)
{
	struct fd f;
	int err;

	if (p->resv[0] || p->resv[1] || p->resv[2] || (p->flags & ~SETUP_KNOWN))
		return -EINVAL;
	/* Without deferred work there is nothing of which the flag could tell. */
	if ((p->flags & IORING_SETUP_TASKRUN_FLAG) && !(p->flags & IORING_SETUP_COOP_TASKRUN))
		return -EINVAL;
	if (!(p->flags & IORING_SETUP_ATTACH_WQ))
		return 0;
	/* A process has one set of workers for all its rings anyhow. */
	f = fdget(p->wq_fd);
	if (!f.file)
		return -ENXIO;
	err = io_ctx_of(f.file) ? 0 : -EINVAL;
	fdput(f);
	return err;
}

static void tell_offsets(const struct io_ring_ctx *ctx, struct io_uring_params *p)
{
	p->sq_off = (struct io_sqring_offsets){
		.head = offsetof(struct io_rings, sq.head),
		.tail = offsetof(struct io_rings, sq.tail),
		.ring_mask = offsetof(struct io_rings, sq_mask),
		.ring_entries = offsetof(struct io_rings, sq_entries),
		.flags = offsetof(struct io_rings, sq_flags),
		.dropped = offsetof(struct io_rings, sq_dropped),
		.array = (u32)((void *)ctx->sq_array - (void *)ctx->rings),
	};
	p->cq_off = (struct io_cqring_offsets){
		.head = offsetof(struct io_rings, cq.head),
		.tail = offsetof(struct io_rings, cq.tail),
		.ring_mask = offsetof(struct io_rings, cq_mask),
		.ring_entries = offsetof(struct io_rings, cq_entries),
		.overflow = offsetof(struct io_rings, cq_overflow),
		.cqes = offsetof(struct io_rings, cqes),
		.flags = offsetof(struct io_rings, cq_flags),
	};
	p->features = FEATURES;
}

SYSCALL_DEFINE2(io_uring_setup, u32, entries, struct io_uring_params __user *, params)
{
	struct io_uring_params p;
	struct io_ring_ctx *ctx;
	struct file *file;
	int fd;

	if (copy_from_user(&p, params, sizeof(p)))
		return -EFAULT;
	fd = check_params(&p) ?: size_rings(entries, &p);
	if (fd)
		return fd;
	ctx = new_ctx(&p);
	if (!ctx)
		return -ENOMEM;
	tell_offsets(ctx, &p);
	file = anon_inode_getfile("[io_uring]", &io_uring_fops, ctx, O_RDWR | O_CLOEXEC);
	if (IS_ERR(file)) {
		io_ctx_put(ctx);
		return PTR_ERR(file);
	}
	fd = copy_to_user(params, &p, sizeof(p)) ? -EFAULT : get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
	return fd;
}

/* ---- io_uring_enter ---- */

static int get_wait_arg(struct io_wait_arg *wait, u32 flags, const void __user *argp, size_t argsz)
{
	struct io_uring_getevents_arg arg;

	if (!(flags & IORING_ENTER_EXT_ARG)) {
		*wait = (struct io_wait_arg){ .sigmask = argp, .sigsetsize = argsz };
		return 0;
	}
	if (argsz != sizeof(arg))
		return -EINVAL;
	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.pad)
		return -EINVAL;
	*wait = (struct io_wait_arg){
		.sigmask = (const sigset_t __user *)arg.sigmask,
		.sigsetsize = arg.sigmask_sz,
		.ts = (const struct __kernel_timespec __user *)arg.ts,
	};
	return 0;
}

static int submit(struct io_ring_ctx *ctx, u32 nr)
{
	int ret;

	mutex_lock(&ctx->uring_lock);
	if (ctx->submitter && ctx->submitter != current)
		ret = -EEXIST;
	else
		ret = io_submit_sqes(ctx, nr);
	mutex_unlock(&ctx->uring_lock);
	return ret;
}

static int enter(struct io_ring_ctx *ctx, u32 to_submit, u32 least, u32 flags,
		 const void __user *argp, size_t argsz)
{
	struct io_wait_arg wait;
	int ret = 0, err;

	if (READ_ONCE(ctx->disabled))
		return -EBADFD;
	if (to_submit) {
		ret = submit(ctx, to_submit);
		if (ret != (int)to_submit)
			return ret;
	}
	if (!(flags & IORING_ENTER_GETEVENTS))
		return ret;
	err = get_wait_arg(&wait, flags, argp, argsz);
	if (!err)
		err = io_cq_wait(ctx, min(least, ctx->cq_entries), &wait);
	return ret ? ret : err;
}

SYSCALL_DEFINE6(io_uring_enter, unsigned int, fd, u32, to_submit, u32, min_complete, u32, flags,
		const void __user *, argp, size_t, argsz)
{
	struct io_ring_ctx *ctx;
	struct file *file;
	long ret;

	/* Descriptors of rings are not registered here, so none can be named by IORING_ENTER_REGISTERED_RING. */
	if (flags & ~(IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP | IORING_ENTER_SQ_WAIT |
		      IORING_ENTER_EXT_ARG))
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	ctx = io_ctx_of(file);
	ret = ctx ? enter(ctx, to_submit, min_complete, flags, argp, argsz) : -EOPNOTSUPP;
	fput(file);
	return ret;
}
