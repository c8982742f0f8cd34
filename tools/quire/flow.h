/* SPDX-License-Identifier: MIT */
/* One direction of a stream: bytes from one descriptor to another, with back-pressure. */
#ifndef QUIRE_FLOW_H
#define QUIRE_FLOW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow {
	int from, to; /* -1: closed */
	bool eof; /* the source has ended */
	bool broken; /* the sink is gone; further bytes are counted and dropped */
	uint64_t total; /* bytes that have left (or were dropped) */
	size_t chunk; /* write at most so many at once, so that a pipe never blocks us */
	size_t off, len; /* the bytes waiting are buf[off, off + len) */
	char buf[1 << 16];
};

void flow_init(struct flow *f, int from, int to);

/* Fill two pollfds (source, sink) with what the flow waits for; fd -1 where it waits for nothing. */
void flow_poll(const struct flow *f, struct pollfd p[2]);

/* Move what can be moved after poll(). filter, if any, edits what was read in place. */
void flow_move(struct flow *f, const struct pollfd p[2], size_t (*filter)(char *buf, size_t n));

/* True when the source has ended and everything has left. */
bool flow_done(const struct flow *f);

#endif
