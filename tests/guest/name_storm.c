// SPDX-License-Identifier: MIT
/* One name that is made and taken away while others look it up: who has found a file has it until he lets go. */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define MS	800

static atomic_long found, missed, wrong;
static int64_t deadline;

static void *make_and_unlink(void *arg)
{
	while (now_ns(CLOCK_MONOTONIC) < deadline || !found) {
		int fd = open("name", O_CREAT | O_RDONLY, 0600);

		wrong += fd < 0 && errno != ENOENT;
		close(fd);
		wrong += unlink("name") && errno != ENOENT;
	}
	return NULL;
}

static void *look_up(void *arg)
{
	struct stat st;

	while (now_ns(CLOCK_MONOTONIC) < deadline || !found) {
		if (!stat("name", &st))
			found++, wrong += !S_ISREG(st.st_mode);
		else
			missed++, wrong += errno != ENOENT;
	}
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];
	char dir[] = "/tmp/nameXXXXXX";

	must(mkdtemp(dir) && !chdir(dir));
	deadline = now_ns(CLOCK_MONOTONIC) + MS * 1000000ll;
	for (int i = 0; i < THREADS; i++)
		must(!pthread_create(&t[i], NULL, i & 1 ? look_up : make_and_unlink, NULL));
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	printf("# found %ld, missed %ld\n", found, missed);
	is(wrong, 0, "found or missed, nothing else");
	must(!chdir("/") && !rmdir(dir));
	return tap_end();
}
