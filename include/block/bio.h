/* SPDX-License-Identifier: MIT */
/*
 * bio: one piece of input or output between memory and consecutive sectors of a block device.
 * Theory: block/bio.c. Names and values are those of Linux 6.1 (include/linux/blk_types.h, bio.h).
 *
 * A completion (bi_end_io) runs in the completion thread of the device's hardware queue, or in the submitter
 * when there is nothing to wait for: process context, preemptible. It must not wait for I/O nor allocate with
 * direct reclaim, but may take ordinary spinlocks.
 */
#ifndef QUIRE_BLOCK_BIO_H
#define QUIRE_BLOCK_BIO_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/math.h>
#include <mm/folio.h>
#include <seam/page.h>

#ifndef SECTOR_SHIFT
#define SECTOR_SHIFT	9
#define SECTOR_SIZE	(1 << SECTOR_SHIFT)
#endif
#define PAGE_SECTORS	(PAGE_SIZE / SECTOR_SIZE)

struct bio;
struct block_device;
struct page;

/* How a bio or request ended. */
typedef u8 blk_status_t;
#define BLK_STS_OK		0
#define BLK_STS_NOTSUPP		1
#define BLK_STS_TIMEOUT		2
#define BLK_STS_NOSPC		3
#define BLK_STS_TRANSPORT	4
#define BLK_STS_TARGET		5
#define BLK_STS_MEDIUM		7
#define BLK_STS_PROTECTION	8
#define BLK_STS_RESOURCE	9	/* from queue_rq: memory or ring is short, try again */
#define BLK_STS_IOERR		10
#define BLK_STS_AGAIN		12
#define BLK_STS_OFFLINE		17

int blk_status_to_errno(blk_status_t status);

/* bi_opf: an operation and flags. */
typedef u32 blk_opf_t;
#define REQ_OP_BITS		8
#define REQ_OP_MASK		((1u << REQ_OP_BITS) - 1)
#define REQ_OP_READ		0u
#define REQ_OP_WRITE		1u	/* odd: data goes to the device */
#define REQ_OP_FLUSH		2u	/* the volatile cache of the device, to its medium */
#define REQ_OP_DISCARD		3u
#define REQ_OP_WRITE_ZEROES	9u
#define REQ_SYNC		(1u << 11)	/* somebody waits for it */
#define REQ_META		(1u << 12)
#define REQ_PRIO		(1u << 13)
#define REQ_NOMERGE		(1u << 14)
#define REQ_IDLE		(1u << 15)
#define REQ_FUA			(1u << 17)	/* on the medium when it completes */
#define REQ_PREFLUSH		(1u << 18)	/* first flush what was completed before */
#define REQ_RAHEAD		(1u << 19)
#define REQ_BACKGROUND		(1u << 20)
#define REQ_NOWAIT		(1u << 21)	/* BLK_STS_AGAIN instead of waiting for a tag */
#define REQ_POLLED		(1u << 22)
#define REQ_NOUNMAP		(1u << 24)	/* of WRITE_ZEROES: keep the blocks */

struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;		/* bytes; may reach over several pages of one folio */
	unsigned int bv_offset;
};

struct bvec_iter {
	sector_t bi_sector;		/* of the device, 512 bytes */
	unsigned int bi_size;		/* bytes left */
	unsigned int bi_idx;		/* in bi_io_vec */
	unsigned int bi_bvec_done;	/* bytes of that vector that are done */
};

typedef void (bio_end_io_t)(struct bio *bio);

struct bio {
	struct bio *bi_next;		/* of the same request, or of the submitter */
	struct block_device *bi_bdev;
	blk_opf_t bi_opf;
	u16 bi_flags;			/* BIO_* */
	blk_status_t bi_status;
	struct bvec_iter bi_iter;
	bio_end_io_t *bi_end_io;
	void *bi_private;
	atomic_t __bi_remaining;	/* this and its chained pieces */
	atomic_t __bi_cnt;		/* references */
	u64 bi_start_ns;		/* of a disk without requests: when it was begun */
	u16 bi_vcnt, bi_max_vecs;
	struct bio_vec *bi_io_vec;
	struct bio_vec bi_inline_vecs[];
};

#define BIO_MAX_VECS	256u
#define BIO_INLINE_VECS	4

/* bi_flags */
#define BIO_NO_PAGE_REF	(1u << 0)	/* its pages are not pinned */
#define BIO_CLONED	(1u << 1)	/* bi_io_vec belongs to another bio */
#define BIO_CHAIN	(1u << 2)
#define BIO_QUIET	(1u << 3)	/* no line in the log on an error */
#define BIO_REMAPPED	(1u << 4)	/* bi_sector is of the whole disk already */
#define BIO_POOLED	(1u << 5)	/* bio_alloc() made it */

#define bio_op(bio)		((bio)->bi_opf & REQ_OP_MASK)
#define op_is_write(op)		((op) & 1)
#define bio_sectors(bio)	((bio)->bi_iter.bi_size >> SECTOR_SHIFT)
#define bio_end_sector(bio)	((bio)->bi_iter.bi_sector + bio_sectors(bio))
#define op_is_flush(op)		((op) & (REQ_FUA | REQ_PREFLUSH))

/* Does the bio carry memory? Discards and the like only name sectors. */
static inline bool bio_has_data(const struct bio *bio)
{
	return bio->bi_iter.bi_size && bio_op(bio) != REQ_OP_DISCARD && bio_op(bio) != REQ_OP_WRITE_ZEROES;
}

/*
 * A bio for up to @nr_vecs (<= BIO_MAX_VECS) pieces of memory, with one reference. Never NULL when @gfp has
 * __GFP_DIRECT_RECLAIM: there is a reserve, and a bio ends in finite time; who allocates a second one while
 * holding one that is not submitted can exhaust it. bio_put() frees it.
 */
struct bio *bio_alloc(struct block_device *bdev, unsigned short nr_vecs, blk_opf_t opf, gfp_t gfp);
/* Of memory of the caller, e.g. on the stack; nothing undoes it. */
void bio_init(struct bio *bio, struct block_device *bdev, struct bio_vec *table, unsigned short max_vecs,
	      blk_opf_t opf);
void bio_put(struct bio *bio);

/* @len bytes of memory more; adjoining memory extends the last vector. @len, or 0 when the bio is full. */
int bio_add_page(struct bio *bio, struct page *page, unsigned int len, unsigned int off);
void __bio_add_page(struct bio *bio, struct page *page, unsigned int len, unsigned int off);
static inline bool bio_add_folio(struct bio *bio, struct folio *folio, size_t len, size_t off)
{
	return bio_add_page(bio, &folio->page, len, off) > 0;
}

/*
 * Hand @bio to its device; bi_end_io is called once, perhaps before this returns. May sleep (for a tag), unless
 * REQ_NOWAIT. With current->plug the requests wait there for neighbours until blk_finish_plug() or sleep.
 */
void submit_bio(struct bio *bio);
/* ... and wait. 0 or an errno; the caller keeps @bio. */
int submit_bio_wait(struct bio *bio);
/*
 * Look whether requests with REQ_POLLED of @bdev have ended, and end their bios here. True: some had, or there is no queue
 * that is polled. May sleep.
 */
bool bdev_poll(struct block_device *bdev);
/* By drivers without requests, and in place of submission when the answer is known. */
void bio_endio(struct bio *bio);
static inline void bio_io_error(struct bio *bio)
{
	bio->bi_status = BLK_STS_IOERR;
	bio_endio(bio);
}
/* @parent ends only after @bio, too, and with its error. */
void bio_chain(struct bio *bio, struct bio *parent);
/* The first @sectors of @bio as a bio of its own, sharing memory; @bio keeps the rest. NULL without memory. */
struct bio *bio_split(struct bio *bio, unsigned int sectors, gfp_t gfp);
/* Move on by @bytes that are done. */
void bio_advance(struct bio *bio, unsigned int bytes);

/* Flush @bdev's volatile cache. 0 or -EIO. May sleep. */
int blkdev_issue_flush(struct block_device *bdev);
#define BLKDEV_ZERO_NOUNMAP	1
#define BLKDEV_ZERO_NOFALLBACK	2
/* Sectors of 512 bytes. 0, -EOPNOTSUPP, -EINVAL for what the logical blocks do not divide, -EIO. May sleep. */
int blkdev_issue_discard(struct block_device *bdev, sector_t sector, sector_t nr_sects, gfp_t gfp);
/* Zeroes; writes them itself when the device cannot, unless BLKDEV_ZERO_NOFALLBACK. */
int blkdev_issue_zeroout(struct block_device *bdev, sector_t sector, sector_t nr_sects, gfp_t gfp, unsigned flags);
/* @bytes at @sector (the device's own) to or from kernel memory @buf (direct map). 0 or an errno. May sleep. */
int blkdev_rw_kernel(struct block_device *bdev, sector_t sector, void *buf, unsigned int bytes, blk_opf_t opf);

/* ---- walking ---- */

static inline struct bio_vec bvec_iter_bvec(const struct bio_vec *bv, struct bvec_iter iter)
{
	const struct bio_vec *v = &bv[iter.bi_idx];

	return (struct bio_vec){
		.bv_page = v->bv_page,
		.bv_len = min(iter.bi_size, v->bv_len - iter.bi_bvec_done),
		.bv_offset = v->bv_offset + iter.bi_bvec_done,
	};
}
static inline void bvec_iter_advance(const struct bio_vec *bv, struct bvec_iter *iter, unsigned int bytes)
{
	iter->bi_size -= bytes;
	bytes += iter->bi_bvec_done;
	while (bytes && bytes >= bv[iter->bi_idx].bv_len) {
		bytes -= bv[iter->bi_idx].bv_len;
		iter->bi_idx++;
	}
	iter->bi_bvec_done = bytes;
}
/* Vectors as they were added (several pages each), from where bi_iter stands. @bvl is a struct bio_vec. */
#define bio_for_each_bvec(bvl, bio, iter)							\
	for (iter = (bio)->bi_iter;								\
	     (iter).bi_size && (bvl = bvec_iter_bvec((bio)->bi_io_vec, iter), 1);		\
	     bvec_iter_advance((bio)->bi_io_vec, &(iter), (bvl).bv_len))

static inline void *bvec_virt(const struct bio_vec *bv)
{
	return page_address(bv->bv_page) + bv->bv_offset;
}

/* Each folio of a bio that its owner filled, whatever bi_iter says; for end_io. */
struct folio_iter {
	struct folio *folio;
	size_t offset, length;		/* bytes in it */
	unsigned int _i;
	size_t _left;			/* of vector _i */
};
static inline void bio_next_folio_here(struct folio_iter *fi, struct bio *bio, struct page *page, size_t offset)
{
	(void)bio;
	fi->folio = page_folio(page);
	fi->offset = (size_t)folio_page_idx(fi->folio, page) * PAGE_SIZE + offset;
	fi->length = min(folio_size(fi->folio) - fi->offset, fi->_left);
}
static inline void bio_first_folio(struct folio_iter *fi, struct bio *bio, unsigned int i)
{
	struct bio_vec *bv = &bio->bi_io_vec[i];

	fi->folio = NULL;
	fi->_i = i;
	if (i >= bio->bi_vcnt)
		return;
	fi->_left = bv->bv_len;
	bio_next_folio_here(fi, bio, bv->bv_page + bv->bv_offset / PAGE_SIZE, bv->bv_offset % PAGE_SIZE);
}
static inline void bio_next_folio(struct folio_iter *fi, struct bio *bio)
{
	fi->_left -= fi->length;
	if (fi->_left)
		bio_next_folio_here(fi, bio, folio_page(fi->folio, 0) + folio_nr_pages(fi->folio), 0);
	else
		bio_first_folio(fi, bio, fi->_i + 1);
}
#define bio_for_each_folio_all(fi, bio) \
	for (bio_first_folio(&(fi), bio, 0); (fi).folio; bio_next_folio(&(fi), bio))

#endif
