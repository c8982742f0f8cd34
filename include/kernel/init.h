/* SPDX-License-Identifier: MIT */
/* Code and data of start-up, and the calls that are made there by level. */
#ifndef QUIRE_KERNEL_INIT_H
#define QUIRE_KERNEL_INIT_H

#include <base/types.h>
#include <base/compiler.h>

/* Freed once /init runs. */
#define __init		__attribute__((section(".init.text"), cold))
#define __initdata	__attribute__((section(".init.data")))
#define __initconst	__attribute__((section(".init.rodata")))
#define __meminit
#define __ro_after_init	__attribute__((section(".data.ro_after_init")))

/* @fn returns 0 or an errno, which is reported by name and then forgotten. */
typedef int (*initcall_t)(void);

struct initcall {
	initcall_t fn;
	const char *name;
};

#define __define_initcall(fn, level)						\
	static const struct initcall __initcall_##fn				\
	__attribute__((used, section(".initcall" #level ".init"), aligned(8))) = { fn, #fn }

#define early_initcall(fn)	__define_initcall(fn, early)
#define pure_initcall(fn)	__define_initcall(fn, 0)
#define core_initcall(fn)	__define_initcall(fn, 1)
#define postcore_initcall(fn)	__define_initcall(fn, 2)
#define arch_initcall(fn)	__define_initcall(fn, 3)
#define subsys_initcall(fn)	__define_initcall(fn, 4)
#define fs_initcall(fn)		__define_initcall(fn, 5)
#define rootfs_initcall(fn)	__define_initcall(fn, rootfs)
#define device_initcall(fn)	__define_initcall(fn, 6)
#define late_initcall(fn)	__define_initcall(fn, 7)

/* The linker script's: early, then the levels 0 to 5, rootfs, 6, 7. */
extern const struct initcall __initcall_start[], __initcall0_start[], __initcall1_start[], __initcall2_start[],
	__initcall3_start[], __initcall4_start[], __initcall5_start[], __initcallrootfs_start[], __initcall6_start[],
	__initcall7_start[], __initcall_end[];

enum system_states {
	SYSTEM_BOOTING,
	SYSTEM_SCHEDULING,
	SYSTEM_FREEING_INITMEM,
	SYSTEM_RUNNING,
	SYSTEM_HALT,
	SYSTEM_POWER_OFF,
	SYSTEM_RESTART,
};
extern enum system_states system_state;

extern char boot_command_line[];	/* as the boot loader gave it, for /proc/cmdline */
#define COMMAND_LINE_SIZE 4096

void start_kernel(void) __attribute__((noreturn));

/* boottrace=1: each step of start-up with its depth, cycles, us, and pages. Boot CPU, during start-up. */
void boottrace_enter(const char *what);
void boottrace_leave(void);

#endif
