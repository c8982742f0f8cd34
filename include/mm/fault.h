/* SPDX-License-Identifier: MIT */
/* Page faults: state, results, and the operations by which a file serves them. */
#ifndef QUIRE_MM_FAULT_H
#define QUIRE_MM_FAULT_H

#include <base/types.h>
#include <base/compiler.h>
#include <seam/pgtable.h>
#include <mm/vma.h>

struct folio;
struct page;
struct pt_regs;

typedef unsigned int vm_fault_t;

/* Results of a fault; they can be combined. Values are Linux's. */
#define VM_FAULT_OOM		0x000001
#define VM_FAULT_SIGBUS		0x000002
#define VM_FAULT_MAJOR		0x000004
#define VM_FAULT_HWPOISON	0x000010
#define VM_FAULT_HWPOISON_LARGE	0x000020
#define VM_FAULT_SIGSEGV	0x000040
#define VM_FAULT_NOPAGE		0x000100	/* ->fault installed the pte itself */
#define VM_FAULT_LOCKED		0x000200	/* ->fault returned the page locked */
#define VM_FAULT_RETRY		0x000400	/* the lock (mmap_lock or VMA) was dropped: again */
#define VM_FAULT_FALLBACK	0x000800
#define VM_FAULT_DONE_COW	0x001000
#define VM_FAULT_COMPLETED	0x004000	/* done, and the lock was dropped */
#define VM_FAULT_ERROR	(VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON | \
			 VM_FAULT_HWPOISON_LARGE | VM_FAULT_FALLBACK)

enum fault_flag {
	FAULT_FLAG_WRITE		= 1 << 0,
	FAULT_FLAG_MKWRITE		= 1 << 1,	/* shared page becomes writable */
	FAULT_FLAG_ALLOW_RETRY		= 1 << 2,
	FAULT_FLAG_RETRY_NOWAIT		= 1 << 3,
	FAULT_FLAG_KILLABLE		= 1 << 4,
	FAULT_FLAG_TRIED		= 1 << 5,
	FAULT_FLAG_USER			= 1 << 6,
	FAULT_FLAG_REMOTE		= 1 << 7,
	FAULT_FLAG_INSTRUCTION		= 1 << 8,
	FAULT_FLAG_INTERRUPTIBLE	= 1 << 9,
	FAULT_FLAG_UNSHARE		= 1 << 10,	/* a pin needs an exclusive page: copy, but read-only */
	FAULT_FLAG_VMA_LOCK		= 1 << 12,	/* the VMA's read lock is held, not mmap_lock */
};
#define FAULT_FLAG_DEFAULT (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_INTERRUPTIBLE)

/*
 * State of one fault. The first group is given by the caller; the second is filled on the way.
 */
struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;		/* of the page: rounded down */
	unsigned long real_address;
	pgoff_t pgoff;			/* in the file */
	gfp_t gfp_mask;
	unsigned int flags;		/* FAULT_FLAG_* */

	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;			/* with ptl held, unless said otherwise */
	spinlock_t *ptl;
	pte_t orig_pte;			/* what the table held when it was looked at */
	pgtable_t prealloc_pte;		/* a table page ready for fault-around */
	struct page *cow_page;		/* page for the private copy, before ->fault is called */
	struct page *page;		/* the page that ->fault found, with a reference */
};

/*
 * What a mapping's owner does. All may sleep unless said otherwise, and are called with the VMA's
 * read lock or mmap_lock held (vmf->flags & FAULT_FLAG_VMA_LOCK tells which).
 */
struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);	/* a copy or a split was made; mmap_lock for writing */
	void (*close)(struct vm_area_struct *vma);	/* before the VMA goes away */
	int (*may_split)(struct vm_area_struct *vma, unsigned long addr);
	int (*mremap)(struct vm_area_struct *vma);
	int (*mprotect)(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			unsigned long newflags);
	/* Find the page: vmf->page with a reference, VM_FAULT_LOCKED; or an error bit; or
	 * VM_FAULT_RETRY with the fault's lock dropped (fault_drop_lock()). */
	vm_fault_t (*fault)(struct vm_fault *vmf);
	/* Map what is in memory already, from @start_pgoff to @end_pgoff; under RCU, must not sleep.
	 * VM_FAULT_NOPAGE when the page of the fault is among them. */
	vm_fault_t (*map_pages)(struct vm_fault *vmf, pgoff_t start_pgoff, pgoff_t end_pgoff);
	unsigned long (*pagesize)(struct vm_area_struct *vma);
	/* A shared page of a file is about to be written: VM_FAULT_LOCKED to allow. */
	vm_fault_t (*page_mkwrite)(struct vm_fault *vmf);
	vm_fault_t (*pfn_mkwrite)(struct vm_fault *vmf);
	/* ptrace and /proc/PID/mem on memory without struct page. */
	int (*access)(struct vm_area_struct *vma, unsigned long addr, void *buf, int len, int write);
	const char *(*name)(struct vm_area_struct *vma);
};

/**
 * handle_mm_fault - serve a fault at @address of @vma.
 * @flags: FAULT_FLAG_*; with FAULT_FLAG_VMA_LOCK the VMA's read lock is held, otherwise mmap_lock
 * Counts for the current task, also when it faults for somebody else. The caller has checked the access against vm_flags (access_error of the trap handler).
 * Return: VM_FAULT_*. On VM_FAULT_RETRY and VM_FAULT_COMPLETED the lock is dropped, otherwise it is
 * still held. Context: may sleep.
 */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address, unsigned int flags);

/* Drop whichever lock the fault runs under, before returning VM_FAULT_RETRY. */
void fault_drop_lock(struct vm_fault *vmf);
/* May the fault drop its lock and be retried? */
static inline bool fault_flag_allow_retry_first(unsigned int flags)
{
	return (flags & FAULT_FLAG_ALLOW_RETRY) && !(flags & FAULT_FLAG_TRIED);
}

/**
 * lock_mm_and_find_vma - mmap_lock for reading and the VMA at @addr; grows a stack if need be.
 * @regs: NULL or the faulting registers (a kernel-mode fault without an exception entry must not wait)
 * Return: the VMA with mmap_lock held, or NULL with it dropped.
 */
struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, unsigned long addr,
					    struct pt_regs *regs);

/**
 * fixup_user_fault - fault @address in as an access from user space would (futex uses it).
 * => called with mmap_lock held for reading; *@unlocked is set if it was dropped and retaken.
 * Return: 0, -EFAULT, -ENOMEM, -EHWPOISON, -EINTR.
 */
int fixup_user_fault(struct mm_struct *mm, unsigned long address, unsigned int fault_flags,
		     bool *unlocked);

/*
 * For ->fault and ->map_pages. set_pte_range() maps @nr pages of @folio from @page on, at vmf->pte and
 * @addr; the caller holds the ptl, has taken @nr references, and each pte was none. Counts rss and rmap.
 */
void set_pte_range(struct vm_fault *vmf, struct folio *folio, struct page *page, unsigned int nr,
		   unsigned long addr);
/* Get vmf->pmd ready for ptes: use prealloc_pte if there is none. 1: another made something there. */
bool filemap_map_pmd(struct vm_fault *vmf);

/* A pte for a frame without struct page (VM_PFNMAP): 0 as VM_FAULT_NOPAGE, or an error bit. */
vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page);
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
		    unsigned long size, pgprot_t prot);

/*
 * How often each case of mm/fault/fault.c was served, and how the others ended. Sums over all CPUs, /proc/mm/faults.
 */
#define PAGE_FAULT_KINDS(X)                                                                                \
	X(ZERO, "zero") X(ANON, "anon") X(READ, "read") X(COW_FILE, "cow_file") X(SHARED, "shared")     \
	X(REUSE, "reuse") X(COPY, "copy") X(MKWRITE, "mkwrite") X(SWAP, "swap") X(NUMA, "numa") X(SPURIOUS, "spurious") \
	X(RETRY, "retry") X(SIGBUS, "sigbus") X(SIGSEGV, "sigsegv") X(HWPOISON, "hwpoison") X(OOM, "oom")
enum page_fault_kind {
#define X(kind, name) PFK_##kind,
	PAGE_FAULT_KINDS(X)
#undef X
	NR_PAGE_FAULT_KINDS
};
extern const char *const fault_kind_names[NR_PAGE_FAULT_KINDS];
unsigned long fault_kind_sum(enum page_fault_kind kind);

/* errno of a failed fault. */
int vm_fault_to_errno(vm_fault_t vm_fault, int foll_flags);

/* Bytes that a file fault maps around itself, /sys/kernel/debug/fault_around_bytes. */
extern unsigned long fault_around_bytes;

#endif
