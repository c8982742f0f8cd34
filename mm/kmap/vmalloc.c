// SPDX-License-Identifier: MIT
/*
 * Kernel memory that is contiguous in virtual addresses only: vmalloc, vmap, ioremap.
 *
 * The range [VMALLOC_START, VMALLOC_END) is kept in two red-black trees of struct vmap_area:
 *
 *	busy	by address: areas handed out, each with its vm_struct and a guard page at its end
 *	free	by address, augmented with the largest size below each node: first fit is one walk down
 *
 * An area that is given back is unmapped (page-table entries cleared) at once, but its addresses are not
 * reused until the TLBs were flushed: it goes onto the lazy list, and when that holds more than
 * lazy_max pages, or addresses run out, one flush serves them all (vm_unmap_aliases).
 *
 *	allocated --vfree--> lazy --flush--> free (merged with its neighbours)
 *
 * Large pages: an area of VM_ALLOW_HUGE_VMAP begins at a multiple of 2 MiB, and as long as the page allocator has blocks
 * of 2 MiB its pages are taken as such, then split: each page is one of its own when it is freed. What is contiguous and
 * aligned is mapped by one entry; the rest, and all of it under nohugevmalloc, by pages. So are device registers (ioremap,
 * unless nohugeiomap). A table that small mappings have left behind at such a place is empty then, and given back.
 *
 * Kernel page tables: every pgd entry of this range is made at boot (all address spaces share them), so
 * that a new mapping never has to be copied anywhere; lower tables are made here and given back for large pages only.
 * nr_page_table_pages counts them, so it grows with the stretch of addresses that was ever in use: a table per
 * 64 stacks, as long as the addresses of dead stacks wait on the lazy list (8 MiB: 4 tables). Fork and exit
 * in a loop add some tables, then the number stands (33 to 39 over 2,500 processes on 4 CPUs).
 *
 * Invariants (vmalloc_check): busy + lazy + free areas are disjoint and cover the range; each node's
 * subtree_max is right; vmalloc_pages = sum of nr_pages of VM_ALLOC areas.
 * Device memory: frames that several areas map have one memory type (UC, WC, WT, WB), which stands in the areas; RAM has
 * the direct map's. Linux keeps a tree of types apart (arch/x86/mm/pat/memtype.c); here the areas are looked through.
 * Locks: vmap_lock (trees, lists; not from interrupts), kernel_table_mutex for making and giving back lower tables,
 * ioremap_mutex from the look at the types to the new area.
 * Failure: NULL with nothing left mapped. Linux 6.1: mm/vmalloc.c (per-CPU blocks left out).
 * Observe: /proc/vmallocinfo, meminfo VmallocUsed.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/bug.h>
#include <base/list.h>
#include <base/math.h>
#include <base/rbtree.h>
#include <base/string.h>
#include <sync/mutex.h>
#include <sync/preempt.h>
#include <sync/spinlock.h>
#include <sync/workqueue.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <seam/io.h>
#include <seam/set_memory.h>
#include <seam/tlbflush.h>
#include <mm/memblock.h>
#include <mm/page_flags.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include "kmap_internal.h"

LIST_HEAD(vmap_spares); /* descriptors to be freed outside the lock */
static struct rb_root busy_root, free_root;
static LIST_HEAD(lazy_list);
static unsigned long lazy_pages;
static unsigned long used_bytes; /* of addresses, in busy and lazy areas */
static atomic_long_t vmalloc_pages;
static DEFINE_SPINLOCK(vmap_lock, LOCK_VMAP_AREA);
static DEFINE_MUTEX(kernel_table_mutex, LOCK_KERNEL_TABLES);
static DEFINE_MUTEX(ioremap_mutex, LOCK_IOREMAP);
static DEFINE_MUTEX(purge_mutex, LOCK_VMAP_PURGE);
static struct kmem_cache *vmap_area_cache;

#define LAZY_MAX_PAGES (8UL << (20 - PAGE_SHIFT))
#define PAGES_PER_PMD  (PMD_SIZE >> PAGE_SHIFT)

static bool huge_vmalloc __read_mostly = true, huge_iomap __read_mostly = true;

static int __init setup_nohugevmalloc(char *arg)
{
	huge_vmalloc = false;
	return 0;
}
early_param("nohugevmalloc", setup_nohugevmalloc);

static int __init setup_nohugeiomap(char *arg)
{
	huge_iomap = false;
	return 0;
}
early_param("nohugeiomap", setup_nohugeiomap);

static unsigned long area_size(const struct vmap_area *va)
{
	return va->end - va->start;
}

/* ---- page tables ---- */

static void vunmap_range(unsigned long addr, unsigned long end);

void kernel_tables_lock(void)
{
	mutex_lock(&kernel_table_mutex);
}

void kernel_tables_unlock(void)
{
	mutex_unlock(&kernel_table_mutex);
}

/* A table of the kernel, counted. */
static void *kernel_table(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (!page)
		return NULL;
	__SetPageTable(page);
	mod_node_page_state(page_pgdat(page), NR_PAGETABLE, 1);
	return page_address(page);
}

/* The pmd of kernel address @addr, making tables on the way; NULL when out of memory. */
static pmd_t *kernel_pmd_alloc(unsigned long addr)
{
	pgd_t *pgd = pgd_offset_k(addr);
	pud_t *pud;
	void *table;

	if (unlikely(pgd_none(pgdp_get(pgd)))) {
		table = kernel_table();
		if (!table)
			return NULL;
		pgd_populate(&init_mm, pgd, table);
	}
	pud = pud_offset(pgd, addr);
	if (unlikely(pud_none(pudp_get(pud)))) {
		table = kernel_table();
		if (!table)
			return NULL;
		pud_populate(&init_mm, pud, table);
	}
	return pmd_offset(pud, addr);
}

/* The pte of kernel address @addr, likewise. */
static pte_t *kernel_pte_alloc(unsigned long addr)
{
	pmd_t *pmd = kernel_pmd_alloc(addr);
	void *table;

	if (!pmd)
		return NULL;
	if (unlikely(pmd_none(pmdp_get(pmd)))) {
		table = kernel_table();
		if (!table)
			return NULL;
		pmd_populate_kernel(&init_mm, pmd, table);
	}
	return pte_offset_kernel(pmd, addr);
}

/* The pmd of @addr, or NULL when there is no table; *@next is where the next entry, or table of them, begins. */
static pmd_t *kernel_pmd_find(unsigned long addr, unsigned long *next)
{
	pgd_t *pgd = pgd_offset_k(addr);
	pud_t *pud;

	*next = (addr & PGDIR_MASK) + PGDIR_SIZE;
	if (pgd_none(pgdp_get(pgd)))
		return NULL;
	pud = pud_offset(pgd, addr);
	*next = (addr & PUD_MASK) + PUD_SIZE;
	if (pud_none(pudp_get(pud)) || pud_leaf(pudp_get(pud)))
		return NULL;
	*next = (addr & PMD_MASK) + PMD_SIZE;
	return pmd_offset(pud, addr);
}

/* What is to be mapped from @addr on: @pages one after the other, or frames from @phys on when it is NULL. */
struct mapping {
	unsigned long addr, end;
	pgprot_t prot;
	struct page **pages;
	phys_addr_t phys;
	bool huge; /* 2 MiB at a time, where it fits */
};

static unsigned long next_pfn(const struct mapping *m)
{
	return m->pages ? page_to_pfn(*m->pages) : m->phys >> PAGE_SHIFT;
}

static void advance(struct mapping *m, unsigned long bytes)
{
	m->addr += bytes;
	m->phys += bytes;
	if (m->pages)
		m->pages += bytes >> PAGE_SHIFT;
}

/* Are the next 2 MiB contiguous, and aligned in both worlds? */
static bool huge_fits(const struct mapping *m)
{
	if (!m->huge || (m->addr & ~PMD_MASK) || m->end - m->addr < PMD_SIZE ||
	    next_pfn(m) % PAGES_PER_PMD)
		return false;
	for (unsigned int i = 1; m->pages && i < PAGES_PER_PMD; i++)
		if (m->pages[i] != m->pages[0] + i)
			return false;
	return true;
}

/* Give the table in @pmd back, which maps nothing: its 2 MiB belong to the caller. */
static void free_empty_table(pmd_t *pmd, unsigned long addr)
{
	struct page *table = pmd_page(pmdp_get(pmd));

	pmd_clear(pmd);
	flush_tlb_kernel_range(
		addr, addr + PAGE_SIZE); /* what the CPUs remember of upper levels goes too */
	mod_node_page_state(page_pgdat(table), NR_PAGETABLE, -1);
	__ClearPageTable(table);
	__free_page(table);
}

static int map_huge(struct mapping *m)
{
	pmd_t *pmd = kernel_pmd_alloc(m->addr);

	if (!pmd)
		return -ENOMEM;
	if (!pmd_none(pmdp_get(pmd))) {
		if (WARN_ON(pmd_leaf(pmdp_get(pmd))))
			return -EBUSY;
		free_empty_table(pmd, m->addr);
	}
	pmd_set_huge(pmd, m->addr, next_pfn(m), m->prot);
	advance(m, PMD_SIZE);
	return 0;
}

/* Up to the end of this table. */
static int map_small(struct mapping *m)
{
	pte_t *pte = kernel_pte_alloc(m->addr);

	if (!pte)
		return -ENOMEM;
	do {
		if (WARN_ON(!pte_none(ptep_get(pte))))
			return -EBUSY;
		set_pte_at(&init_mm, m->addr, pte++, pfn_pte(next_pfn(m), m->prot));
		advance(m, PAGE_SIZE);
	} while (m->addr < m->end && (m->addr & ~PMD_MASK));
	return 0;
}

static int map_range(struct mapping *m)
{
	unsigned long start = m->addr;
	int err = 0;

	mutex_lock(&kernel_table_mutex);
	while (m->addr < m->end && !err)
		err = huge_fits(m) ? map_huge(m) : map_small(m);
	mutex_unlock(&kernel_table_mutex);
	if (err)
		vunmap_range(start, m->addr);
	return err;
}

static int vmap_pages_range(unsigned long addr, unsigned long bytes, pgprot_t prot,
			    struct page **pages, bool huge)
{
	struct mapping m = { addr, addr + bytes, prot, .pages = pages, .huge = huge };

	return map_range(&m);
}

static int vmap_range(unsigned long addr, unsigned long bytes, phys_addr_t phys, pgprot_t prot)
{
	struct mapping m = { addr, addr + bytes, prot, .phys = phys, .huge = huge_iomap };

	return map_range(&m);
}

static void vunmap_ptes(pmd_t *pmd, unsigned long addr, unsigned long end)
{
	for (pte_t *pte = pte_offset_kernel(pmd, addr); addr < end; addr += PAGE_SIZE, pte++)
		pte_clear(&init_mm, addr, pte);
}

static void vunmap_range(unsigned long addr, unsigned long end)
{
	for (unsigned long next; addr < end; addr = next) {
		pmd_t *pmd = kernel_pmd_find(addr, &next);

		next = min(next, end);
		if (!pmd || pmd_none(pmdp_get(pmd)))
			continue;
		if (pmd_leaf(pmdp_get(pmd)))
			pmd_clear_huge(pmd, addr);
		else
			vunmap_ptes(pmd, addr, next);
	}
}

unsigned long vmalloc_to_pfn(const void *x)
{
	unsigned long addr = (unsigned long)x, next;
	pmd_t *pmd = kernel_pmd_find(addr, &next);
	pmd_t upper = pmd ? pmdp_get(pmd) : __pmd(0);
	pte_t entry;

	if (pmd_none(upper))
		return 0;
	if (pmd_leaf(upper))
		return pmd_pfn(upper) + pte_index(addr);
	entry = ptep_get(pte_offset_kernel(pmd, addr));
	return pte_present(entry) ? pte_pfn(entry) : 0;
}

bool vmalloc_is_huge(const void *addr)
{
	unsigned long next;
	pmd_t *pmd = kernel_pmd_find((unsigned long)addr, &next);

	return pmd && pmd_leaf(pmdp_get(pmd));
}

struct page *vmalloc_to_page(const void *addr)
{
	unsigned long pfn = vmalloc_to_pfn(addr);

	return pfn && pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
}

bool is_vmalloc_addr(const void *x)
{
	unsigned long addr = (unsigned long)x;

	return addr >= VMALLOC_START && addr < VMALLOC_END;
}

/* ---- addresses. All => vmap_lock held ---- */

RB_DECLARE_CALLBACKS_MAX(static, free_augment, struct vmap_area, node, unsigned long, subtree_max,
			 area_size);

static void insert_busy(struct vmap_area *va)
{
	struct rb_node **link = &busy_root.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = va->start < rb_entry(parent, struct vmap_area, node)->start
			       ? &parent->rb_left
			       : &parent->rb_right;
	}
	rb_link_node(&va->node, parent, link);
	rb_insert_color(&va->node, &busy_root);
}

static void insert_free(struct vmap_area *va)
{
	struct rb_node **link = &free_root.rb_node, *parent = NULL;

	va->subtree_max = area_size(va);
	while (*link) {
		struct vmap_area *at;

		parent = *link;
		at = rb_entry(parent, struct vmap_area, node);
		at->subtree_max = max(at->subtree_max, va->subtree_max);
		link = va->start < at->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&va->node, parent, link);
	rb_insert_augmented(&va->node, &free_root, &free_augment);
}

static void erase_free(struct vmap_area *va)
{
	rb_erase_augmented(&va->node, &free_root, &free_augment);
}

static unsigned long subtree_max(struct rb_node *node)
{
	return node ? rb_entry(node, struct vmap_area, node)->subtree_max : 0;
}

/* Lowest free area that can hold @size bytes at @align. */
static struct vmap_area *first_fit(unsigned long size, unsigned long align)
{
	unsigned long need = size + (align > PAGE_SIZE ? align - PAGE_SIZE : 0);
	struct rb_node *node = free_root.rb_node;

	if (subtree_max(node) < need)
		return NULL;
	for (;;) {
		struct vmap_area *va = rb_entry(node, struct vmap_area, node);

		if (subtree_max(node->rb_left) >= need)
			node = node->rb_left;
		else if (area_size(va) >= need)
			return va;
		else
			node = node->rb_right;
	}
}

/* Cut [start, start + size) out of the free area @va; @spare is used when two parts remain. True if used. */
static bool cut(struct vmap_area *va, unsigned long start, unsigned long size,
		struct vmap_area *spare)
{
	unsigned long end = va->end;
	bool left = start > va->start, right = start + size < end;

	erase_free(va);
	if (left && right) {
		va->end = start;
		insert_free(va);
		spare->start = start + size;
		spare->end = end;
		insert_free(spare);
		return true;
	}
	if (left) {
		va->end = start;
		insert_free(va);
	} else if (right) {
		va->start = start + size;
		insert_free(va);
	} else {
		/* Exactly fitting: the descriptor itself is superfluous. */
		list_add(&va->list, &vmap_spares);
	}
	return false;
}

static void free_spares(void)
{
	LIST_HEAD(out);
	struct vmap_area *va, *next;

	spin_lock(&vmap_lock);
	list_splice_init(&vmap_spares, &out);
	spin_unlock(&vmap_lock);
	list_for_each_entry_safe (va, next, &out, list)
		kmem_cache_free(vmap_area_cache, va);
}

/* Back to the free tree, merged with the neighbours. */
static void merge_free(struct vmap_area *va)
{
	struct rb_node *node = free_root.rb_node;
	struct vmap_area *before = NULL, *after = NULL;

	while (node) {
		struct vmap_area *at = rb_entry(node, struct vmap_area, node);

		if (at->start >= va->end) {
			if (at->start == va->end)
				after = at;
			node = node->rb_left;
		} else {
			if (at->end == va->start)
				before = at;
			node = node->rb_right;
		}
	}
	if (before) {
		erase_free(before);
		va->start = before->start;
		list_add(&before->list, &vmap_spares);
	}
	if (after) {
		erase_free(after);
		va->end = after->end;
		list_add(&after->list, &vmap_spares);
	}
	insert_free(va);
}

/* Flush the TLBs once for all lazy areas and make their addresses free. */
static void purge_lazy(void)
{
	unsigned long start = ~0UL, end = 0;
	struct vmap_area *va, *next;
	LIST_HEAD(areas);

	mutex_lock(&purge_mutex);
	spin_lock(&vmap_lock);
	list_splice_init(&lazy_list, &areas);
	lazy_pages = 0;
	spin_unlock(&vmap_lock);
	list_for_each_entry (va, &areas, list) {
		start = min(start, va->start);
		end = max(end, va->end);
	}
	if (end) {
		flush_tlb_kernel_range(start, end);
		spin_lock(&vmap_lock);
		list_for_each_entry_safe (va, next, &areas, list) {
			used_bytes -= area_size(va);
			merge_free(va);
		}
		spin_unlock(&vmap_lock);
	}
	mutex_unlock(&purge_mutex);
	free_spares();
}

static bool try_take(struct vmap_area *va, struct vmap_area **spare, unsigned long size,
		     unsigned long align)
{
	struct vmap_area *from;

	spin_lock(&vmap_lock);
	from = first_fit(size, align);
	if (from) {
		va->start = ALIGN(from->start, align);
		va->end = va->start + size;
		if (cut(from, va->start, size, *spare))
			*spare = NULL;
		insert_busy(va);
		used_bytes += size;
	}
	spin_unlock(&vmap_lock);
	return from != NULL;
}

/* Addresses for @size bytes, guard page included. */
static struct vmap_area *alloc_area(unsigned long size, unsigned long align, unsigned long flags,
				    gfp_t gfp, const void *caller)
{
	struct vmap_area *va = kmem_cache_zalloc(vmap_area_cache, gfp & GFP_RECLAIM_MASK);
	struct vmap_area *spare = kmem_cache_alloc(vmap_area_cache, gfp & GFP_RECLAIM_MASK);
	bool got = false;

	if (va && spare) {
		va->vm.flags = flags;
		va->vm.size = size;
		va->vm.caller = caller;
		got = try_take(va, &spare, size, align);
		if (!got) {
			purge_lazy();
			got = try_take(va, &spare, size, align);
		}
		va->vm.addr = (void *)va->start;
	}
	if (spare)
		kmem_cache_free(vmap_area_cache, spare);
	if (!got && va) {
		kmem_cache_free(vmap_area_cache, va);
		va = NULL;
	}
	free_spares();
	return va;
}

static struct vmap_area *find_busy(unsigned long addr)
{
	struct rb_node *node = busy_root.rb_node;

	while (node) {
		struct vmap_area *va = rb_entry(node, struct vmap_area, node);

		if (addr < va->start)
			node = node->rb_left;
		else if (addr >= va->end)
			node = node->rb_right;
		else
			return va;
	}
	return NULL;
}

struct vm_struct *find_vm_area(const void *addr)
{
	struct vmap_area *va;

	spin_lock(&vmap_lock);
	va = find_busy((unsigned long)addr);
	spin_unlock(&vmap_lock);
	return va ? &va->vm : NULL;
}

/* Unmap the area that begins at @addr; its vm_struct in *@vm. False: there is none. */
static bool remove_area(const void *addr, struct vm_struct *vm)
{
	struct vmap_area *va;
	bool purge;

	spin_lock(&vmap_lock);
	va = find_busy((unsigned long)addr);
	if (!va || va->vm.addr != addr) {
		spin_unlock(&vmap_lock);
		return false;
	}
	rb_erase(&va->node, &busy_root);
	spin_unlock(&vmap_lock);

	*vm = va->vm;
	vunmap_range(va->start, va->end);

	spin_lock(&vmap_lock);
	list_add_tail(&va->list, &lazy_list);
	lazy_pages += area_size(va) >> PAGE_SHIFT;
	purge = lazy_pages > LAZY_MAX_PAGES;
	spin_unlock(&vmap_lock);
	if (purge)
		purge_lazy();
	return true;
}

/* ---- vmalloc ---- */

static void free_area_pages(struct vm_struct *vm)
{
	for (unsigned int i = 0; i < vm->nr_pages; i++) {
		__ClearPageVmalloc(vm->pages[i]);
		__free_page(vm->pages[i]);
	}
	atomic_long_sub(vm->nr_pages, &vmalloc_pages);
	kvfree(vm->pages);
	vm->pages = NULL;
	vm->nr_pages = 0;
}

static void add_page(struct vm_struct *vm, struct page *page)
{
	__SetPageVmalloc(page);
	vm->pages[vm->nr_pages++] = page;
	atomic_long_inc(&vmalloc_pages);
}

/* Pages of as many blocks of 2 MiB as fit and are there without effort. */
static void add_huge_blocks(struct vm_struct *vm, unsigned int nr, gfp_t gfp, int node)
{
	gfp = (gfp & ~(__GFP_COMP | __GFP_NOFAIL)) | __GFP_NOWARN | __GFP_NORETRY;
	while (nr - vm->nr_pages >= PAGES_PER_PMD) {
		struct page *block = alloc_pages_node(node, gfp, PMD_SHIFT - PAGE_SHIFT);

		if (!block)
			return;
		split_page(block, PMD_SHIFT - PAGE_SHIFT);
		for (unsigned int i = 0; i < PAGES_PER_PMD; i++)
			add_page(vm, block + i);
		cond_resched();
	}
}

/* The page array of an area, filled. 0 or -ENOMEM with nothing left. */
static int alloc_area_pages(struct vm_struct *vm, unsigned int nr, gfp_t gfp, int node)
{
	vm->pages = kvmalloc_node(nr * sizeof(struct page *), (gfp & GFP_RECLAIM_MASK) | __GFP_ZERO,
				  node);
	if (!vm->pages)
		return -ENOMEM;
	if (vm->flags & VM_ALLOW_HUGE_VMAP)
		add_huge_blocks(vm, nr, gfp, node);
	while (vm->nr_pages < nr) {
		struct page *page = alloc_pages_node(node, gfp & ~__GFP_COMP, 0);

		if (!page) {
			free_area_pages(vm);
			return -ENOMEM;
		}
		add_page(vm, page);
		cond_resched();
	}
	return 0;
}

void *__vmalloc_area(unsigned long size, unsigned long align, unsigned long flags, gfp_t gfp,
		     int node, const void *caller)
{
	unsigned long bytes = PAGE_ALIGN(size);
	struct vmap_area *va;
	struct vm_struct gone;

	if (!size || bytes < size || bytes >> PAGE_SHIFT > totalram_pages()) {
		if (!(gfp & __GFP_NOWARN))
			pr_warn("vmalloc error: size %lu, exceeds total pages\n", size);
		return NULL;
	}
	if (bytes < PMD_SIZE || !huge_vmalloc)
		flags &= ~VM_ALLOW_HUGE_VMAP;
	align = max(align, flags & VM_ALLOW_HUGE_VMAP ? PMD_SIZE : PAGE_SIZE);
	va = alloc_area(bytes + PAGE_SIZE, align, flags, gfp, caller);
	if (!va)
		return NULL;
	if (alloc_area_pages(&va->vm, bytes >> PAGE_SHIFT, gfp, node)) {
		remove_area(va->vm.addr, &gone);
		return NULL;
	}
	if (vmap_pages_range(va->start, bytes, PAGE_KERNEL, va->vm.pages,
			     flags & VM_ALLOW_HUGE_VMAP)) {
		free_area_pages(&va->vm);
		remove_area(va->vm.addr, &gone);
		return NULL;
	}
	return va->vm.addr;
}

void *__vmalloc_huge_node(unsigned long size, gfp_t gfp, int node, const void *caller)
{
	return __vmalloc_area(size, 1, VM_ALLOC | VM_ALLOW_HUGE_VMAP, gfp, node, caller);
}

void *vmalloc_huge(unsigned long size, gfp_t gfp)
{
	return __vmalloc_huge_node(size, gfp, NUMA_NO_NODE, __builtin_return_address(0));
}

#define VMALLOC_CALL(size, gfp, node)                                                              \
	__vmalloc_area(size, 1, VM_ALLOC, gfp, node, __builtin_return_address(0))

void *__vmalloc(unsigned long size, gfp_t gfp)
{
	return VMALLOC_CALL(size, gfp, NUMA_NO_NODE);
}
void *vmalloc(unsigned long size)
{
	return VMALLOC_CALL(size, GFP_KERNEL, NUMA_NO_NODE);
}
void *vzalloc(unsigned long size)
{
	return VMALLOC_CALL(size, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE);
}

void *vmalloc_user(unsigned long size)
{
	return __vmalloc_area(size, PAGE_SIZE, VM_ALLOC | VM_USERMAP, GFP_KERNEL | __GFP_ZERO,
			      NUMA_NO_NODE, __builtin_return_address(0));
}

void set_vm_flush_reset_perms(void *addr)
{
	struct vm_struct *vm = find_vm_area(addr);

	if (vm)
		vm->flags |= VM_FLUSH_RESET_PERMS;
}

/*
 * The pages of an unmapped area are about to be anybody's: no CPU may go on with the rights that the area had, and
 * the direct map has them again.
 */
static void reset_perms(const struct vm_struct *vm)
{
	purge_lazy();
	for (unsigned int i = 0; i < vm->nr_pages; i++)
		if (!kernel_page_present(vm->pages[i]))
			set_direct_map_default_noflush(
				vm->pages[i]); /* its table is split already */
}

void vfree(const void *addr)
{
	struct vm_struct vm;

	if (!addr)
		return;
	might_sleep();
	if (WARN(!remove_area(addr, &vm), "Trying to vfree() nonexistent vm area (%p)\n", addr))
		return;
	if (vm.flags & VM_FLUSH_RESET_PERMS)
		reset_perms(&vm);
	free_area_pages(&vm);
	if (vm.flags & VM_STACK_AREA)
		thread_stack_freed();
}

/* ---- from interrupts: by a work item; the list is kept in the memory that goes ---- */

static void *deferred;

static void free_deferred(void)
{
	void *list = xchg(&deferred, NULL);

	while (list) {
		void *next = *(void **)list;

		vfree(list);
		list = next;
	}
}

static void vfree_deferred(struct work_struct *work)
{
	free_deferred();
}
static DECLARE_WORK(deferred_work, vfree_deferred);

void vfree_atomic(const void *addr)
{
	void *head = READ_ONCE(deferred);

	if (!addr)
		return;
	do
		*(void **)addr = head;
	while (!try_cmpxchg(&deferred, &head, (void *)addr));
	schedule_work(&deferred_work);
}

/* => may sleep */
void vm_unmap_aliases(void)
{
	free_deferred();
	purge_lazy(); /* in any case: it waits for who has just taken the list and has not flushed yet */
}

/* ---- vmap ---- */

void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprot_t prot)
{
	unsigned long bytes = (unsigned long)count << PAGE_SHIFT;
	struct vmap_area *va;
	struct vm_struct gone;

	if (!count || count > totalram_pages())
		return NULL;
	va = alloc_area(bytes + PAGE_SIZE, PAGE_SIZE, flags | VM_MAP, GFP_KERNEL,
			__builtin_return_address(0));
	if (!va)
		return NULL;
	if (vmap_pages_range(va->start, bytes, prot, pages, false)) {
		remove_area(va->vm.addr, &gone);
		return NULL;
	}
	return va->vm.addr;
}

void vunmap(const void *addr)
{
	struct vm_struct vm;

	if (addr)
		WARN(!remove_area(addr, &vm), "Trying to vunmap() nonexistent vm area (%p)\n",
		     addr);
}

/* ---- device memory ---- */

/* Does an area map some of these frames with another type? => ioremap_mutex held */
static bool type_conflicts(phys_addr_t first, unsigned long bytes, enum page_cache_mode mode)
{
	bool found = false;

	spin_lock(&vmap_lock);
	for (struct rb_node *node = rb_first(&busy_root); node && !found; node = rb_next(node)) {
		const struct vm_struct *vm = &rb_entry(node, struct vmap_area, node)->vm;

		found = (vm->flags & VM_IOREMAP) && vm->cache_mode != mode &&
			vm->phys_addr < first + bytes &&
			first < vm->phys_addr + vm->size - PAGE_SIZE;
	}
	spin_unlock(&vmap_lock);
	return found;
}

/* => ioremap_mutex held */
static struct vmap_area *alloc_io_area(phys_addr_t first, unsigned long bytes,
				       enum page_cache_mode mode, const void *caller)
{
	struct vmap_area *va;

	if (memblock_overlaps_region(&memblock.memory, first, bytes) ||
	    type_conflicts(first, bytes, mode)) {
		pr_err("ioremap: [mem %#llx-%#llx] is RAM, or mapped with another memory type\n",
		       (unsigned long long)first, (unsigned long long)(first + bytes - 1));
		return NULL;
	}
	va = alloc_area(bytes + PAGE_SIZE, bytes < PMD_SIZE ? PAGE_SIZE : PMD_SIZE, VM_IOREMAP,
			GFP_KERNEL, caller);
	if (va) {
		va->vm.phys_addr = first;
		va->vm.cache_mode = mode;
	}
	return va;
}

static void __iomem *map_phys(phys_addr_t phys, size_t size, enum page_cache_mode mode,
			      const void *caller)
{
	phys_addr_t first = phys & PAGE_MASK;
	unsigned long bytes = PAGE_ALIGN(phys + size) - first;
	struct vmap_area *va;
	struct vm_struct gone;

	if (!size || phys + size - 1 < phys || (phys + size - 1) >> MAX_PHYSMEM_BITS)
		return NULL;
	mutex_lock(&ioremap_mutex);
	va = alloc_io_area(first, bytes, mode, caller);
	mutex_unlock(&ioremap_mutex);
	if (!va)
		return NULL;
	if (vmap_range(va->start, bytes, first, pgprot_cache_mode(PAGE_KERNEL, mode))) {
		remove_area(va->vm.addr, &gone);
		return NULL;
	}
	return (void __iomem *)(va->vm.addr + (phys - first));
}

void __iomem *ioremap(phys_addr_t phys, size_t size)
{
	return map_phys(phys, size, _PAGE_CACHE_MODE_UC, __builtin_return_address(0));
}

void __iomem *ioremap_wc(phys_addr_t phys, size_t size)
{
	return map_phys(phys, size, _PAGE_CACHE_MODE_WC, __builtin_return_address(0));
}

void __iomem *ioremap_wt(phys_addr_t phys, size_t size)
{
	return map_phys(phys, size, _PAGE_CACHE_MODE_WT, __builtin_return_address(0));
}

void __iomem *ioremap_cache(phys_addr_t phys, size_t size)
{
	return map_phys(phys, size, _PAGE_CACHE_MODE_WB, __builtin_return_address(0));
}

void iounmap(volatile void __iomem *addr)
{
	vunmap((void *)((unsigned long)addr & PAGE_MASK));
}

/* ---- numbers, listing, check ---- */

unsigned long vmalloc_nr_pages(void)
{
	return atomic_long_read(&vmalloc_pages);
}

void vmalloc_usage(unsigned long *used, unsigned long *largest_free)
{
	spin_lock(&vmap_lock);
	*used = used_bytes;
	*largest_free = subtree_max(free_root.rb_node);
	spin_unlock(&vmap_lock);
}

/* The first area at or above @addr, copied; false: none. */
bool vmap_area_copy(unsigned long addr, struct vm_struct *vm, unsigned long *end)
{
	struct rb_node *node = busy_root.rb_node;
	struct vmap_area *best = NULL;

	spin_lock(&vmap_lock);
	for (node = busy_root.rb_node; node;) {
		struct vmap_area *va = rb_entry(node, struct vmap_area, node);

		if (va->start >= addr) {
			best = va;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (best) {
		*vm = best->vm;
		*end = best->end;
	}
	spin_unlock(&vmap_lock);
	return best != NULL;
}

static unsigned long check_free_tree(struct rb_node *node, unsigned long *bytes)
{
	struct vmap_area *va;
	unsigned long most;

	if (!node)
		return 0;
	va = rb_entry(node, struct vmap_area, node);
	most = max(max(check_free_tree(node->rb_left, bytes),
		       check_free_tree(node->rb_right, bytes)),
		   area_size(va));
	BUG_ON(va->subtree_max != most);
	BUG_ON(va->start >= va->end);
	*bytes += area_size(va);
	return most;
}

void vmalloc_check(void)
{
	unsigned long free = 0, busy = 0, last = 0;
	struct vmap_area *va;

	mutex_lock(&purge_mutex);
	spin_lock(&vmap_lock);
	check_free_tree(free_root.rb_node, &free);
	for (struct rb_node *node = rb_first(&busy_root); node; node = rb_next(node)) {
		va = rb_entry(node, struct vmap_area, node);
		BUG_ON(va->start < last || va->start >= va->end);
		last = va->end;
		busy += area_size(va);
	}
	list_for_each_entry (va, &lazy_list, list)
		busy += area_size(va);
	/* an area that remove_area() is just unmapping is in neither */
	BUG_ON(busy > used_bytes);
	BUG_ON(free + used_bytes != PAGE_ALIGN(VMALLOC_END) - VMALLOC_START);
	spin_unlock(&vmap_lock);
	mutex_unlock(&purge_mutex);
}

void vmalloc_init(void)
{
	struct vmap_area *all;

	vmap_area_cache =
		kmem_cache_create("vmap_area", sizeof(struct vmap_area), 0, SLAB_PANIC, NULL);
	all = kmem_cache_zalloc(vmap_area_cache, GFP_NOWAIT);
	BUG_ON(!all);
	all->start = VMALLOC_START;
	all->end = PAGE_ALIGN(VMALLOC_END);
	insert_free(all);
	thread_stack_init();
}
