/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: fs/super.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
