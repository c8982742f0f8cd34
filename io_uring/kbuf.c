// SPDX-License-Identifier: MIT
/*
 * Provided buffers: a program gives a ring memory to read into, in groups; a request with IOSQE_BUFFER_SELECT takes one when
 * its data are there, and its completion tells which (IORING_CQE_F_BUFFER, the number above IORING_CQE_BUFFER_SHIFT).
 *
 * 1 A group is a list (IORING_OP_PROVIDE_BUFFERS, REMOVE_BUFFERS), or a ring in the program's memory, pinned
 *   (IORING_REGISTER_PBUF_RING), of which the program moves the tail and the kernel the head:
 *	head ... tail (16 bits, release and acquire)	free;  tail == head: none
 * 2	free --io_kbuf_select--> a request's --completion, of whatever result--> the program's
 *	  ^-------------------io_kbuf_return, it has to wait--'
 *   What comes back to a group goes first, before what lies in its ring.
 * 3 What a ring says may be nonsense: an entry is copied once, and its address checked like any of the program's.
 *
 * Locks: uring_lock. Linux 6.1: io_uring/kbuf.c; there a request keeps its place in the ring while it waits.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include "ops.h"

#define MAX_BIDS (1 << 16) /* of a group */
#define PER_PAGE (PAGE_SIZE / sizeof(struct io_uring_buf))

struct io_kbuf {
	struct list_head list; /* free */
	u64 addr;
	u32 len;
	u16 bid;
};

struct io_kbuf_group {
	struct list_head free;
	struct io_mapped_buf *ring; /* NULL: there is none */
	u16 head, mask;
};

static void lock(struct io_ring_ctx *ctx, unsigned int how)
{
	if (how & IO_WORKER)
		mutex_lock(&ctx->uring_lock);
}

static void unlock(struct io_ring_ctx *ctx, unsigned int how)
{
	if (how & IO_WORKER)
		mutex_unlock(&ctx->uring_lock);
}

/* ---- groups. => uring_lock ---- */

/* The group @bgid, made if there is none. ERR_PTR(-ENOMEM) */
static struct io_kbuf_group *make_group(struct io_ring_ctx *ctx, u16 bgid)
{
	struct io_kbuf_group *group = xa_load(&ctx->buf_groups, bgid);
	int err;

	if (group)
		return group;
	group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&group->free);
	err = xa_err(xa_store(&ctx->buf_groups, bgid, group, GFP_KERNEL_ACCOUNT));
	if (!err)
		return group;
	kfree(group);
	return ERR_PTR(err);
}

/* Up to @nr of the free ones; how many. */
static int drop_free(struct io_kbuf_group *group, u32 nr)
{
	u32 done;

	for (done = 0; done < nr && !list_empty(&group->free); done++) {
		struct io_kbuf *kbuf = list_first_entry(&group->free, struct io_kbuf, list);

		list_del(&kbuf->list);
		kfree(kbuf);
	}
	return (int)done;
}

static void drop_group(struct io_ring_ctx *ctx, unsigned long bgid, struct io_kbuf_group *group)
{
	xa_erase(&ctx->buf_groups, bgid);
	drop_free(group, U32_MAX);
	if (group->ring)
		io_buf_put(group->ring);
	kfree(group);
}

void io_kbuf_drop_all(struct io_ring_ctx *ctx)
{
	struct io_kbuf_group *group;
	unsigned long bgid;

	xa_for_each(&ctx->buf_groups, bgid, group) drop_group(ctx, bgid, group);
	xa_destroy(&ctx->buf_groups);
}

/* ---- PROVIDE_BUFFERS, REMOVE_BUFFERS ---- */

int io_prep_provide_buffers(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	unsigned long size, end;

	if (sqe->rw_flags || sqe->splice_fd_in)
		return -EINVAL;
	if (sqe->fd <= 0 || sqe->fd > MAX_BIDS)
		return -E2BIG;
	if (__builtin_mul_overflow((unsigned long)sqe->len, sqe->fd, &size) ||
	    __builtin_add_overflow((unsigned long)sqe->addr, size, &end))
		return -EOVERFLOW;
	if (!access_ok((void __user *)sqe->addr, size))
		return -EFAULT;
	if (sqe->off >= MAX_BIDS)
		return -E2BIG;
	if (sqe->off + (u32)sqe->fd > MAX_BIDS)
		return -EINVAL;
	req->range = (struct io_range){
		.addr = sqe->addr, .len = sqe->len, .off = sqe->off, .fd = sqe->fd
	};
	return 0;
}

static int provide(struct io_ring_ctx *ctx, u16 bgid, const struct io_range *r)
{
	struct io_kbuf_group *group = make_group(ctx, bgid);

	if (IS_ERR(group))
		return PTR_ERR(group);
	if (group->ring)
		return -EINVAL;
	for (int i = 0; i < r->fd; i++) {
		struct io_kbuf *kbuf = kmalloc(sizeof(*kbuf), GFP_KERNEL_ACCOUNT);

		if (!kbuf)
			return i ? 0 : -ENOMEM;
		kbuf->addr = r->addr + (u64)i * r->len;
		kbuf->len = (u32)r->len;
		kbuf->bid = (u16)(r->off + (u32)i);
		list_add_tail(&kbuf->list, &group->free);
	}
	return 0;
}

int io_issue_provide_buffers(struct io_kiocb *req, unsigned int how)
{
	int ret;

	lock(req->ctx, how);
	ret = provide(req->ctx, req->buf_index, &req->range);
	unlock(req->ctx, how);
	return ret;
}

int io_prep_remove_buffers(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->rw_flags || sqe->addr || sqe->len || sqe->off || sqe->splice_fd_in)
		return -EINVAL;
	req->range.fd = sqe->fd;
	return sqe->fd <= 0 || sqe->fd > MAX_BIDS ? -EINVAL : 0;
}

int io_issue_remove_buffers(struct io_kiocb *req, unsigned int how)
{
	struct io_kbuf_group *group;
	int ret = -ENOENT;

	lock(req->ctx, how);
	group = xa_load(&req->ctx->buf_groups, req->buf_index);
	if (group)
		ret = group->ring ? -EINVAL : drop_free(group, (u32)req->range.fd);
	unlock(req->ctx, how);
	return ret;
}

/* ---- IORING_REGISTER_PBUF_RING. => uring_lock ---- */

static int copy_reg(struct io_uring_buf_reg *reg, const void __user *arg, u32 nr)
{
	if (!arg || nr != 1)
		return -EINVAL;
	if (copy_from_user(reg, arg, sizeof(*reg)))
		return -EFAULT;
	return reg->pad || reg->resv[0] || reg->resv[1] || reg->resv[2] ? -EINVAL : 0;
}

int io_register_pbuf_ring(struct io_ring_ctx *ctx, const void __user *arg, u32 nr)
{
	struct io_kbuf_group *group;
	struct io_uring_buf_reg reg;
	struct io_mapped_buf *ring;
	int err = copy_reg(&reg, arg, nr);

	if (err)
		return err;
	if (!reg.ring_addr)
		return -EFAULT;
	if (reg.ring_addr & ~PAGE_MASK || !is_power_of_2(reg.ring_entries) ||
	    reg.ring_entries > USHRT_MAX)
		return -EINVAL;
	group = xa_load(&ctx->buf_groups, reg.bgid);
	if (group && (group->ring || !list_empty(&group->free)))
		return -EEXIST;
	ring = io_buf_new(reg.ring_addr, reg.ring_entries * sizeof(struct io_uring_buf));
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	group = make_group(ctx, reg.bgid);
	if (IS_ERR(group)) {
		io_buf_put(ring);
		return PTR_ERR(group);
	}
	group->ring = ring;
	group->mask = (u16)(reg.ring_entries - 1);
	return 0;
}

int io_unregister_pbuf_ring(struct io_ring_ctx *ctx, const void __user *arg, u32 nr)
{
	struct io_kbuf_group *group;
	struct io_uring_buf_reg reg;
	int err = copy_reg(&reg, arg, nr);

	if (err)
		return err;
	group = xa_load(&ctx->buf_groups, reg.bgid);
	if (!group)
		return -ENOENT;
	if (!group->ring)
		return -EINVAL;
	drop_group(ctx, reg.bgid, group);
	return 0;
}

/* ---- what a request takes ---- */

static const struct io_uring_buf *ring_entry(const struct io_kbuf_group *group, u16 i)
{
	const struct io_uring_buf *page = group->ring->vec[i / PER_PAGE].iov_base;

	return page + i % PER_PAGE;
}

/* The next one of the ring; NULL: there is none, or no memory. */
static struct io_kbuf *take_from_ring(struct io_kbuf_group *group)
{
	const struct io_uring_buf_ring *ring = (const void *)ring_entry(group, 0);
	const struct io_uring_buf *entry = ring_entry(group, group->head & group->mask);
	struct io_kbuf *kbuf;

	if (smp_load_acquire(&ring->tail) == group->head)
		return NULL;
	kbuf = kmalloc(sizeof(*kbuf), GFP_KERNEL_ACCOUNT);
	if (!kbuf)
		return NULL;
	kbuf->addr = READ_ONCE(entry->addr);
	kbuf->len = READ_ONCE(entry->len);
	kbuf->bid = READ_ONCE(entry->bid);
	group->head++;
	return kbuf;
}

int io_kbuf_select(struct io_kiocb *req, size_t *len, void __user **addr, unsigned int how)
{
	struct io_kbuf_group *group;
	struct io_kbuf *kbuf = NULL;

	lock(req->ctx, how);
	group = xa_load(&req->ctx->buf_groups, req->buf_index);
	if (group && !list_empty(&group->free)) {
		kbuf = list_first_entry(&group->free, struct io_kbuf, list);
		list_del(&kbuf->list);
	} else if (group && group->ring) {
		kbuf = take_from_ring(group);
	}
	unlock(req->ctx, how);
	if (!kbuf)
		return -ENOBUFS;
	req->kbuf = kbuf;
	*addr = (void __user *)kbuf->addr;
	if (!*len || *len > kbuf->len)
		*len = kbuf->len;
	return 0;
}

void io_kbuf_return(struct io_kiocb *req, unsigned int how)
{
	struct io_kbuf *kbuf = req->kbuf;
	struct io_kbuf_group *group;

	req->kbuf = NULL;
	lock(req->ctx, how);
	group = xa_load(&req->ctx->buf_groups, req->buf_index);
	if (group)
		list_add(&kbuf->list, &group->free);
	unlock(req->ctx, how);
	if (!group)
		kfree(kbuf);
}

void io_kbuf_spend(struct io_kiocb *req)
{
	req->cflags |= IORING_CQE_F_BUFFER | (u32)req->kbuf->bid << IORING_CQE_BUFFER_SHIFT;
	kfree(req->kbuf);
	req->kbuf = NULL;
}
