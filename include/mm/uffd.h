/* SPDX-License-Identifier: MIT */
/* What the file of userfaultfd(2) asks of mm/uffd. All may sleep; errors as negative errnos. */
#ifndef QUIRE_MM_UFFD_H
#define QUIRE_MM_UFFD_H

#include <base/types.h>
#include <linux/userfaultfd.h>

struct mm_struct;
struct userfaultfd_ctx;

/* A context for @mm with one reference, or NULL. @flags: of userfaultfd(2). */
struct userfaultfd_ctx *uffd_ctx_new(struct mm_struct *mm, unsigned int flags);
void uffd_ctx_put(struct userfaultfd_ctx *ctx);
/* The file is closed: all who wait go on, all memory is ordinary again. Drops the file's reference. */
void uffd_ctx_release(struct userfaultfd_ctx *ctx);

/* Choose the features, once. -EINVAL: chosen already. */
int uffd_set_features(struct userfaultfd_ctx *ctx, unsigned int features);
/* 0 before uffd_set_features(), then the features and bit 31. */
unsigned int uffd_features(const struct userfaultfd_ctx *ctx);
unsigned int uffd_flags(const struct userfaultfd_ctx *ctx);
/* Who waits: faults that were not read, and all faults. */
void uffd_count(struct userfaultfd_ctx *ctx, unsigned long *pending, unsigned long *total);
bool uffd_readable(struct userfaultfd_ctx *ctx);
/* An event is under way: filling would answer EAGAIN. */
bool uffd_changing(const struct userfaultfd_ctx *ctx);
struct wait_queue_head *uffd_readers(struct userfaultfd_ctx *ctx);

/*
 * Take the next message: a ticket, or 0 when there is none. Of an event, uffd_told() with that ticket ends the reading: with
 * an @err it is put back, else who waits for it goes on (unless it was killed meanwhile). *@child: of a fork event, the
 * context for which a descriptor is to be made.
 */
u64 uffd_take(struct userfaultfd_ctx *ctx, struct uffd_msg *msg, struct userfaultfd_ctx **child);
void uffd_told(struct userfaultfd_ctx *ctx, u64 ticket, int err);

/* [@start, @start + @len): page-aligned, not empty, of user space? 0 or -EINVAL. */
int uffd_check_range(u64 start, u64 len);
/* @mode: UFFDIO_REGISTER_MODE_*. *@ioctls: what the range can be asked. -EINVAL -EPERM -EBUSY -ENOMEM. */
int uffd_register(struct userfaultfd_ctx *ctx, u64 start, u64 len, u64 mode, u64 *ioctls);
int uffd_unregister(struct userfaultfd_ctx *ctx, u64 start, u64 len);
/* Whoever waits for a page of the range goes on and looks again. */
void uffd_wake(struct userfaultfd_ctx *ctx, u64 start, u64 len);

enum uffd_fill { UFFD_FILL_COPY, UFFD_FILL_ZERO, UFFD_FILL_CONTINUE };
/**
 * uffd_fill_range - put pages where there are none.
 * @src: of UFFD_FILL_COPY, the user address of the contents, in the caller's address space
 * @wp: write-protect them at once
 * Return: bytes done, or, when not even one page, -EEXIST (there is one), -ENOENT (not registered), -EFAULT, -EAGAIN
 * (the layout is changing), -ENOMEM, -EINVAL, -ENOSPC, -ESRCH (the process is gone).
 */
ssize_t uffd_fill_range(struct userfaultfd_ctx *ctx, enum uffd_fill how, unsigned long dst,
			unsigned long src, unsigned long len, bool wp);
/* Take write access away, or allow it again. 0, -ENOENT, -EAGAIN, -ENOMEM, -ESRCH. */
int uffd_protect_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len, bool protect);

#endif
