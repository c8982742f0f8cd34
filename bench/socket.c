// SPDX-License-Identifier: MIT
/* Local sockets between and within processes, and a descriptor passed through one. */
#define _GNU_SOURCE
#include "harness.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMES 200

static int ends[2];

static void make_pair(void)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		broken("socketpair");
}

static void echo(void)
{
	char c;

	close(ends[0]);
	while (read(ends[1], &c, 1) == 1)
		(void)!write(ends[1], &c, 1);
	_exit(0);
}

static void round_trips(int n)
{
	char c = 0;

	while (n--)
		if (write(ends[0], &c, 1) != 1 || read(ends[0], &c, 1) != 1)
			broken("socket");
}

/* A byte to another process and back: two context switches. */
BENCH("socket-round-trip")
{
	pid_t pid;

	make_pair();
	pid = child();
	if (pid == 0)
		echo();
	close(ends[1]);
	round_trips(8);
	start();
	round_trips(TIMES);
	stop();
	times(TIMES);
	close(ends[0]);
	wait_for(pid);
}

static void within(int n)
{
	char c = 0;

	while (n--)
		if (write(ends[0], &c, 1) != 1 || read(ends[1], &c, 1) != 1)
			broken("socket");
}

BENCH("socket-within-process")
{
	make_pair();
	within(8);
	start();
	within(TIMES);
	stop();
	times(TIMES);
}

/* One descriptor sent, received and closed. */
static void pass(int n)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};
	int fd = 0;

	while (n--) {
		c.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
		if (sendmsg(ends[0], &m, 0) != 1 || recvmsg(ends[1], &m, 0) != 1 ||
		    !m.msg_controllen)
			broken("SCM_RIGHTS");
		close(*(int *)(void *)CMSG_DATA(&c.head));
	}
}

BENCH("socket-pass-descriptor")
{
	make_pair();
	pass(8);
	start();
	pass(TIMES);
	stop();
	times(TIMES);
}
