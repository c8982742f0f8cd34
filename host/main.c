// SPDX-License-Identifier: MIT
/* The frame of a hosted test program: start the machine, run the tests, print TAP. */
#include <base/printf.h>
#include <base/string.h>
#include <kernel/timer.h>
#include <sync/rcu.h>
#include <sync/wait.h>
#include <sync/workqueue.h>
#include "sched_internal.h"

extern const struct host_test __start_host_tests[], __stop_host_tests[];
void host_kthreads_start(void);
void __attribute__((weak)) host_boot_memory(void) {}
void __attribute__((weak)) host_test_ended(void) {}

static const char *test_name;
static unsigned int test_number;
static u64 seed;

u64 host_random(void)
{
	/* splitmix64: Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014 */
	u64 z = __atomic_add_fetch(&seed, 0x9e3779b97f4a7c15ULL, __ATOMIC_RELAXED);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void host_note(const char *fmt, ...)
{
	char buf[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	os_out("# ");
	os_out(buf);
	os_out("\n");
}

static void tap(const char *what)
{
	char buf[256];

	snprintf(buf, sizeof(buf), "%s %u - %s\n", what, test_number, test_name);
	os_out(buf);
}

void host_check_failed(const char *file, int line, const char *what)
{
	host_note("%s:%d: %s", file, line, what);
	tap("not ok");
	os_exit(1);
}

static bool wanted(const struct host_test *t)
{
	const char *only = os_env_string("TEST");

	return !only || strstr(t->name, only);
}

int host_main(void);
int host_main(void)
{
	u64 given = os_env("SEED", os_now_ns() & 0xffffffff);
	char plan[32];
	unsigned int n = 0;

	seed = given;
	host_sched_start();
	host_time_start();
	host_boot_memory();
	rcu_init();
	workqueue_init_early();
	host_kthreads_start();
	rcu_spawn_threads();
	workqueue_init();
	for (const struct host_test *t = __start_host_tests; t < __stop_host_tests; t++)
		n += wanted(t);
	snprintf(plan, sizeof(plan), "1..%u\n", n);
	os_out(plan);
	host_note("SEED=%llu", given);
	for (const struct host_test *t = __start_host_tests; t < __stop_host_tests; t++) {
		if (!wanted(t))
			continue;
		test_number++;
		test_name = t->name;
		t->fn();
		host_test_ended();
		tap("ok");
	}
	os_exit(0);
}
