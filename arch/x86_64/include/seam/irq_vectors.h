/* SPDX-License-Identifier: MIT */
/*
 * The 256 interrupt vectors.
 *
 *   0x00..0x1f  exceptions
 *   0x20        nothing uses it: a spurious PIC interrupt would arrive here
 *   0x22..0xeb  devices, handed out one by one (arch/x86_64/irq.c); the same vector means the same
 *               interrupt on every CPU
 *   0xec..0xff  the local APIC's own and those that CPUs send each other
 *
 * Contract with the entry code: a stub per vector 0x20..0xff saves pt_regs and calls
 * common_interrupt(regs, vector) with interrupts disabled on the kernel stack of the task; on return to
 * kernel code with preempt count 0 and a reschedule wanted it calls preempt_schedule_irq(), on return to
 * user mode it does the usual exit work. irq_enter() and irq_exit() are done inside common_interrupt().
 */
#ifndef SEAM_IRQ_VECTORS_H
#define SEAM_IRQ_VECTORS_H

#define NR_VECTORS			256
#define FIRST_EXTERNAL_VECTOR		0x20
#define FIRST_DEVICE_VECTOR		0x22
#define LAST_DEVICE_VECTOR		0xeb
#define FIRST_SYSTEM_VECTOR		0xec
#define LOCAL_TIMER_VECTOR		0xec
#define CALL_FUNCTION_VECTOR		0xfc
#define RESCHEDULE_VECTOR		0xfd
#define ERROR_APIC_VECTOR		0xfe
#define SPURIOUS_APIC_VECTOR		0xff

#ifndef __ASSEMBLY__
#include <base/types.h>
struct pt_regs;
void common_interrupt(struct pt_regs *regs, u32 vector);
#endif

#endif
