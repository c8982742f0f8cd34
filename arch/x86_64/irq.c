// SPDX-License-Identifier: MIT
/*
 * Interrupts of devices: from the vector to the handler.
 *
 * 1 Terms. irq: the kernel's number of an interrupt source (see kernel/irq.h). Vector: what the CPU sees, 0x22..0xeb
 * for devices. An irq gets a vector when it is first requested and keeps it until it is freed.
 *
 * 2 Structures. vector_irq[vector] -> irq; irq_desc[irq]: the chain of handlers, the source (I/O APIC pin or message),
 * whether it is masked for good. One interrupt is delivered to one CPU; nobody moves it.
 *
 *	       request_irq                  first handler -> vector, unmask
 *	free <------------- > in use
 *	       free_irq                     last handler gone -> mask, vector given back
 *
 * 3 Invariants. vector_irq[d->vector] == irq for every desc with handlers. A level interrupt is acknowledged after its
 * handlers have run (they quiet the device), an edge before, so that the next edge is not lost.
 *
 * 4 Locks. irq_mutex: requesting and freeing. desc->lock (irqs off): the chain's head and `disabled`. Handlers
 * run without any lock: free_irq() unlinks and then waits until no CPU is inside (IRQD_INPROGRESS counts them).
 *
 * 5 Failure. A vector with no irq, or an irq whose handlers all say IRQ_NONE 100000 times, is reported and masked.
 *
 * 6 Linux: kernel/irq/, arch/x86/kernel/apic/vector.c with a vector space per CPU and IPI-driven moves; here the same
 * vector means the same irq everywhere, which is enough for 200 device interrupts.
 *
 * 7 Observe: /proc/interrupts, /proc/stat.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/atomic.h>
#include <base/string.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/tick.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <sync/preempt.h>
#include <sync/spinlock.h>
#include <seam/barrier.h>
#include <seam/irq_vectors.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/ptrace.h>
#include <seam/smp.h>
#include "apic.h"

struct irqaction {
	irq_handler_t handler;
	void *dev_id;
	const char *name;
	struct irqaction *next;
	bool shared;
};

enum irq_kind { IRQ_KIND_NONE, IRQ_KIND_PIN, IRQ_KIND_MSI };

struct irq_desc {
	spinlock_t lock;
	u8 vector; /* 0: none */
	u8 kind;
	bool level, low;
	struct ioapic_pin pin;
	u16 cpu; /* where it is delivered */
	bool disabled;
	atomic_t in_progress;
	unsigned int unhandled;
	struct irqaction *action;
};

static struct irq_desc irq_desc[NR_IRQS];
static u16 vector_irq[NR_VECTORS]; /* 0xffff: none */
static DEFINE_MUTEX(irq_mutex, LOCK_IRQ_REQUEST);

DEFINE_PER_CPU(unsigned int[NR_IRQ_STATS], irq_stats);
static DEFINE_PER_CPU(unsigned int[NR_IRQS], irq_counts);
static DEFINE_PER_CPU(u64, irq_total);

/* In and out of interrupt context; nest. irq_exit() does no soft work. */
static void irq_enter(void)
{
	__preempt_count_add(HARDIRQ_OFFSET);
	tick_irq_enter();
}

static void irq_exit(void)
{
	__preempt_count_sub(HARDIRQ_OFFSET);
}

/* ---- arrival ---- */

static void disable_irq(struct irq_desc *d)
{
	unsigned long flags;

	spin_lock_irqsave(&d->lock, flags);
	d->disabled = true;
	if (d->kind == IRQ_KIND_PIN)
		ioapic_set_mask(d->pin, true);
	spin_unlock_irqrestore(&d->lock, flags);
}

static void report_unhandled(unsigned int irq, struct irq_desc *d)
{
	if (++d->unhandled < 100000)
		return;
	pr_err("irq %u: nobody cared 100000 times, disabled\n", irq);
	disable_irq(d);
	d->unhandled = 0;
}

static void handle_irq_desc(unsigned int irq, struct irq_desc *d)
{
	irqreturn_t ret = IRQ_NONE;

	this_cpu_inc(irq_counts[irq]);
	if (!d->level)
		apic_eoi();
	atomic_inc(&d->in_progress);
	for (struct irqaction *a = READ_ONCE(d->action); a; a = READ_ONCE(a->next))
		ret |= a->handler(irq, a->dev_id);
	atomic_dec(&d->in_progress);
	if (unlikely(ret == IRQ_NONE))
		report_unhandled(irq, d);
	if (d->level)
		apic_eoi();
}

static void handle_device_vector(u32 vector)
{
	u16 irq = vector_irq[vector];

	if (unlikely(irq >= NR_IRQS)) {
		apic_eoi();
		inc_irq_stat(IRQ_STAT_SPURIOUS);
		pr_warn_ratelimited("irq: no handler for vector 0x%x on CPU %u\n", vector,
				    smp_processor_id());
		return;
	}
	handle_irq_desc(irq, &irq_desc[irq]);
}

void common_interrupt(struct pt_regs *regs, u32 vector)
{
	irq_enter();
	this_cpu_inc(irq_total);
	switch (vector) {
	case LOCAL_TIMER_VECTOR:
		apic_eoi();
		inc_irq_stat(IRQ_STAT_TIMER);
		tick_handle(regs);
		break;
	case RESCHEDULE_VECTOR:
		apic_eoi();
		inc_irq_stat(IRQ_STAT_RESCHEDULE);
		scheduler_ipi();
		break;
	case CALL_FUNCTION_VECTOR:
		apic_eoi();
		smp_call_function_interrupt();
		break;
	case ERROR_APIC_VECTOR:
		apic_write(APIC_ESR, 0);
		pr_err("APIC error on CPU %u: 0x%x\n", smp_processor_id(), apic_read(APIC_ESR));
		apic_eoi();
		inc_irq_stat(IRQ_STAT_ERROR);
		break;
	case SPURIOUS_APIC_VECTOR: /* not in service: no end to signal */
		inc_irq_stat(IRQ_STAT_SPURIOUS);
		break;
	default:
		handle_device_vector(vector);
	}
	irq_exit();
}

/* ---- vectors and sources ---- */

/* => irq_mutex held */
static int assign_vector(unsigned int irq)
{
	for (unsigned int v = FIRST_DEVICE_VECTOR; v <= LAST_DEVICE_VECTOR; v++) {
		if (vector_irq[v] != 0xffff)
			continue;
		vector_irq[v] = irq;
		irq_desc[irq].vector = v;
		return 0;
	}
	return -ENOSPC;
}

static void release_vector(struct irq_desc *d)
{
	if (d->vector)
		vector_irq[d->vector] = 0xffff;
	d->vector = 0;
}

/* Program the source as the desc says. => desc->lock or irq_mutex with no handler yet */
static void program_source(struct irq_desc *d)
{
	if (d->kind == IRQ_KIND_PIN)
		ioapic_set_route(d->pin, d->vector, cpu_apicid[d->cpu], d->level, d->low,
				 d->disabled);
}

static int prepare_pin(unsigned int irq, struct irq_desc *d, unsigned long flags)
{
	if (!ioapic_pin_of_irq(irq, &d->pin))
		return -EINVAL;
	d->kind = IRQ_KIND_PIN;
	ioapic_default_type(irq, &d->level, &d->low);
	if (flags & (IRQF_TRIGGER_HIGH | IRQF_TRIGGER_LOW)) {
		d->level = true;
		d->low = flags & IRQF_TRIGGER_LOW;
	} else if (flags & (IRQF_TRIGGER_RISING | IRQF_TRIGGER_FALLING)) {
		d->level = false;
		d->low = flags & IRQF_TRIGGER_FALLING;
	}
	return 0;
}

/* First handler: give the interrupt a vector and open it. => irq_mutex held */
static int startup_irq(unsigned int irq, struct irq_desc *d, unsigned long flags)
{
	int err = 0;

	if (d->kind != IRQ_KIND_MSI)
		err = prepare_pin(irq, d, flags);
	if (!err && !d->vector)
		err = assign_vector(irq);
	return err;
}

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name,
		void *dev_id)
{
	struct irqaction *action, **tail;
	struct irq_desc *d;
	unsigned long iflags;
	int err = 0;

	if (irq >= NR_IRQS || !handler || ((flags & IRQF_SHARED) && !dev_id))
		return -EINVAL;
	action = kzalloc(sizeof(*action), GFP_KERNEL);
	if (!action)
		return -ENOMEM;
	*action = (struct irqaction){ handler, dev_id, name, NULL, flags & IRQF_SHARED };
	d = &irq_desc[irq];
	mutex_lock(&irq_mutex);
	if (d->action && !(d->action->shared && action->shared))
		err = -EBUSY;
	if (!err && !d->action)
		err = startup_irq(irq, d, flags);
	if (!err) {
		spin_lock_irqsave(&d->lock, iflags);
		for (tail = &d->action; *tail; tail = &(*tail)->next)
			;
		WRITE_ONCE(*tail, action);
		if (tail == &d->action) {
			d->disabled = false;
			program_source(d);
		}
		spin_unlock_irqrestore(&d->lock, iflags);
	}
	mutex_unlock(&irq_mutex);
	if (err)
		kfree(action);
	return err;
}

void synchronize_irq(unsigned int irq)
{
	if (irq >= NR_IRQS)
		return;
	smp_mb(); /* what was unlinked before is not found by a handler that is not counted here */
	while (atomic_read(&irq_desc[irq].in_progress))
		cpu_relax();
}

void free_irq(unsigned int irq, void *dev_id)
{
	struct irqaction **p, *action;
	struct irq_desc *d;
	unsigned long flags;

	if (WARN_ON(irq >= NR_IRQS))
		return;
	d = &irq_desc[irq];
	mutex_lock(&irq_mutex);
	spin_lock_irqsave(&d->lock, flags);
	for (p = &d->action; (action = *p) && action->dev_id != dev_id; p = &action->next)
		;
	if (action)
		WRITE_ONCE(*p, action->next);
	if (!d->action && d->kind == IRQ_KIND_PIN)
		ioapic_set_mask(d->pin, true);
	spin_unlock_irqrestore(&d->lock, flags);
	WARN(!action, "free_irq(%u): no such handler\n", irq);
	synchronize_irq(irq);
	if (!d->action && d->kind == IRQ_KIND_PIN)
		release_vector(d);
	mutex_unlock(&irq_mutex);
	kfree(action);
}

/* ---- message-signalled ---- */

int irq_alloc_msi(int cpu, struct msi_msg *msg)
{
	int err = -ENOSPC;

	if (cpu < 0 || cpu >= nr_cpu_ids || cpu_apicid[cpu] > 0xff)
		cpu = 0;
	mutex_lock(&irq_mutex);
	for (unsigned int irq = NR_GSI_IRQS; irq < NR_IRQS; irq++) {
		struct irq_desc *d = &irq_desc[irq];

		if (d->kind != IRQ_KIND_NONE)
			continue;
		err = assign_vector(irq);
		if (err)
			break;
		d->kind = IRQ_KIND_MSI;
		d->level = false;
		d->cpu = cpu;
		msg->address_hi = 0;
		msg->address_lo = 0xfee00000u | cpu_apicid[cpu] << 12;
		msg->data = d->vector;
		err = irq;
		break;
	}
	mutex_unlock(&irq_mutex);
	return err;
}

void irq_free_msi(unsigned int irq)
{
	if (WARN_ON(irq >= NR_IRQS || irq_desc[irq].kind != IRQ_KIND_MSI || irq_desc[irq].action))
		return;
	mutex_lock(&irq_mutex);
	release_vector(&irq_desc[irq]);
	irq_desc[irq].kind = IRQ_KIND_NONE;
	mutex_unlock(&irq_mutex);
}

/* ---- numbers for /proc ---- */

unsigned int kstat_irqs_cpu(unsigned int irq, int cpu)
{
	return irq < NR_IRQS ? per_cpu(irq_counts[irq], cpu) : 0;
}

u64 kstat_cpu_irqs_sum(int cpu)
{
	return per_cpu(irq_total, cpu);
}

bool irq_describe(unsigned int irq, const char **chip, char *what, size_t len)
{
	struct irq_desc *d = &irq_desc[irq];
	size_t n;

	if (irq >= NR_IRQS || !d->action)
		return false;
	*chip = d->kind == IRQ_KIND_MSI ? "PCI-MSI" : "IO-APIC";
	mutex_lock(&irq_mutex);
	if (d->kind == IRQ_KIND_MSI)
		n = scnprintf(what, len, "%u-edge     ", irq);
	else
		n = scnprintf(what, len, "%4u-%s  ", d->pin.pin, d->level ? "fasteoi" : "edge   ");
	for (struct irqaction *a = d->action; a; a = a->next)
		n += scnprintf(what + n, len - n, "%s%s", a == d->action ? " " : ", ", a->name);
	mutex_unlock(&irq_mutex);
	return true;
}

const char *irq_stat_label(enum irq_stat item, const char **description)
{
	static const char *const labels[NR_IRQ_STATS][2] = {
		[IRQ_STAT_TIMER] = { "LOC", "Local timer interrupts" },
		[IRQ_STAT_RESCHEDULE] = { "RES", "Rescheduling interrupts" },
		[IRQ_STAT_CALL] = { "CAL", "Function call interrupts" },
		[IRQ_STAT_TLB] = { "TLB", "TLB shootdowns" },
		[IRQ_STAT_SPURIOUS] = { "SPU", "Spurious interrupts" },
		[IRQ_STAT_ERROR] = { "ERR", "APIC errors" },
		[IRQ_STAT_NMI] = { "NMI", "Non-maskable interrupts" },
		[IRQ_STAT_MCE] = { "MCE", "Machine check exceptions" },
	};

	*description = labels[item][1];
	return labels[item][0];
}

void __init init_IRQ(void)
{
	for (unsigned int v = 0; v < NR_VECTORS; v++)
		vector_irq[v] = 0xffff;
	for (unsigned int irq = 0; irq < NR_IRQS; irq++)
		spin_lock_init(&irq_desc[irq].lock, LOCK_IRQ_DESC);
	pic_disable();
	ioapic_init();
	apic_setup_cpu();
}
