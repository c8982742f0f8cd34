/* SPDX-License-Identifier: MIT */
/* Fine timers in ns: a tree per CPU and clock over the machine's event device. kernel/time/hrtimer.c */
#ifndef QUIRE_KERNEL_HRTIMER_H
#define QUIRE_KERNEL_HRTIMER_H

#include <base/types.h>
#include <base/rbtree.h>
#include <kernel/time.h>

enum hrtimer_restart {
	HRTIMER_NORESTART,
	HRTIMER_RESTART,
};

enum hrtimer_mode {
	HRTIMER_MODE_ABS = 0x00,
	HRTIMER_MODE_REL = 0x01,
};

enum hrtimer_base_type {
	HRTIMER_BASE_MONOTONIC,
	HRTIMER_BASE_REALTIME,
	HRTIMER_BASE_BOOTTIME,
	HRTIMER_BASE_TAI,
	HRTIMER_MAX_CLOCK_BASES,
};

struct hrtimer_clock_base;

struct hrtimer {
	struct rb_node node;
	ktime_t expires;			/* absolute on the clock of base */
	enum hrtimer_restart (*function)(struct hrtimer *);
	struct hrtimer_clock_base *base;
	u8 state;				/* 1: in the tree */
	u8 is_rel;
};

/* @clock_id: CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI. Functions run with irqs off. */
void hrtimer_init(struct hrtimer *timer, clockid_t clock_id, enum hrtimer_mode mode);
void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock_id, enum hrtimer_mode mode);
void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t tim, u64 range_ns, enum hrtimer_mode mode);
static inline void hrtimer_start(struct hrtimer *timer, ktime_t tim, enum hrtimer_mode mode)
{
	hrtimer_start_range_ns(timer, tim, 0, mode);
}
int hrtimer_cancel(struct hrtimer *timer);		/* waits for a running function; 1 if it was active */
int hrtimer_try_to_cancel(struct hrtimer *timer);	/* -1: its function runs */
u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval);
u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval);
ktime_t hrtimer_get_remaining(const struct hrtimer *timer);
ktime_t hrtimer_cb_get_time(const struct hrtimer *timer);
bool hrtimer_active(const struct hrtimer *timer);
bool hrtimer_is_queued(struct hrtimer *timer);
static inline ktime_t hrtimer_get_expires(const struct hrtimer *timer)
{
	return timer->expires;
}
static inline void hrtimer_set_expires(struct hrtimer *timer, ktime_t time)
{
	timer->expires = time;
}
void hrtimer_restart(struct hrtimer *timer);

/* A sleeping task's timer. */
struct hrtimer_sleeper {
	struct hrtimer timer;
	struct task_struct *task;		/* NULL once expired */
};
void hrtimer_init_sleeper(struct hrtimer_sleeper *sl, clockid_t clock_id, enum hrtimer_mode mode);
void hrtimer_sleeper_start_expires(struct hrtimer_sleeper *sl, enum hrtimer_mode mode);
/* Sleep until *expires (NULL: for ever) in the state set before: 0 expired, -EINTR woken. */
int schedule_hrtimeout_range(ktime_t *expires, u64 delta, enum hrtimer_mode mode);
int schedule_hrtimeout(ktime_t *expires, enum hrtimer_mode mode);

void hrtimers_init(void);
/* From the clock event interrupt of this CPU: run what expired and program the next event. */
void hrtimer_interrupt(void);
/* ns (monotonic) of the next event of this CPU, KTIME_MAX if none. */
ktime_t hrtimer_get_next_event(void);
/* CLOCK_REALTIME was set: its timers expire anew. */
void clock_was_set(void);

#endif
