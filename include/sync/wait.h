/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: tasks that sleep until a condition is made true. See sync/wait.c.
 *
 * The sleeper puts itself on the queue and sets its state before it tests the condition; the waker makes
 * the condition true and then looks at the queue. The users of these macros include kernel/sched.h.
 */
#ifndef QUIRE_SYNC_WAIT_H
#define QUIRE_SYNC_WAIT_H

#include <base/list.h>
#include <base/errno.h>
#include <seam/barrier.h>
#include <seam/current.h>
#include <sync/spinlock.h>

struct task_struct;
struct wait_queue_entry;

/* Returns 1 when it woke its task (and an exclusive waiter then ends the wake-up), 0, or < 0 to stop. */
typedef int (*wait_queue_func_t)(struct wait_queue_entry *e, unsigned int mode, int flags, void *key);

#define WQ_FLAG_EXCLUSIVE	0x01

typedef struct wait_queue_entry {
	unsigned int flags;
	void *private;			/* the task */
	wait_queue_func_t func;
	struct list_head entry;
} wait_queue_entry_t;

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
} wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name) \
	{ .lock = __SPIN_LOCK_UNLOCKED(LOCK_WAITQUEUE), .head = LIST_HEAD_INIT((name).head) }
#define DECLARE_WAIT_QUEUE_HEAD(name)	wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)

static inline void init_waitqueue_head(wait_queue_head_t *wq)
{
	spin_lock_init(&wq->lock, LOCK_WAITQUEUE);
	INIT_LIST_HEAD(&wq->head);
}

int default_wake_function(wait_queue_entry_t *e, unsigned int mode, int flags, void *key);
int autoremove_wake_function(wait_queue_entry_t *e, unsigned int mode, int flags, void *key);

#define DECLARE_WAITQUEUE(name, tsk) \
	wait_queue_entry_t name = { .private = (tsk), .func = default_wake_function, .entry = { NULL, NULL } }
#define DEFINE_WAIT_FUNC(name, function) \
	wait_queue_entry_t name = { .private = current, .func = (function), .entry = LIST_HEAD_INIT((name).entry) }
#define DEFINE_WAIT(name)	DEFINE_WAIT_FUNC(name, autoremove_wake_function)

static inline void init_waitqueue_func_entry(wait_queue_entry_t *e, wait_queue_func_t func)
{
	e->flags = 0;
	e->private = NULL;
	e->func = func;
}

void init_wait_entry(wait_queue_entry_t *e, int flags);

/* Somebody on the queue? Without the lock it is only true if the caller ordered it (wq_has_sleeper). */
static inline bool waitqueue_active(wait_queue_head_t *wq)
{
	return !list_empty(&wq->head);
}

static inline bool wq_has_sleeper(wait_queue_head_t *wq)
{
	smp_mb();
	return waitqueue_active(wq);
}

static inline void __add_wait_queue(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	list_add(&e->entry, &wq->head);
}

static inline void __add_wait_queue_entry_tail(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	list_add_tail(&e->entry, &wq->head);
}

static inline void __remove_wait_queue(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	list_del(&e->entry);
}

void add_wait_queue(wait_queue_head_t *wq, wait_queue_entry_t *e);
void add_wait_queue_exclusive(wait_queue_head_t *wq, wait_queue_entry_t *e);
void remove_wait_queue(wait_queue_head_t *wq, wait_queue_entry_t *e);
void prepare_to_wait(wait_queue_head_t *wq, wait_queue_entry_t *e, int state);
bool prepare_to_wait_exclusive(wait_queue_head_t *wq, wait_queue_entry_t *e, int state);
/* 0 and queued, or -ERESTARTSYS when a signal forbids to sleep (and not queued). */
long prepare_to_wait_event(wait_queue_head_t *wq, wait_queue_entry_t *e, int state);
void finish_wait(wait_queue_head_t *wq, wait_queue_entry_t *e);

/* Wake all shared waiters and up to @nr exclusive ones (0: all) whose state is in @mode. Any context. */
int __wake_up(wait_queue_head_t *wq, unsigned int mode, int nr, void *key);
void __wake_up_locked(wait_queue_head_t *wq, unsigned int mode, int nr);
void __wake_up_sync_key(wait_queue_head_t *wq, unsigned int mode, void *key);
/* The queue goes away: tell poll waiters. */
void __wake_up_pollfree(wait_queue_head_t *wq);

#define wake_up(q)				__wake_up(q, TASK_NORMAL, 1, NULL)
#define wake_up_all(q)				__wake_up(q, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(q)		__wake_up(q, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_all(q)		__wake_up(q, TASK_INTERRUPTIBLE, 0, NULL)
#define poll_to_key(m)				((void *)(unsigned long)(m))
#define key_to_poll(k)				((__poll_t)(unsigned long)(k))
#define wake_up_poll(q, m)			__wake_up(q, TASK_NORMAL, 1, poll_to_key(m))
#define wake_up_interruptible_poll(q, m)	__wake_up(q, TASK_INTERRUPTIBLE, 1, poll_to_key(m))
#define wake_up_interruptible_sync_poll(q, m)	__wake_up_sync_key((q), TASK_INTERRUPTIBLE, poll_to_key(m))

void schedule(void);
long schedule_timeout(long timeout);
void io_schedule(void);

/* The loop of all wait_event macros; the value is 0, -ERESTARTSYS, or @ret as changed by @cmd. */
#define ___wait_event(wq, condition, state, exclusive, ret, cmd) ({		\
	wait_queue_entry_t __wqe;						\
	long __ret = (ret);							\
										\
	init_wait_entry(&__wqe, (exclusive) ? WQ_FLAG_EXCLUSIVE : 0);		\
	for (;;) {								\
		long __int = prepare_to_wait_event(&(wq), &__wqe, (state));	\
										\
		if (condition)							\
			break;							\
		if (__int) {							\
			__ret = __int;						\
			break;							\
		}								\
		cmd;								\
	}									\
	finish_wait(&(wq), &__wqe);						\
	__ret; })

#define ___wait_cond_timeout(condition) ({					\
	bool __cond = (condition);						\
	if (__cond && !__ret)							\
		__ret = 1;							\
	__cond || !__ret; })

#define wait_event(wq, condition) do {						\
	might_sleep();								\
	if (!(condition))							\
		(void)___wait_event(wq, condition, TASK_UNINTERRUPTIBLE, 0, 0, schedule()); \
} while (0)

#define io_wait_event(wq, condition) do {					\
	might_sleep();								\
	if (!(condition))							\
		(void)___wait_event(wq, condition, TASK_UNINTERRUPTIBLE, 0, 0, io_schedule()); \
} while (0)

/* 0, or -ERESTARTSYS. */
#define __wait_event_ret(wq, condition, state, exclusive, cmd) ({		\
	int __wret = 0;								\
	might_sleep();								\
	if (!(condition))							\
		__wret = (int)___wait_event(wq, condition, state, exclusive, 0, cmd); \
	__wret; })
#define wait_event_interruptible(wq, condition) \
	__wait_event_ret(wq, condition, TASK_INTERRUPTIBLE, 0, schedule())
#define wait_event_killable(wq, condition) \
	__wait_event_ret(wq, condition, TASK_KILLABLE, 0, schedule())
#define wait_event_interruptible_exclusive(wq, condition) \
	__wait_event_ret(wq, condition, TASK_INTERRUPTIBLE, 1, schedule())

/* Jiffies left (at least 1) when the condition came true, 0 when time ran out, -ERESTARTSYS. */
#define __wait_event_timeout(wq, condition, state, timeout) ({			\
	long __wret = (timeout);						\
	might_sleep();								\
	{									\
		long __ret = __wret;						\
		if (!___wait_cond_timeout(condition))				\
			__ret = ___wait_event(wq, ___wait_cond_timeout(condition), state, 0, \
					      __wret, __ret = schedule_timeout(__ret)); \
		__wret = __ret;							\
	}									\
	__wret; })
#define wait_event_timeout(wq, condition, timeout) \
	__wait_event_timeout(wq, condition, TASK_UNINTERRUPTIBLE, timeout)
#define wait_event_interruptible_timeout(wq, condition, timeout) \
	__wait_event_timeout(wq, condition, TASK_INTERRUPTIBLE, timeout)
#define wait_event_killable_timeout(wq, condition, timeout) \
	__wait_event_timeout(wq, condition, TASK_KILLABLE, timeout)

/* ---- waiting for a bit of a word: hashed queues, no memory in the object ---- */
struct wait_bit_key {
	void *flags;		/* the word */
	int bit_nr;
};

struct wait_bit_queue_entry {
	struct wait_bit_key key;
	wait_queue_entry_t wq_entry;
};

typedef int wait_bit_action_f(struct wait_bit_key *key, int mode);

int wake_bit_function(wait_queue_entry_t *e, unsigned int mode, int sync, void *key);
/* The bit has been cleared, and a barrier lies between (clear_and_wake_up_bit). */
void wake_up_bit(void *word, int bit);
int out_of_line_wait_on_bit(void *word, int bit, wait_bit_action_f *action, unsigned int mode);
int out_of_line_wait_on_bit_lock(void *word, int bit, wait_bit_action_f *action, unsigned int mode);
int bit_wait(struct wait_bit_key *key, int mode);
int bit_wait_io(struct wait_bit_key *key, int mode);

#define __wait_bit_test(word, bit)	test_bit_acquire(bit, word)
/* 0 once the bit is clear, -EINTR on a signal that @mode allows. May sleep. */
#define wait_on_bit_io(word, bit, mode) \
	({ might_sleep(); !__wait_bit_test(word, bit) ? 0 : out_of_line_wait_on_bit(word, bit, bit_wait_io, mode); })
/* ... and take the bit. */
#define wait_on_bit_lock(word, bit, mode) \
	({ might_sleep(); !test_and_set_bit(bit, word) ? 0 : out_of_line_wait_on_bit_lock(word, bit, bit_wait, mode); })
#define wait_on_bit_lock_io(word, bit, mode) \
	({ might_sleep(); !test_and_set_bit(bit, word) ? 0 : out_of_line_wait_on_bit_lock(word, bit, bit_wait_io, mode); })
#define clear_and_wake_up_bit(bit, word) \
	do { clear_bit_unlock(bit, word); smp_mb__after_atomic(); wake_up_bit(word, bit); } while (0)

void wait_bit_init(void);

#endif
