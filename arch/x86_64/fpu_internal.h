/* SPDX-License-Identifier: MIT */
/* The FPU between its own file, the context switch and the signal frame. Theory: fpu.c. */
#ifndef QUIRE_FPU_INTERNAL_H
#define QUIRE_FPU_INTERNAL_H

#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/thread.h>
#include <kernel/task.h>

/* The task whose state this CPU's registers hold, or NULL. */
DECLARE_PER_CPU(struct task_struct *, fpu_owner);

/* PKRU, if the CPU has protection keys: always current's, since the kernel's accesses to user memory obey it, too. */
#define PKRU_INIT	0x55555554u	/* no access but to pages with key 0 */
extern bool pkeys_enabled;

static inline u32 rdpkru(void)
{
	u32 pkru, edx;

	__asm__ volatile("rdpkru" : "=a"(pkru), "=d"(edx) : "c"(0));
	return pkru;
}

static inline void wrpkru(u32 pkru)
{
	__asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static __always_inline void pkru_switch_in(const struct task_struct *next)
{
	if (rdpkru() != next->thread.pkru)
		wrpkru(next->thread.pkru);
}

void fpregs_save(void *buf);		/* registers -> memory */

/* => interrupts off, @prev is current for the last time */
static __always_inline void fpu_switch_out(struct task_struct *prev)
{
	if (test_tsk_thread_flag(prev, TIF_NEED_FPU_LOAD))
		return;
	fpregs_save(prev->thread.fpu);
	prev->thread.fpu_cpu = raw_smp_processor_id();
	this_cpu_write(fpu_owner, prev);
}

/* => interrupts off. When the registers still hold @next's state there is nothing to load. */
static __always_inline void fpu_switch_in(struct task_struct *next)
{
	bool here = this_cpu_read(fpu_owner) == next &&
		    next->thread.fpu_cpu == (int)raw_smp_processor_id();

	if (here == test_tsk_thread_flag(next, TIF_NEED_FPU_LOAD)) {
		if (here)
			clear_tsk_thread_flag(next, TIF_NEED_FPU_LOAD);
		else
			set_tsk_thread_flag(next, TIF_NEED_FPU_LOAD);
	}
}

int fpu_alloc(struct task_struct *tsk);		/* initial state; 0, -ENOMEM */
int fpu_clone(struct task_struct *child);	/* copy of current's; 0, -ENOMEM */
void fpu_free(struct task_struct *tsk);
void fpu_reset(void);				/* current: initial state */
void fpu_load_current(void);			/* for TIF_NEED_FPU_LOAD; => interrupts off */

/* Signal frames: bytes below @sp, 64-byte aligned; copy out and in. */
unsigned long fpu_frame_alloc(unsigned long sp, unsigned long *fpstate);
bool fpu_copy_to_frame(void __user *fpstate);
bool fpu_copy_from_frame(void __user *fpstate);	/* NULL: initial state */
unsigned int fpu_frame_size(void);

#endif
