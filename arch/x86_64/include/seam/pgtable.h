/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries of x86-64, four levels: pgd, pud, pmd, pte.
 *
 * Bits 9..11 and 58 are free for software:
 *   9 special (no struct page accounting), 10 userfaultfd write-protect, 11 soft dirty, 58 device.
 * PROT_NONE is "not present with bit 8 set": the hardware faults, the software sees a page.
 *
 * A swap entry is a pte with bits 0 and 8 clear:
 *
 *   63      59 58                      9 8 7 6 5 4  3   2  1  0
 *   |  type   |  offset, inverted       |0|0|X|X|X| E | U |S |0|
 *
 * E exclusive, U userfaultfd write-protect, S soft dirty. The offset is stored inverted, so that the
 * address bits of a non-present entry point at no cacheable memory (L1 terminal fault).
 */
#ifndef SEAM_PGTABLE_H
#define SEAM_PGTABLE_H

#include <base/types.h>
#include <base/compiler.h>
#include <seam/page.h>

struct mm_struct;
struct vm_area_struct;
struct page;

typedef unsigned long pteval_t, pmdval_t, pudval_t, pgdval_t, pgprotval_t;
typedef struct { pteval_t pte; } pte_t;
typedef struct { pmdval_t pmd; } pmd_t;
typedef struct { pudval_t pud; } pud_t;
typedef struct { pgdval_t pgd; } pgd_t;
typedef struct { pgprotval_t pgprot; } pgprot_t;
typedef struct page *pgtable_t;
typedef struct { unsigned long val; } swp_entry_t;

#define PTRS_PER_PGD	512
#define PTRS_PER_PUD	512
#define PTRS_PER_PMD	512
#define PTRS_PER_PTE	512
#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PUD_SIZE	(1UL << PUD_SHIFT)
#define PUD_MASK	(~(PUD_SIZE - 1))
#define PGDIR_SIZE	(1UL << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))
/* The first entry of a pgd that belongs to the kernel. */
#define KERNEL_PGD_BOUNDARY	256
#define USER_PTRS_PER_PGD	KERNEL_PGD_BOUNDARY
#define FIRST_USER_ADDRESS	0UL

#define _PAGE_BIT_SPECIAL	9
#define _PAGE_PRESENT	(1UL << 0)
#define _PAGE_RW	(1UL << 1)
#define _PAGE_USER	(1UL << 2)
#define _PAGE_PWT	(1UL << 3)
#define _PAGE_PCD	(1UL << 4)
#define _PAGE_ACCESSED	(1UL << 5)
#define _PAGE_DIRTY	(1UL << 6)
#define _PAGE_PSE	(1UL << 7)
#define _PAGE_PAT	(1UL << 7)	/* of a pte */
#define _PAGE_GLOBAL	(1UL << 8)
#define _PAGE_PROTNONE	(1UL << 8)	/* when not present */
#define _PAGE_SPECIAL	(1UL << 9)
#define _PAGE_UFFD_WP	(1UL << 10)
#define _PAGE_SOFT_DIRTY (1UL << 11)
#define _PAGE_PAT_LARGE	(1UL << 12)	/* of a pmd or pud that maps a page */
#define _PAGE_DEVMAP	(1UL << 58)
#define _PAGE_PKEY_SHIFT 59	/* four bits: protection key */
#define _PAGE_NX	(1UL << 63)

#define _PAGE_SWP_EXCLUSIVE	_PAGE_PWT
#define _PAGE_SWP_UFFD_WP	_PAGE_USER
#define _PAGE_SWP_SOFT_DIRTY	_PAGE_RW

#define PHYSICAL_PAGE_MASK	0x000ffffffffff000UL
#define PTE_PFN_MASK		PHYSICAL_PAGE_MASK
#define PHYSICAL_PMD_PAGE_MASK	(PHYSICAL_PAGE_MASK & PMD_MASK)
#define PHYSICAL_PUD_PAGE_MASK	(PHYSICAL_PAGE_MASK & PUD_MASK)
#define _PAGE_TABLE		(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _KERNPG_TABLE		(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
/* Bits that survive a change of protection. */
#define _PAGE_CHG_MASK		(PTE_PFN_MASK | _PAGE_PCD | _PAGE_PWT | _PAGE_SPECIAL | _PAGE_ACCESSED | \
				 _PAGE_DIRTY | _PAGE_SOFT_DIRTY | _PAGE_DEVMAP | _PAGE_UFFD_WP)

/* All bits, less _PAGE_NX on a CPU without it. Already applied in the tables of protections. */
extern pteval_t __supported_pte_mask;

#define __pte(x)	((pte_t){ (x) })
#define __pmd(x)	((pmd_t){ (x) })
#define __pud(x)	((pud_t){ (x) })
#define __pgd(x)	((pgd_t){ (x) })
#define __pgprot(x)	((pgprot_t){ (x) })
#define pte_val(x)	((x).pte)
#define pmd_val(x)	((x).pmd)
#define pud_val(x)	((x).pud)
#define pgd_val(x)	((x).pgd)
#define pgprot_val(x)	((x).pgprot)

#define __PAGE_KERNEL	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_NX | _PAGE_GLOBAL)
#define __kprot(x)	__pgprot((x) & __supported_pte_mask)
#define PAGE_KERNEL		__kprot(__PAGE_KERNEL)
#define PAGE_KERNEL_RO		__kprot(__PAGE_KERNEL & ~(_PAGE_RW | _PAGE_DIRTY))
#define PAGE_KERNEL_ROX		__kprot(__PAGE_KERNEL & ~(_PAGE_RW | _PAGE_DIRTY | _PAGE_NX))
#define PAGE_KERNEL_NOCACHE	__kprot(__PAGE_KERNEL | _PAGE_PCD | _PAGE_PWT)

/* Protection of a mapping with @vm_flags (VM_READ WRITE EXEC SHARED): a private one starts read-only. */
extern pgprot_t protection_map[16];
static inline pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	/* The protection key stands in bits 32 to 35 of vm_flags, VM_PKEY_MASK of mm/vma.h. */
	return __pgprot(pgprot_val(protection_map[vm_flags & 15]) |
			(vm_flags >> 32 & 15) << _PAGE_PKEY_SHIFT);
}

/* Memory types; numbered as in Linux. */
enum page_cache_mode {
	_PAGE_CACHE_MODE_WB = 0,	/* write-back: RAM */
	_PAGE_CACHE_MODE_WC = 1,	/* write-combining */
	_PAGE_CACHE_MODE_UC = 3,	/* uncached: registers */
	_PAGE_CACHE_MODE_WT = 4,	/* write-through */
};

/* @p with another memory type, by the entries of the page attribute table that pat_init() programs. */
static inline pgprot_t pgprot_cache_mode(pgprot_t p, enum page_cache_mode mode)
{
	pgprotval_t bits = mode == _PAGE_CACHE_MODE_WC ? _PAGE_PWT :
			   mode == _PAGE_CACHE_MODE_UC ? _PAGE_PWT | _PAGE_PCD :
			   mode == _PAGE_CACHE_MODE_WT ? _PAGE_PWT | _PAGE_PAT : 0;

	return __pgprot((pgprot_val(p) & ~(_PAGE_PWT | _PAGE_PCD | _PAGE_PAT)) | bits);
}

static inline pgprot_t pgprot_noncached(pgprot_t p)
{
	return pgprot_cache_mode(p, _PAGE_CACHE_MODE_UC);
}

static inline pgprot_t pgprot_modify(pgprot_t oldprot, pgprot_t newprot)
{
	unsigned long keep = _PAGE_PCD | _PAGE_PWT | _PAGE_PAT;

	return __pgprot((pgprot_val(oldprot) & keep) | (pgprot_val(newprot) & ~keep));
}

/* ---- pte: questions ---- */
static inline int pte_none(pte_t pte) { return pte_val(pte) == 0; }
static inline int pte_present(pte_t pte) { return (pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE)) != 0; }
static inline int pte_write(pte_t pte) { return (pte_val(pte) & _PAGE_RW) != 0; }
static inline int pte_dirty(pte_t pte) { return (pte_val(pte) & _PAGE_DIRTY) != 0; }
static inline int pte_young(pte_t pte) { return (pte_val(pte) & _PAGE_ACCESSED) != 0; }
static inline int pte_special(pte_t pte) { return (pte_val(pte) & _PAGE_SPECIAL) != 0; }
static inline int pte_soft_dirty(pte_t pte) { return (pte_val(pte) & _PAGE_SOFT_DIRTY) != 0; }
static inline int pte_uffd_wp(pte_t pte) { return (pte_val(pte) & _PAGE_UFFD_WP) != 0; }
static inline int pte_protnone(pte_t pte)
{
	return (pte_val(pte) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
}
static inline int pte_same(pte_t a, pte_t b) { return pte_val(a) == pte_val(b); }
static inline unsigned long pte_pfn(pte_t pte) { return (pte_val(pte) & PTE_PFN_MASK) >> PAGE_SHIFT; }
#define pte_page(pte)	pfn_to_page(pte_pfn(pte))

/* ---- pte: derived values ---- */
#define SEAM_PTE_SET(name, bits) static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) | (bits)); }
#define SEAM_PTE_CLEAR(name, bits) static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) & ~(bits)); }
SEAM_PTE_SET(mkdirty, _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
SEAM_PTE_SET(mkwrite, _PAGE_RW)
SEAM_PTE_SET(mkyoung, _PAGE_ACCESSED)
SEAM_PTE_SET(mkspecial, _PAGE_SPECIAL)
SEAM_PTE_SET(mksoft_dirty, _PAGE_SOFT_DIRTY)
SEAM_PTE_SET(mkuffd_wp, _PAGE_UFFD_WP)
SEAM_PTE_SET(mkdevmap, _PAGE_SPECIAL | _PAGE_DEVMAP)
SEAM_PTE_SET(mkglobal, _PAGE_GLOBAL)
SEAM_PTE_CLEAR(mkclean, _PAGE_DIRTY)
SEAM_PTE_CLEAR(wrprotect, _PAGE_RW)
SEAM_PTE_CLEAR(mkold, _PAGE_ACCESSED)
SEAM_PTE_CLEAR(mkexec, _PAGE_NX)
SEAM_PTE_CLEAR(clear_soft_dirty, _PAGE_SOFT_DIRTY)
SEAM_PTE_CLEAR(clear_uffd_wp, _PAGE_UFFD_WP)

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((pfn << PAGE_SHIFT) | pgprot_val(prot));
}
#define mk_pte(page, prot)	pfn_pte(page_to_pfn(page), prot)

static inline pte_t pte_modify(pte_t pte, pgprot_t newprot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(newprot) & ~_PAGE_CHG_MASK));
}

/* ---- pte in memory ---- */
static inline void set_pte(pte_t *ptep, pte_t pte) { WRITE_ONCE(ptep->pte, pte.pte); }
static inline void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	set_pte(ptep, pte);
}
static inline pte_t ptep_get(pte_t *ptep) { return __pte(READ_ONCE(ptep->pte)); }
static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep) { set_pte(ptep, __pte(0)); }

/* The entry, replaced by none; no dirty bit that a CPU sets meanwhile is lost. => ptl held */
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	return __pte(__atomic_exchange_n(&ptep->pte, 0, __ATOMIC_SEQ_CST));
}

/* As above; @full: nobody runs in this address space any more, a plain store does. */
static inline pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr, pte_t *ptep, int full)
{
	pte_t pte;

	if (!full)
		return ptep_get_and_clear(mm, addr, ptep);
	pte = ptep_get(ptep);
	set_pte(ptep, __pte(0));
	return pte;
}

static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	__atomic_fetch_and(&ptep->pte, ~_PAGE_RW, __ATOMIC_SEQ_CST);
}

static inline int ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	if (!pte_young(ptep_get(ptep)))
		return 0;
	return (__atomic_fetch_and(&ptep->pte, ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST) & _PAGE_ACCESSED) != 0;
}

/* Clearing the accessed bit without a flush costs a late answer at most; so none. */
#define ptep_clear_flush_young(vma, addr, ptep)	ptep_test_and_clear_young(vma, addr, ptep)

/*
 * Widen the permissions of a present entry after a fault (young, dirty, writable): true if it changed.
 * No flush is needed: a CPU that still has the narrower one faults and finds this.
 */
static inline int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
					pte_t entry, int dirty)
{
	int changed = !pte_same(ptep_get(ptep), entry);

	if (changed && dirty)
		set_pte(ptep, entry);
	return changed;
}

/* Change of a present entry in two steps; between them the hardware finds none. => ptl held */
#define ptep_modify_prot_start(vma, addr, ptep)	ptep_get_and_clear((vma)->vm_mm, addr, ptep)
#define ptep_modify_prot_commit(vma, addr, ptep, oldpte, newpte) set_pte_at((vma)->vm_mm, addr, ptep, newpte)

/* ---- pmd ---- */
static inline int pmd_none(pmd_t pmd) { return pmd_val(pmd) == 0; }
static inline int pmd_present(pmd_t pmd)
{
	return (pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)) != 0;
}
static inline int pmd_leaf(pmd_t pmd) { return (pmd_val(pmd) & _PAGE_PSE) != 0; }
static inline int pmd_same(pmd_t a, pmd_t b) { return pmd_val(a) == pmd_val(b); }
static inline unsigned long pmd_pfn(pmd_t pmd)
{
	unsigned long mask = pmd_leaf(pmd) ? PHYSICAL_PMD_PAGE_MASK : PTE_PFN_MASK;

	return (pmd_val(pmd) & mask) >> PAGE_SHIFT;
}
static inline unsigned long pmd_page_vaddr(pmd_t pmd)
{
	return (pmd_val(pmd) & PTE_PFN_MASK) + PAGE_OFFSET;
}
#define pmd_page(pmd)		pfn_to_page(pmd_pfn(pmd))
#define SEAM_PMD_SET(name, bits) static inline pmd_t pmd_##name(pmd_t pmd) { return __pmd(pmd_val(pmd) | (bits)); }
#define SEAM_PMD_CLEAR(name, bits) static inline pmd_t pmd_##name(pmd_t pmd) { return __pmd(pmd_val(pmd) & ~(bits)); }
SEAM_PMD_SET(mkhuge, _PAGE_PSE)
SEAM_PMD_SET(mkdirty, _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
SEAM_PMD_SET(mkwrite, _PAGE_RW)
SEAM_PMD_SET(mkyoung, _PAGE_ACCESSED)
SEAM_PMD_CLEAR(wrprotect, _PAGE_RW)
SEAM_PMD_CLEAR(mkold, _PAGE_ACCESSED)
SEAM_PMD_CLEAR(mkclean, _PAGE_DIRTY)
static inline void set_pmd(pmd_t *pmdp, pmd_t pmd) { WRITE_ONCE(pmdp->pmd, pmd.pmd); }
static inline pmd_t pmdp_get(pmd_t *pmdp) { return __pmd(READ_ONCE(pmdp->pmd)); }
static inline void pmd_clear(pmd_t *pmdp) { set_pmd(pmdp, __pmd(0)); }

/* A page of 2 MiB of the kernel, from frame @pfn (aligned) on; @prot as for a pte. And none any more. */
static inline void pmd_set_huge(pmd_t *pmd, unsigned long addr, unsigned long pfn, pgprot_t prot)
{
	pgprotval_t large = (pgprot_val(prot) & ~_PAGE_PAT) | _PAGE_PSE;

	set_pmd(pmd, __pmd((pfn << PAGE_SHIFT) | large | (pgprot_val(prot) & _PAGE_PAT ? _PAGE_PAT_LARGE : 0)));
}
static inline void pmd_clear_huge(pmd_t *pmd, unsigned long addr) { pmd_clear(pmd); }

/* ---- pud, pgd ---- */
static inline int pud_none(pud_t pud) { return pud_val(pud) == 0; }
static inline int pud_present(pud_t pud) { return (pud_val(pud) & _PAGE_PRESENT) != 0; }
static inline int pud_leaf(pud_t pud)
{
	return (pud_val(pud) & (_PAGE_PSE | _PAGE_PRESENT)) == (_PAGE_PSE | _PAGE_PRESENT);
}
static inline unsigned long pud_pfn(pud_t pud)
{
	unsigned long mask = pud_leaf(pud) ? PHYSICAL_PUD_PAGE_MASK : PTE_PFN_MASK;

	return (pud_val(pud) & mask) >> PAGE_SHIFT;
}
static inline pmd_t *pud_pgtable(pud_t pud) { return (pmd_t *)((pud_val(pud) & PTE_PFN_MASK) + PAGE_OFFSET); }
#define pud_page(pud)		pfn_to_page(pud_pfn(pud))
static inline void set_pud(pud_t *pudp, pud_t pud) { WRITE_ONCE(pudp->pud, pud.pud); }
static inline pud_t pudp_get(pud_t *pudp) { return __pud(READ_ONCE(pudp->pud)); }
static inline void pud_clear(pud_t *pudp) { set_pud(pudp, __pud(0)); }

static inline int pgd_none(pgd_t pgd) { return pgd_val(pgd) == 0; }
static inline int pgd_present(pgd_t pgd) { return (pgd_val(pgd) & _PAGE_PRESENT) != 0; }
static inline unsigned long pgd_pfn(pgd_t pgd) { return (pgd_val(pgd) & PTE_PFN_MASK) >> PAGE_SHIFT; }
static inline pud_t *pgd_pgtable(pgd_t pgd) { return (pud_t *)((pgd_val(pgd) & PTE_PFN_MASK) + PAGE_OFFSET); }
#define pgd_page(pgd)		pfn_to_page(pgd_pfn(pgd))
static inline void set_pgd(pgd_t *pgdp, pgd_t pgd) { WRITE_ONCE(pgdp->pgd, pgd.pgd); }
static inline pgd_t pgdp_get(pgd_t *pgdp) { return __pgd(READ_ONCE(pgdp->pgd)); }
static inline void pgd_clear(pgd_t *pgdp) { set_pgd(pgdp, __pgd(0)); }

/* ---- walking ---- */
#define pgd_index(a)	(((a) >> PGDIR_SHIFT) & (PTRS_PER_PGD - 1))
#define pud_index(a)	(((a) >> PUD_SHIFT) & (PTRS_PER_PUD - 1))
#define pmd_index(a)	(((a) >> PMD_SHIFT) & (PTRS_PER_PMD - 1))
#define pte_index(a)	(((a) >> PAGE_SHIFT) & (PTRS_PER_PTE - 1))

/* The kernel's own top level; every pgd shares its upper half, whose entries are all made at boot. */
extern pgd_t swapper_pg_dir[PTRS_PER_PGD];

#define pgd_offset_pgd(pgd, addr)	((pgd) + pgd_index(addr))
#define pgd_offset(mm, addr)		pgd_offset_pgd((mm)->pgd, addr)
#define pgd_offset_k(addr)		pgd_offset_pgd(swapper_pg_dir, addr)
/* Of an entry that is there: others may only have set it, so the load needs no care (data_race). */
static inline pud_t *pud_offset(pgd_t *pgd, unsigned long addr)
{
	return pgd_pgtable(data_race(*pgd)) + pud_index(addr);
}
static inline pmd_t *pmd_offset(pud_t *pud, unsigned long addr)
{
	return pud_pgtable(data_race(*pud)) + pmd_index(addr);
}
static inline pte_t *pte_offset_kernel(pmd_t *pmd, unsigned long addr)
{
	return (pte_t *)pmd_page_vaddr(data_race(*pmd)) + pte_index(addr);
}

/* End of the part of [addr, end) that one entry of the level covers; safe at the top of the space. */
#define __addr_end(addr, end, size, mask) ({			\
	unsigned long __b = ((addr) + (size)) & (mask);		\
	__b - 1 < (end) - 1 ? __b : (end); })
#define pgd_addr_end(addr, end)	__addr_end(addr, end, PGDIR_SIZE, PGDIR_MASK)
#define pud_addr_end(addr, end)	__addr_end(addr, end, PUD_SIZE, PUD_MASK)
#define pmd_addr_end(addr, end)	__addr_end(addr, end, PMD_SIZE, PMD_MASK)

/* ---- linking a lower table into an upper one ---- */
static inline void pgd_populate(struct mm_struct *mm, pgd_t *pgd, pud_t *pud)
{
	set_pgd(pgd, __pgd(_PAGE_TABLE | __pa_direct(pud)));
}
static inline void pud_populate(struct mm_struct *mm, pud_t *pud, pmd_t *pmd)
{
	set_pud(pud, __pud(_PAGE_TABLE | __pa_direct(pmd)));
}
static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmd, pte_t *pte)
{
	set_pmd(pmd, __pmd(_PAGE_TABLE | __pa_direct(pte)));
}
#define pmd_populate(mm, pmd, ptepage) \
	set_pmd(pmd, __pmd(_PAGE_TABLE | (page_to_pfn(ptepage) << PAGE_SHIFT)))

/* ---- swap entries ---- */
#define SWP_TYPE_BITS		5
#define SWP_OFFSET_FIRST_BIT	9
#define SWP_OFFSET_SHIFT	(SWP_OFFSET_FIRST_BIT + SWP_TYPE_BITS)

static inline unsigned long __swp_type(swp_entry_t e) { return e.val >> (64 - SWP_TYPE_BITS); }
static inline unsigned long __swp_offset(swp_entry_t e) { return ~e.val << SWP_TYPE_BITS >> SWP_OFFSET_SHIFT; }
static inline swp_entry_t __swp_entry(unsigned long type, unsigned long offset)
{
	return (swp_entry_t){ (~offset << SWP_OFFSET_SHIFT >> SWP_TYPE_BITS) | (type << (64 - SWP_TYPE_BITS)) };
}
static inline swp_entry_t __pte_to_swp_entry(pte_t pte) { return (swp_entry_t){ pte_val(pte) }; }
static inline pte_t __swp_entry_to_pte(swp_entry_t e) { return __pte(e.val); }
static inline int pte_swp_exclusive(pte_t pte) { return (pte_val(pte) & _PAGE_SWP_EXCLUSIVE) != 0; }
SEAM_PTE_SET(swp_mkexclusive, _PAGE_SWP_EXCLUSIVE)
SEAM_PTE_CLEAR(swp_clear_exclusive, _PAGE_SWP_EXCLUSIVE)
SEAM_PTE_SET(swp_mksoft_dirty, _PAGE_SWP_SOFT_DIRTY)
SEAM_PTE_CLEAR(swp_clear_soft_dirty, _PAGE_SWP_SOFT_DIRTY)
SEAM_PTE_SET(swp_mkuffd_wp, _PAGE_SWP_UFFD_WP)
SEAM_PTE_CLEAR(swp_clear_uffd_wp, _PAGE_SWP_UFFD_WP)
static inline int pte_swp_soft_dirty(pte_t pte) { return (pte_val(pte) & _PAGE_SWP_SOFT_DIRTY) != 0; }
static inline int pte_swp_uffd_wp(pte_t pte) { return (pte_val(pte) & _PAGE_SWP_UFFD_WP) != 0; }

/*
 * Map the memmap of [start, end) (virtual addresses inside vmemmap) with memory of @node, as sparse_init
 * asks. 0 or -ENOMEM. Before mm_core_init from memblock, afterwards from the page allocator.
 */
int vmemmap_populate(unsigned long start, unsigned long end, int node);
/*
 * Put @nr pages of the direct map at @start in or out (debug_pagealloc, which makes that map of small pages alone).
 * Flushes this CPU's TLB. Any context.
 */
void kernel_map_pages(void *start, unsigned int nr, bool map);

#endif
