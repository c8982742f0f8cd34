// SPDX-License-Identifier: MIT
/*
 * Local APICs, and the list of CPUs.
 *
 * The firmware tables report APIC ids through apic_found_cpu(); smp_find_cpus() turns them into CPU numbers, the boot
 * CPU first. Registers are reached by MSR in x2APIC mode (when the CPU has it), else through an uncached page in the
 * fixmap. The old interrupt controllers (8259) are masked for good: everything goes through I/O APICs and messages.
 *
 * nolapic is not offered: without a local APIC there is no tick. Linux: arch/x86/kernel/apic/.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/printf.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/panic.h>
#include <seam/irqflags.h>
#include <seam/irq_vectors.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include "acpi.h"
#include "apic.h"

#define LAPIC_DEFAULT	0xfee00000ULL
#define APICBASE_ENABLE (1u << 11)
#define APICBASE_X2	(1u << 10)

bool x2apic_mode __ro_after_init, apic_usable __ro_after_init;
u64 lapic_phys __initdata;
unsigned int apic_cpus_found __initdata;
u32 cpu_apicid[NR_CPUS];
unsigned int setup_max_cpus __initdata = NR_CPUS;

static u32 found_apicid[NR_CPUS] __initdata;
static unsigned int ignored_cpus __initdata;

static int __init setup_maxcpus(char *arg)
{
	char *end;
	u64 n;

	if (!arg)
		return -EINVAL;
	n = memparse(arg, &end);
	if (*end)
		return -EINVAL;
	setup_max_cpus = n > NR_CPUS ? NR_CPUS : n ? n : 1;
	return 0;
}
early_param("maxcpus", setup_maxcpus);

static int __init setup_nr_cpus(char *arg)
{
	return setup_maxcpus(arg);
}
early_param("nr_cpus", setup_nr_cpus);

static int __init setup_nosmp(char *arg)
{
	setup_max_cpus = 1;
	return 0;
}
early_param("nosmp", setup_nosmp);

void __init apic_found_cpu(u32 apicid)
{
	for (unsigned int i = 0; i < apic_cpus_found; i++)
		if (found_apicid[i] == apicid)
			return;
	if (apic_cpus_found == NR_CPUS || (apicid > 254 && !boot_cpu_has(X86_FEATURE_X2APIC))) {
		ignored_cpus++;
		return;
	}
	found_apicid[apic_cpus_found++] = apicid;
}

/* This CPU's APIC id, before the APIC is mapped. */
static u32 __init boot_apicid(void)
{
	u32 a, b, c, d;

	if (boot_cpu_has(X86_FEATURE_X2APIC) && boot_cpu_data.cpuid_level >= 0xb) {
		cpuid_count(0xb, 0, &a, &b, &c, &d);
		return d;
	}
	cpuid(1, &a, &b, &c, &d);
	return b >> 24;
}

void __init smp_find_cpus(void)
{
	u32 self = boot_apicid();
	unsigned int nr = 1;

	if (!apic_cpus_found) {
		unsigned int n = fw_cfg_cpu_count();

		/* An MP table of SeaBIOS names one CPU of each package only: the device knows better. */
		mptable_init();
		for (unsigned int i = 0; i < n && apic_cpus_found < n; i++)
			apic_found_cpu(i);
	}
	if (!lapic_phys)
		lapic_phys = LAPIC_DEFAULT;
	cpu_apicid[0] = self;
	for (unsigned int i = 0; i < apic_cpus_found && nr < setup_max_cpus; i++)
		if (found_apicid[i] != self)
			cpu_apicid[nr++] = found_apicid[i];
	if (ignored_cpus)
		pr_warn("smp: %u CPUs are ignored, the limit is %d\n", ignored_cpus, NR_CPUS);
	for (unsigned int cpu = 0; cpu < nr; cpu++) {
		set_cpu_possible(cpu, true);
		set_cpu_present(cpu, true);
	}
	set_cpu_online(0, true);
	set_nr_cpu_ids(nr);
	pr_info("smp: %u CPUs found, up to %u used\n", apic_cpus_found ? apic_cpus_found : 1, nr);
}

u32 cpu_physical_id(int cpu)
{
	return cpu_apicid[cpu];
}

void apic_send(u32 apicid, u32 low)
{
	unsigned long flags;

	if (x2apic_mode) {
		/* Not serialising: order it behind earlier stores. */
		__asm__ volatile("mfence; lfence" : : : "memory");
		wrmsrl(MSR_X2APIC_BASE + (APIC_ICR >> 4), (u64)apicid << 32 | low);
		return;
	}
	local_irq_save(flags);
	while (apic_read(APIC_ICR) & APIC_ICR_BUSY)
		cpu_relax();
	apic_write(APIC_ICR2, apicid << 24);
	apic_write(APIC_ICR, low);
	local_irq_restore(flags);
}

void __init pic_disable(void)
{
	/* Initialise both with vectors that nothing else uses, then mask every line. */
	outb(0x11, 0x20);
	outb(0x11, 0xa0);
	io_delay();
	outb(0x20, 0x21);
	outb(0x28, 0xa1);
	io_delay();
	outb(4, 0x21);
	outb(2, 0xa1);
	io_delay();
	outb(1, 0x21);
	outb(1, 0xa1);
	io_delay();
	outb(0xff, 0x21);
	outb(0xff, 0xa1);
}

void __init apic_map(void)
{
	if (!boot_cpu_has(X86_FEATURE_APIC))
		panic("This CPU has no local APIC, which Quire needs for its tick");
	apic_usable = true;
	set_fixmap_nocache(FIX_APIC_BASE, lapic_phys);
	if (boot_cpu_has(X86_FEATURE_X2APIC)) {
		u64 base = rdmsrl_val(MSR_IA32_APICBASE);

		wrmsrl(MSR_IA32_APICBASE, base | APICBASE_ENABLE | APICBASE_X2);
		x2apic_mode = true;
	}
}

void apic_setup_cpu(void)
{
	u64 base = rdmsrl_val(MSR_IA32_APICBASE);
	u32 maxlvt;

	wrmsrl(MSR_IA32_APICBASE, base | APICBASE_ENABLE | (x2apic_mode ? APICBASE_X2 : 0));
	maxlvt = apic_read(APIC_LVR) >> 16 & 0xff;
	apic_write(APIC_LVTT, APIC_LVT_MASKED | LOCAL_TIMER_VECTOR);
	apic_write(APIC_LVT0, APIC_LVT_MASKED);
	apic_write(APIC_LVT1, smp_processor_id() ? APIC_LVT_MASKED : APIC_DM_NMI);
	if (maxlvt >= 4)
		apic_write(APIC_LVTPC, APIC_LVT_MASKED);
	if (maxlvt >= 5)
		apic_write(APIC_LVTTHMR, APIC_LVT_MASKED);
	if (!x2apic_mode) {
		apic_write(APIC_DFR, 0xffffffff);
		apic_write(APIC_LDR, 0);
	}
	apic_write(APIC_TASKPRI, 0);
	apic_write(APIC_SPIV, SPURIOUS_APIC_VECTOR | 0x100);
	if (maxlvt >= 3) {
		apic_write(APIC_LVTERR, ERROR_APIC_VECTOR);
		apic_write(APIC_ESR, 0);
	}
	/* Whatever the firmware left in service would block its priority class. */
	for (int i = 0; i < 8; i++)
		for (u32 isr = apic_read(APIC_ISR + i * 0x10); isr; isr &= isr - 1)
			apic_eoi();
}
