// SPDX-License-Identifier: MIT
/*
 * explained PATH ARGV0 [ARG...]: what `quire explain` runs in the guest. It starts a program, waits until that sleeps
 * (or 2 s), and asks /proc/mm/explain about the places that the variable QUIRE_EXPLAIN names, a blank between two:
 * text, data, heap, stack, vdso, hole, an address in hexadecimal, phys:ADDRESS, or a name that the program gave.
 * Then it kills the program. The program's output goes to standard error; its standard input stays open and empty.
 *
 * explained --sample, as that program: makes memory of each kind, gives names to it in PLACES, and sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PLACES	"/tmp/.explained"
#define EXPLAIN "/proc/mm/explain"
#define PAGE	4096ul

static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("quire: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

/* --- the sample --- */

static void name_place(FILE *f, const char *name, const void *p)
{
	fprintf(f, "%s %lx\n", name, (unsigned long)p);
}

static char *map(int prot, int flags, int fd)
{
	char *p = mmap(NULL, PAGE, prot, flags, fd, 0);

	if (p == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	return p;
}

static void sample(void)
{
	int fd = memfd_create("sample", 0);
	FILE *f = fopen(PLACES ".new", "w");
	char *p, *own;

	if (fd < 0 || !f || ftruncate(fd, PAGE))
		fail("the sample cannot start: %s", strerror(errno));
	p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	p[0] = 1;
	name_place(f, "cow", p); /* two processes share it until one writes */
	own = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	own[0] = 1;
	name_place(f, "anon", own);
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	p[0] = 1;
	name_place(f, "file", p);
	p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	(void)*(volatile char *)p;
	name_place(f, "zero", p);
	name_place(f, "untouched", map(PROT_READ, MAP_PRIVATE, fd));
	name_place(f, "none", map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1));
	fclose(f);
	if (!fork()) {
		own[0] = 2;
		rename(PLACES ".new", PLACES);
	}
	for (;;)
		pause();
}

/* --- looking at a program --- */

static char state_of(pid_t pid)
{
	char path[64], text[512] = "", *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 'Z';
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	p = strrchr(text, ')');
	return p && p[1] ? p[2] : 'Z';
}

/* Has the program begun? Before its exec it is a copy of this one. */
static int has_begun(pid_t pid)
{
	char path[64], theirs[256], ours[256];
	ssize_t n, m;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	n = readlink("/proc/self/exe", ours, sizeof(ours));
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	m = readlink(path, theirs, sizeof(theirs));
	return m > 0 && (n != m || memcmp(ours, theirs, n) != 0);
}

/* Until it sleeps three times in a row, or for 2 s. False: it ended. */
static int wait_for_sleep(pid_t pid, int is_sample)
{
	struct timespec tick = { 0, 10 * 1000 * 1000 };
	int asleep = 0;

	for (int i = 0; i < 200 && asleep < 3; i++) {
		char state;

		nanosleep(&tick, NULL);
		if (waitpid(pid, NULL, WNOHANG))
			return 0;
		state = state_of(pid);
		asleep = state == 'S' && has_begun(pid) ? asleep + 1 : 0;
		if (is_sample && access(PLACES, F_OK))
			asleep = 0;
	}
	return 1;
}

/* The address that @name has in a file of "NAME ADDRESS" lines; 0: none. */
static unsigned long named_place(const char *name)
{
	char line[128];
	unsigned long addr = 0;
	FILE *f = fopen(PLACES, "r");
	size_t n = strlen(name);

	while (f && !addr && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && line[n] == ' ')
			addr = strtoul(line + n, NULL, 16);
	if (f)
		fclose(f);
	return addr;
}

/* The address that @name means by the regions of the process; 0: none. The stack grows down: its last page. */
static unsigned long region_place(pid_t pid, const char *name)
{
	char path[64], line[512], perms[8], bracket[32], exe[256] = "";
	unsigned long start, end, addr = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	snprintf(bracket, sizeof(bracket), "[%s]\n", name);
	f = fopen(path, "r");
	while (f && !addr && fgets(line, sizeof(line), f)) {
		int of_exe = n > 0 && strstr(line, exe) != NULL;

		if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) != 3)
			continue;
		if (!strcmp(name, "hole"))
			addr = start - PAGE;
		else if (strstr(line, bracket))
			addr = !strcmp(name, "stack") ? end - PAGE : start;
		else if ((!strcmp(name, "text") && of_exe && perms[2] == 'x') ||
			 (!strcmp(name, "data") && of_exe && perms[1] == 'w'))
			addr = start;
	}
	if (f)
		fclose(f);
	return addr;
}

static void print_answer(const char *what, const char *question)
{
	char buf[4096];
	int fd = open(EXPLAIN, O_RDWR);
	ssize_t n;

	if (fd < 0)
		fail("%s: %s", EXPLAIN, strerror(errno));
	if (write(fd, question, strlen(question)) < 0)
		fail("%s: %s", question, strerror(errno));
	printf("%s\n", what);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	if (n < 0)
		fail("%s: %s", what, strerror(errno));
	putchar('\n');
	close(fd);
}

static void explain(pid_t pid, const char *what)
{
	char question[64], *end;
	unsigned long addr = named_place(what);

	if (!strncmp(what, "phys:", 5)) {
		snprintf(question, sizeof(question), "phys %s", what + 5);
		print_answer(what, question);
		return;
	}
	if (!addr)
		addr = region_place(pid, what);
	if (!addr) {
		addr = strtoul(what, &end, 16);
		if (*end)
			fail("%s: the program has no such place", what);
	}
	snprintf(question, sizeof(question), "%d %lx", pid, addr);
	print_answer(what, question);
}

static pid_t start(char **argv)
{
	int in[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (!pid) {
		setpgid(0, 0);
		dup2(in[0], STDIN_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], argv + 1);
		fprintf(stderr, "quire: cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	setpgid(pid, pid);
	close(in[0]); /* the other end stays open: who reads waits */
	return pid;
}

int main(int argc, char **argv)
{
	char *places = getenv("QUIRE_EXPLAIN"), *what;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "--sample"))
		sample();
	if (argc < 3 || !places)
		return 125;
	places = strdup(places);
	unsetenv("QUIRE_EXPLAIN");
	pid = start(argv + 1);
	if (!wait_for_sleep(pid, argc > 3 && !strcmp(argv[3], "--sample")))
		fail("%s ended before it could be looked at", argv[1]);
	for (what = strtok(places, " "); what; what = strtok(NULL, " "))
		explain(pid, what);
	fflush(stdout);
	kill(-pid, SIGKILL);
	return 0;
}
