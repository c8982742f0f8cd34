// SPDX-License-Identifier: MIT
/*
 * Victims that do not die just so: with threads, between vfork and exec, sharing their memory with another process, stopped,
 * traced, frozen; with memory that is locked, shared, pinned by a ring or a pipe, or held by somebody else; whole groups within groups. A group of
 * LIMIT has the victim, which oom_score_adj chooses, and one who asks for more than is left: who dies, and what comes back.
 */
#include "cgroup.h"
#include "eat.h"
#include "uring.h"

#include <pthread.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define LIMIT (8 << 20)
#define HELD  (5 << 20)
#define WANT  (4 << 20)
#define SPARE (2 << 20) /* what CPUs have in stock may be 1 MiB, with 4 of them */
#define PIPED (2 << 20)

static int tell; /* a victim says here that it is ready */
static char stack[65536] __attribute__((aligned(16)));
static int held_memfd, held_pipe[2];

static long long charged(void)
{
	return cg_num("victims/memory.current", NULL);
}

static int wait_for_ever(void *unused)
{
	(void)unused;
	must(write(tell, "x", 1) == 1);
	for (;;)
		pause();
	return 0;
}

/* ---- the victims ---- */

static void plain(void)
{
	touched(HELD, MAP_PRIVATE);
	wait_for_ever(NULL);
}

static void small(void)
{
	wait_for_ever(NULL);
}

static void *hold_some(void *barrier)
{
	touched(HELD / 4, MAP_PRIVATE);
	pthread_barrier_wait(barrier);
	for (;;)
		pause();
	return NULL;
}

static void with_threads(void)
{
	pthread_barrier_t barrier;
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 5);
	for (int i = 0; i < 4; i++)
		must(!pthread_create(&t, NULL, hold_some, &barrier));
	pthread_barrier_wait(&barrier);
	wait_for_ever(NULL);
}

static void with_vfork_child(void)
{
	touched(HELD, MAP_PRIVATE);
	if (!vfork())
		wait_for_ever(NULL);
	_exit(7);
}

/* The sharer is in no group. */
static void sharing_its_memory(void)
{
	touched(HELD, MAP_PRIVATE);
	must(clone(wait_for_ever, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) > 0);
	for (;;)
		pause();
}

static void moving_its_memory(void)
{
	size_t size = HELD / 2;
	char *p = touched(size, MAP_PRIVATE);

	touched(PAGE, MAP_PRIVATE);
	p = mremap(p, size, 2 * size, MREMAP_MAYMOVE);
	must(p != MAP_FAILED);
	for (size_t i = size; i < 2 * size; i += PAGE)
		p[i] = 1;
	wait_for_ever(NULL);
}

static void with_locked_and_shared(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };
	char *p = touched(HELD / 2, MAP_PRIVATE);

	setrlimit(RLIMIT_MEMLOCK, &r);
	must(!mlock(p, HELD / 2));
	touched(HELD / 2, MAP_SHARED);
	wait_for_ever(NULL);
}

static void with_memfd_that_another_holds(void)
{
	static char block[65536];

	for (int n = 0; n < HELD; n += sizeof(block))
		must(write(held_memfd, block, sizeof(block)) == sizeof(block));
	wait_for_ever(NULL);
}

static void with_pages_in_a_pipe(void)
{
	char *p = touched(HELD, MAP_PRIVATE);
	struct iovec iov = { p, HELD };

	while (vmsplice(held_pipe[1], &iov, 1, SPLICE_F_NONBLOCK) > 0)
		;
	wait_for_ever(NULL);
}

static void with_buffers_of_a_ring(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	struct iovec iov = { touched(HELD, MAP_PRIVATE), HELD };
	struct ring r;

	setrlimit(RLIMIT_MEMLOCK, &limit);
	must(open_ring(&r, 4, 0, 0));
	must(!reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 1));
	wait_for_ever(NULL);
}

/* ---- the trial ---- */

static pid_t victim(const char *group, void (*life)(void), const char *adj)
{
	int fds[2];
	pid_t pid;
	char c;

	must(!pipe(fds));
	pid = cg_member(group);
	must(pid >= 0);
	if (!pid) {
		tell = fds[1];
		close(fds[0]);
		set_score(adj);
		life();
	}
	close(fds[1]);
	must(read(fds[0], &c, 1) == 1);
	close(fds[0]);
	return pid;
}

/* Wait status of one who touches WANT bytes in @group. */
static int ask(const char *group)
{
	pid_t pid = cg_member(group);
	int status = -1;

	must(pid >= 0);
	if (!pid) {
		touched(WANT, MAP_PRIVATE);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return status;
}

static void all_comes_back(long long before, const char *what)
{
	if (!ok(CG_WAIT(charged() < before + SPARE), "%s: all of it comes back", what))
		printf("# %lld bytes before, %lld after\n", before, charged());
}

/*
 * @pid is killed for who asks. Linux 6.1 may lose patience and kill who asks, too; Quire only where the memory is there when somebody else has
 * ended (@late).
 */
static void killed_for(pid_t pid, bool late, const char *what)
{
	int status = ask("victims/a");

	ok(!status || (status == SIGKILL && (late || access("/proc/mm", F_OK))),
	   "%s: who asks gets it", what);
	must(waitpid(pid, &status, 0) == pid);
	is(status, SIGKILL, "%s: the victim dies", what);
}

static void dies_for(pid_t pid, long long before, bool late, const char *what)
{
	killed_for(pid, late, what);
	all_comes_back(before, what);
}

static void trial(void (*life)(void), bool late, const char *what)
{
	long long before = charged();

	dies_for(victim("victims/a", life, "1000"), before, late, what);
}

static void stopped(void)
{
	long long before = charged();
	pid_t pid = victim("victims/a", plain, "1000");
	int status;

	kill(pid, SIGSTOP);
	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	dies_for(pid, before, false, "stopped");
}

static void traced(void)
{
	long long before = charged();
	pid_t pid = victim("victims/a", plain, "1000");
	int status;

	must(!ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	must(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	dies_for(pid, before, false, "stopped by its tracer");
}

static void frozen(void)
{
	long long before = charged();
	pid_t pid = victim("victims/b", plain, "1000");

	must(!cg_write("victims/b/cgroup.freeze", "1"));
	must(CG_WAIT(cg_num("victims/b/cgroup.events", "frozen") == 1));
	dies_for(pid, before, false, "frozen");
	must(!cg_write("victims/b/cgroup.freeze", "0"));
}

/* What others hold does not come back by a death. */
static void held_by_another(void)
{
	long long before = charged();
	int status;
	pid_t pid;

	held_memfd = memfd_create("held", 0);
	must(held_memfd >= 0);
	pid = victim("victims/a", with_memfd_that_another_holds, "1000");
	is(ask("victims/a"), SIGKILL, "a file that another holds: who asks dies, too");
	must(waitpid(pid, &status, 0) == pid);
	is(status, SIGKILL, "a file that another holds: the victim dies");
	ok(charged() >= HELD, "a file that another holds: its pages stay charged");
	close(held_memfd);
	all_comes_back(before, "a file that another held");
}

static void pages_in_a_pipe(void)
{
	long long before = charged();
	pid_t pid;

	must(!pipe(held_pipe) && fcntl(held_pipe[1], F_SETPIPE_SZ, PIPED) == PIPED);
	pid = victim("victims/a", with_pages_in_a_pipe, "1000");
	killed_for(pid, false, "pages in a pipe");
	ok(CG_WAIT(charged() < PIPED + SPARE) && charged() >= PIPED,
	   "pages in a pipe: they stay charged");
	close(held_pipe[0]);
	close(held_pipe[1]);
	all_comes_back(before, "pages in a pipe that is closed");
}

/* Whoever shares the memory of one with -1000 has -1000, and the one who asks dies. */
static void spared(void)
{
	long long before = charged();
	pid_t pid = victim("victims/a", sharing_its_memory, "-1000");
	int status;

	is(ask("victims/a"), SIGKILL, "-1000 that shares its memory: who asks dies");
	is(waitpid(pid, &status, WNOHANG), 0, "-1000 that shares its memory: it lives");
	kill(-pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid);
	all_comes_back(before, "-1000 that shared its memory");
}

/* memory.oom.group of the group at its limit, above it, and below. */
static void groups_within_groups(void)
{
	pid_t mate, spared, other;
	int status;

	must(!cg_write("victims/memory.oom.group", "1"));
	must(!cg_write("victims/a/memory.oom.group", "1"));
	must(!cg_write_num("victims/a/memory.max", LIMIT / 2 + WANT / 2));
	spared = victim("victims/a", with_threads, "-1000");
	mate = victim("victims/a", small, "0");
	other = victim("victims/b", small, "0");
	is(ask("victims/a"), SIGKILL, "the inner group at its limit: who asks dies");
	must(waitpid(mate, &status, 0) == mate);
	is(status, SIGKILL, "the inner group at its limit: its other member dies");
	is(waitpid(other, &status, WNOHANG), 0,
	   "the inner group at its limit: beside it nobody dies");
	is(waitpid(spared, &status, WNOHANG), 0, "the inner group at its limit: -1000 lives");
	must(!cg_write("victims/a/memory.max", "max"));
	is(ask("victims/a"), SIGKILL, "the outer group at its limit: who asks dies");
	must(waitpid(other, &status, 0) == other);
	is(status, SIGKILL, "the outer group at its limit: a member of another inner one dies");
	is(waitpid(spared, &status, WNOHANG), 0, "the outer group at its limit: -1000 lives");
	cg_reap(spared);
}

int main(void)
{
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("victims") && !cg_write("victims/cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("victims/a") && !cg_mkdir("victims/b"));
	must(!cg_write_num("victims/memory.max", LIMIT));
	cg_write("victims/memory.swap.max", "0");
	trial(with_threads, false, "threads");
	trial(with_vfork_child, false, "a vfork child");
	trial(sharing_its_memory, true, "a sharer outside");
	trial(moving_its_memory, false, "mremap");
	trial(with_locked_and_shared, false, "locked and shared memory");
	trial(with_buffers_of_a_ring, true, "buffers of a ring");
	stopped();
	traced();
	frozen();
	held_by_another();
	pages_in_a_pipe();
	spared();
	groups_within_groups();
	ok(CG_WAIT(!cg_rmdir("victims/a")) && CG_WAIT(!cg_rmdir("victims/b")) &&
		   CG_WAIT(!cg_rmdir("victims")),
	   "the groups can be removed");
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
