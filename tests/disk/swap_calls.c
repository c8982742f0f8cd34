// SPDX-License-Identifier: MIT
/*
 * swapon(2) and swapoff(2) call by call, as TAP: swap_calls DISK FILES (a disk of 16 MiB, and one of 24 with an empty ext2).
 * What they refuse, what they make of odd headers and names, who may come between, and what /proc/swaps says meanwhile.
 */
#include "../guest/maps.h"
#include "../guest/swapdev.h"
#include "contents.h"
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/socket.h>

#define DISCARD_ONCE  0x20000
#define DISCARD_PAGES 0x40000
#define DIR	      "/tmp/m/"
#define MIB	      (1 << 20)

static const char *disk;
static uint32_t last;

/* ---- headers ---- */

struct header {
	char boot[1024];
	uint32_t version, last_page, nr_bad;
	char uuid[16], label[16];
	uint32_t padding[117], bad[637];
	char rest[2], magic[12 - 2];
};
_Static_assert(sizeof(struct header) == 4096, "one page");

static struct header good_header(void)
{
	struct header h = { .version = 1, .last_page = last };

	memcpy(h.magic, "SWAPSPACE2", 10);
	return h;
}

static void put(const char *path, const struct header *h)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && pwrite(fd, h, sizeof(*h), 0) == sizeof(*h) && !fsync(fd) && !close(fd));
}

static void put_good(void)
{
	struct header h = good_header();

	put(disk, &h);
}

/* The page is not up to date in another byte order. */
static void swap_bytes(uint32_t *v, int nr)
{
	for (int i = 0; i < nr; i++)
		v[i] = __builtin_bswap32(v[i]);
}

static long total_pages(void)
{
	return meminfo_kb("SwapTotal:") / 4;
}

/* => on: how many pages it has; and off. */
static void has_pages(long pages, const char *what)
{
	if (ok(!swapon(disk, 0), "%s", what)) {
		is(total_pages(), pages, "%s: its pages", what);
		must(!swapoff(disk));
	}
}

static void refused(const struct header *h, const char *what)
{
	put(disk, h);
	fails(swapon(disk, 0), EINVAL, "%s", what);
}

static void headers(void)
{
	struct header h = good_header();

	memcpy(h.magic, "SWAP-SPACE", 10);
	refused(&h, "the signature of version 0");
	h = good_header();
	h.version = 2;
	refused(&h, "version 2");
	h.version = 0;
	refused(&h, "version 0");
	h = good_header();
	h.last_page = last + 1;
	refused(&h, "one page more than there is");
	h.last_page = UINT32_MAX;
	refused(&h, "as many pages as can be");
	h = good_header();
	h.nr_bad = 638;
	refused(&h, "more bad pages than the header can name");
	h.nr_bad = UINT32_MAX;
	refused(&h, "even more");
	h.nr_bad = 2;
	h.bad[0] = 5;
	refused(&h, "the header among the bad pages");
	h.bad[1] = last + 1;
	refused(&h, "a bad page beyond the end");
	h.last_page = 2;
	h.bad[0] = 1;
	h.bad[1] = 2;
	refused(&h, "all pages bad");
	h.last_page = 3;
	put(disk, &h);
	has_pages(1, "all but one");
	h = good_header();
	h.nr_bad = 637;
	for (int i = 0; i < 637; i++)
		h.bad[i] = 3 * i + 1;
	put(disk, &h);
	has_pages(last - 637, "637 bad pages");
	h.last_page = 100;
	h.nr_bad = 1;
	h.bad[0] = 100;
	put(disk, &h);
	has_pages(99, "fewer pages than the device, the last one bad");
	swap_bytes(&h.version, 3);
	swap_bytes(h.bad, 1);
	put(disk, &h);
	has_pages(99, "a header of the other byte order");
	h.nr_bad = __builtin_bswap32(1000);
	refused(&h, "the same with too many bad pages");
	put_good();
}

/* ---- names ---- */

static void make_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, path);
	must(!bind(fd, (struct sockaddr *)&a, sizeof(a)) && !close(fd));
}

static void names(void)
{
	char long_name[5000];

	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	fails(swapon(NULL, 0), EFAULT, "swapon: no pointer");
	fails(swapoff((char *)-4096), EFAULT, "swapoff: no pointer");
	fails(swapon("", 0), ENOENT, "swapon: an empty name");
	fails(swapoff(""), ENOENT, "swapoff: an empty name");
	fails(swapon(long_name, 0), ENAMETOOLONG, "a long name");
	fails(swapon("/dev/null/x", 0), ENOTDIR, "below what is no directory");
	must(!symlink("/tmp/loop", "/tmp/loop"));
	fails(swapon("/tmp/loop", 0), ELOOP, "a loop of links");
	fails(swapoff("/nonesuch"), ENOENT, "swapoff: of nothing");
	fails(swapoff("/tmp"), EISDIR, "swapoff: a directory");
	fails(swapoff("/dev/null"), EINVAL, "swapoff: a character device");
	must(!mkfifo("/tmp/fifo", 0600));
	fails(swapon("/tmp/fifo", 0), EINVAL, "a pipe");
	make_socket("/tmp/socket");
	fails(swapon("/tmp/socket", 0), ENXIO, "a socket");
	fails(swapon("/proc/self/exe", 0), ETXTBSY, "a running program");
	must(!mknod("/tmp/none", S_IFBLK | 0600, makedev(250, 77)));
	fails(swapon("/tmp/none", 0), ENXIO, "a device that does not exist");
	fails(swapon(disk, 0x80000), EINVAL, "an unknown flag");
	fails(swapon(disk, 1 << 31), EINVAL, "the sign");
}

/* On by one name, off by another. */
static void other_names(void)
{
	struct stat st;

	must(!stat(disk, &st) && !mknod("/tmp/again", S_IFBLK | 0600, st.st_rdev));
	must(!symlink(disk, "/tmp/link"));
	ok(!swapon("/tmp/link", 0), "swapon by a symbolic link");
	fails(swapon("/tmp/again", 0), EBUSY, "once more by another node");
	ok(!swapoff("/tmp/again"), "swapoff by another node");
	fails(swapoff(disk), EINVAL, "it is off");
}

/* ---- the device ---- */

static void devices(void)
{
	int fd = open(disk, O_RDWR | O_EXCL), one = 1, zero = 0;

	must(fd >= 0);
	fails(swapon(disk, 0), EBUSY, "a device that is open exclusively");
	close(fd);
	fd = open(disk, O_RDWR);
	ok(!swapon(disk, 0), "one that is open");
	fails(open(disk, O_RDWR | O_EXCL), EBUSY, "swap has it exclusively");
	fails(mount(disk, "/tmp", "ext2", 0, NULL), EBUSY, "nor can it be mounted");
	must(!swapoff(disk));
	must(!ioctl(fd, BLKROSET, &one));
	ok(!swapon(disk, 0), "a device that is read-only");
	must(!swapoff(disk));
	must(!ioctl(fd, BLKROSET, &zero));
	close(fd);
	has_pages(last, "and then not");
}

/* ---- /proc/swaps ---- */

/* The line of the only device, and how many lines there are. */
static char *only_line(int *lines)
{
	static char text[2][512];
	FILE *f = fopen("/proc/swaps", "r");

	text[1][0] = '\0';
	for (*lines = 0; fgets(text[!!*lines], sizeof(text[0]), f); ++*lines)
		;
	fclose(f);
	return text[1];
}

static void layout(void)
{
	char want[512];
	struct stat st;
	int lines;

	must(!stat(disk, &st) && !mknod("/tmp/a b\\c\td", S_IFBLK | 0600, st.st_rdev));
	must(!swapon("/tmp/a b\\c\td", SWAP_FLAG_PREFER | 32767));
	snprintf(want, sizeof(want), "%-40spartition\t%u\t\t0\t\t32767\n",
		 "/tmp/a\\040b\\134c\\011d", last * 4);
	ok(!strcmp(only_line(&lines), want) && lines == 2, "/proc/swaps: odd characters");
	must(!unlink("/tmp/a b\\c\td"));
	snprintf(want, sizeof(want), "%-40spartition\t%u\t\t0\t\t32767\n",
		 "/tmp/a\\040b\\134c\\011d\\040(deleted)", last * 4);
	ok(!strcmp(only_line(&lines), want), "/proc/swaps: a node that is gone");
	must(!swapoff(disk));
	only_line(&lines);
	is(lines, 1, "/proc/swaps: the head alone");
}

static int polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };

	must(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static void *waits(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLPRI };

	return poll(&p, 1, 30000) == 1 ? (void *)(long)p.revents : NULL;
}

static void events(void)
{
	int fd = open("/proc/swaps", O_RDONLY);
	pthread_t t;
	void *got;

	is(polled(fd), POLLIN, "/proc/swaps: poll, nothing has happened");
	must(!pthread_create(&t, NULL, waits, &fd));
	must(!swapon(disk, 0));
	must(!pthread_join(t, &got));
	is((long)got, POLLPRI | POLLERR, "/proc/swaps: swapon wakes who polls");
	is(polled(fd), POLLIN, "/proc/swaps: it is told once");
	must(!swapoff(disk));
	is(polled(fd), POLLIN | POLLPRI | POLLERR, "/proc/swaps: swapoff");
	is(polled(fd), POLLIN, "/proc/swaps: and that once");
	close(fd);
}

/* ---- files ---- */

static void make_file(const char *path, unsigned pages)
{
	static char page[4096];
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	must(fd >= 0);
	for (unsigned i = 0; i < pages; i++)
		must(write(fd, page, sizeof(page)) == sizeof(page));
	must(!close(fd) && make_swap(path, pages - 1, 0));
}

static void files(const char *device)
{
	struct header h = { .version = 1 };
	int fd;

	mkdir("/tmp/m", 0755);
	must(!mount(device, "/tmp/m", "ext2", 0, NULL));
	fails(swapon(device, 0), EBUSY, "a mounted device");
	make_file(DIR "f", 64);
	must(!link(DIR "f", DIR "g"));
	fails(swapoff(DIR "f"), EINVAL, "swapoff: a file that is not on");
	memcpy(h.magic, "SWAPSPACE2", 10);
	h.last_page = 63;
	h.nr_bad = 1;
	h.bad[0] = 3;
	put(DIR "f", &h);
	fails(swapon(DIR "f", 0), EINVAL, "a file with bad pages");
	make_swap(DIR "f", 64, 0);
	fails(swapon(DIR "f", 0), EINVAL, "a file that is too short");
	make_swap(DIR "f", 63, 0);
	must((fd = open(DIR "f", O_RDWR)) >= 0);
	ok(!swapon(DIR "f", SWAP_FLAG_DISCARD | DISCARD_PAGES),
	   "a file that is open for writing, with discard");
	fails(swapon(DIR "g", 0), EBUSY, "its other name");
	fails(fallocate(fd, 0, 0, 65 * 4096), ETXTBSY, "an active file: fallocate");
	fails(ftruncate(fd, 63 * 4096), ETXTBSY, "an active file: it does not shrink");
	fails(unlink(DIR "g"), EPERM, "its other name is not unlinked");
	fails(mount(NULL, "/tmp/m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY,
	      "its file system stays writable");
	fails(umount("/tmp/m"), EBUSY, "and mounted");
	ok(!swapoff(DIR "g"), "swapoff by the other name");
	close(fd);
	must(!unlink(DIR "g"));
	must(!truncate(DIR "f", 64 * 4096 + 100));
	ok(!swapon(DIR "f", 0), "a file that ends within a page");
	is(total_pages(), 63, "its pages");
	must(!swapoff(DIR "f"));
	must(!mount(NULL, "/tmp/m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	fails(swapon(DIR "f", 0), EROFS, "on a file system that is read-only");
	must(!mount(NULL, "/tmp/m", NULL, MS_REMOUNT, NULL));
	fd = open(DIR "empty", O_CREAT | O_RDWR, 0600);
	fails(swapon(DIR "empty", 0), EINVAL, "an empty file");
	must(!ftruncate(fd, 100) && !close(fd));
	fails(swapon(DIR "empty", 0), EINVAL, "less than a page");
	make_file("/tmp/ram", 16);
	fails(swapon("/tmp/ram", 0), EINVAL, "a file in memory");
}

/* As many as there may be. */
static void many(void)
{
	char name[64];
	int n;

	for (n = 0; n < 40; n++) {
		snprintf(name, sizeof(name), DIR "%d", n);
		make_file(name, 10);
		if (swapon(name, 0))
			break;
	}
	is(errno, EPERM, "too many");
	is(n, 27, "as many devices as there are types for");
	is(total_pages(), 9 * n, "their pages");
	while (n--) {
		snprintf(name, sizeof(name), DIR "%d", n);
		must(!swapoff(name));
	}
	is(total_pages(), 0, "none");
}

/* ---- swapoff while ... ---- */

static char *put_out(unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	fill(p, pages, 1);
	must(pageout(p, pages) == pages);
	return p;
}

static void no_memory(void)
{
	char *p;
	FILE *f;

	must(!swapon(disk, 0));
	p = put_out(64);
	f = fopen("/proc/sys/vm/overcommit_memory", "w");
	fputs("2", f);
	fclose(f);
	f = fopen("/proc/sys/vm/overcommit_kbytes", "w");
	fputs("1", f);
	fclose(f);
	fails(swapoff(disk), ENOMEM, "swapoff: more is committed than memory would have");
	is(total_pages(), last, "it is on");
	f = fopen("/proc/sys/vm/overcommit_memory", "w");
	fputs("0", f);
	fclose(f);
	f = fopen("/proc/sys/vm/overcommit_ratio", "w");
	fputs("50", f);
	fclose(f);
	ok(!swapoff(disk), "swapoff");
	ok(wrong(p, 64, 1) == -1, "contents");
	munmap(p, 64 * PAGE);
}

static void nothing(int sig)
{
	(void)sig;
}

static bool runs(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	must(!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return !info.si_pid;
}

/* A child that switches the disk off, and has begun: its free pages are counted no more. */
static pid_t begin_swapoff(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(!swapoff(disk) ? 0 : errno);
	while (total_pages() == last && runs(pid))
		;
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	return status;
}

#define PAGES 2000UL
#define TRIES 50

static int lines_of_swaps(void)
{
	int lines;

	only_line(&lines);
	return lines;
}

/* While a swapoff is on its way, which /proc/swaps tells, others go on and off. Each try may come too late. */
static void beside_swapoff(void)
{
	bool other = false, again = false;
	char *p;

	for (int i = 0; i < TRIES && !(other && again); i++) {
		pid_t pid;
		int err;

		put_good();
		must(!swapon(disk, 0));
		p = put_out(PAGES);
		pid = begin_swapoff();
		err = swapoff(disk) ? errno : 0;
		again |= err == EINVAL && lines_of_swaps() == 2;
		must(!swapon(DIR "f", 0));
		other |= lines_of_swaps() == 3;
		must(!end_of(pid));
		must(!swapoff(DIR "f") && wrong(p, PAGES, 1) == -1);
		munmap(p, PAGES * PAGE);
	}
	ok(other, "a device is switched on while another is being switched off");
	ok(again, "what is being switched off is not on");
}

/* Signals come all the time. */
static pid_t swapoff_with_alarms(void)
{
	const struct itimerval often = { { 0, 500 }, { 0, 500 } };
	pid_t pid = fork();

	if (pid)
		return pid;
	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &often, NULL);
	_exit(!swapoff(disk) ? 0 : errno);
}

/*
 * A signal ends it: all is as before. It may come too late, so there are several tries; Linux looks for signals between two address
 * spaces, so the pages are in those of the parent and of the child.
 */
static void interrupted(void)
{
	bool ended = false, same = true, contents = true;

	for (int i = 0; i < TRIES && !ended; i++) {
		int status;
		char *p;

		must(!swapon(disk, SWAP_FLAG_PREFER | 7));
		p = put_out(PAGES);
		status = end_of(swapoff_with_alarms());
		ended = status == EXITED(EINTR);
		must(ended || !status);
		same &= total_pages() == (ended ? last : 0);
		contents &= wrong(p, PAGES, 1) == -1;
		munmap(p, PAGES * PAGE);
	}
	ok(ended, "swapoff: EINTR");
	ok(same && !swapoff(disk), "the device is on as before");
	ok(contents, "no page is lost");
}

int main(int argc, char **argv)
{
	must(argc == 3);
	disk = argv[1];
	last = last_page_of(disk);
	names();
	headers();
	other_names();
	devices();
	layout();
	files(argv[2]);
	many();
	events();
	no_memory();
	beside_swapoff();
	interrupted();
	return tap_end();
}
