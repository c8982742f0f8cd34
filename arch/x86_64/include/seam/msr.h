/* SPDX-License-Identifier: MIT */
/* Model-specific registers. */
#ifndef SEAM_MSR_H
#define SEAM_MSR_H

#define MSR_IA32_TSC		0x10
#define MSR_IA32_APICBASE	0x1b
#define MSR_IA32_TSC_ADJUST	0x3b
#define MSR_UCODE_REV		0x8b
#define MSR_IA32_PAT		0x277
#define MSR_IA32_MISC_ENABLE	0x1a0
#define MSR_IA32_TSC_DEADLINE	0x6e0
#define MSR_X2APIC_BASE		0x800
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_SYSCALL_MASK	0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103
#define MSR_KVM_SYSTEM_TIME_NEW	0x4b564d01
#define MSR_KVM_WALL_CLOCK_NEW	0x4b564d00

#define EFER_SCE	(1 << 0)
#define EFER_LME	(1 << 8)
#define EFER_LMA	(1 << 10)
#define EFER_NX		(1 << 11)

#ifndef __ASSEMBLY__
#include <base/types.h>

static inline u64 rdmsrl_val(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}
#define rdmsrl(msr, val)	((val) = rdmsrl_val(msr))

static inline void wrmsrl(u32 msr, u64 val)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)(val & 0xffffffff)), "d"((u32)(val >> 32)) : "memory");
}
#endif

#endif
