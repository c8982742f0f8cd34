// SPDX-License-Identifier: MIT
/*
 * Translation look-aside buffers, and which address space a CPU stands in.
 *
 * 1 Purpose. A CPU may go on using a translation after the page table has changed, until it is told. Here it is told:
 * as rarely and as narrowly as possible.
 *
 * 2 Generations. Every request to flush increments mm->context.tlb_gen. A CPU notes in cpu_tlbstate.ctxs[] up to which
 * generation of which mm (ctx_id, never reused) it has flushed. So a CPU that missed requests catches up when it
 * switches to the mm: gen(CPU) < gen(mm) means one full flush, whatever was missed.
 *
 *	request for pages, gen(CPU) + 1 == its generation == gen(mm)      -> those pages, INVLPG each
 *	anything else behind                                               -> everything of this mm
 *	gen(CPU) == gen(mm)                                                -> nothing
 *
 * 3 Who is asked. mm_cpumask(mm): CPUs with the mm's tables in CR3. A CPU in a kernel thread keeps the tables of the
 * task before it ("lazy") and stays in the mask; it is skipped, since it will catch up before it returns to user mode,
 * unless tables themselves are freed, which a speculative walk could read: then it is moved to init_mm's tables.
 *
 * 4 PCID. Where the CPU has it, six address spaces are kept in the TLB side by side (ctxs[0..5], PCID = slot + 1) and a
 * switch to a known one with the right generation flushes nothing. Without it there is slot 0 alone, and loading CR3
 * flushes all but global translations.
 *
 * 5 Order. Table changed -> generation incremented (full barrier) -> mask read. On the other side: mask set (full barrier)
 * -> generation read -> CR3 loaded. So a CPU that enters meanwhile either is seen in the mask or sees the generation.
 *
 * 6 Locks. ctxs[], loaded_mm, is_lazy: this CPU, interrupts off (other CPUs read is_lazy only).
 *
 * 7 Linux: arch/x86/mm/tlb.c, same algorithm of generations; here without mitigations, and one interrupt path.
 *
 * 8 Observe: nr_tlb_* in /proc/vmstat, TLB in /proc/interrupts.
 */
#include <base/types.h>
#include <base/atomic.h>
#include <base/bug.h>
#include <base/cpumask.h>
#include <kernel/irq.h>
#include <kernel/sched.h>
#include <mm/mm_struct.h>
#include <mm/vma.h>
#include <mm/vmstat.h>
#include <sync/preempt.h>
#include <seam/barrier.h>
#include <seam/irqflags.h>
#include <seam/mmu_context.h>
#include <seam/pgtable.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <seam/tlbflush.h>

#define CR3_NOFLUSH (1UL << 63)

unsigned long tlb_single_page_flush_ceiling = 33;

DEFINE_PER_CPU_ALIGNED(struct tlb_state, cpu_tlbstate) = { .loaded_mm = &init_mm };
static atomic64_t last_ctx_id = ATOMIC64_INIT(1);

/* ---- flushing this CPU ---- */

static inline void invlpg(unsigned long addr)
{
	__asm__ volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

static void local_flush_tlb(void)
{
	write_cr3(read_cr3());
}

void __flush_tlb_all(void)
{
	unsigned long cr4 = read_cr4();

	if (cr4 & X86_CR4_PGE) {
		write_cr4(cr4 & ~X86_CR4_PGE);
		write_cr4(cr4);
	} else {
		local_flush_tlb();
	}
}

void flush_tlb_one_kernel(unsigned long addr)
{
	count_vm_event(NR_TLB_LOCAL_FLUSH_ONE);
	invlpg(addr);
}

/* ---- switching ---- */

static void load_tables(struct mm_struct *mm, u16 asid, bool flush)
{
	unsigned long cr3 = __pa(mm->pgd);

	if (boot_cpu_has(X86_FEATURE_PCID))
		cr3 |= (asid + 1) | (flush ? 0 : CR3_NOFLUSH);
	write_cr3(cr3);
}

/* Slot for @next, and whether what the TLB holds in it must go. => interrupts off */
static u16 choose_asid(struct tlb_state *st, struct mm_struct *next, u64 gen, bool *flush)
{
	u16 asid;

	*flush = true;
	if (!boot_cpu_has(X86_FEATURE_PCID))
		return 0;
	for (asid = 0; asid < TLB_NR_DYN_ASIDS; asid++) {
		if (st->ctxs[asid].ctx_id != next->context.ctx_id)
			continue;
		*flush = st->ctxs[asid].tlb_gen < gen;
		return asid;
	}
	asid = st->next_asid;
	st->next_asid = asid + 1 == TLB_NR_DYN_ASIDS ? 0 : asid + 1;
	return asid;
}

void switch_mm_irqs_off(struct mm_struct *prev, struct mm_struct *next, struct task_struct *tsk)
{
	struct tlb_state *st = this_cpu_ptr(&cpu_tlbstate);
	struct mm_struct *loaded = st->loaded_mm;
	bool was_lazy = st->is_lazy, flush = true;
	unsigned int cpu = smp_processor_id();
	u16 asid = st->loaded_mm_asid;
	u64 gen;

	st->is_lazy = false;
	if (loaded == next) {
		if (!was_lazy)
			return;
		smp_mb();
		gen = atomic64_read(&next->context.tlb_gen);
		if (st->ctxs[asid].tlb_gen == gen)
			return;
	} else {
		if (loaded != &init_mm)
			cpumask_clear_cpu(cpu, mm_cpumask(loaded));
		if (next != &init_mm)
			cpumask_set_cpu(cpu, mm_cpumask(next));
		smp_mb();
		gen = atomic64_read(&next->context.tlb_gen);
		asid = choose_asid(st, next, gen, &flush);
	}
	if (flush) {
		st->ctxs[asid].ctx_id = next->context.ctx_id;
		st->ctxs[asid].tlb_gen = gen;
	}
	load_tables(next, asid, flush);
	st->loaded_mm = next;
	st->loaded_mm_asid = asid;
}

void enter_lazy_tlb(struct mm_struct *mm, struct task_struct *tsk)
{
	if (this_cpu_read(cpu_tlbstate.loaded_mm) != &init_mm)
		this_cpu_write(cpu_tlbstate.is_lazy, true);
}

int init_new_context(struct task_struct *tsk, struct mm_struct *mm)
{
	mm->context.ctx_id = atomic64_inc_return(&last_ctx_id);
	atomic64_set(&mm->context.tlb_gen, 0);
	return 0;
}

void destroy_context(struct mm_struct *mm) {}

/* ---- flushing an address space ---- */

static void invalidate_range(unsigned long start, unsigned long end, unsigned int stride_shift)
{
	unsigned long step = 1UL << stride_shift, nr = 0;

	for (unsigned long addr = start; addr < end; addr += step, nr++)
		invlpg(addr);
	count_vm_events(NR_TLB_LOCAL_FLUSH_ONE, nr);
}

/* Bring this CPU up to date with a request. => interrupts off */
static void flush_tlb_func(void *arg)
{
	const struct flush_tlb_info *f = arg;
	struct tlb_state *st = this_cpu_ptr(&cpu_tlbstate);
	struct mm_struct *mm = st->loaded_mm;
	struct tlb_context *ctx = &st->ctxs[st->loaded_mm_asid];
	u64 gen;

	if (f->initiating_cpu != smp_processor_id()) {
		inc_irq_stat(IRQ_STAT_TLB);
		count_vm_event(NR_TLB_REMOTE_FLUSH_RECEIVED);
	}
	if (mm == &init_mm || (f->mm && f->mm != mm))
		return;
	if (st->is_lazy) {
		switch_mm_irqs_off(NULL, &init_mm, NULL);
		return;
	}
	gen = atomic64_read(&mm->context.tlb_gen);
	if (ctx->tlb_gen == gen)
		return;
	if (f->end != TLB_FLUSH_ALL && f->new_tlb_gen == ctx->tlb_gen + 1 &&
	    f->new_tlb_gen == gen) {
		invalidate_range(f->start, f->end, f->stride_shift);
	} else {
		local_flush_tlb();
		count_vm_event(NR_TLB_LOCAL_FLUSH_ALL);
	}
	ctx->tlb_gen = gen;
}

/* All CPUs of @mask but this one; lazy ones only when tables are freed. */
static void flush_tlb_others(const struct cpumask *mask, const struct flush_tlb_info *f)
{
	struct cpumask busy;
	int cpu;

	count_vm_event(NR_TLB_REMOTE_FLUSH);
	if (f->freed_tables) {
		smp_call_function_many(mask, flush_tlb_func, (void *)f, true);
		return;
	}
	cpumask_clear(&busy);
	for_each_cpu (cpu, mask)
		if (!READ_ONCE(per_cpu(cpu_tlbstate.is_lazy, cpu)))
			__cpumask_set_cpu(cpu, &busy);
	smp_call_function_many(&busy, flush_tlb_func, (void *)f, true);
}

/*
 * The usual case: only this CPU runs @mm, and it is up to date but for request @gen. Interrupts stay on: a request of
 * another CPU that arrives in the middle flushes more, and if its generation is overwritten by ours, which is lower, the
 * worst is one flush too many.
 * => preemption disabled
 */
static void flush_here(struct tlb_state *st, unsigned long start, unsigned long end,
		       unsigned int stride_shift, u64 gen)
{
	struct tlb_context *ctx = &st->ctxs[st->loaded_mm_asid];

	if (end != TLB_FLUSH_ALL && ctx->tlb_gen + 1 == gen) {
		invalidate_range(start, end, stride_shift);
	} else {
		local_flush_tlb();
		count_vm_event(NR_TLB_LOCAL_FLUSH_ALL);
	}
	WRITE_ONCE(ctx->tlb_gen, gen);
}

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables)
{
	unsigned int cpu = get_cpu();
	struct tlb_state *st = this_cpu_ptr(&cpu_tlbstate);
	u64 gen = atomic64_inc_return(&mm->context.tlb_gen);
	bool others = cpumask_any_but(mm_cpumask(mm), cpu) < nr_cpu_ids;
	struct flush_tlb_info f;

	if (end == TLB_FLUSH_ALL || (end - start) >> stride_shift > tlb_single_page_flush_ceiling) {
		start = 0;
		end = TLB_FLUSH_ALL;
	}
	if (likely(!others && st->loaded_mm == mm && !st->is_lazy)) {
		flush_here(st, start, end, stride_shift, gen);
		put_cpu();
		return;
	}
	f = (struct flush_tlb_info){
		.mm = mm,
		.start = start,
		.end = end,
		.new_tlb_gen = gen,
		.stride_shift = stride_shift,
		.freed_tables = freed_tables,
		.initiating_cpu = cpu,
	};
	if (mm == st->loaded_mm) {
		unsigned long flags;

		local_irq_save(flags);
		flush_tlb_func(&f);
		local_irq_restore(flags);
	}
	if (others)
		flush_tlb_others(mm_cpumask(mm), &f);
	put_cpu();
}

void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	flush_tlb_mm_range(vma->vm_mm, addr, addr + PAGE_SIZE, PAGE_SHIFT, false);
}

void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	flush_tlb_mm_range(vma->vm_mm, start, end, PAGE_SHIFT, false);
}

/* ---- many address spaces at once ---- */

void arch_tlbbatch_add_mm(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm)
{
	atomic64_inc_return(&mm->context.tlb_gen);
	cpumask_or(&batch->cpumask, &batch->cpumask, mm_cpumask(mm));
}

void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch)
{
	unsigned int cpu = get_cpu();
	struct flush_tlb_info f = { .mm = NULL, .end = TLB_FLUSH_ALL, .initiating_cpu = cpu };

	if (cpumask_test_cpu(cpu, &batch->cpumask)) {
		unsigned long flags;

		local_irq_save(flags);
		flush_tlb_func(&f);
		local_irq_restore(flags);
	}
	if (cpumask_any_but(&batch->cpumask, cpu) < nr_cpu_ids)
		flush_tlb_others(&batch->cpumask, &f);
	cpumask_clear(&batch->cpumask);
	put_cpu();
}

/* ---- the kernel's half ---- */

struct kernel_range {
	unsigned long start, end;
};

static void flush_kernel_range_here(void *arg)
{
	const struct kernel_range *r = arg;

	for (unsigned long addr = r->start; addr < r->end; addr += PAGE_SIZE)
		invlpg(addr);
}

static void flush_all_here(void *unused)
{
	count_vm_event(NR_TLB_LOCAL_FLUSH_ALL);
	__flush_tlb_all();
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	struct kernel_range r = { start & PAGE_MASK, end };

	if (end == TLB_FLUSH_ALL || (end - start) >> PAGE_SHIFT > tlb_single_page_flush_ceiling)
		on_each_cpu(flush_all_here, NULL, 1);
	else
		on_each_cpu(flush_kernel_range_here, &r, 1);
}
