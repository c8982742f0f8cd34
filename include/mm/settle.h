/* SPDX-License-Identifier: MIT */
/* A state of memory that can be compared with another. Theory: mm/stat/settle.c. */
#ifndef QUIRE_MM_SETTLE_H
#define QUIRE_MM_SETTLE_H

/*
 * Finish all freeing that was put off and empty every store of free memory, on all CPUs. May sleep, long.
 * => the caller holds no lock and is in no RCU read section
 */
void mm_settle(void);

#endif
