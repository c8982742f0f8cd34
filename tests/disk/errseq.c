// SPDX-License-Identifier: MIT
/*
 * Whom an error of writing reaches, as TAP: errseq DEVICE DIRECTORY. DEVICE holds an ext2 with a file "bad" of 16 pages, of which
 * QEMU's blkdebug fails each write of page 4 (tests/suite/52-disk.t). Each open file learns of each error once, from whichever
 * call of its own waits for the writing first: fsync, fdatasync, msync, sync_file_range; syncfs tells for the file system.
 */
#include "../guest/tap.h"
#include <sys/mount.h>

#define BAD   (4 * PAGE)
#define SIZE  (16 * PAGE)
#define WHOLE (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

static char path[200];

static int open_it(int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}

static void write_bad(int fd)
{
	must(pwrite(fd, "x", 1, BAD) == 1);
}

/* An error from @call the first time, none the second. */
#define ONCE(call, ...)                                                                            \
	do {                                                                                       \
		int first_ = (call), err_ = errno, second_ = (call);                               \
                                                                                                   \
		ok(first_ == -1 && err_ == EIO && second_ == 0, __VA_ARGS__);                      \
	} while (0)

static void each_call(void)
{
	int a = open_it(O_RDWR), b = open_it(O_RDWR), reader = open_it(O_RDONLY), copy = dup(a),
	    other;
	char *p;

	write_bad(a);
	ONCE(sync_file_range(a, 0, SIZE, WHOLE), "sync_file_range tells the writer, once");
	ok(fsync(a) == 0, "and fsync has nothing to add");
	ONCE(fsync(b), "fsync of another open file");
	ONCE(fdatasync(reader), "fdatasync of one that only reads");
	ok(fsync(copy) == 0, "a second descriptor of the writer's is the same open file");
	write_bad(b);
	ONCE(fsync(copy), "the next error: to the second descriptor");
	ok(fsync(a) == 0, "so not to the first");
	ONCE(sync_file_range(b, 0, SIZE, WHOLE), "to its writer");
	ONCE(sync_file_range(reader, 8 * PAGE, PAGE, SYNC_FILE_RANGE_WAIT_AFTER),
	     "to one that waits for another part of the file");
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
	must(p != MAP_FAILED);
	p[BAD] = 'm';
	ONCE(msync(p, SIZE, MS_SYNC), "msync tells the file that is mapped");
	ok(fsync(copy) == 0, "not again by fsync");
	munmap(p, SIZE);
	other = open_it(O_RDWR);
	write_bad(other);
	ok(close(other) == 0, "close tells nothing");
	ONCE(fsync(b), "the others have both errors by one");
	ONCE(syncfs(a), "syncfs: once");
	ONCE(syncfs(b), "syncfs: also another open file, which has had its own error");
	other = open_it(O_RDONLY);
	ok(fsync(other) == 0 && syncfs(other) == 0, "who opens it when all was told hears nothing");
	close(other);
	close(copy);
	close(reader);
	close(b);
	close(a);
}

static void nobody_listened(void)
{
	int fd = open_it(O_RDWR);

	write_bad(fd);
	ok(close(fd) == 0, "an error while nobody has the file open");
	sync();
	fd = open_it(O_RDONLY);
	ONCE(fsync(fd), "is for the next who opens it");
	close(fd);
	fd = open_it(O_RDONLY);
	ok(fsync(fd) == 0, "and for no other");
	close(fd);
}

#define WRITERS 4

/* How many errors a writer of page 3 + @n gets: all are dirty before the first syncs. */
static int writer(int n, int ready, int go)
{
	int fd = open_it(O_RDWR), errors = 0;
	char byte;

	must(pwrite(fd, "w", 1, BAD + (n - 1) * PAGE) == 1);
	must(write(ready, "", 1) == 1 && read(go, &byte, 1) == 0);
	for (int i = 0; i < 3; i++)
		errors += fsync(fd) == -1 && errno == EIO;
	return errors;
}

static void many_writers(void)
{
	int ready[2], go[2], sum = 0, most = 0, status;
	char byte;

	must(pipe(ready) == 0 && pipe(go) == 0);
	fflush(stdout);
	for (int n = 0; n < WRITERS; n++)
		if (fork() == 0) {
			close(go[1]);
			_exit(writer(n, ready[1], go[0]));
		}
	for (int n = 0; n < WRITERS; n++)
		must(read(ready[0], &byte, 1) == 1);
	close(go[1]);
	while (wait(&status) > 0) {
		sum += WEXITSTATUS(status);
		if (WEXITSTATUS(status) > most)
			most = WEXITSTATUS(status);
	}
	ok(sum == WRITERS && most == 1, "%d writers at a time: one error for each", WRITERS);
}

int main(int argc, char **argv)
{
	must(argc == 3);
	mkdir(argv[2], 0755);
	must(mount(argv[1], argv[2], "ext2", 0, NULL) == 0);
	snprintf(path, sizeof(path), "%s/bad", argv[2]);
	each_call();
	nobody_listened();
	many_writers();
	ok(umount(argv[2]) == 0, "umount");
	return tap_end();
}
