// SPDX-License-Identifier: MIT
/*
 * Writers for tests/disk/crash.py: crash DEVICE DIRECTORY SEED ROUND. Each of three threads works on files of its own:
 *
 *	+T.F G SIZE	generation G of file F of thread T, SIZE bytes, is on the disk: said after what synced it
 *	?T.F		asks the host, and waits for a line, before it removes the file
 *	-T.F G		it is removed, and that is on the disk; a later file of this name begins with G + 1
 *
 * Contents are a function of (T, F, G, place): chunk() here and in crash.py. Sizes only grow. What syncs differs:
 * fsync, fdatasync, O_SYNC, O_DIRECT and fsync, msync(MS_SYNC), syncfs. The machine is killed at any time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS	 3
#define FILES	 40
#define CHUNK	 512
#define MAX_SIZE (160 * 1024)

static pthread_mutex_t channel = PTHREAD_MUTEX_INITIALIZER;
static unsigned long seed, round_nr;

static void die(const char *what, const char *name)
{
	printf("!%s %s: %s\n", what, name, strerror(errno));
	fflush(stdout);
	exit(1);
}

static void say(const char *line)
{
	pthread_mutex_lock(&channel);
	if (write(1, line, strlen(line)) < 0)
		exit(2);
	pthread_mutex_unlock(&channel);
}

static void ask(const char *line)
{
	char reply;

	pthread_mutex_lock(&channel);
	if (write(1, line, strlen(line)) < 0 || read(0, &reply, 1) != 1)
		exit(2);
	pthread_mutex_unlock(&channel);
}

static void chunk(unsigned char *p, unsigned int t, unsigned int f, unsigned int g, unsigned int at)
{
	uint32_t x = t * 7919 + f * 104729 + g * 1299709 + at * 15485863 + 1;

	for (int i = 0; i < CHUNK; i += 4) {
		x = x * 1664525 + 1013904223;
		memcpy(p + i, &x, 4);
	}
}

struct writer {
	unsigned int t;
	unsigned long rnd;
	char dir[64];
	int dirfd;
	struct {
		unsigned int g, size;
		int exists;
	} file[FILES];
	unsigned char *buf;
};

static unsigned int rnd(struct writer *w, unsigned int below)
{
	w->rnd = w->rnd * 6364136223846793005UL + 1442695040888963407UL;
	return (w->rnd >> 33) % below;
}

/* Read a file of an earlier round: its generation is the latest of its first chunks. */
static void adopt(struct writer *w, unsigned int f, const char *name)
{
	unsigned char have[CHUNK], want[CHUNK];
	unsigned int latest = 0;
	struct stat st;
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		return;
	fstat(fd, &st);
	for (unsigned int at = 0; at < 8 && read(fd, have, CHUNK) == CHUNK; at++)
		for (unsigned int g = latest + 1; g < latest + 300; g++) {
			chunk(want, w->t, f, g, at);
			if (!memcmp(have, want, CHUNK))
				latest = g;
		}
	w->file[f].exists = 1;
	w->file[f].size = st.st_size / CHUNK * CHUNK;
	w->file[f].g = latest + 4; /* writes that were not acknowledged may have got so far */
	close(fd);
}

static void write_mapped(struct writer *w, int fd, unsigned int size, const char *name)
{
	unsigned char *p;

	if (ftruncate(fd, size) ||
	    (p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED)
		die("map", name);
	memcpy(p, w->buf, size);
	if (msync(p, size, MS_SYNC))
		die("msync", name);
	munmap(p, size);
}

static void write_pieces(struct writer *w, int fd, unsigned int size, const char *name)
{
	for (unsigned int at = 0, n; at < size; at += n) {
		n = rnd(w, 4) ? 4096 : CHUNK * (1 + rnd(w, 100));
		if (n > size - at)
			n = size - at;
		if (pwrite(fd, w->buf + at, n, at) != (ssize_t)n)
			die("write", name);
	}
}

static void write_file(struct writer *w, unsigned int f)
{
	static const int flags[6] = { 0, 0, O_SYNC, O_DIRECT, 0, 0 };
	unsigned int how = rnd(w, 6), g = w->file[f].g + 1, size = w->file[f].size;
	char name[80], line[80];
	int fd;

	size += CHUNK * rnd(w, rnd(w, 4) ? 20 : 150);
	if (!size || rnd(w, 3) == 0)
		size += CHUNK;
	if (size > MAX_SIZE)
		size = MAX_SIZE;
	if (how == 3)
		size = (size + 4095) & ~4095u;
	snprintf(name, sizeof(name), "%s/%u", w->dir, f);
	fd = open(name, O_CREAT | O_RDWR | flags[how], 0644);
	if (fd < 0)
		die("open", name);
	for (unsigned int at = 0; at < size; at += CHUNK)
		chunk(w->buf + at, w->t, f, g, at / CHUNK);
	if (how == 4)
		write_mapped(w, fd, size, name);
	else if (how == 3 && pwrite(fd, w->buf, size, 0) != (ssize_t)size)
		die("direct write", name);
	else if (how != 3)
		write_pieces(w, fd, size, name);
	if (how == 5 ? syncfs(fd) : how == 1 ? fdatasync(fd) : how == 0 || how == 3 ? fsync(fd) : 0)
		die("sync", name);
	if (!w->file[f].exists && fsync(w->dirfd))
		die("sync", w->dir);
	close(fd);
	w->file[f].g = g;
	w->file[f].size = size;
	w->file[f].exists = 1;
	snprintf(line, sizeof(line), "+%u.%u %u %u\n", w->t, f, g, size);
	say(line);
}

static void remove_file(struct writer *w, unsigned int f)
{
	char name[80], line[80];

	snprintf(name, sizeof(name), "%s/%u", w->dir, f);
	snprintf(line, sizeof(line), "?%u.%u\n", w->t, f);
	ask(line);
	if (unlink(name))
		die("unlink", name);
	if (fsync(w->dirfd))
		die("sync", w->dir);
	w->file[f].exists = w->file[f].size = 0;
	snprintf(line, sizeof(line), "-%u.%u %u\n", w->t, f, w->file[f].g);
	say(line);
}

/* Something that is never synced by itself, so that metadata in all states lies beside what is. */
static void litter(struct writer *w)
{
	char a[100], b[100];
	int fd;

	snprintf(a, sizeof(a), "%s/litter%u", w->dir, rnd(w, 30));
	snprintf(b, sizeof(b), "%s/litter%u", w->dir, rnd(w, 30));
	switch (rnd(w, 6)) {
	case 0:
		mkdir(a, 0755);
		break;
	case 1:
		rmdir(a);
		break;
	case 2:
		rename(a, b);
		break;
	case 3:
		unlink(a);
		break;
	case 4:
		link(a, b);
		break;
	default:
		fd = open(a, O_CREAT | O_RDWR, 0644);
		if (fd >= 0 && write(fd, w->buf, rnd(w, 100000)) > 0 && rnd(w, 2))
			ftruncate(fd, rnd(w, 50000));
		close(fd);
	}
}

static void *work(void *arg)
{
	struct writer *w = arg;
	char name[80];

	for (unsigned int f = 0; f < FILES; f++) {
		snprintf(name, sizeof(name), "%s/%u", w->dir, f);
		adopt(w, f, name);
	}
	for (;;) {
		unsigned int f = rnd(w, FILES);

		if (rnd(w, 3) == 0)
			litter(w);
		else if (w->file[f].exists && rnd(w, 4) == 0)
			remove_file(w, f);
		else
			write_file(w, f);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct writer writer[THREADS];
	pthread_t thread;
	int top;

	seed = strtoul(argv[3], NULL, 0), round_nr = strtoul(argv[4], NULL, 0);
	mkdir(argv[2], 0755);
	if (mount(argv[1], argv[2], "ext2", 0, NULL) || chdir(argv[2]))
		die("mount", argv[1]);
	top = open(".", O_RDONLY);
	for (unsigned int t = 0; t < THREADS; t++) {
		struct writer *w = &writer[t];

		w->t = t;
		w->rnd = seed * 1000003 + round_nr * 10007 + t;
		snprintf(w->dir, sizeof(w->dir), "t%u", t);
		mkdir(w->dir, 0755);
		w->dirfd = open(w->dir, O_RDONLY | O_DIRECTORY);
		w->buf = aligned_alloc(4096, MAX_SIZE + 4096);
		if (w->dirfd < 0 || fsync(w->dirfd) || fsync(top))
			die("directory", w->dir);
	}
	say("=\n");
	for (unsigned int t = 0; t < THREADS; t++)
		pthread_create(&thread, NULL, work, &writer[t]);
	pause();
	return 0;
}
