// SPDX-License-Identifier: MIT
/* Formats of /proc: each file read whole and taken apart as programs do. */
#include "textfile.h"

#include <cpuid.h>
#include <dirent.h>
#include <sys/sysinfo.h>

/* As slurp(), and the file must be there. */
static const char *opened(const char *path)
{
	ok(!access(path, R_OK), "%s opens", path);
	return slurp(path);
}

/* The number behind "key" at the start of a line, or -1. */
static long long value(const char *s, const char *key)
{
	size_t n = strlen(key);

	for (; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, key, n) && (s[n] == ':' || s[n] == ' ' || s[n] == '\t'))
			return strtoll(s + n + 1, NULL, 10);
	return -1;
}

/* A number per CPU for each kind, but one for all errors. */
static void interrupts(void)
{
	static const char *const kinds[] = { "NMI", "LOC", "SPU", "RES", "CAL", "TLB" };
	const char *s = opened("/proc/interrupts"), *at = s;
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	ok(strstr(s, "CPU0"), "interrupts: a column per CPU");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char key[8], *end;
		long nr = 0;

		snprintf(key, sizeof(key), "\n%s:", kinds[i]);
		at = strstr(at, key);
		if (!ok(at, "interrupts: %s, in its place", kinds[i]))
			return;
		for (end = (char *)at + 5; strspn(end, " ") && end[strspn(end, " ")] >= '0' &&
					   end[strspn(end, " ")] <= '9';
		     nr++)
			(void)strtoul(end, &end, 10);
		ok(nr == nr_cpus, "interrupts: %s: %ld numbers", kinds[i], nr);
	}
	at = strstr(at, "\nERR:");
	ok(at && strspn(at + 5, " 0123456789") == strcspn(at + 5, "\n"),
	   "interrupts: ERR: one number");
}

static void memory(void)
{
	static const char *const keys[] = {
		"MemTotal",	"MemFree",	  "MemAvailable", "Buffers",	  "Cached",
		"SwapCached",	"Active",	  "Inactive",	  "Active(anon)", "Inactive(anon)",
		"Active(file)", "Inactive(file)", "Unevictable",  "Mlocked",	  "SwapTotal",
		"SwapFree",	"Dirty",	  "Writeback",	  "AnonPages",	  "Mapped",
		"Shmem",	"Slab",		  "SReclaimable", "SUnreclaim",	  "KernelStack",
		"PageTables",	"CommitLimit",	  "Committed_AS", "VmallocTotal"
	};
	const char *s = opened("/proc/meminfo");
	long long total = value(s, "MemTotal"), free = value(s, "MemFree");

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		ok(value(s, keys[i]) >= 0, "meminfo: %s", keys[i]);
	ok(total > free && free > 0, "meminfo: some of it is used");
	ok(strstr(s, "MemTotal:       ") && strstr(s, " kB\n"), "meminfo: in columns, kB");
	ok(value(s, "Slab") == value(s, "SReclaimable") + value(s, "SUnreclaim"),
	   "meminfo: Slab is the sum");
	s = opened("/proc/vmstat");
	ok(value(s, "nr_free_pages") > 0 && value(s, "pgfault") > 0 &&
		   value(s, "pgalloc_normal") >= 0,
	   "vmstat: nr_free_pages, pgfault, pgalloc_normal");
	s = opened("/proc/zoneinfo");
	ok(strstr(s, "Node 0, zone ") && strstr(s, "  pages free ") && strstr(s, "        min ") &&
		   strstr(s, "        managed ") && strstr(s, "        present "),
	   "zoneinfo: zones with pages free, min, managed, present");
	s = opened("/proc/buddyinfo");
	ok(!strncmp(s, "Node 0, zone ", 13), "buddyinfo");
	s = opened("/proc/slabinfo");
	ok(!strncmp(s, "slabinfo - version: 2.1\n", 24), "slabinfo: version 2.1");
}

/* Number behind @name in the block of the cpuinfo @s that begins at @s. */
static long of_cpu(const char *s, const char *name)
{
	const char *p = strstr(s, name);

	return p ? strtol(strchr(p, ':') + 1, NULL, 0) : -1;
}

/* Each CPU's place: as many with its package as it has siblings, cores no more than those; no two with one APIC identifier. */
static void cpu_places(const char *s, int cpus)
{
	int wrong_siblings = 0, wrong_cores = 0, same_apic = 0;
	unsigned int a, b = 0, c, d;

	for (const char *p = s; (p = strstr(p, "processor\t:")); p++) {
		int siblings = 0, twins = 0;

		for (const char *q = s; (q = strstr(q, "processor\t:")); q++) {
			siblings += of_cpu(p, "\nphysical id\t:") == of_cpu(q, "\nphysical id\t:");
			twins += of_cpu(p, "\napicid\t") == of_cpu(q, "\napicid\t");
		}
		wrong_siblings += of_cpu(p, "\nsiblings\t:") != siblings;
		wrong_cores += of_cpu(p, "\ncpu cores\t:") > siblings ||
			       of_cpu(p, "\ncpu cores\t:") < 1 || of_cpu(p, "\ncore id\t") < 0;
		same_apic +=
			twins != 1 || of_cpu(p, "\napicid\t") != of_cpu(p, "\ninitial apicid\t");
	}
	is(wrong_siblings, 0, "cpuinfo: siblings are those of the package, for each of %d CPUs",
	   cpus);
	is(wrong_cores, 0, "cpuinfo: core id and cpu cores fit");
	is(same_apic, 0, "cpuinfo: APIC identifiers differ, and are the initial ones");
	__get_cpuid(1, &a, &b, &c, &d);
	is(of_cpu(s, "\nclflush size\t"), (long)(b >> 8 & 0xff) * 8,
	   "cpuinfo: clflush size is CPUID's");
	is(of_cpu(s, "\ncache_alignment\t"), of_cpu(s, "\nclflush size\t"),
	   "cpuinfo: cache_alignment");
	ok(of_cpu(s, "\ncache size\t") > 0, "cpuinfo: cache size");
}

static void machine(void)
{
	const char *s = opened("/proc/cpuinfo");
	double up, idle, load;
	int a, b, c, cpus = 0;

	for (const char *p = s; (p = strstr(p, "processor\t:")); p++)
		cpus++;
	is(cpus, sysconf(_SC_NPROCESSORS_ONLN), "cpuinfo: a block for each CPU");
	ok(strstr(s, "flags\t\t:") && strstr(s, "model name\t:"), "cpuinfo: flags and model");
	cpu_places(s, cpus);
	s = opened("/proc/stat");
	ok(!strncmp(s, "cpu  ", 5) && strstr(s, "\ncpu0 ") && value(s, "btime") > 1600000000 &&
		   value(s, "processes") > 0 && value(s, "ctxt") > 0,
	   "stat: cpu, cpu0, btime, processes, ctxt");
	ok(sscanf(opened("/proc/uptime"), "%lf %lf", &up, &idle) == 2 && up > 0, "uptime");
	ok(sscanf(opened("/proc/loadavg"), "%lf %*f %*f %d/%d %d", &load, &a, &b, &c) == 4 &&
		   b > 0 && c > 0,
	   "loadavg");
	ok(strstr(opened("/proc/mounts"), " /proc proc "), "mounts: /proc");
	ok(strlen(opened("/proc/cmdline")) > 0 && text[strlen(text) - 1] == '\n', "cmdline");
	ok(strstr(opened("/proc/version"), "Linux version "), "version");
	ok(strstr(opened("/proc/filesystems"), "nodev\ttmpfs\n"), "filesystems: tmpfs");
	interrupts();
	ok(strstr(opened("/proc/kallsyms"), " T "), "kallsyms");
	ok(strlen(opened("/proc/sys/kernel/osrelease")) > 2, "sys/kernel/osrelease");
	ok(strtol(opened("/proc/sys/kernel/pid_max"), NULL, 10) > 300, "sys/kernel/pid_max");
}

static void maps(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long lo, hi, offset, inode, last = 0;
	const char *s = opened("/proc/self/maps");
	unsigned int major, minor;
	char perms[8], line[64];
	bool ordered = true, found = false;

	for (const char *l = s; l && *l; l = strchr(l, '\n') + 1) {
		if (sscanf(l, "%lx-%lx %7s %lx %x:%x %lu", &lo, &hi, perms, &offset, &major, &minor,
			   &inode) != 7 ||
		    lo >= hi || lo < last || strlen(perms) != 4)
			ordered = false;
		last = hi;
		if (lo <= (unsigned long)p && hi >= (unsigned long)p + 4 * PAGE)
			found = !strcmp(perms, "rw-p") && !inode;
	}
	ok(ordered, "maps: each line has its fields, in order");
	ok(found, "maps: the new mapping is there, rw-p");
	ok(strstr(s, "[stack]\n") && strstr(s, "[vdso]\n"), "maps: [stack] and [vdso]");
	snprintf(line, sizeof(line), "%s", strstr(s, "r-xp") ? strstr(s, "r-xp") : "");
	ok(strstr(s, "/tests/proc\n") || strstr(s, "/proc\n"), "maps: the program's file");
}

static void of_process(void)
{
	char comm[64], state, link[256] = "";
	int pid, ppid, pgrp, session;
	long size, resident;
	const char *s = opened("/proc/self/stat");
	const char *paren = strrchr(s, ')');
	int spaces = 0;
	DIR *d;
	struct dirent *e;
	bool found = false, me = false;

	ok(sscanf(s, "%d (%63[^)]) %c %d %d %d", &pid, comm, &state, &ppid, &pgrp, &session) == 6 &&
		   pid == getpid() && ppid == getppid() && !strcmp(comm, "proc"),
	   "stat: pid, name, parent");
	ok(state == 'R', "stat: running");
	for (const char *p = paren; p && *p; p++)
		spaces += *p == ' ';
	is(spaces, 50, "stat: 52 fields");
	ok(sscanf(opened("/proc/self/statm"), "%ld %ld", &size, &resident) == 2 &&
		   size > resident && resident > 0,
	   "statm");
	s = opened("/proc/self/status");
	ok(!strncmp(s, "Name:\tproc\n", 11), "status: Name");
	ok(value(s, "Pid") == getpid() && value(s, "PPid") == getppid() && value(s, "Threads") == 1,
	   "status: Pid, PPid, Threads");
	ok(value(s, "VmSize") > 0 && value(s, "VmRSS") > 0 &&
		   value(s, "VmPeak") >= value(s, "VmSize"),
	   "status: VmSize, VmRSS, VmPeak");
	ok(strstr(s, "SigBlk:\t0000000000000000\n"), "status: SigBlk");
	ok(strstr(opened("/proc/self/cmdline"), "proc"), "cmdline");
	ok(readlink("/proc/self/exe", link, 255) > 0 && strstr(link, "proc"), "exe");
	ok(readlink("/proc/self/cwd", link, 255) > 0, "cwd");
	must(open("/dev/null", O_RDONLY) >= 0);
	d = opendir("/proc/self/fd");
	while (d && (e = readdir(d)))
		found |= !strcmp(e->d_name, "1");
	ok(found, "fd: descriptor 1");
	memset(link, 0, sizeof(link));
	ok(readlink("/proc/self/fd/3", link, 255) > 0, "fd: links");
	d = opendir("/proc");
	while (d && (e = readdir(d)))
		me |= atoi(e->d_name) == getpid();
	ok(me, "/proc lists this process");
	fails(open("/proc/999999/stat", O_RDONLY), ENOENT, "no such process");
	ok(readlink("/proc/self", link, 255) > 0 && atoi(link) == getpid(), "self");
	opened("/proc/1/stat");
	ok(strstr(text, "(init)"), "process 1 is init");
	ok(strstr(opened("/proc/self/mounts"), "tmpfs"), "self/mounts");
	ok(strstr(opened("/proc/self/limits"), "Max open files"), "self/limits");
}

int main(void)
{
	memory();
	machine();
	maps();
	of_process();
	return tap_end();
}
