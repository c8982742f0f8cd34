/* SPDX-License-Identifier: MIT */
/*
 * errseq: an error that each of many observers learns of exactly once. One word holds the last error, a bit
 * "somebody has seen it", and a counter that moves on only when an error comes after one that was seen.
 * Linux 6.1: lib/errseq.c.
 */
#ifndef QUIRE_BASE_ERRSEQ_H
#define QUIRE_BASE_ERRSEQ_H

#include <base/types.h>

typedef u32 errseq_t;

/* Note @err, from -MAX_ERRNO to 0 (0: nothing). Any context. The value that stands there now. */
errseq_t errseq_set(errseq_t *eseq, int err);
/* Where an observer starts: an error that nobody has seen yet counts as new for it (0). */
errseq_t errseq_sample(errseq_t *eseq);
/* The error since @since, or 0; nothing changes. */
int errseq_check(errseq_t *eseq, errseq_t since);
/* The same, and *@since moves on: the caller has seen it. => *@since guarded by the caller */
int errseq_check_and_advance(errseq_t *eseq, errseq_t *since);

#endif
