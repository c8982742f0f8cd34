/* SPDX-License-Identifier: MIT */
/* One running machine: QEMU, its channels, and the traffic between them and this process. */
#ifndef QUIRE_MACHINE_H
#define QUIRE_MACHINE_H

#include <stdbool.h>

struct options;

/*
 * Boot, pass everything through, and return the exit status of the command as architecture.md
 * defines it. => fails with a sentence when the machine cannot be started
 */
int machine_run(const struct options *o, bool kvm);

/* Does KVM run this kind of guest? Boots it without a program, at most seconds. */
bool machine_trial(const struct options *o, double seconds);

#endif
