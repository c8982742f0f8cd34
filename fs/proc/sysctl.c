/* SPDX-License-Identifier: MIT */
/* The entries of /proc/sys that exist. Each changes what it names. */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/pipe.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <kernel/coredump.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/init.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/ptrace.h>
#include <kernel/random.h>
#include <kernel/uts.h>
#include <mm/swap.h>
#include <mm/mmap.h>
#include <mm/oom.h>
#include <mm/userfaultfd.h>
#include <mm/reclaim.h>
#include <mm/zone.h>

static int ostype_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", utsname()->sysname);
	return 0;
}

static int osrelease_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", utsname()->release);
	return 0;
}

static int version_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", utsname()->version);
	return 0;
}

static int put_uts(struct seq_file *m, const char *field)
{
	down_read(&uts_sem);
	seq_printf(m, "%s\n", field);
	up_read(&uts_sem);
	return 0;
}

static int set_uts(char *field, char *buf)
{
	char *newline = strchr(buf, '\n');

	if (newline)
		*newline = 0;
	down_write(&uts_sem);
	strscpy_pad(field, buf, __NEW_UTS_LEN + 1);
	up_write(&uts_sem);
	return 0;
}

static int hostname_show(struct seq_file *m)
{
	return put_uts(m, utsname()->nodename);
}

static int hostname_store(char *buf)
{
	return set_uts(utsname()->nodename, buf);
}

static int domainname_show(struct seq_file *m)
{
	return put_uts(m, utsname()->domainname);
}

static int domainname_store(char *buf)
{
	return set_uts(utsname()->domainname, buf);
}

static int printk_show(struct seq_file *m)
{
	int levels[4];

	printk_levels(levels);
	seq_printf(m, "%d\t%d\t%d\t%d\n", levels[0], levels[1], levels[2], levels[3]);
	return 0;
}

static int printk_store(char *buf)
{
	unsigned int level;
	int err = kstrtouint(strim(buf), 10, &level);

	if (!err)
		console_loglevel = level;
	return err;
}

static int ptrace_scope_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", ptrace_scope);
	return 0;
}

/* Who has said "nobody" cannot take it back. */
static int ptrace_scope_store(char *buf)
{
	int value, err = sysctl_parse_int(buf, &value);

	if (err)
		return err;
	if (!capable(CAP_SYS_PTRACE))
		return -EPERM;
	if (value < 0 || value > 3 || (ptrace_scope == 3 && value != 3))
		return -EINVAL;
	WRITE_ONCE(ptrace_scope, value);
	return 0;
}

/* A random UUID, version 4 (RFC 4122, 4.4). */
static void random_uuid(u8 *uuid)
{
	get_random_bytes(uuid, 16);
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static int uuid_show(struct seq_file *m)
{
	u8 uuid[16];

	random_uuid(uuid);
	seq_printf(m, "%pU\n", uuid);
	return 0;
}

static int boot_id_show(struct seq_file *m)
{
	static u8 boot_id[16];

	if (!boot_id[8])
		random_uuid(boot_id);
	seq_printf(m, "%pU\n", boot_id);
	return 0;
}

static int entropy_show(struct seq_file *m)
{
	seq_puts(m, "256\n"); /* once seeded the generator never runs dry */
	return 0;
}

static int file_nr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\t0\t%lu\n", get_nr_files(), sysctl_max_files);
	return 0;
}

static int inode_nr_show(struct seq_file *m)
{
	seq_printf(m, "%ld\t%lu\n", atomic_long_read(&nr_inodes), nr_inodes_unused());
	return 0;
}

static int dentry_state_show(struct seq_file *m)
{
	seq_printf(m, "%ld\t%lu\t45\t0\t%lu\t0\n", atomic_long_read(&nr_dentry), nr_dentry_unused(),
		   nr_dentry_negative());
	return 0;
}

static void min_free_changed(void)
{
	user_min_free_kbytes = min_free_kbytes;
	setup_per_zone_wmarks();
}

static int reserve_ratio_show(struct seq_file *m)
{
	for (int i = 0; i < MAX_NR_ZONES; i++)
		seq_printf(m, "%s%d", i ? "\t" : "", sysctl_lowmem_reserve_ratio[i]);
	seq_putc(m, '\n');
	return 0;
}

/* As many numbers as are given, from the lowest zone on; below 1: no reserve. */
static int reserve_ratio_store(char *buf)
{
	int ratio[MAX_NR_ZONES], n = 0;
	char *at = skip_spaces(buf), *end;

	for (; *at && n < MAX_NR_ZONES; n++, at = skip_spaces(end)) {
		long value = simple_strtol(at, &end, 0);

		if (end == at || value != (int)value)
			return -EINVAL;
		ratio[n] = value < 1 ? 0 : (int)value;
	}
	for (int i = 0; i < n; i++)
		WRITE_ONCE(sysctl_lowmem_reserve_ratio[i], ratio[i]);
	setup_per_zone_lowmem_reserve();
	return 0;
}

static int high_fraction_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", percpu_pagelist_high_fraction);
	return 0;
}

/* 0 (as at boot) or at least 8: each CPU may keep that part of a zone, divided by the CPUs. */
static int high_fraction_store(char *buf)
{
	int value, err = sysctl_parse_int(buf, &value);

	if (err)
		return err;
	if (value < 0 || (value && value < 8))
		return -EINVAL;
	percpu_pagelist_high_fraction = value;
	setup_per_zone_wmarks();
	return 0;
}

static int zonelist_order_show(struct seq_file *m)
{
	seq_puts(m, "Node\n");
	return 0;
}

/* Only one order exists, as in Linux since 4.14: "d"efault and "n"ode name it. */
static int zonelist_order_store(char *buf)
{
	return strchr("dDnN", *buf) && *buf ? 0 : -EINVAL;
}

/* Counters are summed when they are read: there is nothing to fold, and a sum below 0 cannot stay. */
static int stat_refresh_show(struct seq_file *m)
{
	return 0;
}

static int stat_refresh_store(char *buf)
{
	return 0;
}

/* The last one written counts. */
static void overcommit_ratio_changed(void)
{
	sysctl_overcommit_kbytes = 0;
}

static void overcommit_kbytes_changed(void)
{
	sysctl_overcommit_ratio = 0;
}

#define RO(name, get)                                                                              \
	{                                                                                          \
		.path = name, .mode = 0444, .type = CTL_FUNC, .show = get                          \
	}
#define RW(name, get, set)                                                                         \
	{                                                                                          \
		.path = name, .mode = 0644, .type = CTL_FUNC, .show = get, .store = set            \
	}
#define INT(name, var, lo, hi)                                                                     \
	{                                                                                          \
		.path = name, .mode = 0644, .type = CTL_INT, .data = &(var), .min = lo, .max = hi  \
	}
#define ULONG(name, var)                                                                           \
	{                                                                                          \
		.path = name, .mode = 0644, .type = CTL_ULONG, .data = &(var)                      \
	}

static struct ctl_table kernel_table[] = {
	RO("kernel/ostype", ostype_show),
	RO("kernel/osrelease", osrelease_show),
	RO("kernel/version", version_show),
	RW("kernel/hostname", hostname_show, hostname_store),
	RW("kernel/domainname", domainname_show, domainname_store),
	RW("kernel/printk", printk_show, printk_store),
	{ .path = "kernel/core_pattern",
	  .mode = 0644,
	  .type = CTL_STRING,
	  .data = core_pattern,
	  .maxlen = sizeof(core_pattern) },
	INT("kernel/core_uses_pid", core_uses_pid, 0, 0),
	INT("kernel/core_pipe_limit", core_pipe_limit, 0, 0),
	{ .path = "kernel/yama/ptrace_scope",
	  .mode = 0644,
	  .type = CTL_FUNC,
	  .show = ptrace_scope_show,
	  .store = ptrace_scope_store },
	INT("fs/suid_dumpable", suid_dumpable, 0, 2),
	INT("kernel/pid_max", pid_max, 301, 4194304),
	RO("kernel/random/uuid", uuid_show),
	RO("kernel/random/boot_id", boot_id_show),
	RO("kernel/random/entropy_avail", entropy_show),
	RO("fs/file-nr", file_nr_show),
	RO("fs/inode-nr", inode_nr_show),
	RO("fs/dentry-state", dentry_state_show),
	ULONG("fs/file-max", sysctl_max_files),
	INT("fs/nr_open", sysctl_nr_open, 64, NR_OPEN_MAX),
	INT("fs/pipe-max-size", pipe_max_size, 4096, 1 << 30),
	{ .path = "vm/min_free_kbytes",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &min_free_kbytes,
	  .min = 0,
	  .max = INT_MAX,
	  .changed = min_free_changed },
	{ .path = "vm/extra_free_kbytes",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &extra_free_kbytes,
	  .min = 0,
	  .max = INT_MAX,
	  .changed = setup_per_zone_wmarks },
	{ .path = "vm/watermark_scale_factor",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &watermark_scale_factor,
	  .min = 1,
	  .max = 3000,
	  .changed = setup_per_zone_wmarks },
	{ .path = "vm/zone_reclaim_mode",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &node_reclaim_mode,
	  .min = 0,
	  .max = INT_MAX,
	  .changed = node_reclaim_mode_changed },
	INT("vm/min_unmapped_ratio", sysctl_min_unmapped_ratio, 0, 100),
	INT("vm/min_slab_ratio", sysctl_min_slab_ratio, 0, 100),
	INT("vm/swappiness", vm_swappiness, 0, 200),
	INT("vm/page-cluster", page_cluster, 0, 31),
	INT("vm/watermark_boost_factor", watermark_boost_factor, 0, INT_MAX),
	RW("vm/lowmem_reserve_ratio", reserve_ratio_show, reserve_ratio_store),
	RW("vm/percpu_pagelist_high_fraction", high_fraction_show, high_fraction_store),
	RW("vm/numa_zonelist_order", zonelist_order_show, zonelist_order_store),
	{ .path = "vm/stat_refresh",
	  .mode = 0600,
	  .type = CTL_FUNC,
	  .show = stat_refresh_show,
	  .store = stat_refresh_store },
	INT("vm/unprivileged_userfaultfd", sysctl_unprivileged_userfaultfd, 0, 1),
	INT("vm/vfs_cache_pressure", sysctl_vfs_cache_pressure, 0, INT_MAX),
	INT("vm/panic_on_oom", sysctl_panic_on_oom, 0, 2),
	INT("vm/oom_kill_allocating_task", sysctl_oom_kill_allocating_task, 0, 0),
	INT("vm/oom_dump_tasks", sysctl_oom_dump_tasks, 0, 0),
	INT("vm/overcommit_memory", sysctl_overcommit_memory, 0, 2),
	{ .path = "vm/overcommit_ratio",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &sysctl_overcommit_ratio,
	  .changed = overcommit_ratio_changed },
	{ .path = "vm/overcommit_kbytes",
	  .mode = 0644,
	  .type = CTL_ULONG,
	  .data = &sysctl_overcommit_kbytes,
	  .changed = overcommit_kbytes_changed },
	ULONG("vm/user_reserve_kbytes", sysctl_user_reserve_kbytes),
	ULONG("vm/admin_reserve_kbytes", sysctl_admin_reserve_kbytes),
	INT("vm/max_map_count", sysctl_max_map_count, 0, INT_MAX),
	INT("vm/legacy_va_layout", sysctl_legacy_va_layout, 0, INT_MAX),
	{ .path = "vm/mmap_rnd_bits",
	  .mode = 0600,
	  .type = CTL_INT,
	  .data = &mmap_rnd_bits,
	  .min = 28,
	  .max = 32 },
	ULONG("vm/mmap_min_addr", mmap_min_addr),
	INT("kernel/randomize_va_space", randomize_va_space, 0, 2),
	{ 0 }
};

static int __init sysctl_init(void)
{
	register_sysctl_table(kernel_table);
	return 0;
}
fs_initcall(sysctl_init);
