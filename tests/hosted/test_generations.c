// SPDX-License-Identifier: MIT
/*
 * Generations of pages (mm/reclaim/generations.c, generational.c): what was used joins the youngest, what was not is left behind and is the
 * first to be isolated; numbers stay in their ring whatever is done in whatever order; looks at everything beside
 * faults, forks and frees. STEPS=n changes the length. rooms: mm mode: tsan
 */
#include <base/math.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <linux/mman.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/lru.h>
#include <mm/lru_gen.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <seam/uaccess.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>

#define PAGES 64UL
#define AREA  0x10000000UL

static struct mm_struct *mm;
static struct lru_gen *gen;
static struct lruvec *node;

static void start(void)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };

	node = &NODE_DATA(0)->__lruvec;
	CHECK_EQ(reclaim_choose(&generational_reclaim_ops), 0);
	gen = node->gen;
	mm = mm_alloc();
	CHECK(mm);
	arch_pick_mmap_layout(mm, &stack);
	host_use_mm(mm);
	CHECK_EQ(sys_mmap(AREA, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		 AREA);
}

static void finish(void)
{
	host_use_mm(NULL);
	mmput(mm);
	CHECK_EQ(reclaim_choose(&classic_reclaim_ops), 0);
}

/* What the policy keeps of a node stays. */
static struct host_balance balance(void)
{
	CHECK_EQ(reclaim_choose(&generational_reclaim_ops), 0);
	return host_balance();
}

static void touch(unsigned long page)
{
	char c = 1;

	CHECK_EQ(copy_to_user((void __user *)(AREA + page * PAGE_SIZE), &c, 1), 0);
}

/* So that the accessed bit is set although the CPU has used the page before: it forgets the entry. */
static void use(unsigned long page)
{
	unsigned long addr = AREA + page * PAGE_SIZE;

	CHECK_EQ(sys_mprotect(addr, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(sys_mprotect(addr, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	touch(page);
}

static unsigned long pfn_at(unsigned long page)
{
	pte_t *pte, val;

	rcu_read_lock();
	pte = pte_find(mm, AREA + page * PAGE_SIZE, NULL);
	val = pte ? ptep_get(pte) : __pte(0);
	rcu_read_unlock();
	CHECK(pte_present(val));
	return pte_pfn(val);
}

static unsigned long seq_at(unsigned long page)
{
	unsigned long pfn = pfn_at(page);

	return lru_gen_seq(gen, pfn, pfn_to_page(pfn)->flags);
}

static long size_of(unsigned long seq, int type)
{
	return atomic_long_read(&gen->size[lru_gen_slot(seq)][type]);
}

/* The ring holds, and every page of the node is counted once. */
static void check(void)
{
	unsigned long counted = 0, size = 0;

	for (int type = 0; type < ANON_AND_FILE; type++) {
		CHECK(lru_gen_count(gen, type) >= MIN_NR_GENS &&
		      lru_gen_count(gen, type) <= MAX_NR_GENS);
		for (unsigned long s = gen->min_seq[type]; s <= gen->max_seq; s++)
			counted += size_of(s, type);
	}
	CHECK(gen->min_seq[LRU_GEN_ANON] <= gen->min_seq[LRU_GEN_FILE]);
	for (int lru = 0; lru < NR_EVICTABLE_LISTS; lru++)
		size += lruvec_lru_size(node, lru, MAX_NR_ZONES - 1);
	CHECK_EQ(counted, size);
}

TEST(used_pages_join_the_youngest)
{
	struct host_balance before = balance();
	unsigned long born;

	start();
	for (unsigned long i = 0; i < PAGES; i++)
		touch(i);
	born = gen->max_seq;
	CHECK_EQ(seq_at(0), born);
	CHECK(lru_gen_age(node));
	CHECK_EQ(gen->max_seq, born + 1);
	CHECK_EQ(seq_at(0), born);
	for (unsigned long i = 0; i < PAGES / 2; i++)
		use(i);
	CHECK(lru_gen_age(node));
	for (unsigned long i = 0; i < PAGES; i++)
		CHECK_EQ(seq_at(i), i < PAGES / 2 ? born + 1 : born);
	CHECK_EQ(size_of(born + 1, LRU_GEN_ANON), PAGES / 2);
	check();
	finish();
	host_balance_check(&before);
}

/* The ring is full: those who were never used move up with the end of the ring, and stay behind the others. */
TEST(the_oldest_move_up_with_the_ring)
{
	start();
	for (unsigned long i = 0; i < PAGES; i++)
		touch(i);
	for (int round = 0; round < 3 * MAX_NR_GENS; round++) {
		use(0);
		CHECK(lru_gen_age(node));
		check();
		CHECK_EQ(seq_at(0), gen->max_seq - 1);
		CHECK(seq_at(1) >= gen->min_seq[LRU_GEN_ANON] &&
		      (round < 2 || seq_at(1) < seq_at(0)));
	}
	CHECK_EQ(seq_at(1), gen->min_seq[LRU_GEN_ANON]);
	CHECK(!lru_gen_retire(node, LRU_GEN_ANON) ||
	      gen->min_seq[LRU_GEN_ANON] <= gen->min_seq[LRU_GEN_FILE]);
	finish();
}

TEST(a_cold_page_is_of_the_oldest)
{
	start();
	for (unsigned long i = 0; i < PAGES; i++)
		touch(i);
	CHECK(lru_gen_age(node));
	for (unsigned long i = 1; i < PAGES; i++)
		use(i);
	CHECK(lru_gen_age(node));
	CHECK_EQ(sys_madvise(AREA + PAGE_SIZE, PAGE_SIZE, MADV_COLD), 0);
	CHECK_EQ(seq_at(1), gen->min_seq[LRU_GEN_ANON]);
	CHECK_EQ(seq_at(2), gen->max_seq - 1);
	/* Without another look: */
	CHECK_EQ(size_of(gen->min_seq[LRU_GEN_ANON], LRU_GEN_ANON), 2);
	CHECK_EQ(size_of(gen->max_seq - 1, LRU_GEN_ANON), PAGES - 2);
	finish();
}

/* A page that stays, whatever holds it, is looked at once in a generation, which ends then. */
TEST(who_cannot_go_leaves_the_oldest)
{
	unsigned long min, pfn;

	start();
	touch(0);
	pfn = pfn_at(0);
	CHECK_EQ(sys_madvise(AREA, PAGE_SIZE, MADV_FREE), 0);
	min = gen->min_seq[LRU_GEN_FILE];
	folio_lock(page_folio(pfn_to_page(pfn)));
	CHECK_EQ(lru_gen_run_eviction(node, min, 0, 1), 0);
	CHECK_EQ(gen->min_seq[LRU_GEN_FILE], min + 1);
	CHECK(lru_gen_seq(gen, pfn, pfn_to_page(pfn)->flags) > min + 1);
	folio_unlock(page_folio(pfn_to_page(pfn)));
	CHECK(lru_gen_age(node) && lru_gen_age(node));
	CHECK_EQ(lru_gen_run_eviction(node, gen->max_seq - MIN_NR_GENS, 0, 1), 0);
	CHECK_EQ(get_mm_rss(mm), 0);
	finish();
}

TEST(commands_know_their_numbers)
{
	unsigned long seq;

	start();
	seq = gen->max_seq;
	CHECK_EQ(lru_gen_run_aging(node, seq + 1, true, true), -EINVAL);
	CHECK_EQ(lru_gen_run_aging(node, seq - 1, true, true), 0);
	CHECK_EQ(gen->max_seq, seq);
	CHECK_EQ(lru_gen_run_aging(node, seq, true, true), 0);
	CHECK_EQ(gen->max_seq, seq + 1);
	while (lru_gen_count(gen, LRU_GEN_ANON) < MAX_NR_GENS) {
		use(1 + gen->max_seq % 4);
		CHECK_EQ(lru_gen_run_aging(node, gen->max_seq, true, false), 0);
	}
	CHECK_EQ(lru_gen_run_aging(node, gen->max_seq, true, false), -ERANGE);
	CHECK_EQ(lru_gen_run_eviction(node, gen->max_seq, 60, 1), -EINVAL);
	finish();
}

/* ---- several at once ---- */

static void ager(void *arg)
{
	for (int round = 0; round < 100; round++) {
		if (round & 3)
			lru_gen_age(node);
		else
			lru_gen_recount(node);
	}
}

static void churner(void *arg)
{
	unsigned long first = (unsigned long)arg;

	host_use_mm(mm);
	for (int round = 0; round < 100; round++) {
		for (unsigned long i = 0; i < 8; i++)
			touch(first + i);
		sys_madvise(AREA + first * PAGE_SIZE, 4 * PAGE_SIZE,
			    round & 1 ? MADV_DONTNEED : MADV_COLD);
	}
	host_use_mm(NULL);
}

TEST(looks_beside_faults_and_frees)
{
	struct host_balance before = balance();
	struct task_struct *t[4];

	start();
	t[0] = host_start(ager, NULL, 1, "ager");
	t[1] = host_start(ager, NULL, 2, "ager");
	t[2] = host_start(churner, (void *)0, 3, "churner");
	t[3] = host_start(churner, (void *)(PAGES / 2), 4, "churner");
	for (int i = 0; i < 4; i++)
		host_join(t[i]);
	host_balance();
	lru_gen_recount(node);
	check();
	CHECK(lru_check());
	finish();
	host_balance_check(&before);
}
