// SPDX-License-Identifier: MIT
/*
 * The core file: an ELF file of type ET_CORE.
 *
 *	Elf64_Ehdr
 *	Elf64_Phdr PT_NOTE, then one PT_LOAD for each VMA	(p_filesz 0: only that it was there)
 *	notes: of the first thread PRSTATUS; of the process PRPSINFO, SIGINFO, AUXV, FILE; the first thread's
 *	       other registers; then for each further thread PRSTATUS and its others
 *	up to the next page
 *	memory, VMA by VMA					(pages that never were: holes)
 *
 * The notes are built in memory first, as their length comes before them. Layouts are the interface of
 * debuggers (core(5), <sys/procfs.h>); Linux 6.1: fs/binfmt_elf.c. More than 65534 VMAs are not written:
 * the header cannot count them without a section header.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <seam/page.h>
#include <seam/ptrace.h>
#include <sync/rcu.h>
#include <fs/file.h>
#include <fs/path.h>
#include <kernel/coredump.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/ptrace.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <linux/elf.h>

#define NR_GREGS	27
#define PRARGSZ		80
#define NT_SIGINFO_CORE 0x53494749
#define NT_FILE_CORE	0x46494c45
#define FILE_NOTE_MAX	(4u << 20) /* bytes for the names of files, as on Linux */

struct core_timeval {
	long sec, usec;
};

struct elf_prstatus {
	int si_signo, si_code, si_errno;
	short cursig;
	unsigned long sigpend, sighold;
	int pid, ppid, pgrp, sid;
	struct core_timeval utime, stime, cutime, cstime;
	unsigned long reg[NR_GREGS];
	int fpvalid;
};

struct elf_prpsinfo {
	char state, sname, zomb, nice;
	unsigned long flag;
	unsigned int uid, gid;
	int pid, ppid, pgrp, sid;
	char fname[TASK_COMM_LEN];
	char psargs[PRARGSZ];
};
static_assert(sizeof(struct elf_prstatus) == 336, "a debugger knows the layout");
static_assert(sizeof(struct elf_prpsinfo) == 136, "a debugger knows the layout");

/* ---- notes, in a buffer that grows ---- */

struct notes {
	char *buf;
	size_t len, size;
	bool failed;
};

/* Room for @n bytes more, zeroed; NULL without memory. */
static void *reserve(struct notes *t, size_t n)
{
	char *at;

	n = (n + 3) & ~(size_t)3;
	if (t->len + n > t->size && !t->failed) {
		size_t size = max(t->size * 2, t->len + n + PAGE_SIZE);
		char *bigger = kvmalloc(size, GFP_KERNEL);

		if (bigger) {
			memcpy(bigger, t->buf, t->len);
			kvfree(t->buf);
			t->buf = bigger;
			t->size = size;
		} else {
			t->failed = true;
		}
	}
	if (t->failed)
		return NULL;
	at = t->buf + t->len;
	t->len += n;
	memset(at, 0, n);
	return at;
}

/* The header of a note and its name; where its @size bytes go, NULL without memory. */
static void *new_note(struct notes *t, const char *name, unsigned int type, size_t size)
{
	struct elf64_note *n = reserve(t, sizeof(*n));
	size_t name_size = strlen(name) + 1;
	char *at;

	if (!n)
		return NULL;
	*n = (struct elf64_note){ (u32)name_size, (u32)size, type };
	at = reserve(t, name_size);
	if (at)
		memcpy(at, name, name_size);
	return reserve(t, size);
}

static void add_note(struct notes *t, const char *name, unsigned int type, const void *data,
		     size_t size)
{
	void *at = new_note(t, name, type, size);

	if (at)
		memcpy(at, data, size);
}

/* ---- of threads ---- */

static struct core_timeval timeval_of(u64 ns)
{
	return (struct core_timeval){ (long)(ns / NSEC_PER_SEC),
				      (long)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

static void note_prstatus(struct notes *t, struct task_struct *p, const kernel_siginfo_t *info)
{
	unsigned int n;
	const struct user_regset *gregs = task_regsets(&n);
	struct elf_prstatus s = {
		.si_signo = info->si_signo,
		.cursig = (short)info->si_signo,
		.sigpend = p->pending.signal,
		.sighold = p->blocked,
		.pid = p->pid,
		.pgrp = task_pgrp_vnr(p),
		.sid = task_session_vnr(p),
		.fpvalid = 1,
		.cutime = timeval_of(p->signal->cutime),
		.cstime = timeval_of(p->signal->cstime),
	};
	u64 ut, st;

	rcu_read_lock();
	s.ppid = READ_ONCE(p->real_parent)->pid;
	rcu_read_unlock();
	if (thread_group_leader(p))
		thread_group_cputime_adjusted(p, &ut, &st);
	else
		task_cputime_adjusted(p, &ut, &st);
	s.utime = timeval_of(ut);
	s.stime = timeval_of(st);
	gregs[0].get(p, s.reg);
	add_note(t, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

/* Its registers but the general ones. */
static void note_regsets(struct notes *t, struct task_struct *p)
{
	unsigned int n;
	const struct user_regset *sets = task_regsets(&n);

	for (unsigned int i = 1; i < n; i++) {
		size_t size = (size_t)sets[i].n * sets[i].size;
		struct notes before = *t;
		void *at;

		if (!size)
			continue;
		at = new_note(t, sets[i].type == NT_PRFPREG ? "CORE" : "LINUX", sets[i].type, size);
		if (at && sets[i].get(p, at))
			t->len = before.len; /* this thread has none */
	}
}

/* ---- of the process ---- */

/* Its arguments, as ps shows them. */
static void copy_args(char *to, struct mm_struct *mm)
{
	unsigned long len = min(mm->arg_end - mm->arg_start, (unsigned long)PRARGSZ - 1);

	len = (unsigned long)access_remote_vm(mm, mm->arg_start, to, (int)len, FOLL_FORCE);
	for (unsigned long i = 0; i < len; i++)
		if (!to[i])
			to[i] = ' ';
}

static void note_prpsinfo(struct notes *t, struct mm_struct *mm)
{
	struct task_struct *p = current;
	const struct cred *cred = p->real_cred;
	struct elf_prpsinfo s = {
		.sname = 'R', /* who dumps runs */
		.nice = (char)task_nice(p),
		.flag = p->flags,
		.uid = cred->uid,
		.gid = cred->gid,
		.pid = p->pid,
		.pgrp = task_pgrp_vnr(p),
		.sid = task_session_vnr(p),
	};

	rcu_read_lock();
	s.ppid = READ_ONCE(p->real_parent)->pid;
	rcu_read_unlock();
	get_task_comm(s.fname, p);
	copy_args(s.psargs, mm);
	add_note(t, "CORE", NT_PRPSINFO, &s, sizeof(s));
}

static void note_siginfo(struct notes *t, const kernel_siginfo_t *info)
{
	char *at = new_note(t, "CORE", NT_SIGINFO_CORE, sizeof(siginfo_t));

	if (at)
		memcpy(at, info, sizeof(*info));
}

static void note_auxv(struct notes *t, const struct mm_struct *mm)
{
	unsigned int n = 0;

	do
		n += 2;
	while (n < AT_VECTOR_SIZE && mm->saved_auxv[n - 2]);
	add_note(t, "CORE", NT_AUXV, mm->saved_auxv, n * sizeof(mm->saved_auxv[0]));
}

/* Which file lies where: count, page size, {start, end, page offset} of each; then the names. */
static void note_files(struct notes *t, const struct coredump_params *cprm)
{
	char *page = (char *)__get_free_page(GFP_KERNEL), *names = NULL;
	unsigned long *head = NULL;
	size_t len = 0, room = PAGE_SIZE;
	unsigned long count = 0;

	for (unsigned int i = 0; i < cprm->nr_vmas; i++)
		room += cprm->vmas[i].file ? 256 : 0;
	room = min_t(size_t, room, FILE_NOTE_MAX);
	head = kvmalloc((2 + 3 * (size_t)cprm->nr_vmas) * 8, GFP_KERNEL);
	names = kvmalloc(room, GFP_KERNEL);
	if (!page || !head || !names)
		goto out;
	for (unsigned int i = 0; i < cprm->nr_vmas; i++) {
		const struct core_vma *v = &cprm->vmas[i];
		char *path = v->file ? file_path(v->file, page, PAGE_SIZE) : NULL;
		size_t n;

		if (!path || IS_ERR(path))
			continue;
		n = strlen(path) + 1;
		if (len + n > room)
			break;
		memcpy(names + len, path, n);
		len += n;
		head[2 + 3 * count] = v->start;
		head[3 + 3 * count] = v->end;
		head[4 + 3 * count] = v->pgoff;
		count++;
	}
	if (count) {
		size_t bytes = (2 + 3 * count) * 8;
		char *at = new_note(t, "CORE", NT_FILE_CORE, bytes + len);

		head[0] = count;
		head[1] = PAGE_SIZE;
		if (at) {
			memcpy(at, head, bytes);
			memcpy(at + bytes, names, len);
		}
	}
out:
	kvfree(names);
	kvfree(head);
	free_page((unsigned long)page);
}

static void build_notes(struct notes *t, const struct coredump_params *cprm)
{
	struct core_thread *other = current->signal->core_state->dumper.next;

	note_prstatus(t, current, cprm->siginfo);
	note_prpsinfo(t, current->mm);
	note_siginfo(t, cprm->siginfo);
	note_auxv(t, current->mm);
	note_files(t, cprm);
	note_regsets(t, current);
	for (; other; other = other->next) {
		note_prstatus(t, other->task, cprm->siginfo);
		note_regsets(t, other->task);
	}
}

/* ---- the file ---- */

static bool write_headers(struct coredump_params *cprm, const struct notes *t, unsigned long data)
{
	unsigned long headers =
		sizeof(struct elf64_hdr) + (cprm->nr_vmas + 1UL) * sizeof(struct elf64_phdr);
	struct elf64_hdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(struct elf64_phdr),
		.e_phnum = (u16)(cprm->nr_vmas + 1),
	};
	struct elf64_phdr ph = { .p_type = PT_NOTE, .p_offset = headers, .p_filesz = t->len };

	if (!dump_emit(cprm, &eh, sizeof(eh)) || !dump_emit(cprm, &ph, sizeof(ph)))
		return false;
	for (unsigned int i = 0; i < cprm->nr_vmas; i++) {
		const struct core_vma *v = &cprm->vmas[i];

		ph = (struct elf64_phdr){
			.p_type = PT_LOAD,
			.p_offset = data,
			.p_vaddr = v->start,
			.p_filesz = v->dump_size,
			.p_memsz = v->end - v->start,
			.p_flags = (v->flags & VM_READ ? PF_R : 0) |
				   (v->flags & VM_WRITE ? PF_W : 0) |
				   (v->flags & VM_EXEC ? PF_X : 0),
			.p_align = PAGE_SIZE,
		};
		if (!dump_emit(cprm, &ph, sizeof(ph)))
			return false;
		data += v->dump_size;
	}
	return true;
}

static bool write_all(struct coredump_params *cprm, const struct notes *t)
{
	unsigned long notes_end = sizeof(struct elf64_hdr) +
				  (cprm->nr_vmas + 1UL) * sizeof(struct elf64_phdr) + t->len;
	unsigned long data = PAGE_ALIGN(notes_end);

	if (!write_headers(cprm, t, data) || !dump_emit(cprm, t->buf, t->len))
		return false;
	dump_skip(cprm, data - notes_end);
	for (unsigned int i = 0; i < cprm->nr_vmas; i++)
		if (!dump_user_range(cprm, cprm->vmas[i].start, cprm->vmas[i].dump_size))
			return false;
	return true;
}

bool elf_core_dump(struct coredump_params *cprm)
{
	struct notes t = { .buf = NULL };
	bool begun;

	if (cprm->nr_vmas + 1 >= PN_XNUM)
		return false;
	build_notes(&t, cprm);
	begun = !t.failed;
	if (begun)
		(void)write_all(cprm, &t); /* cut short by the limit it is a dump, as on Linux */
	kvfree(t.buf);
	return begun;
}
