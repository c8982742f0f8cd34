// SPDX-License-Identifier: MIT
/*
 * The exception table: sorted by instruction address at boot, searched by halves at a fault.
 * The entries are relative to themselves (include seam/extable.h), so moving one adjusts it.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/sort.h>
#include <seam/extable.h>
#include <seam/ptrace.h>
#include <seam/trapnr.h>

static unsigned long ex_insn_addr(const struct exception_table_entry *e)
{
	return (unsigned long)&e->insn + (long)e->insn;
}

static unsigned long ex_fixup_addr(const struct exception_table_entry *e)
{
	return (unsigned long)&e->fixup + (long)e->fixup;
}

static int cmp_ex(const void *a, const void *b)
{
	unsigned long x = ex_insn_addr(a), y = ex_insn_addr(b);

	return x < y ? -1 : x > y;
}

static void swap_ex(void *a, void *b, int size)
{
	struct exception_table_entry *x = a, *y = b, tmp = *x;
	int delta = (int)((char *)b - (char *)a);

	x->insn = y->insn + delta;
	x->fixup = y->fixup + delta;
	x->type = y->type;
	y->insn = tmp.insn - delta;
	y->fixup = tmp.fixup - delta;
	y->type = tmp.type;
}

void sort_main_extable(void)
{
	sort(__start___ex_table, (size_t)(__stop___ex_table - __start___ex_table),
	     sizeof(struct exception_table_entry), cmp_ex, swap_ex);
}

const struct exception_table_entry *search_exception_tables(unsigned long ip)
{
	long low = 0, high = __stop___ex_table - __start___ex_table - 1;

	while (low <= high) {
		long mid = low + (high - low) / 2;
		unsigned long addr = ex_insn_addr(&__start___ex_table[mid]);

		if (addr == ip)
			return &__start___ex_table[mid];
		if (addr < ip)
			low = mid + 1;
		else
			high = mid - 1;
	}
	return NULL;
}

bool fixup_exception(struct pt_regs *regs, int trapnr)
{
	const struct exception_table_entry *e = search_exception_tables(regs->ip);

	if (!e)
		return false;
	switch (e->type) {
	case EX_TYPE_UACCESS:
		if (trapnr != X86_TRAP_PF && trapnr != X86_TRAP_GP && trapnr != X86_TRAP_SS &&
		    trapnr != X86_TRAP_MC)
			return false;
		break;
	case EX_TYPE_ZERO_AX:
		regs->ax = regs->dx = 0;
		break;
	}
	regs->ip = ex_fixup_addr(e);
	return true;
}
