// SPDX-License-Identifier: MIT
/*
 * The dentry cache: names that were looked up, and what they stand for.
 *
 * 1 Structure. A dentry has a parent, a name and an inode; without inode it is negative: the name is known
 *   not to exist. Dentries are found by (parent, name) in one hash table, and hang in d_subdirs of the
 *   parent. A child holds a reference to its parent.
 *
 *	d_count > 0	in use		hashed or not
 *	d_count == 0	unused		hashed and on the LRU list of its node: kept for the next look-up, may be freed
 *	d_count < 0	dead		found by nobody; freed after a grace period
 *
 * 2 Invariants, which nobody checks: a child's d_parent is the directory in whose d_subdirs it is; a hashed
 *   dentry is found by its own name; d_count of a parent >= number of its children.
 *
 * 3 Locks. Look-up is lock-free: the hash chain under RCU, d_seq against a move meanwhile, and a reference
 *   that is refused by a dead dentry. A miss is certain only when rename_lock did not move; else it is
 *   repeated. d_lock guards d_flags, d_subdirs of the dentry, and the change of name, parent and inode,
 *   each of which moves d_seq. The last dput() takes the count from 0 to dead in one step.
 *
 *	rename_lock -> d_lock of parent -> d_lock of child -> hash chain, LRU
 *
 * 4 Failure: d_alloc() answers NULL. Linux 6.1: fs/dcache.c. Observed by: slabinfo (dentry),
 *   /proc/sys/fs/dentry-state.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/hash.h>
#include <base/list.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/list_lru.h>
#include <mm/shrinker.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <sync/ranks.h>
#include <sync/rcu.h>
#include <sync/spinlock.h>
#include <kernel/panic.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/fsnotify.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include <fs/super.h>
#include "fs_internal.h"

#define DENTRY_DEAD (-128)
#define DHASH_BITS  11
#define HASH_LOCKS  64

static struct hlist_head dentry_hashtable[1 << DHASH_BITS];
static spinlock_t hash_locks[HASH_LOCKS];
static struct list_lru dentry_lru;
DEFINE_SEQLOCK(rename_lock, LOCK_RENAME);
static struct kmem_cache *dentry_cache;
int sysctl_vfs_cache_pressure = 100;
atomic_long_t nr_dentry;

const struct qstr slash_name = QSTR_INIT("/", 1);
const struct qstr empty_name = QSTR_INIT("", 0);

/* ---- names ---- */

u64 full_name_hash_len(const char *name, unsigned int len)
{
	u64 hash = len, word;
	unsigned int n = len;

	for (; n >= 8; n -= 8, name += 8) {
		__builtin_memcpy(&word, name, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	for (word = 0; n; n--)
		word = word << 8 | (unsigned char)name[n - 1];
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return (u64)len << 32 | (u32)(hash ^ hash >> 32);
}

static unsigned int chain_of(const struct dentry *parent, u32 hash)
{
	return hash_64((unsigned long)parent / 64 + ((u64)hash << 8), DHASH_BITS);
}

static spinlock_t *chain_lock(unsigned int chain)
{
	return &hash_locks[chain % HASH_LOCKS];
}

static bool name_is_external(const struct dentry *dentry)
{
	return dentry->d_name.name != dentry->d_iname;
}

struct external_name {
	struct rcu_head rcu;
	unsigned char name[];
};

/* ---- allocation ---- */

static struct dentry *__d_alloc(struct super_block *sb, const struct qstr *name)
{
	struct dentry *dentry = kmem_cache_zalloc(dentry_cache, GFP_KERNEL);
	unsigned char *dname;

	if (!dentry)
		return NULL;
	if (name->len >= DNAME_INLINE_LEN) {
		struct external_name *ext = kmalloc(sizeof(*ext) + name->len + 1,
						    GFP_KERNEL_ACCOUNT | __GFP_RECLAIMABLE);

		if (!ext) {
			kmem_cache_free(dentry_cache, dentry);
			return NULL;
		}
		dname = ext->name;
	} else {
		dname = dentry->d_iname;
	}
	memcpy(dname, name->name, name->len);
	dname[name->len] = 0;
	dentry->d_name.len = name->len;
	dentry->d_name.hash = name->hash;
	dentry->d_name.name = dname;
	atomic_set(&dentry->d_count, 1);
	spin_lock_init(&dentry->d_lock, LOCK_DENTRY);
	seqcount_init(&dentry->d_seq);
	dentry->d_sb = sb;
	dentry->d_parent = dentry;
	INIT_HLIST_NODE(&dentry->d_hash);
	INIT_LIST_HEAD(&dentry->d_lru);
	INIT_LIST_HEAD(&dentry->d_child);
	INIT_LIST_HEAD(&dentry->d_subdirs);
	INIT_HLIST_NODE(&dentry->d_alias);
	d_set_d_op(dentry, sb ? sb->s_d_op : NULL);
	atomic_long_inc(&nr_dentry);
	return dentry;
}

void d_set_d_op(struct dentry *dentry, const struct dentry_operations *op)
{
	dentry->d_op = op;
	if (!op)
		return;
	if (op->d_revalidate)
		dentry->d_flags |= DCACHE_OP_REVALIDATE;
	if (op->d_delete)
		dentry->d_flags |= DCACHE_OP_DELETE;
}

static void add_child(struct dentry *parent, struct dentry *dentry)
{
	dentry->d_parent = dget(parent);
	spin_lock(&parent->d_lock);
	list_add(&dentry->d_child, &parent->d_subdirs);
	spin_unlock(&parent->d_lock);
}

struct dentry *d_alloc(struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry = __d_alloc(parent->d_sb, name);

	if (dentry)
		add_child(parent, dentry);
	return dentry;
}

static struct dentry *d_alloc_anon(struct super_block *sb)
{
	return __d_alloc(sb, &slash_name);
}

/* A file without a place shows its bare name, as deleted. */
static const struct dentry_operations anon_ops = { .d_dname = simple_dname };

struct dentry *d_alloc_pseudo(struct super_block *sb, const struct qstr *name)
{
	struct dentry *dentry = __d_alloc(sb, name);

	if (dentry && !sb->s_d_op)
		dentry->d_op = &anon_ops;
	return dentry;
}

struct dentry *d_alloc_cursor(struct dentry *parent)
{
	struct dentry *dentry = __d_alloc(parent->d_sb, &empty_name);

	if (dentry) {
		dentry->d_flags |= DCACHE_CURSOR;
		dentry->d_parent = dget(parent);
	}
	return dentry;
}

struct dentry *d_make_root(struct inode *root_inode)
{
	struct dentry *dentry;

	if (!root_inode)
		return NULL;
	dentry = d_alloc_anon(root_inode->i_sb);
	if (dentry)
		d_instantiate(dentry, root_inode);
	else
		iput(root_inode);
	return dentry;
}

static void free_dentry_rcu(struct rcu_head *head)
{
	struct dentry *dentry = container_of(head, struct dentry, d_rcu);

	if (name_is_external(dentry))
		kfree(container_of(dentry->d_name.name, struct external_name, name[0]));
	kmem_cache_free(dentry_cache, dentry);
}

/* ---- hash ---- */

static void hash_in(struct dentry *dentry)
{
	unsigned int chain = chain_of(dentry->d_parent, dentry->d_name.hash);

	spin_lock(chain_lock(chain));
	hlist_add_head_rcu(&dentry->d_hash, &dentry_hashtable[chain]);
	spin_unlock(chain_lock(chain));
	dentry->d_flags |= DCACHE_HASHED;
}

/* => d_lock held */
static void hash_out(struct dentry *dentry)
{
	unsigned int chain;

	if (!(dentry->d_flags & DCACHE_HASHED))
		return;
	chain = chain_of(dentry->d_parent, dentry->d_name.hash);
	spin_lock(chain_lock(chain));
	hlist_del_init_rcu(&dentry->d_hash);
	spin_unlock(chain_lock(chain));
	dentry->d_flags &= ~DCACHE_HASHED;
}

void d_drop(struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	write_seqcount_begin(&dentry->d_seq);
	hash_out(dentry);
	write_seqcount_end(&dentry->d_seq);
	spin_unlock(&dentry->d_lock);
}

/* Take a reference unless the dentry is dead. */
static bool dget_live(struct dentry *dentry)
{
	return atomic_inc_unless_negative(&dentry->d_count);
}

static bool same_name(const struct dentry *dentry, const struct qstr *name)
{
	return dentry->d_name.hash_len == name->hash_len &&
	       !memcmp(READ_ONCE(dentry->d_name.name), name->name, name->len);
}

struct dentry *__d_lookup(const struct dentry *parent, const struct qstr *name)
{
	struct hlist_head *head = &dentry_hashtable[chain_of(parent, name->hash)];
	struct dentry *dentry, *found = NULL;

	rcu_read_lock();
	hlist_for_each_entry_rcu (dentry, head, d_hash) {
		unsigned int seq;

		if (dentry->d_name.hash != name->hash)
			continue;
again:
		seq = read_seqcount_begin(&dentry->d_seq);
		if (dentry->d_parent != parent || d_unhashed(dentry) || !same_name(dentry, name))
			continue;
		if (!dget_live(dentry))
			continue;
		if (unlikely(read_seqcount_retry(&dentry->d_seq, seq))) {
			rcu_read_unlock();
			dput(dentry);
			rcu_read_lock();
			goto again;
		}
		found = dentry;
		break;
	}
	rcu_read_unlock();
	return found;
}

struct dentry *d_lookup(const struct dentry *parent, const struct qstr *name)
{
	struct dentry *dentry;
	unsigned int seq;

	do {
		seq = read_seqbegin(&rename_lock);
		dentry = __d_lookup(parent, name);
	} while (!dentry && read_seqretry(&rename_lock, seq));
	return dentry;
}

/* ---- references ---- */

/* => @dentry is in use, so that nobody frees it meanwhile */
static void lru_add(struct dentry *dentry)
{
	if (list_empty(&dentry->d_lru))
		list_lru_add(&dentry_lru, &dentry->d_lru);
	else if (!dentry->d_referenced)
		WRITE_ONCE(dentry->d_referenced, true);
}

static void lru_del(struct dentry *dentry)
{
	if (!list_empty(&dentry->d_lru))
		list_lru_del(&dentry_lru, &dentry->d_lru);
}

unsigned long nr_dentry_unused(void)
{
	return list_lru_count(&dentry_lru);
}

static enum lru_status count_negative(struct list_head *item, struct list_lru *lru, int nid,
				      spinlock_t *lock, void *count)
{
	*(unsigned long *)count += d_is_negative(list_entry(item, struct dentry, d_lru));
	return LRU_SKIP;
}

unsigned long nr_dentry_negative(void)
{
	unsigned long count = 0;

	list_lru_walk(&dentry_lru, count_negative, &count, ULONG_MAX);
	return count;
}

/* Take the inode away. => d_lock held; returns the inode, for iput() */
static struct inode *detach_inode(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!inode)
		return NULL;
	write_seqcount_begin(&dentry->d_seq);
	WRITE_ONCE(dentry->d_inode, NULL);
	write_seqcount_end(&dentry->d_seq);
	spin_lock(&inode->i_lock);
	hlist_del_init(&dentry->d_alias);
	spin_unlock(&inode->i_lock);
	return inode;
}

static void put_inode(struct dentry *dentry, struct inode *inode)
{
	if (!inode)
		return;
	if (!inode->i_nlink)
		fsnotify_inoderemove(inode);
	if (dentry->d_op && dentry->d_op->d_iput)
		dentry->d_op->d_iput(dentry, inode);
	else
		iput(inode);
}

/* A dead dentry leaves. Its parent, whose reference the caller shall drop, or NULL. */
static struct dentry *dentry_kill(struct dentry *dentry)
{
	struct dentry *parent = IS_ROOT(dentry) ? NULL : dentry->d_parent;
	struct inode *inode;

	if (dentry->d_op && dentry->d_op->d_prune && !d_unhashed(dentry))
		dentry->d_op->d_prune(dentry);
	if (parent) {
		spin_lock(&parent->d_lock);
		list_del_init(&dentry->d_child);
		spin_unlock(&parent->d_lock);
	}
	spin_lock(&dentry->d_lock);
	hash_out(dentry);
	inode = detach_inode(dentry);
	spin_unlock(&dentry->d_lock);
	lru_del(dentry);
	put_inode(dentry, inode);
	if (dentry->d_op && dentry->d_op->d_release)
		dentry->d_op->d_release(dentry);
	atomic_long_dec(&nr_dentry);
	call_rcu(&dentry->d_rcu, free_dentry_rcu);
	return parent;
}

/* Keep @dentry without users? */
static bool worth_keeping(const struct dentry *dentry)
{
	if (d_unhashed(dentry) || (dentry->d_flags & DCACHE_DONTCACHE))
		return false;
	return !(dentry->d_flags & DCACHE_OP_DELETE) || !dentry->d_op->d_delete(dentry);
}

void dput(struct dentry *dentry)
{
	while (dentry) {
		int old = atomic_read(&dentry->d_count);

		if (likely(old > 1)) {
			if (atomic_cmpxchg(&dentry->d_count, old, old - 1) == old)
				return;
			continue;
		}
		if (worth_keeping(dentry)) {
			/* on the list before the count is 0, since afterwards it may be freed any time */
			lru_add(dentry);
			rcu_read_lock();
			if (atomic_cmpxchg(&dentry->d_count, 1, 0) != 1) {
				rcu_read_unlock();
				continue;
			}
			/* unhashed in between: whoever brings the count from 0 to dead kills it */
			if (likely(!d_unhashed(dentry)) ||
			    atomic_cmpxchg(&dentry->d_count, 0, DENTRY_DEAD) != 0) {
				rcu_read_unlock();
				return;
			}
			rcu_read_unlock();
		} else if (atomic_cmpxchg(&dentry->d_count, 1, DENTRY_DEAD) != 1) {
			continue;
		}
		dentry = dentry_kill(dentry);
	}
}

struct dentry *dget_parent(struct dentry *dentry)
{
	struct dentry *parent;

	rcu_read_lock();
	for (;;) {
		parent = READ_ONCE(dentry->d_parent);
		if (!dget_live(parent))
			continue;
		if (likely(parent == READ_ONCE(dentry->d_parent)))
			break;
		rcu_read_unlock();
		dput(parent);
		rcu_read_lock();
	}
	rcu_read_unlock();
	return parent;
}

/* ---- instantiation ---- */

/* => d_lock held */
static void attach_inode(struct dentry *dentry, struct inode *inode)
{
	write_seqcount_begin(&dentry->d_seq);
	WRITE_ONCE(dentry->d_inode, inode);
	write_seqcount_end(&dentry->d_seq);
	spin_lock(&inode->i_lock);
	hlist_add_head(&dentry->d_alias, &inode->i_dentry);
	spin_unlock(&inode->i_lock);
}

void d_instantiate(struct dentry *dentry, struct inode *inode)
{
	if (!inode)
		return;
	spin_lock(&dentry->d_lock);
	attach_inode(dentry, inode);
	spin_unlock(&dentry->d_lock);
}

void d_instantiate_new(struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
	unlock_new_inode(inode);
}

void d_add(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dentry->d_lock);
	if (inode)
		attach_inode(dentry, inode);
	if (!(dentry->d_flags & DCACHE_HASHED))
		hash_in(dentry);
	spin_unlock(&dentry->d_lock);
}

/*
 * Has the directory @inode a name already? On a damaged disk it may have several, and lie within itself. A name that is dead is
 * none: it stays hashed until dentry_kill() comes to it, and who looks for it finds nothing and asks the disk.
 */
static bool has_name(struct inode *inode)
{
	struct dentry *alias;
	bool found = false;

	spin_lock(&inode->i_lock);
	hlist_for_each_entry (alias, &inode->i_dentry, d_alias)
		if (d_count(alias) >= 0 && (!d_unhashed(alias) || alias == alias->d_sb->s_root))
			found = true;
	spin_unlock(&inode->i_lock);
	return found;
}

struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry)
{
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	if (inode && S_ISDIR(inode->i_mode) && has_name(inode)) {
		iput(inode);
		return ERR_PTR(-ELOOP);
	}
	d_add(dentry, inode);
	return NULL;
}

void d_delete(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	bool unused;

	spin_lock(&dentry->d_lock);
	spin_lock(&inode->i_lock); /* nobody gets it as an alias */
	write_seqcount_begin(&dentry->d_seq);
	smp_mb(); /* who looks it up takes a reference, then reads d_seq: we see the one, or he the other */
	unused = d_count(dentry) == 1;
	if (unused) {
		WRITE_ONCE(dentry->d_inode, NULL); /* stays as a negative dentry */
		hlist_del_init(&dentry->d_alias);
	} else {
		hash_out(dentry);
	}
	write_seqcount_end(&dentry->d_seq);
	spin_unlock(&inode->i_lock);
	spin_unlock(&dentry->d_lock);
	if (unused)
		put_inode(dentry, inode);
}

void d_tmpfile(struct file *file, struct inode *inode)
{
	struct dentry *dentry = file->f_path.dentry;

	/* Nobody looks it up, but /proc names it. */
	spin_lock(&dentry->d_lock);
	dentry->d_name.len =
		snprintf((char *)dentry->d_iname, DNAME_INLINE_LEN, "#%lu", inode->i_ino);
	spin_unlock(&dentry->d_lock);
	drop_nlink(inode);
	d_instantiate(dentry, inode);
}

struct dentry *d_find_any_alias(struct inode *inode)
{
	struct dentry *dentry, *found = NULL;

	spin_lock(&inode->i_lock);
	hlist_for_each_entry (dentry, &inode->i_dentry, d_alias)
		if (dget_live(dentry)) {
			found = dentry;
			break;
		}
	spin_unlock(&inode->i_lock);
	return found;
}

static struct dentry *d_find_alias(struct inode *inode)
{
	return d_find_any_alias(inode);
}

struct dentry *d_obtain_alias(struct inode *inode)
{
	struct dentry *dentry = d_find_alias(inode);

	if (dentry)
		return dentry;
	dentry = d_alloc_anon(inode->i_sb);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	dentry->d_flags |= DCACHE_DISCONNECTED;
	ihold(inode);
	d_instantiate(dentry, inode);
	return dentry;
}

/* d_inode as a path walk sees it: NULL or an inode, stable while the dentry is referenced. */
bool d_is_dir(const struct dentry *dentry)
{
	return dentry->d_inode && S_ISDIR(dentry->d_inode->i_mode);
}

bool d_is_symlink(const struct dentry *dentry)
{
	return dentry->d_inode && S_ISLNK(dentry->d_inode->i_mode);
}

bool d_is_reg(const struct dentry *dentry)
{
	return dentry->d_inode && S_ISREG(dentry->d_inode->i_mode);
}

/* ---- moving ---- */

/* Give @dentry the name of @target; @exchange: and the other way round. */
static void take_name(struct dentry *dentry, struct dentry *target, bool exchange)
{
	unsigned char iname[DNAME_INLINE_LEN];
	struct qstr dq = dentry->d_name, tq = target->d_name;
	bool d_ext = name_is_external(dentry), t_ext = name_is_external(target);

	memcpy(iname, dentry->d_iname, DNAME_INLINE_LEN);
	memcpy(dentry->d_iname, target->d_iname, DNAME_INLINE_LEN);
	dentry->d_name = tq;
	if (!t_ext)
		dentry->d_name.name = dentry->d_iname;
	memcpy(target->d_iname, iname, DNAME_INLINE_LEN); /* the replaced name goes to the target */
	target->d_name = dq;
	if (!d_ext)
		target->d_name.name = target->d_iname;
}

static void __d_move(struct dentry *dentry, struct dentry *target, bool exchange)
{
	struct dentry *old_parent = dentry->d_parent, *new_parent = target->d_parent;
	struct dentry *first = old_parent, *second = new_parent;
	bool target_hashed;

	write_seqlock(&rename_lock);
	if (first > second)
		swap(first, second);
	spin_lock(&first->d_lock);
	if (second != first)
		spin_lock_nested(&second->d_lock, 1);
	spin_lock_nested(dentry < target ? &dentry->d_lock : &target->d_lock, 2);
	spin_lock_nested(dentry < target ? &target->d_lock : &dentry->d_lock, 3);
	write_seqcount_begin(&dentry->d_seq);
	write_seqcount_begin_nested(&target->d_seq, 1);
	target_hashed = !d_unhashed(target);
	hash_out(dentry);
	hash_out(target);
	take_name(dentry, target, exchange);
	if (new_parent != old_parent) {
		/* The references of the two names change hands with the parents. */
		dentry->d_parent = new_parent;
		target->d_parent = old_parent;
		list_move(&dentry->d_child, &new_parent->d_subdirs);
		list_move(&target->d_child, &old_parent->d_subdirs);
	}
	hash_in(dentry);
	if (exchange && target_hashed)
		hash_in(target);
	write_seqcount_end(&target->d_seq);
	write_seqcount_end(&dentry->d_seq);
	spin_unlock(dentry < target ? &target->d_lock : &dentry->d_lock);
	spin_unlock(dentry < target ? &dentry->d_lock : &target->d_lock);
	if (second != first)
		spin_unlock(&second->d_lock);
	spin_unlock(&first->d_lock);
	write_sequnlock(&rename_lock);
}

void d_move(struct dentry *dentry, struct dentry *target)
{
	__d_move(dentry, target, false);
}

void d_exchange(struct dentry *a, struct dentry *b)
{
	__d_move(a, b, true);
}

bool is_subdir(struct dentry *new_dentry, struct dentry *old_dentry)
{
	struct dentry *d;
	unsigned int seq;
	bool found;

	rcu_read_lock();
	do {
		seq = read_seqbegin(&rename_lock);
		for (d = new_dentry; d != old_dentry && !IS_ROOT(d); d = READ_ONCE(d->d_parent))
			;
		found = d == old_dentry;
	} while (read_seqretry(&rename_lock, seq));
	rcu_read_unlock();
	return found;
}

/* ---- freeing ---- */

/* Second chance for what was used since the last walk; what nobody uses dies here and now. */
static enum lru_status dentry_isolate(struct list_head *item, struct list_lru *lru, int nid,
				      spinlock_t *lock, void *dead)
{
	struct dentry *dentry = list_entry(item, struct dentry, d_lru);

	if (d_count(dentry) > 0)
		return LRU_ROTATE;
	if (READ_ONCE(dentry->d_referenced)) {
		WRITE_ONCE(dentry->d_referenced, false);
		return LRU_ROTATE;
	}
	if (atomic_cmpxchg(&dentry->d_count, 0, DENTRY_DEAD) != 0)
		return LRU_SKIP; /* in use this very moment, or dying by another hand */
	list_lru_isolate_move(lru, nid, item, dead);
	return LRU_REMOVED;
}

static unsigned long dentry_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return vfs_pressure_ratio(list_lru_shrink_count(&dentry_lru, sc));
}

static unsigned long dentry_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	LIST_HEAD(dead);
	unsigned long freed;

	if (!(sc->gfp_mask & __GFP_FS))
		return SHRINK_STOP; /* the last use of an inode may enter its file system */
	freed = list_lru_shrink_walk(&dentry_lru, sc, dentry_isolate, &dead);
	while (!list_empty(&dead)) {
		struct dentry *dentry = list_first_entry(&dead, struct dentry, d_lru);

		list_del_init(&dentry->d_lru);
		dput(dentry_kill(dentry));
	}
	return freed;
}

static struct shrinker dentry_shrinker = {
	.count_objects = dentry_count,
	.scan_objects = dentry_scan,
	.seeks = DEFAULT_SEEKS,
	.flags = SHRINKER_MEMCG_AWARE,
};

/* A child of @parent that nobody uses, dead now; NULL: none. */
static struct dentry *condemn_child(struct dentry *parent)
{
	struct dentry *child, *found = NULL;

	spin_lock(&parent->d_lock);
	list_for_each_entry (child, &parent->d_subdirs, d_child)
		if (!d_count(child) && atomic_cmpxchg(&child->d_count, 0, DENTRY_DEAD) == 0) {
			found = child;
			break;
		}
	spin_unlock(&parent->d_lock);
	return found;
}

/* A child with children, referenced. */
static struct dentry *next_with_children(struct dentry *parent, struct dentry *after)
{
	struct dentry *child, *found = NULL;
	bool seen = !after;

	spin_lock(&parent->d_lock);
	list_for_each_entry (child, &parent->d_subdirs, d_child) {
		if (seen && !list_empty(&child->d_subdirs) && dget_live(child)) {
			found = child;
			break;
		}
		if (child == after)
			seen = true;
	}
	spin_unlock(&parent->d_lock);
	return found;
}

void shrink_dcache_parent(struct dentry *parent)
{
	struct dentry *child = NULL, *next, *dead;

	while ((next = next_with_children(parent, child))) {
		dput(child);
		child = next;
		shrink_dcache_parent(child);
	}
	dput(child);
	while ((dead = condemn_child(parent)))
		dput(dentry_kill(dead));
}

void shrink_dcache_for_umount(struct super_block *sb)
{
	struct dentry *root = sb->s_root;

	sb->s_root = NULL;
	if (!root)
		return;
	shrink_dcache_parent(root);
	WARN_ON(!list_empty(&root->d_subdirs));
	d_drop(root);
	dput(root);
}

void d_invalidate(struct dentry *dentry)
{
	if (d_unhashed(dentry))
		return;
	d_drop(dentry);
	shrink_dcache_parent(dentry);
}

static struct dentry *first_pinned_child(struct dentry *parent)
{
	struct dentry *child, *found = NULL;

	spin_lock(&parent->d_lock);
	list_for_each_entry (child, &parent->d_subdirs, d_child)
		if (child->d_inode && !d_unhashed(child) && dget_live(child)) {
			found = child;
			break;
		}
	spin_unlock(&parent->d_lock);
	return found;
}

void d_genocide(struct dentry *root)
{
	struct dentry *child;

	while ((child = first_pinned_child(root))) {
		d_genocide(child);
		d_drop(child);
		dput(child); /* ours */
		dput(child); /* the pin */
	}
}

/* ---- paths as text ---- */

struct backwards {
	char *buf, *p; /* text is [p, end) */
};

static bool put_back(struct backwards *b, const char *s, unsigned int len)
{
	if (b->p - b->buf < (long)len)
		return false;
	b->p -= len;
	memcpy(b->p, s, len);
	return true;
}

static bool put_name(struct backwards *b, const struct dentry *dentry)
{
	return put_back(b, (const char *)dentry->d_name.name, dentry->d_name.len) &&
	       put_back(b, "/", 1);
}

/*
 * Walk from @path up to @root (may be NULL) and write the names. 0 reached root; 1 reached the top of
 * everything; 2 a mount that is in no place. Negative: no room.
 */
static int walk_up(const struct path *path, const struct path *root, struct backwards *b)
{
	struct dentry *dentry = path->dentry;
	struct vfsmount *vfsmnt = path->mnt;
	struct mount *mnt = real_mount(vfsmnt);

	while (!root || dentry != root->dentry || vfsmnt != root->mnt) {
		if (dentry == vfsmnt->mnt_root || IS_ROOT(dentry)) {
			struct mount *parent = READ_ONCE(mnt->mnt_parent);

			if (dentry != vfsmnt->mnt_root)
				return 2;
			if (mnt == parent)
				return mount_is_rootfs(mnt) ? 1 : 2;
			dentry = READ_ONCE(mnt->mnt_mountpoint);
			mnt = parent;
			vfsmnt = &mnt->mnt;
			continue;
		}
		if (!put_name(b, dentry))
			return -ENAMETOOLONG;
		dentry = READ_ONCE(dentry->d_parent);
	}
	return 0;
}

/* Consistent walk into [buf, end); the result of walk_up(), and the text from b->p on. */
int path_to_text(const struct path *path, const struct path *root, char *buf, char *end,
		 char **text)
{
	struct backwards b;
	unsigned int rseq, mseq;
	int ret;

	rcu_read_lock();
	do {
		rseq = read_seqbegin(&rename_lock);
		mseq = read_seqbegin(&mount_lock);
		b = (struct backwards){ buf, end };
		ret = walk_up(path, root, &b);
	} while (read_seqretry(&rename_lock, rseq) || read_seqretry(&mount_lock, mseq));
	rcu_read_unlock();
	if (ret >= 0 && b.p == end && !put_back(&b, "/", 1))
		ret = -ENAMETOOLONG;
	*text = b.p;
	return ret;
}

char *d_path(const struct path *path, char *buf, int buflen)
{
	struct dentry *dentry = path->dentry;
	struct path root;
	char *text, *end = buf + buflen;
	int ret;

	if (dentry->d_op && dentry->d_op->d_dname &&
	    (!IS_ROOT(dentry) || dentry != path->mnt->mnt_root))
		return dentry->d_op->d_dname(dentry, buf, buflen);
	if (buflen < 1)
		return ERR_PTR(-ENAMETOOLONG);
	*--end = 0;
	if (d_unlinked(dentry)) {
		if (end - buf < 10)
			return ERR_PTR(-ENAMETOOLONG);
		end -= 10;
		memcpy(end, " (deleted)", 10);
	}
	if (current->fs)
		get_fs_root(current->fs, &root);
	ret = path_to_text(path, current->fs ? &root : NULL, buf, end, &text);
	if (current->fs)
		path_put(&root);
	return ret < 0 ? ERR_PTR(ret) : text;
}

char *file_path(struct file *file, char *buf, int buflen)
{
	return d_path(&file->f_path, buf, buflen);
}

char *dentry_path_raw(const struct dentry *dentry, char *buf, int buflen)
{
	struct backwards b;
	unsigned int seq;
	bool ok;

	if (buflen < 2)
		return ERR_PTR(-ENAMETOOLONG);
	rcu_read_lock();
	do {
		const struct dentry *d;

		seq = read_seqbegin(&rename_lock);
		b = (struct backwards){ buf, buf + buflen - 1 };
		*b.p = 0;
		ok = true;
		for (d = dentry; ok && !IS_ROOT(d); d = READ_ONCE(d->d_parent))
			ok = put_name(&b, d);
	} while (read_seqretry(&rename_lock, seq));
	rcu_read_unlock();
	if (!ok)
		return ERR_PTR(-ENAMETOOLONG);
	if (b.p == buf + buflen - 1)
		put_back(&b, "/", 1);
	return b.p;
}

char *dentry_path(const struct dentry *dentry, char *buf, int buflen)
{
	char *p;

	if (!d_unlinked(dentry))
		return dentry_path_raw(dentry, buf, buflen);
	p = dentry_path_raw(dentry, buf, buflen - 10);
	if (!IS_ERR(p))
		memcpy(buf + buflen - 11, "//deleted", 10);
	return p;
}

char *dynamic_dname(struct dentry *dentry, char *buffer, int buflen, const char *fmt, ...)
{
	char temp[64];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(temp, sizeof(temp), fmt, args) + 1;
	va_end(args);
	if (len > (int)sizeof(temp) || len > buflen)
		return ERR_PTR(-ENAMETOOLONG);
	return memcpy(buffer + buflen - len, temp, len);
}

char *simple_dname(struct dentry *dentry, char *buffer, int buflen)
{
	static const char deleted[] = " (deleted)";
	int len = dentry->d_name.len, all = 1 + len + (int)sizeof(deleted);
	char *p = buffer + buflen - all;

	if (all > buflen)
		return ERR_PTR(-ENAMETOOLONG);
	p[0] = '/';
	memcpy(p + 1, dentry->d_name.name, len);
	memcpy(p + 1 + len, deleted, sizeof(deleted));
	return p;
}

/* ---- start ---- */

void dcache_init(void)
{
	for (unsigned int i = 0; i < HASH_LOCKS; i++)
		spin_lock_init(&hash_locks[i], LOCK_DCACHE_HASH);
	dentry_cache =
		kmem_cache_create("dentry", sizeof(struct dentry), 0,
				  SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE | SLAB_PANIC | SLAB_ACCOUNT,
				  NULL);
	if (list_lru_init(&dentry_lru) || register_shrinker(&dentry_shrinker, "sb-dentry"))
		panic("VFS: no memory for the list of unused dentries");
}
