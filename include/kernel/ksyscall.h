/* SPDX-License-Identifier: MIT */
/*
 * SYSCALL_DEFINEn(name, type1, arg1, ...): define system call @name in any file.
 *
 * It makes `long sys_name(long, ...)`, which the entry code calls with the user's registers as they
 * are, and an entry {__NR_name, "name", sys_name} in section .syscalls, from which the table is
 * filled at boot. The body sees its arguments with their types. Numbers without an entry answer
 * ENOSYS and are logged once by name.
 * A call that wants the whole register set uses current_pt_regs(); bx bp r12-r15 are valid there
 * only for the calls listed in arch/x86_64/syscall.c (fork family, exec, rt_sigreturn).
 */
#ifndef QUIRE_KERNEL_KSYSCALL_H
#define QUIRE_KERNEL_KSYSCALL_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>
#include <asm/unistd.h>

struct syscall_def {
	long nr;
	const char *name;
	void *fn;
};

#define NR_SYSCALLS	512

/* System call @nr without implementation: says so once on the log; -ENOSYS. */
long sys_ni_syscall(void);
/* Name of system call @nr as in <asm/unistd.h>, or "unknown". */
const char *syscall_name(long nr);
/* Fill the table from section .syscalls. Called by trap_init(). */
void syscall_table_init(void);
typedef long (*sys_call_ptr_t)(long, long, long, long, long, long);
/* What the entry code calls, and what it comes down to: the functions. */
extern sys_call_ptr_t sys_call_table[NR_SYSCALLS], sys_call_impl[NR_SYSCALLS];

#define __SC_ENTRY(sname)							\
	static const struct syscall_def __syscall_def_##sname			\
	__attribute__((used, section(".syscalls"), aligned(8))) =		\
		{ __NR_##sname, #sname, (void *)sys_##sname }

#define __SC_M0(m, ...)
#define __SC_M1(m, t, a, ...)	m(t, a)
#define __SC_M2(m, t, a, ...)	m(t, a), __SC_M1(m, __VA_ARGS__)
#define __SC_M3(m, t, a, ...)	m(t, a), __SC_M2(m, __VA_ARGS__)
#define __SC_M4(m, t, a, ...)	m(t, a), __SC_M3(m, __VA_ARGS__)
#define __SC_M5(m, t, a, ...)	m(t, a), __SC_M4(m, __VA_ARGS__)
#define __SC_M6(m, t, a, ...)	m(t, a), __SC_M5(m, __VA_ARGS__)
#define __SC_DECL(t, a)		t a
#define __SC_LONG(t, a)		long a
#define __SC_CAST(t, a)		(t)a

#define SYSCALL_DEFINE0(sname)							\
	long sys_##sname(void);							\
	__SC_ENTRY(sname);							\
	long sys_##sname(void)

#define SYSCALL_DEFINEx(n, sname, ...)						\
	long sys_##sname(__SC_M##n(__SC_LONG, __VA_ARGS__));			\
	static __always_inline long __do_sys_##sname(__SC_M##n(__SC_DECL, __VA_ARGS__)); \
	long sys_##sname(__SC_M##n(__SC_LONG, __VA_ARGS__))			\
	{									\
		return __do_sys_##sname(__SC_M##n(__SC_CAST, __VA_ARGS__));	\
	}									\
	__SC_ENTRY(sname);							\
	static __always_inline long __do_sys_##sname(__SC_M##n(__SC_DECL, __VA_ARGS__))

#define SYSCALL_DEFINE1(sname, ...) SYSCALL_DEFINEx(1, sname, __VA_ARGS__)
#define SYSCALL_DEFINE2(sname, ...) SYSCALL_DEFINEx(2, sname, __VA_ARGS__)
#define SYSCALL_DEFINE3(sname, ...) SYSCALL_DEFINEx(3, sname, __VA_ARGS__)
#define SYSCALL_DEFINE4(sname, ...) SYSCALL_DEFINEx(4, sname, __VA_ARGS__)
#define SYSCALL_DEFINE5(sname, ...) SYSCALL_DEFINEx(5, sname, __VA_ARGS__)
#define SYSCALL_DEFINE6(sname, ...) SYSCALL_DEFINEx(6, sname, __VA_ARGS__)

#endif
