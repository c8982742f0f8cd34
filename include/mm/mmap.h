/* SPDX-License-Identifier: MIT */
/*
 * The layout of an address space: what mmap(2) and its relatives do, for the kernel's own callers.
 * All sizes in bytes, addresses page-aligned unless said otherwise.
 */
#ifndef QUIRE_MM_MMAP_H
#define QUIRE_MM_MMAP_H

#include <base/types.h>
#include <base/list.h>
#include <mm/mm_struct.h>
#include <mm/vma.h>
#include <mm/vma_tree.h>

struct address_space;
struct file;
struct linux_binprm;
struct seq_file;
struct task_struct;
struct rlimit;

/* Start-up: caches of mm, VMA, anon_vma, table pages; the zero page. After mm_core_init(). */
void mm_init_virt(void);

/*
 * do_mmap - map @len bytes of @file (NULL: anonymous) from page @pgoff on.
 * => called with mmap_lock of current->mm held for writing
 * *@populate: bytes that the caller shall populate after unlocking (0: none).
 * Return: the address, or a negative errno.
 */
unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff, unsigned long *populate,
		      struct list_head *uf);
/* The same with locking and populating; @offset in bytes. For exec, shmat, aio. */
unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flag, unsigned long offset);
unsigned long vm_mmap_pgoff(struct file *file, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flag, unsigned long pgoff);
unsigned long ksys_mmap_pgoff(unsigned long addr, unsigned long len, unsigned long prot,
			      unsigned long flags, unsigned long fd, unsigned long pgoff);
int do_munmap(struct mm_struct *mm, unsigned long start, size_t len, struct list_head *uf);
int vm_munmap(unsigned long start, size_t len);
/* Anonymous data at a fixed address (the .bss of a program); @flags: VM_EXEC or 0. Takes the lock. */
int __must_check vm_brk_flags(unsigned long addr, unsigned long len, unsigned long flags);
int do_mprotect_pkey(unsigned long start, size_t len, unsigned long prot, int pkey);
int do_madvise(struct mm_struct *mm, unsigned long start, size_t len_in, int behavior);

/* prctl(2): PR_SET_MM and PR_SET_THP_DISABLE of current->mm. May sleep; 0 or an errno. */
int prctl_set_mm(int opt, unsigned long addr, unsigned long arg4, unsigned long arg5);
int prctl_set_thp_disable(bool on);
int prctl_set_vma(unsigned long what, unsigned long start, unsigned long len, const char __user *uname);

/* Put a prepared VMA into @mm, whose mmap_lock is held for writing. 0 or -ENOMEM (overlap, overcommit). */
int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma);
/* Grow the stack @vma down to @address. => mmap_lock held for writing. 0, -ENOMEM, -EPERM. */
int expand_downwards(struct vm_area_struct *vma, unsigned long address);
/* The same for a caller that reads. Returns the VMA with mmap_lock read-held, or NULL unlocked. */
struct vm_area_struct *expand_stack(struct mm_struct *mm, unsigned long addr);

unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags);

/* Would @npages more pages of @flags stay within RLIMIT_AS and RLIMIT_DATA? */
bool may_expand_vm(struct mm_struct *mm, unsigned long flags, unsigned long npages);
void vm_stat_account(struct mm_struct *mm, unsigned long flags, long npages);

/* Overcommit. vm_memory_committed: Committed_AS in pages; vm_commit_limit: CommitLimit in pages. */
int security_vm_enough_memory_mm(struct mm_struct *mm, long pages);
void vm_acct_memory(long pages);
static inline void vm_unacct_memory(long pages)
{
	vm_acct_memory(-pages);
}
unsigned long vm_memory_committed(void);
unsigned long vm_commit_limit(void);
extern int sysctl_overcommit_memory;		/* 0 guess, 1 always, 2 never */
extern int sysctl_overcommit_ratio;
extern unsigned long sysctl_overcommit_kbytes;
extern unsigned long sysctl_user_reserve_kbytes, sysctl_admin_reserve_kbytes;
extern int sysctl_max_map_count;
extern unsigned long mmap_min_addr;
extern unsigned long stack_guard_gap;		/* bytes */
extern int randomize_va_space;			/* 0 off, 1 stack and mmap, 2 also brk */
extern int sysctl_legacy_va_layout;		/* mmap upwards, for programs started from now on */
extern int mmap_rnd_bits;			/* bits of pages by which mmap_base is random: 28 to 32 */

/* Exec: the stack VMA of a new mm. */
int bprm_mm_init(struct linux_binprm *bprm);
int setup_arg_pages(struct linux_binprm *bprm, unsigned long stack_top, int executable_stack);
#define EXSTACK_DISABLE_X	1
#define EXSTACK_ENABLE_X	2
/* Choose mmap_base and the direction for the program of current; @rlim_stack in force for it. */
void arch_pick_mmap_layout(struct mm_struct *mm, struct rlimit *rlim_stack);
unsigned long arch_randomize_brk(struct mm_struct *mm);
unsigned long randomize_stack_top(unsigned long stack_top);
unsigned long arch_mmap_rnd(void);		/* bytes: mmap_rnd_bits bits of pages */
int do_brk_flags(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long flags);

/* Mappings by the kernel, such as the vDSO. pages: NULL-terminated, or fault. */
struct vm_fault;
struct vm_special_mapping {
	const char *name;		/* as in /proc/PID/maps: "[vdso]" */
	struct page **pages;
	unsigned int (*fault)(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			      struct vm_fault *vmf);
	int (*mremap)(const struct vm_special_mapping *sm, struct vm_area_struct *new_vma);
	/* Bytes at @offset for a debugger, where there are no struct pages; see vm_ops->access. */
	int (*read)(const struct vm_special_mapping *sm, unsigned long offset, void *buf, int len);
};
/* => mmap_lock held for writing; returns the VMA or ERR_PTR. */
struct vm_area_struct *_install_special_mapping(struct mm_struct *mm, unsigned long addr,
		unsigned long len, unsigned long flags, const struct vm_special_mapping *spec);
/* The gate VMA ([vsyscall]) that every process shows, or NULL; the machine registers it. */
struct vm_area_struct *get_gate_vma(struct mm_struct *mm);
const char *gate_vma_name(void);
void set_gate_vma(struct vm_area_struct *vma, const char *name);

/*
 * Unmap ranges of a file from all who map them: truncate, invalidate. @holelen 0: to the end.
 * @even_cows: private copies too. May sleep; takes i_mmap_rwsem.
 */
void unmap_mapping_range(struct address_space *mapping, loff_t holebegin, loff_t holelen, int even_cows);
void unmap_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t nr, bool even_cows);
struct folio;
void unmap_mapping_folio(struct folio *folio);
/*
 * Every lock under which an entry of @mm can change, so that no change is under way. 0 or -EINTR.
 * => mmap_lock is held for writing until after mm_drop_all_locks(); sleeps; no layout may change meanwhile
 */
int __must_check mm_take_all_locks(struct mm_struct *mm);
void mm_drop_all_locks(struct mm_struct *mm);
/* Forget the pages of a part of one VMA. => mmap_lock or VMA lock */
void zap_page_range_single(struct vm_area_struct *vma, unsigned long address, unsigned long size);

/* Fault pages in. mm_populate: after mmap(MAP_POPULATE) or mlock; errors are ignored. */
int __mm_populate(unsigned long addr, unsigned long len, int ignore_errors);
static inline void mm_populate(unsigned long addr, unsigned long len)
{
	(void)__mm_populate(addr, len, 1);
}
int populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			    int *locked);

/* Count @pages of shared memory as locked by @user: false if RLIMIT_MEMLOCK forbids it. */
struct user_struct;
bool user_shm_lock(unsigned long pages, struct user_struct *user);
void user_shm_unlock(unsigned long pages, struct user_struct *user);

/* exit */
void exit_mmap(struct mm_struct *mm);

/* /proc/PID/{maps,smaps,smaps_rollup,statm}: one record each. => mmap_lock of the mm held for reading */
void show_map_vma(struct seq_file *m, struct vm_area_struct *vma);
void show_smap(struct seq_file *m, struct vm_area_struct *vma);
void show_smaps_rollup(struct seq_file *m, struct mm_struct *mm);
/* The Vm* and Rss* lines of /proc/PID/status. */
void task_mem(struct seq_file *m, struct mm_struct *mm);
/* What clear_refs_mm() forgets; the numbers that are written to /proc/PID/clear_refs. mm/pgtable/clear_refs.c. */
enum clear_refs {
	CLEAR_REFS_ALL = 1,	/* who referenced any page */
	CLEAR_REFS_ANON,	/* of regions without a file */
	CLEAR_REFS_FILE,	/* of regions with one */
	CLEAR_REFS_SOFT_DIRTY,	/* that pages were written */
	CLEAR_REFS_HIWATER,	/* the most that was resident */
};
/* => mmap_lock held for writing. May sleep. */
void clear_refs_mm(struct mm_struct *mm, enum clear_refs what);

/* 64-bit entries of /proc/PID/pagemap from @vaddr on; number of entries written. May sleep. */
ssize_t pagemap_read_mm(struct mm_struct *mm, unsigned long vaddr, u64 *buf, size_t nr,
			bool show_pfn);

#endif
