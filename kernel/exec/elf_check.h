/* SPDX-License-Identifier: MIT */
/*
 * What an ELF file says of itself, judged. Pure: no kernel state, so that the fuzz target runs these
 * functions in an ordinary process. A hostile file may hold anything; every sum here is checked.
 */
#ifndef QUIRE_KERNEL_EXEC_ELF_CHECK_H
#define QUIRE_KERNEL_EXEC_ELF_CHECK_H

#include <linux/elf.h>

#define ELF_PATH_MAX		4096UL
#define ELF_PHDRS_MAX_BYTES	4096UL	/* of all program headers together */

/* What the loader needs to know of the program headers. */
struct elf_layout {
	const struct elf64_phdr *interp;	/* first PT_INTERP, or NULL */
	const struct elf64_phdr *property;
	int exec_stack;				/* PT_GNU_STACK: -1 absent, 0 not, 1 executable */
	unsigned long min_vaddr, max_vaddr;	/* of all PT_LOAD, pages; equal: there is none */
	unsigned long align;			/* largest sane p_align, at least a page */
	unsigned int nr_load;
};

/* An ELF of this machine, executable or shared: 0, else -ENOEXEC. */
int elf_check_header(const struct elf64_hdr *eh);
/* Bytes of the program headers, or -ENOEXEC for a count or size that cannot be. */
long elf_phdrs_bytes(const struct elf64_hdr *eh);
/* Fills @l; 0, or -ENOEXEC for an interpreter name of impossible length. */
int elf_check_phdrs(const struct elf64_hdr *eh, const struct elf64_phdr *ph, struct elf_layout *l);
/* Is @name, of @size bytes as PT_INTERP gives it, a string? 0, else -ENOEXEC. */
int elf_check_interp_name(const char *name, unsigned long size);
/* May the segment be mapped at @vaddr (bias included)? 0, else -EINVAL. */
int elf_check_segment(const struct elf64_phdr *ph, unsigned long vaddr, unsigned long task_size);
/* Address of the program headers in memory (without bias), 0 if no segment holds them. */
unsigned long elf_phdr_addr(const struct elf64_hdr *eh, const struct elf64_phdr *ph);

#endif
