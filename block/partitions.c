// SPDX-License-Identifier: MIT
/*
 * Partition tables: GPT (UEFI 2.9, 5.3) and MBR with extended partitions (its chain: "EBR").
 *
 * All numbers on the disk count logical blocks. A GPT counts only behind a protective MBR, with both checksums
 * right; its backup at the end of the disk is used when the primary is broken and the kernel was given "gpt".
 * A table is untrusted input: an entry outside the disk is cut or left out, a chain of extended partitions ends
 * after LOGICAL_MAX hops without a partition.
 *
 * Partition numbers, the small size of an extended partition and what is left out are those of Linux 6.1
 * (block/partitions/core.c, efi.c, msdos.c).
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/hash.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include "block_internal.h"

#define MBR_TABLE      0x1be
#define MBR_SIGNATURE  0x1fe
#define MBR_DISK_ID    0x1b8
#define MBR_SLOTS      4
#define TYPE_EXTENDED  0x05
#define TYPE_EXTENDED2 0x0f
#define TYPE_EXTENDED3 0x85
#define TYPE_GPT       0xee
#define LOGICAL_MAX    100
#define GPT_TABLE_MAX  (4u << 20)

struct mbr_entry {
	u8 active, first_chs[3], type, last_chs[3];
	u32 start, size;
} __attribute__((packed));
static_assert(sizeof(struct mbr_entry) == 16, "as on the disk");

struct gpt_header {
	u64 signature;
	u32 revision, header_bytes, header_crc, reserved;
	u64 my_lba, alternate_lba, first_usable_lba, last_usable_lba;
	u8 disk_guid[16];
	u64 table_lba;
	u32 nr_entries, entry_bytes, table_crc;
} __attribute__((packed));
static_assert(sizeof(struct gpt_header) == 92, "as on the disk");

struct gpt_entry {
	u8 type_guid[16], guid[16];
	u64 first_lba, last_lba, attributes;
	u16 name[36];
} __attribute__((packed));
static_assert(sizeof(struct gpt_entry) == 128, "as on the disk");

#define GPT_SIGNATURE 0x5452415020494645ULL /* "EFI PART" */

/* One reading of a table. */
struct parse {
	struct gendisk *disk;
	unsigned int block;	/* bytes of a logical block */
	unsigned int per_block; /* sectors of 512 in it */
	void *buf;		/* one logical block */
	char list[256];		/* " vda1 vda2 < vda5 >" for the log */
};

static bool force_gpt;

static int __init gpt_param(char *arg)
{
	force_gpt = true;
	return 1;
}
__setup("gpt", gpt_param);

static void say(struct parse *p, const char *text)
{
	strlcat(p->list, text, sizeof(p->list));
}

static sector_t last_lba(const struct parse *p)
{
	return get_capacity(p->disk) / p->per_block - 1;
}

/* Read logical block @lba into p->buf. */
static int read_block(struct parse *p, u64 lba)
{
	if (lba > last_lba(p))
		return -EIO;
	return blkdev_rw_kernel(p->disk->part0, lba * p->per_block, p->buf, p->block, REQ_OP_READ);
}

/* Add a partition of @nr sectors of 512 at @start, cut to the disk. */
static void put_partition(struct parse *p, int partno, sector_t start, sector_t nr,
			  const char *uuid, const char *volname)
{
	struct gendisk *disk = p->disk;
	sector_t capacity = get_capacity(disk);
	struct block_device *part;
	char name[36];

	if (!nr)
		return;
	if (start >= capacity) {
		pr_warn("%s: p%d start %llu is beyond EOD, ignored\n", disk->disk_name, partno,
			(unsigned long long)start);
		return;
	}
	if (nr > capacity - start) {
		pr_warn("%s: p%d size %llu extends beyond EOD, truncated\n", disk->disk_name,
			partno, (unsigned long long)nr);
		nr = capacity - start;
	}
	part = add_partition(disk, partno, start, nr, uuid, volname);
	if (IS_ERR(part)) {
		pr_err(" %s: p%d could not be added: %ld\n", disk->disk_name, partno,
		       -PTR_ERR(part));
		return;
	}
	say(p, " ");
	say(p, bdev_name(part, name));
}

/* ---- MBR ---- */

static bool is_extended(const struct mbr_entry *e)
{
	return e->size &&
	       (e->type == TYPE_EXTENDED || e->type == TYPE_EXTENDED2 || e->type == TYPE_EXTENDED3);
}

static bool has_signature(const u8 *sector)
{
	return sector[MBR_SIGNATURE] == 0x55 && sector[MBR_SIGNATURE + 1] == 0xaa;
}

static void read_entries(const u8 *sector, struct mbr_entry entry[MBR_SLOTS])
{
	memcpy(entry, sector + MBR_TABLE, MBR_SLOTS * sizeof(entry[0]));
}

/* Garbage in the third and fourth entry of a link of the chain is known to occur: it must lie inside. */
static bool logical_plausible(int slot, u64 offset, u64 size, u64 at, u64 first, u64 link_size,
			      u64 whole_size)
{
	if (slot < 2)
		return true;
	return offset + size <= link_size && at >= first && at + size <= first + whole_size;
}

/* The chain of logical partitions in the extended partition [first, first + whole): sectors of 512. */
static void parse_extended(struct parse *p, u64 first, u64 whole, u32 disk_id)
{
	struct mbr_entry entry[MBR_SLOTS];
	u64 here = first, here_size = whole;
	int partno = 5, idle = 0, i;
	char uuid[37];

	while (++idle <= LOGICAL_MAX && partno < DISK_MAX_PARTS) {
		if (read_block(p, here / p->per_block) || !has_signature(p->buf))
			return;
		read_entries(p->buf, entry);
		for (i = 0; i < MBR_SLOTS; i++) {
			u64 offset = (u64)entry[i].start * p->per_block, at = here + offset;
			u64 size = (u64)entry[i].size * p->per_block;

			if (!size || is_extended(&entry[i]) || partno >= DISK_MAX_PARTS ||
			    !logical_plausible(i, offset, size, at, first, here_size, whole))
				continue;
			snprintf(uuid, sizeof(uuid), "%08x-%02x", disk_id, partno);
			put_partition(p, partno++, at, size, uuid, "");
			idle = 0;
		}
		for (i = 0; i < MBR_SLOTS && !is_extended(&entry[i]); i++)
			;
		if (i == MBR_SLOTS)
			return;
		here = first + (u64)entry[i].start * p->per_block;
		here_size = (u64)entry[i].size * p->per_block;
		cond_resched();
	}
}

/* A file system of the FAT kind without partitions bears the same signature. */
static bool looks_like_fat(const u8 *sector)
{
	u8 fats = sector[0x10], media = sector[0x15];
	u16 reserved = sector[0x0e] | sector[0x0f] << 8;

	return reserved && fats && (media == 0xf0 || media >= 0xf8);
}

static bool mbr_valid(struct parse *p, struct mbr_entry entry[MBR_SLOTS])
{
	for (int i = 0; i < MBR_SLOTS; i++)
		if (entry[i].active && entry[i].active != 0x80)
			return false;
	if (!looks_like_fat(p->buf))
		return true;
	for (int i = 0; i < MBR_SLOTS; i++)
		if (entry[i].size && entry[i].start)
			return true;
	return false;
}

static void parse_mbr(struct parse *p)
{
	struct mbr_entry entry[MBR_SLOTS];
	char uuid[37];
	u32 disk_id;

	if (read_block(p, 0) || !has_signature(p->buf))
		return;
	read_entries(p->buf, entry);
	memcpy(&disk_id, p->buf + MBR_DISK_ID, sizeof(disk_id));
	for (int i = 0; i < MBR_SLOTS; i++)
		if (entry[i].type == TYPE_GPT)
			return; /* whose GPT is not valid */
	if (!mbr_valid(p, entry))
		return;
	for (int i = 0; i < MBR_SLOTS; i++) {
		u64 start = (u64)entry[i].start * p->per_block;
		u64 size = (u64)entry[i].size * p->per_block;

		if (!size)
			continue;
		snprintf(uuid, sizeof(uuid), "%08x-%02x", disk_id, i + 1);
		if (!is_extended(&entry[i])) {
			put_partition(p, i + 1, start, size, uuid, "");
			continue;
		}
		/* As small as a boot loader needs: nobody shall make a file system over the chain. */
		put_partition(p, i + 1, start, min(size, max_t(u64, p->per_block, 2)), uuid, "");
		say(p, " <");
		parse_extended(p, start, size, disk_id);
		say(p, " >");
	}
}

/* ---- GPT ---- */

static bool is_protective(struct parse *p)
{
	struct mbr_entry entry[MBR_SLOTS];

	if (read_block(p, 0) || !has_signature(p->buf))
		return false;
	read_entries(p->buf, entry);
	for (int i = 0; i < MBR_SLOTS; i++)
		if (entry[i].type == TYPE_GPT && entry[i].start == 1)
			return true;
	return false;
}

static bool header_valid(const struct parse *p, struct gpt_header *h, u64 lba)
{
	u32 crc = h->header_crc;
	bool good;

	if (h->signature != GPT_SIGNATURE || h->header_bytes < sizeof(*h) ||
	    h->header_bytes > p->block)
		return false;
	h->header_crc = 0;
	good = crc32(0, h, h->header_bytes) == crc;
	h->header_crc = crc;
	return good && h->my_lba == lba && h->first_usable_lba <= last_lba(p) &&
	       h->last_usable_lba <= last_lba(p) && h->first_usable_lba <= h->last_usable_lba &&
	       h->entry_bytes == sizeof(struct gpt_entry) &&
	       h->nr_entries <= GPT_TABLE_MAX / sizeof(struct gpt_entry);
}

/* The entries of the table that *@h describes, to be freed with kvfree; NULL when they cannot be had. */
static struct gpt_entry *read_table(struct parse *p, const struct gpt_header *h)
{
	size_t bytes = (size_t)h->nr_entries * sizeof(struct gpt_entry), done;
	struct gpt_entry *table;

	if (!bytes)
		return NULL;
	table = kvmalloc(bytes, GFP_KERNEL);
	for (done = 0; table && done < bytes; done += p->block) {
		if (read_block(p, h->table_lba + done / p->block)) {
			kvfree(table);
			return NULL;
		}
		memcpy((void *)table + done, p->buf, min_t(size_t, p->block, bytes - done));
	}
	if (table && crc32(0, table, bytes) != h->table_crc) {
		kvfree(table);
		return NULL;
	}
	return table;
}

/* The valid table at @lba, its header in *@h. */
static struct gpt_entry *read_gpt(struct parse *p, u64 lba, struct gpt_header *h)
{
	if (read_block(p, lba) || !header_valid(p, p->buf, lba))
		return NULL;
	memcpy(h, p->buf, sizeof(*h));
	return read_table(p, h);
}

static struct gpt_entry *find_gpt(struct parse *p, struct gpt_header *h)
{
	struct gpt_entry *table;

	if (!is_protective(p) && !force_gpt)
		return NULL;
	table = read_gpt(p, 1, h);
	if (!table && force_gpt) {
		table = read_gpt(p, last_lba(p), h);
		if (table)
			pr_warn("%s: primary GPT is invalid, using alternate GPT\n",
				p->disk->disk_name);
	}
	return table;
}

/* Mixed endianness: the first three parts are numbers, the rest bytes. */
static void print_guid(char buf[37], const u8 *g)
{
	snprintf(buf, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12],
		 g[13], g[14], g[15]);
}

static void print_name(char buf[37], const struct gpt_entry *e)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(e->name) && e->name[i]; i++)
		buf[i] = e->name[i] >= 0x20 && e->name[i] < 0x7f ? e->name[i] : '!';
	buf[i] = 0;
}

/* True: there is a valid GPT, whatever it holds. */
static bool parse_gpt(struct parse *p)
{
	static const u8 unused[16];
	struct gpt_header h;
	struct gpt_entry *table = find_gpt(p, &h);
	char uuid[37], name[37];

	if (!table)
		return false;
	for (unsigned int i = 0; i < h.nr_entries && i < DISK_MAX_PARTS - 1; i++) {
		struct gpt_entry *e = &table[i];

		if (!memcmp(e->type_guid, unused, sizeof(unused)) || e->first_lba > last_lba(p) ||
		    e->last_lba > last_lba(p) || e->last_lba < e->first_lba)
			continue;
		print_guid(uuid, e->guid);
		print_name(name, e);
		put_partition(p, i + 1, e->first_lba * p->per_block,
			      (e->last_lba - e->first_lba + 1) * p->per_block, uuid, name);
	}
	kvfree(table);
	return true;
}

void blk_add_partitions(struct gendisk *disk)
{
	struct parse *p;

	if (disk->flags & (GENHD_FL_NO_PART | GENHD_FL_HIDDEN))
		return;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return;
	p->disk = disk;
	p->block = disk->queue->limits.logical_block_size;
	p->per_block = p->block >> SECTOR_SHIFT;
	p->buf = kmalloc(max_t(unsigned int, p->block, 512), GFP_KERNEL);
	if (p->buf && get_capacity(disk) >= 2 * p->per_block) {
		if (!parse_gpt(p))
			parse_mbr(p);
		if (p->list[0])
			pr_info(" %s:%s\n", disk->disk_name, p->list);
	}
	kfree(p->buf);
	kfree(p);
}
