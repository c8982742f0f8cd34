/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has learnt from the firmware's tables. The tables themselves are read once, at boot, while the
 * early mapping reaches them; afterwards only these copies exist. Everything is empty with acpi=off.
 */
#ifndef SEAM_ACPI_H
#define SEAM_ACPI_H

#include <base/types.h>

/* Window of PCI Express configuration space (MCFG). */
struct acpi_mcfg_window {
	u64 base;
	u16 segment;
	u8 first_bus, last_bus;
};
extern struct acpi_mcfg_window acpi_mcfg[4];
extern unsigned int acpi_mcfg_nr;

/* A virtio-mmio device that the DSDT of QEMU's microvm announces (LNRO0005). */
struct acpi_virtio_mmio {
	u64 base;
	u32 size, irq;
};
extern struct acpi_virtio_mmio acpi_virtio_mmio[32];
extern unsigned int acpi_virtio_mmio_nr;

/* I/O port or address of the 3.58 MHz power-management timer; 0: none. */
extern u64 acpi_pm_timer;
extern bool acpi_pm_timer_is_port, acpi_pm_timer_32bit;
/* Registers of the HPET; 0: none. */
extern u64 acpi_hpet_base;
/* PM1 control ports and the sleep types of soft-off; pm1a 0: not possible. */
struct acpi_poweroff {
	u16 pm1a, pm1b;
	u8 slp_typa, slp_typb;
	u64 sleep_control;	/* hardware-reduced: register and type instead */
	bool sleep_control_is_port;
};
extern struct acpi_poweroff acpi_poweroff;
struct acpi_reset {
	u64 address;
	u8 value;
	bool valid, is_port;
};
extern struct acpi_reset acpi_reset;

extern bool acpi_disabled;

#endif
