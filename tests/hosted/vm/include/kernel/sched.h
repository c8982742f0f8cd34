/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/sched.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define cond_resched() ((void)0)
#define might_sleep()  ((void)0)
