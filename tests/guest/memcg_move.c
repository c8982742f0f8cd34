// SPDX-License-Identifier: MIT
/*
 * A page that moves to another frame stays charged to its group, whoever has it moved. oracle: none, Debian's kernel is built without
 * CONFIG_MEMORY_FAILURE.
 */
#include "cgroup.h"

#define PAGES 16

static int soft_offline(const char *page)
{
	int map = open("/proc/self/pagemap", O_RDONLY);
	int file = open("/sys/devices/system/memory/soft_offline_page", O_WRONLY);
	char text[32];
	uint64_t entry;
	bool good;

	must(pread(map, &entry, 8, (uintptr_t)page / 4096 * 8) == 8);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)(entry << 9 >> 9) * 4096);
	good = write(file, text, strlen(text)) > 0;
	close(file);
	close(map);
	return good;
}

int main(void)
{
	int fd = open("/tmp/memcg_move", O_RDWR | O_CREAT, 0600), moved = 0;
	char *mem;
	pid_t pid;

	if (access("/sys/devices/system/memory/soft_offline_page", F_OK)) {
		ok(errno == ENOENT, "move # skip oracle: none (CONFIG_MEMORY_FAILURE)");
		return tap_end();
	}
	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory"));
	cg_mkdir("m");
	must(!ftruncate(fd, PAGES * 4096));
	mem = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid = cg_member("m");
	if (!pid) {
		memset(mem, 7, PAGES * 4096);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	for (int i = 0; i < PAGES; i++) {
		(void)*(volatile char *)(mem + i * 4096);
		moved += soft_offline(mem + i * 4096);
	}
	ok(moved > PAGES / 2, "%d pages were moved", moved);
	ok(mem[5 * 4096] == 7, "with what is in them");
	ok(CG_WAIT(cg_num("m/memory.stat", "file") >= PAGES * 4096), "they are still the group's");
	munmap(mem, PAGES * 4096);
	close(fd);
	unlink("/tmp/memcg_move");
	ok(CG_WAIT(cg_num("m/memory.stat", "file") == 0), "until they go");
	ok(CG_WAIT(!cg_rmdir("m")), "removed");
	cg_write("cgroup.subtree_control", "-memory");
	return tap_end();
}
