/* SPDX-License-Identifier: MIT */
/* CPUs of the machine as the kernel manages them, see kernel/cpu.c. */
#ifndef QUIRE_KERNEL_CPU_H
#define QUIRE_KERNEL_CPU_H

#include <base/types.h>
#include <base/cpumask.h>
#include <seam/processor.h>
#include <seam/smp.h>

/* The first thing a secondary CPU does in C, once the machine has set it up: joins the scheduler. */
void secondary_cpu_startup(void) __attribute__((noreturn));

/* @fn runs before the machine stops for good, in any context: a driver brings out what it still holds. */
void register_reboot_hook(void (*fn)(void));

/* Power. @cmd: LINUX_REBOOT_CMD_*. These stop the other CPUs and call the machine. */
void kernel_restart(char *cmd) __attribute__((noreturn));
void kernel_halt(void) __attribute__((noreturn));
void kernel_power_off(void) __attribute__((noreturn));

#endif
