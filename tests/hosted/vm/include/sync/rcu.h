/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: RCU. What is to be freed waits for rcu_barrier(), when no thread is inside. */
#pragma once
#include <sync/rcu_types.h>

#define rcu_read_lock()		((void)0)
#define rcu_read_unlock()	((void)0)
#define rcu_assign_pointer(p, v) ((p) = (v))
#define rcu_dereference(p)	(p)
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *));
void rcu_barrier(void);
#define synchronize_rcu()	rcu_barrier()
