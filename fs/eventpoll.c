/* SPDX-License-Identifier: MIT */
/*
 * epoll(7).
 *
 *   struct eventpoll  -- items (rbtree by file, fd) --> struct epitem --> wait queue of the file
 *        ready list <-- linked by the wake-up callback
 *
 * epoll_wait() takes the ready list away, and for each item unlinks it *before* it asks the file
 * for its events: a wake-up that comes after the question links the item again, one that came
 * before is answered by the question. Level-triggered items that are ready go back to the list.
 *
 * An item lives until it is deleted, its file is closed for the last time (file->f_ep is the list
 * of a file's items) or its epoll instance is.
 *
 * Locks, in order: epmutex (closing, nesting), ep->mtx (items), wait queue of the file, ep->lock
 * (ready list; interrupts off).
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/rbtree.h>
#include <base/types.h>
#include <fs/anon_inodes.h>
#include <fs/eventpoll.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/hrtimer.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>

#include <linux/eventpoll.h>

#define EP_PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EP_EXCLUSIVE_OK                                                                            \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define EP_MAX_NESTS  4
#define EP_MAX_EVENTS (INT_MAX / (int)sizeof(struct epoll_event))

struct eventpoll {
	struct mutex mtx;
	spinlock_t lock;
	wait_queue_head_t wq;	     /* epoll_wait() */
	wait_queue_head_t poll_wait; /* who polls the epoll file */
	struct list_head ready;	     /* lock */
	struct rb_root items;	     /* mtx */
	struct file *file;
};

/* One registration on one wait queue; a file may have two (a pipe opened both ways). */
struct epwait {
	wait_queue_entry_t wait;
	wait_queue_head_t *head;
	struct epitem *item;
	struct epwait *next;
};

struct epitem {
	struct rb_node node;	     /* ep->mtx */
	struct list_head ready_link; /* ep->lock; empty: not on the list */
	struct hlist_node file_link; /* epmutex: file->f_ep */
	struct file *file;
	int fd;
	struct eventpoll *ep;
	struct epoll_event event; /* ep->mtx; events also under ep->lock */
	struct epwait *waits;
	int error; /* a registration failed */
};

/* What the poll table of a registration carries. */
struct ep_pqueue {
	poll_table pt;
	struct epitem *item;
};

static DEFINE_MUTEX(epmutex, LOCK_EPOLL_GLOBAL);
static const struct file_operations eventpoll_fops;

/* ---- the ready list ---- */

static int ep_poll_callback(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct epwait *w = container_of(wait, struct epwait, wait);
	struct epitem *item = w->item;
	struct eventpoll *ep = item->ep;
	__poll_t events = (__poll_t)(unsigned long)key;
	unsigned long flags;
	int woken = 1;

	spin_lock_irqsave(&ep->lock, flags);
	if (!(item->event.events & ~EP_PRIVATE_BITS) ||
	    (events && !(events & item->event.events))) {
		spin_unlock_irqrestore(&ep->lock, flags);
		poll_queue_freed(wait, &w->head, events);
		return 0;
	}
	if (list_empty(&item->ready_link))
		list_add_tail(&item->ready_link, &ep->ready);
	if (item->event.events & EPOLLEXCLUSIVE)
		woken = waitqueue_active(&ep->wq);
	spin_unlock_irqrestore(&ep->lock, flags);
	wake_up(&ep->wq);
	if (waitqueue_active(&ep->poll_wait))
		wake_up_poll(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
	poll_queue_freed(wait, &w->head, events);
	return woken;
}

static void ep_enqueue(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	struct epitem *item = container_of(pt, struct ep_pqueue, pt)->item;
	struct epwait *w = kmalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);

	if (!w) {
		item->error = -ENOMEM;
		return;
	}
	init_waitqueue_func_entry(&w->wait, ep_poll_callback);
	w->head = head;
	w->item = item;
	w->next = item->waits;
	item->waits = w;
	if (item->event.events & EPOLLEXCLUSIVE)
		add_wait_queue_exclusive(head, &w->wait);
	else
		add_wait_queue(head, &w->wait);
}

/* The events of an item that its owner asked for. */
static __poll_t ep_item_poll(struct epitem *item, poll_table *pt)
{
	pt->key = item->event.events;
	return vfs_poll(item->file, pt) & item->event.events;
}

static void ep_make_ready(struct eventpoll *ep, struct epitem *item)
{
	spin_lock_irq(&ep->lock);
	if (list_empty(&item->ready_link))
		list_add_tail(&item->ready_link, &ep->ready);
	spin_unlock_irq(&ep->lock);
}

static bool ep_has_ready(struct eventpoll *ep)
{
	return !list_empty_careful(&ep->ready);
}

/* ---- items ---- */

static int ep_cmp(struct file *file, int fd, struct epitem *item)
{
	if (file != item->file)
		return file < item->file ? -1 : 1;
	return fd - item->fd;
}

static struct epitem *ep_find(struct eventpoll *ep, struct file *file, int fd)
{
	struct rb_node *node = ep->items.rb_node;

	while (node) {
		struct epitem *item = rb_entry(node, struct epitem, node);
		int cmp = ep_cmp(file, fd, item);

		if (!cmp)
			return item;
		node = cmp < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static void ep_link(struct eventpoll *ep, struct epitem *new)
{
	struct rb_node **link = &ep->items.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = ep_cmp(new->file, new->fd, rb_entry(parent, struct epitem, node)) < 0
			       ? &parent->rb_left
			       : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &ep->items);
}

/* => epmutex and ep->mtx held */
static void ep_remove(struct eventpoll *ep, struct epitem *item)
{
	struct epwait *w;

	while ((w = item->waits)) {
		item->waits = w->next;
		poll_leave_queue(&w->wait, &w->head);
		kfree(w);
	}
	spin_lock(&item->file->f_lock);
	hlist_del(&item->file_link);
	if (hlist_empty(item->file->f_ep)) {
		kfree(item->file->f_ep);
		WRITE_ONCE(item->file->f_ep, NULL);
	}
	spin_unlock(&item->file->f_lock);
	rb_erase(&item->node, &ep->items);
	spin_lock_irq(&ep->lock);
	list_del_init(&item->ready_link);
	spin_unlock_irq(&ep->lock);
	kfree(item);
}

/* => epmutex held */
static int ep_attach_file(struct epitem *item)
{
	struct file *file = item->file;

	if (!file->f_ep) {
		struct hlist_head *head = kzalloc(sizeof(*head), GFP_KERNEL_ACCOUNT);

		if (!head)
			return -ENOMEM;
		WRITE_ONCE(file->f_ep, head);
	}
	spin_lock(&file->f_lock);
	hlist_add_head(&item->file_link, file->f_ep);
	spin_unlock(&file->f_lock);
	return 0;
}

/* => epmutex and ep->mtx held */
static int ep_insert(struct eventpoll *ep, const struct epoll_event *event, struct file *file,
		     int fd)
{
	struct epitem *item = kzalloc(sizeof(*item), GFP_KERNEL_ACCOUNT);
	struct ep_pqueue pq;
	__poll_t revents;
	int err;

	if (!item)
		return -ENOMEM;
	INIT_LIST_HEAD(&item->ready_link);
	item->ep = ep;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	err = ep_attach_file(item);
	if (err) {
		kfree(item);
		return err;
	}
	ep_link(ep, item);
	pq.item = item;
	init_poll_funcptr(&pq.pt, ep_enqueue);
	revents = ep_item_poll(item, &pq.pt);
	if (item->error) {
		ep_remove(ep, item);
		return -ENOMEM;
	}
	if (revents) {
		ep_make_ready(ep, item);
		wake_up(&ep->wq);
		wake_up_poll(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
	}
	return 0;
}

/* => ep->mtx held */
static int ep_modify(struct eventpoll *ep, struct epitem *item, const struct epoll_event *event)
{
	poll_table pt;

	spin_lock_irq(&ep->lock);
	item->event = *event;
	spin_unlock_irq(&ep->lock);
	smp_mb(); /* new events before the question: a callback sees them or the question does */
	init_poll_funcptr(&pt, NULL);
	if (ep_item_poll(item, &pt)) {
		ep_make_ready(ep, item);
		wake_up(&ep->wq);
		wake_up_poll(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
	}
	return 0;
}

/* ---- the epoll file ---- */

static struct epitem *ep_pop(struct eventpoll *ep, struct list_head *list)
{
	struct epitem *item;

	spin_lock_irq(&ep->lock);
	item = list_first_entry_or_null(list, struct epitem, ready_link);
	if (item)
		list_del_init(&item->ready_link);
	spin_unlock_irq(&ep->lock);
	return item;
}

static void ep_take_ready(struct eventpoll *ep, struct list_head *list)
{
	spin_lock_irq(&ep->lock);
	list_splice_init(&ep->ready, list);
	spin_unlock_irq(&ep->lock);
}

static void ep_give_back(struct eventpoll *ep, struct list_head *list)
{
	spin_lock_irq(&ep->lock);
	list_splice(list, &ep->ready);
	spin_unlock_irq(&ep->lock);
}

/* Is any item really ready? Items that are not leave the list. May sleep. */
static __poll_t ep_file_poll(struct file *file, poll_table *wait)
{
	struct eventpoll *ep = file->private_data;
	__poll_t mask = 0;
	struct epitem *item;
	poll_table pt;
	LIST_HEAD(list);

	poll_wait(file, &ep->poll_wait, wait);
	init_poll_funcptr(&pt, NULL);
	mutex_lock_nested(&ep->mtx, 1);
	ep_take_ready(ep, &list);
	while (!mask && (item = ep_pop(ep, &list))) {
		if (!ep_item_poll(item, &pt))
			continue;
		ep_make_ready(ep, item);
		mask = EPOLLIN | EPOLLRDNORM;
	}
	ep_give_back(ep, &list);
	mutex_unlock(&ep->mtx);
	return mask;
}

static int ep_release(struct inode *inode, struct file *file)
{
	struct eventpoll *ep = file->private_data;
	struct rb_node *node;

	mutex_lock(&epmutex);
	mutex_lock(&ep->mtx);
	while ((node = rb_first(&ep->items)))
		ep_remove(ep, rb_entry(node, struct epitem, node));
	mutex_unlock(&ep->mtx);
	mutex_unlock(&epmutex);
	kfree(ep);
	return 0;
}

static void ep_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct eventpoll *ep = file->private_data;
	struct rb_node *node;

	mutex_lock(&ep->mtx);
	for (node = rb_first(&ep->items); node; node = rb_next(node)) {
		struct epitem *item = rb_entry(node, struct epitem, node);

		seq_printf(m, "tfd: %8d events: %8x data: %16llx\n", item->fd, item->event.events,
			   (long long)item->event.data);
	}
	mutex_unlock(&ep->mtx);
}

static const struct file_operations eventpoll_fops = {
	.release = ep_release,
	.poll = ep_file_poll,
	.show_fdinfo = ep_show_fdinfo,
	.llseek = noop_llseek,
};

void eventpoll_release_file(struct file *file)
{
	struct epitem *item;

	mutex_lock(&epmutex);
	while (file->f_ep) {
		struct eventpoll *ep;

		item = hlist_entry(file->f_ep->first, struct epitem, file_link);
		ep = item->ep;
		mutex_lock(&ep->mtx);
		ep_remove(ep, item);
		mutex_unlock(&ep->mtx);
	}
	mutex_unlock(&epmutex);
}

static int do_epoll_create(int flags)
{
	struct eventpoll *ep;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->mtx, LOCK_EPOLL);
	spin_lock_init(&ep->lock, LOCK_EPOLL_READY);
	init_waitqueue_head(&ep->wq);
	init_waitqueue_head(&ep->poll_wait);
	spin_lock_init(&ep->wq.lock, LOCK_EPOLL_WQ);
	/* It nests in that of another set which watches this one; ep_loops() bounds the depth. */
	spin_lock_init(&ep->poll_wait.lock, LOCK_UNRANKED);
	INIT_LIST_HEAD(&ep->ready);
	ep->items = RB_ROOT;
	fd = anon_inode_getfd("[eventpoll]", &eventpoll_fops, ep, O_RDWR | (flags & O_CLOEXEC));
	if (fd < 0)
		kfree(ep);
	return fd;
}

SYSCALL_DEFINE1(epoll_create1, int, flags)
{
	return do_epoll_create(flags);
}

SYSCALL_DEFINE1(epoll_create, int, size)
{
	return size <= 0 ? -EINVAL : do_epoll_create(0);
}

/* ---- epoll_ctl ---- */

/* Would watching @from make a cycle through @ep, or a chain that is too long? => epmutex held */
static bool ep_loops(struct eventpoll *from, struct eventpoll *ep, int depth)
{
	struct rb_node *node;
	bool bad = false;

	if (from == ep || depth > EP_MAX_NESTS)
		return true;
	mutex_lock_nested(&from->mtx, depth + 1);
	for (node = rb_first(&from->items); node && !bad; node = rb_next(node)) {
		struct file *file = rb_entry(node, struct epitem, node)->file;

		if (file->f_op == &eventpoll_fops)
			bad = ep_loops(file->private_data, ep, depth + 1);
	}
	mutex_unlock(&from->mtx);
	return bad;
}

static int ep_ctl_locked(struct eventpoll *ep, int op, struct epoll_event *event, struct file *file,
			 int fd)
{
	struct epitem *item = ep_find(ep, file, fd);

	event->events |= EPOLLERR | EPOLLHUP;
	switch (op) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : ep_insert(ep, event, file, fd);
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		ep_remove(ep, item);
		return 0;
	case EPOLL_CTL_MOD:
		if (!item)
			return -ENOENT;
		if (item->event.events & EPOLLEXCLUSIVE)
			return -EINVAL;
		return ep_modify(ep, item, event);
	}
	return -EINVAL;
}

static int ep_check(int op, const struct epoll_event *event, struct file *epfile, struct file *file)
{
	bool exclusive = op != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE;

	if (!file->f_op->poll)
		return -EPERM;
	if (file == epfile || epfile->f_op != &eventpoll_fops)
		return -EINVAL;
	if (!exclusive)
		return 0;
	if (op == EPOLL_CTL_MOD)
		return -EINVAL;
	if (file->f_op == &eventpoll_fops || event->events & ~EP_EXCLUSIVE_OK)
		return -EINVAL;
	return 0;
}

SYSCALL_DEFINE4(epoll_ctl, int, epfd, int, op, int, fd, struct epoll_event __user *, uevent)
{
	struct epoll_event event = { 0 };
	struct eventpoll *ep;
	struct fd f, tf;
	int err;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	f = fdget(epfd);
	if (!f.file)
		return -EBADF;
	tf = fdget(fd);
	err = -EBADF;
	if (!tf.file)
		goto put_ep;
	err = ep_check(op, &event, f.file, tf.file);
	if (err)
		goto put_both;
	ep = f.file->private_data;
	mutex_lock(&epmutex);
	err = -ELOOP;
	if (op == EPOLL_CTL_ADD && tf.file->f_op == &eventpoll_fops &&
	    ep_loops(tf.file->private_data, ep, 1))
		goto unlock;
	mutex_lock(&ep->mtx);
	err = ep_ctl_locked(ep, op, &event, tf.file, fd);
	mutex_unlock(&ep->mtx);
unlock:
	mutex_unlock(&epmutex);
put_both:
	fdput(tf);
put_ep:
	fdput(f);
	return err;
}

/* ---- epoll_wait ---- */

/* Copy up to @max events out. Number, -EFAULT when not even one. */
static int ep_send_events(struct eventpoll *ep, struct epoll_event __user *to, int max)
{
	struct epoll_event event;
	struct epitem *item;
	poll_table pt;
	LIST_HEAD(list);
	int nr = 0;

	init_poll_funcptr(&pt, NULL);
	mutex_lock(&ep->mtx);
	ep_take_ready(ep, &list);
	while (nr < max && (item = ep_pop(ep, &list))) {
		event.events = ep_item_poll(item, &pt);
		if (!event.events)
			continue;
		event.data = item->event.data;
		if (copy_to_user(&to[nr], &event, sizeof(event))) {
			ep_make_ready(ep, item);
			if (!nr)
				nr = -EFAULT;
			break;
		}
		nr++;
		if (item->event.events & EPOLLONESHOT)
			item->event.events &= EP_PRIVATE_BITS;
		else if (!(item->event.events & EPOLLET))
			ep_make_ready(ep, item);
	}
	ep_give_back(ep, &list);
	mutex_unlock(&ep->mtx);
	return nr;
}

static int ep_sleep(struct eventpoll *ep, ktime_t *deadline, bool *timed_out)
{
	DEFINE_WAIT(wait);
	int ret = 0;

	prepare_to_wait_exclusive(&ep->wq, &wait, TASK_INTERRUPTIBLE);
	if (!ep_has_ready(ep)) {
		if (signal_pending(current))
			ret = -EINTR;
		else
			*timed_out = !schedule_hrtimeout_range(deadline, current->timer_slack_ns,
							       HRTIMER_MODE_ABS);
	}
	finish_wait(&ep->wq, &wait);
	return ret;
}

static int ep_poll(struct eventpoll *ep, struct epoll_event __user *events, int max,
		   ktime_t *deadline, bool no_wait)
{
	bool timed_out = no_wait;
	int nr;

	for (;;) {
		if (ep_has_ready(ep)) {
			nr = ep_send_events(ep, events, max);
			if (nr)
				return nr;
		}
		if (timed_out)
			return 0;
		nr = ep_sleep(ep, deadline, &timed_out);
		if (nr)
			return nr;
	}
}

static int do_epoll_wait(int epfd, struct epoll_event __user *events, int max, ktime_t *deadline,
			 bool no_wait)
{
	struct fd f;
	int ret;

	if (max <= 0 || max > EP_MAX_EVENTS)
		return -EINVAL;
	if (!access_ok(events, max * sizeof(struct epoll_event)))
		return -EFAULT;
	f = fdget(epfd);
	if (!f.file)
		return -EBADF;
	ret = -EINVAL;
	if (f.file->f_op == &eventpoll_fops)
		ret = ep_poll(f.file->private_data, events, max, deadline, no_wait);
	fdput(f);
	return ret;
}

static ktime_t deadline_after_ms(int ms)
{
	return ktime_add_safe(ktime_get(), (ktime_t)ms * NSEC_PER_MSEC);
}

SYSCALL_DEFINE4(epoll_wait, int, epfd, struct epoll_event __user *, events, int, maxevents, int,
		timeout)
{
	ktime_t deadline = timeout > 0 ? deadline_after_ms(timeout) : 0;

	return do_epoll_wait(epfd, events, maxevents, timeout > 0 ? &deadline : NULL, !timeout);
}

SYSCALL_DEFINE6(epoll_pwait, int, epfd, struct epoll_event __user *, events, int, maxevents, int,
		timeout, const sigset_t __user *, sigmask, size_t, sigsetsize)
{
	ktime_t deadline = timeout > 0 ? deadline_after_ms(timeout) : 0;
	int ret = set_user_sigmask(sigmask, sigsetsize);

	if (ret)
		return ret;
	ret = do_epoll_wait(epfd, events, maxevents, timeout > 0 ? &deadline : NULL, !timeout);
	restore_saved_sigmask_unless(ret == -EINTR);
	return ret;
}

SYSCALL_DEFINE6(epoll_pwait2, int, epfd, struct epoll_event __user *, events, int, maxevents,
		const struct __kernel_timespec __user *, timeout, const sigset_t __user *, sigmask,
		size_t, sigsetsize)
{
	struct timespec64 rel;
	ktime_t deadline = 0;
	bool no_wait = false;
	int ret;

	if (timeout) {
		if (get_timespec64(&rel, timeout))
			return -EFAULT;
		if (rel.tv_sec < 0 || rel.tv_nsec < 0 || rel.tv_nsec >= NSEC_PER_SEC)
			return -EINVAL;
		no_wait = !rel.tv_sec && !rel.tv_nsec;
		deadline = ktime_add_safe(ktime_get(), timespec64_to_ktime(rel));
	}
	ret = set_user_sigmask(sigmask, sigsetsize);
	if (ret)
		return ret;
	ret = do_epoll_wait(epfd, events, maxevents, timeout && !no_wait ? &deadline : NULL,
			    no_wait);
	restore_saved_sigmask_unless(ret == -EINTR);
	return ret;
}
