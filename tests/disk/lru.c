// SPDX-License-Identifier: MIT
/*
 * What is only cached goes when memory is short, as TAP: lru DEVICE DIRECTORY. Inodes and dentries of ext2 on DEVICE are
 * given back (SReclaimable), and found again on the disk; pages of ramfs, which have no other place, stay.
 */
#include "../guest/tap.h"
#include <sys/mount.h>
#include <sys/wait.h>

#define FILES 4000

static long meminfo(const char *name)
{
	char line[200];
	FILE *f = fopen("/proc/meminfo", "r");
	long kb = -1;

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kb = atol(line + strlen(name) + 1);
	fclose(f);
	return kb;
}

static int stat_all(void)
{
	struct stat st;
	char name[20];
	int found = 0;

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d/%d", i / 200, i);
		found += stat(name, &st) == 0 && st.st_mode == (S_IFREG | 0640) && st.st_size == 0;
	}
	return found;
}

static void make_all(void)
{
	char name[20];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d", i / 200);
		if (i % 200 == 0)
			mkdir(name, 0755);
		snprintf(name, sizeof(name), "%d/%d", i / 200, i);
		close(open(name, O_CREAT | O_RDWR, 0640));
	}
}

/* Takes memory until @name is at most @goal KiB, or there is none (then it is killed, or gives up). */
static void pressure(const char *name, long goal)
{
	pid_t pid = fork();

	if (!pid) {
		for (int i = 0; i < 4096 && meminfo(name) > goal; i++) {
			char *p = mmap(NULL, 256 << 10, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED)
				break;
			memset(p, 1, 256 << 10);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void set_vfs_pressure(const char *text)
{
	int fd = open("/proc/sys/vm/vfs_cache_pressure", O_WRONLY);

	ok(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "vfs_cache_pressure %s", text);
	close(fd);
}

int main(int argc, char **argv)
{
	static char data[1 << 20], back[1 << 20];
	long before, full;
	int ram, drop, same = 1;

	mkdir(argv[2], 0755), mkdir("/tmp/ram", 0755);
	ok(mount("ramfs", "/tmp/ram", "ramfs", 0, NULL) == 0, "ramfs");
	ram = open("/tmp/ram/data", O_CREAT | O_RDWR, 0600);
	for (int i = 0; i < 8; i++) {
		memset(data, i + 1, sizeof(data));
		same &= write(ram, data, sizeof(data)) == sizeof(data);
	}
	ok(same, "8 MiB of it");
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	ok(mount(argv[1], argv[2], "ext2", 0, NULL) == 0 && chdir(argv[2]) == 0, "ext2");
	sync(), write(drop, "3", 1);
	before = meminfo("SReclaimable:");
	make_all();
	is(stat_all(), FILES, "4000 files");
	sync();
	full = meminfo("SReclaimable:");
	ok(full - before > 2500, "inodes and dentries are SReclaimable: %ld KiB more",
	   full - before);
	set_vfs_pressure("0");
	write(drop, "2", 1);
	usleep(300000);
	ok(meminfo("SReclaimable:") - before > (full - before) * 3 / 4,
	   "vfs_cache_pressure 0: nobody takes them");
	set_vfs_pressure("100");
	write(drop, "2", 1);
	/* They are freed after a grace period of RCU. */
	ok(EVENTUALLY((write(drop, "2", 1), meminfo("SReclaimable:")) - before <
		      (full - before) / 2),
	   "drop_caches gives them back");
	is(stat_all(), FILES, "and they are read again");
	full = meminfo("SReclaimable:");
	pressure("SReclaimable:", before + (full - before) / 2);
	ok(EVENTUALLY(meminfo("SReclaimable:") - before < (full - before) * 3 / 4),
	   "a shortage of memory gives them back: %ld of %ld KiB are left",
	   meminfo("SReclaimable:") - before, full - before);
	is(stat_all(), FILES, "and they are read again");
	lseek(ram, 0, SEEK_SET);
	for (int i = 0; i < 8; i++) {
		memset(data, i + 1, sizeof(data));
		same &= read(ram, back, sizeof(back)) == sizeof(back) &&
			!memcmp(data, back, sizeof(data));
	}
	ok(same, "pages of ramfs have stayed");
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
