/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: mm/zone.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
#define totalram_pages() 16384UL
