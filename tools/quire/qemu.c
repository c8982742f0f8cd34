// SPDX-License-Identifier: MIT
/* Composing QEMU's command line. Nothing here starts anything. */
#define _GNU_SOURCE
#include "qemu.h"

#include "kernel.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define QEMU "qemu-system-x86_64"

static const char *const port_names[NR_CHANNELS] = {
	[CH_CONSOLE] = "org.quire.console", [CH_CONTROL] = "org.quire.control",
	[CH_STDIN] = "org.quire.stdin",	    [CH_STDOUT] = "org.quire.stdout",
	[CH_STDERR] = "org.quire.stderr",
};

static bool microvm(const struct options *o)
{
	return !strcmp(o->machine, "microvm");
}

static void pair(struct strv *a, const char *option, const char *value)
{
	strv_add(a, option);
	strv_add(a, value);
}

#define pairf(a, option, ...)                                                                      \
	do {                                                                                       \
		strv_add(a, option);                                                               \
		strv_addf(a, __VA_ARGS__);                                                         \
	} while (0)

static void add_cpus(struct strv *a, const struct options *o, bool kvm)
{
	const char *cpu = o->cpu;

	/* Four levels of tables on both kernels; without what stops QEMU under nested KVM. */
	if (!cpu)
		cpu = kvm ? "host,-arch-capabilities,-la57" : "max,-la57";
	pair(a, "-accel", kvm ? "kvm" : o->one_thread ? "tcg,thread=single" : "tcg");
	pair(a, "-cpu", cpu);
	pairf(a, "-smp", "%d", o->smp);
	if (o->icount) {
		pair(a, "-icount", "shift=0,sleep=off");
		pair(a, "-rtc", "base=2026-01-01,clock=vm");
	}
	if (o->seed_given || o->icount)
		pairf(a, "-seed", "%llu", (unsigned long long)(o->seed_given ? o->seed : 1));
}

/* Sizes of the nodes in MiB, from "2" or "256M+256M"; their number. */
static int numa_sizes(const struct options *o, unsigned long *mib, int max)
{
	char *end;
	unsigned long n = strtoul(o->numa, &end, 10);
	unsigned long total = o->mem >> 20, sum = 0;
	int nr = 0;

	if (!*end) {
		if (n < 1 || n > (unsigned long)max || total < n)
			fail("--numa %s: 1 to %d nodes are meant", o->numa, max);
		for (; nr < (int)n; nr++)
			mib[nr] = total / n + (nr == 0 ? total % n : 0);
		return nr;
	}
	for (const char *s = o->numa; nr < max; s = end + 1) {
		mib[nr] = strtoul(s, &end, 10);
		if (end == s || !strchr("MG", *end))
			fail("--numa %s: a count or sizes such as 256M+256M are meant", o->numa);
		mib[nr] *= *end++ == 'G' ? 1024 : 1;
		sum += mib[nr++];
		if (*end != '+')
			break;
	}
	if (*end || sum != total)
		fail("--numa %s: the sizes must add up to --mem (%luM)", o->numa, total);
	return nr;
}

static void add_memory(struct strv *a, const struct options *o)
{
	unsigned long mib[16];
	int nr;

	if (o->mem & ((1 << 20) - 1))
		pairf(a, "-m", "size=%lluK", (unsigned long long)(o->mem >> 10));
	else
		pairf(a, "-m", "%llu", (unsigned long long)(o->mem >> 20));
	if (!o->numa)
		return;
	nr = numa_sizes(o, mib, 16);
	for (int i = 0; i < nr; i++) {
		int first = i * o->smp / nr, last = (i + 1) * o->smp / nr - 1;

		pairf(a, "-object", "memory-backend-ram,id=node%d,size=%luM", i, mib[i]);
		if (last >= first)
			pairf(a, "-numa", "node,nodeid=%d,memdev=node%d,cpus=%d-%d", i, i, first,
			      last);
		else
			pairf(a, "-numa", "node,nodeid=%d,memdev=node%d", i, i);
	}
}

static void add_channels(struct strv *a, const struct options *o, const int fds[NR_CHANNELS])
{
	for (int c = 0; c < NR_CHANNELS; c++)
		pairf(a, "-chardev", "socket,id=ch%d,fd=%d", c, fds[c]);
	pairf(a, "-serial", "chardev:ch%d", CH_SERIAL);
	if (microvm(o)) /* version 2 of the transport; QEMU's default is the one before Virtio 1.0 */
		pair(a, "-global", "virtio-mmio.force-legacy=false");
	if (o->icount) /* serve its queues at once, not when the host's main loop comes round to it */
		pairf(a, "-global", "virtio-%s.ioeventfd=off", microvm(o) ? "mmio" : "serial-pci");
	pair(a, "-device",
	     microvm(o) ? "virtio-serial-device,max_ports=8" : "virtio-serial-pci,max_ports=8");
	for (int c = CH_CONSOLE; c < NR_CHANNELS; c++)
		pairf(a, "-device", "%s,chardev=ch%d,nr=%d,name=%s",
		      c == CH_CONSOLE ? "virtconsole" : "virtserialport", c, c - CH_CONSOLE,
		      port_names[c]);
}

static void add_disk(struct strv *a, const struct options *o, const char *spec, int nr)
{
	const char *comma = strrchr(spec, ',');
	char *file = xstrdup(spec);
	bool nvme = comma && !strcmp(comma, ",nvme");
	struct stat st;

	if (nvme || (comma && !strcmp(comma, ",swap")))
		file[comma - spec] = '\0';
	if (strchr(file, ','))
		fail("--disk %s: a file name without commas, then perhaps ,swap or ,nvme", spec);
	if (nvme && microvm(o))
		fail("--disk %s: microvm has no PCI, and so no NVMe", spec);
	if (stat(file, &st))
		fail("--disk %s: %s; `truncate -s 1G FILE` makes an empty one", file,
		     strerror(errno));
	pairf(a, "-drive", "file=%s,format=raw,if=none,id=disk%d", file, nr);
	if (nvme)
		pairf(a, "-device", "nvme,drive=disk%d,serial=quire%d", nr, nr);
	else
		pairf(a, "-device", "%s,drive=disk%d",
		      microvm(o) ? "virtio-blk-device" : "virtio-blk-pci", nr);
	free(file);
}

static void add_disks(struct strv *a, const struct options *o)
{
	struct stat st;
	int nr = 0;

	if (o->root && !stat(o->root, &st) && !S_ISDIR(st.st_mode))
		add_disk(a, o, o->root, nr++);
	for (size_t i = 0; i < o->disk.n; i++)
		add_disk(a, o, o->disk.v[i], nr++);
}

static char *longer(char *text, const char *word)
{
	char *joined = xasprintf("%s %s", text, word);

	free(text);
	return joined;
}

static void add_kernel(struct strv *a, const struct options *o, int initrd)
{
	char seed[32];
	char *append = xstrdup("console=ttyS0 panic=-1");

	if (o->kernel == KERNEL_LINUX) /* gives up when a tick comes late from a busy host */
		append = longer(append, "no_timer_check");
	if (o->icount)
		append = longer(append, "nokaslr norandmaps");
	else if (o->gdb) /* which knows the kernel where it was linked to */
		append = longer(append, "nokaslr");
	if (o->seed_given) {
		snprintf(seed, sizeof(seed), "seed=%llu", (unsigned long long)o->seed);
		append = longer(append, seed);
	}
	for (size_t i = 0; i < o->append.n; i++)
		append = longer(append, o->append.v[i]);
	pair(a, "-kernel", kernel_file(o));
	pairf(a, "-initrd", "/proc/self/fd/%d", initrd);
	pair(a, "-append", append);
	free(append);
}

void qemu_argv(struct strv *a, const struct options *o, bool kvm, const int fds[NR_CHANNELS],
	       int initrd)
{
	strv_add(a, QEMU);
	strv_add(a, "-nodefaults");
	strv_add(a, "-no-user-config");
	pair(a, "-machine", o->machine);
	pair(a, "-display", "none");
	pair(a, "-monitor", "none");
	strv_add(a, "-no-reboot");
	add_cpus(a, o, kvm);
	add_memory(a, o);
	add_channels(a, o, fds);
	add_disks(a, o);
	pair(a, "-device", "isa-debug-exit,iobase=0x501,iosize=2");
	add_kernel(a, o, initrd);
	if (o->gdb) {
		strv_add(a, "-S");
		pair(a, "-gdb", "tcp:127.0.0.1:1234");
	}
	for (size_t i = 0; i < o->qemu_arg.n; i++)
		strv_add(a, o->qemu_arg.v[i]);
}

static bool in_path(const char *name)
{
	char *copy = xstrdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"), *save = NULL;
	bool found = false;

	for (char *d = strtok_r(copy, ":", &save); d && !found; d = strtok_r(NULL, ":", &save)) {
		char *path = xasprintf("%s/%s", d, name);

		found = !access(path, X_OK);
		free(path);
	}
	free(copy);
	return found;
}

void qemu_require(void)
{
	struct strv argv = { 0 };

	if (in_path(QEMU) && !access("/bin/busybox", X_OK))
		return;
	strv_addf(&argv, "%s/tools/setup.sh", home_dir());
	strv_add(&argv, "run");
	if (run_tool(&argv) || !in_path(QEMU))
		exit(EXIT_MISTAKE); /* setup.sh has said what to do */
}
