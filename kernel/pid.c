// SPDX-License-Identifier: MIT
/*
 * Process numbers.
 *
 * 1 A struct pid stands for a number as long as a task uses it as thread, process, group or session;
 *   pid->tasks[type] lists those tasks.
 * 2 Numbers in use are bits of pid_map; the struct of a number is found through a table of two levels whose
 *   second-level pages are made when first needed and stay. Numbers are given out in a circle, so that one
 *   is not used again soon; after the first round those below RESERVED_PIDS are left out.
 * 3 Invariants: bit nr set <=> lookup(nr) != NULL or alloc_pid()/free_pid() of it is going on.
 * 4 pidmap_lock for the bits and for writing the table; readers of the table and of tasks[] are under RCU.
 * 6 Linux has an IDR and namespaces.
 */
#include <base/bitmap.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/spinlock.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <mm/slab.h>

#define RESERVED_PIDS 300
#define PIDS_PER_LEAF 512

int pid_max = PID_MAX_LIMIT;
static DECLARE_BITMAP(pid_map, PID_MAX_LIMIT);
static struct pid **pid_table[PID_MAX_LIMIT / PIDS_PER_LEAF];
static int last_pid;
static DEFINE_SPINLOCK(pidmap_lock, LOCK_PIDMAP);
static struct kmem_cache *pid_cachep;

struct pid init_struct_pid = {
	.count = REFCOUNT_INIT(1),
};

DEFINE_RWLOCK(tasklist_lock, LOCK_TASKLIST);

static struct pid *lookup(unsigned int nr)
{
	struct pid **leaf;

	if (nr >= PID_MAX_LIMIT)
		return NULL;
	leaf = READ_ONCE(pid_table[nr / PIDS_PER_LEAF]);
	return leaf ? rcu_dereference(leaf[nr % PIDS_PER_LEAF]) : NULL;
}

/* A number: @want if not 0, otherwise the next free one. -EAGAIN, -EEXIST. => pidmap_lock */
static int take_number(int want)
{
	int nr;

	if (want) {
		if (test_bit(want, pid_map))
			return -EEXIST;
		__set_bit(want, pid_map);
		return want;
	}
	nr = find_next_zero_bit(pid_map, pid_max, last_pid + 1);
	if (nr >= pid_max) {
		nr = find_next_zero_bit(pid_map, pid_max, RESERVED_PIDS);
		if (nr >= pid_max)
			return -EAGAIN;
	}
	__set_bit(nr, pid_map);
	last_pid = nr;
	return nr;
}

/* The second-level page of @nr is there, or -ENOMEM. May sleep. */
static int ensure_leaf(int nr)
{
	struct pid ***slot = &pid_table[nr / PIDS_PER_LEAF];
	struct pid **leaf, **expected = NULL;

	if (likely(READ_ONCE(*slot)))
		return 0;
	leaf = kzalloc(PIDS_PER_LEAF * sizeof(*leaf), GFP_KERNEL);
	if (!leaf)
		return -ENOMEM;
	if (cmpxchg(slot, expected, leaf) != NULL)
		kfree(leaf);
	return 0;
}

static void clear_number(int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&pidmap_lock, flags);
	__clear_bit(nr, pid_map);
	spin_unlock_irqrestore(&pidmap_lock, flags);
}

struct pid *alloc_pid(pid_t set_tid)
{
	struct pid *pid;
	int nr;

	if (set_tid < 0 || set_tid >= pid_max)
		return ERR_PTR(-EINVAL);
	pid = kmem_cache_alloc(pid_cachep, GFP_KERNEL);
	if (!pid)
		return ERR_PTR(-ENOMEM);
	spin_lock_irq(&pidmap_lock);
	nr = take_number(set_tid);
	spin_unlock_irq(&pidmap_lock);
	if (nr < 0)
		goto fail;
	if (ensure_leaf(nr)) {
		clear_number(nr);
		nr = -ENOMEM;
		goto fail;
	}
	refcount_set(&pid->count, 1);
	pid->nr = nr;
	for (int t = 0; t < PIDTYPE_MAX; t++)
		INIT_HLIST_HEAD(&pid->tasks[t]);
	init_waitqueue_head(&pid->wait_pidfd);
	rcu_assign_pointer(pid_table[nr / PIDS_PER_LEAF][nr % PIDS_PER_LEAF], pid);
	return pid;
fail:
	kmem_cache_free(pid_cachep, pid);
	return ERR_PTR(nr);
}

static void pid_free_rcu(struct rcu_head *head)
{
	put_pid(container_of(head, struct pid, rcu));
}

void put_pid(struct pid *pid)
{
	if (pid && refcount_dec_and_test(&pid->count))
		kmem_cache_free(pid_cachep, pid);
}

void free_pid(struct pid *pid)
{
	unsigned long flags;

	spin_lock_irqsave(&pidmap_lock, flags);
	WRITE_ONCE(pid_table[pid->nr / PIDS_PER_LEAF][pid->nr % PIDS_PER_LEAF], NULL);
	__clear_bit(pid->nr, pid_map);
	spin_unlock_irqrestore(&pidmap_lock, flags);
	call_rcu(&pid->rcu, pid_free_rcu);
}

struct pid *find_vpid(pid_t nr)
{
	return lookup(nr);
}

struct pid *find_get_pid(pid_t nr)
{
	struct pid *pid;

	rcu_read_lock();
	pid = lookup(nr);
	if (pid && !refcount_inc_not_zero(&pid->count))
		pid = NULL;
	rcu_read_unlock();
	return pid;
}

/* => under RCU */
struct pid *find_ge_pid(pid_t nr)
{
	while (nr < pid_max) {
		struct pid *pid;

		nr = find_next_bit(pid_map, pid_max, nr);
		if (nr >= pid_max)
			break;
		pid = lookup(nr);
		if (pid)
			return pid;
		nr++;
	}
	return NULL;
}

struct task_struct *pid_task(struct pid *pid, enum pid_type type)
{
	struct hlist_node *first;

	if (!pid)
		return NULL;
	first = rcu_dereference(pid->tasks[type].first);
	return first ? hlist_entry(first, struct task_struct, pid_links[type]) : NULL;
}

struct task_struct *get_pid_task(struct pid *pid, enum pid_type type)
{
	struct task_struct *p;

	rcu_read_lock();
	p = pid_task(pid, type);
	if (p)
		get_task_struct(p);
	rcu_read_unlock();
	return p;
}

struct task_struct *find_task_by_vpid(pid_t nr)
{
	return pid_task(lookup(nr), PIDTYPE_PID);
}

struct task_struct *find_get_task_by_vpid(pid_t nr)
{
	struct task_struct *p;

	rcu_read_lock();
	p = find_task_by_vpid(nr);
	if (p)
		get_task_struct(p);
	rcu_read_unlock();
	return p;
}

static struct pid **pid_slot(struct task_struct *task, enum pid_type type)
{
	return type == PIDTYPE_PID ? &task->thread_pid : &task->signal->pids[type];
}

struct pid *get_task_pid(struct task_struct *task, enum pid_type type)
{
	struct pid *pid;

	rcu_read_lock();
	pid = READ_ONCE(*pid_slot(task, type));
	if (pid && !refcount_inc_not_zero(&pid->count))
		pid = NULL;
	rcu_read_unlock();
	return pid;
}

void attach_pid(struct task_struct *task, enum pid_type type)
{
	hlist_add_head_rcu(&task->pid_links[type], &(*pid_slot(task, type))->tasks[type]);
}

static void __change_pid(struct task_struct *task, enum pid_type type, struct pid *new)
{
	struct pid **slot = pid_slot(task, type);
	struct pid *pid = *slot;

	hlist_del_rcu(&task->pid_links[type]);
	*slot = new;
	if (type == PIDTYPE_PID && !new)
		wake_up_all(&pid->wait_pidfd);
	for (int t = 0; t < PIDTYPE_MAX; t++)
		if (!hlist_empty(&pid->tasks[t]))
			return;
	free_pid(pid);
}

void detach_pid(struct task_struct *task, enum pid_type type)
{
	__change_pid(task, type, NULL);
}

static void change_pid(struct task_struct *task, enum pid_type type, struct pid *pid)
{
	__change_pid(task, type, pid);
	attach_pid(task, type);
}

/* exec by a thread that is not the leader: @new takes the place of @old in the list. */
void transfer_pid(struct task_struct *old, struct task_struct *new, enum pid_type type)
{
	hlist_replace_rcu(&old->pid_links[type], &new->pid_links[type]);
}

/* ... and they swap their thread ids. */
void exchange_tids(struct task_struct *left, struct task_struct *right)
{
	struct pid *pid1 = left->thread_pid, *pid2 = right->thread_pid;
	struct hlist_head *head1 = &pid1->tasks[PIDTYPE_PID], *head2 = &pid2->tasks[PIDTYPE_PID];
	struct hlist_node *n1 = head1->first, *n2 = head2->first;

	/* Each list has exactly one member. */
	WRITE_ONCE(head1->first, n2);
	WRITE_ONCE(head2->first, n1);
	n2->pprev = &head1->first;
	n1->pprev = &head2->first;
	WRITE_ONCE(left->thread_pid, pid2);
	WRITE_ONCE(right->thread_pid, pid1);
	WRITE_ONCE(left->pid, pid2->nr);
	WRITE_ONCE(right->pid, pid1->nr);
}

static pid_t task_nr(struct task_struct *task, enum pid_type type)
{
	pid_t nr;

	rcu_read_lock();
	nr = pid_nr(READ_ONCE(*pid_slot(task, type)));
	rcu_read_unlock();
	return nr;
}

pid_t task_pgrp_vnr(struct task_struct *task)
{
	return task_nr(task, PIDTYPE_PGID);
}

pid_t task_session_vnr(struct task_struct *task)
{
	return task_nr(task, PIDTYPE_SID);
}

pid_t task_ppid_nr(struct task_struct *task)
{
	pid_t nr;

	rcu_read_lock();
	nr = pid_alive(task) ? READ_ONCE(task->real_parent)->tgid : 0;
	rcu_read_unlock();
	return nr;
}

void __init pid_init(void)
{
	__set_bit(0, pid_map);
	pid_cachep = kmem_cache_create("pid", sizeof(struct pid), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT, NULL);
	init_waitqueue_head(&init_struct_pid.wait_pidfd);
}

/* System calls --------------------------------------------------------------------------------- */

SYSCALL_DEFINE0(getpid)
{
	return current->tgid;
}

SYSCALL_DEFINE0(gettid)
{
	return current->pid;
}

SYSCALL_DEFINE0(getppid)
{
	pid_t pid;

	rcu_read_lock();
	pid = READ_ONCE(current->real_parent)->tgid;
	rcu_read_unlock();
	return pid;
}

/* The id of @type of process @pid (0: the caller), or -ESRCH. */
static long get_id_of(pid_t pid, enum pid_type type)
{
	struct task_struct *p = current;
	struct pid *id;
	long ret = -ESRCH;

	rcu_read_lock();
	if (pid)
		p = find_task_by_vpid(pid);
	if (p) {
		id = READ_ONCE(*pid_slot(p, type));
		if (id)
			ret = id->nr;
	}
	rcu_read_unlock();
	return ret;
}

SYSCALL_DEFINE1(getpgid, pid_t, pid)
{
	return get_id_of(pid, PIDTYPE_PGID);
}

SYSCALL_DEFINE0(getpgrp)
{
	return get_id_of(0, PIDTYPE_PGID);
}

SYSCALL_DEFINE1(getsid, pid_t, pid)
{
	return get_id_of(pid, PIDTYPE_SID);
}

/* setpgid() after its arguments were understood. => tasklist_lock held for writing */
static long set_pgid_locked(pid_t pid, pid_t pgid)
{
	struct task_struct *leader = current->group_leader, *p, *g;
	struct pid *pgrp;

	p = find_task_by_vpid(pid);
	if (!p)
		return -ESRCH;
	if (!thread_group_leader(p))
		return -EINVAL;
	if (same_thread_group(p->real_parent, leader)) {
		if (task_session(p) != task_session(leader))
			return -EPERM;
		if (!(p->flags & PF_FORKNOEXEC))
			return -EACCES;
	} else if (p != leader) {
		return -ESRCH;
	}
	if (p->signal->leader)
		return -EPERM;
	pgrp = task_pid(p);
	if (pgid != pid) {
		pgrp = find_vpid(pgid);
		g = pid_task(pgrp, PIDTYPE_PGID);
		if (!g || task_session(g) != task_session(leader))
			return -EPERM;
	}
	if (task_pgrp(p) != pgrp)
		change_pid(p, PIDTYPE_PGID, pgrp);
	return 0;
}

SYSCALL_DEFINE2(setpgid, pid_t, pid, pid_t, pgid)
{
	long err;

	if (!pid)
		pid = task_pid_vnr(current->group_leader);
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	write_lock_irq(&tasklist_lock);
	err = set_pgid_locked(pid, pgid);
	write_unlock_irq(&tasklist_lock);
	return err;
}

int ksys_setsid(void);
int ksys_setsid(void)
{
	struct task_struct *leader = current->group_leader;
	struct pid *sid = task_pid(leader);
	int err = -EPERM;

	write_lock_irq(&tasklist_lock);
	/* Not when it leads a session, or when a group of its number exists. */
	if (leader->signal->leader || pid_task(sid, PIDTYPE_PGID))
		goto out;
	leader->signal->leader = 1;
	if (task_session(leader) != sid)
		change_pid(leader, PIDTYPE_SID, sid);
	if (task_pgrp(leader) != sid)
		change_pid(leader, PIDTYPE_PGID, sid);
	spin_lock(&leader->sighand->siglock);
	leader->signal->tty = NULL;
	spin_unlock(&leader->sighand->siglock);
	err = sid->nr;
out:
	write_unlock_irq(&tasklist_lock);
	return err;
}

SYSCALL_DEFINE0(setsid)
{
	return ksys_setsid();
}

SYSCALL_DEFINE1(set_tid_address, int __user *, tidptr)
{
	current->clear_child_tid = tidptr;
	return current->pid;
}

pid_t last_pid_nr(void)
{
	return READ_ONCE(last_pid);
}
