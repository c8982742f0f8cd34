/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: fs/namei.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define path_noexec(p) 0
