// SPDX-License-Identifier: MIT
/*
 * System V shared memory: segments of memory that have an id instead of a file name.
 *
 * 1 A segment is a tmpfs file without a name (mm/shmem/) in a table (ipc/util.c). An attachment is a shared mapping
 *   of it, through a file of its own, so that a read-only attachment cannot be made writable by mprotect().
 *
 * 2 Life. nattch counts the VMAs of a segment and the calls of shmat() under way. IPC_RMID takes the key away and
 *   marks the segment SHM_DEST; it goes with its last attachment. With shm_rmid_forced a segment also goes when
 *   nobody has it attached and it either was attached before or its creator has ended.
 *	in the table		<=> nattch > 0 or (not SHM_DEST and not forced away)
 *	shm_tot			==  sum of the pages of the segments in the table
 *   The struct lives as long as the table or a file refers to it: remap_file_pages() may map an attachment's file
 *   after the segment has gone, and is told EIDRM.
 *
 * 3 Locks. shm_ids.lock guards all of it. The opening and closing of a VMA takes it under mmap_lock; therefore no
 *   memory of the user is touched under it.
 *
 * 4 Failure: limits give ENOSPC, memory ENOMEM, and nothing stays behind.
 *
 * Huge pages: the pool is empty, as long as there is none.
 * Linux 6.1: ipc/shm.c; shmget(2), shmop(2), shmctl(2), proc(5). Observed by /proc/sysvipc/shm, ipcs -m.
 */
#include <base/atomic.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <ipc/shm.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <mm/fault.h>
#include <mm/filemap.h>
#include <mm/mmap.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <asm/shmbuf.h>
#include <linux/mman.h>
#include <seam/uaccess.h>
#include "ipc_internal.h"

/* linux/shm.h, which asks for the C library */
#define SHM_HUGETLB   04000
#define SHM_NORESERVE 010000
#define SHM_RDONLY    010000
#define SHM_RND	      020000
#define SHM_REMAP     040000
#define SHM_EXEC      0100000
#define SHM_LOCK      11
#define SHM_UNLOCK    12
#define SHM_STAT      13
#define SHM_INFO      14
#define SHM_STAT_ANY  15
#define SHM_DEST      01000
#define SHM_LOCKED    02000
#define SHMMIN	      1
#define SHMLBA	      PAGE_SIZE
#define SHM_LIMIT     (ULONG_MAX - (1UL << 24))

struct shm_info {
	int used_ids;
	unsigned long shm_tot, shm_rss, shm_swp;
	unsigned long swap_attempts, swap_successes;
};

struct shmid_kernel {
	struct kern_ipc_perm perm;
	refcount_t refs;   /* the table, and files */
	struct file *file; /* c: the memory */
	unsigned long nattch;
	size_t segsz; /* c: bytes, as asked for */
	time64_t atim, dtim, ctim;
	pid_t cpid, lpid;
	struct task_struct *creator;		       /* NULL once it has ended; only compared */
	struct user_struct *mlock_user;		       /* who pays for SHM_LOCK */
	const struct vm_operations_struct *memory_ops; /* c once attached: those of the memory */
};

static unsigned long shmmax = SHM_LIMIT, shmall = SHM_LIMIT, shm_tot;
static int shmmni = 4096, shm_rmid_forced;
int nr_shm_segments;

static void show_segment(struct seq_file *m, struct kern_ipc_perm *perm);
static struct ipc_ids shm_ids = IPC_IDS_INIT(
	shm_ids,
	"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  "
	"cuid  cgid      atime      dtime      ctime                   rss"
	"                  swap\n",
	show_segment);
static const struct file_operations shm_file_operations;
static const struct vm_operations_struct shm_vm_ops;

static struct shmid_kernel *to_shm(struct kern_ipc_perm *perm)
{
	return container_of(perm, struct shmid_kernel, perm);
}

static unsigned long segment_pages(const struct shmid_kernel *shp)
{
	return DIV_ROUND_UP(shp->segsz, PAGE_SIZE);
}

/* ---- life ---- */

static void put_segment(struct shmid_kernel *shp)
{
	if (!refcount_dec_and_test(&shp->refs))
		return;
	fput(shp->file);
	kfree(shp);
}

static void unlock_segment(struct shmid_kernel *shp)
{
	shmem_lock(shp->file, 0, shp->mlock_user);
	free_uid(shp->mlock_user);
	shp->mlock_user = NULL;
	shp->perm.mode &= ~SHM_LOCKED;
}

/* => shm_ids.lock held */
static void destroy(struct shmid_kernel *shp)
{
	shm_tot -= segment_pages(shp);
	nr_shm_segments--;
	ipc_rmid(&shm_ids, &shp->perm);
	if (shp->perm.mode & SHM_LOCKED)
		unlock_segment(shp);
	put_segment(shp);
}

/* One attachment less. => shm_ids.lock held */
static void detach_segment(struct shmid_kernel *shp)
{
	if (!--shp->nattch && ((shp->perm.mode & SHM_DEST) || shm_rmid_forced))
		destroy(shp);
}

/* Those of @creator have none any more; with shm_rmid_forced those that nobody uses go. */
static void orphan_segments(struct task_struct *creator)
{
	struct kern_ipc_perm *perm;
	unsigned long idx;

	mutex_lock(&shm_ids.lock);
	xa_for_each(&shm_ids.objects, idx, perm)
	{
		struct shmid_kernel *shp = to_shm(perm);

		if (shp->creator != creator)
			continue;
		shp->creator = NULL;
		if (!shp->nattch && shm_rmid_forced)
			destroy(shp);
	}
	mutex_unlock(&shm_ids.lock);
}

void __exit_shm(struct task_struct *task)
{
	orphan_segments(task);
}

static void rmid_forced_changed(void)
{
	if (shm_rmid_forced)
		orphan_segments(NULL);
}

/* ---- shmget ---- */

/* The memory, or an errno: shmem_kernel_file_setup(). */
static struct file *segment_file(key_t key, size_t size, int flags)
{
	bool noreserve = (flags & SHM_NORESERVE) && sysctl_overcommit_memory != 2;
	char name[13];

	if (flags & SHM_HUGETLB) /* as Linux without CONFIG_HUGETLBFS, see ksys_mmap_pgoff() */
		return ERR_PTR(-EINVAL);
	snprintf(name, sizeof(name), "SYSV%08x", key);
	return shmem_kernel_file_setup(name, size, noreserve ? VM_NORESERVE : 0);
}

static int newseg(const struct ipc_params *params)
{
	size_t pages = params->size >> PAGE_SHIFT;
	struct shmid_kernel *shp;
	struct file *file;
	int id;

	if (params->size < SHMMIN || params->size > shmmax)
		return -EINVAL;
	pages += offset_in_page(params->size) != 0;
	if (shm_tot + pages < shm_tot || shm_tot + pages > shmall)
		return -ENOSPC;
	shp = kzalloc(sizeof(*shp), GFP_KERNEL_ACCOUNT);
	if (!shp)
		return -ENOMEM;
	file = segment_file(params->key, params->size, params->flags);
	if (IS_ERR(file)) {
		kfree(shp);
		return PTR_ERR(file);
	}
	refcount_set(&shp->refs, 1);
	shp->perm.key = params->key;
	shp->perm.mode = params->flags & S_IRWXUGO;
	shp->file = file;
	shp->segsz = params->size;
	shp->cpid = task_tgid_nr(current);
	shp->ctim = ktime_get_real_seconds();
	shp->creator = current;
	id = ipc_addid(&shm_ids, &shp->perm, shmmni);
	if (id < 0) {
		put_segment(shp);
		return id;
	}
	file_inode(file)->i_ino = id; /* tools find a segment by the inode in maps */
	shm_tot += pages;
	nr_shm_segments++;
	return id;
}

static int check_size(struct kern_ipc_perm *perm, const struct ipc_params *params)
{
	return to_shm(perm)->segsz < params->size ? -EINVAL : 0;
}

SYSCALL_DEFINE3(shmget, key_t, key, size_t, size, int, shmflg)
{
	static const struct ipc_ops ops = { .getnew = newseg, .more_checks = check_size };
	struct ipc_params params = { .key = key, .flags = shmflg, .size = size };

	return ipcget(&shm_ids, &ops, &params);
}

/* ---- the VMAs of a segment ---- */

static struct shmid_kernel *vma_segment(const struct vm_area_struct *vma)
{
	return vma->vm_file->private_data;
}

static void note_attach(struct shmid_kernel *shp)
{
	shp->atim = ktime_get_real_seconds();
	shp->lpid = task_tgid_nr(current);
	shp->nattch++;
}

static void shm_open(struct vm_area_struct *vma)
{
	mutex_lock(&shm_ids.lock);
	note_attach(vma_segment(vma));
	mutex_unlock(&shm_ids.lock);
}

static void shm_close(struct vm_area_struct *vma)
{
	struct shmid_kernel *shp = vma_segment(vma);

	mutex_lock(&shm_ids.lock);
	shp->lpid = task_tgid_nr(current);
	shp->dtim = ktime_get_real_seconds();
	detach_segment(shp);
	mutex_unlock(&shm_ids.lock);
}

static vm_fault_t shm_fault(struct vm_fault *vmf)
{
	return vma_segment(vmf->vma)->memory_ops->fault(vmf);
}

static const struct vm_operations_struct shm_vm_ops = {
	.open = shm_open,
	.close = shm_close,
	.fault = shm_fault,
	.map_pages = filemap_map_pages,
};

static int shm_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct shmid_kernel *shp = file->private_data;
	int err = -EIDRM;

	mutex_lock(&shm_ids.lock);
	if (!shp->perm.deleted) {
		note_attach(shp);
		err = 0;
	}
	mutex_unlock(&shm_ids.lock);
	if (err)
		return err;
	err = shp->file->f_op->mmap(shp->file, vma);
	if (err) {
		shm_close(vma);
		return err;
	}
	shp->memory_ops = vma->vm_ops;
	vma->vm_ops = &shm_vm_ops;
	return 0;
}

static int shm_release(struct inode *inode, struct file *file)
{
	put_segment(file->private_data);
	return 0;
}

static int shm_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct shmid_kernel *shp = file->private_data;

	return shp->file->f_op->fsync(shp->file, start, end, datasync);
}

static long shm_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct shmid_kernel *shp = file->private_data;

	return shp->file->f_op->fallocate(shp->file, mode, offset, len);
}

static const struct file_operations shm_file_operations = {
	.mmap = shm_mmap,
	.fsync = shm_fsync,
	.release = shm_release,
	.llseek = noop_llseek,
	.fallocate = shm_fallocate,
};

/* ---- shmat, shmdt ---- */

/* The address that was asked for, rounded if so wished. *@flags: for mmap. */
static int attach_address(unsigned long *addr, int shmflg, unsigned long *flags)
{
	if (!*addr)
		return shmflg & SHM_REMAP ? -EINVAL : 0;
	if (*addr & (SHMLBA - 1)) {
		if (!(shmflg & SHM_RND))
			return -EINVAL;
		*addr &= ~(SHMLBA - 1);
		if (!*addr && (shmflg & SHM_REMAP))
			return -EINVAL;
	}
	*flags |= MAP_FIXED;
	return 0;
}

/* A file for one attachment of segment @id, and the attachment counted; or ERR_PTR. */
static struct file *attach_file(int id, int acc_mode, int f_flags)
{
	struct kern_ipc_perm *perm;
	struct shmid_kernel *shp;
	struct file *file;
	int err;

	mutex_lock(&shm_ids.lock);
	perm = ipc_obtain(&shm_ids, id);
	err = IS_ERR(perm) ? PTR_ERR(perm) : ipcperms(perm, acc_mode);
	file = ERR_PTR(err);
	if (err)
		goto out;
	shp = to_shm(perm);
	file = alloc_file_clone(shp->file, f_flags, &shm_file_operations);
	if (IS_ERR(file))
		goto out;
	refcount_inc(&shp->refs);
	file->private_data = shp;
	shp->nattch++;
out:
	mutex_unlock(&shm_ids.lock);
	return file;
}

/* Map @file, whose size is the segment's. The address or an errno. */
static unsigned long attach(struct file *file, unsigned long addr, unsigned long prot,
			    unsigned long flags, int shmflg)
{
	unsigned long size = i_size_read(file_inode(file)), populate = 0;
	struct mm_struct *mm = current->mm;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	if (addr && !(shmflg & SHM_REMAP) &&
	    (addr + size < addr || find_vma_intersection(mm, addr, addr + size)))
		addr = -EINVAL;
	else
		addr = do_mmap(file, addr, size, prot, flags, 0, &populate, NULL);
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(addr, populate);
	return addr;
}

SYSCALL_DEFINE3(shmat, int, shmid, char __user *, shmaddr, int, shmflg)
{
	bool readonly = shmflg & SHM_RDONLY, exec = shmflg & SHM_EXEC;
	unsigned long addr = (unsigned long)shmaddr, flags = MAP_SHARED;
	unsigned long prot = PROT_READ | (readonly ? 0 : PROT_WRITE) | (exec ? PROT_EXEC : 0);
	int acc_mode = S_IRUGO | (readonly ? 0 : S_IWUGO) | (exec ? S_IXUGO : 0);
	struct file *file;
	int err = shmid < 0 ? -EINVAL : attach_address(&addr, shmflg, &flags);

	if (err)
		return err;
	file = attach_file(shmid, acc_mode, readonly ? O_RDONLY : O_RDWR);
	if (IS_ERR(file))
		return PTR_ERR(file);
	addr = attach(file, addr, prot, flags, shmflg);
	mutex_lock(&shm_ids.lock);
	detach_segment(file->private_data);
	mutex_unlock(&shm_ids.lock);
	fput(file);
	return addr;
}

/* Is @vma a piece, where it was first, of a segment that was attached at @addr? */
static bool attached_at(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_ops == &shm_vm_ops && vma->vm_start - addr == vma->vm_pgoff << PAGE_SHIFT;
}

/*
 * Unmap what is left of the attachment at @addr: the first piece found tells which one it is, further ones lie within
 * the size of its segment. => mmap_lock held for writing
 */
static int detach(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	unsigned long end, next;
	struct file *file;

	while (vma && !attached_at(vma, addr))
		vma = vma->vm_next;
	if (!vma)
		return -EINVAL;
	file = vma->vm_file;
	end = addr + PAGE_ALIGN(vma_segment(vma)->segsz);
	do {
		next = vma->vm_end;
		if (attached_at(vma, addr) && vma->vm_file == file) {
			int err = do_munmap(mm, vma->vm_start, next - vma->vm_start, NULL);

			if (err)
				return err;
		}
		vma = find_vma(mm, next);
	} while (vma && vma->vm_end <= end);
	return 0;
}

SYSCALL_DEFINE1(shmdt, char __user *, shmaddr)
{
	unsigned long addr = (unsigned long)shmaddr;
	struct mm_struct *mm = current->mm;
	int err;

	if (offset_in_page(addr))
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = detach(mm, addr);
	mmap_write_unlock(mm);
	return err;
}

/* ---- shmctl ---- */

/* Pages of a segment in memory and in swap. */
static void add_rss(const struct shmid_kernel *shp, unsigned long *rss, unsigned long *swap)
{
	struct inode *inode = file_inode(shp->file);

	*rss += READ_ONCE(inode->i_mapping->nrpages);
	*swap += (unsigned long)atomic_long_read(&SHMEM_I(inode)->swapped);
}

static long ipc_info(void __user *buf)
{
	struct shminfo64 info = {
		.shmmni = shmmni,
		.shmseg = shmmni,
		.shmmax = shmmax,
		.shmall = shmall,
		.shmmin = SHMMIN,
	};
	long max_idx = max(READ_ONCE(shm_ids.max_idx), 0);

	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max_idx;
}

static long shm_info(void __user *buf)
{
	struct shm_info info = { 0 };
	struct kern_ipc_perm *perm;
	unsigned long idx;
	long max_idx;

	mutex_lock(&shm_ids.lock);
	info.used_ids = shm_ids.in_use;
	info.shm_tot = shm_tot;
	xa_for_each(&shm_ids.objects, idx, perm)
		add_rss(to_shm(perm), &info.shm_rss, &info.shm_swp);
	max_idx = max(shm_ids.max_idx, 0);
	mutex_unlock(&shm_ids.lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max_idx;
}

/* IPC_STAT of an id; SHM_STAT and SHM_STAT_ANY of an index, and they return the id. */
static long shm_stat(int id, int cmd, void __user *buf)
{
	struct shmid64_ds ds = { 0 };
	struct kern_ipc_perm *perm;
	struct shmid_kernel *shp;
	long ret;

	mutex_lock(&shm_ids.lock);
	perm = cmd == IPC_STAT ? ipc_obtain(&shm_ids, id) : ipc_obtain_idx(&shm_ids, id);
	ret = IS_ERR(perm) ? PTR_ERR(perm) : cmd == SHM_STAT_ANY ? 0 : ipcperms(perm, S_IRUGO);
	if (!ret) {
		shp = to_shm(perm);
		kernel_to_ipc64_perm(perm, &ds.shm_perm);
		ds.shm_segsz = shp->segsz;
		ds.shm_atime = shp->atim;
		ds.shm_dtime = shp->dtim;
		ds.shm_ctime = shp->ctim;
		ds.shm_cpid = shp->cpid;
		ds.shm_lpid = shp->lpid;
		ds.shm_nattch = shp->nattch;
		ret = cmd == IPC_STAT ? 0 : perm->id;
	}
	mutex_unlock(&shm_ids.lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

static int set_or_remove(struct shmid_kernel *shp, int cmd, const struct ipc64_perm *new)
{
	int err;

	if (cmd == IPC_SET) {
		err = ipc_update_perm(new, &shp->perm);
		if (!err)
			shp->ctim = ktime_get_real_seconds();
		return err;
	}
	if (shp->nattch) {
		shp->perm.mode |= SHM_DEST;
		ipc_set_key_private(&shm_ids, &shp->perm);
	} else {
		destroy(shp);
	}
	return 0;
}

static int lock_segment(struct shmid_kernel *shp, int cmd)
{
	uid_t euid = current_euid();
	int err;

	if (!capable(CAP_IPC_LOCK)) {
		if (euid != shp->perm.uid && euid != shp->perm.cuid)
			return -EPERM;
		if (cmd == SHM_LOCK && !rlimit(RLIMIT_MEMLOCK))
			return -EPERM;
	}
	if ((cmd == SHM_LOCK) == !!(shp->perm.mode & SHM_LOCKED))
		return 0;
	if (cmd == SHM_UNLOCK) {
		unlock_segment(shp);
		return 0;
	}
	err = shmem_lock(shp->file, 1, current_user());
	if (!err) {
		shp->mlock_user = get_uid(current_user());
		shp->perm.mode |= SHM_LOCKED;
	}
	return err;
}

/* The commands that change segment @id. */
static long shm_change(int id, int cmd, void __user *buf)
{
	bool locking = cmd == SHM_LOCK || cmd == SHM_UNLOCK;
	struct kern_ipc_perm *perm;
	struct shmid64_ds ds;
	int err;

	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	mutex_lock(&shm_ids.lock);
	perm = ipc_obtain(&shm_ids, id);
	err = IS_ERR(perm) ? PTR_ERR(perm) : locking ? 0 : ipc_may_control(perm);
	if (!err)
		err = locking ? lock_segment(to_shm(perm), cmd)
			      : set_or_remove(to_shm(perm), cmd, &ds.shm_perm);
	mutex_unlock(&shm_ids.lock);
	return err;
}

SYSCALL_DEFINE3(shmctl, int, shmid, int, cmd, void __user *, buf)
{
	if (cmd < 0 || shmid < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
		return ipc_info(buf);
	case SHM_INFO:
		return shm_info(buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return shm_stat(shmid, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_change(shmid, cmd, buf);
	}
	return -EINVAL;
}

/* ---- /proc ---- */

static void show_segment(struct seq_file *m, struct kern_ipc_perm *perm)
{
	struct shmid_kernel *shp = to_shm(perm);
	unsigned long rss = 0, swap = 0;

	add_rss(shp, &rss, &swap);
	seq_printf(
		m,
		"%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10llu %10llu %10llu %21lu %21lu\n",
		perm->key, perm->id, perm->mode, shp->segsz, shp->cpid, shp->lpid, shp->nattch,
		perm->uid, perm->gid, perm->cuid, perm->cgid, (u64)shp->atim, (u64)shp->dtim,
		(u64)shp->ctim, rss * PAGE_SIZE, swap * PAGE_SIZE);
}

static int shm_proc_open(struct inode *inode, struct file *file)
{
	return ipc_proc_open(file, &shm_ids);
}

static const struct file_operations shm_proc_fops = {
	.open = shm_proc_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};

static struct ctl_table shm_table[] = {
	{ .path = "kernel/shmmax", .mode = 0644, .type = CTL_ULONG, .data = &shmmax },
	{ .path = "kernel/shmall", .mode = 0644, .type = CTL_ULONG, .data = &shmall },
	{ .path = "kernel/shmmni",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &shmmni,
	  .min = 0,
	  .max = IPCMNI },
	{ .path = "kernel/shm_rmid_forced",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &shm_rmid_forced,
	  .min = 0,
	  .max = 1,
	  .changed = rmid_forced_changed },
	{ .path = "kernel/shm_next_id",
	  .mode = 0644,
	  .type = CTL_INT,
	  .data = &shm_ids.next_id,
	  .min = 0,
	  .max = INT_MAX },
	{ 0 }
};

static int __init shm_init(void)
{
	register_sysctl_table(shm_table);
	return proc_create("shm", 0444, sysvipc_dir(), &shm_proc_fops) ? 0 : -ENOMEM;
}
fs_initcall(shm_init);
