// SPDX-License-Identifier: MIT
/*
 * The system calls on identities: set*id, get*id, groups, capabilities. Rules: credentials(7),
 * capabilities(7), the man page of each call.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/sort.h>
#include <sync/rcu.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <linux/securebits.h>
#include <seam/uaccess.h>

#define ISSECURE(cred, bit) ((cred)->securebits & (1U << (bit)))
#define CAP_FS_SET                                                                                 \
	((1ULL << CAP_CHOWN) | (1ULL << CAP_MKNOD) | (1ULL << CAP_DAC_OVERRIDE) |                  \
	 (1ULL << CAP_DAC_READ_SEARCH) | (1ULL << CAP_FOWNER) | (1ULL << CAP_FSETID) |             \
	 (1ULL << CAP_LINUX_IMMUTABLE) | (1ULL << CAP_MAC_OVERRIDE))

/* The capabilities follow a change of user ids between root and others. */
static void fix_caps_after_setuid(struct cred *new, const struct cred *old)
{
	bool had_root, has_root;

	if (ISSECURE(old, SECURE_NO_SETUID_FIXUP))
		return;
	had_root = !old->uid || !old->euid || !old->suid;
	has_root = !new->uid || !new->euid || !new->suid;
	if (had_root && !has_root) {
		if (!ISSECURE(old, SECURE_KEEP_CAPS))
			new->cap_permitted = new->cap_effective = 0;
		new->cap_ambient = 0;
	}
	if (!old->euid && new->euid)
		new->cap_effective = 0;
	if (old->euid && !new->euid)
		new->cap_effective = new->cap_permitted;
}

/* ... and those on files follow the fsuid alone, for setfsuid(). */
static void fix_caps_after_setfsuid(struct cred *new, const struct cred *old)
{
	if (ISSECURE(old, SECURE_NO_SETUID_FIXUP))
		return;
	if (!old->fsuid && new->fsuid)
		new->cap_effective &= ~CAP_FS_SET;
	if (old->fsuid && !new->fsuid)
		new->cap_effective |= new->cap_permitted &CAP_FS_SET;
}

/* The real uid changes: so does whose processes are counted. 0, -EAGAIN without memory. */
static int set_user(struct cred *new)
{
	struct user_struct *u = alloc_uid(new->uid);

	if (!u)
		return -EAGAIN;
	/* Too many already: not refused here, but by the execve() that follows (as Linux since 3.1). */
	if (atomic_long_read(&u->processes) >= rlimit(RLIMIT_NPROC) && u != &root_user)
		current->flags |= PF_NPROC_EXCEEDED;
	else
		current->flags &= ~PF_NPROC_EXCEEDED;
	free_uid(new->user);
	new->user = u;
	return 0;
}

/* Commit @new, or give it up when @err. */
static long finish(struct cred *new, long err)
{
	if (err) {
		abort_creds(new);
		return err;
	}
	return commit_creds(new);
}

SYSCALL_DEFINE2(setreuid, uid_t, ruid, uid_t, euid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	long err = -EPERM;

	if (!new)
		return -ENOMEM;
	if (ruid != (uid_t)-1) {
		new->uid = ruid;
		if (old->uid != ruid && old->euid != ruid && !capable(CAP_SETUID))
			goto out;
	}
	if (euid != (uid_t)-1) {
		new->euid = euid;
		if (old->uid != euid && old->euid != euid && old->suid != euid &&
		    !capable(CAP_SETUID))
			goto out;
	}
	err = new->uid != old->uid ? set_user(new) : 0;
	if (err)
		goto out;
	if (ruid != (uid_t)-1 || (euid != (uid_t)-1 && euid != old->uid))
		new->suid = new->euid;
	new->fsuid = new->euid;
	fix_caps_after_setuid(new, old);
out:
	return finish(new, err);
}

SYSCALL_DEFINE1(setuid, uid_t, uid)
{
	const struct cred *old = current_cred();
	struct cred *new;
	long err = 0;

	if (uid == (uid_t)-1)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (capable(CAP_SETUID)) {
		new->suid = new->uid = uid;
		if (uid != old->uid)
			err = set_user(new);
	} else if (uid != old->uid && uid != old->suid) {
		err = -EPERM;
	}
	new->fsuid = new->euid = uid;
	if (!err)
		fix_caps_after_setuid(new, old);
	return finish(new, err);
}

static inline bool uid_ok(const struct cred *c, uid_t id)
{
	return id == (uid_t)-1 || id == c->uid || id == c->euid || id == c->suid;
}

static inline bool gid_ok(const struct cred *c, gid_t id)
{
	return id == (gid_t)-1 || id == c->gid || id == c->egid || id == c->sgid;
}

SYSCALL_DEFINE3(setresuid, uid_t, ruid, uid_t, euid, uid_t, suid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	long err = 0;

	if (!new)
		return -ENOMEM;
	if ((!uid_ok(old, ruid) || !uid_ok(old, euid) || !uid_ok(old, suid)) &&
	    !capable(CAP_SETUID))
		return finish(new, -EPERM);
	if (ruid != (uid_t)-1) {
		new->uid = ruid;
		if (ruid != old->uid)
			err = set_user(new);
	}
	if (euid != (uid_t)-1)
		new->euid = euid;
	if (suid != (uid_t)-1)
		new->suid = suid;
	new->fsuid = new->euid;
	if (!err)
		fix_caps_after_setuid(new, old);
	return finish(new, err);
}

SYSCALL_DEFINE3(getresuid, uid_t __user *, ruid, uid_t __user *, euid, uid_t __user *, suid)
{
	const struct cred *c = current_cred();

	if (put_user(c->uid, ruid) || put_user(c->euid, euid) || put_user(c->suid, suid))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE2(setregid, gid_t, rgid, gid_t, egid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();

	if (!new)
		return -ENOMEM;
	if (rgid != (gid_t)-1) {
		if (old->gid != rgid && old->egid != rgid && !capable(CAP_SETGID))
			return finish(new, -EPERM);
		new->gid = rgid;
	}
	if (egid != (gid_t)-1) {
		if (!gid_ok(old, egid) && !capable(CAP_SETGID))
			return finish(new, -EPERM);
		new->egid = egid;
	}
	if (rgid != (gid_t)-1 || (egid != (gid_t)-1 && egid != old->gid))
		new->sgid = new->egid;
	new->fsgid = new->egid;
	return finish(new, 0);
}

SYSCALL_DEFINE1(setgid, gid_t, gid)
{
	const struct cred *old = current_cred();
	struct cred *new;

	if (gid == (gid_t)-1)
		return -EINVAL;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	if (capable(CAP_SETGID))
		new->gid = new->egid = new->sgid = new->fsgid = gid;
	else if (gid == old->gid || gid == old->sgid)
		new->egid = new->fsgid = gid;
	else
		return finish(new, -EPERM);
	return finish(new, 0);
}

SYSCALL_DEFINE3(setresgid, gid_t, rgid, gid_t, egid, gid_t, sgid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();

	if (!new)
		return -ENOMEM;
	if ((!gid_ok(old, rgid) || !gid_ok(old, egid) || !gid_ok(old, sgid)) &&
	    !capable(CAP_SETGID))
		return finish(new, -EPERM);
	if (rgid != (gid_t)-1)
		new->gid = rgid;
	if (egid != (gid_t)-1)
		new->egid = egid;
	if (sgid != (gid_t)-1)
		new->sgid = sgid;
	new->fsgid = new->egid;
	return finish(new, 0);
}

SYSCALL_DEFINE3(getresgid, gid_t __user *, rgid, gid_t __user *, egid, gid_t __user *, sgid)
{
	const struct cred *c = current_cred();

	if (put_user(c->gid, rgid) || put_user(c->egid, egid) || put_user(c->sgid, sgid))
		return -EFAULT;
	return 0;
}

/* Answers the old fsuid, whatever happens. */
SYSCALL_DEFINE1(setfsuid, uid_t, uid)
{
	const struct cred *old = current_cred();
	uid_t old_fsuid = old->fsuid;
	struct cred *new;

	if (uid == (uid_t)-1 || uid == old_fsuid)
		return old_fsuid;
	if (!uid_ok(old, uid) && !capable(CAP_SETUID))
		return old_fsuid;
	new = prepare_creds();
	if (!new)
		return old_fsuid;
	new->fsuid = uid;
	fix_caps_after_setfsuid(new, old);
	commit_creds(new);
	return old_fsuid;
}

SYSCALL_DEFINE1(setfsgid, gid_t, gid)
{
	const struct cred *old = current_cred();
	gid_t old_fsgid = old->fsgid;
	struct cred *new;

	if (gid == (gid_t)-1 || gid == old_fsgid)
		return old_fsgid;
	if (!gid_ok(old, gid) && !capable(CAP_SETGID))
		return old_fsgid;
	new = prepare_creds();
	if (!new)
		return old_fsgid;
	new->fsgid = gid;
	commit_creds(new);
	return old_fsgid;
}

SYSCALL_DEFINE0(getuid)
{
	return current_uid();
}

SYSCALL_DEFINE0(geteuid)
{
	return current_euid();
}

SYSCALL_DEFINE0(getgid)
{
	return current_gid();
}

SYSCALL_DEFINE0(getegid)
{
	return current_egid();
}

SYSCALL_DEFINE2(getgroups, int, size, gid_t __user *, list)
{
	const struct group_info *gi = current_cred()->group_info;

	if (size < 0)
		return -EINVAL;
	if (!size)
		return gi->ngroups;
	if (gi->ngroups > size)
		return -EINVAL;
	if (copy_to_user(list, gi->gid, gi->ngroups * sizeof(gid_t)))
		return -EFAULT;
	return gi->ngroups;
}

static int gid_cmp(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

SYSCALL_DEFINE2(setgroups, int, size, gid_t __user *, list)
{
	struct group_info *gi;
	struct cred *new;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if ((unsigned int)size > NGROUPS_MAX_KERNEL)
		return -EINVAL;
	gi = groups_alloc(size);
	if (!gi)
		return -ENOMEM;
	if (copy_from_user(gi->gid, list, size * sizeof(gid_t))) {
		put_group_info(gi);
		return -EFAULT;
	}
	sort(gi->gid, size, sizeof(gid_t), gid_cmp, NULL);
	new = prepare_creds();
	if (!new) {
		put_group_info(gi);
		return -ENOMEM;
	}
	put_group_info(new->group_info);
	new->group_info = gi;
	return commit_creds(new);
}

/* Capabilities --------------------------------------------------------------------------------- */

/* How many 32-bit words the caller's version has; -EINVAL for an unknown one, which is told ours. */
static int cap_words(struct __user_cap_header_struct __user *header, unsigned int *words)
{
	u32 version;

	if (get_user(version, &header->version))
		return -EFAULT;
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = _LINUX_CAPABILITY_U32S_1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = _LINUX_CAPABILITY_U32S_3;
		return 0;
	}
	if (put_user((u32)_LINUX_CAPABILITY_VERSION_3, &header->version))
		return -EFAULT;
	return -EINVAL;
}

SYSCALL_DEFINE2(capget, struct __user_cap_header_struct __user *, header,
		struct __user_cap_data_struct __user *, dataptr)
{
	struct __user_cap_data_struct k[2];
	const struct cred *cred;
	struct task_struct *p;
	unsigned int words;
	pid_t pid;
	int ret = cap_words(header, &words);

	if (ret)
		return dataptr == NULL && ret == -EINVAL ? 0 : ret;
	if (get_user(pid, &header->pid))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	rcu_read_lock();
	p = pid ? find_task_by_vpid(pid) : current;
	if (!p) {
		rcu_read_unlock();
		return -ESRCH;
	}
	cred = __task_cred(p);
	for (int i = 0; i < 2; i++) {
		k[i].effective = cred->cap_effective >> (32 * i);
		k[i].permitted = cred->cap_permitted >> (32 * i);
		k[i].inheritable = cred->cap_inheritable >> (32 * i);
	}
	rcu_read_unlock();
	if (copy_to_user(dataptr, k, words * sizeof(k[0])))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE2(capset, struct __user_cap_header_struct __user *, header,
		const struct __user_cap_data_struct __user *, data)
{
	struct __user_cap_data_struct k[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	const struct cred *old = current_cred();
	u64 eff, perm, inh;
	struct cred *new;
	unsigned int words;
	pid_t pid;
	int ret = cap_words(header, &words);

	if (ret)
		return ret;
	if (get_user(pid, &header->pid))
		return -EFAULT;
	if (pid && pid != current->pid)
		return -EPERM;
	if (copy_from_user(k, data, words * sizeof(k[0])))
		return -EFAULT;
	eff = (k[0].effective | (u64)k[1].effective << 32) & CAP_FULL_SET;
	perm = (k[0].permitted | (u64)k[1].permitted << 32) & CAP_FULL_SET;
	inh = (k[0].inheritable | (u64)k[1].inheritable << 32) & CAP_FULL_SET;
	if (!cap_raised(old->cap_effective, CAP_SETPCAP) &&
	    (inh & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	if (inh & ~(old->cap_inheritable | old->cap_bset))
		return -EPERM;
	if ((perm & ~old->cap_permitted) || (eff & ~perm))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->cap_effective = eff;
	new->cap_permitted = perm;
	new->cap_inheritable = inh;
	new->cap_ambient &= perm &inh;
	return commit_creds(new);
}
