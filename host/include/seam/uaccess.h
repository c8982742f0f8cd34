/* SPDX-License-Identifier: MIT */
/*
 * User memory of the played machine: each access goes through the software MMU, byte by byte within pages,
 * with faults served by handle_mm_fault() as the trap code would. host/mmu.c
 */
#ifndef SEAM_UACCESS_H
#define SEAM_UACCESS_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <seam/current.h>
#include <seam/page.h>
#include <seam/preempt.h>

static __always_inline bool __access_ok(unsigned long addr, unsigned long size)
{
	return size <= TASK_SIZE_MAX && addr <= TASK_SIZE_MAX - size;
}
#define access_ok(addr, size)	likely(__access_ok((unsigned long)(addr), (unsigned long)(size)))
#define pagefault_disable()	do { current->pagefault_disabled++; } while (0)
#define pagefault_enable()	do { current->pagefault_disabled--; } while (0)
#define pagefault_disabled()	(current->pagefault_disabled != 0)
#define faulthandler_disabled()	(pagefault_disabled() || preempt_count() != 0)
#define might_fault()		do { } while (0)

/* Bytes not copied. */
unsigned long __must_check copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check copy_from_user(void *to, const void __user *from, unsigned long n);
/* What is not copied is left as it was. */
unsigned long __must_check __copy_from_user_inatomic(void *to, const void __user *from, unsigned long n);
unsigned long __must_check clear_user(void __user *to, unsigned long n);
long __must_check strncpy_from_user(char *dst, const char __user *src, long count);
long __must_check strnlen_user(const char __user *str, long n);
int __must_check copy_struct_from_user(void *dst, size_t ksize, const void __user *src, size_t usize);
long copy_from_kernel_nofault(void *dst, const void *src, size_t size);
long copy_from_user_nofault(void *dst, const void __user *src, size_t size);
size_t fault_in_readable(const char __user *uaddr, size_t size);
size_t fault_in_writeable(char __user *uaddr, size_t size);
#define get_user(x, ptr) ({							\
	__typeof__(((void)0, *(ptr))) __gu = 0;					\
	int __ge = copy_from_user(&__gu, (ptr), sizeof(__gu)) ? -EFAULT : 0;	\
	(x) = (__typeof__(x))__gu;						\
	__ge; })
#define put_user(x, ptr) ({							\
	__typeof__(*(ptr)) __pu = (x);						\
	copy_to_user((ptr), &__pu, sizeof(__pu)) ? -EFAULT : 0; })
#define __get_user(x, ptr)	get_user(x, ptr)
#define __put_user(x, ptr)	put_user(x, ptr)

#endif
