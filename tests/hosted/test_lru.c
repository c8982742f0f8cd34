// SPDX-License-Identifier: MIT
/*
 * The classes of pages: whatever is mapped, cached, locked, used, given up, isolated and freed, the sums agree with the
 * flags (lru_check). And a hand that goes round once shows each member once, with others isolating
 * and freeing beside it. STEPS=n changes the length. rooms: mm mode: tsan
 */
#include <base/err.h>
#include <base/math.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <linux/mman.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/shmem.h>
#include <mm/vmstat.h>
#include <seam/uaccess.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>
#include <host/vfs.h>

#define FD	  3
#define PAGES	  48UL
#define ANON_AREA 0x10000000UL
#define FILE_AREA 0x20000000UL

static struct mm_struct *mm;
static struct file *file;

static void start(void)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };
	const int rw = PROT_READ | PROT_WRITE;

	mm = mm_alloc();
	CHECK(mm);
	arch_pick_mmap_layout(mm, &stack);
	host_use_mm(mm);
	CHECK_EQ(sys_mmap(ANON_AREA, PAGES * PAGE_SIZE, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			  -1, 0),
		 ANON_AREA);
	file = shmem_file_setup("lru", PAGES * PAGE_SIZE, VM_NORESERVE);
	CHECK(!IS_ERR(file));
	fd_install(FD, file);
	CHECK_EQ(sys_mmap(FILE_AREA, PAGES * PAGE_SIZE, rw, MAP_SHARED | MAP_FIXED, FD, 0),
		 FILE_AREA);
}

static void finish(void)
{
	host_use_mm(NULL);
	mmput(mm);
	host_close(FD);
}

static void touch(unsigned long addr)
{
	char c = 1;

	CHECK_EQ(copy_to_user((void __user *)addr, &c, 1), 0);
}

/* The folio mapped at @addr with a reference, or NULL. */
static struct folio *folio_at(unsigned long addr)
{
	struct folio *folio = NULL;
	pte_t *pte, val;

	rcu_read_lock();
	pte = pte_find(mm, addr, NULL);
	val = pte ? ptep_get(pte) : __pte(0);
	if (pte_present(val) && !pte_special(val)) {
		folio = page_folio(pte_page(val));
		if (!folio_try_get(folio))
			folio = NULL;
	}
	rcu_read_unlock();
	return folio;
}

/* ---- random steps ---- */

static struct folio *held[8];
static unsigned int nr_held;

static void step_isolate(void)
{
	struct lru_isolation iso = { .lru = host_random_below(NR_EVICTABLE_LISTS),
				     .reclaim_idx = MAX_NR_ZONES - 1,
				     .max_scan = 1 + host_random_below(8) };

	nr_held += lru_isolate(&NODE_DATA(0)->__lruvec, &iso, held + nr_held, 8 - nr_held);
	CHECK(nr_held <= 8 && iso.nr_scanned <= iso.max_scan);
}

static void step_putback(void)
{
	while (nr_held)
		folio_putback_lru(held[--nr_held]);
}

static void step_use(unsigned long addr)
{
	struct folio *folio = folio_at(addr);

	if (!folio)
		return;
	switch (host_random_below(5)) {
	case 0:
	case 1:
		folio_mark_accessed(folio);
		break;
	case 2:
		folio_deactivate(folio);
		break;
	case 3:
		folio_mark_lazyfree(folio);
		break;
	case 4:
		if (folio_isolate_lru(folio)) {
			folio_undo_lazyfree(folio);
			folio_putback_lru(folio);
		}
		break;
	}
	folio_put(folio);
}

static void step(void)
{
	unsigned long page = host_random_below(PAGES) * PAGE_SIZE;
	unsigned long addr = (host_random() & 1 ? ANON_AREA : FILE_AREA) + page;
	unsigned long len = min(PAGES * PAGE_SIZE - page,
				(unsigned long)(1 + host_random_below(8)) * PAGE_SIZE);

	switch (host_random_below(10)) {
	case 0:
	case 1:
	case 2:
		touch(addr);
		break;
	case 3:
		sys_madvise(addr, len, MADV_DONTNEED);
		break;
	case 4:
		CHECK_EQ(sys_mlock(addr, len), 0);
		break;
	case 5:
		CHECK_EQ(sys_munlock(addr, len), 0);
		break;
	case 6:
		sys_munlock(addr, len);
		sys_madvise(addr, len, MADV_REMOVE);
		break;
	case 7:
		step_isolate();
		break;
	case 8:
		step_putback();
		break;
	case 9:
		step_use(addr);
		break;
	}
}

TEST(sums_agree_with_flags)
{
	unsigned long steps = os_env("STEPS", 2000);
	struct host_balance before = host_balance();

	start();
	for (unsigned long i = 0; i < steps; i++) {
		step();
		if (!nr_held &&
		    !(i % 8)) /* what is out and unmapped meanwhile is missing in the sums */
			CHECK(lru_check());
	}
	step_putback();
	CHECK(lru_check());
	finish();
	host_balance_check(&before);
}

/* ---- one round of the hand ---- */

TEST(a_round_shows_each_member_once)
{
	struct folio *folios[4 * PAGES];
	struct lru_isolation iso = { .lru = LRU_INACTIVE_ANON,
				     .reclaim_idx = MAX_NR_ZONES - 1,
				     .max_scan = ~0UL };
	unsigned long size;
	unsigned int n;

	start();
	for (unsigned long i = 0; i < PAGES; i++)
		touch(ANON_AREA + i * PAGE_SIZE);
	size = lruvec_lru_size(&NODE_DATA(0)->__lruvec, LRU_INACTIVE_ANON, MAX_NR_ZONES - 1);
	CHECK(size >= PAGES);
	n = lru_isolate(&NODE_DATA(0)->__lruvec, &iso, folios, 4 * PAGES);
	CHECK_EQ(n, size);
	CHECK_EQ(lruvec_lru_size(&NODE_DATA(0)->__lruvec, LRU_INACTIVE_ANON, MAX_NR_ZONES - 1), 0);
	CHECK_EQ(zone_page_state(folio_zone(folios[0]), NR_ZONE_ISOLATED_ANON), n);
	for (unsigned int i = 0; i < n; i++)
		CHECK(!folio_test_lru(folios[i]) && (!i || folios[i] != folios[i - 1]));
	sys_madvise(ANON_AREA, 4 * PAGE_SIZE, MADV_DONTNEED); /* gone while they were out */
	for (unsigned int i = 0; i < n; i++)
		folio_putback_lru(folios[i]);
	CHECK_EQ(lruvec_lru_size(&NODE_DATA(0)->__lruvec, LRU_INACTIVE_ANON, MAX_NR_ZONES - 1),
		 size - 4);
	finish();
}

TEST(second_use_activates_and_deactivation_undoes)
{
	struct folio *folio;

	start();
	touch(FILE_AREA);
	folio = folio_at(FILE_AREA);
	CHECK(folio && folio_lru_list(folio) == LRU_INACTIVE_ANON);
	folio_mark_accessed(folio);
	CHECK(folio_test_referenced(folio) && !folio_test_active(folio));
	folio_mark_accessed(folio);
	CHECK(!folio_test_referenced(folio) && folio_lru_list(folio) == LRU_ACTIVE_ANON);
	folio_deactivate(folio);
	CHECK(!folio_test_referenced(folio) && folio_lru_list(folio) == LRU_INACTIVE_ANON);
	CHECK(lru_check());
	folio_put(folio);
	finish();
}

/* ---- several at once ---- */

static void isolator(void *arg)
{
	for (int round = 0; round < 300; round++) {
		struct lru_isolation iso = { .lru = round % NR_EVICTABLE_LISTS,
					     .reclaim_idx = MAX_NR_ZONES - 1,
					     .max_scan = 16 };
		struct folio *folios[16];
		unsigned int n = lru_isolate(&NODE_DATA(0)->__lruvec, &iso, folios, 16);

		while (n--) {
			if (n & 1)
				folio_mark_accessed(folios[n]);
			folio_putback_lru(folios[n]);
		}
	}
}

static void churner(void *arg)
{
	unsigned long base = (unsigned long)arg;

	host_use_mm(mm);
	for (int round = 0; round < 60; round++) {
		for (unsigned long i = 0; i < 8; i++)
			touch(base + i * PAGE_SIZE);
		if (round & 1)
			sys_mlock(base, 4 * PAGE_SIZE);
		sys_munlock(base, 8 * PAGE_SIZE);
		sys_madvise(base, 8 * PAGE_SIZE, base < FILE_AREA ? MADV_DONTNEED : MADV_REMOVE);
	}
	host_use_mm(NULL);
}

TEST(isolation_beside_faults_locks_and_frees)
{
	struct host_balance before = host_balance();
	struct task_struct *t[4];

	start();
	t[0] = host_start(isolator, NULL, 1, "isolator");
	t[1] = host_start(isolator, NULL, 2, "isolator");
	t[2] = host_start(churner, (void *)ANON_AREA, 3, "churner");
	t[3] = host_start(churner, (void *)FILE_AREA, 4, "churner");
	for (int i = 0; i < 4; i++)
		host_join(t[i]);
	host_balance(); /* settles: the check walks all frames, and nobody may be freeing some of them meanwhile */
	CHECK(lru_check());
	finish();
	host_balance_check(&before);
}
