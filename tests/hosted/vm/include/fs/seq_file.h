/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: fs/seq_file.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct seq_file {
	int x;
};
struct file;
void seq_printf(struct seq_file *, const char *, ...);
void seq_puts(struct seq_file *, const char *);
void seq_putc(struct seq_file *, char);
#define seq_setwidth(m, w) ((void)0)
#define seq_pad(m, c)	   ((void)0)
void seq_file_path(struct seq_file *, struct file *, const char *);
