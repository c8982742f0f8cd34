/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/maps_explained: each line of maps, and below it what the region is for.
 *
 * Why a program or library has up to five rows: the linker makes a segment for each set of rights (headers and
 * symbols, code, constants, data), the loader maps each by itself, and then takes away the right to write from that
 * part of the data that only relocation had to write (RELRO): this splits the last segment in two. Segments meet
 * within a page of the file, which is then mapped twice, with the rights of either: so two rows may show the same
 * offset. What of the data has no bytes in the file (.bss) is anonymous memory behind it: a row without a name.
 *
 * The kernel does not know all this; it is told from rights, neighbours and offsets, as a reader of maps would.
 */
#include <base/types.h>
#include <fs/file.h>
#include <fs/seq_file.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/vma.h>

#include "internal.h"

static bool same_file(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a && b && a->vm_file && b->vm_file &&
	       file_inode(a->vm_file) == file_inode(b->vm_file);
}

/* Does @next begin where @vma ends? */
static bool touches(const struct vm_area_struct *vma, const struct vm_area_struct *next)
{
	return vma && next && vma->vm_end == next->vm_start;
}

static bool is_guard(const struct vm_area_struct *vma)
{
	return vma && vma_is_anonymous(vma) && !(vma->vm_flags & VM_ACCESS_FLAGS);
}

static const char *private_file(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;

	if (vma->vm_flags & VM_WRITE)
		return "data (.data, .got): of the file until written, then copies of one's own";
	if (vma->vm_flags & VM_EXEC)
		return "code (.text): one copy in memory for all who run it";
	if (!(vma->vm_flags & VM_READ))
		return "keeps the place between segments free";
	if (same_file(vma, next) && touches(vma, next) && (next->vm_flags & VM_WRITE))
		return "RELRO: data that the loader relocated and then made read-only; split from the data behind it";
	if (same_file(vma, prev) && (prev->vm_flags & VM_EXEC))
		return "constants (.rodata): behind the code, but not executable";
	if (same_file(vma, next) && !vma->vm_pgoff)
		return "headers, symbols, relocations: the file's first segment";
	return "a file that was mapped to be read";
}

static const char *anonymous(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *prev = vma->vm_prev;
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk && mm->brk > mm->start_brk)
		return "heap: grown by brk(2), by malloc for what is small";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "stack of the first thread: grows down by itself, up to RLIMIT_STACK";
	if (is_guard(vma))
		return "no access: a guard page, or address space that malloc keeps for an arena";
	if (is_guard(prev) && touches(prev, vma))
		return "behind a guard: the stack of a thread, whose size is fixed, or an arena of malloc";
	if (prev && prev->vm_file && touches(prev, vma) && (prev->vm_flags & VM_WRITE))
		return "zeroes of the program or library before it (.bss): no bytes in the file, no name";
	return "mmap without a file: malloc above its threshold, thread-local data, buffers";
}

static const char *region_purpose(const struct vm_area_struct *vma)
{
	if (!vma->vm_mm)
		return "the gate: the address of system calls in the first years of x86-64, emulated";
	if (vma->vm_file)
		return vma->vm_flags & VM_MAYSHARE
			       ? "shared: stores reach the file and all who map it"
			       : private_file(vma);
	if (vma->vm_flags & VM_PFNMAP && !vma->vm_ops)
		return "frames of a device";
	if (!vma_is_anonymous(vma))
		return "the kernel's: code and data that calls like clock_gettime read without entering it";
	return anonymous(vma);
}

void proc_explain_region(struct seq_file *m, const struct vm_area_struct *vma)
{
	const struct vm_area_struct *prev = vma->vm_prev;

	seq_printf(m, "\t%s\n", region_purpose(vma));
	if (same_file(prev, vma) && prev->vm_pgoff + vma_pages(prev) == vma->vm_pgoff + 1 &&
	    touches(prev, vma))
		seq_puts(
			m,
			"\tits first file page is also the last of the row above: segments meet within it\n");
}
