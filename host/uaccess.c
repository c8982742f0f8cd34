// SPDX-License-Identifier: MIT
/* The checked primitives of user access, over the software MMU. The failure gate is asked where arch/x86_64 asks it. */
#include <base/string.h>
#include <kernel/task.h>
#include <mm/fault_inject.h>
#include <seam/uaccess.h>
#include "mmu_internal.h"

/* Move one word of @type; the compiler makes one access of each. */
#define MOVE(type, to, from)                                                                       \
	__atomic_store_n((type *)(to), __atomic_load_n((const type *)(from), __ATOMIC_RELAXED),    \
			 __ATOMIC_RELAXED)

void host_copy_racing(void *to, const void *from, unsigned int n)
{
	unsigned long misaligned = (unsigned long)to | (unsigned long)from;
	char *t = to;
	const char *f = from;
	unsigned int i = 0;

	if (!(misaligned & 7))
		for (; i + 8 <= n; i += 8)
			MOVE(u64, t + i, f + i);
	if (!(misaligned & 3))
		for (; i + 4 <= n; i += 4)
			MOVE(u32, t + i, f + i);
	for (; i < n; i++)
		MOVE(char, t + i, f + i);
}

/* Bytes not copied. @buf NULL: zeros. */
static unsigned long copy(unsigned long addr, char *buf, unsigned long n, bool write)
{
	static const char zeros[PAGE_SIZE];
	int how = faulthandler_disabled() ? HOST_COPY_ATOMIC : HOST_COPY_KERNEL;

	while (n) {
		unsigned long part = PAGE_SIZE - (addr & ~PAGE_MASK);

		if (part > n)
			part = n;
		if (host_user_copy(addr, buf ? buf : (char *)zeros, part, write, how) !=
		    HOST_ACCESS_OK)
			break;
		addr += part;
		buf = buf ? buf + part : NULL;
		n -= part;
	}
	return n;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	if (should_fail_usercopy() || !access_ok(to, n))
		return n;
	return copy((unsigned long)to, (char *)from, n, true);
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long left = n;

	if (!should_fail_usercopy() && access_ok(from, n))
		left = copy((unsigned long)from, to, n, false);
	memset((char *)to + (n - left), 0, left);
	return left;
}

unsigned long __copy_from_user_inatomic(void *to, const void __user *from, unsigned long n)
{
	return should_fail_usercopy() || !access_ok(from, n)
		       ? n
		       : copy((unsigned long)from, to, n, false);
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	return access_ok(to, n) ? copy((unsigned long)to, NULL, n, true) : n;
}

long strncpy_from_user(char *dst, const char __user *src, long count)
{
	for (long i = 0; i < count; i++) {
		if (copy_from_user(dst + i, src + i, 1))
			return -EFAULT;
		if (!dst[i])
			return i;
	}
	return count;
}

long strnlen_user(const char __user *str, long n)
{
	char c;

	for (long i = 0; i < n; i++) {
		if (copy_from_user(&c, str + i, 1))
			return 0;
		if (!c)
			return i + 1;
	}
	return n + 1;
}

size_t fault_in_readable(const char __user *uaddr, size_t size)
{
	unsigned long at = (unsigned long)uaddr, end = at + size;
	char c;

	for (; at < end; at = (at + PAGE_SIZE) & PAGE_MASK)
		if (copy_from_user(&c, (const char __user *)at, 1))
			return end - at;
	return 0;
}

size_t fault_in_writeable(char __user *uaddr, size_t size)
{
	unsigned long at = (unsigned long)uaddr, end = at + size;
	char c;

	for (; at < end; at = (at + PAGE_SIZE) & PAGE_MASK)
		if (copy_from_user(&c, (const char __user *)at, 1) ||
		    copy_to_user((char __user *)at, &c, 1))
			return end - at;
	return 0;
}
