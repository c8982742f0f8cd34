// SPDX-License-Identifier: MIT
/* Messages that could flood the log, see kernel/ratelimit.h. No lock: of those who meet at the end of an interval one begins the next. */
#include <base/types.h>
#include <base/atomic.h>
#include <base/compiler.h>
#include <kernel/printk.h>
#include <kernel/ratelimit.h>
#include <kernel/timekeeping.h>

bool __ratelimit(struct ratelimit_state *rs, const char *who)
{
	u64 now = ktime_get(), begin = READ_ONCE(rs->begin_ns);
	u32 ms = READ_ONCE(rs->interval_ms), burst = READ_ONCE(rs->burst), asked;

	if (!ms)
		return true;
	/* Signed: another one may have begun it since we looked at the clock. */
	if ((!begin || (s64)(now - begin) > (s64)ms * (s64)NSEC_PER_MSEC) &&
	    try_cmpxchg(&rs->begin_ns, &begin, now | 1)) {
		asked = atomic_xchg(&rs->asked, 0);
		if (asked > burst)
			pr_warn("%s: %u messages suppressed\n", who, asked - burst);
	}
	return (u32)atomic_inc_return(&rs->asked) <= burst;
}
