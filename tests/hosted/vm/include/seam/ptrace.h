/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: seam/ptrace.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct pt_regs {
	unsigned long ip;
};
#define user_mode(r)	       1
#define instruction_pointer(r) ((r)->ip)
