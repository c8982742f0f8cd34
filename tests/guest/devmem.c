// SPDX-License-Identifier: MIT
/*
 * /dev/mem, by read, write and mmap, and BusyBox's devmem over it. oracle: none (CONFIG_STRICT_DEVMEM) for what is memory;
 * registers of devices can be read on both.
 */
#include "maps.h"
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#define HPET 0xfed00000ul

static bool on_linux(void)
{
	struct utsname u;

	return uname(&u) == 0 && !strstr(u.version, "Quire");
}

/* What devmem says, or 0. */
static unsigned long long devmem(const char *fmt, ...)
{
	unsigned long long value = 0;
	char command[160];
	va_list ap;
	FILE *f;
	int n = snprintf(command, sizeof(command), "busybox devmem ");

	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - n, fmt, ap);
	va_end(ap);
	f = popen(command, "r");
	if (f && fscanf(f, "%llx", &value) != 1)
		value = 0;
	if (f)
		pclose(f);
	return value;
}

/* The physical address of a symbol of the kernel. */
static unsigned long symbol(const char *name)
{
	unsigned long long text = 0, at = 0, value, code = 0;
	char line[256], what[128];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %127s", &value, what) == 2) {
			if (!strcmp(what, "_text"))
				text = value;
			if (!strcmp(what, name))
				at = value;
		}
	fclose(f);
	f = fopen("/proc/iomem", "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "Kernel code"))
			sscanf(line, "%llx", &code);
	fclose(f);
	return text && at && code ? at - text + code : 0;
}

static void registers(int mem)
{
	volatile uint32_t *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem, HPET);

	ok(p != MAP_FAILED && (p[0] & 0xffff0000) == 0x80860000,
	   "a register: mapped, the HPET is Intel's");
	ok((devmem("0x%lx 32", HPET) & 0xffff0000) == 0x80860000, "a register: devmem");
	munmap((void *)p, PAGE);
}

static void memory(int mem)
{
	volatile uint32_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0),
			  word;
	unsigned long phys, banner = symbol("linux_banner");
	unsigned char *map;

	mlock((void *)p, PAGE);
	p[1] = 0x12345678;
	phys = PFN((void *)p) * PAGE;
	ok(phys, "memory: the frame of a page of ours");
	ok(pread(mem, (void *)&word, 4, phys + 4) == 4 && word == 0x12345678, "memory: read");
	word = 0x9abcdef0;
	ok(pwrite(mem, (void *)&word, 4, phys + 8) == 4 && p[2] == 0x9abcdef0, "memory: write");
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, phys);
	ok(map != MAP_FAILED && *(volatile uint32_t *)(map + 4) == 0x12345678, "memory: mapped");
	munmap(map, PAGE);
	ok(devmem("0x%lx 32", phys + 4) == 0x12345678 && devmem("0x%lx 16", phys + 4) == 0x5678 &&
		   devmem("0x%lx 8", phys + 7) == 0x12,
	   "memory: devmem reads words, halves and bytes");
	devmem("0x%lx 32 0x7777ABCD", phys + 12);
	ok(p[3] == 0x7777abcd && devmem("0x%lx", phys + 12) == 0x7777abcd,
	   "memory: devmem writes 0x7777ABCD and reads it back");
	ok(banner && devmem("0x%lx 32", banner) == 0x756e694c,
	   "a global of the kernel: devmem sees \"Linu\" in linux_banner");
	munmap((void *)p, PAGE);
}

int main(void)
{
	struct stat st;
	int mem = open("/dev/mem", O_RDWR | O_SYNC);
	pid_t pid;
	int status;

	ok(mem >= 0 && fstat(mem, &st) == 0 && st.st_rdev == makedev(1, 1), "the device is 1:1");
	fails(lseek(mem, 0, SEEK_END), EINVAL, "no end");
	registers(mem);
	if (on_linux())
		ok(true, "memory # skip oracle: none (CONFIG_STRICT_DEVMEM)");
	else
		memory(mem);
	pid = fork();
	if (pid == 0) {
		setuid(1000);
		_exit(open("/dev/mem", O_RDONLY) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == EACCES, "not for everybody");
	return tap_end();
}
