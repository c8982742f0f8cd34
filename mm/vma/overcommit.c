// SPDX-License-Identifier: MIT
/*
 * Overcommit: how much memory has been promised (Committed_AS), and whether one more promise is allowed.
 *
 *	mode 0	refuse only what exceeds all memory and swap at once
 *	mode 1	never refuse
 *	mode 2	refuse beyond CommitLimit = memory * ratio / 100 + swap (or kbytes + swap), less a reserve for
 *		root and one for other processes
 *
 * The sum is kept per CPU (one instruction to change) and added up when it is read: exact.
 * Linux: mm/util.c __vm_enough_memory. Observe: /proc/meminfo CommitLimit, Committed_AS.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/cpumask.h>
#include <base/math.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <mm/mmap.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#define OVERCOMMIT_GUESS  0
#define OVERCOMMIT_ALWAYS 1
#define OVERCOMMIT_NEVER  2

int sysctl_overcommit_memory = OVERCOMMIT_GUESS;
int sysctl_overcommit_ratio = 50;
unsigned long sysctl_overcommit_kbytes;
unsigned long sysctl_user_reserve_kbytes, sysctl_admin_reserve_kbytes;

/* A 32nd of what is free at start: at most 128 MiB for who is to end a program, 8 MiB for root. */
static int __init reserves_init(void)
{
	unsigned long part = (nr_free_pages() << (PAGE_SHIFT - 10)) / 32;

	sysctl_user_reserve_kbytes = min(part, 1UL << 17);
	sysctl_admin_reserve_kbytes = min(part, 1UL << 13);
	return 0;
}
subsys_initcall(reserves_init);

static DEFINE_PER_CPU(long, vm_committed_as);

void vm_acct_memory(long pages)
{
	this_cpu_add(vm_committed_as, pages);
}

unsigned long vm_memory_committed(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += per_cpu(vm_committed_as, cpu);
	return max(sum, 0L);
}

unsigned long vm_commit_limit(void)
{
	unsigned long allowed;

	if (sysctl_overcommit_kbytes)
		allowed = sysctl_overcommit_kbytes >> (PAGE_SHIFT - 10);
	else
		allowed = totalram_pages() * sysctl_overcommit_ratio / 100;
	return allowed + total_swap_page_count();
}

/* => on success @pages are charged, otherwise nothing */
static int __vm_enough_memory(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	long allowed;

	vm_acct_memory(pages);
	if (sysctl_overcommit_memory == OVERCOMMIT_ALWAYS)
		return 0;
	if (sysctl_overcommit_memory == OVERCOMMIT_GUESS) {
		if (pages > (long)(totalram_pages() + total_swap_page_count()))
			goto refuse;
		return 0;
	}
	allowed = vm_commit_limit();
	if (!cap_sys_admin)
		allowed -= sysctl_admin_reserve_kbytes >> (PAGE_SHIFT - 10);
	if (mm)
		allowed -= min(mm->total_vm / 32, sysctl_user_reserve_kbytes >> (PAGE_SHIFT - 10));
	if ((long)vm_memory_committed() < allowed)
		return 0;
refuse:
	vm_unacct_memory(pages);
	return -ENOMEM;
}

int security_vm_enough_memory_mm(struct mm_struct *mm, long pages)
{
	/* Only mode 2 cares who asks. */
	return __vm_enough_memory(
		mm, pages, sysctl_overcommit_memory == OVERCOMMIT_NEVER && capable(CAP_SYS_ADMIN));
}
