// SPDX-License-Identifier: MIT
/*
 * Page faults.
 *
 * 1 Purpose. Make an access succeed that the VMA allows but the page table does not yet.
 *
 * 2 The cases. What the table holds at the address, and what the VMA is, decide:
 *
 * Memory that a program answers for (mm/uffd) leaves each case where something is missing or protected.
 *
 *	entry		VMA		access	case				served by
 *	none		anonymous	read	[zero] the shared zero page	do_anonymous_page
 *					write	[anon] a new page		do_anonymous_page
 *			file		read	[read] page cache, and around	do_file_fault
 *			private file	write	[cow file] a copy		do_file_fault
 *			shared file	write	[shared] page_mkwrite		do_file_fault
 *	read-only	private		write	[reuse] the last owner		do_wp_page
 *					write	[copy]				do_wp_page
 *			shared		write	[mkwrite] tell the file		do_wp_page
 *	swap entry			any	[swap] read it in; then as read-only	do_swap_page
 *	PROT_NONE bits	accessible	any	[numa] restore			do_numa_page
 *	sufficient			any	[spurious]: another CPU was here
 *
 * 3 Locks. The caller holds the read lock of the VMA (found under RCU) or mmap_lock. Either keeps the VMA and
 *   the tables under it. Entries change under the lock of their table; what was decided before it was
 *   taken is compared again after. No case needs mmap_lock except growing a stack; there is no "first
 *   anon_vma" exception (mm/rmap/anon_vma.c).
 *
 * 4 Failure. VM_FAULT_OOM when a table or a page is missing; nothing is charged then. VM_FAULT_RETRY: the
 *   page is being read, the lock was dropped.
 *
 * 5 Linux: mm/memory.c. Here the order-0 anonymous fault is a straight line that needs no vm_fault.
 *
 * 6 Observe: /proc/mm/faults, a count per case; pgfault, pgmajfault, pgreuse of /proc/vmstat; min_flt and maj_flt of /proc/PID/stat.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <kernel/task.h>
#include <kernel/signal.h>
#include <fs/file.h>
#include <mm/address_space.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pte_marker.h>
#include <mm/rmap.h>
#include <mm/userfaultfd.h>
#include <mm/vma_tree.h>
#include <mm/vmstat.h>
#include <seam/extable.h>
#include <seam/ptrace.h>
#include "fault_internal.h"
#include "../rmap/rmap_internal.h"

DEFINE_PER_CPU(struct fault_counts, fault_counts);

const char *const fault_kind_names[NR_PAGE_FAULT_KINDS] = {
#define X(kind, name) [PFK_##kind] = name,
	PAGE_FAULT_KINDS(X)
#undef X
};

unsigned long fault_kind_sum(enum page_fault_kind kind)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu(fault_counts, cpu).nr[kind]);
	return sum;
}

/* A fault that did not succeed. */
static noinline __cold void count_failed_fault(vm_fault_t ret)
{
	count_fault(ret & VM_FAULT_OOM					  ? PFK_OOM
		    : ret & VM_FAULT_SIGSEGV				  ? PFK_SIGSEGV
		    : ret & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE) ? PFK_HWPOISON
		    : ret & VM_FAULT_RETRY				  ? PFK_RETRY
									  : PFK_SIGBUS);
}

void fault_drop_lock(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vma_end_read(vmf->vma);
	else
		mmap_read_unlock(vmf->vma->vm_mm);
}

/* [zero]: nothing is allocated but tables. */
static __always_inline vm_fault_t map_zero_page(struct vm_area_struct *vma, unsigned long address,
						pmd_t *pmd)
{
	spinlock_t *ptl;
	pte_t *pte = pte_lock_kept(pmd, address, &ptl);

	if (unlikely(mm_is_unstable(vma->vm_mm))) {
		pte_unmap_unlock(pte, ptl);
		return VM_FAULT_SIGBUS;
	}
	if (likely(pte_none(ptep_get(pte))))
		set_pte_at(vma->vm_mm, address, pte,
			   pte_mkspecial(pfn_pte(zero_pfn, vma->vm_page_prot)));
	pte_unmap_unlock(pte, ptl);
	count_fault(PFK_ZERO);
	return 0;
}

/* [zero] and [anon]; @locked: of memory that is mlocked. */
static __always_inline vm_fault_t anonymous_page(struct vm_area_struct *vma, unsigned long address,
						 unsigned int flags, pmd_t *pmd, bool locked)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte, entry;

	if (pte_alloc(mm, pmd))
		return VM_FAULT_OOM;
	if (!(flags & FAULT_FLAG_WRITE))
		return map_zero_page(vma, address, pmd);

	page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	anon_vma_prepare(vma);
	entry = maybe_mkwrite(pte_mkdirty(mk_pte(page, vma->vm_page_prot)), vma);

	pte = pte_lock_kept(pmd, address, &ptl);
	if (unlikely(!pte_none(ptep_get(pte)))) { /* another thread was faster */
		spin_unlock(ptl);
		__free_page(page);
		count_fault(PFK_SPURIOUS);
		return 0;
	}
	if (unlikely(mm_is_unstable(mm))) {
		spin_unlock(ptl);
		__free_page(page);
		return VM_FAULT_SIGBUS;
	}
	page_init_anon(page, vma, address);
	if (locked)
		mlock_page(page);
	set_pte_at(mm, address, pte, entry);
	spin_unlock(ptl);
	inc_mm_counter(mm, MM_ANONPAGES);
	count_fault(PFK_ANON);
	return 0;
}

static noinline vm_fault_t do_special_anonymous_page(struct vm_area_struct *vma,
						     unsigned long address, unsigned int flags,
						     pmd_t *pmd)
{
	if (vma->vm_flags & VM_SHARED)
		return VM_FAULT_SIGBUS; /* shared memory has a file */
	if (userfaultfd_missing(vma)) {
		struct vm_fault vmf = { .vma = vma,
					.address = address & PAGE_MASK,
					.real_address = address,
					.flags = flags };

		return handle_userfault(&vmf, VM_UFFD_MISSING);
	}
	return anonymous_page(vma, address & PAGE_MASK, flags, pmd, vma->vm_flags & VM_LOCKED);
}

static vm_fault_t do_anonymous_page(struct vm_area_struct *vma, unsigned long address,
				    unsigned int flags, pmd_t *pmd)
{
	if (unlikely(vma->vm_flags & (VM_SHARED | VM_LOCKED | VM_UFFD_MISSING)))
		return do_special_anonymous_page(vma, address, flags, pmd);
	return anonymous_page(vma, address & PAGE_MASK, flags, pmd, false);
}

/* [numa]: the entry was made inaccessible to see who uses the page. Placement comes with policies. */
static vm_fault_t do_numa_page(struct vm_fault *vmf)
{
	count_vm_event(NUMA_HINT_FAULTS);
	count_fault(PFK_NUMA);
	vmf_lock_pte(vmf);
	if (pte_same(ptep_get(vmf->pte), vmf->orig_pte)) {
		ptep_modify_prot_start(vmf->vma, vmf->address, vmf->pte);
		ptep_modify_prot_commit(
			vmf->vma, vmf->address, vmf->pte, vmf->orig_pte,
			pte_mkyoung(pte_modify(vmf->orig_pte, vmf->vma->vm_page_prot)));
	}
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return 0;
}

/* An entry is there: wrong permission, or somebody was faster. */
static vm_fault_t do_present_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = vmf->orig_pte;

	if (unlikely(pte_protnone(entry)) && vma_is_accessible(vma))
		return do_numa_page(vmf);
	vmf_lock_pte(vmf);
	if (unlikely(!pte_same(ptep_get(vmf->pte), entry)))
		goto unlock; /* changed meanwhile: the access is tried again */
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) {
		if (!pte_write(entry))
			return do_wp_page(vmf);
		if (vmf->flags & FAULT_FLAG_WRITE)
			entry = pte_mkdirty(entry);
	}
	/* [spurious] unless a bit is new */
	ptep_set_access_flags(vma, vmf->address, vmf->pte, pte_mkyoung(entry),
			      vmf->flags & FAULT_FLAG_WRITE);
unlock:
	count_fault(PFK_SPURIOUS);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return 0;
}

static gfp_t fault_gfp(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return GFP_KERNEL;
	return mapping_gfp_mask(vma->vm_file->f_mapping) | __GFP_FS | __GFP_IO;
}

/*
 * [reuse] of an anonymous page of order 0, without the detour over a vm_fault; see cow.c for why one reference is
 * enough. False: another case.
 */
static __always_inline bool is_last_owner(const struct page *page)
{
	return page_is_small_anon(page) && (PageAnonExclusive(page) || page_ref_is_last(page));
}

static bool reuse_small_anon(struct vm_area_struct *vma, unsigned long address, pmd_t *pmd,
			     pte_t orig_pte)
{
	struct page *page = pte_page(orig_pte);
	bool reuse = true;
	spinlock_t *ptl;
	pte_t *pte;

	if (!is_last_owner(page)) /* a glance; the answer counts under the lock */
		return false;
	pte = pte_lock_kept(pmd, address, &ptl);
	if (likely(pte_same(ptep_get(pte), orig_pte))) { /* else the access is tried again */
		reuse = is_last_owner(page);
		if (likely(reuse)) {
			if (!PageAnonExclusive(page)) {
				page_move_anon_rmap(page, vma);
				SetPageAnonExclusive(page);
			}
			set_pte(pte, pte_mkwrite(pte_mkdirty(pte_mkyoung(orig_pte))));
			count_vm_event(PGREUSE);
			count_fault(PFK_REUSE);
		}
	}
	spin_unlock(ptl);
	return reuse;
}

/* A write to a page that is present, but read-only, in private writable memory? */
static __always_inline bool is_private_write(struct vm_area_struct *vma, unsigned int flags,
					     pte_t pte)
{
	return (flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) == FAULT_FLAG_WRITE &&
	       (pte_val(pte) & (_PAGE_PRESENT | _PAGE_RW | _PAGE_SPECIAL | _PAGE_UFFD_WP)) ==
		       _PAGE_PRESENT &&
	       (vma->vm_flags & (VM_WRITE | VM_SHARED | VM_MAYSHARE)) == VM_WRITE;
}

/* The page is to be found, and mapped write-protected; unless nobody asks for that any more. */
static vm_fault_t do_marker_fault(struct vm_fault *vmf)
{
	if (userfaultfd_wp(vmf->vma) && vmf->vma->vm_ops)
		return do_file_fault(vmf);
	vmf_lock_pte(vmf);
	if (pte_same(ptep_get(vmf->pte), vmf->orig_pte))
		pte_clear(vmf->vma->vm_mm, vmf->address, vmf->pte);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return 0;
}

/* All cases but the anonymous first touch. */
static vm_fault_t do_other_fault(struct vm_area_struct *vma, unsigned long address,
				 unsigned int flags, pud_t *pud, pmd_t *pmd, pte_t orig_pte)
{
	struct vm_fault vmf;

	vmf.vma = vma;
	vmf.address = address & PAGE_MASK;
	vmf.real_address = address;
	vmf.flags = flags;
	vmf.pgoff = linear_page_index(vma, address);
	vmf.gfp_mask = fault_gfp(vma);
	vmf.pud = pud;
	vmf.pmd = pmd;
	vmf.pte = NULL;
	vmf.orig_pte = orig_pte;
	vmf.prealloc_pte = NULL;
	vmf.cow_page = vmf.page = NULL;
	if (pte_none(orig_pte))
		return do_file_fault(&vmf);
	if (likely(pte_present(orig_pte)))
		return do_present_fault(&vmf);
	if (pte_marker_uffd_wp(orig_pte))
		return do_marker_fault(&vmf);
	return do_swap_page(&vmf);
}

/* The upper levels are not there yet. */
static noinline bool make_upper_tables(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	pud_t *pud = pud_alloc(mm, pgd, address);

	return pud && pmd_alloc(mm, pud, address);
}

static __always_inline vm_fault_t serve_fault(struct vm_area_struct *vma, unsigned long address,
					      unsigned int flags)
{
	struct mm_struct *mm = vma->vm_mm;
	pgd_t *pgd = pgd_offset(mm, address);
	pte_t orig_pte = __pte(0);
	pud_t *pud;
	pmd_t *pmd;

	if (unlikely(pgd_none(data_race(*pgd))) && !make_upper_tables(mm, address))
		return VM_FAULT_OOM;
	pud = pud_offset(pgd, address);
	if (unlikely(pud_none(data_race(*pud))) && !make_upper_tables(mm, address))
		return VM_FAULT_OOM;
	pmd = pmd_offset(pud, address);
	if (likely(!pmd_none(data_race(*pmd))))
		orig_pte = ptep_get(pte_offset_kernel(pmd, address));
	if (pte_none(orig_pte) && vma_is_anonymous(vma))
		return do_anonymous_page(vma, address, flags, pmd);
	if (is_private_write(vma, flags, orig_pte) &&
	    reuse_small_anon(vma, address & PAGE_MASK, pmd, orig_pte))
		return 0;
	return do_other_fault(vma, address, flags, pud, pmd, orig_pte);
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address, unsigned int flags)
{
	vm_fault_t ret;

	count_vm_event(PGFAULT);
	if (unlikely(flags & FAULT_FLAG_UNSHARE) && !is_cow_mapping(vma->vm_flags))
		flags &= ~FAULT_FLAG_UNSHARE;
	ret = serve_fault(vma, address, flags);

	if (likely(!(ret & (VM_FAULT_ERROR | VM_FAULT_RETRY)))) {
		if (unlikely((ret & VM_FAULT_MAJOR) || (flags & FAULT_FLAG_TRIED)))
			current->maj_flt++;
		else
			current->min_flt++;
	} else {
		count_failed_fault(ret);
	}
	return ret;
}

int vm_fault_to_errno(vm_fault_t vm_fault, int foll_flags)
{
	if (vm_fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (vm_fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return -EHWPOISON;
	if (vm_fault & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV))
		return -EFAULT;
	return 0;
}

/*
 * A kernel-mode fault may come with mmap_lock held by the same task, by mistake: without an entry in the
 * exception table it must not wait for the lock, but oops.
 */
static bool get_mmap_lock(struct mm_struct *mm, struct pt_regs *regs)
{
	if (likely(mmap_read_trylock(mm)))
		return true;
	if (regs && !user_mode(regs) && !search_exception_tables(instruction_pointer(regs)))
		return false;
	return !mmap_read_lock_killable(mm);
}

struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, unsigned long addr,
					    struct pt_regs *regs)
{
	struct vm_area_struct *vma;

	if (!get_mmap_lock(mm, regs))
		return NULL;
	vma = find_vma(mm, addr);
	if (likely(vma && vma->vm_start <= addr))
		return vma;
	if (!vma || !(vma->vm_flags & VM_GROWSDOWN)) {
		mmap_read_unlock(mm);
		return NULL;
	}
	return expand_stack(mm, addr);
}
