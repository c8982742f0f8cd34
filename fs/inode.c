// SPDX-License-Identifier: MIT
/*
 * Inodes: life, times, permissions.
 *
 * Life. i_count counts users: dentries, open files, others. The last iput() asks ->drop_inode whether the
 * inode stays (hashed, linked: a later look-up may want it) or goes: ->evict_inode empties the page cache,
 * and the memory is freed after an RCU grace period, because path walks look at inodes under RCU.
 *
 *	new_inode -> i_count 1 -> [I_NEW while being filled by iget_locked] -> in use -> I_FREEING -> I_CLEAR
 *
 *   While one is I_FREEING its number is not looked up: who wants it waits until it is gone and reads it anew.
 *
 * Unused inodes of file systems on devices stand in inode_lru, in the order in which they lost their last user; a
 * shrinker frees them from the old end. One that found a user again is taken off there when the shrinker comes by. An
 * inode that is dirty, or has pages, stays: writeback and the reclaim of its pages come first.
 *
 * Locks: i_lock for i_state, i_count's last step and the list of names; the hash by one lock.
 * Linux 6.1: fs/inode.c, fs/attr.c, fs/bad_inode.c. Observed by: slabinfo, /proc/sys/fs/inode-nr.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/hash.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/filemap.h>
#include <mm/list_lru.h>
#include <mm/shrinker.h>
#include <mm/writeback.h>
#include <sync/ranks.h>
#include <sync/wait.h>
#include <kernel/cred.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>
#include <fs/buffer_head.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include <fs/pipe.h>
#include <fs/super.h>
#include "fs_internal.h"

#define IHASH_BITS 8
static struct hlist_head inode_hashtable[1 << IHASH_BITS];
static DEFINE_SPINLOCK(inode_hash_lock, LOCK_INODE_HASH);
static DECLARE_WAIT_QUEUE_HEAD(inode_new_wait);	 /* no more I_NEW; gone after I_FREEING */
static DECLARE_WAIT_QUEUE_HEAD(inode_dio_queue); /* i_dio_count is 0 */
static struct list_lru inode_lru;
static struct kmem_cache *inode_cache;
atomic_long_t nr_inodes;

static const struct inode_operations empty_iops;
static const struct address_space_operations empty_aops;

static int no_open(struct inode *inode, struct file *file)
{
	return -ENXIO;
}
static const struct file_operations no_open_fops = { .open = no_open };

/* The fields of a zeroed inode (of a file system's own slab or ours). */
static void inode_init_always(struct super_block *sb, struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	address_space_init_once(mapping);
	mapping->a_ops = &empty_aops;
	mapping->host = inode;
	mapping->gfp_mask = GFP_HIGHUSER_MOVABLE;
	INIT_HLIST_NODE(&inode->i_hash);
	INIT_LIST_HEAD(&inode->i_sb_list);
	INIT_LIST_HEAD(&inode->i_io_list);
	INIT_HLIST_HEAD(&inode->i_dentry);
	INIT_LIST_HEAD(&inode->i_lru);
	spin_lock_init(&inode->i_lock, LOCK_INODE_LOCK);
	init_rwsem(&inode->i_rwsem, LOCK_INODE);
	inode->i_sb = sb;
	inode->i_mapping = mapping;
	inode->i_op = &empty_iops;
	inode->i_fop = &no_open_fops;
	inode->i_blkbits = sb->s_blocksize_bits;
	inode->i_nlink = 1;
	atomic_set(&inode->i_count, 1);
	atomic_long_inc(&nr_inodes);
}

struct inode *new_inode_pseudo(struct super_block *sb)
{
	struct inode *inode = sb->s_op && sb->s_op->alloc_inode
				      ? sb->s_op->alloc_inode(sb)
				      : kmem_cache_zalloc(inode_cache, GFP_KERNEL);

	if (inode)
		inode_init_always(sb, inode);
	return inode;
}

struct inode *new_inode(struct super_block *sb)
{
	struct inode *inode = new_inode_pseudo(sb);

	if (inode) {
		spin_lock(&sb->s_inode_list_lock);
		list_add(&inode->i_sb_list, &sb->s_inodes);
		spin_unlock(&sb->s_inode_list_lock);
	}
	return inode;
}

void free_inode_nonrcu(struct inode *inode)
{
	kmem_cache_free(inode_cache, inode);
}

static void free_inode_rcu(struct rcu_head *head)
{
	struct inode *inode = container_of(head, struct inode, i_rcu);

	inode->free_inode(inode);
}

void clear_inode(struct inode *inode)
{
	BUG_ON(inode->i_data.nrpages);
	inode->i_state = I_FREEING | I_CLEAR;
}

/* The last user is gone: empty, unlist and free. => I_FREEING set */
static void evict(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	const struct super_operations *op = sb->s_op;

	if (!list_empty(&inode->i_sb_list)) {
		spin_lock(&sb->s_inode_list_lock);
		list_del_init(&inode->i_sb_list);
		spin_unlock(&sb->s_inode_list_lock);
	}
	if (!list_empty(&inode->i_lru))
		list_lru_del(&inode_lru, &inode->i_lru);
	if (!list_empty(&inode->i_io_list))
		inode_io_list_del(inode);
	fsnotify_inode_gone(inode);
	inode_wait_for_writeback(inode); /* the flusher may have it in hand */
	if (op && op->evict_inode) {
		op->evict_inode(inode);
	} else {
		truncate_inode_pages_final(&inode->i_data);
		clear_inode(inode);
	}
	if (!hlist_unhashed(&inode->i_hash)) {
		remove_inode_hash(inode);
		wake_up_all(&inode_new_wait); /* who wants the number reads it anew */
	}
	locks_free_lock_context(inode);
	atomic_long_dec(&nr_inodes);
	if (op && op->destroy_inode) {
		op->destroy_inode(inode);
		if (!op->free_inode)
			return;
	}
	inode->free_inode = op && op->free_inode ? op->free_inode : free_inode_nonrcu;
	call_rcu(&inode->i_rcu, free_inode_rcu);
}

void ihold(struct inode *inode)
{
	WARN_ON(atomic_inc_return(&inode->i_count) < 2);
}

struct inode *igrab(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	if (inode->i_state & (I_FREEING | I_WILL_FREE))
		inode = (spin_unlock(&inode->i_lock), NULL);
	else {
		atomic_inc(&inode->i_count);
		spin_unlock(&inode->i_lock);
	}
	return inode;
}

int generic_delete_inode(struct inode *inode)
{
	return 1;
}

void iput(struct inode *inode)
{
	const struct super_operations *op;
	int drop;

	if (!inode)
		return;
	if (!atomic_dec_and_lock(&inode->i_count, &inode->i_lock))
		return;
	op = inode->i_sb->s_op;
	if (op && op->drop_inode)
		drop = op->drop_inode(inode);
	else
		drop = !inode->i_nlink || !(inode->i_state & I_HASHED);
	if (!drop && (inode->i_sb->s_flags & SB_ACTIVE)) {
		if (inode->i_sb->s_bdev && list_empty(&inode->i_lru))
			list_lru_add(&inode_lru, &inode->i_lru);
		spin_unlock(&inode->i_lock);
		return;
	}
	if (!drop && (inode->i_state & I_DIRTY_ALL)) { /* the super block goes, the file stays */
		inode->i_state |= I_WILL_FREE;
		spin_unlock(&inode->i_lock);
		write_inode_now(inode, 1);
		spin_lock(&inode->i_lock);
		inode->i_state &= ~I_WILL_FREE;
	}
	inode->i_state |= I_FREEING;
	spin_unlock(&inode->i_lock);
	evict(inode);
}

/* ---- unused inodes ---- */

static enum lru_status inode_lru_isolate(struct list_head *item, struct list_lru *lru, int nid,
					 spinlock_t *lock, void *arg)
{
	struct inode *inode = container_of(item, struct inode, i_lru);

	/* The order is i_lock, then the lock of the list. */
	if (!spin_trylock(&inode->i_lock))
		return LRU_SKIP;
	if (atomic_read(&inode->i_count) || (inode->i_state & (I_NEW | I_FREEING | I_WILL_FREE))) {
		list_lru_isolate(lru, nid, item);
		spin_unlock(&inode->i_lock);
		return LRU_REMOVED;
	}
	if ((inode->i_state & (I_DIRTY_ALL | I_SYNC)) || inode->i_data.nrpages ||
	    !remove_inode_buffers(inode)) {
		spin_unlock(&inode->i_lock);
		return LRU_ROTATE;
	}
	inode->i_state |= I_FREEING;
	list_lru_isolate_move(lru, nid, item, arg);
	spin_unlock(&inode->i_lock);
	return LRU_REMOVED;
}

static unsigned long inode_lru_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return vfs_pressure_ratio(list_lru_shrink_count(&inode_lru, sc));
}

static unsigned long inode_lru_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	LIST_HEAD(dispose);
	unsigned long freed;

	if (!(sc->gfp_mask & __GFP_FS)) /* the caller may be within the file system */
		return SHRINK_STOP;
	freed = list_lru_shrink_walk(&inode_lru, sc, inode_lru_isolate, &dispose);
	while (!list_empty(&dispose)) {
		struct inode *inode = list_first_entry(&dispose, struct inode, i_lru);

		list_del_init(&inode->i_lru);
		evict(inode);
		cond_resched();
	}
	return freed;
}

static struct shrinker inode_shrinker = {
	.count_objects = inode_lru_count,
	.scan_objects = inode_lru_scan,
	.seeks = DEFAULT_SEEKS,
	.flags = SHRINKER_MEMCG_AWARE,
};

void inode_init(void)
{
	inode_cache =
		kmem_cache_create("inode_cache", sizeof(struct inode), 64,
				  SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE | SLAB_PANIC | SLAB_ACCOUNT,
				  NULL);
	if (list_lru_init(&inode_lru) || register_shrinker(&inode_shrinker, "inodes"))
		panic("inode: no memory for the list of unused inodes\n");
}

unsigned long nr_inodes_unused(void)
{
	return list_lru_count(&inode_lru);
}

/* ---- the hash, for file systems that find inodes by number ---- */

static struct hlist_head *ihash(struct super_block *sb, unsigned long ino)
{
	return &inode_hashtable[hash_64((unsigned long)sb ^ (ino * 0x9e3779b97f4a7c15UL),
					IHASH_BITS)];
}

/* => inode_hash_lock held */
static void hash_in(struct inode *inode, unsigned int state)
{
	spin_lock(&inode->i_lock);
	inode->i_state |= I_HASHED | state;
	hlist_add_head(&inode->i_hash, ihash(inode->i_sb, inode->i_ino));
	spin_unlock(&inode->i_lock);
}

void inode_hash_once(struct inode *inode)
{
	spin_lock(&inode_hash_lock);
	if (hlist_unhashed(&inode->i_hash))
		hash_in(inode, 0);
	spin_unlock(&inode_hash_lock);
}

void remove_inode_hash(struct inode *inode)
{
	if (hlist_unhashed(&inode->i_hash))
		return;
	spin_lock(&inode_hash_lock);
	spin_lock(&inode->i_lock);
	hlist_del_init(&inode->i_hash);
	inode->i_state &= ~I_HASHED;
	spin_unlock(&inode->i_lock);
	spin_unlock(&inode_hash_lock);
}

/* An inode is being freed: sleep until one was. => inode_hash_lock held, dropped meanwhile */
static void wait_for_freeing(void)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&inode_new_wait, &wait, TASK_UNINTERRUPTIBLE);
	spin_unlock(&inode_hash_lock);
	schedule();
	finish_wait(&inode_new_wait, &wait);
	spin_lock(&inode_hash_lock);
}

/*
 * With a reference, or NULL. One that is being freed is waited for until it is gone.
 * => inode_hash_lock held; dropped meanwhile when it waits
 */
static struct inode *find_inode(struct super_block *sb, unsigned long ino)
{
	struct inode *inode;
	bool freeing;

again:
	hlist_for_each_entry (inode, ihash(sb, ino), i_hash) {
		if (inode->i_sb != sb || inode->i_ino != ino)
			continue;
		spin_lock(&inode->i_lock);
		freeing = inode->i_state & (I_FREEING | I_WILL_FREE);
		if (!freeing)
			atomic_inc(&inode->i_count);
		spin_unlock(&inode->i_lock);
		if (!freeing)
			return inode;
		wait_for_freeing();
		goto again;
	}
	return NULL;
}

static struct inode *wait_until_filled(struct inode *inode)
{
	wait_event(inode_new_wait, !(READ_ONCE(inode->i_state) & I_NEW));
	return inode;
}

struct inode *ilookup(struct super_block *sb, unsigned long ino)
{
	struct inode *inode;

	spin_lock(&inode_hash_lock);
	inode = find_inode(sb, ino);
	spin_unlock(&inode_hash_lock);
	return inode ? wait_until_filled(inode) : NULL;
}

/* @inode, I_NEW, into the hash; or the one that is there already, with a reference. */
static struct inode *insert_new(struct inode *inode)
{
	struct inode *old;

	spin_lock(&inode_hash_lock);
	old = find_inode(inode->i_sb, inode->i_ino);
	if (!old)
		hash_in(inode, I_NEW);
	spin_unlock(&inode_hash_lock);
	return old;
}

struct inode *iget_locked(struct super_block *sb, unsigned long ino)
{
	struct inode *inode, *old;

	for (;;) {
		inode = ilookup(sb, ino);
		if (inode && (READ_ONCE(inode->i_state) & I_HASHED))
			return inode;
		if (!inode)
			break;
		iput(inode); /* could not be filled: try ourselves */
	}
	inode = new_inode(sb);
	if (!inode)
		return NULL;
	inode->i_ino = ino;
	old = insert_new(inode);
	if (!old)
		return inode;
	inode->i_ino = 0; /* never lived */
	iput(inode);
	wait_until_filled(old);
	if (READ_ONCE(old->i_state) & I_HASHED)
		return old;
	iput(old);
	return iget_locked(sb, ino);
}

int insert_inode_locked(struct inode *inode)
{
	for (;;) {
		struct inode *old = insert_new(inode);
		bool alive;

		if (!old)
			return 0;
		wait_until_filled(old);
		alive = READ_ONCE(old->i_state) & I_HASHED;
		iput(old);
		if (alive)
			return -EBUSY;
	}
}

void unlock_new_inode(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	inode->i_state &= ~I_NEW;
	spin_unlock(&inode->i_lock);
	wake_up_all(&inode_new_wait);
}

void iget_failed(struct inode *inode)
{
	remove_inode_hash(inode);
	unlock_new_inode(inode);
	iput(inode);
}

unsigned int get_next_ino(void)
{
	static atomic_t last = ATOMIC_INIT(0);
	unsigned int ino = atomic_inc_return(&last);

	return ino ? ino : atomic_inc_return(&last);
}

void inode_add_bytes(struct inode *inode, loff_t bytes)
{
	spin_lock(&inode->i_lock);
	inode->i_blocks += bytes >> 9;
	spin_unlock(&inode->i_lock);
}

void inode_dio_end(struct inode *inode)
{
	if (atomic_dec_and_test(&inode->i_dio_count))
		wake_up_all(&inode_dio_queue);
}

void inode_dio_wait(struct inode *inode)
{
	if (atomic_read(&inode->i_dio_count))
		wait_event(inode_dio_queue, !atomic_read(&inode->i_dio_count));
}

/* Files in memory are asked for nothing: the question costs two loads. */
static bool in_memory(const struct inode *inode)
{
	return inode->i_sb->s_bdi == &noop_backing_dev_info;
}

void mark_inode_dirty(struct inode *inode)
{
	if (!in_memory(inode))
		__mark_inode_dirty(inode, I_DIRTY);
}

void mark_inode_dirty_sync(struct inode *inode)
{
	if (!in_memory(inode))
		__mark_inode_dirty(inode, I_DIRTY_SYNC);
}

/* Only times have changed. */
static void mark_times_dirty(struct inode *inode)
{
	if (!in_memory(inode))
		__mark_inode_dirty(inode, inode->i_sb->s_flags & SB_LAZYTIME ? I_DIRTY_TIME
									     : I_DIRTY_SYNC);
}

void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode)
{
	inode->i_uid = current_fsuid();
	if (dir && (dir->i_mode & S_ISGID)) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
	} else {
		inode->i_gid = current_fsgid();
	}
	inode->i_mode = mode;
}

bool special_file(umode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev)
{
	inode->i_mode = mode;
	if (S_ISCHR(mode)) {
		inode->i_fop = &def_chr_fops;
		inode->i_rdev = rdev;
	} else if (S_ISBLK(mode)) {
		inode->i_fop = &def_blk_fops;
		inode->i_rdev = rdev;
	} else if (S_ISFIFO(mode)) {
		inode->i_fop = &pipefifo_fops;
	}
}

/* ---- times ---- */

/* @t as @inode can keep it. */
static struct timespec64 timestamp_truncate(struct timespec64 t, const struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;

	if (unlikely(t.tv_sec < sb->s_time_min || t.tv_sec > sb->s_time_max)) {
		t.tv_sec = clamp(t.tv_sec, sb->s_time_min, sb->s_time_max);
		t.tv_nsec = 0;
	}
	if (sb->s_time_gran != 1)
		t.tv_nsec -= t.tv_nsec % sb->s_time_gran;
	return t;
}

struct timespec64 current_time(struct inode *inode)
{
	struct timespec64 now;

	ktime_get_coarse_real_ts64(&now);
	return timestamp_truncate(now, inode);
}

static int timespec_before(const struct timespec64 *a, const struct timespec64 *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* The time in seconds, as of at most a second ago: enough for what is a day old. Racy and harmless. */
static time64_t recent_seconds(void)
{
	static unsigned long asked_at;
	static time64_t seconds;

	if (unlikely(!seconds || jiffies - READ_ONCE(asked_at) >= HZ)) {
		WRITE_ONCE(asked_at, jiffies);
		WRITE_ONCE(seconds, ktime_get_real_seconds());
	}
	return READ_ONCE(seconds);
}

/* Does a read now have to move atime? relatime: when it is not newer than mtime, or a day old. */
static bool atime_needs_update(const struct path *path, struct inode *inode, struct timespec64 *now)
{
	int mnt_flags = path->mnt->mnt_flags;

	if ((inode->i_flags & S_NOATIME) || (inode->i_sb->s_flags & (SB_RDONLY | SB_NOATIME)))
		return false;
	if ((mnt_flags & (MNT_NOATIME | MNT_READONLY)) ||
	    ((mnt_flags & MNT_NODIRATIME) && S_ISDIR(inode->i_mode)))
		return false;
	if (mnt_flags & MNT_RELATIME) {
		if (timespec_before(&inode->i_mtime, &inode->i_atime) &&
		    timespec_before(&inode->i_ctime, &inode->i_atime)) {
			if (likely(recent_seconds() - inode->i_atime.tv_sec < 24 * 60 * 60))
				return false;
			*now = current_time(inode);
			return true;
		}
	}
	*now = current_time(inode);
	return now->tv_sec != inode->i_atime.tv_sec || now->tv_nsec != inode->i_atime.tv_nsec;
}

/* Faults and reads come here without i_rwsem: seconds of one and nanoseconds of another may meet, as in Linux. */
static void set_time(struct timespec64 *time, struct timespec64 now)
{
	WRITE_ONCE(time->tv_sec, now.tv_sec);
	WRITE_ONCE(time->tv_nsec, now.tv_nsec);
}

void touch_atime(const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	struct timespec64 now;

	if (atime_needs_update(path, inode, &now)) {
		set_time(&inode->i_atime, now);
		mark_times_dirty(inode);
	}
}

void file_accessed(struct file *file)
{
	if (!(file->f_flags & O_NOATIME))
		touch_atime(&file->f_path);
}

void inode_changed_now(struct inode *inode)
{
	struct timespec64 now = current_time(inode);

	set_time(&inode->i_mtime, now);
	set_time(&inode->i_ctime, now);
	mark_times_dirty(inode);
}

int file_update_time(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!(inode->i_flags & S_NOCMTIME))
		inode_changed_now(inode);
	return 0;
}

/* S_ISUID and S_ISGID that a write by this caller takes away, as ATTR_KILL_*. */
static int should_remove_privs(struct inode *inode)
{
	umode_t mode = inode->i_mode;
	int kill = 0;

	if (likely(!(mode & (S_ISUID | S_ISGID))) || !S_ISREG(mode) || capable(CAP_FSETID))
		return 0;
	if (mode & S_ISUID)
		kill |= ATTR_KILL_SUID;
	if ((mode & S_ISGID) && ((mode & S_IXGRP) || !in_group_p(inode->i_gid)))
		kill |= ATTR_KILL_SGID;
	return kill;
}

int file_remove_privs(struct file *file)
{
	struct inode *inode = file_inode(file);
	int kill = should_remove_privs(inode);
	struct iattr attr = { .ia_valid = ATTR_FORCE | kill };

	return kill ? notify_change(file_dentry(file), &attr) : 0;
}

int file_modified(struct file *file)
{
	int err = file_remove_privs(file);

	return err ? err : file_update_time(file);
}

/* ---- permissions ---- */

bool inode_owner_or_capable(const struct inode *inode)
{
	return current_fsuid() == inode->i_uid || capable(CAP_FOWNER);
}

int generic_permission(struct inode *inode, int mask)
{
	umode_t mode = inode->i_mode;

	mask &= MAY_READ | MAY_WRITE | MAY_EXEC;
	if (current_fsuid() == inode->i_uid)
		mode >>= 6;
	else if ((((mode >> 3) ^ mode) & mask) && in_group_p(inode->i_gid))
		mode >>= 3;
	if (!(mask & ~mode))
		return 0;
	if (S_ISDIR(inode->i_mode)) {
		if (!(mask & MAY_WRITE) && capable(CAP_DAC_READ_SEARCH))
			return 0;
		return capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (mask == MAY_READ && capable(CAP_DAC_READ_SEARCH))
		return 0;
	/* Executing needs one execute bit, even for the super-user. */
	if (!(mask & MAY_EXEC) || (inode->i_mode & S_IXUGO))
		return capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	return -EACCES;
}

int inode_permission(struct inode *inode, int mask)
{
	if (mask & MAY_WRITE) {
		umode_t mode = inode->i_mode;

		if (sb_rdonly(inode->i_sb) && (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
			return -EROFS;
		if (IS_IMMUTABLE(inode))
			return -EPERM;
	}
	if (unlikely(inode->i_op->permission))
		return inode->i_op->permission(inode, mask);
	return generic_permission(inode, mask);
}

umode_t mode_strip_sgid(const struct inode *dir, umode_t mode)
{
	if ((mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP))
		return mode;
	if (S_ISDIR(mode) || !dir || !(dir->i_mode & S_ISGID))
		return mode;
	if (in_group_p(dir->i_gid) || capable(CAP_FSETID))
		return mode;
	return mode & ~S_ISGID;
}

int inode_newsize_ok(const struct inode *inode, loff_t offset)
{
	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
	if (offset > inode->i_size) {
		unsigned long limit = rlimit(RLIMIT_FSIZE);

		if (limit != RLIM_INFINITY && (u64)offset > limit) {
			send_sig(SIGXFSZ, current, 0);
			return -EFBIG;
		}
		if (offset > inode->i_sb->s_maxbytes)
			return -EFBIG;
	}
	return 0;
}

static bool chown_ok(const struct inode *inode, uid_t uid)
{
	if (uid == inode->i_uid && current_fsuid() == inode->i_uid)
		return true;
	return capable(CAP_CHOWN);
}

static bool chgrp_ok(const struct inode *inode, gid_t gid)
{
	if (current_fsuid() == inode->i_uid && (gid == inode->i_gid || in_group_p(gid)))
		return true;
	return capable(CAP_CHOWN);
}

int setattr_prepare(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	unsigned int valid = attr->ia_valid;

	if (valid & ATTR_SIZE) {
		int err = inode_newsize_ok(inode, attr->ia_size);

		if (err)
			return err;
	}
	if (valid & ATTR_FORCE)
		return 0;
	if ((valid & ATTR_UID) && !chown_ok(inode, attr->ia_uid))
		return -EPERM;
	if ((valid & ATTR_GID) && !chgrp_ok(inode, attr->ia_gid))
		return -EPERM;
	if (valid & ATTR_MODE) {
		gid_t gid = valid & ATTR_GID ? attr->ia_gid : inode->i_gid;

		if (!inode_owner_or_capable(inode))
			return -EPERM;
		if (!in_group_p(gid) && !capable(CAP_FSETID))
			attr->ia_mode &= ~S_ISGID;
	}
	if ((valid & (ATTR_MTIME_SET | ATTR_ATIME_SET | ATTR_TIMES_SET)) &&
	    !inode_owner_or_capable(inode))
		return -EPERM;
	return 0;
}

void setattr_copy(struct inode *inode, const struct iattr *attr)
{
	unsigned int valid = attr->ia_valid;

	if (valid & ATTR_UID)
		inode->i_uid = attr->ia_uid;
	if (valid & ATTR_GID)
		inode->i_gid = attr->ia_gid;
	if (valid & ATTR_ATIME)
		inode->i_atime = timestamp_truncate(attr->ia_atime, inode);
	if (valid & ATTR_MTIME)
		inode->i_mtime = timestamp_truncate(attr->ia_mtime, inode);
	if (valid & ATTR_CTIME)
		inode->i_ctime = timestamp_truncate(attr->ia_ctime, inode);
	if (valid & ATTR_MODE) {
		umode_t mode = attr->ia_mode;

		if (!in_group_p(inode->i_gid) && !capable(CAP_FSETID))
			mode &= ~S_ISGID;
		inode->i_mode = mode;
	}
}

/* Turn ATTR_KILL_* into a new mode. False: nothing is left to do. */
static bool resolve_kill(struct inode *inode, struct iattr *attr)
{
	umode_t mode = inode->i_mode;

	if ((attr->ia_valid & ATTR_KILL_SUID) && (mode & S_ISUID)) {
		attr->ia_valid |= ATTR_MODE;
		mode &= ~S_ISUID;
	}
	if ((attr->ia_valid & ATTR_KILL_SGID) && (mode & S_ISGID)) {
		attr->ia_valid |= ATTR_MODE;
		mode &= ~S_ISGID;
	}
	if (attr->ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		attr->ia_mode = mode;
	attr->ia_valid &= ~(ATTR_KILL_SUID | ATTR_KILL_SGID);
	return attr->ia_valid & ~ATTR_FORCE;
}

/* One of both times is of a read or a write, both are utimes(2). */
static void tell_change(struct dentry *dentry, unsigned int valid)
{
	u32 mask = 0;

	if (valid & (ATTR_UID | ATTR_GID | ATTR_MODE))
		mask |= IN_ATTRIB;
	if (valid & ATTR_SIZE)
		mask |= IN_MODIFY;
	if ((valid & (ATTR_ATIME | ATTR_MTIME)) == (ATTR_ATIME | ATTR_MTIME))
		mask |= IN_ATTRIB;
	else if (valid & ATTR_ATIME)
		mask |= IN_ACCESS;
	else if (valid & ATTR_MTIME)
		mask |= IN_MODIFY;
	if (mask)
		fsnotify_dentry(dentry, mask);
}

int notify_change(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	unsigned int valid = attr->ia_valid;
	struct timespec64 now;
	int err;

	if ((valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_TIMES_SET)) &&
	    (IS_IMMUTABLE(inode) || IS_APPEND(inode)))
		return -EPERM;
	if ((valid & ATTR_TOUCH) && !inode_owner_or_capable(inode)) { /* utimes with "now" */
		if (IS_IMMUTABLE(inode))
			return -EPERM;
		err = inode_permission(inode, MAY_WRITE);
		if (err)
			return err;
	}
	if ((valid & ATTR_MODE) && S_ISLNK(inode->i_mode))
		return -EOPNOTSUPP;
	now = current_time(inode);
	attr->ia_ctime = now;
	if (!(valid & ATTR_ATIME_SET))
		attr->ia_atime = now;
	if (!(valid & ATTR_MTIME_SET))
		attr->ia_mtime = now;
	if ((valid & (ATTR_KILL_SUID | ATTR_KILL_SGID)) && !resolve_kill(inode, attr))
		return 0;
	if (attr->ia_valid & ATTR_MODE)
		attr->ia_valid |= ATTR_CTIME;
	if (valid & ATTR_SIZE)
		inode_dio_wait(inode);
	err = inode->i_op->setattr ? inode->i_op->setattr(dentry, attr)
				   : simple_setattr(dentry, attr);
	if (!err && fsnotify_wanted())
		tell_change(dentry, attr->ia_valid);
	return err;
}

/* ---- writers against executors ---- */

int get_write_access(struct inode *inode)
{
	return atomic_inc_unless_negative(&inode->i_writecount) ? 0 : -ETXTBSY;
}

void put_write_access(struct inode *inode)
{
	atomic_dec(&inode->i_writecount);
}

int deny_write_access(struct file *file)
{
	return atomic_dec_unless_positive(&file_inode(file)->i_writecount) ? 0 : -ETXTBSY;
}

void allow_write_access(struct file *file)
{
	if (file)
		atomic_inc(&file_inode(file)->i_writecount);
}
