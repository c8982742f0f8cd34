// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "klog.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP  (256 << 10)
#define PANIC "Kernel panic - not syncing"

void klog_open(struct klog *k, const char *path)
{
	memset(k, 0, sizeof(*k));
	k->text = xcalloc(1, KEEP + 1);
	k->file = -1;
	if (!path)
		return;
	k->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (k->file < 0)
		fail("--console-log %s: %s", path, strerror(errno));
}

void klog_put(struct klog *k, const char *p, size_t n)
{
	size_t from;

	for (size_t done = 0; k->file >= 0 && done < n;) {
		ssize_t w = write(k->file, p + done, n - done);

		if (w <= 0)
			break;
		done += w;
	}
	if (n > KEEP / 2) {
		p += n - KEEP / 2;
		n = KEEP / 2;
	}
	if (k->len + n > KEEP) {
		memmove(k->text, k->text + k->len - KEEP / 2, KEEP / 2);
		k->len = KEEP / 2;
	}
	from = k->len > sizeof(PANIC) ? k->len - sizeof(PANIC) : 0;
	memcpy(k->text + k->len, p, n);
	k->len += n;
	if (!k->panicked)
		k->panicked = memmem(k->text + from, k->len - from, PANIC, sizeof(PANIC) - 1);
}

static const char *line_start(const struct klog *k, const char *at)
{
	while (at > k->text && at[-1] != '\n')
		at--;
	return at;
}

static void print_from(const struct klog *k, const char *at)
{
	for (; at < k->text + k->len; at++)
		if (*at != '\r')
			fputc(*at, stderr);
	if (k->len && k->text[k->len - 1] != '\n')
		fputc('\n', stderr);
}

void klog_print_panic(const struct klog *k)
{
	static const char *const signs[] = { "BUG:",	      "Oops:",	    "] PREEMPT SMP",
					     "kernel BUG at", "Call Trace", PANIC };
	const char *first = k->text + k->len;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		const char *hit = memmem(k->text, k->len, signs[i], strlen(signs[i]));

		if (hit && hit < first)
			first = hit;
	}
	print_from(k, line_start(k, first));
}

void klog_print_tail(const struct klog *k, int lines)
{
	const char *at = k->text + k->len;

	while (at > k->text && (lines > 0 || at[-1] != '\n'))
		if (*--at == '\n')
			lines--;
	print_from(k, at);
}
