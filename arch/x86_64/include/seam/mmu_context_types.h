/* SPDX-License-Identifier: MIT */
/* What this machine keeps in each address space. */
#ifndef SEAM_MMU_CONTEXT_TYPES_H
#define SEAM_MMU_CONTEXT_TYPES_H

#include <base/types.h>
#include <base/atomic.h>

typedef struct {
	u64 ctx_id;		/* never reused: tells a recycled mm_struct from the old one */
	atomic64_t tlb_gen;	/* flush requests so far; each CPU notes how far it got */
} mm_context_t;

#endif
