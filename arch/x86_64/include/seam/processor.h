/* SPDX-License-Identifier: MIT */
/* The CPU: control registers, segments, the task state segment, pausing. */
#ifndef SEAM_PROCESSOR_H
#define SEAM_PROCESSOR_H

/* Segments of the GDT; the order of the user ones is what SYSRET wants. */
#define GDT_ENTRY_KERNEL_CS	2
#define GDT_ENTRY_KERNEL_DS	3
#define GDT_ENTRY_USER32_CS	4
#define GDT_ENTRY_USER_DS	5
#define GDT_ENTRY_USER_CS	6
#define GDT_ENTRY_TSS		8
#define GDT_ENTRY_CPUNODE	15	/* limit = node << 12 | cpu: getcpu without RDTSCP */
#define GDT_ENTRIES		16
#define __KERNEL_CS	(GDT_ENTRY_KERNEL_CS * 8)
#define __KERNEL_DS	(GDT_ENTRY_KERNEL_DS * 8)
#define __USER32_CS	(GDT_ENTRY_USER32_CS * 8 + 3)
#define __USER_DS	(GDT_ENTRY_USER_DS * 8 + 3)
#define __USER_CS	(GDT_ENTRY_USER_CS * 8 + 3)
#define __CPUNODE_SEG	(GDT_ENTRY_CPUNODE * 8 + 3)

/* Interrupt stack table: index in the IDT entry (0: none). */
#define IST_INDEX_DF	0
#define IST_INDEX_NMI	1
#define IST_INDEX_MCE	2
#define IST_INDEX_DB	3
#define NR_IST		4

#define X86_CR0_MP	(1UL << 1)
#define X86_CR0_EM	(1UL << 2)
#define X86_CR0_TS	(1UL << 3)
#define X86_CR0_NE	(1UL << 5)
#define X86_CR0_WP	(1UL << 16)
#define X86_CR0_PG	(1UL << 31)
#define X86_CR4_PSE	(1UL << 4)
#define X86_CR4_PAE	(1UL << 5)
#define X86_CR4_MCE	(1UL << 6)
#define X86_CR4_PGE	(1UL << 7)
#define X86_CR4_OSFXSR	(1UL << 9)
#define X86_CR4_OSXMMEXCPT (1UL << 10)
#define X86_CR4_UMIP	(1UL << 11)
#define X86_CR4_FSGSBASE (1UL << 16)
#define X86_CR4_PCIDE	(1UL << 17)
#define X86_CR4_OSXSAVE	(1UL << 18)
#define X86_CR4_SMEP	(1UL << 20)
#define X86_CR4_SMAP	(1UL << 21)
#define X86_CR4_PKE	(1UL << 22)

#ifndef __ASSEMBLY__
#include <base/types.h>
#include <base/compiler.h>
#include <seam/page.h>
#include <seam/percpu.h>
#include <seam/msr.h>
#include <seam/cpufeature.h>

static __always_inline void cpu_relax(void) { __asm__ volatile("pause" : : : "memory"); }
static inline void native_halt_forever(void) { for (;;) __asm__ volatile("cli; hlt" : : : "memory"); }

static inline void cpuid_count(u32 leaf, u32 sub, u32 *a, u32 *b, u32 *c, u32 *d)
{
	__asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "0"(leaf), "2"(sub));
}
static inline void cpuid(u32 leaf, u32 *a, u32 *b, u32 *c, u32 *d)
{
	cpuid_count(leaf, 0, a, b, c, d);
}

#define SEAM_CR(n)								\
static inline unsigned long read_cr##n(void)					\
{										\
	unsigned long v;							\
	__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory");		\
	return v;								\
}										\
static inline void write_cr##n(unsigned long v)					\
{										\
	__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");		\
}
SEAM_CR(0)
SEAM_CR(2)
SEAM_CR(3)
SEAM_CR(4)
#undef SEAM_CR

/* Set bits of CR4 on this CPU and in its shadow (cpu_tlbstate.cr4). */
void cr4_set_bits(unsigned long mask);

struct desc_ptr {
	u16 size;
	u64 address;
} __attribute__((packed));

/* The hardware's task state segment: stacks for a change of privilege and for the IST. */
struct x86_hw_tss {
	u32 reserved1;
	u64 sp0, sp1, sp2;
	u64 reserved2;
	u64 ist[7];
	u32 reserved3, reserved4;
	u16 reserved5, io_bitmap_base;
} __attribute__((packed));

struct tss_struct {
	u32 pad;		/* so that the 8-byte fields are aligned */
	struct x86_hw_tss x86_tss;
} __attribute__((aligned(64)));
DECLARE_PER_CPU_ALIGNED(struct tss_struct, cpu_tss_rw);

/* Top of the running task's kernel stack: the system call entry loads it. */
DECLARE_PER_CPU_FIRST(unsigned long, cpu_current_top_of_stack);
/* The entry code's place for the user's stack pointer, for three instructions. */
DECLARE_PER_CPU_FIRST(unsigned long, cpu_user_rsp_scratch);

/* Interrupts and exceptions from user mode start at @sp0. switch_to calls it. */
static __always_inline void load_sp0(unsigned long sp0)
{
	this_cpu_write(cpu_tss_rw.x86_tss.sp0, sp0);
}

/* Stack of the first task, with a page below it that becomes a hole in the kernel's map. */
extern unsigned long init_stack[THREAD_SIZE / sizeof(unsigned long)];

/* Address range of IST stack @index of @cpu: for the oops code to name the stack it walks. */
void ist_stack_bounds(unsigned int cpu, unsigned int index, unsigned long *low, unsigned long *high);

/* GDT, TSS, IST, control registers of this CPU; before it takes any trap. */
void cpu_init(void);
/* CPUID of this CPU into @c. */
void identify_cpu(struct cpuinfo_x86 *c);
/* Bytes of a cache line, for what shall not share one. */
static inline unsigned int cache_line_size(void) { return boot_cpu_data.clflush_size ?: 64; }
DECLARE_PER_CPU(struct cpuinfo_x86, cpu_info);
#define cpu_data(cpu)	per_cpu(cpu_info, cpu)

/* The text of /proc/cpuinfo. */
struct seq_file;
int cpuinfo_proc_show(struct seq_file *m, void *v);

void machine_power_off(void) __attribute__((noreturn));
void machine_restart(char *cmd) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));
/* The last act of a panic: report it to the hypervisor's exit device, or stand still. */
void machine_panic_stop(void) __attribute__((noreturn));

/* Wait for an interrupt; the idle loop calls it with interrupts disabled, it returns with them enabled. */
void arch_cpu_idle(void);

#endif /* !__ASSEMBLY__ */
#endif
