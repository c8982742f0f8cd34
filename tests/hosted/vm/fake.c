// SPDX-License-Identifier: MIT
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/seq_file.h>
#include <kernel/task.h>
#include <mm/fault.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <seam/processor.h>
#include <seam/tlbflush.h>
#include <sync/rcu.h>
#include <sync/wait.h>
#include "fake.h"

int yield_to_other(void);

/* The few things of libc; its headers do not mix with the kernel's. */
int vprintf(const char *fmt, __builtin_va_list ap);
int printf(const char *fmt, ...);
int fflush(void *stream);
void abort(void) __attribute__((noreturn));
void *aligned_alloc(size_t align, size_t size);
void *malloc(size_t size);
void free(void *ptr);
int rand(void);
unsigned long strtoul(const char *s, char **end, int base);

unsigned long host_ram, host_memmap, zero_pfn, nr_free_frames, test_step;
long vm_events[8], node_stats[8], zone_stats[1], fail_nth;
pgprot_t protection_map[16];
pteval_t __supported_pte_mask = ~0UL;
pgd_t swapper_pg_dir[PTRS_PER_PGD] __aligned(4096);
struct cpumask __cpu_possible_mask = { { 1 } };

static struct signal_struct test_signal;
static struct task_struct test_task = { .signal = &test_signal, .group_leader = &test_task };
struct task_struct *current = &test_task;
static unsigned long free_frames[NR_FRAMES];

void fatal(const char *fmt, ...)
{
	__builtin_va_list ap;

	printf("step %lu: ", test_step);
	__builtin_va_start(ap, fmt);
	vprintf(fmt, ap);
	printf("\n");
	fflush(NULL);
	abort();
}

void bug_at(const char *file, int line)
{
	fatal("BUG at %s:%d", file, line);
}

void warn_slowpath_fmt(const char *file, int line, unsigned int taint, const char *fmt, ...)
{
	fatal("WARNING at %s:%d", file, line);
}

void dump_page(const struct page *page, const char *reason)
{
	printf("page %lu: %s\n", page_to_pfn(page), reason);
}

unsigned int random_below(unsigned int n)
{
	return rand() % n;
}

unsigned long get_random_long(void)
{
	return rand() * 2654435761UL;
}

u32 get_random_u32_below(u32 n)
{
	return rand() % n;
}

int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	*res = strtoul(s, NULL, base);
	return 0;
}

/* --- frames ------------------------------------------------------------------------------------- */

static bool should_fail(void)
{
	return fail_nth > 0 && --fail_nth == 0;
}

/* The gate of the kernel stays open: the tests fail allocations here. */
u32 fault_armed;
bool __should_fail(int kind, size_t size, gfp_t gfp, unsigned long caller);
void call_cpus_unpinned(void (*fn)(void *arg), bool (*wanted)(int cpu, void *arg), void *arg);

bool __should_fail(int kind, size_t size, gfp_t gfp, unsigned long caller)
{
	return false;
}

void call_cpus_unpinned(void (*fn)(void *arg), bool (*wanted)(int cpu, void *arg), void *arg)
{
	if (wanted(0, arg))
		fn(arg);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if (should_fail())
		return NULL;
	if (!nr_free_frames)
		fatal("out of frames");
	page = pfn_to_page(free_frames[--nr_free_frames]);
	if ((page->flags & PAGEFLAGS_MASK) || page_ref_count(page) ||
	    atomic_read(&page->_mapcount) != -1)
		fatal("a free frame is in use: %lu", page_to_pfn(page));
	set_page_count(page, 1);
	memset(page_address(page), gfp & __GFP_ZERO ? 0 : 0xa5, PAGE_SIZE);
	return page;
}

static void tlb_check_free(unsigned long pfn);

static void free_frame(struct page *page)
{
	if (page_to_pfn(page) == zero_pfn || atomic_read(&page->_mapcount) != -1)
		fatal("frame %lu is freed but mapped", page_to_pfn(page));
	tlb_check_free(page_to_pfn(page));
	zone_stats[NR_MLOCK] -= PageMlocked(page);
	*page = (struct page){ ._mapcount = ATOMIC_INIT(-1) };
	free_frames[nr_free_frames++] = page_to_pfn(page);
}

void __folio_put(struct folio *folio)
{
	free_frame(&folio->page);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (put_page_testzero(page))
		free_frame(page);
}

void free_pages(unsigned long addr, unsigned int order)
{
	__free_pages(virt_to_page(addr), 0);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, 0);

	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

struct folio *folio_alloc(gfp_t gfp, unsigned int order)
{
	return (struct folio *)alloc_pages(gfp, 0);
}

void release_pages(struct page **pages, int nr)
{
	for (int i = 0; i < nr; i++)
		put_page(pages[i]);
}

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

struct pglist_data *page_pgdat(const struct page *page)
{
	return (struct pglist_data *)8; /* only compared */
}

bool folio_mark_dirty(struct folio *folio)
{
	return !folio_test_set_dirty(folio);
}

/* --- objects ------------------------------------------------------------------------------------ */

struct kmem_cache {
	unsigned int size;
	long live;
	void *free; /* reused first, as type-stable caches do; the link is behind the object */
};

static struct kmem_cache caches[16];
static int nr_caches;

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *))
{
	struct kmem_cache *s = &caches[nr_caches++];

	s->size = ALIGN(size, 64);
	return s;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *obj = s->free;

	if (should_fail())
		return NULL;
	s->live++;
	if (obj) {
		s->free = *(void **)((char *)obj + s->size);
		return obj;
	}
	obj = aligned_alloc(64, s->size + 64);
	memset(obj, 0, s->size);
	return obj;
}

void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t gfp)
{
	void *obj = kmem_cache_alloc(s, gfp);

	return obj ? memset(obj, 0, s->size) : NULL;
}

void kmem_cache_free(struct kmem_cache *s, void *obj)
{
	s->live--;
	*(void **)((char *)obj + s->size) = s->free;
	s->free = obj;
}

long live_objects(void)
{
	long sum = 0;

	for (int i = 0; i < nr_caches; i++)
		sum += caches[i].live;
	return sum;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return malloc(size);
}

void kfree(void *obj)
{
	free(obj);
}

/* --- the MMU ---------------------------------------------------------------------------------------- */

struct tlb_entry {
	struct mm_struct *mm;
	unsigned long vpn;
	pte_t pte;
};

#define TLB_ENTRIES 512
static struct tlb_entry tlb[TLB_ENTRIES];

static void tlb_check_free(unsigned long pfn)
{
	for (int i = 0; i < TLB_ENTRIES; i++)
		if (tlb[i].mm && pte_pfn(tlb[i].pte) == pfn)
			fatal("frame %lu is freed while a TLB holds it for page %lx", pfn,
			      tlb[i].vpn);
}

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables)
{
	for (int i = 0; i < TLB_ENTRIES; i++) {
		unsigned long addr = tlb[i].vpn << PAGE_SHIFT;

		if (tlb[i].mm == mm && (end == TLB_FLUSH_ALL || (addr >= start && addr < end)))
			tlb[i].mm = NULL;
	}
}

void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	flush_tlb_mm_range(vma->vm_mm, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE, PAGE_SHIFT,
			   false);
}

void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	flush_tlb_mm_range(vma->vm_mm, start, end, PAGE_SHIFT, false);
}

void tlb_forget(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL, PAGE_SHIFT, true);
}

/* A translation that allows the access, or NULL. */
static struct tlb_entry *translate(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct tlb_entry *e = &tlb[(addr >> PAGE_SHIFT) % TLB_ENTRIES];
	pte_t *ptep = pte_find(mm, addr, NULL), pte = ptep ? ptep_get(ptep) : __pte(0);
	bool allowed = (pte_val(pte) & _PAGE_PRESENT) && (!write || pte_write(pte));

	if (e->mm == mm && e->vpn == addr >> PAGE_SHIFT && (!write || pte_write(e->pte))) {
		if (!allowed || pte_pfn(pte) != pte_pfn(e->pte))
			fatal("stale translation of %lx: TLB %lx, table %lx", addr,
			      (unsigned long)pte_val(e->pte), (unsigned long)pte_val(pte));
	} else {
		if (!allowed)
			return NULL;
		*e = (struct tlb_entry){ mm, addr >> PAGE_SHIFT, pte };
	}
	if (write)
		set_pte(ptep, pte_mkdirty(pte));
	return e;
}

static enum access_result serve(struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned int flags = FAULT_FLAG_DEFAULT | FAULT_FLAG_USER | (write ? FAULT_FLAG_WRITE : 0);
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);
	bool by_vma = vma;
	vm_fault_t fault = VM_FAULT_SIGSEGV;

	if (!vma)
		vma = lock_mm_and_find_vma(mm, addr, NULL);
	if (!vma)
		return ACCESS_SEGV;
	if (vma->vm_flags & (write ? VM_WRITE : VM_ACCESS_FLAGS))
		fault = handle_mm_fault(vma, addr, flags | (by_vma ? FAULT_FLAG_VMA_LOCK : 0),
					NULL);
	if (by_vma)
		vma_end_read(vma);
	else
		mmap_read_unlock(mm);
	if (fault & VM_FAULT_OOM)
		return ACCESS_OOM;
	if (fault & VM_FAULT_SIGBUS)
		return ACCESS_BUS;
	return fault & VM_FAULT_ERROR ? ACCESS_SEGV : ACCESS_OK;
}

enum access_result user_access(struct mm_struct *mm, unsigned long addr, bool write,
			       unsigned int *value)
{
	for (int tries = 0; tries < 8; tries++) {
		struct tlb_entry *e = translate(mm, addr, write);
		enum access_result res;

		if (e) {
			unsigned int *at = __va(pte_pfn(e->pte) << PAGE_SHIFT);

			if (write)
				*at = *value;
			else
				*value = *at;
			return ACCESS_OK;
		}
		res = serve(mm, addr, write);
		if (res != ACCESS_OK)
			return res;
	}
	fatal("the fault at %lx is never served", addr);
}

/* --- waiting ------------------------------------------------------------------------------------------ */

static struct rcu_head *rcu_pending;

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *))
{
	head->func = func;
	head->next = rcu_pending;
	rcu_pending = head;
}

void rcu_barrier(void)
{
	struct rcu_head *head = rcu_pending, *next;

	rcu_pending = NULL;
	for (; head; head = next) {
		next = head->next;
		head->func(head);
	}
}

int __attribute__((weak)) yield_to_other(void)
{
	return 0;
}

void wait_for_other(void)
{
	if (!yield_to_other())
		fatal("deadlock");
}

/* --- the rest --------------------------------------------------------------------------------------- */

int shmem_zero_setup(struct vm_area_struct *vma)
{
	return -ENOMEM; /* not part of these tests */
}

bool shmem_mapping(struct address_space *mapping)
{
	return false;
}

bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return false;
}

struct file *fget_file(void)
{
	return test_file();
}

void seq_printf(struct seq_file *m, const char *fmt, ...) {}

void seq_puts(struct seq_file *m, const char *s) {}

void seq_putc(struct seq_file *m, char c) {}

void seq_file_path(struct seq_file *m, struct file *file, const char *esc) {}

static pgprot_t x86_prot(unsigned int vm)
{
	unsigned long bits = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX;

	if (!(vm & VM_ACCESS_FLAGS))
		return __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED);
	if (vm & VM_EXEC)
		bits &= ~_PAGE_NX;
	if ((vm & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		bits |= _PAGE_RW;
	return __pgprot(bits);
}

void fake_init(void)
{
	struct page *zero;

	host_ram = (unsigned long)aligned_alloc(PAGE_SIZE, NR_FRAMES * PAGE_SIZE);
	host_memmap = (unsigned long)aligned_alloc(64, (NR_FRAMES + 2) * sizeof(struct page));
	memset((void *)host_memmap, 0, (NR_FRAMES + 2) * sizeof(struct page));
	for (unsigned long i = 1; i < NR_FRAMES; i++) {
		page_mapcount_reset(pfn_to_page(i));
		free_frames[nr_free_frames++] = i;
	}
	for (int i = 0; i < 16; i++) {
		test_signal.rlim[i].rlim_cur = test_signal.rlim[i].rlim_max = RLIM_INFINITY;
		protection_map[i] = x86_prot(i);
	}
	test_signal.rlim[RLIMIT_STACK].rlim_cur = 8UL << 20;
	test_signal.rlim[RLIMIT_MEMLOCK].rlim_cur = 1UL << 20;
	zero = alloc_pages(__GFP_ZERO, 0);
	SetPageReserved(zero);
	zero_pfn = page_to_pfn(zero);
}
