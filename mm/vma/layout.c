// SPDX-License-Identifier: MIT
/*
 * Where things go: the choice of addresses, and their randomisation.
 *
 *	TASK_SIZE	|  stack (random: 22 bits of pages)
 *			|  gap = RLIMIT_STACK + randomisation + guard, 128 MiB .. 5/6 of the space
 *	mmap_base	|  mmap, downwards (random: 28 bits of pages)
 *			|  ...
 *			|  heap, upwards (random: 18 bits of pages behind the program)
 *			|  program
 *	mmap_min_addr	|  nothing below
 *
 * With personality ADDR_COMPAT_LAYOUT or vm.legacy_va_layout, mmap goes upwards from a third of the space. ADDR_NO_RANDOMIZE,
 * norandmaps and randomize_va_space = 0 switch the dice off.
 * Linux: arch/x86/mm/mmap.c, arch/x86/kernel/sys_x86_64.c, mm/mmap.c get_unmapped_area.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/cred.h>
#include <kernel/param.h>
#include <kernel/random.h>
#include <kernel/task.h>
#include <fs/file.h>
#include <mm/mmap.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include "vma_internal.h"

#define MMAP_RND_BITS	    28
#define STACK_RND_PAGES	    0x3fffffUL
#define BRK_RND_BYTES	    0x40000000UL
#define GAP_MIN		    (128UL << 20)
#define MAP_32BIT_LOW	    0x40000000UL
#define MAP_32BIT_HIGH	    0x80000000UL
#define MAP_32BIT_RND_BYTES 0x02000000UL

int randomize_va_space = 2;
int sysctl_legacy_va_layout;
int mmap_rnd_bits = MMAP_RND_BITS;

static int __init norandmaps_setup(char *arg)
{
	randomize_va_space = 0;
	return 1;
}
__setup("norandmaps", norandmaps_setup);

unsigned long arch_mmap_rnd(void)
{
	return (get_random_long() & ((1UL << READ_ONCE(mmap_rnd_bits)) - 1)) << PAGE_SHIFT;
}

unsigned long randomize_stack_top(unsigned long stack_top)
{
	unsigned long rnd = 0;

	if (current->flags & PF_RANDOMIZE)
		rnd = (get_random_long() & STACK_RND_PAGES) << PAGE_SHIFT;
	return PAGE_ALIGN(stack_top) - rnd;
}

/* A page in [@start, @start + @range), or @start when there is no choice. */
static unsigned long randomize_page(unsigned long start, unsigned long range)
{
	if (!PAGE_ALIGNED(start)) {
		range -= PAGE_ALIGN(start) - start;
		start = PAGE_ALIGN(start);
	}
	if (start > ULONG_MAX - range)
		range = ULONG_MAX - start;
	range >>= PAGE_SHIFT;
	return range ? start + (get_random_long() % range << PAGE_SHIFT) : start;
}

unsigned long arch_randomize_brk(struct mm_struct *mm)
{
	return randomize_page(mm->brk, BRK_RND_BYTES);
}

static unsigned long top_down_base(unsigned long rnd, const struct rlimit *rlim_stack)
{
	unsigned long gap = rlim_stack->rlim_cur, pad = stack_guard_gap;

	if (current->flags & PF_RANDOMIZE)
		pad += STACK_RND_PAGES << PAGE_SHIFT;
	if (gap + pad > gap)
		gap += pad;
	gap = clamp(gap, GAP_MIN, TASK_SIZE / 6 * 5);
	return PAGE_ALIGN(TASK_SIZE - gap - rnd);
}

void arch_pick_mmap_layout(struct mm_struct *mm, struct rlimit *rlim_stack)
{
	unsigned long rnd = current->flags & PF_RANDOMIZE ? arch_mmap_rnd() : 0;

	mm->mmap_legacy_base = PAGE_ALIGN(TASK_SIZE / 3) + rnd;
	mm->mmap_legacy = (current->personality & ADDR_COMPAT_LAYOUT) || sysctl_legacy_va_layout;
	mm->mmap_base = mm->mmap_legacy ? mm->mmap_legacy_base : top_down_base(rnd, rlim_stack);
	mm->hole_addr = ~0UL;
	mm->hole_len = 0;
}

/*
 * MAP_32BIT: in the second GiB, from a random page of its first 32 MiB upwards. A hint counts as far as it ends below
 * 2 GiB.
 */
static noinline unsigned long search_32bit(struct mm_struct *mm, unsigned long addr,
					   unsigned long len)
{
	unsigned long low = MAP_32BIT_LOW;
	struct vm_unmapped_area_info info;
	struct vm_area_struct *vma;

	if (current->flags & PF_RANDOMIZE)
		low = randomize_page(low, MAP_32BIT_RND_BYTES);
	if (len > MAP_32BIT_HIGH)
		return -ENOMEM;
	addr = PAGE_ALIGN(addr);
	if (addr && MAP_32BIT_HIGH - len >= addr) {
		vma = find_vma(mm, addr);
		if (!vma || addr + len <= vm_start_gap(vma))
			return addr;
	}
	info = (struct vm_unmapped_area_info){ .length = len,
					       .low_limit = low,
					       .high_limit = MAP_32BIT_HIGH };
	return vm_unmapped_area(mm, &info);
}

static unsigned long search_bottomup(struct mm_struct *mm, unsigned long len, unsigned long low,
				     unsigned long high)
{
	struct vm_unmapped_area_info info = { .length = len, .low_limit = low, .high_limit = high };

	return vm_unmapped_area(mm, &info);
}

static __always_inline unsigned long choose_address(struct mm_struct *mm, unsigned long addr,
						    unsigned long len, unsigned long flags)
{
	struct vm_unmapped_area_info info;
	struct vm_area_struct *vma;

	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & MAP_FIXED)
		return addr;
	if (unlikely(flags & MAP_32BIT))
		return search_32bit(mm, addr, len);
	if (addr) { /* a hint: taken when it is free */
		addr = PAGE_ALIGN(addr);
		if (TASK_SIZE - len >= addr) {
			vma = find_vma(mm, addr);
			if (!vma || addr + len <= vm_start_gap(vma))
				return addr;
		}
	}
	if (mm->mmap_legacy)
		return search_bottomup(mm, len, mm->mmap_legacy_base, TASK_SIZE);

	info = (struct vm_unmapped_area_info){
		.flags = VM_UNMAPPED_AREA_TOPDOWN,
		.length = len,
		.low_limit = max(PAGE_SIZE, PAGE_ALIGN(mmap_min_addr)),
		.high_limit = mm->mmap_base,
	};
	addr = vm_unmapped_area(mm, &info);
	if (unlikely(IS_ERR_VALUE(addr))) /* the space below is full: above, then */
		addr = search_bottomup(mm, len, mm->mmap_legacy_base, TASK_SIZE);
	return addr;
}

unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags)
{
	if (len > TASK_SIZE)
		return -ENOMEM;
	if (file && file->f_op->get_unmapped_area)
		addr = file->f_op->get_unmapped_area(file, addr, len, pgoff, flags);
	else
		addr = choose_address(current->mm, addr, len, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if (addr > TASK_SIZE - len)
		return -ENOMEM;
	if (offset_in_page(addr))
		return -EINVAL;
	if (unlikely(addr < mmap_min_addr) && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	return addr;
}
