/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/cred.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define CAP_SYS_ADMIN 21
#define CAP_IPC_LOCK  14
#define CAP_SYS_RAWIO 17
#define capable(c)    0
