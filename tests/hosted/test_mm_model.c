// SPDX-License-Identifier: MIT
/*
 * Address spaces against a model. rooms: mm
 *
 * Up to four processes, children of one another, map, unmap, protect, move, lock, advise, touch, fork and exit at random
 * within a window of 640 pages; a memory file of 64 pages is mapped, shared and private, holes are punched, it is
 * truncated and grown. The model is one record per page. After every step: the tree, the tables, the counts, the
 * charges, the layout and all TLBs are checked; every 50 steps each mapped page is looked for by the reverse map. At
 * the end every frame and object must be back. STEPS=n in the environment changes the length.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/task.h>
#include <linux/falloc.h>
#include <linux/mman.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/fault_inject.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/vmstat.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>
#include <host/vfs.h>
#include "../../mm/shmem/shmem_internal.h"

#define WINDOW	     0x10000000UL
#define NR_PAGES     640
#define NR_SPACES    4
#define FILE_PAGES   64
#define page_addr(i) (WINDOW + (unsigned long)(i)*PAGE_SIZE)
#define ANON	     (MAP_PRIVATE | MAP_ANONYMOUS)

enum kind { KIND_ANON, KIND_PRIVATE, KIND_SHARED };

struct model_page {
	bool mapped;
	bool own;  /* KIND_PRIVATE: was written, has its own value */
	bool lazy; /* KIND_ANON: given up by MADV_FREE, holds the value or 0 */
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

static unsigned long test_step;
static __attribute__((noreturn, format(printf, 1, 2))) void fatal(const char *fmt, ...);

static void fatal(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	host_note("step %lu: %s", test_step, text);
	host_check_failed(__FILE__, __LINE__, "the model agrees");
}

static unsigned int random_below(unsigned int n)
{
	return host_random_below(n);
}

static void set_fail_nth(unsigned int n)
{
	task_fail_nth_write(current, n);
}

/* --- the file ------------------------------------------------------------------------------------------ */

#define FILE_FD 3
static struct file *file;
static unsigned int file_values[FILE_PAGES];
static unsigned int file_pages; /* its size */

static void for_each_private(unsigned int from, unsigned int to)
{
	for (int s = 0; s < NR_SPACES; s++)
		for (int i = 0; i < NR_PAGES; i++) {
			struct model_page *m = &spaces[s].pages[i];

			if (m->kind == KIND_PRIVATE && m->index >= from && m->index < to)
				m->own = false;
		}
}

/* A hole reads as zeros; private copies stay. */
static void step_punch(unsigned int from, unsigned int nr)
{
	if (vfs_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (loff_t)from << PAGE_SHIFT, (loff_t)nr << PAGE_SHIFT))
		fatal("no hole");
	memset(&file_values[from], 0, nr * sizeof(file_values[0]));
}

/* What lies behind the new end goes, private copies too. */
static void step_truncate(unsigned int pages)
{
	struct iattr attr = { .ia_valid = ATTR_SIZE, .ia_size = (loff_t)pages << PAGE_SHIFT };
	struct inode *inode = file_inode(file);
	int err;

	inode_lock(inode);
	err = inode->i_op->setattr(file->f_path.dentry, &attr);
	inode_unlock(inode);
	if (err)
		fatal("truncate: %d", err);
	if (pages < file_pages) {
		memset(&file_values[pages], 0, (FILE_PAGES - pages) * sizeof(file_values[0]));
		for_each_private(pages, ~0u);
	}
	file_pages = pages;
}

static void open_file(void)
{
	file = shmem_file_setup("model", (loff_t)FILE_PAGES << PAGE_SHIFT, VM_NORESERVE);
	CHECK(!IS_ERR(file));
	memset(file_values, 0, sizeof(file_values));
	file_pages = FILE_PAGES;
	fd_install(FILE_FD, file);
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
	unsigned long charged = file->f_mapping->nrpages; /* VM_NORESERVE: page by page */

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
	if (mlocked != (long)global_zone_page_state(NR_MLOCK))
		fatal("%ld pages are mlocked, %ld are counted", mlocked,
		      (long)global_zone_page_state(NR_MLOCK));
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
				      FILE_FD, index);
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

/* The first page of the range that lies in a locked VMA: madvise() goes up to there. */
static unsigned int first_locked(struct space *s, struct range r)
{
	for (unsigned int i = r.first; i < r.first + r.nr; i++) {
		struct vm_area_struct *vma = vma_lookup(s->mm, page_addr(i));

		if (vma && vma->vm_flags & VM_LOCKED)
			return i;
	}
	fatal("madvise refuses a range that is not locked");
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
		r.nr = first_locked(s, r) - r.first; /* what lies before it is done */
	for (unsigned int i = r.first; i < r.first + r.nr; i++) {
		s->pages[i].lazy = advice == MADV_FREE;
		if (advice == MADV_FREE)
			continue;
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
		s->pages[i].own = s->pages[i].lazy = false;
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
	host_user_write(ret, value);
	set_fail_nth(0);
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
	bool write = random_below(2), beyond = m->kind && !m->own && m->index >= file_pages;
	bool allowed = m->mapped && (m->prot & (write ? PROT_WRITE : 7));
	unsigned int value = next_value++;
	enum host_access want = !m->mapped ? HOST_ACCESS_MAPERR
				: !allowed ? HOST_ACCESS_ACCERR
				: beyond   ? HOST_ACCESS_BUS
					   : HOST_ACCESS_OK;
	enum host_access res =
		write ? host_user_write(page_addr(i), value) : host_user_read(page_addr(i), &value);

	if (failing && (res == HOST_ACCESS_OOM || (res == HOST_ACCESS_BUS && m->kind)))
		return;
	if (res != want)
		fatal("page %d: %s gave %d, not %d (mapped %d, prot %d)", i,
		      write ? "write" : "read", res, want, m->mapped, m->prot);
	if (res != HOST_ACCESS_OK)
		return;
	if (m->lazy && !write && value == 0)
		m->value = 0;
	if (write) {
		m->own = m->kind == KIND_PRIVATE;
		m->lazy = false;
		*model_value(m) = value;
	} else if (value != *model_value(m)) {
		fatal("page %d holds %u, not %u", i, value, *model_value(m));
	}
}

static void step_fork(int child, int parent)
{
	struct mm_struct *mm;

	host_use_mm(spaces[parent].mm);
	set_fail_nth(failing ? 1 + random_below(60) : 0);
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
	host_use_mm(NULL);
	mmput(s->mm);
	s->mm = NULL;
}

static struct mm_struct *new_mm(void)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };
	struct mm_struct *mm;

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
	host_use_mm(s->mm);
	set_fail_nth(failing && random_below(3) == 0 ? 1 + random_below(8) : 0);
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
	else if (op < 69 && !failing)
		step_punch(random_below(FILE_PAGES / 2), 1 + random_below(FILE_PAGES / 2));
	else if (op < 71 && !failing)
		step_truncate(random_below(2) ? FILE_PAGES : random_below(FILE_PAGES + 1));
	else
		step_touch(s, r.first);
}

static void check_all(void)
{
	check_spaces();
	check_mlocked();
	for (int i = 0; i < NR_SPACES; i++) {
		if (spaces[i].mm)
			check_layout(&spaces[i]);
		if (spaces[i].mm && test_step % 50 == 0)
			check_rmap(spaces[i].mm);
	}
	shmem_check(file_inode(file));
	CHECK(host_mmu_check());
}

static void all_exit(void)
{
	host_use_mm(NULL);
	for (int i = 0; i < NR_SPACES; i++) {
		if (spaces[i].mm)
			mmput(spaces[i].mm);
		spaces[i] = (struct space){ NULL };
	}
}

static void run(bool fail)
{
	unsigned long steps = os_env("STEPS", 3000);
	struct host_balance before;

	failing = false;
	mmput(new_mm());
	open_file();
	host_close(FILE_FD);
	before = host_balance();
	nr_refused = 0;
	open_file();
	failing = fail;
	for (int kind = 0; kind < NR_FAULT_KINDS; kind++)
		fault_attrs[kind].verbose = 0;
	host_mmu_strict = true;
	spaces[0].mm = new_mm();
	for (test_step = 0; test_step < steps; test_step++) {
		random_step();
		set_fail_nth(0);
		check_all();
	}
	all_exit();
	host_mmu_strict = false;
	host_close(FILE_FD);
	host_balance_check(&before);
	host_note("%lu steps, %u calls refused", steps, nr_refused);
}

TEST(address_spaces_against_a_model)
{
	run(false);
}

TEST(address_spaces_with_failing_allocations)
{
	run(true);
}
