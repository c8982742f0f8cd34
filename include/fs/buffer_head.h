/* SPDX-License-Identifier: MIT */
/*
 * buffer_head: one block of a device as a view onto a folio; also the answer of a get_block_t.
 * Theory: fs/buffer.c.
 *
 * Legend: a  atomic bits;  P  private_lock of the device's mapping;  c  constant while the buffer hangs at its
 * folio;  L  BH_Lock;  A  private_lock of b_assoc_map
 */
#ifndef QUIRE_FS_BUFFER_HEAD_H
#define QUIRE_FS_BUFFER_HEAD_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/bitops.h>
#include <base/list.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <seam/barrier.h>
#include <seam/page.h>

struct address_space;
struct block_device;
struct buffer_head;
struct file;
struct inode;
struct super_block;

typedef u32 blk_opf_t;	/* REQ_OP_* | REQ_*, as in block/bio.h */

enum bh_state_bits {
	BH_Uptodate,		/* the data are valid */
	BH_Dirty,
	BH_Lock,		/* I/O, or a change that I/O must not see half done */
	BH_Req,			/* was submitted once: an error was an I/O error */
	BH_Mapped,		/* b_blocknr means a block of b_bdev */
	BH_New,			/* the block was allocated just now: what it holds on the disk is not ours */
	BH_Async_Read,		/* read as one of its folio's */
	BH_Async_Write,		/* written as one of its folio's */
	BH_Boundary,		/* the next block is not near: do not wait for more to merge */
	BH_Write_EIO,		/* a write failed; told once, by who waits for it */
	BH_Meta,		/* REQ_META */
	BH_Prio,		/* REQ_PRIO */
};

typedef void (bh_end_io_t)(struct buffer_head *bh, int uptodate);

struct buffer_head {
	unsigned long b_state;			/* a: enum bh_state_bits */
	struct buffer_head *b_this_page;	/* P: ring of the buffers of b_folio */
	struct folio *b_folio;			/* c */
	sector_t b_blocknr;			/* in units of b_size */
	size_t b_size;				/* bytes; in answers of get_block the length of the extent */
	char *b_data;				/* c */
	struct block_device *b_bdev;
	bh_end_io_t *b_end_io;			/* L */
	struct list_head b_assoc_buffers;	/* A: dirty blocks that belong to an inode */
	struct address_space *b_assoc_map;	/* A */
	atomic_t b_count;			/* a: users; > 0: stays at its folio */
};

#define BUFFER_FNS(bit, name)							\
static inline void set_buffer_##name(struct buffer_head *bh) { set_bit(BH_##bit, &bh->b_state); }	\
static inline void clear_buffer_##name(struct buffer_head *bh) { clear_bit(BH_##bit, &bh->b_state); }	\
static inline bool buffer_##name(const struct buffer_head *bh)			\
{										\
	return READ_ONCE(bh->b_state) >> BH_##bit & 1;				\
}
#define TAS_BUFFER_FNS(bit, name)						\
static inline bool test_set_buffer_##name(struct buffer_head *bh)		\
{										\
	return test_and_set_bit(BH_##bit, &bh->b_state);			\
}										\
static inline bool test_clear_buffer_##name(struct buffer_head *bh)		\
{										\
	return test_and_clear_bit(BH_##bit, &bh->b_state);			\
}
BUFFER_FNS(Dirty, dirty)
TAS_BUFFER_FNS(Dirty, dirty)
BUFFER_FNS(Lock, locked)
BUFFER_FNS(Req, req)
TAS_BUFFER_FNS(Req, req)
BUFFER_FNS(Mapped, mapped)
BUFFER_FNS(New, new)
BUFFER_FNS(Async_Read, async_read)
BUFFER_FNS(Async_Write, async_write)
BUFFER_FNS(Boundary, boundary)
BUFFER_FNS(Write_EIO, write_io_error)
BUFFER_FNS(Meta, meta)
BUFFER_FNS(Prio, prio)

/* What was read or written before the bit was set is seen by who sees the bit. */
static inline void set_buffer_uptodate(struct buffer_head *bh)
{
	smp_mb__before_atomic();
	set_bit(BH_Uptodate, &bh->b_state);
}
static inline void clear_buffer_uptodate(struct buffer_head *bh)
{
	clear_bit(BH_Uptodate, &bh->b_state);
}
static inline bool buffer_uptodate(const struct buffer_head *bh)
{
	return smp_load_acquire(&bh->b_state) >> BH_Uptodate & 1;
}

/*
 * Where block @iblock of @inode lies. In: bh_result->b_size, bytes that are asked for at most. Out: BH_Mapped
 * with b_bdev, b_blocknr, and b_size bytes that lie together; BH_New if allocated just now (only with
 * @create); BH_Boundary. Not mapped: a hole, b_size as it was. 0 or an errno (-EIO, -ENOSPC...). May sleep.
 */
typedef int (get_block_t)(struct inode *inode, sector_t iblock, struct buffer_head *bh_result, int create);

/* ---- buffers of a folio ---- */

/*
 * folio->private has 32 bits: the handle of the first buffer is its place in the direct map in units of 128
 * bytes, to which the cache of buffer heads aligns. So they come from the first 512 GiB of memory.
 */
#define BH_HANDLE_SHIFT	7
static inline struct buffer_head *folio_buffers(const struct folio *folio)
{
	if (!folio_test_private(folio))
		return NULL;
	return (struct buffer_head *)__va((u64)READ_ONCE(folio->private) << BH_HANDLE_SHIFT);
}
/* => folio locked. Give it buffers of @blocksize bytes with @b_state. Cannot fail; may sleep. */
void folio_create_empty_buffers(struct folio *folio, unsigned long blocksize, unsigned long b_state);

/* ---- one block ---- */

static inline void get_bh(struct buffer_head *bh)
{
	atomic_inc(&bh->b_count);
}
static inline void put_bh(struct buffer_head *bh)
{
	smp_mb__before_atomic();
	atomic_dec(&bh->b_count);
}
/* Let go of a block; NULL is nothing. Any context. */
static inline void brelse(struct buffer_head *bh)
{
	if (bh)
		put_bh(bh);
}
/* The same, and what was written to it is forgotten: the block was freed. */
void bforget(struct buffer_head *bh);

/*
 * All with a reference for the caller; @size is the block size of the device. May sleep.
 * __find_get_block: NULL unless it is cached. __getblk: contents perhaps not valid; NULL: @size or @block is
 * not of this device, or no memory. sb_bread: valid contents, or NULL after an error that was logged.
 */
struct buffer_head *__find_get_block(struct block_device *bdev, sector_t block, unsigned int size);
struct buffer_head *__getblk(struct block_device *bdev, sector_t block, unsigned int size);
struct buffer_head *sb_bread(struct super_block *sb, sector_t block);
struct buffer_head *sb_getblk(struct super_block *sb, sector_t block);
struct buffer_head *sb_find_get_block(struct super_block *sb, sector_t block);
void sb_breadahead(struct super_block *sb, sector_t block);
/* @bh says where block @block of @sb lies. */
void map_bh(struct buffer_head *bh, struct super_block *sb, sector_t block);

void lock_buffer(struct buffer_head *bh);	/* may sleep */
bool trylock_buffer(struct buffer_head *bh);
void unlock_buffer(struct buffer_head *bh);
void wait_on_buffer(struct buffer_head *bh);	/* until unlocked; may sleep */

/* The block was changed: it is written some time later. => uptodate, with a reference. No sleeping lock. */
void mark_buffer_dirty(struct buffer_head *bh);
/* The same, and fsync of @inode writes it (sync_mapping_buffers). */
void mark_buffer_dirty_inode(struct buffer_head *bh, struct inode *inode);
/* Write and wait for the dirty blocks that belong to @mapping's inode: 0 or -EIO. May sleep. */
int sync_mapping_buffers(struct address_space *mapping);
/* Forget which blocks belong to it; false of remove_inode_buffers: some are dirty. Any context. */
void invalidate_inode_buffers(struct inode *inode);
bool remove_inode_buffers(struct inode *inode);
/* The blocks were allocated for something else: what the cache holds under these numbers is dropped. May sleep. */
void clean_bdev_aliases(struct block_device *bdev, sector_t block, sector_t len);
static inline void clean_bdev_bh_alias(struct buffer_head *bh)
{
	clean_bdev_aliases(bh->b_bdev, bh->b_blocknr, 1);
}

/* ---- I/O ---- */

/* => @bh locked, mapped, with a reference and b_end_io, which runs in process context and must unlock. */
void submit_bh(blk_opf_t opf, struct buffer_head *bh);
/* Unlock and drop a reference: for b_end_io. */
void end_buffer_read_sync(struct buffer_head *bh, int uptodate);
void end_buffer_write_sync(struct buffer_head *bh, int uptodate);
/* Read @bh unless valid; 0 or -EIO. => with a reference. May sleep. */
int bh_read(struct buffer_head *bh, blk_opf_t op_flags);
/* Start writing @bh if it is dirty, after a write under way has ended. May sleep. */
void write_dirty_buffer(struct buffer_head *bh, blk_opf_t op_flags);
/* Write @bh if it is dirty, and wait: 0 or -EIO. */
int sync_dirty_buffer(struct buffer_head *bh);

/* ---- address_space_operations over buffers. => folio locked ---- */

bool block_dirty_folio(struct address_space *mapping, struct folio *folio);
void block_invalidate_folio(struct folio *folio, size_t offset, size_t length);
/* As ->write_end, for a mapping whose folios have buffers. */
int block_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		    unsigned copied, struct page *page, void *fsdata);
/* The pages of a block device: block N of the device is block N of the file. */
get_block_t blkdev_get_block;
extern const struct address_space_operations def_blk_aops;

/*
 * The same for file data without buffers (nobh): the folio is the only copy and PG_dirty the only state.
 * nobh_write_begin allocates the blocks of [pos, pos+len) by @get_block, so that a full disk answers
 * -ENOSPC here, and makes valid what the write does not cover.
 */
int nobh_write_begin(struct address_space *mapping, loff_t pos, unsigned len, struct page **pagep,
		     void **fsdata, get_block_t *get_block);
int nobh_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		   unsigned copied, struct page *page, void *fsdata);
/* Zero the rest of the block in which @from lies, in the cache, dirty: before a truncation to @from. */
int nobh_truncate_page(struct address_space *mapping, loff_t from, get_block_t *get_block);

void buffer_init(void);

#endif
