// SPDX-License-Identifier: MIT
/* Local sockets under threads: connections, bytes, descriptors in flight, closing at any moment; nothing is lost. */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#define THREADS 4
#define MS	400

static atomic_long rounds, wrong;
static struct sockaddr_un name = { AF_UNIX, "\0storm" };
#define NAME_LEN (sizeof(sa_family_t) + 6)

static int64_t deadline;

static bool over(void)
{
	return now_ns(CLOCK_MONOTONIC) > deadline && rounds;
}

static void run(void *(*fn)(void *), const char *what)
{
	pthread_t t[THREADS];

	rounds = wrong = 0;
	deadline = now_ns(CLOCK_MONOTONIC) + MS * 1000000ll;
	for (long i = 0; i < THREADS; i++)
		must(pthread_create(&t[i], NULL, fn, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	is(wrong, 0, "%s", what);
	printf("# %ld rounds\n", rounds);
}

static int send_fd(int to, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { "f", 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};

	memcpy(CMSG_DATA(&c.head), &fd, sizeof(int));
	return sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int receive_fd(int from, int flags)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} c;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};
	int fd = -1;

	if (recvmsg(from, &m, flags | MSG_DONTWAIT) == 1 && m.msg_controllen)
		memcpy(&fd, CMSG_DATA(&c.head), sizeof(int));
	return fd;
}

/* --- one stream, several readers and writers --------------------------------------------------------- */

static int shared[2];
static atomic_long sum_in, sum_out;

static void *stream(void *arg)
{
	unsigned char b[3000];
	long i = (long)arg;

	for (unsigned int n = 1; !over(); n++) {
		ssize_t len = n * 37 % sizeof(b) + 1, got;

		if (i & 1) {
			memset(b, n, len);
			got = send(shared[0], b, len, 0);
			for (ssize_t k = 0; k < got; k++)
				sum_in += b[k];
		} else {
			got = recv(shared[1], b, len, MSG_DONTWAIT);
			for (ssize_t k = 0; k < got; k++)
				sum_out += b[k];
		}
		rounds++;
	}
	return NULL;
}

static void drain(void)
{
	unsigned char b[3000];

	for (ssize_t got; (got = recv(shared[1], b, sizeof(b), MSG_DONTWAIT)) > 0;)
		for (ssize_t k = 0; k < got; k++)
			sum_out += b[k];
}

/* --- connections ------------------------------------------------------------------------------------- */

static int listener;

static void *connecting(void *arg)
{
	long i = (long)arg;
	char c;

	while (!over()) {
		int fd;

		if (i & 1) {
			fd = accept(listener, NULL, NULL);
			if (fd < 0)
				continue;
			if (send(fd, "s", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
				wrong++;
			if (recv(fd, &c, 1, 0) == 1 && c != 'c')
				wrong++;
		} else {
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
			if (connect(fd, (struct sockaddr *)&name, NAME_LEN)) {
				wrong += errno != EAGAIN;
			} else if (send(fd, "c", 1, MSG_NOSIGNAL) == 1) {
				rounds++;
			}
			if (rounds & 1)
				shutdown(fd, SHUT_RDWR);
		}
		close(fd);
	}
	return NULL;
}

/* --- names ------------------------------------------------------------------------------------------- */

static void *naming(void *arg)
{
	struct sockaddr_un sun = { AF_UNIX, "/tmp/storm" };
	int type = (long)arg & 1 ? SOCK_DGRAM : SOCK_STREAM;

	while (!over()) {
		int a = socket(AF_UNIX, type, 0), b = socket(AF_UNIX, type, 0);

		unlink(sun.sun_path);
		if (bind(a, (struct sockaddr *)&sun, sizeof(sun)) && errno != EADDRINUSE)
			wrong++;
		if (type == SOCK_STREAM && listen(a, 1) && errno != EINVAL)
			wrong++;
		if (connect(b, (struct sockaddr *)&sun, sizeof(sun)) && errno != ENOENT &&
		    errno != ECONNREFUSED && errno != EPROTOTYPE)
			wrong++;
		send(b, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(a);
		send(b, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(b);
		rounds++;
	}
	unlink(sun.sun_path);
	return NULL;
}

/* --- datagrams: peers come and go -------------------------------------------------------------------- */

static void *dgrams(void *arg)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_un sun = { AF_UNIX, "\0dgram0" };
	int fd;

	sun.sun_path[6] += (long)arg;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	for (unsigned int n = 0; !over(); n++) {
		char c;

		if (n % 16 == 0) {
			close(fd);
			fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
			sun.sun_path[6] = '0' + (long)arg;
			if (bind(fd, (struct sockaddr *)&sun, sizeof(sa_family_t) + 7))
				wrong++;
		}
		sun.sun_path[6] = '0' + n % THREADS;
		connect(fd, n % 5 ? (struct sockaddr *)&sun : &none,
			n % 5 ? sizeof(sa_family_t) + 7 : sizeof(none));
		send(fd, "x", 1, 0);
		sendto(fd, "y", 1, 0, (struct sockaddr *)&sun, sizeof(sa_family_t) + 7);
		if (recv(fd, &c, 1, 0) == 1 && c != 'x' && c != 'y')
			wrong++;
		rounds++;
	}
	close(fd);
	return NULL;
}

/* --- descriptors in flight, circles of them ---------------------------------------------------------- */

static void *flying(void *arg)
{
	int fd;

	(void)arg;
	for (unsigned int n = 0; !over(); n++) {
		int sv[2];

		must(socketpair(AF_UNIX, n & 1 ? SOCK_STREAM : SOCK_DGRAM, 0, sv) == 0);
		send_fd(sv[0], sv[1]); /* garbage of its own */
		send_fd(sv[1], sv[0]);
		send_fd(shared[0], sv[n & 1]);
		send_fd(sv[0], shared[1]);
		close(sv[0]);
		close(sv[1]);
		fd = receive_fd(shared[1], n % 3 ? 0 : MSG_PEEK);
		if (fd >= 0) {
			int inner = receive_fd(fd, 0);

			if (inner >= 0)
				close(inner);
			close(fd);
		}
		rounds++;
	}
	while ((fd = receive_fd(shared[1], 0)) >= 0)
		close(fd);
	return NULL;
}

static int count_sockets(void)
{
	char line[300];
	FILE *f = fopen("/proc/net/unix", "r");
	int n = 0;

	must(f);
	while (fgets(line, sizeof(line), f))
		n++;
	fclose(f);
	return n;
}

int main(void)
{
	int before, after = 0;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, shared) == 0);
	close(shared[0]);
	close(shared[1]);
	before = count_sockets();

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, shared) == 0);
	run(stream, "several readers and writers of one stream");
	drain();
	is(sum_out, sum_in, "every byte arrives once");
	close(shared[0]);
	close(shared[1]);

	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	must(!bind(listener, (struct sockaddr *)&name, NAME_LEN) && !listen(listener, 5));
	run(connecting, "connections made, accepted and closed");
	close(listener);

	run(naming, "one name, given, taken and found");
	run(dgrams, "datagram sockets that connect, disconnect and go");

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, shared) == 0);
	run(flying, "descriptors of sockets in flight, in circles");
	close(shared[0]);
	close(shared[1]);

	for (int i = 0; i < 3000 && (after = count_sockets()) != before; i++) {
		close(socket(AF_UNIX, SOCK_STREAM, 0));
		sleep_ms(10);
	}
	is(after, before, "no socket is left");
	return tap_end();
}
