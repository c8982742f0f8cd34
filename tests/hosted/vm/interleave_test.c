// SPDX-License-Identifier: MIT
/*
 * A look-up of a VMA without a lock against every kind of change: all schedules with up to two preemptions, at each single
 * access to memory of the tree, the VMA lock and the merging code. The reader must find the right VMA or none, and
 * what it holds may not change under it.
 */
#include <base/string.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <mm/mmap.h>
#include <mm/vma_tree.h>
#include <sync/rcu.h>
#include "coroutine.h"
#include "fake.h"

int printf(const char *fmt, ...);
long sys_mmap(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long,
	      unsigned long);
long sys_munmap(unsigned long, size_t);
long sys_mprotect(unsigned long, size_t, unsigned long);
long sys_mremap(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long);

#define BASE	 0x10000000UL
#define at(page) (BASE + (page)*PAGE_SIZE)
#define RW	 (PROT_READ | PROT_WRITE)
#define FIXED	 (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

static struct mm_struct *mm;
static int change;
static long hits, misses;

struct file *test_file(void)
{
	return NULL;
}

static void reader(void)
{
	for (int i = 0; i < 2; i++) {
		unsigned long addr = at(4 + 3 * i), start, end, flags;
		struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);

		if (!vma) {
			misses++;
			continue;
		}
		hits++;
		start = vma->vm_start;
		end = vma->vm_end;
		flags = vma->vm_flags;
		if (addr < start || addr >= end || vma->vm_mm != mm)
			fatal("change %d: the wrong VMA", change);
		yield_point();
		yield_point();
		if (vma->vm_start != start || vma->vm_end != end || vma->vm_flags != flags ||
		    !vma_is_attached(vma))
			fatal("change %d: the VMA changed under its read lock", change);
		vma_end_read(vma);
	}
}

static const char *const names[] = { "unmap a page", "protect and back", "unmap all, map",
				     "map over",     "move away",	 "unmap the head" };

static void writer(void)
{
	switch (change) {
	case 0:
		sys_munmap(at(4), PAGE_SIZE);
		break;
	case 1:
		sys_mprotect(at(2), 4 * PAGE_SIZE, PROT_READ);
		sys_mprotect(at(2), 4 * PAGE_SIZE, RW);
		break;
	case 2:
		sys_munmap(at(0), 12 * PAGE_SIZE);
		sys_mmap(at(3), 4 * PAGE_SIZE, RW, FIXED, -1, 0);
		break;
	case 3:
		sys_mmap(at(4), PAGE_SIZE, PROT_READ, FIXED, -1, 0);
		break;
	case 4:
		sys_mremap(at(4), 4 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   at(256));
		break;
	case 5:
		sys_munmap(at(0), 5 * PAGE_SIZE);
		sys_mmap(at(2), 3 * PAGE_SIZE, RW, FIXED, -1, 0);
		break;
	}
}

/* One leaf, or as many VMAs as make a leaf split. */
static void setup(void)
{
	mm = mm_alloc();
	current->mm = mm;
	mm->mmap_base = 0x7f0000000000UL;
	sys_mmap(at(0), 12 * PAGE_SIZE, RW, FIXED, -1, 0);
	for (int i = 0; i < (change & 1 ? 3 : 14); i++)
		sys_mmap(at(20 + 2 * i), PAGE_SIZE, PROT_READ, FIXED, -1, 0);
}

static void teardown(void)
{
	vma_tree_check(mm);
	current->mm = NULL;
	mmput(mm);
	rcu_barrier();
}

int main(void)
{
	const struct scenario s = { setup, reader, writer, teardown };

	fake_init();
	mm_init_virt();
	for (change = 0; change < 6; change++) {
		hits = misses = 0;
		long nr = explore(&s);

		printf("ok - look-up against \"%s\": %ld schedules, %ld hits, %ld misses\n",
		       names[change], nr, hits, misses);
	}
	return 0;
}
