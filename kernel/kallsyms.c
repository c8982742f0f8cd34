// SPDX-License-Identifier: MIT
/*
 * The kernel's own symbols: which function is at an address.
 *
 * tools/kallsyms.sh lists the symbols of the linked kernel, sorted by address, as three read-only
 * arrays; a symbol reaches to the next one with a higher address. Look-up is a binary search without
 * locks or allocation, fit for an oops in any state. See it in /proc/kallsyms.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <base/string.h>
#include <base/printf.h>
#include <seam/page.h>
#include <kernel/kallsyms.h>

#define NAMES_PER_MARK 16 /* as tools/kallsyms.sh writes them */

extern const u32 kallsyms_num;
extern const u32 kallsyms_offsets[];
extern const u32 kallsyms_name_marks[];
extern const char kallsyms_names[];

extern char _stext[], _etext[], _sinittext[], _einittext[], _text[], _end[];

static unsigned long symbol_addr(unsigned long n)
{
	return KERNEL_MAP_BASE + kallsyms_offsets[n];
}

static const char *symbol_entry(unsigned long n)
{
	const char *entry = kallsyms_names + kallsyms_name_marks[n / NAMES_PER_MARK];

	for (unsigned int i = n % NAMES_PER_MARK; i; i--)
		entry += strlen(entry) + 1;
	return entry;
}

bool __kernel_text_address(unsigned long addr)
{
	return (addr >= (unsigned long)_stext && addr < (unsigned long)_etext) ||
	       (addr >= (unsigned long)_sinittext && addr < (unsigned long)_einittext);
}

bool kernel_text_address(unsigned long addr)
{
	return __kernel_text_address(addr);
}

/* Number of the last symbol at or below @addr, and the first one of several at the same address. */
static bool find_symbol(unsigned long addr, unsigned long *n, unsigned long *end)
{
	unsigned long low = 0, high = kallsyms_num, mid;

	if (!kallsyms_num || addr < symbol_addr(0) || addr >= (unsigned long)_end)
		return false;
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (symbol_addr(mid) <= addr)
			low = mid;
		else
			high = mid;
	}
	*end = high < kallsyms_num ? symbol_addr(high) : (unsigned long)_end;
	while (low && symbol_addr(low - 1) == symbol_addr(low))
		low--;
	*n = low;
	return true;
}

bool kallsyms_lookup(unsigned long addr, unsigned long *size, unsigned long *offset, char *name)
{
	unsigned long n, end;

	if (!find_symbol(addr, &n, &end))
		return false;
	if (size)
		*size = end - symbol_addr(n);
	if (offset)
		*offset = addr - symbol_addr(n);
	strscpy(name, symbol_entry(n) + 1, KSYM_NAME_LEN);
	return true;
}

/* @addr is looked up, @shown bytes are added to the offset that is printed. */
static int format_symbol(char *buffer, unsigned long addr, unsigned long shown, bool with_offset)
{
	unsigned long n, end;

	if (!find_symbol(addr, &n, &end))
		return sprintf(buffer, "0x%lx", addr + shown);
	if (!with_offset)
		return sprintf(buffer, "%s", symbol_entry(n) + 1);
	return sprintf(buffer, "%.*s+0x%lx/0x%lx", KSYM_NAME_LEN - 1, symbol_entry(n) + 1,
		       addr + shown - symbol_addr(n), end - symbol_addr(n));
}

int sprint_symbol(char *buffer, unsigned long addr)
{
	return format_symbol(buffer, addr, 0, true);
}

int sprint_symbol_no_offset(char *buffer, unsigned long addr)
{
	return format_symbol(buffer, addr, 0, false);
}

int sprint_backtrace(char *buffer, unsigned long addr)
{
	return format_symbol(buffer, addr - 1, 1, true);
}

unsigned long kallsyms_lookup_name(const char *name)
{
	const char *entry = kallsyms_names;

	for (unsigned long n = 0; n < kallsyms_num; n++, entry += strlen(entry) + 1)
		if (!strcmp(entry + 1, name))
			return symbol_addr(n);
	return 0;
}

unsigned long kallsyms_count(void)
{
	return kallsyms_num;
}

bool kallsyms_get(unsigned long n, unsigned long *addr, char *type, char *name)
{
	if (n >= kallsyms_num)
		return false;
	*addr = symbol_addr(n);
	*type = symbol_entry(n)[0];
	strscpy(name, symbol_entry(n) + 1, KSYM_NAME_LEN);
	return true;
}
