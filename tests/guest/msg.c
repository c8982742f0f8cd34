// SPDX-License-Identifier: MIT
/* System V message queues: msgget(2), msgop(2), msgctl(2), /proc/sysvipc/msg. */
#include "maps.h"
#include <grp.h>
#include <limits.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/time.h>

#define NOBODY 65534
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

struct buf {
	long type;
	char text[9000];
};

static int id; /* of the queue at hand */
static struct buf in, out;
static struct msqid_ds ds;

static int send(long type, const char *text, int flags)
{
	out.type = type;
	strcpy(out.text, text);
	return msgsnd(id, &out, strlen(text), flags);
}

/* The message is @type and @text. */
static bool got(long type, int flags, long want_type, const char *want)
{
	memset(&in, 0, sizeof(in));
	return msgrcv(id, &in, 100, type, flags) == (ssize_t)strlen(want) && in.type == want_type &&
	       !strcmp(in.text, want);
}

static struct msqid_ds *stat_of(void)
{
	must(msgctl(id, IPC_STAT, &ds) == 0);
	return &ds;
}

static void make(void)
{
	id = msgget(IPC_PRIVATE, 0600);
	must(id >= 0);
}

static void rm(void)
{
	must(msgctl(id, IPC_RMID, NULL) == 0);
}

static void gets(void)
{
	key_t key = 0x51530002;
	time_t now = time(NULL);

	id = msgget(key, IPC_CREAT | IPC_EXCL | 0640);
	ok(id >= 0, "get: a new queue");
	stat_of();
	ok(ds.msg_qbytes == 16384 && !ds.msg_qnum && !ds.msg_cbytes && !ds.msg_stime &&
		   !ds.msg_rtime && !ds.msg_lspid && !ds.msg_lrpid && ds.msg_ctime >= now - 2 &&
		   ds.msg_ctime <= time(NULL), /* as of the last tick */
	   "get: empty, with its room and time");
	ok(ds.msg_perm.__key == key && ds.msg_perm.mode == 0640 && ds.msg_perm.cuid == 0,
	   "get: key and rights");
	is(msgget(key, 0), id, "get: by key");
	is(msgget(key, IPC_CREAT), id, "get: or make it");
	fails(msgget(key, IPC_CREAT | IPC_EXCL), EEXIST, "get: EEXIST");
	fails(msgget(key + 1, 0), ENOENT, "get: ENOENT");
	rm();
	fails(msgget(key, 0), ENOENT, "rmid: gone");
	fails(msgctl(id, IPC_STAT, &ds), EINVAL, "rmid: EINVAL of the old id");
}

static void order(void)
{
	make();
	is(send(3, "three", 0), 0, "send: one");
	must(!send(1, "one", 0) && !send(2, "two", 0) && !send(1, "again", 0));
	stat_of();
	ok(ds.msg_qnum == 4 && ds.msg_cbytes == 16 && ds.msg_lspid == getpid() && ds.msg_stime &&
		   !ds.msg_rtime,
	   "send: four messages, their bytes, who and when");
	ok(got(2, 0, 2, "two"), "receive: by type");
	ok(got(-2, 0, 1, "one"), "receive: the lowest type up to 2, oldest first");
	ok(got(-9, 0, 1, "again"), "receive: up to 9: again the lowest");
	ok(got(0, 0, 3, "three"), "receive: any");
	stat_of();
	ok(!ds.msg_qnum && !ds.msg_cbytes && ds.msg_lrpid == getpid() && ds.msg_rtime,
	   "receive: the queue is empty, who and when");
	fails(msgrcv(id, &in, 10, 0, IPC_NOWAIT), ENOMSG, "receive: ENOMSG");
	must(!send(5, "five", 0) && !send(4, "four", 0) && !send(5, "fifth", 0));
	fails(msgrcv(id, &in, 10, -3, IPC_NOWAIT), ENOMSG, "receive: ENOMSG: none so low");
	fails(msgrcv(id, &in, 10, 6, IPC_NOWAIT), ENOMSG, "receive: ENOMSG: no such type");
	ok(got(5, MSG_EXCEPT, 4, "four"), "receive: MSG_EXCEPT");
	ok(got(LONG_MIN, 0, 5, "five"), "receive: the lowest of all types");
	fails(msgrcv(id, &in, 10, 5, MSG_EXCEPT | IPC_NOWAIT), ENOMSG, "receive: MSG_EXCEPT: none");
	ok(got(0, 0, 5, "fifth"), "receive: the last");
	is(send(LONG_MAX, "", 0), 0, "send: no text, the highest type");
	ok(got(-LONG_MAX, 0, LONG_MAX, ""), "receive: it");
	rm();
}

static void sizes(void)
{
	make();
	must(!send(1, "0123456789", 0));
	fails(msgrcv(id, &in, 9, 0, 0), E2BIG, "receive: E2BIG");
	is(stat_of()->msg_qnum, 1, "receive: it stays");
	memset(&in, 0, sizeof(in));
	is(msgrcv(id, &in, 9, 0, MSG_NOERROR), 9, "receive: MSG_NOERROR: cut");
	ok(!strcmp(in.text, "012345678") && !stat_of()->msg_qnum, "receive: the rest is lost");
	memset(out.text, 'x', sizeof(out.text));
	out.type = 1;
	is(msgsnd(id, &out, 8192, 0), 0, "send: 8192 bytes");
	fails(msgsnd(id, &out, 8193, 0), EINVAL, "send: EINVAL: larger than msgmax");
	fails(msgsnd(id, &out, -1, 0), EINVAL, "send: EINVAL: less than none");
	is(msgsnd(id, &out, 8192, IPC_NOWAIT), 0, "send: the queue is full");
	fails(msgsnd(id, &out, 1, IPC_NOWAIT), EAGAIN, "send: EAGAIN");
	is(msgsnd(id, &out, 0, IPC_NOWAIT), 0, "send: nothing still fits");
	memset(&in, 0, sizeof(in));
	ok(msgrcv(id, &in, sizeof(in.text), 0, 0) == 8192 && !memcmp(in.text, out.text, 8192),
	   "receive: 8192 bytes");
	out.type = 0;
	fails(msgsnd(id, &out, 1, 0), EINVAL, "send: EINVAL: type 0");
	out.type = -1;
	fails(msgsnd(id, &out, 1, 0), EINVAL, "send: EINVAL: type -1");
	out.type = 1;
	fails(msgsnd(-1, &out, 1, 0), EINVAL, "send: EINVAL: id -1");
	fails(msgsnd(id + 1, &out, 1, 0), EINVAL, "send: EINVAL: no such id");
	fails(msgsnd(id, NULL, 1, 0), EFAULT, "send: EFAULT");
	fails(msgrcv(-1, &in, 1, 0, 0), EINVAL, "receive: EINVAL: id -1");
	fails(msgrcv(id + 1, &in, 1, 0, 0), EINVAL, "receive: EINVAL: no such id");
	fails(msgrcv(id, &in, -1, 0, 0), EINVAL, "receive: EINVAL: size");
	fails(msgrcv(id, (void *)16, 9000, 0, 0), EFAULT, "receive: EFAULT");
	is(stat_of()->msg_qnum, 1, "receive: and the message is lost");
	rm();
	fails(send(1, "", 0), EINVAL, "send: EINVAL: removed");
}

static void copy(void)
{
	make();
	must(!send(7, "seven", 0) && !send(8, "eight", 0));
	memset(&in, 0, sizeof(in));
	is(msgrcv(id, &in, 100, 1, MSG_COPY | IPC_NOWAIT), 5, "copy: the second");
	ok(in.type == 8 && !strcmp(in.text, "eight"), "copy: its type and text");
	ok(stat_of()->msg_qnum == 2 && !ds.msg_rtime && !ds.msg_lrpid, "copy: it stays");
	fails(msgrcv(id, &in, 100, 2, MSG_COPY | IPC_NOWAIT), ENOMSG, "copy: ENOMSG: no third");
	fails(msgrcv(id, &in, 100, -1, MSG_COPY | IPC_NOWAIT), ENOMSG, "copy: ENOMSG: number -1");
	fails(msgrcv(id, &in, 100, 0, MSG_COPY), EINVAL, "copy: EINVAL without IPC_NOWAIT");
	fails(msgrcv(id, &in, 100, 0, MSG_COPY | IPC_NOWAIT | MSG_EXCEPT), EINVAL,
	      "copy: EINVAL with MSG_EXCEPT");
	fails(msgrcv(id, &in, 4, 0, MSG_COPY | IPC_NOWAIT), E2BIG, "copy: E2BIG");
	fails(msgrcv(id, &in, 4, 0, MSG_COPY | IPC_NOWAIT | MSG_NOERROR), EINVAL,
	      "copy: EINVAL: cut");
	rm();
}

static void nothing(int sig) {}

/* A child that receives type @type, or (0 < @size) sends; it ends with its errno, or 0. */
static pid_t start(long type, int size, int flags)
{
	pid_t pid;
	long ret;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	out.type = type;
	ret = size ? msgsnd(id, &out, size, flags) : msgrcv(id, &in, 10, type, flags);
	_exit(ret < 0 ? errno : 0);
}

static int end_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Wait until @pid sleeps in a call of message queues: a signal that came too early would be lost. */
static void asleep(pid_t pid)
{
	must(EVENTUALLY(sleeps_in(pid, SYS_msgsnd) || sleeps_in(pid, SYS_msgrcv)));
}

static void receivers_wait(void)
{
	pid_t a, b, small;

	make();
	a = start(1, 0, 0);
	asleep(a);
	b = start(2, 0, 0);
	asleep(b);
	must(!send(2, "two", 0));
	is(end_of(b), 0, "wait: a receiver of this type");
	ok(!stat_of()->msg_qnum && ds.msg_lrpid == b, "wait: the message did not stay");
	must(!send(1, "one", 0));
	is(end_of(a), 0, "wait: and the other");
	small = start(0, 0, 0);
	asleep(small);
	b = start(0, 0, MSG_NOERROR);
	asleep(b);
	must(!send(1, "longer than ten", 0));
	is(end_of(small), E2BIG, "wait: E2BIG: woken by one that is too long");
	is(end_of(b), 0, "wait: which the next one gets");
	is(stat_of()->msg_qnum, 0, "wait: once");

	signal(SIGUSR1, nothing);
	a = start(0, 0, 0);
	asleep(a);
	kill(a, SIGUSR1);
	is(end_of(a), EINTR, "wait: EINTR");
	a = start(0, 0, 0);
	asleep(a);
	kill(a, SIGSTOP);
	must(waitpid(a, NULL, WUNTRACED) == a);
	kill(a, SIGCONT);
	sleep_ms(5);
	must(!send(1, "", 0));
	is(end_of(a), 0, "wait: a stop and a continuation are no end");
	a = start(0, 0, 0);
	asleep(a);
	rm();
	is(end_of(a), EIDRM, "wait: EIDRM");
}

static void senders_wait(void)
{
	pid_t a, b;

	make();
	out.type = 1;
	/* The second has no room before the first, either: Linux wakes each that would fit, and they race. */
	must(!msgsnd(id, &out, 4000, 0) && !msgsnd(id, &out, 4000, 0) &&
	     !msgsnd(id, &out, 8192, 0));
	a = start(7, 4100, 0);
	asleep(a);
	b = start(8, 8000, 0);
	asleep(b);
	is(stat_of()->msg_qnum, 3, "room: two senders wait");
	must(msgrcv(id, &in, 8192, 1, 0) == 4000);
	is(end_of(a), 0, "room: the first one fits");
	is(stat_of()->msg_cbytes, 16292, "room: the second does not");
	must(msgrcv(id, &in, 8192, 1, 0) == 4000 && msgrcv(id, &in, 8192, 1, 0) == 8192);
	is(end_of(b), 0, "room: until there is more");
	ok(stat_of()->msg_qnum == 2 && ds.msg_cbytes == 12100 && ds.msg_lspid == b,
	   "room: both are in");
	ok(msgrcv(id, &in, 8192, 0, 0) == 4100 && in.type == 7, "room: in their order");

	stat_of();
	ds.msg_qbytes = 8000;
	is(msgctl(id, IPC_SET, &ds), 0, "room: IPC_SET makes it full");
	a = start(9, 10, 0);
	asleep(a);
	ds.msg_qbytes = 8010;
	must(msgctl(id, IPC_SET, &ds) == 0);
	is(end_of(a), 0, "room: or larger");
	a = start(9, 10, 0);
	asleep(a);
	kill(a, SIGUSR1);
	is(end_of(a), EINTR, "room: EINTR");
	a = start(9, 10, 0);
	asleep(a);
	rm();
	is(end_of(a), EIDRM, "room: EIDRM");

	make();
	stat_of();
	ds.msg_qbytes = 2;
	must(msgctl(id, IPC_SET, &ds) == 0);
	must(!send(1, "", 0) && !send(1, "", 0));
	fails(send(1, "", IPC_NOWAIT), EAGAIN, "room: no more messages than bytes");
	rm();
}

static void control(void)
{
	struct msginfo info;
	int max, found = -1;
	char want[192];

	make();
	must(!send(1, "abc", 0));
	stat_of();
	ds.msg_perm.uid = 12;
	ds.msg_perm.mode = 01755;
	ds.msg_qbytes = 20000;
	is(msgctl(id, IPC_SET, &ds), 0, "ctl: SET");
	stat_of();
	ok(ds.msg_perm.uid == 12 && ds.msg_perm.mode == 0755 && ds.msg_qbytes == 20000,
	   "ctl: owner, rights, room");
	max = msgctl(id, IPC_INFO, (struct msqid_ds *)&info);
	ok(max >= 0 && info.msgmax == 8192 && info.msgmnb == 16384 && info.msgmni == 32000 &&
		   info.msgssz == 16 && info.msgseg == 0xffff && info.msgpool == 512000 &&
		   info.msgmap == 16384 && info.msgtql == 16384,
	   "ctl: IPC_INFO");
	is(msgctl(id, MSG_INFO, (struct msqid_ds *)&info), max, "ctl: MSG_INFO");
	ok(info.msgpool == 1 && info.msgmap == 1 && info.msgtql == 3,
	   "ctl: queues, messages, bytes");
	for (int i = 0; i <= max; i++)
		if (msgctl(i, MSG_STAT, &ds) == id)
			found = i;
	ok(found >= 0 && ds.msg_qnum == 1, "ctl: MSG_STAT by index");
	is(msgctl(found, MSG_STAT_ANY, &ds), id, "ctl: MSG_STAT_ANY");
	fails(msgctl(max + 1, MSG_STAT, &ds), EINVAL, "ctl: EINVAL: no such index");
	fails(msgctl(id, IPC_STAT, (void *)16), EFAULT, "ctl: STAT: EFAULT");
	fails(msgctl(id, IPC_SET, (void *)16), EFAULT, "ctl: SET: EFAULT");
	fails(msgctl(id, IPC_INFO, (void *)16), EFAULT, "ctl: INFO: EFAULT");
	fails(msgctl(id, 99, &ds), EINVAL, "ctl: EINVAL: command");
	fails(msgctl(-1, IPC_STAT, &ds), EINVAL, "ctl: EINVAL: id");
	ds.msg_perm.uid = -1;
	fails(msgctl(id, IPC_SET, &ds), EINVAL, "ctl: SET: EINVAL: nobody's");
	stat_of();
	snprintf(want, sizeof(want),
		 "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10lld %10lld %10lld\n", 0,
		 id, 0755, 3ul, 1ul, getpid(), 0, 12, getegid(), 0, getegid(),
		 (long long)ds.msg_stime, 0ll, (long long)ds.msg_ctime);
	ok(strstr(slurp("/proc/sysvipc/msg"), want) != NULL, "proc: its line in /proc/sysvipc/msg");
	ok(strstr(slurp("/proc/sysvipc/msg"),
		  "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
		  "      stime      rtime      ctime\n") != NULL,
	   "proc: the header");
	is(strcmp(slurp("/proc/sys/kernel/msgmax"), "8192\n"), 0, "proc: msgmax");
	is(strcmp(slurp("/proc/sys/kernel/msgmnb"), "16384\n"), 0, "proc: msgmnb");
	is(strcmp(slurp("/proc/sys/kernel/msgmni"), "32000\n"), 0, "proc: msgmni");
	rm();
}

static void as_nobody(void)
{
	struct msqid_ds set;

	stat_of();
	set = ds;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(1);
	if (send(1, "", 0) != -1 || errno != EACCES || msgrcv(id, &in, 9, 0, 0) != -1 ||
	    errno != EACCES)
		_exit(2);
	if (msgctl(id, IPC_RMID, NULL) != -1 || errno != EPERM || msgctl(id, IPC_STAT, &ds) != -1 ||
	    errno != EACCES)
		_exit(3);
	if (msgctl(id, IPC_SET, &set) != -1 || errno != EPERM)
		_exit(4);
	id = msgget(IPC_PRIVATE, 0600);
	if (id < 0 || msgctl(id, IPC_STAT, &set))
		_exit(5);
	set.msg_qbytes = 16385;
	if (msgctl(id, IPC_SET, &set) != -1 || errno != EPERM)
		_exit(6);
	set.msg_qbytes = 16384;
	set.msg_perm.mode = 0;
	if (msgctl(id, IPC_SET, &set) || send(1, "", 0) != -1 || errno != EACCES)
		_exit(7);
	_exit(msgctl(id, IPC_RMID, NULL) ? 8 : 0);
}

static void produce(int type)
{
	for (int i = 0; i < 300; i++) {
		out.type = type;
		memcpy(out.text, &i, sizeof(i));
		if (msgsnd(id, &out, sizeof(i) + i * 37 % 3000, 0))
			_exit(1);
	}
	_exit(0);
}

static void consume(int type)
{
	for (int i = 0, nr; i < 300; i++) {
		if (msgrcv(id, &in, sizeof(in.text), type, 0) != (ssize_t)sizeof(i) + i * 37 % 3000)
			_exit(1);
		memcpy(&nr, in.text, sizeof(nr));
		if (nr != i || in.type != type)
			_exit(2);
	}
	_exit(0);
}

/* Three pairs, each with its type, through one queue that is often full. */
static void storm(void)
{
	pid_t pid[6];
	bool good = true;

	make();
	fflush(stdout);
	for (int i = 0; i < 6; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		if (i % 2)
			produce(i / 2 + 1);
		consume(i / 2 + 1);
	}
	for (int i = 0; i < 6; i++)
		good &= end_of(pid[i]) == 0;
	ok(good, "storm: each type arrives whole and in order");
	ok(!stat_of()->msg_qnum && !ds.msg_cbytes, "storm: nothing is left");
	rm();
}

int main(void)
{
	gets();
	order();
	sizes();
	copy();
	receivers_wait();
	senders_wait();
	control();
	make();
	is(in_child(as_nobody), EXITED(0), "rights: EACCES and EPERM of others");
	rm();
	storm();
	return tap_end();
}
