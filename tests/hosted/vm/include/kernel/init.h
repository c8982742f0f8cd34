/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/init.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define __init
