/* SPDX-License-Identifier: MIT */
/*
 * Assertions, in two levels.
 *
 *	BUG_ON, WARN_ON			always
 *	VM_BUG_ON, VM_WARN_ON_ONCE	with QUIRE_DEBUG (make DEBUG=1)
 *
 * bug_at() and warn_slowpath_fmt() are the kernel's (kernel/panic.h) or the host's.
 */
#ifndef QUIRE_BASE_BUG_H
#define QUIRE_BASE_BUG_H

#include <base/compiler.h>

void bug_at(const char *file, int line) __attribute__((noreturn, cold));
void warn_slowpath_fmt(const char *file, int line, unsigned int taint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));

#define __WARN_TAINT	9

#define BUG()		bug_at(__FILE__, __LINE__)
#define BUG_ON(cond)	do { if (unlikely(cond)) BUG(); } while (0)

#define WARN(cond, fmt...) ({							\
	bool __warned = !!(cond);						\
	if (unlikely(__warned))							\
		warn_slowpath_fmt(__FILE__, __LINE__, __WARN_TAINT, fmt);	\
	unlikely(__warned); })

#define WARN_ON(cond) ({							\
	bool __warned = !!(cond);						\
	if (unlikely(__warned))							\
		warn_slowpath_fmt(__FILE__, __LINE__, __WARN_TAINT, NULL);	\
	unlikely(__warned); })

#define WARN_ONCE(cond, fmt...) ({						\
	static bool __already;							\
	bool __hit = !!(cond);							\
	if (unlikely(__hit && !__already)) {					\
		__already = true;						\
		warn_slowpath_fmt(__FILE__, __LINE__, __WARN_TAINT, fmt);	\
	}									\
	unlikely(__hit); })

#define WARN_ON_ONCE(cond) ({							\
	static bool __already;							\
	bool __hit = !!(cond);							\
	if (unlikely(__hit && !__already)) {					\
		__already = true;						\
		warn_slowpath_fmt(__FILE__, __LINE__, __WARN_TAINT, NULL);	\
	}									\
	unlikely(__hit); })

/* Checked for its types, never evaluated. */
#define BUILD_BUG_ON_INVALID(e)	((void)sizeof((long)(e)))

#if QUIRE_DEBUG
#define VM_BUG_ON(cond)		BUG_ON(cond)
#define VM_WARN_ON_ONCE(cond)	((void)WARN_ON_ONCE(cond))
#else
#define VM_BUG_ON(cond)		BUILD_BUG_ON_INVALID(cond)
#define VM_WARN_ON_ONCE(cond)	BUILD_BUG_ON_INVALID(cond)
#endif

#define BUILD_BUG_ON(cond)		static_assert(!(cond), "BUILD_BUG_ON: " #cond)
void __build_bug_reached(void) __attribute__((error("BUILD_BUG reached"), noreturn));
#define BUILD_BUG()			__build_bug_reached()

#endif
