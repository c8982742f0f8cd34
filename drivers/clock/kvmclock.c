// SPDX-License-Identifier: MIT
/*
 * KVM's paravirtual clock: the host writes into a structure of each virtual CPU how its TSC relates to nanoseconds since
 * the guest's start. An odd version means that it is being written.
 */
#include <base/types.h>
#include <base/compiler.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <seam/barrier.h>
#include <seam/page.h>
#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/timex.h>
#include "clock_internal.h"

struct pvclock_info {
	u32 version, pad0;
	u64 tsc_timestamp, system_time;
	u32 mul;
	s8 shift;
	u8 flags, pad[2];
} __attribute__((aligned(32)));

#define PVCLOCK_TSC_STABLE 1

static DEFINE_PER_CPU_ALIGNED(struct pvclock_info, pvclock);
static bool enabled, off;
static u64 last;

static int __init setup_no_kvmclock(char *arg)
{
	off = true;
	return 0;
}
early_param("no-kvmclock", setup_no_kvmclock);

static inline u64 scale(u64 delta, u32 mul, s8 shift)
{
	delta = shift < 0 ? delta >> -shift : delta << shift;
	return (unsigned __int128)delta * mul >> 32;
}

static u64 kvmclock_read(struct clocksource *cs)
{
	u64 ns, seen;
	u32 version;
	u8 flags;

	do {
		volatile struct pvclock_info *p = this_cpu_ptr(&pvclock);

		version = p->version;
		smp_rmb();
		ns = p->system_time + scale(rdtsc_ordered() - p->tsc_timestamp, p->mul, p->shift);
		flags = p->flags;
		smp_rmb();
		if (p->version != version)
			version = 1;
	} while (version & 1);
	if (flags & PVCLOCK_TSC_STABLE)
		return ns;
	/* The CPUs' TSCs differ: never before what another CPU has seen. */
	seen = READ_ONCE(last);
	do
		if (ns <= seen)
			return seen;
	while (!__atomic_compare_exchange_n(&last, &seen, ns, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
	return ns;
}

static struct clocksource clocksource_kvm = {
	.name = "kvm-clock",
	.rating = 400,
	.read = kvmclock_read,
	.mask = ~0ULL,
	.vdso_mode = VDSO_CLOCKMODE_NONE,
};

void kvmclock_init_cpu(void)
{
	if (enabled)
		wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, __pa(this_cpu_ptr(&pvclock)) | 1);
}

unsigned int __init kvmclock_init(void)
{
	struct pvclock_info *p = this_cpu_ptr(&pvclock);
	u64 khz;

	if (off || !boot_cpu_has(X86_FEATURE_KVM_CLOCK))
		return 0;
	enabled = true;
	kvmclock_init_cpu();
	if (!p->mul) {
		enabled = false;
		return 0;
	}
	khz = (1000000ULL << 32) / p->mul;
	return p->shift < 0 ? khz << -p->shift : khz >> p->shift;
}

void __init kvmclock_register(void)
{
	if (!enabled)
		return;
	/* A counter that the hardware keeps constant is cheaper, and user mode can read it. */
	if (boot_cpu_has(X86_FEATURE_CONSTANT_TSC))
		clocksource_kvm.rating = 299;
	clocksource_register_khz(&clocksource_kvm, 1000000);
}
