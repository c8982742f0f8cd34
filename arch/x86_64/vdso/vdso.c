// SPDX-License-Identifier: MIT
/*
 * The vDSO: a small shared object that the kernel maps into each program, so that asking for the time
 * and the CPU needs no system call. It runs in user mode. The kernel's numbers are in the page before
 * it (vvar). When the clock is not the TSC, and for clocks of tasks, it makes the system call.
 * Names, versions and return values are those of Linux's vdso(7).
 */
#include <asm/unistd.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <kernel/vdso_data.h>

#define NSEC_PER_SEC 1000000000ULL
#define CPUNODE_SEG  (15 * 8 + 3)

extern const struct vdso_data vvar_page __attribute__((visibility("hidden")));

int __vdso_clock_gettime(int clock, struct __kernel_timespec *ts);
int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz);
long __vdso_time(long *t);
int __vdso_clock_getres(int clock, struct __kernel_timespec *res);
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused);

static inline long syscall2(long nr, const void *a, const void *b)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
}

static inline unsigned long long rdtsc_ordered(void)
{
	unsigned int lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (unsigned long long)hi << 32 | lo;
}

#define READ(x)	  (*(const volatile __typeof__(x) *)&(x))
#define barrier() __asm__ volatile("" : : : "memory")

static inline unsigned long long monotonic(const struct vdso_data *d)
{
	long long delta = (long long)(rdtsc_ordered() - d->base_tsc);

	if (delta < 0)
		delta = 0;
	return d->base_ns + (unsigned long long)((unsigned __int128)delta * d->mult >> d->shift);
}

/* Monotonic time plus the offset of a clock, one consistent set of numbers. 0: no TSC. */
static inline int read_clock(const __s64 *offset, int coarse, unsigned long long *result)
{
	const struct vdso_data *d = &vvar_page;
	unsigned long long ns;
	unsigned int seq;

	do {
		while ((seq = READ(d->seq)) & 1)
			__builtin_ia32_pause();
		barrier();
		if (!READ(d->tsc))
			return 0;
		ns = coarse ? READ(d->coarse_ns) : monotonic(d);
		if (offset)
			ns += (unsigned long long)*offset;
		barrier();
	} while (READ(d->seq) != seq);
	*result = ns;
	return 1;
}

int __vdso_clock_gettime(int clock, struct __kernel_timespec *ts)
{
	unsigned long long ns;
	int ok = 0;

	switch (clock) {
	case CLOCK_REALTIME:
		ok = read_clock(&vvar_page.real_offset, 0, &ns);
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		ok = read_clock(0, 0, &ns);
		break;
	case CLOCK_REALTIME_COARSE:
		ok = read_clock(&vvar_page.real_offset, 1, &ns);
		break;
	case CLOCK_MONOTONIC_COARSE:
		ok = read_clock(0, 1, &ns);
		break;
	case CLOCK_TAI:
		ok = read_clock(&vvar_page.tai_offset, 0, &ns);
		break;
	}
	if (!ok)
		return (int)syscall2(__NR_clock_gettime, (void *)(long)clock, ts);
	ts->tv_sec = (long long)(ns / NSEC_PER_SEC);
	ts->tv_nsec = (long long)(ns % NSEC_PER_SEC);
	return 0;
}

int __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	unsigned long long ns;

	if (tv) {
		if (!read_clock(&vvar_page.real_offset, 0, &ns))
			return (int)syscall2(__NR_gettimeofday, tv, tz);
		tv->tv_sec = (long)(ns / NSEC_PER_SEC);
		tv->tv_usec = (long)(ns % NSEC_PER_SEC / 1000);
	}
	if (tz) {
		tz->tz_minuteswest = vvar_page.tz_minuteswest;
		tz->tz_dsttime = vvar_page.tz_dsttime;
	}
	return 0;
}

long __vdso_time(long *t)
{
	unsigned long long ns;
	long sec;

	if (!read_clock(&vvar_page.real_offset, 1, &ns))
		return syscall2(__NR_time, t, 0);
	sec = (long)(ns / NSEC_PER_SEC);
	if (t)
		*t = sec;
	return sec;
}

int __vdso_clock_getres(int clock, struct __kernel_timespec *res)
{
	long ns;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		ns = 1;
		break;
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		ns = VDSO_COARSE_NSEC;
		break;
	default:
		return (int)syscall2(__NR_clock_getres, (void *)(long)clock, res);
	}
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = ns;
	}
	return 0;
}

/* CPU and node are in the limit of a segment, which user mode may look at. */
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused)
{
	unsigned int limit;

	__asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(CPUNODE_SEG));
	if (cpu)
		*cpu = limit & 0xfff;
	if (node)
		*node = limit >> 12;
	return 0;
}

#define WEAK(name) __attribute__((weak, alias("__vdso_" #name)))
int clock_gettime(int clock, struct __kernel_timespec *ts) WEAK(clock_gettime);
int gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz) WEAK(gettimeofday);
long time(long *t) WEAK(time);
int clock_getres(int clock, struct __kernel_timespec *res) WEAK(clock_getres);
long getcpu(unsigned int *cpu, unsigned int *node, void *unused) WEAK(getcpu);
