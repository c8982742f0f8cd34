/* SPDX-License-Identifier: MIT */
/* Calls of library functions that were compiled for user space. */
#ifndef SEAM_LIBRARY_H
#define SEAM_LIBRARY_H

/*
 * Around each call. Preemption is off in between; not in interrupts. begin's answer is for end. Arguments must be memory
 * of the kernel that is there: a fault in the library is one of the kernel.
 */
unsigned long library_begin(void);
void library_end(unsigned long fs);

#endif
