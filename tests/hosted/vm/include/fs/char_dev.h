/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: fs/char_dev.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define MAJOR(d) ((unsigned)((d) >> 20))
#define MINOR(d) ((unsigned)(d))
