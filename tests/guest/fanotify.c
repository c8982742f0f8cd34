// SPDX-License-Identifier: MIT
/* fanotify(7): events with descriptors or file handles, of files, mounts and file systems; permission. */
#include "textfile.h"

#include <linux/fanotify.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define DIR    "/tmp/fan"
#define FILE_  DIR "/file"
#define OTHER  DIR "/other"
#define SUB    DIR "/sub"
#define RECORD (sizeof(struct fanotify_event_info_fid) + 8) /* up to the handle */

static int fan = -1;
static char raw[65536] __attribute__((aligned(8))), words[65536];

static int init(unsigned int flags, unsigned int f_flags)
{
	return syscall(SYS_fanotify_init, flags, f_flags);
}

static int mark_at(unsigned int flags, uint64_t mask, int dfd, const char *name)
{
	return syscall(SYS_fanotify_mark, fan, flags, mask, dfd, name);
}

static int mark(unsigned int flags, uint64_t mask, const char *name)
{
	return mark_at(flags, mask, AT_FDCWD, name);
}

static void group(unsigned int flags)
{
	if (fan >= 0)
		close(fan);
	fan = init(flags | FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY);
	must(fan >= 0);
}

static void touch(const char *name, const char *data)
{
	int fd = open(name, O_CREAT | O_RDWR, 0644);

	must(fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data));
	close(fd);
}

static void look(const char *name)
{
	char c;
	int fd = open(name, O_RDONLY);

	must(fd >= 0);
	(void)!read(fd, &c, 1);
	close(fd);
}

/* --- events as words: "open+access+close_nowrite file, ..." --- */

static char *mask_words(char *to, uint64_t mask)
{
	static const char *const names[] = {
		"access",   "modify",	"attrib",    "close_write", "close_nowrite", "open", "from",
		"to",	    "create",	"delete",    "delete_self", "move_self",     "exec", "13",
		"overflow", "fs_error", "open_perm", "access_perm", "exec_perm"
	};
	char *start = to;

	for (int i = 0; i < 19; i++)
		if (mask & 1ull << i)
			to += sprintf(to, "%s%s", to > start ? "+" : "", names[i]);
	if (mask & FAN_RENAME)
		to += sprintf(to, "%srename", to > start ? "+" : "");
	if (mask & FAN_ONDIR)
		to += sprintf(to, "+dir");
	return to;
}

/* The last part of the name that a descriptor has. */
static char *fd_words(char *to, int fd)
{
	char path[64], name[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	must(n > 0);
	name[n] = 0;
	return to + sprintf(to, " %s", strrchr(name, '/') + 1);
}

static struct {
	const char *name;
	char handle[128];
} known[8];

/* From now on the file at @path is told as @name. */
static void know(int i, const char *path, const char *name)
{
	struct {
		unsigned int bytes;
		int type;
		char handle[120];
	} h = { .bytes = 120 };
	int mnt;

	must(syscall(SYS_name_to_handle_at, AT_FDCWD, path, &h, &mnt, 0) == 0);
	known[i].name = name;
	memcpy(known[i].handle, &h, 8 + h.bytes);
}

static char *record_words(char *to, const struct fanotify_event_info_header *hdr)
{
	static const char *const types[] = {
		[1] = "fid",   [2] = "dfid_name", [3] = "dfid", [4] = "pidfd",
		[5] = "error", [10] = "old",	  [12] = "new"
	};
	const struct fanotify_event_info_fid *fid = (const void *)hdr;
	const unsigned int *handle = (const void *)fid->handle;
	size_t size = 8 + handle[0];

	to += sprintf(to, " %s:", types[hdr->info_type]);
	if (hdr->info_type == FAN_EVENT_INFO_TYPE_PIDFD) {
		const struct fanotify_event_info_pidfd *p = (const void *)hdr;

		if (p->pidfd >= 0)
			close(p->pidfd);
		return to + sprintf(to, "%s", p->pidfd >= 0 ? "fd" : p->pidfd == -1 ? "none" : "?");
	}
	for (int i = 0; i < 8; i++)
		if (known[i].name && !memcmp(known[i].handle, handle, size))
			to += sprintf(to, "%s", known[i].name);
	if (hdr->len > sizeof(*fid) + size && hdr->info_type != FAN_EVENT_INFO_TYPE_FID &&
	    hdr->info_type != FAN_EVENT_INFO_TYPE_DFID)
		to += sprintf(to, "/%s", (const char *)handle + size);
	return to;
}

static const char *events(void)
{
	char *to = words;
	ssize_t n;

	*to = 0;
	while ((n = read(fan, raw, sizeof(raw))) > 0)
		for (struct fanotify_event_metadata *e = (void *)raw; FAN_EVENT_OK(e, n);
		     e = FAN_EVENT_NEXT(e, n)) {
			to += sprintf(to, to > words ? ", " : "");
			to = mask_words(to, e->mask);
			if (e->fd >= 0) {
				to = fd_words(to, e->fd);
				close(e->fd);
			}
			for (unsigned int at = e->metadata_len; at < e->event_len;) {
				struct fanotify_event_info_header *hdr = (void *)((char *)e + at);

				to = record_words(to, hdr);
				at += hdr->len;
			}
			if (to > words + sizeof(words) - 4096)
				return words;
		}
	return words;
}

#define told(want, what)                                                                           \
	do {                                                                                       \
		const char *got_ = events();                                                       \
		if (!ok(!strcmp(got_, want), "%s", what))                                          \
			printf("# got    %s\n# wanted %s\n", got_, want);                          \
	} while (0)

/* --- errors --- */

static void init_errors(void)
{
	fails(init(0x2000, 0), EINVAL, "init: an unknown flag");
	fails(init(FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT, 0), EINVAL, "two classes");
	fails(init(FAN_REPORT_FID | FAN_CLASS_CONTENT, 0), EINVAL, "FID with CONTENT");
	fails(init(FAN_REPORT_NAME, 0), EINVAL, "NAME without DIR_FID");
	fails(init(FAN_REPORT_TARGET_FID | FAN_REPORT_DFID_NAME, 0), EINVAL, "TARGET without FID");
	fails(init(FAN_REPORT_TARGET_FID | FAN_REPORT_FID, 0), EINVAL, "TARGET without NAME");
	fails(init(FAN_REPORT_TID | FAN_REPORT_PIDFD, 0), EINVAL, "TID with PIDFD");
	fails(init(0, O_ACCMODE), EINVAL, "no access mode");
	fails(init(0, O_CREAT), EINVAL, "event_f_flags that are none");
	fan = init(FAN_CLOEXEC | FAN_ENABLE_AUDIT, O_RDWR | O_CLOEXEC);
	ok(fan >= 0 && fcntl(fan, F_GETFD) == FD_CLOEXEC, "fanotify_init, FAN_CLOEXEC");
	is(fcntl(fan, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR, "open to read and write");
	snprintf(words, sizeof(words), "/proc/self/fd/%d", fan);
	raw[readlink(words, raw, 100)] = 0;
	ok(!strcmp(raw, "anon_inode:[fanotify]"), "its name");
}

static void mark_errors(void)
{
	int p[2], fd = open(FILE_, O_RDONLY);

	must(pipe(p) == 0);
	fails(mark(FAN_MARK_ADD, 0, DIR), EINVAL, "mark: no event");
	fails(mark(0, FAN_OPEN, DIR), EINVAL, "no command");
	fails(mark(FAN_MARK_ADD | FAN_MARK_REMOVE, FAN_OPEN, DIR), EINVAL, "two");
	fails(mark(FAN_MARK_ADD | 0x800, FAN_OPEN, DIR), EINVAL, "an unknown flag");
	fails(mark(FAN_MARK_ADD, 1ull << 32, DIR), EINVAL, "a high event");
	fails(mark(FAN_MARK_ADD, FAN_Q_OVERFLOW, DIR), EINVAL, "an event that cannot be asked for");
	fails(mark(FAN_MARK_ADD | FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM, FAN_OPEN, DIR), EINVAL,
	      "mount and file system");
	fails(mark(FAN_MARK_FLUSH | FAN_MARK_ONLYDIR, 0, DIR), EINVAL, "flush with a flag");
	fails(mark(FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_IGNORED_MASK, FAN_OPEN, DIR), EINVAL,
	      "both ways to ignore");
	fails(syscall(SYS_fanotify_mark, 99, FAN_MARK_ADD, (uint64_t)FAN_OPEN, AT_FDCWD, DIR),
	      EBADF, "no group");
	fails(syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD, (uint64_t)FAN_OPEN, AT_FDCWD, DIR),
	      EINVAL, "another file");
	fails(mark(FAN_MARK_ADD, FAN_OPEN_PERM, DIR), EINVAL, "permission in class NOTIF");
	fails(mark(FAN_MARK_ADD, FAN_FS_ERROR, DIR), EINVAL, "FAN_FS_ERROR of a directory");
	fails(mark(FAN_MARK_ADD | FAN_MARK_MOUNT | FAN_MARK_EVICTABLE, FAN_OPEN, DIR), EINVAL,
	      "an evictable mount");
	fails(mark(FAN_MARK_ADD, FAN_CREATE, DIR), EINVAL, "FAN_CREATE without FID");
	fails(mark(FAN_MARK_ADD, FAN_OPEN, "/nowhere"), ENOENT, "no file");
	fails(mark(FAN_MARK_ADD, FAN_OPEN, (char *)1), EFAULT, "no name");
	fails(mark(FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_OPEN, FILE_), ENOTDIR, "ONLYDIR");
	fails(mark_at(FAN_MARK_ADD | FAN_MARK_ONLYDIR, FAN_OPEN, fd, NULL), ENOTDIR,
	      "ONLYDIR of a descriptor");
	fails(mark_at(FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, NULL), EBADF, "no name and no descriptor");
	fails(mark(FAN_MARK_REMOVE, FAN_OPEN, DIR), ENOENT, "no mark to remove");
	fails(mark(FAN_MARK_ADD | FAN_MARK_IGNORE, FAN_OPEN, DIR), EISDIR,
	      "IGNORE of a directory without SURV_MODIFY");
	fails(mark(FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_MOUNT, FAN_OPEN, DIR), EINVAL,
	      "of a mount");
	fails(mark(FAN_MARK_ADD | FAN_MARK_IGNORE_SURV, FAN_OPEN | FAN_ONDIR, FILE_), ENOTDIR,
	      "IGNORE of directories for a file");
	is(mark_at(FAN_MARK_ADD, FAN_OPEN, fd, NULL), 0, "a mark by descriptor");
	fails(mark(FAN_MARK_ADD | FAN_MARK_EVICTABLE, FAN_OPEN, FILE_), EEXIST,
	      "evictable, when it is not");
	is(mark(FAN_MARK_ADD | FAN_MARK_IGNORE_SURV, FAN_ACCESS, FILE_), 0, "FAN_MARK_IGNORE_SURV");
	fails(mark(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, FAN_OPEN, FILE_), EEXIST,
	      "IGNORED_MASK after IGNORE");
	fails(mark(FAN_MARK_ADD | FAN_MARK_IGNORE, FAN_OPEN, FILE_), EEXIST,
	      "IGNORE after it survived");
	is(mark(FAN_MARK_FLUSH, 0, NULL), 0, "FAN_MARK_FLUSH");
	fails(mark(FAN_MARK_REMOVE, FAN_OPEN, FILE_), ENOENT, "all have gone");
	close(fd);
	close(p[0]);
	close(p[1]);
}

static void file_errors(void)
{
	struct fanotify_response r = { 0, FAN_ALLOW };
	int fd;

	fcntl(fan, F_SETFL, O_NONBLOCK);
	fails(read(fan, raw, sizeof(raw)), EAGAIN, "read: nothing");
	fails(write(fan, &r, 4), EINVAL, "write: too short");
	fails(write(fan, (void *)1, 8), EFAULT, "write: from nowhere");
	fails(write(fan, &r, 8), ENOENT, "write: no question");
	r.response = 3;
	fails(write(fan, &r, 8), EINVAL, "write: neither yes nor no");
	r = (struct fanotify_response){ -1, FAN_DENY };
	fails(write(fan, &r, 8), EINVAL, "write: no descriptor");
	fails(ioctl(fan, TIOCGWINSZ, raw), ENOTTY, "ioctl: another");
	must(mark(FAN_MARK_ADD, FAN_OPEN, FILE_) == 0);
	look(FILE_);
	is(ioctl(fan, FIONREAD, &fd), 0, "FIONREAD");
	is(fd, FAN_EVENT_METADATA_LEN, "one event");
	fails(read(fan, raw, FAN_EVENT_METADATA_LEN - 1), EINVAL, "read: no room");
	fails(read(fan, (void *)1, FAN_EVENT_METADATA_LEN), EFAULT, "read: to nowhere");
	fails(read(fan, raw, sizeof(raw)), EAGAIN, "then the event is lost");
	mark(FAN_MARK_FLUSH, 0, NULL);
}

static void nobody(void)
{
	must(setuid(65534) == 0);
	fails(init(0, 0), EPERM, "unprivileged: not without FID");
	fails(init(FAN_CLASS_CONTENT | FAN_REPORT_FID, 0), EPERM, "no class");
	fails(init(FAN_UNLIMITED_QUEUE | FAN_REPORT_FID, 0), EPERM, "no unlimited queue");
	fails(init(FAN_REPORT_FID | FAN_ENABLE_AUDIT, 0), EPERM, "no audit");
	fan = init(FAN_REPORT_FID | FAN_NONBLOCK, 0);
	ok(fan >= 0, "but with FAN_REPORT_FID");
	fails(mark(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, DIR), EPERM, "no mark of a mount");
	fails(mark(FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, DIR), EPERM, "nor file system");
	fails(mark(FAN_MARK_ADD, FAN_OPEN, DIR "/secret"), EACCES, "no file that it may not read");
	is(mark(FAN_MARK_ADD, FAN_OPEN, FILE_), 0, "of a file");
	look(FILE_);
	ok(read(fan, raw, sizeof(raw)) > 0 &&
		   ((struct fanotify_event_metadata *)raw)->pid == getpid(),
	   "its own process is told");
	if (fork() == 0) {
		look(FILE_);
		_exit(0);
	}
	wait(NULL);
	ok(read(fan, raw, sizeof(raw)) > 0 && ((struct fanotify_event_metadata *)raw)->pid == 0,
	   "no other");
	_exit(tap_failed);
}

static void in_child_counts(void (*fn)(void), int count, const char *what)
{
	is(in_child(fn), 0, "%s", what);
	tap_count += count;
}

/* --- events with descriptors --- */

static void by_descriptor(void)
{
	struct fanotify_event_metadata *e = (void *)raw;
	int fd, status;

	group(0);
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_ACCESS | FAN_MODIFY | FAN_CLOSE, FILE_) == 0);
	touch(FILE_, "abc");
	told("modify+close_write+open file", "events of one file are merged");
	look(FILE_);
	ok(read(fan, raw, sizeof(raw)) == FAN_EVENT_METADATA_LEN && e->event_len == 24 &&
		   e->metadata_len == 24 && e->vers == FANOTIFY_METADATA_VERSION &&
		   e->pid == getpid() && e->mask == (FAN_OPEN | FAN_ACCESS | FAN_CLOSE_NOWRITE),
	   "the metadata");
	is(fcntl(e->fd, F_GETFL) & O_ACCMODE, O_RDONLY, "the descriptor, as event_f_flags say");
	is(read(e->fd, words, 3), 3, "it can be read");
	close(e->fd);
	told("", "and nobody hears of it");
	must(truncate(FILE_, 1) == 0 && chmod(FILE_, 0600) == 0);
	told("", "truncate, chmod: no open file, no event");
	fd = open(FILE_, O_RDWR);
	must(ftruncate(fd, 2) == 0 && pwrite(fd, "x", 1, 0) == 1);
	close(fd);
	told("modify+close_write+open file", "a write");
	chmod(FILE_, 0644);
	status = fork();
	if (status == 0) {
		look(FILE_);
		_exit(0);
	}
	look(FILE_);
	wait(NULL);
	told("access+close_nowrite+open file, access+close_nowrite+open file", "two processes");
	look(DIR);
	told("", "the directory is not marked");
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE, DIR) == 0);
	fd = open(DIR, O_RDONLY | O_DIRECTORY);
	close(fd);
	look(OTHER);
	told("", "without ONDIR and ON_CHILD, nothing of a directory");
	must(mark(FAN_MARK_ADD, FAN_ONDIR, DIR) == 0);
	fd = open(DIR, O_RDONLY | O_DIRECTORY);
	close(fd);
	look(OTHER);
	told("close_nowrite+open fan", "FAN_ONDIR");
	must(mark(FAN_MARK_ADD, FAN_EVENT_ON_CHILD, DIR) == 0);
	look(OTHER);
	look(FILE_);
	told("close_nowrite+open other, access+close_nowrite+open file", "FAN_EVENT_ON_CHILD");
	fd = open(SUB, O_RDONLY | O_DIRECTORY);
	close(fd);
	told("close_nowrite+open sub", "of a directory in it");
	must(mark(FAN_MARK_REMOVE, FAN_OPEN | FAN_ONDIR, DIR) == 0);
	look(OTHER);
	told("close_nowrite other", "FAN_MARK_REMOVE of a part");
	must(mark(FAN_MARK_REMOVE, FAN_CLOSE | FAN_EVENT_ON_CHILD, DIR) == 0);
	fails(mark(FAN_MARK_REMOVE, FAN_CLOSE, DIR), ENOENT, "and of all: the mark goes");
	fd = open(OTHER, O_RDWR);
	must(mark(FAN_MARK_ADD, FAN_OPEN, OTHER) == 0);
	close(fan);
	fan = init(FAN_NONBLOCK, O_RDWR);
	must(mark(FAN_MARK_ADD, FAN_OPEN_EXEC | FAN_OPEN, "/proc/self/exe") == 0);
	close(fd);
	status = fork();
	if (status == 0) {
		execl("/proc/self/exe", "fanotify", "end", NULL);
		_exit(1);
	}
	must(waitpid(status, &status, 0) > 0);
	is(status, 0, "a program is executed");
	fails(read(fan, raw, sizeof(raw)), ETXTBSY, "FAN_OPEN_EXEC: it cannot be opened to write");
	group(0);
	must(mark(FAN_MARK_ADD, FAN_OPEN_EXEC | FAN_OPEN, "/proc/self/exe") == 0);
	status = fork();
	if (status == 0) {
		execl("/proc/self/exe", "fanotify", "end", NULL);
		_exit(1);
	}
	must(waitpid(status, &status, 0) > 0);
	ok(strstr(events(), "open+exec"), "FAN_OPEN_EXEC");
}

static void ignoring(void)
{
	group(0);
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE | FAN_EVENT_ON_CHILD, DIR) == 0);
	is(mark(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, FAN_OPEN, FILE_), 0, "IGNORED_MASK");
	look(FILE_);
	look(OTHER);
	told("close_nowrite file, close_nowrite+open other", "one file is ignored");
	touch(FILE_, "abc");
	look(FILE_);
	told("close_write+close_nowrite+open file", "until it is modified");
	must(mark(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN,
		  FILE_) == 0);
	touch(FILE_, "abc");
	look(FILE_);
	told("close_write+close_nowrite file", "IGNORED_SURV_MODIFY");
	must(mark(FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, FAN_OPEN, FILE_) == 0);
	look(FILE_);
	told("close_nowrite+open file", "no more");
	must(mark(FAN_MARK_ADD | FAN_MARK_IGNORE_SURV, FAN_OPEN, DIR) == 0);
	look(FILE_);
	told("close_nowrite+open file", "FAN_MARK_IGNORE without ON_CHILD ignores no child");
	must(mark(FAN_MARK_ADD | FAN_MARK_IGNORE_SURV, FAN_EVENT_ON_CHILD, DIR) == 0);
	look(FILE_);
	told("close_nowrite file", "with it, it does");
}

static void mounts(void)
{
	int fd;

	must(mount("none", SUB, "tmpfs", 0, NULL) == 0 && mkdir(SUB "/d", 0755) == 0);
	touch(SUB "/f", "x");
	must(mount(SUB, SUB "/d", NULL, MS_BIND, NULL) == 0);
	group(0);
	is(mark(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN | FAN_ACCESS, SUB "/f"), 0, "a mount");
	look(SUB "/f");
	told("access+open f", "of a file on it");
	look(SUB "/d/f");
	told("", "by another mount: nothing");
	fd = open(SUB, O_RDONLY);
	close(fd);
	told("", "a directory: only with FAN_ONDIR");
	group(0);
	is(mark(FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, SUB), 0, "a file system");
	look(SUB "/f");
	look(SUB "/d/f");
	told("open f, open f", "by either mount");
	must(mark(FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_MOUNT, FAN_OPEN, SUB "/d") == 0);
	look(SUB "/f");
	look(SUB "/d/f");
	told("open f", "one of them ignored");
	look(FILE_);
	told("", "another file system");
	snprintf(words, sizeof(words), "/proc/self/fdinfo/%d", fan);
	slurp(words);
	ok(strstr(text, "fanotify flags:3 event-flags:8000\n"), "fdinfo: flags");
	ok(strstr(text, "fanotify mnt_id:") && strstr(text, " mflags:0 mask:0 ignored_mask:20\n"),
	   "fdinfo: a mount");
	ok(strstr(text, "fanotify sdev:") && strstr(text, " mflags:0 mask:20 ignored_mask:0\n"),
	   "fdinfo: a file system");
	must(mark(FAN_MARK_FLUSH | FAN_MARK_MOUNT, 0, NULL) == 0);
	look(SUB "/d/f");
	told("open f", "FAN_MARK_FLUSH of mounts leaves the file system");
	must(mark(FAN_MARK_ADD | FAN_MARK_EVICTABLE, FAN_OPEN, SUB "/f") == 0 &&
	     mark(FAN_MARK_ADD | FAN_MARK_IGNORE_SURV, FAN_OPEN, SUB "/d") == 0);
	slurp(words);
	snprintf(words, sizeof(words), "/proc/self/fdinfo/%d", fan);
	slurp(words);
	ok(strstr(text,
		  " mflags:200 mask:20 ignored_mask:0 fhandle-bytes:c fhandle-type:1 f_handle:"),
	   "fdinfo: an evictable inode");
	ok(strstr(text, " mflags:440 mask:0 ignored_mask:20 fhandle-bytes:"),
	   "fdinfo: one ignored");
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_ACCESS | FAN_ONDIR, SUB "/d") == 0);
	is(umount(SUB "/d"), 0, "marks do not keep a mount");
	is(umount(SUB), 0, "nor a file system");
	slurp(words);
	ok(!strstr(text, "sdev:"), "it takes its marks along");
	events();
}

/* --- file handles --- */

static void by_handle(void)
{
	struct fanotify_event_info_fid *fid = (void *)(raw + FAN_EVENT_METADATA_LEN);
	struct fanotify_event_metadata *e = (void *)raw;
	struct statfs st;
	int fd;

	know(0, FILE_, "file");
	know(1, OTHER, "other");
	know(2, DIR, "dir");
	know(3, SUB, "sub");
	group(FAN_REPORT_FID);
	fails(mark(FAN_MARK_ADD, FAN_OPEN, "/proc/self/status"), ENODEV, "/proc has no f_fsid");
	fails(mark(FAN_MARK_REMOVE, FAN_OPEN, "/proc/self/status"), ENODEV, "nor to remove");
	fails(mark(FAN_MARK_ADD, FAN_RENAME, DIR), EINVAL, "FAN_RENAME without NAME");
	fails(mark(FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_CREATE, DIR), EINVAL,
	      "a mount hears of no names");
	must(mark(FAN_MARK_ADD,
		  FAN_OPEN | FAN_ATTRIB | FAN_CREATE | FAN_DELETE | FAN_MOVE | FAN_EVENT_ON_CHILD |
			  FAN_ONDIR,
		  DIR) == 0);
	look(FILE_);
	must(read(fan, raw, sizeof(raw)) == e->event_len && statfs(FILE_, &st) == 0);
	ok(e->fd == FAN_NOFD && fid->hdr.info_type == FAN_EVENT_INFO_TYPE_FID &&
		   fid->hdr.len == e->event_len - 24 && !memcmp(&fid->fsid, &st.f_fsid, 8),
	   "FAN_REPORT_FID: the record, f_fsid");
	must(chmod(OTHER, 0640) == 0);
	touch(DIR "/new", "x");
	must(mkdir(DIR "/newdir", 0755) == 0 && rmdir(DIR "/newdir") == 0 &&
	     unlink(DIR "/new") == 0);
	fd = open(SUB, O_RDONLY);
	close(fd);
	told("attrib fid:other, create+delete fid:dir, open fid:, create+delete+dir fid:dir, "
	     "open+dir fid:sub",
	     "FID: of names the directory");
	group(FAN_REPORT_DIR_FID);
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_CREATE | FAN_DELETE | FAN_EVENT_ON_CHILD | FAN_ONDIR,
		  DIR) == 0);
	look(FILE_);
	told("open fid:dir", "DIR_FID: the directory");
	touch(DIR "/new", "x");
	unlink(DIR "/new");
	told("open+create+delete dfid:dir", "merged");
	fd = open(SUB, O_RDONLY);
	close(fd);
	told("open+dir dfid:sub", "a directory itself");
	group(FAN_REPORT_DFID_NAME);
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_CREATE | FAN_DELETE | FAN_EVENT_ON_CHILD | FAN_ONDIR,
		  DIR) == 0);
	look(FILE_);
	touch(DIR "/new", "x");
	unlink(DIR "/new");
	fd = open(DIR, O_RDONLY);
	close(fd);
	must(mkdir(DIR "/newdir", 0755) == 0 && rmdir(DIR "/newdir") == 0);
	told("open dfid_name:dir/file, open+create+delete dfid_name:dir/new, open+dir dfid_name:dir/., "
	     "create+delete+dir dfid_name:dir/newdir",
	     "DFID_NAME: with names");
	group(FAN_REPORT_DFID_NAME | FAN_REPORT_FID);
	must(mark(FAN_MARK_ADD, FAN_OPEN | FAN_CREATE | FAN_EVENT_ON_CHILD, DIR) == 0);
	look(FILE_);
	must(symlink("x", DIR "/link") == 0 && unlink(DIR "/link") == 0);
	told("open dfid_name:dir/file fid:file, create dfid_name:dir/link", "and FID");
}

static void renaming(void)
{
	group(FAN_REPORT_DFID_NAME_TARGET);
	fails(mark(FAN_MARK_ADD, FAN_CREATE, FILE_), ENOTDIR, "TARGET: events of names of a file");
	must(mark(FAN_MARK_ADD, FAN_MOVE | FAN_RENAME | FAN_CREATE | FAN_DELETE | FAN_ONDIR, DIR) ==
	     0);
	must(rename(FILE_, DIR "/b") == 0);
	told("rename old:dir/file new:dir/b fid:file, from dfid_name:dir/file fid:file, "
	     "to dfid_name:dir/b fid:file",
	     "a rename within the directory");
	must(rename(DIR "/b", SUB "/b") == 0);
	told("rename old:dir/b fid:file, from dfid_name:dir/b fid:file", "out of it");
	must(rename(SUB "/b", FILE_) == 0);
	told("rename new:dir/file fid:file, to dfid_name:dir/file fid:file", "into it");
	must(link(FILE_, DIR "/b") == 0 && unlink(DIR "/b") == 0);
	told("create+delete dfid_name:dir/b fid:file", "a link");
	must(mkdir(DIR "/d", 0755) == 0);
	know(4, DIR "/d", "d");
	must(rename(DIR "/d", DIR "/e") == 0 && rmdir(DIR "/e") == 0);
	told("from+create+dir dfid_name:dir/d fid:d, rename+dir old:dir/d new:dir/e fid:d, "
	     "to+delete+dir dfid_name:dir/e fid:d",
	     "a directory");
	group(FAN_REPORT_FID);
	must(mark(FAN_MARK_ADD, FAN_MOVE_SELF | FAN_DELETE_SELF | FAN_ATTRIB, OTHER) == 0);
	must(rename(OTHER, DIR "/o") == 0 && chmod(DIR "/o", 0644) == 0 && unlink(DIR "/o") == 0);
	told("attrib+delete_self+move_self fid:other", "MOVE_SELF, DELETE_SELF");
	snprintf(words, sizeof(words), "/proc/self/fdinfo/%d", fan);
	ok(!strstr(slurp(words), "fanotify ino:"), "the mark has gone");
	touch(OTHER, "x");
	group(FAN_REPORT_FID | FAN_REPORT_PIDFD);
	must(mark(FAN_MARK_ADD, FAN_OPEN, FILE_) == 0);
	look(FILE_);
	told("open fid:file pidfd:fd", "FAN_REPORT_PIDFD");
	if (fork() == 0) {
		look(FILE_);
		_exit(0);
	}
	wait(NULL);
	told("open fid:file pidfd:none", "of a process that is gone");
	group(FAN_REPORT_PIDFD);
	must(mark(FAN_MARK_ADD, FAN_OPEN, FILE_) == 0);
	look(FILE_);
	told("open file pidfd:fd", "beside a descriptor");
	group(FAN_REPORT_DFID_NAME);
	must(mark(FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_CREATE | FAN_RENAME | FAN_FS_ERROR,
		  DIR) == 0);
	must(rename(FILE_, SUB "/x") == 0 && rename(SUB "/x", FILE_) == 0);
	told("rename old:dir/file new:sub/x, rename old:sub/x new:dir/file",
	     "of a file system both are told");
}

/* --- permission --- */

static pid_t opener(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		char c;
		int fd;

		close(fan);
		fd = open(FILE_, O_RDONLY);
		if (fd < 0)
			_exit(errno);
		if (read(fd, &c, 1) < 0)
			_exit(errno + 100);
		_exit(0);
	}
	return pid;
}

static int ended(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The next question; its descriptor, or 0. */
static int question(uint64_t mask)
{
	struct fanotify_event_metadata e;
	struct pollfd p = { fan, POLLIN, 0 };

	must(poll(&p, 1, 30000) == 1);
	must(read(fan, &e, sizeof(e)) == sizeof(e));
	return e.mask == mask ? e.fd : 0;
}

static int answer(int fd, unsigned int response)
{
	struct fanotify_response r = { fd, response };
	int ret = write(fan, &r, sizeof(r)), err = errno;

	close(fd);
	errno = err;
	return ret;
}

static void killed_listener(void)
{
	group(FAN_CLASS_CONTENT);
	must(mark(FAN_MARK_ADD, FAN_OPEN_PERM, FILE_) == 0);
	opener();
	must(question(FAN_OPEN_PERM));
	_exit(0);
}

static void permission(void)
{
	int fd, second;
	pid_t pid;

	group(FAN_CLASS_CONTENT);
	fails(mark(FAN_MARK_ADD, FAN_OPEN_PERM, "/proc/self/status"), EINVAL, "not in /proc");
	must(mark(FAN_MARK_ADD, FAN_OPEN_PERM | FAN_ACCESS_PERM, FILE_) == 0);
	pid = opener();
	fd = question(FAN_OPEN_PERM);
	ok(fd > 0, "FAN_OPEN_PERM");
	is(waitpid(pid, NULL, WNOHANG), 0, "who opens waits");
	is(answer(fd, FAN_ALLOW), 8, "FAN_ALLOW");
	fails(answer(fd, FAN_ALLOW), ENOENT, "once");
	fd = question(FAN_ACCESS_PERM);
	ok(fd > 0, "FAN_ACCESS_PERM");
	answer(fd, FAN_DENY);
	is(ended(pid), 100 + EPERM, "FAN_DENY: EPERM of read");
	pid = opener();
	fails(answer(dup(fd = question(FAN_OPEN_PERM)), FAN_DENY), ENOENT, "another descriptor");
	fails(answer(dup(fd), FAN_ALLOW | FAN_AUDIT), EINVAL, "FAN_AUDIT without ENABLE_AUDIT");
	answer(fd, FAN_DENY);
	is(ended(pid), EPERM, "FAN_DENY: EPERM of open");
	pid = opener();
	must(EVENTUALLY(poll(&(struct pollfd){ fan, POLLIN, 0 }, 1, 0) == 1));
	kill(pid, SIGKILL);
	is(ended(pid), -SIGKILL, "who waits can be killed");
	told("", "then nobody asks");
	pid = opener();
	fd = question(FAN_OPEN_PERM);
	kill(pid, SIGKILL);
	is(ended(pid), -SIGKILL, "killed after the question was read");
	is(answer(fd, FAN_ALLOW), 8, "an answer to nobody");
	pid = opener();
	poll(&(struct pollfd){ fan, POLLIN, 0 }, 1, 30000);
	fails(read(fan, (void *)1, 24), EFAULT, "a question that cannot be read");
	is(ended(pid), EPERM, "is denied");
	must(mark(FAN_MARK_REMOVE, FAN_ACCESS_PERM, FILE_) == 0);
	second = fan;
	fan = init(FAN_CLASS_PRE_CONTENT | FAN_NONBLOCK, O_RDONLY);
	must(fan >= 0 && mark(FAN_MARK_ADD, FAN_OPEN_PERM, FILE_) == 0);
	pid = opener();
	fd = question(FAN_OPEN_PERM);
	is(poll(&(struct pollfd){ second, POLLIN, 0 }, 1, 0), 0, "PRE_CONTENT is asked first");
	answer(fd, FAN_ALLOW);
	fd = fan;
	fan = second;
	second = fd;
	answer(question(FAN_OPEN_PERM), FAN_DENY);
	is(ended(pid), EPERM, "both must allow it");
	close(second);
	pid = opener();
	fd = question(FAN_OPEN_PERM);
	close(fan);
	fan = -1;
	is(ended(pid), 0, "the listener goes: allowed");
	close(fd);
	must(!prctl(PR_SET_CHILD_SUBREAPER,
		    1)); /* for its child, whose open is let go and who reads on */
	is(in_child(killed_listener), 0, "a listener that ends");
	while (wait(NULL) > 0)
		;
	look(FILE_);
	group(FAN_CLASS_CONTENT);
	must(mark(FAN_MARK_ADD, FAN_ACCESS_PERM, FILE_) == 0);
	fd = open(FILE_, O_RDONLY);
	is(readv(fd, &(struct iovec){ 0 }, 1), 0, "nobody is asked whether no bytes may be read");
	close(fd);
	must(mark(FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, "/proc/self/exe") == 0);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "fanotify", "end", NULL);
		_exit(errno);
	}
	answer(question(FAN_OPEN_EXEC_PERM), FAN_DENY);
	is(ended(pid), EPERM, "FAN_OPEN_EXEC_PERM");
}

/* --- limits --- */

static void many_groups(void)
{
	int n = 0, max = number_in("/proc/sys/fs/fanotify/max_user_groups", "");

	must(setuid(65534) == 0);
	while (n < 1000 && init(FAN_REPORT_FID, 0) >= 0)
		n++;
	_exit(n == max && errno == EMFILE ? 0 : 1);
}

static void limits(void)
{
	struct fanotify_event_metadata *e = (void *)raw;
	char name[64];
	long events_read = 0;
	int limited, unlimited;
	ssize_t n;

	is(number_in("/proc/sys/fs/fanotify/max_queued_events", ""), 16384, "max_queued_events");
	ok(number_in("/proc/sys/fs/fanotify/max_user_marks", "") >= 8192, "max_user_marks");
	is(number_in("/proc/sys/fs/fanotify/max_user_groups", ""), 128, "max_user_groups");
	is(in_child(many_groups), 0, "so many groups, then EMFILE");
	must(spew("/proc/sys/fs/fanotify/max_queued_events", "10") == 0);
	group(FAN_REPORT_DFID_NAME);
	must(spew("/proc/sys/fs/fanotify/max_queued_events", "16384") == 0);
	must(mark(FAN_MARK_ADD, FAN_CREATE, DIR) == 0);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), DIR "/l%d", i);
		must(symlink("x", name) == 0 && unlink(name) == 0);
	}
	n = read(fan, raw, sizeof(raw));
	for (; FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
		events_read++;
		if (e->mask == FAN_Q_OVERFLOW)
			break;
	}
	ok(events_read == 11 && e->mask == FAN_Q_OVERFLOW && e->fd == FAN_NOFD && e->pid == 0 &&
		   e->event_len == 24,
	   "the queue is full: FAN_Q_OVERFLOW");
	must(spew("/proc/sys/fs/fanotify/max_user_marks", "1") == 0);
	group(0);
	is(mark(FAN_MARK_ADD, FAN_OPEN, DIR), 0, "max_user_marks: one");
	fails(mark(FAN_MARK_ADD, FAN_OPEN, FILE_), ENOSPC, "two: ENOSPC");
	is(mark(FAN_MARK_ADD, FAN_CLOSE, DIR), 0, "more of the same");
	limited = fan; /* has all that there may be */
	fan = -1;
	group(FAN_UNLIMITED_MARKS);
	is(mark(FAN_MARK_ADD, FAN_OPEN, DIR) | mark(FAN_MARK_ADD, FAN_OPEN, FILE_), 0,
	   "FAN_UNLIMITED_MARKS");
	close(limited);
	unlimited = fan;
	fan = -1;
	group(0);
	is(mark(FAN_MARK_ADD, FAN_OPEN, FILE_), 0, "which do not count for other groups");
	close(unlimited);
	must(spew("/proc/sys/fs/fanotify/max_user_marks", "8192") == 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return strcmp(argv[1], "end") != 0;
	must(mkdir(DIR, 0755) == 0);
	must(mount("none", DIR, "tmpfs", 0, NULL) == 0 && mkdir(SUB, 0755) == 0);
	must(chmod(DIR, 0755) == 0);
	touch(FILE_, "text");
	touch(OTHER, "");
	touch(DIR "/secret", "");
	chmod(DIR "/secret", 0600);
	init_errors();
	mark_errors();
	file_errors();
	in_child_counts(nobody, 11, "a user without rights");
	by_descriptor();
	ignoring();
	mounts();
	by_handle();
	renaming();
	permission();
	limits();
	close(fan);
	must(umount(DIR) == 0);
	rmdir(DIR);
	return tap_end();
}
