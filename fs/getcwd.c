// SPDX-License-Identifier: MIT
/* getcwd(2): the working directory as text, from the root of the caller. Linux 6.1: fs/d_path.c. */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <fs/dentry.h>
#include <fs/fs_struct.h>
#include <fs/path.h>
#include <linux/limits.h>
#include <seam/uaccess.h>
#include "fs_internal.h"

/* Text of @pwd at the end of @page, with its length including NUL; or an errno. */
static long cwd_text(const struct path *pwd, const struct path *root, char *page, char **text)
{
	static const char unreachable[] = "(unreachable)";
	char *end = page + PATH_MAX - 1;
	int ret;

	*end = 0;
	if (d_unlinked(pwd->dentry))
		return -ENOENT;
	ret = path_to_text(pwd, root, page + sizeof(unreachable), end, text);
	if (ret < 0)
		return ret;
	if (ret > 0) {		/* outside of the root */
		*text -= sizeof(unreachable) - 1;
		memcpy(*text, unreachable, sizeof(unreachable) - 1);
	}
	return end + 1 - *text;
}

SYSCALL_DEFINE2(getcwd, char __user *, buf, unsigned long, size)
{
	struct path pwd, root;
	char *page = kmalloc(PATH_MAX, GFP_KERNEL), *text;
	long len;

	if (!page)
		return -ENOMEM;
	get_fs_root(current->fs, &root);
	get_fs_pwd(current->fs, &pwd);
	len = cwd_text(&pwd, &root, page, &text);
	path_put(&pwd);
	path_put(&root);
	if (len > (long)size)
		len = -ERANGE;
	else if (len > 0 && copy_to_user(buf, text, len))
		len = -EFAULT;
	kfree(page);
	return len;
}
