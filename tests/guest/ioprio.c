// SPDX-License-Identifier: MIT
/* ioprio_set(2), ioprio_get(2): who, classes, levels, rights, inheritance. */
#include "tap.h"
#include <linux/ioprio.h>
#include <sys/resource.h>

#define SET(which, who, prio) syscall(SYS_ioprio_set, which, who, prio)
#define GET(which, who)	      syscall(SYS_ioprio_get, which, who)
#define VALUE(class, level)   ((class) << IOPRIO_CLASS_SHIFT | (level))

/* What @fn, a child of another user, returns. */
static int as_user(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setresuid(1000, 1000, 1000);
		_exit(fn());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int real_time(void)
{
	return SET(IOPRIO_WHO_PROCESS, 0, VALUE(IOPRIO_CLASS_RT, 0)) ? errno : 0;
}

static int of_init(void)
{
	return SET(IOPRIO_WHO_PROCESS, 1, VALUE(IOPRIO_CLASS_BE, 0)) ? errno : 0;
}

static int own(void)
{
	return SET(IOPRIO_WHO_USER, 1000, VALUE(IOPRIO_CLASS_BE, 7))
		       ? errno
		       : GET(IOPRIO_WHO_USER, 1000) != VALUE(IOPRIO_CLASS_BE, 7);
}

int main(void)
{
	int status;
	pid_t pid;

	setpgid(0, 0);
	ok(GET(IOPRIO_WHO_PROCESS, 0) == 0, "none at first");
	ok(GET(IOPRIO_WHO_PGRP, 0) == VALUE(IOPRIO_CLASS_BE, 4),
	   "of a group: what follows from nice 0");
	setpriority(PRIO_PROCESS, 0, 10);
	ok(GET(IOPRIO_WHO_PGRP, 0) == VALUE(IOPRIO_CLASS_BE, 6),
	   "of a group: what follows from nice 10");
	setpriority(PRIO_PROCESS, 0, 0);
	ok(SET(IOPRIO_WHO_PROCESS, 0, VALUE(IOPRIO_CLASS_BE, 2)) == 0 &&
		   GET(IOPRIO_WHO_PROCESS, getpid()) == VALUE(IOPRIO_CLASS_BE, 2),
	   "best effort");
	pid = fork();
	if (pid == 0) {
		bool inherited = GET(IOPRIO_WHO_PROCESS, 0) == VALUE(IOPRIO_CLASS_BE, 2);

		SET(IOPRIO_WHO_PROCESS, 0, VALUE(IOPRIO_CLASS_RT, 1));
		_exit(!inherited || GET(IOPRIO_WHO_PGRP, 0) != VALUE(IOPRIO_CLASS_RT, 1));
	}
	waitpid(pid, &status, 0);
	ok(status == 0, "inherited; the best of a group");
	ok(SET(IOPRIO_WHO_PGRP, 0, VALUE(IOPRIO_CLASS_IDLE, 5)) == 0 &&
		   GET(IOPRIO_WHO_PROCESS, 0) == VALUE(IOPRIO_CLASS_IDLE, 5),
	   "idle, of a group");
	ok(SET(IOPRIO_WHO_PROCESS, 0, 0) == 0 && GET(IOPRIO_WHO_PROCESS, 0) == 0, "none again");
	fails(SET(IOPRIO_WHO_PROCESS, 0, 1), EINVAL, "a level of no class");
	fails(SET(IOPRIO_WHO_PROCESS, 0, VALUE(4, 0)), EINVAL, "class 4");
	fails(SET(0, 0, VALUE(IOPRIO_CLASS_BE, 0)), EINVAL, "who: 0");
	fails(GET(4, 0), EINVAL, "who: 4");
	fails(GET(IOPRIO_WHO_PROCESS, 999999), ESRCH, "nobody");
	fails(SET(IOPRIO_WHO_PGRP, 999999, 0), ESRCH, "no group");
	ok(as_user(real_time) == EPERM, "real time: for the privileged");
	ok(as_user(of_init) == EPERM, "of others: for the privileged");
	ok(as_user(own) == 0, "of a user");
	return tap_end();
}
