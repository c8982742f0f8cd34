// SPDX-License-Identifier: MIT
/*
 * An open file of pressure, of /proc/pressure or of a control group. Reading it shows the two lines; writing "some THRESHOLD WINDOW" (us)
 * makes it a trigger: poll then waits for POLLPRI. Linux 6.1: Documentation/accounting/psi.rst.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/file.h>
#include <fs/poll.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/psi.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>

#include <linux/capability.h>

struct pressure {
	struct psi_group *group;
	enum psi_res res;
	struct psi_trigger *trigger; /* seq_file's lock; NULL: none yet */
};

static struct pressure *pressure_of(struct file *file)
{
	return ((struct seq_file *)file->private_data)->private;
}

static int show(struct seq_file *m, void *v)
{
	struct pressure *p = m->private;

	return psi_show(m, p->group, p->res);
}

int psi_open(struct file *file, struct psi_group *group, enum psi_res res)
{
	struct pressure *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int err;

	if (!p)
		return -ENOMEM;
	p->group = group;
	p->res = res;
	err = single_open(file, show, p);
	if (err)
		kfree(p);
	return err;
}

ssize_t psi_write(struct file *file, const char __user *ubuf, size_t count, loff_t *pos)
{
	struct pressure *p = pressure_of(file);
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
	if (p->trigger) {
		ret = -EBUSY;
	} else {
		t = psi_trigger_create(p->group, text, p->res,
				       cap_raised(file->f_cred->cap_effective, CAP_SYS_RESOURCE));
		if (IS_ERR(t))
			ret = PTR_ERR(t);
		else
			smp_store_release(&p->trigger, t);
	}
	mutex_unlock(&m->lock);
	return ret;
}

__poll_t psi_poll(struct file *file, poll_table *wait)
{
	__poll_t mask = EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	struct psi_trigger *t = smp_load_acquire(&pressure_of(file)->trigger);

	if (!t)
		return mask | EPOLLERR | EPOLLPRI;
	poll_wait(file, psi_trigger_wait(t), wait);
	return psi_trigger_take(t) ? mask | EPOLLPRI : mask;
}

int psi_release(struct inode *inode, struct file *file)
{
	struct pressure *p = pressure_of(file);

	if (p->trigger)
		psi_trigger_destroy(p->trigger);
	kfree(p);
	return single_release(inode, file);
}
