/* SPDX-License-Identifier: MIT */
/*
 * /proc/sysrq-trigger: one letter, one deed, for who is stuck (Documentation/admin-guide/sysrq.rst).
 *
 *	f	kill a process as if memory were exhausted
 *	m	the state of memory into the log
 *	c	panic
 * Any other letter has the log list these. There are no keys to press: serial consoles know no SysRq here.
 */
#include <base/types.h>
#include <fs/file.h>
#include <fs/proc_fs.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <mm/oom.h>
#include <mm/zone.h>
#include <seam/uaccess.h>

static void crash(void)
{
	panic("sysrq triggered crash");
}

static const struct sysrq_key {
	char key;
	const char *action, *help;
	void (*fn)(void);
} keys[] = {
	{ 'c', "Trigger a crash", "crash(c)", crash },
	{ 'f', "Manual OOM execution", "memory-full-oom-kill(f)", oom_manual },
	{ 'm', "Show Memory", "show-memory-usage(m)", show_mem },
};

static void press(char key)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == key) {
			pr_info("sysrq: %s\n", keys[i].action);
			keys[i].fn();
			return;
		}
	pr_info("sysrq: HELP : ");
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		pr_cont("%s ", keys[i].help);
	pr_cont("\n");
}

static ssize_t sysrq_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char key;

	if (count) {
		if (copy_from_user(&key, buf, 1))
			return -EFAULT;
		press(key);
	}
	return count;
}

static const struct file_operations sysrq_fops = {
	.write = sysrq_write,
	.llseek = noop_llseek,
};

static int __init sysrq_init(void)
{
	proc_create("sysrq-trigger", 0200, NULL, &sysrq_fops);
	return 0;
}
fs_initcall(sysrq_init);
