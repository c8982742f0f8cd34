// SPDX-License-Identifier: MIT
/*
 * Futexes: sleeping on a word of user memory.
 *
 * 1 FUTEX_WAIT sleeps if the word still has the value that the caller saw; FUTEX_WAKE wakes sleepers on
 *   the word. The lock protocols built on them live in user space.
 * 2 A waiter is a struct futex_q on its own stack, in the bucket that the key hashes to. The key names the
 *   word: (mm, address) for a private futex; (inode, page of the file, offset) for a word in a shared
 *   mapping, so that two processes that map the file at different places meet; a private anonymous page
 *   used without FUTEX_PRIVATE_FLAG has (mm, address) too.
 * 3 No wake-up is lost: the waiter counts itself in bucket->waiters, locks the bucket and then reads the
 *   word; the waker stores the word (in user space), and then reads the count. Both are full barriers:
 *   either the waiter sees the new word, or the waker sees the waiter.
 *   q->lock_ptr is the bucket lock that guards q; NULL once it has been taken off (woken).
 * 4 Locks: the bucket lock; two in the order of addresses (requeue). User memory is read under it with page
 *   faults disabled; a fault drops the lock, brings the page in and begins again.
 * 5 Robust lists: when a thread dies, each lock word in its list that still names it gets
 *   FUTEX_OWNER_DIED and one waiter is woken.
 * 6 Linux 6.1: the same, and priority inheritance, which answers ENOSYS here.
 */
#include <base/atomic.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/cred.h>
#include <kernel/futex.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/fault_inject.h>
#include <mm/folio.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include <seam/uaccess.h>
#include <seam/futex.h>
#include <linux/futex.h>

#define FLAGS_SHARED  0x01
#define FLAGS_CLOCKRT 0x02

/* The name of a futex word. @ptr: mm or inode; @page: address of the page or index in the file. */
struct futex_key {
	void *ptr;
	unsigned long page;
	unsigned int offset; /* in the page; SHARED_ANON: asked for without FUTEX_PRIVATE_FLAG */
	bool file;	     /* ptr is an inode, a reference is held */
};

#define SHARED_ANON 1 /* words are aligned: the low bits are free */

struct futex_bucket {
	atomic_t waiters;
	spinlock_t lock;
	struct list_head chain;
} __aligned(64);

struct futex_q {
	struct list_head list;
	struct task_struct *task;
	spinlock_t *lock_ptr;
	struct futex_key key;
	u32 bitset;
};

static struct futex_bucket *buckets;
static unsigned int bucket_mask;

static struct futex_bucket *bucket_of(const struct futex_key *key)
{
	u64 h = ((u64)key->ptr >> 4) ^ (key->page * 0x9E3779B97F4A7C15ULL) ^ key->offset;

	h *= 0x9E3779B97F4A7C15ULL;
	return &buckets[(h >> 32) & bucket_mask];
}

static inline bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->ptr == b->ptr && a->page == b->page && a->offset == b->offset;
}

static void put_key(struct futex_key *key)
{
	if (key->file)
		iput(key->ptr);
}

/* The file behind @address, if it lies in a shared mapping of one. 1 found, 0 private, -EFAULT no mapping. */
static int shared_key(unsigned long address, struct futex_key *key)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret = -EFAULT;

	if (should_fail_futex(true))
		return -EFAULT;
	mmap_read_lock(mm);
	vma = vma_lookup(mm, address);
	if (vma) {
		ret = 0;
		if ((vma->vm_flags & VM_MAYSHARE) && vma->vm_file) {
			key->ptr = file_inode(vma->vm_file);
			ihold(key->ptr);
			key->page = vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT);
			key->file = true;
			ret = 1;
		}
	}
	mmap_read_unlock(mm);
	return ret;
}

/* Name the word at @uaddr. 0, -EINVAL not aligned, -EFAULT. A shared key holds its inode: put_key(). */
static int get_key(u32 __user *uaddr, unsigned int flags, struct futex_key *key)
{
	unsigned long address = (unsigned long)uaddr;
	int ret;

	*key = (struct futex_key){ .offset = address & (PAGE_SIZE - 1) };
	if (address % sizeof(u32))
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)) || should_fail_futex(flags & FLAGS_SHARED))
		return -EFAULT;
	if (flags & FLAGS_SHARED) {
		ret = shared_key(address, key);
		if (ret)
			return ret < 0 ? ret : 0;
		key->offset |= SHARED_ANON;
	}
	key->ptr = current->mm;
	key->page = address & PAGE_MASK;
	return 0;
}

/* Read the word without sleeping. 0 or -EFAULT: then fault it in and begin again. */
static int read_word(u32 *val, u32 __user *uaddr)
{
	int ret;

	pagefault_disable();
	ret = __get_user(*val, uaddr);
	pagefault_enable();
	return ret;
}

/* Bring the word's page in for writing. 0 or -EFAULT. */
static int fault_in_word(u32 __user *uaddr)
{
	struct mm_struct *mm = current->mm;
	int ret;

	mmap_read_lock(mm);
	ret = fixup_user_fault(mm, (unsigned long)uaddr, FAULT_FLAG_WRITE, NULL);
	mmap_read_unlock(mm);
	return ret < 0 ? ret : 0;
}

static void unlink_q(struct futex_q *q)
{
	struct futex_bucket *hb = container_of(q->lock_ptr, struct futex_bucket, lock);

	list_del(&q->list);
	atomic_dec(&hb->waiters);
}

/* Take @q off its bucket, whose lock is held, and note its task in @wake[*n]. */
static void mark_wake(struct futex_q *q, struct task_struct **wake, int *n)
{
	wake[(*n)++] = get_task_struct(q->task);
	unlink_q(q);
	/* From here on the waiter may return and its stack be gone. */
	smp_store_release(&q->lock_ptr, NULL);
}

#define WAKE_BATCH 16

static void wake_all_of(struct task_struct **wake, int n)
{
	for (int i = 0; i < n; i++) {
		wake_up_process(wake[i]);
		put_task_struct(wake[i]);
	}
}

/* Wake up to @nr waiters of @key whose bitset meets @bitset: how many. */
static int wake_key(const struct futex_key *key, int nr, u32 bitset)
{
	struct futex_bucket *hb = bucket_of(key);
	struct task_struct *wake[WAKE_BATCH];
	struct futex_q *q, *next;
	int woken = 0, n;
	bool more;

	smp_mb(); /* the word before the count */
	if (!atomic_read(&hb->waiters))
		return 0;
	do {
		n = 0;
		more = false;
		spin_lock(&hb->lock);
		list_for_each_entry_safe (q, next, &hb->chain, list) {
			if (!key_equal(&q->key, key) || !(q->bitset & bitset))
				continue;
			if (woken + n >= nr)
				break;
			if (n == WAKE_BATCH) {
				more = true;
				break;
			}
			mark_wake(q, wake, &n);
		}
		spin_unlock(&hb->lock);
		wake_all_of(wake, n);
		woken += n;
	} while (more);
	return woken;
}

static int futex_wake(u32 __user *uaddr, unsigned int flags, int nr, u32 bitset)
{
	struct futex_key key;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = get_key(uaddr, flags, &key);
	if (ret)
		return ret;
	/* Linux wakes one for 0 and below. */
	ret = wake_key(&key, nr < 1 ? 1 : nr, bitset);
	put_key(&key);
	return ret;
}

int futex_wake_tid(u32 __user *uaddr)
{
	return futex_wake(uaddr, FLAGS_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
}

/* Waiting ---------------------------------------------------------------------------------------- */

/*
 * Queue @q on the word if it still has @val. 0 queued, and the task state is INTERRUPTIBLE;
 * -EAGAIN another value; -EFAULT.
 */
static int queue_if_equal(struct futex_q *q, u32 __user *uaddr, u32 val)
{
	struct futex_bucket *hb = bucket_of(&q->key);
	u32 now;
	int ret;

	for (;;) {
		atomic_inc(&hb->waiters); /* full barrier: counted before the word is read */
		spin_lock(&hb->lock);
		ret = read_word(&now, uaddr);
		if (!ret)
			break;
		spin_unlock(&hb->lock);
		atomic_dec(&hb->waiters);
		if (get_user(now, uaddr))
			return -EFAULT;
	}
	if (now != val) {
		spin_unlock(&hb->lock);
		atomic_dec(&hb->waiters);
		return -EAGAIN;
	}
	q->lock_ptr = &hb->lock;
	list_add_tail(&q->list, &hb->chain);
	set_current_state(TASK_INTERRUPTIBLE);
	spin_unlock(&hb->lock);
	return 0;
}

/* Take @q off if it is still queued: 1 if so, 0 if it was woken. */
static int unqueue(struct futex_q *q)
{
	spinlock_t *lock;

	for (;;) {
		lock = READ_ONCE(q->lock_ptr);
		if (!lock)
			break;
		spin_lock(lock);
		if (likely(lock == q->lock_ptr)) { /* a requeue may have moved it */
			unlink_q(q);
			spin_unlock(lock);
			return 1;
		}
		spin_unlock(lock);
	}
	smp_mb();
	return 0;
}

static long futex_wait_restart(struct restart_block *restart);

/* Wait; @abs_time: ns on the clock of @flags, or NULL. 0, -EAGAIN, -ETIMEDOUT, -EINTR family, -EFAULT. */
static int __futex_wait(u32 __user *uaddr, unsigned int flags, u32 val, const s64 *abs_time,
			u32 bitset)
{
	struct hrtimer_sleeper timeout;
	struct futex_q q = { .task = current, .bitset = bitset };
	int ret;

	if (!bitset)
		return -EINVAL;
	if (abs_time)
		hrtimer_init_sleeper(&timeout,
				     flags & FLAGS_CLOCKRT ? CLOCK_REALTIME : CLOCK_MONOTONIC,
				     HRTIMER_MODE_ABS);
	for (;;) {
		ret = get_key(uaddr, flags, &q.key);
		if (ret)
			return ret;
		ret = queue_if_equal(&q, uaddr, val);
		if (ret) {
			put_key(&q.key);
			return ret;
		}
		if (abs_time) {
			timeout.task = current;
			timeout.timer.expires = *abs_time;
			hrtimer_sleeper_start_expires(&timeout, HRTIMER_MODE_ABS);
		}
		if (READ_ONCE(q.lock_ptr) && (!abs_time || READ_ONCE(timeout.task)))
			schedule();
		__set_current_state(TASK_RUNNING);
		ret = unqueue(&q);
		if (abs_time)
			hrtimer_cancel(&timeout.timer);
		put_key(&q.key);
		if (!ret)
			return 0;
		if (abs_time && !timeout.task)
			return -ETIMEDOUT;
		if (signal_pending(current))
			return -ERESTARTSYS;
		/* Woken for no reason: again. */
	}
}

static int futex_wait(u32 __user *uaddr, unsigned int flags, u32 val, const s64 *abs_time,
		      u32 bitset)
{
	struct restart_block *restart = &current->restart_block;
	int ret = __futex_wait(uaddr, flags, val, abs_time, bitset);

	if (ret != -ERESTARTSYS || !abs_time)
		return ret;
	restart->futex.uaddr = uaddr;
	restart->futex.val = val;
	restart->futex.time = *abs_time;
	restart->futex.bitset = bitset;
	restart->futex.flags = flags;
	return set_restart_fn(restart, futex_wait_restart);
}

static long futex_wait_restart(struct restart_block *restart)
{
	s64 t = restart->futex.time;

	restart->fn = do_no_restart_syscall;
	return futex_wait(restart->futex.uaddr, restart->futex.flags, restart->futex.val, &t,
			  restart->futex.bitset);
}

/* Requeue and wake_op ---------------------------------------------------------------------------- */

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock, 1);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* Move @q from its bucket to @to under @key. => both locked */
static void requeue_one(struct futex_q *q, struct futex_bucket *from, struct futex_bucket *to,
			const struct futex_key *key)
{
	if (from != to) {
		list_move_tail(&q->list, &to->chain);
		atomic_dec(&from->waiters);
		atomic_inc(&to->waiters);
		q->lock_ptr = &to->lock;
	}
	if (q->key.file)
		iput(q->key.ptr);
	q->key = *key;
	if (q->key.file)
		ihold(q->key.ptr);
}

/* Compare the word with @cmpval under both locks (cmp_requeue). 0, -EAGAIN, -EFAULT after unlocking. */
static int lock_two_and_compare(struct futex_bucket *a, struct futex_bucket *b, u32 __user *uaddr,
				const u32 *cmpval)
{
	u32 now;

	for (;;) {
		lock_two(a, b);
		if (!cmpval)
			return 0;
		if (!read_word(&now, uaddr)) {
			if (now == *cmpval)
				return 0;
			unlock_two(a, b);
			return -EAGAIN;
		}
		unlock_two(a, b);
		if (get_user(now, uaddr))
			return -EFAULT;
	}
}

/* Wake @nr_wake, move up to @nr_requeue others to @uaddr2: how many in all. */
static int futex_requeue(u32 __user *uaddr1, unsigned int flags, u32 __user *uaddr2, int nr_wake,
			 int nr_requeue, const u32 *cmpval)
{
	struct futex_key key1, key2;
	struct futex_bucket *hb1, *hb2;
	struct task_struct *wake[WAKE_BATCH];
	struct futex_q *q, *next;
	int ret, n = 0, done = 0;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	ret = get_key(uaddr1, flags, &key1);
	if (ret)
		return ret;
	ret = get_key(uaddr2, flags, &key2);
	if (ret) {
		put_key(&key1);
		return ret;
	}
	hb1 = bucket_of(&key1);
	hb2 = bucket_of(&key2);
	do {
		n = 0;
		ret = lock_two_and_compare(hb1, hb2, uaddr1, cmpval);
		if (ret)
			break;
		list_for_each_entry_safe (q, next, &hb1->chain, list) {
			if (done + n >= (long)nr_wake + nr_requeue || n == WAKE_BATCH)
				break;
			if (!key_equal(&q->key, &key1))
				continue;
			if (done + n < nr_wake) {
				mark_wake(q, wake, &n);
			} else {
				requeue_one(q, hb1, hb2, &key2);
				done++;
			}
		}
		unlock_two(hb1, hb2);
		wake_all_of(wake, n);
		done += n;
	} while (n == WAKE_BATCH && done < nr_wake);
	put_key(&key2);
	put_key(&key1);
	return done ? done : ret;
}

/* Change the word at @uaddr as @op says, atomically; the old value into *@old. 0, -EFAULT (fault it in). */
static int apply_op(u32 __user *uaddr, int op, u32 arg, u32 *old)
{
	u32 now, new;

	pagefault_disable();
	if (__get_user(now, uaddr))
		goto fault;
	for (;;) {
		u32 seen;

		switch (op) {
		case FUTEX_OP_SET:
			new = arg;
			break;
		case FUTEX_OP_ADD:
			new = now + arg;
			break;
		case FUTEX_OP_OR:
			new = now | arg;
			break;
		case FUTEX_OP_ANDN:
			new = now & ~arg;
			break;
		default:
			new = now ^ arg;
			break;
		}
		if (cmpxchg_user_u32(&seen, uaddr, now, new))
			goto fault;
		if (seen == now)
			break;
		now = seen;
	}
	pagefault_enable();
	*old = now;
	return 0;
fault:
	pagefault_enable();
	return -EFAULT;
}

static bool compare_op(int cmp, s32 old, s32 arg)
{
	switch (cmp) {
	case FUTEX_OP_CMP_EQ:
		return old == arg;
	case FUTEX_OP_CMP_NE:
		return old != arg;
	case FUTEX_OP_CMP_LT:
		return old < arg;
	case FUTEX_OP_CMP_GE:
		return old >= arg;
	case FUTEX_OP_CMP_LE:
		return old <= arg;
	default:
		return old > arg;
	}
}

static int futex_wake_op(u32 __user *uaddr1, unsigned int flags, u32 __user *uaddr2, int nr_wake,
			 int nr_wake2, u32 encoded)
{
	int op = (encoded & 0x70000000) >> 28, cmp = (encoded & 0x0f000000) >> 24;
	s32 oparg = (s32)(encoded << 8) >> 20, cmparg = (s32)(encoded << 20) >> 20;
	struct futex_key key1, key2;
	int ret;
	u32 old;

	if (encoded & ((u32)FUTEX_OP_OPARG_SHIFT << 28)) {
		if (oparg < 0 || oparg > 31)
			oparg &= 31;
		oparg = 1 << oparg;
	}
	ret = get_key(uaddr1, flags, &key1);
	if (ret)
		return ret;
	ret = get_key(uaddr2, flags, &key2);
	if (ret)
		goto out1;
	ret = -ENOSYS;
	if (op > FUTEX_OP_XOR || cmp > FUTEX_OP_CMP_GT)
		goto out;
	while (apply_op(uaddr2, op, oparg, &old)) {
		ret = fault_in_word(uaddr2);
		if (ret)
			goto out;
	}
	ret = wake_key(&key1, nr_wake, FUTEX_BITSET_MATCH_ANY);
	if (compare_op(cmp, old, cmparg))
		ret += wake_key(&key2, nr_wake2, FUTEX_BITSET_MATCH_ANY);
out:
	put_key(&key2);
out1:
	put_key(&key1);
	return ret;
}

/* The call --------------------------------------------------------------------------------------- */

long do_futex(u32 __user *uaddr, int op, u32 val, s64 *timeout, u32 __user *uaddr2, u32 val2,
	      u32 val3)
{
	unsigned int flags = op & FUTEX_PRIVATE_FLAG ? 0 : FLAGS_SHARED;
	int cmd = op & FUTEX_CMD_MASK;

	if (op & FUTEX_CLOCK_REALTIME) {
		flags |= FLAGS_CLOCKRT;
		if (cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT_REQUEUE_PI &&
		    cmd != FUTEX_LOCK_PI2)
			return -ENOSYS;
	}
	switch (cmd) {
	case FUTEX_WAIT:
		val3 = FUTEX_BITSET_MATCH_ANY;
		fallthrough;
	case FUTEX_WAIT_BITSET:
		return futex_wait(uaddr, flags, val, timeout, val3);
	case FUTEX_WAKE:
		val3 = FUTEX_BITSET_MATCH_ANY;
		fallthrough;
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, flags, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, flags, uaddr2, val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, flags, uaddr2, val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, flags, uaddr2, val, val2, val3);
	}
	return -ENOSYS; /* priority inheritance, FUTEX_FD */
}

static bool has_timeout(int cmd)
{
	return cmd == FUTEX_WAIT || cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 ||
	       cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI;
}

SYSCALL_DEFINE6(futex, u32 __user *, uaddr, int, op, u32, val,
		const struct __kernel_timespec __user *, utime, u32 __user *, uaddr2, u32, val3)
{
	int cmd = op & FUTEX_CMD_MASK;
	struct timespec64 ts;
	s64 t;

	if (!utime || !has_timeout(cmd))
		return do_futex(uaddr, op, val, NULL, uaddr2, (u32)(unsigned long)utime, val3);
	if (get_timespec64(&ts, utime))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	t = timespec64_to_ktime(ts);
	if (cmd == FUTEX_WAIT) /* relative, the others absolute */
		t = ktime_add_safe(ktime_get(), t);
	return do_futex(uaddr, op, val, &t, uaddr2, 0, val3);
}

/* Robust lists ----------------------------------------------------------------------------------- */

SYSCALL_DEFINE2(set_robust_list, struct robust_list_head __user *, head, size_t, len)
{
	if (len != sizeof(*head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

SYSCALL_DEFINE3(get_robust_list, int, pid, struct robust_list_head __user *__user *, head_ptr,
		size_t __user *, len_ptr)
{
	struct robust_list_head __user *head;
	struct task_struct *p = current;
	long err = -ESRCH;

	rcu_read_lock();
	if (pid)
		p = find_task_by_vpid(pid);
	if (p) {
		err = 0;
		if (p != current && current_uid() != __task_cred(p)->uid &&
		    !capable(CAP_SYS_PTRACE))
			err = -EPERM;
		head = p->robust_list;
	}
	rcu_read_unlock();
	if (err)
		return err;
	if (put_user(sizeof(*head), len_ptr))
		return -EFAULT;
	return put_user(head, head_ptr);
}

/*
 * The word of a lock in the list of the dying @tsk: mark it if it names the task.
 * @pending: the lock that it was just taking or giving back. 0, or -1 to stop.
 */
static int handle_death(u32 __user *uaddr, struct task_struct *tsk, bool pi, bool pending)
{
	u32 val, seen;

	if ((unsigned long)uaddr % sizeof(*uaddr))
		return -1;
	if (get_user(val, uaddr))
		return -1;
	/* Released already, but the wake-up was not sent: it might be the last. */
	if (pending && !pi && !val) {
		futex_wake(uaddr, FLAGS_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
		return 0;
	}
	for (;;) {
		int fault;

		if ((val & FUTEX_TID_MASK) != task_pid_vnr(tsk))
			return 0;
		pagefault_disable();
		fault = cmpxchg_user_u32(&seen, uaddr, val,
					 (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
		pagefault_enable();
		if (fault) {
			if (fault_in_word(uaddr))
				return -1;
			continue;
		}
		if (seen == val)
			break;
		val = seen;
	}
	if (!pi && (val & FUTEX_WAITERS))
		futex_wake(uaddr, FLAGS_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
	return 0;
}

/* @head: a link in user memory, whose type in the user header knows no __user. */
static int fetch_entry(struct robust_list __user **entry, bool *pi, void __user *head)
{
	unsigned long u;

	if (get_user(u, (unsigned long __user *)head))
		return -EFAULT;
	*entry = (void __user *)(u & ~1UL);
	*pi = u & 1;
	return 0;
}

static void exit_robust_list(struct task_struct *tsk)
{
	struct robust_list_head __user *head = tsk->robust_list;
	struct robust_list __user *entry, *next, *pending;
	bool pi, next_pi, pending_pi;
	unsigned int limit = ROBUST_LIST_LIMIT;
	unsigned long offset;
	int bad;

	if (fetch_entry(&entry, &pi, &head->list.next) || get_user(offset, &head->futex_offset) ||
	    fetch_entry(&pending, &pending_pi, &head->list_op_pending))
		return;
	while (entry != &head->list && --limit) {
		/* Read on before the entry is marked: then it belongs to another. */
		bad = fetch_entry(&next, &next_pi, &entry->next);
		if (entry != pending && handle_death((void __user *)entry + offset, tsk, pi, false))
			return;
		if (bad)
			return;
		entry = next;
		pi = next_pi;
		cond_resched();
	}
	if (pending)
		handle_death((void __user *)pending + offset, tsk, pending_pi, true);
}

void futex_exit_release(struct task_struct *tsk)
{
	if (unlikely(tsk->robust_list)) {
		exit_robust_list(tsk);
		tsk->robust_list = NULL;
	}
}

void futex_exec_release(struct task_struct *tsk)
{
	futex_exit_release(tsk);
}

void __init futex_init(void)
{
	unsigned int n = 16 * num_possible_cpus();

	n = roundup_pow_of_two(n < 64 ? 64 : n);
	buckets = kcalloc(n, sizeof(*buckets), GFP_KERNEL);
	BUG_ON(!buckets);
	bucket_mask = n - 1;
	for (unsigned int i = 0; i < n; i++) {
		spin_lock_init(&buckets[i].lock, LOCK_FUTEX);
		INIT_LIST_HEAD(&buckets[i].chain);
	}
}
