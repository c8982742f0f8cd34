// SPDX-License-Identifier: MIT
/*
 * Hostile ELF files: a small good program whose header fields are put to their extremes one by
 * one, and truncated at each place. exec answers with an errno or the program dies; the kernel
 * lives. Where Linux's errno is certain it is checked.
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

static void truncated(void)
{
	int survived = 0, refused = 0;

	for (size_t size = 0; size <= CODE + sizeof(code); size += size < 200 ? 1 : 97) {
		int r;

		build();
		r = run(size);
		if (size < 64 + 56 * 2)
			refused += r == ENOEXEC || r == EIO;
		survived++;
	}
	is(refused, 64 + 56 * 2, "cut within the headers: an error each time");
	ok(survived > 200, "cut at %d places", survived);
}

/* Each field of the headers to each extreme: whatever happens, it happens to the child. */
static void extremes(void)
{
	static const uint64_t values[] = { 0,
					   1,
					   0x7f,
					   0x1000,
					   0x7fffffff,
					   0xffffffff,
					   0x7fffffffffff,
					   0x8000000000000000,
					   ~0ull,
					   ~0ull - 0xfff };
	static const struct {
		size_t at, size;
	} fields[] = {
		{ 4, 1 },   { 5, 1 },	{ 6, 1 },   { 16, 2 },	{ 18, 2 },  { 20, 4 },	{ 24, 8 },
		{ 32, 8 },  { 48, 4 },	{ 52, 2 },  { 54, 2 },	{ 56, 2 },  { 58, 2 },	{ 64, 4 },
		{ 68, 4 },  { 72, 8 },	{ 80, 8 },  { 96, 8 },	{ 104, 8 }, { 112, 8 }, { 120, 4 },
		{ 124, 4 }, { 128, 8 }, { 136, 8 }, { 152, 8 }, { 160, 8 }, { 168, 8 },
	};
	int runs = 0;

	for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
		for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
			build();
			memcpy(file + fields[f].at, &values[v], fields[f].size);
			run(sizeof(file));
			runs++;
		}
	is(runs, (int)(sizeof(fields) / sizeof(*fields) * sizeof(values) / sizeof(*values)),
	   "every header field at every extreme, and the kernel lives");
}

static void random_bytes(void)
{
	uint64_t seed = 12345;

	for (int i = 0; i < 300; i++) {
		build();
		for (int k = 0; k < 6; k++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			file[(seed >> 33) % 176] = (unsigned char)(seed >> 50);
		}
		run(sizeof(file));
	}
	ok(true, "300 headers with six random bytes each");
}

int main(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	alarm(50); /* a mutation may well loop for ever: then this test fails, not the machine */
	sigaction(SIGALRM, &sa, NULL);
	certain();
	truncated();
	extremes();
	random_bytes();
	unlink("/tmp/hostile");
	return tap_end();
}
