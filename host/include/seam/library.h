/* SPDX-License-Identifier: MIT */
/* Calls of library functions: here everything is user space. */
#ifndef SEAM_LIBRARY_H
#define SEAM_LIBRARY_H

#include <sync/preempt.h>

static inline unsigned long library_begin(void)
{
	preempt_disable();
	return 0;
}

static inline void library_end(unsigned long fs)
{
	preempt_enable();
}

#endif
