// SPDX-License-Identifier: MIT
/*
 * Control messages of local sockets: descriptors (SCM_RIGHTS), credentials (SCM_CREDENTIALS), times (SCM_TIMESTAMP,
 * SCM_TIMESTAMPNS of datagrams). unix(7), cmsg(3); Linux 6.1: net/core/scm.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/rcu.h>
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include "unix_internal.h"

/* A control message, as user space lays it out: the head, then the data, each rounded up to 8 bytes. */
struct cmsg_head {
	u64 len;
	s32 level, type;
};
#define CMSG_ALIGN(n) (((n) + 7) & ~7UL)

void scm_drop(struct unix_scm *scm)
{
	for (unsigned int i = 0; i < scm->nr_files; i++)
		fput(scm->files[i]);
	kfree(scm->files);
	scm->files = NULL;
	scm->nr_files = 0;
}

int scm_dup(struct unix_scm *to, const struct unix_scm *from)
{
	to->files = kmalloc_array(from->nr_files, sizeof(*to->files), GFP_KERNEL_ACCOUNT);
	if (!to->files)
		return -ENOMEM;
	for (unsigned int i = 0; i < from->nr_files; i++)
		to->files[i] = get_file(from->files[i]);
	to->nr_files = from->nr_files;
	unix_gc_barrier();
	return 0;
}

/* --- from a program ---------------------------------------------------------------------------------- */

static int take_rights(struct unix_scm *scm, const int __user *fds, size_t nr)
{
	struct file **files;

	if (!nr)
		return 0;
	if (nr + scm->nr_files > SCM_MAX_FD)
		return -EINVAL;
	files = krealloc_array(scm->files, nr + scm->nr_files, sizeof(*files), GFP_KERNEL_ACCOUNT);
	if (!files)
		return -ENOMEM;
	scm->files = files;
	while (nr--) {
		struct file *file;
		int fd;

		if (get_user(fd, fds++))
			return -EFAULT;
		file = fd < 0 ? NULL : fget_raw(fd);
		if (!file)
			return -EBADF;
		scm->files[scm->nr_files++] = file;
	}
	return 0;
}

static bool process_exists(pid_t nr)
{
	bool yes;

	rcu_read_lock();
	yes = find_vpid(nr);
	rcu_read_unlock();
	return yes;
}

/* Only who may act for others can name others. */
static int take_creds(struct unix_scm *scm, const void __user *data, size_t len)
{
	const struct cred *me = current_cred();
	struct ucred c;

	if (len != sizeof(c))
		return -EINVAL;
	if (copy_from_user(&c, data, sizeof(c)))
		return -EFAULT;
	if (c.uid == (uid_t)-1 || c.gid == (gid_t)-1)
		return -EINVAL;
	if ((c.pid != task_tgid_nr(current) && !capable(CAP_SYS_ADMIN)) ||
	    (c.uid != me->uid && c.uid != me->euid && c.uid != me->suid && !capable(CAP_SETUID)) ||
	    (c.gid != me->gid && c.gid != me->egid && c.gid != me->sgid && !capable(CAP_SETGID)))
		return -EPERM;
	if (!process_exists(c.pid))
		return -ESRCH;
	scm->creds = c;
	scm->has_creds = true;
	return 0;
}

static int take_one(struct unix_scm *scm, const struct cmsg_head *head, const char __user *data)
{
	size_t len = head->len - sizeof(*head);

	if (head->level != SOL_SOCKET)
		return 0;
	switch (head->type) {
	case SCM_RIGHTS:
		return take_rights(scm, (const int __user *)data, len / sizeof(int));
	case SCM_CREDENTIALS:
		return take_creds(scm, data, len);
	}
	return -EINVAL;
}

int scm_from_user(struct unix_scm *scm, const void __user *control, size_t len)
{
	const char __user *p = control;
	struct cmsg_head head;
	int err = 0;

	while (len >= sizeof(head) && !err) {
		if (copy_from_user(&head, p, sizeof(head)))
			return -EFAULT;
		if (head.len < sizeof(head) || head.len > len)
			return -EINVAL;
		err = take_one(scm, &head, p + sizeof(head));
		p += CMSG_ALIGN(head.len);
		len -= min(len, (size_t)CMSG_ALIGN(head.len));
	}
	return err;
}

/* --- to a program ------------------------------------------------------------------------------------ */

/* Where control messages go. */
struct cmsg_out {
	char __user *p;
	size_t room;
	unsigned int *msg_flags; /* MSG_CTRUNC */
};

static void advance(struct cmsg_out *out, size_t len)
{
	size_t n = min(out->room, CMSG_ALIGN(len));

	out->p += n;
	out->room -= n;
}

/* Head and data; as much of the data as there is room for. */
static void put_cmsg(struct cmsg_out *out, int type, const void *data, size_t len)
{
	struct cmsg_head head = { min(sizeof(head) + len, out->room), SOL_SOCKET, type };

	if (head.len < sizeof(head) + len)
		*out->msg_flags |= MSG_CTRUNC;
	if (out->room < sizeof(head) || copy_to_user(out->p, &head, sizeof(head)) ||
	    copy_to_user(out->p + sizeof(head), data, head.len - sizeof(head)))
		return;
	advance(out, head.len);
}

/* As many descriptors as there is room and numbers for. */
static void put_rights(struct cmsg_out *out, const struct unix_scm *scm, unsigned int o_flags)
{
	struct cmsg_head head = { .level = SOL_SOCKET, .type = SCM_RIGHTS };
	size_t fits = out->room < sizeof(head) ? 0 : (out->room - sizeof(head)) / sizeof(int);
	int __user *fds = (int __user *)(out->p + sizeof(head));
	unsigned int nr;

	for (nr = 0; nr < scm->nr_files && nr < fits; nr++) {
		int fd = get_unused_fd_flags(o_flags);

		if (fd < 0)
			break;
		if (put_user(fd, fds + nr)) {
			put_unused_fd(fd);
			break;
		}
		fd_install(fd, get_file(scm->files[nr]));
	}
	if (nr < scm->nr_files)
		*out->msg_flags |= MSG_CTRUNC;
	head.len = sizeof(head) + nr * sizeof(int);
	if (nr && !copy_to_user(out->p, &head, sizeof(head)))
		advance(out, head.len);
}

static void put_stamp(struct unix_sock *sk, struct cmsg_out *out, s64 ns)
{
	s64 t[2] = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	if (!READ_ONCE(sk->stamp_ns))
		t[1] /= NSEC_PER_USEC;
	put_cmsg(out, READ_ONCE(sk->stamp_ns) ? SO_TIMESTAMPNS_OLD : SO_TIMESTAMP_OLD, t,
		 sizeof(t));
}

size_t scm_to_user(struct unix_sock *sk, struct unix_xfer *x, void __user *control, size_t len)
{
	struct cmsg_out out = { control, control ? len : 0, &x->msg_flags };

	if (READ_ONCE(sk->passstamp) && !unix_is_stream(sk))
		put_stamp(sk, &out, x->stamp ? x->stamp : ktime_get_real_ns());
	if (READ_ONCE(sk->passcred))
		put_cmsg(&out, SCM_CREDENTIALS, &x->scm.creds, sizeof(x->scm.creds));
	if (x->scm.nr_files)
		put_rights(&out, &x->scm, x->flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0);
	return control ? len - out.room : 0;
}
