// SPDX-License-Identifier: MIT
/*
 * measure SCRIPT: run one scenario of `quire bench pressure` and report what it cost. The work of the script stands between two marks
 * of tools/plugin, which counts the instructions; here the kernel's counters are read before and after. The caches are empty
 * at the beginning, and at the end everything is on the disk. What the script prints is its result, and goes through; then:
 *
 *	measured NAME VALUE
 *
 * for each counter, and for status, seconds, MemTotal, and MemFree when the work begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Two one-byte instructions; the linker puts them where no other program has code (tools.mk). */
__asm__(".pushsection .marks,\"ax\"\nmarks: ret\n ret\n.popsection");

enum {
	SCAN,
	STEAL,
	REFAULT_ANON,
	REFAULT_FILE,
	SWAPIN,
	SWAPOUT,
	MAJOR,
	STALLS,
	KILLS,
	READ,
	WRITTEN,
	NR
};

static const char *const names[NR] = {
	"scanned",	"stolen", "refaulted-anon", "refaulted-file", "swapped-in",  "swapped-out",
	"major-faults", "stalls", "kills",	    "read-kib",	      "written-kib",
};

/* Counters of /proc/vmstat by the beginning of their names. By kind they count what control groups reclaim, too. */
static const struct {
	const char *prefix;
	int counter;
} vmstat[] = {
	{ "pgscan_anon ", SCAN },
	{ "pgscan_file ", SCAN },
	{ "pgsteal_anon ", STEAL },
	{ "pgsteal_file ", STEAL },
	{ "workingset_refault_anon ", REFAULT_ANON },
	{ "workingset_refault_file ", REFAULT_FILE },
	{ "pswpin ", SWAPIN },
	{ "pswpout ", SWAPOUT },
	{ "pgmajfault ", MAJOR },
	{ "allocstall_", STALLS },
	{ "oom_kill ", KILLS },
};

static void read_vmstat(unsigned long *v)
{
	FILE *f = fopen("/proc/vmstat", "re");
	char line[200];

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(vmstat) / sizeof(*vmstat); i++)
			if (!strncmp(line, vmstat[i].prefix, strlen(vmstat[i].prefix)))
				v[vmstat[i].counter] += strtoul(strchr(line, ' '), NULL, 10);
	if (f)
		fclose(f);
}

/* Sectors of whole disks, vda and so on. */
static void read_disks(unsigned long *v)
{
	FILE *f = fopen("/proc/diskstats", "re");
	char line[400], name[32];
	unsigned long got, put;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %*s %31s %*s %*s %lu %*s %*s %*s %lu", name, &got, &put) !=
			    3 ||
		    strncmp(name, "vd", 2) || name[3])
			continue;
		v[READ] += got / 2;
		v[WRITTEN] += put / 2;
	}
	if (f)
		fclose(f);
}

static void read_all(unsigned long v[NR])
{
	memset(v, 0, NR * sizeof(*v));
	read_vmstat(v);
	read_disks(v);
}

/* A line of /proc/meminfo, KiB; @name with its colon. */
static unsigned long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[100];

	while (f && !kib && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kib = strtoul(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A function of the script; its wait status. */
static int call(const char *script, const char *function)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("bash", "bash", "-c", ". \"$0\"; \"$1\"", script, function, NULL);
		_exit(127);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	(void)!write(fd, "3", 1);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long before[NR], after[NR], free_kib;
	double start, seconds;
	int status;

	if (argc < 2)
		return 125;
	drop_caches();
	free_kib = meminfo("MemFree:");
	read_all(before);
	start = now();
	__asm__ volatile("call marks" : : : "memory");
	status = call(argv[1], "work");
	sync();
	__asm__ volatile("call marks + 1" : : : "memory");
	seconds = now() - start;
	read_all(after);
	if (!status)
		status = call(argv[1], "check");
	printf("\nmeasured status %d\nmeasured seconds %.2f\nmeasured memory-kib %lu\nmeasured free-kib %lu\n",
	       status, seconds, meminfo("MemTotal:"), free_kib);
	for (int i = 0; i < NR; i++)
		printf("measured %s %lu\n", names[i], after[i] - before[i]);
	return 0;
}
