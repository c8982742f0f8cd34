// SPDX-License-Identifier: MIT
/*
 * The events of writeback, and of errors that it meets. Names, fields, their order and the print formats are Linux
 * 6.1's (include/trace/events/writeback.h, filemap.h). There are no control groups: cgroup_ino is 1, the root's.
 */
#include <base/printf.h>
#include <base/string.h>
#include <kernel/task.h>
#include <mm/address_space.h>
#include <mm/trace_writeback.h>
#include <mm/vmstat.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "trace_internal.h"

#define ROOT_CGROUP 1UL
typedef unsigned long ino_t;

static const char *const reasons[] = { "background", "vmscan", "sync", "periodic", "laptop_timer",
				       "fs_free_space", "forker_thread", "foreign_flush" };
#define REASON_FMT "__print_symbolic(REC->reason, { 0, \"background\" }, { 1, \"vmscan\" }, { 2, \"sync\" }, { 3, \"periodic\" }, { 4, \"laptop_timer\" }, { 5, \"fs_free_space\" }, { 6, \"forker_thread\" }, { 7, \"foreign_flush\" })"
#define FLAGS_FMT(f) "__print_flags(REC->" f ", \"|\", {(1 << 0), \"I_DIRTY_SYNC\"}, {(1 << 1), \"I_DIRTY_DATASYNC\"}, {(1 << 2), \"I_DIRTY_PAGES\"}, {(1 << 3), \"I_NEW\"}, {(1 << 4), \"I_WILL_FREE\"}, {(1 << 5), \"I_FREEING\"}, {(1 << 6), \"I_CLEAR\"}, {(1 << 7), \"I_SYNC\"}, {(1 << 11), \"I_DIRTY_TIME\"}, {(1 << 8), \"I_REFERENCED\"} )"

static const char *reason_name(int reason)
{
	return (unsigned int)reason < WB_REASON_MAX ? reasons[reason] : "?";
}

/* "I_DIRTY_SYNC|I_DIRTY_PAGES" of inode states. */
static int print_state(char *buf, size_t size, unsigned long state)
{
	static const char *const names[] = { "I_DIRTY_SYNC", "I_DIRTY_DATASYNC", "I_DIRTY_PAGES", "I_NEW",
					     "I_WILL_FREE", "I_FREEING", "I_CLEAR", "I_SYNC",
					     "I_REFERENCED", NULL, NULL, "I_DIRTY_TIME" };
	int len = 0;

	buf[0] = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if ((state >> i & 1) && names[i])
			len += scnprintf(buf + len, size - len, "%s%s", len ? "|" : "", names[i]);
	return len;
}

static void put_name(char *name, const struct backing_dev_info *bdi)
{
	strscpy_pad(name, bdi->dev_name, 32);
}

/* ---- one folio; of the swap cache, or of no file any more: no inode ---- */

#define FOLIO_FIELDS(F, ev) F##_TEXT(ev, 32, name) F(ev, ino_t, ino) F(ev, unsigned long, index)
#define writeback_dirty_folio_FIELDS(F) FOLIO_FIELDS(F, writeback_dirty_folio)
#define folio_wait_writeback_FIELDS(F) FOLIO_FIELDS(F, folio_wait_writeback)
#define FOLIO_FMT "\"bdi %s: ino=%lu index=%lu\", REC->name, (unsigned long)REC->ino, REC->index"
DEFINE_TRACE_RECORD(writeback_dirty_folio);
DEFINE_TRACE_RECORD(folio_wait_writeback);
PRINTER(writeback_dirty_folio)
{
	RECORD(writeback_dirty_folio);

	return scnprintf(buf, size, "bdi %s: ino=%lu index=%lu", r->name, r->ino, r->index);
}
#define print_folio_wait_writeback print_writeback_dirty_folio
#define DEFINE_FOLIO_EVENT(ev)								\
DEFINE_TRACE_EVENT(writeback, ev, FOLIO_FMT);						\
void __trace_##ev(struct inode *inode, unsigned long index)				\
{											\
	struct ev##_record r = { .ino = inode ? inode->i_ino : 0, .index = index };	\
											\
	if (inode)									\
		put_name(r.name, inode_to_bdi(inode));					\
	else										\
		strscpy_pad(r.name, "(unknown)", 32);					\
	trace_put(&__event_##ev, &r);							\
}
DEFINE_FOLIO_EVENT(writeback_dirty_folio)
DEFINE_FOLIO_EVENT(folio_wait_writeback)

/* ---- one inode ---- */

#define writeback_mark_inode_dirty_FIELDS(F)						\
	F##_TEXT(writeback_mark_inode_dirty, 32, name) F(writeback_mark_inode_dirty, ino_t, ino)	\
	F(writeback_mark_inode_dirty, unsigned long, state) F(writeback_mark_inode_dirty, unsigned long, flags)
DEFINE_TRACE_RECORD(writeback_mark_inode_dirty);
PRINTER(writeback_mark_inode_dirty)
{
	RECORD(writeback_mark_inode_dirty);
	int len = scnprintf(buf, size, "bdi %s: ino=%lu state=", r->name, r->ino);

	len += print_state(buf + len, size - len, r->state);
	len += scnprintf(buf + len, size - len, " flags=");
	return len + print_state(buf + len, size - len, r->flags);
}
DEFINE_TRACE_EVENT(writeback, writeback_mark_inode_dirty, "\"bdi %s: ino=%lu state=%s flags=%s\", REC->name, (unsigned long)REC->ino, " FLAGS_FMT("state") ", " FLAGS_FMT("flags"));
void __trace_writeback_mark_inode_dirty(struct inode *inode, int flags)
{
	struct writeback_mark_inode_dirty_record r = { .ino = inode->i_ino, .state = READ_ONCE(inode->i_state),
						       .flags = flags };

	put_name(r.name, inode_to_bdi(inode));
	trace_put(&__event_writeback_mark_inode_dirty, &r);
}

#define WRITE_INODE_FIELDS(F, ev) F##_TEXT(ev, 32, name) F(ev, ino_t, ino) F(ev, int, sync_mode) F(ev, ino_t, cgroup_ino)
#define writeback_write_inode_start_FIELDS(F) WRITE_INODE_FIELDS(F, writeback_write_inode_start)
#define writeback_write_inode_FIELDS(F) WRITE_INODE_FIELDS(F, writeback_write_inode)
DEFINE_TRACE_RECORD(writeback_write_inode_start);
DEFINE_TRACE_RECORD(writeback_write_inode);
PRINTER(writeback_write_inode)
{
	RECORD(writeback_write_inode);

	return scnprintf(buf, size, "bdi %s: ino=%lu sync_mode=%d cgroup_ino=%lu", r->name, r->ino, r->sync_mode,
			 r->cgroup_ino);
}
#define print_writeback_write_inode_start print_writeback_write_inode
#define DEFINE_WRITE_INODE_EVENT(ev)							\
DEFINE_TRACE_EVENT(writeback, ev, "\"bdi %s: ino=%lu sync_mode=%d cgroup_ino=%lu\", REC->name, (unsigned long)REC->ino, REC->sync_mode, (unsigned long)REC->cgroup_ino");	\
void __trace_##ev(struct inode *inode, struct writeback_control *wbc)			\
{											\
	struct ev##_record r = { .ino = inode->i_ino, .sync_mode = wbc->sync_mode, .cgroup_ino = ROOT_CGROUP };	\
											\
	put_name(r.name, inode_to_bdi(inode));						\
	trace_put(&__event_##ev, &r);							\
}
DEFINE_WRITE_INODE_EVENT(writeback_write_inode_start)
DEFINE_WRITE_INODE_EVENT(writeback_write_inode)

#define SINGLE_FIELDS(F, ev)								\
	F##_TEXT(ev, 32, name) F(ev, ino_t, ino) F(ev, unsigned long, state) F(ev, unsigned long, dirtied_when) \
	F(ev, unsigned long, writeback_index) F(ev, long, nr_to_write) F(ev, unsigned long, wrote)	\
	F(ev, ino_t, cgroup_ino)
#define writeback_single_inode_start_FIELDS(F) SINGLE_FIELDS(F, writeback_single_inode_start)
#define writeback_single_inode_FIELDS(F) SINGLE_FIELDS(F, writeback_single_inode)
DEFINE_TRACE_RECORD(writeback_single_inode_start);
DEFINE_TRACE_RECORD(writeback_single_inode);
PRINTER(writeback_single_inode)
{
	RECORD(writeback_single_inode);
	int len = scnprintf(buf, size, "bdi %s: ino=%lu state=", r->name, r->ino);

	len += print_state(buf + len, size - len, r->state);
	return len + scnprintf(buf + len, size - len,
			       " dirtied_when=%lu age=%lu index=%lu to_write=%ld wrote=%lu cgroup_ino=%lu",
			       r->dirtied_when, (jiffies - r->dirtied_when) / HZ, r->writeback_index,
			       r->nr_to_write, r->wrote, r->cgroup_ino);
}
#define print_writeback_single_inode_start print_writeback_single_inode
#define DEFINE_SINGLE_EVENT(ev)								\
DEFINE_TRACE_EVENT(writeback, ev, "\"bdi %s: ino=%lu state=%s dirtied_when=%lu age=%lu index=%lu to_write=%ld wrote=%lu cgroup_ino=%lu\", REC->name, (unsigned long)REC->ino, " FLAGS_FMT("state") ", REC->dirtied_when, (jiffies - REC->dirtied_when) / 250, REC->writeback_index, REC->nr_to_write, REC->wrote, (unsigned long)REC->cgroup_ino");	\
void __trace_##ev(struct inode *inode, struct writeback_control *wbc, long nr_to_write)	\
{											\
	struct ev##_record r = {							\
		.ino = inode->i_ino, .state = READ_ONCE(inode->i_state), .dirtied_when = inode->dirtied_when,	\
		.writeback_index = inode->i_mapping->writeback_index, .nr_to_write = nr_to_write,	\
		.wrote = nr_to_write - wbc->nr_to_write, .cgroup_ino = ROOT_CGROUP,	\
	};										\
											\
	put_name(r.name, inode_to_bdi(inode));						\
	trace_put(&__event_##ev, &r);							\
}
DEFINE_SINGLE_EVENT(writeback_single_inode_start)
DEFINE_SINGLE_EVENT(writeback_single_inode)

/* ---- works of the flusher ---- */

#define WORK_FIELDS(F, ev)								\
	F##_TEXT(ev, 32, name) F(ev, long, nr_pages) F(ev, dev_t, sb_dev) F(ev, int, sync_mode)	\
	F(ev, int, for_kupdate) F(ev, int, range_cyclic) F(ev, int, for_background) F(ev, int, reason)	\
	F(ev, ino_t, cgroup_ino)
#define writeback_queue_FIELDS(F) WORK_FIELDS(F, writeback_queue)
#define writeback_exec_FIELDS(F) WORK_FIELDS(F, writeback_exec)
#define writeback_start_FIELDS(F) WORK_FIELDS(F, writeback_start)
#define writeback_written_FIELDS(F) WORK_FIELDS(F, writeback_written)
#define WORK_FMT "\"bdi %s: sb_dev %d:%d nr_pages=%ld sync_mode=%d kupdate=%d range_cyclic=%d background=%d reason=%s cgroup_ino=%lu\", REC->name, ((unsigned int) ((REC->sb_dev) >> 20)), ((unsigned int) ((REC->sb_dev) & ((1U << 20) - 1))), REC->nr_pages, REC->sync_mode, REC->for_kupdate, REC->range_cyclic, REC->for_background, " REASON_FMT ", (unsigned long)REC->cgroup_ino"
DEFINE_TRACE_RECORD(writeback_queue);
DEFINE_TRACE_RECORD(writeback_exec);
DEFINE_TRACE_RECORD(writeback_start);
DEFINE_TRACE_RECORD(writeback_written);
PRINTER(writeback_queue)
{
	RECORD(writeback_queue);

	return scnprintf(buf, size,
			 "bdi %s: sb_dev %d:%d nr_pages=%ld sync_mode=%d kupdate=%d range_cyclic=%d background=%d reason=%s cgroup_ino=%lu",
			 r->name, r->sb_dev >> 20, r->sb_dev & 0xfffff, r->nr_pages, r->sync_mode, r->for_kupdate,
			 r->range_cyclic, r->for_background, reason_name(r->reason), r->cgroup_ino);
}
#define print_writeback_exec print_writeback_queue
#define print_writeback_start print_writeback_queue
#define print_writeback_written print_writeback_queue
#define DEFINE_WORK_EVENT(ev)								\
DEFINE_TRACE_EVENT(writeback, ev, WORK_FMT);						\
void __trace_##ev(const struct trace_work *work)					\
{											\
	struct ev##_record r = {							\
		.nr_pages = work->nr_pages, .sb_dev = work->sb_dev, .sync_mode = work->sync_mode,	\
		.for_kupdate = work->for_kupdate, .range_cyclic = work->range_cyclic,	\
		.for_background = work->for_background, .reason = work->reason, .cgroup_ino = ROOT_CGROUP,	\
	};										\
											\
	put_name(r.name, work->bdi);							\
	trace_put(&__event_##ev, &r);							\
}
DEFINE_WORK_EVENT(writeback_queue)
DEFINE_WORK_EVENT(writeback_exec)
DEFINE_WORK_EVENT(writeback_start)
DEFINE_WORK_EVENT(writeback_written)

#define writeback_queue_io_FIELDS(F)							\
	F##_TEXT(writeback_queue_io, 32, name) F(writeback_queue_io, unsigned long, older)	\
	F(writeback_queue_io, long, age) F(writeback_queue_io, int, moved) F(writeback_queue_io, int, reason)	\
	F(writeback_queue_io, ino_t, cgroup_ino)
DEFINE_TRACE_RECORD(writeback_queue_io);
PRINTER(writeback_queue_io)
{
	RECORD(writeback_queue_io);

	return scnprintf(buf, size, "bdi %s: older=%lu age=%ld enqueue=%d reason=%s cgroup_ino=%lu", r->name,
			 r->older, r->age, r->moved, reason_name(r->reason), r->cgroup_ino);
}
DEFINE_TRACE_EVENT(writeback, writeback_queue_io, "\"bdi %s: older=%lu age=%ld enqueue=%d reason=%s cgroup_ino=%lu\", REC->name, REC->older, REC->age, REC->moved, " REASON_FMT ", (unsigned long)REC->cgroup_ino");
void __trace_writeback_queue_io(const struct trace_work *work, unsigned long older, int moved)
{
	struct writeback_queue_io_record r = { .older = older, .age = (long)(jiffies - older) * 1000 / HZ,
					       .moved = moved, .reason = work->reason, .cgroup_ino = ROOT_CGROUP };

	put_name(r.name, work->bdi);
	trace_put(&__event_writeback_queue_io, &r);
}

#define writeback_pages_written_FIELDS(F) F(writeback_pages_written, long, pages)
DEFINE_TRACE_RECORD(writeback_pages_written);
PRINTER(writeback_pages_written)
{
	RECORD(writeback_pages_written);

	return scnprintf(buf, size, "%ld", r->pages);
}
DEFINE_TRACE_EVENT(writeback, writeback_pages_written, "\"%ld\", REC->pages");
void __trace_writeback_pages_written(long pages)
{
	struct writeback_pages_written_record r = { .pages = pages };

	trace_put(&__event_writeback_pages_written, &r);
}

#define writeback_wake_background_FIELDS(F)						\
	F##_TEXT(writeback_wake_background, 32, name) F(writeback_wake_background, ino_t, cgroup_ino)
DEFINE_TRACE_RECORD(writeback_wake_background);
PRINTER(writeback_wake_background)
{
	RECORD(writeback_wake_background);

	return scnprintf(buf, size, "bdi %s: cgroup_ino=%lu", r->name, r->cgroup_ino);
}
DEFINE_TRACE_EVENT(writeback, writeback_wake_background, "\"bdi %s: cgroup_ino=%lu\", REC->name, (unsigned long)REC->cgroup_ino");
void __trace_writeback_wake_background(struct backing_dev_info *bdi)
{
	struct writeback_wake_background_record r = { .cgroup_ino = ROOT_CGROUP };

	put_name(r.name, bdi);
	trace_put(&__event_writeback_wake_background, &r);
}

#define writeback_bdi_register_FIELDS(F) F##_TEXT(writeback_bdi_register, 32, name)
DEFINE_TRACE_RECORD(writeback_bdi_register);
PRINTER(writeback_bdi_register)
{
	RECORD(writeback_bdi_register);

	return scnprintf(buf, size, "bdi %s", r->name);
}
DEFINE_TRACE_EVENT(writeback, writeback_bdi_register, "\"bdi %s\", REC->name");
void __trace_writeback_bdi_register(struct backing_dev_info *bdi)
{
	struct writeback_bdi_register_record r = { .ent = { 0 } };

	put_name(r.name, bdi);
	trace_put(&__event_writeback_bdi_register, &r);
}

#define wbc_writepage_FIELDS(F)								\
	F##_TEXT(wbc_writepage, 32, name) F(wbc_writepage, long, nr_to_write) F(wbc_writepage, long, pages_skipped) \
	F(wbc_writepage, int, sync_mode) F(wbc_writepage, int, for_kupdate) F(wbc_writepage, int, for_background) \
	F(wbc_writepage, int, for_reclaim) F(wbc_writepage, int, range_cyclic) F(wbc_writepage, long, range_start) \
	F(wbc_writepage, long, range_end) F(wbc_writepage, ino_t, cgroup_ino)
DEFINE_TRACE_RECORD(wbc_writepage);
PRINTER(wbc_writepage)
{
	RECORD(wbc_writepage);

	return scnprintf(buf, size,
			 "bdi %s: towrt=%ld skip=%ld mode=%d kupd=%d bgrd=%d reclm=%d cyclic=%d start=0x%lx end=0x%lx cgroup_ino=%lu",
			 r->name, r->nr_to_write, r->pages_skipped, r->sync_mode, r->for_kupdate, r->for_background,
			 r->for_reclaim, r->range_cyclic, r->range_start, r->range_end, r->cgroup_ino);
}
DEFINE_TRACE_EVENT(writeback, wbc_writepage, "\"bdi %s: towrt=%ld skip=%ld mode=%d kupd=%d bgrd=%d reclm=%d cyclic=%d start=0x%lx end=0x%lx cgroup_ino=%lu\", REC->name, REC->nr_to_write, REC->pages_skipped, REC->sync_mode, REC->for_kupdate, REC->for_background, REC->for_reclaim, REC->range_cyclic, REC->range_start, REC->range_end, (unsigned long)REC->cgroup_ino");
void __trace_wbc_writepage(const struct writeback_control *wbc, struct backing_dev_info *bdi)
{
	struct wbc_writepage_record r = {
		.nr_to_write = wbc->nr_to_write, .pages_skipped = wbc->pages_skipped, .sync_mode = wbc->sync_mode,
		.for_kupdate = wbc->for_kupdate, .for_background = wbc->for_background,
		.for_reclaim = wbc->for_reclaim, .range_cyclic = wbc->range_cyclic,
		.range_start = wbc->range_start, .range_end = wbc->range_end, .cgroup_ino = ROOT_CGROUP,
	};

	put_name(r.name, bdi);
	trace_put(&__event_wbc_writepage, &r);
}

/* ---- limits ---- */

#define global_dirty_state_FIELDS(F)							\
	F(global_dirty_state, unsigned long, nr_dirty) F(global_dirty_state, unsigned long, nr_writeback)	\
	F(global_dirty_state, unsigned long, background_thresh) F(global_dirty_state, unsigned long, dirty_thresh) \
	F(global_dirty_state, unsigned long, dirty_limit) F(global_dirty_state, unsigned long, nr_dirtied)	\
	F(global_dirty_state, unsigned long, nr_written)
DEFINE_TRACE_RECORD(global_dirty_state);
PRINTER(global_dirty_state)
{
	RECORD(global_dirty_state);

	return scnprintf(buf, size,
			 "dirty=%lu writeback=%lu bg_thresh=%lu thresh=%lu limit=%lu dirtied=%lu written=%lu",
			 r->nr_dirty, r->nr_writeback, r->background_thresh, r->dirty_thresh, r->dirty_limit,
			 r->nr_dirtied, r->nr_written);
}
DEFINE_TRACE_EVENT(writeback, global_dirty_state, "\"dirty=%lu writeback=%lu bg_thresh=%lu thresh=%lu limit=%lu dirtied=%lu written=%lu\", REC->nr_dirty, REC->nr_writeback, REC->background_thresh, REC->dirty_thresh, REC->dirty_limit, REC->nr_dirtied, REC->nr_written");
void __trace_global_dirty_state(unsigned long background, unsigned long dirty, unsigned long limit)
{
	struct global_dirty_state_record r = {
		.nr_dirty = global_node_page_state(NR_FILE_DIRTY), .nr_writeback = global_node_page_state(NR_WRITEBACK),
		.background_thresh = background, .dirty_thresh = dirty, .dirty_limit = limit,
		.nr_dirtied = global_node_page_state(NR_DIRTIED), .nr_written = global_node_page_state(NR_WRITTEN),
	};

	trace_put(&__event_global_dirty_state, &r);
}

#define balance_dirty_pages_FIELDS(F)							\
	F##_TEXT(balance_dirty_pages, 32, bdi) F(balance_dirty_pages, unsigned long, limit)	\
	F(balance_dirty_pages, unsigned long, setpoint) F(balance_dirty_pages, unsigned long, dirty)	\
	F(balance_dirty_pages, unsigned long, bdi_setpoint) F(balance_dirty_pages, unsigned long, bdi_dirty)	\
	F(balance_dirty_pages, unsigned long, dirty_ratelimit) F(balance_dirty_pages, unsigned long, task_ratelimit) \
	F(balance_dirty_pages, unsigned int, dirtied) F(balance_dirty_pages, unsigned int, dirtied_pause)	\
	F(balance_dirty_pages, unsigned long, paused) F(balance_dirty_pages, long, pause)	\
	F(balance_dirty_pages, unsigned long, period) F(balance_dirty_pages, long, think)	\
	F(balance_dirty_pages, ino_t, cgroup_ino)
DEFINE_TRACE_RECORD(balance_dirty_pages);
PRINTER(balance_dirty_pages)
{
	RECORD(balance_dirty_pages);

	return scnprintf(buf, size,
			 "bdi %s: limit=%lu setpoint=%lu dirty=%lu bdi_setpoint=%lu bdi_dirty=%lu dirty_ratelimit=%lu task_ratelimit=%lu dirtied=%u dirtied_pause=%u paused=%lu pause=%ld period=%lu think=%ld cgroup_ino=%lu",
			 r->bdi, r->limit, r->setpoint, r->dirty, r->bdi_setpoint, r->bdi_dirty, r->dirty_ratelimit,
			 r->task_ratelimit, r->dirtied, r->dirtied_pause, r->paused, r->pause, r->period, r->think,
			 r->cgroup_ino);
}
DEFINE_TRACE_EVENT(writeback, balance_dirty_pages, "\"bdi %s: limit=%lu setpoint=%lu dirty=%lu bdi_setpoint=%lu bdi_dirty=%lu dirty_ratelimit=%lu task_ratelimit=%lu dirtied=%u dirtied_pause=%u paused=%lu pause=%ld period=%lu think=%ld cgroup_ino=%lu\", REC->bdi, REC->limit, REC->setpoint, REC->dirty, REC->bdi_setpoint, REC->bdi_dirty, REC->dirty_ratelimit, REC->task_ratelimit, REC->dirtied, REC->dirtied_pause, REC->paused, REC->pause, REC->period, REC->think, (unsigned long)REC->cgroup_ino");
/* Rates in KiB per second and times in milliseconds, as Linux shows them. */
void __trace_balance_dirty_pages(const struct trace_throttle *t)
{
	long think = current->dirty_paused_when ? (long)(jiffies - current->dirty_paused_when) : 0;
	struct balance_dirty_pages_record r = {
		.limit = t->limit, .setpoint = t->setpoint, .dirty = t->dirty, .bdi_setpoint = t->bdi_setpoint,
		.bdi_dirty = t->bdi_dirty, .dirty_ratelimit = t->wb->dirty_ratelimit << (PAGE_SHIFT - 10),
		.task_ratelimit = t->task_ratelimit << (PAGE_SHIFT - 10), .dirtied = t->dirtied,
		.dirtied_pause = current->nr_dirtied_pause, .pause = t->pause * 1000 / HZ,
		.period = (t->pause + think) * 1000 / HZ, .think = think * 1000 / HZ, .cgroup_ino = ROOT_CGROUP,
	};

	put_name(r.bdi, t->wb->bdi);
	trace_put(&__event_balance_dirty_pages, &r);
}

/* ---- errors ---- */

#define filemap_set_wb_err_FIELDS(F)							\
	F(filemap_set_wb_err, unsigned long, i_ino) F(filemap_set_wb_err, dev_t, s_dev)	\
	F(filemap_set_wb_err, errseq_t, errseq)
DEFINE_TRACE_RECORD(filemap_set_wb_err);
PRINTER(filemap_set_wb_err)
{
	RECORD(filemap_set_wb_err);

	return scnprintf(buf, size, "dev=%d:%d ino=0x%lx errseq=0x%x", r->s_dev >> 20, r->s_dev & 0xfffff, r->i_ino,
			 r->errseq);
}
DEFINE_TRACE_EVENT(filemap, filemap_set_wb_err, "\"dev=%d:%d ino=0x%lx errseq=0x%x\", ((unsigned int) ((REC->s_dev) >> 20)), ((unsigned int) ((REC->s_dev) & ((1U << 20) - 1))), REC->i_ino, REC->errseq");
void __trace_filemap_set_wb_err(struct address_space *mapping)
{
	struct filemap_set_wb_err_record r = { .i_ino = mapping->host->i_ino, .s_dev = mapping->host->i_sb->s_dev,
					       .errseq = READ_ONCE(mapping->wb_err) };

	trace_put(&__event_filemap_set_wb_err, &r);
}

#define file_check_and_advance_wb_err_FIELDS(F)						\
	F(file_check_and_advance_wb_err, unsigned long, file) F(file_check_and_advance_wb_err, unsigned long, i_ino) \
	F(file_check_and_advance_wb_err, dev_t, s_dev) F(file_check_and_advance_wb_err, errseq_t, old)	\
	F(file_check_and_advance_wb_err, errseq_t, new)
DEFINE_TRACE_RECORD(file_check_and_advance_wb_err);
PRINTER(file_check_and_advance_wb_err)
{
	RECORD(file_check_and_advance_wb_err);

	return scnprintf(buf, size, "file=%p dev=%d:%d ino=0x%lx old=0x%x new=0x%x", (void *)r->file, r->s_dev >> 20,
			 r->s_dev & 0xfffff, r->i_ino, r->old, r->new);
}
DEFINE_TRACE_EVENT(filemap, file_check_and_advance_wb_err, "\"file=%p dev=%d:%d ino=0x%lx old=0x%x new=0x%x\", REC->file, ((unsigned int) ((REC->s_dev) >> 20)), ((unsigned int) ((REC->s_dev) & ((1U << 20) - 1))), REC->i_ino, REC->old, REC->new");
void __trace_file_check_and_advance_wb_err(struct file *file, errseq_t old)
{
	struct inode *host = file->f_mapping->host;
	struct file_check_and_advance_wb_err_record r = { .file = (unsigned long)file, .i_ino = host->i_ino,
							  .s_dev = host->i_sb->s_dev, .old = old,
							  .new = READ_ONCE(file->f_wb_err) };

	trace_put(&__event_file_check_and_advance_wb_err, &r);
}
