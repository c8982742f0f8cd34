// SPDX-License-Identifier: MIT
/* memfd_create(2) and seals (fcntl(2), F_ADD_SEALS): names, promises, and who stands in their way. */
#include "maps.h"
#include <limits.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define RW	  (PROT_READ | PROT_WRITE)
#define SIZE	  (4 * PAGE)

static int sealable(void)
{
	int fd = memfd_create("seal", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	must(fd >= 0 && ftruncate(fd, SIZE) == 0);
	return fd;
}

static int with(int seals)
{
	int fd = sealable();

	must(fcntl(fd, F_ADD_SEALS, seals) == 0);
	return fd;
}

static char *map(int fd, int prot, int flags)
{
	return mmap(NULL, SIZE, prot, flags, fd, 0);
}

static void creation(void)
{
	int fd = memfd_create("a name", 0), fd2 = memfd_create("a name", MFD_CLOEXEC);
	char name[300], link[64], path[300];
	struct vma_line v;
	struct stat st;
	char *p;
	ssize_t n;

	ok(fd >= 0 && fd2 >= 0, "create: the name is for show only");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	is(strcmp(path, "/memfd:a name (deleted)"), 0, "create: the link in fd/");
	ok(!(fcntl(fd, F_GETFD) & FD_CLOEXEC) && (fcntl(fd2, F_GETFD) & FD_CLOEXEC),
	   "create: CLOEXEC");
	ok(fcntl(fd, F_GETFL) == (O_RDWR | 0100000), "create: open to read and write, large");
	must(fstat(fd, &st) == 0);
	ok(st.st_size == 0 && st.st_nlink == 0 && S_ISREG(st.st_mode) &&
		   (st.st_mode & 0777) == 0777,
	   "create: an empty file without links");
	must(ftruncate(fd, SIZE) == 0);
	p = map(fd, RW, MAP_SHARED);
	must(p != MAP_FAILED && vma_lines(p, SIZE, &v, 1) == 1);
	ok(!strcmp(v.name, "/memfd:a name (deleted)") && v.inode == st.st_ino, "create: in maps");
	p[PAGE] = 5;
	n = open(link, O_RDWR);
	ok(n >= 0 && pread(n, path, 1, PAGE) == 1 && path[0] == 5,
	   "create: opened once more by fd/");
	close(n);
	close(fd);
	ok(p[PAGE] == 5, "create: lives as long as it is mapped");
	munmap(p, SIZE);
	close(fd2);
	memset(name, 'x', sizeof(name));
	name[249] = 0;
	fd = memfd_create(name, 0);
	ok(fd >= 0, "create: a name of 249 bytes");
	close(fd);
	name[249] = 'x';
	name[250] = 0;
	fails(memfd_create(name, 0), EINVAL, "create: EINVAL: of 250");
	fails(memfd_create("x", 0x80), EINVAL, "create: EINVAL: a flag");
	fails(syscall(SYS_memfd_create, NULL, 0), EFAULT, "create: EFAULT");
	fails(memfd_create("x", MFD_HUGETLB | 0x80), EINVAL, "create: EINVAL: a flag with HUGETLB");
	fd = memfd_create("x", MFD_HUGETLB);
	is(fd < 0 ? errno : 0, with_hugetlbfs(0, ENOSYS), "create: HUGETLB");
	close(fd);
}

static void descriptors(void)
{
	int fd = memfd_create("plain", 0), ro, sp[2];
	char link[64];

	is(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL,
	   "seals: without ALLOW_SEALING: sealed against seals");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM, "seals: EPERM: so there are none");
	close(fd);
	fd = sealable();
	is(fcntl(fd, F_GET_SEALS), 0, "seals: none at first");
	is(fcntl(fd, F_ADD_SEALS, 0), 0, "seals: adding none");
	fails(fcntl(fd, F_ADD_SEALS, ALL_SEALS + 1), EINVAL, "seals: EINVAL: unknown");
	fails(syscall(SYS_fcntl, fd, F_ADD_SEALS, 1ul << 32), EINVAL,
	      "seals: EINVAL: beyond 32 bits");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ro = open(link, O_RDONLY);
	must(ro >= 0);
	fails(fcntl(ro, F_ADD_SEALS, F_SEAL_SHRINK), EPERM, "seals: EPERM: opened read-only");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0, "seals: SHRINK");
	is(fcntl(ro, F_GET_SEALS), F_SEAL_SHRINK, "seals: are those of the file");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0, "seals: GROW");
	is(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW, "seals: add up");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0, "seals: SEAL");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM, "seals: EPERM after SEAL");
	close(ro);
	close(fd);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, sp) == 0 || pipe(sp) == 0);
	fails(fcntl(sp[0], F_GET_SEALS), EINVAL, "seals: EINVAL: not of a tmpfs");
	close(sp[0]);
	close(sp[1]);
	fd = open("/dev/shm/plain", O_RDWR | O_CREAT, 0600);
	is(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL, "seals: a file with a name has none");
	close(fd);
	unlink("/dev/shm/plain");
}

static void sizes(void)
{
	int fd = with(F_SEAL_SHRINK);
	char buf[2] = "ab";

	fails(ftruncate(fd, SIZE - 1), EPERM, "SHRINK: EPERM: ftruncate to less");
	is(ftruncate(fd, SIZE), 0, "SHRINK: to the same");
	is(ftruncate(fd, 2 * SIZE), 0, "SHRINK: to more");
	is(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), 0,
	   "SHRINK: a hole may be");
	close(fd);
	fd = with(F_SEAL_GROW);
	fails(ftruncate(fd, SIZE + 1), EPERM, "GROW: EPERM: ftruncate to more");
	is(pwrite(fd, buf, 2, SIZE - 1), 1, "GROW: a write over the end stops there");
	fails(pwrite(fd, buf, 1, SIZE), EPERM, "GROW: EPERM: write behind the end");
	fails(fallocate(fd, 0, SIZE, 1), EPERM, "GROW: EPERM: fallocate to more");
	is(fallocate(fd, 0, 0, SIZE), 0, "GROW: fallocate within");
	is(pwrite(fd, buf, 2, SIZE - 2), 2, "GROW: write to the end");
	is(ftruncate(fd, PAGE), 0, "GROW: ftruncate to less");
	close(fd);
}

static void content(int seal, const char *name)
{
	int fd = with(seal);
	struct iovec v = { "ab", 2 };
	char *p;

	fails(write(fd, "a", 1), EPERM, "%s: EPERM: write", name);
	fails(pwritev(fd, &v, 1, 0), EPERM, "%s: EPERM: pwritev", name);
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM,
	      "%s: EPERM: a hole", name);
	fails((long)map(fd, RW, MAP_SHARED), EPERM, "%s: EPERM: shared writable mapping", name);
	p = map(fd, RW, MAP_PRIVATE);
	ok(p != MAP_FAILED && (p[0] = 1), "%s: a private one may be", name);
	munmap(p, SIZE);
	is(ftruncate(fd, 2 * SIZE), 0, "%s: the size may change", name);
	is(fcntl(fd, F_ADD_SEALS, seal), 0, "%s: twice", name);
	close(fd);
}

static void write_seal(void)
{
	int fd = sealable(), ro;
	char *p = map(fd, RW, MAP_SHARED), *q, link[64];

	must(p != MAP_FAILED);
	p[0] = 1;
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY,
	      "WRITE: EBUSY: a shared mapping can write");
	is(fcntl(fd, F_GET_SEALS), 0, "WRITE: not sealed then");
	must(mprotect(p, SIZE, PROT_READ) == 0);
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "WRITE: EBUSY: it could become able to");
	munmap(p, SIZE);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ro = open(link, O_RDONLY);
	p = map(ro, PROT_READ, MAP_SHARED);
	q = map(fd, RW, MAP_PRIVATE);
	must(ro >= 0 && p != MAP_FAILED && q != MAP_FAILED);
	q[PAGE] = 7;
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0,
	   "WRITE: readers and private mappings are no bar");
	fails(mprotect(p, SIZE, RW), EACCES, "WRITE: a reader stays one");
	ok(p[0] == 1 && p[PAGE] == 0 && q[PAGE] == 7, "WRITE: contents");
	munmap(p, SIZE);
	munmap(q, SIZE);
	p = map(ro, PROT_READ, MAP_SHARED);
	ok(p != MAP_FAILED && p[0] == 1, "WRITE: mapped by a reader afterwards");
	munmap(p, SIZE);
	close(ro);
	close(fd);
}

static void future_write(void)
{
	int fd = sealable();
	char *p = map(fd, RW, MAP_SHARED), *q;

	must(p != MAP_FAILED);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0,
	   "FUTURE_WRITE: a mapping that can write is no bar");
	p[0] = 3;
	q = map(fd, PROT_READ, MAP_SHARED);
	ok(q != MAP_FAILED && q[0] == 3, "FUTURE_WRITE: and goes on writing; a reader sees it");
	fails(mprotect(q, SIZE, RW), EACCES, "FUTURE_WRITE: EACCES: a later mapping never writes");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY,
	      "FUTURE_WRITE: EBUSY: WRITE waits for the first");
	munmap(p, SIZE);
	munmap(q, SIZE);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "FUTURE_WRITE: and WRITE");
	close(fd);
}

/* Somebody holds a page: a pipe, by vmsplice. */
static void pinned(void)
{
	int fd = sealable(), pages[2];
	char *p = map(fd, RW, MAP_SHARED);
	struct iovec v = { p, 1 };

	must(p != MAP_FAILED && !pipe(pages));
	p[0] = 1;
	must(vmsplice(pages[1], &v, 1, 0) == 1);
	munmap(p, SIZE);
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "WRITE: EBUSY: a page is held");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0, "FUTURE_WRITE: that is no bar");
	close(pages[0]);
	close(pages[1]);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "WRITE: and then it is not");
	close(fd);
}

/* The descriptor and its seals pass through fork and exec. */
static int passed;

static void child_writes(void)
{
	_exit(pwrite(passed, "x", 1, 0) == -1 && errno == EPERM &&
			      fcntl(passed, F_GET_SEALS) == F_SEAL_WRITE
		      ? 0
		      : 1);
}

static void inheritance(void)
{
	passed = with(F_SEAL_WRITE);
	is(in_child(child_writes), EXITED(0), "seals: the same file in a child");
	close(passed);
}

/* Shared writable mappings by turns: the count of writers ends where it began. */
static void writers(void)
{
	int fd = sealable();
	char *p = map(fd, RW, MAP_SHARED);

	must(p != MAP_FAILED);
	must(mprotect(p + PAGE, PAGE, PROT_READ) == 0); /* three VMAs */
	must(munmap(p + 2 * PAGE, PAGE) == 0);		/* two and one */
	must(mremap(p + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE) != MAP_FAILED);
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "writers: EBUSY: pieces of a mapping");
	must(munmap(p, SIZE) == 0);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "writers: all pieces are gone");
	close(fd);
}

/* A thread that maps and one that seals, at the same moment: one of them may succeed. */
static pthread_barrier_t both_begin, both_end;
static int contested; /* -1: enough */
static int sealed;

static void *sealer(void *arg)
{
	for (;;) {
		pthread_barrier_wait(&both_begin);
		if (contested < 0)
			return NULL;
		sealed = fcntl(contested, F_ADD_SEALS, F_SEAL_WRITE) == 0;
		pthread_barrier_wait(&both_end);
	}
}

static void seal_race(void)
{
	int64_t begin = now_ns(CLOCK_MONOTONIC);
	long both = 0, neither = 0;
	pthread_t thread;

	pthread_barrier_init(&both_begin, NULL, 2);
	pthread_barrier_init(&both_end, NULL, 2);
	must(!pthread_create(&thread, NULL, sealer, NULL));
	while (now_ns(CLOCK_MONOTONIC) - begin < 500000000) {
		char *p;

		contested = sealable();
		pthread_barrier_wait(&both_begin);
		p = map(contested, RW, MAP_SHARED);
		pthread_barrier_wait(&both_end);
		both += p != MAP_FAILED && sealed;
		neither += p == MAP_FAILED && !sealed;
		if (p != MAP_FAILED)
			munmap(p, SIZE);
		close(contested);
	}
	contested = -1;
	pthread_barrier_wait(&both_begin);
	pthread_join(thread, NULL);
	is(both, 0, "race: what is sealed is not mapped to be written");
	printf("# neither succeeded: %ld times\n", neither);
}

int main(void)
{
	creation();
	descriptors();
	sizes();
	content(F_SEAL_WRITE, "WRITE");
	content(F_SEAL_FUTURE_WRITE, "FUTURE_WRITE");
	write_seal();
	future_write();
	writers();
	seal_race();
	pinned();
	inheritance();
	return tap_end();
}
