/* SPDX-License-Identifier: MIT */
/*
 * mm_struct: one address space, its counts and its locks.
 *
 * Legend (which lock guards a field; two letters: either suffices to read, both to write):
 *	m  mmap_lock (write to change, read to look)
 *	r  written under m, read under RCU and then verified
 *	a  atomic
 *	p  page_table_lock
 *	g  arg_lock
 *	c  constant once the mm is visible to others
 */
#ifndef QUIRE_MM_MM_STRUCT_H
#define QUIRE_MM_MM_STRUCT_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/list.h>
#include <base/cpumask.h>
#include <sync/spinlock.h>
#include <sync/rwsem.h>
#include <sync/wait.h>
#include <seam/page.h>
#include <seam/pgtable.h>
#include <seam/percpu.h>
#include <seam/mmu_context_types.h>

struct anon_vma;
struct file;
struct linux_binfmt;
struct mmu_notifier_subscriptions;
struct task_struct;
struct vm_area_struct;
struct page;

/* The classes of resident pages, in the order of Linux. */
enum mm_counter {
	MM_FILEPAGES,		/* pages of files, shmem excepted */
	MM_ANONPAGES,
	MM_SWAPENTS,		/* swap entries in page tables */
	MM_SHMEMPAGES,
	NR_MM_COUNTERS
};

/*
 * Resident counts are kept in a few shards, each in its own cache line, chosen by CPU: one locked
 * add without contention. The sum over the shards is exact.
 */
#define MM_RSS_SHARDS	4

struct mm_rss_shard {
	atomic_long_t count[NR_MM_COUNTERS];
} __aligned(64);

/* The range tree of VMAs, see include/mm/vma_tree.h. */
struct vma_tree {
	unsigned long root;	/* r: node address | height - 1; 0 = empty */
	void *spare_leaf;	/* m: nodes in reserve, linked through their first word */
	void *spare_inner;	/* m */
	unsigned int nr_spare_leaf, nr_spare_inner;	/* m */
};

#define AT_VECTOR_SIZE_ARCH	3
#define AT_VECTOR_SIZE		(2 * (AT_VECTOR_SIZE_ARCH + 22 + 1))

struct mm_struct {
	/* What a page fault reads. */
	struct vma_tree vmas;			/* r */
	pgd_t *pgd;				/* c */
	unsigned long mm_lock_seq;		/* m: a VMA whose vm_lock_seq equals it is write-locked;
						 * moves when the write lock is dropped */
	int map_count;				/* m: number of VMAs */
	struct anon_vma *anon_vma;		/* c: node of this mm in the family tree, mm/rmap/anon_vma.c */
	struct vm_area_struct *mmap;		/* m: VMA with the lowest address */
	unsigned long task_size;		/* c */
	unsigned long def_flags;		/* m: flags of each new VMA: mlockall(MCL_FUTURE) */
	struct mmu_notifier_subscriptions *notifier_subscriptions;	/* set once, under all locks (mm/mmu_notifier.h) */

	atomic_t mm_users __aligned(64);	/* a: users of the memory, see mmget */
	atomic_t mm_count;			/* a: users of this struct, see mmgrab */
	struct rw_semaphore mmap_lock;
	wait_queue_head_t vma_writer_wait;	/* the writer waits here for the readers of a VMA */
	spinlock_t page_table_lock;		/* upper levels of the tables, pinned counts */
	struct mm_rss_shard rss[MM_RSS_SHARDS];	/* a */
	atomic_long_t pgtables_bytes;		/* a: bytes in page tables */
	atomic_t unmaps_deferred;		/* a: entries removed by reclaim whose flush was put off, ever */
	int unmaps_flushed;			/* a: of them, those that were flushed at the last look */

	/* The layout. */
	unsigned long mmap_base;		/* c: top of the area for mmap, or its bottom (legacy) */
	unsigned long mmap_legacy_base;		/* c: lowest address for mmap bottom-up */
	bool mmap_legacy;			/* c: addresses are given out bottom-up */
	s8 execute_only_pkey;			/* m: protection key of PROT_EXEC alone, or -1 */
	u16 pkey_map;				/* m: protection keys that are taken */
	unsigned long hole_addr;		/* m: no hole of hole_len or more in [hole_addr, mmap_base) */
	unsigned long hole_len;			/* m */
	unsigned int write_protect_seq;		/* m: odd while fork makes pages shared; gup_fast looks */
	struct list_head anon_moved;		/* m + root of anon_vma: VMAs with anon_shift != 0 */
	struct list_head anon_node;		/* root of anon_vma: among the mms of its node */

	/* Accounts, in pages. */
	unsigned long hiwater_rss;		/* a: those who take pages away meet here, with m for reading or without */
	unsigned long hiwater_vm;		/* m */
	unsigned long total_vm;			/* m */
	unsigned long locked_vm;		/* m */
	atomic64_t pinned_vm;			/* a */
	unsigned long data_vm;			/* m: VM_WRITE & ~VM_SHARED & ~VM_STACK */
	unsigned long exec_vm;			/* m: VM_EXEC & ~VM_WRITE & ~VM_STACK */
	unsigned long stack_vm;			/* m: VM_STACK */

	spinlock_t arg_lock;
	unsigned long start_code, end_code, start_data, end_data;	/* g */
	unsigned long start_brk, brk, start_stack;			/* g */
	unsigned long arg_start, arg_end, env_start, env_end;		/* g */
	unsigned long saved_auxv[AT_VECTOR_SIZE];			/* c */

	unsigned long flags;			/* a: MMF_* */
	atomic_t membarrier_state;		/* a */
	struct linux_binfmt *binfmt;		/* c */
	struct file *exe_file;			/* RCU + m */
	struct task_struct *owner;		/* kernel/: the leader for which the mm was made */
	void *vdso;				/* c: user address of the vDSO, NULL without */
	mm_context_t context;			/* the machine's: ASID generations, LDT */
	struct list_head mmlist;		/* mmlist_lock: all mms, for swap-off and checks */
	struct cpumask cpu_bitmap;		/* a: CPUs whose TLB may hold translations of this mm */
};

extern struct mm_struct init_mm;

/* mm->flags: bits 0-1 dumpable, 2-10 core dump filter, as in Linux. */
#define MMF_DUMPABLE_BITS	2
#define MMF_DUMPABLE_MASK	((1UL << MMF_DUMPABLE_BITS) - 1)
#define MMF_DUMP_ANON_PRIVATE	2
#define MMF_DUMP_ANON_SHARED	3
#define MMF_DUMP_MAPPED_PRIVATE	4
#define MMF_DUMP_MAPPED_SHARED	5
#define MMF_DUMP_ELF_HEADERS	6
#define MMF_DUMP_HUGETLB_PRIVATE 7
#define MMF_DUMP_FILTER_BITS	9
#define MMF_DUMP_FILTER_MASK	(((1UL << MMF_DUMP_FILTER_BITS) - 1) << MMF_DUMPABLE_BITS)
#define MMF_DUMP_FILTER_DEFAULT	((1UL << MMF_DUMP_ANON_PRIVATE) | (1UL << MMF_DUMP_ANON_SHARED) | \
				 (1UL << MMF_DUMP_ELF_HEADERS) | (1UL << MMF_DUMP_HUGETLB_PRIVATE))
#define MMF_HAS_UFFD		20	/* a VMA may have, or have had, a userfaultfd */
#define MMF_OOM_SKIP		21	/* the memory of a victim is free, or given up: choose the next */
#define MMF_UNSTABLE		22	/* the reaper takes pages away: faults fail */
#define MMF_DISABLE_THP		24
#define MMF_OOM_REAP_QUEUED	25
/* What fork and exec hand down. */
#define MMF_INIT_MASK		(((1UL << (MMF_DUMP_ELF_HEADERS + 5)) - 1) | (1UL << MMF_DISABLE_THP))

/* Is the OOM reaper at work? Then what is not there any more must not come back as zeroes. => lock of a page table held */
static inline bool mm_is_unstable(const struct mm_struct *mm)
{
	return READ_ONCE(mm->flags) & (1UL << MMF_UNSTABLE);
}

static inline struct cpumask *mm_cpumask(struct mm_struct *mm)
{
	return &mm->cpu_bitmap;
}

/*
 * Life. An mm has users of its memory (mm_users: tasks, and who reads another's memory) and users of
 * the struct (mm_count: all mm_users together count one; a kernel thread that borrows the page
 * tables counts one). The last mmput() empties the address space, the last mmdrop() frees it.
 */

/**
 * mm_alloc - a new, empty address space with kernel mappings, for exec.
 * Return: an mm with mm_users = mm_count = 1, or NULL. Context: may sleep.
 */
struct mm_struct *mm_alloc(void);

/**
 * dup_mm - copy the address space of @oldmm for fork, copy on write.
 * @tsk: the new task, for whose account the copy is made
 * Return: the new mm, or NULL (out of memory, overcommit refused). Context: may sleep; takes both mmap_locks.
 */
struct mm_struct *dup_mm(struct task_struct *tsk, struct mm_struct *oldmm);

void __mmput(struct mm_struct *mm);	/* the last user: unmaps everything; may sleep */
void __mmdrop(struct mm_struct *mm);	/* the last holder: frees tables and struct */
void mmput(struct mm_struct *mm);	/* may sleep */
void mmput_async(struct mm_struct *mm);	/* from atomic context: by a work queue */

static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

static inline void mmdrop(struct mm_struct *mm)
{
	if (unlikely(atomic_dec_and_test(&mm->mm_count)))
		__mmdrop(mm);
}

static inline void mmget(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_users);
}

static inline bool mmget_not_zero(struct mm_struct *mm)
{
	return atomic_inc_not_zero(&mm->mm_users);
}

/*
 * A kernel thread works in the user memory of @mm, for which it holds a use, until kthread_unuse_mm().
 * => current->mm is NULL; may sleep
 */
void kthread_use_mm(struct mm_struct *mm);
void kthread_unuse_mm(struct mm_struct *mm);

/*
 * The first (@prev NULL) or next address space with users, in the order of their making; it is kept, and @prev is let
 * go by @put: mmput or mmput_async. NULL: that was the last. May sleep if @put does.
 */
struct mm_struct *mmlist_next(struct mm_struct *prev, void (*put)(struct mm_struct *mm));

/* The file of the running program; get returns a reference or NULL, set takes one. */
int set_mm_exe_file(struct mm_struct *mm, struct file *new_exe_file);
/*
 * prctl(PR_SET_MM_EXE_FILE) of a running program. -EBUSY: the old file is still mapped, -EACCES: the new one is open for
 * writing. => mmap_lock not held
 */
int replace_mm_exe_file(struct mm_struct *mm, struct file *new_exe_file);
struct file *get_mm_exe_file(struct mm_struct *mm);

/* Resident counts, in pages. */
static inline void add_mm_counter(struct mm_struct *mm, enum mm_counter member, long value)
{
	atomic_long_add(value, &mm->rss[raw_smp_processor_id() % MM_RSS_SHARDS].count[member]);
}

static inline void inc_mm_counter(struct mm_struct *mm, enum mm_counter member)
{
	atomic_long_inc(&mm->rss[raw_smp_processor_id() % MM_RSS_SHARDS].count[member]);
}

static inline void dec_mm_counter(struct mm_struct *mm, enum mm_counter member)
{
	atomic_long_dec(&mm->rss[raw_smp_processor_id() % MM_RSS_SHARDS].count[member]);
}

static inline unsigned long get_mm_counter(struct mm_struct *mm, enum mm_counter member)
{
	long sum = 0;

	for (int i = 0; i < MM_RSS_SHARDS; i++)
		sum += atomic_long_read(&mm->rss[i].count[member]);
	return sum < 0 ? 0 : sum;	/* a reader between the two halves of a move */
}

static inline unsigned long get_mm_rss(struct mm_struct *mm)
{
	return get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_ANONPAGES) +
	       get_mm_counter(mm, MM_SHMEMPAGES);
}

static inline unsigned long get_mm_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm), high = READ_ONCE(mm->hiwater_rss);

	return high > rss ? high : rss;
}

static inline void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm), high = READ_ONCE(mm->hiwater_rss);

	while (high < rss && !try_cmpxchg_relaxed(&mm->hiwater_rss, &high, rss))
		;
}

static inline void reset_mm_hiwater_rss(struct mm_struct *mm)
{
	WRITE_ONCE(mm->hiwater_rss, get_mm_rss(mm));
}

static inline unsigned long get_mm_hiwater_vm(struct mm_struct *mm)
{
	return mm->hiwater_vm > mm->total_vm ? mm->hiwater_vm : mm->total_vm;
}

static inline void update_hiwater_vm(struct mm_struct *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		mm->hiwater_vm = mm->total_vm;
}

static inline void setmax_mm_hiwater_rss(unsigned long *maxrss, struct mm_struct *mm)
{
	unsigned long hiwater = get_mm_hiwater_rss(mm);

	if (*maxrss < hiwater)
		*maxrss = hiwater;
}

/*
 * mmap_lock. Dropping the write lock (or downgrading it) moves mm_lock_seq and with that releases
 * all VMAs that were write-locked under it, in one store.
 */
static inline void mmap_write_lock(struct mm_struct *mm)
{
	down_write(&mm->mmap_lock);
}

static inline void mmap_write_lock_nested(struct mm_struct *mm, int subclass)
{
	down_write_nested(&mm->mmap_lock, subclass);
}

static inline int __must_check mmap_write_lock_killable(struct mm_struct *mm)
{
	return down_write_killable(&mm->mmap_lock);
}

static inline void vma_end_write_all(struct mm_struct *mm)
{
	smp_store_release(&mm->mm_lock_seq, mm->mm_lock_seq + 1);
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	up_write(&mm->mmap_lock);
}

static inline void mmap_write_downgrade(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	downgrade_write(&mm->mmap_lock);
}

static inline void mmap_read_lock(struct mm_struct *mm)
{
	down_read(&mm->mmap_lock);
}

static inline int __must_check mmap_read_lock_killable(struct mm_struct *mm)
{
	return down_read_killable(&mm->mmap_lock);
}

static inline bool mmap_read_trylock(struct mm_struct *mm)
{
	return down_read_trylock(&mm->mmap_lock);
}

static inline void mmap_read_unlock(struct mm_struct *mm)
{
	up_read(&mm->mmap_lock);
}

#endif
