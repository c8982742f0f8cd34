// SPDX-License-Identifier: MIT
/*
 * memfd_create(2) and seals: promises about a file that cannot be taken back.
 *
 * F_SEAL_WRITE can only be set while nobody maps the file shared and writable, and no page of it is pinned
 * for input by a device: a page with more references than the cache and the mappings explain is such a
 * page. A reference may be somebody's who only looks, so those are waited for, 0.15 s in all; then EBUSY.
 * Linux 6.1: mm/memfd.c.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <seam/uaccess.h>

#define F_ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

#define PIN_SCANS 4

static bool has_pinned_pages(struct address_space *mapping)
{
	unsigned long index;
	struct folio *folio;
	bool pinned = false;

	rcu_read_lock();
	xa_for_each(&mapping->i_pages, index, folio)
	{
		if (xa_is_value(folio))
			continue;
		if (folio_ref_count(folio) - folio_mapcount(folio) != folio_nr_pages(folio)) {
			pinned = true;
			break;
		}
	}
	rcu_read_unlock();
	return pinned;
}

/* Give those who hold references time to let go: 0, 10, 20, 40, 80 ms. -EBUSY: they did not. */
static int wait_for_pins(struct address_space *mapping)
{
	for (int scan = 0; has_pinned_pages(mapping); scan++)
		if (scan == PIN_SCANS || schedule_timeout_killable((HZ << scan) / 100))
			return -EBUSY;
	return 0;
}

static int add_seals(struct file *file, unsigned int seals)
{
	struct inode *inode = file_inode(file);
	unsigned int *file_seals;
	int err = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	if ((seals & ~(unsigned int)F_ALL_SEALS) || !shmem_mapping(file->f_mapping))
		return -EINVAL;
	inode_lock(inode);
	file_seals = &SHMEM_I(inode)->seals;
	if (*file_seals & F_SEAL_SEAL) {
		err = -EPERM;
	} else if ((seals & F_SEAL_WRITE) && !(*file_seals & F_SEAL_WRITE)) {
		err = mapping_deny_writable(file->f_mapping);
		if (!err) {
			err = wait_for_pins(file->f_mapping);
			if (err)
				mapping_allow_writable(file->f_mapping);
		}
	}
	if (!err)
		*file_seals |= seals;
	inode_unlock(inode);
	return err;
}

long memfd_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_ADD_SEALS:
		return arg > 0xffffffffUL ? -EINVAL : add_seals(file, arg);
	case F_GET_SEALS:
		if (shmem_mapping(file->f_mapping))
			return SHMEM_I(file_inode(file))->seals;
	}
	return -EINVAL;
}

#define MEMFD_PREFIX   "memfd:"
#define MEMFD_NAME_MAX (255 - (int)sizeof(MEMFD_PREFIX) + 1)

static struct file *memfd_open(const char __user *uname, unsigned int flags)
{
	size_t prefix = sizeof(MEMFD_PREFIX) - 1;
	struct file *file;
	char *name;
	long len;

	name = kmalloc(prefix + MEMFD_NAME_MAX + 1, GFP_KERNEL);
	if (!name)
		return ERR_PTR(-ENOMEM);
	memcpy(name, MEMFD_PREFIX, prefix);
	len = strncpy_from_user(name + prefix, uname, MEMFD_NAME_MAX + 1);
	if (len < 0)
		file = ERR_PTR(len);
	else if (len > MEMFD_NAME_MAX)
		file = ERR_PTR(-EINVAL);
	else
		file = shmem_file_setup(name, 0, VM_NORESERVE);
	kfree(name);
	return file;
}

SYSCALL_DEFINE2(memfd_create, const char __user *, uname, unsigned int, flags)
{
	struct file *file;
	int fd;

	if (flags & MFD_HUGETLB) /* as Linux without CONFIG_HUGETLBFS */
		return flags & ~(unsigned int)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB |
					       (MFD_HUGE_MASK << MFD_HUGE_SHIFT))
			       ? -EINVAL
			       : -ENOSYS;
	if (flags & ~(unsigned int)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	file = memfd_open(uname, flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0) {
		fput(file);
		return fd;
	}
	file->f_flags |= O_LARGEFILE;
	if (flags & MFD_ALLOW_SEALING)
		SHMEM_I(file_inode(file))->seals &= ~F_SEAL_SEAL;
	fd_install(fd, file);
	return fd;
}
