// SPDX-License-Identifier: MIT
/* Core dumps, core(5): when there is one, its name, its notes, which memory it has, pipes. */
#include "tap.h"
#include <elf.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/user.h>

#define N_SIGINFO 0x53494749
#define N_FILE	  0x46494c45
#define DIR	  "/tmp/cores"

/* ---- a core file in memory ---- */

static char *core;
static size_t core_size;

static bool load(const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);

	free(core);
	core = NULL;
	if (fd < 0)
		return false;
	must(!fstat(fd, &st));
	core_size = (size_t)st.st_size;
	core = malloc(core_size + 1);
	must(core && read(fd, core, core_size) == (ssize_t)core_size);
	close(fd);
	return core_size > sizeof(Elf64_Ehdr) && !memcmp(core, ELFMAG, SELFMAG);
}

static Elf64_Phdr *phdrs(void)
{
	return (Elf64_Phdr *)(core + ((Elf64_Ehdr *)core)->e_phoff);
}

/* The nth note of that type, NULL; its length. */
static void *note(unsigned int type, int nth, unsigned int *len)
{
	Elf64_Phdr *p = phdrs();
	size_t at = p->p_offset, end = at + p->p_filesz;

	while (p->p_type == PT_NOTE && at + sizeof(Elf64_Nhdr) <= end) {
		Elf64_Nhdr *n = (Elf64_Nhdr *)(core + at);
		size_t desc = at + sizeof(*n) + ((n->n_namesz + 3) & ~3u);

		if (n->n_type == type && !nth--) {
			if (len)
				*len = n->n_descsz;
			return core + desc;
		}
		at = desc + ((n->n_descsz + 3) & ~3u);
	}
	return NULL;
}

static Elf64_Phdr *segment(unsigned long addr)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)core;

	for (int i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr *p = &phdrs()[i];

		if (p->p_type == PT_LOAD && addr >= p->p_vaddr && addr < p->p_vaddr + p->p_memsz)
			return p;
	}
	return NULL;
}

/* What the dump has at addr, NULL for nothing. */
static void *at(unsigned long addr)
{
	Elf64_Phdr *p = segment(addr);

	return p && addr < p->p_vaddr + p->p_filesz ? core + p->p_offset + (addr - p->p_vaddr)
						    : NULL;
}

/* ---- victims ---- */

static volatile long marked = 0x1122334455667788;
static char *priv, *dontdump, *shared, *untouched;

static void victim_setup(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	must(!setrlimit(RLIMIT_CORE, &r));
	must(!chdir(DIR));
}

static void segv(void)
{
	victim_setup();
	*(volatile char *)0x123 = 1;
}

static void limited(rlim_t limit)
{
	struct rlimit r = { limit, limit };

	victim_setup();
	must(!setrlimit(RLIMIT_CORE, &r));
	abort();
}

static void limit_0(void)
{
	limited(0);
}

static void limit_16k(void)
{
	limited(16384);
}

static void undumpable(void)
{
	victim_setup();
	prctl(PR_SET_DUMPABLE, 0);
	abort();
}

static void by_term(void)
{
	victim_setup();
	raise(SIGTERM);
}

static void by_kill(void)
{
	victim_setup();
	raise(SIGKILL);
}

static volatile int standing;

static void *stander(void *arg)
{
	double v = (double)(long)arg;

	asm volatile("movsd %1, %%xmm7\n\tlock incl %0" : "+m"(standing) : "m"(v) : "xmm7", "cc");
	for (;;)
		pause();
	return arg;
}

static void threads(void)
{
	pthread_t t;

	victim_setup();
	for (long i = 1; i <= 3; i++)
		must(!pthread_create(&t, NULL, stander, (void *)(i * 100)));
	must(EVENTUALLY(standing == 3));
	raise(SIGQUIT);
	for (;;)
		pause();
}

static void filter_nothing(void)
{
	FILE *f = fopen("/proc/self/coredump_filter", "w");

	must(f && fprintf(f, "0") == 1 && !fclose(f));
	victim_setup();
	abort();
}

static void setup_memory(void)
{
	priv = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(NULL, 4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	dontdump = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	untouched = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(priv, "private");
	strcpy(dontdump, "not this");
	strcpy(shared, "shared");
	must(!madvise(dontdump, 4096, MADV_DONTDUMP));
}

static void set(const char *name, const char *value)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	f = fopen(path, "w");
	must(f && fputs(value, f) >= 0 && !fclose(f));
}

static bool exists(const char *name)
{
	return !access(name, F_OK);
}

/* ---- tests ---- */

static void test_when(void)
{
	int status;

	status = in_child(limit_0);
	is(status, SIGABRT, "RLIMIT_CORE 0: no core bit");
	ok(!exists(DIR "/core"), "RLIMIT_CORE 0: no file");
	is(in_child(undumpable), SIGABRT, "not dumpable: none");
	is(in_child(by_term), SIGTERM, "SIGTERM: none");
	is(in_child(by_kill), SIGKILL, "SIGKILL: none");
	ok(!exists(DIR "/core"), "still no file");
	is(in_child(limit_16k), SIGABRT | 0x80, "a small limit: cut short, with the core bit");
	struct stat st;
	must(!stat(DIR "/core", &st));
	ok(st.st_size <= 16384, "a small limit: the file is not longer");
	is(st.st_mode & 07777, 0600, "mode 0600");
	unlink(DIR "/core");
}

static void test_segv(void)
{
	unsigned int len = 0;
	siginfo_t si, *in_core;
	struct user_regs_struct *regs;
	unsigned long *files;
	char *st, *ps;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		segv();
		_exit(0);
	}
	memset(&si, 0, sizeof(si));
	must(!waitid(P_PID, (id_t)pid, &si, WEXITED));
	is(si.si_code, CLD_DUMPED, "waitid: CLD_DUMPED");
	is(si.si_status, SIGSEGV, "waitid: the signal");
	must(load(DIR "/core"));
	Elf64_Ehdr *eh = (Elf64_Ehdr *)core;
	ok(eh->e_type == ET_CORE && eh->e_machine == EM_X86_64, "an ELF core file");
	is(phdrs()[0].p_type, PT_NOTE, "first the notes");

	st = note(NT_PRSTATUS, 0, &len);
	must(st);
	is(len, 336, "PRSTATUS: size");
	is(*(int *)st, SIGSEGV, "PRSTATUS: the signal");
	is(*(int *)(st + 32), pid, "PRSTATUS: pid");
	is(*(int *)(st + 36), getpid(), "PRSTATUS: parent");
	regs = (struct user_regs_struct *)(st + 112);
	ok(regs->rip > (unsigned long)segv && regs->rip < (unsigned long)segv + 200,
	   "PRSTATUS: rip");
	is(regs->cs, 0x33, "PRSTATUS: cs");
	ok(!note(NT_PRSTATUS, 1, NULL), "PRSTATUS: one thread");
	ps = note(NT_PRPSINFO, 0, &len);
	must(ps);
	is(len, 136, "PRPSINFO: size");
	ok(!strcmp(ps + 40, "coredump"), "PRPSINFO: name");
	ok(strstr(ps + 56, "coredump") != NULL, "PRPSINFO: arguments");
	in_core = note(N_SIGINFO, 0, &len);
	must(in_core);
	is(len, 128, "SIGINFO: size");
	ok(in_core->si_signo == SIGSEGV && in_core->si_code == SEGV_MAPERR &&
		   in_core->si_addr == (void *)0x123,
	   "SIGINFO: the fault");
	unsigned long *aux = note(NT_AUXV, 0, &len);
	must(aux);
	unsigned long pagesz = 0;
	for (unsigned int i = 0; i < len / 16; i++)
		if (aux[2 * i] == AT_PAGESZ)
			pagesz = aux[2 * i + 1];
	is(pagesz, 4096, "AUXV");
	files = note(N_FILE, 0, &len);
	must(files);
	ok(files[0] > 0 && files[1] == 4096, "FILE: count and page size");
	ok(strstr((char *)(files + 2 + 3 * files[0]), "coredump") != NULL, "FILE: this program");
	ok(note(NT_PRFPREG, 0, &len) && len == 512, "FPREGSET");
	ok(note(NT_X86_XSTATE, 0, &len) && len >= 576, "X86_XSTATE");

	ok(at((unsigned long)&marked) && *(long *)at((unsigned long)&marked) == marked,
	   "memory: a variable");
	ok(at((unsigned long)priv) && !strcmp(at((unsigned long)priv), "private"),
	   "memory: private");
	ok(at((unsigned long)priv + 4096) && !*(long *)at((unsigned long)priv + 4096),
	   "memory: a page never touched is zero");
	ok(at((unsigned long)shared) && !strcmp(at((unsigned long)shared), "shared"),
	   "memory: shared anonymous");
	ok(segment((unsigned long)dontdump) && !at((unsigned long)dontdump),
	   "memory: MADV_DONTDUMP is there without contents");
	ok(segment((unsigned long)untouched) && !at((unsigned long)untouched),
	   "memory: nothing of a mapping never written to");
	ok(at(regs->rsp), "memory: the stack");
	ok(segment((unsigned long)segv) && !at((unsigned long)segv), "memory: no text");
	unsigned long vdso = 0;
	for (unsigned int i = 0; aux[2 * i]; i++)
		if (aux[2 * i] == AT_SYSINFO_EHDR)
			vdso = aux[2 * i + 1];
	ok(vdso && at(vdso) && !memcmp(at(vdso), ELFMAG, SELFMAG), "memory: the vDSO");
	Elf64_Phdr *text = segment((unsigned long)segv);
	ok(text && text->p_flags == (PF_R | PF_X), "memory: rights");
	unlink(DIR "/core");
}

static void test_threads(void)
{
	int found = 0;
	char *st;

	is(in_child(threads), SIGQUIT | 0x80, "threads: dumped");
	must(load(DIR "/core"));
	for (int i = 0; (st = note(NT_PRSTATUS, i, NULL)); i++)
		found++;
	is(found, 4, "threads: a PRSTATUS for each");
	unsigned int seen = 0;
	for (int i = 0; i < 4; i++) {
		char *fp = note(NT_PRFPREG, i, NULL);
		double v = fp ? *(double *)(fp + 160 + 7 * 16) : 0;

		for (int n = 1; n <= 3; n++)
			if (v == n * 100)
				seen |= 1u << n;
	}
	is(seen, 14, "threads: with their own registers");
	unlink(DIR "/core");
}

static void test_filter(void)
{
	is(in_child(filter_nothing), SIGABRT | 0x80, "coredump_filter 0: dumped");
	must(load(DIR "/core"));
	ok(!at((unsigned long)priv) && !at((unsigned long)shared), "coredump_filter 0: no memory");
	unlink(DIR "/core");
}

static void test_names(void)
{
	char name[128];
	pid_t pid;
	int status;

	set("kernel/core_pattern", "c-%e-%s-%%-%u-%p\n");
	fflush(stdout);
	pid = fork();
	if (!pid)
		segv();
	must(waitpid(pid, &status, 0) == pid);
	snprintf(name, sizeof(name), DIR "/c-coredump-11-%%-0-%d", pid);
	ok(exists(name), "core_pattern: %%e %%s %%%% %%u %%p");
	unlink(name);
	set("kernel/core_pattern", "core\n");
	set("kernel/core_uses_pid", "1\n");
	pid = fork();
	if (!pid)
		segv();
	must(waitpid(pid, &status, 0) == pid);
	snprintf(name, sizeof(name), DIR "/core.%d", pid);
	ok(exists(name), "core_uses_pid");
	unlink(name);
	set("kernel/core_uses_pid", "0\n");
	/* An existing file is replaced, a link is not followed. */
	must(!symlink("/tmp/elsewhere", DIR "/core"));
	is(in_child(segv), SIGSEGV | 0x80, "a link in its place");
	ok(!exists("/tmp/elsewhere") && load(DIR "/core"), "is replaced");
	unlink(DIR "/core");
	set("kernel/core_pattern", "/tmp/cores/sub/core\n");
	is(in_child(segv), SIGSEGV, "a directory that does not exist: none");
	set("kernel/core_pattern", "core\n");
}

static void test_pipe(const char *self)
{
	char pattern[160];

	snprintf(pattern, sizeof(pattern), "|%s pipe-helper %%s\n", self);
	set("kernel/core_pattern", pattern);
	is(in_child(limit_0), SIGABRT | 0x80, "a pipe: RLIMIT_CORE does not count");
	(void)EVENTUALLY(exists(DIR "/done"));
	set("kernel/core_pattern", "core\n");
	ok(load(DIR "/piped-6"), "a pipe: the program has it, and its arguments");
	if (core)
		ok(at((unsigned long)priv) && !strcmp(at((unsigned long)priv), "private"),
		   "a pipe: memory lies where it shall");
	unlink(DIR "/piped-6");
	unlink(DIR "/done");
}

static int pipe_helper(const char *sig)
{
	char name[64], buf[4096];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), DIR "/piped-%s", sig);
	fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	while ((n = read(0, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return 1;
	close(fd);
	close(open(DIR "/done", O_CREAT | O_WRONLY, 0600));
	return 0;
}

int main(int argc, char **argv)
{
	char self[128] = "";

	if (argc > 2 && !strcmp(argv[1], "pipe-helper"))
		return pipe_helper(argv[2]);
	must(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	mkdir(DIR, 0755);
	setup_memory();
	set("kernel/core_pattern", "core\n");
	test_when();
	test_segv();
	test_threads();
	test_filter();
	test_names();
	test_pipe(self);
	return tap_end();
}
