// SPDX-License-Identifier: MIT
/*
 * Pages of user memory for the kernel's own use, by address.
 *
 * A reference (FOLL_GET) keeps the frame; a pin (FOLL_PIN) says that somebody reads or writes through it for a while:
 * fork then gives the child its own copy, so that pin and owner go on sharing. A pin counts GUP_PIN_COUNTING_BIAS
 * references of an order-0 page, or one in the pin count of a large folio.
 *
 * slow: under mmap_lock: look at the entry, fault if it does not suffice, look again.
 * fast: no lock: read the entry under RCU (tables are freed after a grace period), take a reference unless there is
 * none, and verify that the entry is still the same: then the page was mapped while the reference was taken.
 *
 * A page that is pinned must be exclusive, or a later copy on write would part pin and owner: FAULT_FLAG_UNSHARE.
 * Linux: mm/gup.c. Observe: vmstat nr_foll_pin_acquired, nr_foll_pin_released.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/fault.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gup.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pgalloc.h>
#include <mm/userfaultfd.h>
#include <mm/vma_tree.h>
#include <mm/vmstat.h>
#include <seam/barrier.h>
#include <seam/pkeys.h>
#include <seam/uaccess.h>
#include <linux/mman.h>
#include "../pgtable/pgtable_internal.h"
#include "teach.h"
#include "vma_internal.h"

/* --- references and pins ------------------------------------------------------------------------ */

static bool try_grab_page(struct page *page, unsigned int flags)
{
	struct folio *folio = page_folio(page);

	if (!(flags & (FOLL_GET | FOLL_PIN)))
		return true;
	if (!(flags & FOLL_PIN) || is_zero_pfn(page_to_pfn(page)))
		return folio_try_get(folio);
	if (folio_test_large(folio)) {
		if (!folio_try_get(folio))
			return false;
		atomic_inc(&folio->_pincount);
	} else if (!page_ref_add_unless_zero(page, GUP_PIN_COUNTING_BIAS)) {
		return false;
	}
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_ACQUIRED, 1);
	return true;
}

static void ungrab_page(struct page *page, unsigned int flags)
{
	if (flags & FOLL_PIN)
		unpin_user_page(page);
	else if (flags & FOLL_GET)
		put_page(page);
}

void unpin_user_page(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (is_zero_pfn(page_to_pfn(page))) {
		put_page(page);
		return;
	}
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_RELEASED, 1);
	if (folio_test_large(folio)) {
		atomic_dec(&folio->_pincount);
		folio_put(folio);
	} else {
		folio_put_refs(folio, GUP_PIN_COUNTING_BIAS);
	}
}

void unpin_user_pages(struct page **pages, unsigned long npages)
{
	for (unsigned long i = 0; i < npages; i++)
		unpin_user_page(pages[i]);
}

void unpin_user_pages_dirty_lock(struct page **pages, unsigned long npages, bool make_dirty)
{
	for (unsigned long i = 0; i < npages; i++) {
		if (make_dirty && !PageDirty(pages[i]))
			set_page_dirty_lock(pages[i]);
		unpin_user_page(pages[i]);
	}
}

bool folio_maybe_dma_pinned(struct folio *folio)
{
	if (folio_test_large(folio))
		return atomic_read(&folio->_pincount) > 0;
	return (unsigned int)folio_ref_count(folio) >= GUP_PIN_COUNTING_BIAS;
}

/* Must the page be made exclusive before it can be pinned for reading? */
static bool must_unshare(unsigned int flags, struct page *page)
{
	return (flags & (FOLL_PIN | FOLL_WRITE)) == FOLL_PIN && PageAnon(page) &&
	       !PageAnonExclusive(page);
}

/* --- slow ----------------------------------------------------------------------------------------- */

/* Do the rights of current forbid the access to pages with @pkey? They say nothing about another's memory. */
static bool pkey_denies(unsigned int pkey, unsigned int flags)
{
	unsigned int rights;

	if (likely(!pkey) || (flags & FOLL_REMOTE) || !arch_has_pkeys())
		return false;
	rights = arch_pkey_rights((int)pkey);
	return (rights & PKEY_DISABLE_ACCESS) ||
	       ((flags & FOLL_WRITE) && (rights & PKEY_DISABLE_WRITE));
}

static int check_vma_flags(struct vm_area_struct *vma, unsigned int flags)
{
	unsigned long f = vma->vm_flags;

	if ((f & (VM_IO | VM_PFNMAP)) || pkey_denies(vma_pkey(vma), flags))
		return -EFAULT;
	if ((flags & FOLL_ANON) && !vma_is_anonymous(vma))
		return -EFAULT;
	if (flags & FOLL_WRITE) {
		if (!(f & VM_WRITE) && (!(flags & FOLL_FORCE) || !is_cow_mapping(f)))
			return -EFAULT;
	} else if (!(f & VM_READ) && (!(flags & FOLL_FORCE) || !(f & VM_MAYREAD))) {
		return -EFAULT;
	}
	return 0;
}

/* May we write through a read-only entry? Only by force, into a private page that is ours alone. */
static bool can_write_pte(pte_t pte, struct page *page, struct vm_area_struct *vma,
			  unsigned int flags)
{
	if (pte_write(pte))
		return true;
	if (unlikely(userfaultfd_pte_wp(vma, pte)))
		return false;
	return (flags & FOLL_FORCE) && !(vma->vm_flags & (VM_MAYSHARE | VM_SHARED)) && page &&
	       PageAnon(page) && PageAnonExclusive(page);
}

/* 1 and *@pagep (unless NULL): there; 0: a fault is needed; or -EFAULT. *@unshare: of which kind. */
static int follow_page(struct vm_area_struct *vma, unsigned long addr, unsigned int flags,
		       struct page **pagep, bool *unshare)
{
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *ptep, pte;
	struct page *page;
	int ret = 0;

	*unshare = false;
	ptep = pte_find(vma->vm_mm, addr, &pmd);
	if (!ptep || pte_none(ptep_get(ptep)))
		return 0;
	ptep = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!ptep)
		return 0;
	pte = ptep_get(ptep);
	if (!pte_present(pte) || (pte_protnone(pte) && !(flags & FOLL_FORCE)))
		goto out;
	page = vm_normal_page(vma, addr, pte);
	if ((flags & FOLL_WRITE) && !can_write_pte(pte, page, vma, flags))
		goto out;
	if (!page) {
		ret = -EFAULT;
		if (!is_zero_pfn(pte_pfn(pte)) || (flags & FOLL_DUMP))
			goto out;
		page = pte_page(pte);
	} else if (must_unshare(flags, page)) {
		*unshare = true;
		goto out;
	}
	ret = -ENOMEM;
	if (!try_grab_page(page, flags))
		goto out;
	if (pagep)
		*pagep = page;
	/* As if it were written to already: MADV_POPULATE_WRITE promises no less. */
	if ((flags & FOLL_WRITE) && pte_write(pte) && !pte_dirty(pte))
		set_pte_at(vma->vm_mm, addr, ptep, pte_mkdirty(pte_mkyoung(pte)));
	ret = 1;
out:
	pte_unmap_unlock(ptep, ptl);
	return ret;
}

/* Has nothing been at @addr of @vma yet? */
static bool is_hole(struct vm_area_struct *vma, unsigned long addr)
{
	const pte_t *pte = pte_find(vma->vm_mm, addr, NULL);

	return !pte || pte_none(READ_ONCE(*pte));
}

/* Fault. 0, an errno, or -EBUSY: the lock was dropped (*@locked = 0), look again after taking it. */
static int faultin_page(struct vm_area_struct *vma, unsigned long addr, unsigned int flags,
			bool unshare, int *locked)
{
	unsigned int fault_flags = 0;
	vm_fault_t ret;

	if (flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	if (unshare)
		fault_flags |= FAULT_FLAG_UNSHARE;
	if (flags & FOLL_REMOTE)
		fault_flags |= FAULT_FLAG_REMOTE;
	if (locked)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
	if (flags & FOLL_TRIED)
		fault_flags |= FAULT_FLAG_TRIED;
	ret = handle_mm_fault(vma, addr, fault_flags);
	if (ret & VM_FAULT_COMPLETED) {
		*locked = 0;
		return -EBUSY;
	}
	if (ret & VM_FAULT_ERROR)
		return vm_fault_to_errno(ret, flags);
	if (ret & VM_FAULT_RETRY) {
		*locked = 0;
		return -EBUSY;
	}
	return 0;
}

/*
 * The VMA at @addr; a stack grows down to it. Growing needs the lock for writing: it is dropped when @locked
 * allows. The mm of a program that is being loaded has no other user and needs none.
 */
static struct vm_area_struct *gup_vma(struct mm_struct *mm, unsigned long addr, int *locked,
				      bool *dropped)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start <= addr)
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return NULL;
	if (mm != current->mm && atomic_read(&mm->mm_users) == 1)
		return expand_downwards(vma, addr) ? NULL : vma;
	if (!locked)
		return NULL;
	*dropped = true;
	vma = expand_stack(mm, addr);
	if (!vma)
		*locked = 0;
	return vma;
}

/*
 * One page at @start. 1, 0 never, or an errno. The lock may be dropped and retaken when @locked allows. Who wants
 * no page but only that it is there (@pagep NULL) is content with a fault that succeeded.
 */
static int get_one_page(struct mm_struct *mm, unsigned long start, unsigned int flags,
			struct page **pagep, int *locked, bool *dropped)
{
	while (1) {
		struct vm_area_struct *vma;
		bool unshare;
		int ret;

		if (fatal_signal_pending(current))
			return -EINTR;
		vma = gup_vma(mm, start, locked, dropped);
		if (!vma)
			return -EFAULT;
		ret = check_vma_flags(vma, flags);
		if (ret)
			return ret;
		cond_resched();
		ret = follow_page(vma, start, flags, pagep, &unshare);
		if (ret)
			return ret;
		/* A hole in a core dump needs no page: the zero page would be mapped for nothing. */
		if ((flags & FOLL_DUMP) && is_hole(vma, start) &&
		    (vma_is_anonymous(vma) || !vma->vm_ops->fault))
			return -EFAULT;
		ret = faultin_page(vma, start, flags, unshare, locked);
		flags = teach_after_fault(vma, flags);
		if (ret == -EBUSY) {
			*dropped = true;
			flags |= FOLL_TRIED;
			if (mmap_read_lock_killable(mm))
				return -EINTR;
			*locked = 1;
		} else if (ret || !pagep) {
			return ret ? ret : 1;
		}
	}
}

static long gup_range(struct mm_struct *mm, unsigned long start, unsigned long nr_pages,
		      unsigned int flags, struct page **pages, int *locked)
{
	bool dropped = false;
	unsigned long i;
	int ret = 0;

	start &= PAGE_MASK;
	if (pages && !(flags & FOLL_PIN))
		flags |= FOLL_GET;
	for (i = 0; i < nr_pages; i++, start += PAGE_SIZE) {
		struct page *page = NULL;

		ret = get_one_page(mm, start, flags, pages ? &page : NULL, locked, &dropped);
		if (ret < 0)
			break;
		if (pages)
			pages[i] = page;
	}
	/* The caller learns that the world may have changed by finding the lock dropped. */
	if (dropped && locked && *locked) {
		mmap_read_unlock(mm);
		*locked = 0;
	}
	return i ? (long)i : ret;
}

long get_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr_pages,
			   unsigned int gup_flags, struct page **pages, int *locked)
{
	return gup_range(mm, start, nr_pages, gup_flags | FOLL_REMOTE, pages, locked);
}

long pin_user_pages_remote(struct mm_struct *mm, unsigned long start, unsigned long nr_pages,
			   unsigned int gup_flags, struct page **pages, int *locked)
{
	return gup_range(mm, start, nr_pages, gup_flags | FOLL_PIN | FOLL_REMOTE, pages, locked);
}

/* --- fast ----------------------------------------------------------------------------------------- */

/* One page without a lock, or NULL. => under RCU */
static struct page *fast_one(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	pte_t *ptep = pte_find(mm, addr, NULL), pte;
	struct page *page;

	if (!ptep)
		return NULL;
	pte = ptep_get(ptep);
	if (!pte_present(pte) || pte_protnone(pte) || pte_special(pte) ||
	    ((flags & FOLL_WRITE) && !pte_write(pte)))
		return NULL;
	if (pkey_denies(pte_val(pte) >> _PAGE_PKEY_SHIFT & 15, flags))
		return NULL;
	page = pte_page(pte);
	if (!try_grab_page(page, flags))
		return NULL;
	if (unlikely(!pte_same(pte, ptep_get(ptep))) || must_unshare(flags, page)) {
		ungrab_page(page, flags);
		return NULL;
	}
	return page;
}

static int gup_fast(unsigned long start, int nr_pages, unsigned int flags, struct page **pages)
{
	struct mm_struct *mm = current->mm;
	unsigned int seq = smp_load_acquire(&mm->write_protect_seq);
	int nr = 0, locked = 1;
	long ret;

	start &= PAGE_MASK;
	if (!access_ok((void *)start, (unsigned long)nr_pages << PAGE_SHIFT))
		return -EFAULT;
	rcu_read_lock();
	while (nr < nr_pages && !((flags & FOLL_PIN) && (seq & 1))) {
		pages[nr] = fast_one(mm, start + ((unsigned long)nr << PAGE_SHIFT), flags);
		if (!pages[nr])
			break;
		nr++;
	}
	rcu_read_unlock();
	smp_mb();
	if (unlikely((flags & FOLL_PIN) && nr && READ_ONCE(mm->write_protect_seq) != seq)) {
		unpin_user_pages(pages, nr); /* fork came in between */
		nr = 0;
	}
	if (nr == nr_pages)
		return nr;
	if (mmap_read_lock_killable(mm))
		return nr ? nr : -EINTR;
	ret = gup_range(mm, start + ((unsigned long)nr << PAGE_SHIFT), nr_pages - nr, flags,
			pages + nr, &locked);
	if (locked)
		mmap_read_unlock(mm);
	if (ret < 0)
		return nr ? nr : ret;
	return nr + ret;
}

int get_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	return gup_fast(start, nr_pages, gup_flags | FOLL_GET, pages);
}

int pin_user_pages_fast(unsigned long start, int nr_pages, unsigned int gup_flags,
			struct page **pages)
{
	return gup_fast(start, nr_pages, gup_flags | FOLL_PIN, pages);
}

/* --- faulting in ------------------------------------------------------------------------------------ */

int fixup_user_fault(struct mm_struct *mm, unsigned long address, unsigned int fault_flags,
		     bool *unlocked)
{
	struct vm_area_struct *vma;
	vm_fault_t ret;

	if (unlocked)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
	while (1) {
		vma = vma_lookup(mm, address);
		if (!vma)
			return -EFAULT;
		if (!(vma->vm_flags & (fault_flags & FAULT_FLAG_WRITE ? VM_WRITE : VM_READ)))
			return -EFAULT;
		if ((fault_flags & FAULT_FLAG_KILLABLE) && fatal_signal_pending(current))
			return -EINTR;
		ret = handle_mm_fault(vma, address, fault_flags);
		if (ret & VM_FAULT_ERROR)
			return vm_fault_to_errno(ret, 0);
		if (!(ret & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)))
			return 0;
		mmap_read_lock(mm);
		*unlocked = true;
		if (ret & VM_FAULT_COMPLETED)
			return 0;
		fault_flags |= FAULT_FLAG_TRIED;
	}
}

/* Pages faulted in, or an errno when not even the first. *@locked as in get_user_pages_remote(). */
long faultin_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool write,
			int *locked)
{
	unsigned int flags = FOLL_POPULATE | (write ? FOLL_WRITE : 0);

	return gup_range(mm, start, (end - start) >> PAGE_SHIFT, flags, NULL, locked);
}

int populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			    int *locked)
{
	unsigned int flags = FOLL_POPULATE;

	if (vma->vm_flags & VM_LOCKONFAULT)
		return (end - start) >> PAGE_SHIFT;
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		flags |= FOLL_WRITE; /* break copy on write now */
	if (vma_is_accessible(vma))
		flags |= FOLL_FORCE;
	return gup_range(vma->vm_mm, start, (end - start) >> PAGE_SHIFT, flags, NULL, locked);
}

int __mm_populate(unsigned long start, unsigned long len, int ignore_errors)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = start + len, next;
	struct vm_area_struct *vma;
	int locked = 0;
	long ret = 0;

	for (unsigned long addr = start; addr < end; addr = next) {
		if (!locked) {
			mmap_read_lock(mm);
			locked = 1;
		}
		vma = find_vma_intersection(mm, addr, end);
		if (!vma)
			break;
		next = min(end, vma->vm_end);
		if (vma->vm_flags & (VM_IO | VM_PFNMAP))
			continue;
		addr = max(addr, vma->vm_start);
		ret = populate_vma_page_range(vma, addr, next, &locked);
		if (ret < 0) {
			if (!ignore_errors)
				break;
			ret = 0;
			continue; /* the next VMA */
		}
		next = addr + (ret << PAGE_SHIFT);
		ret = 0;
	}
	if (locked)
		mmap_read_unlock(mm);
	return ret;
}

/* --- another's memory --------------------------------------------------------------------------------- */

/* Memory without pages (a device): ask ->access. Bytes done, or <= 0. */
static int access_special(struct mm_struct *mm, unsigned long addr, void *buf, int len, int write)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	return vma && vma->vm_ops && vma->vm_ops->access
		       ? vma->vm_ops->access(vma, addr, buf, len, write)
		       : 0;
}

int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
		     unsigned int gup_flags)
{
	void *start = buf;
	int write = gup_flags & FOLL_WRITE;

	if (mmap_read_lock_killable(mm))
		return 0;
	while (len) {
		int bytes = min_t(unsigned long, len, PAGE_SIZE - offset_in_page(addr)), locked = 1;
		struct page *page;

		if (get_user_pages_remote(mm, addr, 1, gup_flags, &page, &locked) <= 0) {
			if (!locked)
				mmap_read_lock(mm);
			bytes = access_special(mm, addr, buf, len, write);
			if (bytes <= 0)
				break;
		} else {
			char *at = (char *)page_address(page) + offset_in_page(addr);

			if (!locked)
				mmap_read_lock(mm);
			if (write) {
				memcpy(at, buf, bytes);
				set_page_dirty_lock(page);
			} else {
				memcpy(buf, at, bytes);
			}
			put_page(page);
		}
		len -= bytes;
		buf = (char *)buf + bytes;
		addr += bytes;
	}
	mmap_read_unlock(mm);
	return (char *)buf - (char *)start;
}

int access_process_vm(struct task_struct *tsk, unsigned long addr, void *buf, int len,
		      unsigned int gup_flags)
{
	struct mm_struct *mm = get_task_mm(tsk);
	int ret;

	if (!mm)
		return 0;
	ret = access_remote_vm(mm, addr, buf, len, gup_flags);
	mmput(mm);
	return ret;
}
