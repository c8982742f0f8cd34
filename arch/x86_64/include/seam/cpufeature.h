/* SPDX-License-Identifier: MIT */
/*
 * What the CPU can do: CPUID words and the bits in them that the kernel asks about. A feature is
 * word * 32 + bit. The names of all bits, for /proc/cpuinfo, are in arch/x86_64/cpu_flags.c.
 */
#ifndef SEAM_CPUFEATURE_H
#define SEAM_CPUFEATURE_H

#include <base/types.h>

enum cpuid_word {
	CPUID_1_EDX, CPUID_1_ECX, CPUID_7_0_EBX, CPUID_7_0_ECX, CPUID_7_0_EDX,
	CPUID_8000_0001_EDX, CPUID_8000_0001_ECX, CPUID_8000_0007_EDX, CPUID_8000_0008_EBX,
	CPUID_D_1_EAX, CPUID_6_EAX, CPUID_KVM_EAX, NCAPINTS
};

#define X86_FEATURE(word, bit)	((word) * 32 + (bit))
#define X86_FEATURE_FPU		X86_FEATURE(CPUID_1_EDX, 0)
#define X86_FEATURE_PSE		X86_FEATURE(CPUID_1_EDX, 3)
#define X86_FEATURE_TSC		X86_FEATURE(CPUID_1_EDX, 4)
#define X86_FEATURE_MSR		X86_FEATURE(CPUID_1_EDX, 5)
#define X86_FEATURE_APIC	X86_FEATURE(CPUID_1_EDX, 9)
#define X86_FEATURE_PGE		X86_FEATURE(CPUID_1_EDX, 13)
#define X86_FEATURE_PAT		X86_FEATURE(CPUID_1_EDX, 16)
#define X86_FEATURE_FXSR	X86_FEATURE(CPUID_1_EDX, 24)
#define X86_FEATURE_XMM		X86_FEATURE(CPUID_1_EDX, 25)
#define X86_FEATURE_XMM2	X86_FEATURE(CPUID_1_EDX, 26)
#define X86_FEATURE_CX16	X86_FEATURE(CPUID_1_ECX, 13)
#define X86_FEATURE_PCID	X86_FEATURE(CPUID_1_ECX, 17)
#define X86_FEATURE_X2APIC	X86_FEATURE(CPUID_1_ECX, 21)
#define X86_FEATURE_TSC_DEADLINE_TIMER X86_FEATURE(CPUID_1_ECX, 24)
#define X86_FEATURE_XSAVE	X86_FEATURE(CPUID_1_ECX, 26)
#define X86_FEATURE_OSXSAVE	X86_FEATURE(CPUID_1_ECX, 27)
#define X86_FEATURE_AVX		X86_FEATURE(CPUID_1_ECX, 28)
#define X86_FEATURE_RDRAND	X86_FEATURE(CPUID_1_ECX, 30)
#define X86_FEATURE_HYPERVISOR	X86_FEATURE(CPUID_1_ECX, 31)
#define X86_FEATURE_FSGSBASE	X86_FEATURE(CPUID_7_0_EBX, 0)
#define X86_FEATURE_AVX2	X86_FEATURE(CPUID_7_0_EBX, 5)
#define X86_FEATURE_SMEP	X86_FEATURE(CPUID_7_0_EBX, 7)
#define X86_FEATURE_ERMS	X86_FEATURE(CPUID_7_0_EBX, 9)
#define X86_FEATURE_INVPCID	X86_FEATURE(CPUID_7_0_EBX, 10)
#define X86_FEATURE_RDSEED	X86_FEATURE(CPUID_7_0_EBX, 18)
#define X86_FEATURE_SMAP	X86_FEATURE(CPUID_7_0_EBX, 20)
#define X86_FEATURE_UMIP	X86_FEATURE(CPUID_7_0_ECX, 2)
#define X86_FEATURE_PKU		X86_FEATURE(CPUID_7_0_ECX, 3)
#define X86_FEATURE_OSPKE	X86_FEATURE(CPUID_7_0_ECX, 4)	/* the kernel uses it */
#define X86_FEATURE_LA57	X86_FEATURE(CPUID_7_0_ECX, 16)
#define X86_FEATURE_RDPID	X86_FEATURE(CPUID_7_0_ECX, 22)
#define X86_FEATURE_SYSCALL	X86_FEATURE(CPUID_8000_0001_EDX, 11)
#define X86_FEATURE_NX		X86_FEATURE(CPUID_8000_0001_EDX, 20)
#define X86_FEATURE_GBPAGES	X86_FEATURE(CPUID_8000_0001_EDX, 26)
#define X86_FEATURE_RDTSCP	X86_FEATURE(CPUID_8000_0001_EDX, 27)
#define X86_FEATURE_CONSTANT_TSC X86_FEATURE(CPUID_8000_0007_EDX, 8)	/* invariant */
#define X86_FEATURE_XSAVEOPT	X86_FEATURE(CPUID_D_1_EAX, 0)
#define X86_FEATURE_TOPOEXT	X86_FEATURE(CPUID_8000_0001_ECX, 22)
#define X86_FEATURE_XSAVEC	X86_FEATURE(CPUID_D_1_EAX, 1)
#define X86_FEATURE_XSAVES	X86_FEATURE(CPUID_D_1_EAX, 3)
#define X86_FEATURE_ARAT	X86_FEATURE(CPUID_6_EAX, 2)
#define X86_FEATURE_KVM_CLOCK	X86_FEATURE(CPUID_KVM_EAX, 3)
#define X86_FEATURE_KVM_CLOCK_STABLE X86_FEATURE(CPUID_KVM_EAX, 24)

struct cpuinfo_x86 {
	u32 capability[NCAPINTS];
	u8 family, model, stepping, clflush_size;
	u8 phys_bits, virt_bits;
	u32 apicid, microcode, cpuid_level, ext_level;
	int tlb_size;
	char vendor[13];
	char model_id[49];
};

/* The first CPU's; filled before setup_arch does anything else. Each CPU has its own in cpu_info. */
extern struct cpuinfo_x86 boot_cpu_data;

/* True when the boot CPU has @feature (X86_FEATURE_*) and no parameter switched it off. */
static inline bool boot_cpu_has(unsigned int feature)
{
	return boot_cpu_data.capability[feature / 32] >> (feature % 32) & 1;
}
#define cpu_feature_enabled(f)	boot_cpu_has(f)
#define static_cpu_has(f)	boot_cpu_has(f)
void setup_clear_cpu_cap(unsigned int feature);

/* Name of bit @bit of @word as in /proc/cpuinfo into @buf; false when it has none. @len: 24 is enough. */
bool x86_cap_name(unsigned int word, unsigned int bit, char *buf, unsigned int len);

#endif
