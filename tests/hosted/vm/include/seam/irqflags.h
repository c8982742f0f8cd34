/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/irqflags.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define local_irq_disable() ((void)0)
#define local_irq_enable()  ((void)0)
