// SPDX-License-Identifier: MIT
/*
 * iov_iter: one user buffer, several, or kernel buffers, behind one set of copies.
 * ubuf is the short way: no array, no segment. Linux 6.1: lib/iov_iter.c.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <mm/folio.h>
#include <mm/slab.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <fs/iov_iter.h>
#include <fs/pipe.h>
#include <kernel/task.h>
#include <seam/uaccess.h>
#include <seam/page.h>

#define MAX_RW_COUNT_BYTES ((size_t)(0x7fffffff & ~(PAGE_SIZE - 1)))

void iov_iter_init(struct iov_iter *i, unsigned int direction, const struct iovec *iov,
		   unsigned long nr_segs, size_t count)
{
	*i = (struct iov_iter){ .iter_type = ITER_IOVEC,
				.data_source = direction,
				.iov = iov,
				.nr_segs = nr_segs,
				.count = count };
}

void iov_iter_kvec(struct iov_iter *i, unsigned int direction, const struct kvec *kvec,
		   unsigned long nr_segs, size_t count)
{
	*i = (struct iov_iter){ .iter_type = ITER_KVEC,
				.data_source = direction,
				.kvec = kvec,
				.nr_segs = nr_segs,
				.count = count };
}

void iov_iter_pipe(struct iov_iter *i, struct pipe_inode_info *pipe, size_t count)
{
	*i = (struct iov_iter){
		.iter_type = ITER_PIPE, .data_source = ITER_DEST, .pipe = pipe, .count = count
	};
}

size_t iov_iter_single_seg_count(const struct iov_iter *i)
{
	if ((i->iter_type == ITER_IOVEC || i->iter_type == ITER_KVEC) && i->nr_segs > 1)
		return min_t(size_t, i->count, i->kvec->iov_len - i->iov_offset);
	return i->count;
}

unsigned long iov_iter_piece(const struct iov_iter *i, size_t *len)
{
	if (i->iter_type == ITER_UBUF) {
		*len = i->count;
		return (unsigned long)i->ubuf + i->iov_offset;
	}
	*len = min_t(size_t, i->count, i->kvec->iov_len - i->iov_offset);
	return (unsigned long)i->kvec->iov_base + i->iov_offset;
}

void iov_iter_advance(struct iov_iter *i, size_t bytes)
{
	if (bytes > i->count)
		bytes = i->count;
	i->count -= bytes;
	i->iov_offset += bytes;
	if (i->iter_type != ITER_IOVEC && i->iter_type != ITER_KVEC)
		return;
	while (i->nr_segs && i->iov_offset >= i->kvec->iov_len &&
	       (i->iov_offset || !i->kvec->iov_len)) {
		i->iov_offset -= i->kvec->iov_len;
		i->kvec++; /* struct iovec has the same shape */
		i->nr_segs--;
	}
}

void iov_iter_revert(struct iov_iter *i, size_t bytes)
{
	i->count += bytes;
	if (i->iter_type == ITER_PIPE) {
		pipe_take_back(i->pipe, bytes);
		i->iov_offset -= bytes;
		return;
	}
	while (bytes > i->iov_offset) {
		bytes -= i->iov_offset;
		i->kvec--;
		i->nr_segs++;
		i->iov_offset = i->kvec->iov_len;
	}
	i->iov_offset -= bytes;
}

enum copy_how { COPY, COPY_ATOMIC };

/* Within the kernel: whole pages are what sendfile and copy_file_range move. */
static void copy_bytes(void *to, const void *from, size_t n)
{
	if (n == PAGE_SIZE && !offset_in_page((unsigned long)to | (unsigned long)from))
		copy_page(to, from);
	else
		memcpy(to, from, n);
}

/* Bytes copied between @kaddr and one stretch of memory. */
static size_t copy_stretch(struct iov_iter *i, void *mem, void *kaddr, size_t n, bool to_iter,
			   enum copy_how how)
{
	if (i->iter_type == ITER_KVEC) {
		if (to_iter)
			copy_bytes(mem, kaddr, n);
		else
			copy_bytes(kaddr, mem, n);
		return n;
	}
	if (to_iter)
		return n - copy_to_user((void __user *)mem, kaddr, n);
	if (how == COPY_ATOMIC) {
		size_t left;

		if (!access_ok(mem, n))
			return 0;
		pagefault_disable();
		left = __copy_from_user_inatomic(kaddr, (void __user *)mem, n);
		pagefault_enable();
		return n - left;
	}
	return n - copy_from_user(kaddr, (void __user *)mem, n);
}

static size_t copy_segments(struct iov_iter *i, void *kaddr, size_t bytes, bool to_iter,
			    enum copy_how how)
{
	size_t done = 0;

	while (done < bytes) {
		size_t n, copied;

		while (i->nr_segs && i->kvec->iov_len == i->iov_offset) {
			i->kvec++;
			i->nr_segs--;
			i->iov_offset = 0;
		}
		if (!i->nr_segs)
			break;
		n = min_t(size_t, bytes - done, i->kvec->iov_len - i->iov_offset);
		copied = copy_stretch(i, (char *)i->kvec->iov_base + i->iov_offset,
				      (char *)kaddr + done, n, to_iter, how);
		done += copied;
		i->iov_offset += copied;
		i->count -= copied;
		if (copied < n)
			break;
	}
	return done;
}

/* To what is not one piece of user memory. */
static noinline size_t copy_pieces(struct iov_iter *i, const void *addr, size_t n)
{
	if (i->iter_type != ITER_PIPE)
		return copy_segments(i, (void *)addr, n, true, COPY);
	n = pipe_give_bytes(i->pipe, addr, n);
	i->iov_offset += n;
	i->count -= n;
	return n;
}

size_t _copy_to_iter(const void *addr, size_t bytes, struct iov_iter *i)
{
	size_t n = min(bytes, i->count);

	if (likely(i->iter_type == ITER_UBUF)) {
		n -= copy_to_user((char __user *)i->ubuf + i->iov_offset, addr, n);
	} else if (i->iter_type != ITER_DISCARD) {
		return copy_pieces(i, addr, n);
	}
	i->iov_offset += n;
	i->count -= n;
	return n;
}

size_t _copy_from_iter(void *addr, size_t bytes, struct iov_iter *i)
{
	size_t n = min(bytes, i->count);

	if (likely(i->iter_type == ITER_UBUF)) {
		n -= copy_from_user(addr, (char __user *)i->ubuf + i->iov_offset, n);
		i->iov_offset += n;
		i->count -= n;
		return n;
	}
	return i->iter_type >= ITER_DISCARD ? 0 : copy_segments(i, addr, n, false, COPY);
}

bool copy_from_iter_full(void *addr, size_t bytes, struct iov_iter *i)
{
	size_t n = _copy_from_iter(addr, bytes, i);

	if (n == bytes)
		return true;
	iov_iter_revert(i, n);
	return false;
}

size_t copy_page_to_iter(struct page *page, size_t offset, size_t bytes, struct iov_iter *i)
{
	return _copy_to_iter((char *)page_address(page) + offset, bytes, i);
}

size_t copy_page_from_iter(struct page *page, size_t offset, size_t bytes, struct iov_iter *i)
{
	return _copy_from_iter((char *)page_address(page) + offset, bytes, i);
}

/* References to the pages of a part of @folio. */
static noinline size_t give_folio(struct folio *folio, size_t offset, size_t bytes,
				  struct iov_iter *i)
{
	size_t want = min(bytes, i->count), done = 0;

	while (done < want) {
		size_t at = offset + done;
		size_t n = min_t(size_t, want - done, PAGE_SIZE - offset_in_page(at));
		size_t given = pipe_give_page(i->pipe, folio_page(folio, at / PAGE_SIZE),
					      offset_in_page(at), n);

		done += given;
		if (given < n)
			break;
	}
	i->iov_offset += done;
	i->count -= done;
	return done;
}

size_t copy_folio_to_iter(struct folio *folio, size_t offset, size_t bytes, struct iov_iter *i)
{
	if (unlikely(i->iter_type == ITER_PIPE))
		return give_folio(folio, offset, bytes, i);
	return _copy_to_iter((char *)folio_address(folio) + offset, bytes, i);
}

static size_t copy_from_iter_atomic(void *addr, size_t bytes, struct iov_iter *i)
{
	size_t n = min(bytes, i->count);

	if (i->iter_type >= ITER_DISCARD)
		return 0;
	if (i->iter_type != ITER_UBUF)
		return copy_segments(i, addr, n, false, COPY_ATOMIC);
	n = copy_stretch(i, (char __force *)i->ubuf + i->iov_offset, addr, n, false, COPY_ATOMIC);
	i->iov_offset += n;
	i->count -= n;
	return n;
}

size_t copy_folio_from_iter_atomic(struct folio *folio, size_t offset, size_t bytes,
				   struct iov_iter *i)
{
	return copy_from_iter_atomic((char *)folio_address(folio) + offset, bytes, i);
}

size_t iov_iter_zero(size_t bytes, struct iov_iter *i)
{
	size_t n = min(bytes, i->count), done = 0;

	if (i->iter_type == ITER_UBUF) {
		done = n - clear_user((char __user *)i->ubuf + i->iov_offset, n);
		i->iov_offset += done;
		i->count -= done;
		return done;
	}
	while (done < n) { /* from the page of zeroes */
		size_t chunk = min_t(size_t, n - done, PAGE_SIZE);
		size_t copied = _copy_to_iter(empty_zero_page, chunk, i);

		done += copied;
		if (copied < chunk)
			break;
	}
	return done;
}

static size_t fault_in(const struct iov_iter *i, size_t bytes, bool write)
{
	size_t left = min(bytes, i->count), skip = i->iov_offset;
	const struct iovec *v = i->iov;

	if (i->iter_type == ITER_UBUF) {
		char __user *p = (char __user *)i->ubuf + skip;
		size_t not = write ? fault_in_writeable(p, left) : fault_in_readable(p, left);

		return not +bytes - left;
	}
	if (i->iter_type != ITER_IOVEC)
		return 0;
	bytes -= left;
	for (; left; v++, skip = 0) {
		char __user *p = (char __user *)v->iov_base + skip;
		size_t n = min_t(size_t, left, v->iov_len - skip), not ;

		if (!n)
			continue;
		not = write ? fault_in_writeable(p, n) : fault_in_readable(p, n);
		left -= n - not ;
		if (not )
			break;
	}
	return left + bytes;
}

size_t fault_in_iov_iter_readable(const struct iov_iter *i, size_t bytes)
{
	return fault_in(i, bytes, false);
}

ssize_t import_iovec(int type, const struct iovec __user *uvec, unsigned nr_segs,
		     unsigned fast_segs, struct iovec **iovp, struct iov_iter *i)
{
	struct iovec *iov = *iovp, *mem = NULL;
	size_t total = 0;

	*iovp = NULL;
	if (nr_segs > UIO_MAXIOV)
		return -EINVAL;
	if (nr_segs > fast_segs) {
		iov = mem = kmalloc_array(nr_segs, sizeof(*iov), GFP_KERNEL);
		if (!mem)
			return -ENOMEM;
	}
	if (copy_from_user(iov, uvec, nr_segs * sizeof(*iov))) {
		kfree(mem);
		return -EFAULT;
	}
	for (unsigned s = 0; s < nr_segs; s++) {
		ssize_t len = iov[s].iov_len;

		if (len < 0 || !access_ok(iov[s].iov_base, len)) {
			kfree(mem);
			return len < 0 ? -EINVAL : -EFAULT;
		}
		if ((size_t)len > MAX_RW_COUNT_BYTES - total)
			iov[s].iov_len = len = MAX_RW_COUNT_BYTES - total;
		total += len;
	}
	iov_iter_init(i, type, iov, nr_segs, total);
	*iovp = mem;
	return total;
}

int import_ubuf(int rw, void __user *buf, size_t len, struct iov_iter *i)
{
	if (len > MAX_RW_COUNT_BYTES)
		len = MAX_RW_COUNT_BYTES;
	if (!access_ok(buf, len))
		return -EFAULT;
	iov_iter_ubuf(i, rw, buf, len);
	return 0;
}

int import_single_range(int rw, void __user *buf, size_t len, struct iovec *iov, struct iov_iter *i)
{
	return import_ubuf(rw, buf, len, i);
}
