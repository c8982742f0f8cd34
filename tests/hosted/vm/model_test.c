// SPDX-License-Identifier: MIT
/*
 * Address spaces against a model.
 *
 * Up to four processes, children of one another, map, unmap, protect, move, lock, advise, touch, fork and exit at random
 * within a window of 640 pages; a file of 64 pages is mapped, shared and private, and truncated. The model is one record
 * per page. After every step: the tree, the tables, the counts, the charges and the layout are checked; every 50 steps
 * each mapped page is looked for by the reverse map. At the end every frame and object must be back.
 *
 *	model_test [SEED [STEPS [FAIL]]]	FAIL = 1: one of the next allocations fails in every third step
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/vmstat.h>
#include "fake.h"

int printf(const char *fmt, ...);
int atoi(const char *s);
void srand(unsigned int seed);
long sys_mmap(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long,
	      unsigned long);
long sys_munmap(unsigned long, size_t);
long sys_mprotect(unsigned long, size_t, unsigned long);
long sys_mremap(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long);
long sys_madvise(unsigned long, size_t, int);
long sys_mlock(unsigned long, size_t);
long sys_munlock(unsigned long, size_t);

#define WINDOW	     0x10000000UL
#define NR_PAGES     640
#define NR_SPACES    4
#define FILE_PAGES   64
#define page_addr(i) (WINDOW + (unsigned long)(i)*PAGE_SIZE)
#define ANON	     (MAP_PRIVATE | MAP_ANONYMOUS)

enum kind { KIND_ANON, KIND_PRIVATE, KIND_SHARED };

struct model_page {
	bool mapped;
	bool own; /* KIND_PRIVATE: was written, has its own value */
	unsigned char prot;
	enum kind kind;
	unsigned int index; /* in the file */
	unsigned int value;
};

struct space {
	struct mm_struct *mm; /* NULL: no such process */
	struct model_page pages[NR_PAGES];
};

static struct space spaces[NR_SPACES];
static unsigned int next_value = 1, nr_refused;
static bool failing;

/* --- the file ------------------------------------------------------------------------------------------ */

static struct page *cache[FILE_PAGES];
static unsigned int file_values[FILE_PAGES];
static struct inode inode = { .i_mode = 1 };
static struct address_space mapping;
static struct file file = { .f_mapping = &mapping,
			    .f_inode = &inode,
			    .f_mode = FMODE_READ | FMODE_WRITE };

struct file *test_file(void)
{
	return &file;
}

static vm_fault_t file_fault(struct vm_fault *vmf)
{
	struct page *page;

	if (vmf->pgoff >= FILE_PAGES)
		return VM_FAULT_SIGBUS;
	page = cache[vmf->pgoff];
	if (!page) {
		page = alloc_pages(__GFP_ZERO, 0);
		if (!page)
			return VM_FAULT_OOM;
		page->mapping = &mapping;
		page->index = vmf->pgoff;
		SetPageUptodate(page);
		cache[vmf->pgoff] = page;
	}
	get_page(page);
	SetPageLocked(page);
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

static vm_fault_t file_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	unsigned long addr = vmf->address - ((vmf->pgoff - start) << PAGE_SHIFT);
	pte_t *pte = pte_offset_map_lock(vmf->vma->vm_mm, vmf->pmd, addr, &vmf->ptl);
	vm_fault_t ret = 0;

	for (pgoff_t i = start; i <= end; i++, addr += PAGE_SIZE) {
		if (addr < vmf->vma->vm_start || addr >= vmf->vma->vm_end)
			fatal("fault-around leaves the VMA");
		if (i >= FILE_PAGES || !cache[i])
			continue;
		if (addr == vmf->address)
			ret = VM_FAULT_NOPAGE;
		vmf->pte = pte + (i - start);
		if (!pte_none(*vmf->pte))
			continue;
		get_page(cache[i]);
		set_pte_range(vmf, page_folio(cache[i]), cache[i], 1, addr);
	}
	pte_unmap_unlock(pte, vmf->ptl);
	return ret;
}

static const struct vm_operations_struct file_vm_ops = { .fault = file_fault,
							 .map_pages = file_map_pages };

static int file_mmap(struct file *f, struct vm_area_struct *vma)
{
	vma->vm_ops = &file_vm_ops;
	return 0;
}

static const struct file_operations file_ops = { .mmap = file_mmap };

/* Punch a hole: nobody may map the pages any more, private copies go as well. */
static void punch(unsigned int from, unsigned int nr)
{
	unmap_mapping_pages(&mapping, from, nr, true);
	for (unsigned int i = from; i < from + nr; i++) {
		file_values[i] = 0;
		if (!cache[i])
			continue;
		if (page_mapcount(cache[i]))
			fatal("page %u of the file is still mapped", i);
		cache[i]->mapping = NULL;
		put_page(cache[i]);
		cache[i] = NULL;
	}
	for (int s = 0; s < NR_SPACES; s++)
		for (int i = 0; i < NR_PAGES; i++) {
			struct model_page *m = &spaces[s].pages[i];

			if (m->kind == KIND_PRIVATE && m->index - from < nr)
				m->own = false;
		}
}

/* --- checks --------------------------------------------------------------------------------------------- */

static unsigned int *model_value(struct model_page *m)
{
	if (m->kind == KIND_ANON || (m->kind == KIND_PRIVATE && m->own))
		return &m->value;
	return &file_values[m->index];
}

static void check_layout(struct space *s)
{
	for (struct vm_area_struct *vma = s->mm->mmap; vma; vma = vma->vm_next)
		for (unsigned long a = vma->vm_start; a < vma->vm_end; a += PAGE_SIZE) {
			struct model_page *m = &s->pages[(a - WINDOW) >> PAGE_SHIFT];

			if (a < WINDOW || a >= page_addr(NR_PAGES))
				continue;
			if (!m->mapped || m->prot != (vma->vm_flags & VM_ACCESS_FLAGS))
				fatal("%lx: model %d %d, flags %lx", a, m->mapped, m->prot,
				      vma->vm_flags);
		}
	for (int i = 0; i < NR_PAGES; i++)
		if (s->pages[i].mapped && !vma_lookup(s->mm, page_addr(i)))
			fatal("page %d is lost", i);
}

static void check_spaces(void)
{
	unsigned long charged = 0;

	for (int i = 0; i < NR_SPACES; i++) {
		struct mm_struct *mm = spaces[i].mm;
		unsigned long total = 0;

		if (!mm)
			continue;
		vma_tree_check(mm);
		pgtable_check(mm);
		anon_vma_check(mm);
		for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
			total += vma_pages(vma);
			if (vma->vm_flags & VM_ACCOUNT)
				charged += vma_pages(vma);
			if (atomic_read(&vma->vm_refcnt) != 1)
				fatal("a VMA lock is held");
		}
		if (total != mm->total_vm)
			fatal("total_vm %lu, VMAs %lu", mm->total_vm, total);
	}
	if (charged != vm_memory_committed())
		fatal("committed %lu, VMAs %lu", vm_memory_committed(), charged);
}

static bool count_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		      void *arg)
{
	struct page_vma_mapped_walk w = {
		.pfn = folio_pfn(folio),
		.nr_pages = 1,
		.mm = vma->vm_mm,
		.address = addr,
		.end = addr + PAGE_SIZE,
	};

	while (page_vma_mapped_walk(&w))
		++*(int *)arg;
	return true;
}

/* The reverse map finds every entry of every page. */
static struct page *normal_page(pte_t pte)
{
	return pte_special(pte) ? NULL : pte_page(pte);
}

/* PG_mlocked: exactly the pages that some locked VMA maps. */
static void check_mlocked(void)
{
	long mlocked = 0;

	for (int i = 0; i < NR_SPACES; i++) {
		struct mm_struct *mm = spaces[i].mm;

		for (struct vm_area_struct *vma = mm ? mm->mmap : NULL; vma; vma = vma->vm_next) {
			for (unsigned long a = vma->vm_start;
			     vma->vm_flags & VM_LOCKED && a < vma->vm_end; a += PAGE_SIZE) {
				pte_t *pte = pte_find(mm, a, NULL);
				struct page *page =
					pte && pte_present(*pte) ? normal_page(*pte) : NULL;

				if (!page)
					continue;
				if (!PageMlocked(page))
					fatal("the page at %lx is not marked as mlocked", a);
				if (!PageReserved(page))
					mlocked++;
				__SetPageReserved(page); /* seen */
			}
		}
	}
	for (int i = 0; i < NR_SPACES; i++) {
		struct mm_struct *mm = spaces[i].mm;

		for (struct vm_area_struct *vma = mm ? mm->mmap : NULL; vma; vma = vma->vm_next)
			for (unsigned long a = vma->vm_start; a < vma->vm_end; a += PAGE_SIZE) {
				pte_t *pte = pte_find(mm, a, NULL);

				if (pte && pte_present(*pte) && normal_page(*pte))
					__ClearPageReserved(pte_page(*pte));
			}
	}
	if (mlocked != zone_stats[NR_MLOCK])
		fatal("%ld pages are mlocked, %ld are counted", mlocked, zone_stats[NR_MLOCK]);
}

static void check_rmap(struct mm_struct *mm)
{
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		for (unsigned long a = vma->vm_start; a < vma->vm_end; a += PAGE_SIZE) {
			pte_t *pte = pte_find(mm, a, NULL);
			int found = 0;
			struct rmap_walk_control rwc = { .rmap_one = count_one, .arg = &found };

			if (!pte || !pte_present(*pte) || pte_special(*pte))
				continue;
			if (!rmap_walk(page_folio(pte_page(*pte)), &rwc) ||
			    found != page_mapcount(pte_page(*pte)))
				fatal("%lx: %d of %d mappings found", a, found,
				      page_mapcount(pte_page(*pte)));
		}
}

/* --- steps ---------------------------------------------------------------------------------------------- */

struct range {
	unsigned int first, nr;
	unsigned long addr, len;
};

static struct range random_range(void)
{
	struct range r = { .first = random_below(NR_PAGES) };

	r.nr = min(1 + random_below(random_below(4) ? 6 : NR_PAGES), NR_PAGES - r.first);
	r.addr = page_addr(r.first);
	r.len = r.nr * PAGE_SIZE;
	return r;
}

static bool has_kind(struct space *s, unsigned int first, unsigned int nr, bool anon)
{
	for (unsigned int i = first; i < first + nr; i++)
		if (s->pages[i].mapped && (s->pages[i].kind == KIND_ANON) == anon)
			return true;
	return false;
}

/* After a call that failed in the middle: what is not mapped any more is gone. */
static void resync(struct space *s)
{
	nr_refused++;
	for (int i = 0; i < NR_PAGES; i++)
		if (!vma_lookup(s->mm, page_addr(i)))
			s->pages[i].mapped = false;
}

static void step_mmap(struct space *s, struct range r)
{
	unsigned int prot = random_below(2) ? PROT_READ | PROT_WRITE : random_below(8);
	enum kind kind = random_below(3) ? KIND_ANON : 1 + random_below(2);
	unsigned int index = random_below(FILE_PAGES);
	long ret;

	if (kind == KIND_ANON)
		ret = sys_mmap(r.addr, r.len, prot, ANON | MAP_FIXED, -1, 0);
	else
		ret = ksys_mmap_pgoff(r.addr, r.len, prot,
				      MAP_FIXED | (kind == KIND_SHARED ? MAP_SHARED : MAP_PRIVATE),
				      3, index);
	if (ret != (long)r.addr) {
		if (!failing)
			fatal("mmap: %ld", ret);
		resync(s);
		return;
	}
	for (unsigned int i = 0; i < r.nr; i++)
		s->pages[r.first + i] = (struct model_page){
			.mapped = true,
			.prot = prot,
			.kind = kind,
			.index = kind ? index + i : 0,
		};
}

static void step_munmap(struct space *s, struct range r)
{
	if (sys_munmap(r.addr, r.len)) {
		nr_refused++;
		return;
	}
	for (unsigned int i = 0; i < r.nr; i++)
		s->pages[r.first + i].mapped = false;
}

static void step_mprotect(struct space *s, struct range r)
{
	unsigned int prot = random_below(2) ? PROT_READ | PROT_WRITE : random_below(8);
	long ret = sys_mprotect(r.addr, r.len, prot);

	for (unsigned int i = r.first; i < r.first + r.nr && s->pages[i].mapped; i++)
		s->pages[i].prot =
			ret ? vma_lookup(s->mm, page_addr(i))->vm_flags & VM_ACCESS_FLAGS : prot;
}

static void step_madvise(struct space *s, struct range r)
{
	int advice =
		has_kind(s, r.first, r.nr, false) || random_below(2) ? MADV_DONTNEED : MADV_FREE;

	if (random_below(3) == 0) {
		sys_madvise(r.addr, r.len, random_below(2) ? MADV_DONTDUMP : MADV_DODUMP);
		return;
	}
	if (sys_madvise(r.addr, r.len, advice) == -EINVAL)
		return; /* locked */
	for (unsigned int i = r.first; i < r.first + r.nr; i++) {
		s->pages[i].value = 0;
		s->pages[i].own = false;
	}
}

static void step_resize(struct space *s, struct range r)
{
	struct vm_area_struct *vma = vma_lookup(s->mm, r.addr);
	unsigned int nr = 1 + random_below(r.nr + 4);
	struct model_page *m = &s->pages[r.first];

	if (!vma || r.addr + r.len > vma->vm_end || r.first + nr > NR_PAGES)
		return;
	if (sys_mremap(r.addr, r.len, nr * PAGE_SIZE, 0, 0) < 0) {
		nr_refused++;
		return;
	}
	for (unsigned int i = nr; i < r.nr; i++)
		m[i].mapped = false;
	for (unsigned int i = r.nr; i < nr; i++)
		m[i] = (struct model_page){ .mapped = true,
					    .prot = m->prot,
					    .kind = m->kind,
					    .index = m->kind ? m->index + i : 0 };
}

static void step_move(struct space *s, struct range r)
{
	struct vm_area_struct *vma = vma_lookup(s->mm, r.addr);
	bool keep = random_below(3) == 0;
	unsigned int to = random_below(NR_PAGES), nr = keep ? r.nr : 1 + random_below(r.nr + 4);
	struct model_page old[NR_PAGES], *m = &old[r.first];
	long ret;

	if (!vma || r.addr + r.len > vma->vm_end || to + nr > NR_PAGES)
		return;
	memcpy(old, s->pages, sizeof(old));
	ret = sys_mremap(r.addr, r.len, nr * PAGE_SIZE,
			 MREMAP_MAYMOVE | MREMAP_FIXED | (keep ? MREMAP_DONTUNMAP : 0),
			 page_addr(to));
	if (ret < 0)
		resync(s);
	for (unsigned int i = 0; i < nr; i++)
		/* A failed move can leave the new place mapped, empty. */
		if (ret > 0 || (!s->pages[to + i].mapped && vma_lookup(s->mm, page_addr(to + i))))
			s->pages[to + i] =
				ret > 0 && i < r.nr
					? m[i]
					: (struct model_page){ .mapped = true,
							       .prot = m->prot,
							       .kind = m->kind,
							       .index =
								       m->kind ? m->index + i : 0 };
	for (unsigned int i = r.first; ret > 0 && i < r.first + r.nr; i++) {
		s->pages[i].value = 0;
		s->pages[i].own = false;
		if (!keep && !(failing && vma_lookup(s->mm, page_addr(i))))
			s->pages[i].mapped = false;
	}
}

/* Without an address the highest hole below mmap_base that fits must be chosen. */
static unsigned long highest_hole(struct mm_struct *mm, unsigned long len)
{
	unsigned long best = 0, low = mmap_min_addr;

	for (struct vm_area_struct *vma = mm->mmap;; vma = vma->vm_next) {
		unsigned long high = min(vma ? vm_start_gap(vma) : mm->mmap_base, mm->mmap_base);

		if (high > low && high - low >= len)
			best = high - len;
		if (!vma)
			return best;
		low = vma->vm_end;
	}
}

static void step_anywhere(struct space *s, struct range r)
{
	unsigned long want = highest_hole(s->mm, r.len);
	unsigned int value = 7;
	long ret = sys_mmap(0, r.len, PROT_READ | PROT_WRITE, ANON, -1, 0);

	if (ret < 0) {
		nr_refused++;
		return;
	}
	if ((unsigned long)ret != want)
		fatal("mmap chose %lx, not %lx", ret, want);
	user_access(s->mm, ret, true, &value);
	fail_nth = 0;
	if (random_below(3))
		sys_munmap(ret, r.len);
}

static void step_lock(struct space *s, struct range r)
{
	/* Locking breaks copy on write, which the model of a private file does not follow. */
	if (has_kind(s, 0, NR_PAGES, false))
		sys_munlock(0, TASK_SIZE);
	else if (random_below(2))
		sys_mlock(r.addr, r.len);
	else
		sys_munlock(r.addr, r.len);
}

static void step_touch(struct space *s, unsigned int i)
{
	struct model_page *m = &s->pages[i];
	bool write = random_below(2), beyond = m->kind && !m->own && m->index >= FILE_PAGES;
	bool allowed = m->mapped && (m->prot & (write ? PROT_WRITE : 7));
	unsigned int value = next_value++;
	enum access_result res = user_access(s->mm, page_addr(i), write, &value);

	if (res == ACCESS_OOM && failing)
		return;
	if (res != (!allowed ? ACCESS_SEGV : beyond ? ACCESS_BUS : ACCESS_OK))
		fatal("page %d: %s gave %d (mapped %d, prot %d)", i, write ? "write" : "read", res,
		      m->mapped, m->prot);
	if (res != ACCESS_OK)
		return;
	if (write) {
		m->own = true;
		*model_value(m) = value;
	} else if (value != *model_value(m)) {
		fatal("page %d holds %u, not %u", i, value, *model_value(m));
	}
}

static void step_fork(int child, int parent)
{
	struct mm_struct *mm;

	current->mm = spaces[parent].mm;
	fail_nth = failing ? 1 + random_below(60) : 0;
	mm = dup_mm(current, current->mm);
	if (mm) {
		spaces[child] = spaces[parent];
		spaces[child].mm = mm;
	} else if (!failing) {
		fatal("fork failed");
	}
}

static void step_exit(struct space *s)
{
	int nr = 0;

	for (int i = 0; i < NR_SPACES; i++)
		nr += !!spaces[i].mm;
	if (nr < 2)
		return;
	tlb_forget(s->mm);
	mmput(s->mm);
	s->mm = NULL;
}

static struct mm_struct *new_mm(void)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };
	struct mm_struct *mm;

	current->mm = NULL;
	mm = mm_alloc();
	arch_pick_mmap_layout(mm, &stack);
	return mm;
}

static void random_step(void)
{
	int i = random_below(NR_SPACES), op = random_below(100);
	struct space *s = &spaces[i];
	struct range r = random_range();

	if (!s->mm) {
		int parent = random_below(NR_SPACES);

		if (spaces[parent].mm)
			step_fork(i, parent);
		return;
	}
	current->mm = s->mm;
	fail_nth = failing && random_below(3) == 0 ? 1 + random_below(8) : 0;
	if (op < 15)
		step_mmap(s, r);
	else if (op < 30)
		step_munmap(s, r);
	else if (op < 45)
		step_mprotect(s, r);
	else if (op < 50)
		step_madvise(s, r);
	else if (op < 54)
		step_resize(s, r);
	else if (op < 60)
		step_move(s, r);
	else if (op < 64)
		step_anywhere(s, r);
	else if (op < 66 && test_step > 50)
		step_exit(s);
	else if (op < 68)
		step_lock(s, r);
	else if (op < 69)
		punch(random_below(FILE_PAGES / 2), 1 + random_below(FILE_PAGES / 2));
	else
		step_touch(s, r.first);
}

int main(int argc, char **argv)
{
	unsigned int seed = argc > 1 ? atoi(argv[1]) : 1;
	unsigned long steps = argc > 2 ? atoi(argv[2]) : 3000, frames;
	long objects;

	failing = argc > 3 && atoi(argv[3]);
	srand(seed);
	fake_init();
	mm_init_virt();
	file.f_op = &file_ops;
	mapping.i_mmap = RB_ROOT_CACHED;
	mmput(new_mm());
	pgtable_cache_drain();
	frames = nr_free_frames;
	objects = live_objects();

	spaces[0].mm = new_mm();
	for (test_step = 0; test_step < steps; test_step++) {
		random_step();
		fail_nth = 0;
		check_spaces();
		check_mlocked();
		for (int i = 0; i < NR_SPACES; i++) {
			if (spaces[i].mm)
				check_layout(&spaces[i]);
			if (spaces[i].mm && test_step % 50 == 0)
				check_rmap(spaces[i].mm);
		}
	}
	for (int i = 0; i < NR_SPACES; i++)
		if (spaces[i].mm) {
			tlb_forget(spaces[i].mm);
			mmput(spaces[i].mm);
			spaces[i].mm = NULL;
		}
	punch(0, FILE_PAGES);
	pgtable_cache_drain();
	if (nr_free_frames != frames || live_objects() != objects)
		fatal("%ld frames and %ld objects are lost", (long)(frames - nr_free_frames),
		      live_objects() - objects);
	if (zone_stats[NR_MLOCK] || node_stats[NR_ANON_MAPPED] || node_stats[NR_FILE_MAPPED] ||
	    node_stats[NR_PAGETABLE])
		fatal("counters do not end at zero");
	printf("ok - address spaces against a model: seed %u, %lu steps, %u calls refused%s\n",
	       seed, steps, nr_refused, failing ? ", allocations failing" : "");
	return 0;
}
