/* SPDX-License-Identifier: MIT */
/* What the loader handed over. */
#ifndef SEAM_SETUP_H
#define SEAM_SETUP_H

#include <base/types.h>
#include <kernel/init.h>

/* The initial RAM disk, in the direct map; 0 when there is none. */
extern unsigned long initrd_start, initrd_end;

/* Firmware map to memblock, tables of the firmware, final page tables. The first thing in start_kernel(). */
void setup_arch(char **cmdline_p);	/* *cmdline_p: a copy of the command line that parsing may cut up */

/* End of boot: give back .init and the template of per-CPU data, and unmap both. (Declared in mm/memblock.h.) */

/* Check the final rights of the kernel's mappings: prints the result. */
void mark_rodata_ro(void);

/* The kernel's address space, a line for each range, as in the boot log. */
struct seq_file;
void show_memory_layout(struct seq_file *m);
/* Pages of page tables made before there was a page allocator; they are part of reserved memory. */
unsigned long early_table_pages(void);

/* By how much the image was moved from its documented place ("Kernel Offset:"), at a log level such as KERN_INFO. */
void print_kernel_offset(const char *level);

/* One write to the first serial port; from the first line of C on. */
void early_console_write(const char *s, unsigned int n);
/* What the messages go to from setup_arch() on: the driver of the real console unregisters it when it takes over. */
struct console;
extern struct console early_con;

void x86_64_start_kernel(unsigned long start_info);

#endif
