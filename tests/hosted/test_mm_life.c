// SPDX-License-Identifier: MIT
/*
 * The whole life of an address space: mmap, fault, fork, copy on write, mprotect, mremap, munmap, exit; with each n-th
 * allocation failing, on several CPUs at once, and in every small interleaving. rooms: mm mode: tsan
 */
#include <base/err.h>
#include <base/string.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>
#include <host/vfs.h>

#define BASE	 0x10000000UL
#define at(page) (BASE + (unsigned long)(page)*PAGE_SIZE)
#define RW	 (PROT_READ | PROT_WRITE)
#define FIXED	 (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define FILE_FD	 3

static struct mm_struct *new_mm(void)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };
	struct mm_struct *mm = mm_alloc();

	if (mm)
		arch_pick_mmap_layout(mm, &stack);
	return mm;
}

static void check_mm(struct mm_struct *mm)
{
	vma_tree_check(mm);
	pgtable_check(mm);
	anon_vma_check(mm);
}

/* ---- one life ---- */

/* Writes @value + i to page first + i, or checks that it is there. */
static bool fill(unsigned int first, unsigned int nr, u32 value)
{
	for (unsigned int i = 0; i < nr; i++)
		if (host_user_write(at(first + i), value + i) != HOST_ACCESS_OK)
			return false;
	return true;
}

static bool holds(unsigned int first, unsigned int nr, u32 value)
{
	for (unsigned int i = 0; i < nr; i++) {
		u32 now;

		if (host_user_read(at(first + i), &now) != HOST_ACCESS_OK)
			return false;
		CHECK_EQ(now, value + i);
	}
	return true;
}

/* The parent maps @private pages, the child must not see what the parent writes later. */
static bool live_in_child(struct mm_struct *parent)
{
	struct mm_struct *child = dup_mm(current, parent);
	bool ok;

	if (!child)
		return false;
	host_use_mm(parent);
	ok = fill(0, 8, 2000);
	host_use_mm(child);
	ok = ok && holds(0, 8, 1000) && fill(4, 8, 3000) && holds(0, 4, 1000) && holds(4, 8, 3000);
	check_mm(child);
	host_use_mm(parent);
	ok = ok && holds(0, 8, 2000);
	mmput(child);
	return ok;
}

static bool live(void)
{
	struct mm_struct *mm = new_mm();
	bool ok = mm != NULL;

	if (!ok)
		return false;
	host_use_mm(mm);
	ok = sys_mmap(at(0), 16 * PAGE_SIZE, RW, FIXED, -1, 0) == (long)at(0) &&
	     sys_mmap(at(20), 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, FILE_FD, 0) ==
		     (long)at(20) &&
	     fill(0, 16, 1000) && fill(20, 4, 77) && live_in_child(mm) &&
	     !sys_mprotect(at(2), 2 * PAGE_SIZE, PROT_READ);
	if (ok) {
		CHECK_EQ(host_user_write(at(2), 1), HOST_ACCESS_ACCERR);
		CHECK(holds(2, 2, 2002));
		ok = sys_mremap(at(8), 4 * PAGE_SIZE, 6 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				at(40)) == (long)at(40) &&
		     holds(40, 4, 1008) && fill(44, 2, 9) && !sys_munmap(at(1), 10 * PAGE_SIZE);
	}
	if (ok) {
		CHECK_EQ(host_user_write(at(1), 1), HOST_ACCESS_MAPERR);
		ok = holds(20, 4, 77) && !sys_madvise(at(40), 2 * PAGE_SIZE, MADV_DONTNEED);
	}
	check_mm(mm);
	host_use_mm(NULL);
	mmput(mm);
	host_return_to_user();
	return ok;
}

static void open_file(void)
{
	struct file *file = shmem_file_setup("life", 8 * PAGE_SIZE, 0);

	CHECK(!IS_ERR(file));
	fd_install(FILE_FD, file);
}

TEST(a_life_with_each_allocation_failing)
{
	unsigned int n = 0;

	for (int kind = 0; kind < NR_FAULT_KINDS; kind++)
		fault_attrs[kind].verbose = 0;
	open_file();
	CHECK(live());
	for (bool reached = true; reached;) {
		struct host_balance before = host_balance();

		task_fail_nth_write(current, ++n);
		live();
		reached = !current->fail_nth;
		task_fail_nth_write(current, 0);
		/* What the file's pages cost stays with the file. */
		CHECK(live());
		host_balance_check(&before);
	}
	host_note("%u allocations failed, one after the other", n - 1);
	CHECK(n > 30);
	host_close(FILE_FD);
}

/* ---- several CPUs ---- */

static void many_lives(void *arg)
{
	for (int i = 0; i < 10; i++)
		CHECK(live());
}

TEST(lives_beside_each_other)
{
	struct host_balance before;
	struct task_struct *t[3];

	open_file();
	CHECK(live());
	before = host_balance();
	for (unsigned int i = 0; i < 3; i++)
		t[i] = host_start(many_lives, NULL, i + 1, "life");
	for (unsigned int i = 0; i < 3; i++)
		host_join(t[i]);
	CHECK(host_mmu_check());
	host_balance_check(&before);
	host_close(FILE_FD);
}

static struct mm_struct *shared_mm;
#define ROOM 48 /* pages of each thread */

/* One step in the thread's own part of the shared address space. */
static void room_step(unsigned int first, u32 *values, bool *mapped, u64 random)
{
	unsigned int i = random % ROOM, nr = 1 + (random >> 8) % 6, op = (random >> 16) % 16;

	if (i + nr > ROOM)
		nr = ROOM - i;
	if (op < 3) {
		CHECK_EQ(sys_mmap(at(first + i), nr * PAGE_SIZE, RW, FIXED, -1, 0), at(first + i));
		for (unsigned int k = i; k < i + nr; k++) {
			mapped[k] = true;
			values[k] = 0;
		}
	} else if (op < 5) {
		CHECK_EQ(sys_munmap(at(first + i), nr * PAGE_SIZE), 0);
		memset(&mapped[i], 0, nr * sizeof(*mapped));
	} else if (op < 6 && mapped[i]) {
		CHECK_EQ(sys_mprotect(at(first + i), PAGE_SIZE, PROT_READ), 0);
		CHECK_EQ(host_user_write(at(first + i), 1), HOST_ACCESS_ACCERR);
		CHECK_EQ(sys_mprotect(at(first + i), PAGE_SIZE, RW), 0);
	} else if (op < 11) {
		u32 value = random >> 32;

		CHECK_EQ(host_user_write(at(first + i), value),
			 mapped[i] ? HOST_ACCESS_OK : HOST_ACCESS_MAPERR);
		values[i] = value;
	} else {
		u32 value = 0;

		CHECK_EQ(host_user_read(at(first + i), &value),
			 mapped[i] ? HOST_ACCESS_OK : HOST_ACCESS_MAPERR);
		if (mapped[i])
			CHECK_EQ(value, values[i]);
	}
}

static void resident(void *arg)
{
	unsigned int first = (unsigned long)arg * (ROOM + 16);
	u32 values[ROOM] = { 0 };
	bool mapped[ROOM] = { false };

	host_use_mm(shared_mm);
	for (int step = 0; step < 1500; step++)
		room_step(first, values, mapped, host_random());
	host_use_mm(NULL);
}

static void forker(void *arg)
{
	host_use_mm(shared_mm);
	for (int i = 0; i < 40; i++) {
		struct mm_struct *child = dup_mm(current, shared_mm);

		CHECK(child);
		check_mm(child);
		mmput(child);
	}
	host_use_mm(NULL);
}

TEST(threads_of_one_address_space)
{
	struct host_balance before = host_balance();
	struct task_struct *t[4];

	shared_mm = new_mm();
	CHECK(shared_mm);
	for (unsigned long i = 0; i < 4; i++)
		t[i] = host_start(i < 3 ? resident : forker, (void *)i, i + 1, "resident");
	for (int i = 0; i < 4; i++)
		host_join(t[i]);
	check_mm(shared_mm);
	mmput(shared_mm);
	host_balance_check(&before);
}

/* ---- every small interleaving ---- */

static struct mm_struct *forked;
static u32 seen;

static void setup(void *arg)
{
	shared_mm = new_mm();
	host_use_mm(shared_mm);
	CHECK_EQ(sys_mmap(at(0), 4 * PAGE_SIZE, RW, FIXED, -1, 0), at(0));
	CHECK_EQ(host_user_write(at(1), 5), HOST_ACCESS_OK);
	host_use_mm(NULL);
	forked = NULL;
}

static void write_page_1(void *arg)
{
	host_use_mm(shared_mm);
	host_user_write(at(1), 6);
	host_user_write(at(1), 7);
}

static void read_page_1(void *arg)
{
	host_use_mm(shared_mm);
	if (host_user_read(at(1), &seen) == HOST_ACCESS_OK)
		SCENARIO_CHECK(seen == 5 || seen == 6 || seen == 7 || seen == 0);
}

static void write_page_2(void *arg)
{
	host_use_mm(shared_mm);
	SCENARIO_CHECK(host_user_write(at(2), 1) == HOST_ACCESS_OK);
}

static void unmap_page_1(void *arg)
{
	host_use_mm(shared_mm);
	sys_munmap(at(1), PAGE_SIZE);
}

static void discard_page_1(void *arg)
{
	host_use_mm(shared_mm);
	sys_madvise(at(1), PAGE_SIZE, MADV_DONTNEED);
}

static void protect_page_1(void *arg)
{
	host_use_mm(shared_mm);
	sys_mprotect(at(1), PAGE_SIZE, PROT_READ);
}

static void fork_it(void *arg)
{
	host_use_mm(shared_mm);
	forked = dup_mm(current, shared_mm);
}

static void check(void *arg)
{
	SCENARIO_CHECK(host_mmu_check());
	host_mmu_idle();
	check_mm(shared_mm);
	if (forked) {
		u32 value = 0;

		host_use_mm(forked);
		SCENARIO_CHECK(host_user_read(at(1), &value) == HOST_ACCESS_OK);
		SCENARIO_CHECK(value >= 5 && value <= 7);
		host_use_mm(shared_mm);
		SCENARIO_CHECK(host_user_read(at(1), &value) == HOST_ACCESS_OK && value == 7);
		host_use_mm(NULL);
		mmput(forked);
	}
	mmput(shared_mm);
}

static void explore(const char *what, void (*a)(void *), void (*b)(void *), void (*c)(void *))
{
	struct host_scenario s = { .setup = setup,
				   .fn = { a, b, c },
				   .n = c ? 3 : 2,
				   .check = check,
				   .preemptions = 2,
				   .runs = os_env("RUNS", 300) };

	host_explore_widely(what, s, os_env("RANDOM_RUNS", 200));
}

TEST(interleavings_of_faults_with_changes)
{
	struct host_balance before = host_balance();

	explore("write against unmap", write_page_1, unmap_page_1, NULL);
	explore("write against discard and read", write_page_1, discard_page_1, read_page_1);
	explore("write against protect", write_page_1, protect_page_1, NULL);
	explore("first writes of one page", write_page_2, write_page_2, NULL);
	explore("write against fork", write_page_1, fork_it, NULL);
	host_balance_check(&before);
}

/* ---- the checks see what they are for ---- */

TEST(a_missing_flush_is_seen)
{
	struct mm_struct *mm = new_mm();

	host_use_mm(mm);
	CHECK_EQ(sys_mmap(at(0), 4 * PAGE_SIZE, RW, FIXED, -1, 0), at(0));
	CHECK(fill(0, 4, 1));
	CHECK(host_mmu_check());
	host_mmu_lose_flushes = true;
	host_mmu_reports = 0;
	CHECK_EQ(sys_mprotect(at(0), PAGE_SIZE, PROT_READ), 0);
	CHECK(!host_mmu_check());
	CHECK(host_mmu_reports >= 1);
	host_mmu_reports = 0;
	CHECK_EQ(sys_munmap(at(2), PAGE_SIZE), 0);
	rcu_barrier();
	CHECK(host_mmu_reports >= 1); /* the frame went back */
	host_mmu_idle();
	host_mmu_lose_flushes = false;
	host_use_mm(NULL);
	mmput(mm);
}
