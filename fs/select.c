/* SPDX-License-Identifier: MIT */
/*
 * poll(2), ppoll(2), select(2), pselect6(2).
 *
 * One pass asks each file for its events and, in the first pass only, enqueues the task on the
 * file's wait queues. If nothing is ready the task sleeps until a queue wakes it, the time is up
 * or a signal comes; then another pass asks again. A wake-up between the question and the sleep
 * is not lost: `triggered` is set by the wake-up and tested after the state is set.
 */
#include <base/bitmap.h>
#include <base/bitops.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <kernel/hrtimer.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <seam/uaccess.h>

#include <linux/personality.h>

struct poll_entry {
	wait_queue_entry_t wait;
	wait_queue_head_t *head;
	struct file *file; /* held */
	struct poll_wqueues *pwq;
	__poll_t key;
	struct poll_entry *next;
};

#define INLINE_ENTRIES 8

struct poll_wqueues {
	poll_table pt;
	struct task_struct *task;
	int triggered;
	int error;
	unsigned int nr_inline;
	struct poll_entry *extra; /* those that found no place in inline_entries */
	struct poll_entry inline_entries[INLINE_ENTRIES];
};

__poll_t vfs_poll(struct file *file, poll_table *pt)
{
	if (!file->f_op->poll)
		return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	return file->f_op->poll(file, pt);
}

static int poll_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct poll_entry *entry = container_of(wait, struct poll_entry, wait);
	__poll_t events = (__poll_t)(unsigned long)key;

	if (events && !(events & entry->key))
		return 0;
	smp_wmb();
	WRITE_ONCE(entry->pwq->triggered, 1);
	return wake_up_process(entry->pwq->task);
}

static struct poll_entry *new_entry(struct poll_wqueues *pwq)
{
	struct poll_entry *entry;

	if (pwq->nr_inline < INLINE_ENTRIES)
		return &pwq->inline_entries[pwq->nr_inline++];
	entry = kmalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry) {
		pwq->error = -ENOMEM;
		return NULL;
	}
	entry->next = pwq->extra;
	pwq->extra = entry;
	return entry;
}

static void enqueue(struct file *file, wait_queue_head_t *head, poll_table *pt)
{
	struct poll_wqueues *pwq = container_of(pt, struct poll_wqueues, pt);
	struct poll_entry *entry = new_entry(pwq);

	if (!entry)
		return;
	entry->file = get_file(file);
	entry->head = head;
	entry->pwq = pwq;
	entry->key = pt->key;
	init_waitqueue_func_entry(&entry->wait, poll_wake);
	add_wait_queue(head, &entry->wait);
}

static void pwq_init(struct poll_wqueues *pwq)
{
	init_poll_funcptr(&pwq->pt, enqueue);
	pwq->task = current;
	pwq->triggered = 0;
	pwq->error = 0;
	pwq->nr_inline = 0;
	pwq->extra = NULL;
}

static void free_entry(struct poll_entry *entry)
{
	remove_wait_queue(entry->head, &entry->wait);
	fput(entry->file);
}

static void pwq_free(struct poll_wqueues *pwq)
{
	struct poll_entry *entry;
	unsigned int i;

	for (i = 0; i < pwq->nr_inline; i++)
		free_entry(&pwq->inline_entries[i]);
	while ((entry = pwq->extra)) {
		pwq->extra = entry->next;
		free_entry(entry);
		kfree(entry);
	}
}

/* Sleep until woken or @deadline (NULL: for ever). True when the time is up. */
static bool pwq_sleep(struct poll_wqueues *pwq, ktime_t *deadline)
{
	int left = -EINTR;

	set_current_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(pwq->triggered))
		left = schedule_hrtimeout_range(deadline, current->timer_slack_ns,
						HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
	smp_store_mb(pwq->triggered, 0);
	return !left;
}

/* The absolute end of a relative time; KTIME_MAX when it lies beyond all times. */
static ktime_t deadline_after(const struct timespec64 *rel)
{
	return ktime_add_safe(ktime_get(), timespec64_to_ktime(*rel));
}

/* ---- poll ---- */

static __poll_t poll_one(struct pollfd *pfd, poll_table *pt)
{
	__poll_t filter, mask;
	struct fd f;

	if (pfd->fd < 0)
		return 0;
	f = fdget(pfd->fd);
	if (!f.file)
		return EPOLLNVAL;
	filter = (u16)pfd->events | EPOLL_ALWAYS;
	pt->key = filter;
	mask = vfs_poll(f.file, pt) & filter;
	fdput(f);
	return mask;
}

static int do_poll(struct pollfd *fds, unsigned int nfds, struct poll_wqueues *pwq,
		   ktime_t *deadline, bool no_wait)
{
	bool timed_out = no_wait;
	unsigned int i;
	int count;

	if (no_wait)
		pwq->pt.qproc = NULL;
	for (;;) {
		count = 0;
		for (i = 0; i < nfds; i++) {
			fds[i].revents = poll_one(&fds[i], &pwq->pt);
			if (fds[i].revents) {
				count++;
				pwq->pt.qproc = NULL;
			}
		}
		pwq->pt.qproc = NULL; /* enqueued once */
		if (!count) {
			count = pwq->error;
			if (signal_pending(current))
				count = -ERESTARTNOHAND;
		}
		if (count || timed_out)
			return count;
		timed_out = pwq_sleep(pwq, deadline);
	}
}

static int do_sys_poll(struct pollfd __user *ufds, unsigned int nfds, ktime_t *deadline,
		       bool no_wait)
{
	struct pollfd small[16], *fds = small;
	struct poll_wqueues pwq;
	unsigned int i;
	int ret;

	if (nfds > rlimit(RLIMIT_NOFILE))
		return -EINVAL;
	if (nfds > ARRAY_SIZE(small)) {
		fds = kvmalloc_array(nfds, sizeof(*fds), GFP_KERNEL);
		if (!fds)
			return -ENOMEM;
	}
	ret = -EFAULT;
	if (copy_from_user(fds, ufds, nfds * sizeof(*fds)))
		goto free;
	pwq_init(&pwq);
	ret = do_poll(fds, nfds, &pwq, deadline, no_wait);
	pwq_free(&pwq);
	for (i = 0; i < nfds; i++) {
		if (put_user(fds[i].revents, &ufds[i].revents)) {
			ret = -EFAULT;
			break;
		}
	}
free:
	if (fds != small)
		kvfree(fds);
	return ret;
}

static long restart_poll(struct restart_block *restart)
{
	struct timespec64 at = { restart->poll.tv_sec, restart->poll.tv_nsec };
	ktime_t deadline = timespec64_to_ktime(at);
	int ret = do_sys_poll(restart->poll.ufds, restart->poll.nfds,
			      restart->poll.has_timeout ? &deadline : NULL, false);

	return ret == -ERESTARTNOHAND ? set_restart_fn(restart, restart_poll) : ret;
}

SYSCALL_DEFINE3(poll, struct pollfd __user *, ufds, unsigned int, nfds, int, timeout_msecs)
{
	struct timespec64 rel, at;
	ktime_t deadline = 0;
	int ret;

	if (timeout_msecs > 0) {
		rel = (struct timespec64){ timeout_msecs / 1000, timeout_msecs % 1000 * 1000000L };
		deadline = deadline_after(&rel);
	}
	ret = do_sys_poll(ufds, nfds, timeout_msecs > 0 ? &deadline : NULL, !timeout_msecs);
	if (ret == -ERESTARTNOHAND) {
		struct restart_block *restart = &current->restart_block;

		at = ktime_to_timespec64(deadline);
		restart->poll.ufds = ufds;
		restart->poll.nfds = nfds;
		restart->poll.has_timeout = timeout_msecs > 0;
		restart->poll.tv_sec = at.tv_sec;
		restart->poll.tv_nsec = at.tv_nsec;
		ret = set_restart_fn(restart, restart_poll);
	}
	return ret;
}

/*
 * The time that is left, into the caller's timespec, as Linux does it. An address that cannot be
 * written is ignored: the call itself has succeeded.
 */
static void write_remaining(struct __kernel_timespec __user *tsp, const ktime_t *deadline)
{
	struct timespec64 left;
	ktime_t now;

	if (!tsp || (current->personality & STICKY_TIMEOUTS))
		return;
	now = ktime_get();
	left = ktime_to_timespec64(*deadline > now ? *deadline - now : 0);
	if (put_timespec64(&left, tsp))
		return;
}

/* Read a relative timeout. 0, -EFAULT, -EINVAL; *@no_wait: it is zero. */
static int read_timeout(const struct __kernel_timespec __user *tsp, ktime_t *deadline,
			bool *no_wait)
{
	struct timespec64 rel;

	*no_wait = false;
	if (!tsp)
		return 0;
	if (get_timespec64(&rel, tsp))
		return -EFAULT;
	if (rel.tv_sec < 0 || rel.tv_nsec < 0 || rel.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*no_wait = !rel.tv_sec && !rel.tv_nsec;
	*deadline = *no_wait ? 0 : deadline_after(&rel);
	return 0;
}

SYSCALL_DEFINE5(ppoll, struct pollfd __user *, ufds, unsigned int, nfds,
		struct __kernel_timespec __user *, tsp, const sigset_t __user *, sigmask, size_t,
		sigsetsize)
{
	ktime_t deadline = 0;
	bool no_wait;
	int ret;

	ret = read_timeout(tsp, &deadline, &no_wait);
	if (ret)
		return ret;
	ret = set_user_sigmask(sigmask, sigsetsize);
	if (ret)
		return ret;
	ret = do_sys_poll(ufds, nfds, tsp ? &deadline : NULL, no_wait);
	restore_saved_sigmask_unless(ret == -ERESTARTNOHAND);
	if (tsp)
		write_remaining(tsp, &deadline);
	return ret;
}

/* ---- select ---- */

#define SELECT_IN  (EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR)
#define SELECT_OUT (EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR)
#define SELECT_EX  EPOLLPRI

/* Six bit maps of @n bits: what is asked (in, out, ex) and what is true. */
struct fd_sets {
	unsigned long *in, *out, *ex, *res_in, *res_out, *res_ex;
};

static __poll_t select_wanted(const struct fd_sets *sets, int fd)
{
	return (test_bit(fd, sets->in) ? SELECT_IN : 0) |
	       (test_bit(fd, sets->out) ? SELECT_OUT : 0) |
	       (test_bit(fd, sets->ex) ? SELECT_EX : 0);
}

/* Ask one descriptor; how many sets it enters, or -EBADF. */
static int select_one(struct fd_sets *sets, int fd, __poll_t wanted, poll_table *pt)
{
	struct fd f = fdget(fd);
	__poll_t mask;
	int nr = 0;

	if (!f.file)
		return -EBADF;
	pt->key = wanted | EPOLL_ALWAYS;
	mask = vfs_poll(f.file, pt);
	fdput(f);
	if (mask & SELECT_IN && test_bit(fd, sets->in)) {
		__set_bit(fd, sets->res_in);
		nr++;
	}
	if (mask & SELECT_OUT && test_bit(fd, sets->out)) {
		__set_bit(fd, sets->res_out);
		nr++;
	}
	if (mask & SELECT_EX && test_bit(fd, sets->ex)) {
		__set_bit(fd, sets->res_ex);
		nr++;
	}
	return nr;
}

static int do_select(int n, struct fd_sets *sets, ktime_t *deadline, bool no_wait)
{
	struct poll_wqueues pwq;
	bool timed_out = no_wait;
	int fd, nr, count;

	pwq_init(&pwq);
	if (no_wait)
		pwq.pt.qproc = NULL;
	for (;;) {
		count = 0;
		for (fd = 0; fd < n; fd++) {
			__poll_t wanted = select_wanted(sets, fd);

			if (!wanted)
				continue;
			nr = select_one(sets, fd, wanted, &pwq.pt);
			if (nr < 0) {
				count = nr;
				goto out;
			}
			count += nr;
			if (count)
				pwq.pt.qproc = NULL;
		}
		pwq.pt.qproc = NULL;
		if (count || timed_out)
			break;
		count = pwq.error;
		if (!count && signal_pending(current))
			count = -ERESTARTNOHAND;
		if (count)
			break;
		timed_out = pwq_sleep(&pwq, deadline);
	}
out:
	pwq_free(&pwq);
	return count;
}

static int get_fd_set(unsigned long *to, const void __user *from, size_t bytes)
{
	if (from)
		return copy_from_user(to, from, bytes) ? -EFAULT : 0;
	memset(to, 0, bytes);
	return 0;
}

static int put_fd_set(void __user *to, const unsigned long *from, size_t bytes)
{
	return to && copy_to_user(to, from, bytes) ? -EFAULT : 0;
}

static int core_sys_select(int n, void __user *inp, void __user *outp, void __user *exp,
			   ktime_t *deadline, bool no_wait)
{
	unsigned long small[6 * (256 / BITS_PER_LONG)], *bits = small;
	struct fd_sets sets;
	size_t bytes, words;
	int ret;

	if (n < 0)
		return -EINVAL;
	n = min_t(unsigned int, n, files_fdtable(current->files)->max_fds);
	words = BITS_TO_LONGS(n);
	bytes = words * sizeof(long);
	if (6 * bytes > sizeof(small)) {
		bits = kvmalloc(6 * bytes, GFP_KERNEL);
		if (!bits)
			return -ENOMEM;
	}
	sets = (struct fd_sets){ bits,
				 bits + words,
				 bits + 2 * words,
				 bits + 3 * words,
				 bits + 4 * words,
				 bits + 5 * words };
	ret = -EFAULT;
	if (get_fd_set(sets.in, inp, bytes) || get_fd_set(sets.out, outp, bytes) ||
	    get_fd_set(sets.ex, exp, bytes))
		goto free;
	memset(sets.res_in, 0, 3 * bytes);
	ret = do_select(n, &sets, deadline, no_wait);
	if (ret >= 0 &&
	    (put_fd_set(inp, sets.res_in, bytes) || put_fd_set(outp, sets.res_out, bytes) ||
	     put_fd_set(exp, sets.res_ex, bytes)))
		ret = -EFAULT;
free:
	if (bits != small)
		kvfree(bits);
	return ret;
}

SYSCALL_DEFINE5(select, int, n, void __user *, inp, void __user *, outp, void __user *, exp,
		struct __kernel_old_timeval __user *, tvp)
{
	struct __kernel_old_timeval tv;
	struct timespec64 rel;
	ktime_t deadline = 0, now;
	bool no_wait = false;
	int ret;

	if (tvp) {
		if (copy_from_user(&tv, tvp, sizeof(tv)))
			return -EFAULT;
		rel.tv_sec = tv.tv_sec + tv.tv_usec / 1000000;
		rel.tv_nsec = tv.tv_usec % 1000000 * 1000;
		if (rel.tv_sec < 0 || rel.tv_nsec < 0)
			return -EINVAL;
		no_wait = !rel.tv_sec && !rel.tv_nsec;
		deadline = deadline_after(&rel);
	}
	ret = core_sys_select(n, inp, outp, exp, tvp ? &deadline : NULL, no_wait);
	if (tvp && !(current->personality & STICKY_TIMEOUTS)) {
		now = ktime_get();
		rel = ktime_to_timespec64(!no_wait && deadline > now ? deadline - now : 0);
		tv.tv_sec = rel.tv_sec;
		tv.tv_usec = rel.tv_nsec / 1000;
		if (copy_to_user(tvp, &tv, sizeof(tv)) && ret == -ERESTARTNOHAND)
			ret = -EINTR;
	}
	return ret;
}

struct sigset_argpack {
	const sigset_t __user *mask;
	size_t bytes;
};

SYSCALL_DEFINE6(pselect6, int, n, void __user *, inp, void __user *, outp, void __user *, exp,
		struct __kernel_timespec __user *, tsp, struct sigset_argpack __user *, sig)
{
	struct sigset_argpack pack = { NULL, 0 };
	ktime_t deadline = 0;
	bool no_wait;
	int ret;

	if (sig && copy_from_user(&pack, sig, sizeof(pack)))
		return -EFAULT;
	ret = read_timeout(tsp, &deadline, &no_wait);
	if (ret)
		return ret;
	ret = set_user_sigmask(pack.mask, pack.bytes);
	if (ret)
		return ret;
	ret = core_sys_select(n, inp, outp, exp, tsp ? &deadline : NULL, no_wait);
	restore_saved_sigmask_unless(ret == -ERESTARTNOHAND);
	if (tsp)
		write_remaining(tsp, &deadline);
	return ret;
}
