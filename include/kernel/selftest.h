/* SPDX-License-Identifier: MIT */
/*
 * Boot self tests: functions that any room places in a table, run by kernel_init when `selftest` (or selftest=PREFIX) is
 * on the command line, before /init. Printed as TAP: "ok 1 - name" / "not ok 2 - name: -22".
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/errno.h>

struct selftest {
	const char *name;
	int (*fn)(void);	/* 0, or a negative errno; may sleep */
};

#define SELFTEST(tname, tfn)								\
	static const struct selftest __selftest_##tfn					\
	__attribute__((used, section(".selftest"), aligned(16))) = { tname, tfn }

/* A failed condition names itself and makes the test fail. */
#define SELFTEST_EXPECT(cond) do {							\
	if (!(cond)) {									\
		selftest_complain(__FILE__, __LINE__, #cond);				\
		return -22;								\
	}										\
} while (0)
void selftest_complain(const char *file, int line, const char *what);

/*
 * For tests of counts that are the whole machine's: kernel threads allocate and free meanwhile. @once answers -EAGAIN when
 * a count came out otherwise; of some rounds one is undisturbed, but where something is lost none is. May sleep.
 */
static inline int selftest_repeat(int (*once)(void))
{
	int err = -EAGAIN;

	for (int tries = 0; tries < 20 && err == -EAGAIN; tries++)
		err = once();
	return err;
}

/* Run them if the command line asks for it; number of failures. May sleep. */
int run_selftests(void);

#endif
