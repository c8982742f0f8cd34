/* SPDX-License-Identifier: MIT */
/*
 * What lies below mm/ in these tests: frames of fake RAM, object caches, the failure gate, and a software MMU with a TLB.
 */
#pragma once
#include <base/types.h>

struct mm_struct;

#define NR_FRAMES	16384UL

void fake_init(void);		/* RAM, descriptors, the task, limits, protections */
extern unsigned long nr_free_frames;
long live_objects(void);	/* of all caches */
/* The n-th allocation of a page or an object from now on fails (once); 0: none. */
extern long fail_nth;
extern unsigned long test_step;	/* printed by fatal() */
void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
unsigned int random_below(unsigned int n);

/*
 * One access by the program: through the TLB, which keeps translations until they are flushed; a miss walks the tables,
 * a fault is served as the trap handler does. A stale translation that would be used is fatal, and so is a frame
 * that is freed while the TLB still holds it.
 */
enum access_result { ACCESS_OK, ACCESS_SEGV, ACCESS_OOM, ACCESS_BUS };
enum access_result user_access(struct mm_struct *mm, unsigned long addr, bool write, unsigned int *value);
void tlb_forget(struct mm_struct *mm);

struct file *test_file(void);	/* what every file descriptor is */
