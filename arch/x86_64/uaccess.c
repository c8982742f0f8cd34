// SPDX-License-Identifier: MIT
/*
 * Access to user memory, the parts in C: range checks, zeroing of what was not read, strings, and
 * reads that may fail anywhere (nofault). The copy loops are in usercopy.S; get_user() and put_user()
 * are inline in seam/uaccess.h. How a fault comes back: extable.c.
 *
 * Failure injection: fail_usercopy= and /sys/kernel/debug/fail_usercopy make any of these fail
 * as if the first byte could not be reached.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/page.h>
#include <seam/processor.h>
#include <seam/uaccess.h>
#include <sync/preempt.h>
#include <mm/fault_inject.h>
#include <kernel/init.h>
#include <kernel/task.h>

#define ONES	0x0101010101010101UL
#define HIGHS	0x8080808080808080UL

unsigned long __clear_user_asm(void __user *to, unsigned long n);

bool uaccess_use_rep;	/* large copies by rep movsb: chosen by uaccess_init() */
extern s32 __start___smap_sites[], __stop___smap_sites[];

/* => with CR0.WP off; before any other CPU runs */
static void __init patch_smap_nops(void)
{
	static const u8 nop3[3] = { 0x0f, 0x1f, 0x00 };

	for (s32 *site = __start___smap_sites; site < __stop___smap_sites; site++)
		memcpy((u8 *)site + *site, nop3, sizeof(nop3));
	/* A serialising instruction, so that no old bytes are executed. */
	__asm__ volatile("cpuid" : : "a"(0), "c"(0) : "rbx", "rdx", "memory");
}

/* TCG executes, and counts, a rep instruction byte by byte. */
static bool __init is_tcg(void)
{
	u32 a, b, c, d;

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return false;
	cpuid(0x40000000, &a, &b, &c, &d);
	return b == 0x54474354 && c == 0x43544743 && d == 0x47435447;	/* "TCGTCGTCGTCG" */
}

void __init uaccess_init(void)
{
	if (!boot_cpu_has(X86_FEATURE_SMAP))
		patch_smap_nops();
	uaccess_use_rep = boot_cpu_has(X86_FEATURE_ERMS) && !is_tcg();
}

unsigned long _copy_to_user(void __user *to, const void *from, unsigned long n)
{
	might_fault();
	if (should_fail_usercopy() || !access_ok(to, n))
		return n;
	return raw_copy_user((void __force *)to, from, n);
}

unsigned long _copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long left = n;

	might_fault();
	if (!should_fail_usercopy() && access_ok(from, n))
		left = raw_copy_user(to, (const void __force *)from, n);
	if (unlikely(left))
		memset((char *)to + (n - left), 0, left);
	return left;
}

unsigned long __copy_from_user_inatomic(void *to, const void __user *from, unsigned long n)
{
	return should_fail_usercopy() ? n : raw_copy_user(to, (const void __force *)from, n);
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	might_fault();
	return access_ok(to, n) ? __clear_user_asm(to, n) : n;
}

/* Bytes of a string up to a NUL, none beyond @max; false on a fault. @len without the NUL. */
static bool copy_string_words(char *dst, const char __user *src, unsigned long max, unsigned long *len,
			      bool *terminated)
{
	unsigned long done = 0, word, zero;
	char c;

	*terminated = false;
	stac();
	while (max - done >= sizeof(word)) {
		unsafe_get_user(word, (const unsigned long __user *)(src + done), bytes);
		zero = (word - ONES) & ~word & HIGHS;
		if (zero) {
			unsigned int n = (unsigned int)__builtin_ctzl(zero) / 8;

			memcpy(dst + done, &word, n + 1);
			*len = done + n;
			*terminated = true;
			clac();
			return true;
		}
		memcpy(dst + done, &word, sizeof(word));
		done += sizeof(word);
	}
bytes:
	while (done < max) {
		unsafe_get_user(c, src + done, fault);
		dst[done] = c;
		if (!c) {
			*terminated = true;
			break;
		}
		done++;
	}
	clac();
	*len = done;
	return true;
fault:
	clac();
	return false;
}

long strncpy_from_user(char *dst, const char __user *src, long count)
{
	unsigned long addr = (unsigned long)src, max, len;
	bool terminated;

	might_fault();
	if (should_fail_usercopy())
		return -EFAULT;
	if (unlikely(count <= 0))
		return 0;
	if (unlikely(addr >= TASK_SIZE_MAX))
		return -EFAULT;
	max = min(TASK_SIZE_MAX - addr, (unsigned long)count);
	if (!copy_string_words(dst, src, max, &len, &terminated))
		return -EFAULT;
	if (terminated || len == (unsigned long)count)
		return (long)len;
	return -EFAULT;		/* ran into the end of user space */
}

long strnlen_user(const char __user *str, long n)
{
	unsigned long addr = (unsigned long)str, max, done = 0, word, zero;
	char c;

	might_fault();
	if (unlikely(n <= 0) || unlikely(addr >= TASK_SIZE_MAX))
		return 0;
	max = min(TASK_SIZE_MAX - addr, (unsigned long)n);
	stac();
	while (max - done >= sizeof(word)) {
		unsafe_get_user(word, (const unsigned long __user *)(str + done), bytes);
		zero = (word - ONES) & ~word & HIGHS;
		if (zero) {
			clac();
			return (long)(done + (unsigned int)__builtin_ctzl(zero) / 8 + 1);
		}
		done += sizeof(word);
	}
bytes:
	while (done < max) {
		unsafe_get_user(c, str + done, fault);
		done++;
		if (!c) {
			clac();
			return (long)done;
		}
	}
	clac();
	return max == (unsigned long)n ? n + 1 : 0;
fault:
	clac();
	return 0;
}

int check_zeroed_user(const void __user *from, size_t size)
{
	const char __user *p = from;
	u64 v;

	while (size) {
		size_t n = min(size, sizeof(v));

		v = 0;
		if (copy_from_user(&v, p, n))
			return -EFAULT;
		if (v)
			return 0;
		p += n;
		size -= n;
	}
	return 1;
}

int copy_struct_from_user(void *dst, size_t ksize, const void __user *src, size_t usize)
{
	size_t size = min(ksize, usize);

	if (usize < ksize) {
		memset((char *)dst + size, 0, ksize - size);
	} else if (usize > ksize) {
		int ret = check_zeroed_user((const char __user *)src + size, usize - size);

		if (ret <= 0)
			return ret ?: -E2BIG;
	}
	return copy_from_user(dst, src, size) ? -EFAULT : 0;
}

/* ---- without waiting ---- */

#define NOFAULT_LOOP(type, dst, src, size, label)			\
	while ((size) >= sizeof(type)) {				\
		type __v;						\
		__asm__ volatile goto("1: mov %1, %0\n" _ASM_EXTABLE(1b, %l2)	\
			: "=r"(__v) : "m"(*(const type *)(src)) : : label);	\
		__asm__ volatile goto("1: mov %0, %1\n" _ASM_EXTABLE(1b, %l2)	\
			: : "r"(__v), "m"(*(type *)(dst)) : "memory" : label);	\
		(dst) = (char *)(dst) + sizeof(type);			\
		(src) = (const char *)(src) + sizeof(type);		\
		(size) -= sizeof(type);					\
	}

static long copy_nofault(void *dst, const void *src, size_t size)
{
	pagefault_disable();
	NOFAULT_LOOP(u64, dst, src, size, fault);
	NOFAULT_LOOP(u32, dst, src, size, fault);
	NOFAULT_LOOP(u16, dst, src, size, fault);
	NOFAULT_LOOP(u8, dst, src, size, fault);
	pagefault_enable();
	return 0;
fault:
	pagefault_enable();
	return -EFAULT;
}

/* Upper half, and not within reach of its lower end: user addresses have functions of their own. */
static bool kernel_range(const void *p)
{
	return (long)p < 0;
}

long copy_from_kernel_nofault(void *dst, const void *src, size_t size)
{
	return kernel_range(src) ? copy_nofault(dst, src, size) : -ERANGE;
}

long copy_to_kernel_nofault(void *dst, const void *src, size_t size)
{
	return kernel_range(dst) ? copy_nofault(dst, src, size) : -ERANGE;
}

long copy_from_user_nofault(void *dst, const void __user *src, size_t size)
{
	unsigned long left = size;

	if (access_ok(src, size)) {
		pagefault_disable();
		left = raw_copy_user(dst, (const void __force *)src, size);
		pagefault_enable();
	}
	return left ? -EFAULT : 0;
}

/* ---- making pages present ahead of an atomic copy ---- */

size_t fault_in_readable(const char __user *uaddr, size_t size)
{
	const char __user *p = uaddr, *end = uaddr + size;
	char c;

	if (!size)
		return 0;
	if (!access_ok(uaddr, size))
		return size;
	for (;;) {
		if (__get_user(c, p))
			return (size_t)(end - p);
		(void)c;
		p = (const char __user *)(((unsigned long)p + PAGE_SIZE) & PAGE_MASK);
		if (p >= end)
			return 0;
	}
}

size_t fault_in_writeable(char __user *uaddr, size_t size)
{
	char __user *p = uaddr, *end = uaddr + size;

	if (!size)
		return 0;
	if (!access_ok(uaddr, size))
		return size;
	for (;;) {
		/* Add nothing, atomically: other threads may be using the byte. */
		__label__ fault, next;

		stac();
		__asm__ volatile goto("1: lock; addb $0, %0\n" _ASM_EXTABLE_UA(1b, %l1)
				      : : "m"(*(volatile char __force *)p) : "memory", "cc" : fault);
		goto next;
fault:
		clac();
		return (size_t)(end - p);
next:
		clac();
		p = (char __user *)(((unsigned long)p + PAGE_SIZE) & PAGE_MASK);
		if (p >= end)
			return 0;
	}
}

#if QUIRE_DEBUG
void might_fault(void)
{
	extern void __might_sleep(const char *file, int line);

	if (!current->pagefault_disabled && current->mm)
		__might_sleep(__FILE__, __LINE__);
}
#endif
