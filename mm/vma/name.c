// SPDX-License-Identifier: MIT
/*
 * prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME): names for anonymous memory, shown in maps as [anon:NAME]. VMAs that come from
 * one by splitting or fork share its name, which is counted; VMAs with different names are not merged.
 * Linux: mm/madvise.c (CONFIG_ANON_VMA_NAME, which Debian leaves out).
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vma_tree.h>
#include <seam/uaccess.h>
#include <linux/prctl.h>
#include "vma_internal.h"

#define NAME_MAX_BYTES 80 /* with its end */

void anon_name_put(struct anon_vma_name *name)
{
	if (name && atomic_dec_and_test(&name->refs))
		kfree(name);
}

bool anon_names_equal(const struct anon_vma_name *a, const struct anon_vma_name *b)
{
	return a == b || (a && b && !strcmp(a->name, b->name));
}

/* What may stand in a name: printable, and nothing that would end it or mean something to a shell. */
static bool name_is_valid(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~' || strchr("\\`$[]", *s))
			return false;
	return true;
}

/* The name at @uname, with one reference; NULL for none; or ERR_PTR. */
static struct anon_vma_name *name_from_user(const char __user *uname)
{
	struct anon_vma_name *name;
	long len;

	if (!uname)
		return NULL;
	name = kmalloc(sizeof(*name) + NAME_MAX_BYTES, GFP_KERNEL);
	if (!name)
		return ERR_PTR(-ENOMEM);
	atomic_set(&name->refs, 1);
	len = strncpy_from_user(name->name, uname, NAME_MAX_BYTES);
	if (len >= 0 && len < NAME_MAX_BYTES && name_is_valid(name->name))
		return name;
	kfree(name);
	return ERR_PTR(len < 0 ? len : -EINVAL);
}

/* [@start, @end) of *@vmap, which may become another, gets @name. */
static int set_name(struct vm_area_struct **vmap, unsigned long start, unsigned long end,
		    struct anon_vma_name *name)
{
	struct vm_area_struct *vma = *vmap;
	struct anon_vma_name *old;

	if (vma->vm_file)
		return -EBADF;
	if (anon_names_equal(vma->anon_name, name))
		return 0;
	vma = vma_modify_name(vma, start, end, name);
	if (IS_ERR(vma))
		return PTR_ERR(vma) == -ENOMEM ? -EAGAIN : (int)PTR_ERR(vma);
	*vmap = vma;
	old = vma->anon_name;
	if (anon_names_equal(old, name)) /* merged with one that has it */
		return 0;
	vma_start_write(vma);
	vma->anon_name = anon_name_get(name);
	anon_name_put(old);
	return 0;
}

/* => mmap_lock held for writing. Holes are skipped, and reported by ENOMEM at the end. */
static int name_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		      struct anon_vma_name *name)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int holes = 0;

	for (; start<end; vma = vma->vm_end> start ? vma : vma->vm_next) {
		unsigned long next;
		int err;

		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			holes = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				break;
		}
		next = min(vma->vm_end, end);
		err = set_name(&vma, start, next, name);
		if (err)
			return err;
		start = next;
	}
	return holes;
}

int prctl_set_vma(unsigned long what, unsigned long start, unsigned long len,
		  const char __user *uname)
{
	struct mm_struct *mm = current->mm;
	struct anon_vma_name *name;
	unsigned long end = start + PAGE_ALIGN(len);
	int err = 0;

	if (what != PR_SET_VMA_ANON_NAME)
		return -EINVAL;
	name = name_from_user(uname);
	if (IS_ERR(name))
		return (int)PTR_ERR(name);
	if (offset_in_page(start) || (len && !PAGE_ALIGN(len)) || end < start) {
		err = -EINVAL;
	} else if (end != start) {
		mmap_write_lock(mm);
		err = name_range(mm, start, end, name);
		mmap_write_unlock(mm);
	}
	anon_name_put(name);
	return err;
}
