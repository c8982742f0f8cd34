// SPDX-License-Identifier: MIT
/* The events of the block layer: see the header. */
#include <base/printf.h>
#include <base/string.h>
#include <kernel/task.h>
#include <mm/trace_block.h>
#include "trace_internal.h"

#define DEV_FMT "%d,%d"
#define DEV_ARGS(dev) (dev) >> 20, (dev) & 0xfffff
#define DEV_OF(f) "((unsigned int) ((REC->" f ") >> 20)), ((unsigned int) ((REC->" f ") & ((1U << 20) - 1)))"
#define PLACE_FIELDS(F, ev) F(ev, dev_t, dev) F(ev, sector_t, sector)

static void put_comm(char comm[TASK_COMM_LEN])
{
	strscpy_pad(comm, current->comm, TASK_COMM_LEN);
}

/* ---- bios, and requests that are made for one ---- */

#define BIO_FIELDS(F, ev)							\
	PLACE_FIELDS(F, ev) F(ev, unsigned int, nr_sector) F##_TEXT(ev, 8, rwbs) F##_TEXT(ev, 16, comm)
#define BIO_FMT "\"%d,%d %s %llu + %u [%s]\", " DEV_OF("dev") ", REC->rwbs, (unsigned long long)REC->sector, REC->nr_sector, REC->comm"
#define DEFINE_BIO_EVENT(ev)							\
DEFINE_TRACE_RECORD(ev);							\
PRINTER(ev)									\
{										\
	RECORD(ev);								\
										\
	return scnprintf(buf, size, DEV_FMT " %s %llu + %u [%s]", DEV_ARGS(r->dev), r->rwbs,	\
			 (unsigned long long)r->sector, r->nr_sector, r->comm);	\
}										\
DEFINE_TRACE_EVENT(block, ev, BIO_FMT);						\
void __trace_##ev(const struct trace_sectors *s)				\
{										\
	struct ev##_record r = { .dev = s->dev, .sector = s->sector, .nr_sector = s->nr_sector };	\
										\
	memcpy(r.rwbs, s->rwbs, sizeof(r.rwbs));				\
	put_comm(r.comm);							\
	trace_put(&__event_##ev, &r);						\
}
#define block_bio_queue_FIELDS(F) BIO_FIELDS(F, block_bio_queue)
#define block_bio_backmerge_FIELDS(F) BIO_FIELDS(F, block_bio_backmerge)
#define block_bio_frontmerge_FIELDS(F) BIO_FIELDS(F, block_bio_frontmerge)
#define block_getrq_FIELDS(F) BIO_FIELDS(F, block_getrq)
DEFINE_BIO_EVENT(block_bio_queue)
DEFINE_BIO_EVENT(block_bio_backmerge)
DEFINE_BIO_EVENT(block_bio_frontmerge)
DEFINE_BIO_EVENT(block_getrq)

#define block_split_FIELDS(F)							\
	PLACE_FIELDS(F, block_split) F(block_split, sector_t, new_sector)	\
	F##_TEXT(block_split, 8, rwbs) F##_TEXT(block_split, 16, comm)
DEFINE_TRACE_RECORD(block_split);
PRINTER(block_split)
{
	RECORD(block_split);

	return scnprintf(buf, size, DEV_FMT " %s %llu / %llu [%s]", DEV_ARGS(r->dev), r->rwbs,
			 (unsigned long long)r->sector, (unsigned long long)r->new_sector, r->comm);
}
DEFINE_TRACE_EVENT(block, block_split, "\"%d,%d %s %llu / %llu [%s]\", " DEV_OF("dev") ", REC->rwbs, (unsigned long long)REC->sector, (unsigned long long)REC->new_sector, REC->comm");
void __trace_block_split(const struct trace_sectors *s, u64 new_sector)
{
	struct block_split_record r = { .dev = s->dev, .sector = s->sector, .new_sector = new_sector };

	memcpy(r.rwbs, s->rwbs, sizeof(r.rwbs));
	put_comm(r.comm);
	trace_put(&__event_block_split, &r);
}

#define block_bio_remap_FIELDS(F)						\
	PLACE_FIELDS(F, block_bio_remap) F(block_bio_remap, unsigned int, nr_sector)	\
	F(block_bio_remap, dev_t, old_dev) F(block_bio_remap, sector_t, old_sector)	\
	F##_TEXT(block_bio_remap, 8, rwbs)
DEFINE_TRACE_RECORD(block_bio_remap);
PRINTER(block_bio_remap)
{
	RECORD(block_bio_remap);

	return scnprintf(buf, size, DEV_FMT " %s %llu + %u <- (" DEV_FMT ") %llu", DEV_ARGS(r->dev), r->rwbs,
			 (unsigned long long)r->sector, r->nr_sector, DEV_ARGS(r->old_dev),
			 (unsigned long long)r->old_sector);
}
DEFINE_TRACE_EVENT(block, block_bio_remap, "\"%d,%d %s %llu + %u <- (%d,%d) %llu\", " DEV_OF("dev") ", REC->rwbs, (unsigned long long)REC->sector, REC->nr_sector, " DEV_OF("old_dev") ", (unsigned long long)REC->old_sector");
void __trace_block_bio_remap(const struct trace_sectors *s, dev_t old_dev, u64 old_sector)
{
	struct block_bio_remap_record r = { .dev = s->dev, .sector = s->sector, .nr_sector = s->nr_sector,
					    .old_dev = old_dev, .old_sector = old_sector };

	memcpy(r.rwbs, s->rwbs, sizeof(r.rwbs));
	trace_put(&__event_block_bio_remap, &r);
}

/* ---- ends ---- */

#define END_FIELDS(F, ev) PLACE_FIELDS(F, ev) F(ev, unsigned int, nr_sector) F(ev, int, error) F##_TEXT(ev, 8, rwbs)
#define END_ARGS ", REC->rwbs, (unsigned long long)REC->sector, REC->nr_sector, REC->error"
#define DEFINE_END_EVENT(ev, cmd)						\
DEFINE_TRACE_RECORD(ev);							\
PRINTER(ev)									\
{										\
	RECORD(ev);								\
										\
	return scnprintf(buf, size, DEV_FMT " %s " cmd "%llu + %u [%d]", DEV_ARGS(r->dev), r->rwbs,	\
			 (unsigned long long)r->sector, r->nr_sector, r->error);	\
}										\
DEFINE_TRACE_EVENT(block, ev, "\"%d,%d %s " cmd "%llu + %u [%d]\", " DEV_OF("dev") END_ARGS);	\
void __trace_##ev(const struct trace_sectors *s, int error)			\
{										\
	struct ev##_record r = { .dev = s->dev, .sector = s->sector, .nr_sector = s->nr_sector,	\
				 .error = error };				\
										\
	memcpy(r.rwbs, s->rwbs, sizeof(r.rwbs));				\
	trace_put(&__event_##ev, &r);						\
}
#define block_bio_complete_FIELDS(F) END_FIELDS(F, block_bio_complete)
#define block_rq_complete_FIELDS(F) END_FIELDS(F, block_rq_complete)
#define block_rq_error_FIELDS(F) END_FIELDS(F, block_rq_error)
DEFINE_END_EVENT(block_bio_complete, "")
DEFINE_END_EVENT(block_rq_complete, "() ")
DEFINE_END_EVENT(block_rq_error, "() ")

/* ---- requests on their way ---- */

#define RQ_FIELDS(F, ev)							\
	PLACE_FIELDS(F, ev) F(ev, unsigned int, nr_sector) F(ev, unsigned int, bytes)	\
	F##_TEXT(ev, 8, rwbs) F##_TEXT(ev, 16, comm)
#define DEFINE_RQ_EVENT(ev)							\
DEFINE_TRACE_RECORD(ev);							\
PRINTER(ev)									\
{										\
	RECORD(ev);								\
										\
	return scnprintf(buf, size, DEV_FMT " %s %u () %llu + %u [%s]", DEV_ARGS(r->dev), r->rwbs, r->bytes,	\
			 (unsigned long long)r->sector, r->nr_sector, r->comm);	\
}										\
DEFINE_TRACE_EVENT(block, ev, "\"%d,%d %s %u () %llu + %u [%s]\", " DEV_OF("dev") ", REC->rwbs, REC->bytes, (unsigned long long)REC->sector, REC->nr_sector, REC->comm");	\
void __trace_##ev(const struct trace_sectors *s)				\
{										\
	struct ev##_record r = { .dev = s->dev, .sector = s->sector, .nr_sector = s->nr_sector,	\
				 .bytes = s->bytes };				\
										\
	memcpy(r.rwbs, s->rwbs, sizeof(r.rwbs));				\
	put_comm(r.comm);							\
	trace_put(&__event_##ev, &r);						\
}
#define block_rq_insert_FIELDS(F) RQ_FIELDS(F, block_rq_insert)
#define block_rq_issue_FIELDS(F) RQ_FIELDS(F, block_rq_issue)
DEFINE_RQ_EVENT(block_rq_insert)
DEFINE_RQ_EVENT(block_rq_issue)

#define block_rq_requeue_FIELDS(F)						\
	PLACE_FIELDS(F, block_rq_requeue) F(block_rq_requeue, unsigned int, nr_sector) F##_TEXT(block_rq_requeue, 8, rwbs)
DEFINE_TRACE_RECORD(block_rq_requeue);
PRINTER(block_rq_requeue)
{
	RECORD(block_rq_requeue);

	return scnprintf(buf, size, DEV_FMT " %s () %llu + %u [0]", DEV_ARGS(r->dev), r->rwbs,
			 (unsigned long long)r->sector, r->nr_sector);
}
DEFINE_TRACE_EVENT(block, block_rq_requeue, "\"%d,%d %s () %llu + %u [%d]\", " DEV_OF("dev") ", REC->rwbs, (unsigned long long)REC->sector, REC->nr_sector, 0");
void __trace_block_rq_requeue(const struct trace_sectors *s)
{
	struct block_rq_requeue_record r = { .dev = s->dev, .sector = s->sector, .nr_sector = s->nr_sector };

	memcpy(r.rwbs, s->rwbs, sizeof(r.rwbs));
	trace_put(&__event_block_rq_requeue, &r);
}

/* ---- plugs ---- */

#define block_plug_FIELDS(F) F##_TEXT(block_plug, 16, comm)
DEFINE_TRACE_RECORD(block_plug);
PRINTER(block_plug)
{
	RECORD(block_plug);

	return scnprintf(buf, size, "[%s]", r->comm);
}
DEFINE_TRACE_EVENT(block, block_plug, "\"[%s]\", REC->comm");
void __trace_block_plug(void)
{
	struct block_plug_record r = {};

	put_comm(r.comm);
	trace_put(&__event_block_plug, &r);
}

#define block_unplug_FIELDS(F) F(block_unplug, int, nr_rq) F##_TEXT(block_unplug, 16, comm)
DEFINE_TRACE_RECORD(block_unplug);
PRINTER(block_unplug)
{
	RECORD(block_unplug);

	return scnprintf(buf, size, "[%s] %d", r->comm, r->nr_rq);
}
DEFINE_TRACE_EVENT(block, block_unplug, "\"[%s] %d\", REC->comm, REC->nr_rq");
void __trace_block_unplug(int nr_rq)
{
	struct block_unplug_record r = { .nr_rq = nr_rq };

	put_comm(r.comm);
	trace_put(&__event_block_unplug, &r);
}
