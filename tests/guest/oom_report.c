// SPDX-License-Identifier: MIT
/*
 * What the log tells of a kill in a control group, and of one that takes a whole group with it, line for line; and what
 * /proc/mm/oom tells of groups (oracle: none, /proc/mm is Quire's).
 */
#include "cgroup.h"

#include <regex.h>

#define LIMIT	 (8 << 20)
#define QUIET_US 5500000UL /* ten reports in 5 s, no more */

static bool matches(const char *line, const char *pattern)
{
	regex_t re;
	bool is;

	must(!regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB));
	is = !regexec(&re, line, 0, NULL, 0);
	regfree(&re);
	return is;
}

/* ---- the log ---- */

static int kmsg;
static struct {
	unsigned long us; /* since boot */
	char *text;
} * lines;
static unsigned nr_lines, at; /* those before @at have been looked for, or passed over */

/* All that the log has by now. */
static void read_on(void)
{
	char record[8192], *text;
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		text = strchr(record, ';');
		lines = realloc(lines, (nr_lines + 1) * sizeof(*lines));
		must(text && lines && sscanf(record, "%*u,%*u,%lu", &lines[nr_lines].us) == 1);
		text++;
		lines[nr_lines].text = strndup(text, strcspn(text, "\n"));
		must(lines[nr_lines++].text);
	}
}

/* Is there such a line behind the last one that was found? */
static bool comes(const char *pattern)
{
	read_on();
	for (unsigned i = at; i < nr_lines; i++)
		if (matches(lines[i].text, pattern)) {
			at = i + 1;
			return true;
		}
	return false;
}

static void pass_over(void)
{
	read_on();
	at = nr_lines;
}

/* The log is read to its end. Those whom a test before has had killed do not keep ours from being told of. */
static void let_kills_pass(void)
{
	unsigned long last_us = 0, now_us;

	while (comes("Killed process"))
		last_us = lines[at - 1].us;
	pass_over();
	now_us = (unsigned long)now_ns(CLOCK_MONOTONIC) / 1000;
	if (last_us && now_us < last_us + QUIET_US)
		usleep((useconds_t)(last_us + QUIET_US - now_us));
}

/* Is there a line with this pattern (%d: @pid) behind the last one? The line; or "", and the lines that are there are for the next one. */
__attribute__((format(printf, 1, 0))) static const char *says(const char *pattern, int pid)
{
	char with_pid[512];

	snprintf(with_pid, sizeof(with_pid), pattern, pid);
	if (ok(EVENTUALLY(comes(with_pid)), "the log says %.60s", pattern))
		return lines[at - 1].text;
	printf("# wanted %s, but\n", with_pid);
	for (unsigned i = at; i < nr_lines && i < at + 20; i++)
		printf("# came   %s\n", lines[i].text);
	return "";
}

/*
 * A group whose charge failed: at its limit, but for what goes until its usage is read. What CPUs have in stock, 64 pages each at
 * most, a worker gives back.
 */
static void is_at(long usage, long limit, const char *what)
{
	if (!ok(usage <= limit && usage >= limit - limit / 4, "%s: at its limit", what))
		printf("# %ld of %ld\n", usage, limit);
}

static int status_of(pid_t pid)
{
	int status = -1;

	must(waitpid(pid, &status, 0) == pid);
	return status;
}

static pid_t glutton(void)
{
	pid_t pid = cg_member("report/b");
	size_t size = 1 << 30;
	char *p;

	if (pid)
		return pid;
	prctl(PR_SET_NAME, "glutton");
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	must(p != MAP_FAILED);
	madvise(p, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
	_exit(1);
}

static void score(pid_t pid, const char *adj)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	fd = open(path, O_WRONLY);
	must(fd >= 0 && write(fd, adj, strlen(adj)) == (ssize_t)strlen(adj));
	close(fd);
}

static pid_t member(const char *group, const char *adj)
{
	char procs[64];
	pid_t pid = cg_member(group);

	must(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	score(pid, adj);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	must(CG_WAIT(cg_lists(procs, pid)));
	return pid;
}

static void limits(void)
{
	pid_t pid = glutton();
	long kb = -1;

	is(status_of(pid), SIGKILL, "a group at its limit: who eats is killed");
	says("^glutton invoked oom-killer: gfp_mask=0x[0-9a-f]+\\([A-Z_|]+\\), order=0, oom_score_adj=0$",
	     0);
	says("^Call Trace:", 0);
	sscanf(says("^memory: usage [0-9]+kB, limit 8192kB, failcnt [1-9][0-9]*$", 0),
	       "memory: usage %ldkB", &kb);
	is_at(kb, LIMIT >> 10, "usage");
	says("^swap: usage [0-9]+kB, limit 9007199254740988kB, failcnt 0$", 0);
	says("^Memory cgroup stats for /report:", 0);
	says("^anon [1-9][0-9]{5,}", 0);
	says("^Tasks state \\(memory values in pages\\):$", 0);
	says("^\\[  pid  \\]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name$",
	     0);
	says("^\\[ *%d\\] +0 +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +0 glutton$", pid);
	says("^oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=\\(null\\),cpuset=report,mems_allowed=0,"
	     "oom_memcg=/report,task_memcg=/report/b,task=glutton,pid=%d,uid=0$",
	     pid);
	says("^Memory cgroup out of memory: Killed process %d \\(glutton\\) total-vm:[0-9]+kB, anon-rss:[0-9]+kB, "
	     "file-rss:[0-9]+kB, shmem-rss:[0-9]+kB, UID:0 pgtables:[0-9]+kB oom_score_adj:0$",
	     pid);
}

/* vm.oom_kill_allocating_task is for the machine: a group weighs its members all the same. */
static void most_points(void)
{
	const char *knob = "../../../proc/sys/vm/oom_kill_allocating_task";
	pid_t other = member("report/c", "1000"), eater;

	must(!cg_write(knob, "1"));
	score(getpid(),
	      "-500"); /* 2 pages are a thousandth: what 1000 adds is less than the limit */
	eater = glutton();
	score(getpid(), "0");
	is(status_of(other), SIGKILL, "oom_kill_allocating_task: one with 1000 is killed first");
	is(status_of(eater), SIGKILL, "then who eats");
	must(!cg_write(knob, "0"));
}

/* All die but those with -1000. */
static void whole_groups(void)
{
	pid_t other = member("report/c", "0"), spared = member("report/b", "-1000"), eater;
	long long kills = cg_num("report/memory.events", "oom_group_kill");

	must(!cg_write("report/memory.oom.group", "1"));
	eater = glutton();
	is(status_of(eater), SIGKILL, "memory.oom.group: who eats is killed");
	is(status_of(other), SIGKILL, "and another member of the group");
	is(waitpid(spared, NULL, WNOHANG), 0, "one with -1000 is not");
	is(cg_num("report/memory.events", "oom_group_kill"), kills + 1, "oom_group_kill counts");
	says("^Memory cgroup out of memory: Killed process %d \\(glutton\\)", eater);
	says("^Tasks in /report are going to be killed due to memory.oom.group set$", 0);
	says("^Memory cgroup out of memory: Killed process %d \\(oom_report\\)", other);

	/* SysRq-f: the machine is what is short; the victim's group dies all the same. */
	other = member("report/c", "0");
	eater = member("report/b", "1000");
	pass_over();
	cg_write("../../../proc/sysrq-trigger", "f");
	is(status_of(eater), SIGKILL, "SysRq-f kills the one with 1000");
	is(status_of(other), SIGKILL, "and another member of its group");
	is(waitpid(spared, NULL, WNOHANG), 0, "but not the one with -1000");
	says("^oom-kill:constraint=CONSTRAINT_NONE,nodemask=\\(null\\),cpuset=/,mems_allowed=0,global_oom,"
	     "task_memcg=/report/b,task=oom_report,pid=%d,uid=0$",
	     eater);
	says("^Out of memory: Killed process %d \\(oom_report\\)", eater);
	says("^Tasks in /report are going to be killed due to memory.oom.group set$", 0);
	says("^Out of memory: Killed process %d \\(oom_report\\)", other);
	cg_reap(spared);
	must(!cg_write("report/memory.oom.group", "0"));
}

/* ---- /proc/mm/oom ---- */

#define LAST	"../../../proc/mm/oom/last"
#define DRY_RUN "../../../proc/mm/oom/dry_run"

/* The line of @file with this pattern, or NULL. */
static const char *tells(const char *file, const char *pattern)
{
	char *line = strtok(cg_read(file), "\n");

	while (line && !matches(line, pattern))
		line = strtok(NULL, "\n");
	return line;
}

static void verdicts(void)
{
	pid_t pid = glutton(), old, young;
	const char *group;
	char pattern[128];
	long pages = -1;

	is(status_of(pid), SIGKILL, "one more is killed");
	snprintf(pattern, sizeof(pattern), "^chosen    %d, killed$", pid);
	ok(EVENTUALLY(tells(LAST, pattern)), "last: who was chosen");
	group = tells(LAST,
		      "^group     /report: [0-9]+ pages of 2048, swap 0 pages of any number$");
	ok(group && sscanf(group, "group     /report: %ld", &pages) == 1,
	   "last: the group with its usage and its limit");
	is_at(pages, LIMIT / (long)PAGE, "last");
	ok(tells(LAST, "^reclaim   [1-9][0-9]* rounds, [1-9][0-9]* passes"),
	   "last: what reclaim of the group tried");

	old = member("report/b", "500");
	young = member("report/c", "0");
	fails(cg_write(DRY_RUN, "/nothing"), ENOENT, "dry_run: no such group");
	must(!cg_write(DRY_RUN, "/report"));
	ok(tells(DRY_RUN, "^group     /report: [0-9]+ pages of 2048") &&
		   !tells(DRY_RUN, "init: init"),
	   "dry_run: the members of the group");
	snprintf(pattern, sizeof(pattern), "^would die %d \\(oom_report\\)", old);
	ok(tells(DRY_RUN, pattern), "dry_run: the one who would die");
	snprintf(pattern, sizeof(pattern), "^youngest +%d \\(oom_report\\)", young);
	ok(tells(DRY_RUN, pattern), "dry_run: and by another rule, who is another");
	ok(!tells(DRY_RUN, "^and all with it"), "dry_run: alone");
	cg_write("report/memory.oom.group", "1");
	ok(tells(DRY_RUN, "^and all with it in the group /report:"),
	   "dry_run: with memory.oom.group, not alone");
	must(!cg_write(DRY_RUN, "/"));
	ok(tells(DRY_RUN, "init: init"), "dry_run: the machine again");
	cg_reap(old);
	cg_reap(young);
}

int main(void)
{
	cg_mount();
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	must(kmsg >= 0);
	let_kills_pass();
	must(!cg_write("cgroup.subtree_control", "+memory +cpuset"));
	must(!cg_mkdir("report") && !cg_write("report/cgroup.subtree_control", "+memory"));
	must(!cg_mkdir("report/b") && !cg_mkdir("report/c"));
	must(!cg_write_num("report/memory.max", LIMIT));
	limits();
	most_points();
	whole_groups();
	if (access("/proc/mm", F_OK))
		ok(errno == ENOENT, "/proc/mm/oom of groups # skip oracle: none, no /proc/mm");
	else
		verdicts();
	ok(CG_WAIT(!cg_rmdir("report/b")) && CG_WAIT(!cg_rmdir("report/c")) &&
		   CG_WAIT(!cg_rmdir("report")),
	   "the groups can be removed");
	cg_write("cgroup.subtree_control", "-memory -cpuset");
	return tap_end();
}
