// SPDX-License-Identifier: MIT
/* Reclaim on demand, without pressure and without swap: MADV_FREE, MADV_COLD, MADV_PAGEOUT, page by page. */
#include "maps.h"

#include <sys/uio.h>

#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW    (PROT_READ | PROT_WRITE)
#define PAGES 64L
#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#define ADV_COLD    20
#define ADV_PAGEOUT 21

static char *filled(void)
{
	char *p = mmap(NULL, PAGES * PAGE, RW, ANON, -1, 0);

	must(p != MAP_FAILED);
	for (long i = 0; i < PAGES; i++)
		p[i * PAGE] = 'a';
	return p;
}

static bool present(const char *p)
{
	return pagemap(p) >> 63;
}

static long nr_present(const char *p)
{
	long n = 0;

	for (long i = 0; i < PAGES; i++)
		n += present(p + i * PAGE);
	return n;
}

/* Linux: pages that were just touched wait in a batch of their CPU, out of reach. */
static void drain(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);

	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
}

static void send_out(char *p)
{
	drain();
	must(!madvise(p, PAGES * PAGE, ADV_PAGEOUT));
	drain();
}

static void given_up(void)
{
	char *p = filled();
	long freed = vmstat("pglazyfreed"), lazy = vmstat("pglazyfree");
	long zero = 0;

	drain();
	is(madvise(p, PAGES * PAGE, MADV_FREE), 0, "FREE");
	drain();
	is(nr_present(p), PAGES, "FREE: nothing goes yet");
	ok(vmstat("pglazyfree") - lazy >= PAGES, "FREE: pglazyfree counts");
	is(p[PAGE], 'a', "FREE: reading finds the old contents");
	p[3 * PAGE] = 'n';
	send_out(p);
	is(p[3 * PAGE], 'n', "FREE: what was written since stays");
	is(nr_present(p), 1, "FREE: everything else has gone");
	ok(vmstat("pglazyfreed") - freed >= PAGES - 1, "FREE: pglazyfreed counts");
	for (long i = 0; i < PAGES; i++)
		zero += !p[i * PAGE];
	is(zero, PAGES - 1, "FREE: and reads as zeroes");
	p[3 * PAGE + 1] = 'm';
	send_out(p);
	ok(p[3 * PAGE] == 'n' && p[3 * PAGE + 1] == 'm', "FREE: a page that came back is kept");
	munmap(p, PAGES * PAGE);
}

static void given_up_shared(void)
{
	char *p = filled();
	int go[2], status;
	pid_t pid;

	drain();
	must(!pipe(go));
	pid = fork();
	if (!pid) {
		char c;

		(void)!read(go[0], &c, 1);
		_exit(p[5 * PAGE] == 'a' ? 0 : 1);
	}
	is(madvise(p, PAGES * PAGE, MADV_FREE), 0, "FREE: of pages that a child shares");
	send_out(p);
	is(p[5 * PAGE], 'a', "FREE: they are not given up");
	(void)!write(go[1], "x", 1);
	must(waitpid(pid, &status, 0) == pid);
	is(status, 0, "FREE: the child has them, too");
	munmap(p, PAGES * PAGE);
}

/* A page that a pipe refers to must not be dropped. */
static void given_up_pinned(void)
{
	char *p = filled(), buf[8] = "";
	struct iovec v = { p + 2 * PAGE, 8 };
	int fds[2];

	must(!pipe(fds));
	memcpy(p + 2 * PAGE, "pinned!", 8);
	drain();
	must(!madvise(p, PAGES * PAGE, MADV_FREE));
	if (vmsplice(fds[1], &v, 1, 0) == 8) {
		send_out(p);
		must(read(fds[0], buf, 8) == 8);
		ok(!strcmp(buf, "pinned!") && !strcmp(p + 2 * PAGE, "pinned!"),
		   "FREE: a page in a pipe stays whole");
	}
	close(fds[0]);
	close(fds[1]);
	munmap(p, PAGES * PAGE);
}

static void not_allowed(void)
{
	char *p = filled();

	is(mlock(p, 4 * PAGE), 0, "mlock");
	fails(madvise(p, PAGE, MADV_FREE), EINVAL, "FREE: not of mlocked memory");
	fails(madvise(p, PAGE, ADV_COLD), EINVAL, "COLD: not of mlocked memory");
	fails(madvise(p, PAGE, ADV_PAGEOUT), EINVAL, "PAGEOUT: not of mlocked memory");
	munlock(p, 4 * PAGE);
	is(madvise(p, PAGES * PAGE, MADV_FREE), 0, "FREE, then mlock");
	is(mlock(p, PAGES * PAGE), 0, "mlock of what was given up");
	drain();
	is(nr_present(p), PAGES, "mlock keeps it");
	munmap(p, PAGES * PAGE);
}

/* Without swap anonymous pages stay where they are. */
static void nowhere_to_go(void)
{
	char *p = filled();
	long good = 0;

	send_out(p);
	for (long i = 0; i < PAGES; i++)
		good += p[i * PAGE] == 'a';
	is(good, PAGES, "PAGEOUT: no byte is lost");
	munmap(p, PAGES * PAGE);
}

static long active(void)
{
	drain();
	return meminfo_kb("Active(anon):");
}

static void cold(void)
{
	const long size = 8L << 20;
	int fd = open("/tmp/reclaim", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char buf[65536];
	long before, after;
	char *p;

	must(fd >= 0);
	for (long at = 0; at < size; at += sizeof(buf))
		must(write(fd, buf, sizeof(buf)) == sizeof(buf));
	for (int round = 0; round < 2; round++) {
		lseek(fd, 0, SEEK_SET);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
	}
	before = active();
	p = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	must(p != MAP_FAILED);
	is(madvise(p, size, ADV_COLD), 0, "COLD");
	after = active();
	ok(before - after > size / 1024 * 3 / 4, "COLD: active pages become inactive");
	munmap(p, size);
	close(fd);
	unlink("/tmp/reclaim");
}

int main(void)
{
	given_up();
	given_up_shared();
	given_up_pinned();
	not_allowed();
	nowhere_to_go();
	cold();
	return tap_end();
}
