// SPDX-License-Identifier: MIT
/*
 * Threads map, touch, protect, advise, move and unmap ranges of one region, several VMAs at a time, against a model: an
 * array with what each page must hold. A lock per page of the model is held by the thread that works on the page, so
 * that pages next to each other belong to different threads while the VMAs around them split and merge; a thread forks
 * now and then, and the child checks the pages that nobody works on. VM_STORM_SECONDS in the environment: the long
 * form (make stress); without it a fixed number of rounds.
 */
#include "maps.h"

#include <pthread.h>

#define THREADS 8
#define PAGES	96
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum state { UNMAPPED, WRITABLE, READABLE };

static struct page_model {
	pthread_mutex_t lock;
	enum state state;
	unsigned int value; /* first word; the last is its complement, or both are 0 */
} model[PAGES];

static char *region;
static unsigned int rounds = 600;
static time_t until;
static volatile bool failed;

static char *at(int page)
{
	return region + (size_t)page * PAGE;
}

static void wrong(const char *what, int page)
{
	if (!__atomic_exchange_n(&failed, true, __ATOMIC_SEQ_CST))
		printf("# page %d: %s (errno %d)\n", page, what, errno);
}

static void check(int page)
{
	volatile unsigned int *first = (unsigned int *)at(page), *last = first + PAGE / 4 - 1;
	unsigned int want = model[page].value;

	if (*first != want || *last != (want ? ~want : 0))
		wrong("contents", page);
}

static void put(int page, unsigned int value)
{
	volatile unsigned int *first = (unsigned int *)at(page);

	*first = value;
	first[PAGE / 4 - 1] = ~value;
	model[page].value = value;
}

/* One change of @nr pages from @page on, all locked by the caller and in @state. */
static void change(int page, int nr, unsigned int dice, unsigned int stamp)
{
	enum state state = model[page].state;

	if (state == UNMAPPED || dice % 8 == 0) {
		if (mmap(at(page), nr * PAGE, RW, ANON | MAP_FIXED, -1, 0) != at(page))
			return wrong("mmap", page);
		for (int i = page; i < page + nr; i++) {
			model[i].state = WRITABLE;
			model[i].value = 0;
		}
	} else if (dice % 8 == 1) {
		/* Not munmap: the place must not be given to somebody else. */
		if (mmap(at(page), nr * PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0) != at(page))
			return wrong("mmap of nothing", page);
		for (int i = page; i < page + nr; i++)
			model[i].state = UNMAPPED;
		return;
	} else if (dice % 8 == 2) {
		if (mprotect(at(page), nr * PAGE, state == WRITABLE ? PROT_READ : RW))
			return wrong("mprotect", page);
		for (int i = page; i < page + nr; i++)
			model[i].state = state == WRITABLE ? READABLE : WRITABLE;
	} else if (dice % 8 == 3) {
		if (madvise(at(page), nr * PAGE, MADV_DONTNEED))
			return wrong("madvise", page);
		for (int i = page; i < page + nr; i++)
			model[i].value = 0;
	} else if (dice % 8 == 4) { /* away and back: the page travels */
		char *to = mremap(at(page), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);

		if (to == MAP_FAILED)
			return wrong("mremap away", page);
		if (mremap(to, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(page)) != at(page))
			return wrong("mremap back", page);
	}
	for (int i = page; i < page + nr; i++) {
		check(i);
		if (model[i].state == WRITABLE)
			put(i, stamp + i);
	}
}

/* A child sees what its parent had: the pages that we hold locked cannot change meanwhile. */
static void fork_and_check(int page, int nr)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return wrong("fork", page);
	if (!pid) {
		failed = false;
		for (int i = page; i < page + nr; i++)
			if (model[i].state != UNMAPPED)
				check(i);
		if (model[page].state == WRITABLE)
			put(page, 0xdead);
		_exit(failed ? 1 : 0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		wrong("a child saw something else", page);
}

static void unlock_pages(int page, int nr)
{
	while (nr--)
		pthread_mutex_unlock(&model[page + nr].lock);
}

/* All @nr pages, or none: when one is taken or is in another state than the first. */
static bool lock_pages(int page, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (pthread_mutex_trylock(&model[page + i].lock)) {
			unlock_pages(page, i);
			return false;
		}
		if (model[page + i].state != model[page].state) {
			unlock_pages(page, i + 1);
			return false;
		}
	}
	return true;
}

/* Memory of nobody else's: comes and goes in the same address space. */
static void scratch(unsigned int dice)
{
	size_t len = (1 + dice / 512 % 32) * PAGE;
	char *p = mmap(NULL, len, RW, ANON, -1, 0);

	if (p == MAP_FAILED)
		return wrong("mmap of scratch memory", 0);
	for (size_t i = 0; i < len; i += PAGE) {
		if (p[i])
			wrong("scratch memory is not zero", 0);
		p[i] = 1;
	}
	munmap(p, len);
}

static void *worker(void *arg)
{
	unsigned int t = (unsigned int)(unsigned long)arg, seed = t * 7919 + 1;

	for (unsigned int r = 0; !failed && (until ? time(NULL) < until : r < rounds); r++) {
		unsigned int dice = rand_r(&seed);
		int nr = 1 + dice / 16 % 6, page = dice / 128 % (PAGES - nr);

		if (!lock_pages(page, nr))
			continue;
		if (dice % 97 == 0)
			fork_and_check(page, nr);
		else
			change(page, nr, dice, (t + 1) << 24 | (r & 0xffff) << 8);
		unlock_pages(page, nr);
		if (dice % 31 == 0)
			scratch(dice);
	}
	return NULL;
}

int main(void)
{
	const char *seconds = getenv("VM_STORM_SECONDS");
	pthread_t th[THREADS];

	if (seconds)
		until = time(NULL) + atoi(seconds);
	region = mmap(NULL, PAGES * PAGE, PROT_NONE, ANON, -1, 0);
	must(region != MAP_FAILED);
	for (int i = 0; i < PAGES; i++)
		pthread_mutex_init(&model[i].lock, NULL);
	for (long t = 0; t < THREADS; t++)
		must(!pthread_create(&th[t], NULL, worker, (void *)t));
	for (int t = 0; t < THREADS; t++)
		pthread_join(th[t], NULL);
	ok(!failed, "eight threads change one region, every page holds what the model says");
	return tap_end();
}
