// SPDX-License-Identifier: MIT
/* Pressure stall information: /proc/pressure, its form, what counts as waiting for a CPU, triggers and their errors. */
#include "tap.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>

static unsigned long long total(const char *file, const char *kind)
{
	unsigned long long us = 0, value;
	char path[64], word[16], line[128];
	double avg[3];
	int lines = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/pressure/%s", file);
	f = fopen(path, "r");
	must(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%15s avg10=%lf avg60=%lf avg300=%lf total=%llu", word, avg,
			   avg + 1, avg + 2, &value) == 5 &&
		    avg[0] <= 100 && avg[1] <= 100 && avg[2] <= 100)
			lines++;
		if (!strcmp(word, kind))
			us = value;
	}
	fclose(f);
	if (lines != 2)
		printf("# %s has %d lines of the form\n", file, lines);
	return lines == 2 ? us : ~0ULL;
}

static void on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	must(!sched_setaffinity(0, sizeof(set), &set));
}

/* Two that want CPU 0 until they are killed. */
static void spin(pid_t *pids)
{
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		must(pids[i] >= 0);
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			on_one_cpu();
			for (volatile unsigned long n = 0;; n++)
				;
		}
	}
}

static void stop(pid_t *pids)
{
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static long set_trigger(int fd, const char *text)
{
	return write(fd, text, strlen(text) + 1);
}

static void errors(void)
{
	struct pollfd p = { .fd = open("/proc/pressure/memory", O_RDWR | O_NONBLOCK),
			    .events = POLLPRI };
	int fd;

	must(p.fd >= 0);
	fails(set_trigger(p.fd, "some 0 1000000"), EINVAL, "threshold 0");
	fails(set_trigger(p.fd, "some 1000 499999"), EINVAL, "a window below 500 ms");
	fails(set_trigger(p.fd, "some 1000 10000001"), EINVAL, "a window above 10 s");
	fails(set_trigger(p.fd, "some 1000001 1000000"), EINVAL, "a threshold above the window");
	fails(set_trigger(p.fd, "much 1000 1000000"), EINVAL, "neither some nor full");
	fails(set_trigger(p.fd, "some 1000"), EINVAL, "no window");
	is(poll(&p, 1, 0), 1, "poll without a trigger");
	is(p.revents & (POLLERR | POLLPRI), POLLERR | POLLPRI, "POLLERR and POLLPRI then");
	is(set_trigger(p.fd, "full 100000 1000000"), 20, "a trigger");
	fails(set_trigger(p.fd, "some 100000 1000000"), EBUSY, "a second one on the same file");
	is(poll(&p, 1, 0), 0, "no event yet");
	close(p.fd);
	if (!fork()) {
		must(!setuid(65534));
		fd = open("/proc/pressure/memory", O_RDWR);
		_exit(fd < 0					  ? 1
		      : set_trigger(fd, "some 1000 1000000") >= 0 ? 2
		      : set_trigger(fd, "some 1000 4000000") < 0  ? 3
								  : 0);
	}
	wait(&fd);
	is(fd, 0, "without CAP_SYS_RESOURCE: windows of 2, 4, .. s");
}

static void cpu_pressure(void)
{
	struct pollfd p = { .fd = open("/proc/pressure/cpu", O_RDWR | O_NONBLOCK),
			    .events = POLLPRI };
	unsigned long long before = total("cpu", "some");
	pid_t pids[2];

	must(p.fd >= 0);
	is(set_trigger(p.fd, "some 20000 500000"), 18, "a trigger on cpu");
	spin(pids);
	is(poll(&p, 1, 20000), 1, "two on one CPU: an event");
	is(p.revents, POLLPRI, "POLLPRI");
	stop(pids);
	close(p.fd);
	ok(total("cpu", "some") >= before + 20000, "total of cpu grows by the threshold at least");
}

int main(void)
{
	ok(total("io", "some") != ~0ULL, "form of io");
	ok(total("memory", "some") != ~0ULL, "form of memory");
	is(total("cpu", "full"), 0, "form of cpu; full is 0 for the whole machine");
	errors();
	cpu_pressure();
	return tap_end();
}
