// SPDX-License-Identifier: MIT
/*
 * Wait queues, and waiting for a bit on hashed queues.
 *
 * A queue is a list of entries under a spinlock; each entry has the function that the waker calls for it
 * (wake its task, take itself off, tell an epoll set). Shared entries stand first, exclusive ones last; a
 * wake-up calls all shared ones and stops after the given number of exclusive ones that woke.
 *
 * Sleeper: queue, state := sleeping, barrier, test condition, schedule. Waker: condition := true, lock,
 * wake. Whichever order the two come in, either the sleeper sees the condition or the waker the sleeper.
 */
#include <base/bug.h>
#include <base/hash.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <sync/wait.h>

void add_wait_queue(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	unsigned long flags;

	e->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	__add_wait_queue(wq, e);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void add_wait_queue_exclusive(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	unsigned long flags;

	e->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	__add_wait_queue_entry_tail(wq, e);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void remove_wait_queue(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	__remove_wait_queue(wq, e);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* => wq->lock held. The number of exclusive wake-ups that were not used. */
static int wake_up_common(wait_queue_head_t *wq, unsigned int mode, int nr, int flags, void *key)
{
	wait_queue_entry_t *e, *next;

	list_for_each_entry_safe (e, next, &wq->head, entry) {
		unsigned int entry_flags = e->flags; /* e may be gone after the call */
		int woke = e->func(e, mode, flags, key);

		if (woke < 0)
			break;
		if (woke && (entry_flags & WQ_FLAG_EXCLUSIVE) && --nr == 0)
			break;
	}
	return nr;
}

int __wake_up(wait_queue_head_t *wq, unsigned int mode, int nr, void *key)
{
	unsigned long flags;
	int left;

	spin_lock_irqsave(&wq->lock, flags);
	left = wake_up_common(wq, mode, nr, 0, key);
	spin_unlock_irqrestore(&wq->lock, flags);
	return nr - left;
}

void __wake_up_locked(wait_queue_head_t *wq, unsigned int mode, int nr)
{
	wake_up_common(wq, mode, nr, 0, NULL);
}

void __wake_up_sync_key(wait_queue_head_t *wq, unsigned int mode, void *key)
{
	__wake_up(wq, mode, 1, key);
}

void __wake_up_pollfree(wait_queue_head_t *wq)
{
	__wake_up(wq, TASK_NORMAL, 0, poll_to_key(0x0010 /* EPOLLHUP */ | 0x4000 /* POLLFREE */));
	WARN_ON_ONCE(waitqueue_active(wq));
}

void init_wait_entry(wait_queue_entry_t *e, int flags)
{
	e->flags = flags;
	e->private = current;
	e->func = autoremove_wake_function;
	INIT_LIST_HEAD(&e->entry);
}

void prepare_to_wait(wait_queue_head_t *wq, wait_queue_entry_t *e, int state)
{
	unsigned long flags;

	e->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&e->entry))
		__add_wait_queue(wq, e);
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* True when nobody waited before. */
bool prepare_to_wait_exclusive(wait_queue_head_t *wq, wait_queue_entry_t *e, int state)
{
	bool was_empty = false;
	unsigned long flags;

	e->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&e->entry)) {
		was_empty = list_empty(&wq->head);
		__add_wait_queue_entry_tail(wq, e);
	}
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
	return was_empty;
}

long prepare_to_wait_event(wait_queue_head_t *wq, wait_queue_entry_t *e, int state)
{
	unsigned long flags;
	long ret = 0;

	spin_lock_irqsave(&wq->lock, flags);
	if (signal_pending_state(state, current)) {
		/* Off the queue, so that an exclusive wake-up is not lost on one who leaves. */
		list_del_init(&e->entry);
		ret = -ERESTARTSYS;
	} else {
		if (list_empty(&e->entry)) {
			if (e->flags & WQ_FLAG_EXCLUSIVE)
				__add_wait_queue_entry_tail(wq, e);
			else
				__add_wait_queue(wq, e);
		}
		set_current_state(state);
	}
	spin_unlock_irqrestore(&wq->lock, flags);
	return ret;
}

void finish_wait(wait_queue_head_t *wq, wait_queue_entry_t *e)
{
	unsigned long flags;

	__set_current_state(TASK_RUNNING);
	/* Who took it off used list_del_init_careful() and does not touch it any more. */
	if (list_empty_careful(&e->entry))
		return;
	spin_lock_irqsave(&wq->lock, flags);
	list_del_init(&e->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

int default_wake_function(wait_queue_entry_t *e, unsigned int mode, int flags, void *key)
{
	return try_to_wake_up(e->private, mode, flags);
}

int autoremove_wake_function(wait_queue_entry_t *e, unsigned int mode, int flags, void *key)
{
	int woke = default_wake_function(e, mode, flags, key);

	if (woke)
		list_del_init_careful(&e->entry);
	return woke;
}

/* ---- bits ---- */

#define WAIT_TABLE_BITS 8

static wait_queue_head_t bit_wait_table[1 << WAIT_TABLE_BITS];

void wait_bit_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bit_wait_table); i++)
		init_waitqueue_head(&bit_wait_table[i]);
}

static wait_queue_head_t *bit_waitqueue(void *word, int bit)
{
	wait_queue_head_t *wq =
		&bit_wait_table[hash_long((unsigned long)word << 5 | (bit & 63), WAIT_TABLE_BITS)];

	if (unlikely(!READ_ONCE(wq->head.next)))
		wait_bit_init(); /* nobody waits before there is a second task */
	return wq;
}

int wake_bit_function(wait_queue_entry_t *e, unsigned int mode, int sync, void *arg)
{
	struct wait_bit_key *key = arg;
	struct wait_bit_queue_entry *w = container_of(e, struct wait_bit_queue_entry, wq_entry);

	if (w->key.flags != key->flags || w->key.bit_nr != key->bit_nr)
		return 0;
	if (test_bit(key->bit_nr, key->flags))
		return 0;
	return autoremove_wake_function(e, mode, sync, key);
}

static void init_wait_bit(struct wait_bit_queue_entry *w, void *word, int bit)
{
	init_wait_entry(&w->wq_entry, 0);
	w->wq_entry.func = wake_bit_function;
	w->key.flags = word;
	w->key.bit_nr = bit;
}

static void __wake_up_bit(wait_queue_head_t *wq, void *word, int bit)
{
	struct wait_bit_key key = { .flags = word, .bit_nr = bit };

	if (waitqueue_active(wq))
		__wake_up(wq, TASK_NORMAL, 1, &key);
}

void wake_up_bit(void *word, int bit)
{
	__wake_up_bit(bit_waitqueue(word, bit), word, bit);
}

int out_of_line_wait_on_bit(void *word, int bit, wait_bit_action_f *action, unsigned int mode)
{
	wait_queue_head_t *wq = bit_waitqueue(word, bit);
	struct wait_bit_queue_entry w;
	int ret = 0;

	init_wait_bit(&w, word, bit);
	do {
		prepare_to_wait(wq, &w.wq_entry, mode);
		if (test_bit(bit, word))
			ret = action(&w.key, mode);
	} while (test_bit_acquire(bit, word) && !ret);
	finish_wait(wq, &w.wq_entry);
	return ret;
}

int out_of_line_wait_on_bit_lock(void *word, int bit, wait_bit_action_f *action, unsigned int mode)
{
	wait_queue_head_t *wq = bit_waitqueue(word, bit);
	struct wait_bit_queue_entry w;
	int ret = 0;

	init_wait_bit(&w, word, bit);
	for (;;) {
		prepare_to_wait_exclusive(wq, &w.wq_entry, mode);
		if (test_bit(bit, word))
			ret = action(&w.key, mode);
		if (!test_and_set_bit(bit, word)) {
			finish_wait(wq, &w.wq_entry);
			return 0;
		}
		if (ret) {
			finish_wait(wq, &w.wq_entry);
			/* A wake-up meant for us alone goes on to the next. */
			if (!test_bit(bit, word))
				wake_up_bit(word, bit);
			return ret;
		}
	}
}

int bit_wait(struct wait_bit_key *key, int mode)
{
	schedule();
	return signal_pending_state(mode, current) ? -EINTR : 0;
}

int bit_wait_io(struct wait_bit_key *key, int mode)
{
	io_schedule();
	return signal_pending_state(mode, current) ? -EINTR : 0;
}
