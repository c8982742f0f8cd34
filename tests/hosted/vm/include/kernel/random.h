/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/random.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
unsigned long get_random_long(void);
u32 get_random_u32_below(u32);
