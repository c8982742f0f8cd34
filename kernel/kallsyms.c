// SPDX-License-Identifier: MIT
/*
 * The kernel's own symbols: which function is at an address.
 *
 * tools/kallsyms.c packs the names of the linked kernel, sorted by address, into read-only tables and tells their
 * format; a symbol reaches to the next one with a higher address. Look-up is a binary search over the marks and a walk
 * over 16 entries, without locks or allocation, fit for an oops in any state. See it in /proc/kallsyms.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/compiler.h>
#include <base/string.h>
#include <base/printf.h>
#include <seam/page.h>
#include <kernel/kallsyms.h>

#define NAMES_PER_MARK 16 /* as tools/kallsyms.c writes them */

extern const u32 kallsyms_num;
extern const struct mark {
	u32 offset, entry; /* from the kernel's base; in kallsyms_entries */
} kallsyms_marks[];
extern const u8 kallsyms_entries[];
extern const char kallsyms_tokens[];
extern const u16 kallsyms_token_places[256];

extern char _stext[], _etext[], _sinittext[], _einittext[], _text[], _end[];

/* One symbol, and where the entry of the next one is. */
struct symbol {
	unsigned long address;
	const u8 *codes, *next;
	unsigned int nr_codes;
};

/* The entry at @from, which begins with the step from the address in @s. */
static void read_entry(struct symbol *s, const u8 *from)
{
	if (*from < 0x80) {
		s->address += *from++;
	} else if (*from < 0xc0) {
		s->address += (from[0] & 0x3f) << 8 | from[1];
		from += 2;
	} else {
		s->address += (u32)(from[0] & 0x3f) << 24 | from[1] << 16 | from[2] << 8 | from[3];
		from += 4;
	}
	s->nr_codes = *from++;
	s->codes = from;
	s->next = from + s->nr_codes;
}

static void read_mark(struct symbol *s, unsigned long n)
{
	const struct mark *mark = &kallsyms_marks[n / NAMES_PER_MARK];

	s->address = KERNEL_MAP_BASE + mark->offset;
	read_entry(s, kallsyms_entries + mark->entry);
}

/* Symbol @n, where @s is the one before. */
static void read_next(struct symbol *s, unsigned long n)
{
	if (n % NAMES_PER_MARK)
		read_entry(s, s->next);
	else
		read_mark(s, n);
}

static void read_symbol(struct symbol *s, unsigned long n)
{
	read_mark(s, n);
	for (unsigned int i = n % NAMES_PER_MARK; i; i--)
		read_entry(s, s->next);
}

static unsigned long symbol_addr(unsigned long n)
{
	struct symbol s;

	read_symbol(&s, n);
	return s.address;
}

/* The type that nm prints; the name into @name (KSYM_NAME_LEN). */
static char unpack(const struct symbol *s, char *name)
{
	char type = '?';
	size_t n = 0;

	for (unsigned int i = 0; i < s->nr_codes; i++) {
		const char *token = kallsyms_tokens + kallsyms_token_places[s->codes[i]];

		if (!i)
			type = *token++;
		while (*token && n < KSYM_NAME_LEN - 1)
			name[n++] = *token++;
	}
	name[n] = 0;
	return type;
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

/*
 * The last symbol at or below @addr, and the first one of several at the same address; those lie in one run of marks
 * nearly always, and where they do not, the first after the mark will do.
 */
static bool find_symbol(unsigned long addr, struct symbol *found, unsigned long *end)
{
	unsigned long low = 0, high = DIV_ROUND_UP(kallsyms_num, NAMES_PER_MARK), n;
	struct symbol s;

	if (!kallsyms_num || addr < symbol_addr(0) || addr >= (unsigned long)_end)
		return false;
	while (high - low > 1) {
		unsigned long mid = low + (high - low) / 2;

		if (KERNEL_MAP_BASE + kallsyms_marks[mid].offset <= addr)
			low = mid;
		else
			high = mid;
	}
	n = low * NAMES_PER_MARK;
	read_symbol(&s, n);
	*found = s;
	*end = (unsigned long)_end;
	while (++n < kallsyms_num) {
		read_next(&s, n);
		if (s.address > addr) {
			*end = s.address;
			break;
		}
		if (s.address > found->address)
			*found = s;
	}
	return true;
}

bool kallsyms_lookup(unsigned long addr, unsigned long *size, unsigned long *offset, char *name)
{
	struct symbol s;
	unsigned long end;

	if (!find_symbol(addr, &s, &end))
		return false;
	if (size)
		*size = end - s.address;
	if (offset)
		*offset = addr - s.address;
	unpack(&s, name);
	return true;
}

/* @addr is looked up, @shown bytes are added to the offset that is printed. */
static int format_symbol(char *buffer, unsigned long addr, unsigned long shown, bool with_offset)
{
	char name[KSYM_NAME_LEN];
	unsigned long end;
	struct symbol s;

	if (!find_symbol(addr, &s, &end))
		return sprintf(buffer, "0x%lx", addr + shown);
	unpack(&s, name);
	if (!with_offset)
		return sprintf(buffer, "%s", name);
	return sprintf(buffer, "%s+0x%lx/0x%lx", name, addr + shown - s.address, end - s.address);
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
	char found[KSYM_NAME_LEN];
	struct symbol s;

	for (unsigned long n = 0; n < kallsyms_num; n++) {
		read_next(&s, n);
		unpack(&s, found);
		if (!strcmp(found, name))
			return s.address;
	}
	return 0;
}

unsigned long kallsyms_count(void)
{
	return kallsyms_num;
}

bool kallsyms_get(unsigned long n, unsigned long *addr, char *type, char *name)
{
	struct symbol s;

	if (n >= kallsyms_num)
		return false;
	read_symbol(&s, n);
	*addr = s.address;
	*type = unpack(&s, name);
	return true;
}
