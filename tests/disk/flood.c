// SPDX-License-Identifier: MIT
/*
 * A reader beside a flood of writes, as TAP: flood NAME, a disk of one queue that writes slowly. More writes wait than the
 * device takes at once; a read that comes last is not answered last.
 */
#include "../guest/tap.h"

#define WRITERS 100

int main(int argc, char **argv)
{
	int *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *buf = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[80], line[100] = "", c;
	int fd, go[2], ready[2], waiting = 0, before;

	must(argc == 2);
	snprintf(path, sizeof(path), "/dev/%s", argv[1]);
	fd = open(path, O_RDWR | O_DIRECT);
	must(fd >= 0 && !pipe(go) && !pipe(ready));
	memset(buf, 'f', 4096);
	/* All write at once: the disk is not to be done with the first when the last comes. */
	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0) {
			int own = open(path, O_RDWR | O_DIRECT);

			close(go[1]);
			(void)!write(ready[1], "x", 1);
			(void)!read(go[0], &c, 1);
			pwrite(own, buf, 4096, (off_t)i * 65536);
			__atomic_fetch_add(done, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	for (int i = 0; i < WRITERS; i++)
		must(read(ready[0], &c, 1) == 1);
	close(go[1]);
	/* Until all that are not done are with the disk, or wait for a place. */
	snprintf(path, sizeof(path), "/sys/block/%s/inflight", argv[1]);
	for (int i = 0; i < 200 && waiting + *(volatile int *)done < WRITERS; i++) {
		FILE *f = fopen(path, "r");

		usleep(5000);
		fgets(line, sizeof(line), f);
		sscanf(line, "%*d %d", &waiting);
		fclose(f);
	}
	before = *(volatile int *)done;
	ok(before < WRITERS / 2, "most writes wait");
	ok(pread(fd, buf, 4096, 32 << 20) == 4096, "a read");
	ok(*(volatile int *)done - before < (WRITERS - before) / 2,
	   "it does not wait for them all");
	printf("# %d of %d writes were done before it came, %d when it returned\n", before, WRITERS,
	       *(volatile int *)done);
	return tap_end();
}
