// SPDX-License-Identifier: MIT
/*
 * {cpu,io,memory}.pressure of a group, and cgroup.pressure, which takes them away and stops the counting. The numbers are
 * kernel/sched/psi_group.c's, the open files kernel/sched/psi_file.c's.
 *
 * The root's are the machine's, which /proc/pressure shows as well, also while they are taken away.
 *
 * Linux 6.1: cgroup_pressure_write() and its relatives. There the files are hidden, so that who had one open can read on when it comes
 * back; here he opens it anew.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/psi.h>

#include "cgroup_internal.h"

static struct psi_group *psi_of(const struct cgroup *cgrp)
{
	return cgrp->parent ? cgrp->psi : &psi_system;
}

static int pressure_open(struct inode *inode, struct file *file)
{
	struct cgroup *cgrp = cgroup_of_file(file);

	if (cgroup_file_is_gone(file))
		return -ENODEV;
	return psi_open(file, psi_of(cgrp), cgroup_cftype_of(file)->arg);
}

static ssize_t pressure_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return cgroup_file_is_gone(file) ? -ENODEV : seq_read(file, buf, count, pos);
}

static ssize_t pressure_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return cgroup_file_is_gone(file) ? -ENODEV : psi_write(file, buf, count, pos);
}

static __poll_t pressure_poll(struct file *file, poll_table *wait)
{
	__poll_t mask = psi_poll(file, wait);

	poll_wait(file, &cgroup_of_file(file)->wait, wait);
	return cgroup_file_is_gone(file) ? mask | EPOLLERR | EPOLLPRI : mask;
}

static const struct file_operations pressure_fops = {
	.open = pressure_open,
	.read = pressure_read,
	.write = pressure_write,
	.llseek = seq_lseek,
	.poll = pressure_poll,
	.release = psi_release,
};

const struct cftype cgroup_pressure_files[] = {
	{ .name = "io.pressure", .flags = CFTYPE_PSI, .fops = &pressure_fops, .arg = PSI_IO },
	{ .name = "memory.pressure", .flags = CFTYPE_PSI, .fops = &pressure_fops, .arg = PSI_MEM },
	{ .name = "cpu.pressure", .flags = CFTYPE_PSI, .fops = &pressure_fops, .arg = PSI_CPU },
	{ 0 }
};

int cgroup_pressure_show(struct seq_file *m, struct cgroup *cgrp)
{
	seq_printf(m, "%d\n", !psi_of(cgrp)->disabled);
	return 0;
}

int cgroup_pressure_write(struct file *file, struct cgroup *cgrp, char *text)
{
	struct psi_group *psi = psi_of(cgrp);
	int on, err = kstrtoint(text, 0, &on);

	if (err)
		return err;
	if (on < 0 || on > 1)
		return -ERANGE;
	if (on == !psi->disabled)
		return 0;
	if (on)
		err = cgroup_add_files(cgrp, cgroup_pressure_files);
	if (!on || err)
		cgroup_remove_files(cgrp, cgroup_pressure_files);
	if (!err)
		psi_group_set_disabled(psi, !on);
	return err;
}

int cgroup_psi_create(struct cgroup *cgrp)
{
	if (!psi_enabled)
		return 0;
	cgrp->psi = psi_group_create(cgrp->parent->psi);
	return cgrp->psi ? cgroup_add_files(cgrp, cgroup_pressure_files) : -ENOMEM;
}
