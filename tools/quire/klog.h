/* SPDX-License-Identifier: MIT */
/* The kernel's messages as they come from the serial port. */
#ifndef QUIRE_KLOG_H
#define QUIRE_KLOG_H

#include <stdbool.h>
#include <stddef.h>

struct klog {
	int file; /* --console-log, or -1 */
	bool panicked; /* "Kernel panic - not syncing" was seen */
	char *text; /* the last part, for the trace */
	size_t len;
};

/* path may be NULL. => fails with a sentence when it cannot be written */
void klog_open(struct klog *k, const char *path);
void klog_put(struct klog *k, const char *p, size_t n);

/* The lines from the first sign of trouble on, to standard error. */
void klog_print_panic(const struct klog *k);

/* The last lines, to standard error. */
void klog_print_tail(const struct klog *k, int lines);

#endif
