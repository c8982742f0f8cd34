/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/printk.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
int printf(const char *, ...);
#define pr_alert     printf
#define pr_err	     printf
#define pr_warn_once printf
