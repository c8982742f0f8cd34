// SPDX-License-Identifier: MIT
/*
 * Descriptors of sockets that travel in messages. A socket whose only references lie in messages that only it, or others
 * like it, could receive would never be closed. So, when a socket is closed while others travel:
 *
 *	1 candidates: sockets all of whose file's references travel
 *	2 take from each candidate those references that lie in messages to candidates; who has one left is held from
 *	  outside: alive
 *	3 whatever can be reached from an alive one through messages is alive; the messages to the others are dropped
 *
 * which is the reference counting of cycles by trial deletion (Christopher, "Reference count garbage collection", 1984),
 * each message being looked at twice at most. Linux 6.1: net/unix/garbage.c.
 *
 * gc_lock is held for the whole. Meanwhile
 *   - nobody receives a travelling file: unix_notinflight() comes before its message leaves the queue;
 *   - who peeks has a reference to the receiver until after unix_gc_barrier(), so that the receiver cannot become a
 *     candidate after its message's file was found to be one;
 *   - who sends has taken a reference and counted it before the message is queued: a file that is on its way to a queue
 *     is counted in nr_inflight, found in no queue, and so alive.
 *
 * A user may have as many files in flight as RLIMIT_NOFILE says (ETOOMANYREFS), of any kind.
 */
#include <base/errno.h>
#include <base/list.h>
#include <fs/file.h>
#include <kernel/cred.h>
#include <kernel/rlimit.h>
#include <kernel/task.h>
#include <linux/capability.h>
#include <linux/resource.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include "unix_internal.h"

static DEFINE_SPINLOCK(gc_lock, LOCK_UNIX_GC);
static LIST_HEAD(travelling); /* gc_lock: sockets with nr_inflight != 0 */

/* --- counting ---------------------------------------------------------------------------------------- */

/* => gc_lock */
static void count(struct file *file, int by)
{
	struct unix_sock *sk = unix_from_file(file);

	if (!sk)
		return;
	sk->nr_inflight += by;
	if (!sk->nr_inflight)
		list_del_init(&sk->travelling);
	else if (list_empty(&sk->travelling))
		list_add_tail(&sk->travelling, &travelling);
}

/* @scm's files travel for @user from now on, or, with NULL, no more; its reference to the user moves. */
static struct user_struct *set_travelling(struct unix_scm *scm, struct user_struct *user)
{
	struct user_struct *old;
	int by = user ? 1 : -1;

	spin_lock(&gc_lock);
	old = scm->user;
	scm->user = user;
	for (unsigned int i = 0; i < scm->nr_files; i++)
		count(scm->files[i], by);
	spin_unlock(&gc_lock);
	atomic_long_add(by * (long)scm->nr_files,
			user ? &user->unix_inflight : &old->unix_inflight);
	return old;
}

int unix_inflight(struct unix_scm *scm)
{
	struct user_struct *user = current_cred()->user;

	if (!scm->nr_files)
		return 0;
	if (atomic_long_read(&user->unix_inflight) > (long)rlimit(RLIMIT_NOFILE) &&
	    !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN))
		return -ETOOMANYREFS;
	set_travelling(scm, get_uid(user));
	return 0;
}

void unix_notinflight(struct unix_scm *scm)
{
	if (scm->user)
		free_uid(set_travelling(scm, NULL));
}

void unix_gc_barrier(void)
{
	spin_lock(&gc_lock);
	spin_unlock(&gc_lock);
}

/* --- collecting; all with gc_lock held --------------------------------------------------------------- */

typedef void (*visit_t)(struct unix_sock *sk, void *arg);

/* Call @visit for each candidate whose descriptor lies in a message of @list. */
static void scan_list(struct list_head *list, visit_t visit, void *arg)
{
	struct unix_msg *msg;

	list_for_each_entry (msg, list, list)
		for (unsigned int i = 0; msg->scm.user && i < msg->scm.nr_files; i++) {
			struct unix_sock *sk = unix_from_file(msg->scm.files[i]);

			if (sk && sk->gc_candidate)
				visit(sk, arg);
		}
}

/* The messages to @sk, and to connections that nobody has accepted. */
static void scan_messages(struct unix_sock *sk, visit_t visit, void *arg)
{
	struct unix_sock *embryo;

	spin_lock(&sk->lock);
	scan_list(&sk->messages, visit, arg);
	list_for_each_entry (embryo, &sk->embryos, embryo) {
		spin_lock_nested(&embryo->lock, 1);
		scan_list(&embryo->messages, visit, arg);
		spin_unlock(&embryo->lock);
	}
	spin_unlock(&sk->lock);
}

static void take_messages(struct unix_sock *sk, struct list_head *garbage)
{
	struct unix_sock *embryo;

	spin_lock(&sk->lock);
	list_splice_tail_init(&sk->messages, garbage);
	sk->nr_messages = 0;
	list_for_each_entry (embryo, &sk->embryos, embryo) {
		spin_lock_nested(&embryo->lock, 1);
		list_splice_tail_init(&embryo->messages, garbage);
		embryo->nr_messages = 0;
		spin_unlock(&embryo->lock);
	}
	spin_unlock(&sk->lock);
}

static void drop_ref(struct unix_sock *sk, void *unused)
{
	if (sk->gc_refs)
		sk->gc_refs--;
}

/* @sk can be reached: what it holds is to be looked at. */
static void revive(struct unix_sock *sk, void *alive)
{
	sk->gc_candidate = false;
	list_move_tail(&sk->travelling, alive);
}

/* Steps 1 and 2: candidates onto their list, with the references that come from outside. */
static void find_candidates(struct list_head *candidates)
{
	struct unix_sock *sk, *next;

	list_for_each_entry_safe (sk, next, &travelling, travelling)
		if (file_count(sk->file) == (long)sk->nr_inflight) {
			sk->gc_candidate = true;
			sk->gc_refs = sk->nr_inflight;
			list_move_tail(&sk->travelling, candidates);
		}
	list_for_each_entry (sk, candidates, travelling)
		scan_messages(sk, drop_ref, NULL);
}

/* Step 3: all that can be reached from those, back to the travelling ones. */
static void find_alive(struct list_head *candidates)
{
	struct unix_sock *sk, *next;
	LIST_HEAD(alive);

	list_for_each_entry_safe (sk, next, candidates, travelling)
		if (sk->gc_refs)
			revive(sk, &alive);
	while (!list_empty(&alive)) {
		sk = list_first_entry(&alive, struct unix_sock, travelling);
		list_move_tail(&sk->travelling, &travelling);
		scan_messages(sk, revive, &alive);
	}
}

void unix_gc(void)
{
	struct unix_sock *sk;
	LIST_HEAD(candidates);
	LIST_HEAD(garbage);

	if (list_empty_careful(&travelling))
		return;
	spin_lock(&gc_lock);
	find_candidates(&candidates);
	find_alive(&candidates);
	list_for_each_entry (sk, &candidates, travelling) {
		sk->gc_candidate = false;
		take_messages(sk, &garbage);
	}
	list_splice_tail_init(&candidates, &travelling);
	spin_unlock(&gc_lock);
	unix_free_list(&garbage);
}
