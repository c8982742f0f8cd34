// SPDX-License-Identifier: MIT
/* /proc/cpuinfo, in Linux's order and wording. */
#include <base/cpumask.h>
#include <base/types.h>
#include <fs/seq_file.h>
#include <kernel/clockchips.h>
#include <seam/cpufeature.h>
#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <seam/timex.h>
#include <seam/topology.h>

static void show_flags(struct seq_file *m, const struct cpuinfo_x86 *c)
{
	char name[24];

	seq_puts(m, "flags\t\t:");
	for (unsigned int word = 0; word < NCAPINTS; word++)
		for (unsigned int bit = 0; bit < 32; bit++)
			if ((c->capability[word] >> bit & 1) &&
			    x86_cap_name(word, bit, name, sizeof(name)))
				seq_printf(m, " %s", name);
	seq_putc(m, '\n');
}

static void show_one(struct seq_file *m, const struct cpuinfo_x86 *c, unsigned int cpu)
{
	/* Two cycles per turn of a delay loop, as Linux defines the figure when the TSC delays. */
	u64 bogomips_x100 = (u64)tsc_khz * 2 / 10;
	struct cpumask package;

	seq_printf(
		m,
		"processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n",
		cpu, c->vendor[0] ? c->vendor : "unknown", c->family, c->model,
		c->model_id[0] ? c->model_id : "unknown");
	seq_printf(m, "stepping\t: %u\n", c->stepping);
	if (c->microcode)
		seq_printf(m, "microcode\t: 0x%x\n", c->microcode);
	seq_printf(m, "cpu MHz\t\t: %u.%03u\n", cpu_khz / 1000, cpu_khz % 1000);
	if (topology_cache_kib())
		seq_printf(m, "cache size\t: %u KB\n", topology_cache_kib());
	topology_sharers(cpu, topology_package_shift, &package);
	seq_printf(m, "physical id\t: %u\nsiblings\t: %u\n", topology_physical_package_id(cpu),
		   cpumask_weight(&package));
	seq_printf(m, "core id\t\t: %u\ncpu cores\t: %u\n", topology_core_id(cpu),
		   topology_nr_cores(cpu));
	seq_printf(m, "apicid\t\t: %u\ninitial apicid\t: %u\n", cpu_physical_id(cpu), c->apicid);
	seq_printf(m, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
		   c->cpuid_level);
	show_flags(m, c);
	seq_puts(m, "bugs\t\t:\n");
	seq_printf(m, "bogomips\t: %llu.%02llu\n", bogomips_x100 / 100, bogomips_x100 % 100);
	if (c->tlb_size)
		seq_printf(m, "TLB size\t: %d 4K pages\n", c->tlb_size);
	seq_printf(m, "clflush size\t: %u\ncache_alignment\t: %u\n", c->clflush_size,
		   c->clflush_size);
	seq_printf(m, "address sizes\t: %u bits physical, %u bits virtual\n", c->phys_bits,
		   c->virt_bits);
	seq_puts(m, "power management:\n\n");
}

int cpuinfo_proc_show(struct seq_file *m, void *v)
{
	int cpu;

	for_each_online_cpu (cpu)
		show_one(m, &cpu_data(cpu), cpu);
	return 0;
}
