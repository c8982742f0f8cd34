// SPDX-License-Identifier: MIT
/*
 * Extended attributes of ext2: all of an inode in one block, which inodes with the same attributes share.
 *
 *	header | entry 1 | entry 2 | ... | 4 bytes of 0 |   free   | value 2 | value 1
 *
 * Entries grow down the block, sorted by (index, length of name, name), values grow up from its end. i_file_acl names
 * the block; h_refcount says how many inodes do. A changed set is built in memory as a whole block first; then, in
 * this order, another block with the same contents is found and shared, or the inode's own block is overwritten if
 * nobody shares it, or a new one is allocated; at last the old one is let go.
 *
 * The cache that finds equal blocks maps h_hash to a block number; it is a hint: contents are compared, and under
 * BH_Lock of the block, which also guards h_refcount, it is looked at again, so that no block is shared that was
 * freed meanwhile (who frees one takes it out of the cache under that lock). h_hash 0: must not be shared.
 *
 * A block that contradicts itself is told by ext2_error(), and answers -EIO. Attributes in the inode itself (ext4's)
 * are neither read nor touched. system.posix_acl_*: no ACLs here. Linux 6.1: fs/ext2/xattr.c, fs/mbcache.c.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/writeback.h>
#include <sync/ranks.h>
#include <kernel/cred.h>
#include <fs/dentry.h>
#include <linux/limits.h>
#include <linux/xattr.h>
#include "ext2.h"

#define XATTR_MAGIC	   0xEA020000u
#define XATTR_REFCOUNT_MAX 1024

#define XATTR_INDEX_USER     1
#define XATTR_INDEX_TRUSTED  4
#define XATTR_INDEX_SECURITY 6

struct xattr_header {
	__le32 h_magic;
	__le32 h_refcount;
	__le32 h_blocks; /* 1 */
	__le32 h_hash;	 /* of all entries; 0: one has no hash */
	__le32 h_reserved[4];
};

struct xattr_entry {
	u8 e_name_len;
	u8 e_name_index;
	__le16 e_value_offs;  /* from the start of the block */
	__le32 e_value_block; /* 0: this one */
	__le32 e_value_size;
	__le32 e_hash;
	char e_name[];
};

#define PAD(n)	       (((n) + 3u) & ~3u)
#define FIRST_ENTRY(b) ((struct xattr_entry *)((char *)(b) + sizeof(struct xattr_header)))
#define IS_LAST(e)     (!*(const u32 *)(e))

static unsigned int entry_len(unsigned int name_len)
{
	return PAD(sizeof(struct xattr_entry) + name_len);
}

static struct xattr_entry *next_entry(const struct xattr_entry *e)
{
	return (struct xattr_entry *)((char *)e + entry_len(e->e_name_len));
}

/* ---- names ---- */

static const struct {
	unsigned int index;
	const char *prefix;
} prefixes[] = {
	{ XATTR_INDEX_USER, XATTR_USER_PREFIX },
	{ XATTR_INDEX_TRUSTED, XATTR_TRUSTED_PREFIX },
	{ XATTR_INDEX_SECURITY, XATTR_SECURITY_PREFIX },
};

/* An attribute's name without prefix. */
struct xattr_name {
	unsigned int index, len;
	const char *name;
};

/* 0, -EOPNOTSUPP for an unknown prefix, -EINVAL for nothing behind it. */
static int parse_name(struct super_block *sb, const char *full, struct xattr_name *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i].prefix);

		if (strncmp(full, prefixes[i].prefix, len))
			continue;
		if (prefixes[i].index == XATTR_INDEX_USER && !test_opt(sb, XATTR_USER))
			return -EOPNOTSUPP;
		*name = (struct xattr_name){ prefixes[i].index, strlen(full + len), full + len };
		return name->len ? 0 : -EINVAL;
	}
	return -EOPNOTSUPP;
}

/* The prefix under which the caller sees attributes of @index, or NULL. */
static const char *visible_prefix(struct super_block *sb, unsigned int index)
{
	if (index == XATTR_INDEX_USER && !test_opt(sb, XATTR_USER))
		return NULL;
	if (index == XATTR_INDEX_TRUSTED && !capable(CAP_SYS_ADMIN))
		return NULL;
	for (unsigned int i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (prefixes[i].index == index)
			return prefixes[i].prefix;
	return NULL;
}

static int compare(const struct xattr_name *name, const struct xattr_entry *e)
{
	int cmp = (int)name->index - e->e_name_index;

	if (!cmp)
		cmp = (int)name->len - e->e_name_len;
	return cmp ? cmp : memcmp(name->name, e->e_name, name->len);
}

/* ---- a block ---- */

/* Does everything in @block of @size bytes lie within it? */
static bool block_is_sane(const char *block, unsigned int size)
{
	const struct xattr_header *h = (const struct xattr_header *)block;
	const struct xattr_entry *e;
	unsigned int table_end, refs = le32_to_cpu(h->h_refcount);

	if (le32_to_cpu(h->h_magic) != XATTR_MAGIC || le32_to_cpu(h->h_blocks) != 1 || !refs ||
	    refs > XATTR_REFCOUNT_MAX)
		return false;
	for (e = FIRST_ENTRY(block);; e = next_entry(e)) {
		unsigned int at = (const char *)e - block;

		if (at + sizeof(u32) > size)
			return false;
		if (IS_LAST(e))
			break;
		if (at + sizeof(*e) > size || at + entry_len(e->e_name_len) > size)
			return false;
	}
	table_end = (const char *)e - block + sizeof(u32);
	for (e = FIRST_ENTRY(block); !IS_LAST(e); e = next_entry(e)) {
		unsigned int offs = le16_to_cpu(e->e_value_offs);
		u32 len = le32_to_cpu(e->e_value_size);

		if (e->e_value_block)
			return false;
		if (len && (len > size || offs < table_end || offs + PAD(len) > size || offs & 3))
			return false;
	}
	return true;
}

/* The attribute block of @inode, referenced; NULL: it has none; ERR_PTR(-EIO). => xattr_sem held */
static struct buffer_head *read_block(struct inode *inode)
{
	u32 block = EXT2_I(inode)->i_file_acl;
	struct buffer_head *bh;

	if (!block)
		return NULL;
	bh = sb_bread(inode->i_sb, block);
	if (!bh)
		return ERR_PTR(-EIO);
	if (block_is_sane(bh->b_data, bh->b_size))
		return bh;
	ext2_error(inode->i_sb, __func__, "inode %lu: bad extended attribute block %u",
		   inode->i_ino, block);
	brelse(bh);
	return ERR_PTR(-EIO);
}

/* Where @name is, or (*@found false) where it would have to be. */
static struct xattr_entry *find_entry(char *block, const struct xattr_name *name, bool *found)
{
	struct xattr_entry *e = FIRST_ENTRY(block);
	int cmp = 1;

	while (!IS_LAST(e) && (cmp = compare(name, e)) > 0)
		e = next_entry(e);
	*found = !IS_LAST(e) && !cmp;
	return e;
}

/* Names as chars with sign, as on x86 since ever. */
static u32 hash_entry(const char *block, const struct xattr_entry *e)
{
	const __le32 *value = (const __le32 *)(block + le16_to_cpu(e->e_value_offs));
	u32 hash = 0;

	for (unsigned int i = 0; i < e->e_name_len; i++)
		hash = rol32(hash, 5) ^ (u32)(signed char)e->e_name[i];
	for (unsigned int n = PAD(le32_to_cpu(e->e_value_size)) / 4; n--; value++)
		hash = rol32(hash, 16) ^ le32_to_cpu(*value);
	return hash;
}

/* rol32() does what the format wants: (hash << n) ^ (hash >> (32 - n)). */
static void rehash(char *block, struct xattr_entry *changed)
{
	struct xattr_header *h = (struct xattr_header *)block;
	u32 hash = 0;

	if (changed)
		changed->e_hash = cpu_to_le32(hash_entry(block, changed));
	for (struct xattr_entry *e = FIRST_ENTRY(block); !IS_LAST(e); e = next_entry(e)) {
		if (!e->e_hash) {
			hash = 0;
			break;
		}
		hash = rol32(hash, 16) ^ le32_to_cpu(e->e_hash);
	}
	h->h_hash = cpu_to_le32(hash);
}

/* ---- changing a copy of a block ---- */

/* End of the table of entries (its terminator), and the lowest value. */
static void bounds(char *block, unsigned int size, struct xattr_entry **last, unsigned int *lowest)
{
	struct xattr_entry *e;

	*lowest = size;
	for (e = FIRST_ENTRY(block); !IS_LAST(e); e = next_entry(e))
		if (e->e_value_size)
			*lowest = min(*lowest, (unsigned int)le16_to_cpu(e->e_value_offs));
	*last = e;
}

static void remove_value(char *block, unsigned int size, struct xattr_entry *e)
{
	unsigned int offs = le16_to_cpu(e->e_value_offs), len = PAD(le32_to_cpu(e->e_value_size));
	struct xattr_entry *last;
	unsigned int lowest;

	if (!len)
		return;
	bounds(block, size, &last, &lowest);
	memmove(block + lowest + len, block + lowest, offs - lowest);
	memset(block + lowest, 0, len);
	e->e_value_size = 0;
	e->e_value_offs = 0;
	for (struct xattr_entry *o = FIRST_ENTRY(block); !IS_LAST(o); o = next_entry(o))
		if (o->e_value_size && le16_to_cpu(o->e_value_offs) < offs)
			o->e_value_offs = cpu_to_le16(le16_to_cpu(o->e_value_offs) + len);
}

static void remove_entry(char *block, struct xattr_entry *e, unsigned int size)
{
	unsigned int len = entry_len(e->e_name_len), lowest;
	struct xattr_entry *last;

	remove_value(block, size, e);
	bounds(block, size, &last, &lowest);
	memmove(e, (char *)e + len, (char *)last - (char *)e - len + sizeof(u32));
	memset((char *)last - len + sizeof(u32), 0, len);
}

/* Free bytes in the middle of the block. */
static unsigned int room(char *block, unsigned int size)
{
	struct xattr_entry *last;
	unsigned int lowest;

	bounds(block, size, &last, &lowest);
	return lowest - ((char *)last - block) - sizeof(u32);
}

static struct xattr_entry *insert_entry(char *block, unsigned int size, struct xattr_entry *e,
					const struct xattr_name *name)
{
	unsigned int len = entry_len(name->len), lowest;
	struct xattr_entry *last;

	bounds(block, size, &last, &lowest);
	memmove((char *)e + len, e, (char *)last - (char *)e + sizeof(u32));
	memset(e, 0, len);
	e->e_name_len = name->len;
	e->e_name_index = name->index;
	memcpy(e->e_name, name->name, name->len);
	return e;
}

static void insert_value(char *block, unsigned int size, struct xattr_entry *e, const void *value,
			 size_t len)
{
	struct xattr_entry *last;
	unsigned int lowest;

	if (!len)
		return;
	bounds(block, size, &last, &lowest);
	lowest -= PAD(len);
	memset(block + lowest, 0, PAD(len));
	memcpy(block + lowest, value, len);
	e->e_value_offs = cpu_to_le16(lowest);
	e->e_value_size = cpu_to_le32(len);
}

struct xattr_change {
	struct xattr_name name;
	const void *value;
	size_t size;
	int flags; /* XATTR_CREATE, XATTR_REPLACE */
	bool remove;
};

/* Apply @c to @block. 0, -EEXIST, -ENODATA, -ENOSPC, -EIO. */
static int change_block(char *block, unsigned int size, const struct xattr_change *c)
{
	struct xattr_entry *e;
	unsigned int need;
	bool found;

	e = find_entry(block, &c->name, &found);
	if (!found && (c->remove || (c->flags & XATTR_REPLACE)))
		return -ENODATA;
	if (found && (c->flags & XATTR_CREATE))
		return -EEXIST;
	if (c->remove) {
		remove_entry(block, e, size);
		e = NULL;
	} else {
		need = PAD(c->size) + (found ? 0 : entry_len(c->name.len));
		if (room(block, size) + (found ? PAD(le32_to_cpu(e->e_value_size)) : 0) < need)
			return -ENOSPC;
		if (found)
			remove_value(block, size, e);
		else
			e = insert_entry(block, size, e, &c->name);
		insert_value(block, size, e, c->value, c->size);
	}
	rehash(block, e);
	return block_is_sane(block, size) ? 0 : -EIO; /* values that overlapped */
}

/* ---- the cache of equal blocks ---- */

#define CACHE_SLOTS 128

struct ext2_xattr_cache {
	spinlock_t lock;
	struct {
		u32 hash, block; /* block 0: none */
	} slot[CACHE_SLOTS];
};

struct ext2_xattr_cache *ext2_xattr_cache_create(void)
{
	struct ext2_xattr_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (cache)
		spin_lock_init(&cache->lock, LOCK_EXT2_SB);
	return cache;
}

void ext2_xattr_cache_destroy(struct ext2_xattr_cache *cache)
{
	kfree(cache);
}

static void cache_set(struct super_block *sb, u32 hash, u32 block)
{
	struct ext2_xattr_cache *cache = EXT2_SB(sb)->s_xattr_cache;

	if (!hash)
		return;
	spin_lock(&cache->lock);
	cache->slot[hash % CACHE_SLOTS].hash = hash;
	cache->slot[hash % CACHE_SLOTS].block = block;
	spin_unlock(&cache->lock);
}

static void cache_remove(struct super_block *sb, u32 hash, u32 block)
{
	struct ext2_xattr_cache *cache = EXT2_SB(sb)->s_xattr_cache;

	spin_lock(&cache->lock);
	if (cache->slot[hash % CACHE_SLOTS].block == block)
		cache->slot[hash % CACHE_SLOTS].block = 0;
	spin_unlock(&cache->lock);
}

static u32 cache_get(struct super_block *sb, u32 hash)
{
	struct ext2_xattr_cache *cache = EXT2_SB(sb)->s_xattr_cache;
	u32 block = 0;

	spin_lock(&cache->lock);
	if (cache->slot[hash % CACHE_SLOTS].hash == hash)
		block = cache->slot[hash % CACHE_SLOTS].block;
	spin_unlock(&cache->lock);
	return block;
}

static bool same_contents(const char *a, const char *b, unsigned int size)
{
	const unsigned int skip = sizeof(struct xattr_header);

	return ((const struct xattr_header *)a)->h_hash ==
		       ((const struct xattr_header *)b)->h_hash &&
	       !memcmp(a + skip, b + skip, size - skip);
}

/* A block that holds what @block holds, with one more user counted; 0: there is none. */
static u32 share_block(struct inode *inode, const char *block)
{
	struct super_block *sb = inode->i_sb;
	u32 hash = le32_to_cpu(((const struct xattr_header *)block)->h_hash), nr = 0;
	struct buffer_head *bh;
	u32 candidate = hash ? cache_get(sb, hash) : 0;

	if (!candidate)
		return 0;
	bh = sb_bread(sb, candidate);
	if (!bh)
		return 0;
	lock_buffer(bh);
	if (cache_get(sb, hash) == candidate && block_is_sane(bh->b_data, bh->b_size) &&
	    same_contents(bh->b_data, block, bh->b_size)) {
		struct xattr_header *h = (struct xattr_header *)bh->b_data;
		u32 refs = le32_to_cpu(h->h_refcount);

		if (refs < XATTR_REFCOUNT_MAX) {
			h->h_refcount = cpu_to_le32(refs + 1);
			nr = candidate;
		}
	}
	unlock_buffer(bh);
	if (nr) {
		mark_buffer_dirty_inode(bh, inode);
		inode_add_bytes(inode, sb->s_blocksize);
	}
	brelse(bh);
	return nr;
}

/* @inode uses @bh no more: the last user frees it. Drops the reference. */
static void release_block(struct inode *inode, struct buffer_head *bh)
{
	struct xattr_header *h = (struct xattr_header *)bh->b_data;
	u32 block = bh->b_blocknr, refs;

	lock_buffer(bh);
	refs = le32_to_cpu(h->h_refcount);
	if (refs > 1)
		h->h_refcount = cpu_to_le32(refs - 1);
	else
		cache_remove(inode->i_sb, le32_to_cpu(h->h_hash), block);
	unlock_buffer(bh);
	if (refs > 1) {
		mark_buffer_dirty_inode(bh, inode);
		inode_add_bytes(inode, -(loff_t)inode->i_sb->s_blocksize);
		brelse(bh);
	} else {
		bforget(bh);
		ext2_free_blocks(inode, block, 1);
	}
}

/* ---- set ---- */

static void note_feature(struct super_block *sb)
{
	struct ext2_sb_info *sbi = EXT2_SB(sb);

	if (EXT2_HAS_COMPAT_FEATURE(sb, EXT2_FEATURE_COMPAT_EXT_ATTR))
		return;
	spin_lock(&sbi->s_lock);
	ext2_update_dynamic_rev(sb);
	sbi->s_es->s_feature_compat |= cpu_to_le32(EXT2_FEATURE_COMPAT_EXT_ATTR);
	spin_unlock(&sbi->s_lock);
	mark_buffer_dirty(sbi->s_sbh);
}

/* Overwrite the block of @bh, which only @inode uses; false: it has got another user. */
static bool overwrite_own(struct inode *inode, struct buffer_head *bh, const char *block)
{
	struct xattr_header *h = (struct xattr_header *)bh->b_data;
	bool own;

	lock_buffer(bh);
	own = le32_to_cpu(h->h_refcount) == 1;
	if (own) {
		cache_remove(inode->i_sb, le32_to_cpu(h->h_hash), bh->b_blocknr);
		memcpy(bh->b_data, block, bh->b_size);
		h->h_refcount = cpu_to_le32(1);
	}
	unlock_buffer(bh);
	if (own) {
		mark_buffer_dirty_inode(bh, inode);
		cache_set(inode->i_sb, le32_to_cpu(h->h_hash), bh->b_blocknr);
	}
	return own;
}

/* A new block with these contents: its number, or 0 with *@err. */
static u32 write_new(struct inode *inode, const char *block, int *err)
{
	struct super_block *sb = inode->i_sb;
	unsigned long one = 1, nr;
	struct buffer_head *bh;

	nr = ext2_new_blocks(inode, ext2_group_first_block(sb, EXT2_I(inode)->i_block_group), &one,
			     err);
	if (!nr)
		return 0;
	bh = sb_getblk(sb, nr);
	if (!bh) {
		ext2_free_blocks(inode, nr, 1);
		*err = -ENOMEM;
		return 0;
	}
	lock_buffer(bh);
	memcpy(bh->b_data, block, bh->b_size);
	((struct xattr_header *)bh->b_data)->h_refcount = cpu_to_le32(1);
	set_buffer_uptodate(bh);
	unlock_buffer(bh);
	mark_buffer_dirty_inode(bh, inode);
	cache_set(sb, le32_to_cpu(((struct xattr_header *)bh->b_data)->h_hash), nr);
	brelse(bh);
	return nr;
}

/* Make the attributes of @inode those of @block, NULL: none. @old: its block so far, given away. */
static int install_block(struct inode *inode, struct buffer_head *old, const char *block)
{
	u32 nr = 0;
	int err = 0;

	if (block) {
		nr = share_block(inode, block);
		if (!nr && old && overwrite_own(inode, old, block)) {
			nr = old->b_blocknr;
			brelse(old);
			old = NULL;
		}
		if (!nr)
			nr = write_new(inode, block, &err);
		if (err) {
			brelse(old);
			return err;
		}
		note_feature(inode->i_sb);
	}
	EXT2_I(inode)->i_file_acl = nr;
	if (old)
		release_block(inode, old);
	inode->i_ctime = current_time(inode);
	mark_inode_dirty(inode);
	if (ext2_sync_inode_wanted(inode)) {
		err = sync_mapping_buffers(inode->i_mapping);
		if (!err)
			err = sync_inode_metadata(inode, 1);
	}
	return err;
}

static int change_attributes(struct inode *inode, const struct xattr_change *c)
{
	unsigned int size = inode->i_sb->s_blocksize;
	struct buffer_head *old;
	char *block;
	int err;

	if (c->name.len > XATTR_NAME_MAX)
		return -ERANGE;
	if (c->size > size)
		return -ENOSPC;
	block = kzalloc(size, GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	down_write(&EXT2_I(inode)->xattr_sem);
	old = read_block(inode);
	err = PTR_ERR(old);
	if (IS_ERR(old))
		goto out;
	if (old) {
		memcpy(block, old->b_data, size);
	} else {
		struct xattr_header *h = (struct xattr_header *)block;

		h->h_magic = cpu_to_le32(XATTR_MAGIC);
		h->h_refcount = h->h_blocks = cpu_to_le32(1);
	}
	err = change_block(block, size, c);
	if (!err)
		err = install_block(inode, old, IS_LAST(FIRST_ENTRY(block)) ? NULL : block);
	else
		brelse(old);
out:
	up_write(&EXT2_I(inode)->xattr_sem);
	kfree(block);
	return err;
}

int ext2_setxattr(struct dentry *dentry, const char *name, const void *value, size_t size,
		  int flags)
{
	struct xattr_change c = { .value = value, .size = size, .flags = flags };
	int err = parse_name(dentry->d_sb, name, &c.name);

	return err ? err : change_attributes(dentry->d_inode, &c);
}

int ext2_removexattr(struct dentry *dentry, const char *name)
{
	struct xattr_change c = { .remove = true };
	int err = parse_name(dentry->d_sb, name, &c.name);

	return err ? err : change_attributes(dentry->d_inode, &c);
}

/* ---- get and list ---- */

ssize_t ext2_getxattr(struct dentry *dentry, const char *full, void *buffer, size_t size)
{
	struct inode *inode = dentry->d_inode;
	struct xattr_name name;
	struct xattr_entry *e;
	struct buffer_head *bh;
	ssize_t ret = parse_name(dentry->d_sb, full, &name);
	bool found;

	if (ret)
		return ret;
	down_read(&EXT2_I(inode)->xattr_sem);
	bh = read_block(inode);
	ret = bh ? PTR_ERR(bh) : -ENODATA;
	if (!IS_ERR_OR_NULL(bh)) {
		e = find_entry(bh->b_data, &name, &found);
		ret = found ? (ssize_t)le32_to_cpu(e->e_value_size) : -ENODATA;
		if (ret > 0 && size) {
			if ((size_t)ret > size)
				ret = -ERANGE;
			else
				memcpy(buffer, bh->b_data + le16_to_cpu(e->e_value_offs), ret);
		}
		brelse(bh);
	}
	up_read(&EXT2_I(inode)->xattr_sem);
	return ret;
}

/* One name, with its prefix and a 0, behind *@done bytes; @size 0: only counted. 0 or -ERANGE. */
static int list_one(struct super_block *sb, const struct xattr_entry *e, char *buffer, size_t size,
		    size_t *done)
{
	const char *prefix = visible_prefix(sb, e->e_name_index);
	size_t plen, len;

	if (!prefix)
		return 0;
	plen = strlen(prefix);
	len = plen + e->e_name_len + 1;
	if (size) {
		if (len > size - *done)
			return -ERANGE;
		memcpy(buffer + *done, prefix, plen);
		memcpy(buffer + *done + plen, e->e_name, e->e_name_len);
		buffer[*done + len - 1] = 0;
	}
	*done += len;
	return 0;
}

ssize_t ext2_listxattr(struct dentry *dentry, char *buffer, size_t size)
{
	struct inode *inode = dentry->d_inode;
	struct buffer_head *bh;
	size_t done = 0;
	int err = 0;

	down_read(&EXT2_I(inode)->xattr_sem);
	bh = read_block(inode);
	if (IS_ERR(bh))
		err = PTR_ERR(bh);
	else if (bh) {
		for (struct xattr_entry *e = FIRST_ENTRY(bh->b_data); !err && !IS_LAST(e);
		     e = next_entry(e))
			err = list_one(dentry->d_sb, e, buffer, size, &done);
		brelse(bh);
	}
	up_read(&EXT2_I(inode)->xattr_sem);
	return err ? err : (ssize_t)done;
}

void ext2_xattr_delete_inode(struct inode *inode)
{
	struct buffer_head *bh;

	down_write(&EXT2_I(inode)->xattr_sem);
	bh = read_block(inode);
	if (!IS_ERR_OR_NULL(bh))
		release_block(inode, bh);
	EXT2_I(inode)->i_file_acl = 0;
	up_write(&EXT2_I(inode)->xattr_sem);
}
