// SPDX-License-Identifier: MIT
/*
 * Switching off, restarting, standing still.
 *
 * Power-off tries in this order: QEMU's isa-debug-exit device if it is there (so that a test runner sees from QEMU's
 * exit status that the end was orderly: 0x10 orderly, 0x7e after a panic, QEMU exits with 2 * value + 1), ACPI's soft-off,
 * and finally stands still. Whether the device is there is not asked (it cannot be); writing to an unused port does nothing.
 */
#include <base/types.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <mm/mm_struct.h>
#include <seam/io.h>
#include <seam/irqflags.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <seam/acpi.h>
#include "apic.h"

#define DEBUG_EXIT_PORT	   0x501
#define DEBUG_EXIT_ORDERLY 0x10
#define DEBUG_EXIT_PANIC   0x7e

#define SLP_EN (1u << 13)

/* Registers in memory are mapped at boot: nothing can be mapped when the end has come. */
static void __iomem *sleep_reg, *reset_reg;

static int __init map_reset_registers(void)
{
	if (acpi_poweroff.sleep_control && !acpi_poweroff.sleep_control_is_port)
		sleep_reg = ioremap(acpi_poweroff.sleep_control, 1);
	if (acpi_reset.valid && !acpi_reset.is_port)
		reset_reg = ioremap(acpi_reset.address, 1);
	return 0;
}
subsys_initcall(map_reset_registers);

static void acpi_soft_off(void)
{
	if (acpi_poweroff.sleep_control) {
		u8 value = acpi_poweroff.slp_typa << 2 | 0x20;

		if (acpi_poweroff.sleep_control_is_port)
			outb(value, acpi_poweroff.sleep_control);
		else if (sleep_reg)
			writeb(value, sleep_reg);
	} else if (acpi_poweroff.pm1a) {
		outw(acpi_poweroff.slp_typa << 10 | SLP_EN, acpi_poweroff.pm1a);
		if (acpi_poweroff.pm1b)
			outw(acpi_poweroff.slp_typb << 10 | SLP_EN, acpi_poweroff.pm1b);
	}
}

void machine_halt(void)
{
	local_irq_disable();
	smp_send_stop();
	native_halt_forever();
	__builtin_unreachable();
}

void machine_power_off(void)
{
	local_irq_disable();
	smp_send_stop();
	outb(DEBUG_EXIT_ORDERLY, DEBUG_EXIT_PORT);
	acpi_soft_off();
	pr_emerg("Power off is not possible here; halted.\n");
	native_halt_forever();
	__builtin_unreachable();
}

void machine_panic_stop(void)
{
	outb(DEBUG_EXIT_PANIC, DEBUG_EXIT_PORT);
	native_halt_forever();
	__builtin_unreachable();
}

/* An empty interrupt table and an exception: the processor gives up and resets. */
static void triple_fault(void)
{
	struct desc_ptr none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}

void machine_restart(char *cmd)
{
	local_irq_disable();
	smp_send_stop();
	if (acpi_reset.valid) {
		if (acpi_reset.is_port)
			outb(acpi_reset.value, acpi_reset.address);
		else if (reset_reg)
			writeb(acpi_reset.value, reset_reg);
		udelay(1000);
	}
	for (int i = 0; i < 10; i++) { /* the keyboard controller's reset line */
		outb(0xfe, 0x64);
		udelay(50);
	}
	triple_fault();
	native_halt_forever();
	__builtin_unreachable();
}

void arch_cpu_idle(void)
{
	safe_halt();
}
