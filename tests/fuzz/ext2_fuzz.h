/* SPDX-License-Identifier: MIT */
/* Before each file of ext2_fuzz: per-CPU variables are plain ones. (clang gives the original a place on the stack.) */
#include <seam/percpu.h>
#undef this_cpu_read_stable
#define this_cpu_read_stable(pcp) (pcp)
