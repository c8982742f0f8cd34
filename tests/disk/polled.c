// SPDX-License-Identifier: MIT
/*
 * Polling of an NVMe disk with nvme.poll_queues=1, as TAP: polled NAME. What is read and written with RWF_HIPRI past the
 * cache ends without an interrupt. Quire only: Linux 6.1 polls for io_uring, and ignores the flag of preadv2.
 */
#include "../guest/textfile.h"
#include <linux/fs.h>
#include <pthread.h>
#include <sys/uio.h>

#define MiB (1 << 20)

static ssize_t polled(int call, int fd, struct iovec *iov, off_t at)
{
	return syscall(call, fd, iov, 1, at, 0, RWF_HIPRI);
}

/* Interrupts of the disk's queues so far. */
static long interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[1024];
	long sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *p = strchr(line, ':');

		if (!p || !strstr(p, "nvme0q"))
			continue;
		for (p++; *p; sum += strtol(p, &p, 10)) {
			while (*p == ' ')
				p++;
			if (*p < '0' || *p > '9')
				break;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

static void *worker(void *arg)
{
	unsigned char *p =
		mmap(NULL, MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { p, MiB };
	int fd = *(int *)arg;

	for (int i = 0; i < 20; i++)
		if (polled(SYS_preadv2, fd, &iov, i % 8 * MiB) != MiB)
			return NULL;
	return p;
}

int main(int argc, char **argv)
{
	unsigned char *buf = mmap(NULL, 4 * MiB, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		      *got = buf + 2 * MiB;
	struct iovec out = { buf, MiB }, in = { got, MiB };
	char path[80], text[8] = "";
	pthread_t threads[3];
	bool good = true;
	long before;
	int fd;

	must(argc == 2);
	snprintf(path, sizeof(path), "/sys/block/%s/queue/io_poll", argv[1]);
	fd = open(path, O_RDONLY);
	read(fd, text, sizeof(text) - 1);
	close(fd);
	ok(!strcmp(text, "1\n"), "queue/io_poll");
	ok(strstr(slurp("/proc/mm/ledger"), "all accounts agree") != NULL,
	   "the ledger knows the memory of the queues");
	snprintf(path, sizeof(path), "/dev/%s", argv[1]);
	fd = open(path, O_RDWR | O_DIRECT);
	for (int i = 0; i < MiB; i++)
		buf[i] = i * 7 + i / 256;
	before = interrupts();
	ok(polled(SYS_pwritev2, fd, &out, MiB) == MiB, "a write");
	ok(polled(SYS_preadv2, fd, &in, MiB) == MiB && !memcmp(buf, got, MiB), "a read");
	for (int i = 0; i < 200; i++) {
		in.iov_len = 4096;
		good &= polled(SYS_preadv2, fd, &in, MiB + i * 4096) == 4096 &&
			!memcmp(buf + i * 4096, got, 4096);
	}
	ok(good, "200 small reads");
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, worker, &fd);
	for (int i = 0; i < 3; i++) {
		void *result;

		pthread_join(threads[i], &result);
		good &= result != NULL;
	}
	ok(good, "three threads with more than the queue holds");
	ok(interrupts() == before, "not one interrupt");
	ok(pread(fd, got, MiB, MiB) == MiB && !memcmp(buf, got, MiB) && interrupts() > before,
	   "a plain read interrupts");
	return tap_end();
}
