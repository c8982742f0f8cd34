// SPDX-License-Identifier: MIT
/*
 * What /proc/PID shows of an address space: maps, smaps, smaps_rollup, statm, pagemap and the memory lines of
 * status, in Linux's format. Every number is counted: smaps walks the tables.
 * Not counted because they do not exist yet: huge pages, hugetlb, KSM (0 kB).
 * Linux: fs/proc/task_mmu.c.
 */
#include <base/math.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/folio.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/page_idle.h>
#include <mm/pgalloc.h>
#include <mm/pte_marker.h>
#include <seam/pkeys.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

#define PSS_SHIFT 12 /* fixed point of proportional sizes: a page shared by three */

static const char *vma_name(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma == get_gate_vma(mm))
		return gate_vma_name();
	if (vma->vm_ops && vma->vm_ops->name) {
		const char *name = vma->vm_ops->name(vma);

		if (name)
			return name;
	}
	if (!mm || vma->vm_file)
		return NULL;
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

void show_map_vma(struct seq_file *m, struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;
	unsigned long flags = vma->vm_flags, ino = 0;
	unsigned long long pgoff = 0;
	const char *name;
	dev_t dev = 0;

	if (file) {
		struct inode *inode = file_inode(file);

		dev = inode->i_sb->s_dev;
		ino = inode->i_ino;
		pgoff = (unsigned long long)vma->vm_pgoff << PAGE_SHIFT;
	}
	seq_setwidth(m, 25 + sizeof(void *) * 6 - 1);
	seq_printf(m, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %lu ", vma->vm_start, vma->vm_end,
		   flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		   flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p', pgoff, MAJOR(dev),
		   MINOR(dev), ino);
	name = vma_name(vma->vm_mm, vma);
	if (file && !(vma->vm_ops && vma->vm_ops->name && name)) {
		seq_pad(m, ' ');
		seq_file_path(m, file, "\n");
	} else if (name) {
		seq_pad(m, ' ');
		seq_puts(m, name);
	} else if (vma->anon_name) {
		seq_pad(m, ' ');
		seq_printf(m, "[anon:%s]", vma->anon_name->name);
	}
	seq_putc(m, '\n');
}

/* --- smaps ------------------------------------------------------------------------------------------ */

struct smap_sums {
	unsigned long resident, shared_clean, shared_dirty, private_clean, private_dirty;
	unsigned long referenced, anonymous, lazyfree, locked;
	u64 pss, pss_anon, pss_file, pss_shmem, pss_dirty, pss_locked, swap, swap_pss;
};

static void smap_add_page(struct smap_sums *s, struct page *page, pte_t pte, bool locked)
{
	int mapcount = page_mapcount(page);
	u64 pss = (u64)PAGE_SIZE << PSS_SHIFT;
	bool dirty = pte_dirty(pte) || PageDirty(page);

	s->resident += PAGE_SIZE;
	if (PageAnon(page)) {
		s->anonymous += PAGE_SIZE;
		if (!PageSwapBacked(page) && !dirty)
			s->lazyfree += PAGE_SIZE;
	}
	if (pte_young(pte) || PageReferenced(page) || folio_test_young(page_folio(page)))
		s->referenced += PAGE_SIZE;
	if (mapcount > 1) {
		pss /= mapcount;
		if (dirty)
			s->shared_dirty += PAGE_SIZE;
		else
			s->shared_clean += PAGE_SIZE;
	} else if (dirty) {
		s->private_dirty += PAGE_SIZE;
	} else {
		s->private_clean += PAGE_SIZE;
	}
	s->pss += pss;
	if (PageAnon(page))
		s->pss_anon += pss;
	else if (PageSwapBacked(page))
		s->pss_shmem += pss;
	else
		s->pss_file += pss;
	if (dirty)
		s->pss_dirty += pss;
	if (locked) {
		s->locked += PAGE_SIZE;
		s->pss_locked += pss;
	}
}

static void smap_add_swap(struct smap_sums *s, swp_entry_t entry)
{
	s->swap += PAGE_SIZE;
	s->swap_pss += (PAGE_SIZE << PSS_SHIFT) / max(swap_count(entry), 1u);
}

static void smap_gather(struct smap_sums *s, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, next;

	/* Of shmem the tables do not tell. A private page would be counted twice. */
	if (vma->vm_file && shmem_mapping(vma->vm_file->f_mapping) &&
	    ((vma->vm_flags & VM_SHARED) || !vma->anon_vma))
		s->swap += shmem_swap_usage(vma);
	for (; addr < vma->vm_end; addr = next) {
		spinlock_t *ptl;
		pmd_t *pmd;
		pte_t *pte;

		next = pmd_addr_end(addr, vma->vm_end);
		if (!pte_find(vma->vm_mm, addr, &pmd))
			continue;
		pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
		if (!pte)
			continue;
		for (; addr < next; addr += PAGE_SIZE, pte++) {
			struct page *page;

			if (is_swap_pte(ptep_get(pte)))
				smap_add_swap(s, pte_to_swp_entry(ptep_get(pte)));
			if (!pte_present(ptep_get(pte)))
				continue;
			page = vm_normal_page(vma, addr, ptep_get(pte));
			if (page)
				smap_add_page(s, page, ptep_get(pte), vma->vm_flags & VM_LOCKED);
		}
		pte_unmap_unlock(pte, ptl);
		cond_resched();
	}
}

static void show_kb(struct seq_file *m, const char *label, u64 bytes)
{
	seq_printf(m, "%s%8llu kB\n", label, bytes >> 10);
}

static void show_sums(struct seq_file *m, const struct smap_sums *s, bool rollup)
{
	show_kb(m, "Rss:            ", s->resident);
	show_kb(m, "Pss:            ", s->pss >> PSS_SHIFT);
	show_kb(m, "Pss_Dirty:      ", s->pss_dirty >> PSS_SHIFT);
	if (rollup) {
		show_kb(m, "Pss_Anon:       ", s->pss_anon >> PSS_SHIFT);
		show_kb(m, "Pss_File:       ", s->pss_file >> PSS_SHIFT);
		show_kb(m, "Pss_Shmem:      ", s->pss_shmem >> PSS_SHIFT);
	}
	show_kb(m, "Shared_Clean:   ", s->shared_clean);
	show_kb(m, "Shared_Dirty:   ", s->shared_dirty);
	show_kb(m, "Private_Clean:  ", s->private_clean);
	show_kb(m, "Private_Dirty:  ", s->private_dirty);
	show_kb(m, "Referenced:     ", s->referenced);
	show_kb(m, "Anonymous:      ", s->anonymous);
	show_kb(m, "LazyFree:       ", s->lazyfree);
	show_kb(m, "AnonHugePages:  ", 0);
	show_kb(m, "ShmemPmdMapped: ", 0);
	show_kb(m, "FilePmdMapped:  ", 0);
	show_kb(m, "Shared_Hugetlb: ", 0);
	seq_printf(m, "Private_Hugetlb: %7d kB\n", 0); /* one narrower, as Linux has it */
	show_kb(m, "Swap:           ", s->swap);
	show_kb(m, "SwapPss:        ", s->swap_pss >> PSS_SHIFT);
	show_kb(m, "Locked:         ", s->pss_locked >> PSS_SHIFT);
}

static void show_vma_flags(struct seq_file *m, struct vm_area_struct *vma)
{
	static const char mnemonics[32][3] = {
		"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "um", "pf",
		"",   "uw", "lo", "io", "sr", "rr", "dc", "de", "??", "ac", "nr",
		"ht", "sf", "??", "wf", "dd", "sd", "mm", "hg", "nh", "mg",
	};

	seq_puts(m, "VmFlags: ");
	for (int i = 0; i < 32; i++)
		if (mnemonics[i][0] && (vma->vm_flags & (1UL << i)))
			seq_printf(m, "%s ", mnemonics[i]);
	seq_putc(m, '\n');
}

void show_smap(struct seq_file *m, struct vm_area_struct *vma)
{
	struct smap_sums s = { 0 };

	if (vma != get_gate_vma(vma->vm_mm))
		smap_gather(&s, vma);
	show_map_vma(m, vma);
	show_kb(m, "Size:           ", vma->vm_end - vma->vm_start);
	show_kb(m, "KernelPageSize: ",
		vma->vm_ops && vma->vm_ops->pagesize ? vma->vm_ops->pagesize(vma) : PAGE_SIZE);
	show_kb(m, "MMUPageSize:    ", PAGE_SIZE);
	show_sums(m, &s, false);
	seq_printf(m, "THPeligible:    %d\n", 0);
	if (arch_has_pkeys())
		seq_printf(m, "ProtectionKey:  %8u\n", vma_pkey(vma));
	show_vma_flags(m, vma);
}

void show_smaps_rollup(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long first = mm->mmap ? mm->mmap->vm_start : 0, last = 0;
	struct smap_sums s = { 0 };

	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		smap_gather(&s, vma);
		last = vma->vm_end;
	}
	seq_setwidth(m, 25 + sizeof(void *) * 6 - 1);
	seq_printf(m, "%08lx-%08lx ---p %08llx %02x:%02x %lu ", first, last, 0ULL, 0, 0, 0UL);
	seq_pad(m, ' ');
	seq_puts(m, "[rollup]\n");
	show_sums(m, &s, true);
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static void status_line(struct seq_file *m, const char *label, unsigned long pages)
{
	seq_printf(m, "%s\t%8lu kB\n", label, pages << (PAGE_SHIFT - 10));
}

void task_mem(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long anon = get_mm_counter(mm, MM_ANONPAGES),
		      file = get_mm_counter(mm, MM_FILEPAGES);
	unsigned long shmem = get_mm_counter(mm, MM_SHMEMPAGES), rss = anon + file + shmem;
	unsigned long text, lib, start = mm->start_code & PAGE_MASK, end = PAGE_ALIGN(mm->end_code);

	text = min(end - start, mm->exec_vm << PAGE_SHIFT);
	lib = (mm->exec_vm << PAGE_SHIFT) - text;
	status_line(m, "VmPeak:", get_mm_hiwater_vm(mm));
	status_line(m, "VmSize:", mm->total_vm);
	status_line(m, "VmLck:", mm->locked_vm);
	status_line(m, "VmPin:", atomic64_read(&mm->pinned_vm));
	status_line(m, "VmHWM:", max(READ_ONCE(mm->hiwater_rss), rss));
	status_line(m, "VmRSS:", rss);
	status_line(m, "RssAnon:", anon);
	status_line(m, "RssFile:", file);
	status_line(m, "RssShmem:", shmem);
	status_line(m, "VmData:", mm->data_vm);
	status_line(m, "VmStk:", mm->stack_vm);
	status_line(m, "VmExe:", text >> PAGE_SHIFT);
	status_line(m, "VmLib:", lib >> PAGE_SHIFT);
	status_line(m, "VmPTE:", mm_pgtables_bytes(mm) >> PAGE_SHIFT);
	status_line(m, "VmSwap:", get_mm_counter(mm, MM_SWAPENTS));
}

/* --- pagemap ---------------------------------------------------------------------------------------- */

#define PM_SOFT_DIRTY (1ULL << 55)
#define PM_EXCLUSIVE  (1ULL << 56)
#define PM_UFFD_WP    (1ULL << 57)
#define PM_FILE	      (1ULL << 61)
#define PM_SWAP	      (1ULL << 62) /* a swap entry or, as in Linux, another that is not present */
#define PM_PRESENT    (1ULL << 63)

static u64 pagemap_entry(struct vm_area_struct *vma, unsigned long addr, pte_t pte, bool show_pfn)
{
	u64 entry = vma && (vma->vm_flags & VM_SOFTDIRTY) ? PM_SOFT_DIRTY : 0;
	struct page *page;

	if (!vma || pte_none(pte))
		return entry;
	if (is_swap_pte(pte)) {
		swp_entry_t swp = pte_to_swp_entry(pte);

		if (show_pfn)
			entry |= swp_type(swp) | swp_offset(swp) << 5;
		if (pte_swp_soft_dirty(pte))
			entry |= PM_SOFT_DIRTY;
		return entry | PM_SWAP | (pte_swp_uffd_wp(pte) ? PM_UFFD_WP : 0);
	}
	if (!pte_present(pte))
		return entry | PM_SWAP | (pte_marker_uffd_wp(pte) ? PM_UFFD_WP : 0);
	entry |= PM_PRESENT;
	if (pte_uffd_wp(pte))
		entry |= PM_UFFD_WP;
	if (show_pfn)
		entry |= pte_pfn(pte);
	if (pte_soft_dirty(pte))
		entry |= PM_SOFT_DIRTY;
	page = vm_normal_page(vma, addr, pte);
	if (page && !PageAnon(page))
		entry |= PM_FILE;
	if (page && page_mapcount(page) == 1)
		entry |= PM_EXCLUSIVE;
	return entry;
}

ssize_t pagemap_read_mm(struct mm_struct *mm, unsigned long vaddr, u64 *buf, size_t nr,
			bool show_pfn)
{
	size_t i;

	mmap_read_lock(mm);
	for (i = 0; i < nr && vaddr < mm->task_size; i++, vaddr += PAGE_SIZE) {
		struct vm_area_struct *vma = vma_lookup(mm, vaddr);
		pte_t *pte = pte_find(mm, vaddr, NULL);

		buf[i] = pagemap_entry(vma, vaddr, pte ? ptep_get(pte) : __pte(0), show_pfn);
	}
	mmap_read_unlock(mm);
	return i;
}
