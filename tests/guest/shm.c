// SPDX-License-Identifier: MIT
/* System V shared memory: shmget(2), shmop(2), shmctl(2), /proc/sysvipc/shm, and what it does to an address space. */
#include "maps.h"
#include <grp.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#define NOBODY	     65534
#define HUGE(log)    ((log) << 26)
#define BAD	     ((void *)-1)
#define SYSCTL(name) "/proc/sys/kernel/" name

static char *const at = (char *)0x200000000; /* an address that is free */

static struct shmid_ds stat_of(int id)
{
	struct shmid_ds ds;

	memset(&ds, 0x55, sizeof(ds));
	must(shmctl(id, IPC_STAT, &ds) == 0);
	return ds;
}

static unsigned long nattch(int id)
{
	return stat_of(id).shm_nattch;
}

static int private(size_t size)
{
	int id = shmget(IPC_PRIVATE, size, 0600);

	must(id >= 0);
	return id;
}

static void rm(int id)
{
	must(shmctl(id, IPC_RMID, NULL) == 0);
}

static bool gone(int id)
{
	struct shmid_ds ds;

	return shmctl(id, IPC_STAT, &ds) == -1 && errno == EINVAL;
}

static void become(uid_t uid)
{
	must(setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	     setresuid(uid, uid, uid) == 0);
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0);
	must(write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
}

static unsigned long get(const char *path)
{
	return strtoul(slurp(path), NULL, 10);
}

/* ---- shmget ---- */

static void gets(void)
{
	key_t key = 0x51520001;
	time_t now = time(NULL);
	int id = shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0640), p, q;
	struct shmid_ds ds;

	ok(id >= 0, "get: a new segment");
	ds = stat_of(id);
	ok(ds.shm_segsz == 10000 && ds.shm_nattch == 0 && ds.shm_cpid == getpid() &&
		   ds.shm_lpid == 0 && ds.shm_atime == 0 && ds.shm_dtime == 0 &&
		   ds.shm_ctime >= now - 2 && ds.shm_ctime <= time(NULL), /* as of the last tick */
	   "get: its size, processes and times");
	ok(ds.shm_perm.__key == key && ds.shm_perm.uid == 0 && ds.shm_perm.cuid == 0 &&
		   ds.shm_perm.gid == getegid() && ds.shm_perm.mode == 0640,
	   "get: its key, owner and rights");
	is(shmget(key, 0, 0), id, "get: found by its key");
	is(shmget(key, 10000, IPC_CREAT), id, "get: created once");
	fails(shmget(key, 1, IPC_CREAT | IPC_EXCL), EEXIST, "get: EEXIST");
	fails(shmget(key, 10001, 0), EINVAL, "get: EINVAL: larger than it is");
	fails(shmget(key, 10001, IPC_CREAT | IPC_EXCL), EEXIST, "get: EEXIST comes first");
	fails(shmget(0x51520002, 1, 0), ENOENT, "get: ENOENT");
	fails(shmget(IPC_PRIVATE, 0, 0600), EINVAL, "get: EINVAL: size 0");
	fails(shmget(IPC_PRIVATE, ~0ul, 0600), EINVAL, "get: EINVAL: beyond shmmax");
	fails(shmget(IPC_PRIVATE, 1ul << 62, 0600), ENOMEM,
	      "get: ENOMEM: more than can be committed");
	fails(shmget(IPC_PRIVATE, ~0ul << 25, 0600), EINVAL, "get: EINVAL: larger than a file");
	p = shmget(IPC_PRIVATE, 1, 0600);
	q = shmget(IPC_PRIVATE, 1, 0600);
	ok(p >= 0 && q >= 0 && p != q, "get: private segments differ");
	rm(p);
	rm(q);
	q = private(1);
	ok(q != p, "get: the id of a removed one does not come back at once");
	rm(q);
	rm(id);
	ok(gone(id), "rmid: an unused one goes at once");
	fails(shmget(key, 0, 0), ENOENT, "rmid: with its key");
}

static void huge(void)
{
	int err = with_hugetlbfs(ENOMEM, EINVAL);

	fails(shmget(IPC_PRIVATE, 1, SHM_HUGETLB | 0600), err, "get: huge pages, none there");
	fails(shmget(IPC_PRIVATE, 1, SHM_HUGETLB | HUGE(21) | 0600), err, "get: of 2 MiB");
	fails(shmget(IPC_PRIVATE, 1, SHM_HUGETLB | HUGE(22) | 0600), EINVAL,
	      "get: EINVAL: of 4 MiB");
}

static void limits(void)
{
	int before = private(PAGE), id;

	set(SYSCTL("shmmax"), "8192");
	fails(shmget(IPC_PRIVATE, 8193, 0600), EINVAL, "shmmax: EINVAL above it");
	id = shmget(IPC_PRIVATE, 8192, 0600);
	ok(id >= 0, "shmmax: not at it");
	rm(id);
	set(SYSCTL("shmmax"), "18446744073692774399");
	is(get(SYSCTL("shmmax")), 18446744073692774399ul, "shmmax: its default fits");
	set(SYSCTL("shmall"), "4");
	fails(shmget(IPC_PRIVATE, 4 * PAGE, 0600), ENOSPC, "shmall: ENOSPC: pages of all");
	id = private(PAGE);
	set(SYSCTL("shmall"), "18446744073692774399");
	set(SYSCTL("shmmni"), "1");
	fails(shmget(IPC_PRIVATE, PAGE, 0600), ENOSPC, "shmmni: ENOSPC: too many");
	set(SYSCTL("shmmni"), "4096");
	rm(id);
	rm(before);
	set(SYSCTL("shm_next_id"), "98305"); /* 3 << 15 | 1 */
	id = private(PAGE);
	is(id, 98305, "shm_next_id: the id that was asked for");
	is((int)get(SYSCTL("shm_next_id")), -1, "shm_next_id: once");
	rm(id);
}

/* ---- shmat, shmdt ---- */

static void attach(void)
{
	int id = private(3 * PAGE), key;
	char *p = shmat(id, NULL, 0), *q;
	struct vma_line v;
	struct shmid_ds ds;
	char name[64];

	ok(p != BAD, "at: anywhere");
	q = shmat(id, NULL, 0);
	p[5000] = 42;
	ok(q != BAD && q != p && q[5000] == 42 && q[0] == 0,
	   "at: twice, the same memory, zeros elsewhere");
	ds = stat_of(id);
	ok(ds.shm_nattch == 2 && ds.shm_lpid == getpid() && ds.shm_atime != 0 && ds.shm_dtime == 0,
	   "at: nattch, lpid and atime");
	must(vma_lines(p, 3 * PAGE, &v, 1) == 1);
	is(strcmp(v.name, "/SYSV00000000 (deleted)"), 0, "at: its name in maps");
	ok(v.inode == (unsigned long)id && !strcmp(v.perms, "rw-s") && v.offset == 0,
	   "at: its id is the inode in maps");
	is(shmdt(q), 0, "dt: one of them");
	fails(shmdt(q), EINVAL, "dt: EINVAL: twice");
	fails(shmdt(p + PAGE), EINVAL, "dt: EINVAL: not its start");
	fails(shmdt(p + 1), EINVAL, "dt: EINVAL: odd");
	fails(shmdt(at), EINVAL, "dt: EINVAL: nothing there");
	ds = stat_of(id);
	ok(ds.shm_nattch == 1 && ds.shm_dtime != 0 && p[5000] == 42, "dt: nattch and dtime");
	is(shmdt(p), 0, "dt: the last");
	p = shmat(id, NULL, 0);
	ok(p != BAD && p[5000] == 42, "dt: the memory stays");
	must(shmdt(p) == 0);
	rm(id);
	key = shmget(0x515200ab, 1, IPC_CREAT | 0600);
	p = shmat(key, NULL, 0);
	must(p != BAD && vma_lines(p, PAGE, &v, 1) == 1);
	snprintf(name, sizeof(name), "/SYSV%08x (deleted)", 0x515200ab);
	is(strcmp(v.name, name), 0, "at: its key in the name");
	must(shmdt(p) == 0);
	rm(key);
}

static void addresses(void)
{
	int id = private(2 * PAGE), end;
	char *p, *one = mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	must(one == at);
	ok(shmat(id, at + PAGE, 0) == at + PAGE, "at: an address");
	fails((long)shmat(id, at + PAGE, 0), EINVAL, "at: EINVAL: taken");
	fails((long)shmat(id, at, 0), EINVAL, "at: EINVAL: the first page taken");
	fails((long)shmat(id, at + 16 * PAGE + 5, 0), EINVAL, "at: EINVAL: odd");
	ok(shmat(id, at + 16 * PAGE + 5, SHM_RND) == at + 16 * PAGE, "at: RND: rounded down");
	must(shmdt(at + 16 * PAGE) == 0);
	fails((long)shmat(id, NULL, SHM_REMAP), EINVAL, "at: EINVAL: REMAP without an address");
	fails((long)shmat(id, (void *)5, SHM_REMAP | SHM_RND), EINVAL,
	      "at: EINVAL: REMAP rounded to 0");
	p = shmat(id, at, SHM_REMAP);
	ok(p == at, "at: REMAP: over what is there");
	is(nattch(id), 2, "at: REMAP: half of the other one is left");
	is(munmap(at + 2 * PAGE, PAGE), 0, "at: munmap of that");
	is(nattch(id), 1, "at: munmap counts, too");
	fails((long)shmat(id, (void *)(0x7ffffffff000 - PAGE), 0), ENOMEM,
	      "at: ENOMEM: beyond user space");
	fails((long)shmat(id, (void *)-PAGE, 0), EINVAL, "at: EINVAL: wraps");
	must(shmdt(at) == 0);
	fails((long)shmat(id + 1, NULL, 0), EINVAL, "at: EINVAL: no such id");
	fails((long)shmat(-1, NULL, 0), EINVAL, "at: EINVAL: id -1");
	end = nattch(id);
	is(end, 0, "at: what failed does not count");
	rm(id);
	fails((long)shmat(id, NULL, 0), EINVAL, "at: EINVAL: removed");
}

static void rights_of_mappings(void)
{
	int id = private(PAGE);
	char *p = shmat(id, NULL, SHM_RDONLY), *q = shmat(id, NULL, 0);
	struct vma_line v;

	must(p != BAD && q != BAD && vma_lines(p, PAGE, &v, 1) == 1);
	is(strcmp(v.perms, "r--s"), 0, "at: RDONLY in maps");
	fails(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES,
	      "at: RDONLY: mprotect cannot help");
	ok(FAULTS(*(volatile char *)p = 1) && tap_info.si_code == SEGV_ACCERR,
	   "at: RDONLY: no writes");
	q[0] = 9;
	is(p[0], 9, "at: RDONLY: reads what others write");
	must(shmdt(p) == 0);
	q[1] = (char)0xc3; /* ret */
	p = shmat(id, NULL, SHM_EXEC);
	must(p != BAD && vma_lines(p, PAGE, &v, 1) == 1);
	is(strcmp(v.perms, "rwxs"), 0, "at: EXEC in maps");
	((void (*)(void))(p + 1))();
	ok(true, "at: EXEC: runs");
	must(shmdt(p) == 0 && shmdt(q) == 0);
	rm(id);
}

/* Pieces of one attachment, made by mprotect and munmap, go together. */
static void pieces(void)
{
	int id = private(8 * PAGE), other = private(8 * PAGE);
	char *p = shmat(id, at, 0), *q;

	must(p == at && shmat(other, at + 8 * PAGE, 0) == at + 8 * PAGE);
	must(mprotect(p + 2 * PAGE, PAGE, PROT_READ) == 0);
	is(nattch(id), 3, "pieces: split in three by mprotect");
	must(munmap(p + 5 * PAGE, PAGE) == 0);
	is(nattch(id), 4, "pieces: in four by munmap");
	q = mremap(p + 7 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 64 * PAGE);
	ok(q == at + 64 * PAGE && nattch(id) == 5, "pieces: mremap moves half of one");
	is(shmdt(p), 0, "dt: pieces");
	is(nattch(id), 1, "dt: all but the one that moved away");
	is(nattch(other), 1, "dt: not the neighbour");
	fails(shmdt(q), EINVAL, "dt: EINVAL: moved, it starts elsewhere");
	is(shmdt(q - 7 * PAGE), 0, "dt: by the address where its start would be");
	must(shmdt(at + 8 * PAGE) == 0);
	is(nattch(other), 0, "dt: the neighbour by itself");
	rm(id);
	rm(other);
}

/* ---- processes ---- */

static int shared_id;
static char *shared;

static void child_detaches(void)
{
	if (nattch(shared_id) != 2)
		_exit(1);
	shared[0] = 7;
	if (shmdt(shared) || nattch(shared_id) != 1)
		_exit(2);
	_exit(0);
}

static void child_exits(void)
{
	shared[1] = 8;
	_exit(nattch(shared_id) != 2);
}

static void child_execs(void)
{
	char *argv[] = { "shm", "count", NULL, NULL };
	char id[16];

	snprintf(id, sizeof(id), "%d", shared_id);
	argv[2] = id;
	execv("/proc/self/exe", argv);
	_exit(9);
}

static void child_removes(void)
{
	int id = private(PAGE);
	char *p = shmat(id, NULL, 0);

	must(p != BAD);
	rm(id);
	p[0] = 3;
	shared[0] = id; /* told to the parent, which looks after we are gone */
	memcpy(shared, &id, sizeof(id));
	_exit(0);
}

static void processes(void)
{
	int id;

	shared_id = private(PAGE);
	shared = shmat(shared_id, NULL, 0);
	must(shared != BAD);
	is(in_child(child_detaches), EXITED(0), "fork: attached twice; the child detaches");
	is(shared[0], 7, "fork: it wrote to the same memory");
	is(nattch(shared_id), 1, "fork: one attachment is left");
	is(in_child(child_exits), EXITED(0), "exit: a child");
	ok(nattch(shared_id) == 1 && shared[1] == 8, "exit: detaches");
	is(in_child(child_execs), EXITED(1), "exec: detaches: the parent's is left");
	is(nattch(shared_id), 1, "exec: nattch");
	is(in_child(child_removes), EXITED(0), "rmid: attached in a child");
	memcpy(&id, shared, sizeof(id));
	ok(gone(id), "rmid: it goes with the process");
	must(shmdt(shared) == 0);
	rm(shared_id);
}

static void removal(void)
{
	key_t key = 0x51520003;
	int id = shmget(key, PAGE, IPC_CREAT | 0600), again;
	char *p = shmat(id, NULL, 0), *q;
	struct shmid_ds ds;

	must(p != BAD);
	p[0] = 1;
	is(shmctl(id, IPC_RMID, NULL), 0, "rmid: attached");
	ds = stat_of(id);
	ok(ds.shm_perm.mode == (0600 | 01000) && ds.shm_perm.__key == 0, "rmid: SHM_DEST, no key");
	again = shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
	ok(again >= 0 && again != id, "rmid: the key is free");
	q = shmat(id, NULL, 0);
	ok(q != BAD && q[0] == 1, "rmid: it can still be attached by its id");
	must(shmdt(p) == 0);
	is(nattch(id), 1, "rmid: it stays until the last detaches");
	must(shmdt(q) == 0);
	ok(gone(id), "rmid: and goes with it");
	rm(again);
}

static void make_orphan(void)
{
	int id = private(PAGE);

	memcpy(shared, &id, sizeof(id));
	_exit(0);
}

static void forced(void)
{
	int keep = private(PAGE), id;
	char *p;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	in_child(make_orphan);
	memcpy(&id, shared, sizeof(id));
	is(nattch(id), 0, "rmid_forced 0: an orphan stays");
	set(SYSCTL("shm_rmid_forced"), "1");
	ok(gone(id), "rmid_forced 1: it goes");
	is(nattch(keep), 0, "rmid_forced: one whose creator lives stays");
	p = shmat(keep, NULL, 0);
	must(p != BAD && shmdt(p) == 0);
	ok(gone(keep), "rmid_forced: until it was attached and is no more");
	in_child(make_orphan);
	memcpy(&id, shared, sizeof(id));
	ok(gone(id), "rmid_forced: a creator takes its segments along");
	set(SYSCTL("shm_rmid_forced"), "0");
}

/* ---- shmctl ---- */

static void control(void)
{
	int id = private(5 * PAGE), max, at_idx = -1;
	struct shmid_ds ds = stat_of(id);
	struct shminfo info;
	struct shm_info si;
	char *p = shmat(id, NULL, 0);

	p[0] = p[PAGE] = 1;
	ds.shm_perm.uid = 12;
	ds.shm_perm.gid = 13;
	ds.shm_perm.mode = 01777;
	is(shmctl(id, IPC_SET, &ds), 0, "ctl: SET");
	ds = stat_of(id);
	ok(ds.shm_perm.uid == 12 && ds.shm_perm.gid == 13 && ds.shm_perm.cuid == 0 &&
		   ds.shm_perm.mode == 0777,
	   "ctl: SET: owner and the nine bits of the rights");
	ds.shm_perm.uid = -1;
	fails(shmctl(id, IPC_SET, &ds), EINVAL, "ctl: SET: EINVAL: uid -1");
	fails(shmctl(id, IPC_SET, NULL), EFAULT, "ctl: SET: EFAULT");
	fails(shmctl(id, IPC_STAT, (void *)1), EFAULT, "ctl: STAT: EFAULT");
	fails(shmctl(id, 99, &ds), EINVAL, "ctl: EINVAL: command");
	fails(shmctl(id, -1, &ds), EINVAL, "ctl: EINVAL: command -1");
	fails(shmctl(-1, IPC_STAT, &ds), EINVAL, "ctl: EINVAL: id -1");
	fails(shmctl(id + 1, IPC_STAT, &ds), EINVAL, "ctl: EINVAL: no such id");
	fails(shmctl(id + 32768, IPC_STAT, &ds), EINVAL, "ctl: EINVAL: an id of another time");
	max = shmctl(0, IPC_INFO, (struct shmid_ds *)&info);
	ok(max >= 0 && info.shmmin == 1 && info.shmmni == 4096 && info.shmseg == 4096 &&
		   info.shmmax == 18446744073692774399ul && info.shmall == 18446744073692774399ul,
	   "ctl: IPC_INFO");
	is(shmctl(0, SHM_INFO, (struct shmid_ds *)&si), max, "ctl: SHM_INFO: the highest index");
	ok(si.used_ids == 1 && si.shm_tot == 5 && si.shm_rss == 2 && si.shm_swp == 0,
	   "ctl: SHM_INFO: segments and pages");
	for (int i = 0; i <= max; i++)
		if (shmctl(i, SHM_STAT, &ds) == id)
			at_idx = i;
	ok(at_idx >= 0 && ds.shm_segsz == 5 * PAGE && ds.shm_nattch == 1, "ctl: SHM_STAT by index");
	is(shmctl(at_idx, SHM_STAT_ANY, &ds), id, "ctl: SHM_STAT_ANY");
	fails(shmctl(max + 1, SHM_STAT, &ds), EINVAL, "ctl: SHM_STAT: EINVAL: no such index");
	is(shmctl(id, SHM_LOCK, NULL), 0, "ctl: SHM_LOCK");
	is(stat_of(id).shm_perm.mode, 0777 | 02000, "ctl: SHM_LOCKED in the mode");
	is(shmctl(id, SHM_LOCK, NULL), 0, "ctl: SHM_LOCK again");
	is(shmctl(id, SHM_UNLOCK, NULL), 0, "ctl: SHM_UNLOCK");
	is(stat_of(id).shm_perm.mode, 0777, "ctl: no longer");
	is(shmctl(id, SHM_UNLOCK, NULL), 0, "ctl: SHM_UNLOCK again");
	must(shmdt(p) == 0);
	rm(id);
	is(shmctl(0, SHM_INFO, (struct shmid_ds *)&si), 0, "ctl: SHM_INFO without any");
	ok(si.used_ids == 0 && si.shm_tot == 0 && si.shm_rss == 0, "ctl: all are gone");
}

static int rights_id, own_id;

static void as_nobody(void)
{
	struct rlimit none = { 0, 0 }, page = { PAGE, PAGE };
	int failed = tap_failed;
	int idx = rights_id & 32767, mine, locked;
	struct shmid_ds ds;

	become(NOBODY);
	fails(shmget(0x51520004, 0, 0600), EACCES, "rights: get: EACCES");
	is(shmget(0x51520004, 0, 0), rights_id, "rights: get without asking for any");
	fails((long)shmat(rights_id, NULL, 0), EACCES, "rights: at: EACCES: to write");
	fails((long)shmat(rights_id, NULL, SHM_RDONLY), EACCES, "rights: at: EACCES: to read");
	fails(shmctl(rights_id, IPC_STAT, &ds), EACCES, "rights: STAT: EACCES");
	fails(shmctl(idx, SHM_STAT, &ds), EACCES, "rights: SHM_STAT: EACCES");
	is(shmctl(idx, SHM_STAT_ANY, &ds), rights_id, "rights: SHM_STAT_ANY asks for none");
	memset(&ds, 0, sizeof(ds));
	fails(shmctl(rights_id, IPC_SET, &ds), EPERM, "rights: SET: EPERM");
	fails(shmctl(rights_id, IPC_RMID, NULL), EPERM, "rights: RMID: EPERM");
	fails(shmctl(rights_id, SHM_LOCK, NULL), EPERM, "rights: LOCK: EPERM");
	fails(shmctl(rights_id, SHM_UNLOCK, NULL), EPERM, "rights: UNLOCK: EPERM");
	fails(shmget(IPC_PRIVATE, 1, SHM_HUGETLB | 0600), with_hugetlbfs(EPERM, EINVAL),
	      "rights: huge pages");
	ok(shmat(own_id, NULL, SHM_RDONLY) != BAD, "rights: given by IPC_SET: to read");
	fails((long)shmat(own_id, NULL, 0), EACCES, "rights: not to write");
	is(shmctl(own_id, IPC_RMID, NULL), 0, "rights: an owner removes");
	mine = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	locked = shmget(IPC_PRIVATE, PAGE, 0600);
	must(setrlimit(RLIMIT_MEMLOCK, &page) == 0);
	fails(shmctl(mine, SHM_LOCK, NULL), ENOMEM, "rights: LOCK: ENOMEM: RLIMIT_MEMLOCK");
	is(shmctl(locked, SHM_LOCK, NULL), 0, "rights: LOCK within it");
	must(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
	fails(shmctl(mine, SHM_LOCK, NULL), EPERM, "rights: LOCK: EPERM: limit 0");
	is(shmctl(locked, SHM_UNLOCK, NULL), 0, "rights: UNLOCK at limit 0");
	rm(mine);
	rm(locked);
	_exit(tap_failed > failed ? 255 : tap_count);
}

static void rights(void)
{
	struct shmid_ds ds;
	int status;

	rights_id = shmget(0x51520004, PAGE, IPC_CREAT | 0600);
	own_id = private(PAGE);
	ds = stat_of(own_id);
	ds.shm_perm.uid = NOBODY;
	ds.shm_perm.mode = 0400;
	must(rights_id >= 0 && shmctl(own_id, IPC_SET, &ds) == 0);
	status = in_child(as_nobody);
	tap_count = WEXITSTATUS(status); /* it counted on */
	ok(WIFEXITED(status) && tap_count != 255, "rights: all of another user's");
	rm(rights_id);
}

/* ---- what is told about it ---- */

static void proc(void)
{
	int id = shmget(0x7fffffff, 10000, IPC_CREAT | 0644);
	char *p = shmat(id, NULL, 0), want[256], *text;
	struct shmid_ds ds;
	long shmem = meminfo_kb("Shmem:"), committed = meminfo_kb("Committed_AS:");
	int big;

	p[0] = 1;
	ds = stat_of(id);
	snprintf(
		want, sizeof(want),
		"%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10llu %10llu %10llu %21lu %21lu\n",
		0x7fffffff, id, 0644, 10000ul, getpid(), getpid(), 1ul, 0, getegid(), 0, getegid(),
		(long long)ds.shm_atime, 0ll, (long long)ds.shm_ctime, PAGE, 0ul);
	text = slurp("/proc/sysvipc/shm");
	ok(!strncmp(
		   text,
		   "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid "
		   " cgid      atime      dtime      ctime                   rss                  swap\n",
		   strcspn(text, "\n") + 1),
	   "proc: the header of /proc/sysvipc/shm");
	is(strcmp(strchr(text, '\n') + 1, want), 0, "proc: its line");
	must(shmdt(p) == 0);
	rm(id);
	big = private(64 << 20);
	p = shmat(big, NULL, 0);
	memset(p, 1, 8 << 20);
	shmem = meminfo_kb("Shmem:") - shmem;
	ok(shmem > 7 << 10 && shmem < 9 << 10, "proc: Shmem counts what was touched");
	must(shmdt(p) == 0);
	ok(meminfo_kb("Committed_AS:") - committed > 60 << 10, "commit: the whole segment at once");
	rm(big);
	ok(meminfo_kb("Committed_AS:") - committed < 4 << 10, "commit: given back");
	big = shmget(IPC_PRIVATE, 64 << 20, SHM_NORESERVE | 0600);
	ok(meminfo_kb("Committed_AS:") - committed < 4 << 10, "commit: NORESERVE: page by page");
	rm(big);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "count"))
		return nattch(atoi(argv[2]));
	catch_signal(SIGSEGV);
	gets();
	huge();
	limits();
	attach();
	addresses();
	rights_of_mappings();
	pieces();
	processes();
	removal();
	control();
	forced();
	rights();
	proc();
	return tap_end();
}
