// SPDX-License-Identifier: MIT
/*
 * Memory reached by another way than the CPU's own: userfaultfd, ptrace, process_vm_readv, process_madvise, /proc/PID/mem; shared objects
 * (memfd, System V); a core dump.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR 256

/* ---- userfaultfd ---- */

/* A descriptor that answers for @bytes at @p, by UFFDIO_REGISTER_MODE_@mode. */
static int answers_for(char *p, size_t bytes, unsigned long long mode)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (unsigned long)p, bytes }, .mode = mode };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		broken("userfaultfd");
	return fd;
}

struct answerer {
	int fd;
	char *page; /* what missing pages get; none: faults are minor */
};

static void *answer(void *arg)
{
	struct answerer *a = arg;
	struct uffd_msg msg;

	while (read(a->fd, &msg, sizeof(msg)) == sizeof(msg)) {
		unsigned long at = msg.arg.pagefault.address & -PAGE;
		struct uffdio_copy copy = { .dst = at, .src = (unsigned long)a->page, .len = PAGE };
		struct uffdio_continue map_it = { .range = { at, PAGE } };

		if (a->page ? ioctl(a->fd, UFFDIO_COPY, &copy)
			    : ioctl(a->fd, UFFDIO_CONTINUE, &map_it))
			broken("UFFDIO_COPY, UFFDIO_CONTINUE");
	}
	return NULL;
}

/* Faults in NR pages at @p, each answered by another thread: there and back. */
static void answered_faults(char *p, struct answerer a)
{
	pthread_t t;

	if (pthread_create(&t, NULL, answer, &a))
		broken("pthread_create");
	look(p, 16 * PAGE);
	start();
	look(p + 16 * PAGE, (NR - 16) * PAGE);
	stop();
	times(NR - 16);
}

/* With a page, copied. */
BENCH("userfaultfd-fault")
{
	char *p = map(NR * PAGE);
	struct answerer a = { answers_for(p, NR * PAGE, UFFDIO_REGISTER_MODE_MISSING), map(PAGE) };

	touch(a.page, PAGE);
	answered_faults(p, a);
}

/* The page is there, in a file of tmpfs: it only has to be mapped. */
BENCH("userfaultfd-minor-fault")
{
	char *p = mmap(NULL, NR * PAGE, PROT_READ, MAP_SHARED, tmpfs_file(NR * PAGE), 0);

	if (p == MAP_FAILED)
		broken("mmap");
	answered_faults(p, (struct answerer){ answers_for(p, NR * PAGE, UFFDIO_REGISTER_MODE_MINOR),
					      NULL });
}

/* The same without the wait: pages are filled before they are asked for. */
BENCH("userfaultfd-copy")
{
	char *p = map(NR * PAGE), *from = map(PAGE);
	int fd = answers_for(p, NR * PAGE, UFFDIO_REGISTER_MODE_MISSING);

	touch(from, PAGE);
	start();
	for (int i = 0; i < NR; i++) {
		struct uffdio_copy copy = { .dst = (unsigned long)p + i * PAGE,
					    .src = (unsigned long)from,
					    .len = PAGE };

		if (ioctl(fd, UFFDIO_COPY, &copy))
			broken("UFFDIO_COPY");
	}
	stop();
	times(NR);
}

/* Write-protect 256 pages and end that, per page. */
BENCH("userfaultfd-wp-per-page")
{
	char *p = map(NR * PAGE);
	int fd = answers_for(p, NR * PAGE, UFFDIO_REGISTER_MODE_WP);
	struct uffdio_writeprotect wp = { .range = { (unsigned long)p, NR * PAGE } };

	touch(p, NR * PAGE);
	start();
	for (int i = 0; i < 8; i++) {
		wp.mode = UFFDIO_WRITEPROTECT_MODE_WP;
		if (ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
			broken("UFFDIO_WRITEPROTECT");
		wp.mode = 0;
		if (ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
			broken("UFFDIO_WRITEPROTECT");
	}
	stop();
	times(8 * NR);
}

/* ---- another's memory ---- */

/* A child that is stopped by us, with @p as we have it. */
static pid_t stopped_child(void)
{
	pid_t pid = child();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		broken("ptrace");
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

BENCH("ptrace-peek")
{
	char *p = map(PAGE);
	pid_t pid;

	touch(p, PAGE);
	pid = stopped_child();
	ptrace(PTRACE_PEEKDATA, pid, p, NULL);
	start();
	for (int i = 0; i < NR; i++)
		if (ptrace(PTRACE_PEEKDATA, pid, p + i * 8, NULL) != (i ? 0 : p[0]))
			broken("PTRACE_PEEKDATA");
	stop();
	times(NR);
	end_child(pid);
}

BENCH("ptrace-poke")
{
	char *p = map(PAGE);
	pid_t pid;

	touch(p, PAGE);
	pid = stopped_child();
	ptrace(PTRACE_POKEDATA, pid, p, NULL);
	start();
	for (int i = 0; i < NR; i++)
		if (ptrace(PTRACE_POKEDATA, pid, p + i * 8, (void *)1))
			broken("PTRACE_POKEDATA");
	stop();
	times(NR);
	end_child(pid);
}

typedef ssize_t process_vm(pid_t, const struct iovec *, unsigned long, const struct iovec *,
			   unsigned long, unsigned long);

/* @call is process_vm_readv or process_vm_writev. */
static void copy_child(process_vm *call, size_t bytes)
{
	static char buffer[16 * PAGE];
	char *p = map(bytes);
	struct iovec here = { buffer, bytes }, there = { p, bytes };
	pid_t pid;

	touch(p, bytes);
	pid = stopped_child();
	call(pid, &here, 1, &there, 1, 0);
	start();
	for (int i = 0; i < NR; i++)
		if (call(pid, &here, 1, &there, 1, 0) != (ssize_t)bytes)
			broken("process_vm_readv, process_vm_writev");
	stop();
	times(NR);
	end_child(pid);
}

BENCH("process-vm-readv-4k")
{
	copy_child(process_vm_readv, PAGE);
}

BENCH("process-vm-readv-64k")
{
	copy_child(process_vm_readv, 16 * PAGE);
}

BENCH("process-vm-writev-4k")
{
	copy_child(process_vm_writev, PAGE);
}

BENCH("process-vm-writev-64k")
{
	copy_child(process_vm_writev, 16 * PAGE);
}

/* MADV_COLD on 256 pages of a child, per page. */
BENCH("process-madvise-per-page")
{
	char *p = map(NR * PAGE);
	struct iovec there = { p, NR * PAGE };
	pid_t pid;
	int fd;

	touch(p, NR * PAGE);
	pid = stopped_child();
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		broken("pidfd_open");
	start();
	for (int i = 0; i < 16; i++)
		if (syscall(SYS_process_madvise, fd, &there, 1, MADV_COLD, 0) != (long)(NR * PAGE))
			broken("process_madvise");
	stop();
	times(16 * NR);
	end_child(pid);
}

BENCH("proc-mem-read-4k")
{
	static char to[PAGE];
	char *p = map(PAGE), name[40];
	pid_t pid;
	int fd;

	touch(p, PAGE);
	pid = stopped_child();
	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		broken(name);
	start();
	for (int i = 0; i < NR; i++)
		if (pread(fd, to, PAGE, (off_t)p) != (ssize_t)PAGE)
			broken("read of /proc/PID/mem");
	stop();
	times(NR);
	end_child(pid);
}

/* ---- shared objects ---- */

/* Made, sized, mapped, one page written, unmapped, closed. */
BENCH("memfd-create-map-close")
{
	for (int i = 0; i < 64 + 8; i++) {
		char *p;
		int fd;

		if (i == 8)
			start();
		fd = memfd_create("bench", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, PAGE))
			broken("memfd_create");
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			broken("mmap");
		*(volatile char *)p = 1;
		munmap(p, PAGE);
		close(fd);
	}
	stop();
	times(64);
}

/* A hole of one page punched into a memfd, which is written again. */
BENCH("memfd-punch-write-4k")
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	char *p;

	if (fd < 0 || ftruncate(fd, PAGE))
		broken("memfd_create");
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		broken("mmap");
	touch(p, PAGE);
	start();
	for (int i = 0; i < NR; i++) {
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE))
			broken("fallocate");
		touch(p, PAGE);
	}
	stop();
	times(NR);
}

BENCH("shm-attach-detach")
{
	int id = shmget(IPC_PRIVATE, 16 * PAGE, 0600);
	void *p = shmat(id, NULL, 0);

	if (id < 0 || p == (void *)-1)
		broken("shmat");
	start();
	for (int i = 0; i < NR; i++) {
		void *q = shmat(id, NULL, 0);

		if (q == (void *)-1 || shmdt(q))
			broken("shmat");
	}
	stop();
	times(NR);
	shmctl(id, IPC_RMID, NULL);
	shmdt(p);
}

/* Made and removed, never attached. */
BENCH("shm-create-remove")
{
	start();
	for (int i = 0; i < NR; i++) {
		int id = shmget(IPC_PRIVATE, 16 * PAGE, 0600);

		if (id < 0 || shmctl(id, IPC_RMID, NULL))
			broken("shmget");
	}
	stop();
	times(NR);
}

/* @cmd and @undo (IPC_STAT: none) of a segment of 16 pages that are there. */
static void control_segment(int cmd, int undo)
{
	int id = shmget(IPC_PRIVATE, 16 * PAGE, 0600);
	char *p = shmat(id, NULL, 0);
	struct shmid_ds ds;

	if (id < 0 || p == (void *)-1)
		broken("shmat");
	touch(p, 16 * PAGE);
	shmctl(id, IPC_STAT, &ds);
	start();
	for (int i = 0; i < NR; i++)
		if (shmctl(id, cmd, &ds) || (undo != IPC_STAT && shmctl(id, undo, NULL)))
			broken("shmctl");
	stop();
	times(NR);
	shmctl(id, IPC_RMID, NULL);
}

BENCH("shm-stat")
{
	control_segment(IPC_STAT, IPC_STAT);
}

BENCH("shm-lock-unlock-64k")
{
	control_segment(SHM_LOCK, SHM_UNLOCK);
}

/* ---- the end ---- */

/* A child of 1 MiB of written memory dies of a signal and leaves a core; per death. */
BENCH("coredump-1m")
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char *p = map(MIB);

	touch(p, MIB);
	if (chdir("/dev/shm") || setrlimit(RLIMIT_CORE, &all))
		broken("chdir");
	ready();
	for (int i = 0; i < 5; i++) {
		pid_t pid;
		int status;

		if (i == 1)
			start();
		pid = child();
		if (!pid) {
			signal(SIGSEGV, SIG_DFL);
			raise(SIGSEGV);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || !WCOREDUMP(status))
			broken("no core");
	}
	stop();
	times(4);
	unlink("core");
}
