// SPDX-License-Identifier: MIT
/*
 * Credentials: sets of identities and capabilities, copied, changed, committed.
 *
 * A struct cred in use is never written. task->cred is what the task acts with (override_creds() may
 * replace it for a while), task->real_cred what others see; each counts a reference. The old one goes
 * after an RCU grace period, since other tasks look at it without a lock.
 * A user_struct counts what all tasks of a user have together; it exists as long as a cred refers to it.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/hash.h>
#include <base/sort.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/init.h>
#include <kernel/sched.h>
#include <mm/mm_struct.h>
#include <mm/slab.h>
#include <linux/sched.h>

static struct kmem_cache *cred_jar;

static struct group_info init_groups = { .usage = REFCOUNT_INIT(2) };

struct user_struct root_user = {
	.__count = REFCOUNT_INIT(2),
	.processes = ATOMIC_LONG_INIT(1),
	.uid = 0,
};

struct cred init_cred = {
	.usage = ATOMIC_LONG_INIT(4),
	.cap_permitted = CAP_FULL_SET,
	.cap_effective = CAP_FULL_SET,
	.cap_bset = CAP_FULL_SET,
	.user = &root_user,
	.group_info = &init_groups,
};

/* Users ---------------------------------------------------------------------------------------- */

#define UIDHASH_BITS 5
static struct hlist_head uidhash[1 << UIDHASH_BITS];
static DEFINE_SPINLOCK(uidhash_lock, LOCK_UIDHASH);

static struct hlist_head *uid_chain(uid_t uid)
{
	return &uidhash[(uid * 0x61C88647u) >> (32 - UIDHASH_BITS)];
}

static struct user_struct *uid_lookup(uid_t uid)
{
	struct user_struct *u;

	hlist_for_each_entry (u, uid_chain(uid), uidhash_node)
		if (u->uid == uid) {
			refcount_inc(&u->__count);
			return u;
		}
	return NULL;
}

struct user_struct *find_user(uid_t uid)
{
	unsigned long flags;
	struct user_struct *u;

	spin_lock_irqsave(&uidhash_lock, flags);
	u = uid_lookup(uid);
	spin_unlock_irqrestore(&uidhash_lock, flags);
	return u;
}

struct user_struct *alloc_uid(uid_t uid)
{
	struct user_struct *u = find_user(uid), *new;

	if (u)
		return u;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return NULL;
	new->uid = uid;
	refcount_set(&new->__count, 1);
	spin_lock_irq(&uidhash_lock);
	u = uid_lookup(uid);
	if (!u) {
		hlist_add_head(&new->uidhash_node, uid_chain(uid));
		u = new;
	}
	spin_unlock_irq(&uidhash_lock);
	if (u != new)
		kfree(new);
	return u;
}

void free_uid(struct user_struct *up)
{
	unsigned long flags;

	if (!up)
		return;
	spin_lock_irqsave(&uidhash_lock, flags);
	if (refcount_dec_and_test(&up->__count))
		hlist_del(&up->uidhash_node);
	else
		up = NULL;
	spin_unlock_irqrestore(&uidhash_lock, flags);
	kfree(up);
}

/* Life ----------------------------------------------------------------------------------------- */

static void put_cred_rcu(struct rcu_head *rcu)
{
	struct cred *cred = container_of(rcu, struct cred, rcu);

	if (cred->group_info)
		put_group_info(cred->group_info);
	free_uid(cred->user);
	kmem_cache_free(cred_jar, cred);
}

void __put_cred(struct cred *cred)
{
	BUG_ON(cred == current->cred || cred == current->real_cred);
	call_rcu(&cred->rcu, put_cred_rcu);
}

static struct cred *dup_cred(const struct cred *old)
{
	struct cred *new = kmem_cache_alloc(cred_jar, GFP_KERNEL);

	if (!new)
		return NULL;
	*new = *old;
	atomic_long_set(&new->usage, 1);
	get_group_info(new->group_info);
	get_uid(new->user);
	return new;
}

struct cred *prepare_creds(void)
{
	return dup_cred(current->cred);
}

void abort_creds(struct cred *new)
{
	put_cred(new);
}

const struct cred *get_task_cred(struct task_struct *p)
{
	const struct cred *cred;

	rcu_read_lock();
	do {
		cred = __task_cred(p);
	} while (!atomic_long_inc_not_zero(&((struct cred *)cred)->usage));
	rcu_read_unlock();
	return cred;
}

int commit_creds(struct cred *new)
{
	struct task_struct *task = current;
	const struct cred *old = task->real_cred;

	BUG_ON(task->cred != old);
	get_cred(new); /* two pointers */
	if (old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	    old->fsgid != new->fsgid || (new->cap_permitted & ~old->cap_permitted)) {
		if (task->mm)
			set_dumpable(task->mm, suid_dumpable);
		task->pdeath_signal = 0;
		smp_wmb();
	}
	if (new->user != old->user) {
		atomic_long_inc(&new->user->processes);
		atomic_long_dec(&old->user->processes);
	}
	rcu_assign_pointer(task->real_cred, new);
	rcu_assign_pointer(task->cred, new);
	put_cred(old);
	put_cred(old);
	return 0;
}

const struct cred *override_creds(const struct cred *new)
{
	const struct cred *old = current->cred;

	get_cred(new);
	rcu_assign_pointer(current->cred, new);
	return old;
}

void revert_creds(const struct cred *old)
{
	const struct cred *override = current->cred;

	rcu_assign_pointer(current->cred, old);
	put_cred(override);
}

/* fork: threads and children share the cred, it is constant. 0. */
int copy_creds(struct task_struct *p, unsigned long clone_flags)
{
	struct cred *cred = (struct cred *)p->real_cred;

	p->cred = p->real_cred; /* a child does not inherit an override */
	atomic_long_add(2, &cred->usage);
	atomic_long_inc(&cred->user->processes);
	return 0;
}

/* The struct of @p goes: nobody sees its creds any more. */
void exit_creds(struct task_struct *p)
{
	const struct cred *cred = p->cred, *real = p->real_cred;

	p->cred = p->real_cred = NULL;
	put_cred(cred);
	put_cred(real);
}

void __init cred_init(void)
{
	cred_jar = kmem_cache_create("cred_jar", sizeof(struct cred), 0,
				     SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT, NULL);
	hlist_add_head(&root_user.uidhash_node, uid_chain(0));
}

/* Groups --------------------------------------------------------------------------------------- */

struct group_info *groups_alloc(int n)
{
	struct group_info *gi = kvmalloc(sizeof(*gi) + n * sizeof(gid_t), GFP_KERNEL_ACCOUNT);

	if (!gi)
		return NULL;
	refcount_set(&gi->usage, 1);
	gi->ngroups = n;
	return gi;
}

void groups_free(struct group_info *gi)
{
	kvfree(gi);
}

static int groups_search(const struct group_info *gi, gid_t gid)
{
	int left = 0, right = gi->ngroups;

	while (left < right) {
		int mid = (left + right) / 2;

		if (gi->gid[mid] == gid)
			return 1;
		if (gi->gid[mid] < gid)
			left = mid + 1;
		else
			right = mid;
	}
	return 0;
}

int in_group_p(gid_t gid)
{
	const struct cred *cred = current_cred();

	return gid == cred->fsgid || groups_search(cred->group_info, gid);
}

/* Capabilities --------------------------------------------------------------------------------- */

bool capable(int cap)
{
	if (!cap_raised(current_cred()->cap_effective, cap))
		return false;
	if (!(current->flags & PF_SUPERPRIV))
		current->flags |= PF_SUPERPRIV;
	return true;
}

bool has_capability(struct task_struct *t, int cap)
{
	bool ret;

	rcu_read_lock();
	ret = cap_raised(__task_cred(t)->cap_effective, cap);
	rcu_read_unlock();
	return ret;
}
