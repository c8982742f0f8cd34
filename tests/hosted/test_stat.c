// SPDX-License-Identifier: MIT
/* Counters, trace events, the failure gate, and memblock against a model, in a process. rooms: mm */
#include <host/test.h>
#include <base/string.h>
#include <kernel/ratelimit.h>
#include <kernel/time.h>
#include <mm/memblock.h>
#include <mm/gfp.h>
#include "../../mm/stat/selftest.c"

TEST(stat_events)
{
	CHECK_EQ(test_events(), 0);
}
TEST(stat_trace)
{
	CHECK_EQ(test_trace(), 0);
}
TEST(stat_fault_gate)
{
	CHECK_EQ(test_fault_gate(), 0);
}

/* Two CPUs ask at once: one of them is the n-th, and afterwards nothing is armed. */
static int nr_failed;

static void arm_first(void *arg)
{
	nr_failed = 0;
	fault_attrs[FAULT_USERCOPY].verbose = 0;
	fault_attrs[FAULT_USERCOPY].nth = 1;
	fault_update();
}
static void ask(void *arg)
{
	if (should_fail_usercopy())
		__atomic_add_fetch(&nr_failed, 1, __ATOMIC_RELAXED);
}
static void check_disarmed(void *arg)
{
	SCENARIO_CHECK(nr_failed == 1 && !fault_attrs[FAULT_USERCOPY].nth && !fault_armed);
}
TEST(stat_fault_nth_once)
{
	struct host_scenario s = { .setup = arm_first,
				   .fn = { ask, ask },
				   .n = 2,
				   .check = check_disarmed,
				   .preemptions = 2 };

	CHECK(host_explore(&s) > 1);
}

/* At most so many in an interval, and again in the next one. */
TEST(ratelimit)
{
	DEFINE_RATELIMIT_STATE(rs, 60000, 3);
	int told = 0;

	host_expect_warnings(true);
	for (int i = 0; i < 10; i++)
		told += __ratelimit(&rs, "test");
	CHECK_EQ(told, 3);
	rs.begin_ns -= 61000 * NSEC_PER_MSEC; /* a minute passes */
	CHECK(__ratelimit(&rs, "test"));
	rs.interval_ms = 0;
	for (int i = 0; i < 10; i++)
		CHECK(__ratelimit(&rs, "test"));
	host_expect_warnings(false);
}

/*
 * memblock: random add, remove, reserve, free of ranges in a space of 256 units against two bit maps. The
 * machine's own memblock is put aside meanwhile.
 */
#define UNITS 256
#define UNIT  0x1000UL
#define BASE  0x100000000000UL

static bool memory_map[UNITS], reserved_map[UNITS];

static void set(bool *map, unsigned int at, unsigned int n, bool value)
{
	for (unsigned int i = at; i < at + n; i++)
		map[i] = value;
}

static void compare(void)
{
	static bool seen[UNITS];
	phys_addr_t start, end;
	u64 i;

	memblock_check();
	memset(seen, 0, sizeof(seen));
	for_each_free_mem_range(i, NUMA_NO_NODE, &start, &end, NULL)
		set(seen, (start - BASE) / UNIT, (end - start) / UNIT, true);
	for (unsigned int u = 0; u < UNITS; u++) {
		CHECK(memblock_is_memory(BASE + u * UNIT) == memory_map[u]);
		CHECK(memblock_is_reserved(BASE + u * UNIT) == reserved_map[u]);
		CHECK(seen[u] == (memory_map[u] && !reserved_map[u]));
	}
}

TEST(memblock_random)
{
	static struct memblock_region regions[2][UNITS + 4];
	struct memblock saved = memblock;

	memset(memory_map, 0, sizeof(memory_map));
	memset(reserved_map, 0, sizeof(reserved_map));
	memblock.memory =
		(struct memblock_type){ .max = UNITS + 4, .regions = regions[0], .name = "memory" };
	memblock.reserved = (struct memblock_type){ .max = UNITS + 4,
						    .regions = regions[1],
						    .name = "reserved" };
	for (int step = 0; step < 3000; step++) {
		unsigned int at = host_random_below(UNITS), n = 1 + host_random_below(UNITS - at);
		phys_addr_t base = BASE + at * UNIT, size = n * UNIT;

		n = n > 20 && host_random_below(8) ? 20 : n;
		size = n * UNIT;
		switch (host_random_below(4)) {
		case 0:
			CHECK(!memblock_add(base, size));
			set(memory_map, at, n, true);
			break;
		case 1:
			CHECK(!memblock_remove(base, size));
			set(memory_map, at, n, false);
			break;
		case 2:
			CHECK(!memblock_reserve(base, size));
			set(reserved_map, at, n, true);
			break;
		case 3:
			CHECK(!memblock_phys_free(base, size));
			set(reserved_map, at, n, false);
			break;
		}
		compare();
	}
	memblock = saved;
}

/*
 * Arrays of ranges that grow while a reservation is made: the new array lies outside what is being reserved, and does
 * not disturb the order of the ranges, wherever it lies.
 */
static void reserve_and_grow(phys_addr_t base, unsigned int at, unsigned int n, phys_addr_t limit)
{
	static struct memblock_region regions[2][4];
	struct memblock_type *reserved = &memblock.reserved;
	phys_addr_t start = base + at * UNIT, array, arrays = 0;

	memblock = (struct memblock){
		.current_limit = limit,
		.memory = { .max = 4, .regions = regions[0], .name = "memory" },
		.reserved = { .max = 4, .regions = regions[1], .name = "reserved" },
	};
	CHECK(!memblock_add(base, 64 * UNIT));
	for (unsigned int i = 0; i < 4; i++)
		CHECK(!memblock_reserve(base + (33 + 2 * i) * UNIT, UNIT));
	CHECK(reserved->regions == regions[1]);
	CHECK(!memblock_reserve(start, n * UNIT));
	memblock_check();
	CHECK(reserved->regions != regions[1]);
	array = __pa(reserved->regions);
	CHECK(array + UNIT <= start || array >= start + n * UNIT);
	for (unsigned int i = 0; i < n; i++)
		CHECK(memblock_is_reserved(start + i * UNIT));
	CHECK(memblock_is_reserved(array));
	for (unsigned long max = 8; max <= reserved->max; max *= 2) /* each array there has been */
		arrays += max * sizeof(struct memblock_region);
	CHECK_EQ(memblock_reserved_size(), (n + (at == 32 ? 0 : 4)) * UNIT + arrays);
}

TEST(memblock_arrays_grow)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 6);
	phys_addr_t base = page_to_phys(pages);
	struct memblock saved = memblock;

	reserve_and_grow(base, 56, 8, base + 64 * UNIT); /* where the array would go */
	reserve_and_grow(base, 32, 8, base + 64 * UNIT); /* around others, the array above */
	reserve_and_grow(base, 32, 8, base + 16 * UNIT); /* ... and below */
	memblock = saved;
	__free_pages(pages, 6);
}
