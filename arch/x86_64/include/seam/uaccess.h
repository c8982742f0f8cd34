/* SPDX-License-Identifier: MIT */
/*
 * Access to user memory, and to kernel memory that may not be there.
 *
 * Every access goes through an instruction with an entry in the exception table, between stac and
 * clac (SMAP). get_user/put_user are inline: one check, one access. The copies are out of line.
 *   copy_*_user         return the bytes NOT copied; the rest of a destination in the kernel is zeroed
 *   get_user, put_user  return 0 or -EFAULT
 *   ..._nofault         never sleep, never send a signal: any context
 *   __copy_..., __get_  skip access_ok(); the caller has checked
 * The others may sleep (a page fault), unless between pagefault_disable() and pagefault_enable().
 */
#ifndef SEAM_UACCESS_H
#define SEAM_UACCESS_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <seam/page.h>
#include <seam/extable.h>
#include <seam/percpu.h>
#include <seam/current.h>
#include <seam/preempt.h>

/* CPUs without SMAP: trap_init() turns each of these sites into a three-byte nop. */
#define __SMAP_SITE(bytes)						\
	"771: .byte " bytes "\n"					\
	" .pushsection __smap_sites, \"a\"\n .balign 4\n .long 771b - .\n .popsection\n"
#define __STAC	__SMAP_SITE("0x0f, 0x01, 0xcb")
#define __CLAC	__SMAP_SITE("0x0f, 0x01, 0xca")

static __always_inline void stac(void) { __asm__ volatile(__STAC : : : "memory", "cc"); }
static __always_inline void clac(void) { __asm__ volatile(__CLAC : : : "memory", "cc"); }

/* Do the @size bytes at user address @addr lie below the end of user space? */
static __always_inline bool __access_ok(unsigned long addr, unsigned long size)
{
	return size <= TASK_SIZE_MAX && addr <= TASK_SIZE_MAX - size;
}
#define access_ok(addr, size)	likely(__access_ok((unsigned long)(addr), (unsigned long)(size)))

/* A fault in here is fixed up at once instead of being served: count per task (kernel/task.h). */
#define pagefault_disable()	do { current->pagefault_disabled++; __asm__ volatile("" : : : "memory"); } while (0)
#define pagefault_enable()	do { __asm__ volatile("" : : : "memory"); current->pagefault_disabled--; } while (0)
#define pagefault_disabled()	(current->pagefault_disabled != 0)
/* Would a page fault have to be refused here? */
#define faulthandler_disabled()	(pagefault_disabled() || preempt_count() != 0)

#if QUIRE_DEBUG
void might_fault(void);		/* reports sleeping while atomic */
#else
#define might_fault()	do { } while (0)
#endif

/* Bytes not copied. No access_ok, no zeroing. */
unsigned long __must_check raw_copy_user(void *to, const void *from, unsigned long n);
unsigned long __must_check _copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check _copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long __must_check __copy_from_user_inatomic(void *to, const void __user *from, unsigned long n);
/* Zero user memory; bytes not zeroed. */
unsigned long __must_check clear_user(void __user *to, unsigned long n);

/* Copy a string with its NUL: its length without NUL, @count when it is longer, or -EFAULT. */
long __must_check strncpy_from_user(char *dst, const char __user *src, long count);
/* Length including the NUL, > @n when longer than @n, 0 on a fault. */
long __must_check strnlen_user(const char __user *str, long n);

/*
 * copy_struct_from_user - an extensible structure: copy @usize bytes of user's into the @ksize of ours.
 * 0, -E2BIG (bytes beyond ours are not zero), -EFAULT.
 */
int __must_check copy_struct_from_user(void *dst, size_t ksize, const void __user *src, size_t usize);
/* 1: all zero, 0: not, -EFAULT. */
int __must_check check_zeroed_user(const void __user *from, size_t size);

/* Kernel addresses that may be unmapped; any context. 0 or -EFAULT. */
long copy_from_kernel_nofault(void *dst, const void *src, size_t size);
long copy_to_kernel_nofault(void *dst, const void *src, size_t size);
/* User addresses of the running task without waiting for a page. 0 or -EFAULT. */
long copy_from_user_nofault(void *dst, const void __user *src, size_t size);

/* Touch the first and last byte and each page between: bytes not faulted in (0 = all there). */
size_t fault_in_readable(const char __user *uaddr, size_t size);
size_t fault_in_writeable(char __user *uaddr, size_t size);

static __always_inline unsigned long __must_check
copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return _copy_to_user(to, from, n);
}

static __always_inline unsigned long __must_check
copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return _copy_from_user(to, from, n);
}

void __bad_user_size(void);

#define __uget(insn, reg, x, ptr, label)					\
	__asm__ volatile goto("1: " insn " %1, %0\n" _ASM_EXTABLE_UA(1b, %l2)		\
		     : reg(x) : "m"(*(ptr)) : : label)
#define __uput(insn, reg, x, ptr, label)					\
	__asm__ volatile goto("1: " insn " %0, %1\n" _ASM_EXTABLE_UA(1b, %l2)		\
		     : : reg(x), "m"(*(ptr)) : "memory" : label)

/* Between stac() and clac(): jump to @label on a fault. */
#define unsafe_get_user(x, ptr, label)						\
do {										\
	const __typeof__(*(ptr)) __user *__gp = (ptr);				\
	switch (sizeof(*__gp)) {						\
	case 1: { u8 __v; __uget("movb", "=q", __v, (const __force u8 *)__gp, label); (x) = (__typeof__(*(ptr)))(unsigned long)__v; break; }	\
	case 2: { u16 __v; __uget("movw", "=r", __v, (const __force u16 *)__gp, label); (x) = (__typeof__(*(ptr)))(unsigned long)__v; break; }	\
	case 4: { u32 __v; __uget("movl", "=r", __v, (const __force u32 *)__gp, label); (x) = (__typeof__(*(ptr)))(unsigned long)__v; break; }	\
	case 8: { u64 __v; __uget("movq", "=r", __v, (const __force u64 *)__gp, label); (x) = (__typeof__(*(ptr)))(unsigned long)__v; break; }	\
	default: __bad_user_size();						\
	}									\
} while (0)

#define unsafe_put_user(x, ptr, label)						\
do {										\
	__typeof__(*(ptr)) __user *__pp = (ptr);				\
	__typeof__(*(ptr)) __pv = (x);						\
	switch (sizeof(*__pp)) {						\
	case 1: __uput("movb", "q", (u8)((unsigned long)__pv & 0xff), (__force u8 *)__pp, label); break;		\
	case 2: __uput("movw", "r", (u16)((unsigned long)__pv & 0xffff), (__force u16 *)__pp, label); break;	\
	case 4: __uput("movl", "r", (u32)((unsigned long)__pv & 0xffffffff), (__force u32 *)__pp, label); break;	\
	case 8: __uput("movq", "r", (u64)(unsigned long)__pv, (__force u64 *)__pp, label); break;	\
	default: __bad_user_size();						\
	}									\
} while (0)

/* x = *ptr. Evaluates ptr once. 0 or -EFAULT (then x = 0). */
#define __get_user(x, ptr) ({							\
	__label__ __fault, __out;						\
	int __ret = -EFAULT;							\
	const __typeof__(*(ptr)) __user *__gup = (ptr);				\
	stac();									\
	unsafe_get_user(x, __gup, __fault);					\
	__ret = 0;								\
	goto __out;								\
__fault:									\
	(x) = (__typeof__(x))0;							\
__out:										\
	clac();									\
	__ret; })

#define __put_user(x, ptr) ({							\
	__label__ __fault;							\
	int __ret = -EFAULT;							\
	__typeof__(*(ptr)) __user *__pup = (ptr);				\
	__typeof__(*(ptr)) __puv = (x);						\
	stac();									\
	unsafe_put_user(__puv, __pup, __fault);					\
	__ret = 0;								\
__fault:									\
	clac();									\
	__ret; })

#define get_user(x, ptr) ({							\
	const __typeof__(*(ptr)) __user *__cgp = (ptr);				\
	might_fault();								\
	access_ok(__cgp, sizeof(*__cgp)) ? __get_user(x, __cgp)			\
					 : ((x) = (__typeof__(x))0, -EFAULT); })

#define put_user(x, ptr) ({							\
	__typeof__(*(ptr)) __user *__cpp = (ptr);				\
	__typeof__(*(ptr)) __cpv = (x);						\
	might_fault();								\
	access_ok(__cpp, sizeof(*__cpp)) ? __put_user(__cpv, __cpp) : -EFAULT; })

#endif
