/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/percpu.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define DEFINE_PER_CPU(t, n)   __typeof__(t) n
#define DECLARE_PER_CPU(t, n)  extern __typeof__(t) n
#define this_cpu_ptr(p)	       (p)
#define per_cpu(v, c)	       (v)
#define per_cpu_ptr(p, c)      (p)
#define this_cpu_add(v, n)     ((v) += (n))
#define this_cpu_inc(v)	       ((v)++)
#define raw_smp_processor_id() 0
#define smp_processor_id()     0
#define __percpu
