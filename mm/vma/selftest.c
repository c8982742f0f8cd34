// SPDX-License-Identifier: MIT
/*
 * Boot self tests of address spaces, on real page tables: an mm of its own is made current for the duration, mapped,
 * touched by the CPU through user access, forked, and taken down; afterwards everything is checked and counted.
 */
#include <base/err.h>
#include <base/errno.h>
#include <fs/file.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <mm/address_space.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/vmstat.h>
#include <seam/timex.h>
#include <seam/uaccess.h>

#define PAGES 32UL

static struct mm_struct *test_mm(void)
{
	struct rlimit stack = { .rlim_cur = 8UL << 20, .rlim_max = RLIM_INFINITY };
	struct mm_struct *mm = mm_alloc();

	if (mm)
		arch_pick_mmap_layout(mm, &stack);
	return mm;
}

static int check_mm(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	vma_tree_check(mm);
	pgtable_check(mm);
	anon_vma_check(mm);
	mmap_read_unlock(mm);
	return 0;
}

static unsigned long map_anon(unsigned long addr, unsigned long len, unsigned long flags)
{
	return vm_mmap(NULL, addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
		       0);
}

/* Write and read back every page; the child keeps its copy when the parent writes. */
static int touch_fork_compare(struct mm_struct *mm, struct mm_struct **childp)
{
	unsigned long addr = map_anon(0, PAGES * PAGE_SIZE, 0), v;
	struct mm_struct *child;

	SELFTEST_EXPECT(!IS_ERR_VALUE(addr));
	for (unsigned long i = 0; i < PAGES; i++) {
		SELFTEST_EXPECT(!get_user(v, (unsigned long __user *)(addr + i * PAGE_SIZE)) && !v);
		SELFTEST_EXPECT(!put_user(i + 1, (unsigned long __user *)(addr + i * PAGE_SIZE)));
	}
	SELFTEST_EXPECT(get_mm_counter(mm, MM_ANONPAGES) == PAGES);
	child = *childp = dup_mm(current, mm);
	SELFTEST_EXPECT(child);
	SELFTEST_EXPECT(get_mm_counter(child, MM_ANONPAGES) == PAGES);
	SELFTEST_EXPECT(!put_user(~0UL, (unsigned long __user *)addr));
	kthread_unuse_mm(mm);
	kthread_use_mm(child);
	for (unsigned long i = 0; i < PAGES; i++)
		if (get_user(v, (unsigned long __user *)(addr + i * PAGE_SIZE)) || v != i + 1)
			break;
	kthread_unuse_mm(child);
	kthread_use_mm(mm);
	SELFTEST_EXPECT(v == PAGES);
	check_mm(mm);
	return check_mm(child);
}

static int test_fork_cow(void)
{
	struct mm_struct *mm = test_mm(), *child = NULL;
	int err;

	SELFTEST_EXPECT(mm);
	kthread_use_mm(mm);
	err = touch_fork_compare(mm, &child);
	kthread_unuse_mm(mm);
	if (child)
		mmput(child);
	mmput(mm);
	return err;
}
SELFTEST("vma: touch, fork, copy on write", test_fork_cow);

/* Nothing of an mm can be changed while all locks are held, by whichever way one comes. */
static int hold_all_locks(struct mm_struct *mm)
{
	struct file *file = shmem_kernel_file_setup("locks", 2 * PAGE_SIZE, 0);
	struct address_space *mapping;
	bool entered = false;

	SELFTEST_EXPECT(!IS_ERR(file));
	mapping = file->f_mapping;
	for (int i = 0; i < 2; i++) /* two VMAs, one mapping */
		SELFTEST_EXPECT(!IS_ERR_VALUE(
			vm_mmap(file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, i * PAGE_SIZE)));
	SELFTEST_EXPECT(!IS_ERR_VALUE(map_anon(0, PAGE_SIZE, 0)));
	fput(file);
	mmap_write_lock(mm);
	SELFTEST_EXPECT(!mm_take_all_locks(mm));
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		entered |= vma_start_read(mm, vma);
	SELFTEST_EXPECT(!entered && mm->map_count >= 3);
	SELFTEST_EXPECT(rwsem_is_write_locked(&mapping->i_mmap_rwsem));
	SELFTEST_EXPECT(rwsem_is_write_locked(&mm->anon_vma->root->rwsem));
	mm_drop_all_locks(mm);
	SELFTEST_EXPECT(!rwsem_is_locked(&mapping->i_mmap_rwsem));
	SELFTEST_EXPECT(!rwsem_is_locked(&mm->anon_vma->root->rwsem));
	mmap_write_unlock(mm);
	SELFTEST_EXPECT(vma_start_read(mm, mm->mmap));
	vma_end_read(mm->mmap);
	return 0;
}

static int test_all_locks(void)
{
	struct mm_struct *mm = test_mm();
	int err;

	SELFTEST_EXPECT(mm);
	kthread_use_mm(mm);
	err = hold_all_locks(mm);
	kthread_unuse_mm(mm);
	mmput(mm);
	return err;
}
SELFTEST("vma: all locks of an address space", test_all_locks);

/* Splits and merges must leave one VMA when everything is as it was. */
static int split_and_merge(struct mm_struct *mm)
{
	unsigned long addr = map_anon(0, PAGES * PAGE_SIZE, 0);
	int before = mm->map_count;

	SELFTEST_EXPECT(!IS_ERR_VALUE(addr));
	SELFTEST_EXPECT(!do_mprotect_pkey(addr + 4 * PAGE_SIZE, 8 * PAGE_SIZE, PROT_READ, -1));
	SELFTEST_EXPECT(mm->map_count == before + 2);
	SELFTEST_EXPECT(put_user(1UL, (unsigned long __user *)(addr + 5 * PAGE_SIZE)) == -EFAULT);
	SELFTEST_EXPECT(!put_user(1UL, (unsigned long __user *)(addr + 3 * PAGE_SIZE)));
	SELFTEST_EXPECT(
		!do_mprotect_pkey(addr + 4 * PAGE_SIZE, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, -1));
	SELFTEST_EXPECT(mm->map_count == before);
	SELFTEST_EXPECT(!vm_munmap(addr + PAGE_SIZE, PAGE_SIZE));
	SELFTEST_EXPECT(mm->map_count == before + 1);
	SELFTEST_EXPECT(map_anon(addr + PAGE_SIZE, PAGE_SIZE, MAP_FIXED) == addr + PAGE_SIZE);
	SELFTEST_EXPECT(mm->map_count == before);
	SELFTEST_EXPECT(!vm_munmap(addr, PAGES * PAGE_SIZE));
	SELFTEST_EXPECT(mm->map_count == before - 1);
	return check_mm(mm);
}

static int test_split_merge(void)
{
	struct mm_struct *mm = test_mm();
	int err;

	SELFTEST_EXPECT(mm);
	kthread_use_mm(mm);
	err = split_and_merge(mm);
	kthread_unuse_mm(mm);
	mmput(mm);
	return err;
}
SELFTEST("vma: split and merge", test_split_merge);

/* Many VMAs at random places, then none. */
static int tree_storm(struct mm_struct *mm)
{
	const unsigned long base = 0x10000000UL;

	for (int round = 0; round < 2000; round++) {
		unsigned long at = base + get_random_u32_below(1024) * PAGE_SIZE;
		unsigned long len = (1 + get_random_u32_below(4)) * PAGE_SIZE;

		if (get_random_u32_below(3))
			SELFTEST_EXPECT(map_anon(at, len, MAP_FIXED) == at);
		else
			SELFTEST_EXPECT(!vm_munmap(at, len));
		if (round % 100 == 0)
			check_mm(mm);
	}
	SELFTEST_EXPECT(!vm_munmap(base, 1028 * PAGE_SIZE));
	SELFTEST_EXPECT(!mm->map_count);
	return check_mm(mm);
}

static int test_tree(void)
{
	struct mm_struct *mm = test_mm();
	int err;

	SELFTEST_EXPECT(mm);
	kthread_use_mm(mm);
	err = tree_storm(mm);
	kthread_unuse_mm(mm);
	mmput(mm);
	return err;
}
SELFTEST("vma: tree under random changes", test_tree);

/*
 * Cost per operation in ticks of the cycle counter, printed and not judged; under -icount shift=0 a tick is an
 * instruction. System call entry is not included, the exception of a fault (from kernel mode) is.
 */
#define COST_ROUNDS 64UL
#define COST_PAGES  256UL

static void cost_print(const char *what, u64 begin, unsigned long ops)
{
	pr_info("# cost: %-28s %llu\n", what, (get_cycles() - begin) / ops);
}

static int cost_layout(struct mm_struct *mm)
{
	unsigned long addr;
	u64 t;

	for (int warm = 0; warm < 2; warm++) {
		t = get_cycles();
		for (unsigned long i = 0; i < COST_ROUNDS; i++) {
			addr = vm_mmap(NULL, 0, 4 * PAGE_SIZE, PROT_READ,
				       MAP_PRIVATE | MAP_ANONYMOUS, 0);
			SELFTEST_EXPECT(!vm_munmap(addr, 4 * PAGE_SIZE));
		}
	}
	cost_print("mmap + munmap", t, COST_ROUNDS);
	addr = map_anon(0, 8 * PAGE_SIZE, 0);
	t = get_cycles();
	for (unsigned long i = 0; i < COST_ROUNDS; i++) {
		do_mprotect_pkey(addr, 8 * PAGE_SIZE, PROT_READ, -1);
		do_mprotect_pkey(addr, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, -1);
	}
	cost_print("mprotect toggle", t, 2 * COST_ROUNDS);
	t = get_cycles();
	for (unsigned long i = 0; i < COST_ROUNDS; i++) {
		do_mprotect_pkey(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ, -1);
		do_mprotect_pkey(addr + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE, -1);
	}
	cost_print("mprotect with split or merge", t, 2 * COST_ROUNDS);
	return vm_munmap(addr, 8 * PAGE_SIZE);
}

static int touch_all(const char *what, unsigned long addr)
{
	u64 t = get_cycles();

	for (unsigned long i = 0; i < COST_PAGES; i++)
		SELFTEST_EXPECT(!put_user(i, (unsigned long __user *)(addr + i * PAGE_SIZE)));
	cost_print(what, t, COST_PAGES);
	return 0;
}

static int cost_pages(struct mm_struct *mm)
{
	unsigned long addr = map_anon(0, COST_PAGES * PAGE_SIZE, 0), v;
	struct mm_struct *child;
	u64 t = get_cycles();

	for (unsigned long i = 0; i < COST_PAGES; i++)
		SELFTEST_EXPECT(!get_user(v, (unsigned long __user *)(addr + i * PAGE_SIZE)));
	cost_print("zero-page read fault", t, COST_PAGES);
	SELFTEST_EXPECT(!do_madvise(mm, addr, COST_PAGES * PAGE_SIZE, MADV_DONTNEED));
	touch_all("anonymous write fault", addr);
	t = get_cycles();
	child = dup_mm(current, mm);
	SELFTEST_EXPECT(child);
	cost_print("fork, per page", t, COST_PAGES);
	touch_all("copy-on-write fault, copy", addr);
	t = get_cycles();
	mmput(child);
	cost_print("exit, per page", t, COST_PAGES);
	child = dup_mm(current, mm);
	SELFTEST_EXPECT(child);
	mmput(child);
	touch_all("copy-on-write fault, reuse", addr);
	t = get_cycles();
	SELFTEST_EXPECT(!vm_munmap(addr, COST_PAGES * PAGE_SIZE));
	cost_print("munmap, per page", t, COST_PAGES);
	return 0;
}

static int test_cost(void)
{
	struct mm_struct *mm = test_mm();
	int err;

	SELFTEST_EXPECT(mm);
	kthread_use_mm(mm);
	err = cost_layout(mm);
	if (!err)
		err = cost_pages(mm);
	kthread_unuse_mm(mm);
	mmput(mm);
	return err;
}
SELFTEST("cost-vma: operations of address spaces", test_cost);
