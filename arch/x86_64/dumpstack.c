// SPDX-License-Identifier: MIT
/*
 * What an oops prints: registers, the bytes of code around the instruction, and who called whom.
 *
 * The trace follows frame pointers (the kernel is built with them): at bp lies the caller's bp, above
 * it the return address. Every step is checked: the next frame must lie higher on a stack of the
 * kernel, the address in kernel text; reading may fault and is done by the nofault primitives. An
 * interrupt or exception leaves a pt_regs behind which the chain goes on, since bp is untouched then.
 * The format is Linux's, so that its tools (decode_stacktrace.sh, people's eyes) work.
 */
#include <base/types.h>
#include <base/printf.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/irqflags.h>
#include <seam/page.h>
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <sync/preempt.h>
#include <sync/spinlock.h>
#include <kernel/exit.h>
#include <kernel/kallsyms.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/uts.h>

#define MAX_FRAMES 64

static unsigned int die_counter;

struct unwind {
	unsigned long bp, sp; /* next frame; lowest address it may have */
	unsigned long ret;
};

/* The next return address into u->ret. False: the end. */
static bool unwind_next(struct unwind *u)
{
	unsigned long frame[2];

	if (u->bp < u->sp || (u->bp & 7) || (long)u->bp >= 0)
		return false;
	if (copy_from_kernel_nofault(frame, (void *)u->bp, sizeof(frame)))
		return false;
	if (!__kernel_text_address(frame[1]))
		return false;
	u->ret = frame[1];
	u->sp = u->bp + 16;
	u->bp = frame[0];
	return true;
}

static void unwind_start_task(struct unwind *u, struct task_struct *tsk)
{
	struct {
		unsigned long r15, r14, r13, r12, bx, bp, ret;
	} frame = { 0 };

	/* Asleep in __switch_to_asm: its six registers, then its return address. */
	copy_from_kernel_nofault(&frame, (void *)tsk->thread.sp, sizeof(frame));
	*u = (struct unwind){ .bp = frame.bp, .sp = tsk->thread.sp, .ret = frame.ret };
}

static void print_address(const char *loglvl, unsigned long addr)
{
	char sym[KSYM_SYMBOL_LEN];

	sprint_backtrace(sym, addr);
	printk("%s %s\n", loglvl, sym);
}

static void print_trace(struct unwind *u, const char *loglvl)
{
	printk("%sCall Trace:\n", loglvl);
	printk("%s <TASK>\n", loglvl);
	if (u->ret)
		print_address(loglvl, u->ret);
	for (int i = 0; i < MAX_FRAMES && unwind_next(u); i++)
		print_address(loglvl, u->ret);
	printk("%s </TASK>\n", loglvl);
}

static void print_header(void)
{
	printk(KERN_DEFAULT "CPU: %u PID: %d Comm: %.20s %s %s\n", raw_smp_processor_id(),
	       current ? current->pid : 0, current ? current->comm : "boot", print_tainted(),
	       utsname()->release);
}

void dump_stack(void)
{
	struct unwind u = { .bp = (unsigned long)__builtin_frame_address(0) };

	u.sp = u.bp;
	print_header();
	print_trace(&u, KERN_DEFAULT);
}

unsigned int stack_trace_save(unsigned long *store, unsigned int max, unsigned int skip)
{
	struct unwind u = { .bp = (unsigned long)__builtin_frame_address(0) };
	unsigned int n = 0;

	u.sp = u.bp;
	while (n < max && unwind_next(&u)) {
		if (skip)
			skip--;
		else
			store[n++] = u.ret;
	}
	return n;
}

unsigned int stack_trace_save_tsk(struct task_struct *tsk, unsigned long *store, unsigned int max,
				  unsigned int skip)
{
	struct unwind u;
	unsigned int n = 0;

	if (tsk == current)
		return stack_trace_save(store, max, skip + 1);
	unwind_start_task(&u, tsk);
	do {
		if (skip)
			skip--;
		else if (n < max && u.ret)
			store[n++] = u.ret;
	} while (n < max && unwind_next(&u));
	return n;
}

/* 43 bytes before the instruction and 21 from it on, the first of these in angle brackets. */
static void show_code(const struct pt_regs *regs)
{
	char line[64 * 5], *p = line;
	unsigned long from = regs->ip - 43;
	u8 byte;

	if (user_mode(regs))
		return;
	for (unsigned int i = 0; i < 64; i++) {
		bool here = from + i == regs->ip;

		if (copy_from_kernel_nofault(&byte, (void *)(from + i), 1))
			p += sprintf(p, "?? ");
		else
			p += sprintf(p, here ? "<%02x> " : "%02x ", byte);
	}
	printk(KERN_DEFAULT "Code: %s\n", line);
}

static void print_registers(const struct pt_regs *r)
{
	char sym[KSYM_SYMBOL_LEN];

	if (user_mode(r))
		sprintf(sym, "0x%lx", r->ip);
	else
		sprint_symbol(sym, r->ip);
	printk(KERN_DEFAULT "RIP: %04lx:%s\n", r->cs, sym);
	show_code(r);
	printk(KERN_DEFAULT "RSP: %04lx:%016lx EFLAGS: %08lx\n", r->ss, r->sp, r->flags);
	printk(KERN_DEFAULT "RAX: %016lx RBX: %016lx RCX: %016lx\n", r->ax, r->bx, r->cx);
	printk(KERN_DEFAULT "RDX: %016lx RSI: %016lx RDI: %016lx\n", r->dx, r->si, r->di);
	printk(KERN_DEFAULT "RBP: %016lx R08: %016lx R09: %016lx\n", r->bp, r->r8, r->r9);
	printk(KERN_DEFAULT "R10: %016lx R11: %016lx R12: %016lx\n", r->r10, r->r11, r->r12);
	printk(KERN_DEFAULT "R13: %016lx R14: %016lx R15: %016lx\n", r->r13, r->r14, r->r15);
	printk(KERN_DEFAULT "CR2: %016lx CR3: %016lx CR4: %016lx\n", read_cr2(), read_cr3(),
	       read_cr4());
}

void show_regs(struct pt_regs *regs)
{
	struct unwind u = { .bp = regs->bp, .sp = regs->sp };
	char sym[KSYM_SYMBOL_LEN];
	unsigned long top;

	print_header();
	print_registers(regs);
	if (user_mode(regs))
		return;
	/* A function without a frame of its own: its caller is what lies on the stack, perhaps. */
	if (!copy_from_kernel_nofault(&top, (void *)regs->sp, sizeof(top)) &&
	    __kernel_text_address(top)) {
		sprint_backtrace(sym, top);
		printk(KERN_DEFAULT "Called from? %s\n", sym);
	}
	print_trace(&u, KERN_DEFAULT);
}

void die(const char *what, struct pt_regs *regs, long err)
{
	static int owner = -1;
	int cpu = (int)raw_smp_processor_id(), none = -1;

	/* One report at a time; a fault within the report ends the machine. */
	while (!__atomic_compare_exchange_n(&owner, &none, cpu, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		if (none == cpu)
			panic("fault while reporting an oops: %s", what);
		none = -1;
		cpu_relax();
	}
	oops_in_progress = true;
	pr_emerg("%s: %04lx [#%u] PREEMPT SMP\n", what, err & 0xffff, ++die_counter);
	show_regs(regs);
	pr_emerg("---[ end trace ]---\n");
	oops_count++;
	add_taint(TAINT_DIE);
	oops_in_progress = false;
	__atomic_store_n(&owner, -1, __ATOMIC_RELEASE);
	/* A fault of user mode that the kernel cannot serve: the program dies, the kernel is whole. */
	if (user_mode(regs)) {
		force_fatal_sig(SIGSEGV);
		return;
	}
	if (!current || is_idle_task(current) || current->pid <= 1 || in_interrupt())
		panic("Fatal exception%s", in_interrupt() ? " in interrupt" : "");
	if (panic_on_oops)
		panic("Fatal exception");
	/* The stack may be the one of a double fault: the task must end on its own. */
	make_task_dead(SIGSEGV);
}

void bug_at(const char *file, int line)
{
	pr_emerg("------------[ cut here ]------------\n");
	pr_emerg("kernel BUG at %s:%d!\n", file, line);
	__builtin_trap();
}
