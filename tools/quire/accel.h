/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_ACCEL_H
#define QUIRE_ACCEL_H

#include <stdbool.h>

struct options;

/* True when KVM is to be used: asked for, or "auto" and a trial of this kind of guest succeeded. */
bool accel_kvm(const struct options *o);

#endif
