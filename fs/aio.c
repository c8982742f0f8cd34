// SPDX-License-Identifier: MIT
/*
 * Asynchronous I/O as libaio uses it: io_setup, io_submit, io_getevents, io_cancel, io_destroy.
 *
 * 1 A context is a ring of events in pages that are mapped into the process; its name is the address of that
 *   mapping. The kernel adds events at the tail, with the lock; io_getevents, or the program itself
 *   without a call, takes them from the head.
 *
 *	struct aio_ring (page 0)	| io_event | io_event | ...	(128 in each page, none across two)
 *	 id nr head tail magic ...	   ^ head  ..........  ^ tail: next to be filled;  head == tail: empty
 *
 *   The mapping holds the ring's file, and the file is the context: it goes with the last of mapping,
 *   requests under way and calls that use it. Who unmaps the ring has no context any more; fork leaves it out
 *   (VM_DONTCOPY); mremap changes its name.
 *
 * 2 Invariant: requests under way + events in the ring < nr, checked at submission: an event always has a slot.
 *
 * 3 A request has two references: of its submission, and of its end. O_DIRECT ends later, in a worker
 *   (fs/direct_io.c); IOCB_CMD_FSYNC and FDSYNC are done by a worker here; everything else is done at once, at
 *   submission, as Linux does it too.
 *
 *   IOCB_CMD_POLL waits in the wait queues of its file. Who wakes them hands it to a worker, which looks what has happened:
 *
 *	armed 0, looking --(nothing there)--> armed 1, waiting --(wake-up, io_cancel: 1 -> 0)--> a worker looks
 *
 *   The change from 1 to 0 is atomic, so one looks at a time. After arming it looks once more.
 *
 * 4 Locks: ring_lock, a mutex, for taking events; ctx->lock, a spinlock, for adding them and the counts.
 *
 * 5 Failure. The program may write nonsense into head and tail: both are taken modulo nr, and the kernel's own
 *   tail is not in the ring. Polls are cancelled by io_cancel (EINPROGRESS, and an event with no bits), and when
 *   the context goes, also with its process; for other requests io_cancel answers EINVAL.
 *
 * Linux 6.1: fs/aio.c, where contexts hang in a table at the mm. Observed by: /proc/sys/fs/aio-nr, "[aio]" in maps.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/eventfd.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/mount.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <fs/super.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/fault.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>
#include <linux/aio_abi.h>
#include <linux/mman.h>
#include "fs_internal.h"

#define AIO_RING_MAGIC	    0xa10a10a1
#define AIO_RING_COMPAT	    1
#define AIO_EVENTS_PER_PAGE (PAGE_SIZE / sizeof(struct io_event))
#define KIOCB_KEY	    0

struct aio_ring { /* the head of the ring as programs see it; one io_event long */
	unsigned int id, nr, head, tail, magic, compat_features, incompat_features, header_length;
};

struct kioctx {
	struct file *file;	/* the ring; not counted */
	unsigned long max_reqs; /* c: what was asked for */
	unsigned int nr;	/* c: slots */
	unsigned int nr_pages;	/* c */
	struct page **pages;	/* c */
	struct mutex ring_lock;
	spinlock_t lock;
	unsigned int tail;	 /* lock */
	unsigned int inflight;	 /* lock */
	unsigned long completed; /* lock: events ever added */
	struct list_head polls;	 /* lock: requests that wait for a file */
	atomic_t maps;		 /* VMAs of the ring */
	bool dead;		 /* lock: io_destroy has begun */
	wait_queue_head_t wait;	 /* events, no more requests */
};

struct aio_kiocb {
	struct kiocb rw;
	struct kioctx *ctx;
	struct iocb __user *user;
	u64 data;
	struct file *eventfd;
	atomic_t refs;
	bool datasync;
	struct work_struct work;
	/* IOCB_CMD_POLL */
	struct list_head list; /* ctx->polls */
	__poll_t events;
	atomic_t armed;
	bool cancelled; /* ctx->lock */
	unsigned int nr_waits;
	struct poll_wait {
		wait_queue_entry_t entry;
		wait_queue_head_t *head;
		struct aio_kiocb *req;
	} waits[2]; /* c while armed */
};

static struct kmem_cache *kiocb_cache;
static struct vfsmount *aio_mnt;
static struct workqueue_struct *aio_wq;
static atomic_long_t aio_nr;
static unsigned long aio_max_nr = 65536;

/* ---- the ring ---- */

static struct aio_ring *ring_of(struct kioctx *ctx)
{
	return page_address(ctx->pages[0]);
}

/* Slot @i; the head of the ring is where slot -1 would be. */
static struct io_event *event_at(struct kioctx *ctx, unsigned int i)
{
	i++;
	return (struct io_event *)page_address(ctx->pages[i / AIO_EVENTS_PER_PAGE]) +
	       i % AIO_EVENTS_PER_PAGE;
}

/* Events that nobody has taken. => ctx->lock */
static unsigned int events_in_ring(struct kioctx *ctx)
{
	unsigned int head = READ_ONCE(ring_of(ctx)->head) % ctx->nr;

	return (ctx->tail + ctx->nr - head) % ctx->nr;
}

static void free_ring(struct kioctx *ctx)
{
	while (ctx->nr_pages)
		put_page(ctx->pages[--ctx->nr_pages]);
	kfree(ctx->pages);
	kfree(ctx);
}

static int aio_ring_release(struct inode *inode, struct file *file)
{
	struct kioctx *ctx = file->private_data;

	atomic_long_sub(ctx->max_reqs, &aio_nr);
	free_ring(ctx);
	return 0;
}

static vm_fault_t aio_ring_fault(struct vm_fault *vmf)
{
	struct kioctx *ctx = vmf->vma->vm_file->private_data;

	if (vmf->pgoff >= ctx->nr_pages)
		return VM_FAULT_SIGBUS;
	vmf->page = ctx->pages[vmf->pgoff];
	get_page(vmf->page);
	return 0;
}

static void cancel_polls(struct kioctx *ctx);

static void aio_ring_vm_open(struct vm_area_struct *vma)
{
	struct kioctx *ctx = vma->vm_file->private_data;

	atomic_inc(&ctx->maps);
}

/* Nobody will see an event any more. */
static void aio_ring_vm_close(struct vm_area_struct *vma)
{
	struct kioctx *ctx = vma->vm_file->private_data;

	if (atomic_dec_and_test(&ctx->maps))
		cancel_polls(ctx);
}

static const struct vm_operations_struct aio_ring_vm_ops = {
	.open = aio_ring_vm_open,
	.close = aio_ring_vm_close,
	.fault = aio_ring_fault,
};

static int aio_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_init(vma, vma->vm_flags | VM_DONTEXPAND | VM_DONTCOPY);
	vma->vm_ops = &aio_ring_vm_ops;
	aio_ring_vm_open(vma);
	return 0;
}

static const struct file_operations aio_ring_fops = {
	.mmap = aio_ring_mmap,
	.release = aio_ring_release,
};

/* Memory for a ring of at least @events; NULL without. */
static struct kioctx *alloc_ring(unsigned int events)
{
	struct kioctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	unsigned int pages = DIV_ROUND_UP(events + 1, AIO_EVENTS_PER_PAGE);
	struct aio_ring *ring;

	if (!ctx)
		return NULL;
	ctx->pages = kcalloc(pages, sizeof(*ctx->pages), GFP_KERNEL);
	while (ctx->pages && ctx->nr_pages < pages) {
		struct page *page = alloc_page(GFP_USER | __GFP_ZERO);

		if (!page)
			break;
		ctx->pages[ctx->nr_pages++] = page;
	}
	if (!ctx->pages || ctx->nr_pages < pages) {
		free_ring(ctx);
		return NULL;
	}
	ctx->nr = pages * AIO_EVENTS_PER_PAGE - 1;
	mutex_init(&ctx->ring_lock, LOCK_AIO_RING);
	spin_lock_init(&ctx->lock, LOCK_AIO_CTX);
	init_waitqueue_head(&ctx->wait);
	INIT_LIST_HEAD(&ctx->polls);
	ring = ring_of(ctx);
	*ring = (struct aio_ring){ .nr = ctx->nr,
				   .magic = AIO_RING_MAGIC,
				   .compat_features = AIO_RING_COMPAT,
				   .header_length = sizeof(*ring),
				   .id = ~0U };
	return ctx;
}

static struct file *aio_private_file(struct kioctx *ctx)
{
	struct inode *inode = new_inode_pseudo(aio_mnt->mnt_sb);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_ino = get_next_ino();
	inode->i_mode = S_IFREG | S_IRUSR | S_IWUSR;
	inode->i_size = (loff_t)ctx->nr_pages << PAGE_SHIFT;
	clear_nlink(inode);
	file = alloc_file_pseudo(inode, aio_mnt, "[aio]", O_RDWR, &aio_ring_fops);
	if (IS_ERR(file))
		iput(inode);
	else
		file->private_data = ctx;
	return file;
}

/* The context of the caller by its name, with a reference to its file; NULL. */
static struct kioctx *lookup_ioctx(unsigned long id)
{
	struct mm_struct *mm = current->mm;
	struct kioctx *ctx = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma(mm, id);
	if (vma && vma->vm_start == id && vma->vm_file && vma->vm_file->f_op == &aio_ring_fops) {
		ctx = vma->vm_file->private_data;
		if (READ_ONCE(ctx->dead))
			ctx = NULL;
		else
			get_file(ctx->file);
	}
	mmap_read_unlock(mm);
	return ctx;
}

SYSCALL_DEFINE2(io_setup, unsigned int, nr_events, aio_context_t __user *, ctxp)
{
	struct kioctx *ctx;
	struct file *file;
	unsigned long id;

	if (get_user(id, ctxp))
		return -EFAULT;
	if (id || !nr_events || nr_events > 0x10000000U / sizeof(struct io_event))
		return -EINVAL;
	if (atomic_long_add_return(nr_events, &aio_nr) > (long)READ_ONCE(aio_max_nr)) {
		atomic_long_sub(nr_events, &aio_nr);
		return -EAGAIN;
	}
	/* As many as Linux makes of it: room for each CPU to keep some back. */
	ctx = alloc_ring(max(nr_events, num_possible_cpus() * 4) * 2 + 2);
	file = ctx ? aio_private_file(ctx) : ERR_PTR(-ENOMEM);
	if (IS_ERR(file)) {
		atomic_long_sub(nr_events, &aio_nr);
		if (ctx)
			free_ring(ctx);
		return PTR_ERR(file);
	}
	ctx->file = file;
	ctx->max_reqs = nr_events;
	id = vm_mmap(file, 0, (unsigned long)ctx->nr_pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
		     MAP_SHARED, 0);
	if (!IS_ERR_VALUE(id) && put_user(id, ctxp)) {
		vm_munmap(id, (unsigned long)ctx->nr_pages << PAGE_SHIFT);
		id = -EFAULT;
	}
	fput(file); /* the mapping has its own reference */
	return IS_ERR_VALUE(id) ? (long)id : 0;
}

SYSCALL_DEFINE1(io_destroy, aio_context_t, id)
{
	struct kioctx *ctx = lookup_ioctx(id);
	bool mine;

	if (!ctx)
		return -EINVAL;
	spin_lock(&ctx->lock);
	mine = !ctx->dead;
	ctx->dead = true;
	spin_unlock(&ctx->lock);
	if (mine) {
		wake_up_all(&ctx->wait);
		cancel_polls(ctx);
		wait_event(ctx->wait, !READ_ONCE(ctx->inflight));
		vm_munmap(id, (unsigned long)ctx->nr_pages << PAGE_SHIFT);
	}
	fput(ctx->file);
	return mine ? 0 : -EINVAL;
}

/* ---- requests ---- */

static void iocb_put(struct aio_kiocb *req)
{
	if (!atomic_dec_and_test(&req->refs))
		return;
	if (req->eventfd)
		fput(req->eventfd);
	if (req->rw.ki_filp)
		fput(req->rw.ki_filp);
	fput(req->ctx->file);
	kmem_cache_free(kiocb_cache, req);
}

/* The end of @req: its event. Drops the end's reference. */
static void aio_complete(struct aio_kiocb *req, long res)
{
	struct kioctx *ctx = req->ctx;

	spin_lock(&ctx->lock);
	*event_at(ctx, ctx->tail) = (struct io_event){ .data = req->data,
						       .obj = (u64)(unsigned long)req->user,
						       .res = res };
	ctx->tail = (ctx->tail + 1) % ctx->nr;
	smp_store_release(&ring_of(ctx)->tail, ctx->tail); /* the event before the tail */
	ctx->completed++;
	ctx->inflight--;
	spin_unlock(&ctx->lock);
	if (req->eventfd)
		eventfd_signal(req->eventfd, 1);
	wake_up_all(&ctx->wait);
	iocb_put(req);
}

static void aio_complete_rw(struct kiocb *kiocb, long res)
{
	aio_complete(container_of(kiocb, struct aio_kiocb, rw), res);
}

/* Have the request, which was done at once, end; what a signal broke off is not begun again. */
static void aio_rw_done(struct aio_kiocb *req, ssize_t ret)
{
	if (ret == -EIOCBQUEUED)
		return;
	if (ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
	    ret == -ERESTART_RESTARTBLOCK)
		ret = -EINTR;
	aio_complete(req, ret);
}

static int aio_rw(struct aio_kiocb *req, const struct iocb *iocb, bool write, bool vectored)
{
	struct iovec stack[UIO_FASTIOV_K], *iov = stack;
	void __user *buf = (void __user *)(unsigned long)iocb->aio_buf;
	struct kiocb *kiocb = &req->rw;
	struct file *file = kiocb->ki_filp;
	int rw = write ? ITER_SOURCE : ITER_DEST;
	struct iov_iter iter;
	ssize_t ret;

	kiocb->ki_complete = aio_complete_rw;
	kiocb->ki_pos = iocb->aio_offset;
	kiocb->ki_flags = iocb_flags(file) | (write ? IOCB_WRITE : 0);
	if (iocb->aio_flags & IOCB_FLAG_IOPRIO)
		kiocb->ki_ioprio = iocb->aio_reqprio;
	ret = kiocb_set_rw_flags(kiocb, iocb->aio_rw_flags);
	if (ret)
		return ret;
	kiocb->ki_flags &= ~IOCB_HIPRI; /* nobody polls for the end */
	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (!(write ? file->f_op->write_iter : file->f_op->read_iter))
		return -EINVAL;
	if (vectored) {
		ret = import_iovec(rw, buf, iocb->aio_nbytes, ARRAY_SIZE(stack), &iov, &iter);
	} else {
		ret = import_single_range(rw, buf, iocb->aio_nbytes, stack, &iter);
		iov = NULL;
	}
	if (ret < 0)
		return ret;
	ret = rw_verify_area(&kiocb->ki_pos, iov_iter_count(&iter));
	if (!ret && !write)
		ret = fsnotify_read_perm(file);
	if (!ret)
		aio_rw_done(req, write ? file->f_op->write_iter(kiocb, &iter)
				       : file->f_op->read_iter(kiocb, &iter));
	kfree(iov);
	return ret;
}

static void aio_fsync_work(struct work_struct *work)
{
	struct aio_kiocb *req = container_of(work, struct aio_kiocb, work);

	aio_complete(req, vfs_fsync(req->rw.ki_filp, req->datasync));
}

static int aio_fsync(struct aio_kiocb *req, const struct iocb *iocb, bool datasync)
{
	if (iocb->aio_buf || iocb->aio_offset || iocb->aio_nbytes || iocb->aio_rw_flags)
		return -EINVAL;
	if (!req->rw.ki_filp->f_op->fsync)
		return -EINVAL;
	req->datasync = datasync;
	INIT_WORK(&req->work, aio_fsync_work);
	queue_work(aio_wq, &req->work);
	return 0;
}

/* ---- IOCB_CMD_POLL ---- */

struct aio_poll_table {
	poll_table pt;
	struct aio_kiocb *req;
	bool too_many;
};

/* Have a worker look, if @req waits. Any context. */
static void look_again(struct aio_kiocb *req)
{
	if (atomic_cmpxchg(&req->armed, 1, 0) == 1)
		queue_work(aio_wq, &req->work);
}

static int aio_poll_wake(wait_queue_entry_t *entry, unsigned int mode, int sync, void *key)
{
	struct poll_wait *wait = container_of(entry, struct poll_wait, entry);
	__poll_t events = (__poll_t)(unsigned long)key;

	if (events && !(events & wait->req->events))
		return 0;
	look_again(wait->req); /* POLLFREE comes with EPOLLHUP, which everybody wants */
	poll_queue_freed(entry, &wait->head, events);
	return 1;
}

static void aio_poll_queue(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	struct aio_poll_table *table = container_of(pt, struct aio_poll_table, pt);
	struct aio_kiocb *req = table->req;
	struct poll_wait *wait;

	table->too_many = req->nr_waits == ARRAY_SIZE(req->waits);
	if (table->too_many)
		return;
	wait = &req->waits[req->nr_waits++];
	init_waitqueue_func_entry(&wait->entry, aio_poll_wake);
	wait->head = head;
	wait->req = req;
	add_wait_queue(head, &wait->entry);
}

static void leave_queues(struct aio_kiocb *req)
{
	while (req->nr_waits) {
		struct poll_wait *wait = &req->waits[--req->nr_waits];

		poll_leave_queue(&wait->entry, &wait->head);
	}
}

/* End @req if what it waits for is there, or nobody waits any more; else arm it. => not armed, on ctx->polls */
static void look(struct aio_kiocb *req)
{
	struct kioctx *ctx = req->ctx;
	__poll_t mask = vfs_poll(req->rw.ki_filp, NULL) & req->events;

	if (!mask && !READ_ONCE(req->cancelled)) {
		atomic_xchg(&req->armed, 1); /* before the second look, and that at cancelled */
		mask = vfs_poll(req->rw.ki_filp, NULL) & req->events;
		if (!mask && !READ_ONCE(req->cancelled))
			return;
		if (atomic_cmpxchg(&req->armed, 1, 0) != 1)
			return; /* a worker comes */
	}
	leave_queues(req);
	spin_lock(&ctx->lock);
	list_del(&req->list);
	spin_unlock(&ctx->lock);
	aio_complete(req, READ_ONCE(req->cancelled) ? 0 : (u16)mask);
}

static void aio_poll_work(struct work_struct *work)
{
	look(container_of(work, struct aio_kiocb, work));
}

static int aio_poll(struct aio_kiocb *req, const struct iocb *iocb)
{
	struct aio_poll_table table = { .req = req };
	struct kioctx *ctx = req->ctx;
	__poll_t mask;

	if ((u16)iocb->aio_buf != iocb->aio_buf || iocb->aio_offset || iocb->aio_nbytes ||
	    iocb->aio_rw_flags)
		return -EINVAL;
	req->events = (u16)iocb->aio_buf | EPOLL_ALWAYS;
	INIT_WORK(&req->work, aio_poll_work);
	init_poll_funcptr(&table.pt, aio_poll_queue);
	mask = vfs_poll(req->rw.ki_filp, &table.pt) & req->events;
	if (!mask && (!req->nr_waits || table.too_many)) {
		leave_queues(req);
		return -EINVAL;
	}
	spin_lock(&ctx->lock);
	req->cancelled = ctx->dead;
	list_add_tail(&req->list, &ctx->polls);
	spin_unlock(&ctx->lock);
	look(req);
	return 0;
}

/* => ctx->lock */
static void cancel_poll(struct aio_kiocb *req)
{
	WRITE_ONCE(req->cancelled, true);
	look_again(req);
}

static void cancel_polls(struct kioctx *ctx)
{
	struct aio_kiocb *req;

	spin_lock(&ctx->lock);
	list_for_each_entry (req, &ctx->polls, list)
		cancel_poll(req);
	spin_unlock(&ctx->lock);
}

static int aio_start(struct aio_kiocb *req, const struct iocb *iocb)
{
	switch (iocb->aio_lio_opcode) {
	case IOCB_CMD_PREAD:
		return aio_rw(req, iocb, false, false);
	case IOCB_CMD_PWRITE:
		return aio_rw(req, iocb, true, false);
	case IOCB_CMD_PREADV:
		return aio_rw(req, iocb, false, true);
	case IOCB_CMD_PWRITEV:
		return aio_rw(req, iocb, true, true);
	case IOCB_CMD_FSYNC:
		return aio_fsync(req, iocb, false);
	case IOCB_CMD_FDSYNC:
		return aio_fsync(req, iocb, true);
	case IOCB_CMD_POLL:
		return aio_poll(req, iocb);
	default:
		return -EINVAL;
	}
}

/* A slot of the ring for a request, with a reference to the ring's file. 0 or -EAGAIN. */
static int reserve_event(struct kioctx *ctx)
{
	int err = 0;

	spin_lock(&ctx->lock);
	if (ctx->dead)
		err = -EINVAL;
	else if (ctx->inflight + events_in_ring(ctx) >= ctx->nr - 1)
		err = -EAGAIN;
	else
		ctx->inflight++;
	spin_unlock(&ctx->lock);
	if (!err)
		get_file(ctx->file);
	return err;
}

/* It was not started: nobody will hear of it. */
static void unreserve_event(struct kioctx *ctx)
{
	spin_lock(&ctx->lock);
	ctx->inflight--;
	spin_unlock(&ctx->lock);
	wake_up_all(&ctx->wait);
}

static int prepare(struct aio_kiocb *req, const struct iocb *iocb)
{
	req->rw.ki_filp = fget(iocb->aio_fildes);
	if (!req->rw.ki_filp)
		return -EBADF;
	if (iocb->aio_flags & IOCB_FLAG_RESFD) {
		struct file *eventfd = eventfd_fget(iocb->aio_resfd);

		if (IS_ERR(eventfd))
			return PTR_ERR(eventfd);
		req->eventfd = eventfd;
	}
	return put_user(KIOCB_KEY, &req->user->aio_key) ? -EFAULT : 0;
}

static int io_submit_one(struct kioctx *ctx, struct iocb __user *user)
{
	struct aio_kiocb *req;
	struct iocb iocb;
	int err;

	if (copy_from_user(&iocb, user, sizeof(iocb)))
		return -EFAULT;
	if (iocb.aio_reserved2 || (ssize_t)iocb.aio_nbytes < 0)
		return -EINVAL;
	req = kmem_cache_zalloc(kiocb_cache, GFP_KERNEL);
	if (!req)
		return -EAGAIN;
	err = reserve_event(ctx);
	if (err) {
		kmem_cache_free(kiocb_cache, req);
		return err;
	}
	req->ctx = ctx;
	req->user = user;
	req->data = iocb.aio_data;
	atomic_set(&req->refs, 2);
	err = prepare(req, &iocb);
	if (!err)
		err = aio_start(req, &iocb);
	if (err) {
		unreserve_event(ctx);
		iocb_put(req);
	}
	iocb_put(req);
	return err;
}

SYSCALL_DEFINE3(io_submit, aio_context_t, id, long, nr, struct iocb __user *__user *, iocbpp)
{
	struct kioctx *ctx;
	long i, err = 0;

	if (nr < 0)
		return -EINVAL;
	ctx = lookup_ioctx(id);
	if (!ctx)
		return -EINVAL;
	nr = min(nr, (long)ctx->nr);
	for (i = 0; i < nr; i++) {
		struct iocb __user *user;

		if (get_user(user, iocbpp + i))
			err = -EFAULT;
		else
			err = io_submit_one(ctx, user);
		if (err)
			break;
	}
	fput(ctx->file);
	return i ? i : err;
}

SYSCALL_DEFINE3(io_cancel, aio_context_t, id, struct iocb __user *, iocb, struct io_event __user *,
		result)
{
	struct aio_kiocb *req;
	struct kioctx *ctx;
	int err = -EINVAL;
	u32 key;

	if (get_user(key, &iocb->aio_key))
		return -EFAULT;
	ctx = key == KIOCB_KEY ? lookup_ioctx(id) : NULL;
	if (!ctx)
		return -EINVAL;
	spin_lock(&ctx->lock);
	list_for_each_entry (req, &ctx->polls, list) {
		if (req->user != iocb || req->cancelled)
			continue;
		cancel_poll(req);
		err = -EINPROGRESS; /* its event will come */
		break;
	}
	spin_unlock(&ctx->lock);
	fput(ctx->file);
	return err;
}

/* ---- taking events ---- */

/* Up to @nr events to @event: how many, or an errno. */
static long take_events(struct kioctx *ctx, long nr, struct io_event __user *event)
{
	unsigned int head, tail;
	long n = 0;

	mutex_lock(&ctx->ring_lock);
	head = READ_ONCE(ring_of(ctx)->head) % ctx->nr;
	tail = smp_load_acquire(&ctx->tail);
	while (n < nr && head != tail) {
		if (copy_to_user(event + n, event_at(ctx, head), sizeof(*event))) {
			n = -EFAULT;
			break;
		}
		head = (head + 1) % ctx->nr;
		n++;
	}
	if (n > 0)
		smp_store_release(&ring_of(ctx)->head,
				  head); /* read before they may be overwritten */
	mutex_unlock(&ctx->ring_lock);
	return n;
}

/* Sleep until an event is added after @seen of them, or until @until (NULL: whenever). False: time is up. */
static bool wait_for_more(struct kioctx *ctx, unsigned long seen, ktime_t *until)
{
	bool in_time = true;
	DEFINE_WAIT(wait);

	prepare_to_wait(&ctx->wait, &wait, TASK_INTERRUPTIBLE);
	if (READ_ONCE(ctx->completed) == seen && !READ_ONCE(ctx->dead) && !signal_pending(current))
		in_time =
			schedule_hrtimeout_range(until, current->timer_slack_ns, HRTIMER_MODE_ABS);
	finish_wait(&ctx->wait, &wait);
	return in_time;
}

/* => @until: NULL for ever; 0: not at all */
static long read_events(struct kioctx *ctx, long min_nr, long nr, struct io_event __user *event,
			ktime_t *until)
{
	bool in_time = !until || *until;
	long got = 0, n;

	for (;;) {
		unsigned long seen = READ_ONCE(ctx->completed);

		n = take_events(ctx, nr - got, event + got);
		if (n < 0)
			return got ? got : n;
		got += n;
		if (got >= min_nr || !in_time)
			break;
		if (READ_ONCE(ctx->dead))
			return got ? got : -EINVAL;
		if (signal_pending(current))
			return got ? got : -EINTR;
		in_time = wait_for_more(ctx, seen, until); /* else a last look */
	}
	return got;
}

static long do_io_getevents(aio_context_t id, long min_nr, long nr, struct io_event __user *events,
			    const struct timespec64 *timeout)
{
	struct kioctx *ctx = lookup_ioctx(id);
	ktime_t until = 0;
	long ret = -EINVAL;

	if (!ctx)
		return -EINVAL;
	if (timeout && (timeout->tv_sec || timeout->tv_nsec))
		until = ktime_add_safe(ktime_get(), timespec64_to_ktime(*timeout));
	if (min_nr >= 0 && min_nr <= nr)
		ret = read_events(ctx, min_nr, nr, events, timeout ? &until : NULL);
	fput(ctx->file);
	return ret;
}

SYSCALL_DEFINE5(io_getevents, aio_context_t, id, long, min_nr, long, nr, struct io_event __user *,
		events, struct __kernel_timespec __user *, timeout)
{
	struct timespec64 ts;

	if (timeout && get_timespec64(&ts, timeout))
		return -EFAULT;
	return do_io_getevents(id, min_nr, nr, events, timeout ? &ts : NULL);
}

struct __aio_sigset {
	const sigset_t __user *sigmask;
	size_t sigsetsize;
};

SYSCALL_DEFINE6(io_pgetevents, aio_context_t, id, long, min_nr, long, nr, struct io_event __user *,
		events, struct __kernel_timespec __user *, timeout,
		const struct __aio_sigset __user *, usig)
{
	struct __aio_sigset sig = { NULL, 0 };
	struct timespec64 ts;
	long ret;

	if (timeout && get_timespec64(&ts, timeout))
		return -EFAULT;
	if (usig && copy_from_user(&sig, usig, sizeof(sig)))
		return -EFAULT;
	ret = set_user_sigmask(sig.sigmask, sig.sigsetsize);
	if (ret)
		return ret;
	ret = do_io_getevents(id, min_nr, nr, events, timeout ? &ts : NULL);
	restore_saved_sigmask_unless(ret == -EINTR);
	return ret;
}

/* ---- beginning ---- */

static int aio_fill_super(struct super_block *sb, void *data)
{
	return init_pseudo_super(sb, AIO_RING_MAGIC, NULL);
}

static struct file_system_type aio_fs_type = {
	.name = "aio",
	.fill_super = aio_fill_super,
	.kill_sb = kill_anon_super,
};

static struct ctl_table aio_sysctls[] = {
	{ .path = "fs/aio-nr", .mode = 0444, .type = CTL_ULONG, .data = &aio_nr },
	{ .path = "fs/aio-max-nr",
	  .mode = 0644,
	  .type = CTL_ULONG,
	  .data = &aio_max_nr,
	  .max = LONG_MAX },
	{ 0 }
};

static int __init aio_init(void)
{
	aio_mnt = kern_mount(&aio_fs_type);
	if (IS_ERR(aio_mnt))
		panic("aio: no mount (%ld)", PTR_ERR(aio_mnt));
	kiocb_cache = kmem_cache_create("aio_kiocb", sizeof(struct aio_kiocb), 0, SLAB_PANIC, NULL);
	aio_wq = alloc_workqueue("aio", 0, 0);
	register_sysctl_table(aio_sysctls);
	return aio_wq ? 0 : -ENOMEM;
}
fs_initcall(aio_init);
