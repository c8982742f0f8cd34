// SPDX-License-Identifier: MIT
/* Root, working directory, umask and mounts of a process; shared between tasks by CLONE_FS. */
#include <base/errno.h>
#include <sync/rcu.h>
#include <sync/rwlock.h>
#include <sync/seqlock.h>
#include <fs/fs_struct.h>
#include <fs/mount.h>
#include <fs/path.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <linux/sched.h>

static struct kmem_cache *fs_cachep;

struct fs_struct init_fs = {
	.users = 1,
	.lock = __SPIN_LOCK_UNLOCKED(LOCK_FS_STRUCT),
	.umask = 0022,
};

/* Change @slot of @fs to @path, which is referenced here; the old one is given back. */
static void set_fs_path(struct fs_struct *fs, struct path *slot, const struct path *path)
{
	struct path old;

	path_get(path);
	spin_lock(&fs->lock);
	write_seqcount_begin(&fs->seq);
	old = *slot;
	*slot = *path;
	write_seqcount_end(&fs->seq);
	spin_unlock(&fs->lock);
	if (old.dentry)
		path_put(&old);
}

void set_fs_root(struct fs_struct *fs, const struct path *path)
{
	set_fs_path(fs, &fs->root, path);
}

void set_fs_pwd(struct fs_struct *fs, const struct path *path)
{
	set_fs_path(fs, &fs->pwd, path);
}

void get_fs_root(struct fs_struct *fs, struct path *root)
{
	spin_lock(&fs->lock);
	*root = fs->root;
	path_get(root);
	spin_unlock(&fs->lock);
}

void get_fs_pwd(struct fs_struct *fs, struct path *pwd)
{
	spin_lock(&fs->lock);
	*pwd = fs->pwd;
	path_get(pwd);
	spin_unlock(&fs->lock);
}

/* pivot_root: whoever stood at @old_root stands at @new_root. */
void chroot_fs_refs(const struct path *old_root, const struct path *new_root)
{
	struct task_struct *g, *p;
	int moved = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(g, p)
	{
		struct fs_struct *fs;

		task_lock(p);
		fs = p->fs;
		if (fs) {
			spin_lock(&fs->lock);
			write_seqcount_begin(&fs->seq);
			if (path_equal(&fs->root, old_root)) {
				fs->root = *new_root;
				path_get(new_root);
				moved++;
			}
			if (path_equal(&fs->pwd, old_root)) {
				fs->pwd = *new_root;
				path_get(new_root);
				moved++;
			}
			write_seqcount_end(&fs->seq);
			spin_unlock(&fs->lock);
		}
		task_unlock(p);
	}
	read_unlock(&tasklist_lock);
	while (moved--)
		path_put(old_root);
}

struct fs_struct *copy_fs_struct(struct fs_struct *old)
{
	struct fs_struct *fs = kmem_cache_alloc(fs_cachep, GFP_KERNEL);

	if (!fs)
		return NULL;
	fs->users = 1;
	fs->in_exec = 0;
	spin_lock_init(&fs->lock, LOCK_FS_STRUCT);
	seqcount_init(&fs->seq);
	spin_lock(&old->lock);
	fs->umask = old->umask;
	fs->root = old->root;
	fs->pwd = old->pwd;
	if (fs->root.dentry)
		path_get(&fs->root);
	if (fs->pwd.dentry)
		path_get(&fs->pwd);
	fs->mnt_ns = get_mnt_ns(old->mnt_ns);
	spin_unlock(&old->lock);
	return fs;
}

void free_fs_struct(struct fs_struct *fs)
{
	if (fs->root.dentry)
		path_put(&fs->root);
	if (fs->pwd.dentry)
		path_put(&fs->pwd);
	put_mnt_ns(fs->mnt_ns);
	kmem_cache_free(fs_cachep, fs);
}

static void drop_fs(struct fs_struct *fs)
{
	int left;

	spin_lock(&fs->lock);
	left = --fs->users;
	spin_unlock(&fs->lock);
	if (!left)
		free_fs_struct(fs);
}

void exit_fs(struct task_struct *tsk)
{
	struct fs_struct *fs = tsk->fs;

	if (!fs)
		return;
	task_lock(tsk);
	tsk->fs = NULL;
	task_unlock(tsk);
	drop_fs(fs);
}

int current_umask(void)
{
	return current->fs->umask;
}

SYSCALL_DEFINE1(umask, int, mask)
{
	return xchg(&current->fs->umask, mask & 0777);
}

void fs_struct_init(void);
void __init fs_struct_init(void)
{
	fs_cachep = kmem_cache_create("fs_cache", sizeof(struct fs_struct), 0,
				      SLAB_HWCACHE_ALIGN | SLAB_PANIC | SLAB_ACCOUNT, NULL);
}
