/* SPDX-License-Identifier: MIT */
/* How often a place may speak: at most @burst times in each interval. Linux: lib/ratelimit.c. */
#ifndef QUIRE_KERNEL_RATELIMIT_H
#define QUIRE_KERNEL_RATELIMIT_H

#include <base/types.h>
#include <base/atomic.h>

struct ratelimit_state {
	u32 interval_ms;	/* 0: no limit */
	u32 burst;
	u64 begin_ns;		/* of this interval, by ktime_get(); 0: there was none yet */
	atomic_t asked;		/* in this interval */
};

#define DEFAULT_RATELIMIT_INTERVAL_MS	5000
#define DEFAULT_RATELIMIT_BURST		10
#define RATELIMIT_STATE_INIT(ms, n)	{ .interval_ms = (ms), .burst = (n) }
#define DEFINE_RATELIMIT_STATE(name, ms, n)	struct ratelimit_state name = RATELIMIT_STATE_INIT(ms, n)

/* True when the caller may speak. With a new interval the log hears how often @who was silent in the last one. Any context. */
bool __ratelimit(struct ratelimit_state *rs, const char *who);

#endif
