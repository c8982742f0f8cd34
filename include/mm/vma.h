/* SPDX-License-Identifier: MIT */
/*
 * vm_area_struct: one stretch of an address space with the same rules, and its lock.
 *
 * Legend, as in mm_struct.h, and:
 *	w  written under mmap_lock (write) and vma_start_write(), so stable for a holder of
 *	   mmap_lock (read or write) or of the VMA's read lock
 *	i  the i_mmap_rwsem of vm_file's mapping
 */
#ifndef QUIRE_MM_VMA_H
#define QUIRE_MM_VMA_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/rbtree.h>
#include <base/list.h>
#include <base/bug.h>
#include <seam/page.h>
#include <seam/pgtable.h>
#include <mm/mm_struct.h>

struct anon_vma;
struct file;
struct userfaultfd_ctx;
struct vm_operations_struct;

/* vm_flags; the values that /proc and programs can see are Linux's. */
#define VM_READ		0x00000001UL
#define VM_WRITE	0x00000002UL
#define VM_EXEC		0x00000004UL
#define VM_SHARED	0x00000008UL
#define VM_MAYREAD	0x00000010UL
#define VM_MAYWRITE	0x00000020UL
#define VM_MAYEXEC	0x00000040UL
#define VM_MAYSHARE	0x00000080UL
#define VM_GROWSDOWN	0x00000100UL
#define VM_UFFD_MISSING	0x00000200UL	/* faults are answered by a program: mm/uffd */
#define VM_PFNMAP	0x00000400UL	/* frames without struct page */
#define VM_UFFD_WP	0x00001000UL
#define VM_LOCKED	0x00002000UL
#define VM_IO		0x00004000UL
#define VM_SEQ_READ	0x00008000UL
#define VM_RAND_READ	0x00010000UL
#define VM_DONTCOPY	0x00020000UL
#define VM_DONTEXPAND	0x00040000UL
#define VM_LOCKONFAULT	0x00080000UL
#define VM_ACCOUNT	0x00100000UL	/* counted in Committed_AS */
#define VM_NORESERVE	0x00200000UL
#define VM_HUGETLB	0x00400000UL
#define VM_SYNC		0x00800000UL
#define VM_WIPEONFORK	0x02000000UL
#define VM_DONTDUMP	0x04000000UL
#define VM_SOFTDIRTY	0x08000000UL
#define VM_MIXEDMAP	0x10000000UL
#define VM_NOHUGEPAGE	0x40000000UL
#define VM_PKEY_SHIFT	32		/* four bits: protection key */
#define VM_PKEY_MASK	(15UL << VM_PKEY_SHIFT)
#define VM_UFFD_MINOR	(1UL << 37)
#define VM_STACK	VM_GROWSDOWN

#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_INIT_DEF_MASK VM_NOHUGEPAGE
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)
#define VM_SETUP_FLAGS	(VM_SEQ_READ | VM_RAND_READ)	/* as long as the stack may still move */
#define VM_DATA_DEFAULT_FLAGS	(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define VM_STACK_DEFAULT_FLAGS	VM_DATA_DEFAULT_FLAGS
#define VM_STACK_FLAGS	(VM_STACK | VM_STACK_DEFAULT_FLAGS | VM_ACCOUNT)

/* The name of anonymous memory, shared by the VMAs that have it. */
struct anon_vma_name {
	atomic_t refs;
	char name[];
};

struct vm_area_struct {
	unsigned long vm_start;			/* w, r */
	unsigned long vm_end;			/* w, r: first byte behind */
	struct mm_struct *vm_mm;		/* c, r */
	atomic_t vm_refcnt;			/* a: 0 detached; 1 in the tree; +1 per reader;
						 * + VMA_LOCK_WRITER while a writer waits */
	u32 swap_ra;				/* a: the last swap-in, a hint: mm/swap/readahead.c */
	unsigned long vm_lock_seq;		/* w: == mm_lock_seq when write-locked */
	unsigned long vm_flags;			/* w */
	pgprot_t vm_page_prot;			/* w */
	struct anon_vma *anon_vma;		/* set once, by any fault: mm->anon_vma as soon as the
						 * VMA may hold anonymous pages */
	const struct vm_operations_struct *vm_ops;	/* w */
	unsigned long vm_pgoff;			/* w: file offset of vm_start in pages; of anonymous
						 * memory (vm_start >> PAGE_SHIFT) - anon_shift */
	struct file *vm_file;			/* w: holds a reference; may be NULL */
	void *vm_private_data;			/* of vm_ops */
	long anon_shift;			/* w: pages by which mremap has moved it since it has
						 * anonymous pages; their index does not move */
	struct vm_area_struct *vm_next;		/* m: neighbours in address order */
	struct vm_area_struct *vm_prev;		/* m */
	struct {				/* i: place in the mapping's interval tree */
		struct rb_node rb;
		unsigned long rb_subtree_last;
	} shared;
	struct anon_vma_name *anon_name;	/* w: a reference, or NULL */
	struct userfaultfd_ctx *uffd;		/* w: who answers faults, no reference; NULL: nobody */
	struct list_head anon_moved;		/* m + anon_vma root: on mm->anon_moved */
};

#define VMA_LOCK_WRITER	0x40000000

/* A detached VMA of @mm, all fields but vm_mm zero, or NULL. May sleep. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
/* A detached copy of @orig (no references taken), or NULL. May sleep. */
struct vm_area_struct *vm_area_dup(struct vm_area_struct *orig);
/* Free a detached VMA. Lock-free readers may still look at it: the memory stays a VMA. */
void vm_area_free(struct vm_area_struct *vma);

/* A look-up under RCU may read the old VMA's fields while they become the new one's: it finds out by vm_lock_seq. */
static inline __no_sanitize_race void vma_init(struct vm_area_struct *vma, struct mm_struct *mm)
{
	*vma = (struct vm_area_struct){ .vm_mm = mm };
	INIT_LIST_HEAD(&vma->anon_moved);
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static inline void vma_set_anonymous(struct vm_area_struct *vma)
{
	vma->vm_ops = NULL;
}

bool vma_is_shmem(const struct vm_area_struct *vma);

static inline bool is_cow_mapping(unsigned long flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* A mapping whose stores reach the file, now or after mprotect(2). */
static inline bool is_shared_maywrite(unsigned long flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

static inline unsigned int vma_pkey(const struct vm_area_struct *vma)
{
	return vma->vm_flags >> VM_PKEY_SHIFT & 15;
}

/* Index of @address in the file of @vma, in pages. */
static inline pgoff_t linear_page_index(const struct vm_area_struct *vma, unsigned long address)
{
	return ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/* Index of an anonymous page of @vma at @address: the page number at which it was born. */
static inline pgoff_t anon_page_index(const struct vm_area_struct *vma, unsigned long address)
{
	return (address >> PAGE_SHIFT) - vma->anon_shift;
}

/*
 * The lock of a VMA. Readers are page faults: they take it under RCU without mmap_lock. A writer
 * holds mmap_lock for writing, calls vma_start_write() before it changes the VMA, and releases it
 * together with mmap_lock. The protocol is told in mm/vma/vma_lock.c.
 */

/**
 * lock_vma_under_rcu - find the VMA that contains @address and take its read lock.
 * Return: the VMA, or NULL when there is none or it (or the tree) is being changed: the caller then
 * takes mmap_lock. Context: any that may fault; not under mmap_lock.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, unsigned long address);

/* Take the read lock of @vma without waiting. => called with mmap_lock held or under RCU. */
bool vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma);
void __vma_end_read_slow(struct vm_area_struct *vma);
void __vma_start_write(struct vm_area_struct *vma);

static inline void vma_end_read(struct vm_area_struct *vma)
{
	if (unlikely(atomic_dec_return(&vma->vm_refcnt) & VMA_LOCK_WRITER))
		__vma_end_read_slow(vma);
}

/* => called with mmap_lock held for writing. May sleep until the readers have left. */
static inline void vma_start_write(struct vm_area_struct *vma)
{
	if (vma->vm_lock_seq != vma->vm_mm->mm_lock_seq)
		__vma_start_write(vma);
}

static inline bool vma_is_attached(const struct vm_area_struct *vma)
{
	return atomic_read(&vma->vm_refcnt) != 0;
}

/* Changes of vm_flags, which lock the VMA; init: before it is in the tree. */
static inline void vm_flags_init(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags = flags;
}

static inline void vm_flags_reset(struct vm_area_struct *vma, unsigned long flags)
{
	if (vma_is_attached(vma))
		vma_start_write(vma);
	WRITE_ONCE(vma->vm_flags, flags);
}

static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vm_flags_reset(vma, vma->vm_flags | flags);
}

static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vm_flags_reset(vma, vma->vm_flags & ~flags);
}

/* Recompute vm_page_prot from vm_flags (read-only at first when writes must be noticed). */
void vma_set_page_prot(struct vm_area_struct *vma);
/* Must writes to clean shared pages fault, so that the file system is told? */
bool vma_wants_writenotify(struct vm_area_struct *vma, pgprot_t vm_page_prot);

#define VM_BUG_ON_VMA(cond, vma) VM_BUG_ON(cond)

#endif
