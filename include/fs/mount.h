/* SPDX-License-Identifier: MIT */
/*
 * Mounts: which file system shows at which place. Theory: fs/namespace.c, of namespaces fs/mnt_namespace.c.
 *
 * Legend: n  namespace_sem;  m  mount_lock (seqlock), look-ups under RCU;  a  atomic;  c  constant
 */
#ifndef QUIRE_FS_MOUNT_H
#define QUIRE_FS_MOUNT_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/rwsem.h>
#include <sync/seqlock.h>
#include <sync/rcu_types.h>
#include <fs/path.h>
#include <fs/super.h>

struct file;
struct seq_file;
struct task_struct;
struct fs_struct;

#define MNT_NOSUID	0x01
#define MNT_NODEV	0x02
#define MNT_NOEXEC	0x04
#define MNT_NOATIME	0x08
#define MNT_NODIRATIME	0x10
#define MNT_RELATIME	0x20
#define MNT_READONLY	0x40
#define MNT_NOSYMFOLLOW	0x80
#define MNT_USER_SETTABLE_MASK (MNT_NOSUID | MNT_NODEV | MNT_NOEXEC | MNT_NOATIME | MNT_NODIRATIME | \
				MNT_RELATIME | MNT_READONLY | MNT_NOSYMFOLLOW)
#define MNT_INTERNAL	0x4000	/* of the kernel: in no place */
#define MNT_DOOMED	0x1000000

struct vfsmount {
	struct dentry *mnt_root;		/* c */
	struct super_block *mnt_sb;		/* c */
	int mnt_flags;				/* n */
	u16 mnt_watches;			/* fsnotify_lock: marks (fs/notify/) */
};

/* A tree of mounts that processes see; the fs_structs of those processes refer to it. */
struct mnt_namespace {
	atomic_t count;				/* a */
	int nr_mounts;				/* n */
	struct mount *root;			/* c */
	struct list_head list;			/* n: its mounts, in the order of mounting */
	struct list_head all;			/* n: all namespaces */
};

struct mount {
	struct hlist_node mnt_hash;		/* m */
	struct mount *mnt_parent;		/* m: itself when not mounted */
	struct dentry *mnt_mountpoint;		/* m */
	struct vfsmount mnt;
	atomic_t mnt_count;			/* a: users; the place in the tree counts one */
	atomic_t mnt_writers;			/* a */
	struct list_head mnt_mounts, mnt_child;	/* n */
	struct list_head mnt_list;		/* n: all mounts of the namespace, in order */
	struct mnt_namespace *mnt_ns;		/* n: NULL in no place */
	bool mnt_is_top;			/* n, read without: the root of its namespace */
	const char *mnt_devname;		/* c */
	int mnt_id;				/* c */
	bool mnt_expiry_mark;
	struct rcu_head mnt_rcu;
};

static inline struct mount *real_mount(struct vfsmount *mnt)
{
	return container_of(mnt, struct mount, mnt);
}
static inline bool mnt_has_parent(const struct mount *mnt)
{
	return mnt != mnt->mnt_parent;
}

static inline struct vfsmount *mntget(struct vfsmount *mnt)
{
	if (mnt)
		atomic_inc(&real_mount(mnt)->mnt_count);
	return mnt;
}
void mntput(struct vfsmount *mnt);		/* may sleep */
/* What is mounted at @path, with a reference, or NULL. */
struct vfsmount *lookup_mnt(const struct path *path);
struct mount *__lookup_mnt(struct vfsmount *mnt, struct dentry *dentry);
extern seqlock_t mount_lock;
bool __mnt_is_readonly(const struct vfsmount *mnt);
int mnt_want_write(struct vfsmount *mnt);	/* 0 or -EROFS; pairs with drop */
void mnt_drop_write(struct vfsmount *mnt);
int mnt_want_write_file(struct file *file);
void mnt_drop_write_file(struct file *file);
bool path_noexec(const struct path *path);

/* A mount in no place, for the kernel. */
struct vfsmount *kern_mount(struct file_system_type *type);
struct vfsmount *vfs_kern_mount(struct file_system_type *type, int flags, const char *name, void *data);
/* mount(2) with kernel strings. @data: options or NULL. */
int path_mount(const char *dev_name, struct path *path, const char *type, unsigned long flags, void *data);
/* Mount tmpfs as the root of everything and make it root and cwd of current. */
void mnt_init(void);
/*
 * Give @fs, which nobody else uses yet, a copy of its namespace: CLONE_NEWNS. Its root and working directory move to the
 * copies of their mounts. 0 or -ENOMEM. The caller has CAP_SYS_ADMIN. May sleep.
 */
int copy_mnt_ns(struct fs_struct *fs);
struct mnt_namespace *get_mnt_ns(struct mnt_namespace *ns);	/* NULL stays NULL */
void put_mnt_ns(struct mnt_namespace *ns);	/* the last one unmounts all of it; may sleep */
bool is_path_reachable(struct mount *mnt, struct dentry *dentry, const struct path *root);

/* One whole file each: /proc/PID/{mounts,mountinfo,mountstats}. -EINVAL: @task has ended. May sleep. */
int mounts_show(struct seq_file *m, struct task_struct *task);
int mountinfo_show(struct seq_file *m, struct task_struct *task);
int mountstats_show(struct seq_file *m, struct task_struct *task);
/* Moves with every change; for poll() of these files. */
extern atomic_t mount_event;

#endif
