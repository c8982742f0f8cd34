// SPDX-License-Identifier: MIT
/* fcntl() record locks and flock(). */
#include "textfile.h"

#include <sys/file.h>

static int fd;

static int lock(int cmd, int type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return fcntl(fd, cmd, &l);
}

static struct flock held(int type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	fcntl(fd, F_GETLK, &l);
	return l;
}

/* In a child: 0 if the lock can be taken, else its errno. */
static int try_in_child(int type, off_t start, off_t len)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(lock(F_SETLK, type, start, len) ? errno : 0);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void records(void)
{
	struct flock l;
	pid_t pid;
	int status;

	is(lock(F_SETLK, F_WRLCK, 10, 10), 0, "write lock");
	is(try_in_child(F_RDLCK, 15, 1), EAGAIN, "another may not read within");
	is(try_in_child(F_WRLCK, 20, 5), 0, "but write beside it");
	is(lock(F_SETLK, F_RDLCK, 10, 5), 0, "downgrade half of it");
	is(try_in_child(F_RDLCK, 10, 5), 0, "others may read there");
	is(try_in_child(F_RDLCK, 10, 6), EAGAIN, "not one byte further");
	pid = fork();
	if (pid == 0) {
		l = held(F_WRLCK, 0, 0);
		_exit(!(l.l_type == F_RDLCK && l.l_start == 10 && l.l_len == 5 &&
			l.l_pid == getppid()));
	}
	waitpid(pid, &status, 0);
	is(status, 0, "F_GETLK tells who and where");
	is(lock(F_SETLK, F_UNLCK, 12, 6), 0, "unlock in the middle");
	is(try_in_child(F_WRLCK, 12, 6), 0, "free there");
	is(try_in_child(F_WRLCK, 18, 1), EAGAIN, "kept behind");
	close(dup(fd));
	is(try_in_child(F_WRLCK, 0, 0), 0,
	   "closing any descriptor drops all of the process's locks");
	fails(lock(F_SETLK, 77, 0, 0), EINVAL, "unknown type");
	fails(lock(F_SETLK, F_RDLCK, -5, 2), EINVAL, "negative start");
	fails(fcntl(99, F_SETLK, &l), EBADF, "bad descriptor");
}

/* The child holds the lock until it has seen its parent wait for it. */
static void waiting(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		lock(F_SETLK, F_WRLCK, 0, 0);
		_exit(!EVENTUALLY(sleeps_in(getppid(), SYS_fcntl)));
	}
	must(EVENTUALLY(held(F_WRLCK, 0, 0).l_type != F_UNLCK));
	is(lock(F_SETLKW, F_WRLCK, 0, 0), 0, "F_SETLKW gets it");
	waitpid(pid, &status, 0);
	is(status, 0, "when the holder has died");
	lock(F_SETLK, F_UNLCK, 0, 0);
}

static void deadlock(void)
{
	int status, err = 0;
	pid_t pid;

	lock(F_SETLK, F_WRLCK, 0, 1);
	pid = fork();
	if (pid == 0) {
		lock(F_SETLK, F_WRLCK, 1, 1);
		_exit(lock(F_SETLKW, F_WRLCK, 0, 1) ? errno : 0);
	}
	must(EVENTUALLY(sleeps_in(pid, SYS_fcntl)));
	if (lock(F_SETLKW, F_WRLCK, 1, 1))
		err = errno;
	is(err, EDEADLK, "a circle of two: EDEADLK");
	lock(F_SETLK, F_UNLCK, 0, 0);
	waitpid(pid, &status, 0);
	is(status, 0, "the other goes on");
}

static void flocks(void)
{
	int other = open("/tmp/lockfile", O_RDWR);

	is(flock(fd, LOCK_EX), 0, "flock: exclusive");
	fails(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK, "flock: another open file waits");
	is(flock(dup(fd), LOCK_SH), 0, "flock: the same open file converts");
	is(flock(other, LOCK_SH | LOCK_NB), 0, "flock: two readers");
	fails(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK, "flock: no writer");
	is(flock(fd, LOCK_UN), 0, "flock: unlock");
	is(flock(other, LOCK_EX | LOCK_NB), 0, "flock: now");
	fails(flock(fd, 77), EINVAL, "flock: nonsense");
	close(other);
}

int main(void)
{
	fd = open("/tmp/lockfile", O_RDWR | O_CREAT, 0600);
	must(fd >= 0 && ftruncate(fd, 100) == 0);
	records();
	waiting();
	deadlock();
	flocks();
	unlink("/tmp/lockfile");
	return tap_end();
}
