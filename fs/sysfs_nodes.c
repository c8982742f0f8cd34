/* SPDX-License-Identifier: MIT */
/*
 * What of /sys exists: CPUs, nodes, frames that fail (devices/system), virtio ports (class/virtio-ports).
 */
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/nodemask.h>
#include <base/printf.h>
#include <base/types.h>
#include <drivers/virtio_console.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <mm/migrate.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <seam/numa.h>

static int cpus_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%*pbl\n", cpumask_pr_args((const struct cpumask *)m->private));
	return 0;
}

static int kernel_max_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", NR_CPUS - 1);
	return 0;
}

static int offline_show(struct seq_file *m, void *v)
{
	struct cpumask mask;

	cpumask_andnot(&mask, cpu_possible_mask, cpu_online_mask);
	seq_printf(m, "%*pbl\n", cpumask_pr_args(&mask));
	return 0;
}

static void __init add_cpus(struct kernfs_node *system)
{
	struct kernfs_node *dir = kernfs_create_dir(system, "cpu", 0755);
	char name[16];
	int cpu;

	if (!dir)
		return;
	kernfs_create_file(dir, "online", 0444, cpus_show, NULL, (void *)cpu_online_mask);
	kernfs_create_file(dir, "possible", 0444, cpus_show, NULL, (void *)cpu_possible_mask);
	kernfs_create_file(dir, "present", 0444, cpus_show, NULL, (void *)cpu_present_mask);
	kernfs_create_file(dir, "offline", 0444, offline_show, NULL, NULL);
	kernfs_create_file(dir, "kernel_max", 0444, kernel_max_show, NULL, NULL);
	for_each_possible_cpu (cpu) {
		snprintf(name, sizeof(name), "cpu%d", cpu);
		kernfs_create_dir(dir, name, 0755);
	}
}

static int node_meminfo(struct seq_file *m, void *v)
{
	return node_meminfo_show(m, (long)m->private);
}

static int node_vmstat(struct seq_file *m, void *v)
{
	return node_vmstat_show(m, (long)m->private);
}

static int node_numastat(struct seq_file *m, void *v)
{
	return node_numastat_show(m, (long)m->private);
}

/* The CPUs of a node: where they are, not whose memory they use when theirs has none. */
static void node_cpus(long nid, struct cpumask *mask)
{
	int cpu;

	cpumask_clear(mask);
	for_each_online_cpu (cpu)
		if (early_cpu_to_node(cpu) == nid)
			cpumask_set_cpu(cpu, mask);
}

static int node_cpulist(struct seq_file *m, void *v)
{
	struct cpumask mask;

	node_cpus((long)m->private, &mask);
	seq_printf(m, "%*pbl\n", cpumask_pr_args(&mask));
	return 0;
}

static int node_cpumap(struct seq_file *m, void *v)
{
	struct cpumask mask;

	node_cpus((long)m->private, &mask);
	seq_printf(m, "%*pb\n", cpumask_pr_args(&mask));
	return 0;
}

static int node_distances(struct seq_file *m, void *v)
{
	int nid;

	for_each_online_node (nid)
		seq_printf(m, "%s%d", nid ? " " : "", node_distance((long)m->private, nid));
	seq_putc(m, '\n');
	return 0;
}

static int nodes_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%*pbl\n", MAX_NUMNODES, ((nodemask_t *)m->private)->bits);
	return 0;
}

static void __init add_nodes(struct kernfs_node *system)
{
	struct kernfs_node *dir = kernfs_create_dir(system, "node", 0755), *node;
	char name[16];
	long nid;

	if (!dir)
		return;
	kernfs_create_file(dir, "online", 0444, nodes_show, NULL, &node_states[N_ONLINE]);
	kernfs_create_file(dir, "possible", 0444, nodes_show, NULL, &node_states[N_POSSIBLE]);
	kernfs_create_file(dir, "has_memory", 0444, nodes_show, NULL, &node_states[N_MEMORY]);
	kernfs_create_file(dir, "has_normal_memory", 0444, nodes_show, NULL,
			   &node_states[N_NORMAL_MEMORY]);
	kernfs_create_file(dir, "has_generic_initiator", 0444, nodes_show, NULL,
			   &node_states[N_GENERIC_INITIATOR]);
	kernfs_create_file(dir, "has_cpu", 0444, nodes_show, NULL, &node_states[N_CPU]);
	for_each_online_node (nid) {
		snprintf(name, sizeof(name), "node%ld", nid);
		node = kernfs_create_dir(dir, name, 0755);
		if (!node)
			return;
		kernfs_create_file(node, "meminfo", 0444, node_meminfo, NULL, (void *)nid);
		kernfs_create_file(node, "vmstat", 0444, node_vmstat, NULL, (void *)nid);
		kernfs_create_file(node, "numastat", 0444, node_numastat, NULL, (void *)nid);
		kernfs_create_file(node, "distance", 0444, node_distances, NULL, (void *)nid);
		kernfs_create_file(node, "cpulist", 0444, node_cpulist, NULL, (void *)nid);
		kernfs_create_file(node, "cpumap", 0444, node_cpumap, NULL, (void *)nid);
	}
}

/* What a write names by an address in bytes is done with its frame. */
static ssize_t with_frame(const char *buf, size_t count, int (*fn)(unsigned long pfn))
{
	unsigned long long address;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = kstrtoull(buf, 0, &address);
	if (err)
		return -EINVAL;
	err = fn(address >> PAGE_SHIFT);
	return err ? err : (ssize_t)count;
}

static ssize_t soft_offline_write(struct file *file, char *buf, size_t count)
{
	return with_frame(buf, count, soft_offline_page);
}

static ssize_t hard_offline_write(struct file *file, char *buf, size_t count)
{
	return with_frame(buf, count, memory_failure);
}

static void __init add_memory(struct kernfs_node *system)
{
	struct kernfs_node *dir = kernfs_create_dir(system, "memory", 0755);

	if (!dir)
		return;
	kernfs_create_file(dir, "soft_offline_page", 0200, NULL, soft_offline_write, NULL);
	kernfs_create_file(dir, "hard_offline_page", 0200, NULL, hard_offline_write, NULL);
}

static int port_name_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", (const char *)m->private);
	return 0;
}

void sysfs_add_virtio_port(const char *node_name, const char *port_name)
{
	struct kernfs_node *class = kernfs_find(&sysfs_root, "class"), *dir;

	dir = class ? kernfs_find(class, "virtio-ports") : NULL;
	if (class && !dir)
		dir = kernfs_create_dir(class, "virtio-ports", 0755);
	dir = dir ? kernfs_create_dir(dir, node_name, 0755) : NULL;
	if (dir)
		kernfs_create_file(dir, "name", 0444, port_name_show, NULL, (void *)port_name);
}

static int __init sysfs_nodes_init(void)
{
	struct kernfs_node *devices = kernfs_find(&sysfs_root, "devices"), *system;

	system = devices ? kernfs_create_dir(devices, "system", 0755) : NULL;
	if (!system)
		return -ENOMEM;
	add_cpus(system);
	add_nodes(system);
	add_memory(system);
	return 0;
}
fs_initcall(sysfs_nodes_init);
