// SPDX-License-Identifier: MIT
/*
 * Address spaces: birth (empty for exec, copied for fork) and end.
 *
 * An mm at its end: the last user's mmput() unmaps everything (exit_mmap) and leaves the fork tree; the struct and
 * its top level stay until the last CPU that still has the tables loaded lets go (mmdrop).
 * Failure: NULL; a half-copied child is taken down by the same exit_mmap.
 * Linux: kernel/fork.c mm_init, dup_mmap, mmput.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <sync/workqueue.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <seam/barrier.h>
#include <seam/irqflags.h>
#include <seam/mmu_context.h>
#include <seam/tlbflush.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <mm/address_space.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/mmu_notifier.h>
#include <mm/pgalloc.h>
#include <mm/rmap.h>
#include <mm/slab.h>
#include <mm/tlb.h>
#include <mm/userfaultfd.h>
#include "vma_internal.h"
#include "../pgtable/pgtable_internal.h"

static struct kmem_cache *mm_cachep;
static DEFINE_SPINLOCK(mmlist_lock, LOCK_MMLIST);

struct mm_struct init_mm = {
	.pgd = swapper_pg_dir,
	.mm_users = ATOMIC_INIT(2),
	.mm_count = ATOMIC_INIT(1),
	.mmap_lock = __RWSEM_INITIALIZER(init_mm.mmap_lock, LOCK_MMAP),
	.vma_writer_wait = __WAIT_QUEUE_HEAD_INITIALIZER(init_mm.vma_writer_wait),
	.page_table_lock = __SPIN_LOCK_UNLOCKED(LOCK_PAGE_TABLE),
	.arg_lock = __SPIN_LOCK_UNLOCKED(LOCK_MM_ARG),
	.mmlist = LIST_HEAD_INIT(init_mm.mmlist),
	.anon_moved = LIST_HEAD_INIT(init_mm.anon_moved),
	.anon_node = LIST_HEAD_INIT(init_mm.anon_node),
};

static void mm_cache_init(void)
{
	mm_cachep = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 64,
				      SLAB_PANIC | SLAB_ACCOUNT, NULL);
}

/* Everything but the layout; @mm is zeroed. */
static bool mm_init(struct mm_struct *mm, struct task_struct *tsk)
{
	mm->hole_addr = ~0UL;
	mm->task_size = TASK_SIZE;
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	mm->mm_lock_seq = 1;
	mm->pkey_map = 1; /* key 0 is everybody's */
	mm->execute_only_pkey = -1;
	init_rwsem(&mm->mmap_lock, LOCK_MMAP);
	init_waitqueue_head(&mm->vma_writer_wait);
	spin_lock_init(&mm->page_table_lock, LOCK_PAGE_TABLE);
	spin_lock_init(&mm->arg_lock, LOCK_MM_ARG);
	INIT_LIST_HEAD(&mm->anon_moved);
	INIT_LIST_HEAD(&mm->anon_node);
	INIT_LIST_HEAD(&mm->mmlist);
	mm->owner = tsk;
	if (current->mm) {
		mm->flags = current->mm->flags & MMF_INIT_MASK;
		mm->def_flags = current->mm->def_flags & VM_INIT_DEF_MASK;
	} else {
		mm->flags = MMF_DUMP_FILTER_DEFAULT;
	}
	mm->pgd = pgd_alloc(mm);
	if (!mm->pgd)
		return false;
	if (init_new_context(tsk, mm)) {
		pgd_free(mm, mm->pgd);
		return false;
	}
	return true;
}

/* Forget what mm_init() made. */
static void mm_uninit(struct mm_struct *mm)
{
	mmu_notifier_subscriptions_destroy(mm);
	destroy_context(mm);
	pgd_free(mm, mm->pgd);
	kmem_cache_free(mm_cachep, mm);
}

static void mm_publish(struct mm_struct *mm)
{
	spin_lock(&mmlist_lock);
	list_add_tail(&mm->mmlist, &init_mm.mmlist);
	spin_unlock(&mmlist_lock);
}

struct mm_struct *mmlist_next(struct mm_struct *prev, void (*put)(struct mm_struct *mm))
{
	struct mm_struct *next = NULL;
	struct list_head *pos;

	spin_lock(&mmlist_lock);
	for (pos = (prev ? prev : &init_mm)->mmlist.next; pos != &init_mm.mmlist; pos = pos->next) {
		next = list_entry(pos, struct mm_struct, mmlist);
		if (mmget_not_zero(next))
			break;
		next = NULL;
	}
	spin_unlock(&mmlist_lock);
	if (prev)
		put(prev);
	return next;
}

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cachep, GFP_KERNEL_ACCOUNT);

	if (!mm)
		return NULL;
	if (!mm_init(mm, current)) {
		kmem_cache_free(mm_cachep, mm);
		return NULL;
	}
	if (anon_vma_new(mm)) {
		mm_uninit(mm);
		return NULL;
	}
	mm_publish(mm);
	return mm;
}

/* --- fork ------------------------------------------------------------------------------------- */

/* The child's copy of @old in the tree, in the file and charged; its entries are not copied yet. */
static struct vm_area_struct *dup_vma(struct mm_struct *mm, struct vm_area_struct *old,
				      struct vma_pos *pos, struct list_head *uffd_forks)
{
	struct vm_area_struct *new;
	unsigned long charge = old->vm_flags & VM_ACCOUNT ? vma_pages(old) : 0;

	if (charge && security_vm_enough_memory_mm(old->vm_mm, charge))
		return NULL;
	new = vm_area_dup(old);
	if (!new)
		goto uncharge;
	new->vm_mm = mm;
	new->vm_flags &= ~VM_LOCKED_MASK;
	new->anon_vma = old->anon_vma && !(old->vm_flags & VM_WIPEONFORK) ? mm->anon_vma : NULL;
	if (unlikely(new->uffd) && dup_userfaultfd(new, uffd_forks))
		goto free;
	if (vma_tree_prealloc(mm, pos, 1))
		goto free;
	if (new->vm_file) {
		struct address_space *mapping = new->vm_file->f_mapping;

		get_file(new->vm_file);
		i_mmap_lock_write(mapping);
		if (is_shared_maywrite(new->vm_flags))
			mapping_allow_writable(mapping);
		vma_interval_tree_insert_after(new, old, &mapping->i_mmap);
		i_mmap_unlock_write(mapping);
	}
	vma_tree_insert_at(mm, pos, new);
	if (new->anon_shift)
		anon_vma_add_moved(new);
	return new;
free:
	vm_area_free(new);
uncharge:
	vm_unacct_memory(charge);
	return NULL;
}

static int dup_vmas(struct mm_struct *mm, struct mm_struct *oldmm, struct list_head *uffd_forks)
{
	struct vma_pos pos;
	bool flush = false;
	int err = 0;

	vma_tree_find(mm, 0, &pos);
	for (struct vm_area_struct *old = oldmm->mmap, *new; old; old = old->vm_next) {
		vma_start_write(old);
		if (old->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, old->vm_flags, -(long)vma_pages(old));
			continue;
		}
		new = dup_vma(mm, old, &pos, uffd_forks);
		if (!new) {
			err = -ENOMEM;
			break;
		}
		if (!(old->vm_flags & VM_WIPEONFORK))
			err = copy_page_range(new, old);
		flush |= err != 0; /* also when it broke off: some entries are read-only already */
		if (new->vm_ops &&new->vm_ops->open)
			new->vm_ops->open(new);
		if (err < 0)
			break;
		err = 0;
	}
	if (flush)
		flush_tlb_mm(oldmm);
	else
		flush_tlb_batched_pending(oldmm);
	return err;
}

/* What the child has in common with its parent before a single page is copied. */
static void dup_layout(struct mm_struct *mm, struct mm_struct *oldmm)
{
	mm->task_size = oldmm->task_size;
	mm->mmap_base = oldmm->mmap_base;
	mm->mmap_legacy_base = oldmm->mmap_legacy_base;
	mm->mmap_legacy = oldmm->mmap_legacy;
	mm->pkey_map = oldmm->pkey_map;
	mm->execute_only_pkey = oldmm->execute_only_pkey;
	mm->total_vm = oldmm->total_vm;
	mm->data_vm = oldmm->data_vm;
	mm->exec_vm = oldmm->exec_vm;
	mm->stack_vm = oldmm->stack_vm;
	spin_lock(&oldmm->arg_lock);
	mm->start_code = oldmm->start_code;
	mm->end_code = oldmm->end_code;
	mm->start_data = oldmm->start_data;
	mm->end_data = oldmm->end_data;
	mm->start_brk = oldmm->start_brk;
	mm->brk = oldmm->brk;
	mm->start_stack = oldmm->start_stack;
	mm->arg_start = oldmm->arg_start;
	mm->arg_end = oldmm->arg_end;
	mm->env_start = oldmm->env_start;
	mm->env_end = oldmm->env_end;
	spin_unlock(&oldmm->arg_lock);
	memcpy(mm->saved_auxv, oldmm->saved_auxv, sizeof(mm->saved_auxv));
	mm->binfmt = oldmm->binfmt;
	mm->vdso = oldmm->vdso;
	atomic_set(&mm->membarrier_state, atomic_read(&oldmm->membarrier_state));
}

struct mm_struct *dup_mm(struct task_struct *tsk, struct mm_struct *oldmm)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cachep, GFP_KERNEL_ACCOUNT);
	LIST_HEAD(uffd_forks);
	int err;

	if (!mm)
		return NULL;
	if (!mm_init(mm, tsk)) {
		kmem_cache_free(mm_cachep, mm);
		return NULL;
	}
	if (mmap_write_lock_killable(oldmm)) {
		mm_uninit(mm);
		return NULL;
	}
	if (anon_vma_fork(mm, oldmm)) {
		mmap_write_unlock(oldmm);
		mm_uninit(mm);
		return NULL;
	}
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	mm_publish(mm);
	/* A pin that slips in while pages become shared would be parted from its owner: see gup_fast. */
	WRITE_ONCE(oldmm->write_protect_seq, oldmm->write_protect_seq + 1);
	smp_mb();
	dup_layout(mm, oldmm);
	mm->exe_file = get_mm_exe_file(oldmm);
	/* Each mm denies for itself; it cannot fail while the old one does. */
	if (mm->exe_file && deny_write_access(mm->exe_file))
		WARN_ON_ONCE(1);
	err = dup_vmas(mm, oldmm, &uffd_forks);
	smp_store_release(&oldmm->write_protect_seq, oldmm->write_protect_seq + 1);
	mmap_write_unlock(mm);
	mmap_write_unlock(oldmm);
	if (err) {
		dup_userfaultfd_fail(&uffd_forks);
		mmput(mm);
		return NULL;
	}
	dup_userfaultfd_complete(&uffd_forks);
	mm->hiwater_rss = get_mm_rss(mm);
	mm->hiwater_vm = mm->total_vm;
	return mm;
}

/* --- end -------------------------------------------------------------------------------------- */

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *next;
	struct mmu_gather tlb;
	unsigned long nr_accounted = 0;

	mmu_notifier_release(mm);
	mmap_write_lock(mm);
	tlb_gather_mmu_fullmm(&tlb, mm);
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		vma_start_write(vma);
		if (vma->vm_flags & VM_ACCOUNT)
			nr_accounted += vma_pages(vma);
		if (unlikely(vma->vm_flags & VM_LOCKED))
			mlock_vma_pages(vma, vma->vm_start, vma->vm_end, false);
		unmap_page_range(&tlb, vma, vma->vm_start, vma->vm_end, NULL);
	}
	anon_vma_exit(mm);
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		vma_unlink_file(vma);
	free_pgtables(&tlb, mm->mmap, FIRST_USER_ADDRESS, 0);
	tlb_finish_mmu(&tlb);
	set_bit(MMF_OOM_SKIP, &mm->flags);

	vma = mm->mmap;
	mm->mmap = NULL;
	mm->map_count = 0;
	vma_tree_destroy(mm);
	for (; vma; vma = next) {
		next = vma->vm_next;
		atomic_set(&vma->vm_refcnt, 0);
		remove_vma(vma);
		cond_resched();
	}
	mmap_write_unlock(mm);
	vm_unacct_memory(nr_accounted);
}

void __mmput(struct mm_struct *mm)
{
	exit_mmap(mm);
	set_mm_exe_file(mm, NULL);
	spin_lock(&mmlist_lock);
	list_del_init(&mm->mmlist);
	spin_unlock(&mmlist_lock);
	mmdrop(mm);
}

void mmput(struct mm_struct *mm)
{
	might_sleep();
	if (atomic_dec_and_test(&mm->mm_users))
		__mmput(mm);
}

struct mmput_work {
	struct work_struct work;
	struct mm_struct *mm;
};

static void mmput_work_fn(struct work_struct *work)
{
	struct mmput_work *w = container_of(work, struct mmput_work, work);

	__mmput(w->mm);
	kfree(w);
}

void mmput_async(struct mm_struct *mm)
{
	struct mmput_work *w;

	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	w = kmalloc(sizeof(*w), GFP_ATOMIC | __GFP_NOFAIL);
	w->mm = mm;
	INIT_WORK(&w->work, mmput_work_fn);
	schedule_work(&w->work);
}

void __mmdrop(struct mm_struct *mm)
{
	BUG_ON(mm == &init_mm);
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (unlikely(get_mm_counter(mm, i)))
			pr_alert("BUG: mm %p ends with counter %d at %lu pages\n", mm, i,
				 get_mm_counter(mm, i));
	if (unlikely(mm_pgtables_bytes(mm)))
		pr_alert("BUG: mm %p ends with %lu bytes of tables\n", mm, mm_pgtables_bytes(mm));
	mm_uninit(mm);
}

/* --- exe_file --------------------------------------------------------------------------------- */

int set_mm_exe_file(struct mm_struct *mm, struct file *new_exe_file)
{
	struct file *old = mm->exe_file;

	/* Nobody may write to a running program. */
	if (new_exe_file) {
		if (deny_write_access(new_exe_file))
			return -EACCES;
		get_file(new_exe_file);
	}
	rcu_assign_pointer(mm->exe_file, new_exe_file);
	if (old) {
		allow_write_access(old);
		fput(old);
	}
	return 0;
}

static bool mm_maps(struct mm_struct *mm, const struct file *file)
{
	bool yes = false;

	mmap_read_lock(mm);
	for (struct vm_area_struct *vma = mm->mmap; vma && !yes; vma = vma->vm_next)
		yes = vma->vm_file && path_equal(&vma->vm_file->f_path, &file->f_path);
	mmap_read_unlock(mm);
	return yes;
}

int replace_mm_exe_file(struct mm_struct *mm, struct file *new_exe_file)
{
	struct file *old = get_mm_exe_file(mm);
	bool mapped = old && mm_maps(mm, old);

	if (old)
		fput(old);
	if (mapped)
		return -EBUSY;
	if (deny_write_access(new_exe_file))
		return -EACCES;
	get_file(new_exe_file);
	/* Several threads may do so at once: each gives back what it took out. */
	old = __atomic_exchange_n(&mm->exe_file, new_exe_file, __ATOMIC_ACQ_REL);
	if (old) {
		/* Not between fork's get_mm_exe_file() and its deny_write_access(). */
		mmap_read_lock(mm);
		allow_write_access(old);
		mmap_read_unlock(mm);
		fput(old);
	}
	return 0;
}

struct file *get_mm_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
	do {
		file = rcu_dereference(mm->exe_file);
	} while (file && !atomic_long_inc_not_zero(&file->f_count));
	rcu_read_unlock();
	return file;
}

void mm_init_virt(void)
{
	vma_cache_init();
	vma_tree_init();
	anon_vma_init();
	mm_cache_init();
}

/* --- kernel threads ----------------------------------------------------------------------------- */

void kthread_use_mm(struct mm_struct *mm)
{
	struct task_struct *tsk = current;
	struct mm_struct *active;

	BUG_ON(tsk->mm);
	mmgrab(mm);
	task_lock(tsk);
	local_irq_disable();
	active = tsk->active_mm;
	tsk->active_mm = mm;
	tsk->mm = mm;
	switch_mm_irqs_off(active, mm, tsk);
	local_irq_enable();
	task_unlock(tsk);
	mmdrop(active);
}

void kthread_unuse_mm(struct mm_struct *mm)
{
	struct task_struct *tsk = current;

	task_lock(tsk);
	local_irq_disable();
	tsk->mm = NULL;
	enter_lazy_tlb(mm, tsk); /* active_mm keeps the struct */
	local_irq_enable();
	task_unlock(tsk);
}
