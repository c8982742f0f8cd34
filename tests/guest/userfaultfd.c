// SPDX-License-Identifier: MIT
/* userfaultfd(2): each request, each kind of fault and event, and the errors of ioctl_userfaultfd(2). */
#include "maps.h"
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/resource.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>

#undef PAGE
#define PAGE 4096UL

static int uffd;

static int open_uffd(int flags, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, flags);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int reg(int fd, void *p, size_t len, uint64_t mode, uint64_t *ioctls)
{
	struct uffdio_register r = { .range = { (uintptr_t)p, len }, .mode = mode };
	int ret = ioctl(fd, UFFDIO_REGISTER, &r);

	if (ioctls)
		*ioctls = r.ioctls;
	return ret;
}

static int range(int fd, unsigned long request, void *p, size_t len)
{
	struct uffdio_range r = { (uintptr_t)p, len };

	return ioctl(fd, request, &r);
}

static int copy(int fd, void *dst, const void *src, size_t len, uint64_t mode, int64_t *copied)
{
	struct uffdio_copy c = {
		.dst = (uintptr_t)dst, .src = (uintptr_t)src, .len = len, .mode = mode
	};
	int ret = ioctl(fd, UFFDIO_COPY, &c);

	if (copied)
		*copied = c.copy;
	return ret;
}

static int zeropage(int fd, void *p, size_t len)
{
	struct uffdio_zeropage z = { .range = { (uintptr_t)p, len } };

	return ioctl(fd, UFFDIO_ZEROPAGE, &z);
}

static int protect(int fd, void *p, size_t len, uint64_t mode)
{
	struct uffdio_writeprotect w = { .range = { (uintptr_t)p, len }, .mode = mode };

	return ioctl(fd, UFFDIO_WRITEPROTECT, &w);
}

static int cont(int fd, void *p, size_t len)
{
	struct uffdio_continue c = { .range = { (uintptr_t)p, len } };

	return ioctl(fd, UFFDIO_CONTINUE, &c);
}

static void *map(size_t len, int flags)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

/* --- a thread that touches, or does something else, while the test answers ------------------------------ */

enum act { READ_BYTE, WRITE_BYTE, SYS_READ, DO_FORK, DO_MREMAP, DO_MUNMAP, DO_DONTNEED };

static struct toucher {
	pthread_t thread;
	enum act act;
	volatile char *at;
	size_t len;
	long result;
	int tid;
	volatile int done;
} t;

static long act(void)
{
	char c;

	switch (t.act) {
	case READ_BYTE:
		return *t.at;
	case WRITE_BYTE:
		*t.at = 'w';
		return 0;
	case SYS_READ: {
		int fd = open("/dev/zero", O_RDONLY);
		long n = read(fd, (void *)t.at, 1);

		close(fd);
		return n;
	}
	case DO_FORK: {
		pid_t pid = fork();

		if (!pid)
			_exit(*t.at == 'f' ? 0 : 1);
		int status;

		t.done = 2;
		waitpid(pid, &status, 0);
		return WEXITSTATUS(status);
	}
	case DO_MREMAP:
		return (long)mremap((void *)t.at, t.len, t.len, MREMAP_MAYMOVE | MREMAP_FIXED,
				    (void *)t.result);
	case DO_MUNMAP:
		return munmap((void *)t.at, t.len);
	case DO_DONTNEED:
		return madvise((void *)t.at, t.len, MADV_DONTNEED);
	}
	(void)c;
	return -1;
}

static void *touch(void *arg)
{
	t.tid = syscall(SYS_gettid);
	t.result = act();
	t.done = 1;
	return NULL;
}

static void begin(enum act what, void *at, size_t len)
{
	t.act = what;
	t.at = at;
	t.len = len;
	t.done = 0;
	pthread_create(&t.thread, NULL, touch, NULL);
}

static long end(void)
{
	pthread_join(t.thread, NULL);
	return t.result;
}

static struct uffd_msg next_msg(int fd)
{
	struct uffd_msg m = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, 30000);
	if (read(fd, &m, sizeof(m)) != sizeof(m))
		m.event = 0;
	return m;
}

static bool is_fault(struct uffd_msg m, void *at, uint64_t flags)
{
	bool yes = m.event == UFFD_EVENT_PAGEFAULT && m.arg.pagefault.address == (uintptr_t)at &&
		   m.arg.pagefault.flags == flags;

	if (!yes)
		printf("# event %x address %llx flags %llx\n", m.event,
		       (unsigned long long)m.arg.pagefault.address,
		       (unsigned long long)m.arg.pagefault.flags);
	return yes;
}

/* --- the tests ---------------------------------------------------------------------------------------- */

static void test_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffd_msg m;
	struct pollfd p;
	int fd;

	fails(syscall(SYS_userfaultfd, 0x1000), EINVAL, "an unknown flag is EINVAL");
	fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "userfaultfd opens, close-on-exec");
	fails(read(fd, &m, sizeof(m)), EINVAL, "before UFFDIO_API reading is EINVAL");
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	ok(poll(&p, 1, 0) == 1 && p.revents == POLLERR, "and poll tells POLLERR");
	fails(range(fd, UFFDIO_WAKE, (void *)0x10000, PAGE), EINVAL, "and a request EINVAL");
	api.api = 0xab;
	fails(ioctl(fd, UFFDIO_API, &api), EINVAL, "another API is EINVAL");
	is(api.api | api.features, 0, "and the answer is cleared");
	api = (struct uffdio_api){ .api = UFFD_API, .features = 1ULL << 40 };
	fails(ioctl(fd, UFFDIO_API, &api), EINVAL, "an unknown feature is EINVAL");
	api = (struct uffdio_api){ .api = UFFD_API };
	is(ioctl(fd, UFFDIO_API, &api), 0, "UFFDIO_API");
	is(api.features, 0x1fff, "tells its features");
	ok(api.ioctls == UFFD_API_IOCTLS, "and requests");
	fails(ioctl(fd, UFFDIO_API, &api), EINVAL, "only once");
	is(poll(&p, 1, 0), 0, "nothing to read");
	fails(read(fd, &m, sizeof(m)), EAGAIN, "non-blocking: EAGAIN");
	fails(read(fd, &m, sizeof(m) - 1), EINVAL, "a short buffer is EINVAL");
	fails(ioctl(fd, 0x1234, 0), EINVAL, "an unknown request is EINVAL");
	close(fd);
	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	api = (struct uffdio_api){ .api = UFFD_API, .features = UFFD_API_FEATURES };
	is(ioctl(fd, UFFDIO_API, &api), 0, "features of huge pages may be asked for");
	close(fd);
	fd = open_uffd(O_CLOEXEC, 0);
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	ok(poll(&p, 1, 0) == 1 && p.revents == POLLERR, "a blocking descriptor polls as POLLERR");
	close(fd);
	fd = open("/dev/userfaultfd", O_RDWR);
	if (fd >= 0) {
		int new = ioctl(fd, USERFAULTFD_IOC_NEW, O_CLOEXEC);

		ok(new >= 0, "/dev/userfaultfd gives one");
		fails(ioctl(fd, USERFAULTFD_IOC_NEW, 0x1000), EINVAL,
		      "EINVAL for unknown flags there");
		close(new);
		close(fd);
	}
}

static void test_register(void)
{
	char *p = map(8 * PAGE, MAP_PRIVATE);
	uint64_t ioctls;
	int other = open_uffd(O_CLOEXEC, 0);
	char link[64], buf[256] = "", path[64];
	FILE *f;
	bool um = false;

	fails(reg(uffd, p, 8 * PAGE, 0, NULL), EINVAL, "register: no mode is EINVAL");
	fails(reg(uffd, p, 8 * PAGE, 8, NULL), EINVAL, "register: an unknown mode is EINVAL");
	fails(reg(uffd, p + 1, PAGE, 1, NULL), EINVAL, "register: unaligned is EINVAL");
	fails(reg(uffd, p, PAGE + 1, 1, NULL), EINVAL, "register: an unaligned length is EINVAL");
	fails(reg(uffd, p, 0, 1, NULL), EINVAL, "register: no length is EINVAL");
	fails(reg(uffd, (void *)-PAGE, PAGE, 1, NULL), EINVAL,
	      "register: kernel addresses are EINVAL");
	fails(reg(uffd, p, 8 * PAGE, 4, NULL), EINVAL,
	      "register: minor faults of private memory are EINVAL");
	munmap(p + 6 * PAGE, 2 * PAGE);
	fails(reg(uffd, p + 6 * PAGE, PAGE, 1, NULL), EINVAL, "register: a hole is EINVAL");
	fails(reg(uffd, (void *)getauxval(AT_SYSINFO_EHDR), PAGE, 1, NULL), EINVAL,
	      "register: what is neither anonymous nor shmem is EINVAL");
	is(reg(uffd, p, 2 * PAGE, 1, &ioctls), 0, "register: missing");
	is(ioctls, 1 << _UFFDIO_WAKE | 1 << _UFFDIO_COPY | 1 << _UFFDIO_ZEROPAGE,
	   "register: what the range can be asked");
	is(reg(uffd, p, 6 * PAGE, 3, &ioctls), 0, "register: again, with write-protection");
	ok(ioctls & 1 << _UFFDIO_WRITEPROTECT, "register: which it can be asked then");
	fails(reg(other, p, PAGE, 1, NULL), EBUSY, "register: somebody else's is EBUSY");
	f = fopen("/proc/self/smaps", "r");
	for (bool mine = false; fgets(buf, sizeof(buf), f);) {
		unsigned long start;

		if (sscanf(buf, "%lx-%*x ", &start) == 1 && strchr(buf, '-'))
			mine = start == (unsigned long)p;
		if (mine && !strncmp(buf, "VmFlags", 7))
			um = strstr(buf, " um") && strstr(buf, " uw");
	}
	fclose(f);
	ok(um, "smaps tells um and uw");
	is(range(uffd, UFFDIO_UNREGISTER, p + PAGE, PAGE), 0, "unregister: a part");
	fails(copy(uffd, p + PAGE, buf, PAGE, 0, NULL), ENOENT, "which cannot be filled then");
	is(p[PAGE], 0, "and is ordinary memory");
	is(range(uffd, UFFDIO_UNREGISTER, p, 6 * PAGE), 0, "unregister: all");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", uffd);
	link[readlink(path, link, sizeof(link) - 1)] = 0;
	ok(!strcmp(link, "anon_inode:[userfaultfd]"), "the name of its descriptor");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", uffd);
	f = fopen(path, "r");
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = 0;
	fclose(f);
	ok(strstr(buf, "pending:\t0\ntotal:\t0\nAPI:\taa:80000000:80000000000000df\n"), "fdinfo");
	close(other);
	munmap(p, 6 * PAGE);
}

static void test_missing(int flags, const char *what)
{
	char *p = map(8 * PAGE, flags), *src = map(2 * PAGE, MAP_PRIVATE);
	int64_t copied;

	memset(src, 's', 2 * PAGE);
	reg(uffd, p, 8 * PAGE, UFFDIO_REGISTER_MODE_MISSING, NULL);
	begin(READ_BYTE, p, 0);
	ok(is_fault(next_msg(uffd), p, 0), "%s: a read of a missing page is told", what);
	ok(!t.done, "%s: and waits", what);
	is(copy(uffd, p, src, PAGE, 0, &copied), 0, "%s: COPY", what);
	is(copied, PAGE, "%s: of a page", what);
	is(end(), 's', "%s: the reader goes on and sees it", what);
	fails(copy(uffd, p, src, PAGE, 0, &copied), EEXIST, "%s: COPY again is EEXIST", what);
	is(copied, -EEXIST, "%s: told in copy, too", what);
	fails(copy(uffd, p + PAGE, src + 1, PAGE, 2, NULL), EINVAL,
	      "%s: COPY protected, but not registered so", what);
	begin(WRITE_BYTE, p + PAGE + 8, 0);
	ok(is_fault(next_msg(uffd), p + PAGE, UFFD_PAGEFAULT_FLAG_WRITE), "%s: a write is told",
	   what);
	is(copy(uffd, p + PAGE, src, PAGE, UFFDIO_COPY_MODE_DONTWAKE, NULL), 0,
	   "%s: COPY without waking", what);
	usleep(20000);
	ok(!t.done, "%s: does not wake", what);
	is(range(uffd, UFFDIO_WAKE, p, 2 * PAGE), 0, "%s: WAKE", what);
	end();
	ok(p[PAGE + 8] == 'w' && p[PAGE] == 's', "%s: the page has both", what);
	begin(SYS_READ, p + 2 * PAGE, 0);
	ok(is_fault(next_msg(uffd), p + 2 * PAGE, UFFD_PAGEFAULT_FLAG_WRITE),
	   "%s: a system call faults, too", what);
	is(zeropage(uffd, p + 2 * PAGE, PAGE), 0, "%s: ZEROPAGE", what);
	is(end(), 1, "%s: the call succeeds", what);
	fails(zeropage(uffd, p + 2 * PAGE, PAGE), EEXIST, "%s: ZEROPAGE again is EEXIST", what);
	is(copy(uffd, p + 3 * PAGE, src, 2 * PAGE, 0, &copied), 0, "%s: COPY ahead of any fault",
	   what);
	ok(p[3 * PAGE] == 's' && p[5 * PAGE - 1] == 's', "%s: nobody waits then", what);
	munmap(src + PAGE, PAGE);
	fails(copy(uffd, p + 5 * PAGE, src, 2 * PAGE, 0, &copied), EAGAIN,
	      "%s: half a COPY is EAGAIN", what);
	is(copied, PAGE, "%s: with what was done", what);
	fails(copy(uffd, p + 6 * PAGE, src + PAGE, PAGE, 0, &copied), EFAULT,
	      "%s: COPY from nowhere is EFAULT", what);
	begin(READ_BYTE, p + 7 * PAGE, 0);
	next_msg(uffd);
	is(range(uffd, UFFDIO_UNREGISTER, p, 8 * PAGE), 0, "%s: UNREGISTER while somebody waits",
	   what);
	is(end(), 0, "%s: who then finds zeroes", what);
	munmap(p, 8 * PAGE);
	munmap(src, PAGE);
}

/* Where an access is SIGBUS no page can be put, in a private mapping either. */
static void test_past_end(int flags, const char *what)
{
	int fd = memfd_create("short", 0);
	char *p, *src = map(PAGE, MAP_PRIVATE);

	ftruncate(fd, PAGE);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	reg(uffd, p, 2 * PAGE, UFFDIO_REGISTER_MODE_MISSING, NULL);
	fails(copy(uffd, p + PAGE, src, PAGE, 0, NULL), EFAULT, "%s: COPY past the end of the file",
	      what);
	fails(zeropage(uffd, p + PAGE, PAGE), EFAULT, "%s: ZEROPAGE there", what);
	is(copy(uffd, p, src, PAGE, 0, NULL), 0, "%s: COPY before it", what);
	munmap(p, 2 * PAGE);
	munmap(src, PAGE);
	close(fd);
}

static void test_wp(int flags, const char *what)
{
	char *p = map(4 * PAGE, flags), *src = map(PAGE, MAP_PRIVATE);

	memset(p, 'o', 4 * PAGE);
	reg(uffd, p, 4 * PAGE, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING, NULL);
	is(protect(uffd, p, 2 * PAGE, UFFDIO_WRITEPROTECT_MODE_WP), 0, "%s: WRITEPROTECT", what);
	ok(pagemap(p) >> 57 & 1, "%s: pagemap tells it", what);
	is(p[0], 'o', "%s: reading is free", what);
	begin(WRITE_BYTE, p, 0);
	ok(is_fault(next_msg(uffd), p, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP),
	   "%s: a write is told", what);
	is(protect(uffd, p, PAGE, 0), 0, "%s: let through", what);
	end();
	is(p[0], 'w', "%s: and done", what);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE);
	begin(WRITE_BYTE, p + PAGE, 0);
	ok(is_fault(next_msg(uffd), p + PAGE, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP),
	   "%s: mprotect does not undo it", what);
	protect(uffd, p + PAGE, PAGE, 0);
	end();
	p[2 * PAGE] = 'x';
	is(protect(uffd, p, 4 * PAGE, UFFDIO_WRITEPROTECT_MODE_WP), 0, "%s: all of it", what);
	is(range(uffd, UFFDIO_UNREGISTER, p, 4 * PAGE), 0, "%s: UNREGISTER takes it away", what);
	p[3 * PAGE] = 'y';
	ok(!(pagemap(p) >> 57 & 1), "%s: from all pages", what);
	madvise(p, PAGE, flags == MAP_SHARED ? MADV_REMOVE : MADV_DONTNEED);
	reg(uffd, p, 4 * PAGE, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING, NULL);
	is(copy(uffd, p, src, PAGE, UFFDIO_COPY_MODE_WP, NULL), 0, "%s: COPY protected", what);
	begin(WRITE_BYTE, p, 0);
	ok(is_fault(next_msg(uffd), p, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP),
	   "%s: its write is told", what);
	protect(uffd, p, PAGE, 0);
	end();
	fails(protect(uffd, p, PAGE, 3), EINVAL, "%s: protecting and waking at once is EINVAL",
	      what);
	fails(protect(uffd, p, PAGE, 4), EINVAL, "%s: an unknown mode is EINVAL", what);
	munmap(p, 4 * PAGE);
	fails(protect(uffd, p, PAGE, 1), ENOENT, "%s: where nothing is: ENOENT", what);
	munmap(src, PAGE);
}

/* Pages of a file that are not mapped yet can be protected, too, and stay so when the page goes. */
static void test_wp_unmapped(void)
{
	int fd = memfd_create("wp", 0);
	char *p, *q;

	ftruncate(fd, 2 * PAGE);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q[0] = 'q';
	reg(uffd, p, 2 * PAGE, UFFDIO_REGISTER_MODE_WP, NULL);
	is(protect(uffd, p, 2 * PAGE, UFFDIO_WRITEPROTECT_MODE_WP), 0,
	   "wp of a file: nothing mapped");
	ok(pagemap(p) >> 57 & 1, "wp of a file: pagemap tells it");
	is(p[0], 'q', "wp of a file: reading maps it");
	begin(WRITE_BYTE, p, 0);
	ok(is_fault(next_msg(uffd), p, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP),
	   "wp of a file: writing is told");
	protect(uffd, p, PAGE, 0);
	end();
	begin(WRITE_BYTE, p + PAGE, 0);
	ok(is_fault(next_msg(uffd), p + PAGE, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP),
	   "wp of a file: a write to a hole is told");
	protect(uffd, p + PAGE, PAGE, 0);
	end();
	protect(uffd, p, PAGE, UFFDIO_WRITEPROTECT_MODE_WP);
	madvise(p, PAGE, MADV_DONTNEED);
	ok(pagemap(p) >> 57 & 1, "wp of a file: DONTNEED keeps it");
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
	close(fd);
}

static void test_minor(void)
{
	int fd = memfd_create("minor", 0);
	char *p, *q;

	ftruncate(fd, 2 * PAGE);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	is(reg(uffd, p, 2 * PAGE, UFFDIO_REGISTER_MODE_MINOR, NULL), 0, "minor: registered");
	q[0] = 'a';
	begin(READ_BYTE, p, 0);
	ok(is_fault(next_msg(uffd), p, UFFD_PAGEFAULT_FLAG_MINOR), "minor: told");
	q[0] = 'm';
	is(cont(uffd, p, PAGE), 0, "minor: CONTINUE");
	is(end(), 'm', "minor: what was written meanwhile");
	fails(cont(uffd, p, PAGE), EEXIST, "minor: CONTINUE again is EEXIST");
	fails(cont(uffd, p + PAGE, PAGE), EFAULT, "minor: a hole is EFAULT");
	is(p[PAGE], 0, "minor: a hole is no minor fault");
	ftruncate(fd, PAGE);
	fails(cont(uffd, p + PAGE, PAGE), EINVAL, "minor: past the end of the file");
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
	close(fd);
}

static void test_features(void)
{
	int fd = open_uffd(O_CLOEXEC | O_NONBLOCK,
			   UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_EXACT_ADDRESS);
	char *p = map(PAGE, MAP_PRIVATE);
	struct uffd_msg m;
	pid_t pid;
	int status;

	reg(fd, p, PAGE, 1, NULL);
	begin(READ_BYTE, p + 33, 0);
	m = next_msg(fd);
	is(m.arg.pagefault.feat.ptid, t.tid, "THREAD_ID tells the thread");
	is(m.arg.pagefault.address, (long)p + 33, "EXACT_ADDRESS the byte");
	close(fd);
	is(end(), 0, "closing the descriptor lets all go on");

	fd = open_uffd(O_CLOEXEC, UFFD_FEATURE_SIGBUS);
	madvise(p, PAGE, MADV_DONTNEED);
	reg(fd, p, PAGE, 1, NULL);
	is(write(open("/dev/null", O_WRONLY), p, 1), 1, "/dev/null reads nothing");
	fails(read(open("/dev/zero", O_RDONLY), p, 1), EFAULT, "SIGBUS: a system call gets EFAULT");
	pid = fork();
	if (!pid) {
		char *c = map(PAGE, MAP_PRIVATE);
		int mine = open_uffd(0, UFFD_FEATURE_SIGBUS);

		reg(mine, c, PAGE, 1, NULL);
		*(volatile char *)c = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "SIGBUS: an access SIGBUS");
	close(fd);
	munmap(p, PAGE);
}

static void test_user_mode_only(void)
{
	int fd = open_uffd(O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY, 0);
	char *p = map(PAGE, MAP_PRIVATE);

	reg(fd, p, PAGE, 1, NULL);
	fails(read(open("/dev/zero", O_RDONLY), p, 1), EFAULT,
	      "USER_MODE_ONLY: the kernel's fault is EFAULT");
	begin(READ_BYTE, p, 0);
	ok(is_fault(next_msg(fd), p, 0), "USER_MODE_ONLY: the program's is told");
	zeropage(fd, p, PAGE);
	end();
	close(fd);
	munmap(p, PAGE);
}

static void test_killed(void)
{
	int status, fds[2];
	pid_t pid;

	pipe(fds);
	pid = fork();
	if (!pid) {
		int fd = open_uffd(0, 0);
		char *c = map(PAGE, MAP_PRIVATE);

		reg(fd, c, PAGE, 1, NULL);
		write(fds[1], "x", 1);
		_exit(*(volatile char *)c);
	}
	read(fds[0], &status, 1);
	usleep(20000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "who waits can be killed");
	close(fds[0]);
	close(fds[1]);
}

static void test_events(void)
{
	int fd = open_uffd(O_CLOEXEC | O_NONBLOCK,
			   UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP |
				   UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP);
	char *p = map(4 * PAGE, MAP_PRIVATE), *q = map(2 * PAGE, MAP_PRIVATE),
	     *src = map(PAGE, MAP_PRIVATE);
	struct rlimit limit, none = { 3, 3 };
	struct uffd_msg m;
	int child;

	memset(src, 'f', PAGE);
	reg(fd, p, 4 * PAGE, 1, NULL);
	getrlimit(RLIMIT_NOFILE, &limit);
	none.rlim_max = limit.rlim_max;
	begin(DO_FORK, p, 0);
	poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, -1);
	setrlimit(RLIMIT_NOFILE, &none);
	fails(read(fd, &m, sizeof(m)), EMFILE, "fork: no room for the child's descriptor: EMFILE");
	setrlimit(RLIMIT_NOFILE, &limit);
	ok(!t.done, "who forks still waits");
	m = next_msg(fd);
	is(m.event, UFFD_EVENT_FORK, "fork is told");
	child = m.arg.fork.ufd;
	fcntl(child, F_SETFL, fcntl(child, F_GETFL) | O_NONBLOCK);
	ok(is_fault(next_msg(child), p, 0), "the child's fault comes to its own descriptor");
	is(copy(child, p, src, PAGE, 0, NULL), 0, "where it is answered");
	is(end(), 0, "and the child goes on");
	fails(copy(child, p + PAGE, src, PAGE, 0, NULL), ESRCH, "a process that is gone: ESRCH");
	close(child);

	copy(fd, p, src, PAGE, 0, NULL);
	t.result = (long)q;
	begin(DO_MREMAP, p, 2 * PAGE);
	m = next_msg(fd);
	is(m.event, UFFD_EVENT_REMAP, "mremap is told");
	ok(m.arg.remap.from == (uintptr_t)p && m.arg.remap.to == (uintptr_t)q &&
		   m.arg.remap.len == 2 * PAGE,
	   "with its addresses");
	for (m.event = 0; !t.done && m.event != UFFD_EVENT_UNMAP;)
		m = next_msg(fd);
	is(m.event, UFFD_EVENT_UNMAP, "then the unmapping of the old place");
	is(end(), (long)q, "mremap succeeds");
	is(q[0], 'f', "the page has moved");
	begin(READ_BYTE, q + PAGE, 0);
	ok(is_fault(next_msg(fd), q + PAGE, 0), "faults are told at the new place");
	is(copy(fd, q + PAGE, src, PAGE, 0, NULL), 0, "and answered");
	end();

	begin(DO_DONTNEED, q, PAGE);
	m = next_msg(fd);
	ok(m.event == UFFD_EVENT_REMOVE && m.arg.remove.start == (uintptr_t)q &&
		   m.arg.remove.end == (uintptr_t)q + PAGE,
	   "MADV_DONTNEED is told");
	is(end(), 0, "and done");
	begin(READ_BYTE, q, 0);
	ok(is_fault(next_msg(fd), q, 0), "the page is missing then");
	zeropage(fd, q, PAGE);
	end();
	begin(DO_MUNMAP, q, 2 * PAGE);
	m = next_msg(fd);
	ok(m.event == UFFD_EVENT_UNMAP && m.arg.remove.start == (uintptr_t)q &&
		   m.arg.remove.end == (uintptr_t)q + 2 * PAGE,
	   "munmap is told");
	is(end(), 0, "and done");
	close(fd);
	munmap(p + 2 * PAGE, 2 * PAGE);
	munmap(src, PAGE);
}

static void test_fork_without_event(void)
{
	char *p = map(PAGE, MAP_PRIVATE);
	pid_t pid;
	int status;

	reg(uffd, p, PAGE, 1, NULL);
	pid = fork();
	if (!pid)
		_exit(*(volatile char *)p);
	waitpid(pid, &status, 0);
	is(status, 0, "without the event a child's memory is ordinary");
	range(uffd, UFFDIO_UNREGISTER, p, PAGE);
	munmap(p, PAGE);
}

static void test_privilege(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		setuid(65534);
		errno = 0;
		if (syscall(SYS_userfaultfd, 0) != -1 || errno != EPERM)
			_exit(1);
		_exit(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY) < 0 ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	is(status, 0, "without privilege: EPERM, but USER_MODE_ONLY is allowed");
}

int main(void)
{
	alarm(170);
	test_open();
	uffd = open_uffd(O_CLOEXEC | O_NONBLOCK, 0);
	test_register();
	test_missing(MAP_PRIVATE, "anonymous");
	test_missing(MAP_SHARED, "shared");
	test_past_end(MAP_SHARED, "shared file");
	test_past_end(MAP_PRIVATE, "private file");
	test_wp(MAP_PRIVATE, "wp anonymous");
	test_wp(MAP_SHARED, "wp shared");
	test_wp_unmapped();
	test_minor();
	test_features();
	test_user_mode_only();
	test_killed();
	test_events();
	test_fork_without_event();
	test_privilege();
	close(uffd);
	return tap_end();
}
