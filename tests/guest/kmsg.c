// SPDX-License-Identifier: MIT
/* The log as programs see it: what /dev/kmsg takes, and the ring that overwrites its oldest lines. */
#include "textfile.h"

#include <sys/klog.h>

#define READ_ALL    3
#define CONSOLE	    8
#define SIZE_BUFFER 10
#define LINES	    2500

/* Line @i, with a tail of a length that depends on it. */
static int make_line(char *line, size_t size, int i)
{
	return snprintf(line, size, "kmsg-test %d %.*s|", i, i * 7 % 150,
			"................................................................"
			"................................................................"
			"......................");
}

static void write_lines(void)
{
	char line[256] = "<7>";

	for (int i = 0; i < LINES; i++) {
		int n = make_line(line + 3, sizeof(line) - 3, i);

		line[3 + n] = '\n'; /* an open line could still grow */
		line[4 + n] = 0;
		must(!spew("/dev/kmsg",
			   line)); /* each with an open of its own, which Linux limits by rate */
	}
}

/* How many of ours end the log, all of them whole and in order; -1: something else. */
static int tail_of(char *log)
{
	char line[256], *at = strstr(log, "kmsg-test ");
	int first = at ? atoi(at + 10) : -1, n = 0;

	for (; at && *at; n++) {
		make_line(line, sizeof(line), first + n);
		if (strncmp(at, line, strlen(line)) || at[strlen(line)] != '\n')
			return -1;
		at = strstr(at + 1, "kmsg-test ");
	}
	return first + n == LINES ? n : -1;
}

/* Read on to the end. The number in the last line; -1: a gap. */
static int follow(int kmsg)
{
	unsigned int seq, last_seq = 0;
	int line, last = -1;
	ssize_t n;

	while ((n = read(kmsg, text, sizeof(text) - 1)) > 0) {
		text[n] = 0;
		if (sscanf(text, "%*u,%u,", &seq) != 1 || (last_seq && seq != last_seq + 1))
			return -1;
		last_seq = seq;
		if (sscanf(text, "%*[^;];kmsg-test %d ", &line) == 1) {
			if (last >= 0 && line != last + 1)
				return -1;
			last = line;
		}
	}
	return errno == EAGAIN ? last : -1;
}

static void test_ring(void)
{
	int size = klogctl(SIZE_BUFFER, NULL, 0), old = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), n;
	char *log = malloc(size);

	ok(size >= 1 << 14 && !(size & (size - 1)), "ring: its size is a power of two (%d)", size);
	must(old >= 0 && log);
	write_lines();
	n = klogctl(READ_ALL, log, size - 1);
	must(n > 0);
	log[n] = 0;
	n = tail_of(log);
	ok(n > 100, "ring: the newest lines are whole and in order (%d)", n);
	fails(read(old, text, sizeof(text)), EPIPE,
	      "ring: who read the oldest is told that it is gone");
	is(follow(old), LINES - 1, "ring: and goes on to the newest, none is left out");
	close(old);
	free(log);
}

int main(void)
{
	char before[64];

	snprintf(before, sizeof(before), "%.60s", slurp("/proc/sys/kernel/printk_devkmsg"));
	spew("/proc/sys/kernel/printk_devkmsg", "on\n");
	klogctl(CONSOLE, NULL, 1);
	test_ring();
	klogctl(CONSOLE, NULL, 7);
	if (before[0])
		spew("/proc/sys/kernel/printk_devkmsg", before);
	return tap_end();
}
