// SPDX-License-Identifier: MIT
/* membarrier(2): all commands of Linux 6.1, registration first, flags, and what a barrier is for. */
#include "tap.h"

#include <linux/membarrier.h>
#include <linux/rseq.h>
#include <pthread.h>
#include <sched.h>

static int membarrier(int cmd, unsigned int flags, int cpu)
{
	return syscall(SYS_membarrier, cmd, flags, cpu);
}

static void not_registered(void)
{
	fails(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), EPERM,
	      "PRIVATE_EXPEDITED, not registered");
	fails(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0), EPERM,
	      "SYNC_CORE, not registered");
	fails(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0), EPERM,
	      "RSEQ, not registered");
	is(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0), 0,
	   "GLOBAL_EXPEDITED needs no registration");
	is(membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0), 0, "GLOBAL");
}

static void registered(void)
{
	is(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0,
	   "register PRIVATE_EXPEDITED");
	is(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0, "PRIVATE_EXPEDITED");
	fails(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0), EPERM,
	      "RSEQ is registered on its own");
	is(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0), 0,
	   "register SYNC_CORE");
	is(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0), 0, "SYNC_CORE");
	is(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0), 0, "register RSEQ");
	is(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0), 0, "RSEQ");
	is(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0), 0,
	   "RSEQ on CPU 0");
	is(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 4000), 0,
	   "RSEQ on a CPU that is not there");
	is(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0), 0,
	   "register GLOBAL_EXPEDITED");
	is(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0,
	   "registering twice is allowed");
}

static void mistakes(void)
{
	fails(membarrier(MEMBARRIER_CMD_QUERY, 1, 0), EINVAL, "QUERY with a flag");
	fails(membarrier(MEMBARRIER_CMD_GLOBAL, MEMBARRIER_CMD_FLAG_CPU, 0), EINVAL,
	      "GLOBAL with a flag");
	fails(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_FLAG_CPU, 0), EINVAL,
	      "PRIVATE_EXPEDITED with a flag");
	fails(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 2, 0), EINVAL,
	      "RSEQ with an unknown flag");
	fails(membarrier(1 << 30, 0, 0), EINVAL, "an unknown command");
	fails(membarrier(3, 0, 0), EINVAL, "two commands at once");
	fails(membarrier(-1, 0, 0), EINVAL, "a negative one");
}

static void lost_by_exec(void)
{
	_exit(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0 ? 0 : 1);
}

/* Dekker with one side light: the light side has a compiler barrier only, the heavy side calls. */
static volatile int x, y;
static int light_saw, heavy_saw, rounds = 300;
static pthread_barrier_t start, done;

static void *light(void *arg)
{
	(void)arg;
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&start);
		x = 1;
		__asm__ volatile("" ::: "memory");
		light_saw = y;
		pthread_barrier_wait(&done);
	}
	return NULL;
}

static void dekker(void)
{
	pthread_t t;
	int both = 0;

	pthread_barrier_init(&start, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	must(!pthread_create(&t, NULL, light, NULL));
	for (int i = 0; i < rounds; i++) {
		x = y = 0;
		pthread_barrier_wait(&start);
		y = 1;
		membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
		heavy_saw = x;
		pthread_barrier_wait(&done);
		both += !light_saw && !heavy_saw;
	}
	pthread_join(t, NULL);
	is(both, 0, "never do both sides miss each other");
}

int main(int argc, char **argv)
{
	int all = membarrier(MEMBARRIER_CMD_QUERY, 0, 0);

	if (argc > 1)
		return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == -1 && errno == EPERM
			       ? 0
			       : 1;
	is(all & 0x1ff, 0x1ff, "QUERY: the nine commands");
	mistakes();
	not_registered();
	registered();
	is(in_child(lost_by_exec), 0, "a child by fork is registered");
	fflush(stdout);
	if (!fork()) {
		execl("/proc/self/exe", argv[0], "again", NULL);
		_exit(9);
	}
	int status;
	must(wait(&status) > 0);
	is(status, 0, "a new program is not");
	dekker();
	return tap_end();
}
