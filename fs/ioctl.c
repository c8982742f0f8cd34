/* SPDX-License-Identifier: MIT */
/* ioctl(2): the requests that every file knows, then the driver's. */
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <mm/address_space.h>
#include <seam/uaccess.h>

#include <asm/ioctls.h>
#include <linux/fs.h>

long vfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long err = -ENOTTY;

	if (file->f_op->unlocked_ioctl)
		err = file->f_op->unlocked_ioctl(file, cmd, arg);
	return err == -ENOIOCTLCMD ? -ENOTTY : err;
}

static int ioctl_nonblock(struct file *file, const int __user *arg)
{
	int on;

	if (get_user(on, arg))
		return -EFAULT;
	spin_lock(&file->f_lock);
	if (on)
		file->f_flags |= O_NONBLOCK;
	else
		file->f_flags &= ~O_NONBLOCK;
	spin_unlock(&file->f_lock);
	return 0;
}

static int ioctl_async(unsigned int fd, struct file *file, const int __user *arg)
{
	int on, err;

	if (get_user(on, arg))
		return -EFAULT;
	if (!on == !(file->f_flags & FASYNC))
		return 0;
	if (!file->f_op->fasync)
		return -ENOTTY;
	err = file->f_op->fasync(fd, file, on);
	return err < 0 ? err : 0;
}

static int ioctl_size(struct inode *inode, loff_t __user *arg)
{
	loff_t size;

	if (S_ISDIR(inode->i_mode) || S_ISREG(inode->i_mode) || S_ISLNK(inode->i_mode)) {
		size = i_size_read(inode);
		return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

/* Where block *@arg of the file lies on its device, 0: in no place. After what is dirty was written. */
static int ioctl_fibmap(struct file *file, int __user *arg)
{
	struct address_space *mapping = file->f_mapping;
	u64 block;
	int nr;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (get_user(nr, arg))
		return -EFAULT;
	if (nr < 0)
		return -EINVAL;
	if (!mapping->a_ops || !mapping->a_ops->bmap)
		return put_user(0, arg) ? -EFAULT : -EINVAL;
	block = mapping->a_ops->bmap(mapping, nr);
	if (block > INT_MAX)
		return put_user(0, arg) ? -EFAULT : -ERANGE;
	return put_user((int)block, arg);
}

SYSCALL_DEFINE3(ioctl, unsigned int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct fd f = fdget(fd);
	struct inode *inode;
	long err;

	if (!f.file)
		return -EBADF;
	inode = file_inode(f.file);
	switch (cmd) {
	case FIOCLEX:
		set_close_on_exec(fd, 1);
		err = 0;
		break;
	case FIONCLEX:
		set_close_on_exec(fd, 0);
		err = 0;
		break;
	case FIONBIO:
		err = ioctl_nonblock(f.file, (int __user *)arg);
		break;
	case FIOASYNC:
		err = ioctl_async(fd, f.file, (int __user *)arg);
		break;
	case FIOQSIZE:
		err = ioctl_size(inode, (loff_t __user *)arg);
		break;
	case FIGETBSZ:
		err = put_user(1 << inode->i_blkbits, (int __user *)arg);
		break;
	case FIBMAP:
		err = S_ISREG(inode->i_mode) ? ioctl_fibmap(f.file, (int __user *)arg)
					     : vfs_ioctl(f.file, cmd, arg);
		break;
	case FIONREAD:
		if (S_ISREG(inode->i_mode)) {
			err = put_user((int)(i_size_read(inode) - f.file->f_pos),
				       (int __user *)arg);
			break;
		}
		/* fall through */
	default:
		err = vfs_ioctl(f.file, cmd, arg);
		break;
	}
	fdput(f);
	return err;
}
