// SPDX-License-Identifier: MIT
/*
 * Directories that are looked up while their names are freed, as TAP: dir_storm DEVICE DIRECTORY (ext2, mounted here). A name that is being
 * freed is none: who looks up the directory meanwhile finds it.
 */
#include "../guest/tap.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mount.h>

#define DIRECTORIES 1000
#define THREADS	    6
#define MS	    2000

static atomic_long found, wrong, dropped;
static int64_t deadline;

static bool goes_on(void)
{
	return now_ns(CLOCK_MONOTONIC) < deadline || !found || !dropped;
}

static void *look_up(void *arg)
{
	struct stat st;
	char name[8];

	for (unsigned long n = 0; goes_on(); n++) {
		snprintf(name, sizeof(name), "%lu", n % DIRECTORIES);
		if (!stat(name, &st) && S_ISDIR(st.st_mode))
			found++;
		else if (!wrong++)
			printf("# %s: %s\n", name, strerror(errno));
	}
	return NULL;
}

static void *free_names(void *arg)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	pwrite(fd, "4", 1, 0); /* not a line of the log each time */
	while (goes_on())
		dropped += pwrite(fd, "2", 1, 0) == 1;
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	char name[8];

	must(argc == 3);
	mkdir(argv[2], 0700);
	must(!mount(argv[1], argv[2], "ext2", 0, NULL) && !chdir(argv[2]));
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		must(!mkdir(name, 0700) || errno == EEXIST);
	}
	deadline = now_ns(CLOCK_MONOTONIC) + MS * 1000000ll;
	for (int i = 0; i < THREADS; i++)
		must(!pthread_create(&threads[i], NULL, i % 2 ? look_up : free_names, NULL));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("# found %ld times, freed %ld times\n", found, dropped);
	is(wrong, 0, "a directory is found while its name is freed");
	ok(!chdir("/") && !umount(argv[2]), "umount");
	return tap_end();
}
