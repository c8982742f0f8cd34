// SPDX-License-Identifier: MIT
/*
 * The judge of ELF files, in a process: right answers for right and wrong headers, and for random ones no harm
 * and no layout that contradicts itself. Usage: elf_check_test [rounds [seed]]
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../kernel/exec/elf_check.c"

static struct elf64_hdr good_header(void)
{
	struct elf64_hdr h;

	memset(&h, 0, sizeof(h));
	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_type = ET_DYN;
	h.e_machine = EM_X86_64;
	h.e_phentsize = sizeof(struct elf64_phdr);
	h.e_phnum = 2;
	h.e_phoff = 64;
	return h;
}

static void header_fields(void)
{
	struct elf64_hdr h = good_header();

	assert(elf_check_header(&h) == 0);
	h.e_type = ET_REL;
	assert(elf_check_header(&h) == -ENOEXEC);
	h = good_header();
	h.e_machine = EM_386;
	assert(elf_check_header(&h) == -ENOEXEC);
	h = good_header();
	h.e_ident[1] = 'F';
	assert(elf_check_header(&h) == -ENOEXEC);
	h = good_header();
	assert(elf_phdrs_bytes(&h) == 2 * (long)sizeof(struct elf64_phdr));
	h.e_phnum = 0;
	assert(elf_phdrs_bytes(&h) == -ENOEXEC);
	h.e_phnum = 4096 / sizeof(struct elf64_phdr);
	assert(elf_phdrs_bytes(&h) > 0);
	h.e_phnum++;
	assert(elf_phdrs_bytes(&h) == -ENOEXEC);
	h = good_header();
	h.e_phentsize--;
	assert(elf_phdrs_bytes(&h) == -ENOEXEC);
}

static void layouts(void)
{
	struct elf64_hdr h = good_header();
	struct elf64_phdr ph[2];
	struct elf_layout l;

	memset(ph, 0, sizeof(ph));
	ph[0] = (struct elf64_phdr){ .p_type = PT_LOAD,
				     .p_vaddr = 0x1234,
				     .p_memsz = 0x2000,
				     .p_filesz = 0x1000,
				     .p_offset = 0x234,
				     .p_align = 0x200000 };
	ph[1] = (struct elf64_phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_X };
	assert(elf_check_phdrs(&h, ph, &l) == 0);
	assert(l.nr_load == 1 && l.min_vaddr == 0x1000 && l.max_vaddr == 0x3234);
	assert(l.align == 0x200000 && l.exec_stack == 1 && !l.interp);
	ph[1] = (struct elf64_phdr){ .p_type = PT_INTERP, .p_filesz = 1 };
	assert(elf_check_phdrs(&h, ph, &l) == -ENOEXEC);
	ph[1].p_filesz = 4097;
	assert(elf_check_phdrs(&h, ph, &l) == -ENOEXEC);
	ph[1].p_filesz = 4096;
	assert(elf_check_phdrs(&h, ph, &l) == 0 && l.interp == &ph[1] && l.exec_stack == -1);
	ph[0].p_memsz = ~0UL;
	assert(elf_check_phdrs(&h, ph, &l) == 0 && l.max_vaddr == ~0UL);
	ph[0].p_align = 3;
	assert(elf_check_phdrs(&h, ph, &l) == 0 && l.align == 4096);
	assert(elf_check_interp_name("ab", 3) == 0 && elf_check_interp_name("ab", 2) == -ENOEXEC);
}

static void segments(void)
{
	const unsigned long top = 0x7ffffffff000UL;
	struct elf64_phdr ph = { .p_type = PT_LOAD, .p_memsz = 0x1000, .p_filesz = 0x1000 };

	assert(elf_check_segment(&ph, 0x400000, top) == 0);
	assert(elf_check_segment(&ph, top, top) == -EINVAL);
	assert(elf_check_segment(&ph, top - 0xfff, top) == -EINVAL);
	assert(elf_check_segment(&ph, top - 0x1000, top) == 0);
	ph.p_filesz = 0x1001;
	assert(elf_check_segment(&ph, 0x400000, top) == -EINVAL);
	ph.p_filesz = 0;
	ph.p_memsz = ~0UL;
	assert(elf_check_segment(&ph, 0x400000, top) == -EINVAL);
}

/* An extreme, a small or a random number. */
static unsigned long odd(void)
{
	static const unsigned long extremes[] = { 0,
						  1,
						  2,
						  4095,
						  4096,
						  4097,
						  ~0UL,
						  ~0UL - 4095,
						  1UL << 63,
						  0x7fffffffffffffffUL,
						  0x7ffffffff000UL,
						  0xffffffffUL };

	switch (rand() % 3) {
	case 0:
		return extremes[rand() % (sizeof(extremes) / sizeof(extremes[0]))];
	case 1:
		return rand() % 65536;
	default:
		return (unsigned long)rand() << 33 ^ (unsigned long)rand() << 11 ^ rand();
	}
}

static void random_files(unsigned int rounds)
{
	for (unsigned int r = 0; r < rounds; r++) {
		struct elf64_hdr h = good_header();
		struct elf_layout l;
		long bytes;

		h.e_phnum = rand() % 80;
		h.e_phoff = odd();
		bytes = elf_phdrs_bytes(&h);
		if (bytes < 0)
			continue;
		/* Exactly as large as it says: the sanitizer sees each byte read beyond. */
		struct elf64_phdr *ph = malloc(bytes);

		for (int i = 0; i < h.e_phnum; i++)
			ph[i] = (struct elf64_phdr){ .p_type = rand() % 2 ? PT_LOAD : odd() % 8,
						     .p_flags = rand(),
						     .p_offset = odd(),
						     .p_vaddr = odd(),
						     .p_filesz = odd(),
						     .p_memsz = odd(),
						     .p_align = odd() };
		if (!elf_check_phdrs(&h, ph, &l)) {
			unsigned long at = elf_phdr_addr(&h, ph);

			assert(!(l.align & (l.align - 1)) && l.align >= 4096);
			assert(!l.nr_load || !(l.min_vaddr & 4095));
			assert(!l.interp ||
			       (l.interp->p_filesz >= 2 && l.interp->p_filesz <= 4096));
			(void)at;
			for (int i = 0; i < h.e_phnum; i++)
				if (!elf_check_segment(&ph[i], ph[i].p_vaddr, 0x7ffffffff000UL))
					assert(ph[i].p_vaddr + ph[i].p_memsz <= 0x7ffffffff000UL);
		}
		free(ph);
	}
}

int main(int argc, char **argv)
{
	srand(argc > 2 ? atoi(argv[2]) : 1);
	header_fields();
	layouts();
	segments();
	random_files(argc > 1 ? atoi(argv[1]) : 200000);
	printf("elf_check_test: ok\n");
	return 0;
}
