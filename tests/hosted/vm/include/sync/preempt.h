/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: sync/preempt.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define preempt_disable() ((void)0)
#define preempt_enable()  ((void)0)
