/* SPDX-License-Identifier: MIT */
/*
 * RCU: readers that take no lock; what they may still see is freed after a grace period, when each CPU
 * has passed a quiescent state (context switch, or an interrupt of user mode, of idle or of preemptible
 * code). A read section is a section with preemption disabled; it does not sleep. See sync/rcu.c.
 */
#ifndef QUIRE_SYNC_RCU_H
#define QUIRE_SYNC_RCU_H

#include <base/atomic.h>
#include <base/list.h>
#include <seam/percpu.h>
#include <sync/preempt.h>
#include <sync/rcu_types.h>

static __always_inline void rcu_read_lock(void)
{
	preempt_disable();
}

static __always_inline void rcu_read_unlock(void)
{
	preempt_enable();
}

#define rcu_read_lock_held()	(preempt_count() != 0 || irqs_disabled())

#if QUIRE_DEBUG
#define __rcu_check(cond) WARN_ON_ONCE(!(cond))
#else
#define __rcu_check(cond) ((void)sizeof((long)(cond)))
#endif

#define rcu_dereference(p)		({ __rcu_check(rcu_read_lock_held()); rcu_load_pointer(p); })
/* The caller excludes writers in another way, said by @c. */
#define rcu_dereference_protected(p, c)	({ __rcu_check(c); READ_ONCE(p); })
#define rcu_dereference_raw(p)		rcu_load_pointer(p)
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#define rcu_replace_pointer(p, new, c) ({					\
	__typeof__(p) __old = rcu_dereference_protected(p, c);			\
	rcu_assign_pointer(p, new);						\
	__old; })

/*
 * Call @func(@head) after a grace period, in a kernel thread: it may take spinlocks that are not
 * irq-unsafe, and does not sleep. Any context, also interrupts.
 */
void call_rcu(struct rcu_head *head, rcu_callback_t func);
/* kfree (or kvfree) the object after a grace period; @field is its rcu_head, in the first 4 KiB. */
#define kfree_rcu(ptr, field)							\
do {										\
	__typeof__(ptr) __kp = (ptr);						\
	static_assert(offsetof(__typeof__(*(ptr)), field) < 4096, "kfree_rcu: offset"); \
	if (__kp)								\
		call_rcu(&__kp->field, (rcu_callback_t)offsetof(__typeof__(*(ptr)), field)); \
} while (0)

/* Wait for a grace period. May sleep; not in a read section. On one CPU it is over at once. */
void synchronize_rcu(void);
void synchronize_rcu_expedited(void);
/* Wait until all callbacks that were queued before have run. May sleep. */
void rcu_barrier(void);

/* Memory is short: end the current grace periods by interrupting all CPUs. Any context, does not wait. */
void rcu_expedite(void);
/* Callbacks that wait, of all CPUs. */
unsigned long rcu_pending_callbacks(void);

/* ---- hooks of the rest of the kernel ---- */
DECLARE_PER_CPU(bool, rcu_qs_wanted);
void rcu_report_qs(void);

/* In schedule(), interrupts disabled. */
static __always_inline void rcu_note_context_switch(bool preempt)
{
	if (unlikely(this_cpu_read(rcu_qs_wanted)))
		rcu_report_qs();
}

/* In the timer interrupt; @user: it interrupted user mode. */
void rcu_sched_clock_irq(int user);
/* Around the halt of the idle loop, interrupts disabled. */
void rcu_idle_enter(void);
void rcu_idle_exit(void);

void rcu_init(void);
/* The sequence of grace periods: completed and started, for debugfs and tests. */
unsigned long rcu_gp_completed(void);
int rcu_spawn_threads(void);

#endif
