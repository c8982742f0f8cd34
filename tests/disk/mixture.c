// SPDX-License-Identifier: MIT
/*
 * Nothing is lost, as TAP: mixture SECONDS SEED PAGES DIRECTORY SWAP SWAP. Six processes have PAGES pages each, of different kinds
 * of memory, and together more than there is; each checks every byte of a page before it writes it anew, and of all at the
 * end. One of the two swap devices (mkswap has been there) goes off and on all the time, and clean pages are dropped.
 */
#include "contents.h"
#include <sys/swap.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* What a worker's memory is, and how it reaches it. */
enum kind { ANON, FORKING, SHMEM, SHARED_FILE, CALLS, PRIVATE_FILE, NR_KINDS };
static const char *const names[NR_KINDS] = {
	"anonymous memory", "the same with forks",	"shmem",
	"a mapped file",    "a file by read and write", "a private mapping"
};

struct worker {
	enum kind kind;
	unsigned long pages, seed;
	unsigned int *turn;
	char *p;
	int fd;
};

static volatile int *stop;

static unsigned long draw(struct worker *w, unsigned long below)
{
	w->seed = w->seed * 6364136223846793005UL + 1442695040888963407UL;
	return (w->seed >> 33) % below;
}

static unsigned long stamp(const struct worker *w, unsigned long page, unsigned int turn)
{
	return (unsigned long)(w->kind + 1) << 56 ^ page << 32 ^ turn;
}

static bool is_right(struct worker *w, unsigned long page)
{
	static char buf[PAGE] __attribute__((aligned(8)));
	const char *p = w->p + page * PAGE;

	if (w->kind == CALLS) {
		if (pread(w->fd, buf, PAGE, (off_t)(page * PAGE)) != (ssize_t)PAGE)
			return false;
		p = buf;
	}
	return wrong(p, 1, stamp(w, page, w->turn[page])) == -1;
}

static bool renew(struct worker *w, unsigned long page)
{
	static char buf[PAGE] __attribute__((aligned(8)));
	unsigned long seed = stamp(w, page, ++w->turn[page]);

	if (w->kind != CALLS) {
		fill(w->p + page * PAGE, 1, seed);
		return true;
	}
	fill(buf, 1, seed);
	return pwrite(w->fd, buf, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE;
}

/* A child sees what its parent has, and what it writes stays its own. */
static bool fork_one(struct worker *w)
{
	unsigned long from = draw(w, w->pages);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (unsigned long i = from; i < w->pages && i < from + 200; i++)
			if (!is_right(w, i) || !renew(w, i) || !is_right(w, i))
				_exit(1);
		_exit(0);
	}
	return pid < 0 || (waitpid(pid, &status, 0) == pid && !status);
}

static void prepare(struct worker *w, const char *dir)
{
	int flags = w->kind <= FORKING	      ? MAP_PRIVATE | MAP_ANONYMOUS
		    : w->kind == PRIVATE_FILE ? MAP_PRIVATE
					      : MAP_SHARED;
	char path[200];

	snprintf(path, sizeof(path), "%s/%d", w->kind == SHMEM ? "/dev/shm" : dir, w->kind);
	w->fd = w->kind <= FORKING ? -1 : open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	if (w->fd >= 0)
		unlink(path);
	if (w->fd >= 0 && posix_fallocate(w->fd, 0, (off_t)(w->pages * PAGE)) &&
	    ftruncate(w->fd, (off_t)(w->pages * PAGE)))
		_exit(10);
	w->p = mmap(NULL, w->pages * PAGE, PROT_READ | PROT_WRITE, flags, w->fd, 0);
	w->turn = calloc(w->pages, sizeof(*w->turn));
	if (w->p == MAP_FAILED || !w->turn)
		_exit(11);
}

/* 0 when every byte was as it should be. */
static int work(struct worker *w, const char *dir)
{
	prepare(w, dir);
	for (unsigned long i = 0; i < w->pages; i++)
		if (!renew(w, i))
			return 1;
	for (unsigned long n = 1; !*stop; n++) {
		unsigned long page = draw(w, w->pages);

		if (!is_right(w, page))
			return 2;
		if (n % 2 && !renew(w, page))
			return 3;
		if (w->kind == FORKING && n % 3000 == 0 && !fork_one(w))
			return 4;
		if (w->kind != CALLS && n % 5000 == 0)
			madvise(w->p + page * PAGE, (w->pages - page) * PAGE, MADV_PAGEOUT);
	}
	for (unsigned long i = 0; i < w->pages; i++)
		if (!is_right(w, i))
			return 5;
	return 0;
}

/* In a child: when memory does not suffice for what is on the device, Linux kills who asked for it. */
static bool switched_off(const char *device)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(swapoff(device) ? 1 : 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	write(fd, "3", 1);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long seconds, offs = 0, refused = 0;
	pid_t pids[NR_KINDS];
	time_t end;

	if (argc != 7)
		return 2;
	seconds = strtoul(argv[1], NULL, 0);
	stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(!swapon(argv[5], SWAP_FLAG_PREFER | 5) && !swapon(argv[6], SWAP_FLAG_PREFER | 1),
	   "two swap devices");
	for (int i = 0; i < NR_KINDS; i++) {
		struct worker w = { .kind = i,
				    .pages = strtoul(argv[3], NULL, 0),
				    .seed = strtoul(argv[2], NULL, 0) + i };

		pids[i] = fork();
		if (!pids[i])
			_exit(work(&w, argv[4]));
	}
	for (end = time(NULL) + seconds; time(NULL) < end; sleep(1)) {
		bool off = switched_off(argv[5]);

		offs += off;
		refused += !off;
		drop_caches();
		sleep(1);
		if (off && swapon(argv[5], SWAP_FLAG_PREFER | 5))
			break;
	}
	ok(time(NULL) >= end, "swapoff and swapon of one device: %lu times, refused %lu times",
	   offs, refused);
	*stop = 1;
	for (int i = 0; i < NR_KINDS; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		ok(!status, "%s: every byte is right (status %#x)", names[i], status);
	}
	ok((!swapoff(argv[5]) || errno == EINVAL) && !swapoff(argv[6]), "swapoff after it");
	return tap_end();
}
