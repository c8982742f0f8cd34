/* SPDX-License-Identifier: MIT */
/*
 * /proc/mm/explain: what an address is, in words.
 *
 *	write	"PID ADDRESS"	an address of that process ("self": of the writer)
 *		"ADDRESS"	an address of the kernel, or of the writer
 *		"phys ADDRESS"	a physical address
 *	read	the kind of address; the process and its VMA; each level of the page tables with its entry decoded; the
 *		page with its flags, its references (expected from known holders, and actual); every entry that maps it,
 *		found through the reverse map
 *
 * Addresses are hexadecimal, as maps shows them. A file that was not written to explains what was asked for last.
 * The look takes mmap_lock for reading and a reference and the lock of the page, one after the other: what is
 * printed last may be younger than what is printed first. Its own reference is named.
 * Linux has no such file; crash(8) vtop and dump_page() come near.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <kernel/kallsyms.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/task.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/page_flags.h>
#include <mm/pgalloc.h>
#include <mm/pgtable_path.h>
#include <mm/swap.h>
#include <mm/rmap.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <mm/vma.h>
#include <mm/zone.h>
#include <seam/fixmap.h>
#include <seam/pgtable.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>
#include <sync/rcu.h>

#include "internal.h"

struct question {
	struct pid *pid; /* unused when physical, or of the kernel */
	pid_t nr;
	unsigned long addr;
	bool physical;
};

/* ---- entries ---- */

static const struct {
	u64 bit;
	const char *set, *clear;
} entry_bits[] = {
	{ _PAGE_RW, "writable", "read-only" },	  { _PAGE_USER, "user", "kernel" },
	{ _PAGE_NX, "no-execute", "executable" }, { _PAGE_PWT, "write-through", NULL },
	{ _PAGE_PCD, "uncached", NULL },	  { _PAGE_ACCESSED, "accessed", "not accessed" },
};

static void put_entry_bits(struct seq_file *m, const struct pgtable_step *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(entry_bits); i++) {
		const char *word =
			s->val & entry_bits[i].bit ? entry_bits[i].set : entry_bits[i].clear;
		if (word)
			seq_printf(m, "%s %s", i ? "," : "", word);
	}
	if (!s->leaf)
		return;
	seq_puts(m, s->val & _PAGE_DIRTY ? ", dirty" : ", clean");
	if (s->val & _PAGE_GLOBAL)
		seq_puts(m, ", global");
	if (s->val & _PAGE_SPECIAL)
		seq_puts(m, ", special (not counted)");
	if (s->val & _PAGE_SOFT_DIRTY)
		seq_puts(m, ", soft-dirty");
}

static void put_step(struct seq_file *m, const struct pgtable_step *s)
{
	unsigned long pfn = (s->val & PTE_PFN_MASK) >> PAGE_SHIFT;

	seq_printf(m, "%s[%3u] at %px = %016llx: ", s->level, s->index, s->entry, s->val);
	if (!s->val)
		seq_puts(m, "nothing");
	else if (s->leaf && !(s->val & _PAGE_PRESENT))
		seq_printf(m, "frame %#lx, hidden from the CPU (PROT_NONE)", pfn);
	else if (!(s->val & _PAGE_PRESENT))
		seq_puts(m, "not present");
	else if (s->leaf)
		seq_printf(m, "frame %#lx, %llu KiB,", pfn, s->span >> 10);
	else
		seq_printf(m, "table in frame %#lx,", pfn);
	if (s->val & _PAGE_PRESENT)
		put_entry_bits(m, s);
	seq_putc(m, '\n');
}

static unsigned int put_path(struct seq_file *m, pgd_t *top, unsigned long addr,
			     struct pgtable_step *steps)
{
	unsigned int nr;

	rcu_read_lock();
	nr = pgtable_path(top, addr, steps);
	for (unsigned int i = 0; i < nr; i++)
		put_step(m, &steps[i]);
	rcu_read_unlock();
	return nr;
}

/* ---- who maps a page ---- */

static void put_process(struct seq_file *m, const struct mm_struct *mm)
{
	struct task_struct *p;
	char comm[TASK_COMM_LEN];

	rcu_read_lock();
	for_each_process (p) {
		if (READ_ONCE(p->mm) != mm)
			continue;
		get_task_comm(comm, p);
		seq_printf(m, "process %d (%s)", p->pid, comm);
		break;
	}
	rcu_read_unlock();
	if (p == &init_task)
		seq_puts(m, "a process that is going or coming");
}

struct mapper_count {
	struct seq_file *m;
	int found;
};

static bool put_mapper(struct folio *folio, struct vm_area_struct *vma, unsigned long addr,
		       void *arg)
{
	struct mapper_count *c = arg;
	struct page_vma_mapped_walk pvmw = {
		.pfn = folio_pfn(folio),
		.nr_pages = folio_nr_pages(folio),
		.mm = vma->vm_mm,
		.address = addr,
		.end = min(vma->vm_end, addr + folio_size(folio)),
	};

	while (page_vma_mapped_walk(&pvmw)) {
		u64 entry = pte_val(ptep_get(pvmw.pte));

		page_vma_mapped_walk_done(&pvmw); /* the name of a process needs its lock */
		seq_printf(c->m, "mapped: %012lx in ", pvmw.address);
		put_process(c->m, vma->vm_mm);
		seq_printf(c->m, ", vma %lx-%lx, entry %016llx\n", vma->vm_start, vma->vm_end,
			   entry);
		c->found++;
		pvmw.address += PAGE_SIZE;
	}
	return true;
}

void proc_describe_mappers(struct seq_file *m, struct folio *folio)
{
	struct mapper_count c = { .m = m };
	struct rmap_walk_control rwc = { .rmap_one = put_mapper, .arg = &c };
	bool whole;

	folio_lock(folio);
	whole = !folio_mapped(folio) || rmap_walk(folio, &rwc);
	folio_unlock(folio);
	seq_printf(m, "mappers: %d found through the reverse map%s, map count %d\n", c.found,
		   whole ? "" : " (one was being changed)", folio_mapcount(folio));
}

/* ---- an address of a process ---- */

static const char *vma_kind(struct mm_struct *mm, struct vm_area_struct *vma)
{
	bool shared = vma->vm_flags & VM_MAYSHARE;

	if (vma->vm_flags & VM_PFNMAP)
		return "frames of a device or of the kernel, without pages";
	if (vma->vm_file)
		return shared ? "a file, shared" : "a file, private (copy on write)";
	if (vma->vm_ops)
		return "special: vdso, vvar or a driver's";
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		return "anonymous, the heap";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "anonymous, the stack";
	return "anonymous, private";
}

/* What the next access would do. */
static void put_next_access(struct seq_file *m, struct vm_area_struct *vma, pte_t pte)
{
	const char *does;

	if (!vma_is_accessible(vma))
		does = "any access: SIGSEGV (PROT_NONE)";
	else if (pte_none(pte) && vma->vm_ops)
		does = "first access: a fault that asks the file or driver";
	else if (pte_none(pte))
		does = "first read: the zero page; first write: a new page of zeroes";
	else if (is_swap_pte(pte))
		does = "any access: a fault that finds the page in the swap cache or reads it";
	else if (pte_marker_error(pte))
		does = "any access: SIGBUS (its page of swap could not be read)";
	else if (!(vma->vm_flags & VM_WRITE))
		does = "reads without a fault; a write: SIGSEGV";
	else if (pte_write(pte))
		does = "reads and writes without a fault";
	else if (vma->vm_flags & VM_MAYSHARE)
		does = "reads without a fault; a write: a fault that tells the file (or soft-dirty)";
	else
		does = "reads without a fault; a write: a copy, or reuse when nobody else has the page";
	seq_printf(m, "next: %s\n", does);
}

static void put_hole(struct seq_file *m, struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *next = find_vma(mm, addr), *prev = next ? next->vm_prev : mm->mmap;

	while (!next && prev && prev->vm_next)
		prev = prev->vm_next;
	seq_printf(m, "vma: none; a hole of %lx-%lx: any access is SIGSEGV (SEGV_MAPERR)%s\n",
		   prev ? prev->vm_end : 0, next ? next->vm_start : mm->task_size,
		   next && (next->vm_flags & VM_GROWSDOWN) ? " unless the stack grows" : "");
}

static void put_vma(struct seq_file *m, struct mm_struct *mm, struct vm_area_struct *vma,
		    unsigned long addr)
{
	unsigned int others = 0;

	seq_puts(m, "vma: ");
	show_map_vma(m, vma);
	seq_printf(m, "vma kind: %s; page %lu of %lu\n", vma_kind(mm, vma),
		   (addr - vma->vm_start) >> PAGE_SHIFT, vma_pages(vma));
	if (vma->vm_file)
		seq_printf(m, "file page: index %#lx\n", linear_page_index(vma, addr));
	else
		seq_printf(m, "anonymous page: index %#lx, anon_vma %px\n",
			   anon_page_index(vma, addr), vma->anon_vma);
	for (struct vm_area_struct *v = mm->mmap; v; v = v->vm_next)
		others += v->vm_mm != mm;
	seq_printf(m, "vmas: %d of this process, %s vm_mm is %px\n", mm->map_count,
		   others ? "NOT each" : "each", mm);
}

/* The page at @addr with a reference, or NULL. => mmap_lock held */
static struct page *get_mapped(struct vm_area_struct *vma, unsigned long addr, pte_t *found)
{
	struct page *page = NULL;
	unsigned long pfn;
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte, now;

	*found = __pte(0);
	if (!pte_find(vma->vm_mm, addr, &pmd))
		return NULL;
	pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!pte)
		return NULL;
	now = ptep_get(pte);
	*found = now;
	pfn = pte_pfn(now);
	if (pte_present(now) && !pte_special(now) && pfn_valid(pfn)) {
		page = pfn_to_page(pfn);
		get_page(page);
	}
	pte_unmap_unlock(pte, ptl);
	return page;
}

static void explain_user(struct seq_file *m, struct mm_struct *mm, unsigned long addr)
{
	struct pgtable_step steps[PGTABLE_LEVELS];
	struct vm_area_struct *vma;
	struct page *page = NULL;
	pte_t pte = __pte(0);

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma)
		put_vma(m, mm, vma, addr);
	else
		put_hole(m, mm, addr);
	put_path(m, mm->pgd, addr, steps);
	if (vma) {
		page = get_mapped(vma, addr, &pte);
		put_next_access(m, vma, pte);
	}
	mmap_read_unlock(mm);
	if (page) {
		proc_describe_page(m, page_to_pfn(page), 1);
		put_page(page);
	} else if (vma && pte_present(pte)) {
		seq_printf(m, "page: frame %#lx, %s: no reference, no reverse map\n", pte_pfn(pte),
			   is_zero_pfn(pte_pfn(pte)) ? "the zero page" : "not counted");
	} else if (vma && is_swap_pte(pte)) {
		swp_entry_t entry = pte_to_swp_entry(pte);

		seq_printf(m, "page: in slot %lu of swap device %u, which %u entries name%s\n",
			   swp_offset(entry), swp_type(entry), swap_count_unkept(entry),
			   pte_swp_exclusive(pte) ? "; exclusive" : "");
	}
}

static int explain_process(struct seq_file *m, const struct question *q)
{
	struct task_struct *task = get_pid_task(q->pid, PIDTYPE_PID);
	struct mm_struct *mm;
	char comm[TASK_COMM_LEN];

	if (!task)
		return -ESRCH;
	if (!ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS)) {
		put_task_struct(task);
		return -EACCES;
	}
	get_task_comm(comm, task);
	seq_printf(m, "process: %d (%s)\n", task->pid, comm);
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm) {
		seq_puts(m, "mm: none (a kernel thread, or it is dead)\n");
		return 0;
	}
	seq_printf(m, "mm: %px, pgd %px, %d users\n", mm, mm->pgd, atomic_read(&mm->mm_users) - 1);
	explain_user(m, mm, q->addr);
	mmput(mm);
	return 0;
}

/* ---- addresses of the kernel, physical ones ---- */

/* The areas of the kernel's half: the last that begins at or below an address has it. */
static const char *kernel_area(unsigned long addr)
{
	const struct {
		unsigned long start;
		const char *kind;
	} areas[] = {
		{ FIXADDR_START, "kernel virtual (fixmap)" },
		{ __START_KERNEL_map, "kernel virtual (kernel image)" },
		{ VMEMMAP_START, "kernel virtual (struct page)" },
		{ VMALLOC_START, "kernel virtual (vmalloc, stacks, device registers)" },
		{ PAGE_OFFSET, "kernel logical (direct map)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		if (addr >= areas[i].start)
			return areas[i].kind;
	return "kernel virtual, in no area";
}

static void explain_kernel(struct seq_file *m, unsigned long addr)
{
	struct pgtable_step steps[PGTABLE_LEVELS];
	char symbol[KSYM_SYMBOL_LEN];
	unsigned long pfn;
	unsigned int nr;

	seq_printf(m, "kind: %s\n", kernel_area(addr));
	if (addr >= __START_KERNEL_map && addr < FIXADDR_START) {
		sprint_symbol(symbol, addr);
		seq_printf(m, "symbol: %s\n", symbol);
	}
	nr = put_path(m, swapper_pg_dir, addr, steps);
	if (!pgtable_path_pfn(steps, nr, addr, &pfn)) {
		seq_puts(m, "next: any access is an oops\n");
		return;
	}
	seq_printf(m, "physical: %#lx\n", (pfn << PAGE_SHIFT) + offset_in_page(addr));
	proc_describe_page(m, pfn, 0);
}

static void explain_physical(struct seq_file *m, unsigned long addr)
{
	unsigned long pfn = addr >> PAGE_SHIFT;

	seq_puts(m, "kind: physical; the bus address of devices is the same (no IOMMU)\n");
	if (!pfn_valid(pfn)) {
		seq_puts(m, "memory: none that the kernel manages\n");
		return;
	}
	seq_printf(m, "memory: low (all memory is, on 64 bits), zone %s, node %d\n",
		   page_zone(pfn_to_page(pfn))->name, page_to_nid(pfn_to_page(pfn)));
	seq_printf(m, "logical: %px\n", __va(addr));
	proc_describe_page(m, pfn, 0);
}

static int explain_show(struct seq_file *m, void *v)
{
	const struct question *q = m->private;

	if (!q->pid && !q->physical && !q->addr) {
		seq_puts(m, "write \"PID ADDRESS\", \"ADDRESS\" or \"phys ADDRESS\" first\n");
		return 0;
	}
	seq_printf(m, "address: %#lx\n", q->addr);
	if (q->physical) {
		explain_physical(m, q->addr);
	} else if ((long)q->addr << 16 >> 16 != (long)q->addr) {
		seq_puts(m, "kind: non-canonical: the CPU refuses it (general protection)\n");
	} else if ((long)q->addr < 0) {
		explain_kernel(m, q->addr);
	} else {
		seq_puts(m, "kind: user virtual\n");
		return explain_process(m, q);
	}
	return 0;
}

/* ---- the file ---- */

static DEFINE_MUTEX(last_lock, LOCK_SLEEP_LEAF);
static struct question last; /* last_lock: what was asked for last; holds a reference to its pid */

static void question_set(struct question *to, const struct question *from)
{
	struct pid *old = to->pid;

	*to = *from;
	get_pid(to->pid);
	put_pid(old);
}

static int parse_process(char *word, struct question *q)
{
	struct task_struct *task;
	int err = 0;

	if (!strcmp(word, "self"))
		q->nr = current->tgid;
	else
		err = kstrtoint(word, 10, &q->nr);
	if (err)
		return err;
	task = q->nr > 0 ? find_get_task_by_vpid(q->nr) : NULL;
	if (!task)
		return -ESRCH;
	q->pid = get_task_pid(task, PIDTYPE_PID);
	put_task_struct(task);
	return q->pid ? 0 : -ESRCH;
}

/* => on success @q holds a reference to its pid */
static int parse(char *text, struct question *q)
{
	char *first = strim(text), *second = strchr(first, ' ');
	int err;

	*q = (struct question){ .pid = NULL };
	if (second)
		*second++ = 0;
	err = kstrtoul(skip_spaces(second ?: first), 16, &q->addr);
	if (err)
		return err;
	if (second && !strcmp(first, "phys")) {
		q->physical = true;
		return 0;
	}
	return parse_process(second ? first : (char *)"self", q);
}

static ssize_t explain_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct question q;
	char *text;
	int err;

	text = memdup_user_nul(buf, min_t(size_t, count, 64));
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = parse(text, &q);
	kfree(text);
	if (err)
		return err;
	mutex_lock(&m->lock);
	question_set(m->private, &q);
	mutex_unlock(&m->lock);
	mutex_lock(&last_lock);
	question_set(&last, &q);
	mutex_unlock(&last_lock);
	put_pid(q.pid);
	*ppos = 0; /* the answer starts anew */
	return count;
}

static int explain_open(struct inode *inode, struct file *file)
{
	struct question *q = kzalloc(sizeof(*q), GFP_KERNEL);
	int err;

	if (!q)
		return -ENOMEM;
	mutex_lock(&last_lock);
	question_set(q, &last);
	mutex_unlock(&last_lock);
	err = single_open(file, explain_show, q);
	if (err) {
		put_pid(q->pid);
		kfree(q);
	}
	return err;
}

static int explain_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct question *q = m->private;

	put_pid(q->pid);
	kfree(q);
	return single_release(inode, file);
}

static const struct file_operations explain_fops = {
	.open = explain_open,
	.read = seq_read,
	.write = explain_write,
	.llseek = seq_lseek,
	.release = explain_release,
};

void __init proc_explain_init(struct proc_dir_entry *mm)
{
	proc_create("explain", 0600, mm, &explain_fops); /* addresses of the kernel */
}
