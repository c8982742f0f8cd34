// SPDX-License-Identifier: MIT
/* Protection keys: pkey_alloc, pkey_free, pkey_mprotect, rights by thread, SEGV_PKUERR, execute-only memory. */
#include "maps.h"

#include <pthread.h>
#include <sys/uio.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)
#ifndef PKEY_DISABLE_ACCESS
#define PKEY_DISABLE_ACCESS 1
#define PKEY_DISABLE_WRITE  2
#endif
#ifndef SEGV_PKUERR
#define SEGV_PKUERR 4
#endif

static unsigned int rdpkru(void)
{
	unsigned int a, d;

	__asm__ volatile("rdpkru" : "=a"(a), "=d"(d) : "c"(0));
	return a;
}

static void wrpkru(unsigned int pkru)
{
	__asm__ volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

static void rights(int pkey, unsigned int bits)
{
	wrpkru((rdpkru() & ~(3u << 2 * pkey)) | bits << 2 * pkey);
}

static int pkey_alloc_(unsigned long flags, unsigned long init)
{
	return syscall(SYS_pkey_alloc, flags, init);
}

static int pkey_free_(int pkey)
{
	return syscall(SYS_pkey_free, pkey);
}

static int pkey_mprotect_(void *p, size_t len, int prot, int pkey)
{
	return syscall(SYS_pkey_mprotect, p, len, prot, pkey);
}

static bool cpu_has_pkeys(void)
{
	unsigned int a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 4 & 1; /* OSPKE */
}

static char *page;
static int key;

static void allocation(void)
{
	int keys[16], n = 0;

	fails(pkey_alloc_(1, 0), EINVAL, "pkey_alloc: flags");
	fails(pkey_alloc_(0, 4), EINVAL, "pkey_alloc: unknown rights");
	while (n < 16 && (keys[n] = pkey_alloc_(0, 0)) > 0)
		n++;
	ok(n == 15 && errno == ENOSPC, "fifteen keys, then ENOSPC");
	is(keys[0], 1, "the first is 1");
	is(pkey_free_(keys[3]), 0, "pkey_free");
	fails(pkey_free_(keys[3]), EINVAL, "pkey_free: twice");
	fails(pkey_mprotect_(page, PAGE, RW, keys[3]), EINVAL,
	      "pkey_mprotect: a key that is not allocated");
	is(pkey_alloc_(0, PKEY_DISABLE_WRITE), keys[3], "pkey_alloc: the lowest that is free");
	is(rdpkru() >> 2 * keys[3] & 3, PKEY_DISABLE_WRITE, "with the rights that were asked for");
	for (int i = 0; i < 15; i++)
		pkey_free_(keys[i]);
	fails(pkey_free_(-1), EINVAL, "pkey_free: -1");
	fails(pkey_free_(16), EINVAL, "pkey_free: 16");
}

static void access_rights(void)
{
	key = pkey_alloc_(0, 0);
	page[0] = 'a';
	is(pkey_mprotect_(page, PAGE, RW, key), 0, "pkey_mprotect");
	page[0] = 'b';
	is(number_in("/proc/self/smaps", "ProtectionKey:"), 0, "smaps: ProtectionKey");
	rights(key, PKEY_DISABLE_WRITE);
	ok(page[0] == 'b', "write-disabled: reading works");
	ok(FAULTS(*(volatile char *)page = 1) && tap_info.si_code == SEGV_PKUERR &&
		   (int)tap_info.si_pkey == key && tap_info.si_addr == page,
	   "write-disabled: a write is SEGV_PKUERR, with key and address");
	rights(key, PKEY_DISABLE_ACCESS);
	ok(FAULTS(*(volatile char *)page) && tap_info.si_code == SEGV_PKUERR,
	   "access-disabled: a read, too");
	ok(FAULTS(*(volatile char *)(page + PAGE)) == false, "its neighbour has another key");
	fails(access(page, 0), EFAULT, "the kernel obeys, too: EFAULT");
	rights(key, 0);
	ok(page[0] == 'b', "with the rights back");
	is(mprotect(page, PAGE, PROT_READ), 0, "mprotect keeps the key");
	rights(key, PKEY_DISABLE_ACCESS);
	ok(FAULTS(*(volatile char *)page) && tap_info.si_code == SEGV_PKUERR,
	   "so it is still refused");
	rights(key, 0);
	ok(FAULTS(*(volatile char *)page = 1) && tap_info.si_code == SEGV_ACCERR,
	   "and without the key: SEGV_ACCERR");
	is(pkey_mprotect_(page, PAGE, RW, 0), 0, "back to key 0");
	is(vmas(page, 2 * PAGE), 1, "and the two are one mapping again");
	madvise(page, PAGE, MADV_DONTNEED);
	is(pkey_mprotect_(page, PAGE, RW, key), 0, "a page that is not there");
	rights(key, PKEY_DISABLE_ACCESS);
	ok(FAULTS(*(volatile char *)page) && tap_info.si_code == SEGV_PKUERR, "is refused as well");
	rights(key, 0);
	is(pkey_mprotect_(page, PAGE, RW, -1), 0, "pkey -1: as mprotect");
}

static unsigned int seen_in_handler;

static void look(int sig)
{
	(void)sig;
	seen_in_handler = rdpkru();
	rights(key, PKEY_DISABLE_ACCESS);
}

static void signals(void)
{
	signal(SIGUSR1, look);
	rights(key, 0);
	unsigned int before = rdpkru();
	raise(SIGUSR1);
	is(seen_in_handler, 0x55555554, "a handler starts with the rights of a new program");
	is(rdpkru(), before, "and what it changes ends with it");
}

static void *in_thread(void *arg)
{
	(void)arg;
	rights(key, PKEY_DISABLE_ACCESS);
	for (int i = 0; i < 50; i++) {
		sched_yield();
		if ((rdpkru() >> 2 * key & 3) != PKEY_DISABLE_ACCESS)
			return (void *)1;
	}
	return NULL;
}

static void in_child_(void)
{
	if ((rdpkru() >> 2 * key & 3) != PKEY_DISABLE_WRITE)
		_exit(1);
	if (pkey_free_(key)) /* the child's keys are a copy */
		_exit(2);
}

static void threads(void)
{
	pthread_t t;
	void *ret;

	rights(key, 0);
	must(!pthread_create(&t, NULL, in_thread, NULL));
	for (int i = 0; i < 50; i++) {
		sched_yield();
		must((rdpkru() >> 2 * key & 3) == 0);
	}
	pthread_join(t, &ret);
	ok(!ret, "each thread has rights of its own");
	rights(key, PKEY_DISABLE_WRITE);
	is(in_child(in_child_), 0, "a child inherits rights and keys");
	is(pkey_free_(key), 0, "which are its own then");
}

static void execute_only(void)
{
	char *p = mmap(NULL, PAGE, RW, ANON, -1, 0);

	memcpy(p, "\xb8\x2a\x00\x00\x00\xc3", 6);
	is(mprotect(p, PAGE, PROT_EXEC), 0, "mprotect: PROT_EXEC alone");
	is(((int (*)(void))p)(), 42, "execute-only memory runs");
	ok(FAULTS(*(volatile char *)p) && tap_info.si_code == SEGV_PKUERR, "but cannot be read");
	int k = tap_info.si_pkey;
	ok(k > 0, "by a key of its own");
	fails(pkey_free_(k), EINVAL, "which is not the program's to free");
	is(mprotect(p, PAGE, PROT_READ), 0, "mprotect: readable");
	is(p[0], (char)0xb8, "it can be read again");
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_EXEC, ANON, -1, 0);
	ok(FAULTS(*(volatile char *)p) && tap_info.si_code == SEGV_PKUERR &&
		   (int)tap_info.si_pkey == k,
	   "mmap with PROT_EXEC alone: the same key");
	munmap(p, PAGE);
}

int main(void)
{
	page = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
	must(page != MAP_FAILED);
	catch_signal(SIGSEGV);
	if (!cpu_has_pkeys()) {
		fails(pkey_alloc_(0, 0), ENOSPC, "pkey_alloc # no protection keys here");
		return tap_end();
	}
	allocation();
	access_rights();
	signals();
	threads();
	execute_only();
	return tap_end();
}
