// SPDX-License-Identifier: MIT
/* System V semaphores: semget(2), semop(2), semctl(2), undo at exit, /proc/sysvipc/sem. */
#include "maps.h"
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#define NOBODY 65534
#define SEMVMX 32767
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static int id; /* of the array at hand */

static int ctl(int num, int cmd, long arg)
{
	return syscall(SYS_semctl, id, num, cmd, arg);
}

static int make(int nsems)
{
	id = semget(IPC_PRIVATE, nsems, 0600);
	must(id >= 0);
	return id;
}

static void rm(void)
{
	must(ctl(0, IPC_RMID, 0) == 0);
}

static int op3(int num, int op, int flags)
{
	struct sembuf b = { num, op, flags };

	return semop(id, &b, 1);
}

static int val(int num)
{
	return ctl(num, GETVAL, 0);
}

/* Wait until the calls that wait for semaphore @num to grow (GETNCNT) or become zero (GETZCNT) are @want. */
static bool waiting(int num, int cmd, int want)
{
	return EVENTUALLY(ctl(num, cmd, 0) == want);
}

static void gets(void)
{
	key_t key = 0x51530001;
	struct semid_ds ds;
	time_t now = time(NULL);

	id = semget(key, 5, IPC_CREAT | IPC_EXCL | 0640);
	ok(id >= 0, "get: a new array");
	must(ctl(0, IPC_STAT, (long)&ds) == 0);
	ok(ds.sem_nsems == 5 && ds.sem_otime == 0 && ds.sem_ctime >= now - 1 &&
		   ds.sem_ctime <= time(NULL), /* as of the last tick */
	   "get: its size and times");
	ok(ds.sem_perm.__key == key && ds.sem_perm.mode == 0640 && ds.sem_perm.cuid == 0,
	   "get: key and rights");
	ok(val(0) == 0 && val(4) == 0, "get: values are 0");
	is(semget(key, 0, 0), id, "get: by key");
	is(semget(key, 5, 0), id, "get: with its size");
	fails(semget(key, 6, 0), EINVAL, "get: EINVAL: larger than it is");
	fails(semget(key, 5, IPC_CREAT | IPC_EXCL), EEXIST, "get: EEXIST");
	fails(semget(key + 1, 5, 0), ENOENT, "get: ENOENT");
	fails(semget(IPC_PRIVATE, 0, 0600), EINVAL, "get: EINVAL: none");
	fails(semget(IPC_PRIVATE, -1, 0600), EINVAL, "get: EINVAL: less than none");
	fails(semget(IPC_PRIVATE, 32001, 0600), EINVAL, "get: EINVAL: beyond SEMMSL");
	rm();
	fails(semget(key, 0, 0), ENOENT, "rmid: gone");
}

static void operations(void)
{
	struct sembuf both[2] = { { 0, 1, 0 }, { 1, -1, IPC_NOWAIT } };
	struct sembuf three[3] = { { 0, 2, 0 }, { 0, -1, 0 }, { 1, 3, 0 } };
	struct semid_ds ds;
	struct timespec soon = { 0, 20000000 }, bad = { 0, -1 };
	struct sembuf down = { 1, -9, 0 };

	make(2);
	is(op3(0, 5, 0), 0, "op: up");
	ok(val(0) == 5 && ctl(0, GETPID, 0) == getpid(), "op: value and process");
	is(op3(0, -3, 0), 0, "op: down");
	fails(op3(0, -3, IPC_NOWAIT), EAGAIN, "op: EAGAIN");
	fails(op3(0, 0, IPC_NOWAIT), EAGAIN, "op: EAGAIN: not zero");
	is(op3(1, 0, 0), 0, "op: zero is waited for in vain");
	fails(semop(id, both, 2), EAGAIN, "op: two at once: the second cannot");
	is(val(0), 2, "op: so the first was not");
	is(semop(id, three, 3), 0, "op: three at once");
	ok(val(0) == 3 && val(1) == 3, "op: one after the other");
	must(ctl(0, IPC_STAT, (long)&ds) == 0);
	ok(ds.sem_otime != 0, "op: otime");
	fails(op3(0, SEMVMX, 0), ERANGE, "op: ERANGE");
	fails(op3(2, 1, 0), EFBIG, "op: EFBIG: no such semaphore");
	fails(semop(id, three, 0), EINVAL, "op: EINVAL: none");
	fails(semop(id, three, 501), E2BIG, "op: E2BIG");
	fails(semop(id, NULL, 1), EFAULT, "op: EFAULT");
	fails(semop(id + 1, three, 1), EINVAL, "op: EINVAL: no such id");
	fails(semop(-1, three, 1), EINVAL, "op: EINVAL: id -1");
	fails(semtimedop(id, &down, 1, &soon), EAGAIN, "timedop: EAGAIN: time is over");
	fails(semtimedop(id, &down, 1, &bad), EINVAL, "timedop: EINVAL: time");
	rm();
	fails(op3(0, 1, 0), EINVAL, "op: EINVAL: removed");
}

static int child_op, child_num;

static void child_waits(void)
{
	_exit(op3(child_num, child_op, 0) == 0 ? 0 : errno);
}

static pid_t start(int num, int op)
{
	pid_t pid;

	child_num = num;
	child_op = op;
	fflush(stdout);
	pid = fork();
	if (!pid)
		child_waits();
	return pid;
}

static int end_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nothing(int sig) {}

static void sleeping(void)
{
	pid_t a, b, z;

	make(2);
	a = start(0, -1);
	ok(waiting(0, GETNCNT, 1), "wait: GETNCNT");
	b = start(0, -2);
	ok(waiting(0, GETNCNT, 2), "wait: two");
	must(op3(0, 1, 0) == 0);
	is(end_of(a), 0, "wait: the one who can goes on");
	ok(ctl(0, GETNCNT, 0) == 1 && ctl(0, GETPID, 0) == a, "wait: the other waits; GETPID");
	must(op3(0, 2, 0) == 0);
	is(end_of(b), 0, "wait: until there is enough");
	must(op3(0, 2, 0) == 0);
	z = start(0, 0);
	ok(waiting(0, GETZCNT, 1) && ctl(0, GETNCNT, 0) == 0, "wait: for zero, GETZCNT");
	must(op3(0, -2, 0) == 0);
	is(end_of(z), 0, "wait: zero came");
	a = start(0, -1);
	b = start(1, -1);
	must(waiting(0, GETNCNT, 1) && waiting(1, GETNCNT, 1));
	is(ctl(0, SETVAL, 1), 0, "wait: SETVAL");
	is(end_of(a), 0, "wait: wakes");
	is(ctl(0, SETALL, (long)(unsigned short[]){ 7, 1 }), 0, "wait: SETALL");
	is(end_of(b), 0, "wait: wakes, too");
	ok(val(0) == 7 && val(1) == 0, "wait: values then");
	a = start(1, -1);
	must(waiting(1, GETNCNT, 1));
	signal(SIGUSR1, nothing);
	kill(a, SIGUSR1);
	is(end_of(a), -1, "wait: a deadly signal"); /* the handler was set after the fork */
	a = start(1, -1);
	must(waiting(1, GETNCNT, 1));
	kill(a, SIGUSR1);
	is(end_of(a), EINTR, "wait: EINTR: a handler ran");
	a = start(1, -1);
	must(waiting(1, GETNCNT, 1));
	rm();
	is(end_of(a), EIDRM, "wait: EIDRM: removed");
}

static void child_undoes(void)
{
	if (op3(0, -3, SEM_UNDO) || op3(1, 4, SEM_UNDO) || op3(0, -1, 0))
		_exit(1);
	_exit(val(0) == 6 && val(1) == 4 ? 0 : 2);
}

static void child_overshoots(void)
{
	if (op3(1, 5, SEM_UNDO))
		_exit(1);
	_exit(op3(1, -3, 0) ? 2 : 0); /* its undo would be below zero */
}

static void *thread_ups(void *unused)
{
	return (void *)(long)op3(0, 2, SEM_UNDO);
}

static void child_with_thread(void)
{
	pthread_t t;

	must(!pthread_create(&t, NULL, thread_ups, NULL));
	pthread_join(t, NULL);
	_exit(val(0) == 2 ? 0 : 1); /* threads share: nothing is undone yet */
}

static void child_unshares(void)
{
	if (op3(0, 2, SEM_UNDO) || unshare(CLONE_SYSVSEM))
		_exit(1);
	_exit(val(0) == 0 ? 0 : 2);
}

static void undo(void)
{
	make(2);
	must(ctl(0, SETVAL, 10) == 0);
	is(in_child(child_undoes), EXITED(0), "undo: a child");
	ok(val(0) == 9 && val(1) == 0, "undo: at its end what it marked, not the rest");
	is(in_child(child_overshoots), EXITED(0), "undo: a child that leaves less");
	is(val(1), 0, "undo: not below zero");
	must(ctl(0, SETVAL, 0) == 0);
	is(in_child(child_with_thread), EXITED(0), "undo: threads share it");
	is(val(0), 0, "undo: by the last of them");
	is(in_child(child_unshares), EXITED(0), "undo: unshare(CLONE_SYSVSEM) undoes");
	is(op3(0, 3, SEM_UNDO), 0, "undo: one's own");
	is(ctl(0, SETVAL, 5), 0, "undo: SETVAL forgets it");
	fails(op3(0, 32763, SEM_UNDO), ERANGE, "undo: ERANGE of the value");
	rm();
}

static void control(void)
{
	unsigned short all[3] = { 1, 2, 3 }, got[3];
	struct semid_ds ds;
	struct seminfo info;
	int max, found = -1;

	make(3);
	is(ctl(0, SETALL, (long)all), 0, "ctl: SETALL");
	is(ctl(0, GETALL, (long)got), 0, "ctl: GETALL");
	is(memcmp(all, got, sizeof(all)), 0, "ctl: the same values");
	all[1] = 32768;
	fails(ctl(0, SETALL, (long)all), ERANGE, "ctl: SETALL: ERANGE");
	fails(ctl(0, SETALL, 0), EFAULT, "ctl: SETALL: EFAULT");
	fails(ctl(0, GETALL, 0), EFAULT, "ctl: GETALL: EFAULT");
	fails(ctl(0, SETVAL, 32768), ERANGE, "ctl: SETVAL: ERANGE");
	fails(ctl(0, SETVAL, -1), ERANGE, "ctl: SETVAL: ERANGE: negative");
	fails(ctl(3, SETVAL, 1), EINVAL, "ctl: SETVAL: EINVAL: no such semaphore");
	fails(ctl(3, GETVAL, 1), EINVAL, "ctl: GETVAL: EINVAL");
	fails(ctl(-1, GETPID, 1), EINVAL, "ctl: GETPID: EINVAL");
	fails(ctl(0, 99, 0), EINVAL, "ctl: EINVAL: command");
	must(ctl(0, IPC_STAT, (long)&ds) == 0);
	ds.sem_perm.uid = 12;
	ds.sem_perm.mode = 01755;
	is(ctl(0, IPC_SET, (long)&ds), 0, "ctl: SET");
	must(ctl(0, IPC_STAT, (long)&ds) == 0);
	ok(ds.sem_perm.uid == 12 && ds.sem_perm.mode == 0755, "ctl: owner and rights");
	max = ctl(0, IPC_INFO, (long)&info);
	ok(max >= 0 && info.semmni == 32000 && info.semmsl == 32000 && info.semmns == 1024000000 &&
		   info.semopm == 500 && info.semvmx == SEMVMX && info.semaem == SEMVMX &&
		   info.semusz == 20,
	   "ctl: IPC_INFO");
	is(ctl(0, SEM_INFO, (long)&info), max, "ctl: SEM_INFO");
	ok(info.semusz == 1 && info.semaem == 3, "ctl: arrays and semaphores");
	for (int i = 0; i <= max; i++)
		if (semctl(i, 0, SEM_STAT, &ds) == id)
			found = i;
	ok(found >= 0 && ds.sem_nsems == 3, "ctl: SEM_STAT by index");
	is(semctl(found, 0, SEM_STAT_ANY, &ds), id, "ctl: SEM_STAT_ANY");
	ok(strstr(slurp("/proc/sysvipc/sem"),
		  "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n") !=
		   NULL,
	   "proc: the header of /proc/sysvipc/sem");
	{
		char want[128];

		snprintf(want, sizeof(want), "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n",
			 0, id, 0755, 3u, 12u, getegid(), 0u, getegid(), 0ll,
			 (long long)ds.sem_ctime);
		ok(strstr(slurp("/proc/sysvipc/sem"), want) != NULL, "proc: its line");
	}
	is(strcmp(slurp("/proc/sys/kernel/sem"), "32000\t1024000000\t500\t32000\n"), 0,
	   "proc: /proc/sys/kernel/sem");
	rm();
}

static void as_nobody(void)
{
	struct semid_ds ds;
	struct sembuf down = { 0, -1, IPC_NOWAIT };

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(1);
	if (ctl(0, GETVAL, 0) != -1 || errno != EACCES || ctl(0, SETVAL, 1) != -1 ||
	    errno != EACCES)
		_exit(2);
	if (semop(id, &down, 1) != -1 || errno != EACCES)
		_exit(3);
	if (ctl(0, IPC_RMID, 0) != -1 || errno != EPERM || ctl(0, IPC_STAT, (long)&ds) != -1 ||
	    errno != EACCES)
		_exit(4);
	_exit(0);
}

/* Many processes count down and up; no value is lost. */
static void storm(void)
{
	pid_t pid[4];
	bool good = true;

	make(2);
	must(ctl(0, SETVAL, 1) == 0);
	fflush(stdout);
	for (int i = 0; i < 4; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int k = 0; k < 200; k++) {
			struct sembuf enter[2] = { { 0, -1, SEM_UNDO }, { 1, 1, 0 } };
			struct sembuf leave[2] = { { 1, -1, 0 }, { 0, 1, SEM_UNDO } };

			if (semop(id, enter, 2) || val(1) != 1 || semop(id, leave, 2))
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		good &= end_of(pid[i]) == 0;
	ok(good, "storm: four processes, one at a time inside");
	ok(val(0) == 1 && val(1) == 0, "storm: and none at the end");
	rm();
}

int main(void)
{
	gets();
	operations();
	sleeping();
	undo();
	control();
	make(1);
	is(in_child(as_nobody), EXITED(0), "rights: EACCES and EPERM of others");
	rm();
	storm();
	return tap_end();
}
