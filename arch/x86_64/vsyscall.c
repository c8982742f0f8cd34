// SPDX-License-Identifier: MIT
/*
 * The [vsyscall] page at 0xffffffffff600000: where programs of before 2009 called gettimeofday, time
 * and getcpu at fixed addresses. There is no page; the instruction fetch faults and the call is made
 * here ("xonly", the default of Debian's Linux 6.1): execution only, reads get SIGSEGV.
 */
#include <base/types.h>
#include <seam/ptrace.h>
#include <seam/trapnr.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <mm/mmap.h>
#include <mm/vma.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/signal.h>
#include "entry.h"

static const short vsyscall_nr[] = { __NR_gettimeofday, __NR_time, __NR_getcpu };

bool emulate_vsyscall(struct pt_regs *regs, unsigned long error, unsigned long address)
{
	unsigned long caller, which = (address - VSYSCALL_ADDR) >> 10;
	long ret;

	if ((error & (X86_PF_WRITE | X86_PF_USER)) != X86_PF_USER || !(error & X86_PF_INSTR) ||
	    address != regs->ip || (address & ~0xc00UL) != VSYSCALL_ADDR || which >= 3)
		return false;
	if (get_user(caller, (unsigned long __user *)regs->sp)) {
		force_sig(SIGSEGV);
		return true;
	}
	regs->orig_ax = (unsigned long)-1;
	ret = sys_call_impl[vsyscall_nr[which]]((long)regs->di, (long)regs->si, (long)regs->dx, 0,
						0, 0);
	if (ret == -EFAULT) {
		force_sig(SIGSEGV); /* the page that was could only fault */
		return true;
	}
	regs->ax = (unsigned long)ret;
	regs->ip = caller;
	regs->sp += 8;
	return true;
}

/* For /proc/PID/maps and smaps: the line that every 64-bit process has at its end. */
static struct vm_area_struct gate_vma = {
	.vm_start = VSYSCALL_ADDR,
	.vm_end = VSYSCALL_ADDR + PAGE_SIZE,
	.vm_flags = VM_EXEC | VM_MAYEXEC,
};

static int __init vsyscall_init(void)
{
	set_gate_vma(&gate_vma, "[vsyscall]");
	return 0;
}
core_initcall(vsyscall_init);
