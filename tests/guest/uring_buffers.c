// SPDX-License-Identifier: MIT
/* Memory that a program gives a ring beforehand: provided buffers, rings of them, and what may be registered. */
#include "uring.h"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define GROUP 7
#define SIZE  4096

static struct ring r;
static char *mem;

static char *buffer(unsigned int bid)
{
	return mem + bid * SIZE;
}

/* Result of one request; *@flags of its completion. */
static int run_flags(unsigned int *flags)
{
	struct io_uring_cqe c;

	must(enter(r.fd, *r.sq_tail - *r.sq_head, 1, IORING_ENTER_GETEVENTS) >= 0 && take(&r, &c));
	*flags = c.flags;
	return c.res;
}

static struct io_uring_sqe *provide(void *addr, unsigned int len, int nr, unsigned int bid)
{
	struct io_uring_sqe *s = sqe(&r, IORING_OP_PROVIDE_BUFFERS, nr, addr, len, bid, 0);

	s->buf_group = GROUP;
	return s;
}

static void drop(int nr)
{
	sqe(&r, IORING_OP_REMOVE_BUFFERS, nr, NULL, 0, 0, 0)->buf_group = GROUP;
}

static struct io_uring_sqe *chosen(int op, int fd, const void *addr, unsigned int len,
				   unsigned long long off, unsigned long long data)
{
	struct io_uring_sqe *s = sqe(&r, op, fd, addr, len, off, data);

	s->flags = IOSQE_BUFFER_SELECT;
	s->buf_group = GROUP;
	return s;
}

/* The completion names this buffer. */
static unsigned int named(unsigned int bid)
{
	return IORING_CQE_F_BUFFER | bid << IORING_CQE_BUFFER_SHIFT;
}

static int file_of(const char *data)
{
	char name[] = "/tmp/buffersXXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data) &&
	     unlink(name) == 0);
	return fd;
}

static void errors(void)
{
	drop(1);
	is(run(&r), -ENOENT, "REMOVE_BUFFERS: no such group");
	drop(0);
	is(run(&r), -EINVAL, "REMOVE_BUFFERS: none");
	provide(mem, SIZE, 0, 0);
	is(run(&r), -E2BIG, "PROVIDE_BUFFERS: none");
	provide(mem, SIZE, 65537, 0);
	is(run(&r), -E2BIG, "PROVIDE_BUFFERS: too many");
	provide(mem, SIZE, 2, 65535);
	is(run(&r), -EINVAL, "PROVIDE_BUFFERS: beyond the largest number");
	provide(mem, SIZE, 1, 65536);
	is(run(&r), -E2BIG, "PROVIDE_BUFFERS: too large a number");
	provide((void *)-8192l, SIZE, 1, 0);
	is(run(&r), -EFAULT, "PROVIDE_BUFFERS: memory that is none");
	provide((void *)-4096l, SIZE, 2, 0);
	is(run(&r), -EOVERFLOW, "PROVIDE_BUFFERS: beyond the end");
	provide(mem, SIZE, 1, 0)->rw_flags = 1;
	is(run(&r), -EINVAL, "PROVIDE_BUFFERS: a field that it has not");
	chosen(IORING_OP_NOP, -1, NULL, 0, 0, 0);
	is(run(&r), -EOPNOTSUPP, "an operation that chooses no buffer");
}

static void of_files(void)
{
	struct iovec iov = { NULL, 3 };
	int fd = file_of("0123456789");
	unsigned int flags;

	chosen(IORING_OP_READ, fd, NULL, 4, 0, 0);
	is(run(&r), -ENOBUFS, "READ: no buffer");
	provide(buffer(1), SIZE, 3, 1);
	is(run(&r), 0, "three are provided");
	chosen(IORING_OP_READ, fd, NULL, 4, 2, 0);
	is(run_flags(&flags), 4, "READ");
	is(flags, named(1), "into the first");
	ok(!memcmp(buffer(1), "2345", 5), "and no more than was asked for");
	chosen(IORING_OP_READ, fd, NULL, 0, 0, 0);
	is(run_flags(&flags), 10, "READ of as much as the buffer has room for");
	is(flags, named(2), "into the second");
	chosen(IORING_OP_READ, fd, NULL, 4, 10, 0);
	is(run_flags(&flags), 0, "READ at the end");
	is(flags, named(3), "takes the third");
	chosen(IORING_OP_READ, fd, NULL, 4, 0, 0);
	is(run_flags(&flags), -ENOBUFS, "READ: none is left");
	is(flags, 0, "and none is named");
	provide(buffer(9), 2, 1, 9);
	is(run(&r), 0, "a buffer of two bytes");
	chosen(IORING_OP_READV, fd, &iov, 1, 5, 0);
	is(run_flags(&flags), 2, "READV: what the buffer has room for");
	ok(flags == named(9) && !memcmp(buffer(9), "56", 3), "in its place");
	chosen(IORING_OP_READV, fd, &iov, 2, 5, 0);
	is(run(&r), -EINVAL, "READV: one piece");
	provide(buffer(0), SIZE, 1, 65535);
	is(run(&r), 0, "the largest number");
	close(fd);
	fd = open("/tmp", O_RDONLY);
	chosen(IORING_OP_READ, fd, NULL, 4, 0, 0);
	is(run_flags(&flags), -EISDIR, "a read that fails");
	is(flags, named(65535), "has had its buffer");
	provide(buffer(0), SIZE, 4, 0);
	is(run(&r), 0, "four");
	drop(3);
	is(run(&r), 3, "REMOVE_BUFFERS: three of them");
	drop(3);
	is(run(&r), 1, "REMOVE_BUFFERS: the last");
	drop(3);
	is(run(&r), 0, "REMOVE_BUFFERS: of an empty group");
	close(fd);
}

/* Two wait for a pipe, a socket each; there is one buffer, which neither has while it waits. */
static void that_wait(void)
{
	struct io_uring_cqe c;
	int p[2], s[2];

	must(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	provide(buffer(5), SIZE, 1, 5);
	is(run(&r), 0, "one buffer");
	chosen(IORING_OP_READ, p[0], NULL, 8, 0, 1);
	chosen(IORING_OP_RECV, s[0], NULL, 8, 0, 2);
	is(enter(r.fd, 2, 0, 0), 2, "two that wait");
	must(write(s[1], "socket", 6) == 6);
	ok(take(&r, &c) && c.user_data == 2 && c.res == 6 && c.flags == named(5) &&
		   !memcmp(buffer(5), "socket", 6),
	   "RECV has it first, when its data come");
	must(write(p[1], "pipe", 4) == 4);
	ok(take(&r, &c) && c.user_data == 1 && c.res == -ENOBUFS && !c.flags,
	   "there is none for the pipe");
	provide(buffer(6), SIZE, 1, 6);
	is(run(&r), 0, "another");
	chosen(IORING_OP_READ, p[0], NULL, 8, 0, 1);
	ok(run(&r) == 4 && !memcmp(buffer(6), "pipe", 4), "READ of the pipe");
	chosen(IORING_OP_SEND, s[0], NULL, 8, 0, 1);
	is(run(&r), -EOPNOTSUPP, "SEND chooses none");
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(s[i]);
	}
}

static void of_a_ring(void)
{
	struct io_uring_buf_ring *br =
		mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_buf_reg arg = { .ring_addr = (uintptr_t)br,
					.ring_entries = 512,
					.bgid = GROUP };
	struct io_uring_buf_reg bad = arg;
	int fd = file_of("0123456789"), p[2], good = 0;
	struct io_uring_cqe c;
	unsigned int flags;

	must(br != MAP_FAILED && pipe(p) == 0);
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &arg, 2), EINVAL, "PBUF_RING: two");
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, (void *)8, 1), EFAULT, "PBUF_RING: no argument");
	bad.ring_addr = 0;
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &bad, 1), EFAULT, "PBUF_RING: no memory");
	bad.ring_addr = arg.ring_addr + 16;
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &bad, 1), EINVAL, "PBUF_RING: not at a page");
	bad = arg;
	bad.ring_entries = 3;
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &bad, 1), EINVAL, "PBUF_RING: no power of two");
	bad.ring_entries = 65536;
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &bad, 1), EINVAL, "PBUF_RING: too many");
	bad = arg;
	bad.resv[1] = 1;
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &bad, 1), EINVAL, "PBUF_RING: a reserved field");
	bad = arg;
	bad.bgid = 99;
	fails(reg(r.fd, IORING_UNREGISTER_PBUF_RING, &bad, 1), ENOENT, "UNREGISTER: no such group");
	is(reg(r.fd, IORING_REGISTER_PBUF_RING, &arg, 1), 0, "a ring of buffers");
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &arg, 1), EEXIST, "PBUF_RING: twice");
	provide(mem, SIZE, 1, 0);
	is(run(&r), -EINVAL, "PROVIDE_BUFFERS to it");
	drop(1);
	is(run(&r), -EINVAL, "REMOVE_BUFFERS from it");
	chosen(IORING_OP_READ, fd, NULL, 4, 0, 0);
	is(run(&r), -ENOBUFS, "it is empty");
	for (unsigned int i = 0; i < 600; i++) { /* around, and across its two pages */
		br->bufs[i % 512].addr = (uintptr_t)buffer(i % 8);
		br->bufs[i % 512].len = 5 + i % 3;
		br->bufs[i % 512].bid = (unsigned short)(1000 + i);
		__atomic_store_n(&br->tail, (unsigned short)(i + 1), __ATOMIC_RELEASE);
		chosen(IORING_OP_READ, fd, NULL, 0, i % 2, 0);
		good += run_flags(&flags) == (int)(5 + i % 3) && flags == named(1000 + i) &&
			buffer(i % 8)[0] == (char)('0' + i % 2);
	}
	is(good, 600, "600 reads, each into the next");
	br->bufs[600 % 512].addr = (uintptr_t)buffer(3);
	br->bufs[600 % 512].len = SIZE;
	br->bufs[600 % 512].bid = 3;
	__atomic_store_n(&br->tail, 601, __ATOMIC_RELEASE);
	chosen(IORING_OP_READ, p[0], NULL, 8, 0, 1);
	is(enter(r.fd, 1, 0, 0), 1, "one waits for a pipe");
	chosen(IORING_OP_READ, fd, NULL, 2, 0, 2);
	is(run_flags(&flags), 2, "a file is read meanwhile");
	is(flags, named(3), "into the buffer that there is");
	must(write(p[1], "x", 1) == 1);
	ok(take(&r, &c) && c.user_data == 1 && c.res == -ENOBUFS, "none is left for the pipe");
	is(reg(r.fd, IORING_UNREGISTER_PBUF_RING, &arg, 1), 0, "unregistered");
	chosen(IORING_OP_READ, fd, NULL, 4, 0, 0);
	is(run(&r), -ENOBUFS, "no group any more");
	provide(mem, SIZE, 1, 0);
	is(run(&r), 0, "a list in its place");
	fails(reg(r.fd, IORING_UNREGISTER_PBUF_RING, &arg, 1), EINVAL, "UNREGISTER: it is no ring");
	fails(reg(r.fd, IORING_REGISTER_PBUF_RING, &arg, 1), EEXIST, "PBUF_RING: there is a list");
	munmap(br, 2 * SIZE);
	close(fd);
	close(p[0]);
	close(p[1]);
}

/* Registered buffers lie in anonymous memory or in a file of shmem, not in both, nor in another file. */
static void of_one_source(void)
{
	int memfd = (int)syscall(SYS_memfd_create, "buffers", 0), fd;
	struct iovec iov = { mem, 2 * SIZE };

	must(mkdir("/tmp/ram", 0755) == 0 && mount("none", "/tmp/ram", "ramfs", 0, NULL) == 0);
	fd = open("/tmp/ram/file", O_RDWR | O_CREAT, 0644);
	must(fd >= 0 && memfd >= 0 && ftruncate(fd, 2 * SIZE) == 0 &&
	     ftruncate(memfd, 2 * SIZE) == 0);
	must(mmap(mem, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, 0) == mem);
	fails(reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 1), EINVAL, "of a memfd and anonymous");
	must(mmap(mem, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, 0) == mem);
	is(reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 1), 0, "of a memfd");
	is(reg(r.fd, IORING_UNREGISTER_BUFFERS, NULL, 0), 0, "and back");
	must(mmap(mem, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) == mem);
	fails(reg(r.fd, IORING_REGISTER_BUFFERS, &iov, 1), EOPNOTSUPP, "of a file of ramfs");
	must(munmap(mem, 2 * SIZE) == 0);
	close(fd);
	close(memfd);
	must(umount("/tmp/ram") == 0);
	rmdir("/tmp/ram");
}

int main(void)
{
	mem = mmap(NULL, 16 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED && open_ring(&r, 8, 0, 0));
	errors();
	of_files();
	that_wait();
	of_a_ring();
	of_one_source();
	close_ring(&r);
	return tap_end();
}
