// SPDX-License-Identifier: MIT
/*
 * What the kernel keeps for the tasks of a group in pieces smaller than a page is charged to the group: it is in memory.stat by the
 * byte, and goes when it goes. And it counts for memory.max: who makes too much of anything meets the limit of his own group.
 */
#include "cgroup.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define KB 1024ll
#define MB (1024 * KB)

/* ---- ways to have the kernel keep something: once more; false: refused ---- */

static bool open_file(int i)
{
	return open("/dev/null", O_RDONLY) >= 0;
}

static bool fill_pipe(int i)
{
	int fds[2];

	return !pipe(fds) && write(fds[1], "x", 1) == 1;
}

static bool make_name(int i)
{
	char path[96];

	snprintf(path, sizeof(path), "/tmp/memcg/%d-a-name-too-long-to-lie-in-a-dentry", i);
	return !mknod(path, S_IFREG | 0600, 0);
}

static bool fill_socket(int i)
{
	static char block[2048];
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds))
		return false;
	for (int n = 0; n < 8; n++)
		if (send(fds[0], block, sizeof(block), MSG_DONTWAIT) < 0)
			return errno == EAGAIN;
	return true;
}

static bool map_range(int i)
{
	return mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

/* The same file under many numbers. */
static bool watch_file(int i)
{
	static int ep = -1, event_fd = -1;
	struct epoll_event event = { .events = EPOLLIN };

	if (ep < 0)
		ep = epoll_create1(0);
	if (event_fd < 0)
		event_fd = eventfd(0, 0);
	return !epoll_ctl(ep, EPOLL_CTL_ADD, dup(event_fd), &event);
}

static bool queue_signal(int i)
{
	return !sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i });
}

static bool make_timer(int i)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	return !timer_create(CLOCK_MONOTONIC, &event, &timer);
}

/* Two tables of 2 MiB of addresses need more than one of 1 GiB of them. */
static bool fill_table(int i)
{
	static char *mem;

	if (!mem)
		mem = mmap(NULL, 64ul << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
	madvise(mem, 64ul << 30, MADV_NOHUGEPAGE);
	return mem != MAP_FAILED && !*(volatile char *)(mem + i * 2 * MB);
}

/* Bytes that one takes, at least and at most, in @key of memory.stat. */
static const struct way {
	const char *what;
	bool (*once)(int i);
	int nr;
	const char *key;
	long long least, most;
} ways[] = {
	{ "open files", open_file, 1000, "slab_unreclaimable", 150, 600 },
	{ "pipes with a byte", fill_pipe, 100, "kernel", 4096 + 1000, 4096 + 5000 },
	{ "names in tmpfs", make_name, 200, "slab", 500, 2500 },
	{ "names in tmpfs: what can go", make_name, 200, "slab_reclaimable", 150, 1000 },
	{ "local sockets, full", fill_socket, 40, "slab", 20000, 60000 },
	{ "mapped ranges", map_range, 1000, "slab", 80, 500 },
	{ "files of an epoll set", watch_file, 1000, "slab", 80, 600 },
	{ "queued signals", queue_signal, 1000, "slab", 50, 250 },
	{ "timers", make_timer, 500, "slab", 100, 1000 },
};

static void remove_names(void)
{
	DIR *dir = opendir("/tmp/memcg");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool slab_is_the_sum(void)
{
	const char *stat = cg_read("s/memory.stat");

	return stat && cg_field(stat, "slab") == cg_field(stat, "slab_reclaimable") +
							 cg_field(stat, "slab_unreclaimable");
}

/* Each way has a group of its own: what the one before made may still be on its way back. */
static void grows_and_shrinks(const struct way *way)
{
	long long before, least = way->nr * way->least, most = way->nr * way->most;
	int begin[2], done[2];
	pid_t pid;
	char c;

	must(!pipe(begin) && !pipe(done) && !cg_mkdir("s"));
	pid = cg_member("s");
	if (!pid) {
		block_signals();
		must(read(begin[0], &c, 1) == 1);
		for (int i = 0; i < way->nr; i++)
			must(way->once(i));
		must(write(done[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	must(CG_WAIT(cg_lists("s/cgroup.procs", pid)));
	before = cg_num("s/memory.stat", way->key);
	must(write(begin[1], "x", 1) == 1 && read(done[0], &c, 1) == 1);
	ok(CG_WAIT(cg_num("s/memory.stat", way->key) - before >= least), "%s: %s", way->what,
	   way->key);
	ok(cg_num("s/memory.stat", way->key) - before <= most, "not more: %lld bytes each",
	   (cg_num("s/memory.stat", way->key) - before) / way->nr);
	ok(CG_WAIT(cg_num("s/memory.current", NULL) >= least), "they count");
	is(cg_num("s/memory.stat", "sock"), 0, "they are not in sock");
	ok(CG_WAIT(slab_is_the_sum()), "slab is the sum of both");
	cg_reap(pid);
	remove_names();
	ok(CG_WAIT(cg_num("s/memory.stat", way->key) - before <= least / 8), "given back");
	ok(CG_WAIT(!cg_rmdir("s")), "removed");
	close(begin[0]), close(begin[1]);
	close(done[0]), close(done[1]);
}

static void test_stat(void)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		grows_and_shrinks(ways + i);
}

/* Groups are kept for who makes them, and their parts for each CPU. */
static void test_groups(void)
{
	long long percpu;
	pid_t pid;

	cg_mkdir("p");
	must(!cg_write("p/cgroup.subtree_control", "+memory"));
	cg_mkdir("p/work");
	percpu = cg_num("p/memory.stat", "percpu");
	pid = cg_member("p/work");
	if (!pid) {
		char name[64];

		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "p/%d", i);
			must(!cg_mkdir(name));
		}
		for (;;)
			pause();
	}
	must(CG_WAIT(!access(cg_path("p/19"), F_OK)));
	ok(CG_WAIT(cg_num("p/memory.stat", "percpu") - percpu >= 20 * 100),
	   "what groups have for each CPU is charged: percpu");
	cg_reap(pid);
	for (int i = 0; i < 20; i++)
		must(CG_WAIT(!rmdir(cg_path("p/%d", i))));
	ok(CG_WAIT(cg_num("p/memory.stat", "percpu") - percpu <= 20 * 10), "given back");
	must(CG_WAIT(!cg_rmdir("p/work")));
	ok(CG_WAIT(!cg_rmdir("p")), "removed");
}

/* ---- the limit ---- */

static void meets_limit(const struct way *way, const char *what, long long neighbours)
{
	int status = -1;
	pid_t pid;

	cg_mkdir("l");
	must(!cg_write("l/memory.max", "1M"));
	cg_write("l/memory.swap.max", "0");
	pid = cg_member("l");
	if (!pid) {
		block_signals();
		for (int i = 0; i < 30000 && way->once(i); i++)
			;
		_exit(errno == ENOMEM || errno == ENOSPC || errno == ENOBUFS ? 1 : 2);
	}
	waitpid(pid, &status, 0);
	ok(status == SIGKILL || status == 1 << 8, "%s without end: killed or refused", what);
	ok(cg_num("l/memory.peak", NULL) > MB * 3 / 4 &&
		   cg_num("l/memory.peak", NULL) <= MB * 5 / 4,
	   "within memory.max: %lld", cg_num("l/memory.peak", NULL));
	ok(cg_num("l/memory.events", "max") > 0, "events: max");
	ok(cg_num("n/memory.current", NULL) >= neighbours && !cg_num("n/memory.events", "oom_kill"),
	   "the neighbour keeps what it has");
	remove_names();
	ok(CG_WAIT(!cg_rmdir("l")), "removed");
}

static void test_limit(void)
{
	static const struct way tables = { .once = fill_table };
	pid_t neighbour;

	cg_mkdir("n");
	neighbour = cg_member("n");
	if (!neighbour) {
		char *mem = mmap(NULL, 8 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);

		memset(mem, 1, 8 * MB);
		for (;;)
			pause();
	}
	must(CG_WAIT(cg_num("n/memory.current", NULL) >= 8 * MB));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (ways[i].once != make_timer && ways[i].once != queue_signal &&
		    strcmp(ways[i].key, "slab_reclaimable"))
			meets_limit(ways + i, ways[i].what, 8 * MB);
	meets_limit(&tables, "page tables", 8 * MB);
	is(waitpid(neighbour, NULL, WNOHANG), 0, "and lives");
	cg_reap(neighbour);
	ok(CG_WAIT(!cg_rmdir("n")), "removed");
}

/* ---- nothing stays ---- */

/* What outlives its group goes to the one above, and is gone there when it goes. */
static void test_outlive(void)
{
	int status;
	pid_t pid;

	cg_mkdir("o");
	must(!cg_write("o/cgroup.subtree_control", "+memory"));
	cg_mkdir("o/1");
	pid = cg_member("o/1");
	if (!pid) {
		for (int i = 0; i < 1000; i++)
			must(make_name(i));
		_exit(0);
	}
	waitpid(pid, &status, 0);
	must(CG_WAIT(!cg_rmdir("o/1")));
	ok(CG_WAIT(cg_num("o/memory.stat", "slab") >= 400 * KB), "objects outlive their group");
	ok(cg_num("o/memory.current", NULL) >= 400 * KB, "and count for the one above");
	remove_names();
	ok(CG_WAIT(cg_num("o/memory.stat", "slab") < 40 * KB), "until they go");
	ok(CG_WAIT(cg_num("o/memory.current", NULL) < 400 * KB), "with their pages");
	ok(CG_WAIT(!cg_rmdir("o")), "removed");
}

static void raise_limit(int which, rlim_t to)
{
	must(!setrlimit(which, &(struct rlimit){ to, to }));
}

int main(void)
{
	raise_limit(RLIMIT_NOFILE, 100000);
	raise_limit(RLIMIT_SIGPENDING, 100000);
	mkdir("/tmp/memcg", 0700);
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	test_stat();
	test_groups();
	test_limit();
	test_outlive();
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
