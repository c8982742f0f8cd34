// SPDX-License-Identifier: MIT
/* /proc/PID/map_files, wchan, syscall, stack, and names of descriptors: what strict readers of /proc expect. */
#include "tap.h"

#include <dirent.h>
#include <sys/stat.h>

static bool is_there(const char *format, ...)
{
	struct stat st;
	char path[128];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return lstat(path, &st) == 0;
}

static void descriptors(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY);
	bool none = true;

	ok(is_there("/proc/self/fd/%d", fd), "fd/N is there");
	for (int c = 1; c < 256; c++)
		if (c != '/' && (is_there("/proc/self/fd/%c%d", c, fd) ||
				 is_there("/proc/self/fd/%d%c", fd, c)))
			none = false;
	ok(none, "no descriptor with a sign, a blank, a newline or a zero before or behind it");
	close(fd);
}

static void map_files(void)
{
	char name[64], path[96], target[64] = "";
	struct dirent *e;
	int fd = open("/dev/zero", O_RDONLY), listed = 0, wrong = 0;
	char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE, fd, 0);
	unsigned long a = (unsigned long)p, b = a + 4096;
	struct stat st;
	DIR *d;

	must(p != MAP_FAILED);
	snprintf(name, sizeof(name), "%lx-%lx", a, b);
	snprintf(path, sizeof(path), "/proc/self/map_files/%s", name);
	ok(readlink(path, target, sizeof(target) - 1) > 0 && !strcmp(target, "/dev/zero"),
	   "map_files: a link to the mapped file");
	ok(!lstat(path, &st) && st.st_mode == (S_IFLNK | 0400),
	   "map_files: its mode tells how the file was opened");
	ok(!stat(path, &st) && S_ISCHR(st.st_mode), "map_files: it is followed");
	ok(!is_there("/proc/self/map_files/ %lx-%lx", a, b) &&
		   !is_there("/proc/self/map_files/%lx -%lx", a, b) &&
		   !is_there("/proc/self/map_files/%lx-0%lx", a, b) &&
		   !is_there("/proc/self/map_files/0%lx-%lx", a, b) &&
		   !is_there("/proc/self/map_files/%lx-%lx ", a, b) &&
		   !is_there("/proc/self/map_files/%lx-%lx", a, b + 4096) &&
		   !is_there("/proc/self/map_files/10000000000000000%lx-%lx", a, b) &&
		   !is_there("/proc/self/map_files/%lx", a),
	   "map_files: blanks, zeroes, other bounds: ENOENT");
	d = opendir("/proc/self/map_files");
	while (d && (e = readdir(d))) {
		listed += !strcmp(e->d_name, name);
		snprintf(path, sizeof(path), "/proc/self/map_files/%.40s", e->d_name);
		if (e->d_name[0] != '.')
			wrong += e->d_type != DT_LNK || lstat(path, &st);
	}
	ok(listed == 1 && !wrong, "map_files: the directory lists it once, and links only");
	closedir(d);
	munmap(p, 4096);
	snprintf(path, sizeof(path), "/proc/self/map_files/%s", name);
	ok(lstat(path, &st) < 0 && errno == ENOENT, "map_files: gone with the region");
	close(fd);
}

static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	close(fd);
	return n < 0 ? 0 : n;
}

static void where(void)
{
	char path[64], text[512], expected[128];
	int fd = open("/proc/self/syscall", O_RDONLY), p[2], status;
	pid_t pid;

	memset(text, 0, sizeof(text));
	snprintf(expected, sizeof(expected), "%ld 0x%lx 0x%lx 0x%lx", (long)SYS_read, (long)fd,
		 (long)text, (long)sizeof(text) - 1);
	ok(syscall(SYS_read, fd, text, sizeof(text) - 1) > 0 &&
		   !strncmp(text, expected, strlen(expected)),
	   "syscall: a reader reads its own read");
	close(fd);
	ok(read_file("/proc/self/wchan", text, sizeof(text)) == 1 && text[0] == '0',
	   "wchan: 0 for one that runs");
	must(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		close(p[1]);
		read(p[0], text, 1);
		_exit(0);
	}
	snprintf(expected, sizeof(expected), "%ld 0x%lx ", (long)SYS_read, (long)p[0]);
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	ok(EVENTUALLY(read_file(path, text, sizeof(text)) &&
		      !strncmp(text, expected, strlen(expected))),
	   "syscall: the read of a sleeping child");
	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	ok(read_file(path, text, sizeof(text)) > 1 && strstr(text, "pipe"),
	   "wchan: a name for one that sleeps");
	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	ok(read_file(path, text, sizeof(text)) > 1 && strstr(text, "pipe_read"),
	   "stack: its calls, innermost first");
	close(p[1]);
	must(waitpid(pid, &status, 0) == pid);
}

int main(void)
{
	descriptors();
	map_files();
	where();
	return tap_end();
}
