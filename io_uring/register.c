// SPDX-License-Identifier: MIT
/*
 * io_uring_register(2): what a ring keeps so that requests need not bring it.
 *
 * 1 Buffers: pinned (FOLL_LONGTERM), and counted against RLIMIT_MEMLOCK of the user, unless CAP_IPC_LOCK, and in VmPin. A
 *   request that uses one holds it, so unregistering waits for nobody: the last holder unpins.
 * 2 Files: references in a table, found by index (IOSQE_FIXED_FILE). Rings themselves are refused: they would hold each
 *   other for ever.
 * 3 An eventfd that counts completions; personalities (credentials); the probe; the enabling of a ring made disabled.
 *
 * Linux 6.1: io_uring/rsrc.c, filetable.c. Observed by: fdinfo (UserFiles, UserBufs), VmPin.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/eventfd.h>
#include <fs/file.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/resource.h>
#include <kernel/task.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include <seam/uaccess.h>
#include "ops.h"

#define MAX_BUFFERS   (1U << 14)
#define MAX_FILES     (1U << 20)
#define MAX_BUF_BYTES (1UL << 30)

/* ---- buffers ---- */

/* @nr pages more of @user, or -ENOMEM. */
static int account(struct user_struct *user, unsigned long nr)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if ((unsigned long)atomic_long_add_return((long)nr, &user->locked_vm) <= limit)
		return 0;
	atomic_long_sub((long)nr, &user->locked_vm);
	return -ENOMEM;
}

void io_buf_put(struct io_mapped_buf *buf)
{
	if (!atomic_dec_and_test(&buf->refs))
		return;
	unpin_user_pages_dirty_lock(buf->pages, buf->nr_pages, true);
	if (buf->user) {
		atomic_long_sub(buf->nr_pages, &buf->user->locked_vm);
		free_uid(buf->user);
	}
	atomic64_sub(buf->nr_pages, &buf->mm->pinned_vm);
	mmdrop(buf->mm);
	kvfree(buf->vec);
	kvfree(buf->pages);
	kfree(buf);
}

/* All pages of [@start, @start + @nr pages), or an errno and none. */
static int pin_all(unsigned long start, unsigned int nr, struct page **pages)
{
	unsigned int done = 0;
	long n = 0;

	while (done < nr) {
		n = pin_user_pages_fast(start + (unsigned long)done * PAGE_SIZE, (int)(nr - done),
					FOLL_WRITE | FOLL_LONGTERM, pages + done);
		if (n <= 0)
			break;
		done += (unsigned int)n;
	}
	if (done == nr)
		return 0;
	unpin_user_pages(pages, done);
	return n < 0 ? (int)n : -EFAULT;
}

static void fill_vec(struct io_mapped_buf *buf)
{
	size_t left = buf->len, offset = buf->ubuf & ~PAGE_MASK;
	unsigned int i;

	for (i = 0; i < buf->nr_pages; i++, offset = 0) {
		size_t n = min(left, PAGE_SIZE - offset);

		buf->vec[i] = (struct kvec){ (char *)page_address(buf->pages[i]) + offset, n };
		left -= n;
	}
}

/* Memory of one source: anonymous, or of one file of shmem. 0, -EINVAL, -EOPNOTSUPP */
static int check_source(unsigned long start, unsigned long end)
{
	VMA_ITERATOR(vmi, current->mm, start);
	struct vm_area_struct *vma, *first = NULL;
	int err = 0;

	mmap_read_lock(current->mm);
	for_each_vma_range (vmi, vma, end) {
		first = first ?: vma;
		if (vma->vm_file != first->vm_file)
			err = -EINVAL;
		else if (vma->vm_file && !vma_is_shmem(vma) && !is_file_hugepages(vma->vm_file))
			err = -EOPNOTSUPP;
		if (err)
			break;
	}
	mmap_read_unlock(current->mm);
	return err;
}

static int pin_buffer(struct io_mapped_buf *buf)
{
	unsigned long start = buf->ubuf & PAGE_MASK;
	int err = -ENOMEM;

	buf->pages = kvmalloc_array(buf->nr_pages, sizeof(*buf->pages), GFP_KERNEL);
	buf->vec = kvmalloc_array(buf->nr_pages, sizeof(*buf->vec), GFP_KERNEL);
	if (buf->pages && buf->vec)
		err = pin_all(start, buf->nr_pages, buf->pages);
	if (!err) {
		err = check_source(start, buf->ubuf + buf->len);
		if (err)
			unpin_user_pages(buf->pages, buf->nr_pages);
	}
	if (err) {
		kvfree(buf->vec);
		kvfree(buf->pages);
	}
	return err;
}

struct io_mapped_buf *io_buf_new(u64 start, size_t len)
{
	struct io_mapped_buf *buf;
	int err = 0;

	if (!len || len > MAX_BUF_BYTES || start + len < start)
		return ERR_PTR(-EFAULT);
	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	atomic_set(&buf->refs, 1);
	buf->ubuf = start;
	buf->len = len;
	buf->nr_pages =
		(unsigned int)((PAGE_ALIGN(start + buf->len) - (start & PAGE_MASK)) >> PAGE_SHIFT);
	buf->user = capable(CAP_IPC_LOCK) ? NULL : get_uid(current_user());
	if (buf->user)
		err = account(buf->user, buf->nr_pages);
	if (!err) {
		err = pin_buffer(buf);
		if (err && buf->user)
			atomic_long_sub(buf->nr_pages, &buf->user->locked_vm);
	}
	if (err) {
		if (buf->user)
			free_uid(buf->user);
		kfree(buf);
		return ERR_PTR(err);
	}
	fill_vec(buf);
	buf->mm = current->mm;
	mmgrab(buf->mm);
	atomic64_add(buf->nr_pages, &buf->mm->pinned_vm);
	return buf;
}

static int unregister_buffers(struct io_ring_ctx *ctx)
{
	unsigned int i;

	if (!ctx->bufs)
		return -ENXIO;
	for (i = 0; i < ctx->nr_bufs; i++)
		if (ctx->bufs[i])
			io_buf_put(ctx->bufs[i]);
	kvfree(ctx->bufs);
	ctx->bufs = NULL;
	ctx->nr_bufs = 0;
	return 0;
}

static int register_buffers(struct io_ring_ctx *ctx, const struct iovec __user *arg, u32 nr)
{
	int err = 0;
	u32 i;

	if (ctx->bufs)
		return -EBUSY;
	if (!nr || nr > MAX_BUFFERS)
		return -EINVAL;
	ctx->bufs = kvcalloc(nr, sizeof(*ctx->bufs), GFP_KERNEL);
	if (!ctx->bufs)
		return -ENOMEM;
	ctx->nr_bufs = nr;
	for (i = 0; i < nr && !err; i++) {
		struct iovec iov;

		if (copy_from_user(&iov, arg + i, sizeof(iov))) {
			err = -EFAULT;
		} else if (iov.iov_base) {
			struct io_mapped_buf *buf =
				io_buf_new((u64)(unsigned long)iov.iov_base, iov.iov_len);

			err = PTR_ERR_OR_ZERO(buf);
			ctx->bufs[i] = err ? NULL : buf;
		} else if (iov.iov_len) { /* neither a buffer nor an empty slot */
			err = -EFAULT;
		}
	}
	if (err)
		unregister_buffers(ctx);
	return err;
}

/* ---- files ---- */

static int unregister_files(struct io_ring_ctx *ctx)
{
	unsigned int i;

	if (!ctx->files)
		return -ENXIO;
	for (i = 0; i < ctx->nr_files; i++)
		if (ctx->files[i])
			fput(ctx->files[i]);
	kvfree(ctx->files);
	ctx->files = NULL;
	ctx->nr_files = 0;
	return 0;
}

/* The file of @fd for a slot, NULL for -1; ERR_PTR. */
static struct file *file_for_slot(int fd)
{
	struct file *file;

	if (fd == -1)
		return NULL;
	file = fget(fd);
	if (file && io_ctx_of(file)) {
		fput(file);
		file = NULL;
	}
	return file ?: ERR_PTR(-EBADF);
}

static int register_files(struct io_ring_ctx *ctx, const s32 __user *arg, u32 nr)
{
	int err = 0;
	u32 i;

	if (ctx->files)
		return -EBUSY;
	if (!nr)
		return -EINVAL;
	if (nr > MAX_FILES || nr > rlimit(RLIMIT_NOFILE))
		return -EMFILE;
	ctx->files = kvcalloc(nr, sizeof(*ctx->files), GFP_KERNEL);
	if (!ctx->files)
		return -ENOMEM;
	ctx->nr_files = nr;
	for (i = 0; i < nr && !err; i++) {
		struct file *file;
		s32 fd;

		if (get_user(fd, arg + i)) {
			err = -EFAULT;
			break;
		}
		file = file_for_slot(fd);
		err = PTR_ERR_OR_ZERO(file);
		ctx->files[i] = err ? NULL : file;
	}
	if (err)
		unregister_files(ctx);
	return err;
}

/* Slots from @offset on: how many were set, or an errno when none. => uring_lock */
static int update_files(struct io_ring_ctx *ctx, u32 offset, const s32 __user *fds, u32 nr)
{
	int err = 0;
	u32 i;

	if (!ctx->files)
		return -ENXIO;
	if (offset + nr < offset || offset + nr > ctx->nr_files)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		struct file *file;
		s32 fd;

		if (get_user(fd, fds + i)) {
			err = -EFAULT;
			break;
		}
		if (fd == IORING_REGISTER_FILES_SKIP)
			continue;
		file = file_for_slot(fd);
		err = PTR_ERR_OR_ZERO(file);
		if (err)
			break;
		if (ctx->files[offset + i])
			fput(ctx->files[offset + i]);
		ctx->files[offset + i] = file;
	}
	return i ? (int)i : err;
}

static int register_files_update(struct io_ring_ctx *ctx, const void __user *arg, u32 nr)
{
	struct io_uring_files_update up;

	if (!nr)
		return -EINVAL;
	if (copy_from_user(&up, arg, sizeof(up)))
		return -EFAULT;
	if (up.resv)
		return -EINVAL;
	return update_files(ctx, up.offset, (const s32 __user *)up.fds, nr);
}

int io_prep_files_update(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (req->flags & IOSQE_FIXED_FILE || sqe->rw_flags || sqe->splice_fd_in || !sqe->len)
		return -EINVAL;
	req->range = (struct io_range){ .off = sqe->off, .len = sqe->len, .addr = sqe->addr };
	return 0;
}

int io_issue_files_update(struct io_kiocb *req, unsigned int how)
{
	struct io_ring_ctx *ctx = req->ctx;
	int ret;

	if (how & IO_WORKER)
		mutex_lock(&ctx->uring_lock);
	ret = update_files(ctx, (u32)req->range.off, (const s32 __user *)req->range.addr,
			   (u32)req->range.len);
	if (how & IO_WORKER)
		mutex_unlock(&ctx->uring_lock);
	return ret;
}

/* ---- the others ---- */

static int unregister_eventfd(struct io_ring_ctx *ctx)
{
	struct file *old;

	spin_lock(&ctx->lock);
	old = ctx->eventfd;
	ctx->eventfd = NULL;
	spin_unlock(&ctx->lock);
	if (!old)
		return -ENXIO;
	fput(old);
	return 0;
}

static int register_eventfd(struct io_ring_ctx *ctx, const s32 __user *arg, u32 nr, bool async)
{
	struct file *file;
	s32 fd;

	if (nr != 1)
		return -EINVAL;
	if (ctx->eventfd)
		return -EBUSY;
	if (get_user(fd, arg))
		return -EFAULT;
	file = eventfd_fget(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	spin_lock(&ctx->lock);
	ctx->eventfd = file;
	ctx->eventfd_async = async;
	spin_unlock(&ctx->lock);
	return 0;
}

static int probe(void __user *arg, u32 nr)
{
	struct io_uring_probe_op op, __user *ops = ((struct io_uring_probe __user *)arg)->ops;
	struct io_uring_probe p;
	u32 i, n = min(nr, (u32)IORING_OP_LAST);

	if (!arg || nr > 256)
		return -EINVAL;
	if (check_zeroed_user(arg, sizeof(p) + nr * sizeof(op)) <= 0)
		return check_zeroed_user(arg, sizeof(p) + nr * sizeof(op)) ? -EFAULT : -EINVAL;
	memset(&p, 0, sizeof(p));
	p.last_op = IORING_OP_LAST - 1;
	p.ops_len = (u8)n;
	if (copy_to_user(arg, &p, sizeof(p)))
		return -EFAULT;
	for (i = 0; i < n; i++) {
		op = (struct io_uring_probe_op){ .op = (u8)i,
						 .flags = io_ops[i].issue ? IO_URING_OP_SUPPORTED
									  : 0 };
		if (copy_to_user(ops + i, &op, sizeof(op)))
			return -EFAULT;
	}
	return 0;
}

static int register_personality(struct io_ring_ctx *ctx)
{
	const struct cred *cred = get_cred(current_cred());
	u32 id;
	int err = xa_alloc(&ctx->personalities, &id, (void *)cred, XA_LIMIT(0, USHRT_MAX),
			   GFP_KERNEL);

	if (err) {
		put_cred(cred);
		return err;
	}
	return (int)id;
}

static int unregister_personality(struct io_ring_ctx *ctx, u32 id)
{
	const struct cred *cred = xa_erase(&ctx->personalities, id);

	if (!cred)
		return -EINVAL;
	put_cred(cred);
	return 0;
}

static int enable_rings(struct io_ring_ctx *ctx)
{
	if (!ctx->disabled)
		return -EBADFD;
	if (ctx->flags & IORING_SETUP_SINGLE_ISSUER && !ctx->submitter)
		ctx->submitter = get_task_struct(current);
	WRITE_ONCE(ctx->disabled, false);
	return 0;
}

void io_unregister_all(struct io_ring_ctx *ctx)
{
	const struct cred *cred;
	unsigned long id;

	unregister_buffers(ctx);
	unregister_files(ctx);
	unregister_eventfd(ctx);
	io_kbuf_drop_all(ctx);
	xa_for_each(&ctx->personalities, id, cred) unregister_personality(ctx, (u32)id);
	xa_destroy(&ctx->personalities);
}

static int unregister_one(struct io_ring_ctx *ctx, u32 opcode, u32 nr)
{
	if (opcode == IORING_UNREGISTER_PERSONALITY)
		return unregister_personality(ctx, nr);
	if (nr)
		return -EINVAL;
	switch (opcode) {
	case IORING_UNREGISTER_BUFFERS:
		return unregister_buffers(ctx);
	case IORING_UNREGISTER_FILES:
		return unregister_files(ctx);
	case IORING_UNREGISTER_EVENTFD:
		return unregister_eventfd(ctx);
	case IORING_REGISTER_PERSONALITY:
		return register_personality(ctx);
	default:
		return enable_rings(ctx);
	}
}

/* => uring_lock */
static int register_one(struct io_ring_ctx *ctx, u32 opcode, void __user *arg, u32 nr)
{
	switch (opcode) {
	case IORING_REGISTER_BUFFERS:
		return arg ? register_buffers(ctx, arg, nr) : -EFAULT;
	case IORING_REGISTER_FILES:
		return arg ? register_files(ctx, arg, nr) : -EFAULT;
	case IORING_REGISTER_FILES_UPDATE:
		return register_files_update(ctx, arg, nr);
	case IORING_REGISTER_EVENTFD:
	case IORING_REGISTER_EVENTFD_ASYNC:
		return register_eventfd(ctx, arg, nr, opcode == IORING_REGISTER_EVENTFD_ASYNC);
	case IORING_REGISTER_PROBE:
		return probe(arg, nr);
	case IORING_REGISTER_PBUF_RING:
		return io_register_pbuf_ring(ctx, arg, nr);
	case IORING_UNREGISTER_PBUF_RING:
		return io_unregister_pbuf_ring(ctx, arg, nr);
	case IORING_UNREGISTER_BUFFERS:
	case IORING_UNREGISTER_FILES:
	case IORING_UNREGISTER_EVENTFD:
	case IORING_REGISTER_PERSONALITY:
	case IORING_UNREGISTER_PERSONALITY:
	case IORING_REGISTER_ENABLE_RINGS:
		return arg ? -EINVAL : unregister_one(ctx, opcode, nr);
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE4(io_uring_register, unsigned int, fd, unsigned int, opcode, void __user *, arg,
		unsigned int, nr_args)
{
	struct io_ring_ctx *ctx;
	struct file *file;
	long ret = -EOPNOTSUPP;

	if (opcode >= IORING_REGISTER_LAST)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	ctx = io_ctx_of(file);
	if (ctx) {
		mutex_lock(&ctx->uring_lock);
		ret = ctx->submitter && ctx->submitter != current
			      ? -EEXIST
			      : register_one(ctx, opcode, arg, nr_args);
		mutex_unlock(&ctx->uring_lock);
	}
	fput(file);
	return ret;
}
