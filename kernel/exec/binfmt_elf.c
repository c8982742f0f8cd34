// SPDX-License-Identifier: MIT
/*
 * ELF programs: static, static-pie, dynamic with an interpreter.
 *
 * The driver is load_elf_binary(): judge the files (elf_check.c), leave the old program
 * (begin_new_exec, the point of no return), map the segments, map the interpreter, write the tables
 * that user mode finds on its stack. Placement is Linux's on x86-64: a program at fixed addresses
 * where it asks; a PIE with an interpreter around ELF_ET_DYN_BASE, two thirds up; a PIE without
 * (static-pie, or the loader run as a program) where mmap puts it.
 *
 * The stack of a new program, from high to low:
 *	NULL word, file name, environment strings, argument strings    (copied by exec.c)
 *	platform string, 16 random bytes
 *	auxiliary vector, NULL, envp[], NULL, argv[], argc              <- stack pointer, 16-aligned
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/slab.h>
#include <seam/page.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include "elf_check.h"

#define ELF_ET_DYN_BASE	    (TASK_SIZE / 3 * 2)
#define ELF_PLATFORM_STRING "x86_64"
#define PAGE_OFFSET_OF(x)   ((x) & (PAGE_SIZE - 1))
#define BAD_ADDR(x)	    ((unsigned long)(x) >= TASK_SIZE)

/* One file being mapped: the program or its interpreter. */
struct elf_file {
	struct file *file;
	struct elf64_hdr hdr;
	struct elf64_phdr *phdrs;
	struct elf_layout layout;
};

static int elf_read(struct file *file, void *buf, size_t len, loff_t pos)
{
	ssize_t n = kernel_read(file, buf, len, &pos);

	if (n == len)
		return 0;
	return n < 0 ? n : -EIO;
}

/* The program headers of @f, judged. On failure -ENOEXEC or -ENOMEM. The caller frees f->phdrs. */
static int load_phdrs(struct elf_file *f)
{
	long bytes = elf_phdrs_bytes(&f->hdr);

	if (bytes < 0)
		return bytes;
	f->phdrs = kmalloc(bytes, GFP_KERNEL);
	if (!f->phdrs)
		return -ENOMEM;
	if (elf_read(f->file, f->phdrs, bytes, f->hdr.e_phoff))
		return -ENOEXEC;
	return elf_check_phdrs(&f->hdr, f->phdrs, &f->layout);
}

static int prot_of(const struct elf64_phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Map the part of @ph that is in the file; @total: reserve so many bytes (first segment), or 0. */
static unsigned long map_file_part(struct file *file, unsigned long addr,
				   const struct elf64_phdr *ph, int type, unsigned long total)
{
	unsigned long size = PAGE_ALIGN(ph->p_filesz + PAGE_OFFSET_OF(ph->p_vaddr));
	unsigned long off = ph->p_offset - PAGE_OFFSET_OF(ph->p_vaddr);
	unsigned long map;

	addr &= PAGE_MASK;
	if (!size)
		return addr;
	if (!total)
		return vm_mmap(file, addr, size, prot_of(ph), type, off);
	total = PAGE_ALIGN(total);
	map = vm_mmap(file, addr, total, prot_of(ph), type, off);
	if (!BAD_ADDR(map) && total > size)
		vm_munmap(map + size, total - size);
	return map;
}

/* Zero what lies behind the file's bytes in the last page, and map zeroes for the rest. */
static int map_bss(unsigned long start, unsigned long end, const struct elf64_phdr *ph)
{
	unsigned long page_end = PAGE_ALIGN(start);

	/* A segment that cannot be written keeps what the file has there, as Linux. */
	if (PAGE_OFFSET_OF(start) && ph->p_filesz &&
	    clear_user((void __user *)start, page_end - start) && (ph->p_flags & PF_W))
		return -EFAULT;
	end = PAGE_ALIGN(end);
	if (end <= page_end)
		return 0;
	return vm_brk_flags(page_end, end - page_end, ph->p_flags & PF_X ? VM_EXEC : 0);
}

/* Map segment @ph at @addr; the address, or an error in it. */
static unsigned long map_segment(struct file *file, unsigned long addr, const struct elf64_phdr *ph,
				 int type, unsigned long total)
{
	unsigned long map, base;
	int err;

	if (!ph->p_filesz) { /* nothing but zeroes */
		base = addr & PAGE_MASK;
		err = map_bss(base, addr + ph->p_memsz, ph);
		return err ? (unsigned long)err : base;
	}
	map = map_file_part(file, addr, ph, type, total);
	if (BAD_ADDR(map) || ph->p_memsz <= ph->p_filesz)
		return map;
	base = map + PAGE_OFFSET_OF(ph->p_vaddr);
	err = map_bss(base + ph->p_filesz, base + ph->p_memsz, ph);
	return err ? (unsigned long)err : map;
}

/* Bounds of the program, found while its segments are mapped. */
struct elf_bounds {
	unsigned long start_code, end_code, start_data, end_data, brk;
};

static void note_bounds(struct elf_bounds *b, const struct elf64_phdr *ph)
{
	unsigned long k = ph->p_vaddr;

	if ((ph->p_flags & PF_X) && k < b->start_code)
		b->start_code = k;
	if (b->start_data < k)
		b->start_data = k;
	k = ph->p_vaddr + ph->p_filesz;
	if ((ph->p_flags & PF_X) && b->end_code < k)
		b->end_code = k;
	if (b->end_data < k)
		b->end_data = k;
	k = ph->p_vaddr + ph->p_memsz;
	if (k > b->brk)
		b->brk = k;
}

/* An address with @align where @size bytes are free, or an error in it. Nobody else maps here during exec. */
static unsigned long find_aligned(unsigned long size, unsigned long align)
{
	unsigned long room = size + align;
	unsigned long map = vm_mmap(NULL, 0, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, 0);

	if (BAD_ADDR(map))
		return map;
	vm_munmap(map, room);
	return ALIGN(map, align);
}

/* Where a position-independent program goes: the wish for its first segment; 0 leaves it to mmap. */
static unsigned long choose_bias(const struct elf_file *f, bool has_interp, int *type)
{
	unsigned long bias = 0;

	if (!has_interp && f->layout.align > PAGE_SIZE) {
		/* A static one lies where mmap puts things, but as its segments want to be aligned. */
		bias = find_aligned(PAGE_ALIGN(f->layout.max_vaddr - f->layout.min_vaddr),
				    f->layout.align);
		if (BAD_ADDR(bias))
			return 0;
		*type |= MAP_FIXED_NOREPLACE;
	}
	if (has_interp) {
		bias = ELF_ET_DYN_BASE;
		if (current->flags & PF_RANDOMIZE)
			bias += arch_mmap_rnd();
		bias &= ~(f->layout.align - 1);
		*type |= MAP_FIXED_NOREPLACE;
	}
	return (bias - f->layout.min_vaddr) & PAGE_MASK;
}

/*
 * Map all segments of @f. *@bias: what was added to its addresses.
 * @at: with fixed addresses of an interpreter, 0
 */
static int map_segments(struct elf_file *f, bool has_interp, bool is_interp, unsigned long *bias,
			struct elf_bounds *b)
{
	bool first = true;

	*bias = 0;
	for (unsigned int i = 0; i < f->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &f->phdrs[i];
		unsigned long total = 0, map;
		int type = MAP_PRIVATE;

		if (ph->p_type != PT_LOAD)
			continue;
		if (!first) {
			type |= MAP_FIXED;
		} else if (f->hdr.e_type == ET_EXEC) {
			type |= is_interp ? MAP_FIXED : MAP_FIXED_NOREPLACE;
		} else {
			if (!is_interp)
				*bias = choose_bias(f, has_interp, &type);
			else
				*bias = -f->layout.min_vaddr & PAGE_MASK;
			total = f->layout.max_vaddr - f->layout.min_vaddr;
			if (!total)
				return -EINVAL;
		}
		map = map_segment(f->file, *bias + ph->p_vaddr, ph, type, total);
		if (BAD_ADDR(map))
			return IS_ERR((void *)map) ? (int)PTR_ERR((void *)map) : -EINVAL;
		if (first && f->hdr.e_type == ET_DYN)
			*bias += map - ((*bias + ph->p_vaddr) & PAGE_MASK);
		first = false;
		note_bounds(b, ph);
		if (elf_check_segment(ph, ph->p_vaddr + (is_interp ? *bias : 0), TASK_SIZE))
			return is_interp ? -ENOMEM : -EINVAL;
	}
	return 0;
}

/* Open the interpreter that @ph of the program names, and read its headers. 0 or an errno. */
static int open_interpreter(struct elf_file *prog, const struct elf64_phdr *ph,
			    struct elf_file *interp, struct linux_binprm *bprm)
{
	char *name = kmalloc(ph->p_filesz, GFP_KERNEL);
	int err;

	if (!name)
		return -ENOMEM;
	err = elf_read(prog->file, name, ph->p_filesz, ph->p_offset);
	if (!err)
		err = elf_check_interp_name(name, ph->p_filesz);
	if (!err) {
		interp->file = open_exec(name);
		if (IS_ERR(interp->file)) {
			err = PTR_ERR(interp->file);
			interp->file = NULL;
		}
	}
	kfree(name);
	if (err)
		return err;
	would_dump(bprm, interp->file);
	err = elf_read(interp->file, &interp->hdr, sizeof(interp->hdr), 0);
	if (err)
		return err;
	if (memcmp(interp->hdr.e_ident, ELFMAG, SELFMAG) || interp->hdr.e_machine != EM_X86_64)
		return -ELIBBAD;
	err = load_phdrs(interp);
	return err && err != -ENOMEM ? -ELIBBAD : err;
}

static void close_elf(struct elf_file *f, bool own_file)
{
	kfree(f->phdrs);
	if (own_file && f->file) {
		allow_write_access(f->file);
		fput(f->file);
	}
}

/* The tables ------------------------------------------------------------------------------------- */

static unsigned long *aux(unsigned long *a, unsigned long id, unsigned long val)
{
	*a++ = id;
	*a++ = val;
	return a;
}

static int fill_auxv(struct linux_binprm *bprm, const struct elf64_hdr *eh, unsigned long phdr_addr,
		     unsigned long interp_base, unsigned long entry, unsigned long u_rand,
		     unsigned long u_platform)
{
	struct mm_struct *mm = current->mm;
	const struct cred *cred = current_cred();
	unsigned long *a = mm->saved_auxv;

	memset(a, 0, sizeof(mm->saved_auxv));
	if (mm->vdso)
		a = aux(a, AT_SYSINFO_EHDR, (unsigned long)mm->vdso);
	a = aux(a, AT_MINSIGSTKSZ, arch_minsigstksz());
	a = aux(a, AT_HWCAP, elf_hwcap);
	a = aux(a, AT_PAGESZ, PAGE_SIZE);
	a = aux(a, AT_CLKTCK, USER_HZ);
	a = aux(a, AT_PHDR, phdr_addr);
	a = aux(a, AT_PHENT, sizeof(struct elf64_phdr));
	a = aux(a, AT_PHNUM, eh->e_phnum);
	a = aux(a, AT_BASE, interp_base);
	a = aux(a, AT_FLAGS, 0);
	a = aux(a, AT_ENTRY, entry);
	a = aux(a, AT_UID, cred->uid);
	a = aux(a, AT_EUID, cred->euid);
	a = aux(a, AT_GID, cred->gid);
	a = aux(a, AT_EGID, cred->egid);
	a = aux(a, AT_SECURE, bprm->secureexec);
	a = aux(a, AT_RANDOM, u_rand);
	a = aux(a, AT_HWCAP2, elf_hwcap2);
	a = aux(a, AT_EXECFN, bprm->exec);
	a = aux(a, AT_PLATFORM, u_platform);
	if (bprm->have_execfd)
		a = aux(a, AT_EXECFD, bprm->execfd);
	a = aux(a, AT_NULL, 0);
	return a - mm->saved_auxv; /* words */
}

/* Pointers to @count strings that lie one after the other from *@p on; NULL ends them. */
static int put_string_pointers(unsigned long __user **sp, int count, unsigned long *p)
{
	while (count-- > 0) {
		size_t len;

		if (put_user(*p, (*sp)++))
			return -EFAULT;
		len = strnlen_user((void __user *)*p, MAX_ARG_STRLEN);
		if (!len || len > MAX_ARG_STRLEN)
			return -EINVAL;
		*p += len;
	}
	return put_user(0UL, (*sp)++);
}

static unsigned long arch_align_stack(unsigned long sp)
{
	if (!(current->personality & ADDR_NO_RANDOMIZE) && randomize_va_space)
		sp -= get_random_u32_below(8192);
	return sp & ~0xfUL;
}

static int create_elf_tables(struct linux_binprm *bprm, const struct elf64_hdr *eh,
			     unsigned long interp_base, unsigned long entry,
			     unsigned long phdr_addr)
{
	struct mm_struct *mm = current->mm;
	unsigned long p = arch_align_stack(bprm->p), u_platform, u_rand;
	unsigned long __user *sp;
	unsigned char rand[16];
	int words;

	p -= sizeof(ELF_PLATFORM_STRING);
	u_platform = p;
	if (copy_to_user((void __user *)p, ELF_PLATFORM_STRING, sizeof(ELF_PLATFORM_STRING)))
		return -EFAULT;
	get_random_bytes(rand, sizeof(rand));
	p -= sizeof(rand);
	u_rand = p;
	if (copy_to_user((void __user *)p, rand, sizeof(rand)))
		return -EFAULT;

	words = fill_auxv(bprm, eh, phdr_addr, interp_base, entry, u_rand, u_platform);
	p &= ~0xfUL;
	p -= (words + bprm->argc + 1 + bprm->envc + 1 + 1) * sizeof(long);
	bprm->p = p & ~0xfUL;
	sp = (unsigned long __user *)bprm->p;

	/* Grow the stack here, where an error can still be told. */
	if (fault_in_writeable((char __user *)sp, 1) && put_user(0UL, sp))
		return -EFAULT;
	if (put_user((long)bprm->argc, sp++))
		return -EFAULT;
	p = mm->arg_end = mm->arg_start;
	if (put_string_pointers(&sp, bprm->argc, &p))
		return -EFAULT;
	mm->arg_end = p;
	mm->env_start = mm->env_end = p;
	if (put_string_pointers(&sp, bprm->envc, &p))
		return -EFAULT;
	mm->env_end = p;
	if (copy_to_user(sp, mm->saved_auxv, words * sizeof(long)))
		return -EFAULT;
	return 0;
}

/* The driver ------------------------------------------------------------------------------------- */

/* code, data and brk of the program, moved by @bias. */
static void set_mm_bounds(const struct elf_bounds *b, unsigned long bias, bool pie, bool has_interp)
{
	struct mm_struct *mm = current->mm;

	mm->start_code = b->start_code + bias;
	mm->end_code = b->end_code + bias;
	mm->start_data = b->start_data + bias;
	mm->end_data = b->end_data + bias;
	mm->start_brk = mm->brk = PAGE_ALIGN(b->brk + bias);
	if ((current->flags & PF_RANDOMIZE) && randomize_va_space > 1) {
		/* A loader run as a program lies in the mmap area: its heap would run into mappings. */
		if (pie && !has_interp)
			mm->start_brk = mm->brk = ELF_ET_DYN_BASE;
		mm->start_brk = mm->brk = arch_randomize_brk(mm);
	}
}

/* Behind the point of no return: an error kills the program. */
static int start_program(struct linux_binprm *bprm, struct elf_file *prog, struct elf_file *interp)
{
	bool has_interp = interp->file;
	struct elf_bounds b = { .start_code = ~0UL }, ib = { .start_code = ~0UL };
	unsigned long bias, ibias = 0, entry, phdr_addr;
	int stack = prog->layout.exec_stack > 0 ? EXSTACK_ENABLE_X : EXSTACK_DISABLE_X;
	int err;

	if (!(current->personality & ADDR_NO_RANDOMIZE) && randomize_va_space)
		current->flags |= PF_RANDOMIZE;
	setup_new_exec(bprm);
	err = setup_arg_pages(bprm, randomize_stack_top(TASK_SIZE), stack);
	if (err)
		return err;
	err = map_segments(prog, has_interp, false, &bias, &b);
	if (err)
		return err;
	entry = prog->hdr.e_entry + bias;
	phdr_addr = elf_phdr_addr(&prog->hdr, prog->phdrs);
	if (phdr_addr)
		phdr_addr += bias;
	set_mm_bounds(&b, bias, prog->hdr.e_type == ET_DYN, has_interp);
	if (has_interp) {
		err = map_segments(interp, false, true, &ibias, &ib);
		if (err)
			return err;
	}
	set_binfmt(NULL);
	err = arch_setup_additional_pages(bprm, has_interp);
	if (err)
		return err;
	err = create_elf_tables(bprm, &prog->hdr, has_interp ? ibias : 0, entry, phdr_addr);
	if (err)
		return err;
	if (has_interp)
		entry = interp->hdr.e_entry + ibias;
	if (BAD_ADDR(entry))
		return -EINVAL;
	current->mm->start_stack = bprm->p;
	finalize_exec(bprm);
	start_thread(current_pt_regs(), entry, bprm->p);
	return 0;
}

static int load_elf_binary(struct linux_binprm *bprm)
{
	struct elf_file prog = { .file = bprm->file }, interp = { .file = NULL };
	int err;

	BUILD_BUG_ON(sizeof(prog.hdr) > BINPRM_BUF_SIZE);
	memcpy(&prog.hdr, bprm->buf, sizeof(prog.hdr));
	err = elf_check_header(&prog.hdr);
	if (err)
		return err;
	if (!prog.file->f_op->mmap)
		return -ENOEXEC;
	err = load_phdrs(&prog);
	if (!err && prog.layout.interp)
		err = open_interpreter(&prog, prog.layout.interp, &interp, bprm);
	if (!err)
		err = begin_new_exec(bprm);
	if (!err)
		err = start_program(bprm, &prog, &interp);
	close_elf(&interp, true);
	close_elf(&prog, false);
	return err;
}

static struct linux_binfmt elf_format = {
	.name = "elf",
	.load_binary = load_elf_binary,
};

static int __init init_elf_binfmt(void)
{
	register_binfmt(&elf_format);
	return 0;
}
core_initcall(init_elf_binfmt);
