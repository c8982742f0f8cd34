/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: spinning lets the other coroutine run. */
#pragma once
void wait_for_other(void);
#define cpu_relax() wait_for_other()
