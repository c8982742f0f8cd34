/* SPDX-License-Identifier: MIT */
/* Between host/mmu.c and host/uaccess.c. */
#ifndef HOST_MMU_INTERNAL_H
#define HOST_MMU_INTERNAL_H

#include <host/mmu.h>

/* Who accesses: the program; the kernel for it; the kernel where it may not wait for a page. */
enum host_copy { HOST_COPY_PROGRAM, HOST_COPY_KERNEL, HOST_COPY_ATOMIC };
/* @n bytes within one page of the calling task's address space, to (write) or from @buf. */
enum host_access host_user_copy(unsigned long addr, void *buf, unsigned int n, bool write, int how);
/* memcpy of memory that others may be writing: torn at most between words of 8 or 4 bytes as both are aligned; no report. */
void host_copy_racing(void *to, const void *from, unsigned int n);
void host_mmu_start(void);

#endif
