// SPDX-License-Identifier: MIT
/* sendmsg(2), recvmsg(2), sendmmsg(2), recvmmsg(2): transfers with a struct msghdr. */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include "unix_internal.h"

#define CONTROL_MAX 20480 /* net.core.optmem_max */

/* --- one --------------------------------------------------------------------------------------------- */

static int head_from_user(struct user_msghdr *h, const struct user_msghdr __user *user)
{
	if (copy_from_user(h, user, sizeof(*h)))
		return -EFAULT;
	if (!h->msg_name)
		h->msg_namelen = 0;
	if (h->msg_namelen < 0)
		return -EINVAL;
	h->msg_namelen = min(h->msg_namelen, SOCKADDR_MAX);
	return h->msg_iovlen > UIO_MAXIOV ? -EMSGSIZE : 0;
}

/* Room for the name of a receiver. */
union name_room {
	struct sockaddr_un sun;
	char bytes[SOCKADDR_MAX];
};

/* Name and control messages of @h into @x. 0 or an errno; what was taken is the caller's to drop. */
static int take_head(const struct user_msghdr *h, struct unix_xfer *x, union name_room *to)
{
	int err = 0;

	if (h->msg_namelen) {
		err = unix_name_from_user(to, h->msg_name, h->msg_namelen);
		x->to = &to->sun;
		x->to_len = h->msg_namelen;
	}
	if (!err && h->msg_controllen > CONTROL_MAX)
		err = -ENOBUFS;
	if (!err && h->msg_controllen)
		err = scm_from_user(&x->scm, h->msg_control, h->msg_controllen);
	return err;
}

static ssize_t send_msg(struct file *file, struct user_msghdr __user *user, unsigned int flags)
{
	struct iovec fast[UIO_FASTIOV_K], *iov = fast;
	struct iov_iter iter;
	struct unix_xfer x = { .iter = &iter, .flags = flags };
	union name_room to = { 0 };
	struct user_msghdr h;
	ssize_t ret = head_from_user(&h, user);

	if (ret)
		return ret;
	ret = import_iovec(ITER_SOURCE, h.msg_iov, h.msg_iovlen, UIO_FASTIOV_K, &iov, &iter);
	if (ret < 0)
		return ret;
	if (file->f_flags & O_NONBLOCK)
		x.flags |= MSG_DONTWAIT;
	ret = take_head(&h, &x, &to);
	if (!ret)
		ret = unix_send(unix_from_file(file), &x);
	scm_drop(&x.scm);
	kfree(iov);
	return ret;
}

/* What came beside the bytes. */
static int put_head(struct unix_sock *sk, const struct user_msghdr *h, struct unix_xfer *x,
		    struct user_msghdr __user *user)
{
	size_t used = scm_to_user(sk, x, h->msg_control, h->msg_controllen);
	unsigned int out = x->msg_flags | (x->flags & MSG_CMSG_CLOEXEC);
	int err = 0;

	if (h->msg_name)
		err = x->from ? unix_name_to_user(x->from, h->msg_name, &user->msg_namelen)
			      : put_user(0, &user->msg_namelen);
	if (err)
		return err;
	return put_user(out, &user->msg_flags) || put_user(used, &user->msg_controllen) ? -EFAULT
											: 0;
}

static ssize_t receive_msg(struct file *file, struct user_msghdr __user *user, unsigned int flags)
{
	struct iovec fast[UIO_FASTIOV_K], *iov = fast;
	struct unix_sock *sk = unix_from_file(file);
	struct iov_iter iter;
	struct unix_xfer x = { .iter = &iter, .flags = flags };
	struct user_msghdr h;
	ssize_t ret = head_from_user(&h, user);
	int err;

	if (ret)
		return ret;
	ret = import_iovec(ITER_DEST, h.msg_iov, h.msg_iovlen, UIO_FASTIOV_K, &iov, &iter);
	if (ret < 0)
		return ret;
	if (file->f_flags & O_NONBLOCK)
		x.flags |= MSG_DONTWAIT;
	x.want_name = h.msg_name;
	ret = unix_receive(sk, &x);
	if (ret >= 0) {
		err = put_head(sk, &h, &x, user);
		if (err)
			ret = err;
	}
	scm_drop(&x.scm);
	unix_address_put(x.from);
	kfree(iov);
	return ret;
}

/* The file of @fd, a socket, until fdput(). 0, -EBADF, -ENOTSOCK */
static int get_socket(int fd, struct fd *f)
{
	*f = fdget(fd);
	if (!f->file)
		return -EBADF;
	if (unix_from_file(f->file))
		return 0;
	fdput(*f);
	return -ENOTSOCK;
}

ssize_t sock_sendmsg(struct file *file, struct user_msghdr __user *msg, unsigned int flags)
{
	return unix_from_file(file) ? send_msg(file, msg, flags) : -ENOTSOCK;
}

ssize_t sock_recvmsg(struct file *file, struct user_msghdr __user *msg, unsigned int flags)
{
	return unix_from_file(file) ? receive_msg(file, msg, flags) : -ENOTSOCK;
}

SYSCALL_DEFINE3(sendmsg, int, fd, struct user_msghdr __user *, msg, unsigned int, flags)
{
	struct fd f;
	ssize_t ret;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	ret = get_socket(fd, &f);
	if (ret)
		return ret;
	ret = send_msg(f.file, msg, flags);
	fdput(f);
	return ret;
}

SYSCALL_DEFINE3(recvmsg, int, fd, struct user_msghdr __user *, msg, unsigned int, flags)
{
	struct fd f;
	ssize_t ret;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	ret = get_socket(fd, &f);
	if (ret)
		return ret;
	ret = receive_msg(f.file, msg, flags);
	fdput(f);
	return ret;
}

/* --- many -------------------------------------------------------------------------------------------- */

SYSCALL_DEFINE4(sendmmsg, int, fd, struct mmsghdr __user *, vec, unsigned int, n, unsigned int,
		flags)
{
	unsigned int done = 0;
	ssize_t ret = 0;
	struct fd f;
	int err;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	err = get_socket(fd, &f);
	if (err)
		return err;
	n = min(n, (unsigned int)UIO_MAXIOV);
	while (done < n) {
		ret = send_msg(f.file, &vec[done].msg_hdr, flags);
		if (ret >= 0 && put_user(ret, &vec[done].msg_len))
			ret = -EFAULT;
		if (ret < 0)
			break;
		done++;
		cond_resched();
	}
	fdput(f);
	return done ? done : ret;
}

/* The next of several: bytes or an errno. Behind the first, MSG_WAITFORONE waits no more. */
static ssize_t receive_next(struct file *file, struct mmsghdr __user *vec, unsigned int done,
			    unsigned int flags)
{
	ssize_t ret;

	if (done && flags & MSG_WAITFORONE)
		flags |= MSG_DONTWAIT;
	ret = receive_msg(file, &vec[done].msg_hdr, flags & ~MSG_WAITFORONE);
	if (ret >= 0 && put_user(ret, &vec[done].msg_len))
		ret = -EFAULT;
	return ret;
}

/* @deadline: ns of the monotonic clock, looked at after each message; recvmmsg(2), BUGS. */
static int receive_many(struct file *file, struct mmsghdr __user *vec, unsigned int n,
			unsigned int flags, s64 deadline)
{
	struct unix_sock *sk = unix_from_file(file);
	ssize_t ret = unix_error(sk);
	unsigned int done = 0;

	if (ret)
		return ret;
	while (done < n) {
		ret = receive_next(file, vec, done, flags);
		if (ret < 0)
			break;
		done++;
		if (ktime_get_ns() >= deadline)
			break;
		cond_resched();
	}
	/* What went wrong behind a message is told by the next call. */
	if (done && ret < 0 && ret != -EAGAIN)
		WRITE_ONCE(sk->err, -ret);
	return done ? (int)done : ret;
}

SYSCALL_DEFINE5(recvmmsg, int, fd, struct mmsghdr __user *, vec, unsigned int, n, unsigned int,
		flags, struct __kernel_timespec __user *, timeout)
{
	struct timespec64 ts;
	s64 deadline = S64_MAX;
	struct fd f;
	int ret;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	if (timeout) {
		if (get_timespec64(&ts, timeout))
			return -EFAULT;
		if (!timespec64_valid(&ts))
			return -EINVAL;
		deadline = ktime_add_safe(ktime_get_ns(), timespec64_to_ns(&ts));
	}
	ret = get_socket(fd, &f);
	if (ret)
		return ret;
	ret = receive_many(f.file, vec, n, flags, deadline);
	fdput(f);
	if (timeout && ret > 0) {
		ts = ns_to_timespec64(max(deadline - (s64)ktime_get_ns(), (s64)0));
		if (put_timespec64(&ts, timeout))
			ret = -EFAULT;
	}
	return ret;
}
