// SPDX-License-Identifier: MIT
/*
 * Memory of a caller as pieces of a bio: pinned while the device works on it. Memory of the kernel (ITER_KVEC)
 * is not pinned. Linux 6.1: block/bio.c (bio_iov_iter_get_pages), lib/iov_iter.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <block/bio.h>
#include <fs/bdev.h>
#include <fs/iov_iter.h>
#include <mm/filemap.h>
#include <mm/gup.h>

#define PIN_BATCH 32

unsigned long iov_iter_alignment(const struct iov_iter *from)
{
	struct iov_iter iter = *from;
	unsigned long bits = 0;
	size_t len;

	while (iter.count) {
		bits |= iov_iter_piece(&iter, &len) | len;
		iov_iter_advance(&iter, len);
	}
	return bits;
}

/* Add user pages from @addr on, @len bytes at most: bytes added, or an errno. 0: the bio is full. */
static ssize_t add_user(struct bio *bio, unsigned long addr, size_t len, bool write_to_memory)
{
	struct page *pages[PIN_BATCH];
	unsigned int offset = offset_in_page(addr), room = bio->bi_max_vecs - bio->bi_vcnt;
	int nr = min_t(size_t, DIV_ROUND_UP(offset + len, PAGE_SIZE), min_t(int, room, PIN_BATCH));
	ssize_t added = 0;
	int i;

	if (!nr)
		return 0;
	nr = pin_user_pages_fast(addr, nr, write_to_memory ? FOLL_WRITE : 0, pages);
	if (nr <= 0)
		return nr ? nr : -EFAULT;
	for (i = 0; i < nr; i++) {
		unsigned int n = min_t(size_t, len - added, PAGE_SIZE - offset);

		if (!bio_add_page(bio, pages[i], n, offset))
			break;
		added += n;
		offset = 0;
	}
	if (i < nr)
		unpin_user_pages(pages + i, nr - i);
	return added;
}

/* Kernel memory of the direct map. */
static ssize_t add_kernel(struct bio *bio, unsigned long addr, size_t len)
{
	return bio_add_page(bio, virt_to_page((void *)addr), min_t(size_t, len, 1u << 30),
			    offset_in_page(addr));
}

int bio_iov_iter_get_pages(struct bio *bio, struct iov_iter *iter)
{
	bool to_memory = !iov_iter_rw(iter);

	if (!user_backed_iter(iter))
		bio->bi_flags |= BIO_NO_PAGE_REF;
	while (iter->count) {
		size_t len;
		unsigned long addr = iov_iter_piece(iter, &len);
		ssize_t n = 0;

		if (!len) {
			iov_iter_advance(iter, 0);
			return -EINVAL;
		}
		n = user_backed_iter(iter) ? add_user(bio, addr, len, to_memory)
					   : add_kernel(bio, addr, len);
		if (n < 0 && !bio->bi_iter.bi_size)
			return n;
		if (n <= 0)
			break;
		iov_iter_advance(iter, n);
	}
	return 0;
}

void bio_release_pages(struct bio *bio, bool mark_dirty)
{
	if (bio->bi_flags & BIO_NO_PAGE_REF)
		return;
	for (unsigned int i = 0; i < bio->bi_vcnt; i++) {
		struct bio_vec *bv = &bio->bi_io_vec[i];
		struct page *page = bv->bv_page + bv->bv_offset / PAGE_SIZE;
		unsigned int nr = DIV_ROUND_UP(bv->bv_offset % PAGE_SIZE + bv->bv_len, PAGE_SIZE);

		while (nr--) {
			if (mark_dirty)
				set_page_dirty_lock(page);
			unpin_user_page(page++);
		}
	}
}
