// SPDX-License-Identifier: MIT
/* pidfd: a file that names a process for good; readable (poll) once the process has ended. */
#include <base/err.h>
#include <base/errno.h>
#include <sync/rcu.h>
#include <fs/anon_inodes.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include <linux/pidfd.h>

static int pidfd_release(struct inode *inode, struct file *file)
{
	put_pid(file->private_data);
	return 0;
}

static __poll_t pidfd_poll(struct file *file, struct poll_table_struct *pts)
{
	struct pid *pid = file->private_data;
	struct task_struct *task;
	__poll_t mask = 0;

	poll_wait(file, &pid->wait_pidfd, pts);
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	if (!task || (READ_ONCE(task->exit_state) && thread_group_empty(task)))
		mask = EPOLLIN | EPOLLRDNORM;
	rcu_read_unlock();
	return mask;
}

static const struct file_operations pidfd_fops = {
	.release = pidfd_release,
	.poll = pidfd_poll,
};

struct file *pidfd_file(struct pid *pid, unsigned int flags)
{
	struct file *file =
		anon_inode_getfile("[pidfd]", &pidfd_fops, get_pid(pid), flags | O_RDWR);

	if (IS_ERR(file))
		put_pid(pid);
	return file;
}

/* The pid of a pidfd, without a reference; ERR_PTR(-EBADF) for another file. */
struct pid *pidfd_pid(const struct file *file)
{
	return file->f_op == &pidfd_fops ? file->private_data : ERR_PTR(-EBADF);
}

struct pid *pidfd_get_pid(unsigned int fd, unsigned int *flags)
{
	struct fd f = fdget(fd);
	struct pid *pid;

	if (!f.file)
		return ERR_PTR(-EBADF);
	pid = pidfd_pid(f.file);
	if (!IS_ERR(pid)) {
		get_pid(pid);
		*flags = f.file->f_flags;
	}
	fdput(f);
	return pid;
}

int pidfd_create(struct pid *pid, unsigned int flags)
{
	struct file *file;
	int fd;

	rcu_read_lock();
	fd = pid && pid_task(pid, PIDTYPE_TGID) ? 0 : -EINVAL;
	rcu_read_unlock();
	if (fd)
		return fd;
	fd = get_unused_fd_flags(O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = pidfd_file(pid, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

SYSCALL_DEFINE2(pidfd_open, pid_t, pid, unsigned int, flags)
{
	struct pid *p;
	int fd;

	if (flags & ~PIDFD_NONBLOCK)
		return -EINVAL;
	if (pid <= 0)
		return -EINVAL;
	p = find_get_pid(pid);
	if (!p)
		return -ESRCH;
	fd = pidfd_create(p, flags);
	put_pid(p);
	return fd;
}
