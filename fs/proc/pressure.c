/* SPDX-License-Identifier: MIT */
/*
 * /proc/pressure/{io,memory,cpu}: pressure of the whole machine (kernel/sched/psi.c). Writing "some THRESHOLD WINDOW" (us)
 * makes the open file a trigger: poll then waits for POLLPRI. Linux 6.1: Documentation/accounting/psi.rst.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/psi.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>

#include <linux/capability.h>

static int io_show(struct seq_file *m, void *v)
{
	return psi_show(m, &psi_system, PSI_IO);
}

static int memory_show(struct seq_file *m, void *v)
{
	return psi_show(m, &psi_system, PSI_MEM);
}

static int cpu_show(struct seq_file *m, void *v)
{
	return psi_show(m, &psi_system, PSI_CPU);
}

static int io_open(struct inode *inode, struct file *file)
{
	return single_open(file, io_show, NULL);
}

static int memory_open(struct inode *inode, struct file *file)
{
	return single_open(file, memory_show, NULL);
}

static int cpu_open(struct inode *inode, struct file *file)
{
	return single_open(file, cpu_show, NULL);
}

/* The trigger of an open file is in the private data of its seq_file, which the show functions do not use. */
static void **trigger_of(struct file *file)
{
	return &((struct seq_file *)file->private_data)->private;
}

static ssize_t make_trigger(struct file *file, const char __user *ubuf, size_t count,
			    enum psi_res res)
{
	struct seq_file *m = file->private_data;
	struct psi_trigger *t;
	ssize_t ret = count;
	char text[32];

	if (!count)
		return -EINVAL;
	if (copy_from_user(text, ubuf, min(count, sizeof(text) - 1)))
		return -EFAULT;
	text[min(count, sizeof(text)) - 1] = 0; /* in place of the newline, or the NUL */
	mutex_lock(&m->lock);
	if (*trigger_of(file)) {
		ret = -EBUSY;
	} else {
		t = psi_trigger_create(&psi_system, text, res,
				       cap_raised(file->f_cred->cap_effective, CAP_SYS_RESOURCE));
		if (IS_ERR(t))
			ret = PTR_ERR(t);
		else
			smp_store_release(trigger_of(file), t);
	}
	mutex_unlock(&m->lock);
	return ret;
}

static ssize_t io_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return make_trigger(file, buf, count, PSI_IO);
}

static ssize_t memory_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return make_trigger(file, buf, count, PSI_MEM);
}

static ssize_t cpu_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return make_trigger(file, buf, count, PSI_CPU);
}

static __poll_t pressure_poll(struct file *file, poll_table *wait)
{
	__poll_t mask = EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	struct psi_trigger *t = smp_load_acquire(trigger_of(file));

	if (!t)
		return mask | EPOLLERR | EPOLLPRI;
	poll_wait(file, psi_trigger_wait(t), wait);
	return psi_trigger_take(t) ? mask | EPOLLPRI : mask;
}

static int pressure_release(struct inode *inode, struct file *file)
{
	if (*trigger_of(file))
		psi_trigger_destroy(*trigger_of(file));
	return single_release(inode, file);
}

#define PRESSURE_FOPS(name)                                                                        \
	static const struct file_operations name##_fops = {                                        \
		.open = name##_open,                                                               \
		.read = seq_read,                                                                  \
		.write = name##_write,                                                             \
		.llseek = seq_lseek,                                                               \
		.poll = pressure_poll,                                                             \
		.release = pressure_release,                                                       \
	}
PRESSURE_FOPS(io);
PRESSURE_FOPS(memory);
PRESSURE_FOPS(cpu);

static int __init pressure_init(void)
{
	struct proc_dir_entry *dir;

	if (!psi_enabled)
		return 0;
	dir = proc_mkdir("pressure", NULL);
	proc_create("io", 0666, dir, &io_fops);
	proc_create("memory", 0666, dir, &memory_fops);
	proc_create("cpu", 0666, dir, &cpu_fops);
	return 0;
}
fs_initcall(pressure_init);
