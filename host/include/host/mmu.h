/* SPDX-License-Identifier: MIT */
/*
 * The memory of programs on the played machine: address spaces that are used as a CPU would use them. host/mmu.c
 *
 * A CPU's TLB keeps a translation until it is flushed, so what the kernel's code forgets to flush is used on:
 *	a frame, or a table, that is freed while a TLB holds it		is reported at once, by the page allocator's call
 *	a right that the table no longer gives				by host_mmu_check(), and at each use
 *									while host_mmu_strict is set
 */
#ifndef HOST_MMU_H
#define HOST_MMU_H

#include <base/types.h>

struct mm_struct;

/* What the trap handler would do to the program. */
enum host_access {
	HOST_ACCESS_OK,
	HOST_ACCESS_MAPERR,	/* SIGSEGV, no VMA */
	HOST_ACCESS_ACCERR,	/* SIGSEGV, the VMA forbids it */
	HOST_ACCESS_BUS,	/* SIGBUS */
	HOST_ACCESS_OOM,
};

/* The calling task goes on in @mm (NULL: in none). The reference stays the caller's. */
void host_use_mm(struct mm_struct *mm);
/* An access of 4 bytes by the program, @addr aligned, in the address space of the calling task. */
enum host_access host_user_read(unsigned long addr, u32 *value);
enum host_access host_user_write(unsigned long addr, u32 value);
/* What waits for the return to user mode: files whose last reference went. */
void host_return_to_user(void);

/* No task runs in an address space any more: all TLBs are empty. */
void host_mmu_idle(void);
/* Nobody is in a call of mm/: no TLB gives a right that the tables do not. Reports and returns false if one does. */
bool host_mmu_check(void);
/* One thread at a time: check at each use, too. */
extern bool host_mmu_strict;
/* Break the machine: flushes do nothing. To show that the checks see it; reports are counted instead. */
extern bool host_mmu_lose_flushes;
extern unsigned long host_mmu_reports;

#endif
