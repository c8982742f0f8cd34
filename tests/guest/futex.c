// SPDX-License-Identifier: MIT
/* Futexes and what pthreads build on them. */
#include "textfile.h"

#include <linux/futex.h>
#include <pthread.h>

static uint32_t word, word2;

static long futex(uint32_t *p, int op, uint32_t val, void *timeout, uint32_t *p2, uint32_t val3)
{
	return syscall(SYS_futex, p, op, val, timeout, p2, val3);
}

static void errors(void)
{
	struct timespec ts = { 0, 20000000 }, bad = { 0, 1000000000 };
	int64_t t = now_ns(CLOCK_MONOTONIC);

	fails(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN, "wait: another value");
	fails(futex(&word, FUTEX_WAIT, 0, &ts, NULL, 0), ETIMEDOUT, "wait: times out");
	ok(now_ns(CLOCK_MONOTONIC) - t >= 20000000, "after that long");
	fails(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0), EINVAL, "wait: 10^9 nanoseconds");
	fails(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL,
	      "wait: not aligned");
	fails(futex((uint32_t *)0xdead000, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT, "wait: wild");
	fails(futex(&word, 77, 0, NULL, NULL, 0), ENOSYS, "unknown operation");
	fails(futex(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, 0), EINVAL, "bitset: no bits");
	is(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0, "wake: nobody");
	fails(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &word2, 99), EAGAIN,
	      "cmp_requeue: another value");
}

struct waiter {
	pthread_t thread;
	uint32_t *at;
	int op;
	uint32_t bits;
	volatile long result;
	volatile int done;
	volatile pid_t tid;
};

static void *waits(void *arg)
{
	struct waiter *w = arg;

	w->tid = (pid_t)syscall(SYS_gettid);
	w->result = futex(w->at, w->op, 0, NULL, NULL, w->bits);
	w->done = 1;
	return NULL;
}

static void start(struct waiter *w, uint32_t *at, int op, uint32_t bits)
{
	*w = (struct waiter){ .at = at, .op = op, .bits = bits };
	must(pthread_create(&w->thread, NULL, waits, w) == 0);
}

/* The letter of a thread's state; 0: it is gone. */
static char state_of(pid_t tid)
{
	char path[64], text[256] = "", *bracket;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	bracket = strrchr(text, ')');
	return bracket ? bracket[2] : 0;
}

/* Until all @n sleep: however slow the machine is. */
static void until_asleep(struct waiter *w, int n)
{
	for (int i = 0; i < n; i++)
		while (!w[i].tid || state_of(w[i].tid) != 'S')
			sleep_ms(5);
}

static void wake_and_requeue(void)
{
	struct waiter w[4];
	int done = 0;

	for (int i = 0; i < 4; i++)
		start(&w[i], &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0);
	until_asleep(w, 4);
	is(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0, "shared wake misses private waiters");
	is(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0), 1, "wake one");
	for (int k = 0; k < 4000 && !(w[0].done | w[1].done | w[2].done | w[3].done); k++)
		sleep_ms(5);
	for (int i = 0; i < 4; i++)
		done += w[i].done;
	is(done, 1, "one of four is awake");
	is(futex(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, (void *)10, &word2, 0), 3,
	   "requeue: one awake, two moved");
	is(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 0), 0, "nobody is left");
	is(futex(&word2, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 0), 2, "two elsewhere");
	for (int i = 0; i < 4; i++)
		pthread_join(w[i].thread, NULL);
	start(&w[0], &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 1);
	start(&w[1], &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 2);
	until_asleep(w, 2);
	is(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 2), 1,
	   "bitset: only the matching one");
	pthread_join(w[1].thread, NULL);
	is(w[0].done, 0, "the other sleeps");
	futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 10, NULL, NULL, 0);
	pthread_join(w[0].thread, NULL);
}

static void wake_op(void)
{
	struct waiter w[2];

	word = word2 = 0;
	start(&w[0], &word, FUTEX_WAIT, 0);
	start(&w[1], &word2, FUTEX_WAIT, 0);
	until_asleep(w, 2);
	is(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &word2,
		 FUTEX_OP(FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 0)),
	   2, "wake_op: both");
	is(word2, 5, "wake_op: the value is set");
	pthread_join(w[0].thread, NULL);
	pthread_join(w[1].thread, NULL);
	word2 = 0;
}

static uint32_t *shared;

static void child_waits(void)
{
	if (futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0) || *shared != 1)
		_exit(1);
}

static void across_processes(void)
{
	int status, woken;
	pid_t pid;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0) {
		child_waits();
		_exit(0);
	}
	must(EVENTUALLY(sleeps_in(pid, SYS_futex)));
	*shared = 1;
	woken = (int)futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0);
	waitpid(pid, &status, 0);
	is(woken, 1, "another process is woken through shared memory");
	is(status, 0, "and finds what was written");
}

#define THREADS 4
#define ROUNDS	20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long total;
static int turn;

static void *adds(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		total++;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *takes_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 200; i++) {
		while (turn != me)
			pthread_cond_wait(&cond, &mutex);
		turn = !me;
		pthread_cond_signal(&cond);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static __thread int local = 1;

static void *local_changes(void *arg)
{
	local += (int)(intptr_t)arg;
	sleep_ms(10);
	return (void *)(intptr_t)local;
}

static void *never_ends(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void threads_die(void)
{
	pthread_t t;

	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, never_ends, NULL);
	syscall(SYS_exit_group, 8);
}

static void *robust_holder(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void threads(void)
{
	pthread_t t[THREADS];
	pthread_mutexattr_t attr;
	pthread_mutex_t robust;
	void *r;

	for (int i = 0; i < THREADS; i++)
		must(pthread_create(&t[i], NULL, adds, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	is(total, THREADS * ROUNDS, "a mutex keeps four threads apart");
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, takes_turns, (void *)(intptr_t)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	is(turn, 0, "a condition variable passes the turn 400 times");
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, local_changes, (void *)(intptr_t)(i + 1));
	pthread_join(t[0], &r);
	is((intptr_t)r, 2, "thread-local storage is each thread's own");
	pthread_join(t[1], &r);
	is((intptr_t)r, 3, "of the second too");
	is(in_child(threads_die), EXITED(8), "exit_group ends all threads");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_create(&t[0], NULL, robust_holder, &robust);
	pthread_join(t[0], NULL);
	is(pthread_mutex_lock(&robust), EOWNERDEAD, "robust: the dead owner's mutex is passed on");
}

int main(void)
{
	errors();
	wake_and_requeue();
	wake_op();
	across_processes();
	threads();
	return tap_end();
}
