/* SPDX-License-Identifier: MIT */
/* Reaching into per-CPU stores that are protected by nothing but disabled preemption. */
#ifndef QUIRE_MM_CALL_CPU_H
#define QUIRE_MM_CALL_CPU_H

#include <base/types.h>

/*
 * Run @fn(@arg) on each online CPU for which @wanted(cpu, @arg) is true, at a moment when that CPU is not
 * inside a section with preemption off; on other CPUs in an interrupt. A CPU that is inside is waited for; one that each
 * tick for ten seconds finds inside is left out, which the log tells. => may sleep, interrupts enabled
 */
void call_cpus_unpinned(void (*fn)(void *arg), bool (*wanted)(int cpu, void *arg), void *arg);

#endif
