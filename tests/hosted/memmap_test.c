// SPDX-License-Identifier: MIT
/*
 * The firmware's memory map, in a process: random maps (overlapping, empty, wrapping, of odd types) against a model that
 * looks at every 16th of a page-sized world, and the invariants of the result: sorted, disjoint, joined.
 * Usage: memmap_test [rounds [seed]]
 */
int printf(const char *fmt, ...);
int rand(void);
void srand(unsigned int seed);
unsigned long strtoul(const char *s, char **end, int base);
void abort(void);
#define assert(x)                                                                                  \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			printf("memmap_test: line %d: %s\n", __LINE__, #x);                        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#include "../../arch/x86_64/memmap.c"

struct resource iomem_resource;
int insert_resource(struct resource *root, struct resource *new)
{
	return 0;
}
char _text[1], _etext[1], __start_rodata[1], __end_rodata[1], _sdata[1], __init_begin[1],
	__bss_start[1], __bss_stop[1];

static u64 ram_bytes;
int memblock_add(phys_addr_t base, phys_addr_t size)
{
	assert(!(base & ~PAGE_MASK) && size && !(size & ~PAGE_MASK));
	ram_bytes += size;
	return 0;
}
void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return NULL;
}

/* Insertion sort: the kernel's sort() has its own test. */
void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *),
	  void (*swap)(void *, void *, int))
{
	u64 *v = base;

	for (size_t i = 1; i < num; i++)
		for (size_t j = i; j && cmp(&v[j - 1], &v[j]) > 0; j--) {
			u64 t = v[j];

			v[j] = v[j - 1];
			v[j - 1] = t;
		}
}

/* Of base/, in the words of libc. */
unsigned long simple_strtoul(const char *p, char **end, unsigned int radix)
{
	return strtoul(p, end, radix);
}
unsigned long long memparse(const char *p, char **end)
{
	unsigned long long n = strtoul(p, end, 0);

	switch (**end) {
	case 'G':
		n <<= 10; /* fall through */
	case 'M':
		n <<= 10; /* fall through */
	case 'K':
		n <<= 10;
		(*end)++;
	}
	return n;
}

#define WORLD 64
#define UNIT  0x800ULL /* half a page: trimming matters */

static void check_invariants(void)
{
	for (unsigned int i = 0; i < e820_nr; i++) {
		assert(e820_table[i].size && e820_table[i].type);
		assert(e820_table[i].start + e820_table[i].size > e820_table[i].start);
		if (!i)
			continue;
		assert(e820_table[i - 1].start + e820_table[i - 1].size <= e820_table[i].start);
		assert(e820_table[i - 1].start + e820_table[i - 1].size != e820_table[i].start ||
		       e820_table[i - 1].type != e820_table[i].type);
	}
}

static void one_round(void)
{
	struct hvm_memmap_entry map[24];
	u32 model[WORLD] = { 0 };
	unsigned int nr = rand() % 24;
	u64 expect = 0;

	for (unsigned int i = 0; i < nr; i++) {
		u64 start = rand() % WORLD, len = rand() % 20;

		map[i] = (struct hvm_memmap_entry){ start * UNIT, len * UNIT, rand() % 6 };
		if (rand() % 40 == 0)
			map[i] = (struct hvm_memmap_entry){ start * UNIT, ~0ULL - start, 2 };
		for (u64 u = start; u < WORLD && map[i].type; u++)
			if ((u - start) * UNIT < map[i].size && map[i].type > model[u])
				model[u] = map[i].type;
	}
	e820_import(map, nr);
	check_invariants();
	for (unsigned int u = 0; u < WORLD; u++)
		assert(e820_type_at(u * UNIT) == model[u]);
	/* RAM in whole pages only. A page is RAM when both halves are and, as ranges are trimmed, contiguous. */
	for (unsigned int u = 0; u + 1 < WORLD; u += 2)
		if (model[u] == E820_RAM && model[u + 1] == E820_RAM)
			expect += PAGE_SIZE;
	e820_limit(WORLD * UNIT);
	check_invariants();
	ram_bytes = 0;
	e820_to_memblock();
	assert(ram_bytes == expect);
}

/* memmap=: each instruction against what the documentation says of it. */
static void user_changes(void)
{
	static const struct hvm_memmap_entry map[] = { { 0, 0xa0000, E820_RAM },
						       { 0xf0000, 0x10000, E820_RESERVED },
						       { 0x100000, 0x7f00000, E820_RAM } };

	e820_import(map, 3);
	assert(!e820_parse_memmap("1M$32M"));
	assert(e820_type_at(0x2000000 - 1) == E820_RAM && e820_type_at(0x2000000) == E820_RESERVED);
	assert(e820_type_at(0x2100000 - 1) == E820_RESERVED && e820_type_at(0x2100000) == E820_RAM);
	assert(!e820_parse_memmap("64K#0xf0000") && e820_type_at(0xf0000) == E820_ACPI);
	assert(!e820_parse_memmap("16M@256M") && e820_type_at(0x10000000) == E820_RAM);
	assert(!e820_parse_memmap("16M!512M") && e820_type_at(0x20000000) == E820_PMEM);
	assert(!e820_parse_memmap("1M@32M") && e820_type_at(0x2000000) == E820_RESERVED);
	assert(!e820_parse_memmap("1M%32M-2+1") && e820_type_at(0x2000000) == E820_RAM);
	assert(!e820_parse_memmap("4K%0-1") && !e820_type_at(0) && e820_type_at(0x1000));
	assert(!e820_parse_memmap("64M") && !e820_type_at(0x4000000) && !e820_type_at(0x10000000));
	assert(e820_type_at(0x20000000) == E820_PMEM && e820_all_ram(0x100000, 0x4000000));
	assert(e820_parse_memmap("") && e820_parse_memmap("x") && e820_parse_memmap("1M@") &&
	       e820_parse_memmap("1M?2M") && e820_parse_memmap("1M@2Mx") &&
	       e820_parse_memmap("1M%2M-1x"));
	check_invariants();
	assert(!e820_parse_memmap("exactmap") && e820_nr == 0);
	e820_force_ram(0x100000, 0x200000);
	assert(e820_nr == 1 && e820_all_ram(0x100000, 0x200000));
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;

	user_changes();
	srand(seed);
	for (unsigned long i = 0; i < rounds; i++)
		one_round();
	printf("memmap_test: %lu random maps right (seed %u)\n", rounds, seed);
	return 0;
}
