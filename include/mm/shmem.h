/* SPDX-License-Identifier: MIT */
/* tmpfs and everything that shares memory through it: memfd, shared anonymous mappings. mm/shmem/. */
#ifndef QUIRE_MM_SHMEM_H
#define QUIRE_MM_SHMEM_H

#include <base/types.h>
#include <base/list.h>
#include <base/atomic.h>
#include <sync/spinlock.h>
#include <fs/inode.h>
#include <mm/filemap.h>
#include <mm/xarray.h>

struct vm_area_struct;
struct vfsmount;
struct user_struct;

struct shmem_inode_info {
	spinlock_t lock;
	unsigned int seals;		/* F_SEAL_*; changed under inode lock */
	unsigned int flags;		/* c: VM_NORESERVE: pages are accounted one by one */
	atomic_t nr_swapins;		/* pages that came in, ever: for truncation to see */
	atomic_long_t alloced;		/* pages charged to the super block */
	struct xarray swap;		/* slots of the pages that are on swap, by index */
	atomic_long_t swapped;		/* how many */
	struct list_head swap_list;	/* of inodes that had pages on swap; empty: never */
	struct list_head xattrs;	/* inode lock */
	struct timespec64 i_crtime;
	struct inode vfs_inode;
};

struct shmem_sb_info {
	unsigned long max_blocks;	/* pages; 0: no limit */
	atomic_long_t used_blocks;
	unsigned long max_inodes;	/* 0: no limit */
	atomic_long_t used_inodes;
	unsigned char huge;
	umode_t mode;
	uid_t uid;
	gid_t gid;
	atomic_t next_ino;
	u32 generation;			/* c: differs between mounts */
};

static inline struct shmem_inode_info *SHMEM_I(struct inode *inode)
{
	return container_of(inode, struct shmem_inode_info, vfs_inode);
}

extern struct file_system_type shmem_fs_type;
extern struct vfsmount *shm_mnt;

void shmem_init(void);
/* While the initramfs is unpacked into @sb, nothing is refused; then limits as on Linux. */
void shmem_lift_limits(struct super_block *sb);
void shmem_settle_limits(struct super_block *sb);
/* An unlinked tmpfs file of @size bytes. @flags: VM_NORESERVE or 0 (then @size is accounted now). */
struct file *shmem_file_setup(const char *name, loff_t size, unsigned long flags);
struct file *shmem_kernel_file_setup(const char *name, loff_t size, unsigned long flags);
struct file *shmem_file_setup_with_mnt(struct vfsmount *mnt, const char *name, loff_t size,
				       unsigned long flags);
/* Back the shared anonymous mapping @vma: 0 or -ENOMEM.. */
int shmem_zero_setup(struct vm_area_struct *vma);
/*
 * @page, fresh and filled, becomes the page @index of @inode; it is locked then, and the cache has a reference of its
 * own. 0, -EEXIST, -ENOSPC, -ENOMEM: it is the caller's as before.
 */
int shmem_add_page(struct inode *inode, pgoff_t index, struct page *page);
bool shmem_mapping(struct address_space *mapping);
/*
 * The folio at @index, locked, in *@foliop. If absent it is allocated and zeroed; for SGP_WRITE and SGP_FALLOC it is
 * neither zeroed nor up to date; for SGP_READ *@foliop is NULL, for SGP_NOALLOC the answer is -ENOENT. May sleep.
 */
enum sgp_type { SGP_READ, SGP_NOALLOC, SGP_CACHE, SGP_WRITE, SGP_FALLOC };
int shmem_get_folio(struct inode *inode, pgoff_t index, struct folio **foliop, enum sgp_type sgp);
void shmem_truncate_range(struct inode *inode, loff_t lstart, loff_t lend);
/* Bytes of @vma, a mapping of shmem, that are on swap. */
unsigned long shmem_swap_usage(struct vm_area_struct *vma);
/*
 * For reclaim: @folio, locked, isolated, not mapped, of shmem, leaves its file for a slot of swap: it is dirty, in the swap
 * cache alone. False: it is used, or there is no room.
 */
bool shmem_swap_out(struct folio *folio);
/* The slot with page @index of the file; .val 0: it has none. It may be freed at once. */
swp_entry_t shmem_swap_entry(const struct address_space *mapping, pgoff_t index);
/* For swapoff: all pages on device @type come in, or are lost. 0, -EINTR, -ENOMEM. May sleep, long. */
int shmem_unuse(unsigned int type);
/*
 * Keep the pages of @file in memory, at the cost of @user's RLIMIT_MEMLOCK; or (@lock 0) no longer.
 * 0, -ENOMEM: the limit. The caller does neither twice.
 */
int shmem_lock(struct file *file, int lock, struct user_struct *user);
/* fcntl F_ADD_SEALS, F_GET_SEALS. */
long memfd_fcntl(struct file *file, unsigned int cmd, unsigned long arg);

#endif
