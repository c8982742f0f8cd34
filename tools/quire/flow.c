// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "flow.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void flow_init(struct flow *f, int from, int to)
{
	struct stat st;

	memset(f, 0, offsetof(struct flow, buf));
	f->from = from;
	f->to = to;
	f->eof = from < 0;
	f->chunk = PIPE_BUF;
	if (to >= 0 && !fstat(to, &st) && (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode)))
		f->chunk = sizeof(f->buf);
}

void flow_poll(const struct flow *f, struct pollfd p[2])
{
	p[0] = (struct pollfd){ .fd = f->len || f->eof ? -1 : f->from, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = f->broken ? -1 : f->to, .events = f->len ? POLLOUT : 0 };
}

static bool again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void fill(struct flow *f, size_t (*filter)(char *buf, size_t n))
{
	ssize_t n = read(f->from, f->buf, sizeof(f->buf));

	if (n < 0 && again())
		return;
	if (n <= 0) {
		f->eof = true;
		return;
	}
	f->off = 0;
	f->len = filter ? filter(f->buf, n) : (size_t)n;
}

static void drain(struct flow *f)
{
	size_t want = f->len < f->chunk ? f->len : f->chunk;
	ssize_t n = f->broken ? (ssize_t)f->len : write(f->to, f->buf + f->off, want);

	if (n < 0) {
		f->broken = !again();
		return;
	}
	f->off += n;
	f->len -= n;
	f->total += n;
}

void flow_move(struct flow *f, const struct pollfd p[2], size_t (*filter)(char *buf, size_t n))
{
	/* A pipe without reader, a socket without peer: nobody will read what is to come. */
	if (p[1].fd >= 0 && (p[1].revents & POLLERR))
		f->broken = true;
	if (p[0].fd >= 0 && p[0].revents && !f->len && !f->eof)
		fill(f, filter);
	if (f->len && (f->broken || (p[1].fd >= 0 && (p[1].revents || p[0].revents))))
		drain(f);
}

bool flow_done(const struct flow *f)
{
	return f->eof && !f->len;
}
