// SPDX-License-Identifier: MIT
/*
 * relocs INPUT.elf|/dev/null OUTPUT.S - the table that lets the kernel be moved at boot.
 *
 * INPUT was linked with --emit-relocs. Kept are the places in the image (not in .head, which runs before) that hold
 * an absolute address: of the image itself, or one of the bases of boot/bases.S. What is relative to the place
 * moves along and is left out, but it must not lead out of the image. Anything that is not understood is an error:
 * a place that is forgotten would be a wild pointer in some boots. /dev/null gives an empty table.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../arch/x86_64/boot/relocs.h"

#define KERNEL_MAP 0xffffffff80000000ull

struct places {
	uint32_t *v;
	size_t n, room;
};

static struct places found[NR_RELOC_CLASSES];

#define CLASS_SYMBOL(class, bytes, symbol) [class] = symbol,
static const char *const class_symbol[] = { RELOC_CLASSES(CLASS_SYMBOL) };

static const char *input;

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "relocs: %s: ", input);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void add(enum reloc_class class, uint64_t place)
{
	struct places *p = &found[class];

	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 1024;
		p->v = realloc(p->v, p->room * sizeof(*p->v));
		if (!p->v)
			fail("out of memory");
	}
	p->v[p->n++] = place - KERNEL_MAP;
}

/* The class of an absolute symbol; NR_RELOC_CLASSES: it stays where it is. */
static enum reloc_class absolute_class(const char *name)
{
	for (int c = RELOC_PAGE_OFFSET; c < NR_RELOC_CLASSES; c++)
		if (!strcmp(name, class_symbol[c]))
			return c;
	return strcmp(name, "kernel_map_base") ? NR_RELOC_CLASSES : RELOC_IMAGE_64;
}

static enum reloc_class symbol_class(const Elf64_Sym *sym, const char *name)
{
	if (sym->st_shndx == SHN_ABS)
		return absolute_class(name);
	return sym->st_value >= KERNEL_MAP ? RELOC_IMAGE_64 : NR_RELOC_CLASSES;
}

static void one(const Elf64_Rela *r, const Elf64_Sym *sym, const char *name)
{
	enum reloc_class class = symbol_class(sym, name);
	unsigned int type = ELF64_R_TYPE(r->r_info);

	switch (type) {
	case R_X86_64_NONE:
		return;
	case R_X86_64_64:
		if (class != NR_RELOC_CLASSES)
			add(class, r->r_offset);
		return;
	case R_X86_64_32S:
		if (class == RELOC_IMAGE_64)
			add(RELOC_IMAGE_32, r->r_offset);
		else if (class != NR_RELOC_CLASSES)
			break;
		return;
	case R_X86_64_32:
		if (class != NR_RELOC_CLASSES)
			break;
		return;
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		if (class != RELOC_IMAGE_64)
			break;
		return;
	}
	fail("relocation of type %u to %s at %#llx cannot be moved", type, name,
	     (unsigned long long)r->r_offset);
}

static void section(const char *elf, const Elf64_Shdr *sections, const Elf64_Shdr *rela)
{
	const Elf64_Shdr *symtab = &sections[rela->sh_link];
	const Elf64_Sym *symbols = (const void *)(elf + symtab->sh_offset);
	const char *names = elf + sections[symtab->sh_link].sh_offset;
	const Elf64_Rela *r = (const void *)(elf + rela->sh_offset);
	const Elf64_Shdr *target = &sections[rela->sh_info];

	if (!(target->sh_flags & SHF_ALLOC) || target->sh_addr < KERNEL_MAP)
		return;
	for (size_t i = 0; i < rela->sh_size / sizeof(*r); i++) {
		const Elf64_Sym *sym = &symbols[ELF64_R_SYM(r[i].r_info)];

		one(&r[i], sym, names + sym->st_name);
	}
}

static void collect(void)
{
	int fd = open(input, O_RDONLY);
	const Elf64_Shdr *sections;
	const Elf64_Ehdr *elf;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		fail("cannot be read");
	if (!S_ISREG(st.st_mode))
		return;
	elf = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (elf == MAP_FAILED || memcmp(elf->e_ident, ELFMAG, SELFMAG))
		fail("is no ELF file");
	sections = (const void *)((const char *)elf + elf->e_shoff);
	for (int i = 0; i < elf->e_shnum; i++)
		if (sections[i].sh_type == SHT_RELA)
			section((const char *)elf, sections, &sections[i]);
	if (!found[RELOC_IMAGE_32].n)
		fail("has no relocations: it must be linked with --emit-relocs");
	close(fd);
}

int main(int argc, char **argv)
{
	FILE *out;

	if (argc != 3) {
		fputs("usage: relocs INPUT.elf|/dev/null OUTPUT.S\n", stderr);
		return 2;
	}
	input = argv[1];
	collect();
	out = fopen(argv[2], "w");
	if (!out)
		fail("%s cannot be written", argv[2]);
	fputs("\t.section .relocs, \"a\"\n\t.balign 4\n\t.globl kaslr_relocs\nkaslr_relocs:\n",
	      out);
	for (int c = 0; c < NR_RELOC_CLASSES; c++) {
		fprintf(out, "\t.long %zu\n", found[c].n);
		for (size_t i = 0; i < found[c].n; i++)
			fprintf(out, "\t.long %#x\n", found[c].v[i]);
	}
	fputs("\t.section .note.GNU-stack, \"\", @progbits\n", out);
	return ferror(out) || fclose(out) ? 1 : 0;
}
