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

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;

	srand(seed);
	for (unsigned long i = 0; i < rounds; i++)
		one_round();
	printf("memmap_test: %lu random maps right (seed %u)\n", rounds, seed);
	return 0;
}
