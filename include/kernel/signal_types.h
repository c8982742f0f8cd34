/* SPDX-License-Identifier: MIT */
/* What task_struct embeds of the signal machinery; the rest is in <kernel/signal.h>. */
#ifndef QUIRE_KERNEL_SIGNAL_TYPES_H
#define QUIRE_KERNEL_SIGNAL_TYPES_H

#include <base/types.h>
#include <base/list.h>
#include <asm/signal.h>

/* Signals that wait: a bit per number, and an entry (struct sigqueue) per queued siginfo. */
struct sigpending {
	struct list_head list;
	sigset_t signal;		/* unsigned long: 64 signals, bit (number - 1) */
};

#endif
