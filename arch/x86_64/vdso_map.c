// SPDX-License-Identifier: MIT
/*
 * Mapping the vDSO into a new program: the [vvar] page, then the image, at a random place above the
 * stack if there is room, else wherever mmap finds some.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <seam/current.h>
#include <seam/page.h>
#include <seam/pgtable.h>
#include <seam/thread.h>
#include <mm/fault.h>
#include <mm/mmap.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <kernel/exec.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/random.h>
#include <kernel/task.h>
#include <kernel/vdso_data.h>

extern char vdso_image_start[], vdso_image_end[];

static bool vdso_enabled = true;

static int __init setup_vdso(char *arg)
{
	vdso_enabled = !arg || *arg != '0';
	return 0;
}
early_param("vdso", setup_vdso);

/* The page of the kernel image at @kaddr: it has no struct page worth counting, so by its frame. */
static unsigned int map_kernel_page(struct vm_area_struct *vma, struct vm_fault *vmf,
				    const void *kaddr)
{
	return vmf_insert_pfn(vma, vmf->address & PAGE_MASK, __pa(kaddr) >> PAGE_SHIFT);
}

static unsigned int vvar_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			       struct vm_fault *vmf)
{
	return vmf->pgoff ? VM_FAULT_SIGBUS : map_kernel_page(vma, vmf, &vdso_page);
}

static unsigned int vdso_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			       struct vm_fault *vmf)
{
	const char *page = vdso_image_start + (vmf->pgoff << PAGE_SHIFT);

	return page >= vdso_image_end ? VM_FAULT_SIGBUS : map_kernel_page(vma, vmf, page);
}

static int vdso_mremap(const struct vm_special_mapping *sm, struct vm_area_struct *new_vma)
{
	current->mm->vdso = (void *)new_vma->vm_start;
	return 0;
}

/* A debugger reads its symbols; it cannot write a breakpoint, as the image is one for all. */
static int vdso_read(const struct vm_special_mapping *sm, unsigned long offset, void *buf, int len)
{
	memcpy(buf, vdso_image_start + offset, (size_t)len);
	return len;
}

static const struct vm_special_mapping vvar_mapping = { .name = "[vvar]", .fault = vvar_fault };
static const struct vm_special_mapping vdso_mapping = {
	.name = "[vdso]",
	.fault = vdso_fault,
	.mremap = vdso_mremap,
	.read = vdso_read,
};

/* A random page between the stack and the end of its 2 MiB (where page tables exist already). */
static unsigned long place_above_stack(unsigned long len)
{
	unsigned long start = PAGE_ALIGN(current->mm->start_stack);
	unsigned long end = (start + PMD_SIZE - 1) & PMD_MASK;

	if (!(current->flags & PF_RANDOMIZE))
		return 0;
	if (end >= TASK_SIZE_MAX)
		end = TASK_SIZE_MAX;
	end -= len;
	if (end <= start)
		return start;
	return start + ((unsigned long)get_random_u32_below((u32)((end - start) >> PAGE_SHIFT) + 1)
			<< PAGE_SHIFT);
}

int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp)
{
	struct mm_struct *mm = current->mm;
	unsigned long image_len = (unsigned long)(vdso_image_end - vdso_image_start);
	struct vm_area_struct *vma;
	unsigned long addr;
	int ret = 0;

	if (!vdso_enabled)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	addr = get_unmapped_area(NULL, place_above_stack(PAGE_SIZE + image_len),
				 PAGE_SIZE + image_len, 0, 0);
	if (IS_ERR_VALUE(addr)) {
		ret = (int)addr;
		goto out;
	}
	vma = _install_special_mapping(mm, addr + PAGE_SIZE, image_len,
				       VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
					       VM_PFNMAP,
				       &vdso_mapping);
	if (IS_ERR(vma)) {
		ret = (int)PTR_ERR(vma);
		goto out;
	}
	vma = _install_special_mapping(mm, addr, PAGE_SIZE,
				       VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP,
				       &vvar_mapping);
	if (IS_ERR(vma)) {
		ret = (int)PTR_ERR(vma);
		goto out;
	}
	mm->vdso = (void *)(addr + PAGE_SIZE);
out:
	mmap_write_unlock(mm);
	return ret;
}
