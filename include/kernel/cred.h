/* SPDX-License-Identifier: MIT */
/*
 * Credentials: who a task is. A struct cred never changes once a task uses it; to change, a task
 * prepares a copy, edits it and commits it. Readers of other tasks look under RCU.
 */
#ifndef QUIRE_KERNEL_CRED_H
#define QUIRE_KERNEL_CRED_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/rcu_types.h>
#include <seam/current.h>
#include <kernel/task.h>
#include <linux/capability.h>

typedef u64 kernel_cap_t;		/* bit CAP_x */
#define CAP_FULL_SET		((1ULL << (CAP_LAST_CAP + 1)) - 1)
#define NGROUPS_MAX_KERNEL	65536

/* What is limited or counted per user. */
struct user_struct {
	refcount_t __count;
	uid_t uid;
	struct hlist_node uidhash_node;
	atomic_long_t processes;	/* tasks, for RLIMIT_NPROC */
	atomic_long_t sigpending;	/* queued signals, for RLIMIT_SIGPENDING */
	atomic_long_t locked_vm;	/* pages */
	atomic_long_t locked_shm;
	atomic_long_t unix_inflight;
};

struct group_info {
	refcount_t usage;
	int ngroups;
	gid_t gid[];			/* sorted */
};

struct cred {
	atomic_long_t usage;
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	unsigned int securebits;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	struct user_struct *user;	/* of the real uid */
	struct group_info *group_info;
	struct rcu_head rcu;
};

extern struct cred init_cred;
extern struct user_struct root_user;

void cred_init(void);
struct cred *prepare_creds(void);		/* a copy of current's, or NULL */
int commit_creds(struct cred *new);		/* always 0 */
void abort_creds(struct cred *new);
const struct cred *override_creds(const struct cred *new);
void revert_creds(const struct cred *old);
int copy_creds(struct task_struct *p, unsigned long clone_flags);
void exit_creds(struct task_struct *p);
void __put_cred(struct cred *cred);
const struct cred *get_task_cred(struct task_struct *p);

static inline const struct cred *get_cred(const struct cred *cred)
{
	if (cred)
		atomic_long_inc(&((struct cred *)cred)->usage);
	return cred;
}

static inline void put_cred(const struct cred *cred)
{
	if (cred && atomic_long_dec_and_test(&((struct cred *)cred)->usage))
		__put_cred((struct cred *)cred);
}

struct user_struct *alloc_uid(uid_t uid);	/* find or make; NULL without memory */
struct user_struct *find_user(uid_t uid);
void free_uid(struct user_struct *up);
static inline struct user_struct *get_uid(struct user_struct *u)
{
	refcount_inc(&u->__count);
	return u;
}

struct group_info *groups_alloc(int n);
void groups_free(struct group_info *gi);
static inline struct group_info *get_group_info(struct group_info *gi)
{
	refcount_inc(&gi->usage);
	return gi;
}
static inline void put_group_info(struct group_info *gi)
{
	if (refcount_dec_and_test(&gi->usage))
		groups_free(gi);
}
int in_group_p(gid_t gid);			/* fsgid or a supplementary group */

#define current_cred()		(current->cred)
#define __task_cred(task)	(READ_ONCE((task)->real_cred))
#define task_cred_xxx(task, xxx) ({			\
	__typeof__(((struct cred *)NULL)->xxx) ___v;	\
	rcu_read_lock();				\
	___v = __task_cred((task))->xxx;		\
	rcu_read_unlock();				\
	___v; })
#define task_uid(task)		task_cred_xxx(task, uid)
#define current_uid()		(current_cred()->uid)
#define current_gid()		(current_cred()->gid)
#define current_euid()		(current_cred()->euid)
#define current_egid()		(current_cred()->egid)
#define current_fsuid()		(current_cred()->fsuid)
#define current_fsgid()		(current_cred()->fsgid)
#define current_user()		(current_cred()->user)

/* Capabilities. A successful check is noted in PF_SUPERPRIV. */
bool capable(int cap);
bool has_capability(struct task_struct *t, int cap);
static inline bool cap_raised(kernel_cap_t set, int cap)
{
	return set & (1ULL << cap);
}

#endif
