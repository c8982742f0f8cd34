// SPDX-License-Identifier: MIT
/*
 * Fuzz target of the ELF loader's judge: the input is a file. libFuzzer:
 *	clang -g -fsanitize=fuzzer,address,undefined -o elf_fuzz tests/fuzz/elf_fuzz.c && ./elf_fuzz -max_len=8192
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../../kernel/exec/elf_check.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf64_hdr h = { .e_ident = { 0 } };
	struct elf_layout l;
	struct elf64_phdr *ph;
	long bytes;

	memcpy(&h, data, size < sizeof(h) ? size : sizeof(h));
	if (elf_check_header(&h))
		return 0;
	bytes = elf_phdrs_bytes(&h);
	if (bytes < 0 || h.e_phoff > size || (size_t)bytes > size - h.e_phoff)
		return 0;
	ph = malloc(bytes);
	memcpy(ph, data + h.e_phoff, bytes);
	if (!elf_check_phdrs(&h, ph, &l)) {
		if (l.align & (l.align - 1) || (l.nr_load && l.min_vaddr & 4095))
			abort();
		elf_phdr_addr(&h, ph);
		for (int i = 0; i < h.e_phnum; i++)
			if (!elf_check_segment(&ph[i], ph[i].p_vaddr, 0x7ffffffff000UL) &&
			    (ph[i].p_filesz > ph[i].p_memsz ||
			     ph[i].p_vaddr + ph[i].p_memsz > 0x7ffffffff000UL))
				abort();
		if (l.interp && l.interp->p_offset <= size &&
		    l.interp->p_filesz <= size - l.interp->p_offset)
			elf_check_interp_name((const char *)data + l.interp->p_offset,
					      l.interp->p_filesz);
	}
	free(ph);
	return 0;
}
