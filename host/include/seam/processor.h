/* SPDX-License-Identifier: MIT */
/* The played CPU. */
#ifndef SEAM_PROCESSOR_H
#define SEAM_PROCESSOR_H

#include <base/types.h>
#include <base/compiler.h>
#include <seam/page.h>
#include <seam/percpu.h>

void cpu_relax(void);	/* others run; waiting interrupts are taken */
static inline unsigned int cache_line_size(void) { return 64; }
static inline bool boot_cpu_has(int feature) { return false; }
extern unsigned long init_stack[THREAD_SIZE / sizeof(unsigned long)];
#define __KERNEL_CS	16
#define __USER_CS	51
#define __USER_DS	43

#endif
