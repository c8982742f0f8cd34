/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: sync/rcu_types.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *);
};
