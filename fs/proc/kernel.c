/* SPDX-License-Identifier: MIT */
/* The files of /proc that tell about the whole machine (proc(5)); those about memory are the mm rooms'. */
#include <base/cpumask.h>
#include <base/types.h>
#include <block/genhd.h>
#include <fs/char_dev.h>
#include <fs/locks.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/cgroup.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/kallsyms.h>
#include <kernel/pid.h>
#include <kernel/resource.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <kernel/uts.h>
#include <mm/vmstat.h>
#include <seam/smp.h>

static u64 ns_to_ticks(u64 ns)
{
	return ns / (NSEC_PER_SEC / USER_HZ);
}

static int cmdline_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", boot_command_line);
	return 0;
}

static int uptime_show(struct seq_file *m, void *v)
{
	struct timespec64 up, idle;
	u64 idle_ns = 0;
	int cpu;

	ktime_get_boottime_ts64(&up);
	for_each_possible_cpu (cpu)
		idle_ns += get_cpu_idle_time_ns(cpu);
	idle = ns_to_timespec64(idle_ns);
	seq_printf(m, "%lu.%02lu %lu.%02lu\n", (unsigned long)up.tv_sec,
		   up.tv_nsec / (NSEC_PER_SEC / 100), (unsigned long)idle.tv_sec,
		   idle.tv_nsec / (NSEC_PER_SEC / 100));
	return 0;
}

static unsigned int nr_threads_now(void)
{
	struct task_struct *p;
	unsigned int nr = 0;

	rcu_read_lock();
	for_each_process (p)
		nr += get_nr_threads(p);
	rcu_read_unlock();
	return nr;
}

static int loadavg_show(struct seq_file *m, void *v)
{
	unsigned long avnrun[3];

	get_avenrun(avnrun, FIXED_1 / 200, 0);
	seq_printf(m, "%lu.%02lu %lu.%02lu %lu.%02lu %u/%u %d\n", LOAD_INT(avnrun[0]),
		   LOAD_FRAC(avnrun[0]), LOAD_INT(avnrun[1]), LOAD_FRAC(avnrun[1]),
		   LOAD_INT(avnrun[2]), LOAD_FRAC(avnrun[2]), nr_running(), nr_threads_now(),
		   last_pid_nr());
	return 0;
}

static void show_cpu_times(struct seq_file *m, const u64 *t)
{
	static const enum cpu_usage_stat order[] = {
		CPUTIME_USER, CPUTIME_NICE,    CPUTIME_SYSTEM, CPUTIME_IDLE,  CPUTIME_IOWAIT,
		CPUTIME_IRQ,  CPUTIME_SOFTIRQ, CPUTIME_STEAL,  CPUTIME_GUEST, CPUTIME_GUEST_NICE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		seq_put_decimal_ull(m, " ", ns_to_ticks(t[order[i]]));
	seq_putc(m, '\n');
}

static void get_cpu_times(int cpu, u64 *t)
{
	int i;

	for (i = 0; i < NR_STATS; i++)
		t[i] = kcpustat_cpu(cpu).cpustat[i];
	t[CPUTIME_IDLE] = get_cpu_idle_time_ns(cpu) - t[CPUTIME_IOWAIT];
}

static void show_irq_sums(struct seq_file *m)
{
	u64 sum = 0, one;
	unsigned int irq;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += kstat_cpu_irqs_sum(cpu);
	seq_printf(m, "intr %llu", sum);
	for (irq = 0; irq < NR_IRQS; irq++) {
		one = 0;
		for_each_possible_cpu (cpu)
			one += kstat_irqs_cpu(irq, cpu);
		seq_put_decimal_ull(m, " ", one);
	}
	seq_putc(m, '\n');
}

static int stat_show(struct seq_file *m, void *v)
{
	u64 sum[NR_STATS] = { 0 }, one[NR_STATS];
	struct timespec64 boot;
	int cpu, i;

	for_each_possible_cpu (cpu) {
		get_cpu_times(cpu, one);
		for (i = 0; i < NR_STATS; i++)
			sum[i] += one[i];
	}
	seq_puts(m, "cpu ");
	show_cpu_times(m, sum);
	for_each_online_cpu (cpu) {
		get_cpu_times(cpu, one);
		seq_printf(m, "cpu%d", cpu);
		show_cpu_times(m, one);
	}
	show_irq_sums(m);
	getboottime64(&boot);
	seq_printf(m, "ctxt %llu\nbtime %llu\nprocesses %lu\nprocs_running %u\nprocs_blocked %lu\n",
		   nr_context_switches(), (unsigned long long)boot.tv_sec, total_forks,
		   nr_running(), nr_iowait());
	/* Quire has no soft interrupts: the total and the ten kinds that Linux lists never count. */
	seq_puts(m, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

static int interrupts_show(struct seq_file *m, void *v)
{
	unsigned int errors = 0;
	const char *chip, *description;
	unsigned int irq;
	char what[64];
	int cpu, item;

	seq_puts(m, "    ");
	for_each_online_cpu (cpu)
		seq_printf(m, "       CPU%-1d", cpu);
	seq_putc(m, '\n');
	for (irq = 0; irq < NR_IRQS; irq++) {
		if (!irq_describe(irq, &chip, what, sizeof(what)))
			continue;
		seq_printf(m, "%3u:", irq);
		for_each_online_cpu (cpu)
			seq_printf(m, " %10u", kstat_irqs_cpu(irq, cpu));
		seq_printf(m, "   %s  %s\n", chip, what);
	}
	for (item = 0; item < IRQ_STAT_ERROR; item++) {
		seq_printf(m, "%3s:", irq_stat_label(item, &description));
		for_each_online_cpu (cpu)
			seq_printf(m, " %10u", per_cpu(irq_stats, cpu)[item]);
		seq_printf(m, "   %s\n", description);
	}
	for_each_online_cpu (cpu)
		errors += per_cpu(irq_stats, cpu)[IRQ_STAT_ERROR];
	seq_printf(m, "%3s: %10u\n", irq_stat_label(IRQ_STAT_ERROR, &description), errors);
	return 0;
}

static int version_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", linux_banner);
	return 0;
}

static int kallsyms_show(struct seq_file *m, void *v)
{
	unsigned long i, address;
	char name[KSYM_NAME_LEN], type;

	for (i = 0; kallsyms_get(i, &address, &type, name); i++)
		seq_printf(m, "%016lx %c %s\n", address, type, name);
	return 0;
}

static void show_resource(struct seq_file *m, struct resource *r, int depth)
{
	for (; r; r = r->sibling) {
		seq_printf(m, "%*s%08llx-%08llx : %s\n", depth * 2, "", (u64)r->start, (u64)r->end,
			   r->name);
		show_resource(m, r->child, depth + 1);
	}
}

static int iomem_show(struct seq_file *m, void *v)
{
	show_resource(m, iomem_resource.child, 0);
	return 0;
}

static int ioports_show(struct seq_file *m, void *v)
{
	struct resource *r;

	for (r = ioport_resource.child; r; r = r->sibling)
		seq_printf(m, "%04llx-%04llx : %s\n", (u64)r->start, (u64)r->end, r->name);
	return 0;
}

static int filesystems_proc_show(struct seq_file *m, void *v)
{
	filesystems_show(m);
	return 0;
}

static int devices_proc_show(struct seq_file *m, void *v)
{
	unsigned int major;
	const char *name;

	seq_puts(m, "Character devices:\n");
	chrdev_show(m);
	seq_puts(m, "\nBlock devices:\n");
	for (unsigned int i = 0; blkdev_major(i, &major, &name); i++)
		seq_printf(m, "%3u %s\n", major, name);
	return 0;
}

static int __init proc_kernel_init(void)
{
	proc_create_single("cmdline", 0444, NULL, cmdline_show);
	proc_create_single("uptime", 0444, NULL, uptime_show);
	proc_create_single("loadavg", 0444, NULL, loadavg_show);
	proc_create_single("stat", 0444, NULL, stat_show);
	proc_create_single("interrupts", 0444, NULL, interrupts_show);
	proc_create_single("cpuinfo", 0444, NULL, cpuinfo_proc_show);
	proc_create_single("version", 0444, NULL, version_show);
	proc_create_single("kallsyms", 0444, NULL, kallsyms_show);
	proc_create_single("iomem", 0400, NULL, iomem_show);
	proc_create_single("ioports", 0400, NULL, ioports_show);
	proc_create_single("filesystems", 0444, NULL, filesystems_proc_show);
	proc_create_single("cgroups", 0444, NULL, proc_cgroupstats_show);
	proc_create_single("devices", 0444, NULL, devices_proc_show);
	proc_create_single("locks", 0444, NULL, locks_show);
	proc_create_single("meminfo", 0444, NULL, meminfo_proc_show);
	proc_create_single("vmstat", 0444, NULL, vmstat_proc_show);
	proc_create_single("zoneinfo", 0444, NULL, zoneinfo_proc_show);
	proc_create_single("buddyinfo", 0444, NULL, buddyinfo_proc_show);
	proc_create_single("pagetypeinfo", 0400, NULL, pagetypeinfo_proc_show);
	proc_create_single("slabinfo", 0400, NULL, slabinfo_proc_show);
	proc_create_single("vmallocinfo", 0400, NULL, vmallocinfo_proc_show);
	proc_symlink("mounts", NULL, "self/mounts");
	proc_symlink("net", NULL, "self/net");
	return 0;
}
fs_initcall(proc_kernel_init);
