/* SPDX-License-Identifier: MIT */
/*
 * Hosted tests: programs of kernel code over the played machine.
 *
 *	#include <host/test.h>
 *	TEST(list_keeps_order) { ... CHECK(x == 3); }
 *
 * Each TEST runs on CPU 0 as a task, with 8 played CPUs; tests run in the order of their names' definition. The
 * output is TAP. SEED=n in the environment repeats a run; TEST=substring selects.
 */
#ifndef HOST_TEST_H
#define HOST_TEST_H

#include <base/types.h>
#include <base/compiler.h>
#include <host/os.h>

#define HOST_NR_CPUS 8

struct host_test {
	const char *name;
	void (*fn)(void);
};

#define TEST(tname)								\
	static void test_##tname(void);						\
	static const struct host_test __host_test_##tname			\
	__attribute__((used, section("host_tests"), aligned(16))) = { #tname, test_##tname }; \
	static void test_##tname(void)

/* A failed check fails the test and ends the program's run of it (the state is no longer sound). */
void host_check_failed(const char *file, int line, const char *what) __attribute__((noreturn, cold));
#define CHECK(cond) do { if (unlikely(!(cond))) host_check_failed(__FILE__, __LINE__, #cond); } while (0)
#define CHECK_EQ(a, b) do {							\
	long long __a = (long long)(a), __b = (long long)(b);			\
	if (unlikely(__a != __b)) {						\
		host_note("%s = %lld, %s = %lld", #a, __a, #b, __b);		\
		host_check_failed(__FILE__, __LINE__, #a " == " #b);		\
	} } while (0)
void host_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* a TAP comment */

/* Random numbers from SEED, of one generator for all tasks of the test. */
u64 host_random(void);
static inline u64 host_random_below(u64 n) { return host_random() % n; }

/* Other tasks, each on a CPU; they run for real in parallel, unless under host_explore(). */
struct task_struct;
struct task_struct *host_start(void (*fn)(void *), void *arg, unsigned int cpu, const char *name);
void host_join(struct task_struct *t);

/*
 * Deterministic interleavings. @n threads run fn[i](arg) on CPUs 1 to n; every atomic operation, READ_ONCE and
 * lock is a point where another may go on. With @preemptions >= 0 all interleavings with at most so many
 * preemptions are tried; with -1, @runs random ones from SEED. setup() before and check() after each run.
 * The number of runs. A deadlock (nobody can run) fails the test with the list of who waits.
 */
struct host_scenario {
	void (*setup)(void *arg);
	void (*fn[3])(void *arg);
	unsigned int n;
	void (*check)(void *arg);
	void *arg;
	int preemptions;
	unsigned long runs;	/* at most; 0: no limit */
	/* Instead of failing the test, note that a run failed: for showing that a broken lock is caught. */
	bool expect_failure;
};
unsigned long host_explore(const struct host_scenario *s);
/* As @s says, and then @at_random random ones; a comment tells of @what how many there were. */
unsigned long host_explore_widely(const char *what, struct host_scenario s, unsigned long at_random);
extern unsigned long host_failures;	/* of the last host_explore() with expect_failure */
/* In a scenario: a failed check ends this run only. */
#define SCENARIO_CHECK(cond) do { if (unlikely(!(cond))) host_scenario_failed(__FILE__, __LINE__, #cond); } while (0)
void host_scenario_failed(const char *file, int line, const char *what);

/* Silence expected messages: WARN and BUG text go to a counter meanwhile. */
extern unsigned long host_warnings;
void host_expect_warnings(bool yes);

#endif
