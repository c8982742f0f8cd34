/* SPDX-License-Identifier: MIT */
/*
 * iov_iter: the memory side of a read or write, whatever its kind. Copies advance it and return the
 * bytes done (short on a fault). "to" = the iterator is the destination.
 */
#ifndef QUIRE_FS_IOV_ITER_H
#define QUIRE_FS_IOV_ITER_H

#include <base/types.h>
#include <base/compiler.h>
#include <linux/uio.h>

struct folio;
struct page;
struct pipe_inode_info;

struct kvec {
	void *iov_base;
	size_t iov_len;
};

/* ITER_PIPE, a destination only: pages of files go in by reference, other data are copied. => the pipe's mutex held */
enum iter_type { ITER_UBUF, ITER_IOVEC, ITER_KVEC, ITER_DISCARD, ITER_PIPE };

#define ITER_SOURCE	1	/* data is taken from the iterator: a write */
#define ITER_DEST	0
#ifndef WRITE
#define READ	0
#define WRITE	1
#endif

struct iov_iter {
	u8 iter_type;
	bool data_source;
	size_t iov_offset;	/* into the first segment */
	size_t count;		/* bytes left */
	union {
		const struct iovec *iov;
		const struct kvec *kvec;
		void __user *ubuf;
		struct pipe_inode_info *pipe;
	};
	unsigned long nr_segs;
};

static inline void iov_iter_ubuf(struct iov_iter *i, unsigned int direction, void __user *buf,
				 size_t count)
{
	i->iter_type = ITER_UBUF;
	i->data_source = direction;
	i->iov_offset = 0;
	i->count = count;
	i->ubuf = buf;
	i->nr_segs = 1;
}
void iov_iter_init(struct iov_iter *i, unsigned int direction, const struct iovec *iov,
		   unsigned long nr_segs, size_t count);
void iov_iter_kvec(struct iov_iter *i, unsigned int direction, const struct kvec *kvec,
		   unsigned long nr_segs, size_t count);
void iov_iter_pipe(struct iov_iter *i, struct pipe_inode_info *pipe, size_t count);

static inline size_t iov_iter_count(const struct iov_iter *i)
{
	return i->count;
}
static inline bool iov_iter_rw(const struct iov_iter *i)
{
	return i->data_source;
}
static inline bool user_backed_iter(const struct iov_iter *i)
{
	return i->iter_type <= ITER_IOVEC;
}
static inline void iov_iter_truncate(struct iov_iter *i, u64 count)
{
	if (i->count > count)
		i->count = count;
}
static inline void iov_iter_reexpand(struct iov_iter *i, size_t count)
{
	i->count = count;
}
/* Address and length of what @i is at; not of ITER_DISCARD. */
unsigned long iov_iter_piece(const struct iov_iter *i, size_t *len);
size_t iov_iter_single_seg_count(const struct iov_iter *i);
void iov_iter_advance(struct iov_iter *i, size_t bytes);
void iov_iter_revert(struct iov_iter *i, size_t bytes);

size_t _copy_to_iter(const void *addr, size_t bytes, struct iov_iter *i);
size_t _copy_from_iter(void *addr, size_t bytes, struct iov_iter *i);
static inline size_t copy_to_iter(const void *addr, size_t bytes, struct iov_iter *i)
{
	return _copy_to_iter(addr, bytes, i);
}
static inline size_t copy_from_iter(void *addr, size_t bytes, struct iov_iter *i)
{
	return _copy_from_iter(addr, bytes, i);
}
/* All or nothing. */
bool copy_from_iter_full(void *addr, size_t bytes, struct iov_iter *i);
size_t copy_page_to_iter(struct page *page, size_t offset, size_t bytes, struct iov_iter *i);
size_t copy_page_from_iter(struct page *page, size_t offset, size_t bytes, struct iov_iter *i);
size_t copy_folio_to_iter(struct folio *folio, size_t offset, size_t bytes, struct iov_iter *i);
/* Without faulting pages in: short when user memory is absent. For use with a folio locked. */
size_t copy_folio_from_iter_atomic(struct folio *folio, size_t offset, size_t bytes, struct iov_iter *i);
size_t iov_iter_zero(size_t bytes, struct iov_iter *i);
/* Bytes of the first @bytes that could NOT be faulted in. */
size_t fault_in_iov_iter_readable(const struct iov_iter *i, size_t bytes);

#define UIO_FASTIOV_K	8
/*
 * From the caller's iovec array: bytes in all, or -EINVAL, -EFAULT, -ENOMEM. *@iovp points to a fast
 * array of @fast_segs at entry; afterwards to what kfree() shall get (NULL if nothing).
 */
ssize_t import_iovec(int type, const struct iovec __user *uvec, unsigned nr_segs, unsigned fast_segs,
		     struct iovec **iovp, struct iov_iter *i);
int import_ubuf(int rw, void __user *buf, size_t len, struct iov_iter *i);
int import_single_range(int rw, void __user *buf, size_t len, struct iovec *iov, struct iov_iter *i);

#endif
