/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/rlimit.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <kernel/task.h>
