// SPDX-License-Identifier: MIT
/*
 * A software MMU: how a program's access reaches the played memory, and a TLB per CPU that forgets nothing by itself
 * but what it has no room for.
 *
 *	access -> TLB of this CPU -- hit --> memory
 *	             | miss
 *	             v
 *	          walk of the tables -- allowed --> into the TLB, with the accessed and dirty bit
 *	             | not allowed
 *	             v
 *	          the fault, served as arch/x86_64/fault.c serves it; then again
 *
 * A CPU has one address space loaded; loading another empties its TLB (no PCID). An entry counts in frame_users of the
 * frame and of the table that it came through (the paging-structure cache of a real CPU), so that the page allocator's
 * arch_free_page() finds a frame that goes back while a CPU could still reach it.
 *
 * An access and the translation that it uses are one step: no interrupt, and so no flush, comes between. For that, nothing
 * here is a point of the deterministic scheduler. A TLB is touched only by who is its CPU.
 *
 * Linux: arch/x86/mm/fault.c (order of the look-ups); Intel SDM volume 3, 4.10 (what a TLB may keep).
 */
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task_work.h>
#include <mm/fault.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <seam/mmu_context.h>
#include <seam/pgtable.h>
#include <seam/pkeys.h>
#include <seam/smp.h>
#include <seam/tlbflush.h>
#include <host/mmu.h>
#include "sched_internal.h"
#include "mmu_internal.h"

#define TLB_ENTRIES  128
#define MAX_FAULTS   64 /* of one access; it is never served */
#define HOST_MAX_PFN ((5UL << 30) >> PAGE_SHIFT)
#define NO_TAG	     (~0UL)

struct tlb_entry {
	unsigned long vpn; /* NO_TAG: empty */
	pteval_t pte;
	unsigned long table; /* frame of the page table */
};

static struct host_tlb {
	struct mm_struct *mm;
	struct tlb_entry entries[TLB_ENTRIES];
} tlbs[HOST_NR_CPUS];

static u16 frame_users[HOST_MAX_PFN]; /* entries of all TLBs that lead to the frame */
static atomic64_t last_ctx_id;
bool host_mmu_strict, host_mmu_lose_flushes;
unsigned long host_mmu_reports;

pgd_t swapper_pg_dir[PTRS_PER_PGD] __aligned(4096);
pteval_t __supported_pte_mask = ~0UL;
#define U_ (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
/* Indexed by exec, write, read of the VMA; the second half is for shared mappings. As on x86-64. */
pgprot_t protection_map[16] = {
	{ _PAGE_PROTNONE | _PAGE_ACCESSED },
	{ U_ | _PAGE_NX },
	{ U_ | _PAGE_NX },
	{ U_ | _PAGE_NX },
	{ U_ },
	{ U_ },
	{ U_ },
	{ U_ },
	{ _PAGE_PROTNONE | _PAGE_ACCESSED },
	{ U_ | _PAGE_NX },
	{ U_ | _PAGE_RW | _PAGE_NX },
	{ U_ | _PAGE_RW | _PAGE_NX },
	{ U_ },
	{ U_ },
	{ U_ | _PAGE_RW },
	{ U_ | _PAGE_RW },
};

static void report(const char *what, unsigned long pfn, unsigned long addr)
{
	__atomic_fetch_add(&host_mmu_reports, 1, __ATOMIC_RELAXED);
	if (host_mmu_lose_flushes)
		return;
	host_note("%s: frame %#lx, address %#lx", what, pfn, addr);
	if (host_self && host_self->det)
		host_scenario_failed(__FILE__, __LINE__, what);
	else
		host_check_failed(__FILE__, __LINE__, what);
}

/* ---- the TLB of this CPU ---- */

static void count(unsigned long pfn, int by)
{
	if (pfn < HOST_MAX_PFN)
		__atomic_fetch_add(&frame_users[pfn], by, __ATOMIC_RELAXED);
}

static void forget(struct tlb_entry *e)
{
	if (e->vpn == NO_TAG)
		return;
	count(pte_pfn(__pte(e->pte)), -1);
	count(e->table, -1);
	e->vpn = NO_TAG;
}

static void remember(struct tlb_entry *e, unsigned long addr, pteval_t pte, unsigned long table)
{
	forget(e);
	count(pte_pfn(__pte(pte)), 1);
	count(table, 1);
	*e = (struct tlb_entry){ addr >> PAGE_SHIFT, pte, table };
}

static void forget_range(struct host_tlb *t, unsigned long start, unsigned long end)
{
	for (int i = 0; i < TLB_ENTRIES; i++) {
		unsigned long addr = t->entries[i].vpn << PAGE_SHIFT;

		if (end == TLB_FLUSH_ALL || (addr >= start && addr < end))
			forget(&t->entries[i]);
	}
}

/* This CPU goes on in @mm. */
static void load_mm(struct mm_struct *mm)
{
	struct host_tlb *t = &tlbs[host_cpu];

	if (t->mm == mm)
		return;
	forget_range(t, 0, TLB_FLUSH_ALL);
	if (t->mm)
		cpumask_clear_cpu(host_cpu, mm_cpumask(t->mm));
	__atomic_store_n(&t->mm, mm, __ATOMIC_RELAXED);
	if (mm)
		cpumask_set_cpu(host_cpu, mm_cpumask(mm));
	__atomic_fetch_add(&host_barrier, 0, __ATOMIC_SEQ_CST);
}

void host_frame_freed(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	for (unsigned long i = 0; i < 1UL << order && pfn + i < HOST_MAX_PFN; i++)
		if (__atomic_load_n(&frame_users[pfn + i], __ATOMIC_RELAXED))
			report("a frame is freed while a TLB holds it", pfn + i, 0);
}

/* ---- what the kernel asks of it ---- */

struct flush {
	struct mm_struct *mm;
	unsigned long start, end;
};

static void flush_here(void *info)
{
	struct flush *f = info;
	struct host_tlb *t = &tlbs[host_cpu];

	if (!f->mm || t->mm == f->mm)
		forget_range(t, f->start, f->end);
}

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables)
{
	struct flush f = { mm, start, end };

	if (host_mmu_lose_flushes)
		return;
	smp_mb();
	preempt_disable();
	flush_here(&f);
	smp_call_function_many(mm_cpumask(mm), flush_here, &f, true);
	preempt_enable();
}

void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	addr &= PAGE_MASK;
	flush_tlb_mm_range(vma->vm_mm, addr, addr + PAGE_SIZE, PAGE_SHIFT, false);
}

void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	flush_tlb_mm_range(vma->vm_mm, start, end, PAGE_SHIFT, false);
}

void arch_tlbbatch_add_mm(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm)
{
	smp_mb();
	cpumask_or(&batch->cpumask, &batch->cpumask, mm_cpumask(mm));
}

void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch)
{
	struct flush f = { NULL, 0, ~0UL };

	if (host_mmu_lose_flushes)
		return;
	preempt_disable();
	flush_here(&f);
	smp_call_function_many(&batch->cpumask, flush_here, &f, true);
	preempt_enable();
	cpumask_clear(&batch->cpumask);
}

/* Kernel addresses are translated by the real machine. */
void flush_tlb_kernel_range(unsigned long start, unsigned long end) {}

int init_new_context(struct task_struct *tsk, struct mm_struct *mm)
{
	mm->context.ctx_id = atomic64_inc_return(&last_ctx_id);
	return 0;
}

void destroy_context(struct mm_struct *mm)
{
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++)
		if (__atomic_load_n(&tlbs[cpu].mm, __ATOMIC_RELAXED) == mm)
			report("an address space goes while a CPU has it loaded", cpu, 0);
}

void switch_mm_irqs_off(struct mm_struct *prev, struct mm_struct *next, struct task_struct *tsk)
{
	load_mm(next);
}

void enter_lazy_tlb(struct mm_struct *mm, struct task_struct *tsk)
{
	load_mm(NULL);
}

void host_use_mm(struct mm_struct *mm)
{
	preempt_disable();
	current->mm = mm;
	current->active_mm = mm;
	load_mm(mm);
	preempt_enable();
}

void host_mmu_idle(void)
{
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		forget_range(&tlbs[cpu], 0, TLB_FLUSH_ALL);
		if (tlbs[cpu].mm)
			cpumask_clear_cpu(cpu, mm_cpumask(tlbs[cpu].mm));
		__atomic_store_n(&tlbs[cpu].mm, NULL, __ATOMIC_RELAXED);
	}
}

/* ---- the walk ---- */

static unsigned long table_entry(unsigned long table, unsigned long addr, unsigned int shift)
{
	unsigned long *entries = __va(table);

	return __atomic_load_n(&entries[(addr >> shift) & (PTRS_PER_PTE - 1)], __ATOMIC_ACQUIRE);
}

/* The entry for @addr of the last level, and the physical address of its table (0: no table). */
static pteval_t walk(struct mm_struct *mm, unsigned long addr, unsigned long *table)
{
	unsigned long entry = __pa(mm->pgd) | _PAGE_PRESENT;

	for (unsigned int shift = PGDIR_SHIFT; shift >= PAGE_SHIFT; shift -= 9) {
		*table = entry & PTE_PFN_MASK;
		entry = table_entry(*table, addr, shift);
		if (!(entry & _PAGE_PRESENT))
			return 0;
	}
	return entry;
}

static bool allows(pteval_t pte, bool write)
{
	return (pte & _PAGE_PRESENT) && (pte & _PAGE_USER) && (!write || (pte & _PAGE_RW));
}

/* As the hardware does behind everybody's back; false if the entry has changed meanwhile. */
static __attribute__((no_sanitize("thread"))) bool
mark_used(unsigned long table, unsigned long addr, pteval_t *pte, bool write)
{
	unsigned long *at =
		(unsigned long *)__va(table) + ((addr >> PAGE_SHIFT) & (PTRS_PER_PTE - 1));
	pteval_t used = *pte | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
	unsigned long old = *pte;

	if (used == old)
		return true;
	*pte = used;
	return __atomic_compare_exchange_n(at, &old, used, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* The entry no longer stands in the tables with the rights that the TLB gives. */
static bool is_stale(struct mm_struct *mm, const struct tlb_entry *e)
{
	unsigned long table = 0;
	pteval_t now = walk(mm, e->vpn << PAGE_SHIFT, &table);

	return !allows(now, e->pte & _PAGE_RW) || pte_pfn(__pte(now)) != pte_pfn(__pte(e->pte));
}

/* Where @addr is in played memory, or NULL: a fault. => no interrupt may be taken until it was used */
static void *translate(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct host_tlb *t = &tlbs[host_cpu];
	struct tlb_entry *e = &t->entries[(addr >> PAGE_SHIFT) % TLB_ENTRIES];

	load_mm(mm);
	if (e->vpn == addr >> PAGE_SHIFT && allows(e->pte, write) &&
	    (!write || (e->pte & _PAGE_DIRTY))) {
		if (host_mmu_strict && is_stale(mm, e))
			report("a stale translation is used", pte_pfn(__pte(e->pte)), addr);
	} else {
		unsigned long table = 0;
		pteval_t pte;

		do {
			pte = walk(mm, addr, &table);
			if (!allows(pte, write))
				return NULL;
		} while (!mark_used(table, addr, &pte, write));
		remember(e, addr, pte, table >> PAGE_SHIFT);
	}
	return (char *)__va(pte_pfn(__pte(e->pte)) << PAGE_SHIFT) + (addr & ~PAGE_MASK);
}

bool host_mmu_check(void)
{
	unsigned long before = host_mmu_reports;

	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++) {
		struct host_tlb *t = &tlbs[cpu];

		for (int i = 0; t->mm && i < TLB_ENTRIES; i++) {
			struct tlb_entry *e = &t->entries[i];

			if (e->vpn != NO_TAG && is_stale(t->mm, e))
				report("a TLB gives a right that the tables do not", cpu,
				       e->vpn << PAGE_SHIFT);
		}
	}
	return host_mmu_reports == before;
}

/* ---- the fault ---- */

static enum host_access outcome(vm_fault_t fault)
{
	if (fault & VM_FAULT_OOM)
		return HOST_ACCESS_OOM;
	if (fault & VM_FAULT_SIGSEGV)
		return HOST_ACCESS_MAPERR;
	return fault & VM_FAULT_ERROR ? HOST_ACCESS_BUS : HOST_ACCESS_OK;
}

static bool forbids(const struct vm_area_struct *vma, bool write)
{
	return !(vma->vm_flags & (write ? VM_WRITE : VM_ACCESS_FLAGS));
}

static enum host_access serve_under_mmap_lock(struct mm_struct *mm, unsigned long addr,
					      unsigned int flags)
{
	for (;;) {
		struct vm_area_struct *vma = lock_mm_and_find_vma(mm, addr, NULL);
		vm_fault_t fault;

		if (!vma)
			return HOST_ACCESS_MAPERR;
		if (forbids(vma, flags & FAULT_FLAG_WRITE)) {
			mmap_read_unlock(mm);
			return HOST_ACCESS_ACCERR;
		}
		fault = handle_mm_fault(vma, addr, flags);
		if (fault & VM_FAULT_COMPLETED)
			return HOST_ACCESS_OK;
		if (!(fault & VM_FAULT_RETRY)) {
			mmap_read_unlock(mm);
			return outcome(fault);
		}
		flags |= FAULT_FLAG_TRIED;
	}
}

static enum host_access serve(struct mm_struct *mm, unsigned long addr, bool write, bool user)
{
	unsigned int flags =
		FAULT_FLAG_DEFAULT | (user ? FAULT_FLAG_USER : 0) | (write ? FAULT_FLAG_WRITE : 0);
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);
	vm_fault_t fault;

	if (!vma)
		return serve_under_mmap_lock(mm, addr, flags);
	if (forbids(vma, write)) {
		vma_end_read(vma);
		return serve_under_mmap_lock(mm, addr, flags);
	}
	fault = handle_mm_fault(vma, addr, flags | FAULT_FLAG_VMA_LOCK);
	if (!(fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)))
		vma_end_read(vma);
	if (fault & VM_FAULT_RETRY)
		return serve_under_mmap_lock(
			mm, addr, flags | (fault & VM_FAULT_MAJOR ? FAULT_FLAG_TRIED : 0));
	return outcome(fault);
}

/* ---- accesses ---- */

enum host_access host_user_copy(unsigned long addr, void *buf, unsigned int n, bool write, int how)
{
	struct mm_struct *mm = current->mm;

	if (!mm || addr >= TASK_SIZE_MAX)
		return HOST_ACCESS_MAPERR;
	for (int tries = 0; tries < MAX_FAULTS; tries++) {
		enum host_access res;
		void *at = translate(mm, addr, write);

		if (at) {
			host_copy_racing(write ? at : buf, write ? buf : at, n);
			return HOST_ACCESS_OK;
		}
		if (how == HOST_COPY_ATOMIC)
			return HOST_ACCESS_MAPERR;
		res = serve(mm, addr, write, how == HOST_COPY_PROGRAM);
		if (res != HOST_ACCESS_OK)
			return res;
	}
	host_note("the fault at %#lx is never served", addr);
	host_check_failed(__FILE__, __LINE__, "a fault comes to an end");
}

enum host_access host_user_read(unsigned long addr, u32 *value)
{
	host_point();
	return host_user_copy(addr, value, sizeof(*value), false, HOST_COPY_PROGRAM);
}

enum host_access host_user_write(unsigned long addr, u32 value)
{
	host_point();
	return host_user_copy(addr, &value, sizeof(value), true, HOST_COPY_PROGRAM);
}

void host_mmu_start(void)
{
	for (unsigned int cpu = 0; cpu < HOST_NR_CPUS; cpu++)
		for (int i = 0; i < TLB_ENTRIES; i++)
			tlbs[cpu].entries[i].vpn = NO_TAG;
}

/* --- protection keys: this machine has none ---------------------------------------------------- */

bool arch_has_pkeys(void)
{
	return false;
}

unsigned int arch_pkey_rights(int pkey)
{
	return 0;
}

void arch_set_pkey_rights(int pkey, unsigned int rights) {}
