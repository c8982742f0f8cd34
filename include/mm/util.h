/* SPDX-License-Identifier: MIT */
/* Copies of user memory in the heap (kfree). ERR_PTR(-EFAULT, -ENOMEM, -EINVAL). May sleep. */
#ifndef QUIRE_MM_UTIL_H
#define QUIRE_MM_UTIL_H

#include <base/types.h>

void *vmemdup_user(const void __user *src, size_t len);		/* kvfree */
/* With a NUL behind. */
char *memdup_user_nul(const void __user *src, size_t len);

#endif
