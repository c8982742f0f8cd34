// SPDX-License-Identifier: MIT
/*
 * Page faults: from the CPU's error code to handle_mm_fault(), and what comes of its answer.
 *
 *	address above user space    from user mode: the vsyscall page, else SIGSEGV
 *	                            from kernel mode: exception table, else oops
 *	user address                1 the VMA under RCU with its own lock; on any difficulty
 *	                            2 the VMA under mmap_lock, which may grow a stack, retried as
 *	                              often as the fault had to drop the lock
 *	answer	SIGSEGV/SIGBUS	    a signal (user mode) or the exception table (kernel mode)
 *		OOM		    the OOM killer, then the instruction again
 *
 * A fault of the kernel on a user address is served in the same way if the kernel wanted it: stac was
 * executed (EFLAGS.AC), page faults are not disabled, there is an mm. Else only the table helps.
 * si_code: no VMA -> SEGV_MAPERR, a VMA that does not allow it -> SEGV_ACCERR; si_addr = CR2.
 * Source of the order of checks: Linux 6.1 and 6.4, arch/x86/mm/fault.c; signal(7), sigaction(2).
 * Observe: pgfault, pgmajfault of /proc/vmstat, the exceptions trace events, min_flt of the task.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <seam/current.h>
#include <seam/extable.h>
#include <seam/irqflags.h>
#include <seam/page.h>
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <seam/trapnr.h>
#include <seam/uaccess.h>
#include <mm/fault.h>
#include <mm/mm_struct.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include <mm/trace.h>
#include <mm/oom.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <asm/siginfo.h>
#include "entry.h"

/* What a fault is about, carried through the helpers. */
struct fault_ctx {
	struct pt_regs *regs;
	unsigned long error;
	unsigned long address;
	unsigned int flags; /* FAULT_FLAG_* */
};

static __cold void print_fault(const struct fault_ctx *f)
{
	pr_emerg("#PF: %s %s in %s mode\n", f->error & X86_PF_USER ? "user" : "supervisor",
		 f->error & X86_PF_INSTR   ? "instruction fetch"
		 : f->error & X86_PF_WRITE ? "write access"
					   : "read access",
		 user_mode(f->regs) ? "user" : "kernel");
	pr_emerg("#PF: error_code(0x%04lx) - %s\n", f->error,
		 !(f->error & X86_PF_PROT) ? "not-present page"
		 : f->error & X86_PF_RSVD  ? "reserved bit violation"
					   : "permissions violation");
}

/* Kernel mode, nobody can serve it. */
static void noinline __cold kernel_fault(struct fault_ctx *f)
{
	struct pt_regs *regs = f->regs;

	if (fixup_exception(regs, X86_TRAP_PF))
		return;
	if (f->address < PAGE_SIZE)
		pr_emerg("BUG: kernel NULL pointer dereference, address: %016lx\n", f->address);
	else
		pr_emerg("BUG: unable to handle page fault for address: %016lx\n", f->address);
	print_fault(f);
	die("Oops", regs, (long)f->error);
}

/* The access is refused: tell the program, or the kernel code that tried. */
static void noinline __cold bad_access(struct fault_ctx *f, int code, unsigned int pkey)
{
	struct task_struct *tsk = current;

	if (!user_mode(f->regs)) {
		kernel_fault(f);
		return;
	}
	/* What lies above user space is none of the program's business: always "protection". */
	tsk->thread.cr2 = f->address;
	tsk->thread.trap_nr = X86_TRAP_PF;
	tsk->thread.error_code = f->error | (f->address >= TASK_SIZE_MAX ? X86_PF_PROT : 0);
	if (unhandled_signal(tsk, SIGSEGV))
		show_signal_msg(f->regs, "segfault", f->error, f->address, true);
	if (code == SEGV_PKUERR)
		force_sig_pkuerr((void __user *)f->address, pkey);
	else
		force_sig_fault(SIGSEGV, code, (void __user *)f->address);
}

static void noinline __cold bad_area(struct fault_ctx *f, int code)
{
	bad_access(f, code, 0);
}

/* handle_mm_fault() said no. */
static void noinline __cold fault_error(struct fault_ctx *f, vm_fault_t fault)
{
	if (!user_mode(f->regs) && fatal_signal_pending(current)) {
		kernel_fault(f);
		return;
	}
	if (fault & VM_FAULT_OOM) {
		if (!user_mode(f->regs))
			kernel_fault(f);
		else
			pagefault_out_of_memory();
		return;
	}
	if (fault & VM_FAULT_SIGSEGV) {
		bad_area(f, SEGV_MAPERR);
		return;
	}
	if (!user_mode(f->regs)) {
		kernel_fault(f);
		return;
	}
	current->thread.cr2 = f->address;
	current->thread.trap_nr = X86_TRAP_PF;
	current->thread.error_code = f->error;
	if (fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		force_sig_mceerr(BUS_MCEERR_AR, (void __user *)f->address, PAGE_SHIFT);
	else
		force_sig_fault(SIGBUS, BUS_ADRERR, (void __user *)f->address);
}

/* Does @vma forbid this access? */
static __always_inline bool access_error(unsigned long error, const struct vm_area_struct *vma)
{
	if (error & X86_PF_WRITE)
		return !(vma->vm_flags & VM_WRITE);
	if (unlikely(error & X86_PF_PROT))
		return true; /* a present page that may not be read or executed */
	return !(vma->vm_flags & VM_ACCESS_FLAGS);
}

/* Under mmap_lock, as often as it takes. */
static void noinline fault_mmap_lock(struct fault_ctx *f)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	vm_fault_t fault;

	for (;;) {
		vma = lock_mm_and_find_vma(mm, f->address, f->regs);
		if (unlikely(!vma)) {
			bad_area(f, SEGV_MAPERR);
			return;
		}
		if (unlikely(access_error(f->error, vma))) {
			mmap_read_unlock(mm);
			bad_area(f, SEGV_ACCERR);
			return;
		}
		fault = handle_mm_fault(vma, f->address, f->flags);
		if ((fault & VM_FAULT_RETRY) &&
		    signal_pending_state(user_mode(f->regs) ? TASK_INTERRUPTIBLE : TASK_KILLABLE,
					 current)) {
			/* User mode takes the signal first and faults again; the kernel gives up. */
			if (!user_mode(f->regs))
				kernel_fault(f);
			return;
		}
		if (fault & VM_FAULT_COMPLETED)
			return;
		if (!(fault & VM_FAULT_RETRY))
			break;
		f->flags |= FAULT_FLAG_TRIED;
	}
	mmap_read_unlock(mm);
	if (unlikely(fault & VM_FAULT_ERROR))
		fault_error(f, fault);
}

/* What the short way could not finish: @vma read-locked, @fault the answer of handle_mm_fault(). */
static noinline void fault_unfinished(struct fault_ctx *f, struct vm_area_struct *vma,
				      vm_fault_t fault)
{
	if (!(fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)))
		vma_end_read(vma);
	if (fault & VM_FAULT_RETRY) {
		if (signal_pending_state(user_mode(f->regs) ? TASK_INTERRUPTIBLE : TASK_KILLABLE,
					 current)) {
			if (!user_mode(f->regs))
				kernel_fault(f);
			return;
		}
		if (fault & VM_FAULT_MAJOR)
			f->flags |= FAULT_FLAG_TRIED;
		fault_mmap_lock(f);
	} else if (fault & VM_FAULT_ERROR) {
		fault_error(f, fault);
	}
}

/* The bits of the error code, moved to where handle_mm_fault() wants them. */
static __always_inline unsigned int fault_flags(unsigned long error)
{
	static_assert(X86_PF_WRITE == 2 * FAULT_FLAG_WRITE, "shift by 1");
	static_assert(X86_PF_INSTR << 4 == FAULT_FLAG_INSTRUCTION, "shift by 4");
	return FAULT_FLAG_DEFAULT | (u32)(error & X86_PF_WRITE) >> 1 |
	       (u32)(error & X86_PF_INSTR) << 4;
}

/* A user address that is to be served. Interrupts are on. */
static __always_inline void fault_user_address(struct pt_regs *regs, unsigned long error,
					       unsigned long address, unsigned int mode)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(current->mm, address);
	unsigned int flags = fault_flags(error) | mode;
	vm_fault_t fault;

	if (unlikely(!vma))
		goto mmap_lock;
	if (unlikely(access_error(error, vma))) {
		vma_end_read(vma);
		goto mmap_lock;
	}
	fault = handle_mm_fault(vma, address, flags | FAULT_FLAG_VMA_LOCK);
	if (likely(!(fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED | VM_FAULT_ERROR))))
		vma_end_read(vma);
	else
		fault_unfinished(&(struct fault_ctx){ regs, error, address, flags }, vma, fault);
	return;
mmap_lock:
	fault_mmap_lock(&(struct fault_ctx){ regs, error, address, flags });
}

/*
 * The page is there, but its protection key forbids the access to this thread. (A page that is not there is mapped first,
 * then the access is refused.)
 */
static noinline __cold void pkey_refuses(struct fault_ctx *f)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned int pkey = 0;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, f->address);
	if (vma)
		pkey = vma_pkey(vma);
	mmap_read_unlock(mm);
	/* Meanwhile another thread may have unmapped it: the access, tried again, tells. */
	if (vma)
		bad_access(f, SEGV_PKUERR, pkey);
}

/* A page that is not the program's: the vsyscall page, the kernel; or tables that are broken. */
static noinline __cold void fault_not_user_address(struct fault_ctx *f)
{
	if (f->error & X86_PF_PK) {
		pkey_refuses(f);
	} else if (f->error & X86_PF_RSVD) {
		pr_emerg("%s: corrupted page table at address %lx\n", current->comm, f->address);
		die("Bad pagetable", f->regs, (long)f->error);
	} else if (!emulate_vsyscall(f->regs, f->error, f->address)) {
		bad_area(f, SEGV_MAPERR);
	}
}

/* => from entry.S, interrupts off; they are on when it returns */
void exc_page_fault_user(struct pt_regs *regs, unsigned long error, unsigned long address)
{
	local_irq_enable();
	trace_page_fault_user(address, regs->ip, error);
	if (unlikely(address >= TASK_SIZE_MAX || (error & (X86_PF_RSVD | X86_PF_PK))))
		fault_not_user_address(
			&(struct fault_ctx){ regs, error, address, FAULT_FLAG_USER });
	else
		fault_user_address(regs, error, address, FAULT_FLAG_USER);
}

/* The kernel touches user memory outside of the primitives: never fixed up. Mostly a NULL pointer. */
static noinline __cold void forbidden_user_access(struct fault_ctx *f)
{
	pr_emerg("BUG: %s, address: %016lx\n",
		 f->address < PAGE_SIZE ? "kernel NULL pointer dereference"
		 : f->error & X86_PF_INSTR
			 ? "unable to execute userspace code (SMEP?)"
			 : "kernel accesses user memory outside of the primitives (SMAP)",
		 f->address);
	print_fault(f);
	die("Oops", f->regs, (long)f->error);
}

/* The same from kernel mode. */
void exc_page_fault_kernel(struct pt_regs *regs, unsigned long error, unsigned long address)
{
	struct fault_ctx f = { regs, error, address, fault_flags(error) };

	trace_page_fault_kernel(address, regs->ip, error);
	/* Not the user's half; or the user's without stac, which is a bug and not to be fixed up. */
	if (unlikely(address >= TASK_SIZE_MAX)) {
		kernel_fault(&f);
		return;
	}
	if (unlikely(error & X86_PF_PK)) { /* the program may not, so the kernel may not for it */
		kernel_fault(&f);
		return;
	}
	if (unlikely((error & X86_PF_RSVD) || (error & X86_PF_INSTR) ||
		     (!(regs->flags & X86_EFLAGS_AC) && boot_cpu_has(X86_FEATURE_SMAP)))) {
		if (!(error & X86_PF_RSVD) && search_exception_tables(regs->ip) &&
		    pagefault_disabled())
			kernel_fault(&f); /* a nofault read of a user address */
		else
			forbidden_user_access(&f);
		return;
	}
	if (unlikely(faulthandler_disabled() || !current->mm)) {
		kernel_fault(&f);
		return;
	}
	if (regs->flags & X86_EFLAGS_IF)
		local_irq_enable();
	fault_user_address(regs, error, address, 0);
}
