/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/ksyscall.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#define SC0(n)                                                                                     \
	long sys_##n(void);                                                                        \
	long sys_##n(void)
#define SYSCALL_DEFINE0(n) SC0(n)
#define SYSCALL_DEFINE1(n, t1, a1)                                                                 \
	long sys_##n(t1 a1);                                                                       \
	long sys_##n(t1 a1)
#define SYSCALL_DEFINE2(n, t1, a1, t2, a2)                                                         \
	long sys_##n(t1 a1, t2 a2);                                                                \
	long sys_##n(t1 a1, t2 a2)
#define SYSCALL_DEFINE3(n, t1, a1, t2, a2, t3, a3)                                                 \
	long sys_##n(t1 a1, t2 a2, t3 a3);                                                         \
	long sys_##n(t1 a1, t2 a2, t3 a3)
#define SYSCALL_DEFINE4(n, t1, a1, t2, a2, t3, a3, t4, a4)                                         \
	long sys_##n(t1 a1, t2 a2, t3 a3, t4 a4);                                                  \
	long sys_##n(t1 a1, t2 a2, t3 a3, t4 a4)
#define SYSCALL_DEFINE5(n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                 \
	long sys_##n(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);                                           \
	long sys_##n(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5)
#define SYSCALL_DEFINE6(n, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                         \
	long sys_##n(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6);                                    \
	long sys_##n(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6)
