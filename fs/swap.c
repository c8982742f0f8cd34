// SPDX-License-Identifier: MIT
/*
 * swapon and swapoff: files and block devices as swap devices (mm/swap).
 *
 *	swapon(path)	open -> claim (a device exclusively, a file by S_SWAPFILE) -> header of mkswap -> map of blocks
 *			-> swap_device_alloc() -> enable
 *	swapoff(path)	swap_device_disable() brings all pages back -> undo the claim
 *
 * The header (mkswap(8), version 1): at byte 1024 version, number of the last page, number of bad pages, UUID, label, and
 * from 1536 on the numbers of the bad pages; "SWAPSPACE2" at the end of the first page. The page size is the writer's; so
 * the signature is found only by a machine with the same. So is the byte order: the version tells it.
 *
 * A file's blocks are looked up once, by ->bmap, and used without asking the file system again. So there may be no hole, and
 * while the file is on nobody may write to it (ETXTBSY), cut or unlink it (EPERM): S_SWAPFILE, asked where files are changed.
 * A page whose blocks do not lie together, with blocks smaller than a page, becomes a bad slot. A file system without a device
 * (over a network, say) moves the pages itself: ->swap_activate, ->swap_rw.
 *
 * Linux 6.1: mm/swapfile.c (swapon, swapoff, setup_swap_extents), mm/page_io.c (generic_swapfile_activate); swapon(2).
 */
#include <base/bitops.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <fs/bdev.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <fs/namei.h>
#include <fs/poll.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <fs/super.h>
#include <fs/sysfs.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/aops.h>
#include <mm/filemap.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/swap.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/wait.h>
#include <linux/fcntl.h>

#define SWAP_FLAG_PREFER	0x8000
#define SWAP_FLAG_PRIO_MASK	0x7fff
#define SWAP_FLAG_DISCARD	0x10000
#define SWAP_FLAG_DISCARD_ONCE	0x20000
#define SWAP_FLAG_DISCARD_PAGES 0x40000
#define SWAP_FLAGS_VALID                                                                           \
	(SWAP_FLAG_PRIO_MASK | SWAP_FLAG_PREFER | SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE |     \
	 SWAP_FLAG_DISCARD_PAGES)

struct swap_header {
	u8 bootbits[1024];
	u32 version;
	u32 last_page;
	u32 nr_badpages;
	u8 uuid[16], label[16];
	u32 padding[117];
	u32 badpages[];
};
#define SWAP_MAGIC	 "SWAPSPACE2"
#define SWAP_MAGIC_BYTES 10
#define MAX_BAD_PAGES	 ((PAGE_SIZE - SWAP_MAGIC_BYTES - sizeof(struct swap_header)) / sizeof(u32))

/* Slots that lie together on the device, by slot. */
struct swap_extent {
	unsigned long slot, nr;
	sector_t sector;
};

/* What this file keeps of a device that is on. */
struct swap_backing {
	struct file *file;
	struct block_device *bdev; /* where the bios go; NULL: the file system moves pages */
	bool exclusive;		   /* it was opened here: a block device */
	bool activated;		   /* by ->swap_activate */
	unsigned int old_block_size;
	struct swap_extent *extents;
	unsigned int nr_extents, max_extents;
	u32 *bad; /* slots that cannot be used */
	unsigned int nr_bad, max_bad;
};

/* Who is on; not held while swapoff brings pages back. */
static DEFINE_MUTEX(swapon_mutex, LOCK_SWAPON);

/* Devices switched on or off so far; who polls /proc/swaps waits for the next. */
static atomic_t nr_swap_events;
static DECLARE_WAIT_QUEUE_HEAD(swap_event_wait);

static void swap_event(void)
{
	atomic_inc(&nr_swap_events);
	wake_up_interruptible(&swap_event_wait);
}

/* ---- moving ---- */

static const struct swap_extent *extent_of(const struct swap_backing *b, unsigned long slot)
{
	unsigned int low = 0, high = b->nr_extents;

	while (high - low > 1) {
		unsigned int mid = low + (high - low) / 2;

		if (b->extents[mid].slot <= slot)
			low = mid;
		else
			high = mid;
	}
	return b->extents + low;
}

static void end_swap_bio(struct bio *bio)
{
	int err = blk_status_to_errno(bio->bi_status);
	struct swap_info_struct *si = bio->bi_private;
	bool write = op_is_write(bio_op(bio));

	if (unlikely(err && READ_ONCE(bio->bi_bdev->bd_dead)))
		swap_device_gone(si);
	/* Vectors may have grown over neighbouring frames; each folio is a page, and may be gone after its call. */
	for (unsigned int v = 0; v < bio->bi_vcnt; v++) {
		struct bio_vec *bv = bio->bi_io_vec + v;

		for (unsigned int at = 0; at < bv->bv_len; at += PAGE_SIZE) {
			struct folio *folio = page_folio(bv->bv_page + at / PAGE_SIZE);

			if (write)
				swap_write_end(folio, err);
			else
				swap_read_end(folio, err);
		}
	}
	bio_put(bio);
}

static void swap_submit(struct swap_info_struct *si, unsigned long offset, struct folio **folios,
			unsigned int nr, bool write)
{
	struct swap_backing *b = si->private_data;

	while (nr) {
		const struct swap_extent *x = extent_of(b, offset);
		unsigned int n = min((unsigned long)nr, x->slot + x->nr - offset);
		struct bio *bio = bio_alloc(
			b->bdev, n, write ? REQ_OP_WRITE : REQ_OP_READ | REQ_SYNC, GFP_NOIO);

		bio->bi_iter.bi_sector = x->sector + (offset - x->slot) * PAGE_SECTORS;
		bio->bi_end_io = end_swap_bio;
		bio->bi_private = si;
		for (unsigned int i = 0; i < n; i++)
			__bio_add_page(bio, &folios[i]->page, PAGE_SIZE, 0);
		submit_bio(bio);
		folios += n;
		offset += n;
		nr -= n;
	}
}

static void swap_discard(struct swap_info_struct *si, unsigned long offset, unsigned long nr)
{
	struct swap_backing *b = si->private_data;

	if (!offset) { /* the header stays */
		offset++;
		nr--;
	}
	while (nr) {
		const struct swap_extent *x = extent_of(b, offset);
		unsigned long n = min(nr, x->slot + x->nr - offset);

		if (blkdev_issue_discard(b->bdev, x->sector + (offset - x->slot) * PAGE_SECTORS,
					 n * PAGE_SECTORS, GFP_NOIO))
			return;
		offset += n;
		nr -= n;
	}
}

static void show_swap_name(struct seq_file *m, struct swap_info_struct *si)
{
	struct swap_backing *b = si->private_data;

	seq_file_path(m, b->file, " \t\n\\");
}

/* The disk keeps blocks in memory: it is told of each that need not be kept. */
static void swap_slot_free(struct swap_info_struct *si, unsigned long offset)
{
	struct swap_backing *b = si->private_data;
	const struct swap_extent *x = extent_of(b, offset);
	struct gendisk *disk = b->bdev->bd_disk;

	disk->fops->swap_slot_free_notify(disk, b->bdev->bd_start_sect + x->sector +
							(offset - x->slot) * PAGE_SECTORS);
}

static const struct swap_device_ops swap_backing_ops = {
	.submit = swap_submit,
	.discard = swap_discard,
};

static const struct swap_device_ops swap_notified_ops = {
	.submit = swap_submit,
	.discard = swap_discard,
	.slot_free = swap_slot_free,
};

/* By ->swap_rw, which waits. */
static void swap_file_submit(struct swap_info_struct *si, unsigned long offset,
			     struct folio **folios, unsigned int nr, bool write)
{
	struct swap_backing *b = si->private_data;
	struct kvec vec[SWAP_CLUSTER_MAX];
	struct kiocb iocb;
	struct iov_iter iter;
	ssize_t done;

	for (unsigned int i = 0; i < nr; i++)
		vec[i] = (struct kvec){ folio_address(folios[i]), PAGE_SIZE };
	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, vec, nr, nr * PAGE_SIZE);
	init_sync_kiocb(&iocb, b->file);
	iocb.ki_pos = (loff_t)offset << PAGE_SHIFT;
	done = call_aop(b->file->f_mapping->a_ops, swap_rw, &iocb, &iter);
	for (unsigned int i = 0; i < nr; i++) {
		int err = done >= (ssize_t)((i + 1) * PAGE_SIZE) ? 0 : done < 0 ? (int)done : -EIO;

		if (write)
			swap_write_end(folios[i], err);
		else
			swap_read_end(folios[i], err);
	}
}

static const struct swap_device_ops swap_file_ops = {
	.submit = swap_file_submit,
};

static const struct swap_device_ops *ops_of(const struct swap_backing *b)
{
	if (!b->bdev)
		return &swap_file_ops;
	return b->exclusive && b->bdev->bd_disk->fops->swap_slot_free_notify ? &swap_notified_ops
									     : &swap_backing_ops;
}

/* ---- blocks ---- */

/* Room for one more at the end of an array. */
static void *grow(void *array, unsigned int nr, unsigned int *max, size_t size)
{
	unsigned int more = *max ? 2 * *max : 16;

	if (nr < *max)
		return array;
	array = kvrealloc(array, *max * size, more * size, GFP_KERNEL);
	if (array)
		*max = more;
	return array;
}

static int add_extent(struct swap_backing *b, unsigned long slot, unsigned long nr, sector_t sector)
{
	struct swap_extent *last = b->nr_extents ? b->extents + b->nr_extents - 1 : NULL, *x;

	if (last && last->slot + last->nr == slot &&
	    last->sector + last->nr * PAGE_SECTORS == sector) {
		last->nr += nr;
		return 0;
	}
	x = grow(b->extents, b->nr_extents, &b->max_extents, sizeof(*x));
	if (!x)
		return -ENOMEM;
	b->extents = x;
	x[b->nr_extents++] = (struct swap_extent){ slot, nr, sector };
	return 0;
}

static int add_bad(struct swap_backing *b, u32 slot)
{
	u32 *bad = grow(b->bad, b->nr_bad, &b->max_bad, sizeof(*bad));

	if (!bad)
		return -ENOMEM;
	b->bad = bad;
	bad[b->nr_bad++] = slot;
	return 0;
}

/* Where page @slot of the file lies: 1 and *@sector, 0: in pieces, -EINVAL: nowhere. */
static int map_page(struct address_space *mapping, unsigned long slot, sector_t *sector)
{
	unsigned int bits = mapping->host->i_blkbits, per_page = PAGE_SIZE >> bits;
	u64 first = 0;

	for (unsigned int i = 0; i < per_page; i++) {
		u64 block = call_aop(mapping->a_ops, bmap, mapping, (u64)slot * per_page + i);

		if (!block) {
			pr_err("swapon: swapfile has holes\n");
			return -EINVAL;
		}
		if (i && block != first + i)
			return 0;
		if (!i)
			first = block;
	}
	*sector = first << (bits - SECTOR_SHIFT);
	return 1;
}

static int map_file(struct swap_backing *b, unsigned long max)
{
	struct address_space *mapping = b->file->f_mapping;

	if (mapping->a_ops->swap_activate) {
		int err = call_aop(mapping->a_ops, swap_activate, b->file);

		b->activated = !err;
		return err;
	}
	if (!mapping->a_ops->bmap || !mapping->host->i_sb->s_bdev)
		return -EINVAL;
	b->bdev = mapping->host->i_sb->s_bdev;
	for (unsigned long slot = 0; slot < max; slot++) {
		sector_t sector = 0;
		int ret = map_page(mapping, slot, &sector);

		if (ret < 0)
			return ret;
		ret = ret ? add_extent(b, slot, 1, sector) : slot ? add_bad(b, slot) : -EINVAL;
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/* ---- the header ---- */

/* A number of @h, in whose byte order the version is 1. */
static u32 number(const struct swap_header *h, u32 value)
{
	return h->version == swab32(1) ? swab32(value) : value;
}

/* Slots by the header @h, or an errno; bad ones are added. @pages: of the device. */
static long parse_header(struct swap_backing *b, const struct swap_header *h, unsigned long pages)
{
	u32 last_page = number(h, h->last_page), nr_bad = number(h, h->nr_badpages);
	unsigned long max;
	int err = 0;

	if (memcmp((const u8 *)h + PAGE_SIZE - SWAP_MAGIC_BYTES, SWAP_MAGIC, SWAP_MAGIC_BYTES)) {
		pr_err("Unable to find swap-space signature\n");
		return -EINVAL;
	}
	if (number(h, h->version) != 1) {
		pr_warn("Unable to handle swap header version %u\n", h->version);
		return -EINVAL;
	}
	if (!last_page) {
		pr_warn("Empty swap-file\n");
		return -EINVAL;
	}
	max = min((unsigned long)last_page + 1, MAX_SWAP_SLOTS);
	if (pages < max) {
		pr_warn("Swap area shorter than signature indicates\n");
		return -EINVAL;
	}
	if ((nr_bad && !b->exclusive) || nr_bad > MAX_BAD_PAGES)
		return -EINVAL;
	for (u32 i = 0; i < nr_bad && !err; i++) {
		u32 bad = number(h, h->badpages[i]);

		if (!bad || bad > last_page)
			return -EINVAL;
		if (bad < max)
			err = add_bad(b, bad);
	}
	return err ? err : (long)max;
}

static long read_header(struct swap_backing *b)
{
	struct address_space *mapping = b->file->f_mapping;
	unsigned long pages = (unsigned long)i_size_read(mapping->host) >> PAGE_SHIFT;
	struct folio *folio;
	long max;

	if (!mapping->a_ops->read_folio)
		return -EINVAL;
	folio = read_cache_folio(mapping, 0, NULL, b->file);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	max = parse_header(b, folio_address(folio), pages);
	folio_put(folio);
	return max;
}

/* ---- claims ---- */

static int claim(struct swap_backing *b)
{
	struct inode *inode = b->file->f_mapping->host;
	int err = 0;

	if (S_ISBLK(inode->i_mode)) {
		struct block_device *bdev =
			blkdev_get_by_dev(inode->i_rdev, FMODE_READ | FMODE_WRITE | FMODE_EXCL, b);

		if (IS_ERR(bdev))
			return PTR_ERR(bdev);
		b->bdev = bdev;
		b->exclusive = true;
		b->old_block_size = block_size(bdev);
		err = set_blocksize(bdev, PAGE_SIZE);
	} else if (!S_ISREG(inode->i_mode)) {
		return -EINVAL;
	}
	inode_lock(inode);
	if (!err && (inode->i_flags & S_SWAPFILE))
		err = -EBUSY;
	if (!err && d_unlinked(b->file->f_path.dentry))
		err = -ENOENT;
	if (!err)
		inode->i_flags |= S_SWAPFILE;
	inode_unlock(inode);
	return err;
}

static void unclaim(struct swap_backing *b)
{
	struct inode *inode = b->file->f_mapping->host;

	if (b->activated)
		call_aop(inode->i_mapping->a_ops, swap_deactivate, b->file);
	inode_lock(inode);
	inode->i_flags &= ~S_SWAPFILE;
	inode_unlock(inode);
	/* What the cache knew of it is of before. */
	invalidate_inode_pages2_range(inode->i_mapping, 0, -1);
}

static void free_backing(struct swap_backing *b)
{
	if (b->exclusive) {
		set_blocksize(b->bdev, b->old_block_size);
		blkdev_put(b->bdev, FMODE_READ | FMODE_WRITE | FMODE_EXCL);
	}
	if (b->file)
		filp_close(b->file, NULL);
	kvfree(b->extents);
	kvfree(b->bad);
	kfree(b);
}

/* ---- on ---- */

static void set_discard(struct swap_info_struct *si, struct swap_backing *b, int flags)
{
	int kinds = flags & (SWAP_FLAG_DISCARD_ONCE | SWAP_FLAG_DISCARD_PAGES);

	if (!(flags & SWAP_FLAG_DISCARD) || !bdev_max_discard_sectors(b->bdev))
		return;
	/* Neither of the two: both; both: the first. */
	if (!(kinds & SWAP_FLAG_DISCARD_ONCE))
		si->flags |= SWP_DISCARDABLE;
	if (kinds != SWAP_FLAG_DISCARD_PAGES)
		swap_discard(si, 1, si->max - 1);
}

/* => claimed. The device is on, or an errno. */
static int switch_on(struct swap_backing *b, int flags)
{
	struct address_space *mapping = b->file->f_mapping;
	struct swap_info_struct *si;
	long max = filemap_write_and_wait_range(mapping, 0, -1);

	if (!max)
		max = read_header(b);
	if (max < 0)
		return (int)max;
	if (b->exclusive)
		max = add_extent(b, 0, max, 0) ?: max;
	else
		max = map_file(b, max) ?: max;
	if (max < 0)
		return (int)max;
	si = swap_device_alloc(max, b->bad, b->nr_bad);
	if (IS_ERR(si))
		return (int)PTR_ERR(si);
	if (!si->pages) {
		pr_warn("Empty swap-file\n");
		swap_device_free(si);
		return -EINVAL;
	}
	si->ops = ops_of(b);
	si->private_data = b;
	si->kind = b->exclusive ? "partition" : "file";
	si->show_name = show_swap_name;
	if (b->bdev) {
		si->rotational = !bdev_nonrot(b->bdev);
		if (bdev_synchronous(b->bdev))
			si->flags |= SWP_SYNCHRONOUS_IO;
		set_discard(si, b, flags);
	}
	swap_device_enable(si, flags & SWAP_FLAG_PREFER ? flags & SWAP_FLAG_PRIO_MASK : -1);
	swap_event();
	pr_info("Adding %luk swap.  Priority:%d extents:%u\n", si->pages << (PAGE_SHIFT - 10),
		si->prio, b->nr_extents);
	return 0;
}

/* For reading and writing. */
static struct file *open_special(const struct filename *name)
{
	return filp_open(name->name, O_RDWR | O_LARGEFILE, 0);
}

SYSCALL_DEFINE2(swapon, const char __user *, specialfile, int, swap_flags)
{
	struct filename *name;
	struct swap_backing *b;
	struct file *file;
	int err;

	if (swap_flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	name = getname(specialfile);
	if (IS_ERR(name))
		return PTR_ERR(name);
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	file = b ? open_special(name) : ERR_PTR(-ENOMEM);
	putname(name);
	if (IS_ERR(file)) {
		kfree(b);
		return PTR_ERR(file);
	}
	b->file = file;
	mutex_lock(&swapon_mutex);
	err = claim(b);
	if (!err) {
		err = switch_on(b, swap_flags);
		if (err)
			unclaim(b);
	}
	mutex_unlock(&swapon_mutex);
	if (err)
		free_backing(b);
	return err;
}

/* ---- off ---- */

/* NULL: the device is not of this file. */
static struct swap_backing *backing_of(struct swap_info_struct *si)
{
	bool ours = si->ops == &swap_backing_ops || si->ops == &swap_notified_ops ||
		    si->ops == &swap_file_ops;

	return ours ? si->private_data : NULL;
}

static bool is_backed_by(struct swap_info_struct *si, const void *mapping)
{
	const struct swap_backing *b = backing_of(si);

	return b && b->file->f_mapping == mapping;
}

/* A disk that has vanished cannot be opened: does it have this name in /proc/swaps, with or without " (deleted)"? */
static bool is_gone_and_named(struct swap_info_struct *si, const void *name)
{
	const struct swap_backing *b = backing_of(si);
	size_t len = strlen(name);
	bool found = false;
	char *buf, *path;

	if (!b || !b->bdev || !READ_ONCE(b->bdev->bd_dead))
		return false;
	buf = (char *)__get_free_page(GFP_KERNEL);
	if (!buf)
		return false;
	path = d_path(&b->file->f_path, buf, PAGE_SIZE);
	if (!IS_ERR(path) && !strncmp(path, name, len))
		found = !path[len] || !strcmp(path + len, " (deleted)");
	free_page((unsigned long)buf);
	return found;
}

/* Is there memory for what comes back? Nothing does from a device that has gone. */
static int may_switch_off(const struct swap_info_struct *si)
{
	int err;

	if (si->flags & SWP_GONE)
		return 0;
	err = security_vm_enough_memory_mm(current->mm, si->pages);
	if (!err)
		vm_unacct_memory(si->pages);
	return err;
}

/* The device of @mapping (NULL: none), or the one that has gone and had @name, withdrawn. ERR_PTR: -EINVAL there is none, -ENOMEM */
static struct swap_info_struct *withdraw(const struct address_space *mapping, const char *name)
{
	struct swap_info_struct *si = NULL;
	int err = -EINVAL;

	mutex_lock(&swapon_mutex);
	if (mapping)
		si = swap_device_find(is_backed_by, mapping);
	if (!si)
		si = swap_device_find(is_gone_and_named, name);
	if (si)
		err = may_switch_off(si);
	if (!err)
		swap_device_withdraw(si);
	mutex_unlock(&swapon_mutex);
	return err ? ERR_PTR(err) : si;
}

static int switch_off(struct swap_info_struct *si)
{
	struct swap_backing *b;
	int err;

	/* It brings in what does not fit, perhaps: then it is to end, and nobody whose pages they are. */
	WRITE_ONCE(current->signal->in_swapoff, current);
	err = swap_device_disable(si);
	WRITE_ONCE(current->signal->in_swapoff, NULL);
	if (err)
		return err;
	b = si->private_data;
	swap_device_free(si);
	unclaim(b);
	free_backing(b);
	swap_event();
	return 0;
}

SYSCALL_DEFINE1(swapoff, const char __user *, specialfile)
{
	struct swap_info_struct *si;
	struct filename *name;
	struct file *victim;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	name = getname(specialfile);
	if (IS_ERR(name))
		return PTR_ERR(name);
	victim = open_special(name);
	si = withdraw(IS_ERR(victim) ? NULL : victim->f_mapping, name->name);
	putname(name);
	if (!IS_ERR(si))
		err = switch_off(si);
	else
		err = PTR_ERR(si) == -EINVAL && IS_ERR(victim) ? PTR_ERR(victim) : PTR_ERR(si);
	if (!IS_ERR(victim))
		filp_close(victim, NULL);
	return err;
}

/* ---- files ---- */

static int swaps_open(struct inode *inode, struct file *file)
{
	int err = single_open(file, swaps_proc_show, NULL);

	if (!err)
		((struct seq_file *)file->private_data)->poll_event = atomic_read(&nr_swap_events);
	return err;
}

/* Always readable; POLLERR | POLLPRI, once, when a device was switched on or off since the last time. */
static __poll_t swaps_poll(struct file *file, poll_table *pt)
{
	struct seq_file *m = file->private_data;
	int events;

	poll_wait(file, &swap_event_wait, pt);
	events = atomic_read(&nr_swap_events);
	if (m->poll_event == events)
		return EPOLLIN | EPOLLRDNORM;
	m->poll_event = events;
	return EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLPRI;
}

static const struct file_operations swaps_fops = {
	.open = swaps_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.poll = swaps_poll,
	.release = single_release,
};

static int vma_ra_show(struct seq_file *m, void *v)
{
	seq_puts(m, READ_ONCE(enable_vma_readahead) ? "true\n" : "false\n");
	return 0;
}

static ssize_t vma_ra_write(struct file *file, char *buf, size_t count)
{
	bool on;
	int err = kstrtobool(buf, &on);

	if (err)
		return err;
	WRITE_ONCE(enable_vma_readahead, on);
	return (ssize_t)count;
}

static int __init swap_files_init(void)
{
	const char *last;
	struct kernfs_node *dir =
		kernfs_make_path(&sysfs_root, "kernel/mm/swap/vma_ra_enabled", &last);

	proc_create("swaps", 0444, NULL, &swaps_fops);
	if (dir)
		kernfs_create_file(dir, last, 0644, vma_ra_show, vma_ra_write, NULL);
	return 0;
}
fs_initcall(swap_files_init);
