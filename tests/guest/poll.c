// SPDX-License-Identifier: MIT
/* poll, select, epoll and eventfd. */
#include "tap.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>

static int p[2];

static void polling(void)
{
	struct pollfd f[2] = { { .fd = -1 }, { .events = POLLIN } };
	int64_t t;
	char c;

	must(pipe(p) == 0);
	f[1].fd = p[0];
	t = now_ns(CLOCK_MONOTONIC);
	is(poll(f, 2, 30), 0, "poll: nothing in 30 ms");
	ok(now_ns(CLOCK_MONOTONIC) - t >= 29000000, "it waited");
	is(poll(f, 2, 0), 0, "poll: no wait at all");
	must(write(p[1], "x", 1) == 1);
	is(poll(f, 2, -1), 1, "poll: readable");
	is(f[1].revents, POLLIN, "POLLIN");
	is(f[0].revents, 0, "a negative descriptor is passed over");
	must(read(p[0], &c, 1) == 1);
	f[0] = (struct pollfd){ .fd = p[1], .events = POLLOUT };
	is(poll(f, 1, 0), 1, "poll: writable");
	f[0] = (struct pollfd){ .fd = 77, .events = POLLIN };
	is(poll(f, 1, 0), 1, "poll: a closed descriptor");
	is(f[0].revents, POLLNVAL, "POLLNVAL");
	fails(poll(f, 1u << 30, 0), EINVAL, "poll: too many");
	is(poll(NULL, 0, 1), 0, "poll: none is a sleep");
	if (fork() == 0) {
		sleep_ms(50);
		(void)!write(p[1], "y", 1);
		_exit(0);
	}
	is(poll(f + 1, 1, 20000), 1, "poll: woken by another process");
	wait(NULL);
	must(read(p[0], &c, 1) == 1);
	close(p[1]);
	is(poll(f + 1, 1, 0), 1, "poll: no writer");
	is(f[1].revents, POLLHUP, "POLLHUP");
	close(p[0]);
	must(pipe(p) == 0);
	close(p[0]);
	f[0] = (struct pollfd){ .fd = p[1], .events = POLLOUT };
	poll(f, 1, 0);
	ok(f[0].revents & POLLERR, "no reader: POLLERR");
	close(p[1]);
}

static void selecting(void)
{
	struct timeval tv = { 0, 20000 };
	fd_set r, w;

	must(pipe(p) == 0);
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	is(select(p[0] + 1, &r, NULL, NULL, &tv), 0, "select: nothing");
	ok(!FD_ISSET(p[0], &r), "the set is cleared");
	FD_ZERO(&w);
	FD_SET(p[1], &w);
	FD_SET(p[0], &r);
	is(select(p[1] + 1, &r, &w, NULL, NULL), 1, "select: writable");
	ok(FD_ISSET(p[1], &w) && !FD_ISSET(p[0], &r), "only that");
	FD_ZERO(&r);
	FD_SET(60, &r);
	tv.tv_usec = 0;
	fails(select(61, &r, NULL, NULL, &tv), EBADF, "select: a closed descriptor");
	fails(select(-1, NULL, NULL, NULL, &tv), EINVAL, "select: negative");
	close(p[0]);
	close(p[1]);
}

static void epolling(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0x1122334455 }, out[4];
	int e = epoll_create1(EPOLL_CLOEXEC), e2 = epoll_create1(0);
	char c;

	must(e >= 0 && pipe(p) == 0);
	fails(epoll_create1(1), EINVAL, "epoll_create1: unknown flag");
	fails(syscall(SYS_epoll_create, 0), EINVAL, "epoll_create: size 0");
	is(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev), 0, "epoll: add");
	fails(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &ev), EEXIST, "epoll: add twice");
	fails(epoll_ctl(e, EPOLL_CTL_MOD, p[1], &ev), ENOENT, "epoll: modify what is not there");
	fails(epoll_ctl(e, EPOLL_CTL_DEL, p[1], NULL), ENOENT, "epoll: delete what is not there");
	fails(epoll_ctl(e, EPOLL_CTL_ADD, 99, &ev), EBADF, "epoll: bad descriptor");
	fails(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &ev), EINVAL, "epoll: not an epoll");
	fails(epoll_ctl(e, EPOLL_CTL_ADD, e, &ev), EINVAL, "epoll: itself");
	fails(epoll_ctl(e, 9, p[0], &ev), EINVAL, "epoll: unknown operation");
	fails(epoll_wait(e, out, 0, 0), EINVAL, "epoll: no room for events");
	is(epoll_wait(e, out, 4, 10), 0, "epoll: nothing");
	must(write(p[1], "x", 1) == 1);
	is(epoll_wait(e, out, 4, -1), 1, "epoll: an event");
	ok(out[0].events == EPOLLIN && out[0].data.u64 == 0x1122334455, "with its data");
	is(epoll_wait(e, out, 4, 0), 1, "level-triggered: again");
	ev.events = EPOLLIN | EPOLLET;
	is(epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev), 0, "epoll: modify");
	is(epoll_wait(e, out, 4, 0), 1, "edge-triggered: once");
	is(epoll_wait(e, out, 4, 0), 0, "edge-triggered: not again");
	must(write(p[1], "y", 1) == 1);
	is(epoll_wait(e, out, 4, 0), 1, "but for a new byte");
	ev.events = EPOLLIN | EPOLLONESHOT;
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	is(epoll_wait(e, out, 4, 0), 1, "one shot");
	is(epoll_wait(e, out, 4, 0), 0, "and silence");
	ev.events = EPOLLIN;
	epoll_ctl(e, EPOLL_CTL_MOD, p[0], &ev);
	is(epoll_ctl(e2, EPOLL_CTL_ADD, e, &ev), 0, "an epoll in an epoll");
	is(epoll_wait(e2, out, 4, 0), 1, "is readable when it has events");
	must(read(p[0], &c, 1) == 1 && read(p[0], &c, 1) == 1);
	close(p[1]);
	is(epoll_wait(e, out, 4, 0), 1, "epoll: hang-up");
	ok(out[0].events & EPOLLHUP, "EPOLLHUP unasked");
	close(p[0]);
	is(epoll_wait(e, out, 4, 0), 0, "a closed descriptor leaves the set");
	close(e);
	close(e2);
}

static void eventfds(void)
{
	struct pollfd f = { .events = POLLIN | POLLOUT };
	uint64_t v = 5;
	int e = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

	must(e >= 0);
	f.fd = e;
	fails(eventfd(0, 0x10), EINVAL, "eventfd: unknown flag");
	is(write(e, &v, 8), 8, "eventfd: add 5");
	is(read(e, &v, 8), 8, "eventfd: read");
	is(v, 8, "the sum");
	fails(read(e, &v, 8), EAGAIN, "zero: EAGAIN");
	fails(read(e, &v, 4), EINVAL, "a short buffer: EINVAL");
	is(poll(&f, 1, 0), 1, "eventfd: poll");
	is(f.revents, POLLOUT, "writable only");
	v = UINT64_MAX;
	fails(write(e, &v, 8), EINVAL, "eventfd: the largest value");
	v = UINT64_MAX - 1;
	is(write(e, &v, 8), 8, "filled up");
	fails(write(e, &v, 8), EAGAIN, "full: EAGAIN");
	close(e);
	e = eventfd(2, EFD_SEMAPHORE);
	is(read(e, &v, 8), 8, "semaphore");
	is(v, 1, "gives one at a time");
	close(e);
}

#define OWNERS 32

/* A signalfd waits in a queue of the process that polls it. Many of these die while the epoll file lives. */
static void dying_owners(void)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), ready[2], go[2], sfd, left = 0;
	struct epoll_event e = { .events = EPOLLIN };
	sigset_t mask;
	char c;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sfd = signalfd(-1, &mask, 0);
	must(sfd >= 0 && !pipe(ready) && !pipe(go));
	for (int i = 0; i < OWNERS; i++)
		if (fork() == 0) {
			close(go[1]);
			if (dup2(sfd, 100 + i) != 100 + i ||
			    epoll_ctl(ep, EPOLL_CTL_ADD, 100 + i, &e))
				_exit(1);
			(void)!write(ready[1], "", 1);
			(void)!read(go[0], &c, 1);
			_exit(0);
		}
	for (int i = 0; i < OWNERS; i++)
		must(read(ready[0], &c, 1) == 1);
	close(go[1]);
	for (int i = 0, status; i < OWNERS; i++)
		must(wait(&status) > 0 && !status);
	is(epoll_wait(ep, &e, 1, 0), 0, "signalfds whose processes are dead: nothing to tell");
	for (int i = 0; i < OWNERS; i++) {
		must(dup2(sfd, 100 + i) == 100 + i);
		left += epoll_ctl(ep, EPOLL_CTL_DEL, 100 + i, NULL) == 0;
		close(100 + i);
	}
	is(left, OWNERS, "they can be taken out");
	close(sfd);
	close(ep);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

int main(void)
{
	polling();
	selecting();
	epolling();
	eventfds();
	dying_owners();
	return tap_end();
}
