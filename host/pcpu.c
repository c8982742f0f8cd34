// SPDX-License-Identifier: MIT
/* Per-CPU memory of the played machine: from the room behind the static areas, never given back. */
#include <mm/gfp.h>
#include <mm/percpu_alloc.h>
#include <host/heap.h>
#include <host/os.h>

static unsigned long pcpu_used;

void __percpu *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	unsigned long at;

	if (host_pcpu_fail())
		return NULL;
	at = __atomic_fetch_add(&pcpu_used, (size + 63) & ~63UL, __ATOMIC_RELAXED);
	if (at + size > (1UL << 20) - 128)
		os_fatal("no per-CPU memory left");
	return (void *)(((unsigned long)__per_cpu_end + 63 + at) & ~63UL);
}

void __percpu *__alloc_percpu(size_t size, size_t align)
{
	return __alloc_percpu_gfp(size, align, GFP_KERNEL);
}

void free_percpu(void __percpu *ptr) {}

bool __attribute__((weak)) host_pcpu_fail(void)
{
	return false;
}
