// SPDX-License-Identifier: MIT
/*
 * mmap and brk: new memory in the layout.
 *
 * do_mmap() checks the request in Linux's order (so that the same mistake gets the same errno), chooses the
 * address, and mmap_region() makes it so: unmap what is there (MAP_FIXED), charge, extend a neighbour or insert a
 * new VMA at the place that was found once.
 *
 * Accounts: total_vm and its kinds by vm_stat_account(); RLIMIT_AS and RLIMIT_DATA by may_expand_vm(); private
 * writable memory counts in Committed_AS (VM_ACCOUNT).
 * Failure: nothing is left behind, except what MAP_FIXED has unmapped, as in Linux.
 * Linux: mm/mmap.c.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/cred.h>
#include <kernel/ksyscall.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/mmap.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/userfaultfd.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

int sysctl_max_map_count = 65530;
unsigned long mmap_min_addr = 65536;

#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G 0x80
#endif
/* Flags that MAP_SHARED and MAP_PRIVATE always ignored silently when unknown. */
#define LEGACY_MAP_MASK                                                                            \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |   \
	 MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |           \
	 MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_HUGE_2MB | MAP_HUGE_1GB)

/* --- accounts ----------------------------------------------------------------------------------- */

static bool is_data_mapping(unsigned long flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_STACK)) == VM_WRITE;
}

static bool is_exec_mapping(unsigned long flags)
{
	return (flags & (VM_EXEC | VM_WRITE | VM_STACK)) == VM_EXEC;
}

/* A soft limit of 0 forbids brk only: Linux allows the rest for Valgrind's sake, up to the hard limit. */
static noinline __cold bool may_exceed_data(struct mm_struct *mm, unsigned long npages)
{
	return !rlimit(RLIMIT_DATA) &&
	       mm->data_vm + npages <= rlimit_max(RLIMIT_DATA) >> PAGE_SHIFT;
}

static __always_inline bool may_expand(struct mm_struct *mm, unsigned long flags,
				       unsigned long npages)
{
	if (mm->total_vm + npages > rlimit(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	if (!is_data_mapping(flags) || mm->data_vm + npages <= rlimit(RLIMIT_DATA) >> PAGE_SHIFT)
		return true;
	return may_exceed_data(mm, npages);
}

bool may_expand_vm(struct mm_struct *mm, unsigned long flags, unsigned long npages)
{
	return may_expand(mm, flags, npages);
}

void vm_stat_account(struct mm_struct *mm, unsigned long flags, long npages)
{
	WRITE_ONCE(mm->total_vm, mm->total_vm + npages);
	if (is_exec_mapping(flags))
		mm->exec_vm += npages;
	else if (flags & VM_STACK)
		mm->stack_vm += npages;
	else if (is_data_mapping(flags))
		mm->data_vm += npages;
}

/* Private writable memory that nobody asked to leave uncharged. */
static bool accountable_mapping(unsigned long flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* --- protection ----------------------------------------------------------------------------------- */

bool vma_wants_writenotify(struct vm_area_struct *vma, pgprot_t vm_page_prot)
{
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (vma->vm_ops && (vma->vm_ops->page_mkwrite || vma->vm_ops->pfn_mkwrite))
		return true;
	if (userfaultfd_wp(vma))
		return true;
	if (!(vma->vm_flags & VM_SOFTDIRTY)) /* cleared: the first write is to be seen */
		return true;
	if (vma->vm_flags & VM_PFNMAP)
		return false;
	/* Without ->page_mkwrite writeback still wants to know, if there is any. */
	return vma->vm_file && vma->vm_file->f_mapping->a_ops &&
	       vma->vm_file->f_mapping->a_ops->writepages && !vma_is_shmem(vma);
}

void vma_set_page_prot(struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_modify(vma->vm_page_prot, vm_get_page_prot(vma->vm_flags));

	if (vma_wants_writenotify(vma, prot))
		prot = pgprot_modify(prot, vm_get_page_prot(vma->vm_flags & ~VM_SHARED));
	WRITE_ONCE(vma->vm_page_prot, prot);
}

/* --- a new region ----------------------------------------------------------------------------------- */

/* @vma took in new memory, which counts as written (mm/pgtable/clear_refs.c). => mmap_lock held for writing */
static void vma_mark_new(struct vm_area_struct *vma)
{
	if (likely(vma->vm_flags & VM_SOFTDIRTY))
		return;
	vm_flags_set(vma, VM_SOFTDIRTY);
	vma_set_page_prot(vma);
}

/* Pages of [@addr, @end) that are mapped already. */
static unsigned long count_mapped(struct mm_struct *mm, unsigned long addr, unsigned long end)
{
	unsigned long nr = 0;

	for (struct vm_area_struct *vma = find_vma(mm, addr); vma && vma->vm_start < end;
	     vma = vma->vm_next)
		nr += (min(vma->vm_end, end) - max(vma->vm_start, addr)) >> PAGE_SHIFT;
	return nr;
}

/*
 * Let the file (or shmem, for shared anonymous memory) have its say about @vma. *@counted: it counts as one that may write to
 * @file, so that nobody seals it, and the caller takes that back when vma_link_file() has counted for good.
 */
static int vma_attach_backing(struct vm_area_struct *vma, struct file *file, bool *counted)
{
	int err;

	*counted = false;
	if (!file)
		return vma->vm_flags & VM_SHARED ? shmem_zero_setup(vma) : 0;
	*counted = is_shared_maywrite(vma->vm_flags) && !mapping_map_writable(file->f_mapping);
	if (!*counted && is_shared_maywrite(vma->vm_flags) && (vma->vm_flags & VM_WRITE))
		return -EPERM;
	vma->vm_file = get_file(file);
	err = file->f_op->mmap(file, vma);
	if (!err && !*counted && is_shared_maywrite(vma->vm_flags))
		err = -EPERM; /* sealed, and the file did not take VM_MAYWRITE away */
	if (!err)
		return 0;
	if (*counted)
		mapping_unmap_writable(file->f_mapping);
	fput(vma->vm_file);
	vma->vm_file = NULL;
	return err;
}

/* A VMA of its own for the range, at @pos. Its address or an errno. */
static long insert_region(struct mm_struct *mm, struct vma_pos *pos, struct file *file,
			  unsigned long addr, unsigned long len, unsigned long vm_flags,
			  unsigned long pgoff)
{
	struct vm_area_struct *vma;
	bool counted = false;
	int err = -ENOMEM;

	if (vma_tree_prealloc(mm, pos, 1))
		return err;
	vma = vm_area_alloc(mm);
	if (!vma)
		return err;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
	vma->vm_pgoff = pgoff;
	if (file || (vm_flags & VM_SHARED)) {
		err = vma_attach_backing(vma, file, &counted);
		if (err) {
			vm_area_free(vma);
			return err;
		}
		BUG_ON(vma->vm_start != addr);
	}
	if ((vma->vm_flags & VM_LOCKED) && (vma->vm_flags & VM_SPECIAL))
		vma->vm_flags &= ~VM_LOCKED_MASK;
	vma->vm_flags |= VM_SOFTDIRTY;
	vma_set_page_prot(vma);
	vma_tree_insert_at(mm, pos, vma);
	vma_link_file(vma);
	if (counted)
		mapping_unmap_writable(file->f_mapping);
	return vma->vm_flags;
}

unsigned long mmap_region(struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, unsigned long pgoff, struct list_head *uf)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = addr + len, npages = len >> PAGE_SHIFT, charged = 0;
	struct vm_area_struct *vma;
	struct vm_area_struct *next;
	struct vma_pos pos;
	long ret;

	if (!may_expand(mm, vm_flags, npages) &&
	    !may_expand_vm(mm, vm_flags, npages - count_mapped(mm, addr, end)))
		return -ENOMEM;
	next = vma_tree_find(mm, addr, &pos);
	if (next && next->vm_start < end) {
		if (do_munmap(mm, addr, len, uf))
			return -ENOMEM;
		vma_tree_find(mm, addr, &pos);
	}
	if (accountable_mapping(vm_flags)) {
		if (security_vm_enough_memory_mm(mm, npages))
			return -ENOMEM;
		charged = npages;
		vm_flags |= VM_ACCOUNT;
	}
	if (!(vm_flags & VM_SHARED) || file) {
		struct vma_merge_req req = {
			.mm = mm,
			.prev = pos.prev,
			.next = pos.next,
			.start = addr,
			.end = end,
			.flags = vm_flags,
			.file = file,
			.pgoff = pgoff,
		};

		if (file && pos.prev && pos.prev->vm_file == file)
			req.vm_ops = pos.prev->vm_ops;
		else if (file && pos.next && pos.next->vm_file == file)
			req.vm_ops = pos.next->vm_ops;
		vma = vma_merge_new(&req);
		if (vma) {
			vma_mark_new(vma);
			goto mapped;
		}
	}
	ret = insert_region(mm, &pos, file, addr, len, vm_flags, pgoff);
	if (ret < 0) {
		vm_unacct_memory(charged);
		return ret;
	}
	vm_flags = ret;
mapped:
	vm_stat_account(mm, vm_flags, npages);
	if (unlikely(vm_flags & VM_LOCKED))
		mm->locked_vm += npages;
	return addr;
}

/* --- the request ------------------------------------------------------------------------------------ */

static unsigned long prot_bits(unsigned long prot)
{
	return (prot &
		(PROT_READ | PROT_WRITE | PROT_EXEC)); /* equal to VM_READ, VM_WRITE, VM_EXEC */
}

static unsigned long flag_bits(unsigned long flags)
{
	return (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) | (flags & MAP_LOCKED ? VM_LOCKED : 0) |
	       (flags & MAP_SYNC ? VM_SYNC : 0);
}

static unsigned long round_hint_to_min(unsigned long hint)
{
	hint &= PAGE_MASK;
	return hint && hint < mmap_min_addr ? PAGE_ALIGN(mmap_min_addr) : hint;
}

/* May @len bytes from page @pgoff on be mapped, given the largest offset the file can have? */
static bool file_mmap_ok(struct file *file, unsigned long pgoff, unsigned long len)
{
	struct inode *inode = file_inode(file);
	u64 maxsize =
		S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode) ? 0x7fffffffffffffffULL : ~0ULL;

	if (maxsize && len > maxsize)
		return false;
	return pgoff <= (maxsize - len) >> PAGE_SHIFT;
}

/* Rights and kind of a file mapping: adds to *@vm_flags, or an errno. */
static int check_file_mapping(struct file *file, unsigned long prot, unsigned long *flags,
			      unsigned long *vm_flags, unsigned long pgoff, unsigned long len)
{
	if (!file_mmap_ok(file, pgoff, len))
		return -EOVERFLOW;
	switch (*flags & MAP_TYPE) {
	case MAP_SHARED:
		*flags &= LEGACY_MAP_MASK;
		/* fall through */
	case MAP_SHARED_VALIDATE:
		if (*flags & ~(LEGACY_MAP_MASK | MAP_TYPE))
			return -EOPNOTSUPP;
		if ((prot & PROT_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		if ((prot & PROT_WRITE) && IS_SWAPFILE(file->f_mapping->host))
			return -ETXTBSY;
		if (IS_APPEND(file_inode(file)) && (file->f_mode & FMODE_WRITE))
			return -EACCES;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (!(file->f_mode & FMODE_WRITE))
			*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (path_noexec(&file->f_path)) {
		if (*vm_flags & VM_EXEC)
			return -EPERM;
		*vm_flags &= ~VM_MAYEXEC;
	}
	if (!file->f_op->mmap)
		return -ENODEV;
	return *vm_flags & VM_GROWSDOWN ? -EINVAL : 0;
}

static int check_anon_mapping(unsigned long addr, unsigned long flags, unsigned long *vm_flags,
			      unsigned long *pgoff)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (*vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		*pgoff = 0;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		*pgoff = addr >> PAGE_SHIFT;
		return 0;
	default:
		return -EINVAL;
	}
}

unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff, unsigned long *populate,
		      struct list_head *uf)
{
	struct mm_struct *mm = current->mm;
	unsigned long vm_flags;
	int err;

	*populate = 0;
	if (!len)
		return -EINVAL;
	if ((prot & PROT_READ) && (current->personality & READ_IMPLIES_EXEC) &&
	    !(file && path_noexec(&file->f_path)))
		prot |= PROT_EXEC;
	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	if (!(flags & MAP_FIXED))
		addr = round_hint_to_min(addr);
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	addr = get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;

	vm_flags = prot_bits(prot) | flag_bits(flags) | mm->def_flags | VM_MAYREAD | VM_MAYWRITE |
		   VM_MAYEXEC;
	if (unlikely(prot == PROT_EXEC))
		vm_flags |= (unsigned long)max(execute_only_pkey(mm), 0) << VM_PKEY_SHIFT;
	if ((flags & MAP_LOCKED) && !can_do_mlock())
		return -EPERM;
	if (!mlock_future_ok(mm, vm_flags, len))
		return -EAGAIN;
	err = file ? check_file_mapping(file, prot, &flags, &vm_flags, pgoff, len)
		   : check_anon_mapping(addr, flags, &vm_flags, &pgoff);
	if (err)
		return err;
	/* Without overcommit everything is charged. */
	if ((flags & MAP_NORESERVE) && sysctl_overcommit_memory != 2)
		vm_flags |= VM_NORESERVE;

	addr = mmap_region(file, addr, len, vm_flags, pgoff, uf);
	if (!IS_ERR_VALUE(addr) &&
	    ((vm_flags & VM_LOCKED) || (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE))
		*populate = len;
	return addr;
}

unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flag, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret, populate;
	LIST_HEAD(uf);

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = do_mmap(file, addr, len, prot, flag, pgoff, &populate, &uf);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	if (populate)
		mm_populate(ret, populate);
	return ret;
}

unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flag, unsigned long offset)
{
	if (unlikely(offset + PAGE_ALIGN(len) < offset) || offset_in_page(offset))
		return -EINVAL;
	return vm_mmap_pgoff(file, addr, len, prot, flag, offset >> PAGE_SHIFT);
}

unsigned long ksys_mmap_pgoff(unsigned long addr, unsigned long len, unsigned long prot,
			      unsigned long flags, unsigned long fd, unsigned long pgoff)
{
	struct file *file = NULL;
	unsigned long ret;

	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			return -EBADF;
	}
	/* No size of huge pages exists: Linux without CONFIG_HUGETLBFS, where memfd_create(MFD_HUGETLB) answers ENOSYS. */
	ret = flags & MAP_HUGETLB ? -EINVAL : vm_mmap_pgoff(file, addr, len, prot, flags, pgoff);
	if (file)
		fput(file);
	return ret;
}

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot, unsigned long,
		flags, unsigned long, fd, unsigned long, off)
{
	if (offset_in_page(off))
		return -EINVAL;
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, off >> PAGE_SHIFT);
}

/*
 * remap_file_pages: emulated, as Linux does since 4.0: the part of a shared mapping is mapped anew at another
 * offset.
 */
SYSCALL_DEFINE5(remap_file_pages, unsigned long, start, unsigned long, size, unsigned long, prot,
		unsigned long, pgoff, unsigned long, flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *next;
	unsigned long populate = 0, ret = -EINVAL;
	struct file *file;

	pr_warn_once("%s (%d) uses deprecated remap_file_pages() syscall.\n", current->comm,
		     current->pid);
	if (prot)
		return ret;
	start &= PAGE_MASK;
	size &= PAGE_MASK;
	if (start + size <= start || pgoff + (size >> PAGE_SHIFT) < pgoff)
		return ret;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, start);
	if (!vma || !(vma->vm_flags & VM_SHARED))
		goto out;
	for (next = vma; next->vm_end < start + size; next = next->vm_next)
		if (!next->vm_next || next->vm_next->vm_start != next->vm_end ||
		    next->vm_next->vm_file != vma->vm_file ||
		    next->vm_next->vm_flags != vma->vm_flags)
			goto out;
	prot = vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC);
	flags &= MAP_NONBLOCK;
	flags |= MAP_SHARED | MAP_FIXED | MAP_POPULATE |
		 (vma->vm_flags & VM_LOCKED ? MAP_LOCKED : 0);
	file = get_file(vma->vm_file);
	ret = do_mmap(vma->vm_file, start, size, prot, flags, pgoff, &populate, NULL);
	fput(file);
out:
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(ret, populate);
	return IS_ERR_VALUE(ret) ? ret : 0;
}

/* --- insertion by the kernel -------------------------------------------------------------------------- */

int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	unsigned long charged = vma_pages(vma);
	struct vma_pos pos;
	struct vm_area_struct *next = vma_tree_find(mm, vma->vm_start, &pos);

	if (next && next->vm_start < vma->vm_end)
		return -ENOMEM;
	if ((vma->vm_flags & VM_ACCOUNT) && security_vm_enough_memory_mm(mm, charged))
		return -ENOMEM;
	if (vma_tree_prealloc(mm, &pos, 1)) {
		if (vma->vm_flags & VM_ACCOUNT)
			vm_unacct_memory(charged);
		return -ENOMEM;
	}
	/* The index of anonymous memory is its page number. */
	if (vma_is_anonymous(vma))
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma_tree_insert_at(mm, &pos, vma);
	vma_link_file(vma);
	return 0;
}

/* --- brk ----------------------------------------------------------------------------------------------- */

int check_brk_limits(unsigned long addr, unsigned long len)
{
	unsigned long mapped = get_unmapped_area(NULL, addr, len, 0, MAP_FIXED);

	if (IS_ERR_VALUE(mapped))
		return mapped;
	return mlock_future_ok(current->mm, current->mm->def_flags, len) ? 0 : -EAGAIN;
}

/* Anonymous memory at a free, fixed range. => mmap_lock held for writing */
int do_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long flags)
{
	unsigned long npages = len >> PAGE_SHIFT;
	struct vm_area_struct *vma;
	struct vma_pos pos;
	long ret;

	flags |= VM_DATA_DEFAULT_FLAGS | VM_ACCOUNT | mm->def_flags;
	if (!may_expand_vm(mm, flags, npages) || mm->map_count > sysctl_max_map_count ||
	    security_vm_enough_memory_mm(mm, npages))
		return -ENOMEM;
	vma_tree_find(mm, addr, &pos);
	{
		struct vma_merge_req req = {
			.mm = mm,
			.prev = pos.prev,
			.next = pos.next,
			.start = addr,
			.end = addr + len,
			.flags = flags,
			.pgoff = addr >> PAGE_SHIFT,
		};

		vma = vma_merge_new(&req);
		if (vma) {
			vma_mark_new(vma);
		} else {
			ret = insert_region(mm, &pos, NULL, addr, len, flags, addr >> PAGE_SHIFT);
			if (ret < 0) {
				vm_unacct_memory(npages);
				return ret;
			}
		}
	}
	vm_stat_account(mm, flags, npages);
	if (flags & VM_LOCKED)
		mm->locked_vm += npages;
	return 0;
}

int vm_brk_flags(unsigned long addr, unsigned long request, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long len = PAGE_ALIGN(request);
	bool populate;
	int err;

	if (len < request)
		return -ENOMEM;
	if (!len)
		return 0;
	if (flags & ~VM_EXEC)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = check_brk_limits(addr, len);
	if (!err)
		err = do_munmap(mm, addr, len, NULL);
	if (!err)
		err = do_brk_flags(mm, addr, len, flags);
	populate = mm->def_flags & VM_LOCKED;
	mmap_write_unlock(mm);
	if (populate && !err)
		mm_populate(addr, len);
	return err;
}

/* Would a heap of [start_brk, @brk) and the program's data exceed RLIMIT_DATA? */
static bool brk_over_limit(struct mm_struct *mm, unsigned long brk)
{
	unsigned long limit = rlimit(RLIMIT_DATA);

	return limit != RLIM_INFINITY &&
	       brk - mm->start_brk + (mm->end_data - mm->start_data) > limit;
}

/* The new end of the heap, or the old one when it cannot move. => mmap_lock held for writing */
static unsigned long move_brk(struct mm_struct *mm, unsigned long brk, unsigned long *populate,
			      struct list_head *uf)
{
	unsigned long newbrk = PAGE_ALIGN(brk), oldbrk = PAGE_ALIGN(mm->brk);
	struct vm_area_struct *next;

	*populate = 0;
	if (brk < mm->start_brk || brk_over_limit(mm, brk))
		return mm->brk;
	if (newbrk == oldbrk)
		return mm->brk = brk;
	if (brk < mm->brk) { /* not newbrk: at the end of all addresses it has wrapped */
		if (do_munmap(mm, newbrk, oldbrk - newbrk, uf))
			return mm->brk;
	} else {
		if (check_brk_limits(oldbrk, newbrk - oldbrk))
			return mm->brk;
		next = find_vma(mm, oldbrk);
		if (next && newbrk + PAGE_SIZE > vm_start_gap(next))
			return mm->brk;
		if (do_brk_flags(mm, oldbrk, newbrk - oldbrk, 0))
			return mm->brk;
		if (mm->def_flags & VM_LOCKED)
			*populate = newbrk - oldbrk;
	}
	return mm->brk = brk;
}

SYSCALL_DEFINE1(brk, unsigned long, brk)
{
	struct mm_struct *mm = current->mm;
	unsigned long populate, oldbrk, ret;
	LIST_HEAD(uf);

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	oldbrk = PAGE_ALIGN(mm->brk);
	ret = move_brk(mm, brk, &populate, &uf);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&uf);
	if (populate)
		mm_populate(oldbrk, populate);
	return ret;
}
