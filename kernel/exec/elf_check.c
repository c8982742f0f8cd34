// SPDX-License-Identifier: MIT
/*
 * Judging ELF files, see elf_check.h. The answers are those of Linux 6.1, check by check: a header that
 * is wrong is "not an executable" (ENOEXEC); a segment that is wrong is found after the old program
 * is gone, and costs the new one its life (the caller's business).
 */
#include <linux/errno.h>
#include "elf_check.h"

#define PAGE	      4096UL
#define PAGE_START(x) ((x) & ~(PAGE - 1))

int elf_check_header(const struct elf64_hdr *eh)
{
	const unsigned char *id = eh->e_ident;

	if (id[0] != 0x7f || id[1] != 'E' || id[2] != 'L' || id[3] != 'F')
		return -ENOEXEC;
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return -ENOEXEC;
	if (eh->e_machine != EM_X86_64)
		return -ENOEXEC;
	return 0;
}

long elf_phdrs_bytes(const struct elf64_hdr *eh)
{
	unsigned long bytes = (unsigned long)eh->e_phnum * sizeof(struct elf64_phdr);

	if (eh->e_phentsize != sizeof(struct elf64_phdr))
		return -ENOEXEC;
	if (!bytes || bytes > ELF_PHDRS_MAX_BYTES)
		return -ENOEXEC;
	return bytes;
}

/* Room for one more PT_LOAD in the span of addresses. */
static void add_load(struct elf_layout *l, const struct elf64_phdr *ph)
{
	unsigned long start = PAGE_START(ph->p_vaddr), end;

	if (__builtin_add_overflow(ph->p_vaddr, ph->p_memsz, &end))
		end = ~0UL;
	if (!l->nr_load || start < l->min_vaddr)
		l->min_vaddr = start;
	if (end > l->max_vaddr)
		l->max_vaddr = end;
	/* An alignment that is no power of two is ignored, as Linux does. */
	if (ph->p_align > l->align && !(ph->p_align & (ph->p_align - 1)))
		l->align = ph->p_align;
	l->nr_load++;
}

int elf_check_phdrs(const struct elf64_hdr *eh, const struct elf64_phdr *ph, struct elf_layout *l)
{
	*l = (struct elf_layout){ .exec_stack = -1, .align = PAGE };
	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		switch (ph[i].p_type) {
		case PT_INTERP:
			if (l->interp)
				break;
			if (ph[i].p_filesz > ELF_PATH_MAX || ph[i].p_filesz < 2)
				return -ENOEXEC;
			l->interp = &ph[i];
			break;
		case PT_GNU_STACK:
			l->exec_stack = !!(ph[i].p_flags & PF_X);
			break;
		case PT_GNU_PROPERTY:
			l->property = &ph[i];
			break;
		case PT_LOAD:
			add_load(l, &ph[i]);
			break;
		}
	}
	return 0;
}

int elf_check_interp_name(const char *name, unsigned long size)
{
	return name[size - 1] == '\0' ? 0 : -ENOEXEC;
}

int elf_check_segment(const struct elf64_phdr *ph, unsigned long vaddr, unsigned long task_size)
{
	if (vaddr >= task_size || ph->p_filesz > ph->p_memsz || ph->p_memsz > task_size ||
	    task_size - ph->p_memsz < vaddr)
		return -EINVAL;
	return 0;
}

unsigned long elf_phdr_addr(const struct elf64_hdr *eh, const struct elf64_phdr *ph)
{
	for (unsigned int i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset <= eh->e_phoff &&
		    eh->e_phoff - ph[i].p_offset < ph[i].p_filesz)
			return eh->e_phoff - ph[i].p_offset + ph[i].p_vaddr;
	return 0;
}
