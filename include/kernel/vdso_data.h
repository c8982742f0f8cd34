/* SPDX-License-Identifier: MIT */
/*
 * The page that the kernel shares with the vDSO ([vvar] in /proc/PID/maps), written by
 * kernel/timekeeping.c only. Readers retry while seq is odd or has changed.
 */
#ifndef QUIRE_KERNEL_VDSO_DATA_H
#define QUIRE_KERNEL_VDSO_DATA_H

#include <linux/types.h>

#define VDSO_COARSE_NSEC	4000000ULL	/* resolution of the coarse clocks: one tick */

struct vdso_data {
	__u32 seq;
	__u32 tsc;		/* 1: the clock is the TSC by the numbers below; 0: make a system call */
	__u64 base_tsc;
	__u64 base_ns;		/* CLOCK_MONOTONIC at base_tsc */
	__u32 mult, shift;
	__s64 real_offset;	/* ns: CLOCK_REALTIME - CLOCK_MONOTONIC */
	__s64 tai_offset;	/* ns: CLOCK_TAI - CLOCK_MONOTONIC */
	__s32 tz_minuteswest;
	__s32 tz_dsttime;
	__u64 coarse_ns;	/* CLOCK_MONOTONIC at the last tick; one word, not under seq */
};

#ifdef __KERNEL__
/* A whole page. */
extern union vdso_page {
	struct vdso_data data;
	unsigned char bytes[4096];
} vdso_page;
#endif

#endif
