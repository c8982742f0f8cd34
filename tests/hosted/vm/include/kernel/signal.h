/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/signal.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define fatal_signal_pending(t) 0
