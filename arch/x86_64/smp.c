// SPDX-License-Identifier: MIT
/*
 * More than one CPU.
 *
 * 1 Purpose. Start the other CPUs, run functions on them, ask them to reschedule, stop them.
 *
 * 2 Start. One CPU after the other: the boot CPU prepares stack, per-CPU area and tables, sends INIT and then up to two
 * start-up IPIs, and waits for the CPU to come online. The CPU goes through trampoline.S to start_secondary().
 *
 * 3 Calls. Each CPU has a list of pending calls, to which anybody pushes with compare-and-swap; who pushes to an empty
 * list sends the interrupt. The receiver takes the whole list with one exchange. A call record belongs to the sender
 * (one per pair of CPUs) and is busy until the receiver clears `busy`; a sender that finds its record busy waits.
 *
 * 4 Locks. None. Senders run with preemption disabled. Waiting with interrupts disabled would deadlock with a sender
 * that waits for us: debug builds check it.
 *
 * 5 Failure. A CPU that does not start is left out and named. smp_send_stop() uses NMI, so that a CPU that spins with
 * interrupts off stops as well.
 *
 * 6 Linux: kernel/smp.c, arch/x86/kernel/smpboot.c. No hotplug here, hence no state machine.
 *
 * 7 Observe: /proc/interrupts RES, CAL, TLB.
 */
#include <base/types.h>
#include <base/atomic.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <kernel/clockchips.h>
#include <kernel/cpu.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/mm_struct.h>
#include <sync/preempt.h>
#include <sync/spinlock.h>
#include <seam/cpufeature.h>
#include <seam/irq_vectors.h>
#include <seam/irqflags.h>
#include <seam/mmu_context.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <seam/thread.h>
#include "apic.h"
#include "mapping.h"

/* ---- function calls ---- */

struct call_single {
	struct call_single *next;
	smp_call_func_t func;
	void *info;
	bool busy;
} __attribute__((aligned(32)));

static DEFINE_PER_CPU_ALIGNED(struct call_single *, call_queue);
/* One record for each receiver. */
static DEFINE_PER_CPU(struct call_single[NR_CPUS], call_records);

static void wait_record(struct call_single *c)
{
	while (smp_load_acquire(&c->busy))
		cpu_relax();
}

/* Push @c to @cpu's list. True: the list was empty, so an interrupt is needed. */
static bool push_call(int cpu, struct call_single *c)
{
	struct call_single **head = per_cpu_ptr(&call_queue, cpu);
	struct call_single *first = READ_ONCE(*head);

	do
		c->next = first;
	while (!__atomic_compare_exchange_n(head, &first, c, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
	return !first;
}

/* Record for a call to @cpu, filled and queued. */
static struct call_single *queue_call(int cpu, smp_call_func_t func, void *info)
{
	struct call_single *c = &(*this_cpu_ptr(&call_records))[cpu];

	wait_record(c);
	c->func = func;
	c->info = info;
	c->busy = true;
	if (push_call(cpu, c))
		apic_send(cpu_apicid[cpu], CALL_FUNCTION_VECTOR | APIC_DM_FIXED);
	return c;
}

void smp_call_function_interrupt(void)
{
	struct call_single *list =
		__atomic_exchange_n(this_cpu_ptr(&call_queue), NULL, __ATOMIC_SEQ_CST);
	struct call_single *fifo = NULL;

	inc_irq_stat(IRQ_STAT_CALL);
	while (list) {
		struct call_single *next = list->next;

		list->next = fifo;
		fifo = list;
		list = next;
	}
	while (fifo) {
		struct call_single *c = fifo;

		fifo = c->next;
		c->func(c->info);
		smp_store_release(&c->busy, false);
	}
}

static void run_locally(smp_call_func_t func, void *info)
{
	unsigned long flags;

	local_irq_save(flags);
	func(info);
	local_irq_restore(flags);
}

int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait)
{
	int self = get_cpu(), err = 0;

	if (cpu == self) {
		run_locally(func, info);
	} else if ((unsigned int)cpu >= nr_cpu_ids || !cpu_online(cpu)) {
		err = -ENXIO;
	} else {
		struct call_single *c = queue_call(cpu, func, info);

		if (wait)
			wait_record(c);
	}
	put_cpu();
	return err;
}

void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	int self = smp_processor_id();
	struct cpumask
		called; /* @mask may change meanwhile: a CPU leaves that of an mm when it switches */
	int cpu;

#if QUIRE_DEBUG
	WARN_ON_ONCE(irqs_disabled() && num_online_cpus() > 1 && system_state == SYSTEM_RUNNING);
#endif
	cpumask_clear(&called);
	for_each_cpu (cpu, mask)
		if (cpu != self && cpu_online(cpu)) {
			queue_call(cpu, func, info);
			__cpumask_set_cpu(cpu, &called);
		}
	if (!wait)
		return;
	for_each_cpu (cpu, &called)
		wait_record(&(*this_cpu_ptr(&call_records))[cpu]);
}

void on_each_cpu(smp_call_func_t func, void *info, int wait)
{
	preempt_disable();
	smp_call_function_many(cpu_online_mask, func, info, wait);
	run_locally(func, info);
	preempt_enable();
}

void smp_send_reschedule(int cpu)
{
	apic_send(cpu_apicid[cpu], RESCHEDULE_VECTOR | APIC_DM_FIXED);
}

/* ---- stop ---- */

static atomic_t stopping_cpu = ATOMIC_INIT(-1);
static atomic_t stopped_cpus = ATOMIC_INIT(0);

bool smp_nmi_stop_requested(void)
{
	int stopper = atomic_read(&stopping_cpu);

	if (stopper < 0 || stopper == smp_processor_id())
		return false;
	atomic_inc(&stopped_cpus);
	native_halt_forever();
	return true;
}

void smp_send_stop(void)
{
	int self = smp_processor_id(), cpu, others = num_online_cpus() - 1;

	if (!apic_usable || others <= 0 || atomic_cmpxchg(&stopping_cpu, -1, self) != -1)
		return;
	for_each_online_cpu (cpu)
		if (cpu != self)
			apic_send(cpu_apicid[cpu], APIC_DM_NMI);
	for (int ms = 0; ms < 100 && atomic_read(&stopped_cpus) < others; ms++)
		udelay(1000);
}

/* ---- start ---- */

extern char trampoline_start[], trampoline_end[];
extern char trampoline_cr3[], trampoline_efer[], trampoline_entry[];
void secondary_startup(void);
unsigned long secondary_cr3, secondary_gs, secondary_stack;

static void __init copy_trampoline(void)
{
	char *page = __va(0x8000);

	memcpy(page, trampoline_start, trampoline_end - trampoline_start);
	*(u32 *)(page + (trampoline_cr3 - trampoline_start)) = trampoline_tables();
	*(u32 *)(page + (trampoline_efer - trampoline_start)) = rdmsrl_val(MSR_EFER) & ~EFER_LMA;
	*(u64 *)(page + (trampoline_entry - trampoline_start)) = (u64)secondary_startup;
	secondary_cr3 = __pa_symbol(swapper_pg_dir);
}

void start_secondary(void)
{
	unsigned int cpu = smp_processor_id();

	load_percpu_segment(cpu);
	cpu_init();
	idt_load();
	apic_setup_cpu();
	kvmclock_init_cpu();
	setup_secondary_APIC_clock();
	set_cpu_online(cpu, true);
	/* From here on the boot CPU goes on; the scheduler enables interrupts. */
	secondary_cpu_startup();
}

static bool __init wait_online(int cpu, unsigned int ms)
{
	for (unsigned int i = 0; i < ms * 20 && !cpu_online(cpu); i++)
		udelay(50);
	return cpu_online(cpu);
}

/* The per-CPU template was copied from the boot CPU's live area: put back what must not be inherited. */
static void __init prepare_area(int cpu, struct task_struct *idle)
{
	per_cpu(this_cpu_off, cpu) = per_cpu_offset(cpu);
	per_cpu(cpu_number, cpu) = cpu;
	per_cpu(current_task, cpu) = idle;
	per_cpu(cpu_current_top_of_stack, cpu) = (unsigned long)task_stack_page(idle) + THREAD_SIZE;
	per_cpu(__preempt_count, cpu) = INIT_PREEMPT_COUNT;
	per_cpu(cpu_tlbstate, cpu) = (struct tlb_state){ .loaded_mm = &init_mm };
}

static int __init start_cpu(int cpu)
{
	struct task_struct *idle = idle_thread_get(cpu);
	u32 apicid = cpu_apicid[cpu];

	if (!idle || IS_ERR(idle))
		return -ENOMEM;
	prepare_area(cpu, idle);
	secondary_gs = per_cpu_offset(cpu);
	secondary_stack = (unsigned long)task_stack_page(idle) + THREAD_SIZE;
	smp_mb();
	apic_send(apicid, APIC_DM_INIT | APIC_INT_ASSERT | APIC_INT_LEVELTRIG);
	udelay(10);
	apic_send(apicid, APIC_DM_INIT | APIC_INT_LEVELTRIG);
	udelay(10);
	apic_send(apicid, APIC_DM_STARTUP | 0x8000 >> 12);
	if (wait_online(cpu, 20))
		return 0;
	apic_send(apicid, APIC_DM_STARTUP | 0x8000 >> 12);
	return wait_online(cpu, 5000) ? 0 : -EIO;
}

static void __init smp_prepare_cpus(unsigned int max_cpus)
{
	copy_trampoline();
}

void __init smp_init(void)
{
	u64 start = sched_clock();
	int cpu;

	spin_virtual = boot_cpu_has(X86_FEATURE_HYPERVISOR);
	if (nr_cpu_ids > 1)
		smp_prepare_cpus(nr_cpu_ids);
	for_each_present_cpu(cpu)
	{
		int err;

		if (cpu_online(cpu))
			continue;
		err = start_cpu(cpu);
		if (err)
			pr_err("smp: CPU %d (APIC id %u) did not start: %d\n", cpu, cpu_apicid[cpu],
			       err);
	}
	pr_info("smp: %u CPUs online after %llu us\n", num_online_cpus(),
		(sched_clock() - start) / 1000);
}
