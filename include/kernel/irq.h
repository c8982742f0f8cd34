/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of devices.
 *
 * A number below 16 is an ISA interrupt, one below 64 a global system interrupt (a pin of an I/O APIC), higher
 * ones are message-signalled and come from irq_alloc_msi(). There are no soft interrupts: a handler does its
 * work at once or wakes a thread or queues a work item.
 */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <base/types.h>
#include <base/compiler.h>
#include <seam/percpu.h>

#define NR_GSI_IRQS	64
#define NR_IRQS		256

typedef enum { IRQ_NONE = 0, IRQ_HANDLED = 1 } irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev_id);

#define IRQF_TRIGGER_RISING	0x01
#define IRQF_TRIGGER_FALLING	0x02
#define IRQF_TRIGGER_HIGH	0x04
#define IRQF_TRIGGER_LOW	0x08
#define IRQF_SHARED		0x80

/*
 * Call @handler(irq, dev_id) with interrupts disabled whenever @irq arrives; the line is unmasked.
 * @flags: IRQF_*; @name appears in /proc/interrupts and must stay. May sleep.
 * 0; -EINVAL no such interrupt; -EBUSY taken and not shared by both; -ENOMEM; -ENOSPC no vector left.
 */
int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name, void *dev_id);
/* Undo; returns after the last call of the handler has ended. May sleep. */
void free_irq(unsigned int irq, void *dev_id);
void synchronize_irq(unsigned int irq);

/* What a device writes to raise a message-signalled interrupt. */
struct msi_msg {
	u32 address_lo, address_hi, data;
};
/*
 * A new interrupt number whose message, to be written into the device's MSI or MSI-X table, is *@msg; it goes
 * to CPU @cpu. Number (use with request_irq), -ENOSPC. irq_free_msi() after free_irq().
 */
int irq_alloc_msi(int cpu, struct msi_msg *msg);
void irq_free_msi(unsigned int irq);

void init_IRQ(void);

/* Per-CPU counts, also of the machine's own interrupts; irq_stat_label() names them. */
enum irq_stat {
	IRQ_STAT_NMI, IRQ_STAT_TIMER, IRQ_STAT_SPURIOUS, IRQ_STAT_RESCHEDULE, IRQ_STAT_CALL, IRQ_STAT_TLB,
	IRQ_STAT_MCE, IRQ_STAT_ERROR, NR_IRQ_STATS	/* in the order of /proc/interrupts */
};
DECLARE_PER_CPU(unsigned int [NR_IRQ_STATS], irq_stats);
#define inc_irq_stat(item)	this_cpu_inc(irq_stats[item])

/* For /proc/interrupts and /proc/stat. */
unsigned int kstat_irqs_cpu(unsigned int irq, int cpu);
u64 kstat_cpu_irqs_sum(int cpu);		/* all interrupts of @cpu, device and machine */
/* Is @irq in use? Then its chip ("IO-APIC", "PCI-MSI"), pin text and handler names into the buffers. */
bool irq_describe(unsigned int irq, const char **chip, char *what, size_t len);
/* Label ("LOC") and description of item @item. */
const char *irq_stat_label(enum irq_stat item, const char **description);

#endif
