// SPDX-License-Identifier: MIT
/*
 * Calls of library functions that were compiled for user space (tools/libpart.sh cuts them out of Debian's archives).
 *
 * Such code differs from the kernel's in three ways. It uses vector registers: so the task's are put by, as for any use
 * of the FPU in the kernel. It finds the canary of its stack frames at FS:0x28, and FS is the user's: so FS points to a
 * canary here meanwhile; interrupts in between do not care, and nobody else comes in between, since preemption is off. It
 * may use the 128 bytes below the stack pointer, which an interrupt overwrites: libpart.sh refuses such functions.
 */
#include <base/types.h>
#include <kernel/panic.h>
#include <seam/library.h>
#include <seam/processor.h>
#include <seam/thread.h>
#include "fsbase.h"

/* As much of the C library's thread descriptor as the code looks at: the canary is at byte 0x28. */
static unsigned long library_tls[6] = { [5] = 0x6c6962726172790aUL };

unsigned long library_begin(void)
{
	unsigned long fs;

	kernel_fpu_begin();
	if (have_fsgsbase()) {
		fs = rdfsbase();
		wrfsbase((unsigned long)library_tls);
	} else {
		rdmsrl(MSR_FS_BASE, fs);
		wrmsrl(MSR_FS_BASE, (unsigned long)library_tls);
	}
	return fs;
}

void library_end(unsigned long fs)
{
	if (have_fsgsbase())
		wrfsbase(fs);
	else
		wrmsrl(MSR_FS_BASE, fs);
	kernel_fpu_end();
}

void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	panic("stack-protector: Kernel stack is corrupted in: %pB", __builtin_return_address(0));
}
