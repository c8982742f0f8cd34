/* SPDX-License-Identifier: MIT */
/* The base of FS: the user's, also while the kernel runs. By instruction, where the CPU has it. */
#ifndef FSBASE_H
#define FSBASE_H

#include <base/types.h>
#include <seam/processor.h>

static inline bool have_fsgsbase(void)
{
	return boot_cpu_has(X86_FEATURE_FSGSBASE);
}

/* => have_fsgsbase(), in both */
static inline unsigned long rdfsbase(void)
{
	unsigned long v;

	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static inline void wrfsbase(unsigned long v)
{
	__asm__ volatile("wrfsbase %0" : : "r"(v));
}

#endif
