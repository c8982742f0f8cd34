// SPDX-License-Identifier: MIT
/*
 * inject [-n NAME] [-v] [-s DEVICE [-z DEVICE]]: for each operation of ops.c, with -s of swap.c, and each kind of failure (page,
 * slab object, copy from or to the user, with -s request to the disk) the first, second, third ... question to the gate fails once, until the operation gets
 * through without using the failure up; so every place is met. oracle: none (CONFIG_FAULT_INJECTION).
 *
 *	controller				worker (one process for each n)
 *	fork					setup, touch all it needs, make-it-fail, ready
 *	nth = n, go				run
 *	how much is left of nth?		done
 *	mm_check (the worker's space too)
 *	release					verify, exit
 *
 * Each failure must give ENOMEM, EFAULT or what the operation lists, or be survived; a worker dies only
 * by the signals that the operation lists; mm_check says ok after each. After all n of an operation memory is
 * settled (debugfs mm_settle) and each account of /proc/mm/ledger and each cache of /proc/slabinfo compared
 * with before. Slab pages may move to the free ones and back as long as the objects are as many as before.
 * Controller and worker wait for each other with sched_yield(), which asks the gate nothing.
 */
#include "inject.h"

#include <sched.h>
#include <sys/mount.h>

#define MAX_ROWS 256
#define MAX_N	 2000
#define ROUNDS	 6

static const char *const dirs[NR_KINDS] = { "fail_page_alloc", "failslab", "fail_usercopy",
					    "fail_make_request" };
static const char *const kind_name[NR_KINDS] = { "page", "slab", "copy", "request" };
#define DEBUGFS "/sys/kernel/debug/"

const char *self_path;
enum kind kind_now;
static bool verbose;
static int nth_fd[NR_KINDS], settle_fd, check_fd, ledger_fd, slab_fd;

static struct shared {
	volatile int ready, go, done, err, release;
	char complaint[100];
} * shared;

/* ---- accounts ---- */

struct row {
	char name[32];
	long value;
};

struct accounts {
	int nr;
	struct row row[MAX_ROWS];
	long exchange; /* pages free or in slabs or in stores */
};

static char text[1 << 16];

static const char *slurp(int fd)
{
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	must(n > 0);
	text[n] = '\0';
	return text;
}

static void add_row(struct accounts *a, const char *name, long value)
{
	must(a->nr < MAX_ROWS);
	snprintf(a->row[a->nr].name, sizeof(a->row[0].name), "%s", name);
	a->row[a->nr++].value = value;
}

static void take_ledger(struct accounts *a)
{
	const char *line = slurp(ledger_fd);

	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char name[17];
		long pages;

		snprintf(name, sizeof(name), "%s", line);
		if (sscanf(line + 16, "%ld pages", &pages) != 1)
			continue;
		for (int i = 15; i >= 0 && name[i] == ' '; i--)
			name[i] = '\0';
		if (!strcmp(name, "free") || !strcmp(name, "per-cpu lists") ||
		    !strcmp(name, "slab") || !strcmp(name, "kept ready"))
			a->exchange += pages;
		else
			add_row(a, name, pages);
	}
}

static void take_slabs(struct accounts *a)
{
	const char *line = slurp(slab_fd);

	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char name[64], full[96];
		long active;

		if (sscanf(line, "%63s %ld", name, &active) != 2)
			continue;
		snprintf(full, sizeof(full), "slab %s", name);
		add_row(a, full, active);
	}
}

static void settle(void)
{
	must(pwrite(settle_fd, "1", 1, 0) == 1);
}

static void take_accounts(struct accounts *a)
{
	a->nr = 0;
	a->exchange = 0;
	settle();
	take_ledger(a);
	take_slabs(a);
	add_row(a, "free, slab, stores", a->exchange);
}

/* Number of differences; each printed when @print. */
static int differences(const struct accounts *a, const struct accounts *b, bool print)
{
	int nr = 0;

	for (int i = 0; i < a->nr && i < b->nr; i++) {
		if (a->row[i].value == b->row[i].value)
			continue;
		nr++;
		if (print)
			printf("# %s: %ld, was %ld\n", a->row[i].name, b->row[i].value,
			       a->row[i].value);
	}
	return nr + (a->nr != b->nr);
}

/* ---- the worker ---- */

static void worker(const struct op *op)
{
	char room[16384];
	int fd;

	memset(room, 1, sizeof(room)); /* the stack that it needs is there, and its data */
	touch_data();
	if (op->setup)
		op->setup();
	fd = open("/proc/self/make-it-fail", O_WRONLY);
	must(fd >= 0 && write(fd, "1", 1) == 1);
	close(fd);
	shared->ready = 1;
	while (!shared->go)
		sched_yield();
	shared->err = op->run();
	shared->done = 1;
	while (!shared->release)
		sched_yield();
	if (op->verify) {
		const char *wrong = op->verify(shared->err);

		if (wrong)
			snprintf(shared->complaint, sizeof(shared->complaint), "%s", wrong);
	}
	_exit(0);
}

/* ---- one failure ---- */

struct outcome {
	bool used, done;
	int err, status;
};

static void set_nth(enum kind kind, long n)
{
	char word[24];
	int len = snprintf(word, sizeof(word), "%ld", n);

	must(pwrite(nth_fd[kind], word, len, 0) == len);
}

static bool wait_for(volatile int *flag, pid_t pid, int *status)
{
	while (!*flag) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return false;
		sched_yield();
	}
	return true;
}

static void attempt(const struct op *op, enum kind kind, long n, struct outcome *o)
{
	bool alive;
	pid_t pid;

	kind_now = kind;
	memset(shared, 0, sizeof(*shared));
	memset(o, 0, sizeof(*o));
	pid = fork();
	must(pid >= 0);
	if (pid == 0)
		worker(op);
	must(wait_for(&shared->ready, pid, &o->status));
	set_nth(kind, n);
	shared->go = 1;
	alive = wait_for(&shared->done, pid, &o->status);
	o->used = atol(slurp(nth_fd[kind])) == 0;
	set_nth(kind, 0);
	o->done = alive;
	o->err = shared->err;
	if (strcmp(slurp(check_fd), "ok\n"))
		snprintf(shared->complaint, sizeof(shared->complaint), "mm_check: %.60s", text);
	if (alive) {
		shared->release = 1;
		waitpid(pid, &o->status, 0);
	}
}

/* NULL: as it should be. */
static const char *judge(const struct op *op, enum kind kind, const struct outcome *o)
{
	static char why[120];

	if (shared->complaint[0])
		return shared->complaint;
	if (WIFSIGNALED(o->status)) {
		if (!o->done && o->used && (op->may_die & DIES_OF(WTERMSIG(o->status))))
			return NULL;
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(o->status));
		return why;
	}
	if (!o->done) { /* became another program */
		if (op->exec_status &&
		    (WEXITSTATUS(o->status) == op->exec_status || (o->used && op->may_die)))
			return NULL;
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(o->status));
		return why;
	}
	if (!o->err && op->exec_status)
		return "exec returned";
	if (!o->err)
		return NULL;
	if (o->used && kind == IO_REQUEST && o->err == EIO)
		return NULL;
	if (o->used && kind < USER_COPY && (o->err == ENOMEM || o->err == op->alloc_err))
		return NULL;
	if (o->used && kind == USER_COPY && (o->err == EFAULT || o->err == op->copy_err))
		return NULL;
	snprintf(why, sizeof(why), "errno %d (%s)%s", o->err, strerror(o->err),
		 o->used ? "" : " although nothing failed");
	return why;
}

/* ---- an operation ---- */

/* Which n leaks: each alone between two settled counts. */
static void find_leak(const struct op *op, enum kind kind, long last)
{
	static struct accounts before, after;
	struct outcome o;

	for (long n = 1; n <= last; n++) {
		take_accounts(&before);
		attempt(op, kind, n, &o);
		take_accounts(&after);
		if (differences(&before, &after, false)) {
			printf("# %s: %s %ld (%s):\n", op->name, kind_name[kind], n,
			       strerror(o.err));
			differences(&before, &after, true);
		}
	}
}

struct tally {
	int wrong, survived;
	long n; /* the one that was not used up */
};

static void go_through(const struct op *op, enum kind kind, struct tally *t)
{
	struct outcome o;

	memset(t, 0, sizeof(*t));
	for (t->n = 1; t->n < MAX_N; t->n++) {
		const char *why;

		attempt(op, kind, t->n, &o);
		why = judge(op, kind, &o);
		t->survived += o.used && o.done && !o.err;
		if (verbose && o.used)
			printf("# %s: %s %ld: %s\n", op->name, kind_name[kind], t->n,
			       o.done ? strerror(o.err) : "gone");
		if (why && t->wrong++ < 10)
			printf("# %s: %s %ld: %s\n", op->name, kind_name[kind], t->n, why);
		if (!o.used)
			return;
	}
}

/*
 * Others live too: init carries our output, a worker thread of a queue comes or goes, so memory moves between a
 * few states. What leaks makes a new state each time; coming back to one that was seen before, with a round of
 * all n in between, is enough.
 */
static bool all_comes_back(const struct op *op, enum kind kind, struct tally *t)
{
	static struct accounts seen[ROUNDS + 1];

	take_accounts(&seen[0]);
	for (int round = 1; round <= ROUNDS; round++) {
		go_through(op, kind, t);
		take_accounts(&seen[round]);
		for (int i = 0; i < round; i++)
			if (!differences(&seen[i], &seen[round], false))
				return true;
	}
	for (int round = 1; round <= ROUNDS; round++) {
		printf("# %s: %s: round %d:\n", op->name, kind_name[kind], round);
		differences(&seen[round - 1], &seen[round], true);
	}
	return false;
}

static void each_nth(const struct op *op, enum kind kind)
{
	struct outcome o;
	struct tally t;
	bool back;

	attempt(op, kind, 1000000, &o); /* what is made once only is made now */
	back = all_comes_back(op, kind, &t);
	ok(!t.wrong && t.n < MAX_N, "%s: each %s fails once: %ld places, %d survived", op->name,
	   kind_name[kind], t.n - 1, t.survived);
	if (!ok(back, "%s: %s: all of it came back", op->name, kind_name[kind]))
		find_leak(op, kind, t.n);
}

static int open_debug(const char *dir, const char *file, int how)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s%s%s", dir, *dir ? "/" : "", file);
	fd = open(path, how | O_CLOEXEC);
	if (fd < 0)
		printf("# %s\n", path);
	must(fd >= 0);
	return fd;
}

static void set_file(const char *dir, const char *file, const char *value)
{
	int fd = open_debug(dir, file, O_WRONLY);

	must(write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
}

static void prepare(void)
{
	int fd;

	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (int k = 0; k < NR_KINDS; k++) {
		set_file(dirs[k], "task-filter", "Y");
		set_file(dirs[k], "verbose", "0");
		nth_fd[k] = open_debug(dirs[k], "nth", O_RDWR);
	}
	settle_fd = open_debug("", "mm_settle", O_WRONLY);
	check_fd = open_debug("", "mm_check", O_RDONLY);
	ledger_fd = open("/proc/mm/ledger", O_RDONLY | O_CLOEXEC);
	slab_fd = open("/proc/slabinfo", O_RDONLY | O_CLOEXEC);
	must(ledger_fd >= 0 && slab_fd >= 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	must(mlockall(MCL_CURRENT) == 0); /* our own pages are all there now */
	memset(text, 7, sizeof(text));
	fd = open("/tmp/inject.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i < 16; i++)
		must(write(fd, text, sizeof(text)) == sizeof(text));
	close(fd);
}

static void go_through_all(const struct op *list, int nr, enum kind last, const char *only)
{
	for (int i = 0; i < nr; i++)
		for (enum kind kind = 0; kind <= last; kind++)
			if (!strncmp(list[i].name, only, strlen(only)) &&
			    (zram_device || strncmp(list[i].name, "zram", 4)))
				each_nth(&list[i], kind);
}

int main(int argc, char **argv)
{
	const char *only = "";
	static char path[256];

	if (argc == 2 && !strcmp(argv[1], "become"))
		return 7;
	must(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	self_path = path;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v"))
			verbose = true;
		else if (!strcmp(argv[i], "-n") && i + 1 < argc)
			only = argv[++i];
		else if (!strcmp(argv[i], "-s") && i + 1 < argc)
			swap_device = argv[++i];
		else if (!strcmp(argv[i], "-z") && i + 1 < argc)
			zram_device = argv[++i];
	}
	prepare();
	if (swap_device) {
		prepare_swap();
		go_through_all(swap_ops, nr_swap_ops, IO_REQUEST, only);
	} else {
		go_through_all(ops, nr_ops, USER_COPY, only);
	}
	return tap_end();
}
