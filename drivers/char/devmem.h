/* SPDX-License-Identifier: MIT */
/* /dev/mem, for the table of memory devices in mem.c. */
#ifndef CHAR_DEVMEM_H
#define CHAR_DEVMEM_H

struct file_operations;

extern const struct file_operations dev_mem_fops;

#endif
