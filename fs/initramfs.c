/* SPDX-License-Identifier: MIT */
/*
 * The initramfs: cpio archives in the newc format (cpio(5)), plain or gzip, one after another,
 * unpacked into the root file system.
 *
 *   header 110 bytes | name, padded to 4 | contents, padded to 4 | next header ... "TRAILER!!!"
 *
 * The data come in pieces of any length (from the decoder, or all at once): a state machine
 * collects headers and names in a small buffer and passes contents straight on to the file. Hard
 * links are entries of the same inode number and device; the last of them carries the contents.
 *
 * The memory of a plain archive goes back as soon as its bytes are in their files, so that both
 * together need little more than the larger one: an 8 MiB machine can have an archive of 4 MiB.
 *
 * Bad input: unpacking stops with a message that names the entry and its offset; what was
 * unpacked before stays.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/char_dev.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inflate.h>
#include <fs/initramfs.h>
#include <fs/inode.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/stat.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <seam/page.h>

#include <linux/limits.h>

#define HEADER_BYTES   110
#define PIECE_BYTES    (64 * 1024) /* of contents, written before what they came from is freed */
#define NEWC_MAGIC     "070701"
#define NEWC_CRC_MAGIC "070702"

enum state { WANT_HEADER, WANT_NAME, WANT_SYMLINK, IN_CONTENTS, SKIP, DONE };

/* Names of inodes with several links that were seen, to link further ones to. */
struct seen_link {
	struct seen_link *next;
	u32 ino, major, minor;
	umode_t type;
	char name[];
};

/* A directory gets its time at the end of the archive: each entry made in it changes it. */
struct seen_dir {
	struct seen_dir *next;
	u32 mtime;
	char name[];
};

struct unpack {
	enum state state;
	u64 offset;	  /* of the next byte in the archive */
	u64 entry_offset; /* of this entry's header */
	char header[HEADER_BYTES];
	char name[PATH_MAX], target[PATH_MAX];
	char *collect; /* where bytes are collected */
	size_t wanted, have;
	u64 left; /* of contents, or to skip */
	enum state after_skip;
	u32 ino, mode, uid, gid, nlink, mtime, size, major, minor, rmajor, rminor, name_bytes,
		check;
	u32 sum; /* of contents, in the crc format */
	bool crc;
	struct file *file;
	loff_t pos;
	unsigned long release_from; /* memory of the archive that was not given back; 0: keep it */
	struct seen_link *links;
	struct seen_dir *dirs;
	char message[160];
};

static long fail(struct unpack *u, const char *what, long err)
{
	if (err)
		snprintf(u->message, sizeof(u->message),
			 "%s, error %ld, entry \"%.60s\" at offset %llu", what, err, u->name,
			 u->entry_offset);
	else
		snprintf(u->message, sizeof(u->message), "%s, entry \"%.60s\" at offset %llu", what,
			 u->name, u->entry_offset);
	return -EINVAL;
}

static void expect(struct unpack *u, enum state state, char *buf, size_t bytes)
{
	u->state = state;
	u->collect = buf;
	u->wanted = bytes;
	u->have = 0;
}

static void skip_to(struct unpack *u, u64 bytes, enum state after)
{
	u->state = SKIP;
	u->left = bytes;
	u->after_skip = after;
}

static void next_entry(struct unpack *u)
{
	/* Headers start at multiples of four of the archive; padding was skipped with the contents. */
	expect(u, WANT_HEADER, u->header, HEADER_BYTES);
}

/* ---- headers ---- */

static bool hex_field(const char *s, u32 *value)
{
	int i;

	*value = 0;
	for (i = 0; i < 8; i++) {
		if (!isxdigit(s[i]))
			return false;
		*value = *value << 4 | (isdigit(s[i]) ? s[i] - '0' : (s[i] | 32) - 'a' + 10);
	}
	return true;
}

static long header_ready(struct unpack *u)
{
	u32 *fields[13] = { &u->ino,	&u->mode,	&u->uid,   &u->gid,   &u->nlink,
			    &u->mtime,	&u->size,	&u->major, &u->minor, &u->rmajor,
			    &u->rminor, &u->name_bytes, &u->check };
	int i;

	u->name[0] = 0;
	u->crc = !memcmp(u->header, NEWC_CRC_MAGIC, 6);
	if (!u->crc && memcmp(u->header, NEWC_MAGIC, 6))
		return fail(u,
			    memcmp(u->header, "070707", 6) ? "no cpio header"
							   : "a cpio of the old format (use newc)",
			    0);
	for (i = 0; i < 13; i++)
		if (!hex_field(u->header + 6 + 8 * i, fields[i]))
			return fail(u, "a header field is not hexadecimal", 0);
	if (!u->name_bytes || u->name_bytes > PATH_MAX)
		return fail(u, "a name of impossible length", 0);
	expect(u, WANT_NAME, u->name, ALIGN(HEADER_BYTES + u->name_bytes, 4) - HEADER_BYTES);
	if (u->wanted > sizeof(u->name))
		return fail(u, "a name of impossible length", 0);
	return 0;
}

/* ---- entries ---- */

/* The first name of this inode, or NULL after noting that this one is the first. */
static const char *find_link(struct unpack *u, long *err)
{
	size_t len = strlen(u->name) + 1;
	struct seen_link *l;

	*err = 0;
	if (u->nlink < 2)
		return NULL;
	for (l = u->links; l; l = l->next)
		if (l->ino == u->ino && l->major == u->major && l->minor == u->minor &&
		    l->type == (u->mode & S_IFMT))
			return l->name;
	l = kmalloc(sizeof(*l) + len, GFP_KERNEL);
	if (!l) {
		*err = -ENOMEM;
		return NULL;
	}
	*l = (struct seen_link){ u->links, u->ino, u->major, u->minor, u->mode & S_IFMT };
	memcpy(l->name, u->name, len);
	u->links = l;
	return NULL;
}

static void set_mtime(const char *name, u32 mtime)
{
	struct timespec64 times[2] = { { mtime, 0 }, { mtime, 0 } };

	init_utimes(name, times);
}

static void set_attributes(struct unpack *u, bool link)
{
	init_chown(u->name, u->uid, u->gid, link ? AT_SYMLINK_NOFOLLOW : 0);
	if (!link)
		init_chmod(u->name, u->mode & 07777);
	if (!S_ISDIR(u->mode))
		set_mtime(u->name, u->mtime);
}

static long remember_dir(struct unpack *u)
{
	size_t len = strlen(u->name) + 1;
	struct seen_dir *d = kmalloc(sizeof(*d) + len, GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	d->next = u->dirs;
	d->mtime = u->mtime;
	memcpy(d->name, u->name, len);
	u->dirs = d;
	return 0;
}

static void set_dir_times(struct unpack *u)
{
	struct seen_dir *d;

	while ((d = u->dirs)) {
		u->dirs = d->next;
		set_mtime(d->name, d->mtime);
		kfree(d);
	}
}

/*
 * Nothing looks for an older entry of the name before it turns out to be in the way: each such look would leave a
 * dentry for RCU to free, and holes in the slabs where the entry's own one lies for ever.
 */
static void remove_old(struct unpack *u)
{
	if (init_rmdir(u->name) == -ENOTDIR)
		init_unlink(u->name);
}

static long make_symlink(struct unpack *u)
{
	long err = init_symlink(u->target, u->name);

	if (err != -EEXIST)
		return err;
	remove_old(u);
	return init_symlink(u->target, u->name);
}

static long make_node(struct unpack *u)
{
	unsigned int dev = new_encode_dev(MKDEV(u->rmajor, u->rminor));
	long err = init_mknod(u->name, u->mode, dev);

	if (err != -EEXIST)
		return err;
	remove_old(u);
	return init_mknod(u->name, u->mode, dev);
}

static long open_file(struct unpack *u)
{
	long err;
	const char *first = find_link(u, &err);
	int flags = O_WRONLY | O_CREAT | O_LARGEFILE;

	if (err)
		return fail(u, "no memory", err);
	if (first) {
		init_unlink(u->name);
		err = init_link(first, u->name);
		if (err)
			return fail(u, "cannot link", err);
		if (!u->size) {
			next_entry(u);
			return 0;
		}
	} else {
		flags |= O_TRUNC;
	}
	u->file = filp_open(u->name, flags, u->mode & 07777);
	if (IS_ERR(u->file)) {
		err = PTR_ERR(u->file);
		u->file = NULL;
		return fail(u, "cannot create", err);
	}
	u->pos = 0;
	u->sum = 0;
	u->left = u->size;
	u->state = IN_CONTENTS;
	return 0;
}

static long close_file(struct unpack *u)
{
	__fput_sync(u->file);
	u->file = NULL;
	set_attributes(u, false);
	if (u->crc && u->sum != u->check)
		return fail(u, "wrong check sum", 0);
	skip_to(u, ALIGN(u->size, 4) - u->size, WANT_HEADER);
	return 0;
}

static long make_special(struct unpack *u)
{
	long err = 0;

	if (S_ISDIR(u->mode)) {
		err = init_mkdir(u->name, u->mode & 07777);
		if (err == -EEXIST)
			err = 0;
		if (!err)
			err = remember_dir(u);
	} else if (S_ISBLK(u->mode) || S_ISCHR(u->mode) || S_ISFIFO(u->mode) || S_ISSOCK(u->mode)) {
		err = make_node(u);
	} else {
		return fail(u, "an entry of unknown type", 0);
	}
	if (err)
		return fail(u, "cannot create", err);
	set_attributes(u, false);
	skip_to(u, ALIGN((u64)u->size, 4), WANT_HEADER);
	return 0;
}

static long name_ready(struct unpack *u)
{
	if (u->name[u->name_bytes - 1])
		return fail(u, "a name that does not end", 0);
	if (!strcmp(u->name, "TRAILER!!!")) {
		u->state = DONE;
		return 0;
	}
	if (S_ISREG(u->mode))
		return open_file(u);
	if (!S_ISLNK(u->mode))
		return make_special(u);
	if (u->size >= PATH_MAX)
		return fail(u, "a link target that is too long", 0);
	expect(u, WANT_SYMLINK, u->target, ALIGN(u->size, 4));
	return 0;
}

static long symlink_ready(struct unpack *u)
{
	long err;

	u->target[u->size] = 0;
	err = make_symlink(u);
	if (err)
		return fail(u, "cannot link", err);
	set_attributes(u, true);
	next_entry(u);
	return 0;
}

/* ---- the flow ---- */

/* Everything below @end has been read: free the whole pages of it. */
static void release_archive(struct unpack *u, const void *end)
{
	unsigned long last = (unsigned long)end & PAGE_MASK;

	if (!u->release_from || last <= u->release_from)
		return;
	free_reserved_area((void *)u->release_from, (void *)last, -1, NULL);
	u->release_from = last;
}

static long write_contents(struct unpack *u, const u8 **buf, size_t *len)
{
	size_t n = min_t(u64, *len, u->left), i;
	ssize_t done;

	if (u->crc)
		for (i = 0; i < n; i++)
			u->sum += (*buf)[i];
	while (n) {
		done = kernel_write(u->file, *buf, min_t(size_t, n, PIECE_BYTES), &u->pos);
		if (done <= 0)
			return fail(u, "cannot write", done ? done : -EIO);
		*buf += done;
		*len -= done;
		u->offset += done;
		u->left -= done;
		n -= done;
		release_archive(u, *buf);
	}
	return u->left ? 0 : close_file(u);
}

static void collect_some(struct unpack *u, const u8 **buf, size_t *len)
{
	size_t n = min(*len, u->wanted - u->have);

	memcpy(u->collect + u->have, *buf, n);
	u->have += n;
	*buf += n;
	*len -= n;
	u->offset += n;
}

static long step(struct unpack *u, const u8 **buf, size_t *len)
{
	size_t n;

	switch (u->state) {
	case WANT_HEADER:
		if (!u->have) {
			while (*len && !**buf) { /* zeros between entries and archives */
				++*buf;
				--*len;
				u->offset++;
			}
			u->entry_offset = u->offset;
		}
		collect_some(u, buf, len);
		return u->have == u->wanted ? header_ready(u) : 0;
	case WANT_NAME:
		collect_some(u, buf, len);
		return u->have == u->wanted ? name_ready(u) : 0;
	case WANT_SYMLINK:
		collect_some(u, buf, len);
		return u->have == u->wanted ? symlink_ready(u) : 0;
	case IN_CONTENTS:
		return write_contents(u, buf, len);
	case SKIP:
		n = min_t(u64, *len, u->left);
		*buf += n;
		*len -= n;
		u->offset += n;
		u->left -= n;
		if (!u->left)
			next_entry(u);
		return 0;
	case DONE:
		return 0;
	}
	return -EINVAL;
}

/* Is there something to do with @len bytes at hand? Some steps need none. */
static bool can_step(const struct unpack *u, size_t len)
{
	switch (u->state) {
	case WANT_HEADER:
		return len;
	case WANT_NAME:
	case WANT_SYMLINK:
		return len || u->have == u->wanted;
	case IN_CONTENTS:
	case SKIP:
		return len || !u->left;
	case DONE:
		break;
	}
	return false;
}

/* Feed bytes; stops after a trailer. What is left is in *@len. */
static long feed(struct unpack *u, const u8 **buf, size_t *len)
{
	long err = 0;

	while (!err && can_step(u, *len))
		err = step(u, buf, len);
	return err;
}

static long gzip_sink(void *arg, const u8 *buf, size_t len)
{
	struct unpack *u = arg;
	long err = feed(u, &buf, &len);

	return err;
}

static const char *inflate_message(long err)
{
	switch (err) {
	case INFLATE_ETRUNC:
		return "the compressed data end too early";
	case INFLATE_ECRC:
		return "the compressed data have a wrong check sum";
	default:
		return "the compressed data are damaged";
	}
}

static long unpack_gzip(struct unpack *u, const char *buf, size_t len, size_t *used)
{
	void *work = kvmalloc(inflate_workspace_size(), GFP_KERNEL);
	long err;

	if (!work)
		return fail(u, "no memory to decompress", -ENOMEM);
	err = inflate_gzip(work, (const u8 *)buf, len, used, gzip_sink, u);
	kvfree(work);
	if (err && !u->message[0])
		fail(u, inflate_message(err), 0);
	return err;
}

static void forget_links(struct unpack *u)
{
	struct seen_link *l;

	while ((l = u->links)) {
		u->links = l->next;
		kfree(l);
	}
}

static long unpack_archives(struct unpack *u, const char *buf, size_t len)
{
	const char *start = buf;
	size_t used;
	long err = 0;

	while (len && !err) {
		if (!*buf) {
			buf++;
			len--;
			continue;
		}
		if (u->state == DONE) {
			forget_links(u);
			set_dir_times(u);
			next_entry(u);
		}
		u->offset = buf - start;
		if (len > 2 && (u8)buf[0] == 0x1f && (u8)buf[1] == 0x8b) {
			unsigned long from = u->release_from;

			/* What is written then comes from the decoder's window, not from the archive. */
			u->release_from = 0;
			err = unpack_gzip(u, buf, len, &used);
			u->release_from = from;
		} else {
			const u8 *at = (const u8 *)buf;
			size_t left = len;

			err = feed(u, &at, &left);
			used = len - left;
		}
		buf += used;
		len -= used;
	}
	if (!err && (u->state != DONE || u->file) && !(u->state == WANT_HEADER && !u->have))
		err = fail(u, "the archive ends too early", 0);
	return err;
}

const char *unpack_to_rootfs(const char *buf, unsigned long len)
{
	static char message[sizeof(((struct unpack *)0)->message)];
	struct unpack *u = kvzalloc(sizeof(*u), GFP_KERNEL);
	unsigned long start = PAGE_ALIGN((unsigned long)buf);
	long err;

	if (!u)
		return "no memory to unpack";
	u->release_from = start;
	next_entry(u);
	err = unpack_archives(u, buf, len);
	if (u->file)
		__fput_sync(u->file);
	forget_links(u);
	set_dir_times(u);
	release_archive(u, buf + len);
	pr_info("Freeing initrd memory: %luK\n", (u->release_from - start) >> 10);
	strscpy(message, u->message, sizeof(message));
	kvfree(u);
	return err ? message : NULL;
}

int populate_rootfs(void)
{
	struct super_block *root = current->fs->root.mnt->mnt_sb;
	const char *message;

	init_mkdir("/dev", 0755);
	init_mknod("/dev/console", S_IFCHR | 0600, new_encode_dev(MKDEV(5, 1)));
	init_mkdir("/root", 0700);
	if (!initrd_start)
		return 0;
	shmem_lift_limits(root);
	message = unpack_to_rootfs((char *)initrd_start, initrd_end - initrd_start);
	if (message)
		pr_err("initramfs: %s\n", message);
	shmem_settle_limits(root);
	initrd_start = initrd_end = 0;
	return message ? -EINVAL : 0;
}
rootfs_initcall(populate_rootfs);
