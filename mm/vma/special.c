// SPDX-License-Identifier: MIT
/*
 * Mappings by the kernel: the vDSO and its data, and the gate area ([vsyscall]) that lies outside of all mms.
 * A special mapping has no file; its pages come from a NULL-terminated array or from its own fault function.
 * Linux: mm/mmap.c install_special_mapping.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <mm/fault.h>
#include <mm/folio.h>
#include <mm/mmap.h>
#include "vma_internal.h"

static vm_fault_t special_fault(struct vm_fault *vmf)
{
	struct vm_special_mapping *sm = vmf->vma->vm_private_data;
	struct page **pages = sm->pages;
	pgoff_t pgoff = vmf->pgoff;

	if (sm->fault)
		return sm->fault(sm, vmf->vma, vmf);
	for (; pgoff && *pages; pages++)
		pgoff--;
	if (!*pages)
		return VM_FAULT_SIGBUS;
	get_page(*pages);
	vmf->page = *pages;
	return 0;
}

static int special_mremap(struct vm_area_struct *new_vma)
{
	struct vm_special_mapping *sm = new_vma->vm_private_data;

	return sm->mremap ? sm->mremap(sm, new_vma) : 0;
}

static int special_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
			  int write)
{
	struct vm_special_mapping *sm = vma->vm_private_data;

	return sm->read && !write ? sm->read(sm, addr - vma->vm_start, buf, len) : -EIO;
}

/* It is one thing: it cannot be cut. */
static int special_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

static const char *special_name(struct vm_area_struct *vma)
{
	return ((struct vm_special_mapping *)vma->vm_private_data)->name;
}

/* ->close, though it does nothing, keeps it from being merged. */
static void special_close(struct vm_area_struct *vma) {}

static const struct vm_operations_struct special_ops = {
	.close = special_close,
	.fault = special_fault,
	.mremap = special_mremap,
	.access = special_access,
	.may_split = special_may_split,
	.name = special_name,
};

struct vm_area_struct *_install_special_mapping(struct mm_struct *mm, unsigned long addr,
						unsigned long len, unsigned long flags,
						const struct vm_special_mapping *spec)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	int err;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = flags | mm->def_flags | VM_DONTEXPAND | VM_SOFTDIRTY;
	vma->vm_flags &= ~VM_LOCKED_MASK;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	vma->vm_ops = &special_ops;
	vma->vm_private_data = (void *)spec;
	err = insert_vm_struct(mm, vma);
	if (err) {
		vm_area_free(vma);
		return ERR_PTR(err);
	}
	vm_stat_account(mm, vma->vm_flags, len >> PAGE_SHIFT);
	return vma;
}

static struct vm_area_struct *gate_vma;
static const char *gate_name;

struct vm_area_struct *get_gate_vma(struct mm_struct *mm)
{
	return gate_vma;
}

void set_gate_vma(struct vm_area_struct *vma, const char *name)
{
	gate_name = name;
	gate_vma = vma;
}

const char *gate_vma_name(void)
{
	return gate_name;
}
