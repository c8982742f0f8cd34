// SPDX-License-Identifier: MIT
/*
 * Operations upon names: OPENAT, OPENAT2, STATX, MKDIRAT, UNLINKAT, RENAMEAT, SYMLINKAT, LINKAT. The names are copied when
 * the request is submitted; the walk is a worker's. io_uring_enter(2). Linux 6.1: io_uring/fs.c, openclose.c, statx.c.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/namei.h>
#include <fs/stat.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include "ops.h"

/* @err is 0, or what was wrong with the name in *@slot, which then holds nothing. */
static int keep(struct filename **slot, struct filename *name)
{
	if (IS_ERR(name))
		return PTR_ERR(name);
	*slot = name;
	return 0;
}

/* For who consumes it. */
static struct filename *take(struct filename **slot)
{
	struct filename *name = *slot;

	*slot = NULL;
	return name;
}

void io_cleanup_paths(struct io_kiocb *req)
{
	if (req->paths.name)
		putname(req->paths.name);
	if (req->paths.name2)
		putname(req->paths.name2);
}

static const char __user *user_name(u64 addr)
{
	return (const char __user *)addr;
}

/* What none of them uses. Registered files are no directories. */
static int prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	if (sqe->buf_index)
		return -EINVAL;
	if (req->flags & IOSQE_FIXED_FILE)
		return -EBADF;
	req->paths.dfd = sqe->fd;
	return 0;
}

/* ---- open ---- */

static int prep_open(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	int err = prep(req, sqe);

	if (!err && sqe->file_index) /* into a registered slot: not here */
		err = -EINVAL;
	return err ?: keep(&req->paths.name, getname(user_name(sqe->addr)));
}

int io_prep_openat(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_paths *p = &req->paths;
	struct open_how how = build_open_how((int)(sqe->open_flags | O_LARGEFILE), sqe->len);

	*p = (struct io_paths){ .flags = (u32)how.flags, .mode = (umode_t)how.mode };
	return prep_open(req, sqe);
}

int io_prep_openat2(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct open_how how;
	int err;

	if (sqe->len < sizeof(how))
		return -EINVAL;
	err = copy_struct_from_user(&how, sizeof(how), (const void __user *)sqe->addr2, sqe->len);
	if (err)
		return err;
	if (!(how.flags & O_PATH))
		how.flags |= O_LARGEFILE;
	if (how.flags != (u32)how.flags || how.mode != (umode_t)how.mode)
		return -EINVAL;
	req->paths = (struct io_paths){ .flags = (u32)how.flags,
					.mode = (umode_t)how.mode,
					.resolve = how.resolve };
	return prep_open(req, sqe);
}

int io_issue_openat(struct io_kiocb *req, unsigned int how)
{
	const struct io_paths *p = &req->paths;
	struct open_how oh = { .flags = p->flags, .mode = p->mode, .resolve = p->resolve };

	struct open_flags op;
	int err = build_open_flags(&oh, &op);

	return err ?: io_fix_errno(do_open_name(p->dfd, p->name, &op, p->flags));
}

/* ---- the others ---- */

int io_prep_statx(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	int err = sqe->splice_fd_in ? -EINVAL : prep(req, sqe);
	struct io_paths *p = &req->paths;

	p->mask = sqe->len;
	p->flags = sqe->statx_flags;
	p->addr = sqe->addr2;
	return err ?: keep(&p->name, getname_uflags(user_name(sqe->addr), (int)p->flags));
}

int io_issue_statx(struct io_kiocb *req, unsigned int how)
{
	const struct io_paths *p = &req->paths;

	return do_statx(p->dfd, p->name, p->flags, p->mask, (struct statx __user *)p->addr);
}

int io_prep_mkdirat(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	int err = sqe->off || sqe->rw_flags || sqe->splice_fd_in ? -EINVAL : prep(req, sqe);

	req->paths.mode = (umode_t)sqe->len;
	return err ?: keep(&req->paths.name, getname(user_name(sqe->addr)));
}

int io_issue_mkdirat(struct io_kiocb *req, unsigned int how)
{
	return do_mkdirat(req->paths.dfd, take(&req->paths.name), req->paths.mode);
}

int io_prep_unlinkat(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	int err = sqe->off || sqe->len || sqe->splice_fd_in ? -EINVAL : prep(req, sqe);

	req->paths.flags = sqe->unlink_flags;
	if (!err && req->paths.flags & ~AT_REMOVEDIR)
		err = -EINVAL;
	return err ?: keep(&req->paths.name, getname(user_name(sqe->addr)));
}

int io_issue_unlinkat(struct io_kiocb *req, unsigned int how)
{
	struct filename *name = take(&req->paths.name);

	return req->paths.flags & AT_REMOVEDIR ? do_rmdir(req->paths.dfd, name)
					       : do_unlinkat(req->paths.dfd, name);
}

/* Two names. @flags: AT_* of the first one's look-up. */
static int prep_two(struct io_kiocb *req, const struct io_uring_sqe *sqe, int flags)
{
	struct io_paths *p = &req->paths;
	int err = prep(req, sqe);

	p->dfd2 = (int)sqe->len;
	err = err ?: keep(&p->name, getname_uflags(user_name(sqe->addr), flags));
	return err ?: keep(&p->name2, getname(user_name(sqe->addr2)));
}

int io_prep_renameat(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	req->paths.flags = sqe->rename_flags;
	return sqe->splice_fd_in ? -EINVAL : prep_two(req, sqe, 0);
}

int io_issue_renameat(struct io_kiocb *req, unsigned int how)
{
	struct io_paths *p = &req->paths;

	return do_renameat2(p->dfd, take(&p->name), p->dfd2, take(&p->name2), p->flags);
}

int io_prep_linkat(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	req->paths.flags = sqe->hardlink_flags;
	return sqe->rw_flags != sqe->hardlink_flags || sqe->splice_fd_in
		       ? -EINVAL
		       : prep_two(req, sqe, (int)sqe->hardlink_flags);
}

int io_issue_linkat(struct io_kiocb *req, unsigned int how)
{
	struct io_paths *p = &req->paths;

	return do_linkat(p->dfd, take(&p->name), p->dfd2, take(&p->name2), (int)p->flags);
}

/* The target is text; the new name is the second. */
int io_prep_symlinkat(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_paths *p = &req->paths;
	int err = sqe->len || sqe->rw_flags || sqe->splice_fd_in ? -EINVAL : prep(req, sqe);

	err = err ?: keep(&p->name, getname(user_name(sqe->addr)));
	return err ?: keep(&p->name2, getname(user_name(sqe->addr2)));
}

int io_issue_symlinkat(struct io_kiocb *req, unsigned int how)
{
	struct io_paths *p = &req->paths;

	return do_symlinkat(take(&p->name), p->dfd, take(&p->name2));
}
