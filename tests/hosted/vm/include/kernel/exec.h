/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: kernel/exec.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <kernel/task.h>
struct linux_binprm {
	struct vm_area_struct *vma;
	unsigned long vma_pages;
	struct mm_struct *mm;
	unsigned long p;
	struct rlimit rlim_stack;
	unsigned long loader, exec;
};
