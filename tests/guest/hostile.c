// SPDX-License-Identifier: MIT
/*
 * Hostile ELF files: a small good program whose header fields are put to their extremes one by
 * one, and truncated at each place. exec answers with an errno, or the program dies, each time as on
 * Linux 6.1: hostile_table.h holds the answers, made there by "hostile table". The kernel lives.
 */
#include "tap.h"

#include <elf.h>

#define BASE 0x400000ul
#define CODE 0x1000ul

static unsigned char file[0x2000];
static Elf64_Ehdr *eh = (Elf64_Ehdr *)file;
static Elf64_Phdr *ph = (Elf64_Phdr *)(file + 64);

/* exit(0): mov $60, %eax; xor %edi, %edi; syscall */
static const unsigned char code[] = { 0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05 };

static void build(void)
{
	memset(file, 0, sizeof(file));
	memcpy(eh->e_ident, ELFMAG "\2\1\1", 7);
	eh->e_type = ET_EXEC;
	eh->e_machine = EM_X86_64;
	eh->e_version = 1;
	eh->e_entry = BASE + CODE;
	eh->e_phoff = 64;
	eh->e_ehsize = 64;
	eh->e_phentsize = 56;
	eh->e_phnum = 2;
	ph[0] = (Elf64_Phdr){ PT_LOAD, PF_R, 0, BASE, BASE, 0x1000, 0x1000, 0x1000 };
	ph[1] = (Elf64_Phdr){ PT_LOAD,	   PF_R | PF_X,	 CODE,	       BASE + CODE,
			      BASE + CODE, sizeof(code), sizeof(code), 0x1000 };
	memcpy(file + CODE, code, sizeof(code));
}

/* 0: ran and left with 0; -n: killed by n; n: errno of exec; 1000 + n: left with n. */
static int run(size_t size)
{
	int fd = open("/tmp/hostile", O_WRONLY | O_CREAT | O_TRUNC, 0700), p[2], err = 0, status;
	char *argv[] = { (char *)"hostile", NULL };
	pid_t pid;

	must(fd >= 0 && write(fd, file, size) == (ssize_t)size);
	close(fd);
	must(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		execve("/tmp/hostile", argv, argv + 1);
		err = errno;
		(void)!write(p[1], &err, sizeof(err));
		_exit(0);
	}
	close(p[1]);
	(void)!read(p[0], &err, sizeof(err));
	close(p[0]);
	waitpid(pid, &status, 0);
	if (err)
		return err;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : status ? 1000 + WEXITSTATUS(status) : 0;
}

static void certain(void)
{
	build();
	is(run(sizeof(file)), 0, "the good file runs");
	eh->e_ident[0] = 0;
	is(run(sizeof(file)), ENOEXEC, "magic");
	build();
	eh->e_type = ET_REL;
	is(run(sizeof(file)), ENOEXEC, "a relocatable object");
	build();
	eh->e_type = 0xffff;
	is(run(sizeof(file)), ENOEXEC, "type 0xffff");
	build();
	eh->e_machine = EM_AARCH64;
	is(run(sizeof(file)), ENOEXEC, "another machine");
	build();
	eh->e_phentsize = 55;
	is(run(sizeof(file)), ENOEXEC, "size of a program header");
	build();
	eh->e_phnum = 0;
	is(run(sizeof(file)), ENOEXEC, "no program header");
	build();
	eh->e_phnum = 0xffff;
	is(run(sizeof(file)), ENOEXEC, "65535 program headers");
	build();
	eh->e_phoff = ~0ul;
	ok(run(sizeof(file)) != 0, "program headers at the end of the world");
	build();
	eh->e_phoff = 0x10000;
	ok(run(sizeof(file)) > 0, "program headers behind the file");
	build();
	ph[1].p_filesz = ph[1].p_memsz + 1;
	ok(run(sizeof(file)) != 0, "larger in the file than in memory");
	build();
	ph[1].p_memsz = ~0ul;
	ok(run(sizeof(file)) != 0, "memory size wraps");
	build();
	ph[1].p_vaddr = 0xffff800000001000;
	ok(run(sizeof(file)) != 0, "a segment in the kernel");
	build();
	ph[1].p_vaddr += 1;
	ok(run(sizeof(file)) != 0, "offset and address are not congruent");
	build();
	eh->e_entry = 0xdead000;
	is(run(sizeof(file)), -SIGSEGV, "entry at nothing: SIGSEGV");
	build();
	eh->e_entry = BASE;
	is(run(sizeof(file)), -SIGSEGV, "entry not executable: SIGSEGV");
	build();
	ph[0].p_type = PT_INTERP;
	ph[0].p_offset = 0x100;
	ph[0].p_filesz = 10;
	memcpy(file + 0x100, "/none/such", 10);
	is(run(sizeof(file)), ENOEXEC, "interpreter's name without its NUL");
	ph[0].p_filesz = 11;
	is(run(sizeof(file)), ENOENT, "an interpreter that is not there");
	ph[0].p_filesz = 0x100000;
	ok(run(sizeof(file)) > 0, "an interpreter's name of 1 MiB");
	ph[0].p_filesz = 1;
	is(run(sizeof(file)), ENOEXEC, "an empty interpreter's name");
	memcpy(file + 0x100, "/tmp", 5);
	ph[0].p_filesz = 5;
	is(run(sizeof(file)), EACCES, "a directory as interpreter");
	memcpy(file + 0x100, "/etc/passwd", 12);
	ph[0].p_filesz = 12;
	ok(run(sizeof(file)) > 0, "a text as interpreter");
}

/* --- what Linux answers, one number for each file, in the order in which they are made --- */

#include "hostile_table.h"

#define NR_WANTED (sizeof(wanted) / sizeof(*wanted))

static bool
	printing; /* "hostile table": prints the numbers, to be taken on Linux into hostile_table.h */
static size_t at;
static int differ;

static void next(int r, const char *fmt, long a, long b)
{
	if (printing)
		printf("%d,%c", r, at % 16 == 15 ? '\n' : ' ');
	else if (at >= NR_WANTED || r != wanted[at]) {
		differ++;
		printf("# ");
		printf(fmt, a, b);
		printf(": %d, on Linux %d\n", r, at < NR_WANTED ? wanted[at] : 99999);
	}
	at++;
}

static void verdict(const char *what, size_t from)
{
	if (!printing)
		ok(!differ && at <= NR_WANTED, "%s: %zu files, each with Linux's answer", what,
		   at - from);
	differ = 0;
}

static void truncated(void)
{
	size_t from = at;

	for (size_t size = 0; size <= CODE + sizeof(code); size += size < 200 ? 3 : 97) {
		build();
		next(run(size), "%ld bytes of %ld", (long)size, (long)(CODE + sizeof(code)));
	}
	verdict("cut short", from);
}

static const uint64_t values[] = {
	0,
	1,
	0x7f,
	0x1000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffffff,
	0x8000000000000000,
	~0ull,
	~0ull - 0xfff,
};

static const struct field {
	size_t at, size;
} fields[] = {
	{ 4, 1 },   { 5, 1 },	{ 6, 1 },   { 7, 1 },	{ 16, 2 },  { 18, 2 },	{ 20, 4 },
	{ 24, 8 },  { 32, 8 },	{ 40, 8 },  { 48, 4 },	{ 52, 2 },  { 54, 2 },	{ 56, 2 },
	{ 58, 2 },  { 60, 2 },	{ 62, 2 },  { 64, 4 },	{ 68, 4 },  { 72, 8 },	{ 80, 8 },
	{ 88, 8 },  { 96, 8 },	{ 104, 8 }, { 112, 8 }, { 120, 4 }, { 124, 4 }, { 128, 8 },
	{ 136, 8 }, { 144, 8 }, { 152, 8 }, { 160, 8 }, { 168, 8 },
};

/* The program header number @n is an interpreter, an executable stack, a property note ... instead. */
static void special(int type)
{
	build();
	eh->e_phnum = 3;
	ph[2] = (Elf64_Phdr){ (uint32_t)type, PF_R, 0x200, BASE + 0x200, BASE + 0x200, 28, 28, 8 };
	memcpy(file + 0x200, "/none/uch-linux-x86-64.so.2", 28); /* exists in no image */
}

static void extremes(void)
{
	static const int types[] = { PT_INTERP, PT_GNU_STACK, PT_GNU_PROPERTY,
				     PT_TLS,	PT_PHDR,      PT_NOTE };
	size_t from = at;

	for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
		for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
			build();
			memcpy(file + fields[f].at, &values[v], fields[f].size);
			next(run(sizeof(file)), "byte %ld = %#lx", (long)fields[f].at,
			     (long)values[v]);
		}
	verdict("every header field at every extreme", from);
	from = at;
	for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++)
		for (size_t f = 18; f < 25; f++)
			for (size_t v = 0; v < sizeof(values) / sizeof(*values); v += 2) {
				special(types[t]);
				memcpy(file + fields[f].at + 112, &values[v], fields[f].size);
				next(run(sizeof(file)), "header of type %ld, field %ld", types[t],
				     (long)(f * 100 + v));
			}
	verdict("special program headers", from);
}

static void random_bytes(void)
{
	uint64_t seed = 12345;
	size_t from = at;

	for (int i = 0; i < 150; i++) {
		build();
		for (int k = 0; k < 6; k++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			file[(seed >> 33) % 176] = (unsigned char)(seed >> 50);
		}
		next(run(sizeof(file)), "random file %ld of %ld", i, 150);
	}
	verdict("six random bytes in the headers", from);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	(void)argv;
	printing = argc > 1;
	alarm(printing
		      ? 0
		      : 170); /* a mutation may well loop for ever: then this test fails, not the machine */
	sigaction(SIGALRM, &sa, NULL);
	if (!printing)
		certain();
	truncated();
	extremes();
	random_bytes();
	unlink("/tmp/hostile");
	return printing ? 0 : tap_end();
}
