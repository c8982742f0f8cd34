/* SPDX-License-Identifier: MIT */
#ifndef SEAM_TIMEX_H
#define SEAM_TIMEX_H
#include <base/types.h>
typedef unsigned long long cycles_t;
cycles_t get_cycles(void);
#define rdtsc() get_cycles()
#define random_get_entropy() ((unsigned long)get_cycles())
#endif
