// SPDX-License-Identifier: MIT
/*
 * How much may be dirty, and who waits for that.
 *
 * 1 Limits, in pages, of the memory that could hold dirty pages now (free, or page cache of files):
 *
 *	0 ........ background ........ freerun ........ setpoint ........ limit
 *		   flusher writes      = (background    writers are      writers
 *				         + limit) / 2   steered here     stand still
 *
 *   A device gets of the limit what it wrote of all that was written lately (completions, halved each
 *   period): a slow stick cannot fill memory with pages that a fast disk could have written.
 *
 * 2 Throttling. Each task counts the pages that it dirtied. After nr_dirtied_pause of them it compares: below
 *   freerun it goes on. Above, it sleeps
 *
 *	pause = pages dirtied / rate,	rate = dirty_ratelimit of the device * position
 *
 *   where position (1024 = 1) is 2 at freerun, 1 at the setpoint, 0 at the limit, falling as a cube, times
 *   a line of the same kind for the device's own pages; at 0 it waits until something was written.
 *   dirty_ratelimit is what one of the N writers may do so that all together do what the device does:
 *   each 200 ms it moves towards  rate * (written per second / dirtied per second).
 *
 * 3 Units: pages, pages per second, jiffies; ratios in 1/1024.
 *
 * 4 Locks: dirty_lock for the estimates; everything else is read without.
 *
 * 5 Failure: a device without any free memory to write with still writes (bios come from a reserve), so a
 *   writer sleeps at most MAX_PAUSE at a time and looks again; a fatal signal ends it.
 *
 * Linux 6.1: mm/page-writeback.c (with one domain, without control groups; the period is fixed; the share of
 * a device and the rate use fewer filters). Observed by: nr_dirty_threshold, nr_dirty_background_threshold in
 * vmstat; debugfs bdi/M:N/stats; events writeback:balance_dirty_pages, global_dirty_state.
 */
#include <base/types.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/address_space.h>
#include <mm/trace_writeback.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <mm/zone.h>
#include <sync/ranks.h>
#include <fs/inode.h>
#include <fs/super.h>
#include "cache_internal.h"

#define ONE		1024UL /* 1 as a ratio */
#define MAX_PAUSE	max(HZ / 5, 1)
#define BANDWIDTH_EVERY max(HZ / 5, 1)
#define BANDWIDTH_SPAN	(3 * HZ) /* of the moving average */
#define SHARE_PERIOD	(3 * HZ)
#define INIT_BANDWIDTH	(100UL << (20 - PAGE_SHIFT)) /* 100 MB/s */
#define POLL_PAGES	32			     /* between two looks, at least */

unsigned int dirty_writeback_interval = 5 * 100;
unsigned int dirty_expire_interval = 30 * 100;
unsigned int dirtytime_expire_interval = 12 * 60 * 60;
int laptop_mode;
int dirty_background_ratio = 10, vm_dirty_ratio = 20;
unsigned long dirty_background_bytes, vm_dirty_bytes;

static DEFINE_SPINLOCK(dirty_lock, LOCK_DIRTY_LIMITS);
static unsigned long dirty_limit;	/* dirty_lock: the limit, following a falling one slowly */
static unsigned long dirty_limit_stamp; /* dirty_lock: jiffies */
static u64 all_completions;		/* dirty_lock: sum over the devices, halved each period */
static u64 completions_period;		/* dirty_lock: number of the present period */

/* ---- limits ---- */

/* Pages that are free or could be made so by writing and dropping them. Shared memory cannot. */
static unsigned long dirtyable_memory(void)
{
	unsigned long free = nr_free_pages(), cache = global_node_page_state(NR_FILE_PAGES);

	free -= min(free, (unsigned long)totalreserve_pages);
	cache -= min(cache, global_node_page_state(NR_SHMEM));
	return free + cache + 1; /* never 0 */
}

static unsigned long limit_of(unsigned long bytes, int ratio, unsigned long available)
{
	return bytes ? DIV_ROUND_UP(bytes, PAGE_SIZE) : ratio * available / 100;
}

static void limits_of(unsigned long available, unsigned long *background, unsigned long *dirty)
{
	unsigned long thresh =
		limit_of(READ_ONCE(vm_dirty_bytes), READ_ONCE(vm_dirty_ratio), available);
	unsigned long bg = limit_of(READ_ONCE(dirty_background_bytes),
				    READ_ONCE(dirty_background_ratio), available);

	if (bg >= thresh)
		bg = thresh / 2;
	if (rt_task(current)) { /* may go a bit further before it waits */
		bg += bg / 4 + READ_ONCE(dirty_limit) / 32;
		thresh += thresh / 4 + READ_ONCE(dirty_limit) / 32;
	}
	*background = bg;
	*dirty = thresh;
}

void global_dirty_limits(unsigned long *background, unsigned long *dirty)
{
	limits_of(dirtyable_memory(), background, dirty);
}

/* Of a node: what is free there beyond its reserves, and pages of files. */
static unsigned long node_dirtyable_memory(struct pglist_data *pgdat)
{
	unsigned long free = 0;

	for (int i = 0; i < MAX_NR_ZONES; i++)
		free += zone_page_state(pgdat->node_zones + i, NR_FREE_PAGES);
	free -= min(free, pgdat->totalreserve_pages);
	return free + node_page_state(pgdat, NR_INACTIVE_FILE) +
	       node_page_state(pgdat, NR_ACTIVE_FILE);
}

/* A node's share of the limit is its share of the memory. */
bool node_dirty_ok(struct pglist_data *pgdat)
{
	unsigned long memory = node_dirtyable_memory(pgdat), bytes = READ_ONCE(vm_dirty_bytes),
		      limit;

	if (bytes)
		limit = DIV_ROUND_UP(bytes, PAGE_SIZE) * memory / dirtyable_memory();
	else
		limit = READ_ONCE(vm_dirty_ratio) * memory / 100;
	if (rt_task(current))
		limit += limit / 4;
	return node_page_state(pgdat, NR_FILE_DIRTY) + node_page_state(pgdat, NR_WRITEBACK) <=
	       limit;
}

static unsigned long nr_dirty(void)
{
	return global_node_page_state(NR_FILE_DIRTY) + global_node_page_state(NR_WRITEBACK);
}

/* ---- the share of a device ---- */

/* => dirty_lock. Halve what lies in former periods. */
static void age_completions(struct bdi_writeback *wb)
{
	u64 now = jiffies / SHARE_PERIOD, n = now - completions_period;

	all_completions >>= min(n, (u64)63);
	completions_period = now;
	n = now - wb->completions_period;
	wb->completions >>= min(n, (u64)63);
	wb->completions_period = now;
}

void wb_writeout_add(struct bdi_writeback *wb, long nr)
{
	wb_stat_mod(wb, WB_WRITEBACK, -nr);
	wb_stat_mod(wb, WB_WRITTEN, nr);
	spin_lock(&dirty_lock);
	age_completions(wb);
	wb->completions += nr;
	all_completions += nr;
	spin_unlock(&dirty_lock);
}

unsigned long wb_calc_thresh(struct bdi_writeback *wb, unsigned long thresh)
{
	struct backing_dev_info *bdi = wb->bdi;
	unsigned long share, least = READ_ONCE(bdi->min_ratio) * thresh / 100;
	u64 mine, all;

	spin_lock(&dirty_lock);
	age_completions(wb);
	mine = wb->completions;
	all = all_completions;
	spin_unlock(&dirty_lock);
	/* What nobody has written lately is everybody's; a device that wakes up needs some to begin with. */
	share = all ? thresh * mine / all : thresh;
	share = max(share, least);
	return min(share, READ_ONCE(bdi->max_ratio) * thresh / 100);
}

bool wb_over_bg_thresh(struct bdi_writeback *wb)
{
	unsigned long background, dirty;

	global_dirty_limits(&background, &dirty);
	if (global_node_page_state(NR_FILE_DIRTY) > background)
		return true;
	return wb_stat(wb, WB_RECLAIMABLE) > wb_calc_thresh(wb, background);
}

/* ---- position: where between freerun and limit ---- */

struct dirty_state {
	struct bdi_writeback *wb;
	unsigned long background, thresh; /* of all */
	unsigned long dirty;		  /* dirty or under write-out, all */
	unsigned long wb_thresh, wb_dirty;
	unsigned long position; /* 1024 = 1 */
};

static unsigned long freerun_ceiling(unsigned long thresh, unsigned long background)
{
	return (thresh + background) / 2;
}

/* The limit that counts: a lower one comes into force gradually. */
static unsigned long hard_limit(unsigned long thresh)
{
	return max(thresh, READ_ONCE(dirty_limit));
}

/* 1 + ((setpoint - dirty) / (limit - setpoint))^3, from 0 to 2. */
static long cube(long setpoint, long dirty, long limit)
{
	long x = (setpoint - dirty) * (long)ONE / (limit - setpoint + 1);
	long y = x * x / (long)ONE * x / (long)ONE + (long)ONE;

	return clamp(y, 0L, 2 * (long)ONE);
}

/* The same for the pages of the device: 1 at its share of the setpoint, falling to a quarter. */
static unsigned long of_device(const struct dirty_state *s, unsigned long position,
			       unsigned long setpoint, unsigned long limit)
{
	unsigned long share = max(s->wb_thresh, (limit - min(s->dirty, limit)) / 8);
	unsigned long target = setpoint * share / (s->thresh + 1), span, zero;

	span = max((s->thresh - min(share, s->thresh) + 8 * s->wb->avg_write_bandwidth) * share /
			   (s->thresh + 1),
		   1UL);
	zero = target + span;
	if (s->wb_dirty < zero - span / 4)
		position = position * (zero - s->wb_dirty) / span;
	else
		position /= 4;
	/* A device with nearly nothing to do must not idle while its writers sleep. */
	target = share / 2;
	if (s->wb_dirty < target)
		position =
			s->wb_dirty > target / 8 ? position * target / s->wb_dirty : position * 8;
	return position;
}

static void calc_position(struct dirty_state *s)
{
	unsigned long limit = hard_limit(s->thresh), setpoint;

	s->position = 0;
	if (s->dirty >= limit)
		return;
	setpoint = (freerun_ceiling(s->thresh, s->background) + limit) / 2;
	s->position = of_device(s, cube(setpoint, s->dirty, limit), setpoint, limit);
}

static void look(struct dirty_state *s, struct bdi_writeback *wb)
{
	s->wb = wb;
	global_dirty_limits(&s->background, &s->thresh);
	s->dirty = nr_dirty();
	s->wb_thresh = wb_calc_thresh(wb, s->thresh);
	/* The fast sum is off by some pages for each CPU, which is too much for a small share. */
	if (s->wb_thresh < 2UL * percpu_counter_batch * num_online_cpus())
		s->wb_dirty = wb_stat_sum(wb, WB_RECLAIMABLE) + wb_stat_sum(wb, WB_WRITEBACK);
	else
		s->wb_dirty = wb_stat(wb, WB_RECLAIMABLE) + wb_stat(wb, WB_WRITEBACK);
	calc_position(s);
}

/* ---- estimates ---- */

void wb_limits_init(struct bdi_writeback *wb)
{
	wb->bw_time_stamp = jiffies;
	wb->write_bandwidth = wb->avg_write_bandwidth = wb->dirty_ratelimit = INIT_BANDWIDTH;
}

/* => dirty_lock */
static void follow_limit(unsigned long thresh, unsigned long dirty)
{
	if (jiffies - dirty_limit_stamp < BANDWIDTH_EVERY && dirty_limit)
		return;
	dirty_limit_stamp = jiffies;
	if (dirty_limit < thresh)
		dirty_limit = thresh;
	else if (dirty_limit > max(thresh, dirty))
		dirty_limit -= (dirty_limit - max(thresh, dirty)) / 32;
}

void dirty_limit_changed(void)
{
	unsigned long background, thresh;

	global_dirty_limits(&background, &thresh);
	spin_lock(&dirty_lock);
	dirty_limit = thresh;
	spin_unlock(&dirty_lock);
}

/* => dirty_lock. Moving averages over three seconds, and over eight of those. */
static void update_write_bandwidth(struct bdi_writeback *wb, unsigned long elapsed,
				   unsigned long written)
{
	unsigned long bw = (written - wb->written_stamp) * HZ, old = wb->write_bandwidth, avg;

	if (elapsed >= BANDWIDTH_SPAN)
		bw /= elapsed;
	else
		bw = (bw + old * (BANDWIDTH_SPAN - elapsed)) / BANDWIDTH_SPAN;
	avg = wb->avg_write_bandwidth;
	if (avg > old && old >= bw)
		avg -= (avg - old) / 8;
	else if (avg < old && old <= bw)
		avg += (old - avg) / 8;
	wb->write_bandwidth = bw;
	wb->avg_write_bandwidth = max(avg, 1UL);
}

/* => dirty_lock */
static void update_ratelimit(const struct dirty_state *s, unsigned long elapsed,
			     unsigned long dirtied)
{
	struct bdi_writeback *wb = s->wb;
	unsigned long rate = (dirtied - wb->dirtied_stamp) * HZ / elapsed;
	unsigned long task = wb->dirty_ratelimit * s->position / ONE + 1;
	unsigned long balanced =
		min(task * wb->avg_write_bandwidth / (rate | 1), wb->avg_write_bandwidth);

	/* Only where position and balance agree on the direction, an eighth of the way. */
	if (wb->dirty_ratelimit < min(balanced, task))
		wb->dirty_ratelimit += (min(balanced, task) - wb->dirty_ratelimit + 7) / 8;
	else if (wb->dirty_ratelimit > max(balanced, task))
		wb->dirty_ratelimit -= (wb->dirty_ratelimit - max(balanced, task) + 7) / 8;
	wb->dirty_ratelimit = max(wb->dirty_ratelimit, 1UL);
}

static void update_estimates(const struct dirty_state *s, bool ratelimit)
{
	struct bdi_writeback *wb = s->wb;
	unsigned long elapsed, written, dirtied;

	spin_lock(&dirty_lock);
	if (ratelimit)
		follow_limit(s->thresh, s->dirty);
	elapsed = jiffies - wb->bw_time_stamp;
	if (elapsed >= BANDWIDTH_EVERY) {
		written = wb_stat(wb, WB_WRITTEN);
		dirtied = wb_stat(wb, WB_DIRTIED);
		/* A device that was idle for long tells nothing about its speed. */
		if (elapsed <= HZ || wb_stat(wb, WB_WRITEBACK)) {
			update_write_bandwidth(wb, elapsed, written);
			if (ratelimit)
				update_ratelimit(s, elapsed, dirtied);
		}
		wb->written_stamp = written;
		wb->dirtied_stamp = dirtied;
		wb->bw_time_stamp = jiffies;
	}
	spin_unlock(&dirty_lock);
}

void wb_update_bandwidth(struct bdi_writeback *wb)
{
	struct dirty_state s;

	if (jiffies - READ_ONCE(wb->bw_time_stamp) < BANDWIDTH_EVERY)
		return;
	look(&s, wb);
	update_estimates(&s, false);
}

/* ---- throttling ---- */

/* Pages that can be dirtied before the next look: the nearer the limit, the fewer. */
static unsigned long poll_interval(unsigned long dirty, unsigned long thresh)
{
	return thresh > dirty ? 1UL << (ilog2(thresh - dirty) / 2) : 1;
}

/* At most as long as the device needs for what it has: it must not run dry. */
static long longest_pause(const struct dirty_state *s)
{
	unsigned long bw = s->wb->avg_write_bandwidth;
	long t = s->wb_dirty / (1 + bw / rounddown_pow_of_two(1 + HZ / 8)) + 1;

	return min(t, (long)MAX_PAUSE);
}

/* How long the task sleeps now; @rate pages per second are its due. 0: not at all. */
static long pause_of(const struct dirty_state *s, unsigned long rate, unsigned long pages)
{
	long longest = longest_pause(s), pause;

	if (!rate)
		return longest;
	pause = HZ * pages / rate;
	/* What it did since the last pause (computing, reading) has let time pass, too. */
	if (current->dirty_paused_when)
		pause -= min((long)(jiffies - current->dirty_paused_when), pause);
	return min(pause, longest);
}

/* Between two looks a task does not go further than to the limit, or a little beyond it. */
static unsigned long room(const struct dirty_state *s)
{
	unsigned long left = s->thresh > s->dirty ? s->thresh - s->dirty : 0;

	return clamp(left, POLL_PAGES / 4UL, POLL_PAGES * 32UL);
}

static void trace_throttling(const struct dirty_state *s, unsigned long pages, unsigned long rate,
			     long pause)
{
	unsigned long limit = hard_limit(s->thresh);
	unsigned long setpoint = (freerun_ceiling(s->thresh, s->background) + limit) / 2;

	TRACE_CALL(balance_dirty_pages,
		   &(struct trace_throttle){
			   .wb = s->wb,
			   .limit = limit,
			   .setpoint = setpoint,
			   .dirty = s->dirty,
			   .bdi_setpoint = setpoint * s->wb_thresh / (s->thresh + 1),
			   .bdi_dirty = s->wb_dirty,
			   .task_ratelimit = rate,
			   .dirtied = pages,
			   .pause = pause,
		   });
}

static int balance_dirty_pages(struct bdi_writeback *wb, unsigned long pages, unsigned int flags)
{
	struct dirty_state s;
	unsigned long rate;
	long pause;

	for (;;) {
		look(&s, wb);
		trace_global_dirty_state(s.background, s.thresh, READ_ONCE(dirty_limit));
		if (s.dirty > s.background ||
		    (long)s.wb_dirty > (long)wb_calc_thresh(wb, s.background))
			if (!laptop_mode || s.dirty > s.thresh)
				wb_start_background_writeback(wb);
		if (s.dirty <= freerun_ceiling(s.thresh, s.background)) {
			current->nr_dirtied_pause =
				clamp(poll_interval(s.dirty, s.thresh), 1UL, 1UL << 16);
			break;
		}
		wb_start_background_writeback(wb);
		WRITE_ONCE(wb->dirty_exceeded, s.wb_dirty > s.wb_thresh && s.dirty > s.thresh);
		update_estimates(&s, true);
		rate = wb->dirty_ratelimit * s.position / ONE;
		pause = pause_of(&s, rate, pages);
		current->nr_dirtied_pause = clamp(rate * longest_pause(&s) / 2 / HZ, 1UL, room(&s));
		trace_throttling(&s, pages, rate, pause);
		if (pause <= 0)
			break;
		if (flags & BDP_ASYNC)
			return -EAGAIN;
		__set_current_state(TASK_KILLABLE);
		wb->dirty_sleep = jiffies;
		io_schedule_timeout(pause);
		if (rate || fatal_signal_pending(current))
			break; /* it has paid; at a rate of 0 it has not */
	}
	current->nr_dirtied = 0;
	current->dirty_paused_when = jiffies;
	if (s.dirty <= s.thresh)
		WRITE_ONCE(wb->dirty_exceeded, 0);
	return 0;
}

int balance_dirty_pages_ratelimited_flags(struct address_space *mapping, unsigned int flags)
{
	struct backing_dev_info *bdi = inode_to_bdi(mapping->host);
	int limit = current->nr_dirtied_pause ? current->nr_dirtied_pause : POLL_PAGES;

	if (!(bdi->capabilities & BDI_CAP_WRITEBACK))
		return 0;
	if (READ_ONCE(bdi->wb.dirty_exceeded))
		limit = min(limit, POLL_PAGES / 4);
	if (current->nr_dirtied < limit)
		return 0;
	return balance_dirty_pages(&bdi->wb, current->nr_dirtied, flags);
}

void balance_dirty_pages_ratelimited(struct address_space *mapping)
{
	balance_dirty_pages_ratelimited_flags(mapping, 0);
}
