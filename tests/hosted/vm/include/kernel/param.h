/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/param.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <kernel/init.h>
#define __setup(n, f) static const void *__s_##f __attribute__((used)) = f
int kstrtoul(const char *, unsigned, unsigned long *);
