// SPDX-License-Identifier: MIT
/*
 * cgroup2, the file system: mounting, making and removing groups as directories, and what /proc tells of them.
 *
 * All mounts show the one hierarchy. The root's files are made at the first mount, so that a machine without control
 * groups does not pay for them.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/task.h>
#include <mm/memcontrol.h>
#include <sync/rcu.h>

#include "cgroup_internal.h"

#include <linux/magic.h>

static int cgroup_mkdir(struct kernfs_node *parent, const char *name, umode_t mode)
{
	int err;

	/* It would make the lines of /proc/PID/cgroup ambiguous. */
	if (strchr(name, '\n'))
		return -EINVAL;
	mutex_lock(&cgroup_mutex);
	err = cgroup_create(parent->priv, name, mode);
	mutex_unlock(&cgroup_mutex);
	return err;
}

static int cgroup_rmdir(struct kernfs_node *dir)
{
	int err;

	mutex_lock(&cgroup_mutex);
	err = cgroup_destroy(dir->priv);
	mutex_unlock(&cgroup_mutex);
	return err;
}

static void release_dir(struct kernfs_node *dir)
{
	cgroup_put(dir->priv);
}

const struct kernfs_dir_ops cgroup_dir_ops = {
	.mkdir = cgroup_mkdir,
	.rmdir = cgroup_rmdir,
	.release = release_dir,
};

struct kernfs_node cgroupfs_root = {
	.name = "",
	.mode = S_IFDIR | 0555,
	.ino = 1,
	.refs = 1,
	.ops = &cgroup_dir_ops,
	.priv = &cgroup_root,
};

/* ---- mounting ---- */

/*
 * Options change how the hierarchy works, whoever mounts. nsdelegate makes namespaces of control groups boundaries of
 * delegation; there is only the first namespace, so nothing to bound.
 */
enum { MEMORY_RECURSIVEPROT = 3 };
static const char *const options[] = {
	"nsdelegate", "favordynmods",
	"memory_localevents", [MEMORY_RECURSIVEPROT] = "memory_recursiveprot"
};
static unsigned int options_set; /* s_umount of the super block: 1 << index */

static int parse_options(char *data, unsigned int *set)
{
	char *word;
	unsigned int i;

	*set = 0;
	while ((word = strsep(&data, ","))) {
		if (!*word)
			continue;
		for (i = 0; i < ARRAY_SIZE(options) && strcmp(word, options[i]); i++)
			;
		if (i == ARRAY_SIZE(options))
			return -EINVAL;
		*set |= 1U << i;
	}
	return 0;
}

static void set_options(unsigned int set)
{
	options_set = set;
	WRITE_ONCE(memcg_recursiveprot, set & (1U << MEMORY_RECURSIVEPROT));
}

static int show_options(struct seq_file *m, struct dentry *root)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (options_set & (1U << i))
			seq_printf(m, ",%s", options[i]);
	return 0;
}

static int cgroup_remount(struct super_block *sb, int *flags, char *data)
{
	unsigned int set;
	int err = parse_options(data, &set);

	if (!err)
		set_options(set);
	return err;
}

static const struct super_operations cgroup_sops = {
	.statfs = simple_statfs,
	.drop_inode = generic_delete_inode,
	.evict_inode = kernfs_evict_inode,
	.remount_fs = cgroup_remount,
	.show_options = show_options,
};

/* The files of the root. => cgroup_mutex */
static int make_root_files(void)
{
	const struct cgroup_subsys *ss;
	int i, err;

	if (cgroup_visible)
		return 0;
	err = cgroup_add_files(&cgroup_root, cgroup_base_files);
	if (!err)
		err = cgroup_add_files(&cgroup_root, cgroup_pressure_files);
	for_each_subsys(i, ss) if (!err) err = cgroup_add_files(&cgroup_root, ss->files);
	if (!err)
		WRITE_ONCE(cgroup_visible, true);
	return err;
}

static int cgroup_fill_super(struct super_block *sb, void *data, int silent)
{
	int err;

	mutex_lock(&cgroup_mutex);
	err = make_root_files();
	mutex_unlock(&cgroup_mutex);
	if (!err)
		err = kernfs_fill_super(sb, &cgroupfs_root, CGROUP2_SUPER_MAGIC);
	sb->s_op = &cgroup_sops;
	return err;
}

static struct dentry *cgroup_mount(struct file_system_type *type, int flags, const char *dev_name,
				   void *data)
{
	unsigned int set;
	int err = parse_options(data, &set);
	struct dentry *root;

	if (err)
		return ERR_PTR(err);
	root = mount_single(type, flags, NULL, cgroup_fill_super);
	if (!IS_ERR(root))
		set_options(set);
	return root;
}

static struct file_system_type cgroup2_fs_type = {
	.name = "cgroup2",
	.mount = cgroup_mount,
	.kill_sb = kill_anon_super,
};

/* ---- /sys/kernel/cgroup ---- */

static void print_delegated(struct seq_file *m, const struct cftype *files)
{
	for (; files->name; files++)
		if (files->flags & CFTYPE_DELEGATED)
			seq_printf(m, "%s\n", files->name);
}

/* Files that whoever makes a group for another user gives him along with the directory. */
static int delegate_show(struct seq_file *m, void *v)
{
	const struct cgroup_subsys *ss;
	int i;

	print_delegated(m, cgroup_base_files);
	for_each_subsys(i, ss) print_delegated(m, ss->files);
	return 0;
}

/* What a mount can ask for. */
static int features_show(struct seq_file *m, void *v)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++)
		seq_printf(m, "%s\n", options[i]);
	return 0;
}

static int __init cgroup_init(void)
{
	struct kernfs_node *fs = kernfs_find(&sysfs_root, "fs"), *dir;

	if (fs)
		kernfs_create_dir(fs, "cgroup", 0755);
	dir = kernfs_find(&sysfs_root, "kernel");
	dir = dir ? kernfs_create_dir(dir, "cgroup", 0755) : NULL;
	if (dir) {
		kernfs_create_file(dir, "delegate", 0444, delegate_show, NULL, NULL);
		kernfs_create_file(dir, "features", 0444, features_show, NULL, NULL);
	}
	return register_filesystem(&cgroup2_fs_type);
}
fs_initcall(cgroup_init);

/* ---- /proc ---- */

void cgroup_print_path(struct seq_file *m, const struct cgroup *cgrp)
{
	if (cgrp->parent && cgrp->parent->parent)
		cgroup_print_path(m, cgrp->parent);
	seq_putc(m, '/');
	if (cgrp->parent)
		seq_puts(m, cgrp->name);
}

int proc_cgroup_show(struct seq_file *m, struct task_struct *task)
{
	struct cgroup *cgrp;

	if (!cgroup_visible)
		return 0;
	mutex_lock(&cgroup_mutex);
	spin_lock_irq(&cgroup_tasks_lock);
	cgrp = cgroup_get(task_cgroup(task));
	spin_unlock_irq(&cgroup_tasks_lock);
	seq_puts(m, "0::");
	cgroup_print_path(m, cgrp);
	seq_puts(m, cgrp->dead ? " (deleted)\n" : "\n");
	cgroup_put(cgrp);
	mutex_unlock(&cgroup_mutex);
	return 0;
}

/* The group whose cpuset it is. */
int proc_cpuset_show(struct seq_file *m, struct task_struct *task)
{
	struct cgroup *cgrp;

	mutex_lock(&cgroup_mutex);
	rcu_read_lock();
	cgrp = task_cgroup(task);
	while (cgrp->parent && !cgrp->css[CGROUP_CPUSET])
		cgrp = cgrp->parent;
	cgroup_print_path(m, cgrp);
	rcu_read_unlock();
	mutex_unlock(&cgroup_mutex);
	seq_putc(m, '\n');
	return 0;
}

static int nr_groups_with(int i)
{
	struct cgroup *pos;
	int n = 0;

	cgroup_for_each_descendant(pos, &cgroup_root) n += !pos->parent || pos->css[i];
	return n;
}

/* "hierarchy" is 0: none of version 1 has the controller. */
int proc_cgroupstats_show(struct seq_file *m, void *v)
{
	const struct cgroup_subsys *ss;
	int i;

	seq_puts(m, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
	mutex_lock(&cgroup_mutex);
	for_each_subsys(i, ss) seq_printf(m, "%s\t0\t%d\t1\n", ss->name, nr_groups_with(i));
	mutex_unlock(&cgroup_mutex);
	return 0;
}

/* ---- controllers ---- */

const struct cgroup_subsys *const cgroup_subsys[NR_CGROUP_SUBSYS + 1] = {
	[CGROUP_CPUSET] = &cpuset_cgroup_subsys,
	[CGROUP_MEMORY] = &memory_cgroup_subsys,
	[CGROUP_PIDS] = &pids_cgroup_subsys,
};
