/* SPDX-License-Identifier: MIT */
/* Dynamic per-CPU memory. Theory: mm/percpu/percpu.c. */
#ifndef QUIRE_MM_PERCPU_ALLOC_H
#define QUIRE_MM_PERCPU_ALLOC_H

#include <base/types.h>
#include <seam/percpu.h>
#include <mm/gfp.h>

/* One zeroed object per possible CPU, or NULL; for per_cpu_ptr() and this_cpu_ptr(). @align up to a page.
 * May sleep, except with a @gfp that says otherwise. */
void __percpu *__alloc_percpu(size_t size, size_t align);
void __percpu *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp);
#define alloc_percpu(type) ((__typeof__(type) __percpu *)__alloc_percpu(sizeof(type), __alignof__(type)))
#define alloc_percpu_gfp(type, gfp) \
	((__typeof__(type) __percpu *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))
/* NULL is let pass. Any context. */
void free_percpu(void __percpu *ptr);

/* Pages in use by per-CPU memory, all CPUs: meminfo's Percpu. */
unsigned long pcpu_nr_pages(void);
/* The areas of all possible CPUs, from memblock; switches the boot CPU to its own. From start_kernel. */
void setup_per_cpu_areas(void);
/* BUG() when the maps contradict their counts. */
void pcpu_check(void);

#endif
