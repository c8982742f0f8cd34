/* SPDX-License-Identifier: MIT */
/* mpage: many folios in one bio, over a get_block_t. Theory: fs/mpage.c. */
#ifndef QUIRE_FS_MPAGE_H
#define QUIRE_FS_MPAGE_H

#include <base/types.h>
#include <fs/buffer_head.h>

struct address_space;
struct folio;
struct iov_iter;
struct kiocb;
struct readahead_control;
struct writeback_control;

/* ->readahead, ->read_folio, ->writepages of files whose folios have no buffers. May sleep. */
void mpage_readahead(struct readahead_control *rac, get_block_t *get_block);
int mpage_read_folio(struct folio *folio, get_block_t *get_block);
int mpage_writepages(struct address_space *mapping, struct writeback_control *wbc, get_block_t *get_block);

/*
 * ->direct_IO: between the caller's memory and the device, without the cache (fs/direct_io.c). Position,
 * length and memory in units of the logical block, or -EINVAL. The caller keeps the cache coherent
 * (generic_file_read_iter, generic_file_direct_write). Writes into holes and beyond the end allocate.
 */
ssize_t blockdev_direct_IO(struct kiocb *iocb, struct inode *inode, struct iov_iter *iter,
			   get_block_t *get_block);

#endif
