// SPDX-License-Identifier: MIT
/*
 * Fuzz target of ext2: the input is a list of changes to a sound image (BUILD/fuzz/ext2.image, made by seeds). The image
 * is mounted, walked, changed and unmounted by fs/ext2 itself; what lies below and above it is played here: a block is
 * a piece of memory of its own, so that each byte touched outside of it is the sanitizer's; an inode is looked
 * up in a list. What no path of this reaches stays undefined. Checked at the end: no buffer, inode or lock is still held.
 *
 *	8 bytes a change: 3 offset, 1 width (0..3: 1, 2, 4, 4 bytes at a field of an inode or directory), 4 value
 *
 * link: -include tests/fuzz/ext2_fuzz.h -no-pie -Wl,--unresolved-symbols=ignore-all fs/ext2/balloc.c fs/ext2/dir.c fs/ext2/extents.c fs/ext2/file.c fs/ext2/ialloc.c
 * link: fs/ext2/inode.c fs/ext2/ioctl.c fs/ext2/namei.c fs/ext2/options.c fs/ext2/symlink.c
 * link: fs/ext2/xattr.c base/bitmap.c base/kstrto.c
 */
#include <base/types.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/slab.h>
#include <mm/writeback.h>
#include <kernel/cred.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <block/genhd.h>
#include <fs/bdev.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/mount.h>
#include <fs/stat.h>
#include <seam/percpu.h>
#include "../../fs/ext2/super.c"

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void free(void *p);
void abort(void) __attribute__((noreturn));
int dprintf(int fd, const char *fmt, ...);
char *getenv(const char *name);
int open(const char *name, int flags, ...);
ssize_t read(int fd, void *buf, size_t n);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define IMAGE_MAX (1 << 20)
static u8 sound[IMAGE_MAX], image[IMAGE_MAX];
static size_t image_size;

static struct block_device the_bdev;
static struct list_head inodes = { &inodes, &inodes }; /* by i_io_list */

static void broken(const char *what, unsigned long nr)
{
	dprintf(2, "%s %lu\n", what, nr);
	abort();
}

/* ---- memory, the task, the log ---- */

DEFINE_PER_CPU(unsigned int, __preempt_count) = PREEMPT_ENABLED;
static struct cred the_cred;
static struct task_struct the_task = { .cred = &the_cred };
DEFINE_PER_CPU(struct task_struct *, current_task) = &the_task;
struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][KMALLOC_SHIFT_HIGH + 1];
static unsigned int inode_bytes;

void *__kmalloc(size_t size, gfp_t gfp)
{
	return gfp & __GFP_ZERO ? calloc(1, size) : malloc(size);
}
void *kmalloc_trace(struct kmem_cache *s, gfp_t gfp, size_t size)
{
	return __kmalloc(size, gfp);
}
void *kvmalloc_node(size_t size, gfp_t gfp, int node)
{
	return __kmalloc(size, gfp);
}
void kfree(const void *p)
{
	free((void *)p);
}
void kvfree(const void *p)
{
	free((void *)p);
}
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	inode_bytes = size;
	return (struct kmem_cache *)&inode_bytes;
}
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	return calloc(1, inode_bytes);
}
void kmem_cache_free(struct kmem_cache *s, void *p)
{
	free(p);
}
char *kstrdup(const char *s, gfp_t gfp)
{
	char *copy = malloc(strlen(s) + 1);

	return memcpy(copy, s, strlen(s) + 1);
}
size_t strlcat(char *to, const char *from, size_t size)
{
	size_t n = strlen(to);

	for (; *from && n + 1 < size; n++)
		to[n] = *from++;
	to[n] = 0;
	return n;
}
int printk(const char *fmt, ...)
{
	return 0;
}
bool __ratelimit(struct ratelimit_state *rs, const char *who)
{
	return false;
}
bool capable(int cap)
{
	return true;
}
int in_group_p(gid_t gid)
{
	return 0;
}
bool inode_owner_or_capable(const struct inode *inode)
{
	return true;
}
static u32 random_state;
u32 get_random_u32(void)
{
	return random_state = random_state * 1664525 + 1013904223;
}
time64_t ktime_get_real_seconds(void)
{
	return 1700000000;
}
struct timespec64 current_time(struct inode *inode)
{
	return (struct timespec64){ 1700000000, 0 };
}

void lock_acquire(const void *lock, unsigned int rank, unsigned int subclass, unsigned int how) {}
void lock_acquired_try(const void *lock, unsigned int rank, unsigned int how) {}
void lock_release(const void *lock) {}
void __might_sleep(const char *file, int line) {}
void might_fault(void) {}
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	return NULL;
}
void xa_init_flags(struct xarray *xa, gfp_t flags)
{
	memset(xa, 0, sizeof(*xa));
}
void xa_destroy(struct xarray *xa) {}

/* ---- blocks ---- */

static struct buffer_head *blocks[IMAGE_MAX / 1024];

static void forget_blocks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		if (!blocks[i])
			continue;
		if (atomic_read(&blocks[i]->b_count))
			broken("somebody still holds block", i);
		if (buffer_locked(blocks[i]))
			broken("locked block", i);
		memcpy(image + i * blocks[i]->b_size, blocks[i]->b_data, blocks[i]->b_size);
		free(blocks[i]->b_data);
		free(blocks[i]);
		blocks[i] = NULL;
	}
}

static struct buffer_head *get_block(struct super_block *sb, sector_t nr)
{
	size_t bs = sb->s_blocksize;

	if (nr >= image_size / bs)
		return NULL;
	if (!blocks[nr]) {
		blocks[nr] = calloc(1, sizeof(struct buffer_head));
		blocks[nr]->b_data = malloc(bs);
		blocks[nr]->b_size = bs;
		blocks[nr]->b_blocknr = nr;
		memcpy(blocks[nr]->b_data, image + nr * bs, bs);
	}
	get_bh(blocks[nr]);
	return blocks[nr];
}
struct buffer_head *sb_bread(struct super_block *sb, sector_t nr)
{
	struct buffer_head *bh = get_block(sb, nr);

	if (bh)
		set_buffer_uptodate(bh);
	return bh;
}
struct buffer_head *sb_getblk(struct super_block *sb, sector_t nr)
{
	return get_block(sb, nr);
}
struct buffer_head *sb_find_get_block(struct super_block *sb, sector_t nr)
{
	return get_block(sb, nr);
}
void sb_breadahead(struct super_block *sb, sector_t nr) {}
void bforget(struct buffer_head *bh)
{
	brelse(bh);
}
void lock_buffer(struct buffer_head *bh)
{
	if (buffer_locked(bh))
		broken("locks twice block", bh->b_blocknr);
	set_buffer_locked(bh);
}
void unlock_buffer(struct buffer_head *bh)
{
	clear_buffer_locked(bh);
}
void mark_buffer_dirty(struct buffer_head *bh)
{
	if (!buffer_uptodate(bh))
		broken("dirty without contents: block", bh->b_blocknr);
}
void mark_buffer_dirty_inode(struct buffer_head *bh, struct inode *inode)
{
	mark_buffer_dirty(bh);
}
int sync_dirty_buffer(struct buffer_head *bh)
{
	return 0;
}
int sync_mapping_buffers(struct address_space *mapping)
{
	return 0;
}
void invalidate_inode_buffers(struct inode *inode) {}
void map_bh(struct buffer_head *bh, struct super_block *sb, sector_t block)
{
	set_buffer_mapped(bh);
	bh->b_blocknr = block;
	bh->b_size = sb->s_blocksize;
}
int sb_set_blocksize(struct super_block *sb, int size)
{
	forget_blocks();
	sb->s_blocksize = size;
	sb->s_blocksize_bits = __builtin_ctz(size);
	return size;
}
int sb_min_blocksize(struct super_block *sb, int size)
{
	return sb_set_blocksize(sb, size);
}

/* ---- inodes and names ---- */

static struct inode *make_inode(struct super_block *sb, unsigned long ino)
{
	struct inode *inode = sb->s_op->alloc_inode(sb);

	inode->i_sb = sb;
	inode->i_ino = ino;
	inode->i_nlink = 1;
	inode->i_mapping = &inode->i_data;
	inode->i_data.host = inode;
	inode->i_blkbits = sb->s_blocksize_bits;
	atomic_set(&inode->i_count, 1);
	list_add(&inode->i_io_list, &inodes);
	return inode;
}
static struct inode *find_inode(unsigned long ino)
{
	struct inode *inode;

	list_for_each_entry (inode, &inodes, i_io_list)
		if (inode->i_ino == ino)
			return inode;
	return NULL;
}
struct inode *iget_locked(struct super_block *sb, unsigned long ino)
{
	struct inode *inode = find_inode(ino);

	if (inode && (inode->i_state & I_NEW))
		broken("would wait for itself: inode", ino);
	if (inode) {
		ihold(inode);
		return inode;
	}
	inode = make_inode(sb, ino);
	inode->i_state = I_NEW;
	return inode;
}
struct inode *new_inode(struct super_block *sb)
{
	return make_inode(sb, 0);
}
int insert_inode_locked(struct inode *inode)
{
	struct inode *other;

	list_for_each_entry (other, &inodes, i_io_list)
		if (other != inode && other->i_ino == inode->i_ino)
			return -EBUSY;
	inode->i_state |= I_NEW;
	return 0;
}
void unlock_new_inode(struct inode *inode)
{
	if (!(inode->i_state & I_NEW))
		broken("is not new: inode", inode->i_ino);
	inode->i_state &= ~I_NEW;
}
static void evict(struct inode *inode)
{
	inode->i_state |= I_FREEING;
	inode->i_sb->s_op->evict_inode(inode);
	if (!(inode->i_state & I_CLEAR))
		broken("not cleared: inode", inode->i_ino);
	if (rwsem_is_locked(&EXT2_I(inode)->xattr_sem) ||
	    mutex_is_locked(&EXT2_I(inode)->truncate_mutex))
		broken("locks held: inode", inode->i_ino);
	list_del(&inode->i_io_list);
	inode->i_sb->s_op->free_inode(inode);
}
void iput(struct inode *inode)
{
	if (inode && atomic_dec_and_test(&inode->i_count) &&
	    (!inode->i_nlink || !inode->i_ino || !(inode->i_sb->s_flags & SB_ACTIVE)))
		evict(inode);
}
void ihold(struct inode *inode)
{
	atomic_inc(&inode->i_count);
}
void iget_failed(struct inode *inode)
{
	inode->i_nlink = 0;
	unlock_new_inode(inode);
	iput(inode);
}
void clear_inode(struct inode *inode)
{
	inode->i_state = I_FREEING | I_CLEAR;
}
void mark_inode_dirty(struct inode *inode)
{
	inode->i_state |= I_DIRTY_INODE;
}
int sync_inode_metadata(struct inode *inode, int wait)
{
	return inode->i_sb->s_op->write_inode(inode, NULL);
}
void inode_add_bytes(struct inode *inode, loff_t bytes)
{
	inode->i_blocks += bytes >> 9;
}
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode)
{
	inode->i_mode = mode;
}
void init_special_inode(struct inode *inode, umode_t mode, dev_t dev)
{
	inode->i_rdev = dev;
}
void truncate_setsize(struct inode *inode, loff_t size)
{
	inode->i_size = size;
}
void truncate_inode_pages_final(struct address_space *mapping) {}
void truncate_pagecache(struct inode *inode, loff_t size) {}
int nobh_truncate_page(struct address_space *mapping, loff_t from, get_block_t *fn)
{
	return 0;
}
int setattr_prepare(struct dentry *dentry, struct iattr *attr)
{
	return 0;
}
void setattr_copy(struct inode *inode, const struct iattr *attr) {}
const char *simple_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	return inode->i_link;
}
struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry)
{
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	dentry->d_inode = inode;
	return NULL;
}
void d_instantiate(struct dentry *dentry, struct inode *inode)
{
	dentry->d_inode = inode;
}
void d_instantiate_new(struct dentry *dentry, struct inode *inode)
{
	unlock_new_inode(inode);
	dentry->d_inode = inode;
}
struct dentry *d_make_root(struct inode *inode)
{
	struct dentry *root = calloc(1, sizeof(*root));

	root->d_inode = inode;
	root->d_sb = inode->i_sb;
	return root;
}

/* ---- use of it ---- */

#define NAMES 40
struct names {
	struct dir_context ctx;
	unsigned int n;
	struct {
		unsigned int len;
		char *name; /* memory of its own */
	} at[NAMES];
};

static bool collect(struct dir_context *ctx, const char *name, int len, loff_t pos, u64 ino,
		    unsigned type)
{
	struct names *names = container_of(ctx, struct names, ctx);

	if (names->n == NAMES)
		return false;
	names->at[names->n].len = len;
	names->at[names->n].name = memcpy(malloc(len), name, len);
	names->n++;
	return true;
}

static struct dentry dentry_of(struct dentry *dir, const char *name, unsigned int len)
{
	return (struct dentry){ .d_name = { { { .len = len } }, .name = (const u8 *)name },
				.d_parent = dir,
				.d_sb = dir->d_inode->i_sb };
}

static void touch_blocks(struct inode *inode)
{
	for (int i = 0; i < 12; i++) {
		struct buffer_head map = { .b_size = inode->i_sb->s_blocksize *
						     (1 + get_random_u32() % 40) };

		ext2_get_block(inode, get_random_u32() >> (8 + get_random_u32() % 24), &map,
			       get_random_u32() % 3 == 0);
	}
}

static void touch_inode(struct dentry *dentry)
{
	struct inode *dir = dentry->d_parent->d_inode;
	struct inode *inode = dentry->d_inode;
	struct iattr attr = { .ia_valid = ATTR_SIZE,
			      .ia_size = get_random_u32() >> (get_random_u32() % 24 + 8) };
	struct delayed_call done = { NULL };
	size_t size = get_random_u32() % 300;
	char *buffer = malloc(size + 1);
	struct dentry other;

	ext2_listxattr(dentry, buffer, size);
	ext2_getxattr(dentry, "user.a", buffer, size);
	memset(buffer, 'v', size);
	if (get_random_u32() % 3 == 0)
		ext2_setxattr(dentry, get_random_u32() % 2 ? "user.a" : "trusted.other", buffer,
			      size, 0);
	if (get_random_u32() % 4 == 0)
		ext2_removexattr(dentry, "user.a");
	if (inode->i_op->get_link)
		inode->i_op->get_link(dentry, inode, &done);
	do_delayed_call(&done);
	if (S_ISREG(inode->i_mode))
		touch_blocks(inode);
	if (S_ISREG(inode->i_mode) && get_random_u32() % 2 &&
	    attr.ia_size <= inode->i_sb->s_maxbytes)
		ext2_setattr(dentry, &attr);
	other = dentry_of(dentry->d_parent, "another-name", 8 + get_random_u32() % 5);
	switch (get_random_u32() % 8) {
	case 0:
		if (S_ISDIR(inode->i_mode))
			dir->i_op->rmdir(dir, dentry);
		else
			dir->i_op->unlink(dir, dentry);
		break;
	case 1:
		if (!S_ISDIR(inode->i_mode) && !dir->i_op->link(dentry, dir, &other))
			iput(other.d_inode);
		break;
	case 2:
		if (inode != dir)
			dir->i_op->rename(dir, dentry, dir, &other, 0);
	}
	free(buffer);
}

static void walk(struct inode *dir, unsigned int depth)
{
	struct names *names = calloc(1, sizeof(*names));
	struct file file = { .f_inode = dir, .f_mapping = dir->i_mapping };
	struct dentry self = { .d_inode = dir }, fresh = dentry_of(&self, "fresh", 5),
		      sub = dentry_of(&self, "sub", 3), slow = dentry_of(&self, "slow", 4);
	char target[80] = "";

	names->ctx.actor = collect;
	ext2_dir_operations.iterate_shared(&file, &names->ctx);
	for (unsigned int i = 0; i < names->n; i++) {
		struct dentry dentry = dentry_of(&self, names->at[i].name, names->at[i].len);

		if (!IS_ERR(dir->i_op->lookup(dir, &dentry, 0)) && dentry.d_inode) {
			if (depth < 4 && S_ISDIR(dentry.d_inode->i_mode) && dentry.d_inode != dir &&
			    names->at[i].name[0] != '.')
				walk(dentry.d_inode, depth + 1);
			if (names->at[i].name[0] != '.')
				touch_inode(&dentry);
			iput(dentry.d_inode);
		}
		free(names->at[i].name);
	}
	free(names);
	if (!dir->i_nlink)
		return;
	memset(target, 't', sizeof(target) - 1);
	if (!dir->i_op->create(dir, &fresh, S_IFREG | 0644, true)) {
		touch_blocks(fresh.d_inode);
		iput(fresh.d_inode);
	}
	if (!dir->i_op->mkdir(dir, &sub, 0755))
		iput(sub.d_inode);
	if (!dir->i_op->symlink(dir, &slow, target))
		iput(slow.d_inode);
}

static void unmount(struct super_block *sb)
{
	struct inode *inode, *next;

	iput(sb->s_root->d_inode);
	free(sb->s_root);
	list_for_each_entry_safe (inode, next, &inodes, i_io_list) {
		if (atomic_read(&inode->i_count))
			broken("somebody still holds inode", inode->i_ino);
		sb->s_op->write_inode(inode, NULL);
		evict(inode);
	}
	sb->s_op->put_super(sb);
}

int register_filesystem(struct file_system_type *type)
{
	return 0;
}

struct dentry *mount_bdev(struct file_system_type *type, int flags, const char *dev_name,
			  void *data, int (*fill_super)(struct super_block *, void *, int))
{
	struct super_block sb = { .s_bdev = &the_bdev, .s_flags = flags };
	char options[40] = "errors=continue";

	if (get_random_u32() % 2)
		strcpy(options, "errors=remount-ro,minixdf,oldalloc");
	if (!fill_super(&sb, options, 0)) {
		sb.s_flags |= SB_ACTIVE; /* from here on unused inodes are kept */
		walk(sb.s_root->d_inode, 0);
		unmount(&sb);
	}
	if (!list_empty(&inodes))
		broken("an inode is left", 0);
	forget_blocks();
	return NULL;
}

/* ---- the input ---- */

static void read_sound_image(void)
{
	static const char *name = "/fuzz/ext2.image";
	const char *build = getenv("QUIRE_BUILD");
	char path[4096] = "";
	int fd;

	strlcat(path, build ? build : "build", sizeof(path));
	strlcat(path, name, sizeof(path));
	fd = open(path, 0);
	image_size = fd < 0 ? 0 : read(fd, sound, sizeof(sound));
	if (image_size < 65536)
		broken("no image; tests/fuzz/run makes it", 0);
	the_bdev.bd_nr_sectors = image_size >> 9;
	ext2_init();
}

static void change(const u8 *c)
{
	static const u8 width[4] = { 1, 2, 4, 4 };
	size_t at = (c[0] | c[1] << 8 | c[2] << 16) % (image_size - 4), n = width[c[3] & 3];

	if ((c[3] & 0xfc) && n > 1)
		at &= ~(n - 1);
	memcpy(image + at, c + 4, n);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!image_size)
		read_sound_image();
	memcpy(image, sound, image_size);
	random_state = size ? data[0] * 257 + size : 1;
	for (; size >= 8; data += 8, size -= 8)
		change(data);
	ext2_mount(&ext2_fs_type, 0, "", NULL);
	return 0;
}
