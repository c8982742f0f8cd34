/* SPDX-License-Identifier: MIT */
/* Compare and exchange on a word of user memory. */
#ifndef SEAM_FUTEX_H
#define SEAM_FUTEX_H

#include <base/errno.h>
#include <base/types.h>
#include <seam/extable.h>
#include <seam/uaccess.h>

/*
 * If *@uaddr is @old, make it @new. *@seen: what was there. 0, or -EFAULT (with page faults disabled: when
 * the page is not there for writing). Full barrier.
 */
static inline int cmpxchg_user_u32(u32 *seen, u32 __user *uaddr, u32 old, u32 new)
{
	if (!access_ok(uaddr, sizeof(*uaddr)))
		return -EFAULT;
	stac();
	__asm__ volatile goto("1: lock cmpxchgl %2, %1\n" _ASM_EXTABLE_UA(1b, %l[fault])
			 : "+a"(old), "+m"(*uaddr) : "r"(new) : "memory", "cc" : fault);
	clac();
	*seen = old;
	return 0;
fault:
	clac();
	return -EFAULT;
}

#endif
