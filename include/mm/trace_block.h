/* SPDX-License-Identifier: MIT */
/*
 * The events of the block layer. Names, fields and their order are Linux 6.1's (include/trace/events/block.h), but for
 * the commands of SCSI (field cmd), which is shown as "()".
 */
#ifndef QUIRE_MM_TRACE_BLOCK_H
#define QUIRE_MM_TRACE_BLOCK_H

#include <mm/trace.h>

#define TRACE_RWBS_LEN	8

/* Some sectors of a device: of a bio, or of a request. */
struct trace_sectors {
	dev_t dev;
	u64 sector;		/* of 512 bytes */
	unsigned int nr_sector;
	unsigned int bytes;
	char rwbs[TRACE_RWBS_LEN];	/* "WS": what is done */
};

DECLARE_TRACE_EVENT(block_bio_queue);
DECLARE_TRACE_EVENT(block_bio_backmerge);
DECLARE_TRACE_EVENT(block_bio_frontmerge);
DECLARE_TRACE_EVENT(block_getrq);
DECLARE_TRACE_EVENT(block_bio_complete);
DECLARE_TRACE_EVENT(block_bio_remap);
DECLARE_TRACE_EVENT(block_split);
DECLARE_TRACE_EVENT(block_plug);
DECLARE_TRACE_EVENT(block_unplug);
DECLARE_TRACE_EVENT(block_rq_insert);
DECLARE_TRACE_EVENT(block_rq_issue);
DECLARE_TRACE_EVENT(block_rq_requeue);
DECLARE_TRACE_EVENT(block_rq_complete);
DECLARE_TRACE_EVENT(block_rq_error);

void __trace_block_bio_queue(const struct trace_sectors *s);
void __trace_block_bio_backmerge(const struct trace_sectors *s);
void __trace_block_bio_frontmerge(const struct trace_sectors *s);
void __trace_block_getrq(const struct trace_sectors *s);
void __trace_block_bio_complete(const struct trace_sectors *s, int error);
/* It was at @old_sector of the partition @old_dev. */
void __trace_block_bio_remap(const struct trace_sectors *s, dev_t old_dev, u64 old_sector);
/* The rest begins at @new_sector. */
void __trace_block_split(const struct trace_sectors *s, u64 new_sector);
void __trace_block_plug(void);
void __trace_block_unplug(int nr_rq);
void __trace_block_rq_insert(const struct trace_sectors *s);
void __trace_block_rq_issue(const struct trace_sectors *s);
void __trace_block_rq_requeue(const struct trace_sectors *s);
void __trace_block_rq_complete(const struct trace_sectors *s, int error);
void __trace_block_rq_error(const struct trace_sectors *s, int error);

#endif
