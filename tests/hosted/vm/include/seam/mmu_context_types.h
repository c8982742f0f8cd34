/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/mmu_context_types.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/atomic.h>
typedef struct {
	u64 ctx_id;
	atomic64_t tlb_gen;
	void *vdso;
} mm_context_t;
