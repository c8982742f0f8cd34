/* SPDX-License-Identifier: MIT */
/*
 * Read before everything else when the kernel's sources are compiled for a process (gcc -include).
 *
 * It gives the names that libc also has another name, makes racing accesses visible to ThreadSanitizer, and
 * makes each of them a point at which the deterministic scheduler may run another thread.
 */
#ifndef HOST_HOOKS_H
#define HOST_HOOKS_H

#define HOSTED 1

/* ---- names that libc has too ---- */
#define memcpy k_memcpy
#define memmove k_memmove
#define memset k_memset
#define memcmp k_memcmp
#define memchr k_memchr
#define strlen k_strlen
#define strnlen k_strnlen
#define strcmp k_strcmp
#define strncmp k_strncmp
#define strcasecmp k_strcasecmp
#define strlcpy k_strlcpy
#define strlcat k_strlcat
#define strchr k_strchr
#define strrchr k_strrchr
#define strstr k_strstr
#define strsep k_strsep
#define strpbrk k_strpbrk
#define strspn k_strspn
#define strcspn k_strcspn
#define vsnprintf k_vsnprintf
#define snprintf k_snprintf
#define sprintf k_sprintf
#define sscanf k_sscanf
#define vsscanf k_vsscanf
#define bsearch k_bsearch
/* ... and those that the linker gives values of its own */
#define _etext host_etext
#define _edata host_edata
#define __bss_start host_bss_start

/* ---- racing accesses ---- */
extern _Bool host_deterministic;
void host_sched_point(void);
#define host_point()	do { if (__builtin_expect(__atomic_load_n(&host_deterministic, __ATOMIC_RELAXED), 0)) host_sched_point(); } while (0)
#define atomic_point()	host_point()
#define ATOMIC_UNORDERED __ATOMIC_ACQ_REL

#define __host_bare(x)	__typeof__(((void)0, (x)))
#define __host_atomic_size(x) (sizeof(x) == 1 || sizeof(x) == 2 || sizeof(x) == 4 || sizeof(x) == 8)
#define READ_ONCE(x) ({								\
	__host_bare(x) __once;							\
	host_point();								\
	if (__host_atomic_size(x))						\
		__atomic_load((__host_bare(x) *)&(x), &__once, __ATOMIC_RELAXED); \
	else									\
		__once = (x);							\
	__once; })
#define WRITE_ONCE(x, val) do {							\
	__host_bare(x) __once = (val);						\
	host_point();								\
	if (__host_atomic_size(x))						\
		__atomic_store((__host_bare(x) *)&(x), &__once, __ATOMIC_RELAXED); \
	else									\
		(x) = __once;							\
} while (0)
/* A load that races by design. */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
#define data_race(expr) ({							\
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);				\
	__typeof__(expr) __race = (expr);					\
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);				\
	__race; })
#endif
/* An address dependency orders; ThreadSanitizer does not know that. */
#define rcu_load_pointer(p) ({							\
	__host_bare(p) __rp;							\
	host_point();								\
	__atomic_load((__host_bare(p) *)&(p), &__rp, __ATOMIC_ACQUIRE);		\
	__rp; })

#endif
