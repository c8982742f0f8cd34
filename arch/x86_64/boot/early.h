/* SPDX-License-Identifier: MIT */
/* Things that only the first milliseconds need. */
#ifndef EARLY_H
#define EARLY_H

#include <base/types.h>
#include <base/compiler.h>
#include <kernel/init.h>

extern char early_trap_stubs[];
struct early_frame;
void early_trap(struct early_frame *f, u64 cr2);
void early_idt_setup(void);
void early_puts(const char *s);

/* Move the kernel; nothing with nokaslr. => on the early tables, at the linked place. kaslr.c */
struct hvm_start_info;
void kaslr_move(const struct hvm_start_info *info);

#endif
