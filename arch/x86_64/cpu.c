// SPDX-License-Identifier: MIT
/*
 * Each CPU's own things: what CPUID says, control registers, GDT, TSS and the IST stacks.
 *
 * The GDT and the TSS are per-CPU variables, so they move when setup_per_cpu_areas() makes the real areas:
 * load_percpu_segment() loads the new GDT at once, cpu_init() the new TSS.
 *
 * IST stacks (double fault, NMI, machine check) live in the entry area, because they need holes below them:
 *
 *	CPU_ENTRY_AREA_BASE + cpu * 9 pages:   hole, 2 pages DF, hole, 2 pages NMI, hole, 2 pages MCE
 *
 * Control bits: SMEP, SMAP, UMIP, WP, NX, PGE, FSGSBASE and PCID are switched on where the CPU has them; nosmep,
 * nosmap, nopcid, nofsgsbase and noexec=off (Linux's parameters) leave one out.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/math.h>
#include <base/bug.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/panic.h>
#include <kernel/task.h>
#include <mm/memblock.h>
#include <seam/processor.h>
#include <seam/percpu.h>
#include <seam/pgtable.h>
#include <seam/preempt.h>
#include <seam/current.h>
#include <seam/smp.h>
#include <seam/thread.h>
#include <seam/tlbflush.h>
#include "apic.h"
#include "mapping.h"

extern bool page_data_avx;

#define IST_STACK_PAGES 2
#define IST_SLOT	((IST_STACK_PAGES + 1) * PAGE_SIZE)

struct cpuinfo_x86 boot_cpu_data __ro_after_init;
DEFINE_PER_CPU(struct cpuinfo_x86, cpu_info);

DEFINE_PER_CPU_FIRST(unsigned long, this_cpu_off);
DEFINE_PER_CPU_FIRST(unsigned int, cpu_number);
DEFINE_PER_CPU_FIRST(unsigned int, __preempt_count) = INIT_PREEMPT_COUNT;
DEFINE_PER_CPU_FIRST(struct task_struct *, current_task) = &init_task;
DEFINE_PER_CPU_FIRST(unsigned long, cpu_current_top_of_stack) = (unsigned long)init_stack
								+ THREAD_SIZE;
DEFINE_PER_CPU_FIRST(unsigned long, cpu_user_rsp_scratch);
unsigned long __per_cpu_offset[NR_CPUS];

DEFINE_PER_CPU_ALIGNED(struct tss_struct, cpu_tss_rw);

struct gdt_page {
	u64 gdt[GDT_ENTRIES];
} __attribute__((aligned(64)));

#define SEG_KERNEL_CODE 0x00af9b000000ffffULL
#define SEG_KERNEL_DATA 0x00cf93000000ffffULL
#define SEG_USER_DATA	0x00cff3000000ffffULL
#define SEG_USER_CODE	0x00affb000000ffffULL

/* Entry 4 (32-bit user code) stays absent: there are no 32-bit programs. */
static DEFINE_PER_CPU_ALIGNED(struct gdt_page,
			      gdt_page) = { .gdt = {
						    [__KERNEL_CS / 8] = SEG_KERNEL_CODE,
						    [__KERNEL_DS / 8] = SEG_KERNEL_DATA,
						    [__USER_DS / 8] = SEG_USER_DATA,
						    [__USER_CS / 8] = SEG_USER_CODE,
					    } };

/* ---- CPUID ---- */

static u32 cleared_caps[NCAPINTS] __ro_after_init;

void __init setup_clear_cpu_cap(unsigned int feature)
{
	cleared_caps[feature / 32] |= 1u << (feature % 32);
	boot_cpu_data.capability[feature / 32] &= ~(1u << (feature % 32));
}

static void read_capabilities(struct cpuinfo_x86 *c)
{
	u32 a, b, cx, d;

	cpuid(1, &a, &b, &c->capability[CPUID_1_ECX], &c->capability[CPUID_1_EDX]);
	if (c->cpuid_level >= 6)
		cpuid(6, &c->capability[CPUID_6_EAX], &b, &cx, &d);
	if (c->cpuid_level >= 7)
		cpuid(7, &a, &c->capability[CPUID_7_0_EBX], &c->capability[CPUID_7_0_ECX],
		      &c->capability[CPUID_7_0_EDX]);
	if (c->cpuid_level >= 0xd)
		cpuid_count(0xd, 1, &c->capability[CPUID_D_1_EAX], &b, &cx, &d);
	if (c->ext_level >= 0x80000001)
		cpuid(0x80000001, &a, &b, &c->capability[CPUID_8000_0001_ECX],
		      &c->capability[CPUID_8000_0001_EDX]);
	if (c->ext_level >= 0x80000007)
		cpuid(0x80000007, &a, &b, &cx, &c->capability[CPUID_8000_0007_EDX]);
	if (c->ext_level >= 0x80000008)
		cpuid(0x80000008, &a, &c->capability[CPUID_8000_0008_EBX], &cx, &d);
	if (c->capability[CPUID_1_ECX] >> 31) {
		char sig[12];

		cpuid(0x40000000, &a, (u32 *)&sig[0], (u32 *)&sig[4], (u32 *)&sig[8]);
		if (!memcmp(sig, "KVMKVMKVM\0\0", 12))
			cpuid(0x40000001, &c->capability[CPUID_KVM_EAX], &b, &cx, &d);
	}
	for (int w = 0; w < NCAPINTS; w++)
		c->capability[w] &= ~cleared_caps[w];
}

/* Family, model and stepping as the manuals compose them from leaf 1. */
static void read_signature(struct cpuinfo_x86 *c)
{
	u32 a, b, cx, d;

	cpuid(1, &a, &b, &cx, &d);
	c->stepping = a & 15;
	c->model = a >> 4 & 15;
	c->family = a >> 8 & 15;
	if (c->family >= 6)
		c->model |= (a >> 16 & 15) << 4;
	if (c->family == 15)
		c->family += a >> 20 & 0xff;
	c->apicid = b >> 24;
	c->clflush_size = (b >> 8 & 0xff) * 8;
}

/* The patch level: AMD's in the low half, Intel's in the high one once CPUID has been asked. */
static u32 read_microcode(const struct cpuinfo_x86 *c)
{
	u32 a, b, cx, d;
	u64 rev;

	if (!strcmp(c->vendor, "GenuineIntel")) {
		wrmsrl(MSR_UCODE_REV, 0);
		cpuid(1, &a, &b, &cx, &d);
	}
	rdmsrl(MSR_UCODE_REV, rev);
	return strcmp(c->vendor, "GenuineIntel") ? rev : rev >> 32;
}

static void read_model_name(struct cpuinfo_x86 *c)
{
	u32 *v = (u32 *)c->model_id;
	char *p, *q;

	if (c->ext_level < 0x80000004)
		return;
	for (u32 i = 0; i < 3; i++, v += 4)
		cpuid(0x80000002 + i, &v[0], &v[1], &v[2], &v[3]);
	c->model_id[48] = 0;
	/* Some pad on the left. */
	for (p = q = c->model_id; *p == ' '; p++)
		;
	while ((*q++ = *p++))
		;
}

void identify_cpu(struct cpuinfo_x86 *c)
{
	u32 a, b, cx, d;

	cpuid(0, &c->cpuid_level, (u32 *)&c->vendor[0], (u32 *)&c->vendor[8], (u32 *)&c->vendor[4]);
	c->vendor[12] = 0;
	cpuid(0x80000000, &c->ext_level, &b, &cx, &d);
	if (c->ext_level < 0x80000000)
		c->ext_level = 0;
	read_capabilities(c);
	read_signature(c);
	read_model_name(c);
	c->phys_bits = 36;
	c->virt_bits = 48;
	if (c->ext_level >= 0x80000008) {
		cpuid(0x80000008, &a, &b, &cx, &d);
		c->phys_bits = a & 0xff;
		c->virt_bits = a >> 8 & 0xff;
	}
	if (c->ext_level >= 0x80000006) {
		cpuid(0x80000006, &a, &b, &cx, &d);
		c->tlb_size = (b >> 16 & 0xfff) + (b & 0xfff);
	}
}

static int __init setup_noexec(char *arg)
{
	bool on;

	if (!arg || kstrtobool(arg, &on))
		return -EINVAL;
	if (!on)
		setup_clear_cpu_cap(X86_FEATURE_NX);
	return 0;
}
early_param("noexec", setup_noexec);

#define CAP_PARAM(name, feature)                                                                   \
	static int __init setup_##name(char *arg)                                                  \
	{                                                                                          \
		setup_clear_cpu_cap(feature);                                                      \
		return 0;                                                                          \
	}                                                                                          \
	early_param(#name, setup_##name)
CAP_PARAM(nosmep, X86_FEATURE_SMEP);
CAP_PARAM(nosmap, X86_FEATURE_SMAP);
CAP_PARAM(nopcid, X86_FEATURE_PCID);
CAP_PARAM(nofsgsbase, X86_FEATURE_FSGSBASE);
CAP_PARAM(nox2apic, X86_FEATURE_X2APIC);

/* Without these nothing here works; say which one is missing. */
static void __init require(unsigned int feature, const char *name)
{
	if (!boot_cpu_has(feature))
		panic("This CPU (%s) lacks %s, which Quire needs", boot_cpu_data.model_id, name);
}

void __init cpu_early_init(void)
{
	require(X86_FEATURE_FPU, "an FPU");
	require(X86_FEATURE_MSR, "model-specific registers");
	require(X86_FEATURE_PSE, "large pages");
	require(X86_FEATURE_TSC, "a time-stamp counter");
	require(X86_FEATURE_XMM2, "SSE2");
	require(X86_FEATURE_SYSCALL, "SYSCALL");
	require(X86_FEATURE_CX16, "CMPXCHG16B");
	this_cpu_write(cpu_tlbstate.cr4, read_cr4());
}

void __init cpu_print_features(void)
{
	static const struct {
		unsigned int feature;
		const char *name;
	} list[] = {
		{ X86_FEATURE_NX, "NX" },
		{ X86_FEATURE_SMEP, "SMEP" },
		{ X86_FEATURE_SMAP, "SMAP" },
		{ X86_FEATURE_UMIP, "UMIP" },
		{ X86_FEATURE_PGE, "PGE" },
		{ X86_FEATURE_FSGSBASE, "FSGSBASE" },
		{ X86_FEATURE_PCID, "PCID" },
		{ X86_FEATURE_INVPCID, "INVPCID" },
		{ X86_FEATURE_GBPAGES, "1G pages" },
		{ X86_FEATURE_X2APIC, "x2APIC" },
		{ X86_FEATURE_TSC_DEADLINE_TIMER, "TSC deadline" },
		{ X86_FEATURE_CONSTANT_TSC, "invariant TSC" },
		{ X86_FEATURE_AVX, "AVX" },
	};
	char text[160];
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (boot_cpu_has(list[i].feature))
			n += scnprintf(text + n, sizeof(text) - n, " %s", list[i].name);
	pr_info("CPU: %s, family 0x%x model 0x%x:%s\n", boot_cpu_data.model_id,
		boot_cpu_data.family, boot_cpu_data.model, text);
}

/* ---- control registers ---- */

void cr4_set_bits(unsigned long mask)
{
	unsigned long cr4 = this_cpu_read(cpu_tlbstate.cr4) | mask;

	this_cpu_write(cpu_tlbstate.cr4, cr4);
	write_cr4(cr4);
}

static unsigned long wanted_cr4(void)
{
	static const struct {
		unsigned int feature;
		unsigned long bit;
	} list[] = {
		{ X86_FEATURE_PGE, X86_CR4_PGE },	    { X86_FEATURE_SMEP, X86_CR4_SMEP },
		{ X86_FEATURE_SMAP, X86_CR4_SMAP },	    { X86_FEATURE_UMIP, X86_CR4_UMIP },
		{ X86_FEATURE_FSGSBASE, X86_CR4_FSGSBASE }, { X86_FEATURE_PCID, X86_CR4_PCIDE },
	};
	unsigned long bits = X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_MCE;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (boot_cpu_has(list[i].feature))
			bits |= list[i].bit;
	return bits;
}

/* Entry 1 (PWT) of the page attribute table becomes write-combining, entry 5 (PAT, PWT) stays write-through, as all others. */
static void pat_init(void)
{
	if (boot_cpu_has(X86_FEATURE_PAT))
		wrmsrl(MSR_IA32_PAT, 0x0007040600070106ULL);
}

/* ---- segments ---- */

static void load_gdt(void)
{
	struct desc_ptr ptr = { sizeof(struct gdt_page) - 1, (u64)this_cpu_ptr(&gdt_page) };

	__asm__ volatile("lgdt %0" : : "m"(ptr));
	__asm__ volatile("movl %0, %%ss" : : "r"(__KERNEL_DS) : "memory");
}

void load_percpu_segment(unsigned int cpu)
{
	unsigned long off = __per_cpu_offset[cpu];

	wrmsrl(MSR_GS_BASE, off);
	this_cpu_write(this_cpu_off, off);
	this_cpu_write(cpu_number, cpu);
	load_gdt();
}

static void set_tss_descriptor(struct gdt_page *g, unsigned long base)
{
	unsigned long limit = sizeof(struct x86_hw_tss) - 1;

	g->gdt[GDT_ENTRY_TSS] =
		limit | (base & 0xffffff) << 16 | 0x89ULL << 40 | (base >> 24 & 0xff) << 56;
	g->gdt[GDT_ENTRY_TSS + 1] = base >> 32;
}

static unsigned long ist_slot(unsigned int cpu, unsigned int index)
{
	return CPU_ENTRY_AREA_BASE + (cpu * NR_IST + index) * IST_SLOT;
}

void ist_stack_bounds(unsigned int cpu, unsigned int index, unsigned long *low, unsigned long *high)
{
	*low = ist_slot(cpu, index) + PAGE_SIZE;
	*high = *low + IST_STACK_PAGES * PAGE_SIZE;
}

void __init ist_stacks_init(void)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (unsigned int i = 0; i < NR_IST; i++) {
			phys_addr_t pa =
				memblock_phys_alloc(IST_STACK_PAGES * PAGE_SIZE, PAGE_SIZE);
			unsigned long low, high;

			if (!pa)
				panic("Out of memory for the exception stacks");
			ist_stack_bounds(cpu, i, &low, &high);
			for (unsigned long va = low; va < high; va += PAGE_SIZE, pa += PAGE_SIZE)
				map_kernel_page(va, pa, PAGE_KERNEL);
		}
}

static void tss_setup(unsigned int cpu)
{
	struct x86_hw_tss *tss = &this_cpu_ptr(&cpu_tss_rw)->x86_tss;
	struct gdt_page *g = this_cpu_ptr(&gdt_page);
	unsigned long low, high;

	for (unsigned int i = 0; i < NR_IST; i++) {
		ist_stack_bounds(cpu, i, &low, &high);
		tss->ist[i] = high;
	}
	tss->io_bitmap_base = sizeof(*tss); /* no bitmap: user mode may use no port */
	set_tss_descriptor(g, (unsigned long)tss);
	g->gdt[GDT_ENTRY_CPUNODE] = 0x0040f50000000000ULL | cpu | (u64)early_cpu_to_node(cpu) << 12;
	__asm__ volatile("ltr %w0" : : "r"(GDT_ENTRY_TSS * 8));
}

/* The FPU code has decided about AVX in XCR0: clear_page() and copy_page() follow. */
static void choose_page_data(void)
{
	u32 lo, hi;

	if (!(read_cr4() & X86_CR4_OSXSAVE) || !boot_cpu_has(X86_FEATURE_AVX))
		return;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	page_data_avx = (lo & 6) == 6;
}

void cpu_init(void)
{
	unsigned int cpu = smp_processor_id();

	write_cr0((read_cr0() & ~(X86_CR0_EM | X86_CR0_TS)) | X86_CR0_WP | X86_CR0_MP | X86_CR0_NE);
	this_cpu_write(cpu_tlbstate.cr4, read_cr4());
	cr4_set_bits(wanted_cr4());
	pat_init();
	if (boot_cpu_has(X86_FEATURE_RDTSCP) || boot_cpu_has(X86_FEATURE_RDPID))
		wrmsrl(MSR_TSC_AUX, cpu | (u64)early_cpu_to_node(cpu) << 12);
	tss_setup(cpu);
	load_sp0(this_cpu_read(cpu_current_top_of_stack));
	syscall_init();
	fpu_init_cpu();
	choose_page_data();
	if (cpu)
		identify_cpu(this_cpu_ptr(&cpu_info));
	else
		*this_cpu_ptr(&cpu_info) = boot_cpu_data;
	this_cpu_ptr(&cpu_info)->microcode = read_microcode(&boot_cpu_data);
}
