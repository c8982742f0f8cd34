// SPDX-License-Identifier: MIT
/*
 * Swap in a process: slots against their invariants, alone and from several CPUs; and whole address spaces whose pages go to a
 * device in memory and come back, over the TLB that catches a missing flush. rooms: mm mode: tsan
 */
#include <base/err.h>
#include <base/string.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/lru.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/vmstat.h>
#include <mm/zswap.h>
#include <sync/rwsem.h>
#include <sync/workqueue.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>
#include "../../mm/swap/swap_internal.h"

#define SLOTS	 2000UL
#define BASE	 0x40000000UL
#define ROOM	 48UL /* pages of each thread */
#define at(page) (BASE + (unsigned long)(page)*PAGE_SIZE)

/* ---- slots ---- */

static struct swap_info_struct *si;
static u8 held[SLOTS];

/* The struct of a device is made once and kept. */
static struct host_balance begin(void)
{
	swap_device_free(swap_device_alloc(64, NULL, 0));
	return host_balance();
}

TEST(slots_fill_and_free)
{
	const u32 bad[] = { 5, 700, 1999 };
	struct host_balance before = begin();

	si = swap_device_alloc(SLOTS, bad, 3);
	CHECK(!IS_ERR(si));
	CHECK_EQ(si->pages, SLOTS - 4);
	for (int round = 0; round < 2; round++) {
		memset(held, 0, sizeof(held));
		for (unsigned long n = 0; n < si->pages; n++) {
			unsigned long slot = swap_slot_alloc(si, n + 1);

			CHECK(slot && slot < SLOTS && !held[slot]);
			CHECK(slot != 5 && slot != 700 && slot != 1999);
			held[slot] = 1;
		}
		CHECK_EQ(swap_slot_alloc(si, 1), 0);
		swap_slots_check(si);
		for (unsigned long slot = 0; slot < SLOTS; slot++) {
			if (!held[slot])
				continue;
			swap_slot_dup(si, slot);
			swap_slot_dup(si, slot);
			CHECK_EQ(slot_count(*swap_slot(si, slot)), 2);
			swap_slot_clear_pfn(si, slot);
			CHECK_EQ(swap_slot_set_pfn(si, slot, 9), 0);
			CHECK_EQ(swap_slot_set_pfn(si, slot, 10), -EEXIST);
			swap_slot_put(si, slot);
			swap_slot_clear_pfn(si, slot);
			CHECK_EQ(swap_slot_put(si, slot), 0);
			CHECK_EQ(swap_slot_set_pfn(si, slot, 9), -ENOENT);
		}
		CHECK_EQ(atomic_long_read(&si->inuse_pages), 0);
		swap_slots_check(si);
	}
	swap_device_free(si);
	host_balance_check(&before);
}

/* Takes slots, shares and frees them; two CPUs never have the same. */
static void slot_user(void *arg)
{
	unsigned long mine[64] = { 0 };

	for (int i = 0; i < 4000; i++) {
		unsigned int k = host_random_below(64);

		if (!mine[k]) {
			mine[k] = swap_slot_alloc(si, 77);
			if (mine[k])
				CHECK(!__atomic_exchange_n(&held[mine[k]], 1, __ATOMIC_SEQ_CST));
			continue;
		}
		swap_slot_dup(si, mine[k]);
		swap_slot_clear_pfn(si, mine[k]);
		__atomic_store_n(&held[mine[k]], 0, __ATOMIC_SEQ_CST);
		CHECK_EQ(swap_slot_put(si, mine[k]), 0);
		mine[k] = 0;
	}
	for (int k = 0; k < 64; k++) {
		if (!mine[k])
			continue;
		__atomic_store_n(&held[mine[k]], 0, __ATOMIC_SEQ_CST);
		swap_slot_clear_pfn(si, mine[k]);
	}
}

TEST(slots_of_four_cpus)
{
	struct host_balance before = begin();
	struct task_struct *t[4];

	memset(held, 0, sizeof(held));
	si = swap_device_alloc(200, NULL, 0); /* fewer than they want */
	CHECK(!IS_ERR(si));
	for (int i = 0; i < 4; i++)
		t[i] = host_start(slot_user, NULL, i + 1, "slots");
	for (int i = 0; i < 4; i++)
		host_join(t[i]);
	swap_slots_check(si);
	CHECK_EQ(atomic_long_read(&si->inuse_pages), 0);
	swap_device_free(si);
	host_balance_check(&before);
}

/* ---- several devices ---- */

static unsigned int nearest[2]; /* types, by node */

static void take_near(void *arg)
{
	nearest[numa_node_id()] = swp_type(get_swap_page(77));
}

/* Of devices without a named priority the near ones come first, else the first one. */
TEST(near_devices_first)
{
	struct host_balance before;
	struct swap_info_struct *dev[2];

	dev[0] = swap_device_alloc(64, NULL, 0);
	begin(); /* makes the second one */
	swap_device_free(dev[0]);
	before = host_balance();
	for (int i = 0; i < 2; i++) {
		dev[i] = swap_device_alloc(64, NULL, 0);
		CHECK(!IS_ERR(dev[i]));
		dev[i]->node = i ? 1 : NUMA_NO_NODE;
		swap_device_enable(dev[i], -1);
		CHECK_EQ(dev[i]->prio, -2 - i);
	}
	host_join(host_start(take_near, NULL, 0, "taker"));
	host_join(host_start(take_near, NULL, HOST_NR_CPUS / 2, "taker"));
	CHECK_EQ(nearest[0], dev[0]->type);
	CHECK_EQ(nearest[1], dev[1]->type);
	for (int i = 0; i < 2; i++) {
		swap_slot_clear_pfn(dev[i], 1);
		swap_device_withdraw(dev[i]);
		CHECK_EQ(swap_device_disable(dev[i]), 0);
		swap_device_free(dev[i]);
	}
	CHECK_EQ(get_swap_page(77).val, 0);
	host_balance_check(&before);
}

/* ---- pages ---- */

static u8 medium[SLOTS][PAGE_SIZE];
static int read_error; /* an errno, or 0 */

static void medium_submit(struct swap_info_struct *dev, unsigned long offset, struct folio **folios,
			  unsigned int nr, bool write)
{
	for (unsigned int i = 0; i < nr; i++) {
		void *page = folio_address(folios[i]);

		if (write) {
			memcpy(medium[offset + i], page, PAGE_SIZE);
			swap_write_end(folios[i], 0);
		} else {
			memcpy(page, medium[offset + i], PAGE_SIZE);
			swap_read_end(folios[i], read_error);
		}
	}
}

static const struct swap_device_ops medium_ops = { .submit = medium_submit };

static void switch_on(void)
{
	si = swap_device_alloc(SLOTS, NULL, 0);
	CHECK(!IS_ERR(si));
	si->ops = &medium_ops;
	si->kind = "memory";
	swap_device_enable(si, -1);
}

static void switch_off(void)
{
	swap_device_withdraw(si);
	CHECK_EQ(swap_device_disable(si), 0);
	swap_slots_check(si);
	swap_device_free(si);
	CHECK_EQ(global_node_page_state(NR_SWAPCACHE), 0);
}

static struct mm_struct *new_space(unsigned long pages)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };
	struct mm_struct *mm = mm_alloc();

	CHECK(mm);
	arch_pick_mmap_layout(mm, &stack);
	host_use_mm(mm);
	CHECK_EQ(sys_mmap(at(0), pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		 at(0));
	return mm;
}

static void fill(unsigned long pages, u32 seed)
{
	for (unsigned long i = 0; i < pages; i++)
		CHECK_EQ(host_user_write(at(i), seed + i), HOST_ACCESS_OK);
}

static void expect(unsigned long pages, u32 seed)
{
	for (unsigned long i = 0; i < pages; i++) {
		u32 value = 0;

		CHECK_EQ(host_user_read(at(i), &value), HOST_ACCESS_OK);
		CHECK_EQ(value, seed + i);
	}
}

static void pageout(unsigned long from, unsigned long pages)
{
	CHECK_EQ(sys_madvise(at(from), pages * PAGE_SIZE, MADV_PAGEOUT), 0);
}

TEST(pages_go_out_and_in)
{
	struct host_balance before = begin();
	struct mm_struct *mm, *child;

	switch_on();
	mm = new_space(40);
	fill(40, 100);
	pageout(0, 40);
	CHECK_EQ(get_mm_counter(mm, MM_SWAPENTS), 40);
	pgtable_check(mm);
	child = dup_mm(current, mm);
	CHECK(child);
	pgtable_check(child);
	CHECK_EQ(atomic_long_read(&si->inuse_pages), 40);
	fill(20, 500);
	expect(20, 500);
	host_use_mm(child);
	expect(40, 100);
	fill(40, 900);
	pageout(0, 40);
	expect(40, 900);
	host_use_mm(mm);
	expect(20, 500);
	CHECK_EQ(sys_madvise(at(0), 5 * PAGE_SIZE, MADV_DONTNEED), 0);
	pageout(0, 40);
	pgtable_check(mm);
	pgtable_check(child);
	switch_off();
	CHECK_EQ(get_mm_counter(mm, MM_SWAPENTS), 0);
	host_use_mm(child);
	expect(40, 900);
	host_use_mm(NULL);
	mmput(child);
	mmput(mm);
	CHECK(host_mmu_check());
	host_balance_check(&before);
}

/* ---- one page between two ---- */

static struct mm_struct *small_mm;
static struct folio *small_folio;

static void explore(const char *what, struct host_scenario s)
{
	s.preemptions = 2;
	s.runs = 400; /* all they free is free at the end only */
	host_explore_widely(what, s, 400);
}

static void setup_present(void *arg)
{
	struct page *page;

	small_mm = new_space(1);
	fill(1, 7);
	CHECK_EQ(get_user_pages_fast(at(0), 1, 0, &page), 1);
	small_folio = page_folio(page);
}

/* In the swap cache, and nobody maps it: it has no owner. */
static void setup_read_in(void *arg)
{
	unsigned long slot = 1;

	small_mm = new_space(1);
	fill(1, 7);
	pageout(0, 1);
	while (!*swap_slot(si, slot))
		slot++;
	small_folio = read_swap_cache(swp_entry(si->type, slot), GFP_KERNEL);
}

static void touch(void *arg)
{
	u32 value = 0;

	host_use_mm(small_mm);
	SCENARIO_CHECK(host_user_read(at(0), &value) == HOST_ACCESS_OK && value == 7);
	host_use_mm(NULL);
}

static void unmap(void *arg)
{
	host_use_mm(small_mm);
	sys_madvise(at(0), PAGE_SIZE, MADV_DONTNEED);
	host_use_mm(NULL);
}

static void isolate(void *arg)
{
	if (folio_isolate_lru(small_folio))
		folio_putback_lru(small_folio);
}

static void swap_out(void *arg)
{
	folio_lock(small_folio);
	add_to_swap(small_folio);
	folio_unlock(small_folio);
}

static void check_in_class(void *arg)
{
	SCENARIO_CHECK(folio_test_lru(small_folio));
	folio_put(small_folio);
	host_use_mm(NULL);
	mmput(small_mm);
}

static void check_counted(void *arg)
{
	SCENARIO_CHECK(folio_test_swapcache(small_folio) == folio_test_swap_only(small_folio));
	folio_lock(small_folio);
	folio_free_swap(small_folio);
	folio_unlock(small_folio);
	folio_put(small_folio);
	host_use_mm(NULL);
	mmput(small_mm);
}

TEST(a_page_that_leaves_the_swap_cache_stays_in_its_class)
{
	struct host_balance before = begin();

	switch_on();
	si->flags |= SWP_SYNCHRONOUS_IO; /* it leaves as soon as it is mapped */
	explore("map and look", (struct host_scenario){ .setup = setup_read_in,
							.fn = { touch, isolate },
							.n = 2,
							.check = check_in_class });
	switch_off();
	host_balance_check(&before);
}

TEST(a_page_that_is_unmapped_while_it_enters_the_swap_cache_is_counted)
{
	struct host_balance before = begin();

	switch_on();
	explore("unmap and enter", (struct host_scenario){ .setup = setup_present,
							   .fn = { unmap, swap_out },
							   .n = 2,
							   .check = check_counted });
	switch_off();
	host_balance_check(&before);
}

TEST(pages_that_cannot_be_read)
{
	struct host_balance before = begin();
	struct mm_struct *mm;
	u32 value;

	switch_on();
	mm = new_space(8);
	fill(8, 1);
	pageout(0, 8);
	read_error = -EIO;
	CHECK(host_user_read(at(3), &value) != HOST_ACCESS_OK);
	switch_off(); /* all others cannot be read either */
	read_error = 0;
	CHECK(host_user_read(at(3), &value) != HOST_ACCESS_OK);
	CHECK(host_user_read(at(4), &value) != HOST_ACCESS_OK);
	CHECK_EQ(sys_madvise(at(4), PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(host_user_read(at(4), &value), HOST_ACCESS_OK);
	CHECK_EQ(value, 0);
	host_use_mm(NULL);
	mmput(mm);
	host_balance_check(&before);
}

/* ---- several CPUs ---- */

static struct mm_struct *shared_mm;

/*
 * By its pages, reclaim and swapoff get at each space that shares them: for a moment the tables say one thing and the
 * counters another. Who compares them takes this for writing, who brings that about for reading.
 */
static DECLARE_RWSEM(compared, LOCK_MMTEST);

static void resident(void *arg)
{
	unsigned long first = (unsigned long)arg * ROOM;
	u32 model[ROOM] = { 0 };

	host_use_mm(shared_mm);
	for (int i = 0; i < 1500; i++) {
		unsigned long k = host_random_below(ROOM);
		u32 value = 0;

		down_read(&compared);
		switch (host_random_below(8)) {
		case 0:
		case 1:
		case 2:
			model[k] = i + 1;
			CHECK_EQ(host_user_write(at(first + k), model[k]), HOST_ACCESS_OK);
			break;
		case 3:
			pageout(first + k, ROOM - k);
			break;
		case 4:
			CHECK_EQ(sys_madvise(at(first + k), PAGE_SIZE, MADV_DONTNEED), 0);
			model[k] = 0;
			break;
		default:
			CHECK_EQ(host_user_read(at(first + k), &value), HOST_ACCESS_OK);
			CHECK_EQ(value, model[k]);
		}
		up_read(&compared);
	}
	host_use_mm(NULL);
}

static void forker(void *arg)
{
	host_use_mm(shared_mm);
	for (int i = 0; i < 25; i++) {
		struct mm_struct *child = dup_mm(current, shared_mm);

		CHECK(child);
		host_use_mm(child);
		pageout(0, 3 * ROOM);
		for (unsigned long k = 0; k < 3 * ROOM; k += 5) {
			u32 value;

			CHECK_EQ(host_user_read(at(k), &value), HOST_ACCESS_OK);
			CHECK_EQ(host_user_write(at(k), 7), HOST_ACCESS_OK);
		}
		host_use_mm(shared_mm);
		down_write(&compared);
		pgtable_check(child);
		up_write(&compared);
		mmput(child);
	}
	host_use_mm(NULL);
}

/* Switches the device off and on again. */
static void switcher(void *arg)
{
	for (int i = 0; i < 4; i++) {
		down_read(&compared);
		switch_off();
		switch_on();
		up_read(&compared);
	}
}

static void swap_under_four_cpus(void)
{
	struct task_struct *t[5];

	switch_on();
	shared_mm = new_space(3 * ROOM);
	host_use_mm(NULL);
	for (unsigned long i = 0; i < 5; i++)
		t[i] = host_start(i < 3	   ? resident
				  : i == 3 ? forker
					   : switcher,
				  (void *)i, i + 1, "resident");
	for (int i = 0; i < 5; i++)
		host_join(t[i]);
	pgtable_check(shared_mm);
	mmput(shared_mm);
	switch_off();
	CHECK(host_mmu_check());
}

TEST(swapping_under_four_cpus)
{
	struct host_balance before = begin();

	swap_under_four_cpus();
	host_balance_check(&before);
}

/*
 * Most pages are of few words. In the second round the pool is so small that it is always full: pages are written back beside everything
 * else, by a work, for which there are more workers afterwards than before.
 */
TEST(swapping_behind_zswap)
{
	struct host_balance before;

	CHECK_EQ(zswap_enable(true), 0);
	WRITE_ONCE(zswap_same_filled_pages_enabled, false);
	before = begin();
	swap_under_four_cpus();
	host_balance_check(&before);
	WRITE_ONCE(zswap_max_pool_percent, 0);
	swap_under_four_cpus();
	CHECK_EQ(zswap_enable(false), 0);
	CHECK_EQ(atomic_long_read(&zswap_stats[ZSWAP_STORED]), 0);
	CHECK_EQ(zswap_pool_pages(), 0);
}

TEST(a_full_pool_is_written_back)
{
	long back = atomic_long_read(&zswap_stats[ZSWAP_WRITTEN_BACK]);
	struct mm_struct *mm;

	CHECK_EQ(zswap_enable(true), 0);
	WRITE_ONCE(zswap_same_filled_pages_enabled, false);
	WRITE_ONCE(zswap_max_pool_percent, 20);
	switch_on();
	mm = new_space(40);
	fill(40, 100);
	pageout(0, 39);
	CHECK_EQ(atomic_long_read(&zswap_stats[ZSWAP_STORED]), 39);
	WRITE_ONCE(zswap_max_pool_percent, 0);
	pageout(39, 1);
	flush_scheduled_work();
	CHECK_EQ(atomic_long_read(&zswap_stats[ZSWAP_WRITTEN_BACK]), back + 39);
	CHECK_EQ(atomic_long_read(&zswap_stats[ZSWAP_STORED]), 0);
	CHECK_EQ(zswap_pool_pages(), 0);
	CHECK_EQ(global_node_page_state(NR_SWAPCACHE), 0);
	expect(40, 100);
	switch_off();
	host_use_mm(NULL);
	mmput(mm);
	CHECK_EQ(zswap_enable(false), 0);
}
