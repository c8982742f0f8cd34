// SPDX-License-Identifier: MIT
/* Boot self tests of the machine: rights of mappings, guards, calls between CPUs, TLB, clocks, page clearing. */
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/atomic.h>
#include <kernel/clockchips.h>
#include <kernel/clocksource.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/page.h>
#include <mm/vmalloc.h>
#include <sync/kthread.h>
#include <sync/preempt.h>
#include <seam/fixmap.h>
#include <seam/io.h>
#include <seam/pgtable.h>
#include <seam/processor.h>
#include <seam/ptdump.h>
#include <seam/set_memory.h>
#include <seam/smp.h>
#include <seam/tlbflush.h>
#include <seam/uaccess.h>
#include "mapping.h"

/* The entry that maps kernel address @va: its flags, 0 when nothing does. */
static unsigned long kernel_flags(unsigned long va)
{
	pgd_t *pgd = pgd_offset_k(va);
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	if (pgd_none(*pgd))
		return 0;
	pud = pud_offset(pgd, va);
	if (pud_none(*pud) || pud_leaf(*pud))
		return pud_val(*pud);
	pmd = pmd_offset(pud, va);
	if (pmd_none(*pmd) || pmd_leaf(*pmd))
		return pmd_val(*pmd);
	pte = pte_offset_kernel(pmd, va);
	return pte_present(*pte) ? pte_val(*pte) : 0;
}

static int test_mappings(void)
{
	unsigned long nx = __supported_pte_mask & _PAGE_NX, low, high;

	SELFTEST_EXPECT(ptdump_count_wx() == 0);
	SELFTEST_EXPECT(!(kernel_flags((unsigned long)_text) & (_PAGE_RW | _PAGE_NX)));
	SELFTEST_EXPECT((kernel_flags((unsigned long)__start_rodata) & (_PAGE_RW | _PAGE_NX)) ==
			nx);
	SELFTEST_EXPECT((kernel_flags((unsigned long)init_stack) & (_PAGE_RW | nx)) ==
			(_PAGE_RW | nx));
	SELFTEST_EXPECT(!(kernel_flags((unsigned long)__va(__pa(_text))) & _PAGE_RW));
	SELFTEST_EXPECT(kernel_flags((unsigned long)init_stack_guard) == 0);
	for (unsigned int i = 0; i < NR_IST; i++) {
		ist_stack_bounds(0, i, &low, &high);
		SELFTEST_EXPECT(kernel_flags(low) && kernel_flags(high - 1) &&
				!kernel_flags(low - 1));
	}
	/* No kernel page is open to user mode, the identity mapping is gone. */
	SELFTEST_EXPECT(pgd_none(swapper_pg_dir[0]));
	return 0;
}
SELFTEST("machine: rights of kernel mappings", test_mappings);

#define TYPE_BITS (_PAGE_PWT | _PAGE_PCD | _PAGE_PAT)

static unsigned long type_bits(const volatile void __iomem *at)
{
	return kernel_flags((__force unsigned long)at) & TYPE_BITS;
}

/* Frames behind all memory, which nobody touches: one type at a time. RAM has none but its own. */
static int test_memory_types(void)
{
	const phys_addr_t at = round_up(memblock_end_of_DRAM(), 1ULL << 30) + (64ULL << 30);
	struct page *page = alloc_page(GFP_KERNEL);
	void __iomem *wc = ioremap_wc(at, 2 * PAGE_SIZE), *wt, *wb, *uc, *more;

	wt = ioremap_wt(at + 2 * PAGE_SIZE, PAGE_SIZE);
	wb = ioremap_cache(at + 3 * PAGE_SIZE, PAGE_SIZE);
	uc = ioremap(at + 4 * PAGE_SIZE, 1);
	SELFTEST_EXPECT(wc && wt && wb && uc && page);
	SELFTEST_EXPECT(type_bits(wc) == _PAGE_PWT && type_bits(wc + PAGE_SIZE) == _PAGE_PWT);
	SELFTEST_EXPECT(type_bits(wt) == (_PAGE_PAT | _PAGE_PWT) && type_bits(wb) == 0);
	SELFTEST_EXPECT(type_bits(uc) == (_PAGE_PCD | _PAGE_PWT));
	SELFTEST_EXPECT(!ioremap(at + PAGE_SIZE, PAGE_SIZE) && !ioremap_cache(at, 8 * PAGE_SIZE));
	SELFTEST_EXPECT(!ioremap_wc(at + PAGE_SIZE, PAGE_SIZE + 1));
	more = ioremap_wc(at + PAGE_SIZE, PAGE_SIZE);
	SELFTEST_EXPECT(more && type_bits(more) == _PAGE_PWT);
	iounmap(more);
	iounmap(wc);
	iounmap(uc);
	uc = ioremap(at, 2 * PAGE_SIZE);
	SELFTEST_EXPECT(uc && type_bits(uc) == (_PAGE_PCD | _PAGE_PWT));
	iounmap(uc);
	iounmap(wt);
	iounmap(wb);
	SELFTEST_EXPECT(!ioremap(page_to_phys(page), 1) &&
			!ioremap_cache(page_to_phys(page), PAGE_SIZE));
	/* The first frame is none, the second one begins the kernel. */
	SELFTEST_EXPECT(!memblock_is_memory(0xff000) && !ioremap(0xff000, 2 * PAGE_SIZE));
	__free_page(page);
	return 0;
}
SELFTEST("machine: memory types of ioremap", test_memory_types);

static bool table_user_done;

static int use_tables(void *unused)
{
	vfree(vmalloc(PAGE_SIZE));
	smp_store_release(&table_user_done, true);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

struct in_walk {
	struct task_struct *user;
	bool overtaken;
};

static void let_others(unsigned long start, unsigned long end, pteval_t rights,
		       enum ptdump_level level, void *arg)
{
	struct in_walk *in = arg;

	if (!in->user)
		return;
	wake_up_process(in->user);
	in->user = NULL;
	for (int i = 0; i < HZ / 4 && !in->overtaken; i++) {
		schedule_timeout_uninterruptible(1);
		in->overtaken = smp_load_acquire(&table_user_done);
	}
}

/* Who makes tables, or gives some back, waits for a walk that is under way. */
static int test_dump_lock(void)
{
	struct task_struct *user = kthread_create(use_tables, NULL, "table-user");
	struct in_walk in = { .user = user };

	SELFTEST_EXPECT(!IS_ERR(user));
	get_task_struct(user);
	ptdump_walk_kernel(let_others, &in);
	kthread_stop(user);
	put_task_struct(user);
	SELFTEST_EXPECT(!in.overtaken && !in.user);
	return 0;
}
SELFTEST("machine: tables stay while they are dumped", test_dump_lock);

/* Rights of single pages follow set_memory_*(), in vmalloc's range and in a large page of the direct map. */
static int try_rights(unsigned long addr)
{
	u64 word = 0;

	SELFTEST_EXPECT(set_memory_ro(addr, 1) == 0);
	SELFTEST_EXPECT(copy_to_kernel_nofault((void *)addr, &word, 8) == -EFAULT);
	SELFTEST_EXPECT(copy_from_kernel_nofault(&word, (void *)addr, 8) == 0);
	SELFTEST_EXPECT(set_memory_rw(addr, 1) == 0);
	SELFTEST_EXPECT(copy_to_kernel_nofault((void *)addr, &word, 8) == 0);
	SELFTEST_EXPECT(set_memory_np(addr, 1) == 0 && !kernel_flags(addr));
	SELFTEST_EXPECT(copy_from_kernel_nofault(&word, (void *)addr, 8) == -EFAULT);
	SELFTEST_EXPECT(copy_from_kernel_nofault(&word, (void *)addr + PAGE_SIZE, 8) == 0);
	SELFTEST_EXPECT(set_memory_p(addr, 1) == 0);
	SELFTEST_EXPECT(copy_to_kernel_nofault((void *)addr, &word, 8) == 0);
	SELFTEST_EXPECT(set_memory_x(addr, 1) == 0 && !(kernel_flags(addr) & _PAGE_NX));
	SELFTEST_EXPECT(ptdump_count_wx() == (__supported_pte_mask & _PAGE_NX ? 1 : 0));
	SELFTEST_EXPECT(set_memory_nx(addr, 1) == 0 && ptdump_count_wx() == 0);
	SELFTEST_EXPECT(set_memory_wc(addr, 1) == 0 && set_memory_wb(addr, 1) == 0);
	return 0;
}

static int test_set_memory(void)
{
	unsigned long direct = __get_free_pages(GFP_KERNEL, 1), pages = 0;
	void *area = vmalloc(2 * PAGE_SIZE);
	int err;

	SELFTEST_EXPECT(direct && area);
	for (int i = 0; i < 3; i++)
		pages += direct_pages_count[i] << (9 * i);
	err = try_rights(direct);
	if (!err)
		err = try_rights((unsigned long)area);
	if (err)
		return err;
	SELFTEST_EXPECT(kernel_page_present(virt_to_page(direct)));
	SELFTEST_EXPECT(!set_direct_map_invalid_noflush(virt_to_page(direct)) &&
			!kernel_page_present(virt_to_page(direct)));
	SELFTEST_EXPECT(!set_direct_map_default_noflush(virt_to_page(direct)));
	for (int i = 0; i < 3; i++)
		pages -= direct_pages_count[i] << (9 * i);
	SELFTEST_EXPECT(!pages); /* split, none lost */
	SELFTEST_EXPECT(set_memory_ro(direct + 1, 1) == -EINVAL);
	SELFTEST_EXPECT(set_memory_ro((unsigned long)init_stack_guard, 1) == -EINVAL);
	free_pages(direct, 1);
	vfree(area);
	return 0;
}
SELFTEST("machine: set_memory", test_set_memory);

/* Read-only and executable for a while, its pages away from the direct map: nothing of it is left after vfree(). */
static int test_reset_perms(void)
{
	unsigned long area = (unsigned long)vmalloc_huge(PMD_SIZE, GFP_KERNEL);
	struct page *page, *next;
	u64 probe;

	SELFTEST_EXPECT(area && vmalloc_is_huge((void *)area));
	page = vmalloc_to_page((void *)area);
	next = vmalloc_to_page((void *)area + PAGE_SIZE);
	set_vm_flush_reset_perms((void *)area);
	SELFTEST_EXPECT(!set_memory_ro(area, 1) && !set_memory_x(area, 1));
	SELFTEST_EXPECT(!vmalloc_is_huge((void *)area)); /* split; the neighbours as they were */
	SELFTEST_EXPECT(!(kernel_flags(area) & (_PAGE_RW | _PAGE_NX)));
	SELFTEST_EXPECT(kernel_flags(area + PAGE_SIZE) & _PAGE_RW);
	SELFTEST_EXPECT(vmalloc_to_page((void *)area) == page);
	SELFTEST_EXPECT(!set_direct_map_invalid_noflush(page));
	vfree((void *)area);
	SELFTEST_EXPECT(kernel_page_present(page) && kernel_page_present(next));
	SELFTEST_EXPECT(!copy_from_kernel_nofault(&probe, page_address(page), 8));
	SELFTEST_EXPECT(copy_from_kernel_nofault(&probe, (void *)area, 8) == -EFAULT);
	return 0;
}
SELFTEST("machine: vfree resets rights", test_reset_perms);

static int test_control_bits(void)
{
	unsigned long cr4 = read_cr4();

	SELFTEST_EXPECT(read_cr0() & X86_CR0_WP);
	SELFTEST_EXPECT(!boot_cpu_has(X86_FEATURE_SMEP) || (cr4 & X86_CR4_SMEP));
	SELFTEST_EXPECT(!boot_cpu_has(X86_FEATURE_SMAP) || (cr4 & X86_CR4_SMAP));
	SELFTEST_EXPECT(!boot_cpu_has(X86_FEATURE_UMIP) || (cr4 & X86_CR4_UMIP));
	SELFTEST_EXPECT(!boot_cpu_has(X86_FEATURE_NX) || (rdmsrl_val(MSR_EFER) & EFER_NX));
	return 0;
}
SELFTEST("machine: protection bits of the CPU", test_control_bits);

static atomic_t calls;

static void count_call(void *info)
{
	atomic_inc(info);
}

static int test_calls(void)
{
	int cpu;

	atomic_set(&calls, 0);
	for (int i = 0; i < 100; i++)
		on_each_cpu(count_call, &calls, 1);
	SELFTEST_EXPECT(atomic_read(&calls) == 100 * num_online_cpus());
	for_each_online_cpu (cpu)
		SELFTEST_EXPECT(smp_call_function_single(cpu, count_call, &calls, 1) == 0);
	SELFTEST_EXPECT(atomic_read(&calls) == 101 * num_online_cpus());
	SELFTEST_EXPECT(smp_call_function_single(nr_cpu_ids, count_call, &calls, 1) == -ENXIO);
	return 0;
}
SELFTEST("machine: calls to other CPUs", test_calls);

/* Each CPU reads the fixmap page before and after it is pointed elsewhere and flushed. */
static atomic_t wrong;

static void read_poke(void *expect)
{
	if (*(volatile unsigned long *)fix_to_virt(FIX_TEXT_POKE) != (unsigned long)expect)
		atomic_inc(&wrong);
}

static int test_kernel_flush(void)
{
	unsigned long va = fix_to_virt(FIX_TEXT_POKE);
	unsigned long *a = (void *)get_zeroed_page(GFP_KERNEL),
		      *b = (void *)get_zeroed_page(GFP_KERNEL);

	if (!a || !b) {
		free_page((unsigned long)a);
		free_page((unsigned long)b);
		return -ENOMEM;
	}
	*a = 1;
	*b = 2;
	atomic_set(&wrong, 0);
	for (int i = 0; i < 50; i++) {
		set_fixmap(FIX_TEXT_POKE, __pa(i & 1 ? b : a));
		flush_tlb_kernel_range(va, va + PAGE_SIZE);
		on_each_cpu(read_poke, (void *)(i & 1 ? 2UL : 1UL), 1);
	}
	clear_fixmap(FIX_TEXT_POKE);
	flush_tlb_kernel_range(va, va + PAGE_SIZE);
	free_page((unsigned long)a);
	free_page((unsigned long)b);
	SELFTEST_EXPECT(atomic_read(&wrong) == 0);
	return 0;
}
SELFTEST("machine: kernel TLB flush reaches every CPU", test_kernel_flush);

/* The mask of a call may lose CPUs while it is under way (mm_cpumask does): each that was called is waited for. */
static struct cpumask leaving;
static atomic_t left;

static void leave_mask(void *unused)
{
	cpumask_clear_cpu(smp_processor_id(), &leaving);
	udelay(2000);
	atomic_inc(&left);
}

static int test_call_mask(void)
{
	int early = 0;

	for (int i = 0; i < 20; i++) {
		int others;

		preempt_disable();
		cpumask_copy(&leaving, cpu_online_mask);
		atomic_set(&left, 0);
		others = (int)num_online_cpus() - 1;
		smp_call_function_many(&leaving, leave_mask, NULL, true);
		early += atomic_read(&left) != others;
		preempt_enable();
		for (int ms = 0; ms < 60000 && atomic_read(&left) != others; ms++)
			udelay(1000);
	}
	SELFTEST_EXPECT(!early);
	return 0;
}
SELFTEST("machine: a call waits for CPUs that leave its mask", test_call_mask);

static int test_page_data(void)
{
	u64 *a = (void *)__get_free_page(GFP_KERNEL), *b = (void *)__get_free_page(GFP_KERNEL);
	int bad = 0;

	if (!a || !b) {
		free_page((unsigned long)a);
		free_page((unsigned long)b);
		return -ENOMEM;
	}
	for (int i = 0; i < 512; i++)
		a[i] = 0x123456789abcdefULL * (i + 1);
	copy_page(b, a);
	for (int i = 0; i < 512; i++)
		bad += b[i] != 0x123456789abcdefULL * (i + 1);
	clear_page(b);
	for (int i = 0; i < 512; i++)
		bad += b[i] != 0;
	free_page((unsigned long)a);
	free_page((unsigned long)b);
	SELFTEST_EXPECT(bad == 0);
	return 0;
}
SELFTEST("machine: clear_page and copy_page", test_page_data);

static int test_clock(void)
{
	ktime_t last = ktime_get(), start = last;
	u64 sched = sched_clock();

	for (int i = 0; i < 10000; i++) {
		ktime_t now = ktime_get();

		SELFTEST_EXPECT(now >= last);
		last = now;
	}
	udelay(1000);
	SELFTEST_EXPECT(ktime_get() - start >= 990000);
	SELFTEST_EXPECT(sched_clock() - sched >= 990000);
	return 0;
}
SELFTEST("machine: the clock goes forward", test_clock);
