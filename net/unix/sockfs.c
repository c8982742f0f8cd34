// SPDX-License-Identifier: MIT
/* Sockets as files: sockfs, which nobody mounts, with an inode per socket; read, write, poll, ioctl. socket(7). */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/mount.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <seam/uaccess.h>
#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include "unix_internal.h"

static struct vfsmount *sock_mnt;

/* --- transfer ---------------------------------------------------------------------------------------- */

static unsigned int transfer_flags(const struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT ? MSG_DONTWAIT
										   : 0;
}

static ssize_t sock_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct unix_xfer x = { .iter = to, .flags = transfer_flags(iocb) };
	ssize_t ret;

	if (iocb->ki_pos)
		return -ESPIPE;
	if (!iov_iter_count(to))
		return 0;
	ret = unix_receive(iocb->ki_filp->private_data, &x);
	scm_drop(&x.scm); /* descriptors that nobody wants */
	return ret;
}

static ssize_t sock_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct unix_xfer x = { .iter = from, .flags = transfer_flags(iocb) };

	if (iocb->ki_pos)
		return -ESPIPE;
	return unix_send(iocb->ki_filp->private_data, &x);
}

/* --- poll -------------------------------------------------------------------------------------------- */

/* What can be sent at once: a datagram socket also depends on its peer's queue. */
static bool poll_writable(struct unix_sock *sk)
{
	bool yes = unix_writable(sk);

	if (!yes || unix_has_connections(sk))
		return yes;
	spin_lock(&sk->lock);
	if (sk->peer && READ_ONCE(sk->peer->peer) != sk && unix_queue_full(sk->peer)) {
		unix_watch_peer(sk);
		yes = !unix_queue_full(sk->peer); /* it may have been emptied before we watched */
		if (yes)
			unix_unwatch_peer(sk);
	}
	spin_unlock(&sk->lock);
	return yes;
}

static __poll_t sock_poll(struct file *file, poll_table *wait)
{
	const __poll_t in = EPOLLIN | EPOLLRDNORM, out = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	struct unix_sock *sk = file->private_data;
	unsigned int shutdown, state;
	__poll_t mask = 0;

	poll_wait(file, &sk->wait, wait);
	smp_mb();
	shutdown = READ_ONCE(sk->shutdown);
	state = READ_ONCE(sk->state);
	if (READ_ONCE(sk->err))
		mask |= EPOLLERR;
	if (shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | in;
	if (READ_ONCE(sk->nr_messages) || READ_ONCE(sk->nr_embryos))
		mask |= in;
	if (unix_has_connections(sk) && state == UNIX_UNCONNECTED)
		mask |= EPOLLHUP;
	if ((!wait || wait->key & out) && poll_writable(sk))
		mask |= out;
	return mask;
}

/* --- ioctl ------------------------------------------------------------------------------------------- */

/* The file that @sk is bound to, opened with O_PATH. */
static long open_name(struct unix_sock *sk)
{
	struct file *file;
	struct path path;
	int fd;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (!unix_name_path(sk, &path))
		return -ENOENT;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd >= 0) {
		file = dentry_open(&path, O_PATH, current_cred());
		if (IS_ERR(file)) {
			put_unused_fd(fd);
			fd = PTR_ERR(file);
		} else {
			fd_install(fd, file);
		}
	}
	path_put(&path);
	return fd;
}

static long sock_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct unix_sock *sk = file->private_data;
	int __user *user = (int __user *)arg;
	int n;

	switch (cmd) {
	case SIOCINQ: /* FIONREAD */
		n = unix_inq(sk);
		return n < 0 ? n : put_user(n, user);
	case SIOCOUTQ: /* TIOCOUTQ */
		return put_user(atomic_read(&sk->wmem), user);
	case SIOCUNIXFILE:
		return open_name(sk);
	case FIOSETOWN:
	case SIOCSPGRP:
		if (get_user(n, user))
			return -EFAULT;
		return f_setown(file, n, 1);
	case FIOGETOWN:
	case SIOCGPGRP:
		return put_user(f_getown(file), user);
	}
	return -ENOIOCTLCMD;
}

/* --- the file ---------------------------------------------------------------------------------------- */

static int sock_fasync(int fd, struct file *file, int on)
{
	struct unix_sock *sk = file->private_data;

	return fasync_helper(fd, file, on, &sk->fasync);
}

static int sock_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		unix_release(file->private_data);
	return 0;
}

static void sock_show_fdinfo(struct seq_file *m, struct file *file)
{
	seq_printf(m, "scm_fds: %u\n", unix_waiting_files(file->private_data));
}

static const struct file_operations socket_fops = {
	.llseek = no_llseek,
	.read_iter = sock_read_iter,
	.write_iter = sock_write_iter,
	.poll = sock_poll,
	.unlocked_ioctl = sock_ioctl,
	.fasync = sock_fasync,
	.release = sock_release,
	.show_fdinfo = sock_show_fdinfo,
};

struct unix_sock *unix_from_file(struct file *file)
{
	return file->f_op == &socket_fops ? file->private_data : NULL;
}

struct file *unix_file_new(unsigned int flags)
{
	struct inode *inode = simple_new_inode(sock_mnt->mnt_sb, NULL, S_IFSOCK | S_IRWXUGO);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENFILE);
	file = alloc_file_pseudo(inode, sock_mnt, "", O_RDWR | (flags & O_NONBLOCK), &socket_fops);
	if (IS_ERR(file))
		iput(inode);
	else
		stream_open(inode, file);
	return file;
}

void unix_file_attach(struct file *file, struct unix_sock *sk)
{
	file->private_data = sk;
	WRITE_ONCE(sk->file, file);
}

static char *sockfs_dname(struct dentry *dentry, char *buffer, int buflen)
{
	return dynamic_dname(dentry, buffer, buflen, "socket:[%lu]", dentry->d_inode->i_ino);
}

static const struct dentry_operations sockfs_dentry_operations = {
	.d_dname = sockfs_dname,
};

static int sockfs_fill_super(struct super_block *sb, void *data)
{
	return init_pseudo_super(sb, SOCKFS_MAGIC, &sockfs_dentry_operations);
}

static struct file_system_type sock_fs_type = {
	.name = "sockfs",
	.fill_super = sockfs_fill_super,
	.kill_sb = kill_anon_super,
};

static int __init sockfs_init(void)
{
	int err = register_filesystem(&sock_fs_type);

	if (err)
		return err;
	sock_mnt = kern_mount(&sock_fs_type);
	return IS_ERR(sock_mnt) ? PTR_ERR(sock_mnt) : 0;
}
fs_initcall(sockfs_init);
