/* SPDX-License-Identifier: MIT */
/* The system calls of mm/, as the entry code would call them: in the address space of the calling task. */
#ifndef HOST_SYSCALLS_H
#define HOST_SYSCALLS_H

long sys_mmap(long addr, long len, long prot, long flags, long fd, long offset);
long sys_munmap(long addr, long len);
long sys_mprotect(long addr, long len, long prot);
long sys_mremap(long addr, long old_len, long new_len, long flags, long new_addr);
long sys_madvise(long addr, long len, long advice);
long sys_mlock(long addr, long len);
long sys_munlock(long addr, long len);

#endif
