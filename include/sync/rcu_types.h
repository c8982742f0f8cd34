/* SPDX-License-Identifier: MIT */
/* What an object carries so that RCU can call back for it. */
#ifndef QUIRE_SYNC_RCU_TYPES_H
#define QUIRE_SYNC_RCU_TYPES_H

struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
} __attribute__((aligned(sizeof(void *))));
#define rcu_head callback_head

typedef void (*rcu_callback_t)(struct rcu_head *head);

#endif
