// SPDX-License-Identifier: MIT
/* The operations that must survive a failure at any place; the frame is in frame.c. */
#include "inject.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

#define RW    (PROT_READ | PROT_WRITE)
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define LARGE 600000 /* bytes of the file that the tests map */

static char *area; /* what a setup made for its run */
static int fd, pair[2];
static char buffer[16384];
static int first_datum = 1; /* in .data */

void touch_data(void)
{
	extern char _end[];
	uintptr_t first = (uintptr_t)&first_datum & ~(PAGE - 1);

	for (uintptr_t at = first; at < (uintptr_t)_end; at += PAGE)
		*(volatile char *)(at < (uintptr_t)&first_datum ? (uintptr_t)&first_datum : at) |=
			0;
}

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static char *map(size_t pages, int prot, int flags, int from)
{
	char *p = mmap(NULL, pages * PAGE, prot, flags, from, 0);

	must(p != MAP_FAILED);
	return p;
}

static int map_result(void *p)
{
	return p == MAP_FAILED ? errno : 0;
}

static void touch(char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = (char)(i + 1);
}

static bool holds(const char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		if (p[i * PAGE] != (char)(i + 1))
			return false;
	return true;
}

/* ---- processes ---- */

static void many_mappings(void)
{
	area = map(64, RW, ANON, -1);
	touch(area, 64);
	must(mprotect(area + 8 * PAGE, 8 * PAGE, PROT_READ) == 0);
	touch(map(4, RW, MAP_SHARED | MAP_ANONYMOUS, -1), 4);
	fd = open("/tmp/inject.file", O_RDWR);
	must(fd >= 0);
	touch(map(4, RW, MAP_PRIVATE, fd), 4);
	/* Tables of their own: 1 GiB and 512 GiB away. */
	touch(mmap((void *)0x140000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), 1);
	touch(mmap((void *)0x18000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), 1);
}

static int reap(pid_t pid)
{
	int status = 0;

	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno == EFAULT) /* reaped, but the status could not be told */
			return EFAULT;
		else if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static int run_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return reap(pid);
}

static const char *area_intact(int err)
{
	return holds(area, 64) ? NULL : "memory changed";
}

/* A child that writes to what it shares with its parent, copy on write. */
static int run_fork_write(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		area[0] = 77;
		area[40 * PAGE] = 77;
		_exit(0);
	}
	return reap(pid);
}

static char thread_stack[16384] __attribute__((aligned(16)));
static volatile int thread_ran, thread_tid;

static int thread_main(void *arg)
{
	thread_ran = 1;
	return 0;
}

int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);

static int run_thread(void)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	int tid;

	thread_tid = -1;
	tid = clone(thread_main, thread_stack + sizeof(thread_stack), flags, NULL, &thread_tid,
		    NULL, &thread_tid);
	if (tid < 0)
		return errno;
	/* The kernel clears the word when the thread ends; a copy that fails there goes unnoticed. */
	for (int i = 0; i < 1000 && (!thread_ran || thread_tid > 0); i++)
		sched_yield();
	return thread_ran ? 0 : ESRCH;
}

static int pidfd;

static int run_pidfd(void)
{
	int pid = clone(thread_main, thread_stack + sizeof(thread_stack), CLONE_PIDFD | SIGCHLD,
			NULL, &pidfd);

	if (pid < 0)
		return errno;
	close(pidfd);
	return reap(pid);
}

static int run_vfork(void)
{
	char *argv[] = { (char *)"become", (char *)"become", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execve(self_path, argv, argv + 2);
		_exit(errno);
	}
	pid = reap(pid);
	return pid == 7 ? 0 : pid;
}

static int run_exec(void)
{
	char *argv[] = { (char *)"become", (char *)"become", NULL };
	char *env[] = { (char *)"A=1", (char *)"B=2", NULL };

	execve(self_path, argv, env);
	return errno;
}

static int run_exec_dynamic(void)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit 7", NULL };

	execve("/usr/bin/dash", argv, argv + 3);
	return errno;
}

static void make_script(void)
{
	int f = open("/tmp/inject.sh", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	must(f >= 0 && write(f, "#!/bin/busybox sh\nexit 7\n", 25) == 25);
	close(f);
}

static int run_exec_script(void)
{
	char *argv[] = { (char *)"/tmp/inject.sh", NULL };

	execve("/tmp/inject.sh", argv, argv + 1);
	return errno;
}

/* ---- address space ---- */

static void open_file(void)
{
	fd = open("/tmp/inject.file", O_RDWR);
	must(fd >= 0);
}

static int run_mmap_anon(void)
{
	return map_result(mmap(NULL, 8 * PAGE, RW, ANON, -1, 0));
}

static int run_mmap_populate(void)
{
	return map_result(mmap(NULL, 40 * PAGE, RW, ANON | MAP_POPULATE, -1, 0));
}

static int run_mmap_file(void)
{
	return map_result(mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
}

static int run_mmap_shared_file(void)
{
	return map_result(mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0));
}

static int run_mmap_shared_anon(void)
{
	return map_result(mmap(NULL, 8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static int run_mmap_fixed(void)
{
	return map_result(mmap(area + 16 * PAGE, 8 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0));
}

static void sixty_four(void)
{
	area = map(64, RW, ANON, -1);
	touch(area, 64);
}

/* What failed must have left everything as it was. */
static const char *unchanged_if_failed(int err)
{
	return !err || holds(area, 64) ? NULL : "failed, and changed memory";
}

static const char *writable_if_failed(int err)
{
	if (err)
		touch(area, 64); /* SIGSEGV if a part has changed */
	return unchanged_if_failed(err);
}

static int run_mprotect(void)
{
	return result(mprotect(area + 20 * PAGE, 10 * PAGE, PROT_READ));
}

static int run_munmap(void)
{
	return result(munmap(area + 20 * PAGE, 10 * PAGE));
}

static int run_munmap_all(void)
{
	return result(munmap(area, 64 * PAGE));
}

/* The first 32 pages end with their table: the gather of the unmapping, without further pages, is full just there. */
static void fill_gather(void)
{
	area = (char *)0x200000000;
	must(mmap(area, 1024 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == area);
	touch(area + 480 * PAGE, 32 + 200);
}

static int run_munmap_gather(void)
{
	return result(munmap(area, 1024 * PAGE));
}

static int run_mremap_grow(void)
{
	return map_result(mremap(area, 64 * PAGE, 600 * PAGE, MREMAP_MAYMOVE));
}

static int run_mremap_move(void)
{
	return map_result(mremap(area + 8 * PAGE, 16 * PAGE, 16 * PAGE,
				 MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x180000000));
}

static int run_mremap_shrink(void)
{
	return map_result(mremap(area, 64 * PAGE, 10 * PAGE, 0));
}

static int run_brk(void)
{
	char *now = (char *)syscall(SYS_brk, 0), *then;

	then = (char *)syscall(SYS_brk, now + 40 * PAGE);
	if (then == now)
		return ENOMEM;
	then[-1] = 1;
	return 0;
}

static int run_madvise(void)
{
	return result(madvise(area + 20 * PAGE, 10 * PAGE, MADV_DONTNEED));
}

static int run_madvise_split(void)
{
	return result(madvise(area + 20 * PAGE, 10 * PAGE, MADV_DONTFORK));
}

static int run_mlock(void)
{
	return result(mlock(area + 20 * PAGE, 10 * PAGE));
}

static int run_mincore(void)
{
	return result(mincore(area, 64 * PAGE, (unsigned char *)buffer));
}

static int run_vm_readv(void)
{
	struct iovec here = { buffer, 8192 }, there = { area, 8192 };

	return result(syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0));
}

/* ---- faults ---- */

static void new_area(void)
{
	area = map(64, RW, ANON, -1);
}

static int run_touch(void)
{
	touch(area, 64);
	return 0;
}

static int read_all(void)
{
	int sum = 0;

	for (int i = 0; i < 64; i++)
		sum += ((volatile char *)area)[i * PAGE];
	return sum == 99999;
}

static void zero_pages(void)
{
	new_area();
	read_all();
}

/* All 64 pages are shared with a child that sleeps until its parent ends. */
static void shared_with_child(void)
{
	int p[2];

	sixty_four();
	must(pipe(p) == 0);
	if (fork() == 0) {
		char c;

		close(p[1]);
		read(p[0], &c, 1);
		_exit(0);
	}
	close(p[0]);
}

static void private_file(void)
{
	open_file();
	area = map(64, RW, MAP_PRIVATE, fd);
}

static void shared_file(void)
{
	open_file();
	area = map(64, RW, MAP_SHARED, fd);
}

/* A file with nothing in it: each fault makes a page of the cache. */
static void sparse_file(void)
{
	fd = memfd_create("inject", 0);
	must(fd >= 0 && ftruncate(fd, 64 * PAGE) == 0);
	area = map(64, RW, MAP_SHARED, fd);
}

static void shared_anon(void)
{
	area = map(64, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static __attribute__((noinline)) int deep(int levels)
{
	volatile char frame[8192];

	frame[0] = frame[8000] = (char)levels;
	return levels ? deep(levels - 1) + frame[0] : 0;
}

static int run_stack(void)
{
	deep(40);
	return 0;
}

static const char *all_there(int err)
{
	return holds(area, 64) ? NULL : "a page has not what was written";
}

/* The kernel faults for the program. */
static int run_read_fresh(void)
{
	ssize_t n = pread(fd, area, 16 * PAGE, 0);

	return n < 0 ? errno : 0;
}

static void fresh_and_file(void)
{
	open_file();
	new_area();
}

/* ---- files ---- */

static void no_file(void)
{
	unlink("/tmp/inject.new");
}

static int run_create(void)
{
	int f = open("/tmp/inject.new", O_RDWR | O_CREAT | O_EXCL, 0600);

	return f < 0 ? errno : result(close(f));
}

static const char *gone_again(int err)
{
	unlink("/tmp/inject.new");
	rmdir("/tmp/inject.new");
	return NULL;
}

static void new_file(void)
{
	fd = open("/tmp/inject.new", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	memset(buffer, 5, sizeof(buffer));
}

static int run_write(void)
{
	ssize_t n = write(fd, buffer, sizeof(buffer));

	if (n >= 0 && n < (ssize_t)sizeof(buffer)) /* short: the reason comes with the next one */
		n = write(fd, buffer + n, sizeof(buffer) - n);
	return n < 0 ? errno : 0;
}

static const char *size_is_written(int err)
{
	struct stat st;
	static const char *wrong;

	wrong = NULL;
	if (fstat(fd, &st) || (!err && st.st_size > (off_t)sizeof(buffer)))
		wrong = "a size that nobody wrote";
	for (off_t at = 0; at < st.st_size; at += 512) {
		char c = 0;

		if (pread(fd, &c, 1, at) != 1 || c != 5)
			wrong = "the file does not hold what was written";
	}
	unlink("/tmp/inject.new");
	return wrong;
}

static int run_read(void)
{
	return result(pread(fd, buffer, sizeof(buffer), 0));
}

static int run_readv(void)
{
	struct iovec iov[20];

	for (int i = 0; i < 20; i++)
		iov[i] = (struct iovec){ buffer + i * 100, 100 };
	return result(readv(fd, iov, 20));
}

static int run_truncate(void)
{
	return result(ftruncate(fd, 100000)) ?: result(ftruncate(fd, 10));
}

static int run_fallocate(void)
{
	return result(fallocate(fd, 0, 0, 64 * PAGE));
}

static int run_unlink(void)
{
	return result(unlink("/tmp/inject.new"));
}

static int run_mkdir(void)
{
	return result(mkdir("/tmp/inject.new", 0700)) ?: result(rmdir("/tmp/inject.new"));
}

static int run_rename(void)
{
	return result(rename("/tmp/inject.new", "/tmp/inject.renamed"));
}

static const char *one_of_both(int err)
{
	int old = access("/tmp/inject.new", F_OK), new = access("/tmp/inject.renamed", F_OK);

	unlink("/tmp/inject.new");
	unlink("/tmp/inject.renamed");
	return !old == !new ? "the file is there twice, or not at all" : NULL;
}

static int run_link(void)
{
	return result(link("/tmp/inject.new", "/tmp/inject.renamed"));
}

static const char *unlink_both(int err)
{
	unlink("/tmp/inject.new");
	unlink("/tmp/inject.renamed");
	return NULL;
}

static int run_symlink(void)
{
	char name[300];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	return result(symlink(name, "/tmp/inject.new"))
		       ?: result(readlink("/tmp/inject.new", buffer, sizeof(buffer)));
}

static int run_xattr(void)
{
	return result(fsetxattr(fd, "trusted.x", buffer, 100, 0)) ?:
	       result(fgetxattr(fd, "trusted.x", buffer, 200)) ?:
	       result(flistxattr(fd, buffer, sizeof(buffer)));
}

static void open_tmp(void)
{
	fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	must(fd >= 0);
}

static int run_getdents(void)
{
	return result(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
}

static int run_stat(void)
{
	struct stat st;

	return result(stat("/tmp/inject.file", &st)) ?: result(access("/usr/bin", X_OK));
}

static int run_memfd(void)
{
	int f = memfd_create("inject", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (f < 0)
		return errno;
	return result(write(f, buffer, 5000)) ?: result(close(f));
}

static int run_getcwd(void)
{
	return result(syscall(SYS_getcwd, buffer, 1000)) ?: result(chdir("/tmp"));
}

static void mount_point(void)
{
	mkdir("/tmp/inject.mnt", 0700);
}

static int run_mount(void)
{
	return result(mount("x", "/tmp/inject.mnt", "tmpfs", 0, "size=1m"));
}

static int run_mount_proc(void)
{
	return result(mount("x", "/tmp/inject.mnt", "proc", 0, "hidepid=1,subset=pid"));
}

static int run_unshare_mounts(void)
{
	return result(unshare(CLONE_NEWNS));
}

static const char *unmount(int err)
{
	return !err && umount("/tmp/inject.mnt") ? "cannot be unmounted" : NULL;
}

static int run_dup_high(void)
{
	int f = dup2(0, 900);

	return f < 0 ? errno : result(close(f));
}

static int run_flock(void)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };

	return result(flock(fd, LOCK_EX)) ?: result(fcntl(fd, F_SETLK, &fl));
}

static int run_proc(void)
{
	int f = open("/proc/self/maps", O_RDONLY), err;

	if (f < 0)
		return errno;
	err = result(read(f, buffer, sizeof(buffer)));
	close(f);
	return err;
}

static int run_dry_run(void)
{
	int f = open("/proc/mm/oom/dry_run", O_RDONLY), err;

	if (f < 0)
		return errno;
	err = result(read(f, buffer, sizeof(buffer)));
	close(f);
	return err;
}

static int run_pressure(void)
{
	int f = open("/proc/pressure/memory", O_RDWR), err;

	if (f < 0)
		return errno;
	err = result(read(f, buffer, sizeof(buffer)));
	if (!err)
		err = result(write(f, "some 100000 1000000", 20));
	close(f);
	return err;
}

static int run_proc_fd(void)
{
	int f = open("/proc/self/fd", O_RDONLY | O_DIRECTORY), err;

	if (f < 0)
		return errno;
	err = result(syscall(SYS_getdents64, f, buffer, sizeof(buffer)));
	close(f);
	return err;
}

static int run_comm(void)
{
	int f = open("/proc/self/comm", O_WRONLY), err;

	if (f < 0)
		return errno;
	err = result(write(f, "other", 5));
	close(f);
	return err;
}

static int run_pty(void)
{
	int f = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, zero = 0, err;
	char name[32];

	if (f < 0)
		return errno;
	err = result(syscall(SYS_ioctl, f, 0x40045431, &zero))
		      ?: result(syscall(SYS_ioctl, f, 0x80045430, &zero));
	if (!err) {
		snprintf(name, sizeof(name), "/dev/pts/%d", zero);
		slave = open(name, O_RDWR | O_NOCTTY);
		err = result(slave) ?: result(write(f, "a\n", 2)) ?: result(read(slave, buffer, 10));
		close(slave);
	}
	close(f);
	return err;
}

/* ---- pipes, polling, events ---- */

static int run_pipe(void)
{
	int p[2], err;

	if (pipe(p))
		return errno;
	err = result(write(p[1], buffer, 9000)) ?: result(read(p[0], buffer, 9000));
	close(p[0]);
	close(p[1]);
	return err;
}

static void a_pipe(void)
{
	must(pipe(pair) == 0 && write(pair[1], buffer, 100) == 100);
}

static const char *pipe_holds_100(int err)
{
	return read(pair[0], buffer, 200) == 100 ? NULL : "the pipe lost its contents";
}

static int run_vmsplice(void)
{
	struct iovec v[9];

	for (int i = 0; i < 9; i++) /* more than fit on the kernel's stack */
		v[i] = (struct iovec){ buffer, 10 };
	return result(vmsplice(pair[1], v, 9, SPLICE_F_NONBLOCK));
}

static const char *pipe_holds_both(int err)
{
	char got[200];
	ssize_t want = err ? 100 : 190;

	return read(pair[0], got, sizeof(got)) == want ? NULL : "the pipe holds something else";
}

static int run_pipe_size(void)
{
	return result(fcntl(pair[0], F_SETPIPE_SZ, 256 * 1024));
}

/* ---- local sockets ---- */

static int run_socketpair(void)
{
	int p[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, p))
		return errno;
	close(p[0]);
	close(p[1]);
	return 0;
}

static void a_socketpair(void)
{
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

static int run_send(void)
{
	return result(send(pair[1], buffer, 9000, 0)) ?: result(recv(pair[0], buffer, 9000, 0));
}

static const char *socket_works(int err)
{
	char c;

	while (recv(pair[0], &c, 1, MSG_DONTWAIT) == 1)
		;
	return write(pair[1], "x", 1) == 1 && read(pair[0], &c, 1) == 1 && c == 'x'
		       ? NULL
		       : "the sockets are broken";
}

/* A descriptor of each end to the other, and the sender's name. */
static int run_rights(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} c = { .head = { CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov[10] = { { buffer, 100 } };
	struct msghdr m = { .msg_iov = iov,
			    .msg_iovlen = 10,
			    .msg_control = &c,
			    .msg_controllen = CMSG_SPACE(2 * sizeof(int)) };
	int on = 1, err;

	memcpy(CMSG_DATA(&c.head), pair, sizeof(pair));
	err = result(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		      ?: result(syscall(SYS_sendmsg, pair[1], &m, 0));
	m.msg_controllen = sizeof(c);
	return err ?: result(syscall(SYS_recvmsg, pair[0], &m, MSG_PEEK)) ?: result(syscall(SYS_recvmsg, pair[0], &m, 0));
}

static int run_connect(void)
{
	struct sockaddr_un sun = { AF_UNIX, "/tmp/inject.socket" };
	socklen_t len = sizeof(sun);
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), a = -1, err;

	err = result(l) ?: result(c) ?: result(bind(l, (struct sockaddr *)&sun, sizeof(sun))) ?:
	      result(listen(l, 1)) ?: result(connect(c, (struct sockaddr *)&sun, sizeof(sun))) ?:
	      result(a = accept4(l, (struct sockaddr *)&sun, &len, SOCK_NONBLOCK)) ?:
	      result(getpeername(c, (struct sockaddr *)&sun, &len));
	close(l);
	close(c);
	close(a);
	return err;
}

static const char *no_name_left(int err)
{
	unlink("/tmp/inject.socket");
	return NULL;
}

static int run_epoll(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int e = epoll_create1(EPOLL_CLOEXEC), err;

	if (e < 0)
		return errno;
	err = result(epoll_ctl(e, EPOLL_CTL_ADD, pair[0], &ev)) ?:
	      result(epoll_wait(e, &ev, 1, 0)) ?: result(epoll_ctl(e, EPOLL_CTL_DEL, pair[0], &ev));
	close(e);
	return err;
}

/* An event that found no memory is told of as an overflow. */
static int run_inotify(void)
{
	static char events[1024];
	int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), made, err;

	if (in < 0)
		return errno;
	err = result(inotify_add_watch(in, "/tmp", IN_CREATE | IN_DELETE));
	if (!err) {
		made = creat("/tmp/inject.watched", 0600);
		err = result(made) ?: result(unlink("/tmp/inject.watched"));
		close(made);
	}
	if (!err)
		err = result(read(in, events, sizeof(events)));
	unlink("/tmp/inject.watched");
	close(in);
	return err;
}

static int run_poll(void)
{
	static struct pollfd p[200];

	for (int i = 0; i < 200; i++)
		p[i] = (struct pollfd){ .fd = pair[0], .events = POLLIN };
	return result(poll(p, 200, 0));
}

static int run_select(void)
{
	static fd_set set[8]; /* 8192 descriptors */
	struct timeval now = { 0, 0 };

	FD_SET(pair[0], &set[0]);
	return result(select(pair[0] + 1, set, NULL, NULL, &now));
}

static int run_sendfile(void)
{
	loff_t at = 0;

	return result(syscall(SYS_sendfile, pair[1], fd, &at, 8192));
}

/* Of what a file to file, pipe to pipe and socket to pipe transfer is made. */
static int run_splice(void)
{
	int other[2], s[2], err;
	loff_t at = 0;

	if (pipe(other))
		return errno;
	err = result(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	if (!err) {
		err = result(splice(fd, &at, pair[1], NULL, 8192, 0)) ?:
		      result(tee(pair[0], other[1], 5000, 0)) ?:
		      result(splice(other[0], NULL, s[0], NULL, 5000, 0)) ?:
		      result(splice(s[1], NULL, other[1], NULL, 5000, 0)) ?:
		      result(splice(pair[0], NULL, other[1], NULL, 4000, 0)) ?:
		      result(copy_file_range(fd, &(loff_t){ 0 }, fd, &(loff_t){ 8192 }, 4096, 0));
		close(s[0]);
		close(s[1]);
	}
	close(other[0]);
	close(other[1]);
	return err;
}

static void pipe_and_file(void)
{
	must(pipe(pair) == 0);
	open_file();
}

static int close_result(int f)
{
	return f < 0 ? errno : result(close(f));
}

static int run_eventfds(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return close_result(eventfd(1, 0)) ?: close_result(timerfd_create(CLOCK_MONOTONIC, 0)) ?:
	       close_result(signalfd(-1, &set, 0)) ?:
	       close_result((int)syscall(SYS_pidfd_open, getpid(), 0));
}

static void block_usr1(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int run_sigqueue(void)
{
	union sigval v = { .sival_int = 5 };

	return result(sigqueue(getpid(), SIGRTMIN, v));
}

static int run_timer(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	int id = 0, err;

	err = result(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id));
	return err ?: result(syscall(SYS_timer_delete, id));
}

static volatile int handled;

static void on_signal(int sig)
{
	handled++;
}

static void catch_usr1(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
}

/* The frame of a handler is a copy to the user: if it fails, SIGSEGV. */
static int run_signal(void)
{
	return result(kill(getpid(), SIGUSR1));
}

static int run_futex(void)
{
	struct timespec ts = { 0, 1000 };
	static int word = 3;
	int err = result(syscall(SYS_futex, &word, 0 /* WAIT */, 3, &ts, NULL, 0));

	return err == ETIMEDOUT ? 0 : err;
}

static int run_misc(void)
{
	struct rlimit rl;
	cpu_set_t cpus;

	return result(syscall(SYS_getrandom, buffer, 500, 0)) ?: result(getrlimit(RLIMIT_NOFILE, &rl)) ?:
	       result(sched_getaffinity(0, sizeof(cpus), &cpus)) ?:
	       result(sched_setaffinity(0, sizeof(cpus), &cpus));
}

static int run_credentials(void)
{
	gid_t groups[3] = { 1, 2, 3 };

	return result(syscall(SYS_setgroups, 3, groups)) ?: result(setuid(0)) ?: result(setsid() < 0 ? 0 : 0);
}

static int run_kmsg(void)
{
	int f = open("/dev/kmsg", O_WRONLY), err;

	if (f < 0)
		return errno;
	err = result(write(f, "inject\n", 7));
	close(f);
	return err;
}

/* The port of the console is a real device: requests to it. */
static int run_console(void)
{
	int f = open("/dev/hvc0", O_WRONLY | O_NOCTTY), err;

	if (f < 0)
		return errno == ENODEV || errno == ENXIO || errno == ENOENT ? 0 : errno;
	err = result(write(f, "x", 1));
	close(f);
	return err;
}

#define SEGV DIES_OF(SIGSEGV)
#define EXEC .may_die = SEGV | DIES_OF(SIGKILL) | DIES_OF(SIGBUS), .exec_status = 7

const struct op ops[] = {
	{ "fork", many_mappings, run_fork, area_intact, EAGAIN },
	{ "fork and write", many_mappings, run_fork_write, area_intact, EAGAIN },
	{ "thread", NULL, run_thread, NULL, EAGAIN },
	{ "clone with pidfd", NULL, run_pidfd, NULL, EFAULT },
	{ "vfork and exec", NULL, run_vfork, NULL, EAGAIN },
	{ "exec static", NULL, run_exec, NULL, E2BIG, E2BIG, EXEC },
	{ "exec dynamic", NULL, run_exec_dynamic, NULL, E2BIG, E2BIG, EXEC },
	{ "exec script", make_script, run_exec_script, NULL, E2BIG, E2BIG, EXEC },

	{ "mmap anonymous", NULL, run_mmap_anon, NULL },
	{ "mmap populate", NULL, run_mmap_populate, NULL },
	{ "mmap file", open_file, run_mmap_file, NULL },
	{ "mmap shared file", open_file, run_mmap_shared_file, NULL },
	{ "mmap shared anonymous", NULL, run_mmap_shared_anon, NULL },
	{ "mmap fixed in the middle", sixty_four, run_mmap_fixed, NULL },
	{ "mprotect in the middle", sixty_four, run_mprotect, writable_if_failed },
	{ "munmap in the middle", sixty_four, run_munmap, unchanged_if_failed },
	{ "munmap", sixty_four, run_munmap_all, unchanged_if_failed },
	{ "munmap of a full table", fill_gather, run_munmap_gather, NULL },
	{ "mremap grow", sixty_four, run_mremap_grow, unchanged_if_failed },
	{ "mremap move", sixty_four, run_mremap_move, unchanged_if_failed },
	{ "mremap shrink", sixty_four, run_mremap_shrink, unchanged_if_failed },
	{ "brk", NULL, run_brk, NULL },
	{ "madvise dontneed", sixty_four, run_madvise, unchanged_if_failed },
	{ "madvise that splits", sixty_four, run_madvise_split, area_intact, EAGAIN },
	{ "mlock", sixty_four, run_mlock, area_intact, EAGAIN },
	{ "mincore", sixty_four, run_mincore, area_intact, EAGAIN },
	{ "process_vm_readv", sixty_four, run_vm_readv, area_intact, EFAULT },

	{ "fault: anonymous write", new_area, run_touch, all_there },
	{ "fault: zero page", new_area, read_all, NULL },
	{ "fault: zero page written", zero_pages, run_touch, all_there },
	{ "fault: copy on write", shared_with_child, run_touch, all_there },
	{ "fault: file read", private_file, read_all, NULL },
	{ "fault: private file written", private_file, run_touch, all_there },
	{ "fault: shared file written", shared_file, run_touch, all_there },
	{ "fault: hole of a file", sparse_file, run_touch, all_there },
	{ "fault: shared anonymous", shared_anon, run_touch, all_there },
	{ "fault: stack grows", NULL, run_stack, NULL, .may_die = SEGV },
	{ "fault: in the kernel", fresh_and_file, run_read_fresh, NULL, EFAULT },

	{ "create", no_file, run_create, gone_again },
	{ "write", new_file, run_write, size_is_written },
	{ "read", open_file, run_read, NULL },
	{ "readv", open_file, run_readv, NULL },
	{ "truncate", new_file, run_truncate, unlink_both },
	{ "fallocate", new_file, run_fallocate, unlink_both },
	{ "unlink", new_file, run_unlink, unlink_both },
	{ "mkdir, rmdir", no_file, run_mkdir, gone_again },
	{ "rename", new_file, run_rename, one_of_both },
	{ "link", new_file, run_link, unlink_both },
	{ "symlink, readlink", no_file, run_symlink, gone_again },
	{ "xattr", new_file, run_xattr, unlink_both },
	{ "getdents", open_tmp, run_getdents, NULL },
	{ "stat, access", NULL, run_stat, NULL },
	{ "memfd", NULL, run_memfd, NULL },
	{ "getcwd, chdir", NULL, run_getcwd, NULL },
	{ "mount", mount_point, run_mount, unmount },
	{ "mount proc", mount_point, run_mount_proc, unmount },
	{ "unshare mounts", NULL, run_unshare_mounts, NULL },
	{ "dup to 900", NULL, run_dup_high, NULL },
	{ "locks", open_file, run_flock, NULL, ENOLCK },
	{ "/proc/self/maps", NULL, run_proc, NULL },
	{ "/proc/mm/oom/dry_run", NULL, run_dry_run, NULL },
	{ "/proc/pressure/memory", NULL, run_pressure, NULL },
	{ "/proc/self/fd", NULL, run_proc_fd, NULL },
	{ "/proc/self/comm", NULL, run_comm, NULL },
	{ "pty", NULL, run_pty, NULL },

	{ "pipe", NULL, run_pipe, NULL, ENFILE },
	{ "vmsplice", a_pipe, run_vmsplice, pipe_holds_both },
	{ "pipe size", a_pipe, run_pipe_size, pipe_holds_100 },
	{ "socketpair", NULL, run_socketpair, NULL, ENFILE },
	{ "send, recv", a_socketpair, run_send, socket_works, ENOBUFS },
	{ "sendmsg with descriptors", a_socketpair, run_rights, socket_works, ENOBUFS },
	{ "bind, connect, accept", NULL, run_connect, no_name_left, ENFILE },
	{ "epoll", a_pipe, run_epoll, pipe_holds_100 },
	{ "inotify", NULL, run_inotify, NULL },
	{ "poll", a_pipe, run_poll, pipe_holds_100 },
	{ "select", a_pipe, run_select, pipe_holds_100 },
	{ "sendfile", pipe_and_file, run_sendfile, NULL },
	{ "splice, tee", pipe_and_file, run_splice, NULL, ENFILE },
	{ "eventfd, timerfd, signalfd, pidfd", NULL, run_eventfds, NULL },
	{ "sigqueue", block_usr1, run_sigqueue, NULL, EAGAIN },
	{ "timer_create", NULL, run_timer, NULL, EAGAIN },
	{ "signal handler", catch_usr1, run_signal, NULL, .may_die = SEGV },
	{ "futex", NULL, run_futex, NULL },
	{ "getrandom, limits, affinity", NULL, run_misc, NULL },
	{ "setgroups, setuid", NULL, run_credentials, NULL },
	{ "kmsg", NULL, run_kmsg, NULL },
	{ "console", NULL, run_console, NULL },
};
const int nr_ops = sizeof(ops) / sizeof(*ops);
