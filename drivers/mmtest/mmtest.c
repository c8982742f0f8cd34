/* SPDX-License-Identifier: MIT */
/*
 * /dev/mmtest, a door for tests and the benchmark: MMTEST_CALL looks up noun and verb and calls it.
 *
 * An open file has a state per noun, made at the noun's first call and released with the file, so whatever
 * a verb allocates and keeps goes away with the program. The list of nouns is complete after boot and
 * then only read. A mutex of the file serializes its calls. Linux has no such device; its tests are modules.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/file.h>
#include <kernel/init.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>

#include "mmtest_internal.h"

/* The state of one noun in one open file. */
struct noun_state {
	struct mmtest_noun *noun;
	struct list_head list;
	long state[];
};

struct mmtest_file {
	struct mutex lock;	 /* serializes calls; outermost, as a verb may do anything */
	struct list_head states; /* lock: of struct noun_state */
	struct noun_state
		*mapper; /* set once, under lock: what mmap() asks; it cannot take the lock */
};

static LIST_HEAD(nouns); /* written during boot only */

void mmtest_register(struct mmtest_noun *noun)
{
	list_add_tail(&noun->list, &nouns);
}

static struct mmtest_noun *find_noun(const char *name)
{
	struct mmtest_noun *noun;

	list_for_each_entry (noun, &nouns, list)
		if (!strcmp(noun->name, name))
			return noun;
	return NULL;
}

static mmtest_fn find_verb(const struct mmtest_noun *noun, const char *name)
{
	for (const struct mmtest_verb *v = noun->verbs; v->name; v++)
		if (!strcmp(v->name, name))
			return v->fn;
	return NULL;
}

/* => called with mf->lock held; NULL when memory is short */
static void *noun_state(struct mmtest_file *mf, struct mmtest_noun *noun)
{
	struct noun_state *s;

	list_for_each_entry (s, &mf->states, list)
		if (s->noun == noun)
			return s->state;
	s = kzalloc(sizeof(*s) + noun->state_bytes, GFP_KERNEL);
	if (!s)
		return NULL;
	s->noun = noun;
	list_add(&s->list, &mf->states);
	if (noun->mmap && !mf->mapper)
		smp_store_release(&mf->mapper, s);
	return s->state;
}

static int do_call(struct mmtest_file *mf, struct mmtest_call *call)
{
	struct mmtest_noun *noun;
	mmtest_fn fn;
	void *state;

	call->noun[sizeof(call->noun) - 1] = '\0';
	call->verb[sizeof(call->verb) - 1] = '\0';
	noun = find_noun(call->noun);
	fn = noun ? find_verb(noun, call->verb) : NULL;
	if (!fn)
		return -ENOENT;
	state = noun_state(mf, noun);
	return state ? fn(state, call) : -ENOMEM;
}

static long mmtest_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct mmtest_file *mf = file->private_data;
	struct mmtest_call call;
	int err;

	if (cmd != MMTEST_CALL)
		return -ENOTTY;
	if (copy_from_user(&call, (void __user *)arg, sizeof(call)))
		return -EFAULT;
	mutex_lock(&mf->lock);
	err = do_call(mf, &call);
	mutex_unlock(&mf->lock);
	if (!err && copy_to_user((void __user *)arg, &call, sizeof(call)))
		err = -EFAULT;
	return err;
}

static int mmtest_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mmtest_file *mf = file->private_data;
	struct noun_state *s = smp_load_acquire(&mf->mapper);

	return s ? s->noun->mmap(s->state, vma) : -ENODEV;
}

static int mmtest_open(struct inode *inode, struct file *file)
{
	struct mmtest_file *mf = kzalloc(sizeof(*mf), GFP_KERNEL);

	if (!mf)
		return -ENOMEM;
	mutex_init(&mf->lock, LOCK_MMTEST);
	INIT_LIST_HEAD(&mf->states);
	file->private_data = mf;
	return 0;
}

static int mmtest_release(struct inode *inode, struct file *file)
{
	struct mmtest_file *mf = file->private_data;
	struct noun_state *s, *next;

	list_for_each_entry_safe (s, next, &mf->states, list) {
		if (s->noun->release)
			s->noun->release(s->state);
		kfree(s);
	}
	kfree(mf);
	return 0;
}

static const struct file_operations mmtest_fops = {
	.open = mmtest_open,
	.release = mmtest_release,
	.unlocked_ioctl = mmtest_ioctl,
	.mmap = mmtest_mmap,
	.llseek = noop_llseek,
};

static int __init mmtest_init(void)
{
	int major = register_chrdev(0, "mmtest", &mmtest_fops);

	if (major < 0)
		return major;
	return devtmpfs_create_node("mmtest", S_IFCHR | 0600, MKDEV(major, 0));
}
device_initcall(mmtest_init);
