// SPDX-License-Identifier: MIT
/* The real system below the played machine: memory, threads, output. The only file here that knows libc. */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <host/os.h>

void os_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "host: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	fflush(stdout);
	abort();
}

void os_print(const char *s)
{
	fputs(s, stderr);
}

void os_out(const char *s)
{
	fputs(s, stdout);
	fflush(stdout);
}

unsigned long os_env(const char *name, unsigned long def)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : def;
}

const char *os_env_string(const char *name)
{
	return getenv(name);
}

unsigned long long os_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void os_map_at(unsigned long addr, unsigned long bytes)
{
	void *p = mmap((void *)addr, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)addr)
		os_fatal("no memory at %#lx: %s", addr, strerror(errno));
}

/* Played memory: one file in memory, mapped whole at the direct map and page by page elsewhere. */
static int ram;

void os_ram_make(unsigned long at, unsigned long bytes)
{
	ram = memfd_create("played memory", MFD_CLOEXEC);
	if (ram < 0 || ftruncate(ram, bytes))
		os_fatal("no played memory: %s", strerror(errno));
	if (mmap((void *)at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, ram,
		 0) != (void *)at)
		os_fatal("no memory at %#lx: %s", at, strerror(errno));
}

void os_ram_map(unsigned long addr, unsigned long pfn)
{
	if (mmap((void *)addr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram,
		 pfn << 12) != (void *)addr)
		os_fatal("page at %#lx: %s", addr, strerror(errno));
}

void os_ram_unmap(unsigned long addr)
{
	munmap((void *)addr, 4096);
}

void os_discard(unsigned long addr, unsigned long bytes)
{
	madvise((void *)addr, bytes, MADV_DONTNEED);
}

void *os_alloc(unsigned long bytes)
{
	void *p = calloc(1, bytes);

	if (!p)
		os_fatal("out of memory");
	return p;
}

void os_free(void *p)
{
	free(p);
}

struct os_lock {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
};

struct os_lock *os_lock_new(void)
{
	struct os_lock *l = os_alloc(sizeof(*l));

	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->cond, NULL);
	return l;
}

void os_lock_free(struct os_lock *l)
{
	pthread_mutex_destroy(&l->mutex);
	pthread_cond_destroy(&l->cond);
	free(l);
}

void os_lock(struct os_lock *l)
{
	pthread_mutex_lock(&l->mutex);
}

int os_trylock(struct os_lock *l)
{
	return pthread_mutex_trylock(&l->mutex) == 0;
}

void os_unlock(struct os_lock *l)
{
	pthread_mutex_unlock(&l->mutex);
}

void os_wait(struct os_lock *l)
{
	pthread_cond_wait(&l->cond, &l->mutex);
}

void os_wait_ns(struct os_lock *l, unsigned long long ns)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ns += ts.tv_nsec;
	ts.tv_sec += ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&l->cond, &l->mutex, &ts);
}

void os_wake(struct os_lock *l)
{
	pthread_cond_broadcast(&l->cond);
}

struct start {
	void (*fn)(void *);
	void *arg;
};

static void *start_thread(void *p)
{
	struct start s = *(struct start *)p;

	free(p);
	s.fn(s.arg);
	return NULL;
}

unsigned long os_thread(void (*fn)(void *), void *arg)
{
	struct start *s = os_alloc(sizeof(*s));
	pthread_attr_t attr;
	pthread_t t;

	*s = (struct start){ fn, arg };
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 512 << 10);
	if (pthread_create(&t, &attr, start_thread, s))
		os_fatal("no thread: %s", strerror(errno));
	pthread_attr_destroy(&attr);
	return (unsigned long)t;
}

void os_join(unsigned long thread)
{
	pthread_join((pthread_t)thread, NULL);
}

void os_one_cpu(int on)
{
	static cpu_set_t all;
	cpu_set_t one;

	if (!on) {
		sched_setaffinity(0, sizeof(all), &all);
		return;
	}
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

void os_relax(void)
{
	sched_yield();
}

int os_vsnprintf(char *buf, unsigned long size, const char *fmt, __builtin_va_list ap)
{
	return vsnprintf(buf, size, fmt, ap);
}

void os_qsort(void *base, unsigned long n, unsigned long size,
	      int (*cmp)(const void *, const void *))
{
	qsort(base, n, size, cmp);
}

int os_backtrace(char *buf, unsigned long size)
{
	void *frames[32];
	int n = backtrace(frames, 32);
	char **names = backtrace_symbols(frames, n);
	unsigned long at = 0;

	buf[0] = 0;
	for (int i = 1; names && i < n && at < size; i++)
		at += snprintf(buf + at, size - at, "#   %s\n", names[i]);
	free(names);
	return n;
}

void os_exit(int code)
{
	fflush(stdout);
	exit(code);
}

void os_thread_exit(void) __attribute__((noreturn));
void os_thread_exit(void)
{
	pthread_exit(NULL);
}

int host_main(void);
int main(void)
{
	return host_main();
}
