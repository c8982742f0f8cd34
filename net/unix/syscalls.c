// SPDX-License-Identifier: MIT
/*
 * The system calls of sockets, up to those with a struct msghdr (msghdr.c). AF_UNIX is the only family: any other is
 * EAFNOSUPPORT. socket(2), bind(2), ...; Linux 6.1: net/socket.c, whose order of errors this keeps.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/iov_iter.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include "unix_internal.h"

static int somaxconn = 4096; /* net.core.somaxconn */

/* --- arguments --------------------------------------------------------------------------------------- */

/* The socket of @fd, until fdput(): or NULL and -EBADF, -ENOTSOCK in *@err. */
static struct unix_sock *sock_of(int fd, struct fd *f, int *err)
{
	struct unix_sock *sk;

	*f = fdget(fd);
	*err = f->file ? 0 : -EBADF;
	if (!f->file)
		return NULL;
	sk = unix_from_file(f->file);
	if (!sk) {
		*err = -ENOTSOCK;
		fdput(*f);
	}
	return sk;
}

static bool nonblocking(const struct fd *f)
{
	return f->file->f_flags & O_NONBLOCK;
}

int unix_name_from_user(void *to, const void __user *from, int len)
{
	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	return copy_from_user(to, from, len) ? -EFAULT : 0;
}

/* A socket without a name has the family alone. */
int unix_name_to_user(const struct unix_address *addr, void __user *to, int __user *ulen)
{
	const __kernel_sa_family_t family = AF_UNIX;
	int size = addr ? addr->len : (int)sizeof(family), len;

	if (get_user(len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min(len, size);
	if (copy_to_user(to, addr ? (const void *)&addr->sun : &family, len))
		return -EFAULT;
	return put_user(size, ulen);
}

/* --- making ------------------------------------------------------------------------------------------ */

static struct unix_sock *create(int family, int type, int protocol)
{
	if (family < 0 || family >= AF_MAX)
		return ERR_PTR(-EAFNOSUPPORT);
	if (type < 0 || type >= SOCK_MAX)
		return ERR_PTR(-EINVAL);
	if (family != AF_UNIX)
		return ERR_PTR(-EAFNOSUPPORT);
	if (protocol && protocol != AF_UNIX)
		return ERR_PTR(-EPROTONOSUPPORT);
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return ERR_PTR(-ESOCKTNOSUPPORT);
	return unix_sock_new(type);
}

/* A file with a new socket. ERR_PTR */
static struct file *create_file(int family, int type, int protocol)
{
	struct unix_sock *sk = create(family, type & SOCK_TYPE_MASK, protocol);
	struct file *file;

	if (IS_ERR(sk))
		return ERR_CAST(sk);
	file = unix_file_new(type & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	if (IS_ERR(file))
		unix_release(sk);
	else
		unix_file_attach(file, sk);
	return file;
}

static int fd_flags(int type)
{
	return type & SOCK_CLOEXEC ? O_CLOEXEC : 0;
}

int sock_socket(int family, int type, int protocol)
{
	struct file *file;
	int fd;

	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	file = create_file(family, type, protocol);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(fd_flags(type));
	if (fd < 0)
		fput(file);
	else
		fd_install(fd, file);
	return fd;
}

SYSCALL_DEFINE3(socket, int, family, int, type, int, protocol)
{
	return sock_socket(family, type, protocol);
}

/* Two files, connected. */
static int create_pair(int family, int type, int protocol, struct file *files[2])
{
	files[0] = create_file(family, type, protocol);
	if (IS_ERR(files[0]))
		return PTR_ERR(files[0]);
	files[1] = create_file(family, type, protocol);
	if (IS_ERR(files[1])) {
		fput(files[0]);
		return PTR_ERR(files[1]);
	}
	unix_join(files[0]->private_data, files[1]->private_data);
	return 0;
}

SYSCALL_DEFINE4(socketpair, int, family, int, type, int, protocol, int __user *, pair)
{
	struct file *files[2] = { NULL, NULL };
	int fd[2], err;

	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	fd[0] = get_unused_fd_flags(fd_flags(type));
	if (fd[0] < 0)
		return fd[0];
	err = fd[1] = get_unused_fd_flags(fd_flags(type));
	if (err < 0)
		goto put_first;
	err = copy_to_user(pair, fd, sizeof(fd)) ? -EFAULT
						 : create_pair(family, type, protocol, files);
	if (err)
		goto put_both;
	fd_install(fd[0], files[0]);
	fd_install(fd[1], files[1]);
	return 0;
put_both:
	put_unused_fd(fd[1]);
put_first:
	put_unused_fd(fd[0]);
	return err;
}

/* --- names and connections --------------------------------------------------------------------------- */

typedef int (*named_call_t)(struct unix_sock *sk, const struct sockaddr_un *sun, int len,
			    bool nonblock);

static int with_name(int fd, const void __user *name, int len, named_call_t call)
{
	union {
		struct sockaddr_un sun;
		char bytes[SOCKADDR_MAX];
	} room = { 0 };
	struct unix_sock *sk;
	struct fd f;
	int err;

	sk = sock_of(fd, &f, &err);
	if (!sk)
		return err;
	err = unix_name_from_user(&room, name, len);
	if (!err)
		err = call(sk, &room.sun, len, nonblocking(&f));
	fdput(f);
	return err;
}

static int call_bind(struct unix_sock *sk, const struct sockaddr_un *sun, int len, bool nonblock)
{
	return unix_bind(sk, sun, len);
}

SYSCALL_DEFINE3(bind, int, fd, const void __user *, name, int, len)
{
	return with_name(fd, name, len, call_bind);
}

SYSCALL_DEFINE3(connect, int, fd, const void __user *, name, int, len)
{
	return with_name(fd, name, len, unix_connect);
}

int sock_connect(struct file *file, const void *name, int len, bool nonblock)
{
	struct unix_sock *sk = unix_from_file(file);

	return sk ? unix_connect(sk, name, len, nonblock || file->f_flags & O_NONBLOCK) : -ENOTSOCK;
}

SYSCALL_DEFINE2(listen, int, fd, int, backlog)
{
	unsigned int most = READ_ONCE(somaxconn);
	struct fd f;
	int err;
	struct unix_sock *sk = sock_of(fd, &f, &err);

	if (!sk)
		return err;
	err = unix_listen(sk, min((unsigned int)backlog, most));
	fdput(f);
	return err;
}

/* => @file, without a socket yet, is the connection's */
static int accept_into(struct unix_sock *sk, bool nonblock, struct file *file, void __user *name,
		       int __user *len)
{
	struct unix_sock *fresh = unix_accept(sk, nonblock);
	struct unix_address *addr;
	int err;

	if (IS_ERR(fresh))
		return PTR_ERR(fresh);
	unix_file_attach(file, fresh);
	if (!name)
		return 0;
	addr = unix_address_get(fresh->peer);
	err = unix_name_to_user(addr, name, len);
	unix_address_put(addr);
	return err;
}

int sock_accept(struct file *listener, void __user *name, int __user *len, int flags, bool nonblock)
{
	struct unix_sock *sk = unix_from_file(listener);
	struct file *file;
	int err, new;

	if (!sk)
		return -ENOTSOCK;
	new = get_unused_fd_flags(fd_flags(flags));
	if (new < 0)
		return new;
	file = unix_file_new(flags & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto put_number;
	err = accept_into(sk, nonblock || listener->f_flags & O_NONBLOCK, file, name, len);
	if (err) {
		fput(file);
		goto put_number;
	}
	fd_install(new, file);
	return new;
put_number:
	put_unused_fd(new);
	return err;
}

static int do_accept(int fd, void __user *name, int __user *len, int flags)
{
	struct fd f;
	int ret;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	ret = sock_accept(f.file, name, len, flags, false);
	fdput(f);
	return ret;
}

SYSCALL_DEFINE4(accept4, int, fd, void __user *, name, int __user *, len, int, flags)
{
	return do_accept(fd, name, len, flags);
}

SYSCALL_DEFINE3(accept, int, fd, void __user *, name, int __user *, len)
{
	return do_accept(fd, name, len, 0);
}

SYSCALL_DEFINE3(getsockname, int, fd, void __user *, name, int __user *, len)
{
	struct unix_address *addr;
	struct fd f;
	int err;
	struct unix_sock *sk = sock_of(fd, &f, &err);

	if (!sk)
		return err;
	addr = unix_address_get(sk);
	err = unix_name_to_user(addr, name, len);
	unix_address_put(addr);
	fdput(f);
	return err;
}

SYSCALL_DEFINE3(getpeername, int, fd, void __user *, name, int __user *, len)
{
	struct unix_address *addr;
	struct unix_sock *peer;
	struct fd f;
	int err;
	struct unix_sock *sk = sock_of(fd, &f, &err);

	if (!sk)
		return err;
	peer = unix_peer_get(sk);
	fdput(f);
	if (!peer)
		return -ENOTCONN;
	addr = unix_address_get(peer);
	unix_put(peer);
	err = unix_name_to_user(addr, name, len);
	unix_address_put(addr);
	return err;
}

int sock_shutdown(struct file *file, int how)
{
	struct unix_sock *sk = unix_from_file(file);

	if (!sk)
		return -ENOTSOCK;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	unix_shutdown(sk, how + 1); /* SHUT_* are one less than RCV_SHUTDOWN, SEND_SHUTDOWN */
	return 0;
}

SYSCALL_DEFINE2(shutdown, int, fd, int, how)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = sock_shutdown(f.file, how);
	fdput(f);
	return err;
}

/* --- options ----------------------------------------------------------------------------------------- */

SYSCALL_DEFINE5(setsockopt, int, fd, int, level, int, name, const void __user *, val, int, len)
{
	struct fd f;
	int err;
	struct unix_sock *sk;

	if (len < 0)
		return -EINVAL;
	sk = sock_of(fd, &f, &err);
	if (!sk)
		return err;
	err = unix_setsockopt(sk, level, name, val, len);
	fdput(f);
	return err;
}

SYSCALL_DEFINE5(getsockopt, int, fd, int, level, int, name, void __user *, val, int __user *, len)
{
	struct fd f;
	int err;
	struct unix_sock *sk = sock_of(fd, &f, &err);

	if (!sk)
		return err;
	err = unix_getsockopt(sk, level, name, val, len);
	fdput(f);
	return err;
}

/* --- bytes ------------------------------------------------------------------------------------------- */

SYSCALL_DEFINE6(sendto, int, fd, void __user *, buf, size_t, len, unsigned int, flags,
		const void __user *, name, int, name_len)
{
	union {
		struct sockaddr_un sun;
		char bytes[SOCKADDR_MAX];
	} to = { 0 };
	struct iov_iter iter;
	struct unix_xfer x = { .iter = &iter, .flags = flags };
	struct unix_sock *sk;
	struct fd f;
	ssize_t ret;
	int err = import_ubuf(ITER_SOURCE, buf, len, &iter);

	if (err)
		return err;
	sk = sock_of(fd, &f, &err);
	if (!sk)
		return err;
	ret = name ? unix_name_from_user(&to, name, name_len) : 0;
	if (!ret) {
		if (name && name_len) {
			x.to = &to.sun;
			x.to_len = name_len;
		}
		if (nonblocking(&f))
			x.flags |= MSG_DONTWAIT;
		ret = unix_send(sk, &x);
	}
	fdput(f);
	return ret;
}

SYSCALL_DEFINE6(recvfrom, int, fd, void __user *, buf, size_t, len, unsigned int, flags,
		void __user *, name, int __user *, name_len)
{
	struct iov_iter iter;
	struct unix_xfer x = { .iter = &iter, .flags = flags, .want_name = name };
	struct unix_sock *sk;
	struct fd f;
	ssize_t ret;
	int err = import_ubuf(ITER_DEST, buf, len, &iter);

	if (err)
		return err;
	sk = sock_of(fd, &f, &err);
	if (!sk)
		return err;
	if (nonblocking(&f))
		x.flags |= MSG_DONTWAIT;
	ret = unix_receive(sk, &x);
	scm_drop(&x.scm);
	if (ret >= 0 && name) {
		err = x.from ? unix_name_to_user(x.from, name, name_len) : put_user(0, name_len);
		if (err)
			ret = err;
	}
	unix_address_put(x.from);
	fdput(f);
	return ret;
}

ssize_t sock_send(struct file *file, void __user *buf, size_t len, unsigned int flags)
{
	struct unix_sock *sk = unix_from_file(file);
	struct iov_iter iter;
	struct unix_xfer x = { .iter = &iter, .flags = flags };
	int err = sk ? import_ubuf(ITER_SOURCE, buf, len, &iter) : -ENOTSOCK;

	if (file->f_flags & O_NONBLOCK)
		x.flags |= MSG_DONTWAIT;
	return err ? err : unix_send(sk, &x);
}

ssize_t sock_recv(struct file *file, void __user *buf, size_t len, unsigned int flags)
{
	struct unix_sock *sk = unix_from_file(file);
	struct iov_iter iter;
	struct unix_xfer x = { .iter = &iter, .flags = flags };
	int err = sk ? import_ubuf(ITER_DEST, buf, len, &iter) : -ENOTSOCK;
	ssize_t ret;

	if (err)
		return err;
	if (file->f_flags & O_NONBLOCK)
		x.flags |= MSG_DONTWAIT;
	ret = unix_receive(sk, &x);
	scm_drop(&x.scm);
	unix_address_put(x.from);
	return ret;
}

/* --- /proc ------------------------------------------------------------------------------------------- */

static struct ctl_table unix_table[] = { { .path = "net/core/somaxconn",
					   .mode = 0644,
					   .type = CTL_INT,
					   .data = &somaxconn,
					   .max = 65535 },
					 { .path = "net/unix/max_dgram_qlen",
					   .mode = 0644,
					   .type = CTL_INT,
					   .data = &unix_max_dgram_qlen,
					   .max = S32_MAX },
					 { 0 } };

static int unix_show(struct seq_file *m, void *v)
{
	unix_show_all(m);
	return 0;
}

static int __init unix_proc_init(void)
{
	register_sysctl_table(unix_table);
	return proc_create_net("unix", unix_show);
}
late_initcall(unix_proc_init);
