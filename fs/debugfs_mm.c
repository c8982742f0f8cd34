// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug: memblock/{memory,reserved} as Linux shows them, with the owner's name; ledger, every
 * page in its account; ledger_lose; mm_check, which when it is read runs the check functions of physical memory and of every
 * address space (they stop the kernel on a contradiction) and says how many accounts of the ledger differ from
 * the counters; hwpoison/unpoison-pfn, as Linux's; mm_settle, where any write empties all stores (mm/stat/settle.c); and in a debug build
 * lockdep/reports, their number, and lockdep/leave: who writes there leaves the kernel with a mutex held.
 */
#include <base/string.h>
#include <base/types.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <base/errno.h>
#include <base/printf.h>
#include <kernel/init.h>
#include <kernel/pid.h>
#include <kernel/fork.h>
#include <kernel/task.h>
#include <mm/dma_pool.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/memblock.h>
#include <mm/migrate.h>
#include <mm/mm_struct.h>
#include <mm/percpu_alloc.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/settle.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>
#include <sync/lockdep.h>
#include <sync/mutex.h>
#include <sync/rcu.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <seam/ptdump.h>

static int memblock_show(struct seq_file *m, void *v)
{
	struct memblock_type *type = m->private;

	for (unsigned long i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i];

		seq_printf(m, "%4lu: 0x%016llx..0x%016llx%s%s\n", i, (unsigned long long)r->base,
			   (unsigned long long)(r->base + r->size - 1), r->name ? " " : "",
			   r->name ? r->name : "");
	}
	return 0;
}

/* An address space while nobody changes or faults in it. */
static void check_address_space(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		vma_start_write(vma);
	vma_tree_check(mm);
	pgtable_check(mm);
	if (mm->anon_vma)
		anon_vma_check(mm);
	mmap_write_unlock(mm);
}

static struct mm_struct *next_mm(pid_t *nr)
{
	struct mm_struct *mm = NULL;
	struct task_struct *task;
	struct pid *pid;

	rcu_read_lock();
	while (!mm && (pid = find_ge_pid(*nr))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_TGID);
		if (task)
			mm = get_task_mm(task);
	}
	rcu_read_unlock();
	return mm;
}

static void check_address_spaces(void)
{
	struct mm_struct *mm;
	pid_t nr = 1;

	while ((mm = next_mm(&nr))) {
		check_address_space(mm);
		mmput(mm);
	}
}

static ssize_t mm_settle_write(struct file *file, char *buf, size_t count)
{
	mm_settle();
	return (ssize_t)count;
}

#if QUIRE_DEBUG
static int lockdep_reports_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", lockdep_reports);
	return 0;
}

static DEFINE_MUTEX(left_behind, LOCK_UNRANKED);

static ssize_t lockdep_leave_write(struct file *file, char *buf, size_t count)
{
	return mutex_trylock(&left_behind) ? (ssize_t)count : -EBUSY;
}

static void debug_files(void)
{
	struct kernfs_node *dir = kernfs_create_dir(&debugfs_root, "lockdep", 0755);

	if (!dir)
		return;
	kernfs_create_file(dir, "reports", 0444, lockdep_reports_show, NULL, NULL);
	kernfs_create_file(dir, "leave", 0200, NULL, lockdep_leave_write, NULL);
}
#else
static void debug_files(void) {}
#endif

static int mm_check_show(struct seq_file *m, void *v)
{
	unsigned int strays;
	int wrong;

	check_address_spaces();
	buddy_check();
	slab_check_all();
	vmalloc_check();
	pcpu_check();
	wrong = ledger_check();
	strays = ptdump_count_strays();
	if (strays)
		seq_printf(m, "%u processes do not have the kernel's page tables\n", strays);
	if (wrong)
		seq_printf(m, "%d accounts of the ledger differ from the counters: see the log\n",
			   wrong);
	if (!wrong && !strays)
		seq_puts(m, "ok\n");
	return 0;
}

static void show_dma_pool(const struct dma_pool_info *i, void *m)
{
	seq_printf(m, "%-16s %4lu %4lu %4zu %2lu\n", i->name, i->nr_active, i->nr_blocks,
		   i->size_bytes, i->nr_runs);
}

/* As /sys/devices/.../pools of a Linux device: name, blocks in use, blocks, bytes of one, runs of pages. */
static int dma_pools_show(struct seq_file *m, void *v)
{
	seq_puts(m, "poolinfo - 0.1\n");
	dma_pool_for_each(show_dma_pool, m);
	return 0;
}

/* Lose a page of the account that is written ("none": find them again), to see that the ledger tells. */
static ssize_t ledger_lose_write(struct file *file, char *buf, size_t count)
{
	int err = ledger_lose_page(strim(buf));

	return err ? err : (ssize_t)count;
}

static void ptdump_line(void *m, const char *text)
{
	seq_puts(m, text);
}

static int kernel_page_tables_show(struct seq_file *m, void *v)
{
	ptdump_print_kernel(ptdump_line, m);
	return 0;
}

/* PID, name, bytes of its kernel stack that were ever used, bytes that there are. */
static int stack_depth_show(struct seq_file *m, void *v)
{
	struct task_struct *p, *t;

	rcu_read_lock();
	for_each_process_thread(p, t)
	{
		if (!try_get_task_stack(t))
			continue;
		seq_printf(m, "%5d %-15s %5lu %lu\n", t->pid, t->comm, stack_depth(t->stack),
			   THREAD_SIZE);
		put_task_stack(t);
	}
	rcu_read_unlock();
	return 0;
}

static ssize_t unpoison_write(struct file *file, char *buf, size_t count)
{
	unsigned long long pfn;
	int err = kstrtoull(buf, 0, &pfn);

	if (!err)
		err = unpoison_memory(pfn);
	return err ? err : (ssize_t)count;
}

static int __init debugfs_mm_init(void)
{
	struct kernfs_node *dir = kernfs_create_dir(&debugfs_root, "memblock", 0755);

	if (dir) {
		kernfs_create_file(dir, "memory", 0444, memblock_show, NULL, &memblock.memory);
		kernfs_create_file(dir, "reserved", 0444, memblock_show, NULL, &memblock.reserved);
	}
	dir = kernfs_create_dir(&debugfs_root, "extfrag", 0755);
	if (dir) {
		kernfs_create_file(dir, "unusable_index", 0444, unusable_index_show, NULL, NULL);
		kernfs_create_file(dir, "extfrag_index", 0444, extfrag_index_show, NULL, NULL);
	}
	dir = kernfs_create_dir(&debugfs_root, "page_tables", 0755);
	if (dir)
		kernfs_create_file(dir, "kernel", 0400, kernel_page_tables_show, NULL, NULL);
	dir = kernfs_create_dir(&debugfs_root, "hwpoison", 0755);
	if (dir)
		kernfs_create_file(dir, "unpoison-pfn", 0200, NULL, unpoison_write, NULL);
	if (stack_depth_known)
		kernfs_create_file(&debugfs_root, "stack_depth", 0444, stack_depth_show, NULL,
				   NULL);
	kernfs_create_file(&debugfs_root, "ledger", 0444, ledger_show, NULL, NULL);
	kernfs_create_file(&debugfs_root, "dma_pools", 0444, dma_pools_show, NULL, NULL);
	kernfs_create_file(&debugfs_root, "ledger_lose", 0200, NULL, ledger_lose_write, NULL);
	kernfs_create_file(&debugfs_root, "mm_check", 0400, mm_check_show, NULL, NULL);
	kernfs_create_file(&debugfs_root, "mm_settle", 0200, NULL, mm_settle_write, NULL);
	debug_files();
	return 0;
}
fs_initcall(debugfs_mm_init);
