/* SPDX-License-Identifier: MIT */
/* User memory copied into the heap. */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <seam/uaccess.h>

void *memdup_user(const void __user *src, size_t len)
{
	void *p = kmalloc(len, GFP_USER | __GFP_NOWARN);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(p, src, len)) {
		kfree(p);
		return ERR_PTR(-EFAULT);
	}
	return p;
}

void *vmemdup_user(const void __user *src, size_t len)
{
	void *p = kvmalloc(len, GFP_USER);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(p, src, len)) {
		kvfree(p);
		return ERR_PTR(-EFAULT);
	}
	return p;
}

char *memdup_user_nul(const void __user *src, size_t len)
{
	char *p = kmalloc(len + 1, GFP_KERNEL);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(p, src, len)) {
		kfree(p);
		return ERR_PTR(-EFAULT);
	}
	p[len] = 0;
	return p;
}

char *strndup_user(const char __user *s, long max)
{
	long len = strnlen_user(s, max);
	char *p;

	if (!len)
		return ERR_PTR(-EFAULT);
	if (len > max)
		return ERR_PTR(-EINVAL);
	p = memdup_user(s, len);
	if (!IS_ERR(p))
		p[len - 1] = 0;
	return p;
}
