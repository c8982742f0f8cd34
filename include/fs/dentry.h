/* SPDX-License-Identifier: MIT */
/*
 * dentry: a name in a directory, and what it stands for (an inode, or nothing: a negative dentry).
 * Theory: fs/dcache.c.
 *
 * Legend: d  d_lock;  P  d_lock of the parent;  s  written under d_lock and d_seq, look-ups under RCU
 * verify;  a  atomic;  c  constant
 */
#ifndef QUIRE_FS_DENTRY_H
#define QUIRE_FS_DENTRY_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/spinlock.h>
#include <sync/seqlock.h>
#include <sync/rcu_types.h>

struct dentry;
struct file;
struct inode;
struct path;
struct super_block;
struct vfsmount;

struct qstr {
	union {
		struct {
			u32 hash;
			u32 len;
		};
		u64 hash_len;
	};
	const unsigned char *name;
};
#define QSTR_INIT(n, l) { { { .len = l } }, .name = (const unsigned char *)(n) }

struct dentry_operations {
	int (*d_revalidate)(struct dentry *dentry, unsigned int flags);	/* 1 good, 0 drop it, or errno */
	int (*d_delete)(const struct dentry *dentry);	/* 1: do not keep without users */
	void (*d_release)(struct dentry *dentry);
	void (*d_prune)(struct dentry *dentry);
	void (*d_iput)(struct dentry *dentry, struct inode *inode);
	char *(*d_dname)(struct dentry *dentry, char *buffer, int buflen);
};

#define DNAME_INLINE_LEN 40

struct dentry {
	/* What a look-up reads: two cache lines. */
	unsigned int d_flags;			/* d */
	seqcount_t d_seq;			/* moves with d_name, d_parent, d_inode */
	struct hlist_node d_hash;		/* hash chain lock */
	struct dentry *d_parent;		/* s */
	struct qstr d_name;			/* s */
	struct inode *d_inode;			/* s */
	unsigned char d_iname[DNAME_INLINE_LEN];
	atomic_t d_count;			/* a: users; < 0 dead */
	bool d_referenced;			/* no lock: used again since the LRU walk saw it */
	spinlock_t d_lock;
	const struct dentry_operations *d_op;	/* c */
	struct super_block *d_sb;		/* c */
	struct list_head d_lru;			/* lock of the list_lru */
	struct list_head d_child;		/* P: in d_subdirs of the parent */
	struct list_head d_subdirs;		/* d */
	union {
		struct hlist_node d_alias;	/* i_lock of the inode */
		struct rcu_head d_rcu;		/* of a dead one, which has no inode any more */
	};
};

#define DCACHE_OP_REVALIDATE	0x00000004
#define DCACHE_OP_DELETE	0x00000008
#define DCACHE_DISCONNECTED	0x00000020
#define DCACHE_MOUNTED		0x00010000	/* something is mounted here, in some place */
#define DCACHE_CURSOR		0x00020000	/* of dcache_readdir, not a name */
#define DCACHE_HASHED		0x00040000
#define DCACHE_DONTCACHE	0x00000080

static inline bool d_unhashed(const struct dentry *dentry)
{
	return !(READ_ONCE(dentry->d_flags) & DCACHE_HASHED);
}
#define IS_ROOT(x) ((x) == (x)->d_parent)
static inline bool d_unlinked(const struct dentry *dentry)
{
	return d_unhashed(dentry) && !IS_ROOT(dentry);
}
static inline bool d_mountpoint(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_flags) & DCACHE_MOUNTED;
}
static inline struct inode *d_inode(const struct dentry *dentry)
{
	return dentry->d_inode;
}
static inline bool d_is_negative(const struct dentry *dentry)
{
	return !READ_ONCE(dentry->d_inode);
}
static inline bool d_is_positive(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_inode) != NULL;
}
static inline bool d_really_is_positive(const struct dentry *dentry)
{
	return dentry->d_inode;
}
bool d_is_dir(const struct dentry *dentry);
bool d_is_symlink(const struct dentry *dentry);
bool d_is_reg(const struct dentry *dentry);

static inline struct dentry *dget(struct dentry *dentry)
{
	if (dentry)
		atomic_inc(&dentry->d_count);
	return dentry;
}
static inline int d_count(const struct dentry *dentry)
{
	return atomic_read(&dentry->d_count);
}
/* Drop a reference; an unhashed dentry goes with its last. May sleep. */
void dput(struct dentry *dentry);
struct dentry *dget_parent(struct dentry *dentry);

void vfs_caches_init(void);
/* Hash of @name below any parent, with the length, for qstr.hash_len. */
u64 full_name_hash_len(const char *name, unsigned int len);

struct dentry *d_alloc(struct dentry *parent, const struct qstr *name);	/* unhashed, 1 user; NULL */
struct dentry *d_alloc_pseudo(struct super_block *sb, const struct qstr *name);
struct dentry *d_alloc_cursor(struct dentry *dentry);
struct dentry *d_make_root(struct inode *root_inode);	/* NULL: the inode was put */
void d_set_d_op(struct dentry *dentry, const struct dentry_operations *op);
void d_instantiate(struct dentry *dentry, struct inode *inode);	/* takes the inode's reference */
void d_instantiate_new(struct dentry *dentry, struct inode *inode);
void d_add(struct dentry *dentry, struct inode *inode);		/* hash; inode may be NULL */
void d_drop(struct dentry *dentry);				/* unhash */
void d_delete(struct dentry *dentry);	/* unlinked: becomes negative, or unhashed if used */
struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry);
/* Hashed child, with a reference, or NULL. Lock-free. */
struct dentry *d_lookup(const struct dentry *parent, const struct qstr *name);
struct dentry *__d_lookup(const struct dentry *parent, const struct qstr *name);
/* Any dentry of @inode, which is no directory, if need be one without a name; ERR_PTR(-ENOMEM). May sleep. */
struct dentry *d_obtain_alias(struct inode *inode);
struct dentry *d_find_any_alias(struct inode *inode);
void d_move(struct dentry *dentry, struct dentry *target);
void d_exchange(struct dentry *a, struct dentry *b);
bool is_subdir(struct dentry *new_dentry, struct dentry *old_dentry);
void d_tmpfile(struct file *file, struct inode *inode);
void d_genocide(struct dentry *root);		/* drop the pin of every dentry below */
void d_invalidate(struct dentry *dentry);	/* unhash the tree below, forget what is unused */
void shrink_dcache_parent(struct dentry *parent);
void shrink_dcache_for_umount(struct super_block *sb);
char *dentry_path_raw(const struct dentry *dentry, char *buf, int buflen);
char *dentry_path(const struct dentry *dentry, char *buf, int buflen);
char *simple_dname(struct dentry *dentry, char *buffer, int buflen);
char *dynamic_dname(struct dentry *dentry, char *buffer, int buflen, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
extern seqlock_t rename_lock;
extern const struct qstr slash_name, empty_name;
/* /proc/sys/fs/dentry-state */
extern atomic_long_t nr_dentry;
unsigned long nr_dentry_unused(void);		/* on the LRU lists; some may be in use again */
unsigned long nr_dentry_negative(void);		/* of them: names known not to exist */

#endif
