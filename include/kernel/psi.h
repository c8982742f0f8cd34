/* SPDX-License-Identifier: MIT */
/*
 * Pressure stall information: the share of time in which somebody (some), or everybody who could work (full), waited
 * for a resource. Theory: kernel/sched/psi.c. /proc/pressure: fs/proc/pressure.c.
 */
#ifndef QUIRE_KERNEL_PSI_H
#define QUIRE_KERNEL_PSI_H

#include <base/types.h>
#include <base/atomic.h>
#include <base/list.h>
#include <sync/seqlock.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <seam/percpu.h>

struct seq_file;

enum psi_res { PSI_IO, PSI_MEM, PSI_CPU, NR_PSI_RESOURCES };

/* 2 * resource: some, + 1: full. */
enum psi_states {
	PSI_IO_SOME,
	PSI_IO_FULL,
	PSI_MEM_SOME,
	PSI_MEM_FULL,
	PSI_CPU_SOME,
	PSI_CPU_FULL,
	PSI_NONIDLE,	/* the weight of a CPU: there is something to do, or to wait for */
	NR_PSI_STATES
};

/* One CPU of a group. Written under the lock of the CPU's run queue. */
struct psi_group_cpu {
	seqcount_t seq;
	u32 state_mask;			/* states that hold */
	u64 times[NR_PSI_STATES];	/* ns; of a state that holds, less sched_clock() at its begin */
	u64 seen[NR_PSI_STATES];	/* psi_group.lock: of these, added up already */
};

struct psi_group {
	struct psi_group_cpu __percpu *pcpu;
	spinlock_t lock;			/* all below */
	u64 total[NR_PSI_STATES - 1];		/* ns */
	u64 avg_total[NR_PSI_STATES - 1];	/* ns, of total: in the averages */
	u64 avg_last_update, avg_next_update;	/* sched_clock() */
	unsigned long avg[NR_PSI_STATES - 1][3];	/* percent, FSHIFT bits: over 10, 60, 300 s */
	struct list_head triggers;
	u64 next_poll, poll_interval;		/* ns: triggers are looked at; 0: there are none */
};

extern struct psi_group psi_system;
extern bool psi_enabled;		/* psi=0: false */

/*
 * The running task waits for memory, whatever it does (reclaims, sleeps), until psi_memstall_leave(). They nest:
 * @flags keeps whether it did already. May be called under any sleeping lock.
 */
void psi_memstall_enter(unsigned long *flags);
void psi_memstall_leave(unsigned long *flags);

/* jiffies has moved: averages and triggers that are due. Interrupts off. */
void psi_tick(void);

/* Two lines, as in /proc/pressure. 0, or -EOPNOTSUPP without PSI. */
int psi_show(struct seq_file *m, struct psi_group *group, enum psi_res res);

/* "some 150000 1000000": an event when stalls in a window (us) reach a threshold (us). */
struct psi_trigger;
/* Not @privileged: windows of a multiple of 2 s only. ERR_PTR: -EINVAL, -ENOMEM, -EOPNOTSUPP. May sleep. */
struct psi_trigger *psi_trigger_create(struct psi_group *group, const char *text, enum psi_res res, bool privileged);
void psi_trigger_destroy(struct psi_trigger *t);
wait_queue_head_t *psi_trigger_wait(struct psi_trigger *t);
/* Has there been an event? It is taken. */
bool psi_trigger_take(struct psi_trigger *t);

#endif
