// SPDX-License-Identifier: MIT
/* getdents64 and getdents: names of a directory into a buffer, as many as fit. */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/inode.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <seam/uaccess.h>

/* On-disk names cannot hold a slash or be empty: a file system that says so is broken. */
static int verify_name(const char *name, int len)
{
	return len <= 0 || len >= 4096 || memchr(name, '/', len) ? -EIO : 0;
}

int iterate_dir(struct file *file, struct dir_context *ctx)
{
	struct inode *inode = file_inode(file);
	int res;

	if (!file->f_op->iterate_shared)
		return -ENOTDIR;
	res = fsnotify_read_perm(file);
	if (res)
		return res;
	if (down_read_killable(&inode->i_rwsem))
		return -EINTR;
	res = -ENOENT;
	if (!IS_DEADDIR(inode)) {
		ctx->pos = file->f_pos;
		res = file->f_op->iterate_shared(file, ctx);
		file->f_pos = ctx->pos;
		fsnotify_file(file, IN_ACCESS);
		file_accessed(file);
	}
	inode_unlock_shared(inode);
	return res;
}

struct linux_dirent64 {
	u64 d_ino;
	s64 d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

struct linux_dirent {
	unsigned long d_ino;
	unsigned long d_off;
	unsigned short d_reclen;
	char d_name[]; /* NUL-terminated; d_type is the last byte of the record */
};

struct getdents_buf {
	struct dir_context ctx;
	char __user *next;
	unsigned int left;
	int prev_reclen; /* of the record before: its d_off is written with the next one */
	int error;
};

/*
 * Write one record. The offset stored in a record is where the next one begins, which is known only
 * when that comes: so each call completes its predecessor.
 */
static bool filldir64(struct dir_context *ctx, const char *name, int namlen, loff_t offset, u64 ino,
		      unsigned int type)
{
	struct getdents_buf *b = container_of(ctx, struct getdents_buf, ctx);
	int reclen = ALIGN(offsetof(struct linux_dirent64, d_name) + namlen + 1, sizeof(u64));
	struct linux_dirent64 __user *d = (void __user *)b->next, *prev;

	b->error = verify_name(name, namlen);
	if (b->error)
		return false;
	b->error = -EINVAL; /* what getdents says when not even one fits */
	if (reclen > b->left)
		return false;
	if (b->prev_reclen && signal_pending(current))
		return false;
	prev = (void __user *)(b->next - b->prev_reclen);
	b->error = -EFAULT;
	if (b->prev_reclen && put_user(offset, &prev->d_off))
		return false;
	if (put_user(ino, &d->d_ino) || put_user((unsigned short)reclen, &d->d_reclen) ||
	    put_user((unsigned char)type, &d->d_type) || copy_to_user(d->d_name, name, namlen) ||
	    put_user((char)0, d->d_name + namlen))
		return false;
	b->error = 0;
	b->prev_reclen = reclen;
	b->next += reclen;
	b->left -= reclen;
	return true;
}

static bool filldir(struct dir_context *ctx, const char *name, int namlen, loff_t offset, u64 ino,
		    unsigned int type)
{
	struct getdents_buf *b = container_of(ctx, struct getdents_buf, ctx);
	int reclen = ALIGN(offsetof(struct linux_dirent, d_name) + namlen + 2, sizeof(long));
	struct linux_dirent __user *d = (void __user *)b->next, *prev;

	b->error = verify_name(name, namlen);
	if (b->error)
		return false;
	b->error = -EINVAL;
	if (reclen > b->left)
		return false;
	if (b->prev_reclen && signal_pending(current))
		return false;
	prev = (void __user *)(b->next - b->prev_reclen);
	b->error = -EFAULT;
	if (b->prev_reclen && put_user((unsigned long)offset, &prev->d_off))
		return false;
	if (put_user((unsigned long)ino, &d->d_ino) ||
	    put_user((unsigned short)reclen, &d->d_reclen) ||
	    copy_to_user(d->d_name, name, namlen) || put_user((char)0, d->d_name + namlen) ||
	    put_user((char)type, (char __user *)d + reclen - 1))
		return false;
	b->error = 0;
	b->prev_reclen = reclen;
	b->next += reclen;
	b->left -= reclen;
	return true;
}

/* @off_at: where d_off lies in a record. Bytes written or an errno. */
static long do_getdents(unsigned int fd, void __user *dirent, unsigned int count, filldir_t actor)
{
	struct getdents_buf b = { .ctx.actor = actor, .next = dirent, .left = count };
	struct fd f = fdget_pos(fd);
	long err;

	if (!f.file)
		return -EBADF;
	err = iterate_dir(f.file, &b.ctx);
	if (err >= 0)
		err = b.error;
	if (b.prev_reclen) {
		/* d_off is the second 8-byte word in both records. */
		s64 __user *off = (s64 __user *)(b.next - b.prev_reclen) + 1;

		err = put_user((s64)b.ctx.pos, off) ? -EFAULT : (long)(count - b.left);
	}
	fdput_pos(f);
	return err;
}

SYSCALL_DEFINE3(getdents64, unsigned int, fd, void __user *, dirent, unsigned int, count)
{
	return do_getdents(fd, dirent, count, filldir64);
}

SYSCALL_DEFINE3(getdents, unsigned int, fd, void __user *, dirent, unsigned int, count)
{
	return do_getdents(fd, dirent, count, filldir);
}
