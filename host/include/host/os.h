/* SPDX-License-Identifier: MIT */
/* What the played machine needs of the real system. Plain C types: both sides include it. host/os.c */
#ifndef HOST_OS_H
#define HOST_OS_H

void os_fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void os_print(const char *s);		/* to standard error */
void os_out(const char *s);		/* to standard output: TAP */
unsigned long os_env(const char *name, unsigned long def);
const char *os_env_string(const char *name);
unsigned long long os_now_ns(void);

/* @bytes of zeroed memory at exactly @addr, not there until touched. */
void os_map_at(unsigned long addr, unsigned long bytes);
/* Played memory of @bytes at @at; a page of it also at @addr; and no more. */
void os_ram_make(unsigned long at, unsigned long bytes);
void os_ram_map(unsigned long addr, unsigned long pfn);
void os_ram_unmap(unsigned long addr);
/* Give the contents back; reads as zeros again. */
void os_discard(unsigned long addr, unsigned long bytes);
void *os_alloc(unsigned long bytes);	/* zeroed */
void os_free(void *p);

/* A mutual exclusion and a condition, made on demand. */
struct os_lock;
struct os_lock *os_lock_new(void);
void os_lock_free(struct os_lock *l);
void os_lock(struct os_lock *l);
int os_trylock(struct os_lock *l);
void os_unlock(struct os_lock *l);
void os_wait(struct os_lock *l);		/* as a condition variable */
void os_wait_ns(struct os_lock *l, unsigned long long ns);
void os_wake(struct os_lock *l);		/* all */

unsigned long os_thread(void (*fn)(void *), void *arg);
void os_join(unsigned long thread);
/* @on: the calling thread and those that it starts from now on share one CPU; 0: it runs again where it may. */
void os_one_cpu(int on);
void os_relax(void);

/* libc's own, to compare with. */
int os_vsnprintf(char *buf, unsigned long size, const char *fmt, __builtin_va_list ap);
void os_qsort(void *base, unsigned long n, unsigned long size, int (*cmp)(const void *, const void *));
int os_backtrace(char *buf, unsigned long size);
void os_exit(int code) __attribute__((noreturn));

#endif
