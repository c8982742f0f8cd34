/* SPDX-License-Identifier: MIT */
/*
 * Protection keys: each entry of a page table carries one of 16 keys, and a register of the thread (PKRU) says what it
 * may do with pages of each: two bits per key, PKEY_DISABLE_ACCESS and PKEY_DISABLE_WRITE.
 */
#ifndef SEAM_PKEYS_H
#define SEAM_PKEYS_H

#include <base/types.h>

#define NR_PKEYS	16

/* Does this machine have them? */
bool arch_has_pkeys(void);
/* Rights of current to pages with @pkey: PKEY_DISABLE_* of <linux/mman.h>. */
unsigned int arch_pkey_rights(int pkey);
void arch_set_pkey_rights(int pkey, unsigned int rights);

#endif
