// SPDX-License-Identifier: MIT
/*
 * The firmware's memory map.
 *
 * It comes as a list of ranges that may be unsorted, overlap, be empty or of an unknown type; a hostile one may
 * wrap around. What leaves here is sorted, disjoint and page-exact: where entries overlap the higher type number
 * wins (reserved beats RAM), and RAM is trimmed inwards to whole pages, other types count as they are.
 *
 * The method: every border of an entry cuts the line; each piece takes the highest type of the entries that cover
 * it; equal neighbours are joined. Quadratic in the number of entries, which is at most 128.
 *
 * The user may change it, in the order of the command line: mem=SIZE and memmap=SIZE take away the RAM above SIZE;
 * memmap=SIZE@START adds RAM, $ reserved, # ACPI data, ! persistent memory; SIZE%START-OLD+NEW changes the type;
 * memmap=exactmap forgets everything first. Commas separate several (Linux: Documentation/admin-guide).
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/sort.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/resource.h>
#include <mm/memblock.h>
#include <seam/page.h>
#include "memmap.h"
#include "mapping.h"

struct e820_entry e820_table[E820_MAX] __initdata;
unsigned int e820_nr __initdata;

static struct e820_entry raw[E820_MAX] __initdata;
static u64 border[2 * E820_MAX] __initdata;

static int __init cmp_border(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Append a piece, or lengthen the last one. */
static void __init e820_append(u64 start, u64 end, u32 type)
{
	struct e820_entry *last = e820_nr ? &e820_table[e820_nr - 1] : NULL;

	if (last && last->type == type && last->start + last->size == start)
		last->size += end - start;
	else if (e820_nr < E820_MAX)
		e820_table[e820_nr++] = (struct e820_entry){ start, end - start, type };
}

static u32 __init covering_type(unsigned int nr, u64 start, u64 end)
{
	u32 type = 0;

	for (unsigned int i = 0; i < nr; i++)
		if (raw[i].start <= start && end <= raw[i].start + raw[i].size)
			type = max(type, raw[i].type);
	return type;
}

static void __init e820_rebuild(unsigned int nr)
{
	unsigned int nb = 0;

	for (unsigned int i = 0; i < nr; i++) {
		border[nb++] = raw[i].start;
		border[nb++] = raw[i].start + raw[i].size;
	}
	sort(border, nb, sizeof(border[0]), cmp_border, NULL);
	e820_nr = 0;
	for (unsigned int i = 0; i + 1 < nb; i++) {
		u32 type;

		if (border[i] == border[i + 1])
			continue;
		type = covering_type(nr, border[i], border[i + 1]);
		if (type)
			e820_append(border[i], border[i + 1], type);
	}
}

void __init e820_import(const struct hvm_memmap_entry *map, unsigned int nr)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr && n < E820_MAX; i++) {
		u64 size = map[i].size;

		if (!size || !map[i].type)
			continue;
		if (map[i].addr >= 1ULL << 52)
			continue;
		if (size > (1ULL << 52) - map[i].addr)
			size = (1ULL << 52) - map[i].addr;
		raw[n++] = (struct e820_entry){ map[i].addr, size, map[i].type };
	}
	if (nr > E820_MAX)
		pr_warn("e820: only %d of %u entries of the memory map are used\n", E820_MAX, nr);
	e820_rebuild(n);
}

/* ---- what the user says about it: mem=, memmap= ---- */

static unsigned int __init put_raw(unsigned int n, u64 start, u64 end, u32 type)
{
	if (start < end && n < E820_MAX)
		raw[n++] = (struct e820_entry){ start, end - start, type };
	return n;
}

/* The table as raw entries, without what lies in [start, end) and is of @type (0: of any); their number. */
static unsigned int __init raw_without(u64 start, u64 end, u32 type)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < e820_nr; i++) {
		const struct e820_entry e = e820_table[i];
		u64 e_end = e.start + e.size;

		if ((type && e.type != type) || e_end <= start || e.start >= end) {
			n = put_raw(n, e.start, e_end, e.type);
			continue;
		}
		n = put_raw(n, e.start, min(start, e_end), e.type);
		n = put_raw(n, max(end, e.start), e_end, e.type);
	}
	return n;
}

void __init e820_limit(u64 limit)
{
	e820_rebuild(raw_without(limit, ~0ULL, E820_RAM));
}

void __init e820_add(u64 start, u64 end, u32 type)
{
	e820_rebuild(put_raw(raw_without(0, 0, 0), start, end, type));
}

/* What of [start, end) is of type @from becomes @to. */
static void __init e820_retype(u64 start, u64 end, u32 from, u32 to)
{
	unsigned int n = raw_without(start, end, from);

	for (unsigned int i = 0; i < e820_nr; i++)
		if (e820_table[i].type == from)
			n = put_raw(n, max(start, e820_table[i].start),
				    min(end, e820_table[i].start + e820_table[i].size), to);
	e820_rebuild(n);
}

/* The tail of SIZE%START[-FROM][+TO]. */
static int __init memmap_change(const char *p, u64 start, u64 end)
{
	u32 from = 0, to = 0;
	char *rest = (char *)p;

	if (*rest == '-')
		from = simple_strtoul(rest + 1, &rest, 0);
	if (*rest == '+')
		to = simple_strtoul(rest + 1, &rest, 0);
	if (*rest)
		return -EINVAL;
	if (from && to)
		e820_retype(start, end, from, to);
	else if (to)
		e820_add(start, end, to);
	else
		e820_rebuild(raw_without(start, end, from));
	return 0;
}

int __init e820_parse_memmap(const char *p)
{
	static const struct {
		char sign;
		u8 type;
	} signs[] = {
		{ '@', E820_RAM }, { '#', E820_ACPI }, { '$', E820_RESERVED }, { '!', E820_PMEM }
	};
	char *rest;
	u64 size, start;
	char sign;

	if (!strcmp(p, "exactmap")) {
		e820_nr = 0;
		return 0;
	}
	size = memparse(p, &rest);
	if (rest == p)
		return -EINVAL;
	sign = *rest;
	if (!sign) { /* like mem= */
		e820_limit(size);
		return 0;
	}
	p = rest + 1;
	start = memparse(p, &rest);
	if (rest == p || size > ~start)
		return -EINVAL;
	if (sign == '%')
		return memmap_change(rest, start, start + size);
	for (unsigned int i = 0; i < ARRAY_SIZE(signs); i++)
		if (sign == signs[i].sign && !*rest) {
			e820_add(start, start + size, signs[i].type);
			return 0;
		}
	return -EINVAL;
}

void __init e820_force_ram(u64 start, u64 end)
{
	e820_rebuild(put_raw(raw_without(start, end, 0), start, end, E820_RAM));
}

bool __init e820_all_ram(u64 start, u64 end)
{
	for (unsigned int i = 0; i < e820_nr; i++)
		if (e820_table[i].type == E820_RAM && e820_table[i].start <= start &&
		    end <= e820_table[i].start + e820_table[i].size)
			return true;
	return false;
}

static const char *__init e820_name(u32 type)
{
	switch (type) {
	case E820_RAM:
		return "System RAM";
	case E820_ACPI:
		return "ACPI Tables";
	case E820_NVS:
		return "ACPI Non-volatile Storage";
	case E820_UNUSABLE:
		return "Unusable memory";
	case E820_PMEM:
		return "Persistent Memory";
	default:
		return "Reserved";
	}
}

static const char *__init e820_type_text(u32 type)
{
	switch (type) {
	case E820_RAM:
		return "usable";
	case E820_RESERVED:
		return "reserved";
	case E820_ACPI:
		return "ACPI data";
	case E820_NVS:
		return "ACPI NVS";
	case E820_UNUSABLE:
		return "unusable";
	case E820_PMEM:
		return "persistent";
	default:
		return "unknown";
	}
}

void __init e820_print(const char *who)
{
	for (unsigned int i = 0; i < e820_nr; i++)
		pr_info("%s: [mem 0x%016llx-0x%016llx] %s\n", who, e820_table[i].start,
			e820_table[i].start + e820_table[i].size - 1,
			e820_type_text(e820_table[i].type));
}

u32 __init e820_type_at(u64 addr)
{
	for (unsigned int i = 0; i < e820_nr; i++)
		if (addr - e820_table[i].start < e820_table[i].size)
			return e820_table[i].type;
	return 0;
}

void __init e820_to_memblock(void)
{
	u64 top = 1ULL << MAX_PHYSMEM_BITS;

	for (unsigned int i = 0; i < e820_nr; i++) {
		u64 start = round_up(e820_table[i].start, PAGE_SIZE);
		u64 end = round_down(e820_table[i].start + e820_table[i].size, PAGE_SIZE);

		if (e820_table[i].type != E820_RAM || start >= top)
			continue;
		if (end > top) {
			pr_warn("e820: RAM above %llu TiB is not used\n", top >> 40);
			end = top;
		}
		if (start < end)
			memblock_add(start, end - start);
	}
}

static struct resource image_resource[4] = {
	{ .name = "Kernel code" },
	{ .name = "Kernel rodata" },
	{ .name = "Kernel data" },
	{ .name = "Kernel bss" },
};

static void __init insert_image(struct resource *r, const char *start, const char *end)
{
	r->start = __pa_symbol(start);
	r->end = __pa_symbol(end) - 1;
	r->flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY;
	insert_resource(&iomem_resource, r);
}

void __init e820_to_resources(void)
{
	struct resource *r = memblock_alloc(e820_nr * sizeof(*r), 8);

	if (!r)
		return;
	for (unsigned int i = 0; i < e820_nr; i++, r++) {
		r->start = e820_table[i].start;
		r->end = r->start + e820_table[i].size - 1;
		r->name = e820_name(e820_table[i].type);
		r->flags = e820_table[i].type == E820_RAM ? IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY
							  : IORESOURCE_MEM;
		insert_resource(&iomem_resource, r);
	}
	insert_image(&image_resource[0], _text, _etext);
	insert_image(&image_resource[1], __start_rodata, __end_rodata);
	insert_image(&image_resource[2], _sdata, __init_begin);
	insert_image(&image_resource[3], __bss_start, __bss_stop);
}
